"""Observe: run an act, and keep what it returned or raised, and its warnings."""

from __future__ import annotations

import re
import warnings
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Optional

# What a message says about this machine or this build, and not about the behaviour. Order matters.
_NOISE = [
    (re.compile(r"\x1b\[[0-9;]*m"), ""),  # terminal colours
    (re.compile(r"\n?Exception raised from .*", re.DOTALL), ""),  # C++ stack, torch >= 1.6
    (re.compile(r"\nframe #0: .*", re.DOTALL), ""),  # C++ stack, torch 1.4 and 1.5
    (
        re.compile(r"\s*\(\S+ at [^()\s]+\.(?:cpp|cc|cu|h):\d+\)"),
        "",
    ),  # "(checkIn at ../aten/x.cpp:12)"
    (re.compile(r"\s*\(Triggered internally at\s+[^()]*\)"), ""),
    (re.compile(r"\[enforce fail at \S+:\d+\][ .]*"), ""),
    (re.compile(r"[,;]? at \S+\.(?:cpp|cc|cu|c|h)\"?:\d+"), ""),
    (re.compile(r"0x[0-9a-fA-F]{4,}"), "0xADDRESS"),
    (re.compile(r"\S*/site-packages/"), "site-packages/"),
    # since Python 3.10 the class stands before the name of a method that is called wrongly
    (re.compile(r"\b(?:\w+\.)+(\w+\(\) (?:got an unexpected|got multiple|missing|takes))"), r"\1"),
    (re.compile(r"[ \t]*\n\s*"), "\n"),  # blank lines and indentation
]


class Raised(NamedTuple):
    """An exception: the bare name of its class, and its normalised message."""

    type: str
    message: str


class Warned(NamedTuple):
    """A warning: the bare name of its category, and its normalised message."""

    category: str
    message: str


class Observation(NamedTuple):
    """What torch did. ``raised`` is None where the act returned ``value``."""

    value: Any
    raised: Optional[Raised]
    warned: List[Warned]


def normalise(message: str) -> str:
    """A message without what belongs to the machine, the build or the version of Python.

    These are addresses, C++ locations, colour codes, install paths, blank lines and class prefixes.
    """
    for pattern, replacement in _NOISE:
        message = pattern.sub(replacement, message)
    return message.strip()


def observe(act: Callable[[], Any]) -> Observation:
    """Call ``act`` and return what it did: its value or its exception, and its warnings.

    A value holds tensors and facts. Put into the act whatever a release may refuse: a missing
    function or argument is an observation too. Values are taken as they are when ``act`` returns;
    clone what later lines change.
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        value, raised = None, None
        try:
            value = act()
        except Exception as error:  # noqa: BLE001  # whatever torch raises is the observation
            raised = Raised(type(error).__name__, normalise(str(error)))
    warned = []
    for warning in caught:
        entry = Warned(warning.category.__name__, normalise(str(warning.message)))
        if entry not in warned:
            warned.append(entry)
    return Observation(value, raised, warned)


class Cases(NamedTuple):
    """Several named acts of one behaviour, each with an observation of its own."""

    observations: Dict[str, Observation]


def observe_each(acts: Mapping[str, Callable[[], Any]]) -> Cases:
    """Call each act by itself: name -> act, in the order in which they are called.

    An act that raises or warns leaves the others as they are, so write each variation of a
    behaviour as an act, and never catch an exception into a value.
    """
    return Cases({name: observe(act) for name, act in acts.items()})
