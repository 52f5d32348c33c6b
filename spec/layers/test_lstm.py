"""``torch.nn.LSTM``: four gates in one matrix, and a cell state beside the hidden state.

Each parameter stacks the gates in the order input, forget, cell, output. The cell state becomes f c
+ i tanh(g), and the hidden state o tanh(c). The layer returns ``output, (h_n, c_n)``. The output
holds the hidden states of all steps, and the cell states of earlier steps are not returned. A first
state must be the pair (h_0, c_0). Since 1.8 ``proj_size`` makes the hidden state smaller than the
cell state.
"""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from fixtures.recurrent import filled, layers_of, numbers, quarters, sequence_sizes, shapes_of
from torch_history.observing import observe


def lstm_reference(x, h_0, c_0, layers):
    """Compute an LSTM in NumPy, from its formula.

    ``x_t W_ih' + b_ih + h_(t-1) W_hh' + b_hh`` is cut into four, in the order i, f, g, o. ``i``,
    ``f`` and ``o`` are the sigmoid of their part, ``g`` the tanh of its part.
    ``c_t = f c_(t-1) + i g`` and ``h_t = o tanh(c_t)``. A layer's x is the output of the layer
    below it.

    x [time, batch, input], h_0 and c_0 [layers, batch, hidden], W_ih [4 hidden, input], W_hh [4
    hidden, hidden], b [4 hidden]. Returns output [time, batch, hidden], and h_n and c_n [layers,
    batch, hidden].
    """

    def sigmoid(z):
        return 1.0 / (1.0 + np.exp(-z))

    last_h, last_c = [], []
    for (w_ih, w_hh, b_ih, b_hh), start_h, start_c in zip(layers, h_0, c_0):
        h, c, steps = start_h, start_c, []
        for x_t in x:
            i, f, g, o = np.split(x_t @ w_ih.T + b_ih + h @ w_hh.T + b_hh, 4, axis=-1)
            c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
            h = sigmoid(o) * np.tanh(c)
            steps.append(h)
        x = np.stack(steps)
        last_h.append(h)
        last_c.append(c)
    return x, np.stack(last_h), np.stack(last_c)


OPEN, SHUT = 200.0, -200.0  # a sigmoid of exactly 1 and 0 in float32


def gated(input_gate, forget_gate, cell, output_gate):
    """h and c after one step from c = 2, of a unit with only biases: all weights are 0."""
    lstm = nn.LSTM(1, 1)
    for parameter in lstm.parameters():
        parameter.data.zero_()
    lstm.bias_ih_l0.data.copy_(torch.tensor([input_gate, forget_gate, cell, output_gate]))
    _, (h, c) = lstm(torch.zeros(1, 1, 1), (torch.zeros(1, 1, 1), torch.full((1, 1, 1), 2.0)))
    return {"h": h.detach().reshape(1), "c": c.detach().reshape(1)}


@pytest.mark.api("torch.nn.LSTM", page="generated/torch.nn.LSTM")
def test_lstm_stacks_four_gates_in_each_parameter(snapshot):
    """Each LSTM parameter stacks four gates: weight_ih_l0 is [24, 5] for a hidden size of 6.

    The names are those of the RNN, with four times its rows.
    """
    assert snapshot == observe(lambda: shapes_of(nn.LSTM(5, 6)))


@pytest.mark.api("torch.nn.LSTM", page="generated/torch.nn.LSTM")
def test_lstm_returns_a_pair_of_states(snapshot):
    """``LSTM`` returns ``output, (h_n, c_n)``, with a hidden state and a cell state.

    Both states are [layers, batch, hidden].
    """
    output, (h_n, c_n) = filled(nn.LSTM(5, 6, num_layers=2, batch_first=True))(torch.zeros(1, 4, 5))
    assert snapshot == observe(lambda: {"output": output.shape, "h_n": h_n.shape, "c_n": c_n.shape})


@pytest.mark.api("torch.nn.LSTM", page="generated/torch.nn.LSTM")
def test_lstm_gates_are_input_forget_cell_output(snapshot):
    """The rows of an LSTM parameter hold the gates in the order input, forget, cell, output.

    c = f c + i tanh(g) and h = o tanh(c), from c = 2 and g = 0.5.

    With all gates open c is 2.4621172. With the input gate shut c stays 2. With the forget gate
    shut c is tanh(0.5). With the output gate shut h is 0.
    """
    assert snapshot == observe(
        lambda: {
            "all open": gated(OPEN, OPEN, 0.5, OPEN),
            "input shut": gated(SHUT, OPEN, 0.5, OPEN),
            "forget shut": gated(OPEN, SHUT, 0.5, OPEN),
            "output shut": gated(OPEN, OPEN, 0.5, SHUT),
        }
    )


@pytest.mark.api("torch.nn.LSTM", page="generated/torch.nn.LSTM")
def test_lstm_output_is_the_hidden_state_and_not_the_cell(snapshot):
    """The output of an LSTM is the hidden state, not the cell state.

    ``output[-1]`` equals ``h_n[-1]``. The cell state of earlier steps is not returned.
    """
    lstm, x = filled(nn.LSTM(2, 2, num_layers=2)), torch.tensor([[[1.0, -1.0]], [[0.5, 2.0]]])
    output, (h_n, c_n) = lstm(x)
    zeros = np.zeros((2, 1, 2))
    for found, reference in zip(
        (output, h_n, c_n), lstm_reference(numbers(x), zeros, zeros, layers_of(lstm))
    ):
        np.testing.assert_allclose(
            numbers(found), reference, rtol=0, atol=1e-6
        )  # float32: values of a few tenths, ULP 6e-8
    assert torch.equal(output[-1], h_n[-1])
    assert snapshot == observe(lambda: {"output": output.detach(), "c_n": c_n.detach()})


@pytest.mark.api("torch.nn.LSTM", page="generated/torch.nn.LSTM")
@pytest.mark.changed(
    "1.7", "the message writes the size that it got in brackets", kind="wording", when=":unseen"
)
@pytest.mark.changed(
    "1.11",
    "raises IndexError instead of RuntimeError: the tensor is unpacked before its size is checked",
    kind="exception",
    cause="pytorch#71056",
    advice="pass the pair (h_0, c_0)",
    when=":unseen",
)
def test_lstm_refuses_a_hidden_state_alone(snapshot):
    """``LSTM`` raises when the first state is a single tensor instead of the pair (h_0, c_0).

    torch unpacks the tensor as if it were the pair.
    """
    assert snapshot == observe(
        lambda: filled(nn.LSTM(1, 1))(torch.zeros(2, 1, 1), torch.zeros(1, 1, 1))[0].detach()
    )


@pytest.mark.api("torch.nn.LSTM", page="generated/torch.nn.LSTM")
@pytest.mark.changed("1.8", "LSTM takes proj_size", kind="appeared", cause="pytorch#47725")
def test_lstm_with_proj_size_returns_a_smaller_hidden_state(snapshot):
    """``LSTM(5, 6, proj_size=2)`` returns a hidden state of size 2.

    It multiplies h by weight_hr [2, 6]. Output and h_n have size 2, the cell state keeps 6.

    The test uses float64. In float32, torch 2.0 and later warn on CPUs where oneDNN has a faster
    LSTM that cannot use projections.
    """

    def act():
        lstm = filled(nn.LSTM(5, 6, proj_size=2).double())
        output, (h_n, c_n) = lstm(torch.zeros(4, 1, 5, dtype=torch.float64))
        return {
            "parameters": shapes_of(lstm),
            "output": output.shape,
            "h_n": h_n.shape,
            "c_n": c_n.shape,
        }

    assert snapshot == observe(act)


@given(sizes=sequence_sizes(), data=st.data())
@settings(max_examples=30)
def test_lstm_equals_its_formula(sizes, data):
    """LSTM output, h_n and c_n equal the formula for any sizes, inputs and first states."""
    time, batch, inputs, hidden, layers = sizes
    lstm = filled(nn.LSTM(inputs, hidden, num_layers=layers).double())
    x, h_0, c_0 = (
        quarters(data, *shape)
        for shape in ((time, batch, inputs), (layers, batch, hidden), (layers, batch, hidden))
    )
    output, (h_n, c_n) = lstm(torch.from_numpy(x), (torch.from_numpy(h_0), torch.from_numpy(c_0)))
    for found, reference in zip((output, h_n, c_n), lstm_reference(x, h_0, c_0, layers_of(lstm))):
        np.testing.assert_allclose(
            numbers(found), reference, rtol=1e-12, atol=1e-12
        )  # float64: sums of at most 8 terms
