"""What samplers, loaders, subsets and splits accept, and which samples they give.

Any iterable can be a sampler or the input of a ``torch.utils.data.BatchSampler`` since 1.6. A
sampler class of your own calls ``super().__init__()`` without arguments: an argument warns since
2.1 and raises since 2.10. A ``torch.utils.data.Subset`` that overrides ``__getitem__`` must also
override ``__getitems__``; from 2.1 to 2.10 loaders silently skipped an override of the first alone.
``torch.utils.data.random_split`` takes fractions since 1.13.
``torch.utils.data.distributed.DistributedSampler`` repeats samples to give every rank the same
number, or drops the last ones.
"""

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
    """The numbers 0 to n - 1."""

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
    restored_by="randomness.sampler_that_calls_super_without_arguments_draws",
    when=("data_source@0=<unknown>", "data_source@0!=None"),
)
@pytest.mark.changed(
    "2.10",
    "raises: Sampler no longer has its own __init__",
    kind="error",
    cause="pytorch#163134",
    advice="call super().__init__() without arguments",
    restored_by="randomness.sampler_that_calls_super_without_arguments_draws",
    when="data_source@0",
)
def test_sampler_of_ones_own_passes_nothing_up(snapshot):
    """A subclass of Sampler must call ``super().__init__()`` without arguments.

    ``super().__init__(data_source)``, the usual form for years, warns since 2.1 and raises since
    2.10.
    """

    class Backwards(Sampler):
        def __init__(self, data):
            super().__init__(data)
            self.data = data

        def __iter__(self):
            return iter(range(len(self.data) - 1, -1, -1))

    assert snapshot == observe(lambda: list(Backwards([5, 6, 7])))


@pytest.mark.api("torch.utils.data.Sampler", page="data")
@pytest.mark.changed(
    "2.1", "data_source of Sampler is optional", kind="error-gone", cause="pytorch#97338"
)
def test_sampler_that_calls_super_without_arguments_draws(snapshot):
    """Since 2.1 a subclass of Sampler may call ``super().__init__()`` without arguments.

    Before, ``Sampler.__init__`` required the data source.
    """

    class Backwards(Sampler):
        def __init__(self, data):
            super().__init__()
            self.data = data

        def __iter__(self):
            return iter(range(len(self.data) - 1, -1, -1))

    assert snapshot == observe(lambda: list(Backwards([5, 6, 7])))


@pytest.mark.api("torch.utils.data.DataLoader", page="data")
@pytest.mark.changed("1.6", "accepts any iterable", kind="error-gone", cause="pytorch#38403")
def test_loader_takes_any_iterable_for_a_sampler(snapshot):
    """Since 1.6 DataLoader accepts any iterable as its sampler.

    A list of indices gives these samples, in this order.
    """
    assert snapshot == observe(lambda: batches(DataLoader(Numbers(4), sampler=[3, 1])))


@pytest.mark.api("torch.utils.data.BatchSampler", page="data")
@pytest.mark.changed("1.6", "accepts any iterable", kind="error-gone", cause="pytorch#38403")
def test_batch_sampler_takes_any_iterable(snapshot):
    """Since 1.6 BatchSampler accepts any iterable, such as a range or a list."""
    assert snapshot == observe(lambda: list(BatchSampler(range(3), 2, False)))


@pytest.mark.api("torch.utils.data.DataLoader", page="data")
@pytest.mark.changed(
    "1.6", "accepts shuffle with batch_size=None", kind="error-gone", cause="pytorch#39865"
)
def test_loader_without_batches_shuffles(snapshot):
    """Since 1.6 DataLoader shuffles with ``batch_size=None``, which gives single samples.

    Before, the two arguments together raised.
    """
    assert snapshot == observe(
        lambda: sorted(batches(DataLoader(Numbers(4), batch_size=None, shuffle=True)))
    )


@pytest.mark.api("torch.utils.data.DataLoader", page="data")
@pytest.mark.changed(
    "1.7",
    "the loader takes prefetch_factor, and accepts only 2, the default, without workers",
    kind="appeared",
    cause="pytorch#41130",
)
@pytest.mark.changed(
    "2.0",
    "refuses 2 too: the default is None",
    kind="error",
    cause="pytorch#88972",
    advice="leave prefetch_factor out if num_workers is 0",
    when=("prefetch_factor=2 and -num_workers@5", "prefetch_factor=2 and num_workers@5=0"),
)
@pytest.mark.changed(
    "2.0",
    "the message for 4 names None as the default",
    kind="wording",
    cause="pytorch#88972",
    when=(
        ":caught and prefetch_factor!=2|None and -num_workers@5",
        ":caught and prefetch_factor!=2|None and num_workers@5=0",
    ),
)
@pytest.mark.parametrize("factor", [2, 4])
def test_prefetch_factor_without_workers_raises(factor, snapshot):
    """DataLoader without workers raises for a ``prefetch_factor``: nothing is prefetched.

    Before 2.0 it accepted the default value of 2.
    """
    assert snapshot == observe(
        lambda: DataLoader(Numbers(4), prefetch_factor=factor).prefetch_factor
    )


@pytest.mark.api(
    "torch.utils.data.DataLoader", "torch.utils.data.DataLoader.prefetch_factor", page="data"
)
@pytest.mark.changed(
    "1.7",
    "the loader has prefetch_factor, 2 by default",
    kind="appeared",
    cause="pytorch#41130",
)
@pytest.mark.changed(
    "2.0",
    "is None instead of 2 without workers",
    kind="silent",
    cause="pytorch#88972",
    advice="read loader.prefetch_factor or 2",
    restored_by="randomness.prefetch_factor_or_two_is_two_without_workers",
    of=("torch.utils.data.DataLoader.prefetch_factor",),
    unless=(),
    depends="the number of workers",
)
def test_prefetch_factor_is_none_without_workers(snapshot):
    """Since 2.0 the default of ``prefetch_factor`` is None without workers, and 2 with workers."""
    assert snapshot == observe(lambda: DataLoader(Numbers(4)).prefetch_factor)


@pytest.mark.api("torch.utils.data.DataLoader", page="data")
@pytest.mark.changed(
    "1.7",
    "the loader has prefetch_factor",
    kind="appeared",
    cause="pytorch#41130",
)
def test_prefetch_factor_or_two_is_two_without_workers(snapshot):
    """``loader.prefetch_factor or 2`` is a number, with workers and without them.

    Without workers the attribute is None since 2.0.
    """
    assert snapshot == observe(lambda: DataLoader(Numbers(4)).prefetch_factor or 2)


@pytest.mark.api("torch.utils.data.DataLoader", page="data")
@pytest.mark.changed(
    "1.7",
    "the loader takes persistent_workers, and refuses it without workers",
    kind="exception",
    cause="pytorch#35795",
    when=(
        ":caught and persistent_workers=True and -num_workers@5",
        ":caught and persistent_workers=True and num_workers@5=0",
    ),
)
def test_persistent_workers_without_workers_raise(snapshot):
    """DataLoader without workers raises for ``persistent_workers=True``.

    There are no workers to keep.
    """
    assert snapshot == observe(lambda: batches(DataLoader(Numbers(4), persistent_workers=True)))


@pytest.mark.api("torch.utils.data.RandomSampler", page="data")
@pytest.mark.changed(
    "1.11", "takes num_samples without replacement", kind="error-gone", cause="pytorch#71568"
)
@pytest.mark.parametrize("number", [2, 7])
def test_random_sampler_without_replacement_draws_another_number(number, snapshot):
    """Since 1.11 RandomSampler takes ``num_samples`` without replacement.

    A number below the size of the data gives a part of one permutation. A larger number goes
    through the data again, and each complete pass gives every index once.
    """

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
    cause="pytorch#36547",
    advice="pass replacement=True or False",
    when=":caught and replacement@1!=True|False",
    rarely="a replacement that is no bool",
)
def test_replacement_that_is_no_bool_raises(snapshot):
    """RandomSampler raises if ``replacement`` is not a bool: TypeError, before 1.6 ValueError.

    ``replacement`` is the second argument, before the number of samples.
    """
    assert snapshot == observe(lambda: RandomSampler(range(3), 2).num_samples)


@pytest.mark.api("torch.utils.data.WeightedRandomSampler", page="data")
@pytest.mark.changed(
    "1.13",
    "raises instead of giving lists of indices",
    kind="error",
    cause="pytorch#78585",
    advice="call torch.multinomial(weights, 3, replacement=True)",
    restored_by="randomness.multinomial_draws_from_rows_of_weights",
    rarely="weights in rows",
)
def test_rows_of_weights_raise(snapshot):
    """Since 1.13 WeightedRandomSampler raises for weights in rows. Pass one row.

    Before, it drew from the columns of each row and gave lists of indices.
    """
    assert snapshot == observe(lambda: len(list(WeightedRandomSampler([[1.0, 1.0]], 3))))


@pytest.mark.api("torch.multinomial", page="generated/torch.multinomial")
def test_multinomial_draws_from_rows_of_weights(snapshot):
    """``torch.multinomial`` draws from the columns of each row of weights.

    WeightedRandomSampler does the same with one row.
    """
    weights = torch.tensor([[1.0, 1.0]])
    assert snapshot == observe(
        lambda: len(torch.multinomial(weights, 3, replacement=True).tolist())
    )


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
    """Since 1.13 ``random_split`` takes fractions that sum to 1.

    Each part is rounded down. The remaining samples go to the parts in turn, from the first on. An
    empty part warns.
    """
    assert snapshot == observe(lambda: [len(part) for part in random_split(Numbers(10), fractions)])


@pytest.mark.api("torch.utils.data.random_split", page="data")
@pytest.mark.changed(
    "1.6",
    "random_split takes a generator",
    kind="appeared",
    cause="pytorch#34043",
    probable=True,
)
def test_random_split_with_a_generator_leaves_the_stream_alone(snapshot):
    """``random_split`` with a ``generator`` leaves the global stream alone.

    It gives the same parts under any global seed, so each run has the same validation set.
    """

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
    "the loader gets whole batches from __getitems__ and silently skips the override",
    kind="silent",
    cause="pytorch#100375",
    advice="override __getitems__ too: return [self[i] for i in indices]",
    restored_by="randomness.subset_that_overrides_both_gives_its_own_samples",
    when=":subclass",
    depends="the methods that the class overrides",
)
@pytest.mark.changed(
    "2.11",
    "raises: a subclass that overrides one has to override the other",
    kind="error",
    cause="pytorch#163961",
    advice="override __getitems__ too: return [self[i] for i in indices]",
    when=":subclass",
    depends="the methods that the class overrides",
)
def test_subset_that_overrides_getitem_alone_raises(snapshot):
    """Since 2.11 a Subset that overrides ``__getitem__`` without ``__getitems__`` raises.

    A loader gets a batch from ``__getitems__``. From 2.1 to 2.10 it silently skipped the override,
    for example a transform.
    """

    class Doubled(Subset):
        def __getitem__(self, index):
            return 2 * self.dataset[self.indices[index]]

    assert snapshot == observe(
        lambda: batches(DataLoader(Doubled(Numbers(4), [3, 1]), batch_size=2))
    )


@pytest.mark.api("torch.utils.data.Subset", page="data")
def test_subset_that_overrides_both_gives_its_own_samples(snapshot):
    """A Subset that overrides ``__getitem__`` and ``__getitems__`` gives its own samples.

    A loader gets a batch from ``__getitems__`` since 2.1, and a sample from ``__getitem__``.
    """

    class Doubled(Subset):
        def __getitem__(self, index):
            return 2 * self.dataset[self.indices[index]]

        def __getitems__(self, indices):
            return [self[index] for index in indices]

    assert snapshot == observe(
        lambda: batches(DataLoader(Doubled(Numbers(4), [3, 1]), batch_size=2))
    )


@pytest.mark.api("torch.utils.data.Subset", page="data")
@pytest.mark.changed("1.10", "the AttributeError has no message, in 1.10 only", kind="wording")
@pytest.mark.changed(
    "1.11", "the message names the attribute again", kind="wording", cause="pytorch#69021"
)
@pytest.mark.changed("2.1", "Subset has __getitems__", kind="appeared", cause="pytorch#100375")
def test_subset_gives_a_whole_batch_at_once(snapshot):
    """``Subset.__getitems__`` returns the samples for a list of positions.

    A data set that also has ``__getitems__`` is asked once for the whole batch.
    """
    assert snapshot == observe(lambda: Subset(Numbers(4), [3, 1]).__getitems__([1, 0]))


@pytest.mark.api(
    "torch.utils.data.distributed.DistributedSampler",
    "torch.utils.data.DistributedSampler",
    page="data",
)
@pytest.mark.changed(
    "1.8",
    "raises instead of giving indices that belong to no rank",
    kind="error",
    cause="pytorch#48865",
    advice="pass a rank below num_replicas: rank=1",
    restored_by="randomness.distributed_sampler_of_the_last_rank_has_its_share",
    when="rank@2!=0",
    rarely="a rank that is not below num_replicas",
)
def test_distributed_sampler_of_a_rank_too_high_raises(snapshot):
    """Since 1.8 DistributedSampler raises for a rank that is not below ``num_replicas``.

    Ranks count from 0. Before, it gave indices that belong to no rank.
    """
    assert snapshot == observe(
        lambda: DistributedSampler(range(4), num_replicas=2, rank=2).num_samples
    )


@pytest.mark.api("torch.utils.data.distributed.DistributedSampler", page="data")
def test_distributed_sampler_of_the_last_rank_has_its_share(snapshot):
    """DistributedSampler gives the last rank its share of the samples, two of four.

    The last rank is ``num_replicas`` minus one.
    """
    assert snapshot == observe(
        lambda: DistributedSampler(range(4), num_replicas=2, rank=1).num_samples
    )


@pytest.mark.api(
    "torch.utils.data.distributed.DistributedSampler",
    "torch.utils.data.DistributedSampler",
    page="data",
)
@pytest.mark.changed(
    "1.8",
    "repeats the samples as often as needed instead of failing an assertion",
    kind="error-gone",
    cause="pytorch#45329",
)
def test_distributed_sampler_gives_every_rank_a_sample_of_the_smallest_set(snapshot):
    """Since 1.8 DistributedSampler gives every rank a sample, even of the smallest data set.

    With one sample for four ranks, each rank gets it. Before, it raised.
    """
    assert snapshot == observe(
        lambda: list(DistributedSampler(range(1), num_replicas=4, rank=3, shuffle=False))
    )


@pytest.mark.api(
    "torch.utils.data.distributed.DistributedSampler",
    "torch.utils.data.DistributedSampler",
    page="data",
)
@pytest.mark.changed(
    "1.7", "DistributedSampler takes drop_last", kind="appeared", cause="pytorch#41171"
)
@pytest.mark.parametrize("settings", [{}, {"drop_last": True}], ids=["filled up", "drop_last"])
def test_distributed_sampler_fills_up_or_drops(settings, snapshot):
    """DistributedSampler repeats samples to fill up all ranks, or drops the last ones.

    With five samples for two ranks, the first comes twice, or with ``drop_last`` the last never.
    """

    def act():
        return [
            list(DistributedSampler(range(5), num_replicas=2, rank=rank, shuffle=False, **settings))
            for rank in (0, 1)
        ]

    assert snapshot == observe(act)
