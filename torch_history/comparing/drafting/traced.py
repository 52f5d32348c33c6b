"""Traced: the calls of a trace that a difference may be made of, the likeliest first."""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import Any, Callable, Dict, Iterator, List, Optional, Set, Tuple

from torch_history.comparing.drafting import stepping, used
from torch_history.comparing.drafting.calls import NAME, Call, Tensor
from torch_history.comparing.result import Difference
from torch_history.comparing.traces import Event, Trace
from torch_history.tracing import tape
from torch_history.tracing.window import UNINITIALIZED

MOST = 12  # calls that are tried
_NODE = re.compile(r"Backward\d*$")
# where an operation of a plain name is looked for
_SPACES = ("torch", "torch.nn.functional", "torch.Tensor", "torch.ops.aten")


def candidates(
    difference: Difference, trace: Trace, existing: Callable[[List[str]], List[str]]
) -> List[Call]:
    """The calls that may show a difference by themselves.

    ``existing`` tells which names of functions both releases have.
    """
    found: List[Call] = []
    for call in _made(difference, trace, existing):
        if call not in found:
            found.append(call)
    return found[:MOST]


def _made(
    difference: Difference, trace: Trace, existing: Callable[[List[str]], List[str]]
) -> Iterator[Call]:
    told = _told(difference, trace)
    drawing = difference.kind == "draw" or bool(tape.family(difference.name))
    around = list(_around(difference, trace, told, drawing))
    if difference.phase == "backward":
        for event in _forwards(difference, trace, told):
            for call in _calls(event, existing):
                yield from _backward(call, _gradient(told, event))
    if drawing:
        used_here = [used.call(one) for one in used.uses(trace) if _is_at(one, difference)]
        for event in [*around, *used_here, *_draws(difference, trace)]:
            for call in _calls(event, existing):
                draw = call.with_grad(False)._replace(draws=True)
                yield draw
                yield draw._replace(probe=True)
        return
    for event in around:
        for call in _calls(event, existing):
            yield call.with_grad(False)
            if difference.phase == "forward" and any(leaf.grad for _, leaf in call.tensors()):
                yield call
                yield from _backward(call, None)
    if difference.phase == "step":
        yield from stepping.steps(trace, difference.api)


def _backward(call: Call, gradient: Optional[Tensor]) -> Iterator[Call]:
    """The gradients of a call: of the sum of its output, and those of a traced gradient."""
    backward = call._replace(backward=True)
    if not any(leaf.grad for _, leaf in call.tensors()):
        backward = backward.with_grad(True)
    yield backward
    if gradient is not None:
        yield backward._replace(gradient=gradient)


# -- which calls of the trace


def _told(difference: Difference, trace: Trace) -> Optional[Event]:
    """The call that a difference names by its key."""
    if not difference.key:
        return None
    return next((one for one in trace.calls.values() if one.get("key") == difference.key), None)


def _around(
    difference: Difference, trace: Trace, told: Optional[Event], drawing: bool
) -> Iterator[Event]:
    """Functions around the blamed operation, the operation, then functions of the same place."""
    if told is not None:
        chain = [told, *trace.parents(told)]
        yield from (one for one in chain if one.get("kind") == "function")
        if told["e"] == "op":
            yield told
        elif told.get("kind") == "module":
            yield from _below(trace, told)
    functions = [one for one in trace.calls.values() if one.get("kind") == "function"]
    here = [one for one in functions if _is_at(one, difference)]
    yield from (one for one in here if one["name"] == difference.api)
    if difference.kind in ("structure", "draw") and difference.module:
        for event in trace.calls.values():
            if event.get("kind") == "module" and difference.module == event["name"]:
                yield from _below(trace, event)
    if difference.kind == "structure" and difference.phase == "forward" and not drawing:
        yield from here


def _draws(difference: Difference, trace: Trace) -> Iterator[Event]:
    """The operations of the same name at the same place."""
    operations = [one for one in trace.calls.values() if one["e"] == "op"]
    drawn = [one for one in operations if one["name"] == difference.name]
    yield from (one for one in drawn if _is_at(one, difference))


def _below(trace: Trace, span: Event) -> Iterator[Event]:
    for one in trace.calls.values():
        inside = any(parent["i"] == span["i"] for parent in trace.parents(one))
        if inside and one.get("kind") == "function":
            yield one


def _is_at(event: Event, difference: Difference) -> bool:
    return _same_place(event.get("at"), difference.at)


def _same_place(place: Any, where: Any) -> bool:
    """Whether a place of the copy that ran is a line of the reader's file."""
    if not place or where is None:
        return False
    same = place[1] == where.line and PurePath(place[0]).name == PurePath(where.file).name
    return same and (not where.function or place[2] == where.function)


# -- backward


def _forwards(difference: Difference, trace: Trace, told: Optional[Event]) -> Iterator[Event]:
    """The functions of the forward that a gradient belongs to, the likeliest first."""
    names = [difference.name, told["name"] if told else ""]
    plain = {_plain(name) for name in names if name}
    shared = {one[0] for one in told["ins"]} if told else set()
    ranked: List[Tuple[Tuple[bool, int], Event]] = []
    for event in trace.calls.values():
        if event.get("kind") != "function" or _in_backward(trace, event):
            continue
        named = _plain(event["name"].rpartition(".")[2]) in plain or any(
            _plain(one["name"]) in plain for one in _operations(trace, event)
        )
        met = len(shared & _contents(event))
        here = _same_place(event.get("at"), difference.made_at)
        if named and (met or here):
            ranked.append(((here, met), event))
    ranked.sort(key=lambda one: one[0], reverse=True)
    yield from (event for _, event in ranked)


def _operations(trace: Trace, span: Event) -> Iterator[Event]:
    for one in trace.calls.values():
        if one["e"] == "op" and any(parent["i"] == span["i"] for parent in trace.parents(one)):
            yield one


def _in_backward(trace: Trace, event: Event) -> bool:
    return any(one["kind"] in ("backward", "step") for one in trace.parents(event))


def _contents(event: Event) -> Set[str]:
    return {one[0] for one in (*event["ins"], *event.get("outs", ()))}


def _plain(name: str) -> str:
    """A node of autograd, a backward operation and its forward, by one name."""
    name = _NODE.sub("", name).lower()
    for end in ("_backward_data", "_backward"):
        name = name[: -len(end)] if name.endswith(end) else name
    return name.replace("_", "").replace("forward", "")


def _gradient(told: Optional[Event], forward: Event) -> Optional[Tensor]:
    """The gradient that arrives, where it was traced: of the shape of the forward's output."""
    outs = forward.get("outs") or ()
    if told is None or not outs:
        return None
    made: List[Any] = list(outs[0])
    for content, dtype, shape in told["ins"]:
        if shape == made[2] and content not in _contents(forward):
            return Tensor(content, dtype, tuple(shape), tuple(shape))
    return None


# -- the call itself


def _calls(event: Event, existing: Callable[[List[str]], List[str]]) -> Iterator[Call]:
    given: Optional[Dict[str, Any]] = event.get("given")
    if given is None or not NAME.fullmatch(event["name"]):
        return
    if event["name"].rpartition(".")[2] in UNINITIALIZED:
        return
    try:
        args = [_tree(one, event["ins"]) for one in given["args"]]
        named = {name: _tree(given["named"][name], event["ins"]) for name in given["named"]}
    except _OpaqueError:
        return
    # A generator of the program is left out: the draw is made from seed 0.
    named = {name: one for name, one in named.items() if one not in (_GENERATOR, None)}
    args = [one for one in args if one != _GENERATOR]
    for name in existing(_names(event)):
        yield Call(name, args, named, autocast=given.get("autocast", ""))


class _OpaqueError(Exception):
    """An argument that a trace cannot hold, such as an object of the program."""


_GENERATOR = {"generator": True}


def _tree(tree: Any, inputs: List[Any]) -> Any:
    if isinstance(tree, list):
        return [_tree(one, inputs) for one in tree]
    if not isinstance(tree, dict) or tree == _GENERATOR:
        return tree
    if "t" in tree:
        content, dtype, shape = inputs[tree["t"]]
        key = "" if content.startswith("overwritten") else content
        return Tensor(key, dtype, tuple(shape), tuple(shape), tree.get("grad", False))
    if "other" in tree:
        raise _OpaqueError
    if "dict" in tree:
        return {name: _tree(tree["dict"][name], inputs) for name in tree["dict"]}
    return tree


def _names(event: Event) -> List[str]:
    name = event["name"]
    if "." in name:
        return [name if name.startswith("torch.") else f"torch.ops.{name}"]
    return [f"{space}.{name}" for space in _SPACES]
