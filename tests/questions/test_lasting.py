"""What releases between two versions did and took back is no change between the two."""

import json

import pytest
from msgspec import Raw

from torch_history.catalogue.behaviour import Behaviour, Change
from torch_history.catalogue.index import Environment, Index
from torch_history.catalogue.kinds import Kind
from torch_history.questions import query

RELEASES = {"2.4": "2.4.1", "2.5": "2.5.1", "2.6": "2.6.0", "2.14": "2.14.0", "2.15": "2.15.0"}
PLAIN, OLD, NEW, THIRD = ({"value": value} for value in ("plain", "old", "new", "third"))


def warns(value, message="scale is deprecated since 2.4"):
    return {"value": value, "warned": [{"category": "FutureWarning", "message": message}]}


def changes(behaviour):
    return [(one.version, one.kind) for one in behaviour.changes]


def told(before, after, markers, *chains):
    """The changes that are told of a behaviour with these markers and chains, one a case."""
    behaviour = Behaviour(
        "rates.scale", "spec/rates/test_rates.py", 1, "scale", "", ["fakelib.scale"], None, None,
        [Change(version, "words", kind) for version, kind in markers],
    )  # fmt: skip
    record = {
        f"case{number}": {
            "cpu": {version: Raw(json.dumps(one).encode()) for version, one in chain.items()}
        }
        for number, chain in enumerate(chains)
    }
    environments = [Environment(patch, "cpu") for patch in RELEASES.values()]
    index = Index(1, "fakelib", RELEASES, environments, [behaviour], {behaviour.id: record}, [])
    (difference,) = query.diff(index, before, after).differences
    return changes(difference)


TAKEN_BACK = {"2.4": PLAIN, "2.6": OLD, "2.14": NEW, "2.15": OLD}
SILENT = [(version, Kind.SILENT) for version in ("2.6", "2.14", "2.15")]


@pytest.mark.parametrize("pair", [("2.5", "2.15"), ("2.15", "2.5")], ids=["forward", "backward"])
def test_changes_that_were_taken_back_do_not_count(pair):
    assert told(*pair, SILENT, TAKEN_BACK) == [("2.6", Kind.SILENT)]


def test_change_counts_as_long_as_it_is_not_taken_back():
    assert told("2.5", "2.14", SILENT, TAKEN_BACK) == SILENT[:2]
    assert told("2.6", "2.14", SILENT, TAKEN_BACK) == SILENT[1:2]
    assert told("2.14", "2.15", SILENT, TAKEN_BACK) == SILENT[2:]


def test_change_counts_that_only_another_case_took_back():
    stays = {"2.4": PLAIN, "2.14": NEW}
    assert told("2.5", "2.15", SILENT, TAKEN_BACK, stays) == SILENT[:2]


def test_change_to_a_third_answer_took_nothing_back():
    chain = {**TAKEN_BACK, "2.15": THIRD}
    assert told("2.5", "2.15", SILENT, chain) == SILENT


WARNED = [("2.5", Kind.WARNING), ("2.6", Kind.WARNING), ("2.14", Kind.SILENT)]


@pytest.mark.parametrize("pair", [("2.4", "2.15"), ("2.15", "2.4")], ids=["forward", "backward"])
def test_warning_that_came_and_went_between_the_two_is_not_told(pair):
    chain = {"2.4": PLAIN, "2.5": warns("plain"), "2.6": THIRD, "2.14": NEW}
    assert told(*pair, WARNED, chain) == [("2.14", Kind.SILENT)]


def test_warning_that_is_there_in_the_end_is_told_however_it_is_worded():
    worded = warns("new", "scale is deprecated in favour of rates.scale")
    chain = {"2.4": PLAIN, "2.5": warns("plain"), "2.14": worded}
    assert told("2.4", "2.15", [WARNED[0], WARNED[2]], chain) == [WARNED[0], WARNED[2]]


def test_warning_that_was_there_before_and_went_is_told():
    chain = {"2.4": warns("plain"), "2.6": PLAIN, "2.14": NEW}
    assert told("2.5", "2.15", WARNED[1:], chain) == WARNED[1:]


def test_other_warning_in_the_end_does_not_stand_for_the_one_that_went():
    chain = {"2.4": PLAIN, "2.5": warns("plain"), "2.6": THIRD, "2.14": warns("new", "rates moved")}
    markers = [*WARNED[:2], ("2.14", Kind.WARNING)]
    assert told("2.4", "2.15", markers, chain) == [("2.14", Kind.WARNING)]


def test_only_change_is_told_even_where_it_did_not_last():
    # Something differs in the end, and nothing else is there to tell of it.
    chain = {"2.4": PLAIN, "2.5": warns("plain"), "2.6": NEW}
    assert told("2.4", "2.15", WARNED[:2], chain) == WARNED[:2]
