"""Whether a record says what its test does now, and on which releases it is to be recorded."""

import pytest

from torch_history.catalogue import source
from torch_history.errors import HistoryError
from torch_history.records import states, store

NAME = "rates.scale_halves"


def state_of(project, name=NAME):
    known = source.behaviours(project.root)
    return states.states(project.root, {name: (known[name].file, known[name].function)})[name]


def change_record(project, **parts):
    record = project.kept(NAME)
    for name, value in parts.items():
        setattr(record, name, value)
    store.write_record(project.path(NAME), record)


def test_recorded_behaviour_lacks_nothing(recorded):
    state = state_of(recorded)
    assert state.fault == "" and not state.stale
    assert not any(state.lacks("cpu", patch) for patch in recorded.runs)


def test_release_and_device_that_were_not_seen_lack_it(recorded):
    state = state_of(recorded)
    assert state.lacks("cpu", "2.7.0") and state.lacks("other", "2.6.0")
    assert state.lacks("cpu", "2.0.0")  # another patch of a line that was seen


def test_behaviour_without_a_record_lacks_every_release(project):
    project.path(NAME).unlink()
    state = state_of(project)
    assert state.fault == "it has no record: run `torch-history record`"
    assert state.lacks("cpu", "2.6.0")


def test_edited_test_makes_its_record_stale_and_lacks_every_release(project):
    project.change("spec/rates/test_rates.py", "observe(fakelib.scale)", "observe(fakelib.flips)")
    state = state_of(project)
    assert state.stale and state.record.seen and state.lacks("cpu", "2.6.0")
    assert state.fault == "its test changed after the recording: run `torch-history record`"
    assert not state_of(project, "rates.constant_stays").stale


@pytest.mark.parametrize("text", ["", "{", "{}", "[]"])
def test_damaged_record_is_no_record(project, text):
    project.path(NAME).write_text(text)
    state = state_of(project)
    assert state.fault == "its record is damaged: run `torch-history check`"
    assert str(project.path(NAME)) in state.damage and state.lacks("cpu", "2.6.0")
    assert not state.stale and state.record == store.Record()


@pytest.mark.parametrize(
    "why, lacks", [("failed: assert 1 == 2", True), ("skipped: no GPU", False)], ids=str
)
def test_release_on_which_it_failed_is_tried_again_and_one_on_which_it_was_skipped_is_not(
    project, why, lacks
):
    change_record(project, seen={"cpu": ["1.4.0"]}, unknown={"cpu": {"2.6.0": why}})
    assert state_of(project).lacks("cpu", "2.6.0") is lacks


def test_test_that_is_gone_is_named(project):
    with pytest.raises(HistoryError, match=r"test_rates\.py: has no function test_gone"):
        states.states(project.root, {"rates.gone": ("spec/rates/test_rates.py", "test_gone")})
