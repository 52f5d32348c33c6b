import pytest

from tests.check.making import faults_of
from tests.literals import on_cpu, plant
from torch_history.check.rules import record_form
from torch_history.observing import encode

RECORD = "spec/rates/__snapshots__/scale_halves.json"
REMEDY = "restore it with `git checkout -- FILE`, or record the release again"


def test_good_records_have_no_fault(recorded):
    assert faults_of(record_form, recorded) == []


@pytest.mark.parametrize(
    "old, new, fault",
    [
        ('"value": 0.5', '"value":  0.5', ":15: edited by hand: '\"value\":  0.5,' is not as "),
        ('"value": 0.5', '"value": 0.7', ":?: edited by hand: it is not what its digest was "),
        ('"value": 0.5', '"value": 0.5,', ":15: damaged ("),
        ('"value": 0.5', '"valeu": 0.5', ":?: edited by hand: it is not what its digest was "),
        ('"format": 2', '"format": 1', ":1: not a record of format 2"),
        ("1.13.1 2.0.1", "2.0.1", ":?: edited by hand: it is not what its digest was "),
    ],
    ids=["not_canonical", "value", "damaged", "no_observation", "format", "releases_seen"],
)
def test_damaged_or_edited_record_is_named_with_the_place_and_the_remedy(project, old, new, fault):
    project.change(RECORD, old, new)
    [found] = faults_of(record_form, project)
    assert found.startswith(f"{RECORD}{fault}") and found.endswith(REMEDY)


def test_record_of_no_test_is_looked_at_too(project):
    project.write("spec/rates/__snapshots__/nothing.json", "{")
    [found] = faults_of(record_form, project)
    assert found.startswith("spec/rates/__snapshots__/nothing.json:1: truncated")


@pytest.mark.parametrize(
    "rows, dtype",
    [(["1.0"], "float32"), (["1.0 two"], "float32"), (["1.0 2.0"], "float33"), ([1], "float32")],
    ids=["too_few", "word", "dtype", "no_text"],
)
def test_tensor_that_cannot_be_read_is_named_though_the_files_digest_holds(project, rows, dtype):
    told = {"value": {"$tensor": f"{dtype}[1,2]", "rows": rows}, "digest": "0" * 16}
    plant(project, "rates.scale_halves", on_cpu(**{"1.4": told}))
    [found] = faults_of(record_form, project)
    assert found.startswith(f"{RECORD}: observed, 1.4: ") and found.endswith(REMEDY)


def test_observation_whose_own_digest_does_not_hold_is_named(project):
    told = {"value": 0.5, "digest": encode.seal({"value": 1.0})["digest"]}
    plant(project, "rates.scale_halves", on_cpu(**{"1.4": told}))
    [found] = faults_of(record_form, project)
    assert found.startswith(f"{RECORD}: observed, 1.4: ") and found.endswith(REMEDY)
