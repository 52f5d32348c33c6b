"""Noticing: which warnings and removals the source of torch tells of each object."""

from __future__ import annotations

import inspect
import types
from typing import Any, Dict, Tuple

from torch_history.surveying.notices import Notice, notices_of
from torch_history.surveying.notices_module import Sources

NOTHING = Notice("", [])
MAKERS = ("__init__", "__new__")


class Noticing:
    """The notices of the running torch."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._known: Dict[str, Dict[str, Notice]] = {}

    def of_module(self, name: str) -> Notice:
        """What a module says when it is imported."""
        return self._at(name, "")

    def of_attributes(self, name: str) -> Dict[str, Notice]:
        """What a module's ``__getattr__`` says of the names that it makes when they are read."""
        self._at(name, "")
        return {key: one for key, one in self._known.get(name, {}).items() if key.isidentifier()}

    def of(self, value: object) -> Notice:
        """What the source of a function or class says."""
        if isinstance(value, type):
            return self._of_class(value)
        return self._at(*_place(value))

    def _of_class(self, cls: type) -> Notice:
        own = self._at(cls.__module__, cls.__qualname__)
        if own is not NOTHING or any(maker in vars(cls) for maker in MAKERS):
            return own
        # The constructor is that of a base, which may stand in another module.
        for base in cls.__mro__[1:]:
            if any(maker in vars(base) for maker in MAKERS):
                return self._at(base.__module__, base.__qualname__)
        return own

    def _at(self, module: str, name: str) -> Notice:
        if module != "torch" and not module.startswith("torch."):
            return NOTHING
        if module not in self._known:
            self._known[module] = notices_of(self._sources, module)
        return self._known[module].get(name, NOTHING)


def _place(value: object) -> Tuple[str, str]:
    """The module and the qualified name of a function, below what decorates it."""
    function: Any = getattr(value, "__func__", value)
    if not isinstance(function, types.FunctionType):
        return "", ""
    function = inspect.unwrap(function)
    module = getattr(function, "__module__", None) or ""
    return module, getattr(function, "__qualname__", "")
