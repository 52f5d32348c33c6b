"""The kind of an index decides whether the result is a view or a copy.

Numbers and slices give a view, so an in-place write to the result changes the tensor. A list, a
mask or an index tensor gives a copy. An index tensor has 64 or, since 2.0, 32 bits. A tensor of
dtype uint8 counts as a mask, and warns. Since 2.8 a list of lists as an index warns too: write a
tuple of lists. Trap: an element of an integer tensor takes a fraction, and silently drops the part
after the point.
"""

import pytest
import torch

from torch_history.observing import observe


def rows():
    return torch.arange(12.0).reshape(3, 4)


@pytest.mark.api("torch.Tensor.__getitem__", "torch.Tensor.__setitem__", page="tensors")
@pytest.mark.changed(
    "2.8",
    "a list of lists as an index warns",
    kind="warning",
    cause="pytorch#154806",
    probable=True,
    advice="make a tuple of it: x[tuple(index)]",
    when="@0=<nested>",
)
@pytest.mark.parametrize("kind", ["tuple", "list"])
def test_list_of_lists_as_an_index_warns_where_a_tuple_does_not(kind, snapshot):
    """``x[([0, 1], [1, 2])]``, with a tuple of lists, picks the elements (0, 1) and (1, 2).

    Trap: a list of lists picks the same elements, but warns since 2.8. The warning announces that a
    later release will read the list as one index tensor.
    """
    assert snapshot == observe(
        lambda: rows()[{"tuple": ([0, 1], [1, 2]), "list": [[0, 1], [1, 2]]}[kind]]
    )


@pytest.mark.api("torch.Tensor.__getitem__", page="tensors")
def test_index_of_bytes_is_a_mask_with_a_warning(snapshot):
    """An index of dtype uint8 is a mask, and warns.

    Trap: uint8 [1, 0, 1] picks elements 0 and 2, while int64 [1, 0, 1] picks elements 1, 0 and 1.
    """
    assert snapshot == observe(
        lambda: torch.tensor([5.0, 6.0, 7.0])[torch.tensor([1, 0, 1], dtype=torch.uint8)]
    )


@pytest.mark.api("torch.Tensor.__getitem__", page="tensors")
@pytest.mark.changed(
    "2.0",
    "an int32 tensor can be an index",
    kind="error-gone",
    cause="pytorch#86309",
)
@pytest.mark.changed(
    "2.0",
    "the message for float32 names int too",
    kind="wording",
    cause="pytorch#86309",
)
@pytest.mark.parametrize("name", ["int64", "int32", "float32"])
def test_index_may_be_of_64_or_32_bits(name, snapshot):
    """A tensor of int64 or int32 can be an index; a tensor of floats raises.

    Before 2.0 int32 raised too.
    """
    assert snapshot == observe(
        lambda: torch.tensor([5.0, 6.0, 7.0])[torch.tensor([1, 0, 1]).to(getattr(torch, name))]
    )


@pytest.mark.api("torch.Tensor.__getitem__", page="tensor_view")
@pytest.mark.parametrize("kind", ["number", "slice", "list", "mask", "tensor"])
def test_index_by_numbers_and_slices_gives_a_view(kind, snapshot):
    """An index that is a number or a slice gives a view; a list, a mask or a tensor gives a copy.

    Trap: an in-place write to the copy does not reach the tensor.
    """

    def act():
        x = torch.zeros(3)
        index = {
            "number": 0,
            "slice": slice(0, 1),
            "list": [0],
            "mask": torch.tensor([True, False, False]),
            "tensor": torch.tensor([0]),
        }[kind]
        x[index].add_(1)
        return x

    assert snapshot == observe(act)


@pytest.mark.api("torch.Tensor.__setitem__", page="tensors")
def test_integers_take_a_fraction_by_dropping_it(snapshot):
    """``x[0] = 1.5`` in a tensor of integers drops the fraction and writes 1.

    Trap: no error or warning says so, while ``x.add_(1.5)`` raises.
    """

    def act():
        x = torch.arange(3)
        x[0] = 1.5
        return x

    assert snapshot == observe(act)
