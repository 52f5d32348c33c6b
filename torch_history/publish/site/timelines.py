"""Timelines: each public name of torch with what it takes, since when, and what changed.

Most names only came, or came and went. They are read from their own timeline, which takes a tenth
of the time; the life of the others is asked for in every release.
"""

from __future__ import annotations

from typing import Dict, List, NamedTuple, Optional, Sequence, Set, Tuple

from torch_history.questions.names import Lives, NameChange, NameLife, Span, deprecations
from torch_history.surface import aliases
from torch_history.surface.entry import Entry, read
from torch_history.surface.notes import Note
from torch_history.surface.what import What

Spans = Tuple[Span, ...]
Steps = Sequence[Tuple[str, Optional[Entry]]]  # the lines at which something came or went
_TURNS = {What.GONE, What.APPEARED}
_WARNING = {What.DEPRECATED, What.UNDEPRECATED, What.WORDING}


class Told(NamedTuple):
    """What happened to a name at one release."""

    since: str  # empty: it is so since the name exists
    words: Tuple[str, ...]  # what follows ``since 2.0``
    note: Optional[Note] = None
    kinds: Tuple[What, ...] = ()

    @property
    def is_change(self) -> bool:
        """Whether what a caller gives or gets changed, and not only a warning."""
        return bool(set(self.kinds) - _WARNING - _TURNS)


class Name(NamedTuple):
    """A public name of torch."""

    path: str
    entry: Entry  # of the newest release that has it
    spans: Spans  # ascending
    told: Tuple[Told, ...]  # ascending

    @property
    def gone(self) -> bool:
        """Whether the newest release does not have it."""
        return self.spans[-1].until is not None


class Timelines:
    """The timelines of the public names of a surface."""

    def __init__(self, lives: Lives):
        self.lives = lives
        self._libraries = list(lives.libraries.values())
        self._places = {line: place for place, line in enumerate(lives.libraries)}
        self._plain: Dict[str, Tuple[str, ...]] = {}  # class -> the lines at which it came and went
        self._former: Dict[str, List[Tuple[str, str]]] = {}  # path -> line, where it was before
        for line, moves in lives.surface.moves.items():
            for was, now in moves.items():
                self._former.setdefault(now.name, []).append((line, was))
        self._others: Dict[str, Set[str]] = {}  # module -> what else was ever found in it
        self._known: Dict[str, List[str]] = {}  # module or class -> the releases that could look

    def of(self, path: str) -> Name:
        """The timeline of a public path."""
        steps = [(line, read(kept)) for line, kept in self.lives.chain(path).items()]
        first = steps[0][1]
        assert first is not None  # a timeline does not begin with nothing
        if self._only_came(path, steps):
            if first.kind == "class":
                self._plain[path] = tuple(line for line, _ in steps)
            return Name(path, first, (self._span(path, steps),), tuple(_begins(first)))
        life = self.lives.of(path)
        assert life is not None  # it has a timeline
        told = [self._told(path, change) for change in life.changes]
        begins = [*_begins(first), *self._moved_here(life)]
        return Name(path, life.entry, life.spans, (*begins, *filter(None, told)))

    def _only_came(self, path: str, steps: Steps) -> bool:
        """Whether a name only came, or came and went, and is never found in another way."""
        surface = self.lives.surface
        since, *ends = (line for line, _ in steps)
        if len(steps) > 2 or path in surface.notes or path in self._former:
            return False
        if ends and (steps[1][1] is not None or path in surface.moves.get(ends[0], ())):
            return False
        if self._plain.get(path.rpartition(".")[0]) == (since, *ends):
            return True  # it came and went with its class
        if not self._may_be_found(path):
            return True
        before = self._libraries[: self._places[since]]
        after = self._libraries[self._places[ends[0]] :] if ends else []
        return not any(library.find(path) for library in (*before, *after))

    def _may_be_found(self, path: str) -> bool:
        """Whether a name may be found where it has no entry: inherited, an alias, or a module."""
        home, _, last = path.rpartition(".")
        if home not in self._others:
            surface = self.lives.surface
            told = [places.get(home, {}) for places in (surface.aliases, surface.modules)]
            signs = (sign for of in told for one in of.values() for sign in one.split())
            self._others[home] = {aliases.read(sign[1:])[0] for sign in signs}
        return home in self.lives.surface.names or last in self._others[home]

    def _span(self, path: str, steps: Steps) -> Span:
        (since, _), *ends = steps
        known = self._known_at(path)
        until = known[known.index(ends[0][0]) - 1] if ends else None
        return Span(since, since == known[0], until)

    def _known_at(self, path: str) -> List[str]:
        """The releases whose survey could look at what a name stands in."""
        home = path.rpartition(".")[0]
        if home not in self._known:
            libraries = self.lives.libraries.items()
            self._known[home] = [line for line, library in libraries if library.is_known(path)]
        return self._known[home]

    def _told(self, path: str, change: NameChange) -> Optional[Told]:
        """A change, if it tells more than the releases that have a name."""
        kinds = tuple(event.change.what for event in change.events)
        if path.rpartition(".")[0] in self.lives.surface.moves.get(change.since, ()):
            # The class tells where its members are now.
            words = tuple(
                one.change.words for one in change.events if one.change.what not in _TURNS
            )
        elif set(kinds) <= _TURNS and not (change.now or any(one.now for one in change.events)):
            words = ()
        else:
            words = change.words
        return Told(change.since, words, change.note, kinds) if words or change.note else None

    def _moved_here(self, life: NameLife) -> List[Told]:
        """Where the object of a name was before the name came."""
        came = {span.since for span in life.spans}
        former = self._former.get(life.name, ())
        return [Told(line, (f"was {was}",)) for line, was in former if line in came]


def _begins(entry: Entry) -> List[Told]:
    """What a name warns of since it exists: no change tells it."""
    words = [f"only raises: {entry.removed}"] if entry.removed else deprecations(entry)
    return [Told("", tuple(words), None, (What.DEPRECATED,))] if words else []


def releases(spans: Spans, of: Spans = ()) -> str:
    """The releases that have a name; empty if they are those of what it stands in.

    ``2.0``: since then; ``2.0 or before``; ``1.8 to 2.5``; ``to 1.13``: from the oldest release on;
    ``1.8 only``.
    """
    return "" if spans == of else ", ".join(map(_span, spans))


def _span(span: Span) -> str:
    if span.until is None:
        return f"{span.since} or before" if span.or_before else span.since
    if span.or_before:
        return f"to {span.until}"
    return f"{span.since} {'only' if span.since == span.until else f'to {span.until}'}"
