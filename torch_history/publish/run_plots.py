"""Run plots: lines and strips of colour, as places in percent that the page's template draws.

The plots are SVG of the page's own: matplotlib's would be an extra package, would keep its white
paper in the dark, and would shrink its letters on a phone. Here the lines stretch and the letters,
which stand beside them in HTML, do not.
"""

from __future__ import annotations

import math
from typing import Callable, Iterator, List, NamedTuple, Optional, Sequence, Tuple

from torch_history.comparing.result import Distances, Result
from torch_history.publish import run_words as words

RUNS = ("before", "after", "control", "jitter", "tape")
POINTS = 500  # of a line; of more, the extremes of each part are drawn
ROWS, COLUMNS = 60, 120  # of a heat map; the farthest parameters are shown
LEVELS = 9  # of colour: below 1e-8, a decade each, and from 0.1
FLOOR = 0.08  # where a logarithmic axis begins, above its place for zero

Values = Sequence[Optional[float]]
Point = Tuple[float, float]
Scale = Callable[[float], float]


class Tick(NamedTuple):
    """A place on an axis, in percent, and its label."""

    at: float
    label: str


class Line(NamedTuple):
    """The line of a run. Coordinates are from 0 to 1000, from the upper left."""

    run: str
    label: str
    path: str  # of the line
    dots: str  # points without a neighbour


class Plot(NamedTuple):
    """Lines over the same axis."""

    title: str
    says: str  # in words, what is to be seen
    unit: str  # of the horizontal axis
    across: List[Tick]
    up: List[Tick]
    lines: List[Line]


class Cell(NamedTuple):
    """Neighbouring steps of a parameter with the same colour."""

    at: int
    width: int
    level: Optional[int]  # 0 for the same bits; None where it is not known


class Row(NamedTuple):
    """How far one parameter lies apart."""

    name: str
    cells: List[Cell]
    largest: str
    last: str


class Heat(NamedTuple):
    """How far all parameters lie apart, step by step."""

    run: str
    label: str
    rows: List[Row]
    left_out: int  # parameters that are not shown
    columns: int
    first: int  # step
    last: int


def labels(result: Result) -> List[Tuple[str, str]]:
    """What each run is, in words."""
    before, after = words.releases(result)
    told = (
        f"before: torch {before}",
        f"after: torch {after}",
        f"control: {before} once more",
        f"jitter: {before} with an ulp of jitter",
        f"tape: {after} with the random numbers of {before}",
    )
    return list(zip(RUNS, told))


# ---- the plots


def losses(result: Result) -> Optional[Plot]:
    """The losses of all runs; None where there are none."""
    known = [(run, label, words.curve(result, run)) for run, label in labels(result)]
    series = [(run, label, one.losses) for run, label, one in known if one and _numbers(one.losses)]
    if not series:
        return None
    numbers = [value for _, _, values in series for value in _numbers(values)]
    wide = min(numbers) > 0 and max(numbers) > 100 * min(numbers)
    scale, up = _logarithmic(numbers) if wide else _linear(numbers)
    said = [f"{label}, from {_ends(values)}" for _, label, values in series[:2]]
    steps = range(1, _longest(series) + 1)
    return _plot("Loss at each backward", "; ".join(said), "backward", steps, series, scale, up)


def loss_distances(result: Result) -> Optional[Plot]:
    """How far the losses of each run lie from those before; None where there are none."""
    before = words.curve(result, "before")
    series = []
    for run, label in labels(result)[1:]:
        other = words.curve(result, run)
        if before and other and run != "control":
            series.append((run, label, words.apart(before, other)))
    return _distances("How far the losses lie from those before", "backward", None, series)


def parameter_distances(result: Result) -> Optional[Plot]:
    """How far the farthest parameter of each run lies from the one before, step by step."""
    told = dict(labels(result))
    series = []
    for one in result.distances:
        farthest = [_largest(column) for column in zip(*one.values)] if one.values else []
        series.append((one.run, told.get(one.run, one.run), farthest))
    steps = max((one.steps for one in result.distances), key=len, default=())
    return _distances("How far the farthest parameter lies from the one before", "step", steps,
                      series)  # fmt: skip


def _distances(
    title: str,
    unit: str,
    steps: Optional[Sequence[int]],
    series: Sequence[Tuple[str, str, Values]],
) -> Optional[Plot]:
    series = [one for one in series if _numbers(one[2])]
    positive = [value for _, _, values in series for value in _numbers(values) if value > 0]
    if not positive:
        return None  # the same bits: there is nothing to see
    scale, up = _logarithmic(positive, zero=True)
    said = [f"{label}, {_reach(values)}" for _, label, values in series]
    across = steps or range(1, _longest(series) + 1)
    return _plot(title, f"Relative to their size: {'; '.join(said)}", unit, across, series, scale,
                 up)  # fmt: skip


def _plot(
    title: str,
    says: str,
    unit: str,
    steps: Sequence[int],
    series: Sequence[Tuple[str, str, Values]],
    scale: Scale,
    up: List[Tick],
) -> Plot:
    first, last = steps[0], steps[-1]
    place: Scale = lambda step: (step - first) / (last - first) if last > first else 0.5  # noqa: E731
    ticks = [Tick(100 * place(step), f"{step:,}") for step in _whole(first, last)]
    lines = [_line(run, label, values, steps, place, scale) for run, label, values in series]
    return Plot(title, f"{says}.", unit, ticks, up, lines)


def _line(
    run: str, label: str, values: Values, steps: Sequence[int], place: Scale, scale: Scale
) -> Line:
    path, dots = [], []
    for part in _parts(values, steps):
        places = [
            f"{1000 * place(step):.1f} {1000 * (1 - scale(value)):.1f}"
            for step, value in _thinned(part)
        ]
        if len(places) == 1:
            dots.append(f"M{places[0]}h0")
        else:
            path.append("M" + "L".join(places))
    return Line(run, label, "".join(path), "".join(dots))


def _parts(values: Values, steps: Sequence[int]) -> Iterator[List[Point]]:
    """The parts of a line between the values that are no numbers."""
    part: List[Point] = []
    for step, value in zip(steps, values):
        if value is not None and math.isfinite(value):
            part.append((step, value))
        elif part:
            yield part
            part = []
    if part:
        yield part


def _thinned(points: List[Point]) -> List[Point]:
    """At most so many points as a screen can show: the lowest and the highest of each stretch."""
    if len(points) <= POINTS:
        return points
    size = -(-len(points) * 2 // POINTS)
    found: List[Point] = []
    for start in range(0, len(points), size):
        stretch = points[start : start + size]
        ends = {min(stretch, key=lambda one: one[1]), max(stretch, key=lambda one: one[1])}
        found += sorted(ends)
    return found


# ---- axes


def _linear(values: Sequence[float]) -> Tuple[Scale, List[Tick]]:
    """A scale from 0 to 1 with round ticks."""
    low, high = min(values), max(values)
    if high == low:
        low, high = low - (abs(low) or 1) / 10, high + (abs(high) or 1) / 10
    step = _round((high - low) / 4)
    low, high = math.floor(low / step) * step, math.ceil(high / step) * step
    count = round((high - low) / step)
    ticks = [Tick(100 * one / count, f"{low + one * step:.6g}") for one in range(count + 1)]
    return lambda value: (value - low) / (high - low), ticks


def _round(size: float) -> float:
    """The next size up that is 1, 2 or 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(size))
    return next(one * power for one in (1, 2, 5, 10) if one * power >= size * 0.999)


def _logarithmic(values: Sequence[float], zero: bool = False) -> Tuple[Scale, List[Tick]]:
    """A scale of decades; ``zero`` leaves a place for it below them."""
    low = math.floor(math.log10(min(values)))
    high = max(math.ceil(math.log10(max(values))), low + 1)
    floor = FLOOR if zero else 0.0

    def scale(value: float) -> float:
        if value <= 0:
            return 0.0
        return floor + (1 - floor) * (math.log10(value) - low) / (high - low)

    every = -(-(high - low) // 6)
    ticks = [Tick(0, "0")] if zero else []
    powers = range(high, low - 1, -every)
    return scale, [*ticks, *(Tick(100 * scale(10.0**power), _power(power)) for power in powers)]


def _power(power: int) -> str:
    return f"{10.0**power:g}" if -3 < power < 5 else f"1e{power}"


def _whole(first: int, last: int) -> List[int]:
    """Some round steps of an axis."""
    if last <= first:
        return [first]
    step = max(1, int(_round((last - first) / 8)))
    ticks = [first, *(one for one in range(-(-first // step) * step, last + 1, step))]
    return [one for one in dict.fromkeys(ticks) if one == first or one - first >= step * 0.6]


# ---- the heat map


def heats(result: Result) -> List[Heat]:
    """A heat map for each run that has distances, the one after first."""
    told = dict(labels(result))
    return [
        _heat(one, told.get(one.run, one.run))
        for one in sorted(result.distances, key=lambda one: one.run != "after")
        if one.steps and any(map(_numbers, one.values))
    ]


def _heat(distances: Distances, label: str) -> Heat:
    rows = list(zip(distances.names, distances.values))
    far = sorted(range(len(rows)), key=lambda at: -(_largest(rows[at][1]) or 0))
    shown = sorted(far[:ROWS])  # in the order of the model
    size = -(-len(distances.steps) // COLUMNS)
    return Heat(
        distances.run,
        label,
        [_row(*rows[at], size) for at in shown],
        len(rows) - len(shown),
        -(-len(distances.steps) // size),
        distances.steps[0],
        distances.steps[-1],
    )


def _row(name: str, values: Values, size: int) -> Row:
    columns = [_largest(values[start : start + size]) for start in range(0, len(values), size)]
    cells: List[Cell] = []
    for at, value in enumerate(columns):
        level = _level(value)
        if cells and cells[-1].level == level:
            cells[-1] = cells[-1]._replace(width=cells[-1].width + 1)
        else:
            cells.append(Cell(at, 1, level))
    known = _numbers(values)
    last = values[-1] if values else None
    largest = words.small(max(known)) if known else "not known"
    return Row(name, cells, largest, "not known" if last is None else words.small(last))


def _level(value: Optional[float]) -> Optional[int]:
    if value is None:
        return None
    return min(max(math.floor(math.log10(value)) + 10, 1), LEVELS) if value > 0 else 0


def levels() -> List[Tuple[int, str]]:
    """The legend of the heat maps."""
    between = [(level, f"1e{level - 10}") for level in range(2, LEVELS)]
    return [(0, "same bits"), (1, "less than 1e-8"), *between, (LEVELS, "0.1 and more")]


# ---- values


def _numbers(values: Values) -> List[float]:
    return [one for one in values if one is not None and math.isfinite(one)]


def _largest(values: Values) -> Optional[float]:
    return max(_numbers(values), default=None)


def _longest(series: Sequence[Tuple[str, str, Values]]) -> int:
    return max(len(values) for _, _, values in series)


def _reach(values: Values) -> str:
    largest = _largest(values)
    return f"up to {words.small(largest)}" if largest else "the same"


def _ends(values: Values) -> str:
    known = _numbers(values)
    return f"{known[0]:.4g} to {known[-1]:.4g}"
