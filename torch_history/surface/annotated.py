"""Annotated: what changed in the annotations of parameters, which no call depends on."""

from __future__ import annotations

from typing import Dict, Iterator, Mapping, Optional

from torch_history.surface import chains
from torch_history.surface.events import Event, Surfaces
from torch_history.surface.files import Texts
from torch_history.surface.what import Change, What

MOST = 3  # parameters that are told, of one name


def events(surfaces: Surfaces, types: Mapping[str, Texts], below: str = "") -> Iterator[Event]:
    """The names whose annotations differ between the two releases, with the line since when."""
    for path, chain in types.items():
        if below and path != below and not path.startswith(f"{below}."):
            continue
        before, after = (chains.at(chain, one.version) for one in (surfaces.before, surfaces.after))
        if before is None or after is None or before == after:
            continue
        words = list(_differing(_by_name(before), _by_name(after)))
        if words:
            since = next(line for line in reversed(list(chain)) if line in surfaces.lines)
            more = f", {len(words) - MOST} more" if len(words) > MOST else ""
            change = Change(What.ANNOTATION, f"annotates {', '.join(words[:MOST])}{more}")
            yield Event(path, path, since, change, None, None)


def _by_name(text: str) -> Dict[str, str]:
    """``lr: float; return: None`` -> each annotation by its parameter."""
    pairs = (one.partition(": ") for one in text.split("; "))
    return {name: annotation for name, _, annotation in pairs}


def _differing(before: Dict[str, str], after: Dict[str, str]) -> Iterator[str]:
    for name in dict.fromkeys((*before, *after)):
        was: Optional[str] = before.get(name)
        now: Optional[str] = after.get(name)
        if was and now and was != now:
            yield f"{name} as {now}, was {was}"
        elif now and not was:
            yield f"{name} as {now}"
