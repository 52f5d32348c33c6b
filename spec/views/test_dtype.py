"""``view(dtype)``: the same bits read as another type."""

import pytest
import torch

from torch_history.observing import observe


@pytest.mark.api("torch.Tensor.view", page="generated/torch.Tensor.view")
@pytest.mark.changed("1.8", "view takes a dtype", kind="api-appeared", cause="pytorch#47951")
def test_view_dtype_reads_the_bits_and_converts_nothing(snapshot):
    """1.0 in float32 is 0x3f800000, 1065353216 as an int32; ``to(torch.int32)`` would give 1."""
    assert snapshot == observe(lambda: torch.tensor([1.0, -2.0]).view(torch.int32))


@pytest.mark.api("torch.Tensor.view", page="generated/torch.Tensor.view")
@pytest.mark.changed("1.8", "view takes a dtype", kind="api-appeared", cause="pytorch#47951")
def test_view_dtype_shares_data(snapshot):
    """Setting the sign bit in the int32 view turns 1.0 into -1.0."""

    def act():
        x = torch.tensor([1.0, 2.0])
        x.view(torch.int32)[0] |= -(2**31)
        return x

    assert snapshot == observe(act)


@pytest.mark.api("torch.Tensor.view", page="generated/torch.Tensor.view")
@pytest.mark.changed(
    "1.8", "view takes a dtype, of the same size alone", kind="api-appeared", cause="pytorch#47951"
)
@pytest.mark.changed(
    "1.11", "view takes a dtype of another size", kind="error-gone", cause="pytorch#66493"
)
def test_view_dtype_of_half_the_size_doubles_the_last_dimension(snapshot):
    """float32 [2] as int16 is [4]: each number's low half, then its high half, as these machines store them."""
    assert snapshot == observe(lambda: torch.tensor([1.0, -2.0]).view(torch.int16))


@pytest.mark.api("torch.Tensor.view", page="generated/torch.Tensor.view")
@pytest.mark.changed(
    "1.8", "view takes a dtype, of the same size alone", kind="api-appeared", cause="pytorch#47951"
)
@pytest.mark.changed(
    "1.11", "view takes a dtype of another size", kind="error-gone", cause="pytorch#66493"
)
def test_view_dtype_of_twice_the_size_halves_the_last_dimension(snapshot):
    """int32 [2, 2] as int64 is [2, 1]: 1 + 2 * 2**32 = 8589934593."""
    assert snapshot == observe(
        lambda: torch.tensor([[1, 2], [3, 0]], dtype=torch.int32).view(torch.int64)
    )


@pytest.mark.api("torch.Tensor.view", page="generated/torch.Tensor.view")
@pytest.mark.changed(
    "1.8", "view takes a dtype, of the same size alone", kind="api-appeared", cause="pytorch#47951"
)
@pytest.mark.changed(
    "1.11",
    "view takes a dtype of another size; the message says why not here",
    kind="wording",
    cause="pytorch#66493",
)
def test_view_dtype_raises_where_the_last_dimension_does_not_divide(snapshot):
    """Three int32 are no whole number of int64."""
    assert snapshot == observe(lambda: torch.tensor([1, 2, 3], dtype=torch.int32).view(torch.int64))


@pytest.mark.api("torch.Tensor.view", page="generated/torch.Tensor.view")
@pytest.mark.changed("1.8", "view takes a dtype", kind="api-appeared", cause="pytorch#47951")
def test_view_dtype_of_the_same_size_takes_a_transposed_tensor(snapshot):
    """Types of one size need no layout: the transpose is read as it lies."""
    assert snapshot == observe(
        lambda: torch.tensor([[1.0, 2.0], [-1.0, -2.0]]).t().view(torch.int32)
    )


@pytest.mark.api("torch.Tensor.view", page="generated/torch.Tensor.view")
@pytest.mark.changed(
    "1.8", "view takes a dtype, of the same size alone", kind="api-appeared", cause="pytorch#47951"
)
@pytest.mark.changed(
    "1.11",
    "view takes a dtype of another size; the message says why not here",
    kind="wording",
    cause="pytorch#66493",
)
def test_view_dtype_of_another_size_raises_on_a_transposed_tensor(snapshot):
    """Types of another size need neighbours in the last dimension."""
    assert snapshot == observe(
        lambda: torch.tensor([[1.0, 2.0], [-1.0, -2.0]]).t().view(torch.int16)
    )


@pytest.mark.api("torch.Tensor.view", page="generated/torch.Tensor.view")
@pytest.mark.changed(
    "1.8", "view takes a dtype, of the same size alone", kind="api-appeared", cause="pytorch#47951"
)
@pytest.mark.changed(
    "1.11",
    "view takes a dtype of another size; the message says why not here",
    kind="wording",
    cause="pytorch#66493",
)
def test_view_dtype_of_another_size_raises_without_dimensions(snapshot):
    """A tensor without dimensions has no last one to stretch."""
    assert snapshot == observe(lambda: torch.tensor(1.0).view(torch.int16))


@pytest.mark.api("torch.Tensor.view", page="generated/torch.Tensor.view")
@pytest.mark.changed(
    "1.8", "view takes a dtype, of the same size alone", kind="api-appeared", cause="pytorch#47951"
)
@pytest.mark.changed(
    "1.11",
    "view takes a dtype of another size; autograd does not see it",
    kind="error-gone",
    cause="pytorch#66493",
    advice="where gradients are needed, use torch.view_as_complex or torch.view_as_real",
)
def test_view_dtype_leaves_autograd(snapshot):
    """Trap: float32 read as complex64 requires no grad, and nothing says so. Its own dtype cuts the graph as well."""

    def act():
        x = torch.tensor([3.0, 4.0], requires_grad=True)
        return {"complex64": x.view(torch.complex64), "float32": x.view(torch.float32)}

    assert snapshot == observe(act)


@pytest.mark.api("torch.view_as_complex", page="generated/torch.view_as_complex")
@pytest.mark.changed(
    "1.6",
    "torch.view_as_complex is there; abs of complex numbers has no backward yet",
    kind="api-appeared",
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
    """The way out: ``torch.view_as_complex`` shares the data and is differentiable; |3 + 4i| has the gradient 0.6, 0.8."""

    def act():
        x = torch.tensor([3.0, 4.0], requires_grad=True)
        torch.view_as_complex(x).abs().backward()
        return x.grad

    assert snapshot == observe(act)
