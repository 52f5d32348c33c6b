"""Integers: whether a tensor holds integers, as far as the source shows it or its name says so."""

from __future__ import annotations

import ast
import re
from typing import Callable, Optional

METHODS = {"long", "int", "short", "argmax", "argmin", "nonzero", "argsort", "bincount"}
MAKERS = {"arange", "randint", "randperm", "LongTensor", "IntTensor", "tensor", "full", "argmax"}
# what gives a tuple of values and their indices
INDICES = {"topk", "sort", "max", "min", "kthvalue", "mode", "median"}
DTYPES = {"long", "int", "int64", "int32", "int16", "int8", "uint8"}
WORDS = {
    "idx", "idxs", "index", "indices", "indexes", "ids", "id", "length", "lengths", "lens",
    "count", "counts", "position", "positions", "num", "n",
}  # fmt: skip
SEVERAL = {"idxs", "indices", "indexes", "ids", "lengths", "lens"}
DEEPEST = 4  # assignments that are followed


def holds_integers(
    node: ast.expr, value_of: Callable[[ast.expr], Optional[ast.expr]], depth: int = 0
) -> bool:
    """Whether an expression seems to be a tensor of integers.

    ``value_of`` gives what the only assignment of a name assigns, or None.
    """
    if depth > DEEPEST:
        return False
    if isinstance(node, (ast.Name, ast.Attribute)):
        value = value_of(node) if isinstance(node, ast.Name) else None
        if value is not None and isinstance(value, (ast.Call, ast.BinOp, ast.Subscript)):
            return holds_integers(value, value_of, depth + 1)
        name = node.id if isinstance(node, ast.Name) else node.attr
        return not WORDS.isdisjoint(re.split(r"[_\d]+", name.lower()))
    if isinstance(node, ast.Subscript):
        if isinstance(node.value, ast.Call) and _name(node.value) in INDICES:
            return isinstance(node.slice, ast.Constant) and node.slice.value == 1
        return holds_integers(node.value, value_of, depth + 1)
    if isinstance(node, ast.BinOp) and not isinstance(node.op, ast.Div):
        sides = [one for one in (node.left, node.right) if not isinstance(one, ast.Constant)]
        return bool(sides) and all(holds_integers(one, value_of, depth + 1) for one in sides)
    return isinstance(node, ast.Call) and _makes_integers(node)


def _name(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def _makes_integers(call: ast.Call) -> bool:
    name = _name(call)
    for keyword in call.keywords:
        if keyword.arg == "dtype":
            return _dtype(keyword.value)
    if name in ("to", "type"):
        return any(_dtype(one) for one in call.args)
    if name not in METHODS | MAKERS:
        return False
    numbers = [
        one.value
        for argument in call.args
        for one in ast.walk(argument)
        if isinstance(one, ast.Constant) and isinstance(one.value, (int, float))
    ]
    if name in ("tensor", "full"):  # as their literals are
        return bool(numbers) and all(isinstance(one, int) for one in numbers)
    calls = [
        one for argument in call.args for one in ast.walk(argument) if isinstance(one, ast.Call)
    ]
    return not any(isinstance(one, float) for one in numbers) and not any(
        _name(one) == "float" for one in calls
    )


def _dtype(node: ast.expr) -> bool:
    return isinstance(node, ast.Attribute) and node.attr in DTYPES
