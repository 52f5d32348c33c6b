"""Whatever a file holds, it is read, or named in one printable line. Nothing else is raised."""

import json
import re
import sys

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.code import PLANTED
from torch_history.errors import HistoryError
from torch_history.escaping import one_line

pytest.importorskip("pyflakes", reason="pyflakes is not installed")
pytest.importorskip("packaging", reason="packaging is not installed")
if sys.version_info < (3, 9):
    pytest.skip("reading source needs Python 3.9", allow_module_level=True)
if sys.version_info < (3, 11):
    pytest.importorskip("tomli", reason="reading a lock file needs Python 3.11, or tomli")

from tests.code.scanning import apis
from torch_history.code import magics, scan
from torch_history.code.hits import Level
from torch_history.code.pins.asking import asked
from torch_history.code.project import Project
from torch_history.code.targets import targets

EXAMPLES = 200
SOURCES = [path.read_text(encoding="utf-8") for path in sorted(PLANTED.rglob("*.py"))]
NOTEBOOK = (PLANTED / "notebook.ipynb").read_text(encoding="utf-8")
PYTHON_WORDS = [
    *("torch", ".load", "self", "opt", "zero_grad", "super()", "lambda x: x", "**{}", "*a", "_"),
    *("\n", "\n    ", "\r", "\t", "\0", "\x0c", "\\\n", "(", ")", "[", "]", "{", "}", "'", '"""'),
    *("class A(A):", "def f(f=f):", "global torch", "nonlocal x", "del torch", "import torch as x"),
    *("from torch import *", "for x in x:", "with x as x, y:", "try:", "except x as x:", "else:"),
    *("await ", "yield", "return", "x: x = x", ":=", "f'{x}'", "match x:", "case {**x}:", "@", "="),
    *("%time ", "!ls", "?", "%%bash", "# coding: utf-7\n", "__all__ += x", "if x: x = None"),
]
# Sound pieces, since a text that is cut seldom parses: N becomes a name, E an expression.
NAMES = ["torch", "x", "opt", "self", "A"]
EXPRESSIONS = [
    *(
        "torch",
        "x",
        "opt",
        "self",
        "A",
        "A()",
        "torch.load(x)",
        "opt.zero_grad()",
        "self.x",
        "None",
    ),
    *("torch.nn.Linear(1, 1)", "torch.optim.SGD(x, 0.1)", "x.grad", "x[0]", "-x", "x + opt", "..."),
    *(
        "x if A else None",
        "(x := opt)",
        "lambda self: self.x",
        "[x for x in A]",
        "dict(x=1)",
        "{**x}",
    ),
    *(
        "super().zero_grad()",
        "f'{x!r:{A}}'",
        "x.parameters()",
        "torch.ones(1)",
        "(x, opt)",
        "(yield)",
    ),
    *("await x", "x(*A, **opt)", "functools.partial(torch.load, x)", "Optional[x]", "x | None"),
    *("x.to(A).cuda().weight.grad", "x()()", "'torch.Tensor'", "{x: A for x in A if x}"),
]
STATEMENTS = [
    *(
        "N = E",
        "N: E = E",
        "N: E",
        "N += E",
        "N.x = E",
        "N, N = E, E",
        "N, *N = E",
        "[N, (N, x)] = E",
    ),
    *(
        "import torch as N",
        "import torch.nn",
        "import N.N",
        "from torch import *",
        "from . import N",
    ),
    *(
        "from torch import N",
        "from .x import *",
        "from __future__ import annotations",
        "del N",
        "E",
    ),
    *(
        "global N",
        "nonlocal N",
        "return E",
        "raise E",
        "__all__ = ['x']",
        "__all__ += x",
        "N = N = E",
    ),
]
BLOCKS = [
    *("class N(E):", "class N(A, metaclass=E):", "class N:", "def N(self, x=E, *b, **c) -> E:"),
    *(
        "async def N(x: E, /, y: E = E, *, z=E):",
        "for N in E:",
        "for N, N in x.named_parameters():",
    ),
    *(
        "while E:",
        "if E:",
        "with E as N, E as (N, x):",
        "try: pass\nexcept E as N:",
        "@E\ndef N():",
    ),
    *("try: pass\nfinally:", "@staticmethod\ndef N(x):", "@classmethod\ndef N(x):"),
    *("async with E as N:", "async for N in E:"),
]
REQUIREMENTS = "-r other.txt\ntorch[a]==2.5.1 ; python_version < '3.9'  # c\ntorch @ https://a/b\n"
REQUIREMENT_WORDS = [
    *("torch", "==2.5.1", ">=2", "===", "~=", "; ", "(", ")", "'", "and", "python_version", "<"),
    *("\n", "\\\n", "\r\n", " #", " --hash=a", "-r ", "-c ", "fuzzed.txt", "other.txt", "/", ".."),
    *("@ https://a/torch-2-a-b-c.whl", "[", "]", ",", "*", "1" * 5000, "\0", "\x1b[31m", "%2B"),
]
TOML = '[[package]]\nname = "torch"\nversion = "2.5.1"\nmarkers = ["a"]\n[metadata]\nn = {a = 1}\n'
TOML_WORDS = [
    *("[", "]", "[[package]]", "[[packages]]", "{", "}", "=", ".", ",", "'", '"', '"""', "\n", "#"),
    *("package", "name", "version", "marker", "resolution-markers", "torch", "nan", "true", "[]"),
    *("1979-05-27", "1.5", "0x", "_", "\\u", "\\ud800", "1" * 5000, "\0", "\x1b", "\r", "a.b.c"),
]


@st.composite
def mutated(draw, texts, words):
    """One of the texts with some pieces cut out, and words or letters put in."""
    text = draw(st.sampled_from(texts))
    pieces = st.sampled_from(words) | st.text(max_size=3)
    for _ in range(draw(st.integers(1, 8))):
        start = draw(st.integers(0, len(text)))
        cut = draw(st.sampled_from([0, 0, 1, 5, 50]))
        text = text[:start] + draw(pieces) + text[start + cut :]
    return text


@st.composite
def programs(draw, depth=0):
    """Lines of a program that parses, though it may make no sense."""
    lines = []
    for _ in range(draw(st.integers(1, 4))):
        block = depth < 3 and draw(st.booleans())
        line = draw(st.sampled_from(BLOCKS if block else STATEMENTS))
        line = re.sub(r"\bN\b", lambda _: draw(st.sampled_from(NAMES)), line)
        lines += re.sub(r"\bE\b", lambda _: draw(st.sampled_from(EXPRESSIONS)), line).split("\n")
        lines += [f" {inner}" for inner in (draw(programs(depth + 1)) if block else ())]
    return lines


def spelt(words):
    """A text made of words."""
    return st.lists(st.sampled_from(words) | st.text(max_size=2), max_size=40).map("".join)


def encoded(texts):
    return texts.map(lambda text: text.encode("utf-8", "surrogatepass")) | st.binary()


LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10)
JSON = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)
CELL_TEXT = spelt(PYTHON_WORDS)
CELLS = st.fixed_dictionaries(
    {},
    optional={
        "cell_type": st.sampled_from(["code", "code", "code", "markdown"]) | JSON,
        "source": CELL_TEXT | st.lists(CELL_TEXT, max_size=3) | JSON,
        "outputs": JSON,
        "\ud800": JSON,
    },
)
NOTEBOOKS = st.fixed_dictionaries({"cells": st.lists(CELLS | JSON, max_size=5) | JSON}) | JSON


@pytest.fixture(scope="module")
def reader(answers):
    wanted = list(targets(answers["1.13 2.0"]))
    return scan.Reader(wanted, apis(), Level.POSSIBLE, Project([PLANTED]))


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder for all examples."""
    return tmp_path_factory.mktemp("fuzz")


def read(reader, path, content):
    """Read a file, and hold each of its faults to be one printable line that names it."""
    path.write_bytes(content)
    reader.faults.clear()
    reader.read(path)
    for fault in reader.faults:
        assert fault.startswith(f"{path}:") and fault == one_line(fault)
        assert len(fault) < len(str(path)) + 300


@settings(max_examples=EXAMPLES)
@given(encoded(st.text() | spelt(PYTHON_WORDS) | mutated(SOURCES, PYTHON_WORDS)))
@example(b"class A(A): f = torch.load")
@example(b"class A(lambda self: self.zero_grad()): import torch")
def test_any_python_is_read_or_named(reader, place, content):
    read(reader, place / "fuzzed.py", content)


@settings(max_examples=EXAMPLES)
@given(programs())
@example(["class A:", " from __future__ import annotations"])
def test_any_program_is_read(reader, place, lines):
    source = "\n".join(["import torch, functools", *lines]).encode()
    read(reader, place / "fuzzed.py", source)


@settings(max_examples=EXAMPLES)
@given(encoded(st.text() | mutated([NOTEBOOK], PYTHON_WORDS)))
def test_any_file_is_a_notebook_or_named(reader, place, content):
    read(reader, place / "fuzzed.ipynb", content)


@settings(max_examples=EXAMPLES)
@given(NOTEBOOKS)
def test_any_json_is_a_notebook_or_named(reader, place, data):
    read(reader, place / "fuzzed.ipynb", json.dumps(data).encode())


@settings(max_examples=EXAMPLES)
@given(CELL_TEXT | st.text())
def test_magics_never_move_a_line(text):
    assert magics.without(text).count("\n") == text.count("\n")


def pinned(path, content):
    """Ask for what a file pins, and hold a refusal to be one printable line that names it."""
    path.write_bytes(content)
    try:
        found = asked("--from", str(path), known=["1.4.0", "2.15.0"])
    except HistoryError as error:
        message = str(error)
        assert message.startswith(f"--from {path}: ") and message == one_line(message)
        assert len(message) < len(str(path)) + 2000
    else:
        assert all(one.version[0].isdigit() for one in found)


@settings(max_examples=EXAMPLES)
@given(
    encoded(st.text() | spelt(REQUIREMENT_WORDS) | mutated([REQUIREMENTS], REQUIREMENT_WORDS)),
    spelt(REQUIREMENT_WORDS),
)
def test_any_requirements_pin_torch_or_are_refused(place, content, other):
    (place / "other.txt").write_text(other, encoding="utf-8")
    pinned(place / "fuzzed.txt", content)


@settings(max_examples=EXAMPLES)
@given(encoded(st.text() | spelt(TOML_WORDS) | mutated([TOML], TOML_WORDS)))
def test_any_lock_file_pins_torch_or_is_refused(place, content):
    pinned(place / "fuzzed.lock", content)
