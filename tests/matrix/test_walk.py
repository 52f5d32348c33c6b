"""`torch-history record`: what a release lacks is run in its environment and recorded."""

import json
import shutil

import pytest

from torch_history.cli import main
from torch_history.observing import encode
from torch_history.records import manifests, renaming

NEW = '''
import fakelib
import pytest
from torch_history.observing import observe


@pytest.mark.api("fakelib.nn.constant", page="constant")
def test_is_new(snapshot):
    """It is new."""
    assert snapshot == observe(lambda: "new")
'''
RATES = "spec/rates/test_rates.py"
ENVIRONMENTS = ["torch1.4", "torch1.13", "torch2.0", "torch2.6"]


def built(walked):
    return [call.split()[1] for call in walked.calls() if call.startswith("tox ")]


def ran(walked):
    """Environment -> the behaviours that ran in it last."""
    calls = [call.split() for call in walked.calls()]
    return {call[1]: call[2:] for call in calls if call[0] == "run"}


def forget(walked):
    (walked.root / "calls").unlink()


def prepare(walked, environment, behaviour, value=None, failed=None):
    """Let a behaviour observe another value in an environment, or fail."""
    path = walked.root / "prepared" / f"{environment}.json"
    run = json.loads(path.read_text())
    if failed:
        run["unknown"][behaviour] = failed
    else:
        run["observations"][behaviour] = {"observed": encode.seal({"value": value})}
    path.write_text(json.dumps(run))


def records(project):
    return {name: text for name, text in project.bytes().items() if name.startswith("spec")}


def test_walk_gives_the_same_records_as_merging_by_hand(walked, recorded, capsys):
    assert walked.record() == 0
    assert records(walked) == records(recorded)
    out = capsys.readouterr().out
    assert (
        "torch 1.4.0: 12 verified, 0 unknown, 13 entries changed" in out
        and "changed rates.scale_halves" in out
    )
    assert "4 recorded, 0 with failures, 22 entries changed" in out
    assert sorted(built(walked)) == sorted(ran(walked)) == sorted(ENVIRONMENTS)


def test_environments_are_kept_and_not_built_again(walked):
    walked.record()
    forget(walked)
    assert walked.record("--again") == 0
    assert built(walked) == [] and sorted(ran(walked)) == sorted(ENVIRONMENTS)


def test_environment_that_holds_another_release_is_built_anew(walked):
    walked.control("holds-torch2.0", "2.0.0")
    assert walked.record("2.0") == 1
    (walked.root / "control" / "holds-torch2.0").unlink()
    forget(walked)
    (walked.root / ".tox/torch2.0/bin/python").write_text("#!/bin/sh\necho 2.0.0\n")
    assert walked.record("2.0") == 0 and built(walked) == ["torch2.0"]


def test_settings_of_this_shell_do_not_reach_the_run(walked, monkeypatch):
    names = ("PYTEST_ADDOPTS", "PYTHONDONTWRITEBYTECODE", "PYTHONPATH", "PYTHONHOME")
    walked.change("prepared/python", "echo run", "env > settings\necho run")
    for name in names:
        monkeypatch.setenv(name, "x")
    monkeypatch.setenv("FAKELIB_WITHOUT_PART", "kept")
    assert walked.record("2.0") == 0
    settings = dict(
        line.split("=", 1) for line in (walked.root / "settings").read_text().splitlines()
    )
    assert not set(names) & set(settings) and settings["FAKELIB_WITHOUT_PART"] == "kept"


@pytest.mark.parametrize(
    "control, told",
    [
        (
            "no-build-torch1.13",
            "its environment cannot be built: ERROR: no solution found",
        ),
        (
            "crash-torch1.13",
            "the run failed: Fatal Python error: Segmentation fault (log: .history/1.13.1-cpu.log)",
        ),
        ("silent-torch1.13", "the run failed:"),
    ],
    ids=["build", "crash", "no_run_file"],
)
def test_failing_release_is_reported_and_the_others_go_on(walked, capsys, control, told):
    walked.control(control)
    assert walked.record() == 1
    out = capsys.readouterr().out
    assert "torch 1.13.1: unknown: " in out and told in out
    assert "3 recorded, 1 with failures" in out
    assert list(manifests.read(walked.root)) == ["1.4.0", "2.0.1", "2.6.0"]
    assert main(["--root", str(walked.root), "versions"]) == 0
    assert "1.13.1   unknown: " in capsys.readouterr().out


def test_reason_of_a_failure_goes_once_the_release_is_recorded(walked):
    walked.control("no-build-torch2.0")
    assert walked.record("2.0") == 1
    (walked.root / "control" / "no-build-torch2.0").unlink()
    assert walked.record("2.0") == 0
    assert not list((walked.root / ".history").glob("*.failure"))


def test_behaviour_that_failed_is_told_and_the_rest_is_recorded(walked, capsys):
    prepare(walked, "torch2.0", "rates.scale_halves", failed="failed: TypeError: value is a set")
    prepare(walked, "torch2.0", "rates.noisy_warns", failed="skipped: no GPU")
    walked.control("fails-torch2.0")
    assert walked.record("2.0") == 1
    out = capsys.readouterr().out
    assert "10 verified, 2 unknown" in out
    assert "rates.scale_halves: failed: TypeError: value is a set" in out
    assert "1 recorded, 1 with failures" in out


def test_text_in_brackets_is_told_as_it_is(walked, capsys):
    why = "failed: index [red] out of [1] and [/x]"
    prepare(walked, "torch2.0", "rates.scale_halves", failed=why)
    assert walked.record("2.0") == 1
    assert f"rates.scale_halves: {why}" in capsys.readouterr().out


def test_releases_that_are_up_to_date_are_skipped(walked, capsys):
    walked.record("2.0", "2.6")
    before = walked.bytes()
    forget(walked)
    capsys.readouterr()
    assert walked.record("2.0", "2.6") == 0
    assert walked.calls() == [] and walked.bytes() == before
    assert (
        "2 releases were recorded from these sources already (--again records them anew)"
        in capsys.readouterr().out
    )
    assert walked.record("--again", "2.0") == 0
    assert len(ran(walked)["torch2.0"]) == 12 and walked.bytes() == before


def test_new_behaviour_is_recorded_on_every_release_and_runs_alone(walked):
    walked.record()
    before = records(walked)
    forget(walked)
    walked.write("spec/rates/test_more.py", NEW)
    assert walked.record() == 0
    assert ran(walked) == {name: ["rates.is_new"] for name in ENVIRONMENTS}
    new = walked.kept("rates.is_new")
    assert new.seen == {"cpu": ["1.4.0", "1.13.1", "2.0.1", "2.6.0"]}
    assert records(walked) == {**before, **{name: text for name, text in records(walked).items()
                                            if name.endswith("is_new.json")}}  # fmt: skip


def test_edited_behaviour_alone_is_recorded_again_on_every_release(walked):
    walked.record()
    before = records(walked)
    forget(walked)
    walked.change(RATES, "observe(fakelib.scale)", "observe(lambda: fakelib.scale())")
    assert walked.record() == 0
    assert ran(walked) == {name: ["rates.scale_halves"] for name in ENVIRONMENTS}
    after = records(walked)
    assert [name for name in after if after[name] != before[name]] == [
        "spec/rates/__snapshots__/scale_halves.json"
    ]
    assert walked.kept("rates.scale_halves").source == walked.sources()["rates.scale_halves"]


def test_comment_and_marker_make_nothing_to_record(walked):
    walked.record()
    forget(walked)
    walked.change(RATES, "assert snapshot == observe(fakelib.scale)",
                  "# the rate\n    assert snapshot == observe(fakelib.scale)")  # fmt: skip
    walked.change(RATES, 'kind="silent", cause="fakelib#92731"', 'kind="random"')
    assert walked.record() == 0 and walked.calls() == []


def test_release_that_was_never_seen_is_recorded_whole_and_the_others_are_not(walked):
    walked.record("1.4", "2.0", "2.6")
    forget(walked)
    assert walked.record() == 0
    assert {name: len(names) for name, names in ran(walked).items()} == {"torch1.13": 12}


def test_lost_record_alone_is_recorded_again(walked, recorded):
    walked.record()
    forget(walked)
    walked.path("rates.flip_comes_back").unlink()
    walked.path("rates.noisy_warns").write_text("{")
    assert walked.record() == 0
    assert ran(walked)["torch2.0"] == ["rates.noisy_warns", "rates.flip_comes_back"]
    assert records(walked) == records(recorded)


def test_behaviours_that_are_named_are_recorded_and_no_others(walked):
    assert walked.record("rates.flip_comes_back", "tensors.device_answer") == 0
    asked = ["rates.flip_comes_back", "tensors.device_answer"]
    assert ran(walked) == {name: asked for name in ENVIRONMENTS}
    forget(walked)
    assert walked.record("rates.flip_comes_back") == 0 and walked.calls() == []
    assert walked.record("rates.flip_comes_back", "--again", "--release", "2.0") == 0
    assert ran(walked) == {"torch2.0": ["rates.flip_comes_back"]}


def test_release_is_an_argument_or_an_option(walked):
    assert walked.record("--release", "2.0", "1.4", "--release", "2.6", "rates.noisy_warns") == 0
    assert sorted(ran(walked)) == ["torch1.4", "torch2.0", "torch2.6"]


def test_former_id_names_the_behaviour(walked):
    walked.record("rates.scale_halves", "2.0")
    walked.change(RATES, "def test_scale_halves(", "def test_scale_is_halved(")
    renaming.rename(walked.root, "rates.scale_halves", "rates.scale_is_halved")
    forget(walked)
    assert walked.record("rates.scale_halves", "2.0") == 0 and walked.calls() == []
    assert walked.record("rates.scale_halves", "2.6") == 0
    assert ran(walked) == {"torch2.6": ["rates.scale_is_halved"]}
    assert walked.kept("rates.scale_is_halved").seen == {"cpu": ["2.0.1", "2.6.0"]}


@pytest.mark.parametrize(
    "asked, told",
    [
        ("rates.scale_halvs", "no such behaviour: did you mean rates.scale_halves?"),
        ("2.7", "release '2.7' is not in the matrix"),
    ],
    ids=["behaviour", "release"],
)
def test_what_is_not_there_is_one_line_before_anything_is_run(walked, capsys, asked, told):
    assert walked.record(asked) == 2
    err = capsys.readouterr().err
    assert told in err and err.count("\n") == 1 and walked.calls() == []


def test_at_hand_records_only_where_an_environment_exists(walked):
    walked.record("2.0", "1.4")
    forget(walked)
    walked.write("spec/rates/test_more.py", NEW)
    assert walked.record("--at-hand") == 0
    assert built(walked) == []
    assert ran(walked) == {name: ["rates.is_new"] for name in ("torch1.4", "torch2.0")}
    assert walked.kept("rates.is_new").seen == {"cpu": ["1.4.0", "2.0.1"]}


def test_at_hand_without_an_environment_records_nothing(walked):
    assert walked.record("--at-hand") == 0
    assert walked.calls() == [] and walked.bytes() == {}


def test_failed_behaviour_is_tried_again_by_the_next_recording(walked):
    prepare(walked, "torch2.0", "rates.scale_halves", failed="failed: assert 1 == 2")
    assert walked.record("2.0") == 1
    assert walked.kept("rates.scale_halves").unknown == {"cpu": {"2.0.1": "failed: assert 1 == 2"}}
    forget(walked)
    assert walked.record("2.0") == 1
    assert ran(walked) == {"torch2.0": ["rates.scale_halves"]}


def test_skipped_behaviour_is_not_tried_again(walked):
    prepare(walked, "torch2.0", "rates.scale_halves", failed="skipped: no GPU")
    assert walked.record("2.0") == 0
    forget(walked)
    assert walked.record("2.0") == 0 and walked.calls() == []


def test_edited_test_that_fails_keeps_the_record_and_is_tried_again(walked, capsys):
    walked.record()
    before = walked.path("rates.scale_halves").read_bytes()
    walked.change(RATES, "observe(fakelib.scale)", "observe(fakelib.scal)")
    for environment in ENVIRONMENTS:
        prepare(walked, environment, "rates.scale_halves", failed="failed: AttributeError: scal")
    for _ in range(2):
        capsys.readouterr()
        forget(walked)
        assert walked.record() == 1
        assert ran(walked) == {name: ["rates.scale_halves"] for name in ENVIRONMENTS}
        assert walked.path("rates.scale_halves").read_bytes() == before
        assert "rates.scale_halves: failed: AttributeError: scal" in capsys.readouterr().out


def test_new_test_that_fails_somewhere_is_recorded_on_the_other_releases(walked):
    walked.record()
    walked.write("spec/rates/test_more.py", NEW)
    prepare(walked, "torch2.0", "rates.is_new", failed="failed: assert 1 == 2")
    assert walked.record() == 1
    record = walked.kept("rates.is_new")
    assert record.seen == {"cpu": ["1.4.0", "1.13.1", "2.6.0"]}
    assert record.unknown == {"cpu": {"2.0.1": "failed: assert 1 == 2"}}


def test_part_of_the_behaviours_in_another_environment_is_told(walked, capsys):
    walked.record("2.0")
    path = walked.root / "prepared/torch2.0.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "numpy": "9"}))
    walked.record("rates.scale_halves", "2.0", "--again")
    told = " ".join(capsys.readouterr().out.split())
    assert "the environment is not the one of its manifest (numpy" in told
    assert "`torch-history record 2.0 --again` records all in it" in told
    assert walked.record("2.0", "--again") == 0
    assert manifests.read(walked.root)["2.0.1"]["numpy"] == "9"


def test_free_removes_the_environment_even_after_a_failure(walked):
    walked.control("crash-torch2.6")
    assert walked.record("2.0") == 0 and (walked.root / ".tox" / "torch2.0").is_dir()
    assert walked.record("--free", "--again", "2.0", "2.6") == 1
    assert list((walked.root / ".tox").iterdir()) == []


def test_tox_work_dir_holds_the_environments(walked, tmp_path, monkeypatch):
    monkeypatch.setenv("TOX_WORK_DIR", str(tmp_path / "elsewhere"))
    assert walked.record("2.0") == 0
    assert (tmp_path / "elsewhere/torch2.0/bin/python").exists()
    assert not (walked.root / ".tox").exists()


def test_patch_beside_the_matrix_is_recorded_under_its_own_name(walked):
    prepare(walked, "other", "rates.constant_stays", 5)
    assert walked.record("2.0", "2.0.0") == 0
    assert list(walked.chain("rates.constant_stays")) == ["2.0", "2.0.0"] and list(
        walked.chain("rates.scale_halves")
    ) == ["2.0"]
    assert list(manifests.read(walked.root)) == ["2.0.0", "2.0.1"]
    assert sorted(path.name for path in (walked.root / ".tox").iterdir()) == [
        "torch2.0",
        "torch2.0.0-python3.11",
    ]


def test_several_releases_run_at_once(walked):
    walked.control("with-torch1.4", "torch2.6")
    walked.control("with-torch2.6", "torch1.4")
    assert walked.record("--jobs", "2", "1.4", "2.6") == 0


def test_with_one_job_one_release_runs_after_the_other(walked, capsys):
    walked.control("with-torch1.4", "torch2.6 20")
    assert walked.record("--jobs", "1", "1.4", "2.6") == 1
    assert "torch 1.4.0: unknown: the run failed: Error: alone" in capsys.readouterr().out
    assert list(manifests.read(walked.root)) == ["2.6.0"]


def test_releases_enter_the_records_oldest_first_whichever_ends_first(walked, recorded, capsys):
    walked.change("prepared/python", "echo run", "[ $patch = 1.4.0 ] && sleep 0.5\necho run")
    assert walked.record("--jobs", "4") == 0
    assert records(walked) == records(recorded)
    told = [line for line in capsys.readouterr().out.splitlines() if line.startswith("torch ")]
    assert [line.split(":")[0] for line in told] == [f"torch {patch}" for patch in recorded.runs]


def test_no_job_is_a_usage_error(walked):
    assert walked.record("--jobs", "0") == 2 and walked.calls() == []


def test_two_parts_of_a_release_make_the_records_of_the_whole(walked, recorded):
    walked.record("rates.flip_comes_back", "tensors.start_of_an_optimizer")
    shutil.rmtree(str(walked.root / ".history"))
    assert walked.record() == 0
    assert records(walked) == records(recorded)
