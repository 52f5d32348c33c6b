"""``torch.nn.RNN``: its parameters, what it returns, and the arguments on which it raises.

Each layer has a weight for the input, a weight for the state, and a bias for each; a second
direction doubles them. ``output, h_n = rnn(x)`` returns all steps of the last layer, and the last
step of all layers. Dropout acts between layers, in training only, so a single layer with
``dropout`` warns. An RNN raises on an input of another size and on a sequence without steps. Trap:
on CPU without gradients LSTM of 2.1 and 2.2 accepted any size.
"""

import pytest
import torch
from torch import nn

from fixtures.recurrent import digits, filled, shapes_of
from torch_history.observing import observe, observe_each


@pytest.mark.api("torch.nn.RNN", page="generated/torch.nn.RNN", article="E")
def test_rnn_names_its_parameters_by_kind_and_layer(snapshot):
    """An RNN names its parameters by kind and layer, for example weight_ih_l0.

    In ``RNN(5, 6)`` weight_ih_l0 [6, 5] reads the input and weight_hh_l0 [6, 6] the hidden state.
    Each has a bias.
    """
    assert snapshot == observe(lambda: shapes_of(nn.RNN(5, 6)))


@pytest.mark.api("torch.nn.RNN", page="generated/torch.nn.RNN", article="E")
def test_rnn_biases_are_vectors(snapshot):
    """The biases of an RNN have one dimension, [6]; article E writes 1*6."""
    rnn = nn.RNN(5, 6, num_layers=2, batch_first=True)
    assert snapshot == observe(
        lambda: {"bias_ih_l0": rnn.bias_ih_l0.shape, "bias_hh_l0": rnn.bias_hh_l0.shape}
    )


@pytest.mark.api("torch.nn.RNN", page="generated/torch.nn.RNN", article="E")
def test_rnn_second_layer_reads_the_hidden_state_of_the_first(snapshot):
    """The second layer of an RNN reads the hidden state of the first.

    weight_ih_l1 is [6, 6], because its input is the first layer's output. That has size 6, not 5.
    """
    assert snapshot == observe(lambda: shapes_of(nn.RNN(5, 6, num_layers=2)))


@pytest.mark.api("torch.nn.RNN", page="generated/torch.nn.RNN")
def test_rnn_without_bias_has_weights_alone(snapshot):
    """``RNN(bias=False)`` has weights and no biases."""
    assert snapshot == observe(lambda: shapes_of(nn.RNN(5, 6, bias=False)))


@pytest.mark.api("torch.nn.RNN", page="generated/torch.nn.RNN")
def test_rnn_bidirectional_has_reverse_parameters(snapshot):
    """A bidirectional RNN has a second set of parameters, whose names end in ``_reverse``.

    The second layer reads both directions: its input weight is [6, 12].
    """
    assert snapshot == observe(
        lambda: shapes_of(nn.RNN(5, 6, num_layers=2, bidirectional=True, bias=False))
    )


@pytest.mark.api("torch.nn.RNN", page="generated/torch.nn.RNN")
def test_rnn_parameters_start_within_one_over_the_root_of_hidden_size(snapshot):
    """All RNN parameters start between -1/sqrt(hidden) and 1/sqrt(hidden), biases included.

    Here the bound is 0.5, and no parameter is all zero.
    """
    rnn = nn.RNN(100, 4)  # 100 inputs: the bound does not depend on them
    assert snapshot == observe(
        lambda: {
            "largest between 0.45 and 0.5": bool(0.45 < rnn.weight_ih_l0.abs().max() <= 0.5),
            "all within 0.5": all(
                bool((parameter.abs() <= 0.5).all()) for parameter in rnn.parameters()
            ),
            "none all zero": all(bool(parameter.abs().sum() > 0) for parameter in rnn.parameters()),
        }
    )


@pytest.mark.api("torch.nn.RNN", page="generated/torch.nn.RNN", article="E")
def test_rnn_returns_all_steps_of_the_last_layer_and_the_last_step_of_all_layers(snapshot):
    """An RNN returns all steps of the last layer, and the last step of all layers.

    With ``output, h_n = rnn(x)`` article E's input [1, 4, 5] gives output [1, 4, 6] and h_n [2, 1,
    6].

    The article calls the second value ``h0``; it is the final state, not the first.
    """
    output, h_n = filled(nn.RNN(5, 6, num_layers=2, batch_first=True))(torch.zeros(1, 4, 5))
    assert snapshot == observe(lambda: {"output": output.shape, "h_n": h_n.shape})


@pytest.mark.api("torch.nn.RNN", page="generated/torch.nn.RNN")
def test_rnn_dropout_acts_between_layers_only(snapshot):
    """RNN dropout acts between layers: on the input of the second layer, not on the output.

    Each layer computes x + 10 h. With ``dropout=1`` the second layer reads only zeros, and returns
    10 times its own state. ``h_n`` holds the whole state of the first layer: 12 for the inputs 1
    and 2.
    """

    def act():
        output, h_n = digits(num_layers=2, dropout=1.0)(
            torch.tensor([[[1.0]], [[2.0]]]), torch.tensor([[[0.0]], [[1.0]]])
        )
        return {"output": output.detach().reshape(2), "h_n": h_n.detach().reshape(2)}

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.RNN", page="generated/torch.nn.RNN")
def test_rnn_dropout_rests_in_eval(snapshot):
    """RNN dropout drops nothing in ``eval()``, even with ``dropout=1``.

    Each layer computes x + 10 h. The second layer reads the states 1 and 12 of the first, and gives
    1 and 22.
    """

    def act():
        output, _ = digits(num_layers=2, dropout=1.0).eval()(torch.tensor([[[1.0]], [[2.0]]]))
        return output.detach().reshape(2)

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.RNN", page="generated/torch.nn.RNN")
def test_rnn_dropout_of_a_single_layer_warns(snapshot):
    """``RNN`` with ``dropout`` and a single layer warns in the constructor.

    Dropout acts between layers, so a single layer has none.
    """
    assert snapshot == observe(lambda: nn.RNN(5, 6, dropout=0.5).dropout)


@pytest.mark.api("torch.nn.RNN", page="generated/torch.nn.RNN")
@pytest.mark.changed("2.1", "the message names the two valid values", kind="wording")
def test_rnn_refuses_another_nonlinearity(snapshot):
    """``RNN`` raises on a ``nonlinearity`` other than "tanh" or "relu"."""
    assert snapshot == observe(lambda: shapes_of(nn.RNN(5, 6, nonlinearity="sigmoid")))


@pytest.mark.api("torch.nn.RNN", "torch.nn.LSTM", "torch.nn.GRU", page="generated/torch.nn.RNN")
@pytest.mark.changed(
    "1.8",
    "raises ValueError, which mentions proj_size, instead of ZeroDivisionError",
    kind="exception",
    cause="pytorch#47725",
    advice="catch ValueError",
    when=":call and :caught and hidden_size@1",
    rarely="a hidden size of 0",
)
@pytest.mark.changed(
    "2.1",
    "the message names hidden_size",
    kind="wording",
    cause="pytorch#105659",
    when=":call and :caught and hidden_size@1",
    rarely="a hidden size of 0",
)
def test_rnn_refuses_hidden_size_zero(snapshot):
    """``RNN`` raises in the constructor on a hidden size of 0."""
    assert snapshot == observe(lambda: shapes_of(nn.RNN(5, 0)))


@pytest.mark.api("torch.nn.RNN", page="generated/torch.nn.RNN")
def test_rnn_refuses_an_input_of_another_size(snapshot):
    """``RNN`` raises unless the last dimension of the input is ``input_size``."""
    assert snapshot == observe(lambda: filled(nn.RNN(5, 6))(torch.zeros(3, 2, 4)))


@pytest.mark.api("torch.nn.LSTM", "torch.nn.GRU", page="generated/torch.nn.LSTM")
@pytest.mark.changed(
    "2.1",
    "LSTM takes any size on the CPU without grad, and reads beyond its weights",
    kind="error-gone",
    of="torch.nn.LSTM",
    cause="pytorch#114874 (the issue)",
)
@pytest.mark.changed(
    "2.3",
    "LSTM raises again",
    kind="error",
    of="torch.nn.LSTM",
    advice="give the layer the input_size of its input",
    rarely="an input of another size",
    cause="pytorch#115542",
)
def test_lstm_and_gru_refuse_an_input_of_another_size(snapshot):
    """``LSTM`` and ``GRU`` raise unless the last dimension of the input is ``input_size``."""

    def shape(layer):
        with torch.no_grad():
            return list(layer(torch.ones(4, 1, 5))[0].shape)

    assert snapshot == observe_each(
        {"LSTM": lambda: shape(nn.LSTM(2, 3)), "GRU": lambda: shape(nn.GRU(2, 3))}
    )


@pytest.mark.api("torch.nn.RNN", page="generated/torch.nn.RNN")
@pytest.mark.changed(
    "1.10", "the message names the sequence's length", kind="wording", cause="pytorch#60269"
)
def test_rnn_refuses_a_sequence_without_steps(snapshot):
    """``RNN`` raises on a sequence of length 0, which has no last state."""
    assert snapshot == observe(lambda: filled(nn.RNN(5, 6))(torch.zeros(0, 2, 5)))


@pytest.mark.api("torch.nn.RNN", page="generated/torch.nn.RNN")
def test_rnn_takes_a_batch_without_samples(snapshot):
    """``RNN`` accepts a batch of size 0: the output is [3, 0, 6]."""

    def act():
        output, h_n = filled(nn.RNN(5, 6))(torch.zeros(3, 0, 5))
        return {"output": output.shape, "h_n": h_n.shape}

    assert snapshot == observe(act)
