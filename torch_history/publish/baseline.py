"""Baseline: a file with the findings that a project accepts.

An entry is a file, a cause and the words of a line, with the number of such lines. It still holds
when lines move, and no longer when the line is edited. Each entry has a line of its own, so that
two branches merge.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Dict, Iterable, List, NamedTuple, Optional, Set, Tuple

import msgspec
from msgspec import Struct

from torch_history import reading
from torch_history.errors import HistoryError
from torch_history.publish import places
from torch_history.publish.report import Finding, cause_id
from torch_history.records import store

FORMAT = 1
MOST = 100_000_000  # bytes of a file
MOST_WORDS = 100  # characters of a line; a digest stands for the rest


class Entry(NamedTuple):
    """What accepted findings have in common."""

    file: str  # relative to the root of the repository that the baseline is in
    cause: str
    line: str


class _Entry(Struct, forbid_unknown_fields=True):
    """An entry in the file."""

    file: str
    cause: str
    line: str
    count: int


class _File(Struct, forbid_unknown_fields=True):
    """What the file holds."""

    format: int
    accepted: List[_Entry]


class Baseline:
    """What a project accepts, and which of it was met."""

    def __init__(self, path: Path, counts: Dict[Entry, int]) -> None:
        self.path, self.counts = path, counts
        self._root = _root(path)
        self._unmet: Set[Entry] = set(counts)
        places.forget()

    def split(self, findings: List[Finding]) -> Tuple[List[Finding], int]:
        """The findings that are not accepted, and the number of the others."""
        left = dict(self.counts)
        kept = []
        for finding in findings:
            entry = _entry(finding, self._root)
            if left.get(entry, 0):
                left[entry] -= 1
                self._unmet.discard(entry)
            else:
                kept.append(finding)
        return kept, len(findings) - len(kept)

    @property
    def unused(self) -> int:
        """How many entries met no finding."""
        return len(self._unmet)

    @property
    def unused_words(self) -> str:
        """The same, with what to do."""
        return (
            f"--baseline {self.path}: {self.unused} of {len(self.counts)} entries met nothing: "
            f"--write-baseline {self.path}, without --baseline, leaves them out"
        )


def read(path: Path) -> Baseline:
    """Read a baseline. Raises HistoryError for a file that is missing or damaged."""
    try:
        data = json.loads(reading.content(path, MOST))
        # json and not msgspec.json: a file name may be half of a surrogate pair.
        file = msgspec.convert(data, _File)
    except reading.UnreadableError as error:
        reason = "no such file" if error.missing else str(error)
        raise HistoryError(
            f"--baseline {path}: {reason}: write it with --write-baseline {path}"
        ) from None
    except (ValueError, RecursionError, msgspec.ValidationError):
        raise HistoryError(
            f"--baseline {path}: damaged, or no baseline: write it with --write-baseline {path}"
        ) from None
    if file.format != FORMAT:
        raise HistoryError(
            f"--baseline {path}: has format {file.format}, and this program reads {FORMAT}: "
            "use the torch-history that wrote it"
        )
    counts: Dict[Entry, int] = {}
    for one in file.accepted:
        entry = Entry(one.file, one.cause, one.line)
        counts[entry] = max(one.count, counts.get(entry, 0))  # two branches may add it both
    return Baseline(path, counts)


def write(path: Path, findings: Iterable[Finding], old: Optional[Baseline] = None) -> int:
    """Write a baseline of findings, beside what an old one has; how many it accepts.

    Raises HistoryError where the file cannot be written.
    """
    places.forget()
    root = _root(path)
    counts = dict(old.counts) if old else {}
    # Several answers may have the same finding.
    seen: Set[Tuple[object, ...]] = set()
    for finding in findings:
        entry = _entry(finding, root)
        place = (finding.hit.place if finding.hit else None, entry)
        if place not in seen:
            seen.add(place)
            counts[entry] = counts.get(entry, 0) + 1
    entries = sorted(counts.items())
    lines = (json.dumps({**entry._asdict(), "count": count}) for entry, count in entries)
    text = ",\n".join(lines)
    try:
        store.write_text(path, f'{{"format": {FORMAT}, "accepted": [\n{text}\n]}}\n')
    except HistoryError as error:
        raise HistoryError(f"--write-baseline {error}") from None
    return sum(counts.values())


def _root(path: Path) -> Path:
    """What the files of a baseline are relative to, wherever the command runs."""
    return places.repository(path.resolve().parent)


def _entry(finding: Finding, root: Path) -> Entry:
    if finding.hit is None:
        return Entry("", cause_id(finding), "")
    place = finding.hit.place
    words = places.words(place)
    if len(words) > MOST_WORDS:
        words = f"{words[:MOST_WORDS]}… {places.digest(words)}"
    return Entry(_relative(places.resolved(place.file), root), cause_id(finding), words)


def _relative(file: Path, root: Path) -> str:
    try:
        return Path(os.path.relpath(file, root)).as_posix()
    except ValueError:  # on another drive
        return file.as_posix()
