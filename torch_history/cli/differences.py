"""``torch-history differences``."""

from __future__ import annotations

import rich_click as click

from torch_history.cli import shared
from torch_history.cli.shared import Here, here


@shared.command("differences")
@click.option("--write", is_flag=True, help="Write DIFFERENCES.md instead of printing it.")
@here
def command(here: Here, write: bool) -> int:
    """Every change, by subject and by release."""
    from torch_history.publish import differences

    # Printing works from a wheel's data too, and only a checkout is written to.
    root = here.checkout if write else here.root
    return shared.write_or_print(root, differences.NAME, differences.page(here.index), write)
