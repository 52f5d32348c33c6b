"""A record belongs to a test."""

from __future__ import annotations

from typing import Iterator

from torch_history.check.tree import Tree
from torch_history.errors import HistoryError
from torch_history.records import store


def faults(tree: Tree) -> Iterator[str]:
    """Records whose test is gone; where its source is that of a new test, it was renamed."""
    new = {state.source: name for name, state in tree.states.items() if not state.record.source}
    for path in store.all_paths(tree.root / "spec"):
        name = store.behaviour_of(path)
        if name in tree.behaviours:
            continue
        try:
            renamed = new.get(store.read(path).source)
        except HistoryError:  # `record_form` names it
            renamed = None
        if renamed:
            yield f"{path}: its test was renamed: run `torch-history rename {name} {renamed}`"
        else:
            yield (
                f"{path}: belongs to no test: `git rm` the file, or, where the test was renamed, "
                f"run `torch-history rename {name} NEW`"
            )
