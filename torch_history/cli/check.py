"""``torch-history check``."""

from __future__ import annotations

import rich_click as click

from torch_history.cli import shared
from torch_history.cli.shared import Here, here
from torch_history.escaping import one_line


@shared.command("check")
@here
def command(here: Here) -> int:
    """Lint the tests' metadata, the records and the manifests."""
    # Before the import: outside a checkout, a package to install would be the wrong advice.
    root = here.checkout
    from torch_history.check import check

    found = check(root)
    for fault in found.faults:
        click.echo(one_line(fault))
    count = len(found.faults)
    click.echo(
        f"{found.behaviours} behaviours, {found.manifests} manifests: "
        f"{count or 'no'} fault{'s' * (count != 1)}"
    )
    return int(bool(found.faults))
