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
@pytest.mark.changed(
    "1.10",
    "bernoulli takes bfloat16",
    kind="error-gone",
    cause="pytorch#56372",
    probable=True,
    rarely="half precision on the CPU",
)
@pytest.mark.changed(
    "2.2",
    "bernoulli takes float16",
    kind="error-gone",
    cause="pytorch#104176",
    probable=True,
    rarely="half precision on the CPU",
)
@pytest.mark.changed(
    "2.8",
    "raises NotImplementedError, a subclass of RuntimeError, instead of RuntimeError",
    kind="wording",
    cause="pytorch#155470",
    when=":caught",
    rarely="tensors of integers or bools",
)
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
@pytest.mark.changed(
    "1.6",
    "draws an element of the weight 0 instead of raising",
    kind="error-gone",
    cause="pytorch#39742",
    advice="test (weights > 0).sum() >= count first",
    rarely="fewer weights above 0 than it draws",
)
@pytest.mark.changed(
    "1.6",
    "the message names min_all",
    kind="wording",
    cause="pytorch#39742",
    probable=True,
    when=":caught",
    rarely="half precision on the CPU",
)
@pytest.mark.changed(
    "1.6",
    "one message covers weights that are negative, NaN or infinite",
    kind="wording",
    cause="pytorch#39742",
    probable=True,
    when=":caught",
    rarely="weights that are negative, NaN or infinite",
)
@pytest.mark.changed(
    "1.8",
    "multinomial raises for float16",
    kind="error",
    cause="pytorch#50059",
    advice="pass weights.float()",
    rarely="half precision on the CPU",
)
@pytest.mark.changed(
    "1.9",
    "multinomial takes bfloat16",
    kind="error-gone",
    rarely="half precision on the CPU",
)
@pytest.mark.changed(
    "2.2",
    "multinomial takes float16",
    kind="error-gone",
    cause="pytorch#104178",
    probable=True,
    rarely="half precision on the CPU",
)
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
@pytest.mark.changed(
    "1.5",
    "randint fills float16",
    kind="error-gone",
    cause="pytorch#34030",
    rarely="half precision on the CPU",
    of=("torch.randint",),
)
@pytest.mark.changed(
    "1.5",
    "warns that the upper bound does not fit into the dtype",
    kind="warning",
    cause="pytorch#34033",
    advice="pass a bound that fits, or another dtype",
    rarely="a bound that the dtype cannot hold",
    of=("torch.randint",),
)
@pytest.mark.changed(
    "1.5",
    "the message of randint calls the bounds 'from' and 'to'",
    kind="wording",
    when=":caught",
    rarely="bounds without a number between",
    of=("torch.randint",),
)
@pytest.mark.changed(
    "1.6",
    "raises, as 1.5 had warned: the upper bound does not fit into the dtype",
    kind="error",
    cause="pytorch#37507",
    advice="pass a bound that fits, or another dtype",
    rarely="a bound that the dtype cannot hold",
    of=("torch.randint",),
)
@pytest.mark.changed(
    "1.6",
    "the message names complex dtypes too",
    kind="wording",
    when=":caught",
    rarely="integers that require grad",
    of=("torch.randint",),
)
@pytest.mark.changed(
    "1.9",
    "the message of randperm names 299 instead of 300",
    kind="wording",
    when=":caught",
    rarely="a number that the dtype cannot hold",
    of=("torch.randperm",),
)
@pytest.mark.changed(
    "1.11",
    "the message of randperm leaves the number out",
    kind="wording",
    when=":caught",
    rarely="a number that the dtype cannot hold",
    of=("torch.randperm",),
)
@pytest.mark.changed(
    "2.8",
    "raises NotImplementedError, a subclass of RuntimeError, instead of RuntimeError",
    kind="wording",
    cause="pytorch#155470",
    when=":caught",
    rarely="tensors of bool",
    of=("torch.randperm",),
)
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
@pytest.mark.changed(
    "1.5",
    "exponential_ raises for a rate below 0",
    kind="error",
    cause="pytorch#32501",
    advice="pass a rate above 0",
    rarely="a rate below 0",
    of=("torch.Tensor.exponential_",),
)
@pytest.mark.changed(
    "1.5",
    "poisson raises for a rate that is negative or NaN",
    kind="error",
    cause="pytorch#31667",
    probable=True,
    advice="pass rates.clamp(min=0) without NaN",
    rarely="a rate below 0 or NaN",
    of=("torch.poisson",),
)
@pytest.mark.changed(
    "1.5",
    "exponential_ with the rate 0 gives 0 instead of infinity",
    kind="silent",
    cause="pytorch#32501",
    probable=True,
    advice="pass a rate above 0",
    rarely="a rate of 0",
    of=("torch.Tensor.exponential_",),
)
@pytest.mark.changed(
    "1.5",
    "the message of geometric_ gives the number",
    kind="wording",
    when=":caught",
    rarely="a probability of 0 or 1",
    of=("torch.Tensor.geometric_",),
)
@pytest.mark.changed(
    "1.5",
    "the messages of log_normal_ and normal give the deviation",
    kind="wording",
    when=":caught",
    rarely="a deviation of 0",
    of=("torch.Tensor.log_normal_", "torch.normal"),
)
@pytest.mark.changed(
    "1.5",
    "the message of normal gives the deviation",
    kind="wording",
    cause="pytorch#32031",
    probable=True,
    when=":caught",
    rarely="a deviation below 0",
    of=("torch.normal",),
)
@pytest.mark.changed(
    "1.5",
    "the message of normal names norma_cpu",
    kind="wording",
    cause="pytorch#32031",
    probable=True,
    when=":caught",
    rarely="tensors of integers",
    of=("torch.normal",),
)
@pytest.mark.changed(
    "1.5",
    "the message of randn names norma_cpu",
    kind="wording",
    cause="pytorch#32031",
    probable=True,
    when=":caught",
    rarely="half precision on the CPU",
    of=("torch.randn",),
)
@pytest.mark.changed(
    "1.5",
    "the message of randn says that complex dtypes are not supported",
    kind="wording",
    cause="pytorch#35579",
    when=":caught",
    rarely="complex tensors",
    of=("torch.randn",),
)
@pytest.mark.changed(
    "1.6",
    "rand draws half precision instead of raising",
    kind="error-gone",
    cause="pytorch#35580",
    rarely="half precision on the CPU",
    of=("torch.rand",),
)
@pytest.mark.changed(
    "1.6",
    "randn draws complex numbers instead of raising",
    kind="error-gone",
    cause="pytorch#35579",
    probable=True,
    rarely="complex tensors",
    of=("torch.randn",),
)
@pytest.mark.changed(
    "1.6",
    "exponential_ with the rate 0 gives infinity again, where 1.5 gave 0",
    kind="silent",
    cause="pytorch#36837",
    advice="pass a rate above 0",
    rarely="a rate of 0",
    of=("torch.Tensor.exponential_",),
)
@pytest.mark.changed(
    "1.6",
    "the message of normal names normal_kernel_cpu",
    kind="wording",
    cause="pytorch#35167",
    probable=True,
    when=":caught",
    rarely="tensors of integers",
    of=("torch.normal",),
)
@pytest.mark.changed(
    "1.6",
    "the message of rand names check_uniform_bounds",
    kind="wording",
    cause="pytorch#35580",
    probable=True,
    when=":caught",
    rarely="tensors of integers",
    of=("torch.rand",),
)
@pytest.mark.changed(
    "1.6",
    "the message of randn names normal_kernel_cpu",
    kind="wording",
    cause="pytorch#35167",
    when=":caught",
    rarely="half precision on the CPU",
    of=("torch.randn",),
)
@pytest.mark.changed(
    "1.6",
    "the message of uniform_ gives both bounds",
    kind="wording",
    cause="pytorch#35580",
    probable=True,
    when=":caught",
    rarely="bounds that are turned round",
    of=("torch.Tensor.uniform_",),
)
@pytest.mark.changed(
    "1.8",
    "randn draws bfloat16 instead of raising",
    kind="error-gone",
    cause="pytorch#47143",
    rarely="half precision on the CPU",
    of=("torch.randn",),
)
@pytest.mark.changed(
    "1.9",
    "normal raises for a tensor of deviations below 0",
    kind="error",
    cause="pytorch#51317",
    probable=True,
    advice="pass deviation.abs()",
    rarely="a deviation below 0",
    of=("torch.normal",),
)
@pytest.mark.changed(
    "1.9",
    "normal raises if the deviation has no elements",
    kind="error",
    cause="pytorch#52565",
    advice="skip the draw if there are no elements",
    rarely="tensors without elements",
    of=("torch.normal",),
)
@pytest.mark.changed(
    "1.9",
    "normal with the deviation 0 gives the mean",
    kind="error-gone",
    cause="pytorch#51317",
    rarely="a deviation of 0",
    of=("torch.normal",),
)
@pytest.mark.changed(
    "1.9",
    "the message allows 0",
    kind="wording",
    cause="pytorch#51317",
    when=":caught",
    rarely="a deviation below 0",
    of=("torch.normal",),
)
@pytest.mark.changed(
    "1.10",
    "normal takes a deviation without elements again",
    kind="error-gone",
    cause="pytorch#66524",
    probable=True,
    rarely="tensors without elements",
    of=("torch.normal",),
)
@pytest.mark.changed(
    "1.12",
    "the message drops an underscore and an equals sign",
    kind="wording",
    cause="pytorch#69629",
    probable=True,
    when=":caught",
    rarely="a deviation below 0",
    of=("torch.normal",),
)
@pytest.mark.changed(
    "2.0",
    "cauchy_ raises for a width of 0",
    kind="error",
    cause="pytorch#93314",
    advice="fill with the median instead",
    rarely="a width of 0",
    of=("torch.Tensor.cauchy_",),
)
@pytest.mark.changed(
    "2.0",
    "exponential_ raises for a rate of 0",
    kind="error",
    cause="pytorch#92891",
    advice="pass a rate above 0",
    rarely="a rate of 0",
    of=("torch.Tensor.exponential_",),
)
@pytest.mark.changed(
    "2.0",
    "the message asks for a rate above 0",
    kind="wording",
    cause="pytorch#92891",
    when=":caught",
    rarely="a rate below 0",
    of=("torch.Tensor.exponential_",),
)
@pytest.mark.changed(
    "2.8",
    "raises NotImplementedError, a subclass of RuntimeError, instead of RuntimeError",
    kind="wording",
    cause="pytorch#155470",
    when=":caught",
    rarely="tensors of integers",
    of=("torch.normal", "torch.poisson", "torch.rand"),
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
