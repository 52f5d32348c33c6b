import pytest

from tests.check.making import faults_of
from tests.literals import on_cpu, plant, value
from torch_history.check.rules import release_unseen
from torch_history.records import store

ALL = ["1.4.0", "1.13.1", "2.0.1", "2.6.0"]
TIMELINES = on_cpu(**{"1.4": value(1)})


def test_releases_that_all_behaviours_were_tried_on_have_no_fault(recorded):
    assert faults_of(release_unseen, recorded) == []


@pytest.mark.parametrize(
    "names, told",
    [
        (["scale_halves"], "rates.scale_halves"),
        (["scale_halves", "noisy_warns"], "rates.scale_halves and 1 other"),
        (["scale_halves", "noisy_warns", "flip_comes_back"], "rates.scale_halves and 2 others"),
    ],
    ids=["one", "two", "three"],
)
def test_release_on_which_behaviours_were_not_tried_is_named(project, names, told):
    for name in names:
        plant(project, f"rates.{name}", TIMELINES, seen={"cpu": ["1.4.0", "1.13.1", "2.6.0"]})
    assert faults_of(release_unseen, project) == [
        f"manifests/2.0.1-cpu.json: {told} not recorded on it: run `torch-history record 2.0.1`"
    ]


def test_behaviour_that_was_skipped_or_failed_was_tried(project):
    why = {"2.0.1": "skipped: no part", "2.6.0": "failed: Error"}
    plant(
        project,
        "rates.scale_halves",
        TIMELINES,
        seen={"cpu": ["1.4.0", "1.13.1"]},
        unknown={"cpu": why},
    )
    assert faults_of(release_unseen, project) == []


def test_release_without_its_manifest_is_named_once(project):
    (project.root / "manifests" / "2.0.1-cpu.json").unlink()
    [fault] = faults_of(release_unseen, project)
    assert fault.endswith(
        "was seen on 2.0.1 on cpu, which has no manifest: "
        "restore manifests/2.0.1-cpu.json, or record 2.0.1 again"
    )


def test_device_may_be_recorded_in_part(project):
    manifest = store.read_json(project.root / "manifests" / "2.6.0-cpu.json")
    store.write(project.root / "manifests" / "2.6.0-cuda.json", {**manifest, "device": "cuda"})
    plant(project, "rates.scale_halves", TIMELINES, seen={"cpu": ALL, "cuda": ["2.6.0"]})
    assert faults_of(release_unseen, project) == []
