"""Interchange: which release reads whose files, from the records of behaviours whose cases are ``written by <release>``.

Each such behaviour is about one kind of file, and gets a table of writers and readers. A cell has one of these outcomes:

- ``loads``: what the reader does is what the writer does with its own file;
- ``warns``: so it is, with a warning;
- ``differs``: it loads, and what comes of it is something else;
- ``raises <exception>``: loading raises, or what is done with the loaded;
- ``unknown``: this reader was not recorded on this file.

Where a file does not load, or differs, its ways are the shortest ones through: releases between, each of which reads what the one
before wrote; the format before zip archives; and what the markers of the changes between advise. A way over other releases is put
together from what each did with files that each wrote itself: nobody walked it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple

from torch_history import versions
from torch_history.catalogue.source import Behaviour
from torch_history.publish import report
from torch_history.questions import query
from torch_history.records import manifests, store

FORMAT = 1
CASE = "written by "
READ = ("loads", "warns")  # outcomes that need no way
# a kind of file -> the kind that holds the same in the format before zip archives
LEGACY = {
    "checkpoints.checkpoint_of_every_release_loads": "checkpoints.legacy_file_of_every_release_loads"
}
OLD_FORMAT = "save it with `_use_new_zipfile_serialization=False`, under any release that reads it"
NO_WAY = "no way through files is recorded: build the model anew, and load its state dict"
OF_ERRORS = ("error", "error-gone", "api-gone", "api-appeared", "exception")
OF_VALUES = ("silent", "representation", "random")
FOOT = "A way over other releases is put together from what each did with files that each wrote itself: nobody walked it."


class Cell(NamedTuple):
    """What one reader makes of one writer's file."""

    outcome: str
    says: str = ""  # the message of what it raises


class Kind(NamedTuple):
    """One kind of file: who wrote it, who was recorded, and what each makes of it."""

    behaviour: Behaviour
    writers: List[str]
    readers: List[str]
    cells: Dict[Tuple[str, str], Cell]  # of (writer, reader)


class Way(NamedTuple):
    """What to do where these readers do not read what these writers wrote."""

    writers: List[str]
    readers: List[str]
    cell: Cell
    steps: List[str]  # one of them suffices


def kinds(root: Path, behaviours: Dict[str, Behaviour], device: str = "cpu") -> List[Kind]:
    """Every kind of file that is recorded."""
    known = manifests.read(root, device)
    found = []
    for behaviour in behaviours.values():
        record = store.read(store.path_of(root / "spec", behaviour.id))
        written = {
            name[len(CASE) :]: devices for name, devices in record.items() if name.startswith(CASE)
        }
        writers = sorted(written, key=versions.key)
        if written and known:
            cells = {}
            for writer in writers:
                for reader, manifest in known.items():
                    chain_of = store.chain_for(written[writer], device, reader)
                    cells[writer, reader] = _cell(manifest, behaviour.id, chain_of, writer, reader)
            found.append(Kind(behaviour, writers, list(known), cells))
    return found


def _cell(manifest: dict, behaviour: str, chain: store.Chain, writer: str, reader: str) -> Cell:
    held = versions.holding(chain, reader)
    if behaviour not in manifest["verified"] or held is None:
        return Cell("unknown", manifest["unknown"].get(behaviour, "not recorded"))
    observed, own = chain[held], chain.get(versions.holding(chain, writer) or "", {})
    if "raised" in observed:
        return Cell(f"raises {observed['raised']['type']}", observed["raised"]["message"])
    if "value" in own and own["value"] != observed["value"]:
        return Cell("differs")
    return Cell("warns" if observed.get("warned") else "loads")


def chain(
    kind: Kind, writer: str, reader: str, outcomes: Sequence[str] = READ
) -> Optional[List[str]]:
    """The fewest releases between, rather new ones, each of which reads what the one before wrote; None where there are none."""
    paths, seen = [[writer]], {writer}
    while paths:
        for path in paths:
            if kind.cells[path[-1], reader].outcome in outcomes:
                return path[1:]
        longer = []
        for path in paths:
            for release in reversed(kind.writers):
                if (
                    release not in seen
                    and release in kind.readers
                    and kind.cells[path[-1], release].outcome in outcomes
                ):
                    seen.add(release)
                    longer.append([*path, release])
        paths = longer
    return None


def ways(kind: Kind, everything: Sequence[Kind]) -> List[Way]:
    """What to do wherever a file does not load or differs: one way for all writers and readers that it serves."""
    served: Dict[Tuple[Cell, tuple], Dict[str, List[str]]] = {}
    for (writer, reader), cell in kind.cells.items():
        if cell.outcome not in (*READ, "unknown"):
            readers = served.setdefault((cell, tuple(_steps(kind, everything, writer, reader))), {})
            readers.setdefault(writer, []).append(reader)
    found = []
    for (cell, steps), readers in served.items():
        for same in dict.fromkeys(map(tuple, readers.values())):
            found.append(
                Way(
                    [writer for writer in readers if tuple(readers[writer]) == same],
                    list(same),
                    cell,
                    list(steps),
                )
            )
    return found


def _steps(kind: Kind, everything: Sequence[Kind], writer: str, reader: str) -> Iterator[str]:
    cell, between, lossy = kind.cells[writer, reader], chain(kind, writer, reader), None
    if between is None and cell.outcome != "differs":
        lossy = chain(kind, writer, reader, (*READ, "differs"))
    if between or lossy:
        yield ", then ".join(
            f"load it under {versions.line(release)} and save it there"
            for release in between or lossy
        ) + (", but what comes of it differs" if lossy else "")
    legacy = next(
        (other for other in everything if other.behaviour.id == LEGACY.get(kind.behaviour.id)), None
    )
    by_format = (
        legacy is not None
        and (writer, reader) in legacy.cells
        and legacy.cells[writer, reader].outcome in READ
    )
    if by_format:
        yield OLD_FORMAT
    about = (
        *(() if cell.outcome == "differs" else OF_ERRORS),
        *(OF_VALUES if lossy or cell.outcome == "differs" else ()),
    )
    advice = [
        change.advice
        for change in query.between(
            kind.behaviour.changes, versions.line(writer), versions.line(reader)
        )
        if change.advice and change.kind in about
    ]
    yield from dict.fromkeys(advice)
    if not (between or lossy or by_format or advice):
        yield NO_WAY


# ---- as JSON, Markdown and a table


def as_json(found: Sequence[Kind], device: str) -> dict:
    """Everything as plain data."""
    return {
        "format": FORMAT,
        "device": device,
        "files": [
            {
                "id": kind.behaviour.id,
                "claim": kind.behaviour.claim,
                "test": kind.behaviour.node,
                "written_by": kind.writers,
                "read_by": kind.readers,
                "outcomes": {
                    writer: {reader: kind.cells[writer, reader].outcome for reader in kind.readers}
                    for writer in kind.writers
                },
                "ways": [
                    {
                        "written_by": way.writers,
                        "read_by": way.readers,
                        "outcome": way.cell.outcome,
                        "says": way.cell.says,
                        "steps": way.steps,
                    }
                    for way in ways(kind, found)
                ],
            }
            for kind in found
        ],
    }


def markdown(data: dict) -> str:
    """A table for each kind of file; neighbours among writers and readers that are all the same share a row or a column."""
    parts = ["# Which release reads what which release wrote"]
    for file in data["files"]:
        rows, columns = row_groups(file), _columns(file)
        lines = [
            "| written by | "
            + " | ".join(f"read by {releases_in_words(column, file)}" for column in columns)
            + " |",
            "|---" * (1 + len(columns)) + "|",
        ]
        for row in rows:
            cells = [file["outcomes"][row[0]][column[0]] for column in columns]
            lines.append(f"| {releases_in_words(row, file)} | {' | '.join(cells)} |")
        parts += [
            f"## {file['claim'][0].upper()}{file['claim'][1:]}",
            f"`{file['id']}`",
            "\n".join(lines),
        ]
        told = [
            f"- {sentence}\n" + "\n".join(f"  - {step}" for step in steps)
            for sentence, steps in explained(file)
        ]
        parts += ["\n".join(told)] if told else []
    return "\n\n".join([*parts, FOOT]) + "\n"


def table(data: dict, width: Optional[int] = None) -> None:
    """Print a table for each kind of file, a character a cell; neighbours among the writers that are all the same share a row."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console(width=width, highlight=False)
    signs = signs_of(data)
    legend = {
        "loads": "loads",
        "warns": "loads, with a warning",
        "differs": "loads, and differs",
        "unknown": "not recorded",
    }
    for outcome, (sign, style) in signs.items():
        console.print(f"[{style}]{sign}[/{style}] {legend.get(outcome, outcome)}")
    for file in data["files"]:
        grid = Table(
            title=f"[bold]{escape(file['claim'])}[/bold]\n[dim]{file['id']}[/dim]",
            title_style="",
            title_justify="left",
        )
        digits = zip(
            *("{}{:>2}".format(*versions.line(reader).split(".")) for reader in file["read_by"])
        )
        grid.add_column("written by")
        grid.add_column(
            "\n".join(["read by", *map(" ".join, digits)]),
            no_wrap=True,
            min_width=2 * len(file["read_by"]) - 1,
        )
        for row in row_groups(file):
            cells = (signs[file["outcomes"][row[0]][reader]] for reader in file["read_by"])
            grid.add_row(
                releases_in_words(row, file),
                " ".join(f"[{style}]{sign}[/{style}]" for sign, style in cells),
            )
        console.print(grid)
        for sentence, steps in explained(file):
            console.print(escape(sentence))
            for step in steps:
                console.print(f"  [green]{escape(step)}[/green]")
    console.print(FOOT, style="dim")


def signs_of(data: dict) -> Dict[str, Tuple[str, str]]:
    """Outcome -> its character and style, of those that there are. An exception has its initial, or the first free letter."""
    signs = {
        "loads": ("·", "green"),
        "warns": ("w", "yellow"),
        "differs": ("≠", "red"),
        "unknown": ("?", "dim"),
    }
    there = {
        outcome
        for file in data["files"]
        for row in file["outcomes"].values()
        for outcome in row.values()
    }
    for outcome in sorted(there - set(signs)):
        initial = outcome.partition(" ")[2][0].upper()
        taken = {sign for sign, _ in signs.values()}
        free = [letter for letter in initial + "ABCDEFGHIJKLMNOPQRSTUVWXYZ" if letter not in taken]
        signs[outcome] = (free[0], "bold red")
    return {outcome: sign for outcome, sign in signs.items() if outcome in there}


def explained(file: dict) -> Iterator[Tuple[str, List[str]]]:
    """For each way: where it is needed, and its steps."""
    for way in file["ways"]:
        what = (
            "loads, and what comes of it differs" if way["outcome"] == "differs" else way["outcome"]
        )
        says = f": {report.short(way['says'], 100)}" if way["says"] else ""
        steps = [f"{'or ' * (number > 0)}{step}" for number, step in enumerate(way["steps"])]
        yield (
            f"Written by {releases_in_words(way['written_by'], file)}, read by {releases_in_words(way['read_by'], file)}: {what}{says}",
            steps,
        )


def row_groups(file: dict) -> List[List[str]]:
    return _runs(file["written_by"], lambda writer: file["outcomes"][writer])


def _columns(file: dict) -> List[List[str]]:
    return _runs(file["read_by"], lambda reader: [row[reader] for row in file["outcomes"].values()])


def _runs(releases: List[str], of: Any) -> List[List[str]]:
    """The releases in runs of neighbours of which ``of`` gives the same."""
    found: List[List[str]] = []
    for release in releases:
        if found and of(found[-1][0]) == of(release):
            found[-1].append(release)
        else:
            found.append([release])
    return found


def releases_in_words(chosen: List[str], file: dict) -> str:
    """``1.4, 1.6 to 2.15``: releases by the ends of their runs of neighbours, among all that wrote or read."""
    everyone = sorted({*file["written_by"], *file["read_by"]}, key=versions.key)
    runs = [run for run in _runs(everyone, lambda one: one in chosen) if run[0] in chosen]
    return ", ".join(
        " to ".join(dict.fromkeys(map(versions.line, (run[0], run[-1])))) for run in runs
    )
