"""Environments: the Python with a release of torch, built by tox if it is missing."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Callable, Dict, List, NamedTuple, Optional

from torch_history.catalogue import releases as matrix
from torch_history.catalogue.releases import Release
from torch_history.errors import HistoryError

_TELLING = re.compile(r"[Ee]rror|ERROR|[Nn]o solution")  # a line that says why
# Runs a command with these variables: its exit status is of no use, its output is returned.
Runner = Callable[[List[str], Dict[str, str]], str]


class Environment(NamedTuple):
    """A release and the interpreter that has it."""

    release: str
    python: Path


class Place(NamedTuple):
    """Where the environment of a release is, or would be."""

    release: Release
    interpreter: str
    work: Path  # of tox
    name: str  # of tox's environment

    @property
    def folder(self) -> Path:
        """The folder of the environment."""
        return self.work / self.name

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.folder / "bin" / "python"

    @property
    def at_hand(self) -> bool:
        """Whether it exists and has the release."""
        return self.python.exists() and _torch_in(self.python) == self.release.patch


def place(root: Path, release: Release, python: Optional[str] = None) -> Place:
    """The place of a release's environment, or of one with another Python (``3.8``)."""
    interpreter = f"python{python}" if python else matrix.python_of(release)
    work, name = Path(os.environ.get("TOX_WORK_DIR") or root / ".tox"), release.environment
    if name == "other" or interpreter != matrix.python_of(release):
        # tox calls them all `other`, so each patch and Python needs a folder of its own.
        work, name = work / f"torch{release.patch}-{interpreter}", "other"
    return Place(release, interpreter, work, name)


def build(root: Path, wanted: Place, run: Runner) -> None:
    """Build an environment with tox. Raises HistoryError if it cannot be built."""
    patch = wanted.release.patch
    beside = Path(sys.executable).with_name("tox")
    tox = shutil.which("tox") or (str(beside) if beside.exists() else None)
    if tox is None:
        raise HistoryError(
            f"torch {patch} has no environment in {wanted.work}, and tox is not installed to build "
            "it: python -m pip install 'torch-history[record]'"
        )
    command = [tox, "run", "--notest", "--root", str(root)]
    command += ["--workdir", str(wanted.work), "-e", wanted.name]
    settings = {"TORCH": f"torch=={patch}", "TORCH_PYTHON": wanted.interpreter}
    output = run(command, {**os.environ, **settings})
    # tox's exit status does not tell which torch the environment holds.
    if not wanted.at_hand:
        lines = output.splitlines() or ["tox said nothing"]
        told = next((line for line in lines if _TELLING.search(line)), lines[-1]).strip()
        raise HistoryError(f"torch {patch}: its environment cannot be built: {told}")


def environment(
    root: Path, text: str, python: Optional[str], tell: Callable[[str], None]
) -> Environment:
    """The environment of a release, built by tox if need be.

    It is the matrix's, or a separate one for another patch or another Python (``3.8``). Raises
    HistoryError for a release outside the matrix, and if tox cannot build it.
    """
    found = place(root, matrix.choose(root, [text])[0], python)
    if not found.at_hand:
        tell(f"installing torch {found.release.patch}")

        def run(command: List[str], settings: Dict[str, str]) -> str:
            return subprocess.run(
                command,
                cwd=root,
                env=settings,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
            ).stdout

        build(root, found, run)
    return Environment(found.release.patch, found.python)


def _torch_in(python: Path) -> str:
    """The release of torch that an interpreter has; empty for none."""
    # The metadata is enough: importing torch takes seconds.
    code = "from importlib.metadata import version; print(version('torch').partition('+')[0])"
    return _answer(python, code)


def is_cpu_wheel(python: Path) -> bool:
    """Whether the torch of an interpreter was built without CUDA, for Linux on x86_64.

    Records come from PyPI's wheels, which are CUDA builds there.
    """
    code = (
        "import importlib.util, pathlib, platform, runpy\n"
        "folder = pathlib.Path(importlib.util.find_spec('torch').origin).parent\n"
        "told = runpy.run_path(str(folder / 'version.py'))\n"
        "linux = (platform.system(), platform.machine()) == ('Linux', 'x86_64')\n"
        "print(linux and told.get('cuda') is None)\n"
    )
    return _answer(python, code) == "True"


def _answer(python: Path, code: str) -> str:
    """What a program prints; empty where it fails."""
    done = subprocess.run(
        [python, "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        check=False,
    )
    return done.stdout.strip()
