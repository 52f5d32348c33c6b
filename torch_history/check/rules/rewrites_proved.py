"""A change that says how to rewrite a call says which calls, and has a behaviour that proves it.

Whether that behaviour does what was done before is judged by ``advice_restores``.
"""

from __future__ import annotations

from typing import Iterator, List

from torch_history.catalogue import rewrites
from torch_history.catalogue.behaviour import Change
from torch_history.catalogue.conditions import Term, alternatives
from torch_history.catalogue.rewrites import Edit
from torch_history.check.tree import Tree, place_of
from torch_history.errors import HistoryError


def faults(tree: Tree) -> Iterator[str]:
    """Rewrites of another form, without a proof, or for calls that they do not fit."""
    for behaviour in tree.behaviours.values():
        for change in behaviour.changes:
            if change.rewrite:
                here = f"{place_of(behaviour)}: the change at {change.version}"
                yield from (f"{here}: {fault}" for fault in _faults(change, change.rewrite))


def _faults(change: Change, rewrite: str) -> Iterator[str]:
    try:
        edit = rewrites.edit_of(rewrite)
    except HistoryError as error:
        yield str(error)
        return
    told = f"rewrite={rewrite!r}"
    if change.restored_by is None:
        yield f"{told} is not proved: name the behaviour that shows it in restored_by"
    if not _fits(change, edit):
        how = "given" if edit.value is None else "not given"
        yield f"{told} may fit no call: let each entry of when, or unless, say that it is {how}"


def _fits(change: Change, edit: Edit) -> bool:
    """Whether each call that meets the change can be edited so."""
    if edit.value is not None and edit.name in (change.unless or ()):
        return True
    ways = alternatives(change.when or ())
    return bool(ways) and all(_asks(way, edit) for way in ways)


def _asks(way: List[Term], edit: Edit) -> bool:
    """Whether a way to meet the change asks that the keyword is given, or that it is not."""
    removed = edit.value is None
    return any(
        term.name == edit.name and bool(term.wanted or term.values) is removed for term in way
    )
