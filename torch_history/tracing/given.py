"""Given: the arguments that a call was really given, with their values.

The values are those of the new frame. Which parameters were given is what the call's source says,
what ``functools.partial`` adds, and whatever has another value than its default.
"""

from __future__ import annotations

import ast
import functools
import inspect
import types
from typing import Any, Dict, List, NamedTuple, Tuple

from torch_history.tracing.names import OPERATORS, Api, first_of
from torch_history.tracing.sites import UNSEEN, Site, read

STARRED, DOUBLED = 0x04, 0x08  # flags of code that takes *arguments, **options
LITERALS = (bool, int, float, str, tuple)


class Given(NamedTuple):
    """The arguments of a call."""

    values: Dict[str, Any]  # by name or, where that is not known, by position; these come first
    positional: int  # how many of them were given by position
    whole: bool  # whether these are all


class Written(NamedTuple):
    """How many arguments are given by position, and the names of the others."""

    positional: int
    by: Tuple[str, ...]
    whole: bool


def in_python(frame: Any, back: Any, api: Api, site: Site) -> Given:
    """What a new frame of a Python function was given by the frame before it."""
    code, inside = frame.f_code, frame.f_locals
    count, only = code.co_argcount, code.co_kwonlyargcount
    names = list(code.co_varnames[:count])
    rest = list(code.co_varnames[count + only :])
    more = list(inside.get(rest.pop(0), ())) if code.co_flags & STARRED else []
    extra = dict(inside.get(rest.pop(0), {})) if code.co_flags & DOUBLED else {}
    if api.bound:
        (names or more)[:1] = []
    written = _written(frame, back, api, site)
    exact = not names and not only  # a wrapper that takes anything: what it has was given
    positional = len(names) + len(more) if more or exact else min(written.positional, len(names))
    labels = (names + _parameters(api)[len(names) :])[:positional]
    labels += [str(place) for place in range(len(labels), positional)]
    values = dict(zip(labels, [inside.get(name) for name in names[:positional]] + more))
    defaults = _defaults(api.function)
    whole = exact or (written.whole and written.positional <= len(names) + len(more))
    for name in [*names[positional:], *code.co_varnames[count : count + only]]:
        value = inside.get(name)
        if name in written.by or not _is(value, defaults.get(name, UNSEEN)):
            values[name] = value
            whole = whole and name in written.by
    values.update(extra)
    return Given(values, positional, whole)


def in_c(frame: Any, api: Api, site: Site) -> Given:
    """What a built-in function is given, as far as the source names it: UNSEEN for the rest."""
    if site.node is None:
        places = {str(place): UNSEEN for place in range(site.positional)}
        return Given({**places, **dict.fromkeys(site.by, UNSEEN)}, site.positional, site.whole)
    values = [read(one, frame) for one in site.node.args[: site.positional]]
    if api.bound and _is_unbound(site, frame):
        del values[:1]
    found = {str(place): value for place, value in enumerate(values)}
    found.update((one.arg, read(one.value, frame)) for one in site.node.keywords if one.arg)
    return Given(found, len(values), site.whole)


def _written(frame: Any, back: Any, api: Api, site: Site) -> Written:
    """What the source of a call gives, with *arguments, **options and partial looked up."""
    node = site.node
    if api.attribute in OPERATORS:
        return Written(1, (), True)
    if node is None:
        return Written(site.positional, site.by, site.whole)
    called = read(node.func, back)
    before = 0
    options: Tuple[str, ...] = ()
    if isinstance(called, functools.partial):
        before, options = len(called.args), tuple(called.keywords)
        called = called.func
    if not _leads(called, frame):
        return Written(0, (), False)  # it calls something else, such as map, which calls this
    positional, by, whole = _starred(node, back)
    if api.bound and _is_unbound(site, back) and not isinstance(first_of(frame), type):
        positional -= 1
    return Written(before + positional, (*options, *by), whole)


def _starred(node: ast.Call, frame: Any) -> Tuple[int, List[str], bool]:
    """How many arguments are given by position, the names of the others, and if that is sure."""
    count, whole = 0, True
    names: List[str] = []
    for one in node.args:
        value = read(one.value, frame) if isinstance(one, ast.Starred) else (one,)
        known = isinstance(value, (list, tuple))
        whole = whole and known
        count += len(value) if known and whole else 0
    for keyword in node.keywords:
        value = {keyword.arg: None} if keyword.arg else read(keyword.value, frame)
        known = isinstance(value, dict)
        whole = whole and known
        names += value if known else ()
    return count, names, whole


def _leads(called: Any, frame: Any) -> bool:
    """Whether a call of this object opens this frame."""
    if called is UNSEEN:
        return True
    if issubclass(type(called), type):
        first = first_of(frame)
        return issubclass(type(first), called) or first is called
    if isinstance(called, types.MethodType):
        called = called.__func__
    return type(called) is types.FunctionType and called.__code__ is frame.f_code


def _is_unbound(site: Site, frame: Any) -> bool:
    """Whether a method is called on its class: ``Optimizer.zero_grad(opt)``."""
    function = site.node.func if site.node is not None else None
    if not isinstance(function, ast.Attribute):
        return False
    return issubclass(type(read(function.value, frame)), type)


def _parameters(api: Api) -> List[str]:
    """The names of the parameters that are taken by position, of what a wrapper wraps."""
    function = inspect.unwrap(api.function)
    code = getattr(function, "__code__", None)
    return list(code.co_varnames[int(api.bound) : code.co_argcount]) if code else []


def _defaults(function: Any) -> Dict[str, Any]:
    code = function.__code__
    values = function.__defaults__ or ()
    names = code.co_varnames[code.co_argcount - len(values) : code.co_argcount]
    return {**dict(zip(names, values)), **(function.__kwdefaults__ or {})}


def _is(value: Any, default: Any) -> bool:
    """Whether a parameter has its default."""
    plain = type(value) is type(default) and type(value) in LITERALS
    return value is default or (plain and bool(value == default))
