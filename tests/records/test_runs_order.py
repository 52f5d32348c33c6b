"""Whatever the order of recording, each release of each device keeps its answer."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from torch_history import versions
from torch_history.records import runs, store


def answer(root, behaviour, device, patch):
    """What the records say a release did."""
    devices = store.read(store.path_of(root / "spec", behaviour)).timelines["observed"]
    chain = store.chain_for(devices, device, patch)
    return chain[versions.holding(chain, patch)]["value"]


LINES, PATCHES = ("1.4.0", "2.0.1", "2.1.2", "2.6.0"), ("2.0.0", "2.6.1")
BY_NUMBER = ("1.4.0", "1.9.1", "1.10.2", "2.0.1", "2.1.2", "2.6.0")
SMALL = settings(max_examples=40, derandomize=True, deadline=None, database=None)


def recordings(devices, patches):
    keys = [(device, patch) for device in devices for patch in patches]
    return st.permutations(keys).flatmap(
        lambda order: st.tuples(*(st.tuples(st.just(key), st.integers(0, 2)) for key in order))
    )


def walk(root, run_of, steps):
    for (device, patch), value in steps:
        key = patch if patch in PATCHES else versions.line(patch)
        runs.merge(root, run_of(patch, {"c.a": {"value": value}}, device=device), key)
    return {key: answer(root, "c.a", *key) for key, _ in steps}


@SMALL
@given(steps=recordings(["cpu"], LINES + PATCHES))
def test_patches_and_lines_in_any_order_keep_their_answers(tmp_path_factory, run_of, steps):
    assert walk(tmp_path_factory.mktemp("walk"), run_of, steps) == dict(steps)


@SMALL
@given(steps=recordings(["cpu", "other"], LINES))
def test_devices_in_any_order_keep_their_answers(tmp_path_factory, run_of, steps):
    assert walk(tmp_path_factory.mktemp("walk"), run_of, steps) == dict(steps)


@SMALL
@given(
    answers=st.fixed_dictionaries({patch: st.sampled_from("abc") for patch in BY_NUMBER}),
    order=st.permutations(BY_NUMBER),
    changed_mind=st.sampled_from(BY_NUMBER),
)
def test_release_that_is_recorded_again_in_any_order_leaves_every_line_its_answer(
    tmp_path_factory, run_of, answers, order, changed_mind
):
    root = tmp_path_factory.mktemp("walk")
    # one release is recorded twice, with another answer at first
    steps = [(changed_mind, "x"), *((patch, answers[patch]) for patch in order)]
    walk(root, run_of, [(("cpu", patch), value) for patch, value in steps])
    assert {patch: answer(root, "c.a", "cpu", patch) for patch in BY_NUMBER} == answers
    found = lines_of(root)
    values = list(found.values())
    assert all(one != other for one, other in zip(values, values[1:]))
    assert list(found) == sorted(found, key=versions.key)


def lines_of(root):
    """Version -> value, as the record of the cpu has them."""
    chain = store.read(store.path_of(root / "spec", "c.a")).timelines["observed"]["cpu"]
    return {version: entry["value"] for version, entry in chain.items()}


@pytest.mark.parametrize(
    "steps, expected",
    [
        (["1.4.0 a", "2.1.2 a", "2.6.0 a", "2.0.1 b"], {"1.4": "a", "2.0": "b", "2.1": "a"}),
        (
            ["1.4.0 a", "2.1.2 c", "2.6.0 c", "2.0.1 b"],
            {"1.4": "a", "2.0": "b", "2.1": "c"},
        ),
        (["1.4.0 a", "2.0.1 b"], {"1.4": "a", "2.0": "b"}),
        (
            ["1.4.0 a", "2.0.1 b", "2.6.0 b", "2.0.1 c"],
            {"1.4": "a", "2.0": "c", "2.6": "b"},
        ),
        (["1.4.0 a", "2.0.1 b", "2.6.0 b", "2.0.1 a"], {"1.4": "a", "2.6": "b"}),
        (["1.4.0 a", "2.0.1 b", "2.6.0 c", "2.0.1 c"], {"1.4": "a", "2.0": "c"}),
        (["2.0.1 a", "2.6.0 a", "1.9.1 b"], {"1.9": "b", "2.0": "a"}),
    ],
    ids=[
        "later_line_that_relied",
        "line_beyond_the_next_entry",
        "line_that_nobody_verified",
        "replaced",
        "replaced_by_its_predecessors",
        "replaced_by_its_successors",
        "older_line",
    ],
)
def test_line_that_relied_on_a_replaced_entry_gets_its_own(tmp_path, run_of, steps, expected):
    told = [step.split() for step in steps]
    walk(tmp_path, run_of, [(("cpu", patch), value) for patch, value in told])
    assert lines_of(tmp_path) == expected


def test_patch_that_relied_on_an_older_line_keeps_its_answer(tmp_path, run_of):
    steps = [(("cpu", "1.4.0"), 0), (("cpu", "2.0.0"), 0), (("cpu", "2.0.1"), 1)]
    assert walk(tmp_path, run_of, steps) == dict(steps)


def test_device_that_relied_on_the_cpu_keeps_its_answer_when_it_is_recorded_older(tmp_path, run_of):
    steps = [(("cpu", "1.4.0"), 0), (("other", "2.6.0"), 0), (("other", "2.0.1"), 1)]
    assert walk(tmp_path, run_of, steps) == dict(steps)


def test_device_that_relied_on_the_cpu_keeps_its_answer_when_the_cpu_is_recorded_later(
    tmp_path, run_of
):
    steps = [(("cpu", "1.4.0"), 0), (("other", "2.6.0"), 0), (("cpu", "2.6.0"), 1)]
    assert walk(tmp_path, run_of, steps) == dict(steps)
