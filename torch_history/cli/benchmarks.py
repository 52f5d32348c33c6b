"""``torch-history benchmarks``."""

from __future__ import annotations

import rich_click as click

from torch_history.cli import shared
from torch_history.cli.shared import Here, here


@shared.command("benchmarks")
@click.option("--write", is_flag=True, help="Write docs/benchmarks.md and its pictures instead.")
@here
def command(here: Here, write: bool) -> int:
    """What the committed benchmark runs say."""
    # Before the import: outside a checkout, a package to install would be the wrong advice.
    root = here.checkout
    from torch_history.bench import command, page

    if write:
        command.draw_all(root)
    return shared.write_or_print(root, page.NAME, page.page(root), write)
