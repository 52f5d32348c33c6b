"""Files: the timelines of the surface, a file for each module, in ``surface/``.

``surface/torch.optim.json`` has the names that are found in torch.optim, and the aliases of these.
``surface/annotations/`` has the annotations, and ``surface/_releases.json`` what was surveyed.
A file is written whole, in one form, with a line for each entry, and replaced atomically.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, Dict, Iterator, List, Mapping, Optional, Type, TypeVar

import msgspec
from msgspec import Struct

from torch_history import reading, versions
from torch_history.errors import HistoryError
from torch_history.records import store
from torch_history.surface.entry import Stored

FORMAT = 1
FOLDER, ANNOTATIONS, RELEASES, MODULES = "surface", "annotations", "_releases.json", "_modules.json"
Chain = Dict[str, Stored]
Texts = Dict[str, Optional[str]]
LARGEST = 50_000_000  # bytes
RESTORE = "restore it with `git checkout -- surface`, or record with `torch-history record`"
T = TypeVar("T")


class Surveyed(Struct, forbid_unknown_fields=True):
    """How one release was surveyed."""

    release: str
    python: str
    source: str  # the digest of what surveys
    failed: Dict[str, str]  # modules that could not be imported, and why


class Releases(Struct, forbid_unknown_fields=True):
    """The releases that were surveyed."""

    format: int = FORMAT
    releases: Dict[str, Surveyed] = {}  # by line, ascending
    digest: str = ""


class Present(Struct, forbid_unknown_fields=True):
    """Which modules there are."""

    format: int = FORMAT
    modules: Dict[str, Dict[str, str]] = {}
    digest: str = ""


class OfModule(Struct, forbid_unknown_fields=True):
    """The timelines of the names of one module."""

    module: str
    format: int = FORMAT
    names: Dict[str, Chain] = {}  # below the module: "NAdam", "NAdam.step"
    # Where else they are found -> line -> what came and went: "+NAdam +Old=New -SGD".
    aliases: Dict[str, Dict[str, str]] = {}
    digest: str = ""  # of the rest


class Annotated(Struct, forbid_unknown_fields=True):
    """The timelines of the annotations in one module."""

    module: str
    format: int = FORMAT
    names: Dict[str, Texts] = {}
    digest: str = ""


class Surface(Struct):
    """All that is recorded of the surface."""

    releases: Dict[str, Surveyed]
    modules: Dict[str, OfModule]
    annotations: Dict[str, Annotated]
    # The modules themselves: package -> line -> what came and went, as aliases have it.
    present: Dict[str, Dict[str, str]]


def releases(root: Path) -> Dict[str, Surveyed]:
    """The releases that were surveyed, by line. Raises HistoryError where the file is damaged."""
    path = root / FOLDER / RELEASES
    return _read(path, Releases).releases if path.exists() else {}


def read(root: Path) -> Surface:
    """The surface of a checkout. Raises HistoryError that names the file of damage."""
    folder = root / FOLDER
    present = folder / MODULES
    return Surface(
        releases(root),
        {one.module: one for one in _all(folder, OfModule)},
        {one.module: one for one in _all(folder / ANNOTATIONS, Annotated)},
        _read(present, Present).modules if present.exists() else {},
    )


def _all(folder: Path, form: Type[T]) -> Iterator[T]:
    for path in sorted(folder.glob("*.json")):
        if not path.name.startswith("_"):
            found = _read(path, form)
            if getattr(found, "module", None) != path.stem:
                raise HistoryError(f"{path}: it is of another module: {RESTORE}")
            yield found


def _read(path: Path, form: Type[T]) -> T:
    try:
        found = msgspec.json.decode(reading.content(path, LARGEST), type=form)
    except reading.UnreadableError as error:
        raise HistoryError(f"{path}: cannot be read: {error}: {RESTORE}") from None
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError) as error:
        raise HistoryError(f"{path}: damaged ({error}): {RESTORE}") from None
    if getattr(found, "format", FORMAT) != FORMAT:
        raise HistoryError(f"{path}: not of format {FORMAT}: {RESTORE}")
    return found


def texts(surface: Surface) -> Dict[str, str]:
    """Every file of the surface: its path below ``surface/``, and its text."""
    found = {RELEASES: _text(Releases(releases=ascending(surface.releases)))}
    found[MODULES] = _text(Present(modules=dict(sorted(surface.present.items()))))
    for name, of in surface.modules.items():
        if of.names:
            found[f"{name}.json"] = _text(of)
    for name, annotated in surface.annotations.items():
        if annotated.names:
            found[f"{ANNOTATIONS}/{name}.json"] = _text(annotated)
    return found


def write(root: Path, surface: Surface) -> List[str]:
    """Write the files that changed, and remove those that are empty now. Returns their paths."""
    folder, wanted = root / FOLDER, texts(surface)
    changed = []
    for path in [*folder.glob("*.json"), *(folder / ANNOTATIONS).glob("*.json")]:
        inside = path.relative_to(folder).as_posix()
        if inside not in wanted:
            path.unlink()
            changed.append(inside)
    for inside, text in wanted.items():
        path = folder / inside
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            store.write_text(path, text)
            changed.append(inside)
    return sorted(changed)


def ascending(by_line: Mapping[str, T]) -> Dict[str, T]:
    """A mapping by release with the oldest first."""
    return {line: by_line[line] for line in sorted(by_line, key=versions.key)}


def _text(of: Struct) -> str:
    """A line for each key of the first two levels, and for each entry of a longer timeline."""
    data = msgspec.to_builtins(of)
    data["digest"] = ""
    data["digest"] = hashlib.blake2b(_flat(data).encode(), digest_size=8).hexdigest()
    return "\n".join(_lines(data)) + "\n"


def _lines(data: Dict[str, Any], depth: int = 0) -> Iterator[str]:
    yield "{"
    items = list(data.items())
    for number, (key, value) in enumerate(items, 1):
        comma = "," * (number < len(items))
        deep = isinstance(value, dict) and (depth == 0 or (depth == 1 and len(value) > 1))
        lines = list(_lines(value, depth + 1)) if deep and value else [_flat(value)]
        lines[0] = f"{_flat(key)}:{' ' * (not deep)}{lines[0]}"
        lines[-1] += comma
        yield from (f" {line}" if depth < 1 or deep else line for line in lines)
    yield "}"


def _flat(value: object) -> str:
    return json.dumps(value, ensure_ascii=True, allow_nan=False)
