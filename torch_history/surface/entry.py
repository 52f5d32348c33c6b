"""Entry: what one release has under one name, and the short text in which the files keep it.

``class (params, lr=0.1) < torch.optim.Optimizer`` is a class with a base, and
``def (input, dim=None) | (input, other)`` a function with two overloads. The fields of a named
tuple follow an arrow: ``class (sequence) -> values, indices``. A name that warns or was removed is
an object with this text under ``is``.
"""

from __future__ import annotations

import functools
import re
from typing import Any, Dict, List, Optional, Tuple, Union

import msgspec
from msgspec import Struct

# as it stands in a file: the text of an entry, or an object with more; None: the name is gone
Kept = Union[str, Dict[str, Any]]
Stored = Optional[Kept]
SHORT = {"function": "def", "operator": "op"}  # most entries are of these kinds
_LONG = {short: kind for kind, short in SHORT.items()}


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
    takes: Union[str, Tuple[str, ...], None] = None  # parameters; two texts or more for overloads
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
    text = SHORT.get(entry.kind, entry.kind)
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
        # As a file gives it: with lists, which no tuple is equal to.
        more["warns"] = msgspec.json.decode(msgspec.json.encode(entry.warns))
    return {"is": text, **more}


def read(kept: Stored) -> Optional[Entry]:
    """The entry that a file keeps. Raises ValueError for what is none."""
    if kept is None:
        return None
    if isinstance(kept, str):
        return _read(kept)
    try:
        more = msgspec.convert({key: kept[key] for key in kept if key != "is"}, _More)
        return msgspec.structs.replace(_read(kept["is"]), removed=more.removed, warns=more.warns)
    except (KeyError, TypeError, msgspec.ValidationError) as error:
        raise ValueError(f"{kept!r} is not an entry: {error}") from None


class _More(Struct, forbid_unknown_fields=True):
    """What stands beside the text of an entry."""

    removed: str = ""
    warns: Tuple[Warned, ...] = ()


# The names of bases and fields have no brackets, so the last bracket ends the parameters.
_NAMES = r"[^\s(),]+(?:, [^\s(),]+)*"
_TEXT = re.compile(rf"(\w+)(?: (\(.*\)))?(?: < ({_NAMES}))?(?: -> ({_NAMES}))?")
_BETWEEN = ") | ("
# A string in a default may have what stands between two overloads.
_TOKEN = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|\) \| \(")


@functools.lru_cache(maxsize=None)
def _read(text: str) -> Entry:
    match = _TEXT.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not an entry")
    kind, takes, bases, fields = match.groups()
    return Entry(
        _LONG.get(kind, kind), _overloads(takes) if takes else None, _names(bases), _names(fields)
    )


def _names(text: Optional[str]) -> Tuple[str, ...]:
    return tuple(text.split(", ")) if text else ()


def _overloads(takes: str) -> Union[str, Tuple[str, ...]]:
    if _BETWEEN not in takes:
        return takes
    cuts = [token.start() for token in _TOKEN.finditer(takes) if token[0] == _BETWEEN]
    if not cuts:
        return takes
    starts = [0, *(cut + len(_BETWEEN) - 1 for cut in cuts)]
    ends = [*(cut + 1 for cut in cuts), len(takes)]
    return tuple(takes[start:end] for start, end in zip(starts, ends))
