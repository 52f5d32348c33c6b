"""Faults of what losses change beside their result."""

import torch
from torch import nn
from torch.nn import functional as F

from faults import fault
from faults.layers_effects import add_one, after


@fault
def loss_changes_its_target(patch):
    """``mse_loss`` adds one to its target."""
    after(patch, F, "mse_loss", lambda output, target, *given: add_one([target]))


@fault
def loss_draws(patch):
    """Each loss class draws a number from the random stream."""
    after(patch, nn.Module, "__call__", lambda *given: torch.rand(1))


@fault
def backward_of_a_loss_draws(patch):
    """Backward draws a number from the random stream."""
    after(patch, torch.Tensor, "backward", lambda *given: torch.rand(1))


@fault
def loss_copies_its_weights(patch):
    """A loss keeps a copy of the weights that it is given."""

    def then(self, *given):
        if self.weight is not None:
            self.weight = self.weight.clone()

    after(patch, nn.modules.loss._WeightedLoss, "__init__", then)
