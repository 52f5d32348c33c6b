"""``--format sarif`` against the standard's schema."""

import json
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote

import jsonschema
import msgspec
import pytest

from tests.fake import REPOSITORY
from tests.publish.coded import coded, hit
from tests.publish.test_markdown import tags
from torch_history.catalogue.behaviour import Change
from torch_history.catalogue.kinds import Kind
from torch_history.cli import main
from torch_history.code.hits import Level, Place
from torch_history.publish import sarif

pytest.importorskip("pyflakes", reason="pyflakes is not installed")
if sys.version_info < (3, 9):
    pytest.skip("reading source needs Python 3.9", allow_module_level=True)

PLANTED = REPOSITORY / "tests" / "planted"
# the standard's, as Microsoft's SARIF Multitool 5.7.0 (MIT) ships it
SCHEMA = Path(__file__).with_name("sarif-2.1.0.json")
TRAIN = """import torch

state = torch.load('a.pt')


def step(optimizer):
    optimizer.zero_grad()
"""
LOAD = "2.6/pytorch#137602"


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
    """A git repository with one file, and this process in it."""
    monkeypatch.chdir(tmp_path)
    subprocess.run(["git", "init", "--quiet"], check=True)
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "train.py").write_text(TRAIN, encoding="utf-8")
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


def test_result_is_a_finding_and_its_rule_is_the_cause(run, capsys):
    diff("2.5", "2.6", "--code", PLANTED, form="json")
    findings = json.loads(capsys.readouterr().out)["findings"]
    _, log, _ = run("2.5", "2.6", "--code", PLANTED)
    rules = [rule["id"] for rule in log["tool"]["driver"]["rules"]]
    assert len(set(rules)) == len(rules) and LOAD in rules
    assert all(rules[one["ruleIndex"]] == one["ruleId"] for one in log["results"])
    results = [one for one in log["results"] if one["ruleId"] != "not-covered"]
    assert len(results) == len(findings)
    found = [place for place in places(log) if place[0] != "not-covered"]
    assert len(set(found)) == len(found) > 5  # one a cause and line
    for one, finding in zip(results, findings):
        cause = f"{finding['since']}/{finding['cause']}" if finding["cause"] else ""
        assert one["ruleId"] in (cause.replace(" (probably)", ""), finding["behaviours"][0])


def test_result_says_where_and_why_and_what_to_do(run, project):
    _, log, _ = run("2.5", "2.6", "--code", "src")
    (result,) = [one for one in log["results"] if one["ruleId"] == LOAD]
    assert result["locations"] == [
        {
            "physicalLocation": {
                "artifactLocation": {"uri": "src/train.py", "uriBaseId": "%SRCROOT%"},
                "region": {"startLine": 3},
            }
        }
    ]
    text = result["message"]["text"]
    assert text.startswith("Depends on the file: torch.load() without weights_only")
    assert ": since 2.6 raises: " in text
    assert "pass weights_only=False for files that you trust" in text
    rule = log["tool"]["driver"]["rules"][result["ruleIndex"]]
    assert rule["helpUri"] == "https://docs.pytorch.org/docs/stable/generated/torch.load.html"
    told = rule["help"]["markdown"]
    assert "\n- What to do: pass weights_only=False for files that you trust" in told
    assert "[pytorch#137602](https://github.com/pytorch/pytorch/issues/137602)" in told
    assert "- checkpoints.load_refuses_a_whole_module_by_default: error where" in told
    assert "\n  - torch 2.5: " in told and "tox run -e torch2.5,torch2.6" in told


@pytest.mark.parametrize(
    "behaviour, level, depends, rank",
    [
        ("rates.strict_mode_is_refused", Level.CERTAIN, "", "error"),
        ("rates.scale_halves", Level.CERTAIN, "", "error"),
        ("rates.scale_halves", Level.LIKELY, "", "warning"),
        ("rates.scale_halves", Level.CERTAIN, "the file", "warning"),
        ("rates.scale_halves", Level.LIKELY, "the file", "warning"),
        ("rates.scale_halves", Level.POSSIBLE, "", "note"),
        ("rates.noisy_warns", Level.CERTAIN, "", "note"),
        ("rates.added_is_there", Level.LIKELY, "", "note"),
    ],
)
def test_rank_falls_with_certainty_and_data_and_the_harmless_are_notes(
    recorded, project, behaviour, level, depends, rank
):
    told = coded(recorded, [(behaviour, hit("a.py:3", level, depends))], level=Level.POSSIBLE)
    (result,) = written(told)["results"]
    assert result["level"] == rank
    assert result["properties"]["certainty"] == str(level)
    assert result["properties"].get("depends", "") == depends


def written(told, faults=()):
    """The run that is written of a report."""
    texts = []
    sarif.write([told], list(faults), texts.append)
    log = json.loads("\n".join(texts))
    jsonschema.validate(log, json.loads(SCHEMA.read_text(encoding="utf-8")))
    return log["runs"][0]


def test_report_is_a_run_with_a_category_of_its_own(recorded, project):
    texts = []
    pairs = (("1.13", "2.6"), ("2.0", "2.6"))
    told = [
        coded(recorded, [("rates.flip_comes_back", hit("a.py:3"))], pair=pair) for pair in pairs
    ]
    sarif.write(told, [], texts.append)
    log = json.loads("\n".join(texts))
    jsonschema.validate(log, json.loads(SCHEMA.read_text(encoding="utf-8")))
    assert [run["automationDetails"]["id"] for run in log["runs"]] == [
        "torch-training-spec/1.13-2.6",
        "torch-training-spec/2/2.0-2.6",
    ]


def test_name_that_is_not_covered_is_a_note_at_its_first_place_with_the_count(recorded, project):
    names = {
        "torch.jit.script": [Place("b.py", 8), Place("a.py", 2)],
        "torch.jit.trace": [Place("a.py", 3)],
    }
    log = written(coded(recorded, [], names))
    assert places(log) == [("not-covered", "a.py", 2), ("not-covered", "a.py", 3)]
    script, trace = log["results"]
    assert script["message"]["text"] == (
        "Not covered: no behaviour is about torch.jit.script, which the source uses 2 times."
    )
    assert trace["message"]["text"].endswith("uses once.") and trace["level"] == "note"
    notes = [
        one["message"]["text"]
        for one in log["invocations"][0]["toolExecutionNotifications"]
        if one["level"] == "note"
    ]
    assert notes == [
        "torch 1.13 to 2.6: no recorded difference in the names that are covered.",
        "Not covered: no behaviour is about 2 of the 3 names of torch used in 1 file.",
    ]


@pytest.mark.parametrize("level", Level, ids=str)
def test_level_leaves_out_what_is_less_sure(run, project, level):
    # Only sparse gradients decide.
    text = "import torch\n\ntorch.nn.utils.clip_grad_norm_(found, 1.0, foreach=False)\n"
    (project / "rare.py").write_text(text, encoding="utf-8")
    _, log, _ = run("1.13", "2.1", "--code", PLANTED, "--code", "rare.py", "--level", level)
    asked = {one.value for one in Level if one.rank <= level.rank}
    found = [one for one in log["results"] if one["ruleId"] != "not-covered"]
    assert {one["properties"]["certainty"] for one in found} == asked


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
    (line,) = {line for rule, _, line in places(log) if rule == LOAD}
    assert "torch.load(" in path.read_text(encoding="utf-8").splitlines()[line - 1]


def test_notebook_of_one_line_is_hit_on_that_line(run, project):
    cells = [{"cell_type": "code", "source": ["import torch\n", "torch.load(f)\n"]}]
    (project / "a.ipynb").write_text(json.dumps({"cells": cells}), encoding="utf-8")
    _, log, _ = run("2.5", "2.6", "--code", "a.ipynb")
    assert (LOAD, "a.ipynb", 1) in places(log)
    text = log["results"][0]["message"]["text"]
    assert text.startswith("Depends on the file, cell 1, line 2: torch.load()")


def prints(log):
    return sorted(
        (result["ruleId"], result["partialFingerprints"]["causeAndLine/v1"])
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


def test_source_is_needed(capsys):
    assert diff("2.5", "2.6") == 2
    out, err = capsys.readouterr()
    assert (out, len(err.splitlines())) == ("", 1)
    assert err.startswith(
        "torch-history: --format sarif and baselines need source: add --code PATH"
    )


def test_file_that_went_or_shrank_since_it_was_scanned_keeps_its_results(recorded, project):
    hits = [("rates.scale_halves", hit(place)) for place in ("gone.py:3", "src/train.py:99")]
    assert len(written(coded(recorded, hits))["results"]) == 2


def test_tags_in_a_marker_and_in_a_hit_are_words(recorded, project):
    (finding,) = coded(recorded, [("rates.scale_halves", hit("a.py:3"))]).findings
    change = Change("2.0", "the <i>scale</i>", Kind.SILENT, "<a>cause</a>", advice="<u>double</u>")
    target = finding.targets[0]
    behaviour = msgspec.structs.replace(
        target.difference.behaviour, docstring="It says <b>this</b>, and ``a<b`` too."
    )
    difference = target.difference._replace(behaviour=behaviour, changes=[change])
    odd = target._replace(difference=difference, change=change)
    told = coded(recorded, [(odd, hit("a.py:3", why="it <b>is</b>"))])
    run = written(told, ["x.py: <b>bad</b>\x1b[2J"])
    (rule,) = run["tool"]["driver"]["rules"]
    assert tags(rule["help"]["markdown"]) == []
    assert "It says &lt;b>this&lt;/b>, and `a<b` too." in rule["help"]["markdown"]
    for words in ("the <i>scale</i>", "<a>cause</a>", "What to do: <u>double</u>"):
        assert words in rule["help"]["text"]
        assert words.replace("<", "&lt;") in rule["help"]["markdown"]
    assert rule["id"] == "2.0/a-cause-a"
    assert run["results"][0]["message"]["text"].startswith("Certain: it <b>is</b>: since 2.0 ")
    (fault, *_) = run["invocations"][0]["toolExecutionNotifications"]
    assert fault["message"]["text"] == "x.py: <b>bad</b>\\x1b[2J"
