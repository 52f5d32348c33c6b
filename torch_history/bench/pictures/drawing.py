"""Drawing: what the pictures have in common: figures, colours, text."""

from __future__ import annotations

import contextlib
import importlib
import io
import re
from pathlib import Path
from typing import Any, Dict, Iterator

from torch_history.bench.packages import needed
from torch_history.errors import HistoryError
from torch_history.escaping import one_line

SLOWER, FASTER, GREY, BAND = "#D55E00", "#0072B2", "#999999", "#CFE8F7"
COLOURS = {"slower": SLOWER, "faster": FASTER, "inconclusive": GREY, "void": "black"}
WIDTH = 9  # inches: 900 points of a screen at 100 to the inch
ROW = 0.21  # inches, a line of a plot

_NOT_XML = re.compile("[\ufffe\uffff]")  # an XML file with one of these is not well-formed


def plain(value: object) -> str:
    """Text from a file on one line, without characters that a terminal or XML cannot hold."""
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", one_line(value))


@contextlib.contextmanager
def picture(path: Path, width: float, height: float) -> Iterator[Any]:
    """A figure of this size in inches, which is saved when the block ends.

    Raises HistoryError without matplotlib, and if the file cannot be written.
    """
    style, figures = matplotlib("style"), matplotlib("figure")
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
            if path.suffix == ".svg":
                text = io.StringIO()
                figure.savefig(text, format="svg", metadata={"Date": None})
                path.write_text(_compact(text.getvalue()), encoding="utf-8")
            else:
                figure.savefig(path)
        except (OSError, ValueError) as error:
            raise HistoryError(
                f"{one_line(path)}: cannot be written ({one_line(error)}): "
                "name a file that ends in .svg, in a folder that is writable"
            ) from None


def _compact(svg: str) -> str:
    """An SVG without what nobody sees: a fifth smaller, and the site holds all pictures."""
    rounded = re.sub(r"(\d\.\d{2})\d+", r"\1", svg)  # hundredths of a point
    flat = re.sub(r"\n\s*", " ", rounded)
    alone = re.sub(r'<g id="\w+"> (<(?:path|use)[^<>]*/>) </g>', r"\1", flat)
    return re.sub(r"> <(?=g|/g|path|use|defs|/defs)", ">\n<", alone)


def matplotlib(module: str) -> Any:
    """A module of matplotlib, untyped. Raises HistoryError if matplotlib is not installed."""
    with needed("matplotlib", "the plot"):
        importlib.import_module("matplotlib")  # a module of it may be there without it
        return importlib.import_module(f"matplotlib.{module}")
