"""The engine's tests stand on a fake library (`fake.py`), so that nothing needs torch."""

import json
import os
import shutil

import pytest

from tests.fake import HAND_OUT, PYTHON, RELEASES, TOX, Project
from torch_history.cli import main
from torch_history.observing import encode
from torch_history.observing.environment import FORMAT

SOURCE = "0123456789abcdef"  # of a run made from literals


@pytest.fixture(scope="session")
def recorded(tmp_path_factory):
    """The fake project with its four releases recorded, and their runs; for reading only."""
    project = Project(tmp_path_factory.mktemp("recorded"))
    project.lay_out()
    project.runs = {patch: project.record(patch) for patch in RELEASES.values()}
    return project


@pytest.fixture
def project(recorded, tmp_path):
    """A copy of the recorded project, to change."""
    left_out = shutil.ignore_patterns("__pycache__", ".history")
    shutil.copytree(str(recorded.root), str(tmp_path / "project"), ignore=left_out)
    copy = Project(tmp_path / "project")
    copy.runs = recorded.runs
    return copy


@pytest.fixture
def unrecorded(project):
    """A copy of the project without records and manifests."""
    for path in [*project.spec.glob("*/__snapshots__"), project.root / "manifests"]:
        shutil.rmtree(str(path))
    return project


@pytest.fixture(scope="session")
def run_of():
    """Make a run file's content from literals, without a run of pytest.

    ``sources`` may name more behaviours than the run has (``project.sources()``).
    """

    def make(release, observations, device="cpu", unknown=(), sources=(), **more):
        unknown, sources = dict(unknown), dict(sources)
        run = {
            "format": FORMAT,
            "library": "fakelib",
            "release": release,
            "build": "cu118",
            "device": device,
            "device_name": device,
            "python": "3.8.18",
            "platform": "Linux x86_64",
            "cpu_vendor": "AuthenticAMD",
            "cpu_capability": "not told",
            "numpy": "1",
            "syrupy": "1",
            "pytest": "1",
            "sources": {name: sources.get(name, SOURCE) for name in [*observations, *unknown]},
            "unknown": unknown,
            "observations": {
                behaviour: {"observed": case} if {"value", "raised"} & set(case) else case
                for behaviour, case in observations.items()
            },
        }
        return {**run, **more}

    return make


PATCHES = {
    "torch1.4": "1.4.0",
    "torch1.13": "1.13.1",
    "torch2.0": "2.0.1",
    "torch2.6": "2.6.0",
    "other": "2.0.0",
}


@pytest.fixture
def walked(unrecorded, monkeypatch):
    """The project without records, and a `tox` whose environments hand out prepared run files.

    `walked.record(...)` runs the record command, `walked.calls()` tells what tox built
    (`tox ENVIRONMENT`) and what ran (`run ENVIRONMENT BEHAVIOUR...`, `survey ENVIRONMENT`).
    """
    project = unrecorded
    for environment, patch in PATCHES.items():
        run = project.runs["2.0.1" if environment == "other" else patch]
        project.write(
            f"prepared/{environment}.json",
            json.dumps({**run, "release": patch, "build": "cu118"}),
        )
    project.write("prepared/new", json.dumps({"observed": encode.seal({"value": "new"})}))
    project.write("prepared/run.py", HAND_OUT)
    project.write("prepared/python", PYTHON)
    project.write("bin/tox", TOX)
    (project.root / "bin" / "tox").chmod(0o755)
    monkeypatch.setenv("PATH", f"{project.root / 'bin'}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.delenv("TOX_WORK_DIR", raising=False)
    project.record = lambda *arguments: main(["--root", str(project.root), "record", *arguments])
    project.control = lambda name, text="": project.write(f"control/{name}", text)
    project.calls = lambda: lines_of(project.root / "calls")
    return project


def lines_of(path):
    return path.read_text().splitlines() if path.exists() else []
