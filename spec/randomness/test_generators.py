"""A generator has a stream of its own, and a state that holds the position in it.

Draws from a ``torch.Generator`` do not move the global stream. Generators of one seed draw the same
numbers. A new generator has a fixed seed, so two new generators draw the same numbers.
``torch.get_rng_state`` and ``torch.set_rng_state`` resume the global stream from where it was; a
seed can only restart it. ``torch.random.fork_rng`` restores the stream after a block, even if the
block raises. It does not seed: the block draws the numbers that the code after it draws again.
"""

import pickle

import pytest
import torch

from torch_history.observing import observe, observe_each


def draws_after(act):
    """Seed 0, run the act, and return the next two numbers of the global stream."""
    torch.manual_seed(0)
    act()
    return torch.rand(2)


def generator_here(seed):
    """A seeded generator on the default device."""
    return torch.Generator(device=torch.empty(0).device).manual_seed(seed)


def moves_the_stream(act):
    return not torch.equal(draws_after(act), draws_after(lambda: None))


@pytest.mark.api("torch.Generator", page="generated/torch.Generator")
def test_generator_has_a_stream_of_its_own(snapshot):
    """Drawing from a generator leaves the global stream alone."""
    generator = generator_here(1)
    assert snapshot == observe(lambda: moves_the_stream(lambda: torch.rand(5, generator=generator)))


@pytest.mark.api("torch.Generator", page="generated/torch.Generator")
def test_generators_of_one_seed_draw_the_same(snapshot):
    """Generators with the same seed draw the same numbers.

    A generator with seed 0 draws what the global stream draws after ``manual_seed(0)``.
    """

    def act():
        first, second = (torch.rand(3, generator=generator_here(0)) for _ in range(2))
        torch.manual_seed(0)
        return {
            "equal": torch.equal(first, second),
            "as the global stream": torch.equal(first, torch.rand(3)),
        }

    assert snapshot == observe(act)


@pytest.mark.api("torch.Generator", page="generated/torch.Generator")
def test_new_generator_has_a_fixed_seed(snapshot):
    """A new generator has a fixed, documented seed, so an unseeded generator is not random."""
    assert snapshot == observe(lambda: torch.Generator().initial_seed())


@pytest.mark.api("torch.Generator.manual_seed", page="generated/torch.Generator")
def test_generator_manual_seed_returns_the_generator(snapshot):
    """``Generator.manual_seed`` returns the generator.

    This makes ``torch.Generator().manual_seed(0)`` one expression.
    """
    generator = torch.Generator()
    assert snapshot == observe(lambda: generator.manual_seed(0) is generator)


@pytest.mark.api(
    "torch.Generator.get_state", "torch.Generator.set_state", page="generated/torch.Generator"
)
def test_generator_resumes_from_its_state(snapshot):
    """``set_state`` lets a generator continue from where ``get_state`` was called.

    The state holds the position in the stream; a seed holds only its start.
    """
    generator = generator_here(0)
    torch.rand(7, generator=generator)

    def act():
        state = generator.get_state()
        first = torch.rand(3, generator=generator)
        generator.set_state(state)
        return torch.equal(torch.rand(3, generator=generator), first)

    assert snapshot == observe(act)


@pytest.mark.api("torch.Generator", page="generated/torch.Generator")
@pytest.mark.changed("2.4", "a generator can be pickled", kind="error-gone", cause="pytorch#126271")
def test_generator_can_be_pickled(snapshot):
    """Since 2.4 a generator can be pickled, so a checkpoint can hold it.

    The loaded generator continues where the original was.
    """
    generator = generator_here(0)
    torch.rand(7, generator=generator)

    def act():
        copied = pickle.loads(pickle.dumps(generator))
        return torch.equal(torch.rand(3, generator=copied), torch.rand(3, generator=generator))

    assert snapshot == observe(act)


@pytest.mark.api("torch.get_rng_state", "torch.set_rng_state", page="generated/torch.get_rng_state")
def test_rng_state_resumes_the_global_stream(snapshot):
    """``set_rng_state`` resumes the global stream from where ``get_rng_state`` was called.

    Save the state in a checkpoint.
    """
    torch.manual_seed(0)
    torch.rand(7)

    def act():
        state = torch.get_rng_state()
        first = torch.rand(3)
        torch.set_rng_state(state)
        return torch.equal(torch.rand(3), first)

    assert snapshot == observe(act)


@pytest.mark.api("torch.get_rng_state", page="generated/torch.get_rng_state")
def test_rng_state_is_a_tensor_of_bytes(snapshot):
    """``get_rng_state`` returns a ByteTensor on the CPU.

    ``set_rng_state`` accepts only a state of the right length.
    """
    assert snapshot == observe(
        lambda: {"dtype": torch.get_rng_state().dtype, "bytes": torch.get_rng_state().numel()}
    )


@pytest.mark.api("torch.set_rng_state", page="generated/torch.set_rng_state")
@pytest.mark.changed(
    "1.8",
    "the message calls the states CPUGeneratorImplState",
    kind="wording",
    cause="pytorch#49589",
)
@pytest.mark.changed(
    "2.9",
    "the message names one size: states of the older format are no longer accepted",
    kind="wording",
    cause="pytorch#153934",
)
def test_rng_state_of_another_length_raises(snapshot):
    """``set_rng_state`` raises for a state of another length, such as one that was cut off."""
    state = torch.get_rng_state()
    assert snapshot == observe(lambda: torch.set_rng_state(state[:16]))


@pytest.mark.api("torch.random.fork_rng", page="random")
def test_fork_rng_gives_the_stream_back(snapshot):
    """``fork_rng`` restores the stream: seeding and drawing inside have no effect outside."""

    def inside():
        with torch.random.fork_rng():
            torch.manual_seed(99)
            torch.rand(5)

    assert snapshot == observe(lambda: moves_the_stream(inside))


@pytest.mark.api("torch.random.fork_rng", page="random")
def test_fork_rng_goes_on_with_the_stream(snapshot):
    """``fork_rng`` does not seed: the block draws the numbers that the code after it draws again.

    Seed inside the block to get other numbers.
    """

    def act():
        torch.manual_seed(0)
        with torch.random.fork_rng():
            inside = torch.rand(3)
        return torch.equal(inside, torch.rand(3))

    assert snapshot == observe(act)


@pytest.mark.api("torch.random.fork_rng", page="random")
def test_fork_rng_gives_the_stream_back_after_an_error(snapshot):
    """``fork_rng`` restores the stream even if the block raises."""
    torch.manual_seed(0)
    expected = torch.rand(2)
    torch.manual_seed(0)

    def block():
        with torch.random.fork_rng():
            torch.rand(5)
            raise ZeroDivisionError

    assert snapshot == observe_each(
        {"block": block, "restored": lambda: torch.equal(torch.rand(2), expected)}
    )


@pytest.mark.api("torch.random.fork_rng", page="random")
def test_fork_rng_can_be_switched_off(snapshot):
    """``fork_rng(enabled=False)`` does not restore the stream."""

    def inside():
        with torch.random.fork_rng(enabled=False):
            torch.rand(5)

    assert snapshot == observe(lambda: moves_the_stream(inside))
