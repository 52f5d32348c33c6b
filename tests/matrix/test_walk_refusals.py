import json
import os
import signal
import subprocess
import sys
import time

import pytest

from tests.fake import REPOSITORY
from torch_history.catalogue import releases as matrix
from torch_history.matrix.walk import Walk
from torch_history.records import manifests, store


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
def test_environment_that_is_not_the_release_is_not_recorded(walked, capsys, change, told):
    run = json.loads((walked.root / "prepared" / "torch2.0.json").read_text())
    walked.write("prepared/torch2.0.json", json.dumps({**run, **change}))
    assert walked.record("2.0") == 1
    assert told in capsys.readouterr().out
    assert manifests.read(walked.root) == {} and store.all_paths(walked.spec) == []
    assert walked.record("2.0", "--any-build") == (0 if "build" in change else 1)


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
    monkeypatch.setenv("PATH", str(walked.root))
    assert walked.record("2.0") == 2
    assert (
        capsys.readouterr().err
        == "torch-history: tox is not installed: python -m pip install 'torch-history[record]'\n"
    )


def test_read_back_names_what_the_records_lost(walked):
    walked.record("2.0")
    walk = Walk(walked.root)
    chosen = matrix.choose(walked.root, ["2.0"])
    assert walk.read_back(chosen) == []
    path = walked.path("rates.scale_halves")
    path.write_text(path.read_text().replace("0.5", "0.75"))
    assert walk.read_back(chosen) == ["2.0: rates.scale_halves"]


def test_interrupted_walk_loses_nothing_and_goes_on_where_it_was(walked):
    walked.control("no-build-torch1.4")
    walked.control("hang-torch2.0")
    # with Python's own handler: under nohup the child would ignore SIGINT
    code = (
        "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); "
        "from torch_history.cli import main; sys.exit(main(['--root', '.', 'record']))"
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
    while not (walked.root / "control" / "hanging").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    output = process.communicate(timeout=20)[0]
    assert process.returncode == 130 and "Traceback" not in output
    assert (
        "interrupted: 1 of 4 releases are recorded, nothing is lost" in output
    )  # 1.4 failed, 1.13 is recorded
    assert list(manifests.read(walked.root)) == ["1.13.1"]

    (walked.root / "control" / "hang-torch2.0").unlink()
    (walked.root / "control" / "no-build-torch1.4").unlink()
    before = len(walked.calls())
    assert walked.record() == 0
    assert [call.split()[2] for call in walked.calls()[before::2]] == [
        "torch1.4",
        "torch2.0",
        "torch2.6",
    ]
    assert list(manifests.read(walked.root)) == ["1.4.0", "1.13.1", "2.0.1", "2.6.0"]


def test_here_records_the_library_of_this_python_without_tox(walked, monkeypatch):
    monkeypatch.setenv("FAKELIB_VERSION", "2.6.0")
    result = walked.python(
        *("-m", "torch_history", "--root", ".", "record", "--here", "2.6", "--any-build"),
        PYTEST_ADDOPTS="-p syrupy",
    )
    assert (
        result.returncode == 0
        and "torch 2.6.0: 12 verified" in result.stdout
        and walked.calls() == []
    )
    assert walked.record("--here") == 2
