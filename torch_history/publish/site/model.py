"""Model: what the templates show, made from the index and the tests' source."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Dict, Iterator, List, NamedTuple, Optional, Tuple

from torch_history import versions
from torch_history.catalogue import chapters, source
from torch_history.catalogue.behaviour import Behaviour, Change
from torch_history.catalogue.index import Chain, Environment, Index, Record
from torch_history.catalogue.kinds import Kind
from torch_history.errors import HistoryError
from torch_history.observing.words import Observed
from torch_history.publish.script import Scripts
from torch_history.publish.site.states import State, states
from torch_history.questions import query
from torch_history.questions.query import Entry
from torch_history.records import store
from torch_history.records.store import OBSERVED

DEVICE = "cpu"
# Words in the names of modules that are written otherwise.
_PROPER = {
    **{word: word.upper() for word in ("mse", "kl", "sgd", "lbfgs", "lr", "rnn", "lstm", "gru")},
    "adam": "Adam",
    "batchnorm": "BatchNorm",
    "ctc": "CTC",
    "nan": "NaN",
    "none": "None",
}


class Span(NamedTuple):
    """Neighbouring releases on which a behaviour did not change, or was not observed."""

    first: int  # place among the releases
    last: int
    state: State
    kind: Optional[Kind] = None  # of the change that begins it
    text: str = ""  # what changed, or why it was not observed

    @property
    def observed(self) -> bool:
        """Whether the behaviour was observed there."""
        return self.state is not State.UNKNOWN

    @property
    def size(self) -> int:
        """The number of its releases."""
        return self.last - self.first + 1


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

    @property
    def says(self) -> str:
        """The claim in one sentence."""
        return " ".join((self.behaviour.docstring or self.behaviour.claim).split("\n\n")[0].split())

    @property
    def page(self) -> str:
        """The address of its page, from the root of the site."""
        return f"behaviours/{self.behaviour.id}.html"


class Subject(NamedTuple):
    """One file of tests: what it is about, and its behaviours in order."""

    file: str
    name: str  # ``frozen_batchnorm``
    docstring: str
    lives: List[Life]

    @property
    def title(self) -> str:
        """``Frozen BatchNorm``."""
        words = " ".join(_PROPER.get(word, word) for word in self.name.split("_"))
        return words[:1].upper() + words[1:]

    @property
    def anchor(self) -> str:
        """The id of its section in the page of its chapter."""
        return self.name.replace("_", "-")


class Chapter(NamedTuple):
    """A folder of ``spec/``: its introduction, and its subjects in the order of understanding."""

    name: str
    introduction: str
    subjects: List[Subject]

    @property
    def title(self) -> str:
        """``Training step``."""
        return self.name.replace("_", " ").capitalize()

    @property
    def lives(self) -> List[Life]:
        """Its behaviours, in order."""
        return [life for subject in self.subjects for life in subject.lives]


class Model(NamedTuple):
    """Everything that the site shows."""

    releases: List[str]  # lines, ascending
    runs: Dict[str, Environment]  # by line
    introduction: str  # of the specification
    chapters: List[Chapter]  # in the order of understanding
    recorded: Index

    @property
    def lives(self) -> Iterator[Life]:
        """Every behaviour with its record, in the order of the manual."""
        return (life for chapter in self.chapters for life in chapter.lives)


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
    files: Dict[str, List[Behaviour]] = {}
    for behaviour in index.behaviours:
        files.setdefault(behaviour.file, []).append(behaviour)
    reading = _Reading(root, index, runs, Scripts(root))
    found: Dict[str, List[Subject]] = {}
    for file, own in files.items():
        found.setdefault(own[0].chapter, []).append(reading.subject(file, own))
    begins = chapters.specification(root)
    return Model(
        list(runs),
        runs,
        begins.text,
        [_chapter(root, name, found[name]) for name in chapters.in_order([*found], begins.order)],
        index,
    )


def _chapter(root: Path, name: str, subjects: List[Subject]) -> Chapter:
    begins = chapters.chapter(root, name)
    by_name = {subject.name: subject for subject in subjects}
    ordered = chapters.in_order(list(by_name), begins.order)
    return Chapter(name, begins.text, [by_name[one] for one in ordered])


class _Reading(NamedTuple):
    """What a subject is made from."""

    root: Path
    recorded: Index
    runs: Dict[str, Environment]
    scripts: Scripts

    def subject(self, file: str, own: List[Behaviour]) -> Subject:
        text = source.Source(self.root / file)
        lives = [self.life(behaviour, text) for behaviour in own]
        name = re.sub(r"^test_", "", Path(file).stem)
        return Subject(file, name, text.docstring, lives)

    def life(self, behaviour: Behaviour, text: source.Source) -> Life:
        record = self.recorded.record(behaviour.id)
        releases = list(self.runs)
        seen, entries = states(record, DEVICE, releases), _entries(record, releases)
        spans = list(_spans(behaviour, self.runs, seen, entries))
        return Life(behaviour, record, spans, text.of(behaviour.line), self.script(behaviour))

    def script(self, behaviour: Behaviour) -> List[str]:
        try:
            return self.scripts.parts(behaviour, self.recorded.record(behaviour.id))
        except HistoryError:  # it uses pytest in a way that no script can
            return []


_Entries = Tuple[Optional[str], ...]  # for each case the line since which an entry holds


def _entries(record: Record, releases: List[str]) -> List[_Entries]:
    """The entries that hold on each release, of the cases that have more than one."""
    chains = [store.chain_for(devices, DEVICE, releases[-1]) for devices in record.values()]
    several = [chain for chain in chains if len(chain) > 1]
    return [tuple(versions.holding(chain, line) for chain in several) for line in releases]


def _spans(
    behaviour: Behaviour,
    runs: Dict[str, Environment],
    seen: List[State],
    entries: List[_Entries],
) -> Iterator[Span]:
    # Of several changes at one release the most harmful one marks the cell.
    by_harm = sorted(behaviour.changes, key=lambda change: change.kind.rank, reverse=True)
    changes = {change.version: change for change in by_harm}
    begun: Optional[Span] = None
    for place, (line, run) in enumerate(runs.items()):
        unknown = run.unknown.get(behaviour.id)
        here = _span(place, seen[place], changes.get(line), unknown)
        if begun and here.observed and _changed(entries[begun.last], entries[place]):
            # A change that no marker tells of begins a span too.
            here = here if here.kind else here._replace(text="no marker tells of the change")
        elif begun and _goes_on(begun, here):
            begun = begun._replace(last=place)
            continue
        if begun:
            yield begun
        begun = here
    if begun:
        yield begun


def _changed(before: _Entries, after: _Entries) -> bool:
    return any(one is not None and one != other for one, other in zip(before, after))


def _span(place: int, state: State, change: Optional[Change], unknown: Optional[str]) -> Span:
    """The span of one release alone."""
    if unknown is not None:
        return Span(place, place, State.UNKNOWN, None, unknown)
    if change:
        return Span(place, place, state, change.kind, change.text)
    return Span(place, place, state)


def _goes_on(begun: Span, here: Span) -> bool:
    """Whether a release belongs to the span before it."""
    if not here.observed:
        return not begun.observed and begun.text == here.text
    # After a gap a new span begins, even without a change: nobody saw what happened in between.
    return here.kind is None and begun.observed and begun.state is here.state


# ---- observations, and where they held


class Held(NamedTuple):
    """An entry of a record, and the releases that it holds for."""

    device: str
    first: int  # place among the releases
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
            yield Held(device, own[0], own[-1], part, Entry(line, chain[line]).observation)
