"""``torch-history find``."""

from __future__ import annotations

import shutil
import sys
from typing import Tuple

import rich_click as click

from torch_history.cli import shared
from torch_history.cli.shared import Here, here


@shared.command(
    "find",
    epilog="Exit status: 0 with behaviours, 1 without any, 2 for bad input.",
)
@click.argument("words", nargs=-1, required=True, metavar="WORDS...")
@click.option(
    "--limit",
    type=click.IntRange(min=0),
    default=20,
    show_default=True,
    metavar="N",
    help="Show the N best; 0: all.",
)
@shared.text_or_json
@here
def command(here: Here, words: Tuple[str, ...], limit: int, form: str) -> int:
    """The behaviours that have all the words, or that show nearly the message that you paste.

    Ids, APIs, docstrings, changes, causes, advice, exceptions and warnings are searched. Of
    identifiers every part counts. With - the words come from the input: paste a message, a warning
    or a traceback, whose last exception counts.
    """
    from torch_history.publish import found
    from torch_history.questions import search

    sought = _input() if words == ("-",) else " ".join(words)
    answer = search.find(here.index, sought)
    if form == "json":
        shared.print_json(found.as_json(answer, sought, limit))
    else:
        for line in found.lines(answer, sought, limit, _width()):
            click.echo(line)
    return int(not answer.matches)


def _input() -> str:
    """What was pasted; it may have bytes that are no text."""
    stream = getattr(sys.stdin, "buffer", None)  # None where the input is closed
    return stream.read().decode("utf-8", "replace") if stream else ""


def _width() -> int:
    """The columns of the terminal; as wide as a line may be where the output is no terminal."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else 160
