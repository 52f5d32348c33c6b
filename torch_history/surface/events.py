"""Events: what happened to a name of torch between two releases, each with the line since when."""

from __future__ import annotations

import functools
from typing import Dict, Iterator, List, NamedTuple, Optional, Sequence, Set, Tuple

import msgspec
from msgspec import Raw

from torch_history import versions
from torch_history.surface.dates import Dated, Step, dated
from torch_history.surface.differences import between, facts
from torch_history.surface.entry import Entry, read
from torch_history.surface.indexed import Index
from torch_history.surface.library import Chains, Library
from torch_history.surface.renames import How, Rename
from torch_history.surface.what import Change, What

_MADE = msgspec.json.Decoder(Dict[str, Raw])
_CHANGES = msgspec.json.Decoder(List[Change])
LOST = (What.GONE, What.SHELL_GONE)


class Event(NamedTuple):
    """One thing that happened to a name."""

    name: str  # as it was asked for
    path: str  # the public path of what stands under it
    since: str  # a line
    change: Change
    before: Optional[Entry]
    after: Optional[Entry]
    now: Optional[Rename] = None  # where a name that is gone is found now

    @property
    def words(self) -> str:
        """What follows ``since 2.0``."""
        if self.now is None:
            return self.change.words
        how = {How.RENAMED: "is called", How.SUBCLASS: "is only a subclass of"}
        return f"{how.get(self.now.how, 'is now')} {self.now.name}"


class Surfaces:
    """The surface of two releases, and of those between them."""

    def __init__(self, index: Index, before: str, after: str) -> None:
        self._chains = Chains(index)
        self._index, self.notes = index, index.notes
        self.before, self.after = (Library(self._chains, one) for one in (before, after))
        low, high = sorted((versions.line(before), versions.line(after)), key=versions.key)
        self.backwards = versions.line(before) != low
        self.low, self.high = low, high
        self.lines = [
            one
            for one in index.releases
            if versions.key(low) < versions.key(one) <= versions.key(high)
        ]
        self._low, self._between = versions.key(low), set(self.lines)
        self._libraries = {low: Library(self._chains, low)}
        self._events: Dict[str, List[Event]] = {}
        self._decoded: Dict[str, Dict[str, Raw]] = {}
        self.knows = functools.lru_cache(maxsize=None)(self._knows)

    def _knows(self, name: str) -> bool:
        """Whether one of the two releases has a name, so that it can be said what became of it."""
        return self.before.find(name) is not None or self.after.find(name) is not None

    def at(self, line: str) -> Library:
        """The surface of a release."""
        if line not in self._libraries:
            self._libraries[line] = Library(self._chains, line)
        return self._libraries[line]

    def events(self, name: str) -> List[Event]:
        """What happened to a name, the most harmful first; nothing if neither release has it."""
        if name not in self._events:
            self._events[name] = list(self._found(name))
        return self._events[name]

    def _found(self, name: str) -> Iterator[Event]:
        if not self._both_know(name):
            return
        old, new = self.before.find(name), self.after.find(name)
        one = old or new
        if one is None or (old and new and old.entry == new.entry):
            return
        yield from self._dated(
            name, one.path, self._walked(name), old and old.entry, new and new.entry
        )

    def _walked(self, name: str) -> List[Step]:
        """Each change of what is found under a name."""
        lines = [self.low, *self.lines]
        found = [self.at(line).find(name) for line in lines]
        entries = [one and one.entry for one in found]
        steps = zip(lines[1:], entries, entries[1:])
        return [(line, before, after) for line, before, after in steps if before != after]

    def _dated(
        self,
        name: str,
        path: str,
        steps: Sequence[Step],
        before: Optional[Entry],
        after: Optional[Entry],
    ) -> Iterator[Event]:
        """The changes between two entries, each with the line at which it came."""
        for since, change in self._changes(path, steps, before, after):
            lost = change.what in LOST and not self.backwards
            now = self._index.moves.get(since, {}).get(path) if lost else None
            # What it moved to may have gone too by the newer release.
            now = now if now is not None and self.after.find(now.name) is not None else None
            yield Event(name, path, since, change, before, after, now)

    def _changes(
        self, path: str, steps: Sequence[Step], before: Optional[Entry], after: Optional[Entry]
    ) -> List[Dated]:
        if len(steps) == 1:  # this step is the whole change
            return [(steps[0][0], change) for change in self._step(path, steps[0])]
        return dated(facts(before, after, self.after), steps, self.backwards)

    def _step(self, path: str, step: Step) -> List[Change]:
        """What changed at one release."""
        line, old, new = step
        if self.backwards:
            return between(new, old, self.after)
        # A name that is found by an alias or a base has no changes of its own.
        if old is not None and new is not None and read(self._chains.of(path).get(line)) == new:
            made = self._made(line, path)
            if made is not None:
                return made
        return between(old, new, self.after)

    def _made(self, line: str, path: str) -> Optional[List[Change]]:
        if line not in self._decoded:
            raw = self._index.made.get(line, b"{}")
            self._decoded[line] = _MADE.decode(raw)
        made = self._decoded[line].get(path)
        return None if made is None else _CHANGES.decode(made)

    def first_warned(self, name: str, when: Optional[Tuple[str, ...]]) -> Optional[Tuple[str, str]]:
        """The release since which a name warns under a condition, and the category it had then."""
        for line in self.lines:
            found = self.at(line).find(name)
            for one in found.entry.warns if found else ():
                if one.when == when:
                    return line, one.category
        return None

    def ending(self, last: str) -> Iterator[Event]:
        """What happened to the names that end so, as ``NAdam`` or ``Optimizer.step``."""
        changed = {path for line in self.lines for path in self._index.changes.get(line, ())}
        for path in sorted(one for one in changed if one.endswith(f".{last}")):
            yield from self.events(path)

    def all(self, appeared: bool = True, below: str = "") -> Iterator[Event]:
        """Everything that happened to a public name, by name; of a class that is gone, once.

        It may leave out what ``appeared``, and keep what lies ``below`` a name alone.
        """
        for path in sorted(self._changed(appeared or self.backwards)):
            if below and not path.startswith(f"{below}."):
                continue
            first, steps = self._steps(path)
            last = steps[-1][2] if steps else first
            before, after = (last, first) if self.backwards else (first, last)
            if before is None and not appeared:
                continue
            if before == after or not self._both_know(path) or self._carried(path, before, after):
                continue
            if path in self._index.elsewhere:
                steps = self._walked(path)
            yield from self._dated(path, path, steps, before, after)

    def _changed(self, appeared: bool) -> Set[str]:
        """The public names that changed, maybe without those that the older release lacks."""
        found: Set[str] = set()
        lacking: Set[str] = set()
        for line in self.lines:
            if not appeared:
                lacking.update(one for one in self._index.came.get(line, ()) if one not in found)
            found.update(self._index.changes.get(line, ()))
        return found - lacking

    def _both_know(self, path: str) -> bool:
        """Whether both surveys could look at a name."""
        return self.before.is_known(path) and self.after.is_known(path)

    def _steps(self, path: str) -> Tuple[Optional[Entry], List[Step]]:
        """What a name was in the older release, and each change since."""
        first: Optional[Entry] = None
        steps: List[Step] = []
        for line, kept in self._chains.of(path).items():
            if line in self._between:
                steps.append((line, steps[-1][2] if steps else first, read(kept)))
            elif steps:
                break
            elif versions.key(line) <= self._low:
                first = read(kept)
        return first, steps

    def _carried(self, path: str, before: Optional[Entry], after: Optional[Entry]) -> bool:
        """Whether a name came or went only with its class, or is still found in another way."""
        if before is not None and after is not None:
            return False
        there = self.before if after is None else self.after
        elsewhere = self.after if after is None else self.before
        if elsewhere.find(path) is not None:
            return True
        home = path.rpartition(".")[0]
        kinds = [found and found.entry.kind for found in (there.find(home), elsewhere.find(home))]
        # Of a value, as DimList = list, the members are not known; but a module may have been one.
        return ("value" in kinds and "module" not in kinds) or kinds == ["class", None]
