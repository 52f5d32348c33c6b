from tests.check.making import HALVES, faults_of
from torch_history.check import check
from torch_history.check.rules import record_missing

FAULT = f"{HALVES}: has no record: run `torch-history record rates.scale_halves`"


def test_behaviour_without_a_record_is_named_by_this_rule_alone(project):
    project.path("rates.scale_halves").unlink()
    assert faults_of(record_missing, project) == check(project.root).faults == [FAULT]


def test_new_test_has_no_record_yet(project):
    project.write("spec/rates/test_new.py", "def test_is_new(snapshot):\n    pass\n")
    [fault] = faults_of(record_missing, project)
    assert fault == (
        "spec/rates/test_new.py:1: rates.is_new: has no record: "
        "run `torch-history record rates.is_new`"
    )


def test_behaviours_that_have_records_have_no_fault(recorded):
    assert faults_of(record_missing, recorded) == []


def test_damaged_record_is_not_missing(project):
    project.path("rates.scale_halves").write_text("{")
    assert faults_of(record_missing, project) == []
