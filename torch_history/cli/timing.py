"""The options that ``bench`` and ``growth`` share."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable, List, TypeVar

import rich_click as click

from torch_history.cli import shared

Function = TypeVar("Function", bound=Callable[..., Any])
_MOST_MINUTES = 24 * 60


def options(budget: float, what: str) -> Callable[[Function], Function]:
    """The options of a command that times ``what``, with a budget in minutes."""

    def add(function: Function) -> Function:
        # Decorators apply from the last to the first: reversed, --help keeps the order of the list.
        for option in reversed(_options(budget, what)):
            function = option(function)
        return function

    return add


def _options(budget: float, what: str) -> List[Any]:
    folder = click.Path(path_type=Path, file_okay=False)
    return [
        click.option(
            "--only",
            multiple=True,
            metavar="PATTERN",
            help=f"Only these {what}: a part of the name, or a pattern as 'mlp-5.*' (repeatable).",
        ),
        click.option(
            "--budget",
            type=click.FloatRange(0, _MOST_MINUTES, min_open=True, max_open=True),
            default=budget,
            show_default=True,
            metavar="MINUTES",
            help="How long it may take, without installing.",
        ),
        shared.device,
        click.option(
            "--python",
            metavar="X.Y",
            help="This Python for every release. By default the one of tox.ini.",
        ),
        click.option(
            "--to",
            type=folder,
            metavar="FOLDER",
            help="Where the raw rounds go. By default .history/bench.",
        ),
        click.option(
            "--plot",
            type=click.Path(path_type=Path, dir_okay=False),
            metavar="FILE.svg",
            help="Draw it as well.",
        ),
    ]
