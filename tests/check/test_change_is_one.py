from tests.check.making import HALVES, RATES, faults_of
from torch_history.check.rules import change_is_one

CHANGED = '@pytest.mark.changed("2.0", "the scale is halved"'


def test_marker_of_two_changes_is_named(project):
    project.change(RATES, "the scale is halved", "the scale is halved; it is a float")
    assert faults_of(change_is_one, project) == [
        f"{HALVES}: the change at 2.0 joins several by ';': write a marker for each"
    ]


def test_two_markers_of_one_release_are_no_fault(project):
    project.change(RATES, CHANGED, f'{CHANGED}, kind="silent")\n{CHANGED}')
    assert faults_of(change_is_one, project) == []
