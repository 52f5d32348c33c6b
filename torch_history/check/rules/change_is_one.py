"""A marker tells one change: what changed together has a marker, and a cause, for each part."""

from __future__ import annotations

from typing import Iterator

from torch_history.check.tree import Tree, place_of


def faults(tree: Tree) -> Iterator[str]:
    """Markers whose words join several changes."""
    for behaviour in tree.behaviours.values():
        for change in behaviour.changes:
            if ";" in change.text:
                yield (
                    f"{place_of(behaviour)}: the change at {change.version} joins several by ';': "
                    "write a marker for each"
                )
