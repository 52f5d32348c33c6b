"""``view(dtype)``: the same bits read as another type.

``torch.Tensor.view`` takes a dtype since 1.8. It shares the data and converts nothing;
``torch.Tensor.to`` converts. A dtype of another size, since 1.11, changes the last dimension: half
the size doubles it, and twice the size halves it. The elements of that dimension must be neighbours
in memory, and their bytes must divide into elements of the new dtype. Trap: the result requires no
grad, even in the same dtype. ``torch.view_as_complex`` keeps the gradient.
"""

import pytest
import torch

from torch_history.observing import observe, observe_each


@pytest.mark.api("torch.Tensor.view", page="generated/torch.Tensor.view")
@pytest.mark.changed("1.8", "view takes a dtype", kind="appeared", cause="pytorch#47951")
def test_view_dtype_reads_the_bits_and_converts_nothing(snapshot):
    """``view(torch.int32)`` reads the bits of a float32 tensor and converts nothing.

    1.0 is 0x3f800000, which is 1065353216 as an int32; ``to(torch.int32)`` would give 1.
    """
    assert snapshot == observe(lambda: torch.tensor([1.0, -2.0]).view(torch.int32))


@pytest.mark.api("torch.Tensor.view", page="generated/torch.Tensor.view")
@pytest.mark.changed("1.8", "view takes a dtype", kind="appeared", cause="pytorch#47951")
def test_view_dtype_shares_data(snapshot):
    """``view(torch.int32)`` shares the data: setting the sign bit in it turns 1.0 into -1.0."""

    def act():
        x = torch.tensor([1.0, 2.0])
        x.view(torch.int32)[0] |= -(2**31)
        return x

    assert snapshot == observe(act)


@pytest.mark.api("torch.Tensor.view", page="generated/torch.Tensor.view")
@pytest.mark.changed(
    "1.8",
    "raises RuntimeError instead of TypeError: view takes a dtype, but only one of the same size",
    kind="exception",
    cause="pytorch#47951",
    when=":caught and -@1 and dtype@0!=<int>",
    rarely="a dtype of another size",
)
@pytest.mark.changed(
    "1.11", "view takes a dtype of another size", kind="error-gone", cause="pytorch#66493"
)
def test_view_dtype_of_half_the_size_doubles_the_last_dimension(snapshot):
    """``view(torch.int16)`` of float32 [2] has the shape [4]: each number becomes two.

    The low half of a number comes before its high half, as on every little-endian machine.
    """
    assert snapshot == observe(lambda: torch.tensor([1.0, -2.0]).view(torch.int16))


@pytest.mark.api("torch.Tensor.view", page="generated/torch.Tensor.view")
@pytest.mark.changed(
    "1.8",
    "raises RuntimeError instead of TypeError: view takes a dtype, but only one of the same size",
    kind="exception",
    cause="pytorch#47951",
    when=":caught and -@1 and dtype@0!=<int>",
    rarely="a dtype of another size",
)
@pytest.mark.changed(
    "1.11", "view takes a dtype of another size", kind="error-gone", cause="pytorch#66493"
)
def test_view_dtype_of_twice_the_size_halves_the_last_dimension(snapshot):
    """``view(torch.int64)`` of int32 [2, 2] has the shape [2, 1].

    1 and 2 become 1 + 2 * 2**32 = 8589934593.
    """
    assert snapshot == observe(
        lambda: torch.tensor([[1, 2], [3, 0]], dtype=torch.int32).view(torch.int64)
    )


@pytest.mark.api("torch.Tensor.view", page="generated/torch.Tensor.view")
@pytest.mark.changed(
    "1.8",
    "raises RuntimeError instead of TypeError: view takes a dtype, but only one of the same size",
    kind="exception",
    cause="pytorch#47951",
    when=":caught and -@1 and dtype@0!=<int>",
    rarely="a dtype of another size",
)
@pytest.mark.changed(
    "1.11",
    "the message says why this tensor cannot be viewed as a dtype of another size",
    kind="wording",
    cause="pytorch#66493",
)
def test_view_dtype_raises_where_the_last_dimension_does_not_divide(snapshot):
    """``view(torch.int64)`` of three int32 raises: 12 bytes do not divide into elements of 8."""
    assert snapshot == observe(lambda: torch.tensor([1, 2, 3], dtype=torch.int32).view(torch.int64))


@pytest.mark.api("torch.Tensor.view", page="generated/torch.Tensor.view")
@pytest.mark.changed("1.8", "view takes a dtype", kind="appeared", cause="pytorch#47951")
def test_view_dtype_of_the_same_size_takes_a_transposed_tensor(snapshot):
    """``view(dtype)`` works on a transposed tensor if both dtypes have the same size."""
    assert snapshot == observe(
        lambda: torch.tensor([[1.0, 2.0], [-1.0, -2.0]]).t().view(torch.int32)
    )


@pytest.mark.api("torch.Tensor.view", page="generated/torch.Tensor.view")
@pytest.mark.changed(
    "1.8",
    "raises RuntimeError instead of TypeError: view takes a dtype, but only one of the same size",
    kind="exception",
    cause="pytorch#47951",
    when=":caught and -@1 and dtype@0!=<int>",
    rarely="a dtype of another size",
)
@pytest.mark.changed(
    "1.11",
    "the message says why this tensor cannot be viewed as a dtype of another size",
    kind="wording",
    cause="pytorch#66493",
)
def test_view_dtype_of_another_size_raises_on_a_transposed_tensor(snapshot):
    """``view(dtype)`` with a dtype of another size raises on a transposed tensor.

    The elements of the last dimension must be neighbours in memory.
    """
    assert snapshot == observe(
        lambda: torch.tensor([[1.0, 2.0], [-1.0, -2.0]]).t().view(torch.int16)
    )


@pytest.mark.api("torch.Tensor.view", page="generated/torch.Tensor.view")
@pytest.mark.changed(
    "1.8",
    "raises RuntimeError instead of TypeError: view takes a dtype, but only one of the same size",
    kind="exception",
    cause="pytorch#47951",
    when=":caught and -@1 and dtype@0!=<int>",
    rarely="a dtype of another size",
)
@pytest.mark.changed(
    "1.11",
    "the message says why this tensor cannot be viewed as a dtype of another size",
    kind="wording",
    cause="pytorch#66493",
)
def test_view_dtype_of_another_size_raises_without_dimensions(snapshot):
    """``view(dtype)`` with a dtype of another size raises on a tensor without dimensions.

    There is no last dimension that could change its size.
    """
    assert snapshot == observe(lambda: torch.tensor(1.0).view(torch.int16))


@pytest.mark.api("torch.Tensor.view", page="generated/torch.Tensor.view")
@pytest.mark.changed(
    "1.8", "view takes a dtype of the same size", kind="appeared", cause="pytorch#47951"
)
@pytest.mark.changed(
    "1.8",
    "raises RuntimeError instead of TypeError for a dtype of another size",
    kind="exception",
    cause="pytorch#47951",
    when=":caught and -@1 and dtype@0!=<int>",
    rarely="a dtype of another size",
)
@pytest.mark.changed(
    "1.11",
    "view takes a dtype of another size, and the result requires no grad",
    kind="error-gone",
    cause="pytorch#66493",
    advice="use torch.view_as_complex or torch.view_as_real if gradients are needed",
)
def test_view_dtype_leaves_autograd(snapshot):
    """``view(dtype)`` cuts the graph: the result requires no grad, even in its own dtype.

    Trap: float32 read as complex64 requires no grad, and no warning says so.
    """
    x = torch.tensor([3.0, 4.0], requires_grad=True)
    assert snapshot == observe_each(
        {"complex64": lambda: x.view(torch.complex64), "float32": lambda: x.view(torch.float32)}
    )


@pytest.mark.api("torch.view_as_complex", page="generated/torch.view_as_complex")
@pytest.mark.changed(
    "1.6",
    "torch.view_as_complex appears, but abs of complex numbers has no backward yet",
    kind="appeared",
    cause="pytorch#39099",
)
@pytest.mark.changed(
    "1.7",
    "abs of complex numbers has a gradient",
    kind="error-gone",
    cause="pytorch#39955",
    probable=True,
)
def test_view_as_complex_keeps_the_gradient(snapshot):
    """``torch.view_as_complex`` shares the data and is differentiable.

    The gradient of |3 + 4i| is 0.6, 0.8. ``view(torch.complex64)`` would cut the graph.
    """

    def act():
        x = torch.tensor([3.0, 4.0], requires_grad=True)
        torch.view_as_complex(x).abs().backward()
        return x.grad

    assert snapshot == observe(act)
