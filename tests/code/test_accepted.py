"""``# torch-history: ok[reason]`` accepts what is found on a line."""

import json
import sys
from pathlib import Path

import pytest

from torch_history.code.accepted import accepted_lines
from torch_history.code.targets import targets

LOAD = "torch.load('a.pt')"


@pytest.mark.parametrize(
    "source, lines",
    [
        ("x  # torch-history: ok[state dicts only]\n", {1}),
        ("x  # torch-history: ok\n", {1}),
        ("x  #torch-history:ok\n", {1}),
        ("x  # noqa: E501  # torch-history: ok[mine]\n", {1}),
        ("# torch-history: ok[mine]\nx\n", {2}),
        ("if x:\n    # torch-history: ok\n    y\n", {3}),
        ("x\r\ny  # torch-history: ok\r\n", {2}),
        ("x  # torch-history: okay\n", set()),
        ("x  # torch-history\n", set()),
        ("x = '# torch-history: ok'\n", set()),
        ("'''\n# torch-history: ok\n'''\n", set()),
        ("'''\n# torch-history: ok\n''' # torch-history: ok\n", {3}),
        ("# -*- coding: latin-1 -*-\nx = '\xe4'  # torch-history: ok\n", {2}),
        ("!ls it's\nx  # torch-history: ok\n", {2}),
        ("(\nx  # torch-history: ok\n", {2}),
    ],
    ids=[
        "reason",
        "no reason",
        "no blanks",
        "after another",
        "alone",
        "alone in a block",
        "carriage returns",
        "another word",
        "no word",
        "in a string",
        "in a docstring",
        "after a docstring",
        "encoding",
        "magic before",
        "open bracket",
    ],
)
def test_comment_accepts_its_line_or_the_next(source, lines):
    assert accepted_lines(source.encode("latin-1")) == lines


@pytest.fixture
def scanned(folder, answers):
    """What a scan of one file finds: the lines of its hits, and how many are accepted."""
    scan = pytest.importorskip("torch_history.code.scan", reason="pyflakes is not installed")
    if sys.version_info < (3, 9):
        pytest.skip("reading source needs Python 3.9")

    def run(name, content):
        (folder / name).write_text(content, encoding="utf-8")
        found = scan.scan([Path(name)], list(targets(answers["2.5 2.6"])), {"torch.load"})
        return {(hit.place.cell, hit.place.line) for _, hit in found.hits}, found.accepted

    return run


def test_accepted_line_has_no_hits_and_is_counted_once(scanned):
    source = f"import torch\n{LOAD}  # torch-history: ok[ours]\n{LOAD}\n"
    assert scanned("a.py", source) == ({(None, 3)}, 1)


def test_comment_in_a_cell_accepts_a_line_of_that_cell(scanned):
    cells = [
        {"cell_type": "code", "source": f"%time import torch\n{LOAD}  # torch-history: ok"},
        {"cell_type": "code", "source": f"# torch-history: ok\n{LOAD}\n{LOAD}"},
    ]
    assert scanned("a.ipynb", json.dumps({"cells": cells})) == ({(2, 3)}, 2)
