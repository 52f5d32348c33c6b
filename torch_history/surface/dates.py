"""Dates: the release since which each fact holds, where a name changed at several."""

from __future__ import annotations

from typing import Dict, List, Optional, Sequence, Tuple

from torch_history.surface.entry import Entry
from torch_history.surface.facts import Fact, Holds, told
from torch_history.surface.what import Change

Step = Tuple[str, Optional[Entry], Optional[Entry]]  # a line, and the entries before and at it
Dated = Tuple[str, Change]


def dated(facts: Sequence[Fact], steps: Sequence[Step], backwards: bool) -> List[Dated]:
    """The changes, the most harmful first, each with its line; ``steps`` ascend.

    ``backwards``: from the newer release to the older one.
    """
    lines: Dict[str, List[Fact]] = {}
    for fact in facts:
        lines.setdefault((_left if backwards else _since)(fact.holds, steps), []).append(fact)
    found = [(line, change) for line, of in lines.items() for change in told(of)]
    whats = list(dict.fromkeys(fact.what for fact in facts))
    return sorted(found, key=lambda one: (one[1].kind.rank, whats.index(one[1].what)))


def _since(holds: Holds, steps: Sequence[Step]) -> str:
    """The first line from which a fact holds up to the last one."""
    since = steps[-1][0]
    for line, _, entry in reversed(steps):
        held = holds(entry)
        if held is False:
            break
        since = line if held else since
    return since


def _left(holds: Holds, steps: Sequence[Step]) -> str:
    """The first line at which a fact of the oldest release holds no longer."""
    return next((line for line, _, entry in steps if holds(entry) is False), steps[0][0])
