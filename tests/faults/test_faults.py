import json

import pytest

from faults import Fault
from faults.__main__ import judge
from faults.plugin import Watch

TESTS = """
    import math
    import pytest

    def test_pi_is_pi():
        assert math.pi > 3

    @pytest.mark.parametrize("number", [1, 2], ids=["one", "two"])
    def test_two_is_two(number):
        assert number < 3

    def test_fixture_is_honest(pi):
        assert pi > 3

    @pytest.mark.no_fault("nothing can change it")
    def test_one_is_one():
        assert 1 == 1
"""


def test_fault_is_there_while_the_body_of_a_test_runs(pytester):
    def pi_is_two(patch):
        patch.setattr("math.pi", 2)

    pytester.makepyfile(test_numbers=TESTS)
    pytester.makeconftest("import math, pytest\npi = pytest.fixture(lambda: math.pi)")
    file = pytester.path / "failed.json"
    pytester.inline_run(
        "-p", "no:randomly", plugins=[Watch(Fault("c.pi_is_two", "", pi_is_two), file)]
    )
    outcome = json.loads(file.read_text())
    assert [name.rpartition(".")[2] for name in outcome["failed"]] == ["pi_is_pi"]
    assert [name.rpartition(".")[2] for name in outcome["tests"]] == [
        "pi_is_pi",
        "two_is_two",
        "fixture_is_honest",
        "one_is_one",
    ]
    assert list(outcome["excused"].values()) == ["nothing can change it"]


@pytest.mark.parametrize(
    "failed, complaints",
    [
        ({"c.one": ["c.a", "c.b"]}, []),
        ({"c.one": ["c.a", "c.b"], "c.two": []}, ["survived: c.two"]),
        ({"c.one": ["c.a"]}, ["no fault fails c.b"]),
        (
            {"c.one": ["c.a", "c.b", "c.excused"]},
            ["marked no_fault, but fails under a fault: c.excused"],
        ),
    ],
    ids=["all", "survivor", "never", "stale"],
)
def test_what_is_not_proved_is_a_complaint(failed, complaints):
    honest = {"tests": ["c.a", "c.b", "c.excused"], "excused": {"c.excused": "why"}}
    assert judge(honest, failed).complaints == complaints
