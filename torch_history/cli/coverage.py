"""``torch-history coverage``."""

from __future__ import annotations

from pathlib import Path
from typing import Tuple

import rich_click as click

from torch_history.cli import shared
from torch_history.cli.shared import Here, here
from torch_history.escaping import one_line


@shared.command("coverage")
@click.option(
    "--code",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="The names of torch that this Python file, notebook or folder uses (repeatable).",
)
@shared.text_or_json
@here
def command(here: Here, code: Tuple[Path, ...], form: str) -> int:
    """Which names of torch are specified, and with --code which names of the code are not."""
    if code:
        return _of_code(here, code, form)
    from torch_history.questions import coverage

    found = coverage.modules(here.index)
    left = coverage.uncovered_modules(here.index)
    if form == "json":
        modules = [one._asdict() for one in found]
        shared.print_json({"format": 1, "modules": modules, "not_covered": left})
        return 0
    for module in found:
        few = len(module.apis) == 1
        count = f"{len(module.apis)} name{'' if few else 's'} in {module.behaviours} behaviours"
        click.echo(one_line(f"{module.name}: {count}"))
    total = sum(len(module.apis) for module in found)
    click.echo(f"{total} names of torch are specified. Nothing is said of any other.")
    click.echo(f"Not covered at all: {', '.join(left)}.")
    return 0


def _of_code(here: Here, code: Tuple[Path, ...], form: str) -> int:
    shared.check_reads_source("--code")
    from torch_history.code import scan
    from torch_history.code.hits import Level
    from torch_history.publish import report
    from torch_history.questions import coverage

    found = scan.scan(code, [], coverage.apis(here.index))
    for fault in found.faults:
        click.echo(one_line(fault), err=True)
    names = found.names
    if form == "json":
        places = [
            {"name": name, "places": [one._asdict() for one in of]}
            for name, of in sorted(
                names.uncovered.items(), key=lambda pair: (-len(pair[1]), pair[0])
            )
        ]
        data = {"files": found.files, "covered": names.covered, "not_covered": places}
        shared.print_json({"format": 1, **data})
        return 0
    told = report.Code(found.files, Level.LIKELY, 0, found.accepted, names)
    for line in report.uncovered_names(told):
        click.echo(one_line(line))
    click.echo(report.covered_words(told))
    uses, left = sum(names.covered.values()), sum(map(len, names.uncovered.values()))
    if uses + left:
        click.echo(f"{uses / (uses + left):.0%} of the {uses + left} uses are of covered names.")
    return 0
