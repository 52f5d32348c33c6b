"""Query: what differs between two versions, answered from the records, the manifests and the tests' source."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Dict, List, NamedTuple, Optional, Sequence, Tuple

from torch_history import versions
from torch_history.catalogue import source as catalogue
from torch_history.catalogue.source import Behaviour, Change
from torch_history.errors import HistoryError
from torch_history.questions.kinds import KINDS, MIRRORED, admitted
from torch_history.records import manifests, store


class Side(NamedTuple):
    """One of the two versions: the recorded release that speaks for it, and whether it was run itself."""

    asked: str
    release: Optional[str]  # the recorded patch, None where nothing recorded is as old
    verified: bool
    neighbours: List[Optional[str]]  # the nearest recorded below and above, where it was not run


class Entry(NamedTuple):
    """An observation and the version from which it has been seen."""

    since: str
    observation: dict


class Case(NamedTuple):
    """One snapshot of a behaviour, on both sides."""

    name: str
    before: Entry
    after: Entry


class Difference(NamedTuple):
    """A behaviour whose applicable entries differ."""

    behaviour: Behaviour
    kind: str
    cases: List[Case]
    changes: List[Change]  # the annotated changes between the two versions
    doubt: Optional[str]  # why the difference may lie outside the two versions


class Unknown(NamedTuple):
    """A behaviour that one of the versions was not seen to have."""

    behaviour: str
    version: str
    reason: str


class Answer(NamedTuple):
    before: Side
    after: Side
    device: str
    differences: List[Difference]
    unknown: List[Unknown]
    returned: List[str]  # changed and changed back between the two versions
    compared: int


def side(known: Dict[str, dict], asked: str) -> Side:
    """What is recorded of a version. Raises HistoryError for a version outside the recorded range."""
    numbers, final = versions.parse(asked)
    if not known:
        raise HistoryError(
            "manifests: nothing is recorded yet on this device: run `torch-history record`"
        )
    exact = [name for name in known if versions.key(name)[: len(numbers)] == numbers]
    if exact and final:
        return Side(asked, exact[-1], True, [])
    below, above = manifests.neighbours(known, asked)
    if exact:  # a pre-release of a recorded release: held to it, but not run
        return Side(asked, exact[-1], False, [below, exact[-1]])
    if below is None or (above is None and numbers[:2] > versions.key(list(known)[-1])[:2]):
        first, last = versions.line(list(known)[0]), versions.line(list(known)[-1])
        raise HistoryError(
            f"version {asked!r} is not in the records, which run from {first} to {last}: "
            "see `torch-history versions`"
        )
    return Side(asked, below, False, [below, above])


def diff(
    root: Path,
    asked_before: str,
    asked_after: str,
    device: str = "cpu",
    kinds: Sequence[str] = (),
    apis: Sequence[str] = (),
    chapters: Sequence[str] = (),
) -> Answer:
    """What differs between two versions, silent changes first; narrowed to kinds, APIs (or what they contain) and chapters."""
    known = manifests.read(root, device)
    before, after = side(known, asked_before), side(known, asked_after)
    chosen = select(catalogue.behaviours(root), apis, chapters)
    differences, unknown, returned = [], [], []
    for behaviour in chosen.values():
        record = store.read(store.path_of(root / "spec", behaviour.id))
        gaps = [
            Unknown(behaviour.id, one.asked, why)
            for one in (before, after)
            for why in [_why_unknown(known, one, behaviour.id)]
            if why
        ]
        if gaps:
            unknown.extend(gaps)
            continue
        difference, came_back = judged(behaviour, record, device, before, after)
        doubt = _doubt(record, device, before, after)
        if difference:
            if not kinds or difference.kind in kinds:
                differences.append(difference._replace(doubt=doubt and doubt.reason))
        elif doubt:
            unknown.append(doubt._replace(behaviour=behaviour.id))
        elif came_back:
            returned.append(behaviour.id)
    order = list(KINDS)
    differences.sort(key=lambda difference: order.index(difference.kind))
    return Answer(before, after, device, differences, unknown, returned, len(chosen))


def judged(
    behaviour: Behaviour, record: store.Record, device: str, before: Side, after: Side
) -> Tuple[Optional[Difference], bool]:
    """How one behaviour differs between two versions, both verified; and where it does not, whether it changed and changed back."""
    cases, came_back = _cases(record, device, before, after)
    if not cases:
        return None, came_back
    changes = between(behaviour.changes, before.asked, after.asked)
    kind = _kind(cases, changes, backwards=versions.key(before.asked) > versions.key(after.asked))
    return Difference(behaviour, kind, cases, changes, None), came_back


def select(
    known: Dict[str, Behaviour], apis: Sequence[str], chapters: Sequence[str]
) -> Dict[str, Behaviour]:
    """The behaviours of the given APIs and chapters. Raises HistoryError for one that there is not."""
    for chapter in chapters:
        _must_be(
            chapter,
            {behaviour.chapter for behaviour in known.values()},
            "--chapter",
            "no such chapter",
        )
    names = {api for behaviour in known.values() for api in behaviour.api}
    parents = {
        ".".join(parts[:length])
        for parts in (name.split(".") for name in names)
        for length in range(1, len(parts) + 1)
    }
    for api in apis:
        _must_be(api, parents, "--api", "no behaviour is about it")
    return {
        name: behaviour
        for name, behaviour in known.items()
        if (not chapters or behaviour.chapter in chapters)
        and (
            not apis
            or any(f"{about}.".startswith(f"{api}.") for about in behaviour.api for api in apis)
        )
    }


def find(known: Dict[str, Behaviour], behaviour: str) -> Behaviour:
    """The behaviour of an id. Raises HistoryError for one that there is not."""
    _must_be(behaviour, known, "ID", "no such behaviour")
    return known[behaviour]


def _must_be(value: str, allowed: object, option: str, what: str) -> None:
    if value not in allowed:
        close = difflib.get_close_matches(value, list(allowed), 1, 0.5)
        hint = f": did you mean {close[0]}?" if close else ": see `torch-history list`"
        raise HistoryError(f"{option} {value!r}: {what}{hint}")


def _why_unknown(known: Dict[str, dict], one: Side, behaviour: str) -> Optional[str]:
    manifest = known[one.release]
    if behaviour in manifest["verified"]:
        return None
    return manifest["unknown"].get(behaviour, f"not recorded on {one.release}")


def _cases(record: store.Record, device: str, before: Side, after: Side) -> tuple:
    """The snapshots that differ, and whether one changed and changed back."""
    cases, came_back = [], False
    for name, devices in record.items():
        entries = []
        for one in (before, after):
            chain = store.chain_for(devices, device, one.asked)
            since = versions.holding(chain, one.asked)
            entries.append(Entry(since, chain[since]) if since else None)
        left, right = entries
        if left is None or right is None or left.since == right.since:
            continue
        if left.observation == right.observation:
            came_back = True
        else:
            cases.append(Case(name, left, right))
    return cases, came_back


def between(changes: List[Change], one: str, other: str) -> List[Change]:
    """The changes after the older of two versions, up to and including the newer."""
    low, high = sorted((versions.key(one), versions.key(other)))
    return [change for change in changes if low < versions.key(change.version) <= high]


def _kind(cases: List[Case], changes: List[Change], backwards: bool) -> str:
    """The annotated kind where the observations admit it, else the likeliest; the most harmful of all cases."""
    annotated = [
        MIRRORED.get(change.kind, change.kind) if backwards else change.kind for change in changes
    ]
    found = set()
    for case in cases:
        possible = admitted(case.before.observation, case.after.observation)
        found.add(next((kind for kind in annotated if kind in possible), possible[0]))
    return min(found, key=list(KINDS).index)


def _doubt(record: store.Record, device: str, before: Side, after: Side) -> Optional[Unknown]:
    """Which of the two versions was not run, while its neighbours differ."""
    for one in (before, after):
        if one.verified or one.neighbours[1] is None:
            continue
        below, above = (versions.line(name) for name in one.neighbours)
        for devices in record.values():
            chain = store.chain_for(devices, device, above)
            if versions.holding(chain, below) != versions.holding(chain, above):
                return Unknown(
                    "", one.asked, f"{one.asked} was not run, and {below} and {above} differ"
                )
    return None
