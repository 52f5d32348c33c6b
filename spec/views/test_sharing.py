"""``view`` shares data; ``reshape`` shares where it can and copies where it must.

A view is a new tensor object on the data of another tensor, its base. ``torch.Tensor.view`` returns
a view or raises. A write to the view shows in the base, and a write to the base shows in the view.
``torch.Tensor.reshape`` returns a view where ``view`` works, and a copy elsewhere. Trap: a write to
the copy does not reach the tensor, and nothing tells you that it is a copy. The elements of an
expanded view can be one number in memory, so an in-place operation on it raises.
"""

import pytest
import torch

from torch_history.observing import observe


def rows():
    """0 to 11 as 3x4."""
    return torch.arange(12.0).reshape(3, 4)


def shares(first, second):
    return first.data_ptr() == second.data_ptr()


@pytest.mark.api("torch.Tensor.view", page="generated/torch.Tensor.view", article="C")
def test_view_is_another_tensor_on_the_same_data(snapshot):
    """``x.view(...)`` is a new tensor object on the data of x, even in x's own shape.

    The data of the view begin at the address of x, and its base is x.
    """
    x = torch.arange(12.0)
    view, own = x.view(3, 4), x.view(12)
    assert snapshot == observe(
        lambda: {
            "view": view,
            "own shape is x": own is x,
            "shares": shares(view, x),
            "base is x": view._base is x,
        }
    )


@pytest.mark.api("torch.Tensor.view", page="tensor_view")
def test_view_of_a_view_has_the_first_tensor_as_base(snapshot):
    """The base of a view of a view is the tensor that owns the data, not the view in between."""
    x = torch.arange(12.0)
    view = x.view(3, 4)[1:].view(2, 2, 2)
    assert snapshot == observe(lambda: {"view": view, "base is x": view._base is x})


@pytest.mark.api("torch.Tensor.view", page="generated/torch.Tensor.view", article="C")
def test_write_to_a_view_shows_in_its_base(snapshot):
    """A number that is written into a view changes the base of the view."""
    x = torch.arange(4.0)
    x.view(2, 2)[1, 0] = 20.0
    assert snapshot == observe(lambda: x)


@pytest.mark.api("torch.Tensor.view", page="generated/torch.Tensor.view", article="C")
def test_write_to_the_base_shows_in_its_view(snapshot):
    """A number that is written into a tensor changes every view of it."""
    x = torch.arange(4.0)
    view = x.view(2, 2)
    x[2] = 20.0
    assert snapshot == observe(lambda: view)


@pytest.mark.api("torch.Tensor.expand", page="generated/torch.Tensor.expand")
def test_write_to_an_expanded_view_raises(snapshot):
    """An in-place operation raises on an expanded view: several elements are one number in memory.

    Call ``clone()`` first.
    """
    assert snapshot == observe(lambda: torch.zeros(1).expand(3).add_(torch.tensor([1.0, 2.0, 3.0])))


@pytest.mark.api("torch.Tensor.reshape", page="generated/torch.Tensor.reshape", article="C")
def test_reshape_shares_where_view_works(snapshot):
    """``reshape`` of a contiguous tensor is a view: a write to it shows in the tensor."""
    x = torch.arange(4.0)
    reshaped = x.reshape(2, 2)
    reshaped[1, 0] = 20.0
    assert snapshot == observe(lambda: {"x": x, "shares": shares(reshaped, x)})


@pytest.mark.api("torch.Tensor.reshape", page="generated/torch.Tensor.reshape", article="C")
def test_reshape_copies_where_view_raises(snapshot):
    """``reshape`` of a transposed tensor to one dimension is a copy.

    Trap: a write to the copy is lost, and nothing says so. Where the write must show, call
    ``view``, which raises instead of copying.
    """
    x = rows()
    reshaped = x.t().reshape(12)
    reshaped[0] = 100.0
    assert snapshot == observe(lambda: {"x": x, "shares": shares(reshaped, x)})


@pytest.mark.api("torch.Tensor.reshape", page="generated/torch.Tensor.reshape", article="C")
def test_reshape_reads_in_the_order_of_indices_and_not_of_memory(snapshot):
    """``reshape`` reads the elements in the order of their indices, not of their place in memory.

    The transposed 3x4 in one row is 0, 4, 8, 1, ...: the last index changes fastest.
    """
    assert snapshot == observe(lambda: rows().t().reshape(12))


@pytest.mark.api("torch.Tensor.reshape", page="generated/torch.Tensor.reshape")
def test_reshape_to_its_own_shape_is_a_view_even_when_transposed(snapshot):
    """``reshape`` to the tensor's own shape is a view with the same strides, even when transposed.

    The view is a new tensor object, not x itself.
    """
    x = rows().t()
    same = x.reshape(4, 3)
    assert snapshot == observe(
        lambda: {"is x": same is x, "shares": shares(same, x), "stride": same.stride()}
    )
