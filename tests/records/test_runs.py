import itertools

import pytest

from torch_history.errors import HistoryError
from torch_history.observing import encode, environment
from torch_history.records import manifests, runs, sources, store

RELEASES = {"1.4": "1.4.0", "1.13": "1.13.1", "2.0": "2.0.1", "2.6": "2.6.0"}


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


def test_manifest_says_what_was_run_and_what_it_verified(recorded):
    manifest = manifests.read(recorded.root)["2.0.1"]
    assert (
        manifest["library"] == "fakelib"
        and manifest["release"] == "2.0.1"
        and manifest["build"] == "cpu"
    )
    assert manifest["sources"] == sources.digest(recorded.root)
    assert (
        len(manifest["verified"]) == 12
        and manifest["unknown"] == {}
        and "observations" not in manifest
    )


def test_manifests_ascend_by_number(recorded):
    assert list(manifests.read(recorded.root)) == ["1.4.0", "1.13.1", "2.0.1", "2.6.0"]


def test_drift_within_tolerance_is_recorded_in_ulp_and_adds_no_entry(recorded):
    assert list(recorded.chain("tensors.tensor_drifts_within_tolerance")) == ["1.4"]
    drifts = [
        manifest["verified"]["tensors.tensor_drifts_within_tolerance"]
        for manifest in manifests.read(recorded.root).values()
    ]
    assert drifts == [0, 0, 0, 3]


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


def test_drift_is_the_largest_of_all_cases(tmp_path, run_of):
    runs.merge(
        tmp_path, run_of("1.4.0", {"c.a": {"x": floats("1.0 1.0"), "y": floats("1.0 1.0")}}), "1.4"
    )
    runs.merge(
        tmp_path,
        run_of("2.0.1", {"c.a": {"x": floats("1.0 1.0000002"), "y": floats("1.0000005 1.0")}}),
        "2.0",
    )
    assert manifests.read(tmp_path)["2.0.1"]["verified"] == {"c.a": 4}


def test_slow_drift_over_releases_becomes_a_change_in_the_end(tmp_path, run_of):
    """Each release is judged by the entry, not by its predecessor."""
    for line, value in (("1.4", "1.0"), ("1.13", "1.000008"), ("2.0", "1.000016")):
        runs.merge(tmp_path, run_of(f"{line}.0", {"c.a": floats(f"{value} 0.0")}), line)
    assert list(store.read(store.path_of(tmp_path / "spec", "c.a"))["observed"]["cpu"]) == [
        "1.4",
        "2.0",
    ]


def test_second_device_has_entries_only_where_it_differs(tmp_path, run_of):
    for line, cpu, other in (("1.4", 1, 1), ("2.0", 1, 5), ("2.6", 2, 5), ("2.7", 2, 2)):
        runs.merge(tmp_path, run_of(f"{line}.0", {"c.a": number(cpu)}), line)
        runs.merge(tmp_path, run_of(f"{line}.0", {"c.a": number(other)}, device="other"), line)
    assert store.read(store.path_of(tmp_path / "spec", "c.a"))["observed"] == {
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


@pytest.mark.parametrize(
    "old, new, same",
    [
        ("observe(fakelib.scale)", "observe(lambda: fakelib.scale())", False),
        ('ids=["sgd", "adam"]', 'ids=["sgd", "adamw"]', False),
        ('"""The scale is halved, and nobody is told."""', '"""Other words."""', True),
        ('kind="silent", cause="fakelib#92731"', 'kind="random"', True),
    ],
    ids=["act", "case", "docstring", "marker"],
)
def test_sources_change_with_what_a_test_does_and_not_with_what_it_says(project, old, new, same):
    before = sources.digest(project.root)
    for path in project.spec.glob("*/test_*.py"):
        path.write_text(path.read_text().replace(old, new))
    assert (sources.digest(project.root) == before) is same


def test_sources_take_the_files_of_folders_with_a_dot_in_their_name(project):
    before = sources.digest(project.root)
    project.write("fixtures/checkpoints/2.15.0/training.pt", "one")
    once = sources.digest(project.root)
    project.write("fixtures/checkpoints/2.15.0/training.pt", "two")
    assert len({before, once, sources.digest(project.root)}) == 3


def test_sources_take_every_chapter_but_the_benchmarks(project):
    before = sources.digest(project.root)
    project.write("spec/benchmarks/test_timed.py", "def test_timed(benchmark): benchmark(int)")
    assert sources.digest(project.root) == before
    project.write("spec/other/test_timed.py", "def test_timed(benchmark): benchmark(int)")
    assert sources.digest(project.root) != before


def test_sources_do_not_change_with_a_record(project):
    before = sources.digest(project.root)
    project.path("rates.scale_halves").unlink()
    assert sources.digest(project.root) == before


def test_manifest_of_another_format_is_refused(project):
    path = project.root / "manifests" / "2.0.1-cpu.json"
    path.write_text(path.read_text().replace('"format": 1', '"format": 2'))
    with pytest.raises(HistoryError, match=r"2\.0\.1-cpu\.json: not a manifest of format 1"):
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
    held = store.read(store.path_of(tmp_path / "spec", "c.a"))["observed"]["cpu"]["2.0"]["value"]
    assert repr(held) == repr(after)
