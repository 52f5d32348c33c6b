"""Things: what an expression stands for, as far as its file shows it.

``binding`` says what may be bound to a name. This module follows it to torch: through aliases, what
is built from a class, what a function returns, and ``self.x`` in a class of the reader's files. A
thing is not *sure* where several bindings disagree, or where the value comes from an attribute, an
annotation or a function of the reader.
"""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Protocol, Set

from torch_history.code.binding import Binding, Bindings, Origin
from torch_history.code.definitions import Definitions, Function
from torch_history.code.names import (
    MAKERS,
    MODULE,
    NEUTRAL_BASES,
    NO_TENSORS,
    ONLY_TENSORS,
    PASSED_THROUGH,
    SAME_MODULE,
    SEVERAL_OUTPUTS,
    TELLING,
    TENSOR,
    TENSOR_ATTRIBUTES,
    TUPLES,
    ancestors,
    canonical,
)
from torch_history.code.own import Own, Thing, identity
from torch_history.code.parsing import is_none, text_of


class Lineage(NamedTuple):
    """A class of the reader's files and what it comes from."""

    classes: List[Own]  # itself and its bases in the reader's files
    bases: List[Thing]  # its bases in torch
    whole: bool  # whether these are all


class Lookup(Protocol):
    """What answers for the reader's other files: see ``project``."""

    def lookup(self, file: Path, name: str) -> Optional[List[Thing]]:
        """What an import stands for there; None where it leads elsewhere."""

    def names(self, file: Path, module: str) -> Dict[str, List[Thing]]:
        """What ``from module import *`` brings."""


Found = Optional[List[Thing]]  # None: it says nothing, as x = None, or is not known yet


class Things:
    """What the expressions of one file stand for."""

    def __init__(
        self, bindings: Bindings, project: Optional[Lookup] = None, file: Optional[Path] = None
    ) -> None:
        self._project, self._file = project, file
        self._strings = bindings.strings
        self._definitions = Definitions(bindings, self.infer, self._annotated)
        self.is_generator = self._definitions.is_generator
        self._parent = bindings.parent
        self._bindings = bindings.read
        self._attributes = bindings.attributes
        self._called: Optional[Dict[int, Set[str]]] = None
        self._known: Dict[object, Found] = {}
        self._running: Set[object] = set()  # questions that are being answered
        self._asked: Set[object] = set()  # those of them that were asked again meanwhile
        self._early: List[object] = []  # what was found unknown meanwhile

    def close(self) -> None:
        """Let go of the tree, and of what was found."""
        self._definitions.close()
        self.__dict__.clear()

    def infer(self, node: Optional[ast.expr]) -> Found:
        """What an expression may stand for: empty where unknown, None within its own question."""
        rule = RULES.get(node.__class__)
        if rule is None or node is None:
            return []
        bindings = self._bindings.get(node)
        # A name stands for the same wherever it is read in its scope.
        # The id stays unique: the list lives as long as `_bindings`.
        key: object = node if bindings is None else id(bindings)
        if key in self._running:
            self._asked.add(key)
        elif key not in self._known:
            self._running.add(key)
            found = self._known[key] = rule(self, node)
            self._running.discard(key)
            self._asked.discard(key)
            self._settle(key, found)
        return self._known.get(key)

    def _settle(self, key: object, found: Found) -> None:
        """Keep what was found, or ask again later where a question that is open may change it."""
        # In a circle (`a = b`, `b = a`, `a = opt`), b seems unknown while a is open. Only when no
        # question is open does unknown mean unknown.
        if self._asked and not found:
            self._known[key] = None
            self._early.append(key)
        elif not self._asked:
            for one in self._early:
                self._known[one] = []
                if found:
                    del self._known[one]
            self._early = []

    def referred(self, node: ast.expr) -> List[Thing]:
        """What a name or an attribute itself refers to, for an attribute of a tensor too."""
        if isinstance(node, ast.Attribute):
            bases = self.infer(node.value) or ()
            return [one for base in bases for one in self._members(base, node.attr)]
        return self.infer(node) or []

    def lineage(self, own: Own) -> Lineage:
        """A class of the reader's files and its bases."""
        classes, bases, whole = own.line()
        torch = [one for one in bases if one.name.startswith("torch.")]
        neutral = all(one in torch or one.name in NEUTRAL_BASES for one in bases)
        return Lineage(classes, torch, whole and neutral)

    def top(self, node: ast.AST) -> List[Thing]:
        """What a definition, or the value of an assignment, at the top of the file stands for."""
        if isinstance(node, ast.expr):
            return self.infer(node) or []
        return self._definitions.thing(node) or []

    def imported(self, full: str) -> List[Thing]:
        """What an import of a full name stands for."""
        if full.startswith("torch.") or full == "torch":
            return [Thing(canonical(full))]
        if self._project is not None and self._file is not None:
            found = self._project.lookup(self._file, full)
            if found is not None:
                return found
        return [] if full.startswith(".") else [Thing(full)]

    # ---- names

    def _name(self, node: ast.Name) -> List[Thing]:
        bound = [self._bound(binding, node.id) for binding in self._bindings.get(node, ())]
        found = [one for one in bound if one is not None]
        agree = len({tuple(map(identity, one)) for one in found}) <= 1
        things = [thing if agree else thing._replace(sure=False) for one in found for thing in one]
        if not things:
            return self._guessed(node)
        # Of equal things the first binding is kept, in the order of the file.
        return list({identity(thing): thing for thing in reversed(things)}.values())[::-1]

    def _guessed(self, node: ast.Name) -> List[Thing]:
        """What the methods that are called of a name say that it is."""
        if self._called is None:
            self._called = {}
            for one in self._attributes:
                value = one.value
                # a.div(b).fmod(c): what a method of `a` returns is a tensor, so `a` is one.
                if (
                    isinstance(value, ast.Call)
                    and isinstance(value.func, ast.Attribute)
                    and one.attr in ONLY_TENSORS
                ):
                    value = value.func.value
                bound = self._bindings.get(value)
                if bound:
                    self._called.setdefault(id(bound), set()).add(one.attr)
        methods = self._called.get(id(self._bindings.get(node)), set())
        for name, needed in TELLING:
            told = next((one for one in needed if one <= methods), None)
            if told:
                how = f"by {' and '.join(f'{node.id}.{one}' for one in sorted(told))}"
                return [Thing(name, True, False, how, guessed=True)]
        return []

    def _bound(self, binding: Binding, name: str) -> Found:
        """What a binding puts into a name; None where it says nothing: ``x = None``, ``x += 1``."""
        origin, full, node = binding
        if origin is Origin.STAR:
            if full.split(".")[0] == "torch":
                return [Thing(canonical(f"{full}.{name}"))]
            theirs = self._project.names(self._file, full) if self._project and self._file else {}
            return theirs.get(name, [])
        if origin is Origin.IMPORT:
            return self.imported(full)
        if isinstance(node, ast.arg):
            return self._argument(node, name)
        return self._stored(node) if isinstance(node, ast.Name) else self._definitions.thing(node)

    def _stored(self, node: ast.Name) -> Found:
        """What an assignment, a loop or a ``with`` puts into a name."""
        parent = self._parent[node]
        if isinstance(parent, (ast.Assign, ast.NamedExpr)):
            return None if is_none(parent.value) else self._since(parent.value)
        if isinstance(parent, ast.AnnAssign):
            value = self._since(parent.value) if parent.value else None
            return value or self._annotated(parent.annotation, node.id)
        if isinstance(parent, ast.AugAssign):
            return None
        if isinstance(parent, ast.withitem):
            return self.infer(parent.context_expr)
        if isinstance(parent, (ast.For, ast.comprehension)):
            return self._parameters(parent.iter, "parameters")
        return self._unpacked(parent, node) if isinstance(parent, ast.Tuple) else []

    def _since(self, value: ast.expr) -> Found:
        things = self.infer(value)
        return things and [
            one._replace(how=one.how or f"since line {value.lineno}") if one.built else one
            for one in things
        ]

    def _unpacked(self, names: ast.Tuple, node: ast.Name) -> Found:
        statement, place = self._parent[names], names.elts.index(node)
        if (
            isinstance(statement, ast.Assign)
            and isinstance(statement.value, ast.Tuple)
            and len(statement.value.elts) == len(names.elts)
        ):
            return self._since(statement.value.elts[place])
        if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Call):
            tensors = self._tuple_of_tensors(statement.value)
            if tensors:
                return tensors
            return self._part(statement.value, place)
        if isinstance(statement, (ast.For, ast.comprehension)) and place == 1:
            return self._parameters(statement.iter, "named_parameters")
        return []

    def _part(self, call: ast.Call, place: int) -> List[Thing]:
        """What a function of the reader returns at a place of a tuple."""
        makers = [one.maker for one in self.infer(call.func) or () if one.maker]
        parts = [maker.parts() for maker in makers]
        return [one for part in parts if 0 <= place < len(part) for one in part[place]]

    def _tuple_of_tensors(self, call: ast.Call) -> List[Thing]:
        """What each place of ``values, indices = x.topk(3)`` gets."""
        return [
            Thing(TENSOR, True, one.sure, f"from {text_of(call)}")
            for one in self.infer(call.func) or ()
            if one.name.rpartition(".")[2] in TUPLES
            and one.name.rpartition(".")[0] in ("torch", TENSOR)
        ]

    def _parameters(self, iterated: ast.expr, method: str) -> List[Thing]:
        """What a loop over ``model.parameters()`` gives."""
        if not isinstance(iterated, ast.Call):
            return []
        return [
            Thing("torch.nn.Parameter", True, one.sure, f"of {text_of(iterated)}")
            for one in self.infer(iterated.func) or ()
            if one.of
            and one.name.endswith(f".{method}")
            and MODULE in ancestors(one.name.rpartition(".")[0])
        ]

    def _argument(self, node: ast.arg, name: str) -> List[Thing]:
        arguments = self._parent[node]
        if not isinstance(arguments, ast.arguments):
            return []
        function = self._parent[arguments]
        owner = self._parent[function]
        first = (arguments.posonlyargs + arguments.args)[:1]
        if isinstance(owner, ast.ClassDef) and isinstance(function, Function) and node in first:
            # By its place and not by the name `self`, which is only a convention.
            marks = {one.id for one in function.decorator_list if isinstance(one, ast.Name)}
            if "staticmethod" not in marks:
                return [
                    Thing(
                        owner.name,
                        built="classmethod" not in marks,
                        own=self._definitions.own(owner),
                    )
                ]
        if node in (arguments.vararg, arguments.kwarg):
            return []
        return self._annotated(node.annotation, name)

    def _annotated(self, annotation: Optional[ast.expr], name: str) -> List[Thing]:
        """What an annotation says: a class, ``Optional[...]`` or ``... | None`` of it."""
        annotation = self._strings.get(annotation, annotation) if annotation else None
        if isinstance(annotation, ast.Subscript) and text_of(annotation.value).endswith(
            ("Optional", "Annotated", "Final")
        ):
            inner = annotation.slice
            return self._annotated(inner.elts[0] if isinstance(inner, ast.Tuple) else inner, name)
        if isinstance(annotation, ast.Subscript) and text_of(annotation.value).endswith("Union"):
            several = annotation.slice
            parts = several.elts if isinstance(several, ast.Tuple) else [several]
            return [one for part in parts for one in self._annotated(part, name)]
        if isinstance(annotation, ast.BinOp):
            return self._annotated(annotation.left, name) + self._annotated(annotation.right, name)
        if not isinstance(annotation, (ast.Name, ast.Attribute)):
            return []
        return [
            one._replace(built=True, sure=False, how=f"by the annotation of {name}")
            for one in self.infer(annotation) or ()
            if one.is_class or one.own
        ]

    # ---- attributes

    def _attribute(self, node: ast.Attribute) -> List[Thing]:
        return [
            Thing(
                TENSOR,
                True,
                one.sure and TENSOR in ancestors(one.name.rpartition(".")[0]),
                f"as {text_of(node)}",
                guessed=one.of is not None and one.of.guessed,
            )
            if _is_tensor_attribute(one)
            else one
            for one in self.referred(node)
        ]

    def _members(self, base: Thing, attribute: str) -> List[Thing]:
        """What an attribute of a thing is."""
        if base.maker:
            return []
        if base.own is None:
            name = f"{base.name}.{attribute}"
            if base.built:
                return [Thing(name, sure=base.sure, of=base)]
            if name.startswith("torch."):
                return [Thing(canonical(name), sure=base.sure)]
            return self.imported(name)
        lineage = self.lineage(base.own)
        for one in lineage.classes:
            given = one.attribute(attribute)
            if given is not None:
                return given
            if attribute in one.methods:
                return []
        # An unknown base may define the attribute itself.
        sure = base.sure and lineage.whole
        return [
            Thing(f"{one.name}.{attribute}", sure=sure, of=base)
            for one in lineage.bases
            if base.built
        ]

    # ---- calls and operators

    def _call(self, node: ast.Call) -> List[Thing]:
        if isinstance(node.func, ast.Name) and node.func.id == "super":
            return self._super(node)
        if isinstance(node.func, ast.Name) and node.func.id == "getattr":
            return self.got(node)
        return [thing for one in self.infer(node.func) or () for thing in self._result(one, node)]

    def got(self, node: ast.Call) -> List[Thing]:
        """What ``getattr(torch, "name")`` gives."""
        if len(node.args) < 2 or not isinstance(node.args[1], ast.Constant):
            return []
        name = node.args[1].value
        if not isinstance(name, str) or not name.isidentifier():
            return []
        return [one for base in self.infer(node.args[0]) or () for one in self._members(base, name)]

    def _super(self, node: ast.Call) -> List[Thing]:
        home = self._definitions.class_around(node)
        return [
            one._replace(built=True, how=f"as base of {home.name}")
            for base in (home.bases if home else ())
            for one in self.infer(base) or ()
            if home
        ]

    def _result(self, called: Thing, node: ast.Call) -> List[Thing]:
        """What calling a thing gives."""
        home, _, last = called.name.rpartition(".")
        if called.maker:
            return called.maker.results()
        if called.of:
            if TENSOR in ancestors(home):
                made = _tensor_from(node, called.sure)._replace(guessed=called.of.guessed)
                return [] if last in NO_TENSORS else [made]
            return [called.of] if MODULE in ancestors(home) and last in SAME_MODULE else []
        if called.built:
            bases = self.lineage(called.own).bases if called.own else [called]
            # A class of the file has its own forward, which may return anything.
            sure = called.sure and called.own is None and last not in SEVERAL_OUTPUTS
            is_module = any(MODULE in ancestors(one.name) for one in bases)
            return [_tensor_from(node, sure)] if is_module else []
        if called.own or called.is_class:
            return [called._replace(built=True, how="")]
        if called.name in PASSED_THROUGH and node.args:
            return self.infer(node.args[0]) or []
        makes = home == "torch.nn.functional" or (home == "torch" and last in MAKERS)
        return [_tensor_from(node, called.sure)] if makes else []

    def _binop(self, node: ast.BinOp) -> List[Thing]:
        for side in (node.left, node.right):
            tensors = self._tensors(side)
            if tensors:
                return tensors[:1]
        return []

    def _subscript(self, node: ast.Subscript) -> List[Thing]:
        tensors = self._tensors(node.value)
        if tensors or not isinstance(node.value, ast.Call):
            return tensors
        place = node.slice.value if isinstance(node.slice, ast.Constant) else None
        # A part of a tuple, as of x.topk(3)[1] or build()[1].
        return self._tuple_of_tensors(node.value) or (
            self._part(node.value, place) if isinstance(place, int) else []
        )

    def _tensors(self, node: ast.expr) -> List[Thing]:
        """The tensors that an expression may stand for, each as a plain one."""
        return [
            one._replace(name=TENSOR)
            for one in self.infer(node) or ()
            if one.built and TENSOR in ancestors(one.name)
        ]

    def _ifexp(self, node: ast.IfExp) -> List[Thing]:
        sides = [side for side in (node.body, node.orelse) if not is_none(side)]
        return [
            one._replace(sure=one.sure and len(sides) == 1)
            for side in sides
            for one in self.infer(side) or ()
        ]

    def _unaryop(self, node: ast.UnaryOp) -> List[Thing]:
        return self.infer(node.operand) or []

    def _namedexpr(self, node: ast.NamedExpr) -> List[Thing]:
        return self.infer(node.value) or []


RULES: Dict[type, Callable[[Things, Any], Found]] = {
    ast.Name: Things._name,
    ast.Attribute: Things._attribute,
    ast.Call: Things._call,
    ast.BinOp: Things._binop,
    ast.Subscript: Things._subscript,
    ast.IfExp: Things._ifexp,
    ast.UnaryOp: Things._unaryop,
    ast.NamedExpr: Things._namedexpr,
}


def _tensor_from(node: ast.Call, sure: bool) -> Thing:
    return Thing(TENSOR, True, sure, f"from {text_of(node)}")


def _is_tensor_attribute(thing: Thing) -> bool:
    if thing.of is None:
        return False
    home, _, last = thing.name.rpartition(".")
    return (last in TENSOR_ATTRIBUTES and TENSOR in ancestors(home)) or (
        last in ("weight", "bias") and MODULE in ancestors(home)
    )
