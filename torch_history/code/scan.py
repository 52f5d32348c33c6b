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
    Callable,
    Collection,
    Dict,
    Iterator,
    List,
    NamedTuple,
    Sequence,
    Set,
    Tuple,
)

from torch_history import reading
from torch_history.code import folders, notebooks, parsing
from torch_history.code.accepted import accepted_lines
from torch_history.code.hits import Hit, Level, Place
from torch_history.code.judging import Verdict, judge
from torch_history.code.names import DISTINCTIVE
from torch_history.code.project import Project
from torch_history.code.targets import Target
from torch_history.code.uses import Name, Relation, Source
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


class Scan(NamedTuple):
    """What reading the source gave."""

    hits: List[Tuple[Target, Hit]]
    names: Names
    files: int
    accepted: int  # places that a comment of the source accepts
    faults: List[str]  # one line for each file that could not be read or parsed


def scan(
    paths: Sequence[Path],
    targets: Sequence[Target],
    apis: Collection[str],
    level: Level = Level.POSSIBLE,
) -> Scan:
    """Read files and folders for uses that meet a target, at least as surely as ``level``.

    ``apis`` are those that a behaviour is about. Raises HistoryError for a path that is not there.
    """
    reader = Reader(targets, apis, level, Project(paths))
    count = 0
    gc.disable()  # it would find nothing: what is read of a file is let go
    try:
        for path in _shown(folders.files(paths, reader.faults)):
            reader.read(path)
            count += 1
    finally:
        gc.enable()
    names = Names(reader.covered, reader.uncovered)
    return Scan(reader.hits, names, count, reader.accepted, reader.faults)


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
        self, targets: Sequence[Target], apis: Collection[str], level: Level, project: Project
    ) -> None:
        self._wanted: Dict[str, List[Target]] = {}  # by API
        for target in targets:
            for name in target.names:
                self._wanted.setdefault(name, []).append(target)
        self._agreed = _agreed(self._wanted)
        self._apis = set(apis)
        for api in apis:  # a module or a class is covered by what it contains
            parts = api.split(".")
            self._apis.update(".".join(parts[:length]) for length in range(2, len(parts)))
        self._level = level
        self._project = project
        self.hits: List[Tuple[Target, Hit]] = []
        self.covered: Dict[str, int] = {}
        self.uncovered: Dict[str, List[Place]] = {}
        self.accepted = 0
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
        if b"torch" in content or not METHODS.isdisjoint(WORD.findall(content)):
            file = path.as_posix()
            source = Source(tree, self._project, path.resolve())
            self._keep(source, lambda line: Place(file, line), accepted_lines(content))

    def _notebook(self, path: Path) -> None:
        content = reading.content(path, MOST_NOTEBOOK)
        notebook = notebooks.parse(content)
        for place, reason in notebook.faults:
            self._fault(path, place, reason)

        def place_of(line: int) -> Place:
            cell, inner = notebook.place(line)
            return Place(path.as_posix(), inner, cell)

        if b"torch" in content and notebook.starts:
            source = Source(notebook.tree, self._project, path.resolve())
            self._keep(source, place_of, accepted_lines(notebook.text.encode()))

    def _keep(self, source: Source, place_of: Callable[[int], Place], accepted: Set[int]) -> None:
        """Add the hits of a file, and its names."""
        same: Dict[object, Hit] = {}  # a line often meets many behaviours alike: one hit for all
        lines: Set[int] = set()
        for target, spot, verdict in self._verdicts(source):
            line = verdict.line or spot.line
            if not accepted.isdisjoint((line, spot.line)):
                lines.add(spot.line)
                continue
            key = spot, verdict
            if key not in same:
                level, depends, why, _ = verdict
                same[key] = Hit(place_of(line), level, depends, why, (spot.line, spot.column))
            self.hits.append((target, same[key]))
        self.accepted += len(lines)
        for mention in source.mentions():
            if any(name.api in self._apis for name in mention.names if _is_about(name)):
                self.covered[mention.name] = self.covered.get(mention.name, 0) + 1
            else:
                self.uncovered.setdefault(mention.name, []).append(place_of(mention.line))
        source.close()

    def _verdicts(self, source: Source) -> Iterator[Tuple[Target, Spot, Verdict]]:
        """The surest verdict for each target and place."""
        best: Dict[Tuple[int, Spot], Tuple[Target, Verdict]] = {}
        for use in source.uses(self._wanted):
            spot = Spot(use.line, use.column)
            for name in use.names:
                for target in self._wanted[name.api]:
                    agreed = name.relation is Relation.UNKNOWN and self._is_agreed(target, name)
                    verdict = judge(target, use, name, source, agreed)
                    if verdict is None or verdict.level.rank > self._level.rank:
                        continue
                    key = id(target), spot
                    if key not in best or _rank(verdict) < _rank(best[key][1]):
                        best[key] = target, verdict
        for (_, spot), (target, verdict) in best.items():
            yield target, spot, verdict

    def _is_agreed(self, target: Target, name: Name) -> bool:
        return target.cause in self._agreed.get(name.api.rpartition(".")[2], ())


class Spot(NamedTuple):
    """Where in its file a use stands."""

    line: int
    column: int


def _rank(verdict: Verdict) -> Tuple[int, bool]:
    return verdict.level.rank, bool(verdict.depends)


def _is_about(name: Name) -> bool:
    """Whether a behaviour under this name is about what is used, and not only about its base."""
    return name.relation is not Relation.BASE


def _agreed(wanted: Dict[str, List[Target]]) -> Dict[str, Set[Tuple[str, ...]]]:
    """Method -> the causes that every class of torch with a method of this name meets."""
    found = {}
    for method, owners in DISTINCTIVE.items():
        causes = [{one.cause for one in wanted.get(f"{owner}.{method}", ())} for owner in owners]
        found[method] = set.intersection(*causes)
    return found
