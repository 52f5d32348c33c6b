"""Tables: files in TOML or JSON, and the lock files among them."""

from __future__ import annotations

from typing import Any, Dict, Iterator, List, Optional, Tuple, Type, TypeVar, Union

import msgspec
from packaging.specifiers import SpecifierSet

from torch_history.code.pins import requirements
from torch_history.code.pins.files import Source, refused
from torch_history.code.pins.pin import Pin
from torch_history.errors import HistoryError
from torch_history.escaping import one_line

MOST_DOTS = 200  # between two equal signs: the time for a TOML key grows with its parts squared
LOCK = "a lock file of uv, poetry, pdm or pylock"

Markers = Union[str, List[str], Dict[str, str], None]
Table = TypeVar("Table")


class Package(msgspec.Struct, rename="kebab"):
    """What is read of a package in a lock file."""

    name: str
    version: Optional[str] = None
    resolution_markers: Markers = None  # uv
    markers: Markers = None  # poetry; a table where groups differ
    marker: Markers = None  # pylock and pdm

    @property
    def conditions(self) -> Tuple[str, ...]:
        """The markers of which one must hold."""
        markers = self.resolution_markers or self.markers or self.marker or ""
        if isinstance(markers, str):
            return (markers,) if markers else ()
        several = markers.values() if isinstance(markers, dict) else markers
        return tuple(dict.fromkeys(several))


class Lock(msgspec.Struct):
    """What is read of a lock file."""

    package: Optional[List[Package]] = None  # uv, poetry and pdm
    packages: Optional[List[Package]] = None  # pylock


class PipPackage(msgspec.Struct):
    """What is read of a package in Pipfile.lock."""

    version: str = ""
    markers: str = ""


def parsed(source: Source) -> Dict[str, Any]:
    """A file in TOML, or in JSON where it begins with a brace."""
    text = source.text(source.where, source.place)
    if text.lstrip().startswith("{"):
        return _json(source.where, text)
    if any(part.count(".") > MOST_DOTS for line in text.split("\n") for part in line.split("=")):
        raise refused(source.where, f"more than {MOST_DOTS} dots in a row")
    try:
        data: Dict[str, Any] = msgspec.toml.decode(text)
    except RecursionError:
        raise refused(source.where, "not TOML: nested too deeply") from None
    except ImportError as error:  # before Python 3.11, msgspec needs it
        raise ModuleNotFoundError(str(error), name="tomli") from None
    except (msgspec.DecodeError, ValueError) as error:  # ValueError: a number of many digits
        raise refused(source.where, f"not TOML: {one_line(error)[:200]}") from None
    return data


def typed(where: str, data: object, kind: Type[Table], what: str) -> Table:
    """Data of a file as a type. Raises HistoryError where it is of another form."""
    try:
        return msgspec.convert(data, kind)
    except (msgspec.ValidationError, RecursionError) as error:
        raise refused(where, f"not {what}: {one_line(error)[:300]}") from None


def locked(source: Source, data: Dict[str, Any]) -> Iterator[Pin]:
    """Each torch in a lock file of TOML."""
    lock = typed(source.where, data, Lock, LOCK)
    packages = lock.packages if lock.package is None else lock.package
    if packages is None:
        raise refused(source.where, f"not {LOCK}: it lists no packages")
    for package in packages:
        if package.name == "torch" and package.version is not None:
            yield _exact(source, package.version, package.conditions)


def pipfile(source: Source, data: Dict[str, Any]) -> Iterator[Pin]:
    """Each torch in a Pipfile.lock."""
    for section, packages in data.items():
        if section == "_meta" or not isinstance(packages, dict) or "torch" not in packages:
            continue
        package = typed(source.where, packages["torch"], PipPackage, "a Pipfile.lock")
        if package.version in ("", "*"):  # from an address, or from a folder
            continue
        marker = f"; {package.markers}" if package.markers else ""
        group = "" if section == "default" else f"group {one_line(section)}"
        text = f"torch {package.version}{marker}"
        yield requirements.one(source, source.where, text, group, str(source.place))


def _exact(source: Source, version: str, markers: Tuple[str, ...]) -> Pin:
    source.mention(source.where, "".join(markers))
    # No specifier: the version of a lock file may be none that pip accepts.
    nothing: Tuple[SpecifierSet, ...] = ()
    return Pin(f"torch=={version}", nothing, version, markers, where=str(source.place))


def _json(where: str, text: str) -> Dict[str, Any]:
    try:
        data: Dict[str, Any] = msgspec.json.decode(text)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise HistoryError(one_line(f"{where}: not JSON: {one_line(error)[:200]}")) from None
    return data
