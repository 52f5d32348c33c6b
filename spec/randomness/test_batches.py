"""How samples become a batch: ``default_collate``."""

import pytest
import torch
from torch.utils.data import DataLoader

from torch_history.observing import observe


def batch(*samples):
    return next(iter(DataLoader(list(samples), batch_size=len(samples))))


@pytest.mark.api("torch.utils.data.default_collate", page="data")
@pytest.mark.changed(
    "1.6",
    "raises where the batch was cut to the shortest sample in silence",
    kind="error",
    cause="pytorch#38492",
    advice="pad the samples, or give a collate_fn",
)
def test_samples_of_different_lengths_raise(snapshot):
    """Tuples of two and of one: the batch used to be cut to the shortest, in silence."""
    assert snapshot == observe(lambda: batch((1, 2), (3,)))


@pytest.mark.api("torch.utils.data.default_collate", page="data")
@pytest.mark.changed("1.5", "the message speaks of stack, and names both sizes", kind="wording")
def test_tensors_of_different_sizes_do_not_make_a_batch(snapshot):
    """Sentences or images of different sizes: pad them, or give a ``collate_fn``."""
    assert snapshot == observe(lambda: batch(torch.zeros(1), torch.zeros(2)))


@pytest.mark.api("torch.utils.data.default_collate", page="data")
@pytest.mark.changed("1.5", "the message names the C++ types", kind="wording")
@pytest.mark.changed(
    "1.6",
    "the batch takes the wider dtype",
    kind="error-gone",
    advice="give samples of one dtype: the dtype of the batch now depends on its samples",
)
def test_samples_of_mixed_dtypes_become_the_wider_one(snapshot):
    """An integer and a float tensor become floats, whichever comes first. It used to raise."""
    assert snapshot == observe(lambda: batch(torch.tensor(1), torch.tensor(2.5)))


@pytest.mark.api("torch.utils.data.default_collate", page="data")
@pytest.mark.changed("1.11", "torch.utils.data has default_collate", kind="api-appeared")
def test_default_collate_is_public(snapshot):
    """For a ``collate_fn`` that does a little more."""
    assert snapshot == observe(lambda: torch.utils.data.default_collate([1, 2]))
