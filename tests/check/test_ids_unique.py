import pytest
from msgspec.structs import replace

from tests.check.making import HALVES, faults_of
from torch_history.check.rules import ids_unique
from torch_history.records import store

CASES = "spec/tensors/test_tensors.py:13: tensors.start_of_an_optimizer"


def give(project, behaviour, *former):
    """Give a behaviour these former ids."""
    record = replace(project.kept(behaviour), former=list(former))
    store.write_record(project.path(behaviour), record)


def test_former_id_of_two_behaviours_is_named(project):
    give(project, "rates.scale_halves", "rates.old", "rates.older")
    give(project, "tensors.start_of_an_optimizer", "rates.older")
    [fault] = faults_of(ids_unique, project)
    assert fault == (
        f"{CASES}: its former id rates.older belongs to rates.scale_halves: "
        "rename rates.scale_halves"
    )


def test_former_id_that_is_a_present_one_is_named(project):
    give(project, "rates.scale_halves", "rates.noisy_warns")
    [fault] = faults_of(ids_unique, project)
    assert fault == (
        f"{HALVES}: its former id rates.noisy_warns belongs to rates.noisy_warns: "
        "rename rates.noisy_warns"
    )


@pytest.mark.parametrize("former", [[], ["rates.old"], ["rates.old", "tensors.older"]])
def test_former_ids_of_one_behaviour_are_no_fault(project, former):
    give(project, "rates.scale_halves", *former)
    assert faults_of(ids_unique, project) == []
