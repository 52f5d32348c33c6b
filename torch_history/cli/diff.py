"""``torch-history diff``."""

from __future__ import annotations

from pathlib import Path
from typing import Any, List, Optional, Tuple

import rich_click as click

from torch_history.cli import asking, shared
from torch_history.cli.shared import Here, here
from torch_history.escaping import one_line


@shared.command("diff", epilog=asking.EPILOG)
@click.argument("before", required=False, metavar="A")
@click.argument("after", required=False, metavar="B")
@click.option(
    "--from",
    "old",
    metavar="FILE",
    help="Instead of A: the torch that this file pins: requirements.txt, pyproject.toml, uv.lock, "
    "poetry.lock, pylock.toml, environment.yml, … REVISION:PATH is a file in git, as main:uv.lock.",
)
@click.option("--to", "new", metavar="FILE", help="Instead of B, likewise.")
@click.option(
    "--python",
    metavar="3.X",
    help="Of several pins in a file, only those for this Python.",
)
@click.option(
    "--surface",
    is_flag=True,
    help="Also every name of torch that is gone, moved or deprecated, or takes other arguments.",
)
@click.option(
    "--annotations",
    is_flag=True,
    help="With --surface or --api: also the parameters whose annotations changed.",
)
@shared.filters
@click.option(
    "--code",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="Only what this Python file, notebook or folder can meet, with its lines (repeatable).",
)
@click.option(
    "--trace",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Only what a run of a program met, with the arguments that it gave: the uses.json of "
    "torch-history run --keep FOLDER, or that folder.",
)
@asking.options
@here
def command(
    here: Here,
    /,
    before: Optional[str],
    after: Optional[str],
    old: Optional[str],
    new: Optional[str],
    python: Optional[str],
    code: Tuple[Path, ...],
    trace: Optional[Path],
    **options: Any,
) -> int:
    """What differs between two versions, the most harmful first.

    Give two versions, as 2.5 2.15, or files that pin torch (--from and --to). With one of the two
    only, the other is the newest recorded release.
    """
    pairs = _pairs(here, before, after, old, new, python)
    return asking.ask(here, pairs, code, asking.Options(**options), trace)


def _pairs(
    here: Here,
    before: Optional[str],
    after: Optional[str],
    old: Optional[str],
    new: Optional[str],
    python: Optional[str],
) -> List[Tuple[str, str]]:
    """The pairs of versions: as given, or as files pin them."""
    if before is not None and after is not None and old is None and new is None:
        return [(before, after)]
    from torch_history.code.pins import pairs

    found = pairs.pair(before, after, old, new, python, here.index)
    if old is not None and new is not None and all(one.before == one.after for one in found):
        # On the error output, because the answer may be JSON.
        same = f"torch is {found[0].before} in both, {old} and {new}"
        click.echo(one_line(same), err=True)
    for words in dict.fromkeys(words for one in found for words in one.words):
        click.echo(words, err=True)
    return [(one.before, one.after) for one in found]
