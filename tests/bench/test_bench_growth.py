"""How the cost of a step grows: the fit, the sizes, the record.

The worker is the real one, with the torch of this interpreter.
"""

import math
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.bench.making import grown, manifest
from torch_history.bench import growth, raw
from torch_history.bench.rounds import Growth, Sizes
from torch_history.errors import HistoryError
from torch_history.matrix.environments import Environment

ROOT = Path(__file__).resolve().parents[2]
HERE = Environment("here", Path(sys.executable))
parts = st.floats(1e-9, 1.0)


def curve(fixed, slope, axis="batch", family="mlp", sizes=(1, 10, 100)):
    """A curve whose times lie on a line."""
    empty = growth.Curve("c", axis, family, list(sizes), [], [], [], fixed, slope)
    return empty._replace(seconds=[float(empty.at(size)) for size in sizes])


@given(parts, parts, st.lists(st.integers(1, 10**6), min_size=3, max_size=8, unique=True))
def test_fit_finds_the_line_that_times_lie_on(fixed, slope, amounts):
    found = growth.fit(amounts, [fixed + slope * amount for amount in amounts])
    fitted = found[0] + found[1] * np.array(amounts)
    np.testing.assert_allclose(fitted, fixed + slope * np.array(amounts), rtol=1e-6)


def test_fit_tells_the_fixed_part_from_the_growing_one():
    assert growth.fit(
        [1, 16, 256, 4096], [3e-4 + 2e-6 * amount for amount in (1, 16, 256, 4096)]
    ) == pytest.approx((3e-4, 2e-6))


def test_fit_weighs_relative_errors():
    """One size is off by 10 % of its own time. With absolute errors it alone would decide."""
    fixed, slope = growth.fit([1, 10, 100, 10000], [1.001, 1.01, 1.1, 11.0 * 1.1])
    assert fixed == pytest.approx(1.0, rel=0.01) and slope == pytest.approx(1.1e-3, rel=0.02)


@pytest.mark.parametrize(
    "seconds, zero",
    [([1.0, 2.5, 6.0], "fixed"), ([3.0, 2.0, 1.0], "slope")],
    ids=["fixed", "slope"],
)
def test_fit_has_no_negative_part(seconds, zero):
    """The unrestricted line would begin below zero, or fall: the other part alone fits best."""
    found = dict(zip(("fixed", "slope"), growth.fit([1, 2, 3], seconds)))
    relative = (np.array([1, 2, 3]) if zero == "fixed" else np.ones(3)) / seconds
    assert found.pop(zero) == 0.0 and list(found.values()) == pytest.approx(
        [relative.sum() / (relative**2).sum()]
    )


@pytest.mark.parametrize("family, width", [("mlp", 5), ("mlp", 64), ("rnn", 20), ("rnn", 7)])
def test_parameters_are_those_of_the_network(family, width):
    from spec.benchmarks import cases

    network = cases.build(f"{family}-{width}@1.whole_step").training.network
    assert growth.parameters(family, width) == sum(
        parameter.numel() for parameter in network.parameters()
    )


@pytest.mark.parametrize("name", list(growth.CURVES))
def test_curves_are_of_cases_that_can_be_built(name):
    from spec.benchmarks import cases

    sizes = growth.CURVES[name]
    training = cases.build(sizes.case(sizes.sizes[1])).training
    widths = {
        "mlp": lambda network: network.head.in_features,
        "rnn": lambda network: network.rnn.hidden_size,
        "conv": lambda network: network[0].out_channels,
    }
    got = {"batch": training.x.shape[0], "width": widths[sizes.family](training.network)}
    held = {"batch": "width", "width": "batch"}[sizes.axis]
    assert (got[sizes.axis], got[held]) == (sizes.sizes[1], sizes.held)


def test_equal_at_is_the_size_where_half_the_time_is_fixed():
    for each in (curve(3e-4, 2e-6), curve(3e-4, 2e-9, "width"), curve(3e-4, 2e-9, "width", "rnn")):
        assert each.at(each.equal_at) == pytest.approx(2 * each.fixed, rel=0.01)
    assert curve(0.0, 1e-6).equal_at == 0.0 and math.isinf(curve(1e-6, 0.0).equal_at)


def test_misfit_is_the_worst_relative_error_of_the_fit():
    assert curve(1.0, 1.0)._replace(seconds=[2.0, 10.0, 101.0]).misfit == pytest.approx(0.1)


def test_curves_are_medians_and_quartiles_of_one_call():
    (found,) = growth.curves(grown({1: [1000, 2000, 9000], 2: [3000] * 3, 3: [4000] * 3}))
    assert found.sizes == [1, 2, 3]
    assert found.seconds == pytest.approx([200e-9, 300e-9, 400e-9])
    assert (found.low[0], found.high[0]) == pytest.approx((150e-9, 550e-9))
    assert (found.fixed, found.slope) == pytest.approx((100e-9, 100e-9))


def test_curves_of_fewer_than_three_timed_sizes_are_left_out():
    assert growth.curves(grown({1: [1000], 2: [2000], 3: []})) == []


def test_text_tells_fixed_part_slope_and_where_they_are_equal():
    table = growth.text(
        [curve(3e-4, 2e-6, sizes=(1, 10, 1000)), curve(0.0, 2.5e-9, "width"), curve(1e-3, 0.0)]
    )
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines()[2:]]
    assert rows == [
        ["c", "300", "2,000 per sample", "batch 150", "0%", "302 µs at 1 to 2.3 ms at 1,000"],
        ["c", "0", "2.5 per parameter", "no fixed part", "0%", rows[1][5]],
        ["c", "1,000", "0 per sample", "does not grow", "0%", "1.0 ms at 1 to 1.0 ms at 100"],
    ]


SMALL = {
    "small": Sizes("batch", "mlp", 5, (1, 4, 16)),
    "other": Sizes("batch", "mlp", 5, (2, 8, 32)),
}


def test_measured_rounds_are_kept_and_read_back(tmp_path, monkeypatch):
    monkeypatch.setattr(growth, "CURVES", SMALL)
    told = []
    record = growth.measure(
        ROOT,
        HERE,
        "cpu",
        1.0,
        tmp_path / "kept.json",
        lambda share, what: told.append((share, what)),
        ("small",),
    )
    assert raw.read(tmp_path / "kept.json", Growth) == record
    assert not record.interrupted and record.release.library == "torch"
    assert sorted(record.rounds) == [
        "mlp-5@1.whole_step",
        "mlp-5@16.whole_step",
        "mlp-5@4.whole_step",
    ]
    assert all(
        len(each.ns) >= 3 and len(each.ns) % 3 == 0 and min(each.ns) > 0
        for each in record.rounds.values()
    )
    assert [one.name for one in growth.curves(record)] == ["small"]
    assert 1e-5 < growth.curves(record)[0].seconds[0] < 1.0
    shares = [share for share, _ in told]
    assert shares == sorted(shares) and shares[0] == 0.0 and shares[-1] <= 1.0


class Answering:
    """The near end of a worker that answers with the number of requests; it lacks batch 4."""

    def __init__(self):
        self.asked = []

    def ask(self, name, *arguments):
        self.asked.append((name, *arguments))

    def answer(self):
        return (
            ("missing", "too large")
            if "mlp-5@4.whole_step" in self.asked[-1]
            else ("ok", len(self.asked))
        )

    def get(self, name, *arguments):
        self.ask(name, *arguments)
        return self.answer()[1]

    def describe(self, root):
        return manifest()


def test_visit_is_one_warm_call_and_three_rounds_and_what_is_missing_is_told():
    remote = Answering()
    run = growth._Run(ROOT, "cpu", {"small": SMALL["small"]}, 1e-9, lambda *_: None)
    run.measure(remote)
    record = run.record(interrupted=False)
    timed = [request[1:] for request in remote.asked if request[0] == "time"]
    calls = {case: timed.calls for case, timed in record.rounds.items()}
    visits = [
        [(case, "cpu", calls[case], warm) for warm in (1, 0, 0)]
        for case in (timed[0][0], timed[3][0])
    ]
    assert timed == visits[0] + visits[1] and {timed[0][0], timed[3][0]} == {
        "mlp-5@1.whole_step",
        "mlp-5@16.whole_step",
    }
    assert record.missing == {"mlp-5@4.whole_step": "too large"}


def test_interrupted_measurement_keeps_what_it_has(tmp_path, monkeypatch):
    monkeypatch.setattr(growth, "CURVES", SMALL)
    visits = []

    def tell(_, what):
        visits.append(what)
        if what.startswith("timing") and sum(each.startswith("timing") for each in visits) == 3:
            raise KeyboardInterrupt

    record = growth.measure(ROOT, HERE, "cpu", 60.0, tmp_path / "kept.json", tell, ("small",))
    assert record.interrupted
    assert sorted(len(each.ns) for each in record.rounds.values()) == [0, 3, 3]
    assert raw.read(tmp_path / "kept.json", Growth) == record


def test_pattern_that_fits_no_curve_is_told_before_anything_starts(tmp_path):
    with pytest.raises(HistoryError, match=r"--only 'gru' .*choose from mlp-5 by batch, "):
        growth.measure(
            ROOT,
            Environment("none", tmp_path / "no-python"),
            "cpu",
            1.0,
            tmp_path / "kept.json",
            lambda *_: None,
            ("gru",),
        )
    assert not (tmp_path / "kept.json").exists()
