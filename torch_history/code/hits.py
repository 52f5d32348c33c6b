"""Hits: the places of a reader's source that can meet a change, and how surely.

Two questions are kept apart: whether the call is this API's (the level), and whether its data
decide (``depends``). The levels:

*certain*
    The use resolves, by imports and construction, to an API whose callers meet the change, and the
    call has what the change needs: by the marker (``unless``, ``when``), or by the record, where
    one side lacks the attribute, takes an argument otherwise or refuses the keyword.
*likely*
    As above, but the value comes from an attribute (``self.opt``), an annotation, a function or one
    of several bindings; or the arguments cannot be seen (``**options``, a function that is passed
    on); or the object is not known, and every class of torch with this method has the change.
*possible*
    The object is not known, and only the method's name is torch's. Or the API is used, but whether
    the change is met depends on more than the call, and seldom does.

In a trace of a run (``comparing.uses``), objects and values are known, so most hits are certain.
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple, Optional, Tuple


class Level(Enum):
    """How sure a hit is. The members are in order, the surest first."""

    CERTAIN = "certain"
    LIKELY = "likely"
    POSSIBLE = "possible"

    rank: int  # its place in the order, from 0, the surest

    def __init__(self, _: str) -> None:
        # A member is listed only after its own __init__, so this counts those before it.
        self.rank = len(type(self).__members__)

    def __str__(self) -> str:
        return str(self.value)


class Place(NamedTuple):
    """A line of the reader's source."""

    file: str
    line: int  # in its cell, for a notebook
    cell: Optional[int] = None  # of a notebook, counted from 1 over all its cells

    def __str__(self) -> str:
        """``train.py:12``, or ``train.ipynb:cell 3:2``."""
        return f"{self.file}:{f'cell {self.cell}:' if self.cell else ''}{self.line}"


class Hit(NamedTuple):
    """One place of the reader's source that can meet a change."""

    place: Place
    level: Level
    depends: str  # what decides beside the call, as "the file"; empty where nothing does
    why: str
    # where the name of the API ends: line (in a notebook of all its cells), and bytes of the line
    name: Tuple[int, int] = (0, 0)
