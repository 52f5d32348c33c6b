"""Forest: a comparison, with a row for each benchmark: its ratio, interval and control."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any, List, Sequence, Tuple

from torch_history.bench.chain import network
from torch_history.bench.estimate import THRESHOLD, Estimate
from torch_history.bench.packages import needed
from torch_history.bench.pictures.drawing import (
    BAND,
    COLOURS,
    FASTER,
    ROW,
    SLOWER,
    WIDTH,
    matplotlib,
    picture,
    plain,
)

with needed("numpy", "the plot"):
    import numpy as np

Labels = List[Tuple[int, str, str]]  # place on the y axis, text, weight


def draw(title: str, estimates: Sequence[Estimate], path: Path) -> None:
    """One comparison: a row for each benchmark with its ratio, interval and control.

    The reasons of unknown benchmarks stand below. Raises HistoryError.
    """
    timed = [one for one in estimates if one.verdict != "unknown"]
    networks = list(dict.fromkeys(network(one.name) for one in timed))
    unknown = _wrapped(
        [f"{one.name}: {one.reason}" for one in estimates if one.verdict == "unknown"], 135
    )
    height = 2 + ROW * (len(timed) + len(networks)) + 0.15 * len(unknown)
    with picture(path, WIDTH, height) as figure:
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
        figure.suptitle(plain(title))
        axes.legend(
            handles=_legend(timed),
            loc="lower center",
            bbox_to_anchor=(0.5, 1),
            ncols=6,
            frameon=False,
            columnspacing=1.2,
            handletextpad=0.4,
        )
        if unknown:
            figure.supxlabel("\n".join(["Unknown", *unknown]), x=0.01, ha="left", fontsize=8)


def _wrapped(lines: Sequence[str], width: int) -> List[str]:
    return [
        part
        for line in lines
        for part in textwrap.wrap(plain(line), width, subsequent_indent="    ")
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
    ticker = matplotlib("ticker")
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
    for group in networks:
        labels.append((len(labels), plain(group), "bold"))
        for one in timed:
            if network(one.name) == group:
                _row(axes, len(labels), one, low, high)
                labels.append((len(labels), plain(one.name[len(group) + 1 :]), "normal"))
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


def _legend(timed: Sequence[Estimate]) -> List[Any]:
    line, patch = matplotlib("lines").Line2D, matplotlib("patches").Patch
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
