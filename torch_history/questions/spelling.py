"""Spelling: which names of torch's surface are meant by a name that somebody typed."""

from __future__ import annotations

import difflib
from typing import Dict, Iterator, List, Optional, Set

from torch_history.questions import naming
from torch_history.questions.names import Lives, length
from torch_history.surface import aliases

_ALIKE = 0.8  # of two spellings, from 0 to 1


def meant(lives: Lives, asked: str) -> List[str]:
    """The names that are meant, which may begin at any dot.

    Those that the newest release has come first, and of these the shortest. An object counts once,
    whatever its paths: ``NAdam`` is ``torch.optim.NAdam``. A method may be one that the class
    inherits: ``Adam.zero_grad``.
    """
    name = naming.plain(asked)
    if lives.covers(name):
        return [name]
    found: Dict[str, str] = {}
    by_length = sorted(_candidates(lives, name), key=length)
    for one in sorted(by_length, key=lives.is_current, reverse=True):
        newest = lives.newest(one)
        if newest is not None:
            found.setdefault(newest.path, one)
    names = [path if _ends(path, name) else one for path, one in found.items()]
    return names or (lives.below(name) if name else [])  # the overloads of torch.ops.aten.add


def _candidates(lives: Lives, name: str) -> Iterator[str]:
    yield from _ending(lives, name)
    owner, _, last = name.rpartition(".")
    if owner and last:
        yield from (f"{one}.{last}" for one in meant(lives, owner))


def _ending(lives: Lives, name: str) -> Iterator[str]:
    """The paths of any release that end so: public ones, modules, and aliases."""
    end = f".{name}"
    yield from (one for one in lives.names if one.endswith(end))
    home, _, last = name.rpartition(".")
    for package, told in lives.surface.modules.items():
        if _ends(package, home) and _tells(told, last):
            yield f"{package}.{last}"
    for place, told in lives.surface.aliases.items():
        if _ends(place, home) and _tells(told, last):
            yield f"{place}.{last}"


def _ends(path: str, name: str) -> bool:
    """Whether a path is the name, or ends so from a dot on."""
    return not name or f".{path}".endswith(f".{name}")


def _tells(told: Dict[str, str], last: str) -> bool:
    """Whether a last part came at any release."""
    return any(
        aliases.read(one[1:])[0] == last
        for signs in told.values()
        if f"+{last}" in signs
        for one in signs.split()
    )


def nearly(lives: Lives, asked: str) -> Optional[str]:
    """The name of which the one asked for is a misspelling, if any is alike.

    More counts as a slip here than among the names of behaviours alone: a name that no release has
    is surely no other name of torch.
    """
    parent, _, last = naming.plain(asked).rpartition(".")
    home = parent if not parent or lives.covers(parent) else nearly(lives, parent)
    if home is None:
        return None
    if home != parent and lives.covers(f"{home}.{last}"):
        return f"{home}.{last}"
    found = next(_alike(last, sorted(_inside(lives, home))), None)
    return f"{home}.{found}".lstrip(".") if found else None


def _alike(last: str, names: List[str]) -> Iterator[str]:
    """The names that are nearly the one asked for, those with the same capitals first."""
    yield from difflib.get_close_matches(last, names, 1, _ALIKE)
    yield from filter(None, [naming.misspelt(last, names)])
    lowered = {one.lower(): one for one in reversed(names)}
    yield from map(lowered.__getitem__, difflib.get_close_matches(last.lower(), lowered, 1, _ALIKE))


def _inside(lives: Lives, home: str) -> Set[str]:
    """The last parts of what is found directly in a module or a class; of all, without a home."""
    if not home:
        return {one.rpartition(".")[2] for one in lives.names}
    newest = lives.newest(home)
    classes = lives.lineage(home) if newest and newest.entry.kind == "class" else [home]
    found = {one[len(path) + 1 :] for path in classes for one in lives.below(path)}
    for told in (lives.surface.aliases.get(home, {}), lives.surface.modules.get(home, {})):
        for signs in told.values():
            found |= {aliases.read(one[1:])[0] for one in signs.split()}
    return {last for last in found if "." not in last}
