"""Notebooks: the code cells of a notebook as one tree."""

from __future__ import annotations

import ast
import bisect
import json
import sys
from typing import Any, List, NamedTuple, Tuple, Union

import msgspec

from torch_history.code import magics, parsing


class Notebook(msgspec.Struct):
    """What is read of a notebook's JSON."""

    cells: List[Any]  # each is checked by itself, so that a bad one does not hide the others


class Cell(msgspec.Struct):
    """What is read of a cell."""

    cell_type: str
    source: Union[str, List[str]] = ""

    @property
    def text(self) -> str:
        """Its source. Python ends lines at a carriage return too, so these become newlines."""
        text = self.source if isinstance(self.source, str) else "".join(self.source)
        return text.replace("\r\n", "\n").replace("\r", "\n")


class Start(NamedTuple):
    """Where a cell begins in the whole."""

    line: int
    number: int  # of the cell, counted from 1 over all cells


class Parsed(NamedTuple):
    """A notebook as one tree."""

    tree: ast.Module
    starts: List[Start]
    faults: List[Tuple[str, str]]  # place and reason, for each cell that is skipped
    bodies: List[str]  # the text of each cell in the tree

    @property
    def text(self) -> str:
        """The text of the whole, line by line as in the tree."""
        return "\n".join(self.bodies)

    def place(self, line: int) -> Tuple[int, int]:
        """The cell of a line of the tree, and the line in it."""
        # maxsize, so that the first line of a cell is found in it and not in the cell before.
        start = self.starts[bisect.bisect(self.starts, (line, sys.maxsize)) - 1]
        return start.number, line - start.line + 1


class NotANotebookError(Exception):
    """A file that is no notebook: where, and why."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line = line


def parse(content: bytes) -> Parsed:
    """The code cells. Raises NotANotebookError."""
    # One tree and not one for each cell: a cell uses what earlier ones import.
    lines = 0
    parsed = Parsed(ast.Module(body=[], type_ignores=[]), [], [], [])
    for number, data in enumerate(_cells(content), start=1):
        try:
            cell = msgspec.convert(data, Cell)
            body = magics.body_of(cell.text) if cell.cell_type == "code" else None
            if body is None:
                continue
            statements = _statements(body)
        except parsing.NotPythonError as error:
            parsed.faults.append((f": cell {number}:{error.line}", f"not Python: {error}"))
            continue
        except (msgspec.ValidationError, ValueError) as error:  # ValueError: a lone surrogate
            parsed.faults.append((f": cell {number}", f"not a cell: {error}"))
            continue
        parsed.starts.append(Start(lines + 1, number))
        parsed.bodies.append(body)
        for statement in statements:
            ast.increment_lineno(statement, lines)
        parsed.tree.body.extend(statements)
        lines += body.count("\n") + 1
    return parsed


def _cells(content: bytes) -> List[Any]:
    # json and not msgspec.json: Python writes NaN into outputs, which is not JSON.
    try:
        return msgspec.convert(json.loads(content), Notebook).cells
    except json.JSONDecodeError as error:
        raise NotANotebookError(error.lineno, error.msg) from None
    except RecursionError:
        raise NotANotebookError(1, "nested too deeply") from None
    except (msgspec.ValidationError, ValueError) as error:  # ValueError: bytes that are not text
        raise NotANotebookError(1, str(error)) from None


def _statements(body: str) -> List[ast.stmt]:
    """The statements of a cell: most cells are Python as they stand, the others hold magics."""
    try:
        # As it stands first: rewriting could only harm a cell that parses. IPython allows `await`.
        return parsing.module(body, top_level_await=True).body
    except parsing.NotPythonError:
        plain = magics.without(body)
        if plain == body:
            raise
    return parsing.module(plain, top_level_await=True).body
