"""Importing: a module's source with an import that it lacks, where ruff's isort would put it."""

from __future__ import annotations

import ast
import sys
from typing import Iterable, List, Optional, Sequence, Tuple, Union

_Import = Union[ast.Import, ast.ImportFrom]
# The first parts of this repository's modules, whose imports are the last section.
_OURS = ("faults", "fixtures", "spec", "tests", "torch_history")
_STANDARD: Iterable[str] = getattr(sys, "stdlib_module_names", ())  # new in Python 3.10
_LONGEST = 100


def with_module(text: str, module: str) -> str:
    """The source with ``import module``, which is neither ours nor of the standard library."""
    found = _imports(text)
    named = [alias for node in found if isinstance(node, ast.Import) for alias in node.names]
    if any(alias.name == module and alias.asname is None for alias in named):
        return text
    standard = [node for node in found if _root(node) in _STANDARD]
    section = [node for node in found if _root(node) not in _OURS and node not in standard]
    return _placed(text, f"import {module}", (0, module), section, standard)


def with_name(text: str, module: str, name: str) -> str:
    """The source with ``from module import name``, which is ours."""
    found = _imports(text)
    for node in found:
        if isinstance(node, ast.ImportFrom) and node.module == module:
            names = [(alias.name, alias.asname) for alias in node.names]
            if (name, None) in names:
                return text
            lines = text.splitlines()
            lines[node.lineno - 1 : node.end_lineno] = [_from(module, [*names, (name, None)])]
            return "\n".join(lines) + "\n"
    section = [node for node in found if _root(node) in _OURS]
    return _placed(text, _from(module, [(name, None)]), (1, module), section, found)


def _imports(text: str) -> List[_Import]:
    """The imports at the top level of a module."""
    return [node for node in ast.parse(text).body if isinstance(node, (ast.Import, ast.ImportFrom))]


def _key(node: _Import) -> Tuple[int, str]:
    """The order within a section: ``import a`` before ``from a import b``, each by its module."""
    if isinstance(node, ast.Import):
        return 0, node.names[0].name
    return 1, node.module or ""


def _root(node: _Import) -> str:
    return _key(node)[1].partition(".")[0]


def _placed(
    text: str,
    line: str,
    key: Tuple[int, str],
    section: Sequence[_Import],
    before: Sequence[_Import],
) -> str:
    """The source with a line at its place in a section, or in a new one after the imports before.

    A new section without any import before it follows the docstring.
    """
    lines = text.splitlines()
    later = [node.lineno for node in section if _key(node) >= key]
    if later:
        lines.insert(later[0] - 1, line)
    elif section:
        lines.insert(_end(section[-1]), line)
    else:
        end = _end(before[-1]) if before else _end_of_docstring(text)
        lines[end:end] = ["", line]
    return "\n".join(lines) + "\n"


def _end(node: Union[ast.stmt, _Import]) -> int:
    return node.end_lineno or node.lineno


def _end_of_docstring(text: str) -> int:
    module = ast.parse(text)
    return _end(module.body[0]) if ast.get_docstring(module) else 0


def _from(module: str, names: List[Tuple[str, Optional[str]]]) -> str:
    # constants, classes, and the rest
    ordered = sorted(names, key=lambda one: (not one[0].isupper(), not one[0][:1].isupper(), one))
    told = [f"{name} as {other}" if other else name for name, other in ordered]
    line = f"from {module} import {', '.join(told)}"
    if len(line) <= _LONGEST:
        return line
    return "\n".join([f"from {module} import (", *(f"    {one}," for one in told), ")"])
