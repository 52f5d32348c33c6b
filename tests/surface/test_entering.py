"""Surveys enter the timelines, in any order."""

import copy

from hypothesis import given
from hypothesis import strategies as st

from tests.surface.making import SMALL, by_line, entered, surveyed, surveys
from torch_history.surface import entering, files
from torch_history.surface.entering import Entered

PAIR = {
    "1.4": surveyed("1.4.0", {"torch.a": "def (x)", "torch.b": "value"}),
    "2.0": surveyed("2.0.1", {"torch.a": "def (x, y)", "torch.c": "value"}),
}


# Laws


@SMALL
@given(by_line(), st.randoms(use_true_random=False))
def test_releases_in_any_order_give_the_same_files(told, draw):
    order = list(told)
    draw.shuffle(order)
    assert files.texts(entered(told, order)) == files.texts(entered(told))


@SMALL
@given(by_line(), st.data())
def test_survey_that_enters_twice_changes_nothing(told, data):
    surface = entered(told)
    line = data.draw(st.sampled_from(sorted(told)))
    before = files.texts(surface)
    assert entering.enter(surface, told[line], line) == Entered(len(told[line].names), 0)
    assert files.texts(surface) == before


@SMALL
@given(by_line(), surveys(), st.data())
def test_survey_leaves_nothing_of_the_one_that_it_replaces(told, newer, data):
    line = data.draw(st.sampled_from(sorted(told)))
    surface = entered(told)
    entering.enter(surface, newer, line)
    assert files.texts(surface) == files.texts(entered({**told, line: newer}))


@SMALL
@given(by_line())
def test_every_release_reads_back(told):
    surface = entered(told)
    for line, survey in told.items():
        assert list(entering.unlike(surface, survey, line)) == []


# Examples


def test_name_has_an_entry_where_it_changed_and_none_where_it_went():
    surface = entered(PAIR)
    assert surface.names == {
        "torch.a": {"1.4": "def (x)", "2.0": "def (x, y)"},
        "torch.b": {"1.4": "value", "2.0": None},
        "torch.c": {"2.0": "value"},
    }


def test_names_of_the_release_and_timelines_that_changed_are_counted():
    surface = entered({"1.4": PAIR["1.4"]})
    more = surveyed("2.0.1", {"torch.a": "def (x, y)", "torch.b": "value"})
    assert entering.enter(surface, more, "2.0") == Entered(2, 1)


def test_release_is_kept_with_how_it_was_surveyed_and_releases_ascend():
    told = {
        line: surveyed(f"{line}.1", failed={"torch.x": "OSError: no"}) for line in ("1.10", "1.9")
    }
    surface = entered(told)
    assert list(surface.releases) == ["1.9", "1.10"]
    one = surface.releases["1.9"]
    assert (one.release, one.python, one.failed) == ("1.9.1", "3.11.7", {"torch.x": "OSError: no"})


def test_module_that_could_not_be_imported_says_nothing_of_its_names():
    there = {"torch.a": "value", "torch.onnx.f": "def ()", "torch.onnx.x.C.m": "method ()"}
    parts = {
        "modules": ["torch", "torch.onnx", "torch.onnx.x"],
        "annotations": {"torch.onnx.f": "a: int"},
    }
    aliases = {"torch.onnx.g": "torch.a"}
    whole = surveyed("1.4.0", there, aliases=aliases, **parts)
    failing = surveyed("2.0.1", {}, failed={"torch.onnx": "ImportError: no"})
    surface = entered({"1.4": whole, "2.0": failing})
    assert surface.names == {
        **{name: {"1.4": kept} for name, kept in there.items()},
        "torch.a": {"1.4": "value", "2.0": None},
    }
    assert surface.aliases == {"torch.onnx": {"1.4": "+g=torch.a"}}
    assert surface.types == {"torch.onnx.f": {"1.4": "a: int"}}
    assert surface.modules["torch"] == {"1.4": "+onnx", "2.0": "-onnx"}


def test_name_that_comes_after_a_release_that_could_not_be_asked_is_not_new_there():
    failing = surveyed("2.0.1", {}, failed={"torch.onnx": "ImportError: no"})
    whole = surveyed("2.6.0", {"torch.onnx.f": "def ()"}, modules=["torch", "torch.onnx"])
    older = surveyed("1.4.0", {"torch.onnx.f": "def ()"}, modules=["torch", "torch.onnx"])
    surface = entered({"2.0": failing, "2.6": whole, "1.4": older})
    assert surface.names["torch.onnx.f"] == {"1.4": "def ()"}


def test_warning_that_stays_is_no_change():
    kept = {
        "is": "def (x)",
        "warns": [{"category": "FutureWarning", "text": "t", "when": ["x"]}],
    }
    told = {line: surveyed(f"{line}.1", {"torch.a": kept}) for line in ("1.4", "2.0")}
    assert entered(told).names == {"torch.a": {"1.4": kept}}


def test_names_that_do_not_read_back_are_named():
    surface = copy.deepcopy(entered(PAIR))
    surface.names["torch.a"]["2.0"] = "value"
    del surface.names["torch.c"]
    surface.names["torch.d"] = {"1.4": "value"}
    assert list(entering.unlike(surface, PAIR["2.0"], "2.0")) == ["torch.a", "torch.c", "torch.d"]
