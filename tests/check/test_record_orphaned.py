import pytest

from tests.check.making import RATES, faults_of, text_of
from torch_history.check.rules import record_orphaned
from torch_history.cli import main

OLD, NEW = "rates.scale_halves", "rates.scale_is_halved"
RECORD = "spec/rates/__snapshots__/scale_halves.json"


def test_records_of_tests_have_no_fault(recorded):
    assert faults_of(record_orphaned, recorded) == []


def test_record_whose_test_is_gone_is_named(project):
    project.change(RATES, "def test_scale_halves", "def scale_halves")
    [fault] = faults_of(record_orphaned, project)
    assert fault == (
        f"{RECORD}: belongs to no test: `git rm` the file, or, where the test was renamed, "
        f"run `torch-history rename {OLD} NEW`"
    )


def test_damaged_record_without_a_test_belongs_to_no_test(project):
    project.change(RATES, "def test_scale_halves", "def test_scale_is_halved")
    project.path(OLD).write_text("{")
    [fault] = faults_of(record_orphaned, project)
    assert fault.startswith(f"{RECORD}: belongs to no test: ")


def rename(project):
    project.change(RATES, "def test_scale_halves", "def test_scale_is_halved")


def move(project):
    """Move the test into another chapter, its imports with it."""
    head, mark, rest = text_of(project, RATES).partition("@pytest.mark.api")
    moved, end, others = rest.partition("@pytest.mark.api")
    project.write(RATES, head + end + others)
    project.write("spec/scales/test_scales.py", head + mark + moved)


@pytest.mark.parametrize(
    "change, new", [(rename, NEW), (move, "scales.scale_halves")], ids=["renamed", "moved"]
)
def test_suggested_command_makes_the_record_follow_its_test(project, capsys, change, new):
    change(project)
    [fault] = faults_of(record_orphaned, project)
    assert fault == f"{RECORD}: its test was renamed: run `torch-history rename {OLD} {new}`"
    assert main(["--root", str(project.root), "check"]) == 1
    assert main(["--root", str(project.root), "rename", OLD, new]) == 0
    capsys.readouterr()
    assert main(["--root", str(project.root), "check"]) == 0
    assert capsys.readouterr().out == "12 behaviours, 4 manifests: no faults\n"


def test_renamed_test_that_was_edited_too_is_not_suggested(project):
    rename(project)
    project.change(RATES, "observe(fakelib.scale)", "observe(lambda: 2 * fakelib.scale())")
    [fault] = faults_of(record_orphaned, project)
    assert fault.startswith(f"{RECORD}: belongs to no test: ")
