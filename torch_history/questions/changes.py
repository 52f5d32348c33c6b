"""Changes: every annotated change, its cause, where arithmetic moved, and what is not known."""

from __future__ import annotations

from typing import Collection, Dict, Iterable, List, NamedTuple, Optional, Sequence, Tuple

from torch_history import versions
from torch_history.catalogue.behaviour import Behaviour, Change
from torch_history.catalogue.index import Environment, Index, Record
from torch_history.observing import words
from torch_history.questions.query import Case, Entry, kinds_between
from torch_history.records import store


class Event(NamedTuple):
    """One behaviour's change at one release."""

    behaviour: Behaviour
    change: Change
    cases: List[Case]  # those that changed so


class Causes(NamedTuple):
    """How many causes are known and probable, and the behaviours whose cause is not known."""

    known: int
    probable: int
    unknown: Dict[str, List[Behaviour]]  # by the release at which they changed


def events(index: Index) -> List[Event]:
    """Every annotated change that the records hold for the cpu, in the order of ``changes``."""
    return [
        Event(behaviour, change, _cases(index.record(behaviour.id), behaviour, change))
        for behaviour, change in changes(index.behaviours)
    ]


def changes(behaviours: Iterable[Behaviour]) -> List[Tuple[Behaviour, Change]]:
    """Every annotated change with its behaviour, by release, the most harmful kinds first."""
    return sorted(
        ((behaviour, change) for behaviour in behaviours for change in behaviour.changes),
        key=lambda pair: (versions.key(pair[1].version), pair[1].kind.rank),
    )


def causes(all_changes: Sequence[Tuple[Behaviour, Change]]) -> Causes:
    """The causes of changes, in their order."""
    unknown: Dict[str, List[Behaviour]] = {}
    for behaviour, change in all_changes:
        if not change.cause:
            unknown.setdefault(change.version, []).append(behaviour)
    told = [change for _, change in all_changes if change.cause]
    probable = sum(change.probable for change in told)
    return Causes(len(told) - probable, probable, unknown)


def _cases(record: Record, behaviour: Behaviour, change: Change) -> List[Case]:
    """Each case that changed at a version as the marker says; all that changed if none did so."""
    found = []
    annotated = [one.kind for one in behaviour.changes if one.version == change.version]
    for name, devices in record.items():
        chain = devices.get("cpu", {})
        for earlier, version in store.steps(chain):
            if version == change.version:
                before, after = Entry(earlier, chain[earlier]), Entry(version, chain[version])
                kinds = kinds_between(
                    before.observation, after.observation, annotated, behaviour.signature
                )
                found.append(Case(name, before, after, kinds))
    return [case for case in found if change.kind in case.kinds] or found


def drift(environments: Collection[Environment]) -> Dict[str, List[Optional[int]]]:
    """The behaviours whose distance from their entry is not the same on every release.

    For each, the distance in ULP release by release; None where it was not observed.
    """
    moved: Dict[str, List[Optional[int]]] = {}
    for behaviour in sorted({name for one in environments for name in one.distances}):
        steps = [
            # No distance is stored where it is 0, so only `unknown` tells the two apart.
            None if behaviour in one.unknown else one.distances.get(behaviour, 0)
            for one in environments
        ]
        if len(set(steps) - {None}) > 1:
            moved[behaviour] = steps
    return moved


def unverified(index: Index, device: str = "cpu") -> List[str]:
    """What the records do not know, a line each."""
    return [*unrecorded(index, device), *_unobserved(index, device), *limits(index, device)]


def unrecorded(index: Index, device: str = "cpu") -> List[str]:
    """The releases that are not recorded, a line each."""
    recorded = {one.line for one in index.on(device).values()}
    return [f"torch {line}: not recorded" for line in index.releases if line not in recorded]


def _unobserved(index: Index, device: str) -> List[str]:
    """The behaviours that were not observed, a line for each and release."""
    faulty = {one.id: one.fault for one in index.behaviours if one.fault}
    lines = [f"`{name}`, on every release: {fault}" for name, fault in faulty.items()]
    for release, one in index.on(device).items():
        for behaviour, why in one.unknown.items():
            if behaviour not in faulty:
                lines.append(f"torch {release}: `{behaviour}`: {words.short(why, 200)}")
    return lines


def limits(index: Index, device: str = "cpu") -> List[str]:
    """The environments and subjects that nothing is recorded of, a line each."""
    environments = index.on(device)
    lines = []
    if {one.device for one in index.environments} <= {"cpu"}:
        lines.append("any device but the CPU: CUDA is unknown on every release")
    platforms = sorted({one.platform for one in environments.values()})
    pythons = sorted({one.python for one in environments.values()}, key=_numbers)
    capabilities = sorted({one.cpu_capability for one in environments.values()})
    lines.append(
        f"any platform but {', '.join(platforms)}; any Python but {', '.join(pythons)}; "
        f"any CPU capability but {', '.join(capabilities)}"
    )
    lines.append("patch releases but those recorded: " + ", ".join(environments))
    lines.append(
        "what no behaviour is about: the specification covers the subjects of its chapters, "
        "not all of torch"
    )
    return lines


def _numbers(version: str) -> List[int]:
    return [int(part) for part in version.split(".") if part.isdigit()]
