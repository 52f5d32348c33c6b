"""Names: the public names of torch's functions and classes, and what a frame is a call of."""

from __future__ import annotations

import sys
import types
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Tuple

from torch_history.tracing.values import is_torchs

MOST = 6  # names of one function: torch.optim.Adam, torch.optim.adam.Adam
MAKING = ("__init__", "__new__")
OPERATORS = {
    f"__{side}{name}__"
    for name in ("add", "sub", "mul", "truediv", "div", "floordiv", "mod", "pow", "matmul")
    for side in ("", "r", "i")
} | {"__getitem__", "__setitem__"}
# What runs for an operator, as Python names the operator.
SAME = {"div": "truediv", "true_divide": "truediv", "floor_divide": "floordiv", "remainder": "mod"}


class Api(NamedTuple):
    """What is called."""

    kind: str  # class, method, or function
    names: List[str]  # public names, the shortest first
    function: Any  # the Python function; None for one in C
    bound: bool = False  # whether its first argument is the object, or the class
    attribute: str = ""  # of a method


class Names:
    """The public names of one process's torch."""

    def __init__(self) -> None:
        self._of: Dict[int, Tuple[Any, List[str]]] = {}
        self._spaces: List[Tuple[str, Any]] = []  # of the public modules of torch
        self._count = 0  # modules when these were listed

    def _named(self, name: str) -> Iterator[Tuple[str, Any]]:
        """The public modules of torch that have an attribute of this name, with what it is."""
        if len(sys.modules) != self._count:
            self._count = len(sys.modules)
            self._spaces = [
                (home, vars(module))
                for home, module in list(sys.modules.items())
                if home.partition(".")[0] == "torch" and "._" not in home and _is_module(module)
            ]
        return ((home, space[name]) for home, space in self._spaces if name in space)

    def of(self, value: Any) -> List[str]:
        """The public names of a function or a class of torch, the shortest first."""
        known = self._of.get(id(value))
        if known is None:
            name = getattr(value, "__name__", "")
            found = [
                home for home, one in self._named(name) if one is value and _shows(home, value)
            ]
            known = self._of[id(value)] = (
                value,
                _sorted(found, name),
            )  # so that its id stays its own
        return known[1]

    def first(self, value: Any) -> str:
        """The shortest public name; empty where there is none."""
        return next(iter(self.of(value)), "")

    def of_class(self, kind: type) -> List[str]:
        """The names of the first public class of torch that a class is or comes from."""
        for base in kind.__mro__:
            names = self.of(base) if is_torchs(base) else []
            if names:
                return names
        return []

    # -- what is called

    def in_python(self, frame: Any, name: str, base: Any) -> Optional[Api]:
        """What a new frame is a call of; None for what is not torch's, or not public.

        ``name`` is what the call is written with, and ``base`` the object before its last dot.
        """
        code, owners = frame.f_code, list(_owners(frame, base))
        for one in dict.fromkeys([code.co_name, name, *_wrapped(frame)]):
            if not _is_public(one):
                continue
            for owner in owners:
                found = self._method(owner, one, code)
                if found:
                    return found
            for function in [it for _, it in self._named(one) if _code(it) is code][:1]:
                names = self.of(function)
                return Api("function", names, function) if names else None
        return None

    def _method(self, owner: type, name: str, code: Any) -> Optional[Api]:
        for base in owner.__mro__:
            entry = base.__dict__.get(name) if is_torchs(base) else None
            function = getattr(entry, "__func__", entry)
            if entry is None or _code(function) is not code:
                continue
            names = self.of_class(owner)
            bound = name in MAKING or not isinstance(entry, staticmethod)
            if not names:
                return None
            if name in MAKING:
                return Api("class", names, function, bound)
            name = _operator(name) if name in OPERATORS else name
            if name in OPERATORS and names[0] != "torch.Tensor":
                return None
            return Api("method", [f"{one}.{name}" for one in names], function, bound, name)
        return None

    def in_c(self, function: Any) -> Optional[Api]:
        """What a built-in function is; None for what is not torch's, or not public."""
        name, owner = function.__name__, function.__self__
        if not _is_public(name) or name in MAKING:
            return None
        if owner is None or _is_module(owner) or issubclass(type(owner), type):
            known = not _is_module(owner) or owner.__name__.partition(".")[0] == "torch"
            names = self.of(function) if known else []
            if names or _is_module(owner) or owner is None:
                return Api("function", names, None) if names else None
        kind = owner if issubclass(type(owner), type) else type(owner)
        names = [f"{one}.{name}" for one in self.of_class(kind)]
        return Api("method", names, None, True, name) if names else None

    def in_mode(self, function: Any, operator: bool) -> Optional[Api]:
        """What a function mode is handed: a built-in function, or a method of tensors.

        ``operator``: it is not called by its name.
        """
        name, owner = function.__name__, getattr(function, "__objclass__", None)
        if owner is None:
            names = self.of(function)
            return Api("function", names, None) if names else None
        if operator:
            name = _operator(name)
        if not _is_public(name) or name in MAKING:
            return None
        return Api("method", [f"torch.Tensor.{name}"], None, True, name)


def _is_public(name: str) -> bool:
    return bool(name) and (not name.startswith("_") or name in MAKING or name in OPERATORS)


def _is_module(value: Any) -> bool:
    return isinstance(value, types.ModuleType)


def _operator(name: str) -> str:
    """``__truediv__`` for ``div``, ``div_``, ``__div__`` and ``__idiv__``: a /= b is a / b."""
    plain = name.strip("_")
    if name.startswith("__"):
        side = "r" if plain[:1] == "r" and f"__{plain[1:]}__" in OPERATORS else ""
        plain = plain[1:] if plain[:1] in "ri" and f"__{plain[1:]}__" in OPERATORS else plain
        return f"__{side}{SAME.get(plain, plain)}__"
    return f"__{SAME.get(plain, plain)}__"


def _shows(home: str, value: Any) -> bool:
    """Whether a module has a function or class for its users, and does not only import it."""
    if getattr(value, "__name__", "") in getattr(sys.modules[home], "__all__", ()):
        return True
    if isinstance(value, types.BuiltinFunctionType):  # its own module is a private one
        return home.count(".") < 2 or home == "torch.nn.functional"
    own = str(getattr(value, "__module__", ""))
    return own == home or own.startswith(f"{home}.")


def _sorted(homes: List[str], name: str) -> List[str]:
    names = sorted((f"{home}.{name}" for home in homes), key=lambda one: (one.count("."), one))
    return names[:MOST]


def _code(function: Any) -> Any:
    """The code of a Python function."""
    return function.__code__ if type(function) is types.FunctionType else None


def _owners(frame: Any, base: Any) -> Iterator[type]:
    """The classes whose method a frame may run: of its first argument, or before the dot."""
    for one in (first_of(frame), base):
        if one is not None and one is not frame:
            if issubclass(type(one), type):
                yield one
            yield type(one)


def first_of(frame: Any) -> Any:
    """The first positional argument of a new frame; the frame itself where there is none."""
    code = frame.f_code
    if code.co_argcount:
        return frame.f_locals.get(code.co_varnames[0], frame)
    if code.co_flags & 0x04:  # *arguments
        several = frame.f_locals.get(code.co_varnames[code.co_kwonlyargcount], ())
        return several[0] if several else frame
    return frame


def _wrapped(frame: Any) -> List[str]:
    """The names of the functions that a wrapper closes over: a decorator keeps what it wraps."""
    inside = frame.f_locals if frame.f_code.co_freevars else {}
    values = [inside.get(name) for name in frame.f_code.co_freevars]
    return [one.__name__ for one in values if isinstance(one, types.FunctionType)]
