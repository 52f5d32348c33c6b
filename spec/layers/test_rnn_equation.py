"""``torch.nn.RNN`` computes h_t = tanh(x_t W_ih' + b_ih + h_(t-1) W_hh' + b_hh), layer by layer.

The state starts at zero, and a returned state can be passed to the next call. A second layer reads
the output of the first. Only the sum of the two biases counts. ``nonlinearity="relu"`` replaces
tanh. All steps share the weights, whose gradients sum over the steps. A detached state cuts the
gradient to earlier steps and keeps the value.
"""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from fixtures.recurrent import digits, filled, layers_of, numbers, quarters, sequence_sizes
from torch_history.observing import observe


def rnn_reference(x, h_0, layers, activation=np.tanh):
    """``h_t = activation(x_t W_ih' + b_ih + h_(t-1) W_hh' + b_hh)``, layer by layer.

    A layer's x is the output of the layer below it.

    x [time, batch, input], h_0 [layers, batch, hidden], W_ih [hidden, input], W_hh [hidden,
    hidden], b [hidden]. Returns output [time, batch, hidden] and h_n [layers, batch, hidden].
    """
    last = []
    for (w_ih, w_hh, b_ih, b_hh), start in zip(layers, h_0):
        h, steps = start, []
        for x_t in x:
            h = activation(x_t @ w_ih.T + b_ih + h @ w_hh.T + b_hh)
            steps.append(h)
        x = np.stack(steps)
        last.append(h)
    return x, np.stack(last)


def one_unit():
    """An RNN of two inputs and one unit.

    The input [1, 2] and the state 0.25 give 0.5 - 0.5 + 0.1 + 0.5 + 0.4 = 1 before tanh.
    """
    rnn = nn.RNN(2, 1)
    for name, value in {
        "weight_ih": [[0.5, -0.25]],
        "weight_hh": [[2.0]],
        "bias_ih": [0.1],
        "bias_hh": [0.4],
    }.items():
        getattr(rnn, f"{name}_l0").data.copy_(torch.tensor(value))
    return rnn


@pytest.mark.api("torch.nn.RNN", page="generated/torch.nn.RNN", article="E")
def test_rnn_step_is_tanh_of_the_weighted_input_and_state(snapshot):
    """One RNN step gives tanh(x W_ih' + b_ih + h W_hh' + b_hh): here tanh(1) = 0.7615942."""
    output, _ = one_unit()(torch.tensor([[[1.0, 2.0]]]), torch.tensor([[[0.25]]]))
    assert snapshot == observe(lambda: output.detach())


@pytest.mark.api("torch.nn.RNN", page="generated/torch.nn.RNN")
def test_rnn_state_starts_at_zero(snapshot):
    """Without ``h_0`` the state of an RNN starts at zero: here tanh(0.5) = 0.46211717."""
    rnn, x = one_unit(), torch.tensor([[[1.0, 2.0]]])
    output, _ = rnn(x)
    assert torch.equal(output, rnn(x, torch.zeros(1, 1, 1))[0])
    assert snapshot == observe(lambda: output.detach())


@pytest.mark.api("torch.nn.RNN", page="generated/torch.nn.RNN")
def test_rnn_biases_count_by_their_sum_alone(snapshot):
    """Only the sum of the two biases of an RNN counts, so one bias would be enough.

    Moving a value from one bias to the other changes nothing.
    """
    rnn, x = one_unit(), torch.tensor([[[1.0, 2.0]]])
    before = rnn(x)[0]
    rnn.bias_ih_l0.data.add_(rnn.bias_hh_l0.data)
    rnn.bias_hh_l0.data.zero_()
    after = rnn(x)[0]
    assert torch.allclose(before, after)
    assert snapshot == observe(lambda: after.detach())


@pytest.mark.api("torch.nn.RNN", page="generated/torch.nn.RNN", article="E")
def test_rnn_second_layer_computes_from_the_output_of_the_first(snapshot):
    """An RNN of two layers equals two RNNs of one layer, one after the other.

    It also equals the formula in NumPy.
    """
    rnn, x = filled(nn.RNN(2, 2, num_layers=2)), torch.tensor([[[1.0, -1.0]], [[0.5, 2.0]]])
    first, second = nn.RNN(2, 2), nn.RNN(2, 2)
    for layer, single in enumerate((first, second)):
        for name in ("weight_ih_l", "weight_hh_l", "bias_ih_l", "bias_hh_l"):
            getattr(single, f"{name}0").data.copy_(getattr(rnn, f"{name}{layer}").data)
    output, h_n = rnn(x)
    assert torch.allclose(output, second(first(x)[0])[0])
    expected, _ = rnn_reference(numbers(x), np.zeros((2, 1, 2)), layers_of(rnn))
    np.testing.assert_allclose(
        numbers(output), expected, rtol=0, atol=1e-6
    )  # float32: |output| < 1, a few ULP of 6e-8
    assert snapshot == observe(lambda: {"output": output.detach(), "h_n": h_n.detach()})


@pytest.mark.api("torch.nn.RNN", page="generated/torch.nn.RNN")
def test_rnn_with_relu_keeps_what_is_positive(snapshot):
    """``nonlinearity="relu"`` makes an RNN use max(0, ·) instead of tanh.

    x + 10 h for the inputs 1, 2, -30, 4 gives 1, 12, 90, 904.
    """
    output, _ = digits()(torch.tensor([1.0, 2.0, -30.0, 4.0]).reshape(4, 1, 1))
    assert snapshot == observe(lambda: output.detach().reshape(4))


@pytest.mark.api("torch.nn.RNN", page="generated/torch.nn.RNN")
def test_rnn_carries_on_from_a_returned_state(snapshot):
    """An RNN can continue from a state that it returned.

    The inputs 1, 2, 3, 4 are fed in two parts, and the first part's ``h_n`` is passed to the
    second. With x + 10 h the state is 12 and then 1234, as for the whole sequence.
    """
    rnn, x = digits(), torch.tensor([1.0, 2.0, 3.0, 4.0]).reshape(4, 1, 1)
    _, middle = rnn(x[:2])
    _, last = rnn(x[2:], middle)
    assert torch.equal(last, rnn(x)[1])
    assert snapshot == observe(
        lambda: {"middle": middle.detach().reshape(1), "last": last.detach().reshape(1)}
    )


@pytest.mark.api("torch.nn.RNNCell", "torch.nn.RNN", page="generated/torch.nn.RNNCell")
def test_rnn_equals_a_loop_over_its_cell(snapshot):
    """A loop over ``RNNCell`` with the same parameters gives the output of the RNN.

    The parameter names of the cell have no layer number.
    """
    rnn, cell = filled(nn.RNN(2, 2)), filled(nn.RNNCell(2, 2))
    x, h, steps = torch.tensor([[[1.0, -1.0]], [[0.5, 2.0]]]), None, []
    for x_t in x:
        h = cell(x_t, h)
        steps.append(h)
    assert torch.allclose(torch.stack(steps), rnn(x)[0])
    assert snapshot == observe(
        lambda: {"names": [name for name, _ in cell.named_parameters()], "h": h.detach()}
    )


@pytest.mark.api("torch.nn.RNN", "torch.Tensor.backward", page="generated/torch.nn.RNN")
def test_rnn_gradient_sums_over_the_steps(snapshot):
    """All steps of an RNN share the weights, and the weights' gradients sum over the steps.

    For h = x + 10 h and the inputs 1, 1, 1 the states are 1, 11, 111. d h_3 / d w_hh = h_2 + w_hh
    h_1 = 11 + 10 = 21, and d h_3 / d w_ih = 1 + 10 + 100 = 111.
    """
    rnn = digits()
    rnn(torch.ones(3, 1, 1))[1].sum().backward()
    assert snapshot == observe(
        lambda: {"weight_ih": rnn.weight_ih_l0.grad, "weight_hh": rnn.weight_hh_l0.grad}
    )


@pytest.mark.api("torch.nn.RNN", "torch.Tensor.detach", page="generated/torch.nn.RNN")
def test_rnn_detached_state_cuts_the_gradient_through_time(snapshot):
    """``rnn(x, h.detach())`` keeps the value of the state and cuts its gradient.

    For h = x + 10 h and the inputs 1, 1, 1 the state is detached after two steps, at 11. The
    gradient of w_hh is then only 11, and that of w_ih only 1.
    """
    rnn = digits()
    _, h = rnn(torch.ones(2, 1, 1))
    _, last = rnn(torch.ones(1, 1, 1), h.detach())
    last.sum().backward()
    assert snapshot == observe(
        lambda: {
            "h": last.detach().reshape(1),
            "weight_ih": rnn.weight_ih_l0.grad,
            "weight_hh": rnn.weight_hh_l0.grad,
        }
    )


@given(sizes=sequence_sizes(), nonlinearity=st.sampled_from(["tanh", "relu"]), data=st.data())
@settings(max_examples=30)
def test_rnn_equals_its_formula(sizes, nonlinearity, data):
    """RNN output and h_n equal the formula for any sizes, inputs, first states and nonlinearity."""
    time, batch, inputs, hidden, layers = sizes
    rnn = filled(nn.RNN(inputs, hidden, num_layers=layers, nonlinearity=nonlinearity).double())
    x, h_0 = quarters(data, time, batch, inputs), quarters(data, layers, batch, hidden)
    output, h_n = rnn(torch.from_numpy(x), torch.from_numpy(h_0))
    expected = rnn_reference(
        x, h_0, layers_of(rnn), np.tanh if nonlinearity == "tanh" else lambda z: np.maximum(z, 0.0)
    )
    for found, reference in zip((output, h_n), expected):
        np.testing.assert_allclose(
            numbers(found), reference, rtol=1e-12, atol=1e-12
        )  # float64: sums of at most 8 terms


@given(sizes=sequence_sizes(), data=st.data())
@settings(max_examples=20)
def test_rnn_backward_direction_is_an_rnn_on_the_reversed_sequence(sizes, data):
    """The backward direction of an RNN is an RNN on the reversed sequence.

    It is the second half of a bidirectional output, and uses the reverse parameters.
    """
    time, batch, inputs, hidden, _ = sizes
    rnn = filled(nn.RNN(inputs, hidden, bidirectional=True).double())
    x = quarters(data, time, batch, inputs)
    output, h_n = rnn(torch.from_numpy(x))
    forward, backward = layers_of(rnn)
    zeros = np.zeros((1, batch, hidden))
    there, there_last = rnn_reference(x, zeros, [forward])
    back, back_last = rnn_reference(x[::-1], zeros, [backward])
    np.testing.assert_allclose(
        numbers(output), np.concatenate([there, back[::-1]], -1), rtol=1e-12, atol=1e-12
    )  # float64
    np.testing.assert_allclose(
        numbers(h_n), np.concatenate([there_last, back_last]), rtol=1e-12, atol=1e-12
    )
