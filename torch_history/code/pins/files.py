"""Files that pin torch: on disk or in a revision of a git repository, and how much is read."""

from __future__ import annotations

import codecs
import posixpath
import subprocess
import tempfile
from pathlib import Path
from typing import NamedTuple, Optional

from torch_history import reading
from torch_history.errors import HistoryError
from torch_history.escaping import one_line

# UTF-32 first: its mark begins with the one of UTF-16.
ENCODINGS = {
    "utf-32": (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE),
    "utf-16": (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE),
}
REMEDY = "give the two versions themselves, as `diff 2.5 2.6`"

# What a file may ask of the reader. A sound file stays far below.
MOST_BYTES = 50_000_000  # with what it includes
MOST_SLOW_BYTES = 100_000  # of YAML, which takes 12 s/MB at worst, and of setup.cfg and setup.py
MOST_MENTIONS = 1000  # lines about torch
MOST_CHARACTERS = 10_000  # of one such line
MOST_ALL_CHARACTERS = 200_000  # of all of them


class NoPinError(HistoryError):
    """A file that does not say which torch is used."""

    def __init__(self, where: str, reason: str, remedy: str, mentioned: bool = True) -> None:
        self.reason = reason  # without the remedy, which depends on the command
        self.mentioned = mentioned  # whether it speaks of torch at all
        super().__init__(one_line(f"{where}: {reason}: {remedy}"))


class Place(NamedTuple):
    """Where a file lies: on disk, or in a revision of a git repository."""

    revision: str  # empty on disk
    path: str

    def __str__(self) -> str:
        return f"{self.revision}:{self.path}" if self.revision else self.path

    @property
    def name(self) -> str:
        """The name of the file, without its folder."""
        return posixpath.basename(self.path.replace("\\", "/"))

    def beside(self, name: str) -> Place:
        """The file that this one names."""
        path = posixpath.normpath(posixpath.join(posixpath.dirname(self.path), name))
        # In a revision, ./ and ../ lead from the working folder, everything else from the root.
        if self.revision and self.path.startswith("./") and not path.startswith("../"):
            path = f"./{path}"
        return Place(self.revision, path)

    def leaves(self, base: Place) -> bool:
        """Whether it is above the root of the repository. Git would start at this folder."""
        from_root = bool(self.revision) and not base.path.startswith(("./", "../"))
        return from_root and self.path.startswith("../")


class Source:
    """A file that a user names, with what it includes, and how much of it is still read."""

    def __init__(self, option: str, source: str) -> None:
        self.where = f"{option} {source}".lstrip()
        self.place = place(source)
        self._left = MOST_BYTES
        self._mentions = 0
        self._characters = 0

    def text(self, where: str, of: Place, most: Optional[int] = None) -> str:
        """The text of a file, without its byte order mark. Raises HistoryError."""
        limit = self._left if most is None else min(most, self._left)
        try:
            data = _committed(str(of), limit) if of.revision else _on_disk(of.path, limit)
            text = data.decode(_encoding(data))
        except reading.TooLargeError:
            raise refused(where, _too_large(most)) from None
        except reading.UnreadableError as error:
            raise refused(where, str(error)) from None
        except UnicodeDecodeError:
            raise refused(where, "not text in UTF-8") from None
        self._left -= len(text)
        return text

    def mention(self, where: str, text: str) -> None:
        """Count what is said of torch. Raises HistoryError where a file says too much."""
        self._mentions += 1
        self._characters += len(text)
        if self._mentions > MOST_MENTIONS:
            raise refused(where, f"more than {MOST_MENTIONS} lines are about torch")
        if len(text) > MOST_CHARACTERS:
            raise refused(where, f"{quoted(text)} is not a requirement")
        if self._characters > MOST_ALL_CHARACTERS:
            raise refused(where, f"more than {MOST_ALL_CHARACTERS} characters are about torch")


def place(source: str) -> Place:
    """A file on disk, or else REVISION:PATH. One letter before a colon is a drive of Windows."""
    revision, colon, path = source.partition(":")
    if not colon or len(revision) < 2 or exists(source):
        return Place("", source)
    return Place(revision, path)


def exists(path: str) -> bool:
    """Whether there is such a file on disk."""
    try:
        return Path(path).exists()
    except (OSError, ValueError):  # a name that is too long, or with a NUL
        return False


def refused(where: str, reason: str) -> HistoryError:
    """The error for a file that is not read."""
    return HistoryError(one_line(f"{where}: {reason}"))


def quoted(text: str) -> str:
    """Text of a file, as an error shows it."""
    return repr(one_line(text)[:100])


def _encoding(data: bytes) -> str:
    """UTF-8, or what a byte order mark says, as pip takes it: PowerShell writes UTF-16."""
    for encoding, marks in ENCODINGS.items():
        if data.startswith(marks):
            return encoding
    return "utf-8-sig"


def _too_large(most: Optional[int]) -> str:
    if most is None:
        return f"larger than {MOST_BYTES // 1_000_000} MB, with what is included"
    return f"larger than {most // 1000} kB"


def _on_disk(path: str, most: int) -> bytes:
    try:
        return reading.content(Path(path), most)
    except reading.TooLargeError:
        raise
    except reading.UnreadableError as error:
        if error.missing:
            hint = "give a path, or REVISION:PATH for a file in git, as main:uv.lock"
            raise reading.UnreadableError(f"no such file: {hint}") from None
        raise reading.UnreadableError(f"cannot be read: {error}") from None


def _committed(source: str, most: int) -> bytes:
    """What ``git show`` gives for REVISION:PATH."""
    # Otherwise a revision that starts with a dash would be an option of git.
    command = ["git", "show", "--end-of-options", source]
    try:
        # A file takes git's messages: two pipes that are read in turn can block each other.
        with tempfile.TemporaryFile() as messages, subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=messages
        ) as git:
            # One byte more than allowed is enough to refuse a file without reading it whole.
            data = git.stdout.read(most + 1) if git.stdout else b""
            if len(data) > most:
                git.kill()
                raise reading.TooLargeError(most)
            status = git.wait()
            messages.seek(0)
            said = messages.read(1000).decode("utf-8", "replace").strip().partition("\n")[0]
    except FileNotFoundError:
        raise reading.UnreadableError("git is not installed") from None
    except OSError as error:
        raise reading.UnreadableError(f"git: {error.strerror or error}") from None
    except ValueError:
        raise reading.UnreadableError(f"cannot be read: {reading.NO_NAME}") from None
    if status:
        raise reading.UnreadableError(f"git: {said.replace('fatal: ', '')}")
    # git lists a folder, with status 0.
    if data.startswith(f"tree {source}\n\n".encode(errors="surrogateescape")):
        raise reading.UnreadableError("cannot be read: a folder, not a file")
    return data
