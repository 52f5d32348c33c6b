"""``torch-history show``."""

from __future__ import annotations

from typing import TYPE_CHECKING, List

import rich_click as click

from torch_history.cli import shared
from torch_history.cli.shared import Here, here
from torch_history.errors import HistoryError
from torch_history.escaping import printable

if TYPE_CHECKING:
    from torch_history.catalogue.behaviour import Behaviour


@shared.command("show")
@click.argument("id", metavar="ID|API|WORD")
@click.option("--script", is_flag=True, help="A script that shows it, for any torch.")
@here
def command(here: Here, id: str, script: bool) -> int:  # noqa: A002  # click names it as the argument
    """One behaviour: its claim, its history and every change.

    An id is as freezing.filter_object_is_consumed_once; a part of it is enough if no other has it.
    Where an API, as zero_grad or torch.load, or a word means several behaviours, they are listed.
    """
    from torch_history.publish.history import lines, summary
    from torch_history.questions import search

    found = search.lookup(here.index, id)
    if script:
        click.echo(printable(_script(here, id, found)), nl=False)
        return 0
    if len(found) == 1:
        for line in lines(here.index, found[0]):
            click.echo(printable(line))
        return 0
    for behaviour in found:
        click.echo(summary(behaviour))
    click.echo(f"{len(found)} behaviours: `torch-history show ID` shows one whole", err=True)
    return 0


def _script(here: Here, asked: str, found: List[Behaviour]) -> str:
    from torch_history.publish.script import Scripts

    if len(found) != 1:
        raise HistoryError(f"--script: {asked} means {len(found)} behaviours: give the id of one")
    return Scripts(here.root).of(found[0], here.index.record(found[0].id))
