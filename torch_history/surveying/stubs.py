"""Stubs: what the ``.pyi`` files in torch's wheels say of functions without a Python signature."""

from __future__ import annotations

import ast
import re
from functools import lru_cache
from typing import Dict, Iterator, List, Sequence, Tuple, Union

from torch_history.surveying import defaults, hints
from torch_history.surveying.parameters import (
    KEYWORD,
    MANY,
    OPTIONS,
    PLAIN,
    POSITIONAL,
    Parameter,
    Signature,
)
from torch_history.surveying.proposals import UNTOLD

Stub = Signature

# the names by which stubs call types that names of torch hide
_RENAMED = re.compile(r"\b_(int|float|bool|complex|dtype|device|layout|size|qscheme)\b")
_Function = Union[ast.FunctionDef, ast.AsyncFunctionDef]


def stub(text: str) -> Dict[str, List[Stub]]:
    """The overloads of every function in a stub file, by qualified name.

    Methods stand without ``self``. A file that this Python cannot parse gives a ValueError.
    """
    try:
        tree = ast.parse(text)
    except (SyntaxError, RecursionError) as error:
        raise ValueError(f"the stub cannot be parsed: {error}") from error
    found: Dict[str, List[Stub]] = {}
    lines = text.split("\n")
    for name, node, is_bound in _functions(tree.body, ""):
        read = _Reader(lines).signature(node)
        found.setdefault(name, []).append(
            read._replace(parameters=read.parameters[1:]) if is_bound else read
        )
    return found


def _functions(body: Sequence[ast.stmt], prefix: str) -> Iterator[Tuple[str, _Function, bool]]:
    """The functions of a file or a class, and whether their first parameter is bound."""
    for node in body:
        if isinstance(node, ast.If):
            yield from _functions([*node.body, *node.orelse], prefix)
        elif isinstance(node, ast.ClassDef):
            yield from _functions(node.body, f"{prefix}{node.name}.")
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            marks = {getattr(one, "id", getattr(one, "attr", "")) for one in node.decorator_list}
            if not marks & {"property", "setter"}:
                yield prefix + node.name, node, bool(prefix) and "staticmethod" not in marks


class _Reader:
    """Reads the functions of one file."""

    def __init__(self, lines: List[str]) -> None:
        self._lines = lines

    def signature(self, node: _Function) -> Signature:
        """The signature of a function, with its first parameter."""
        of = node.args
        places = [
            *((one, POSITIONAL) for one in of.posonlyargs),
            *((one, PLAIN) for one in of.args),
        ]
        missing = len(places) - len(of.defaults)
        given = [None] * missing + list(of.defaults)
        read = [self._parameter(one, kind, default) for (one, kind), default in zip(places, given)]
        if of.vararg:
            read.append(self._parameter(of.vararg, MANY, None))
        for one, keyword_default in zip(of.kwonlyargs, of.kw_defaults):
            read.append(self._parameter(one, KEYWORD, keyword_default))
        if of.kwarg:
            read.append(self._parameter(of.kwarg, OPTIONS, None))
        return Signature(tuple(read), self._type(node.returns))

    def _parameter(self, node: ast.arg, kind: int, default: Union[ast.expr, None]) -> Parameter:
        text = None if default is None else _default(default)
        return Parameter(node.arg, kind, text, self._type(node.annotation))

    def _type(self, node: Union[ast.expr, None]) -> str:
        """The type that an expression names. Python 3.8 cannot turn the tree into text again."""
        if node is None:
            return ""
        first, last = node.lineno - 1, (node.end_lineno or node.lineno) - 1
        lines = self._lines[first : last + 1]
        lines[-1] = lines[-1][: node.end_col_offset]
        lines[0] = lines[0][node.col_offset :]
        return _type_of(" ".join(line.strip() for line in lines))


@lru_cache(maxsize=None)
def _type_of(text: str) -> str:
    return hints.text_of(_RENAMED.sub(r"\1", text))


def _default(node: ast.expr) -> str:
    try:
        value = ast.literal_eval(node)
    except (ValueError, TypeError):
        return _named(node) or UNTOLD
    if isinstance(value, tuple):  # schemas have lists
        value = list(value)
    return UNTOLD if value is Ellipsis else defaults.text_of(value, lambda _: "")


def _named(node: ast.expr) -> str:
    """``strided`` and ``torch.strided`` are one value."""
    if isinstance(node, ast.Name):
        return f"torch.{node.id}" if node.id.islower() else node.id
    if isinstance(node, ast.Attribute):
        home = _named(node.value) if not isinstance(node.value, ast.Name) else node.value.id
        return f"{home}.{node.attr}" if home else ""
    return ""
