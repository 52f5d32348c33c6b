"""Entry: what one release has under one name, and the short text in which the files keep it.

``class (params, lr=0.1) < torch.optim.Optimizer``; overloads stand beside each other:
``function (input, dim=None) | (input, other)``; the fields of a named tuple follow an arrow:
``class (sequence) -> values, indices``. A name that warns or was removed is an object with this
text under ``is``.
"""

from __future__ import annotations

import functools
from typing import Any, Dict, List, Optional, Tuple, Union

import msgspec
from msgspec import Struct

# as it stands in a file: the text of an entry, or an object with more; None: the name is gone
Stored = Union[str, Dict[str, Any], None]


class Warned(Struct, frozen=True, omit_defaults=True):
    """A warning of deprecation or removal that a callable gives."""

    category: str
    text: str
    # None: on each call. Names of parameters: where one of these is given, or with a minus before
    # it where it is not. Empty: under a condition that cannot be read.
    when: Optional[Tuple[str, ...]] = None
    by: str = ""  # "library": only found among the strings of a library

    @property
    def always(self) -> bool:
        """Whether every call gives it."""
        return self.when is None


class Entry(Struct, frozen=True, omit_defaults=True):
    """What a name is in a release, and what it takes."""

    kind: str
    takes: Union[str, Tuple[str, ...], None] = None  # parameters; several texts for overloads
    bases: Tuple[str, ...] = ()
    fields: Tuple[str, ...] = ()
    removed: str = ""
    warns: Tuple[Warned, ...] = ()

    @property
    def overloads(self) -> List[str]:
        """The parameters of each overload; empty where they are not known."""
        if self.takes is None:
            return []
        return [self.takes] if isinstance(self.takes, str) else list(self.takes)


def stored(entry: Entry) -> Stored:
    """An entry as a file keeps it."""
    text = entry.kind
    if entry.overloads:
        text += f" {' | '.join(entry.overloads)}"
    if entry.bases:
        text += f" < {', '.join(entry.bases)}"
    if entry.fields:
        text += f" -> {', '.join(entry.fields)}"
    if not (entry.removed or entry.warns):
        return text
    more = {"removed": entry.removed} if entry.removed else {}
    if entry.warns:
        more["warns"] = msgspec.to_builtins(entry.warns)
    return {"is": text, **more}


def read(kept: Stored) -> Optional[Entry]:
    """The entry that a file keeps. Raises ValueError for what is none."""
    if kept is None:
        return None
    if isinstance(kept, str):
        return _read(kept)
    entry = _read(kept["is"])
    warns = tuple(msgspec.convert(one, Warned) for one in kept.get("warns", ()))
    return msgspec.structs.replace(entry, removed=kept.get("removed", ""), warns=warns)


@functools.lru_cache(maxsize=None)
def _read(text: str) -> Entry:
    kind, _, rest = text.partition(" ")
    # What follows the last bracket: a default may have these signs, in quotes.
    end = rest.rfind(")") + 1
    takes, tail = rest[:end], rest[end:].strip()
    fields: Tuple[str, ...] = ()
    if "-> " in tail:
        tail, _, told = tail.partition("-> ")
        fields = tuple(told.split(", "))
    bases = tuple(tail.strip()[2:].split(", ")) if tail.strip() else ()
    overloads = takes.split(") | (")
    if len(overloads) == 1:
        return Entry(kind, takes or None, bases, fields)
    last = len(overloads) - 1
    whole = tuple(
        f"{'(' * (place > 0)}{one}{')' * (place < last)}" for place, one in enumerate(overloads)
    )
    return Entry(kind, whole, bases, fields)
