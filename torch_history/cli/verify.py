"""``torch-history verify``."""

from __future__ import annotations

import contextlib
import sys
from typing import Callable, Iterator, List, Optional, Tuple

import rich_click as click

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
    behaviours: Optional[List[str]] = list(chosen) if apis else None
    with _progress() as tell:
        found = verify.verify(here.root, chapters, behaviours, device, tell)
    if form == "json":
        click.echo(verification.as_json(found))
    elif form == "junit":
        click.echo(verification.junit(found))
    else:
        for line in verification.text(found):
            click.echo(printable(line))
    return int(not found.passed)


@contextlib.contextmanager
def _progress() -> Iterator[Callable[[float, str], None]]:
    """A bar on the terminal's error output; where that is a file, a line for each chapter."""
    if not sys.stderr.isatty():
        told: List[str] = []

        def line(share: float, what: str) -> None:
            if what not in told:
                told.append(what)
                click.echo(f"{share:4.0%} {what}", err=True)

        yield line
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

    columns = TextColumn("{task.description}"), BarColumn(), TaskProgressColumn()
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=1.0)
        yield lambda share, what: progress.update(task, completed=share, description=what)
