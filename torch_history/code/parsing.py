"""Parsing: Python source as a tree. The source is never run."""

from __future__ import annotations

import ast
import warnings
from typing import Optional, Union


class NotPythonError(Exception):
    """Source that Python cannot parse: where, and why."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line = line


def module(source: Union[str, bytes], top_level_await: bool = False) -> ast.Module:
    """The tree of a piece of source. Raises NotPythonError."""
    # Not ast.parse, which cannot allow `await` at the top level. dont_inherit keeps this module's
    # __future__ imports out of the source.
    flags = ast.PyCF_ONLY_AST | (ast.PyCF_ALLOW_TOP_LEVEL_AWAIT if top_level_await else 0)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of escapes in the reader's strings
            tree: ast.Module = compile(source, "source", "exec", flags, dont_inherit=True)
    except SyntaxError as error:
        raise NotPythonError(error.lineno or 1, error.msg) from None
    except (RecursionError, MemoryError):  # Python's parser says MemoryError of deep nesting
        raise NotPythonError(1, "nested too deeply") from None
    except ValueError as error:  # null bytes, lone surrogates
        raise NotPythonError(1, str(error)) from None
    return tree


def is_none(node: Optional[ast.expr]) -> bool:
    """Whether an expression is the constant None."""
    return isinstance(node, ast.Constant) and node.value is None


def text_of(node: ast.AST) -> str:
    """An expression, or a short statement, as a person writes it, on one line and shortened."""
    if isinstance(node, ast.Name):
        return node.id
    text = " ".join(ast.unparse(node).split())
    return text if len(text) <= 60 else text[:59] + "…"
