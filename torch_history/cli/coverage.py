"""``torch-history coverage``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Dict, Optional, Set, Tuple

import rich_click as click

from torch_history.cli import shared
from torch_history.cli.shared import Here, here
from torch_history.escaping import one_line

if TYPE_CHECKING:
    from torch_history.code.scan import Scan
    from torch_history.questions.coverage import Module, Surfaced


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
    """Which names of torch are specified, and with --code which names of the code are not.

    A behaviour specifies what a name does. Of other names the surface says whether they are there,
    what they take, and what is deprecated.
    """
    if code:
        return _of_code(here, code, form)
    from torch_history.publish import coverage_text as text
    from torch_history.questions import coverage
    from torch_history.questions.names import Lives

    found = coverage.modules(here.index)
    surfaced = coverage.surfaced(here.index, Lives(here.index, here.surface))
    left = list(surfaced.alone) if surfaced else coverage.uncovered_modules(here.index)
    if form == "json":
        data = {"modules": [_module(one, surfaced) for one in found], "not_covered": left}
        shared.print_json({"format": 1, **data, **_surface(surfaced)})
        return 0
    lines = text.surfaced(found, surfaced) if surfaced else text.behaviours(found, left)
    for line in lines:
        click.echo(one_line(line))
    return 0


def _module(module: Module, surfaced: Optional[Surfaced]) -> Dict[str, object]:
    counts = surfaced.homes.get(module.name) if surfaced else None
    return {**module._asdict(), **(counts._asdict() if counts else {})}


def _surface(surfaced: Optional[Surfaced]) -> Dict[str, object]:
    if surfaced is None:
        return {}
    alone = [{"name": name, "names": count} for name, count in surfaced.alone.items()]
    whole = {"release": surfaced.release, **surfaced.total._asdict(), "alone": alone}
    return {"surface": whole}


def _of_code(here: Here, code: Tuple[Path, ...], form: str) -> int:
    shared.check_reads_source("--code")
    from torch_history.code import scan
    from torch_history.publish import coverage_of_code
    from torch_history.questions import coverage
    from torch_history.questions.names import Lives

    found = scan.scan(code, [], coverage.apis(here.index))
    for fault in found.faults:
        click.echo(one_line(fault), err=True)
    surface = None
    if here.surface.releases:
        lives = Lives(here.index, here.surface)
        surface = {name for name in found.names.uncovered if lives.covers(name)}
    if form == "json":
        shared.print_json(_of_code_in_json(found, surface))
        return 0
    for line in coverage_of_code.lines(found, surface):
        click.echo(one_line(line))
    return 0


def _of_code_in_json(found: Scan, surface: Optional[Set[str]]) -> Dict[str, object]:
    names = found.names
    left = [
        {
            "name": name,
            **({} if surface is None else {"surface": name in surface}),
            "places": [one._asdict() for one in places],
        }
        for name, places in sorted(
            names.uncovered.items(), key=lambda pair: (-len(pair[1]), pair[0])
        )
    ]
    return {"format": 1, "files": found.files, "covered": names.covered, "not_covered": left}
