"""``torch-history merge``."""

from __future__ import annotations

from pathlib import Path
from typing import Tuple

import rich_click as click

from torch_history.cli import shared
from torch_history.cli.shared import Here, here


@shared.command(
    "merge",
    epilog="Exit status: 1 where two runs, or a run and the records, saw one release differently, "
    "where a behaviour had failed, or where something does not read back; 2 for bad input, and "
    "then nothing was entered.",
)
@click.argument(
    "path", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="RUN_OR_FOLDER..."
)
@click.option("--any-build", is_flag=True, help="Enter runs of CPU wheels too.")
@click.option("--dry-run", is_flag=True, help="Say what would be entered, and write nothing.")
@here
def command(here: Here, path: Tuple[Path, ...], any_build: bool, dry_run: bool) -> int:
    """Enter run files of other machines into the records, in any order.

    `record` leaves run files in .history/; a folder of them may be named too.
    """
    # Before the import: outside a checkout, a package to install would be the wrong advice.
    root = here.checkout
    from torch_history.matrix import merging

    return merging.merge(root, list(path), any_build, dry_run)
