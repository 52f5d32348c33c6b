"""Defaults: the default of a parameter as text that depends on torch alone.

Literals are written as Python writes them. What has a path is written by it. Any other object is
written by its class, because its own text may hold an address or a path.
"""

from __future__ import annotations

import enum
import types
from typing import Callable

PLAIN = (bool, int, float, complex, str, bytes, type(None), type(Ellipsis))
FUNCTIONS = (types.FunctionType, types.BuiltinFunctionType, type)
MOST = 80  # characters
ENUMS = {"RedOpType": "ReduceOp"}  # called so since 1.13, and found under the former name


def text_of(value: object, path_of: Callable[[object], str]) -> str:
    """A default as text. ``path_of`` gives the public path of an object, or nothing."""
    text = _text(value, path_of)
    # A text that is cut would have quotes and brackets without an end.
    return text if len(text) <= MOST else f"<{type(value).__name__}>"


def _text(value: object, path_of: Callable[[object], str]) -> str:
    if isinstance(value, enum.Enum):
        # Of several flags together, the name depends on Python's version.
        known = value.name in type(value).__members__
        name = type(value).__name__
        return f"{name}.{value.name}" if known else f"{name}({value.value})"
    members = getattr(type(value), "__members__", None)  # of an enum that pybind11 made
    if isinstance(members, dict):
        names = [name for name, one in members.items() if one == value]
        of = ENUMS.get(type(value).__name__, type(value).__name__)
        return f"{of}.{names[0]}" if names else f"<{of}>"
    if type(value) in PLAIN:
        return ascii(value)
    if isinstance(value, (tuple, list, set, frozenset)):
        parts = [_text(one, path_of) for one in value]
        if isinstance(value, tuple):
            return f"({', '.join(parts)}{',' * (len(parts) == 1)})"
        if isinstance(value, list):
            return f"[{', '.join(parts)}]"
        return f"{{{', '.join(sorted(parts))}}}" if parts else "set()"
    if isinstance(value, dict):
        pairs = (f"{_text(k, path_of)}: {_text(v, path_of)}" for k, v in value.items())
        return f"{{{', '.join(pairs)}}}"
    if isinstance(value, FUNCTIONS):
        home, name = getattr(value, "__module__", "") or "", value.__qualname__
        if home in ("builtins", "") or "<" in name:
            return name if home == "builtins" else f"<{name.rpartition('.')[2].strip('<>')}>"
        return path_of(value) or f"{home}.{name}"
    if type(value).__module__ == "torch" and " " not in repr(value) and "(" not in repr(value):
        return repr(value)  # torch.float32, torch.strided
    return path_of(value) or f"<{type(value).__name__}>"
