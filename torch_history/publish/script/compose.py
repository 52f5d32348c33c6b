"""Compose: the script of a behaviour."""

from __future__ import annotations

import ast
import re
import textwrap
from pathlib import Path
from typing import Iterator, List, Sequence, Set

from torch_history.catalogue.behaviour import Behaviour
from torch_history.catalogue.index import Record
from torch_history.errors import HistoryError
from torch_history.publish.script import facts
from torch_history.publish.script.cases import loops, refused
from torch_history.publish.script.plain import FOREIGN, MODULES, compared
from torch_history.publish.script.reached import Reached, Tree, Unit
from torch_history.publish.script.shown import REPEATED, WARNINGS, Shown
from torch_history.publish.script.surroundings import Setup, setups
from torch_history.publish.script.text import WIDTH, bound_by, joined, names_in
from torch_history.records.sources import docstring_of

_FOR_TOOLS = re.compile(r"[ \t]*# (?:noqa|type: ignore|pragma)\b.*$", re.MULTILINE)


class Scripts:
    """The scripts of the behaviours in a folder, which is a checkout or a wheel's data."""

    def __init__(self, root: Path):
        self._tree = Tree(root)

    def of(self, behaviour: Behaviour, record: Record) -> str:
        """A script that does what the behaviour's test does, and prints what it observes.

        It needs torch, and NumPy where the test does. Raises HistoryError where none can be made.
        """
        return "\n\n".join(self.parts(behaviour, record)) + "\n"

    def parts(self, behaviour: Behaviour, record: Record) -> List[str]:
        """The script in parts, which blank lines separate; the first names the behaviour."""
        unit = self._tree.unit(behaviour.file)
        functions = unit.module.bound.get(behaviour.function, ())
        for function in functions:
            if isinstance(function, ast.FunctionDef):
                return _Script(self._tree, unit, function, record).parts(behaviour)
        raise HistoryError(f"{behaviour.file}: has no function {behaviour.function}")


class _Script:
    """One script while it is made."""

    def __init__(self, tree: Tree, unit: Unit, function: ast.FunctionDef, record: Record):
        self._unit, self._function = unit, function
        self._facts, self._many = facts.of(record), len(record) != 1
        number, call = compared(function)
        if call is None or not call.args:
            raise refused(function, unit, "its last comparison is with no observation")
        docstring = docstring_of(function)
        kept = [one for one in function.body[: number + 1] if one is not docstring]
        self._kept = [one for one in kept if not _unused(one, kept)]
        self._taken = names_in([function])
        self._loops = list(loops(tree, unit, function, self._taken))
        ready = {name for loop in self._loops for name in loop.names}
        read = names_in(self._kept)
        self._setups = list(setups(tree, unit, function, ready, read))
        label = "-".join(loop.label for loop in reversed(self._loops))
        self._shown = Shown(unit, self._kept[-1], call, label, self._facts, self._taken)
        self._reached = Reached(tree)
        self._follow()

    def _follow(self) -> None:
        self._reached.follow(self._unit, [_part(self._function, self._kept)])
        for loop in self._loops:
            for unit, statement in loop.read:
                self._reached.follow(unit, [statement])
        for setup in self._setups:
            if setup.source is not None:
                unit, fixture = setup.source
                values = [ast.Expr(setup.value)] if setup.value is not None else []
                self._reached.follow(unit, [_part(fixture, [*setup.statements, *values])])

    def parts(self, behaviour: Behaviour) -> List[str]:
        """The head, what must be said before, the imports, the definitions, and the test."""
        code = [*self._definitions(), "\n".join(self._body())]
        if self._facts.digits:
            code.insert(0, f"torch.set_printoptions(precision={self._facts.digits})")
        used = _read_in(self._parsed("\n".join(code)))
        self._reached.need((used & MODULES) - set(self._reached.imports))
        if used & FOREIGN:
            raise self._refused(f"it uses {', '.join(sorted(used & FOREIGN))}")
        parts = [_head(behaviour), *self._notes(), *self._reached.imported(), *code]
        return [_FOR_TOOLS.sub("", part) for part in parts if part]

    def _notes(self) -> Iterator[str]:
        for file in self._reached.beside:
            folder = file.rpartition("/")[0]
            yield f"# Run it in a checkout of torch-training-spec: it reads files in {folder}/."

    def _definitions(self) -> List[str]:
        """The definitions, with constants that follow each other in one block."""
        blocks: List[str] = []
        constant = False
        for text in self._reached.definitions():
            block = text.startswith(("def ", "class ", "@", "async "))
            if constant and not block:
                blocks[-1] += f"\n{text}"
            else:
                blocks.append(text)
            constant = not block
        return blocks

    def _body(self) -> Iterator[str]:
        wrapped = self._wrapped()
        margin = 4 * wrapped
        if wrapped:
            yield "def main():"
        yield from _indented(self._warnings(), margin)
        if self._reached.beside:
            yield from _indented(
                ["sys.path.insert(0, os.getcwd())  # files name its classes"], margin
            )
        for loop in self._loops:
            yield from _indented([loop.head], margin)
            margin += 4
        for setup in self._setups:
            yield from _set_up(setup, margin)
        before = self._kept[:-1]
        yield from _lines(self._unit, self._function, before, margin)
        yield from self._shown.lines(margin)
        if wrapped:
            yield "\n\nmain()"

    def _warnings(self) -> List[str]:
        if not self._facts.warns:
            return []
        return [*WARNINGS, *([REPEATED] if self._many else [])]

    def _wrapped(self) -> bool:
        """Whether the test's own names must stay within a function."""
        bound = bound_by(self._kept) | {name for loop in self._loops for name in loop.names}
        for setup in self._setups:
            bound |= bound_by(setup.statements) | {setup.name}
        return bool(
            bound & (self._reached.helpers_read | MODULES)
            # A class at the top is another thing to pickle than one within a function.
            or self._facts.names_a_function
        )

    def _parsed(self, text: str) -> ast.Module:
        try:
            return ast.parse(text)
        except SyntaxError as error:
            raise self._refused(f"{error.msg}: {error.text}") from None

    def _refused(self, why: str) -> HistoryError:
        return refused(self._function, self._unit, why)


def _head(behaviour: Behaviour) -> str:
    says = (behaviour.docstring or behaviour.claim).strip().split("\n")[0].replace("``", "`")
    lines = [behaviour.id, *textwrap.wrap(says, WIDTH - 2)]
    return "\n".join(f"# {line}" for line in lines)


def _unused(statement: ast.stmt, statements: List[ast.stmt]) -> bool:
    """Whether a statement defines a function that the others do not call: a law of the test."""
    others = names_in(one for one in statements if one is not statement)
    return isinstance(statement, ast.FunctionDef) and statement.name not in others


def _part(function: ast.FunctionDef, body: List[ast.stmt]) -> ast.FunctionDef:
    """A function of some statements alone, with the same arguments."""
    return ast.FunctionDef(name="", args=function.args, body=body, decorator_list=[])


def _read_in(tree: ast.AST) -> Set[str]:
    """The names that a tree reads and binds nowhere."""
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    bound = {node.id for node in names if not isinstance(node.ctx, ast.Load)}
    bound |= {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    return {node.id for node in names} - bound


def _indented(lines: Sequence[str], margin: int) -> Iterator[str]:
    for line in lines:
        yield textwrap.indent(line, " " * margin)


def _set_up(setup: Setup, margin: int) -> Iterator[str]:
    if setup.source is not None:
        unit, fixture = setup.source
        yield from _lines(unit, fixture, setup.statements, margin)
        if setup.value is not None:
            value = unit.text.of(setup.value, unit.plain.edits([setup.value]))
            if value != setup.name:
                yield from _indented([joined(f"{setup.name} = {value}")], margin)
    yield from _indented(setup.lines, margin)


def _lines(
    unit: Unit, function: ast.FunctionDef, statements: Sequence[ast.stmt], margin: int
) -> Iterator[str]:
    """The lines of some of a function's statements, with the comments above them."""
    if not statements:
        return
    docstring = docstring_of(function)
    first = (docstring.end_lineno or 0) + 1 if docstring else _first_line(statements[0])
    last = statements[-1].end_lineno or statements[-1].lineno
    moved = unit.text.shifted(first, last, margin - statements[0].col_offset)
    left_out = [
        unit.text.without(_first_line(one), one.end_lineno or one.lineno)
        for one in function.body
        if one is not docstring and one not in statements
    ]
    edits = [*unit.plain.edits(statements), *moved, *left_out]
    yield unit.text.lines(first, last, edits).strip("\n")
    if isinstance(statements[-1], (ast.FunctionDef, ast.ClassDef)):
        yield ""


def _first_line(statement: ast.stmt) -> int:
    decorators: List[ast.expr] = getattr(statement, "decorator_list", [])
    return min([statement.lineno, *(one.lineno for one in decorators)])
