"""Index: the whole surface in one JSON file, in which a name is found without reading the rest.

A wheel contains it beside the index of the behaviours. In a checkout it is built on demand in
``.history/``, and built again when a file of ``surface/`` changes.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from pathlib import Path
from typing import Any, Dict, Iterator, List

import msgspec
from msgspec import Raw

from torch_history.errors import HistoryError
from torch_history.records import store
from torch_history.surface import files, notes
from torch_history.surface.entry import Stored
from torch_history.surface.files import FOLDER
from torch_history.surface.indexed import Index
from torch_history.surface.library import Chains
from torch_history.surface.made import elsewhere, made
from torch_history.surface.moves import moves

__all__ = ["NAME", "TYPES", "Index", "built", "of", "types"]
NAME = "surface.json"
TYPES = "annotations.json"


def of(root: Path) -> Index:
    """The surface of a checkout or of an installed package; empty where nothing is recorded."""
    found: Index = _decoded(_content(root, NAME), _file(root, NAME), Index)
    return found


def types(root: Path) -> Dict[str, files.Texts]:
    """Path -> timeline of its annotations."""
    form = Dict[str, files.Texts]
    found: Dict[str, files.Texts] = _decoded(_content(root, TYPES), _file(root, TYPES), form)
    return found


def _decoded(content: bytes, path: Path, form: Any) -> Any:
    try:
        return msgspec.json.decode(content, type=form)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise HistoryError(f"{path}: cannot be read ({error}): remove it") from None


def _file(root: Path, name: str) -> Path:
    """Where a file is, or would be: in a package, or kept for a checkout."""
    packaged = root / name
    return packaged if packaged.is_file() else root / ".history" / name


def _content(root: Path, name: str) -> bytes:
    """The package's file, or the one in ``.history/``, built if a file of the surface changed."""
    file = _file(root, name)
    if file.parent == root:
        return file.read_bytes()
    stamp, stamped = _stamp(root), file.with_suffix(".stamp")
    with contextlib.suppress(OSError, UnicodeDecodeError):
        if stamped.read_text(encoding="utf-8") == stamp:
            return file.read_bytes()
    texts = built(root)
    # If it cannot be kept, the next command builds it again.
    with contextlib.suppress(HistoryError):
        for one, text in texts.items():
            store.write_text(root / ".history" / one, text)
            store.write_text((root / ".history" / one).with_suffix(".stamp"), stamp)
    return texts[name].encode()


def _stamp(root: Path) -> str:
    found = hashlib.blake2b(digest_size=16)
    for folder in (root / FOLDER, root / FOLDER / files.ANNOTATIONS, Path(__file__).parent):
        for line in sorted(_entries(folder)):
            found.update(line.encode("utf-8", "surrogateescape"))
    return found.hexdigest()


def _entries(folder: Path) -> Iterator[str]:
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.endswith((".json", ".py")):
                status = entry.stat()
                yield f"{entry.name} {status.st_size} {status.st_mtime_ns}\n"


def built(root: Path) -> Dict[str, str]:
    """The text of both files, made from ``surface/``."""
    surface = files.read(root)
    changes: Dict[str, List[str]] = {}
    came: Dict[str, List[str]] = {}
    for path, chain in surface.names.items():
        before: Stored = None
        for line, kept in chain.items():
            changes.setdefault(line, []).append(path)
            if before is None:
                came.setdefault(line, []).append(path)
            before = kept
    index = {
        "releases": surface.releases,
        "names": surface.names,
        "aliases": surface.aliases,
        "modules": surface.modules,
        "changes": changes,
        "came": came,
        "notes": notes.read(root),
    }
    # Made once: which names went and are found elsewhere takes as long as a whole answer.
    whole = _decoded(_text(index).encode(), root, Index)
    chains = Chains(whole)
    whole.moves = moves(chains)
    whole.made = {line: Raw(msgspec.json.encode(of)) for line, of in made(chains).items()}
    whole.elsewhere = frozenset(elsewhere(chains))
    return {NAME: _text(whole), TYPES: _text(surface.types)}


def _text(data: object) -> str:
    return msgspec.json.encode(data).decode() + "\n"
