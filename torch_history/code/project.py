"""Project: what a reader's file imports from the reader's other files."""

from __future__ import annotations

import ast
import contextlib
import os
from pathlib import Path
from typing import Dict, Iterator, List, Optional, Sequence, Set, Tuple, Union

from torch_history import reading
from torch_history.code import parsing
from torch_history.code.binding import bindings
from torch_history.code.freezing import Freezer
from torch_history.code.own import Thing
from torch_history.code.things import Things

DEEPEST = 6  # imports that lead from file to file
MOST = 2_000_000  # bytes of a file that is imported
UNREAD = (reading.UnreadableError, parsing.NotPythonError, RecursionError, MemoryError)
Exports = Dict[str, List[Thing]]


class Project:
    """The reader's files, and what each of them exports; a file is read when it is asked for."""

    def __init__(self, roots: Sequence[Path]) -> None:
        # A path that is not there is told by whoever reads the folders.
        places = [_place(root) for root in roots]
        self._roots = [one if os.path.isdir(one) else one.parent for one in places]  # noqa: PTH112
        self._exports: Dict[Path, Exports] = {}
        self._open: Set[Path] = set()  # files that are being read
        self._again: Set[Path] = set()  # files that were read twice, and never are again
        self._cut = False  # whether what is read now lacks what another file exports
        self._modules: Dict[Tuple[Path, Tuple[str, ...]], Optional[Path]] = {}
        self._homes: Dict[Tuple[Path, str], List[Path]] = {}

    def lookup(self, file: Path, name: str) -> Optional[List[Thing]]:
        """What a dotted name of an import stands for in the reader's files.

        ``.models.Net`` is relative to the file. None where no file of the reader has it.
        """
        found: Optional[List[Thing]] = None
        for base in self._bases(file, name):
            parts = [part for part in name.split(".") if part]
            there = self._below(base, parts, name)
            if there is None and base != file.parent and len(parts) == 1:
                init = self._module(base, ())
                there = self._exported(init).get(parts[0], []) if init else None
            # A folder of tests may have the name of the package that it tests: look further.
            if there:
                return there
            found = there if found is None else found
        return found

    def _below(self, base: Path, parts: List[str], name: str) -> Optional[List[Thing]]:
        """What a dotted name stands for below a folder; None where it has no such module."""
        for length in range(len(parts), 0, -1):
            module = self._module(base, tuple(parts[:length]))
            if module is not None:
                rest = parts[length:]
                if not rest:  # the module itself: its attributes are asked for by name
                    return [Thing(name)]
                return self._exported(module).get(rest[0], []) if len(rest) == 1 else []
        return None

    def names(self, file: Path, module: str) -> Exports:
        """What ``from module import *`` brings, where the module is one of the reader's files."""
        for base in self._bases(file, module):
            path = self._module(base, tuple(part for part in module.split(".") if part))
            if path is not None:
                return self._exported(path)
        return {}

    def _bases(self, file: Path, name: str) -> Iterator[Path]:
        """The folders from which a module's name may lead."""
        folder = file.parent
        dots = len(name) - len(name.lstrip("."))
        if dots:
            yield from [folder, *folder.parents][dots - 1 : dots]
            return
        yield from self._homes_of(folder, name.partition(".")[0])

    def _homes_of(self, folder: Path, first: str) -> List[Path]:
        """The folders, from this one up to the reader's, that hold a module of this name."""
        key = folder, first
        if key not in self._homes:
            bases: List[Path] = []
            for one in (folder, *folder.parents):
                bases += (one, one / "src")
                if one in self._roots or not one.parts[1:]:
                    break
            self._homes[key] = [
                one for one in bases if self._module(one, (first,)) or (one / first).is_dir()
            ]
        return self._homes[key]

    def _module(self, base: Path, parts: Tuple[str, ...]) -> Optional[Path]:
        """The file of a module below a folder."""
        key = base, parts
        if key not in self._modules:
            path = base.joinpath(*parts)
            files = [path / "__init__.py"]
            if parts:
                files.insert(0, path.with_name(path.name + ".py"))
            # A device or a pipe with such a name is no module, and would block whoever reads it.
            self._modules[key] = next((file for file in files if _is_file(file)), None)
        return self._modules[key]

    def _exported(self, path: Path) -> Exports:
        """What a file exports: read when first asked for, and kept."""
        known = self._exports.get(path)
        if known is not None:
            # Files may import each other. What is read inside such a circle lacks something.
            self._cut = self._cut or path in self._open
            return known
        if len(self._open) >= DEEPEST:
            self._cut = True
            return {}
        before, self._cut = self._cut, False
        self._open.add(path)
        self._exports[path] = {}
        with contextlib.suppress(*UNREAD):  # told where the file itself is scanned
            self._exports[path] = self._read(path)
        found = self._exports[path]
        self._open.discard(path)
        if self._cut and self._open and path not in self._again:
            # Once more, when it is asked for from outside the circle.
            self._again.add(path)
            del self._exports[path]
        self._cut = before or self._cut
        return found

    def _read(self, path: Path) -> Exports:
        content = reading.content(path, MOST)
        tree = parsing.module(content)
        found = bindings(tree)
        things = Things(found, self, path)
        freezer = Freezer()
        exports: Exports = {}
        for name, node in _top(tree):
            if name == "*":
                exports.update(self.names(path, str(node)))
            else:
                of = things.imported(node) if isinstance(node, str) else things.top(node)
                exports[name] = freezer.things(of)
        things.close()
        return {name: of for name, of in exports.items() if of}


def _top(tree: ast.Module) -> Iterator[Tuple[str, Union[ast.AST, str]]]:
    """The names that a module binds at its top, each with what binds it: a node, or a full name."""
    todo: List[ast.stmt] = list(tree.body)
    for node in todo:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            yield node.name, node
        elif isinstance(node, ast.Assign):
            yield from ((one.id, node.value) for one in node.targets if isinstance(one, ast.Name))
        elif isinstance(node, ast.AnnAssign) and node.value and isinstance(node.target, ast.Name):
            yield node.target.id, node.value
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            for alias in node.names:
                dot = "." if node.module else ""
                full = module if alias.name == "*" else f"{module}{dot}{alias.name}"
                yield alias.asname or alias.name, full
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.asname or "." not in alias.name:
                    yield alias.asname or alias.name, alias.name
        elif isinstance(node, (ast.If, ast.Try)):
            todo += node.body + node.orelse


def _place(root: Path) -> Path:
    try:
        return Path(os.path.realpath(root))
    except ValueError:  # no file can have this name
        return root


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # a name that is too long
        return False
