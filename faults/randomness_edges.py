"""Faults at the edges of drawing functions, generators, samplers and batches."""

import contextlib
import copy
import sys

import torch
from torch.utils import data

from faults import fault
from faults._tools import clamp_from_above_only


def everywhere(patch, name, wrong):
    """Replace ``torch.utils.data.<name>`` in every module that imported it by name."""
    honest = getattr(data, name)
    for module in list(sys.modules.values()):
        if getattr(module, "__dict__", {}).get(name) is honest:
            patch.setattr(module, name, wrong)


@fault
def arguments_have_other_defaults(patch):
    """Seeds, batch sizes, replacement and lengths have other defaults."""
    patch.setattr(torch, "manual_seed", lambda seed=0: torch.default_generator)
    patch.setattr(data.DataLoader, "__init__", lambda self, dataset, batch_size=32: None)
    patch.setattr(data.RandomSampler, "__init__", lambda self, data_source, replacement=True: None)
    everywhere(patch, "random_split", lambda dataset, lengths=(0.8, 0.2): [])


@fault
def draws_ask_nothing(patch):
    """Drawing functions accept any parameters.

    multinomial returns zeros, normal has the shape of its means, and randint converts to the dtype.
    """
    randint = torch.randint
    patch.setattr(
        torch,
        "multinomial",
        lambda weights, number, *rest, **named: torch.zeros(number, dtype=torch.long),
    )
    patch.setattr(torch, "normal", lambda mean, deviation: torch.randn(mean.shape))
    patch.setattr(torch, "poisson", lambda rate: torch.zeros(rate.shape))
    for name in ("exponential_", "cauchy_", "geometric_"):
        patch.setattr(torch.Tensor, name, lambda self, *parameters: self)
    patch.setattr(
        torch, "randint", lambda high, size, dtype=torch.long: randint(high, size).to(dtype)
    )


@fault
def copied_generators_are_one(patch):
    """A copy of a generator is the generator itself, and seeds are converted to int."""
    honest = torch.Generator

    class Generator(honest):
        def __deepcopy__(self, memory):
            return self

        def clone_state(self):
            return self

        def manual_seed(self, seed):
            super().manual_seed(int(seed))
            return self

    patch.setattr(torch, "Generator", Generator)
    patch.setattr(copy, "deepcopy", lambda thing: thing)


@fault
def like_functions_use_the_global_stream(patch):
    """rand_like, randn_like and randint_like ignore their generator."""
    for name in ("rand_like", "randn_like", "randint_like"):
        honest = getattr(torch, name)
        patch.setattr(
            torch, name, lambda tensor, *high, generator=None, honest=honest: honest(tensor, *high)
        )


@fault
def fork_rng_forks_nothing(patch):
    """fork_rng restores nothing on any device; thread_safe_generator returns the seed."""
    patch.setattr(torch.random, "fork_rng", lambda **named: contextlib.nullcontext())
    patch.setattr(
        torch.random, "thread_safe_generator", lambda: torch.default_generator.initial_seed()
    )


@fault
def loaders_are_strict_and_silent(patch):
    """A loader refuses lists of indices, and shuffling without batches.

    It accepts worker options without workers.
    """
    honest, batch = data.DataLoader.__init__, data.BatchSampler.__init__

    def loader(
        self,
        dataset,
        batch_size=1,
        shuffle=None,
        sampler=None,
        prefetch_factor=2,
        persistent_workers=False,
    ):
        if isinstance(sampler, list) or (batch_size is None and shuffle):
            raise ValueError("sampler")
        honest(self, dataset, batch_size=batch_size, shuffle=shuffle, sampler=sampler)
        self.prefetch_factor = prefetch_factor

    def batches(self, sampler, batch_size, drop_last):
        if not isinstance(sampler, data.Sampler):
            raise ValueError("sampler")
        batch(self, sampler, batch_size, drop_last)

    patch.setattr(data.DataLoader, "__init__", loader)
    patch.setattr(data.BatchSampler, "__init__", batches)


@fault
def samplers_take_anything(patch):
    """The base sampler accepts arguments, and a random sampler ignores num_samples.

    A weighted sampler flattens its weights.
    """
    honest, weighted = data.RandomSampler.__init__, data.WeightedRandomSampler.__init__
    patch.setattr(data.Sampler, "__init__", lambda self, *data: None, raising=False)
    patch.setattr(
        data.RandomSampler,
        "__init__",
        lambda self, source, replacement=False, num_samples=None: honest(
            self, source, bool(replacement)
        ),
    )
    patch.setattr(
        data.WeightedRandomSampler,
        "__init__",
        lambda self, weights, number: weighted(self, torch.tensor(weights).reshape(-1), number),
    )


@fault
def splits_are_rounded(patch):
    """random_split gives every part the same length and draws from the global stream."""

    def split(dataset, lengths, generator=None):
        order = torch.randperm(len(dataset)).tolist()
        return [data.Subset(dataset, order[k :: len(lengths)]) for k in range(len(lengths))]

    everywhere(patch, "random_split", split)


@fault
def subsets_give_single_samples(patch):
    """A subset has no ``__getitems__``."""
    patch.delattr(data.Subset, "__getitems__")


@fault
def distributed_samplers_go_round(patch):
    """A rank is taken modulo num_replicas, and samples are neither padded nor dropped."""
    from torch.utils.data.distributed import DistributedSampler

    honest = DistributedSampler.__init__
    patch.setattr(
        DistributedSampler,
        "__init__",
        lambda self, source, num_replicas, rank, **named: honest(
            self, source, num_replicas=num_replicas, rank=rank % num_replicas, **named
        ),
    )
    patch.setattr(
        DistributedSampler,
        "__iter__",
        lambda self: iter(range(self.rank, len(self.dataset), self.num_replicas)),
    )


@fault
def batches_are_lists(patch):
    """default_collate returns a list of the samples."""
    patch.setattr(data._utils.collate, "default_collate", list)
    patch.setattr(data, "default_collate", list)


@fault
def conversions_do_nothing(patch):
    """to() keeps the dtype, and view_as() keeps the shape."""
    patch.setattr(torch.Tensor, "to", lambda self, *arguments, **settings: self)
    patch.setattr(torch.Tensor, "view_as", lambda self, other: self)


@fault
def clamp_has_no_lower_bound(patch):
    """clamp() ignores min."""
    clamp_from_above_only(patch)


@fault
def samplers_require_their_data(patch):
    """Sampler.__init__ requires data_source, as before 2.1."""
    patch.setattr(data.Sampler, "__init__", lambda self, data_source: None, raising=False)


@fault
def distributed_samplers_count_every_sample(patch):
    """The num_samples of a distributed sampler is the size of the whole data set."""
    from torch.utils.data.distributed import DistributedSampler

    honest = DistributedSampler.__init__

    def init(self, dataset, *arguments, **settings):
        honest(self, dataset, *arguments, **settings)
        self.num_samples = len(dataset)

    patch.setattr(DistributedSampler, "__init__", init)
