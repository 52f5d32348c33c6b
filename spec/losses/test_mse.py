"""``torch.nn.MSELoss``: the mean of the squared differences of output and target.

The mean divides by the number of elements, not of samples. ``reduction="none"`` keeps the shape,
and ``"sum"`` does not divide. With ``weight``, since 2.6, the mean divides by the sum of the
weights. The mean of empty tensors is nan, and nothing warns. A target of another dtype is accepted:
one of integers is read as float, and one of float64 makes the loss float64. Before 2.12 backward
raised for a float64 target.
"""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from torch.nn import functional as F

from torch_history.observing import observe


def mean_squared_error(output, target, reduction="mean"):
    """(o - t)^2 for each element, or their sum or their mean over all elements.

    Output and target have one shape, with any number of dimensions.
    """
    squares = (output - target) ** 2
    return {"none": squares, "sum": squares.sum(), "mean": squares.sum() / squares.size}[reduction]


@given(
    st.data(),
    array_shapes(min_dims=0, max_dims=3, max_side=3),
    st.sampled_from(["none", "sum", "mean"]),
)
def test_mse_is_the_formula_for_any_shape_and_reduction(data, shape, reduction):
    """``mse_loss`` equals the NumPy formula on drawn values of 0 to 3 dimensions, in float64."""
    output, target = (
        data.draw(arrays(np.float64, shape, elements=st.floats(-1e3, 1e3))) for _ in range(2)
    )
    got = F.mse_loss(torch.tensor(output), torch.tensor(target), reduction=reduction).numpy()
    expected = mean_squared_error(output, target, reduction)
    # float64 has an eps of 2e-16
    np.testing.assert_allclose(got, expected, rtol=1e-12, atol=1e-300)


@given(st.data(), array_shapes(min_dims=1, max_dims=2, max_side=3))
def test_mse_gradient_is_twice_the_difference_over_n(data, shape):
    """The gradient of ``mse_loss`` is 2 (o - t) / n for the output, and minus that for the target.

    It is compared on drawn values in float64.
    """
    output, target = (
        data.draw(arrays(np.float64, shape, elements=st.floats(-1e3, 1e3))) for _ in range(2)
    )
    o, t = torch.tensor(output, requires_grad=True), torch.tensor(target, requires_grad=True)
    F.mse_loss(o, t).backward()
    expected = 2 * (output - target) / output.size
    # float64 has an eps of 2e-16
    np.testing.assert_allclose(o.grad.numpy(), expected, rtol=1e-12, atol=1e-300)
    np.testing.assert_allclose(t.grad.numpy(), -expected, rtol=1e-12, atol=1e-300)


def output_and_target():
    """Differences 1, 0, -2 and 3: their squares are 1, 0, 4 and 9."""
    return torch.tensor([[2.0, 1.0], [0.0, 5.0]]), torch.tensor([[1.0, 1.0], [2.0, 2.0]])


@pytest.mark.api("torch.nn.MSELoss", page="generated/torch.nn.MSELoss", article="A")
def test_mse_is_the_sum_of_squares_over_the_number_of_elements(snapshot):
    """``MSELoss`` divides by the number of elements, not of samples: here 14 / 4."""
    output, target = output_and_target()
    assert torch.equal(torch.nn.MSELoss()(output, target), ((output - target) ** 2).sum() / 4)
    assert snapshot == observe(lambda: torch.nn.MSELoss()(output, target))


@pytest.mark.api("torch.nn.functional.mse_loss", page="generated/torch.nn.MSELoss", article="B")
@pytest.mark.parametrize("reduction", ["none", "sum"])
def test_mse_takes_other_reductions(reduction, snapshot):
    """``mse_loss`` with ``reduction="none"`` keeps the shape; ``"sum"`` does not divide."""
    assert snapshot == observe(lambda: F.mse_loss(*output_and_target(), reduction=reduction))


@pytest.mark.api("torch.nn.functional.mse_loss", page="generated/torch.nn.MSELoss")
def test_mse_refuses_an_unknown_reduction(snapshot):
    """``MSELoss`` raises on a misspelt ``reduction`` when it is called, not when it is created."""
    loss = torch.nn.MSELoss(reduction="average")
    assert snapshot == observe(lambda: loss(*output_and_target()))


@pytest.mark.api("torch.nn.MSELoss", page="generated/torch.nn.MSELoss")
def test_mse_takes_size_average_and_warns(snapshot):
    """``MSELoss(size_average=False)`` works as ``reduction="sum"``, its new name, and warns."""
    assert snapshot == observe(lambda: torch.nn.MSELoss(size_average=False)(*output_and_target()))


@pytest.mark.api("torch.nn.functional.mse_loss", page="generated/torch.nn.MSELoss")
def test_mse_of_nothing_is_nan(snapshot):
    """``mse_loss`` of empty tensors is nan, 0 / 0, without a warning.

    A batch from which everything was filtered gives this loss.
    """
    assert snapshot == observe(lambda: F.mse_loss(torch.zeros(0), torch.zeros(0)))


@pytest.mark.api(
    "torch.nn.functional.mse_loss", "torch.nn.MSELoss", page="generated/torch.nn.MSELoss"
)
@pytest.mark.changed("1.6", 'the message says "Found dtype ... but expected"', kind="wording")
@pytest.mark.changed(
    "2.12",
    "backward casts the gradient to the output's float32 instead of raising",
    kind="error-gone",
    cause="pytorch#175743",
)
def test_mse_takes_a_float64_target_and_becomes_float64(snapshot):
    """Since 2.12, ``mse_loss`` of a float64 target is float64, and the gradient is float32.

    NumPy makes such targets. Before 2.12, backward raised.
    """
    output = torch.tensor([2.0, 1.0], requires_grad=True)

    def act():
        loss = F.mse_loss(output, torch.tensor([1.0, 3.0], dtype=torch.float64))
        loss.backward()
        return {"loss": loss, "gradient": output.grad}

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.functional.mse_loss", page="generated/torch.nn.MSELoss")
def test_mse_takes_an_integer_target(snapshot):
    """``mse_loss`` reads an integer target as float.

    Trap: regression on class numbers gives no warning.
    """
    assert snapshot == observe(lambda: F.mse_loss(torch.tensor([2.0, 1.0]), torch.tensor([1, 3])))


@pytest.mark.api(
    "torch.nn.functional.mse_loss", "torch.nn.MSELoss", page="generated/torch.nn.MSELoss"
)
@pytest.mark.changed(
    "2.8",
    "raises NotImplementedError, a subclass of RuntimeError, instead of RuntimeError",
    kind="wording",
    cause="pytorch#155470",
)
def test_mse_of_two_integer_tensors_raises(snapshot):
    """``mse_loss`` of two integer tensors raises: one of them must be float."""
    assert snapshot == observe(lambda: F.mse_loss(torch.tensor([2, 1]), torch.tensor([1, 3])))


@pytest.mark.api("torch.nn.functional.mse_loss", page="generated/torch.nn.functional.mse_loss")
@pytest.mark.changed("2.6", "mse_loss takes weight", kind="appeared", cause="pytorch#132049")
def test_weighted_mse_divides_by_the_sum_of_the_weights(snapshot):
    """``mse_loss`` with ``weight`` divides the mean by the sum of the weights.

    The weights multiply the squares 1, 0, 4 and 9. Their sum is 8, so the mean is 36 / 8, not 36 /
    4.
    """
    weight = torch.tensor([[1.0, 2.0], [2.0, 3.0]])
    assert snapshot == observe(lambda: F.mse_loss(*output_and_target(), weight=weight))
