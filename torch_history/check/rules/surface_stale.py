"""The surface of every release was surveyed, by the code as it is now."""

from __future__ import annotations

from typing import Iterator, List

from torch_history.catalogue import releases
from torch_history.check.tree import Tree, several
from torch_history.surface import files
from torch_history.surface.digest import digest


def faults(tree: Tree) -> Iterator[str]:
    """Releases of tox.ini without a survey, or with one by other code."""
    if tree.surface is None or releases.library(tree.root) != "torch":
        return  # damaged, which another rule tells; or about a library that is not surveyed
    missing: List[str] = []
    stale: List[str] = []
    for line, release in releases.releases(tree.root).items():
        known = tree.surface.releases.get(line)
        if known is None:
            missing.append(line)
        elif known.source != digest() or known.release != release.patch:
            stale.append(line)
    where = tree.root / files.FOLDER / files.RELEASES
    for lines, why in (
        (missing, "not surveyed"),
        (stale, "surveyed by other code than this checkout's, or another patch"),
    ):
        if lines:
            asked = f" {lines[0]}" if len(lines) == 1 else ""
            yield f"{where}: {several(lines)}: {why}: run `torch-history record --surface{asked}`"
