"""Generators: the sources of random numbers of a process, seeded, kept and put back."""

from __future__ import annotations

import importlib
import random
import sys
import zlib
from typing import Any, Tuple

SEED = 0


def seed(torch: Any, number: int = SEED) -> None:
    """Seed the sources of Python, torch, and NumPy if it is imported."""
    random.seed(number)
    torch.manual_seed(number)
    numpy = _numpy()
    if numpy is not None:
        numpy.seed(number)


def seed_by_name(torch: Any, name: str) -> None:
    """Seed them with a number that depends on a name alone."""
    seed(torch, zlib.crc32(name.encode("utf-8", "replace")))


def state(torch: Any) -> Tuple[Any, Any, Any]:
    """The state of each source."""
    numpy = _numpy()
    return random.getstate(), torch.get_rng_state(), numpy and numpy.get_state()


def restore(torch: Any, kept: Tuple[Any, Any, Any]) -> None:
    """Put a state back."""
    random.setstate(kept[0])
    torch.set_rng_state(kept[1])
    numpy = _numpy()
    if numpy is not None and kept[2] is not None:
        numpy.set_state(kept[2])


def _numpy() -> Any:
    """NumPy's own source, if NumPy is imported: torch imports it, but not this part of it."""
    return importlib.import_module("numpy.random") if "numpy" in sys.modules else None
