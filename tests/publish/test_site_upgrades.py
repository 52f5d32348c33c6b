"""``data/answers.js`` and ``data/<chapter>.js`` say of any two releases what the query says."""

import itertools
import re

import pytest

from tests.fake import RELEASES
from tests.literals import on_cpu, plant, value
from tests.publish.sites import Cause, Site
from torch_history import versions
from torch_history.catalogue.kinds import Kind, kind_of
from torch_history.publish import report
from torch_history.publish.site.upgrades import LENGTH, PLACES
from torch_history.questions import query


def pairs(releases):
    """All neighbours and a dozen longer spans, in both directions; of few releases, all pairs."""
    if len(releases) < 6:
        return list(itertools.product(releases, repeat=2))
    last = len(releases) - 1
    places = [
        *zip(range(last), range(1, last + 1)),
        *((start, end) for start in (0, 4, 9, 13) for end in (14, 20, last)),
        (last, last),
    ]
    return [
        (releases[one], releases[other]) for pair in places for one, other in (pair, pair[::-1])
    ]


def as_cause(finding):
    """What the report says of a finding, as ``data/answers.js`` should."""
    change, behaviours = finding.change, finding.behaviours
    return Cause(
        finding.kind.slug,
        change and change.version,
        report.subject(finding),
        change.text if change else behaviours[0].claim,
        (change and change.advice) or "",
        (change and change.cause_in_words) or "",
        [behaviour.id for behaviour in behaviours],
    )


def ordered(causes):
    """Causes in one order, whatever order they had."""
    return sorted(causes, key=repr)


def by_harm_then_newest(cause):
    """Where a cause stands: the most harmful first, and of equal ones the newest first."""
    numbers = versions.key(cause.version) if cause.version else ()
    return kind_of(cause.kind).rank, [-number for number in numbers]


def test_causes_between_two_releases_are_those_of_the_report(site):
    count = 0
    for before, after in pairs(site.releases):
        answer = query.diff(site.index, before, after)
        expected = [as_cause(finding) for finding in report.whole(answer).findings]
        found = site.causes(before, after)
        assert ordered(found) == ordered(expected), f"{before} to {after}"
        # Without a release the newest comes nowhere: those without a marker are left out.
        told = [by_harm_then_newest(cause) for cause in found if cause.version]
        assert told == sorted(told), f"{before} to {after}"
        ranks = [kind_of(cause.kind).rank for cause in found]
        assert ranks == sorted(ranks)
        count += len(found)
    assert count > len(site.releases)


def test_a_release_differs_from_itself_in_nothing(site):
    assert [one for one in site.releases if site.causes(one, one)] == []


def test_values_of_a_cause_are_those_of_the_report(site):
    ends = site.releases[0], site.releases[-1]
    shown = 0
    for before, after in [*zip(site.releases, site.releases[1:]), ends]:
        for difference in query.diff(site.index, before, after).differences:
            expected = report.lines_of_change(difference.cases, LENGTH)
            left = len(expected) - PLACES
            more = [("", f"and {left} more places")] if left > 0 else []
            told = site.values(difference.behaviour.id, before, after)
            assert told == expected[:PLACES] + more, difference.behaviour.id
            shown += len(told)
    assert shown > len(site.releases)


def test_values_of_a_downgrade_are_those_of_the_upgrade_the_other_way_round(site):
    first, last = site.releases[0], site.releases[-1]
    for difference in query.diff(site.index, last, first).differences:
        name = difference.behaviour.id
        told = site.values(name, last, first)
        assert told == [row[::-1] for row in site.values(name, first, last)]
        expected = report.lines_of_change(difference.cases, LENGTH)
        lines = [row for row in told if not re.fullmatch(r"and \d+ more places", row[0])]
        # The cases may come in another order, since the kinds differ.
        assert set(lines) <= set(expected), name


def test_every_behaviour_of_a_cause_has_its_values(real):
    for before, after in (real.releases[::25], real.releases[::-25]):
        for cause in real.causes(before, after):
            assert all(real.values(name, before, after) for name in cause.behaviours)


def test_landing_page_begins_with_what_breaks_or_moves_numbers_without_scripts(site):
    releases = site.releases
    first, last = releases[max(0, len(releases) - 6)], releases[-1]
    page = site.pages["index.html"]
    harmful = [
        cause
        for cause in site.causes(first, last)
        if kind_of(cause.kind) in (Kind.ERROR, Kind.GONE, Kind.SILENT, Kind.RANDOM)
    ]
    [form] = [given for tag, given in page.tags if tag == "form"]
    assert (form["data-first"], form["data-last"]) == (first, last)
    marks = [
        given["class"]
        for tag, given in page.tags
        if tag == "span" and given.get("class", "").startswith("mark ")
    ]
    assert marks == [f"mark {cause.kind}" for cause in harmful] and len(harmful) > 1
    shown = [given["data-id"] for _, given in page.tags if "data-id" in given]
    assert shown == [name for cause in harmful for name in cause.behaviours]
    count = f"torch {first} to {last}: {len(harmful)} causes break or move numbers. "
    others = len(site.causes(first, last)) - len(harmful)
    assert f"{count}{others} more are of other kinds." in page.text


def test_landing_page_counts_the_causes_of_each_release(site):
    table = [row for row in site.pages["index.html"].rows if row[0].tag == "th"]
    names = [cell.text for cell in table[0]]
    assert names[0] == "torch" and names[1:3] == ["breaks", "moves numbers"]
    releases = site.releases
    for row, after in zip(table[1:], reversed(releases)):
        before = releases[releases.index(after) - 1]
        told = [int(cell.text or 0) for cell in row[1:]]
        kinds = [cause.kind for cause in site.causes(before, after)]
        assert row[0].text == after and sum(told) == len(kinds)
        assert told[:2] == [
            sum(kind in group for kind in kinds)
            for group in (("error", "gone"), ("silent", "random"))
        ]
    assert len(table) == len(releases)


# ---- unknown is not unchanged


def test_unknown_behaviour_is_not_verified_rather_than_no_difference(odd):
    name, why = "odd.part_of_two_releases", "skipped: no <u>part</u> in this fakelib"
    answers = odd.data("answers")
    told = {
        (odd.releases[int(place)], answers["behaviours"][number], answers["texts"][text])
        for place, own in answers["unknown"].items()
        for number, text in own
    }
    assert told == {("2.0", name, why)}
    for before, after in pairs(odd.releases):
        assert all(name not in cause.behaviours for cause in odd.causes(before, after))
        unknown = {one.behaviour for one in query.diff(odd.index, before, after).unknown}
        assert unknown == ({name} if "2.0" in (before, after) else set())


def test_what_changed_and_was_not_observed_at_the_end_is_unknown_and_no_cause(project):
    name = "rates.scale_halves"
    seen = {"cpu": ["1.4.0", "1.13.1", "2.0.1"]}
    unknown = {"cpu": {"2.6.0": "skipped: no & <u>scale</u>"}}
    plant(project, name, project.kept(name).timelines, seen=seen, unknown=unknown)
    site = Site(project.root, project.root / "site")
    assert site.states[name] == ["other", "other", "works", "unknown"]
    told = {
        pair
        for pair in itertools.permutations(site.releases, 2)
        if any(name in cause.behaviours for cause in site.causes(*pair))
    }
    changed = {("1.4", "2.0"), ("1.13", "2.0")}
    assert told == {*changed, *(pair[::-1] for pair in changed)}
    assert set(site.data("rates")["behaviours"][name]["pairs"]) == {"0-1"}
    # The landing page begins with 1.4 to 2.6, and says so without scripts.
    page = site.pages["index.html"]
    assert f"Not verified on 2.6: {name}: skipped: no & <u>scale</u>" in page.text
    assert name not in [given.get("data-id") for _, given in page.tags]


def test_change_that_no_marker_tells_of_is_a_cause_too(odd):
    name = "odd.flips_without_a_marker"
    [cause] = [one for one in odd.causes("1.4", "1.13") if name in one.behaviours]
    assert cause == Cause("silent", None, "fakelib.flips", "flips without a marker", "", "", [name])
    assert odd.values(name, "1.4", "1.13") == [("1", "2")]
    assert [one for one in odd.causes("1.4", "2.6") if name in one.behaviours] == []
    text = odd.page_of(name).text
    assert "Observed on torch 2.6, where it changed." in text
    assert "the same on every release" not in text


@pytest.mark.parametrize("planted", [{"1.4": 1, "2.0": 2}, {"1.4": 1, "2.3": 2}])
def test_change_of_one_state_without_a_marker_is_not_lost(project, planted):
    # A warning stays, and the value beside it changes; 2.3 itself was never recorded.
    name = "rates.constant_stays"
    entries = {line: value(number, "UserWarning") for line, number in planted.items()}
    plant(project, name, on_cpu(**entries))
    site = Site(project.root, project.root / "site")
    assert site.states[name] == ["warns"] * len(RELEASES)
    assert [name in one.behaviours for one in site.causes("1.4", "2.6")].count(True) == 1
    changed_at = "2.0" if "2.0" in planted else "2.6"
    before = site.releases[site.releases.index(changed_at) - 1]
    assert [one.behaviours for one in site.causes(before, changed_at) if not one.version] == [
        [name]
    ]
