"""Environments: two that differ in torch, taken from the user or built by uv and kept."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import sys
from pathlib import Path
from typing import (
    Callable,
    Dict,
    Iterable,
    Iterator,
    List,
    Mapping,
    NamedTuple,
    Optional,
    Sequence,
    Tuple,
)

from torch_history import versions
from torch_history.comparing import differing, installed, installer, requirements, resolving
from torch_history.comparing.installed import Environment
from torch_history.comparing.installer import RefusedError, Uv
from torch_history.comparing.resolving import Resolved, Wish
from torch_history.errors import HistoryError
from torch_history.escaping import one_line

FORMAT = 1  # of the files below; another one makes the kept environments unknown
MARKER = "environment.json"  # written last: a folder without it is only half built
ANSWERS = "resolutions"
WAIT = 3600  # seconds, for another process that builds the same
Tell = Callable[[str], None]

__all__ = ["Environment", "Pair", "cache", "prepare"]


class Pair(NamedTuple):
    """The environments of a comparison."""

    before: Environment
    after: Environment
    notes: List[str]  # what else differs between them, in words


def prepare(
    folder: Path,
    before: str,
    after: str,
    *,
    python_a: Optional[Path],
    python_b: Optional[Path],
    requirements: Optional[Path],
    tell: Tell,
    also: Sequence[str] = (),
    matrix: Optional[Mapping[str, str]] = None,
) -> Pair:
    """The environments for a project under two releases. Raises HistoryError.

    Each is the interpreter that is given, or is built from the project's requirements with torch
    alone exchanged. ``also`` are requirements of the command, as ``pytest``; ``matrix`` gives the
    last patch of a line.
    """
    asked = (before, after)
    for text in asked:
        versions.parse(text)
    given = [
        installed.given(path, option, text) if path else None
        for path, option, text in zip((python_a, python_b), ("--python-a", "--python-b"), asked)
    ]
    if given[0] and given[1]:
        return Pair(given[0], given[1], differing.notes(given[0], given[1]))
    builder = _Builder(folder, requirements, tuple(also), tell)
    wanted = [text for text, one in zip(asked, given) if one is None]
    built, notes = builder.built(wanted, given[0] or given[1], matrix)
    sides = [one or built.pop(0) for one in given]
    return Pair(sides[0], sides[1], [*notes, *differing.notes(sides[0], sides[1])])


def cache() -> Path:
    """Where built environments are kept, each in a folder of its own."""
    asked = os.environ.get("TORCH_HISTORY_ENVIRONMENTS")
    if asked:
        return Path(asked).expanduser().resolve()
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "torch-history" / "environments"


class _Kept(NamedTuple):
    """An earlier resolution: the keys of its environments, and what was said."""

    keys: List[str]
    notes: List[str]


class _Builder:
    """What builds environments for a project."""

    def __init__(
        self, folder: Path, asked: Optional[Path], also: Tuple[str, ...], tell: Tell
    ) -> None:
        self.cache = cache()
        self.folder = folder
        self.asked = asked
        self.also = also
        self.tell = tell
        try:
            self.cache.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise HistoryError(
                one_line(
                    f"{self.cache}: cannot be written ({error.strerror}): name another folder with "
                    "the variable TORCH_HISTORY_ENVIRONMENTS"
                )
            ) from None

    def built(
        self,
        releases: Sequence[str],
        beside: Optional[Environment],
        matrix: Optional[Mapping[str, str]],
    ) -> Tuple[List[Environment], List[str]]:
        """The environments of releases, near to one that is given, and what to say of them."""
        uv = Uv(installer.program(), self.folder, self.cache)
        wish = self._wish(uv, [_specifier(one, matrix) for one in releases], beside)
        file = self.cache / ANSWERS / f"{_digest(_question(wish))}.json"
        kept = _kept(file)
        if kept is not None:
            ready = [self._ready(key) for key in kept.keys]
            found = [one for one in ready if one is not None]
            if len(found) == len(ready):
                return found, kept.notes
        self.tell("resolving the requirements")
        answer = resolving.resolve(uv, wish)
        keys = [_key(one) for one in answer.sides]
        found = [self._environment(uv, key, one) for key, one in zip(keys, answer.sides)]
        _write(file, {"format": FORMAT, "keys": keys, "notes": answer.notes})
        return found, answer.notes

    def _wish(self, uv: Uv, releases: Sequence[str], beside: Optional[Environment]) -> Wish:
        def export(folder: Path) -> str:
            try:
                return uv.export(folder)
            except RefusedError as error:
                raise HistoryError(
                    one_line(f"{folder / 'uv.lock'}: uv: {error}: mend it, or {resolving.REMEDY}")
                ) from None

        found = requirements.find(self.folder, self.asked, export)
        current = versions.line("{}.{}".format(*sys.version_info[:2]))
        if beside is None:
            return Wish(tuple(releases), found, {}, self.also, current)
        found = found._replace(python=versions.line(beside.python_version))
        return Wish(tuple(releases), found, beside.packages, self.also, current)

    def _environment(self, uv: Uv, key: str, wanted: Resolved) -> Environment:
        """An environment, built unless it is kept."""
        from filelock import FileLock, Timeout

        file = self.cache / f"{key}.lock"
        try:
            with FileLock(str(file), timeout=WAIT):
                return self._ready(key) or self._build(uv, key, wanted)
        except Timeout:
            raise HistoryError(
                one_line(f"{file}: another process builds this environment: run this again later")
            ) from None

    def _build(self, uv: Uv, key: str, wanted: Resolved) -> Environment:
        folder, what = self.cache / key, f"torch {wanted.release} for Python {wanted.python.line}"
        self.tell(f"installing {what}{self._need(wanted)}")
        shutil.rmtree(str(folder), ignore_errors=True)
        try:
            uv.build(folder, wanted.python, wanted.resolution.lock)
            found = installed.ask(installed.interpreter(folder), str(folder))
            said = installed.broken(found)
            if said:
                raise RefusedError(f"installed it, but `import torch` fails: {said}")
        except RefusedError as error:
            shutil.rmtree(str(folder), ignore_errors=True)
            raise HistoryError(
                one_line(f"{what}: cannot be installed: uv: {error}: {_advice(str(error))}")
            ) from None
        _write(folder / MARKER, {"format": FORMAT, **_plain(found)})
        return found

    def _need(self, wanted: Resolved) -> str:
        """The room that a download takes, as far as the index gives sizes."""
        size = wanted.resolution.size / 1e9
        if size < 0.1:
            return ""
        free = shutil.disk_usage(str(self.cache)).free / 1e9
        return (
            f" (up to {size:.1f} GB to download, about {size * 2:.1f} GB on disk, "
            f"{free:.0f} GB are free)"
        )

    def _ready(self, key: str) -> Optional[Environment]:
        """A kept environment; None where it is not complete, or where its Python has gone."""
        folder = self.cache / key
        python = installed.interpreter(folder)
        try:
            data = json.loads((folder / MARKER).read_text(encoding="utf-8"))
            if data["format"] != FORMAT or not python.exists():
                return None
            os.utime(str(folder / MARKER))  # so that the oldest can be found
            packages = {str(name): str(version) for name, version in data["packages"].items()}
            return Environment(data["release"], python, folder, packages, data["python_version"])
        except (OSError, ValueError, KeyError, AttributeError, TypeError):
            return None


def _specifier(asked: str, matrix: Optional[Mapping[str, str]]) -> str:
    """The version that is asked for: a line is its last patch."""
    if not versions.is_line(asked) or not versions.parse(asked)[1]:
        return f"=={asked}"
    known = _recorded() if matrix is None else matrix
    return f"=={known[asked]}" if asked in known else f"=={asked}.*"


def _recorded() -> Mapping[str, str]:
    """Line -> patch, of the releases that are recorded."""
    from torch_history.catalogue import index

    with contextlib.suppress(HistoryError):
        return index.of(index.home()).releases
    return {}


def _question(wish: Wish) -> Iterator[str]:
    """All that the answer of a resolution depends on, but for what the index has."""
    found = wish.requirements
    # A set has another order in each process.
    yield from [str(FORMAT), *sorted(found.companions)]
    yield repr(wish._replace(requirements=found._replace(companions=frozenset())))
    for file in wish.requirements.sources:
        yield file.read_text(encoding="utf-8", errors="replace")
    yield from sorted(f"{name}={value}" for name, value in os.environ.items() if name[:3] == "UV_")


def _key(one: Resolved) -> str:
    """The name of an environment's folder: its release, its Python and a digest of the rest."""
    packages = sorted(package.key for package in one.resolution.packages)
    digest = _digest([str(one.python.path), one.python.version, *packages])
    return f"torch{one.release}-python{one.python.line}-{digest[:12]}"


def _digest(parts: Iterable[str]) -> str:
    found = hashlib.blake2b(digest_size=16)
    for part in parts:
        found.update(part.encode("utf-8", "surrogateescape") + b"\0")
    return found.hexdigest()


def _kept(file: Path) -> Optional[_Kept]:
    """An earlier answer; None where there is none that can be read."""
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
        if data["format"] == FORMAT:
            return _Kept([str(key) for key in data["keys"]], [str(one) for one in data["notes"]])
    except (OSError, ValueError, KeyError, TypeError):
        pass
    return None


def _write(file: Path, data: Dict[str, object]) -> None:
    """Write a file at once, so that no reader sees a part of it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(f"{file.name}.{os.getpid()}")
    part.write_text(json.dumps(data, indent=1), encoding="utf-8")
    part.replace(file)


def _plain(environment: Environment) -> Dict[str, object]:
    return {
        "release": environment.release,
        "python_version": environment.python_version,
        "packages": environment.packages,
    }


def _advice(said: str) -> str:
    if "No space left" in said or "os error 28" in said:
        return "make room, or name another disk with the variable TORCH_HISTORY_ENVIRONMENTS"
    return resolving.REMEDY
