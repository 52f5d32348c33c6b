"""Settings of the samplers of ``torch.utils.data``: the generator, the seed, and replacement.

A sampler with a ``generator`` draws its order from it, and leaves the global stream alone.
``torch.utils.data.distributed.DistributedSampler`` has no generator: its order depends on the seed
and on ``set_epoch``, so that all processes have the same.
"""

import pytest
import torch

from torch_history.observing import observe, observe_each

SEED = 5


@pytest.mark.api("torch.utils.data.SubsetRandomSampler", page="data")
@pytest.mark.changed(
    "1.6",
    "SubsetRandomSampler takes generator",
    kind="appeared",
    cause="pytorch#39737",
)
def test_subset_random_sampler_draws_its_order_from_its_generator(snapshot):
    """``SubsetRandomSampler(indices, generator=g)`` repeats its order with the seed of ``g``.

    The global stream does not move.
    """

    def act():
        before = torch.get_rng_state()
        first, second = (
            list(
                torch.utils.data.SubsetRandomSampler(
                    list(range(20)), generator=torch.Generator().manual_seed(SEED)
                )
            )
            for _ in range(2)
        )
        return {
            "repeats": first == second,
            "global stream moved": not torch.equal(torch.get_rng_state(), before),
        }

    assert snapshot == observe(act)


@pytest.mark.api("torch.utils.data.WeightedRandomSampler", page="data")
@pytest.mark.changed(
    "1.6",
    "WeightedRandomSampler takes generator",
    kind="appeared",
    cause="pytorch#39737",
)
def test_weighted_random_sampler_draws_with_replacement_unless_told(snapshot):
    """``WeightedRandomSampler`` draws a sample again, unless ``replacement=False``.

    The order comes from its generator. A weight of 0 is never drawn.
    """

    def drawn(count, **settings):
        torch.manual_seed(SEED + 1)
        return list(
            torch.utils.data.WeightedRandomSampler(
                [0.0, 1.0, 1.0, 1.0, 1.0],
                count,
                generator=torch.Generator().manual_seed(SEED),
                **settings,
            )
        )

    def repeats():
        expected = torch.multinomial(
            torch.tensor([0.0, 1.0, 1.0, 1.0, 1.0], dtype=torch.double),
            12,
            True,
            generator=torch.Generator().manual_seed(SEED),
        )
        return drawn(12) == expected.tolist()

    assert snapshot == observe_each(
        {
            "without replacement": lambda: sorted(drawn(4, replacement=False)),
            "with": repeats,
        }
    )


@pytest.mark.api(
    "torch.utils.data.DistributedSampler",
    "torch.utils.data.distributed.DistributedSampler",
    page="data",
)
# cause unknown: searches for the seed of DistributedSampler found no pull request
@pytest.mark.changed(
    "1.6",
    "DistributedSampler takes seed",
    kind="appeared",
)
def test_distributed_sampler_adds_its_seed_to_the_epoch(snapshot):
    """``DistributedSampler`` shuffles by seed + epoch.

    So epoch 2 of the seed 3 has the order of epoch 5 of the seed 0.
    """

    def order(epoch, **settings):
        sampler = torch.utils.data.distributed.DistributedSampler(
            list(range(20)), num_replicas=1, rank=0, **settings
        )
        sampler.set_epoch(epoch)
        return list(sampler)

    def permuted(seed):
        return torch.randperm(20, generator=torch.Generator().manual_seed(seed)).tolist()

    assert snapshot == observe_each(
        {
            "same": lambda: order(2, seed=3) == order(5),
            "other seed": lambda: order(2, seed=3) == order(2),
            "generator": lambda: order(2, seed=3) == permuted(5),
        }
    )
