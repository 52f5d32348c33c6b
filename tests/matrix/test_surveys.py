"""`torch-history record` surveys the releases of torch, and `merge` takes surveys."""

import json

import pytest

from tests.literals import survey
from torch_history.catalogue import releases
from torch_history.cli import main
from torch_history.matrix import surveys
from torch_history.matrix.walk import Walk
from torch_history.surface import files
from torch_history.surface.digest import digest

TAKES = {
    "torch1.4": "def (rate=1.0)",
    "torch1.13": "def (rate=1.0)",
    "torch2.0": "def (rate=0.5)",
    "torch2.6": "def (rate=0.5)",
}
SCALE = {"torch.scale": {"1.4": "def (rate=1.0)", "2.0": "def (rate=0.5)"}}


@pytest.fixture
def walked(walked):
    """The project as if its library were torch, with a survey of each release."""
    walked.change("pytest.ini", "history_library = fakelib\n", "")
    patches = {"torch1.4": "1.4.0", "torch1.13": "1.13.1", "torch2.0": "2.0.1", "torch2.6": "2.6.0"}
    for environment, takes in TAKES.items():
        prepare(walked, environment, survey(patches[environment], {"torch.scale": takes}))
    return walked


def prepare(walked, environment, told):
    """What the survey of an environment finds; its digest is the one it is asked for."""
    path = f"prepared/{environment}-surface.json"
    walked.write(path, json.dumps({**told, "source": "DIGEST"}))


def put(project, name, told):
    """Write the file of a survey below the project; its path."""
    project.write(name, json.dumps(told))
    return project.root / name


def merge(project, *arguments):
    return main(["--root", str(project.root), "merge", *map(str, arguments)])


def surveyed(walked):
    return [call.split()[1] for call in walked.calls() if call.startswith("survey ")]


def surface(project):
    return {path.name: path.read_bytes() for path in (project.root / "surface").rglob("*.json")}


# Recording


def test_releases_are_surveyed_beside_the_behaviours(walked, capsys):
    assert walked.record() == 0
    found = files.read(walked.root)
    assert list(found.releases) == ["1.4", "1.13", "2.0", "2.6"] and found.names == SCALE
    assert {of.source for of in found.releases.values()} == {digest()}
    out = capsys.readouterr().out
    assert "12 verified, 0 unknown, 13 entries changed; 1 names surveyed, 2 timelines" in out
    assert "; 1 names surveyed, 0 timelines changed (" in out


def test_surface_alone_runs_no_behaviour(walked, capsys):
    assert walked.record("--surface", "2.0") == 0
    assert walked.calls() == ["tox torch2.0", "survey torch2.0"]
    assert list(files.releases(walked.root)) == ["2.0"]
    assert "torch 2.0.1: 1 names surveyed, 2 timelines changed (" in capsys.readouterr().out


def test_order_of_recording_does_not_matter(walked):
    for line in ("2.6", "1.4", "2.0", "1.13"):
        assert walked.record("--surface", line) == 0
    apart = surface(walked)
    for path in (walked.root / "surface").glob("*.json"):
        path.unlink()
    assert walked.record("--surface") == 0 and surface(walked) == apart


def test_release_that_was_surveyed_by_this_code_is_skipped(walked, capsys):
    assert walked.record("--surface") == 0
    before = len(walked.calls())
    assert walked.record("--surface") == 0 and len(walked.calls()) == before
    assert "4 releases were recorded from these sources already" in capsys.readouterr().out
    assert walked.record("--surface", "2.0", "--again") == 0
    assert walked.calls()[before:] == ["survey torch2.0"]


@pytest.mark.parametrize("part, value", [("source", "0123"), ("release", "2.0.0")])
def test_survey_by_other_code_or_of_another_patch_is_made_again(walked, part, value):
    assert walked.record("--surface") == 0
    found = files.read(walked.root)
    setattr(found.releases["2.0"], part, value)
    files.write(walked.root, found)
    before = len(walked.calls())
    assert walked.record("--surface") == 0
    assert walked.calls()[before:] == ["survey torch2.0"]


def test_behaviours_that_are_named_bring_no_survey(walked):
    assert walked.record("rates.scale_halves", "2.0") == 0 and surveyed(walked) == []


def test_project_about_another_library_has_no_survey(walked):
    walked.change("pytest.ini", "[pytest]\n", "[pytest]\nhistory_library = fakelib\n")
    assert walked.record() == 0
    assert surveyed(walked) == [] and not (walked.root / "surface").exists()


def test_patch_beside_the_matrix_has_no_survey(walked):
    assert walked.record("2.0.0") == 0 and surveyed(walked) == []


@pytest.mark.parametrize("device, due", [("cpu", True), ("cuda", False)])
def test_release_is_surveyed_on_the_cpu_alone(walked, device, due):
    (release,) = releases.choose(walked.root, ["2.0"])
    assert Walk(walked.root, device).task(release, [], again=False).survey is due


def test_survey_that_fails_is_told_and_the_others_go_on(walked, capsys):
    walked.control("no-survey-torch1.13")
    assert walked.record("--surface") == 1
    out = capsys.readouterr().out
    assert "torch 1.13.1: unknown: the survey failed: ImportError: no torch (log: " in out
    assert list(files.releases(walked.root)) == ["1.4", "2.0", "2.6"]


def test_survey_of_another_release_is_refused(walked, capsys):
    prepare(walked, "torch2.0", survey("2.0.0"))
    assert walked.record("--surface", "2.0") == 1
    assert "the environment holds torch 2.0.0, not 2.0.1" in capsys.readouterr().out
    assert files.releases(walked.root) == {}


def test_names_that_do_not_read_back_are_told(walked, capsys, monkeypatch):
    monkeypatch.setattr(files, "write", lambda root, surface: [])
    assert walked.record("--surface", "2.0") == 1
    assert "reading back failed: 2.0: torch.scale\n" in capsys.readouterr().out


def test_damaged_surface_is_told_before_anything_is_run(walked, capsys):
    assert walked.record("--surface", "2.0") == 0
    path = walked.root / "surface" / "torch.json"
    path.write_text(path.read_text().replace("0.5", "0.7"))
    before = len(walked.calls())
    assert walked.record("--surface", "2.6") == 2 and len(walked.calls()) == before
    err = capsys.readouterr().err
    assert "torch.json: edited by hand" in err and err.count("\n") == 1


def test_surface_and_a_behaviour_exclude_each_other(walked, capsys):
    assert walked.record("--surface", "rates.scale_halves") == 2
    assert "--surface and an ID exclude each other" in capsys.readouterr().err


# Merging


def test_surveys_of_several_machines_enter_as_the_walk_enters_them(walked, capsys):
    assert walked.record("--surface") == 0
    before = surface(walked)
    for path in (walked.root / "surface").glob("*.json"):
        path.unlink()
    capsys.readouterr()
    assert merge(walked, walked.root / ".history") == 0
    assert surface(walked) == before
    assert "torch 2.0.1: 1 names surveyed, 1 timelines changed\n" in capsys.readouterr().out


def test_merged_survey_is_up_to_date(walked):
    told = survey("2.0.1", {"torch.scale": TAKES["torch2.0"]})
    assert merge(walked, put(walked, "one-surface.json", told)) == 0
    assert walked.record("--surface", "2.0") == 0 and surveyed(walked) == []


def test_merged_names_that_do_not_read_back_are_told(walked, capsys, monkeypatch):
    path = put(walked, "one-surface.json", survey("2.0.1", {"torch.a": "value"}))
    monkeypatch.setattr(files, "write", lambda root, surface: [])
    assert merge(walked, path) == 1
    assert "reading back failed: 2.0: torch.a\n" in capsys.readouterr().out


def test_dry_run_says_what_would_enter_and_writes_nothing(walked, capsys):
    path = put(walked, "one-surface.json", survey("2.0.1"))
    assert merge(walked, "--dry-run", path) == 0
    assert capsys.readouterr().out == f"torch 2.0.1: the survey {path} would be entered\n"
    assert not (walked.root / "surface").exists()


def test_two_equal_surveys_of_a_release_are_one(walked):
    paths = [put(walked, f"{name}-surface.json", survey("2.0.1")) for name in "ab"]
    assert [one.path for one in surveys.given(walked.root, paths)] == paths[:1]


def refused(project, capsys, *paths):
    """The one line with which a merge ends that enters nothing."""
    good = put(project, "0-surface.json", survey("1.4.0", {"torch.a": "value"}))
    assert merge(project, good, *paths) == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 1 and not (project.root / "surface").exists()
    return err


def test_surveys_of_one_release_that_differ_are_refused(walked, capsys):
    one = put(walked, "1-surface.json", survey("2.0.1", {"torch.a": "value"}))
    two = put(walked, "2-surface.json", survey("2.0.1", {"torch.b": "value"}))
    told = f"{two}: not the survey of torch 2.0.1 that {one} is: give one of both\n"
    assert told in refused(walked, capsys, one, two)


@pytest.mark.parametrize(
    "more, told",
    [
        ({"source": "0" * 16}, "torch 2.0.1 was surveyed by other code than this checkout's: "),
        ({"release": "2.0.0"}, "torch '2.0.0' is not in the matrix of tox.ini: leave the file out"),
        ({"release": "2.7.0"}, "torch '2.7.0' is not in the matrix of tox.ini: leave the file out"),
        ({"release": "x"}, "torch 'x' is not in the matrix of tox.ini: leave the file out"),
        ({"format": 2}, "not of format 1: record the release again"),
        ({"names": {"torch.a": {}}}, "not a survey ("),
        ({"more": 1}, "not a survey ("),
    ],
    ids=["digest", "patch", "line", "version", "format", "entry", "key"],
)
def test_survey_that_cannot_enter_is_refused_before_another_enters(walked, capsys, more, told):
    path = put(walked, "1-surface.json", {**survey("2.0.1"), **more})
    assert f"{path}: {told}" in refused(walked, capsys, path)


@pytest.mark.parametrize("text", ["", "[]", "\udcff"], ids=["empty", "list", "not_utf8"])
def test_file_that_is_no_survey_is_refused(walked, capsys, text):
    path = walked.root / "1-surface.json"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    assert f"{path}: not a survey (" in refused(walked, capsys, path)
