"""``torch.nn.InstanceNorm1d``: normalises each channel of each sample over its positions.

The mean and the biased variance are taken over the positions of one channel of one sample. By
default there are no parameters and no statistics, and ``eval()`` computes what training does.
``track_running_stats=True`` keeps running statistics, averaged over the samples, and uses them in
``eval()``. Since 1.9 a single position raises. A wrong ``num_features`` raises with parameters;
without them it only warns, since 2.1.
"""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from fixtures.recurrent import filled, numbers, quarters
from torch_history.observing import observe


def instancenorm_reference(x, weight, bias, eps=1e-5):
    """``(x - mean) / sqrt(variance + eps) * weight + bias``, over the positions alone.

    The variance is biased. x is [batch, channels, length], weight and bias are [channels].
    """
    centred = x - x.mean(-1, keepdims=True)
    return centred / np.sqrt(x.var(-1, keepdims=True) + eps) * weight[:, None] + bias[:, None]


def images():
    """Two samples of two channels of two positions.

    The means are 2, 2 and 20, 50; the unbiased variances are 2, 8 and 200, 200.
    """
    return torch.tensor([[[1.0, 3.0], [0.0, 4.0]], [[10.0, 30.0], [60.0, 40.0]]])


@pytest.mark.api("torch.nn.InstanceNorm1d", page="generated/torch.nn.InstanceNorm1d", article="E")
def test_instancenorm_normalises_each_channel_of_each_sample(snapshot):
    """InstanceNorm normalises each channel of each sample to mean 0 and biased variance 1.

    Each of the four rows becomes -1 and 1, or 1 and -1, up to eps.
    """
    assert snapshot == observe(lambda: nn.InstanceNorm1d(2)(images()))


@pytest.mark.api("torch.nn.InstanceNorm1d", page="generated/torch.nn.InstanceNorm1d")
def test_instancenorm_has_no_parameters_by_default(snapshot):
    """InstanceNorm has no weight, no bias and no statistics by default.

    BatchNorm has all three by default.
    """
    assert snapshot == observe(lambda: list(nn.InstanceNorm1d(2).state_dict()))


@pytest.mark.api("torch.nn.InstanceNorm1d", page="generated/torch.nn.InstanceNorm1d")
def test_instancenorm_with_affine_scales_and_shifts_each_channel(snapshot):
    """``InstanceNorm1d(affine=True)`` has a weight and a bias for each channel.

    Here the weights are 2 and 3, the biases 10 and 20.
    """
    norm = nn.InstanceNorm1d(2, affine=True)
    norm.weight.data.copy_(torch.tensor([2.0, 3.0]))
    norm.bias.data.copy_(torch.tensor([10.0, 20.0]))
    assert snapshot == observe(lambda: norm(images()).detach())


@pytest.mark.api("torch.nn.InstanceNorm1d", page="generated/torch.nn.InstanceNorm1d")
@pytest.mark.changed("2.12", "InstanceNorm takes bias", kind="appeared", cause="pytorch#176573")
def test_instancenorm_without_bias_has_a_weight_alone(snapshot):
    """``InstanceNorm1d(affine=True, bias=False)`` has a weight and no bias.

    The argument ``bias`` exists since 2.12.
    """
    assert snapshot == observe(
        lambda: list(nn.InstanceNorm1d(2, affine=True, bias=False).state_dict())
    )


@pytest.mark.api(
    "torch.nn.InstanceNorm1d", "torch.nn.Module.eval", page="generated/torch.nn.InstanceNorm1d"
)
def test_instancenorm_in_eval_computes_what_training_does(snapshot):
    """InstanceNorm without running statistics computes the same in ``eval()`` and in training."""
    norm = nn.InstanceNorm1d(2)
    assert torch.equal(norm.train()(images()), norm.eval()(images()))
    assert snapshot == observe(lambda: norm(images()))


@pytest.mark.api("torch.nn.InstanceNorm1d", page="generated/torch.nn.InstanceNorm1d")
def test_instancenorm_running_statistics_average_the_samples(snapshot):
    """The running statistics of InstanceNorm average the statistics of the samples.

    With ``track_running_stats=True``, running = 0.9 running + 0.1 new. New is the mean over the
    samples of their means and unbiased variances.

    Means 11 and 26 give 1.1 and 2.6; variances 101 and 104 give 0.9 + 10.1 and 0.9 + 10.4.
    """
    norm = nn.InstanceNorm1d(2, track_running_stats=True)
    norm(images())
    assert snapshot == observe(lambda: {"mean": norm.running_mean, "variance": norm.running_var})


@pytest.mark.api("torch.nn.InstanceNorm1d", page="generated/torch.nn.InstanceNorm1d")
def test_instancenorm_does_not_count_its_batches(snapshot):
    """InstanceNorm does not count its batches: ``num_batches_tracked`` stays 0.

    Trap: with ``track_running_stats=True`` the entry is in the state dict all the same.
    """
    norm = nn.InstanceNorm1d(2, track_running_stats=True)
    norm(images())
    assert snapshot == observe(lambda: norm.num_batches_tracked)


@pytest.mark.api(
    "torch.nn.InstanceNorm1d", "torch.nn.Module.eval", page="generated/torch.nn.InstanceNorm1d"
)
def test_instancenorm_with_running_statistics_uses_them_in_eval(snapshot):
    """With ``track_running_stats=True`` InstanceNorm uses the running statistics in ``eval()``.

    Here the running mean 1 and variance 4 apply to every sample.
    """
    norm = nn.InstanceNorm1d(2, track_running_stats=True).eval()
    norm.running_mean.fill_(1.0)
    norm.running_var.fill_(4.0)
    assert snapshot == observe(lambda: norm(images()))


@pytest.mark.parametrize(
    "training", [pytest.param(True, id="training"), pytest.param(False, id="eval")]
)
@pytest.mark.api(
    "torch.nn.InstanceNorm1d",
    "torch.nn.InstanceNorm2d",
    "torch.nn.InstanceNorm3d",
    "torch.nn.functional.instance_norm",
    page="generated/torch.nn.InstanceNorm1d",
)
@pytest.mark.changed(
    "1.9",
    "a single position raises for any batch, where several samples gave zeros before",
    kind="error",
    cause="pytorch#56659",
    advice="leave the norm out where one position is left",
    rarely="a single position",
)
def test_instancenorm_refuses_one_spatial_element(training, snapshot):
    """Since 1.9 InstanceNorm raises on a single position, which has no variance and would become 0.

    It raises in ``eval()`` too if no statistics are kept. The message says "when training" in both
    modes.
    """
    assert snapshot == observe(lambda: nn.InstanceNorm1d(2).train(training)(torch.ones(3, 2, 1)))


@pytest.mark.api("torch.nn.InstanceNorm1d", page="generated/torch.nn.InstanceNorm1d")
@pytest.mark.changed(
    "1.11", "accepts one sample without a batch", kind="error-gone", cause="pytorch#65323"
)
def test_instancenorm_takes_one_sample_without_a_batch(snapshot):
    """InstanceNorm accepts one sample [channels, length] without a batch, since 1.11."""
    assert snapshot == observe(lambda: nn.InstanceNorm1d(2)(torch.tensor([[1.0, 3.0], [0.0, 4.0]])))


@pytest.mark.api(
    "torch.nn.InstanceNorm1d",
    "torch.nn.InstanceNorm2d",
    "torch.nn.InstanceNorm3d",
    page="generated/torch.nn.InstanceNorm1d",
)
@pytest.mark.changed(
    "2.1",
    "warns when num_features differs from the input's number of channels",
    kind="warning",
    cause="pytorch#94624",
    advice="set num_features to the input's number of channels",
    when=("-affine@3", "affine@3=False"),
    rarely="an input with another number of channels",
)
def test_instancenorm_warns_of_another_number_of_channels(snapshot):
    """InstanceNorm without parameters only warns when ``num_features`` does not fit the input.

    It does not need ``num_features``. Here five is given for two channels; before 2.1 nothing
    warned.
    """
    assert snapshot == observe(lambda: nn.InstanceNorm1d(5)(images()))


@pytest.mark.api(
    "torch.nn.InstanceNorm1d",
    "torch.nn.InstanceNorm2d",
    "torch.nn.InstanceNorm3d",
    page="generated/torch.nn.InstanceNorm1d",
)
@pytest.mark.changed(
    "2.1",
    "raises ValueError, with both numbers of channels, instead of RuntimeError",
    kind="exception",
    cause="pytorch#94624",
    advice="catch ValueError",
    when=":unseen",
)
def test_instancenorm_with_affine_refuses_another_number_of_channels(snapshot):
    """InstanceNorm with parameters raises when ``num_features`` does not fit the input."""
    assert snapshot == observe(lambda: nn.InstanceNorm1d(5, affine=True)(images()).detach())


@given(sizes=st.tuples(st.integers(1, 3), st.integers(1, 3), st.integers(2, 4)), data=st.data())
@settings(max_examples=30)
def test_instancenorm_equals_its_formula(sizes, data):
    """InstanceNorm equals its formula for any input of two positions or more."""
    norm, x = filled(nn.InstanceNorm1d(sizes[1], affine=True).double()), quarters(data, *sizes)
    expected = instancenorm_reference(x, numbers(norm.weight), numbers(norm.bias))
    np.testing.assert_allclose(
        numbers(norm(torch.from_numpy(x))), expected, atol=1e-12
    )  # float64: 1e-16 times at most 316
