"""What decides whether a use meets a difference: its marker, its signatures, or its record."""

import json

import pytest
from msgspec import Raw

from torch_history.catalogue.behaviour import Behaviour, Change
from torch_history.catalogue.kinds import Kind, admitted
from torch_history.code.targets import targets_of
from torch_history.questions.query import Case, Difference, Entry

VALUE, OTHER = {"value": 1}, {"value": 2}
RAISED = {"raised": {"type": "ValueError", "message": "no"}}
LACKS = {"raised": {"type": "AttributeError", "message": "module 'torch' has no attribute 'thing'"}}
REFUSES = {
    "raised": {"type": "TypeError", "message": "thing() got an unexpected keyword argument 'dim'"}
}


def warned(words):
    return {"value": 1, "warned": [{"category": "UserWarning", "message": words}]}


def change(kind, text="it changed", version="2.0", **said):
    return Change(version, text, Kind(kind), **said)


def targets(apis, cases, *changes, signature=False, backwards=False):
    """The targets of a behaviour about these APIs. Cases: name -> before and after."""
    of = Behaviour(
        "a.b", "spec/a.py", 1, "b", "B.", apis.split(), None, None, list(changes), signature
    )
    shown = [
        Case(name, *(Entry("1.13", Raw(json.dumps(one).encode())) for one in pair), kinds)
        for name, pair in cases.items()
        for kinds in [admitted(*pair, signature)]
    ]
    kind = min((case.kinds[0] for case in shown), key=lambda one: one.rank)
    return list(targets_of(Difference(of, kind, shown, list(changes), None), backwards))


ONE = {"observed": (VALUE, OTHER)}


def test_marker_with_conditions_is_about_every_api_that_the_behaviour_names():
    (only,) = targets("torch.thing torch.nn.Module", ONE, change("silent", unless=()))
    assert only.names == {"torch.thing", "torch.nn.Module"}


def test_marker_may_say_of_which_apis_it_is():
    (only,) = targets(
        "torch.thing torch.other", ONE, change("silent", unless=(), of=("torch.other",))
    )
    assert only.names == {"torch.other"}


def test_marker_without_conditions_is_about_the_first_api_alone_and_about_no_base_class():
    (only,) = targets("torch.thing torch.other", ONE, change("silent"))
    assert only.names == {"torch.thing"}
    (only,) = targets("torch.nn.Module torch.other", ONE, change("silent"))
    assert only.names == set()


def test_cases_that_are_called_after_apis_concern_these_alone():
    cases = {"batch_norm 1d": (VALUE, OTHER)}
    apis = "torch.nn.Linear torch.nn.BatchNorm1d torch.nn.BatchNorm2d"
    names = {"torch.nn.BatchNorm1d", "torch.nn.BatchNorm2d"}
    for said in ({}, {"unless": ()}):
        (only,) = targets(apis, cases, change("silent", **said))
        assert only.names == names


def test_each_change_with_conditions_is_a_target_of_its_kind_the_most_harmful_first():
    cases = {"one": (VALUE, OTHER), "two": (VALUE, RAISED)}
    changes = (change("silent", unless=()), change("error", when=("dim",)))
    assert [one.kind.slug for one in targets("torch.thing", cases, *changes)] == ["error", "silent"]


def test_change_of_a_kind_that_does_not_show_is_no_target():
    changes = (change("silent", unless=()), change("error", when=("dim",)))
    (only,) = targets("torch.thing", ONE, *changes)
    assert only.change is changes[0]


def test_changes_that_add_up_to_another_kind_are_told_by_the_last():
    changes = (
        change("error", unless=(), version="1.8"),
        change("error-gone", unless=(), version="2.0"),
    )
    (only,) = targets("torch.thing", ONE, *changes)
    assert (only.change, only.kind) == (changes[1], Kind.SILENT)


def test_backwards_an_error_that_came_is_one_that_goes():
    (only,) = targets(
        "torch.thing", {"observed": (RAISED, VALUE)}, change("error", unless=()), backwards=True
    )
    assert only.kind is Kind.ERROR_GONE and only.guarded


@pytest.mark.parametrize(
    "kind, pair, guarded",
    [
        ("error", (VALUE, RAISED), False),
        ("error-gone", (RAISED, VALUE), True),
        ("exception", (RAISED, REFUSES), True),
        ("wording", (RAISED, {"raised": {"type": "ValueError", "message": "never"}}), True),
        # nothing raises: every call gets the other words
        ("wording", (warned("soon"), warned("later")), False),
        ("warning", (warned("soon"), VALUE), False),
    ],
    ids=["error", "error gone", "exception", "error's words", "warning's words", "warning"],
)
def test_error_that_there_was_before_is_met_where_it_is_caught(kind, pair, guarded):
    (only,) = targets("torch.thing", {"observed": pair}, change(kind, unless=()))
    assert only.guarded is guarded


def test_api_that_one_side_lacks_is_told_by_the_record_where_no_marker_says_more():
    cases = {"observed": (LACKS, VALUE)}
    (only,) = targets("torch.thing torch.other", cases, change("appeared"))
    assert only.lacking and only.names == {"torch.thing"}
    (only,) = targets("torch.thing", cases, change("appeared", when=("dim",)))
    assert not only.lacking


def test_each_api_that_one_side_lacks_is_told_by_the_change_of_its_own():
    def lacking(name):
        message = f"module 'torch' has no attribute '{name}'"
        return {"raised": {"type": "AttributeError", "message": message}}

    names = ("thing", "other", "third")
    found = targets(
        "torch.thing torch.other torch.third",
        {name: (lacking(name), VALUE) for name in names},
        change("appeared", "thing was added"),
        change("appeared", "it came", of=("torch.other",)),
    )
    told = {name: one.change.text for one in found for name in one.names if one.lacking}
    assert told == {
        "torch.thing": "thing was added",
        "torch.other": "it came",
        "torch.third": "thing was added",
    }


def test_keyword_that_one_side_refuses_is_told_by_the_record():
    (only,) = targets("torch.thing", {"observed": (REFUSES, VALUE)}, change("appeared"))
    assert only.needs == {"dim"} and not only.lacking


def test_absence_decides_only_where_every_case_says_so():
    cases = {"one": (LACKS, VALUE), "two": (VALUE, OTHER)}
    (only,) = targets("torch.thing", cases, change("silent"))
    assert not only.lacking


def test_each_signature_is_told_by_the_change_that_names_it():
    cases = {
        "thing": ({"value": ["x", "dim=0"]}, {"value": ["x"]}),
        "other": ({"value": ["x", "keep=0"]}, {"value": ["x"]}),
        "late": (LACKS, {"value": ["x"]}),
        "later": (LACKS, {"value": ["x"]}),
    }
    changes = (
        change("gone", "other lost keep"),
        change("gone", "thing lost dim"),
        change("appeared", "later appears"),
        change("appeared", "late appears"),
    )
    apis = "torch.thing torch.other torch.late torch.later"
    found = targets(apis, cases, *changes, signature=True)
    assert [(min(one.names), one.change.text, one.lacking) for one in found] == [
        ("torch.thing", "thing lost dim", False),
        ("torch.other", "other lost keep", False),
        ("torch.late", "late appears", True),
        ("torch.later", "later appears", True),
    ]
