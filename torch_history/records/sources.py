"""Sources: for each behaviour a digest of what its observations depend on.

A behaviour depends on its test function and all that it reaches: the functions, classes, constants
and imports of its module, the pytest fixtures that it asks for, what it takes from ``fixtures/``
and ``conftest.py``, and the part of the engine that observes and encodes. The digest is taken of
the syntax tree. So comments, docstrings, layout, markers (but ``parametrize``), the name of the
test and the file it stands in do not count.
"""

from __future__ import annotations

import ast
import hashlib
from pathlib import Path
from typing import (
    Dict,
    FrozenSet,
    Iterator,
    List,
    NamedTuple,
    Optional,
    Set,
    Tuple,
    Type,
    TypeVar,
    Union,
)

from torch_history.errors import HistoryError

# What writes every observation down, whether or not a test names it.
_ENCODING = "torch_history/observing/encode.py"
_ENCODING_ROOTS = ("dump", "encode")
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
Definition = TypeVar("Definition", ast.FunctionDef, ast.ClassDef)
_SCOPES = (*_FUNCTIONS, ast.ClassDef)
_LEFT_OUT = ("ctx", "kind", "type_comment")  # fields of nodes that say nothing of what is done


def marker_of(decorator: ast.AST) -> Optional[str]:
    """``@pytest.mark.api(...)`` -> ``api``."""
    function = decorator.func if isinstance(decorator, ast.Call) else decorator
    if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Attribute):
        return function.attr if function.value.attr == "mark" else None
    return None


def counts(decorator: ast.AST) -> bool:
    """Whether a decorator can change an observation: of the markers only ``parametrize``."""
    return marker_of(decorator) in (None, "parametrize")


def docstring_of(node: ast.AST) -> Optional[ast.stmt]:
    """The statement that is the docstring of a module, class or function."""
    body: List[ast.stmt] = getattr(node, "body", []) if not isinstance(node, ast.Lambda) else []
    if isinstance(node, (ast.Module, *_SCOPES)) and ast.get_docstring(node) is not None:
        return body[0]
    return None


class Imported(NamedTuple):
    """What a name was imported as: a module, or an attribute of one."""

    module: str
    attribute: Optional[str]


class Module:
    """A module of the tree: its statements by the names that they bind."""

    def __init__(self, path: Path):
        try:
            tree = ast.parse(path.read_text(encoding="utf-8"))
        except (SyntaxError, ValueError) as error:
            raise HistoryError(f"{path}: not Python: {error}") from None
        self.path = path
        self.bound: Dict[str, List[ast.stmt]] = {}
        self.imports: Dict[str, List[Imported]] = {}
        self.always: List[ast.stmt] = []  # statements that bind no name, and run at the import
        docstring = docstring_of(tree)
        for statement in tree.body:
            names = list(_bound_by(statement))
            if isinstance(statement, (ast.Import, ast.ImportFrom)):
                for name, imported in _imports(statement):
                    self.imports.setdefault(name, []).append(imported)
            elif names:
                for name in names:
                    self.bound.setdefault(name, []).append(statement)
            elif statement is not docstring and not _only_as_a_script(statement):
                self.always.append(statement)
        self._read: Dict[ast.stmt, List[Tuple[str, Optional[str]]]] = {}

    def has(self, name: str) -> bool:
        """Whether a name is the module's own."""
        return name in self.bound or name in self.imports or name == "__file__"

    def defined(self, kind: Type[Definition]) -> Iterator[Definition]:
        """The functions or the classes at the top."""
        for statements in self.bound.values():
            yield from (one for one in statements if isinstance(one, kind))

    def read(self, statement: ast.stmt) -> List[Tuple[str, Optional[str]]]:
        """The module's names that a statement reads, each with the attribute taken from it."""
        if statement not in self._read:
            self._read[statement] = sorted(set(_free(statement, frozenset())), key=repr)
        return self._read[statement]


def _only_as_a_script(statement: ast.stmt) -> bool:
    """Whether a statement is ``if __name__ == "__main__": ...``."""
    return isinstance(statement, ast.If) and ("__name__", None) in _free(
        statement.test, frozenset()
    )


def _free(node: ast.AST, bound: FrozenSet[str]) -> Iterator[Tuple[str, Optional[str]]]:
    """The names that a node reads from the module, not from a function around; as ``read``."""
    inner = bound
    within: List[ast.AST] = []  # the children that see the node's own names
    if isinstance(node, ast.Name):
        if node.id not in bound:
            yield node.id, None
        return
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        if node.value.id not in bound:
            yield node.value.id, node.attr
        return
    if isinstance(node, (*_FUNCTIONS, ast.Lambda)):
        within = list(node.body) if isinstance(node.body, list) else [node.body]
        inner = bound | _locals(node, within)
    elif isinstance(node, (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)):
        within = list(ast.iter_child_nodes(node))
        inner = bound | {name for one in node.generators for name in _stored(one.target)}
        # The first iterable is read before the names are there: [x for x in x].
        yield from _free(node.generators[0].iter, bound)
    for child in ast.iter_child_nodes(node):
        decorators = getattr(node, "decorator_list", ())
        if child not in decorators or counts(child):
            yield from _free(child, inner if child in within else bound)


def _locals(function: ast.AST, body: List[ast.AST]) -> FrozenSet[str]:
    """The names that a function binds itself: its parameters, and what its body assigns."""
    arguments: ast.arguments = getattr(function, "args")  # noqa: B009
    # Its own parameters alone: a default may be a lambda that has others.
    found = {node.arg for node in ast.iter_child_nodes(arguments) if isinstance(node, ast.arg)}
    elsewhere: Set[Optional[str]] = set()
    left: List[ast.AST] = list(body)
    while left:
        node = left.pop()
        if isinstance(node, (ast.Global, ast.Nonlocal)):
            elsewhere.update(node.names)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            found.update(name for name, _ in _imports(node))
        elif (isinstance(node, ast.ExceptHandler) and node.name) or isinstance(node, _SCOPES):
            found.add(str(node.name))
        scopes = (*_SCOPES, ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
        if not isinstance(node, scopes):
            left.extend(ast.iter_child_nodes(node))
    return frozenset(found - elsewhere)


def _stored(target: ast.AST) -> Iterator[str]:
    for node in ast.walk(target):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id


def _bound_by(statement: ast.stmt) -> Iterator[str]:
    """The names that a statement binds in its module; a block binds none, and always counts."""
    if isinstance(statement, _SCOPES):
        yield statement.name
    elif isinstance(statement, (ast.Assign, ast.AnnAssign, ast.AugAssign)):
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        for target in targets:
            yield from _stored(target)


def _imports(statement: Union[ast.Import, ast.ImportFrom]) -> Iterator[Tuple[str, Imported]]:
    for alias in statement.names:
        if isinstance(statement, ast.ImportFrom):
            module = "." * statement.level + (statement.module or "")
            yield alias.asname or alias.name, Imported(module, alias.name)
        elif alias.asname:
            yield alias.asname, Imported(alias.name, None)
        else:
            yield alias.name.partition(".")[0], Imported(alias.name, None)


class Sources:
    """The sources of a tree: parsed where a behaviour reaches them, each once."""

    def __init__(self, root: Path):
        self.root = root
        self._modules: Dict[str, Optional[Module]] = {}
        self._texts: Dict[ast.AST, str] = {}
        self._common: Optional[_Reached] = None

    def digest(self, file: str, name: str) -> str:
        """16 hexadecimal digits for the test function of a file (relative to the root).

        Raises HistoryError for a file that is not Python, and where it has no such function.
        """
        module = self._module(file)
        statements = module.bound.get(name) if module else None
        if module is None or not statements:
            raise HistoryError(f"{self.root / file}: has no function {name}")
        reached = self._surroundings().copy()
        # Its own name is no part of what it does: a behaviour may be renamed.
        for statement in statements:
            reached.add("", self._text(statement))
            self._follow(module, statement, reached)
        self._fixtures(module, reached, _arguments(statements))
        self._imported(module, reached)
        return reached.digest()

    def _surroundings(self) -> _Reached:
        """What every behaviour reaches."""
        if self._common is None:
            self._common = _Reached()
            encoding = self._module(_ENCODING)
            if encoding is not None:
                for name in _ENCODING_ROOTS:
                    self._visit(encoding, name, self._common)
            conftest = self._module("conftest.py")
            if conftest is not None:
                self._imported(conftest, self._common)
        return self._common

    def _fixtures(self, module: Module, reached: _Reached, arguments: List[str]) -> None:
        """Follow the pytest fixtures that a function asks for, and those that always run."""
        conftest = self._module("conftest.py")
        for place in [module, *([conftest] if conftest else [])]:
            for function in place.defined(ast.FunctionDef):
                asked = _fixture(function)
                wanted = asked is not None and (asked or function.name in arguments)
                if wanted and self._visit(place, function.name, reached):
                    self._fixtures(module, reached, _arguments([function]))

    def _module(self, file: str) -> Optional[Module]:
        """The module of a file; None where there is no such file."""
        if file not in self._modules:
            path = self.root / file
            self._modules[file] = Module(path) if path.is_file() else None
        return self._modules[file]

    def _named(self, name: str) -> Optional[Module]:
        """The module of the tree that is imported as a.b; None for one of a library."""
        path = name.replace(".", "/")
        return self._module(f"{path}.py") or self._module(f"{path}/__init__.py")

    def _visit(self, module: Module, name: str, reached: _Reached) -> bool:
        """Follow a name of a module. False where it was followed before, or is not its name."""
        if (module.path, name) in reached.seen:
            return False
        reached.seen.add((module.path, name))
        self._imported(module, reached)
        if name == "__file__":
            # Files beside the module, in which pickles may name its classes.
            for one in module.defined(ast.ClassDef):
                self._visit(module, one.name, reached)
            for path in sorted(module.path.parent.rglob("*")):
                ours = path.suffix in (".py", ".pyc") or path.parent.name == "__snapshots__"
                if path.is_file() and not ours:
                    where = path.relative_to(module.path.parent).as_posix()
                    reached.add(where, hashlib.blake2b(path.read_bytes()).hexdigest())
        for imported in module.imports.get(name, ()):
            self._import(imported, None, reached)
        for statement in module.bound.get(name, ()):
            reached.add(name, self._text(statement))
            self._follow(module, statement, reached)
        return name in module.imports or name in module.bound

    def _imported(self, module: Module, reached: _Reached) -> None:
        """Follow what runs where a module is imported."""
        if (module.path, "") not in reached.seen:
            reached.seen.add((module.path, ""))
            for statement in module.always:
                reached.add("", self._text(statement))
                self._follow(module, statement, reached)

    def _whole(self, module: Module, reached: _Reached) -> None:
        for name in sorted({*module.bound, *module.imports}):
            self._visit(module, name, reached)

    def _follow(self, module: Module, statement: ast.stmt, reached: _Reached) -> None:
        """Follow what a statement reads."""
        for name, attribute in module.read(statement):
            if attribute is None or name not in module.imports:
                self._visit(module, name, reached)
            else:
                for imported in module.imports[name]:
                    self._import(imported, attribute, reached)
        for node in ast.walk(statement):
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                for _, imported in _imports(node):
                    self._import(imported, None, reached)

    def _import(self, imported: Imported, attribute: Optional[str], reached: _Reached) -> None:
        """Follow an imported name, or only an attribute of an imported module."""
        name, taken = imported
        module = self._named(f"{name}.{taken}") if taken else self._named(name)
        if module is not None:  # a module of the tree
            if attribute is None or not module.has(attribute):  # as a.b of `import a.b`
                self._whole(module, reached)
            else:
                self._visit(module, attribute, reached)
            return
        module = self._named(name) if taken else None
        if module is not None and taken is not None:  # an attribute of one
            self._visit(module, taken, reached)
            return
        reached.add("import", f"{name} {taken or ''}")

    def _text(self, statement: ast.stmt) -> str:
        if statement not in self._texts:
            self._texts[statement] = normal(statement, named=not isinstance(statement, _FUNCTIONS))
        return self._texts[statement]


def of_folder(folder: Path) -> str:
    """16 hexadecimal digits for all modules of a folder."""
    reached = _Reached()
    for path in sorted(folder.glob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        reached.add(path.name, normal(tree))
    return reached.digest()


class _Reached:
    """What was reached so far, and a digest of it."""

    def __init__(self) -> None:
        self.seen: Set[Tuple[Path, str]] = set()
        self._parts: Set[str] = set()

    def add(self, name: str, text: str) -> None:
        """Add what stands under a name."""
        self._parts.add(f"{name}\0{text}")

    def copy(self) -> _Reached:
        """One more, to be continued apart."""
        other = _Reached()
        other.seen, other._parts = set(self.seen), set(self._parts)
        return other

    def digest(self) -> str:
        """16 hexadecimal digits that do not depend on the order."""
        return hashlib.blake2b("\0\0".join(sorted(self._parts)).encode(), digest_size=8).hexdigest()


def _arguments(statements: List[ast.stmt]) -> List[str]:
    return [
        argument.arg
        for one in statements
        if isinstance(one, _FUNCTIONS)
        for argument in [*one.args.args, *one.args.kwonlyargs]
    ]


def _fixture(function: ast.FunctionDef) -> Optional[bool]:
    """Whether a function is a pytest fixture that always runs; None where it is no fixture."""
    for decorator in function.decorator_list:
        call = decorator if isinstance(decorator, ast.Call) else ast.Call(decorator, [], [])
        if isinstance(call.func, ast.Attribute) and call.func.attr == "fixture":
            return any(
                keyword.arg == "autouse" and getattr(keyword.value, "value", False)
                for keyword in call.keywords
            )
    return None


def normal(node: object, named: bool = True) -> str:
    """A syntax tree as text, the same on every Python from 3.8 up.

    ``named=False`` leaves the name of the function out.
    """
    if isinstance(node, ast.Constant):
        return f"{type(node.value).__name__} {node.value!a}"
    if isinstance(node, list):
        return f"[{', '.join(map(normal, node))}]"
    if not isinstance(node, ast.AST):
        return ascii(node)
    kind = type(node).__name__
    if kind == "Index":  # Python 3.8 wraps what stands in brackets
        return normal(getattr(node, "value"))  # noqa: B009  # no attribute of newer Pythons
    if kind == "ExtSlice":
        return f"Tuple(elts={normal(getattr(node, 'dims'))})"  # noqa: B009
    docstring = docstring_of(node)
    fields = []
    for field, value in ast.iter_fields(node):
        kept = value
        if field == "decorator_list":
            kept = [one for one in value if counts(one)]
        elif field == "body" and docstring is not None:
            kept = value[1:]
        elif kind == "JoinedStr":  # Python 3.12 ends a nested format with an empty text
            kept = [one for one in value if getattr(one, "value", None) != ""]
        # Newer Pythons have fields that older ones lack; they are empty here.
        left_out = field in _LEFT_OUT or (field == "name" and not named)
        if not left_out and kept is not None and kept != []:
            fields.append(f"{field}={normal(kept)}")
    return f"{kind}({', '.join(fields)})"
