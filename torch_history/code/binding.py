"""Binding: what may be bound to each name that a file reads, found by pyflakes.

pyflakes has no types. This module is the only one that imports it, and what leaves it is typed.
"""
# ruff: noqa: N802, N815 -- the methods have the names that pyflakes calls

from __future__ import annotations

import ast
from enum import Enum
from typing import (
    Any,
    Callable,
    Collection,
    Dict,
    Iterable,
    List,
    NamedTuple,
    Optional,
    Set,
    Tuple,
    Union,
)

from pyflakes import checker


class Origin(Enum):
    """How a name came to be bound."""

    IMPORT = "import"  # of a thing, or of a module
    STAR = "star"  # every name of a module
    ARGUMENT = "argument"
    OTHER = "other"  # an assignment, a loop, a class, ...


class Binding(NamedTuple):
    """One thing that a name may be bound to."""

    origin: Origin
    name: str  # the full name of what is imported
    node: ast.AST


class Bindings(NamedTuple):
    """What pyflakes found in a file."""

    parent: Dict[ast.AST, ast.AST]
    read: Dict[ast.expr, List[Binding]]  # each name that is read, and all that is bound to it
    annotations: Set[ast.AST]
    strings: Dict[ast.AST, ast.expr]  # an annotation that is a string, and what it says
    attributes: List[ast.Attribute]
    imports: List[Tuple[str, ast.stmt]]  # by `from ... import`: the full name, and the statement
    # by `import` and `from ... import *`: the full name, and the statement
    modules: List[Tuple[str, ast.stmt]]
    classes: List[ast.ClassDef]
    getattrs: List[ast.Call]
    operators: List[Union[ast.BinOp, ast.AugAssign, ast.Subscript]]
    ends: List[Union[ast.Return, ast.Yield, ast.YieldFrom]]  # of functions
    assignments: List[Union[ast.Assign, ast.AnnAssign]]


def bindings(tree: ast.Module) -> Bindings:
    """Follow the scopes of a file."""
    binder = Binder(tree)
    found = binder.found
    # The binder refers to itself. Without its attributes, the garbage collector is not needed to
    # free the tree.
    binder.__dict__.clear()
    return found


class Binder(checker.Checker):  # type: ignore[misc]  # pyflakes has no types
    """pyflakes' checker, which also keeps what is bound to each name, and the parent of each node.

    pyflakes' own checks are skipped, which halves the time.
    """

    builtIns: Set[str] = set()  # noqa: RUF012  # replaces pyflakes' set of Python's own names
    # pyflakes raises AssertionError where this is set outside the module's scope.
    annotationsFutureEnabled = False

    def __init__(self, tree: ast.Module) -> None:
        self.found = Bindings({}, {}, set(), {}, [], [], [], [], [], [], [], [])
        self._parent = self.found.parent
        self._bound: Dict[Tuple[int, str], List[Binding]] = {}
        super().__init__(tree, withDoctest=False)
        for scope in self.deadScopes:
            for binding in scope.values():
                binding.used = False  # else a global name holds the scope that holds it

    def report(self, *_: object, **__: object) -> None:
        """Drop what pyflakes reports."""

    checkDeadScopes = report

    def handleNode(self, node: ast.AST, parent: ast.AST) -> None:
        """Visit a node."""
        handler = HANDLERS.get(node.__class__)
        if handler:
            self._parent[node] = parent
            handler(self, node)

    def handleChildren(self, tree: ast.AST, omit: Collection[str] = ()) -> None:
        """Visit the children of a node."""
        for name in FIELDS[tree.__class__]:
            if not omit or name not in omit:
                value = getattr(tree, name, None)
                children: Iterable[Any] = value if value.__class__ is list else (value,)
                for child in children:
                    # The body of handleNode, without the call: most of the time is spent here.
                    handler = HANDLERS.get(child.__class__)
                    if handler:
                        self._parent[child] = tree
                        handler(self, child)

    def ATTRIBUTE(self, node: ast.Attribute) -> None:
        """Keep it."""
        self.found.attributes.append(node)
        self.handleNode(node.value, node)

    def ASSIGN(self, node: ast.Assign) -> None:
        """Keep it."""
        self.found.assignments.append(node)
        super().ASSIGN(node)

    def ANNASSIGN(self, node: ast.AnnAssign) -> None:
        """Keep it."""
        self.found.assignments.append(node)
        super().ANNASSIGN(node)

    def CLASSDEF(self, node: ast.ClassDef) -> None:
        """Keep it."""
        self.found.classes.append(node)
        super().CLASSDEF(node)

    def ARG(self, node: ast.arg) -> None:
        """Bind an argument."""
        self.addBinding(node, checker.Argument(node.arg, node))

    def NAME(self, node: ast.Name) -> None:
        """Read or bind a name. A name that is deleted stays bound."""
        if isinstance(node.ctx, ast.Load):
            self.handleNodeLoad(node, None)
        elif isinstance(node.ctx, ast.Store):
            self.handleNodeStore(node)

    def handle_annotation_always_deferred(
        self, annotation: Optional[ast.expr], parent: ast.AST
    ) -> None:
        """Visit an annotation after the module, since it may name what comes later."""
        if annotation is None:
            return
        self.found.annotations.add(annotation)
        self.deferFunction(lambda: self._annotation(annotation, parent))

    handleAnnotation = handle_annotation_always_deferred

    def _annotation(self, annotation: ast.expr, parent: ast.AST) -> None:
        self.handleNode(annotation, parent)
        for node in ast.walk(annotation):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                said = _parsed(node.value)
                if said is not None:
                    self.found.strings[node] = ast.copy_location(said, node)
                    self.found.annotations.add(said)
                    for part in ast.walk(said):
                        ast.copy_location(part, node)
                    self.handleNode(said, parent)

    def CALL(self, node: ast.Call) -> None:
        """Keep a call of getattr."""
        if node.func.__class__ is ast.Name and node.func.id == "getattr":
            self.found.getattrs.append(node)
        self.handleChildren(node)

    def _operator(self, node: Union[ast.BinOp, ast.AugAssign, ast.Subscript]) -> None:
        self.found.operators.append(node)
        if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            self.handleNodeLoad(node.target, node)  # it is read before it is bound
        self.handleChildren(node)

    BINOP = AUGASSIGN = SUBSCRIPT = _operator

    def _end(self, node: Union[ast.Return, ast.Yield, ast.YieldFrom]) -> None:
        self.found.ends.append(node)
        self.handleChildren(node)

    RETURN = YIELD = YIELDFROM = _end

    def handleNodeStore(self, node: ast.AST) -> None:
        """Bind a name."""
        walrus = isinstance(self._parent[node], ast.NamedExpr)
        kind = checker.NamedExprAssignment if walrus else checker.Assignment
        self.addBinding(node, kind(checker.getNodeName(node), node))

    def addBinding(self, _: ast.AST, value: Any) -> None:
        """Keep a binding of pyflakes."""
        scope = self.scope
        if value.__class__ is checker.NamedExprAssignment:
            # := in a comprehension binds the name outside it.
            scope = next(
                one
                for one in reversed(self.scopeStack)
                if not isinstance(one, checker.GeneratorScope)
            )
        scope[value.name] = value
        if value.__class__ is checker.ImportationFrom:
            self.found.imports.append((value.fullName, value.source))
        elif value.__class__ in MODULES:
            self.found.modules.append((value.fullName, value.source))
        self._bound.setdefault((id(scope), value.name), []).append(_typed(value))

    def handleNodeLoad(self, node: ast.Name, _: object) -> None:
        """Keep what is bound to a name that is read."""
        # A class's own names are seen in its body, and in a comprehension there, but not in its
        # methods.
        inner = True
        for scope in reversed(self.scopeStack):
            if node.id in scope and (inner or not isinstance(scope, checker.ClassScope)):
                self.found.read[node] = self._bound.get((id(scope), node.id), [])
                return
            inner = inner and isinstance(scope, checker.GeneratorScope)
        stars = [
            _typed(one)
            for scope in self.scopeStack
            if scope.importStarred
            for one in scope.values()
            if isinstance(one, checker.StarImportation)
        ]
        if stars:
            self.found.read[node] = stars


def _parsed(annotation: str) -> Optional[ast.expr]:
    """What an annotation in a string says; None where it is no expression."""
    try:
        return ast.parse(annotation.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _typed(value: Any) -> Binding:
    """A binding of pyflakes in our own type."""
    origin = ORIGINS.get(value.__class__, Origin.OTHER)
    if origin is Origin.IMPORT or origin is Origin.STAR:
        name: str = value.fullName
        if value.__class__ is checker.SubmoduleImportation:
            name = name.partition(".")[0]  # import torch.nn binds torch
        return Binding(origin, name, value.source)
    return Binding(origin, "", value.source)


# what binds a module, or all that is in it
MODULES = (checker.Importation, checker.SubmoduleImportation, checker.StarImportation)
ORIGINS = {
    checker.Importation: Origin.IMPORT,
    checker.SubmoduleImportation: Origin.IMPORT,
    checker.ImportationFrom: Origin.IMPORT,
    checker.FutureImportation: Origin.IMPORT,
    checker.StarImportation: Origin.STAR,
    checker.Argument: Origin.ARGUMENT,
}
# Fields that hold no node, or none that binds or reads a name.
PLAIN_FIELDS = {"ctx", "op", "ops", "id", "attr", "arg", "name", "names", "kind"}
FIELDS: Dict[type, Tuple[str, ...]] = {
    kind: tuple(name for name in kind._fields if name not in PLAIN_FIELDS)
    for kind in vars(ast).values()
    if isinstance(kind, type) and issubclass(kind, ast.AST)
}
# fmt: off
# Nodes for which pyflakes, or the Binder, has a method that does more than report.
BINDING = {
    "AnnAssign", "Assign", "AsyncFor", "AsyncFunctionDef", "Attribute", "AugAssign", "BinOp",
    "Call", "ClassDef", "DictComp", "ExceptHandler", "For", "FunctionDef", "GeneratorExp",
    "Global", "Import", "ImportFrom", "Lambda", "ListComp", "MatchAs", "MatchMapping", "MatchStar",
    "Name", "NamedExpr", "Nonlocal", "ParamSpec", "Return", "SetComp", "Subscript", "Try",
    "TryStar", "TypeAlias", "TypeVar", "TypeVarTuple", "Yield", "YieldFrom", "arg", "arguments",
    "comprehension",
}
# fmt: on
HANDLERS: Dict[type, Callable[[Any, Any], None]] = {
    kind: getattr(Binder, kind.__name__.upper())
    if kind.__name__ in BINDING
    else Binder.handleChildren
    for kind in FIELDS
    if (FIELDS[kind] and kind is not ast.Constant) or kind.__name__ in BINDING
}
