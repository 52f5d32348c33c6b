"""Literals: the value of an expression that its text alone decides, as ``-(10 ** 9)``."""

from __future__ import annotations

import ast
import operator
from typing import Callable, Dict, NamedTuple, Optional

OPERATORS: Dict[type, Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
}
LARGEST = 1000.0  # of the numbers of a power, which may otherwise take for ever


class Literal(NamedTuple):
    """A value that is known."""

    value: object


def value(node: ast.expr) -> Optional[Literal]:
    """The value of a literal, of arithmetic with numbers, or of ``float("inf")``; else None."""
    try:
        return Literal(ast.literal_eval(node))
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        number = _number(node)
        return None if number is None else Literal(number)


def _number(node: ast.expr) -> Optional[float]:
    if isinstance(node, ast.Constant):
        plain = isinstance(node.value, (int, float)) and not isinstance(node.value, bool)
        return node.value if plain else None  # type: ignore[return-value]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        number = _number(node.operand)
        return None if number is None else -number
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and len(node.args) == 1:
        return _converted(node.func.id, node.args[0])
    if isinstance(node, ast.BinOp) and type(node.op) in OPERATORS:
        left, right = _number(node.left), _number(node.right)
        if left is None or right is None:
            return None
        if isinstance(node.op, ast.Pow) and (abs(left) > LARGEST or abs(right) > LARGEST):
            return None
        return _calculated(OPERATORS[type(node.op)], left, right)
    return None


def _calculated(
    function: Callable[[float, float], float], left: float, right: float
) -> Optional[float]:
    try:
        return function(left, right)
    except (ArithmeticError, ValueError):
        return None


def _converted(function: str, argument: ast.expr) -> Optional[float]:
    """``float("inf")`` and ``int(2.5)``."""
    if function not in ("float", "int") or not isinstance(argument, ast.Constant):
        return None
    try:
        number: float = {"float": float, "int": int}[function](argument.value)
    except (ValueError, TypeError, OverflowError):
        return None
    return number
