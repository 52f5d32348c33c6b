"""Names: the life of a name of torch: which releases have it, what changed, and what is about it.

``Lives(index, surface).of("torch.optim.NAdam")`` answers for any name under which torch is used: a
public path, an alias, a method that a class inherits, a module. What is read for one name is kept
for the next, so that one object answers for thousands; ``life`` answers for one. What a class or a
module contains is in ``contents``.
"""

from __future__ import annotations

import bisect
import functools
from typing import Dict, Iterable, Iterator, List, Mapping, NamedTuple, Optional, Tuple

import msgspec

from torch_history.catalogue.behaviour import Behaviour
from torch_history.catalogue.index import Index
from torch_history.surface import chains
from torch_history.surface.differences import between
from torch_history.surface.entry import Entry
from torch_history.surface.events import LOST, Event
from torch_history.surface.files import Chain, Texts
from torch_history.surface.indexed import Index as Surface
from torch_history.surface.library import Chains, Found, Library
from torch_history.surface.notes import Note
from torch_history.surface.renames import How, Rename
from torch_history.surface.what import What

Seen = List[Tuple[str, Optional[Found]]]  # release -> what stands there under a name


class Span(NamedTuple):
    """Releases in a row that have a name."""

    since: str
    or_before: bool  # whether it is the oldest release that was surveyed
    until: Optional[str]  # the last that has it; None if the newest has it


class NameChange(NamedTuple):
    """What happened to a name at one release."""

    since: str
    events: Tuple[Event, ...]  # the most harmful first
    now: Optional[Rename] = None  # where the object is found, if the name is left for something
    note: Optional[Note] = None  # what to do, and the cause

    @property
    def came(self) -> bool:
        """Whether the name came."""
        return any(event.before is None for event in self.events)

    @property
    def gone(self) -> bool:
        """Whether the name went."""
        return any(event.after is None for event in self.events)

    @property
    def words(self) -> Tuple[str, ...]:
        """What follows ``since 2.0``: one text for each event, and one for where it is now."""
        told = dict.fromkeys(event.words for event in self.events)
        if self.now is not None:
            told[f"{_LEFT.get(self.now.how, 'left its object to')} {self.now.name}"] = None
        return tuple(told)


_LEFT = {How.KEPT: "is an alias of", How.SUBCLASS: "is only a subclass of"}


class NameLife(NamedTuple):
    """All that is known of a name: what it is, since when, what changed, and what is about it."""

    name: str  # as it was asked for
    release: str  # the newest that has it
    path: str  # its public path there
    entry: Entry  # what it is and takes there
    spans: Tuple[Span, ...]  # ascending
    changes: Tuple[NameChange, ...]  # ascending, without its first appearance
    aliases: Tuple[str, ...]  # its other paths there: the nearest and shortest first
    behaviours: Tuple[Behaviour, ...]  # about it or what it contains
    paths: Tuple[str, ...]  # the public paths that it had, the newest first
    unknown: Dict[str, str]  # the releases where its module could not be imported, and why

    @property
    def gone(self) -> bool:
        """Whether the newest release does not have it."""
        return self.spans[-1].until is not None


def life(index: Index, surface: Surface, name: str) -> Optional[NameLife]:
    """The life of a name; None where no surveyed release has it."""
    return Lives(index, surface).of(name)


class Lives:
    """The lives of the names of a surface."""

    def __init__(self, index: Index, surface: Surface) -> None:
        self._index, self.surface = index, surface
        self._chains = Chains(surface)
        self.libraries = {line: Library(self._chains, line) for line in surface.releases}
        self._others: Dict[str, Dict[str, List[str]]] = {}  # release -> path -> its other paths

    def of(self, name: str) -> Optional[NameLife]:
        """The life of a name; None where no surveyed release has it."""
        seen = self._seen(name)
        held = [(line, found) for line, found in seen if found is not None]
        if not held:
            return None
        release, newest = held[-1]
        paths = tuple(dict.fromkeys(found.path for _, found in reversed(held)))
        others = self._aliases(newest.path, release)
        return NameLife(
            name=name,
            release=release,
            path=newest.path,
            entry=newest.entry,
            spans=tuple(_spans(seen)),
            changes=tuple(one for one in self._changes(name, seen) if one.since != held[0][0]),
            aliases=tuple(one for one in others if one != name),
            behaviours=self._behaviours([name, *paths, *others]),
            paths=paths,
            unknown=dict(self._unknown(name)),
        )

    def changes(self, name: str) -> List[NameChange]:
        """What happened to a name, ascending; with its appearance, unless the oldest has it."""
        return list(self._changes(name, self._seen(name)))

    def covers(self, name: str) -> bool:
        """Whether any surveyed release has a name."""
        return self.newest(name) is not None

    def is_current(self, name: str) -> bool:
        """Whether the newest release has a name."""
        newest = next(self.newest_first(), None)
        return newest is not None and newest.find(name) is not None

    def newest(self, name: str) -> Optional[Found]:
        """What stands under a name in the newest release that has it."""
        return next(filter(None, (one.find(name) for one in self.newest_first())), None)

    def lineage(self, name: str) -> List[str]:
        """A class and all that it derives from, in the newest release that has it."""
        return next((list(one.lineage(name)) for one in self.newest_first() if one.find(name)), [])

    def newest_first(self) -> Iterator[Library]:
        """The surveyed releases."""
        return reversed(list(self.libraries.values()))

    def chain(self, path: str) -> Chain:
        """The timeline of a public path."""
        return self._chains.of(path)

    def below(self, path: str) -> List[str]:
        """The public paths below one, of all releases, in the order of the alphabet."""
        low, high = (bisect.bisect_left(self.names, f"{path}{end}") for end in "./")
        return self.names[low:high]

    @functools.cached_property
    def names(self) -> List[str]:
        """All public paths of all releases, in the order of the alphabet; without modules."""
        return sorted(self.surface.names)

    @functools.cached_property
    def current(self) -> List[str]:
        """The public paths that the newest release has, in the order of the alphabet."""
        return [name for name in self.names if next(reversed(self.chain(name).values()))]

    def annotations(
        self, of: NameLife, texts: Mapping[str, Texts]
    ) -> List[Tuple[str, Optional[str]]]:
        """Release -> the annotations of a name from there on; ``texts`` are those of the surface.

        None where there are none any more.
        """
        found: List[Tuple[str, Optional[str]]] = []
        for line, one in self._seen(of.name):
            text = chains.at(texts.get(one.path, {}), line) if one else None
            if text != (found[-1][1] if found else None):
                found.append((line, text))
        return found

    def _unknown(self, name: str) -> Iterator[Tuple[str, str]]:
        for line, release in self.surface.releases.items():
            why = [release.failed[one] for one in with_owners(name) if one in release.failed]
            if why:
                yield line, why[-1]

    def _seen(self, name: str) -> Seen:
        """What each release has under a name, without those that could not look."""
        return [
            (line, library.find(name))
            for line, library in self.libraries.items()
            if library.is_known(name)
        ]

    def _changes(self, name: str, seen: Seen) -> Iterator[NameChange]:
        for (_, before), (line, after) in zip(seen, seen[1:]):
            if before != after:
                change = self._change(name, line, before, after)
                if change.words:
                    yield change

    def _change(
        self, name: str, line: str, before: Optional[Found], after: Optional[Found]
    ) -> NameChange:
        path = before.path if before else after.path if after else name
        old, new = before and before.entry, after and after.entry
        moved = self._moved(name, path, line) if before else None
        events = tuple(
            Event(name, path, line, one, old, new, moved if one.what in LOST else None)
            for one in between(old, new, self.libraries[line])
        )
        # An alias or an inherited method has no path of its own that could be left for another.
        now = moved if after and path == name else None
        notes = self.surface.notes
        note = notes.get(path, {}).get(line) or notes.get(name, {}).get(line)
        return NameChange(line, events, now, note)

    def _moved(self, name: str, path: str, line: str) -> Optional[Rename]:
        """Where something is found from a release on that had this public path before."""
        moves = self.surface.moves.get(line, {})
        if path in moves:
            return moves[path]
        home, _, last = path.rpartition(".")
        if home in moves:  # a member goes with its class
            return Rename(f"{moves[home].name}.{last}", moves[home].how)
        stays = self.libraries[line].find(path) if path != name else None
        return Rename(stays.path, How.MOVED) if stays else None

    def _aliases(self, path: str, line: str) -> List[str]:
        if line not in self._others:
            others: Dict[str, List[str]] = {}
            for place, public in self.libraries[line].all_aliases().items():
                others.setdefault(public, []).append(place)
            self._others[line] = others
        home = path.rpartition(".")[0]
        near = self._others[line].get(path, ())
        return sorted(near, key=lambda one: (not one.startswith(f"{home}."), length(one)))

    def _behaviours(self, names: Iterable[str]) -> Tuple[Behaviour, ...]:
        places = {place for name in names for place in self._about.get(name, ())}
        return tuple(self._index.behaviours[place] for place in sorted(places))

    @functools.cached_property
    def _about(self) -> Dict[str, List[int]]:
        """Name -> the behaviours about it or what it contains, as places in the index."""
        found: Dict[str, List[int]] = {}
        for place, behaviour in enumerate(self._index.behaviours):
            for name in {name for api in behaviour.api for name in with_owners(api)}:
                found.setdefault(name, []).append(place)
        return found


def deprecations(entry: Entry) -> List[str]:
    """What a name warns of: ``warns where verbose is given: FutureWarning: ...``."""
    silent = msgspec.structs.replace(entry, warns=())
    return [one.words for one in between(silent, entry) if one.what is What.DEPRECATED]


def length(path: str) -> Tuple[bool, int, str]:
    """Sort key: public paths before private ones, and short ones first."""
    return "._" in path, path.count("."), path


def with_owners(name: str) -> List[str]:
    """A name and all that it stands in: ``torch.optim.SGD``, ``torch.optim``, ``torch``."""
    parts = name.split(".")
    return [".".join(parts[:count]) for count in range(len(parts), 0, -1)]


def _spans(seen: Seen) -> Iterator[Span]:
    """The runs of releases that have the name."""
    start: Optional[str] = None
    last = ""
    for line, found in seen:
        if found is not None:
            start, last = start or line, line
        elif start is not None:
            yield Span(start, start == seen[0][0], last)
            start = None
    if start is not None:
        yield Span(start, start == seen[0][0], None)
