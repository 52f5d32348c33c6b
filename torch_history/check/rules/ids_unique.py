"""A former id leads to one behaviour, and is no present id."""

from __future__ import annotations

from typing import Dict, Iterator

from torch_history.check.tree import Tree, place_of


def faults(tree: Tree) -> Iterator[str]:
    """Former ids that lead to two behaviours."""
    holders: Dict[str, str] = {name: name for name in tree.behaviours}
    for behaviour, state in tree.recorded():
        for former in state.record.former:
            holder = holders.setdefault(former, behaviour.id)
            if holder != behaviour.id:
                here = place_of(behaviour)
                yield f"{here}: its former id {former} belongs to {holder}: rename {holder}"
