"""Differing: what two environments differ in besides torch, in words."""

from __future__ import annotations

from typing import Dict, Iterator, List, Tuple

from torch_history.comparing.family import COMPANIONS, belongs
from torch_history.comparing.installed import Environment

MOST = 20  # packages that are named one by one
_TOOLS = frozenset(("pip", "wheel", "uv"))  # no program's behaviour depends on them


def notes(before: Environment, after: Environment) -> List[str]:
    """What differs, the most telling first: builds of torch, Python, NumPy, companions, others."""
    return [
        *_builds(before, after),
        *_python(before, after),
        *_numpy(before, after),
        *_companions(before, after),
        *_others(before, after),
        *_one_sided(before, after),
        *_one_sided(after, before),
    ]


def _builds(before: Environment, after: Environment) -> Iterator[str]:
    first, second = before.packages["torch"], after.packages["torch"]
    if first.partition("+")[2] != second.partition("+")[2]:
        yield f"another build of torch: {first} → {second}"


def _python(before: Environment, after: Environment) -> Iterator[str]:
    if before.python_version != after.python_version:
        yield f"Python {before.python_version} → {after.python_version}"


def _numpy(before: Environment, after: Environment) -> Iterator[str]:
    yield from (f"NumPy {first} → {second}" for first, second in _pair("numpy", before, after))


def _companions(before: Environment, after: Environment) -> Iterator[str]:
    changed = [
        f"{name} {first} → {second}"
        for name in COMPANIONS
        for first, second in _pair(name, before, after)
    ]
    if changed:
        yield f"{', '.join(changed)}: follows torch"


def _others(before: Environment, after: Environment) -> Iterator[str]:
    names = sorted(set(_free(before)) & set(_free(after)) - {"numpy"})
    changed = [
        f"{name} {first} → {second}"
        for name in names
        for first, second in _pair(name, before, after)
    ]
    yield from changed[:MOST]
    if len(changed) > MOST:
        yield f"{len(changed) - MOST} more packages of other versions"


def _one_sided(here: Environment, there: Environment) -> Iterator[str]:
    """The packages that only one of the two has."""
    names = [*_free(here), *(name for name in COMPANIONS if name in here.packages)]
    alone = sorted(name for name in names if name not in there.packages)
    if alone:
        more = f" and {len(alone) - MOST} more" if len(alone) > MOST else ""
        listed = ", ".join(f"{name} {here.packages[name]}".strip() for name in alone[:MOST])
        yield f"only beside torch {here.release}: {listed}{more}"


def _free(environment: Environment) -> Dict[str, str]:
    """The packages whose version does not follow from torch's."""
    return {
        name: version
        for name, version in environment.packages.items()
        if not belongs(name) and name not in _TOOLS
    }


def _pair(name: str, before: Environment, after: Environment) -> Iterator[Tuple[str, str]]:
    first, second = before.packages.get(name), after.packages.get(name)
    if first is not None and second is not None and first != second:
        yield first, second
