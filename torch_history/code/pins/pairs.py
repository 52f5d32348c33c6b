"""Pairs: the older and the newer version of each answer, from versions and from files."""

from __future__ import annotations

from typing import Dict, FrozenSet, List, NamedTuple, Optional, Sequence, Tuple

from torch_history import versions
from torch_history.catalogue.index import Index
from torch_history.code.pins.asked import Asked
from torch_history.errors import HistoryError
from torch_history.questions import query


class Pair(NamedTuple):
    """Two versions to compare."""

    before: str
    after: str
    condition: str = ""  # when this pair is meant, in words; empty where it always is
    words: Tuple[str, ...] = ()  # where the versions of files come from, a line each


def pair(
    before: Optional[str],
    after: Optional[str],
    old: Optional[str],
    new: Optional[str],
    python: Optional[str],
    index: Index,
    device: str = "cpu",
) -> List[Pair]:
    """The pairs of versions to compare, from two versions, two files, or one of each.

    ``before`` and ``after`` are versions, ``old`` and ``new`` files. Without a newer side, the
    newest recorded release is taken. A version beside an older file alone is the newer side.
    Raises HistoryError, which names the option.
    """
    if old is not None and new is None and before is not None and after is None:
        before, after = None, before
    if (before is None) == (old is None) or (after is not None and new is not None):
        raise HistoryError(
            "give two versions, A and B, or --from FILE and --to FILE; "
            "without the newer one, the newest recorded release is taken"
        )
    if python is not None and old is None and new is None:
        raise HistoryError(f"--python {python}: needs --from FILE or --to FILE")
    lefts = [Asked(before)] if before is not None else []
    rights = [Asked(after or newest(index, device))] if new is None else []
    if old is not None:
        lefts = filed("--from", old, python, index, device)
    if new is not None:
        rights = filed("--to", new, python, index, device, newer=True)
    return paired(lefts, rights)


def newest(index: Index, device: str = "cpu") -> str:
    """The newest recorded release, as its minor line."""
    known = list(index.on(device))
    if not known:
        query.side({}, "0.0")  # says that nothing is recorded
    return versions.line(known[-1])


def filed(
    option: str,
    source: str,
    python: Optional[str],
    index: Index,
    device: str = "cpu",
    newer: bool = False,
) -> List[Asked]:
    """The versions that a file asks for, each of which the records can answer."""
    from torch_history.code.pins import asking  # needs packaging, which two versions do not

    found = asking.asked(option, source, python, list(index.on(device)), newer)
    for one in found:
        check(f"{option} {source}".lstrip(), one.version, index, device)
    return found


def check(where: str, version: str, index: Index, device: str = "cpu") -> None:
    """Raise HistoryError where the records cannot answer for a version."""
    try:
        query.side(index.on(device), version)
    except HistoryError as error:
        raise HistoryError(f"{where}: {error}") from None


def paired(lefts: Sequence[Asked], rights: Sequence[Asked]) -> List[Pair]:
    """Each older version with each newer one that is used under the same condition."""
    reach = {one: _reach(one) for one in (*lefts, *rights)}
    both = [(left, right) for left in lefts for right in rights]
    meeting = [
        (left, right)
        for left, right in both
        if not (reach[left] and reach[right]) or reach[left] & reach[right]
    ]
    once: Dict[Tuple[str, str], Pair] = {}
    # Two files may pin for platforms that have nothing in common.
    for left, right in meeting or both:
        once.setdefault((left.version, right.version), _pair(left, right))
    return list(once.values())


def _pair(left: Asked, right: Asked) -> Pair:
    conditions = filter(None, dict.fromkeys((left.condition, right.condition)))
    words = tuple(one.words for one in (left, right) if one.where)
    return Pair(left.version, right.version, ", then ".join(conditions), words)


def _reach(one: Asked) -> FrozenSet[int]:
    """The environments in which a version is asked for. Empty where no marker decides."""
    if not one.markers:
        return frozenset()
    from torch_history.code.pins import conditions

    held = (conditions.holds(one.markers, where) for where in conditions.every())
    return frozenset(number for number, holds in enumerate(held) if holds)
