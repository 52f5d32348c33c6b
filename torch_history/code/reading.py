"""Reading: which files of a folder hold source, and the bytes of a file.

Only regular files up to a size are read. A FIFO, a device or a link to one would block the scan
or never end, so it is refused by its type, before it is opened.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Callable, Dict, Iterator, List, Sequence, Tuple

from torch_history.errors import HistoryError
from torch_history.escaping import one_line

SUFFIXES = (".py", ".ipynb")
SKIPPED = {"__pycache__", "node_modules", "site-packages"}
TYPES: Tuple[Tuple[Callable[[int], bool], str], ...] = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a FIFO"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISSOCK, "a socket"),
)
# Python raises ValueError for a name with a NUL, and for one that the system's encoding lacks.
NO_NAME = "no file can have this name"
# A file that becomes a FIFO between the check and the opening must not block either.
FLAGS = getattr(os, "O_NONBLOCK", 0)


class UnreadableError(Exception):
    """A file that is not read. The message says why, in a few words."""

    def __init__(self, reason: str, missing: bool = False) -> None:
        super().__init__(reason)
        self.missing = missing  # whether there is no such file


class TooLargeError(UnreadableError):
    """A file of more bytes than are read."""

    def __init__(self, most: int) -> None:
        super().__init__(f"larger than {most // 1_000_000} MB")


def content(path: Path, most: int) -> bytes:
    """The bytes of a regular file, at most ``most``. Raises UnreadableError."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            kind = next((words for test, words in TYPES if test(status.st_mode)), "special")
            raise UnreadableError(f"{kind}, not a regular file")
        data = b"" if status.st_size > most else _bytes(path, most + 1)
    except OSError as error:
        raise UnreadableError(_reason(path, error), isinstance(error, FileNotFoundError)) from None
    except ValueError:
        raise UnreadableError(NO_NAME) from None
    if max(status.st_size, len(data)) > most:
        raise TooLargeError(most)
    return data


def _bytes(path: Path, most: int) -> bytes:
    with open(path, "rb", opener=lambda name, flags: os.open(name, flags | FLAGS)) as file:
        return file.read(most) or b""


def _reason(path: Path, error: OSError) -> str:
    if isinstance(error, FileNotFoundError) and path.is_symlink():
        return "a broken link"
    return error.strerror or str(error)


def files(paths: Sequence[Path], faults: List[str]) -> Iterator[Path]:
    """The Python files and notebooks of files and folders, each once.

    Hidden folders and virtual environments are skipped. A folder that cannot be read adds a line
    to ``faults``. Raises HistoryError for a path that does not exist, before the first file.
    """
    roots: Dict[Path, Path] = {}
    for path in paths:
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
                elif not entry.is_symlink() and not _is_environment(entry):
                    folders.append(folder / entry.name)
        waiting += reversed(folders)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a loop of links
        return False


def _is_environment(folder: os.DirEntry[str]) -> bool:
    try:
        return Path(folder.path, "pyvenv.cfg").exists()
    except OSError:
        return False
