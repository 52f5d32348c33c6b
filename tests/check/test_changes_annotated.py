import pytest

from tests.check.making import HALVES, RATES, TENSORS, faults_of
from tests.literals import on_cpu, plant, raised, value
from torch_history.check import check
from torch_history.check.rules import changes_annotated

CHANGED = (
    '@pytest.mark.changed("2.0", "the scale is halved", kind="silent", cause="fakelib#92731", '
    'advice="double the rate")'
)


def test_changes_and_markers_that_agree_have_no_fault(recorded):
    assert faults_of(changes_annotated, recorded) == []


@pytest.mark.parametrize(
    "new, line, fault",
    [
        (
            "",
            11,
            "what changed at 2.0 is not annotated: add @pytest.mark.changed('2.0', ...)",
        ),
        (
            CHANGED.replace('"silent"', '"error"') + "\n",
            12,
            (
                "the change at 2.0 is annotated error, but the record admits "
                "silent or random or representation"
            ),
        ),
        (
            CHANGED + '\n@pytest.mark.changed("2.6", "nothing", kind="silent")\n',
            13,
            "nothing changed at 2.6 in the record: remove the marker, or record that release",
        ),
    ],
    ids=["no_marker", "kind_not_admitted", "no_change"],
)
def test_marker_that_the_record_contradicts_is_named(project, new, line, fault):
    project.change(RATES, CHANGED + "\n", new)
    assert check(project.root).faults == [f"{RATES}:{line}: rates.scale_halves: {fault}"]


def test_change_of_a_case_counts_for_its_behaviour(project):
    marker = '@pytest.mark.changed("2.0", "adam starts at two", kind="silent")\n'
    project.change(TENSORS, marker, "")
    [fault] = faults_of(changes_annotated, project)
    assert "tensors.start_of_an_optimizer: what changed at 2.0 is not annotated" in fault


def test_parts_of_a_change_may_each_have_a_marker_of_its_kind(project):
    cases = {
        "sum": {"cpu": {"1.4": value(1), "2.0": raised("ValueError")}},
        "mean": {"cpu": {"1.4": value(1), "2.0": value(2)}},
    }
    plant(project, "rates.scale_halves", cases)
    [fault] = faults_of(changes_annotated, project)
    assert fault.endswith("no marker fits how 'sum' changed at 2.0: add one of error or gone")
    project.change(RATES, CHANGED, f"{CHANGED}\n{CHANGED.replace('silent', 'error')}")
    assert faults_of(changes_annotated, project) == []
    project.change(RATES, '"error", cause="fakelib#92731"', '"warning", cause="fakelib#92731"')
    [fault] = faults_of(changes_annotated, project)
    assert fault.endswith(
        "but the record admits error or gone or silent or random or representation"
    )


def test_patch_that_differs_from_its_line_needs_no_marker(project):
    chain = {"1.4": value(1), "2.0": value(2), "2.0.0": value(3)}
    plant(project, "rates.scale_halves", on_cpu(**chain))
    assert faults_of(changes_annotated, project) == []


def test_stale_record_is_not_held_against_its_markers(project):
    project.change(RATES, CHANGED + "\n", "")
    project.change(RATES, "observe(fakelib.scale)", "observe(lambda: 2 * fakelib.scale())")
    assert faults_of(changes_annotated, project) == []


def test_signatures_are_judged_as_such_where_the_marker_says_so(project):
    chain = {"1.4": value(["lr", "momentum=0"]), "2.0": value(["lr", "*", "momentum=0"])}
    plant(project, "rates.scale_halves", on_cpu(**chain))
    project.change(RATES, 'page="scale")', 'page="scale", signature=True)')
    assert faults_of(changes_annotated, project) == [
        f"{HALVES}: the change at 2.0 is annotated silent, but the record admits gone"
    ]
