"""Draws raise if a parameter is out of range, does not broadcast, or does not fit the dtype.

Distributions refuse a negative deviation, rate or scale since 2.0; before, some of them silently
accepted it. ``torch.randint`` refuses a bound that its dtype cannot hold since 1.6.
``torch.normal`` broadcasts mean and deviation since 1.5, and since 1.12 shapes that do not
broadcast raise. ``torch.multinomial`` raises for negative and nan weights. Trap: since 1.6 it
silently draws categories of weight 0 once all the others are drawn.
"""

import pytest
import torch

from torch_history.observing import observe


@pytest.mark.api("torch.multinomial", page="generated/torch.multinomial")
@pytest.mark.changed(
    "1.6",
    "draws categories of weight 0 instead of raising",
    kind="error-gone",
    cause="pytorch#39742",
    advice="count the weights above 0 before drawing without replacement",
)
def test_multinomial_draws_the_impossible_once_the_possible_ran_out(snapshot):
    """Since 1.6 ``multinomial`` draws categories of weight 0 once all others are drawn.

    This happens silently without replacement: three draws from three, one of weight 0. Before, it
    raised.
    """
    assert snapshot == observe(
        lambda: sorted(torch.multinomial(torch.tensor([0.0, 1.0, 1.0]), 3).tolist())
    )


@pytest.mark.api("torch.multinomial", page="generated/torch.multinomial")
def test_multinomial_of_weights_zero_alone_raises(snapshot):
    """``multinomial`` raises if all weights are 0."""
    assert snapshot == observe(lambda: torch.multinomial(torch.zeros(3), 1))


@pytest.mark.api("torch.multinomial", page="generated/torch.multinomial")
@pytest.mark.changed(
    "1.6",
    "the message mentions inf and nan too",
    kind="wording",
    cause="pytorch#39742",
    probable=True,
)
@pytest.mark.parametrize("weight", [-1.0, float("nan")], ids=["negative", "nan"])
def test_multinomial_of_a_weight_that_is_none_raises(weight, snapshot):
    """``multinomial`` raises for a weight that is negative or nan.

    Logits instead of probabilities may be negative, and a diverged model returns nan.
    """
    assert snapshot == observe(lambda: torch.multinomial(torch.tensor([weight, 2.0]), 1))


@pytest.mark.api("torch.multinomial", page="generated/torch.multinomial")
@pytest.mark.changed(
    "1.8",
    "raises for float16",
    kind="error",
    cause="pytorch#50059",
    probable=True,
    advice="pass weights.float()",
    restored_by="randomness.multinomial_takes_half_precision_weights_as_float",
    rarely="float16 weights on the CPU",
)
@pytest.mark.changed("2.2", "accepts float16 again", kind="error-gone", cause="pytorch#104178")
def test_multinomial_takes_half_precision_on_the_cpu(snapshot):
    """``multinomial`` accepts float16 weights on the CPU, except from 1.8 to 2.1.

    Sampling from a language model in float16 needs this.
    """
    assert snapshot == observe(lambda: sorted(torch.multinomial(torch.ones(3).half(), 3).tolist()))


@pytest.mark.api("torch.multinomial", page="generated/torch.multinomial")
def test_multinomial_takes_half_precision_weights_as_float(snapshot):
    """``multinomial`` accepts float16 weights that are converted with ``float()``.

    From 1.8 to 2.1 ``multinomial`` rejects the float16 weights themselves on the CPU.
    """
    weights = torch.ones(3).half()
    assert snapshot == observe(lambda: sorted(torch.multinomial(weights.float(), 3).tolist()))


@pytest.mark.api("torch.normal", page="generated/torch.normal")
@pytest.mark.changed(
    "1.5",
    "mean and deviation are broadcast, where the result had the shape of the mean before",
    kind="silent",
    cause="pytorch#33050",
    advice="pass deviation.view_as(mean)",
    restored_by="randomness.normal_of_a_deviation_viewed_as_the_mean_has_its_shape",
    when="mean@0=<unknown> and std@1=<unknown> and -size@2",
    rarely="a mean and a deviation of different shapes with as many elements",
)
def test_normal_broadcasts_mean_and_deviation(snapshot):
    """Since 1.5 ``torch.normal`` broadcasts mean and deviation.

    A column of means and a row of deviations give a matrix. Before, the result had the shape of the
    means.
    """
    assert snapshot == observe(lambda: torch.normal(torch.zeros(2, 1), torch.ones(2)).shape)


@pytest.mark.api("torch.normal", "torch.Tensor.view_as", page="generated/torch.normal")
def test_normal_of_a_deviation_viewed_as_the_mean_has_its_shape(snapshot):
    """``torch.normal`` draws one number for each mean if the deviations are viewed in its shape.

    Without ``view_as``, two means in a column and two deviations in a row make a matrix.
    """
    mean, deviation = torch.zeros(2, 1), torch.ones(2)
    assert snapshot == observe(lambda: torch.normal(mean, deviation.view_as(mean)).shape)


@pytest.mark.api("torch.normal", page="generated/torch.normal")
@pytest.mark.changed(
    "1.5",
    "warns that shapes with the same number of elements will have to broadcast",
    kind="warning",
    cause="pytorch#33050",
    advice="pass deviation.view_as(mean)",
    when="mean@0=<unknown> and std@1=<unknown> and -size@2",
    rarely="a mean and a deviation of different shapes with as many elements",
)
@pytest.mark.changed(
    "1.12",
    "raises, where it took any shape with the same number of elements before",
    kind="error",
    cause="pytorch#70089",
    probable=True,
    advice="pass deviation.view_as(mean)",
    restored_by="randomness.normal_of_a_row_of_deviations_viewed_as_a_square_draws",
    when="mean@0=<unknown> and std@1=<unknown> and -size@2",
    rarely="a mean and a deviation of different shapes with as many elements",
)
def test_normal_of_shapes_that_do_not_broadcast_raises(snapshot):
    """Since 1.12 ``torch.normal`` raises for shapes that do not broadcast.

    The same number of elements is not enough: [2, 2] and [4] raise.
    """
    assert snapshot == observe(lambda: torch.normal(torch.zeros(2, 2), torch.ones(4)).shape)


@pytest.mark.api("torch.normal", "torch.Tensor.view_as", page="generated/torch.normal")
def test_normal_of_a_row_of_deviations_viewed_as_a_square_draws(snapshot):
    """``torch.normal`` takes four deviations for [2, 2] means if ``view_as`` makes them [2, 2].

    Without ``view_as`` the shapes [2, 2] and [4] do not broadcast.
    """
    mean, deviation = torch.zeros(2, 2), torch.ones(4)
    assert snapshot == observe(lambda: torch.normal(mean, deviation.view_as(mean)).shape)


@pytest.mark.api(
    "torch.normal",
    "torch.poisson",
    "torch.Tensor.exponential_",
    "torch.Tensor.cauchy_",
    "torch.Tensor.geometric_",
    page="torch",
)
@pytest.mark.changed(
    "1.5",
    "exponential_ refuses a negative rate",
    kind="error",
    cause="pytorch#32501",
    advice="pass max(rate, 1e-6)",
    restored_by="randomness.parameters_clamped_into_their_range_draw",
    of=("torch.Tensor.exponential_",),
    when="lambd@0=-1|-1.0",
)
@pytest.mark.changed(
    "1.5",
    "poisson refuses a negative rate",
    kind="error",
    cause="pytorch#31667",
    probable=True,
    advice="pass rate.clamp(min=0)",
    restored_by="randomness.parameters_clamped_into_their_range_draw",
    rarely="rates below 0",
    of=("torch.poisson",),
)
@pytest.mark.changed(
    "1.5",
    "the message of geometric_ gives the number",
    kind="wording",
    when=":caught",
    rarely="a probability of 1",
    of=("torch.Tensor.geometric_",),
)
@pytest.mark.changed(
    "1.9",
    "normal refuses a tensor with a negative deviation",
    kind="error",
    cause="pytorch#51317",
    advice="pass deviation.clamp(min=0)",
    restored_by="randomness.parameters_clamped_into_their_range_draw",
    of=("torch.normal",),
    when="std@1=<unknown> and -size@2",
    rarely="deviations below 0",
)
@pytest.mark.changed(
    "2.0",
    "cauchy_ refuses a negative scale",
    kind="error",
    cause="pytorch#93314",
    advice="pass max(scale, 1e-6)",
    restored_by="randomness.parameters_clamped_into_their_range_draw",
    of=("torch.Tensor.cauchy_",),
    when="sigma@1=-1|-1.0",
)
@pytest.mark.changed(
    "2.0",
    "the message of exponential_ excludes a rate of 0",
    kind="wording",
    cause="pytorch#92891",
    when=":caught",
    rarely="a rate of 0 or below",
    of=("torch.Tensor.exponential_",),
)
@pytest.mark.changed(
    "2.0",
    "exponential_ refuses a rate of 0",
    kind="error",
    cause="pytorch#92891",
    advice="pass max(rate, 1e-6)",
    restored_by="randomness.parameters_clamped_into_their_range_draw",
    of=("torch.Tensor.exponential_",),
    when="lambd@0=0|0.0",
)
@pytest.mark.parametrize(
    "draw",
    [
        lambda: torch.normal(torch.zeros(2), torch.tensor([-1.0, 1.0])),
        lambda: torch.poisson(-torch.ones(2)),
        lambda: torch.zeros(2).exponential_(-1),
        lambda: torch.zeros(2).exponential_(0),
        lambda: torch.zeros(2).cauchy_(0, -1),
        lambda: torch.zeros(2).geometric_(1),
    ],
    ids=["normal", "poisson", "exponential", "exponential of zero", "cauchy", "geometric of one"],
)
def test_parameters_out_of_range_raise(draw, snapshot):
    """Since 2.0 distributions raise for a deviation, rate or scale that is out of range.

    A model may have computed it wrongly. Before 1.5 most of these were silently accepted. Before
    2.0 ``exponential_`` accepted a rate of 0, and ``cauchy_`` a negative scale.
    """
    assert snapshot == observe(lambda: draw().shape)


@pytest.mark.api(
    "torch.normal",
    "torch.poisson",
    "torch.Tensor.exponential_",
    "torch.Tensor.cauchy_",
    page="torch",
)
@pytest.mark.parametrize(
    "draw",
    [
        lambda: torch.normal(torch.zeros(2), torch.tensor([-1.0, 1.0]).clamp(min=0)),
        lambda: torch.poisson((-torch.ones(2)).clamp(min=0)),
        lambda: torch.zeros(2).exponential_(max(-1, 1e-6)),
        lambda: torch.zeros(2).exponential_(max(0, 1e-6)),
        lambda: torch.zeros(2).cauchy_(0, max(-1, 1e-6)),
    ],
    ids=["normal", "poisson", "exponential", "exponential of zero", "cauchy"],
)
def test_parameters_clamped_into_their_range_draw(draw, snapshot):
    """Distributions accept a deviation, rate or scale that is clamped into its range.

    ``exponential_`` and ``cauchy_`` need a number above 0. The others accept 0.
    """
    assert snapshot == observe(lambda: draw().shape)


@pytest.mark.api("torch.randint", page="generated/torch.randint")
@pytest.mark.changed(
    "1.5",
    "warns that the bound does not fit",
    kind="warning",
    cause="pytorch#34033",
    when=(
        "dtype=torch.uint8|torch.int8|torch.int16|torch.bool",
        "dtype=torch.half|torch.float16|torch.bfloat16",
    ),
    rarely="a bound that the dtype cannot hold",
)
@pytest.mark.changed(
    "1.6",
    "raises, where it warned before",
    kind="error",
    cause="pytorch#37507",
    advice="pass a bound that fits, or draw int64 and call .to(torch.uint8), which wraps",
    restored_by="randomness.randint_of_int64_converted_to_bytes_wraps",
    when=":unseen",
)
def test_randint_beyond_its_dtype_raises(snapshot):
    """Since 1.6 ``randint`` raises for a bound that does not fit its dtype.

    Before, pixels from 0 to 299 wrapped around in a byte.
    """
    assert snapshot == observe(lambda: torch.randint(300, (3,), dtype=torch.uint8).dtype)


@pytest.mark.api("torch.randint", "torch.Tensor.to", page="generated/torch.randint")
def test_randint_of_int64_converted_to_bytes_wraps(snapshot):
    """``randint`` of int64 numbers up to 299, converted to bytes, wraps 256 to 0.

    ``randint`` itself refuses a bound that its dtype cannot hold.
    """
    assert torch.tensor(256).to(torch.uint8) == 0
    assert snapshot == observe(lambda: torch.randint(300, (3,)).to(torch.uint8).dtype)
