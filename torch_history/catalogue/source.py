"""Source: the behaviours as their tests declare them, read without importing the tests.

A behaviour is a function ``test_*`` with the argument ``snapshot`` in ``spec/<chapter>/test_*.py``.
Its markers are literals::

    @pytest.mark.api("torch.optim.SGD", page="generated/torch.optim.SGD", article="B")
    @pytest.mark.changed("2.0", "what changed, in words", kind="silent", cause="pytorch#92731")
"""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Set, Tuple, Union

import msgspec

from torch_history import versions
from torch_history.catalogue import conditions
from torch_history.catalogue.behaviour import PAGES, Behaviour, Change, Interchange
from torch_history.catalogue.kinds import kind_of
from torch_history.errors import HistoryError
from torch_history.records.sources import counts, docstring_of, marker_of


def behaviours(root: Path) -> Dict[str, Behaviour]:
    """Id -> behaviour, in the order of chapters, files and lines.

    Raises HistoryError for two behaviours with one id, and for bad markers.
    """
    spec = root / "spec"
    if not spec.is_dir():
        raise HistoryError(
            f"{spec}: no such folder: run this in the repository's root, or name it with --root"
        )
    found: Dict[str, Behaviour] = {}
    # Parsed, not imported: no command needs torch to know the behaviours.
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
        line = f":{error.lineno}" if error.lineno else ""
        raise HistoryError(f"{file}{line}: not Python: {error.msg}") from None
    except ValueError as error:  # not UTF-8, or a zero byte
        raise HistoryError(f"{file}: not Python: {error}") from None
    for function in module.body:
        if not isinstance(function, ast.FunctionDef) or not function.name.startswith("test_"):
            continue
        if "snapshot" in [argument.arg for argument in function.args.args]:
            yield _behaviour(function, path.parent.name, file)


def _behaviour(function: ast.FunctionDef, chapter: str, file: str) -> Behaviour:
    marked = _Marked([], None, None, False)
    changes: List[Change] = []
    interchange = None
    for decorator in function.decorator_list:
        name = marker_of(decorator)
        if name == "api":
            arguments, keywords = _literals(decorator, file)
            marked = _Marked(
                [*marked.api, *arguments],
                keywords.get("page"),
                keywords.get("article"),
                bool(keywords.get("signature", False)),
            )
        elif name == "changed":
            changes.append(_change(decorator, file))
        elif name == "interchange":
            interchange = Interchange(_literals(decorator, file)[1].get("legacy"))
    claim = function.name[len("test_") :]
    behaviour = Behaviour(
        id=f"{chapter}.{claim}",
        file=file,
        line=function.lineno,
        claim=claim.replace("_", " "),
        docstring=ast.get_docstring(function) or "",
        api=marked.api,
        page=marked.page and f"{PAGES}{marked.page}.html",
        article=marked.article,
        changes=changes,
        signature=marked.signature,
        interchange=interchange,
    )
    try:
        # The constructor of a Struct checks no types; the way back from plain data does.
        return msgspec.convert(msgspec.to_builtins(behaviour), Behaviour)
    except msgspec.ValidationError as error:
        raise HistoryError(
            f"{file}:{function.lineno}: a marker has an argument of another type: {error}"
        ) from None


class _Marked(NamedTuple):
    """What the ``api`` markers of a test say."""

    api: List[str]
    page: Optional[str]
    article: Optional[str]
    signature: bool


def _change(decorator: ast.expr, file: str) -> Change:
    where = f"{file}:{decorator.lineno}"
    arguments, keywords = _literals(decorator, file)
    try:
        versions.parse(arguments[0])
        keywords["kind"] = kind_of(keywords["kind"])
        unless = keywords.pop("unless", None)
        if unless is not None:
            keywords["unless"] = (unless,) if isinstance(unless, str) else tuple(unless)
        for name in ("when", "of"):
            given = keywords.get(name)
            if isinstance(given, (str, list)):
                keywords[name] = (given,) if isinstance(given, str) else tuple(given)
        change = Change(*arguments, **keywords)
        conditions.alternatives(change.when or ())
        return change
    except HistoryError as error:  # no such version or kind
        raise HistoryError(f"{where}: {error}") from None
    except (TypeError, KeyError, IndexError, AttributeError):
        raise HistoryError(
            f"{where}: write @pytest.mark.changed(VERSION, WORDS, kind=..., cause=..., advice=...)"
        ) from None


def _left_out_of(module: ast.Module) -> Set[int]:
    """The numbers of the lines of markers and docstrings."""
    numbers: Set[int] = set()
    for node in ast.walk(module):
        left_out: List[Union[ast.expr, ast.stmt]] = [
            one for one in getattr(node, "decorator_list", ()) if not counts(one)
        ]
        docstring = docstring_of(node)
        left_out += [docstring] if docstring else []
        for one in left_out:
            numbers.update(range(one.lineno, (one.end_lineno or one.lineno) + 1))
    return numbers


class Source:
    """A module of tests as a reader is shown it: without markers and docstrings."""

    def __init__(self, path: Path):
        text = path.read_text(encoding="utf-8")
        module = ast.parse(text)
        left_out = _left_out_of(module)
        self.docstring = ast.get_docstring(module) or ""
        self._lines = {
            number: line
            for number, line in enumerate(text.splitlines(), start=1)
            if number not in left_out
        }
        self._functions = {
            node.lineno: range(
                # A function counts from its `def`, but its decorators stand above.
                min([node.lineno, *(one.lineno for one in node.decorator_list)]),
                (node.end_lineno or node.lineno) + 1,
            )
            for node in module.body
            if isinstance(node, ast.FunctionDef)
        }

    def of(self, line: int) -> str:
        """The function that begins at a line."""
        return "\n".join(
            self._lines[number] for number in self._functions[line] if number in self._lines
        )


def _literals(decorator: ast.expr, file: str) -> Tuple[List[Any], Dict[str, Any]]:
    call = decorator if isinstance(decorator, ast.Call) else ast.Call(decorator, [], [])
    try:
        return (
            [ast.literal_eval(argument) for argument in call.args],
            {str(keyword.arg): ast.literal_eval(keyword.value) for keyword in call.keywords},
        )
    except (ValueError, TypeError, AttributeError):
        raise HistoryError(
            f"{file}:{decorator.lineno}: the arguments of a marker are literals"
        ) from None
