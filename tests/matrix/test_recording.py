import re

import pytest

from torch_history.records import runs, store

EXTRA = '''
import fakelib
import numpy as np
import pytest
from torch_history.observing import observe


@pytest.mark.api("fakelib.x", article="B")
def test_extra(snapshot):
    """An extra behaviour."""
    {body}
'''


def test_snapshot_update_is_refused(project):
    before = project.bytes()
    result = project.pytest("--snapshot-update", version="2.13.0")
    assert result.returncode == 4
    assert "--snapshot-update: records are written by `torch-history record`" in result.stdout
    assert project.bytes() == before


def test_recording_in_several_processes_is_refused(recorded):
    result = recorded.pytest("-p", "xdist.plugin", "-n", "2", "--record-to", "run.json")
    assert (
        result.returncode == 4
        and "--record-to: a recording runs in one process, without -n" in result.stdout
    )


def test_skipped_test_keeps_its_record_and_enters_it_as_unknown(project):
    before = project.kept("tensors.optional_part")
    run = project.record("2.7.0", FAKELIB_WITHOUT_PART="1")
    assert run["unknown"] == {"tensors.optional_part": "skipped: no part for this fakelib"}
    after = project.kept("tensors.optional_part")
    assert after.unknown == {"cpu": {"2.7.0": "skipped: no part for this fakelib"}}
    assert (after.seen, after.timelines) == (before.seen, before.timelines)
    assert "2.7.0" in project.kept("rates.scale_halves").seen["cpu"]


def test_recording_writes_no_record(project):
    before = project.bytes()
    project.observe("2.7.0")
    assert project.bytes() == before


def test_run_of_some_behaviours_says_nothing_of_the_others(project):
    project.write("asked", "rates.scale_halves\nrates.no_such_behaviour\n")
    run = project.observe("2.6.0", "--behaviours", "asked")
    assert list(run["observations"]) == list(run["sources"]) == ["rates.scale_halves"]
    before = project.bytes()
    runs.merge(project.root, run, "2.6", whole=False)
    assert project.bytes() == before


def test_run_has_the_source_of_each_behaviour_and_its_environment(recorded):
    run = recorded.runs["2.0.1"]
    assert run["format"] == 2 and run["sources"] == recorded.sources()
    assert set(run["observations"]) == set(run["sources"]) and run["unknown"] == {}
    assert run["release"] == "2.0.1" and run["cpu_vendor"] and run["python"]


def test_second_device_is_compared_with_the_cpu_until_it_has_its_own(project):
    differs = project.pytest("--device", "other", version="2.6.0")
    assert differs.returncode == 1 and "1 failed, 12 passed" in differs.stdout
    assert "not recorded (nearest recorded: none below, none above)" in differs.stdout
    project.record("1.13.1", "--device", "other")
    project.record("2.6.0", "--device", "other")
    assert project.chain("tensors.device_answer", device="other") == {"2.6": {"value": "other"}}
    assert [
        path.name
        for path in store.all_paths(project.spec)
        if any("other" in devices for devices in store.read(path).timelines.values())
    ] == ["device_answer.json"]
    assert project.kept("rates.scale_halves").seen["other"] == ["1.13.1", "2.6.0"]
    again = project.pytest("--device", "other", version="2.6.0")
    assert (
        again.returncode == 0 and "torch-history: fakelib 2.6.0 on other; recorded" in again.stdout
    )
    assert project.pytest(version="2.6.0").returncode == 0


def seal_anew(path):
    """Give a record that was damaged a digest that fits, and its text."""
    data = store.read_json(path)
    del data["format"], data["digest"]
    store.write(path, {"format": store.FORMAT, **data, "digest": store._seal(data)})
    return path.read_text()


@pytest.mark.parametrize(
    "behaviour, damage, told",
    [
        ("rates.scale_halves", lambda text: text[: text.index('"seen"')], "truncated"),
        ("rates.scale_halves", lambda text: text.replace(" 0.5", " 0.5,,"), "damaged"),
        ("rates.scale_halves", lambda text: text.replace("2.6.0", "2.7.0"), "edited by hand"),
        (
            "rates.scale_halves",
            lambda text: text.replace('"value": 0.5', '"valeu": 0.5'),
            "this is no observation",
        ),
        (
            "rates.scale_halves",
            lambda text: re.sub(r'"2.0": {[^}]*}', '"2.0": ["value"]', text),
            "damaged (Expected `object`, got `array`",
        ),
        (
            "tensors.tensor_drifts_within_tolerance",
            lambda text: text.replace("1.0 2.0", "1.0 two"),
            "do not hold its values",
        ),
        (
            "tensors.tensor_drifts_within_tolerance",
            lambda text: text.replace("1.0 2.0", "1.0"),
            "do not hold its values",
        ),
        (
            "tensors.tensor_drifts_within_tolerance",
            lambda text: text.replace('"1.0 2.0"', "12"),
            "do not hold its values",
        ),
        (
            "tensors.tensor_drifts_within_tolerance",
            lambda text: text.replace("float32", "float33"),
            "unknown tensor header",
        ),
        (
            "tensors.tensor_drifts_within_tolerance",
            lambda text: text.replace("1.0 2.0", "1.5 2.0"),
            "edited by hand",
        ),
        (
            "tensors.tensor_drifts_within_tolerance",
            lambda text: text.replace('"float32[1,2]"', "5"),
            "unknown tensor header",
        ),
    ],
    ids=[
        "truncated",
        "comma",
        "edited_outside_an_entry",
        "misspelt_key",
        "list",
        "word_among_numbers",
        "too_few_numbers",
        "rows_not_text",
        "dtype",
        "edited",
        "header",
    ],
)
def test_damaged_record_fails_its_test_with_one_line_that_names_the_file(
    project, behaviour, damage, told
):
    path = project.path(behaviour)
    damaged = damage(path.read_text())
    assert damaged != path.read_text()
    path.write_text(damaged)
    if "digest" in damaged and told not in ("damaged", "edited by hand"):
        damaged = seal_anew(path)  # else the digest of the file would tell first
    result = project.pytest("-k", "scale or drifts or constant", version="2.6.0")
    assert result.returncode == 1 and "1 failed, 2 passed" in result.stdout
    errors = [line for line in result.stdout.splitlines() if told in line and path.name in line]
    assert errors and "git checkout" in errors[0]
    assert path.read_text() == damaged


@pytest.mark.parametrize(
    "body, told",
    [
        (
            "assert snapshot == 3",
            "compare the snapshot with observe(...) or observe_each(...), not with int",
        ),
        (
            "assert snapshot == observe(lambda: {'a': [object()]})",
            "value['a'][0] is a builtins.object: observe tensors and facts",
        ),
        (
            "assert snapshot == observe(lambda: np.array(['text']))",
            "cannot be recorded: observe facts about it",
        ),
    ],
    ids=["no_observation", "object", "dtype"],
)
def test_what_cannot_be_recorded_fails_in_its_own_test(unrecorded, body, told):
    unrecorded.write("spec/rates/test_extra.py", EXTRA.format(body=body))
    result = unrecorded.pytest("--record-to", "run.json", "-k", "extra or scale")
    run = store.read_json(unrecorded.root / "run.json")
    assert result.returncode == 1 and told in result.stdout
    assert list(run["observations"]) == ["rates.scale_halves"]
    assert run["unknown"]["rates.extra"].startswith("failed: ")
    assert told in run["unknown"]["rates.extra"]


def test_behaviour_that_compares_nothing_is_unknown_and_spoils_no_other(unrecorded):
    unrecorded.write("spec/rates/test_extra.py", EXTRA.format(body="assert True"))
    run = unrecorded.observe("2.6.0", "-k", "extra or scale")
    assert list(run["observations"]) == ["rates.scale_halves"]
    assert run["unknown"] == {"rates.extra": "failed: it compares nothing with its snapshot"}


def test_one_failed_case_leaves_its_behaviour_unknown(unrecorded):
    path = unrecorded.root / "spec" / "tensors" / "test_tensors.py"
    path.write_text(
        path.read_text().replace(
            '"""Where an optimizer starts."""', "assert name != 'adam', 'no adam'"
        )
    )
    run = unrecorded.observe("2.6.0", "-k", "start or device")
    assert "no adam" in run["unknown"]["tensors.start_of_an_optimizer"]
    assert list(run["observations"]) == ["tensors.device_answer"]


def test_broken_collection_leaves_no_run_file(unrecorded):
    unrecorded.write("spec/rates/test_broken.py", "import nothing_of_this_name")
    result = unrecorded.pytest("--record-to", "run.json")
    assert result.returncode == 2 and not (unrecorded.root / "run.json").exists()
