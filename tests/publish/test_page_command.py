"""``torch-history page``: what it writes, replaces and refuses."""

import json
import re
from pathlib import Path

import pytest

from tests.fake import RELEASES
from tests.literals import plant
from tests.publish.odd import ODD_SPEC
from torch_history.cli import main


@pytest.fixture
def page(project, capsys):
    """Run `torch-history page` on a copy of the fake project: status, output, error output.

    The copy has all that the site shows.
    """
    project.write("spec/odd/test_odd.py", ODD_SPEC)
    record = {f"written by {patch}": {"cpu": {"1.4": {"value": 1}}} for patch in RELEASES.values()}
    plant(project, "odd.file_of_every_release_loads", record)

    def command(*arguments):
        status = main(["--root", str(project.root), "page", *map(str, arguments)])
        return (status, *capsys.readouterr())

    command.root, command.folder = project.root, project.root / "site"
    return command


def content(folder):
    return {
        path.relative_to(str(folder)).as_posix(): path.read_bytes()
        for path in Path(str(folder)).rglob("*")
        if path.is_file()
    }


def refused(result, *words):
    status, out, err = result
    lines = [line for line in err.splitlines() if line.strip()]
    assert (status, out, len(lines)) == (2, "", 1), result
    assert lines[0].startswith("torch-history: ")
    for word in words:
        assert str(word) in lines[0]


def test_command_says_what_it_wrote(page):
    status, out, _ = page()
    assert status == 0
    match = re.fullmatch(r"(.+): written, (\d+\.\d) MB in \d+\.\d s\n", out)
    assert match and Path(match[1]) == page.folder / "index.html"
    assert abs(float(match[2]) - sum(map(len, content(page.folder).values())) / 1e6) <= 0.05


def test_command_writes_where_it_is_told_and_makes_the_folders_above(page, tmp_path):
    assert page("--to", tmp_path / "one" / "two")[0] == 0
    assert (tmp_path / "one" / "two" / "index.html").is_file() and not page.folder.exists()
    assert [path.name for path in (tmp_path / "one").iterdir()] == ["two"]


def test_built_twice_the_site_has_the_same_bytes(page, tmp_path):
    page()
    page("--to", tmp_path / "again")
    assert content(page.folder) == content(tmp_path / "again")


def test_folder_with_other_things_in_it_is_refused_and_kept(page, tmp_path):
    for name, text in {"notes.txt": "mine", "index.html": "<html>my own page</html>"}.items():
        folder = tmp_path / name.partition(".")[0]
        folder.mkdir()
        (folder / name).write_text(text)
        refused(page("--to", folder), folder, "neither an empty folder nor an older site", "--to")
        assert content(folder) == {name: text.encode()}
    refused(page("--to", tmp_path / "notes" / "notes.txt"), "notes.txt", "neither an empty")
    assert (tmp_path / "notes" / "notes.txt").read_text() == "mine"


def test_older_site_is_replaced_whole(page):
    page()
    first = content(page.folder)
    (page.folder / "stale.html").write_text("an old chapter")
    (page.folder / "index.html").write_text(
        (page.folder / "index.html").read_text(encoding="utf-8").replace("Behaviour", "Old"),
        encoding="utf-8",
    )
    assert page()[0] == 0 and content(page.folder) == first


def test_older_site_behind_a_link_is_replaced(page, tmp_path):
    page("--to", tmp_path / "there")
    (tmp_path / "there" / "stale.html").write_text("an old chapter")
    (tmp_path / "link").symlink_to(tmp_path / "there", target_is_directory=True)
    assert page("--to", tmp_path / "link")[0] == 0
    assert (
        (tmp_path / "link").is_symlink()
        and not (tmp_path / "there" / "stale.html").exists()
        and (tmp_path / "there" / "index.html").exists()
    )


def test_empty_working_folder_becomes_the_site(page, tmp_path, monkeypatch):
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    assert page("--to", ".")[0] == 0
    assert (tmp_path / "empty" / "index.html").is_file()


def test_place_that_cannot_be_written_is_refused_in_one_line(page, tmp_path):
    (tmp_path / "file").write_text("mine")
    refused(
        page("--to", tmp_path / "file" / "site"),
        tmp_path / "file" / "site",
        "cannot be written",
        "--to",
    )
    assert (tmp_path / "file").read_text() == "mine"


def test_full_disk_is_told_in_one_line_and_the_older_site_stays(page, monkeypatch):
    page()
    before = content(page.folder)

    def full(path, data):
        raise OSError(28, "No space left on device", str(path))

    with monkeypatch.context() as patched:
        patched.setattr(Path, "write_bytes", full)
        result = page()
    refused(result, page.folder, "No space left on device")
    assert (
        content(page.folder) == before and [path.name for path in page.root.glob(".site.*")] == []
    )


@pytest.mark.parametrize(
    "path",
    ["manifests/2.0.1-cpu.json", "spec/rates/test_rates.py"],
)
def test_damaged_manifest_or_test_is_told_in_one_line_and_the_older_site_stays(page, path):
    page()
    before = content(page.folder)
    text = (page.root / path).read_text()
    (page.root / path).write_text(text[: len(text) // 2] + "\n<<<<<<<")
    refused(page(), Path(path).name)
    assert content(page.folder) == before and list(page.root.glob(".site.*")) == []


def test_damaged_record_makes_its_behaviour_unknown_and_costs_nothing_else(page):
    page()
    before = content(page.folder)
    record = page.root / "spec/rates/__snapshots__/scale_halves.json"
    record.write_text(record.read_text()[:100])
    assert page()[0] == 0
    after = content(page.folder)
    assert after.keys() == before.keys() and after["tensors.html"] == before["tensors.html"]
    told = after["behaviours/rates.scale_halves.html"]
    assert b"Not verified on 1.4 to 2.6: its record is damaged" in told
    assert b"Not observed on any release." in told
    changed = {name for name in after if after[name] != before[name]}
    assert not [name for name in changed if "tensors" in name or "flip_comes_back" in name]


def test_damage_that_shows_late_leaves_the_older_site_too(page):
    page()
    before = content(page.folder)
    (page.root / "claims").mkdir()
    (page.root / "claims" / "A.py").write_text("[{")
    refused(page(), "A.py", "not a list of claims")
    assert content(page.folder) == before and list(page.root.glob(".site.*")) == []


def test_project_without_documents_benchmarks_introductions_and_files_has_a_site(project):
    assert main(["--root", str(project.root), "page"]) == 0
    folder = project.root / "site"
    assert not (project.root / "docs").exists() and not (project.root / "benchmarks").exists()
    for name in ("interchange.html", "benchmarks.html"):
        assert "None are recorded." in (folder / name).read_text(encoding="utf-8"), name
    assert sorted(path.name for path in (folder / "guides").iterdir()) == ["index.html"]
    assert not (folder / "llms.txt").exists() and list(folder.glob("*.svg")) == []
    assert 'class="term"' not in (folder / "rates.html").read_text(encoding="utf-8")
    assert (folder / "behaviours" / "rates.scale_halves.html").is_file()


@pytest.mark.parametrize("chapter", ["index", "search", "apis"])
def test_chapter_named_as_a_page_of_the_site_is_refused_and_the_older_site_stays(page, chapter):
    page()
    before = content(page.folder)
    (page.root / "spec" / "odd").rename(page.root / "spec" / chapter)
    refused(page(), f"{chapter}.html", "rename")
    assert content(page.folder) == before and list(page.root.glob(".site.*")) == []


# ---- where the site will be public


@pytest.mark.parametrize("address", ["https://example.org/torch", "http://localhost:8000/"])
def test_address_is_in_the_data(page, address):
    assert page("--address", address)[0] == 0
    told = json.loads((page.folder / "behaviours.json").read_text(encoding="utf-8"))
    assert told["address"] == address.rstrip("/") + "/"


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "example.org", "file:///site", "ftp://example.org", " "]
)
def test_address_that_is_none_of_the_web_is_refused(page, address):
    refused(page("--address", address), "--address", address, "begin with https://")
    assert not page.folder.exists()


def test_site_without_an_address_has_none_in_its_data(page):
    page()
    told = json.loads((page.folder / "behaviours.json").read_text(encoding="utf-8"))
    assert told["address"] == ""


def test_project_without_records_says_to_record(unrecorded, capsys):
    result = main(["--root", str(unrecorded.root), "page"]), *capsys.readouterr()
    refused(result, "nothing is recorded yet on this device: run `torch-history record`")
    assert not (unrecorded.root / "site").exists()


def test_help_tells_how_to_open_it(capsys):
    assert main(["page", "--help"]) == 0
    out = " ".join(capsys.readouterr().out.split())
    for words in (
        "--to",
        "FOLDER",
        "--address",
        "An older site is replaced.",
        "Open index.html in the folder; no server or network is needed.",
    ):
        assert words in out
