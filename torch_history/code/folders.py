"""Folders: which files of a reader's folders hold source."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Dict, Iterator, List, Sequence

from torch_history.errors import HistoryError
from torch_history.escaping import one_line
from torch_history.reading import NO_NAME

SUFFIXES = (".py", ".ipynb")
SKIPPED = {"__pycache__", "node_modules", "site-packages"}


def files(paths: Sequence[Path], faults: List[str]) -> Iterator[Path]:
    """The Python files and notebooks of files and folders, each once.

    Hidden folders and virtual environments are skipped. A folder that cannot be read adds a line
    to ``faults``. Raises HistoryError for a path that does not exist, before the first file.
    """
    roots: Dict[Path, Path] = {}
    for path in paths:
        # By where they lead: a folder and a link to it are read once.
        roots.setdefault(_place(path), path)
    for place, path in roots.items():
        if not roots.keys().isdisjoint(place.parents):
            continue  # it lies in a folder that is scanned anyway
        if place.is_dir():
            yield from _inside(path, faults)
        else:
            yield path


def _place(path: Path) -> Path:
    """Where a path leads, without links."""
    try:
        path.stat()
        return path.resolve()
    except (FileNotFoundError, NotADirectoryError):
        reason = "no such file or folder"
    except OSError as error:
        reason = f"cannot be read: {error.strerror}"
    except ValueError:
        reason = f"cannot be read: {NO_NAME}"
    raise HistoryError(f"--code {one_line(path)}: {reason}")


def _inside(root: Path, faults: List[str]) -> Iterator[Path]:
    """The source files below a folder: its own by name, then those of its folders by name."""
    waiting = [root]  # no recursion: folders can be nested deeper than Python's stack
    while waiting:
        folder = waiting.pop()
        try:
            with os.scandir(folder) as entries:
                inside = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            faults.append(f"{one_line(folder)}: cannot be read: {error.strerror}")
            continue
        folders = []
        for entry in inside:
            source = entry.name.endswith(SUFFIXES)
            if not _is_folder(entry):
                if source:
                    yield folder / entry.name
            elif not entry.name.startswith(".") and entry.name not in SKIPPED:
                if source:
                    where = one_line(folder / entry.name)
                    faults.append(f"{where}: cannot be read: a folder, not a regular file")
                # Links to folders can lead in a circle, or out of the project.
                elif not entry.is_symlink() and not _is_environment(entry):
                    folders.append(folder / entry.name)
        waiting += reversed(folders)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a loop of links
        # It counts as a file, so that reading it names the fault.
        return False


def _is_environment(folder: os.DirEntry[str]) -> bool:
    try:
        return Path(folder.path, "pyvenv.cfg").exists()
    except OSError:
        return False
