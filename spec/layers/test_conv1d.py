"""``nn.Conv1d``: a sum of products that slides over the last dimension; how many there are, and of what."""

import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from torch import nn

from fixtures.layers import conv1d
from torch_history.observing import observe


def direct_sum(x, weight, bias, stride=1, padding=0, dilation=1, groups=1):
    """The convolution of x [n, in, length] with weight [out, in / groups, kernel] and bias [out], in float64:

    ``y[n, o, t] = bias[o] + sum over c, k of weight[o, c, k] * x[n, first + c, t * stride + k * dilation - padding]``

    where first is the first channel of o's group, x is zero outside, and t goes from 0 to
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
    """Length and values are those of the formula, for any stride, padding, dilation and groups; small integers are exact."""
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
    """``Conv1d(4, 6, 3)`` holds weight [6, 4, 3] and bias [6]; with ``groups=2`` each filter has 2 channels; bias is optional."""

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
    """Colours are channels, and take no kernel dimension: a colour image goes through ``Conv2d`` with a kernel (m, n).

    The article gives colour images a kernel of three numbers; that is Conv3d, for volumes or films, and it raises here.
    """
    image = torch.ones(1, 3, 4, 5)
    with pytest.raises(RuntimeError):
        nn.Conv3d(3, 8, (3, 2, 2))(image)
    layer = nn.Conv2d(3, 8, (2, 2))
    assert snapshot == observe(lambda: {"weight": layer.weight.shape, "output": layer(image).shape})


@pytest.mark.api("torch.nn.Conv1d", page="generated/torch.nn.Conv1d", article="E")
def test_conv1d_does_not_flip_its_kernel(snapshot):
    """Weight [1, 10, 100] over 1, 2, 3, 4 gives 1 + 20 + 300: a cross-correlation, not the convolution of mathematics."""
    assert snapshot == observe(
        lambda: conv1d([[[1.0, 10.0, 100.0]]], [0.5])(torch.tensor([[[1.0, 2.0, 3.0, 4.0]]]))
    )


@pytest.mark.api("torch.nn.Conv1d", page="generated/torch.nn.Conv1d", article="E")
def test_conv1d_sums_over_its_input_channels(snapshot):
    """Two input channels and three filters give three maps, each the sum over both channels.

    The article has every channel give a map for each filter: that would be six.
    """
    layer = conv1d([[[1.0], [10.0]], [[2.0], [0.0]], [[0.0], [3.0]]])
    assert snapshot == observe(lambda: layer(torch.tensor([[[1.0, 2.0], [3.0, 4.0]]])))


@pytest.mark.api("torch.nn.Conv1d", page="generated/torch.nn.Conv1d", article="E")
def test_conv1d_length_is_rounded_down(snapshot):
    """(6 - 3) / 2 + 1 = 2.5 comes out as 2: the article's formula lacks the floor. The last element is not used, nor trained."""
    x = torch.tensor([[[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]]], requires_grad=True)
    output = conv1d([[[1.0, 1.0, 1.0]]], stride=2)(x)
    output.sum().backward()
    assert snapshot == observe(lambda: {"output": output, "input's gradient": x.grad})


@pytest.mark.api("torch.nn.Conv1d", page="generated/torch.nn.Conv1d", article="E")
def test_conv1d_dilation_spreads_the_kernel(snapshot):
    """``dilation=2`` makes a kernel of 3 reach over 5: four elements fewer come out; the article's formula knows no dilation."""
    layer = conv1d([[[1.0, 10.0, 100.0]]], dilation=2)
    assert snapshot == observe(lambda: layer(torch.tensor([[[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]]])))


@pytest.mark.api("torch.nn.Conv1d", page="generated/torch.nn.Conv1d")
def test_conv1d_groups_see_only_their_channels(snapshot):
    """With ``groups=2`` the first filter sees the first channel, the second filter the second."""
    layer = conv1d([[[10.0]], [[100.0]]], groups=2)
    assert snapshot == observe(lambda: layer(torch.tensor([[[1.0, 2.0], [3.0, 4.0]]])))


@pytest.mark.parametrize("channels, filters", [(3, 2), (2, 3)], ids=["in", "out"])
@pytest.mark.api("torch.nn.Conv1d", page="generated/torch.nn.Conv1d")
def test_conv1d_groups_must_divide_the_channels(channels, filters, snapshot):
    """``groups=2`` of three channels, in or out, raises when the layer is made."""
    assert snapshot == observe(lambda: nn.Conv1d(channels, filters, 1, groups=2))


@pytest.mark.api("torch.nn.Conv1d", page="generated/torch.nn.Conv1d")
def test_conv1d_gradients_are_sums_over_the_windows(snapshot):
    """The weight's gradient sums the inputs that it met, the bias's counts windows, the input's sums the weights that it met."""
    x = torch.tensor([[[1.0, 2.0, 3.0]]], requires_grad=True)
    layer = conv1d([[[10.0, 1.0]]], [0.0])
    layer(x).sum().backward()
    assert snapshot == observe(
        lambda: {"weight": layer.weight.grad, "bias": layer.bias.grad, "input": x.grad}
    )


@pytest.mark.api("torch.nn.Conv1d", page="generated/torch.nn.Conv1d")
@pytest.mark.changed("1.5", "the message writes sizes in brackets, with commas", kind="wording")
@pytest.mark.changed(
    "1.11", "takes one sample without a batch", kind="error-gone", cause="pytorch#70506"
)
def test_conv1d_takes_input_without_a_batch(snapshot):
    """(channels, length) comes out as (channels, length)."""
    assert snapshot == observe(lambda: conv1d([[[1.0, 10.0]]])(torch.tensor([[1.0, 2.0, 3.0]])))


@pytest.mark.parametrize(
    "shape", [(1, 2, 4), (1, 1, 2), (3,)], ids=["other channels", "too short", "one dimension"]
)
@pytest.mark.api("torch.nn.Conv1d", page="generated/torch.nn.Conv1d")
@pytest.mark.changed("1.5", "the message writes sizes in brackets, with commas", kind="wording")
@pytest.mark.changed(
    "1.11",
    "the message counts the dimensions with and without a batch",
    kind="wording",
    cause="pytorch#70506",
)
def test_conv1d_refuses_input_that_does_not_fit(shape, snapshot):
    """Another number of channels, a length below the kernel's and a missing channel dimension raise."""
    assert snapshot == observe(lambda: conv1d([[[1.0, 10.0, 100.0]]])(torch.ones(shape)))
