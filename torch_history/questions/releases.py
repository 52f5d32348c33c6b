"""Releases: what is recorded of each."""

from __future__ import annotations

from pathlib import Path
from typing import Dict, List, NamedTuple, Optional

from torch_history import versions
from torch_history.catalogue.index import Index


class Row(NamedTuple):
    """What is recorded of one release on one device, or why it is unknown."""

    release: str
    verified: int
    unknown: Dict[str, str]  # behaviour -> why
    build: Optional[str]
    python: Optional[str]
    reason: Optional[str]  # why nothing is recorded


def overview(index: Index, device: str, runs: Path) -> List[Row]:
    """Each release of the matrix, and each patch recorded beside it, ascending.

    ``runs`` is the folder where a failed recording leaves its reason.
    """
    known = index.on(device)
    rows = []
    for patch in sorted({*index.releases.values(), *known}, key=versions.key):
        one = known.get(patch)
        if one is None:
            failure = runs / f"{patch}-{device}.failure"
            reason = failure.read_text(encoding="utf-8") if failure.is_file() else "not recorded"
            rows.append(Row(patch, 0, {}, None, None, reason))
        else:
            verified = len(index.behaviours) - len(one.unknown)
            rows.append(Row(patch, verified, one.unknown, one.build, one.python, None))
    return rows
