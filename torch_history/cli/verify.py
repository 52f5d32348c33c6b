"""``torch-history verify``."""

from __future__ import annotations

from typing import List, Optional, Tuple

import rich_click as click

from torch_history import progress
from torch_history.cli import shared
from torch_history.cli.shared import Here, here
from torch_history.escaping import printable


@shared.command(
    "verify",
    epilog="Exit status: 0 as recorded, 1 something differs, 2 bad input, 3 a fault of ours.",
)
@shared.filters
@shared.device
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json", "junit"]),
    default="table",
    show_default=True,
)
@here
def command(
    here: Here, chapters: Tuple[str, ...], apis: Tuple[str, ...], device: str, form: str
) -> int:
    """Run the specification on the torch of this environment.

    It reports what differs from the latest recorded release up to this version. It never installs
    or replaces torch or NumPy.
    """
    from torch_history.publish import verification
    from torch_history.questions import query
    from torch_history.running import verify

    chosen = query.select(here.index.known(), apis, chapters)
    # Chapters are folders, which pytest takes as arguments. Only APIs need a list of behaviours.
    behaviours: Optional[List[str]] = list(chosen) if apis else None
    with progress.bar(lines=True) as tell:
        found = verify.verify(here.root, chapters, behaviours, device, tell)
    if form == "json":
        shared.print_json(verification.as_json(found))
    elif form == "junit":
        click.echo(verification.junit(found))
    else:
        for line in verification.text(found):
            click.echo(printable(line))
    return int(not found.passed)
