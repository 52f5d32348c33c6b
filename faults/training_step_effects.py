"""Faults of what backward, clipping and checkpointing change."""

import torch
from torch import nn

from faults import fault
from faults.layers_effects import after


@fault
def backward_copies_the_gradient(patch):
    """``backward`` passes a clone of the given gradient on, and clones ``.grad`` at the end."""
    honest = torch.Tensor.backward

    def wrong(self, gradient=None, **settings):
        given = None if gradient is None else gradient.clone()
        return honest(self, given, **settings)

    patch.setattr(torch.Tensor, "backward", wrong)


@fault
def stack_is_a_sum_with_zero(patch):
    """``stack`` adds zero to its inputs, so that each has a gradient of its own."""
    honest = torch.stack
    patch.setattr(torch, "stack", lambda parts, *given: honest([one * 1 for one in parts], *given))


@fault
def create_graph_is_ignored(patch):
    """``backward`` ignores ``create_graph``."""
    honest = torch.Tensor.backward
    patch.setattr(
        torch.Tensor,
        "backward",
        lambda self, gradient=None, create_graph=False, **settings: honest(
            self, gradient, retain_graph=True
        ),
    )


@fault
def functional_derivatives_draw(patch):
    """``vjp`` of ``torch.autograd.functional`` and ``grad`` of ``torch.func`` draw a number."""
    after(patch, torch.autograd.functional, "vjp", lambda *given: torch.rand(1))
    after(patch, torch.func, "grad", lambda *given: torch.rand(1))


@fault
def requires_grad_clears_the_gradient(patch):
    """``requires_grad_`` of a tensor removes its gradient."""

    def then(self, *given):
        self.grad = None

    after(patch, torch.Tensor, "requires_grad_", then)


@fault
def checkpoint_forgets_the_stream(patch):
    """``checkpoint`` does not give the random stream back."""
    patch.setattr(torch, "set_rng_state", lambda state: None)


@fault
def hooks_run_once(patch):
    """A hook that is registered on a module is removed after its first run."""
    honest = nn.Module.register_forward_hook

    def wrong(self, hook):
        handle = None

        def once(*given):
            handle.remove()
            return hook(*given)

        handle = honest(self, once)
        return handle

    patch.setattr(nn.Module, "register_forward_hook", wrong)
