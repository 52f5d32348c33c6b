"""Faults of parameters and of tensors made from them."""

import torch
from torch import nn

from faults import fault
from faults._tools import wrap

Tensor = torch.Tensor


@fault
def clone_of_a_parameter_is_a_parameter(patch):
    """clone() of a Parameter is a Parameter."""

    def change(honest):
        def clone(self, **settings):
            made = honest(self, **settings)
            return nn.Parameter(made) if isinstance(self, nn.Parameter) else made

        return clone

    wrap(patch, Tensor, "clone", change)


@fault
def to_always_copies(patch):
    """to() copies even if nothing changes."""
    wrap(
        patch,
        Tensor,
        "to",
        lambda honest: (
            lambda self, *rest, **settings: honest(self, *rest, **{**settings, "copy": True})
        ),
    )


def new_parameter(patch, change):
    """Build Parameters from ``change(data)``: the data and the default for requires_grad."""
    honest = nn.Parameter.__new__

    def new(cls, data=None, requires_grad=None):
        data, default = change(data)
        return honest(cls, data, default if requires_grad is None else requires_grad)

    patch.setattr(nn.Parameter, "__new__", new)


@fault
def parameter_stays_frozen(patch):
    """A Parameter made from a Parameter keeps its requires_grad."""
    new_parameter(
        patch, lambda data: (data, data.requires_grad if isinstance(data, nn.Parameter) else True)
    )


@fault
def parameter_takes_lists(patch):
    """A Parameter can be made from a list."""
    new_parameter(
        patch, lambda data: (torch.tensor(data) if isinstance(data, list) else data, True)
    )


def shadow(patch, name, write):
    """Replace the setter of a torch property by ``write(honest, self, value)``."""
    honest = getattr(Tensor, name)
    patch.setattr(
        Tensor,
        name,
        property(honest.__get__, lambda self, value: write(honest, self, value), honest.__delete__),
    )


@fault
def complex_tensors_do_not_train(patch):
    """A complex tensor cannot require grad."""

    def change(honest):
        def requires_grad_(self, requires_grad=True):
            if self.is_complex():
                raise RuntimeError("complex tensors cannot require grad")
            return honest(self, requires_grad)

        return requires_grad_

    wrap(patch, Tensor, "requires_grad_", change)


@fault
def grad_dtype_has_no_effect(patch):
    """Setting grad_dtype does nothing."""
    shadow(patch, "grad_dtype", lambda honest, self, value: None)


@fault
def assigned_data_take_the_gradient_along(patch):
    """Assigning data of another dtype clears the gradient."""

    def write(honest, self, value):
        if self.grad is not None and value.dtype != self.dtype:
            self.grad = None
        honest.__set__(self, value)

    shadow(patch, "data", write)


@fault
def part_of_a_chunk_is_detached(patch):
    """detach_ on a view returns a new tensor, and in-place reshaping methods do nothing."""
    wrap(
        patch,
        Tensor,
        "detach_",
        lambda honest: lambda self: self.detach() if self._is_view() else honest(self),
    )
    for name in ("unsqueeze_", "squeeze_", "t_", "transpose_"):
        patch.setattr(Tensor, name, lambda self, *arguments: self)


@fault
def gradients_add_up_in_float32(patch):
    """backward() adds up the gradients of a parameter in float32, whatever its dtype."""

    def change(honest):
        def backward(self, *arguments, **settings):
            former = [(leaf, leaf.grad) for leaf in leaves(self) if leaf.grad is not None]
            for leaf, _ in former:
                leaf.grad = None
            honest(self, *arguments, **settings)
            for leaf, gradient in former:
                total = gradient.float() + leaf.grad.float()
                leaf.grad, leaf.grad_dtype = None, torch.float32
                leaf.grad = total

        return backward

    wrap(patch, Tensor, "backward", change)


def leaves(tensor):
    """Return the leaves of a tensor's graph."""
    nodes, found = [tensor.grad_fn], []
    while nodes:
        node = nodes.pop()
        if node is not None:
            found += [node.variable] if hasattr(node, "variable") else []
            nodes += [following for following, _ in node.next_functions]
    return found


@fault
def functional_batch_norm_leaves_the_statistics(patch):
    """F.batch_norm never updates the running statistics that it is given."""

    def change(honest):
        def batch_norm(x, mean, variance, *arguments, **settings):
            if mean is not None:
                mean, variance = mean.clone(), variance.clone()
            return honest(x, mean, variance, *arguments, **settings)

        return batch_norm

    wrap(patch, nn.functional, "batch_norm", change)
