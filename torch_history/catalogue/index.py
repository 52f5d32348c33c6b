"""Index: all that is specified and recorded, in one JSON file that any program may read.

``index.schema.json`` describes the file. A wheel contains it. In a checkout it is built on demand
in ``.history/``, and built again when the size or time of a source file changes.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from pathlib import Path
from typing import Dict, Iterator, List, Optional, Union

import msgspec
from msgspec import Raw, Struct

from torch_history import versions
from torch_history.catalogue import claims, releases
from torch_history.catalogue.behaviour import Behaviour, Claim
from torch_history.catalogue.recorded import recorded
from torch_history.errors import HistoryError
from torch_history.escaping import in_json
from torch_history.records import kept, manifests, store
from torch_history.records.states import State

FORMAT = 2
NAME = kept.INDEX
SCHEMA = Path(__file__).with_name("index.schema.json")
PACKAGED = Path(__file__).resolve().parent.parent / "_packaged"  # in a wheel

# Few commands need the observations: as Raw, the index is read in 5 ms, not in 24.
Chain = Dict[str, Raw]  # version -> observation, not yet decoded
Record = Dict[str, Dict[str, Chain]]  # case -> device -> chain


class Environment(Struct, frozen=True):
    """What one recorded environment was, and what is not known of it."""

    release: str
    device: str
    build: str = ""
    python: str = ""
    platform: str = ""
    cpu_vendor: str = ""
    cpu_capability: str = ""
    numpy: str = ""
    syrupy: str = ""
    pytest: str = ""
    # msgspec gives each object an empty dict of its own.
    unknown: Dict[str, str] = {}  # behaviour -> why it was not observed
    distances: Dict[str, int] = {}  # behaviour -> ULP from its entry, where that is not 0

    @property
    def line(self) -> str:
        """The minor line of the release."""
        return versions.line(self.release)


class Index(Struct, frozen=True):
    """All that is specified and recorded of a library."""

    format: int
    library: str
    releases: Dict[str, str]  # line -> patch, ascending: the matrix
    environments: List[Environment]  # ascending by release
    behaviours: List[Behaviour]
    records: Dict[str, Record]
    claims: List[Claim]
    articles: Dict[str, str] = {}  # article -> its title

    def known(self) -> Dict[str, Behaviour]:
        """Id -> behaviour, in the order of chapters, files and lines."""
        return {behaviour.id: behaviour for behaviour in self.behaviours}

    def on(self, device: str) -> Dict[str, Environment]:
        """Release -> environment, ascending, of one device."""
        return {one.release: one for one in self.environments if one.device == device}

    def record(self, behaviour: str) -> Record:
        """The record of a behaviour; empty where it has none."""
        return self.records.get(behaviour, {})


def of(root: Path) -> Index:
    """The index of a checkout, or of the folder in which a wheel keeps it.

    Raises HistoryError if the folder is neither, and for damaged sources or records.
    """
    return decode(content_of(root), root / NAME)


def text_of(root: Path) -> str:
    """The text of the index: the wheel's, or a checkout's, built if needed."""
    return content_of(root).decode()


def content_of(root: Path) -> bytes:
    """The content of the index's file, which is built if needed."""
    packaged = root / NAME
    if packaged.is_file():
        return packaged.read_bytes()
    file, stamp = root / ".history" / NAME, stamp_of(root)
    stamped = file.with_suffix(".stamp")
    try:
        content = file.read_bytes()
        if stamped.read_text(encoding="utf-8") == _sealed(stamp, content):
            return content
    except (OSError, UnicodeDecodeError):
        pass  # not built yet, or damaged
    text = build(root)
    content = text.encode()
    # if it cannot be kept, the next command builds it again
    with contextlib.suppress(HistoryError):
        # The text first: if the stamp is not written, the next command builds the index again.
        store.write_text(file, text)
        store.write_text(stamped, _sealed(stamp, content))
    return content


def _sealed(stamp: str, content: bytes) -> str:
    """The stamp with a digest of the content, so that a damaged index is built again."""
    return f"{stamp} {hashlib.blake2b(content, digest_size=16).hexdigest()}"


def decode(content: Union[str, bytes], path: Path) -> Index:
    """The index in a file's content. Raises HistoryError for content of another form."""
    try:
        index = msgspec.json.decode(content, type=Index)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise HistoryError(f"{path}: not an index of format {FORMAT}: {error}") from None
    if index.format != FORMAT:
        raise HistoryError(f"{path}: an index of format {index.format}, not {FORMAT}")
    return index


def build(root: Path) -> str:
    """The text of the index, made from the tests' source, the records, manifests and claims."""
    known, found = recorded(root)
    matrix = {line: release.patch for line, release in releases.releases(root).items()}
    environments = manifests.read(root, None)
    libraries = (str(one["library"]) for one in environments.values() if "library" in one)
    data = {
        "format": FORMAT,
        "library": next(libraries, ""),
        "releases": matrix,
        "environments": [
            msgspec.to_builtins(_environment(root / "manifests" / f"{name}.json", manifest, found))
            for name, manifest in environments.items()
        ],
        "behaviours": msgspec.to_builtins(list(known.values())),
        # What a record says that was made from another test is not said of this one.
        "records": {
            name: {} if state.fault else state.record.timelines for name, state in found.items()
        },
        "claims": msgspec.to_builtins(claims.read(root)),
        "articles": claims.titles(root),
    }
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return in_json(text) + "\n"


def _environment(path: Path, manifest: manifests.Manifest, found: Dict[str, State]) -> Environment:
    """What a manifest says of an environment, and what the records say of its release."""
    device, release = manifest["device"], manifest["release"]
    unknown, distances = {}, {}
    for name, state in found.items():
        if state.fault:
            unknown[name] = state.fault
        elif release not in state.record.seen.get(device, ()):
            reasons = state.record.unknown.get(device, {})
            unknown[name] = reasons.get(release, f"not recorded on {release}")
        elif release in state.record.distances.get(device, {}):
            distances[name] = state.record.distances[device][release]
    try:
        told = {**manifest, "unknown": unknown, "distances": distances}
        return msgspec.convert(told, Environment)
    except msgspec.ValidationError as error:
        raise HistoryError(f"{path}: damaged ({error}): {store.RESTORE}") from None


def stamp_of(root: Path) -> str:
    """A digest of the names, sizes and times of all that the index is made from."""
    found = hashlib.blake2b(digest_size=16)
    for line in _stamped(root):
        found.update(line.encode("utf-8", "surrogateescape"))
    return found.hexdigest()


def _stamped(root: Path) -> Iterator[str]:
    engine = Path(__file__).resolve().parent
    # The engine itself is among them: another version of it may build another index.
    folders = [root / "claims", root / "manifests", root / "fixtures"]
    folders += [engine, engine.parent / "records", engine.parent / "observing"]
    folders += sorted(folder for folder in (root / "fixtures").rglob("*") if folder.is_dir())
    for chapter in sorted((root / "spec").glob("*")):
        folders += [chapter, chapter / "__snapshots__"]
    for folder in folders:
        # A test may read any file that lies in fixtures/.
        yield from _entries(folder, root / "fixtures" in (folder, *folder.parents))
    for name in ("tox.ini", "conftest.py"):
        file = root / name
        if file.exists():
            yield f"{name} {file.stat().st_size} {file.stat().st_mtime_ns}\n"


def _entries(folder: Path, data: bool) -> Iterator[str]:
    try:
        with os.scandir(folder) as entries:
            for entry in sorted(entries, key=lambda one: one.name):
                kept = entry.name.endswith((".py", ".json")) or (data and entry.is_file())
                if kept and not entry.name.endswith(".pyc"):
                    status = entry.stat()
                    yield f"{entry.path} {status.st_size} {status.st_mtime_ns}\n"
    except OSError:
        return  # whoever reads the folder reports that it is missing


def home(asked: Optional[Path] = None) -> Path:
    """The folder that a command answers from: the one asked for, this checkout, or the wheel's."""
    if asked is not None:
        return asked
    # The checkout one works in comes before an installed wheel, whose records may be older.
    here = Path.cwd()
    if is_checkout(here):
        return here
    beside = PACKAGED.parent.parent
    return PACKAGED if (PACKAGED / NAME).is_file() or not is_checkout(beside) else beside


def is_checkout(folder: Path) -> bool:
    """Whether a folder is a checkout of this repository: its pytest runs the engine's extension."""
    settings = folder / "pytest.ini"
    try:
        # Many projects have a folder called spec, so the settings must name the engine.
        return (folder / "spec").is_dir() and "torch_history.running" in settings.read_text()
    except (OSError, UnicodeDecodeError):
        return False
