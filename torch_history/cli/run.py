"""``torch-history run``."""

from __future__ import annotations

from pathlib import Path

import rich_click as click

from torch_history.cli import shared
from torch_history.cli.shared import Here, here


@shared.command(
    "run",
    epilog="Exit status: 0 the same bits or within tolerance, 1 parted, 2 bad input, 3 a fault of "
    "ours.",
)
@click.argument("before", metavar="A")
@click.argument("after", metavar="B")
@click.argument("program", nargs=-1, required=True, metavar="-- COMMAND...")
@click.option(
    "--steps",
    type=click.IntRange(min=0),
    default=0,
    metavar="N",
    help="Stop after so many optimizer steps; 0: never.",
)
@click.option(
    "--minutes",
    type=click.FloatRange(min=0),
    default=10.0,
    show_default=True,
    metavar="M",
    help="Stop each run at the first step after so many minutes; 0: never.",
)
@click.option(
    "--python-a",
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="The Python, or the environment, that has A. Nothing is installed then.",
)
@click.option("--python-b", type=click.Path(path_type=Path), metavar="PATH", help="Likewise for B.")
@click.option(
    "--requirements",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="What to install beside torch. By default the project's lock or requirements.",
)
@click.option(
    "--share",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="Link this file or folder instead of copying it for each run (repeatable).",
)
@click.option(
    "--seed",
    type=int,
    default=0,
    show_default=True,
    metavar="N",
    help="Seed set before the program starts; one that it sets itself wins.",
)
@click.option(
    "--threads",
    type=click.IntRange(min=0),
    default=1,
    show_default=True,
    metavar="N",
    help="Threads of torch; 0: as many as it takes.",
)
@click.option(
    "--page",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write the report as a page of its own.",
)
@click.option(
    "--keep",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Keep the traces, the printed output and result.json in this folder.",
)
@click.option(
    "--draft",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Write the test of a behaviour for a difference that no record tells of.",
)
@click.option(
    "--bisect",
    is_flag=True,
    help="Walk the releases between A and B to the one where the parting begins.",
)
@shared.text_or_json
@here
def command(here: Here, /, **options: object) -> int:
    """Whether a program gives the same under B as under A, and if not, where it parts.

    The program is run under both and is not edited: torch-history run 2.6 2.15 -- python train.py
    """
    # Before the import: reading requirements needs a newer Python than the tracer does.
    shared.check_reads_source("run")
    from torch_history.cli import comparing

    return comparing.run(here, comparing.Request(**options))  # type: ignore[arg-type]
