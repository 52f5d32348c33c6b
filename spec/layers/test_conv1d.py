"""``torch.nn.Conv1d``: a sum of products that slides over the last dimension.

The input is [sample, channel, position], and the weight [filter, channel, kernel]. Each filter sums
over all channels of its group and has one bias. The kernel is not flipped, so a layer computes a
cross-correlation. The output length is rounded down: elements after the last window are not used,
and their gradient is 0. The gradients of weight and input are sums over the windows. Since 1.11 a
sample without a batch is accepted.
"""

import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from torch import nn

from fixtures.layers import conv1d
from torch_history.observing import observe


def direct_sum(x, weight, bias, stride=1, padding=0, dilation=1, groups=1):
    """Compute the convolution of x [n, in, length] in float64 from its definition.

    weight is [out, in / groups, kernel] and bias is [out]. ``y[n, o, t]`` is ``bias[o]`` plus the
    sum over c and k of ``weight[o, c, k] * x[n, first + c, t * stride + k * dilation - padding]``.

    Here first is the first channel of o's group, and x is zero outside. t goes from 0 to
    floor((length + 2 padding - dilation (kernel - 1) - 1) / stride).
    """
    outs, depth, kernel = weight.shape
    x = np.pad(x, ((0, 0), (0, 0), (padding, padding)))
    steps = (x.shape[2] - dilation * (kernel - 1) - 1) // stride + 1
    y = np.zeros((len(x), outs, steps))
    for o in range(outs):
        first = o // (outs // groups) * depth
        for t in range(steps):
            window = x[
                :,
                first : first + depth,
                t * stride : t * stride + dilation * (kernel - 1) + 1 : dilation,
            ]
            y[:, o, t] = bias[o] + (weight[o] * window).sum(axis=(1, 2))
    return y


@given(
    length=st.integers(1, 7),
    kernel=st.integers(1, 3),
    stride=st.integers(1, 3),
    padding=st.integers(0, 2),
    dilation=st.integers(1, 2),
    groups=st.integers(1, 2),
    channels=st.integers(1, 2),
    batch=st.integers(1, 2),
)
def test_conv1d_equals_the_direct_sum(
    length, kernel, stride, padding, dilation, groups, channels, batch
):
    """``conv1d`` equals the direct sum for any stride, padding, dilation and groups.

    Length and values agree exactly, because small integers are exact.
    """
    assume(length + 2 * padding > dilation * (kernel - 1))
    settings = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    x = np.arange(batch * groups * channels * length).reshape(batch, -1, length) * 5 % 7 - 3.0
    weight = np.arange(2 * channels * kernel).reshape(2, channels, kernel) * 3 % 5 - 1.0
    bias = np.array([100.0, -100.0])
    output = nn.functional.conv1d(
        torch.tensor(x), torch.tensor(weight), torch.tensor(bias), **settings
    )
    np.testing.assert_array_equal(output.numpy(), direct_sum(x, weight, bias, **settings))


@pytest.mark.api("torch.nn.Conv1d", page="generated/torch.nn.Conv1d", article="E")
def test_conv1d_weight_is_out_by_in_by_kernel(snapshot):
    """``Conv1d(4, 6, 3)`` holds weight [6, 4, 3] and bias [6].

    With ``groups=2`` each filter has 2 channels. ``bias=False`` leaves the bias out.
    """

    def shapes(**settings):
        return {
            name: parameter.shape
            for name, parameter in nn.Conv1d(4, 6, 3, **settings).named_parameters()
        }

    assert snapshot == observe(
        lambda: {
            "default": shapes(),
            "groups=2": shapes(groups=2),
            "bias=False": shapes(bias=False),
        }
    )


@pytest.mark.api(
    "torch.nn.Conv1d",
    "torch.nn.Conv2d",
    "torch.nn.Conv3d",
    page="generated/torch.nn.Conv2d",
    article="E",
)
def test_conv2d_and_not_conv3d_is_for_colour_images(snapshot):
    """A colour image needs ``Conv2d`` with a kernel (m, n), because colours are channels.

    Article E gives colour images a kernel of three numbers. Such a kernel belongs to ``Conv3d``,
    for volumes or films, which raises on a batch of images.
    """
    image = torch.ones(1, 3, 4, 5)
    with pytest.raises(RuntimeError):
        nn.Conv3d(3, 8, (3, 2, 2))(image)
    layer = nn.Conv2d(3, 8, (2, 2))
    assert snapshot == observe(lambda: {"weight": layer.weight.shape, "output": layer(image).shape})


@pytest.mark.api("torch.nn.Conv1d", page="generated/torch.nn.Conv1d", article="E")
def test_conv1d_does_not_flip_its_kernel(snapshot):
    """``Conv1d`` does not flip its kernel: it computes a cross-correlation.

    Weight [1, 10, 100] over 1, 2, 3, 4 starts with 1 + 20 + 300. A convolution in the mathematical
    sense flips the kernel.
    """
    assert snapshot == observe(
        lambda: conv1d([[[1.0, 10.0, 100.0]]], [0.5])(torch.tensor([[[1.0, 2.0, 3.0, 4.0]]]))
    )


@pytest.mark.api("torch.nn.Conv1d", page="generated/torch.nn.Conv1d", article="E")
def test_conv1d_sums_over_its_input_channels(snapshot):
    """Each filter of ``Conv1d`` sums over all input channels.

    Two input channels and three filters give three maps. Article E says that every channel gives a
    map for each filter, which would be six.
    """
    layer = conv1d([[[1.0], [10.0]], [[2.0], [0.0]], [[0.0], [3.0]]])
    assert snapshot == observe(lambda: layer(torch.tensor([[[1.0, 2.0], [3.0, 4.0]]])))


@pytest.mark.api("torch.nn.Conv1d", page="generated/torch.nn.Conv1d", article="E")
def test_conv1d_length_is_rounded_down(snapshot):
    """The output length of ``Conv1d`` is rounded down.

    (6 - 3) / 2 + 1 = 2.5 gives 2; article E's formula lacks the floor. The last input element is
    not used, and its gradient is 0.
    """
    x = torch.tensor([[[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]]], requires_grad=True)
    output = conv1d([[[1.0, 1.0, 1.0]]], stride=2)(x)
    output.sum().backward()
    assert snapshot == observe(lambda: {"output": output, "input's gradient": x.grad})


@pytest.mark.api("torch.nn.Conv1d", page="generated/torch.nn.Conv1d", article="E")
def test_conv1d_dilation_spreads_the_kernel(snapshot):
    """``dilation=2`` spreads a kernel of 3 over 5 elements.

    The output is four elements shorter than the input. Article E's formula has no dilation.
    """
    layer = conv1d([[[1.0, 10.0, 100.0]]], dilation=2)
    assert snapshot == observe(lambda: layer(torch.tensor([[[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]]])))


@pytest.mark.api("torch.nn.Conv1d", page="generated/torch.nn.Conv1d")
def test_conv1d_groups_see_only_their_channels(snapshot):
    """With ``groups=2`` each filter sees only the channels of its group.

    Here the first filter sees the first channel, and the second filter the second channel.
    """
    layer = conv1d([[[10.0]], [[100.0]]], groups=2)
    assert snapshot == observe(lambda: layer(torch.tensor([[[1.0, 2.0], [3.0, 4.0]]])))


@pytest.mark.parametrize("channels, filters", [(3, 2), (2, 3)], ids=["in", "out"])
@pytest.mark.api("torch.nn.Conv1d", page="generated/torch.nn.Conv1d")
def test_conv1d_groups_must_divide_the_channels(channels, filters, snapshot):
    """``Conv1d`` raises in the constructor when ``groups`` does not divide the channels.

    Here ``groups=2`` is given three input channels or three output channels.
    """
    assert snapshot == observe(lambda: nn.Conv1d(channels, filters, 1, groups=2))


@pytest.mark.api("torch.nn.Conv1d", page="generated/torch.nn.Conv1d")
def test_conv1d_gradients_are_sums_over_the_windows(snapshot):
    """The gradients of ``Conv1d`` are sums over the windows.

    The weight's gradient sums the inputs that it multiplied. The input's gradient sums the weights
    that multiplied it. The bias's gradient counts the windows.
    """
    x = torch.tensor([[[1.0, 2.0, 3.0]]], requires_grad=True)
    layer = conv1d([[[10.0, 1.0]]], [0.0])
    layer(x).sum().backward()
    assert snapshot == observe(
        lambda: {"weight": layer.weight.grad, "bias": layer.bias.grad, "input": x.grad}
    )


@pytest.mark.api("torch.nn.Conv1d", page="generated/torch.nn.Conv1d")
@pytest.mark.changed(
    "1.5",
    "the message writes sizes in brackets, with commas",
    kind="wording",
    cause="pytorch#22919 (the issue)",
)
@pytest.mark.changed(
    "1.11",
    "accepts one sample without a batch",
    kind="error-gone",
    cause="pytorch#70506",
    when=":unseen",
)
def test_conv1d_takes_input_without_a_batch(snapshot):
    """``Conv1d`` accepts (channels, length) without a batch, since 1.11.

    The output is (channels, length) too.
    """
    assert snapshot == observe(lambda: conv1d([[[1.0, 10.0]]])(torch.tensor([[1.0, 2.0, 3.0]])))


@pytest.mark.parametrize(
    "shape", [(1, 2, 4), (1, 1, 2), (3,)], ids=["other channels", "too short", "one dimension"]
)
@pytest.mark.api("torch.nn.Conv1d", page="generated/torch.nn.Conv1d")
@pytest.mark.changed(
    "1.5",
    "the message writes sizes in brackets, with commas",
    kind="wording",
    cause="pytorch#22919 (the issue)",
)
@pytest.mark.changed(
    "1.11",
    "the message counts the dimensions with and without a batch",
    kind="wording",
    cause="pytorch#70506",
)
def test_conv1d_refuses_input_that_does_not_fit(shape, snapshot):
    """``Conv1d`` raises on input with wrong channels, too short a length or one dimension."""
    assert snapshot == observe(lambda: conv1d([[[1.0, 10.0, 100.0]]])(torch.ones(shape)))
