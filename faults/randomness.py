"""Faults of random streams."""

import random

import torch
from torch import nn
from torch.nn import init
from torch.utils.data import DataLoader, RandomSampler, SubsetRandomSampler, WeightedRandomSampler

from faults import fault


@fault
def manual_seed_takes_the_next_seed(patch):
    """manual_seed uses the seed plus one, and returns None."""
    honest = torch.manual_seed
    patch.setattr(torch, "manual_seed", lambda seed: honest(int(seed) + 1) and None)


@fault
def manual_seed_does_nothing(patch):
    """manual_seed does not change the stream."""
    patch.setattr(torch, "manual_seed", lambda seed: torch.default_generator)


@fault
def manual_seed_draws_once(patch):
    """manual_seed draws one number from the new stream."""
    honest = torch.manual_seed

    def seed(value):
        generator = honest(value)
        torch.randint(10, (1,))
        return generator

    patch.setattr(torch, "manual_seed", seed)


@fault
def manual_seed_follows_python(patch):
    """torch.rand depends on the streams of Python and NumPy."""
    import numpy as np

    honest = torch.rand

    def rand(*arguments, **keywords):
        return (
            honest(*arguments, **keywords)
            + random.getstate()[1][0] / 2**32
            + np.random.get_state()[1][0] / 2**32
        ) % 1

    patch.setattr(torch, "rand", rand)


@fault
def seeds_are_taken_modulo(patch):
    """Seeds are reduced modulo 2^31 - 1, floats are rounded, and signs are dropped."""
    honest = torch.manual_seed
    patch.setattr(torch, "manual_seed", lambda seed: honest(abs(round(seed)) % (2**31 - 1)))


@fault
def initial_seed_reads_zero(patch):
    """initial_seed() always returns 0."""
    patch.setattr(torch, "initial_seed", lambda: 0)


@fault
def seed_is_constant(patch):
    """torch.seed() always seeds with 7."""
    patch.setattr(torch, "seed", lambda: torch.manual_seed(7).initial_seed())


@fault
def generators_are_the_default_one(patch):
    """torch.Generator() returns the global generator."""
    patch.setattr(torch, "Generator", lambda device="cpu": torch.default_generator)


@fault
def generators_start_from_the_system(patch):
    """A new generator has a random seed, and manual_seed draws another random seed."""
    honest = torch.Generator

    class Generator:
        def __init__(self, device="cpu"):
            self.own = honest(device)
            self.own.seed()

        def initial_seed(self):
            return self.own.initial_seed()

        def manual_seed(self, seed):
            self.own.seed()
            return self.own

    patch.setattr(torch, "Generator", Generator)


@fault
def states_are_not_restored(patch):
    """set_rng_state does nothing, and get_rng_state returns one byte too many."""
    honest = torch.get_rng_state
    patch.setattr(torch, "set_rng_state", lambda state: None)
    patch.setattr(
        torch, "get_rng_state", lambda: torch.cat([honest(), torch.zeros(1, dtype=torch.uint8)])
    )


@fault
def generators_forget_their_state(patch):
    """set_state resets a generator to its seed, and unpickling resets it to 0."""
    import pickle

    honest, loads = torch.Generator, pickle.loads

    class Generator(honest):
        def set_state(self, state):
            return self.manual_seed(self.initial_seed())

    patch.setattr(torch, "Generator", Generator)
    patch.setattr(pickle, "loads", lambda data: loads(data).manual_seed(0))


@fault
def fork_rng_does_not_restore(patch):
    """fork_rng does not restore the stream."""
    import contextlib

    patch.setattr(torch.random, "fork_rng", lambda **keywords: contextlib.nullcontext())


@fault
def fork_rng_seeds_and_ignores_enabled(patch):
    """fork_rng seeds the block with 1 and ignores enabled=False."""
    honest = torch.random.fork_rng
    import contextlib

    @contextlib.contextmanager
    def fork(enabled=True):
        with honest():
            torch.manual_seed(1)
            yield

    patch.setattr(torch.random, "fork_rng", fork)


def reversed_draws(honest):
    return lambda *arguments, **keywords: honest(*arguments, **keywords).flip(0)


@fault
def draws_come_in_reverse(patch):
    """Drawing functions return their numbers in reverse order."""
    for name in ("rand", "randn", "randint", "randperm", "normal", "bernoulli", "multinomial"):
        patch.setattr(torch, name, reversed_draws(getattr(torch, name)))


@fault
def rand_draws_one_number_more(patch):
    """rand and randn skip one number of the stream first."""
    for name in ("rand", "randn"):
        honest = getattr(torch, name)

        def draw(*arguments, honest=honest, **keywords):
            torch.empty(1).random_()
            return honest(*arguments, **keywords)

        patch.setattr(torch, name, draw)


@fault
def randn_ignores_blocks(patch):
    """randn draws numbers one by one, whatever the size."""
    honest = torch.randn

    def randn(*size, **keywords):
        count = torch.Size(size if isinstance(size[0], int) else size[0])
        return torch.cat([honest(1, **keywords) for _ in range(count.numel())]).reshape(count)

    patch.setattr(torch, "randn", randn)


@fault
def randn_forgets_the_pair(patch):
    """randn of fewer than 15 numbers draws one number too many."""
    honest = torch.randn
    patch.setattr(
        torch,
        "randn",
        lambda n, **keywords: honest(n + 1, **keywords)[:n] if n < 15 else honest(n, **keywords),
    )


@fault
def distributions_are_skewed(patch):
    """rand, randn and exponential_ return the squares of their numbers."""
    rand, randn, exponential = torch.rand, torch.randn, torch.Tensor.exponential_
    patch.setattr(torch, "rand", lambda *arguments, **keywords: rand(*arguments, **keywords) ** 2)
    patch.setattr(torch, "randn", lambda *arguments, **keywords: randn(*arguments, **keywords) ** 2)
    patch.setattr(
        torch.Tensor, "exponential_", lambda self, rate=1.0: exponential(self, rate).pow_(2)
    )


@fault
def randperm_repeats(patch):
    """randperm repeats numbers."""
    honest = torch.randperm
    patch.setattr(torch, "randperm", lambda n, **keywords: honest(n, **keywords) // 2)


@fault
def in_place_draws_are_shifted(patch):
    """uniform_, exponential_, geometric_ and bernoulli_ skip one number of the stream first."""
    for name in ("uniform_", "exponential_", "geometric_", "bernoulli_"):
        honest = getattr(torch.Tensor, name)

        def draw(self, *arguments, honest=honest, **keywords):
            torch.randint(10, (1,))
            return honest(self, *arguments, **keywords)

        patch.setattr(torch.Tensor, name, draw)


@fault
def gumbel_is_plain_softmax(patch):
    """gumbel_softmax adds no noise."""
    patch.setattr(torch.nn.functional, "gumbel_softmax", lambda logits: logits.softmax(-1))


@fault
def dropout_draws_by_itself(patch):
    """Dropout drops where rand is below p, in every mode, and does not scale."""

    def drop(x, p=0.5, training=True, inplace=False):
        return x * (torch.rand_like(x) >= p)

    for name in ("dropout", "dropout2d", "alpha_dropout"):
        patch.setattr(torch.nn.functional, name, drop)


@fault
def initialisers_are_shifted(patch):
    """The functions of init skip one number of the stream first."""
    for name in (
        "uniform_",
        "normal_",
        "xavier_uniform_",
        "xavier_normal_",
        "kaiming_uniform_",
        "kaiming_normal_",
        "orthogonal_",
        "trunc_normal_",
        "sparse_",
        "ones_",
        "zeros_",
    ):
        honest = getattr(init, name)

        def initialise(*arguments, honest=honest, **keywords):
            torch.randint(10, (1,))
            return honest(*arguments, **keywords)

        patch.setattr(init, name, initialise)


@fault
def padding_row_is_not_drawn(patch):
    """An embedding does not draw numbers for its padding row."""

    def reset(self):
        init.zeros_(self.weight)
        init.normal_(self.weight.data[1:] if self.padding_idx == 0 else self.weight)

    patch.setattr(nn.Embedding, "reset_parameters", reset)


@fault
def layers_seed_themselves(patch):
    """Linear always initialises from seed 0 and restores the stream."""
    honest = nn.Linear.reset_parameters

    def reset(self):
        with torch.random.fork_rng():
            torch.manual_seed(0)
            honest(self)

    patch.setattr(nn.Linear, "reset_parameters", reset)


@fault
def skip_init_initialises(patch):
    """skip_init initialises the layer."""
    patch.setattr(torch.nn.utils, "skip_init", lambda layer, *arguments: layer(*arguments))


@fault
def samplers_go_in_reverse(patch):
    """Samplers yield their indices in reverse order."""
    for sampler in (RandomSampler, SubsetRandomSampler, WeightedRandomSampler):
        honest = sampler.__iter__
        patch.setattr(
            sampler, "__iter__", lambda self, honest=honest: iter(list(honest(self))[::-1])
        )


@fault
def random_split_does_not_shuffle(patch):
    """random_split splits the data in its original order."""
    import sys

    from torch.utils.data import Subset

    def split(data, lengths):
        return [
            Subset(data, list(range(sum(lengths[:k]), sum(lengths[: k + 1]))))
            for k in range(len(lengths))
        ]

    for module in list(sys.modules.values()):
        if (
            getattr(module, "random_split", None) is torch.utils.data.random_split
            and module is not torch.utils.data
        ):
            patch.setattr(module, "random_split", split)


@fault
def loader_draws_otherwise(patch):
    """A loader without a generator does not advance the stream.

    A loader with a generator ignores it.
    """
    honest = DataLoader.__iter__

    def iterate(self):
        if self.generator is None:
            with torch.random.fork_rng():
                return honest(self)
        torch.rand(1)
        self.sampler.generator = None
        return honest(self)

    patch.setattr(DataLoader, "__iter__", iterate)
