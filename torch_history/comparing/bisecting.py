"""Bisecting: the release between two at which a parting begins."""

from __future__ import annotations

from typing import Callable, List, NamedTuple, Sequence

from torch_history import versions
from torch_history.comparing.result import Result, Tried, Verdict

Compare = Callable[[str], Result]  # with a release in place of the newer one


class Begins(NamedTuple):
    """Where a parting begins."""

    release: str  # the first that has it
    result: Result
    tried: List[Tried]


def begins(releases: Sequence[str], whole: Result, compare: Compare) -> Begins:
    """The first of the releases, oldest first, that parts as the last one does.

    ``whole`` is the result for the last one. What came and went between is not found.
    """
    low, high = 0, len(releases) - 1  # the answer is among releases[low:high + 1]
    found, tried = whole, [_tried(whole, True)]
    while low < high:
        middle = (low + high) // 2
        result = compare(releases[middle])
        same = parts_alike(whole, result)
        tried.append(_tried(result, same))
        if same:
            high, found = middle, result
        else:
            low = middle + 1
    tried.sort(key=lambda one: versions.key(one.release))
    return Begins(releases[high], found, tried)


def parts_alike(whole: Result, other: Result) -> bool:
    """Whether another result shows what the whole one shows first."""
    if whole.verdict is Verdict.FAILS and whole.after.raised is not None:
        raised = other.after.raised
        return raised is not None and raised.at == whole.after.raised.at
    if whole.differences:
        first = whole.differences[0]
        return any(
            (one.kind, one.name, one.at) == (first.kind, first.name, first.at)
            for one in other.differences
        )
    return other.verdict is not Verdict.SAME


def _tried(result: Result, alike: bool) -> Tried:
    return Tried(result.after.torch, result.verdict, alike)
