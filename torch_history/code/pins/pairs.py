"""Pairs: the older and the newer version of each answer, from versions and from files."""

from __future__ import annotations

from typing import Dict, FrozenSet, List, NamedTuple, Optional, Sequence, Tuple

from torch_history import versions
from torch_history.catalogue.index import Index
from torch_history.code.pins import conditions
from torch_history.code.pins.asking import asked
from torch_history.code.pins.ends import Asked
from torch_history.errors import HistoryError
from torch_history.questions import query


class Pair(NamedTuple):
    """Two versions to compare, and under which condition each is asked for."""

    before: Asked
    after: Asked

    @property
    def condition(self) -> str:
        """When this pair is meant, in words. Empty where it always is."""
        both = dict.fromkeys((self.before.condition, self.after.condition))
        return ", then ".join(filter(None, both))

    @property
    def words(self) -> List[str]:
        """Where the versions come from, a line each; none for a version that was given."""
        return [one.words for one in self if one.where]


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
    known = index.on(device)
    if old is None:
        lefts = [Asked(before or "")]
    else:
        lefts = checked("--from", old, asked("--from", old, python, list(known)), index, device)
    if new is None:
        rights = [Asked(after or newest(index, device))]
    else:
        found = asked("--to", new, python, list(known), newer=True)
        rights = checked("--to", new, found, index, device)
    return paired(lefts, rights)


def newest(index: Index, device: str = "cpu") -> str:
    """The newest recorded release, as its minor line."""
    known = list(index.on(device))
    if not known:
        query.side({}, "0.0")  # says that nothing is recorded
    return versions.line(known[-1])


def checked(
    option: str, source: str, found: Sequence[Asked], index: Index, device: str = "cpu"
) -> List[Asked]:
    """The versions of a file, each of which the records can answer. Raises HistoryError."""
    for one in found:
        try:
            query.side(index.on(device), one.version)
        except HistoryError as error:
            raise HistoryError(f"{option} {source}".lstrip() + f": {error}") from None
    return list(found)


def paired(lefts: Sequence[Asked], rights: Sequence[Asked]) -> List[Pair]:
    """Each older version with each newer one that is used under the same condition."""
    reach = {one: _reach(one) for one in (*lefts, *rights)}
    pairs = [
        Pair(left, right)
        for left in lefts
        for right in rights
        if not (reach[left] and reach[right]) or reach[left] & reach[right]
    ]
    # Two files may pin for platforms that have nothing in common.
    pairs = pairs or [Pair(left, right) for left in lefts for right in rights]
    once: Dict[Tuple[str, str], Pair] = {}
    for one in pairs:
        once.setdefault((one.before.version, one.after.version), one)
    return list(once.values())


def _reach(one: Asked) -> FrozenSet[int]:
    """The environments in which a version is asked for. Empty where no marker decides."""
    if not one.markers:
        return frozenset()
    held = (conditions.holds(one.markers, where) for where in ENVIRONMENTS)
    return frozenset(number for number, holds in enumerate(held) if holds)


ENVIRONMENTS = list(conditions.every())
