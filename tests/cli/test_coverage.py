"""``torch-history coverage``: what of torch is specified, and what of the reader's source."""

import json
import shutil
import sys

import pytest

from tests.fake import REPOSITORY
from tests.surface.making import index_of, surveyed
from torch_history.cli import main

READS_SOURCE = pytest.mark.skipif(sys.version_info < (3, 9), reason="--code needs Python 3.9")
# ``no_such_part`` stands for a name that no behaviour will ever be about.
CODE = """import torch
from torch import no_such_part

optimizer = torch.optim.SGD([torch.zeros(1)], lr=0.1)
optimizer.zero_grad()
no_such_part.one()
no_such_part.one()
torch.jit.script
"""


def test_every_module_is_told_with_its_names_and_behaviours_and_a_total_last(run):
    status, out, err = run("coverage")
    assert (status, err) == (0, "")
    *lines, left = out.splitlines()
    assert lines == [
        "fakelib: 1 name in 4 behaviours",
        "fakelib.nn: 4 names in 4 behaviours",
        "fakelib.optim: 4 names in 4 behaviours",
        "9 names of torch are specified. Nothing is said of any other.",
    ]
    assert left.startswith("Not covered at all: torch.accelerator, torch.amp, ")


def test_json_names_every_api_of_a_module(run):
    status, out, _ = run("coverage", "--format", "json")
    found = json.loads(out)["modules"]
    assert status == 0 and [one["name"] for one in found] == [
        "fakelib",
        "fakelib.nn",
        "fakelib.optim",
    ]
    assert found[1] == {
        "name": "fakelib.nn",
        "apis": ["fakelib.nn.complaint", "fakelib.nn.constant", "fakelib.nn.flips",
                 "fakelib.nn.noisy"],
        "behaviours": 4,
    }  # fmt: skip


@pytest.fixture(scope="module")
def surveyed_root(recorded, tmp_path_factory):
    """A copy of the recorded project, with a surface of one release."""
    root = tmp_path_factory.mktemp("covered") / "project"
    left_out = shutil.ignore_patterns("__pycache__", ".history")
    shutil.copytree(str(recorded.root), str(root), ignore=left_out)
    names = ["nn.constant", "nn.other", "optim.scale", "jit.trace", "jit.save", "jit._private"]
    entries = {f"fakelib.{name}": "function ()" for name in names}
    modules = ["fakelib", "fakelib.nn", "fakelib.optim", "fakelib.jit"]
    index_of(root, {"2.0": surveyed("2.0.1", entries, modules=modules)})
    return root


def test_surface_says_of_how_many_names_a_module_has_behaviours(surveyed_root, capsys):
    assert main(["--root", str(surveyed_root), "coverage"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "fakelib: 1 name in 4 behaviours",  # which 2.0 lacks
        "fakelib.nn: 1 of 2 names has behaviours (4)",
        "fakelib.optim: 1 of 1 name has behaviours (4)",
        "2 of 5 public names of torch 2.0 have behaviours, the others their surface alone.",
        "Modules without any behaviour, and their names: fakelib.jit (2).",
    ]


def test_json_has_the_counts_of_the_surface_beside_the_behaviours(surveyed_root, capsys):
    assert main(["--root", str(surveyed_root), "coverage", "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [(one["name"], one.get("names"), one.get("specified")) for one in found["modules"]] == [
        ("fakelib", None, None),
        ("fakelib.nn", 2, 1),
        ("fakelib.optim", 1, 1),
    ]
    assert found["not_covered"] == ["fakelib.jit"]
    alone = [{"name": "fakelib.jit", "names": 2}]
    assert found["surface"] == {"release": "2.0", "names": 5, "specified": 2, "alone": alone}


@READS_SOURCE
def test_without_a_surface_only_what_no_behaviour_is_about_is_told(run, tmp_path):
    pytest.importorskip("pyflakes", reason="pyflakes is not installed")
    (tmp_path / "a.py").write_text("import torch\n\ntorch.jit.script\n", encoding="utf-8")
    status, out, _ = run("coverage", "--code", str(tmp_path))
    assert status == 0 and out.splitlines()[0] == f"torch.jit.script ({tmp_path / 'a.py'}:3)"


@pytest.fixture
def of_code(tmp_path, monkeypatch, capsys):
    """Run ``coverage --code`` on files, with the records of this repository."""
    pytest.importorskip("pyflakes", reason="pyflakes is not installed")
    monkeypatch.chdir(tmp_path)

    def command(*arguments, **files):
        for name, text in files.items():
            (tmp_path / f"{name}.py").write_text(text, encoding="utf-8")
        status = main(["--root", str(REPOSITORY), "coverage", "--code", ".", *arguments])
        return (status, *capsys.readouterr())

    return command


@READS_SOURCE
def test_each_name_is_told_with_a_place_and_what_is_recorded_of_it(of_code):
    status, out, err = of_code(a=CODE)
    assert (status, err) == (0, "")
    assert out.splitlines() == [
        "torch.no_such_part.one: neither (a.py:6, 1 more)",
        "torch.jit.script: surface alone (a.py:8)",
        "torch.no_such_part: neither (a.py:2)",
        "torch.optim.SGD: behaviours (1 use)",
        "torch.optim.SGD.zero_grad: behaviours (1 use)",
        "torch.zeros: behaviours (1 use)",
        "Of the 6 names of torch used in 1 file, 3 have behaviours, 1 surface alone, 2 neither.",
        "43% of the 7 uses are of names with behaviours.",
    ]


@READS_SOURCE
def test_json_has_every_place_and_the_number_of_uses_of_what_is_covered(of_code):
    status, out, err = of_code("--format", "json", a=CODE)
    assert (status, err) == (0, "")
    places = {"torch.no_such_part.one": [6, 7], "torch.jit.script": [8], "torch.no_such_part": [2]}
    assert json.loads(out) == {
        "format": 1,
        "files": 1,
        "covered": {"torch.optim.SGD": 1, "torch.zeros": 1, "torch.optim.SGD.zero_grad": 1},
        "not_covered": [
            {
                "name": name,
                "surface": name == "torch.jit.script",
                "places": [{"file": "a.py", "line": line, "cell": None} for line in lines],
            }
            for name, lines in places.items()
        ],
    }


@READS_SOURCE
def test_source_that_is_covered_or_uses_nothing_is_said_to_be_so(of_code):
    assert of_code(a="import torch\n\ntorch.load(f)\n")[1].splitlines() == [
        "torch.load: behaviours (1 use)",
        "Everything that 1 file uses of torch is covered.",
        "100% of the 1 uses are of names with behaviours.",
    ]
    assert of_code(a="import os\n")[1] == "No name of torch is used in 1 file.\n"


@READS_SOURCE
def test_file_that_cannot_be_parsed_is_named_beside_the_answer(of_code):
    status, out, err = of_code(a=CODE, b="def f(:\n")
    assert status == 0 and "used in 1 file, 3 have" in out
    assert err.startswith("b.py:1: not Python: ") and err.count("\n") == 1


@READS_SOURCE
def test_path_that_is_not_there_is_refused_in_one_line(of_code):
    status, out, err = of_code("--code", "lost")
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert err.startswith("torch-history: --code lost: no such file")
