"""Signatures: what the names of torch with behaviours take, since when, and each change."""

from __future__ import annotations

from typing import List, NamedTuple, Optional, Tuple

from torch_history.publish.site.timelines import Spans
from torch_history.questions.names import Lives, NameChange, deprecations

_FEW = 3  # other paths of a name


class Signature(NamedTuple):
    """What is known of a name's parameters."""

    kind: str
    when: str  # in words
    takes: List[str]  # of each overload
    fields: Tuple[str, ...]  # of a named tuple
    also: Tuple[str, ...]  # its other paths, the shortest first
    warns: List[str]  # now
    changes: List[NameChange]  # the newest first


def signature(lives: Lives, name: str) -> Optional[Signature]:
    """The signature of a name; None where no surveyed release has it."""
    life = lives.of(name)
    if life is None:
        return None
    others = [one for one in dict.fromkeys([life.path, *life.aliases]) if one != name]
    return Signature(
        life.entry.kind,
        in_words(life.spans),
        life.entry.overloads,
        life.entry.fields,
        tuple(others[:_FEW]),
        deprecations(life.entry),
        list(reversed(life.changes)),
    )


def in_words(spans: Spans) -> str:
    """``since 1.10``, or ``from 1.4 or before to 2.0, and since 2.6``."""
    told = []
    for span in spans:
        since = f"{span.since} or before" if span.or_before else span.since
        told.append(f"from {since} to {span.until}" if span.until else f"since {since}")
    return ", and ".join(told)
