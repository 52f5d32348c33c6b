"""Meeting: which behaviour calls which API, with which arguments, and what the objects keep."""

from __future__ import annotations

import numbers
from typing import Any, Callable, Dict, Iterable, Iterator, List, Set

import torch

from faults.settings.targets import UNKNOWN, Target, replaced

Meetings = Dict[str, Dict[str, List[str]]]  # API -> what was seen of it -> tests


class Meeting:
    """Replaces every target by itself, and notes what the running test does with it."""

    def __init__(self, targets: Dict[str, Target]) -> None:
        self._targets = targets
        self._paths = {one.cls: api for api, one in targets.items() if one.cls is not None}
        self._made: List[Any] = []  # optimizers and schedules of the running test
        self.test = ""
        self.met: Dict[str, Dict[str, Set[str]]] = {}

    def install(self, patch: Any) -> None:
        """Watch every target."""
        for one in self._targets.values():
            replaced(patch, one, self._watched(one))

    def _watched(self, one: Target) -> Callable[[Callable[..., Any]], Any]:
        def make(honest: Callable[..., Any]) -> Any:
            def function(*arguments: Any, **named: Any) -> Any:
                self._note(one.api, _arguments(one, arguments, named))  # it may raise
                result = honest(*arguments, **named)
                self._note(one.api, _result(one, arguments, result))
                if one.cls is not None and arguments and hasattr(arguments[0], "state_dict"):
                    self._made += [] if isinstance(arguments[0], torch.nn.Module) else arguments[:1]
                return result

            return function

        return make

    def _note(self, api: str, seen: Iterable[str]) -> None:
        for what in seen:
            self.met.setdefault(api, {}).setdefault(what, set()).add(self.test)

    def ended(self) -> None:
        """Note what the optimizers and schedules of a test have kept when it ends."""
        for one in self._made:
            api = self._paths.get(type(one))
            if api is not None:
                self._note(api, kept_by(one))
        self._made = []

    def as_json(self) -> Meetings:
        """What was seen."""
        return {
            api: {what: sorted(tests) for what, tests in seen.items()}
            for api, seen in self.met.items()
        }


def _arguments(one: Target, arguments: Any, named: Any) -> Iterator[str]:
    """``called``, and of each parameter ``given padding`` and ``number padding``."""
    yield "called"
    call = one.bind(arguments, named)
    if call is None:
        yield "unbound"
        return
    for parameter, value, given in call.values():
        name = parameter.name
        has_default = parameter.default is not parameter.empty
        if given and has_default and not same(value, parameter.default):
            yield f"given {name}"
        if isinstance(value, bool):
            yield f"bool {name}"
        elif is_number(value):
            yield f"number {name}"


def _result(one: Target, arguments: Any, result: Any) -> Iterator[str]:
    if one.cls is not None:
        yield from (f"holds {what}" for what in held(arguments[0] if arguments else None))
    elif one.has_self and arguments and result is arguments[0]:
        yield "returns self"
    elif one.has_self and result is not None and not isinstance(result, torch.Tensor):
        yield "returns something"


def held(made: Any) -> Iterator[str]:
    """The buffers of a new module, if it has any of its own."""
    if isinstance(made, torch.nn.Module):
        yield from (f"buffer {name}" for name, one in made._buffers.items() if one is not None)


def kept_by(made: Any) -> Iterator[str]:
    """The states of an optimizer, or what a schedule keeps, as what is seen of its class."""
    if isinstance(made, torch.optim.Optimizer):
        for of in made.state.values():
            yield from (f"state {name}" for name in (of if isinstance(of, dict) else ()))
    elif hasattr(made, "last_epoch") and hasattr(made, "state_dict"):
        yield from (f"keeps {name}" for name in vars(made) if name in made.state_dict())


def is_number(value: Any) -> bool:
    """Whether it is a number or some numbers, but no boolean."""
    if isinstance(value, (tuple, list)) and value:
        return all(map(is_number, value))
    return isinstance(value, numbers.Real) and not isinstance(value, bool)


def same(value: Any, default: Any) -> bool:
    """Whether an argument says what the default says."""
    if value is default:
        return True
    if default is UNKNOWN or isinstance(value, torch.Tensor) or type(value) is not type(default):
        return False
    try:
        return bool(value == default)
    except (RuntimeError, TypeError, ValueError):
        return False
