"""Interchange: which release reads the files that which release wrote.

Each behaviour with ``@pytest.mark.interchange`` is about one kind of file, and each case of it is a
file that a release wrote. Where a file does not load, or differs, there are ways to get it across:
over releases between, each of which reads what the one before wrote; in the format before zip
archives; and by the advice of the changes between. Each step of a way over other releases was
recorded with a file that the release itself had written. Nobody tried the whole way.
"""

from __future__ import annotations

from enum import Enum
from typing import Dict, Iterable, Iterator, List, NamedTuple, Optional, Sequence, Tuple

from torch_history import versions
from torch_history.catalogue.behaviour import Behaviour
from torch_history.catalogue.index import Environment, Index
from torch_history.catalogue.kinds import Kind
from torch_history.errors import HistoryError
from torch_history.questions import query
from torch_history.questions.query import Entry

OLD_FORMAT = "save it with `_use_new_zipfile_serialization=False`, under any release that reads it"
NO_WAY = "no way through files is recorded: build the model anew, and load its state dict"
FOOT = (
    "Each step of a way over other releases was recorded with a file that the release itself had "
    "written. Nobody tried the whole way."
)
_ADVICE_ON_ERRORS = (
    Kind.ERROR,
    Kind.ERROR_GONE,
    Kind.GONE,
    Kind.APPEARED,
    Kind.EXCEPTION,
)
_ADVICE_ON_VALUES = (Kind.SILENT, Kind.REPRESENTATION, Kind.RANDOM)


class Outcome(Enum):
    """The result of loading a file."""

    LOADS = "loads"  # the reader does what the writer does with its own file
    WARNS = "warns"  # the same, with a warning
    DIFFERS = "differs"  # it loads, and the result is another one
    RAISES = "raises"  # loading raises, or what is done with the loaded object
    UNKNOWN = "unknown"  # this reader was not recorded on this file

    @property
    def reads(self) -> bool:
        """Whether the file loads without a workaround."""
        return self in (Outcome.LOADS, Outcome.WARNS)


READS = (Outcome.LOADS, Outcome.WARNS)


class Cell(NamedTuple):
    """What one reader makes of one writer's file."""

    outcome: Outcome
    exception: str = ""  # its class, where the reader raises
    says: str = ""  # the message of the exception, or why it is unknown

    @property
    def words(self) -> str:
        """``loads``, or ``raises RuntimeError``."""
        return f"{self.outcome.value} {self.exception}".strip()


class FileKind(NamedTuple):
    """One kind of file: who wrote it, who was recorded, and what each makes of it."""

    behaviour: Behaviour
    writers: List[str]
    readers: List[str]
    cells: Dict[Tuple[str, str], Cell]  # of (writer, reader)


class Way(NamedTuple):
    """What to do where these readers do not read what these writers wrote."""

    writers: List[str]
    readers: List[str]
    cell: Cell
    steps: List[str]  # one of them suffices


def kinds(index: Index, device: str = "cpu") -> List[FileKind]:
    """Every kind of file that is recorded."""
    known = index.on(device)
    found = []
    for behaviour in index.behaviours:
        record = index.record(behaviour.id) if behaviour.interchange else {}
        written = {writer_of(case): devices for case, devices in record.items()}
        if written and known:
            writers = _ascending(behaviour, written)
            cells = {}
            for writer in writers:
                for reader, environment in known.items():
                    held = query.entry(written[writer], device, reader)
                    # The measure of a value is what the writer itself makes of its file.
                    own = query.entry(written[writer], device, writer)
                    cells[writer, reader] = _cell(environment, behaviour.id, held, own)
            found.append(FileKind(behaviour, writers, list(known), cells))
    return found


def _ascending(behaviour: Behaviour, releases: Iterable[str]) -> List[str]:
    try:
        return sorted(releases, key=versions.key)
    except HistoryError as error:
        raise HistoryError(
            f"{behaviour.file}:{behaviour.line}: {behaviour.id}: a case of files does not end in "
            f"the release that wrote it, as `written by 2.5.1`: {error}"
        ) from None


def writer_of(case: str) -> str:
    """The release that wrote the file of a case: ``written by 1.4.0`` -> ``1.4.0``."""
    return case.rpartition(" ")[2]


def _cell(
    environment: Environment, behaviour: str, held: Optional[Entry], own: Optional[Entry]
) -> Cell:
    # An entry holds for later releases too, so a reader that was skipped would seem to load.
    if behaviour in environment.unknown or held is None:
        return Cell(Outcome.UNKNOWN, says=environment.unknown.get(behaviour, "not recorded"))
    observed = held.observation
    if "raised" in observed:
        return Cell(Outcome.RAISES, observed["raised"]["type"], observed["raised"]["message"])
    # A writer that cannot read its own file gives no value to differ from.
    written = own.observation if own else {}
    if "value" in written and written["value"] != observed["value"]:
        return Cell(Outcome.DIFFERS)
    return Cell(Outcome.WARNS if observed.get("warned") else Outcome.LOADS)


def chain(
    kind: FileKind, writer: str, reader: str, outcomes: Sequence[Outcome] = READS
) -> Optional[List[str]]:
    """The fewest releases between, each of which reads what the one before wrote.

    Of several chains, the one over the newest releases. None if there is no chain.
    """
    paths, seen = [[writer]], {writer}
    while paths:
        for path in paths:
            if kind.cells[path[-1], reader].outcome in outcomes:
                return path[1:]
        longer = []
        for path in paths:
            # The newest first, and each release once: the first chain to arrive is the answer.
            for release in reversed(kind.writers):
                cell = kind.cells.get((path[-1], release))
                if release not in seen and cell is not None and cell.outcome in outcomes:
                    seen.add(release)
                    longer.append([*path, release])
        paths = longer
    return None


def ways(kind: FileKind, everything: Sequence[FileKind]) -> List[Way]:
    """What to do wherever a file does not load or differs.

    Writers and readers that the same steps serve share one way.
    """
    served: Dict[Tuple[Cell, Tuple[str, ...]], Dict[str, List[str]]] = {}
    for (writer, reader), cell in kind.cells.items():
        if cell.outcome in (Outcome.DIFFERS, Outcome.RAISES):
            steps = tuple(_steps(kind, everything, writer, reader))
            served.setdefault((cell, steps), {}).setdefault(writer, []).append(reader)
    return [
        Way(
            [writer for writer, its in readers.items() if tuple(its) == same],
            list(same),
            cell,
            list(steps),
        )
        for (cell, steps), readers in served.items()
        for same in dict.fromkeys(map(tuple, readers.values()))
    ]


def _steps(
    kind: FileKind, everything: Sequence[FileKind], writer: str, reader: str
) -> Iterator[str]:
    differs = kind.cells[writer, reader].outcome is Outcome.DIFFERS
    # A way that changes the values is offered only where the file does not load at all.
    between, lossy = chain(kind, writer, reader), None
    if between is None and not differs:
        lossy = chain(kind, writer, reader, (*READS, Outcome.DIFFERS))
    over = between or lossy
    if over:
        steps = (f"load it under {versions.line(one)} and save it there" for one in over)
        yield ", then ".join(steps) + (", but the result differs" if lossy else "")
    by_format = _reads_the_old_format(kind, everything, writer, reader)
    if by_format:
        yield OLD_FORMAT
    about = (
        *(() if differs else _ADVICE_ON_ERRORS),
        *(_ADVICE_ON_VALUES if lossy or differs else ()),
    )
    ends = versions.line(writer), versions.line(reader)
    changes = query.between(kind.behaviour.changes, *ends)
    advice = [one.advice for one in changes if one.advice and one.kind in about]
    yield from dict.fromkeys(advice)
    if not (over or by_format or advice):
        yield NO_WAY


def _reads_the_old_format(
    kind: FileKind, everything: Sequence[FileKind], writer: str, reader: str
) -> bool:
    """Whether the reader reads what the writer wrote in the format before zip archives."""
    about = kind.behaviour.interchange
    same = (other for other in everything if about and other.behaviour.id == about.legacy)
    legacy = next(same, None)
    cell = legacy.cells.get((writer, reader)) if legacy else None
    return cell is not None and cell.outcome.reads
