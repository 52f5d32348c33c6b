"""Uses: which of torch's APIs a piece of source uses, and where. The source is never imported."""

from __future__ import annotations

import ast
from enum import Enum
from typing import Container, FrozenSet, Iterator, List, NamedTuple, Optional, Set, Union

from torch_history.code.binding import bindings
from torch_history.code.names import DISTINCTIVE, LOSSES, TENSOR, ancestors
from torch_history.code.things import Thing, Things, text_of

# With these as a context, an exception is expected: pytest.raises, assertRaises, suppress.
EXPECTING = ("raises", "assertraises", "suppress")


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


class Arguments(NamedTuple):
    """The arguments of a call."""

    given: FrozenSet[Union[int, str]]  # names, and positions from 0
    hidden: bool  # whether there are some that cannot be seen: *args, **options


class Use(NamedTuple):
    """One place that uses an API."""

    line: int
    names: List[Name]
    sure: bool
    why: str
    call: Optional[ast.Call]
    first: (
        int  # position of the first argument: 1 in Optimizer.zero_grad(opt), 0 in opt.zero_grad()
    )
    passed: bool  # named without a call: what it will be called with is not known
    guarded: bool  # what it raises is caught here

    @property
    def arguments(self) -> Arguments:
        """What it is called with."""
        if self.call is None:
            return Arguments(frozenset(), False)
        starred = [isinstance(one, ast.Starred) for one in self.call.args]
        # After *args, the position of an argument is not known.
        counted = starred.index(True) if True in starred else len(starred)
        keywords = [keyword.arg for keyword in self.call.keywords]
        given = {*range(-self.first, counted - self.first), *filter(None, keywords)}
        return Arguments(frozenset(given), True in starred or None in keywords)


def names_of(thing: Thing) -> Iterator[Name]:
    """The names under which the behaviours may know what is used."""
    home, _, last = thing.name.rpartition(".")
    if thing.of:
        for one in ancestors(home):
            yield Name(f"{one}.{last}", Relation.ITSELF)
            if one == TENSOR:
                yield Name(f"torch.{last}", Relation.LIKE)
    elif thing.is_class:
        for one in ancestors(thing.name):
            yield Name(one, Relation.ITSELF if one == thing.name else Relation.BASE)
        if home == "torch.nn" and last in LOSSES:
            yield Name(f"torch.nn.functional.{LOSSES[last]}", Relation.LIKE)
    else:
        yield Name(thing.name, Relation.ITSELF)
        if home == "torch":
            yield Name(f"{TENSOR}.{last}", Relation.LIKE)


class Source:
    """One parsed file."""

    def __init__(self, tree: ast.Module) -> None:
        found = bindings(tree)
        self._parent, self._annotations = found.parent, found.annotations
        self._attributes, self._bindings = found.attributes, found.read
        self._things = Things(found)

    def uses(self, wanted: Container[str], words: Set[str]) -> Iterator[Use]:
        """Every use of a wanted API, in no order; ``words`` are the ``words_of`` these."""
        for attribute in self._attributes:
            # A class may have a wanted base that its own name does not show.
            if attribute.attr in words or attribute.attr[:1].isupper():
                yield from self._uses_by(attribute, wanted)
        for node in self._bindings:
            if not isinstance(self._parent[node], ast.Attribute) and self._things.infer(node):
                yield from self._uses_by(node, wanted)

    def _uses_by(self, node: ast.expr, wanted: Container[str]) -> Iterator[Use]:
        parent = self._parent[node]
        call = parent if isinstance(parent, ast.Call) and parent.func is node else None
        things = self._things.referred(node)
        for thing in things:
            if thing.built or thing.own:
                continue
            # A function or a class that is not called is used only where it is passed on.
            if not thing.of and call is None and self._is_mention(node, parent):
                continue
            names = [name for name in names_of(thing) if name.api in wanted]
            if not names:
                continue
            owner = "" if thing.of or thing.is_class else thing.name.rpartition(".")[0]
            yield Use(
                # In a chain over several lines, the last one has the method's name.
                line=node.end_lineno or node.lineno,
                names=names,
                sure=thing.sure,
                why=_why(node, thing, call, parent),
                call=self._with_known_keys(call) if call else self._partial(node, parent),
                first=int(owner.rpartition(".")[2][:1].isupper()),
                passed=call is None and not thing.of and not isinstance(parent, ast.ClassDef),
                guarded=self._is_guarded(node),
            )
        if call is not None and not things and isinstance(node, ast.Attribute):
            yield from self._unknown(node, call, wanted)

    def _is_mention(self, node: ast.expr, parent: ast.AST) -> bool:
        """Whether a name only leads to an attribute, a target, another name or an annotation."""
        return isinstance(
            parent, (ast.Attribute, ast.Assign, ast.AnnAssign)
        ) or self._is_in_annotation(node)

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
            yield Use(
                line=node.end_lineno or node.lineno,
                names=names,
                sure=False,
                why=f"{text_of(node.value)} is not known; "
                f"{node.attr}() is a method of {' and '.join(owners)}",
                call=self._with_known_keys(call),
                first=0,
                passed=False,
                guarded=self._is_guarded(node),
            )

    def _is_unknown(self, node: ast.Attribute) -> bool:
        """Whether the object may be of torch.

        It is not where its class is known whole, or is a class of the file that has the method.
        """
        for base in self._things.infer(node.value) or ():
            if base.own is None:
                return False
            lineage = self._things.lineage(base.own)
            items = [item for one in lineage.classes for item in one.body]
            if lineage.whole or any(getattr(item, "name", None) == node.attr for item in items):
                return False
        return True

    # ---- arguments

    def _with_known_keys(self, call: ast.Call) -> ast.Call:
        """A call with the keywords that its ``**options`` hold added, as far as the file shows."""
        keys = [key for one in call.keywords if one.arg is None for key in self._keys(one.value)]
        if not keys:
            return call
        added = [ast.keyword(key, ast.Constant(None)) for key in keys]
        # A new node: the tree is asked again, and must say what the file says.
        return ast.Call(func=call.func, args=call.args, keywords=[*call.keywords, *added])

    def _keys(self, node: ast.expr) -> Set[str]:
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
            return set.intersection(*made) if made and len(made) == len(parents) else set()
        if isinstance(node, ast.Dict):
            constants = [key.value for key in node.keys if isinstance(key, ast.Constant)]
            return {key for key in constants if isinstance(key, str)}
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id == "dict"
        ):
            return {one.arg for one in node.keywords if one.arg}
        return set()

    def _partial(self, node: ast.expr, parent: ast.AST) -> Optional[ast.Call]:
        """The arguments that ``functools.partial(node, ...)`` gives, as a call."""
        if not isinstance(parent, ast.Call) or node not in parent.args[:1]:
            return None
        if [one.name for one in self._things.infer(parent.func) or ()] != ["functools.partial"]:
            return None
        return ast.Call(func=node, args=parent.args[1:], keywords=parent.keywords)

    # ---- surroundings

    def _is_in_annotation(self, node: ast.AST) -> bool:
        within = (ast.Subscript, ast.BinOp, ast.Tuple, ast.Attribute)
        while node not in self._annotations and isinstance(self._parent[node], within):
            node = self._parent[node]
        return node in self._annotations

    def _is_guarded(self, node: ast.AST) -> bool:
        """Whether an exception is caught: by ``try``, or in ``with pytest.raises(...)``."""
        child, parent = node, self._parent.get(node)
        # Not beyond the function: where it is called is not known.
        while parent is not None and not isinstance(
            parent, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Module)
        ):
            if isinstance(parent, ast.Try) and parent.handlers and child in parent.body:
                return True
            if isinstance(parent, ast.With) and any(map(_expects, parent.items)):
                return True
            child, parent = parent, self._parent.get(parent)
        return False


def _expects(item: ast.withitem) -> bool:
    """Whether a context expects an exception."""
    name = text_of(item.context_expr).partition("(")[0].rpartition(".")[2]
    return name.lower().startswith(EXPECTING)


def _why(node: ast.expr, thing: Thing, call: Optional[ast.Call], parent: ast.AST) -> str:
    home, _, last = thing.name.rpartition(".")
    if thing.of:
        what = f"{thing.of.name}, a {home}" if thing.of.own else home
        how = f" {thing.of.how}" if thing.of.how else ""
        return f"{text_of(getattr(node, 'value', node))} is {what}{how}; {last}{'()' * bool(call)}"
    if isinstance(parent, ast.ClassDef):
        return f"class {parent.name} is a subclass of {thing.name}"
    return f"{thing.name}{'()' if call else ' is passed on'}"
