"""Changes made by hand, and what a piece of source says to them, for tests."""

from __future__ import annotations

import ast

from torch_history.catalogue.behaviour import Behaviour, Change
from torch_history.catalogue.kinds import Kind
from torch_history.code.collecting import Collector
from torch_history.code.hits import Level, Place
from torch_history.code.targets import Target
from torch_history.code.uses import Source
from torch_history.questions.query import Difference


def target(*names, kind="silent", cause=None, needs=(), lacking=False, guarded=False, **said):
    """A change of these APIs; ``said`` is what its marker says."""
    change = Change("2.0", "it changed", Kind(kind), cause, **said)
    behaviour = Behaviour(
        "a.b", "spec/a.py", 1, "b", "B.", list(names), None, None, changes=[change]
    )
    difference = Difference(behaviour, change.kind, [], [change], None)
    return Target(
        difference, change, change.kind, frozenset(names), frozenset(needs), lacking, {}, guarded
    )


def collected(source, *targets, apis=(), surfacing=None):
    """What a scan collects of one file."""
    collector = Collector(targets, apis, Level.POSSIBLE, surfacing)
    collector.add(Source(ast.parse(source)), lambda line: Place("a.py", line), set())
    return collector


def hits(source, *targets):
    """The hits of one file, in the order of its lines."""
    found = [one.hit for one in collected(source, *targets).found]
    return sorted(found, key=lambda hit: hit.place.line)


def told(source, *targets):
    """``2 certain``, ``3 likely, depends on the file``: the line and the level of each hit."""
    return [
        f"{hit.place.line} {hit.level}{f', depends on {hit.depends}' if hit.depends else ''}"
        for hit in hits(source, *targets)
    ]
