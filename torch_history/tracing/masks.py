"""Masks: dropout, which draws inside C, made in Python, so that its draw can be taped.

The steps are those of the C code on the CPU: the results have the same bits. torch below 1.13 needs
this; later releases show the draw to a dispatch mode.
"""

from __future__ import annotations

import math
from typing import Any, Dict, List, Sequence, Tuple

ALPHA = 1.7580993408473766  # what alpha dropout sets the dropped values to, negative


def dropout(torch: Any, name: str, given: Sequence[Any]) -> Any:
    """The result of a dropout that draws; None for a call that draws nothing or is refused."""
    if len(given) != 3 or type(given[0]) not in (torch.Tensor, torch.nn.Parameter):
        return None
    out, p, train = given
    if not train or type(p) not in (int, float) or not 0 < p < 1 or not out.numel():
        return None
    noise = _noise(name, out)
    if noise is None:
        return None
    noise.bernoulli_(1 - p)
    multiply = out.mul_ if name.endswith("_") else out.mul
    if "alpha" not in name:
        return multiply(noise.div_(1 - p))
    scale = 1.0 / math.sqrt((ALPHA * ALPHA * p + 1) * (1 - p))
    shift = noise.add(-1).mul_(ALPHA * scale).add_(ALPHA * scale * p)
    return multiply(noise.mul_(scale)).add_(shift)


def _noise(name: str, like: Any) -> Any:
    """Room for the numbers: one an element, or one a channel."""
    if not name.startswith("feature"):
        return like.new_empty(like.shape)  # contiguous, whatever the input is; up to 1.13
    if like.dim() < 2:
        return None
    return like.new_empty([*like.shape[:2], *[1] * (like.dim() - 2)])


def recurrent(torch: Any, function: Any, given: Sequence[Any]) -> Any:
    """The result of a recurrent network with dropout between its layers; None for any other."""
    if len(given) != 9:
        return None
    packed = isinstance(given[3], (list, tuple))
    sizes, rest = ([given[1]], given[2:]) if packed else ([], given[1:])
    hidden, weights, biases, layers, p, train, both = rest[:7]
    if not train or not p or layers < 2:
        return None
    along = not packed and given[8]  # the batch comes first
    data = given[0].transpose(0, 1) if along else given[0]
    last: List[Any] = []
    for layer in range(layers):
        if layer:
            data = torch.dropout(data, p, True)
        options = [biases, 1, 0.0, train, both] + ([] if packed else [False])
        begin = _of_layer(hidden, layer, layers)
        found = function(data, *sizes, begin, _weights(weights, layer, layers), *options)
        data, made = found[0], found[1:]
        last.append(made)
    states = [torch.cat(one) for one in zip(*last)]
    return (data.transpose(0, 1) if along else data, *states)


def _weights(weights: Sequence[Any], layer: int, layers: int) -> List[Any]:
    each = len(weights) // layers
    return list(weights[layer * each : (layer + 1) * each])


def _of_layer(hidden: Any, layer: int, layers: int) -> Any:
    """The first state of a layer: one tensor, or two of an LSTM."""

    def part(state: Any) -> Any:
        each = state.shape[0] // layers
        return state[layer * each : (layer + 1) * each]

    if isinstance(hidden, (list, tuple)):
        return type(hidden)(part(one) for one in hidden)
    return part(hidden)


FIRST = ("low", "from", "mean", "median", "p", "lambd", "n", "num_samples")
SECOND = ("high", "to", "std", "sigma", "replacement")
# A dispatch mode does not see an argument at the end that has its default.
DEFAULTS: Dict[str, List[float]] = {
    "bernoulli_": [0.5],
    "exponential_": [1],
    "cauchy_": [0, 1],
    "log_normal_": [1, 2],
}


def numbers(name: str, args: Sequence[Any], kwargs: Any) -> Tuple[Any, ...]:
    """The arguments of a draw, with those that are given by name, as a dispatch mode sees them."""
    found = list(args)
    for place, names in enumerate((FIRST, SECOND)):
        for key in names:
            if key in kwargs:
                if place and name.endswith("_") and _count(found) == 0:
                    found.append(0.0)  # the first of the two has its default
                found.append(kwargs[key])
    usual = DEFAULTS.get(name, [])[: _count(found)]  # a copy
    while usual and type(found[-1]) in (int, float) and found[-1] == usual.pop():
        found.pop()
    return tuple(found)


def _count(given: Sequence[Any]) -> int:
    return sum(type(one) in (int, float) for one in given)
