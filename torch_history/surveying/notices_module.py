"""Modules as their source text has them: what each defines, imports, and may warn of."""

from __future__ import annotations

import ast
import builtins
import re
from pathlib import Path
from typing import Dict, Iterator, List, NamedTuple, Optional, Set, Union

from torch_history.surveying.notices_values import Definition, Kind, Routine, Unknown, Value
from torch_history.surveying.notices_words import is_worth_reading, may_speak

_CALLED = re.compile(r"([\w.]+)\(|@([\w.]+)")
Scope = Union[ast.Module, ast.ClassDef]


class Class(NamedTuple):
    """A class of a module."""

    node: ast.ClassDef
    methods: Dict[str, Definition]  # the last definition of each name


class Module:
    """What one module defines, by qualified name."""

    def __init__(
        self, text: str, name: str, is_package: bool = False, others: Optional[Sources] = None
    ) -> None:
        self.name = name
        self.is_package = is_package
        self.others = others
        self.tree = ast.parse(text)
        self.routines: Dict[str, List[Definition]] = {}  # several: a property and its setter
        self.classes: Dict[str, Class] = {}
        self.imports: Dict[str, str] = {}
        self.assigned: Dict[str, Optional[ast.expr]] = {}  # None where it is assigned twice
        self._read(self.tree, "")
        self.silent: Dict[int, bool] = {}  # whether the function of a node never warns
        self.harmless: Set[int] = set()  # decorators whose functions do not warn
        self.known: Dict[str, Value] = {}  # values of names that are assigned once
        lines = text.split("\n")
        code = {name: _code(self.routines[name], lines) for name in self.routines}
        self._called = {name: _called(code[name]) for name in code}
        self._inner = {
            name: self._imported_inside(name) if "import " in code[name] else {} for name in code
        }
        # those that may warn, as far as this module alone tells
        self.own = self._with_callers({name for name in code if may_speak(code[name])})
        self._speaking: Optional[Set[str]] = None

    @property
    def speaking(self) -> Set[str]:
        """The functions that may warn, those included that call such a one of another module."""
        if self._speaking is None:
            self._speaking = set(self.own)
            out = {name for name in self._called if self._calls_out(name)}
            self._speaking = self._with_callers(self.own | out)
        return self._speaking

    def _read(self, scope: Scope, prefix: str) -> None:
        for node in statements(scope.body):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                self._define(node, f"{prefix}{node.name}")
            elif isinstance(node, ast.ClassDef):
                self.classes[f"{prefix}{node.name}"] = Class(node, _methods(node))
                self._read(node, f"{prefix}{node.name}.")
            elif isinstance(node, (ast.Import, ast.ImportFrom)):
                self.imports.update(self.imported(node))
            elif not prefix:
                self._assign(node)

    def _define(self, node: Definition, name: str) -> None:
        named = [last_part(one) for one in node.decorator_list]
        if "overload" in named:  # for type checkers alone
            return
        if named and named[-1] in ("setter", "deleter", "getter"):
            self.routines.setdefault(name, []).append(node)
        else:
            self.routines[name] = [node]

    def _assign(self, node: ast.stmt) -> None:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        for target in targets:
            if isinstance(target, ast.Name):
                value = getattr(node, "value", None) if target.id not in self.assigned else None
                self.assigned[target.id] = value if isinstance(value, ast.expr) else None

    def imported(self, node: Union[ast.Import, ast.ImportFrom]) -> Dict[str, str]:
        """The dotted path of each name that an import binds."""
        if isinstance(node, ast.Import):
            return {
                one.asname or one.name.partition(".")[0]: (
                    one.name if one.asname else one.name.partition(".")[0]
                )
                for one in node.names
            }
        base = self._base(node.level)
        origin = ".".join(part for part in (base, node.module) if part)
        return {one.asname or one.name: f"{origin}.{one.name}" for one in node.names}

    def _base(self, level: int) -> str:
        """The package that a relative import of this level begins at."""
        parts = self.name.split(".")
        drop = level - 1 if self.is_package else level
        return ".".join(parts[: len(parts) - drop]) if level else ""

    def named(self, name: str) -> Optional[Value]:
        """The function, class or imported object with this name."""
        if name in self.routines:
            return Routine(self, name, self.routines[name][0])
        if name in self.classes:
            return Kind(self, name)
        if name in self.imports:
            return self.reached(name, self.imports[name])
        return Unknown(name, f"builtins.{name}") if hasattr(builtins, name) else None

    def reached(self, source: str, path: str) -> Value:
        """What stands under a dotted path: of torch's own modules its definition."""
        found = self.others.find(path) if self.others else None
        return found if found is not None else Unknown(source, path)

    def method(self, owner: str, name: str, after: bool = False) -> Optional[Routine]:
        """A method of a class or of its bases. With ``after``, of its bases alone."""
        seen: Set[str] = set()
        found = self.classes.get(owner)
        if found is None:
            return None
        if name in found.methods and not after:
            return Routine(self, f"{owner}.{name}", found.methods[name], owner)
        for base in found.node.bases:
            kind = self._class_of(base)
            if kind is not None and kind.name not in seen and kind != Kind(self, owner):
                inherited = kind.module.method(kind.name, name)
                if isinstance(inherited, Routine):
                    return inherited
        return None

    def _class_of(self, base: ast.expr) -> Optional[Kind]:
        source = dotted(base)
        first, _, rest = source.partition(".")
        if source in self.classes:
            return Kind(self, source)
        if first in self.imports:
            path = f"{self.imports[first]}.{rest}" if rest else self.imports[first]
            found = self.reached(source, path)
            return found if isinstance(found, Kind) else None
        return None

    def _with_callers(self, speaking: Set[str]) -> Set[str]:
        """These functions, and all of this module that call one of them."""
        grown = True
        while grown:
            last = {one.rpartition(".")[2] for one in speaking}
            last |= {one.rpartition(".")[0] for one in speaking if one.endswith("__init__")}
            new = {name for name, called in self._called.items() if called & last} - speaking
            speaking = speaking | new
            grown = bool(new)
        return speaking

    def _calls_out(self, name: str) -> bool:
        """Whether a function calls what belongs to another module and may warn there."""
        imports = {**self.imports, **self._inner[name]}
        for one in self._called[name]:
            first, _, rest = one.partition(".")
            path = f"{imports.get(first, '')}.{rest}" if rest else imports.get(first, "")
            if path and self.others is not None and self.others.speaks(path):
                return True
        return False

    def _imported_inside(self, name: str) -> Dict[str, str]:
        """The dotted paths of what a function imports itself."""
        found: Dict[str, str] = {}
        for definition in self.routines[name]:
            for node in ast.walk(definition):
                if isinstance(node, (ast.Import, ast.ImportFrom)):
                    found.update(self.imported(node))
        return found


class Sources:
    """The sources of torch below its folder, read when they are asked for."""

    def __init__(self, folder: Union[str, Path]) -> None:
        self.folder = Path(folder)
        self._modules: Dict[str, Optional[Module]] = {}
        self._sought: Set[str] = set()  # two modules may import a name from each other

    def module(self, name: str) -> Optional[Module]:
        """A module that may hold a notice. None for any other."""
        if name not in self._modules:
            self._modules[name] = self._read(name)
        return self._modules[name]

    def _read(self, name: str) -> Optional[Module]:
        parts = name.split(".")
        if parts[0] != "torch":
            return None
        path = self.folder.joinpath(*parts[1:])
        for file in (path.with_name(f"{path.name}.py"), path / "__init__.py"):
            if file.is_file():
                text = file.read_text(encoding="utf-8", errors="replace")
                return parsed(text, name, file.name == "__init__.py", self)
        return None

    def constant(self, path: str) -> Optional[Module]:
        """The module that assigns the name under a dotted path, once."""
        owner, _, name = path.rpartition(".")
        module = self.module(owner) if owner else None
        return module if module is not None and module.assigned.get(name) is not None else None

    def find(self, path: str) -> Optional[Value]:
        """What stands under a dotted path in the module that defines it."""
        owner, _, name = path.rpartition(".")
        if not owner or path in self._sought:
            return None
        module = self.module(owner)
        self._sought.add(path)
        found = module.named(name) if module is not None else None
        self._sought.discard(path)
        return found

    def speaks(self, path: str) -> bool:
        """Whether the function under a path may warn."""
        owner, _, name = path.rpartition(".")
        module = self.module(owner) if owner else None
        if module is None:
            return False
        return name in module.own or f"{name}.__init__" in module.own


def parsed(
    text: str, name: str = "", is_package: bool = False, others: Optional[Sources] = None
) -> Optional[Module]:
    """The module, where its text may hold a notice and this Python can read it."""
    if not is_worth_reading(text):
        return None
    try:
        return Module(text, name, is_package, others)
    except (SyntaxError, ValueError):
        return None


def statements(body: List[ast.stmt]) -> Iterator[ast.stmt]:
    """Statements, and those inside of if, try and with, but for what type checkers alone see."""
    for node in body:
        yield node
        if isinstance(node, ast.If) and last_part(node.test) == "TYPE_CHECKING":
            yield from statements(node.orelse)
        elif isinstance(node, (ast.If, ast.Try, ast.With)):
            yield from statements(node.body)
            for handler in getattr(node, "handlers", ()):
                yield from statements(handler.body)
            yield from statements(getattr(node, "orelse", []))
            yield from statements(getattr(node, "finalbody", []))


def dotted(node: Optional[ast.AST]) -> str:
    """``a.b.c`` as text. Empty for any other expression."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        inner = dotted(node.value)
        return f"{inner}.{node.attr}" if inner else ""
    return ""


def last_part(node: ast.AST) -> str:
    """The name of a function or of a decorator, without what stands before it."""
    if isinstance(node, ast.Call):
        return last_part(node.func)
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _methods(node: ast.ClassDef) -> Dict[str, Definition]:
    found: Dict[str, Definition] = {}
    for one in statements(node.body):
        if isinstance(one, (ast.FunctionDef, ast.AsyncFunctionDef)):
            found[one.name] = one
    return found


def _code(nodes: List[Definition], lines: List[str]) -> str:
    """The text of a function with its decorators, but without its docstring."""
    found = []
    for node in nodes:
        first = min([node.lineno, *(one.lineno for one in node.decorator_list)])
        body = node.body[1] if _has_docstring(node) and len(node.body) > 1 else node.body[0]
        found += lines[first - 1 : node.body[0].lineno - 1]
        found += lines[body.lineno - 1 : node.end_lineno]
    return "\n".join(found)


def _has_docstring(node: Definition) -> bool:
    first = node.body[0]
    return isinstance(first, ast.Expr) and isinstance(getattr(first.value, "value", None), str)


def _called(code: str) -> Set[str]:
    """What a text calls or is decorated with: the last part of each name, and the whole."""
    found = set()
    for whole, decorator in _CALLED.findall(code):
        name = whole or decorator
        found |= {name, name.rpartition(".")[2]}
    return found
