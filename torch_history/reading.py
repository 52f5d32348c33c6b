"""Reading: the bytes of a file that comes from outside.

Only regular files up to a size are read. A FIFO, a device or a link to one would block or never
end, so it is refused by its type, before it is opened.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Callable, Tuple

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
        # The size may be wrong: a file grows, those in /proc have 0. One byte more is asked for.
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
        # A FIFO that is opened without blocking, and has nothing to give, reads as None.
        return file.read(most) or b""


def _reason(path: Path, error: OSError) -> str:
    # The system says that there is no such file, while the user sees one in the folder.
    if isinstance(error, FileNotFoundError) and path.is_symlink():
        return "a broken link"
    return error.strerror or str(error)
