"""Chapters: their introductions, and the order in which they and their subjects are understood.

``spec/__init__.py`` lists the chapters, and ``spec/<chapter>/__init__.py`` introduces one and lists
its subjects: the modules ``test_<subject>.py``. Both are read without importing them.
"""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Dict, List, NamedTuple, Sequence, Tuple

from torch_history.errors import HistoryError


class Introduction(NamedTuple):
    """What a package's ``__init__.py`` says: its text, and the order of what it holds."""

    text: str
    order: List[str]


def specification(root: Path) -> Introduction:
    """How the whole specification begins, and the order of its chapters."""
    return _read(root, root / "spec" / "__init__.py", "CHAPTERS")


def chapter(root: Path, name: str) -> Introduction:
    """How a chapter begins, and the order of its subjects."""
    return _read(root, root / "spec" / name / "__init__.py", "SUBJECTS")


def in_order(names: Sequence[str], order: Sequence[str]) -> List[str]:
    """The names in their order; those that it does not have come last, as they were."""
    places: Dict[str, int] = {name: place for place, name in enumerate(order)}
    return sorted(names, key=lambda name: places.get(name, len(places)))


def _read(root: Path, path: Path, variable: str) -> Introduction:
    """The docstring and the list of a module; both empty where there is none."""
    if not path.is_file():
        return Introduction("", [])
    told = path.relative_to(root)
    try:
        module = ast.parse(path.read_text(encoding="utf-8"))
    except (SyntaxError, ValueError) as error:
        raise HistoryError(f"{told}: not Python: {error}") from None
    order: List[str] = []
    for node in module.body:
        if isinstance(node, ast.Assign) and [ast.dump(one) for one in node.targets] == [
            ast.dump(ast.Name(variable, ast.Store()))
        ]:
            order = _names(node.value, f"{told}:{node.lineno}", variable)
    return Introduction(ast.get_docstring(module) or "", order)


def _names(value: ast.expr, where: str, variable: str) -> List[str]:
    try:
        names = ast.literal_eval(value)
    except ValueError:
        names = None
    if not isinstance(names, (list, tuple)) or not all(isinstance(one, str) for one in names):
        raise HistoryError(f'{where}: {variable} is a list of names: write ["one", "two"]')
    return list(names)


def faults(root: Path, chapters: Dict[str, List[str]]) -> List[Tuple[Path, str]]:
    """What the introductions lack, or name too much, given each chapter's subjects."""
    spec = root / "spec"
    found = _against(spec / "__init__.py", "CHAPTERS", specification(root), list(chapters))
    for name, subjects in chapters.items():
        file = spec / name / "__init__.py"
        found += _against(file, "SUBJECTS", chapter(root, name), subjects)
    return found


def _against(
    file: Path, variable: str, said: Introduction, there: Sequence[str]
) -> List[Tuple[Path, str]]:
    found = [] if said.text else ["no introduction: write a docstring"]
    found += [f"{variable} lacks {one}: add it" for one in there if one not in said.order]
    found += [
        f"{variable} has {one}, which is not there: remove it"
        for one in said.order
        if one not in there
    ]
    found += [
        f"{variable} names {one} twice: remove one"
        for one in sorted(set(said.order))
        if said.order.count(one) > 1
    ]
    return [(file, fault) for fault in found]
