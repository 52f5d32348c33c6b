import json

import pytest

from torch_history import versions
from torch_history.records import store
from torch_history.records.store import Record


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


def test_text_of_a_record_has_one_order_and_nothing_empty():
    record = Record(
        source="0123456789abcdef",
        former=["b.old", "a.older"],
        seen={"cuda": ["2.0.1"], "cpu": ["2.0.1", "1.13.1", "1.4.0"]},
        unknown={"cpu": {"2.6.0": "skipped: no GPU", "1.9.1": "failed: x"}, "cuda": {}},
        distances={"cpu": {}},
        timelines={
            "b": {"cuda": {"2.0": {"value": 3}}, "cpu": {"2.0": {}, "1.13": {"z": 1, "a": 2}}},
            "a": {"cpu": {"1.4": {"value": 1}}, "cuda": {}},
        },
    )
    assert json.loads(store.text_of(record), object_pairs_hook=list)[:-1] == [
        ("format", 2),
        ("source", "0123456789abcdef"),
        ("former", ["b.old", "a.older"]),
        ("seen", [("cpu", "1.4.0 1.13.1 2.0.1"), ("cuda", "2.0.1")]),
        ("unknown", [("cpu", [("1.9.1", "failed: x"), ("2.6.0", "skipped: no GPU")])]),
        (
            "timelines",
            [
                ("a", [("cpu", [("1.4", [("value", 1)])])]),
                (
                    "b",
                    [
                        ("cpu", [("1.13", [("z", 1), ("a", 2)]), ("2.0", [])]),
                        ("cuda", [("2.0", [("value", 3)])]),
                    ],
                ),
            ],
        ),
    ]


def test_record_of_what_was_read_has_the_same_text(tmp_path):
    record = Record("0123456789abcdef", ["a.b"], {"cpu": ["1.4.0", "1.13.1"]})
    store.write_record(tmp_path / "one.json", record)
    found = store.read(tmp_path / "one.json")
    assert found == record and store.text_of(found) == (tmp_path / "one.json").read_text()
