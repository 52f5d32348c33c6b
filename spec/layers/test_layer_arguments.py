"""Arguments that a layer refuses when it is made, when it is called, or not at all."""

import pytest
import torch
from torch import nn

from torch_history.observing import observe


def refusal(make):
    """The name of the exception that ``make`` raises, or what it returns; for messages that name a set in any order."""
    try:
        return make()
    except (ValueError, NotImplementedError) as error:
        return type(error).__name__


@pytest.mark.api("torch.nn.Conv1d", page="generated/torch.nn.Conv1d")
@pytest.mark.changed(
    "1.5",
    "an unknown padding_mode raises instead of padding with zeros",
    kind="silent",
    cause="pytorch#29769",
    probable=True,
    advice="spell it zeros, reflect, replicate or circular",
)
def test_conv_refuses_an_unknown_padding_mode(snapshot):
    """A misspelt ``padding_mode`` raises when the layer is made. torch 1.4 padded with zeros, in silence."""
    assert snapshot == observe(
        lambda: refusal(
            lambda: nn.Conv1d(1, 1, 3, padding=1, padding_mode="circle")(torch.ones(1, 1, 3)).shape
        )
    )


@pytest.mark.api("torch.nn.ConvTranspose1d", page="generated/torch.nn.ConvTranspose1d")
@pytest.mark.changed(
    "1.5",
    "raises when the layer is made instead of when it is called, and quotes the mode otherwise",
    kind="wording",
    cause="pytorch#29769",
    probable=True,
)
def test_transposed_conv_pads_with_zeros_alone(snapshot):
    """Other padding modes raise when the layer is made."""

    def act():
        return nn.ConvTranspose1d(1, 1, 2, padding=1, padding_mode="circular")(
            torch.ones(1, 1, 4)
        ).shape

    assert snapshot == observe(act)


@pytest.mark.parametrize("groups", [0, -1])
@pytest.mark.api("torch.nn.Conv1d", page="generated/torch.nn.Conv1d")
@pytest.mark.changed(
    "1.13",
    "ValueError that says what is wrong, instead of ZeroDivisionError or RuntimeError",
    kind="exception",
    cause="pytorch#77919",
)
def test_conv_refuses_groups_below_one(groups, snapshot):
    """When the layer is made."""
    assert snapshot == observe(lambda: nn.Conv1d(2, 2, 1, groups=groups))


@pytest.mark.parametrize(
    "make",
    [lambda: nn.MaxPool1d(2, stride=0), lambda: nn.AvgPool2d(2, stride=0)],
    ids=["MaxPool1d", "AvgPool2d"],
)
@pytest.mark.api("torch.nn.MaxPool1d", "torch.nn.AvgPool2d", page="generated/torch.nn.MaxPool1d")
@pytest.mark.changed(
    "1.7",
    "a stride of zero raises; it meant the size of the kernel",
    kind="error",
    cause="pytorch#41819",
    advice="leave stride out",
)
def test_pool_refuses_a_stride_of_zero(make, snapshot):
    """0 is not None: it raises in the call. It meant the kernel's size once."""
    assert snapshot == observe(
        lambda: (
            make()(
                torch.zeros(1, 1, 4, 4)
                if isinstance(make(), nn.AvgPool2d)
                else torch.zeros(1, 1, 4)
            ).shape
        )
    )


@pytest.mark.parametrize("layers", [0, -1])
@pytest.mark.api("torch.nn.RNN", page="generated/torch.nn.RNN")
@pytest.mark.changed("1.5", "IndexError instead of StopIteration", kind="exception")
@pytest.mark.changed(
    "2.2",
    "ValueError that says what is wrong, instead of IndexError",
    kind="exception",
    cause="pytorch#108853",
)
def test_rnn_refuses_to_have_no_layers(layers, snapshot):
    """``num_layers`` below one raises when the layer is made."""
    assert snapshot == observe(lambda: nn.RNN(1, 1, num_layers=layers))


@pytest.mark.api("torch.nn.GroupNorm", page="generated/torch.nn.GroupNorm")
@pytest.mark.changed(
    "1.12",
    "raises when the layer is made instead of when it is called",
    kind="error",
    cause="pytorch#74293",
)
@pytest.mark.changed(
    "2.10", "the message gives both numbers", kind="wording", cause="pytorch#167925"
)
def test_groupnorm_refuses_groups_that_do_not_divide_its_channels(snapshot):
    """Three channels in two groups raise when the layer is made."""
    assert snapshot == observe(lambda: nn.GroupNorm(2, 3).num_channels)


@pytest.mark.parametrize(
    "make",
    [
        lambda: nn.Linear(2, 1),
        lambda: nn.Conv1d(1, 1, 1),
        lambda: nn.ReLU(),
        lambda: nn.RNN(2, 1),
        lambda: nn.GroupNorm(1, 2),
    ],
    ids=["Linear", "Conv1d", "ReLU", "RNN", "GroupNorm"],
)
@pytest.mark.api(
    "torch.nn.Linear",
    "torch.nn.Conv1d",
    "torch.nn.ReLU",
    "torch.nn.RNN",
    "torch.nn.GroupNorm",
    page="nn",
)
@pytest.mark.changed("1.5", "GroupNorm: AttributeError instead of TypeError", kind="exception")
@pytest.mark.changed(
    "1.8",
    "Linear: TypeError instead of AttributeError; RNN: AssertionError instead of AttributeError, in 1.8 alone",
    kind="exception",
)
@pytest.mark.changed(
    "1.9",
    "RNN: AttributeError again, as before 1.8; Conv1d: the message lists the signatures",
    kind="exception",
)
@pytest.mark.changed(
    "1.11",
    "RNN: the message names another method that the list lacks",
    kind="wording",
    cause="pytorch#70977",
)
@pytest.mark.changed(
    "2.0",
    "GroupNorm: the message names another method that the list lacks; Conv1d: it names the types in the list",
    kind="wording",
)
@pytest.mark.changed(
    "2.4", "Conv1d: the signatures in the message give the defaults", kind="wording"
)
def test_layer_refuses_a_list(make, snapshot):
    """A list of numbers is no tensor. Some layers say so, others stumble over a method that a list lacks."""
    layer = make()
    assert snapshot == observe(lambda: layer([1.0, 2.0]))
