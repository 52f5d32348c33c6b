"""Made: what the index keeps because it takes long: the changes at each release, and more."""

from __future__ import annotations

from typing import Dict, Iterator, List

from torch_history.surface import aliases
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


def elsewhere(told: Chains) -> Iterator[str]:
    """The public paths that were aliases, or are members of a base, where they have no entry."""
    lines = list(told.index.releases)
    before = dict(zip(lines[1:], lines))
    libraries = {line: Library(told, line) for line in lines}
    were_aliases = aliases.ever(told.index.aliases)
    for path in told.index.names:
        chain = told.of(path)
        unseen = {line for line, kept in chain.items() if kept is None}
        unseen |= {before[line] for line in [*chain][:1] if line in before}
        found = (libraries[line].find(path) for line in unseen if line in libraries)
        if path in were_aliases or any(one is not None for one in found):
            yield path
