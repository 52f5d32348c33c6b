"""Inputs and states whose sizes do not fit a recurrent layer or cell.

A layer of 2 features and 3 hidden ones is given an input of 5 features, or a state of another size
or number of layers. It raises, and names both numbers. Trap: LSTM of 2.1 and 2.2 computes on the
CPU with what lies behind its weights, and its backward can end the process.
"""

import pytest
import torch
from torch import nn

from torch_history.observing import apart, observe_each

LAYERS = ["RNN", "LSTM", "GRU"]
CELLS = ["RNNCell", "LSTMCell", "GRUCell"]


def first(result):
    """The output of a layer, or the hidden state of a cell."""
    return result[0] if isinstance(result, tuple) else result


def state(name, *shape):
    """Zeros as the state of a layer or cell: two of them for LSTM."""
    zeros = torch.zeros(shape)
    return (zeros, zeros) if name.startswith("LSTM") else zeros


@pytest.mark.api(
    "torch.nn.RNN",
    "torch.nn.LSTM",
    "torch.nn.GRU",
    "torch.nn.RNNCell",
    "torch.nn.LSTMCell",
    "torch.nn.GRUCell",
    page="generated/torch.nn.LSTM",
)
@pytest.mark.changed(
    "1.9",
    "the message of the cells loses its comma",
    kind="wording",
    cause="pytorch#51964",
    when=":unseen",
)
@pytest.mark.changed(
    "2.1",
    "the backward of LSTM ends the process, where its forward raised before",
    kind="error",
    cause="pytorch#92970",
    probable=True,
    advice="check input.size(-1) == layer.input_size before the call",
    of="torch.nn.LSTM",
    rarely="an input of another width",
)
@pytest.mark.changed(
    "2.1",
    "LSTM takes any width on the CPU, and reads beyond its weights",
    kind="error-gone",
    cause="pytorch#92970",
    probable=True,
    advice="check input.size(-1) == layer.input_size before the call",
    when=":unseen",
)
@pytest.mark.changed(
    "2.3",
    "LSTM raises in its forward, instead of ending the process in its backward",
    kind="exception",
    cause="pytorch#115542",
    of="torch.nn.LSTM",
    rarely="an input of another width",
    when=":caught",
)
@pytest.mark.changed(
    "2.3",
    "LSTM raises again, because its input must have input_size features",
    kind="error",
    cause="pytorch#115542",
    advice="give the layer the input_size of its input",
    of="torch.nn.LSTM",
    rarely="an input of another width",
)
@pytest.mark.parametrize("name", [*LAYERS, *CELLS])
def test_recurrent_layer_refuses_an_input_of_another_width(name, snapshot):
    """A recurrent layer of 2 features raises on an input of 5, with and without gradients.

    From a width that is too large LSTM of 2.1 and 2.2 computes without an error. Its output is not
    defined, and backward can end the process. Observed are dtype and shape.
    """

    def forward(width):
        layer = getattr(nn, name)(2, 3)
        x = torch.ones((4, 1, width) if name in LAYERS else (1, width))
        return first(layer(x))

    def facts(width):
        result = forward(width)
        return {"dtype": result.dtype, "shape": result.shape}

    def without_gradients():
        with torch.no_grad():
            return facts(5)

    def backward(width):
        forward(width).sum().backward()
        return "backward returned"

    cases = {
        "forward": lambda: facts(5),
        "forward without gradients": without_gradients,
        "backward": lambda: backward(5),
        "forward of one feature": lambda: facts(1),
        "backward of one feature": lambda: backward(1),
    }
    assert snapshot == observe_each({case: apart(act) for case, act in cases.items()})


@pytest.mark.api("torch.nn.RNN", "torch.nn.LSTM", "torch.nn.GRU", page="generated/torch.nn.LSTM")
@pytest.mark.changed(
    "1.7", "the message writes the size of the state in brackets", kind="wording", when=":unseen"
)
@pytest.mark.changed(
    "1.11",
    "the message counts the dimensions of a state with two or four of them",
    kind="wording",
    cause="pytorch#70977",
    probable=True,
    when=":unseen",
)
@pytest.mark.parametrize("name", LAYERS)
def test_recurrent_layer_refuses_a_state_of_another_size(name, snapshot):
    """A recurrent layer of one layer and 3 hidden features raises on a state of another shape.

    The state has [layers, samples, hidden features]. It is not broadcast.
    """

    def act(*shape):
        result, last = getattr(nn, name)(2, 3)(torch.ones(4, 2, 2), state(name, *shape))
        return {"output": result.shape, "state": first(last).shape}

    cases = {
        "another size": lambda: act(1, 2, 5),
        "two layers": lambda: act(2, 2, 3),
        "one sample": lambda: act(1, 1, 3),
        "no dimension of layers": lambda: act(2, 3),
        "four dimensions": lambda: act(1, 1, 2, 3),
        "no layers": lambda: act(0, 2, 3),
    }
    assert snapshot == observe_each({case: apart(one) for case, one in cases.items()})


@pytest.mark.api(
    "torch.nn.RNNCell", "torch.nn.LSTMCell", "torch.nn.GRUCell", page="generated/torch.nn.LSTMCell"
)
@pytest.mark.changed(
    "1.9",
    "the message calls the state hidden0 instead of hidden or hidden[0]",
    kind="wording",
    cause="pytorch#51964",
    when=":unseen",
)
@pytest.mark.changed(
    "2.1",
    "a state of three dimensions raises ValueError instead of RuntimeError",
    kind="exception",
    cause="pytorch#105127",
    probable=True,
    of=("torch.nn.GRUCell", "torch.nn.LSTMCell", "torch.nn.RNNCell"),
    rarely="a state of another size",
    when=":caught",
)
@pytest.mark.changed(
    "2.15",
    "a state without a dimension of samples is reported by its number of dimensions",
    kind="wording",
    cause="pytorch#191232",
    probable=True,
    when=":unseen",
)
@pytest.mark.parametrize("name", CELLS)
def test_recurrent_cell_refuses_a_state_of_another_size(name, snapshot):
    """A recurrent cell of 3 hidden features raises on a state of another shape for 2 samples."""

    def act(*shape):
        return first(getattr(nn, name)(2, 3)(torch.ones(2, 2), state(name, *shape))).shape

    cases = {
        "another size": lambda: act(2, 5),
        "one sample": lambda: act(1, 3),
        "no dimension of samples": lambda: act(3),
        "three dimensions": lambda: act(1, 2, 3),
        "no samples": lambda: act(0, 3),
    }
    assert snapshot == observe_each({case: apart(one) for case, one in cases.items()})


@pytest.mark.api("torch.nn.RNN", "torch.nn.LSTM", "torch.nn.GRU", page="generated/torch.nn.LSTM")
@pytest.mark.changed(
    "1.7",
    'the message of GRU, LSTM and RNN says "expected scalar type Float but found Double"',
    kind="wording",
    cause="pytorch#40927",
    probable=True,
    when=":unseen",
)
@pytest.mark.changed(
    "1.13",
    'the message of GRU, LSTM and RNN says "mat1 and mat2 must have the same dtype"',
    kind="wording",
    cause="pytorch#84960",
    probable=True,
    when=":unseen",
)
@pytest.mark.changed(
    "2.0",
    'the message of LSTM says "get_mkldnn_dtype: unsupported data type"',
    kind="wording",
    cause="pytorch#91158",
    when=":unseen",
)
@pytest.mark.changed(
    "2.1",
    'the message of GRU and RNN says "mat1 and mat2 must have the same dtype, but got '
    'Double and Float"',
    kind="wording",
    cause="pytorch#105309",
    when=":unseen",
)
@pytest.mark.parametrize("name", LAYERS)
def test_recurrent_layer_refuses_a_state_of_another_dtype(name, snapshot):
    """A float32 recurrent layer raises on a float64 state, and on a state of integers."""

    def act(dtype):
        given = state(name, 1, 2, 3)
        given = tuple(one.to(dtype) for one in given) if name == "LSTM" else given.to(dtype)
        return first(getattr(nn, name)(2, 3)(torch.ones(4, 2, 2), given)).dtype

    cases = {"float64": lambda: act(torch.float64), "int64": lambda: act(torch.int64)}
    assert snapshot == observe_each({case: apart(one) for case, one in cases.items()})
