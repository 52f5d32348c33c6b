"""Two writers of the records wait for each other, and two recordings do not run at once."""

import json
import subprocess
import sys
import threading
import time

import pytest

from tests.fake import REPOSITORY, TOX_INI, Project
from torch_history.cli import main
from torch_history.errors import HistoryError
from torch_history.observing import encode
from torch_history.records import locking, manifests, runs, store

MERGE = "import sys; from torch_history.cli import main; sys.exit(main(sys.argv[1:]))"
# a process that holds a lock until a file is there
HOLD = """
import sys, time
from pathlib import Path
from torch_history.records import locking

root = Path(sys.argv[2])
with getattr(locking, sys.argv[1])(root):
    (root / "held").touch()
    while not (root / "let-go").exists():
        time.sleep(0.01)
"""
BEHAVIOURS = [f"c.b{number}" for number in range(40)]
SPEC = "\n\n".join(f"def test_b{number}(snapshot):\n    pass\n" for number in range(40))


def python(code, *arguments):
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        cwd=str(REPOSITORY),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    )


def wait_for(path):
    deadline = time.monotonic() + 30
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} does not come"
        time.sleep(0.01)


@pytest.fixture
def held(tmp_path):
    """Let another process hold a lock of a folder, until the test ends or calls for its end."""
    holders = []

    def hold(name, root):
        holders.append((python(HOLD, name, root), root))
        wait_for(root / "held")

    def let_go():
        while holders:
            process, root = holders.pop()
            (root / "let-go").touch()
            assert process.wait(timeout=30) == 0, process.stdout.read()
            process.stdout.close()

    hold.let_go = let_go
    yield hold
    let_go()


@pytest.fixture
def many(tmp_path):
    """A project of many behaviours without records."""
    project = Project(tmp_path / "many")
    project.write("tox.ini", TOX_INI)
    project.write("spec/c/test_c.py", SPEC)
    return project


def run_file(project, run_of, release, value, behaviours=BEHAVIOURS):
    """A run in which every behaviour gives a value."""
    observed = {name: encode.seal({"value": value}) for name in behaviours}
    run = run_of(release, observed, sources=project.sources())
    path = project.root / f"runs-{release}-{behaviours[0]}" / "run.json"
    path.parent.mkdir()
    path.write_text(json.dumps(run), encoding="utf-8")
    return path


def test_merges_at_once_lose_no_entry(many, run_of):
    files = [run_file(many, run_of, *one) for one in (("1.4.0", 1), ("2.0.1", 2), ("2.6.0", 3))]
    merging = [python(MERGE, "--root", many.root, "merge", file) for file in files]
    told = [process.communicate(timeout=60)[0] for process in merging]
    assert [process.returncode for process in merging] == [0, 0, 0], told
    assert list(manifests.read(many.root)) == ["1.4.0", "2.0.1", "2.6.0"]
    expected = {"1.4": {"value": 1}, "2.0": {"value": 2}, "2.6": {"value": 3}}
    assert [many.chain(name) for name in BEHAVIOURS] == [expected] * len(BEHAVIOURS)


def test_merges_of_two_parts_of_one_release_at_once_lose_no_behaviour(many, run_of):
    parts = BEHAVIOURS[:20], BEHAVIOURS[20:]
    files = [run_file(many, run_of, "2.0.1", 1, part) for part in parts]
    merging = [python(MERGE, "--root", many.root, "merge", file) for file in files]
    told = [process.communicate(timeout=60)[0] for process in merging]
    assert [process.returncode for process in merging] == [0, 0], told
    assert all(many.kept(name).seen == {"cpu": ["2.0.1"]} for name in BEHAVIOURS)


def test_merge_waits_for_whoever_writes_the_records(many, run_of, held):
    file = run_file(many, run_of, "2.0.1", 2)
    held("writing", many.root)
    process = python(MERGE, "--root", many.root, "merge", file)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(timeout=2)
    assert many.bytes() == {}
    held.let_go()
    out = process.communicate(timeout=60)[0]
    assert process.returncode == 0 and "1 entered" in out
    assert len(store.all_paths(many.spec)) == len(BEHAVIOURS)


def test_entering_a_run_waits_too(tmp_path, run_of, held):
    held("writing", tmp_path)
    run = run_of("2.0.1", {"c.a": {"value": 1}})
    entering = threading.Thread(target=runs.merge, args=(tmp_path, run, "2.0"))
    entering.start()
    entering.join(timeout=0.5)
    assert entering.is_alive() and store.all_paths(tmp_path / "spec") == []
    held.let_go()
    entering.join(timeout=30)
    assert not entering.is_alive() and len(store.all_paths(tmp_path / "spec")) == 1


def test_who_waits_too_long_is_told_in_one_line(tmp_path, held):
    held("writing", tmp_path)
    with pytest.raises(HistoryError) as caught, locking.writing(tmp_path, wait=0.1):
        pytest.fail("two hold the lock")
    assert str(caught.value) == (
        f"{tmp_path / '.history' / 'records.lock'}: another process writes the records: "
        "run this again when it is done"
    )


def test_whoever_holds_the_lock_may_take_it_again(tmp_path):
    with locking.writing(tmp_path), locking.writing(tmp_path):
        pass
    with locking.writing(tmp_path):  # and has let it go
        pass


def test_second_recording_is_refused_in_one_line(walked, held, capsys):
    before = walked.bytes()
    held("recording", walked.root)
    assert walked.record("2.0") == 2
    out, err = capsys.readouterr()
    lock = walked.root.resolve() / ".history" / "recording.lock"
    assert (out, err) == (
        "",
        f"torch-history: {lock}: another recording runs: run this again when it is done\n",
    )
    assert walked.calls() == [] and walked.bytes() == before
    held.let_go()
    assert walked.record("2.0") == 0


def test_recording_that_runs_does_not_keep_a_merge_out(walked, held):
    held("recording", walked.root)
    file = walked.root / "prepared" / "torch2.0.json"
    assert main(["--root", str(walked.root), "merge", str(file)]) == 0
    assert list(manifests.read(walked.root)) == ["2.0.1"]


def test_lock_of_a_process_that_was_killed_is_free(walked):
    holder = python(HOLD, "recording", walked.root)
    wait_for(walked.root / "held")
    holder.kill()
    holder.communicate(timeout=30)
    assert walked.record("2.0") == 0


@pytest.mark.parametrize("lock", [locking.writing, locking.recording])
def test_folder_that_cannot_be_made_is_one_line(tmp_path, lock):
    (tmp_path / ".history").write_text("")
    with pytest.raises(HistoryError) as caught, lock(tmp_path):
        pytest.fail("there is no folder")
    assert str(caught.value).startswith(f"{tmp_path / '.history'}: cannot be written (")


def test_error_of_whoever_holds_the_lock_is_its_own(tmp_path):
    with pytest.raises(FileNotFoundError), locking.writing(tmp_path):
        (tmp_path / "missing").read_text()
