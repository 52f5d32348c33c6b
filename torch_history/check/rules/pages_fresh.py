"""The generated documents are as the records and tests are now."""

from __future__ import annotations

from typing import Iterator

from torch_history.check.pages import State, states, written
from torch_history.check.tree import Tree

_FAULTS = {
    State.STALE: "not as the records and tests are now",
    State.MISSING: "no such file",
    State.LEFT: "the page of a release that is not recorded",
}


def faults(tree: Tree) -> Iterator[str]:
    """Documents that are to be written again."""
    # A project that only records has no documents.
    if not (tree.root / "docs").is_dir():
        return
    for name, state in states(tree.root, written(tree.root, tree.index)):
        if state is not State.FRESH:
            yield f"{tree.root / name}: {_FAULTS[state]}: run `torch-history docs --write`"
