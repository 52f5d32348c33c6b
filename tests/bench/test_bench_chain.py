"""Releases in a row: products of ratios, their errors, and what the page says of them."""

import gzip
import math

import pytest

from tests.bench.making import chain, judged, manifest, record, rounds, timed
from torch_history.bench import chain as chains
from torch_history.bench import command, page, raw, steps
from torch_history.bench.chain import Error, Ratio
from torch_history.bench.estimate import Estimate
from torch_history.errors import HistoryError

NAME = "mlp-5.forward"


def one(ratio, verdict="inconclusive", low=0.02, high=0.02, control=0.01):
    """A step whose interval is this far below and above, in logarithms."""
    ends = ratio * math.exp(-low), ratio * math.exp(high)
    return timed(NAME, verdict, ratio, ends, (math.exp(-control), math.exp(control)))


UNKNOWN = Estimate(NAME, "unknown", "not there")


def test_error_of_a_product_is_the_root_of_the_sum_of_squares():
    (run,) = chains.runs([one(1.1, low=0.03, high=0.04), one(1.2, low=0.04, high=0.03)])
    assert [point.at for point in run] == [0, 1, 2]
    assert run[-1].height == pytest.approx(math.log(1.1 * 1.2))
    assert run[-1].error == pytest.approx(Error(0.05, 0.05))


def test_error_of_a_step_is_the_control_s_where_that_is_larger():
    assert chains.error(one(1.1, low=0.01, high=0.04, control=0.03)) == pytest.approx(
        Error(0.03, 0.04)
    )


def test_line_goes_on_after_a_void_step_with_the_error_of_its_control():
    first, second = chains.runs([one(1.1), one(0.25, "void", control=0.4), one(1.0)])
    assert [point.at for point in first] == [0, 1]
    assert [point.at for point in second] == [2, 3]
    assert second[0].height == pytest.approx(math.log(1.1 * 0.25))
    assert second[0].error.above == pytest.approx(math.hypot(0.02, 0.4))


def test_line_after_an_unknown_step_begins_where_the_last_one_ended():
    first, second = chains.runs([one(1.1), UNKNOWN, one(1.2)])
    assert second[0].height == first[-1].height
    assert second[0].error == Error()
    assert second[1].error == pytest.approx(Error(0.02, 0.02))


@pytest.mark.parametrize(
    "steps, ratio",
    [
        ([one(1.1), one(1.2)], 1.32),
        ([one(1.1), UNKNOWN], None),
        ([one(1.1, "void"), one(1.2)], None),
    ],
    ids=["known", "unknown", "void"],
)
def test_no_product_crosses_a_gap(steps, ratio):
    made = chain(["2.0", "2.1", "2.2"], *({NAME: step} for step in steps))
    found = chains.product(made, NAME, "2.0", "2.2")
    assert (found and found.ratio) == (ratio and pytest.approx(ratio))


def test_product_ends_at_the_releases_that_are_asked_for():
    made = chain(["2.0", "2.1", "2.2"], {NAME: one(1.1)}, {NAME: one(1.2)})
    assert chains.product(made, NAME, "2.1", "2.2").ratio == pytest.approx(1.2)
    assert chains.product(made, NAME, "2.1", "2.6") is None
    assert chains.product(made, NAME, "2.2", "2.1") is None


@pytest.mark.parametrize("other, agrees", [(1.04, True), (1.08, False), (0.93, False)])
def test_ratios_agree_within_both_errors(other, agrees):
    """Both are 3 % uncertain, so their difference is 4.2 %."""
    first, second = (Ratio(ratio, (ratio / 1.03, ratio * 1.03)) for ratio in (1.0, other))
    assert chains.agree(first, second) == chains.agree(second, first) == agrees


def run_of(before, after, ratio, python="3.11.7", **more):
    """A comparison of two releases, whose whole step of mlp-5 has this ratio."""
    timed = rounds(1e5, 1e5, 1e5 * ratio, noise=0.001, launches=3, count=9)
    return record(
        before=manifest(before, python),
        after=manifest(after, python),
        rounds={"mlp-5.whole_step": timed, "mlp-5.forward": timed},
        **more,
    )


def test_comparisons_of_a_chain_are_sorted_and_tell_what_is_not_clean():
    later = run_of("2.1.2", "2.2.2", 1.0, notes=("another wheel",), altered="slower.py")
    made = chains.chained(map(judged, [later, run_of("2.0.1", "2.1.2", 1.0, "3.8.18")]))
    assert made.releases == ("2.0.1", "2.1.2", "2.2.2")
    assert made.pythons == ("3.8.18", "3.11.7")
    assert made.runs == ("2026-01-01 on a processor with 2 cores",)
    assert made.notes == ("another wheel", "torch 2.2.2 was altered by slower.py")


@pytest.fixture
def committed(tmp_path):
    """A project with a chain of three steps, one of them packed, and a direct comparison."""
    folder = tmp_path / page.FOLDER
    raw.write(folder / "chain" / "a.json", run_of("1.13.1", "2.0.1", 1.1, "3.8.18"))
    raw.write(folder / "chain" / "b.json", run_of("2.0.1", "2.1.2", 1.2))
    raw.write(folder / "c.json", run_of("2.1.2", "2.2.2", 1.0))
    packed = gzip.compress((folder / "c.json").read_bytes())
    (folder / "chain" / "c.json.gz").write_bytes(packed)
    raw.write(folder / "c.json", run_of("2.0.1", "2.2.2", 1.21))
    return tmp_path


def test_page_keeps_the_chain_apart_from_single_comparisons(committed):
    text = page.page(committed)
    assert "## The step's cost over 4 releases" in text
    assert [line for line in text.splitlines() if line.startswith("## torch")] == [
        "## torch 2.0.1 → 2.2.2 on cpu"
    ]
    assert "1.13.1 to 2.0.1 on Python 3.8, 2.0.1 to 2.2.2 on Python 3.11." in text


def test_page_has_a_row_for_each_step_and_their_product(committed):
    _, _, text = page.page(committed).partition("| release |")
    rows = text.splitlines()
    assert rows[2:4] == [
        "| 2.0.1 | **1.10** | mlp-5.forward 1.10 (1.10\N{EN DASH}1.10) |",
        "| 2.1.2 | **1.20** | mlp-5.forward 1.20 (1.20\N{EN DASH}1.20) |",
    ]
    assert rows[4:6] == [
        "| 2.2.2 | 1.00 | none |",
        "| 1.13.1 → 2.2.2, product | 1.32 (1.32\N{EN DASH}1.32) |  |",
    ]


def test_page_says_which_products_a_direct_comparison_does_not_confirm(committed):
    text = page.page(committed)
    assert "0 of 2 products agree" in text
    assert "| 2.0.1 → 2.2.2 | mlp-5.whole_step | 1.20 (1.20\N{EN DASH}1.20) | 1.21 " in text


def test_page_counts_the_gaps():
    made = chain(["2.0", "2.1", "2.2"], {NAME: one(1.1, "void")}, {})
    text = steps.reading(made)
    assert "Of the 2 ratios, 1 are void and 1 unknown. Each is a gap in a line" in text
    assert "| 2.1 | " in steps.table(made)


def test_chain_with_a_release_missing_is_refused(committed):
    (committed / page.FOLDER / "chain" / "b.json").unlink()
    with pytest.raises(HistoryError, match=r"^no comparison continues from torch 2\.0\.1 "):
        page.page(committed)


def test_benchmarks_draws_the_chain_beside_the_single_runs(committed):
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    command.draw_all(committed)
    assert sorted(path.name for path in committed.rglob("*.svg")) == [
        "c.svg",
        "neighbours-cpu.svg",
        "steps-cpu.svg",
    ]
    text = page.page(committed)
    assert "benchmarks/steps-cpu.svg)" in text and "benchmarks/neighbours-cpu.svg)" in text
