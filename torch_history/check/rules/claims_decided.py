"""The verdict on each claim of an article agrees with the behaviours that decide it."""

from __future__ import annotations

from typing import Iterator

from torch_history.catalogue import claims as registers
from torch_history.catalogue import releases
from torch_history.check.tree import Tree
from torch_history.questions import claims


def faults(tree: Tree) -> Iterator[str]:
    """Claims that no behaviour decides or that the changes contradict."""
    lines = list(releases.releases(tree.root))
    yield from claims.faults(registers.read(tree.root), tree.behaviours, lines)
