"""Generators, the state of a stream, and ``fork_rng``."""

import pickle

import pytest
import torch

from torch_history.observing import observe


def draws_after(act):
    """Seed 0, the act, and the next two numbers of the global stream."""
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
    """A generator of seed 0 draws what the global stream draws after ``manual_seed(0)``."""

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
    """A generator that nobody seeded is not random: all start from the same documented number."""
    assert snapshot == observe(lambda: torch.Generator().initial_seed())


@pytest.mark.api("torch.Generator.manual_seed", page="generated/torch.Generator")
def test_generator_manual_seed_returns_the_generator(snapshot):
    """So that ``torch.Generator().manual_seed(0)`` is one expression."""
    generator = torch.Generator()
    assert snapshot == observe(lambda: generator.manual_seed(0) is generator)


@pytest.mark.api(
    "torch.Generator.get_state", "torch.Generator.set_state", page="generated/torch.Generator"
)
def test_generator_resumes_from_its_state(snapshot):
    """The state holds the place in the stream; a seed only its beginning."""
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
    """A pickled generator draws on where the original stood: a checkpoint can hold it."""
    generator = generator_here(0)
    torch.rand(7, generator=generator)

    def act():
        copied = pickle.loads(pickle.dumps(generator))
        return torch.equal(torch.rand(3, generator=copied), torch.rand(3, generator=generator))

    assert snapshot == observe(act)


@pytest.mark.api("torch.get_rng_state", "torch.set_rng_state", page="generated/torch.get_rng_state")
def test_rng_state_resumes_the_global_stream(snapshot):
    """``set_rng_state`` goes back to where ``get_rng_state`` was taken: save it with a checkpoint."""
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
    """A ByteTensor on the cpu; its length must be right for ``set_rng_state``."""
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
    "the message names one size: states of the older format are taken no more",
    kind="wording",
    cause="pytorch#153934",
)
def test_rng_state_of_another_length_raises(snapshot):
    """A cut state, or one of a GPU, is refused."""
    state = torch.get_rng_state()
    assert snapshot == observe(lambda: torch.set_rng_state(state[:16]))


@pytest.mark.api("torch.random.fork_rng", page="random")
def test_fork_rng_gives_the_stream_back(snapshot):
    """What is seeded and drawn inside leaves no trace outside."""

    def inside():
        with torch.random.fork_rng():
            torch.manual_seed(99)
            torch.rand(5)

    assert snapshot == observe(lambda: moves_the_stream(inside))


@pytest.mark.api("torch.random.fork_rng", page="random")
def test_fork_rng_goes_on_with_the_stream(snapshot):
    """Inside stands no fresh seed: the fork draws what the outside draws next, again. Seed inside for other numbers."""

    def act():
        torch.manual_seed(0)
        with torch.random.fork_rng():
            inside = torch.rand(3)
        return torch.equal(inside, torch.rand(3))

    assert snapshot == observe(act)


@pytest.mark.api("torch.random.fork_rng", page="random")
def test_fork_rng_gives_the_stream_back_after_an_error(snapshot):
    """The state is restored when the block raises, too."""

    def inside():
        with pytest.raises(ZeroDivisionError), torch.random.fork_rng():
            torch.rand(5)
            raise ZeroDivisionError

    assert snapshot == observe(lambda: moves_the_stream(inside))


@pytest.mark.api("torch.random.fork_rng", page="random")
def test_fork_rng_can_be_switched_off(snapshot):
    """``enabled=False`` makes the block an ordinary one."""

    def inside():
        with torch.random.fork_rng(enabled=False):
            torch.rand(5)

    assert snapshot == observe(lambda: moves_the_stream(inside))
