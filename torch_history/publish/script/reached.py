"""Reached: the helpers, constants and imports that a test needs, as source text in order."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Dict, Iterable, List, Optional, Set, Tuple

from torch_history.errors import HistoryError
from torch_history.publish.script.plain import Plain
from torch_history.publish.script.text import Text, joined
from torch_history.records.sources import Imported, Module

# What is imported from these is replaced, never kept.
_LEFT_OUT = ("pytest", "torch_history", "hypothesis")
_LIBRARIES = ("torch", "torchvision", "numpy")


class Unit:
    """A module of the tree with its text."""

    def __init__(self, root: Path, file: str):
        path = root / file
        if not path.is_file():
            raise HistoryError(f"{path}: no such file: name a whole checkout with --root")
        self.file, self.module = file, Module(path)
        self.text = Text(path.read_text(encoding="utf-8"))
        self.plain = Plain(self.text, file)
        self._definitions: Dict[ast.stmt, str] = {}

    def definition(self, statement: ast.stmt) -> str:
        """The text of a statement at the top, without its docstrings."""
        if statement not in self._definitions:
            decorators = getattr(statement, "decorator_list", ())
            first = min([statement.lineno, *(one.lineno for one in decorators)])
            last = statement.end_lineno or statement.lineno
            text = self.text.lines(first, last, self.plain.edits([statement]))
            constant = isinstance(statement, (ast.Assign, ast.AnnAssign))
            self._definitions[statement] = joined(text) if constant else text
        return self._definitions[statement]


class Tree:
    """The modules of a checkout, each read once."""

    def __init__(self, root: Path):
        self.root = root
        self._units: Dict[str, Optional[Unit]] = {}

    def unit(self, file: str) -> Unit:
        """The module of a file. Raises HistoryError where there is none."""
        known = self._units.get(file)
        if known is None:
            known = self._units[file] = Unit(self.root, file)
        return known

    def imported(self, module: str) -> Optional[Unit]:
        """The module of the tree that is imported as a.b; None for one of a library."""
        file = f"{module.replace('.', '/')}.py"
        if file not in self._units:
            exists = (self.root / file).is_file()
            self._units[file] = Unit(self.root, file) if exists else None
        return self._units[file]


class Reached:
    """What was reached: definitions by module, imports by name."""

    def __init__(self, tree: Tree):
        self._tree = tree
        self.imports: Dict[str, Imported] = {}
        self.helpers_read: Set[str] = set()  # names that functions outside the test look up
        self.beside: List[str] = []  # modules that read files beside themselves
        self._origins: Dict[str, object] = {}
        self._statements: Dict[str, Dict[ast.stmt, None]] = {}

    def follow(self, unit: Unit, statements: Iterable[ast.stmt]) -> None:
        """Follow the names that statements of the test's own scope read."""
        for statement in statements:
            for name, _ in unit.module.read(statement):
                self._visit(unit, name)

    def need(self, modules: Iterable[str]) -> None:
        """Import modules of the standard library, or torch."""
        for module in modules:
            self._own(module, Imported(module, None))
            self.imports[module] = Imported(module, None)

    def _visit(self, unit: Unit, name: str) -> None:
        for imported in unit.module.imports.get(name, ()):
            self._import(name, imported)
        if name == "__file__" and unit.file not in self.beside:
            self.beside.append(unit.file)
        known = self._statements.setdefault(unit.file, {})
        for statement in unit.module.bound.get(name, ()):
            self._own(name, unit.file)
            if statement not in known:
                known[statement] = None
                for read in sorted({read for read, _ in unit.module.read(statement)}):
                    self.helpers_read.add(read)
                    self._visit(unit, read)

    def _import(self, name: str, imported: Imported) -> None:
        top = imported.module.partition(".")[0]
        if top in _LEFT_OUT:
            return
        unit = self._tree.imported(imported.module) if imported.attribute else None
        if unit is None:
            self._own(name, imported)
            self.imports[name] = imported
        elif imported.attribute == name:
            self._visit(unit, name)
        else:
            raise HistoryError(f"{imported.module}.{imported.attribute}: imported as {name}")

    def _own(self, name: str, origin: object) -> None:
        """A script has one scope: a name may stand for one thing."""
        if self._origins.setdefault(name, origin) != origin:
            raise HistoryError(f"{name} stands for two things: {self._origins[name]} and {origin}")

    def definitions(self) -> List[str]:
        """The text of each definition, what it needs first."""
        return [
            self._tree.unit(file).definition(statement)
            for file in self._ordered()
            for statement in sorted(self._statements[file], key=lambda one: one.lineno)
        ]

    def _ordered(self) -> List[str]:
        """The files of definitions, each after those that it imports."""
        found: Dict[str, None] = {}

        def add(file: str) -> None:
            for names in self._tree.unit(file).module.imports.values():
                for module, attribute in names:
                    unit = self._tree.imported(module) if attribute else None
                    if unit is not None and unit.file in self._statements:
                        add(unit.file)
            found[file] = None

        for file in self._statements:
            add(file)
        return list(found)

    def imported(self) -> List[str]:
        """The statements that import: the standard library first, then torch and NumPy."""
        told = sorted(set(_import_statements(self.imports)))
        return [
            "\n".join(line for key, line in told if key[0] is library) for library in (False, True)
        ]


def _import_statements(imports: Dict[str, Imported]) -> Iterable[Tuple[Tuple[bool, str], str]]:
    taken: Dict[str, List[str]] = {}
    for name, (module, attribute) in imports.items():
        library = module.partition(".")[0] in _LIBRARIES
        if attribute is not None:
            known = attribute if attribute == name else f"{attribute} as {name}"
            taken.setdefault(module, []).append(known)
        elif name == module.partition(".")[0]:
            yield (library, f"0{module}"), f"import {module}"
        else:
            yield (library, f"0{module}"), f"import {module} as {name}"
    for module, names in taken.items():
        library = module.partition(".")[0] in _LIBRARIES
        yield (library, f"1{module}"), f"from {module} import {', '.join(sorted(names))}"
