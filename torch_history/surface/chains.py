"""Chains: what each release had, an entry only where it changed.

A chain is ``{"1.4": entry, "2.0": entry, "2.7": None}``: each entry holds until the next one, and
None says that nothing is there any more.
"""

from __future__ import annotations

from typing import Dict, Iterator, List, Mapping, Optional, Sequence, Tuple, TypeVar

from torch_history import versions

Entry = TypeVar("Entry")


def at(chain: Mapping[str, Optional[Entry]], version: str) -> Optional[Entry]:
    """The entry that holds at a version; None where there is nothing."""
    since = versions.holding(chain, version)
    return None if since is None else chain[since]


def entered(
    chain: Dict[str, Optional[Entry]], seen: Sequence[str], line: str, entry: Optional[Entry]
) -> Dict[str, Optional[Entry]]:
    """The chain with what one release had. ``seen`` are the lines surveyed, with this one."""
    if at(chain, line) == entry:
        return chain
    held = {one: at(chain, one) for one in seen}
    held[line] = entry
    return dict(_changes(held))


def _changes(held: Mapping[str, Optional[Entry]]) -> Iterator[Tuple[str, Optional[Entry]]]:
    before: Optional[Entry] = None
    for line in sorted(held, key=versions.key):
        if held[line] != before:
            before = held[line]
            yield line, before


def steps(
    chain: Mapping[str, Optional[Entry]], low: str, high: str
) -> List[Tuple[str, Optional[Entry], Optional[Entry]]]:
    """The changes after one version, up to and with another: line, before, after."""
    ordered = sorted(chain, key=versions.key)
    found: List[Tuple[str, Optional[Entry], Optional[Entry]]] = []
    before: Optional[Entry] = None
    for line in ordered:
        if versions.key(low) < versions.key(line) <= versions.key(high):
            found.append((line, before, chain[line]))
        before = chain[line]
    return found
