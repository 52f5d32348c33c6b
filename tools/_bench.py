"""What the scripts about the method of the benchmarks share."""

from __future__ import annotations

import argparse
import datetime as dt
import sys
from pathlib import Path
from typing import List

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))


def parser(name: str, text: str, release: str = "2.13") -> argparse.ArgumentParser:
    """A command line with the release and a file for the figures."""
    top = argparse.ArgumentParser(prog=f"python tools/{name}.py", description=text)
    top.add_argument(
        "--release",
        default=release,
        help="the release to time against itself (default: %(default)s)",
    )
    top.add_argument(
        "--to",
        type=Path,
        metavar="FILE",
        help="write the figures to this JSON file; docs/benchmarks.md reports those in benchmarks/",
    )
    return top


def keep(
    options: argparse.Namespace, command: str, title: str, lines: List[str], figures: object
) -> None:
    """Print the lines, and write them with their figures if there is a file for them."""
    print("\n".join(lines))
    if options.to:
        # here, since a script may run in an environment that has no msgspec
        from torch_history.bench import raw
        from torch_history.bench.rounds import ToolFigures

        today = dt.date.today()  # noqa: DTZ011  the local date is what a reader expects
        measured = ToolFigures(
            title=title, command=command, date=today, lines=tuple(lines), figures=figures
        )
        raw.write(options.to, measured)
