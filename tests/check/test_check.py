"""All rules together, on a project."""

import pytest

from tests.check.making import RATES
from tests.fake import REPOSITORY
from torch_history.check import Checked, check, rules
from torch_history.check.rules import RULES, WHERE_NO_FAULT
from torch_history.cli import main

NAMES = [path.stem for path in (REPOSITORY / "torch_history/check/rules").glob("[a-z]*.py")]


def test_good_project_has_no_fault(recorded):
    assert check(recorded.root) == Checked([], 12, 4)


def test_every_rule_is_applied_and_has_a_test_of_its_name():
    applied = {rule.__module__.rpartition(".")[2] for rule in [*RULES, *WHERE_NO_FAULT]}
    assert applied == set(NAMES) and len(RULES) + len(WHERE_NO_FAULT) == len(NAMES)
    tested = {path.stem for path in (REPOSITORY / "tests/check").glob("test_*.py")}
    assert {f"test_{name}" for name in NAMES} <= tested


@pytest.mark.parametrize("name", NAMES)
def test_rule_says_in_one_sentence_what_holds(name):
    told = getattr(rules, name).__doc__.partition("\n\n")[0]
    assert told.endswith(".") and "\n" not in told


def test_one_fault_does_not_hide_another(project):
    path = project.path
    path("rates.scale_halves").write_text("{}\n")
    path("rates.noisy_warns").unlink()
    path("rates.no_test_of_this_name").write_text("{}\n")
    project.change(RATES, '"""It warns."""', "")
    found = check(project.root).faults
    assert [fault.partition(": ")[0] for fault in sorted(found)] == [
        "spec/rates/__snapshots__/no_test_of_this_name.json",  # belongs to no test
        "spec/rates/__snapshots__/no_test_of_this_name.json:1",
        "spec/rates/__snapshots__/scale_halves.json:1",
        f"{RATES}:46",  # no record
        f"{RATES}:46",  # no docstring
    ]


def test_status_and_output_count_the_faults(project, capsys):
    project.path("rates.noisy_warns").unlink()
    project.path("rates.scale_halves").unlink()
    assert main(["--root", str(project.root), "check"]) == 1
    out, err = capsys.readouterr()
    assert out.splitlines()[-1] == "12 behaviours, 4 manifests: 2 faults" and err == ""
    assert len(out.splitlines()) == 3 and str(project.root) not in out
