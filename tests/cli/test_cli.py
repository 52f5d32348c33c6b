import json
import sys

import pytest

from tests.fake import REPOSITORY
from torch_history.cli import main


@pytest.mark.parametrize(
    "arguments, status",
    [
        (["1.13", "2.6"], 1),
        (["2.0", "2.0"], 0),
        (["1.13"], 1),  # up to the newest recorded release
        (["2.6"], 0),
        (["1.13", "2.6", "--kind", "warning,appeared,wording"], 0),
        (["1.13", "2.6", "--fail-on", "numbers", "--kind", "breaks"], 0),
        (["1.13", "2.6", "--fail-on", "numbers", "--kind", "silent"], 1),
        (["1.13", "2.6", "--fail-on", "none"], 0),
        (["1.13", "2.6", "--fail-on", "random,error-gone"], 0),
        (["1.13", "2.6", "--fail-on", "random,wording"], 1),
        (["1.13", "2.6", "--kind", "error-gone"], 0),
        (["1.13", "2.6", "--kind", "silent", "--fail-on", "error"], 0),
        (["1.13", "2.6", "--fail-on", "breaks"], 1),
        (["1.13", "2.6", "--kind", "silent", "--fail-on", "breaks"], 0),
        (["1.13", "2.6", "--kind", "breaks", "--fail-on", "silent"], 0),
        (["1.13", "2.6", "--kind", "breaks", "--fail-on", "random,breaks"], 1),
        (["1.13", "2.6", "--kind", "breaks", "--fail-on", "api-gone"], 1),
        (["1.13", "2.6", "--kind", "api-appeared", "--fail-on", "api-gone"], 0),
        (["1.13", "3.0"], 2),
        (["1.13", "two"], 2),
        (["1.13", "2.6", "--chapter", "tensor"], 2),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else str(value),
)
def test_exit_status_of_diff(run, arguments, status):
    found, out, err = run("diff", *arguments)
    assert found == status
    assert (
        (out == "" and err.startswith("torch-history: ") and err.count("\n") == 1)
        if status == 2
        else (out and not err)
    )


def test_exit_status_reaches_the_shell(recorded):
    assert recorded.history("diff", "1.13", "2.6").returncode == 1
    assert recorded.history("diff", "1.13", "2.6", "--fail-on", "none").returncode == 0
    refused = recorded.history("diff", "1.13", "9.9")
    assert refused.returncode == 2 and refused.stdout.startswith(
        "torch-history: version '9.9' is not in the records"
    )
    assert refused.stdout.count("\n") == 1


def test_json_and_markdown_tell_the_same_differences(run):
    status, out, _ = run("diff", "1.13", "2.6", "--format", "json")
    told = json.loads(out)
    names = [one["behaviours"][0] for one in told["findings"]]
    _, text, _ = run("diff", "1.13", "2.6", "--format", "markdown")
    assert status == 1 and len(names) == 8 and set(names) == set(told["differences"])
    assert [line[5:-1] for line in text.splitlines() if line.startswith("  - `")] == names


@pytest.mark.parametrize(
    "kinds, same",
    [
        ("breaks", "error,gone"),
        ("breaks", "gone,error"),
        ("breaks,gone", "error,gone"),
        ("api-gone", "gone"),
        ("api-appeared", "appeared"),
        ("wording,breaks,api-appeared", "error,gone,appeared,wording"),
    ],
)
def test_group_or_former_slug_is_its_kinds(run, kinds, same):
    one, other = (
        run("diff", "1.13", "2.6", "--kind", names, "--fail-on", names) for names in (kinds, same)
    )
    assert one == other and one[0] == 1


def test_group_shows_an_error_and_a_function_that_is_gone(run):
    _, out, _ = run("diff", "1.13", "2.6", "--kind", "breaks", "--format", "json")
    told = json.loads(out)
    assert [one["kind"] for one in told["differences"].values()] == ["error", "gone"]
    assert [one["kind"] for one in told["findings"]] == ["error", "gone"]


@pytest.mark.skipif(sys.version_info < (3, 9), reason="--code needs Python 3.9")
@pytest.mark.parametrize(
    "arguments, status, count",
    [
        ([], 0, 0),
        (["--fail-on", "appeared"], 1, 1),
        (["--kind", "appeared"], 0, 1),
        (["--level", "possible"], 0, 1),
        (["--level", "possible", "--fail-on", "breaks,appeared"], 1, 1),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else str(value),
)
def test_what_harms_nobody_is_told_of_source_only_where_it_is_asked_for(
    tmp_path, capsys, arguments, status, count
):
    pytest.importorskip("pyflakes", reason="pyflakes is not installed")
    text = "import torch\n\ntorch.optim.SGD(found, lr=1).zero_grad(set_to_none=True)\n"
    (tmp_path / "a.py").write_text(text, encoding="utf-8")
    asked = ["diff", "1.6", "1.13", "--code", str(tmp_path), "--format", "json", *arguments]
    found = main(["--root", str(REPOSITORY), *asked])
    told = json.loads(capsys.readouterr().out)
    assert found == status
    assert [one["kind"] for one in told["findings"]] == ["appeared"] * count
    assert told["code"]["hidden"] == 1 - count


def test_help_of_diff_tells_the_kinds_by_harm_and_the_groups(run):
    out = " ".join(run("diff", "--help")[1].split())
    assert "error: error where there was none; gone: API or argument gone; silent: " in out
    assert "Groups: breaks: error and gone; numbers: silent and random" in out


def test_show_prints_one_behaviours_life(run):
    status, out, _ = run("show", "rates.scale_halves")
    assert status == 0
    for line in (
        "spec/rates/test_rates.py::test_scale_halves (line 12)",
        "from 1.4: 1.0",
        "from 2.0: 0.5",
        "changed in 2.0: the scale is halved (fakelib#92731)",
        "what to do: double the rate",
        "verified on: 1.4.0, 1.13.1, 2.0.1, 2.6.0",
    ):
        assert line in out


def test_show_names_every_case_and_warning(run):
    assert "adam on cpu:" in run("show", "tensors.start_of_an_optimizer")[1]
    assert "warns FutureWarning: noisy is deprecated" in run("show", "rates.noisy_warns")[1]


def test_list_names_the_behaviours_and_their_changes(run):
    status, out, _ = run("list", "--chapter", "rates", "--api", "fakelib.nn")
    assert status == 0
    assert out.splitlines() == [
        "rates.constant_stays",
        "rates.noisy_warns   (changed in 2.0)",
        "rates.complaint_tells_the_remedy   (changed in 2.6)",
        "rates.flip_comes_back   (changed in 1.13, 2.6)",
    ]


def test_versions_tells_what_is_verified_of_each_release(run):
    status, out, _ = run("versions")
    assert status == 0 and [line.split()[:3] for line in out.splitlines()] == [
        [release, "12", "verified"] for release in ("1.4.0", "1.13.1", "2.0.1", "2.6.0")
    ]


def test_versions_tells_why_a_release_is_unknown(project, capsys):
    (project.root / "manifests" / "2.0.1-cpu.json").unlink()
    (project.root / "manifests" / "2.6.0-cpu.json").unlink()
    project.write(".history/2.6.0-cpu.failure", "the environment cannot be built: no solution")
    main(["--root", str(project.root), "versions"])
    out = capsys.readouterr().out
    assert "2.0.1    unknown: not recorded\n" in out
    assert "2.6.0    unknown: the environment cannot be built: no solution\n" in out


def test_check_finds_no_fault_in_a_good_project(run):
    assert run("check") == (0, "12 behaviours, 4 manifests: no faults\n", "")


def test_folder_without_a_spec_is_named(tmp_path, capsys):
    assert main(["--root", str(tmp_path), "list"]) == 2
    assert capsys.readouterr().err == (
        f"torch-history: {tmp_path / 'spec'}: no such folder: run this in the repository's root, "
        "or name it with --root\n"
    )


def test_diff_without_any_record_says_to_record(unrecorded, capsys):
    assert main(["--root", str(unrecorded.root), "diff", "1.13", "2.6"]) == 2
    assert (
        "nothing is recorded yet on this device: run `torch-history record`"
        in capsys.readouterr().err
    )


@pytest.mark.parametrize("unbuffered", ["", "1"], ids=["buffered", "unbuffered"])
def test_closed_pipe_is_no_error(recorded, unbuffered):
    code = (
        "import subprocess, sys; "
        "command = [sys.executable, '-m', 'torch_history', '--root', '.', 'list']; "
        "p = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE); "
        "p.stdout.close(); print(p.stderr.read().decode(), end=''); print(p.wait())"
    )
    assert recorded.python("-c", code, PYTHONUNBUFFERED=unbuffered).stdout == "0\n"


@pytest.mark.parametrize(
    "arguments, says",
    [
        (["bench"], "name two or more releases to compare"),
        (["bench", "2.6"], "name two or more releases to compare"),
        (["bench", "2.6", "9.9"], "release '9.9' is not in the matrix"),
        (["growth"], "name one release"),
    ],
    ids=["nothing", "one release", "no release", "no growth"],
)
def test_timing_nothing_is_refused_in_one_line(run, arguments, says):
    status, out, err = run(*arguments)
    assert (status, out) == (2, "")
    assert len(err.strip().splitlines()) == 1 and says in err
