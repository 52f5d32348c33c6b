"""Growth: the curves of one release, a panel for each."""

from __future__ import annotations

from pathlib import Path
from typing import Any, List, Sequence, Tuple

from torch_history.bench.growth import Curve
from torch_history.bench.packages import needed
from torch_history.bench.pictures.drawing import (
    FASTER,
    GREY,
    SLOWER,
    WIDTH,
    matplotlib,
    picture,
    plain,
)

with needed("numpy", "the plot"):
    import numpy as np


def draw(title: str, curves: Sequence[Curve], path: Path) -> None:
    """A panel for each curve: medians with quartiles, and the fitted line with its fixed part.

    A diamond marks the size at which both parts are equal. Raises HistoryError.
    """
    across = min(3, max(1, len(curves)))
    down = -(-len(curves) // across)
    with picture(path, WIDTH, 0.8 + 2.7 * down) as figure:
        for number, curve in enumerate(curves):
            _panel(figure.add_subplot(down, across, number + 1), curve)
        figure.suptitle(plain(title))
        figure.legend(handles=_legend(), loc="outside lower center", ncols=4, frameon=False)


def _panel(axes: Any, curve: Curve) -> None:
    ticker = matplotlib("ticker")
    sizes, seconds = np.array(curve.sizes), np.array(curve.seconds)
    # Whole sizes: the number of parameters is defined for these alone.
    line = np.unique(np.geomspace(sizes.min(), sizes.max(), 200).round().astype(int))
    axes.plot(line, curve.at(line), color=FASTER, linewidth=1.2)
    axes.errorbar(
        sizes,
        seconds,
        np.abs(np.array([curve.low, curve.high]) - seconds),
        fmt="o",
        color="black",
        markersize=4,
        zorder=3,
    )
    if curve.fixed > 0:
        axes.axhline(curve.fixed, color=GREY, linewidth=1, linestyle="--")
    if sizes.min() <= curve.equal_at <= sizes.max():
        diamond = {"color": SLOWER, "markersize": 6, "zorder": 4}
        axes.plot(curve.equal_at, curve.at(curve.equal_at), "D", **diamond)
    time = ticker.EngFormatter("s")
    # EngFormatter limits decimals, not digits, so the values are rounded before.
    fixed, slope = (time(float(f"{value:.2g}")) for value in (curve.fixed, curve.slope))
    axes.set(
        xscale="log",
        yscale="log",
        xlabel=f"{curve.axis}\n{fixed} + {slope} per {curve.unit};\n{_fixed_share(curve)}",
    )
    axes.set_title(plain(curve.name), fontsize=9, weight="bold")
    _ticks(axes, sizes)
    axes.yaxis.set_major_formatter(time)


def _fixed_share(curve: Curve) -> str:
    """At which sizes more than half of the time is fixed."""
    if min(curve.sizes) <= curve.equal_at <= max(curve.sizes):
        return f"below {curve.axis} {curve.equal_at:,.0f} more than half is fixed"
    less = curve.equal_at < min(curve.sizes)
    return f"{'less' if less else 'more'} than half is fixed at each size"


def _ticks(axes: Any, sizes: Any) -> None:
    ticker = matplotlib("ticker")
    every = 2 if len(sizes) > 5 else 1  # which sizes have a label, from the largest down
    labels = [
        f"{size:,}" if (len(sizes) - 1 - number) % every == 0 else ""
        for number, size in enumerate(sizes)
    ]
    axes.set_xticks(sizes, labels)
    axes.xaxis.set_minor_locator(ticker.NullLocator())
    low, high = axes.get_ylim()
    # A short axis may hold no power of ten, and would have no label.
    subs: Tuple[float, ...] = (1,)
    if high / low < 10:
        subs = (1, 1.5, 2, 3, 5, 7)
    elif high / low < 100:
        subs = (1, 2, 5)
    axes.yaxis.set_major_locator(ticker.LogLocator(subs=subs))
    axes.yaxis.set_minor_locator(ticker.NullLocator())


def _legend() -> List[Any]:
    line = matplotlib("lines").Line2D
    points = {"linestyle": "", "color": "black", "marker": "o", "markersize": 4}
    diamond = {"linestyle": "", "color": SLOWER, "marker": "D", "markersize": 6}
    return [
        line([], [], label="measured: median, quartiles", **points),
        line([], [], color=FASTER, linewidth=1.2, label="fitted: fixed + growing part"),
        line([], [], color=GREY, linewidth=1, linestyle="--", label="fixed part"),
        line([], [], label="both parts equal", **diamond),
    ]
