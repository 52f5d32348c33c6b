"""The default initialization of layers: bounds and distributions, for any seed.

Weight and bias of a new Linear or convolution are uniform within ±1/sqrt(fan-in). This is narrower
than Kaiming's bound for ReLU, by sqrt(6). Fan-in counts the inputs of one group times the kernel.
Transposed convolutions count their outputs, and recurrent layers their hidden units. A new
Embedding is standard normal. Norms start as the identity, and attention with Xavier weights and
biases of 0. ``reset_parameters()`` draws again into the same parameters.
"""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from torch_history.observing import observe

# Kolmogorov and Smirnov: a sample of n numbers lies farther than this, over sqrt(n), from its
# true distribution once in 3 million times.
FAR = 2.8


def distance(sample, cumulative):
    """The Kolmogorov-Smirnov distance of the sample from ``cumulative``, times sqrt(n).

    It is the largest distance between the sample's empirical distribution function and
    ``cumulative``.
    """
    ordered = np.sort(sample.detach().double().numpy().ravel())
    expected, n = np.array([cumulative(x) for x in ordered]), len(ordered)
    steps = np.arange(n + 1) / n
    return math.sqrt(n) * max(
        np.abs(expected - steps[1:]).max(), np.abs(expected - steps[:-1]).max()
    )


def uniform(bound):
    return lambda x: (x + bound) / (2 * bound)


def normal(x):
    return 0.5 * (1 + math.erf(x / math.sqrt(2)))


def bounds_of(make, bound):
    """Whether each parameter lies within ±bound, and whether it comes within 10 % of it.

    float32's rounding of the bound is allowed for.
    """
    torch.manual_seed(1)
    largest = {
        name: parameter.detach().abs().max().item() for name, parameter in make().named_parameters()
    }
    return {
        name: {"within": value <= bound * (1 + 2.0**-23), "fills": value > 0.9 * bound}
        for name, value in largest.items()
    }


@settings(max_examples=20)
@given(inputs=st.integers(1, 40), outputs=st.integers(1, 20), seed=st.integers(0, 1000))
def test_default_linear_lies_within_one_over_the_root_of_its_inputs(inputs, outputs, seed):
    """Weight [out, in] and bias [out] of a new Linear lie within ±1/sqrt(in)."""
    torch.manual_seed(seed)
    layer = torch.nn.Linear(inputs, outputs)
    for parameter in layer.parameters():
        assert parameter.abs().max().item() <= inputs**-0.5 * (1 + 2.0**-23)


def test_default_linear_is_uniform():
    """Weight and bias of a new Linear are uniform over ±1/sqrt(in).

    Kolmogorov and Smirnov's test runs on 4096 weights and 256 biases.
    """
    torch.manual_seed(1)
    layer = torch.nn.Linear(16, 256)
    assert distance(layer.weight, uniform(0.25)) < FAR
    assert distance(layer.bias, uniform(0.25)) < FAR
    assert (
        distance(layer.weight, lambda x: normal(x / layer.weight.std().item())) > FAR
    )  # the test does notice a normal distribution


def test_default_embedding_is_standard_normal():
    """A new Embedding is drawn from the normal distribution, mean 0, standard deviation 1."""
    torch.manual_seed(1)
    embedding = torch.nn.Embedding(256, 16)
    assert distance(embedding.weight, normal) < FAR
    assert distance(embedding.weight, uniform(4.0)) > FAR


@pytest.mark.api("torch.nn.Linear", page="generated/torch.nn.Linear", article="C")
def test_default_linear_fills_its_bound(snapshot):
    """Weight and bias of a new Linear with 16 inputs reach up to 1/sqrt(16).

    The bound of the bias also counts inputs, not outputs.
    """
    assert snapshot == observe(lambda: bounds_of(lambda: torch.nn.Linear(16, 256), 0.25))


@pytest.mark.api("torch.nn.Linear", "torch.nn.init.kaiming_uniform_", page="nn.init", article="C")
def test_default_linear_weight_is_kaiming_uniform_with_root_five(snapshot):
    """A new Linear's weight is what ``kaiming_uniform_(a=sqrt(5))`` draws.

    This ``a`` makes the bound 1/sqrt(in). Kaiming's own bound for ReLU, sqrt(6 / in), is sqrt(6)
    times as wide.
    """
    torch.manual_seed(1)
    layer = torch.nn.Linear(16, 64)

    def act():
        weight = torch.empty(64, 16)
        torch.manual_seed(1)
        torch.nn.init.kaiming_uniform_(weight, a=math.sqrt(5))
        return torch.equal(layer.weight, weight)

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Linear", page="generated/torch.nn.Linear")
def test_reset_parameters_draws_again_into_the_same_parameters(snapshot):
    """``reset_parameters()`` draws new values into the same Parameter objects.

    An optimizer over these parameters therefore stays valid.
    """
    torch.manual_seed(1)
    layer = torch.nn.Linear(16, 64)
    weight, before = layer.weight, layer.weight.detach().clone()
    assert distance(before, uniform(0.25)) < FAR

    def act():
        layer.reset_parameters()
        return {
            "same parameter": layer.weight is weight,
            "same values": torch.equal(layer.weight, before),
            "fills": layer.weight.abs().max().item() > 0.9 * 0.25,
        }

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Conv1d", page="generated/torch.nn.Conv1d")
def test_default_convolution_counts_inputs_times_kernel(snapshot):
    """A new Conv1d's weight and bias lie within 1/sqrt(in channels * kernel).

    4 channels and a kernel of 4 give 1/sqrt(4 * 4).
    """
    assert snapshot == observe(lambda: bounds_of(lambda: torch.nn.Conv1d(4, 256, 4), 0.25))


@pytest.mark.api("torch.nn.Conv1d", page="generated/torch.nn.Conv1d")
def test_default_grouped_convolution_counts_one_group(snapshot):
    """The bound of a grouped convolution counts only the input channels of one group.

    8 channels in 2 groups and a kernel of 4 give 1/sqrt(4 * 4).
    """
    assert snapshot == observe(
        lambda: bounds_of(lambda: torch.nn.Conv1d(8, 256, 4, groups=2), 0.25)
    )


@pytest.mark.api("torch.nn.ConvTranspose1d", page="generated/torch.nn.ConvTranspose1d")
def test_default_transposed_convolution_counts_outputs(snapshot):
    """Weight and bias of a new transposed convolution lie within 1/sqrt(out channels * kernel).

    The weight is [in, out, kernel], and the second size counts. The input channels do not.
    """
    assert snapshot == observe(
        lambda: bounds_of(lambda: torch.nn.ConvTranspose1d(4, 256, 4), 0.03125)
    )


@pytest.mark.api(
    "torch.nn.RNN", "torch.nn.LSTM", "torch.nn.GRU", page="generated/torch.nn.RNN", article="E"
)
@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU"], ids=["RNN", "LSTM", "GRU"])
def test_default_recurrent_layer_counts_hidden_units(kind, snapshot):
    """All weights and biases of a new RNN, LSTM or GRU lie within 1/sqrt(hidden).

    The weights of the input have the same bound, whatever its size. The forget gate of an LSTM does
    not get a bias of 1.
    """
    assert snapshot == observe(lambda: bounds_of(lambda: getattr(torch.nn, kind)(2, 256), 0.0625))


@pytest.mark.api("torch.nn.Bilinear", page="generated/torch.nn.Bilinear")
def test_default_bilinear_counts_its_first_input(snapshot):
    """Weight and bias of a new Bilinear lie within 1/sqrt(in1): the second input does not count."""
    assert snapshot == observe(lambda: bounds_of(lambda: torch.nn.Bilinear(16, 9, 256), 0.25))


@pytest.mark.api("torch.nn.MultiheadAttention", page="generated/torch.nn.MultiheadAttention")
def test_default_attention_starts_with_xavier_and_zero_biases(snapshot):
    """A new MultiheadAttention has Xavier-uniform input weights and biases of 0.

    The packed projection is [3e, e]. Its bound counts the whole shape: sqrt(6 / (4e)). Both
    ``in_proj_bias`` and ``out_proj.bias`` are 0.
    """

    def act():
        torch.manual_seed(1)
        attention = torch.nn.MultiheadAttention(24, 1)
        largest = attention.in_proj_weight.abs().max().item()
        return {
            "within": largest <= 0.25 * (1 + 2.0**-23),
            "fills": largest > 0.9 * 0.25,
            "in_proj_bias": attention.in_proj_bias.abs().max().item(),
            "out_proj.bias": attention.out_proj.bias.abs().max().item(),
        }

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.nn.BatchNorm1d",
    "torch.nn.LayerNorm",
    "torch.nn.GroupNorm",
    page="generated/torch.nn.BatchNorm1d",
    article="E",
)
@pytest.mark.parametrize(
    "name, sizes",
    [("BatchNorm1d", [2]), ("LayerNorm", [2]), ("GroupNorm", [1, 2])],
    ids=["BatchNorm1d", "LayerNorm", "GroupNorm"],
)
def test_default_normalisation_starts_as_the_identity(name, sizes, snapshot):
    """Normalisation layers start with weights 1 and biases 0; nothing is drawn.

    BatchNorm's running mean starts at 0, its variance at 1 and its count at 0.
    """
    assert snapshot == observe(lambda: dict(getattr(torch.nn, name)(*sizes).state_dict()))


@pytest.mark.api("torch.nn.PReLU", page="generated/torch.nn.PReLU")
def test_default_prelu_starts_at_a_quarter(snapshot):
    """PReLU's slope starts at 0.25."""
    assert snapshot == observe(lambda: torch.nn.PReLU().weight)
