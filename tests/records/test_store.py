import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from torch_history import versions
from torch_history.records import store

RELEASES = {
    "1.4": "1.4.0",
    "1.9": "1.9.1",
    "1.10": "1.10.2",
    "2.0": "2.0.1",
    "2.1": "2.1.2",
    "2.6": "2.6.0",
}


def chain(**entries):
    """``chain(v1_4="a")`` -> ``{"1.4": {"value": "a"}}``."""
    return {name[1:].replace("_", "."): {"value": value} for name, value in entries.items()}


def insert(before, version, value, verified=()):
    return store.insert(
        before, version, {"value": value}, verified, lambda one, other: one == other
    )


def read(found, version):
    since = versions.holding(found, version)
    return found[since]["value"] if since else None


def test_first_observation_starts_a_chain():
    assert insert({}, "1.4", "a") == chain(v1_4="a")


def test_equal_observation_adds_no_entry():
    assert insert(chain(v1_4="a"), "2.0", "a", ["1.4"]) == chain(v1_4="a")


def test_other_observation_adds_an_entry():
    assert insert(chain(v1_4="a"), "2.0", "b", ["1.4"]) == chain(v1_4="a", v2_0="b")


def test_insert_leaves_its_argument_alone():
    before = chain(v1_4="a")
    insert(before, "2.0", "b", ["1.4"])
    assert before == chain(v1_4="a")


def test_gap_is_bridged_by_the_entry_below_it():
    found = insert(chain(v1_4="a", v2_6="b"), "2.0", "a", ["1.4", "2.6"])
    assert found == chain(v1_4="a", v2_6="b")


def test_older_version_recorded_later_comes_first():
    found = insert(chain(v2_0="b"), "1.9", "a", ["2.0"])
    assert list(found) == ["1.9", "2.0"] and found == chain(v1_9="a", v2_0="b")


def test_older_version_that_agrees_takes_the_entry_over():
    assert insert(chain(v2_0="a"), "1.9", "a", ["2.0"]) == chain(v1_9="a")


def test_later_line_that_leant_on_the_old_entry_keeps_its_answer():
    found = insert(chain(v1_4="a"), "2.0", "b", ["1.4", "2.1", "2.6"])
    assert found == chain(v1_4="a", v2_0="b", v2_1="a")


def test_line_beyond_the_next_entry_did_not_lean_on_the_old_one():
    found = insert(chain(v1_4="a", v2_1="c"), "2.0", "b", ["1.4", "2.1", "2.6"])
    assert found == chain(v1_4="a", v2_0="b", v2_1="c")


def test_line_that_nobody_verified_does_not_lean():
    assert insert(chain(v1_4="a"), "2.0", "b", ["1.4"]) == chain(v1_4="a", v2_0="b")


def test_entry_is_replaced_at_its_own_version():
    assert insert(chain(v1_4="a", v2_0="b"), "2.0", "c", ["1.4"]) == chain(v1_4="a", v2_0="c")


def test_replaced_entry_stays_for_those_that_leant_on_it():
    assert insert(chain(v1_4="a", v2_0="b"), "2.0", "c", ["1.4", "2.6"]) == chain(
        v1_4="a", v2_0="c", v2_6="b"
    )


def test_replacement_that_agrees_with_its_predecessor_is_dropped():
    assert insert(chain(v1_4="a", v2_0="b"), "2.0", "a", ["1.4"]) == chain(v1_4="a")


def test_replacement_that_agrees_with_its_successor_takes_its_place():
    assert insert(chain(v1_4="a", v2_0="b", v2_6="c"), "2.0", "c", ["1.4", "2.6"]) == chain(
        v1_4="a", v2_0="c"
    )


def test_patch_that_agrees_with_its_line_has_no_entry():
    assert insert(chain(v2_5="a"), "2.5.0", "a", ["2.5"]) == chain(v2_5="a")


def test_patch_that_differs_speaks_for_itself_alone():
    found = insert(chain(v2_5="a"), "2.5.0", "b", ["2.5"])
    assert found == {"2.5": {"value": "a"}, "2.5.0": {"value": "b"}}
    assert [read(found, version) for version in ("2.5.0", "2.5.1", "2.6.0")] == ["b", "a", "a"]


def test_patch_entry_goes_when_the_patch_is_recorded_anew_and_agrees():
    before = {"2.5": {"value": "a"}, "2.5.0": {"value": "b"}}
    assert insert(before, "2.5.0", "a", ["2.5"]) == chain(v2_5="a")


def test_patch_entry_outlives_a_change_of_its_line():
    before = {"2.5": {"value": "a"}, "2.5.0": {"value": "b"}}
    assert insert(before, "2.5", "c", []) == {"2.5": {"value": "c"}, "2.5.0": {"value": "b"}}


@settings(max_examples=300, derandomize=True, deadline=None, database=None)
@given(
    answers=st.fixed_dictionaries({line: st.sampled_from("abc") for line in RELEASES}),
    order=st.permutations(sorted(RELEASES)),
    changed_mind=st.sampled_from(sorted(RELEASES)),
)
def test_any_order_of_recording_gives_every_version_its_answer(answers, order, changed_mind):
    found, verified = (
        insert({}, changed_mind, "x"),
        [changed_mind],
    )  # one release is recorded twice, with another answer at first
    for line in order:
        found = insert(found, line, answers[line], [other for other in verified if other != line])
        verified.append(line)
    assert {line: read(found, patch) for line, patch in RELEASES.items()} == answers
    values = [entry["value"] for entry in found.values()]
    assert all(one != other for one, other in zip(values, values[1:]))
    assert list(found) == sorted(found, key=versions.key)


@pytest.mark.parametrize(
    "device, version, expected",
    [
        ("cpu", "2.6", {"1.4": "a", "2.0": "b"}),
        ("cuda", "1.4", {"1.4": "a", "2.0": "b"}),  # its own has no entry as old
        ("cuda", "2.6", {"2.1": "c"}),
        ("mps", "2.6", {"1.4": "a", "2.0": "b"}),
    ],
    ids=["cpu", "before_its_own", "its_own", "none_of_its_own"],
)
def test_device_falls_back_on_the_cpu_chain(device, version, expected):
    devices = {"cpu": {"1.4": "a", "2.0": "b"}, "cuda": {"2.1": "c"}}
    assert store.chain_for(devices, device, version) == expected


def test_path_and_behaviour_are_inverse(tmp_path):
    path = store.path_of(tmp_path, "freezing.detach_in_place_raises")
    assert path == tmp_path / "freezing" / "__snapshots__" / "detach_in_place_raises.json"
    assert store.behaviour_of(path) == "freezing.detach_in_place_raises"
