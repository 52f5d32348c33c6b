"""Chains: what each release had, an entry only where it changed.

A chain is ``{"1.4": entry, "2.0": entry, "2.7": None}``: each entry holds until the next one, and
None says that nothing is there any more.
"""

from __future__ import annotations

from typing import Any, Dict, Iterator, Mapping, Optional, Sequence, Tuple, TypeVar

from torch_history import versions

Entry = TypeVar("Entry")  # None is one too


def at(chain: Mapping[str, Entry], version: str) -> Optional[Entry]:
    """The entry that holds at a version; None where there is nothing."""
    since = versions.holding(chain, version)
    return None if since is None else chain[since]


def entered(
    chain: Dict[str, Entry], known: Sequence[str], line: str, entry: Entry
) -> Dict[str, Entry]:
    """The chain with what one release had.

    ``known`` are the releases of which one knows what they had. If ``line`` is not one of them, the
    chain says nothing of it.
    """
    same = at(chain, line) == entry if line in known else line not in chain
    if same:
        return chain
    held: Dict[str, Any] = {one: at(chain, one) for one in known}
    if line in known:
        held[line] = entry
    return dict(_changes(held))


def normal(chain: Mapping[str, Entry]) -> Dict[str, Entry]:
    """The chain in order, without entries that say the same as those before them."""
    return dict(_changes(chain))


def _changes(held: Mapping[str, Any]) -> Iterator[Tuple[str, Any]]:
    before = None
    for line in sorted(held, key=versions.key):
        if held[line] != before:
            before = held[line]
            yield line, before
