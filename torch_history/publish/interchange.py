"""Interchange: which release reads the files of which, as JSON, Markdown and tables."""

from __future__ import annotations

from typing import Any, Callable, Dict, Iterator, List, Optional, Sequence, Tuple

from torch_history import versions
from torch_history.escaping import one_line
from torch_history.observing.words import short
from torch_history.publish import markdown as md
from torch_history.questions.interchange import FOOT, Cell, FileKind, Outcome, ways

FORMAT = 1
MEANINGS = {
    Outcome.LOADS: "loads",
    Outcome.WARNS: "loads, with a warning",
    Outcome.DIFFERS: "loads, and differs",
    Outcome.UNKNOWN: "not recorded",
}
_SIGNS = {
    Outcome.LOADS: ("·", "green"),
    Outcome.WARNS: ("w", "yellow"),
    Outcome.DIFFERS: ("≠", "red"),
    Outcome.UNKNOWN: ("?", "dim"),
}


def as_json(found: Sequence[FileKind], device: str) -> Dict[str, Any]:
    """Everything as plain data."""
    return {
        "format": FORMAT,
        "device": device,
        "files": [_file(kind, found) for kind in found],
    }


def _file(kind: FileKind, found: Sequence[FileKind]) -> Dict[str, Any]:
    return {
        "id": kind.behaviour.id,
        "claim": kind.behaviour.claim,
        "test": kind.behaviour.node,
        "written_by": kind.writers,
        "read_by": kind.readers,
        "outcomes": {
            writer: {reader: kind.cells[writer, reader].words for reader in kind.readers}
            for writer in kind.writers
        },
        "ways": [
            {
                "written_by": way.writers,
                "read_by": way.readers,
                "outcome": way.cell.words,
                "says": way.cell.says,
                "steps": way.steps,
            }
            for way in ways(kind, found)
        ],
    }


def markdown(found: Sequence[FileKind]) -> str:
    """A table for each kind of file. Neighbouring releases that agree share a row or a column."""
    parts = ["# Which release reads what which release wrote"]
    for kind in found:
        columns = _columns(kind)
        heading = [f"read by {releases_in_words(column, kind)}" for column in columns]
        rows = [
            [
                releases_in_words(row, kind),
                *(md.cell(kind.cells[row[0], column[0]].words) for column in columns),
            ]
            for row in row_groups(kind)
        ]
        claim = kind.behaviour.claim
        lines = md.table(["written by", *heading], rows)
        parts += [
            f"## {claim[0].upper()}{claim[1:]}",
            md.code(kind.behaviour.id),
            "\n".join(lines).strip(),
        ]
        told = [
            "\n".join([f"- {md.text(sentence)}", *(f"  - {md.text(step)}" for step in steps)])
            for sentence, steps in explained(kind, found)
        ]
        parts += ["\n".join(told)] if told else []
    return "\n\n".join([*parts, FOOT]) + "\n"


def table(found: Sequence[FileKind], width: Optional[int] = None) -> None:
    """Print a table for each kind of file, with one character in each cell."""
    # Here, so that JSON and Markdown do not wait for rich.
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console(width=width, highlight=False)
    signs = signs_of(found)
    for cell, (sign, style) in signs.items():
        console.print(f"[{style}]{escape(sign)}[/{style}] {escape(one_line(meaning(cell)))}")
    for kind in found:
        claim = escape(one_line(kind.behaviour.claim))
        title = f"[bold]{claim}[/bold]\n[dim]{kind.behaviour.id}[/dim]"
        grid = Table(title=title, title_style="", title_justify="left")
        # All readers share one column, with the digits of their names below each other: 26 columns
        # with rich's padding and borders do not fit into 80 characters.
        lines = [versions.line(reader).split(".") for reader in kind.readers]
        digits = zip(*(f"{major}{minor:>2}" for major, minor in lines))
        heading = "\n".join(["read by", *map(" ".join, digits)])
        grid.add_column("written by")
        grid.add_column(heading, no_wrap=True, min_width=2 * len(kind.readers) - 1)
        for row in row_groups(kind):
            # The rows of a group are alike, so its first writer stands for all.
            cells = (signs[_plain(kind.cells[row[0], reader])] for reader in kind.readers)
            marks = " ".join(f"[{style}]{escape(sign)}[/{style}]" for sign, style in cells)
            grid.add_row(releases_in_words(row, kind), marks)
        console.print(grid)
        for sentence, steps in explained(kind, found):
            console.print(escape(one_line(sentence)))
            for step in steps:
                console.print(f"  [green]{escape(one_line(step))}[/green]")
    console.print(FOOT, style="dim")


def meaning(cell: Cell) -> str:
    """What a cell means, in words."""
    return MEANINGS.get(cell.outcome, cell.words)


def signs_of(found: Sequence[FileKind]) -> Dict[Cell, Tuple[str, str]]:
    """Each cell that occurs, without its message -> its character and style.

    An exception has its initial, or else the first free letter.
    """
    there = {_plain(cell) for kind in found for cell in kind.cells.values()}
    signs = {Cell(outcome): sign for outcome, sign in _SIGNS.items()}
    # Sorted, so that an exception has the same letter whatever the order of the records.
    for cell in sorted(there - set(signs), key=lambda one: one.words):
        taken = {sign for sign, _ in signs.values()}
        initial = cell.exception[:1].upper()
        letters = (initial if initial.isalpha() else "") + "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
        signs[cell] = (next(one for one in letters if one not in taken), "bold red")
    return {cell: sign for cell, sign in signs.items() if cell in there}


def _plain(cell: Cell) -> Cell:
    """A cell without its message."""
    return cell._replace(says="")


def explained(kind: FileKind, found: Sequence[FileKind]) -> Iterator[Tuple[str, List[str]]]:
    """For each way, a sentence that says where it is needed, and its steps."""
    for way in ways(kind, found):
        differs = way.cell.outcome is Outcome.DIFFERS
        what = "loads, and the result differs" if differs else way.cell.words
        says = f": {short(way.cell.says, 100)}" if way.cell.says else ""
        steps = [f"{'or ' * (number > 0)}{step}" for number, step in enumerate(way.steps)]
        writers, readers = (releases_in_words(one, kind) for one in (way.writers, way.readers))
        yield f"Written by {writers}, read by {readers}: {what}{says}", steps


def row_groups(kind: FileKind) -> List[List[str]]:
    """The writers, grouped into runs of neighbours whose files are read alike."""
    return _runs(
        kind.writers, lambda writer: [kind.cells[writer, one].words for one in kind.readers]
    )


def _columns(kind: FileKind) -> List[List[str]]:
    return _runs(
        kind.readers, lambda reader: [kind.cells[one, reader].words for one in kind.writers]
    )


def _runs(releases: List[str], of: Callable[[str], object]) -> List[List[str]]:
    """The releases, grouped into runs of neighbours for which ``of`` returns the same."""
    found: List[List[str]] = []
    for release in releases:
        if found and of(found[-1][0]) == of(release):
            found[-1].append(release)
        else:
            found.append([release])
    return found


def releases_in_words(chosen: List[str], kind: FileKind) -> str:
    """``1.4, 1.6 to 2.15``: runs of neighbours among all releases that wrote or read."""
    # A run ends at every release that is not chosen: `1.4 to 2.15` hides no exception between.
    everyone = sorted({*kind.writers, *kind.readers}, key=versions.key)
    runs = [run for run in _runs(everyone, lambda one: one in chosen) if run[0] in chosen]
    return ", ".join(
        " to ".join(dict.fromkeys(map(versions.line, (run[0], run[-1])))) for run in runs
    )
