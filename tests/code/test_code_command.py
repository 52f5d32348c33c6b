"""``diff --code`` as a command: what it prints, and its exit status."""

import json
import sys

import jsonschema
import pytest

from tests.code import PLANTED, REPOSITORY
from torch_history.catalogue.kinds import Kind
from torch_history.cli import main

pytest.importorskip("pyflakes", reason="pyflakes is not installed")
if sys.version_info < (3, 9):
    pytest.skip("reading source needs Python 3.9", allow_module_level=True)

ZERO_GRAD = "training_step.optimizer_zero_grad_leaves_none"
BUILT = "import torch\nopt = torch.optim.SGD([torch.ones(1)], 0.1)\n"
SCHEMA = REPOSITORY / "torch_history" / "publish" / "difference.schema.json"


@pytest.fixture
def diff(capsys):
    def run(*arguments):
        status = main(["--root", str(REPOSITORY), "diff", *arguments])
        return (status, *capsys.readouterr())

    return run


def test_json_with_findings_follows_the_published_schema(diff):
    _, out, err = diff("2.5", "2.6", "--code", str(PLANTED), "--format", "json")
    data = json.loads(out)
    jsonschema.validate(data, json.loads(SCHEMA.read_text(encoding="utf-8")))
    assert err == f"{PLANTED / 'broken.py'}:3: not Python: invalid syntax\n"
    assert data["code"]["files"] == 22 and data["code"]["level"] == "likely"
    assert sum(data["counts"].values()) == len(data["findings"]) == 10
    shown = {behaviour for one in data["findings"] for behaviour in one["behaviours"]}
    assert set(data["differences"]) == shown
    first = data["findings"][0]
    assert {key: first[key] for key in ("file", "line", "cell", "level", "depends", "why")} == {
        "file": (PLANTED / "by_assignment.py").as_posix(),
        "line": 10,
        "cell": None,
        "level": "certain",
        "depends": "the file",
        "why": "read() without weights_only",
    }


def test_json_names_the_cell_of_a_notebook(diff):
    notebook = PLANTED / "notebook.ipynb"
    _, out, _ = diff("2.5", "2.6", "--code", str(notebook), "--format", "json")
    (only,) = json.loads(out)["findings"]
    assert (only["line"], only["cell"]) == (3, 5)


@pytest.fixture
def unsure(tmp_path):
    """Source of which line 3 breaks, and line 2 prints otherwise where the numbers are such."""
    path = tmp_path / "a.py"
    path.write_text(
        "import torch\ntorch.set_printoptions(sci_mode=False)\n"
        "torch.optim.lr_scheduler.StepLR(opt, 1, verbose=True)\n",
        encoding="utf-8",
    )
    return path


@pytest.mark.parametrize("form", ["text", "markdown"])
def test_what_is_only_possible_is_counted_unless_asked_for_and_then_comes_last(diff, unsure, form):
    arguments = ["2.6", "2.15", "--code", str(unsure), "--format", form]
    brief = diff(*arguments)[1].replace("`", "")
    assert f"{unsure}:3" in brief and f"{unsure}:2" not in brief
    assert "1 more is less sure, or harmless: --level possible" in brief
    words = diff(*arguments, "--level", "possible")[1]
    assert words.index(f"{unsure}:3") < words.index(f"{unsure}:2") < words.index(" · possible")
    assert "1 breaks, 1 possible." in words and "less sure" not in words


@pytest.mark.parametrize("form", ["text", "markdown"])
def test_finding_says_its_place_its_reason_and_how_sure_it_is(diff, form):
    _, out, _ = diff(
        "1.13",
        "2.0",
        "--code",
        str(PLANTED / "trainer.py"),
        "--code",
        str(PLANTED / "renamed_names.py"),
        "--format",
        form,
    )
    lines = [line.replace("`", "").lstrip("-* ") for line in out.splitlines()]
    built, assigned = (
        next(number for number, line in enumerate(lines) if line.startswith(f"{PLANTED}/{place}"))
        for place in ("renamed_names.py:10:", "trainer.py:10:")
    )
    assert lines[built].split(":", 2)[2] == (
        " adam.zero_grad(), torch.optim.Adam since line 6 without set_to_none: "
        "since 2.0 gradients become None instead of zeros"
    )
    assert lines[built + 1].startswith("silent value change · check for None")
    assert " torch.optim.AdamW by an assignment in class Trainer " in lines[assigned]
    assert lines[assigned + 1].startswith("silent value change · likely · check for None")
    assert lines[built + 2] == lines[assigned + 2] == ZERO_GRAD
    assert lines[-1] == "Everything that 2 files use of torch is covered."


def test_findings_come_in_the_order_of_harm_and_the_surer_ones_of_a_kind_first(diff):
    _, out, _ = diff("1.13", "2.0", "--code", str(PLANTED), "--format", "json")
    levels = ["certain", "likely"]
    order = [
        (Kind(one["kind"]).rank, levels.index(one["level"]), one["file"], one["line"])
        for one in json.loads(out)["findings"]
    ]
    assert order == sorted(order) and len({kind for kind, *_ in order}) > 2


@pytest.mark.parametrize(
    "source, arguments, status",
    [
        (BUILT + "opt.zero_grad()", [], 1),
        (BUILT + "opt.zero_grad()", ["--fail-on", "silent"], 1),
        (BUILT + "opt.zero_grad()", ["--fail-on", "error"], 0),
        (BUILT + "opt.zero_grad(False)", [], 0),
        ("import torch\ndef f(opt): opt.zero_grad()", [], 1),
        ("import torch\ndef f(o: torch.optim.SGD): o.zero_grad()", [], 1),
        ("load(", [], 0),
    ],
    ids=["certain", "its kind", "another kind", "kept away", "unknown", "likely", "no torch"],
)
def test_status_is_one_for_what_is_certain_or_likely(diff, tmp_path, source, arguments, status):
    (tmp_path / "a.py").write_text(source, encoding="utf-8")
    assert diff("1.13", "2.0", "--code", str(tmp_path), *arguments)[0] == status


@pytest.mark.parametrize("fail_on, status", [("error", 0), ("error,depends", 1)])
def test_what_depends_on_the_data_counts_where_asked_for(diff, tmp_path, fail_on, status):
    (tmp_path / "a.py").write_text("import torch\ntorch.load(f)\n", encoding="utf-8")
    assert diff("2.5", "2.6", "--code", str(tmp_path), "--fail-on", fail_on)[0] == status


@pytest.mark.parametrize("fail_on, status", [("representation", 0), ("gone", 1)])
def test_what_is_only_possible_never_counts(diff, unsure, fail_on, status):
    arguments = ["--code", str(unsure), "--level", "possible", "--fail-on", f"{fail_on},depends"]
    assert diff("2.6", "2.15", *arguments)[0] == status


def test_path_that_is_not_there_is_refused_in_one_line(diff, tmp_path):
    assert diff("1.13", "2.0", "--code", str(tmp_path / "no")) == (
        2,
        "",
        f"torch-history: --code {tmp_path / 'no'}: no such file or folder\n",
    )


def test_diff_without_code_does_not_load_the_analysis(recorded):
    probe = (
        "import sys; from torch_history.cli import main; main(['diff', '1.13', '2.6']); "
        "print('pyflakes' in sys.modules)"
    )
    assert recorded.python("-c", probe).stdout.splitlines()[-1] == "False"
