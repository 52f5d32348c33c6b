"""Values: what an argument is, as JSON: literals as they are, of anything else what tells it apart.

A tuple is ``{"tuple": [...]}``, because JSON has lists alone. Nothing here runs code of the reader.
"""

from __future__ import annotations

import types
from typing import Any, Callable, Dict, List, Sequence

MOST_ITEMS = 16  # of a list, a tuple or a dictionary that is shown
MOST_TEXT = 200  # characters of a string that is shown
DEEPEST = 3
FUNCTIONS = (types.FunctionType, types.BuiltinFunctionType, types.MethodType)


class Values:
    """Describes arguments. ``name_of`` gives the public name of a function or class of torch."""

    def __init__(self, torch: Any, name_of: Callable[[Any], str]) -> None:
        self._torch, self._name_of = torch, name_of
        kinds = ("dtype", "layout", "memory_format")
        self._named = tuple(getattr(torch, one) for one in kinds if hasattr(torch, one))

    def of(self, value: Any, depth: int = 0) -> Any:
        """A value, for JSON."""
        kind = type(value)
        if value is None or kind in (bool, int, float):
            return value
        if kind is str:
            return value if len(value) <= MOST_TEXT else {"type": "str"}
        if kind in (list, tuple, dict):
            return self._several(kind, value, depth)
        if issubclass(kind, self._torch.Tensor):
            return self._tensor(kind, value)
        if kind in self._named:
            return {"name": str(value)}
        if kind is self._torch.device:
            return {"type": "torch.device", "text": str(value)}
        if issubclass(kind, type) or kind in FUNCTIONS:
            name = self._name_of(value)
            return {"name": name} if name else {"type": kind.__name__}
        return {"type": self._kind(kind)}

    def _several(self, kind: type, value: Any, depth: int) -> Any:
        if depth >= DEEPEST or len(value) > MOST_ITEMS:
            return {"type": kind.__name__}
        if kind is dict:
            if not all(type(key) is str for key in value):
                return {"type": "dict"}
            return {"dict": {key: self.of(value[key], depth + 1) for key in value}}
        items = [self.of(one, depth + 1) for one in value]
        return {"tuple": items} if kind is tuple else items

    def _tensor(self, kind: type, value: Any) -> Any:
        try:
            shape = [int(size) for size in value.shape]
            found: Dict[str, Any] = {"tensor": str(value.dtype), "shape": shape}
            if _is_transposed(shape, value):
                found["transposed"] = True
        except Exception:  # noqa: BLE001  symbolic sizes, nested tensors, what a subclass raises
            return {"type": self._kind(kind)}
        if kind is not self._torch.Tensor:
            found["type"] = self._kind(kind)
        return found

    def _kind(self, kind: type) -> str:
        """The name of a class, or of the public class of torch that it comes from."""
        for base in kind.__mro__:
            if is_torchs(base):
                name = self._name_of(base)
                if name:
                    return name
        home = str(kind.__module__)
        return kind.__name__ if home == "builtins" else f"{home}.{kind.__name__}"


def is_torchs(kind: type) -> bool:
    """Whether a class is defined in torch."""
    return str(kind.__module__).partition(".")[0] == "torch"


def _is_transposed(shape: Sequence[int], value: Any) -> bool:
    """Whether the dimensions of a tensor stand in another order than in memory."""
    try:
        steps: List[int] = [step for step, size in zip(value.stride(), shape) if size > 1]
    except Exception:  # noqa: BLE001  a sparse tensor has no strides
        return False
    return steps != sorted(steps, reverse=True)
