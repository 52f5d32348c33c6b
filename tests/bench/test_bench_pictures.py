import re
import sys
from xml.etree import ElementTree as ET

import pytest

from tests.bench.making import chain, timed
from torch_history.bench import growth
from torch_history.bench.estimate import Estimate
from torch_history.bench.pictures import drawing, forest, heat, steps
from torch_history.bench.pictures import growth as curves
from torch_history.errors import HistoryError

pytestmark = pytest.mark.filterwarnings(
    "error:constrained_layout"
)  # matplotlib found no room for everything
SVG = "{http://www.w3.org/2000/svg}"


def column(**ratios):
    """One comparison of heat_map: forward with this ratio, or void, or unknown for None."""
    made = {
        "slower": timed("mlp-5.forward", "slower", ratios.get("slower", 1.1)),
        "void": timed("mlp-5.forward", "void", ratios.get("void", 1.1)),
        "unknown": Estimate("mlp-5.forward", "unknown", "not there"),
    }
    return {"mlp-5.forward": made[next(iter(ratios))]}


@pytest.fixture
def read(tmp_path):
    """Draws a picture of this module and returns its SVG, parsed."""
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")

    def read(draw, *arguments):
        draw("torch 2.6.0 → 2.15.0", *arguments, tmp_path / "picture.svg")
        return ET.parse(tmp_path / "picture.svg")

    return read


def texts(tree):
    return ["".join(element.itertext()).strip() for element in tree.iter(f"{SVG}text")]


def place(tree, wanted):
    """Where the first such text stands, in points from the left and the top."""
    element = next(one for one in tree.iter(f"{SVG}text") if "".join(one.itertext()) == wanted)
    x, y = re.findall(r"([0-9.]+) ([0-9.]+)\)", element.get("transform"))[0]
    return float(x), float(y)


def numbers(tree):
    """The texts that are numbers with a point, as ratios are."""
    return [text for text in texts(tree) if "." in text and text.replace(".", "").isdigit()]


def styles(tree):
    return " ".join(element.get("style", "") for element in tree.iter()).lower()


COMPARED = [
    timed("mlp-5.forward", "slower", 1.21),
    timed("rnn-20.forward", "faster", 0.84),
    timed("mlp-5.backward", "inconclusive", 1.03),
    timed("rnn-20.zero_grad", "void", 0.97, control=(1.06, 1.11)),
]


def test_forest_names_every_benchmark_and_its_reason(read):
    reason = "torch 1.13.1 has no $thing, " * 8 + "and this is why"
    found = texts(read(forest.draw, [*COMPARED, Estimate("mlp-5.compiled", "unknown", reason)]))
    assert [
        text for text in found if text in ("mlp-5", "forward", "backward", "rnn-20", "zero_grad")
    ] == ["mlp-5", "forward", "backward", "rnn-20", "forward", "zero_grad"]
    assert {
        "1.21",
        "0.84",
        "1.03",
        "0.97",
        "slower (1)",
        "faster (1)",
        "inconclusive (1)",
        "void (1)",
    } <= set(found)
    assert f"mlp-5.compiled: {reason}" in " ".join(found)
    assert max(map(len, found)) < 140


def test_forest_without_a_timed_benchmark_still_tells_the_reasons(read):
    assert "mlp-5.compiled: no compiler" in texts(
        read(forest.draw, [Estimate("mlp-5.compiled", "unknown", "no compiler")])
    )


@pytest.mark.parametrize(
    "verdict, colour", [("slower", drawing.SLOWER), ("faster", drawing.FASTER)]
)
def test_forest_colours_by_verdict(read, verdict, colour):
    def amount(told):
        return styles(read(forest.draw, [timed("mlp-5.forward", told, 1.2)])).count(colour.lower())

    assert amount(verdict) > amount("inconclusive")


def test_an_interval_off_the_axis_does_not_set_the_scale(read):
    def ticks(one):
        return [
            text
            for text in numbers(read(forest.draw, [*COMPARED, one]))
            if text != f"{one.ratio:.2f}"
        ]

    tame = ticks(timed("conv-16.forward", "inconclusive", 1.07))
    assert ticks(timed("conv-16.forward", "inconclusive", 1.07, (0.01, 90))) == tame
    assert ticks(timed("conv-16.forward", "slower", 9.37)) != tame
    alone = [
        float(text)
        for text in numbers(
            read(forest.draw, [timed("conv-16.forward", "inconclusive", 1.07, (0.01, 90))])
        )
    ]
    assert 0.8 < min(alone) < max(alone) < 1.2


def test_an_interval_off_the_axis_ends_in_an_arrow(read):
    def marks(interval):
        return len(
            list(
                read(
                    forest.draw,
                    [*COMPARED, timed("conv-16.forward", "inconclusive", 1.07, interval)],
                ).iter(f"{SVG}use")
            )
        )

    assert marks((0.01, 90)) - marks((1.03, 1.11)) == 2
    assert marks((0.01, 1.11)) - marks((1.03, 1.11)) == 1


def test_heat_map_multiplies_the_ratios_of_neighbours(read):
    tree = read(heat.draw, chain(["2.0", "2.1", "2.2"], column(slower=1.1), column(slower=1.2)))
    assert sorted(numbers(tree)) == ["1.10", "1.10", "1.20", "1.32", "2.1", "2.1", "2.2", "2.2"]
    assert "against 2.0: product of the ratios" in texts(tree)


@pytest.mark.parametrize(
    "broken, shown",
    [(column(unknown=None), []), (column(void=1.3), ["1.30"]), ({}, [])],
    ids=["unknown", "void", "absent"],
)
def test_heat_map_ends_a_product_at_the_first_step_that_is_not_known(read, broken, shown):
    tree = read(
        heat.draw, chain(["a", "b", "c", "d"], column(slower=1.1), broken, column(slower=1.2))
    )
    assert sorted(numbers(tree)) == ["1.10", "1.10", "1.20", *shown]
    assert texts(tree).count("\N{EN DASH}") == 1 - len(shown)


def test_heat_map_keeps_a_network_together_though_unknown_ones_come_last(read):
    first = {
        one.name: one
        for one in [
            timed("mlp-5.forward", "slower", 1.1),
            timed("rnn-20.forward", "slower", 1.1),
            Estimate("mlp-5.compiled", "unknown", "no compiler"),
        ]
    }
    assert [
        text
        for text in texts(read(heat.draw, chain(["1.13", "2.0"], first)))
        if "." in text and "-" in text
    ] == ["mlp-5.forward", "mlp-5.compiled", "rnn-20.forward"]


def test_heat_map_is_paler_where_nothing_was_called(read):
    def colours(verdict):
        tree = read(
            heat.draw,
            chain(["1.13", "2.0"], {"mlp-5.forward": timed("mlp-5.forward", verdict, 1.6)}),
        )
        return styles(tree).count(drawing.SLOWER.lower())

    assert colours("slower") - colours("inconclusive") == 1


LONG = chain(
    [f"2.{line}" for line in range(9)],
    column(slower=1.1),
    column(void=1.2),
    *[column(slower=1.1)] * 5,
    column(unknown=None),
    pythons=["3.8.18"] * 2 + ["3.11.7"] * 6,
)


def test_long_heat_map_has_a_row_for_each_release(read):
    tree = read(heat.draw, LONG)
    places = {text: place(tree, text) for text in ("2.0 → 2.1", "2.7 → 2.8", "forward", "mlp-5")}
    first, last = places["2.0 → 2.1"], places["2.7 → 2.8"]
    assert first[1] < last[1] < places["forward"][1] and places["mlp-5"][1] < first[1]
    assert numbers(tree) == ["1.10", "1.20", *["1.10"] * 5]
    assert texts(tree).count("\N{EN DASH}") == 1


def test_steps_tell_releases_phases_and_where_python_changes(read):
    found = texts(read(steps.draw, LONG, []))
    assert [text for text in found if text.startswith("2.")] == list(LONG.releases)
    assert {"mlp-5", "forward", "zero_grad", "whole step", "Python 3.8 ← → 3.11"} <= set(found)
    assert "compared directly" not in found


def test_steps_without_any_phase_are_still_drawn(read):
    other = {"mlp-5.compiled": timed("mlp-5.compiled", "slower", 1.2)}
    assert "whole step" in texts(read(steps.draw, chain(["2.0", "2.1"], other), []))


def marks(tree):
    """How many markers and how many lines the phase forward has in the only panel."""
    (panel,) = (group for group in tree.iter(f"{SVG}g") if group.get("id") == "axes_1")
    colour = steps.LINES["forward"][1].lower()
    painted = {
        tag: [
            one.get("style", "")
            for one in panel.iter(f"{SVG}{tag}")
            if colour in one.get("style", "") and "fill-opacity" not in one.get("style", "")
        ]
        for tag in ("use", "path")
    }
    return len(painted["use"]), sum("stroke-width: 1.6" in style for style in painted["path"])


@pytest.mark.parametrize(
    "middle, drawn",
    [
        (column(slower=1.2), (3, 1)),
        (column(void=1.2), (2 + 2, 2)),
        (column(unknown=None), (2 + 2, 2)),
    ],
    ids=["known", "void", "unknown"],
)
def test_steps_break_the_line_at_a_gap(read, middle, drawn):
    """A triangle stands at each slower release; a gap has two rings and a line on both sides."""
    made = chain(["2.0", "2.1", "2.2", "2.3"], column(slower=1.1), middle, column(slower=1.1))
    assert marks(read(steps.draw, made, [])) == drawn


def test_steps_have_a_cross_for_a_direct_comparison_but_not_across_a_gap(read):
    check = chain(["2.1", "2.3"], column(slower=1.2))
    whole = chain(["2.1", "2.2", "2.3"], column(slower=1.1), column(slower=1.1))
    broken = chain(["2.1", "2.2", "2.3"], column(slower=1.1), column(void=1.1))
    plain, crossed = (marks(read(steps.draw, whole, checks)) for checks in ([], [check]))
    assert crossed[0] == plain[0] + 1
    assert marks(read(steps.draw, broken, [])) == marks(read(steps.draw, broken, [check]))


def curve(name, fixed, slope, sizes=(1, 16, 256, 4096)):
    seconds = [fixed + slope * size for size in sizes]
    return growth.Curve(
        name,
        "batch",
        "mlp",
        list(sizes),
        seconds,
        [0.97 * one for one in seconds],
        [1.04 * one for one in seconds],
        fixed,
        slope,
    )


@pytest.mark.parametrize(
    "fixed, slope, told",
    [
        (41e-6, 0.32e-6, ["41 µs + 320 ns per sample;", "below batch 128 more than half is fixed"]),
        (41e-3, 0.32e-6, ["41 ms + 320 ns per sample;", "more than half is fixed at each size"]),
        (41e-6, 82e-6, ["41 µs + 82 µs per sample;", "less than half is fixed at each size"]),
        (0.0, 82e-6, ["0 s + 82 µs per sample;", "less than half is fixed at each size"]),
        (41e-6, 0.0, ["41 µs + 0 s per sample;", "more than half is fixed at each size"]),
    ],
    ids=["both", "flat", "steep", "no_fixed_part", "no_growing_part"],
)
def test_growth_tells_both_parts_and_where_they_are_equal(read, fixed, slope, told):
    found = texts(
        read(curves.draw, [curve("mlp-5 by batch", fixed, slope), curve("other", 1e-3, 1e-3)])
    )
    assert {"mlp-5 by batch", "other", *told} <= set(found)


@pytest.mark.parametrize(
    "draw, arguments",
    [
        (forest.draw, [COMPARED]),
        (heat.draw, [chain(["1.13", "2.0", "2.6"], column(slower=1.1), column(void=1.2))]),
        (heat.draw, [LONG]),
        (steps.draw, [LONG, [chain(["2.1", "2.3"], column(slower=1.1))]]),
        (curves.draw, [[curve("mlp-5 by batch", 41e-6, 0.32e-6)]]),
    ],
    ids=["forest", "heat", "long heat", "steps", "growth"],
)
def test_same_input_gives_the_same_bytes(tmp_path, draw, arguments):
    matplotlib = pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    draw("title", *arguments, tmp_path / "one.svg")
    with matplotlib.rc_context(
        {"axes.facecolor": "red", "svg.hashsalt": None}
    ):  # what a user's own settings must not change
        draw("title", *arguments, tmp_path / "two.svg")
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "two.svg").read_bytes()


@pytest.mark.parametrize("name", ["picture.nonsense", "file/picture.svg"])
def test_a_picture_that_cannot_be_written_names_its_path(tmp_path, name):
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(HistoryError, match=r"picture\.\w+: cannot be written"):
        forest.draw("title", COMPARED, tmp_path / name)


def test_a_missing_matplotlib_is_named_with_its_remedy(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(
        HistoryError,
        match=r"^the plot needs matplotlib: python -m pip install 'torch-history\[bench\]'$",
    ):
        forest.draw("title", COMPARED, tmp_path / "picture.svg")
