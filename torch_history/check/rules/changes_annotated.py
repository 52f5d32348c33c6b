"""Every change in a record has a marker that fits, and every marker has a change."""

from __future__ import annotations

from typing import Dict, Iterator, List, Set, Tuple

from torch_history.catalogue.behaviour import Behaviour
from torch_history.catalogue.kinds import Kind, admitted
from torch_history.check.tree import Tree, place_of
from torch_history.records import store
from torch_history.records.store import Record


def faults(tree: Tree) -> Iterator[str]:
    """Changes without a marker, and markers that the record contradicts."""
    for behaviour, state in tree.recorded():
        if not state.stale:
            yield from _faults(behaviour, state.record)


def _faults(behaviour: Behaviour, record: Record) -> Iterator[str]:
    here = place_of(behaviour)
    changed: Dict[str, Set[Kind]] = {}
    cases: List[Tuple[str, str, List[Kind]]] = []
    for case, devices in record.timelines.items():
        for chain in devices.values():
            for before, after in store.steps(chain):
                kinds = admitted(chain[before], chain[after], behaviour.signature)
                changed.setdefault(after, set()).update(kinds)
                cases.append((case, after, kinds))
    marked = [change.version for change in behaviour.changes]
    for case, version, kinds in cases:
        markers = {change.kind for change in behaviour.changes if change.version == version}
        # Where a marker fits nothing that changed, that is told below.
        if markers and markers <= changed[version] and markers.isdisjoint(kinds):
            admits = " or ".join(kind.slug for kind in Kind if kind in kinds)
            yield f"{here}: no marker fits how {case!r} changed at {version}: add one of {admits}"
    for version in changed:
        if version not in marked:
            marker = f"@pytest.mark.changed({version!r}, ...)"
            yield f"{here}: what changed at {version} is not annotated: add {marker}"
    for change in behaviour.changes:
        if change.version not in changed:
            yield (
                f"{here}: nothing changed at {change.version} in the record: "
                "remove the marker, or record that release"
            )
        elif change.kind not in changed[change.version]:
            admits = " or ".join(kind.slug for kind in Kind if kind in changed[change.version])
            yield (
                f"{here}: the change at {change.version} is annotated {change.kind}, "
                f"but the record admits {admits}"
            )
