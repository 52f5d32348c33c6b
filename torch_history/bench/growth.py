"""Growth: how the time of a whole training step grows with the batch and with the width, in one release on one device.

A step costs a fixed part and a part that grows: seconds = fixed + slope * amount. The amount is the batch (unit: sample), or
for a network that gets wider the number of its parameters (unit: parameter), since both the products of a layer at one batch
and Adam's step grow with that. By width the fixed part is dispatch; by batch it is dispatch and whatever passes over the
parameters, Adam's step above all. ``measure`` keeps raw nanoseconds, ``curves`` fits them, ``text`` prints the fits.
"""

from __future__ import annotations

import random
import shutil
import tempfile
import time
from collections import OrderedDict
from pathlib import Path
from typing import Any, Callable, List, NamedTuple, Sequence, Tuple

import numpy as np

from torch_history.bench import design, raw
from torch_history.matrix.environments import Environment

FIGURES = {"cpu": "cpu", "cuda": "steady"}  # CPU time of one thread; wall time around many steps
UNITS = {"batch": "sample", "width": "parameter"}
FEWEST = 3  # sizes that make a curve; a line through two points fits whatever they are


class Sizes(NamedTuple):
    """What one curve is measured at."""

    axis: str  # "batch" or "width"
    family: str  # of spec/benchmarks/cases.py
    held: int  # the width of a curve by batch, the batch of one by width
    sizes: Sequence[int]

    def case(self, size: int) -> str:
        """The name of the case of this size, as ``mlp-5@64.whole_step``: width 5, batch 64."""
        width, batch = (self.held, size) if self.axis == "batch" else (size, self.held)
        return f"{self.family}-{width}@{batch}.whole_step"


_TO_256, _TO_4096 = (1, 4, 16, 64, 256), (1, 4, 16, 64, 256, 1024, 4096)
CURVES = OrderedDict(
    [
        ("mlp-5 by batch", Sizes("batch", "mlp", 5, _TO_4096)),
        ("mlp-1024 by batch", Sizes("batch", "mlp", 1024, _TO_256)),
        ("rnn-20 by batch", Sizes("batch", "rnn", 20, _TO_4096)),
        ("rnn-256 by batch", Sizes("batch", "rnn", 256, _TO_256)),
        ("conv-16 by batch", Sizes("batch", "conv", 16, _TO_256)),
        ("mlp at batch 64 by width", Sizes("width", "mlp", 64, (5, 16, 64, 128, 256, 512, 1024))),
        ("rnn at batch 64 by width", Sizes("width", "rnn", 64, (20, 40, 80, 160, 256, 512))),
    ]
)


def parameters(family: str, width: Any) -> Any:
    """How many numbers a network of cases.py trains at this width (an int, or an array of them)."""
    if family == "mlp":
        inner = np.maximum(2, np.asarray(width) * 2 // 5)
        return (
            4 * width * width + 3 * width + 2 * width * inner + inner + width + width + 1
        )  # base, adapter, head
    return (
        53 * 10 + width * (10 + width + 2) + width * (2 * width + 2) + 3 * (6 * width + 1)
    )  # rnn: embedding, two layers, linear


class Curve(NamedTuple):
    """One curve. Seconds are those of one step; the fit is ``fixed + slope * amount``."""

    name: str
    axis: str  # "batch" or "width"
    family: str
    sizes: List[int]  # on the axis, ascending
    seconds: List[float]  # medians
    low: List[float]  # lower quartiles
    high: List[float]  # upper quartiles
    fixed: float  # seconds
    slope: float  # seconds per unit

    @property
    def unit(self) -> str:
        """What the slope is per: ``sample`` or ``parameter``."""
        return UNITS[self.axis]

    def amount(self, size: Any) -> Any:
        """How many units a size on the axis is; arrays too."""
        return size if self.axis == "batch" else parameters(self.family, size)

    def at(self, size: Any) -> Any:
        """The fitted seconds of a step at this size; arrays too."""
        return self.fixed + self.slope * self.amount(size)

    @property
    def equal_at(self) -> float:
        """The size at which the fixed part and the growing part are equal: 0 without a fixed part, infinite without a growing one."""
        if self.fixed == 0:
            return 0.0
        if self.slope == 0:
            return float("inf")
        if self.axis == "batch":
            return self.fixed / self.slope
        grid = np.unique(np.geomspace(1, 1e6, 5000).astype(np.int64))
        return float(np.interp(self.fixed / self.slope, self.amount(grid), grid))

    @property
    def misfit(self) -> float:
        """The worst |fit / measured - 1| of the sizes: how far the straight line is off."""
        return float(np.max(np.abs(self.at(np.array(self.sizes)) / np.array(self.seconds) - 1)))


def measure(
    root: Path,
    environment: Environment,
    device: str,
    seconds: float,
    file: Path,
    tell: Callable[[float, str], None],
    only: Tuple[str, ...] = (),
) -> dict:
    """Time the curves (``only`` takes patterns of their names) in one worker on one core, in sweeps of random order, at least
    one.

    ``tell(share done, what is going on)`` follows it. The raw record is written to ``file`` at the end. Interrupted
    (KeyboardInterrupt), it returns what it has, with ``interrupted`` true. Raises HistoryError for a pattern that fits no curve
    and for a worker that fails.
    """
    began = time.monotonic()
    wanted = OrderedDict((name, CURVES[name]) for name in design.matching(list(CURVES), only))
    figure = FIGURES[device.partition(":")[0]]
    cases = list(
        OrderedDict.fromkeys(sizes.case(size) for sizes in wanted.values() for size in sizes.sizes)
    )
    record = {
        **design.begun("growth", device),
        "figure": figure,
        "release": {},
        "curves": {
            name: {**sizes._asdict(), "sizes": list(sizes.sizes)} for name, sizes in wanted.items()
        },
        "missing": {},
        "rounds": {},
    }
    cache = Path(tempfile.mkdtemp())
    try:
        tell(0.0, "importing torch")
        with design.workers(root, {"timed": (environment, None)}, device, cache) as remotes:
            _sweeps(remotes["timed"], record, cases, began, seconds, tell)
    except KeyboardInterrupt:
        record["interrupted"] = True
    finally:
        shutil.rmtree(str(cache), ignore_errors=True)
    raw.write(file, record)
    return record


def _sweeps(
    remote: design.Remote,
    record: dict,
    cases: List[str],
    began: float,
    seconds: float,
    tell: Callable[[float, str], None],
) -> None:
    """Build each case once; then time them all again and again, in random order, until the budget is spent."""

    def told(what: str) -> None:
        tell(min(1.0, (time.monotonic() - began) / seconds), what)

    figure, shuffled = record["figure"], random.Random(record["seed"])
    record["release"] = remote.get("describe")
    remote.get("pin", shuffled.choice(design.cores()))
    for case in cases:
        told(f"building {case}")
        remote.ask("prepare", case, figure)
        kind, value = remote.answer()
        if kind == "missing":
            record["missing"][case] = value
        else:
            record["rounds"][case] = {"calls": remote.get("calibrate", case, figure), "ns": []}
    sweep = 0
    while record["rounds"] and (sweep == 0 or time.monotonic() - began < seconds):
        sweep += 1
        for case in shuffled.sample(list(record["rounds"]), len(record["rounds"])):
            if sweep > 1 and time.monotonic() - began >= seconds:
                break
            told(f"timing, sweep {sweep}: {case}")
            rounds = record["rounds"][case]
            for number in range(design.BURST):
                rounds["ns"].append(
                    remote.get("time", case, figure, rounds["calls"], int(number == 0))
                )


def curves(record: dict) -> List[Curve]:
    """Every curve of a record that has at least three timed sizes, fitted."""
    found = []
    for name, told in record["curves"].items():
        sizes = Sizes(**told)
        rounds = {
            size: record["rounds"].get(sizes.case(size), {"ns": []}) for size in sorted(sizes.sizes)
        }
        steps = {
            size: np.array(each["ns"]) / each["calls"] / 1e9
            for size, each in rounds.items()
            if each["ns"]
        }
        if len(steps) < FEWEST:
            continue
        low, middle, high = (
            np.array([np.percentile(taken, share) for taken in steps.values()])
            for share in (25, 50, 75)
        )
        curve = Curve(
            name,
            sizes.axis,
            sizes.family,
            list(steps),
            middle.tolist(),
            low.tolist(),
            high.tolist(),
            0.0,
            0.0,
        )
        fixed, slope = fit(curve.amount(np.array(curve.sizes)), middle)
        found.append(curve._replace(fixed=fixed, slope=slope))
    return found


def fit(amounts: Sequence[float], seconds: Sequence[float]) -> Tuple[float, float]:
    """``fixed`` and ``slope`` of seconds = fixed + slope * amount, both at least 0, with the least sum of squared relative errors."""
    amounts, seconds = np.asarray(amounts, dtype=float), np.asarray(seconds, dtype=float)
    unit = amounts.max()
    rows = np.column_stack([np.ones_like(amounts), amounts / unit]) / seconds[:, None]
    ones = np.ones_like(seconds)
    both = np.linalg.lstsq(rows, ones, rcond=None)[0]
    for column in (0, 1):
        if both[column] < 0:  # then the best of those at least 0 is without it
            both[column] = 0.0
            both[1 - column] = np.linalg.lstsq(rows[:, [1 - column]], ones, rcond=None)[0][0]
    return float(both[0]), float(both[1] / unit)


def text(found: List[Curve]) -> str:
    """The fits as a Markdown table."""
    lines = [
        "| the whole step | fixed, µs | growing, ns | equal at | worst misfit | measured |",
        "|---|---:|---:|---:|---:|---|",
    ]
    for curve in found:
        cells = [
            curve.name,
            f"{curve.fixed * 1e6:,.0f}",
            f"{_digits(curve.slope * 1e9)} per {curve.unit}",
            _equal(curve),
            f"{curve.misfit:.0%}",
            f"{_duration(curve.seconds[0])} at {curve.sizes[0]:,} to {_duration(curve.seconds[-1])} at {curve.sizes[-1]:,}",
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _equal(curve: Curve) -> str:
    if curve.equal_at in (0.0, float("inf")):
        return "no fixed part" if curve.fixed == 0 else "does not grow"
    return f"{curve.axis} {curve.equal_at:,.0f}"


def _digits(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _duration(seconds: float) -> str:
    return f"{seconds * 1e6:,.0f} µs" if seconds < 1e-3 else f"{seconds * 1e3:,.1f} ms"
