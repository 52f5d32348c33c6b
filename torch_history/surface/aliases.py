"""Aliases: the other paths of a module's names, as what came and went.

``{"1.4": "+Linear +Old=New", "1.8": "-Old=New"}`` of the place torch.nn.modules.linear: there are
``Linear`` from 1.4 on, and ``Old``, which is the public name ``New``, up to 1.7.
"""

from __future__ import annotations

from typing import Dict, Mapping, Sequence, Set, Tuple

from torch_history import versions


def spelled(last: str, target: str) -> str:
    """One alias: its last part, and what it stands for where that is another name."""
    return last if last == target else f"{last}={target}"


def read(alias: str) -> Tuple[str, str]:
    """The last part of an alias, and the name that it stands for."""
    last, _, target = alias.partition("=")
    return last, target or last


def held(told: Mapping[str, str], line: str) -> Set[str]:
    """The aliases of a place in one release."""
    found: Set[str] = set()
    for one in sorted(told, key=versions.key):
        if versions.key(one) <= versions.key(line):
            for sign_and_name in told[one].split():
                sign, name = sign_and_name[0], sign_and_name[1:]
                (found.add if sign == "+" else found.discard)(name)
    return found


def changed(
    told: Mapping[str, str], seen: Sequence[str], line: str, now: Set[str]
) -> Dict[str, str]:
    """What came and went, with the aliases that one release has."""
    if held(told, line) == now:
        return dict(told)
    whole = {one: frozenset(held(told, one)) for one in seen}
    whole[line] = frozenset(now)
    found, before = {}, frozenset()  # type: Dict[str, str], frozenset[str]
    for one in sorted(whole, key=versions.key):
        if whole[one] != before:
            signs = [f"-{name}" for name in sorted(before - whole[one])]
            signs += [f"+{name}" for name in sorted(whole[one] - before)]
            found[one] = " ".join(signs)
            before = whole[one]
    return found
