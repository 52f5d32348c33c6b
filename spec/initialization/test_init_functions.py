"""``torch.nn.init``: what each function writes, by bounds and statistics where it draws."""

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
    """Whether what ``initialise`` draws lies within ±bound, and whether it comes within 10 % of it."""
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
    """A weight [out, in, kernel] lies within ±gain sqrt(6 / (in kernel + out kernel)): further sizes count on both sides."""
    torch.manual_seed(1)
    weight = torch.nn.init.xavier_uniform_(torch.empty(fan_out, fan_in, kernel), gain=gain)
    assert (
        weight.abs().max().item() <= gain * math.sqrt(6 / (kernel * (fan_in + fan_out))) * ROUNDING
    )


@pytest.mark.api("torch.nn.init.xavier_uniform_", page="nn.init", article="D")
def test_xavier_uniform_fills_its_bound(snapshot):
    """Of a weight [32, 64] the bound is sqrt(6 / (64 + 32)) = 0.25, the same both ways round."""
    assert snapshot == observe(
        lambda: {
            "[32, 64]": extremes(torch.nn.init.xavier_uniform_, (32, 64), 0.25),
            "[64, 32]": extremes(torch.nn.init.xavier_uniform_, (64, 32), 0.25),
        }
    )


@pytest.mark.api("torch.nn.init.xavier_uniform_", page="nn.init", article="D")
def test_xavier_uniform_gain_widens_the_bound(snapshot):
    """``gain=2`` doubles what is drawn, to the bit."""
    torch.manual_seed(1)
    plain = torch.nn.init.xavier_uniform_(torch.empty(32, 64))
    torch.manual_seed(1)
    assert torch.allclose(
        torch.nn.init.xavier_uniform_(torch.empty(32, 64), gain=2.0),
        2 * plain,
        rtol=1e-6,
        atol=1e-7,
    )
    assert snapshot == observe(
        lambda: extremes(
            lambda weight: torch.nn.init.xavier_uniform_(weight, gain=2.0), (32, 64), 0.5
        )
    )


@pytest.mark.api("torch.nn.init.xavier_uniform_", page="nn.init", article="D")
def test_xavier_uniform_counts_the_kernel_of_a_convolution(snapshot):
    """A conv weight [8, 16, 2, 2] has fans 16 * 4 and 8 * 4: the bound is 0.25 again."""
    assert snapshot == observe(lambda: extremes(torch.nn.init.xavier_uniform_, (8, 16, 2, 2), 0.25))


@pytest.mark.api("torch.nn.init.xavier_uniform_", page="nn.init", article="D")
def test_xavier_uniform_of_one_dimension_raises(snapshot):
    """A bias has no fan: a function that initialises every parameter must leave out those of one dimension."""
    assert snapshot == observe(lambda: torch.nn.init.xavier_uniform_(torch.empty(3)))


@pytest.mark.api("torch.nn.init.xavier_normal_", page="nn.init")
def test_xavier_normal_has_its_deviation(snapshot):
    """The deviation is sqrt(2 / (fan_in + fan_out)): within 5 % of 0.125 over the 4096 draws of a [64, 64] (expected: 1.1 %)."""

    def act():
        deviation, largest = spread_and_largest(torch.nn.init.xavier_normal_, (64, 64))
        return {
            "deviation": abs(deviation / 0.125 - 1) < 0.05,
            "beyond any uniform of it": largest > 0.125 * math.sqrt(3),
        }

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.init.kaiming_uniform_", page="nn.init")
def test_kaiming_uniform_counts_inputs_unless_told(snapshot):
    """``fan_in`` is the default: sqrt(6 / 96) for [24, 96], and sqrt(6 / 24) with ``mode='fan_out'``, under ReLU's gain."""

    def fan_out(weight):
        torch.nn.init.kaiming_uniform_(weight, mode="fan_out")

    assert snapshot == observe(
        lambda: {
            "fan_in": extremes(torch.nn.init.kaiming_uniform_, (24, 96), 0.25),
            "fan_out": extremes(fan_out, (24, 96), 0.5),
        }
    )


@pytest.mark.api("torch.nn.init.kaiming_uniform_", page="nn.init")
def test_kaiming_uniform_of_an_unknown_mode_raises(snapshot):
    """The error names the two modes there are."""
    assert snapshot == observe(
        lambda: torch.nn.init.kaiming_uniform_(torch.empty(2, 2), mode="fan_avg")
    )


@pytest.mark.api("torch.nn.init.kaiming_normal_", page="nn.init")
def test_kaiming_normal_has_its_deviation(snapshot):
    """The deviation is sqrt(2 / fan_in): within 5 % of 0.25 over the 4096 draws of a [128, 32]."""

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
    """1 for linear layers and sigmoid, 5/3 for tanh, sqrt(2) for ReLU, sqrt(2 / (1 + 0.01²)) for leaky ReLU, 3/4 for SELU."""
    assert snapshot == observe(lambda: float(torch.nn.init.calculate_gain(name)))


@pytest.mark.api("torch.nn.init.calculate_gain", page="nn.init")
def test_calculate_gain_of_an_unknown_nonlinearity_raises(snapshot):
    """GELU has no gain here."""
    assert snapshot == observe(lambda: torch.nn.init.calculate_gain("gelu"))


@pytest.mark.api("torch.nn.init.trunc_normal_", page="nn.init")
@pytest.mark.changed(
    "1.6", "nn.init has trunc_normal_", kind="api-appeared", cause="pytorch#32397", probable=True
)
def test_trunc_normal_stays_within_absolute_bounds(snapshot):
    """The bounds a=-2 and b=2 are values, not deviations: at ``std=0.02`` they lie 100 deviations out and cut nothing."""

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
    """A [2, 3] gets two rows of length 1 at right angles: its product with its transpose is the unit matrix."""

    def act():
        torch.manual_seed(1)
        weight = torch.nn.init.orthogonal_(torch.empty(2, 3))
        return {
            "rows": (weight @ weight.t()).round(),
            "far off": (weight @ weight.t() - torch.eye(2)).abs().max().item() > 1e-5,
        }

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.init.sparse_", page="nn.init")
def test_sparse_sets_a_part_of_each_column_to_zero(snapshot):
    """``sparsity`` is the part of zeros in each column, rounded up: 0.5 of 5 rows is 3."""

    def act():
        torch.manual_seed(1)
        weight = torch.nn.init.sparse_(torch.empty(5, 2), sparsity=0.5)
        return (weight == 0).sum(0)

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.init.eye_", page="nn.init")
def test_eye_writes_the_identity_also_where_it_is_not_square(snapshot):
    """A linear layer of this weight keeps what fits."""
    assert snapshot == observe(lambda: torch.nn.init.eye_(torch.empty(2, 3)))


@pytest.mark.api("torch.nn.init.dirac_", page="nn.init")
def test_dirac_writes_the_identity_of_a_convolution(snapshot):
    """One at the kernel's middle where output and input channel are the same: a convolution that hands its input on."""
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
    """What was there is gone, NaN included."""
    nan = float("nan")
    assert snapshot == observe(
        lambda: {
            "zeros_": torch.nn.init.zeros_(torch.tensor([1.0, nan])),
            "ones_": torch.nn.init.ones_(torch.tensor([0.0, nan])),
            "constant_": torch.nn.init.constant_(torch.tensor([0.0, nan]), 42),
        }
    )


@pytest.mark.api("torch.nn.init.uniform_", page="nn.init")
@pytest.mark.changed("2.2", "the random initialisers take generator", kind="api-appeared")
@pytest.mark.parametrize(
    "name",
    ["uniform_", "normal_", "xavier_uniform_", "kaiming_normal_"],
    ids=["uniform_", "normal_", "xavier_uniform_", "kaiming_normal_"],
)
def test_init_draws_from_the_generator_it_is_given(name, snapshot):
    """``generator=`` repeats a start by its own seed, and leaves the global stream alone."""
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
    """``normal_(std=0.01)`` over 10,000 values: deviation within 5 % of 0.01, mean within 5 of its own deviations of 0."""
    torch.manual_seed(1)
    values = torch.nn.init.normal_(torch.empty(100, 100), mean=0, std=0.01).double().numpy()
    np.testing.assert_allclose(values.std(), 0.01, rtol=0.05)  # expected to be off by 0.7 %
    assert abs(values.mean()) < 5 * 0.01 / math.sqrt(values.size)
