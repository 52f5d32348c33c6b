"""The numbers that the random functions draw under seed 0.

``torch.rand`` draws its elements in order, so a longer result begins with a shorter one. Each
float32 number takes 32 bits of the stream, and each float64 number 64 bits: another dtype gives
other numbers. Some functions transform the numbers of ``torch.rand``, such as
``torch.Tensor.uniform_`` and ``torch.bernoulli``. The numbers of ``torch.Tensor.exponential_``
changed in 2.0, when it began to draw with MKL, and went back in 2.7. Functions that use it changed
with it, such as ``torch.multinomial`` without replacement, which also changed in 1.6 and 1.8. In
2.12 those of ``torch.rand`` in half precision changed.
"""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from torch_history.observing import observe

# Kolmogorov-Smirnov test: once in 3 million times a sample of n is farther than FAR / sqrt(n)
# from its true distribution.
FAR = 2.8


def seeded(draw):
    torch.manual_seed(0)
    return draw()


def distance(sample, cumulative):
    """The largest distance of the sample's empirical distribution function from ``cumulative``.

    It is multiplied by sqrt(n).
    """
    ordered = np.sort(sample.double().numpy().ravel())
    expected, steps = (
        np.array([cumulative(x) for x in ordered]),
        np.arange(len(ordered) + 1) / len(ordered),
    )
    return math.sqrt(len(ordered)) * max(
        np.abs(expected - steps[1:]).max(), np.abs(expected - steps[:-1]).max()
    )


def normal(x):
    return 0.5 * (1 + math.erf(x / math.sqrt(2)))


@settings(max_examples=10)
@given(seed=st.integers(0, 2**31))
def test_random_functions_have_their_distribution(seed):
    """``rand``, ``exponential_`` and ``randn`` follow their distribution functions.

    These are F(x) = x, 1 - exp(-x) and (1 + erf(x / sqrt(2))) / 2. ``randn`` is drawn one by one
    and in bulk.
    """
    torch.manual_seed(seed)
    assert distance(torch.rand(500), lambda x: x) < FAR
    assert distance(torch.empty(500).exponential_(), lambda x: 1 - math.exp(-x)) < FAR
    assert distance(torch.randn(500), normal) < FAR
    assert distance(torch.cat([torch.randn(10) for _ in range(50)]), normal) < FAR


@settings(max_examples=20)
@given(seed=st.integers(0, 2**31), n=st.integers(1, 100))
def test_randperm_is_a_permutation(seed, n):
    """``randperm(n)`` contains every number below n once."""
    torch.manual_seed(seed)
    assert sorted(torch.randperm(n).tolist()) == list(range(n))


@pytest.mark.api("torch.rand", page="generated/torch.rand")
def test_rand_draws_these_numbers_under_seed_zero(snapshot):
    """``rand`` draws these five float32 numbers of [0, 1) under seed 0."""
    assert snapshot == observe(lambda: seeded(lambda: torch.rand(5)))


@pytest.mark.api("torch.rand", page="generated/torch.rand")
def test_longer_rand_begins_with_the_shorter(snapshot):
    """A longer ``rand`` begins with a shorter one: it draws each element in order.

    Two calls draw what one call draws.
    """

    def act():
        longer = seeded(lambda: torch.rand(20))
        return {
            "prefix": torch.equal(longer[:5], seeded(lambda: torch.rand(5))),
            "in two calls": torch.equal(
                longer, seeded(lambda: torch.cat([torch.rand(5), torch.rand(15)]))
            ),
        }

    assert snapshot == observe(act)


@pytest.mark.api("torch.rand", page="generated/torch.rand")
def test_rand_of_float64_draws_these_numbers_under_seed_zero(snapshot):
    """``rand`` of float64 draws other numbers under seed 0 than ``rand`` of float32.

    Each number takes 64 bits of the stream instead of 32.
    """
    assert snapshot == observe(lambda: seeded(lambda: torch.rand(5, dtype=torch.float64)))


@pytest.mark.api("torch.rand", "torch.rand_like", page="generated/torch.rand")
@pytest.mark.changed(
    "1.6", "rand draws half precision on the CPU", kind="error-gone", cause="pytorch#35580"
)
@pytest.mark.changed(
    "2.12",
    "draws float32's numbers and rounds them",
    kind="random",
    when="dtype=torch.float16|torch.half|torch.bfloat16",
)
@pytest.mark.parametrize("name", ["float16", "bfloat16"], ids=["float16", "bfloat16"])
def test_rand_of_half_precision_draws_these_numbers_under_seed_zero(name, snapshot):
    """``rand`` of float16 and bfloat16 draws these numbers under seed 0.

    Since 2.12 they are the float32 numbers, rounded.
    """
    assert snapshot == observe(lambda: seeded(lambda: torch.rand(5, dtype=getattr(torch, name))))


@pytest.mark.api("torch.rand", page="generated/torch.rand")
def test_rand_of_no_elements_draws_nothing(snapshot):
    """``rand`` of no elements does not move the stream."""
    assert snapshot == observe(
        lambda: torch.equal(
            seeded(lambda: (torch.rand(0), torch.rand(3))[1]), seeded(lambda: torch.rand(3))
        )
    )


@pytest.mark.api("torch.Tensor.uniform_", page="generated/torch.Tensor.uniform_")
def test_uniform_draws_these_numbers_under_seed_zero(snapshot):
    """``uniform_(-10, 10)`` draws the numbers of ``rand``, stretched over [-10, 10)."""
    assert snapshot == observe(lambda: seeded(lambda: torch.empty(5).uniform_(-10, 10)))


@pytest.mark.api("torch.randint", page="generated/torch.randint")
def test_randint_draws_these_numbers_under_seed_zero(snapshot):
    """``randint(10, (8,))`` draws these eight integers of [0, 10) under seed 0."""
    assert snapshot == observe(lambda: seeded(lambda: torch.randint(10, (8,))))


@pytest.mark.api("torch.randint", page="generated/torch.randint", article="A")
def test_randint_with_a_float_dtype_draws_the_same_numbers_as_floats(snapshot):
    """``randint`` with ``dtype=torch.float`` draws the same whole numbers as floats.

    The upper bound is excluded.
    """
    assert snapshot == observe(
        lambda: seeded(lambda: torch.randint(0, 10, (8,), dtype=torch.float))
    )


@pytest.mark.api("torch.randint", page="generated/torch.randint")
def test_randint_of_a_range_beyond_32_bits_draws_these_numbers_under_seed_zero(snapshot):
    """``randint`` of a range beyond 32 bits draws these numbers under seed 0.

    Each number takes 64 bits of the stream.
    """
    assert snapshot == observe(lambda: seeded(lambda: torch.randint(2**40, (4,))))


@pytest.mark.api("torch.randperm", page="generated/torch.randperm")
def test_randperm_draws_these_numbers_under_seed_zero(snapshot):
    """``randperm(8)`` draws this permutation under seed 0."""
    assert snapshot == observe(lambda: seeded(lambda: torch.randperm(8)))


@pytest.mark.api("torch.bernoulli", page="generated/torch.bernoulli")
def test_bernoulli_of_a_tensor_draws_these_numbers_under_seed_zero(snapshot):
    """``torch.bernoulli`` draws a 1 where the number of ``rand`` is below the probability."""
    probabilities = torch.tensor([0.0, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 1.0])
    assert torch.equal(
        seeded(lambda: torch.bernoulli(probabilities)),
        (seeded(lambda: torch.rand(8)) < probabilities).float(),
    )
    assert snapshot == observe(lambda: seeded(lambda: torch.bernoulli(probabilities)))


@pytest.mark.api("torch.multinomial", page="generated/torch.multinomial")
def test_multinomial_with_replacement_draws_these_numbers_under_seed_zero(snapshot):
    """``multinomial`` with replacement draws these eight indices under seed 0.

    The weights are 1, 2, 3 and 4.
    """
    assert snapshot == observe(
        lambda: seeded(
            lambda: torch.multinomial(torch.tensor([1.0, 2.0, 3.0, 4.0]), 8, replacement=True)
        )
    )


@pytest.mark.api(
    "torch.multinomial",
    "torch.distributions.Categorical.sample",
    page="generated/torch.multinomial",
)
@pytest.mark.changed(
    "1.6",
    "takes the largest of log(rand) / weight at once, instead of drawing one after another",
    kind="random",
    cause="pytorch#39742",
    of=("torch.multinomial",),
    when=("-replacement@2", "replacement@2=False"),
)
@pytest.mark.changed(
    "1.8",
    "takes the largest of weight / exponential_",
    kind="random",
    cause="pytorch#47386",
    of=("torch.multinomial",),
    when=("-replacement@2", "replacement@2=False"),
)
@pytest.mark.changed(
    "2.0",
    "exponential_ draws with MKL",
    kind="random",
    cause="pytorch#69967",
    of=("torch.multinomial",),
    when=("-replacement@2", "replacement@2=False", "num_samples@1=1 and num_samples@1!=<unknown>"),
)
@pytest.mark.changed(
    "2.0",
    "Categorical draws one sample with exponential_, and that with MKL",
    kind="random",
    cause="pytorch#69967",
    when="-sample_shape@0",
    of="torch.distributions.Categorical.sample",
)
@pytest.mark.changed(
    "2.7",
    "exponential_ draws without MKL, as before 2.0",
    kind="random",
    cause="pytorch#146174",
    of=("torch.multinomial",),
    when=("-replacement@2", "replacement@2=False", "num_samples@1=1 and num_samples@1!=<unknown>"),
)
@pytest.mark.changed(
    "2.7",
    "Categorical draws one sample with exponential_, and that without MKL",
    kind="random",
    cause="pytorch#146174",
    when="-sample_shape@0",
    of="torch.distributions.Categorical.sample",
)
def test_multinomial_without_replacement_draws_these_numbers_under_seed_zero(snapshot):
    """``multinomial`` without replacement draws all eight indices in this order under seed 0.

    Since 1.8 equal weights give the order of eight exponential draws, the smallest first.
    """
    assert snapshot == observe(lambda: seeded(lambda: torch.multinomial(torch.ones(8), 8)))


@pytest.mark.api(
    "torch.Tensor.exponential_",
    "torch.distributions.Exponential.sample",
    "torch.distributions.Exponential.rsample",
    page="generated/torch.Tensor.exponential_",
)
@pytest.mark.changed("2.0", "draws with MKL", kind="random", cause="pytorch#69967", unless=())
@pytest.mark.changed(
    "2.7", "draws without MKL, as before 2.0", kind="random", cause="pytorch#146174", unless=()
)
def test_exponential_draws_these_numbers_under_seed_zero(snapshot):
    """``exponential_`` draws these five numbers of rate 1 under seed 0."""
    assert snapshot == observe(lambda: seeded(lambda: torch.empty(5).exponential_()))


@pytest.mark.api("torch.Tensor.geometric_", page="generated/torch.Tensor.geometric_")
@pytest.mark.changed(
    "1.6",
    "takes log(u) instead of log(1 - u)",
    kind="random",
    cause="pytorch#37984",
    probable=True,
    unless=(),
)
def test_geometric_draws_these_numbers_under_seed_zero(snapshot):
    """``geometric_`` draws these numbers under seed 0: coin throws until the first head.

    Since 1.6 each number is log(u) / log(1 - p), rounded up, with a uniform number u.
    """
    assert snapshot == observe(lambda: seeded(lambda: torch.empty(5).geometric_(0.5)))


@pytest.mark.api(
    "torch.nn.functional.gumbel_softmax", page="generated/torch.nn.functional.gumbel_softmax"
)
@pytest.mark.changed(
    "2.0", "exponential_ draws with MKL", kind="random", cause="pytorch#69967", unless=()
)
@pytest.mark.changed(
    "2.7",
    "exponential_ draws without MKL, as before 2.0",
    kind="random",
    cause="pytorch#146174",
    unless=(),
)
def test_gumbel_softmax_draws_these_numbers_under_seed_zero(snapshot):
    """``gumbel_softmax`` draws these numbers under seed 0.

    It uses ``exponential_`` and changes with it.
    """
    assert snapshot == observe(
        lambda: seeded(lambda: torch.nn.functional.gumbel_softmax(torch.zeros(4)))
    )
