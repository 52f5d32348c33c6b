"""Strides decide which shapes a view can have.

The stride of a dimension says how many numbers in memory one step along it skips. A transpose swaps
the strides and moves no number, so its result is not contiguous. ``torch.Tensor.view`` can split a
dimension, add dimensions of size one, and join dimensions whose strides fit. It raises where the
strides do not fit, as for a transposed tensor in one row or some columns of a matrix.
``torch.Tensor.contiguous`` makes a copy that can be viewed. Trap: it returns a tensor that is
already contiguous as it is, the same object.
"""

import pytest
import torch

from torch_history.observing import observe


def rows():
    """0 to 11 as 3x4."""
    return torch.arange(12).reshape(3, 4)


def layout(tensor):
    return {"values": tensor, "stride": tensor.stride(), "contiguous": tensor.is_contiguous()}


@pytest.mark.api(
    "torch.Tensor.stride",
    "torch.Tensor.is_contiguous",
    page="generated/torch.Tensor.stride",
    article="C",
)
def test_arange_in_three_rows_has_strides_4_and_1(snapshot):
    """``arange(12)`` as 3x4 has the strides 4 and 1, and is contiguous.

    One step down skips four numbers in memory, and one step right skips one.
    """
    assert snapshot == observe(lambda: layout(rows()))


@pytest.mark.api("torch.Tensor.t", "torch.Tensor.stride", page="generated/torch.t", article="C")
def test_transpose_swaps_the_strides_and_is_not_contiguous(snapshot):
    """The transpose of a 3x4 tensor has the strides 1 and 4 on the same memory: no number moves.

    It is not contiguous.
    """
    x = rows()
    assert x.t().data_ptr() == x.data_ptr()
    assert snapshot == observe(lambda: layout(x.t()))


@pytest.mark.api("torch.Tensor.contiguous", page="generated/torch.Tensor.contiguous", article="C")
def test_contiguous_returns_the_tensor_itself_when_it_is_so(snapshot):
    """``x.contiguous()`` of a contiguous tensor is x itself, the same object.

    Trap: a write to the result is a write to x.
    """
    x = rows()
    assert snapshot == observe(lambda: x.contiguous() is x)


@pytest.mark.api("torch.Tensor.contiguous", page="generated/torch.Tensor.contiguous", article="C")
def test_contiguous_copies_a_transposed_tensor(snapshot):
    """``contiguous()`` of a transposed tensor is a copy in other memory, with equal values.

    The transpose is 4x3, so the strides of the copy are 3 and 1.
    """
    x = rows()
    copy = x.t().contiguous()
    assert torch.equal(copy, x.t())
    assert snapshot == observe(lambda: {**layout(copy), "shares": copy.data_ptr() == x.data_ptr()})


@pytest.mark.api("torch.Tensor.is_contiguous", page="generated/torch.Tensor.is_contiguous")
def test_stride_of_a_dimension_of_one_does_not_count_for_contiguity(snapshot):
    """A single row is contiguous whatever the stride of its first dimension is.

    ``contiguous()`` leaves that stride as it is.
    """
    row = torch.arange(200).as_strided((1, 3), (100, 1))
    assert snapshot == observe(lambda: layout(row.contiguous()))


@pytest.mark.api("torch.Tensor.view", page="generated/torch.Tensor.view", article="C")
def test_view_raises_on_a_transposed_tensor(snapshot):
    """``view(12)`` raises on a transposed 3x4, and its message names ``reshape``.

    In one row, the steps in memory between the elements would not all be the same.
    """
    assert snapshot == observe(lambda: rows().t().view(12))


@pytest.mark.api(
    "torch.Tensor.view", "torch.Tensor.contiguous", page="generated/torch.Tensor.view", article="C"
)
def test_view_works_on_a_transposed_tensor_after_contiguous(snapshot):
    """``x.t().contiguous().view(12)`` works, and has the values of ``x.t().reshape(12)``.

    ``contiguous()`` makes the copy explicit.
    """
    x = rows().t()
    assert torch.equal(x.contiguous().view(12), x.reshape(12))
    assert snapshot == observe(lambda: x.contiguous().view(12))


@pytest.mark.api("torch.Tensor.view", page="generated/torch.Tensor.view", article="C")
def test_view_splits_a_dimension_of_a_transposed_tensor(snapshot):
    """``view`` splits a dimension of a transposed tensor: 4x3 as 2x2x3 is a view.

    Splitting one dimension never needs a copy, although the tensor is not contiguous.
    """
    assert snapshot == observe(lambda: layout(rows().t().view(2, 2, 3)))


@pytest.mark.api("torch.Tensor.view", page="generated/torch.Tensor.view")
def test_view_joins_dimensions_whose_strides_fit(snapshot):
    """``view`` joins dimensions whose strides fit, even if the tensor is not contiguous.

    Every second of 12 numbers, as 3x2 with strides 4 and 2, is one dimension with stride 2.
    """
    x = rows()[:, ::2]
    assert not x.is_contiguous()
    assert snapshot == observe(lambda: layout(x.view(6)))


@pytest.mark.api("torch.Tensor.view", page="generated/torch.Tensor.view")
def test_view_does_not_join_dimensions_with_a_gap_between(snapshot):
    """``view`` raises where the dimensions to join have a gap in memory between them.

    The first two of four columns, 3x2 with strides 4 and 1, have a gap after each row.
    """
    assert snapshot == observe(lambda: rows()[:, :2].view(6))


@pytest.mark.api("torch.Tensor.view", page="generated/torch.Tensor.view")
def test_view_puts_dimensions_of_one_anywhere(snapshot):
    """``view`` can add dimensions of size one anywhere, even to a transpose: 4x3 as 1x4x1x3."""
    assert snapshot == observe(lambda: rows().t().view(1, 4, 1, 3))


@pytest.mark.api("torch.Tensor.view", "torch.Tensor.expand", page="generated/torch.Tensor.view")
def test_view_joins_the_dimensions_of_one_number_expanded(snapshot):
    """``view`` joins the dimensions of one number expanded to 2x3: their strides, 0 and 0, fit.

    Viewed as six elements, it is still one number in memory.
    """
    assert snapshot == observe(lambda: layout(torch.tensor([5]).expand(2, 3).view(6)))


@pytest.mark.api("torch.Tensor.view", "torch.Tensor.expand", page="generated/torch.Tensor.view")
def test_view_raises_on_an_expanded_row(snapshot):
    """``view`` raises when it must join a row expanded to two: the strides 0 and 1 do not fit."""
    assert snapshot == observe(lambda: torch.arange(3).expand(2, 3).view(6))
