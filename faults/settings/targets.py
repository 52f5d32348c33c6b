"""Targets: the APIs whose settings are made wrong, and where Python looks each of them up."""

from __future__ import annotations

import ast
import functools
import importlib
import inspect
from typing import Any, Callable, Dict, Iterable, Iterator, List, NamedTuple, Optional, Tuple

import pytest
import torch

from torch_history.surface import index
from torch_history.surface.library import Chains, Library
from torch_history.surface.parameters import Passed, parse

# Every class here counts as soon as a behaviour builds it.
BUILT = ("torch.nn", "torch.optim", "torch.optim.lr_scheduler", "torch.optim.swa_utils")
UNKNOWN = object()  # a default that only C++ knows
KINDS = {
    Passed.POSITION: inspect.Parameter.POSITIONAL_ONLY,
    Passed.EITHER: inspect.Parameter.POSITIONAL_OR_KEYWORD,
    Passed.STAR: inspect.Parameter.VAR_POSITIONAL,
    Passed.KEYWORD: inspect.Parameter.KEYWORD_ONLY,
    Passed.DOUBLE: inspect.Parameter.VAR_KEYWORD,
}
Signatures = List[inspect.Signature]


class Target(NamedTuple):
    """One API, as something that can be replaced."""

    api: str
    owner: Any  # a class or module
    attribute: str
    has_self: bool  # whether a call gives the object first
    signatures: Signatures  # of each overload, without the object

    @property
    def cls(self) -> Optional[type]:
        """The class whose constructor this is."""
        return self.owner if self.attribute in ("__init__", "__new__") else None

    def bind(self, arguments: Tuple[Any, ...], named: Dict[str, Any]) -> Optional[Call]:
        """A call, by the names of the parameters; None where no overload is known to take it."""
        itself, rest = (arguments[:1], arguments[1:]) if self.has_self else ((), arguments)
        for signature in self.signatures:
            try:
                return Call(itself, signature.bind(*rest, **named))
            except TypeError:
                continue
        return None


class Call(NamedTuple):
    """The arguments of one call."""

    itself: Tuple[Any, ...]
    bound: inspect.BoundArguments

    def values(self) -> Iterator[Tuple[inspect.Parameter, Any, bool]]:
        """Each parameter with its value, and whether the call gives it."""
        for name, parameter in self.bound.signature.parameters.items():
            if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
                continue
            given = name in self.bound.arguments
            yield parameter, self.bound.arguments[name] if given else parameter.default, given

    def passed(self) -> Tuple[Tuple[Any, ...], Dict[str, Any]]:
        """The arguments, as a call gives them."""
        return (*self.itself, *self.bound.args), self.bound.kwargs


class UnreachableError(Exception):
    """Why an API cannot be replaced from Python."""


def target(api: str, library: Library) -> Target:
    """The target of an API. Raises UnreachableError."""
    owner, attribute = _place(api)
    value = getattr(owner, attribute, None)
    if value is None:
        raise UnreachableError("it is not in this release")
    if inspect.isclass(value):
        return _constructor(api, value, library)
    if not callable(value):
        raise UnreachableError("it is not called")
    if inspect.isclass(owner) and owner.__module__ == "builtins":
        raise UnreachableError("it belongs to Python")
    try:
        static = inspect.getattr_static(owner, attribute)
    except AttributeError:
        raise UnreachableError("its module makes it when it is looked up") from None
    has_self = inspect.isclass(owner) and not isinstance(static, staticmethod)
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(owner, attribute, static)
    except (TypeError, AttributeError):
        raise UnreachableError("it is written in C++, and Python may not replace it") from None
    return Target(api, owner, attribute, has_self, _signatures(api, value, has_self, library))


def _constructor(api: str, cls: type, library: Library) -> Target:
    is_plain = inspect.getattr_static(cls, "__init__") is object.__init__
    made = "__new__" if is_plain else "__init__"
    honest = inspect.getattr_static(cls, made)
    if issubclass(cls, torch.Tensor) and "__new__" in vars(cls):
        made = "__new__"
    elif not inspect.isfunction(honest) and not isinstance(honest, staticmethod):
        raise UnreachableError("its constructor is written in C++")
    return Target(api, cls, made, True, _signatures(api, getattr(cls, made), True, library))


def _place(api: str) -> Tuple[Any, str]:
    """Where an API is looked up. Raises UnreachableError."""
    home, _, last = api.rpartition(".")
    parts = home.split(".")
    for length in range(len(parts), 0, -1):
        try:
            owner: Any = importlib.import_module(".".join(parts[:length]))
            for part in parts[length:]:
                owner = getattr(owner, part)
        except (ImportError, AttributeError):
            continue
        return owner, last
    raise UnreachableError("it is not in this release")


def _signatures(api: str, value: Any, has_self: bool, library: Library) -> Signatures:
    """The signatures that Python knows, or else those of the surface."""
    try:
        found = inspect.signature(value)
    except (ValueError, TypeError):
        return [_of_text(text) for text in _texts(api, library)]
    if str(found) == "(*args, **kwargs)":  # of F.max_pool2d the surface knows more
        return [_of_text(text) for text in _texts(api, library)] or [found]
    parameters = list(found.parameters.values())
    if has_self and not inspect.ismethod(value) and parameters:
        parameters = parameters[1:]
    return [found.replace(parameters=parameters)]


def _texts(api: str, library: Library) -> List[str]:
    found = library.find(api)
    return list(found.entry.overloads) if found else []


def _of_text(text: str) -> inspect.Signature:
    return inspect.Signature(
        [
            inspect.Parameter(
                one.name,
                KINDS[one.passed],
                default=_default(one.default) if one.default is not None else inspect._empty,
            )
            for one in parse(text).listed
        ],
        __validate_parameters__=False,
    )


def _default(text: str) -> Any:
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return UNKNOWN


def all_targets(root: Any, named: Iterable[str]) -> Tuple[Dict[str, Target], Dict[str, str]]:
    """The targets of all these APIs and of the classes that may be built, and the unreachable."""
    library = Library(Chains(index.of(root)), torch.__version__.partition("+")[0])
    found: Dict[str, Target] = {}
    unreachable: Dict[str, str] = {}
    for api in dict.fromkeys([*named, *_classes()]):
        try:
            found[api] = target(api, library)
        except UnreachableError as error:
            unreachable[api] = str(error)
    return found, unreachable


def _classes() -> Iterator[str]:
    for name in BUILT:
        module = importlib.import_module(name)
        for attribute, value in sorted(vars(module).items()):
            own = inspect.isclass(value) and value.__module__.startswith("torch.")
            if own and not attribute.startswith("_"):
                yield f"{name}.{attribute}"


def replaced(patch: Any, one: Target, make: Callable[[Callable[..., Any]], Any]) -> None:
    """Put ``make(honest)`` where Python looks the target up."""
    static = inspect.getattr_static(one.owner, one.attribute)
    function = static.__func__ if isinstance(static, (staticmethod, classmethod)) else static
    changed = functools.wraps(function)(make(function))
    is_static = isinstance(static, staticmethod) or one.attribute == "__new__"
    kind = staticmethod if is_static else classmethod if isinstance(static, classmethod) else None
    patch.setattr(one.owner, one.attribute, kind(changed) if kind else changed)
