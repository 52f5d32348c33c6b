"""Stepping: the step of an optimizer as a call, from its first parameters and gradients."""

from __future__ import annotations

from typing import Iterator, List, Optional, Tuple

from torch_history.comparing.drafting import used
from torch_history.comparing.drafting.calls import Call, Tensor
from torch_history.comparing.traces import Event, Trace, events

STEPS = (1, 3)  # with the same gradients: some optimizers begin to differ when they have a state
MOST = 64  # parameters


def steps(trace: Trace, api: str) -> Iterator[Call]:
    """The first step of the optimizer of a name, with its settings; then some more of them."""
    span = _first(trace, api)
    made = next((one for one in used.uses(trace) if one["api"] == api), None)
    if span is None or made is None:
        return
    named = used.named(made, but=("params", "0"))
    pairs = _pairs(trace, span)
    if named is None or not pairs:
        return
    parameters, gradients = ([pair[place] for pair in pairs[:MOST]] for place in (0, 1))
    for count in STEPS:
        yield Call(api, [parameters, gradients], named, steps=count)


def _first(trace: Trace, api: str) -> Optional[Event]:
    spans = (one for one in trace.calls.values() if one.get("kind") == "step")
    return next((one for one in spans if f"torch.optim.{one['name']}" == api), None)


def _pairs(trace: Trace, span: Event) -> List[Tuple[Tensor, Tensor]]:
    """The parameters that have a gradient, each with it."""
    layouts = [one for one in events(trace.folder / "events.jsonl") if one["e"] == "layout"]
    for layout in layouts:
        slots = [slot for slot in layout["slots"] if slot[0] != "optimizer"]
        if len(slots) == len(span["ins"]):
            both = list(zip(slots, span["ins"]))
            return [
                (_tensor(first[1]), _tensor(second[1]))
                for first, second in zip(both, both[1:])
                if (first[0][0], second[0][0]) == ("parameters", "gradients")
                and first[0][1] == second[0][1]
            ]
    return []


def _tensor(facts: Tuple[str, str, Tuple[int, ...]]) -> Tensor:
    content, dtype, shape = facts
    return Tensor(content, dtype, tuple(shape), tuple(shape))
