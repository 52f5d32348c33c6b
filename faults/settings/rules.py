"""Rules: the faults that are made of one API and one setting."""

from __future__ import annotations

import copy
import weakref
from typing import Any, Callable, Dict, Iterator, List, NamedTuple

import torch

from faults.settings.meeting import is_number
from faults.settings.targets import Call, Target, replaced

Install = Callable[[Any], None]


class Made(NamedTuple):
    """One generated fault."""

    api: str
    setting: str  # a parameter, ``buffer running_mean``, ``state exp_avg``, or ``returns``
    rule: str  # "ignored", "turned", "another number", "not updated", ...
    met: str  # what a behaviour must be seen to do so that it can notice
    install: Install

    @property
    def name(self) -> str:
        return f"{self.api}({self.setting}): {self.rule}"


def faults(one: Target, seen: Dict[str, List[str]]) -> Iterator[Made]:
    """All faults of a target, given what behaviours do with it."""
    for parameter in _parameters(one):
        name = parameter.name
        if parameter.default is not parameter.empty:
            yield _of_argument(one, name, "ignored", f"given {name}", _ignored(name))
        if f"bool {name}" in seen:
            yield _of_argument(one, name, "turned", f"bool {name}", _turned(name))
        if f"number {name}" in seen:
            met = f"number {name}"
            yield _of_argument(one, name, "another number", met, _another(name))
    if "returns self" in seen:
        yield _of_result(one, "a copy", "returns self", _copied)
        yield _of_result(one, "None", "returns self", lambda result: None)
    if "returns something" in seen:
        yield _of_result(one, "None", "returns something", lambda result: None)
    if one.cls is not None:
        yield from _of_kept(one, seen)


def _parameters(one: Target) -> Iterator[Any]:
    seen = set()
    for signature in one.signatures:
        for name, parameter in signature.parameters.items():
            single = parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
            if single and name not in seen:
                seen.add(name)
                yield parameter


# ---- arguments


def _of_argument(
    one: Target, name: str, rule: str, met: str, change: Callable[[Call], None]
) -> Made:
    def make(honest: Callable[..., Any]) -> Any:
        def function(*arguments: Any, **named: Any) -> Any:
            call = one.bind(arguments, named)
            if call is None:
                return honest(*arguments, **named)
            change(call)
            arguments, named = call.passed()
            return honest(*arguments, **named)

        return function

    return Made(one.api, name, rule, met, lambda patch: replaced(patch, one, make))


def _ignored(name: str) -> Callable[[Call], None]:
    return lambda call: call.bound.arguments.pop(name, None) and None


def _value(call: Call, name: str) -> Any:
    parameter = call.bound.signature.parameters.get(name)
    return call.bound.arguments.get(name, parameter.default if parameter else None)


def _turned(name: str) -> Callable[[Call], None]:
    def change(call: Call) -> None:
        value = _value(call, name)
        if isinstance(value, bool):
            call.bound.arguments[name] = not value

    return change


def _another(name: str) -> Callable[[Call], None]:
    def change(call: Call) -> None:
        value = _value(call, name)
        if is_number(value):
            call.bound.arguments[name] = another(value)

    return change


def another(value: Any) -> Any:
    """The neighbouring number: one more of what is counted, three quarters of what is measured."""
    if isinstance(value, (tuple, list)):
        return type(value)([another(value[0]), *value[1:]])
    if isinstance(value, int):
        return value + 1
    return value * 0.75 if value else 0.25


# ---- results


def _of_result(one: Target, rule: str, met: str, change: Callable[[Any], Any]) -> Made:
    def make(honest: Callable[..., Any]) -> Any:
        return lambda *arguments, **named: change(honest(*arguments, **named))

    return Made(one.api, "returns", rule, met, lambda patch: replaced(patch, one, make))


def _copied(result: Any) -> Any:
    return result.clone() if isinstance(result, torch.Tensor) else copy.copy(result)


# ---- what modules keep


def _around(patch: Any, cls: Any, method: str, before: Any, after: Any) -> None:
    """Run ``before`` and ``after`` of an object around a method."""
    honest = getattr(cls, method)

    def function(self: Any, *arguments: Any, **named: Any) -> Any:
        kept = before(self)
        result = honest(self, *arguments, **named)
        changed = after(self, kept, result, arguments)
        return result if changed is None else changed

    patch.setattr(cls, method, function)


def _restored(method: str) -> Callable[[Any, Any, str], None]:
    """A method leaves the buffer as it was."""

    def after(self: Any, kept: Any, name: str) -> None:
        if kept is not None and self._buffers.get(name) is not None:
            with torch.no_grad():
                self._buffers[name].copy_(kept)

    def install(patch: Any, cls: Any, name: str) -> None:
        _around(
            patch,
            cls,
            method,
            lambda self: _clone(self._buffers.get(name)),
            lambda self, kept, result, arguments: after(self, kept, name),
        )

    return install


def _not_read(patch: Any, cls: Any, name: str) -> None:
    first: Any = weakref.WeakKeyDictionary()

    def made(self: Any, kept: Any, result: Any, arguments: Any) -> None:
        first[self] = _clone(self._buffers.get(name))

    def before(self: Any) -> Any:
        kept = self._buffers.get(name)
        if kept is not None and first.get(self) is not None:
            self._buffers[name] = first[self].clone()
        return kept

    def after(self: Any, kept: Any, result: Any, arguments: Any) -> None:
        if kept is not None:
            self._buffers[name] = kept

    _around(patch, cls, "__init__", lambda self: None, made)
    _around(patch, cls, "forward", before, after)


def _not_saved(patch: Any, cls: Any, name: str) -> None:
    def after(self: Any, kept: Any, result: Any, arguments: Any) -> None:
        arguments[0].pop(arguments[1] + name, None)

    _around(patch, cls, "_save_to_state_dict", lambda self: None, after)


def _clone(value: Any) -> Any:
    return value.detach().clone() if isinstance(value, torch.Tensor) else copy.copy(value)


# ---- what optimizers and schedules keep


def _states(optimizer: Any, name: str) -> Dict[Any, Any]:
    return {key: of[name] for key, of in optimizer.state.items() if name in of}


def _cloned_states(optimizer: Any, name: str) -> Dict[Any, Any]:
    return {key: _clone(value) for key, value in _states(optimizer, name).items()}


def _state_not_updated(patch: Any, cls: Any, name: str) -> None:
    def after(self: Any, kept: Any, result: Any, arguments: Any) -> None:
        for key, value in kept.items():
            self.state[key][name] = value

    _around(patch, cls, "step", lambda self: _cloned_states(self, name), after)


def _state_not_read(patch: Any, cls: Any, name: str) -> None:
    def before(self: Any) -> None:
        for key, value in _states(self, name).items():
            if isinstance(value, torch.Tensor) and name != "step":
                value.zero_()
            elif isinstance(value, (int, float, torch.Tensor)):
                self.state[key][name] = value * 0

    _around(patch, cls, "step", before, lambda *rest: None)


def _state_not_saved(patch: Any, cls: Any, name: str) -> None:
    def after(self: Any, kept: Any, result: Any, arguments: Any) -> Any:
        state = {
            key: {inner: one for inner, one in of.items() if inner != name}
            if isinstance(of, dict)
            else of
            for key, of in result["state"].items()
        }
        return {**result, "state": state}

    _around(patch, cls, "state_dict", lambda self: None, after)


def _state_not_loaded(patch: Any, cls: Any, name: str) -> None:
    def after(self: Any, kept: Any, result: Any, arguments: Any) -> None:
        for key, of in self.state.items():
            if key in kept:
                of[name] = kept[key]
            elif isinstance(of, dict) and isinstance(of.get(name), torch.Tensor):
                of[name] = torch.zeros_like(of[name])
            elif isinstance(of, dict) and isinstance(of.get(name), (int, float)):
                of[name] = 0

    _around(patch, cls, "load_state_dict", lambda self: _cloned_states(self, name), after)


def _attribute(self: Any, name: str) -> Any:
    return copy.copy(vars(self).get(name))


def _kept_not_updated(patch: Any, cls: Any, name: str) -> None:
    def after(self: Any, kept: Any, result: Any, arguments: Any) -> None:
        if kept is not None:
            setattr(self, name, kept)

    _around(patch, cls, "step", lambda self: _attribute(self, name), after)


def _kept_not_saved(patch: Any, cls: Any, name: str) -> None:
    def after(self: Any, kept: Any, result: Any, arguments: Any) -> Any:
        return {key: value for key, value in result.items() if key != name}

    _around(patch, cls, "state_dict", lambda self: None, after)


def _kept_not_loaded(patch: Any, cls: Any, name: str) -> None:
    def after(self: Any, kept: Any, result: Any, arguments: Any) -> None:
        setattr(self, name, kept)

    _around(patch, cls, "load_state_dict", lambda self: _attribute(self, name), after)


# what is seen of an object -> rule -> what installs it; in front of the name of what is kept
KEPT: Dict[str, Dict[str, Callable[[Any, Any, str], None]]] = {
    "holds buffer ": {
        "not updated": _restored("forward"),
        "not read": _not_read,
        "not saved": _not_saved,
        "not loaded": _restored("_load_from_state_dict"),
    },
    "state ": {
        "not updated": _state_not_updated,
        "not read": _state_not_read,
        "not saved": _state_not_saved,
        "not loaded": _state_not_loaded,
    },
    "keeps ": {
        "not updated": _kept_not_updated,
        "not saved": _kept_not_saved,
        "not loaded": _kept_not_loaded,
    },
}


def _on(install: Callable[[Any, Any, str], None], cls: Any, name: str) -> Install:
    return lambda patch: install(patch, cls, name)


def _of_kept(one: Target, seen: Dict[str, List[str]]) -> Iterator[Made]:
    """The faults of what its objects keep, as they were seen to."""
    for what in sorted(seen):
        for prefix, rules in KEPT.items():
            name = what[len(prefix) :]
            for rule, install in rules.items() if what.startswith(prefix) else ():
                setting = what.removeprefix("holds ")
                yield Made(one.api, setting, rule, what, _on(install, one.cls, name))
