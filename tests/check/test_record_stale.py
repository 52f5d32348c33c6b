import pytest

from tests.check.making import HALVES, RATES, TENSORS, faults_of
from torch_history.check import check
from torch_history.check.rules import record_stale

ACT = "observe(fakelib.scale)"
TOLD = "its test, or what that reaches, changed after the recording: run `torch-history record"


def stale(project):
    """The ids of the behaviours that the rule names."""
    return [fault.split(": ")[1] for fault in faults_of(record_stale, project)]


def test_edited_test_is_named_by_this_rule_alone(project):
    project.change(RATES, ACT, "observe(lambda: 2 * fakelib.scale())")
    fault = f"{HALVES}: {TOLD} rates.scale_halves`"
    assert faults_of(record_stale, project) == check(project.root).faults == [fault]


def test_edited_helper_names_the_behaviours_that_reach_it(project):
    project.write("fixtures/scales.py", "def scale():\n    return 1\n\n\ndef other():\n    pass\n")
    project.change(RATES, "import os\n", "import os\nfrom fixtures.scales import scale\n")
    project.change(RATES, ACT, "observe(lambda: scale() * fakelib.scale())")
    assert stale(project) == ["rates.scale_halves"]
    before = project.sources()
    project.change("fixtures/scales.py", "pass", "return 2")
    assert project.sources() == before
    project.change("fixtures/scales.py", "return 1", "return 3")
    changed = {name for name, digest in project.sources().items() if digest != before[name]}
    assert changed == {"rates.scale_halves"}


EDITS = {
    "comment": (RATES, f"    assert snapshot == {ACT}", f"    # why\n    assert snapshot == {ACT}"),
    "docstring": (RATES, "and nobody is told", "and nobody is ever told"),
    "layout": (RATES, ACT, "observe(\n        fakelib.scale,\n    )"),
    "marker": (RATES, 'cause="fakelib#92731"', 'cause="fakelib#92732", probable=True'),
    "marker_without_a_fault": (
        RATES,
        "def test_scale",
        "@pytest.mark.no_fault('w')\ndef test_scale",
    ),
    "unused_import": (RATES, "import os\n", "import os\nimport sys\n"),
    "unused_helper": (RATES, "import os\n", "import os\n\ndef helper():\n    pass\n"),
    "order": (
        TENSORS,
        "def test_optional_part",
        "def test_a(snapshot):\n    pass\n\ndef test_optional_part",
    ),
}


@pytest.mark.parametrize("edit", EDITS)
def test_edit_that_changes_no_observation_makes_nothing_stale(project, edit):
    project.change(*EDITS[edit])
    assert stale(project) == []


def test_cases_of_a_parametrised_test_count(project):
    project.change(TENSORS, '["sgd", "adam"], ids=["sgd", "adam"]', '["sgd", "adam", "x"]')
    assert stale(project) == ["tensors.start_of_an_optimizer"]
