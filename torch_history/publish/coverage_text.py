"""Coverage text: how much of torch is specified, as lines for a terminal."""

from __future__ import annotations

from typing import Iterator, Sequence

from torch_history.publish.name_text import listed
from torch_history.questions.coverage import Module, Surfaced

_MANY = 30  # modules that are named


def behaviours(found: Sequence[Module], left: Sequence[str]) -> Iterator[str]:
    """What is specified, where no surface is recorded."""
    yield from map(_module, found)
    total = sum(len(module.apis) for module in found)
    yield f"{total} names of torch are specified. Nothing is said of any other."
    yield f"Not covered at all: {', '.join(left)}."


def surfaced(found: Sequence[Module], surface: Surfaced) -> Iterator[str]:
    """How many names of each module are specified, and which modules are not at all."""
    for module in found:
        counts = surface.homes.get(module.name)
        if counts is None or not counts.specified:  # methods that a class inherits, names that went
            yield _module(module)
        else:
            names = f"{counts.specified} of {_names(counts.names)}"
            have = "has" if counts.specified == 1 else "have"
            yield f"{module.name}: {names} {have} behaviours ({module.behaviours})"
    total = surface.total
    yield (
        f"{total.specified:,} of {total.names:,} public names of torch {surface.release} have "
        "behaviours, the others their surface alone."
    )
    alone = sorted(surface.alone.items(), key=lambda pair: -pair[1])
    largest = listed([f"{name} ({count:,})" for name, count in alone], _MANY)
    yield f"Modules without any behaviour, and their names: {largest}."


def _module(module: Module) -> str:
    return f"{module.name}: {_names(len(module.apis))} in {module.behaviours} behaviours"


def _names(count: int) -> str:
    return f"{count:,} name{'s' * (count != 1)}"
