"""Reports on source, from literal hits in place of a scan."""

import pytest

from torch_history.catalogue import index
from torch_history.code.hits import Hit, Level, Place
from torch_history.code.targets import Target, targets
from torch_history.publish import report
from torch_history.questions import query


def hit(place, level=Level.CERTAIN, depends="", why="scale()", column=5):
    """A hit at ``file:line`` or ``file:cell:line``."""
    file, *numbers = place.split(":")
    *cell, line = (int(number) for number in numbers)
    return Hit(Place(file, line, *cell), level, depends, why, (line, column))


def coded(
    project,
    hits,
    uncovered=None,
    accepted=None,
    level=Level.LIKELY,
    pair=("1.13", "2.6"),
    harmless=False,
):
    """A report with these hits: pairs of a behaviour's id, a target, or several, and a hit."""
    scan = pytest.importorskip("torch_history.code.scan", reason="pyflakes is not installed")
    answer = query.diff(index.of(project.root), *pair)
    known = {target.difference.behaviour.id: target for target in targets(answer)}

    def found(of, one):
        of = known[of] if isinstance(of, str) else of
        return scan.Found((of,) if isinstance(of, Target) else of, one)

    names = scan.Names({"fakelib.optim.scale": 2}, uncovered or {})
    read = scan.Scan([found(of, one) for of, one in hits], names, 1, 0, [])
    return report.narrowed(answer, read, level, accepted, harmless)
