"""How the engine is laid out: who imports whom, and which packages each part needs."""

import ast
import re
import sys
from pathlib import Path

import pytest

import torch_history

ENGINE = Path(torch_history.__file__).resolve().parent
# Modules that stand before the folders, each of which imports only from those before it.
BASE = ("errors", "versions", "escaping", "reading", "progress")
ITEMS = re.findall(r"^\d+\. .*(?:\n   .*)*", torch_history.__doc__, re.MULTILINE)
ORDER = tuple(
    name
    for name in dict.fromkeys(re.findall(r"``(\w+)``", "\n".join(ITEMS)))
    if (ENGINE / name).is_dir()
)
# What a part may import beside the standard library. `observing`, `records`, `running` and
# `surveying` run on Python 3.8 with torch 1.4 as on the newest of both; an answer needs no more
# than the index.
NEEDS = {
    **{name: set() for name in BASE},
    "progress": {"rich"},  # on a terminal
    "observing": {"numpy"},
    "records": {"filelock", "msgspec"},
    "running": {"pytest", "syrupy"},
    "surveying": {"torch"},
    "tracing": {"torch"},
    "catalogue": {"msgspec"},
    "surface": {"msgspec"},
    "questions": {"msgspec"},
}
THIRD_PARTY = {
    *("axe_playwright_python", "click", "execnet", "filelock", "hypothesis", "jinja2"),
    *("jsonschema", "libcst", "markdown_it", "markupsafe", "matplotlib", "msgspec", "numpy"),
    *("packaging", "playwright", "pyflakes", "pytest", "_pytest", "rich", "rich_click"),
    *("syrupy", "tomli", "torch", "torchvision", "tox", "uv", "yaml"),
}


def modules():
    """Name -> syntax of every module of the engine."""
    found = {}
    for path in sorted(ENGINE.rglob("*.py")):
        parts = path.relative_to(ENGINE.parent).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        found[name] = ast.parse(path.read_text(encoding="utf-8"))
    return found


MODULES = modules()


def imported(module):
    """Every module that a module imports, anywhere in it, with the line."""
    for node in ast.walk(MODULES[module]):
        if isinstance(node, ast.Import):
            yield from ((name.name, node.lineno) for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}:{node.lineno}: imports here are absolute"
            for name in node.names:
                whole = f"{node.module}.{name.name}"
                yield (whole if whole in MODULES else node.module), node.lineno


def ours(module):
    """The engine's modules that a module imports, with the line."""
    return [(name, line) for name, line in imported(module) if name.split(".")[0] == ENGINE.name]


def part(module):
    """The folder, or the module before the folders, that a module belongs to."""
    return module.split(".")[1] if "." in module else ""


def test_docstring_of_the_engine_names_every_part_in_order():
    folders = {path.parent.name for path in ENGINE.glob("*/__init__.py")}
    assert set(ORDER) == folders and len(ITEMS) == 15
    files = {path.stem for path in ENGINE.glob("*.py")} - {"__init__", "__main__"}
    assert set(BASE) == files
    assert all(f"``{name}``" in torch_history.__doc__ for name in BASE)


def test_imports_run_one_way():
    rank = {name: number for number, name in enumerate([*BASE, *ORDER, "__main__"])}
    backwards = [
        f"{module}:{line}: {name}"
        for module in MODULES
        if part(module)
        for name, line in ours(module)
        if part(name) and rank[part(name)] > rank[part(module)]
    ]
    assert backwards == []


def test_no_module_imports_one_that_imports_it():
    needed = {module: {name for name, _ in ours(module)} - {module} for module in MODULES}
    needed[ENGINE.name] = set()  # its names are imported where they are first asked for
    while True:  # take away whoever needs nobody
        free = {module for module, names in needed.items() if not names}
        if not free:
            break
        needed = {module: names - free for module, names in needed.items() if module not in free}
    assert needed == {}


def test_what_is_imported_is_there():
    missing = [
        f"{module}:{line}: {name}"
        for module in MODULES
        for name, line in ours(module)
        if name not in MODULES
    ]
    assert missing == []


@pytest.mark.skipif(sys.version_info < (3, 10), reason="Python 3.10 lists its own modules")
def test_every_package_that_is_imported_is_listed_here():
    packages = {name.split(".")[0] for module in MODULES for name, _ in imported(module)}
    own = {ENGINE.name, *sys.stdlib_module_names}
    assert packages - own <= THIRD_PARTY


def test_torch_is_imported_by_workers_only():
    found = {
        module
        for module in MODULES
        for name, _ in imported(module)
        if name.split(".")[0] in ("torch", "torchvision")
    }
    assert {part(module) for module in found} <= {"bench", "comparing", "surveying", "tracing"}


@pytest.mark.parametrize("name", NEEDS)
def test_part_that_runs_everywhere_needs_few_packages(name):
    found = {
        package.split(".")[0]
        for module in MODULES
        if part(module) == name
        for package, _ in imported(module)
    }
    assert found & THIRD_PARTY <= NEEDS[name]
