"""Scan: the differences that the reader's own source can meet, each with file, line and reason.

How sure a hit is:

*certain*
    The use resolves, by imports and construction in the same file, to the API that the behaviour is
    about first, and the call alone decides that it meets the difference. Either a change is marked
    ``unless=...`` ("every such call meets it, unless it is given this argument"), or the record
    says so: one side lacks the attribute, or refuses the keyword that is used.
*likely*
    As above, but the value comes from an attribute (``self.opt``), an annotation or one of several
    bindings; or the behaviour names the API further back; or the arguments cannot be seen
    (``**options``, a function that is passed on).
*possible*
    The object is unknown, and only the method's name is torch's (``zero_grad``). Or the API is
    used, but whether the difference is met depends on more than the call, such as the values. Where
    the call already failed before the upgrade, only code that catches the error meets it.

Files are read one by one, and only their hits are kept. Every file is parsed, and files that cannot
be parsed are listed. Files that do not mention torch and a word of a difference have no hits.
"""

from __future__ import annotations

import gc
import re
import sys
from typing import TYPE_CHECKING, Callable, Dict, Iterator, List, NamedTuple, Sequence, Set, Tuple

from torch_history import reading
from torch_history.code import folders, notebooks, parsing
from torch_history.code.hits import Hit, Level
from torch_history.code.names import words_of
from torch_history.code.targets import Target, Verdict, judge, target_of
from torch_history.code.uses import Source
from torch_history.escaping import one_line

if TYPE_CHECKING:
    from pathlib import Path

    from torch_history.questions.query import Difference

WORD = re.compile(rb"[A-Za-z_]\w*")
MOST_PYTHON = 20_000_000  # bytes of a file
MOST_NOTEBOOK = 200_000_000  # outputs are part of a notebook
MOST_WORDS = 200  # characters of a reason, which may quote the file


class Scan(NamedTuple):
    """What reading the source gave."""

    hits: Dict[str, List[Hit]]  # by behaviour, certain first, then by place
    files: int
    faults: List[str]  # one line for each file that could not be read or parsed


def scan(
    paths: Sequence[Path], differences: Sequence[Difference], level: Level = Level.POSSIBLE
) -> Scan:
    """Read files and folders for uses that meet a difference, at least as surely as ``level``.

    Raises HistoryError for a path that does not exist.
    """
    reader = Reader(differences, level)
    count = 0
    gc.disable()  # it would find nothing: what is read of a file holds no circles
    try:
        for path in _shown(folders.files(paths, reader.faults)):
            reader.read(path)
            count += 1
    finally:
        gc.enable()
    for hits in reader.found.values():
        # A Python file has no cell, and None does not compare with a number.
        hits.sort(key=lambda hit: (hit.level.rank, hit.file, hit.cell or 0, hit.line))
    return Scan(reader.found, count, reader.faults)


def _shown(paths: Iterator[Path]) -> Iterator[Path]:
    """The same paths. On a terminal, the number of files read so far is shown."""
    if not sys.stderr.isatty():
        return paths
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    def counted() -> Iterator[Path]:
        with Progress(
            SpinnerColumn(),
            TextColumn("{task.completed:.0f} files read"),
            TimeElapsedColumn(),
            console=Console(stderr=True),
            transient=True,
        ) as progress:
            yield from progress.track(paths, total=None)

    return counted()


class Reader:
    """What a scan looks for, and what it has found so far."""

    def __init__(self, differences: Sequence[Difference], level: Level) -> None:
        self._wanted: Dict[str, List[Target]] = {}  # by API
        for target in map(target_of, differences):
            for name in target.names:
                self._wanted.setdefault(name, []).append(target)
        self._words = words_of(self._wanted)
        self._encoded: Set[bytes] = {word.encode() for word in self._words}
        self._level = level
        self.found: Dict[str, List[Hit]] = {}
        self.faults: List[str] = []

    def read(self, path: Path) -> None:
        """Read one file."""
        try:
            if path.suffix == ".ipynb":
                self._notebook(path)
            else:
                self._python(path)
        except reading.UnreadableError as error:
            self._fault(path, "", f"cannot be read: {error}")
        except parsing.NotPythonError as error:
            self._fault(path, f":{error.line}", f"not Python: {error}")
        except notebooks.NotANotebookError as error:
            self._fault(path, f":{error.line}", f"not a notebook: {error}")
        # What parses may still be too deep for the visits that follow.
        except (RecursionError, MemoryError):
            self._fault(path, "", "nested too deeply to be read")

    def _fault(self, path: Path, place: str, reason: str) -> None:
        self.faults.append(f"{one_line(path)}{place}: {one_line(reason)[:MOST_WORDS]}")

    def _python(self, path: Path) -> None:
        content = reading.content(path, MOST_PYTHON)
        # Bytes, so that Python follows the encoding that the file declares. Before the search for
        # words: a file that cannot be parsed must not pass for one without hits.
        tree = parsing.module(content)
        # To bind the names of a file takes as long again as to parse it.
        if b"torch" in content and not self._encoded.isdisjoint(WORD.findall(content)):
            file = path.as_posix()
            self._keep(Source(tree), lambda line, level, why: Hit(file, line, None, level, why))

    def _notebook(self, path: Path) -> None:
        content = reading.content(path, MOST_NOTEBOOK)
        notebook = notebooks.parse(content)
        for place, reason in notebook.faults:
            self._fault(path, place, reason)

        def hit(line: int, level: Level, why: str) -> Hit:
            cell, line = notebook.place(line)
            return Hit(path.as_posix(), line, cell, level, why)

        if b"torch" in content and notebook.starts:
            self._keep(Source(notebook.tree), hit)

    def _keep(self, source: Source, hit_at: Callable[[int, Level, str], Hit]) -> None:
        """Add the hits of a file."""
        same: Dict[Hit, Hit] = {}  # a line often meets many behaviours with one reason: kept once
        for (behaviour, line), verdict in self._verdicts(source).items():
            hit = hit_at(line, *verdict)
            self.found.setdefault(behaviour, []).append(same.setdefault(hit, hit))

    def _verdicts(self, source: Source) -> Dict[Tuple[str, int], Verdict]:
        """The surest verdict for each behaviour and line."""
        best: Dict[Tuple[str, int], Verdict] = {}
        for use in source.uses(self._wanted, self._words):
            arguments = use.arguments
            for name in use.names:
                for target in self._wanted[name.api]:
                    verdict = judge(target, use, name, arguments)
                    if verdict is None or verdict.level.rank > self._level.rank:
                        continue
                    key = (target.id, use.line)
                    if key not in best or verdict.level.rank < best[key].level.rank:
                        best[key] = verdict
        return best
