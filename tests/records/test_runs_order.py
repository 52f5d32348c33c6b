"""Whatever the order of recording, each release of each device keeps its answer."""

from hypothesis import given, settings
from hypothesis import strategies as st

from torch_history import versions
from torch_history.records import runs, store


def answer(root, behaviour, device, patch):
    """What the records say a release did."""
    devices = store.read(store.path_of(root / "spec", behaviour))["observed"]
    chain = store.chain_for(devices, device, patch)
    return chain[versions.holding(chain, patch)]["value"]


LINES, PATCHES = ("1.4.0", "2.0.1", "2.1.2", "2.6.0"), ("2.0.0", "2.6.1")
SMALL = settings(max_examples=40, derandomize=True, deadline=None, database=None)


def recordings(devices, patches):
    keys = [(device, patch) for device in devices for patch in patches]
    return st.permutations(keys).flatmap(
        lambda order: st.tuples(*(st.tuples(st.just(key), st.integers(0, 2)) for key in order))
    )


def walk(root, run_of, steps):
    for (device, patch), value in steps:
        key = versions.line(patch) if patch in LINES else patch
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


def test_patch_that_leant_on_an_older_line_keeps_its_answer(tmp_path, run_of):
    steps = [(("cpu", "1.4.0"), 0), (("cpu", "2.0.0"), 0), (("cpu", "2.0.1"), 1)]
    assert walk(tmp_path, run_of, steps) == dict(steps)


def test_device_that_leant_on_the_cpu_keeps_its_answer_when_it_is_recorded_older(tmp_path, run_of):
    steps = [(("cpu", "1.4.0"), 0), (("other", "2.6.0"), 0), (("other", "2.0.1"), 1)]
    assert walk(tmp_path, run_of, steps) == dict(steps)


def test_device_that_leant_on_the_cpu_keeps_its_answer_when_the_cpu_is_recorded_later(
    tmp_path, run_of
):
    steps = [(("cpu", "1.4.0"), 0), (("other", "2.6.0"), 0), (("cpu", "2.6.0"), 1)]
    assert walk(tmp_path, run_of, steps) == dict(steps)
