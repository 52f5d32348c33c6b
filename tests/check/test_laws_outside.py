import pytest

from tests.check.making import RATES, faults_of
from torch_history.check.rules import laws_outside

ACT = "    assert snapshot == observe(fakelib.scale)\n"  # of scale_halves, on line 14


@pytest.mark.parametrize(
    "body, line",
    [
        (
            (
                "    def act():\n        assert fakelib.scale()\n        return 1\n\n"
                "    assert snapshot == observe(act)\n"
            ),
            15,
        ),
        ("    assert snapshot == observe(lambda: np.testing.assert_allclose(1, 1))\n", 14),
        (
            (
                "    def act():\n        with pytest.raises(ValueError):\n"
                "            fakelib.strict()\n\n"
                "    assert snapshot == observe_each({'act': act, 'other': fakelib.scale})\n"
            ),
            15,
        ),
    ],
    ids=["assert", "assert_allclose", "raises"],
)
def test_law_inside_an_act_is_named_with_its_line(project, body, line):
    project.change(RATES, ACT, body)
    [fault] = faults_of(laws_outside, project)
    assert fault == (
        f"{RATES}:{line}: a law is asserted inside an observed act: "
        "assert it before or after the comparison"
    )


def test_law_before_and_after_the_comparison_is_no_fault(project):
    law = "    assert fakelib.scale() <= 1\n"
    project.change(
        RATES, ACT, f"{law}{ACT}{law}    with pytest.raises(ValueError):\n        int('')\n"
    )
    assert faults_of(laws_outside, project) == []
