"""A baseline: what it accepts, how it is written, and how a damaged one is refused."""

import json
import sys

import pytest

from tests.fake import REPOSITORY
from tests.publish.coded import coded, hit
from torch_history.cli import main
from torch_history.code.hits import Level
from torch_history.errors import HistoryError
from torch_history.publish import baseline

pytest.importorskip("pyflakes", reason="pyflakes is not installed")
if sys.version_info < (3, 9):
    pytest.skip("reading source needs Python 3.9", allow_module_level=True)

SCALE, STRICT = "rates.scale_halves", "rates.strict_mode_is_refused"
FILE = '"file": "src/a.py"'


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A folder with a git repository, and this process in it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".git").mkdir()
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "a.py").write_text("scale(1)\nstrict()\nscale(1)\n", encoding="utf-8")
    return tmp_path


def written(project, findings, name="b.json", old=None):
    """The baseline that is written of findings, read again."""
    baseline.write(project / name, findings, old)
    return baseline.read(project / name)


def of(recorded, *hits):
    return coded(recorded, list(hits), level=Level.POSSIBLE).findings


def test_file_has_a_line_for_each_entry_in_order(project, recorded):
    found = of(recorded, (SCALE, hit("src/a.py:1")), (SCALE, hit("src/a.py:3")))
    found += of(recorded, (STRICT, hit("src/a.py:2")))
    assert baseline.write(project / "b.json", found) == 3
    assert (project / "b.json").read_text(encoding="utf-8") == (
        '{"format": 1, "accepted": [\n'
        f'{{{FILE}, "cause": "2.0/fakelib#2", "line": "strict()", "count": 1}},\n'
        f'{{{FILE}, "cause": "2.0/fakelib#92731", "line": "scale(1)", "count": 2}}\n'
        "]}\n"
    )


def test_what_is_written_is_accepted(project, recorded):
    found = of(recorded, (SCALE, hit("src/a.py:1")), (STRICT, hit("src/a.py:2")))
    kept = written(project, found)
    assert kept.split(found) == ([], 2) and kept.unused == 0
    told = coded(recorded, [(SCALE, hit("src/a.py:1"))], accepted=kept)
    assert told.findings == [] and told.code.accepted == 1


def test_entry_holds_when_lines_move_and_not_when_the_line_is_edited(project, recorded):
    kept = written(project, of(recorded, (STRICT, hit("src/a.py:2"))))
    file = project / "src" / "a.py"
    file.write_text("\n\n    strict()\n", encoding="utf-8")
    kept = baseline.read(kept.path)
    assert kept.split(of(recorded, (STRICT, hit("src/a.py:3"))))[1] == 1
    file.write_text("strict(2)\n", encoding="utf-8")
    kept = baseline.read(kept.path)
    assert kept.split(of(recorded, (STRICT, hit("src/a.py:1"))))[1] == 0
    assert kept.unused == 1 and "1 of 1 entries met nothing" in kept.unused_words


def test_one_more_like_line_is_new(project, recorded):
    kept = written(project, of(recorded, (SCALE, hit("src/a.py:1"))))
    both = of(recorded, (SCALE, hit("src/a.py:1")), (SCALE, hit("src/a.py:3")))
    left, count = kept.split(both)
    assert (len(left), count) == (1, 1)
    # Each answer is compared with the whole baseline.
    assert kept.split(both)[1] == 1


def test_another_cause_on_an_accepted_line_is_new(project, recorded):
    kept = written(project, of(recorded, (SCALE, hit("src/a.py:1"))))
    assert kept.split(of(recorded, (STRICT, hit("src/a.py:1"))))[1] == 0


def test_finding_of_several_answers_is_one_entry(project, recorded):
    found = of(recorded, (SCALE, hit("src/a.py:1")))
    assert list(written(project, [*found, *found]).counts.values()) == [1]


def test_union_keeps_what_the_old_one_accepts(project, recorded):
    old = written(project, of(recorded, (SCALE, hit("src/a.py:1")), (STRICT, hit("src/a.py:2"))))
    both = of(recorded, (SCALE, hit("src/a.py:1")), (SCALE, hit("src/a.py:3")))
    left, _ = old.split(both)
    new = written(project, left, "new.json", old)
    assert [(entry.line, count) for entry, count in sorted(new.counts.items())] == [
        ("strict()", 1),
        ("scale(1)", 2),
    ]


def test_files_are_told_from_the_repository_wherever_the_command_runs(
    project, recorded, monkeypatch
):
    kept = written(project, of(recorded, (SCALE, hit("src/a.py:1"))))
    monkeypatch.chdir(project / "src")
    assert kept.split(of(recorded, (SCALE, hit("a.py:1"))))[1] == 1
    kept.path.replace(project / "src" / "b.json")
    moved = baseline.read(project / "src" / "b.json")
    assert moved.split(of(recorded, (SCALE, hit("a.py:1"))))[1] == 1


def test_cell_of_a_notebook_is_known_by_its_line_however_the_file_is_formatted(project, recorded):
    cells = [{"cell_type": "code", "source": ["import torch\n", "scale(1)\n"]}]
    path = project / "n.ipynb"
    path.write_text(json.dumps({"cells": cells}), encoding="utf-8")
    kept = written(project, of(recorded, (SCALE, hit("n.ipynb:1:2"))))
    assert [entry.line for entry in kept.counts] == ["scale(1)"]
    cells.insert(0, {"cell_type": "markdown", "source": "words"})
    path.write_text(json.dumps({"cells": cells}, indent=1), encoding="utf-8")
    assert baseline.read(kept.path).split(of(recorded, (SCALE, hit("n.ipynb:2:2"))))[1] == 1


def test_long_line_is_told_by_its_beginning_and_a_digest(project, recorded):
    for end in "xy":
        (project / f"{end}.py").write_text(f"scale({'1, ' * 99}{end})\n", encoding="utf-8")
    found = of(recorded, (SCALE, hit("x.py:1")), (SCALE, hit("y.py:1")))
    lines = {entry.line for entry in written(project, found).counts}
    assert len(lines) == 2 and all(len(line) < 140 for line in lines)


@pytest.mark.parametrize(
    "content, says",
    [
        (None, "no such file"),
        ("", "damaged, or no baseline"),
        ("[", "damaged, or no baseline"),
        ("[" * 100_000, "damaged, or no baseline"),
        ('{"format": 1}', "damaged, or no baseline"),
        ('{"format": 1, "accepted": [{"file": 1}]}', "damaged, or no baseline"),
        ("<<<<<<< ours\n", "damaged, or no baseline"),
        ('{"format": 9, "accepted": []}', "has format 9, and this program reads 1"),
    ],
    ids=["missing", "empty", "cut", "deep", "no entries", "no entry", "conflict", "newer"],
)
def test_missing_or_damaged_file_is_refused_with_what_to_do(tmp_path, content, says):
    path = tmp_path / "b.json"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    with pytest.raises(HistoryError) as error:
        baseline.read(path)
    assert str(error.value).startswith(f"--baseline {path}: ") and says in str(error.value)


def test_entry_that_two_branches_added_counts_once(tmp_path):
    line = f'{{{FILE}, "cause": "2.0/x#1", "line": "f()", "count": %s}}'
    text = f'{{"format": 1, "accepted": [\n{line % 1},\n{line % 2}\n]}}'
    (tmp_path / "b.json").write_text(text, encoding="utf-8")
    assert list(baseline.read(tmp_path / "b.json").counts.values()) == [2]


# ---- the command

CODE = """from torch.optim.lr_scheduler import ReduceLROnPlateau

schedule = ReduceLROnPlateau(optimizer, verbose=True)
"""


@pytest.fixture
def diff(project, capsys):
    """Run ``diff`` on src/a.py: the status, output and error output."""
    (project / "src" / "a.py").write_text(CODE, encoding="utf-8")

    def run(*arguments):
        given = ["--root", str(REPOSITORY), "diff", "2.6", "2.7", "--code", "src", *arguments]
        return (main(given), *capsys.readouterr())

    return run


def test_command_writes_a_baseline_and_then_fails_only_for_what_is_new(diff, project):
    status, _, err = diff("--write-baseline", "b.json")
    assert (status, err) == (0, "b.json: accepts 1 finding\n")
    status, out, err = diff("--baseline", "b.json")
    assert (status, err) == (0, "") and "1 accepted, by a comment or the baseline." in out
    (project / "src" / "b.py").write_text(CODE, encoding="utf-8")
    status, out, _ = diff("--baseline", "b.json")
    assert status == 1 and out.startswith("src/b.py:3: ")
    assert diff("--baseline", "b.json", "--write-baseline", "b.json")[2] == (
        "b.json: accepts 2 findings\n"
    )


def test_command_counts_what_met_nothing_and_does_not_fail_for_it(diff, project):
    diff("--write-baseline", "b.json")
    (project / "src" / "a.py").write_text("import torch\n", encoding="utf-8")
    status, _, err = diff("--baseline", "b.json")
    assert status == 0
    assert err == (
        "--baseline b.json: 1 of 1 entries met nothing: "
        "--write-baseline b.json, without --baseline, leaves them out\n"
    )


@pytest.mark.parametrize("option", ["--baseline", "--write-baseline"])
def test_command_needs_a_file_that_can_be_read_or_written(diff, option):
    status, out, err = diff(option, "lost/b.json" if option == "--baseline" else "src/a.py/b.json")
    assert (status, out, len(err.splitlines())) == (2, "", 1)
    assert err.startswith(f"torch-history: {option} ")
