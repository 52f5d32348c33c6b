"""What `torch-history versions` answers from."""

from torch_history.catalogue import index
from torch_history.questions.releases import overview
from torch_history.records import runs


def rows_of(project):
    content = index.of(project.root)
    return {row.release: row for row in overview(content, "cpu", project.root / ".history")}


def test_patch_beside_the_matrix_and_what_was_not_recorded_are_told(project):
    runs.merge(project.root, {**project.runs["2.6.0"], "release": "2.6.1"}, "2.6.1")
    (project.root / "manifests" / "2.6.0-cpu.json").unlink()
    found = rows_of(project)
    assert list(found) == ["1.4.0", "1.13.1", "2.0.1", "2.6.0", "2.6.1"]
    assert found["2.6.0"].reason == "not recorded" and found["2.6.0"].verified == 0
    assert found["2.6.1"].reason is None and found["2.6.1"].verified == 12


def test_recording_that_failed_tells_why(project):
    (project.root / "manifests" / "2.6.0-cpu.json").unlink()
    project.write(".history/2.6.0-cpu.failure", "no solution")
    assert rows_of(project)["2.6.0"].reason == "no solution"


def test_unknown_behaviours_are_not_counted_as_verified(project):
    project.record("2.7.0", FAKELIB_WITHOUT_PART="1")
    row = rows_of(project)["2.7.0"]
    assert row.verified == 11
    assert row.unknown == {"tensors.optional_part": "skipped: no part for this fakelib"}


def test_damaged_record_is_not_counted_on_any_release(project):
    project.path("rates.scale_halves").write_text("{")
    assert [row.verified for row in rows_of(project).values()] == [11] * 4
