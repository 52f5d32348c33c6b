"""``torch-history claims``."""

from __future__ import annotations

import rich_click as click

from torch_history.cli import shared
from torch_history.cli.shared import Here, here


@shared.command("claims")
@here
def command(here: Here) -> int:
    """What the articles say, with the verdict of the records."""
    from torch_history.publish import claims

    # Without one more newline, so that `> FILE` gives the bytes of docs/claims.md.
    click.echo(claims.page(here.index), nl=False)
    return 0
