"""``torch-history interchange``."""

from __future__ import annotations

import rich_click as click

from torch_history.cli import shared
from torch_history.cli.shared import Here, here
from torch_history.errors import HistoryError


@shared.command("interchange")
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "markdown", "json"]),
    default="table",
    show_default=True,
)
@shared.device
@here
def command(here: Here, form: str, device: str) -> int:
    """Which release reads the checkpoints that which release wrote, and the ways through."""
    from torch_history.publish import interchange
    from torch_history.questions.interchange import kinds

    found = kinds(here.index, device)
    # An empty answer would read as if every file loaded.
    if not found:
        raise HistoryError(
            f"no case `written by RELEASE` is recorded on {device}: run `torch-history record`"
        )
    if form == "json":
        shared.print_json(interchange.as_json(found, device))
    elif form == "markdown":
        click.echo(interchange.markdown(found), nl=False)
    else:
        interchange.table(found)
    return 0
