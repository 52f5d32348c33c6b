"""RNN, LSTM, GRU and their cells, one setting at a time.

The numbers of each parameter count 0.25, 0.5, 0.75, -0.25, so that every weight and bias matters.
The output holds all steps of the last layer; the state holds the last step of all layers. Only RNN
and RNNCell have ``nonlinearity``, and only LSTM has ``proj_size``. ``dropout`` acts between the
layers, so with one layer it has no effect but a warning.
"""

import pytest
import torch
from torch import nn

from fixtures.layer_settings import counted, filled
from fixtures.settings import each
from torch_history.observing import observe_each

LAYERS = ["RNN", "LSTM", "GRU"]
SETTINGS = {
    "default": {},
    "bias": {"bias": False},
    "batch_first": {"batch_first": True},
    "bidirectional": {"bidirectional": True},
    "num_layers": {"num_layers": 2},
    "all together": {
        "num_layers": 2,
        "bias": False,
        "batch_first": True,
        "bidirectional": True,
    },
    "nonlinearity": {"nonlinearity": "relu"},
    "proj_size": {"proj_size": 1},
    "dropout of one layer": {"dropout": 0.5},
}


def quarters(layer):
    """The layer, whose parameters count 0.25, 0.5, 0.75, -0.25."""
    return filled(layer, scale=0.25)


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.api("torch.nn.RNN", "torch.nn.LSTM", "torch.nn.GRU", page="generated/torch.nn.RNN")
@pytest.mark.changed(
    "1.8",
    "LSTM takes proj_size",
    kind="appeared",
    cause="pytorch#47725",
    of="torch.nn.LSTM",
    when="proj_size",
)
@pytest.mark.changed(
    "1.8",
    "RNN and GRU recognise proj_size, and reject it with a ValueError instead of a TypeError",
    kind="exception",
    cause="pytorch#47725",
    advice="catch ValueError",
    when=":caught and proj_size",
    of=("torch.nn.RNN", "torch.nn.GRU"),
)
@pytest.mark.changed(
    "2.0",
    "LSTM with proj_size warns on the CPU that oneDNN does not support it",
    kind="warning",
    cause="pytorch#91158",
    advice="ignore the warning: the numbers are the same",
    when="proj_size@7!=0",
    depends="the device of the input",
    of="torch.nn.LSTM",
)
def test_recurrent_output_follows_each_setting(layer, snapshot):
    """Each setting changes the output or the last states of a recurrent layer.

    The input is two steps of three samples, or with ``batch_first=True`` two samples of three
    steps. Settings that the layer does not have raise.
    """
    x = (counted(2, 3, 1) - 5) * 0.25

    def act(**settings):
        return quarters(getattr(nn, layer)(1, 2, **settings))(x)

    assert snapshot == observe_each(each(act, SETTINGS))


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.api("torch.nn.RNN", "torch.nn.LSTM", "torch.nn.GRU", page="generated/torch.nn.RNN")
@pytest.mark.changed(
    "1.7", "the message writes the size of the state as a list", kind="wording", when=":caught"
)
@pytest.mark.changed(
    "1.8",
    "LSTM takes proj_size",
    kind="appeared",
    cause="pytorch#47725",
    of="torch.nn.LSTM",
    when="proj_size",
)
@pytest.mark.changed(
    "1.8",
    "RNN and GRU recognise proj_size, and reject it with a ValueError instead of a TypeError",
    kind="exception",
    cause="pytorch#47725",
    advice="catch ValueError",
    when=":caught and proj_size",
    of=("torch.nn.RNN", "torch.nn.GRU"),
)
@pytest.mark.changed(
    "2.0",
    "LSTM with proj_size warns on the CPU that oneDNN does not support it",
    kind="warning",
    cause="pytorch#91158",
    advice="ignore the warning: the numbers are the same",
    when="proj_size@7!=0",
    depends="the device of the input",
    of="torch.nn.LSTM",
)
def test_recurrent_layer_starts_from_the_state_it_is_given(layer, snapshot):
    """A recurrent layer starts from the state that it is given, and from zeros otherwise.

    The state has a row for each layer and direction; too few rows raise. An LSTM takes two states,
    and with ``proj_size`` the first one is as narrow as the projection.
    """
    x = torch.ones(1, 1, 1)

    def act(width=2, rows=1, **settings):
        made = quarters(getattr(nn, layer)(1, 2, **settings))
        state = (counted(rows, 1, width) + 1) * 0.25
        cells = (counted(rows, 1, 2) - 1) * 0.25
        return made(x, (state, cells) if layer == "LSTM" else state)

    assert snapshot == observe_each(
        each(
            act,
            {
                "one layer": {},
                "two layers": {"rows": 2, "num_layers": 2},
                "two directions": {"rows": 2, "bidirectional": True},
                "proj_size": {"width": 1, "proj_size": 1},
                "too few rows": {"num_layers": 2},
            },
        )
    )


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.api("torch.nn.RNN", "torch.nn.LSTM", "torch.nn.GRU", page="generated/torch.nn.RNN")
def test_recurrent_dropout_lies_between_the_layers(layer, snapshot):
    """``dropout=1.0`` makes the second layer read zeros; the first layer reads the whole input.

    In ``eval()`` nothing is dropped, so the output is that of ``dropout=0.0``.
    """
    x = torch.ones(2, 1, 1)

    def act(training, dropout):
        made = quarters(getattr(nn, layer)(1, 2, num_layers=2, dropout=dropout))
        return made.train(training)(x)

    assert snapshot == observe_each(
        {
            "nothing dropped": lambda: act(True, 0.0),
            "all dropped": lambda: act(True, 1.0),
            "eval": lambda: act(False, 1.0),
        }
    )


@pytest.mark.parametrize("cell", ["RNNCell", "LSTMCell", "GRUCell"])
@pytest.mark.api(
    "torch.nn.RNNCell", "torch.nn.LSTMCell", "torch.nn.GRUCell", page="generated/torch.nn.RNNCell"
)
def test_recurrent_cell_output_follows_each_setting(cell, snapshot):
    """Bias, nonlinearity and the given state change the next state of a cell.

    A cell takes one step of a batch. An LSTM cell returns two states. Only ``RNNCell`` takes a
    nonlinearity, tanh or relu.
    """
    x = (counted(2, 1) - 2) * 0.25

    def act(state=None, **settings):
        made = quarters(getattr(nn, cell)(1, 2, **settings))
        if state is None:
            return made(x)
        return made(x, (state, state + 0.25) if cell == "LSTMCell" else state)

    assert snapshot == observe_each(
        each(
            act,
            {
                "default": {},
                "bias": {"bias": False},
                "state": {"state": counted(2, 2) * 0.125},
                "nonlinearity": {"nonlinearity": "relu"},
                "nonlinearity unknown": {"nonlinearity": "sigmoid"},
            },
        )
    )
