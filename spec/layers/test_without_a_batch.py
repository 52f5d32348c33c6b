"""One sample without a batch dimension: which layers accept it, and which raise.

Adaptive and Lp pooling and reflection padding accept it since 1.10, convolutions, InstanceNorm2d
and recurrent cells since 1.11. The output then has no batch dimension either. GroupNorm raises,
because it expects the channels in the second dimension. A cell computes one step and raises on a
sequence. Its state must fit the input, and LSTMCell needs the pair (h, c).
"""

import pytest
import torch
from torch import nn

from torch_history.observing import observe

CELLS = ["RNNCell", "LSTMCell", "GRUCell"]


def hidden(result):
    """The shape of the hidden state in the result of a cell."""
    return (result[0] if isinstance(result, tuple) else result).shape


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.api(
    "torch.nn.RNNCell", "torch.nn.LSTMCell", "torch.nn.GRUCell", page="generated/torch.nn.RNNCell"
)
@pytest.mark.changed(
    "1.11", "cells accept one sample without a batch", kind="error-gone", cause="pytorch#70236"
)
def test_rnn_cell_takes_one_sample_without_a_batch(cell, snapshot):
    """Recurrent cells accept one sample without a batch, since 1.11: [feature] gives [hidden]."""
    assert snapshot == observe(lambda: hidden(getattr(nn, cell)(3, 2)(torch.zeros(3))))


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.api(
    "torch.nn.RNNCell", "torch.nn.LSTMCell", "torch.nn.GRUCell", page="generated/torch.nn.RNNCell"
)
@pytest.mark.changed(
    "1.9", "the message loses its comma", kind="wording", cause="pytorch#51964", when=":unseen"
)
@pytest.mark.changed(
    "1.11",
    "raises AssertionError, which counts the dimensions, instead of RuntimeError",
    kind="exception",
    cause="pytorch#70236",
    when=":unseen",
)
@pytest.mark.changed(
    "2.1",
    "raises ValueError instead of AssertionError",
    kind="exception",
    cause="pytorch#105127",
    probable=True,
    when=":unseen",
)
def test_rnn_cell_refuses_a_sequence(cell, snapshot):
    """Recurrent cells raise on three dimensions: a cell computes one step, not a sequence."""
    assert snapshot == observe(lambda: hidden(getattr(nn, cell)(3, 2)(torch.zeros(4, 1, 3))))


@pytest.mark.parametrize("shape", [(2,), (3, 2)], ids=["without a batch", "of another batch"])
@pytest.mark.api("torch.nn.RNNCell", page="generated/torch.nn.RNNCell")
@pytest.mark.changed(
    "1.9",
    "the message calls the state hidden0 instead of hidden",
    kind="wording",
    cause="pytorch#51964",
)
@pytest.mark.changed(
    "2.15",
    "for a state without a batch the message reports a wrong number of dimensions",
    kind="wording",
    cause="pytorch#191232",
    probable=True,
)
def test_rnn_cell_refuses_a_state_that_does_not_fit(shape, snapshot):
    """``RNNCell`` raises on a state that does not fit the batch: it does not broadcast it.

    The state for a batch of one must be [1, hidden].
    """
    assert snapshot == observe(lambda: nn.RNNCell(3, 2)(torch.zeros(1, 3), torch.zeros(shape)))


@pytest.mark.api("torch.nn.LSTMCell", page="generated/torch.nn.LSTMCell")
@pytest.mark.changed(
    "1.9",
    "raises TypeError, which asks for a tuple, instead of RuntimeError about the size",
    kind="exception",
    cause="pytorch#51964",
    advice="pass the pair (h, c)",
    when=":unseen",
)
def test_lstm_cell_refuses_a_hidden_state_alone(snapshot):
    """``LSTMCell`` raises on a hidden state alone: it needs the pair (h, c)."""
    assert snapshot == observe(lambda: nn.LSTMCell(3, 2)(torch.zeros(1, 3), torch.zeros(1, 2)))


LAYERS = {
    "ConvTranspose1d": (lambda: nn.ConvTranspose1d(2, 1, 1), (2, 3)),
    "Conv2d": (lambda: nn.Conv2d(2, 1, 1), (2, 3, 3)),
    "AdaptiveAvgPool1d": (lambda: nn.AdaptiveAvgPool1d(1), (2, 3)),
    "AdaptiveAvgPool2d": (lambda: nn.AdaptiveAvgPool2d(1), (2, 3, 3)),
    "LPPool1d": (lambda: nn.LPPool1d(2, 2), (2, 4)),
    "InstanceNorm2d": (lambda: nn.InstanceNorm2d(2), (2, 3, 3)),
    "ReflectionPad1d": (lambda: nn.ReflectionPad1d(1), (2, 3)),
}


@pytest.mark.parametrize("layer", list(LAYERS))
@pytest.mark.api(
    "torch.nn.ConvTranspose1d",
    "torch.nn.Conv2d",
    "torch.nn.AdaptiveAvgPool1d",
    "torch.nn.AdaptiveAvgPool2d",
    "torch.nn.LPPool1d",
    "torch.nn.InstanceNorm2d",
    "torch.nn.ReflectionPad1d",
    page="nn",
)
@pytest.mark.changed(
    "1.5",
    "the convolutions' message writes sizes in brackets, with commas",
    kind="wording",
    cause="pytorch#22919 (the issue)",
)
@pytest.mark.changed(
    "1.10",
    "AdaptiveAvgPool1d, LPPool1d and ReflectionPad1d accept one sample without a batch",
    kind="error-gone",
    cause="pytorch#61264",
)
@pytest.mark.changed(
    "1.11",
    "Conv2d, ConvTranspose1d and InstanceNorm2d accept one sample without a batch",
    kind="error-gone",
    cause="pytorch#70506",
)
def test_layer_takes_one_sample_without_a_batch(layer, snapshot):
    """Convolutions, pooling, InstanceNorm2d and padding accept one sample without a batch.

    The output has no batch dimension either. AdaptiveAvgPool2d accepts it on every release, the
    others since 1.10 or 1.11.
    """
    make, shape = LAYERS[layer]
    assert snapshot == observe(lambda: make()(torch.zeros(shape)).shape)


@pytest.mark.api("torch.nn.GroupNorm", page="generated/torch.nn.GroupNorm")
@pytest.mark.changed(
    "2.0",
    "raises RuntimeError, which asks for two dimensions, instead of IndexError",
    kind="exception",
    cause="pytorch#87054",
    when=":unseen",
)
def test_groupnorm_refuses_one_sample_without_a_batch(snapshot):
    """``GroupNorm`` raises on one sample [channel] without a batch.

    It expects the channels in the second dimension.
    """
    assert snapshot == observe(lambda: nn.GroupNorm(1, 2)(torch.zeros(2)))
