"""Growth: how far the losses and parameters of two runs lie apart, step by step."""

from __future__ import annotations

import math
from typing import Any, Dict, List, NamedTuple, Optional

from torch_history.comparing.result import Curve, Distances, Step
from torch_history.comparing.traces import Trace

HUGE = 1e30  # stands for what is not finite, which JSON does not have
RTOL, ATOL = 1.3e-6, 1e-5  # assert_close's for float32
MOST_NAMES, MOST_STEPS = 200, 400


class Growth(NamedTuple):
    """How far the losses of two runs part."""

    farthest: float  # relative
    first_beyond: Optional[int]  # the backward, from 1, at which a loss is beyond tolerance


def losses(before: Trace, after: Trace) -> Growth:
    """How far the losses part, and from which backward on they are beyond assert_close."""
    farthest, first = 0.0, None
    for place, (one, other) in enumerate(zip(before.losses, after.losses), 1):
        if one is None or other is None or one == other or (one != one and other != other):
            continue
        apart = abs(one - other)
        relative = apart / max(abs(one), ATOL)
        farthest = max(farthest, relative if math.isfinite(relative) else HUGE)
        if first is None and not apart <= ATOL + RTOL * abs(one):
            first = place
    return Growth(farthest, first)


def within(before: Trace, after: Trace) -> bool:
    """Whether the losses and the parameters that are sampled stay within tolerance to the end."""
    if losses(before, after).first_beyond is not None:
        return False
    pairs = list(zip(before.steps, after.steps))
    if len(before.marks) == len(after.marks) and before.final and after.final:
        pairs.append((before.final, after.final))
    if not pairs:
        return True
    state = ("parameters", "buffers")
    mine, theirs = before.sample(pairs[-1][0], state), after.sample(pairs[-1][1], state)
    return all(
        abs(one - other) <= ATOL + RTOL * abs(one)
        for name in mine
        for one, other in zip(mine[name], theirs.get(name, ()))
    )


def curve(run: str, trace: Optional[Trace]) -> Optional[Curve]:
    """The losses of a run."""
    if trace is None or not trace.losses:
        return None
    kept = [one if one is not None and math.isfinite(one) else None for one in trace.losses]
    return Curve(run, tuple(kept))


def distances(run: str, before: Trace, other: Optional[Trace]) -> Optional[Distances]:
    """How far each parameter lies from where the older run has it, after each step."""
    if other is None:
        return None
    pairs = list(zip(before.steps, other.steps))
    every = max(1, -(-len(pairs) // MOST_STEPS))
    rows: Dict[str, Dict[int, float]] = {}
    steps: List[int] = []
    for mine, theirs in pairs[::every]:
        steps.append(mine["step"])
        ours, others = before.sample(mine), other.sample(theirs)
        for name in ours:
            if name in others:
                rows.setdefault(name, {})[mine["step"]] = _apart(ours[name], others[name])
    names = list(rows)[:MOST_NAMES]
    values = tuple(tuple(rows[name].get(step) for step in steps) for name in names)
    return Distances(run, tuple(names), tuple(steps), values) if names else None


def _apart(one: Any, other: Any) -> float:
    square = sum((a - b) ** 2 for a, b in zip(one, other))
    size = sum(a**2 for a in one)
    found = math.sqrt(square / size) if size and square == square else (0.0 if not square else 1.0)
    return found if math.isfinite(found) else HUGE


def forced(kept: Trace, followed: Trace) -> List[Step]:
    """How far each step leads apart from the older run's state."""
    found = []
    for mark in followed.steps:
        differs = followed.states.get(mark["n"], [])
        far = [
            one[2]["largest"] / one[2]["scale"]
            for one in differs
            if one[0] == "parameters" and one[2].get("scale") and one[2].get("largest") is not None
        ]
        found.append(Step(mark["step"], max(far, default=0.0), _loss(kept, followed, mark["n"])))
    return found


def parts(followed: Trace, upto: int) -> bool:
    """Whether a state up to a mark differs by more than rounding of its last operation."""
    return any(
        not one[2].get("rounding")
        for mark, differs in followed.states.items()
        for one in differs
        if mark <= upto
    )


def beyond(followed: Trace, jittered: Trace, mark: int) -> bool:
    """Whether a tensor of the state at a mark lies ten times as far apart as jitter leads it.

    Tensor by tensor, because the gradient of a bias before a normalization is nothing but noise.
    """
    noise = {
        (group, name): facts.get("largest") or 0.0
        for group, name, facts in jittered.states.get(mark, [])
    }
    for group, name, facts in followed.states.get(mark, []):
        if facts.get("rounding"):
            continue
        least = facts.get("scale", 0.0) * 2e-6
        if (facts.get("largest") or HUGE) > 10 * max(noise.get((group, name), 0.0), least):
            return True
    return False


def _loss(kept: Trace, followed: Trace, upto: int) -> float:
    """How far the losses since the step before lie apart."""
    found = 0.0
    for mine, theirs in reversed(list(zip(kept.marks[: upto - 1], followed.marks[: upto - 1]))):
        if mine["kind"] == "step" or theirs["kind"] == "step":
            break
        for one, other in zip(mine["loss"], theirs["loss"]):
            if one is not None and other is not None and one != other:
                found = max(found, abs(one - other) / (abs(one) or 1.0))
    return found if math.isfinite(found) else HUGE


def suspicious(kept: Trace, followed: Trace, after: int) -> List[int]:
    """Marks after a given one that lead farther from the same state than rounding should."""
    return [
        mark
        for mark, differs in followed.states.items()
        if mark > after
        and (
            any(one[0] == "parameters" and not one[2].get("rounding") for one in differs)
            or _loss(kept, followed, mark) > 1e-5
        )
    ]
