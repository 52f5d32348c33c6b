"""The kinds of difference, and which of them two observations admit."""

from __future__ import annotations

from enum import Enum
from typing import List, Optional

from torch_history.errors import HistoryError
from torch_history.observing.words import Observed


class Effect(Enum):
    """What a kind of difference does to a program that ran before."""

    HURTS = "hurts"  # it breaks, or its numbers change
    SHOWS = "shows"  # it runs on, and prints or warns otherwise
    GAINS = "gains"  # what failed before works


class Kind(Enum):
    """A kind of difference. The members are in the order of harm, the most harmful first."""

    SILENT = ("silent", "silent value change", "S", Effect.HURTS)
    ERROR = ("error", "error where there was none", "E", Effect.HURTS)
    API_GONE = ("api-gone", "API gone", "G", Effect.HURTS)
    EXCEPTION = ("exception", "another exception", "X", Effect.HURTS)
    RANDOM = ("random", "random stream", "R", Effect.HURTS)
    REPRESENTATION = (
        "representation",
        "representation (repr, signature, state-dict format, group keys)",
        "P",
        Effect.SHOWS,
    )
    WARNING = ("warning", "warning appeared or gone", "W", Effect.SHOWS)
    ERROR_GONE = ("error-gone", "error gone", "M", Effect.GAINS)
    API_APPEARED = ("api-appeared", "API appeared", "A", Effect.GAINS)
    WORDING = ("wording", "wording only", "T", Effect.SHOWS)

    words: str
    letter: str  # its mark in the table of the page
    effect: Effect
    rank: int  # its place in the order of harm, from 0

    def __new__(cls, slug: str, words: str, letter: str, effect: Effect) -> Kind:
        """A member whose value is its slug, so that JSON and options use the slug."""
        member = object.__new__(cls)
        member._value_ = slug
        member.words, member.letter, member.effect = words, letter, effect
        member.rank = len(cls.__members__)
        return member

    def __str__(self) -> str:
        return self.slug

    @property
    def slug(self) -> str:
        """The name in markers, options and JSON."""
        return str(self.value)

    @property
    def title(self) -> str:
        """The words without the part in brackets."""
        return self.words.partition(" (")[0]

    @property
    def hurts(self) -> bool:
        """Whether a program that ran before breaks or computes other numbers."""
        return self.effect is Effect.HURTS

    @property
    def substantial(self) -> bool:
        """Whether what torch does changed, and not only how it shows or says it."""
        return self.effect is not Effect.SHOWS

    @property
    def severe(self) -> bool:
        """Whether a report shows it in red."""
        return self in (Kind.SILENT, Kind.ERROR, Kind.API_GONE)

    @property
    def mirror(self) -> Kind:
        """The kind of the same change, seen from the newer version."""
        return _MIRRORED.get(self, self)


# The other kinds read the same in both directions.
_MIRRORED = {
    Kind.ERROR: Kind.ERROR_GONE,
    Kind.ERROR_GONE: Kind.ERROR,
    Kind.API_GONE: Kind.API_APPEARED,
    Kind.API_APPEARED: Kind.API_GONE,
}
_BY_SLUG = {kind.slug: kind for kind in Kind}
SLUGS = list(_BY_SLUG)


def kind_of(slug: str) -> Kind:
    """The kind of a slug. Raises HistoryError for an unknown slug."""
    found: Optional[Kind] = _BY_SLUG.get(slug)
    if found is None:
        raise HistoryError(f"{slug!r} is not a kind: choose one of {', '.join(SLUGS)}")
    return found


def admitted(before: Observed, after: Observed) -> List[Kind]:
    """The kinds that a change from one observation to the other can have, the likeliest first."""
    if "raised" in before and "raised" in after:
        if before["raised"]["type"] != after["raised"]["type"]:
            # A missing API raises too: one that comes or goes may replace another exception.
            return [Kind.EXCEPTION, Kind.API_APPEARED, Kind.API_GONE]
        if before["raised"] != after["raised"]:
            return [
                Kind.WORDING,
                *[Kind.API_APPEARED] * _missing(before),
                *[Kind.API_GONE] * _missing(after),
            ]
        return _warnings(before, after)
    if "raised" in after:
        missing = after["raised"]["type"] == "AttributeError"
        return [Kind.API_GONE, Kind.ERROR] if missing else [Kind.ERROR, Kind.API_GONE]
    if "raised" in before:
        return (
            [Kind.API_APPEARED, Kind.ERROR_GONE]
            if _missing(before)
            else [Kind.ERROR_GONE, Kind.API_APPEARED]
        )
    if before["value"] != after["value"]:
        return [Kind.SILENT, Kind.REPRESENTATION, Kind.RANDOM]
    if repr(before["value"]) != repr(after["value"]):  # the order of keys
        return [Kind.REPRESENTATION, Kind.SILENT]
    return _warnings(before, after)


def _warnings(before: Observed, after: Observed) -> List[Kind]:
    one, other = (
        [warning["category"] for warning in side.get("warned", ())] for side in (before, after)
    )
    return [Kind.WORDING] if one == other else [Kind.WARNING]


def _missing(observation: Observed) -> bool:
    """Whether the API, or a part of it, was not there."""
    message = observation["raised"]["message"]
    return any(
        words in message for words in ("has no attribute", "unexpected keyword", "invalid keyword")
    )
