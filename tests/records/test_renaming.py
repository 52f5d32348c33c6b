"""`torch-history rename`: the record of a behaviour follows its test."""

import pytest

from torch_history.cli import main
from torch_history.errors import HistoryError
from torch_history.records import renaming, states, store

OLD, NEW, MOVED = "rates.scale_halves", "rates.scale_is_halved", "tensors.scale_is_halved"
CLAIMS = 'CLAIMS = [dict(tests=["rates.scale_halves", "rates.scale_halves_twice"])]\n'


@pytest.fixture
def renamed(project):
    """The project, one of its tests under a new name."""
    project.change(
        "spec/rates/test_rates.py", "def test_scale_halves(", "def test_scale_is_halved("
    )
    project.write("claims/a.py", CLAIMS)
    return project


def rename(project, *ids):
    return main(["--root", str(project.root), "rename", *ids])


def test_record_follows_its_test_and_keeps_the_former_id(renamed, capsys):
    before = renamed.kept(OLD)
    assert rename(renamed, OLD, NEW) == 0
    after = renamed.kept(NEW)
    assert after.former == [OLD] and not renamed.path(OLD).exists()
    assert (after.source, after.seen, after.timelines) == (
        *(before.source, before.seen, before.timelines),
    )
    assert capsys.readouterr().out.splitlines() == [
        "spec/rates/__snapshots__/scale_is_halved.json: written",
        "claims/a.py: written",
    ]
    known = {NEW: ("spec/rates/test_rates.py", "test_scale_is_halved")}
    assert states.states(renamed.root, known)[NEW].fault == ""


def test_claims_and_markers_name_the_new_id(renamed):
    renamed.change(
        "spec/rates/test_rates.py",
        '"one became two", kind="silent"',
        '"one became two", kind="silent", restored_by="rates.scale_halves"',
    )
    assert rename(renamed, OLD, NEW) == 0
    assert (renamed.root / "claims/a.py").read_text() == CLAIMS.replace(
        '"rates.scale_halves"', '"rates.scale_is_halved"'
    )
    assert 'restored_by="rates.scale_is_halved"' in (
        (renamed.root / "spec/rates/test_rates.py").read_text()
    )


def test_test_that_moves_to_another_chapter_takes_its_record_along(renamed):
    text = (renamed.root / "spec/rates/test_rates.py").read_text()
    renamed.write("spec/tensors/test_rates.py", text)
    (renamed.root / "spec/rates/test_rates.py").unlink()
    assert rename(renamed, OLD, MOVED) == 0
    assert renamed.kept(MOVED).former == [OLD]
    known = {MOVED: ("spec/tensors/test_rates.py", "test_scale_is_halved")}
    assert states.states(renamed.root, known)[MOVED].fault == ""


def test_behaviour_that_is_renamed_back_has_one_former_id(renamed):
    assert rename(renamed, OLD, NEW) == 0
    renaming.rename(renamed.root, NEW, OLD)
    assert renamed.kept(OLD).former == [NEW]


def test_every_former_id_leads_to_the_behaviour(renamed, capsys):
    assert rename(renamed, OLD, NEW) == 0
    renaming.rename(renamed.root, NEW, MOVED)
    assert renamed.kept(MOVED).former == [OLD, NEW]
    renaming.rename(renamed.root, MOVED, NEW)
    (renamed.root / "claims/a.py").unlink()
    for asked in (OLD, NEW, MOVED):
        capsys.readouterr()
        assert main(["--root", str(renamed.root), "show", asked]) == 0
        assert NEW in capsys.readouterr().out


def test_record_of_a_former_id_is_recorded_under_the_present_one(renamed):
    assert rename(renamed, OLD, NEW) == 0
    run = renamed.observe("2.6.0", "-k", "scale")
    assert list(run["observations"]) == [NEW]


@pytest.mark.parametrize(
    "ids, told",
    [
        ((OLD, "rates.gone"), "NEW_ID 'rates.gone': no test has this id"),
        (("rates.flip_comes_back", NEW), "OLD_ID 'rates.flip_comes_back': its test is still there"),
        (("rates.nothing", NEW), "nothing.json: no such record: nothing was renamed"),
        ((OLD, "rates.constant_stays"), "rates.constant_stays has a record already"),
    ],
    ids=["no_test", "test_still_there", "no_record", "taken"],
)
def test_rename_that_cannot_be_is_one_line_and_changes_nothing(renamed, capsys, ids, told):
    before = renamed.bytes()
    assert rename(renamed, *ids) == 2
    err = capsys.readouterr().err
    assert told in err and err.count("\n") == 1
    assert renamed.bytes() == before


def test_damaged_record_is_not_renamed(renamed):
    renamed.path(OLD).write_text("{")
    with pytest.raises(HistoryError, match="truncated"):
        renaming.rename(renamed.root, OLD, NEW)
    assert renamed.path(OLD).read_text() == "{" and not renamed.path(NEW).exists()


def test_stale_record_is_renamed_and_stays_stale(renamed):
    record = renamed.kept(OLD)
    record.source = "0" * 16
    store.write_record(renamed.path(OLD), record)
    assert rename(renamed, OLD, NEW) == 0
    assert renamed.kept(NEW).source == "0" * 16
