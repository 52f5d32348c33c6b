"""Definitions: the classes and functions of one file, as its other parts see them."""

from __future__ import annotations

import ast
from typing import Any, Callable, Dict, List, Optional, Set, Tuple

from torch_history.code.binding import Bindings
from torch_history.code.own import Bases, Maker, Own, Thing, identity
from torch_history.code.parsing import is_none, text_of

Function = (ast.FunctionDef, ast.AsyncFunctionDef)


class Definitions:
    """What the classes and functions of one file are, asked by their definitions.

    ``infer`` says what an expression stands for, ``annotated`` what an annotation says.
    """

    def __init__(
        self,
        bindings: Bindings,
        infer: Callable[[Optional[ast.expr]], Optional[List[Thing]]],
        annotated: Callable[[Optional[ast.expr], str], List[Thing]],
    ) -> None:
        self._infer, self._annotated = infer, annotated
        self._parent = bindings.parent
        self._statements, self._ends = bindings.assignments, bindings.ends
        self._owns: Dict[ast.ClassDef, Own] = {}
        self._makers: Dict[ast.AST, Maker] = {}
        self._generators: Set[ast.AST] = set()
        self._returns: Optional[Dict[ast.AST, List[ast.expr]]] = None
        self._assigned: Optional[Dict[ast.ClassDef, Dict[str, List[ast.expr]]]] = None

    def close(self) -> None:
        """Let go of the tree, and of what was found."""
        for own in self._owns.values():
            own.__dict__.clear()
        for maker in self._makers.values():
            maker.__dict__.clear()
        self.__dict__.clear()

    def thing(self, node: ast.AST) -> List[Thing]:
        """What a definition defines."""
        if isinstance(node, ast.ClassDef):
            return [Thing(node.name, own=self.own(node))]
        return [Thing(node.name, maker=self._maker(node))] if isinstance(node, Function) else []

    def own(self, cls: ast.ClassDef) -> Own:
        """The class of a definition, always the same one."""
        if cls not in self._owns:
            methods = {one.name for one in cls.body if isinstance(one, Function)}
            self._owns[cls] = Own(
                cls.name,
                frozenset(methods),
                lambda: self._bases(cls),
                lambda attribute: self._given(cls, attribute),
                lambda: [*self._assignments().get(cls, {}), *methods],
            )
        return self._owns[cls]

    def _bases(self, cls: ast.ClassDef) -> Bases:
        things, whole = [], True
        for base in cls.bases:
            node = base.value if isinstance(base, ast.Subscript) else base  # Dataset[int]
            found = self._infer(node) or []
            whole = (whole and bool(found)) or text_of(node) == "object"
            things += found
        return Bases(things, whole)

    def _given(self, cls: ast.ClassDef, attribute: str) -> Optional[List[Thing]]:
        """What the body of a class gives an attribute; None: nothing."""
        for item in cls.body:
            if isinstance(item, Function) and item.name == attribute:
                # It overrides torch's, so torch's behaviours say nothing about it.
                maker = self._maker(item)
                marks = {text_of(one) for one in item.decorator_list}
                if marks & {"property", "cached_property", "functools.cached_property"}:
                    return maker.results()
                return [Thing(attribute, maker=maker)]
        values = self._assignments().get(cls, {}).get(attribute)
        if not values:
            return None
        how = f"by an assignment in class {cls.name}"
        return [
            thing._replace(sure=False, how=thing.how or how)
            for value in values
            for thing in (
                self._annotated(value.annotation, attribute)
                if isinstance(value, ast.arg)
                else self._infer(value) or ()
            )
        ]

    def _maker(self, function: ast.AST) -> Maker:
        """The function of a definition, always the same one."""
        if function not in self._makers:
            self._makers[function] = Maker(
                lambda: self._returned(function), lambda: self._parts(function)
            )
        return self._makers[function]

    def _returned(self, function: ast.AST) -> List[Thing]:
        """What a function returns, as far as it says so."""
        name = getattr(function, "name", "")
        said = self._annotated(getattr(function, "returns", None), f"{name}()")
        things = said or [
            one for value in self._ending(function) for one in self._infer(value) or ()
        ]
        different = {identity(one): one for one in things if one.built or one.own or one.of}
        return [
            one._replace(sure=False, how=one.how if said else f"as {name}() returns it")
            for one in different.values()
        ]

    def _ending(self, function: ast.AST) -> List[ast.expr]:
        """What the return statements of a function give; nothing for a generator."""
        if self._returns is None:
            self._returns, generators = {}, self._generators
            for node in self._ends:
                home: Optional[ast.AST] = node
                while home is not None and not isinstance(home, (*Function, ast.Lambda)):
                    home = self._parent.get(home)
                if home is None:
                    continue
                if not isinstance(node, ast.Return):
                    generators.add(home)
                elif node.value is not None and not is_none(node.value):
                    self._returns.setdefault(home, []).append(node.value)
            for home in generators:
                self._returns.pop(home, None)
        return self._returns.get(function, [])

    def is_generator(self, function: ast.AST) -> bool:
        """Whether a function of the file has a yield of its own."""
        self._ending(function)
        return function in self._generators

    def _parts(self, function: ast.AST) -> List[List[Thing]]:
        """What a function returns in each place of a tuple."""
        tuples = [one.elts for one in self._ending(function) if isinstance(one, ast.Tuple)]
        if not tuples or len({len(one) for one in tuples}) > 1:
            return []
        name = getattr(function, "name", "")
        return [
            [
                one._replace(sure=False, how=f"as {name}() returns it")
                for value in values
                for one in self._infer(value) or ()
            ]
            for values in zip(*tuples)
        ]

    def _assignments(self) -> Dict[ast.ClassDef, Dict[str, List[Any]]]:
        """What the bodies of classes and their methods assign to attributes.

        A value, or an ``ast.arg`` with the annotation where there is no value.
        """
        # Built when first asked for: many files use no attribute of their own classes.
        if self._assigned is None:
            self._assigned = {}
            for node in self._statements:
                home = None if is_none(node.value) else self.class_around(node)
                if home is None:
                    continue
                told: Any = node.value
                if told is None and isinstance(node, ast.AnnAssign):
                    told = ast.arg("", node.annotation)
                own = self._assigned.setdefault(home, {})
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                for target, value in (pair for one in targets for pair in _paired(one, told)):
                    if isinstance(target, ast.Name) and self._parent[node] is home:
                        own.setdefault(target.id, []).append(value)
                    elif (
                        isinstance(target, ast.Attribute)
                        and isinstance(target.value, ast.Name)
                        and target.value.id == "self"
                    ):
                        own.setdefault(target.attr, []).append(value)
        return self._assigned

    def class_around(self, node: ast.AST) -> Optional[ast.ClassDef]:
        """The innermost class in which a node stands."""
        inside: Optional[ast.AST] = node
        while inside is not None and not isinstance(inside, ast.ClassDef):
            inside = self._parent.get(inside)
        return inside


def _paired(target: ast.expr, value: Any) -> List[Tuple[ast.expr, Any]]:
    """The targets of an assignment, each with what it gets: ``self.a, self.b = build()``."""
    if not isinstance(target, (ast.Tuple, ast.List)):
        return [(target, value)]
    if any(isinstance(one, ast.Starred) for one in target.elts):
        return []
    if isinstance(value, ast.Call):
        parts: List[ast.expr] = [
            ast.Subscript(value, ast.Constant(place), ast.Load())
            for place in range(len(target.elts))
        ]
    else:
        parts = value.elts if isinstance(value, (ast.Tuple, ast.List)) else []
    return list(zip(target.elts, parts)) if len(parts) == len(target.elts) else []
