"""Asked: a version that a file asks for, and why."""

from __future__ import annotations

from typing import NamedTuple, Tuple

from torch_history.escaping import one_line

PINNED, FROM, UP_TO = "pinned", "range from", "range up to"


class Asked(NamedTuple):
    """A version that a file asks for, and why."""

    version: str
    condition: str = ""  # in words; empty where it always holds
    how: str = PINNED
    said: str = ""  # the requirement
    where: str = ""  # the file, with the line or the table
    markers: Tuple[str, ...] = ()  # one of them must hold, where there are any

    @property
    def words(self) -> str:
        """Where the version comes from, in one line."""
        under = f" ({self.condition})" if self.condition else ""
        if self.how == PINNED:
            return one_line(f"{self.where}: torch {self.version}{under}")
        end = "oldest" if self.how == FROM else "newest"
        of = f"the {end} recorded release of {self.said.partition(';')[0].strip()!r}"
        return one_line(f"{self.where}: torch {self.version}, {of}{under}")
