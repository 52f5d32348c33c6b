"""Dropout1d, 2d and 3d, AlphaDropout and FeatureAlphaDropout: what is dropped together, and what becomes of it."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from torch_history.observing import observe

ALPHA = -1.7580993408473766  # what SELU gives for minus infinity: -scale x alpha
RANKED = [
    20,
    8,
    2,
    2,
    2,
]  # sizes of the first dimensions; no mask is constant over 8 channels 20 times


def dropped_together(output):
    """How many leading dimensions number the units that are dropped or kept as one: 2 for (sample, channel)."""
    for leading in range(output.dim() + 1):
        units = output.detach().reshape(int(np.prod(output.shape[:leading], dtype=int)), -1)
        if torch.equal(units, units[:, :1].expand_as(units)):
            return leading


def over_ones(name, rank):
    """What a layer of this name makes of ones: how many dimensions number what is dropped together, and the values."""
    output = getattr(nn, name)()(torch.ones(RANKED[:rank]))
    return {
        "dimensions that number the units": dropped_together(output),
        "values": torch.unique(output),
    }


@pytest.mark.parametrize("rank", [2, 3], ids=["channels, length", "samples, channels, length"])
@pytest.mark.api("torch.nn.Dropout1d", page="generated/torch.nn.Dropout1d")
@pytest.mark.changed("1.12", "Dropout1d appears", kind="api-appeared", cause="pytorch#79545")
def test_dropout1d_drops_whole_channels(rank, snapshot):
    """Dropout1d drops all of a channel's length or nothing, with a batch or without."""
    assert snapshot == observe(lambda: over_ones("Dropout1d", rank))


@pytest.mark.parametrize("rank", [1, 4])
@pytest.mark.api("torch.nn.Dropout1d", page="generated/torch.nn.Dropout1d")
@pytest.mark.changed(
    "1.12", "Dropout1d appears, and refuses", kind="api-appeared", cause="pytorch#79545"
)
def test_dropout1d_refuses_other_ranks(rank, snapshot):
    """Dropout1d takes two or three dimensions, and raises on others."""
    assert snapshot == observe(lambda: over_ones("Dropout1d", rank))


@pytest.mark.api("torch.nn.Dropout2d", page="generated/torch.nn.Dropout2d")
def test_dropout2d_drops_whole_channels(snapshot):
    """Of (samples, channels, height, width) Dropout2d drops all of a channel's plane or nothing, for each sample anew."""
    assert snapshot == observe(lambda: over_ones("Dropout2d", 4))


@pytest.mark.api("torch.nn.Dropout2d", page="generated/torch.nn.Dropout2d")
@pytest.mark.changed(
    "1.11",
    "three dimensions are one sample: whole samples of a batch (samples, channels, length) are dropped",
    kind="silent",
    cause="pytorch#69885",
    advice="give sequences a last dimension of one, or leave 1.11 out",
)
@pytest.mark.changed(
    "1.12",
    "three dimensions are a batch again, and a warning says that this will change",
    kind="silent",
    cause="pytorch#79549",
    advice="use Dropout1d for (samples, channels, length), a batch of one for an image",
)
def test_dropout2d_takes_three_dimensions_for_samples_channels_length(snapshot):
    """Three dimensions are not (channels, height, width): Dropout2d drops rows of such an image, and warns.

    The way out: Dropout1d for (samples, channels, length), a batch of one for an image.
    """
    assert snapshot == observe(lambda: over_ones("Dropout2d", 3))


@pytest.mark.parametrize("rank", [1, 2, 5])
@pytest.mark.api("torch.nn.Dropout2d", page="generated/torch.nn.Dropout2d")
@pytest.mark.changed(
    "1.11",
    "warns, and drops whole samples of two or five dimensions; one dimension no longer raises",
    kind="silent",
    cause="pytorch#69885",
    advice="use Dropout for (samples, features), Dropout3d for volumes",
)
@pytest.mark.changed(
    "1.12",
    "two or five dimensions are a batch again, one raises again; the warning stays",
    kind="silent",
    cause="pytorch#79549",
    advice="use Dropout for (samples, features), Dropout3d for volumes",
)
def test_dropout2d_warns_of_other_ranks(rank, snapshot):
    """Of two dimensions Dropout2d drops single elements, of five whole volumes, and warns; one dimension raises as well.

    Trap: 1.11 took the first dimension for channels, and dropped whole samples.
    """
    assert snapshot == observe(lambda: over_ones("Dropout2d", rank))


@pytest.mark.api("torch.nn.Dropout3d", page="generated/torch.nn.Dropout3d")
def test_dropout3d_drops_whole_channels(snapshot):
    """Of (samples, channels, depth, height, width) Dropout3d drops all of a channel's volume or nothing."""
    assert snapshot == observe(lambda: over_ones("Dropout3d", 5))


@pytest.mark.api("torch.nn.Dropout3d", page="generated/torch.nn.Dropout3d")
@pytest.mark.changed(
    "1.11",
    "four dimensions are one sample: before, they were a batch, and planes of each sample were dropped",
    kind="silent",
    cause="pytorch#69885",
    advice="use Dropout2d for (samples, channels, height, width)",
)
def test_dropout3d_takes_four_dimensions_for_one_sample(snapshot):
    """Four dimensions are (channels, depth, height, width): the first one numbers what is dropped."""
    assert snapshot == observe(lambda: over_ones("Dropout3d", 4))


@pytest.mark.parametrize("rank", [2, 3])
@pytest.mark.api("torch.nn.Dropout3d", page="generated/torch.nn.Dropout3d")
@pytest.mark.changed(
    "1.11",
    "drops whole samples instead of single features or channels of each, and warns",
    kind="silent",
    cause="pytorch#69885",
    advice="use Dropout for (samples, features), Dropout1d for (samples, channels, length)",
)
def test_dropout3d_drops_whole_samples_of_lower_ranks(rank, snapshot):
    """Of two or three dimensions Dropout3d takes the first for channels, and warns.

    Trap: of a batch (samples, features) whole samples go, where Dropout2d drops single features.
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
@pytest.mark.changed("1.12", "Dropout1d appears", kind="api-appeared", cause="pytorch#79545")
def test_dropout_kinds_return_their_input_in_eval_mode(name, snapshot):
    """In eval mode every kind leaves its input as it is."""
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
@pytest.mark.changed("1.12", "Dropout1d appears", kind="api-appeared", cause="pytorch#79545")
def test_dropout_kinds_of_p_one_give_zeros(name, snapshot):
    """p = 1 gives zeros, of AlphaDropout too, which has no other values to give."""
    x = torch.ones((2, 2, 2) if name == "Dropout1d" else (1, 2, 2, 2))
    assert snapshot == observe(lambda: torch.unique(getattr(nn, name)(1.0)(x)))


def alpha_terms(p):
    """AlphaDropout's ``a`` and ``b``: kept elements become a x + b, dropped ones a ALPHA + b, so that mean 0 and variance 1 stay.

    With dropped ones at ALPHA the mean is p ALPHA and the variance (1 - p) (1 + p ALPHA^2); a is one over its root.
    """
    a = ((1 - p) * (1 + p * ALPHA**2)) ** -0.5
    return a, -a * p * ALPHA


@given(p=st.floats(0, 0.95), shape=st.lists(st.integers(1, 4), min_size=1, max_size=2))
def test_alpha_dropout_gives_the_two_terms_of_its_formula(p, shape):
    """Every output is a x + b or a ALPHA + b, for any p and shape; the gradient is a where x was kept, and 0 elsewhere."""
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
    """Of 100,000 standard normal numbers at p = 0.3 mean and variance stay 0 and 1, within 0.05: over ten standard errors."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        output = nn.AlphaDropout(0.3)(torch.randn(100_000))
    assert abs(output.mean()) < 0.05
    assert abs(output.var() - 1) < 0.05


@pytest.mark.api("torch.nn.AlphaDropout", page="generated/torch.nn.AlphaDropout")
def test_alpha_dropout_gives_what_it_drops_a_negative_value(snapshot):
    """AlphaDropout drops single elements, and a dropped one is not 0: of ones at p = 0.5, 1.6656 is kept and -0.7792 dropped."""
    assert snapshot == observe(lambda: over_ones("AlphaDropout", 3))


@pytest.mark.api(
    "torch.nn.functional.alpha_dropout",
    "torch.nn.functional.feature_alpha_dropout",
    page="generated/torch.nn.functional.alpha_dropout",
)
def test_alpha_dropout_function_drops_nothing_by_default(snapshot):
    """``F.alpha_dropout`` and ``F.feature_alpha_dropout`` have ``training=False``, where ``F.dropout`` has True."""
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
    """FeatureAlphaDropout drops (sample, channel) as one, whatever the rank.

    Trap: the documentation takes four dimensions for one sample, but single planes of its channels are dropped (pytorch#69960).
    """
    assert snapshot == observe(lambda: over_ones("FeatureAlphaDropout", rank))


@pytest.mark.api("torch.nn.FeatureAlphaDropout", page="generated/torch.nn.FeatureAlphaDropout")
def test_feature_alpha_dropout_refuses_one_dimension(snapshot):
    """One dimension has no channels: FeatureAlphaDropout raises."""
    assert snapshot == observe(lambda: over_ones("FeatureAlphaDropout", 1))
