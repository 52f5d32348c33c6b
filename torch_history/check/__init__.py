"""The check of the repository: metadata, records, manifests and pages."""

from __future__ import annotations

from pathlib import Path
from typing import List, NamedTuple

from torch_history.check.rules import RULES, WHERE_NO_FAULT
from torch_history.check.tree import Tree


class Checked(NamedTuple):
    """The result of a check."""

    faults: List[str]
    behaviours: int
    manifests: int


def check(root: Path) -> Checked:
    """Every fault that a rule finds. Each names the file and the remedy."""
    tree = Tree(root)
    faults = [fault for rule in RULES for fault in rule(tree)]
    if not faults:  # a page made from damaged records means nothing
        faults = [fault for rule in WHERE_NO_FAULT for fault in rule(tree)]
    told = [fault.replace(f"{root}/", "") for fault in faults]
    return Checked(told, len(tree.behaviours), len(tree.manifests))
