"""What samplers and splits take, and how much they draw."""

import pytest
import torch
from torch.utils.data import (
    BatchSampler,
    DataLoader,
    Dataset,
    RandomSampler,
    Sampler,
    Subset,
    WeightedRandomSampler,
    random_split,
)
from torch.utils.data.distributed import DistributedSampler

from torch_history.observing import observe


class Numbers(Dataset):
    """0 to n - 1."""

    def __init__(self, n):
        self.n = n

    def __len__(self):
        return self.n

    def __getitem__(self, index):
        return index


def batches(loader):
    return [batch.tolist() if isinstance(batch, torch.Tensor) else batch for batch in loader]


@pytest.mark.api("torch.utils.data.Sampler", page="data")
@pytest.mark.changed(
    "2.1",
    "warns that data_source is not used",
    kind="warning",
    cause="pytorch#97338",
    advice="call super().__init__() without arguments",
)
@pytest.mark.changed(
    "2.10",
    "raises: Sampler has no __init__ of its own any more",
    kind="error",
    cause="pytorch#163134",
    advice="call super().__init__() without arguments",
)
def test_sampler_of_ones_own_passes_nothing_up(snapshot):
    """``super().__init__(data_source)``, as it was written for years, first warned and then raised: call it without arguments."""

    class Backwards(Sampler):
        def __init__(self, data):
            super().__init__(data)
            self.data = data

        def __iter__(self):
            return iter(range(len(self.data) - 1, -1, -1))

    assert snapshot == observe(lambda: list(Backwards([5, 6, 7])))


@pytest.mark.api("torch.utils.data.DataLoader", page="data")
@pytest.mark.changed("1.6", "takes any iterable", kind="error-gone")
def test_loader_takes_any_iterable_for_a_sampler(snapshot):
    """A list of indices gives these samples, in this order."""
    assert snapshot == observe(lambda: batches(DataLoader(Numbers(4), sampler=[3, 1])))


@pytest.mark.api("torch.utils.data.BatchSampler", page="data")
@pytest.mark.changed("1.6", "takes any iterable", kind="error-gone")
def test_batch_sampler_takes_any_iterable(snapshot):
    """A range or a list, not only a Sampler."""
    assert snapshot == observe(lambda: list(BatchSampler(range(3), 2, False)))


@pytest.mark.api("torch.utils.data.DataLoader", page="data")
@pytest.mark.changed("1.6", "takes shuffle with batch_size=None", kind="error-gone")
def test_loader_without_batches_shuffles(snapshot):
    """``batch_size=None`` gives samples as they are; only ``drop_last`` makes no sense with it."""
    assert snapshot == observe(
        lambda: sorted(batches(DataLoader(Numbers(4), batch_size=None, shuffle=True)))
    )


@pytest.mark.api("torch.utils.data.DataLoader", page="data")
@pytest.mark.changed(
    "1.7",
    "the loader takes prefetch_factor: 2, the default, without workers too",
    kind="api-appeared",
    cause="pytorch#41130",
)
@pytest.mark.changed(
    "2.0",
    "refuses 2 too, and names None as the default",
    kind="error",
    cause="pytorch#88972",
    advice="leave prefetch_factor out where num_workers is 0",
)
@pytest.mark.parametrize("factor", [2, 4])
def test_prefetch_factor_without_workers_raises(factor, snapshot):
    """``num_workers=0`` prefetches nothing. The default of 2 was once taken when it was spelt out."""
    assert snapshot == observe(
        lambda: DataLoader(Numbers(4), prefetch_factor=factor).prefetch_factor
    )


@pytest.mark.api("torch.utils.data.DataLoader", page="data")
@pytest.mark.changed(
    "1.7",
    "the loader has prefetch_factor, 2 by default",
    kind="api-appeared",
    cause="pytorch#41130",
)
@pytest.mark.changed(
    "2.0",
    "None instead of 2 without workers",
    kind="silent",
    cause="pytorch#88972",
    advice="do not compute with loader.prefetch_factor",
)
def test_prefetch_factor_is_none_without_workers(snapshot):
    """The default is 2 with workers, and None without."""
    assert snapshot == observe(lambda: DataLoader(Numbers(4)).prefetch_factor)


@pytest.mark.api("torch.utils.data.DataLoader", page="data")
@pytest.mark.changed(
    "1.7", "the loader takes persistent_workers, and refuses them without workers", kind="exception"
)
def test_persistent_workers_without_workers_raise(snapshot):
    """There is nobody to keep."""
    assert snapshot == observe(lambda: batches(DataLoader(Numbers(4), persistent_workers=True)))


@pytest.mark.api("torch.utils.data.RandomSampler", page="data")
@pytest.mark.changed(
    "1.11", "takes num_samples without replacement", kind="error-gone", cause="pytorch#71568"
)
@pytest.mark.parametrize("number", [2, 7])
def test_random_sampler_without_replacement_draws_another_number(number, snapshot):
    """Fewer are a part of one order; more go through the data again, each once before any a third time."""

    def act():
        drawn = list(RandomSampler(range(3), num_samples=number))
        counts = sorted(drawn.count(index) for index in range(3))
        return {"drawn": len(drawn), "counts": counts}

    assert snapshot == observe(act)


@pytest.mark.api("torch.utils.data.RandomSampler", page="data")
@pytest.mark.changed(
    "1.6",
    "raises TypeError instead of ValueError",
    kind="exception",
    advice="pass replacement=True or False",
)
def test_replacement_that_is_no_bool_raises(snapshot):
    """TypeError, where it was ValueError: ``replacement`` stands second, before the number of samples."""
    assert snapshot == observe(lambda: RandomSampler(range(3), 2).num_samples)


@pytest.mark.api("torch.utils.data.WeightedRandomSampler", page="data")
@pytest.mark.changed(
    "1.13", "raises where it gave lists of indices", kind="error", advice="pass one row: weights[0]"
)
def test_rows_of_weights_raise(snapshot):
    """Weights [1, 2] are one row: its columns would be drawn. They used to come as lists of indices."""
    assert snapshot == observe(lambda: len(list(WeightedRandomSampler([[1.0, 1.0]], 3))))


@pytest.mark.api("torch.utils.data.random_split", page="data")
@pytest.mark.changed(
    "1.13", "takes fractions that sum to 1", kind="error-gone", cause="pytorch#78877"
)
@pytest.mark.parametrize(
    "fractions",
    [[0.25, 0.75], [1 / 3, 1 / 3, 1 / 3], [0.95, 0.05]],
    ids=["quarters", "thirds", "tiny"],
)
def test_random_split_takes_fractions(fractions, snapshot):
    """Each part is rounded down, and what is left goes to the parts in turn, the first first. An empty part warns."""
    assert snapshot == observe(lambda: [len(part) for part in random_split(Numbers(10), fractions)])


@pytest.mark.api("torch.utils.data.random_split", page="data")
@pytest.mark.changed("1.6", "random_split takes a generator", kind="api-appeared")
def test_random_split_with_a_generator_leaves_the_stream_alone(snapshot):
    """The same parts under any global seed: the validation set stays the same from run to run."""

    def act():
        torch.manual_seed(0)
        expected = torch.rand(1)
        torch.manual_seed(0)
        parts = random_split(Numbers(6), [4, 2], generator=torch.Generator().manual_seed(1))
        return {
            "moved": not torch.equal(torch.rand(1), expected),
            "second part": list(parts[1].indices),
        }

    assert snapshot == observe(act)


@pytest.mark.api("torch.utils.data.Subset", page="data")
@pytest.mark.changed(
    "2.1",
    "the loader asks for whole batches by __getitems__: the override is passed by in silence",
    kind="silent",
    cause="pytorch#100375",
    advice="override __getitems__ too: [self[i] for i in indices]",
)
@pytest.mark.changed(
    "2.11",
    "raises: who overrides one has to override the other",
    kind="error",
    cause="pytorch#163961",
    advice="override __getitems__ too: [self[i] for i in indices]",
)
def test_subset_that_overrides_getitem_alone_raises(snapshot):
    """A loader asks for a batch by ``__getitems__``: for years an override, say a transform, was passed by in silence."""

    class Doubled(Subset):
        def __getitem__(self, index):
            return 2 * self.dataset[self.indices[index]]

    assert snapshot == observe(
        lambda: batches(DataLoader(Doubled(Numbers(4), [3, 1]), batch_size=2))
    )


@pytest.mark.api("torch.utils.data.Subset", page="data")
@pytest.mark.changed("1.10", "in 1.10 alone the AttributeError has no message", kind="wording")
@pytest.mark.changed("1.11", "the message names the attribute again", kind="wording")
@pytest.mark.changed("2.1", "Subset has __getitems__", kind="api-appeared", cause="pytorch#100375")
def test_subset_gives_a_whole_batch_at_once(snapshot):
    """``__getitems__`` of a list of positions; a data set that has it too is asked once."""
    assert snapshot == observe(lambda: Subset(Numbers(4), [3, 1]).__getitems__([1, 0]))


@pytest.mark.api("torch.utils.data.distributed.DistributedSampler", page="data")
@pytest.mark.changed(
    "1.8",
    "raises where indices of no rank's share came",
    kind="error",
    advice="pass a rank below num_replicas",
)
def test_distributed_sampler_of_a_rank_too_high_raises(snapshot):
    """Ranks count from 0. It used to give indices, of no rank's share."""
    assert snapshot == observe(
        lambda: DistributedSampler(range(4), num_replicas=2, rank=2).num_samples
    )


@pytest.mark.api("torch.utils.data.distributed.DistributedSampler", page="data")
@pytest.mark.changed(
    "1.8",
    "repeats the samples as often as it takes, instead of failing an assertion",
    kind="error-gone",
)
def test_distributed_sampler_gives_every_rank_a_sample_of_the_smallest_set(snapshot):
    """One sample for four ranks: each gets it. It used to raise."""
    assert snapshot == observe(
        lambda: list(DistributedSampler(range(1), num_replicas=4, rank=3, shuffle=False))
    )


@pytest.mark.api("torch.utils.data.distributed.DistributedSampler", page="data")
@pytest.mark.changed("1.7", "DistributedSampler takes drop_last", kind="api-appeared")
@pytest.mark.parametrize("settings", [{}, {"drop_last": True}], ids=["filled up", "drop_last"])
def test_distributed_sampler_fills_up_or_drops(settings, snapshot):
    """Five samples for two ranks: the first comes twice, or the last never."""

    def act():
        return [
            list(DistributedSampler(range(5), num_replicas=2, rank=rank, shuffle=False, **settings))
            for rank in (0, 1)
        ]

    assert snapshot == observe(act)
