"""Setups: what setup.cfg asks for, and the literal lists of setup.py, which is not run."""

from __future__ import annotations

import ast
import configparser
from typing import Dict, Iterator, List, Optional, Tuple

from torch_history.code import parsing
from torch_history.code.pins import requirements
from torch_history.code.pins.files import MOST_SLOW_BYTES, Source, refused
from torch_history.code.pins.pin import Pin
from torch_history.code.pins.requirements import Requirements
from torch_history.escaping import one_line


def cfg(source: Source) -> Iterator[Pin]:
    """Each torch in a setup.cfg."""
    text = source.text(source.where, source.place, MOST_SLOW_BYTES)
    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read_string(text)
    except configparser.Error as error:
        raise refused(source.where, f"not a setup.cfg: {one_line(error)[:200]}") from None
    reader = Requirements(source)
    asked = [("", parser.get("options", "install_requires", fallback=""))]
    if parser.has_section("options.extras_require"):
        asked += [(f"extra {name}", said) for name, said in parser.items("options.extras_require")]
    for group, said in asked:
        if said.startswith("file:"):
            for name in said[len("file:") :].replace("\n", ",").split(","):
                if name.strip():
                    yield from reader.pins_beside(name.strip(), group)
        else:
            # setuptools splits at semicolons where all stands on one line.
            lines = said.splitlines() if "\n" in said else said.split(";")
            yield from _listed(source, [(line, "") for line in lines], group)


def script(source: Source) -> Iterator[Pin]:
    """Each torch that stands as a literal in a setup.py."""
    text = source.text(source.where, source.place, MOST_SLOW_BYTES)
    try:
        tree = parsing.module(text)
    except parsing.NotPythonError as error:
        raise refused(source.where, f"line {error.line}: {error}") from None
    values: Dict[str, ast.expr] = {}
    for node in tree.body:
        if isinstance(node, ast.Assign):
            values.update({to.id: node.value for to in node.targets if isinstance(to, ast.Name)})
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and _name(call.func) == "setup":
            yield from _called(source, call, values)


def _called(source: Source, call: ast.Call, values: Dict[str, ast.expr]) -> Iterator[Pin]:
    given = {one.arg: _value(one.value, values) for one in call.keywords if one.arg}
    yield from _listed(source, _strings(given.get("install_requires"), source), "")
    extras = given.get("extras_require")
    if isinstance(extras, ast.Dict):
        for key, value in zip(extras.keys, extras.values):
            name = key.value if isinstance(key, ast.Constant) else ""
            asked = _strings(_value(value, values), source)
            yield from _listed(source, asked, f"extra {one_line(name)}")


def _listed(source: Source, asked: List[Tuple[str, str]], group: str) -> Iterator[Pin]:
    for line, spot in asked:
        bare = requirements.REST.split(line.strip())[0].strip()
        if requirements.TORCH.match(bare):
            yield requirements.one(source, source.where, bare, group, spot or str(source.place))


def _strings(node: Optional[ast.expr], source: Source) -> List[Tuple[str, str]]:
    """The strings of a literal list, each with its place."""
    if not isinstance(node, (ast.List, ast.Tuple)):
        return []
    return [
        (one.value, f"{source.place}:{one.lineno}")
        for one in node.elts
        if isinstance(one, ast.Constant) and isinstance(one.value, str)
    ]


def _value(node: ast.expr, values: Dict[str, ast.expr]) -> ast.expr:
    """An expression, or what a name of the module is bound to."""
    return values.get(node.id, node) if isinstance(node, ast.Name) else node


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
