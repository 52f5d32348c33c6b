"""The script that a reader's CI runs, the action around it, and the hook of pre-commit."""

import json
import os
import re
import subprocess
import sys

import pytest

from tests.fake import REPOSITORY
from torch_history.catalogue.kinds import GROUPS, SLUGS

pytest.importorskip("pyflakes", reason="pyflakes is not installed")
pytest.importorskip("packaging", reason="packaging is not installed")
yaml = pytest.importorskip("yaml", reason="pyyaml is not installed")
if sys.version_info < (3, 9):
    pytest.skip("reading source needs Python 3.9", allow_module_level=True)

SCRIPT = REPOSITORY / "tools" / "diff-action.sh"
TRAIN = """from torch.optim.lr_scheduler import ReduceLROnPlateau

schedule = ReduceLROnPlateau(optimizer, verbose=True)
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A git repository with one file and two lock files' versions, and this process in it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "train.py").write_text(TRAIN, encoding="utf-8")
    for tag, version in (("old", "2.6.0"), ("new", "2.7.1")):
        (tmp_path / "requirements.txt").write_text(f"torch=={version}\n", encoding="utf-8")
        for arguments in (
            ["init", "--quiet"],
            ["add", "."],
            ["commit", "--quiet", "-m", tag],
            ["tag", tag],
        ):
            subprocess.run(
                ["git", "-c", "user.name=n", "-c", "user.email=e@example.org", *arguments],
                check=True,
                capture_output=True,
            )
    return tmp_path


@pytest.fixture
def action(project):
    """Run the script in the project with these inputs: the finished process."""

    def run(**inputs):
        environment = {
            **os.environ,
            "PYTHON": sys.executable,
            "FROM": "old:requirements.txt",
            "TO": "requirements.txt",
            **inputs,
        }
        return subprocess.run(
            [str(SCRIPT)],
            cwd=str(project),
            env={name: value for name, value in environment.items() if value is not None},
            capture_output=True,
            check=False,
            text=True,
        )

    return run


def read(project):
    return json.loads((project / "torch-diff.sarif").read_text(encoding="utf-8"))["runs"][0]


@pytest.mark.parametrize(
    "inputs, status",
    [
        ({}, 1),
        ({"FAIL_ON": "silent,gone"}, 1),
        ({"FAIL_ON": "breaks"}, 1),
        ({"FAIL_ON": "silent"}, 0),
        ({"FAIL_ON": "random"}, 0),
        ({"FAIL_ON": "none"}, 0),
        ({"TO": "old:requirements.txt"}, 0),
        ({"LEVEL": "certain"}, 1),
        ({"CODE": "src\nsrc/train.py\n"}, 1),
        ({"TO": None}, 1),
    ],
    ids=[
        "default",
        "kinds",
        "group",
        "kind",
        "other kind",
        "none",
        "same torch",
        "certain",
        "two paths",
        "newest",
    ],
)
def test_script_ends_as_the_command_does_and_leaves_its_log(action, project, inputs, status):
    result = action(**inputs)
    assert (result.returncode, result.stdout) == (status, "") and read(project)["tool"]["driver"][
        "name"
    ] == "torch-training-spec"


def test_script_asks_what_the_project_pins_where_no_file_is_named(action, project):
    # 2.7.1, which no longer takes verbose, is what the project pins.
    assert action(FROM=None, TO=None).returncode == 0
    assert read(project)["automationDetails"]["id"].startswith("torch-training-spec/2.7")
    (project / "requirements.txt").write_text("torch==2.6.0\n", encoding="utf-8")
    assert action(FROM=None, TO=None).returncode == 1
    assert read(project)["results"][0]["level"] == "error"


def test_script_leaves_out_what_the_baseline_accepts(action, project):
    written = subprocess.run(
        [
            *[sys.executable, "-m", "torch_history", "diff", "2.6", "2.7", "--code", "src"],
            *["--write-baseline", "b.json"],
        ],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        check=False,
    )
    assert written.returncode == 0
    assert action(BASELINE="b.json").returncode == 0
    assert action(BASELINE="lost.json").returncode == 2


def test_script_reports_nothing_possible_unless_asked(action, project):
    # Only sparse gradients decide.
    text = "import torch\n\ntorch.nn.utils.clip_grad_norm_(found, 1.0, foreach=False)\n"
    (project / "src" / "more.py").write_text(text, encoding="utf-8")
    assert certainties(action, project) == {"certain"}
    assert "possible" in certainties(action, project, FROM="older.txt", LEVEL="possible")


def certainties(action, project, **inputs):
    (project / "older.txt").write_text("torch==1.13.1\n", encoding="utf-8")
    action(**inputs)
    return {one["properties"].get("certainty") for one in read(project)["results"]} - {None}


@pytest.mark.parametrize(
    "inputs, says",
    [
        ({"FROM": None, "TO": None, "CODE": "src\ntests"}, "CODE has 2 paths: without FROM and"),
        ({"FROM": None, "TO": None, "CODE": "src"}, "torch-history: "),
        ({"FROM": "lost.txt"}, "torch-history: --from lost.txt: no such file"),
        ({"FROM": "lost:requirements.txt"}, "torch-history: --from lost:requirements.txt: git: "),
        ({"CODE": "lost"}, "torch-history: --code lost: no such file"),
        ({"FAIL_ON": "loud"}, "'loud' is not a kind"),
    ],
    ids=["two paths", "no pin", "no file", "no revision", "no source", "no kind"],
)
def test_script_says_what_is_wrong_and_leaves_no_log(action, project, inputs, says):
    result = action(**inputs)
    assert result.returncode == 2
    assert says in result.stderr and not (project / "torch-diff.sarif").exists()


def test_script_tells_the_later_steps_and_the_summary(action, project):
    action(GITHUB_OUTPUT=str(project / "output"), GITHUB_STEP_SUMMARY=str(project / "summary"))
    assert (project / "output").read_text(encoding="utf-8") == "sarif=torch-diff.sarif\n"
    assert (
        (project / "summary")
        .read_text(encoding="utf-8")
        .startswith("# torch 2.6.0 to 2.7.1: 1 finding: 1 breaks.\n")
    )


@pytest.mark.parametrize("inputs", [{"TO": "./requirements.txt"}, {"TO": "requirements.txt"}])
def test_script_refuses_to_replace_a_file_that_it_compares(action, project, inputs):
    before = (project / "requirements.txt").read_bytes()
    result = action(**inputs, SARIF="requirements.txt")
    assert result.returncode == 2
    assert result.stderr == (
        "torch-history: SARIF requirements.txt: is one of the files that are read: "
        "name another file\n"
    )
    assert (project / "requirements.txt").read_bytes() == before


def test_script_writes_the_log_whole_into_a_new_folder(action, project):
    assert action(SARIF="out/of/torch.sarif").returncode == 1
    assert [path.name for path in (project / "out" / "of").iterdir()] == ["torch.sarif"]
    assert action(SARIF="out/of/torch.sarif", CODE="lost").returncode == 2
    log = json.loads((project / "out" / "of" / "torch.sarif").read_text(encoding="utf-8"))
    assert log["version"] == "2.1.0"  # the older log stays
    assert [path.name for path in (project / "out" / "of").iterdir()] == ["torch.sarif"]


def test_script_imports_nothing_of_the_readers_repository(action, project):
    for name in ("torch_history", "json", "rich", "packaging"):
        (project / f"{name}.py").write_text(
            f"open({str(project / 'ran')!r}, 'w')\n", encoding="utf-8"
        )
    assert action().returncode == 1 and not (project / "ran").exists()


def test_action_hands_every_input_to_the_script_and_has_its_defaults():
    action = yaml.safe_load((REPOSITORY / "action.yml").read_text(encoding="utf-8"))
    script = SCRIPT.read_text(encoding="utf-8")
    (step,) = [one for one in action["runs"]["steps"] if "diff-action.sh" in one.get("run", "")]
    handed = {name: f"${{{{ inputs.{name} }}}}" for name in action["inputs"] if name != "upload"}
    assert step["env"] == {name.upper().replace("-", "_"): value for name, value in handed.items()}
    for name in handed:
        default = action["inputs"][name]["default"]
        assert f"${{{name.upper().replace('-', '_')}:-{default}}}" in script


def test_action_and_command_fail_by_default_on_what_breaks_or_moves_numbers():
    action = yaml.safe_load((REPOSITORY / "action.yml").read_text(encoding="utf-8"))
    told = subprocess.run(
        [sys.executable, "-m", "torch_history", "diff", "--help"],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY), "COLUMNS": "200"},
        capture_output=True,
        check=True,
        text=True,
    )
    assert action["inputs"]["fail-on"]["default"] == "breaks,numbers"
    assert "breaks,numbers" in told.stdout


def test_hook_runs_the_command_on_the_whole_repository_with_what_it_needs():
    (hook,) = yaml.safe_load((REPOSITORY / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    assert hook["entry"] == "torch-history upgrade" and hook["language"] == "python"
    assert hook["additional_dependencies"] == [".[code]"]
    assert hook["pass_filenames"] is False and hook["types"] == ["python"]


def test_page_on_ci_names_every_word_of_fail_on_and_every_input():
    page = (REPOSITORY / "docs" / "ci.md").read_text(encoding="utf-8")
    words = set(re.findall(r"`([a-z,-]+)`", page))
    assert {*SLUGS, *GROUPS, "depends", "uncovered", "none"} <= words
    action = yaml.safe_load((REPOSITORY / "action.yml").read_text(encoding="utf-8"))
    for name in action["inputs"]:
        assert f"`{name}`" in page or f"{name}: " in page
