import pytest

from torch_history.catalogue.kinds import SLUGS, Kind, admitted, kind_of
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
        (value(1), raised("AttributeError"), Kind.GONE),
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


def test_kinds_begin_with_the_silent_ones():
    assert [kind.slug for kind in Kind] == SLUGS and len(SLUGS) == 10
    assert [kind.rank for kind in Kind] == list(range(10))
    assert SLUGS[0] == "silent" and SLUGS[-1] == "wording"


@pytest.mark.parametrize(
    "before, after, expected",
    [
        (
            raised("RuntimeError"),
            raised("ValueError"),
            [Kind.EXCEPTION, Kind.APPEARED, Kind.GONE],
        ),
        (
            raised("AttributeError", "module 'x' has no attribute 'y'"),
            raised("AttributeError", "'y' has no attribute 'z'"),
            [Kind.WORDING, Kind.APPEARED, Kind.GONE],
        ),
        (
            raised("TypeError", "'y' is an invalid keyword argument"),
            raised("TypeError", "bad"),
            [Kind.WORDING, Kind.APPEARED],
        ),
    ],
    ids=["type", "other_part", "appeared"],
)
def test_error_that_became_another(before, after, expected):
    assert admitted(before, after) == expected


def test_mirror_of_a_mirror_is_the_kind_itself():
    assert all(kind.mirror.mirror is kind for kind in Kind)
    mirrored = {kind for kind in Kind if kind.mirror is not kind}
    assert mirrored == {Kind.ERROR, Kind.ERROR_GONE, Kind.GONE, Kind.APPEARED}


def test_kinds_that_hurt_come_before_the_others():
    assert [kind.hurts for kind in Kind] == [True] * 5 + [False] * 5
    assert [kind for kind in Kind if kind.severe] == [Kind.SILENT, Kind.ERROR, Kind.GONE]
    assert {kind for kind in Kind if not kind.substantial} == {
        Kind.REPRESENTATION,
        Kind.WARNING,
        Kind.WORDING,
    }


def test_letters_and_words_tell_the_kinds_apart():
    assert len({kind.letter for kind in Kind}) == len({kind.words for kind in Kind}) == 10
    assert Kind.REPRESENTATION.title == "representation"


@pytest.mark.parametrize("slug", SLUGS)
def test_kind_is_found_by_its_slug_and_shown_by_it(slug):
    assert kind_of(slug).slug == str(kind_of(slug)) == slug and Kind(slug) is kind_of(slug)


def test_slug_that_is_no_kind_is_refused_with_the_kinds():
    with pytest.raises(HistoryError) as caught:
        kind_of("loud")
    assert str(caught.value) == (
        "'loud' is not a kind: choose one of silent, error, gone, "
        "exception, random, representation, warning, error-gone, appeared, wording"
    )
