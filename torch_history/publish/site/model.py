"""Model: what the templates show, made from the index and the tests' source."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Tuple

from torch_history import versions
from torch_history.catalogue import source
from torch_history.catalogue.behaviour import PAGES, Behaviour, Change
from torch_history.catalogue.index import Chain, Environment, Index, Record
from torch_history.catalogue.kinds import Kind
from torch_history.errors import HistoryError
from torch_history.observing.words import Observed
from torch_history.publish import report
from torch_history.publish.script import Scripts
from torch_history.questions import query
from torch_history.questions.query import Entry
from torch_history.records.store import OBSERVED

DEVICE = "cpu"
PLACES = 4  # of a difference that the upgrade page shows
UNKNOWN = "unknown"  # the class of what was not observed, in HTML


class Span(NamedTuple):
    """Neighbouring releases on which a behaviour did not change, or was not observed."""

    first: int  # place among the releases
    last: int
    kind: Optional[Kind] = None  # of the change that begins it
    text: str = ""  # what changed, or why it was not observed
    observed: bool = True

    @property
    def mark(self) -> str:
        """The class of its cell in HTML; empty if no change begins the span."""
        return UNKNOWN if not self.observed else self.kind.slug if self.kind else ""

    @property
    def letter(self) -> str:
        """The text of its cell."""
        return "?" if not self.observed else self.kind.letter if self.kind else ""


class Life(NamedTuple):
    """A behaviour with its record."""

    behaviour: Behaviour
    record: Record
    spans: List[Span]
    source: str  # the test, without its markers and docstring
    script: List[str]  # parts of a script that shows it; none where no script can

    @property
    def unknown(self) -> Dict[int, str]:
        """Place of a release on which it was not observed -> why."""
        return {
            place: span.text
            for span in self.spans
            if not span.observed
            for place in range(span.first, span.last + 1)
        }


class Subject(NamedTuple):
    """One file of tests: what it is about, and its behaviours in order."""

    file: str
    title: str
    docstring: str
    shared: str  # what no behaviour owns: imports, helpers, laws
    lives: List[Life]


class Model(NamedTuple):
    """Everything that the site shows."""

    releases: List[str]  # lines, ascending
    runs: Dict[str, Environment]  # by line
    chapters: Dict[str, List[Subject]]
    behaviours: int

    @property
    def lives(self) -> Iterator[Life]:
        """Every behaviour with its record, in order."""
        return (
            life
            for subjects in self.chapters.values()
            for subject in subjects
            for life in subject.lives
        )


def read(root: Path, index: Index) -> Model:
    """The model of an index and of the tests in a folder.

    Raises HistoryError where nothing is recorded.
    """
    environments = index.on(DEVICE)
    # For its error where nothing is recorded, so that this command says it as the others do.
    query.side(environments, next(iter(index.releases), "0.0"))
    # `Index.on` is ascending, so the newest patch of each line is kept.
    newest = {one.line: one for one in environments.values()}
    runs = {line: newest[line] for line in index.releases if line in newest}
    chapters: Dict[str, List[Subject]] = {}
    scripts = Scripts(root)
    for file in dict.fromkeys(behaviour.file for behaviour in index.behaviours):
        own = [behaviour for behaviour in index.behaviours if behaviour.file == file]
        text = source.Source(root / file)
        lives = [
            Life(
                behaviour,
                index.record(behaviour.id),
                list(_spans(behaviour, runs)),
                text.of(behaviour.line),
                _script(scripts, behaviour, index),
            )
            for behaviour in own
        ]
        title = Path(file).stem[len("test_") :].replace("_", " ")
        shared = text.shared([behaviour.line for behaviour in own])
        subject = Subject(file, title, text.docstring, shared, lives)
        chapters.setdefault(own[0].chapter, []).append(subject)
    return Model(list(runs), runs, chapters, len(index.behaviours))


def _script(scripts: Scripts, behaviour: Behaviour, index: Index) -> List[str]:
    try:
        return scripts.parts(behaviour, index.record(behaviour.id))
    except HistoryError:  # it uses pytest in a way that no script can
        return []


def _spans(behaviour: Behaviour, runs: Dict[str, Environment]) -> Iterator[Span]:
    # Of several changes at one release the most harmful one marks the cell.
    by_harm = sorted(behaviour.changes, key=lambda change: change.kind.rank, reverse=True)
    changes = {change.version: change for change in by_harm}
    begun: Optional[Span] = None
    for place, (line, run) in enumerate(runs.items()):
        here = _span(place, changes.get(line), run.unknown.get(behaviour.id))
        if begun and _goes_on(begun, here):
            begun = begun._replace(last=place)
            continue
        if begun:
            yield begun
        begun = here
    if begun:
        yield begun


def _span(place: int, change: Optional[Change], unknown: Optional[str]) -> Span:
    """The span of one release alone."""
    if unknown is not None:
        return Span(place, place, None, unknown, observed=False)
    return Span(place, place, change.kind, change.text) if change else Span(place, place)


def _goes_on(begun: Span, here: Span) -> bool:
    """Whether a release belongs to the span before it."""
    if not here.observed:
        return not begun.observed and begun.text == here.text
    # After a gap a new span begins, even without a change: nobody saw what happened in between.
    return here.kind is None and begun.observed


# ---- differences between any two releases


def upgrades(model: Model) -> Dict[str, Any]:
    """What ``upgrade.js`` holds: the behaviours that changed, or were not observed everywhere.

    Each has its spans, and each pair of spans that differ.
    """
    return {
        "releases": model.releases,
        "compared": model.behaviours,
        "kinds": [[kind.slug, kind.words, kind.letter] for kind in Kind],
        "behaviours": [told for life in model.lives for told in [_upgrade(life, model)] if told],
    }


def _upgrade(life: Life, model: Model) -> Optional[Dict[str, Any]]:
    behaviour = life.behaviour
    pairs = dict(_pairs(life, model.releases))
    if not pairs and not life.unknown:
        return None
    return {
        "id": behaviour.id,
        "says": (behaviour.docstring or behaviour.claim).splitlines()[0].replace("`", ""),
        "api": list(behaviour.api),
        "page": (behaviour.page or "").replace(PAGES, ""),
        "file": behaviour.file,
        "from": [span.first for span in life.spans],
        "pairs": pairs,
        "unknown": life.unknown,
        "changes": [
            [
                model.releases.index(change.version),
                change.kind.rank,
                [change.text, change.cause_in_words or "", change.advice or ""],
            ]
            for change in behaviour.changes
            if change.version in model.releases
        ],
    }


def _pairs(life: Life, releases: List[str]) -> Iterator[Tuple[str, List[Any]]]:
    """Each pair of spans that differ: ``first-second``, and what differs."""
    # Within a span nothing differs, so spans are compared: 3,500 pairs instead of 574,000 pairs of
    # releases. site.js finds a pair by the same numbers of spans.
    for one, before in enumerate(life.spans):
        for other, after in enumerate(life.spans[one + 1 :], start=one + 1):
            if before.observed and after.observed:
                pair = _pair(life, releases[before.first], releases[after.first])
                if pair:
                    yield f"{one}-{other}", pair


def _pair(life: Life, before: str, after: str) -> Optional[List[Any]]:
    """The kind of an upgrade, the kind of a downgrade, and the lines (before, after).

    None if the two releases agree.
    """
    # Both directions, because the kinds differ: an error on the way up is an error gone on the way
    # down. `judged` reads only the asked version of a side, so a line will do.
    first, second = (query.Side(line, line, True, []) for line in (before, after))
    up = query.judged(life.behaviour, life.record, DEVICE, first, second)[0]
    down = query.judged(life.behaviour, life.record, DEVICE, second, first)[0]
    if up is None or down is None:
        return None
    lines = report.lines_of_change(up.cases)
    shown = [list(line) for line in lines[:PLACES]]
    if len(lines) > PLACES:
        shown.append(["", f"and {len(lines) - PLACES} more places"])
    return [up.kind.rank, down.kind.rank, shown]


# ---- observations, and where they held


class Held(NamedTuple):
    """An entry of a record, and the releases that it holds for."""

    device: str
    versions: str  # ``1.4 to 1.13``
    first: int
    last: int
    part: bool  # not of all releases
    observation: Observed


def cases(life: Life, releases: List[str]) -> Iterator[Tuple[str, List[Held]]]:
    """The cases of a behaviour with their entries, in order.

    Cases with the same entries are shown once, under all their names.
    """
    together: List[Tuple[List[str], List[Held]]] = []
    for name, devices in life.record.items():
        held = [
            entry for device, chain in devices.items() for entry in _held(device, chain, releases)
        ]
        # A search and not a dict, because observations cannot be hashed.
        same = next((names for names, entries in together if entries == held), None)
        if same is None:
            together.append(([name], held))
        else:
            same.append(name)
    for names, held in together:
        yield ("" if names == [OBSERVED] else ", ".join(names)), held


def _held(device: str, chain: Chain, releases: List[str]) -> Iterator[Held]:
    lines = [line for line in chain if versions.is_line(line)]
    for line, following in zip(lines, [*lines[1:], None]):
        own = [
            place
            for place, release in enumerate(releases)
            if versions.key(line) <= versions.key(release)
            and (following is None or versions.key(release) < versions.key(following))
        ]
        if own:
            # On another device an entry is always labelled, or it would read as one of the CPU.
            part = len(own) < len(releases) or device != DEVICE
            span = _range(releases[own[0]], releases[own[-1]])
            observation = Entry(line, chain[line]).observation
            yield Held(device, span, own[0], own[-1], part, observation)


def _range(first: str, last: str) -> str:
    return first if first == last else f"{first} to {last}"
