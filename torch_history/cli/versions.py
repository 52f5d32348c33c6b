"""``torch-history versions``."""

from __future__ import annotations

import rich_click as click

from torch_history.cli import shared
from torch_history.cli.shared import Here, here
from torch_history.escaping import one_line


@shared.command("versions")
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True
)
@shared.device
@here
def command(here: Here, form: str, device: str) -> int:
    """The releases, and what is verified of each."""
    from torch_history.questions.releases import overview

    rows = overview(here.index, device, here.root / ".history")
    if form == "json":
        shared.print_json([row._asdict() for row in rows])
        return 0
    for row in rows:
        if row.reason:
            click.echo(f"{one_line(row.release):<8} unknown: {one_line(row.reason)}")
            continue
        click.echo(
            f"{one_line(row.release):<8} {row.verified:>4} verified  "
            f"{len(row.unknown):>3} unknown   "
            f"{one_line(row.build):<6} Python {one_line(row.python)}"
        )
        for behaviour, why in row.unknown.items():
            click.echo(f"{'':<8}      unknown {one_line(behaviour)}: {one_line(why)}")
    return 0
