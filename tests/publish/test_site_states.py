"""The state of a behaviour on a release, from the entries that its record has."""

import json
import re

import pytest
from msgspec import Raw

from tests.literals import on_cpu, raised, value
from torch_history import versions
from torch_history.catalogue.kinds import missing
from torch_history.publish.site.states import State, meanings, states

RELEASES = ["1.4", "1.13", "2.0", "2.6"]
GONE = "module 'torch' has no attribute 'scale'"


def seen(timelines):
    """The states of a record made of literals, each by its slug."""
    record = {
        name: {
            device: {line: Raw(json.dumps(entry).encode()) for line, entry in chain.items()}
            for device, chain in devices.items()
        }
        for name, devices in timelines.items()
    }
    return [state.slug for state in states(record, "cpu", RELEASES)]


@pytest.mark.parametrize(
    "entries, expected",
    [
        ({"1.4": value(1)}, ["works"] * 4),
        ({"1.4": value(1), "2.0": value(2)}, ["other", "other", "works", "works"]),
        (
            {"1.4": value(1), "1.13": value(2), "2.6": value(1)},
            ["works", "other", "other", "works"],
        ),
        ({"1.4": value(1), "2.0": value(1, "UserWarning")}, ["works", "works", "warns", "warns"]),
        ({"1.4": value(1), "2.0": raised("ValueError")}, ["works", "works", "raises", "raises"]),
        ({"1.4": raised("AttributeError", GONE), "2.0": value(1)}, ["absent"] * 2 + ["works"] * 2),
        (
            {"1.4": value(1), "2.6": raised("TypeError", "got an unexpected keyword argument 'x'")},
            ["works", "works", "works", "absent"],
        ),
        ({"2.0": value(1)}, ["unknown", "unknown", "works", "works"]),
        ({"1.4": value([1, 2]), "2.0": value({"$tuple": [1, 2]})}, ["other"] * 2 + ["works"] * 2),
    ],
)
def test_state_of_one_case_is_that_of_its_entry(entries, expected):
    assert seen(on_cpu(**entries)) == expected


def test_case_that_changed_decides_and_not_one_that_stays():
    stays = {"cpu": {"1.4": raised("ValueError")}}
    changes = {"cpu": {"1.4": value(1), "2.0": value(2)}}
    assert seen({"stays": stays}) == ["raises"] * 4
    assert seen({"stays": stays, "changes": changes}) == ["other", "other", "works", "works"]


def test_of_several_that_changed_the_worst_is_shown():
    warns = {"cpu": {"1.4": value(1), "1.13": value(1, "UserWarning")}}
    raises = {"cpu": {"1.4": value(1), "2.0": raised("ValueError")}}
    gone = {"cpu": {"1.4": value(1), "2.6": raised("AttributeError", GONE)}}
    assert seen({"a": warns, "b": raises, "c": gone}) == ["works", "warns", "raises", "absent"]


def test_record_without_entries_is_unknown():
    assert seen({}) == ["unknown"] * 4


def test_entries_of_another_device_do_not_count():
    record = {"observed": {"cpu": {"1.4": value(1)}, "cuda": {"1.4": raised("ValueError")}}}
    assert seen(record) == ["works"] * 4


def test_every_state_has_a_meaning_and_a_class_in_the_style(real):
    style = (real.folder / "site.css").read_text(encoding="utf-8")
    assert set(meanings()) == {one.slug for one in State}
    for slug in meanings():
        assert re.search(rf"\.{slug}\b", style), slug


# ---- all states of the recorded behaviours


def state_of(observation, newest):
    """The state of one case, as the documents describe it."""
    if "raised" in observation:
        return "absent" if missing(observation) else "raises"
    if observation.get("warned"):
        return "warns"
    return "works" if repr(observation["value"]) == repr(newest) else "other"


def told(site, chain):
    """The state of one case on each release, from its entries."""
    entries = {line: json.loads(bytes(raw)) for line, raw in chain.items()}
    values = [one["value"] for one in entries.values() if "value" in one]
    by_line = {line: state_of(one, values[-1] if values else None) for line, one in entries.items()}
    return [by_line.get(versions.holding(chain, release), "unknown") for release in site.releases]


def test_states_of_every_behaviour_agree_with_its_record(site):
    several = 0
    for name, states_ in site.states.items():
        cases = [told(site, devices["cpu"]) for devices in site.index.record(name).values()]
        unknown = {run.line for run in site.index.on("cpu").values() if name in run.unknown}
        several += len(cases) > 1
        for place, (release, state) in enumerate(zip(site.releases, states_)):
            if release in unknown:
                assert state == "unknown", name
                continue
            there = {case[place] for case in cases}
            assert state in there and (len(there) > 1 or there == {state}), (name, release)
            moved = {case[place] for case in cases if len(set(case)) > 1}
            for worst in ("absent", "raises", "warns"):
                if worst in moved:
                    assert state == worst, (name, release)
                    break
    assert several > 1
