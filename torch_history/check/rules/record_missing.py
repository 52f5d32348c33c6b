"""Every behaviour has a record."""

from __future__ import annotations

from typing import Iterator

from torch_history.check.tree import Tree, place_of


def faults(tree: Tree) -> Iterator[str]:
    """Behaviours without a record."""
    for name, state in tree.states.items():
        if not state.record.source and not state.damage:
            here = place_of(tree.behaviours[name])
            yield f"{here}: has no record: run `torch-history record {name}`"
