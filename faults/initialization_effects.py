"""Faults of what initialization changes."""

import copy

import torch
from torch import nn
from torch.nn import init

from faults import fault
from faults.layers_effects import after


@fault
def module_draws_when_it_is_made(patch):
    """Each module draws a number when it is made."""
    after(patch, nn.Module, "__init__", lambda *given, **named: torch.rand(1))


@fault
def reset_parameters_clears_the_gradient(patch):
    """``reset_parameters`` of a linear layer removes its gradients."""

    def then(self, *given):
        self.weight.grad = None

    after(patch, nn.Linear, "reset_parameters", then)


@fault
def reset_running_stats_does_nothing(patch):
    """``reset_running_stats`` leaves the statistics."""
    patch.setattr(nn.modules.batchnorm._NormBase, "reset_running_stats", lambda self: None)


@fault
def constant_draws(patch):
    """``zeros_`` and ``constant_`` draw a number."""
    for name in ("zeros_", "constant_"):
        after(patch, init, name, lambda *given: torch.rand(1))


@fault
def encoder_shares_its_layers(patch):
    """A Transformer holds the same layer several times."""
    patch.setattr(copy, "deepcopy", lambda one: one)
