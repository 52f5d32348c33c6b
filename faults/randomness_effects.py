"""Faults of what moves the random stream, and of what shares the memory of a data set."""

import torch
from torch.utils import data

from faults import fault
from faults.layers_effects import after


@fault
def loader_draws_when_it_is_made(patch):
    """A loader draws a number when it is made."""
    after(patch, data.DataLoader, "__init__", lambda *given: torch.rand(1))


@fault
def generator_is_seeded_from_the_stream(patch):
    """``randperm`` draws a number from the global stream too."""
    after(patch, torch, "randperm", lambda *given: torch.rand(1))


@fault
def zeros_draw(patch):
    """``torch.zeros`` draws a number."""
    after(patch, torch, "zeros", lambda *given: torch.rand(1))


@fault
def sample_is_a_copy(patch):
    """A sample of ``TensorDataset`` is a copy."""
    honest = data.TensorDataset.__getitem__
    patch.setattr(
        data.TensorDataset,
        "__getitem__",
        lambda self, index: tuple(one.clone() for one in honest(self, index)),
    )
