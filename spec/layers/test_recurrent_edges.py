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
@pytest.mark.parametrize("name", LAYERS)
def test_recurrent_layer_refuses_a_state_of_another_dtype(name, snapshot):
    """A float32 recurrent layer raises on a float64 state, and on a state of integers."""

    def act(dtype):
        given = state(name, 1, 2, 3)
        given = tuple(one.to(dtype) for one in given) if name == "LSTM" else given.to(dtype)
        return first(getattr(nn, name)(2, 3)(torch.ones(4, 2, 2), given)).dtype

    cases = {"float64": lambda: act(torch.float64), "int64": lambda: act(torch.int64)}
    assert snapshot == observe_each({case: apart(one) for case, one in cases.items()})
