"""`torch-history rename`: a record follows its test, and the former id goes on working."""

import json
import re

import pytest

from torch_history.catalogue import claims, index, source
from torch_history.cli import main

RATES = "spec/rates/test_rates.py"
OLD, NEW = "rates.scale_halves", "rates.scale_is_halved"
OTHER = "rates.constant_stays"
CLAIM = """[
    {"section": "Rates", "claim": "the scale is one", "tests": ["rates.scale_halves"],
     "verdict": "holds until 1.13"},
]
"""


@pytest.fixture
def run(project, capsys):
    """Run a command in this process on a project of its own."""

    def command(*arguments):
        status = main(["--root", str(project.root), *arguments])
        return (status, *capsys.readouterr())

    return command


@pytest.fixture
def renamed(project, run):
    """The project after a test was renamed, and its record with it."""
    project.write("claims/A.py", CLAIM)
    project.change(RATES, 'kind="warning"', f'kind="warning", restored_by="{OLD}"')
    project.change(RATES, "def test_scale_halves", "def test_scale_is_halved")
    project.before = project.kept(OLD)
    assert run("rename", OLD, NEW) == (
        0,
        (
            "spec/rates/__snapshots__/scale_is_halved.json: written\n"
            "claims/A.py: written\nspec/rates/test_rates.py: written\n"
        ),
        "",
    )
    return project


def test_record_is_moved_whole_and_keeps_the_former_id(renamed):
    record = renamed.kept(NEW)
    assert record.former == [OLD] and not renamed.path(OLD).exists()
    record.former = []
    assert record == renamed.before


def test_nothing_is_recorded_again(renamed, run):
    found = index.of(renamed.root)
    assert found.known()[NEW].fault == "" and all(not one.unknown for one in found.environments)
    assert len(json.loads(run("diff", "1.13", "2.6", "--format", "json")[1])["differences"]) == 8


def test_claims_and_markers_name_the_new_id(renamed):
    assert [claim.tests for claim in claims.read(renamed.root)] == [[NEW]]
    [change] = source.behaviours(renamed.root)["rates.noisy_warns"].changes
    assert change.restored_by == NEW


def test_show_takes_the_former_id_and_tells_it(renamed, run):
    told = run("show", NEW)
    assert run("show", OLD) == told and told[0] == 0
    assert told[1].startswith(f"{NEW}\n") and f"\n  formerly {OLD}\n" in told[1]


def test_page_has_an_anchor_of_the_former_id(renamed, run, tmp_path):
    pytest.importorskip("jinja2")
    assert run("page", "--to", str(tmp_path / "site"))[0] == 0
    page = (tmp_path / "site" / "rates.html").read_text(encoding="utf-8")
    anchors = re.findall(r'id="(rates\.scale\w+)"', page)
    assert anchors == [NEW, OLD]  # within the article


def test_export_tells_the_former_id(renamed, run):
    data = json.loads(run("export")[1])
    assert [one["former"] for one in data["behaviours"] if one["id"] == NEW] == [[OLD]]


def test_second_renaming_keeps_both_former_ids(renamed, run):
    renamed.change(RATES, "def test_scale_is_halved", "def test_scale_is_a_half")
    assert run("rename", NEW, "rates.scale_is_a_half")[0] == 0
    assert renamed.kept("rates.scale_is_a_half").former == [OLD, NEW]
    assert run("show", OLD) == run("show", NEW) == run("show", "rates.scale_is_a_half")


def test_renaming_back_leaves_one_former_id(renamed, run):
    renamed.change(RATES, "def test_scale_is_halved", "def test_scale_halves")
    assert run("rename", NEW, OLD)[0] == 0
    assert renamed.kept(OLD).former == [NEW]
    assert "former id" not in run("check")[1]


def test_docstring_of_the_chapter_names_the_new_id(project, run):
    chapter = project.root / "spec/rates/__init__.py"
    project.write("spec/rates/__init__.py", f"# see ``{OLD}`` and ``{OLD}_twice``\n")
    project.change(RATES, "def test_scale_halves", "def test_scale_is_halved")
    assert "spec/rates/__init__.py: written" in run("rename", OLD, NEW)[1]
    assert chapter.read_text(encoding="utf-8") == f"# see ``{NEW}`` and ``{OLD}_twice``\n"


def test_longer_id_that_begins_with_the_old_one_is_left_alone(project, run):
    project.change(RATES, 'kind="warning"', f'kind="warning", restored_by="{OLD}_twice"')
    project.change(RATES, "def test_scale_halves", "def test_scale_is_halved")
    assert run("rename", OLD, NEW)[0] == 0
    [change] = source.behaviours(project.root)["rates.noisy_warns"].changes
    assert change.restored_by == f"{OLD}_twice"


@pytest.mark.parametrize(
    "old, new, says",
    [
        (OLD, NEW, f"OLD_ID '{OLD}': its test is still there: rename the test first"),
        ("rates.nothing", NEW, f"NEW_ID '{NEW}': no test has this id: rename the test first"),
        ("rates.nothing", OLD, "rates/__snapshots__/nothing.json: no such record: nothing was re"),
    ],
    ids=["test_is_there", "no_new_test", "no_record"],
)
def test_renaming_without_a_renamed_test_is_refused(project, run, old, new, says):
    before = project.bytes()
    status, out, err = run("rename", old, new)
    assert (status, out) == (2, "") and says in err and err.count("\n") == 1
    assert project.bytes() == before


def test_id_that_has_a_record_is_not_overwritten(project, run):
    project.change(RATES, "def test_scale_halves", "def scale_halves")
    before = project.bytes()
    status, _, err = run("rename", OLD, "rates.noisy_warns")
    assert status == 2 and "rates.noisy_warns has a record already: remove one of them" in err
    assert project.bytes() == before


def test_damaged_record_is_not_renamed(project, run):
    project.change(RATES, "def test_scale_halves", "def test_scale_is_halved")
    project.path(OLD).write_text("{")
    status, _, err = run("rename", OLD, NEW)
    assert status == 2 and "scale_halves.json:1: truncated" in err
    assert not project.path(NEW).exists()


@pytest.fixture
def merged(project, run):
    """The project after a test was deleted, whose id leads to another one."""
    project.write("claims/A.py", CLAIM)
    project.change(RATES, 'kind="warning"', f'kind="warning", restored_by="{OLD}"')
    project.change(RATES, "def test_scale_halves", "def test_scale_is_halved")
    assert run("rename", OLD, NEW)[0] == 0
    project.change(RATES, "def test_scale_is_halved", "def scale_is_halved")
    project.before = project.kept(OTHER)
    assert run("rename", NEW, OTHER, "--merge")[0] == 0
    return project


def test_merged_record_goes_and_the_other_one_keeps_its_own(merged):
    assert not merged.path(NEW).exists()
    record = merged.kept(OTHER)
    assert record.former == [OLD, NEW]
    record.former = []
    assert record == merged.before


def test_show_takes_every_id_of_a_merged_behaviour(merged, run):
    assert run("show", OLD) == run("show", NEW) == run("show", OTHER)


def test_claims_and_markers_name_the_behaviour_that_stays(merged):
    assert [claim.tests for claim in claims.read(merged.root)] == [[OTHER]]
    [change] = source.behaviours(merged.root)["rates.noisy_warns"].changes
    assert change.restored_by == OTHER


@pytest.mark.parametrize(
    "old, new, says",
    [
        (OLD, OTHER, f"OLD_ID '{OLD}': its test is still there: delete the test first"),
        ("rates.nothing", OTHER, "nothing.json: no such record: nothing was merged"),
        ("rates.nothing", NEW, f"NEW_ID '{NEW}': no test has this id"),
    ],
    ids=["test_is_there", "no_record", "no_other"],
)
def test_merging_that_cannot_be_is_refused(project, run, old, new, says):
    before = project.bytes()
    status, out, err = run("rename", old, new, "--merge")
    assert (status, out) == (2, "") and says in err and err.count("\n") == 1
    assert project.bytes() == before


def test_behaviour_that_is_not_recorded_takes_no_id(project, run):
    project.change(RATES, "def test_scale_halves", "def scale_halves")
    project.path(OTHER).unlink()
    status, _, err = run("rename", OLD, OTHER, "--merge")
    assert status == 2 and "constant_stays.json: no such record: nothing was merged" in err
    assert project.path(OLD).exists()
