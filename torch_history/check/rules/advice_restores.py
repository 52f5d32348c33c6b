"""Advice that is executed shows what torch did before the change.

A ``changed`` marker may name the behaviour that takes its advice (``restored_by``). From the
release of the change until the next one, that behaviour observes what this one did before.
"""

from __future__ import annotations

from typing import Iterator, Optional, Tuple

from torch_history import versions
from torch_history.catalogue.behaviour import Behaviour, Change
from torch_history.catalogue.kinds import admitted
from torch_history.check.tree import Tree, place_of
from torch_history.observing import compare, encode
from torch_history.observing.words import outcome, short
from torch_history.records import store
from torch_history.records.runs import holding
from torch_history.records.store import OBSERVED, Json, Record


def faults(tree: Tree) -> Iterator[str]:
    """Advice that does not restore what it is said to."""
    for behaviour, state in tree.recorded():
        for change in behaviour.changes:
            if change.restored_by is None or state.stale:
                continue
            here = f"{place_of(behaviour)}: the advice at {change.version}"
            other = tree.states.get(change.restored_by)
            if other is None:
                yield f"{here} names {change.restored_by}, which is no behaviour: correct the id"
            elif not other.fault:
                wrong = _differing(behaviour, change, state.record, other.record)
                if wrong:
                    yield f"{here}, executed by {change.restored_by}, {wrong}"


def _differing(
    behaviour: Behaviour, change: Change, record: Record, other: Record
) -> Optional[str]:
    """The first release on which the advice does not restore a case."""
    later = [
        one.version
        for one in behaviour.changes
        if versions.key(one.version) > versions.key(change.version)
    ]
    end = min(later, key=versions.key, default=None)
    releases = [
        release
        for release in other.seen.get("cpu", ())
        if versions.key(versions.line(release)) >= versions.key(change.version)
        and (end is None or versions.key(versions.line(release)) < versions.key(end))
    ]
    compared = 0
    for case, before in _before(behaviour, change, record):
        devices = other.timelines.get(case) or other.timelines.get(OBSERVED) or {}
        for release in releases:
            observed = holding(devices, "cpu", release)
            compared += observed is not None
            if observed is not None and not _same(before, observed):
                return (
                    f"does not restore {case}: {short(outcome(before), 80)} before, "
                    f"{short(outcome(observed), 80)} on {release}: correct the advice"
                )
    return None if compared else "is compared with nothing: give both the same cases, or one"


def _before(behaviour: Behaviour, change: Change, record: Record) -> Iterator[Tuple[str, Json]]:
    """Each case that a change is about, and its entry before."""
    for case, devices in record.timelines.items():
        chain = devices.get("cpu", {})
        for before, after in store.steps(chain):
            kinds = admitted(chain[before], chain[after], behaviour.signature)
            if after == change.version and change.kind in kinds:
                yield case, chain[before]


def _same(one: Json, other: Json) -> bool:
    """Whether two observations agree, but for their warnings."""
    first, second = (
        encode.load({name: value for name, value in side.items() if name != "warned"})
        for side in (one, other)
    )
    return compare.same(first, second)
