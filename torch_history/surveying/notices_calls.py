"""Calls: what a call in the source does, where it warns or calls what may warn."""

from __future__ import annotations

import ast
from typing import Dict, List, NamedTuple, Optional, Tuple

from torch_history.surveying.notices_builtins import (
    Arguments,
    builtin,
    category_of,
    mark,
    of_table,
)
from torch_history.surveying.notices_module import Module, dotted, last_part
from torch_history.surveying.notices_terms import Terms
from torch_history.surveying.notices_texts import formatted, method_of_text
from torch_history.surveying.notices_values import (
    Instance,
    Kind,
    Known,
    Many,
    Mark,
    Routine,
    Table,
    Unknown,
    Value,
    written,
)
from torch_history.surveying.notices_words import is_of_deprecation, shown

WARN = ("warnings.warn", "warnings.warn_explicit")
DEPRECATED = ("typing_extensions.deprecated", "warnings.deprecated")
ENVIRONMENT = ("os.getenv", "os.environ.get")
# What asks whether the program runs in some other way than plainly.
GUARDS = (
    *("has_torch_function", "has_torch_function_unary", "has_torch_function_variadic"),
    *("is_compiling", "is_dynamo_compiling", "is_torchdynamo_compiling"),
    *("is_exporting", "is_scripting", "is_tracing"),
)


class Event(NamedTuple):
    """A warning that a run meets."""

    key: Tuple[int, ...]  # the calls that lead to it, and itself
    category: str
    text: str
    level: int


class Calls(Terms):
    """The calls of a function, and the warnings that it meets."""

    def __init__(self, module: Module, names: Dict[str, Value], level: int) -> None:
        super().__init__(module, names, level)
        self.events: List[Event] = []
        self.chain: Tuple[int, ...] = ()  # the calls that lead to this function
        self.owner = ""  # the class of the method
        self.is_usual = False  # whether the environment is taken to set nothing

    def follow(self, node: ast.AST, routine: Routine, given: Arguments) -> Value:
        """Read a function that this one calls."""
        raise NotImplementedError

    def meet(self, node: ast.AST, category: str, text: str) -> None:
        """Note a warning that speaks of deprecation or removal."""
        if is_of_deprecation(category, shown(text)):
            self.events.append(Event((*self.chain, id(node)), category, text, self.level))

    def call(self, node: ast.Call) -> Value:
        """Read a call: a warning, a function of torch that may warn, or what Python has itself."""
        if isinstance(node.func, ast.Attribute):
            found = self._method(self.value(node.func.value), node.func.attr, node)
            if found is not None:
                return found
        given = self._arguments(node)
        if last_part(node.func) in GUARDS:
            return Known(False)
        function = self._super(node) or self.value(node.func)
        if isinstance(function, Routine):
            return self.follow(node, function, given)
        if isinstance(function, Kind):
            return self._made(node, function, given)
        if isinstance(function, Unknown):
            return self._outside(node, function, given)
        return function if isinstance(function, (Instance, Mark)) else Unknown()

    def _super(self, node: ast.Call) -> Optional[Instance]:
        is_super = isinstance(node.func, ast.Name) and node.func.id == "super"
        return Instance(self.module, self.owner, "super()") if is_super else None

    def _arguments(self, node: ast.Call) -> Arguments:
        positional: List[Value] = []
        named: Dict[str, Value] = {}
        is_open = False
        for one in node.args:
            if isinstance(one, ast.Starred):
                several = self.value(one.value)
                is_open = is_open or not isinstance(several, Many)
                positional += several.items if isinstance(several, Many) else ()
            else:
                positional.append(self.value(one))
        for keyword in node.keywords:
            value = self.value(keyword.value)
            if keyword.arg is None:
                is_open = is_open or not isinstance(value, Table)
                named.update(value.items if isinstance(value, Table) else {})
            else:
                named[keyword.arg] = value
        return Arguments(positional, named, is_open)

    def _method(self, receiver: Value, name: str, node: ast.Call) -> Optional[Value]:
        """A method of a text or of a dictionary."""
        if isinstance(receiver, Known) and isinstance(receiver.value, str):
            positional = [(self.value(one), dotted(one)) for one in node.args]
            if name == "format":
                pairs = ((one.arg or "", one.value) for one in node.keywords)
                named = {name: (self.value(one), dotted(one)) for name, one in pairs}
                return Known(formatted(receiver.value, positional, named))
            return method_of_text(receiver.value, name, [value for value, _ in positional])
        if isinstance(receiver, Table) and name in ("get", "pop") and node.args:
            return of_table(receiver, name, [self.value(one) for one in node.args])
        return None

    def _outside(self, node: ast.Call, function: Unknown, given: Arguments) -> Value:
        """A call of what is not torch's."""
        path = function.path or function.source
        name = path.rpartition(".")[2]
        if path in WARN or function.source.endswith("warnings.warn"):
            self._warn(node, given)
            return Known(None)
        if path in DEPRECATED:
            return mark(given)
        if path in ENVIRONMENT and self.is_usual:
            return given.positional[1] if len(given.positional) > 1 else Known(None)
        if function.path.startswith("builtins."):
            return builtin(name, given)
        passed = given.positional[-1] if given.positional else Unknown()
        if name in ("cast", "trim", "dedent") or _is_passed_on(function, passed):
            return passed
        return Unknown()

    def _warn(self, node: ast.Call, given: Arguments) -> None:
        named = (one.value for one in node.keywords if one.arg == "message")
        message = node.args[0] if node.args else next(named, None)
        category: Value = Unknown("UserWarning")
        if isinstance(message, ast.Call) and last_part(message).endswith("Warning"):
            category = Unknown(last_part(message))
            message = message.args[0] if message.args else None
        elif len(given.positional) > 1:
            category = given.positional[1]
        category = given.named.get("category", category)
        text = written(self.value(message), dotted(message)) if message is not None else ""
        self.meet(node, category_of(category), text)

    def _made(self, node: ast.Call, kind: Kind, given: Arguments) -> Value:
        """A call of a class of torch."""
        for name in ("__new__", "__init__"):
            method = kind.module.method(kind.name, name)
            if method is not None:
                self.follow(node, method._replace(bound=True), given)
        return Instance(kind.module, kind.name, "")


def _is_passed_on(function: Unknown, passed: Value) -> bool:
    """``functools.wraps(f)(wrapper)`` is the wrapper."""
    return not function.source and isinstance(passed, Routine) and passed.scope is not None
