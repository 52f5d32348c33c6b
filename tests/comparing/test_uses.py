"""``diff --trace``: what a run of a program met, with the arguments that it gave."""

import json
import sys

import jsonschema
import pytest

from tests.code import REPOSITORY
from tests.tracing.running import traced
from torch_history.cli import main
from torch_history.comparing.uses import read, write_uses

if sys.version_info < (3, 9):
    pytest.skip("reading source needs Python 3.9", allow_module_level=True)
pytest.importorskip("pyflakes", reason="pyflakes is not installed")

SCHEMA = REPOSITORY / "torch_history" / "publish" / "difference.schema.json"
ASGD = "optimizers.asgd_steps_on_with_an_integer_learning_rate"
FLOAT = {"tensor": "torch.float32", "shape": [2]}
INTEGERS = {"tensor": "torch.int64", "shape": [2]}


@pytest.fixture
def diff(capsys):
    def run(*arguments):
        status = main(["--root", str(REPOSITORY), "diff", *arguments])
        return (status, *capsys.readouterr())

    return run


def used(api, given, positional=0, **more):
    """A use as the file has it."""
    use = {
        "api": api,
        "also": [],
        "kind": "class",
        "at": ["train.py", 7, "main"],
        "column": 10,
        "given": given,
        "positional": positional,
        "whole": True,
        "roles": ["call"],
        "seen": "frame",
    }
    return {**use, **more}


@pytest.fixture
def file(tmp_path):
    """Writes a file of uses, and gives its path."""

    def written(*uses, **head):
        path = tmp_path / "uses.json"
        data = {"format": 1, "what": "uses", "torch": "2.1.2", "uses": uses, **head}
        path.write_text(json.dumps(data), encoding="utf-8")
        return str(path)

    return written


@pytest.fixture
def found(diff, file):
    """Behaviours, levels, words and what decides, for some uses between two versions."""

    def of(pair, *uses):
        arguments = ("--trace", file(*uses), "--format", "json", "--level", "possible")
        _, out, _ = diff(*pair.split(), *arguments)
        keys = ("level", "why", "depends")
        return {
            behaviour: tuple(one[key] for key in keys)
            for one in json.loads(out)["findings"]
            for behaviour in one["behaviours"]
        }

    return of


def test_the_value_that_was_given_decides_what_source_leaves_open(found, diff, tmp_path):
    source = tmp_path / "source.py"
    source.write_text("import torch\ndef make(ps, lr): torch.optim.ASGD(ps, lr=lr)\n")
    _, out, _ = diff("2.1", "2.2", "--code", str(source), "--format", "json")
    (only,) = json.loads(out)["findings"]
    assert only["depends"] == "the value of lr"
    whole = used("torch.optim.ASGD", {"params": [FLOAT], "lr": 1}, 1)
    fraction = used("torch.optim.ASGD", {"params": [FLOAT], "lr": 0.1}, 1)
    assert found("2.1 2.2", whole)[ASGD] == ("certain", "torch.optim.ASGD() ran with lr=1", None)
    assert ASGD not in found("2.1 2.2", fraction)


def test_an_argument_that_was_not_seen_still_decides(found):
    unseen = used("torch.optim.ASGD", {"params": [FLOAT], "lr": {"unseen": True}}, 1)
    assert found("2.1 2.2", unseen)[ASGD][2] == "the value of lr"


def test_an_object_is_none_of_the_literals_but_a_tensor_may_stand_for_a_number(found):
    def given(value):
        return found("2.1 2.2", used("torch.optim.ASGD", {"params": [FLOAT], "lr": value}, 1))

    assert ASGD not in given({"type": "numpy.float64"})
    assert ASGD not in given(FLOAT)
    assert given(INTEGERS)[ASGD][2] == "the value of lr"


def test_arguments_that_may_be_missing_make_it_likely(found):
    id_ = "training_step.optimizer_zero_grad_leaves_none"
    zero_grad = used("torch.optim.Adam.zero_grad", {}, kind="method")
    why = "torch.optim.Adam.zero_grad() ran without set_to_none"
    assert found("1.13 2.0", zero_grad)[id_] == ("certain", why, None)
    assert found("1.13 2.0", {**zero_grad, "whole": False})[id_][0] == "likely"
    assert id_ not in found("1.13 2.0", {**zero_grad, "given": {"set_to_none": False}})


def test_names_of_older_modules_and_of_parameters_are_the_documented_ones(found):
    one = used("torch.optim.asgd.ASGD", {"params": [FLOAT], "lr": 1}, 1)
    assert found("2.1 2.2", one)[ASGD][1] == "torch.optim.ASGD() ran with lr=1"
    (use,) = read_of(used("torch.nn.parameter.Parameter.mul_", {"0": 2}, 1, kind="method"))
    assert use.names == ["torch.Tensor.mul_"]


def read_of(*uses):
    """Uses as the engine knows them."""
    import msgspec

    from torch_history.comparing.uses import Used

    return msgspec.convert(uses, tuple[Used, ...])


@pytest.mark.parametrize("tensor, certain", [(INTEGERS, True), (FLOAT, False)])
def test_whether_a_tensor_holds_integers_is_seen_not_concluded(found, tensor, certain):
    use = used("torch.Tensor.__truediv__", {"other": 2}, 1, kind="method", on=tensor)
    ids = [name for name, one in found("1.4 1.5", use).items() if one[0] == "certain"]
    assert bool(ids) is certain


@pytest.mark.parametrize("form", ["text", "markdown", "json", "sarif"])
def test_every_form_names_the_line(diff, file, form):
    path = file(used("torch.optim.ASGD", {"params": [FLOAT], "lr": 1}, 1))
    status, out, err = diff("2.1", "2.2", "--trace", path, "--format", form)
    assert status == 1 and err == ""
    assert "train.py" in out and "7" in out and "ran with lr=1" in out.replace("`", "")
    if form == "json":
        jsonschema.validate(json.loads(out), json.loads(SCHEMA.read_text(encoding="utf-8")))


def test_kinds_and_fail_on_work_as_for_source(diff, file):
    path = file(used("torch.optim.ASGD", {"params": [FLOAT], "lr": 1}, 1))
    assert diff("2.1", "2.2", "--trace", path, "--fail-on", "breaks")[0] == 0
    status, out, _ = diff("2.1", "2.2", "--trace", path, "--kind", "breaks")
    assert status == 0 and "ASGD" not in out


def test_a_comment_in_the_source_accepts_its_line(diff, file, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    at = [str(tmp_path / "train.py"), 1, "main"]
    path = file(used("torch.optim.ASGD", {"params": [FLOAT], "lr": 1}, 1, at=at))
    assert "train.py:1: torch.optim.ASGD() ran" in diff("2.1", "2.2", "--trace", path)[1]
    (tmp_path / "train.py").write_text("x = 1  # torch-history: ok[known]\n", encoding="utf-8")
    assert diff("2.1", "2.2", "--trace", path)[0] == 0


@pytest.mark.parametrize(
    "content, reason",
    [
        ("{", "damaged, or no file of uses"),
        ('{"format": 1, "what": "uses", "torch": "2.1", "uses": [{}]}', "damaged"),
        ('{"format": 2, "what": "uses", "torch": "2.1", "uses": []}', "has 'uses' of format 2"),
        ('{"format": 1, "what": "run", "torch": "2.1", "uses": []}', "has 'run' of format 1"),
    ],
)
def test_a_file_of_another_kind_is_refused(diff, tmp_path, content, reason):
    (tmp_path / "uses.json").write_text(content, encoding="utf-8")
    for path in (tmp_path, tmp_path / "uses.json"):
        status, _, err = diff("2.1", "2.2", "--trace", str(path))
        assert status == 2 and f"--trace {path}: {reason}" in err and err.count("\n") == 1


def test_a_name_that_is_none_of_torch_is_refused(diff, file):
    status, _, err = diff("2.1", "2.2", "--trace", file(used("torch.\x1b[31m", {})))
    assert status == 2 and "a name is none of torch" in err


def test_a_missing_file_is_named_with_the_command_that_writes_it(diff, tmp_path):
    status, _, err = diff("2.1", "2.2", "--trace", str(tmp_path))
    assert status == 2
    assert f"--trace {tmp_path}: no uses.json in it: torch-history run --keep {tmp_path}" in err
    status, _, err = diff("2.1", "2.2", "--trace", str(tmp_path / "other.json"))
    assert status == 2 and "no such file: torch-history run --keep FOLDER writes it" in err


def test_code_and_trace_exclude_each_other(diff, file):
    status, _, err = diff("2.1", "2.2", "--code", "train.py", "--trace", file())
    assert status == 2 and "--code and --trace exclude each other" in err


def test_a_trace_becomes_a_file_with_the_paths_of_the_reader(tmp_path):
    events = tmp_path / "trace" / "process-000" / "events.jsonl"
    events.parent.mkdir(parents=True)
    at = [str(tmp_path / "copy" / "train.py"), 7, "main"]
    seen = used("torch.add", {"0": {"unseen": True}}, 1, kind="function", seen="source", at=at)
    surer = {**seen, "given": {"0": 3}, "seen": "mode"}
    lines = [
        {"e": "begin", "torch": "2.6.0"},
        {"e": "use", "by": [], **seen},
        {"e": "use", "by": [], **surer},
        {"e": "use", "by": [], **surer},
    ]
    events.write_text("\n".join(map(json.dumps, lines)) + '\n{"e": "us', encoding="utf-8")
    write_uses(
        events.parent,
        tmp_path / "uses.json",
        lambda path: tmp_path / path.relative_to(tmp_path / "copy"),
    )
    found = read(tmp_path)
    assert found.torch == "2.6.0"
    (only,) = found.uses
    assert only.at == (str(tmp_path / "train.py"), 7, "main") and only.given == {"0": 3}


PROGRAM = """\
import torch


def make(layer, rate):
    return torch.optim.ASGD(layer.parameters(), lr=rate)


def never(path):
    return torch.load(path)


layer = torch.nn.Linear(2, 1)
optimizer = make(layer, rate=1)
optimizer.zero_grad()
"""


def test_what_ran_is_certain_and_what_never_ran_is_not_reported(diff, tmp_path):
    pytest.importorskip("torch", reason="torch is not installed")
    traced(tmp_path, PROGRAM)
    write_uses(tmp_path / "trace", tmp_path / "uses.json", lambda path: path)
    _, out, _ = diff("1.13", "2.15", "--trace", str(tmp_path), "--format", "json")
    assert {(one["line"], one["level"], one["depends"]) for one in json.loads(out)["findings"]} == {
        (5, "certain", None),
        (14, "certain", None),
    }
    _, out, _ = diff("1.13", "2.15", "--code", str(tmp_path / "train.py"), "--format", "json")
    assert {one["line"] for one in json.loads(out)["findings"]} == {5, 9, 14}
