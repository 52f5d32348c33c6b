"""The sizes that ``view`` and ``reshape`` take: one of them may be -1.

The sizes are integers, and their product is the number of elements. ``torch.Tensor.reshape``
copies, but never pads or cuts. A size of -1 is inferred from the other sizes. It is ambiguous
beside a size of 0, which code that flattens an empty batch can meet. A tensor of one element can be
viewed without dimensions.
"""

import pytest
import torch

from torch_history.observing import observe


@pytest.mark.api("torch.Tensor.view", page="generated/torch.Tensor.view")
def test_minus_one_is_inferred_from_the_other_sizes(snapshot):
    """A size of -1 is inferred from the other sizes.

    12 numbers viewed as (-1, 4) are 3x4, viewed as (2, -1, 3) are 2x2x3, and viewed as -1 are one
    row of 12.
    """
    x = torch.arange(12)
    assert snapshot == observe(
        lambda: {
            "-1, 4": x.view(-1, 4).shape,
            "2, -1, 3": x.view(2, -1, 3).shape,
            "-1": x.view(3, 4).view(-1).shape,
        }
    )


@pytest.mark.api("torch.Tensor.view", page="generated/torch.Tensor.view")
def test_minus_one_twice_raises(snapshot):
    """``view(-1, -1)`` raises: only one size can be inferred."""
    assert snapshot == observe(lambda: torch.arange(12).view(-1, -1))


@pytest.mark.api("torch.Tensor.view", page="generated/torch.Tensor.view")
def test_minus_one_raises_where_the_sizes_do_not_divide_the_count(snapshot):
    """``view(-1, 5)`` raises on 12 numbers: they do not divide into rows of 5."""
    assert snapshot == observe(lambda: torch.arange(12).view(-1, 5))


@pytest.mark.api("torch.Tensor.view", page="generated/torch.Tensor.view")
@pytest.mark.changed("2.8", "the message gives the index and the whole shape", kind="wording")
def test_minus_two_raises(snapshot):
    """``view(-2, 6)`` raises: -1 is the only negative size allowed."""
    assert snapshot == observe(lambda: torch.arange(12).view(-2, 6))


@pytest.mark.api("torch.Tensor.view", "torch.Tensor.reshape", page="generated/torch.Tensor.view")
def test_sizes_of_another_count_raise_in_view_and_reshape(snapshot):
    """``view`` and ``reshape`` raise if the sizes are for another number of elements.

    5x2 is not 12 numbers: ``reshape`` copies, but never pads or cuts.
    """
    with pytest.raises(RuntimeError):
        torch.arange(12).view(5, 2)
    assert snapshot == observe(lambda: torch.arange(12).reshape(5, 2))


@pytest.mark.api("torch.Tensor.view", page="generated/torch.Tensor.view")
def test_minus_one_of_an_empty_tensor_is_zero(snapshot):
    """A size of -1 is inferred as 0 for an empty tensor.

    Viewed as -1 the tensor has the shape [0], and viewed as (-1, 3) the shape [0, 3].
    """
    x = torch.zeros(0, 3)
    assert snapshot == observe(lambda: {"-1": x.view(-1).shape, "-1, 3": x.view(-1, 3).shape})


@pytest.mark.api("torch.Tensor.view", page="generated/torch.Tensor.view")
def test_minus_one_beside_zero_is_ambiguous(snapshot):
    """``view(-1, 0)`` raises: any size times 0 is 0, so -1 is ambiguous.

    Code that flattens an empty batch meets this error.
    """
    assert snapshot == observe(lambda: torch.zeros(0, 3).view(-1, 0))


@pytest.mark.api("torch.Tensor.view", page="generated/torch.Tensor.view")
def test_single_element_can_be_viewed_without_dimensions(snapshot):
    """A tensor of one element can be viewed as (), without dimensions, and then as (1, 1, 1)."""
    x = torch.tensor([[3.0]])
    assert snapshot == observe(lambda: {"()": x.view(()), "(1, 1, 1)": x.view(()).view(1, 1, 1)})


@pytest.mark.api("torch.Tensor.view", page="generated/torch.Tensor.view")
@pytest.mark.changed(
    "1.8",
    "the message lists both forms of view: sizes, or a dtype",
    kind="wording",
    cause="pytorch#47951",
)
@pytest.mark.changed(
    "1.13",
    "the message says SymInts, and lists the dtype first",
    kind="wording",
    cause="pytorch#83628",
    probable=True,
)
@pytest.mark.changed("2.0", "the message says ints again", kind="wording")
def test_size_must_be_an_integer(snapshot):
    """``view(12 / 2, 2)`` raises: a size must be an integer.

    Trap: ``n / 2`` is a float in Python; write ``n // 2``.
    """
    assert snapshot == observe(lambda: torch.arange(12).view(12 / 2, 2))
