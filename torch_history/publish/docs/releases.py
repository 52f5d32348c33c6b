"""Releases: what changed at each recorded release, against the recorded release before it."""

from __future__ import annotations

from typing import Dict, Iterator, List, NamedTuple, Optional, Sequence

from torch_history.catalogue.index import Environment, Index
from torch_history.catalogue.kinds import Kind
from torch_history.code.targets import Target, targets
from torch_history.publish import report
from torch_history.publish.report import Finding
from torch_history.questions import changes, query
from torch_history.questions.changes import Event
from torch_history.questions.query import Difference


class Moved(NamedTuple):
    """A behaviour whose distance from its entry changed at a release, in ULP."""

    behaviour: str
    before: int
    after: int


class Release(NamedTuple):
    """A recorded release that has one before it."""

    line: str
    before: str  # the recorded line before it
    findings: List[Finding]  # one a cause, the most harmful first
    moved: List[Moved]
    causeless: List[str]  # behaviours with a change whose cause is not known
    unknown: Dict[str, str]  # behaviour -> why it was not observed

    def count(self, *kinds: Kind) -> int:
        """How many causes are of these kinds."""
        return sum(finding.kind in kinds for finding in self.findings)


def read(index: Index) -> List[Release]:
    """Every release of the cpu's records but the first, ascending."""
    # `Index.on` is ascending: of several patches of a line, the newest one is kept.
    newest = {one.line: one for one in index.on("cpu").values()}
    lines = list(newest)
    events = changes.events(index)
    moved = _moved(list(newest.values()))
    return [
        _release(index, before, newest[line], events, moved.get(line, []))
        for before, line in zip(lines, lines[1:])
    ]


def _release(
    index: Index, before: str, here: Environment, events: Sequence[Event], moved: List[Moved]
) -> Release:
    own = [one for one in events if query.between([one.change], before, here.line)]
    causeless = dict.fromkeys(one.behaviour.id for one in own if not one.change.cause)
    findings = _findings(index, before, here.line, own)
    return Release(here.line, before, findings, moved, list(causeless), here.unknown)


def _findings(index: Index, before: str, line: str, own: Sequence[Event]) -> List[Finding]:
    """The causes of ``torch-history diff BEFORE LINE``, and those that it has no line for."""
    answer = query.diff(index, before, line)
    told = list(targets(answer))
    return report.grouped(answer, [*told, *_untold(told, own)]).findings


def _untold(told: Sequence[Target], own: Sequence[Event]) -> Iterator[Target]:
    """The annotated changes that are in no target.

    Of several changes of one behaviour that no marker ties to certain calls, ``targets`` has only
    the most harmful one. A behaviour that was not observed before has none.
    """
    known = {(one.difference.behaviour.id, one.change) for one in told}
    for behaviour, change, cases in own:
        if (behaviour.id, change) not in known:
            all_of_it = [one.change for one in own if one.behaviour.id == behaviour.id]
            difference = Difference(behaviour, change.kind, cases, all_of_it, None)
            yield Target(difference, change, change.kind, frozenset())


def _moved(environments: Sequence[Environment]) -> Dict[str, List[Moved]]:
    """Release -> the behaviours whose arithmetic moved there within tolerance."""
    lines = [one.line for one in environments]
    found: Dict[str, List[Moved]] = {}
    for name, steps in changes.drift(environments).items():
        for line, before, after in zip(lines[1:], steps, steps[1:]):
            found.setdefault(line, []).extend(_step(name, before, after))
    return found


def _step(name: str, before: Optional[int], after: Optional[int]) -> Iterator[Moved]:
    # A release that was not observed gives no distance, so no move is claimed next to it.
    if before is not None and after is not None and before != after:
        yield Moved(name, before, after)
