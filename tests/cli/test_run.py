"""``torch-history run``: its options, its answers in every form, and what it says of bad input."""

import json
import sys
import textwrap
from pathlib import Path

import jsonschema
import pytest
import torch

from torch_history.cli import main
from torch_history.publish import run_schema

ROOT = Path(__file__).resolve().parents[2]
RELEASE = torch.__version__.partition("+")[0]
PROGRAM = """\
import sys
import torch

net = torch.nn.Linear(2, 1)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
for step in range(int(sys.argv[1])):
    net(torch.ones(3, 2)).sum().backward()
    optimizer.step()
"""


@pytest.fixture
def work(tmp_path, monkeypatch):
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "train.py").write_text(PROGRAM)
    (folder / "package").mkdir()
    (folder / "package" / "__main__.py").write_text(PROGRAM)
    monkeypatch.chdir(folder)
    return folder


def run(*arguments, releases=(RELEASE, RELEASE), python=sys.executable):
    pythons = ["--python-a", python, "--python-b", python]
    return main(["--root", str(ROOT), "run", *releases, *pythons, *arguments])


def test_json_follows_the_schema_and_the_page_is_one_file(work, tmp_path, capsys):
    page = tmp_path / "report.html"
    assert run("--format", "json", "--page", str(page), "--", "python", "train.py", "2") == 0
    answer = json.loads(capsys.readouterr().out)
    jsonschema.validate(answer, run_schema.schema())
    assert (answer["verdict"], answer["before"]["steps"]) == ("same", 2)
    assert "the same bits" in page.read_text().lower()


def test_a_module_is_run_and_its_traces_are_kept(work, tmp_path, capsys):
    keep = tmp_path / "traces"
    assert run("--keep", str(keep), "--", "python", "-m", "package", "1") == 0
    assert json.loads((keep / "result.json").read_text())["verdict"] == "same"
    assert json.loads((keep / "uses.json").read_text())["uses"]
    assert "Verdict: the same bits." in capsys.readouterr().out


def test_tests_of_pytest_are_run(work, capsys):
    (work / "test_it.py").write_text(
        textwrap.dedent("""
            import torch

            def test_it():
                torch.ones(2, requires_grad=True).sum().backward()
        """)
    )
    assert run("--", "python", "-m", "pytest", "-q", "test_it.py") == 0
    assert "the same bits" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments, words",
    [
        (("--", "train.py"), "name the interpreter too: -- python train.py"),
        (("--", "no-such-program"), "no such program"),
        (("--", "python", "-c", "print(1)"), "ended without importing torch"),
        (("--keep", ".", "--", "python", "train.py", "1"), "is there already"),
        (("--share", "data", "--", "python", "train.py", "1"), "--share data: no such file"),
    ],
    ids=["no interpreter", "no program", "no torch", "kept before", "nothing to share"],
)
def test_bad_input_is_one_line(work, capsys, arguments, words):
    assert run(*arguments) == 2
    errors = [one for one in capsys.readouterr().err.splitlines() if "step" not in one]
    assert len(errors) == 1 and words in errors[0]


def test_python_without_the_release_is_refused(work, capsys):
    assert run("--", "python", "train.py", "1", releases=("1.4.0", RELEASE)) == 2
    assert "1.4.0" in capsys.readouterr().err
