"""Locks: the version of torch that a requirements file or a lock file pins, on disk or in git.

A name that ends in ``.lock`` or ``.toml`` is read as a lock file of uv, poetry or pylock, any other
as pip's requirements, with what these include by ``-r`` and ``-c``. Markers are not evaluated: the
answer must not depend on the machine that asks.
"""

from __future__ import annotations

import posixpath
import re
import subprocess
import tempfile
from pathlib import Path
from typing import Dict, Iterable, Iterator, List, NamedTuple, Optional, Set, Tuple, Union
from urllib.parse import unquote

import msgspec
from packaging.requirements import Requirement
from packaging.version import Version

from torch_history import reading
from torch_history.errors import HistoryError
from torch_history.escaping import one_line

TORCH = re.compile(r"torch\s*(?:[\[=<>!~;@(]|$)", re.IGNORECASE)
INCLUDE = re.compile(r"(?:-r|-c|--requirement|--constraint)[\s=]*(\S+)")
RELEVANT = re.compile(r"\s*(?:torch|-[rc]|--[rc])", re.IGNORECASE)  # a line that may matter
REST = re.compile(r"(?:^|\s)#|\s--")  # a comment, or options such as --hash
WHEEL = re.compile(r"torch-([^-]+)-.+\.whl", re.IGNORECASE)
REMEDY = "give the two versions themselves, as `diff 2.5 2.6`"

# What a file may ask of the reader. A sound file stays far below.
MOST_BYTES = 50_000_000  # with what it includes
MOST_FILES = 1000
MOST_MENTIONS = 1000  # lines about torch
MOST_CHARACTERS = 10_000  # of one such line
MOST_DOTS = 200  # between two equal signs: the time for a TOML key grows with its parts squared

Markers = Union[str, List[str], Dict[str, str], None]


class Package(msgspec.Struct, rename="kebab"):
    """What is read of a package in a lock file."""

    name: str
    version: Optional[str] = None
    resolution_markers: Markers = None  # uv
    markers: Markers = None  # poetry; a table where groups differ
    marker: Markers = None  # pylock

    @property
    def condition(self) -> str:
        """The markers under which it is installed."""
        markers = self.resolution_markers or self.markers or self.marker or ""
        if isinstance(markers, str):
            return markers
        several = markers.values() if isinstance(markers, dict) else markers
        return " or ".join(dict.fromkeys(several))


class Lock(msgspec.Struct):
    """What is read of a lock file."""

    package: Optional[List[Package]] = None  # uv and poetry
    packages: Optional[List[Package]] = None  # pylock


class Pin(NamedTuple):
    """One mention of torch."""

    version: Optional[str]  # None where the file leaves it open
    said: str  # the condition under which it is installed; the requirement, where it is left open


class Place(NamedTuple):
    """Where a file lies: on disk, or in a revision of a git repository."""

    revision: str  # empty on disk
    path: str

    def __str__(self) -> str:
        return f"{self.revision}:{self.path}" if self.revision else self.path

    def beside(self, name: str) -> Place:
        """The file that this one names."""
        path = posixpath.normpath(posixpath.join(posixpath.dirname(self.path), name))
        # In a revision, ./ and ../ lead from the working folder, everything else from the root.
        if self.revision and self.path.startswith("./") and not path.startswith("../"):
            path = f"./{path}"
        return Place(self.revision, path)

    def leaves(self, base: Place) -> bool:
        """Whether it is above the root of the repository. Git would start at this folder."""
        from_root = bool(self.revision) and not base.path.startswith(("./", "../"))
        return from_root and self.path.startswith("../")


def version(option: str, source: str) -> str:
    """The version of torch that a file pins, without its build: ``uv.lock`` -> ``2.5.1``.

    ``REVISION:PATH`` is a file in git, as ``git show`` takes it: the path leads from the root of
    the repository, or from this folder as ``REVISION:./PATH``. Raises HistoryError, which names
    the option, where there is no such file or revision, or where it does not pin one version.
    """
    where = f"{option} {source}"
    place = _place(source)
    lock = source.endswith((".lock", ".toml"))
    return _only(where, _locked(where, place) if lock else Requirements(where).pins(place))


def _only(where: str, mentions: Iterable[Pin]) -> str:
    """The one version of all mentions."""
    pins: Dict[str, str] = {}  # the versions, each with the first condition under which it is taken
    loose = ""
    for pin in mentions:
        if pin.version is None:
            loose = pin.said
            continue
        try:
            pins.setdefault(Version(pin.version).public, pin.said)
        except ValueError:  # or too many digits for a number
            quoted = _quoted(pin.version)
            raise _refused(where, f"{quoted} is not a version of torch: {REMEDY}") from None
    if len(pins) == 1:
        return next(iter(pins))
    if pins:
        several = [f"{pinned} ({said})" if said else pinned for pinned, said in pins.items()]
        more = f" and {len(several) - 5} more" if len(several) > 5 else ""
        listed = ", ".join(one_line(one)[:200] for one in several[:5])
        raise _refused(where, f"pins several versions of torch: {listed}{more}: {REMEDY}")
    if loose:
        remedy = f"name a file with torch==VERSION, or {REMEDY}"
        raise _refused(where, f"{_quoted(loose)} does not pin torch: {remedy}")
    raise _refused(where, f"there is no torch in it: name the file that pins it, or {REMEDY}")


def _refused(where: str, reason: str) -> HistoryError:
    return HistoryError(one_line(f"{where}: {reason}"))


def _quoted(text: str) -> str:
    return repr(one_line(text)[:100])


# ---- files


def _place(source: str) -> Place:
    """A file on disk, or else REVISION:PATH. One letter before a colon is a drive of Windows."""
    revision, colon, path = source.partition(":")
    if not colon or len(revision) < 2 or _exists(source):
        return Place("", source)
    return Place(revision, path)


def _exists(path: str) -> bool:
    try:
        return Path(path).exists()
    except (OSError, ValueError):  # a name that is too long, or with a NUL
        return False


def _text(where: str, place: Place, most: int) -> str:
    """The text of a file, without a byte order mark."""
    try:
        data = _committed(str(place), most) if place.revision else _on_disk(place.path, most)
        return data.decode("utf-8-sig")
    except reading.TooLargeError:
        limit = f"{MOST_BYTES // 1_000_000} MB"
        raise _refused(where, f"larger than {limit}, with what is included") from None
    except reading.UnreadableError as error:
        raise _refused(where, str(error)) from None
    except UnicodeDecodeError:
        raise _refused(where, "not text in UTF-8") from None


def _on_disk(path: str, most: int) -> bytes:
    try:
        return reading.content(Path(path), most)
    except reading.TooLargeError:
        raise
    except reading.UnreadableError as error:
        if error.missing:
            hint = "give a path, or REVISION:PATH for a file in git, as main:uv.lock"
            raise reading.UnreadableError(f"no such file: {hint}") from None
        raise reading.UnreadableError(f"cannot be read: {error}") from None


def _committed(source: str, most: int) -> bytes:
    """What ``git show`` gives for REVISION:PATH."""
    # Otherwise a revision that starts with a dash would be an option of git.
    command = ["git", "show", "--end-of-options", source]
    try:
        # A file takes git's messages: two pipes that are read in turn can block each other.
        with tempfile.TemporaryFile() as messages, subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=messages
        ) as git:
            # One byte more than allowed is enough to refuse a file without reading it whole.
            data = git.stdout.read(most + 1) if git.stdout else b""
            if len(data) > most:
                git.kill()
                raise reading.TooLargeError(most)
            status = git.wait()
            messages.seek(0)
            said = messages.read(1000).decode("utf-8", "replace").strip().partition("\n")[0]
    except FileNotFoundError:
        raise reading.UnreadableError("git is not installed") from None
    except OSError as error:
        raise reading.UnreadableError(f"git: {error.strerror or error}") from None
    except ValueError:
        raise reading.UnreadableError(f"cannot be read: {reading.NO_NAME}") from None
    if status:
        raise reading.UnreadableError(f"git: {said.replace('fatal: ', '')}")
    # git lists a folder, with status 0.
    if data.startswith(f"tree {source}\n\n".encode(errors="surrogateescape")):
        raise reading.UnreadableError("cannot be read: a folder, not a file")
    return data


# ---- lock files


def _locked(where: str, place: Place) -> Iterator[Pin]:
    """Each torch in a lock file."""
    text = _text(where, place, MOST_BYTES)
    if any(part.count(".") > MOST_DOTS for line in text.split("\n") for part in line.split("=")):
        raise _refused(where, f"not a lock file: more than {MOST_DOTS} dots in a row")
    try:
        lock = msgspec.toml.decode(text, type=Lock)
    except msgspec.ValidationError as error:
        raise _refused(where, f"not a lock file of uv, poetry or pylock: {error}") from None
    except RecursionError:
        raise _refused(where, "not TOML: nested too deeply") from None
    except ImportError as error:  # before Python 3.11, msgspec needs it
        raise ModuleNotFoundError(str(error), name="tomli") from None
    except (msgspec.DecodeError, ValueError) as error:  # ValueError: a number of many digits
        raise _refused(where, f"not TOML: {one_line(error)[:200]}") from None
    packages = lock.packages if lock.package is None else lock.package
    if packages is None:
        raise _refused(where, "not a lock file of uv, poetry or pylock: it lists no packages")
    for package in packages:
        if package.name == "torch" and package.version is not None:
            yield Pin(package.version, package.condition)


# ---- requirements


class Requirements:
    """A requirements file with what it includes, each file read once."""

    def __init__(self, where: str) -> None:
        self._where = where
        self._seen: Set[Place] = set()
        self._left = MOST_BYTES

    def pins(self, place: Place) -> Iterator[Pin]:
        """Each torch in it."""
        mentions = 0
        for where, line in self._lines(place):
            if not TORCH.match(line):
                continue
            mentions += 1
            if mentions > MOST_MENTIONS:
                raise _refused(where, f"more than {MOST_MENTIONS} lines are about torch")
            yield _pin(where, line)

    def _lines(self, first: Place) -> Iterator[Tuple[str, str]]:
        """The lines that may matter, those of an included file where it is included."""
        # No recursion: a chain of includes can be longer than Python's stack.
        stack = [(self._where, first, self._own_lines(self._where, first))]
        while stack:
            where, place, lines = stack[-1]
            line = next(lines, None)
            if line is None:
                stack.pop()
                continue
            include = INCLUDE.fullmatch(line)
            if include is None:
                yield where, line
            # An address is not fetched: the answer must not depend on the network.
            elif "://" not in include[1] and place.beside(include[1]) not in self._seen:
                where, inner = f"{self._where}: {line[:100]}", place.beside(include[1])
                if inner.leaves(place):
                    raise _refused(where, "leads out of the repository")
                stack.append((where, inner, self._own_lines(where, inner)))

    def _own_lines(self, where: str, place: Place) -> Iterator[str]:
        """The lines of one file that may matter, without comments and options."""
        if len(self._seen) >= MOST_FILES:
            raise _refused(where, f"more than {MOST_FILES} files are included")
        self._seen.add(place)
        text = _text(where, place, self._left)
        self._left -= len(text)
        for whole in re.sub(r"\\\r?\n", " ", text).splitlines():
            if RELEVANT.match(whole):
                line = whole.strip()
                rest = REST.search(line)
                yield line[: rest.start()].strip() if rest else line


def _pin(where: str, line: str) -> Pin:
    try:
        if len(line) > MOST_CHARACTERS:
            raise ValueError(line)
        requirement = Requirement(line)
        marker = str(requirement.marker or "")
    except (ValueError, RecursionError):  # an invalid requirement; brackets in brackets
        raise _refused(where, f"{_quoted(line)} is not a requirement") from None
    pinned = _pinned(requirement)
    return Pin(None, line) if pinned is None else Pin(pinned, marker)


def _pinned(requirement: Requirement) -> Optional[str]:
    """The one version that a requirement admits: of ``==``, or of the wheel in its address."""
    if requirement.url:
        address = requirement.url.partition("#")[0].partition("?")[0]
        # Not packaging's parse_wheel_filename: it lists every combination of a name's tags.
        wheel = WHEEL.fullmatch(unquote(posixpath.basename(address)))
        return wheel[1] if wheel else None
    exact = [one.version for one in requirement.specifier if one.operator in ("==", "===")]
    if not exact:
        return None
    return exact[0][:-2] if exact[0].endswith(".*") else exact[0]
