"""No change in this repository's records is called silent where torch raises or warns anew."""

import pytest

from tests.fake import REPOSITORY
from torch_history.catalogue import index, releases
from torch_history.catalogue.kinds import Kind
from torch_history.questions import changes, query

LINES = list(releases.releases(REPOSITORY))
NEIGHBOURS = list(zip(LINES, LINES[1:]))
# the widest pair, and those that the records' readers ask for most
FAR = [(LINES[0], LINES[-1]), ("1.13", LINES[-1]), ("2.0", LINES[-1]), ("2.5", LINES[-1])]


@pytest.fixture(scope="module")
def content():
    return index.of(REPOSITORY)


def quiet(case):
    """Whether both sides return, and the newer one warns of nothing that the older does not."""
    before, after = case.before.observation, case.after.observation
    told = before.get("warned", ())
    return (
        "value" in before
        and "value" in after
        and all(warning in told for warning in after.get("warned", ()))
    )


@pytest.mark.parametrize("before, after", [*NEIGHBOURS, *FAR])
def test_no_silent_difference_raises_or_warns_anew(content, before, after):
    assert [
        f"{difference.behaviour.id}: {case.name}"
        for pair in ((before, after), (after, before))
        for difference in query.diff(content, *pair, kinds=[Kind.SILENT]).differences
        for case in difference.cases
        if not quiet(case)
    ] == []


def test_no_case_of_an_annotated_silent_change_raises_or_warns_anew(content):
    events = [one for one in changes.events(content) if one.change.kind is Kind.SILENT]
    known = [one for one in events if not one.behaviour.fault]
    assert (
        len(events) > 100
        and [
            f"{one.behaviour.id}, {one.change.version}"
            for one in known
            if not all(quiet(case) for case in one.cases)
        ]
        == []
    )


def test_silent_differences_between_neighbours_were_looked_at(content):
    found = [query.diff(content, *pair, kinds=[Kind.SILENT]).differences for pair in NEIGHBOURS]
    assert sum(map(len, found)) > 100
