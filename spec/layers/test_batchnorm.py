"""``torch.nn.BatchNorm1d``: normalises by the batch in training, by running statistics in eval.

In training each channel is normalised by its mean and its biased variance over all samples and
positions of the batch. ``eps`` is added to the variance under the root. Weight and bias then scale
and shift the result. The gradient flows through the mean and variance, so samples of a batch depend
on each other. One value per channel has no variance: a last batch of one sample raises in training,
and is accepted in ``eval()``. Since 2.10 ``eps=0`` raises in training.
"""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from fixtures.recurrent import filled, numbers, quarters
from torch_history.observing import observe


def batchnorm_reference(x, mean, variance, weight, bias, eps=1e-5):
    """``(x - mean) / sqrt(variance + eps) * weight + bias``, for each feature.

    x is [batch, features, ...], all other arguments are [features].
    """
    mean, variance, weight, bias = (
        v.reshape(1, -1, *[1] * (x.ndim - 2)) for v in (mean, variance, weight, bias)
    )
    return (x - mean) / np.sqrt(variance + eps) * weight + bias


def batch():
    """Two samples of two features.

    The means are 2 and 2, the biased variances 1 and 4, the unbiased ones 2 and 8.
    """
    return torch.tensor([[1.0, 0.0], [3.0, 4.0]])


@pytest.mark.api("torch.nn.BatchNorm1d", page="generated/torch.nn.BatchNorm1d", article="E")
def test_batchnorm_normalises_each_feature_by_the_biased_variance(snapshot):
    """In training BatchNorm normalises each feature to mean 0 and biased variance 1.

    Two samples become -1 and 1, up to eps. With the unbiased variance they would become -0.7071 and
    0.7071.
    """
    assert snapshot == observe(lambda: nn.BatchNorm1d(2)(batch()).detach())


@pytest.mark.api("torch.nn.BatchNorm1d", page="generated/torch.nn.BatchNorm1d")
def test_batchnorm_adds_eps_to_the_variance_under_the_root(snapshot):
    """BatchNorm adds ``eps`` to the variance before it takes the square root.

    With ``eps=12`` a feature of variance 1 is divided by sqrt(13), and one of variance 4 by
    sqrt(16). The second feature becomes -2 / 4 and 2 / 4.
    """
    assert snapshot == observe(lambda: nn.BatchNorm1d(2, eps=12.0)(batch()).detach())


@pytest.mark.parametrize(
    "training", [pytest.param(True, id="training"), pytest.param(False, id="eval")]
)
@pytest.mark.api(
    "torch.nn.BatchNorm1d",
    "torch.nn.BatchNorm2d",
    "torch.nn.BatchNorm3d",
    "torch.nn.functional.batch_norm",
    page="generated/torch.nn.BatchNorm1d",
)
@pytest.mark.changed(
    "2.10",
    "eps = 0 raises, in training and in eval()",
    kind="error",
    cause="pytorch#166756",
    advice="pass eps=1e-12",
    restored_by="layers.batchnorm_with_a_tiny_eps_divides_by_the_deviation_itself",
    when=("eps@1=0|0.0 and eps@1!=<unknown>", "eps@7=0|0.0 and eps@7!=<unknown>"),
)
@pytest.mark.changed(
    "2.12",
    "eps = 0 is accepted again in eval()",
    kind="error-gone",
    cause="pytorch#175508",
    when=("eps@1=0|0.0 and eps@1!=<unknown>", "eps@7=0|0.0 and eps@7!=<unknown>"),
)
@pytest.mark.changed(
    "2.12",
    "the message says that eps must be positive during training",
    kind="wording",
    cause="pytorch#175508",
    when=("eps@1=0|0.0 and eps@1!=<unknown>", "eps@7=0|0.0 and eps@7!=<unknown>"),
)
def test_batchnorm_with_eps_zero_divides_by_the_deviation_itself(training, snapshot):
    """BatchNorm with ``eps=0`` divides by the standard deviation itself.

    In training two samples become -1 and 1. In ``eval()`` a new layer has mean 0 and variance 1, so
    the input comes out unchanged.

    Since 2.10 training raises. 2.10 and 2.11 raise in ``eval()`` too.
    """
    norm = nn.BatchNorm1d(2, eps=0.0).train(training)
    assert snapshot == observe(lambda: norm(batch()).detach())


@pytest.mark.parametrize(
    "training", [pytest.param(True, id="training"), pytest.param(False, id="eval")]
)
@pytest.mark.api("torch.nn.BatchNorm1d", page="generated/torch.nn.BatchNorm1d")
def test_batchnorm_with_a_tiny_eps_divides_by_the_deviation_itself(training, snapshot):
    """BatchNorm with ``eps=1e-12`` divides by the standard deviation itself, up to rounding.

    In training two samples become -1 and 1. In ``eval()`` a new layer has mean 0 and variance 1, so
    the input comes out unchanged.
    """
    norm = nn.BatchNorm1d(2, eps=1e-12).train(training)
    assert snapshot == observe(lambda: norm(batch()).detach())


@pytest.mark.api("torch.nn.BatchNorm1d", page="generated/torch.nn.BatchNorm1d")
def test_batchnorm_scales_and_shifts_by_weight_and_bias(snapshot):
    """BatchNorm multiplies each normalised feature by its weight and adds its bias.

    Here the outputs are 10 ± 2 and 20 ± 3.
    """
    norm = nn.BatchNorm1d(2)
    norm.weight.data.copy_(torch.tensor([2.0, 3.0]))
    norm.bias.data.copy_(torch.tensor([10.0, 20.0]))
    assert snapshot == observe(lambda: norm(batch()).detach())


@pytest.mark.api("torch.nn.BatchNorm1d", page="generated/torch.nn.BatchNorm1d")
def test_batchnorm_of_a_constant_feature_is_zero(snapshot):
    """BatchNorm of a constant feature is 0: ``eps`` keeps the division finite.

    A feature with a nonzero bias comes out as that bias.
    """
    assert snapshot == observe(
        lambda: nn.BatchNorm1d(1)(torch.tensor([[8.0], [8.0], [8.0]])).detach()
    )


@pytest.mark.api("torch.nn.BatchNorm1d", page="generated/torch.nn.BatchNorm1d")
def test_batchnorm_normalises_each_channel_over_samples_and_positions(snapshot):
    """BatchNorm of [batch, channels, length] uses one mean and one variance per channel.

    Both are taken over the samples and the positions.
    """
    x = torch.tensor([[[1.0, 3.0], [0.0, 0.0]], [[3.0, 1.0], [4.0, 4.0]]])
    assert snapshot == observe(lambda: nn.BatchNorm1d(2)(x).detach())


@pytest.mark.api("torch.nn.BatchNorm1d", page="generated/torch.nn.BatchNorm1d")
def test_batchnorm_refuses_one_sample_in_training(snapshot):
    """BatchNorm raises in training on one sample: one value per feature has no variance.

    Trap: the last batch of an epoch may hold only one sample.
    """
    assert snapshot == observe(lambda: nn.BatchNorm1d(2)(torch.tensor([[1.0, 2.0]])).detach())


@pytest.mark.api(
    "torch.nn.BatchNorm1d", "torch.nn.Module.eval", page="generated/torch.nn.BatchNorm1d"
)
def test_batchnorm_takes_one_sample_in_eval(snapshot):
    """In ``eval()`` BatchNorm accepts one sample: it uses the running statistics."""
    assert snapshot == observe(
        lambda: nn.BatchNorm1d(2).eval()(torch.tensor([[1.0, 2.0]])).detach()
    )


@pytest.mark.api("torch.nn.BatchNorm1d", page="generated/torch.nn.BatchNorm1d")
def test_batchnorm_takes_one_sample_of_several_positions(snapshot):
    """In training BatchNorm accepts one sample that has several positions.

    One sample with two positions has two values per channel.
    """
    assert snapshot == observe(
        lambda: nn.BatchNorm1d(2)(torch.tensor([[[1.0, 3.0], [0.0, 4.0]]])).detach()
    )


@pytest.mark.api("torch.nn.BatchNorm1d", page="generated/torch.nn.BatchNorm1d")
def test_batchnorm1d_refuses_four_dimensions(snapshot):
    """``BatchNorm1d`` raises on four dimensions; use ``BatchNorm2d`` for images.

    ``BatchNorm1d`` accepts two or three dimensions.
    """
    assert snapshot == observe(lambda: nn.BatchNorm1d(2)(torch.zeros(1, 2, 3, 3)).detach())


@pytest.mark.api("torch.nn.BatchNorm1d", page="generated/torch.nn.BatchNorm1d")
def test_batchnorm_gradient_flows_through_the_batch_statistics(snapshot):
    """In training the gradient of BatchNorm flows through the mean and variance of the batch.

    The output of one sample gives every sample a gradient, and these sum to 0. In ``eval()`` only
    the sample itself gets a gradient.

    The inputs 0, 1, 2 are normalised to -1.22, 0, 1.22. The gradient of the third output is 1.22 (0
    - 1/3 + 1/2, 0 - 1/3, 1 - 1/3 - 1/2).
    """

    def gradient(norm):
        x = torch.tensor([[0.0], [1.0], [2.0]], requires_grad=True)
        norm(x)[2].sum().backward()
        return x.grad

    training = gradient(nn.BatchNorm1d(1))
    assert abs(float(training.sum())) < 1e-6  # float32: three numbers of a few tenths
    assert snapshot == observe(
        lambda: {"training": training, "eval": gradient(nn.BatchNorm1d(1).eval())}
    )


@given(sizes=st.tuples(st.integers(2, 4), st.integers(1, 3), st.integers(1, 3)), data=st.data())
@settings(max_examples=30)
def test_batchnorm_equals_its_formula(sizes, data):
    """BatchNorm equals its formula for any input.

    Training uses the statistics over batch and length, ``eval()`` the running statistics.
    """
    norm, x = filled(nn.BatchNorm1d(sizes[1]).double()), quarters(data, *sizes)
    weight, bias = numbers(norm.weight), numbers(norm.bias)
    mean, variance = x.mean((0, 2)), x.var((0, 2))
    running = 0.1 * mean, 0.9 + 0.1 * x.var((0, 2), ddof=1)
    # float64: rounding of 1e-16 times at most 1 / sqrt(eps) = 316
    training = numbers(norm(torch.from_numpy(x)))
    np.testing.assert_allclose(
        training, batchnorm_reference(x, mean, variance, weight, bias), atol=1e-12
    )
    np.testing.assert_allclose(numbers(norm.running_mean), running[0], atol=1e-12)
    np.testing.assert_allclose(numbers(norm.running_var), running[1], atol=1e-12)
    evaluation = numbers(norm.eval()(torch.from_numpy(x)))
    np.testing.assert_allclose(
        evaluation, batchnorm_reference(x, *running, weight, bias), atol=1e-12
    )
