"""Text: the source of a module, from which parts are cut with edits."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from typing import Iterable, Iterator, List, NamedTuple, Sequence, Set, Union

WIDTH = 100
Node = Union[ast.expr, ast.stmt]
_OPENING, _CLOSING = ("(", "[", "{"), (")", "]", "}")


class Edit(NamedTuple):
    """Other text for a range of bytes."""

    start: int
    end: int
    text: str


class Text:
    """A source, addressed as syntax trees do: by lines from 1 and by bytes of UTF-8."""

    def __init__(self, source: str):
        self._data = source.encode("utf-8")
        self._starts = [0]
        for line in self._data.split(b"\n"):
            self._starts.append(self._starts[-1] + len(line) + 1)
        self._in_strings = set(_in_strings(source))

    def start(self, node: Node) -> int:
        """Where a node begins; its decorators stand before it."""
        return self._starts[node.lineno - 1] + node.col_offset

    def end(self, node: Node) -> int:
        """Where a node ends."""
        return self._starts[(node.end_lineno or node.lineno) - 1] + (node.end_col_offset or 0)

    def cut(self, start: int, end: int, edits: Iterable[Edit] = ()) -> str:
        """The text from start to end, edited. An edit within another one is skipped."""
        parts, done = [], start
        for edit in sorted(edits, key=lambda edit: (edit.start, -edit.end)):
            if done <= edit.start and edit.end <= end:
                parts += [self._data[done : edit.start], edit.text.encode("utf-8")]
                done = edit.end
        return b"".join([*parts, self._data[done:end]]).decode("utf-8")

    def of(self, node: Node, edits: Iterable[Edit] = ()) -> str:
        """The text of a node."""
        return self.cut(self.start(node), self.end(node), edits)

    def lines(self, first: int, last: int, edits: Iterable[Edit] = ()) -> str:
        """Whole lines, without the last line break."""
        return self.cut(self._starts[first - 1], self._starts[last] - 1, edits)

    def without(self, first: int, last: int) -> Edit:
        """The edit that removes whole lines."""
        return Edit(self._starts[first - 1], min(self._starts[last], len(self._data)), "")

    def shifted(self, first: int, last: int, by: int) -> List[Edit]:
        """The edits that indent lines by so many blanks; what stands in strings stays."""
        return [
            Edit(start, start - min(by, 0), " " * max(by, 0))
            for number in range(first, last + 1)
            for start, end in [(self._starts[number - 1], self._starts[number] - 1)]
            if number not in self._in_strings and self._data[start:end].strip()
        ]


def _in_strings(source: str) -> Iterator[int]:
    """The numbers of the lines that begin inside a string."""
    opened: List[int] = []
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        kind = tokenize.tok_name[token.type]
        if kind.endswith("STRING_START"):  # since Python 3.12 formatted strings are several tokens
            opened.append(token.start[0])
        elif kind.endswith("STRING_END"):
            yield from range(opened.pop() + 1, token.end[0] + 1)
        elif kind == "STRING":
            yield from range(token.start[0] + 1, token.end[0] + 1)


def joined(statement: str, width: int = WIDTH) -> str:
    """A statement on one line, where it fits and means the same."""
    lines = [line.strip() for line in statement.split("\n")]
    text = lines[0]
    for line in lines[1:]:
        if line.startswith(_CLOSING):
            text = re.sub(r",\s*$", "", text)
        tight = text.endswith(_OPENING) or line.startswith((*_CLOSING, "."))
        text += line if tight else f" {line}"
    if len(text) > width or len(lines) == 1:
        return statement
    try:
        # a comment or a string with a line break gives another tree, or none
        same = _tree(text) == _tree(statement)
    except SyntaxError:
        return statement
    return text if same else statement


def _tree(statement: str) -> str:
    block = statement.lstrip()
    return ast.dump(ast.parse(f"{block} pass" if block.startswith("for ") else block))


def names_in(nodes: Iterable[ast.AST]) -> Set[str]:
    """Every name that stands in nodes."""
    found: Set[str] = set()
    for node in nodes:
        for one in ast.walk(node):
            if isinstance(one, ast.Name):
                found.add(one.id)
            elif isinstance(one, ast.arg):
                found.add(one.arg)
    return found


def bound_by(nodes: Sequence[ast.AST]) -> Set[str]:
    """The names that nodes bind in their own scope."""
    found: Set[str] = set()
    left = list(nodes)
    while left:
        node = left.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            found.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        elif isinstance(node, ast.alias):
            found.add((node.asname or node.name).partition(".")[0])
        elif isinstance(node, ast.ExceptHandler) and node.name:
            found.add(node.name)
        if not isinstance(node, _SCOPES):
            left.extend(ast.iter_child_nodes(node))
    return found


_SCOPES = (
    ast.FunctionDef,
    ast.AsyncFunctionDef,
    ast.ClassDef,
    ast.Lambda,
    ast.ListComp,
    ast.SetComp,
    ast.DictComp,
    ast.GeneratorExp,
)
