"""Shrinking: makes a call smaller and simpler, as long as the two releases still differ alike."""

from __future__ import annotations

import math
from typing import Callable, Iterator, List, Set, Tuple

from torch_history.comparing.drafting.calls import Call, Path, Tensor
from torch_history.comparing.drafting.sides import Outcome

MOST = 200  # calls
SECONDS = 20.0
WEAKER = 100  # times smaller that a difference may become, relative to the values
LARGE = 100_000  # elements: above, the largest dimension is made smaller first
DRAWN = 8  # numbers that a draw gives at least
_DIGITS = (0, 1, 2, 3, 4)


Simplify = Callable[[Tensor], Tensor]
Link = Tuple[Path, int, int]  # a tensor, a dimension of it, how often it has the size
Linked = Tuple[List[Link], List[Path]]  # dimensions and numbers that become smaller together


class _SpentError(Exception):
    """The limit of calls or of seconds is reached."""


class Shrinker:
    """Shrinks one call. ``evaluate`` makes it under both releases."""

    def __init__(
        self,
        evaluate: Callable[[Call], Outcome],
        call: Call,
        outcome: Outcome,
        clock: Callable[[], float],
    ) -> None:
        self._evaluate, self._clock = evaluate, clock
        self.call, self.outcome = call, outcome
        self._first, self._began = outcome, clock()
        self.calls = 0
        self._tried: Set[str] = set()

    def shrunk(self) -> Tuple[Call, Outcome]:
        """The smallest call that is found within the limits, and what it gives."""
        try:
            last = None
            while last is not self.call:  # what one pass leaves out, another one may need
                last = self.call
                self._sizes()
                self._arguments()
                self._numbers()
            self._values()
            self._gradients()
            self._arguments()
        except _SpentError:
            pass
        return self.call, self.outcome

    def _attempt(self, call: Call) -> Outcome:
        """Take a call if the releases differ in it as they did at first."""
        text = repr(call)
        if text in self._tried:
            return Outcome("same", self.outcome.before, self.outcome.after)
        if self.calls >= MOST or self._clock() - self._began > SECONDS:
            raise _SpentError
        self._tried.add(text)
        self.calls += 1
        found = self._evaluate(call)
        if self._alike(found):
            self.call, self.outcome = call, found
        return found

    def _takes(self, call: Call) -> bool:
        self._attempt(call)
        return self.call is call

    def _alike(self, found: Outcome) -> bool:
        first = self._first
        if found.kind != first.kind:
            return False
        if found.kind == "value" and self.call.draws and not self.call.probe:
            # One number alone is the same by chance on some other release.
            return _made(found) >= min(DRAWN, _made(first))
        if found.kind == "value":
            return found.size >= first.size / WEAKER
        if found.kind == "dtype":
            return _dtypes(found) == _dtypes(first)
        return True

    # -- sizes

    def _sizes(self) -> None:
        """Fewer elements in each dimension, all dimensions of one size together."""
        done: Set[int] = set()
        while True:
            left = [size for size in _sizes_of(self.call) if size not in done]
            if not left:
                break
            # The smallest first: a larger one may become as small, and be taken for the same.
            chosen = left[-1 if _elements(self.call) > LARGE else 0]
            done.add(chosen)
            self._size(chosen)

    def _size(self, size: int) -> None:
        for linked in _linked(self.call, size):
            for goal in sorted({1, 2, size // 2}):
                if goal < size and self._takes_size(linked, size, goal):
                    if goal > 2:
                        self._size(goal)
                    return
        for link in _links(self.call, size):  # one by one
            self._takes_size(([link], []), size, 1)

    def _takes_size(self, linked: Linked, size: int, goal: int) -> bool:
        """Whether dimensions of one size can be smaller together."""
        for start in self._starts(size, goal):
            candidate = _sliced(self.call, linked, size, goal, start)
            found = self._attempt(candidate)
            if self.call is candidate:
                return True
            if found.before.raised and found.after.raised:
                # an index that points behind the end
                clamped = _clamped(candidate, goal - 1)
                if clamped is not candidate and self._takes(clamped):
                    return True
        return False

    def _starts(self, size: int, goal: int) -> List[int]:
        """Where to begin: at the first element, or at the one that differs most."""
        starts, facts = [0], self.outcome.facts
        if "worst" in facts and not self.call.draws:
            shape = self.outcome.after.outs[self.outcome.place][1]
            at = facts["worst"]
            for dim in reversed(shape):
                at, place = divmod(at, dim)
                if dim == size:
                    starts.insert(0, min(place, size - goal))
                    break
        return sorted(set(starts), key=starts.index)

    # -- arguments

    def _arguments(self) -> None:
        """Without what need not be given: names first, then positions from the end."""
        if self.call.steps:
            self._parameters()
        for name in list(self.call.named):
            named = {key: value for key, value in self.call.named.items() if key != name}
            self._takes(self.call._replace(named=named))
        while (
            not self.call.steps
            and self.call.args
            and self._takes(self.call._replace(args=self.call.args[:-1]))
        ):
            pass
        if self.call.autocast:
            self._takes(self.call._replace(autocast=""))
        if self.call.probe:
            self._takes(self.call._replace(probe=False))

    def _parameters(self) -> None:
        """One parameter of an optimizer, with its gradient; and one step."""
        parameters, gradients = self.call.args
        pairs = zip(parameters, gradients) if len(parameters) > 1 else ()
        for pair in pairs:
            if self._takes(self.call._replace(args=[[one] for one in pair])):
                break
        for count in (1, 2):
            if count < self.call.steps and self._takes(self.call._replace(steps=count)):
                break

    def _numbers(self) -> None:
        for path, value in self.call.numbers():
            for simpler in _simpler(value):
                if self._takes(self.call.with_leaf(path, simpler)):
                    break

    # -- contents

    def _values(self) -> None:
        self._together()
        tensors = [(path, one) for path, one in self.call.tensors() if one.constant is None]
        for path, tensor in tensors:
            for simpler in _plainer(tensor):
                if self._takes(self.call.with_leaf(path, simpler)):
                    break
        gradient = self.call.gradient
        if gradient is not None:
            for simpler in _plainer(gradient):
                if self._takes(self.call._replace(gradient=simpler)):
                    break

    def _together(self) -> None:
        """The same for all floating tensors at once: what is equal stays equal."""
        for simplify in (lambda one: one.filled(1), lambda one: one.rounded(0)):

            def change(_: Path, leaf: object, simplify: Simplify = simplify) -> object:
                return simplify(leaf) if isinstance(leaf, Tensor) and leaf.floating else leaf

            if self._takes(self.call.edited(change)):
                return

    def _gradients(self) -> None:
        """Gradients for fewer tensors."""
        for path, tensor in self.call.tensors():
            if tensor.grad:
                self._takes(self.call.with_leaf(path, tensor._replace(grad=False)))


def _made(outcome: Outcome) -> int:
    """How many numbers a call gives."""
    return sum(math.prod(shape) for _, shape in outcome.after.outs)


def _dtypes(outcome: Outcome) -> List[str]:
    return [side.outs[outcome.place][0] for side in (outcome.before, outcome.after)]


def _sizes_of(call: Call) -> List[int]:
    """The sizes of dimensions above 1, the smallest first; without tensors, the numbers given."""
    found = {size for _, tensor in call.tensors() for size in tensor.shape}
    if not found and call.draws:
        found = {value for _, value in call.numbers() if type(value) is int}
    return sorted(size for size in found if size > 1)


def _elements(call: Call) -> int:
    return sum(tensor.elements for _, tensor in call.tensors())


def _linked(call: Call, size: int) -> Iterator[Linked]:
    """Dimensions and numbers that may be one size: dimensions, with numbers, with multiples."""
    every = _links(call, size)
    multiples = [link for times in (2, 3, 4) for link in _links(call, size, times)]
    numbers = [path for path, value in call.numbers() if type(value) is int and value == size]
    if every:
        yield every, []
    if numbers:
        yield every, numbers
    if multiples:
        yield [*every, *multiples], numbers


def _links(call: Call, size: int, times: int = 1) -> List[Link]:
    """The dimensions that are so many times a size."""
    gradient = [(("gradient",), call.gradient)] if call.gradient is not None else []
    return [
        (path, dim, times)
        for path, tensor in [*call.tensors(), *gradient]
        for dim, own in enumerate(tensor.shape)
        if own == size * times
    ]


def _sliced(call: Call, linked: Linked, size: int, goal: int, start: int) -> Call:
    links, numbers = linked

    def change(path: Path, leaf: object) -> object:
        if path in numbers:
            return goal
        for at, dim, times in links:
            if at == path and isinstance(leaf, Tensor):
                leaf = leaf.sliced(dim, start if times == 1 else 0, goal * times)
        return leaf

    gradient = change(("gradient",), call.gradient)
    assert gradient is None or isinstance(gradient, Tensor)
    return call.edited(change)._replace(gradient=gradient)


def _clamped(call: Call, most: int) -> Call:
    if not any(tensor.integer for _, tensor in call.tensors()):
        return call
    return call.edited(
        lambda _, leaf: leaf.clamped(most) if isinstance(leaf, Tensor) and leaf.integer else leaf
    )


def _simpler(value: float) -> Iterator[float]:
    """Simpler numbers for an argument."""
    if type(value) is int:
        yield from (one for one in (1, 2) if one < value)
        return
    if value.is_integer():
        return
    for one in (1.0, 0.5, round(value, 1), round(value, 2), float(f"{value:.2g}")):
        if one == value:
            return
        yield one


def _plainer(tensor: Tensor) -> Iterator[Tensor]:
    """The same tensor with plainer contents, the plainest first.

    A single number is rounded before it becomes 0: a target of -1 or 1 stays one.
    """
    yield tensor.filled(1)
    if tensor.floating and tensor.elements == 1:
        yield tensor.rounded(0)
    yield tensor.filled(0)
    if tensor.floating:
        yield from (tensor.rounded(digits) for digits in _DIGITS)
