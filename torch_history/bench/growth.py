"""Growth: how the time of a whole training step grows with the batch and with the width.

A step has a fixed cost and one that grows: seconds = fixed + slope * amount. The amount is the
batch (unit: sample). For a network that gets wider it is the number of parameters (unit:
parameter): the matrix products of a layer at one batch grow with that number, and so does Adam's
step. By width, the fixed part is dispatch. By batch, it is dispatch and everything that passes over
the parameters, above all Adam's step. ``measure`` keeps raw nanoseconds, ``curves`` fits them, and
``text`` prints the fits.
"""

from __future__ import annotations

import random
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

from torch_history.bench import design, markdown, raw
from torch_history.bench.packages import needed
from torch_history.bench.rounds import Blocks, Growth, Manifest, Sizes
from torch_history.bench.timing import STEP_FIGURE, kind
from torch_history.matrix.environments import Environment
from torch_history.progress import Tell

with needed("numpy", "a benchmark"):
    import numpy as np

UNITS = {"batch": "sample", "width": "parameter"}
FEWEST_SIZES = 3  # a line through two points fits, whatever they are

_TO_256, _TO_4096 = (1, 4, 16, 64, 256), (1, 4, 16, 64, 256, 1024, 4096)
CURVES: Dict[str, Sizes] = {
    "mlp-5 by batch": Sizes("batch", "mlp", 5, _TO_4096),
    "mlp-1024 by batch": Sizes("batch", "mlp", 1024, _TO_256),
    "rnn-20 by batch": Sizes("batch", "rnn", 20, _TO_4096),
    "rnn-256 by batch": Sizes("batch", "rnn", 256, _TO_256),
    "conv-16 by batch": Sizes("batch", "conv", 16, _TO_256),
    "mlp at batch 64 by width": Sizes("width", "mlp", 64, (5, 16, 64, 128, 256, 512, 1024)),
    "rnn at batch 64 by width": Sizes("width", "rnn", 64, (20, 40, 80, 160, 256, 512)),
}


def parameters(family: str, width: Any) -> Any:
    """How many parameters a network of cases.py has at this width (an int, or an array of them)."""
    if family == "mlp":
        # The layers of cases.py once more: that module needs torch. A test compares the two.
        inner = np.maximum(2, np.asarray(width) * 2 // 5)
        base = 4 * width * width + 3 * width
        adapter = 2 * width * inner + inner + width
        head = width + 1
        return base + adapter + head
    embedding = 53 * 10
    layers = width * (10 + width + 2) + width * (2 * width + 2)
    linear = 3 * (6 * width + 1)
    return embedding + layers + linear


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
        """The size at which the fixed part and the growing part are equal.

        0 if there is no fixed part, infinite if there is no growing part.
        """
        if self.fixed == 0:
            return 0.0
        if self.slope == 0:
            return float("inf")
        if self.axis == "batch":
            return self.fixed / self.slope
        # `parameters` rounds an inner width, so it has no inverse in closed form.
        grid = np.unique(np.geomspace(1, 1e6, 5000).astype(np.int64))
        return float(np.interp(self.fixed / self.slope, self.amount(grid), grid))

    @property
    def misfit(self) -> float:
        """The largest |fit / measured - 1| of all sizes: how far the data are from a line."""
        return float(np.max(np.abs(self.at(np.array(self.sizes)) / np.array(self.seconds) - 1)))


def measure(
    root: Path,
    environment: Environment,
    device: str,
    seconds: float,
    file: Path,
    tell: Tell,
    only: Sequence[str] = (),
) -> Growth:
    """Time the curves in one worker on one core, in sweeps of random order, at least one sweep.

    ``only`` holds patterns of the curves' names. The raw record is written to ``file`` at the end,
    and after an interruption (KeyboardInterrupt) with ``interrupted`` true. If the release is not
    known yet, there is nothing to write and the interruption is passed on. Raises HistoryError for
    a pattern that matches no curve and for a worker that fails.
    """
    wanted = {name: CURVES[name] for name in design.matching(list(CURVES), only)}
    run = _Run(root, device, wanted, seconds, tell)
    cache = Path(tempfile.mkdtemp())
    interrupted = False
    try:
        tell(0.0, "importing torch")
        with design.workers(root, {"timed": (environment, None)}, device, cache) as remotes:
            run.measure(remotes["timed"])
    except KeyboardInterrupt:
        if run.release is None:
            raise
        interrupted = True
    finally:
        shutil.rmtree(str(cache), ignore_errors=True)
    record = run.record(interrupted)
    raw.write(file, record)
    return record


class _Timed:
    """The blocks of one case while it is measured."""

    def __init__(self, calls: int):
        self.calls, self.ns = calls, []  # type: int, List[int]


class _Run:
    """The growth of one release while it is measured."""

    def __init__(
        self, root: Path, device: str, curves: Dict[str, Sizes], seconds: float, tell: Tell
    ):
        self.root, self.device, self.curves = root, device, curves
        self.seconds, self.tell = seconds, tell
        self.start, self.began = design.started(), time.monotonic()
        self.figure = STEP_FIGURE[kind(device)]
        self.release: Optional[Manifest] = None
        self.missing: Dict[str, str] = {}
        self.timed: Dict[str, _Timed] = {}

    def record(self, interrupted: bool) -> Growth:
        assert self.release is not None, "the worker has not described its release"
        return Growth(
            device=self.device,
            figure=self.figure,
            date=self.start.date,
            machine=self.start.machine,
            seed=self.start.seed,
            interrupted=interrupted,
            release=self.release,
            curves=self.curves,
            missing=self.missing,
            rounds={
                case: Blocks(calls=timed.calls, ns=tuple(timed.ns))
                for case, timed in self.timed.items()
            },
        )

    def measure(self, remote: design.Remote) -> None:
        """Build each case once; then time all of them repeatedly until the budget is spent."""
        self.release = remote.describe(self.root)
        shuffled = random.Random(self.start.seed)
        # One worker builds alone, so it may be pinned first, unlike the three of `design`.
        remote.get("pin", shuffled.choice(design.cores()))
        self._prepare(remote)
        sweep = 0
        # The first sweep is whole, whatever the budget: a curve needs all of its sizes.
        while self.timed and (sweep == 0 or time.monotonic() - self.began < self.seconds):
            sweep += 1
            for case in shuffled.sample(list(self.timed), len(self.timed)):
                if sweep > 1 and time.monotonic() - self.began >= self.seconds:
                    break
                self._tell(f"timing, sweep {sweep}: {case}")
                timed = self.timed[case]
                for number in range(design.BURST):
                    warm = int(number == 0)
                    timed.ns.append(remote.get("time", case, self.figure, timed.calls, warm))

    def _prepare(self, remote: design.Remote) -> None:
        # two curves may share a case
        cases = [sizes.case(size) for sizes in self.curves.values() for size in sizes.sizes]
        for case in dict.fromkeys(cases):
            self._tell(f"building {case}")
            remote.ask("prepare", case, self.figure)
            answered, value = remote.answer()
            if answered == "missing":
                self.missing[case] = value
            else:
                self.timed[case] = _Timed(remote.get("calibrate", case, self.figure))

    def _tell(self, what: str) -> None:
        self.tell(min(1.0, (time.monotonic() - self.began) / self.seconds), what)


def curves(record: Growth) -> List[Curve]:
    """The fit of every curve of a record that has at least three timed sizes."""
    found = []
    for name, sizes in record.curves.items():
        steps = {}
        for size in sizes.sizes:
            timed = record.rounds.get(sizes.case(size))
            if timed and timed.ns:
                # A block of 0 ns, from a coarse clock, would have an infinite relative error.
                steps[size] = np.maximum(1, np.array(timed.ns)) / timed.calls / 1e9
        if len(steps) >= FEWEST_SIZES:
            quartiles = np.array([np.percentile(taken, (25, 50, 75)) for taken in steps.values()])
            found.append(_fitted(name, sizes, list(steps), quartiles))
    return found


def _fitted(name: str, sizes: Sizes, timed: List[int], quartiles: Any) -> Curve:
    """A curve from the quartiles of each timed size, an array of three columns."""
    low, middle, high = quartiles.T.tolist()
    curve = Curve(name, sizes.axis, sizes.family, timed, middle, low, high, 0.0, 0.0)
    fixed, slope = fit(curve.amount(np.array(timed)), middle)
    return curve._replace(fixed=fixed, slope=slope)


def fit(amounts: Sequence[float], seconds: Sequence[float]) -> Tuple[float, float]:
    """``fixed`` and ``slope`` of seconds = fixed + slope * amount, neither of them negative.

    The fit minimises the sum of squared relative errors.
    """
    x, y = np.asarray(amounts, dtype=float), np.asarray(seconds, dtype=float)
    # Scaled, since parameters go into the millions and the other column holds ones.
    # Dividing by y makes the errors relative, or the largest sizes alone would decide.
    unit = x.max()
    rows = np.column_stack([np.ones_like(x), x / unit]) / y[:, None]
    ones = np.ones_like(y)
    both = np.linalg.lstsq(rows, ones, rcond=None)[0]
    for column in (0, 1):
        if both[column] < 0:  # then the best non-negative fit does not have this part
            both[column] = 0.0
            both[1 - column] = np.linalg.lstsq(rows[:, [1 - column]], ones, rcond=None)[0][0]
    return float(both[0]), float(both[1] / unit)


def text(found: Sequence[Curve]) -> str:
    """The fits as a Markdown table."""
    lines = [
        "| the whole step | fixed, µs | growing, ns | equal at | worst misfit | measured |",
        "|---|---:|---:|---:|---:|---|",
    ]
    for curve in found:
        first, last = curve.sizes[0], curve.sizes[-1]
        lines.append(
            markdown.row(
                markdown.cell(curve.name),
                f"{curve.fixed * 1e6:,.0f}",
                f"{_digits(curve.slope * 1e9)} per {curve.unit}",
                _equal(curve),
                f"{curve.misfit:.0%}",
                f"{_duration(curve.seconds[0])} at {first:,} "
                f"to {_duration(curve.seconds[-1])} at {last:,}",
            )
        )
    return "\n".join(lines) + "\n"


def _equal(curve: Curve) -> str:
    if curve.equal_at in (0.0, float("inf")):
        return "no fixed part" if curve.fixed == 0 else "does not grow"
    return f"{curve.axis} {curve.equal_at:,.0f}"


def _digits(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _duration(seconds: float) -> str:
    return f"{seconds * 1e6:,.0f} µs" if seconds < 1e-3 else f"{seconds * 1e3:,.1f} ms"
