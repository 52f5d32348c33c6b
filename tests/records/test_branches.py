"""Two branches that each add or edit a behaviour merge in git without a conflict or a command."""

import shutil
import subprocess

import pytest

from tests.fake import RELEASES
from torch_history.check import check
from torch_history.observing import encode
from torch_history.records import runs

NEW = '''
import fakelib
import pytest
from torch_history.observing import observe


@pytest.mark.api("fakelib.nn.constant", page="constant")
def test_{name}(snapshot):
    """The constant is there, as {name} says."""
    assert snapshot == observe(lambda: [fakelib.constant(), "{name}"])
'''
pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="no git on this machine")


@pytest.fixture
def repository(project):
    """The project under git; `git(...)` runs a command in it."""

    def git(*arguments):
        who = ("-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false")
        done = subprocess.run(
            ["git", *who, *arguments],
            cwd=str(project.root),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            check=False,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout

    project.git = git
    project.write(".gitignore", ".history\n__pycache__\n")
    git("init", "-b", "main")
    commit(project, "recorded")
    return project


def commit(project, message):
    project.git("add", "--all")
    project.git("commit", "-m", message)


def record(project, run_of, behaviour, value):
    """Record one behaviour on every release."""
    observed = {behaviour: encode.seal({"value": value})}
    for line, patch in RELEASES.items():
        run = run_of(patch, observed, sources=project.sources())
        runs.merge(project.root, run, line, whole=False)


def test_two_branches_that_each_add_a_behaviour_merge_and_check_passes(repository, run_of):
    for name in ("one", "two"):
        repository.git("checkout", "-b", name, "main")
        repository.write(f"spec/rates/test_{name}.py", NEW.format(name=name))
        record(repository, run_of, f"rates.{name}", name)
        commit(repository, name)
        changed = repository.git("diff", "--name-only", "main").split()
        assert changed == [f"spec/rates/__snapshots__/{name}.json", f"spec/rates/test_{name}.py"]
    repository.git("merge", "one")
    assert check(repository.root).faults == []
    assert all(repository.kept(f"rates.{name}").source for name in ("one", "two"))


def test_two_branches_that_each_edit_a_behaviour_merge_and_check_passes(repository, run_of):
    for name, behaviour, new in (
        ("one", "rates.constant_stays", "observe(lambda: fakelib.constant())"),
        ("two", "tensors.optional_part", 'observe(lambda: "pa" + "rt")'),
    ):
        repository.git("checkout", "-b", name, "main")
        chapter = behaviour.partition(".")[0]
        old = "observe(fakelib.constant)" if name == "one" else 'observe(lambda: "part")'
        repository.change(f"spec/{chapter}/test_{chapter}.py", old, new)
        record(repository, run_of, behaviour, name)
        commit(repository, name)
    repository.git("merge", "one")
    assert check(repository.root).faults == []


def test_both_sides_of_a_conflict_in_one_behaviour_are_named(repository, run_of):
    for name, act in (("one", "1"), ("two", "2")):
        repository.git("checkout", "-b", name, "main")
        repository.change("spec/rates/test_rates.py", "observe(fakelib.flips)", f"observe({act})")
        record(repository, run_of, "rates.flip_comes_back", name)
        commit(repository, name)
    with pytest.raises(AssertionError, match="CONFLICT"):
        repository.git("merge", "one")
    repository.git("checkout", "--ours", "spec/rates/test_rates.py")
    faults = check(repository.root).faults
    assert any(
        "flip_comes_back.json:" in fault and "a merge conflict is not resolved" in fault
        for fault in faults
    )
