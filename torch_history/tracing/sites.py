"""Sites: what the reader's own file says of a call: its arguments, and where it stands.

A frame shows the values of all parameters, but not which of them were given: that is in the source.
From Python 3.11 on the code names the columns of each call. Before, a call is found by its line and
its name, and what it was given is read from its bytecode.
"""

from __future__ import annotations

import ast
import builtins
import dis
import inspect
import itertools
import linecache
import sys
import types
from collections import OrderedDict
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Set, Tuple, Union

COLUMNS = sys.version_info >= (3, 11)
# With these as a context, an exception is expected: pytest.raises, assertRaises, suppress.
EXPECTING = ("raises", "assertraises", "suppress")
FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)


UNSEEN: Any = object()  # stands for a value that cannot be looked up without a call


class Site(NamedTuple):
    """A call as it is written."""

    line: int  # of the name that is called
    column: int  # where the name ends, in bytes of the line
    name: str  # what stands last before the parenthesis; empty where that is no name
    node: Optional[ast.Call]  # None where it was not found, or several look alike
    positional: int = 0  # arguments without a name, before any *arguments
    by: Tuple[str, ...] = ()  # names of the others
    whole: bool = True  # whether these are all: no *arguments and no **options
    roles: Tuple[str, ...] = ()


class Sites:
    """The calls of the reader's own files."""

    def __init__(self) -> None:
        self._texts: Dict[str, Optional[Text]] = {}

    def of(self, frame: Any, *names: str) -> Site:
        """The call that a frame is at. ``names``: what it may be called."""
        file, line = frame.f_code.co_filename, frame.f_lineno
        if file not in self._texts:
            self._texts[file] = _text(file, frame.f_globals)
        text = self._texts[file]
        written = None if COLUMNS else _in_bytecode(frame.f_code, frame.f_lasti)
        node = text.call(frame, names, written) if text is not None else None
        if text is None or node is None:
            positional, by = written or (0, ())
            return Site(line, 0, "", None, positional, by, written is not None)
        starred = [isinstance(one, ast.Starred) for one in node.args]
        return Site(
            getattr(node.func, "end_lineno", line),
            getattr(node.func, "end_col_offset", 0),
            _last(node.func),
            node,
            starred.index(True) if True in starred else len(starred),
            tuple(one.arg for one in node.keywords if one.arg),
            True not in starred and all(one.arg for one in node.keywords),
            tuple(sorted(text.roles(node))),
        )

    def managers(self, frame: Any, node: ast.AST) -> Iterator[Any]:
        """The objects whose context a call stands in: what ``with torch.no_grad():`` calls."""
        text = self._texts.get(frame.f_code.co_filename)
        for manager in text.managers(node) if text is not None else ():
            value = read(manager.func if isinstance(manager, ast.Call) else manager, frame)
            if value is not UNSEEN:
                yield value


class Text:
    """One file, parsed."""

    def __init__(self, tree: ast.Module) -> None:
        self._parent: Dict[ast.AST, ast.AST] = {}
        self._by_end: Dict[Tuple[int, int], ast.Call] = {}
        self._by_line: Dict[int, List[ast.Call]] = {}
        for node in ast.walk(tree):
            for child in ast.iter_child_nodes(node):
                self._parent[child] = node
            if isinstance(node, ast.Call):
                end = getattr(node, "end_lineno", 0), getattr(node, "end_col_offset", 0)
                self._by_end[end] = node
                self._by_line.setdefault(node.lineno, []).append(node)

    def call(
        self, frame: Any, names: Tuple[str, ...], written: Optional[Tuple[int, Tuple[str, ...]]]
    ) -> Optional[ast.Call]:
        """The call that a frame is at."""
        if COLUMNS:
            # A file that was edited while the program ran may have another call there.
            found = itertools.islice(frame.f_code.co_positions(), frame.f_lasti // 2, None)
            _, line, _, column = next(found, (None, None, None, None))
            return self._by_end.get((line or 0, column or 0))
        there = self._by_line.get(frame.f_lineno, ())
        alike = [one for one in there if _is_written(one, written)]
        alike = [one for one in alike if _last(one.func) in names] or alike
        return alike[0] if len(alike) == 1 else None

    def roles(self, node: ast.Call) -> Set[str]:
        """Where a call stands: see ``catalogue.conditions.ROLES``."""
        parent, roles = self._parent[node], {"call"}
        if isinstance(parent, ast.Expr):
            roles.add("statement")
        if isinstance(parent, ast.withitem):
            roles.add("with")
        if node in getattr(parent, "decorator_list", ()):
            roles.add("class-decorator" if isinstance(parent, ast.ClassDef) else "decorator")
            if isinstance(parent, FUNCTION) and _yields(parent):
                roles.add("generator")
        if any(_expects(one) for one in self.managers(node)) or self._is_tried(node):
            roles.add("caught")
        return roles

    def managers(self, node: ast.AST) -> Iterator[ast.expr]:
        """The context managers around a node in its function."""
        for child, parent in self._around(node):
            if isinstance(parent, (ast.With, ast.AsyncWith)) and child in parent.body:
                yield from (item.context_expr for item in parent.items)

    def _is_tried(self, node: ast.AST) -> bool:
        return any(
            isinstance(parent, ast.Try) and bool(parent.handlers) and child in parent.body
            for child, parent in self._around(node)
        )

    def _around(self, node: ast.AST) -> Iterator[Tuple[ast.AST, ast.AST]]:
        """Each statement around a node, with the part of it that leads there."""
        child, parent = node, self._parent.get(node)
        while parent is not None and not isinstance(parent, (*FUNCTION, ast.ClassDef)):
            yield child, parent
            child, parent = parent, self._parent.get(parent)


def _text(file: str, space: Dict[str, Any]) -> Optional[Text]:
    try:
        return Text(ast.parse("".join(linecache.getlines(file, space))))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _last(function: ast.expr) -> str:
    return str(getattr(function, "attr", getattr(function, "id", "")))


def _yields(function: ast.AST) -> bool:
    """Whether a function is a generator."""
    todo = list(ast.iter_child_nodes(function))
    while todo:
        node = todo.pop()
        if isinstance(node, (ast.Yield, ast.YieldFrom)):
            return True
        if not isinstance(node, (*FUNCTION, ast.ClassDef, ast.Lambda)):
            todo += ast.iter_child_nodes(node)
    return False


def _expects(manager: ast.expr) -> bool:
    function = manager.func if isinstance(manager, ast.Call) else manager
    return _last(function).lower().startswith(EXPECTING)


# -- Python 3.8 to 3.10


def _in_bytecode(code: Any, at: int) -> Optional[Tuple[int, Tuple[str, ...]]]:
    """How many arguments a call has without a name, and the names of the others.

    None for ``*arguments`` and ``**options``.
    """
    before: Any = None
    for one in dis.get_instructions(code):
        if one.offset == at:
            count = one.arg or 0
            if one.opname in ("CALL_FUNCTION", "CALL_METHOD"):
                return count, ()
            if one.opname == "CALL_FUNCTION_KW":
                return count - len(before.argval), tuple(before.argval)
            return None
        before = one
    return None


def _is_written(node: ast.Call, written: Optional[Tuple[int, Tuple[str, ...]]]) -> bool:
    """Whether a call has the arguments that the bytecode names."""
    starred = any(isinstance(one, ast.Starred) for one in node.args)
    names = tuple(one.arg for one in node.keywords)
    if written is None:
        return starred or None in names
    return not starred and (len(node.args), names) == written


# -- values that the source names


def read(node: ast.expr, frame: Any) -> Any:
    """The value of an expression in a frame, if it can be looked up without a call; else UNSEEN."""
    try:
        return _read(node, frame)
    except Exception:  # noqa: BLE001  whatever the objects of the reader do
        return UNSEEN


def _read(node: ast.expr, frame: Any) -> Any:
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        value = _read(node.operand, frame)
        return -value if type(value) in (int, float) else UNSEEN
    if isinstance(node, ast.Name):
        for space in (frame.f_locals, frame.f_globals, vars(builtins)):
            if node.id in space:
                return space[node.id]
        return UNSEEN
    if isinstance(node, ast.Attribute):
        return _attribute(_read(node.value, frame), node.attr)
    if isinstance(node, (ast.List, ast.Tuple)):
        values = [_read(one, frame) for one in node.elts]
        known = not any(one is UNSEEN for one in values)
        return (values if isinstance(node, ast.List) else tuple(values)) if known else UNSEEN
    if isinstance(node, ast.Subscript):
        value, key = _read(node.value, frame), _read(_key(node), frame)
        plain = type(value) in (dict, list, tuple) and type(key) in (str, int)
        return value[key] if plain else UNSEEN
    return UNSEEN


def _key(node: ast.Subscript) -> ast.expr:
    key: Union[ast.expr, Any] = node.slice
    return getattr(key, "value", key) if type(key).__name__ == "Index" else key  # Python 3.8


def _attribute(value: Any, name: str) -> Any:
    """An attribute that an object or its class holds, found without a call of the reader's code."""
    if value is UNSEEN:
        return UNSEEN
    if isinstance(value, types.ModuleType):
        return vars(value).get(name, UNSEEN)
    for held in ("_modules", "_parameters", "_buffers"):  # of a module
        space = inspect.getattr_static(value, held, None)
        if type(space) in (dict, OrderedDict) and name in space:
            return space[name]
    found = inspect.getattr_static(value, name, UNSEEN)
    if isinstance(found, (staticmethod, classmethod)):
        return found.__func__
    # A property, or what is written in C, such as the shape of a tensor, would have to be called.
    computed = hasattr(type(found), "__set__") or isinstance(found, property)
    return UNSEEN if computed else found
