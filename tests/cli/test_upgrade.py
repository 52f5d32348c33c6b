"""``torch-history upgrade``: which file of a project is taken, and what is asked."""

import sys

import pytest

from tests.code import REPOSITORY
from torch_history.cli import asking, main

pytest.importorskip("packaging", reason="packaging is not installed")
if sys.version_info < (3, 11):
    pytest.importorskip("tomli", reason="reading a lock file needs Python 3.11, or tomli")

LOCK = '[[package]]\nname = "torch"\nversion = "{}"\n'
POETRY = "[tool.poetry.dependencies]\ntorch = '{}'\n"


@pytest.fixture
def upgraded(tmp_path, monkeypatch, capsys):
    """Write files into a project and ask: the status, the pairs that are asked, the errors."""
    monkeypatch.chdir(tmp_path)
    asked = []

    def ask(_here, pairs, code, _options):
        asked.append((str(*code), list(pairs)))
        return 0

    monkeypatch.setattr(asking, "ask", ask)

    def run(*arguments, **files):
        for name, content in files.items():
            path = tmp_path / name.replace("__", "-").replace("_", ".")
            path.write_text(content, encoding="utf-8")
        asked.clear()
        status = main(["--root", str(REPOSITORY), "upgrade", *arguments])
        return status, asked[0] if asked else None, capsys.readouterr().err

    return run


@pytest.mark.parametrize(
    "files, pairs, says",
    [
        ({"uv_lock": LOCK.format("2.5.1")}, [("2.5.1", "2.15")], "uv.lock: torch 2.5.1\n"),
        (
            {"pyproject_toml": POETRY.format("^2.1")},
            [("2.1", "2.15")],
            (
                "pyproject.toml, tool.poetry.dependencies: torch 2.1, "
                "the oldest recorded release of 'torch = ^2.1'\n"
            ),
        ),
        (
            {"uv_lock": LOCK.format("2.5.1"), "pyproject_toml": POETRY.format("2.4.1")},
            [("2.5.1", "2.15")],
            "uv.lock: torch 2.5.1\n",
        ),
        (
            {"uv_lock": "version = 1\npackage = []", "requirements_txt": "torch==2.4.1"},
            [("2.4.1", "2.15")],
            "requirements.txt:1: torch 2.4.1\n",
        ),
        (
            {"pyproject_toml": POETRY.format("*"), "requirements_txt": "torch==2.4.1"},
            [("2.4.1", "2.15")],
            "requirements.txt:1: torch 2.4.1\n",
        ),
        (
            {"requirements_txt": "torch==2.4.1", "requirements__gpu_txt": "torch==2.6.0"},
            [("2.6.0", "2.15"), ("2.4.1", "2.15")],
            "requirements-gpu.txt:1: torch 2.6.0\nrequirements.txt:1: torch 2.4.1\n",
        ),
        ({"setup_py": "setup(install_requires=['torch>=1'])"}, [("1.4", "2.15")], "setup.py:1: "),
    ],
    ids=["lock", "range", "lock wins", "lock without torch", "open", "several files", "setup.py"],
)
def test_project_is_asked_from_what_it_pins_to_the_newest_release(upgraded, files, pairs, says):
    status, asked, err = upgraded(**files)
    assert (status, asked) == (0, (".", pairs)) and err.startswith(says)


def test_every_pin_is_asked_or_the_one_for_a_python(upgraded):
    text = "torch==1.13.1; python_version < '3.9'\ntorch==2.0.1; python_version >= '3.9'"
    assert upgraded(requirements_txt=text)[1] == (".", [("1.13.1", "2.15"), ("2.0.1", "2.15")])
    assert upgraded("--python", "3.10")[1] == (".", [("2.0.1", "2.15")])


def test_version_and_path_may_be_given(upgraded, tmp_path):
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "requirements.txt").write_text("torch==2.4.1", encoding="utf-8")
    (tmp_path / "x" / "train.py").write_text("import torch", encoding="utf-8")
    assert upgraded("--to", "2.6", "x")[1] == ("x", [("2.4.1", "2.6")])
    assert upgraded("x/train.py")[1] == ("x/train.py", [("2.4.1", "2.15")])


@pytest.mark.parametrize(
    "arguments, files, says",
    [
        ([], {}, ".: no file here pins torch: give the versions, as `torch-history diff A B --co"),
        ([], {"a_txt": "torch==2.5"}, ".: no file here pins torch: give the versions"),
        (
            [],
            {"requirements_txt": "torch<2.5", "setup_cfg": "[options]\ninstall_requires=torch"},
            (
                "requirements.txt: 'torch<2.5' has no lower end; the newest recorded release in it "
                "is 2.4: give the versions, as `torch-history diff A B --code .`\n"
            ),
        ),
        ([], {"uv_lock": "package = [1]"}, "uv.lock: not a lock file of uv, poetry, pdm or pyl"),
        ([], {"requirements_txt": "torch==0.4.1"}, "requirements.txt: version '0.4.1' is not in"),
        (["--to", "9.9"], {"requirements_txt": "torch==2.5"}, "--to 9.9: version '9.9' is not in"),
        (["--to", "x"], {"requirements_txt": "torch==2.5"}, "--to x: 'x' is not a version"),
        (["--python", "x"], {"requirements_txt": "torch==2.5"}, "--python 'x' is not a version"),
        (["lost"], {}, "Invalid value for '[PATH]': Path 'lost' does not exist"),
    ],
)
def test_project_that_does_not_say_its_torch_is_refused_in_one_line(
    upgraded, arguments, files, says
):
    status, asked, err = upgraded(*arguments, **files)
    assert (status, asked, err.count("\n")) == (2, None, 1)
    assert err.startswith(f"torch-history: {says}")


@pytest.mark.skipif(sys.version_info < (3, 9), reason="reading source needs Python 3.9")
def test_upgrade_answers_for_the_code_of_the_project(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "requirements.txt").write_text("torch>=2.5", encoding="utf-8")
    (tmp_path / "x.py").write_text(
        "import torch\nstate = torch.load('f')\n"
        "torch.optim.lr_scheduler.StepLR(optimizer, 1, verbose=True)\n",
        encoding="utf-8",
    )
    run = ["--root", str(REPOSITORY), "upgrade"]
    status = main(run)
    out = capsys.readouterr().out
    assert status == 1 and out.startswith("x.py:3: ") and "\ntorch 2.5 to 2.15: " in out
    assert "\nx.py:2: torch.load() without weights_only" in out
    assert main([*run, "--fail-on", "none"]) == 0
    assert main([*run, "--to", "2.5"]) == 0
    # What the file decides fails only where it is asked for.
    assert main([*run, "--to", "2.6"]) == 0
    assert main([*run, "--to", "2.6", "--fail-on", "breaks,depends"]) == 1
