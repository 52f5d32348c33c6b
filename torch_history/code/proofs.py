"""Proofs: whether the records show that a rewritten call does what the call did before.

``check`` compares the behaviour that takes an advice with what was observed before the change. Here
both ends are asked about: the older version did that too, and the newer version still does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, List, Optional, Tuple

from torch_history import versions
from torch_history.questions import query
from torch_history.records import store

if TYPE_CHECKING:
    from torch_history.catalogue.behaviour import Behaviour, Change
    from torch_history.catalogue.index import Index

DEVICE = "cpu"


def fault(
    index: Index, behaviour: Behaviour, change: Change, before: str, after: str
) -> Optional[str]:
    """Why the rewrite of a change is not proved between two versions; None where it is."""
    proof = index.record(change.restored_by or "")
    if not proof:
        return "no recorded behaviour proves it"
    compared = 0
    for case, devices in index.record(behaviour.id).items():
        chain = store.chain_for(devices, DEVICE, after)
        former = _former(list(chain), change.version)
        then = query.entry(devices, DEVICE, change.version)
        if former is None or then is None or then.since != change.version:
            continue  # the change is not about this case
        if not _same(query.entry(devices, DEVICE, before), query.Entry(former, chain[former])):
            return f"{behaviour.id} changed before {change.version} too"
        form = proof.get(case) or proof.get(store.OBSERVED) or {}
        sides = [query.entry(form, DEVICE, one) for one in (change.version, after)]
        if not _same(*sides):
            return f"{change.restored_by} does something else under {after}"
        compared += 1
    return None if compared else f"{change.restored_by} does not prove it under {after}"


def _former(lines: List[str], version: str) -> Optional[str]:
    """The entry before the one of a version."""
    older = [
        one for one in lines if versions.is_line(one) and versions.key(one) < versions.key(version)
    ]
    return max(older, key=versions.key, default=None)


def _same(one: Optional[query.Entry], other: Optional[query.Entry]) -> bool:
    """Whether two entries are the same observation, but for their warnings."""
    if one is None or other is None:
        return False
    return one.since == other.since or _without_warnings(one) == _without_warnings(other)


def _without_warnings(entry: query.Entry) -> Dict[str, Any]:
    seen: Tuple[str, ...] = ("warned", "digest")
    return {part: value for part, value in entry.observation.items() if part not in seen}
