"""The order in which samplers and loaders give data, and what they draw from the global stream.

A shuffled ``torch.utils.data.DataLoader`` gives another order in each epoch. Under one seed the
order changed in 1.7 and again in 1.9; since 1.7 ``torch.utils.data.RandomSampler`` draws only a
seed from the global stream. Trap: an unshuffled loader moves the global stream too, because each
iterator draws a seed for its workers. With a ``generator``, which loaders take since 1.6, the order
depends only on the generator's seed, and the global stream does not move.
"""

import pytest
import torch
from torch.utils.data import (
    BatchSampler,
    DataLoader,
    RandomSampler,
    SubsetRandomSampler,
    WeightedRandomSampler,
    random_split,
)

from torch_history.observing import observe


def seeded(draw):
    torch.manual_seed(0)
    return draw()


def epoch(loader):
    return [batch.tolist() for batch in loader]


@pytest.mark.api("torch.utils.data.DataLoader", page="data")
@pytest.mark.changed(
    "1.7",
    "RandomSampler draws only a seed from the global stream, instead of the order itself",
    kind="random",
    cause="pytorch#41682",
    when="shuffle@2=True",
    unless=("generator", 12),
)
@pytest.mark.changed(
    "1.9",
    "RandomSampler draws the order from its own generator, which it created but did not use",
    kind="random",
    cause="pytorch#52956",
    when="shuffle@2=True",
    unless=("generator", 12),
)
def test_shuffled_loader_gives_this_order_under_seed_zero(snapshot):
    """A shuffled DataLoader gives this order under seed 0, another one in each epoch.

    The test runs two epochs of eight samples in batches of four.
    """
    loader = DataLoader(torch.arange(8), batch_size=4, shuffle=True)
    assert snapshot == observe(lambda: seeded(lambda: [epoch(loader), epoch(loader)]))


@pytest.mark.api("torch.utils.data.DataLoader", page="data")
def test_iterating_an_unshuffled_loader_moves_the_stream(snapshot):
    """Iterating over an unshuffled DataLoader moves the global stream.

    Each iterator draws a seed for workers, even if there are none. Trap: an evaluation during
    training changes the random numbers of the training that follows.
    """
    loader = DataLoader(torch.arange(8), batch_size=4)
    assert snapshot == observe(
        lambda: (
            not torch.equal(
                seeded(lambda: (epoch(loader), torch.rand(3))[1]), seeded(lambda: torch.rand(3))
            )
        )
    )


@pytest.mark.api("torch.utils.data.DataLoader", page="data")
@pytest.mark.changed("1.6", "DataLoader takes generator", kind="appeared", cause="pytorch#39737")
def test_loader_with_a_generator_leaves_the_stream_alone(snapshot):
    """A DataLoader with ``generator=`` leaves the global stream alone.

    It draws the order and the worker seeds from the generator.
    """

    def act():
        loader = DataLoader(
            torch.arange(8), batch_size=4, shuffle=True, generator=torch.Generator().manual_seed(0)
        )
        following = seeded(lambda: (epoch(loader), torch.rand(3))[1])
        return not torch.equal(following, seeded(lambda: torch.rand(3)))

    assert snapshot == observe(act)


@pytest.mark.api("torch.utils.data.DataLoader", page="data")
@pytest.mark.changed("1.6", "DataLoader takes generator", kind="appeared", cause="pytorch#39737")
def test_loader_order_follows_its_generators_seed(snapshot):
    """The order of a DataLoader with a generator depends only on the generator's seed.

    The first epoch is the same under any global seed.
    """

    def order(seed):
        torch.manual_seed(seed)
        return epoch(
            DataLoader(
                torch.arange(8),
                batch_size=8,
                shuffle=True,
                generator=torch.Generator().manual_seed(0),
            )
        )[0]

    assert snapshot == observe(lambda: {"same": order(1) == order(2), "order": order(0)})


@pytest.mark.api("torch.utils.data.RandomSampler", page="data")
@pytest.mark.changed(
    "1.7",
    "draws only a seed from the global stream, instead of the order itself",
    kind="random",
    cause="pytorch#41682",
    when=("-replacement@1", "replacement@1=False"),
    unless=("generator", 3),
)
@pytest.mark.changed(
    "1.9",
    "draws the order from its own generator, which it created but did not use",
    kind="random",
    cause="pytorch#52956",
    when=("-replacement@1", "replacement@1=False"),
    unless=("generator", 3),
)
def test_random_sampler_gives_this_order_under_seed_zero(snapshot):
    """RandomSampler gives this permutation under seed 0.

    Since 1.9 its own generator draws it, seeded by one draw of the global stream.
    """
    assert snapshot == observe(lambda: seeded(lambda: list(RandomSampler(range(8)))))


@pytest.mark.api("torch.utils.data.RandomSampler", page="data")
@pytest.mark.changed(
    "1.7",
    "draws from its own generator, which one draw of the global stream seeds",
    kind="random",
    cause="pytorch#41682",
    when="replacement@1=True",
    unless=("generator", 3),
)
def test_random_sampler_with_replacement_gives_this_order_under_seed_zero(snapshot):
    """RandomSampler with replacement gives this order under seed 0; some indices come twice."""
    assert snapshot == observe(
        lambda: seeded(lambda: list(RandomSampler(range(8), replacement=True)))
    )


@pytest.mark.api("torch.utils.data.SubsetRandomSampler", page="data")
def test_subset_random_sampler_gives_this_order_under_seed_zero(snapshot):
    """SubsetRandomSampler gives this order of its indices under seed 0.

    It uses a ``randperm`` of the global stream.
    """
    assert snapshot == observe(
        lambda: seeded(lambda: list(SubsetRandomSampler([10, 11, 12, 13, 14, 15, 16, 17])))
    )


@pytest.mark.api("torch.utils.data.WeightedRandomSampler", page="data")
def test_weighted_random_sampler_gives_this_order_under_seed_zero(snapshot):
    """WeightedRandomSampler gives this order under seed 0; an index of weight 0 never comes.

    It uses a ``multinomial`` of the global stream, with replacement by default.
    """
    assert snapshot == observe(
        lambda: seeded(lambda: list(WeightedRandomSampler([0.0, 1.0, 2.0, 3.0], 8)))
    )


@pytest.mark.api("torch.utils.data.BatchSampler", "torch.utils.data.RandomSampler", page="data")
@pytest.mark.changed(
    "1.7",
    "RandomSampler draws only a seed from the global stream, instead of the order itself",
    kind="random",
    cause="pytorch#41682",
    of=("torch.utils.data.RandomSampler",),
    when=("-replacement@1", "replacement@1=False"),
    unless=("generator", 3),
)
@pytest.mark.changed(
    "1.9",
    "RandomSampler draws the order from its own generator, which it created but did not use",
    kind="random",
    cause="pytorch#52956",
    of=("torch.utils.data.RandomSampler",),
    when=("-replacement@1", "replacement@1=False"),
    unless=("generator", 3),
)
def test_batch_sampler_cuts_its_samplers_order(snapshot):
    """BatchSampler cuts the order of its sampler into batches of three, the last one shorter."""
    assert snapshot == observe(
        lambda: seeded(
            lambda: list(BatchSampler(RandomSampler(range(8)), batch_size=3, drop_last=False))
        )
    )


@pytest.mark.api("torch.utils.data.random_split", page="data")
def test_random_split_gives_these_parts_under_seed_zero(snapshot):
    """``random_split`` gives these parts of 5 and 3 under seed 0.

    It cuts a ``randperm`` of the global stream in two.
    """
    assert snapshot == observe(
        lambda: seeded(lambda: [list(part.indices) for part in random_split(range(8), [5, 3])])
    )
