import json

import pytest

from torch_history.cli import main
from torch_history.records import manifests


def test_walk_gives_the_same_records_as_merging_by_hand(walked, recorded, capsys):
    assert walked.record() == 0
    ours, theirs = walked.bytes(), recorded.bytes()
    assert {name: text for name, text in ours.items() if name.startswith("spec")} == {
        name: text for name, text in theirs.items() if name.startswith("spec")
    }
    out = capsys.readouterr().out
    assert (
        "torch 1.4.0: 12 verified, 0 unknown, 13 entries changed" in out
        and "changed rates.scale_halves" in out
    )
    assert "4 recorded, 0 with failures" in out
    assert [call.split()[2] for call in walked.calls()[::2]] == [
        "torch1.4",
        "torch1.13",
        "torch2.0",
        "torch2.6",
    ]


def test_releases_are_recorded_with_one_thread_on_any_machine(walked, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "8")
    assert walked.record() == 0
    assert (walked.root / "threads").read_text().split() == ["1"] * 4


@pytest.mark.parametrize(
    "control, told",
    [
        (
            "no-build-torch1.13",
            "torch 1.13.1: unknown: the environment cannot be built: ERROR: no solution found",
        ),
        (
            "crash-torch1.13",
            "torch 1.13.1: unknown: the run failed: Fatal Python error: Segmentation fault",
        ),
        ("silent-torch1.13", "torch 1.13.1: unknown: "),
    ],
    ids=["build", "crash", "no_run_file"],
)
def test_failing_release_is_reported_and_the_others_go_on(walked, capsys, control, told):
    walked.control(control)
    assert walked.record() == 1
    out = capsys.readouterr().out
    assert told in out and "3 recorded, 1 with failures" in out
    assert list(manifests.read(walked.root)) == ["1.4.0", "2.0.1", "2.6.0"]
    assert main(["--root", str(walked.root), "versions"]) == 0
    assert "1.13.1   unknown: " in capsys.readouterr().out


def test_reason_of_a_failure_goes_once_the_release_is_recorded(walked, capsys):
    walked.control("no-build-torch2.0")
    assert walked.record("2.0") == 1
    (walked.root / "control" / "no-build-torch2.0").unlink()
    assert walked.record("2.0") == 0
    assert not list((walked.root / ".history").glob("*.failure"))


def test_behaviour_that_failed_is_told_and_the_rest_is_recorded(walked, capsys):
    run = json.loads((walked.root / "prepared" / "torch2.0.json").read_text())
    del run["observations"]["rates.scale_halves"]
    run["unknown"] = {
        "rates.scale_halves": "failed: TypeError: value is a set",
        "rates.gone": "skipped: no GPU",
    }
    walked.write("prepared/torch2.0.json", json.dumps(run))
    walked.control("fails-torch2.0")
    assert walked.record("2.0") == 1
    out = capsys.readouterr().out
    assert (
        "11 verified, 2 unknown" in out
        and "rates.scale_halves: failed: TypeError: value is a set" in out
    )
    assert "1 recorded, 1 with failures" in out


def test_text_in_brackets_is_told_as_it_is(walked, capsys):
    run = json.loads((walked.root / "prepared" / "torch2.0.json").read_text())
    run["unknown"] = {"rates.gone": "failed: index [red] out of [1] and [/x]"}
    walked.write("prepared/torch2.0.json", json.dumps(run))
    assert walked.record("2.0") == 1
    assert "rates.gone: failed: index [red] out of [1] and [/x]" in capsys.readouterr().out


def test_releases_that_are_up_to_date_are_skipped(walked, capsys):
    walked.record("2.0", "2.6")
    before = walked.bytes()
    capsys.readouterr()
    assert walked.record("2.0", "2.6") == 0
    assert len(walked.calls()) == 4 and walked.bytes() == before
    assert (
        "torch 2.0.1: recorded from these sources already (--again records it anew)"
        in capsys.readouterr().out
    )
    assert walked.record("--again", "2.0") == 0
    assert len(walked.calls()) == 6 and walked.bytes() == before


def test_changed_test_makes_a_release_out_of_date(walked):
    walked.record("2.0")
    walked.write("spec/rates/test_more.py", "def test_x(snapshot):\n    assert snapshot\n")
    walked.record("2.0")
    assert len(walked.calls()) == 4


def test_free_removes_the_environment_even_after_a_failure(walked):
    walked.control("crash-torch2.6")
    assert walked.record("2.0") == 0 and (walked.root / ".tox" / "torch2.0").is_dir()
    assert walked.record("--free", "--again", "2.0", "2.6") == 1
    assert list((walked.root / ".tox").iterdir()) == []


def test_patch_beside_the_matrix_is_recorded_under_its_own_name(walked):
    run = json.loads((walked.root / "prepared" / "other.json").read_text())
    run["observations"]["rates.constant_stays"]["observed"] = {"value": 5}
    walked.write("prepared/other.json", json.dumps(run))
    assert walked.record("2.0", "2.0.0") == 0
    assert list(walked.chain("rates.constant_stays")) == ["2.0", "2.0.0"] and list(
        walked.chain("rates.scale_halves")
    ) == ["2.0"]
    assert list(manifests.read(walked.root)) == ["2.0.0", "2.0.1"]
