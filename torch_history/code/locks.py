"""Locks: the one version of torch that a file pins, for callers that ask for one alone."""

from __future__ import annotations

from torch_history.code import pins
from torch_history.code.pins.ends import PINNED
from torch_history.code.pins.files import REMEDY, refused


def version(option: str, source: str) -> str:
    """The version of torch that a file pins, without its build: ``uv.lock`` -> ``2.5.1``.

    Raises HistoryError, which names the option, where it does not pin one version.
    """
    found = pins.asked(option, source)
    if len(found) == 1 and found[0].how == PINNED:
        return found[0].version
    several = ", ".join(one.words for one in found[:5])
    raise refused(f"{option} {source}", f"does not pin one version of torch: {several}: {REMEDY}")
