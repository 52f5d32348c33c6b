"""The engine's tests stand on a fake library (`fake.py`), so that nothing needs torch."""

import json
import os
import shutil

import pytest

from tests.fake import RELEASES, TOX, Project
from torch_history.cli import main
from torch_history.observing.environment import FORMAT
from torch_history.records import sources


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
    """Make a run file's content from literals, without a run of pytest."""

    def make(release, observations, device="cpu", **more):
        run = {
            "format": FORMAT,
            "library": "fakelib",
            "release": release,
            "build": "cu118",
            "device": device,
            "device_name": device,
            "python": "3.8.18",
            "platform": "Linux x86_64",
            "cpu_capability": "not told",
            "numpy": "1",
            "syrupy": "1",
            "pytest": "1",
            "sources": "s",
            "verified": sorted(observations),
            "unknown": {},
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
    """The project without records, and a `tox` that hands out prepared run files.

    `walked.record(...)` runs the record command.
    """
    project = unrecorded
    digest = sources.digest(project.root)
    for environment, patch in PATCHES.items():
        run = project.runs["2.0.1" if environment == "other" else patch]
        project.write(
            f"prepared/{environment}.json",
            json.dumps({**run, "release": patch, "build": "cu118", "sources": digest}),
        )
    project.write("bin/tox", TOX)
    (project.root / "bin" / "tox").chmod(0o755)
    monkeypatch.setenv("PATH", f"{project.root / 'bin'}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("COLUMNS", "200")
    project.record = lambda *arguments: main(["--root", str(project.root), "record", *arguments])
    project.control = lambda name: project.write(f"control/{name}", "")
    project.calls = lambda: (
        (project.root / "calls").read_text().splitlines()
        if (project.root / "calls").exists()
        else []
    )
    return project
