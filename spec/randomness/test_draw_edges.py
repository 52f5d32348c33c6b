"""Draws at the edges: no elements, no dimensions, probabilities that are none, other dtypes.

Drawing no elements gives no elements and moves no stream. Probabilities outside of [0, 1], NaN
included, raise; so do weights that are all zero. Bounds that leave no number raise.
"""

import pytest
import torch

from fixtures.settings import each
from torch_history.observing import observe_each

NAN = float("nan")


def seeded(cases):
    """The acts, each after the seed 0."""

    def after_seed(act):
        torch.manual_seed(0)
        return act()

    return each(after_seed, {name: {"act": act} for name, act in cases.items()})


@pytest.mark.api("torch.bernoulli", page="generated/torch.bernoulli")
def test_bernoulli_takes_probabilities_alone(snapshot):
    """``torch.bernoulli`` of 0 is 0 and of 1 is 1; a number outside of [0, 1] raises.

    The result has the dtype of the probabilities. Integers raise.
    """

    def drawn(values, dtype=torch.float32):
        torch.manual_seed(0)
        return torch.bernoulli(torch.tensor(values, dtype=dtype))

    cases = {
        "0 and 1": lambda: drawn([0.0, 1.0]),
        "no dimensions": lambda: drawn(1.0),
        "no elements": lambda: drawn([]),
        "above 1": lambda: drawn([1.5]),
        "negative": lambda: drawn([-0.5]),
        "nan": lambda: drawn([NAN]),
        "float16": lambda: drawn([0.0, 1.0], torch.float16),
        "bfloat16": lambda: drawn([0.0, 1.0], torch.bfloat16),
        "float64": lambda: drawn([0.0, 1.0], torch.float64),
        "integers": lambda: drawn([0, 1], torch.int64),
        "bool": lambda: drawn([False, True], torch.bool),
        "p above 1": lambda: torch.zeros(2).bernoulli_(1.5),
        "p nan": lambda: torch.zeros(2).bernoulli_(NAN),
        "in place on integers": lambda: torch.zeros(2, dtype=torch.long).bernoulli_(1.0),
        "in place on bools": lambda: torch.zeros(2, dtype=torch.bool).bernoulli_(1.0),
        "transposed": lambda: torch.bernoulli(torch.tensor([[0.0, 1.0], [0.0, 1.0]]).t()),
        "requires grad": lambda: torch.bernoulli(torch.ones(1, requires_grad=True)).requires_grad,
    }
    assert snapshot == observe_each(seeded(cases))


@pytest.mark.api("torch.multinomial", page="generated/torch.multinomial")
def test_multinomial_takes_weights_that_are_not_all_zero(snapshot):
    """``torch.multinomial`` needs weights from 0 up that are not all 0, and as many as it draws.

    Trap: without replacement it also draws elements of the weight 0, if the others do not suffice.
    """

    def drawn(weights, count=1, dtype=torch.float32, **settings):
        torch.manual_seed(0)
        return torch.multinomial(torch.tensor(weights, dtype=dtype), count, **settings)

    cases = {
        "one weight": lambda: drawn([0.0, 2.0]),
        "rows": lambda: drawn([[0.0, 2.0], [3.0, 0.0]]),
        "replaced": lambda: drawn([0.0, 2.0], 3, replacement=True),
        "too many": lambda: drawn([1.0, 2.0], 3),
        "more than above 0": lambda: drawn([0.0, 2.0], 2),
        "all zero": lambda: drawn([0.0, 0.0]),
        "negative": lambda: drawn([-1.0, 2.0]),
        "nan": lambda: drawn([NAN, 2.0]),
        "infinity": lambda: drawn([float("inf"), 2.0]),
        "count of 0": lambda: drawn([1.0, 2.0], 0),
        "no weights": lambda: drawn([]),
        "no dimensions": lambda: drawn(1.0),
        "three dimensions": lambda: drawn([[[1.0]]]),
        "float16": lambda: drawn([0.0, 2.0], dtype=torch.float16),
        "bfloat16": lambda: drawn([0.0, 2.0], dtype=torch.bfloat16),
        "float64": lambda: drawn([0.0, 2.0], dtype=torch.float64),
        "integers": lambda: drawn([0, 2], dtype=torch.int64),
    }
    assert snapshot == observe_each(cases)


@pytest.mark.api("torch.randperm", "torch.randint", page="generated/torch.randperm")
def test_randperm_and_randint_need_a_number_to_draw(snapshot):
    """``torch.randperm(0)`` is empty; ``torch.randint`` raises where no integer lies in its range.

    Both return int64 unless told. A dtype that cannot hold the numbers raises.
    """
    cases = {
        "randperm(0)": lambda: torch.randperm(0),
        "randperm(1)": lambda: torch.randperm(1),
        "randperm(-1)": lambda: torch.randperm(-1),
        "randperm(2.0)": lambda: torch.randperm(2.0),
        "randperm of a tensor": lambda: torch.randperm(torch.tensor(1)),
        "randperm of float16": lambda: torch.randperm(1, dtype=torch.float16),
        "randperm of bool": lambda: torch.randperm(1, dtype=torch.bool),
        "randperm too large": lambda: torch.randperm(300, dtype=torch.uint8).shape,
        "randint of one": lambda: torch.randint(5, 6, (2,)),
        "randint(0)": lambda: torch.randint(0, (1,)),
        "randint turned round": lambda: torch.randint(6, 5, (1,)),
        "randint of no elements": lambda: torch.randint(3, (0,)),
        "randint without dimensions": lambda: torch.randint(5, 6, ()),
        "randint of floats": lambda: torch.randint(5, 6, (2,), dtype=torch.float32),
        "randint of float16": lambda: torch.randint(5, 6, (2,), dtype=torch.float16),
        "randint of bool": lambda: torch.randint(1, 2, (2,), dtype=torch.bool),
        "randint out of range": lambda: torch.randint(0, 300, (1,), dtype=torch.uint8).shape,
        "randint that requires grad": lambda: torch.randint(1, (1,), requires_grad=True),
    }
    assert snapshot == observe_each(seeded(cases))


@pytest.mark.api(
    "torch.normal",
    "torch.rand",
    "torch.randn",
    "torch.poisson",
    "torch.Tensor.uniform_",
    "torch.Tensor.exponential_",
    "torch.Tensor.geometric_",
    "torch.Tensor.cauchy_",
    "torch.Tensor.log_normal_",
    page="torch",
)
def test_draws_refuse_widths_and_rates_that_are_negative(snapshot):
    """A negative deviation or rate raises; a deviation of 0 gives the mean, a rate of 0 gives 0.

    Drawing no elements leaves the stream where it is.
    """

    def moved(draw):
        torch.manual_seed(0)
        expected = torch.rand(1)
        torch.manual_seed(0)
        draw()
        return not torch.equal(torch.rand(1), expected)

    zero, below = torch.zeros(2), torch.tensor([-1.0])
    cases = {
        "normal of deviation 0": lambda: torch.normal(torch.tensor([1.0, 2.0]), zero),
        "normal of number 0": lambda: torch.normal(1.0, 0.0, (2,)),
        "normal negative": lambda: torch.normal(0.0, -1.0, (2,)),
        "normal negative tensor": lambda: torch.normal(zero[:1], below),
        "normal of nan": lambda: torch.normal(torch.tensor([NAN]), zero[:1]),
        "normal of integers": lambda: torch.normal(torch.tensor([1, 2]), zero),
        "normal of no elements": lambda: torch.normal(torch.zeros(0), torch.zeros(0)),
        "poisson of 0": lambda: torch.poisson(zero),
        "poisson negative": lambda: torch.poisson(below),
        "poisson of nan": lambda: torch.poisson(torch.tensor([NAN])),
        "poisson of integers": lambda: torch.poisson(torch.tensor([0])),
        "rand of no elements": lambda: moved(lambda: torch.rand(0, 3)),
        "randn of no elements": lambda: moved(lambda: torch.randn(0, 3)),
        "randperm(1)": lambda: moved(lambda: torch.randperm(1)),
        "rand without dimensions": lambda: list(torch.rand(()).shape),
        "rand of a negative size": lambda: torch.rand(-1),
        "rand of integers": lambda: torch.rand(2, dtype=torch.int64),
        "rand of float16": lambda: torch.rand(2, dtype=torch.float16).dtype,
        "randn of bfloat16": lambda: torch.randn(2, dtype=torch.bfloat16).dtype,
        "randn of complex64": lambda: torch.randn(2, dtype=torch.complex64).dtype,
        "uniform_ of nothing": lambda: torch.zeros(2).uniform_(1.0, 1.0),
        "uniform_ turned round": lambda: torch.zeros(2).uniform_(1.0, 0.0),
        "exponential_ of 0": lambda: torch.zeros(2).exponential_(0.0),
        "exponential_ negative": lambda: torch.zeros(2).exponential_(-1.0),
        "geometric_ of 0": lambda: torch.zeros(2).geometric_(0.0),
        "geometric_ of 1": lambda: torch.zeros(2).geometric_(1.0),
        "cauchy_ of width 0": lambda: torch.zeros(2).cauchy_(1.0, 0.0),
        "log_normal_ of width 0": lambda: torch.zeros(2).log_normal_(0.0, 0.0),
    }
    assert snapshot == observe_each(seeded(cases))
