"""Asking: what ``diff`` and ``upgrade`` share: their options, the answers, and the exit status."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import (
    TYPE_CHECKING,
    Any,
    Callable,
    List,
    NamedTuple,
    Optional,
    Sequence,
    Tuple,
    TypeVar,
)

import rich_click as click

from torch_history.catalogue.kinds import GROUPS, Kind, kinds_of
from torch_history.cli import shared
from torch_history.errors import HistoryError
from torch_history.escaping import one_line

if TYPE_CHECKING:
    from torch_history.code.surfacing import Surfacing
    from torch_history.publish.baseline import Baseline
    from torch_history.publish.report import Report
    from torch_history.questions.query import Answer
    from torch_history.surface.events import Surfaces

Function = TypeVar("Function", bound=Callable[..., Any])
LEVELS = ("certain", "likely", "possible")
KINDS = (
    "; ".join(f"{kind.slug}: {kind.words}" for kind in Kind)
    + ". Groups: "
    + "; ".join(
        f"{name}: {' and '.join(kind.slug for kind in kinds)}" for name, kinds in GROUPS.items()
    )
)
EPILOG = (
    "Exit status: 1 with findings of the --fail-on kinds, 0 without, 2 for bad input. "
    f"Kinds, the most harmful first: {KINDS}"
)


class FailOn(NamedTuple):
    """What makes the exit status 1."""

    kinds: List[Kind]
    depends: bool = False  # also what the data decide
    uncovered: bool = False  # also a name of torch that no behaviour is about


class Asked(NamedTuple):
    """What an answer is narrowed to."""

    code: Sequence[Path]
    trace: Optional[Path]


class KindList(click.ParamType):  # type: ignore[type-arg]  # generic in the newest click only
    """Kinds with commas between."""

    name = "kinds"

    def convert(
        self,
        value: object,
        param: Optional[click.Parameter],
        ctx: Optional[click.Context],
    ) -> List[Kind]:
        """``silent,error`` -> the kinds."""
        # click converts a default too, and that of --kind is a list.
        return value if isinstance(value, list) else self.kinds(str(value).split(","), param, ctx)

    def kinds(
        self,
        names: Sequence[str],
        param: Optional[click.Parameter],
        ctx: Optional[click.Context],
        more: str = "",
    ) -> List[Kind]:
        """The kinds of these names, in the order of harm."""
        try:
            named = [kinds_of(name) for name in names]
        except HistoryError as error:
            self.fail(f"{error}{more}", param, ctx)
        return [kind for kind in Kind if any(kind in kinds for kinds in named)]


class FailList(KindList):
    """What --fail-on takes: kinds, ``depends``, ``uncovered``, or ``none``."""

    def convert(  # type: ignore[override]
        self,
        value: object,
        param: Optional[click.Parameter],
        ctx: Optional[click.Context],
    ) -> FailOn:
        """``breaks,uncovered`` -> what counts."""
        if isinstance(value, FailOn):
            return value
        names = str(value).split(",")
        if names == ["none"]:
            return FailOn([])
        if "none" in names:
            self.fail(f"{value!r}: none stands alone", param, ctx)
        kinds = [name for name in names if name not in ("depends", "uncovered")]
        found = self.kinds(kinds, param, ctx, ", depends, uncovered, none")
        return FailOn(found, "depends" in names, "uncovered" in names)


class Options(NamedTuple):
    """How an answer is narrowed, shown and judged."""

    fail_on: FailOn
    kinds: List[Kind]
    form: str
    limit: int
    device: str
    level: str
    each: bool
    baseline: Optional[Path]
    write_baseline: Optional[Path]
    surface: bool = False
    annotations: bool = False
    apis: Tuple[str, ...] = ()
    chapters: Tuple[str, ...] = ()


def options(function: Function) -> Function:
    """The options of a command that asks for differences."""
    for option in reversed(
        (
            click.option(
                "--kind",
                "kinds",
                type=KindList(),
                default=[],
                metavar="KIND[,KIND]",
                help="Only differences of these kinds.",
            ),
            click.option(
                "--fail-on",
                type=FailList(),
                default="breaks,numbers",
                show_default=True,
                metavar="KIND[,KIND]|none",
                help="Exit with 1 for these kinds, where the code certainly or likely meets them. "
                "depends: also where the data decide. uncovered: also for names of torch that no "
                "behaviour is about.",
            ),
            click.option(
                "--format",
                "form",
                type=click.Choice(["text", "markdown", "json", "sarif"]),
                default="text",
                show_default=True,
                help="sarif: for a code host; needs source.",
            ),
            click.option(
                "--each",
                is_flag=True,
                help="List each behaviour of a finding, with the values before and after.",
            ),
            click.option(
                "--limit",
                type=click.IntRange(min=0),
                default=0,
                metavar="N",
                help="Show the N most harmful findings as text; 0: all.",
            ),
            click.option(
                "--level",
                type=click.Choice(LEVELS),
                default="likely",
                show_default=True,
                help="Show findings in source that are at least this sure.",
            ),
            click.option(
                "--baseline",
                type=click.Path(path_type=Path),
                metavar="FILE",
                help="Leave out the findings that this file has.",
            ),
            click.option(
                "--write-baseline",
                type=click.Path(path_type=Path),
                metavar="FILE",
                help="Write the findings into this file, for --baseline.",
            ),
            shared.device,
        )
    ):
        function = option(function)
    return function


def ask(
    here: shared.Here,
    pairs: Sequence[Tuple[str, str]],
    code: Sequence[Path],
    options: Options,
    trace: Optional[Path] = None,
) -> int:
    """Answer for each pair of versions, print the answers, and return the exit status.

    ``trace`` is a file of what a run used, in the place of source.
    """
    if options.annotations and not (options.surface or options.apis):
        raise click.UsageError("--annotations needs the surface: add --surface, or --api NAME")
    if code and trace:
        raise click.UsageError("--code and --trace exclude each other: give one of them")
    needs = options.form == "sarif" or options.baseline or options.write_baseline
    if needs and not (code or trace):
        raise click.UsageError(
            "--format sarif and baselines need source: add --code PATH or --trace FILE"
        )
    reports, faults = [], []
    accepted = _accepted(options)
    for before, after in pairs:
        told, lines = _report(here, before, after, Asked(code, trace), options, accepted)
        reports.append(told)
        faults += [line for line in lines if line not in faults]
    for line in faults:
        click.echo(one_line(line), err=True)
    if options.write_baseline:
        _write_baseline(options.write_baseline, reports, accepted)
    elif accepted and accepted.unused:
        # No failure: a fixed line must not break a CI job.
        click.echo(one_line(accepted.unused_words), err=True)
    _print(reports, faults, options)
    if options.write_baseline:
        return 0
    # From the whole reports: --limit shortens only what is shown.
    fail_on = options.fail_on
    return int(
        any(told.fails(fail_on.kinds, fail_on.depends, fail_on.uncovered) for told in reports)
    )


def _accepted(options: Options) -> Optional[Baseline]:
    """What --baseline names."""
    if options.baseline is None:
        return None
    from torch_history.publish import baseline

    return baseline.read(options.baseline)


def _write_baseline(path: Path, reports: Sequence[Report], accepted: Optional[Baseline]) -> None:
    from torch_history.publish import baseline

    count = baseline.write(path, (one for told in reports for one in told.findings), accepted)
    click.echo(one_line(f"{path}: accepts {count} finding{'s' * (count != 1)}"), err=True)


def _report(
    here: shared.Here,
    before: str,
    after: str,
    asked: Asked,
    options: Options,
    accepted: Optional[Baseline],
) -> Tuple[Report, List[str]]:
    """The report of one pair, and the lines on files that could not be read."""
    from torch_history.publish import report
    from torch_history.questions import query

    apis, chapters = options.apis, options.chapters
    surfacing = None
    # A chapter has behaviours alone.
    if (asked.code or asked.trace or options.surface or apis) and not chapters:
        surfacing = _surfacing(here, before, after, options)
    known = surfacing.covers if surfacing else lambda name: False
    answer = query.diff(
        here.index, before, after, options.device, options.kinds, apis, chapters, known
    )
    if asked.code or asked.trace:
        return _narrowed(here, answer, asked, options, accepted, surfacing)
    if surfacing is None or not (options.surface or apis):
        return report.whole(answer), []
    shown = surfacing.listed(apis, bool(apis) or Kind.APPEARED in options.kinds)
    wanted = options.kinds or ([] if apis else [kind for kind in Kind if kind.matters])
    told = [one for one in shown if not wanted or one.kind in wanted]
    if options.annotations:
        told += surfacing.annotated(here.annotations, apis)
    return report.whole(answer, told), []


def _narrowed(
    here: shared.Here,
    answer: Answer,
    asked: Asked,
    options: Options,
    accepted: Optional[Baseline],
    surfacing: Optional[Surfacing],
) -> Tuple[Report, List[str]]:
    shared.check_reads_source("--trace" if asked.trace else "--code")
    from torch_history.code import scan
    from torch_history.code.hits import Level
    from torch_history.code.targets import targets
    from torch_history.publish import report
    from torch_history.questions import coverage

    told, apis = list(targets(answer)), coverage.apis(here.index)
    if asked.trace is not None:
        from torch_history.comparing import uses

        found = uses.scan(asked.trace, told, apis, surfacing=surfacing)
    else:
        found = scan.scan(asked.code, told, apis, surfacing=surfacing)
    level = Level(options.level)
    harmless = bool(options.kinds or any(not kind.matters for kind in options.fail_on.kinds))
    return report.narrowed(answer, found, level, accepted, harmless), found.faults


def _surfacing(here: shared.Here, before: str, after: str, options: Options) -> Optional[Surfacing]:
    """What the surface says between both versions. Raises HistoryError if it must, and cannot."""
    from torch_history.code.surfacing import Surfacing

    found = surfaces(here, before, after)
    if found is None and options.surface:
        known = ", ".join(here.surface.releases) or "none"
        raise HistoryError(
            f"--surface: of {before} or {after} no surface is recorded, but of {known}: "
            "leave --surface out, or run `torch-history record --surface`"
        )
    return Surfacing(found, options.kinds, options.apis) if found else None


def surfaces(here: shared.Here, before: str, after: str) -> Optional[Surfaces]:
    """The surface of both versions; None where one of them was not surveyed."""
    from torch_history import versions
    from torch_history.surface.events import Surfaces

    lines = [versions.line(one.partition("+")[0]) for one in (before, after)]
    if any(line not in here.surface.releases for line in lines):
        return None
    return Surfaces(here.surface, *lines)


def _print(reports: Sequence[Report], faults: List[str], options: Options) -> None:
    if options.form == "json":
        from torch_history.publish import answer_json

        answer_json.write(reports, click.echo)
    elif options.form == "sarif":
        from torch_history.publish import sarif

        sarif.write(reports, faults, click.echo)
    elif options.form == "markdown":
        from torch_history.publish import markdown

        for told in reports:
            click.echo(markdown.markdown(told, options.each), nl=False)
    else:
        from torch_history.publish import terminal

        width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
        for told in reports:
            for line in terminal.lines(told, width, options.limit, options.each):
                click.echo(line)
