"""Where the environment of a release is, what it holds, and how it is built."""

import platform
import sys
from pathlib import Path

import pytest

from torch_history.catalogue.releases import Release
from torch_history.errors import HistoryError
from torch_history.matrix import environments

TWO = Release("2.0", "2.0.1", "torch2.0")
ON_LINUX = (platform.system(), platform.machine()) == ("Linux", "x86_64")


@pytest.fixture
def python(tmp_path):
    """An interpreter that has a torch, which must not be imported; without a version none."""

    def make(version="2.0.1", cuda="'11.8'"):
        packages = tmp_path / "packages"
        if version:
            (packages / "torch").mkdir(parents=True)
            (packages / "torch" / "__init__.py").write_text("raise SystemExit('imported')")
            (packages / "torch" / "version.py").write_text(f"cuda = {cuda}\n")
            told = packages / f"torch-{version}.dist-info"
            told.mkdir()
            (told / "METADATA").write_text(f"Name: torch\nVersion: {version}\n")
        script = tmp_path / "work" / "torch2.0" / "bin" / "python"
        script.parent.mkdir(parents=True)
        # -S: whatever torch this Python has is not there
        script.write_text(f"#!/bin/sh\nPYTHONPATH='{packages}' exec '{sys.executable}' -S \"$@\"\n")
        script.chmod(0o755)
        return script

    return make


@pytest.fixture
def tox(monkeypatch):
    monkeypatch.setattr("torch_history.matrix.environments.shutil.which", lambda name: name)


def place(tmp_path):
    return environments.Place(TWO, "python3.11", tmp_path / "work", "torch2.0")


@pytest.mark.skipif(not ON_LINUX, reason="PyPI's wheels are CUDA builds on Linux alone")
@pytest.mark.parametrize(
    "version, cuda, is_cpu",
    [("2.0.1", "None", True), ("2.0.1", "'11.8'", False), ("", "", False)],
    ids=["cpu", "cuda", "none"],
)
def test_cpu_wheel_is_told_without_importing_torch(python, version, cuda, is_cpu):
    assert environments.is_cpu_wheel(python(version, cuda)) is is_cpu


@pytest.mark.parametrize(
    "version, at_hand",
    [("2.0.1", True), ("2.0.1+cu118", True), ("2.0.0", False), ("", False)],
    ids=["release", "build", "other", "none"],
)
def test_environment_is_at_hand_where_it_has_the_release(python, tmp_path, version, at_hand):
    python(version)
    assert place(tmp_path).at_hand is at_hand


def test_environment_that_is_not_there_is_not_at_hand(tmp_path):
    assert not place(tmp_path).at_hand


def test_environments_are_toxs(tmp_path, monkeypatch):
    monkeypatch.delenv("TOX_WORK_DIR", raising=False)
    found = environments.place(tmp_path, TWO)
    assert found.python == tmp_path / ".tox" / "torch2.0" / "bin" / "python"
    monkeypatch.setenv("TOX_WORK_DIR", "/elsewhere")
    assert environments.place(tmp_path, TWO).folder == Path("/elsewhere/torch2.0")


@pytest.mark.parametrize(
    "release, python, folder",
    [
        (TWO, "3.11", "torch2.0"),
        (TWO, "3.9", "torch2.0.1-python3.9/other"),
        (Release("2.0.0", "2.0.0", "other"), None, "torch2.0.0-python3.11/other"),
        (Release("1.4.1", "1.4.1", "other"), None, "torch1.4.1-python3.8/other"),
    ],
    ids=["the_matrixs_python", "another_python", "another_patch", "old_patch"],
)
def test_another_patch_or_python_has_a_folder_of_its_own(
    tmp_path, monkeypatch, release, python, folder
):
    monkeypatch.setenv("TOX_WORK_DIR", str(tmp_path))
    assert environments.place(tmp_path, release, python).folder == tmp_path / folder


def test_tox_builds_it_and_runs_nothing(python, tox, tmp_path):
    calls = []

    def run(command, settings):
        calls.append((command[1:], settings["TORCH"], settings["TORCH_PYTHON"]))
        python()
        return ""

    environments.build(tmp_path, place(tmp_path), run)
    work = str(tmp_path / "work")
    command = ["run", "--notest", "--root", str(tmp_path), "--workdir", work, "-e", "torch2.0"]
    assert calls == [(command, "torch==2.0.1", "python3.11")]


@pytest.mark.parametrize(
    "output, told",
    [
        ("collecting\nERROR: no match\nexit 1\n", "ERROR: no match"),
        ("begun\n  error: no wheel\nexit 1\n", "error: no wheel"),
        ("begun\n x No solution found when resolving:\nexit 1\n", "x No solution found"),
        ("begun\nexit 1\n", "exit 1"),
        ("", "tox said nothing"),
    ],
    ids=["pip", "uv", "resolver", "last_line", "silence"],
)
def test_environment_that_cannot_be_built_is_told_by_the_line_that_says_why(
    tox, tmp_path, output, told
):
    with pytest.raises(HistoryError) as caught:
        environments.build(tmp_path, place(tmp_path), lambda command, settings: output)
    assert str(caught.value).startswith(f"torch 2.0.1: its environment cannot be built: {told}")
    assert "\n" not in str(caught.value)
