"""Values: what is known of an expression in a source text that is read and never executed."""

from __future__ import annotations

import ast
from typing import Any, Dict, List, NamedTuple, Optional, Tuple, Union

from torch_history.surveying.notices_words import has_hole, hole

LONG = 20  # characters with which texts begin alike
Definition = Union[ast.FunctionDef, ast.AsyncFunctionDef]


class Known(NamedTuple):
    """A literal. A text may have holes: see ``hole``."""

    value: Any


class Many(NamedTuple):
    """A tuple, a list or a set that is written out."""

    items: Tuple[Any, ...]


class Table(NamedTuple):
    """A dictionary that is written out."""

    items: Dict[Any, Any]


class Unknown(NamedTuple):
    """Anything else, with its name in the source. What is imported has a path."""

    source: str = ""
    path: str = ""
    is_usual: bool = False  # a required argument, of no kind that needs special care


class Given(NamedTuple):
    """An argument that a caller gives: not the default, and nothing else is known."""

    name: str
    default: Any


class Routine(NamedTuple):
    """A function or a method; ``scope`` holds what a nested one sees of the function around it."""

    module: Any
    name: str
    node: Definition
    owner: str = ""  # the class
    bound: bool = False
    scope: Optional[Dict[str, Any]] = None


class Kind(NamedTuple):
    """A class."""

    module: Any
    name: str


class Instance(NamedTuple):
    """``self`` or ``cls`` inside a method, or ``super()``."""

    module: Any
    owner: str
    source: str


class Mark(NamedTuple):
    """A decorator that warns of each call of what it decorates."""

    category: str  # empty: it does not warn
    text: str


Value = Union[Known, Many, Table, Unknown, Given, Routine, Kind, Instance, Mark]


class UnclearError(Exception):
    """The source alone does not tell a value."""


def plain(value: Value) -> Any:
    """The Python object, where all of it is known."""
    if isinstance(value, Known) and not (isinstance(value.value, str) and has_hole(value.value)):
        return value.value
    if isinstance(value, Many):
        return tuple(plain(one) for one in value.items)
    raise UnclearError


def truth(value: Value) -> Optional[bool]:
    """Whether a value is true. None where the source does not tell."""
    if isinstance(value, (Many, Table)):
        return bool(value.items)
    if isinstance(value, (Routine, Kind, Mark)):
        return True
    if isinstance(value, Given):
        return _truth_of_given(value)
    try:
        return bool(plain(value))
    except UnclearError:
        return None


def _truth_of_given(value: Given) -> Optional[bool]:
    """Other than a false default is true; other than True is False."""
    if isinstance(value.default, Known):
        if not value.default.value:
            return True
        return False if value.default.value is True else None
    return True if truth(value.default) is False else None


def is_none(value: Value) -> Optional[bool]:
    """Whether a value is None."""
    if isinstance(value, Known):
        return value.value is None
    if isinstance(value, Given):
        return False if value.default == Known(None) else None
    return None if isinstance(value, (Unknown, Instance)) else False


def equal(left: Value, right: Value) -> Optional[bool]:
    """Whether two values are equal. None where the source does not tell."""
    for one, other in ((left, right), (right, left)):
        if one == Known(None) and isinstance(one, Known):
            return is_none(other)
        if isinstance(one, Given):
            return _equals_given(one, other)
    if isinstance(left, Unknown) and isinstance(right, Unknown):
        return True if left.source and left.source == right.source else None
    try:
        return bool(plain(left) == plain(right))
    except UnclearError:
        return None


def _equals_given(given: Given, other: Value) -> Optional[bool]:
    if isinstance(other, Known) and isinstance(other.value, bool):
        known = truth(given)
        is_bool = isinstance(given.default, Known) and isinstance(given.default.value, bool)
        return known == other.value if is_bool and known is not None else None
    return False if not isinstance(other, Given) and equal(given.default, other) else None


def is_in(one: Value, container: Value) -> Optional[bool]:
    """Whether a value is in a container."""
    if isinstance(container, Table):
        return plain(one) in container.items if _is_plain(one) else None
    if isinstance(container, Many):
        found = [equal(one, item) for item in container.items]
        return True if True in found else (None if None in found else False)
    try:
        return bool(plain(one) in plain(container))
    except (UnclearError, TypeError):
        return None


def _is_plain(value: Value) -> bool:
    try:
        hash(plain(value))
    except (UnclearError, TypeError):
        return False
    return True


def merged(name: str, values: List[Value]) -> Value:
    """The value of a name after branches of which one was taken."""
    first = values[0]
    if all(_is_same(first, one) for one in values[1:]):
        return first
    texts = [one.value for one in values if isinstance(one, Known) and isinstance(one.value, str)]
    common = _beginning(texts) if len(texts) == len(values) else ""
    if has_hole(common) and common.rfind("\x00") > common.rfind("\x01"):
        common = common[: common.rfind("\x00")]
    return Known(common + hole("")) if len(common) >= LONG else Unknown(name)


def _beginning(texts: List[str]) -> str:
    """What all of the texts begin with."""
    least, most = min(texts), max(texts)
    differing = (place for place, one in enumerate(least) if most[place : place + 1] != one)
    return least[: next(differing, len(least))]


def _is_same(left: Value, right: Value) -> bool:
    if left is right:
        return True
    if type(left) is not type(right):
        return False
    if isinstance(left, Routine) and isinstance(right, Routine):
        return left.node is right.node
    if isinstance(left, Table):
        return False
    return bool(left == right)


def written(value: Value, source: str = "", as_repr: bool = False) -> str:
    """A value inside a text."""
    if isinstance(value, (Known, Many)):
        try:
            known = plain(value)
        except UnclearError:
            return value.value if isinstance(value, Known) else hole(source)
        return repr(known) if as_repr else str(known)
    if isinstance(value, (Unknown, Instance)):
        return hole(value.source or source)
    return hole(value.name if isinstance(value, Given) else source)
