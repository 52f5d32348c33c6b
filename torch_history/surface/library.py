"""Library: what a dotted name stands for in one release of torch."""

from __future__ import annotations

from typing import Dict, NamedTuple, Optional, Set, Tuple

import msgspec

from torch_history import versions
from torch_history.surface import aliases, chains
from torch_history.surface.classes import of_python
from torch_history.surface.entry import Entry, read
from torch_history.surface.files import Chain
from torch_history.surface.indexed import Index

MODULE = Entry("module")
_CHAIN = msgspec.json.Decoder(Chain)
DEEPEST = 12  # classes between one and its farthest base


class Found(NamedTuple):
    """A name of torch in a release."""

    path: str  # the public one
    entry: Entry


class Chains:
    """The timelines of an index, each decoded when it is first asked for."""

    def __init__(self, index: Index) -> None:
        self.index = index
        self._known: Dict[str, Chain] = {}

    def of(self, path: str) -> Chain:
        """The timeline of a public name; empty for any other name."""
        known = self._known.get(path)
        if known is None:
            raw = self.index.names.get(path)
            known = _CHAIN.decode(raw) if raw is not None else {}
            self._known[path] = known
        return known


class Library:
    """The surface of one release."""

    def __init__(self, told: Chains, version: str) -> None:
        self._told, self.version = told, versions.line(version)
        self._known: Dict[str, Optional[Found]] = {}
        self._places: Dict[str, Dict[str, str]] = {}
        self._packages: Dict[str, Set[str]] = {}
        release = told.index.releases.get(self.version)
        self._failed = tuple(f"{one}." for one in release.failed) if release else ()

    def find(self, path: str) -> Optional[Found]:
        """What a dotted name stands for: by its public path, an alias, or a base of its class."""
        if path not in self._known:
            self._known[path] = self._find(path, 0)
        return self._known[path]

    def _find(self, path: str, depth: int) -> Optional[Found]:
        entry = self._entry(path)
        if entry is not None:
            return Found(path, entry)
        if self.has_module(path):
            return Found(path, MODULE)
        home, _, last = path.rpartition(".")
        target = self._aliases(home).get(last)
        if target is not None and target != path:
            return self._find(target, depth + 1) if depth < DEEPEST else None
        owner = self._find(home, depth + 1) if "." in home and depth < DEEPEST else None
        if owner is None or owner.entry.kind != "class":
            return None
        if owner.path != home:
            return self._find(f"{owner.path}.{last}", depth + 1)
        for base in owner.entry.bases:
            found = self._find(f"{base}.{last}", depth + 1) if "." in base else None
            if found is not None:
                return found
        return None

    def lineage(self, name: str) -> Dict[str, None]:
        """A class and all that it derives from, in order, by their public paths."""
        seen: Dict[str, None] = {}
        todo = [name]
        while todo:
            one = todo.pop(0)
            found = self.find(one) if "." in one else None
            path = found.path if found else one
            if path not in seen:
                seen[path] = None
                seen.update(dict.fromkeys(of_python(path)))
                todo += found.entry.bases if found else ()
        return seen

    def public(self, name: str) -> str:
        """The public path of what stands under a name."""
        found = self.find(name) if "." in name else None
        return found.path if found else name

    def knows(self, base: str) -> bool:
        """Whether there is such a class: one of torch can be gone."""
        return not base.startswith("torch.") or self.find(base) is not None

    def all_aliases(self) -> Dict[str, str]:
        """Every other path -> its public one."""
        places = self._told.index.aliases
        return {f"{one}.{last}": to for one in places for last, to in self._aliases(one).items()}

    def has_module(self, path: str) -> bool:
        """Whether there is a module of this name."""
        package, _, last = path.rpartition(".")
        if package not in self._packages:
            told = self._told.index.modules.get(package, {})
            self._packages[package] = aliases.held(told, self.version)
        return last in self._packages[package]

    def is_known(self, path: str) -> bool:
        """Whether the survey could look at it: not below a module that failed to be imported."""
        return not f"{path}.".startswith(self._failed)

    def _entry(self, path: str) -> Optional[Entry]:
        return read(chains.at(self._told.of(path), self.version))

    def _aliases(self, place: str) -> Dict[str, str]:
        if place not in self._places:
            told = self._told.index.aliases.get(place, {})
            held = (aliases.read(one) for one in aliases.held(told, self.version))
            self._places[place] = dict(held)
        return self._places[place]


Pair = Tuple[Library, Library]
