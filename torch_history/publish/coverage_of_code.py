"""Coverage of code: what is recorded of each name that source uses, as lines for a terminal."""

from __future__ import annotations

from typing import Iterator, Optional, Set

from torch_history.code.hits import Level
from torch_history.code.scan import Scan
from torch_history.publish.report import Code, covered_words, uncovered


def lines(found: Scan, surface: Optional[Set[str]]) -> Iterator[str]:
    """What is recorded of each name that source uses.

    ``surface`` are those without behaviours that the surface has; None where none is recorded.
    """
    names = found.names
    code = Code(found.files, Level.LIKELY, 0, found.accepted, names)
    for name, places in uncovered(code):
        more = f", {len(places) - 1} more" if len(places) > 1 else ""
        what = "" if surface is None else ": surface alone" if name in surface else ": neither"
        yield f"{name}{what} ({places[0]}{more})"
    if surface is not None:
        for name, count in sorted(names.covered.items(), key=lambda pair: (-pair[1], pair[0])):
            yield f"{name}: behaviours ({count} use{'s' * (count != 1)})"
    if surface is None or not names.uncovered:
        yield covered_words(code)
    else:
        yield _sums(found, surface)
    covered = sum(names.covered.values())
    uses = covered + sum(map(len, names.uncovered.values()))
    if uses:
        which = "of covered names" if surface is None else "of names with behaviours"
        yield f"{covered / uses:.0%} of the {uses} uses are {which}."


def _sums(found: Scan, surface: Set[str]) -> str:
    """How many names have behaviours, how many their surface alone, and how many neither."""
    names = found.names
    count, neither = len(names.covered), len(names.uncovered) - len(surface)
    total = count + len(names.uncovered)
    read = f"{found.files} file{'s' * (found.files != 1)}"
    return (
        f"Of the {total} names of torch used in {read}, {count} have behaviours, "
        f"{len(surface)} surface alone, {neither} neither."
    )
