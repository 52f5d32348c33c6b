"""``torch-history record``."""

from __future__ import annotations

from typing import Tuple

import rich_click as click

from torch_history.cli import shared
from torch_history.cli.shared import Here, here


@shared.command("record")
@click.argument("release", nargs=-1, metavar="[RELEASE]...")
@click.option("--again", is_flag=True, help="Also those recorded from the present sources already.")
@click.option(
    "--free",
    is_flag=True,
    help="Remove each environment after its run, and keep no wheel in uv's cache.",
)
@shared.device
@click.option(
    "--here",
    "in_this_python",
    is_flag=True,
    help="Record the one release in the torch of this Python, without tox.",
)
@click.option("--any-build", is_flag=True, help="Record CPU wheels too.")
@here
def command(
    here: Here,
    release: Tuple[str, ...],
    again: bool,
    free: bool,
    device: str,
    in_this_python: bool,
    any_build: bool,
) -> int:
    """Record releases, oldest first: all of tox.ini's, or those named.

    A RELEASE is a line of tox.ini, as 2.5, or an exact patch, as 2.5.0.
    """
    if in_this_python and len(release) != 1:
        raise click.UsageError("--here records one release: name it, as `record --here 2.11`")
    # Before the import: outside a checkout, a package to install would be the wrong advice.
    root = here.checkout
    from torch_history.matrix import walk

    walker = walk.Walk(root, device, free, in_this_python, any_build)
    return walk.record(walker, list(release), again)
