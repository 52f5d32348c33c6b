"""Which calls move the global random stream, and which leave it.

A loader draws a seed for its workers each time that it is iterated, without workers too. A sampler
draws when it is iterated, not when it is made. What has a generator of its own leaves the global
stream. Tensors that are made without random numbers, and those on the meta device, draw nothing.
"""

import pytest
import torch
from torch.utils import data

from fixtures.effects import moves_the_stream
from torch_history.observing import observe_each


def generator():
    return torch.Generator().manual_seed(0)


def numbers():
    return data.TensorDataset(torch.arange(4.0))


ORDERS = {
    "DataLoader is made": lambda: data.DataLoader(numbers(), shuffle=True),
    "DataLoader": lambda: list(data.DataLoader(numbers())),
    "DataLoader, shuffled": lambda: list(data.DataLoader(numbers(), shuffle=True)),
    "DataLoader, its length": lambda: len(data.DataLoader(numbers(), shuffle=True)),
    "DataLoader, iterator alone": lambda: iter(data.DataLoader(numbers())),
    "DataLoader of no sample": lambda: list(data.DataLoader([])),
    "SequentialSampler": lambda: list(data.SequentialSampler(numbers())),
    "RandomSampler is made": lambda: data.RandomSampler(numbers()),
    "RandomSampler, iterator alone": lambda: iter(data.RandomSampler(numbers())),
    "RandomSampler": lambda: list(data.RandomSampler(numbers())),
    "RandomSampler, replacement": lambda: list(data.RandomSampler(numbers(), replacement=True)),
    "SubsetRandomSampler": lambda: list(data.SubsetRandomSampler([0, 1, 2])),
    "WeightedRandomSampler": lambda: list(data.WeightedRandomSampler([0.5, 0.5], 2)),
    "BatchSampler": lambda: list(data.BatchSampler(data.SequentialSampler(numbers()), 2, False)),
    "DistributedSampler": lambda: list(data.DistributedSampler(numbers(), 2, 0)),
    "random_split": lambda: data.random_split(numbers(), [2, 2]),
    "Subset": lambda: data.Subset(numbers(), [0, 1])[0],
    "ConcatDataset": lambda: data.ConcatDataset([numbers(), numbers()])[5],
}


@pytest.mark.api(
    "torch.utils.data.DataLoader",
    "torch.utils.data.SequentialSampler",
    "torch.utils.data.RandomSampler",
    "torch.utils.data.SubsetRandomSampler",
    "torch.utils.data.WeightedRandomSampler",
    "torch.utils.data.BatchSampler",
    "torch.utils.data.DistributedSampler",
    "torch.utils.data.random_split",
    page="data",
)
@pytest.mark.changed(
    "1.7",
    "the iterator of RandomSampler draws at its first number, not when it is made",
    kind="random",
    cause="pytorch#41682",
    rarely="an iterator that is made before other draws",
    of="torch.utils.data.RandomSampler",
)
def test_loader_and_random_samplers_move_the_stream_when_they_are_iterated(snapshot):
    """A loader and a random sampler move the global stream when they are iterated, not when made.

    Trap: a loader draws a seed for each epoch, also without ``shuffle`` and without workers, so a
    pass over the validation set changes what training draws after it. ``DistributedSampler``
    shuffles by a generator of its own.
    """
    assert snapshot == observe_each(
        {name: lambda act=act: moves_the_stream(act) for name, act in ORDERS.items()}
    )


GENERATORS = {
    "Generator is made": lambda: torch.Generator(),
    "manual_seed of a generator": generator,
    "DataLoader": lambda: list(data.DataLoader(numbers(), shuffle=True, generator=generator())),
    "RandomSampler": lambda: list(data.RandomSampler(numbers(), generator=generator())),
    "random_split": lambda: data.random_split(numbers(), [2, 2], generator=generator()),
    "randperm": lambda: torch.randperm(4, generator=generator()),
    "normal_": lambda: torch.empty(4).normal_(generator=generator()),
    "multinomial": lambda: torch.multinomial(torch.ones(4), 2, generator=generator()),
    "bernoulli": lambda: torch.bernoulli(torch.full((4,), 0.5), generator=generator()),
}


@pytest.mark.api(
    "torch.Generator",
    "torch.utils.data.DataLoader",
    "torch.utils.data.RandomSampler",
    "torch.utils.data.random_split",
    "torch.randperm",
    "torch.Tensor.normal_",
    "torch.multinomial",
    "torch.bernoulli",
    page="generated/torch.Generator",
)
@pytest.mark.changed(
    "1.6",
    "DataLoader, RandomSampler and random_split take generator",
    kind="appeared",
    cause="pytorch#39737",
    of=(
        "torch.utils.data.DataLoader",
        "torch.utils.data.RandomSampler",
        "torch.utils.data.random_split",
    ),
)
def test_call_with_a_generator_leaves_the_global_stream(snapshot):
    """A call that is given a generator draws from it, and leaves the global stream.

    Making and seeding a generator leaves the global stream too.
    """
    assert snapshot == observe_each(
        {name: lambda act=act: moves_the_stream(act) for name, act in GENERATORS.items()}
    )


TENSORS = {
    "empty": lambda: torch.empty(4),
    "zeros": lambda: torch.zeros(4),
    "arange": lambda: torch.arange(4),
    "rand": lambda: torch.rand(4),
    "rand of nothing": lambda: torch.rand(0),
    "rand on meta": lambda: torch.rand(4, device="meta"),
    "randn on meta": lambda: torch.randn(4, device="meta"),
    "randperm of one": lambda: torch.randperm(1),
    "randint of one number": lambda: torch.randint(1, (4,)),
    "bernoulli of zeros and ones": lambda: torch.bernoulli(torch.tensor([0.0, 1.0])),
    "multinomial": lambda: torch.multinomial(torch.ones(4), 2),
    "normal without deviation": lambda: torch.normal(0.0, torch.zeros(4)),
    "initial_seed": torch.initial_seed,
    "get_rng_state": torch.get_rng_state,
    "clone": lambda: torch.ones(4).clone(),
    "sort": lambda: torch.ones(4).sort(),
    "matrix_norm": lambda: torch.ones(2, 2).norm(),
    "svd": lambda: torch.svd(torch.eye(2)),
    "svd_lowrank": lambda: torch.svd_lowrank(torch.eye(3), q=2),
    "pca_lowrank": lambda: torch.pca_lowrank(torch.eye(3), q=2),
}


@pytest.mark.api(
    "torch.rand",
    "torch.randn",
    "torch.randperm",
    "torch.randint",
    "torch.bernoulli",
    "torch.multinomial",
    "torch.normal",
    "torch.svd_lowrank",
    "torch.pca_lowrank",
    "torch.initial_seed",
    page="notes/randomness",
)
@pytest.mark.changed(
    "1.5",
    "pca_lowrank and svd_lowrank appear",
    kind="appeared",
    cause="pytorch#29488",
    of=(
        "torch.svd_lowrank",
        "torch.pca_lowrank",
    ),
)
@pytest.mark.changed(
    "1.6",
    "the message lists xla too",
    kind="wording",
    cause="pytorch#36446",
    when=":unseen",
)
@pytest.mark.changed(
    "1.8",
    "the message lists xpu and vulkan too",
    kind="wording",
    cause="pytorch#49786",
    probable=True,
    when=":unseen",
)
@pytest.mark.changed(
    "1.9",
    "meta is a device",
    kind="appeared",
    cause="pytorch#53143",
    of=(
        "torch.rand",
        "torch.randn",
    ),
)
def test_call_that_needs_no_random_number_may_move_the_stream(snapshot):
    """``randint``, ``bernoulli`` and ``normal`` move the stream where only one result is possible.

    ``svd_lowrank`` and ``pca_lowrank`` draw too. Nothing is drawn for no elements, nor on the meta
    device.
    """
    assert snapshot == observe_each(
        {name: lambda act=act: moves_the_stream(act) for name, act in TENSORS.items()}
    )
