"""A law is asserted outside the observed act: inside, its failure reads as what torch raised."""

from __future__ import annotations

import ast
from typing import Iterator

from torch_history.check.tree import Tree

_OBSERVERS = ("observe", "observe_each")
_LAWS = ("raises", "assert_close", "assert_allclose", "assert_equal", "assert_array_equal")


def faults(tree: Tree) -> Iterator[str]:
    """Laws inside the acts of a test."""
    for file in sorted({behaviour.file for behaviour in tree.behaviours.values()}):
        module = ast.parse((tree.root / file).read_text(encoding="utf-8"))
        for function in (one for one in module.body if isinstance(one, ast.FunctionDef)):
            for line in sorted(set(_inside(function))):
                yield (
                    f"{file}:{line}: a law is asserted inside an observed act: "
                    "assert it before or after the comparison"
                )


def _inside(function: ast.FunctionDef) -> Iterator[int]:
    """The lines of laws in what the function hands to ``observe``."""
    acts = {one.name: one for one in ast.walk(function) if isinstance(one, ast.FunctionDef)}
    for call in ast.walk(function):
        if isinstance(call, ast.Call) and _name(call.func) in _OBSERVERS:
            named = [one.id for one in ast.walk(call) if isinstance(one, ast.Name)]
            for act in [call, *(acts[name] for name in named if name in acts)]:
                for node in ast.walk(act):
                    called = _name(node.func) if isinstance(node, ast.Call) else ""
                    if isinstance(node, ast.Assert) or called in _LAWS:
                        yield getattr(node, "lineno", function.lineno)


def _name(function: ast.expr) -> str:
    return getattr(function, "attr", getattr(function, "id", ""))
