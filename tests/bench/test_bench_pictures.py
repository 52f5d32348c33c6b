import sys
from xml.etree import ElementTree as ET

import pytest

from torch_history.bench import growth, pictures
from torch_history.bench.estimate import Estimate
from torch_history.errors import HistoryError

pytestmark = pytest.mark.filterwarnings(
    "error:constrained_layout"
)  # matplotlib found no room for everything
SVG = "{http://www.w3.org/2000/svg}"


def timed(name, verdict, ratio, interval=None, control=(0.98, 1.02)):
    return Estimate(
        name,
        verdict,
        None,
        ratio,
        interval or (ratio * 0.98, ratio * 1.02),
        1.0,
        control,
        1e5,
        1e5 * ratio,
        6,
        100,
    )


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
    found = texts(read(pictures.forest, [*COMPARED, Estimate("mlp-5.compiled", "unknown", reason)]))
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
        read(pictures.forest, [Estimate("mlp-5.compiled", "unknown", "no compiler")])
    )


@pytest.mark.parametrize(
    "verdict, colour", [("slower", pictures.SLOWER), ("faster", pictures.FASTER)]
)
def test_forest_colours_by_verdict(read, verdict, colour):
    def amount(told):
        return styles(read(pictures.forest, [timed("mlp-5.forward", told, 1.2)])).count(
            colour.lower()
        )

    assert amount(verdict) > amount("inconclusive")


def test_an_interval_off_the_axis_does_not_set_the_scale(read):
    def ticks(one):
        return [
            text
            for text in numbers(read(pictures.forest, [*COMPARED, one]))
            if text != f"{one.ratio:.2f}"
        ]

    tame = ticks(timed("conv-16.forward", "inconclusive", 1.07))
    assert ticks(timed("conv-16.forward", "inconclusive", 1.07, (0.01, 90))) == tame
    assert ticks(timed("conv-16.forward", "slower", 9.37)) != tame
    alone = [
        float(text)
        for text in numbers(
            read(pictures.forest, [timed("conv-16.forward", "inconclusive", 1.07, (0.01, 90))])
        )
    ]
    assert 0.8 < min(alone) < max(alone) < 1.2


def test_an_interval_off_the_axis_ends_in_an_arrow(read):
    def marks(interval):
        return len(
            list(
                read(
                    pictures.forest,
                    [*COMPARED, timed("conv-16.forward", "inconclusive", 1.07, interval)],
                ).iter(f"{SVG}use")
            )
        )

    assert marks((0.01, 90)) - marks((1.03, 1.11)) == 2
    assert marks((0.01, 1.11)) - marks((1.03, 1.11)) == 1


def test_heat_map_multiplies_the_ratios_of_neighbours(read):
    tree = read(pictures.heat_map, ["2.0", "2.1", "2.2"], [column(slower=1.1), column(slower=1.2)])
    assert sorted(numbers(tree)) == ["1.10", "1.10", "1.20", "1.32", "2.1", "2.1", "2.2", "2.2"]
    assert "against 2.0: product of the ratios" in texts(tree)


@pytest.mark.parametrize(
    "broken, shown",
    [(column(unknown=None), []), (column(void=1.3), ["1.30"]), ({}, [])],
    ids=["unknown", "void", "absent"],
)
def test_heat_map_ends_a_product_at_the_first_step_that_is_not_known(read, broken, shown):
    tree = read(
        pictures.heat_map, ["a", "b", "c", "d"], [column(slower=1.1), broken, column(slower=1.2)]
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
        for text in texts(read(pictures.heat_map, ["1.13", "2.0"], [first]))
        if "." in text and "-" in text
    ] == ["mlp-5.forward", "mlp-5.compiled", "rnn-20.forward"]


def test_heat_map_is_paler_where_nothing_was_called(read):
    def colours(verdict):
        tree = read(
            pictures.heat_map,
            ["1.13", "2.0"],
            [{"mlp-5.forward": timed("mlp-5.forward", verdict, 1.6)}],
        )
        return styles(tree).count(pictures.SLOWER.lower())

    assert colours("slower") - colours("inconclusive") == 1


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
        read(pictures.growth, [curve("mlp-5 by batch", fixed, slope), curve("other", 1e-3, 1e-3)])
    )
    assert {"mlp-5 by batch", "other", *told} <= set(found)


@pytest.mark.parametrize(
    "draw, arguments",
    [
        (pictures.forest, [COMPARED]),
        (pictures.heat_map, [["1.13", "2.0", "2.6"], [column(slower=1.1), column(void=1.2)]]),
        (pictures.growth, [[curve("mlp-5 by batch", 41e-6, 0.32e-6)]]),
    ],
    ids=["forest", "heat_map", "growth"],
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
        pictures.forest("title", COMPARED, tmp_path / name)


def test_a_missing_matplotlib_is_named_with_its_remedy(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(
        HistoryError,
        match=r"^the plot needs matplotlib: python -m pip install 'torch-history\[bench\]'$",
    ):
        pictures.forest("title", COMPARED, tmp_path / "picture.svg")
