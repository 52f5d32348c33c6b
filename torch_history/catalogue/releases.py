"""Matrix: the releases that tox.ini names, and what is recorded of each."""

from __future__ import annotations

import configparser
import re
from pathlib import Path
from typing import Dict, List, NamedTuple

from torch_history import versions
from torch_history.errors import HistoryError

_DEPENDENCY = re.compile(r"torch([\d.]+):\s*torch==([\d.]+)")


class Release(NamedTuple):
    """One release to run: ``key`` is what records call it (its line, or a patch beside the matrix)."""

    key: str
    patch: str
    environment: str  # of tox


def releases(root: Path) -> Dict[str, Release]:
    """Line -> release, oldest first, as tox.ini names them."""
    parser = configparser.ConfigParser(interpolation=None)
    if not parser.read(root / "tox.ini"):
        raise HistoryError(
            f"{root / 'tox.ini'}: no such file: run this in the repository's root, or name it with --root"
        )
    found = {
        line: Release(line, patch, f"torch{line}")
        for line, patch in _DEPENDENCY.findall(parser["testenv"]["deps"])
    }
    return {line: found[line] for line in sorted(found, key=versions.key)}


def choose(root: Path, asked: List[str]) -> List[Release]:
    """The releases of the arguments (all without any), oldest first. Raises HistoryError for one outside the matrix."""
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
            chosen.add(Release(text, text, "other"))
    return sorted(chosen, key=lambda release: versions.key(release.key))


def python_of(release: Release) -> str:
    """The interpreter that a release is recorded with, as tox.ini has it."""
    return "python3.8" if versions.key(release.patch)[0] == 1 else "python3.11"
