"""Installer: uv, which resolves requirements and builds environments.

A resolution is kept as a pylock.toml: it has every wheel with its address, digest and size, so that
an environment is built from it without the options of the project's index.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Dict, Iterator, List, Mapping, NamedTuple, Optional, Sequence, Tuple

import msgspec

from torch_history import versions
from torch_history.comparing.family import COMPANIONS, normal
from torch_history.comparing.installed import OLDEST, interpreter
from torch_history.errors import HistoryError
from torch_history.escaping import one_line

LOCK = "pylock.toml"
# Their source distributions take an hour to build, or cannot be built by what a machine has.
WHEELS_ONLY = ("torch", *COMPANIONS, "numpy", "scipy", "pandas")


_DRAWN = " \u00d7\u2570\u2500\u25b6\u2502\u251c"  # what older uvs put before a line


class RefusedError(Exception):
    """What uv does not do, with its reason in one line."""

    @property
    def unsolvable(self) -> bool:
        """Whether no versions fit; else the network failed, a build, or the like."""
        return "No solution found" in str(self)


class Interpreter(NamedTuple):
    """A Python on this machine."""

    version: str  # 3.10.13
    path: Path

    @property
    def line(self) -> str:
        """Its minor version: ``3.10``."""
        return versions.line(self.version)


class Ask(NamedTuple):
    """What to resolve."""

    python: Interpreter
    prefer: Mapping[str, str]  # versions that are taken wherever possible
    lines: Sequence[str] = ()  # requirements
    sources: Sequence[Path] = ()  # files that uv reads itself
    extras: Sequence[str] = ()  # of the sources
    overrides: Sequence[str] = ()
    constraints: Sequence[str] = ()
    options: Sequence[str] = ()  # the project's own, about indexes


class Artifact(msgspec.Struct):
    """A file to install from."""

    size: int = 0


class Package(msgspec.Struct):
    """What is read of a package in a resolution."""

    name: str
    version: str = ""  # empty for a folder or a repository
    wheels: List[Artifact] = []
    sdist: Optional[Artifact] = None
    archive: Optional[Artifact] = None
    directory: Optional[Dict[str, object]] = None
    vcs: Optional[Dict[str, object]] = None

    @property
    def size(self) -> int:
        """The bytes to download; 0 where they are not known."""
        files = [*self.wheels[:1], self.archive, self.sdist]  # the best wheel stands first
        return next((one.size for one in files if one is not None), 0)

    @property
    def key(self) -> str:
        """What tells it from another one of the name."""
        where = [f"{name}={value}" for name, value in (self.vcs or self.directory or {}).items()]
        return " ".join([self.name, self.version, *sorted(where)])


class Resolution(NamedTuple):
    """What to install."""

    lock: str  # the text of a pylock.toml; a path in it leads from a folder of the cache
    packages: Tuple[Package, ...]

    @property
    def versions(self) -> Dict[str, str]:
        """Package -> version."""
        return {normal(one.name): one.version for one in self.packages}

    @property
    def size(self) -> int:
        """The bytes to download."""
        return sum(one.size for one in self.packages)


class Uv:
    """uv, at work for a project."""

    def __init__(self, program: str, folder: Path, cache: Path, configured: bool = True) -> None:
        self.program = program
        self.folder = folder  # of the project
        self.cache = cache
        self.configured = configured  # whether the project's own index settings apply

    def plain(self) -> Uv:
        """The same without the project's own index settings."""
        return Uv(self.program, self.folder, self.cache, configured=False)

    def pythons(self) -> List[Interpreter]:
        """The Pythons of this machine that can be used: the newest patch of each line."""
        command = ["python", "list", "--only-installed", "--output-format", "json"]
        try:
            listed = json.loads(self._run(command, path=_path()))
        except (RefusedError, ValueError) as error:
            raise HistoryError(one_line(f"uv cannot list the Pythons here: {error}")) from None
        found: Dict[str, Interpreter] = {}
        for one in listed:
            if (
                one.get("implementation") == "cpython"
                and one.get("variant", "default") == "default"
            ):
                python = Interpreter(one["version"], Path(one["path"]))
                known = found.get(python.line, python)
                newer = versions.key(python.version) > versions.key(known.version)
                found[python.line] = python if newer else known
        return [one for line, one in found.items() if versions.key(line) >= OLDEST]

    def export(self, folder: Path) -> str:
        """What a uv.lock locks, as requirements. Raises RefusedError."""
        command = ["export", "--frozen", "--no-hashes", "--no-emit-project", "--no-header"]
        command += ["--no-annotate", "--quiet", "--directory", str(folder)]
        said = self._run(command)
        if any(normal(line.partition("=")[0].strip()) == "torch" for line in said.splitlines()):
            return said
        try:  # uv's guide puts the builds of torch into extras, which often exclude each other
            return self._run([*command, "--all-extras"])
        except RefusedError:
            return said

    def resolve(self, ask: Ask) -> Resolution:
        """The versions that satisfy requirements. Raises RefusedError where there are none."""
        # A folder of the cache, as the environments are: the lock has relative paths.
        with tempfile.TemporaryDirectory(dir=str(self.cache), prefix=".resolving-") as name:
            work = Path(name)
            command = ["pip", "compile", "--quiet", "--no-header", "--no-annotate"]
            command += ["--python", str(ask.python.path), "--output-file", str(work / LOCK)]
            command += [*_files(work, ask), *(f"--extra={one}" for one in ask.extras)]
            for package in WHEELS_ONLY:
                command += ["--only-binary", package]
            command += ask.options if self.configured else ["--no-config"]
            self._run(command, folder=self.folder if self.configured else work)
            return read((work / LOCK).read_text(encoding="utf-8"))

    def build(self, folder: Path, python: Interpreter, lock: str) -> None:
        """Build an environment in a folder of the cache. Raises RefusedError."""
        self._run(["venv", "--quiet", "--no-project", "--python", str(python.path), str(folder)])
        file = folder / LOCK
        file.write_text(lock, encoding="utf-8")
        inside = str(interpreter(folder))
        self._run(["pip", "sync", "--quiet", "--python", inside, str(file)])

    def _run(
        self, command: Sequence[str], folder: Optional[Path] = None, path: Optional[str] = None
    ) -> str:
        settings = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
        settings["NO_COLOR"] = "1"
        try:
            done = subprocess.run(
                [self.program, *command],
                cwd=str(folder or self.cache),
                env={**settings, "PATH": path} if path else settings,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                check=False,
            )
        except OSError as error:
            raise HistoryError(one_line(f"{self.program}: {error.strerror or error}")) from None
        if done.returncode:
            raise RefusedError(reason(done.stderr))
        return done.stdout


def program() -> str:
    """The path of uv. Raises HistoryError where it is not installed."""
    try:
        from uv import find_uv_bin

        return str(find_uv_bin())
    except (ImportError, FileNotFoundError):
        found = shutil.which("uv")
    if found is None:
        raise HistoryError(
            "uv is not installed to build the environments: python -m pip install "
            "'torch-history[run]', or give environments with --python-a and --python-b"
        )
    return found


def read(lock: str) -> Resolution:
    """A resolution from the text of its pylock.toml."""
    data = msgspec.toml.decode(lock)
    return Resolution(lock, tuple(msgspec.convert(data.get("packages", []), List[Package])))


def preferences(prefer: Mapping[str, str]) -> str:
    """A pylock.toml that says no more than versions. uv takes them where it can."""
    head = 'lock-version = "1.0"\ncreated-by = "torch-history"\n'
    return head + "".join(
        f"[[packages]]\nname = {json.dumps(name)}\nversion = {json.dumps(version)}\n"
        for name, version in sorted(prefer.items())
        if version
    )


def reason(said: str) -> str:
    """Why uv failed, in one line: without its warnings and hints."""
    kept: List[str] = []
    skipping = False
    for line in said.splitlines():
        if line and not line.startswith(" "):
            skipping = line.startswith(("warning:", "hint:"))
        if line.strip() and not skipping:
            kept.append(line.strip(_DRAWN).replace("error: ", "").replace("cause: ", ""))
    return one_line(" ".join(kept))[:600] or "it gave no reason"


def _files(work: Path, ask: Ask) -> Iterator[str]:
    """Write the files that a resolution needs, and name them as options."""
    texts = (
        ("", "requirements.in", ask.lines),
        ("--override", "overrides.txt", ask.overrides),
        ("--constraint", "constraints.txt", ask.constraints),
    )
    for option, name, lines in texts:
        if lines:
            (work / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
            yield from [option, str(work / name)] if option else [str(work / name)]
    yield from map(str, ask.sources)
    if ask.prefer:
        (work / LOCK).write_text(preferences(ask.prefer), encoding="utf-8")


def _path() -> str:
    """The PATH with pyenv's Pythons, which its own commands hide."""
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    folders = sorted(str(folder) for folder in pyenv.glob("versions/*/bin"))
    return os.pathsep.join([*folders, os.environ.get("PATH", os.defpath)])
