"""Small programs that ran on the real releases, and what an answer must say of each.

``tests/cases`` holds the programs. What is said here of them is what the releases did.
"""

import json
import sys

import pytest

from tests.code import REPOSITORY
from torch_history.cli import main

pytest.importorskip("pyflakes", reason="pyflakes is not installed")
if sys.version_info < (3, 9):
    pytest.skip("reading source needs Python 3.9", allow_module_level=True)

CASES = REPOSITORY / "tests" / "cases"
VERBOSE = "schedulers no longer take verbose"


@pytest.fixture
def ask(capsys, monkeypatch):
    """The exit status and the output of ``diff`` for a case."""
    monkeypatch.chdir(CASES)

    def run(file, before, after, *options):
        arguments = ["--root", str(REPOSITORY), "diff", before, after, "--code", file, *options]
        status = main(arguments)
        return status, capsys.readouterr().out

    return run


@pytest.fixture
def answer(ask):
    """The answer for a case as JSON."""

    def run(file, before, after, *options):
        return json.loads(ask(file, before, after, "--format", "json", *options)[1])

    return run


def findings(data):
    return {(one["line"], one["kind"], one["level"], one["depends"]) for one in data["findings"]}


@pytest.mark.parametrize(
    "file, before, after, expected",
    [
        (
            "plateau.py",
            "2.6",
            "2.15",
            {(6, "gone", "certain", None), (7, "gone", "certain", None)},
        ),
        (
            "plateau.py",
            "2.1",
            "2.2",
            {(6, "warning", "certain", None), (7, "warning", "certain", None)},
        ),
        ("own_schedule.py", "2.6", "2.10", {(6, "gone", "certain", None)}),
        (
            "jit.py",
            "2.6",
            "2.15",
            {(8, "warning", "certain", None), (9, "warning", "certain", None)},
        ),
        (
            "old_amp.py",
            "2.0",
            "2.15",
            {(4, "warning", "certain", None), (5, "warning", "certain", None)},
        ),
        ("positional.py", "1.13", "2.0", {(4, "gone", "certain", None)}),
        (
            "positional.py",
            "2.0",
            "2.6",
            {(5, "gone", "certain", None), (6, "gone", "certain", None)},
        ),
        ("modern.py", "2.6", "2.15", set()),
        ("underscored.py", "1.13", "2.0", {(5, "silent", "certain", None)}),
        ("unknown_owner.py", "1.13", "2.0", {(3, "silent", "likely", None)}),
        (
            "train.py",
            "2.5",
            "2.15",
            {
                (10, "random", "certain", None),
                (21, "gone", "certain", None),
                (23, "error", "certain", "the file"),
            },
        ),
        (
            "train.py",
            "1.13",
            "2.0",
            {(10, "random", "certain", None), (31, "silent", "certain", None)},
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_findings_are_exactly(answer, file, before, after, expected):
    assert findings(answer(file, before, after)) == expected


@pytest.mark.parametrize(
    "before, after, line, word",
    [
        ("1.13", "2.0", 4, "NAdam"),
        ("2.0", "2.6", 5, "RMSprop"),
        ("2.0", "2.6", 6, "check_sparse_nnz"),
    ],
)
def test_call_whose_signature_changed_breaks(answer, before, after, line, word):
    told = [
        one for one in answer("positional.py", before, after)["findings"] if one["line"] == line
    ]
    gone = [one for one in told if one["kind"] == "gone"]
    assert len(gone) == 1 and gone[0]["level"] == "certain" and word in gone[0]["why"]


@pytest.mark.parametrize(
    "file, names",
    [
        ("jit.py", "torch.jit.script torch.quantization.quantize_dynamic"),
        (
            "modern.py",
            (
                "torch.backends.cuda.matmul.allow_tf32 torch.bfloat16 "
                "torch.distributed.fsdp.FullyShardedDataParallel "
                "torch.nn.parallel.DistributedDataParallel"
            ),
        ),
    ],
)
def test_names_that_no_behaviour_is_about_are_listed(ask, file, names):
    _, out = ask(file, "2.6", "2.15")
    assert "Not covered: " in out
    assert all(f"{name} ({file}:" in out for name in names.split())
    assert ask(file, "2.6", "2.15", "--fail-on", "uncovered")[0] == 1


@pytest.mark.parametrize(
    "file, before, after, line, since, words",
    [
        ("jit.py", "2.6", "2.10", 8, "2.10", "warns: DeprecationWarning: `torch.jit.script`"),
        ("jit.py", "2.6", "2.15", 8, "2.14", "warns: FutureWarning: `torch.jit.script`"),
        ("jit.py", "2.6", "2.10", 9, "2.8", "warns: DeprecationWarning: torch.ao.quantization"),
        ("old_amp.py", "2.0", "2.15", 4, "2.4", "the names for one device warn with FutureWarning"),
        ("old_amp.py", "2.0", "2.15", 5, "2.4", "torch.cuda.amp.autocast warns with FutureWarning"),
    ],
)
def test_deprecation_is_told_with_its_release(answer, file, before, after, line, since, words):
    told = [one for one in answer(file, before, after)["findings"] if one["line"] == line]
    assert [one["since"] for one in told] == [since] and told[0]["text"].startswith(words)


def test_every_name_of_torch_is_answered_or_listed(answer):
    code = answer("modern.py", "2.6", "2.15")["code"]
    listed = {one["name"]: one["surface"] for one in code["not_covered"]}
    assert {*code["covered"], *listed} == {
        "torch.amp.GradScaler",
        "torch.amp.autocast",
        "torch.backends.cuda.matmul.allow_tf32",
        "torch.bfloat16",
        "torch.compile",
        "torch.distributed.fsdp.FullyShardedDataParallel",
        "torch.nn.functional.scaled_dot_product_attention",
        "torch.nn.parallel.DistributedDataParallel",
        "torch.optim.swa_utils.AveragedModel",
        "torch.Tensor.mean",
    }
    assert [name for name, known in listed.items() if not known] == [
        "torch.backends.cuda.matmul.allow_tf32"
    ]


@pytest.mark.parametrize(
    "file, before, after, options, status",
    [
        ("plateau.py", "2.6", "2.15", [], 1),
        ("plateau.py", "2.1", "2.2", [], 0),
        ("underscored.py", "1.13", "2.0", ["--fail-on", "silent"], 1),
        ("unknown_owner.py", "1.13", "2.0", ["--fail-on", "silent"], 1),
        ("train.py", "2.5", "2.15", ["--fail-on", "error"], 0),
        ("train.py", "2.5", "2.15", ["--fail-on", "error,depends"], 1),
    ],
)
def test_exit_status(ask, file, before, after, options, status):
    assert ask(file, before, after, *options)[0] == status


def test_answer_for_a_training_script_is_short(ask, monkeypatch):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setenv("COLUMNS", "80")
    lines = ask("train.py", "2.5", "2.15")[1].splitlines()
    assert len(lines) <= 15 and max(map(len, lines)) <= 80
    order = [line.partition(" ")[0] for line in lines if line.startswith("train.py:")]
    assert order == ["train.py:21:", "train.py:10:", "train.py:23:"]


def test_piped_answer_has_a_line_for_each_thing_it_says(ask):
    lines = ask("plateau.py", "2.6", "2.15")[1].splitlines()
    assert lines[0].startswith("plateau.py:6: ReduceLROnPlateau() with verbose: since 2.7 ")
    assert lines[3].startswith("plateau.py:7: ") and lines[6].startswith(
        "torch 2.6 to 2.15: 2 findings: 2 breaks"
    )
