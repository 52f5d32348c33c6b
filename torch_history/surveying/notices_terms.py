"""Terms: the value of an expression, as far as its source tells it."""

from __future__ import annotations

import ast
import sys
from typing import Any, Callable, Dict, Optional

from torch_history.surveying.notices_module import Module, dotted, last_part
from torch_history.surveying.notices_texts import percent
from torch_history.surveying.notices_values import (
    Instance,
    Kind,
    Known,
    Many,
    Routine,
    Table,
    UnclearError,
    Unknown,
    Value,
    equal,
    is_in,
    is_none,
    merged,
    plain,
    truth,
    written,
)

# How sure it is that a statement runs: always, perhaps, not after a return, not after a raise.
SURE, PERHAPS, LEFT, RAISED = 2, 1, 0, -1
# `_enabled` of torch.jit is false where the environment switches TorchScript off.
FLAGS = {"_enabled": True, "TYPE_CHECKING": False}


class Terms:
    """Expressions of a module, with the values of local names."""

    def __init__(self, module: Module, names: Dict[str, Value], level: int = SURE) -> None:
        self.module = module
        self.names = names
        self.level = level

    def value(self, node: Optional[ast.AST]) -> Value:
        """The value of an expression."""
        kind = type(node).__name__
        if kind in _READERS:
            return _READERS[kind](self, node)
        if node is not None:
            self.parts(node)
        return Unknown()

    def parts(self, node: ast.AST) -> None:
        """Visit the calls inside of an expression."""
        for one in ast.iter_child_nodes(node):
            if isinstance(one, ast.expr):
                self.value(one)
            elif isinstance(one, ast.keyword):
                self.value(one.value)

    def call(self, node: ast.Call) -> Value:
        """The value of a call."""
        raise NotImplementedError

    def perhaps(self, node: ast.AST) -> Value:
        """The value of what may not be evaluated at all."""
        kept, self.level = self.level, min(self.level, PERHAPS)
        found = self.value(node)
        self.level = kept
        return found

    def name(self, node: ast.Name) -> Value:
        """The value of a name: local, of the module, imported, or Python's own."""
        name = node.id
        if name in self.names:
            return self.names[name]
        if name in FLAGS:
            return Known(FLAGS[name])
        if name == "__name__" and self.module.name:
            return Known(self.module.name)
        if name in self.module.assigned and name not in self.module.routines:
            return self._assigned(self.module, name)
        found = self.module.named(name) or Unknown(name, name if name == "torch" else "")
        return self._constant(found)

    def _constant(self, found: Value) -> Value:
        """The value of what is imported, where its module assigns it once."""
        path = found.path if isinstance(found, Unknown) else ""
        owner = self.module.others.constant(path) if self.module.others and path else None
        return self._assigned(owner, path.rpartition(".")[2]) if owner is not None else found

    def _assigned(self, module: Module, name: str) -> Value:
        expression, known = module.assigned[name], module.known
        if name not in known:
            known[name] = Unknown(name)  # until it is read: it may name itself
            if expression is not None:
                found = type(self)(module, {}).value(expression)
                known[name] = Unknown(name) if found == Unknown() else found
        return known[name]

    def attribute(self, node: ast.Attribute) -> Value:
        """``owner.name``."""
        source = dotted(node)
        if source in self.names:
            return self.names[source]
        return self._constant(attribute(self.value(node.value), node.attr, source, self.module))

    def _chosen(self, node: ast.BoolOp) -> Value:
        decides = isinstance(node.op, ast.Or)
        kept, unclear = self.level, False
        found: Value = Unknown()
        for one in node.values:
            found = self.value(one)
            known = truth(found)
            if known is decides:
                self.level = kept
                return found if not unclear else _decided(found, decides)
            if known is None:
                unclear = True
                self.level = min(self.level, PERHAPS)
        self.level = kept
        return Unknown() if unclear else found

    def _either(self, node: ast.IfExp) -> Value:
        known = truth(self.value(node.test))
        if known is not None:
            return self.value(node.body if known else node.orelse)
        return merged("", [self.perhaps(node.body), self.perhaps(node.orelse)])

    def _compared(self, node: ast.Compare) -> Value:
        left, results = self.value(node.left), []
        for operator, one in zip(node.ops, node.comparators):
            right = self.value(one)
            results.append(_compare(operator, left, right))
            left = right
        return Unknown() if None in results else Known(all(results))

    def _negated(self, node: ast.UnaryOp) -> Value:
        value = self.value(node.operand)
        if isinstance(node.op, ast.Not):
            # what is refused unless it is of some kind, is of this kind
            known = None if last_part(node.operand) == "isinstance" else truth(value)
            return Unknown() if known is None else Known(not known)
        if isinstance(node.op, ast.USub) and isinstance(value, Known):
            return Known(-value.value) if isinstance(value.value, (int, float)) else Unknown()
        return Unknown()

    def _joined(self, node: ast.JoinedStr) -> Value:
        return Known("".join(self._piece(one) for one in node.values))

    def _piece(self, node: ast.AST) -> str:
        if isinstance(node, ast.FormattedValue):
            value = self.value(node.value)
            return written(value, dotted(node.value), node.conversion == ord("r"))
        return str(getattr(node, "value", ""))

    def _combined(self, node: ast.BinOp) -> Value:
        left, right = self.value(node.left), self.value(node.right)
        texts = [isinstance(one, Known) and isinstance(one.value, str) for one in (left, right)]
        if isinstance(node.op, ast.Add) and any(texts):
            return Known(written(left, dotted(node.left)) + written(right, dotted(node.right)))
        if isinstance(node.op, ast.Mod) and texts[0] and isinstance(left, Known):
            return Known(percent(left.value, right, dotted(node.right)))
        return Unknown()

    def _item(self, node: ast.Subscript) -> Value:
        owner, place = self.value(node.value), node.slice
        place = getattr(place, "value", place) if type(place).__name__ == "Index" else place
        try:
            if isinstance(place, ast.Slice):
                bounds = (place.lower, place.upper, place.step)
                at: Any = slice(*(plain(self.value(one)) if one else None for one in bounds))
            else:
                at = plain(self.value(place))
            if isinstance(owner, Table):
                return owner.items[at]  # type: ignore[no-any-return]
            if isinstance(owner, Many):
                found = owner.items[at]
                return Many(found) if isinstance(at, slice) else found
            return Known(plain(owner)[at])
        except (UnclearError, LookupError, TypeError):
            return Unknown()

    def _many(self, node: Any) -> Value:
        if any(isinstance(one, ast.Starred) for one in node.elts):
            self.parts(node)
            return Unknown()
        return Many(tuple(self.value(one) for one in node.elts))

    def _table(self, node: ast.Dict) -> Value:
        values = [self.value(one) for one in node.values]
        try:
            keys = [plain(self.value(one)) for one in node.keys]
            return Table(dict(zip(keys, values)))
        except (UnclearError, TypeError):
            return Unknown()

    def _bound(self, node: Any) -> Value:
        found = self.value(node.value)
        self.names[node.target.id] = found
        return found

    def _later(self, node: ast.AST) -> Value:
        """What a comprehension evaluates perhaps, and a lambda not now."""
        if not isinstance(node, ast.Lambda):
            kept, self.level = self.level, min(self.level, PERHAPS)
            for one in getattr(node, "generators", ()):
                self.value(one.iter)
            self.level = kept
        return Unknown()


def attribute(owner: Value, name: str, source: str, module: Module) -> Value:
    """The attribute of a value."""
    if isinstance(owner, (Routine, Kind)) and name in ("__name__", "__qualname__"):
        return Known(owner.name if name == "__qualname__" else owner.name.rpartition(".")[2])
    if isinstance(owner, Routine) and name == "__module__" and owner.module.name:
        return Known(owner.module.name)
    if isinstance(owner, Kind):
        return _of_class(owner.module.method(owner.name, name), source, False)
    if isinstance(owner, Instance) and name == "__class__" and owner.owner:
        return Kind(owner.module, owner.owner)
    if isinstance(owner, Instance) and owner.source == "cls" and name == "__name__":
        return Known(owner.owner.rpartition(".")[2])
    if isinstance(owner, Instance):
        after = owner.source == "super()"
        return _of_class(owner.module.method(owner.owner, name, after), source, True)
    if isinstance(owner, Unknown) and owner.path:
        return _of_path(owner, name, source, module)
    before = owner.source if isinstance(owner, Unknown) else ""
    return Unknown(f"{before}.{name}" if before else source)


def _of_path(owner: Unknown, name: str, source: str, module: Module) -> Value:
    before, _, last = owner.path.rpartition(".")
    if before and name in ("__name__", "__module__"):
        return Known(last if name == "__name__" else before)
    path = f"{owner.path}.{name}"
    if path == "sys.version_info":
        return Many(tuple(Known(one) for one in sys.version_info[:3]))
    return module.reached(source or f"{owner.source}.{name}", path)


def _of_class(found: Optional[Routine], source: str, through_instance: bool) -> Value:
    if found is None:
        return Unknown(source)
    named = [last_part(one) for one in found.node.decorator_list]
    if any("property" in one or one == "setter" for one in named):
        return Unknown(source)
    bound = "classmethod" in named or (through_instance and "staticmethod" not in named)
    return found._replace(bound=bound)


def _decided(found: Value, decides: bool) -> Value:
    """``unclear or True``: true in any case, though what is before it may be the value."""
    is_bool = isinstance(found, Known) and isinstance(found.value, bool)
    return Known(decides) if is_bool or not decides else Unknown()


def _compare(operator: ast.cmpop, left: Value, right: Value) -> Optional[bool]:
    name = type(operator).__name__
    if name in ("Is", "IsNot", "Eq", "NotEq"):
        known = is_none(left) if right == Known(None) else equal(left, right)
    elif name in ("In", "NotIn"):
        known = is_in(left, right)
    else:
        return _ordered(name, left, right)
    return known if known is None or name in ("Is", "Eq", "In") else not known


def _ordered(name: str, left: Value, right: Value) -> Optional[bool]:
    try:
        one, other = plain(left), plain(right)
        results = {"Lt": one < other, "LtE": one <= other, "Gt": one > other, "GtE": one >= other}
        return bool(results[name])
    except (UnclearError, TypeError, KeyError):
        return None


_READERS: Dict[str, Callable[[Any, Any], Value]] = {
    "Constant": lambda self, node: Known(node.value),
    "Name": Terms.name,
    "Attribute": Terms.attribute,
    "BoolOp": Terms._chosen,
    "IfExp": Terms._either,
    "Compare": Terms._compared,
    "UnaryOp": Terms._negated,
    "JoinedStr": Terms._joined,
    "BinOp": Terms._combined,
    "Subscript": Terms._item,
    "Tuple": Terms._many,
    "List": Terms._many,
    "Set": Terms._many,
    "Dict": Terms._table,
    "NamedExpr": Terms._bound,
    "Lambda": Terms._later,
    "ListComp": Terms._later,
    "SetComp": Terms._later,
    "DictComp": Terms._later,
    "GeneratorExp": Terms._later,
    "Call": lambda self, node: self.call(node),
}
