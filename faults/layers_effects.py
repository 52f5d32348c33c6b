"""Faults of what layers change beside their result."""

import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.modules.lazy import LazyModuleMixin

from faults import fault


def after(patch, owner, name, then):
    """Make ``owner.name`` call ``then(*arguments)`` after itself."""
    honest = getattr(owner, name)

    def wrong(*arguments, **keywords):
        result = honest(*arguments, **keywords)
        then(*arguments)
        return result

    patch.setattr(owner, name, wrong)


def add_one(tensors):
    """Add one to each tensor, without a record of autograd."""
    with torch.no_grad():
        for tensor in tensors:
            if torch.is_tensor(tensor):
                tensor.add_(1)


@fault
def call_of_a_module_draws(patch):
    """Each call of a module draws a number from the random stream."""
    after(patch, nn.Module, "__call__", lambda *given: torch.rand(1))


@fault
def call_of_a_module_changes_its_input(patch):
    """Each call of a module adds one to its inputs."""
    after(patch, nn.Module, "__call__", lambda self, *inputs: add_one(inputs))


@fault
def backward_draws(patch):
    """Each backward pass draws a number from the random stream."""
    after(patch, torch.Tensor, "backward", lambda *given: torch.rand(1))


@fault
def functions_draw(patch):
    """A softmax, a pooling and a linear map draw a number from the random stream."""
    for name in ("softmax", "avg_pool1d", "linear"):
        after(patch, F, name, lambda *given: torch.rand(1))


@fault
def functions_draw_without_training(patch):
    """``dropout`` draws a number whether it trains or not."""
    after(patch, F, "dropout", lambda *given: torch.rand(1))


@fault
def batch_norm_copies_its_statistics(patch):
    """``batch_norm`` writes into copies of the statistics that it is given."""
    honest = F.batch_norm

    def wrong(x, mean, variance, *arguments, **keywords):
        own = [None if one is None else one.clone() for one in (mean, variance)]
        return honest(x, *own, *arguments, **keywords)

    patch.setattr(F, "batch_norm", wrong)


@fault
def batchnorm_counts_in_another_tensor(patch):
    """BatchNorm replaces ``num_batches_tracked`` at each call."""

    def then(self, *given):
        self.num_batches_tracked = self.num_batches_tracked.clone()

    after(patch, nn.modules.batchnorm._BatchNorm, "forward", then)


@fault
def fractional_max_pool_draws_beside_its_samples(patch):
    """FractionalMaxPool draws a number although it is given its samples."""
    for name in ("fractional_max_pool2d", "fractional_max_pool3d"):
        after(patch, F, name, lambda *given: torch.rand(1))


@fault
def lazy_layer_draws_when_it_is_made(patch):
    """A lazy layer draws a number when it is made."""
    after(patch, LazyModuleMixin, "__init__", lambda *given: torch.rand(1))


@fault
def recurrent_layer_draws_in_eval(patch):
    """RNN, LSTM and GRU draw a number in each call."""
    for layer in (nn.RNN, nn.LSTM, nn.GRU):
        after(patch, layer, "forward", lambda *given: torch.rand(1))
