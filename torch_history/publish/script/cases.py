"""Cases: the parameters of a test as loops."""

from __future__ import annotations

import ast
from typing import Dict, Iterator, List, NamedTuple, Optional, Set, Tuple

from torch_history.errors import HistoryError
from torch_history.publish.script.reached import Tree, Unit
from torch_history.publish.script.text import WIDTH, Edit, Node, joined
from torch_history.records.sources import marker_of


class Loop(NamedTuple):
    """A ``for`` statement that goes through the values of one ``parametrize``."""

    head: str
    label: str  # the case in a formatted string
    names: List[str]  # that it binds
    read: List[Tuple[Unit, ast.stmt]]  # what its values read, as statements of modules


def loops(tree: Tree, unit: Unit, function: ast.FunctionDef, taken: Set[str]) -> Iterator[Loop]:
    """The loops of a test, the outermost first."""
    for decorator in function.decorator_list:
        found = _parametrize(tree, unit, decorator)
        if found is not None:
            place, call, arguments = found
            names = _names(call)
            case = next(name for name in ("case", "case_", "label") if name not in taken)
            taken.update([case, *names])
            yield _Values(place, call, arguments).loop(names, case)


Given = Dict[str, Tuple[Unit, ast.expr]]  # what stands for a name, and in which module
Found = Tuple[Unit, ast.Call, Given]


def _parametrize(tree: Tree, unit: Unit, decorator: ast.expr) -> Optional[Found]:
    """The call of ``parametrize`` that a decorator is, or stands for, with its module."""
    if marker_of(decorator) == "parametrize" and isinstance(decorator, ast.Call):
        return unit, decorator, {}
    if isinstance(decorator, ast.Name):
        for module, attribute in unit.module.imports.get(decorator.id, ()):
            other = tree.imported(module)
            if other is not None and attribute is not None:
                return _parametrize(tree, other, ast.Name(attribute, ast.Load()))
        for statement in unit.module.bound.get(decorator.id, ()):
            if isinstance(statement, ast.Assign):
                return _parametrize(tree, unit, statement.value)
    if isinstance(decorator, ast.Call) and isinstance(decorator.func, ast.Name):
        return _made(tree, unit, decorator, decorator.func.id)
    return None


def _made(tree: Tree, unit: Unit, call: ast.Call, name: str) -> Optional[Found]:
    """The ``parametrize`` that a function of the tree returns: ``written_by(RELEASES)``."""
    given = [(unit, argument) for argument in call.args]
    for module, attribute in unit.module.imports.get(name, ()):
        other = tree.imported(module)
        if other is not None and attribute is not None:
            return _returned(tree, other, attribute, given)
    return _returned(tree, unit, name, given)


def _returned(
    tree: Tree, unit: Unit, name: str, given: List[Tuple[Unit, ast.expr]]
) -> Optional[Found]:
    for function in unit.module.bound.get(name, ()):
        if isinstance(function, ast.FunctionDef):
            last = function.body[-1]
            if isinstance(last, ast.Return) and last.value is not None:
                found = _parametrize(tree, unit, last.value)
                names = [argument.arg for argument in function.args.args]
                return found and (found[0], found[1], dict(zip(names, given)))
    return None


def _names(call: ast.Call) -> List[str]:
    names = ast.literal_eval(call.args[0])
    return [one.strip() for one in (names.split(",") if isinstance(names, str) else names)]


class _Values:
    """The values of a ``parametrize``; ``arguments`` are put in place of names."""

    def __init__(self, unit: Unit, call: ast.Call, arguments: Given):
        self._unit, self._arguments = unit, arguments
        self._values = call.args[1]
        self._ids = next((one.value for one in call.keywords if one.arg == "ids"), None)

    def loop(self, names: List[str], case: str) -> Loop:
        """The loop that binds these names, and the name of the case where it has one."""
        several = ", ".join(names)
        values, ids = self._values, self._ids
        read = [values]
        if self._has_params(values):
            target, through, label = f"{case}, {several}", self._text(values), f"{{{case}}}"
        elif ids is None or _same(ids, values) or getattr(ids, "id", "") == "str":
            # pytest names such cases by their values
            target, through = several, self._text(values)
            label = "-".join(f"{{{name}}}" for name in names)
        else:
            one = several if len(names) == 1 else f"({several})"
            target, label = f"{case}, {one}", f"{{{case}}}"
            read = [values, ids]
            through = self._paired(values, ids)
        head = joined(f"for {target} in {through}:")
        if len(head.partition("\n")[0]) > WIDTH:
            head = f"for {target} in {self._paired(values, ids or values, broken=True)}:"
        found: List[Tuple[Unit, ast.stmt]] = [(self._unit, ast.Expr(one)) for one in read]
        found += [(unit, ast.Expr(one)) for unit, one in self._arguments.values()]
        return Loop(head, label, [*names, case], found)

    def _paired(self, values: ast.expr, ids: ast.expr, broken: bool = False) -> str:
        """Each id with its value; broken, each pair or list is on a line of its own."""
        mapping = _items(values, ids)
        if mapping is not None:
            return f"{self._text(mapping)}.items()"
        inner, end = ("\n    ", ",\n") if broken else ("", "")
        between = f",{inner or ' '}"
        if isinstance(values, ast.List) and isinstance(ids, ast.List):
            if _same(values, ids):
                one_each = [self._text(value) for value in values.elts]
                return f"[{inner}{between.join(one_each)}{end}]"
            pairs = [
                f"{self._text(name)}: {self._text(value)}"
                for name, value in zip(ids.elts, values.elts)
            ]
            return f"{{{inner}{between.join(pairs)}{end}}}.items()"
        return f"zip({inner}{self._text(ids)}{between}{self._text(values)}{end})"

    def _has_params(self, values: ast.expr) -> bool:
        """Whether values are ``pytest.param``, also under a name."""
        for node in ast.walk(values):
            if isinstance(node, ast.Attribute) and node.attr == "param":
                return True
            if isinstance(node, ast.Name):
                for statement in self._unit.module.bound.get(node.id, ()):
                    if isinstance(statement, ast.Assign) and self._has_params(statement.value):
                        return True
        return False

    def _text(self, node: Node) -> str:
        text = self._unit.text
        edits = self._unit.plain.edits([node])
        for name in ast.walk(node):
            if isinstance(name, ast.Name) and name.id in self._arguments:
                unit, given = self._arguments[name.id]
                edits.append(Edit(text.start(name), text.end(name), unit.text.of(given)))
        return text.of(node, edits)


def _same(one: ast.expr, other: ast.expr) -> bool:
    return ast.dump(one) == ast.dump(other)


def _items(values: ast.expr, ids: ast.expr) -> Optional[ast.expr]:
    """X of ``list(X.values())`` with the ids ``list(X)``."""
    if isinstance(values, ast.Call) and isinstance(ids, ast.Call) and values.args and ids.args:
        method = getattr(values.args[0], "func", None)
        if isinstance(method, ast.Attribute) and method.attr == "values":
            return method.value if _same(method.value, ids.args[0]) else None
    return None


def refused(function: ast.FunctionDef, unit: Unit, why: str) -> HistoryError:
    """The error for a test of which no script can be made."""
    return HistoryError(f"{unit.file}:{function.lineno}: no script can be made of it: {why}")
