"""What can happen to a name of the surface, and how harmful it is."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple, Tuple

from torch_history.catalogue.kinds import Kind


class What(Enum):
    """What can happen to a name. The value is the slug."""

    GONE = ("gone", "name gone", Kind.GONE)
    REMOVED = ("removed", "only raises", Kind.GONE)
    KIND = ("kind", "another kind of object", Kind.GONE)
    ARGUMENT_GONE = ("argument-gone", "argument gone", Kind.GONE)
    RENAMED = ("argument-renamed", "argument renamed", Kind.GONE)
    MOVED = ("argument-moved", "argument moved to another position", Kind.GONE)
    KEYWORD_ONLY = ("keyword-only", "argument by keyword only", Kind.GONE)
    POSITIONAL_ONLY = ("positional-only", "argument by position only", Kind.GONE)
    REQUIRED = ("required", "argument required", Kind.GONE)
    FIELDS = ("fields", "fields of a named tuple changed", Kind.GONE)
    DEFAULT = ("default", "default changed", Kind.SILENT)
    BASES = ("bases", "base class gone", Kind.SILENT)
    DEPRECATED = ("deprecated", "deprecated", Kind.WARNING)
    ANNOTATION = ("annotation", "annotation changed", Kind.REPRESENTATION)
    UNDEPRECATED = ("deprecation-gone", "deprecation gone", Kind.WARNING)
    RESTORED = ("restored", "works again", Kind.ERROR_GONE)
    APPEARED = ("appeared", "name appeared", Kind.APPEARED)
    ARGUMENT_APPEARED = ("argument-appeared", "argument appeared", Kind.APPEARED)
    SHELL_GONE = ("shell-gone", "name gone that only raised", Kind.WORDING)
    WORDING = ("wording", "message changed", Kind.WORDING)

    words: str
    kind: Kind

    def __new__(cls, slug: str, words: str, kind: Kind) -> What:
        """A member whose value is its slug."""
        member = object.__new__(cls)
        member._value_ = slug
        member.words, member.kind = words, kind
        return member

    @property
    def slug(self) -> str:
        """The name in options and JSON."""
        return str(self.value)


class Change(NamedTuple):
    """One event at a name."""

    what: What
    words: str  # what follows "since 2.0"
    arguments: Tuple[str, ...] = ()
    depends: str = ""  # what decides whether a caller meets it

    @property
    def kind(self) -> Kind:
        """How harmful it is."""
        return self.what.kind


DEFAULT_MATTERS = "the default"
_ORDINALS = (
    *("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth"),
    "tenth",
)


def ordinal(place: int) -> str:
    """The word for a place, which counts from 0."""
    if place < len(_ORDINALS):
        return _ORDINALS[place]
    number = place + 1
    last = 0 if number % 100 in (11, 12, 13) else number % 10
    return f"{number}{({1: 'st', 2: 'nd', 3: 'rd'}).get(last, 'th')}"


def brief(default: str) -> str:
    """The text of a default, cut where it is long."""
    return default if len(default) <= 40 else default[:39] + "…"
