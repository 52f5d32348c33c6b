"""A chain has an entry only where it changed, whatever the order of the releases."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.surface.making import LINES, SMALL
from torch_history import versions
from torch_history.surface import chains

CHAIN = {"1.9": "a", "2.0": None, "2.6": "b"}


@pytest.mark.parametrize(
    "version, entry",
    [
        ("1.4", None),
        ("1.9", "a"),
        ("1.10", "a"),
        ("1.13.1", "a"),
        ("2.0", None),
        ("2.5.1", None),
        ("2.15", "b"),
    ],
)
def test_entry_holds_until_the_next_one(version, entry):
    assert chains.at(CHAIN, version) == entry


@pytest.mark.parametrize(
    "line, entry, after",
    [
        ("1.9", "a", CHAIN),
        ("1.10", "a", CHAIN),
        ("1.4", "a", {"1.4": "a", "2.0": None, "2.6": "b"}),
        ("1.10", None, {"1.9": "a", "1.10": None, "2.6": "b"}),
        ("2.0", "b", {"1.9": "a", "2.0": "b"}),
        ("2.6", None, {"1.9": "a", "2.0": None}),
        ("1.9", None, {"1.10": "a", "2.0": None, "2.6": "b"}),
    ],
)
def test_release_enters_a_chain(line, entry, after):
    assert chains.entered(CHAIN, LINES, line, entry) == after
    assert list(after) == sorted(after, key=versions.key)


def test_release_that_one_knows_nothing_of_has_no_entry():
    known = [line for line in LINES if line != "2.0"]
    assert chains.entered(CHAIN, known, "2.0", None) == {"1.9": "a", "2.6": "b"}
    assert chains.entered(CHAIN, ["1.9", "2.0", "2.6"], "1.10", None) is CHAIN
    assert chains.entered({}, known, "2.0", None) == {}


@pytest.mark.parametrize(
    "chain, after",
    [
        (CHAIN, CHAIN),
        ({}, {}),
        ({"2.0": "b", "1.10": "a"}, {"1.10": "a", "2.0": "b"}),
        ({"1.9": "a", "1.10": "a", "2.0": None}, {"1.9": "a", "2.0": None}),
        ({"1.9": None, "2.0": "a"}, {"2.0": "a"}),
    ],
)
def test_form_of_a_chain_is_one(chain, after):
    assert list(chains.normal(chain).items()) == list(after.items())


@SMALL
@given(
    st.dictionaries(st.sampled_from(LINES), st.sampled_from([None, "a", "b"]), min_size=1),
    st.randoms(use_true_random=False),
)
def test_order_does_not_matter_and_every_release_has_what_was_entered(had, draw):
    results = []
    for _ in range(2):
        order = list(had)
        draw.shuffle(order)
        chain = {}
        for number, line in enumerate(order, 1):
            chain = chains.entered(chain, order[:number], line, had[line])
        results.append(chain)
    assert results[0] == results[1]
    assert {line: chains.at(chain, line) for line in had} == had
    told = [None, *chain.values()]
    assert all(one != other for one, other in zip(told, told[1:]))
