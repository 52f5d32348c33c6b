"""What happened to a name between two releases, and since when."""

import pytest

from tests.surface.making import index_of, surveyed
from torch_history.surface.events import Surfaces
from torch_history.surface.what import What

WARNS = {"is": "def (x)", "warns": [{"category": "FutureWarning", "text": "Call b."}]}
SHELL = {"is": "def (x)", "removed": "Call b."}
# name -> line -> entry; each holds until the next one
NAMES = {
    "torch.same": {"1.4": "def (x)"},
    "torch.takes": {
        "1.4": "def (x, y=1)",
        "1.9": "def (x, y=1, w=0)",
        "2.0": "def (x, y=2, w=0)",
        "2.6": "def (x, y=2, w=0, v=0)",
    },
    "torch.back": {"1.4": "def (x)", "1.9": "def (x, y)", "2.6": "def (x)"},
    "torch.old": {"1.4": "def (x)", "1.9": WARNS, "2.0": SHELL, "2.6": None},
    "torch.new": {"2.0": "def (x)"},
    "torch.brief": {"1.9": "def (x)", "2.0": None},
    "torch.optim.Sgd": {"1.4": "class (params, lr)", "2.0": None},
    "torch.optim.Sgd.step": {"1.4": "method (closure=None)", "2.0": None},
    "torch.optim.SGD": {"2.0": "class (params, lr)"},
    "torch.optim.SGD.step": {"2.0": "method (closure=None)"},
    "torch.optim.Base": {"1.4": "class (params)"},
    "torch.optim.Base.zero": {"1.4": "method ()"},
    "torch.optim.Own": {"1.4": "class (params) < torch.optim.Base"},
    "torch.optim.Own.zero": {"1.4": "method ()", "2.0": None},
    "torch.onnx.export": {"1.4": "def (model)", "1.9": "def (model, f)"},
    "torch.Sizes": {"1.4": "value"},  # another name of a class of Python
    "torch.Sizes.index": {"1.4": "def (x)", "1.9": None},
}
LINES = ("1.4", "1.9", "2.0", "2.6")


def told(line):
    """The survey of a release."""
    names = {}
    for name, chain in NAMES.items():
        held = [chain[one] for one in LINES[: LINES.index(line) + 1] if one in chain]
        if held and held[-1] is not None:
            names[name] = held[-1]
    failing = line == "2.6"
    return surveyed(
        f"{line}.0",
        {name: kept for name, kept in names.items() if not (failing and "onnx" in name)},
        modules=["torch", "torch.optim", *(["torch.onnx"] * (not failing))],
        aliases={"torch.optim.same": "torch.same", "torch.alias": "torch.takes"},
        failed={"torch.onnx": "ImportError: no"} if failing else {},
    )


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    return index_of(tmp_path_factory.mktemp("events"), {line: told(line) for line in LINES})


@pytest.fixture
def events(index):
    def of(name, before, after):
        found = Surfaces(index, before, after).events(name)
        return [(one.since, one.change.what, one.words) for one in found]

    return of


# Of one name


def test_each_change_has_the_line_at_which_it_came(events):
    assert events("torch.takes", "1.4", "2.0") == [
        ("2.0", What.DEFAULT, "y is 2 by default, was 1"),
        ("1.9", What.ARGUMENT_APPEARED, "takes w"),
    ]


def test_arguments_that_came_at_two_releases_are_two_events(events):
    assert events("torch.takes", "1.4", "2.6")[1:] == [
        ("1.9", What.ARGUMENT_APPEARED, "takes w"),
        ("2.6", What.ARGUMENT_APPEARED, "takes v"),
    ]


def test_change_before_the_older_release_is_not_told(events):
    assert [since for since, *_ in events("torch.takes", "1.9", "2.0")] == ["2.0"]
    assert [since for since, *_ in events("torch.takes", "1.9.1", "2.0.1")] == ["2.0"]


def test_name_that_did_not_change_has_no_events(events):
    assert events("torch.same", "1.4", "2.6") == []
    assert events("torch.takes", "2.0", "2.0.1") == []


def test_change_that_was_taken_back_is_none(events):
    assert events("torch.back", "1.4", "2.6") == []
    assert [since for since, *_ in events("torch.back", "1.4", "2.0")] == ["1.9"]


def test_name_that_went_after_it_only_raised_is_gone_since_then(events):
    assert events("torch.old", "1.4", "2.6") == [("2.6", What.GONE, "is gone")]
    assert events("torch.old", "1.4", "2.0") == [("2.0", What.REMOVED, "only raises: Call b.")]
    assert events("torch.old", "1.4", "1.9") == [
        ("1.9", What.DEPRECATED, "warns: FutureWarning: Call b.")
    ]


def test_name_that_came_or_was_there_only_between_both(events):
    assert events("torch.new", "1.4", "2.6") == [("2.0", What.APPEARED, "exists")]
    assert events("torch.brief", "1.4", "2.0") == []
    assert events("torch.nope", "1.4", "2.6") == []


def test_downgrade_is_told_in_the_other_direction(events):
    assert events("torch.takes", "2.0", "1.4") == [
        ("1.9", What.ARGUMENT_GONE, "no longer takes w"),
        ("2.0", What.DEFAULT, "y is 1 by default, was 2"),
    ]
    assert events("torch.new", "2.6", "1.4") == [("2.0", What.GONE, "is gone")]
    assert events("torch.old", "2.0", "1.9")[0][:2] == ("2.0", What.RESTORED)


def test_name_that_is_found_elsewhere_now_is_told_with_its_new_name(events):
    assert events("torch.optim.Sgd", "1.4", "2.6") == [
        ("2.0", What.GONE, "is called torch.optim.SGD")
    ]


def test_name_is_followed_through_an_alias_and_a_base(events):
    assert events("torch.alias", "1.4", "2.0") == events("torch.takes", "1.4", "2.0")
    assert events("torch.optim.same", "1.4", "2.6") == []
    assert events("torch.optim.Own.zero", "1.4", "2.6") == []


def test_name_in_a_module_that_could_not_be_imported_has_no_events(events):
    assert events("torch.onnx.export", "1.4", "2.6") == []
    assert [since for since, *_ in events("torch.onnx.export", "1.4", "2.0")] == ["1.9"]


def test_events_of_names_that_end_alike(index):
    found = Surfaces(index, "1.4", "2.0").ending("step")
    assert {one.path for one in found} == {"torch.optim.Sgd.step", "torch.optim.SGD.step"}


def test_name_is_known_where_either_release_has_it(index):
    surfaces = Surfaces(index, "1.4", "2.6")
    assert surfaces.knows("torch.new") and surfaces.knows("torch.old")
    assert not surfaces.knows("torch.brief") and not surfaces.knows("torch.nope")


# Of all names


def names(events):
    return [(one.path, one.since) for one in events]


def test_all_names_that_changed_with_a_class_that_went_or_came_once(index):
    assert names(Surfaces(index, "1.4", "2.0").all()) == [
        ("torch.back", "1.9"),
        ("torch.new", "2.0"),
        ("torch.old", "2.0"),
        ("torch.onnx.export", "1.9"),
        ("torch.optim.SGD", "2.0"),
        ("torch.optim.Sgd", "2.0"),
        ("torch.takes", "2.0"),
        ("torch.takes", "1.9"),
    ]


def test_names_of_a_module_that_could_not_be_imported_are_left_out(index):
    assert "torch.onnx.export" not in dict(names(Surfaces(index, "1.4", "2.6").all()))


def test_what_appeared_can_be_left_out(index):
    found = Surfaces(index, "1.4", "2.0").all(appeared=False)
    assert not {"torch.new", "torch.optim.SGD"} & set(dict(names(found)))
    found = Surfaces(index, "2.0", "1.4").all(appeared=False)
    assert "torch.new" in dict(names(found)) and "torch.optim.Sgd" not in dict(names(found))


def test_names_below_one_alone(index):
    found = Surfaces(index, "1.4", "2.0").all(below="torch.optim")
    assert names(found) == [("torch.optim.SGD", "2.0"), ("torch.optim.Sgd", "2.0")]
    assert list(Surfaces(index, "1.4", "2.0").all(below="torch.opt")) == []


@pytest.mark.parametrize("pair", [("1.4", "2.6"), ("1.9", "2.0"), ("2.6", "1.4"), ("2.0", "2.0")])
def test_all_names_are_told_as_each_is_alone(index, pair):
    surfaces = Surfaces(index, *pair)
    for one in surfaces.all():
        assert one in surfaces.events(one.path)
