"""Parameters: what a callable takes, parsed from the text of an entry."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from enum import Enum
from functools import lru_cache
from typing import Dict, Iterator, List, NamedTuple, Optional, Tuple

from torch_history.errors import HistoryError


class Passed(Enum):
    """How a caller passes a parameter."""

    POSITION = "by position only"
    EITHER = "by position or keyword"
    STAR = "any number by position"
    KEYWORD = "by keyword only"
    DOUBLE = "any number by keyword"


class Parameter(NamedTuple):
    """One parameter."""

    name: str
    passed: Passed
    default: Optional[str] = None  # its text, which need not be Python; None: there is none

    @property
    def required(self) -> bool:
        """Whether a call must give it."""
        return self.default is None and self.passed not in (Passed.STAR, Passed.DOUBLE)


class Parameters(NamedTuple):
    """The parameters of a callable, in order, and what a call asks of them."""

    listed: Tuple[Parameter, ...]
    places: Tuple[Parameter, ...]  # those that can be passed by position
    at: Dict[str, int]  # name -> place
    named: Dict[str, Parameter]  # those that can be passed by keyword
    star: str = ""  # the name of *args
    double: str = ""  # the name of **options

    @property
    def single(self) -> Iterator[Parameter]:
        """Those that stand for one argument: without ``*args`` and ``**options``."""
        return (one for one in self.listed if one.passed not in (Passed.STAR, Passed.DOUBLE))


@lru_cache(maxsize=None)
def parse(text: str) -> Parameters:
    """The parameters of a text such as ``(input, p=0.5, *, training=True, **options)``.

    Raises HistoryError for a text of another form.
    """
    if not (text.startswith("(") and text.endswith(")")):
        raise _bad(text, "it has no brackets around it")
    return _of(list(_listed(text)))


def named_as(side: Parameters, other: Parameters) -> Parameters:
    """The parameters with the names of another side for those that pybind11 calls ``arg0``.

    Nobody can pass these by name, and a release that names them takes nothing away.
    """
    by_position = side.places[:1] and side.places[0].passed is Passed.POSITION  # these come first
    if not (by_position and any(map(_is_nameless, side.places))):
        return side
    names = {one.name: there.name for one, there in zip(side.places, other.places)}
    return _of(
        [
            one._replace(name=names.get(one.name, one.name)) if _is_nameless(one) else one
            for one in side.listed
        ]
    )


def _is_nameless(one: Parameter) -> bool:
    return one.passed is Passed.POSITION and re.fullmatch(r"arg\d+", one.name) is not None


def _of(listed: List[Parameter]) -> Parameters:
    places = tuple(p for p in listed if p.passed in (Passed.POSITION, Passed.EITHER))
    stars = {p.passed: p.name for p in listed}
    return Parameters(
        tuple(listed),
        places,
        {p.name: place for place, p in enumerate(places)},
        {p.name: p for p in listed if p.passed in (Passed.EITHER, Passed.KEYWORD)},
        stars.get(Passed.STAR, ""),
        stars.get(Passed.DOUBLE, ""),
    )


def _listed(text: str) -> Iterator[Parameter]:
    """Each parameter of a text."""
    parts = _split(text)
    passed = Passed.POSITION if "/" in parts else Passed.EITHER
    for part in parts:
        name, equals, default = part.partition("=")
        if part == "/":
            passed = Passed.EITHER
        elif part == "*":
            passed = Passed.KEYWORD
        elif name.startswith("**"):
            yield Parameter(name[2:], Passed.DOUBLE)
        elif name.startswith("*"):
            yield Parameter(name[1:], Passed.STAR)
            passed = Passed.KEYWORD
        elif name.isidentifier():
            yield Parameter(name, passed, default if equals else None)
        else:
            raise _bad(text, f"{part!r} is not a parameter")


_NESTED = re.compile(r"[\[\](){}'\"]")
_TOKEN = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|[,()\[\]{}'\"]")


def _split(text: str) -> List[str]:
    """The parts between the commas that stand in no string and no inner bracket."""
    inside = text[1:-1]
    if not inside:
        return []
    if not _NESTED.search(inside):
        return inside.split(", ")
    parts, depth, start = [], 0, 0
    for token in _TOKEN.finditer(inside):
        mark = token[0]
        if mark == "," and not depth:
            parts.append(inside[start : token.start()].strip())
            start = token.end()
        elif mark in "([{":
            depth += 1
        elif mark in ")]}":
            depth -= 1
        elif mark in "'\"":
            raise _bad(text, "a string has no end")
        if depth < 0:
            break
    if depth:
        raise _bad(text, "its brackets do not match")
    return [*parts, inside[start:].strip()]


def _bad(text: str, why: str) -> HistoryError:
    return HistoryError(f"{text!r} is not a list of parameters: {why}. Record the surface again.")


def same_default(one: Optional[str], other: Optional[str]) -> bool:
    """Whether two defaults are equal: ``0`` and ``0.0`` are."""
    if one == other or one is None or other is None:
        return one == other
    try:
        return float(one) == float(other)
    except ValueError:
        return False


# the default of an argument that has no effect any more
_DEPRECATED = "'deprecated'"


def default_changed(one: Optional[str], other: Optional[str]) -> bool:
    """Whether a call without the argument may do something else."""
    if one is None or other is None or _DEPRECATED in (one, other):
        return False
    objects = one.startswith("<") and other.startswith("<")  # only their classes are known
    paths = _PATH.match(one) and _PATH.match(other)
    moved = paths and one.rpartition(".")[2] == other.rpartition(".")[2]
    return not (objects or moved or same_default(one, other) or _may_be(one, other))


def _may_be(one: str, other: str) -> bool:
    """Whether one is a member of the class that is all that is known of the other."""
    return any(
        known.startswith("<") and member.startswith(f"{known.strip('<>')}.")
        for known, member in ((one, other), (other, one))
    )


_PATH = re.compile(r"[A-Za-z_][\w.]*\.\w+$")


def renamed(before: Parameters, after: Parameters) -> Dict[str, str]:
    """The parameters that only have another name: former name -> new name."""
    old, new = ({p.name: p for p in side.single} for side in (before, after))
    went = [p for name, p in old.items() if name not in new]
    came = [p for name, p in new.items() if name not in old]
    only = len(went) == len(came) == 1 and len(before.listed) == len(after.listed)
    # What every call gives stays what it is, whatever else changed: export(f) and export(mod).
    required = [[p for p in side if p.required] for side in (went, came)]
    only_required = required if all(len(of) == 1 for of in required) else []
    pairs = [
        (was.name, now.name)
        for was in went
        for now in came
        if before.at.get(was.name) == after.at.get(now.name)
        and (_renames(was, now, only) or [[was], [now]] == only_required)
    ]
    wanted = Counter(name for pair in pairs for name in pair)
    return {was: now for was, now in pairs if wanted[was] == wanted[now] == 1}


def _renames(was: Parameter, now: Parameter, only: bool) -> bool:
    """Whether a parameter is the one that had another name. ``only``: nothing else changed."""
    if was.passed is now.passed is Passed.POSITION:
        return True  # callers do not see the name
    if not same_default(was.default, now.default):
        return False
    by_place = only and Passed.KEYWORD not in (was.passed, now.passed)
    telling = by_place and was.default not in ("True", "False")  # two flags can be different
    return telling or alike(was.name, now.name)


def alike(one: str, other: str) -> bool:
    """Whether two names are obviously similar: ``size_average`` and ``sizeAverage`` are."""
    one, other = plain(one), plain(other)
    if one == other:
        return True
    digits, others = (re.findall(r"\d+", name) for name in (one, other))
    if digits and others and digits != others:
        return False  # conv1d and conv2d
    short, long = sorted((one, other), key=len)
    if len(short) >= 4 and short in long:
        return True
    return difflib.SequenceMatcher(None, one, other).ratio() > 0.8


def plain(name: str) -> str:
    """A name without capitals and underscores, but for the last one: ``add_`` is not ``add``."""
    return name[:-1].replace("_", "").lower() + name[-1:].lower()
