"""``torch-history record``."""

from __future__ import annotations

import os
from typing import Tuple

import rich_click as click

from torch_history.cli import shared
from torch_history.cli.shared import Here, here


@shared.command("record")
@click.argument("what", nargs=-1, metavar="[RELEASE | ID]...")
@click.option(
    "--release",
    multiple=True,
    metavar="RELEASE",
    help="A release, as an argument names it; may be given several times.",
)
@click.option("--again", is_flag=True, help="Also what was recorded from its present source.")
@click.option("--at-hand", is_flag=True, help="Only the releases whose environments exist already.")
@click.option(
    "--free",
    is_flag=True,
    help="Remove each environment after its run, and keep no wheel in uv's cache.",
)
@click.option(
    "--jobs",
    type=click.IntRange(min=1),
    default=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1,
    show_default="the number of cores",
    help="How many releases run at once.",
)
@shared.device
@click.option(
    "--here",
    "in_this_python",
    is_flag=True,
    help="Record the one release in the torch of this Python, without tox.",
)
@click.option("--surface", is_flag=True, help="Only the names of torch and what they take.")
@click.option("--any-build", is_flag=True, help="Record CPU wheels too.")
@here
def command(
    here: Here,
    what: Tuple[str, ...],
    release: Tuple[str, ...],
    again: bool,
    at_hand: bool,
    free: bool,
    jobs: int,
    device: str,
    in_this_python: bool,
    surface: bool,
    any_build: bool,
) -> int:
    """Record what is new or edited: behaviours whose test changed, or that a release has not seen.

    Without arguments, all behaviours and the surface on all releases of tox.ini. A RELEASE is a
    line of tox.ini, as 2.5, or an exact patch, as 2.5.0. An ID is a behaviour, as
    views.view_shares_memory. An environment that does not exist is built, and kept.
    """
    # Before the import: outside a checkout, a package to install would be the wrong advice.
    root = here.checkout
    from torch_history.catalogue.releases import choose
    from torch_history.matrix import recording, walk
    from torch_history.questions.query import find

    # An id has letters before its dot, and a release has digits.
    asked = [*release, *(text for text in what if text[:1].isdigit())]
    named = [text for text in what if not text[:1].isdigit()]
    chosen = choose(root, asked)
    if in_this_python and len(chosen) != 1:
        raise click.UsageError("--here records one release: name it, as `record --here 2.11`")
    walker = walk.Walk(root, device, free, in_this_python, any_build)
    behaviours = [find(walker.known, name).id for name in named]
    if surface and behaviours:
        raise click.UsageError("--surface and an ID exclude each other: give one of them")
    tasks = [walker.task(one, behaviours, again, surface) for one in chosen]
    if at_hand:
        tasks = [task for task in tasks if task.place.at_hand]
    return recording.record(walker, tasks, jobs)
