"""Surroundings: what the pytest fixtures of a test do before it, as statements."""

from __future__ import annotations

import ast
from typing import Iterator, List, NamedTuple, Optional, Sequence, Set, Tuple, Union

from torch_history.publish.script.cases import refused
from torch_history.publish.script.reached import Tree, Unit
from torch_history.records.sources import docstring_of

_FOLDER = "tempfile.mkdtemp()"


class Setup(NamedTuple):
    """What a fixture does: statements of its module, and lines after them."""

    name: str  # that it binds
    source: Optional[Tuple[Unit, ast.FunctionDef]] = None
    statements: Sequence[ast.stmt] = ()
    value: Optional[ast.expr] = None
    lines: Sequence[str] = ()


def setups(
    tree: Tree, unit: Unit, function: ast.FunctionDef, ready: Set[str], read: Set[str]
) -> Iterator[Setup]:
    """The setups of a test. Names that are ready need none; of the others, some are read."""
    ready = {*ready, "snapshot", "monkeypatch"}
    always = [one for one in unit.module.defined(ast.FunctionDef) if _fixture(one, autouse=True)]
    for fixture in always:
        yield from _setup(tree, unit, fixture, ready, set())
    yield from _asked(tree, unit, function, ready, read)


def _asked(
    tree: Tree, unit: Unit, function: ast.FunctionDef, ready: Set[str], read: Set[str]
) -> Iterator[Setup]:
    for name in [argument.arg for argument in function.args.args]:
        if name in ready:
            continue
        ready.add(name)
        known = _of_pytest(name, name in read)
        if known is not None:
            yield known
            continue
        for place in [unit, *_conftest(tree)]:
            found = [
                one
                for one in place.module.bound.get(name, ())
                if isinstance(one, ast.FunctionDef) and _fixture(one)
            ]
            if found:
                yield from _setup(tree, place, found[-1], ready, read)
                break
        else:
            raise refused(function, unit, f"it asks for the fixture {name}")


def _of_pytest(name: str, read: bool) -> Optional[Setup]:
    """The folders that pytest and conftest.py make."""
    made = [f"{name} = pathlib.Path({_FOLDER})"]
    if name == "tmp_path":
        return Setup(name, lines=made)
    if name == "here":  # the working folder too
        moved = [*made, f"os.chdir({name})"] if read else [f"os.chdir({_FOLDER})"]
        return Setup(name, lines=moved)
    return None


def _conftest(tree: Tree) -> List[Unit]:
    unit = tree.imported("conftest")
    return [unit] if unit else []


def _setup(
    tree: Tree, unit: Unit, fixture: ast.FunctionDef, ready: Set[str], read: Set[str]
) -> Iterator[Setup]:
    """What a fixture does up to its value. What it does after the test is left out."""
    inner = {
        node.id for one in fixture.body for node in ast.walk(one) if isinstance(node, ast.Name)
    }
    yield from _asked(tree, unit, fixture, ready, inner)
    statements: List[ast.stmt] = []
    docstring = docstring_of(fixture)
    for statement in fixture.body:
        if statement is docstring:
            continue
        given = _value(statement)
        if given is not None:
            value = given.value if fixture.name in read else None
            yield Setup(fixture.name, (unit, fixture), statements, value)
            return
        if any(isinstance(node, ast.Yield) for node in ast.walk(statement)):
            raise refused(fixture, unit, "its value comes from within a block")
        statements.append(statement)
    yield Setup(fixture.name, (unit, fixture), statements)


def _value(statement: ast.stmt) -> Union[ast.Return, ast.Yield, None]:
    """What gives the value of a fixture."""
    if isinstance(statement, ast.Return):
        return statement
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Yield):
        return statement.value
    return None


def _fixture(function: ast.FunctionDef, autouse: bool = False) -> bool:
    """Whether a function is a pytest fixture, and one that always runs if that is asked."""
    for decorator in function.decorator_list:
        call = decorator if isinstance(decorator, ast.Call) else ast.Call(decorator, [], [])
        if isinstance(call.func, ast.Attribute) and call.func.attr == "fixture":
            return not autouse or any(one.arg == "autouse" for one in call.keywords)
    return False
