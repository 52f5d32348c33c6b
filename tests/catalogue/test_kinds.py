import itertools

import pytest

from torch_history.catalogue.kinds import GROUPS, SLUGS, Kind, admitted, kind_of, kinds_of
from torch_history.errors import HistoryError


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
        (value(1), value(2), Kind.SILENT),
        (value({"a": 1, "b": 2}), value({"b": 2, "a": 1}), Kind.REPRESENTATION),
        (value(1), raised("RuntimeError"), Kind.ERROR),
        (value(1), raised("AttributeError", "'x' object has no attribute 'y'"), Kind.GONE),
        (value(1), raised("AttributeError", "shape is not set"), Kind.ERROR),
        (value(1), raised("TypeError", "'y' is an invalid keyword argument"), Kind.GONE),
        (value(1), raised("ModuleNotFoundError", "No module named 'torch.x'"), Kind.GONE),
        (raised("RuntimeError"), value(1), Kind.ERROR_GONE),
        (raised("AttributeError", "module 'x' has no attribute 'y'"), value(1), Kind.APPEARED),
        (
            raised("TypeError", "f() got an unexpected keyword argument 'set_to_none'"),
            value(1),
            Kind.APPEARED,
        ),
        (raised("RuntimeError", "a"), raised("RuntimeError", "b"), Kind.WORDING),
        (value(1), value(1, "FutureWarning"), Kind.WARNING),
        (value(1, "FutureWarning"), value(1), Kind.WARNING),
        (value(1, "UserWarning"), value(1, "FutureWarning"), Kind.WARNING),
        (
            raised("RuntimeError"),
            {**raised("RuntimeError"), **value(1, "UserWarning"), "value": 1},
            Kind.WARNING,
        ),
    ],
    ids=[
        "value",
        "order",
        "error",
        "attribute",
        "attribute_error_of_its_own",
        "keyword",
        "module",
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
    assert admitted(before, after)[0] is expected


def test_reworded_warning_is_wording():
    after = {"value": 1, "warned": [{"category": "UserWarning", "message": "other words"}]}
    assert admitted(value(1, "UserWarning"), after) == [Kind.WORDING]


def test_kinds_stand_in_the_order_of_harm():
    assert [kind.slug for kind in Kind] == SLUGS and len(SLUGS) == 10
    assert [kind.rank for kind in Kind] == list(range(10))
    assert tuple(SLUGS) == (
        *("error", "gone", "silent", "random", "exception"),
        *("warning", "representation", "error-gone", "appeared", "wording"),
    )


NO_Y = raised("AttributeError", "module 'x' has no attribute 'y'")
NO_Z = raised("AttributeError", "'y' has no attribute 'z'")


@pytest.mark.parametrize(
    "before, after, expected",
    [
        (raised("RuntimeError"), raised("ValueError"), [Kind.EXCEPTION]),
        (raised("Exception"), raised("BadZipFile"), [Kind.WORDING]),
        (raised("LookupError"), raised("KeyError"), [Kind.WORDING]),
        (raised("KeyError"), raised("LookupError"), [Kind.EXCEPTION]),
        (raised("RuntimeError"), raised("NotImplementedError"), [Kind.WORDING]),
        (raised("AttributeError"), raised("ModuleAttributeError"), [Kind.WORDING]),
        (raised("ModuleAttributeError"), raised("AttributeError"), [Kind.EXCEPTION]),
        (raised("RuntimeError"), raised("OutOfMemoryError"), [Kind.WORDING]),
        (raised("Unheard"), raised("OfThis"), [Kind.EXCEPTION]),
        (raised("Unheard"), raised("Unheard", "other words"), [Kind.WORDING]),
        (NO_Y, NO_Z, [Kind.WORDING, Kind.APPEARED, Kind.GONE]),
        (
            NO_Y,
            raised("TypeError", "f() got an unexpected keyword argument 'y'"),
            [Kind.WORDING, Kind.APPEARED, Kind.GONE],
        ),
        (NO_Y, raised("ValueError", "bad"), [Kind.APPEARED, Kind.EXCEPTION]),
        (raised("ValueError", "bad"), NO_Y, [Kind.GONE, Kind.EXCEPTION]),
        (
            raised("TypeError", "'y' is an invalid keyword argument"),
            raised("TypeError", "bad"),
            [Kind.APPEARED, Kind.WORDING],
        ),
        (raised("RuntimeError", "bad"), raised("ProcessEnded"), [Kind.ERROR]),
        (raised("ProcessEnded"), raised("RuntimeError", "bad"), [Kind.EXCEPTION]),
    ],
    ids=[
        "class",
        "subclass_of_exception",
        "subclass",
        "base",
        "subclass_of_runtime_error",
        "torchs_own_subclass",
        "base_of_torchs_own",
        "out_of_memory",
        "unknown_classes",
        "unknown_class",
        "other_part_missing",
        "missing_in_another_way",
        "appeared",
        "gone",
        "argument_appeared",
        "process_ended",
        "process_ended_before",
    ],
)
def test_error_that_became_another(before, after, expected):
    assert admitted(before, after) == expected


VALUES = {
    "value": value(1),
    "other_value": value(2),
    "other_order": {"value": {"b": 1, "a": 2}},
    "order": {"value": {"a": 2, "b": 1}},
    "warned": value(1, "UserWarning"),
    "warned_twice": value(1, "UserWarning", "FutureWarning"),
    "other_value_warned": value(2, "UserWarning"),
    "reworded": {"value": 2, "warned": [{"category": "UserWarning", "message": "other words"}]},
    "raised": raised("RuntimeError"),
    "raised_otherwise": raised("ValueError"),
    "missing": NO_Y,
}


PAIRS = list(itertools.product(VALUES, repeat=2))


def loud(before, after):
    """Whether a side raises, or the newer one warns of something new."""
    told = before.get("warned", [])
    return (
        "raised" in before
        or "raised" in after
        or any(warning not in told for warning in after.get("warned", []))
    )


@pytest.mark.parametrize("signature", [False, True])
def test_silent_is_never_where_a_side_raises_or_warns_of_something_new(signature):
    for names in PAIRS:
        before, after = (VALUES[name] for name in names)
        silent = Kind.SILENT in admitted(before, after, signature)
        assert not (silent and loud(before, after)), names


def test_silent_is_admitted_wherever_else_the_value_changes():
    for names in PAIRS:
        before, after = (VALUES[name] for name in names)
        if not loud(before, after):
            differs = repr(before["value"]) != repr(after["value"])
            assert (Kind.SILENT in admitted(before, after)) is differs, names


@pytest.mark.parametrize("signature", [False, True])
def test_every_change_admits_a_kind_and_none_twice(signature):
    for names in PAIRS:
        found = admitted(*(VALUES[name] for name in names), signature)
        assert found and len(set(found)) == len(found), names


def test_value_that_changes_beside_a_new_warning_is_a_warning_or_what_the_marker_says():
    assert admitted(value(1), value(2, "UserWarning")) == [
        *(Kind.WARNING, Kind.RANDOM, Kind.REPRESENTATION)
    ]


def test_mirror_of_a_mirror_is_the_kind_itself():
    assert all(kind.mirror.mirror is kind for kind in Kind)
    mirrored = {kind for kind in Kind if kind.mirror is not kind}
    assert mirrored == {Kind.ERROR, Kind.ERROR_GONE, Kind.GONE, Kind.APPEARED}


def test_kinds_that_hurt_come_before_the_others():
    assert [kind.hurts for kind in Kind] == [True] * 5 + [False] * 5
    assert [kind for kind in Kind if kind.severe] == [Kind.ERROR, Kind.GONE, Kind.SILENT]
    assert {kind for kind in Kind if not kind.substantial} == {
        Kind.REPRESENTATION,
        Kind.WARNING,
        Kind.WORDING,
    }


def test_kinds_that_matter_are_those_that_hurt_or_show_and_not_other_words_of_an_error():
    assert {kind for kind in Kind if not kind.matters} == {
        Kind.ERROR_GONE,
        Kind.APPEARED,
        Kind.WORDING,
    }


def test_label_is_breaks_for_what_breaks_and_else_the_title():
    assert [kind.label for kind in Kind] == [
        "breaks",
        "breaks",
        "silent value change",
        "random stream",
        "another exception",
        "warning appeared or gone",
        "representation",
        "error gone",
        "API or argument appeared",
        "wording only",
    ]


def test_letters_and_words_tell_the_kinds_apart():
    assert len({kind.letter for kind in Kind}) == len({kind.words for kind in Kind}) == 10
    assert Kind.REPRESENTATION.title == "representation"


@pytest.mark.parametrize("slug", SLUGS)
def test_kind_is_found_by_its_slug_and_shown_by_it(slug):
    assert kind_of(slug).slug == str(kind_of(slug)) == slug and Kind(slug) is kind_of(slug)


def test_name_is_a_slug_a_former_slug_or_a_group():
    assert kinds_of("silent") == [Kind.SILENT]
    assert kinds_of("api-gone") == [kind_of("api-gone")] == [Kind.GONE]
    assert kinds_of("api-appeared") == [kind_of("api-appeared")] == [Kind.APPEARED]
    assert GROUPS == {"breaks": [Kind.ERROR, Kind.GONE], "numbers": [Kind.SILENT, Kind.RANDOM]}
    assert all(kinds_of(name) == kinds for name, kinds in GROUPS.items())


@pytest.mark.parametrize("name", ["loud", "", "breaks"])
def test_slug_that_is_no_kind_is_refused_with_the_kinds(name):
    with pytest.raises(HistoryError) as caught:
        kind_of(name)
    assert str(caught.value) == f"{name!r} is not a kind: choose one of {', '.join(SLUGS)}"


def test_name_that_is_no_kind_is_refused_with_the_kinds_and_groups():
    with pytest.raises(HistoryError) as caught:
        kinds_of("loud")
    choices = ", ".join([*SLUGS, "breaks", "numbers"])
    assert str(caught.value) == f"'loud' is not a kind: choose from {choices}"
