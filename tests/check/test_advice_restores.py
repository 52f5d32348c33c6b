import pytest

from tests.check.making import HALVES, RATES, faults_of, text_of
from tests.literals import on_cpu, plant, raised, value
from torch_history.check import check
from torch_history.check.rules import advice_restores

ADVICE = '''

@pytest.mark.api("fakelib.optim.scale", page="scale")
def test_scale_doubled(snapshot):
    """The scale doubled is what it was."""
    assert snapshot == observe(lambda: 2 * fakelib.scale())
'''
HERE = f"{HALVES}: the advice at 2.0"
SAME = {"1.4": value(1.0)}
DOUBLED = "rates.scale_doubled"


@pytest.fixture
def advised(project):
    """The project with a behaviour that takes the advice of another; its record from literals."""
    project.write(RATES, text_of(project, RATES) + ADVICE)
    project.change(RATES, 'advice="double the rate"', f'advice="double", restored_by="{DOUBLED}"')
    plant(project, DOUBLED, on_cpu(**SAME))
    return project


def test_advice_that_shows_the_old_value_is_no_fault(advised):
    assert check(advised.root).faults == []


def test_advice_without_a_behaviour_that_takes_it_is_not_judged(recorded):
    assert faults_of(advice_restores, recorded) == []


def test_behaviour_that_is_none_is_named(advised):
    advised.change(RATES, f'restored_by="{DOUBLED}"', 'restored_by="rates.nothing"')
    assert faults_of(advice_restores, advised) == [
        f"{HERE} names rates.nothing, which is no behaviour: correct the id"
    ]


@pytest.mark.parametrize(
    "chain, told",
    [
        ({"1.4": value(1.0), "2.6": value(2.0)}, "1.0 before, 2.0 on 2.6.0"),
        (
            {"1.4": value(1.0), "2.0": raised("ValueError", "no")},
            "1.0 before, raises ValueError: no on 2.0.1",
        ),
    ],
    ids=["value", "exception"],
)
def test_advice_that_gives_another_value_is_named_with_the_release(advised, chain, told):
    plant(advised, DOUBLED, on_cpu(**chain))
    assert faults_of(advice_restores, advised) == [
        f"{HERE}, executed by {DOUBLED}, does not restore observed: {told}: correct the advice"
    ]


def test_what_the_advised_form_did_before_the_change_does_not_count(advised):
    plant(advised, DOUBLED, on_cpu(**{"1.4": value(2.0), "2.0": value(1.0)}))
    assert faults_of(advice_restores, advised) == []


def test_warning_of_the_advised_form_and_rounding_do_not_count(advised):
    chain = {"1.4": value(2.0), "2.0": value(1.0 + 1e-9, "FutureWarning")}
    plant(advised, DOUBLED, on_cpu(**chain))
    assert faults_of(advice_restores, advised) == []


def test_advice_holds_until_the_next_change(advised):
    chain = {"1.4": value(1.0), "2.0": value(0.5), "2.6": value(0.25)}
    plant(advised, "rates.scale_halves", on_cpu(**chain))
    plant(advised, DOUBLED, on_cpu(**{"1.4": value(1.0), "2.6": value(0.5)}))
    [fault] = faults_of(advice_restores, advised)
    assert fault.startswith(f"{HERE}, executed by {DOUBLED}, does not restore observed: ")
    marker = '@pytest.mark.changed("2.6", "it is halved again", kind="silent")\n'
    advised.change(RATES, "def test_scale_halves", f"{marker}def test_scale_halves")
    assert faults_of(advice_restores, advised) == []


def test_cases_are_compared_by_name_and_only_where_they_changed(advised):
    cases = {
        "sum": {"cpu": {"1.4": value(1), "2.0": value(2)}},
        "mean": {"cpu": {"1.4": value(7)}},
    }
    plant(advised, "rates.scale_halves", cases)
    plant(advised, DOUBLED, {"sum": {"cpu": {"1.4": value(1)}}, "mean": {"cpu": {"1.4": value(0)}}})
    assert faults_of(advice_restores, advised) == []
    plant(advised, DOUBLED, {"sum": {"cpu": {"1.4": value(0)}}, "mean": {"cpu": {"1.4": value(7)}}})
    [fault] = faults_of(advice_restores, advised)
    assert "does not restore sum: 1 before, 0 on 2.0.1" in fault


@pytest.mark.parametrize(
    "timelines, seen",
    [({"other": {"cpu": SAME}}, ["2.0.1", "2.6.0"]), (on_cpu(**SAME), ["1.4.0", "1.13.1"])],
    ids=["no_case", "no_release"],
)
def test_advice_that_is_compared_with_nothing_is_named(advised, timelines, seen):
    plant(advised, DOUBLED, timelines, seen={"cpu": seen})
    assert faults_of(advice_restores, advised) == [
        f"{HERE}, executed by {DOUBLED}, is compared with nothing: give both the same cases, or one"
    ]


@pytest.mark.parametrize("name", ["rates.scale_halves", DOUBLED])
def test_stale_or_missing_record_is_not_judged(advised, name):
    plant(advised, DOUBLED, on_cpu(**{"1.4": value(5)}))
    assert len(faults_of(advice_restores, advised)) == 1
    advised.path(name).unlink()
    assert faults_of(advice_restores, advised) == []
