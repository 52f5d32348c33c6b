"""What each ``torch.nn.init`` function writes; random ones by bounds and statistics.

Xavier's functions use fan-in and fan-out, and Kaiming's only fan-in unless ``mode="fan_out"``. The
kernel of a convolution counts in both fans, and a tensor of one dimension has none and raises.
``trunc_normal_`` cuts at the values ``a`` and ``b``, not at deviations: with a small ``std`` it
cuts nothing. ``eye_`` and ``dirac_`` write a layer that returns its input, and ``orthogonal_``
writes orthonormal rows. Since 2.2 the random functions draw from a ``generator`` if they are given
one.
"""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from torch_history.observing import observe

sizes = st.integers(1, 30)
ROUNDING = 1 + 2.0**-23  # float32's rounding of a bound


def extremes(initialise, shape, bound):
    """Whether what ``initialise`` draws lies within ±bound, and comes within 10 % of it."""
    torch.manual_seed(1)
    tensor = torch.empty(shape)
    initialise(tensor)
    largest = tensor.abs().max().item()
    return {"within": largest <= bound * ROUNDING, "fills": largest > 0.9 * bound}


def spread_and_largest(initialise, shape):
    """The standard deviation of what ``initialise`` draws, and its largest absolute value."""
    torch.manual_seed(1)
    tensor = torch.empty(shape)
    initialise(tensor)
    return tensor.std().item(), tensor.abs().max().item()


@settings(max_examples=20)
@given(fan_in=sizes, fan_out=sizes, kernel=st.integers(1, 4), gain=st.sampled_from([0.5, 1.0, 2.0]))
def test_xavier_uniform_lies_within_its_bound(fan_in, fan_out, kernel, gain):
    """``xavier_uniform_`` draws within ±gain sqrt(6 / (fan_in + fan_out)).

    The fans of a weight [out, in, kernel] are in * kernel and out * kernel: further sizes count on
    both sides.
    """
    torch.manual_seed(1)
    weight = torch.nn.init.xavier_uniform_(torch.empty(fan_out, fan_in, kernel), gain=gain)
    assert (
        weight.abs().max().item() <= gain * math.sqrt(6 / (kernel * (fan_in + fan_out))) * ROUNDING
    )


@pytest.mark.api("torch.nn.init.xavier_uniform_", page="nn.init", article="D")
def test_xavier_uniform_fills_its_bound(snapshot):
    """``xavier_uniform_`` on a weight [32, 64] fills the bound sqrt(6 / (64 + 32)) = 0.25.

    The bound of a weight [64, 32] is the same.
    """
    assert snapshot == observe(
        lambda: {
            "[32, 64]": extremes(torch.nn.init.xavier_uniform_, (32, 64), 0.25),
            "[64, 32]": extremes(torch.nn.init.xavier_uniform_, (64, 32), 0.25),
        }
    )


@pytest.mark.api("torch.nn.init.xavier_uniform_", page="nn.init", article="D")
def test_xavier_uniform_counts_the_kernel_of_a_convolution(snapshot):
    """``xavier_uniform_`` counts the kernel of a convolution in both fans.

    A weight [8, 16, 2, 2] has fans 16 * 4 and 8 * 4, so the bound is 0.25.
    """
    assert snapshot == observe(lambda: extremes(torch.nn.init.xavier_uniform_, (8, 16, 2, 2), 0.25))


@pytest.mark.api("torch.nn.init.xavier_uniform_", page="nn.init", article="D")
def test_xavier_uniform_of_one_dimension_raises(snapshot):
    """``xavier_uniform_`` on a tensor of one dimension, such as a bias, raises: it has no fans.

    A function that initialises every parameter must skip those of one dimension.
    """
    assert snapshot == observe(lambda: torch.nn.init.xavier_uniform_(torch.empty(3)))


@pytest.mark.api("torch.nn.init.xavier_normal_", page="nn.init")
def test_xavier_normal_has_its_deviation(snapshot):
    """``xavier_normal_`` has a standard deviation of sqrt(2 / (fan_in + fan_out)).

    The 4096 draws of a weight [64, 64] are within 5 % of 0.125; 1.1 % is expected.
    """

    def act():
        deviation, largest = spread_and_largest(torch.nn.init.xavier_normal_, (64, 64))
        return {
            "deviation": abs(deviation / 0.125 - 1) < 0.05,
            "beyond any uniform of it": largest > 0.125 * math.sqrt(3),
        }

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.init.kaiming_uniform_", page="nn.init")
def test_kaiming_uniform_of_an_unknown_mode_raises(snapshot):
    """``kaiming_uniform_`` with an unknown mode raises, and the error names the two modes."""
    assert snapshot == observe(
        lambda: torch.nn.init.kaiming_uniform_(torch.empty(2, 2), mode="fan_avg")
    )


@pytest.mark.api("torch.nn.init.kaiming_normal_", page="nn.init")
def test_kaiming_normal_has_its_deviation(snapshot):
    """``kaiming_normal_`` has a standard deviation of sqrt(2 / fan_in).

    It is within 5 % of 0.25 over the 4096 draws of a weight [128, 32].
    """

    def act():
        deviation, largest = spread_and_largest(torch.nn.init.kaiming_normal_, (128, 32))
        return {
            "deviation": abs(deviation / 0.25 - 1) < 0.05,
            "beyond any uniform of it": largest > 0.25 * math.sqrt(3),
        }

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.init.calculate_gain", page="nn.init")
@pytest.mark.changed(
    "1.8", "SELU has a gain, 3/4, instead of an error", kind="error-gone", cause="pytorch#50664"
)
@pytest.mark.parametrize(
    "name",
    ["linear", "conv2d", "sigmoid", "tanh", "relu", "leaky_relu", "selu"],
    ids=["linear", "conv2d", "sigmoid", "tanh", "relu", "leaky_relu", "selu"],
)
def test_calculate_gain_knows_the_nonlinearity(name, snapshot):
    """``calculate_gain`` returns the gain of a layer type or nonlinearity.

    It is 1 for linear layers and sigmoid, 5/3 for tanh, sqrt(2) for ReLU, sqrt(2 / (1 + 0.01²)) for
    leaky ReLU, 3/4 for SELU. SELU raised before 1.8.
    """
    assert snapshot == observe(lambda: float(torch.nn.init.calculate_gain(name)))


@pytest.mark.api("torch.nn.init.calculate_gain", page="nn.init")
def test_calculate_gain_of_an_unknown_nonlinearity_raises(snapshot):
    """``calculate_gain`` raises for an unknown nonlinearity, such as GELU."""
    assert snapshot == observe(lambda: torch.nn.init.calculate_gain("gelu"))


@pytest.mark.api("torch.nn.init.trunc_normal_", page="nn.init")
@pytest.mark.changed(
    "1.6", "nn.init has trunc_normal_", kind="appeared", cause="pytorch#32397", probable=True
)
def test_trunc_normal_stays_within_absolute_bounds(snapshot):
    """The bounds a=-2 and b=2 of ``trunc_normal_`` are values, not deviations.

    With ``std=0.02`` they lie 100 deviations out and cut nothing.
    """

    def act():
        torch.manual_seed(1)
        wide = torch.nn.init.trunc_normal_(torch.empty(64, 64))
        narrow = torch.nn.init.trunc_normal_(torch.empty(64, 64), std=0.02)
        return {
            "within 2": wide.abs().max().item() <= 2,
            "comes near 2": wide.abs().max().item() > 1.8,
            "std=0.02 goes beyond two deviations": narrow.abs().max().item() > 0.05,
        }

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.init.orthogonal_", page="nn.init")
def test_orthogonal_rows_are_orthonormal(snapshot):
    """``orthogonal_`` on a weight [2, 3] gives two rows of length 1 at right angles.

    The product of the weight with its transpose is the identity matrix.
    """

    def act():
        torch.manual_seed(1)
        weight = torch.nn.init.orthogonal_(torch.empty(2, 3))
        return {
            "rows": (weight @ weight.t()).round(),
            "far off": (weight @ weight.t() - torch.eye(2)).abs().max().item() > 1e-5,
        }

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.init.eye_", page="nn.init")
def test_eye_writes_the_identity_also_where_it_is_not_square(snapshot):
    """``eye_`` writes the identity into a weight, also if it is not square.

    A linear layer with this weight keeps the inputs that fit.
    """
    assert snapshot == observe(lambda: torch.nn.init.eye_(torch.empty(2, 3)))


@pytest.mark.api("torch.nn.init.dirac_", page="nn.init")
def test_dirac_writes_the_identity_of_a_convolution(snapshot):
    """``dirac_`` writes a convolution that returns its input.

    It writes 1 at the middle of the kernel where input and output channel are the same.
    """
    weight = torch.nn.init.dirac_(torch.empty(2, 2, 3))
    x = torch.tensor([[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]])
    assert torch.equal(torch.nn.functional.conv1d(x, weight, padding=1), x)
    assert snapshot == observe(lambda: weight)


@pytest.mark.api(
    "torch.nn.init.ones_",
    "torch.nn.init.zeros_",
    "torch.nn.init.constant_",
    page="nn.init",
    article="D",
)
def test_zeros_ones_and_constant_write_exactly(snapshot):
    """``zeros_``, ``ones_`` and ``constant_`` overwrite every value, NaN included."""
    nan = float("nan")
    assert snapshot == observe(
        lambda: {
            "zeros_": torch.nn.init.zeros_(torch.tensor([1.0, nan])),
            "ones_": torch.nn.init.ones_(torch.tensor([0.0, nan])),
            "constant_": torch.nn.init.constant_(torch.tensor([0.0, nan]), 42),
        }
    )


@pytest.mark.api("torch.nn.init.uniform_", page="nn.init")
@pytest.mark.changed(
    "2.2", "the random initialisers take generator", kind="appeared", cause="pytorch#110413"
)
@pytest.mark.parametrize(
    "name",
    ["uniform_", "normal_", "xavier_uniform_", "kaiming_normal_"],
    ids=["uniform_", "normal_", "xavier_uniform_", "kaiming_normal_"],
)
def test_init_draws_from_the_generator_it_is_given(name, snapshot):
    """``generator=`` draws from the given generator, and leaves the global one alone.

    The same seed repeats the same numbers. Random initialisers take ``generator`` since 2.2.
    """
    initialise = getattr(torch.nn.init, name)

    def act():
        state = torch.get_rng_state()
        first, second = (
            initialise(torch.empty(4, 4), generator=torch.Generator().manual_seed(1))
            for _ in range(2)
        )
        return {
            "repeats": torch.equal(first, second),
            "global stream moved": not torch.equal(torch.get_rng_state(), state),
        }

    assert snapshot == observe(act)


def test_normal_has_the_deviation_it_is_given():
    """``normal_(std=0.01)`` draws with a standard deviation of 0.01 and a mean of 0.

    Over 10,000 values the deviation is within 5 % of 0.01, and the mean within 5 of its own
    deviations of 0.
    """
    torch.manual_seed(1)
    values = torch.nn.init.normal_(torch.empty(100, 100), mean=0, std=0.01).double().numpy()
    np.testing.assert_allclose(values.std(), 0.01, rtol=0.05)  # expected to be off by 0.7 %
    assert abs(values.mean()) < 5 * 0.01 / math.sqrt(values.size)
