"""``torch.nn.LayerNorm``: normalises over the last dimensions, each position by itself.

The mean and the biased variance are taken over the last dimensions of the input, which
``normalized_shape`` names. All other dimensions keep their positions apart, so a sample does not
depend on its batch. There are no running statistics: training and ``eval()`` compute the same, and
a batch of one is accepted. Weight and bias have the shape ``normalized_shape``. Trap: a single
feature is its own mean, and gives only the bias.
"""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from fixtures.recurrent import filled, numbers, quarters, shapes_of
from torch_history.observing import observe


def layernorm_reference(x, weight, bias, eps=1e-5):
    """``(x - mean) / sqrt(variance + eps) * weight + bias``, over the dimensions of weight.

    The variance is biased. x is [..., *normalized_shape], weight and bias are [*normalized_shape].
    """
    own = tuple(range(x.ndim - weight.ndim, x.ndim))
    return (x - x.mean(own, keepdims=True)) / np.sqrt(
        x.var(own, keepdims=True) + eps
    ) * weight + bias


@pytest.mark.api("torch.nn.LayerNorm", page="generated/torch.nn.LayerNorm", article="E")
def test_layernorm_normalises_each_row_by_the_biased_variance(snapshot):
    """LayerNorm normalises each row by itself to mean 0 and biased variance 1.

    The rows 1, 3 and 10, 30 both become -1, 1, up to eps.
    """
    assert snapshot == observe(
        lambda: nn.LayerNorm(2)(torch.tensor([[1.0, 3.0], [10.0, 30.0]])).detach()
    )


@pytest.mark.api("torch.nn.LayerNorm", page="generated/torch.nn.LayerNorm", article="E")
def test_layernorm_of_a_sample_does_not_depend_on_its_batch(snapshot):
    """LayerNorm of a sample does not depend on the other samples of the batch.

    Unlike BatchNorm it accepts a batch of one in training.
    """
    norm, x = nn.LayerNorm(2), torch.tensor([[1.0, 3.0], [10.0, 30.0]])
    assert torch.equal(norm(x)[:1], norm(x[:1]))
    assert snapshot == observe(lambda: norm(x[:1]).detach())


@pytest.mark.api("torch.nn.LayerNorm", "torch.nn.Module.eval", page="generated/torch.nn.LayerNorm")
def test_layernorm_keeps_no_statistics(snapshot):
    """LayerNorm keeps no statistics: it computes the same in ``eval()`` and in training.

    The state dict holds only weight 1 and bias 0.
    """
    norm, x = nn.LayerNorm(2), torch.tensor([[1.0, 3.0]])
    assert torch.equal(norm.train()(x), norm.eval()(x))
    assert snapshot == observe(lambda: dict(norm.state_dict()))


@pytest.mark.api("torch.nn.LayerNorm", page="generated/torch.nn.LayerNorm")
def test_layernorm_over_two_dimensions_takes_one_mean_of_both(snapshot):
    """``LayerNorm((2, 2))`` takes one mean and one variance over both last dimensions.

    The four numbers of a sample share the mean 4 and the variance 9.
    """
    x = torch.tensor([[[1.0, 1.0], [7.0, 7.0]]])
    assert snapshot == observe(
        lambda: {"(2, 2)": nn.LayerNorm((2, 2))(x).detach(), "2": nn.LayerNorm(2)(x).detach()}
    )


@pytest.mark.api("torch.nn.LayerNorm", page="generated/torch.nn.LayerNorm")
def test_layernorm_has_a_weight_for_each_element_of_its_shape(snapshot):
    """The weight and bias of LayerNorm have the shape ``normalized_shape``.

    There is one for each element, where BatchNorm has one per channel.
    """
    assert snapshot == observe(lambda: shapes_of(nn.LayerNorm((2, 3))))


@pytest.mark.api("torch.nn.LayerNorm", page="generated/torch.nn.LayerNorm")
def test_layernorm_scales_and_shifts_each_element(snapshot):
    """LayerNorm multiplies each element by its weight and adds its bias.

    -1 and 1 times the weights 2 and 3, plus the biases 10 and 20, give 8 and 23, up to eps.
    """
    norm = nn.LayerNorm(2)
    norm.weight.data.copy_(torch.tensor([2.0, 3.0]))
    norm.bias.data.copy_(torch.tensor([10.0, 20.0]))
    assert snapshot == observe(lambda: norm(torch.tensor([[1.0, 3.0]])).detach())


@pytest.mark.api("torch.nn.LayerNorm", page="generated/torch.nn.LayerNorm")
def test_layernorm_without_affine_has_no_parameters(snapshot):
    """``LayerNorm(elementwise_affine=False)`` has no parameters: weight and bias are None."""
    norm = nn.LayerNorm(2, elementwise_affine=False)
    assert snapshot == observe(
        lambda: {"parameters": shapes_of(norm), "output": norm(torch.tensor([[1.0, 3.0]]))}
    )


@pytest.mark.api("torch.nn.LayerNorm", page="generated/torch.nn.LayerNorm")
@pytest.mark.changed("2.1", "LayerNorm takes bias", kind="appeared", cause="pytorch#101683")
def test_layernorm_without_bias_has_a_weight_alone(snapshot):
    """``LayerNorm(bias=False)`` has a weight and no bias.

    The argument ``bias`` exists since 2.1.
    """

    def act():
        norm = nn.LayerNorm(2, bias=False)
        return {"parameters": shapes_of(norm), "output": norm(torch.tensor([[1.0, 3.0]])).detach()}

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.LayerNorm", page="generated/torch.nn.LayerNorm")
def test_layernorm_of_one_feature_is_its_bias(snapshot):
    """LayerNorm of a single feature gives its bias, whatever the input.

    Trap: a single feature is its own mean.
    """
    assert snapshot == observe(lambda: nn.LayerNorm(1)(torch.tensor([[5.0], [7.0]])).detach())


@pytest.mark.api("torch.nn.LayerNorm", page="generated/torch.nn.LayerNorm")
def test_layernorm_refuses_another_last_dimension(snapshot):
    """LayerNorm raises unless the shape of the input ends in ``normalized_shape``."""
    assert snapshot == observe(lambda: nn.LayerNorm(3)(torch.zeros(2, 2)).detach())


@given(
    shape=st.lists(st.integers(1, 3), min_size=1, max_size=3), own=st.integers(1, 3), data=st.data()
)
@settings(max_examples=30)
def test_layernorm_equals_its_formula(shape, own, data):
    """LayerNorm equals its formula for any input and any number of last dimensions."""
    x, norm = quarters(data, *shape), filled(nn.LayerNorm(shape[-own:]).double())
    expected = layernorm_reference(x, numbers(norm.weight), numbers(norm.bias))
    np.testing.assert_allclose(
        numbers(norm(torch.from_numpy(x))), expected, atol=1e-12
    )  # float64: 1e-16 times at most 316
