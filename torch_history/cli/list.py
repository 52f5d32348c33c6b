"""``torch-history list``."""

from __future__ import annotations

from typing import Tuple

import rich_click as click

from torch_history.cli import shared
from torch_history.cli.shared import Here, here
from torch_history.escaping import one_line


@shared.command("list")
@shared.filters
@here
def command(here: Here, chapters: Tuple[str, ...], apis: Tuple[str, ...]) -> int:
    """The behaviours, each with the releases at which it changed."""
    from torch_history.questions import query

    for behaviour in query.select(here.index.known(), apis, chapters).values():
        changed = ", ".join(change.version for change in behaviour.changes)
        click.echo(one_line(behaviour.id) + (f"   (changed in {changed})" if changed else ""))
    return 0
