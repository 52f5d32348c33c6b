"""What comes from outside never reaches the terminal raw: no escape sequence, no turned text."""

import json
import re
import shutil
import sys

import pytest

from tests.fake import RELEASES, Project
from tests.literals import plant
from torch_history.cli import main
from torch_history.records import store
from torch_history.records.store import Record

# red from here on; the title of the window, which click does not strip as it does colours; red by
# the C1 control; the rest backwards
EVIL = "\x1b[31mred \x1b]0;title\x07 \x9b31m\u202e"
TOLD = r"\x1b[31mred \x1b]0;title\x07 \x9b31m\u202e"
# in the name of a file everything may stand but a slash and a zero
EVIL_NAME = EVIL.replace(" ", "")
RAW = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
SPEC = f"""
import pytest


@pytest.mark.api({"fakelib.nn." + EVIL!r}, "fakelib.optim.scale", page={EVIL!r}, article={EVIL!r})
@pytest.mark.changed(
    "2.0", {EVIL!r}, kind="silent", cause={EVIL!r}, advice={EVIL!r}, probable=True
)
@pytest.mark.changed("2.6", {EVIL!r}, kind="error")
def test_evil(snapshot):
    {f"Said {EVIL}."!r}
"""
FILES_SPEC = SPEC.replace(
    "def test_evil", f"@pytest.mark.interchange(legacy={EVIL!r})\ndef test_files"
)
CODE = "from fakelib.optim import scale\n\nscale()\n"
RAISED = {"raised": {"type": EVIL, "message": EVIL}}
WARNED = {"value": EVIL, "warned": [{"category": EVIL, "message": EVIL}]}
RECORD = {
    "observed": {"cpu": {"1.4": {"value": {EVIL: [EVIL]}}, "2.0": WARNED, "2.6": RAISED}},
    EVIL: {"cpu": {"1.4": {"value": 1}, "2.0": {"value": 2}}, EVIL: {"1.4": WARNED}},
}
FILES = {
    f"written {EVIL} by {release}": {"cpu": {"1.4": {"value": 1}, "2.0": RAISED}}
    for release in ("1.4.0", "2.0.1")
}


@pytest.fixture(scope="session")
def evil_project(recorded, tmp_path_factory):
    """A copy of the recorded project in which all words from outside are escape sequences."""
    root = tmp_path_factory.mktemp("evil") / f"project {EVIL_NAME}"
    shutil.copytree(str(recorded.root), str(root))
    project = Project(root)
    released = f"2.6.1+{EVIL_NAME}"
    seen = {"cpu": [*RELEASES.values(), released], EVIL: ["2.6.0"]}
    skipped = {"unknown": {"cpu": {"1.13.1": EVIL}}, "former": [f"evil.{EVIL_NAME}", EVIL]}
    project.write("spec/evil/test_evil.py", SPEC)
    project.write("spec/evil/test_files.py", FILES_SPEC)
    project.write(f"spec/{EVIL_NAME}/test_{EVIL_NAME}.py", SPEC)
    plant(project, "evil.evil", RECORD, seen=seen)
    plant(project, "evil.files", FILES, seen=seen)
    seen = {"cpu": ["1.4.0", "2.0.1", "2.6.0", released]}
    plant(project, f"{EVIL_NAME}.evil", RECORD, seen=seen, **skipped)
    plant(project, "rates.scale_halves", RECORD, seen=seen, **skipped)
    # of no test, and damaged
    store.write_record(project.path(f"evil.{EVIL_NAME}"), Record("0" * 16, timelines=RECORD))
    project.path(f"evil.other {EVIL_NAME}").write_text("{")
    claim = {"section": EVIL, "claim": EVIL, "tests": ["evil.evil", EVIL], "note": EVIL}
    project.write(f"claims/{EVIL_NAME}.py", repr([{**claim, "verdict": f"holds if {EVIL}"}]))
    for path in (root / "manifests").glob("*.json"):
        manifest = json.loads(path.read_text(encoding="utf-8"))
        for field in ("build", "device_name", "python", "platform", "cpu_vendor", "numpy"):
            manifest[field] = manifest["cpu_capability"] = EVIL
        store.write(path, manifest)
    store.write(root / "manifests" / f"{released}-cpu.json", {**manifest, "release": released})
    (root / "manifests" / "2.0.1-cpu.json").unlink()
    project.write(".history/2.0.1-cpu.failure", EVIL)
    project.write(f"code/{EVIL_NAME}.py", CODE)
    project.write(f"code/broken {EVIL_NAME}.py", f"{CODE}def {EVIL}\n")
    project.write("code/broken.ipynb", json.dumps({"cells": EVIL}))
    project.write(f"{EVIL_NAME}.txt", "torch==2.6.0\n")
    return project


COMMANDS = {
    "list": ["list"],
    "list_of_one_api": ["list", "--api", f"fakelib.nn.{EVIL}"],
    "find": ["find", EVIL],
    "find_json": ["find", EVIL, "--format", "json"],
    "find_nothing": ["find", f"no {EVIL}"],
    "show": ["show", "evil.evil"],
    "show_of_an_evil_name": ["show", f"{EVIL_NAME}.evil"],
    "show_of_an_evil_former_name": ["show", EVIL],
    "show_files": ["show", "evil.files"],
    "show_nothing": ["show", f"evil.evilx{EVIL}"],
    "versions": ["versions"],
    "versions_json": ["versions", "--format", "json"],
    "diff": ["diff", "1.4", "2.6"],
    "diff_backwards": ["diff", "2.6.0", "1.4"],
    "diff_of_an_evil_release": ["diff", "1.13", f"2.6.1+{EVIL_NAME}"],
    "diff_markdown": ["diff", "1.4", "2.6", "--format", "markdown"],
    "diff_json": ["diff", "1.4", "2.6", "--format", "json"],
    "diff_unknown": ["diff", "1.13", "2.6"],
    "diff_code": ["diff", "1.4", "2.6", "--code", "code"],
    "diff_code_markdown": ["diff", "1.4", "2.6", "--code", "code", "--format", "markdown"],
    "diff_code_json": ["diff", "1.4", "2.6", "--code", "code", "--format", "json"],
    "diff_code_sarif": ["diff", "1.4", "2.6", "--code", "code", "--format", "sarif"],
    "diff_code_missing": ["diff", "1.4", "2.6", "--code", f"no {EVIL_NAME}"],
    "diff_files": ["diff", "--from", f"{EVIL_NAME}.txt", "--to", f"{EVIL_NAME}.txt"],
    "diff_files_missing": ["diff", "--from", f"no {EVIL_NAME}.txt", "--to", f"{EVIL_NAME}.txt"],
    "interchange": ["interchange"],
    "interchange_markdown": ["interchange", "--format", "markdown"],
    "interchange_json": ["interchange", "--format", "json"],
    "claims": ["claims"],
    "docs": ["docs"],
    "export": ["export"],
    "check": ["check"],
    "merge_missing": ["merge", f"no {EVIL_NAME}"],
    "command": [f"di{EVIL}"],
    "option": ["diff", f"--fr{EVIL}"],
    "kind": ["diff", "1.4", "2.6", "--kind", EVIL],
    "version": ["diff", "1.4", EVIL],
    "chapter": ["diff", "1.4", "2.6", "--chapter", EVIL],
    "device": ["diff", "1.4", "2.6", "--device", EVIL],
    "release": ["record", f"9{EVIL}"],
    "behaviour": ["record", f"no {EVIL}"],
    "rename": ["rename", f"evil.{EVIL_NAME}", EVIL],
}
REFUSED = {
    *("show_nothing", "diff_code_missing", "diff_files_missing", "merge_missing", "command"),
    *("option", "kind", "version", "chapter", "device", "release", "behaviour", "rename"),
}
if sys.version_info < (3, 9):  # --code needs Python 3.9
    REFUSED |= {name for name in COMMANDS if name.startswith("diff_code")}


@pytest.mark.parametrize("name", COMMANDS)
def test_no_escape_sequence_reaches_the_terminal(evil_project, monkeypatch, capsys, name):
    monkeypatch.chdir(evil_project.root)
    monkeypatch.setenv("COLUMNS", "150")
    status = main(["--root", str(evil_project.root), *COMMANDS[name]])
    out, err = capsys.readouterr()
    assert RAW.findall(out) == [] and RAW.findall(err) == []
    assert (status == 2) is (name in REFUSED) and status in (0, 1, 2), err
    if status == 2:
        assert out == "" and err.count("\n") == 1 and err.startswith("torch-history: ")
    else:
        assert out


def test_json_holds_what_was_escaped(evil_project, capsys):
    main(["--root", str(evil_project.root), "diff", "1.4", "2.6", "--format", "json"])
    told = json.loads(capsys.readouterr().out)
    evil = told["differences"]["evil.evil"]
    assert (
        evil["changes"][0]["text"] == EVIL and evil["test"] == "spec/evil/test_evil.py::test_evil"
    )


def test_error_of_a_folder_with_an_evil_name_is_one_line(tmp_path, capsys):
    root = tmp_path / f"no checkout\n{EVIL_NAME}"
    root.mkdir()
    assert main(["--root", str(root), "list"]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1 and RAW.findall(err) == []
    assert TOLD.replace(" ", "") in err


def test_merge_tells_evil_runs_harmlessly(recorded, tmp_path, capsys):
    root = tmp_path / "project"
    shutil.copytree(str(recorded.root), str(root))
    shutil.rmtree(str(root / "manifests"))
    run = {**recorded.runs["2.6.0"], "build": "cu118"}
    observations = dict(run["observations"])
    del observations["rates.scale_halves"]
    run["observations"], run["unknown"] = observations, {"rates.scale_halves": f"failed: {EVIL}"}
    (root / "spec/rates/__snapshots__/scale_halves.json").unlink()
    store.write(tmp_path / EVIL_NAME / f"{EVIL_NAME}.json", run)
    store.write(tmp_path / EVIL_NAME / f"other {EVIL_NAME}.json", {})
    assert main(["--root", str(root), "merge", str(tmp_path / EVIL_NAME)]) == 1
    out, err = capsys.readouterr()
    assert RAW.findall(out + err) == [] and f"failed: {TOLD}" in out
    store.write(tmp_path / EVIL_NAME / f"{EVIL_NAME}.json", {**run, "device": EVIL})
    assert main(["--root", str(root), "merge", str(tmp_path / EVIL_NAME)]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1 and RAW.findall(err) == []


def test_record_tells_an_evil_failure_harmlessly(walked, capsys):
    run = json.loads((walked.root / "prepared" / "torch2.0.json").read_text())
    run["unknown"] = {"rates.scale_halves": f"failed: {EVIL}"}
    walked.write("prepared/torch2.0.json", json.dumps(run))
    assert walked.record("2.0") == 1
    out, err = capsys.readouterr()
    assert RAW.findall(out + err) == [] and f"failed: {TOLD}" in out
    walked.write("prepared/torch2.0.json", json.dumps({**run, "release": EVIL}))
    assert walked.record("--again", "2.0") == 1
    out, err = capsys.readouterr()
    assert RAW.findall(out + err) == []
    assert main(["--root", str(walked.root), "versions"]) == 0
    assert RAW.findall(capsys.readouterr().out) == []
