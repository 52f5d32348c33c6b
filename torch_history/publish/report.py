"""Report: an answer ready to be rendered, and the words that all renderers use.

The renderers are ``answer_json``, ``markdown``, ``terminal`` and ``sarif``.
"""

from __future__ import annotations

from typing import Dict, Iterator, List, NamedTuple, Optional, Tuple

from torch_history import versions
from torch_history.catalogue.behaviour import Behaviour
from torch_history.catalogue.kinds import Kind
from torch_history.code.hits import Hit, Level
from torch_history.observing import words
from torch_history.questions.query import Answer, Case, Difference, Side
from torch_history.records.store import OBSERVED

POSSIBLE = "Only possible: the object is unknown, or more than the call decides"


class Found(NamedTuple):
    """A difference, and the places of the user's source that it can affect, the surest first."""

    difference: Difference
    hits: Tuple[Hit, ...] = ()

    @property
    def only_possible(self) -> bool:
        """Whether it has hits, but none that is certain or likely."""
        return bool(self.hits) and self.hits[0].level is Level.POSSIBLE

    @property
    def kind(self) -> Kind:
        """The kind of the difference."""
        return self.difference.kind

    @property
    def behaviour(self) -> Behaviour:
        """The behaviour that differs."""
        return self.difference.behaviour


class Code(NamedTuple):
    """How much of the user's source was read, and what it leaves out."""

    files: int
    level: Level  # the least sure level that was asked for
    untouched: int  # differences without a hit


class Report(NamedTuple):
    """An answer: whole, or narrowed to the differences that can affect the user's source."""

    answer: Answer
    found: List[Found]
    code: Optional[Code] = None

    @property
    def counts(self) -> Dict[Kind, int]:
        """Kind -> how many differences have it, the most harmful first; only kinds that occur."""
        counts = {kind: sum(one.kind is kind for one in self.found) for kind in Kind}
        return {kind: count for kind, count in counts.items() if count}

    def fails(self, kinds: List[Kind]) -> bool:
        """Whether a difference is of these kinds; one that is only possible does not count."""
        # A possible hit may have nothing to do with torch: it must not break a CI job.
        return any(one.kind in kinds and not one.only_possible for one in self.found)


def whole(answer: Answer) -> Report:
    """The report of an answer that was not narrowed to code."""
    return Report(answer, [Found(difference) for difference in answer.differences])


def narrowed(answer: Answer, hits: Dict[str, List[Hit]], files: int, level: Level) -> Report:
    """The report of the differences that can affect the user's source.

    ``hits`` maps a behaviour to its hits, the surest first. What is only possible comes last.
    """
    found = [
        Found(difference, tuple(hits[difference.behaviour.id]))
        for difference in answer.differences
        if difference.behaviour.id in hits
    ]
    # The renderers cut the list at the first difference that is only possible.
    found.sort(key=lambda one: (one.only_possible, one.kind.rank, one.hits[0].level.rank))
    return Report(answer, found, Code(files, level, len(answer.differences) - len(found)))


def reproduction(behaviour: Behaviour, *asked: str) -> str:
    """A command that prints what each of the versions does."""
    environments = ",".join(f"torch{versions.line(version)}" for version in asked)
    return f"tox run -e {environments} -- {behaviour.node} --observed"


def lines_of_hits(found: Found, most: int) -> List[str]:
    """Up to ``most`` hits, such as ``certain: train.py:12: opt is torch.optim.Adam since line 3``.

    Where no hit is certain or likely, it is the first one alone. The rest are counted.
    """
    hits = found.hits
    # Hits are sorted by level, so `shown` is the beginning of `hits`, and the slice is the rest.
    shown = [hit for hit in hits if hit.level is not Level.POSSIBLE][:most] or hits[:1]
    lines = [f"{hit.level}: {hit.place}: {hit.why}" for hit in shown]
    left = [hit.level for hit in hits[len(shown) :]]
    counts = [f"{left.count(level)} more {level}" for level in Level if level in left]
    return lines + [f"and {', '.join(counts)}" for _ in counts[:1]]


def place_of(found: Found) -> str:
    """The place of an only possible hit: ``train.py:12: opt is not known; and 2 more possible``."""
    # The heading above says that it is only possible, so the level is cut off.
    return "; ".join(lines_of_hits(found, 1)).partition(": ")[2]


def lines_of_change(cases: List[Case], length: int = 160) -> List[Tuple[str, str]]:
    """What differs, as pairs of lines (before, after) that begin with their case and place."""
    return [pair for case in cases for pair in _lines_of_case(case, length)]


def _lines_of_case(case: Case, length: int) -> Iterator[Tuple[str, str]]:
    name = case.name if case.name != OBSERVED else ""
    pair = case.before.observation, case.after.observation
    for where, before, after in words.changed(*pair):
        label = " ".join(part for part in (name, where) if part)
        label = f"{label}: " if label else ""
        # The common beginning is cut first: long values cut only at the end would look the same.
        left, right = words.from_the_first_difference(before, after, length)
        yield label + words.short(left, length), label + words.short(right, length)


def headline(report: Report) -> str:
    """``torch 1.13 → 2.0 on cpu: 5 differences in 70 behaviours (4 silent value change, ...)``."""
    answer = report.answer
    counts = ", ".join(f"{count} {kind.words}" for kind, count in report.counts.items())
    total, vague = len(report.found), sum(one.only_possible for one in report.found)
    return (
        f"torch {answer.before.asked} → {answer.after.asked} on {answer.device}: "
        f"{total or 'no'} difference{'s' * (total != 1)} in {answer.compared} behaviours"
        + (f" ({counts})" if counts else "")
        + (f", {vague} of them only possible" if vague else "")
    )


def caveats(report: Report) -> List[str]:
    """What the answer does not know, one line for each gap."""
    answer = report.answer
    lines = [_stand_in(side) for side in (answer.before, answer.after) if not side.verified]
    # One reason can make hundreds of behaviours unknown, so each reason is one line.
    reasons: Dict[Tuple[str, str], List[str]] = {}
    for unknown in answer.unknown:
        reasons.setdefault((unknown.version, unknown.reason), []).append(unknown.behaviour)
    for (version, reason), names in reasons.items():
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        lines.append(f"unknown under {version}: {', '.join(names[:3])}{more}: {reason}")
    lines += [f"changed in between, and changed back: {name}" for name in answer.returned]
    return lines + ([_read(report.code)] if report.code else [])


def _stand_in(side: Side) -> str:
    """What speaks for a version that was not recorded."""
    # At least one is left: `query.side` refuses a version without a recorded release to stand in.
    near = [release for release in side.neighbours if release]
    nearest = f"releases are {' and '.join(near)}" if near[1:] else f"release is {near[0]}"
    return (
        f"{side.asked} was not recorded: {side.release} stands in for it. "
        f"The nearest recorded {nearest}."
    )


def _read(code: Code) -> str:
    lacking = {
        Level.CERTAIN: "without a certain hit",
        Level.LIKELY: "without a certain or likely hit",
        Level.POSSIBLE: "without any hit",
    }[code.level]
    read = f"{code.files} file{'s' * (code.files != 1)}"
    count = code.untouched
    if not count:
        return f"{read} read"
    return f"{count} other difference{'s' * (count != 1)} {lacking} in {read}"
