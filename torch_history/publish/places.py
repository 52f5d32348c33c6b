"""Places: what stands on the lines that findings name, and where their files are.

The words of a line identify a finding when lines move. Code hosts count the lines of a notebook in
its file, and not in its cells.
"""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path
from typing import Dict, List, NamedTuple, Optional

from torch_history.code import notebooks
from torch_history.code.hits import Place

# Jupyter writes the lines of a cell between these.
_OPENED = ('"source": [', '"source": []', '"source": [],')


class _Text(NamedTuple):
    """A file that a finding names."""

    lines: List[str]
    starts: Optional[List[int]] = None  # of a notebook's cells, where Jupyter laid them out
    cells: Dict[int, List[str]] = {}  # noqa: RUF012


def words(place: Place) -> str:
    """The words of a line, with single blanks between; empty where the line is gone."""
    text = _read(place.file)
    lines = text.lines if place.cell is None else text.cells.get(place.cell, [])
    # The file may have become shorter since it was scanned.
    return " ".join(lines[place.line - 1].split()) if place.line <= len(lines) else ""


def line_of_file(place: Place) -> int:
    """The line in its file, for a notebook too: 1 where a notebook is formatted in another way."""
    if place.cell is None:
        return place.line
    starts = _read(place.file).starts
    return starts[place.cell - 1] + place.line if starts and place.cell <= len(starts) else 1


def digest(*parts: str) -> str:
    """A short digest of some words."""
    content = "\0".join(parts).encode("utf-8", "surrogatepass")
    return hashlib.sha256(content).hexdigest()[:32]


def repository(folder: Path) -> Path:
    """The root of the git repository around a folder, or the folder itself if there is none."""
    # `exists`, because in a worktree or a submodule `.git` is a file.
    parents = (folder, *folder.parents)
    return next((one for one in parents if (one / ".git").exists()), folder).resolve()


@functools.lru_cache(maxsize=1)  # findings come file by file
def resolved(file: str) -> Path:
    """The whole path of a file."""
    return Path(file).resolve()


def forget() -> None:
    """Read files again: a process may answer several times, and files may change between."""
    _read.cache_clear()
    resolved.cache_clear()


@functools.lru_cache(maxsize=4)  # findings come file by file
def _read(file: str) -> _Text:
    try:
        content = Path(file).read_bytes()
    except OSError:  # gone since it was scanned
        return _Text([])
    text = content.decode("utf-8", errors="replace")
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return _notebook(content, lines) if file.endswith(".ipynb") else _Text(lines)


def _notebook(content: bytes, lines: List[str]) -> _Text:
    starts = [number for number, text in enumerate(lines, start=1) if text.strip() in _OPENED]
    count = sum(text.lstrip().startswith('"cell_type": ') for text in lines)
    try:
        parsed = notebooks.parse(content)
    except notebooks.NotANotebookError:
        return _Text(lines)
    cells = {at.number: body.split("\n") for at, body in zip(parsed.starts, parsed.bodies)}
    # If a cell is laid out otherwise, the lists do not correspond, and a line would be a guess.
    return _Text(lines, starts if len(starts) == count else None, cells)
