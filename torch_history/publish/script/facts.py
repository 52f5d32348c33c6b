"""Facts: what a record says that a script must be ready for."""

from __future__ import annotations

import json
from typing import Any, Iterator, List, NamedTuple

from torch_history.catalogue.index import Record

_DECIMALS = 4  # that torch prints of a number


class Facts(NamedTuple):
    """What an act did on at least one release. Without a record, all is possible."""

    raises: bool
    warns: bool
    names_a_function: bool  # it told of a class or function as one within the test
    digits: int  # decimals that torch must print to show every difference; 0: as it does by itself


def of(record: Record) -> Facts:
    """The facts of a record."""
    chains = [
        [json.loads(bytes(raw)) for raw in chain.values()]
        for devices in record.values()
        for chain in devices.values()
    ]
    entries = [entry for chain in chains for entry in chain]
    hidden = [digits for chain in chains for digits in _hidden(chain)]
    return Facts(
        raises=not entries or any("raised" in entry for entry in entries),
        warns=not entries or any(entry.get("warned") for entry in entries),
        names_a_function="<locals>" in json.dumps(entries),
        digits=max(hidden, default=0),
    )


def _hidden(chain: List[Any]) -> Iterator[int]:
    """The decimals that show a difference between neighbours which four decimals hide."""
    values = [entry.get("value") for entry in chain]
    for before, after in zip(values, values[1:]):
        if before != after and _rounded(before) == _rounded(after):
            yield 17 if "float64" in json.dumps([before, after]) else 9


def _rounded(value: Any) -> Any:
    if isinstance(value, list):
        return [_rounded(item) for item in value]
    if not isinstance(value, dict):
        return value
    if "$tensor" in value:
        numbers = " ".join(value["rows"]).replace(",", " ").split()
        return [value["$tensor"], [_shortened(number) for number in numbers]]
    return {name: _rounded(item) for name, item in value.items()}


def _shortened(number: str) -> str:
    try:
        return f"{float(number):.{_DECIMALS}f}"
    except ValueError:  # True
        return number
