"""A record was made from its test as it is now."""

from __future__ import annotations

from typing import Iterator

from torch_history.check.tree import Tree, place_of


def faults(tree: Tree) -> Iterator[str]:
    """Behaviours whose test, or what it reaches, changed after the recording."""
    for name, state in tree.states.items():
        if state.stale:
            here = place_of(tree.behaviours[name])
            yield (
                f"{here}: its test, or what that reaches, changed after the recording: "
                f"run `torch-history record {name}`"
            )
