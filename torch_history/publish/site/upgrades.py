"""Upgrades: what differs between any two releases, as data for the landing page.

``data/answers.js`` has the causes of each pair, and ``data/<chapter>.js`` what a cause opens to:
the values of its behaviours before and after, and their scripts.
"""

from __future__ import annotations

from typing import Any, Dict, Iterable, Iterator, List, NamedTuple, Optional, Sequence, Tuple, Union

from torch_history import versions
from torch_history.catalogue.kinds import Kind
from torch_history.code.targets import Target, targets_of
from torch_history.publish import report
from torch_history.publish.report import Finding
from torch_history.publish.site.model import DEVICE, Chapter, Life, Model
from torch_history.questions import query
from torch_history.questions.query import Answer, Difference

PLACES, LENGTH = 3, 120  # of a difference that is shown: places, and characters of a value

Pair = Tuple[int, int]  # places among a behaviour's spans, the older first


class Both(NamedTuple):
    """How two spans of a behaviour differ, on the way up and on the way down."""

    up: Difference
    down: Difference
    targets_up: List[Target]
    targets_down: List[Target]


class Upgrades:
    """The differences between any two releases, each pair of spans compared once."""

    def __init__(self, model: Model):
        self.model = model
        # Within a span nothing differs, so spans are compared: 3,500 pairs instead of 574,000
        # pairs of releases.
        self.pairs = {
            life.behaviour.id: dict(_differing(life, model.releases)) for life in model.lives
        }
        self._spans = {life.behaviour.id: _span_of(life) for life in model.lives}
        # in the order of the query, so that equal harm has an equal order
        self._order = [one.id for one in model.recorded.behaviours]
        self.places = {name: place for place, name in enumerate(self._order)}
        self._lives = {life.behaviour.id: life for life in model.lives}

    def findings(self, before: int, after: int) -> List[Finding]:
        """The causes of a pair, by harm; of equally harmful ones the newest first."""
        low, high = sorted((before, after))
        backwards = before > after
        told: List[Tuple[int, List[Target], Difference]] = []
        for name in self._order:
            first, last = self._spans[name][low], self._spans[name][high]
            both = self.pairs[name].get((first, last))
            if both:
                one = both.down if backwards else both.up
                own = both.targets_down if backwards else both.targets_up
                told.append((one.kind.rank, own, one))
        told.sort(key=lambda one: one[0])
        answer = self._answer(before, after, [one for _, _, one in told])
        found = report.grouped(answer, (target for _, own, _ in told for target in own)).findings
        return sorted(found, key=lambda one: _order(one, self.places))

    def _answer(self, before: int, after: int, differences: List[Difference]) -> Answer:
        releases = self.model.releases
        first, second = (
            query.Side(releases[place], releases[place], True, []) for place in (before, after)
        )
        return Answer(first, second, DEVICE, differences, [], [], len(self._order))

    def unknown(self, before: int, after: int) -> List[Tuple[str, int, str]]:
        """What was not observed on one of two releases: the behaviour, the place and why."""
        return [
            (name, place, self._lives[name].unknown[place])
            for name in self._order
            for place in dict.fromkeys((before, after))
            if place in self._lives[name].unknown
        ]


def _newest_of_equal_harm(finding: Finding) -> Tuple[Any, ...]:
    change = finding.change
    newest = tuple(-number for number in versions.key(change.version)) if change else ()
    return (*finding.order, newest)


def _span_of(life: Life) -> Dict[int, int]:
    """Place of a release -> place of its span."""
    return {
        place: number
        for number, span in enumerate(life.spans)
        for place in range(span.first, span.last + 1)
    }


def _differing(life: Life, releases: List[str]) -> Iterator[Tuple[Pair, Both]]:
    """Each pair of spans that differ."""
    for one, before in enumerate(life.spans):
        for other, after in enumerate(life.spans[one + 1 :], start=one + 1):
            if before.observed and after.observed:
                both = _both(life, releases[before.first], releases[after.first])
                if both:
                    yield (one, other), both


def _both(life: Life, before: str, after: str) -> Optional[Both]:
    # Both directions, because the kinds differ: an error on the way up is an error gone on the way
    # down. `judged` reads only the asked version of a side, so a line will do.
    first, second = (query.Side(line, line, True, []) for line in (before, after))
    up = query.judged(life.behaviour, life.record, DEVICE, first, second)[0]
    down = query.judged(life.behaviour, life.record, DEVICE, second, first)[0]
    if up is None or down is None:
        return None
    return Both(up, down, list(targets_of(up)), list(targets_of(down, True)))


# ---- as data


class Texts:
    """Texts that are written once, and named by number."""

    def __init__(self) -> None:
        self._numbers: Dict[str, int] = {}

    def number(self, text: str) -> int:
        """The number of a text."""
        return self._numbers.setdefault(text, len(self._numbers))

    def all(self) -> List[str]:
        """Every text, by number."""
        return list(self._numbers)


def answers(upgrades: Upgrades) -> Dict[str, Any]:
    """What ``data/answers.js`` holds: the causes of every pair of releases, in both directions.

    A cause is [kind, place of its release or -1, API, text, advice, cause, behaviours]; texts and
    behaviours are numbers. A pair has the numbers of its causes, as ``_steps`` writes them: causes
    are in the order in which they are shown, so that the steps are small.
    """
    model, texts = upgrades.model, Texts()
    ids = upgrades.places
    places = range(len(model.releases))
    found = {
        f"{before}-{after}": [
            (*_order(one, ids), tuple(_cause(one, model, texts, ids)))
            for one in upgrades.findings(before, after)
        ]
        for before in places
        for after in places
    }
    causes = sorted({cause for pair in found.values() for cause in pair})
    numbers = {cause: number for number, cause in enumerate(causes)}
    unknown: Dict[str, List[List[int]]] = {}
    for life in model.lives:
        for place, why in life.unknown.items():
            told = [ids[life.behaviour.id], texts.number(why)]
            unknown.setdefault(str(place), []).append(told)
    return {
        "releases": model.releases,
        "kinds": [[kind.slug, kind.label, kind.title, kind.letter] for kind in Kind],
        "compared": len(ids),
        "behaviours": list(ids),
        "texts": texts.all(),
        "causes": [cause[-1] for cause in causes],
        "pairs": {
            pair: _steps(sorted(numbers[cause] for cause in own))
            for pair, own in found.items()
            if own
        },
        "unknown": unknown,
    }


def _order(finding: Finding, ids: Dict[str, int]) -> Tuple[Any, ...]:
    text = finding.change.text if finding.change else ""
    return (*_newest_of_equal_harm(finding), ids[finding.behaviours[0].id], text)


def _cause(
    finding: Finding, model: Model, texts: Texts, ids: Dict[str, int]
) -> Iterator[Union[int, Tuple[int, ...]]]:
    change = finding.change
    known = change is not None and change.version in model.releases
    yield finding.kind.rank
    yield model.releases.index(change.version) if change and known else -1
    yield texts.number(report.subject(finding))
    yield texts.number(change.text if change else finding.behaviours[0].claim)
    yield texts.number((change and change.advice) or "")
    yield texts.number((change and change.cause_in_words) or "")
    yield tuple(ids[behaviour.id] for behaviour in finding.behaviours)


_STEPS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


def _steps(numbers: Sequence[int]) -> str:
    """Each number as its distance from the one before: a letter, and ``~`` for each 62 more."""
    steps = (number - before for before, number in zip([0, *numbers], numbers))
    return "".join("~" * (step // len(_STEPS)) + _STEPS[step % len(_STEPS)] for step in steps)


def details(chapter: Chapter, upgrades: Upgrades) -> Dict[str, Any]:
    """What ``data/<chapter>.js`` holds: the values of each behaviour, and its script."""
    texts = Texts()
    behaviours = {
        life.behaviour.id: _detail(life, upgrades.pairs[life.behaviour.id], texts)
        for life in chapter.lives
    }
    return {"behaviours": behaviours, "texts": texts.all()}


def _detail(life: Life, pairs: Dict[Pair, Both], texts: Texts) -> Dict[str, Any]:
    told: Dict[str, Any] = {}
    if life.script:
        # Most scripts of a chapter share imports and helpers: 0.6 MB in all instead of 1.4 MB.
        told["script"] = [texts.number(part) for part in life.script[1:]]
    if pairs:
        told["from"] = [span.first for span in life.spans]
        told["pairs"] = {
            f"{one}-{other}": list(_lines(both, texts)) for (one, other), both in pairs.items()
        }
    return told


def ordered(changes: Iterable[Any]) -> List[Any]:
    """Changes by release, the most harmful first."""
    return sorted(changes, key=lambda change: (versions.key(change.version), change.kind.rank))


def _lines(both: Both, texts: Texts) -> Iterator[List[int]]:
    lines = report.lines_of_change(both.up.cases, LENGTH)
    for before, after in lines[:PLACES]:
        yield [texts.number(before), texts.number(after)]
    if len(lines) > PLACES:
        yield [texts.number(""), texts.number(f"and {len(lines) - PLACES} more places")]
