"""Wrapped: stands for a function of torch while its calls are watched.

It acts, compares, pickles and compiles as the function does. A program may keep one longer than it
is in place: it still calls the function then.
"""

from __future__ import annotations

import contextlib
import functools
import pickle
import sys
import types
import weakref
from typing import Any, Callable, Dict, Iterator, List, Tuple

from torch_history.tracing.callables import BUILTIN, Target

ABSENT = object()


class Wrapped:
    """A function of torch whose calls go through a watcher."""

    def __init__(self, target: Target, act: Callable[..., Any]) -> None:
        functools.update_wrapper(self, target.function)  # and with it __wrapped__
        self._torch_history = target, act

    def __call__(self, /, *args: Any, **kwargs: Any) -> Any:
        """Call the function through the watcher."""
        target, act = self._torch_history
        return act(target, args, kwargs)

    @property  # type: ignore[misc]
    def __class__(self) -> Any:  # so that isinstance and inspect take it for a function
        return type(self.__wrapped__)

    def __getattr__(self, name: str) -> Any:
        if name in ("__wrapped__", "_torch_history"):  # not set yet
            raise AttributeError(name)
        return getattr(self.__wrapped__, name)

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        # A function binds to an object, a built-in function does not.
        if instance is None or not hasattr(type(self.__wrapped__), "__get__"):
            return self
        return types.MethodType(self, instance)

    def __eq__(self, other: Any) -> bool:
        return self is other or bool(self.__wrapped__ == getattr(other, "__wrapped__", other))

    def __hash__(self) -> int:
        return hash(self.__wrapped__)

    def __repr__(self) -> str:
        return repr(self.__wrapped__)

    def __copy__(self) -> Wrapped:
        return self

    def __deepcopy__(self, memo: Any) -> Wrapped:
        return self

    def __reduce_ex__(self, protocol: Any) -> Any:
        """As the function is pickled: by its name. The file does not need this package."""
        function = self.__wrapped__
        if not isinstance(function, types.FunctionType):
            return function.__reduce_ex__(protocol)
        home: Any = sys.modules.get(function.__module__)
        for name in function.__qualname__.split("."):
            home = getattr(home, name, None)
        if home is not function:
            return function.__qualname__  # it is in place, or the function has no public name
        name = f"{function.__module__}\n{function.__qualname__}\n"
        return pickle.loads, (b"\x80\x04c" + name.encode() + b".",)


class Wraps:
    """Puts wrapped functions in place, and takes them back."""

    def __init__(self, torch: Any, act: Callable[..., Any]) -> None:
        self._torch, self._act = torch, act
        self._made: Dict[Tuple[int, str], Wrapped] = {}
        self._put: List[Tuple[Any, str, Any, Any]] = []
        self._targets: List[Target] = []
        self._homeless: List[Any] = []
        self._builtins: Any = None

    def put(self, targets: List[Target]) -> None:
        """Put these in place, and take back all others."""
        self.back()
        self._targets = targets
        if self._builtins is None:
            self._builtins = _builtins(self._torch)
        for target in targets:
            self._name_home(target)
            before = _space(target.owner).get(target.name, ABSENT)
            wrapped = self._wrapped(target)
            _set(target.owner, target.name, wrapped)
            self._put.append((target.owner, target.name, before, wrapped))

    def back(self) -> None:
        """Take all back, except where the program has put something of its own in place."""
        for owner, name, before, wrapped in reversed(self._put):
            if _space(owner).get(name) is wrapped:
                _set(owner, name, before)
        self._put = []
        for function in self._homeless:
            function.__module__ = None
        self._homeless = []

    @contextlib.contextmanager
    def bare(self) -> Iterator[None]:
        """A block in which nothing is in place."""
        targets, self._targets = self._targets, []
        self.back()
        try:
            yield
        finally:
            if not self._targets:
                self.put(targets)

    def _name_home(self, target: Target) -> None:
        """Tell a built-in function its module, as torch does from 1.13 on.

        Without it, torch.fx looks for the module that has this very function.
        """
        function = target.function
        if type(function) is BUILTIN and getattr(function, "__module__", "") is None:
            function.__module__ = target.public.rpartition(".")[0]
            self._homeless.append(function)

    def _wrapped(self, target: Target) -> Wrapped:
        """One for each place, always the same."""
        key = id(target.owner), target.name
        if key not in self._made:
            made = self._made[key] = Wrapped(target, self._act)
            # torch.jit knows the built-in functions by identity
            operator = self._builtins.get(id(target.function))
            if operator is not None:
                self._builtins[id(made)] = operator
                weakref.finalize(made, self._builtins.pop, id(made), None).atexit = False
        return self._made[key]


def _space(owner: Any) -> Any:
    return owner if isinstance(owner, dict) else vars(owner)


def _set(owner: Any, name: str, value: Any) -> None:
    if isinstance(owner, dict):
        owner[name] = value
    elif value is ABSENT:
        delattr(owner, name)
    else:
        setattr(owner, name, value)


def _builtins(torch: Any) -> Dict[int, str]:
    """The table of built-in functions that torch.jit compiles; it is made from torch's names."""
    home = sys.modules.get("torch.jit._builtins", torch.jit)  # before 1.5: torch.jit
    try:
        table: Dict[int, str] = home._get_builtin_table()
    except AttributeError:  # scripting no longer works by such a table
        return {}
    return table
