"""Searching: what the search box of every page looks through, as ``data/search.js``."""

from __future__ import annotations

from typing import Any, Dict, Iterator, List, NamedTuple, Optional

from torch_history.catalogue.behaviour import Change
from torch_history.catalogue.kinds import Kind
from torch_history.publish.site.model import Life, Model
from torch_history.publish.site.modules import Module, Modules
from torch_history.publish.site.upgrades import ordered
from torch_history.questions import messages, search, terms


class Place(NamedTuple):
    """What a search finds beside behaviours: a chapter, a subject, a term, a guide."""

    what: str
    title: str
    page: str  # from the root of the site
    text: str


def data(
    model: Model, apis: Dict[str, str], places: List[Place], modules: Optional[Modules] = None
) -> Dict[str, Any]:
    """Everything that is searched.

    A behaviour is [id, numbers of its APIs, first sentence, rest of its docstring, changes, rank of
    its most harmful change, former ids if any], a change [version, rank of its kind, text, cause,
    advice]; an API is [name, and its file if called otherwise]; a message is [text, numbers of
    behaviours, the nearest to it first]; a module is [its name, the file of its page, its
    names].
    """
    numbers = {name: number for number, name in enumerate(apis)}
    known = {life.behaviour.id: life for life in model.lives}
    # in the order of the command, so that equally good ones have an equal order
    lives = {one.id: known[one.id] for one in model.recorded.behaviours}
    order = {name: number for number, name in enumerate(lives)}
    return {
        "behaviours": [list(_behaviour(life, numbers)) for life in lives.values()],
        "apis": [_api(name, page) for name, page in apis.items()],
        "messages": [
            [told.text, [order[life.behaviour.id] for life in _showing(told, lives)]]
            for told in messages.told(model.recorded)
        ],
        "places": [list(place) for place in places],
        "modules": [
            [module.name, part.file, "\n".join(_below(module))]
            for part in (modules.parts if modules else ())
            for module in part.modules
        ],
    }


def _below(module: Module) -> Iterator[str]:
    return (name.path[len(module.name) + 1 :] for name in module.names)


def _showing(told: messages.Told, lives: Dict[str, Life]) -> List[Life]:
    """The behaviours that show a message, the nearest to it first, as the command finds them."""
    stems = terms.stems(told.text)
    own = [lives[name] for name in told.behaviours if name in lives]
    return sorted(own, key=lambda life: search.nearness(life.behaviour, stems))


def _api(name: str, page: str) -> List[str]:
    """The name, and that of its file where it is another."""
    file = page[len("apis/") : -len(".html")]
    return [name] if file == name else [name, file]


def _behaviour(life: Life, apis: Dict[str, int]) -> Iterator[object]:
    behaviour = life.behaviour
    yield behaviour.id
    yield [apis[api] for api in behaviour.api]
    yield life.says.replace("``", "`")
    yield " ".join(" ".join(behaviour.docstring.split("\n\n")[1:]).replace("``", "`").split())
    yield [_change(change) for change in ordered(behaviour.changes)]
    yield min((change.kind.rank for change in behaviour.changes), default=len(Kind))
    if behaviour.former:
        yield behaviour.former


def _change(change: Change) -> List[object]:
    text = " ".join(change.text.split())
    return [
        change.version,
        change.kind.rank,
        text,
        change.cause_in_words or "",
        change.advice or "",
    ]
