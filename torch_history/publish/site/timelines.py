"""Timelines: each public name of torch with what it takes, since when, and what changed.

Most names only came, or came and went. They are read from their own timeline, which takes a tenth
of the time; the life of the others is asked for in every release.
"""

from __future__ import annotations

from typing import Dict, List, NamedTuple, Optional, Sequence, Tuple

from torch_history.questions.names import Lives, NameChange, NameLife, Span, deprecations
from torch_history.surface.entry import Entry, read
from torch_history.surface.notes import Note
from torch_history.surface.what import What

Spans = Tuple[Span, ...]
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
        self._before = dict(zip([*lives.libraries][1:], lives.libraries))
        self._former: Dict[str, List[Tuple[str, str]]] = {}  # path -> line, where it was before
        for line, moves in lives.surface.moves.items():
            for was, now in moves.items():
                self._former.setdefault(now.name, []).append((line, was))
        self._known: Dict[str, str] = {}  # module or class -> the first release that could look

    def of(self, path: str) -> Name:
        """The timeline of a public path."""
        steps = [(line, read(kept)) for line, kept in self.lives.chain(path).items()]
        first = steps[0][1]
        assert first is not None  # a timeline does not begin with nothing
        if self._only_came(path, steps):
            return Name(path, first, (self._span(path, steps),), tuple(_begins(first)))
        life = self.lives.of(path)
        assert life is not None  # it has a timeline
        told = [self._told(path, change) for change in life.changes]
        begins = [*_begins(first), *self._moved_here(life)]
        return Name(path, life.entry, life.spans, (*begins, *filter(None, told)))

    def _only_came(self, path: str, steps: Sequence[Tuple[str, Optional[Entry]]]) -> bool:
        """Whether a name only came, or came and went, and is found in no other way."""
        surface, libraries = self.lives.surface, self.lives.libraries
        (since, _), *ends = steps
        if len(steps) > 2 or path in surface.notes or path in self._former:
            return False
        before = self._before.get(since)
        if before and libraries[before].find(path) is not None:
            return False
        return all(
            entry is None
            and path not in surface.moves.get(line, ())
            and libraries[line].find(path) is None
            for line, entry in ends
        )

    def _span(self, path: str, steps: Sequence[Tuple[str, Optional[Entry]]]) -> Span:
        (since, _), *ends = steps
        until = self._before[ends[0][0]] if ends else None
        return Span(since, since == self._first_known(path), until)

    def _first_known(self, path: str) -> str:
        """The first release whose survey could look at what a name stands in."""
        home = path.rpartition(".")[0]
        if home not in self._known:
            libraries = self.lives.libraries.items()
            known = (line for line, library in libraries if library.is_known(path))
            self._known[home] = next(known, "")
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

    ``2.0``: since then; ``≤2.0``: since then or before; ``1.8–2.5``: from and to; ``–1.13``: until
    then; ``1.8 only``: nowhere else.
    """
    return "" if spans == of else ", ".join(map(_span, spans))


def _span(span: Span) -> str:
    if span.until is None:
        return f"≤{span.since}" if span.or_before else span.since
    if span.or_before:
        return f"–{span.until}"
    return f"{span.since} only" if span.since == span.until else f"{span.since}–{span.until}"
