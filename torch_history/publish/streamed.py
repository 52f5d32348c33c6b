"""Streamed: JSON that is written while it is made, so that a large answer needs little memory.

In the data, an iterator stands for a list. What holds one is laid out over several lines, and each
item begins a line.
"""

from __future__ import annotations

import functools
import json
from typing import Callable, Dict, Iterator

from torch_history.escaping import in_json

SIZE = 1 << 16  # characters that are written at once

_dumps = functools.partial(json.dumps, ensure_ascii=False)


def write(data: object, echo: Callable[[str], object]) -> None:
    """Write data as JSON; ``echo`` ends each text that it is given with a newline."""
    buffer, size = [], 0
    for piece in _pieces(data, ""):
        buffer.append(piece)
        size += len(piece)
        if size > SIZE:
            # Only whole lines, because a newline will follow. Every text begins with a bracket.
            whole, _, begun = "".join(buffer).rpartition("\n")
            if whole:
                echo(in_json(whole))
            buffer, size = [begun], 0
    echo(in_json("".join(buffer)))


def _pieces(data: object, indent: str) -> Iterator[str]:
    inner = f"{indent} "
    if isinstance(data, dict) and _streams(data):
        before = "{"
        for key, value in data.items():
            yield f"{before}\n{inner}{_dumps(key)}: "
            yield from _pieces(value, inner)
            before = ","
        yield f"\n{indent}}}"
    elif isinstance(data, Iterator):
        before = "["
        for item in data:
            yield f"{before}\n{inner}"
            yield from _pieces(item, inner)
            before = ","
        yield "[]" if before == "[" else f"\n{indent}]"
    else:
        yield _dumps(data)


def _streams(data: Dict[str, object]) -> bool:
    """Whether an iterator is in it."""
    return any(
        isinstance(value, Iterator) or (isinstance(value, dict) and _streams(value))
        for value in data.values()
    )
