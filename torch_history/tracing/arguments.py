"""Arguments: all that a call was given, as JSON, so that a draft can make the call again."""

from __future__ import annotations

import numbers
from typing import Any, Dict


def arguments(torch: Any, positional: Any, named: Dict[str, Any]) -> Dict[str, Any]:
    """The arguments, and the dtype of autocast where it is on.

    A tensor is ``{"t": its place among the inputs of the call}``, in the order of ``Log.call``.
    """
    count = 0

    def tree(value: Any) -> Any:
        nonlocal count
        if torch.is_tensor(value):
            count += 1
            return {"t": count - 1, **({"grad": True} if value.requires_grad else {})}
        if isinstance(value, (list, tuple)):
            return [tree(one) for one in value]
        if isinstance(value, dict):
            return {"dict": {str(key): tree(value[key]) for key in value}}
        return _plain(torch, value)

    given = {
        "args": [tree(one) for one in positional],
        "named": {key: tree(named[key]) for key in sorted(named)},
    }
    dtype = _autocast(torch)
    return {**given, "autocast": dtype} if dtype else given


def _plain(torch: Any, value: Any) -> Any:
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, numbers.Integral):
        return int(value)
    if isinstance(value, numbers.Real):
        return float(value)
    if isinstance(value, (torch.dtype, torch.memory_format, torch.layout)):
        return {"torch": str(value)}
    if isinstance(value, torch.device):
        return {"device": value.type}
    if isinstance(value, slice):
        return {"slice": [_plain(torch, one) for one in (value.start, value.stop, value.step)]}
    if value is Ellipsis:
        return {"ellipsis": True}
    if isinstance(value, torch.Generator):
        return {"generator": True}
    return {"other": type(value).__name__}


def _autocast(torch: Any) -> str:
    """The dtype of autocast on the CPU; empty where it is off."""
    try:
        if not torch.is_autocast_enabled("cpu"):
            return ""
        return str(torch.get_autocast_dtype("cpu"))
    except (AttributeError, TypeError):  # before 2.4
        if not getattr(torch, "is_autocast_cpu_enabled", bool)():
            return ""
        return str(torch.get_autocast_cpu_dtype())
