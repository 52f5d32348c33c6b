"""Plain: what belongs to pytest, as plain Python."""

from __future__ import annotations

import ast
from typing import Callable, Dict, Iterable, Iterator, List, Optional, Tuple

from torch_history.publish.script.text import Edit, Text
from torch_history.records.sources import docstring_of

OBSERVING = ("observe", "observe_each")
# what no script can hold, and modules that the edits below bring in
FOREIGN = {"pytest", "snapshot", "monkeypatch", *OBSERVING}
MODULES = {"contextlib", "importlib", "os", "pathlib", "sys", "tempfile", "torch", "warnings"}


class Plain:
    """The edits that make nodes of a module plain."""

    def __init__(self, text: Text, file: str):
        self._text, self._file = text, file
        self._functions: Dict[str, Callable[[ast.Call], Iterable[Edit]]] = {
            "pytest.param": self._param,
            "pytest.raises": lambda call: self._called(call, "contextlib.suppress(", 1),
            "pytest.importorskip": lambda call: self._called(call, "importlib.import_module(", 1),
            "apart": lambda call: self._called(call, "(", 1),  # a script may end
            "monkeypatch.setattr": lambda call: self._called(call, "setattr(", 3),
            "monkeypatch.delattr": lambda call: self._called(call, "delattr(", 2),
            "monkeypatch.chdir": lambda call: self._called(call, "os.chdir(", 1),
            "monkeypatch.setenv": lambda call: self._called(call, "os.environ.__setitem__(", 2),
            "monkeypatch.syspath_prepend": lambda call: self._called(
                call, "sys.path.insert(0, ", 1
            ),
        }

    def edits(self, nodes: Iterable[ast.AST]) -> List[Edit]:
        """The edits for nodes and all within them."""
        return [edit for node in nodes for one in ast.walk(node) for edit in self._of(one)]

    def _of(self, node: ast.AST) -> Iterable[Edit]:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            return self._undocumented(node)
        if isinstance(node, ast.Expr) and _called(node.value) == "pytest.skip":
            return self._skip(node)
        if isinstance(node, (ast.Expr, ast.Assert)):
            return self._observed_in(node)
        if isinstance(node, ast.Name) and node.id == "__file__":
            path = f'os.path.abspath("{self._file}")'
            return [Edit(self._text.start(node), self._text.end(node), path)]
        if isinstance(node, ast.Call):
            change = self._functions.get(_called(node) or "")
            return change(node) if change else ()
        return ()

    def _undocumented(self, node: ast.AST) -> Iterator[Edit]:
        docstring = docstring_of(node)
        if docstring is None:
            return
        last = docstring.end_lineno or docstring.lineno
        body: List[ast.stmt] = getattr(node, "body")  # noqa: B009
        if len(body) == 1:
            yield Edit(self._text.start(docstring), self._text.end(docstring), "pass")
        else:
            blank = self._text.lines(last + 1, last + 1).strip() == ""
            yield self._text.without(docstring.lineno, last + blank)

    def _param(self, call: ast.Call) -> Iterator[Edit]:
        """``pytest.param(a, b, id="x")`` -> ``("x", a, b)``."""
        name = next((one.value for one in call.keywords if one.arg == "id"), None)
        if name is not None and call.args:
            text = self._text
            yield Edit(text.start(call), text.start(call.args[0]), f"({text.of(name)}, ")
            yield Edit(text.end(call.args[-1]), text.end(call), ")")

    def _called(self, call: ast.Call, head: str, count: int) -> Iterator[Edit]:
        """Another function, called with the first arguments alone."""
        if len(call.args) < count:
            return
        # `except` takes a tuple of exceptions, and suppress takes each by itself.
        star = "*" if "suppress" in head and isinstance(call.args[0], ast.Tuple) else ""
        text = self._text
        yield Edit(text.start(call), text.end(call.func) + 1, head + star)
        yield Edit(text.end(call.args[count - 1]), text.end(call), ")")

    def _skip(self, statement: ast.Expr) -> Iterator[Edit]:
        """``pytest.skip(reason=...)`` prints the reason and ends the script."""
        call = statement.value
        if isinstance(call, ast.Call):
            for reason in [*call.args[:1], *(one.value for one in call.keywords)][:1]:
                text = self._text
                yield Edit(text.start(call), text.start(reason), "raise SystemExit(print(")
                yield Edit(text.end(reason), text.end(call), "))")

    def _observed_in(self, statement: ast.stmt) -> Iterator[Edit]:
        """An ``observe`` whose result is not shown calls its act, whatever the act raises."""
        for call in ast.walk(statement):
            if _called(call) == "observe" and isinstance(call, ast.Call):
                if "snapshot" in {getattr(one, "id", "") for one in ast.walk(statement)}:
                    return
                act = act_of(self._text, call.args[0])
                margin = " " * statement.col_offset
                yield Edit(
                    self._text.start(statement),
                    self._text.end(statement),
                    f"with contextlib.suppress(Exception):\n{margin}    {act}",
                )


def act_of(text: Text, act: ast.expr) -> str:
    """What calls an act: ``lambda: f(x)`` is ``f(x)``, and ``act`` is ``act()``."""
    return text.of(act.body) if isinstance(act, ast.Lambda) else f"{text.of(act)}()"


def _called(node: ast.AST) -> Optional[str]:
    """``pytest.skip`` of a call; None where no such name is called."""
    if not isinstance(node, ast.Call):
        return None
    function = node.func
    if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name):
        return f"{function.value.id}.{function.attr}"
    return function.id if isinstance(function, ast.Name) else None


def observing(node: ast.AST) -> Optional[ast.Call]:
    """The call of ``observe`` or ``observe_each`` that a node is; else None."""
    return node if isinstance(node, ast.Call) and _called(node) in OBSERVING else None


def compared(function: ast.FunctionDef) -> Tuple[int, Optional[ast.Call]]:
    """Which statement of a test observes what the snapshot is compared with, and its call."""
    last = function.body[-1]
    if isinstance(last, ast.Assert) and isinstance(last.test, ast.Compare):
        right = last.test.comparators[0]
        if observing(right):
            return len(function.body) - 1, observing(right)
        for number, statement in enumerate(function.body):
            if isinstance(statement, ast.Assign) and isinstance(right, ast.Name):
                target = statement.targets[0]
                if isinstance(target, ast.Name) and target.id == right.id:
                    return number, observing(statement.value)
    return len(function.body) - 1, None
