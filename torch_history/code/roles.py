"""Roles: where a use of an API stands in its file: see ``catalogue.conditions.ROLES``."""

from __future__ import annotations

import ast
import re
from typing import FrozenSet, Optional, Set

from torch_history.code.binding import Bindings
from torch_history.code.own import Thing
from torch_history.code.parsing import text_of
from torch_history.code.things import Things
from torch_history.code.values import Values

# With these as a context, an exception is expected: pytest.raises, assertRaises, suppress.
EXPECTING = ("raises", "assertraises", "suppress")
# names in a condition that asks which torch there is: TORCH_MAJOR, HAS_FFT, hasattr
ASKING = re.compile(
    r"version|hasattr|has_|_available|support|torch_?(?:[\d_]|ge|gt|lt|le|major|minor|greater)"
    r"|(?:greater|less|gte|lte)_",
    re.IGNORECASE,
)
DEVICE = {"is_available", "is_bf16_supported"}  # these ask for a device
NONE_TESTS = (ast.Is, ast.IsNot)
# raised where torch lacks a name or an argument
LACKING = {"ImportError", "ModuleNotFoundError", "AttributeError", "TypeError"}
# never raised because of that
UNRELATED = {
    *("KeyboardInterrupt", "SystemExit", "StopIteration", "EOFError", "OSError", "IOError"),
    *("FileNotFoundError", "FileExistsError", "PermissionError", "TimeoutError"),
    *("KeyError", "IndexError", "LookupError", "ZeroDivisionError", "UnicodeDecodeError"),
}


class Roles:
    """The roles of the names and attributes of one file."""

    def __init__(self, bindings: Bindings, things: Things, values: Values) -> None:
        self._parent, self._annotations = bindings.parent, bindings.annotations
        self._things, self._values = things, values
        self._clears = any(one.attr == "zero_grad" for one in bindings.attributes)

    def of(
        self, node: ast.expr, thing: Thing, call: Optional[ast.Call], parent: ast.AST
    ) -> FrozenSet[str]:
        """Where it stands; nothing where it is only named: in an annotation, or to be bound."""
        roles: Set[str] = set()
        if call:
            roles |= self._called(node, thing, call)
        elif isinstance(parent, ast.ClassDef) and node in parent.bases:
            roles.add("subclass")
        elif self._is_asked_about(node):
            roles.add("isinstance")
        roles |= self._placed(call or node)
        if not roles:
            roles = self._named(node, thing, parent)
        if roles and isinstance(node, ast.Call) and node.args[2:]:
            roles.add("ready")  # getattr(torch, "name", None)
        return frozenset(roles | self.around(node)) if roles else frozenset()

    def _called(self, node: ast.expr, thing: Thing, call: ast.Call) -> Set[str]:
        """Of a call: whether its result is dropped, and what it is called on."""
        roles = {"call"}
        if isinstance(self._parent[call], ast.Expr):
            roles.add("statement")
        value = getattr(node, "value", None) if thing.of else next(iter(call.args), None)
        if value is not None and self._values.holds_integers(value):
            roles.add("integers")
        if value is not None and _is_transposed(value):
            roles.add("transposed")
        return roles

    def _placed(self, outer: ast.AST) -> Set[str]:
        """Whether it is a context manager, or decorates something."""
        around = self._parent[outer]
        if isinstance(around, ast.withitem):
            return {"with"}
        if outer not in getattr(around, "decorator_list", ()):
            return set()
        decorator = "class-decorator" if isinstance(around, ast.ClassDef) else "decorator"
        return {decorator} | ({"generator"} if self._things.is_generator(around) else set())

    def _named(self, node: ast.expr, thing: Thing, parent: ast.AST) -> Set[str]:
        """Of what is neither called nor placed: an attribute that is read, or what is passed on."""
        if thing.of:
            return {"attribute"} | self._compared(parent)
        if isinstance(parent, ast.Attribute) or self._is_in_type(node) or self._is_allowed(node):
            return set()
        if isinstance(parent, (ast.Assign, ast.AnnAssign)):  # an alias, or `torch.name = other`
            return {"read"} if isinstance(getattr(node, "ctx", ast.Load()), ast.Load) else set()
        return {"passed"}

    def _compared(self, parent: ast.AST) -> Set[str]:
        """``compared``: with a value, not with None, in a file that clears gradients."""
        if not self._clears:
            return set()
        if isinstance(parent, ast.Call):  # self.assertIsNotNone(x.grad)
            name = text_of(parent.func).rpartition(".")[2]
            return {"compared"} if name.startswith("assert") and name != "assertIsNone" else set()
        if not isinstance(parent, ast.Compare) or isinstance(parent.ops[0], NONE_TESTS):
            return set()
        return {"compared"}

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

    def _is_in_type(self, node: ast.AST) -> bool:
        """Whether it is named in an annotation, in a type as ``Union[Adam, SGD]``, or for cast."""
        call = self._parent[node]
        if isinstance(call, ast.Call) and text_of(call.func) in ("cast", "typing.cast"):
            return node in call.args[:1]
        within = (ast.Subscript, ast.BinOp, ast.Tuple, ast.Attribute, ast.List)
        while node not in self._annotations and isinstance(self._parent[node], within):
            node, parent = self._parent[node], self._parent[self._parent[node]]
            if isinstance(parent, ast.Subscript) and node is parent.slice:
                return True
        return node in self._annotations

    def around(self, node: ast.AST) -> Set[str]:
        """What the code around it says: ``caught``, and ``within=`` each context manager of torch.

        An exception is caught by ``try``, or in ``with pytest.raises(...)``. ``ready`` and
        ``versioned``: the code is written for releases that lack the name, too.
        """
        found: Set[str] = set()
        child, parent = node, self._parent.get(node)
        # Not beyond the function: where it is called is not known.
        while parent is not None and not isinstance(
            parent, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Module)
        ):
            if isinstance(parent, ast.Try) and parent.handlers and child in parent.body:
                found.add("caught")
                if any(map(_is_ready, parent.handlers)):
                    found.add("ready")
            if isinstance(parent, ast.ExceptHandler) and _is_fallback(parent, self._parent[parent]):
                found.add("ready")
            if isinstance(parent, (ast.If, ast.IfExp)) and _asks_version(parent.test):
                found.add("versioned")
            if isinstance(parent, ast.BoolOp) and any(map(_asks_version, parent.values[:1])):
                found.add("versioned")
            if isinstance(parent, (ast.With, ast.AsyncWith)) and child in parent.body:
                for item in parent.items:
                    found |= self._context(item.context_expr)
            child, parent = parent, self._parent.get(parent)
        return found

    def _context(self, manager: ast.expr) -> Set[str]:
        name = text_of(manager).partition("(")[0].rpartition(".")[2]
        if name.lower().startswith(EXPECTING):
            return {"caught", "ready"}
        function = manager.func if isinstance(manager, ast.Call) else manager
        things = self._things.infer(function) or ()
        return {f"within={one.name}" for one in things if one.name.startswith("torch.")}


def _asks_version(test: ast.AST) -> bool:
    """Whether a condition asks which torch there is, or whether it has a name."""
    parts = list(ast.walk(test))
    words = {
        getattr(one, "id", getattr(one, "attr", ""))
        for one in parts
        if isinstance(one, (ast.Name, ast.Attribute))
    }
    if any(ASKING.search(word) for word in words - DEVICE):
        return True
    calls = (one for one in parts if isinstance(one, ast.Call))
    return any(text_of(one).startswith("getattr(torch") for one in calls if one.args[2:])


def _is_ready(handler: ast.ExceptHandler) -> bool:
    """Whether it may catch what a name or an argument raises that torch does not have."""
    return handler.type is None or not _names(handler.type) <= UNRELATED


def _is_fallback(handler: ast.ExceptHandler, tried: ast.AST) -> bool:
    """Whether it does in another way what the code before it could not.

    An exception of any class says that only if something was imported.
    """
    names = _names(handler.type) if handler.type else set()
    if not names.isdisjoint(LACKING):
        return True
    imports = (isinstance(one, (ast.Import, ast.ImportFrom)) for one in getattr(tried, "body", ()))
    return (not names or "Exception" in names) and any(imports)


def _names(classes: ast.expr) -> Set[str]:
    """The last parts of the names of exceptions."""
    parts = classes.elts if isinstance(classes, ast.Tuple) else [classes]
    return {text_of(one).rpartition(".")[2] for one in parts}


def _is_transposed(node: ast.expr) -> bool:
    """Whether an expression is a tensor whose dimensions were exchanged: ``x.t()``."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return node.func.attr in ("t", "transpose", "permute", "swapaxes", "movedim")
    return isinstance(node, ast.Attribute) and node.attr in ("T", "mT")
