"""Installed: what an interpreter has."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Dict, NamedTuple

from torch_history import versions
from torch_history.comparing.family import normal
from torch_history.errors import HistoryError
from torch_history.escaping import one_line

OLDEST = (3, 8)  # Python, that the tracer runs on
# The metadata is enough: importing torch takes seconds. A torch without any is imported.
_PROGRAM = """
import json, sys
found = {}
if sys.version_info >= (3, 8):
    from importlib.metadata import distributions
    for one in distributions():
        name = one.metadata["Name"]
        if name:
            found.setdefault(name, one.version or "")
    if "torch" not in found:
        try:
            import torch
            found["torch"] = str(torch.__version__)
        except Exception:
            pass
print("\\n" + json.dumps({
    "packages": found,
    "python": "%d.%d.%d" % sys.version_info[:3],
    "prefix": sys.prefix,
}))
"""
SECONDS = 120


class Environment(NamedTuple):
    """An interpreter with a release of torch."""

    release: str  # without the build: 2.6.0
    python: Path
    folder: Path
    packages: Dict[str, str]  # name, as an index has it -> version
    python_version: str


def ask(python: Path, where: str) -> Environment:
    """What an interpreter has. ``where`` begins the HistoryError of one that has no torch."""
    try:
        done = subprocess.run(
            [str(python), "-c", _PROGRAM],
            cwd=str(python.parent),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=SECONDS,
            check=False,
        )
        told = json.loads((done.stdout.splitlines() or [""])[-1])
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        raise HistoryError(
            one_line(f"{where}: is not a Python that runs ({_reason(error)}): give an interpreter")
        ) from None
    packages = {normal(name): version for name, version in told["packages"].items()}
    found = Environment(
        packages.get("torch", "").partition("+")[0],
        python,
        Path(told["prefix"]),
        packages,
        told["python"],
    )
    if versions.key(found.python_version)[:2] < OLDEST:
        raise HistoryError(
            one_line(f"{where}: Python {found.python_version}: give one of 3.8 or newer")
        )
    if not found.release:
        raise HistoryError(
            one_line(f"{where}: has no torch: install it there, or leave the option")
        )
    return found


def broken(environment: Environment) -> str:
    """Why an environment cannot import torch, in one line; empty where it can."""
    done = subprocess.run(
        [str(environment.python), "-W", "ignore", "-c", "import torch"],
        cwd=str(environment.folder),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    said = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
    return one_line(said[-1]) if done.returncode else ""


def given(path: Path, option: str, asked: str) -> Environment:
    """The environment that an option names, as an interpreter or as a virtual environment.

    Raises HistoryError where it is none, and where it has another torch than the one asked for.
    """
    where = f"{option} {path}"
    python = interpreter(path) if path.is_dir() else path
    if not python.exists():
        raise HistoryError(one_line(f"{where}: no such interpreter: give a Python or its venv"))
    # Not resolve(): the link in a virtual environment is what makes it one.
    found = ask(Path(os.path.abspath(python)), where)  # noqa: PTH100
    if not answers(found.release, asked):
        raise HistoryError(
            one_line(f"{where}: has torch {found.release}, not {asked}: give {found.release}")
        )
    return found


def interpreter(folder: Path) -> Path:
    """The interpreter of a virtual environment."""
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def answers(release: str, asked: str) -> bool:
    """Whether a release is the one asked for: itself, or any patch of a line."""
    numbers, final = versions.parse(asked)
    if final and len(numbers) == 2:
        return versions.key(release)[:2] == numbers
    return release == asked.partition("+")[0]


def _reason(error: Exception) -> str:
    if isinstance(error, subprocess.TimeoutExpired):
        return f"no answer within {SECONDS} s"
    if isinstance(error, OSError):
        return error.strerror or str(error)
    return "it gave no answer"
