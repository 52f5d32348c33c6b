"""``torch-history claims``."""

from __future__ import annotations

import rich_click as click

from torch_history.cli import shared
from torch_history.cli.shared import Here, here


@shared.command("claims")
@click.option("--write", is_flag=True, help="Write CLAIMS.md instead of printing it.")
@here
def command(here: Here, write: bool) -> int:
    """What the articles say, with the verdict of the records."""
    from torch_history.publish import claims

    # Printing works from a wheel's data too, and only a checkout is written to.
    root = here.checkout if write else here.root
    return shared.write_or_print(root, claims.NAME, claims.page(here.index), write)
