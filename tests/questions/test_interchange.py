import json

import pytest

from torch_history.catalogue import index
from torch_history.cli import main
from torch_history.errors import HistoryError
from torch_history.observing.environment import FORMAT
from torch_history.publish import interchange as tables
from torch_history.questions import interchange
from torch_history.questions.interchange import Cell, FileKind, Outcome
from torch_history.records import store
from torch_history.records.sources import Sources
from torch_history.records.store import Record

RELEASES = ["1.0.3", "1.1.0", "1.2.0", "2.0.1"]
TOX_INI = """
[testenv]
deps =
    torch1.0: torch==1.0.3
    torch1.1: torch==1.1.0
    torch1.2: torch==1.2.0
    torch2.0: torch==2.0.1
"""
SPEC = '''
import pytest


@pytest.mark.api("lib.load", page="load")
@pytest.mark.changed(
    "1.2", "counts in halves", kind="silent", advice="double what 1.2 and later saved"
)
@pytest.mark.interchange(legacy="files.old_file_loads")
def test_file_loads(snapshot, release):
    """A file of every release loads."""


@pytest.mark.api("lib.load", page="load")
@pytest.mark.interchange
def test_old_file_loads(snapshot, release):
    """So does one in the old format."""


@pytest.mark.api("lib.load", page="load")
def test_without_files(snapshot):
    """This is not about files."""
'''
ONE, TWO = {"value": 1}, {"value": 2}
TOO_NEW = {"raised": {"type": "OSError", "message": "the file is too new"}}
LACKS = {"raised": {"type": "AttributeError", "message": "no attribute"}}
TOLD = {**ONE, "warned": [{"category": "UserWarning", "message": "old"}]}


@pytest.fixture
def kinds(tmp_path):
    """Record, for each writer, the chain of its readers; and read the kinds of file back."""
    (tmp_path / "tox.ini").write_text(TOX_INI)
    (tmp_path / "spec" / "files").mkdir(parents=True)
    (tmp_path / "spec" / "files" / "test_files.py").write_text(SPEC)

    digests = Sources(tmp_path)

    def keep(name, timelines, unknown=()):
        record = Record(
            digests.digest("spec/files/test_files.py", f"test_{name}"),
            seen={"cpu": [release for release in RELEASES if release not in unknown]},
            unknown={"cpu": dict.fromkeys(unknown, "skipped: no room")},
            timelines=timelines,
        )
        store.write_record(store.path_of(tmp_path / "spec", f"files.{name}"), record)

    def record(file, old=None, unknown=()):
        for name, written in {"file_loads": file, "old_file_loads": old}.items():
            cases = {
                f"written by {writer}": {"cpu": chain} for writer, chain in (written or {}).items()
            }
            keep(name, cases, unknown if name == "file_loads" else ())
        keep("without_files", {"observed": {"cpu": {"1.0": ONE}}})
        for release in RELEASES:
            store.write(
                tmp_path / "manifests" / f"{release}-cpu.json",
                {"format": FORMAT, "release": release, "device": "cpu"},
            )
        return interchange.kinds(index.of(tmp_path))

    record.root = tmp_path
    return record


def outcomes(kind, writer):
    return [kind.cells[writer, reader].words for reader in kind.readers]


def steps(found, writer, reader):
    """The steps of the way from this writer to this reader, in the first kind of file."""
    return next(
        way.steps
        for way in interchange.ways(found[0], found)
        if writer in way.writers and reader in way.readers
    )


# As torch's zip archives: 1.2 and later write what 1.0 does not read.
FORMATS = {
    "1.0.3": {"1.0": ONE},
    "1.1.0": {"1.0": ONE},
    "1.2.0": {"1.0": TOO_NEW, "1.1": ONE},
    "2.0.1": {"1.0": TOO_NEW, "1.1": ONE},
}


def test_cell_is_what_holds_at_the_reader(kinds):
    [kind] = kinds({"1.0.3": {"1.0": ONE, "1.1": TOLD, "1.2": TWO, "2.0": LACKS}})
    assert outcomes(kind, "1.0.3") == ["loads", "warns", "differs", "raises AttributeError"]
    assert kind.cells["1.0.3", "2.0.1"].says == "no attribute"


def test_value_is_held_against_what_the_writer_makes_of_its_own_file(kinds):
    [kind] = kinds({"1.2.0": {"1.0": TWO, "1.2": ONE}})
    assert outcomes(kind, "1.2.0") == ["differs", "differs", "loads", "loads"]


def test_writer_that_does_not_read_its_own_file_makes_no_other_differ(kinds):
    [kind] = kinds({"1.0.3": {"1.0": LACKS, "1.1": ONE, "1.2": TWO}})
    assert outcomes(kind, "1.0.3") == ["raises AttributeError", "loads", "loads", "loads"]


def test_reader_that_was_not_recorded_is_unknown(kinds):
    [kind] = kinds({"1.1.0": {"1.1": ONE}}, unknown=["1.2.0"])
    assert outcomes(kind, "1.1.0") == ["unknown", "loads", "unknown", "loads"]
    assert kind.cells["1.1.0", "1.2.0"].says == "skipped: no room"


def test_only_behaviours_with_writers_are_kinds_of_files(kinds):
    assert [kind.behaviour.id for kind in kinds(FORMATS, FORMATS)] == [
        "files.file_loads",
        "files.old_file_loads",
    ]
    assert kinds({}) == []


def test_case_that_names_no_release_is_told_with_its_test(kinds):
    with pytest.raises(HistoryError) as caught:
        kinds({"nobody": {"1.0": ONE}})
    assert str(caught.value) == (
        "spec/files/test_files.py:10: files.file_loads: a case of files does not end in the "
        "release that wrote it, as `written by 2.5.1`: 'nobody' is not a version: "
        "give a minor line such as 2.5 or a patch such as 2.5.1"
    )


def test_way_leads_over_a_release_that_reads_it_and_is_read(kinds):
    found = kinds(FORMATS)
    assert interchange.chain(found[0], "2.0.1", "1.0.3") == ["1.1.0"]
    [way] = interchange.ways(found[0], found)
    assert way.writers == ["1.2.0", "2.0.1"] and way.readers == ["1.0.3"]
    assert way.steps == ["load it under 1.1 and save it there"]


def test_way_may_need_two_releases_and_takes_no_more(kinds):
    found = kinds(
        {
            "1.0.3": {"1.0": ONE},
            "1.1.0": {"1.0": ONE, "2.0": LACKS},
            "1.2.0": {"1.0": LACKS, "1.1": ONE},
            "2.0.1": {"1.0": LACKS, "1.2": ONE},
        }
    )
    assert interchange.chain(found[0], "2.0.1", "1.0.3") == ["1.2.0", "1.1.0"]
    assert steps(found, "2.0.1", "1.0.3") == [
        "load it under 1.2 and save it there, then load it under 1.1 and save it there"
    ]


def test_way_does_not_lead_over_unknown_readers(kinds):
    found = kinds(FORMATS, unknown=["1.1.0"])
    assert interchange.chain(found[0], "2.0.1", "1.0.3") is None
    assert steps(found, "2.0.1", "1.0.3") == [interchange.NO_WAY]


def test_old_format_is_a_way_where_the_reader_reads_it(kinds):
    found = kinds(FORMATS, old={"2.0.1": {"1.0": ONE}})
    assert steps(found, "2.0.1", "1.0.3") == [
        "load it under 1.1 and save it there",
        interchange.OLD_FORMAT,
    ]
    assert steps(found, "1.2.0", "1.0.3") == ["load it under 1.1 and save it there"]


def test_change_of_values_is_answered_with_the_advice_of_its_marker(kinds):
    found = kinds({"1.1.0": {"1.0": ONE, "1.2": TWO}})
    assert steps(found, "1.1.0", "2.0.1") == ["double what 1.2 and later saved"]
    found = kinds(
        {"1.0.3": {"1.0": ONE, "1.1": TWO}}
    )  # the change at 1.2 does not lie between 1.0 and 1.1
    assert [way.steps for way in interchange.ways(found[0], found) if way.readers == ["1.1.0"]] == [
        [interchange.NO_WAY]
    ]


def test_way_that_loses_values_says_so(kinds):
    found = kinds({**FORMATS, "2.0.1": {"1.0": TOO_NEW, "1.1": TWO, "2.0": ONE}})
    assert steps(found, "2.0.1", "1.0.3") == [
        "load it under 1.1 and save it there, but the result differs",
        "double what 1.2 and later saved",
    ]


def file_kind(kind, cells, writers=("1.2.0",), readers=RELEASES):
    """A kind of file from literals, with the behaviour of another."""
    return FileKind(kind.behaviour, list(writers), list(readers), cells)


def test_span_names_runs_of_neighbours_by_their_ends(kinds):
    kind = file_kind(kinds(FORMATS)[0], {})
    assert tables.releases_in_words(RELEASES, kind) == "1.0 to 2.0"
    assert tables.releases_in_words(["1.0.3", "1.2.0", "2.0.1"], kind) == "1.0, 1.2 to 2.0"


def test_exceptions_get_letters_of_their_own(kinds):
    cells = {
        ("1.0", "1.0"): Cell(Outcome.RAISES, "RuntimeError", "no"),
        ("1.0", "1.1"): Cell(Outcome.RAISES, "RecursionError", "too deep"),
        ("1.0", "1.2"): Cell(Outcome.DIFFERS),
        ("1.0", "1.3"): Cell(Outcome.RAISES, "RuntimeError", "not at all"),
    }
    signs = tables.signs_of([file_kind(kinds(FORMATS)[0], cells)])
    assert {cell.words: sign for cell, (sign, _) in signs.items()} == {
        "differs": "≠",
        "raises RecursionError": "R",
        "raises RuntimeError": "A",
    }


def test_table_has_a_character_for_each_reader_and_a_row_for_writers_alike(
    kinds, capsys, monkeypatch
):
    kinds(FORMATS)
    monkeypatch.setenv("COLUMNS", "80")
    assert main(["--root", str(kinds.root), "interchange"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("· loads\nO raises OSError\n")
    assert "│ 1.0 to 1.1 │ · · · · │\n" in out and "│ 1.2 to 2.0 │ O · · · │\n" in out
    assert (
        "Written by 1.2 to 2.0, read by 1.0: raises OSError: the file is too new\n"
        "  load it under 1.1 and save it there\n"
    ) in out


def test_markdown_shares_rows_and_columns(kinds, capsys):
    kinds(FORMATS)
    assert main(["--root", str(kinds.root), "interchange", "--format", "markdown"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[lines.index("`files.file_loads`") + 2 :][:7] == [
        "| written by | read by 1.0 | read by 1.1 to 2.0 |",
        "|---|---|---|",
        "| 1.0 to 1.1 | loads | loads |",
        "| 1.2 to 2.0 | raises OSError | loads |",
        "",
        "- Written by 1.2 to 2.0, read by 1.0: raises OSError: the file is too new",
        "  - load it under 1.1 and save it there",
    ]


def test_json_has_every_cell(kinds, capsys):
    kinds(FORMATS)
    assert main(["--root", str(kinds.root), "interchange", "--format", "json"]) == 0
    [file] = json.loads(capsys.readouterr().out)["files"]
    assert file["outcomes"]["2.0.1"] == {
        "1.0.3": "raises OSError",
        "1.1.0": "loads",
        "1.2.0": "loads",
        "2.0.1": "loads",
    }
    assert file["ways"] == [
        {
            "written_by": ["1.2.0", "2.0.1"],
            "read_by": ["1.0.3"],
            "outcome": "raises OSError",
            "says": "the file is too new",
            "steps": ["load it under 1.1 and save it there"],
        }
    ]


def test_project_without_files_says_so(recorded, capsys):
    assert main(["--root", str(recorded.root), "interchange"]) == 2
    assert (
        "no case `written by RELEASE` is recorded on cpu: run `torch-history record`"
        in capsys.readouterr().err
    )
