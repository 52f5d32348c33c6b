"""A seed sets the global stream to a fixed start, so the same seed repeats the same numbers.

``torch.manual_seed`` repeats the stream however far it had moved, and returns the default
generator. The seeds of Python's ``random`` and of NumPy do not affect torch. A negative seed counts
down from 2**64, a float is cut to an integer, and on the CPU only the low 32 bits matter.
``torch.initial_seed`` returns the seed, which is not the position in the stream. ``torch.seed``
draws a new seed and returns it.
"""

import random

import numpy as np
import pytest
import torch

from torch_history.observing import observe


def draws_after(act):
    """Seed 0, run the act, and return the next two numbers of the global stream."""
    torch.manual_seed(0)
    act()
    return torch.rand(2)


def moves_the_stream(act):
    return not torch.equal(draws_after(act), draws_after(lambda: None))


@pytest.mark.api("torch.manual_seed", page="notes/randomness", article="A")
@pytest.mark.parametrize("seed", [random.seed, np.random.seed], ids=["random", "numpy"])
def test_other_libraries_seeds_do_not_seed_torch(seed, snapshot):
    """``random.seed`` and ``numpy.random.seed`` do not seed torch.

    They set their own streams. Article A uses ``random.seed(42)``.
    """

    def drawn():
        seed(42)
        return torch.rand(3)

    state, numpy_state = random.getstate(), np.random.get_state()
    observed = observe(
        lambda: {
            "moves the stream": moves_the_stream(lambda: seed(42)),
            "repeats": torch.equal(drawn(), drawn()),
        }
    )
    random.setstate(state)
    np.random.set_state(numpy_state)
    assert snapshot == observed


@pytest.mark.api("torch.manual_seed", page="generated/torch.manual_seed")
def test_manual_seed_repeats_the_stream(snapshot):
    """``torch.manual_seed`` with the same seed repeats the stream, however far it had moved."""
    torch.manual_seed(0)
    first = torch.rand(3)
    torch.randn(100)
    torch.manual_seed(0)
    assert torch.equal(torch.rand(3), first)
    assert snapshot == observe(lambda: first)


@pytest.mark.api("torch.manual_seed", page="generated/torch.manual_seed")
def test_manual_seed_returns_the_default_generator(snapshot):
    """``torch.manual_seed`` returns ``torch.default_generator``.

    All functions without ``generator=`` draw from this generator.
    """
    assert snapshot == observe(lambda: torch.manual_seed(0) is torch.default_generator)


@pytest.mark.api("torch.initial_seed", page="generated/torch.initial_seed")
def test_initial_seed_reads_the_seed_back(snapshot):
    """``torch.initial_seed`` returns the seed, even after drawing.

    It is not the state of the stream.
    """
    torch.manual_seed(42)
    torch.rand(3)
    assert snapshot == observe(lambda: torch.initial_seed())


@pytest.mark.api("torch.manual_seed", page="generated/torch.manual_seed")
def test_negative_seed_counts_from_the_top(snapshot):
    """A negative seed counts down from 2**64: a seed of -1 is 2**64 - 1."""
    torch.manual_seed(-1)
    assert snapshot == observe(lambda: torch.initial_seed())


@pytest.mark.api("torch.manual_seed", page="generated/torch.manual_seed")
def test_manual_seed_cuts_a_float(snapshot):
    """``torch.manual_seed`` silently cuts a float to an integer: 1.9 seeds as 1."""
    torch.manual_seed(1.9)
    assert snapshot == observe(lambda: torch.initial_seed())


@pytest.mark.api("torch.manual_seed", page="generated/torch.manual_seed")
@pytest.mark.changed(
    "2.9",
    "raises ValueError instead of RuntimeError",
    kind="exception",
    cause="pytorch#157886",
    probable=True,
    advice="catch both RuntimeError and ValueError",
    when=":caught and seed@0=<unknown>",
    rarely="a seed of 2**64 or more",
)
def test_seed_beyond_64_bits_raises(snapshot):
    """``torch.manual_seed`` raises for a seed of 2**64, the first beyond 64 bits."""
    assert snapshot == observe(lambda: torch.manual_seed(2**64).initial_seed())


@pytest.mark.api("torch.manual_seed", page="generated/torch.manual_seed")
def test_only_the_low_32_bits_of_a_seed_matter_on_the_cpu(snapshot):
    """Only the low 32 bits of a seed matter on the CPU: 2**32 draws what 0 draws.

    The Mersenne twister is seeded with 32 bits.
    """

    def first(seed):
        torch.manual_seed(seed)
        return torch.rand(3)

    assert not torch.equal(first(1), first(0))
    assert snapshot == observe(
        lambda: {
            "2**32 as 0": torch.equal(first(2**32), first(0)),
            "2**32 + 1 as 1": torch.equal(first(2**32 + 1), first(1)),
        }
    )


@pytest.mark.api("torch.manual_seed", page="generated/torch.manual_seed")
@pytest.mark.changed(
    "1.7", "seeds of 2**63 and more are accepted", kind="error-gone", cause="pytorch#42206"
)
def test_largest_seed_of_64_bits_is_taken(snapshot):
    """Since 1.7 ``torch.manual_seed`` accepts 2**64 - 1, the largest seed of 64 bits.

    It is the same seed as -1.
    """
    assert snapshot == observe(
        lambda: torch.manual_seed(2**64 - 1).initial_seed() == torch.manual_seed(-1).initial_seed()
    )


@pytest.mark.api("torch.seed", page="generated/torch.seed")
def test_seed_without_argument_draws_a_seed_and_tells_it(snapshot):
    """``torch.seed()`` draws a new seed from the system and returns it.

    Log the seed to repeat the run.
    """

    def act():
        seed = torch.seed()
        return {"is initial_seed": seed == torch.initial_seed(), "same twice": seed == torch.seed()}

    assert snapshot == observe(act)
