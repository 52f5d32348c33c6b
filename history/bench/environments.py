"""Environments: the Python that has a release of torch, built by tox where it is not there yet."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Callable, NamedTuple, Optional

from history import matrix
from history.errors import HistoryError
from history.matrix import Release


class Environment(NamedTuple):
    """A release and the interpreter that has it."""

    release: str
    python: Path


def environment(root: Path, text: str, python: Optional[str], tell: Callable[[str], None]) -> Environment:
    """The environment of a release: of its own in the matrix, or beside it, on another Python (``3.8``). tox builds it if need be."""
    release = matrix.choose(root, [text])[0]
    work = Path(os.environ.get("TOX_WORK_DIR") or root / ".tox")
    settings = dict(os.environ)
    if python or release.environment == "other":
        work = work / f"torch{release.patch}-python{python or 'default'}"
        settings.update(TORCH=f"torch=={release.patch}")
        if python:
            settings.update(TORCH_PYTHON=f"python{python}")
        elif release.patch.startswith("1."):
            settings.update(TORCH_PYTHON="python3.8")
        release = Release(release.key, release.patch, "other")
    found = work / release.environment / "bin" / "python"
    if not _has(found, release.patch):
        tox = shutil.which("tox")
        if tox is None:
            raise HistoryError(f"torch {release.patch} has no environment in {work}, and tox is not installed to build it: python -m pip install tox")
        tell(f"installing torch {release.patch}")
        done = subprocess.run([tox, "run", "--notest", "--workdir", str(work), "-e", release.environment], cwd=root, env=settings,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        if not _has(found, release.patch):
            told = [line for line in done.stdout.splitlines() if "rror" in line] or done.stdout.splitlines()[-1:] or ["tox said nothing"]
            raise HistoryError(f"torch {release.patch}: its environment cannot be built: {told[0].strip()}")
    return Environment(release.patch, found)


def _has(python: Path, patch: str) -> bool:
    """Whether this interpreter is there and has that torch."""
    if not python.exists():
        return False
    code = "from importlib.metadata import version; print(version('torch').partition('+')[0])"
    done = subprocess.run([python, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False)
    return done.stdout.strip() == patch
