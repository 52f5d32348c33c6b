import pytest

from tests.check.making import HALVES, RATES, faults_of
from torch_history.check.rules import rewrites_proved

HERE = f"{HALVES}: the change at 2.0: "
PROVED = 'restored_by="rates.constant_stays"'


def rewriting(project, *settings):
    """The faults of a project whose first change has these settings."""
    project.change(RATES, 'advice="double the rate"', ", ".join(settings))
    return faults_of(rewrites_proved, project)


def test_changes_without_a_rewrite_have_no_fault(recorded):
    assert faults_of(rewrites_proved, recorded) == []


@pytest.mark.parametrize(
    "settings",
    [
        ['rewrite="+rate=2.0"', 'unless=("rate", 0)'],
        ['rewrite="+rate=2.0"', 'when=("-rate and x=1", "-rate@0")'],
        ['rewrite="-loud"', 'when=("loud@3", "loud=True")'],
    ],
)
def test_rewrite_that_fits_its_calls_and_is_proved_has_no_fault(project, settings):
    assert rewriting(project, *settings, PROVED) == []


@pytest.mark.parametrize(
    "rewrite, told",
    [
        ("rate=2.0", "write +NAME=LITERAL or -NAME"),
        ("+rate", "write +NAME=LITERAL or -NAME"),
        ("-rate=2.0", "write +NAME=LITERAL or -NAME"),
        ("+rate=fakelib.half", "fakelib.half is not a literal"),
        ("+rate=(", "( is not a literal"),
    ],
)
def test_rewrite_of_another_form_is_named(project, rewrite, told):
    assert rewriting(project, f'rewrite="{rewrite}"', 'unless="rate"', PROVED) == [
        f"{HERE}rewrite={rewrite!r}: {told}"
    ]


def test_rewrite_without_a_proof_is_named(project):
    assert rewriting(project, 'rewrite="-loud"', 'when="loud"') == [
        f"{HERE}rewrite='-loud' is not proved: name the behaviour that shows it in restored_by"
    ]


@pytest.mark.parametrize(
    "settings, how",
    [
        (['rewrite="+rate=2.0"'], "not given"),
        (['rewrite="+rate=2.0"', "unless=()"], "not given"),
        (['rewrite="+rate=2.0"', 'when=("-rate", "rate=1.0")'], "not given"),
        (['rewrite="-loud"', 'unless="loud"'], "given"),
        (['rewrite="-loud"', 'when=("loud", "-loud and x")'], "given"),
    ],
)
def test_rewrite_that_may_fit_no_call_is_named(project, settings, how):
    [fault] = rewriting(project, *settings, PROVED)
    told = f"may fit no call: let each entry of when, or unless, say that it is {how}"
    assert fault.startswith(HERE) and fault.endswith(told)
