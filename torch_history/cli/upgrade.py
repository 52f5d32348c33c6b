"""``torch-history upgrade``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, List, NamedTuple, Optional

import rich_click as click

from torch_history.catalogue.kinds import Kind
from torch_history.cli import diff, shared
from torch_history.cli.shared import Here, here
from torch_history.code.hits import Level
from torch_history.errors import HistoryError
from torch_history.questions import query

if TYPE_CHECKING:  # else `upgrade --help` would need packaging
    from torch_history.code.pins import Pair


class Options(NamedTuple):
    """How an answer is judged and printed."""

    level: Level
    fail_on: List[Kind]
    form: str
    limit: int
    baseline: Optional[Path]


@shared.command(
    "upgrade",
    epilog="Exit status: 1 with differences (of the --fail-on kinds), 0 without, 2 for bad input "
    "or where no file says which torch is used.",
)
@click.argument("path", default=".", metavar="[PATH]", type=click.Path(path_type=Path, exists=True))
@click.option("--to", metavar="VERSION", help="Instead of the newest recorded release.")
@click.option(
    "--python",
    metavar="3.x",
    help="Only the torch that is pinned for this CPython on Linux. By default each that is pinned.",
)
@click.option(
    "--fail-on",
    type=diff.KindList(or_none=True),
    default=list(Kind),
    metavar="KIND[,KIND]|none",
    help="Exit with 1 only for these kinds. By default for any that is shown.",
)
@click.option(
    "--level",
    type=click.Choice([level.value for level in Level]),
    default=Level("possible").value,
    show_default=True,
    help="Only hits that are at least this sure.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "markdown", "json", "sarif"]),
    default="table",
    show_default=True,
    help="sarif: for a code host.",
)
@click.option(
    "--limit",
    type=click.IntRange(min=0),
    default=100,
    show_default=True,
    metavar="N",
    help="Show the N most harmful differences in the table; 0: all.",
)
@click.option(
    "--baseline",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Leave out the findings that this file lists.",
)
@here
def command(
    here: Here,
    path: Path,
    to: Optional[str],
    python: Optional[str],
    fail_on: List[Kind],
    level: str,
    form: str,
    limit: int,
    baseline: Optional[Path],
) -> int:
    """What the newest recorded torch changes for a repository.

    PATH is the folder of a project (by default this one). What its lock file pins is taken, or else
    what pyproject.toml, requirements*.txt, environment.yml, setup.cfg or setup.py ask for. Several
    pins are answered one by one, and a range from its oldest recorded release.
    """
    from torch_history.code import pins

    found = pins.upgrades(path, to, python, here.index)
    # On the error output, because the answer may be JSON.
    for words in dict.fromkeys(words for pair in found.pairs for words in pair.words):
        click.echo(words, err=True)
    return _ask(here, found.pairs, path, Options(Level(level), fail_on, form, limit, baseline))


def _ask(here: Here, pairs: List[Pair], code: Path, options: Options) -> int:
    """Answer each pair for the code, and return the exit status."""
    # The one place that knows how `diff` answers and prints.
    if options.baseline is not None:
        raise HistoryError("--baseline: not available yet: leave it out")
    status = 0
    for pair in pairs:
        answer = query.diff(here.index, pair.before.version, pair.after.version)
        told, faults = diff._narrowed(answer, (code,), options.level)
        diff._print(told, faults, options.form, options.limit)
        status = max(status, int(told.fails(options.fail_on)))
    return status
