"""Contents: what changed in a class, and which names came and went in a module."""

from __future__ import annotations

from typing import Dict, List, NamedTuple, Set, Tuple

from torch_history.questions.names import Lives, NameChange, NameLife
from torch_history.surface import aliases


class Member(NamedTuple):
    """A method or an attribute that changed, came or went while there was its class."""

    name: str  # its last part
    changes: Tuple[NameChange, ...]  # ascending


class Turn(NamedTuple):
    """Which names came and went in a module at a release: their last parts, in order."""

    since: str
    came: Tuple[str, ...]
    gone: Tuple[str, ...]


class Inside(NamedTuple):
    """The public names that are found in a module, its own and those of others."""

    release: str  # the newest that has the module
    names: Tuple[str, ...]  # their last parts there, in order
    turns: Tuple[Turn, ...]  # ascending; without what came or went with the module


def members(lives: Lives, of: NameLife) -> Tuple[Member, ...]:
    """What changed of a class's own members, by name; without those that it inherits."""
    turned = {of.spans[0].since, *(one.since for one in of.changes if one.came or one.gone)}
    found = []
    for last in _direct(lives, of.paths):
        if _stays(lives, of, last):
            continue
        changes = lives.changes(f"{of.name}.{last}")
        own = tuple(one for one in changes if one.events and one.since not in turned)
        if own:
            found.append(Member(last, own))
    return tuple(found)


def _direct(lives: Lives, paths: Tuple[str, ...]) -> List[str]:
    """The last parts of what stands directly in any of these paths, but private ones."""
    below = {name[len(path) + 1 :] for path in paths for name in lives.below(path)}
    return sorted(last for last in below if "." not in last and _is_public(last))


def _is_public(last: str) -> bool:
    return not last.startswith("_") or last.endswith("__")


def _stays(lives: Lives, of: NameLife, last: str) -> bool:
    """Whether a member came with its class and never changed, so that nobody need look at it."""
    return len(of.paths) == 1 and list(lives.chain(f"{of.path}.{last}")) == [of.spans[0].since]


def inside(lives: Lives, of: NameLife) -> Inside:
    """The public names that are found in a module."""
    own = _own(lives, of.path)
    held: Set[str] = set()
    there: List[Tuple[str, Set[str]]] = []
    for line, library in lives.libraries.items():
        for last, is_there in own.get(line, {}).items():
            (held.add if is_there else held.discard)(last)
        if library.is_known(of.path) and library.has_module(of.path):
            there.append((line, held | _others(lives, of.path, line)))
    turns = [
        Turn(line, tuple(sorted(after - before)), tuple(sorted(before - after)))
        for (_, before), (line, after) in zip(there, there[1:])
        if before != after
    ]
    return Inside(of.release, tuple(sorted(there[-1][1])) if there else (), tuple(turns))


def _own(lives: Lives, module: str) -> Dict[str, Dict[str, bool]]:
    """Release -> the names of a module that it changed, and whether they are there from then on."""
    found: Dict[str, Dict[str, bool]] = {}
    for last in _direct(lives, (module,)):
        for line, kept in lives.chain(f"{module}.{last}").items():
            found.setdefault(line, {})[last] = kept is not None
    return found


def _others(lives: Lives, module: str, line: str) -> Set[str]:
    """The names of other modules that are found in one too, and the modules below it."""
    held = aliases.held(lives.surface.aliases.get(module, {}), line)
    found = {aliases.read(one)[0] for one in held}
    found |= aliases.held(lives.surface.modules.get(module, {}), line)
    return {last for last in found if _is_public(last)}
