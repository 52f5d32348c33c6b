"""When: which arguments bring a warning.

A function is read several times as if it were called: with nothing known of its arguments, with
its defaults, and with each argument given. A warning that all of them meet comes on each call; one
that only an argument brings belongs to that argument.
"""

from __future__ import annotations

import ast
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Tuple

from torch_history.surveying.notices_builtins import Arguments
from torch_history.surveying.notices_calls import Event
from torch_history.surveying.notices_module import dotted, last_part
from torch_history.surveying.notices_run import Run, entered, fields_of, parameters
from torch_history.surveying.notices_terms import LEFT, SURE
from torch_history.surveying.notices_values import (
    Given,
    Known,
    Many,
    Routine,
    Table,
    Unknown,
    Value,
)

FUNCTIONS = ("f", "fn", "func", "function")  # the usual call gives these
Key = Tuple[int, ...]
Whens = Dict[Key, Optional[List[str]]]


class Parameter(NamedTuple):
    """A parameter that a caller may leave out."""

    name: str
    given: Dict[str, Value]  # the local names that change when it is given


def read(routine: Routine, names: Dict[str, Value], is_usual: bool = False) -> Run:
    """Read a function as if it were called with these local names."""
    run = Run(routine.module, names)
    run.is_usual = is_usual
    run.routine(routine)
    return run


def by_key(events: List[Event]) -> Dict[Key, Event]:
    """Each warning once, as sure as it gets."""
    found: Dict[Key, Event] = {}
    for one in events:
        if one.key not in found or found[one.key].level < one.level:
            found[one.key] = one
    return found


def conditions(routine: Routine, events: Dict[Key, Event]) -> Whens:
    """The parameters that bring each warning. None: it comes always."""
    whens: Whens = {}
    if all(one.level == SURE for one in events.values()):
        return dict.fromkeys(events)
    default = _levels(routine, {})
    given = {one.name: _levels(routine, one.given) for one in _optional(routine)}
    for key, event in events.items():
        level = default.get(key, LEFT)
        if event.level == SURE:
            whens[key] = None
        elif level == SURE:
            whens[key] = [f"-{name}" for name, found in given.items() if found.get(key) != SURE]
        elif level == LEFT:
            whens[key] = [name for name, found in given.items() if found.get(key) == SURE]
        else:
            whens[key] = []
    return whens


def _levels(routine: Routine, given: Dict[str, Value]) -> Dict[Key, int]:
    names = {**entered(routine, _required(routine)), **given}
    run = read(routine, names, is_usual=True)
    return {key: one.level for key, one in by_key(run.events).items()}


def _required(routine: Routine) -> Arguments:
    """A call that gives what has no default, and the function to a decorator that may take none."""
    named: Dict[str, Value] = {}
    for one, default in parameters(routine.node):
        if default is None:
            named[one.arg] = Unknown(one.arg, is_usual=True)
        elif one.arg in FUNCTIONS:
            named[one.arg] = Given(one.arg, Known(None))
    return Arguments([], named)


def _optional(routine: Routine) -> Iterator[Parameter]:
    """What a caller may give or leave out."""
    if routine.name.endswith("__post_init__"):
        for name, value in fields_of(routine).items():
            if value is not None:
                yield Parameter(name, {f"self.{name}": Given(name, value)})
    for one, default in parameters(routine.node):
        if default is not None:
            value = Run(routine.module, {}).value(default)
            yield Parameter(one.arg, {one.arg: Given(one.arg, value)})
    many, options = routine.node.args.vararg, routine.node.args.kwarg
    if many:
        yield Parameter(many.arg, {many.arg: Many((Unknown(),))})
    if options:
        for name in _asked(routine.node, options.arg):
            yield Parameter(name, {options.arg: Table({name: Given(name, Known(None))})})


def _asked(node: ast.AST, options: str) -> List[str]:
    """The names that a function asks of its ``**options``."""
    found: Dict[str, None] = {}
    for one in ast.walk(node):
        name: Any = None
        if isinstance(one, ast.Compare) and last_part(one.comparators[0]) == options:
            name = getattr(one.left, "value", None)
        elif isinstance(one, ast.Call) and one.args and dotted(one.func).startswith(f"{options}."):
            name = getattr(one.args[0], "value", None)
        if isinstance(name, str):
            found[name] = None
    return list(found)
