"""Recorded: the behaviours of a checkout, each with the state of its record."""

from __future__ import annotations

from pathlib import Path
from typing import Dict, Tuple

from msgspec import structs

from torch_history.catalogue import source
from torch_history.catalogue.behaviour import Behaviour
from torch_history.records.states import State, states


def recorded(root: Path) -> Tuple[Dict[str, Behaviour], Dict[str, State]]:
    """Id -> behaviour, with what its record says of it, and id -> state; in the tests' order."""
    declared = source.behaviours(root)
    found = states(root, {name: (one.file, one.function) for name, one in declared.items()})
    known = {
        name: structs.replace(one, former=found[name].record.former, fault=found[name].fault)
        for name, one in declared.items()
    }
    return known, found
