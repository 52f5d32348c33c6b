"""``diff --surface``: every name that is gone, moved or deprecated, or takes other arguments."""

import json
import shutil
import sys

import jsonschema
import pytest

from tests.fake import REPOSITORY
from tests.surface.making import index_of, surveyed
from torch_history.cli import main

PUBLISH = REPOSITORY / "torch_history" / "publish"
READS_SOURCE = pytest.mark.skipif(sys.version_info < (3, 9), reason="--code needs Python 3.9")
WARNS = {"is": "def ()", "warns": [{"category": "FutureWarning", "text": "Call other."}]}
NEW = {
    "fakelib.optim.scale": "def (x)",
    "fakelib.optim.noisy": "def ()",
    "fakelib.optim.steps": "def (x, *, rate=1)",
    "fakelib.optim.added": "def ()",
    "fakelib.optim.Base": "class (params)",
}
OLD = {
    "fakelib.optim.scale": "def (x)",
    "fakelib.removed": "def ()",
    "fakelib.optim.steps": "def (x, rate=2)",
    **{f"fakelib.old.{name}": "def ()" for name in "abcd"},
    "fakelib.optim.Base": "class (params)",
}
MODULES = ("fakelib", "fakelib.optim", "fakelib.old")
TYPES = {"2.0": {"fakelib.optim.scale": "x: float"}, "2.6": {"fakelib.optim.scale": "x: int"}}


@pytest.fixture(scope="module")
def root(recorded, tmp_path_factory):
    """A copy of the recorded project, with a surface of two of its releases."""
    root = tmp_path_factory.mktemp("surface") / "project"
    left_out = shutil.ignore_patterns("__pycache__", ".history")
    shutil.copytree(str(recorded.root), str(root), ignore=left_out)
    names = {"2.0": OLD, "2.6": {**NEW, "fakelib.optim.noisy": WARNS}}
    names["2.0"]["fakelib.optim.noisy"] = "def ()"
    surveys = {
        line: surveyed(f"{line}.0", of, modules=MODULES, annotations=TYPES[line])
        for line, of in names.items()
    }
    index_of(root, surveys)
    return root


@pytest.fixture
def diff(root, capsys):
    """Run ``diff`` from 2.0 to 2.6: its status, output and error output."""

    def command(*arguments, pair=("2.0", "2.6")):
        status = main(["--root", str(root), "diff", *pair, *arguments])
        return (status, *capsys.readouterr())

    return command


@pytest.fixture
def lines(diff):
    """What is told of the surface alone, as text."""

    def of(*arguments, pair=("2.0", "2.6")):
        out = diff(*arguments, pair=pair)[1]
        return [line for line in out.splitlines() if " · surface." in line]

    return of


@pytest.fixture
def answer(diff):
    """The answer as JSON, which follows the published schema."""
    schema = json.loads((PUBLISH / "difference.schema.json").read_text(encoding="utf-8"))

    def of(*arguments, pair=("2.0", "2.6")):
        data = json.loads(diff(*arguments, "--format", "json", pair=pair)[1])
        jsonschema.validate(data, schema)
        return data

    return of


TOGETHER = "breaks: fakelib.old: a, b, 2 more: since 2.6 are gone · surface.fakelib.old.a, 3 more"
ONE_OF_THESE = "breaks: fakelib.old.b: since 2.6 is gone · surface.fakelib.old.b"
STEPS = (
    "breaks: fakelib.optim.steps: since 2.6 takes rate by keyword only "
    "· surface.fakelib.optim.steps"
)
DEFAULT = (
    "depends on the default: fakelib.optim.steps: since 2.6 rate is 1 by default, was 2 "
    "· surface.fakelib.optim.steps"
)
NOISY = (
    "warning appeared or gone: fakelib.optim.noisy: since 2.6 warns: FutureWarning: Call other. "
    "· surface.fakelib.optim.noisy"
)
ADDED = (
    "API or argument appeared: fakelib.optim.added: since 2.6 exists · surface.fakelib.optim.added"
)


def test_surface_is_told_beside_the_behaviours_the_most_harmful_first(diff, lines):
    status, out, err = diff("--surface")
    assert (status, err) == (1, "")
    assert lines("--surface") == [TOGETHER, STEPS, DEFAULT, NOISY]
    assert out.splitlines()[-1].endswith("behaviours, and the names and arguments of all of torch.")


def test_behaviour_that_tells_the_same_is_one_finding_with_it(diff):
    out = diff("--surface")[1]
    assert "since 2.6 the function is gone · rates.removed_is_gone, 1 more\n" in out


def test_without_the_option_nothing_is_told_of_it(diff, lines):
    assert lines() == [] and diff()[1].endswith(" behaviours. Nothing is said of other APIs.\n")


@pytest.mark.parametrize(
    "kinds, expected",
    [
        ("silent", [DEFAULT]),
        ("warning", [NOISY]),
        ("appeared", [ADDED]),
        ("breaks", [TOGETHER, STEPS]),
        ("wording", []),
    ],
)
def test_kinds_narrow_it_and_what_appeared_is_told_only_then(lines, kinds, expected):
    assert lines("--surface", "--kind", kinds) == expected


@pytest.mark.parametrize(
    "asked, expected",
    [
        ("fakelib.optim.steps", [STEPS, DEFAULT]),
        ("fakelib.optim.added", [ADDED]),
        ("fakelib.old", [TOGETHER]),
        ("fakelib.old.b", [ONE_OF_THESE]),
        ("fakelib.optim.Base", []),
    ],
)
def test_name_that_no_behaviour_is_about_can_be_asked_for(diff, lines, asked, expected):
    assert lines("--api", asked) == expected
    out = diff("--api", asked)[1].splitlines()
    assert out[-1].endswith(f" behaviours, and the names and arguments of {asked}.")


def test_name_that_neither_release_has_is_refused(diff):
    status, out, err = diff("--api", "fakelib.optim.nothing")
    assert (status, out) == (2, "") and err.startswith(
        "torch-history: --api 'fakelib.optim.nothing': not covered"
    )


def test_annotations_are_told_only_when_asked_for(lines, diff):
    told = (
        "representation: fakelib.optim.scale: since 2.6 annotates x as int, was float "
        "· surface.fakelib.optim.scale"
    )
    assert told in lines("--surface", "--annotations")
    assert lines("--api", "fakelib.optim.scale", "--annotations") == [told]
    assert told not in lines("--surface")
    assert diff("--annotations")[0] == 2


def test_downgrade_is_told_as_what_the_older_release_has(lines):
    told = lines("--surface", pair=("2.6", "2.0"))
    assert (
        "breaks: fakelib.optim.added: does not exist before 2.6 · surface.fakelib.optim.added"
        in told
    )
    assert any(": before 2.6 rate is 2 by default, was 1 ·" in line for line in told)


def test_release_without_a_surface_is_named(diff):
    status, out, err = diff("--surface", pair=("1.13", "2.6"))
    assert (status, out) == (2, "")
    assert err == (
        "torch-history: --surface: of 1.13 or 2.6 no surface is recorded, but of 2.0, 2.6: "
        "leave --surface out, or run `torch-history record --surface`\n"
    )


@pytest.mark.parametrize(
    "options, status",
    [
        (["--api", "fakelib.old.a"], 1),
        (["--api", "fakelib.old.a", "--fail-on", "silent"], 0),
        (["--api", "fakelib.optim.steps", "--kind", "silent"], 0),
        (["--api", "fakelib.optim.steps", "--kind", "silent", "--fail-on", "silent,depends"], 1),
        (["--surface", "--kind", "warning"], 0),
        (["--surface", "--kind", "warning", "--fail-on", "warning"], 1),
        (["--surface", "--fail-on", "none"], 0),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else str(value),
)
def test_exit_status(diff, options, status):
    assert diff(*options)[0] == status


# JSON


@pytest.mark.parametrize("pair", [("2.0", "2.6"), ("2.6", "2.0")])
def test_json_follows_the_published_schema(answer, pair):
    data = answer("--surface", "--annotations", pair=pair)
    named = {name for one in data["findings"] for name in one["behaviours"]}
    assert named <= set(data["differences"])
    assert {name for name in named if name.startswith("surface.")}


def test_json_of_names_that_went_together_names_each(answer):
    (only,) = answer("--api", "fakelib.old")["findings"]
    assert only["api"] == [f"fakelib.old.{name}" for name in "abcd"]
    assert only["behaviours"] == [f"surface.fakelib.old.{name}" for name in "abcd"]
    assert only["text"] == "is gone"


def test_json_has_all_that_happened_to_a_name_in_one_difference(answer):
    data = answer("--api", "fakelib.optim.steps")
    difference = data["differences"]["surface.fakelib.optim.steps"]
    assert [one["kind"] for one in data["findings"]] == ["gone", "silent"]
    assert [one["kind"] for one in difference["changes"]] == ["gone", "silent"]
    (case,) = difference["cases"]
    assert case["kinds"] == ["gone", "silent"]
    assert case["before"] == {"since": "2.0", "value": "def (x, rate=2)"}
    assert case["after"] == {"since": "2.6", "value": "def (x, *, rate=1)"}
    assert difference["test"] == "" and difference["chapter"] == "surface"
    assert difference["reproduction"] == "python -m pydoc fakelib.optim.steps"


def test_json_has_the_annotations_of_both_releases(answer):
    data = answer("--api", "fakelib.optim.scale", "--annotations")
    (case,) = data["differences"]["surface.fakelib.optim.scale"]["cases"]
    assert case["case"] == "annotations"
    assert (case["before"]["value"], case["after"]["value"]) == ("x: float", "x: int")


# Findings in source: with the records of this repository

CODE = """import torch

torch.symeig(x)
torch.set_default_tensor_type(torch.DoubleTensor)
torch.no_such_part
"""


@pytest.fixture
def of_code(tmp_path, monkeypatch, capsys):
    """Run ``diff 1.13 2.15 --code`` on a file: its status and output."""
    pytest.importorskip("pyflakes", reason="pyflakes is not installed")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.py").write_text(CODE, encoding="utf-8")

    def command(*arguments):
        status = main(
            ["--root", str(REPOSITORY), "diff", "1.13", "2.15", "--code", "a.py", *arguments]
        )
        return status, capsys.readouterr().out

    return command


RAISES = "since 2.0 only raises: This function was deprecated since version 1.9 and is now removed."
REMEDY = "breaks · call torch.linalg.eigh(input, UPLO='U'), or eigvalsh without eigenvectors"


@READS_SOURCE
def test_text_of_a_finding_in_source(of_code):
    status, out = of_code()
    lines = out.splitlines()
    assert status == 1
    assert lines[0].startswith(f"a.py:3: torch.symeig(): {RAISES}")
    assert lines[1:3] == [f"    {REMEDY} · pytorch#70988", "    surface.torch.symeig"]
    assert lines[3].startswith("a.py:4: torch.set_default_tensor_type(): since 2.1 warns: UserW")
    assert "torch.no_such_part (a.py:5; not in the surface)" in lines[-1]


@READS_SOURCE
def test_each_shows_both_sides_of_it(of_code):
    out = of_code("--each")[1]
    assert "    surface.torch.symeig: API or argument gone\n" in out
    assert "        2.15: raises RuntimeError: This function was deprecated" in out


@READS_SOURCE
def test_markdown_of_a_finding_in_source(of_code):
    lines = of_code("--format", "markdown")[1].splitlines()
    assert lines[2].startswith(f"- `a.py:3`: torch.symeig(): {RAISES}")
    assert lines[4] == "  - `surface.torch.symeig`"
    assert "- `torch.no_such_part` (not in the surface): `a.py:5`" in lines


@READS_SOURCE
def test_sarif_of_a_finding_in_source(of_code):
    log = json.loads(of_code("--format", "sarif")[1])
    schema = REPOSITORY / "tests" / "publish" / "sarif-2.1.0.json"
    jsonschema.validate(log, json.loads(schema.read_text(encoding="utf-8")))
    run = log["runs"][0]
    rules = {rule["id"]: rule for rule in run["tool"]["driver"]["rules"]}
    first, second = run["results"][:2]
    assert (first["ruleId"], first["level"]) == ("2.0/pytorch#70988", "error")
    assert (second["ruleId"], second["level"]) == ("surface.torch.set_default_tensor_type", "note")
    assert "python -m pydoc torch.symeig" in rules["2.0/pytorch#70988"]["help"]["markdown"]


@READS_SOURCE
def test_json_says_of_which_names_the_surface_was_compared(of_code):
    data = json.loads(of_code("--format", "json")[1])
    known = {one["name"]: one["surface"] for one in data["code"]["not_covered"]}
    assert known["torch.symeig"] is True and known["torch.no_such_part"] is False


@READS_SOURCE
def test_baseline_accepts_a_finding_of_the_surface(of_code):
    assert of_code("--write-baseline", "accepted.json")[0] == 0
    status, out = of_code("--baseline", "accepted.json")
    assert status == 0 and "2 accepted, by a comment or the baseline." in out
