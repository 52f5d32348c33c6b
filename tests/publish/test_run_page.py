"""The page of an answer of ``torch-history run``: whole in itself, escaped, its plots right."""

import re

import pytest

from tests.publish.run_results import (
    DISTANCES,
    FULL,
    PARTED,
    SMALLEST,
    VERDICTS,
    filled,
    hostile,
    replaced,
)
from tests.publish.sites import Page
from torch_history.comparing.result import Curve, Distances, Verdict
from torch_history.publish import run_page, run_plots, run_words
from torch_history.publish.run_plots import Cell


@pytest.fixture(scope="module")
def full():
    return Page(run_page.page(FULL))


def structure(page):
    """The tags of a page with the names of their attributes."""
    return [(tag, sorted(given)) for tag, given in page.tags]


@pytest.mark.parametrize("verdict", list(Verdict))
def test_page_of_every_verdict_says_it_and_needs_nothing_beside_it(verdict):
    page = Page(run_page.page(VERDICTS[verdict]))
    assert f"torch 2.6 to 2.15: {run_words.LABELS[verdict]}" in page.text
    assert VERDICTS[verdict].words[1:] in page.text
    assert {target for _, _, target in page.references} == {"data:,"}
    assert "script" not in {tag for tag, _ in page.tags} and "url(" not in page.html


def test_words_from_outside_stay_words():
    evil = Page(run_page.page(hostile()))
    assert structure(evil) == structure(Page(run_page.page(filled("tame"))))
    assert "\x1b" not in evil.html and "<script" not in evil.html


def test_page_forbids_scripts_and_requests(full):
    (policy,) = (given["content"] for _, given in full.tags if "http-equiv" in given)
    assert policy == "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def test_page_has_each_part_of_the_answer(full):
    for words in (
        "first other bit before any optimizer step",
        "losses differ by up to 1e-6 %, parameters by up to 3e-5 % (step 2)",
        "rounding alone leads to 0.4 % (an ulp of jitter)",
        "train.py:21 in forward : F.gelu returns different values",
        "return F.gelu(x)",
        "largest difference 3.1e-4 of 2.9 (0.011 %)",
        "torch 2.6 torch 2.15 0.1587 0.1584 -0.0456 -0.0457 1.25 not finite",
        "losses.gelu_takes_another_formula : since 2.7 gelu takes another formula",
        'approximate="none"',
        "runs only after _to_copy → bfloat16, mm",
        "2 operations that round differently",
        "FutureWarning : `torch.cuda.amp.GradScaler(args...)` is deprecated. Use another one.",
        "NumPy 1.26.4 → 2.2.1",
        "typing-extensions 4.12 not installed",
        "1 package of the same version pillow 11.0",
        "epoch 1 loss 2.5 On stderr: train.py:12: FutureWarning",
        "jitter: 2.6 with an ulp of jitter 9.1 s",
    ):
        assert run_flat(words) in run_flat(full.text)


def run_flat(text):
    """Words without the spaces that depend on the tags between them."""
    return "".join(text.split())


def test_smallest_answer_has_no_empty_part():
    page = Page(run_page.page(SMALLEST))
    headings = re.findall(r"<h2>(.*?)</h2>", page.html)
    assert headings == ["The two runs"] and "figure" not in {tag for tag, _ in page.tags}


# ---- the plots


def curves(*losses):
    return replaced(PARTED, curves=tuple(Curve(run, tuple(values)) for run, values in losses))


def test_losses_are_drawn_between_round_ticks_with_a_gap_where_there_is_no_number():
    plot = run_plots.losses(curves(("before", (2.5, 2.0, 1.5, 1.0)), ("tape", (2.5, 2, None, 1))))
    assert [(tick.at, tick.label) for tick in plot.up] == [
        (0, "1"), (pytest.approx(100 / 3), "1.5"), (pytest.approx(200 / 3), "2"), (100, "2.5")
    ]  # fmt: skip
    before, tape = plot.lines
    assert before.path == "M0.0 0.0L333.3 333.3L666.7 666.7L1000.0 1000.0"
    assert (tape.path, tape.dots) == ("M0.0 0.0L333.3 333.3", "M1000.0 1000.0h0")


@pytest.mark.parametrize(
    "losses, labels",
    [((1.0, 0.001), ["1", "0.1", "0.01", "1e-3"]), ((3.0, 3.0), ["2.6", "2.8", "3", "3.2", "3.4"])],
)
def test_axis_fits_losses_of_many_sizes_and_of_one(losses, labels):
    plot = run_plots.losses(curves(("before", losses)))
    assert [tick.label for tick in plot.up] == labels


def test_same_loss_is_at_the_bottom_of_the_distances():
    plot = run_plots.loss_distances(curves(("before", (1.0, 1.0)), ("after", (1.0, 1.1))))
    assert plot.lines[0].path.startswith("M0.0 1000.0L1000.0 ")
    assert plot.up[0] == (0, "0")
    assert run_plots.loss_distances(curves(("before", (1.0, 1.0)), ("after", (1.0, 1.0)))) is None


def test_line_of_many_points_keeps_its_extremes():
    losses = [1.0] * 10_000
    losses[5_003], losses[7_007] = 9.0, -9.0
    path = run_plots.losses(curves(("before", losses))).lines[0].path
    heights = [float(point.split()[1]) for point in path[1:].split("L")]
    assert len(heights) <= run_plots.POINTS
    assert (heights.count(min(heights)), heights.count(max(heights))) == (1, 1)


def test_heat_map_merges_neighbours_of_one_colour():
    heat = run_plots.heats(replaced(PARTED, distances=DISTANCES))[0]
    assert heat.rows[0].cells == [Cell(0, 1, 0), Cell(1, 1, 2), Cell(2, 1, 5), Cell(3, 1, 8)]
    assert heat.rows[1].cells == [
        Cell(0, 1, 0), Cell(1, 1, None), Cell(2, 1, 0), Cell(3, 1, 6)
    ]  # fmt: skip
    assert (heat.rows[0].largest, heat.first, heat.last) == ("0.02", 1, 4)


def test_heat_map_of_a_large_run_shows_the_farthest_parameters_and_the_largest_of_each_stretch():
    values = tuple(tuple([1e-6] * 499 + [number * 1e-4]) for number in range(100))
    names = tuple(f"p{number}" for number in range(100))
    distances = (Distances("after", names, tuple(range(500)), values),)
    (heat,) = run_plots.heats(replaced(PARTED, distances=distances))
    assert [row.name for row in heat.rows] == [f"p{number}" for number in range(40, 100)]
    assert (heat.left_out, heat.columns) == (40, 100)
    assert heat.rows[-1].cells == [Cell(0, 99, 4), Cell(99, 1, 7)]


def test_levels_of_colour_are_those_of_the_legend():
    told = dict(run_plots.levels())
    shown = {value: told[run_plots._level(value)] for value in (0.0, 5e-9, 2e-8, 3e-2, 0.1, 7.0)}
    assert list(shown.values()) == [
        "same bits", "less than 1e-8", "1e-8", "1e-2", "0.1 and more", "0.1 and more"
    ]  # fmt: skip
