"""Hints: the annotation of a parameter as text that does not depend on Python's version."""

from __future__ import annotations

import ast
import inspect
import re

# the names of typing that Python has itself by now
BUILT_IN = {"List": "list", "Dict": "dict", "Tuple": "tuple", "Set": "set", "Type": "type"}
BUILT_IN["FrozenSet"] = "frozenset"
MOST = 160  # characters
_VARIABLE = re.compile(r"(?<![\w.\])])[~+-](?=[A-Za-z_])")  # the sign before a TypeVar


def text_of(annotation: object) -> str:
    """An annotation as text: ``Optional[torch.Tensor]`` -> ``Tensor | None``."""
    if annotation is inspect.Signature.empty:
        return ""
    written = annotation if isinstance(annotation, str) else _written(annotation)
    try:
        text = _text(ast.parse(written, mode="eval").body)
    except (SyntaxError, ValueError, RecursionError):
        text = re.sub(r" at 0x\w+", "", written)
    return text if len(text) <= MOST else f"{text[: MOST - 1]}…"


def _written(annotation: object) -> str:
    if annotation is None or annotation is type(None):
        return "None"
    if isinstance(annotation, type) and not getattr(annotation, "__args__", None):
        return annotation.__qualname__.rpartition(".")[2].replace("<locals>", "")
    if hasattr(annotation, "__supertype__"):  # a NewType, which is a function in Python 3.8
        return str(getattr(annotation, "__name__", ""))
    text = _VARIABLE.sub("", repr(annotation)).replace("NoneType", "None")
    return re.sub(r"ForwardRef\('([^']*)'[^)]*\)", r"\1", re.sub(r"<class '([^']*)'>", r"\1", text))


def _text(node: ast.AST) -> str:
    """The source of an expression of types, with the last part of each name alone."""
    if isinstance(node, ast.Attribute):
        return BUILT_IN.get(node.attr, node.attr)
    if isinstance(node, ast.Name):
        return BUILT_IN.get(node.id, node.id)
    if isinstance(node, ast.Constant):
        if isinstance(node.value, str):
            return text_of(node.value)
        return "..." if node.value is Ellipsis else repr(node.value)
    if isinstance(node, ast.BinOp):
        return _either([_text(node.left), _text(node.right)])
    if isinstance(node, (ast.Tuple, ast.List)):
        inner = ", ".join(map(_text, node.elts))
        return f"[{inner}]" if isinstance(node, ast.List) else inner
    if isinstance(node, ast.Subscript):
        of = node.slice
        of = getattr(of, "value", of) if type(of).__name__ == "Index" else of  # Python 3.8
        name, parts = _text(node.value), of.elts if isinstance(of, ast.Tuple) else [of]
        if name == "Optional":
            return _either([_text(parts[0]), "None"])
        return _either(map(_text, parts)) if name == "Union" else f"{name}[{_text(of)}]"
    raise ValueError(type(node).__name__)


def _either(parts: object) -> str:
    """Alternatives in one order, so that ``Union[A, B]`` and ``B | A`` are one text."""
    flat = {one for part in parts for one in _alternatives(part)}  # type: ignore[attr-defined]
    return " | ".join(sorted(flat, key=lambda one: (one == "None", one)))


def _alternatives(text: str) -> list[str]:
    """``dict[str, int] | None`` -> its parts, split outside brackets."""
    parts, depth = [""], 0
    for piece in re.split(r"(\[|\]| \| )", text):
        depth += (piece == "[") - (piece == "]")
        if piece == " | " and not depth:
            parts.append("")
        else:
            parts[-1] += piece
    return parts
