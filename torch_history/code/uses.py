"""Uses: which of torch's APIs a piece of source uses, and where. The source is never imported."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Container, Dict, Iterator, List, Optional, Tuple, Union

from torch_history.code import integers
from torch_history.code.binding import Origin, bindings
from torch_history.code.names import (
    DISTINCTIVE,
    MODULE,
    MODULE_NAMES,
    ONLY_TENSORS,
    TENSOR,
    ancestors,
    canonical,
)
from torch_history.code.own import Own, Thing
from torch_history.code.parsing import text_of
from torch_history.code.roles import Roles
from torch_history.code.things import Lookup, Things
from torch_history.code.use import Mention, Name, Relation, Use, hides, names_of
from torch_history.code.values import Values

OPERATORS = {
    ast.Add: "add",
    ast.Sub: "sub",
    ast.Mult: "mul",
    ast.Div: "truediv",
    ast.FloorDiv: "floordiv",
    ast.Mod: "mod",
    ast.Pow: "pow",
    ast.MatMult: "matmul",
}
WANTED_OPERATORS = [
    f"{TENSOR}.__{name}__"
    for operator in (*OPERATORS.values(), "getitem", "setitem")
    for name in (operator, f"r{operator}")
]


class Source:
    """One parsed file."""

    def __init__(
        self, tree: ast.Module, project: Optional[Lookup] = None, file: Optional[Path] = None
    ) -> None:
        found = bindings(tree)
        self._parent = found.parent
        self._attributes, self._bindings = found.attributes, found.read
        self._getattrs, self._imports = found.getattrs, found.imports
        self._modules, self._classes = found.modules, found.classes
        self._operators = found.operators
        self._things = Things(found, project, file)
        self._values = Values(found, self._things)
        self._roles = Roles(found, self._things, self._values)
        self.value = self._values.value
        self._mentions: List[Mention] = []

    def kind(self, node: ast.expr) -> str:
        """What an object was seen to be: nothing, because the source is not run."""
        return ""

    def mentions(self) -> List[Mention]:
        """Every name of torch in it; to be asked after ``uses``, which collects them."""
        imported = [
            Mention(name, line, list(names_of(Thing(name))))
            for name, line in ((canonical(full), node.lineno) for full, node in self._imports)
            if name.startswith("torch.")
        ]
        return self._mentions + imported

    def close(self) -> None:
        """Let go of the tree. What was said of it stays; nothing may be asked any more."""
        # Classes refer to the file and the file to its classes. Without this only the garbage
        # collector would free the tree.
        self._things.close()
        self.__dict__.clear()

    def uses(self, wanted: Container[str]) -> Iterator[Use]:
        """Every use of a wanted API, in no order."""
        for attribute in self._attributes:
            yield from self._uses_by(attribute, self._things.referred(attribute), wanted)
        for node in self._bindings:
            if not isinstance(self._parent[node], ast.Attribute):
                yield from self._uses_by(node, self._things.infer(node) or [], wanted)
        if any(operator in wanted for operator in WANTED_OPERATORS):
            for operation in self._operators:
                yield from self._operation(operation, wanted)
        for call in self._getattrs:
            yield from self._uses_by(call, self._things.got(call), wanted)
        yield from self._imported(wanted)
        for cls in self._classes:
            yield from self._overridden(cls, wanted)

    def _imported(self, wanted: Container[str]) -> Iterator[Use]:
        """The names and modules of torch that are imported, as the statement has them."""
        named: Dict[Tuple[str, ast.stmt], List[str]] = {}  # and what of a module is imported
        for full, node in (*self._imports, *self._modules):
            named[full, node] = []
        for full, node in self._imports:
            named.setdefault((full.rpartition(".")[0], node), []).append(full)
        for (full, node), parts in named.items():
            if full.startswith("torch.") and full in wanted:
                yield Use(
                    line=node.lineno,
                    column=node.end_col_offset or 0,
                    names=[Name(one, Relation.ITSELF) for one in (full, *parts)],
                    sure=True,
                    why=f"import of {full}",
                    call=None,
                    first=0,
                    roles=frozenset({"import"} | self._roles.around(node)),
                )

    def _overridden(self, cls: ast.ClassDef, wanted: Container[str]) -> Iterator[Use]:
        """The methods of a class of the reader that torch calls by the same name."""
        bases = [
            (one, thing)
            for one in cls.bases
            for thing in self._things.infer(one) or ()
            if thing.name.startswith("torch.") and thing.is_class
        ]
        methods = [one for one in cls.body if isinstance(one, ast.FunctionDef)]
        for method in methods if bases else ():
            for _, base in bases:
                name = f"{base.name}.{method.name}"
                if not method.name.startswith("__") and name in wanted:
                    yield Use(
                        line=method.lineno,
                        column=method.col_offset,
                        names=[Name(name, Relation.ITSELF)],
                        sure=base.sure,
                        why=f"{cls.name}.{method.name} in place of {name}",
                        call=None,
                        first=0,
                        roles=frozenset({"override"} | self._roles.around(cls)),
                        overrides=method.args,
                    )

    def _operation(
        self, node: Union[ast.BinOp, ast.AugAssign, ast.Subscript], wanted: Container[str]
    ) -> Iterator[Use]:
        """An operator between tensors: ``a / b`` is a call of ``Tensor.__truediv__``."""
        if isinstance(node, ast.Subscript):
            store = isinstance(node.ctx, ast.Store)
            sides: List[Tuple[str, ast.expr, ast.expr]] = [
                ("__setitem__" if store else "__getitem__", node.value, node.slice)
            ]
        else:
            name = OPERATORS.get(type(node.op))
            if name is None:
                return
            left = node.target if isinstance(node, ast.AugAssign) else node.left
            right = node.value if isinstance(node, ast.AugAssign) else node.right
            sides = [(f"__{name}__", left, right), (f"__r{name}__", right, left)]
        for method, one, other in sides:
            if method.startswith("__r") and not isinstance(other, ast.Constant):
                return  # what is not known may be a tensor, whose own operator is called
            api = f"{TENSOR}.{method}"
            things = self._things.infer(one) or () if api in wanted else ()
            tensor = next((it for it in things if it.built and TENSOR in ancestors(it.name)), None)
            if tensor is None and api in wanted:
                tensor = self._seeming(node, one, method)
            if tensor is None:
                continue
            roles = {"call"} | self._roles.around(node)
            if self._values.holds_integers(one) and not isinstance(_number(other), float):
                roles.add("integers")
            yield Use(
                line=one.end_lineno or node.lineno,
                column=one.end_col_offset or 0,
                names=[Name(api, Relation.ITSELF)],
                sure=tensor.sure,
                why=f"{text_of(node)}, where {text_of(one)} is a tensor",
                call=ast.Call(func=one, args=[other], keywords=[]),
                first=0,
                roles=frozenset(roles),
            )
            return

    def _seeming(self, node: ast.AST, one: ast.expr, method: str) -> Optional[Thing]:
        """A tensor where one seems to be: in ``(a // b).fmod(c)``, and in ``lengths // 2``.

        A name for several indices or lengths is no single number, and lists are not divided.
        """
        parent = self._parent[node]
        seems = isinstance(parent, ast.Attribute) and parent.attr in ONLY_TENSORS
        name = getattr(one, "id", getattr(one, "attr", ""))
        several = method == "__floordiv__" and name.rpartition("_")[2] in integers.SEVERAL
        known = self._things.infer(one)
        return (
            Thing(TENSOR, True, False, guessed=True) if seems or (several and not known) else None
        )

    def _uses_by(
        self, node: ast.expr, things: List[Thing], wanted: Container[str]
    ) -> Iterator[Use]:
        parent = self._parent[node]
        call = parent if isinstance(parent, ast.Call) and parent.func is node else None
        for thing in things:
            if thing.own and call and not thing.built:
                yield from self._constructor(node, thing, call, wanted)
            if thing.built or thing.own or thing.maker or not thing.name.startswith("torch."):
                continue
            if not thing.of and isinstance(parent, ast.Attribute):
                continue  # it only leads to an attribute
            names = list(names_of(thing))
            if _is_torchs(thing):
                self._mentions.append(Mention(thing.name, node.end_lineno or node.lineno, names))
            names = [name for name in names if name.api in wanted]
            if names:
                yield from self._use(node, thing, names, call, parent)
        if call is not None and not things and isinstance(node, ast.Attribute):
            yield from self._unknown(node, call, wanted)

    def _use(
        self,
        node: ast.expr,
        thing: Thing,
        names: List[Name],
        call: Optional[ast.Call],
        parent: ast.AST,
    ) -> Iterator[Use]:
        called = self._values.with_known_keys(call) if call else self._values.partial(node, parent)
        roles = self._roles.of(node, thing, call, parent)
        if not roles:
            return
        owner = "" if thing.of or thing.is_class else thing.name.rpartition(".")[0]
        yield Use(
            # In a chain over several lines, the last one has the method's name.
            line=node.end_lineno or node.lineno,
            column=node.end_col_offset or 0,
            names=names,
            sure=thing.sure,
            why=_why(node, thing, call, parent),
            call=called,
            first=int(owner.rpartition(".")[2].lstrip("_")[:1].isupper()),
            roles=roles
            | ({"hidden"} if called and hides(called) else set())
            | ({"bare"} if isinstance(node, ast.Name) else set())
            | ({"tried"} if self._is_tried(node) else set()),
        )

    def _is_tried(self, node: ast.expr) -> bool:
        """Whether it is read of a module whose import may fail, in ``try: import torch._six``."""
        root = node
        while isinstance(root, ast.Attribute):
            root = root.value
        return any(
            one.origin is Origin.IMPORT and "ready" in self._roles.around(one.node)
            for one in self._bindings.get(root, ())
        )

    def _constructor(
        self, node: ast.expr, thing: Thing, call: ast.Call, wanted: Container[str]
    ) -> Iterator[Use]:
        """A call of a class of the reader's that leaves ``__init__`` to its base in torch."""
        lineage = self._things.lineage(thing.own) if thing.own else None
        if lineage is None or any("__init__" in one.methods for one in lineage.classes):
            return
        for base in lineage.bases[:1]:
            names = [name for name in names_of(base) if name.api in wanted]
            if names:
                yield Use(
                    line=node.end_lineno or node.lineno,
                    column=node.end_col_offset or 0,
                    names=names,
                    sure=thing.sure and lineage.whole,
                    why=f"{thing.name}(), a {base.name}",
                    call=self._values.with_known_keys(call),
                    first=0,
                    roles=frozenset({"call"} | self._roles.around(node)),
                )

    def _unknown(
        self, node: ast.Attribute, call: ast.Call, wanted: Container[str]
    ) -> Iterator[Use]:
        """A call of a method that points to torch by its name, where the object is not known."""
        owners = DISTINCTIVE.get(node.attr, ())
        names = [
            Name(f"{one}.{node.attr}", Relation.UNKNOWN)
            for one in owners
            if f"{one}.{node.attr}" in wanted
        ]
        if names and self._is_unknown(node):
            outer = {"call"} | (
                {"statement"} if isinstance(self._parent[call], ast.Expr) else set()
            )
            yield Use(
                line=node.end_lineno or node.lineno,
                column=node.end_col_offset or 0,
                names=names,
                sure=False,
                why=f"{text_of(node)}(), where {text_of(node.value)} is not known; "
                f"{node.attr} is a method of {' and '.join(owners)}",
                call=self._values.with_known_keys(call),
                first=0,
                roles=frozenset(outer | self._roles.around(node)),
            )

    def _is_unknown(self, node: ast.Attribute) -> bool:
        """Whether the object may be of torch.

        It is not where its class is known whole, or is a class of the reader with the method.
        """
        for base in self._things.infer(node.value) or ():
            if base.own is None:
                return False
            lineage = self._things.lineage(base.own)
            if lineage.whole or any(node.attr in one.methods for one in lineage.classes):
                return False
        return True


def _is_torchs(thing: Thing) -> bool:
    """Whether a name is surely torch's, and not one that the reader gave to a part of a module."""
    home, _, last = thing.name.rpartition(".")
    if last.startswith("__"):
        return False
    if thing.of is None:
        return True
    return not thing.of.guessed and (MODULE not in ancestors(home) or last in MODULE_NAMES)


def _number(node: ast.expr) -> object:
    return node.value if isinstance(node, ast.Constant) else None


def _why(node: ast.expr, thing: Thing, call: Optional[ast.Call], parent: ast.AST) -> str:
    home, _, last = thing.name.rpartition(".")
    if thing.of:
        own: Optional[Own] = thing.of.own
        what = f"{own.name}, a {home}" if own else home
        how = f" {thing.of.how}" if thing.of.how else ""
        if text_of(getattr(node, "value", node)) == "super()":
            return f"super().{last}{'()' * bool(call)} of {home}"
        return f"{text_of(node)}{'()' * bool(call)}, {what}{how}"
    if isinstance(parent, ast.ClassDef):
        return f"class {parent.name}, a subclass of {thing.name}"
    return f"{text_of(node)}{'()' if call else ''}"
