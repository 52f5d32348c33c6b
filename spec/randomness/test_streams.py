"""The values of the random functions under seed 0."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from torch_history.observing import observe

# Kolmogorov and Smirnov: a sample of n lies farther than this, over sqrt(n), from its true distribution once in 3 million times.
FAR = 2.8


def seeded(draw):
    torch.manual_seed(0)
    return draw()


def distance(sample, cumulative):
    """The largest distance between the sample's empirical distribution function and ``cumulative``, times sqrt(n)."""
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
    """F(x) = x for rand, 1 - exp(-x) for exponential_, (1 + erf(x / sqrt(2))) / 2 for randn, drawn one by one and in bulk."""
    torch.manual_seed(seed)
    assert distance(torch.rand(500), lambda x: x) < FAR
    assert distance(torch.empty(500).exponential_(), lambda x: 1 - math.exp(-x)) < FAR
    assert distance(torch.randn(500), normal) < FAR
    assert distance(torch.cat([torch.randn(10) for _ in range(50)]), normal) < FAR


@settings(max_examples=20)
@given(seed=st.integers(0, 2**31), n=st.integers(1, 100))
def test_randperm_is_a_permutation(seed, n):
    """Every number below n stands in it once."""
    torch.manual_seed(seed)
    assert sorted(torch.randperm(n).tolist()) == list(range(n))


@pytest.mark.api("torch.rand", page="generated/torch.rand")
def test_rand_draws_these_numbers_under_seed_zero(snapshot):
    """Five float32 of [0, 1)."""
    assert snapshot == observe(lambda: seeded(lambda: torch.rand(5)))


@pytest.mark.api("torch.rand", page="generated/torch.rand")
def test_longer_rand_begins_with_the_shorter(snapshot):
    """One draw an element, in order: rand(20) begins with rand(5), and two calls draw what one draws."""

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
    """Other numbers than float32's: each takes 64 bits of the stream instead of 32."""
    assert snapshot == observe(lambda: seeded(lambda: torch.rand(5, dtype=torch.float64)))


@pytest.mark.api("torch.rand", page="generated/torch.rand")
@pytest.mark.changed(
    "1.6", "rand draws half precision on the CPU", kind="error-gone", cause="pytorch#35580"
)
@pytest.mark.changed("2.12", "draws float32's numbers and rounds them", kind="random")
@pytest.mark.parametrize("name", ["float16", "bfloat16"], ids=["float16", "bfloat16"])
def test_rand_of_half_precision_draws_these_numbers_under_seed_zero(name, snapshot):
    """Float32's numbers, rounded."""
    assert snapshot == observe(lambda: seeded(lambda: torch.rand(5, dtype=getattr(torch, name))))


@pytest.mark.api("torch.rand", page="generated/torch.rand")
def test_rand_of_no_elements_draws_nothing(snapshot):
    """The stream stays where it was."""
    assert snapshot == observe(
        lambda: torch.equal(
            seeded(lambda: (torch.rand(0), torch.rand(3))[1]), seeded(lambda: torch.rand(3))
        )
    )


@pytest.mark.api("torch.Tensor.uniform_", page="generated/torch.Tensor.uniform_")
def test_uniform_draws_these_numbers_under_seed_zero(snapshot):
    """The numbers of rand, stretched over [-10, 10)."""
    assert snapshot == observe(lambda: seeded(lambda: torch.empty(5).uniform_(-10, 10)))


@pytest.mark.api("torch.randint", page="generated/torch.randint")
def test_randint_draws_these_numbers_under_seed_zero(snapshot):
    """Eight integers of [0, 10)."""
    assert snapshot == observe(lambda: seeded(lambda: torch.randint(10, (8,))))


@pytest.mark.api("torch.randint", page="generated/torch.randint", article="A")
def test_randint_with_a_float_dtype_draws_the_same_numbers_as_floats(snapshot):
    """``dtype=torch.float`` gives whole numbers as floats, the upper bound excluded, from the same stream."""
    assert snapshot == observe(
        lambda: seeded(lambda: torch.randint(0, 10, (8,), dtype=torch.float))
    )


@pytest.mark.api("torch.randint", page="generated/torch.randint")
def test_randint_of_a_range_beyond_32_bits_draws_these_numbers_under_seed_zero(snapshot):
    """Each takes 64 bits of the stream."""
    assert snapshot == observe(lambda: seeded(lambda: torch.randint(2**40, (4,))))


@pytest.mark.api("torch.randperm", page="generated/torch.randperm")
def test_randperm_draws_these_numbers_under_seed_zero(snapshot):
    """A permutation of 8."""
    assert snapshot == observe(lambda: seeded(lambda: torch.randperm(8)))


@pytest.mark.api("torch.bernoulli", page="generated/torch.bernoulli")
def test_bernoulli_of_a_tensor_draws_these_numbers_under_seed_zero(snapshot):
    """A probability for each element: a 1 where ``rand``'s number lies below it."""
    probabilities = torch.tensor([0.0, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 1.0])
    assert torch.equal(
        seeded(lambda: torch.bernoulli(probabilities)),
        (seeded(lambda: torch.rand(8)) < probabilities).float(),
    )
    assert snapshot == observe(lambda: seeded(lambda: torch.bernoulli(probabilities)))


@pytest.mark.api("torch.multinomial", page="generated/torch.multinomial")
def test_multinomial_with_replacement_draws_these_numbers_under_seed_zero(snapshot):
    """Eight draws over the weights 1, 2, 3, 4."""
    assert snapshot == observe(
        lambda: seeded(
            lambda: torch.multinomial(torch.tensor([1.0, 2.0, 3.0, 4.0]), 8, replacement=True)
        )
    )


@pytest.mark.api("torch.multinomial", page="generated/torch.multinomial")
@pytest.mark.changed(
    "1.6",
    "takes the largest of log(rand) / weight at once, instead of drawing one after another",
    kind="random",
    cause="pytorch#39742",
)
@pytest.mark.changed(
    "1.8", "takes the largest of weight / exponential_", kind="random", cause="pytorch#47386"
)
@pytest.mark.changed(
    "2.0",
    "exponential_ draws by MKL",
    kind="random",
    cause="pytorch#69967",
    unless=("replacement", 2),
)
@pytest.mark.changed(
    "2.7",
    "exponential_ draws without MKL, as before 2.0",
    kind="random",
    cause="pytorch#146174",
    unless=("replacement", 2),
)
def test_multinomial_without_replacement_draws_these_numbers_under_seed_zero(snapshot):
    """All eight of equal weights: the order of eight exponential draws, the smallest first."""
    assert snapshot == observe(lambda: seeded(lambda: torch.multinomial(torch.ones(8), 8)))


@pytest.mark.api("torch.Tensor.exponential_", page="generated/torch.Tensor.exponential_")
@pytest.mark.changed("2.0", "draws by MKL", kind="random", cause="pytorch#69967", unless=())
@pytest.mark.changed(
    "2.7", "draws without MKL, as before 2.0", kind="random", cause="pytorch#146174", unless=()
)
def test_exponential_draws_these_numbers_under_seed_zero(snapshot):
    """Five of rate 1."""
    assert snapshot == observe(lambda: seeded(lambda: torch.empty(5).exponential_()))


@pytest.mark.api("torch.Tensor.geometric_", page="generated/torch.Tensor.geometric_")
@pytest.mark.changed(
    "1.6", "takes log(u) instead of log(1 - u)", kind="random", cause="pytorch#37984", probable=True
)
def test_geometric_draws_these_numbers_under_seed_zero(snapshot):
    """The number of throws up to the first head: log(u) / log(1 - p), rounded up."""
    assert snapshot == observe(lambda: seeded(lambda: torch.empty(5).geometric_(0.5)))


@pytest.mark.api(
    "torch.nn.functional.gumbel_softmax", page="generated/torch.nn.functional.gumbel_softmax"
)
@pytest.mark.changed(
    "2.0", "exponential_ draws by MKL", kind="random", cause="pytorch#69967", unless=()
)
@pytest.mark.changed(
    "2.7",
    "exponential_ draws without MKL, as before 2.0",
    kind="random",
    cause="pytorch#146174",
    unless=(),
)
def test_gumbel_softmax_draws_these_numbers_under_seed_zero(snapshot):
    """Built on ``exponential_``, and changes with it."""
    assert snapshot == observe(
        lambda: seeded(lambda: torch.nn.functional.gumbel_softmax(torch.zeros(4)))
    )
