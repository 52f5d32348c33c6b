"""``torch-history list``."""

from __future__ import annotations

from typing import Tuple

import rich_click as click

from torch_history.cli import shared
from torch_history.cli.shared import Here, here


@shared.command("list")
@shared.filters
@here
def command(here: Here, chapters: Tuple[str, ...], apis: Tuple[str, ...]) -> int:
    """The behaviours, each with the releases at which it changed."""
    from torch_history.publish.history import summary
    from torch_history.questions import query

    for behaviour in query.select(here.index.known(), apis, chapters).values():
        click.echo(summary(behaviour))
    return 0
