"""Names: what the surface of torch says of the names in a message."""

from __future__ import annotations

import re
from typing import Iterator, List, Tuple

from torch_history.catalogue.kinds import Kind
from torch_history.code.targets import Lacks, Refuses, absence_in
from torch_history.comparing.result import Seen
from torch_history.surface.events import Event, Surfaces

_NAMED = re.compile(r"torch(?:\.\w+)+")
_MODULE = re.compile(r"No module named '(torch[\w.]*)'")
_IMPORT = re.compile(r"cannot import name '(\w+)' from '(torch[\w.]*)'")
_CALLED = re.compile(r"^(?:\w+: )?([\w.]+)\(\)")  # NAdam.__init__() takes ...
MOST = 2
ID = "surface."


def told(surfaces: Surfaces, text: str, raised: bool) -> Tuple[Seen, ...]:
    """What happened to the names in an exception's or a warning's message."""
    kinds = (Kind.GONE,) if raised else (Kind.WARNING,)
    found: List[Seen] = []
    for event in _events(surfaces, text):
        seen = Seen(f"{ID}{event.path}", event.words, event.since, event.change.kind.slug, "", "")
        if event.change.kind in kinds and seen not in found:
            found.append(seen)
    return tuple(found[:MOST])


def _events(surfaces: Surfaces, text: str) -> Iterator[Event]:
    imported = _IMPORT.search(text)
    names = [f"{imported[2]}.{imported[1]}"] if imported else []
    names += _MODULE.findall(text)
    absence = absence_in(text)
    if isinstance(absence, Lacks) and absence.module:
        names.append(f"{absence.module}.{absence.attribute}")
    for name in dict.fromkeys([*names, *_NAMED.findall(text)]):
        yield from surfaces.events(name)
    called = _CALLED.search(text)
    if called:
        last = called[1].replace(".__init__", "")
        for event in surfaces.ending(last):
            keyword = absence.keyword if isinstance(absence, Refuses) else ""
            if not keyword or keyword in event.change.arguments:
                yield event
