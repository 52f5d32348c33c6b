import itertools

import pytest

from tests.conftest import SOURCE
from tests.fake import RELEASES
from torch_history.errors import HistoryError
from torch_history.observing import encode, environment
from torch_history.records import manifests, runs, store
from torch_history.records.store import Record


def read(root, behaviour):
    return store.read(store.path_of(root / "spec", behaviour))


def number(value):
    return {"value": value}


def floats(*rows):
    return {"value": {"$tensor": f"float32[{len(rows)},2]", "rows": list(rows)}}


def test_walk_records_each_behaviour_once_for_each_change(recorded):
    assert recorded.chain("rates.scale_halves") == {"1.4": number(1.0), "2.0": number(0.5)}
    assert list(recorded.chain("rates.constant_stays")) == ["1.4"]
    assert recorded.chain("rates.flip_comes_back") == {
        "1.4": number(1),
        "1.13": number(2),
        "2.6": number(1),
    }
    assert recorded.chain("rates.strict_mode_is_refused")["2.0"] == {
        "raised": {"type": "ValueError", "message": "strict mode is refused"}
    }
    assert recorded.chain("rates.noisy_warns")["2.0"]["warned"] == [
        {"category": "FutureWarning", "message": "noisy is deprecated"}
    ]


def test_case_of_a_parametrised_test_has_its_own_chain(recorded):
    assert recorded.chain("tensors.start_of_an_optimizer", "sgd") == {"1.4": number(1)}
    assert recorded.chain("tensors.start_of_an_optimizer", "adam") == {
        "1.4": number(1),
        "2.0": number(2),
    }


def test_walk_reads_back_to_what_each_release_observed(recorded):
    assert [
        runs.read_back(recorded.root, recorded.runs[patch], line)
        for line, patch in RELEASES.items()
    ] == [[], [], [], []]


def test_read_back_names_what_the_record_does_not_give_back(recorded):
    run = {
        **recorded.runs["2.6.0"],
        "observations": {
            "rates.scale_halves": {"observed": number(7.0)},
            "tensors.start_of_an_optimizer": {"adam": number(7), "sgd": number(1)},
        },
    }
    assert runs.read_back(recorded.root, run, "2.6") == [
        "rates.scale_halves",
        "tensors.start_of_an_optimizer (adam)",
    ]


def test_manifest_says_what_the_environment_was_and_nothing_else(recorded):
    manifest = manifests.read(recorded.root)["2.0.1"]
    assert manifest["library"] == "fakelib" and manifest["release"] == "2.0.1"
    assert manifest["build"] == "cpu" and manifest["cpu_vendor"]
    assert set(manifest) == set(recorded.runs["2.0.1"]) - {"sources", "unknown", "observations"}


def test_record_says_its_source_and_where_it_was_seen(recorded):
    sources = recorded.sources()
    for behaviour, digest in sources.items():
        record = recorded.kept(behaviour)
        assert record.source == digest and record.seen == {"cpu": list(RELEASES.values())}
    assert len(set(sources.values())) == 12


def test_manifests_ascend_by_number(recorded):
    assert list(manifests.read(recorded.root)) == ["1.4.0", "1.13.1", "2.0.1", "2.6.0"]


def test_drift_within_tolerance_is_recorded_in_ulp_and_adds_no_entry(recorded):
    assert list(recorded.chain("tensors.tensor_drifts_within_tolerance")) == ["1.4"]
    assert recorded.kept("tensors.tensor_drifts_within_tolerance").distances == {
        "cpu": {"2.6.0": 3}
    }
    assert recorded.kept("rates.scale_halves").distances == {}


def test_recording_again_changes_no_byte(project):
    before = project.bytes()
    for line, patch in RELEASES.items():
        assert runs.merge(project.root, project.runs[patch], line).added == []
    assert project.bytes() == before


@pytest.mark.parametrize("order", list(itertools.permutations(RELEASES)), ids="-".join)
def test_any_order_of_recording_gives_the_same_records(recorded, unrecorded, order):
    for line in order:
        run = recorded.runs[RELEASES[line]]
        exact = {
            name: cases
            for name, cases in run["observations"].items()
            if name != "tensors.tensor_drifts_within_tolerance"
        }
        runs.merge(unrecorded.root, {**run, "observations": exact}, line)
    expected, found = recorded.bytes(), unrecorded.bytes()
    records = [name for name in expected if name.startswith("spec/") and "drifts" not in name]
    assert {name: found.get(name) for name in records} == {name: expected[name] for name in records}


def test_merge_names_what_it_added(tmp_path, run_of):
    one = runs.merge(
        tmp_path,
        run_of("1.4.0", {"c.a": number(1), "c.b": {"observed": number(1), "x": number(2)}}),
        "1.4",
    )
    assert one.added == ["c.a", "c.b", "c.b (x)"] and one.verified == 2
    two = runs.merge(
        tmp_path,
        run_of(
            "2.0.1",
            {"c.a": number(1), "c.b": {"observed": number(1), "x": number(3)}},
            unknown={"c.c": "skipped: no GPU"},
        ),
        "2.0",
    )
    assert two.added == ["c.b (x)"] and two.unknown == {"c.c": "skipped: no GPU"}
    assert read(tmp_path, "c.c") == Record(SOURCE, unknown={"cpu": {"2.0.1": "skipped: no GPU"}})


def test_drift_is_the_largest_of_all_cases(tmp_path, run_of):
    runs.merge(
        tmp_path, run_of("1.4.0", {"c.a": {"x": floats("1.0 1.0"), "y": floats("1.0 1.0")}}), "1.4"
    )
    runs.merge(
        tmp_path,
        run_of("2.0.1", {"c.a": {"x": floats("1.0 1.0000002"), "y": floats("1.0000005 1.0")}}),
        "2.0",
    )
    assert read(tmp_path, "c.a").distances == {"cpu": {"2.0.1": 4}}
    equal = run_of("2.0.1", {"c.a": {"x": floats("1.0 1.0"), "y": floats("1.0 1.0")}})
    runs.merge(tmp_path, equal, "2.0")
    assert read(tmp_path, "c.a").distances == {}


def test_slow_drift_over_releases_becomes_a_change_in_the_end(tmp_path, run_of):
    """Each release is judged by the entry, not by its predecessor."""
    for line, value in (("1.4", "1.0"), ("1.13", "1.000008"), ("2.0", "1.000016")):
        runs.merge(tmp_path, run_of(f"{line}.0", {"c.a": floats(f"{value} 0.0")}), line)
    assert list(read(tmp_path, "c.a").timelines["observed"]["cpu"]) == ["1.4", "2.0"]


def test_second_device_has_entries_only_where_it_differs(tmp_path, run_of):
    for line, cpu, other in (("1.4", 1, 1), ("2.0", 1, 5), ("2.6", 2, 5), ("2.7", 2, 2)):
        runs.merge(tmp_path, run_of(f"{line}.0", {"c.a": number(cpu)}), line)
        runs.merge(tmp_path, run_of(f"{line}.0", {"c.a": number(other)}, device="other"), line)
    assert read(tmp_path, "c.a").timelines["observed"] == {
        "cpu": {"1.4": number(1), "2.6": number(2)},
        "other": {"2.0": number(5), "2.7": number(2)},
    }


def test_manifest_speaks_for_a_patch_or_for_its_line():
    known = {"2.5.0": "first", "2.5.1": "last", "2.6.0": "next"}
    asked = ("2.5", "2.5.0", "2.5.1+cu124", "2.5.2", "2.6.0.dev20250101", "2.7")
    assert [manifests.manifest_for(known, version) for version in asked] == [
        "last",
        "first",
        "last",
        None,
        None,
        None,
    ]


def test_neighbours_are_the_nearest_recorded_by_number():
    known = {"1.9.1": {}, "1.10.2": {}, "2.6.0": {}}
    assert manifests.neighbours(known, "2.0") == ("1.10.2", "2.6.0")
    assert manifests.neighbours(known, "1.4") == (None, "1.9.1")
    assert manifests.neighbours(known, "3.0") == ("2.6.0", None)


OTHER = {"c.a": "fedcba9876543210"}


def test_run_of_another_source_begins_the_record_anew(tmp_path, run_of):
    for release in ("1.4.0", "2.0.1"):
        runs.merge(tmp_path, run_of(release, {"c.a": number(1)}), release[:3])
    former = read(tmp_path, "c.a")
    former.former = ["c.before"]
    store.write_record(store.path_of(tmp_path / "spec", "c.a"), former)
    runs.merge(tmp_path, run_of("2.0.1", {"c.a": number(2)}, sources=OTHER), "2.0")
    assert read(tmp_path, "c.a") == Record(
        source=OTHER["c.a"],
        former=["c.before"],
        seen={"cpu": ["2.0.1"]},
        timelines={"observed": {"cpu": {"2.0": number(2)}}},
    )


@pytest.mark.parametrize(
    "sources, why, kept",
    [
        (OTHER, "failed: assert 1 == 2", True),
        (OTHER, "skipped: no GPU", False),
        ({}, "failed: assert 1 == 2", False),
    ],
    ids=["stale_failed", "stale_skipped", "failed"],
)
def test_edited_test_that_fails_leaves_its_record_as_it_is(tmp_path, run_of, sources, why, kept):
    runs.merge(tmp_path, run_of("2.0.1", {"c.a": number(1)}), "2.0")
    before = read(tmp_path, "c.a")
    merged = runs.merge(tmp_path, run_of("2.0.1", {}, unknown={"c.a": why}, sources=sources), "2.0")
    after = read(tmp_path, "c.a")
    assert merged.unknown == {"c.a": why} and (after == before) is kept
    if not kept:
        assert after.seen == {} and after.unknown == {"cpu": {"2.0.1": why}}


def test_reason_goes_where_the_release_is_observed_later(tmp_path, run_of):
    runs.merge(tmp_path, run_of("2.0.1", {}, unknown={"c.a": "skipped: no GPU"}), "2.0")
    runs.merge(tmp_path, run_of("2.0.1", {"c.a": number(1)}), "2.0")
    record = read(tmp_path, "c.a")
    assert record.unknown == {} and record.seen == {"cpu": ["2.0.1"]}


def test_release_that_is_seen_no_more_has_no_distance(tmp_path, run_of):
    runs.merge(tmp_path, run_of("1.4.0", {"c.a": floats("1.0 1.0")}), "1.4")
    runs.merge(tmp_path, run_of("2.0.1", {"c.a": floats("1.0 1.0000002")}), "2.0")
    assert read(tmp_path, "c.a").distances == {"cpu": {"2.0.1": 2}}
    runs.merge(tmp_path, run_of("2.0.1", {}, unknown={"c.a": "skipped: no GPU"}), "2.0")
    record = read(tmp_path, "c.a")
    assert record.distances == {} and record.seen == {"cpu": ["1.4.0"]}


def test_part_of_a_run_leaves_the_manifest_and_says_where_the_environment_differs(tmp_path, run_of):
    runs.merge(tmp_path, run_of("2.0.1", {"c.a": number(1)}), "2.0")
    other = run_of("2.0.1", {"c.b": number(1)}, numpy="2")
    assert runs.merge(tmp_path, other, "2.0", whole=False).environment == ["numpy 1, now 2"]
    assert manifests.read(tmp_path)["2.0.1"]["numpy"] == "1"
    assert runs.merge(tmp_path, other, "2.0").environment == []
    assert manifests.read(tmp_path)["2.0.1"]["numpy"] == "2"


def test_part_of_a_run_writes_the_manifest_that_is_missing(tmp_path, run_of):
    runs.merge(tmp_path, run_of("2.0.1", {"c.a": number(1)}), "2.0", whole=False)
    assert list(manifests.read(tmp_path)) == ["2.0.1"]


def test_manifest_of_another_format_is_refused(project):
    path = project.root / "manifests" / "2.0.1-cpu.json"
    path.write_text(path.read_text().replace('"format": 2', '"format": 1'))
    with pytest.raises(HistoryError, match=r"2\.0\.1-cpu\.json: not a manifest of format 2"):
        manifests.read(project.root)


def test_manifest_that_speaks_for_another_release_is_refused(project):
    folder = project.root / "manifests"
    (folder / "2.0.1-cpu.json").rename(folder / "2.0.2-cpu.json")
    with pytest.raises(HistoryError, match=r"2\.0\.2-cpu\.json: it describes 2\.0\.1 on cpu"):
        manifests.read(project.root)


def test_build_is_the_local_version_or_the_cuda_it_was_built_with():
    class Cuda:
        cuda = "12.4"

    class Library:
        version = Cuda

    assert environment._build(Library, "cpu") == "cpu"
    assert environment._build(Library, "") == "cu124"
    assert environment._build(object(), "") == "cpu"


def test_entry_of_a_record_is_what_was_observed(recorded):
    observation = encode.load(recorded.chain("rates.constant_stays")["1.4"])
    assert observation.value == {"shape": {"$tuple": [2, 3]}, "mean": 0.25}
    assert observation.raised is None and observation.warned == []


@pytest.mark.parametrize(
    "before, after",
    [({"a": 1, "b": 2}, {"b": 2, "a": 1}), ({"flag": 1}, {"flag": True})],
    ids=["order of keys", "type"],
)
def test_value_that_only_looks_equal_is_kept_beside_a_new_warning(tmp_path, run_of, before, after):
    warned = [{"category": "UserWarning", "message": "new"}]
    first = run_of("1.4.0", {"c.a": encode.seal({"value": before})})
    second = run_of("2.0.1", {"c.a": encode.seal({"value": after, "warned": warned})})
    runs.merge(tmp_path, first, "1.4")
    runs.merge(tmp_path, second, "2.0")
    assert runs.read_back(tmp_path, second, "2.0") == []
    held = read(tmp_path, "c.a").timelines["observed"]["cpu"]["2.0"]["value"]
    assert repr(held) == repr(after)
