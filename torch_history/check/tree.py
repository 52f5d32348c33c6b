"""Tree: what the rules look at, read once."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Iterator, List, Optional, Tuple

from torch_history.catalogue import index
from torch_history.catalogue.behaviour import Behaviour
from torch_history.catalogue.index import Index
from torch_history.catalogue.recorded import recorded
from torch_history.errors import HistoryError
from torch_history.records import manifests
from torch_history.records.states import State
from torch_history.surface import files
from torch_history.surface.files import Part, Surface


class Tree:
    """A checkout: its behaviours, their records and the manifests."""

    def __init__(self, root: Path):
        self.root = root
        self.behaviours, self.states = recorded(root)
        self.manifests = manifests.read(root, None)

    @cached_property
    def index(self) -> Index:
        """The index of the checkout."""
        return index.of(self.root)

    @cached_property
    def _surface(self) -> Tuple[List[Part], List[HistoryError]]:
        parts: List[Part] = []
        damaged: List[HistoryError] = []
        for path in files.paths(self.root):
            try:
                parts.append(files.part(path))
            except HistoryError as error:
                damaged.append(error)
        return parts, damaged

    @property
    def damaged(self) -> List[HistoryError]:
        """The files of the surface that cannot be read."""
        return self._surface[1]

    @cached_property
    def surface(self) -> Optional[Surface]:
        """The surface; None where a file of it cannot be read."""
        parts, damaged = self._surface
        return None if damaged else files.joined(parts)

    def recorded(self) -> Iterator[Tuple[Behaviour, State]]:
        """Every behaviour whose record can be read, with its state."""
        for name, behaviour in self.behaviours.items():
            state = self.states[name]
            if state.record.source:
                yield behaviour, state


def place_of(behaviour: Behaviour) -> str:
    """``spec/views/test_view.py:12: views.view_shares_memory``, how a fault begins."""
    return f"{behaviour.file}:{behaviour.line}: {behaviour.id}"


def several(names: list[str]) -> str:
    """``views.a``, ``views.a and 2 others``: the names of a fault."""
    more = len(names) - 1
    return names[0] + (f" and {more} other{'s' * (more > 1)}" if more else "")
