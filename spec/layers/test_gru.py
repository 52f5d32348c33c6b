"""``torch.nn.GRU``: three gates in one matrix, and a new state mixed with the old.

Each parameter stacks the gates in the order reset, update, new. The state becomes (1 - z) n + z h,
so an open update gate z keeps the old state. The reset gate multiplies the state's part of the new
gate, bias included. Trap: the two biases of the new gate are therefore not interchangeable, as they
are in an RNN. The output is the state of the last layer at every step, and there is no cell state.
"""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from fixtures.recurrent import filled, layers_of, numbers, quarters, sequence_sizes, shapes_of
from torch_history.observing import observe


def gru_reference(x, h_0, layers):
    """Compute a GRU in NumPy, from its formula.

    ``a = x_t W_ih' + b_ih`` and ``b = h_(t-1) W_hh' + b_hh`` are each cut into three, in the order
    r, z, n. ``r = sigmoid(a_r + b_r)``, ``z = sigmoid(a_z + b_z)``, ``n = tanh(a_n + r b_n)``, and
    ``h_t = (1 - z) n + z h_(t-1)``.

    x [time, batch, input], h_0 [layers, batch, hidden], W_ih [3 hidden, input], W_hh [3 hidden,
    hidden], b [3 hidden]. Returns output [time, batch, hidden] and h_n [layers, batch, hidden].
    """

    def sigmoid(z):
        return 1.0 / (1.0 + np.exp(-z))

    last = []
    for (w_ih, w_hh, b_ih, b_hh), start in zip(layers, h_0):
        h, steps = start, []
        for x_t in x:
            a_r, a_z, a_n = np.split(x_t @ w_ih.T + b_ih, 3, axis=-1)
            b_r, b_z, b_n = np.split(h @ w_hh.T + b_hh, 3, axis=-1)
            z, n = sigmoid(a_z + b_z), np.tanh(a_n + sigmoid(a_r + b_r) * b_n)
            h = (1.0 - z) * n + z * h
            steps.append(h)
        x = np.stack(steps)
        last.append(h)
    return x, np.stack(last)


OPEN, SHUT = 200.0, -200.0  # a sigmoid of exactly 1 and 0 in float32


def gated(reset, update, input_bias, hidden_bias):
    """The state after one step from h = 2, of a unit with only biases: all weights are 0."""
    gru = nn.GRU(1, 1)
    for parameter in gru.parameters():
        parameter.data.zero_()
    gru.bias_ih_l0.data.copy_(torch.tensor([reset, update, input_bias]))
    gru.bias_hh_l0.data.copy_(torch.tensor([0.0, 0.0, hidden_bias]))
    return gru(torch.zeros(1, 1, 1), torch.full((1, 1, 1), 2.0))[1].detach().reshape(1)


@pytest.mark.api("torch.nn.GRU", page="generated/torch.nn.GRU")
def test_gru_stacks_three_gates_in_each_parameter(snapshot):
    """Each GRU parameter stacks three gates: weight_ih_l0 is [18, 5] for a hidden size of 6.

    The names are those of the RNN, with three times its rows.
    """
    assert snapshot == observe(lambda: shapes_of(nn.GRU(5, 6)))


@pytest.mark.api("torch.nn.GRU", page="generated/torch.nn.GRU")
def test_gru_gates_are_reset_update_new(snapshot):
    """The rows of a GRU parameter hold the gates in the order reset, update, new.

    The state starts at h = 2. The new gate has bias 0.5 for the input and 0.25 for the state.

    With reset open and update shut the state is tanh(0.75) = 0.635149. With both shut it is
    tanh(0.5) = 0.46211717. With update open it is the old state, 2.
    """
    assert snapshot == observe(
        lambda: {
            "reset open, update shut": gated(OPEN, SHUT, 0.5, 0.25),
            "reset shut, update shut": gated(SHUT, SHUT, 0.5, 0.25),
            "reset open, update open": gated(OPEN, OPEN, 0.5, 0.25),
        }
    )


@pytest.mark.api("torch.nn.GRU", page="generated/torch.nn.GRU")
def test_gru_new_gate_needs_both_biases(snapshot):
    """The reset gate of a GRU multiplies ``h W_hn' + b_hn``, bias included.

    At r = 0.5 a bias of 0.25 in b_hn is not the same as 0.25 in b_in: tanh(0.5 + 0.125) = 0.554600
    against tanh(0.75) = 0.635149. In an RNN or LSTM both places are the same.
    """
    assert snapshot == observe(
        lambda: {"b_hn": gated(0.0, SHUT, 0.5, 0.25), "b_in": gated(0.0, SHUT, 0.75, 0.0)}
    )


@pytest.mark.api("torch.nn.GRU", page="generated/torch.nn.GRU")
def test_gru_output_is_the_last_layers_state_at_every_step(snapshot):
    """The output of a GRU is the state of the last layer at every step.

    Two layers over two steps agree with the formula in NumPy. ``output[-1]`` equals ``h_n[-1]``,
    and there is no cell state.
    """
    gru, x = filled(nn.GRU(2, 2, num_layers=2)), torch.tensor([[[1.0, -1.0]], [[0.5, 2.0]]])
    output, h_n = gru(x)
    for found, reference in zip(
        (output, h_n), gru_reference(numbers(x), np.zeros((2, 1, 2)), layers_of(gru))
    ):
        np.testing.assert_allclose(
            numbers(found), reference, rtol=0, atol=1e-6
        )  # float32: values of a few tenths, ULP 6e-8
    assert torch.equal(output[-1], h_n[-1])
    assert snapshot == observe(lambda: {"output": output.detach(), "h_n": h_n.detach()})


@pytest.mark.api("torch.nn.GRU", page="generated/torch.nn.GRU")
@pytest.mark.changed(
    "1.8",
    "RNN and GRU recognise proj_size, and reject it with a ValueError instead of a TypeError",
    kind="exception",
    cause="pytorch#47725",
)
def test_gru_refuses_proj_size(snapshot):
    """``GRU`` raises on ``proj_size``: only ``LSTM`` has projections."""
    assert snapshot == observe(lambda: shapes_of(nn.GRU(5, 6, proj_size=2)))


@given(sizes=sequence_sizes(), data=st.data())
@settings(max_examples=30)
def test_gru_equals_its_formula(sizes, data):
    """GRU output and h_n equal the formula for any sizes, inputs and first states."""
    time, batch, inputs, hidden, layers = sizes
    gru = filled(nn.GRU(inputs, hidden, num_layers=layers).double())
    x, h_0 = quarters(data, time, batch, inputs), quarters(data, layers, batch, hidden)
    found = gru(torch.from_numpy(x), torch.from_numpy(h_0))
    for tensor, reference in zip(found, gru_reference(x, h_0, layers_of(gru))):
        np.testing.assert_allclose(
            numbers(tensor), reference, rtol=1e-12, atol=1e-12
        )  # float64: sums of at most 8 terms
