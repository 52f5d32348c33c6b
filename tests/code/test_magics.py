"""A notebook's lines that IPython understands and Python does not: the rest of the cell is read."""

import json
import sys
import time

import pytest

pytest.importorskip("pyflakes", reason="pyflakes is not installed")
if sys.version_info < (3, 9):
    pytest.skip("reading source needs Python 3.9", allow_module_level=True)

from tests.code.scanning import by_behaviour, scanned
from torch_history.code import magics

LOAD = "checkpoints.load_refuses_a_whole_module_by_default"


@pytest.fixture
def lines(answers, tmp_path):
    """The lines of a cell that call torch.load."""

    def of(*cells):
        made = [{"cell_type": "code", "source": text} for text in ("import torch", *cells)]
        (tmp_path / "a.ipynb").write_text(json.dumps({"cells": made}), encoding="utf-8")
        found = scanned([tmp_path], answers["2.5 2.6"])
        assert not found.faults
        return [hit.place.line for hit in by_behaviour(found).get(LOAD, ())]

    return of


@pytest.mark.parametrize(
    "cell, expected",
    [
        ("%time x = torch.load(f)", [1]),
        ("if f:\n    %timeit -n 10 -r3 torch.load(f)\ntorch.load(f)", [2, 3]),
        ("x = %timeit -o torch.load(f)", [1]),
        ("%time for f in fs: torch.load(f)", [1]),
        ("%time torch.load(\ntorch.load(f)", [2]),
        ("%time\ntorch.load(f)", [2]),
        ("%%time\ntorch.load(f)", [2]),
        ("\n%%timeit -n 1 x = torch.load(f)\ntorch.load(x)", [2, 3]),
        ("%%capture out\n%cd x\ntorch.load(f)", [3]),
        ("%%bash\ntorch.load(f)", []),
        ("%%!\ntorch.load(f)", []),
    ],
)
def test_what_a_magic_times_is_read(lines, cell, expected):
    assert lines(cell) == expected


@pytest.mark.parametrize(
    "line",
    [
        "%matplotlib inline",
        "%cd C:\\it's (",
        "!ls 'a",
        "!!ls",
        "files = !ls",
        "a, *b = !ls",
        "x['a'] = !ls",
        "x = %who",
        "?torch",
        "torch?",
        "torch.load??",
        "x['a']?",
        "if x:\n    !ls",
        "!pip install a \\\n  b \\\n  c",
        "%time f( \\\n  1)",
        "await torch.f()\n%who",
        "x = 1 \\\n  + 2\n!ls",
        "x = '''\n!ls\n'''\n!ls",
        "x = (1\n%2\n)\n!ls",
        "x = [ # (\n'(', \"it's\", '\\'('\n]\n!ls",
    ],
)
def test_other_magics_leave_the_rest_of_the_cell(lines, line):
    assert lines(f"{line}\ntorch.load(f)") == [line.count("\n") + 2]


@pytest.mark.parametrize(
    "text",
    [
        "x = '''\n!ls\n%time f()\nwhat?\n'''",
        "x = (a\n%b\n)",
        "x = a \\\n%b",
        "print('a=%s' % b)  # why?",
        "x != y",
        "s = 'what?'",
    ],
)
def test_what_only_looks_like_a_magic_is_left_alone(text):
    assert magics.without(f"{text}\n!ls") == f"{text}\npass"


def test_value_of_a_command_is_not_known(lines):
    assert lines("torch = !ls\ntorch.load(f)") != []  # bound twice: by the import too
    assert magics.without("x = !ls") == "x = []"


@pytest.mark.parametrize(
    "text",
    ["'" * 100_000, "x = " * 20_000 + "!", "\\" * 100_000, "%time \\\n" * 20_000, "? " * 50_000],
)
def test_long_cell_is_read_in_good_time(text):
    started = time.perf_counter()
    magics.without(f"{text}?\n!ls")
    assert time.perf_counter() - started < 5
