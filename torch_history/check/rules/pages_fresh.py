"""The generated pages are as the records and tests are now."""

from __future__ import annotations

from typing import Callable, Dict, Iterator

from torch_history.check.tree import Tree
from torch_history.publish import claims as claims_page
from torch_history.publish import differences


def faults(tree: Tree) -> Iterator[str]:
    """Pages that are to be written again."""
    from torch_history.bench import page as benchmarks

    pages: Dict[str, Callable[[], str]] = {
        claims_page.NAME: lambda: claims_page.page(tree.index),
        differences.NAME: lambda: differences.page(tree.index),
        benchmarks.NAME: lambda: benchmarks.page(tree.root),
    }
    for name, page in pages.items():
        path = tree.root / name
        if path.exists() and path.read_text(encoding="utf-8") != page():
            command = f"torch-history {path.stem.lower()} --write"
            yield f"{path}: not as the records and tests are now: run `{command}`"
