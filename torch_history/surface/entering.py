"""Entering: how the survey of one release becomes part of the timelines.

The timelines depend on the surveys alone, not on the order in which they are entered. Nothing is
known of the names in a module that could not be imported, so a survey changes nothing of them.
"""

from __future__ import annotations

from itertools import accumulate
from typing import (
    Callable,
    Dict,
    Iterable,
    Iterator,
    List,
    Mapping,
    NamedTuple,
    Optional,
    Sequence,
    Set,
    Tuple,
    TypeVar,
)

import msgspec
from msgspec import Struct

from torch_history.surface import chains, typed
from torch_history.surface.aliases import changed
from torch_history.surface.entry import Entry, stored
from torch_history.surface.files import Surface, Surveyed, ascending

FORMAT = 1
T = TypeVar("T")  # an entry of a timeline
N = TypeVar("N")  # what a release has


class Survey(Struct, forbid_unknown_fields=True):
    """What ``torch_history.surveying`` writes of one release."""

    format: int
    release: str
    python: str
    source: str
    modules: List[str]
    names: Dict[str, Entry]
    aliases: Dict[str, str]  # another path -> the public one
    annotations: Dict[str, str]
    failed: Dict[str, str]


class Entered(NamedTuple):
    """What a survey changed."""

    names: int  # of the release
    changed: int  # timelines


def enter(surface: Surface, survey: Survey, line: str) -> Entered:
    """Put a survey into the surface, as the release of this line."""
    surface.releases[line] = Surveyed(survey.release, survey.python, survey.source, survey.failed)
    surface.releases = ascending(surface.releases)
    known = _Known({one: of.failed for one, of in surface.releases.items()})
    entries = {path: stored(entry) for path, entry in survey.names.items()}
    aliases = _by_place(survey.aliases.items())
    modules = _by_place((name, "") for name in survey.modules)
    changed_ones = (
        _enter(chains.entered, surface.names, entries, line, known.at),
        _enter(chains.entered, surface.types, typed.kept(survey.annotations), line, known.at),
        _enter(changed, surface.aliases, aliases, line, known.at),
        # Each survey says of every module whether it is there.
        _enter(changed, surface.modules, modules, line, lambda name: list(surface.releases)),
    )
    return Entered(len(survey.names), sum(changed_ones))


class _Known:
    """Which releases one knows something of: in the others a module could not be imported."""

    def __init__(self, failed: Mapping[str, Iterable[str]]) -> None:
        self._failed = {line: frozenset(modules) for line, modules in failed.items()}

    def at(self, path: str) -> List[str]:
        """The releases in which the module of a path could be imported."""
        within = list(accumulate(path.split("."), "{}.{}".format))
        return [line for line, failed in self._failed.items() if failed.isdisjoint(within)]


def _by_place(pairs: Iterable[Tuple[str, str]]) -> Dict[str, Set[str]]:
    """Paths and what they stand for, by the module or class in which they are found."""
    found: Dict[str, Set[str]] = {}
    for path, target in pairs:
        place, _, last = path.rpartition(".")
        found.setdefault(place, set()).add(f"{last}={target}" if target else last)
    return found


def _enter(
    entered: Callable[[Dict[str, T], Sequence[str], str, Optional[N]], Dict[str, T]],
    told: Dict[str, Dict[str, T]],
    now: Mapping[str, N],
    line: str,
    known: Callable[[str], Sequence[str]],
) -> int:
    """Enter what a release has into the timelines ``told``, and return how many changed."""
    count = 0
    for path in {*told, *now}:
        before = told.get(path, {})
        after = entered(before, known(path), line, now.get(path))
        count += after != before
        if after:
            told[path] = after
        else:
            told.pop(path, None)
    return count


def survey_of(content: bytes) -> Survey:
    """A survey from the content of its file. Raises msgspec's errors for another form."""
    return msgspec.json.decode(content, type=Survey)


def unlike(surface: Surface, survey: Survey, line: str) -> Iterator[str]:
    """The names of which the surface says another thing than the survey of a release."""
    known = _Known({line: survey.failed})
    for path in sorted({*surface.names, *survey.names}):
        entry = survey.names.get(path)
        kept = chains.at(surface.names.get(path, {}), line)
        if known.at(path) and kept != (stored(entry) if entry else None):
            yield path
