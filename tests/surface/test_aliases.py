"""Aliases are kept as what came and went."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.surface.making import LINES, SMALL
from torch_history.surface import aliases

TOLD = {"1.4": "+Linear +Old=New", "1.9": "-Old=New", "2.0": "-Linear +Linear=Lazy"}


@pytest.mark.parametrize(
    "line, names",
    [
        ("1.3", set()),
        ("1.4", {"Linear", "Old=New"}),
        ("1.10", {"Linear"}),
        ("2.6", {"Linear=Lazy"}),
    ],
)
def test_release_has_what_came_and_did_not_go(line, names):
    assert aliases.held(TOLD, line) == names


@pytest.mark.parametrize("last, target, text", [("A", "A", "A"), ("A", "B.c", "A=B.c")])
def test_alias_has_its_target_where_that_has_another_name(last, target, text):
    assert aliases.spelled(last, target) == text
    assert aliases.read(text) == (last, target)


def test_what_went_stands_before_what_came():
    assert aliases.changed({"1.4": "+b +c"}, ["1.4", "2.0"], "2.0", {"a", "c"}) == {
        "1.4": "+b +c",
        "2.0": "-b +a",
    }


def test_place_without_aliases_says_nothing():
    assert aliases.changed({}, ["1.4"], "1.4", set()) == {}
    assert aliases.changed({}, ["1.4"], "1.4", None) == {}
    assert aliases.changed({"1.4": "+a"}, ["1.4"], "1.4", set()) == {}


def test_release_that_one_knows_nothing_of_changes_nothing():
    assert aliases.changed(TOLD, ["1.4", "2.0"], "1.9", None) == {
        "1.4": "+Linear +Old=New",
        "2.0": "-Linear -Old=New +Linear=Lazy",
    }


@pytest.mark.parametrize(
    "told, after",
    [
        ({"2.0": "-a", "1.10": "+b +a"}, {"1.10": "+a +b", "2.0": "-a"}),
        ({"1.4": "+a", "2.0": "+a -b"}, {"1.4": "+a"}),
        ({"1.4": "-a", "2.0": "+a"}, {"2.0": "+a"}),
        ({"1.4": ""}, {}),
    ],
)
def test_form_is_one(told, after):
    assert list(aliases.normal(told).items()) == list(after.items())


NAMES = st.sets(st.sampled_from(["A", "B", "C=A", "C=B", "D=N.m"]))


@SMALL
@given(
    st.dictionaries(st.sampled_from(LINES), NAMES, min_size=1), st.randoms(use_true_random=False)
)
def test_every_release_has_what_was_entered_in_any_order(had, draw):
    results = []
    for _ in range(2):
        order = list(had)
        draw.shuffle(order)
        told = {}
        for number, line in enumerate(order, 1):
            told = aliases.changed(told, order[:number], line, had[line])
        results.append(list(told.items()))
    assert results[0] == results[1]
    assert {line: aliases.held(told, line) for line in had} == had


def test_alias_stands_in_the_file_of_the_module_that_has_its_target():
    told = {"1.4": "+A=torch.nn.A +f=torch.f", "2.0": "-A=torch.nn.A +A=torch.nn.B.A"}
    parts = {"torch.nn.A": ("torch.nn", "A"), "torch.nn.B.A": ("torch.nn", "B.A")}
    found = aliases.by_home(told, lambda path: parts.get(path, ("torch", "f")))
    assert found == {"torch.nn": {"1.4": "+A", "2.0": "-A +A=B.A"}, "torch": {"1.4": "+f"}}
    whole = [aliases.whole(of, home) for home, of in found.items()]
    assert whole[1] == {"1.4": "+f=torch.f"}
    assert aliases.together(whole) == told
