"""Whether a batch shares its memory with the data set: a change in place then reaches the data.

A loader stacks samples into a new tensor, so its batches can be changed. Without batches, with
``batch_size=None``, it gives the sample itself. A sample of ``TensorDataset`` is a view of its
tensor, and so is one of a ``Subset``. Trap: augmentation in place then changes the data set.
"""

import pytest
import torch
from torch.utils import data

from torch_history.observing import observe_each


def rows():
    return torch.tensor([[1.0, 2.0], [3.0, 4.0]])


def collate(name):
    """The public collate function, which older releases keep in another place."""
    return getattr(torch.utils.data._utils.collate, name)


READS = {
    "tensor": lambda x: x[0],
    "TensorDataset": lambda x: data.TensorDataset(x)[0][0],
    "TensorDataset, a slice": lambda x: data.TensorDataset(x)[:1][0],
    "TensorDataset, a list": lambda x: data.TensorDataset(x)[[0]][0],
    "Subset": lambda x: data.Subset(data.TensorDataset(x), [0])[0][0],
    "ConcatDataset": lambda x: data.ConcatDataset([data.TensorDataset(x)])[0][0],
    "random_split": lambda x: data.random_split(data.TensorDataset(x), [2])[0][0][0],
    "DataLoader": lambda x: next(iter(data.DataLoader(data.TensorDataset(x))))[0],
    "DataLoader of a tensor": lambda x: next(iter(data.DataLoader(x))),
    "DataLoader without batches": lambda x: next(iter(data.DataLoader(x, batch_size=None))),
    "DataLoader, its own collate_fn": lambda x: next(
        iter(data.DataLoader(x, batch_size=1, collate_fn=lambda samples: samples[0]))
    ),
    "default_collate": lambda x: collate("default_collate")([x[0]]),
    "default_convert": lambda x: collate("default_convert")(x),
}


@pytest.mark.api(
    "torch.utils.data.TensorDataset",
    "torch.utils.data.Subset",
    "torch.utils.data.ConcatDataset",
    "torch.utils.data.random_split",
    "torch.utils.data.DataLoader",
    page="data",
)
def test_sample_shares_the_memory_of_the_data_set_and_a_batch_does_not(snapshot):
    """A sample is a view of the data set, and a batch is a copy, also a batch of one sample.

    The value is whether filling the sample or the batch with zeros changes the data set.
    """

    def act(read):
        x = rows()
        read(x).zero_()
        return not torch.equal(x, rows())

    assert snapshot == observe_each(
        {name: lambda read=read: act(read) for name, read in READS.items()}
    )
