"""Query: what differs between two versions, answered from the index."""

from __future__ import annotations

import functools
from typing import Any, Callable, Collection, Dict, List, NamedTuple, Optional, Sequence, Set, Tuple

import msgspec
from msgspec import Raw

from torch_history import versions
from torch_history.catalogue.behaviour import Behaviour, Change
from torch_history.catalogue.index import Environment, Index, Record
from torch_history.catalogue.kinds import Kind, admitted
from torch_history.errors import HistoryError
from torch_history.observing.words import Observed
from torch_history.questions import naming
from torch_history.records import manifests, store


class Side(NamedTuple):
    """One of the two versions: the recorded release that stands for it, and whether it was run."""

    asked: str
    release: str  # the recorded patch
    verified: bool
    neighbours: List[Optional[str]]  # the nearest recorded below and above, where it was not run


class Entry:
    """An observation, and the version from which it has been seen."""

    def __init__(self, since: str, raw: Raw):
        # msgspec compares Raws by identity, not by their text.
        self.since, self.raw = since, bytes(raw)

    @functools.cached_property
    def observation(self) -> Observed:
        """The observation as its JSON, with its digest."""
        decoded: Dict[str, Any] = msgspec.json.decode(self.raw)
        return decoded

    def agrees(self, other: Entry) -> bool:
        """Whether both are the same observation, to the letter."""
        # Entering a run gives equal observations equal text, so nothing needs to be parsed here.
        return self.raw == other.raw


class Case(NamedTuple):
    """One case of a behaviour, on both sides, and what kinds of difference it shows."""

    name: str
    before: Entry
    after: Entry
    kinds: List[Kind]  # the most harmful first


class Difference(NamedTuple):
    """A behaviour of which cases differ."""

    behaviour: Behaviour
    kind: Kind  # the most harmful one of its cases
    cases: List[Case]  # the most harmful first
    changes: List[Change]  # the annotated changes between the two versions
    doubt: Optional[str]  # why the difference may lie outside the two versions


class Unknown(NamedTuple):
    """A behaviour that was not observed on one of the versions."""

    behaviour: str
    version: str
    reason: str


class Answer(NamedTuple):
    """What differs between two versions on one device."""

    before: Side
    after: Side
    device: str
    differences: List[Difference]  # the most harmful kinds first
    unknown: List[Unknown]
    returned: List[str]  # changed and changed back between the two versions
    compared: int
    returned_apis: Dict[str, List[str]] = {}  # noqa: RUF012  # those of `returned`
    apis: Tuple[str, ...] = ()  # what it was narrowed to

    @property
    def backwards(self) -> bool:
        """Whether the second version is the older one."""
        return versions.key(self.before.asked) > versions.key(self.after.asked)


def side(known: Dict[str, Environment], asked: str) -> Side:
    """What is recorded of a version. Raises HistoryError for one outside the recorded range."""
    numbers, final = versions.parse(asked)
    if not known:
        raise HistoryError(
            "manifests: nothing is recorded yet on this device: run `torch-history record`"
        )
    exact = [name for name in known if versions.key(name)[: len(numbers)] == numbers]
    if exact and final:
        return Side(asked, exact[-1], True, [])
    below, above = manifests.neighbours(known, asked)
    if exact:  # a pre-release of a recorded release: compared with it, but not run
        return Side(asked, exact[-1], False, [below, exact[-1]])
    releases = list(known)
    # A newer patch of the newest line is answered from that line; a newer line was never seen.
    newer = above is None and numbers[:2] > versions.key(releases[-1])[:2]
    if below is None or newer:
        first, last = versions.line(releases[0]), versions.line(releases[-1])
        raise HistoryError(
            f"version {asked!r} is not in the records, which run from {first} to {last}: "
            "see `torch-history versions`"
        )
    return Side(asked, below, False, [below, above])


def diff(
    index: Index,
    asked_before: str,
    asked_after: str,
    device: str = "cpu",
    kinds: Collection[Kind] = (),
    apis: Sequence[str] = (),
    chapters: Sequence[str] = (),
    surface: Callable[[str], bool] = lambda name: False,
) -> Answer:
    """What differs between two versions, the most harmful kinds first.

    It may be narrowed to kinds, to APIs (or what they contain), and to chapters. Raises
    HistoryError for an unknown version, API or chapter. ``surface`` says which other names are
    recorded, though no behaviour is about them.
    """
    known = index.on(device)
    before, after = side(known, asked_before), side(known, asked_after)
    chosen = select(index.known(), apis, chapters, surface)
    differences: List[Difference] = []
    unknown: List[Unknown] = []
    returned: List[str] = []
    for behaviour in chosen.values():
        gaps = [
            Unknown(behaviour.id, one.asked, known[one.release].unknown[behaviour.id])
            for one in (before, after)
            if behaviour.id in known[one.release].unknown
        ]
        # What was not observed is unknown, even where the entries on both sides are equal.
        if gaps:
            unknown.extend(gaps)
            continue
        record = index.record(behaviour.id)
        difference, came_back = judged(behaviour, record, device, before, after, kinds)
        doubt = _doubt(record, device, before, after)
        if difference:
            if difference.cases:
                differences.append(difference._replace(doubt=doubt and doubt.reason))
        # The version that was not run may differ all the same: unknown is not unchanged.
        elif doubt:
            unknown.append(doubt._replace(behaviour=behaviour.id))
        elif came_back:
            returned.append(behaviour.id)
    differences.sort(key=lambda difference: difference.kind.rank)
    apis_of = {name: chosen[name].api for name in returned}
    return Answer(
        before,
        after,
        device,
        differences,
        unknown,
        returned,
        len(chosen),
        apis_of,
        tuple(apis),
    )


def judged(
    behaviour: Behaviour,
    record: Record,
    device: str,
    before: Side,
    after: Side,
    kinds: Collection[Kind] = (),
) -> Tuple[Optional[Difference], bool]:
    """How one behaviour differs between two versions on which it was observed.

    With ``kinds`` it has only the cases of these kinds, which may be none. The second item: whether
    it changed and changed back, if it does not differ.
    """
    pairs, came_back = _pairs(record, device, before, after)
    if not pairs:
        return None, came_back
    changes = between(behaviour.changes, before.asked, after.asked)
    undone = _undone(record, device, before, after)
    changes = [one for one in changes if one.version not in undone] or changes
    changes = [
        one
        for one in changes
        if one.kind is not Kind.WARNING or _lasts(one, record, device, before, after)
    ] or changes
    backwards = versions.key(before.asked) > versions.key(after.asked)
    annotated = {change.kind.mirror if backwards else change.kind for change in changes}
    cases = []
    for name, left, right in pairs:
        found = kinds_between(left.observation, right.observation, annotated, behaviour.signature)
        wanted = [kind for kind in found if not kinds or kind in kinds]
        if wanted:
            cases.append(Case(name, left, right, wanted))
    cases.sort(key=lambda case: case.kinds[0].rank)
    kind = cases[0].kinds[0] if cases else Kind.WORDING
    return Difference(behaviour, kind, cases, changes, None), came_back


def kinds_between(
    before: Observed, after: Observed, annotated: Collection[Kind], signature: bool
) -> List[Kind]:
    """The annotated kinds that two observations admit, the most harmful first, or the likeliest."""
    possible = admitted(before, after, signature)
    found = [kind for kind in Kind if kind in annotated and kind in possible]
    return found or possible[:1]


def select(
    known: Dict[str, Behaviour],
    apis: Sequence[str],
    chapters: Sequence[str],
    surface: Callable[[str], bool] = lambda name: False,
) -> Dict[str, Behaviour]:
    """The behaviours of these APIs and chapters. Raises HistoryError for one that has none."""
    there = dict.fromkeys(behaviour.chapter for behaviour in known.values())
    for chapter in chapters:
        _must_be(chapter, there, "--chapter", "no such chapter", f"choose from {', '.join(there)}")
    names = naming.apis(known.values())
    wanted: Set[str] = set()
    for api in apis:
        found = naming.named(names, api)
        if not (found or surface(api)):
            raise naming.not_covered("--api", api, f"no behaviour is about {api}", names)
        wanted.update(found)
    return {
        name: behaviour
        for name, behaviour in known.items()
        if (not chapters or behaviour.chapter in chapters)
        and (not apis or wanted.intersection(behaviour.api))
    }


def find(known: Dict[str, Behaviour], behaviour: str) -> Behaviour:
    """The behaviour of an id, or of a former one. Raises HistoryError for an unknown id."""
    renamed = {former: one.id for one in known.values() for former in one.former}
    present = behaviour if behaviour in known else renamed.get(behaviour, behaviour)
    _must_be(present, known, "ID", "no such behaviour", "see `torch-history list`")
    return known[present]


def _must_be(value: str, allowed: Collection[str], option: str, what: str, else_: str) -> None:
    if value not in allowed:
        meant = naming.misspelt(value, allowed)
        hint = f"did you mean {meant}?" if meant else else_
        raise HistoryError(f"{option} {value!r}: {what}: {hint}")


def _pairs(
    record: Record, device: str, before: Side, after: Side
) -> Tuple[List[Tuple[str, Entry, Entry]], bool]:
    """The cases that differ, and whether one changed and changed back."""
    pairs, came_back = [], False
    for name, devices in record.items():
        if len(devices) == 1 and all(len(chain) == 1 for chain in devices.values()):
            continue  # it never changed
        left, right = (entry(devices, device, one.asked) for one in (before, after))
        # The same `since` is the same entry.
        if left is None or right is None or left.since == right.since:
            continue
        if left.agrees(right):
            came_back = True
        else:
            pairs.append((name, left, right))
    return pairs, came_back


def _lasts(change: Change, record: Record, device: str, before: Side, after: Side) -> bool:
    """Whether a warning that came at a release is still there in the end, or was there before.

    Between 1.13 and 2.15, one that came at 2.4 and went at 2.5 is of no interest.
    """
    old, new = sorted((before.asked, after.asked), key=versions.key)
    found = False
    for devices in record.values():
        chain = store.chain_for(devices, device, new)
        step = next((pair for pair in store.steps(chain) if pair[1] == change.version), None)
        first, last = versions.holding(chain, old), versions.holding(chain, new)
        if step is None or first is None or last is None:
            continue
        found = True
        was, now, start, end = (_warned(Entry(one, chain[one])) for one in (*step, first, last))
        if (now - was) & end or (was - now) & start:
            return True
    return not found


def _warned(entry: Entry) -> Set[str]:
    """The warnings of an observation, by how they begin: releases word the rest differently."""
    return {one["message"][:20] for one in entry.observation.get("warned", ())}


def _undone(record: Record, device: str, before: Side, after: Side) -> Set[str]:
    """The releases between the two whose changes another one between them took back, in each case.

    Where 2.6, 2.14 and 2.15 did A, B and A again, 2.14 and 2.15 changed nothing in the end.
    """
    low, high = sorted((before.asked, after.asked), key=versions.key)
    undone: Set[str] = set()
    standing: Set[str] = set()
    chains = [store.chain_for(devices, device, high) for devices in record.values()]
    if all(len(chain) < 3 for chain in chains):  # what changed once is not taken back
        return undone
    for chain in chains:
        since = versions.holding(chain, low)
        path = [(since, bytes(chain[since]) if since else b"")]
        for version in (one for one in chain if _lies_between(one, low, high)):
            raw = bytes(chain[version])
            seen = next((place for place, (_, old) in enumerate(path) if old == raw), None)
            if seen is None:
                path.append((version, raw))
            else:
                undone.update([version, *(one for one, _ in path[seen + 1 :] if one)])
                del path[seen + 1 :]
        standing.update(one for one, _ in path[1:] if one)
    return undone - standing


def _lies_between(version: str, low: str, high: str) -> bool:
    """Whether a minor line lies after the older of two versions, up to the newer."""
    line = versions.is_line(version)
    return line and versions.key(low) < versions.key(version) <= versions.key(high)


def entry(devices: Dict[str, Dict[str, Raw]], device: str, version: str) -> Optional[Entry]:
    """The entry that applies to a version on a device, or None."""
    chain = store.chain_for(devices, device, version)
    since = versions.holding(chain, version)
    return Entry(since, chain[since]) if since else None


def between(changes: List[Change], one: str, other: str) -> List[Change]:
    """The changes after the older of two versions, up to and including the newer."""
    low, high = sorted((versions.key(one), versions.key(other)))
    return [change for change in changes if low < versions.key(change.version) <= high]


def _doubt(record: Record, device: str, before: Side, after: Side) -> Optional[Unknown]:
    """Which of the two versions was not run, while its neighbours differ."""
    for one in (before, after):
        if one.verified or one.neighbours[0] is None or one.neighbours[1] is None:
            continue
        below, above = versions.line(one.neighbours[0]), versions.line(one.neighbours[1])
        for devices in record.values():
            # Where both neighbours rely on one entry, the version between is taken to do the same.
            chain = store.chain_for(devices, device, above)
            if versions.holding(chain, below) != versions.holding(chain, above):
                reason = f"{one.asked} was not run, and {below} and {above} differ"
                return Unknown("", one.asked, reason)
    return None
