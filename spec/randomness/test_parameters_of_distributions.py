"""Draws with parameters that are out of range, of mixed shapes, or too large for the dtype."""

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

    Typical causes are logits instead of probabilities, or a model that returns nan.
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
)
@pytest.mark.changed("2.2", "accepts float16 again", kind="error-gone", cause="pytorch#104178")
def test_multinomial_takes_half_precision_on_the_cpu(snapshot):
    """``multinomial`` accepts float16 weights on the CPU, except from 1.8 to 2.1.

    Sampling from a language model in float16 needs this.
    """
    assert snapshot == observe(lambda: sorted(torch.multinomial(torch.ones(3).half(), 3).tolist()))


@pytest.mark.api("torch.normal", page="generated/torch.normal")
@pytest.mark.changed(
    "1.5",
    "mean and deviation are broadcast; before, the result had the shape of the mean",
    kind="silent",
    advice="expand both to one shape first",
)
def test_normal_broadcasts_mean_and_deviation(snapshot):
    """Since 1.5 ``torch.normal`` broadcasts mean and deviation.

    A column of means and a row of deviations give a matrix. Before, the result had the shape of the
    means.
    """
    assert snapshot == observe(lambda: torch.normal(torch.zeros(2, 1), torch.ones(2)).shape)


@pytest.mark.api("torch.normal", page="generated/torch.normal")
@pytest.mark.changed(
    "1.5",
    "warns that shapes with the same number of elements will have to broadcast",
    kind="warning",
)
@pytest.mark.changed("1.12", "raises", kind="error", advice="reshape one of them")
def test_normal_of_shapes_that_do_not_broadcast_raises(snapshot):
    """Since 1.12 ``torch.normal`` raises for shapes that do not broadcast.

    The same number of elements is not enough: [2, 2] and [4] raise.
    """
    assert snapshot == observe(lambda: torch.normal(torch.zeros(2, 2), torch.ones(4)).shape)


@pytest.mark.api(
    "torch.normal",
    "torch.poisson",
    "torch.Tensor.exponential_",
    "torch.Tensor.cauchy_",
    page="torch",
)
@pytest.mark.changed(
    "1.5",
    "exponential_ and poisson refuse a negative rate; geometric_ raises with another message",
    kind="error",
    advice="clamp the parameter before drawing",
)
@pytest.mark.changed(
    "1.9",
    "normal refuses a tensor with a negative deviation",
    kind="error",
    advice="clamp the deviation to 0 or more",
)
@pytest.mark.changed(
    "2.0",
    "cauchy_ refuses a negative scale, and exponential_ refuses a rate of 0",
    kind="error",
    cause="pytorch#93314 and pytorch#92891",
    advice="clamp the parameter before drawing",
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
    """Distributions raise for a deviation, rate or scale that is out of range.

    A model may have computed it wrongly. Older releases silently accepted most of them.
    """
    assert snapshot == observe(lambda: draw().shape)


@pytest.mark.api("torch.randint", page="generated/torch.randint")
@pytest.mark.changed("1.5", "warns that the bound does not fit", kind="warning")
@pytest.mark.changed("1.6", "raises", kind="error", advice="pass a bound that fits the dtype")
def test_randint_beyond_its_dtype_raises(snapshot):
    """Since 1.6 ``randint`` raises for a bound that does not fit its dtype.

    Before, pixels from 0 to 299 wrapped around in a byte.
    """
    assert snapshot == observe(lambda: torch.randint(300, (3,), dtype=torch.uint8).dtype)
