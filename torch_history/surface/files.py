"""Files: the timelines of the surface, a file for each module, in ``surface/``.

``surface/torch.optim.json`` has the names that are found in torch.optim, and the aliases of these.
``surface/annotations/`` has the annotations, and ``surface/_releases.json`` what was surveyed.
A file is written whole, in one form, with a line for each entry and a digest of all of it, and
replaced atomically.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, Dict, Iterable, List, Mapping, Optional, Set, Tuple, Type, TypeVar, Union

import msgspec
from msgspec import Struct

from torch_history import reading, versions
from torch_history.errors import HistoryError
from torch_history.records import store
from torch_history.surface import aliases, typed
from torch_history.surface.entry import Stored

FORMAT = 1
FOLDER, ANNOTATIONS, RELEASES, MODULES = "surface", "annotations", "_releases.json", "_modules.json"
Chain = Dict[str, Stored]
Texts = Dict[str, Optional[str]]
LARGEST = 50_000_000  # bytes
RESTORE = "restore it with `git checkout -- surface`, or record with `torch-history record`"
T = TypeVar("T", bound=Struct)


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
    digest: str = ""  # of the rest, as in every file


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
    digest: str = ""


class Annotated(Struct, forbid_unknown_fields=True):
    """The timelines of the annotations in one module."""

    module: str
    format: int = FORMAT
    names: Dict[str, Texts] = {}
    digest: str = ""


class Surface(Struct):
    """All that is recorded of the surface. Names and targets are whole paths."""

    releases: Dict[str, Surveyed] = {}
    modules: Dict[str, Dict[str, str]] = {}  # package -> line -> what came and went: "+nn -six"
    names: Dict[str, Chain] = {}
    aliases: Dict[str, Dict[str, str]] = {}  # place -> line -> "+NAdam=torch.optim.NAdam"
    types: Dict[str, Texts] = {}


Part = Union[Releases, Present, OfModule, Annotated]


def releases(root: Path) -> Dict[str, Surveyed]:
    """The releases that were surveyed, by line. Raises HistoryError where the file is damaged."""
    path = root / FOLDER / RELEASES
    return _read(path, Releases).releases if path.exists() else {}


def read(root: Path) -> Surface:
    """The surface of a checkout. Raises HistoryError that names the damaged or edited file."""
    return joined(part(path) for path in paths(root))


def paths(root: Path) -> List[Path]:
    """The files of the surface that exist, without those that are written by hand."""
    folder = root / FOLDER
    own = [path for path in (folder / RELEASES, folder / MODULES) if path.exists()]
    return [*own, *_of_modules(folder), *_of_modules(folder / ANNOTATIONS)]


def _of_modules(folder: Path) -> List[Path]:
    return sorted(path for path in folder.glob("*.json") if not path.name.startswith("_"))


def part(path: Path) -> Part:
    """The content of one file. Raises HistoryError where it is damaged or edited."""
    if path.name == RELEASES:
        return _read(path, Releases)
    if path.name == MODULES:
        return _read(path, Present)
    annotated = path.parent.name == ANNOTATIONS
    found = _read(path, Annotated) if annotated else _read(path, OfModule)
    if found.module != path.stem:
        raise HistoryError(f"{path}: it is of another module: {RESTORE}")
    return found


def joined(parts: Iterable[Part]) -> Surface:
    """The surface of which these are all files."""
    found = Surface()
    places: Dict[str, List[Dict[str, str]]] = {}
    for one in parts:
        if isinstance(one, Releases):
            found.releases = one.releases
        elif isinstance(one, Present):
            found.modules = one.modules
        elif isinstance(one, Annotated):
            found.types.update(
                (f"{one.module}.{name}", typed.whole(text)) for name, text in one.names.items()
            )
        else:
            found.names.update((f"{one.module}.{name}", of) for name, of in one.names.items())
            for place, told in one.aliases.items():
                places.setdefault(place, []).append(aliases.whole(told, one.module))
    found.aliases = {place: aliases.together(told) for place, told in places.items()}
    return found


def _read(path: Path, form: Type[T]) -> T:
    try:
        data = msgspec.json.decode(reading.content(path, LARGEST), type=Dict[str, Any])
        if data.get("format") != FORMAT:
            raise HistoryError(f"{path}: not of format {FORMAT}: {RESTORE}")
        found = msgspec.convert(data, form)
    except reading.UnreadableError as error:
        raise HistoryError(f"{path}: cannot be read: {error}: {RESTORE}") from None
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise HistoryError(f"{path}: damaged ({error}): {RESTORE}") from None
    if data.get("digest") != _digest(data):
        raise HistoryError(
            f"{path}: edited by hand: it is not what its digest was made of: {RESTORE}"
        )
    return found


def texts(surface: Surface) -> Dict[str, str]:
    """Every file of the surface: its path below ``surface/``, and its text."""
    modules = _modules(surface)
    of_modules: Dict[str, OfModule] = {}
    annotated: Dict[str, Annotated] = {}
    for path, chain in sorted(surface.names.items()):
        home, name = _parts(path, modules)
        of_modules.setdefault(home, OfModule(home)).names[name] = chain
    for place, told in sorted(surface.aliases.items()):
        for home, part in aliases.by_home(told, lambda path: _parts(path, modules)).items():
            of_modules.setdefault(home, OfModule(home)).aliases[place] = part
    for path, types in sorted(surface.types.items()):
        home, name = _parts(path, modules)
        annotated.setdefault(home, Annotated(home)).names[name] = typed.shortened(types)
    return {
        RELEASES: _text(Releases(releases=ascending(surface.releases))),
        MODULES: _text(Present(modules=dict(sorted(surface.modules.items())))),
        **{f"{home}.json": _text(of) for home, of in of_modules.items()},
        **{f"{ANNOTATIONS}/{home}.json": _text(of) for home, of in annotated.items()},
    }


def _modules(surface: Surface) -> Set[str]:
    """Every module of every release, so that a name stands in the same file for all of them."""
    return {
        f"{package}.{sign_and_name[1:]}" if package else sign_and_name[1:]
        for package, told in surface.modules.items()
        for signs in told.values()
        for sign_and_name in signs.split()
    }


def _parts(path: str, modules: Set[str]) -> Tuple[str, str]:
    """A path as the module in whose file it stands, and its name there."""
    home = path.rpartition(".")[0]
    while home not in modules and "." in home:
        home = home.rpartition(".")[0]
    return home, path[len(home) + 1 :]


def write(root: Path, surface: Surface) -> List[str]:
    """Write the files that changed, and remove those that are empty now. Returns their paths."""
    folder, wanted = root / FOLDER, texts(surface)
    changed = []
    for path in paths(root):
        inside = path.relative_to(folder).as_posix()
        if inside not in wanted:
            path.unlink()
            changed.append(inside)
    for inside, text in wanted.items():
        path = folder / inside
        if not path.exists() or path.read_bytes() != text.encode():
            store.write_text(path, text)
            changed.append(inside)
    return sorted(changed)


def ascending(by_line: Mapping[str, Surveyed]) -> Dict[str, Surveyed]:
    """The releases with the oldest first."""
    return {line: by_line[line] for line in sorted(by_line, key=versions.key)}


def _text(of: Struct) -> str:
    data = msgspec.to_builtins(of)
    return _laid_out({**data, "digest": _digest(data)}) + "\n"


def _digest(data: Dict[str, Any]) -> str:
    return hashlib.blake2b(_flat({**data, "digest": ""}).encode(), digest_size=8).hexdigest()


def _laid_out(value: Any, depth: int = 0) -> str:
    """JSON with a line for each entry; a timeline of one entry stands on the line of its name."""
    short = depth == 2 and len(value) == 1
    if depth == 3 or short or not (value and isinstance(value, dict)):
        return _flat(value)
    margin = " " * (depth == 1)
    lines = (f"{margin}{_flat(key)}:{_laid_out(one, depth + 1)}" for key, one in value.items())
    return "{\n" + ",\n".join(lines) + "}"


# One encoder for all lines, as json.dumps makes one for each.
_flat = json.JSONEncoder(ensure_ascii=True, allow_nan=False, separators=(",", ":")).encode
