"""Heat: releases in a row as a table of colours."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, List, Sequence, Tuple

from torch_history.bench.chain import Chain, network, runs
from torch_history.bench.estimate import Estimate
from torch_history.bench.packages import needed
from torch_history.bench.pictures.drawing import (
    FASTER,
    GREY,
    ROW,
    SLOWER,
    WIDTH,
    matplotlib,
    picture,
    plain,
)

with needed("numpy", "the plot"):
    import numpy as np

MOST_COLUMNS = 6  # releases side by side; a longer chain has a row for each release
COLUMN = 0.36  # inches, in a table with a row for each release


def draw(title: str, chain: Chain, path: Path) -> None:
    """Each release against the one before it, benchmark by benchmark.

    A short chain has a column for each release, and beside them the product of the ratios so far.
    The product has no interval and no verdict; it ends where a ratio is unknown or void. A long
    chain has a row for each release, and no product. Raises HistoryError.
    """
    (_wide if len(chain.steps) <= MOST_COLUMNS else _tall)(title, chain, path)


def _wide(title: str, chain: Chain, path: Path) -> None:
    names = chain.names()
    rows = [chain.row(name) for name in names]
    products = [{point.at - 1: point.height for point in runs(row)[0][1:]} for row in rows]
    limit = _limit([*_logs(rows), *(height for product in products for height in product.values())])
    width = max(WIDTH, 2.2 + 1.1 * len(chain.steps))
    with picture(path, width, 1.6 + ROW * len(names)) as figure:
        left, right = figure.subplots(1, 2, sharey=True)
        for axes, heading in (
            (left, "against the release before"),
            (right, f"against {chain.releases[0]}: product of the ratios"),
        ):
            _axes(axes, list(chain.releases[1:]), names)
            axes.set_title(plain(heading), fontsize=9)
            for border in _borders(names):
                axes.axhline(border, color="black", linewidth=0.8)
        for y, (row, product) in enumerate(zip(rows, products)):
            for x, one in enumerate(row):
                _cell(left, x, y, math.log(one.ratio), limit, one.verdict)
                if x in product:
                    _cell(right, x, y, product[x], limit, "product")
        figure.suptitle(plain(title))
        _legend(figure, limit, columns=5)


def _tall(title: str, chain: Chain, path: Path) -> None:
    names = chain.names()
    rows = [chain.row(name) for name in names]
    limit = _limit(_logs(rows))
    steps = [f"{before} → {after}" for before, after in zip(chain.releases, chain.releases[1:])]
    width, height = 1.2 + COLUMN * len(names), 2.2 + ROW * len(steps)
    with picture(path, width, height) as figure:
        axes = figure.add_subplot()
        _axes(axes, [name[len(network(name)) + 1 :] for name in names], steps)
        axes.tick_params(axis="x", labelrotation=90)
        for border in _borders(names):
            axes.axvline(border, color="black", linewidth=0.8)
        for x, row in enumerate(rows):
            for y, one in enumerate(row):
                _cell(axes, x, y, math.log(one.ratio), limit, one.verdict)
        _groups(axes, names)
        figure.suptitle(plain(title))
        _legend(figure, limit, columns=3)


def _logs(rows: Sequence[Sequence[Estimate]]) -> List[float]:
    return [math.log(one.ratio) for row in rows for one in row]


def _limit(logs: Sequence[float]) -> float:
    """The log ratio that has the full colour, limited so that one ratio of 10 pales no others."""
    shown = np.abs(np.array(logs))
    # At least 1.1, or the noise of a run without differences would have the full colours.
    return float(np.clip(shown[~np.isnan(shown)].max(initial=0), np.log(1.1), np.log(1.5)))


def _borders(names: Sequence[str]) -> List[int]:
    """The places at which another network begins."""
    return [
        place
        for place in range(1, len(names))
        if network(names[place]) != network(names[place - 1])
    ]


def _axes(axes: Any, columns: Sequence[str], rows: Sequence[str]) -> None:
    axes.set(xlim=(0, len(columns)), ylim=(len(rows), 0))
    axes.set_xticks(np.arange(len(columns)) + 0.5, list(map(plain, columns)))
    axes.set_yticks(np.arange(len(rows)) + 0.5, list(map(plain, rows)))
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)


def _groups(axes: Any, names: Sequence[str]) -> None:
    """The networks, above their columns."""
    ends = [0, *_borders(names), len(names)]
    for start, end in zip(ends, ends[1:]):
        axes.annotate(
            plain(network(names[start])),
            ((start + end) / 2, 1),
            xycoords=("data", "axes fraction"),
            xytext=(0, 4),
            textcoords="offset points",
            ha="center",
            weight="bold",
        )


def _cell(axes: Any, x: int, y: int, log_ratio: float, limit: float, verdict: str) -> None:
    """A square in the colour of its ratio, with the ratio in it.

    Inconclusive ones are pale, void ones hatched, and unknown ones have a dash.
    """
    share = 0.0
    if verdict not in ("unknown", "void"):
        strength = 0.2 if verdict == "inconclusive" else 1.0
        share = float(np.clip(log_ratio / limit, -1, 1)) * strength
    square = matplotlib("patches").Rectangle(
        (x, y),
        1,
        1,
        facecolor=_diverging(share),
        edgecolor="#BBBBBB" if verdict == "void" else "white",
        linewidth=1,
        hatch="////" if verdict == "void" else None,
    )
    axes.add_patch(square)
    axes.text(
        x + 0.5,
        y + 0.5,
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
    end = np.array(matplotlib("colors").to_rgb(SLOWER if share > 0 else FASTER))
    return tuple(1 - abs(share) * (1 - end))


def _legend(figure: Any, limit: float, columns: int) -> None:
    patch = matplotlib("patches").Patch
    handles = [
        patch(facecolor=FASTER, label=f"faster ({np.exp(-limit):.2f} or less)"),
        patch(facecolor=SLOWER, label=f"slower ({np.exp(limit):.2f} or more)"),
        patch(facecolor=_diverging(0.2), label="pale: inconclusive"),
        patch(facecolor="white", edgecolor="#BBBBBB", hatch="////", label="void"),
        patch(facecolor="white", label="\N{EN DASH} unknown"),
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=columns, frameon=False)
