"""Pictures: a forest plot of one comparison, a heat map of releases in a row, curves of growth.

They are SVG, or another format that matplotlib writes. Text stays text in the SVG, and the same
input gives the same bytes with the same matplotlib. The colours are Okabe and Ito's, which colour-
blind readers can tell apart: vermillion is slower, blue is faster, in every picture.
"""

from __future__ import annotations

import contextlib
import importlib
import re
import textwrap
from pathlib import Path
from typing import Any, Dict, Iterator, List, Mapping, Sequence, Tuple

from torch_history.bench.estimate import THRESHOLD, Estimate
from torch_history.bench.growth import Curve
from torch_history.bench.packages import needed
from torch_history.errors import HistoryError
from torch_history.escaping import one_line

with needed("numpy", "the plot"):
    import numpy as np

SLOWER, FASTER, GREY, BAND = "#D55E00", "#0072B2", "#999999", "#CFE8F7"
COLOURS = {"slower": SLOWER, "faster": FASTER, "inconclusive": GREY, "void": "black"}
WIDTH = 9  # inches: 900 points of a screen at 100 to the inch
ROW = 0.21  # inches, a line of a plot

Labels = List[Tuple[int, str, str]]  # place on the y axis, text, weight
_NOT_XML = re.compile("[\ufffe\uffff]")  # an XML file with one of these is not well-formed


def forest(title: str, estimates: Sequence[Estimate], path: Path) -> None:
    """One comparison: a row for each benchmark with its ratio, interval and control.

    The reasons of unknown benchmarks stand below. Raises HistoryError.
    """
    timed = [one for one in estimates if one.verdict != "unknown"]
    networks = list(dict.fromkeys(_network(one.name) for one in timed))
    unknown = _wrapped(
        [f"{one.name}: {one.reason}" for one in estimates if one.verdict == "unknown"], 135
    )
    height = 2 + ROW * (len(timed) + len(networks)) + 0.15 * len(unknown)
    with _picture(path, WIDTH, height) as figure:
        axes = figure.add_subplot()
        low, high = _limits(timed)
        _ratio_axis(axes, low, high)
        labels = _rows(axes, timed, networks, low, high)
        # Upside down, so that the first row is at the top.
        axes.set_ylim(max(len(labels), 1) - 0.4, -0.6)
        axes.set_yticks([at for at, _, _ in labels], [text for _, text, _ in labels])
        for tick, (_, _, weight) in zip(axes.get_yticklabels(), labels):
            tick.set_weight(weight)
        axes.tick_params(axis="y", length=0, pad=7)
        axes.spines[["left", "right", "top"]].set_visible(False)
        figure.suptitle(_text(title))
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


def _text(text: object) -> str:
    """Text from a file on one line, without characters that a terminal or XML cannot hold."""
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", one_line(text))


def _network(name: str) -> str:
    return name.partition(".")[0]


def _wrapped(lines: Sequence[str], width: int) -> List[str]:
    return [
        part
        for line in lines
        for part in textwrap.wrap(_text(line), width, subsequent_indent="    ")
    ]


def _limits(timed: Sequence[Estimate]) -> Tuple[float, float]:
    """The ratio axis: it shows every ratio, with room for an interval of the usual length."""
    # At least from 1/1.1 to 1.1: a run without differences must not look like one with many.
    ratios = np.log([one.ratio for one in timed] + [1 / 1.1, 1.1])
    # The median, and a bound: one wide interval is cut off, and does not flatten all others.
    usual = np.median([np.log(one.interval[1] / one.interval[0]) for one in timed] or [0.0])
    room = np.clip(usual, 0.03, 0.3 * np.ptp(ratios))
    return float(np.exp(ratios.min() - room)), float(np.exp(ratios.max() + room))


def _ratio_axis(axes: Any, low: float, high: float) -> None:
    """The logarithmic axis of ratios, with lines at 1 and at the threshold."""
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


def _ratio_ticks(axes: Any, low: float, high: float) -> None:
    ticker = _matplotlib("ticker")
    near = high / low < 4
    axes.xaxis.set_major_locator(
        # A logarithmic locator finds next to no tick within so short a range.
        ticker.MaxNLocator(9, steps=[1, 2, 5, 10]) if near else ticker.LogLocator(subs=(1, 2, 5))
    )
    axes.xaxis.set_major_formatter(ticker.FormatStrFormatter("%g"))
    axes.xaxis.set_minor_locator(ticker.NullLocator())


def _rows(
    axes: Any, timed: Sequence[Estimate], networks: Sequence[str], low: float, high: float
) -> Labels:
    """Draw the rows, network by network, and return the labels of the y axis."""
    labels: Labels = []
    for network in networks:
        labels.append((len(labels), _text(network), "bold"))
        for one in timed:
            if _network(one.name) == network:
                _row(axes, len(labels), one, low, high)
                labels.append((len(labels), _text(one.name[len(network) + 1 :]), "normal"))
    return labels


def _row(axes: Any, y: int, one: Estimate, low: float, high: float) -> None:
    """A benchmark: the control's interval as a band, the interval, the ratio, and its figures."""
    colour = COLOURS[one.verdict]
    left, right = one.control_interval
    axes.barh(y, right - left, left=left, height=0.8, color=BAND, zorder=0)
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
        if cut:  # the axis ends before the interval does: an arrow
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
    weight = "bold" if one.verdict in ("slower", "faster") else "normal"
    beside = {"transform": axes.get_yaxis_transform(), "va": "center"}
    axes.text(1.02, y, f"{one.ratio:.2f}", weight=weight, **beside)
    ends = f"({one.interval[0]:.2f} to {one.interval[1]:.2f})"
    axes.text(1.08, y, ends, color="#555555", **beside)


def _forest_legend(timed: Sequence[Estimate]) -> List[Any]:
    line, patch = _matplotlib("lines").Line2D, _matplotlib("patches").Patch
    counts = {verdict: sum(one.verdict == verdict for one in timed) for verdict in COLOURS}
    return [
        line(
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
        patch(color=BAND, label="control's interval"),
        line([], [], color="black", linewidth=0.8, linestyle=":", label="±5 %"),
    ]


def heat_map(
    title: str, releases: Sequence[str], columns: Sequence[Mapping[str, Estimate]], path: Path
) -> None:
    """Releases in a row: each against the one before it, and the product of the ratios so far.

    ``columns[i]`` compares ``releases[i]`` with the next one. The product has no interval and no
    verdict; it ends where a ratio is unknown or void. Raises HistoryError.
    """
    names = list(dict.fromkeys(name for column in columns for name in column))
    networks = list(dict.fromkeys(map(_network, names)))
    # A variant that only later releases have would stand last, away from its network.
    names.sort(key=lambda name: networks.index(_network(name)))
    found = [[column.get(name, Estimate(name, "unknown")) for column in columns] for name in names]
    steps = [[float(np.log(one.ratio)) for one in row] for row in found]
    products = [_product(row) for row in found]
    limit = _colour_limit([*steps, *products])
    with _picture(path, max(WIDTH, 2.2 + 1.1 * len(columns)), 1.6 + ROW * len(names)) as figure:
        left, right = figure.subplots(1, 2, sharey=True)
        for axes, heading in (
            (left, "against the release before"),
            (right, f"against {releases[0]}: product of the ratios"),
        ):
            _heat_axes(axes, heading, releases, names)
        for row, name in enumerate(names):
            for column, one in enumerate(found[row]):
                _cell(left, row, column, steps[row][column], limit, one.verdict)
                if not np.isnan(products[row][column]):
                    _cell(right, row, column, products[row][column], limit, "product")
            if row and _network(name) != _network(names[row - 1]):
                for axes in (left, right):
                    axes.axhline(row, color="black", linewidth=0.8)
        figure.suptitle(_text(title))
        figure.legend(
            handles=_heat_legend(limit), loc="outside lower center", ncols=5, frameon=False
        )


def _product(row: Sequence[Estimate]) -> List[float]:
    """The logarithm of the product of the ratios so far; NaN from the first unknown or void on."""
    logs = [np.nan if one.verdict in ("unknown", "void") else np.log(one.ratio) for one in row]
    products: List[float] = np.cumsum(logs).tolist()
    return products


def _colour_limit(logs: Sequence[Sequence[float]]) -> float:
    """The log ratio that has the full colour, limited so that one ratio of 10 pales no others."""
    shown = np.abs(np.array(logs))
    # At least 1.1, or the noise of a run without differences would have the full colours.
    return float(np.clip(shown[~np.isnan(shown)].max(initial=0), np.log(1.1), np.log(1.5)))


def _heat_axes(axes: Any, heading: str, releases: Sequence[str], names: Sequence[str]) -> None:
    columns = len(releases) - 1
    axes.set(xlim=(0, columns), ylim=(len(names), 0))
    axes.set_title(_text(heading), fontsize=9)
    axes.set_xticks(np.arange(columns) + 0.5, list(map(_text, releases[1:])))
    axes.set_yticks(np.arange(len(names)) + 0.5, list(map(_text, names)))
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)


def _cell(axes: Any, row: int, column: int, log_ratio: float, limit: float, verdict: str) -> None:
    """A square in the colour of its ratio, with the ratio in it.

    Inconclusive ones are pale, void ones hatched, and unknown ones have a dash.
    """
    share = 0.0
    if verdict not in ("unknown", "void"):
        strength = 0.2 if verdict == "inconclusive" else 1.0
        share = float(np.clip(log_ratio / limit, -1, 1)) * strength
    square = _matplotlib("patches").Rectangle(
        (column, row),
        1,
        1,
        facecolor=_diverging(share),
        edgecolor="#BBBBBB" if verdict == "void" else "white",
        linewidth=1,
        hatch="////" if verdict == "void" else None,
    )
    axes.add_patch(square)
    axes.text(
        column + 0.5,
        row + 0.5,
        "\N{EN DASH}" if verdict == "unknown" else f"{np.exp(log_ratio):.2f}",
        ha="center",
        va="center_baseline",
        color=_text_colour(verdict, share),
        fontsize=8,
        weight="bold" if verdict in ("slower", "faster") else "normal",
    )


def _text_colour(verdict: str, share: float) -> str:
    if verdict == "unknown":
        return GREY
    if verdict in ("inconclusive", "void"):
        return "#777777"
    return "white" if abs(share) > 0.7 else "black"


def _diverging(share: float) -> Tuple[float, ...]:
    """A colour from -1, faster, over white to 1, slower."""
    end = np.array(_matplotlib("colors").to_rgb(SLOWER if share > 0 else FASTER))
    return tuple(1 - abs(share) * (1 - end))


def _heat_legend(limit: float) -> List[Any]:
    patch = _matplotlib("patches").Patch
    return [
        patch(facecolor=FASTER, label=f"faster ({np.exp(-limit):.2f} or less)"),
        patch(facecolor=SLOWER, label=f"slower ({np.exp(limit):.2f} or more)"),
        patch(facecolor=_diverging(0.2), label="pale: inconclusive"),
        patch(facecolor="white", edgecolor="#BBBBBB", hatch="////", label="void"),
        patch(facecolor="white", label="\N{EN DASH} unknown"),
    ]


def growth(title: str, curves: Sequence[Curve], path: Path) -> None:
    """A panel for each curve: medians with quartiles, and the fitted line with its fixed part.

    A diamond marks the size at which both parts are equal. Raises HistoryError.
    """
    across = min(3, max(1, len(curves)))
    down = -(-len(curves) // across)
    with _picture(path, WIDTH, 0.8 + 2.7 * down) as figure:
        for number, curve in enumerate(curves):
            _panel(figure.add_subplot(down, across, number + 1), curve)
        figure.suptitle(_text(title))
        figure.legend(handles=_growth_legend(), loc="outside lower center", ncols=4, frameon=False)


def _panel(axes: Any, curve: Curve) -> None:
    ticker = _matplotlib("ticker")
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
    axes.set_title(_text(curve.name), fontsize=9, weight="bold")
    _panel_ticks(axes, sizes)
    axes.yaxis.set_major_formatter(time)


def _fixed_share(curve: Curve) -> str:
    """At which sizes more than half of the time is fixed."""
    if min(curve.sizes) <= curve.equal_at <= max(curve.sizes):
        return f"below {curve.axis} {curve.equal_at:,.0f} more than half is fixed"
    less = curve.equal_at < min(curve.sizes)
    return f"{'less' if less else 'more'} than half is fixed at each size"


def _panel_ticks(axes: Any, sizes: Any) -> None:
    ticker = _matplotlib("ticker")
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


def _growth_legend() -> List[Any]:
    line = _matplotlib("lines").Line2D
    points = {"linestyle": "", "color": "black", "marker": "o", "markersize": 4}
    diamond = {"linestyle": "", "color": SLOWER, "marker": "D", "markersize": 6}
    return [
        line([], [], label="measured: median, quartiles", **points),
        line([], [], color=FASTER, linewidth=1.2, label="fitted: fixed + growing part"),
        line([], [], color=GREY, linewidth=1, linestyle="--", label="fixed part"),
        line([], [], label="both parts equal", **diamond),
    ]


@contextlib.contextmanager
def _picture(path: Path, width: float, height: float) -> Iterator[Any]:
    """A figure of this size in inches, which is saved when the block ends.

    Raises HistoryError without matplotlib, and if the file cannot be written.
    """
    style, figures = _matplotlib("style"), _matplotlib("figure")
    # A `$` in a measured name is no formula. The salt fixes the ids of the SVG, random otherwise.
    settings: Dict[str, Any] = {
        "font.size": 8.5,
        "hatch.linewidth": 0.6,
        "text.parse_math": False,
        "svg.fonttype": "none",
        "svg.hashsalt": "torch-training-spec",
    }
    # "default", or the reader's own matplotlibrc would change the picture. No pyplot: it would
    # choose a display and keep the figure.
    with style.context(["default", settings]):
        figure = figures.Figure(figsize=(width, height), dpi=100, layout="constrained")
        # Outside the try: an error in the drawing is not one of the file.
        yield figure
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)
        except (OSError, ValueError) as error:
            raise HistoryError(
                f"{one_line(path)}: cannot be written ({one_line(error)}): "
                "name a file that ends in .svg, in a folder that is writable"
            ) from None


def _matplotlib(module: str) -> Any:
    """A module of matplotlib, untyped. Raises HistoryError if matplotlib is not installed."""
    with needed("matplotlib", "the plot"):
        importlib.import_module("matplotlib")  # a module of it may be there without it
        return importlib.import_module(f"matplotlib.{module}")
