"""Invalid arguments that raise in the constructor, in the call, or not at all.

Groups or layers below one raise in the constructor, and a pooling stride of zero raises in the
call. Releases added or moved such checks. Up to 1.6 a stride of zero meant the size of the kernel.
GroupNorm compares groups and channels in the constructor since 1.12, where the call raised before.
A list in place of a tensor raises in every layer tried here, with an exception that depends on
layer and release.
"""

import pytest
import torch
from torch import nn

from torch_history.observing import observe, observe_each


@pytest.mark.api("torch.nn.ConvTranspose1d", page="generated/torch.nn.ConvTranspose1d")
@pytest.mark.changed(
    "1.5",
    "raises in the constructor instead of in the call, and quotes the mode differently",
    kind="wording",
    cause="pytorch#29769",
    probable=True,
)
def test_transposed_conv_pads_with_zeros_alone(snapshot):
    """``ConvTranspose1d`` raises in the constructor unless ``padding_mode`` is "zeros".

    torch 1.4 raised in the call.
    """

    def act():
        return nn.ConvTranspose1d(1, 1, 2, padding=1, padding_mode="circular")(
            torch.ones(1, 1, 4)
        ).shape

    assert snapshot == observe(act)


@pytest.mark.parametrize("groups", [0, -1])
@pytest.mark.api(
    "torch.nn.Conv1d",
    "torch.nn.Conv2d",
    "torch.nn.Conv3d",
    "torch.nn.ConvTranspose1d",
    "torch.nn.ConvTranspose2d",
    "torch.nn.ConvTranspose3d",
    page="generated/torch.nn.Conv1d",
)
@pytest.mark.changed(
    "1.13",
    "raises ValueError, which gives the reason, instead of ZeroDivisionError or RuntimeError",
    kind="exception",
    cause="pytorch#77919",
    when=":call and :caught and groups@6",
    rarely="groups below one",
)
def test_conv_refuses_groups_below_one(groups, snapshot):
    """A convolution raises in the constructor when ``groups`` is below one."""
    assert snapshot == observe(lambda: nn.Conv1d(2, 2, 1, groups=groups))


@pytest.mark.parametrize(
    "make",
    [lambda: nn.MaxPool1d(2, stride=0), lambda: nn.AvgPool2d(2, stride=0)],
    ids=["MaxPool1d", "AvgPool2d"],
)
@pytest.mark.api(
    "torch.nn.MaxPool1d",
    "torch.nn.AvgPool2d",
    "torch.nn.MaxPool2d",
    "torch.nn.MaxPool3d",
    "torch.nn.AvgPool3d",
    page="generated/torch.nn.MaxPool1d",
)
@pytest.mark.changed(
    "1.7",
    "a stride of zero raises, where it meant the size of the kernel before",
    kind="error",
    cause="pytorch#41819",
    advice="pass stride=None",
    restored_by="layers.pool_without_a_stride_moves_by_the_size_of_its_kernel",
    when="stride@1=0 and stride@1!=<unknown>",
)
def test_pool_refuses_a_stride_of_zero(make, snapshot):
    """A pooling layer with ``stride=0`` raises in the call.

    Before 1.7 a stride of 0 meant the kernel's size, as None does.
    """
    assert snapshot == observe(
        lambda: (
            make()(
                torch.zeros(1, 1, 4, 4)
                if isinstance(make(), nn.AvgPool2d)
                else torch.zeros(1, 1, 4)
            ).shape
        )
    )


@pytest.mark.api("torch.nn.MaxPool1d", "torch.nn.AvgPool2d", page="generated/torch.nn.MaxPool1d")
def test_pool_without_a_stride_moves_by_the_size_of_its_kernel(snapshot):
    """A pooling layer with ``stride=None``, the default, moves by the size of its kernel."""
    assert snapshot == observe_each(
        {
            "MaxPool1d": lambda: nn.MaxPool1d(2, stride=None)(torch.zeros(1, 1, 4)).shape,
            "AvgPool2d": lambda: nn.AvgPool2d(2, stride=None)(torch.zeros(1, 1, 4, 4)).shape,
        }
    )


@pytest.mark.parametrize("layers", [0, -1])
@pytest.mark.api("torch.nn.RNN", "torch.nn.LSTM", "torch.nn.GRU", page="generated/torch.nn.RNN")
@pytest.mark.changed(
    "1.5",
    "raises IndexError instead of StopIteration",
    kind="exception",
    cause="pytorch#32563",
    when=":call and :caught and num_layers@2",
    rarely="no layers",
)
@pytest.mark.changed(
    "2.2",
    "raises ValueError, which gives the reason, instead of IndexError",
    kind="exception",
    cause="pytorch#108853",
    when=":call and :caught and num_layers@2",
    rarely="no layers",
)
def test_rnn_refuses_to_have_no_layers(layers, snapshot):
    """``RNN`` raises in the constructor when ``num_layers`` is below one."""
    assert snapshot == observe(lambda: nn.RNN(1, 1, num_layers=layers))


@pytest.mark.api("torch.nn.GroupNorm", page="generated/torch.nn.GroupNorm")
@pytest.mark.changed(
    "1.12",
    "raises in the constructor instead of in the call",
    kind="error",
    cause="pytorch#74293",
    advice="pass a num_groups that divides num_channels",
    when=":call and :caught",
    rarely="groups that do not divide the channels",
)
@pytest.mark.changed(
    "2.10",
    "the message gives both numbers",
    kind="wording",
    cause="pytorch#167925",
    when=":call and :caught",
    rarely="groups that do not divide the channels",
)
def test_groupnorm_refuses_groups_that_do_not_divide_its_channels(snapshot):
    """``GroupNorm`` raises in the constructor when the groups do not divide the channels.

    Here two groups are given three channels. Before 1.12 only the call raised.
    """
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
@pytest.mark.changed(
    "1.5",
    "GroupNorm: raises AttributeError instead of TypeError",
    kind="exception",
    cause="pytorch#29082",
    when=":unseen",
)
@pytest.mark.changed(
    "1.8",
    "Linear: raises TypeError instead of AttributeError",
    kind="exception",
    cause="pytorch#51613",
    probable=True,
    when=":unseen",
)
@pytest.mark.changed(
    "1.8",
    "RNN: raises AssertionError instead of AttributeError, only in 1.8",
    kind="exception",
    when=":unseen",
)
@pytest.mark.changed(
    "1.9", "RNN: raises AttributeError again, as before 1.8", kind="exception", when=":unseen"
)
@pytest.mark.changed(
    "1.9",
    "Conv1d: the message lists the signatures",
    kind="wording",
    when=":unseen",
    cause="pytorch#45667",
)
@pytest.mark.changed(
    "1.11",
    "RNN: the message names another method that the list lacks",
    kind="wording",
    cause="pytorch#70977",
    when=":unseen",
)
@pytest.mark.changed(
    "2.0",
    "GroupNorm: the message names another method that the list lacks",
    kind="wording",
    cause="pytorch#87054",
    when=":unseen",
)
@pytest.mark.changed(
    "2.0", "Conv1d: the message names the types in the list", kind="wording", when=":unseen"
)
@pytest.mark.changed(
    "2.4",
    "Conv1d: the signatures in the message give the defaults",
    kind="wording",
    cause="pytorch#127059",
    when=":unseen",
)
def test_layer_refuses_a_list(make, snapshot):
    """A layer raises on a list of numbers, which is not a tensor.

    Some layers say so; others fail on a method that a list does not have.
    """
    layer = make()
    assert snapshot == observe(lambda: layer([1.0, 2.0]))
