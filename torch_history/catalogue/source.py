"""Catalogue: the behaviours as their tests declare them, read from the source without importing it.

A behaviour is a function ``test_*`` with the argument ``snapshot`` in ``spec/<chapter>/test_*.py``. Its markers are literals::

    @pytest.mark.api("torch.optim.SGD", "torch.Tensor.grad", page="generated/torch.optim.SGD", article="B")
    @pytest.mark.changed("2.0", "what changed, in words", kind="silent", cause="pytorch#92731", advice="what to do")
"""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any, Dict, Iterator, List, NamedTuple, Optional

from torch_history.errors import HistoryError
from torch_history.records.sources import left_out_of, marker_of

PAGES = "https://docs.pytorch.org/docs/stable/"


class Change(NamedTuple):
    """What a ``changed`` marker says."""

    version: str
    text: str
    kind: str
    cause: Optional[str] = None
    advice: Optional[str] = None
    unless: Any = None  # every call of the API meets it, unless it is given one of these arguments: names, or positions from 0


class Behaviour(NamedTuple):
    """One claim about the library, as its test declares it."""

    id: str
    file: str  # relative to the repository
    line: int
    claim: str
    docstring: str
    api: List[str]
    page: Optional[str]
    article: Optional[str]
    changes: List[Change]

    @property
    def chapter(self) -> str:
        return self.id.partition(".")[0]

    @property
    def node(self) -> str:
        """How pytest calls the test."""
        return f"{self.file}::test_{self.id.partition('.')[2]}"


def behaviours(root: Path) -> Dict[str, Behaviour]:
    """Id -> behaviour, in the order of chapters, files and lines. Raises HistoryError for two with one id, or bad markers."""
    spec = root / "spec"
    if not spec.is_dir():
        raise HistoryError(
            f"{spec}: no such folder: run this in the repository's root, or name it with --root"
        )
    found: Dict[str, Behaviour] = {}
    for path in sorted(spec.glob("*/test_*.py")):
        for behaviour in _read(path, root):
            if behaviour.id in found:
                first = found[behaviour.id]
                raise HistoryError(
                    f"{behaviour.file}:{behaviour.line}: the id {behaviour.id} is taken by "
                    f"{first.file}:{first.line}: rename one of them"
                )
            found[behaviour.id] = behaviour
    return found


def _read(path: Path, root: Path) -> Iterator[Behaviour]:
    file = path.relative_to(root).as_posix()
    try:
        module = ast.parse(path.read_text(encoding="utf-8"))
    except SyntaxError as error:
        raise HistoryError(f"{file}:{error.lineno}: not Python: {error.msg}") from None
    for function in module.body:
        if not isinstance(function, ast.FunctionDef) or not function.name.startswith("test_"):
            continue
        if "snapshot" not in [argument.arg for argument in function.args.args]:
            continue
        api: List[str] = []
        page = article = None
        changes = []
        for decorator in function.decorator_list:
            name = marker_of(decorator)
            if name == "api":
                arguments, keywords = _literals(decorator, file)
                api.extend(arguments)
                page, article = keywords.get("page"), keywords.get("article")
            elif name == "changed":
                arguments, keywords = _literals(decorator, file)
                try:
                    changes.append(Change(*arguments, **keywords))
                except TypeError:
                    raise HistoryError(
                        f"{file}:{decorator.lineno}: write @pytest.mark.changed(VERSION, WORDS, kind=..., "
                        "cause=..., advice=...)"
                    ) from None
        claim = function.name[len("test_") :]
        yield Behaviour(
            id=f"{path.parent.name}.{claim}",
            file=file,
            line=function.lineno,
            claim=claim.replace("_", " "),
            docstring=ast.get_docstring(function) or "",
            api=api,
            page=page and f"{PAGES}{page}.html",
            article=article,
            changes=changes,
        )


class Source:
    """A module of tests as a reader is shown it: without markers and docstrings."""

    def __init__(self, path: Path):
        text = path.read_text(encoding="utf-8")
        module = ast.parse(text)
        left_out = left_out_of(module)
        self.docstring = ast.get_docstring(module) or ""
        self._lines = {
            number: line
            for number, line in enumerate(text.splitlines(), start=1)
            if number not in left_out
        }
        self._functions = {
            node.lineno: range(
                min([node.lineno, *(one.lineno for one in node.decorator_list)]),
                node.end_lineno + 1,
            )
            for node in module.body
            if isinstance(node, ast.FunctionDef)
        }

    def of(self, line: int) -> str:
        """The function that begins at a line."""
        return "\n".join(
            self._lines[number] for number in self._functions[line] if number in self._lines
        )

    def shared(self, lines: List[int]) -> str:
        """All but the functions that begin at these lines."""
        theirs = {number for line in lines for number in self._functions[line]}
        text = "\n".join(line for number, line in self._lines.items() if number not in theirs)
        return re.sub(r"\n{3,}", "\n\n\n", text).strip("\n")


def _literals(decorator: ast.expr, file: str) -> Any:
    try:
        return (
            [ast.literal_eval(argument) for argument in decorator.args],
            {keyword.arg: ast.literal_eval(keyword.value) for keyword in decorator.keywords},
        )
    except (ValueError, AttributeError):
        raise HistoryError(
            f"{file}:{decorator.lineno}: the arguments of a marker are literals"
        ) from None
