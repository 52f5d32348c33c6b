"""What the scripts about the method of the benchmarks share."""

from __future__ import annotations

import argparse
import datetime
import sys
from pathlib import Path
from typing import List

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from torch_history.bench import raw  # noqa: E402


def parser(name: str, text: str, release: str = "2.13") -> argparse.ArgumentParser:
    """A command line with the release and where to keep the figures."""
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
        help="keep the figures in this JSON; benchmarks/*.json enters BENCHMARKS.md",
    )
    return top


def keep(
    options: argparse.Namespace, command: str, title: str, lines: List[str], figures: object
) -> None:
    """Print the lines, and keep them with their figures where that is asked."""
    print("\n".join(lines))
    if options.to:
        raw.write(
            options.to,
            {
                "format": raw.FORMAT,
                "what": "tool",
                "title": title,
                "command": command,
                "date": datetime.date.today().isoformat(),
                "lines": lines,
                "figures": figures,
            },
        )
