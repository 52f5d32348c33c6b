"""``torch-history bench``."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Optional, Tuple

import rich_click as click

from torch_history.cli import shared, timing
from torch_history.cli.shared import Here, here


@shared.command(
    "bench",
    epilog="Several releases are compared each with its neighbour, with the budget for each pair; "
    "--plot then draws a heat map. Exit status: 1 if something is slower, 0 if nothing is, 2 for "
    "bad input.",
)
@click.argument("release", nargs=-1, metavar="[RELEASE]...")
@timing.options(10, "benchmarks")
@click.option(
    "--read",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Time nothing: read raw rounds that were kept (repeatable).",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "markdown"]),
    default="table",
    show_default=True,
)
@click.option(
    "--launches",
    type=click.IntRange(3, 100),
    default=6,
    show_default=True,
    metavar="N",
    help="Number of fresh processes per release. The interval comes from their differences.",
)
@click.option(
    "--core",
    type=int,
    metavar="N",
    help="Time on this core, and work on the others. By default each launch draws one.",
)
@click.option(
    "--force",
    is_flag=True,
    help="Compare environments with different Pythons or builds too; the result is marked.",
)
@here
def command(
    here: Here,
    release: Tuple[str, ...],
    only: Tuple[str, ...],
    budget: float,
    device: str,
    python: Optional[str],
    to: Optional[Path],
    plot: Optional[Path],
    read: Tuple[Path, ...],
    form: Literal["table", "markdown"],
    launches: int,
    core: Optional[int],
    force: bool,
) -> int:
    """Whether the training step is slower in one release than in another.

    Name two or more releases, as 2.5 2.15. They are timed side by side, phase by phase; their tox
    environments are built if needed.
    """
    # Before the import: outside a checkout, a package to install would be the wrong advice.
    root = here.root if read else here.checkout
    from torch_history.bench import command

    request = command.BenchRequest(
        root=root,
        releases=release,
        read=read,
        only=only,
        budget=budget,
        launches=launches,
        core=core,
        device=device,
        python=python,
        to=to,
        plot=plot,
        format=form,
        force=force,
    )
    return command.bench(request)
