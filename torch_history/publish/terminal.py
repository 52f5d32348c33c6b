"""Terminal: a report as tables."""

from __future__ import annotations

from typing import Iterator, List, Optional

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from torch_history.catalogue.kinds import Kind
from torch_history.escaping import printable
from torch_history.publish.report import (
    POSSIBLE,
    Found,
    Report,
    caveats,
    headline,
    lines_of_change,
    lines_of_hits,
    place_of,
    reproduction,
)

PLACES = 3  # of a difference that the table shows


def table(report: Report, width: Optional[int] = None, limit: int = 0) -> None:
    """Print the first ``limit`` differences of a report, or all (0)."""
    console = Console(width=width, highlight=False)
    console.print(f"[bold]{_plain(headline(report))}[/bold]")
    for line in caveats(report):
        console.print(f"[yellow]{_plain(line)}[/yellow]")
    if not report.found:
        return
    shown = report.found[:limit] if limit > 0 else report.found
    vague = [found for found in shown if found.only_possible]
    # `narrowed` puts what is only possible last, so the rest is the beginning of the list.
    told = shown[: len(shown) - len(vague)]
    for kind in dict.fromkeys(found.kind for found in told):
        console.print(_grid(kind, [found for found in told if found.kind is kind], report))
    if vague:
        console.print(_vague(vague))
    if len(shown) < len(report.found):
        console.print(
            f"[yellow]{len(report.found) - len(shown)} less harmful differences are not shown: "
            "--limit 0 shows all, --kind, --chapter and --api narrow them[/yellow]"
        )
    console.print("To see it yourself, for example:", style="dim")
    answer, first = report.answer, report.found[0].behaviour
    command = printable(reproduction(first, answer.before.asked, answer.after.asked))
    # With soft_wrap, rich breaks no line: the command stays whole when it is copied.
    console.print(command, style="dim", markup=False, soft_wrap=True)


def _grid(kind: Kind, differences: List[Found], report: Report) -> Table:
    answer = report.answer
    grid = Table(
        title=kind.words,
        title_style="bold red" if kind.severe else "bold",
        title_justify="left",
        show_lines=True,
        expand=True,
    )
    grid.add_column("behaviour", ratio=4, overflow="fold")
    grid.add_column(_plain(answer.before.asked), ratio=3, overflow="fold")
    grid.add_column(_plain(answer.after.asked), ratio=3, overflow="fold")
    for found in differences:
        lines = lines_of_change(found.difference.cases, 100)
        hidden = len(lines) - PLACES
        more = [f"and {hidden} more: see torch-history show"] if hidden > 0 else []
        grid.add_row(
            "\n".join(_about(found)),
            "\n".join([*(_plain(before) for before, _ in lines[:PLACES]), *more]),
            "\n".join(_plain(after) for _, after in lines[:PLACES]),
        )
    return grid


def _vague(differences: List[Found]) -> Table:
    grid = Table(title=POSSIBLE, title_style="bold", title_justify="left", expand=True, box=None)
    grid.padding = (0, 1)
    grid.add_column("behaviour", ratio=4, overflow="fold")
    grid.add_column("where", ratio=6, overflow="fold")
    for found in differences:
        grid.add_row(_plain(found.behaviour.id), _plain(place_of(found)))
    return grid


def _about(found: Found) -> Iterator[str]:
    """The first column: the id, what changed and why, what to do, and where it hits the source."""
    yield f"[bold]{_plain(found.behaviour.id)}[/bold]"
    for change in found.difference.changes:
        yield f"[dim]{_plain(change.sentence)}[/dim]"
        if change.advice:
            yield f"[green]{_plain(change.advice)}[/green]"
    for line in lines_of_hits(found, PLACES):
        yield _plain(line)
    if found.difference.doubt:
        yield f"[yellow]not certain: {_plain(found.difference.doubt)}[/yellow]"


def _plain(text: str) -> str:
    """Text in which neither rich's markup nor a terminal's escape sequences act."""
    return escape(printable(text))
