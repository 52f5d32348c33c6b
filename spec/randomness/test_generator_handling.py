"""Generators that are copied, passed to functions, or seeded with something other than an int.

Since 2.4 a ``torch.Generator`` can be copied, and the copy continues where the original is.
``torch.Generator.manual_seed`` takes only an int: convert a NumPy integer with ``int()``.
``torch.manual_seed`` converts its argument by itself. ``torch.rand_like``, ``torch.randn_like`` and
``torch.randint_like`` take a generator since 2.10. Trap: ``torch.random.fork_rng`` with
``device_type="cpu"`` raises; pass ``devices=[]`` to restore only the stream of the CPU.
"""

import copy

import numpy as np
import pytest
import torch
from torch.utils.data import RandomSampler

from torch_history.observing import observe


def generator():
    return torch.Generator().manual_seed(3)


@pytest.mark.api("torch.Generator", page="generated/torch.Generator")
@pytest.mark.changed(
    "2.4",
    "a generator can be copied, by deepcopy and by clone_state",
    kind="error-gone",
    cause="pytorch#126271",
)
@pytest.mark.parametrize(
    "copied", [copy.deepcopy, lambda g: g.clone_state()], ids=["deepcopy", "clone_state"]
)
def test_copied_generator_draws_on_by_itself(copied, snapshot):
    """Since 2.4 a generator can be copied; the copy continues where the original is.

    Drawing from one does not move the other.
    """

    def act():
        original = generator()
        torch.rand(2, generator=original)
        other = copied(original)
        first = torch.rand(2, generator=other)
        return {
            "same numbers": torch.equal(torch.rand(2, generator=original), first),
            "is another": other is not original,
        }

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.Generator", "torch.utils.data.RandomSampler", page="generated/torch.Generator"
)
@pytest.mark.changed(
    "1.6",
    "samplers take a generator, which cannot be copied",
    kind="appeared",
    cause="pytorch#39737",
)
@pytest.mark.changed(
    "2.4",
    "a generator can be copied, and so can the sampler",
    kind="error-gone",
    cause="pytorch#126271",
)
def test_sampler_with_a_generator_can_be_copied(snapshot):
    """Since 2.4 ``copy.deepcopy`` copies a sampler that holds a generator.

    Before, such a sampler could not be copied, because its generator could not.
    """

    def act():
        sampler = RandomSampler(range(4), generator=generator())
        return list(copy.deepcopy(sampler)) == list(sampler)

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.Generator",
    "torch.manual_seed",
    "torch.Generator.manual_seed",
    page="generated/torch.Generator",
)
@pytest.mark.changed("1.5", "a generator accepts a NumPy integer as its seed", kind="error-gone")
@pytest.mark.changed(
    "1.7",
    "a generator refuses a NumPy integer again",
    kind="error",
    cause="pytorch#42206",
    probable=True,
    advice="pass int(seed)",
    restored_by="randomness.generator_takes_a_numpy_seed_as_int",
    of=("torch.Generator.manual_seed",),
    when="seed@0=<unknown>",
    rarely="a NumPy integer as the seed",
)
@pytest.mark.parametrize("seed", [np.int64(3), 3.0, "3"], ids=["numpy", "float", "text"])
def test_generator_takes_no_seed_but_an_int(seed, snapshot):
    """``Generator.manual_seed`` raises for a seed that is not an int.

    ``torch.manual_seed`` calls ``int()`` first. A generator accepted NumPy integers only in 1.5 and
    1.6.
    """
    assert torch.manual_seed(seed).initial_seed() == 3
    assert snapshot == observe(lambda: torch.Generator().manual_seed(seed).initial_seed())


@pytest.mark.api("torch.Generator", page="generated/torch.Generator")
def test_generator_takes_a_numpy_seed_as_int(snapshot):
    """``Generator.manual_seed(int(seed))`` takes a NumPy integer on every release."""
    seed = np.int64(3)
    assert snapshot == observe(lambda: torch.Generator().manual_seed(int(seed)).initial_seed())


@pytest.mark.api(
    "torch.rand_like", "torch.randn_like", "torch.randint_like", page="generated/torch.rand_like"
)
@pytest.mark.changed(
    "1.5",
    "the message names the unexpected argument instead of the signatures",
    kind="wording",
)
@pytest.mark.changed(
    "2.4", "the message lists other defaults", kind="wording", cause="pytorch#127059"
)
@pytest.mark.changed(
    "2.8",
    "the message lists a tensor as the upper bound of randint_like",
    kind="wording",
    cause="pytorch#154899",
)
@pytest.mark.changed(
    "2.10",
    "rand_like, randn_like and randint_like take a generator",
    kind="appeared",
    cause="pytorch#166160",
)
@pytest.mark.parametrize("name", ["rand", "randn", "randint"])
def test_like_functions_draw_from_a_generator(name, snapshot):
    """Since 2.10 ``rand_like``, ``randn_like`` and ``randint_like`` take a ``generator``.

    They draw the numbers that ``rand``, ``randn`` and ``randint`` draw from it.
    """
    high = (9,) if name == "randint" else ()
    plain = getattr(torch, name)(*high, (2,), generator=generator())

    def act():
        like = getattr(torch, name + "_like")(torch.zeros(2), *high, generator=generator())
        return torch.equal(like, plain.to(like.dtype))

    assert snapshot == observe(act)


@pytest.mark.api("torch.random.fork_rng", page="random")
@pytest.mark.changed("2.1", "fork_rng takes device_type", kind="appeared", cause="pytorch#98069")
def test_fork_rng_takes_a_device_type(snapshot):
    """Since 2.1 ``fork_rng`` takes ``device_type``, for accelerators other than CUDA.

    It restores the stream of the CPU for every device type.
    """

    def act():
        torch.manual_seed(0)
        expected = torch.rand(1)
        torch.manual_seed(0)
        with torch.random.fork_rng(devices=[], device_type="mps"):
            torch.rand(3)
        return torch.equal(torch.rand(1), expected)

    assert snapshot == observe(act)


@pytest.mark.api("torch.random.fork_rng", page="random")
@pytest.mark.changed(
    "2.1",
    "fork_rng takes device_type, and asks torch.cpu for a state that it does not have",
    kind="wording",
    cause="pytorch#98069",
    advice="pass devices=[]",
)
def test_fork_rng_for_the_cpu_by_name_raises(snapshot):
    """``fork_rng(device_type="cpu")`` raises, because ``torch.cpu`` has no states to save.

    Pass ``devices=[]`` to restore only the stream of the CPU.
    """

    def act():
        with torch.random.fork_rng(device_type="cpu"):
            return torch.rand(3).shape

    assert snapshot == observe(act)


@pytest.mark.api("torch.random.thread_safe_generator", page="random")
@pytest.mark.changed(
    "2.12",
    "torch.random.thread_safe_generator appears",
    kind="appeared",
    cause="pytorch#175375",
    probable=True,
)
def test_thread_safe_generator_is_none_in_the_main_thread(snapshot):
    """``thread_safe_generator()`` returns None in the main thread.

    None means the default generator.
    """
    assert snapshot == observe(lambda: torch.random.thread_safe_generator())
