"""Dropout1d, 2d and 3d, AlphaDropout and FeatureAlphaDropout: what each drops as one unit.

``torch.nn.Dropout1d``, ``torch.nn.Dropout2d`` and ``torch.nn.Dropout3d`` drop whole channels of
inputs that have their number of dimensions. Of other inputs they drop rows, features or whole
samples, and releases differ in which: 1.11 changed Dropout2d and Dropout3d, 1.12 changed Dropout2d
back, and most of these inputs warn since then. Use the layer that is made for the rank.
``torch.nn.AlphaDropout`` drops single elements and sets them to a negative value, which preserves
mean 0 and variance 1.
"""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from torch_history.observing import observe, observe_each

ALPHA = -1.7580993408473766  # SELU of minus infinity: -scale x alpha
# Sizes of the leading dimensions: no mask is constant over 8 channels in all 20 samples.
RANKED = [20, 8, 2, 2, 2]


def dropped_together(output):
    """How many leading dimensions number the units that are dropped or kept as one.

    It is 2 for (sample, channel).
    """
    for leading in range(output.dim() + 1):
        units = output.detach().reshape(int(np.prod(output.shape[:leading], dtype=int)), -1)
        if torch.equal(units, units[:, :1].expand_as(units)):
            return leading
    return None  # not reached: with every dimension counted, a unit is one element


def over_ones(name, rank):
    """Apply a layer of this name to ones: how its units are numbered, and the values."""
    output = getattr(nn, name)()(torch.ones(RANKED[:rank]))
    return {
        "dimensions that number the units": dropped_together(output),
        "values": torch.unique(output),
    }


@pytest.mark.parametrize("rank", [2, 3], ids=["channels, length", "samples, channels, length"])
@pytest.mark.api("torch.nn.Dropout1d", page="generated/torch.nn.Dropout1d")
@pytest.mark.changed("1.12", "Dropout1d appears", kind="appeared", cause="pytorch#79545")
def test_dropout1d_drops_whole_channels(rank, snapshot):
    """``Dropout1d`` drops whole channels, with a batch or without."""
    assert snapshot == observe(lambda: over_ones("Dropout1d", rank))


@pytest.mark.parametrize("rank", [1, 4])
@pytest.mark.api("torch.nn.Dropout1d", page="generated/torch.nn.Dropout1d")
@pytest.mark.changed(
    "1.12", "Dropout1d appears, and raises", kind="appeared", cause="pytorch#79545"
)
def test_dropout1d_refuses_other_ranks(rank, snapshot):
    """``Dropout1d`` raises unless the input has two or three dimensions."""
    assert snapshot == observe(lambda: over_ones("Dropout1d", rank))


@pytest.mark.api("torch.nn.Dropout2d", page="generated/torch.nn.Dropout2d")
def test_dropout2d_drops_whole_channels(snapshot):
    """``Dropout2d`` drops whole channels of (samples, channels, height, width).

    It draws a new mask for each sample.
    """
    assert snapshot == observe(lambda: over_ones("Dropout2d", 4))


@pytest.mark.api(
    "torch.nn.Dropout2d", "torch.nn.functional.dropout2d", page="generated/torch.nn.Dropout2d"
)
@pytest.mark.changed(
    "1.11",
    "three dimensions are one sample: whole samples of a batch (samples, channels, length) are "
    "dropped",
    kind="silent",
    cause="pytorch#69885",
    advice="call dropout2d(x.unsqueeze(-1)).squeeze(-1) for (samples, channels, length)",
    restored_by="layers.dropout2d_of_a_sequence_as_an_image_of_width_one_drops_whole_channels",
    rarely="an input of three dimensions",
)
@pytest.mark.changed(
    "1.12",
    "three dimensions are a batch again, with a warning that they will be one image in a future "
    "release",
    kind="warning",
    cause="pytorch#79549",
    advice=(
        "call dropout2d(x.unsqueeze(0)).squeeze(0) for one image (channels, height, width), and "
        "Dropout1d for (samples, channels, length)"
    ),
    restored_by="layers.dropout2d_of_an_image_in_a_batch_of_one_drops_whole_channels",
    rarely="an input of three dimensions",
)
def test_dropout2d_takes_three_dimensions_for_samples_channels_length(snapshot):
    """``Dropout2d`` reads three dimensions as (samples, channels, length).

    Trap: of an image (channels, height, width) it drops rows. It warns since 1.12; 1.11 read three
    dimensions as one image.

    Use ``Dropout1d`` for (samples, channels, length), and a batch of one for an image.
    """
    assert snapshot == observe(lambda: over_ones("Dropout2d", 3))


def units(output):
    """How a layer's output numbers its units, and its values, as ``over_ones`` returns them."""
    return {
        "dimensions that number the units": dropped_together(output),
        "values": torch.unique(output),
    }


@pytest.mark.api("torch.nn.Dropout2d", page="generated/torch.nn.Dropout2d")
def test_dropout2d_of_a_sequence_as_an_image_of_width_one_drops_whole_channels(snapshot):
    """``Dropout2d`` of (samples, channels, length, 1) drops whole channels.

    With a last dimension of one, no release takes a batch of sequences for one image.
    """
    x = torch.ones(RANKED[:3])
    assert snapshot == observe(lambda: units(nn.Dropout2d()(x.unsqueeze(-1)).squeeze(-1)))


@pytest.mark.api("torch.nn.Dropout2d", page="generated/torch.nn.Dropout2d")
def test_dropout2d_of_an_image_in_a_batch_of_one_drops_whole_channels(snapshot):
    """``Dropout2d`` of one image in a batch of one drops whole channels of the image."""
    x = torch.ones(RANKED[:3])
    assert snapshot == observe(lambda: units(nn.Dropout2d()(x.unsqueeze(0)).squeeze(0)))


@pytest.mark.parametrize("rank", [1, 2, 5])
@pytest.mark.api(
    "torch.nn.Dropout2d", "torch.nn.functional.dropout2d", page="generated/torch.nn.Dropout2d"
)
@pytest.mark.changed(
    "1.11",
    "drops whole samples of two or five dimensions, not single features or volumes, and warns that "
    "one, two and five dimensions will raise in a future release",
    kind="warning",
    cause="pytorch#69885",
    advice="call Dropout for (samples, features), and Dropout3d for volumes",
    restored_by="layers.dropout_made_for_the_rank_drops_features_or_whole_channels",
    rarely="an input of two or five dimensions",
)
@pytest.mark.changed(
    "1.11", "accepts one dimension", kind="error-gone", cause="pytorch#69885", when=":unseen"
)
@pytest.mark.changed(
    "1.12",
    "two or five dimensions are a batch again",
    kind="silent",
    cause="pytorch#79549",
    rarely="an input of two or five dimensions",
)
@pytest.mark.changed(
    "1.12",
    "one dimension raises again",
    kind="error",
    cause="pytorch#79549",
    advice="call Dropout for one dimension",
    restored_by="layers.dropout_of_one_dimension_drops_single_elements",
    when=":unseen",
)
def test_dropout2d_warns_of_other_ranks(rank, snapshot):
    """``Dropout2d`` warns about two or five dimensions, and raises on one dimension.

    Of two dimensions it drops single elements, of five whole volumes. The warning exists since
    1.11.

    Trap: 1.11 read the first dimension as channels and dropped whole samples.
    """
    assert snapshot == observe(lambda: over_ones("Dropout2d", rank))


@pytest.mark.api("torch.nn.Dropout", page="generated/torch.nn.Dropout")
def test_dropout_of_one_dimension_drops_single_elements(snapshot):
    """``Dropout`` accepts one dimension, and drops single elements."""
    assert snapshot == observe(lambda: over_ones("Dropout", 1))


@pytest.mark.api(
    "torch.nn.Dropout",
    "torch.nn.Dropout2d",
    "torch.nn.Dropout3d",
    page="generated/torch.nn.Dropout2d",
)
def test_dropout_made_for_the_rank_drops_features_or_whole_channels(snapshot):
    """Each rank has a dropout layer that drops features or whole channels on every release.

    ``Dropout`` is for (samples, features), and ``Dropout3d`` for batches of volumes. A sequence
    (samples, channels, length) goes through ``Dropout2d`` as an image of width one.
    """
    sequences = torch.ones(RANKED[:3] + [1])
    assert snapshot == observe_each(
        {
            "2": lambda: over_ones("Dropout", 2),
            "3": lambda: units(nn.Dropout2d()(sequences).squeeze(-1)),
            "5": lambda: over_ones("Dropout3d", 5),
        }
    )


@pytest.mark.api("torch.nn.Dropout3d", page="generated/torch.nn.Dropout3d")
def test_dropout3d_drops_whole_channels(snapshot):
    """``Dropout3d`` drops whole channels of (samples, channels, depth, height, width)."""
    assert snapshot == observe(lambda: over_ones("Dropout3d", 5))


@pytest.mark.api(
    "torch.nn.Dropout3d", "torch.nn.functional.dropout3d", page="generated/torch.nn.Dropout3d"
)
@pytest.mark.changed(
    "1.11",
    "four dimensions are one sample, where they were a batch before",
    kind="silent",
    cause="pytorch#69885",
    advice="call Dropout2d for (samples, channels, height, width)",
    restored_by="layers.dropout2d_drops_whole_channels",
    rarely="an input of four dimensions",
)
def test_dropout3d_takes_four_dimensions_for_one_sample(snapshot):
    """``Dropout3d`` reads four dimensions as one sample (channels, depth, height, width).

    It drops whole channels of that sample. Before 1.11 it read four dimensions as a batch.
    """
    assert snapshot == observe(lambda: over_ones("Dropout3d", 4))


@pytest.mark.parametrize("rank", [2, 3])
@pytest.mark.api(
    "torch.nn.Dropout3d", "torch.nn.functional.dropout3d", page="generated/torch.nn.Dropout3d"
)
@pytest.mark.changed(
    "1.11",
    "drops whole samples instead of single features or channels of each, and warns that two and "
    "three dimensions will raise in a future release",
    kind="warning",
    cause="pytorch#69885",
    advice=(
        "call Dropout for (samples, features), and dropout2d(x.unsqueeze(-1)).squeeze(-1) for "
        "(samples, channels, length)"
    ),
    restored_by="layers.dropout_made_for_the_rank_drops_features_or_whole_channels",
    rarely="an input of two or three dimensions",
)
def test_dropout3d_drops_whole_samples_of_lower_ranks(rank, snapshot):
    """``Dropout3d`` reads the first of two or three dimensions as channels, and warns.

    Trap: since 1.11 it drops whole samples of a batch (samples, features). ``Dropout2d`` drops
    single features.
    """
    assert snapshot == observe(lambda: over_ones("Dropout3d", rank))


@pytest.mark.parametrize(
    "name", ["Dropout1d", "Dropout2d", "Dropout3d", "AlphaDropout", "FeatureAlphaDropout"]
)
@pytest.mark.api(
    "torch.nn.Dropout1d",
    "torch.nn.Dropout2d",
    "torch.nn.Dropout3d",
    "torch.nn.AlphaDropout",
    "torch.nn.FeatureAlphaDropout",
    page="generated/torch.nn.Dropout2d",
)
@pytest.mark.changed("1.12", "Dropout1d appears", kind="appeared", cause="pytorch#79545")
def test_dropout_kinds_return_their_input_in_eval_mode(name, snapshot):
    """In eval mode every kind of dropout returns its input unchanged."""
    x = torch.arange(1.0, 9.0).view((2, 2, 2) if name == "Dropout1d" else (1, 2, 2, 2))
    assert snapshot == observe(lambda: torch.equal(getattr(nn, name)().eval()(x), x))


@pytest.mark.parametrize(
    "name", ["Dropout1d", "Dropout2d", "Dropout3d", "AlphaDropout", "FeatureAlphaDropout"]
)
@pytest.mark.api(
    "torch.nn.Dropout1d",
    "torch.nn.Dropout2d",
    "torch.nn.Dropout3d",
    "torch.nn.AlphaDropout",
    "torch.nn.FeatureAlphaDropout",
    page="generated/torch.nn.Dropout2d",
)
@pytest.mark.changed("1.12", "Dropout1d appears", kind="appeared", cause="pytorch#79545")
def test_dropout_kinds_of_p_one_give_zeros(name, snapshot):
    """Every kind of dropout with p = 1 gives zeros, AlphaDropout included."""
    x = torch.ones((2, 2, 2) if name == "Dropout1d" else (1, 2, 2, 2))
    assert snapshot == observe(lambda: torch.unique(getattr(nn, name)(1.0)(x)))


def alpha_terms(p):
    """The terms ``a`` and ``b`` of AlphaDropout, which keep mean 0 and variance 1.

    Kept elements become a x + b, dropped ones a ALPHA + b. With dropped elements at ALPHA the mean
    is p ALPHA and the variance (1 - p) (1 + p ALPHA^2). a is one over the root of that variance.
    """
    a = ((1 - p) * (1 + p * ALPHA**2)) ** -0.5
    return a, -a * p * ALPHA


@given(p=st.floats(0, 0.95), shape=st.lists(st.integers(1, 4), min_size=1, max_size=2))
def test_alpha_dropout_gives_the_two_terms_of_its_formula(p, shape):
    """AlphaDropout gives a x + b or a ALPHA + b for every element, for any p and shape.

    The gradient is a where x was kept, and 0 elsewhere.
    """
    a, b = alpha_terms(p)
    x = torch.arange(1.0, 1 + int(np.prod(shape))).view(shape).requires_grad_()
    output = nn.AlphaDropout(p)(x)
    output.backward(torch.ones(shape))
    kept = x.grad.numpy() != 0
    # Sums of float32 terms of up to 16 a: a few 2^-24 of that.
    expected = np.where(kept, a * x.detach().numpy() + b, a * ALPHA + b)
    np.testing.assert_allclose(output.detach().numpy(), expected, rtol=1e-6, atol=1e-5)
    np.testing.assert_allclose(x.grad.numpy(), np.where(kept, a, 0), rtol=1e-6)


def test_alpha_dropout_preserves_mean_and_variance():
    """AlphaDropout preserves a mean of 0 and a variance of 1.

    Over 100,000 standard normal numbers at p = 0.3 both stay within 0.05, which is over ten
    standard errors.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        output = nn.AlphaDropout(0.3)(torch.randn(100_000))
    assert abs(output.mean()) < 0.05
    assert abs(output.var() - 1) < 0.05


@pytest.mark.api("torch.nn.AlphaDropout", page="generated/torch.nn.AlphaDropout")
def test_alpha_dropout_gives_what_it_drops_a_negative_value(snapshot):
    """AlphaDropout sets dropped elements to a negative value, not to 0.

    It drops single elements. For ones at p = 0.5 a kept element is 1.6656 and a dropped one
    -0.7792.
    """
    assert snapshot == observe(lambda: over_ones("AlphaDropout", 3))


@pytest.mark.api(
    "torch.nn.functional.alpha_dropout",
    "torch.nn.functional.feature_alpha_dropout",
    page="generated/torch.nn.functional.alpha_dropout",
)
def test_alpha_dropout_function_drops_nothing_by_default(snapshot):
    """``F.alpha_dropout`` and ``F.feature_alpha_dropout`` drop nothing by default.

    Their default is ``training=False``, while that of ``F.dropout`` is ``training=True``.
    """
    x = torch.ones(20, 8)
    assert snapshot == observe(
        lambda: {
            name: torch.unique(getattr(nn.functional, name)(x))
            for name in ("alpha_dropout", "feature_alpha_dropout", "dropout")
        }
    )


@pytest.mark.parametrize(
    "rank",
    [4, 5],
    ids=["channels, depth, height, width", "samples, channels, depth, height, width"],
)
@pytest.mark.api("torch.nn.FeatureAlphaDropout", page="generated/torch.nn.FeatureAlphaDropout")
def test_feature_alpha_dropout_takes_the_first_two_dimensions_for_sample_and_channel(
    rank, snapshot
):
    """FeatureAlphaDropout drops each (sample, channel) as one unit, whatever the rank.

    Trap: the documentation says that four dimensions are one sample. In fact single planes of its
    channels are dropped (pytorch#69960).
    """
    assert snapshot == observe(lambda: over_ones("FeatureAlphaDropout", rank))


@pytest.mark.api("torch.nn.FeatureAlphaDropout", page="generated/torch.nn.FeatureAlphaDropout")
def test_feature_alpha_dropout_refuses_one_dimension(snapshot):
    """FeatureAlphaDropout raises on one dimension, which has no channels."""
    assert snapshot == observe(lambda: over_ones("FeatureAlphaDropout", 1))
