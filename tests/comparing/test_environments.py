"""Two environments that differ in torch. The wheels have a few bytes; uv is the real one."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.comparing.wheels import HERE, offline
from torch_history.comparing import environments, installed, installer, resolving
from torch_history.comparing.environments import Environment
from torch_history.comparing.installer import Interpreter, Package, RefusedError, Resolution, Uv
from torch_history.comparing.requirements import Pin, Requirements
from torch_history.comparing.resolving import Wish
from torch_history.errors import HistoryError

pytest.importorskip("uv", reason="uv comes with tox-uv")
MATRIX = {"2.6": "2.6.0", "2.15": "2.15.0"}
LINE = ".".join(HERE.split(".")[:2])


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project's folder, and an index without network."""
    offline(monkeypatch, tmp_path)
    # Only this Python: others of the machine take time to be asked.
    here = Interpreter(HERE, Path(sys.executable))
    monkeypatch.setattr(Uv, "pythons", lambda self: [here])
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


def prepared(folder, before="2.6", after="2.15", **options):
    told = []
    given = {"python_a": None, "python_b": None, "requirements": None, "matrix": MATRIX, **options}
    return environments.prepare(folder, before, after, tell=told.append, **given), told


def test_torch_alone_is_exchanged_with_what_follows_it(project):
    project.joinpath("requirements.txt").write_text(
        "torch==2.5.1\ntorchvision==0.20.1\nnumpy==1.26.4\nsympy==1.13.1\ntqdm\n"
    )
    pair, told = prepared(project)
    assert pair.before.packages == {
        "torch": "2.6.0",
        "torchvision": "0.21.0",
        "numpy": "1.26.4",
        "sympy": "1.13.1",
        "tqdm": "4.67.0",
        "setuptools": "80.9.0",
        "nvidia-nccl-cu12": "2.21.5",
    }
    assert pair.after.packages == {
        "torch": "2.15.0",
        "torchvision": "0.29.2",
        "numpy": "1.26.4",
        "sympy": "1.14.0",
        "tqdm": "4.67.0",
        "setuptools": "80.9.0",
        "nvidia-nccl-cu13": "2.30.7",
    }
    assert (pair.before.release, pair.before.python_version) == ("2.6.0", HERE)
    assert pair.notes == [
        "requirements.txt pins sympy 1.13.1: 1.14.0 beside torch 2.15.0",
        "torchvision 0.21.0 → 0.29.2: follows torch",
        "sympy 1.13.1 → 1.14.0",
    ]
    assert told == [
        "resolving the requirements",
        f"installing torch 2.6.0 for Python {LINE}",
        f"installing torch 2.15.0 for Python {LINE}",
    ]


def test_built_environment_is_kept_and_used_without_uv(project, monkeypatch):
    first, _ = prepared(project)
    monkeypatch.setattr(Uv, "_run", None)
    second, told = prepared(project)
    assert second == first and told == []


def test_half_built_environment_is_built_again(project):
    first, _ = prepared(project)
    first.after.folder.joinpath(environments.MARKER).unlink()
    second, told = prepared(project)
    assert second == first
    assert told[1:] == [f"installing torch 2.15.0 for Python {LINE}"]


def test_without_requirements_both_have_torch_and_numpy(project):
    pair, _ = prepared(project)
    assert pair.before.packages["numpy"] == pair.after.packages["numpy"] == "2.2.6"
    assert "tqdm" not in pair.before.packages
    assert pair.notes[0] == (
        f"no requirements found in {project}: both environments have torch and NumPy alone"
    )


def test_companion_of_a_requirement_is_made_for_the_torch_too(project):
    project.joinpath("requirements.txt").write_text("timm\n")
    pair, _ = prepared(project)
    assert pair.before.packages["torchvision"] == "0.21.0"
    assert pair.after.packages["torchvision"] == "0.29.2"


def test_torchaudio_is_the_one_of_the_release_though_a_newer_one_takes_any_torch(project):
    project.joinpath("requirements.txt").write_text("torchaudio\n")
    pair, _ = prepared(project)
    assert pair.before.packages["torchaudio"] == "2.6.0"
    assert pair.after.packages["torchaudio"] == "2.11.0"


def test_nightly_without_a_companion_is_installed_all_the_same(project):
    project.joinpath("requirements.txt").write_text("torchvision\ntqdm==4.66.0\n")
    pair, _ = prepared(project, after="2.16.0.dev20261101")
    assert pair.after.release == "2.16.0.dev20261101"
    assert pair.after.packages["tqdm"] == "4.66.0" and "torchvision" not in pair.after.packages
    assert pair.notes == [
        "no torchvision fits torch 2.16.0.dev20261101: left out",
        "only beside torch 2.6.0: sympy 1.13.1, torchvision 0.21.0",
    ]


def test_what_the_command_needs_is_added(project):
    pair, _ = prepared(project, also=["tqdm"])
    assert "tqdm" in pair.before.packages and "tqdm" in pair.after.packages


def test_pyproject_is_read_by_uv_and_its_project_is_not_installed(project):
    project.joinpath("pyproject.toml").write_text(
        '[project]\nname = "mine"\nversion = "1"\ndependencies = ["torch==2.5.1", "tqdm<4.67"]\n'
        # The index of one build: uv would fail with it, and goes on without.
        '[tool.uv]\noverride-dependencies = ["torch==2.5.1"]\n'
    )
    pair, _ = prepared(project)
    assert pair.before.packages["torch"] == "2.6.0"
    assert pair.after.packages["tqdm"] == "4.66.0"
    assert "mine" not in pair.after.packages
    assert (
        "the project's own settings of uv and of indexes were left out: uv failed with them"
        in pair.notes
    )


def test_uv_lock_is_exported(project):
    project.joinpath("pyproject.toml").write_text(
        '[project]\nname = "mine"\nversion = "1"\nrequires-python = ">=3.8"\n'
        'dependencies = ["torch==2.6.0", "tqdm==4.66.0"]\n'
    )
    command = [installer.program(), "lock", "--quiet", "--python", sys.executable]
    subprocess.run(command, cwd=str(project), check=True)
    project.joinpath("pyproject.toml").write_text(
        '[project]\nname = "mine"\nversion = "1"\nrequires-python = ">=3.8"\n'
    )
    pair, _ = prepared(project)
    assert pair.before.packages["tqdm"] == pair.after.packages["tqdm"] == "4.66.0"
    assert pair.after.packages["torch"] == "2.15.0"


@pytest.mark.parametrize(
    "text, after, begins, names",
    [
        (
            "tqdm>=5\n",
            "2.15",
            f"torch 2.6.0 for Python {LINE} with requirements.txt: uv: No solution found",
            "you require tqdm>=5",
        ),
        (
            "tqdm\n",
            "2.99.0",
            f"torch==2.99.0: cannot be installed for a Python of this machine ({LINE}): uv: No",
            "there is no version of torch==2.99.0",
        ),
    ],
    ids=["requirement", "release"],
)
def test_failure_is_one_line_with_what_uv_said(project, text, after, begins, names):
    project.joinpath("requirements.txt").write_text(text)
    with pytest.raises(HistoryError) as caught:
        prepared(project, after=after)
    said = str(caught.value)
    assert said.startswith(begins) and names in said and "\n" not in said
    assert said.endswith("--python-a and --python-b, or other requirements with --requirements")


def test_version_that_is_none_is_refused_before_uv_runs(project):
    with pytest.raises(HistoryError, match="'newest' is not a version"):
        prepared(project, after="newest")


def test_torch_that_cannot_be_imported_is_not_kept(project, monkeypatch):
    monkeypatch.setattr(installed, "broken", lambda environment: "ImportError: libcufile.so.0")
    with pytest.raises(HistoryError, match="`import torch` fails: ImportError: libcufile"):
        prepared(project)
    kept = environments.cache().glob("torch*/" + environments.MARKER)
    assert list(kept) == []


def test_given_environments_are_taken_as_they_are(project):
    built, _ = prepared(project)
    python = built.before.python
    pair, told = prepared(project, python_a=built.before.folder, python_b=python, after="2.6.0")
    assert told == [] and pair.notes == []
    assert pair.before == pair.after == built.before


def test_built_environment_is_near_to_the_one_that_is_given(project):
    project.joinpath("old.txt").write_text("tqdm==4.66.0\nnumpy<2\n")
    built, _ = prepared(project, requirements=project / "old.txt")
    project.joinpath("requirements.txt").write_text("tqdm\nnumpy\n")
    pair, _ = prepared(project, python_a=built.before.python)
    assert pair.before == built.before
    assert pair.after.packages["tqdm"] == "4.66.0" and pair.after.packages["numpy"] == "1.26.4"


def test_given_interpreter_that_does_not_fit_is_refused(project, tmp_path):
    built, _ = prepared(project)
    python = built.before.python
    with pytest.raises(HistoryError) as caught:
        prepared(project, python_b=python)
    assert str(caught.value) == f"--python-b {python}: has torch 2.6.0, not 2.15: give 2.6.0"
    with pytest.raises(HistoryError, match="no such interpreter"):
        prepared(project, python_a=tmp_path / "nothing")
    tmp_path.joinpath("text").write_text("no program")
    with pytest.raises(HistoryError, match="is not a Python that runs"):
        prepared(project, python_a=tmp_path / "text")


class FakeUv:
    """A uv that knows which Pythons a release has wheels for, and every package at two versions."""

    def __init__(self, pythons, wheels):
        self._pythons = [Interpreter(f"{line}.1", Path(f"python{line}")) for line in pythons]
        self.wheels = wheels
        self.asked = []

    def plain(self):
        return self

    def pythons(self):
        return self._pythons

    def resolve(self, ask):
        self.asked.append(ask)
        pinned = [*ask.overrides, *ask.lines]
        torch = next(line for line in pinned if line.startswith("torch==")).partition("==")[2]
        if ask.python.line not in self.wheels[torch]:
            raise RefusedError(f"No solution found: no wheels of torch {torch}")
        return Resolution("", (Package("torch", torch), Package("numpy", "1.26.4")))


def answer(uv, *releases, **found):
    return resolving.resolve(uv, Wish(tuple(f"=={one}" for one in releases), wanted(**found), {}))


def wanted(**fields):
    return Requirements(label="requirements.txt", **fields)


WHEELS = {"1.4.0": ["3.8"], "2.6.0": ["3.9", "3.11", "3.12"], "2.15.0": ["3.11", "3.12", "3.13"]}


@pytest.mark.parametrize(
    "found, pythons",
    [
        ({}, ["3.12", "3.12"]),
        ({"python": "3.11"}, ["3.11", "3.11"]),
        ({"pythons": "<3.12"}, ["3.11", "3.11"]),
        ({"python": "3.8"}, ["3.12", "3.12"]),  # neither has wheels for it
    ],
    ids=["newest", "project's", "admitted", "impossible"],
)
def test_python_is_one_that_both_releases_have_wheels_for(found, pythons):
    uv = FakeUv(["3.8", "3.9", "3.11", "3.12", "3.13"], WHEELS)
    sides = answer(uv, "2.6.0", "2.15.0", **found).sides
    assert [one.python.line for one in sides] == pythons


def test_releases_without_a_common_python_get_their_own():
    sides = answer(FakeUv(["3.8", "3.11"], WHEELS), "2.15.0", "1.4.0").sides
    assert [(one.release, one.python.line) for one in sides] == [
        ("2.15.0", "3.11"),
        ("1.4.0", "3.8"),
    ]


def test_release_that_no_python_has_wheels_of_names_the_pythons():
    with pytest.raises(
        HistoryError, match=r"torch==1.4.0: cannot .* \(3.12, 3.11\): uv: No solution found: no wh"
    ):
        answer(FakeUv(["3.11", "3.12"], WHEELS), "1.4.0", "2.15.0")


def test_failure_of_the_network_is_not_tried_with_every_python(monkeypatch):
    uv = FakeUv(["3.11", "3.12"], WHEELS)

    def fail(ask):
        uv.asked.append(ask)
        raise RefusedError("Failed to fetch")

    monkeypatch.setattr(uv, "resolve", fail)
    with pytest.raises(
        HistoryError, match=r"torch==2\.6\.0: uv: Failed to fetch: give environments"
    ):
        answer(uv, "2.6.0", "2.15.0")
    assert len(uv.asked) == 2  # with the project's own settings, and without


def test_older_release_is_resolved_first_and_needs_numpy_1():
    uv = FakeUv(["3.8", "3.11"], WHEELS)
    pins = (Pin("numpy", "1.24.0", ("python_version < '3.9'",)), Pin("tqdm", "4.66.0"))
    answer(uv, "2.15.0", "1.4.0", lines=("numpy", "tqdm"), pins=pins)
    old, new = (ask for ask in uv.asked if ask.overrides)
    assert list(old.overrides) == ["torch==1.4.0"]
    assert list(old.constraints) == ["numpy<2", "setuptools<70"]
    assert old.prefer == {"numpy": "1.24.0", "tqdm": "4.66.0"}
    assert list(new.constraints) == []
    assert new.prefer == {"numpy": "1.26.4", "tqdm": "4.66.0", "torch": "1.4.0"}


def environment(release, python="3.11.7", **packages):
    named = {name.replace("_", "-"): version for name, version in packages.items()}
    return Environment(
        release.partition("+")[0], Path("p"), Path(), {"torch": release, **named}, python
    )


def test_notes_say_what_else_differs_the_most_telling_first():
    before = environment(
        "2.6.0+cpu",
        "3.8.18",
        numpy="1.24.4",
        torchvision="0.21.0",
        nvidia_nccl_cu12="2",
        six="1",
        b="1",
    )
    after = environment(
        "2.15.0", numpy="2.2.1", torchvision="0.29.2", triton="3.9.0", six="2", pip="1"
    )
    assert environments.differing.notes(before, after) == [
        "another build of torch: 2.6.0+cpu → 2.15.0",
        "Python 3.8.18 → 3.11.7",
        "NumPy 1.24.4 → 2.2.1",
        "torchvision 0.21.0 → 0.29.2: follows torch",
        "six 1 → 2",
        "only beside torch 2.6.0: b 1",
    ]


@pytest.mark.parametrize(
    "said",
    [
        "warning: a Python\n  cause: a pyenv\nerror: No solution\n  cause: Because a\n\nhint: b\n",
        "  \u00d7 No solution\n  \u2570\u2500\u25b6 Because a\n",
    ],
    ids=["new", "old"],
)
def test_reason_of_uv_is_one_line_without_warnings_and_hints(said):
    assert installer.reason(said) == "No solution Because a"


def test_pythons_are_the_newest_patch_of_each_line(monkeypatch):
    listed = [
        {"version": version, "path": f"/p{version}", "implementation": kind, "variant": variant}
        for version, kind, variant in [
            ("3.13.0", "cpython", "freethreaded"),
            ("3.11.9", "cpython", "default"),
            ("3.11.10", "cpython", "default"),
            ("3.10.1", "pypy", "default"),
            ("3.7.16", "cpython", "default"),
        ]
    ]
    monkeypatch.setattr(Uv, "_run", lambda self, command, path: json.dumps(listed))
    assert Uv("uv", Path(), Path()).pythons() == [Interpreter("3.11.10", Path("/p3.11.10"))]
