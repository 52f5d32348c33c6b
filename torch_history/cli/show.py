"""``torch-history show``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Iterable, List

import rich_click as click

from torch_history.cli import shared
from torch_history.cli.shared import Here, here
from torch_history.errors import HistoryError
from torch_history.escaping import printable

if TYPE_CHECKING:
    from torch_history.catalogue.behaviour import Behaviour
    from torch_history.questions.names import Lives


@shared.command("show")
@click.argument("id", metavar="ID|API|WORD")
@click.option("--script", is_flag=True, help="A script that shows it, for any torch.")
@click.option("--annotations", is_flag=True, help="Also the annotations of a name's parameters.")
@here
def command(here: Here, id: str, script: bool, annotations: bool) -> int:  # noqa: A002  # click names it as the argument
    """One behaviour or one name of torch: its history and every change.

    An id is as freezing.filter_object_is_consumed_once; a part of it is enough if no other has it.
    A name is as torch.optim.NAdam or NAdam: since when it exists, what it takes and took, its
    deprecation and its behaviours. Where a name or a word means several, they are listed.
    """
    from torch_history.questions import search

    if script:
        click.echo(printable(_script(here, id, search.lookup(here.index, id))), nl=False)
    elif search.of_id(here.index, id) or not here.surface.releases:
        if annotations:
            raise HistoryError(f"--annotations: {id} is not a name of torch that was surveyed")
        _behaviours(here, search.lookup(here.index, id))
    else:
        _name_or_word(here, id, annotations)
    return 0


def _script(here: Here, asked: str, found: List[Behaviour]) -> str:
    from torch_history.publish.script import Scripts

    if len(found) != 1:
        raise HistoryError(f"--script: {asked} means {len(found)} behaviours: give the id of one")
    return Scripts(here.root).of(found[0], here.index.record(found[0].id))


def _name_or_word(here: Here, asked: str, annotations: bool) -> None:
    """What the surface and the behaviours say of a name, or the behaviours of a word."""
    from torch_history.questions import naming, search, spelling
    from torch_history.questions.names import Lives

    lives = Lives(here.index, here.surface)
    names = spelling.meant(lives, asked)
    if annotations and len(names) != 1:
        raise HistoryError(f"--annotations: {asked} means {len(names)} names: give one of torch")
    found = search.about(here.index, asked)
    if not found and names != [naming.plain(asked)]:
        # As a word or a part of ids it means behaviours that are about other names.
        found = search.found(here.index, asked)
        if found and names and _is_word(asked) and not annotations:
            told = f"`torch-history show {names[0]}` shows what happened to that name"
            click.echo(f"{asked} is {', '.join(names[:3])} too: {told}", err=True)
            names = []
    if not names:
        found = found or search.lookup(here.index, asked, lambda name: spelling.nearly(lives, name))
    elif len(names) == 1:
        found = _name(here, lives, names[0], found, annotations)
    else:
        _several(asked, names)
    if found:
        _print([""] * bool(names))
        _behaviours(here, found, bool(names))


def _is_word(asked: str) -> bool:
    """Whether it may be a word or a part of an id: ``GradScaler`` and ``nn.grad`` are names."""
    return asked.islower() and "." not in asked


def _name(
    here: Here, lives: Lives, name: str, found: List[Behaviour], annotations: bool
) -> List[Behaviour]:
    """Print what the surface says of a name. Returns its behaviours, with those found before."""
    from torch_history.publish import name_text
    from torch_history.questions import contents
    from torch_history.surface import index

    life = lives.of(name)
    if life is None:
        return found
    _print(name_text.lines(life))
    if annotations:
        texts = lives.annotations(life, index.types(here.root))
        _print(name_text.annotated(texts, life.entry))
    if life.entry.kind == "class":
        _print(name_text.of_class(life, contents.members(lives, life)))
    elif life.entry.kind == "module":
        _print(name_text.of_module(contents.inside(lives, life)))
    ids = {one.id for one in (*found, *life.behaviours)}
    return [one for one in here.index.behaviours if one.id in ids]


def _several(asked: str, names: List[str]) -> None:
    from torch_history.publish import name_text

    _print(name_text.several(asked, names))


def _behaviours(here: Here, found: List[Behaviour], of_a_name: bool = False) -> None:
    """One behaviour whole, or several as a list; with their claims where a name was shown."""
    from torch_history.publish import history, name_text

    if len(found) == 1:
        _print(history.lines(here.index, found[0]))
        return
    _print(name_text.of_behaviours(found) if of_a_name else map(history.summary, found))
    click.echo(f"{len(found)} behaviours: `torch-history show ID` shows one whole", err=True)


def _print(lines: Iterable[str]) -> None:
    for line in lines:
        click.echo(printable(line))
