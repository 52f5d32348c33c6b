"""The release since which each argument, base and warning is as in the newer release."""

import pytest

from tests.surface.making import index_of, surveyed
from torch_history.surface.events import Surfaces
from torch_history.surface.what import What


def warns(*texts):
    """A function with these warnings, each with the parameter that brings it, if that is known."""
    told = [
        {"category": "FutureWarning", "text": text, "when": [when] if when else []}
        for text, when in texts
    ]
    return {"is": "def (x=0)", "warns": told}


LINES = ("1.4", "1.9", "2.0", "2.6")
# name -> line -> entry; each holds until the next one
NAMES = {
    "torch.loses": {
        "1.4": "def (x, old=0, **options)",
        "1.9": "def (x, old=0)",
        "2.6": "def (x)",
    },
    "torch.renames": {
        "1.4": "def (i, size_average=None)",
        "1.9": "def (i, average=None)",
        "2.6": "def (j, average=None)",
    },
    "torch.twice": {"1.4": "def (size=0)", "1.9": "def (shape=0)", "2.0": "def (sizes=0)"},
    "torch.becomes": {"1.4": "def (a=0)", "1.9": "def (b=0)", "2.0": "def (b=0, c=0)"},
    "torch.keyword": {
        "1.4": "def (x, a=0, b=0)",
        "1.9": "def (x, a=0, *, b=0)",
        "2.0": "def (x, *, a=0, b=0)",
    },
    "torch.moves": {
        "1.4": "def (a=0, b=1, c=2)",
        "1.9": "def (a=0, c=2, b=1)",
        "2.0": "def (d=3, c=2, b=1, a=0)",
    },
    "torch.asks": {"1.4": "def (a=0)", "2.0": "def (a)", "2.6": "def (a, x)"},
    "torch.defaults": {"1.4": "def (a=0, b=0)", "1.9": "def (a=1, b=2)", "2.6": "def (a=1.0, b=1)"},
    "torch.returns": {
        "1.4": "def (x)",
        "1.9": None,
        "2.0": "def (x, w=0)",
        "2.6": "def (x, w=0, v=0)",
    },
    "torch.again": {
        "1.4": "def (x)",
        "1.9": "def (x, w=0)",
        "2.0": "def (x)",
        "2.6": "def (x, w=0)",
    },
    "torch.unclear": {"1.4": "def (x)", "1.9": "def (x, w=0)", "2.0": "def", "2.6": "def (x, w=1)"},
    "torch.warns": {
        "1.4": "def (x=0)",
        "1.9": warns(("metrics goes", None)),
        "2.0": warns(("metrics goes", None), ("x goes", "x")),
        "2.6": warns(("steps goes", None), ("x goes away", "x")),
    },
    "torch.shell": {
        "1.4": "def (x)",
        "1.9": {"is": "def (x)", "removed": "Call b."},
        "2.0": {"is": "def (x)", "removed": "Call c."},
    },
    "torch.Base": {"1.4": "class ()"},
    "torch.Heir": {
        "1.4": "class () < RuntimeError, torch.Base",
        "1.9": "class () < torch.Base",
        "2.0": "class ()",
    },
    "torch.late": {"2.6": "def (x)"},
}


def at(line):
    """The survey of a release; ``torch.late`` is an alias in 2.0."""
    held = LINES[: LINES.index(line) + 1]
    chains = {name: [chain[one] for one in held if one in chain] for name, chain in NAMES.items()}
    names = {name: kept[-1] for name, kept in chains.items() if kept and kept[-1] is not None}
    aliases = {"torch.late": "torch.Base"} if line == "2.0" else {}
    return surveyed(f"{line}.0", names, modules=["torch"], aliases=aliases)


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    return index_of(tmp_path_factory.mktemp("dates"), {line: at(line) for line in LINES})


@pytest.fixture
def told(index):
    """``2.0 takes w``: the line and the words of each event, by line."""

    def of(name, before="1.4", after="2.6"):
        found = Surfaces(index, before, after).events(name)
        return sorted(f"{one.since} {one.words}" for one in found)

    return of


@pytest.mark.parametrize(
    "name, words",
    [
        ("torch.loses", ["1.9 no longer takes **options", "2.6 no longer takes old"]),
        ("torch.renames", ["1.9 renames size_average to average", "2.6 renames i to j"]),
        ("torch.twice", ["2.0 renames size to sizes"]),
        ("torch.becomes", ["1.9 no longer takes a", "1.9 takes b", "2.0 takes c"]),
        ("torch.keyword", ["1.9 takes b by keyword only", "2.0 takes a by keyword only"]),
        (
            "torch.moves",
            [
                "1.9 takes c in place of b as its second argument, b in place of c as its third",
                "2.0 takes d",
                "2.0 takes d in place of a as its first argument",
            ],
        ),
        ("torch.asks", ["2.0 requires a", "2.6 takes a new required argument x"]),
        ("torch.defaults", ["1.9 a is 1.0 by default, was 0", "2.6 b is 1 by default, was 0"]),
        ("torch.returns", ["2.0 takes w", "2.6 takes v"]),
    ],
)
def test_each_argument_is_told_with_the_release_since_which_it_is_so(told, name, words):
    assert told(name) == words


def test_release_whose_parameters_are_not_known_says_nothing(told):
    assert told("torch.unclear") == ["1.9 takes w"]


def test_downgrade_names_the_release_down_to_which_the_older_one_is_so(told):
    assert told("torch.returns", "2.6", "1.4") == ["2.0 no longer takes w", "2.6 no longer takes v"]
    assert told("torch.again", "2.6", "1.4") == ["1.9 no longer takes w"]
    assert told("torch.again", "1.4", "2.6") == ["2.6 takes w"]


def test_each_base_is_told_with_the_release_that_lost_it(told):
    assert told("torch.Heir") == [
        "1.9 no longer derives from RuntimeError",
        "2.0 no longer derives from torch.Base",
    ]
    assert told("torch.Heir", "1.4", "1.9") == ["1.9 no longer derives from RuntimeError"]


def test_warning_in_other_words_is_told_with_the_release_that_brought_it(told):
    assert "2.0 warns where x is given: FutureWarning: x goes away" in told("torch.warns")


def test_warning_under_an_unknown_condition_is_another_if_its_first_word_is(told):
    assert "2.6 warns in some calls: FutureWarning: steps goes" in told("torch.warns")
    assert told("torch.warns", "2.0", "2.6") == [
        "2.6 warns in some calls: FutureWarning: steps goes",
        "2.6 warns where x is given: FutureWarning: x goes away (in other words before)",
    ]


def test_name_that_only_raises_is_told_with_the_release_since_which_it_does(told):
    assert told("torch.shell") == ["1.9 only raises: Call c."]
    assert told("torch.shell", "1.9", "2.6") == ["2.0 raises with another message: Call c."]


def test_name_that_was_an_alias_before_is_there_since_then(index, told):
    assert told("torch.late") == ["2.0 exists"]
    found = [one for one in Surfaces(index, "1.4", "2.6").all() if one.path == "torch.late"]
    assert [(one.since, one.change.what) for one in found] == [("2.0", What.APPEARED)]


@pytest.mark.parametrize("pair", [("1.4", "2.6"), ("1.9", "2.6"), ("2.6", "1.4")])
def test_all_names_are_told_as_each_is_alone(index, pair):
    surfaces = Surfaces(index, *pair)
    for one in surfaces.all():
        assert one in surfaces.events(one.name)
