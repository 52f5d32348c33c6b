"""The rules, one a module: ``faults(tree)`` yields a line for each fault."""

from __future__ import annotations

from typing import Callable, Iterator, List

from torch_history.check.rules import (
    advice_restores,
    change_is_one,
    changes_annotated,
    chapters_introduced,
    claims_decided,
    ids_unique,
    laws_outside,
    metadata,
    pages_fresh,
    record_form,
    record_missing,
    record_orphaned,
    record_stale,
    release_unseen,
    rewrites_proved,
    surface_form,
    surface_notes,
    surface_stale,
)
from torch_history.check.tree import Tree

Rule = Callable[[Tree], Iterator[str]]

RULES: List[Rule] = [
    metadata.faults,
    change_is_one.faults,
    ids_unique.faults,
    laws_outside.faults,
    chapters_introduced.faults,
    record_form.faults,
    record_orphaned.faults,
    record_missing.faults,
    record_stale.faults,
    release_unseen.faults,
    changes_annotated.faults,
    advice_restores.faults,
    rewrites_proved.faults,
    claims_decided.faults,
    surface_form.faults,
    surface_stale.faults,
    surface_notes.faults,
]
WHERE_NO_FAULT: List[Rule] = [pages_fresh.faults]
