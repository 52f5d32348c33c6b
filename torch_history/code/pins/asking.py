"""Asking: the versions of torch that an answer about a file starts from, or leads to.

A range is asked from the oldest recorded release that it admits, since the project promises to run
there. As the newer side it stands for the newest one, which pip would install. A range without a
lower end, as ``torch<2.5``, does not say where the project runs: as the older side it is refused.
"""

from __future__ import annotations

from typing import Dict, List, Optional, Sequence, Tuple

from torch_history.code.pins import conditions, pin, reading
from torch_history.code.pins.asked import Asked
from torch_history.code.pins.ends import Ends
from torch_history.code.pins.files import REMEDY, NoPinError, refused
from torch_history.code.pins.pin import Pin
from torch_history.errors import HistoryError
from torch_history.escaping import one_line

MOST_ASKED = 30  # versions of one file

Condition = Tuple[str, Tuple[str, ...]]  # the group and the markers
ALWAYS: Condition = ("", ())


def asked(
    option: str,
    source: str,
    python: Optional[str] = None,
    known: Sequence[str] = (),
    newer: bool = False,
) -> List[Asked]:
    """The versions of torch that a file asks for, each with its condition.

    ``known`` are the recorded releases, ``newer`` says that the file is the newer side. With
    ``python`` only what holds for this CPython on Linux. Raises HistoryError, which names the
    option, and NoPinError where the file does not say which torch is used.
    """
    where = f"{option} {source}".lstrip()
    pins = reading.read(option, source)
    if not pins:
        remedy = f"name the file that pins it, or {REMEDY}"
        raise NoPinError(where, "there is no torch in it", remedy, mentioned=False)
    return of(where, pins, python, known, newer)


def of(
    where: str, pins: List[Pin], python: Optional[str], known: Sequence[str], newer: bool
) -> List[Asked]:
    """The versions that pins ask for."""
    pins = [one for one in pins if one.override] or pins
    if python is not None:
        pins = _holding(where, pins, python)
    by: Dict[Condition, List[Pin]] = {}
    for one in pins:
        by.setdefault((one.group, one.markers), []).append(one)
    ends = Ends(where, known, newer)
    found: Dict[str, Asked] = {}
    loose: List[Pin] = []
    for group, markers in by:
        # What always holds, holds beside each condition.
        keys = dict.fromkeys((ALWAYS, ("", markers), (group, ()), (group, markers)))
        there = ends.of([by.get(key, []) for key in keys])
        if not there:
            loose.append(by[group, markers][0])
        for version in there:
            _enter(
                found, version._replace(condition=pin.condition(group, markers), markers=markers)
            )
    if not found:
        remedy = f"name a file with torch==VERSION or torch>=VERSION, or {REMEDY}"
        raise NoPinError(where, ends.nothing(loose[0]), remedy)
    if len(found) > MOST_ASKED:
        raise _too_many(where, list(found.values()))
    return list(found.values())


def _holding(where: str, pins: List[Pin], python: str) -> List[Pin]:
    """The pins whose markers hold, without these."""
    there = conditions.environment(python)
    held = [one._replace(markers=()) for one in pins if conditions.holds(one.markers, there)]
    if pins and not held:
        told = "; ".join(dict.fromkeys(one.condition for one in pins))
        raise refused(where, f"pins no torch for Python {python} on Linux: {one_line(told)[:300]}")
    return held


def _enter(found: Dict[str, Asked], new: Asked) -> None:
    """Enter a version. One that is asked for under several conditions is entered once."""
    old = found.get(new.version)
    if old is None:
        found[new.version] = new
        return
    whole = not old.condition or not new.condition
    either = (
        old.condition if new.condition == old.condition else f"{old.condition} or {new.condition}"
    )
    free = not old.markers or not new.markers
    found[new.version] = old._replace(
        condition="" if whole else either, markers=() if free else old.markers + new.markers
    )


def _too_many(where: str, several: List[Asked]) -> HistoryError:
    listed = [
        f"{one.version} ({one.condition})" if one.condition else one.version for one in several
    ]
    told = ", ".join(one_line(one)[:200] for one in listed[:5])
    more = f"{told} and {len(listed) - 5} more"
    return refused(where, f"pins several versions of torch: {more}: {REMEDY}")
