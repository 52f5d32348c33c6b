"""Initialising tensors and layers without elements: what warns, raises or is silent.

Kaiming's functions warn and do nothing, since 1.9. Plain fills and ``orthogonal_`` say nothing.
Xavier's functions divide by the sum of the fans; ``xavier_uniform_`` raises where both are 0. A
Linear without inputs has a bias of 0, and a convolution without input channels since 2.12. Trap:
from 1.11 to 2.11 the bias of this convolution was uninitialised memory.
"""

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
    "warns that nothing is done",
    kind="warning",
    cause="pytorch#56505",
    rarely="tensors without elements",
)
@pytest.mark.changed(
    "1.9",
    "a weight [2, 0] is left alone instead of dividing by zero",
    kind="error-gone",
    cause="pytorch#56505",
    when=":caught",
    rarely="tensors without elements",
)
@pytest.mark.parametrize(
    "name", ["kaiming_uniform_", "kaiming_normal_"], ids=["kaiming_uniform_", "kaiming_normal_"]
)
@pytest.mark.parametrize("shape", [[0, 2], [2, 0]], ids=["0x2", "2x0"])
def test_kaiming_of_no_elements_warns(name, shape, snapshot):
    """Kaiming initialisers warn about a tensor without elements and do nothing.

    Before 1.9 they did not warn, and a weight [2, 0] raised a ZeroDivisionError.
    """
    assert snapshot == observe(lambda: shape_after(name, shape))


@pytest.mark.api(
    "torch.nn.init.uniform_", "torch.nn.init.normal_", "torch.nn.init.zeros_", page="nn.init"
)
@pytest.mark.parametrize(
    "name", ["uniform_", "normal_", "zeros_"], ids=["uniform_", "normal_", "zeros_"]
)
def test_plain_fill_of_no_elements_says_nothing(name, snapshot):
    """``uniform_``, ``normal_`` and ``zeros_`` silently accept a tensor without elements."""
    assert snapshot == observe(lambda: shape_after(name, [0, 2]))


@pytest.mark.api("torch.nn.init.xavier_uniform_", page="nn.init")
@pytest.mark.parametrize("shape", [[0, 2], [2, 0]], ids=["0x2", "2x0"])
def test_xavier_with_one_fan_of_zero_says_nothing(shape, snapshot):
    """``xavier_uniform_`` with one fan of 0 neither raises nor warns.

    It divides by the sum of the fans, which is 2 here.
    """
    assert snapshot == observe(lambda: shape_after("xavier_uniform_", shape))


@pytest.mark.api("torch.nn.init.xavier_uniform_", page="nn.init")
def test_xavier_with_both_fans_zero_divides_by_zero(snapshot):
    """``xavier_uniform_`` on a [0, 0] tensor raises a ZeroDivisionError: both fans are 0."""
    assert snapshot == observe(lambda: shape_after("xavier_uniform_", [0, 0]))


@pytest.mark.api("torch.nn.init.orthogonal_", page="nn.init")
@pytest.mark.changed(
    "1.12", "does nothing instead of dividing by zero", kind="error-gone", cause="pytorch#75553"
)
def test_orthogonal_of_no_elements_says_nothing(snapshot):
    """Since 1.12 ``orthogonal_`` silently accepts a tensor without elements."""
    assert snapshot == observe(lambda: shape_after("orthogonal_", [0, 2]))


@pytest.mark.api("torch.nn.Linear", page="generated/torch.nn.Linear")
@pytest.mark.changed(
    "1.9",
    "the layer is built, with a warning, instead of dividing by zero",
    kind="error-gone",
    cause="pytorch#56505",
)
def test_linear_without_inputs_has_a_bias_of_zero(snapshot):
    """``Linear(0, 2)`` has a bias of 0, and therefore an output of 0.

    Without inputs there is no bound for the bias. Since 1.9 the layer is built, with a warning
    about its weight.
    """
    assert snapshot == observe(lambda: torch.nn.Linear(0, 2)(torch.empty(1, 0)))


@pytest.mark.api("torch.nn.Linear", page="generated/torch.nn.Linear")
@pytest.mark.changed(
    "1.9",
    "warns that the weight has nothing to initialise",
    kind="warning",
    cause="pytorch#56505",
    when="out_features@1=0 and out_features@1!=<unknown>",
)
def test_linear_without_outputs_warns(snapshot):
    """``Linear(2, 0)`` is built, with a warning since 1.9."""
    assert snapshot == observe(lambda: shapes_of(lambda: torch.nn.Linear(2, 0)))


@pytest.mark.api(
    "torch.nn.Conv1d", "torch.nn.Conv2d", "torch.nn.Conv3d", page="generated/torch.nn.Conv1d"
)
@pytest.mark.changed(
    "1.9",
    "the bias raises ZeroDivisionError, where the weight raised IndexError before",
    kind="exception",
    cause="pytorch#53522",
    when=":caught and in_channels@0=0 and in_channels@0!=<unknown>",
)
@pytest.mark.changed(
    "1.9",
    "warns that the weight is left alone",
    kind="warning",
    cause="pytorch#56505",
    when=":caught and in_channels@0=0 and in_channels@0!=<unknown>",
)
@pytest.mark.changed("1.11", "the layer is built", kind="error-gone", cause="pytorch#66256")
def test_convolution_without_input_channels_warns(snapshot):
    """``Conv1d(0, 2, 1)`` is built, with a warning, since 1.11."""
    assert snapshot == observe(lambda: shapes_of(lambda: torch.nn.Conv1d(0, 2, 1)))


@pytest.mark.api(
    "torch.nn.Conv1d", "torch.nn.Conv2d", "torch.nn.Conv3d", page="generated/torch.nn.Conv1d"
)
@pytest.mark.changed(
    "1.9",
    "the bias raises ZeroDivisionError, where the weight raised IndexError before",
    kind="exception",
    cause="pytorch#53522",
    when=":caught and in_channels@0=0 and in_channels@0!=<unknown>",
)
@pytest.mark.changed(
    "1.9",
    "warns that the weight is left alone",
    kind="warning",
    cause="pytorch#56505",
    when=":caught and in_channels@0=0 and in_channels@0!=<unknown>",
)
@pytest.mark.changed(
    "1.11",
    "no error, but the bias is not written: a new layer's bias is uninitialised memory",
    kind="error-gone",
    cause="pytorch#66256",
    advice="call torch.nn.init.zeros_(layer.bias)",
)
@pytest.mark.changed(
    "2.12",
    "the bias becomes 0 instead of staying as it was",
    kind="silent",
    cause="pytorch#175990",
    probable=True,
    when="in_channels@0=0 and in_channels@0!=<unknown>",
)
def test_convolution_without_input_channels_has_a_bias_of_zero(snapshot):
    """``Conv1d(0, 2, 1)`` has a bias of 0 since 2.12, as Linear does.

    From 1.11 to 2.11 the bias was not written. It stays at 7 here, and is uninitialised memory in a
    new layer.
    """

    def act():
        layer = torch.nn.Conv1d(0, 2, 1)
        layer.bias.data.fill_(7.0)
        layer.reset_parameters()
        return layer.bias

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Embedding", page="generated/torch.nn.Embedding")
def test_embedding_without_rows_says_nothing(snapshot):
    """``Embedding(0, 2)`` is built without a warning.

    Every index is out of range.
    """
    assert snapshot == observe(lambda: shapes_of(lambda: torch.nn.Embedding(0, 2)))
