"""What changed in a class, and which names came and went in a module."""

import pytest

from tests.questions import surface as small
from torch_history.questions.contents import Inside, Turn, inside, members
from torch_history.questions.names import Lives


@pytest.fixture(scope="module")
def lives(tmp_path_factory):
    surface = small.written(tmp_path_factory.mktemp("contents"))
    return Lives(small.catalogue(), surface)


def changed(lives, name):
    return {
        member.name: {change.since: change.words for change in member.changes}
        for member in members(lives, lives.of(name))
    }


def test_class_names_its_public_members_that_changed_came_or_went(lives):
    assert changed(lives, "torch.optim.Optimizer") == {
        "hook": {"2.0": ("exists",)},
        "peek": {"2.6": ("is gone",)},
        "zero_grad": {
            "1.9": ("takes set_to_none",),
            "2.0": ("set_to_none is True by default, was False",),
        },
    }


def test_members_that_a_class_inherits_are_those_of_its_base(lives):
    assert changed(lives, "torch.optim.NAdam") == {}


def test_members_that_come_and_go_with_their_class_say_nothing(lives):
    assert changed(lives, "torch.amp.Scaler") == changed(lives, "torch.cuda.Scaler") == {}


@pytest.mark.parametrize(
    "name, names, turns",
    [
        # its own names, those of other modules, and modules; not what is private
        ("torch.optim", ["NAdam", "Optimizer", "nadam"], [Turn("1.9", ("NAdam", "nadam"), ())]),
        (
            "torch.cuda",
            ["Scaler", "brief"],
            [
                Turn("1.9", ("NAdam", "Scaler"), ("brief",)),
                # Scaler is the one of torch.amp since 2.0, and still there
                Turn("2.0", ("once",), ()),
                Turn("2.6", ("brief",), ("NAdam", "once")),
            ],
        ),
        ("torch.functional", [], [Turn("2.6", (), ("qr",))]),
        ("torch.onnx", ["export"], []),
    ],
)
def test_module_counts_what_is_found_in_it_and_tells_what_came_and_went(lives, name, names, turns):
    assert inside(lives, lives.of(name)) == Inside("2.6", tuple(names), tuple(turns))


def test_module_that_went_has_the_names_that_it_had_last(lives):
    assert inside(lives, lives.of("torch._six")) == Inside("1.9", (), ())
