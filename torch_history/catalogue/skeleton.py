"""Skeleton: the first text of a new behaviour's test, and the files that it goes into.

A test is added at the end of its module. Nothing that is there is overwritten.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import List, NamedTuple, Optional, Tuple

from torch_history.catalogue import chapters, importing
from torch_history.errors import HistoryError
from torch_history.records import store

NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
API = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+")
LONGEST_CLAIM = 80  # characters, so that the first line of the test has at most 100
# pytest.fail raises what is no Exception. So observe() does not take it for what torch did, and
# nothing is recorded until its line is deleted.
_TEST = '''{api}
def test_{claim}(snapshot):
    """{sentence}."""
    pytest.fail("write the act, and delete this line")
    x = torch.tensor([1.0, 2.0])
    assert snapshot == observe(lambda: x * 2)
'''
_LINE = 100


class Skeleton(NamedTuple):
    """A behaviour whose test is to be written."""

    chapter: str
    claim: str  # in lower-case words joined by _
    subject: str
    api: Tuple[str, ...] = ()
    page: Optional[str] = None

    @property
    def id(self) -> str:
        """The behaviour's id."""
        return f"{self.chapter}.{self.claim}"

    @property
    def file(self) -> str:
        """The module, relative to the repository."""
        return f"spec/{self.chapter}/test_{self.subject}.py"

    @property
    def node(self) -> str:
        """How pytest calls the test."""
        return f"{self.file}::test_{self.claim}"

    @property
    def text(self) -> str:
        """The test."""
        sentence = _sentence(self.claim)
        return _TEST.format(api=_marker(self), claim=self.claim, sentence=sentence)


class Written(NamedTuple):
    """The files that a skeleton was written into, and the line of its test."""

    files: List[str]
    line: int


def write(root: Path, new: Skeleton) -> Written:
    """Add the test to its module, and a new module to the subjects of its chapter.

    Raises HistoryError where the module has a function of this name, or the subjects' list has
    another form.
    """
    path = root / new.file
    if path.exists():
        before = path.read_text(encoding="utf-8")
    else:
        before = f'"""{_sentence(new.subject)}."""\n'
    _must_be_free(before, new)
    text = with_test(before, new.text)
    listed = _listed(root, new)
    store.write_text(path, text)
    files = [new.file]
    if listed:
        init = path.with_name("__init__.py")
        store.write_text(init, listed)
        files.append(init.relative_to(root).as_posix())
    return Written(files, text[: text.index(f"\ndef test_{new.claim}(")].count("\n") + 2)


def with_test(module: str, test: str) -> str:
    """A module with a test at its end, and with what a skeleton imports."""
    text = importing.with_module(module, "pytest")
    text = importing.with_module(text, "torch")
    text = importing.with_name(text, "torch_history.observing", "observe")
    return text.rstrip("\n") + "\n\n\n" + test


def _must_be_free(module: str, new: Skeleton) -> None:
    for node in ast.parse(module).body:
        if isinstance(node, ast.FunctionDef) and node.name == f"test_{new.claim}":
            raise HistoryError(
                f"NAME {new.claim!r}: {new.file}:{node.lineno} has a test of this name: "
                "choose another"
            )


def _listed(root: Path, new: Skeleton) -> Optional[str]:
    """The chapter's ``__init__.py`` with the subject in its list; None where it needs none."""
    path = root / "spec" / new.chapter / "__init__.py"
    order = chapters.chapter(root, new.chapter).order
    if not path.exists() or new.subject in order:
        return None
    text, line = path.read_text(encoding="utf-8"), f'    "{new.subject}",\n'
    before, after = "SUBJECTS = []\n", f"SUBJECTS = [\n{line}]\n"
    if order:
        before = f'    "{order[-1]}",\n]\n'
        after = before.replace("]", f"{line}]")
    if text.count(before) != 1:
        raise HistoryError(f"{path}: SUBJECTS is no list with one stem a line: write it so")
    return text.replace(before, after)


def _sentence(claim: str) -> str:
    words = claim.replace("_", " ")
    return words[:1].upper() + words[1:]


def _marker(new: Skeleton) -> str:
    """The marker ``api``, laid out as ruff format does."""
    arguments = [f'"{name}"' for name in new.api] + ([f'page="{new.page}"'] if new.page else [])
    flat = f"@pytest.mark.api({', '.join(arguments)})"
    inner = f"    {', '.join(arguments)}"
    if len(flat) <= _LINE:
        return flat
    if len(inner) > _LINE:
        inner = "\n".join(f"    {argument}," for argument in arguments)
    return f"@pytest.mark.api(\n{inner}\n)"
