import json
import os
import signal
import subprocess
import sys
import time

import pytest

from tests.conftest import lines_of
from tests.fake import REPOSITORY
from torch_history.catalogue import releases as matrix
from torch_history.matrix.walk import Walk
from torch_history.observing import encode
from torch_history.records import manifests, store


def test_cpu_wheel_is_refused_before_the_run(walked, capsys):
    walked.control("cpu-torch2.0")
    assert walked.record("2.0", "2.6") == 1
    out = capsys.readouterr().out
    assert "torch 2.0.1: unknown: the environment holds a CPU wheel" in out
    assert "--any-build" in out and "1 recorded, 1 with failures" in out
    assert [call for call in walked.calls() if call.startswith("run torch2.0")] == []
    assert list(manifests.read(walked.root)) == ["2.6.0"]
    assert walked.record("2.0", "--any-build") == 0


@pytest.mark.parametrize(
    "change, told",
    [
        ({"release": "2.0.0"}, "the environment holds torch 2.0.0, not 2.0.1"),
        (
            {"build": "cpu", "platform": "Linux x86_64 glibc 2.36"},
            "the environment holds a CPU wheel",
        ),
    ],
    ids=["version", "cpu_wheel"],
)
def test_run_that_is_not_of_the_release_is_not_recorded(walked, capsys, change, told):
    run = json.loads((walked.root / "prepared" / "torch2.0.json").read_text())
    walked.write("prepared/torch2.0.json", json.dumps({**run, **change}))
    assert walked.record("2.0") == 1
    assert told in capsys.readouterr().out
    assert manifests.read(walked.root) == {} and store.all_paths(walked.spec) == []
    assert not (walked.root / ".history/2.0.1-cpu.json").exists()
    assert walked.record("2.0", "--any-build") == (0 if "build" in change else 1)


def test_environment_that_tox_builds_with_another_release_is_not_run(walked, capsys):
    walked.control("holds-torch2.0", "2.0.0")
    assert walked.record("2.0") == 1
    assert "its environment cannot be built" in capsys.readouterr().out
    assert walked.calls() == ["tox torch2.0"] and manifests.read(walked.root) == {}


@pytest.mark.parametrize("place", ["manifests", ".history", "spec/rates/__snapshots__"])
def test_file_in_a_folders_place_is_one_line_before_anything_is_run(walked, capsys, place):
    walked.write(place, "")
    assert walked.record("2.0") == 2
    err = capsys.readouterr().err
    assert (
        err.startswith(f"torch-history: {walked.root.resolve() / place}: ") and err.count("\n") == 1
    )
    assert walked.calls() == []


def test_folder_that_cannot_be_written_is_one_line_before_anything_is_run(
    walked, capsys, monkeypatch
):
    def refuse(**settings):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("torch_history.matrix.walk.tempfile.TemporaryFile", refuse)
    assert walked.record("2.0") == 2
    err = capsys.readouterr().err
    assert (
        "cannot be written (Permission denied): make the folder writable" in err
        and err.count("\n") == 1
    )
    assert walked.calls() == []


def test_missing_tox_is_one_line(walked, capsys, monkeypatch):
    assert walked.record("1.4") == 0
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    monkeypatch.setattr(sys, "executable", "/usr/bin/python3")
    capsys.readouterr()
    assert walked.record("2.0") == 1
    told = " ".join(capsys.readouterr().out.split())
    assert "torch 2.0.1 has no environment in" in told
    assert "tox is not installed to build it: python -m pip install 'torch-history[record]'" in told


def test_environment_at_hand_needs_no_tox(walked, monkeypatch):
    assert walked.record("2.0") == 0
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    assert walked.record("2.0", "--again") == 0


def test_read_back_names_what_the_records_lost(walked):
    walked.record("2.0")
    walk = Walk(walked.root)
    tasks = [walk.task(one, [], True) for one in matrix.choose(walked.root, ["2.0"])]
    assert walk.read_back(tasks) == []
    record = walked.kept("rates.scale_halves")
    record.timelines["observed"]["cpu"]["2.0"] = encode.seal({"value": 0.75})
    store.write_record(walked.path("rates.scale_halves"), record)
    assert walk.read_back(tasks) == ["2.0: rates.scale_halves"]
    walked.path("rates.scale_halves").unlink()
    assert walk.read_back(tasks) == ["2.0: rates.scale_halves"]


def test_what_does_not_read_back_is_told(walked, capsys, monkeypatch):
    monkeypatch.setattr("torch_history.records.runs.read_back", lambda root, run, version: ["c.a"])
    assert walked.record("2.0") == 1
    assert "reading back failed: 2.0: c.a" in capsys.readouterr().out


def interrupted(walked, jobs):
    """What a recording told that got Ctrl-C once so many releases hang, and their processes."""
    # with Python's own handler: under nohup the child would ignore SIGINT
    code = (
        "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); "
        "from torch_history.cli import main; "
        f"sys.exit(main(['--root', '.', 'record', '--jobs', '{jobs}']))"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=str(walked.root),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
    )
    deadline = time.monotonic() + 30
    hanging = walked.root / "control" / "hanging"
    while len(lines_of(hanging)) < jobs and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    output = process.communicate(timeout=20)[0]
    assert process.returncode == 130 and "Traceback" not in output
    return output, [int(line) for line in lines_of(hanging)]


def test_interrupted_walk_ends_every_process_that_it_started(walked):
    for environment in ("torch1.4", "torch1.13"):
        walked.control(f"hang-{environment}")
    output, processes = interrupted(walked, 2)
    assert "interrupted: 0 of 4 releases are recorded, nothing is lost" in output
    assert len(processes) == 2 and manifests.read(walked.root) == {}
    for process in processes:
        with pytest.raises(ProcessLookupError):
            os.kill(process, 0)


def test_interrupted_walk_loses_nothing_and_goes_on_where_it_was(walked):
    walked.control("no-build-torch1.4")
    walked.control("hang-torch2.0")
    output, _ = interrupted(walked, 1)
    assert (
        "interrupted: 1 of 4 releases are recorded, nothing is lost" in output
    )  # 1.4 failed, 1.13 is recorded
    assert list(manifests.read(walked.root)) == ["1.13.1"]
    assert not (walked.root / ".history/2.0.1-cpu.json").exists()

    (walked.root / "control" / "hang-torch2.0").unlink()
    (walked.root / "control" / "no-build-torch1.4").unlink()
    before = len(walked.calls())
    assert walked.record() == 0
    ran = [call.split()[1] for call in walked.calls()[before:] if call.startswith("run")]
    assert sorted(ran) == ["torch1.4", "torch2.0", "torch2.6"]
    assert list(manifests.read(walked.root)) == ["1.4.0", "1.13.1", "2.0.1", "2.6.0"]


def test_here_records_the_library_of_this_python_without_tox(walked):
    result = walked.python(
        *("-m", "torch_history", "--root", ".", "record", "--here", "2.6", "--any-build"),
        PYTEST_DISABLE_PLUGIN_AUTOLOAD="",  # the walk passes no PYTEST_ADDOPTS on
    )
    assert (
        result.returncode == 0
        and "torch 2.6.0: 12 verified" in result.stdout
        and walked.calls() == []
    )
    assert walked.record("--here") == 2
