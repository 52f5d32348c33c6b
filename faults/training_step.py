"""Faults of the training step."""

import torch

from faults import fault


@fault
def zero_grad_does_nothing(patch):
    """zero_grad leaves every gradient as it is."""
    patch.setattr(torch.optim.Optimizer, "zero_grad", lambda self, set_to_none=True: None)
    patch.setattr(torch.nn.Module, "zero_grad", lambda self, set_to_none=True: None)


@fault
def backward_doubles_gradients(patch):
    """backward gives every gradient twice its value."""
    honest = torch.Tensor.backward

    def backward(self, gradient=None, *arguments, **keywords):
        return honest(self * 2, gradient, *arguments, **keywords)

    patch.setattr(torch.Tensor, "backward", backward)
