"""What a change of a recorded list of parameters does to calls."""

import pytest

from torch_history.catalogue.kinds import Kind, admitted
from torch_history.catalogue.signatures import Parameter, SignatureChange, compare, parsed

BREAKS, APPEARED, DEFAULTS = (
    SignatureChange(*(name == one for one in SignatureChange._fields))
    for name in SignatureChange._fields
)
SAME = SignatureChange(False, False, False)
BOTH = SignatureChange(True, True, False)


@pytest.mark.parametrize(
    "before, after, expected",
    [
        ("a, b=1", "a, b=1", SAME),
        ("a, b=1", "a", BREAKS),
        ("a, b=1, c=2", "a, c=2, b=1", BREAKS),
        ("a, b=1", "a, *, b=1", BREAKS),
        ("a, b=1", "a, b", BREAKS),
        ("a, *rest", "a", BREAKS),
        ("a, **rest", "a", BREAKS),
        ("a, b=1", "a, c=1", BOTH),
        ("a", "a, b", BOTH),
        ("a", "a, *, b", BOTH),
        ("a, b=1", "c=0, a, b=1", BOTH),
        ("a", "a, b=1", APPEARED),
        ("a", "a, *, b=1", APPEARED),
        ("a", "a, *rest", APPEARED),
        ("a", "a, **rest", APPEARED),
        ("a, *, b=1", "a, b=1", SAME),
        ("a, *, b=1, c=2", "a, *, c=2, b=1", SAME),
        ("a, **rest", "a, b=1", APPEARED),
        ("a, b=1", "a, b=2", DEFAULTS),
        ("a, b", "a, b=2", DEFAULTS),
        ("a, b=1", "a, **rest", SignatureChange(False, True, True)),
    ],
    ids=[
        "same",
        "gone",
        "moved",
        "keyword_only",
        "required",
        "star_gone",
        "two_stars_gone",
        "renamed",
        "new_and_required",
        "new_keyword_and_required",
        "new_before_the_others",
        "appeared",
        "keyword_appeared",
        "star_appeared",
        "two_stars_appeared",
        "positional_again",
        "keyword_only_in_another_order",
        "two_stars_became_names",
        "default",
        "default_for_a_required_one",
        "taken_by_two_stars",
    ],
)
def test_change_of_a_signature(before, after, expected):
    assert compare(before.split(", "), after.split(", ")) == expected


def test_list_is_parsed_with_places_and_defaults():
    found = parsed(["a", "b=x=1", "*rest", "c", "d=None", "**more"])
    assert found.named == {
        "a": Parameter(0, None),
        "b": Parameter(1, "x=1"),
        "c": Parameter(None, None),
        "d": Parameter(None, "None"),
    }
    assert found.stars == {"*", "**"}


@pytest.mark.parametrize("other", [None, "a", 1, {"a": 1}, ["a", 1], {"$tuple": ["a"]}])
def test_what_is_no_list_of_texts_is_no_signature(other):
    assert parsed(other) is None
    assert compare(other, other) == SAME and compare(["a"], other) == DEFAULTS


@pytest.mark.parametrize(
    "before, after, expected",
    [
        ({"f": ["a"], "g": ["a"]}, {"f": ["a"], "g": ["a"]}, SAME),
        ({"f": ["a"], "g": ["a"]}, {"f": ["a"]}, BREAKS),
        ({"f": ["a"]}, {"f": ["a"], "g": ["a"]}, APPEARED),
        ({"f": ["a"], "g": ["a=1"]}, {"f": ["b"], "g": ["a=2"]}, SignatureChange(True, True, True)),
        ({"n": {"f": ["a", "b"]}}, {"n": {"f": ["b", "a"]}}, BREAKS),
    ],
    ids=["same", "function_gone", "function_appeared", "each_its_own", "nested"],
)
def test_dicts_of_signatures_are_compared_name_by_name(before, after, expected):
    assert compare(before, after) == expected


@pytest.mark.parametrize(
    "after, expected",
    [
        (["lr"], [Kind.GONE]),
        (["lr", "*", "momentum=0"], [Kind.GONE]),
        (["momentum=0", "lr"], [Kind.GONE]),
        (["lr", "momentum=0", "fused=None"], [Kind.APPEARED]),
        (["lr", "momentum=0.9"], [Kind.REPRESENTATION]),
        (["lr", "momentum=0.9", "fused=None"], [Kind.APPEARED, Kind.REPRESENTATION]),
        (["lr", "fused=None"], [Kind.GONE, Kind.APPEARED]),
    ],
    ids=["gone", "keyword_only", "moved", "appeared", "default", "both", "renamed"],
)
def test_signature_admits_what_happens_to_calls_and_is_never_silent(after, expected):
    before = {"value": ["lr", "momentum=0"]}
    assert admitted(before, {"value": after}, signature=True) == expected


def test_parameters_are_a_value_like_any_other_where_the_test_says_nothing_of_signatures():
    before, after = {"value": ["lr", "momentum=0"]}, {"value": ["lr"]}
    assert admitted(before, after)[0] is Kind.SILENT
