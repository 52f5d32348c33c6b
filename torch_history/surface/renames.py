"""Renames: which of the names that went at a release are among those that came.

A reader is told of one event. If it is not clear which name is meant, there is no match.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from enum import Enum
from typing import Dict, Iterator, List, Mapping, NamedTuple, Optional, Set, Tuple

from torch_history.surface.entry import Entry
from torch_history.surface.parameters import alike, parse, plain


class How(Enum):
    """How a name went."""

    KEPT = "kept"  # the path still works; only the public path of the object is another one
    MOVED = "moved"  # to another module
    RENAMED = "renamed"  # in the same module or class
    SUBCLASS = "subclass"  # renamed, and the former name is left as a subclass of the new one


class Rename(NamedTuple):
    """The name under which an object is now."""

    name: str
    how: How


Entries = Mapping[str, Entry]
Aliases = Mapping[str, str]  # another path of an object -> its public path
Pairs = Dict[str, List[str]]


def renames(
    gone: Entries,
    appeared: Entries,
    aliases_before: Aliases,
    aliases_after: Aliases,
    stayed: Optional[Entries] = None,
) -> Dict[str, Rename]:
    """The names that went at one release -> the names under which the objects are now.

    Members of a class that went are left out: the class carries them. ``stayed`` are entries of the
    after side whose names both sides have.
    """
    went, came = without_members(gone), without_members(appeared)
    found = _by_alias(went, came, aliases_before, aliases_after)
    for how, candidates in (
        (How.RENAMED, _spelled_otherwise),
        (How.MOVED, _elsewhere),
        (How.RENAMED, _with_equal_entry),
    ):
        taken = {one.name for one in found.values()}
        old = {name: entry for name, entry in went.items() if name not in found}
        new = {name: entry for name, entry in came.items() if name not in taken}
        found.update({was: Rename(now, how) for was, now in _unique(candidates(old, new))})
    return {**_left_behind(came, stayed or {}), **found}


def without_members(entries: Entries) -> Dict[str, Entry]:
    """The entries without the members of the classes among them."""
    classes = {name for name, entry in entries.items() if entry.kind == "class"}
    return {name: one for name, one in entries.items() if not _owners(name) & classes}


def _owners(name: str) -> Set[str]:
    """Everything that a name stands in."""
    parts = name.split(".")
    return {".".join(parts[:count]) for count in range(1, len(parts))}


def _by_alias(
    went: Entries, came: Entries, aliases_before: Aliases, aliases_after: Aliases
) -> Dict[str, Rename]:
    """The objects that had several paths, of which one is left."""
    paths = defaultdict(list)
    for path, public in sorted(aliases_before.items(), key=lambda pair: _length(pair[0])):
        paths[public].append(path)
    found = {}
    for name in went:
        if name in aliases_after:
            found[name] = Rename(aliases_after[name], How.KEPT)
            continue
        public = aliases_before.get(name, name)
        others = [path for path in (public, *paths[public]) if path not in went]
        left = next((path for path in others if path in came or path in aliases_after), None)
        if left is None and public not in went:
            left = public
        if left is not None:
            found[name] = Rename(aliases_after.get(left, left), How.MOVED)
    return found


def _length(path: str) -> Tuple[int, str]:
    return path.count("."), path


def _left_behind(came: Entries, stayed: Entries) -> Dict[str, Rename]:
    """The classes that are only a subclass now of one that is spelled otherwise."""
    return {
        name: Rename(base, How.SUBCLASS)
        for name, entry in stayed.items()
        for base in entry.bases
        if base in came and _home(base) == _home(name) and plain(_last(base)) == plain(_last(name))
    }


def _unique(pairs: Pairs) -> Iterator[Tuple[str, str]]:
    """Those that have one candidate, which is no other's."""
    wanted = Counter(now for candidates in pairs.values() for now in candidates)
    for was, candidates in pairs.items():
        if len(candidates) == 1 and wanted[candidates[0]] == 1:
            yield was, candidates[0]


def _spelled_otherwise(old: Entries, new: Entries) -> Pairs:
    """In the same module or class, equal but for underscores and capitals."""
    came = defaultdict(list)
    for name in new:
        came[_home(name), plain(_last(name))].append(name)
    return {
        was: [
            now
            for now in came[_home(was), plain(_last(was))]
            if "value" in (entry.kind, new[now].kind) or entry.kind == new[now].kind
        ]
        for was, entry in old.items()
    }


def _elsewhere(old: Entries, new: Entries) -> Pairs:
    """In a related module, with the same last name and an entry that is alike."""
    came = defaultdict(list)
    for name in new:
        came[_last(name)].append(name)
    found = {}
    for was, entry in old.items():
        if _last(_home(was))[:1].isupper():
            continue  # a member: bases and subclasses may have it too
        fits = [now for now in came[_last(was)] if _related(_home(was), _home(now))]
        fits = [now for now in fits if _alike(entry, new[now])]
        if entry.kind == "module":
            fits = [now for now in fits if _share_members(was, now, old, new)]
        equal = [now for now in fits if entry == new[now]]
        found[was] = equal if len(equal) == 1 else fits
    return found


def _with_equal_entry(old: Entries, new: Entries) -> Pairs:
    """In the same module or class, with similar names, and equal but for the name."""
    came = defaultdict(list)
    for name in new:
        came[_home(name)].append(name)
    return {
        was: [
            now
            for now in came[_home(was)]
            if entry == new[now] and _telling(entry) and _similar(_last(was), _last(now))
        ]
        for was, entry in old.items()
    }


def _home(name: str) -> str:
    return name.rpartition(".")[0]


def _last(name: str) -> str:
    return name.rpartition(".")[2]


def _related(one: str, other: str) -> bool:
    """Whether one module's path has all parts of the other's, in order: torch.amp, torch.cuda.amp.

    Modules of one package below torch are related too.
    """
    package = _home(one)
    if package == _home(other) and "." in package:
        return True
    short, long = sorted((one.split("."), other.split(".")), key=len)
    rest = iter(long)
    return all(part in rest for part in short)


def _alike(one: Entry, other: Entry) -> bool:
    """Whether two entries are of one kind and share at least half of their parameters."""
    if one.kind != other.kind:
        return False
    names, others = _parameters(one), _parameters(other)
    return 2 * len(names & others) >= len(names | others)


def _parameters(entry: Entry) -> Set[str]:
    return {one.name for text in entry.overloads for one in parse(text).listed}


def _similar(one: str, other: str) -> bool:
    """Whether two names are alike. ``add_`` works in place, so it is not ``add``."""
    return alike(one, other) and one.endswith("_") is other.endswith("_")


def _telling(entry: Entry) -> bool:
    """Whether an entry says enough for an equal one to be the same object."""
    return bool(_parameters(entry)) or bool(entry.fields)


def _share_members(was: str, now: str, old: Entries, new: Entries) -> bool:
    """Whether a name of a module that went is in the one that came; or none went."""
    went = {name[len(was) :] for name in old if name.startswith(f"{was}.")}
    return not went or any(now + name in new for name in went)
