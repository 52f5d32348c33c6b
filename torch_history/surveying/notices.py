"""Notices: what the source of a module tells of deprecations, and of functions that only raise.

No code is executed: the source is read as if each function were called. See ``notices_when``.
"""

from __future__ import annotations

import ast
import gc
from typing import Any, Dict, Iterator, List, NamedTuple, Set, Tuple

from torch_history.surveying.notices_builtins import Arguments
from torch_history.surveying.notices_calls import Event
from torch_history.surveying.notices_module import Module, Sources, last_part, parsed
from torch_history.surveying.notices_run import Run, entered, is_silent
from torch_history.surveying.notices_terms import PERHAPS, RAISED, SURE
from torch_history.surveying.notices_values import (
    Kind,
    Known,
    Many,
    Mark,
    Routine,
    Table,
)
from torch_history.surveying.notices_when import Key, Whens, by_key, conditions, read
from torch_history.surveying.notices_words import is_of_removal, shown

MAKERS = ("__init__", "__new__", "__post_init__")


class Notice(NamedTuple):
    """What the source says of a name."""

    removed: str  # the message, where it only raises
    warns: List[Dict[str, Any]]  # category, text, when


def notices(text: str) -> Dict[str, Notice]:
    """The notices of a module that is read alone, by qualified name; "" is the module itself."""
    module = parsed(text)
    return _notices(module) if module is not None else {}


def notices_of(sources: Sources, name: str) -> Dict[str, Notice]:
    """The notices of one of torch's modules, by qualified name; "" is the module itself."""
    # Trees are many objects that live on. Unless they are frozen, each collection walks them again.
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        module = sources.module(name)
        return _notices(module) if module is not None else {}
    finally:
        gc.freeze()
        if was_enabled:
            gc.enable()


def _notices(module: Module) -> Dict[str, Notice]:
    found: Dict[str, Notice] = {}
    for name, notice in _all(module):
        if notice.removed or notice.warns:
            _add(found, name, notice)
    return found


def _add(found: Dict[str, Notice], name: str, notice: Notice) -> None:
    kept = found.get(name, Notice("", []))
    warns = kept.warns + [one for one in notice.warns if one not in kept.warns]
    found[name] = Notice(kept.removed or notice.removed, warns)


def _all(module: Module) -> Iterator[Tuple[str, Notice]]:
    for name, nodes in module.routines.items():
        owner, _, last = name.rpartition(".")
        if name == "__getattr__":
            yield from _attributes(module, Routine(module, name, nodes[-1]))
        elif name in module.speaking:
            for node in nodes:
                routine = Routine(module, name, node, owner if owner in module.classes else "")
                if not is_silent(routine):
                    yield owner if last in MAKERS and owner else name, _of(routine)
    for name, kind in module.classes.items():
        yield name, _of_class(module, name, kind.node)
        yield from _inherited(module, name)
    yield from _assigned(module)
    yield "", _of_module(module)


def _inherited(module: Module, name: str) -> Iterator[Tuple[str, Notice]]:
    """What the constructor warns of that a class has from another one of its module."""
    if not {"__init__", "__new__"} & set(module.classes[name].methods):
        for maker in ("__init__", "__new__"):
            found = module.method(name, maker)
            if found is not None and found.module is module and not is_silent(found):
                yield name, _of(found)


def _of(routine: Routine) -> Notice:
    """The notice of a function or method."""
    first = read(routine, entered(routine, Arguments([], {}, True)))
    events = by_key(first.events)
    removed = shown(first.raised) if first.level == RAISED and is_of_removal(first.raised) else ""
    whens = conditions(routine, events)
    return Notice(removed, _warns(events, whens))


def _warns(events: Dict[Key, Event], whens: Whens) -> List[Dict[str, Any]]:
    """The warnings. Of what a called function does under conditions of its own nothing is told."""
    found: Dict[Tuple[str, str], List[Dict[str, Any]]] = {}
    for key, event in events.items():
        when, text = whens[key], shown(event.text)
        if when == [] and len(key) > 1:
            continue
        one: Dict[str, Any] = {"category": event.category, "text": text}
        if when is not None:
            one["when"] = when
        found.setdefault((event.category, text), []).append(one)
    return [one for several in found.values() for one in _joined(several)]


def _joined(several: List[Dict[str, Any]]) -> List[Dict[str, Any]]:
    """Warnings of one text: what comes always, or else what comes with any of these arguments."""
    always = [one for one in several if "when" not in one]
    if always:
        return always[:1]
    given = [name for one in several for name in one["when"] if name[0] != "-"]
    missing = [one for one in several if one["when"] and one["when"][0][0] == "-"]
    if not given:
        return missing or several[:1]
    return [{**several[0], "when": list(dict.fromkeys(given))}, *missing]


def _of_class(module: Module, name: str, node: ast.ClassDef) -> Notice:
    """What a decorator of a class warns of."""
    run = Run(module, {})
    for one in node.decorator_list:
        run.decorated(one, Kind(module, name))
    return _always(run.events)


def _always(events: List[Event]) -> Notice:
    found = by_key(events)
    return Notice("", _warns(found, dict.fromkeys(found)))


def _assigned(module: Module) -> Iterator[Tuple[str, Notice]]:
    """Functions that another function makes: ``uniform = _make_deprecate(uniform_)``."""
    for name, expression in module.assigned.items():
        reading = module.method(last_part(expression), "__getattribute__") if expression else None
        if reading is not None:  # an object whose attributes warn
            yield name, _of(reading)
        elif isinstance(expression, ast.Call) and _may_make(module, expression):
            made = Run(module, {}).value(expression)
            if name == "__getattr__" and isinstance(made, Routine):
                yield from _attributes(module, made)
            elif isinstance(made, Mark) and made.category:
                yield name, _always([Event((), made.category, made.text, SURE)])
            elif isinstance(made, Routine) and made.scope is not None:
                run = Run(module, {})
                run.follow(expression, made, Arguments([], {}, True))
                yield name, _always([one for one in run.events if one.level == SURE])


def _may_make(module: Module, call: ast.Call) -> bool:
    """Whether a call may make a function that warns."""
    function = Run(module, {}).value(call.func)
    return isinstance(function, Mark) or (
        isinstance(function, Routine) and function.name in function.module.speaking
    )


def _attributes(module: Module, routine: Routine) -> Iterator[Tuple[str, Notice]]:
    """What the ``__getattr__`` of a module warns of, by the name that is asked for."""
    arguments = routine.node.args.args
    defined = {*module.routines, *module.classes, *module.imports, *module.assigned}
    for name in sorted(_candidates(module, routine) - defined):
        run = Run(module, {**(routine.scope or {}), arguments[0].arg: Known(name)})
        run.block(routine.node.body)
        yield name, _always([one for one in run.events if one.level >= PERHAPS])


def _candidates(module: Module, routine: Routine) -> Set[str]:
    """Texts that the name of an attribute may be compared with."""
    found: Set[Any] = set()
    for node in ast.walk(routine.node):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.add(node.value)
        elif isinstance(node, ast.Name) and node.id != "self":
            scope = (routine.scope or {}).get(node.id)
            value = scope or (Run(module, {}).value(node) if node.id in module.assigned else None)
            if isinstance(value, Many):
                found |= {one.value for one in value.items if isinstance(one, Known)}
            elif isinstance(value, Table):
                found |= set(value.items)
    return {one for one in found if isinstance(one, str) and one.isidentifier()}


def _of_module(module: Module) -> Notice:
    """What importing the module does."""
    run = Run(module, {})
    run.block(module.tree.body)
    removed = run.level == RAISED and is_of_removal(run.raised)
    found = by_key(run.events)
    whens: Whens = {key: None if one.level == SURE else [] for key, one in found.items()}
    return Notice(shown(run.raised) if removed else "", _warns(found, whens))
