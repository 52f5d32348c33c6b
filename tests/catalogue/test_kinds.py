import pytest

from torch_history.catalogue.kinds import KINDS, MIRRORED, admitted


def value(number, *warned):
    return {
        "value": number,
        **({"warned": [{"category": name, "message": "w"} for name in warned]} if warned else {}),
    }


def raised(name, message="m"):
    return {"raised": {"type": name, "message": message}}


@pytest.mark.parametrize(
    "before, after, expected",
    [
        (value(1), value(2), "silent"),
        (value({"a": 1, "b": 2}), value({"b": 2, "a": 1}), "representation"),
        (value(1), raised("RuntimeError"), "error"),
        (value(1), raised("AttributeError"), "api-gone"),
        (raised("RuntimeError"), value(1), "error-gone"),
        (raised("AttributeError", "module 'x' has no attribute 'y'"), value(1), "api-appeared"),
        (
            raised("TypeError", "f() got an unexpected keyword argument 'set_to_none'"),
            value(1),
            "api-appeared",
        ),
        (raised("RuntimeError", "a"), raised("RuntimeError", "b"), "wording"),
        (value(1), value(1, "FutureWarning"), "warning"),
        (value(1, "FutureWarning"), value(1), "warning"),
        (value(1, "UserWarning"), value(1, "FutureWarning"), "warning"),
        (
            raised("RuntimeError"),
            {**raised("RuntimeError"), **value(1, "UserWarning"), "value": 1},
            "warning",
        ),
    ],
    ids=[
        "value",
        "order",
        "error",
        "attribute",
        "error_gone",
        "attribute_appeared",
        "keyword_appeared",
        "message",
        "warns",
        "warns_no_more",
        "category",
        "error_and_warning",
    ],
)
def test_likeliest_kind(before, after, expected):
    after = {name: item for name, item in after.items() if name != "value" or "raised" not in after}
    assert admitted(before, after)[0] == expected


def test_reworded_warning_is_wording():
    after = {"value": 1, "warned": [{"category": "UserWarning", "message": "other words"}]}
    assert admitted(value(1, "UserWarning"), after) == ["wording"]


def test_kinds_begin_with_the_silent_ones():
    assert list(KINDS)[0] == "silent" and list(KINDS)[-1] == "wording" and len(KINDS) == 10


@pytest.mark.parametrize(
    "before, after, expected",
    [
        (raised("RuntimeError"), raised("ValueError"), ["exception", "api-appeared", "api-gone"]),
        (
            raised("AttributeError", "module 'x' has no attribute 'y'"),
            raised("AttributeError", "'y' has no attribute 'z'"),
            ["wording", "api-appeared", "api-gone"],
        ),
        (
            raised("TypeError", "'y' is an invalid keyword argument"),
            raised("TypeError", "bad"),
            ["wording", "api-appeared"],
        ),
    ],
    ids=["type", "other_part", "appeared"],
)
def test_error_that_became_another(before, after, expected):
    assert admitted(before, after) == expected


def test_mirror_of_a_mirror_is_the_kind_itself():
    assert all(MIRRORED[MIRRORED[kind]] == kind for kind in MIRRORED) and set(MIRRORED) < set(KINDS)
