"""``nn.LayerNorm``: each sample normalised over its own features."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from fixtures.recurrent import filled, numbers, quarters, shapes_of
from torch_history.observing import observe


def layernorm_reference(x, weight, bias, eps=1e-5):
    """``(x - mean) / sqrt(variance + eps) * weight + bias``: mean and biased variance over the dimensions that weight has.

    x [..., *normalized_shape], weight and bias [*normalized_shape].
    """
    own = tuple(range(x.ndim - weight.ndim, x.ndim))
    return (x - x.mean(own, keepdims=True)) / np.sqrt(
        x.var(own, keepdims=True) + eps
    ) * weight + bias


@pytest.mark.api("torch.nn.LayerNorm", page="generated/torch.nn.LayerNorm", article="E")
def test_layernorm_normalises_each_sample_by_the_biased_variance(snapshot):
    """Each row is brought to mean 0 and biased variance 1 by itself: 1, 3 and 10, 30 become -1, 1, nearly, each."""
    assert snapshot == observe(
        lambda: nn.LayerNorm(2)(torch.tensor([[1.0, 3.0], [10.0, 30.0]])).detach()
    )


@pytest.mark.api("torch.nn.LayerNorm", page="generated/torch.nn.LayerNorm", article="E")
def test_layernorm_of_a_sample_does_not_depend_on_its_batch(snapshot):
    """Alone or among others, a sample comes out the same: a batch of one is no trouble, as it is for BatchNorm."""
    norm, x = nn.LayerNorm(2), torch.tensor([[1.0, 3.0], [10.0, 30.0]])
    assert torch.equal(norm(x)[:1], norm(x[:1]))
    assert snapshot == observe(lambda: norm(x[:1]).detach())


@pytest.mark.api("torch.nn.LayerNorm", "torch.nn.Module.eval", page="generated/torch.nn.LayerNorm")
def test_layernorm_keeps_no_statistics(snapshot):
    """The state dict holds weight 1 and bias 0 alone, and ``eval()`` computes what training does."""
    norm, x = nn.LayerNorm(2), torch.tensor([[1.0, 3.0]])
    assert torch.equal(norm.train()(x), norm.eval()(x))
    assert snapshot == observe(lambda: dict(norm.state_dict()))


@pytest.mark.api("torch.nn.LayerNorm", page="generated/torch.nn.LayerNorm")
def test_layernorm_over_two_dimensions_takes_one_mean_of_both(snapshot):
    """``normalized_shape=(2, 2)``: the four numbers of a sample share a mean, 4, and a variance, 9."""
    x = torch.tensor([[[1.0, 1.0], [7.0, 7.0]]])
    assert snapshot == observe(
        lambda: {"(2, 2)": nn.LayerNorm((2, 2))(x).detach(), "2": nn.LayerNorm(2)(x).detach()}
    )


@pytest.mark.api("torch.nn.LayerNorm", page="generated/torch.nn.LayerNorm")
def test_layernorm_has_a_weight_for_each_element_of_its_shape(snapshot):
    """Weight and bias have ``normalized_shape``: one for each element, where BatchNorm has one a channel."""
    assert snapshot == observe(lambda: shapes_of(nn.LayerNorm((2, 3))))


@pytest.mark.api("torch.nn.LayerNorm", page="generated/torch.nn.LayerNorm")
def test_layernorm_scales_and_shifts_each_element(snapshot):
    """-1 and 1, nearly, times weight 2 and 3, plus bias 10 and 20: 8 and 23."""
    norm = nn.LayerNorm(2)
    norm.weight.data.copy_(torch.tensor([2.0, 3.0]))
    norm.bias.data.copy_(torch.tensor([10.0, 20.0]))
    assert snapshot == observe(lambda: norm(torch.tensor([[1.0, 3.0]])).detach())


@pytest.mark.api("torch.nn.LayerNorm", page="generated/torch.nn.LayerNorm")
def test_layernorm_without_affine_has_no_parameters(snapshot):
    """``elementwise_affine=False``: weight and bias are None."""
    norm = nn.LayerNorm(2, elementwise_affine=False)
    assert snapshot == observe(
        lambda: {"parameters": shapes_of(norm), "output": norm(torch.tensor([[1.0, 3.0]]))}
    )


@pytest.mark.api("torch.nn.LayerNorm", page="generated/torch.nn.LayerNorm")
@pytest.mark.changed("2.1", "LayerNorm takes bias", kind="api-appeared", cause="pytorch#101683")
def test_layernorm_without_bias_has_a_weight_alone(snapshot):
    """``bias=False`` leaves the bias out; earlier releases know no such argument."""

    def act():
        norm = nn.LayerNorm(2, bias=False)
        return {"parameters": shapes_of(norm), "output": norm(torch.tensor([[1.0, 3.0]])).detach()}

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.LayerNorm", page="generated/torch.nn.LayerNorm")
def test_layernorm_of_one_feature_is_its_bias(snapshot):
    """Trap: a single feature is its own mean, so that every sample comes out as the bias, whatever it was."""
    assert snapshot == observe(lambda: nn.LayerNorm(1)(torch.tensor([[5.0], [7.0]])).detach())


@pytest.mark.api("torch.nn.LayerNorm", page="generated/torch.nn.LayerNorm")
def test_layernorm_refuses_another_last_dimension(snapshot):
    """The input must end in ``normalized_shape``."""
    assert snapshot == observe(lambda: nn.LayerNorm(3)(torch.zeros(2, 2)).detach())


@given(
    shape=st.lists(st.integers(1, 3), min_size=1, max_size=3), own=st.integers(1, 3), data=st.data()
)
@settings(max_examples=30)
def test_layernorm_equals_its_formula(shape, own, data):
    """For any input and any number of last dimensions, the output is the formula's."""
    x, norm = quarters(data, *shape), filled(nn.LayerNorm(shape[-own:]).double())
    expected = layernorm_reference(x, numbers(norm.weight), numbers(norm.bias))
    np.testing.assert_allclose(
        numbers(norm(torch.from_numpy(x))), expected, atol=1e-12
    )  # float64: 1e-16 times at most 316
