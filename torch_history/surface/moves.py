"""Moves: the names that went at a release, and the names under which they are found now."""

from __future__ import annotations

from typing import Dict

from torch_history import versions
from torch_history.surface.entry import Entry, read
from torch_history.surface.files import Chain
from torch_history.surface.library import Chains, Library
from torch_history.surface.renames import Rename, renames


def moves(told: Chains) -> Dict[str, Dict[str, Rename]]:
    """The moves of each line: path -> where it is now."""
    lines = list(told.index.releases)
    return {line: _at(told, before, line) for before, line in zip(lines, lines[1:])}


def _at(told: Chains, low: str, line: str) -> Dict[str, Rename]:
    before, after = Library(told, low), Library(told, line)
    gone: Dict[str, Entry] = {}
    came: Dict[str, Entry] = {}
    stayed: Dict[str, Entry] = {}
    for path in told.index.changes.get(line, ()):
        chain = told.of(path)
        new = read(chain[line])
        old = _before(chain, line)
        if old is not None and new is not None:
            stayed[path] = new
        elif old is not None:
            gone[path] = old
        elif new is not None:
            came[path] = new
    return renames(gone, came, before.all_aliases(), after.all_aliases(), stayed)


def _before(chain: Chain, line: str) -> Entry | None:
    earlier = [one for one in chain if versions.key(one) < versions.key(line)]
    return read(chain[max(earlier, key=versions.key)]) if earlier else None
