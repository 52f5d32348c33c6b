"""Annotations as they are kept: without what is usual, and later only what changed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from torch_history.surface import typed

NAMES = st.sampled_from(["a", "b", "lr", "return"])
TYPES = st.sampled_from(["int", "Tensor | None", "dict[str, int]"])
TEXTS = st.dictionaries(NAMES, TYPES, min_size=1).map(
    lambda told: typed.kept({"torch.f": "; ".join(f"{a}: {b}" for a, b in told.items())})["torch.f"]
)


@pytest.mark.parametrize(
    "path, told, kept",
    [
        ("torch.f", "lr: float; a: int; return: Tensor", "a: int; lr: float; return: Tensor"),
        ("torch.f", "a: int; return: None", "a: int"),
        (
            "torch.ops.aten.add.Tensor",
            "self: Tensor, alpha: Scalar -> Tensor",
            "alpha: Scalar -> Tensor",
        ),
        (
            "torch.g",
            "input: Tensor -> Tensor; dim: int -> int",
            "input: Tensor -> Tensor; dim: int -> int",
        ),
    ],
)
def test_annotations_are_kept_in_one_form(path, told, kept):
    assert typed.kept({path: told}) == {path: kept}


@pytest.mark.parametrize("path", ["torch._C.f", "torch.A.__call__"])
def test_annotations_of_private_names_are_not_kept(path):
    assert typed.kept({path: "a: int"}) == {}


def test_name_that_only_returns_nothing_has_no_annotations():
    assert typed.kept({"torch.f": "return: None"}) == {}


def test_later_entry_has_what_changed():
    chain = {"1.4": "a: int; lr: float", "2.0": "a: int; lr: float | Tensor", "2.1": None}
    assert typed.shortened(chain) == {
        "1.4": "a: int; lr: float",
        "2.0": "~ lr: float | Tensor",
        "2.1": None,
    }


def test_parameter_that_went_has_a_minus():
    chain = {
        "1.4": "alpha: float | Tensor | None; b: int; c: int",
        "2.0": "alpha: float | Tensor | None; c: int",
    }
    assert typed.shortened(chain)["2.0"] == "~ -b"


@given(st.lists(st.none() | TEXTS, min_size=1, max_size=5))
def test_whole_is_the_inverse_of_shortened(texts):
    chain = {f"2.{place}": text for place, text in enumerate(texts)}
    assert typed.whole(typed.shortened(chain)) == chain
