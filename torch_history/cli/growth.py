"""``torch-history growth``."""

from __future__ import annotations

from pathlib import Path
from typing import Optional, Tuple

import rich_click as click

from torch_history.cli import shared, timing
from torch_history.cli.shared import Here, here


@shared.command("growth")
@click.argument("release", required=False, metavar="[RELEASE]")
@timing.options(4, "curves")
@click.option(
    "--read",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Time nothing: read raw rounds that were kept.",
)
@here
def command(
    here: Here,
    release: Optional[str],
    only: Tuple[str, ...],
    budget: float,
    device: str,
    python: Optional[str],
    to: Optional[Path],
    plot: Optional[Path],
    read: Optional[Path],
) -> int:
    """How a training step's time grows with the batch and the width, in one release.

    Name a release, as 2.15.
    """
    # Before the import: outside a checkout, a package to install would be the wrong advice.
    root = here.root if read else here.checkout
    from torch_history.bench import command

    request = command.GrowthRequest(
        root=root,
        release=release,
        read=read,
        only=only,
        budget=budget,
        device=device,
        python=python,
        to=to,
        plot=plot,
    )
    return command.growth(request)
