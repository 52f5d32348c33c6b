"""Locks: the version of torch that a requirements file or a lock file pins, on disk or in a revision of a git repository.

A name that ends in ``.lock`` or ``.toml`` is read as a lock file of uv, poetry or pylock, any other as pip's requirements, with what these
include by ``-r`` and ``-c``. Markers are not evaluated: what is pinned must not depend on the machine that asks.
"""

from __future__ import annotations

import posixpath
import re
import subprocess
from pathlib import Path
from typing import Dict, Iterator, Optional, Set, Tuple
from urllib.parse import unquote

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import InvalidWheelFilename, parse_wheel_filename
from packaging.version import InvalidVersion, Version

from torch_history.errors import HistoryError

try:
    import tomllib
except ImportError:  # before Python 3.11
    import tomli as tomllib

TORCH = re.compile(r"torch\s*(?:[\[=<>!~;@(]|$)", re.IGNORECASE)
INCLUDE = re.compile(r"(?:-r|-c|--requirement|--constraint)[\s=]*(\S+)")
REMEDY = "give the two versions themselves, as `diff 2.5 2.6`"


def version(option: str, source: str) -> str:
    """The version of torch that a file pins, without its build: ``uv.lock`` or ``main:uv.lock`` -> ``2.5.1``.

    ``REVISION:PATH`` is what ``git show`` takes, its path from the root of the repository (``REVISION:./PATH``: from this folder).
    Raises HistoryError, naming the option, where there is no such file or revision, or it does not pin one version of torch.
    """
    where = f"{option} {source}"
    lock = source.endswith((".lock", ".toml"))
    pins: Dict[str, str] = {}  # the versions, each with the first condition under which it is taken
    loose = ""
    for pinned, said in (
        _lock(where, _text(where, source)) if lock else _requirements(where, source, set())
    ):
        if pinned is None:
            loose = said
            continue
        try:
            pins.setdefault(Version(pinned).public, said)
        except InvalidVersion:
            raise HistoryError(f"{where}: {pinned!r} is not a version of torch: {REMEDY}") from None
    if not pins and loose:
        raise HistoryError(
            f"{where}: {loose!r} does not pin torch: name a file with torch==VERSION, or {REMEDY}"
        )
    if not pins:
        raise HistoryError(
            f"{where}: there is no torch in it: name the file that pins it, or {REMEDY}"
        )
    if len(pins) > 1:
        several = ", ".join(
            f"{pinned} ({said})" if said else pinned for pinned, said in pins.items()
        )
        raise HistoryError(f"{where}: pins several versions of torch: {several}: {REMEDY}")
    return next(iter(pins))


def _text(where: str, source: str) -> str:
    """The text of a file on disk, or else of REVISION:PATH in git."""
    revision, colon, _ = source.partition(":")
    try:
        if not colon or len(revision) < 2 or Path(source).is_file():  # one letter is a drive
            return Path(source).read_text(encoding="utf-8")
        shown = subprocess.run(["git", "show", "--end-of-options", source], capture_output=True)
        if shown.returncode:
            reason = shown.stderr.decode(errors="replace").strip().partition("\n")[0]
            raise HistoryError(f"{where}: git: {reason.replace('fatal: ', '')}")
        return shown.stdout.decode("utf-8")
    except FileNotFoundError as error:
        if error.filename == "git":
            raise HistoryError(f"{where}: git is not installed") from None
        raise HistoryError(
            f"{where}: no such file: give a path, or REVISION:PATH for a file in git, as main:uv.lock"
        ) from None
    except OSError as error:
        raise HistoryError(f"{where}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise HistoryError(f"{where}: not text in UTF-8") from None


def _lock(where: str, text: str) -> Iterator[Tuple[Optional[str], str]]:
    """Each torch in a lock file: its version, and the condition under which it is taken."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise HistoryError(f"{where}: not TOML: {error}") from None
    packages = data.get(
        "package", data.get("packages")
    )  # uv and poetry write package, pylock packages
    if not isinstance(packages, list):
        raise HistoryError(
            f"{where}: not a lock file of uv, poetry or pylock: it lists no packages"
        )
    for package in packages:
        if package.get("name") == "torch" and "version" in package:
            said = (
                package.get("resolution-markers")
                or package.get("markers")
                or package.get("marker")
                or ""
            )
            yield package["version"], said if isinstance(said, str) else " or ".join(map(str, said))


def _requirements(where: str, source: str, seen: Set[str]) -> Iterator[Tuple[Optional[str], str]]:
    """Each torch in a requirements file: its version and its marker, or None and the requirement that leaves it open."""
    seen.add(source)
    for line in re.sub(r"\\\r?\n", " ", _text(where, source)).splitlines():
        line = re.split(r"(?:^|\s)#|\s--", line.strip())[
            0
        ].strip()  # without a comment, and options such as --hash
        include = INCLUDE.fullmatch(line)
        if include and "://" not in include[1]:
            revision, colon, path = (
                source.rpartition(":") if not Path(source).is_file() else ("", "", source)
            )
            inner = (
                revision
                + colon
                + posixpath.normpath(posixpath.join(posixpath.dirname(path), include[1]))
            )
            if inner not in seen:
                yield from _requirements(
                    where if inner == source else f"{where}: {line}", inner, seen
                )
        elif TORCH.match(line):
            try:
                requirement = Requirement(line)
            except InvalidRequirement:
                raise HistoryError(f"{where}: {line!r} is not a requirement") from None
            yield _pin(requirement), str(requirement.marker or "") if _pin(requirement) else line


def _pin(requirement: Requirement) -> Optional[str]:
    """The one version that a requirement admits: of ``==``, or of the wheel's name in its address."""
    if requirement.url:
        try:
            return str(
                parse_wheel_filename(
                    unquote(posixpath.basename(requirement.url.partition("#")[0]))
                )[1]
            )
        except InvalidWheelFilename:
            return None
    exact = [one.version for one in requirement.specifier if one.operator in ("==", "===")]
    return exact[0][:-2] if exact and exact[0].endswith(".*") else exact[0] if exact else None
