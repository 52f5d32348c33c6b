"""``nn.InstanceNorm1d``: each channel of each sample normalised over its positions."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from fixtures.recurrent import filled, numbers, quarters
from torch_history.observing import observe


def instancenorm_reference(x, weight, bias, eps=1e-5):
    """``(x - mean) / sqrt(variance + eps) * weight + bias``: mean and biased variance over the positions alone.

    x [batch, channels, length], weight and bias [channels].
    """
    centred = x - x.mean(-1, keepdims=True)
    return centred / np.sqrt(x.var(-1, keepdims=True) + eps) * weight[:, None] + bias[:, None]


def images():
    """Two samples of two channels of two positions; means 2, 2 and 20, 50, unbiased variances 2, 8 and 200, 200."""
    return torch.tensor([[[1.0, 3.0], [0.0, 4.0]], [[10.0, 30.0], [60.0, 40.0]]])


@pytest.mark.api("torch.nn.InstanceNorm1d", page="generated/torch.nn.InstanceNorm1d", article="E")
def test_instancenorm_normalises_each_channel_of_each_sample(snapshot):
    """Each of the four rows is brought to mean 0 and biased variance 1 by itself: -1 and 1, nearly, or 1 and -1."""
    assert snapshot == observe(lambda: nn.InstanceNorm1d(2)(images()))


@pytest.mark.api("torch.nn.InstanceNorm1d", page="generated/torch.nn.InstanceNorm1d")
def test_instancenorm_has_no_parameters_by_default(snapshot):
    """Neither weight nor bias nor statistics, where BatchNorm has all three by default."""
    assert snapshot == observe(lambda: list(nn.InstanceNorm1d(2).state_dict()))


@pytest.mark.api("torch.nn.InstanceNorm1d", page="generated/torch.nn.InstanceNorm1d")
def test_instancenorm_with_affine_scales_and_shifts_each_channel(snapshot):
    """``affine=True``: a weight, 2 and 3, and a bias, 10 and 20, a channel."""
    norm = nn.InstanceNorm1d(2, affine=True)
    norm.weight.data.copy_(torch.tensor([2.0, 3.0]))
    norm.bias.data.copy_(torch.tensor([10.0, 20.0]))
    assert snapshot == observe(lambda: norm(images()).detach())


@pytest.mark.api("torch.nn.InstanceNorm1d", page="generated/torch.nn.InstanceNorm1d")
@pytest.mark.changed("2.12", "InstanceNorm takes bias", kind="api-appeared", cause="pytorch#176573")
def test_instancenorm_without_bias_has_a_weight_alone(snapshot):
    """``affine=True, bias=False`` leaves the bias out; earlier releases know no such argument."""
    assert snapshot == observe(
        lambda: list(nn.InstanceNorm1d(2, affine=True, bias=False).state_dict())
    )


@pytest.mark.api(
    "torch.nn.InstanceNorm1d", "torch.nn.Module.eval", page="generated/torch.nn.InstanceNorm1d"
)
def test_instancenorm_in_eval_computes_what_training_does(snapshot):
    """Without running statistics ``eval()`` changes nothing."""
    norm = nn.InstanceNorm1d(2)
    assert torch.equal(norm.train()(images()), norm.eval()(images()))
    assert snapshot == observe(lambda: norm(images()))


@pytest.mark.api("torch.nn.InstanceNorm1d", page="generated/torch.nn.InstanceNorm1d")
def test_instancenorm_running_statistics_average_the_samples(snapshot):
    """``track_running_stats=True``: running = 0.9 running + 0.1 new, the mean over samples of their means and unbiased variances.

    Means 11 and 26 give 1.1 and 2.6; variances 101 and 104 give 0.9 + 10.1 and 0.9 + 10.4.
    """
    norm = nn.InstanceNorm1d(2, track_running_stats=True)
    norm(images())
    assert snapshot == observe(lambda: {"mean": norm.running_mean, "variance": norm.running_var})


@pytest.mark.api("torch.nn.InstanceNorm1d", page="generated/torch.nn.InstanceNorm1d")
def test_instancenorm_does_not_count_its_batches(snapshot):
    """Trap: with ``track_running_stats=True`` num_batches_tracked is in the state dict, and stays 0."""
    norm = nn.InstanceNorm1d(2, track_running_stats=True)
    norm(images())
    assert snapshot == observe(lambda: norm.num_batches_tracked)


@pytest.mark.api(
    "torch.nn.InstanceNorm1d", "torch.nn.Module.eval", page="generated/torch.nn.InstanceNorm1d"
)
def test_instancenorm_with_running_statistics_uses_them_in_eval(snapshot):
    """``track_running_stats=True`` and ``eval()``: the running mean 1 and variance 4 serve for every sample."""
    norm = nn.InstanceNorm1d(2, track_running_stats=True).eval()
    norm.running_mean.fill_(1.0)
    norm.running_var.fill_(4.0)
    assert snapshot == observe(lambda: norm(images()))


@pytest.mark.parametrize(
    "training", [pytest.param(True, id="training"), pytest.param(False, id="eval")]
)
@pytest.mark.api("torch.nn.InstanceNorm1d", page="generated/torch.nn.InstanceNorm1d")
@pytest.mark.changed(
    "1.9",
    "a single position raises for any batch; for more than one sample it gave zeros",
    kind="error",
    cause="pytorch#56659",
    advice="leave the norm out where one position is left, or use LayerNorm over the channels",
)
def test_instancenorm_refuses_one_spatial_element(training, snapshot):
    """A single position has no variance and would come out as 0: it raises, in eval too where no statistics are kept.

    The message says "when training" in both.
    """
    assert snapshot == observe(lambda: nn.InstanceNorm1d(2).train(training)(torch.ones(3, 2, 1)))


@pytest.mark.api("torch.nn.InstanceNorm1d", page="generated/torch.nn.InstanceNorm1d")
@pytest.mark.changed(
    "1.11", "takes one sample without a batch", kind="error-gone", cause="pytorch#65323"
)
def test_instancenorm_takes_one_sample_without_a_batch(snapshot):
    """Input [channels, length] is one sample."""
    assert snapshot == observe(lambda: nn.InstanceNorm1d(2)(torch.tensor([[1.0, 3.0], [0.0, 4.0]])))


@pytest.mark.api("torch.nn.InstanceNorm1d", page="generated/torch.nn.InstanceNorm1d")
@pytest.mark.changed(
    "2.1",
    "warns where num_features is not the input's number of channels",
    kind="warning",
    cause="pytorch#94624",
    advice="give num_features as the input has channels",
)
def test_instancenorm_warns_of_another_number_of_channels(snapshot):
    """Without parameters ``num_features`` is not needed: five for an input of two channels only warns."""
    assert snapshot == observe(lambda: nn.InstanceNorm1d(5)(images()))


@pytest.mark.api("torch.nn.InstanceNorm1d", page="generated/torch.nn.InstanceNorm1d")
@pytest.mark.changed(
    "2.1",
    "raises ValueError, with both numbers of channels, instead of RuntimeError",
    kind="exception",
    cause="pytorch#94624",
    advice="catch ValueError",
)
def test_instancenorm_with_affine_refuses_another_number_of_channels(snapshot):
    """With parameters the number of channels must be theirs."""
    assert snapshot == observe(lambda: nn.InstanceNorm1d(5, affine=True)(images()).detach())


@given(sizes=st.tuples(st.integers(1, 3), st.integers(1, 3), st.integers(2, 4)), data=st.data())
@settings(max_examples=30)
def test_instancenorm_equals_its_formula(sizes, data):
    """For any input of two positions or more, the output is the formula's."""
    norm, x = filled(nn.InstanceNorm1d(sizes[1], affine=True).double()), quarters(data, *sizes)
    expected = instancenorm_reference(x, numbers(norm.weight), numbers(norm.bias))
    np.testing.assert_allclose(
        numbers(norm(torch.from_numpy(x))), expected, atol=1e-12
    )  # float64: 1e-16 times at most 316
