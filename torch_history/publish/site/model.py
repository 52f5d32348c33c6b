"""Model: what the templates show, from the records, the manifests, the tests' source and the claims."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Tuple

from torch_history import versions
from torch_history.catalogue import source as catalogue
from torch_history.catalogue.source import Behaviour
from torch_history.matrix import releases as matrix
from torch_history.publish import report
from torch_history.questions import query
from torch_history.questions.kinds import KINDS
from torch_history.records import manifests, store

DEVICE = "cpu"
PLACES = 4  # of a difference that the upgrade page shows
LETTERS = {
    "silent": "S",
    "error": "E",
    "api-gone": "G",
    "exception": "X",
    "random": "R",
    "representation": "P",
    "warning": "W",
    "error-gone": "M",
    "api-appeared": "A",
    "wording": "T",
}  # kind -> its mark in the table
UNKNOWN = "unknown"


class Span(NamedTuple):
    """Neighbouring releases under which a behaviour was one and the same."""

    first: int  # place among the releases
    last: int
    kind: Optional[
        str
    ]  # of the change that begins it; ``unknown`` where it was not observed; None for the first
    text: str


class Life(NamedTuple):
    """A behaviour with its record."""

    behaviour: Behaviour
    record: store.Record
    spans: List[Span]
    source: str  # the test, without its markers and docstring

    @property
    def unknown(self) -> Dict[int, str]:
        """The places of the releases on which it was not observed, and why."""
        return {
            place: span.text
            for span in self.spans
            if span.kind == UNKNOWN
            for place in range(span.first, span.last + 1)
        }


class Subject(NamedTuple):
    """One file of tests: what it is about, and its behaviours in order."""

    file: str
    title: str
    docstring: str
    shared: str  # what is no behaviour's: imports, helpers, laws
    lives: List[Life]


class Model(NamedTuple):
    """Everything that was recorded, as it is shown."""

    releases: List[str]  # lines, ascending
    runs: Dict[str, dict]  # line -> manifest
    chapters: Dict[str, List[Subject]]

    @property
    def lives(self) -> Iterator[Life]:
        return (
            life
            for subjects in self.chapters.values()
            for subject in subjects
            for life in subject.lives
        )


def read(root: Path, known: Dict[str, Behaviour]) -> Model:
    """The model of a repository. Raises HistoryError for damaged records or where nothing is recorded."""
    recorded = manifests.read(root, DEVICE)
    runs = {line: manifests.manifest_for(recorded, line) for line in matrix.releases(root)}
    runs = {line: manifest for line, manifest in runs.items() if manifest}
    query.side(recorded, next(iter(runs), "0.0"))  # one error for no records, here as elsewhere
    releases = list(runs)
    chapters: Dict[str, List[Subject]] = {}
    for file in dict.fromkeys(behaviour.file for behaviour in known.values()):
        own = [behaviour for behaviour in known.values() if behaviour.file == file]
        text = catalogue.Source(root / file)
        lives = []
        for behaviour in own:
            record = store.read(store.path_of(root / "spec", behaviour.id))
            lives.append(
                Life(
                    behaviour,
                    record,
                    list(_spans(behaviour, releases, runs)),
                    text.of(behaviour.line),
                )
            )
        title = Path(file).stem[len("test_") :].replace("_", " ")
        subject = Subject(
            file, title, text.docstring, text.shared([behaviour.line for behaviour in own]), lives
        )
        chapters.setdefault(own[0].chapter, []).append(subject)
    return Model(releases, runs, chapters)


def _spans(behaviour: Behaviour, releases: List[str], runs: Dict[str, dict]) -> Iterator[Span]:
    changes = {change.version: change for change in behaviour.changes}
    begun: Optional[Span] = None
    for place, line in enumerate(releases):
        change = changes.get(line)
        if behaviour.id not in runs[line]["verified"]:
            here = Span(
                place, place, UNKNOWN, runs[line]["unknown"].get(behaviour.id, "not recorded")
            )
            if begun and begun[2:] == here[2:]:
                begun = begun._replace(last=place)
                continue
        elif begun is None or change or begun.kind == UNKNOWN:
            here = Span(
                place, place, change.kind if change else None, change.text if change else ""
            )
        else:
            begun = begun._replace(last=place)
            continue
        if begun:
            yield begun
        begun = here
    if begun:
        yield begun


# ---- differences between any two releases


def upgrades(model: Model) -> dict:
    """What ``upgrade.js`` holds: for each behaviour that changed, its states, and each pair of states that differ."""
    return {
        "releases": model.releases,
        "compared": len(list(model.lives)),
        "kinds": [[slug, meaning, LETTERS[slug]] for slug, meaning in KINDS.items()],
        "behaviours": [told for life in model.lives for told in [_upgrade(life, model)] if told],
    }


def _upgrade(life: Life, model: Model) -> Optional[dict]:
    behaviour, spans = life.behaviour, life.spans
    pairs = {}
    for one, before in enumerate(spans):
        for other, after in enumerate(spans[one + 1 :], start=one + 1):
            if UNKNOWN not in (before.kind, after.kind):
                pair = _pair(life, model.releases[before.first], model.releases[after.first])
                if pair:
                    pairs[f"{one}-{other}"] = pair
    if not pairs and not life.unknown:
        return None
    kinds = list(KINDS)
    return {
        "id": behaviour.id,
        "says": (behaviour.docstring or behaviour.claim).splitlines()[0].replace("`", ""),
        "api": list(behaviour.api),
        "page": (behaviour.page or "").replace(catalogue.PAGES, ""),
        "file": behaviour.file,
        "from": [span.first for span in spans],
        "pairs": pairs,
        "unknown": life.unknown,
        "changes": [
            [
                model.releases.index(change.version),
                kinds.index(change.kind),
                [change.text, change.cause or "", change.advice or ""],
            ]
            for change in behaviour.changes
            if change.version in model.releases
        ],
    }


def _pair(life: Life, before: str, after: str) -> Optional[list]:
    """The kind upwards, the kind downwards, and the places (before, after); None where the two releases agree."""
    sides = [query.Side(line, line, True, []) for line in (before, after)]
    up, down = (
        query.judged(life.behaviour, life.record, DEVICE, *pair)[0] for pair in (sides, sides[::-1])
    )
    if up is None or down is None:
        return None
    lines = report.lines_of_change({"cases": report.cases(up)})
    more = [["", f"and {len(lines) - PLACES} more places"]] * (len(lines) > PLACES)
    return [
        list(KINDS).index(up.kind),
        list(KINDS).index(down.kind),
        [list(line) for line in lines[:PLACES]] + more,
    ]


# ---- observations, and where they held


class Held(NamedTuple):
    """An entry of a record and the releases for which it speaks."""

    device: str
    versions: str  # ``1.4 to 1.13``
    first: int
    last: int
    part: bool  # not of all releases
    observation: Dict[str, Any]


def cases(life: Life, releases: List[str]) -> Iterator[Tuple[str, List[Held]]]:
    """The snapshots of a behaviour, with their entries in order; those that are the same throughout share one, under all their names."""
    together: List[Tuple[List[str], List[Held]]] = []
    for name, devices in life.record.items():
        held = [
            entry for device, chain in devices.items() for entry in _held(device, chain, releases)
        ]
        same = next((names for names, entries in together if entries == held), None)
        if same is None:
            together.append(([name], held))
        else:
            same.append(name)
    for names, held in together:
        yield ("" if names == ["observed"] else ", ".join(names)), held


def _held(device: str, chain: store.Chain, releases: List[str]) -> Iterator[Held]:
    lines = [line for line in chain if versions.is_line(line)]
    for line, following in zip(lines, [*lines[1:], None]):
        own = [
            place
            for place, release in enumerate(releases)
            if versions.key(line) <= versions.key(release)
            and (following is None or versions.key(release) < versions.key(following))
        ]
        if own:
            part = len(own) < len(releases) or device != DEVICE
            yield Held(
                device,
                _range(releases[own[0]], releases[own[-1]]),
                own[0],
                own[-1],
                part,
                chain[line],
            )


def _range(first: str, last: str) -> str:
    return first if first == last else f"{first} to {last}"
