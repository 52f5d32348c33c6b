"""Hits: the places of a reader's source that can meet a difference, and how surely."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple, Optional


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


class Hit(NamedTuple):
    """One place of the reader's source that can meet a difference."""

    file: str
    line: int  # in its cell, for a notebook
    cell: Optional[int]  # of a notebook, counted from 1 over all its cells
    level: Level
    why: str

    @property
    def place(self) -> str:
        """``train.py:12``, or ``train.ipynb:cell 3:2``."""
        return f"{self.file}:{f'cell {self.cell}:' if self.cell else ''}{self.line}"
