import pytest

from torch_history import versions
from torch_history.records import store


def chain(**entries):
    """``chain(v1_4="a")`` -> ``{"1.4": {"value": "a"}}``."""
    return {name[1:].replace("_", "."): {"value": value} for name, value in entries.items()}


def insert(before, version, value):
    return store.insert(before, version, {"value": value}, lambda one, other: one == other)


def read(found, version):
    since = versions.holding(found, version)
    return found[since]["value"] if since else None


def test_first_observation_starts_a_chain():
    assert insert({}, "1.4", "a") == chain(v1_4="a")


def test_equal_observation_adds_no_entry():
    assert insert(chain(v1_4="a"), "2.0", "a") == chain(v1_4="a")


def test_other_observation_adds_an_entry():
    assert insert(chain(v1_4="a"), "2.0", "b") == chain(v1_4="a", v2_0="b")


def test_insert_leaves_its_argument_alone():
    before = chain(v1_4="a")
    insert(before, "2.0", "b")
    assert before == chain(v1_4="a")


def test_gap_is_bridged_by_the_entry_below_it():
    found = insert(chain(v1_4="a", v2_6="b"), "2.0", "a")
    assert found == chain(v1_4="a", v2_6="b")


def test_older_version_recorded_later_comes_first():
    found = insert(chain(v2_0="b"), "1.9", "a")
    assert list(found) == ["1.9", "2.0"] and found == chain(v1_9="a", v2_0="b")


def test_older_version_that_agrees_takes_the_entry_over():
    assert insert(chain(v2_0="a"), "1.9", "a") == chain(v1_9="a")


def test_entry_is_replaced_at_its_own_version():
    assert insert(chain(v1_4="a", v2_0="b"), "2.0", "c") == chain(v1_4="a", v2_0="c")


def test_replacement_that_agrees_with_its_predecessor_is_dropped():
    assert insert(chain(v1_4="a", v2_0="b"), "2.0", "a") == chain(v1_4="a")


def test_replacement_that_agrees_with_its_successor_takes_its_place():
    assert insert(chain(v1_4="a", v2_0="b", v2_6="c"), "2.0", "c") == chain(v1_4="a", v2_0="c")


def test_patch_that_agrees_with_its_line_has_no_entry():
    assert insert(chain(v2_5="a"), "2.5.0", "a") == chain(v2_5="a")


def test_patch_that_differs_speaks_for_itself_alone():
    found = insert(chain(v2_5="a"), "2.5.0", "b")
    assert found == {"2.5": {"value": "a"}, "2.5.0": {"value": "b"}}
    assert [read(found, version) for version in ("2.5.0", "2.5.1", "2.6.0")] == ["b", "a", "a"]


def test_patch_entry_goes_when_the_patch_is_recorded_anew_and_agrees():
    before = {"2.5": {"value": "a"}, "2.5.0": {"value": "b"}}
    assert insert(before, "2.5.0", "a") == chain(v2_5="a")


def test_patch_entry_outlives_a_change_of_its_line():
    before = {"2.5": {"value": "a"}, "2.5.0": {"value": "b"}}
    assert insert(before, "2.5", "c") == {"2.5": {"value": "c"}, "2.5.0": {"value": "b"}}


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
