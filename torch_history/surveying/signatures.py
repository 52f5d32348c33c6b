"""Signatures: what a callable written in Python takes."""

from __future__ import annotations

import enum
import inspect
import types
from typing import Callable, List, NamedTuple, Optional, Union

from torch_history.surveying import defaults, hints

Kind = inspect.Parameter
PathOf = Callable[[object], str]


class Takes(NamedTuple):
    """The parameters of a callable, and their annotations, as text."""

    text: Union[str, List[str]]  # several for overloads
    types: str  # "lr: float; return: None", of those that are annotated


def of_function(function: object, path_of: PathOf, bound: bool = False) -> Optional[Takes]:
    """What a function takes; with ``bound`` without its first parameter. None where unknown."""
    try:
        signature = inspect.signature(_dispatched(function))  # type: ignore[arg-type]
    # A class may answer anything where it is asked for its signature.
    except Exception:  # noqa: BLE001
        return None
    parameters = list(signature.parameters.values())
    if bound and parameters and parameters[0].kind in (Kind.POSITIONAL_ONLY, POSITIONAL):
        del parameters[0]
    annotated = [
        f"{name}: {hints.text_of(one)}"
        for name, one in [
            *((one.name, one.annotation) for one in parameters),
            ("return", signature.return_annotation),
        ]
        if one is not inspect.Signature.empty
    ]
    return Takes(_text(parameters, path_of), "; ".join(annotated))


def _dispatched(function: object) -> object:
    """What ``max_pool2d(*args, **kwargs)`` calls: one of two functions, which take the same."""
    if isinstance(function, types.FunctionType) and function.__code__.co_freevars:
        return inspect.getclosurevars(function).nonlocals.get("if_true", function)
    return function


POSITIONAL = Kind.POSITIONAL_OR_KEYWORD


def of_class(cls: type, path_of: PathOf) -> Optional[Takes]:
    """What the constructor of a class takes, without ``self``. None where torch does not say it."""
    if issubclass(cls, enum.Enum):
        return None
    for one in cls.__mro__:
        if not is_torchs(one):
            return None  # what Python's own classes take is no matter of torch
        for name in ("__init__", "__new__"):
            maker = one.__dict__.get(name)
            if isinstance(maker, types.WrapperDescriptorType):
                return None  # what it takes is known in C++ alone
            if maker is not None:
                function = getattr(maker, "__func__", maker)
                taken = of_function(function, path_of, bound=True)
                if name == "__new__" or not (taken and taken.text == "(*args, **kwargs)"):
                    return taken
                if "__new__" not in one.__dict__:
                    return taken
    return None


def is_torchs(thing: object) -> bool:
    """Whether a class or a function is defined in torch."""
    home = getattr(thing, "__module__", None)
    return isinstance(home, str) and (home == "torch" or home.startswith("torch."))


def _text(parameters: list[inspect.Parameter], path_of: PathOf) -> str:
    parts, keyword_only, before = [], False, None
    for one in parameters:
        if before is Kind.POSITIONAL_ONLY and one.kind is not Kind.POSITIONAL_ONLY:
            parts.append("/")
        if one.kind is Kind.KEYWORD_ONLY and not keyword_only:
            parts.append("*")
        keyword_only = keyword_only or one.kind in (Kind.KEYWORD_ONLY, Kind.VAR_POSITIONAL)
        stars = "*" * ((one.kind is Kind.VAR_POSITIONAL) + 2 * (one.kind is Kind.VAR_KEYWORD))
        given = one.default is not Kind.empty
        default = f"={defaults.text_of(one.default, path_of)}" if given else ""
        parts.append(f"{stars}{one.name}{default}")
        before = one.kind
    if before is Kind.POSITIONAL_ONLY:
        parts.append("/")
    return f"({', '.join(parts)})"
