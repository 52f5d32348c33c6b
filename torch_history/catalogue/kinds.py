"""The kinds of difference, and which of them two observations admit."""

from __future__ import annotations

import builtins
from enum import Enum
from typing import Dict, List, Tuple

from torch_history.catalogue import signatures
from torch_history.errors import HistoryError
from torch_history.observing.words import Observed, ended


class Effect(Enum):
    """What a kind of difference does to a program that ran before."""

    HURTS = "hurts"  # it breaks, or its numbers change
    SHOWS = "shows"  # it runs on, and prints or warns otherwise
    GAINS = "gains"  # what failed before works


class Kind(Enum):
    """A kind of difference. The members are in the order of harm, the most harmful first."""

    ERROR = ("error", "error where there was none", "E", Effect.HURTS)
    GONE = ("gone", "API or argument gone", "G", Effect.HURTS)
    SILENT = ("silent", "silent value change", "S", Effect.HURTS)
    RANDOM = ("random", "random stream", "R", Effect.HURTS)
    EXCEPTION = ("exception", "another exception", "X", Effect.HURTS)
    WARNING = ("warning", "warning appeared or gone", "W", Effect.SHOWS)
    REPRESENTATION = (
        "representation",
        "representation (repr, defaults, state-dict format, group keys)",
        "P",
        Effect.SHOWS,
    )
    ERROR_GONE = ("error-gone", "error gone", "M", Effect.GAINS)
    APPEARED = ("appeared", "API or argument appeared", "A", Effect.GAINS)
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
    def label(self) -> str:
        """What a line of an answer calls it."""
        return "breaks" if self in GROUPS["breaks"] else self.title

    @property
    def hurts(self) -> bool:
        """Whether a program that ran before breaks or computes other numbers."""
        return self.effect is Effect.HURTS

    @property
    def matters(self) -> bool:
        """Whether somebody whose program ran before has to know of it."""
        return self.effect is not Effect.GAINS and self is not Kind.WORDING

    @property
    def substantial(self) -> bool:
        """Whether what torch does changed, and not only how it shows or says it."""
        return self.effect is not Effect.SHOWS

    @property
    def severe(self) -> bool:
        """Whether a report shows it in red."""
        return self in (Kind.ERROR, Kind.GONE, Kind.SILENT)

    @property
    def mirror(self) -> Kind:
        """The kind of the same change, seen from the newer version."""
        return _MIRRORED.get(self, self)


# The other kinds read the same in both directions.
_MIRRORED = {
    Kind.ERROR: Kind.ERROR_GONE,
    Kind.ERROR_GONE: Kind.ERROR,
    Kind.GONE: Kind.APPEARED,
    Kind.APPEARED: Kind.GONE,
}
_BY_SLUG = {kind.slug: kind for kind in Kind}
SLUGS = list(_BY_SLUG)
# what options take beside the slugs
GROUPS = {"breaks": [Kind.ERROR, Kind.GONE], "numbers": [Kind.SILENT, Kind.RANDOM]}
_SINGLE = {**_BY_SLUG, "api-gone": Kind.GONE, "api-appeared": Kind.APPEARED}  # the former too
_NAMED: Dict[str, List[Kind]] = {**{slug: [kind] for slug, kind in _SINGLE.items()}, **GROUPS}


def kind_of(slug: str) -> Kind:
    """The kind of a slug, or of a former one. Raises HistoryError for an unknown slug."""
    found = _SINGLE.get(slug)
    if found is None:
        raise HistoryError(f"{slug!r} is not a kind: choose one of {', '.join(SLUGS)}")
    return found


def kinds_of(name: str) -> List[Kind]:
    """The kinds of a slug or a group. Raises HistoryError for an unknown name."""
    found = _NAMED.get(name)
    if found is None:
        choices = ", ".join([*SLUGS, *GROUPS])
        raise HistoryError(f"{name!r} is not a kind: choose from {choices}")
    return found


def admitted(before: Observed, after: Observed, signature: bool = False) -> List[Kind]:
    """The kinds that a change from one observation to the other can have, the likeliest first.

    ``signature`` says that the values are lists of parameters.
    """
    if ended(after) and not ended(before):
        return [Kind.ERROR]
    if "raised" in before and "raised" in after:
        return _errors(before, after)
    if "raised" in after:
        return [Kind.GONE, Kind.ERROR] if missing(after) else [Kind.ERROR, Kind.GONE]
    if "raised" in before:
        found = [Kind.ERROR_GONE, Kind.APPEARED]
        warns = [Kind.WARNING] if after.get("warned") else []
        return [*(found[::-1] if missing(before) else found), *warns]
    if repr(before["value"]) == repr(after["value"]):
        return _warnings(before, after)
    told = before.get("warned", ())
    if any(warning not in told for warning in after.get("warned", ())):
        # A value that changes beside a new warning does not change silently.
        return [Kind.WARNING, Kind.RANDOM, Kind.REPRESENTATION]
    gone = [Kind.WARNING] * (len(told) > len(after.get("warned", ())))
    if before["value"] == after["value"]:  # but for the order of keys
        return [Kind.REPRESENTATION, Kind.SILENT, *gone]
    if signature:
        return _signatures(before["value"], after["value"])
    return [Kind.SILENT, Kind.REPRESENTATION, Kind.RANDOM, *gone]


def _errors(before: Observed, after: Observed) -> List[Kind]:
    """The kinds of a change from one exception to another."""
    if before["raised"] == after["raised"]:
        return _warnings(before, after)
    was, now = missing(before), missing(after)
    found = []
    if was != now:  # a missing API raises too: one that comes or goes replaces another exception
        found.append(Kind.APPEARED if was else Kind.GONE)
    kept = (was and now) or _is_a(after["raised"]["type"], before["raised"]["type"])
    found.append(Kind.WORDING if kept else Kind.EXCEPTION)
    if was and now:  # another part may be missing than before
        found += [Kind.APPEARED, Kind.GONE]
    if Kind.WARNING in _warnings(before, after):
        found.append(Kind.WARNING)
    return found


def _warnings(before: Observed, after: Observed) -> List[Kind]:
    """The kinds of a change of warnings alone."""
    one, other = ([w["category"] for w in side.get("warned", ())] for side in (before, after))
    if one == other:
        return [Kind.WORDING]
    # One that stays may be worded differently beside one that appears or is gone.
    return [Kind.WARNING, *[Kind.WORDING] * bool(set(one) & set(other))]


def _signatures(before: object, after: object) -> List[Kind]:
    """The kinds of a change from one signature, or dict of signatures, to another."""
    change = signatures.compare(before, after)
    found = [
        *[Kind.GONE] * change.breaks,
        *[Kind.APPEARED] * change.appeared,
        *[Kind.REPRESENTATION] * change.defaults,
    ]
    return found or [Kind.REPRESENTATION]


# What the message of an exception says where the API, or a part of it, is not there.
_MISSING = (
    "has no attribute",
    "unexpected keyword",
    "invalid keyword",
    "takes no keyword",
    "no module named",
)


def missing(observation: Observed) -> bool:
    """Whether an observation that raised says that the API, or a part of it, is not there."""
    message = observation["raised"]["message"].lower()
    return any(words in message for words in _MISSING)


# Only the name of a class is recorded. The bases of torch's own classes are listed here.
_BASES = {
    "ModuleAttributeError": "AttributeError",
    "InternalTorchDynamoError": "RuntimeError",
    "OutOfMemoryError": "RuntimeError",
    "LinAlgError": "RuntimeError",
    "BadZipFile": "Exception",
    "UnpicklingError": "Exception",
}


def _is_a(name: str, other: str) -> bool:
    """Whether an exception class is another one, or a subclass of it."""
    return other in _lineage(name)


def _lineage(name: str) -> Tuple[str, ...]:
    """The class and its bases."""
    found = getattr(builtins, name, None)
    if isinstance(found, type):
        return tuple(base.__name__ for base in found.__mro__)
    return (name, *(_lineage(_BASES[name]) if name in _BASES else ()))
