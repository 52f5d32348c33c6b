"""Aliases: the other paths of names, as what came and went.

``{"1.4": "+Linear +Old=New", "1.8": "-Old=New"}`` of the place torch.nn.modules.linear: there are
``Linear`` from 1.4 on, and ``Old``, which is the public name ``New``, up to 1.7. In the file of
torch.nn these are names of that module; elsewhere they are whole: ``+Linear=torch.nn.Linear``.
"""

from __future__ import annotations

from typing import (
    Callable,
    Dict,
    FrozenSet,
    Iterable,
    List,
    Mapping,
    Optional,
    Sequence,
    Set,
    Tuple,
)

from torch_history import versions
from torch_history.surface import chains

Told = Mapping[str, str]


def spelled(last: str, target: str) -> str:
    """One alias: its last part, and what it stands for where that is another name."""
    return last if last == target else f"{last}={target}"


def read(alias: str) -> Tuple[str, str]:
    """The last part of an alias, and the name that it stands for."""
    last, _, target = alias.partition("=")
    return last, target or last


def held(told: Told, line: str) -> Set[str]:
    """The aliases of a place in one release."""
    found: Set[str] = set()
    for one in sorted(told, key=versions.key):
        if versions.key(one) <= versions.key(line):
            for sign_and_name in told[one].split():
                sign, name = sign_and_name[0], sign_and_name[1:]
                (found.add if sign == "+" else found.discard)(name)
    return found


def ever(places: Mapping[str, Told]) -> Set[str]:
    """Every path that was an alias in some release."""
    return {
        f"{place}.{read(one[1:])[0]}"
        for place, told in places.items()
        for signs in told.values()
        for one in signs.split()
    }


def changed(told: Told, known: Sequence[str], line: str, now: Optional[Set[str]]) -> Dict[str, str]:
    """What came and went, with the aliases that one release has; ``known`` as chains have it."""
    chain = _chain(told)
    after = chains.entered(chain, known, line, frozenset(now or ()) or None)
    return dict(told) if after is chain else _told(after)


def normal(told: Told) -> Dict[str, str]:
    """The same in order, without signs that change nothing."""
    return _told(chains.normal(_chain(told)))


def _chain(told: Told) -> Dict[str, Optional[FrozenSet[str]]]:
    return {one: frozenset(held(told, one)) or None for one in told}


def _told(chain: Mapping[str, Optional[FrozenSet[str]]]) -> Dict[str, str]:
    found: Dict[str, str] = {}
    before: FrozenSet[str] = frozenset()
    for line, names in chain.items():
        now = names or frozenset()
        found[line] = _text(
            [*(f"-{one}" for one in before - now), *(f"+{one}" for one in now - before)]
        )
        before = now
    return found


def _text(signs: Iterable[str]) -> str:
    """What went, then what came."""
    return " ".join(sorted(signs, key=lambda one: (one[0] == "+", one)))


def whole(told: Told, home: str) -> Dict[str, str]:
    """The aliases in the file of a module, with whole targets."""
    found = {}
    for line, signs in told.items():
        pairs = [(one[0], *read(one[1:])) for one in signs.split()]
        found[line] = _text(f"{sign}{last}={home}.{target}" for sign, last, target in pairs)
    return found


def together(parts: Iterable[Told]) -> Dict[str, str]:
    """The aliases of one place that several files have."""
    found: Dict[str, List[str]] = {}
    for told in parts:
        for line, signs in told.items():
            found.setdefault(line, []).extend(signs.split())
    return {line: _text(found[line]) for line in sorted(found, key=versions.key)}


def by_home(told: Told, parts: Callable[[str], Tuple[str, str]]) -> Dict[str, Dict[str, str]]:
    """The inverse of both: the aliases of one place for each module in whose file they stand.

    ``parts`` gives the module of a path, and its name there.
    """
    found: Dict[str, Dict[str, List[str]]] = {}
    for line, signs in told.items():
        for one in signs.split():
            last, target = read(one[1:])
            home, name = parts(target)
            found.setdefault(home, {}).setdefault(line, []).append(one[0] + spelled(last, name))
    return {home: {line: _text(signs) for line, signs in of.items()} for home, of in found.items()}
