"""Facts: what changed, each argument on its own, and whether an entry has that change already.

Facts that came at one release are told together: ``takes device, dtype``.
"""

from __future__ import annotations

from typing import Callable, Dict, Iterable, List, NamedTuple, Optional, Sequence, Tuple

from torch_history.surface.entry import Entry
from torch_history.surface.what import DEFAULT_MATTERS, Change, What

# Whether an entry has it; None where that cannot be seen.
Holds = Callable[[Optional[Entry]], Optional[bool]]
NEW = "takes new required arguments {}"
MOVES = 3  # that are told of one name


class Fact(NamedTuple):
    """One change, of one argument where it is about arguments."""

    what: What
    text: str
    holds: Holds
    arguments: Tuple[str, ...] = ()
    form: str = ""  # what is told of several together, with their texts in the braces
    depends: str = ""


def told(facts: Iterable[Fact]) -> List[Change]:
    """The changes in words, the most harmful first."""
    together: Dict[Tuple[What, str], List[Fact]] = {}
    for fact in facts:
        together.setdefault((fact.what, fact.form or fact.text), []).append(fact)
    return sorted(map(_change, together.values()), key=lambda change: change.kind.rank)


def _change(facts: Sequence[Fact]) -> Change:
    arguments = tuple(dict.fromkeys(name for fact in facts for name in fact.arguments))
    depends = DEFAULT_MATTERS if facts[0].what is What.DEFAULT else facts[0].depends
    return Change(facts[0].what, _words(facts), arguments, depends)


def _words(facts: Sequence[Fact]) -> str:
    form, texts = facts[0].form, [fact.text for fact in facts]
    if not form:
        return texts[0]
    if facts[0].what is What.MOVED:
        return moved_words(texts)
    if facts[0].what is What.DEFAULT:
        return ", and ".join(texts)
    if form == NEW and len(texts) == 1:
        form = "takes a new required argument {}"
    return form.format(", ".join(texts))


def moved_words(texts: Sequence[str]) -> str:
    """Which parameters take the places of which; three of them at most."""
    parts = [f"{texts[0]} argument", *texts[1:MOVES]]
    more = [f"and {len(texts) - MOVES} more"] if len(texts) > MOVES else []
    return "takes " + ", ".join([*parts, *more])
