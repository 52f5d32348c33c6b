"""``torch-history show``."""

from __future__ import annotations

import rich_click as click

from torch_history.cli import shared
from torch_history.cli.shared import Here, here
from torch_history.escaping import printable


@shared.command("show")
@click.argument("id", metavar="ID")
@here
def command(here: Here, id: str) -> int:  # noqa: A002  # click names it as the argument
    """One behaviour: its claim, its history and every change.

    ID is as freezing.filter_object_is_consumed_once.
    """
    from torch_history.publish.history import lines
    from torch_history.questions import query

    behaviour = query.find(here.index.known(), id)
    for line in lines(here.index, behaviour):
        click.echo(printable(line))
    return 0
