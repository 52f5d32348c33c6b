"""A very long file is read in pieces, with the lines of the whole and within bounded memory."""

import ast
import sys
import tracemalloc

import pytest

pytest.importorskip("pyflakes", reason="pyflakes is not installed")
if sys.version_info < (3, 9):
    pytest.skip("reading source needs Python 3.9", allow_module_level=True)

from tests.code.making import target
from torch_history.code import pieces, scan
from torch_history.code.parsing import NotPythonError

THING = target("torch.thing", unless=())
CLEAR = target("torch.optim.Optimizer.zero_grad", unless=())
HEAD = '''"""A docstring
over lines."""
import torch as t
opt = t.optim.SGD([], 0.1)
'''
BLOCKS = '''@wrap(
    1,
)
@t.thing
def f(x):
    if x:
        y = """
else:
# torch-history: ok
t.thing(x)
"""
    else:
        y = 1
    return t.thing(x)
if a:
    b = 1
elif c:
    b = t.thing(x)
else:
    t.thing(x)
try:
    pass
except E:
    pass
else:
    t.thing(x)
finally:
    pass
x = f(
    1,

    t.thing(x),
)
y = 1 \\
    + t.thing(x)
# a comment at the left

class A:
    def f(self):
        return t.thing(self)
# in a class
    z = 1
async def g():
    await t.thing(x)
t.thing(x); t.thing(y)
'''
ACCEPTED = "t.thing(x)  # torch-history: ok[ours]\n# torch-history: ok\nt.thing(x)\n"
MANY = 30_000 // (BLOCKS + ACCEPTED).count("\n") + 1
LONG = HEAD + (BLOCKS + ACCEPTED) * MANY


@pytest.fixture
def scanned(folder):
    """What a scan finds in one file."""

    def run(source):
        (folder / "a.py").write_text(source, encoding="utf-8")
        found = scan.scan([folder / "a.py"], [THING, CLEAR], {"torch.thing"})
        assert not found.faults
        return found

    return run


def lines(found):
    return sorted(one.hit.place.line for one in found.found)


def expected(source):
    """The lines on which ``t.thing`` stands, by Python itself, but for the accepted ones."""
    comments = [
        number + line.startswith("#")
        for number, line in enumerate(source.split("\n"), start=1)
        if "# torch-history: ok" in line
    ]
    named = {
        node.end_lineno
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Attribute) and node.attr == "thing"
    }
    return sorted(named - set(comments))


def test_lines_of_a_file_of_30000_lines_are_those_of_the_whole(scanned):
    found = scanned(LONG)
    assert LONG.count("\n") > 30_000 and len(list(pieces.pieces(LONG.encode()))) > 2
    assert lines(found) == expected(LONG) and len(lines(found)) == 10 * MANY
    assert found.accepted == 2 * MANY


@pytest.mark.parametrize("length", [1, 2, 7, 30])
def test_reading_in_pieces_of_any_length_finds_what_reading_as_a_whole_does(
    scanned, monkeypatch, length
):
    source = HEAD + (BLOCKS + ACCEPTED) * 4
    whole = scanned(source)
    monkeypatch.setattr(pieces, "LONGEST", 1)
    monkeypatch.setattr(pieces, "LENGTH", length)
    monkeypatch.setattr(pieces, "SHARED", 10)
    found = scanned(source)
    assert found.names == whole.names and found.accepted == whole.accepted
    assert sorted(one.hit for one in found.found) == sorted(one.hit for one in whole.found)


def test_what_the_head_of_the_file_imports_and_builds_is_known_to_its_end(scanned):
    source = HEAD + "x = 1\n" * 30_000 + "opt.zero_grad()\n"
    (only,) = scanned(source).found
    assert (only.hit.place.line, str(only.hit.level)) == (30_005, "certain")


def test_import_is_one_mention_however_many_pieces_know_it(scanned):
    found = scanned("from torch import thing, other\n" + "x = 1\n" * 50_000)
    assert found.names.covered == {"torch.thing": 1}
    assert [place.line for place in found.names.uncovered["torch.other"]] == [1]


def test_pieces_cover_every_line_once_and_begin_with_statements_at_the_left():
    ranges = [piece.lines for piece in pieces.pieces(LONG.encode())]
    assert ranges[0].start == 1 and ranges[-1].stop > LONG.count("\n")
    assert all(one.stop == other.start for one, other in zip(ranges, ranges[1:]))
    text = LONG.split("\n")
    starts = {text[one.start - 1].partition(" ")[0].partition("(")[0] for one in ranges[1:]}
    assert not starts & {"else:", "elif", "except", "finally:", "", ")", "def"}


@pytest.mark.parametrize("newline", ["\n", "\r\n"], ids=["newline", "carriage return too"])
def test_lines_end_as_the_file_has_them(folder, newline):
    source = "import torch\n" + "x = 1\n" * 25_000 + "torch.thing(x)\n"
    (folder / "a.py").write_bytes(source.replace("\n", newline).encode())
    found = scan.scan([folder / "a.py"], [THING], set())
    assert not found.faults and lines(found) == [25_002]


@pytest.mark.parametrize(
    "end, line", [("x = (\n", 30_001), ("if x:\ny = 1\n", 30_002), ("x = '''\n", 30_001)]
)
def test_long_file_that_does_not_parse_names_its_line(end, line):
    with pytest.raises(NotPythonError) as refused:
        list(pieces.pieces(("x = 1\n" * 30_000 + end).encode()))
    assert refused.value.line == line


def test_file_in_pieces_needs_no_more_memory_than_a_long_one(scanned, monkeypatch):
    monkeypatch.setattr(pieces, "LONGEST", 2_000)
    monkeypatch.setattr(pieces, "LENGTH", 1_000)
    monkeypatch.setattr(pieces, "SHARED", 100)
    monkeypatch.setattr(scan, "MOST_PYTHON", 100_000)  # it is allocated at once

    def peak(count):
        source = HEAD + "x = f(y)\n" * count
        scanned(source)
        tracemalloc.start()
        scanned(source)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    assert peak(10_000) < 0.8 * peak(1_900)
