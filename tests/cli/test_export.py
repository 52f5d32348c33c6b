"""`torch-history export`, and answers from the file that it writes."""

import json

import pytest

from torch_history.catalogue import index
from torch_history.cli import main


def test_export_prints_the_index(run, recorded):
    status, out, err = run("export")
    assert (status, err) == (0, "") and out == index.build(recorded.root)
    assert out.endswith("}\n") and not out.endswith("\n\n")
    assert list(json.loads(out)) == list(index.Index.__struct_fields__)


def test_export_writes_a_file(run, recorded, tmp_path):
    assert run("export", "--to", str(tmp_path / "new" / "all.json")) == (0, "", "")
    written = (tmp_path / "new" / "all.json").read_text(encoding="utf-8")
    assert written == index.build(recorded.root)
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["all.json"]


def test_export_gives_the_schema(run, tmp_path):
    status, out, err = run("export", "--schema")
    assert (status, err) == (0, "") and out == index.SCHEMA.read_text(encoding="utf-8")
    assert out.endswith("}\n") and not out.endswith("\n\n")
    assert json.loads(out)["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert run("export", "--schema", "--to", str(tmp_path / "schema.json")) == (0, "", "")
    assert (tmp_path / "schema.json").read_text(encoding="utf-8") == out


def test_export_into_a_folder_is_refused(run, tmp_path):
    status, out, err = run("export", "--to", str(tmp_path))
    assert (status, out) == (2, "") and err.count("\n") == 1 and "--to" in err


def test_export_where_nothing_can_be_written_is_one_line(run, tmp_path):
    (tmp_path / "file").write_text("")
    status, out, err = run("export", "--to", str(tmp_path / "file" / "all.json"))
    assert (status, out) == (2, "") and err.count("\n") == 1
    assert err.startswith(f"torch-history: {tmp_path / 'file' / 'all.json'}: cannot be written (")


@pytest.fixture
def packaged(recorded, tmp_path):
    """A folder with the index alone, as an installed package has it."""
    path = tmp_path / "packaged" / "index.json"
    path.parent.mkdir()
    path.write_text(index.text_of(recorded.root), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "arguments",
    [
        ["diff", "1.13", "2.6"],
        ["diff", "1.13", "2.6", "--format", "json"],
        ["show", "rates.scale_halves"],
        ["list"],
        ["versions"],
        ["export"],
        ["claims"],
    ],
    ids=" ".join,
)
def test_exported_index_answers_as_its_sources_do(run, packaged, capsys, arguments):
    expected = run(*arguments)
    status = main(["--root", str(packaged.parent), *arguments])
    assert (status, *capsys.readouterr()) == expected


@pytest.mark.parametrize(
    "content, says",
    [
        ("", "not an index of format 2"),
        ("{", "not an index of format 2"),
        ('{"format":2}', "not an index of format 2"),
    ],
    ids=["empty", "cut", "fields"],
)
def test_damaged_index_is_one_line(packaged, capsys, content, says):
    packaged.write_text(content)
    assert main(["--root", str(packaged.parent), "list"]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.startswith(f"torch-history: {packaged}: {says}")
    assert err.count("\n") == 1


def test_index_of_a_later_format_is_one_line(packaged, capsys):
    text = packaged.read_text(encoding="utf-8")
    packaged.write_text(text.replace('"format":2', '"format":3', 1), encoding="utf-8")
    assert main(["--root", str(packaged.parent), "list"]) == 2
    assert capsys.readouterr().err == (f"torch-history: {packaged}: an index of format 3, not 2\n")


def test_command_that_changes_files_needs_a_checkout(packaged, capsys):
    for command in (["check"], ["record"], ["docs"], ["docs", "--write"]):
        assert main(["--root", str(packaged.parent), *command]) == 2
        out, err = capsys.readouterr()
        assert out == "" and "run this in a checkout of torch-training-spec" in err
