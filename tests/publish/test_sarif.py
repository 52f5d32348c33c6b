"""``diff --code --format sarif`` against the standard's schema, and the script that CI runs."""

import json
import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote

import jsonschema
import msgspec
import pytest

from tests.fake import REPOSITORY
from tests.publish.test_markdown import tags
from torch_history.catalogue import index
from torch_history.catalogue.behaviour import Change
from torch_history.catalogue.kinds import Kind, kind_of
from torch_history.cli import main
from torch_history.code.hits import Hit, Level
from torch_history.publish import report, sarif
from torch_history.questions import query

pytest.importorskip("pyflakes", reason="pyflakes is not installed")
if sys.version_info < (3, 9):
    pytest.skip("reading source needs Python 3.9", allow_module_level=True)
pytest.importorskip("packaging", reason="packaging is not installed")

PLANTED = REPOSITORY / "tests" / "planted"
# the standard's, as Microsoft's SARIF Multitool 5.7.0 (MIT) ships it
SCHEMA = Path(__file__).with_name("sarif-2.1.0.json")
SCRIPT = REPOSITORY / "tools" / "diff-action.sh"
TRAIN = """import torch

state = torch.load('a.pt')


def step(optimizer):
    optimizer.zero_grad()
"""
WHOLE_MODULE = "checkpoints.load_refuses_a_whole_module_by_default"
NO_CODE = "checkpoints.load_by_default_does_not_run_code"


def diff(*arguments, form="sarif"):
    """Run ``diff`` on the records of this repository: its status."""
    return main(["--root", str(REPOSITORY), "diff", *map(str, arguments), "--format", form])


@pytest.fixture
def run(capsys):
    """Run ``diff --format sarif``: its status, the log and error output."""

    def command(*arguments):
        status = diff(*arguments)
        out, err = capsys.readouterr()
        return status, json.loads(out)["runs"][0], err

    return command


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A git repository with one file and two lock files' versions, and this process in it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "train.py").write_text(TRAIN, encoding="utf-8")
    for tag, version in (("old", "2.5.1"), ("new", "2.6.0")):
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


def places(log):
    return [
        (
            result["ruleId"],
            result["locations"][0]["physicalLocation"]["artifactLocation"].get("uri"),
            result["locations"][0]["physicalLocation"]["region"]["startLine"],
        )
        for result in log["results"]
    ]


@pytest.mark.parametrize("pair", ["1.13 2.0", "2.5 2.6", "2.6 2.15", "2.6 2.6", "2.15 1.4"])
def test_log_follows_the_schema_of_the_standard(capsys, pair):
    diff(*pair.split(), "--code", PLANTED)
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    jsonschema.validate(json.loads(capsys.readouterr().out), schema)


def test_every_hit_is_a_result_or_named_by_one_of_its_line_and_cause(run, capsys):
    diff("2.5", "2.6", "--code", PLANTED, form="json")
    data = json.loads(capsys.readouterr().out)
    _, log, _ = run("2.5", "2.6", "--code", PLANTED)
    rules = log["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == [
        one["id"]
        for one in data["differences"]
        if one["id"] in {of["ruleId"] for of in log["results"]}
    ]
    assert all(rules[result["ruleIndex"]]["id"] == result["ruleId"] for result in log["results"])
    named = [result["ruleId"] for result in log["results"]]
    for result in log["results"]:
        _, joined, names = result["message"]["text"].partition(" Of the same cause: ")
        named += names.rstrip(".").split(", ") if joined else []
    assert sorted(named) == sorted(one["id"] for one in data["differences"] for _ in one["hits"])
    assert len(log["results"]) < len(named)


def test_results_of_one_line_and_cause_are_one_which_ranks_highest(run, project):
    _, log, _ = run("2.5", "2.6", "--code", "src")
    certain = [
        result for result in log["results"] if result["properties"]["certainty"] == "certain"
    ]
    (result,) = certain
    assert result["level"] == "error" and result["ruleId"] == WHOLE_MODULE
    assert (
        NO_CODE in result["message"]["text"]
        and "checkpoints.load_reads_the_legacy_format" in result["message"]["text"]
    )


def test_result_says_where_and_why_and_what_to_do(run, project):
    _, log, _ = run("2.5", "2.6", "--code", "src")
    (result,) = [one for one in log["results"] if one["ruleId"] == WHOLE_MODULE]
    assert result["locations"] == [
        {
            "physicalLocation": {
                "artifactLocation": {"uri": "src/train.py", "uriBaseId": "%SRCROOT%"},
                "region": {"startLine": 3},
            }
        }
    ]
    text = result["message"]["text"]
    assert text.startswith(
        "Certain: torch.load() without weights_only. "
        "Load refuses a whole module by default: error where there was none. torch 2.5: {"
    )
    assert "; torch 2.6: raises UnpicklingError: " in text and "(pytorch#137602)" in text
    assert "What to do: pass weights_only=False for files that you trust" in text
    rule = log["tool"]["driver"]["rules"][result["ruleIndex"]]
    assert rule["helpUri"] == "https://docs.pytorch.org/docs/stable/generated/torch.load.html"
    assert (
        rule["defaultConfiguration"] == {"level": "error"}
        and "tox run -e torch2.5,torch2.6" in rule["help"]["markdown"]
    )


def test_rank_falls_with_certainty_and_harmless_kinds_are_notes(run):
    _, log, _ = run("1.13", "2.0", "--code", PLANTED)
    ranks = {
        (
            result["properties"]["certainty"],
            kind_of(result["properties"]["kind"]).hurts,
        ): result["level"]
        for result in log["results"]
    }
    assert ranks == {
        ("certain", True): "error",
        ("likely", True): "warning",
        ("possible", True): "note",
        ("certain", False): "note",
        ("possible", False): "note",
    }


@pytest.mark.parametrize("level", Level, ids=str)
def test_level_leaves_out_what_is_less_sure(run, level):
    _, log, _ = run("1.13", "2.0", "--code", PLANTED, "--level", level)
    asked = {one.value for one in Level if one.rank <= level.rank}
    assert {result["properties"]["certainty"] for result in log["results"]} == asked


def test_place_is_told_from_the_root_of_the_repository_wherever_the_command_runs(
    run, project, monkeypatch
):
    monkeypatch.chdir(project / "src")
    assert {uri for _, uri, _ in places(run("2.5", "2.6", "--code", "train.py")[1])} == {
        "src/train.py"
    }


def test_file_outside_the_repository_keeps_its_whole_address(run, project):
    uris = {
        unquote(uri) for _, uri, _ in places(run("2.5", "2.6", "--code", PLANTED / "plain.py")[1])
    }
    assert uris == {(PLANTED / "plain.py").as_uri()}


def test_line_of_a_cell_is_told_as_the_line_of_the_notebook_file(run):
    path = PLANTED / "notebook.ipynb"
    _, log, _ = run("2.5", "2.6", "--code", path)
    (line,) = {line for behaviour, _, line in places(log) if behaviour == WHOLE_MODULE}
    assert "torch.load(" in path.read_text(encoding="utf-8").splitlines()[line - 1]


def test_notebook_of_one_line_is_hit_on_that_line(run, project):
    cells = [{"cell_type": "code", "source": ["import torch\n", "torch.load(f)\n"]}]
    (project / "a.ipynb").write_text(json.dumps({"cells": cells}), encoding="utf-8")
    _, log, _ = run("2.5", "2.6", "--code", "a.ipynb")
    assert (WHOLE_MODULE, "a.ipynb", 1) in places(log)
    assert log["results"][0]["message"]["text"].startswith("Certain, cell 1, line 2: torch.load()")


def prints(log):
    return sorted(
        (result["ruleId"], result["partialFingerprints"]["behaviourAndLine/v1"])
        for result in log["results"]
    )


def test_fingerprint_stays_when_lines_move_and_tells_like_lines_apart(run, project):
    before = prints(run("2.5", "2.6", "--code", "src")[1])
    (project / "src" / "train.py").write_text(f"# moved\n\n{TRAIN}", encoding="utf-8")
    assert prints(run("2.5", "2.6", "--code", "src")[1]) == before
    (project / "src" / "train.py").write_text(
        f"{TRAIN}state = torch.load('a.pt')\n", encoding="utf-8"
    )
    after = prints(run("2.5", "2.6", "--code", "src")[1])
    assert set(before) < set(after) and len(set(after)) == len(after)


def test_file_that_does_not_parse_is_named_in_the_log(run):
    _, log, err = run("2.5", "2.6", "--code", PLANTED)
    told = [one["message"]["text"] for one in log["invocations"][0]["toolExecutionNotifications"]]
    assert err.strip() in told and err.strip().endswith("broken.py:3: not Python: invalid syntax")


@pytest.mark.parametrize("arguments", [["--format", "sarif"], ["--level", "likely"]], ids=" ".join)
def test_hits_are_asked_for_with_code_alone(capsys, arguments):
    assert main(["--root", str(REPOSITORY), "diff", "2.5", "2.6", *arguments]) == 2
    out, err = capsys.readouterr()
    assert (out, len(err.splitlines())) == ("", 1)
    assert err.startswith("torch-history: --level and --format sarif need --code: see `")


def test_tags_in_a_marker_and_in_a_hit_are_words(recorded, tmp_path):
    answer = query.diff(index.of(recorded.root), "1.13", "2.0", kinds=[Kind.SILENT])
    difference = answer.differences[0]
    change = Change("2.0", "the <i>scale</i>", Kind.SILENT, "<a>cause</a>", advice="<u>double</u>")
    behaviour = msgspec.structs.replace(
        difference.behaviour, docstring="It says <b>this</b>, and ``a<b`` too."
    )
    odd = difference._replace(behaviour=behaviour, changes=[change])
    (tmp_path / "train.py").write_text("", encoding="utf-8")
    hit = Hit(str(tmp_path / "train.py"), 1, None, Level.CERTAIN, "it <b>is</b>")
    answer = answer._replace(differences=[odd])
    told = report.narrowed(answer, {behaviour.id: [hit]}, 1, Level.POSSIBLE)
    (run,) = sarif.log(told, ["x.py: <b>bad</b>\x1b[2J"])["runs"]
    (rule,) = run["tool"]["driver"]["rules"]
    assert tags(rule["help"]["markdown"]) == []
    assert "It says &lt;b>this&lt;/b>, and `a<b` too." in rule["help"]["markdown"]
    for words in ("the <i>scale</i>", "<a>cause</a>", "What to do: <u>double</u>"):
        assert words in rule["help"]["text"]
        assert words.replace("<", "&lt;") in rule["help"]["markdown"]
    assert "Certain: it <b>is</b>." in run["results"][0]["message"]["text"]
    (_, fault) = run["invocations"][0]["toolExecutionNotifications"]
    assert fault["message"]["text"] == "x.py: <b>bad</b>\\x1b[2J"


# ---- in a reader's CI


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
        ({"FAIL_ON": "silent,error"}, 1),
        ({"FAIL_ON": "breaks"}, 1),
        ({"FAIL_ON": "silent"}, 0),
        ({"FAIL_ON": "random"}, 0),
        ({"FAIL_ON": "none"}, 0),
        ({"TO": "old:requirements.txt"}, 0),
        ({"LEVEL": "certain"}, 1),
        ({"CODE": "src\nsrc/train.py\n"}, 1),
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
    ],
)
def test_script_ends_as_the_command_does_and_leaves_its_log(action, project, inputs, status):
    result = action(**inputs)
    assert (result.returncode, result.stdout) == (status, "") and read(project)["tool"]["driver"][
        "name"
    ] == "torch-training-spec"


def test_script_reports_no_possible_hits_unless_asked(action, project):
    text = "import torch\n\ntorch.load('a.pt', weights_only=True)\n"
    (project / "src" / "more.py").write_text(text, encoding="utf-8")
    action()
    assert {one["properties"]["certainty"] for one in read(project)["results"]} == {"certain"}
    action(LEVEL="possible", FROM="old:requirements.txt", TO="requirements.txt")
    assert "possible" in {one["properties"]["certainty"] for one in read(project)["results"]}


@pytest.mark.parametrize(
    "inputs, says",
    [
        ({"FROM": None}, "FROM: names the file that pins torch before"),
        ({"FROM": "lost.txt"}, "torch-history: --from lost.txt: no such file"),
        ({"FROM": "lost:requirements.txt"}, "torch-history: --from lost:requirements.txt: git: "),
        ({"CODE": "lost"}, "torch-history: --code lost: no such file"),
        ({"FAIL_ON": "loud"}, "'loud' is not a kind"),
    ],
    ids=["no input", "no file", "no revision", "no source", "no kind"],
)
def test_script_says_what_is_wrong_and_leaves_no_log(action, project, inputs, says):
    result = action(**inputs)
    assert result.returncode not in (0, 1) or inputs == {"FROM": None}
    assert says in result.stderr and not (project / "torch-diff.sarif").exists()


def test_script_tells_the_later_steps_and_the_summary(action, project):
    action(GITHUB_OUTPUT=str(project / "output"), GITHUB_STEP_SUMMARY=str(project / "summary"))
    assert (project / "output").read_text(encoding="utf-8") == "sarif=torch-diff.sarif\n"
    assert (
        (project / "summary")
        .read_text(encoding="utf-8")
        .startswith("# torch 2.5.1 → 2.6.0 on cpu: ")
    )


@pytest.mark.parametrize("inputs", [{"TO": "./requirements.txt"}, {"TO": "requirements.txt"}])
def test_script_refuses_to_replace_a_file_that_it_compares(action, project, inputs):
    before = (project / "requirements.txt").read_bytes()
    result = action(**inputs, SARIF="requirements.txt")
    assert result.returncode == 2
    assert result.stderr == (
        "torch-history: SARIF requirements.txt: is one of the files that pin torch: "
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
    text = (REPOSITORY / "action.yml").read_text(encoding="utf-8")
    script = SCRIPT.read_text(encoding="utf-8")
    for name in ("code", "fail-on", "level", "sarif"):
        default = text.partition(f"\n  {name}:\n")[2].partition("default: ")[2].split("\n")[0]
        assert f"${{{name.upper().replace('-', '_')}:-{default}}}" in script
    for name in ("code", "from", "to", "fail-on", "level", "sarif"):
        assert (
            f"{name.upper().replace('-', '_')}: ${{{{ inputs.{name} }}}}" in text
            and f"\n  {name}:\n" in text
        )
    assert "GITHUB_ACTION_PATH/tools/diff-action.sh" in text
