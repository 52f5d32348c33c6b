"""Builtins: what calls of Python's own functions and of its modules tell."""

from __future__ import annotations

from typing import Dict, List, NamedTuple, Optional

from torch_history.surveying.notices_values import (
    Instance,
    Kind,
    Known,
    Many,
    Mark,
    Routine,
    Table,
    UnclearError,
    Unknown,
    Value,
    plain,
    written,
)

_PLAIN = (str, int, float, bool, list, tuple, dict, set)
# Many calls give objects of these, so that which one it is cannot be guessed.
_FREQUENT = ("Tensor", "Module", "Parameter", "Iterable", "Sequence", "Mapping", "Callable")


class Arguments(NamedTuple):
    """What a call gives."""

    positional: List[Value]
    named: Dict[str, Value]
    is_open: bool = False  # it gives more than the source tells: *args or **kwargs


def builtin(name: str, given: Arguments) -> Value:
    """What a call of a builtin gives."""
    values = given.positional
    first = values[0] if values else Unknown()
    if not values and name in ("dict", "list", "set"):
        return Table({}) if name == "dict" else Many(())
    if name == "len" and isinstance(first, (Many, Table)):
        return Known(len(first.items))
    if name == "hasattr" and isinstance(first, Routine):
        return Known(False)
    if name == "callable" and isinstance(first, (Known, Routine)):
        return Known(isinstance(first, Routine))
    if name == "str":
        return Known(written(first))
    if name == "type" and isinstance(first, Instance) and first.owner:
        return Kind(first.module, first.owner)
    if name == "isinstance" and len(values) > 1:
        return _is_instance(first, values[1])
    return Unknown()


def _is_instance(first: Value, kinds: Value) -> Value:
    asked = kinds.items if isinstance(kinds, Many) else (kinds,)
    paths = [_path(one) for one in asked]
    if isinstance(first, Known):
        own = {f"builtins.{one.__name__}": one for one in _PLAIN}
        if any(path in own and isinstance(first.value, own[path]) for path in paths):
            return Known(True)
        is_plain = first.value is None or isinstance(first.value, _PLAIN)
        return Known(False) if is_plain else Unknown()
    is_usual = isinstance(first, Unknown) and first.is_usual
    return Known(False) if is_usual and all(_is_rare(path) for path in paths) else Unknown()


def _path(value: Value) -> str:
    if isinstance(value, Kind):
        return f"{value.module.name}.{value.name}"
    return (value.path or value.source) if isinstance(value, Unknown) else ""


def _is_rare(path: str) -> bool:
    """Whether a class is one that few calls give an object of."""
    is_pythons = path.startswith(("builtins.", "typing.", "collections"))
    name = path.rpartition(".")[2]
    return bool(name) and not is_pythons and name not in _FREQUENT


def of_table(table: Table, name: str, given: List[Value]) -> Value:
    """``table.get(key)`` or ``table.pop(key)``."""
    try:
        key = plain(given[0])
        found: Optional[Value] = table.items.get(key)
    except (UnclearError, TypeError):
        return Unknown()
    if name == "pop":
        table.items.pop(key, None)
    return found or (given[1] if len(given) > 1 else Known(None))


def category_of(value: Value) -> str:
    """The name of the class of a warning."""
    if isinstance(value, Kind):
        return value.name
    name = _path(value).rpartition(".")[2]
    return name if name.endswith("Warning") else "UserWarning"


def mark(given: Arguments) -> Mark:
    """What ``deprecated(message, category=...)`` makes."""
    message = given.positional[0] if given.positional else given.named.get("message", Unknown())
    category = given.named.get("category", Unknown("DeprecationWarning"))
    is_silent = isinstance(category, Known) and category.value is None
    return Mark("" if is_silent else category_of(category), written(message))
