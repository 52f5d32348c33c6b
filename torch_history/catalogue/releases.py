"""Matrix: the releases that tox.ini names, and what is recorded of each."""

from __future__ import annotations

import configparser
import contextlib
import re
from pathlib import Path
from typing import Dict, List, NamedTuple

from torch_history import versions
from torch_history.errors import HistoryError

_DEPENDENCY = re.compile(r"torch([\d.]+):\s*torch==([\d.]+)")


class Release(NamedTuple):
    """One release to run."""

    key: str  # what records call it: its line, or the patch where that is not the matrix's
    patch: str
    environment: str  # of tox


def releases(root: Path) -> Dict[str, Release]:
    """Line -> release, oldest first, as tox.ini names them."""
    # To tox a % is plain text.
    path, parser = root / "tox.ini", configparser.ConfigParser(interpolation=None)
    try:
        if not parser.read(path, encoding="utf-8"):
            raise HistoryError(
                f"{path}: no such file: run this in the repository's root, or name it with --root"
            )
        dependencies = parser["testenv"]["deps"]
    except (configparser.Error, KeyError, UnicodeDecodeError) as error:
        raise HistoryError(f"{path}: no `deps` of [testenv] can be read: {error}") from None
    found = {
        line: Release(line, patch, f"torch{line}")
        for line, patch in _DEPENDENCY.findall(dependencies)
    }
    return {line: found[line] for line in sorted(found, key=versions.key)}


def library(root: Path) -> str:
    """The library whose behaviours are recorded: ``history_library`` of pytest.ini, else torch."""
    parser = configparser.ConfigParser(interpolation=None)
    with contextlib.suppress(configparser.Error, UnicodeDecodeError):
        parser.read(root / "pytest.ini", encoding="utf-8")
    return parser.get("pytest", "history_library", fallback="torch")


def choose(root: Path, asked: List[str]) -> List[Release]:
    """The releases of the arguments, oldest first; without arguments all.

    Raises HistoryError for one outside the matrix.
    """
    matrix = releases(root)
    chosen = set()
    for text in asked or matrix:
        numbers, final = versions.parse(text)
        line = versions.line(text)
        if line not in matrix or not final:
            raise HistoryError(
                f"release {text!r} is not in the matrix of tox.ini ({', '.join(matrix)}): "
                "add `torch<line>: torch==<patch>` there first"
            )
        if len(numbers) == 2 or text == matrix[line].patch:
            chosen.add(matrix[line])
        else:
            # Another patch is recorded under its own name: it must not replace what its line did.
            chosen.add(Release(text, text, "other"))
    return sorted(chosen, key=lambda release: versions.key(release.key))


def python_of(release: Release) -> str:
    """The interpreter that a release is recorded with, as tox.ini has it."""
    # 3.8 is the newest Python with wheels of torch 1.4.
    return "python3.8" if versions.key(release.patch)[0] == 1 else "python3.11"
