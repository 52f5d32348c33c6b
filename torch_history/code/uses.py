"""Uses: which of torch's APIs a piece of source uses, and where. The source is never imported."""

from __future__ import annotations

import ast
from enum import Enum
from pathlib import Path
from typing import (
    Container,
    Dict,
    FrozenSet,
    Iterator,
    List,
    NamedTuple,
    Optional,
    Set,
    Tuple,
    Union,
)

from torch_history.code import integers, literals
from torch_history.code.binding import bindings
from torch_history.code.names import (
    DISTINCTIVE,
    LOSSES,
    MODULE,
    MODULE_NAMES,
    ONLY_TENSORS,
    TENSOR,
    ancestors,
    canonical,
)
from torch_history.code.own import Own, Thing
from torch_history.code.things import Lookup, Things, text_of

# With these as a context, an exception is expected: pytest.raises, assertRaises, suppress.
EXPECTING = ("raises", "assertraises", "suppress")
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
Argument = Union[int, str]  # its position from 0, or its name


class Relation(Enum):
    """How an API is related to what the source uses."""

    ITSELF = "itself"
    BASE = "base"  # a base of the class that is used
    LIKE = "like"  # another name of the same, such as torch.add for Tensor.add
    UNKNOWN = "unknown"  # the object is not known, only the name of its method


class Name(NamedTuple):
    """A name under which a behaviour may know what is used."""

    api: str
    relation: Relation
    # What is added to the positions of the arguments; None where they do not correspond.
    shift: Optional[int] = 0


class Arguments(NamedTuple):
    """The arguments of a call, and whether there are some that cannot be seen."""

    given: Dict[Argument, ast.expr]
    hidden: bool = False  # by name: **options, or all of what is passed on
    starred: bool = False  # by position: *args

    def may_hide(self, name: Optional[Argument], place: Optional[Argument]) -> bool:
        """Whether an argument with this name or position may be among those that are not seen."""
        return (name is not None and self.hidden) or (
            place is not None and (self.starred or self.hidden)
        )

    def of(self, *names: Optional[Argument]) -> Optional[ast.expr]:
        """The first of these arguments that is given."""
        found = (self.given.get(one) for one in names if one is not None)
        return next((one for one in found if one is not None), None)

    def shifted(self, by: Optional[int]) -> Arguments:
        """The same, for an API in which they have other positions."""
        if by == 0:
            return self
        moved: Dict[Argument, ast.expr] = {}
        for key, value in self.given.items():
            if isinstance(key, str):
                moved[key] = value
            elif by is not None and key + by >= 0:
                moved[key + by] = value
        return Arguments(moved, self.hidden, self.starred)


class Use(NamedTuple):
    """One place that uses an API."""

    line: int
    column: int  # where the name of the API ends, in bytes of the line
    names: List[Name]
    sure: bool
    why: str
    call: Optional[ast.Call]
    # position of the first argument: 1 in Optimizer.zero_grad(opt), 0 in opt.zero_grad()
    first: int
    roles: FrozenSet[str]  # where it stands: see ``catalogue.conditions.ROLES``

    @property
    def arguments(self) -> Arguments:
        """What it is called with."""
        passed = "passed" in self.roles  # whoever calls it may add others
        if self.call is None:
            return Arguments({}, passed, passed)
        starred = [isinstance(one, ast.Starred) for one in self.call.args]
        # After *args, the position of an argument is not known.
        counted = starred.index(True) if True in starred else len(starred)
        given: Dict[Argument, ast.expr] = {
            place - self.first: value for place, value in enumerate(self.call.args[:counted])
        }
        given.update({one.arg: one.value for one in self.call.keywords if one.arg})
        hidden = any(one.arg is None for one in self.call.keywords)
        return Arguments(given, passed or hidden, passed or True in starred)


class Mention(NamedTuple):
    """A name of torch that the source uses, in whatever way."""

    name: str  # as the documentation has it
    line: int
    names: List[Name]


def names_of(thing: Thing) -> Iterator[Name]:
    """The names under which the behaviours may know what is used."""
    home, _, last = thing.name.rpartition(".")
    if last == "__init__":
        for one in ancestors(home):
            yield Name(one, *((Relation.ITSELF,) if one == home else (Relation.BASE, None)))
    elif thing.of:
        for one in ancestors(home):
            yield Name(f"{one}.{last}", Relation.ITSELF)
            if one == TENSOR:
                yield Name(f"torch.{last}", Relation.LIKE, 1)
    elif thing.is_class:
        for one in ancestors(thing.name):
            yield Name(one, *((Relation.ITSELF,) if one == thing.name else (Relation.BASE, None)))
        if home == "torch.nn" and last in LOSSES:
            yield Name(f"torch.nn.functional.{LOSSES[last]}", Relation.LIKE, None)
    else:
        yield Name(thing.name, Relation.ITSELF)
        if home == "torch":
            yield Name(f"{TENSOR}.{last}", Relation.LIKE, -1)
        elif home.rpartition(".")[2][:1].isupper():  # Optimizer.zero_grad(opt)
            for one in list(ancestors(home))[1:]:
                yield Name(f"{one}.{last}", Relation.ITSELF)


class Source:
    """One parsed file."""

    def __init__(
        self, tree: ast.Module, project: Optional[Lookup] = None, file: Optional[Path] = None
    ) -> None:
        found = bindings(tree)
        self._parent, self._annotations = found.parent, found.annotations
        self._attributes, self._bindings = found.attributes, found.read
        self._getattrs, self._imports = found.getattrs, found.imports
        self._operators = found.operators
        self._things = Things(found, project, file)
        self._mentions: List[Mention] = []

    def mentions(self) -> List[Mention]:
        """Every name of torch in it; to be asked after ``uses``, which collects them."""
        imported = [
            Mention(name, line, list(names_of(Thing(name))))
            for name, line in ((canonical(full), line) for full, line in self._imports)
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
            if tensor is None and api in wanted and self._is_read_as_tensor(node):
                tensor = Thing(TENSOR, True, False, guessed=True)
            if tensor is None:
                continue
            roles = {"call"} | self._caught(node)
            if self.holds_integers(one) and not isinstance(_number(other), float):
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

    def _is_read_as_tensor(self, node: ast.AST) -> bool:
        """Whether the next method is one that only tensors have: ``(a // b).fmod(c)``."""
        parent = self._parent[node]
        return isinstance(parent, ast.Attribute) and parent.attr in ONLY_TENSORS

    def holds_integers(self, node: ast.expr) -> bool:
        """Whether an expression seems to be a tensor of integers."""
        return integers.holds_integers(node, self._assigned_value)

    def _assigned_value(self, node: ast.expr) -> Optional[ast.expr]:
        """What the only assignment of a name assigns."""
        bound = self._bindings.get(node, ())
        name = bound[0].node if len(bound) == 1 else None
        parent = self._parent.get(name) if name else None
        if isinstance(parent, ast.Tuple) and isinstance(name, ast.Name):
            statement = self._parent[parent]
            if isinstance(statement, ast.Assign):
                # values, indices = x.topk(3): as x.topk(3)[1]
                place = ast.Constant(parent.elts.index(name))
                return ast.Subscript(statement.value, place, ast.Load())
        return parent.value if isinstance(parent, ast.Assign) else None

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
        called = self._with_known_keys(call) if call else self._partial(node, parent)
        roles = self._roles(node, thing, call, parent)
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
            roles=roles | ({"hidden"} if called and _hides(called) else set()),
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
                    call=self._with_known_keys(call),
                    first=0,
                    roles=frozenset({"call"} | self._caught(node)),
                )

    def _roles(
        self, node: ast.expr, thing: Thing, call: Optional[ast.Call], parent: ast.AST
    ) -> FrozenSet[str]:
        """Where it stands; nothing where it is only named: in an annotation, or for an alias."""
        outer: ast.AST = call or node
        around = self._parent[outer]
        roles: Set[str] = set()
        if call:
            roles.add("call")
            if isinstance(around, ast.Expr):
                roles.add("statement")
            value = getattr(node, "value", None) if thing.of else next(iter(call.args), None)
            if value is not None and self.holds_integers(value):
                roles.add("integers")
            if value is not None and _is_transposed(value):
                roles.add("transposed")
        elif isinstance(parent, ast.ClassDef) and node in parent.bases:
            roles.add("subclass")
        elif self._is_asked_about(node):
            roles.add("isinstance")
        if isinstance(around, ast.withitem):
            roles.add("with")
        elif outer in getattr(around, "decorator_list", ()):
            roles.add("class-decorator" if isinstance(around, ast.ClassDef) else "decorator")
            if self._things.is_generator(around):
                roles.add("generator")
        if not roles:
            if thing.of:
                roles.add("attribute")
                if isinstance(parent, ast.Compare):
                    roles.add("compared")
            elif (
                isinstance(parent, (ast.Attribute, ast.Assign, ast.AnnAssign))
                or self._is_in_annotation(node)
                or self._is_allowed(node)
            ):
                return frozenset()
            else:
                roles.add("passed")
        return frozenset(roles | self._caught(node))

    def _is_allowed(self, node: ast.AST) -> bool:
        """Whether it is only allowed in files: ``safe_globals([nn.Linear])``."""
        parent = self._parent[node]
        while isinstance(parent, (ast.List, ast.Tuple)):
            parent = self._parent[parent]
        things = self._things.infer(parent.func) if isinstance(parent, ast.Call) else None
        return any(one.name.endswith("safe_globals") for one in things or ())

    def _is_asked_about(self, node: ast.AST) -> bool:
        """Whether it is a class that isinstance, issubclass or except asks about."""
        parent = self._parent[node]
        while isinstance(parent, ast.Tuple):
            node, parent = parent, self._parent[parent]
        if isinstance(parent, ast.ExceptHandler):
            return node is parent.type
        return (
            isinstance(parent, ast.Call)
            and isinstance(parent.func, ast.Name)
            and parent.func.id in ("isinstance", "issubclass")
            and node in parent.args[1:2]
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
                call=self._with_known_keys(call),
                first=0,
                roles=frozenset(outer | self._caught(node)),
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

    # ---- arguments

    def value(self, node: ast.expr) -> Tuple[bool, object]:
        """Whether the value of an expression is known, and the value: a literal, or torch's name.

        A name of the file with one binding has the value of that binding, unless this can change.
        """
        literal = literals.value(node) or self._constant(node)
        if literal is not None:
            return True, literal.value
        things = self._things.infer(node) or ()
        names = {one.name for one in things if one.sure and not (one.built or one.own or one.of)}
        name = names.pop() if len(names) == 1 else ""
        # A class or a function of torch, or a constant such as torch.float16.
        return (True, name) if name.startswith("torch.") else (False, None)

    def _constant(self, node: ast.expr) -> Optional[literals.Literal]:
        """The literal that the only binding of a name gives it."""
        bound = self._bindings.get(node, ())
        parent = self._parent.get(bound[0].node) if len(bound) == 1 else None
        assigned = isinstance(parent, (ast.Assign, ast.AnnAssign)) and parent.value
        literal = literals.value(assigned) if assigned else None
        mutable = literal is not None and isinstance(literal.value, (list, dict, set))
        return None if mutable else literal

    def _with_known_keys(self, call: ast.Call) -> ast.Call:
        """A call with the keywords that its ``**options`` hold added, as far as the file shows."""
        keys = {
            key: value
            for one in call.keywords
            if one.arg is None
            for key, value in self._keys(one.value).items()
        }
        if not keys:
            return call
        added = [ast.keyword(key, value) for key, value in keys.items()]
        # A new node: the tree is asked again, and must say what the file says.
        return ast.Call(func=call.func, args=call.args, keywords=[*call.keywords, *added])

    def _keys(self, node: ast.expr) -> Dict[str, ast.expr]:
        """The keys that a dictionary is made with: ``{"a": 1}``, ``dict(a=1)``, or a name for it.

        A name has the keys that all its bindings share.
        """
        if isinstance(node, ast.Name):
            parents = [self._parent.get(one.node) for one in self._bindings.get(node, ())]
            made = [
                self._keys(parent.value)
                for parent in parents
                if isinstance(parent, (ast.Assign, ast.AnnAssign))
                and isinstance(parent.value, (ast.Dict, ast.Call))
            ]
            if not made or len(made) != len(parents):
                return {}
            return {key: value for key, value in made[0].items() if all(key in one for one in made)}
        if isinstance(node, ast.Dict):
            return {
                key.value: value
                for key, value in zip(node.keys, node.values)
                if isinstance(key, ast.Constant) and isinstance(key.value, str)
            }
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id == "dict"
        ):
            return {one.arg: one.value for one in node.keywords if one.arg}
        return {}

    def _partial(self, node: ast.expr, parent: ast.AST) -> Optional[ast.Call]:
        """The arguments that ``functools.partial(node, ...)`` gives, as a call."""
        if not isinstance(parent, ast.Call) or node not in parent.args[:1]:
            return None
        if [one.name for one in self._things.infer(parent.func) or ()] != ["functools.partial"]:
            return None
        return ast.Call(func=node, args=parent.args[1:], keywords=parent.keywords)

    # ---- surroundings

    def _is_in_annotation(self, node: ast.AST) -> bool:
        within = (ast.Subscript, ast.BinOp, ast.Tuple, ast.Attribute, ast.List)
        while node not in self._annotations and isinstance(self._parent[node], within):
            node = self._parent[node]
        return node in self._annotations

    def _caught(self, node: ast.AST) -> Set[str]:
        """What the code around it says: ``caught``, and ``within=`` each context manager of torch.

        An exception is caught by ``try``, or in ``with pytest.raises(...)``.
        """
        found: Set[str] = set()
        child, parent = node, self._parent.get(node)
        # Not beyond the function: where it is called is not known.
        while parent is not None and not isinstance(
            parent, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Module)
        ):
            if isinstance(parent, ast.Try) and parent.handlers and child in parent.body:
                found.add("caught")
            if isinstance(parent, (ast.With, ast.AsyncWith)) and child in parent.body:
                for item in parent.items:
                    found |= self._context(item.context_expr)
            child, parent = parent, self._parent.get(parent)
        return found

    def _context(self, manager: ast.expr) -> Set[str]:
        name = text_of(manager).partition("(")[0].rpartition(".")[2]
        if name.lower().startswith(EXPECTING):
            return {"caught"}
        function = manager.func if isinstance(manager, ast.Call) else manager
        things = self._things.infer(function) or ()
        return {f"within={one.name}" for one in things if one.name.startswith("torch.")}


def _is_transposed(node: ast.expr) -> bool:
    """Whether an expression is a tensor whose dimensions were exchanged: ``x.t()``."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return node.func.attr in ("t", "transpose", "permute", "swapaxes", "movedim")
    return isinstance(node, ast.Attribute) and node.attr in ("T", "mT")


def _is_torchs(thing: Thing) -> bool:
    """Whether a name is surely torch's, and not one that the reader gave to a part of a module."""
    home, _, last = thing.name.rpartition(".")
    if last.startswith("__"):
        return False
    if thing.of is None:
        return True
    return not thing.of.guessed and (MODULE not in ancestors(home) or last in MODULE_NAMES)


def _hides(call: ast.Call) -> bool:
    return any(isinstance(one, ast.Starred) for one in call.args) or any(
        one.arg is None for one in call.keywords
    )


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
