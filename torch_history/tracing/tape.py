"""Tape: the random numbers of one run, kept by family, count and dtype, and played in another.

Keyed by shape it would fail where a release draws the same numbers into another shape. A draw is
made all the same before the tape replaces it, so that the stream moves as it would by itself.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from torch_history.tracing import digest
from torch_history.tracing.recorder import Contents, Reading

FAMILIES = {
    "rand": "uniform",
    "uniform": "uniform",
    "randn": "normal",
    "normal": "normal",
    "bernoulli": "bernoulli",
    "randint": "integers",
    "random": "integers",
    "randperm": "permutation",
    "exponential": "exponential",
    "geometric": "geometric",
    "cauchy": "cauchy",
    "log_normal": "log_normal",
    "multinomial": "multinomial",
    "poisson": "poisson",
    "binomial": "binomial",
    "_standard_gamma": "gamma",
    "_sample_dirichlet": "dirichlet",
    "native_dropout": "mask",
    "_fused_dropout": "mask",
}
SCALED = {"uniform": (0.0, 1.0), "normal": (0.0, 1.0)}


class Draw(NamedTuple):
    """One draw of random numbers: what it draws, and with which numbers as arguments."""

    family: str
    size: int
    dtype: str
    numbers: Tuple[float, ...]  # the interval or the mean and deviation; others as given
    place: int  # of the output that holds what was drawn

    @property
    def key(self) -> str:
        """Under what a tape keeps it."""
        return f"{self.family} {self.size} {self.dtype}"


def family(name: str) -> Optional[str]:
    """The family of an operation that draws; None for any other."""
    plain = name[:-1] if name.endswith("_") else name
    plain = plain[:-5] if plain.endswith("_like") else plain
    return FAMILIES.get(plain)


def drawn(name: str, arguments: List[Any], outputs: List[Any]) -> Optional[Draw]:
    """The draw that an operation has made; None where it draws nothing."""
    of = family(name)
    if of is None or not outputs:
        return None
    place = 1 if of == "mask" else 0
    if place >= len(outputs):
        return None
    numbers = [float(one) for one in arguments if type(one) in (int, float)]
    if of in SCALED and name.startswith("rand"):
        numbers = []  # these are sizes
    if of in SCALED:
        numbers = (numbers + list(SCALED[of])[len(numbers) :])[:2]
    out = outputs[place]
    return Draw(of, out.numel(), str(out.dtype), tuple(numbers), place)


class Recording:
    """Keeps what a run draws."""

    def __init__(self, contents: Contents) -> None:
        self._contents = contents
        self._counted: Dict[str, int] = defaultdict(int)

    def made(self, torch: Any, draw: Draw, outputs: List[Any]) -> str:
        """Keep a draw."""
        memory = digest.plain(torch, outputs[draw.place])
        number = self._counted[draw.key]
        self._counted[draw.key] += 1
        if memory is not None:
            self._contents.put(
                f"{draw.key} {number} {list(draw.numbers)}",
                str(memory.dtype),
                memory.shape,
                digest.read(memory),
            )
        return "kept"


class Playing:
    """Puts the draws of another run in place of this one's."""

    def __init__(self, folder: Path) -> None:
        self._contents = Reading(folder / "tape")
        self._queues: Dict[str, List[str]] = defaultdict(list)
        for key in self._contents.listed():
            family, count, dtype, _, _ = key.split(" ", 4)
            self._queues[f"{family} {count} {dtype}"].append(key)
        self._at: Dict[str, int] = defaultdict(int)

    def made(self, torch: Any, draw: Draw, outputs: List[Any]) -> str:
        """Replace a draw. What the tape does not have stays as it was drawn."""
        queue, at = self._queues.get(draw.key, []), self._at[draw.key]
        if at >= len(queue):
            return "not on the tape"
        self._at[draw.key] += 1
        key = queue[at]
        taped = self._contents.tensor(torch, key)
        numbers = tuple(
            float(one) for one in key.split(" ", 4)[4].strip("[]").split(",") if one.strip()
        )
        out = outputs[draw.place]
        if taped is None:
            return "not on the tape"
        if numbers != draw.numbers:
            if draw.family not in SCALED or len(numbers) != 2:
                return "other arguments"
            # The same place in another interval, or the same deviation from another mean.
            (first, second), (low, high) = numbers, draw.numbers
            if draw.family == "uniform":
                taped = low + (taped - first) / ((second - first) or 1.0) * (high - low)
            else:
                taped = low + (taped - first) / (second or 1.0) * high
        out.copy_(taped.reshape(out.shape).to(out.dtype))
        if draw.family == "mask":
            kept = out.to(outputs[0].dtype)
            outputs[0].copy_(outputs[0].where(out, outputs[0] * 0) * kept)
        return "played"
