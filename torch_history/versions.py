"""Versions: minor lines (``2.5``), patches (``2.5.1``), and which one applies to another."""

from __future__ import annotations

import functools
import re
from typing import Iterable, Optional, Tuple

from torch_history.errors import HistoryError

_VERSION = re.compile(r"(\d+)\.(\d+)(?:\.(\d+))?(.*)")


@functools.lru_cache(maxsize=None)
def parse(text: str) -> Tuple[Tuple[int, ...], bool]:
    """The numbers of a version and whether it is final: ``2.5.1+cu124`` -> ``((2, 5, 1), True)``.

    A pre-release (``2.16.0.dev20261101``, ``2.1.0a0+git1``, ``2.5.0rc1``) is not final.
    Raises HistoryError for text that is not a version.
    """
    match = _VERSION.fullmatch(text.strip())
    if match is None:
        raise HistoryError(
            f"{text!r} is not a version: give a minor line such as 2.5 or a patch such as 2.5.1"
        )
    major, minor, patch, rest = match.groups()
    numbers = tuple(int(part) for part in (major, minor, patch) if part is not None)
    return numbers, not rest or rest.startswith("+")


# A diff of all behaviours asks 70,000 times for some 50 keys: cached, it takes 30 ms, else 105.
@functools.lru_cache(maxsize=None)
def key(text: str) -> Tuple[int, ...]:
    """Sort key: ``1.9`` before ``1.10``, a line (``2.5``) before its patches (``2.5.0``)."""
    return parse(text)[0]


def line(text: str) -> str:
    """The minor line of a version: ``2.5.1+cu124`` -> ``2.5``."""
    major, minor = key(text)[:2]
    return f"{major}.{minor}"


def is_line(text: str) -> bool:
    """Whether a version is a minor line, as ``2.5``."""
    return len(key(text)) == 2


def holding(recorded: Iterable[str], running: str) -> Optional[str]:
    """The recorded version that applies to ``running``, or None.

    That is the patch itself, else the newest line up to it. A pre-release counts as its line: the
    nightly ``2.16.0.dev`` is compared with the same version as ``2.16``.
    """
    return _holding(tuple(recorded), running)


# Most chains have the same few versions: an answer about all behaviours asks 23,000 times for 900.
@functools.lru_cache(maxsize=None)
def _holding(recorded: Tuple[str, ...], running: str) -> Optional[str]:
    numbers, final = parse(running)
    lines = []
    for candidate in recorded:
        if is_line(candidate):
            if key(candidate) <= numbers[:2]:
                lines.append(candidate)
        # A pre-release has the numbers of a patch that may differ from it.
        elif final and key(candidate) == numbers:
            return candidate
    return max(lines, key=key, default=None)
