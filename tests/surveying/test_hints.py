"""An annotation is text that does not depend on Python's version."""

import inspect
import typing
from typing import Any, Callable, Dict, List, NewType, Optional, Tuple, TypeVar, Union

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from torch_history.surveying.hints import MOST, text_of

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
Name = NewType("Name", str)


class Tensor:
    class Inner:
        pass


@pytest.mark.parametrize(
    "annotation, text",
    [
        (inspect.Signature.empty, ""),
        (None, "None"),
        (type(None), "None"),
        (int, "int"),
        (Tensor, "Tensor"),
        (Tensor.Inner, "Inner"),
        (Any, "Any"),
        (T, "T"),
        (List[T_co], "list[T_co]"),
        (Name, "Name"),
        (Optional[Name], "Name | None"),
        (List[int], "list[int]"),
        (Dict[str, List[int]], "dict[str, list[int]]"),
        (Tuple[int, ...], "tuple[int, ...]"),
        (Optional[int], "int | None"),
        (Union[str, None, int], "int | str | None"),
        (Optional["Tensor"], "Tensor | None"),
        (List["Tensor"], "list[Tensor]"),
        (Callable[[int, str], bool], "Callable[[int, str], bool]"),
        (Callable[..., Any], "Callable[..., Any]"),
        ("Tensor", "Tensor"),
        ("torch.Tensor", "Tensor"),
        ("Optional['torch.Tensor']", "Tensor | None"),
        ("torch.Tensor | None | int", "Tensor | int | None"),
        ("Union[int, Dict[str, Union[int, str]]]", "dict[str, int | str] | int"),
        ("Literal['mean', 'sum']", "Literal[mean, sum]"),
        ("Literal[1, True]", "Literal[1, True]"),
        ("Callable[[], None] | None", "Callable[[], None] | None"),
        ("two words", "two words"),
        ("f(x)", "f(x)"),
        ("", ""),
    ],
    ids=str,
)
def test_annotation_is_written_with_the_last_part_of_each_name(annotation, text):
    assert text_of(annotation) == text


def test_address_is_left_out():
    assert text_of("<function f at 0x7f00ab>") == "<function f>"


def test_long_annotation_is_cut():
    assert text_of("a" * 500) == "a" * (MOST - 1) + "…"


SPACE = {**vars(typing), "Tensor": Tensor}
TYPES = st.recursive(
    st.sampled_from(["int", "str", "Tensor", "Any", "None"]),
    lambda inner: st.one_of(
        inner.map("List[{}]".format),
        inner.map("Optional[{}]".format),
        st.tuples(inner, inner).map(lambda pair: f"Union[{', '.join(pair)}]"),
        st.tuples(inner, inner).map(lambda pair: f"Dict[{', '.join(pair)}]"),
        st.tuples(inner, inner).map(lambda pair: "Callable[[{}], {}]".format(*pair)),
    ),
    max_leaves=6,
)


@settings(max_examples=100, derandomize=True, deadline=None, database=None)
@given(TYPES)
def test_annotation_that_was_evaluated_is_written_as_its_source(source):
    assert text_of(eval(source, dict(SPACE))) == text_of(source)


@settings(max_examples=50, derandomize=True, deadline=None, database=None)
@given(st.lists(TYPES, min_size=1, max_size=4), st.randoms(use_true_random=False))
def test_order_of_alternatives_does_not_matter(parts, draw):
    other = draw.sample(parts, len(parts))
    assert text_of(" | ".join(parts)) == text_of(f"Union[{', '.join(other)}]")
