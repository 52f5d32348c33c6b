"""Steps: the cost of a training step along a chain of releases, a panel for each network."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, Dict, Iterator, List, Mapping, Sequence, Tuple

from torch_history import versions
from torch_history.bench import chain as chains
from torch_history.bench.chain import Chain, Point
from torch_history.bench.pictures.drawing import matplotlib, picture, plain

# Narrow, or the text would be too small on a phone: 390 pixels for 374 points.
WIDTH, PANEL = 5.2, 2.7  # inches
# Not vermillion and blue, which are verdicts in the other pictures.
LINES: Dict[str, Tuple[str, str, float]] = {  # phase -> its words, colour, width
    "forward": ("forward", "#56B4E9", 1.6),
    "backward": ("backward", "#009E73", 1.6),
    "optimizer_step": ("optimizer.step", "#CC79A7", 1.6),
    "zero_grad": ("zero_grad", "#E69F00", 1.6),
    "whole_step": ("whole step", "black", 2.4),
}
MARKERS = {"slower": "^", "faster": "v"}


def draw(title: str, chain: Chain, checks: Sequence[Chain], path: Path) -> None:
    """The cost of each phase relative to the first release, with its error as a band.

    ``checks`` compare two releases of the chain directly, and have a cross each. After a gap a
    line is dashed. Raises HistoryError.
    """
    networks = chains.phases(chain)
    with picture(path, WIDTH, 1.8 + PANEL * max(1, len(networks))) as figure:
        panels = figure.subplots(max(1, len(networks)), 1, sharex=True, squeeze=False)[:, 0]
        for axes, (network, names) in zip(panels, networks.items()):
            heights = [_line(axes, chain, name) for name in names]
            for name, height in zip(names, heights):
                _crosses(axes, chain, checks, name, height)
            _frame(axes, chain)
            axes.set_title(plain(network), loc="left", weight="bold", fontsize=9.5)
        panels[-1].set_xticks(range(len(chain.releases)), _labels(chain), rotation=90)
        figure.suptitle(plain(title))
        figure.legend(
            handles=list(_legend(bool(checks))), loc="outside lower center", ncols=2, frameon=False
        )


def _line(axes: Any, chain: Chain, name: str) -> Dict[int, float]:
    """Draw one phase, and return its height at each release."""
    runs = chains.runs(chain.row(name))
    for number, run in enumerate(runs):
        _run(axes, run, _phase(name), measured=number == 0)
    for before, after in zip(runs, runs[1:]):
        _gap(axes, before[-1], after[0], _phase(name))
    return {point.at: point.height for run in runs for point in run}


def _phase(name: str) -> str:
    return name.partition(".")[2]


def _run(axes: Any, run: Sequence[Point], phase: str, measured: bool) -> None:
    """A line with its band, and a triangle at each release that is slower or faster."""
    _, colour, width = LINES[phase]
    at = [point.at for point in run]
    low = [math.exp(point.height - point.error.below) for point in run]
    high = [math.exp(point.height + point.error.above) for point in run]
    axes.fill_between(at, low, high, color=colour, alpha=0.15, linewidth=0, zorder=1)
    heights = [math.exp(point.height) for point in run]
    axes.plot(
        at,
        heights,
        color=colour,
        linewidth=width,
        linestyle="-" if measured else (0, (2, 1)),
        zorder=2,
    )
    for point, height in zip(run, heights):
        if point.verdict in MARKERS:
            axes.plot(
                point.at,
                height,
                MARKERS[point.verdict],
                color=colour,
                markersize=6,
                markeredgecolor="white",
                markeredgewidth=0.5,
                zorder=3,
            )


def _gap(axes: Any, before: Point, after: Point, phase: str) -> None:
    """Two rings with nothing between them: the step is void or unknown."""
    axes.plot(
        [before.at, after.at],
        [math.exp(before.height), math.exp(after.height)],
        "o",
        color=LINES[phase][1],
        markerfacecolor="white",
        markersize=5,
        zorder=4,
    )


def _crosses(
    axes: Any, chain: Chain, checks: Sequence[Chain], name: str, heights: Mapping[int, float]
) -> None:
    """Where the direct comparisons put the newer release, from the older one's height."""
    for check in checks:
        before, after = check.releases
        (one,) = check.row(name)
        # A cross stands where the product is known, which is never across a gap.
        if chains.known(one) and chains.product(chain, name, before, after):
            height = heights[chain.releases.index(before)] + math.log(one.ratio)
            axes.plot(
                chain.releases.index(after),
                math.exp(height),
                "x",
                color=LINES[_phase(name)][1],
                markersize=7,
                markeredgewidth=1.6,
                zorder=5,
            )


def _frame(axes: Any, chain: Chain) -> None:
    axes.set(yscale="log", xlim=(-0.5, len(chain.releases) - 0.5))
    ticker = matplotlib("ticker")
    axes.yaxis.set_major_locator(ticker.LogLocator(subs=(1, 1.5, 2, 3, 5, 7)))
    axes.yaxis.set_major_formatter(ticker.FormatStrFormatter("%g"))
    axes.yaxis.set_minor_locator(ticker.NullLocator())
    axes.axhline(1, color="black", linewidth=0.8, zorder=0)
    axes.grid(axis="x", color="#EEEEEE", linewidth=0.6)
    axes.grid(axis="y", color="#DDDDDD", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.tick_params(length=2)
    axes.spines[["right", "top"]].set_visible(False)
    spans = chains.spans(chain)
    for before, after in zip(spans, spans[1:]):
        axes.axvline(after.first, color="#777777", linewidth=0.8, linestyle=":", zorder=0)
        axes.annotate(
            plain(f"Python {before.python} ← → {after.python}"),
            (after.first, 1),
            xycoords=("data", "axes fraction"),
            xytext=(0, 2),
            textcoords="offset points",
            ha="center",
            fontsize=8,
            color="#555555",
        )


def _labels(chain: Chain) -> List[str]:
    """The lines of the releases, or their patches where a line has several."""
    lines = list(map(versions.line, chain.releases))
    return lines if len(set(lines)) == len(lines) else list(map(plain, chain.releases))


def _legend(checked: bool) -> Iterator[Any]:
    line, patch = matplotlib("lines").Line2D, matplotlib("patches").Patch
    for words, colour, width in LINES.values():
        yield line([], [], color=colour, linewidth=width, label=words)
    yield patch(color="#CCCCCC", label="error of the product")
    mark = {"linestyle": "", "color": "#555555"}
    yield line([], [], marker="^", label="slower than the one before", **mark)
    yield line([], [], marker="v", label="faster", **mark)
    if checked:
        yield line([], [], marker="x", markeredgewidth=1.6, label="compared directly", **mark)
    ring = {"marker": "o", "markerfacecolor": "white", "linestyle": (0, (2, 1))}
    yield line([], [], color="#555555", label="after a gap: height uncertain", **ring)
