"""Pictures: a forest plot of one comparison, a heat map of releases in a row, curves of growth. SVG, or what else matplotlib
writes.

Text stays text in the SVG, and the same input gives the same bytes under one matplotlib. Colours are Okabe and Ito's, which a
colour-blind reader can tell apart: vermillion is slower, blue is faster, in every picture.
"""

from __future__ import annotations

import contextlib
import textwrap
from pathlib import Path
from typing import Any, Dict, Iterator, List, Sequence, Tuple

import numpy as np

from torch_history.bench.estimate import THRESHOLD, Estimate
from torch_history.bench.growth import Curve
from torch_history.errors import HistoryError

SLOWER, FASTER, GREY, BAND = "#D55E00", "#0072B2", "#999999", "#CFE8F7"
COLOURS = {"slower": SLOWER, "faster": FASTER, "inconclusive": GREY, "void": "black"}
WIDTH = 9  # inches: 900 points of a screen at 100 to the inch
ROW = 0.21  # inches, a line of a plot


def forest(title: str, estimates: Sequence[Estimate], path: Path) -> None:
    """One comparison: a row for each benchmark with its ratio, interval and control; unknown ones are told below. Raises HistoryError."""
    timed = [one for one in estimates if one.verdict != "unknown"]
    networks = list(dict.fromkeys(_network(one.name) for one in timed))
    unknown = _wrapped(
        [f"{one.name}: {one.reason}" for one in estimates if one.verdict == "unknown"], 135
    )
    height = 2 + ROW * (len(timed) + len(networks)) + 0.15 * len(unknown)
    with _picture(path, WIDTH, height) as figure:
        axes = figure.add_subplot()
        low, high = _limits(timed)
        axes.set(xscale="log", xlim=(low, high), xlabel="after / before")
        _ratio_ticks(axes, low, high)
        axes.axvline(1, color="black", linewidth=0.8, zorder=1)
        for words, colour, points, side in (
            ("← faster", FASTER, -6, "right"),
            ("slower →", SLOWER, 6, "left"),
        ):
            axes.annotate(
                words,
                (1, 0),
                xytext=(points, 0),
                textcoords="offset points",
                color=colour,
                ha=side,
                va="center",
            )
        for bound in (np.exp(-THRESHOLD), np.exp(THRESHOLD)):
            axes.axvline(bound, color="black", linewidth=0.8, linestyle=":", zorder=1)
        labels, y = [], 0
        for network in networks:
            labels.append((y, network, "bold"))
            y += 1
            for one in timed:
                if _network(one.name) == network:
                    _row(axes, y, one, low, high)
                    labels.append((y, one.name[len(network) + 1 :], "normal"))
                    y += 1
        axes.set_ylim(max(y, 1) - 0.4, -0.6)
        axes.set_yticks([at for at, _, _ in labels], [text for _, text, _ in labels])
        for tick, (_, _, weight) in zip(axes.get_yticklabels(), labels):
            tick.set_weight(weight)
        axes.tick_params(axis="y", length=0, pad=7)
        axes.spines[["left", "right", "top"]].set_visible(False)
        figure.suptitle(title)
        axes.legend(
            handles=_forest_legend(timed),
            loc="lower center",
            bbox_to_anchor=(0.5, 1),
            ncols=6,
            frameon=False,
            columnspacing=1.2,
            handletextpad=0.4,
        )
        if unknown:
            figure.supxlabel("\n".join(["Unknown", *unknown]), x=0.01, ha="left", fontsize=8)


def _network(name: str) -> str:
    return name.partition(".")[0]


def _wrapped(lines: List[str], width: int) -> List[str]:
    return [
        part
        for line in lines
        for part in textwrap.wrap(" ".join(line.split()), width, subsequent_indent="    ")
    ]


def _limits(timed: Sequence[Estimate]) -> Tuple[float, float]:
    """The ratio axis: every ratio is on it with room for an interval of the usual length, not for the longest."""
    ratios = np.log([one.ratio for one in timed] + [1 / 1.1, 1.1])
    usual = np.median([np.log(one.interval[1] / one.interval[0]) for one in timed] or [0.0])
    room = np.clip(usual, 0.03, 0.3 * np.ptp(ratios))
    return float(np.exp(ratios.min() - room)), float(np.exp(ratios.max() + room))


def _ratio_ticks(axes: Any, low: float, high: float) -> None:
    from matplotlib import ticker

    near = high / low < 4
    axes.xaxis.set_major_locator(
        ticker.MaxNLocator(9, steps=[1, 2, 5, 10]) if near else ticker.LogLocator(subs=(1, 2, 5))
    )
    axes.xaxis.set_major_formatter(ticker.FormatStrFormatter("%g"))
    axes.xaxis.set_minor_locator(ticker.NullLocator())


def _row(axes: Any, y: int, one: Estimate, low: float, high: float) -> None:
    """A benchmark: the control's band, the interval (an arrow where the axis cuts it), the point, and the figures at the right."""
    colour = COLOURS[one.verdict]
    axes.barh(
        y,
        one.control_interval[1] - one.control_interval[0],
        left=one.control_interval[0],
        height=0.8,
        color=BAND,
        zorder=0,
    )
    axes.hlines(
        y,
        max(low, one.interval[0]),
        min(high, one.interval[1]),
        color=colour,
        linewidth=1.6,
        zorder=2,
    )
    for end, cut, marker in (
        (low, one.interval[0] < low, "<"),
        (high, one.interval[1] > high, ">"),
    ):
        if cut:
            axes.plot(end, y, marker, color=colour, markersize=6, clip_on=False, zorder=3)
    axes.plot(
        one.ratio,
        y,
        "o",
        color=colour,
        markerfacecolor="white" if one.verdict == "void" else colour,
        markersize=5.5,
        zorder=4,
    )
    axes.text(
        1.02,
        y,
        f"{one.ratio:.2f}",
        transform=axes.get_yaxis_transform(),
        va="center",
        weight="bold" if one.verdict in ("slower", "faster") else "normal",
    )
    axes.text(
        1.08,
        y,
        f"({one.interval[0]:.2f} to {one.interval[1]:.2f})",
        transform=axes.get_yaxis_transform(),
        va="center",
        color="#555555",
    )


def _forest_legend(timed: Sequence[Estimate]) -> List[Any]:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    counts = {verdict: sum(one.verdict == verdict for one in timed) for verdict in COLOURS}
    return [
        Line2D(
            [],
            [],
            color=colour,
            marker="o",
            markersize=5.5,
            markerfacecolor="white" if verdict == "void" else colour,
            label=f"{verdict} ({counts[verdict]})",
        )
        for verdict, colour in COLOURS.items()
    ] + [
        Patch(color=BAND, label="control's interval"),
        Line2D([], [], color="black", linewidth=0.8, linestyle=":", label="±5 %"),
    ]


def heat_map(
    title: str, releases: Sequence[str], columns: Sequence[Dict[str, Estimate]], path: Path
) -> None:
    """Releases in a row, ``columns[i]`` from ``releases[i]`` to the next: each against the one before it, and the running
    product.

    The product has no interval and no verdict; it ends where a ratio is unknown or void. Raises HistoryError.
    """
    names = list(dict.fromkeys(name for column in columns for name in column))
    networks = list(dict.fromkeys(map(_network, names)))
    names.sort(key=lambda name: networks.index(_network(name)))
    found = [[column.get(name, Estimate(name, "unknown")) for column in columns] for name in names]
    steps = [[np.log(one.ratio) for one in row] for row in found]
    since = [
        np.cumsum(
            [np.nan if one.verdict in ("unknown", "void") else np.log(one.ratio) for one in row]
        )
        for row in found
    ]
    shown = np.abs(np.array([*steps, *since]))
    limit = float(
        np.clip(shown[~np.isnan(shown)].max(initial=0), np.log(1.1), np.log(1.5))
    )  # one ratio of 10 must not pale all others
    with _picture(path, max(WIDTH, 2.2 + 1.1 * len(columns)), 1.6 + ROW * len(names)) as figure:
        left, right = figure.subplots(1, 2, sharey=True)
        for axes, heading in (
            (left, "against the release before"),
            (right, f"against {releases[0]}: product of the ratios"),
        ):
            axes.set(xlim=(0, len(columns)), ylim=(len(names), 0))
            axes.set_title(heading, fontsize=9)
            axes.set_xticks(np.arange(len(columns)) + 0.5, releases[1:])
            axes.set_yticks(np.arange(len(names)) + 0.5, names)
            axes.tick_params(length=0)
            axes.spines[:].set_visible(False)
        for row, name in enumerate(names):
            for column, one in enumerate(found[row]):
                _cell(left, row, column, steps[row][column], limit, one.verdict)
                if not np.isnan(since[row][column]):
                    _cell(right, row, column, since[row][column], limit, "product")
            if row and _network(name) != _network(names[row - 1]):
                for axes in (left, right):
                    axes.axhline(row, color="black", linewidth=0.8)
        figure.suptitle(title)
        figure.legend(
            handles=_heat_legend(limit), loc="outside lower center", ncols=5, frameon=False
        )


def _cell(axes: Any, row: int, column: int, log_ratio: float, limit: float, verdict: str) -> None:
    """A square in the colour of its ratio, which is written in it; what is not called is pale, what is void hatched, what is unknown a dash."""
    from matplotlib.patches import Rectangle

    share = (
        0.0
        if verdict in ("unknown", "void")
        else float(np.clip(log_ratio / limit, -1, 1)) * (0.2 if verdict == "inconclusive" else 1)
    )
    axes.add_patch(
        Rectangle(
            (column, row),
            1,
            1,
            facecolor=_diverging(share),
            edgecolor="#BBBBBB" if verdict == "void" else "white",
            linewidth=1,
            hatch="////" if verdict == "void" else None,
        )
    )
    if verdict == "unknown":
        text, colour = "–", GREY
    else:
        text, colour = (
            f"{np.exp(log_ratio):.2f}",
            "#777777"
            if verdict in ("inconclusive", "void")
            else "white"
            if abs(share) > 0.7
            else "black",
        )
    axes.text(
        column + 0.5,
        row + 0.5,
        text,
        ha="center",
        va="center_baseline",
        color=colour,
        fontsize=8,
        weight="bold" if verdict in ("slower", "faster") else "normal",
    )


def _diverging(share: float) -> Any:
    """From -1, faster, over white to 1, slower."""
    from matplotlib.colors import to_rgb

    end = np.array(to_rgb(SLOWER if share > 0 else FASTER))
    return tuple(1 - abs(share) * (1 - end))


def _heat_legend(limit: float) -> List[Any]:
    from matplotlib.patches import Patch

    return [
        Patch(facecolor=FASTER, label=f"faster ({np.exp(-limit):.2f} or less)"),
        Patch(facecolor=SLOWER, label=f"slower ({np.exp(limit):.2f} or more)"),
        Patch(facecolor=_diverging(0.2), label="pale: inconclusive"),
        Patch(facecolor="white", edgecolor="#BBBBBB", hatch="////", label="void"),
        Patch(facecolor="white", label="– unknown"),
    ]


def growth(title: str, curves: Sequence[Curve], path: Path) -> None:
    """A panel for each Curve of growth.py: medians with quartiles, the fitted line, its fixed part, and where both parts are
    equal.

    Raises HistoryError.
    """
    across = min(3, max(1, len(curves)))
    down = -(-len(curves) // across)
    with _picture(path, WIDTH, 0.8 + 2.7 * down) as figure:
        for number, curve in enumerate(curves):
            _panel(figure.add_subplot(down, across, number + 1), curve)
        figure.suptitle(title)
        figure.legend(handles=_growth_legend(), loc="outside lower center", ncols=4, frameon=False)


def _panel(axes: Any, curve: Curve) -> None:
    from matplotlib import ticker

    sizes, seconds = np.array(curve.sizes), np.array(curve.seconds)
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
    equal, time = curve.equal_at, ticker.EngFormatter("s")
    if sizes.min() <= equal <= sizes.max():
        axes.plot(equal, curve.at(equal), "D", color=SLOWER, markersize=6, zorder=4)
        share = f"below {curve.axis} {equal:,.0f} more than half is fixed"
    else:
        share = f"{'less' if equal < sizes.min() else 'more'} than half is fixed at each size"
    fixed, slope = (time(float(f"{value:.2g}")) for value in (curve.fixed, curve.slope))
    axes.set(
        xscale="log",
        yscale="log",
        xlabel=f"{curve.axis}\n{fixed} + {slope} per {curve.unit};\n{share}",
    )
    axes.set_title(curve.name, fontsize=9, weight="bold")
    every = 1 + (len(sizes) > 5)  # from the largest down
    axes.set_xticks(
        sizes,
        [
            f"{size:,}" if (len(sizes) - 1 - number) % every == 0 else ""
            for number, size in enumerate(sizes)
        ],
    )
    axes.xaxis.set_minor_locator(ticker.NullLocator())
    low, high = axes.get_ylim()
    axes.yaxis.set_major_locator(
        ticker.LogLocator(
            subs=(1, 1.5, 2, 3, 5, 7)
            if high / low < 10
            else (1, 2, 5)
            if high / low < 100
            else (1,)
        )
    )
    axes.yaxis.set_major_formatter(time)
    axes.yaxis.set_minor_locator(ticker.NullLocator())


def _growth_legend() -> List[Any]:
    from matplotlib.lines import Line2D

    return [
        Line2D(
            [],
            [],
            color="black",
            marker="o",
            markersize=4,
            linestyle="",
            label="measured: median, quartiles",
        ),
        Line2D([], [], color=FASTER, linewidth=1.2, label="fitted: fixed + growing part"),
        Line2D([], [], color=GREY, linewidth=1, linestyle="--", label="fixed part"),
        Line2D(
            [], [], color=SLOWER, marker="D", markersize=6, linestyle="", label="both parts equal"
        ),
    ]


@contextlib.contextmanager
def _picture(path: Path, width: float, height: float) -> Iterator[Any]:
    """A figure of so many inches, which is saved on the way out. Raises HistoryError without matplotlib, and where it cannot be saved."""
    try:
        from matplotlib import style
        from matplotlib.figure import Figure
    except ImportError:
        raise HistoryError("the plot needs matplotlib: python -m pip install matplotlib") from None

    settings = {
        "font.size": 8.5,
        "hatch.linewidth": 0.6,
        "text.parse_math": False,
        "svg.fonttype": "none",
        "svg.hashsalt": "torch-training-spec",
    }
    with style.context(["default", settings]):
        figure = Figure(figsize=(width, height), dpi=100, layout="constrained")
        yield figure
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)
        except (OSError, ValueError) as error:
            raise HistoryError(
                f"{path}: cannot be written ({error}): name a file that ends in .svg, in a folder that is writable"
            ) from None
