"""Environments: the Python with a release of torch, built by tox if it is missing."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Callable, NamedTuple, Optional

from torch_history.catalogue import releases as matrix
from torch_history.errors import HistoryError


class Environment(NamedTuple):
    """A release and the interpreter that has it."""

    release: str
    python: Path


def environment(
    root: Path, text: str, python: Optional[str], tell: Callable[[str], None]
) -> Environment:
    """The environment of a release, built by tox if need be.

    It is the matrix's, or a separate one for another patch or another Python (``3.8``). Raises
    HistoryError for a release outside the matrix, and if tox cannot build it.
    """
    release = matrix.choose(root, [text])[0]
    interpreter = f"python{python}" if python else matrix.python_of(release)
    work, name = Path(os.environ.get("TOX_WORK_DIR") or root / ".tox"), release.environment
    if name == "other" or interpreter != matrix.python_of(release):
        # tox calls them all `other`, so each patch and Python needs a folder of its own.
        work, name = work / f"torch{release.patch}-{interpreter}", "other"
    found = work / name / "bin" / "python"
    if not _has(found, release.patch):
        tox = shutil.which("tox")
        if tox is None:
            raise HistoryError(
                f"torch {release.patch} has no environment in {work}, "
                "and tox is not installed to build it: python -m pip install tox"
            )
        tell(f"installing torch {release.patch}")
        settings = {**os.environ, "TORCH": f"torch=={release.patch}", "TORCH_PYTHON": interpreter}
        done = subprocess.run(
            [tox, "run", "--notest", "--workdir", str(work), "-e", name],
            cwd=root,
            env=settings,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        # tox's exit status does not tell which torch the environment holds.
        if not _has(found, release.patch):
            lines = done.stdout.splitlines() or ["tox said nothing"]
            raise HistoryError(
                f"torch {release.patch}: its environment cannot be built: "
                f"{next((line for line in lines if 'rror' in line), lines[-1]).strip()}"
            )
    return Environment(release.patch, found)


def _has(python: Path, patch: str) -> bool:
    """Whether this interpreter exists and has that torch."""
    if not python.exists():
        return False
    # The metadata is enough: importing torch takes seconds.
    code = "from importlib.metadata import version; print(version('torch').partition('+')[0])"
    done = subprocess.run(
        [python, "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        check=False,
    )
    return done.stdout.strip() == patch
