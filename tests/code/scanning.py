"""Scans of source, for tests."""

from __future__ import annotations

import functools

from tests.code import REPOSITORY
from torch_history.catalogue import index
from torch_history.code import scan
from torch_history.code.hits import Level
from torch_history.code.targets import targets
from torch_history.questions import coverage


@functools.lru_cache(maxsize=None)
def apis():
    """Every name that a behaviour is about."""
    return coverage.apis(index.of(REPOSITORY))


def scanned(paths, answer, level=Level.POSSIBLE):
    """What reading the paths for an answer gives."""
    return scan.scan(list(paths), list(targets(answer)), apis(), level)


def by_behaviour(found):
    """Behaviour -> its hits, the surest first."""
    hits = {}
    for target, hit in found.hits:
        hits.setdefault(target.difference.behaviour.id, []).append(hit)
    for of in hits.values():
        of.sort(key=lambda one: (one.level.rank, bool(one.depends), one.place.file, one.place.line))
    return hits
