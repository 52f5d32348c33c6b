"""Scan: the changes that the reader's own source can meet, each with file, line and reason.

Files are read one by one. Of each, only its hits are kept, and the names of torch that it uses and
no behaviour is about. Every file is parsed, and files that cannot be parsed are listed. Files that
mention neither torch nor a method that only torch has are not followed further.
"""

from __future__ import annotations

import gc
import re
import sys
from typing import (
    TYPE_CHECKING,
    Collection,
    Dict,
    Iterator,
    List,
    NamedTuple,
    Optional,
    Sequence,
    Tuple,
)

from torch_history import reading
from torch_history.code import folders, notebooks, parsing
from torch_history.code.accepted import accepted_lines
from torch_history.code.collecting import Collector, Found
from torch_history.code.hits import Hit, Level, Place
from torch_history.code.names import DISTINCTIVE
from torch_history.code.pieces import pieces
from torch_history.code.project import Project
from torch_history.code.surfacing import Surfacing
from torch_history.code.targets import Target
from torch_history.code.uses import Source
from torch_history.escaping import one_line

if TYPE_CHECKING:
    from pathlib import Path

WORD = re.compile(rb"[A-Za-z_]\w*")
METHODS = {word.encode() for word in DISTINCTIVE}
MOST_PYTHON = 20_000_000  # bytes of a file
MOST_NOTEBOOK = 200_000_000  # outputs are part of a notebook
MOST_WORDS = 200  # characters of a reason, which may quote the file


class Names(NamedTuple):
    """The names of torch that the source uses."""

    covered: Dict[str, int]  # those that a behaviour is about, each with the number of its uses
    uncovered: Dict[str, List[Place]]  # the others, with their places
    surface: Collection[str] = ()  # those of the others whose surface is recorded


class Scan(NamedTuple):
    """What reading the source gave."""

    found: List[Found]
    names: Names
    files: int
    accepted: int  # places that a comment of the source accepts
    faults: List[str]  # one line for each file that could not be read or parsed

    @property
    def hits(self) -> Iterator[Tuple[Target, Hit]]:
        """Each target with the hit of its cause and place."""
        return ((target, one.hit) for one in self.found for target in one.targets)


def scan(
    paths: Sequence[Path],
    targets: Sequence[Target],
    apis: Collection[str],
    level: Level = Level.POSSIBLE,
    surfacing: Optional[Surfacing] = None,
) -> Scan:
    """Read files and folders for uses that meet a target, at least as surely as ``level``.

    ``apis`` are those that a behaviour is about. ``surfacing`` looks at all other names. Raises
    HistoryError for a path that is not there.
    """
    reader = Reader(targets, apis, level, Project(paths), surfacing)
    count = 0
    gc.disable()  # it would find nothing: what is read of a file is let go
    try:
        for path in _shown(folders.files(paths, reader.faults)):
            known = len(reader.faults)
            reader.read(path)
            # A file that is not read is not among those whose names are said to be covered; of a
            # notebook the other cells are read.
            count += len(reader.faults) == known or path.suffix == ".ipynb"
    finally:
        gc.enable()
    told = reader.collected
    names = Names(told.covered, told.uncovered, told.surface)
    return Scan(told.found, names, count, told.accepted, reader.faults)


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

    def __init__(
        self,
        targets: Sequence[Target],
        apis: Collection[str],
        level: Level,
        project: Project,
        surfacing: Optional[Surfacing] = None,
    ) -> None:
        self._project = project
        self.collected = Collector(targets, apis, level, surfacing)
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
        # To bind the names of a file takes as long again as to parse it.
        told = _concerns_torch(content)
        accepted, file = accepted_lines(content), path.as_posix()

        def place_of(line: int) -> Place:
            return Place(file, line)

        for tree, lines in pieces(content):
            if told:
                source = Source(tree, self._project, path.resolve())
                self.collected.add(source, place_of, accepted, lines)
            del tree  # before the next one is parsed

    def _notebook(self, path: Path) -> None:
        content = reading.content(path, MOST_NOTEBOOK)
        notebook = notebooks.parse(content)
        for place, reason in notebook.faults:
            self._fault(path, place, reason)

        def place_of(line: int) -> Place:
            cell, inner = notebook.place(line)
            return Place(path.as_posix(), inner, cell)

        text = notebook.text.encode()  # without the outputs, which may be long
        if notebook.starts and _concerns_torch(text):
            source = Source(notebook.tree, self._project, path.resolve())
            self.collected.add(source, place_of, accepted_lines(text))


def _concerns_torch(content: bytes) -> bool:
    """Whether a source mentions torch, or a method that only torch has."""
    return b"torch" in content or not METHODS.isdisjoint(WORD.findall(content))
