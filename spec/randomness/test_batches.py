"""``torch.utils.data.default_collate`` makes a batch of samples that have the same size.

Samples of different lengths and tensors of different sizes raise: pad them, or pass a
``collate_fn``. Before 1.6, samples of different lengths were silently cut to the shortest. Samples
of mixed dtypes become a batch of the wider dtype, where they raised before 1.6. The function is
public since 1.11.
"""

import pytest
import torch
from torch.utils.data import DataLoader

from torch_history.observing import observe


def batch(*samples):
    return next(iter(DataLoader(list(samples), batch_size=len(samples))))


@pytest.mark.api("torch.utils.data.default_collate", "torch.utils.data.DataLoader", page="data")
@pytest.mark.changed(
    "1.6",
    "raises instead of silently cutting the batch to the shortest sample",
    kind="error",
    cause="pytorch#38492",
    advice="cut or pad the samples to one length: sample[:1]",
    restored_by="randomness.samples_cut_to_one_length_make_a_batch",
    rarely="samples of different lengths",
    of=("torch.utils.data.default_collate",),
)
def test_samples_of_different_lengths_raise(snapshot):
    """Since 1.6 a batch of samples of different lengths raises.

    Before, a batch of tuples of two and of one was silently cut to the shortest.
    """
    assert snapshot == observe(lambda: batch((1, 2), (3,)))


@pytest.mark.api("torch.utils.data.default_collate", page="data")
def test_samples_cut_to_one_length_make_a_batch(snapshot):
    """Samples that are cut to the length of the shortest make a batch.

    Since 1.6, samples of different lengths raise.
    """
    assert snapshot == observe(lambda: batch(*(sample[:1] for sample in ((1, 2), (3,)))))


@pytest.mark.api("torch.utils.data.default_collate", "torch.utils.data.DataLoader", page="data")
@pytest.mark.changed(
    "1.5",
    "the message mentions stack, and names both sizes",
    kind="wording",
    cause="pytorch#32931",
)
def test_tensors_of_different_sizes_do_not_make_a_batch(snapshot):
    """Tensors of different sizes do not make a batch. Pad them, or pass a ``collate_fn``.

    Sentences and images often differ in size.
    """
    assert snapshot == observe(lambda: batch(torch.zeros(1), torch.zeros(2)))


@pytest.mark.api("torch.utils.data.default_collate", "torch.utils.data.DataLoader", page="data")
@pytest.mark.changed("1.5", "the message names the C++ types", kind="wording")
@pytest.mark.changed(
    "1.6",
    "the batch has the wider dtype instead of raising",
    kind="error-gone",
    cause="pytorch#35030",
    advice="give all samples one dtype: the dtype of the batch now depends on its samples",
)
def test_samples_of_mixed_dtypes_become_the_wider_one(snapshot):
    """Since 1.6 samples of mixed dtypes become a batch of the wider dtype.

    An integer and a float tensor become floats, whichever comes first. Before, they raised.
    """
    assert snapshot == observe(lambda: batch(torch.tensor(1), torch.tensor(2.5)))


@pytest.mark.api("torch.utils.data.default_collate", page="data")
@pytest.mark.changed(
    "1.11", "torch.utils.data has default_collate", kind="appeared", cause="pytorch#69862"
)
def test_default_collate_is_public(snapshot):
    """Since 1.11 ``default_collate`` is public in ``torch.utils.data``.

    Call it in a ``collate_fn`` that does a little more.
    """
    assert snapshot == observe(lambda: torch.utils.data.default_collate([1, 2]))
