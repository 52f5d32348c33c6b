"""Every chapter has an introduction, and lists its subjects in the order of understanding."""

from __future__ import annotations

from pathlib import Path
from typing import Dict, Iterator, List

from torch_history.catalogue import chapters
from torch_history.check.tree import Tree


def faults(tree: Tree) -> Iterator[str]:
    """Introductions that lack something, or name what is not there."""
    if not (tree.root / "spec" / "__init__.py").exists():
        return  # a specification without introductions has no order either
    there: Dict[str, List[str]] = {}
    for behaviour in tree.behaviours.values():
        subject = Path(behaviour.file).stem[len("test_") :]
        subjects = there.setdefault(behaviour.chapter, [])
        if subject not in subjects:
            subjects.append(subject)
    for file, fault in chapters.faults(tree.root, there):
        yield f"{file}: {fault}"
