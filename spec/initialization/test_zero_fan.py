"""Tensors and layers without elements: what warns, what raises, what says nothing."""

import pytest
import torch

from torch_history.observing import observe


def shape_after(name, shape):
    return list(getattr(torch.nn.init, name)(torch.empty(shape)).shape)


def shapes_of(make):
    return {name: list(parameter.shape) for name, parameter in make().named_parameters()}


@pytest.mark.api("torch.nn.init.kaiming_uniform_", "torch.nn.init.kaiming_normal_", page="nn.init")
@pytest.mark.changed(
    "1.9",
    "warns that nothing is done; of [2, 0] it divided by zero before",
    kind="warning",
    cause="pytorch#56505",
)
@pytest.mark.parametrize(
    "name", ["kaiming_uniform_", "kaiming_normal_"], ids=["kaiming_uniform_", "kaiming_normal_"]
)
@pytest.mark.parametrize("shape", [[0, 2], [2, 0]], ids=["0x2", "2x0"])
def test_kaiming_of_no_elements_warns(name, shape, snapshot):
    """A fan of 0 is not divided by: the function does nothing, and says so."""
    assert snapshot == observe(lambda: shape_after(name, shape))


@pytest.mark.api(
    "torch.nn.init.uniform_", "torch.nn.init.normal_", "torch.nn.init.zeros_", page="nn.init"
)
@pytest.mark.parametrize(
    "name", ["uniform_", "normal_", "zeros_"], ids=["uniform_", "normal_", "zeros_"]
)
def test_plain_fill_of_no_elements_says_nothing(name, snapshot):
    """What needs no fan has nothing to do, and nothing to say."""
    assert snapshot == observe(lambda: shape_after(name, [0, 2]))


@pytest.mark.api("torch.nn.init.xavier_uniform_", page="nn.init")
@pytest.mark.parametrize("shape", [[0, 2], [2, 0]], ids=["0x2", "2x0"])
def test_xavier_with_one_fan_of_zero_says_nothing(shape, snapshot):
    """Xavier divides by the sum of the fans, and one of 2 is enough: no error, and no warning either."""
    assert snapshot == observe(lambda: shape_after("xavier_uniform_", shape))


@pytest.mark.api("torch.nn.init.xavier_uniform_", page="nn.init")
def test_xavier_with_both_fans_zero_divides_by_zero(snapshot):
    """Of a [0, 0] the sum is 0: Python's own ZeroDivisionError comes through."""
    assert snapshot == observe(lambda: shape_after("xavier_uniform_", [0, 0]))


@pytest.mark.api("torch.nn.init.orthogonal_", page="nn.init")
@pytest.mark.changed(
    "1.12", "does nothing instead of dividing by zero", kind="error-gone", cause="pytorch#75553"
)
def test_orthogonal_of_no_elements_says_nothing(snapshot):
    """No rows are orthogonal to each other."""
    assert snapshot == observe(lambda: shape_after("orthogonal_", [0, 2]))


@pytest.mark.api("torch.nn.Linear", page="generated/torch.nn.Linear")
@pytest.mark.changed(
    "1.9",
    "the layer is built, with a warning, instead of dividing by zero",
    kind="error-gone",
    cause="pytorch#56505",
)
def test_linear_without_inputs_has_a_bias_of_zero(snapshot):
    """Linear(0, 2) warns for its weight; its bias, without inputs to scale by, starts at 0, and that is its output."""
    assert snapshot == observe(lambda: torch.nn.Linear(0, 2)(torch.empty(1, 0)))


@pytest.mark.api("torch.nn.Linear", page="generated/torch.nn.Linear")
@pytest.mark.changed(
    "1.9", "warns that the weight has nothing to initialise", kind="warning", cause="pytorch#56505"
)
def test_linear_without_outputs_warns(snapshot):
    """Linear(2, 0) is built, with a warning."""
    assert snapshot == observe(lambda: shapes_of(lambda: torch.nn.Linear(2, 0)))


@pytest.mark.api("torch.nn.Conv1d", page="generated/torch.nn.Conv1d")
@pytest.mark.changed(
    "1.9",
    "the weight is left alone with a warning, and the bias raises ZeroDivisionError instead",
    kind="exception",
    cause="pytorch#53522",
)
@pytest.mark.changed("1.11", "the layer is built", kind="error-gone", cause="pytorch#66256")
def test_convolution_without_input_channels_warns(snapshot):
    """Conv1d(0, 2, 1) is built, with a warning."""
    assert snapshot == observe(lambda: shapes_of(lambda: torch.nn.Conv1d(0, 2, 1)))


@pytest.mark.api("torch.nn.Conv1d", page="generated/torch.nn.Conv1d")
@pytest.mark.changed(
    "1.9",
    "the weight is left alone with a warning, and its bias raises ZeroDivisionError instead",
    kind="exception",
    cause="pytorch#53522",
)
@pytest.mark.changed(
    "1.11",
    "no error, and the bias is not written: a new layer's is whatever the memory held",
    kind="error-gone",
    cause="pytorch#66256",
    advice="set the bias by hand",
)
@pytest.mark.changed(
    "2.12",
    "the bias becomes 0 instead of staying as it was",
    kind="silent",
    cause="pytorch#175990",
    probable=True,
)
def test_convolution_without_input_channels_has_a_bias_of_zero(snapshot):
    """Its bias starts at 0, as Linear's does; where it stays at 7 here, a new layer's is whatever the memory held."""

    def act():
        layer = torch.nn.Conv1d(0, 2, 1)
        layer.bias.data.fill_(7.0)
        layer.reset_parameters()
        return layer.bias

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Embedding", page="generated/torch.nn.Embedding")
def test_embedding_without_rows_says_nothing(snapshot):
    """An empty table is built without a warning; every index is out of its range."""
    assert snapshot == observe(lambda: shapes_of(lambda: torch.nn.Embedding(0, 2)))


@pytest.mark.api("torch.nn.RNN", page="generated/torch.nn.RNN")
@pytest.mark.changed(
    "1.8",
    "raises ValueError, which speaks of proj_size, instead of ZeroDivisionError",
    kind="exception",
    cause="pytorch#47725",
    probable=True,
)
@pytest.mark.changed(
    "2.1",
    "the message asks for a hidden_size greater than zero",
    kind="wording",
    cause="pytorch#105659",
)
def test_recurrent_layer_without_hidden_units_raises(snapshot):
    """An RNN of no hidden units is refused."""
    assert snapshot == observe(lambda: shapes_of(lambda: torch.nn.RNN(2, 0)))
