"""Uses: which of torch's APIs a piece of source uses, and where. The source is parsed, never imported.

``binding`` says what may stand behind a name. What stands here follows it to torch: aliases, what is built from a class, what a method
returns, ``self.x`` in a class of the file. Where several bindings disagree, or the way leads over an attribute or an annotation, a use is
not *sure*.
"""

from __future__ import annotations

import ast
from typing import Dict, Iterator, List, NamedTuple, Optional, Set, Tuple

from pyflakes import checker

from torch_history.code.binding import Binder
from torch_history.code.names import (
    DISTINCTIVE,
    LOSSES,
    MAKERS,
    MODULE,
    NEUTRAL_BASES,
    NO_TENSORS,
    PASSED_THROUGH,
    SAME_MODULE,
    SEVERAL_OUTPUTS,
    TENSOR,
    TENSOR_ATTRIBUTES,
    ancestors,
    canonical,
)


class Thing(NamedTuple):
    """What an expression stands for: an API of torch, a class of the file, or (built) an object of one of these."""

    name: str
    built: bool = False
    sure: bool = True
    how: str = ""
    own: Optional[ast.ClassDef] = None
    of: Optional[Thing] = None  # the object whose attribute or method it is

    @property
    def is_class(self) -> bool:
        return self.own is None and self.of is None and self.name.rpartition(".")[2][:1].isupper()


class Use(NamedTuple):
    """One place that uses an API."""

    line: int
    names: List[
        Tuple[str, str]
    ]  # the API and its relation: itself, base (of a class), like (another name of the same), unknown
    sure: bool
    why: str
    call: Optional[ast.Call]
    first: int  # the place of its first argument: 1 where the object itself is handed over, Optimizer.zero_grad(opt)
    passed: bool  # named without a call: what it will be called with is not known
    guarded: bool  # what it raises is caught here


def names_of(thing: Thing) -> Iterator[Tuple[str, str]]:
    """The names under which the behaviours may know what is used, with their relation."""
    home, _, last = thing.name.rpartition(".")
    if thing.of:
        for one in ancestors(home):
            yield f"{one}.{last}", "itself"
            if one == TENSOR:
                yield f"torch.{last}", "like"
    elif thing.is_class:
        for one in ancestors(thing.name):
            yield one, "itself" if one == thing.name else "base"
        if home == "torch.nn" and last in LOSSES:
            yield f"torch.nn.functional.{LOSSES[last]}", "like"
    else:
        yield thing.name, "itself"
        if home == "torch":
            yield f"{TENSOR}.{last}", "like"


class Source:
    """One parsed file."""

    def __init__(self, tree: ast.Module) -> None:
        binder = Binder(tree)
        self._parent, self._bindings, self._annotations = (
            binder.parent,
            binder.read,
            binder.annotations,
        )
        self._attributes, self._statements = binder.attributes, binder.assignments
        vars(
            binder
        ).clear()  # it holds itself; without it, what stands here is freed without the garbage collector
        self._known: Dict[object, Optional[List[Thing]]] = {}
        self._running: set = set()  # questions that are being answered
        self._asked: set = set()  # those of them that were asked again meanwhile
        self._early: List[object] = []  # what was found unknown meanwhile
        self._assigned: Optional[Dict[Tuple[ast.ClassDef, str], List[ast.expr]]] = None

    def uses(self, wanted: Dict[str, object], words: Set[str]) -> Iterator[Use]:
        """Every use of a wanted API, in no order; ``words`` are its ``words_of``."""
        for node in self._attributes:
            if node.attr in words or node.attr[:1].isupper():
                yield from self._uses_by(node, wanted)
        for node in self._bindings:
            if not isinstance(self._parent[node], ast.Attribute) and self._infer(node):
                yield from self._uses_by(node, wanted)

    def _uses_by(self, node: ast.expr, wanted: Dict[str, object]) -> Iterator[Use]:
        parent = self._parent[node]
        call = parent if isinstance(parent, ast.Call) and parent.func is node else None
        given = self._with_known_keys(call) if call else self._partial(node, parent)
        things = self._referred(node)
        for thing in things:
            inner = isinstance(parent, ast.Attribute) or (
                isinstance(parent, ast.Assign) and node in parent.targets
            )
            if not thing.of and (
                call is None and (inner or _is_alias(parent) or self._in_annotation(node))
            ):
                continue
            if thing.built or thing.own:
                continue
            names = [(name, relation) for name, relation in names_of(thing) if name in wanted]
            if names:
                passed = call is None and not thing.of and not isinstance(parent, ast.ClassDef)
                first = int(
                    thing.of is None
                    and not thing.is_class
                    and thing.name.split(".")[-2][:1].isupper()
                )
                yield Use(
                    node.end_lineno,
                    names,
                    thing.sure,
                    self._why(node, thing, call, parent),
                    given,
                    first,
                    passed,
                    self._guarded(node),
                )
        if (
            call is not None
            and not things
            and isinstance(node, ast.Attribute)
            and node.attr in DISTINCTIVE
            and self._is_unknown(node)
        ):
            names = [
                (f"{one}.{node.attr}", "unknown")
                for one in DISTINCTIVE[node.attr]
                if f"{one}.{node.attr}" in wanted
            ]
            if names:
                yield Use(
                    node.end_lineno,
                    names,
                    False,
                    f"{_text(node.value)} is not known; {node.attr}() is a method of "
                    f"{' and '.join(DISTINCTIVE[node.attr])}",
                    call,
                    0,
                    False,
                    self._guarded(node),
                )

    def _why(self, node: ast.expr, thing: Thing, call: Optional[ast.Call], parent: ast.AST) -> str:
        home, _, last = thing.name.rpartition(".")
        if thing.of:
            what = f"{thing.of.name}, a {home}" if thing.of.own else home
            return f"{_text(getattr(node, 'value', node))} is {what}{thing.of.how and ' ' + thing.of.how}; {last}{'()' if call else ''}"
        if isinstance(parent, ast.ClassDef):
            return f"class {parent.name} is a subclass of {thing.name}"
        return f"{thing.name}{'()' if call else ' is passed on'}"

    # ---- what an expression stands for

    def _infer(self, node: Optional[ast.expr]) -> Optional[List[Thing]]:
        """What an expression may stand for: empty where unknown, None while this very question is being answered."""
        rule = RULES.get(node.__class__)
        if rule is None:
            return []
        bindings = self._bindings.get(node)
        key = (
            node if bindings is None else id(bindings)
        )  # a name stands for the same wherever it is read in its scope
        if key in self._running:
            self._asked.add(key)
        elif key not in self._known:
            self._running.add(key)
            found = self._known[key] = rule(self, node)
            self._running.discard(key)
            self._asked.discard(key)
            if self._asked and not found:  # it may be known once the open question is answered
                self._known[key] = None
                self._early.append(key)
            elif not self._asked:
                for one in self._early:
                    self._known[one] = []
                    if found:
                        del self._known[one]
                self._early = []
        return self._known.get(key)

    def _referred(self, node: ast.expr) -> List[Thing]:
        """What a name or attribute itself refers to, an attribute of a tensor too."""
        if isinstance(node, ast.Attribute):
            return [
                one
                for base in self._infer(node.value) or ()
                for one in self._members(base, node.attr)
            ]
        return self._infer(node) or []

    def _name(self, node: ast.Name) -> List[Thing]:
        found = [self._bound(binding, node.id) for binding in self._bindings.get(node, ())]
        found = [one for one in found if one is not None]
        agree = (
            len({tuple((thing.name, thing.built, thing.own) for thing in one) for one in found})
            <= 1
        )
        things = [thing if agree else thing._replace(sure=False) for one in found for thing in one]
        return list(
            {(thing.name, thing.built, thing.own): thing for thing in reversed(things)}.values()
        )[::-1]

    def _bound(self, binding: checker.Binding, name: str) -> Optional[List[Thing]]:
        """What a binding puts into a name; None where it says nothing: ``x = None``, ``x += 1``."""
        node = binding.source
        if isinstance(binding, checker.StarImportation):
            return (
                [Thing(canonical(f"{binding.fullName}.{name}"))]
                if binding.fullName.startswith("torch")
                else []
            )
        if isinstance(binding, checker.SubmoduleImportation):
            return [Thing(binding.fullName.partition(".")[0])]
        if isinstance(binding, checker.Importation):
            return (
                [Thing(canonical(binding.fullName))] if not binding.fullName.startswith(".") else []
            )
        if isinstance(binding, checker.Argument):
            return self._argument(node, name)
        if isinstance(node, ast.ClassDef):
            return [Thing(node.name, own=node)]
        if not isinstance(node, ast.Name):
            return []
        parent = self._parent[node]
        if isinstance(parent, (ast.Assign, ast.NamedExpr)):
            return None if _is_none(parent.value) else self._since(parent.value)
        if isinstance(parent, ast.AnnAssign):
            return (
                self._annotated(parent.annotation, name)
                if parent.value is None
                else (self._since(parent.value) or self._annotated(parent.annotation, name))
            )
        if isinstance(parent, ast.AugAssign):
            return None
        if isinstance(parent, ast.withitem):
            return self._infer(parent.context_expr)
        if isinstance(parent, (ast.For, ast.comprehension)):
            return self._parameters(parent.iter, "parameters")
        if isinstance(parent, ast.Tuple):
            return self._unpacked(parent, node)
        return []

    def _since(self, value: ast.expr) -> Optional[List[Thing]]:
        things = self._infer(value)
        return things and [
            one._replace(how=one.how or f"since line {value.lineno}") if one.built else one
            for one in things
        ]

    def _unpacked(self, names: ast.Tuple, node: ast.Name) -> Optional[List[Thing]]:
        statement, place = self._parent[names], names.elts.index(node)
        if (
            isinstance(statement, ast.Assign)
            and isinstance(statement.value, ast.Tuple)
            and len(statement.value.elts) == len(names.elts)
        ):
            return self._since(statement.value.elts[place])
        if isinstance(statement, (ast.For, ast.comprehension)) and place == 1:
            return self._parameters(statement.iter, "named_parameters")
        return []

    def _parameters(self, iterated: ast.expr, method: str) -> List[Thing]:
        """What a loop over ``model.parameters()`` gives."""
        if not isinstance(iterated, ast.Call):
            return []
        return [
            Thing("torch.nn.Parameter", True, one.sure, f"of {_text(iterated)}")
            for one in self._infer(iterated.func) or ()
            if one.of
            and one.name.endswith(f".{method}")
            and MODULE in ancestors(one.name.rpartition(".")[0])
        ]

    def _argument(self, node: ast.arg, name: str) -> List[Thing]:
        arguments = self._parent[node]
        function = self._parent[arguments]
        owner = self._parent[function]
        if isinstance(owner, ast.ClassDef) and node in (arguments.posonlyargs + arguments.args)[:1]:
            marks = {one.id for one in function.decorator_list if isinstance(one, ast.Name)}
            if "staticmethod" not in marks:
                return [Thing(owner.name, built="classmethod" not in marks, own=owner)]
        return (
            self._annotated(node.annotation, name)
            if node not in (arguments.vararg, arguments.kwarg)
            else []
        )

    def _annotated(self, annotation: Optional[ast.expr], name: str) -> List[Thing]:
        """What an annotation says: a class, ``Optional[...]`` or ``... | None`` of it."""
        if isinstance(annotation, ast.Subscript) and _text(annotation.value).endswith("Optional"):
            return self._annotated(annotation.slice, name)
        if isinstance(annotation, ast.BinOp):
            return self._annotated(annotation.left, name) + self._annotated(annotation.right, name)
        if not isinstance(annotation, (ast.Name, ast.Attribute)):
            return []
        return [
            one._replace(built=True, sure=False, how=f"by the annotation of {name}")
            for one in self._infer(annotation) or ()
            if one.is_class or one.own
        ]

    def _attribute(self, node: ast.Attribute) -> List[Thing]:
        return [
            Thing(
                TENSOR,
                True,
                one.sure and TENSOR in ancestors(one.name.rpartition(".")[0]),
                f"as {_text(node)}",
            )
            if _is_tensor_attribute(one)
            else one
            for one in self._referred(node)
        ]

    def _members(self, base: Thing, attribute: str) -> List[Thing]:
        if base.own is None:
            name = f"{base.name}.{attribute}"
            return [
                Thing(name, sure=base.sure, of=base)
                if base.built
                else Thing(canonical(name), sure=base.sure)
            ]
        classes, bases, whole = self._lineage(base.own)
        for one in classes:
            if any(
                isinstance(item, (ast.FunctionDef, ast.AsyncFunctionDef)) and item.name == attribute
                for item in one.body
            ):
                return []
            values = self._assignments().get((one, attribute))
            if values:
                found = [thing for value in values for thing in self._infer(value) or ()]
                return [
                    thing._replace(
                        sure=False, how=thing.how or f"by an assignment in class {one.name}"
                    )
                    for thing in found
                ]
        sure = base.sure and whole
        return [Thing(f"{one.name}.{attribute}", sure=sure, of=base) for one in bases if base.built]

    def _lineage(
        self, cls: ast.ClassDef, seen: Tuple[ast.ClassDef, ...] = ()
    ) -> Tuple[List[ast.ClassDef], List[Thing], bool]:
        """A class and its bases in the file, its bases in torch, and whether that is all."""
        classes, bases, whole = [cls], [], True
        for node in cls.bases:
            things = [one for one in self._infer(node) or () if one.own not in (cls, *seen)]
            whole = (whole and bool(things)) or _text(node) == "object"
            for one in things:
                if one.own:
                    more = self._lineage(one.own, (cls, *seen))
                    classes, bases, whole = classes + more[0], bases + more[1], whole and more[2]
                elif one.name.startswith("torch."):
                    bases.append(one)
                else:
                    whole = whole and one.name in NEUTRAL_BASES
        return classes, bases, whole

    def _assignments(self) -> Dict[Tuple[ast.ClassDef, str], List[ast.expr]]:
        """What the bodies of classes and their methods assign to attributes."""
        if self._assigned is None:
            self._assigned = {}
            for node in self._statements:
                if node.value is None or _is_none(node.value):
                    continue
                home = node
                while home is not None and not isinstance(home, ast.ClassDef):
                    home = self._parent.get(home)
                for target in (
                    (node.targets if isinstance(node, ast.Assign) else [node.target])
                    if home
                    else ()
                ):
                    if isinstance(target, ast.Name) and self._parent[node] is home:
                        self._assigned.setdefault((home, target.id), []).append(node.value)
                    elif (
                        isinstance(target, ast.Attribute)
                        and isinstance(target.value, ast.Name)
                        and target.value.id == "self"
                    ):
                        self._assigned.setdefault((home, target.attr), []).append(node.value)
        return self._assigned

    def _call(self, node: ast.Call) -> List[Thing]:
        if isinstance(node.func, ast.Name) and node.func.id == "super":
            return self._super(node)
        return [thing for one in self._infer(node.func) or () for thing in self._result(one, node)]

    def _super(self, node: ast.AST) -> List[Thing]:
        while node is not None and not isinstance(node, ast.ClassDef):
            node = self._parent.get(node)
        bases = (
            [one for base in node.bases for one in self._infer(base) or ()]
            if node is not None
            else []
        )
        return [one._replace(built=True, how=f"as base of {node.name}") for one in bases]

    def _result(self, called: Thing, node: ast.Call) -> List[Thing]:
        """What calling a thing gives."""
        home, _, last = called.name.rpartition(".")
        if called.of:
            if TENSOR in ancestors(home):
                return (
                    []
                    if last in NO_TENSORS
                    else [Thing(TENSOR, True, called.sure, f"from {_text(node)}")]
                )
            return [called.of] if MODULE in ancestors(home) and last in SAME_MODULE else []
        if called.built:
            bases = self._lineage(called.own)[1] if called.own else [called]
            is_module = any(MODULE in ancestors(one.name) for one in bases)
            sure = called.sure and called.own is None and last not in SEVERAL_OUTPUTS
            return [Thing(TENSOR, True, sure, f"from {_text(node)}")] if is_module else []
        if called.own or called.is_class:
            return [called._replace(built=True, how="")]
        if called.name in PASSED_THROUGH and node.args:
            return self._infer(node.args[0]) or []
        if home == "torch.nn.functional" or (home == "torch" and last in MAKERS):
            return [Thing(TENSOR, True, called.sure, f"from {_text(node)}")]
        return []

    def _binop(self, node: ast.BinOp) -> List[Thing]:
        for side in (node.left, node.right):
            tensors = [
                one
                for one in self._infer(side) or ()
                if one.built and TENSOR in ancestors(one.name)
            ]
            if tensors:
                return [tensors[0]._replace(name=TENSOR)]
        return []

    def _subscript(self, node: ast.Subscript) -> List[Thing]:
        return [
            one._replace(name=TENSOR)
            for one in self._infer(node.value) or ()
            if one.built and TENSOR in ancestors(one.name)
        ]

    def _ifexp(self, node: ast.IfExp) -> List[Thing]:
        sides = [side for side in (node.body, node.orelse) if not _is_none(side)]
        return [
            one._replace(sure=one.sure and len(sides) == 1)
            for side in sides
            for one in self._infer(side) or ()
        ]

    def _with_known_keys(self, call: ast.Call) -> ast.Call:
        """A call with the keywords besides that its ``**options`` hold, as far as the file shows."""
        keys = [key for one in call.keywords if one.arg is None for key in self._keys(one.value)]
        return (
            ast.Call(
                func=call.func, args=call.args, keywords=[*call.keywords, *map(ast.keyword, keys)]
            )
            if keys
            else call
        )

    def _keys(self, node: ast.expr) -> Set[str]:
        """The keys that a dictionary is made with: ``{"a": 1}``, ``dict(a=1)``, or a name that is bound to such alone."""
        if isinstance(node, ast.Name):
            parents = [self._parent.get(binding.source) for binding in self._bindings.get(node, ())]
            values = [
                getattr(parent, "value", None)
                for parent in parents
                if isinstance(parent, (ast.Assign, ast.AnnAssign))
            ]
            made = [
                self._keys(value) for value in values if isinstance(value, (ast.Dict, ast.Call))
            ]
            return set.intersection(*made) if made and len(made) == len(parents) else set()
        if isinstance(node, ast.Dict):
            return {
                key.value
                for key in node.keys
                if isinstance(key, ast.Constant) and isinstance(key.value, str)
            }
        is_dict = (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id == "dict"
        )
        return {one.arg for one in node.keywords if one.arg} if is_dict else set()

    def _partial(self, node: ast.expr, parent: ast.AST) -> Optional[ast.Call]:
        """The arguments that ``functools.partial(node, ...)`` gives, as a call."""
        if (
            isinstance(parent, ast.Call)
            and node in parent.args[:1]
            and [one.name for one in self._infer(parent.func) or ()] == ["functools.partial"]
        ):
            return ast.Call(func=node, args=parent.args[1:], keywords=parent.keywords)
        return None

    def _is_unknown(self, node: ast.Attribute) -> bool:
        """Whether nothing is known of the object: it is no class of the file that has the method, or that comes from nowhere else."""
        for base in self._infer(node.value) or ():
            if base.own is None or self._lineage(base.own)[2]:
                return False
            if any(
                getattr(item, "name", None) == node.attr
                for one in self._lineage(base.own)[0]
                for item in one.body
            ):
                return False
        return True

    def _in_annotation(self, node: ast.AST) -> bool:
        while node not in self._annotations and isinstance(
            self._parent[node], (ast.Subscript, ast.BinOp, ast.Tuple, ast.Attribute)
        ):
            node = self._parent[node]
        return node in self._annotations

    def _guarded(self, node: ast.AST) -> bool:
        """Whether an exception is caught: in ``try`` with handlers, or in ``with pytest.raises(...)``."""
        child, parent = node, self._parent[node]
        while parent is not None and not isinstance(
            parent, (ast.FunctionDef, ast.ClassDef, ast.Module)
        ):
            if isinstance(parent, ast.Try) and parent.handlers and child in parent.body:
                return True
            if isinstance(parent, ast.With) and any(
                _text(item.context_expr)
                .partition("(")[0]
                .rpartition(".")[2]
                .lower()
                .startswith(("raises", "assertraises", "suppress"))
                for item in parent.items
            ):
                return True
            child, parent = parent, self._parent.get(parent)
        return False


RULES = {
    ast.Name: Source._name,
    ast.Attribute: Source._attribute,
    ast.Call: Source._call,
    ast.BinOp: Source._binop,
    ast.Subscript: Source._subscript,
    ast.IfExp: Source._ifexp,
    ast.UnaryOp: lambda source, node: source._infer(node.operand) or [],
    ast.NamedExpr: lambda source, node: source._infer(node.value) or [],
}


def _is_none(node: Optional[ast.expr]) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _is_tensor_attribute(thing: Thing) -> bool:
    if thing.of is None:
        return False
    home, _, last = thing.name.rpartition(".")
    return (last in TENSOR_ATTRIBUTES and TENSOR in ancestors(home)) or (
        last in ("weight", "bias") and MODULE in ancestors(home)
    )


def _is_alias(parent: ast.AST) -> bool:
    return isinstance(parent, (ast.Assign, ast.AnnAssign))


def _text(node: ast.AST) -> str:
    """An expression as a person writes it, shortened."""
    words = node.id if isinstance(node, ast.Name) else ast.unparse(node)
    return words if len(words) <= 60 else words[:59] + "…"
