"""Telling: a parting in a few lines."""

from __future__ import annotations

from typing import List, Optional

from torch_history.comparing.parting import Parting
from torch_history.comparing.result import Difference, Verdict, Where
from torch_history.escaping import one_line
from torch_history.publish import run_words as words

SHORT = {
    Verdict.FAILS: "fails",
    Verdict.OPERATION: "parts in an operation",
    Verdict.STREAM: "parts in the random stream",
    Verdict.DATA: "parts in its data",
    Verdict.UNKNOWN: "parts, and where it begins could not be found",
    Verdict.ROUNDING: "parts through rounding alone",
    Verdict.SAME: "the same bits",
    Verdict.UNSTABLE: "gives other numbers each time",
}

COUNTED = {
    Verdict.FAILS: "newly failing",
    Verdict.OPERATION: "in an operation",
    Verdict.STREAM: "in the random stream",
    Verdict.DATA: "in its data",
    Verdict.UNKNOWN: "at an unknown place",
    Verdict.ROUNDING: "through rounding alone",
    Verdict.TOLERANCE: "within tolerance",
    Verdict.SAME: "the same bits",
    Verdict.UNSTABLE: "not reproducible",
}


def first_line(found: Parting) -> str:
    """Where it begins, in one line that starts with the reader's file and line."""
    cause = first(found)
    if cause is not None:
        told = (
            f"{words.begins(words.line_of(cause))}{words.sentence(cause)}, {words.context(cause)}"
        )
    elif found.raised is not None:
        told = f"{words.begins(found.raised.at)}{words.ending(found.raised)}"
    elif found.mark:
        told = f"{', '.join(found.what)} at mark {found.mark}: {SHORT[found.verdict]}"
    else:
        told = SHORT[found.verdict]
    return one_line(told)


def first(found: Parting) -> Optional[Difference]:
    """The difference to look at first; a rounding where there is nothing else."""
    quiet = found.verdict is Verdict.ROUNDING
    return next(iter(found.differences or (found.rounding if quiet else ())), None)


def where(found: Parting) -> Optional[Where]:
    """The line at which it begins."""
    cause = first(found)
    if cause is not None:
        return words.line_of(cause)
    return found.raised.at if found.raised else None


def lines(found: Parting) -> List[str]:
    """The verdict, then each difference with its values, then new warnings."""
    told = [SHORT[found.verdict]]
    shown = found.differences or found.rounding[:1]
    for one in shown:
        told.append(
            f"{words.begins(words.line_of(one))}{words.sentence(one)}, {words.context(one)}"
        )
        details = " · ".join(words.details(one))
        if details:
            told.append(f"    {details}")
    if found.raised is not None:
        told.append(f"{words.begins(found.raised.at)}{words.ending(found.raised)}")
    told += [f"{words.begins(one.at)}{words.warning(one)}" for one in found.new_warnings]
    return ["    " * line.startswith("    ") + one_line(line) for line in told]
