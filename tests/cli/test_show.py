"""``torch-history show`` of names: what the surface says, and then the behaviours."""

import shutil

import pytest

from tests.surface.making import index_of, surveyed
from torch_history.cli import main

MODULES = ["fakelib", "fakelib.optim", "fakelib.nn"]
OLD = {
    "fakelib.optim.scale": "function (x)",
    "fakelib.optim.lost": "function ()",
    "fakelib.optim.Warmup": "class (start)",
    "fakelib.nn.constant": "function ()",
    "fakelib.nn.halves": "function ()",
    "fakelib.nn.lost": "function ()",
}
NEW = {
    **OLD,
    "fakelib.optim.scale": "function (x, rate=1)",
    "fakelib.optim.Warmup": "class (start, *, end=0)",
}
NEW["fakelib.nn.Noisy"] = "class ()"
del NEW["fakelib.optim.lost"]
TYPES = {"fakelib.optim.Warmup": "start: float"}
COUNT = "4 behaviours: `torch-history show ID` shows one whole\n"


@pytest.fixture(scope="module")
def root(recorded, tmp_path_factory):
    """A copy of the recorded project, with a surface of two releases."""
    root = tmp_path_factory.mktemp("shown") / "project"
    left_out = shutil.ignore_patterns("__pycache__", ".history")
    shutil.copytree(str(recorded.root), str(root), ignore=left_out)
    surveys = {
        "1.4": surveyed("1.4.0", OLD, modules=MODULES),
        "2.0": surveyed(
            "2.0.1",
            NEW,
            modules=MODULES,
            annotations=TYPES,
            aliases={"fakelib.Warmup": "fakelib.optim.Warmup"},
        ),
    }
    index_of(root, surveys)
    return root


@pytest.fixture
def show(root, capsys):
    def command(*arguments):
        status = main(["--root", str(root), "show", *arguments])
        return (status, *capsys.readouterr())

    return command


def test_name_comes_before_its_one_behaviour_which_is_shown_whole(show):
    whole = show("rates.scale_halves")[1]
    assert show("fakelib.optim.scale") == (
        0,
        "fakelib.optim.scale\n"
        "  function, since 1.4 or before\n"
        "  takes (x, rate=1)\n"
        "\n"
        "2.0: takes rate\n"
        "\n" + whole,
        "",
    )


def test_behaviours_of_a_module_are_listed_after_it_with_their_claims(show):
    status, out, err = show("fakelib.nn")
    assert (status, err) == (0, COUNT)
    assert out.splitlines() == [
        "fakelib.nn",
        "  module, since 1.4 or before",
        "",
        "4 public names in 2.0",
        "  2.0: came Noisy",
        "",
        "rates.constant_stays",
        "  The constant never changes.",
        "rates.noisy_warns   (changed in 2.0)",
        "  It warns.",
        "rates.complaint_tells_the_remedy   (changed in 2.6)",
        "  The complaint tells the remedy.",
        "rates.flip_comes_back   (changed in 1.13, 2.6)",
        "  One, two, and one again.",
    ]


@pytest.mark.parametrize("asked", ["fakelib.optim.Warmup", "Warmup", "optim.Warmup"])
def test_name_without_behaviours_is_shown_alone(show, asked):
    status, out, err = show(asked)
    assert (status, err) == (0, "")
    assert out.splitlines() == [
        "fakelib.optim.Warmup",
        "  class, since 1.4 or before",
        "  also fakelib.Warmup",
        "  takes (start, *, end=0)",
        "",
        "2.0: takes end",
    ]


def test_alias_is_the_same_object(show):
    out = show("fakelib.Warmup")[1]
    assert out.splitlines()[:3] == [
        "fakelib.Warmup",
        "  class, since 2.0",
        "  the same as fakelib.optim.Warmup",
    ]


def test_annotations_are_told_only_when_asked_for(show):
    assert "start: float" not in show("Warmup")[1]
    assert "annotations since 2.0:\n  start: float\n" in show("Warmup", "--annotations")[1]


@pytest.mark.parametrize(
    "asked, says",
    [
        ("rates.scale_halves", "rates.scale_halves is not a name of torch that was surveyed"),
        ("lost", "lost means 2 names: give one of torch"),
        ("nobody", "nobody means 0 names: give one of torch"),
    ],
)
def test_annotations_of_anything_but_one_name_are_refused(show, asked, says):
    assert show(asked, "--annotations") == (2, "", f"torch-history: --annotations: {says}\n")


def test_several_names_are_listed_those_of_the_newest_release_first(show):
    assert show("lost") == (
        0,
        "lost is the name of several in torch:\n  fakelib.nn.lost\n  fakelib.optim.lost\n",
        "",
    )


def test_part_of_an_id_means_behaviours_and_a_name_is_only_mentioned(show):
    status, out, err = show("halves")
    assert status == 0 and out.startswith("rates.scale_halves\n  spec/")
    assert err == (
        "halves is fakelib.nn.halves too: `torch-history show fakelib.nn.halves` shows what "
        "happened to that name\n"
    )


def test_name_with_capitals_comes_before_the_behaviours_whose_ids_it_is_part_of(show):
    out = show("Noisy")[1]
    assert (
        out.startswith("fakelib.nn.Noisy\n  class, since 2.0\n") and "\nrates.noisy_warns\n" in out
    )


def test_annotations_are_of_the_name_and_not_of_behaviours(show):
    assert show("halves", "--annotations")[1].startswith("fakelib.nn.halves\n  function")


def test_word_that_is_no_name_means_behaviours_as_before(show):
    assert show("nobody") == show("rates.scale_halves")


@pytest.mark.parametrize(
    "asked, hint",
    [
        ("fakelib.optim.Warmpu", "did you mean fakelib.optim.Warmup?"),
        ("fakelib.optm.Warmup", "did you mean fakelib.optim.Warmup?"),
        ("fakelib.optim.scael", "did you mean fakelib.optim.scale?"),
        ("fakelib.optim.other", "see `torch-history list`"),
    ],
)
def test_misspelt_name_is_found_in_the_surface_too(show, asked, hint):
    told = f"ID '{asked}': not covered: no behaviour is about {asked}: {hint}\n"
    assert show(asked) == (2, "", f"torch-history: {told}")


def test_script_is_of_a_behaviour(show):
    status, out, err = show("Warmup", "--script")
    assert (status, out) == (2, "") and "no behaviour mentions Warmup" in err
