"""A run: a function read as if it were called, to see which warnings it meets, and how surely."""

from __future__ import annotations

import ast
from typing import Any, Dict, List, Optional, Tuple

from torch_history.surveying.notices_builtins import Arguments
from torch_history.surveying.notices_calls import Calls
from torch_history.surveying.notices_module import Module, dotted, last_part
from torch_history.surveying.notices_terms import LEFT, PERHAPS, RAISED, SURE
from torch_history.surveying.notices_values import (
    Definition,
    Instance,
    Kind,
    Known,
    Many,
    Mark,
    Routine,
    Table,
    Unknown,
    Value,
    merged,
    truth,
    written,
)

DEEPEST = 4  # calls inside of calls


class Run(Calls):
    """One function, method or module, statement by statement."""

    def __init__(self, module: Module, names: Dict[str, Value], level: int = SURE) -> None:
        super().__init__(module, names, level)
        self.stack: Tuple[int, ...] = ()  # the functions that are being read
        self.results: List[Value] = []
        self.raised = ""  # the message of what it raises in any case

    def routine(self, routine: Routine) -> None:
        """Read a function with its decorators."""
        self.owner = routine.owner
        self.stack += (id(routine.node),)
        for one in routine.node.decorator_list:
            self.decorated(one, routine)
        self.block(routine.node.body)

    def decorated(self, node: ast.expr, target: Value) -> None:
        """Meet what a decorator warns of when what it decorates is called."""
        decorator = Run(self.module, {}).value(node)
        if isinstance(decorator, Mark):
            # where torch itself is the caller, Python hides this category
            is_hidden = bool(self.chain) and decorator.category == "DeprecationWarning"
            if decorator.category and not is_hidden:
                self.meet(node, decorator.category, decorator.text)
        elif isinstance(decorator, Routine) and not isinstance(target, Kind):
            harmless = decorator.module.harmless
            if id(decorator.node) not in harmless:
                met = len(self.events)
                self._wrapped(node, decorator, target)
                if len(self.events) == met and self.level == SURE and len(self.chain) <= 1:
                    harmless.add(id(decorator.node))

    def _wrapped(self, node: ast.expr, decorator: Routine, target: Value) -> None:
        before = Run(self.module, {})
        before.stack = self.stack
        wrapper = before.follow(node, decorator, Arguments([target], {}))
        if isinstance(wrapper, Routine) and wrapper.node is not decorator.node:
            self.follow(node, wrapper, Arguments([], {}, True))

    def block(self, body: List[ast.stmt]) -> None:
        """Read statements until one leaves."""
        for one in body:
            if self.level <= LEFT:
                break
            reader = _STATEMENTS.get(type(one).__name__)
            if reader is not None:
                reader(self, one)

    def _if(self, node: ast.If) -> None:
        known = truth(self.value(node.test))
        if known is None:
            self._branches([node.body, node.orelse])
        else:
            self.block(node.body if known else node.orelse)

    def _branches(self, bodies: List[List[ast.stmt]]) -> None:
        """Read bodies of which one is taken."""
        before, names, leaving = self.level, self.names, len(self.results)
        ends, after = [], []
        for body in bodies:
            self.names, self.level = dict(names), min(before, PERHAPS)
            self.block(body)
            ends.append(self.level)
            if self.level > LEFT:
                after.append(self.names)
        self.names = _joined(after) if after else names
        if not after:
            self.level = LEFT if LEFT in ends else RAISED
        else:
            self.level = before if len(self.results) == leaving else min(before, PERHAPS)

    def _loop(self, node: Any) -> None:
        if isinstance(node, (ast.For, ast.AsyncFor)):
            self.value(node.iter)
            self.bind(node.target, Unknown())
        else:
            self.value(node.test)
        self._branches([node.body, []])
        self.block(node.orelse)

    def _try(self, node: Any) -> None:
        before = self.level
        if node.handlers:
            self._branches([[*node.body, *node.orelse], *(one.body for one in node.handlers)])
        else:
            self.block(node.body)
        after, self.level = self.level, before
        self.block(node.finalbody)
        self.level = min(self.level, after)

    def _with(self, node: Any) -> None:
        for one in node.items:
            self.value(one.context_expr)
            if one.optional_vars is not None:
                self.bind(one.optional_vars, Unknown())
        seen = len(self.events)
        self.block(node.body)
        if any(_ignores(one) for one in node.body):
            del self.events[seen:]

    def _define(self, node: Definition) -> None:
        self.names[node.name] = Routine(self.module, node.name, node, scope=self.names)

    def _import(self, node: Any) -> None:
        for name, path in self.module.imported(node).items():
            self.names[name] = self.module.reached(name, path)

    def _assign(self, node: Any) -> None:
        if node.value is not None:
            found = self.value(node.value)
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                self.bind(target, found)

    def _add(self, node: ast.AugAssign) -> None:
        joined = ast.BinOp(left=node.target, op=node.op, right=node.value)
        self.bind(node.target, self.value(joined))

    def bind(self, target: ast.AST, value: Value) -> None:
        """Give a value to a name, to an attribute, or to several names."""
        if isinstance(target, (ast.Tuple, ast.List)):
            items: Any = value.items if isinstance(value, Many) else ()
            if len(items) != len(target.elts):
                items = [Unknown()] * len(target.elts)
            for one, item in zip(target.elts, items):
                self.bind(one, item)
            return
        name = dotted(target)
        if name:
            self.names[name] = Unknown(name) if value == Unknown() else value

    def _return(self, node: ast.Return) -> None:
        found = self.value(node.value) if node.value is not None else Known(None)
        if self.level > LEFT:  # what it calls may raise
            self.results.append(found)
            self.level = LEFT

    def _raise(self, node: ast.Raise) -> None:
        if self.level == SURE and isinstance(node.exc, ast.Call):
            self.raised = " ".join(self._said(one) for one in node.exc.args)
        self.level = RAISED

    def _said(self, node: ast.expr) -> str:
        """A piece of a message; of what a function makes of a text, that text."""
        value = self.value(node)
        if isinstance(value, Unknown) and isinstance(node, ast.Call) and node.args:
            return self._said(node.args[0])
        return written(value, dotted(node))

    def result(self) -> Value:
        """What the function returns."""
        return merged("", self.results) if self.results else Known(None)

    def follow(self, node: ast.AST, routine: Routine, given: Arguments) -> Value:
        """Read a function that this one calls."""
        if len(self.chain) >= DEEPEST or id(routine.node) in self.stack or is_silent(routine):
            return Unknown()
        names = {**(routine.scope or {}), **bound(routine, given)}
        if routine.bound:
            names.update((name, one) for name, one in self.names.items() if name[:5] == "self.")
        inner = Run(routine.module, names, self.level)
        inner.events, inner.chain, inner.stack = self.events, (*self.chain, id(node)), self.stack
        inner.is_usual = self.is_usual
        inner.routine(routine)
        if inner.level == RAISED:
            self.raised, self.level = inner.raised, RAISED
        return inner.result()


def is_silent(routine: Routine) -> bool:
    """Whether a function warns of nothing and makes no text, whatever it is given."""
    module = routine.module
    if routine.scope is not None or routine.name not in module.speaking:
        return routine.scope is None
    if id(routine.node) not in module.silent:
        module.silent[id(routine.node)] = False  # while it is read: it may call itself
        run = Run(module, entered(routine, Arguments([], {}, True)))
        run.routine(routine)
        tells = run.events or run.level == RAISED or isinstance(run.result(), (Known, Routine))
        module.silent[id(routine.node)] = not tells
    return bool(module.silent[id(routine.node)])


def parameters(node: Definition) -> List[Tuple[ast.arg, Optional[ast.expr]]]:
    """The parameters that take one argument each, with their defaults."""
    plain_ones = [*node.args.posonlyargs, *node.args.args]
    missing: List[Optional[ast.expr]] = [None] * (len(plain_ones) - len(node.args.defaults))
    pairs = list(zip(plain_ones, missing + list(node.args.defaults)))
    return pairs + list(zip(node.args.kwonlyargs, node.args.kw_defaults))


def bound(routine: Routine, given: Arguments) -> Dict[str, Value]:
    """The values of the parameters in a call."""
    names: Dict[str, Value] = {}
    node, positional, named = routine.node, list(given.positional), dict(given.named)
    if routine.bound:
        positional.insert(0, Instance(routine.module, routine.owner, "self"))
    places = len(node.args.posonlyargs) + len(node.args.args)
    for number, (parameter, default) in enumerate(parameters(node)):
        name = parameter.arg
        if number < places and positional:
            names[name] = positional.pop(0)
        elif name in named:
            names[name] = named.pop(name)
        elif given.is_open or default is None:
            names[name] = Unknown(name)
        else:
            names[name] = Run(routine.module, {}).value(default)
    if node.args.vararg:
        many = Unknown(node.args.vararg.arg) if given.is_open else Many(tuple(positional))
        names[node.args.vararg.arg] = many
    if node.args.kwarg:
        rest = Unknown(node.args.kwarg.arg) if given.is_open else Table(named)
        names[node.args.kwarg.arg] = rest
    return names


def entered(routine: Routine, given: Arguments) -> Dict[str, Value]:
    """The local names when a function is entered."""
    names = bound(routine, given)
    arguments = [*routine.node.args.posonlyargs, *routine.node.args.args]
    decorators = [last_part(one) for one in routine.node.decorator_list]
    if routine.owner and arguments and "staticmethod" not in decorators:
        names[arguments[0].arg] = Instance(routine.module, routine.owner, arguments[0].arg)
    if routine.name.endswith("__post_init__"):
        fields = fields_of(routine)
        for name, default in fields.items():
            names[f"self.{name}"] = Unknown(name) if given.is_open or default is None else default
    return names


def fields_of(routine: Routine) -> Dict[str, Optional[Value]]:
    """The fields of a dataclass, with their defaults."""
    body = routine.module.classes[routine.owner].node.body
    return {
        one.target.id: Run(routine.module, {}).value(one.value) if one.value else None
        for one in body
        if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name)
    }


def _joined(several: List[Dict[str, Value]]) -> Dict[str, Value]:
    """The values of names after branches."""
    names = dict(several[0])
    for other in several[1:]:
        for name, value in other.items():
            if names.get(name) is not value:
                names[name] = merged(name, [names.get(name, Unknown(name)), value])
        names.update((name, Unknown(name)) for name in names if name not in other)
    return names


def _ignores(node: ast.stmt) -> bool:
    """``warnings.simplefilter("ignore")``."""
    call = node.value if isinstance(node, ast.Expr) else None
    if not isinstance(call, ast.Call) or last_part(call) not in ("simplefilter", "filterwarnings"):
        return False
    return bool(call.args) and getattr(call.args[0], "value", "") == "ignore"


_STATEMENTS: Dict[str, Any] = {
    "If": Run._if,
    "For": Run._loop,
    "AsyncFor": Run._loop,
    "While": Run._loop,
    "Try": Run._try,
    "TryStar": Run._try,
    "With": Run._with,
    "AsyncWith": Run._with,
    "FunctionDef": Run._define,
    "AsyncFunctionDef": Run._define,
    "Import": Run._import,
    "ImportFrom": Run._import,
    "Assign": Run._assign,
    "AnnAssign": Run._assign,
    "AugAssign": Run._add,
    "Return": Run._return,
    "Raise": Run._raise,
    "Expr": lambda self, node: self.value(node.value),
}
