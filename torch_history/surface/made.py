"""Made: the changes at each release, kept in the index, since most answers need only these."""

from __future__ import annotations

from typing import Dict, List

from torch_history.surface.differences import between
from torch_history.surface.entry import read
from torch_history.surface.library import Chains, Library
from torch_history.surface.what import Change


def made(told: Chains) -> Dict[str, Dict[str, List[Change]]]:
    """Line -> path -> what changed there, of names that were there before and after."""
    found: Dict[str, Dict[str, List[Change]]] = {}
    libraries = {line: Library(told, line) for line in told.index.releases}
    for path in told.index.names:
        before = None
        for line, kept in told.of(path).items():
            after = read(kept)
            if before is not None and after is not None and line in libraries:
                found.setdefault(line, {})[path] = between(before, after, libraries[line])
            before = after
    return found
