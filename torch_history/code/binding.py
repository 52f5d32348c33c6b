"""Binding: which imports, classes, arguments and assignments may stand behind each name that a file reads, found by pyflakes."""

from __future__ import annotations

import ast
from typing import Dict, List, Set, Tuple

from pyflakes import checker


class Binder(checker.Checker):
    """pyflakes' checker; it also keeps each node's parent and, for each name that is read, all that is bound to it in its scope.

    What pyflakes does beside in order to report faults is left out, which takes half the time.
    """

    builtIns: Set[str] = set()  # Python's own names are of no interest here

    def __init__(self, tree: ast.Module) -> None:
        self.parent: Dict[ast.AST, ast.AST] = {}
        self.read: Dict[ast.Name, list] = {}
        self.annotations: Set[ast.AST] = set()
        self.attributes: List[ast.Attribute] = []
        self.assignments: List[ast.stmt] = []
        self._bound: Dict[Tuple[int, str], list] = {}
        super().__init__(tree, withDoctest=False)
        for scope in self.deadScopes:
            for binding in scope.values():
                binding.used = False  # else a global name holds the scope that holds it

    # pyflakes' names
    def report(self, *args, **kwargs):
        pass

    checkDeadScopes = report  # noqa: N815

    def handleNode(self, node, parent):  # noqa: N802
        handler = HANDLERS.get(node.__class__)
        if handler:
            self.parent[node] = parent
            handler(self, node)

    def handleChildren(self, tree, omit=()):  # noqa: N802
        for name in FIELDS[tree.__class__]:
            if not omit or name not in omit:
                value = getattr(tree, name, None)
                for child in value if value.__class__ is list else (value,):
                    handler = HANDLERS.get(
                        child.__class__
                    )  # as handleNode does; most of the time goes here
                    if handler:
                        self.parent[child] = tree
                        handler(self, child)

    def ATTRIBUTE(self, node):  # noqa: N802
        self.attributes.append(node)
        self.handleNode(node.value, node)

    def ASSIGN(self, node):  # noqa: N802
        self.assignments.append(node)
        super().ASSIGN(node)

    def ANNASSIGN(self, node):  # noqa: N802
        self.assignments.append(node)
        super().ANNASSIGN(node)

    def ARG(self, node):  # noqa: N802
        self.addBinding(node, checker.Argument(node.arg, node))

    def NAME(self, node):  # noqa: N802
        if isinstance(node.ctx, ast.Load):
            self.handleNodeLoad(node, None)
        elif isinstance(node.ctx, ast.Store):
            self.handleNodeStore(node)

    def handle_annotation_always_deferred(self, annotation, parent):
        self.annotations.add(annotation)
        self.deferFunction(lambda: self.handleNode(annotation, parent))

    handleAnnotation = handle_annotation_always_deferred  # noqa: N815

    def handleNodeStore(self, node):  # noqa: N802
        kind = (
            checker.NamedExprAssignment
            if isinstance(self.parent[node], ast.NamedExpr)
            else checker.Assignment
        )
        self.addBinding(node, kind(checker.getNodeName(node), node))

    def addBinding(self, node, value):  # noqa: N802
        scope = self.scope
        if isinstance(value, checker.NamedExprAssignment):
            scope = next(
                one
                for one in reversed(self.scopeStack)
                if not isinstance(one, checker.GeneratorScope)
            )
        scope[value.name] = value
        self._bound.setdefault((id(scope), value.name), []).append(value)

    def handleNodeLoad(self, node, parent):  # noqa: N802
        inner = True  # a class's own names are seen in its body, and in a comprehension there, but not in its methods
        for scope in reversed(self.scopeStack):
            if node.id in scope and (inner or not isinstance(scope, checker.ClassScope)):
                self.read[node] = self._bound.get((id(scope), node.id), [])
                return
            inner = inner and isinstance(scope, checker.GeneratorScope)
        stars = [
            one
            for scope in self.scopeStack
            if scope.importStarred
            for one in scope.values()
            if isinstance(one, checker.StarImportation)
        ]
        if stars:
            self.read[node] = stars


# what each kind of node holds that is looked at here, and the method that looks at it: pyflakes' own, where that does more than report
FIELDS = {
    kind: tuple(
        name
        for name in kind._fields
        if name not in ("ctx", "op", "ops", "id", "attr", "arg", "name", "names", "kind")
    )
    for kind in vars(ast).values()
    if isinstance(kind, type) and issubclass(kind, ast.AST)
}
BINDING = [
    "AsyncFunctionDef",
    "Attribute",
    "Assign",
    "AnnAssign",
    "ClassDef",
    "DictComp",
    "ExceptHandler",
    "For",
    "AsyncFor",
    "FunctionDef",
    "GeneratorExp",
    "Global",
    "Import",
    "ImportFrom",
    "Lambda",
    "ListComp",
    "Name",
    "NamedExpr",
    "Nonlocal",
    "SetComp",
    "Try",
    "TryStar",
    "TypeAlias",
    "arg",
    "arguments",
    "comprehension",
    "MatchAs",
    "MatchMapping",
    "MatchStar",
    "TypeVar",
    "ParamSpec",
    "TypeVarTuple",
]
HANDLERS = {
    kind: getattr(Binder, kind.__name__.upper())
    if kind.__name__ in BINDING
    else Binder.handleChildren
    for kind in FIELDS
    if (FIELDS[kind] and kind is not ast.Constant) or kind.__name__ in BINDING
}
