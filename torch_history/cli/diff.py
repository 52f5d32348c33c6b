"""``torch-history diff``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import List, Optional, Tuple

import rich_click as click

from torch_history import versions
from torch_history.catalogue.kinds import GROUPS, Kind, kinds_of
from torch_history.cli import shared
from torch_history.cli.shared import Here, here
from torch_history.code.hits import Level
from torch_history.errors import HistoryError
from torch_history.escaping import one_line
from torch_history.publish import report
from torch_history.questions import query

KINDS = (
    "; ".join(f"{kind.slug}: {kind.words}" for kind in Kind)
    + ". Groups: "
    + "; ".join(
        f"{name}: {' and '.join(kind.slug for kind in kinds)}" for name, kinds in GROUPS.items()
    )
)


class KindList(click.ParamType):  # type: ignore[type-arg]  # generic in the newest click only
    """Kinds with commas between; ``none`` where that is allowed."""

    name = "kinds"

    def __init__(self, or_none: bool = False):
        self.or_none = or_none

    def convert(
        self,
        value: object,
        param: Optional[click.Parameter],
        ctx: Optional[click.Context],
    ) -> List[Kind]:
        """``silent,error`` -> the kinds."""
        # click converts a default too, and those of these options are lists.
        if isinstance(value, list):
            return value
        text = str(value)
        if self.or_none and text == "none":
            return []
        try:
            named = [kinds_of(name) for name in text.split(",")]
        except HistoryError as error:
            self.fail(f"{error}{', none' * self.or_none}", param, ctx)
        return [kind for kind in Kind if any(kind in kinds for kinds in named)]


@shared.command(
    "diff",
    epilog=f"Exit status: 1 with differences (of the --fail-on kinds), 0 without, 2 for bad "
    f"input. Kinds, the most harmful first: {KINDS}",
)
@click.argument("before", required=False, metavar="A")
@click.argument("after", required=False, metavar="B")
@click.option(
    "--from",
    "old",
    metavar="FILE",
    help="Instead of A: the torch that requirements.txt, uv.lock, poetry.lock or pylock.toml "
    "pins. REVISION:PATH is a file in git, as main:uv.lock.",
)
@click.option("--to", "new", metavar="FILE", help="Instead of B, likewise.")
@shared.filters
@click.option(
    "--kind",
    "kinds",
    type=KindList(),
    default=[],
    metavar="KIND[,KIND]",
    help="Only differences of these kinds.",
)
@click.option(
    "--fail-on",
    type=KindList(or_none=True),
    default=list(Kind),
    metavar="KIND[,KIND]|none",
    help="Exit with 1 only for these kinds. By default for any that is shown.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "markdown", "json", "sarif"]),
    default="table",
    show_default=True,
    help="sarif: for a code host; needs --code.",
)
@click.option(
    "--limit",
    type=click.IntRange(min=0),
    default=100,
    show_default=True,
    metavar="N",
    help="Show the N most harmful differences in the table; 0: all.",
)
@shared.device
@click.option(
    "--code",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="Only what this Python file, notebook or folder can meet, with file and line "
    "(repeatable). --fail-on then counts what is certain or likely.",
)
@click.option(
    "--level",
    type=click.Choice([level.value for level in Level]),
    help="With --code: only hits that are at least this sure. By default possible.",
)
@here
def command(
    here: Here,
    before: Optional[str],
    after: Optional[str],
    old: Optional[str],
    new: Optional[str],
    chapters: Tuple[str, ...],
    apis: Tuple[str, ...],
    kinds: List[Kind],
    fail_on: List[Kind],
    form: str,
    limit: int,
    device: str,
    code: Tuple[Path, ...],
    level: Optional[str],
) -> int:
    """What differs between two versions, the most harmful first.

    Give two versions, as 2.5 2.15, or two files that pin torch (--from and --to).
    """
    if not code and (level or form == "sarif"):
        raise click.UsageError("--level and --format sarif need --code")
    pair = _pair(before, after, old, new)
    answer = query.diff(here.index, *pair, device, kinds, apis, chapters)
    if old is not None and pair[0] == pair[1]:
        # On the error output, because the answer may be JSON.
        click.echo(one_line(f"torch is {pair[0]} in both, {old} and {new}"), err=True)
    told = report.whole(answer)
    faults: List[str] = []
    if code:
        # The option has no default, so that --level without --code can be refused.
        told, faults = _narrowed(answer, code, Level(level or "possible"))
    _print(told, faults, form, limit)
    # From the whole report: --limit shortens only what is shown.
    return int(told.fails(fail_on))


def _pair(
    before: Optional[str], after: Optional[str], old: Optional[str], new: Optional[str]
) -> Tuple[str, str]:
    """The two versions: as given, or as two files pin them."""
    if before is not None and after is not None and old is None and new is None:
        return before, after
    if old is None or new is None or before is not None or after is not None:
        raise click.UsageError("give two versions, A and B, or --from FILE and --to FILE")
    return _pinned("--from", old), _pinned("--to", new)


def _pinned(option: str, source: str) -> str:
    """The version that a file pins."""
    from torch_history.code import locks

    version = locks.version(option, source)
    try:
        versions.parse(version)  # a file may pin what is no release, as torch==1
    except HistoryError as error:
        raise HistoryError(f"{option} {source}: {error}") from None
    return version


def _narrowed(
    answer: query.Answer, code: Tuple[Path, ...], level: Level
) -> Tuple[report.Report, List[str]]:
    """The report of what the source can meet, and the lines on files that could not be read."""
    # The scan uses ast.unparse, which is new in Python 3.9. The rest of the package runs on 3.8.
    if sys.version_info < (3, 9):
        raise HistoryError("--code: reading source needs Python 3.9 or newer")
    from torch_history.code import scan

    found = scan.scan(code, answer.differences, level)
    for fault in found.faults:
        click.echo(one_line(fault), err=True)
    return report.narrowed(answer, found.hits, found.files, level), found.faults


def _print(told: report.Report, faults: List[str], form: str, limit: int) -> None:
    if form == "json":
        from torch_history.publish import answer_json

        shared.print_json(answer_json.as_json(told))
    elif form == "sarif":
        from torch_history.publish import sarif

        shared.print_json(sarif.log(told, faults))
    elif form == "markdown":
        from torch_history.publish import markdown

        click.echo(markdown.markdown(told), nl=False)
    else:
        from torch_history.publish import terminal

        terminal.table(told, limit=limit)
