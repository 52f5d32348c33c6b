"""Faults of the timed training steps."""

import torch

from faults import fault
from faults._tools import wrap

Tensor, Module, Adam, Optimizer = (
    torch.Tensor,
    torch.nn.Module,
    torch.optim.Adam,
    torch.optim.Optimizer,
)


def members(optimizer):
    return [parameter for group in optimizer.param_groups for parameter in group["params"]]


@fault
def linear_writes_to_its_weight(patch):
    """The forward of Linear shrinks its weight."""

    def change(honest):
        def forward(self, x):
            self.weight.data.mul_(0.99)
            return honest(self, x)

        return forward

    wrap(patch, torch.nn.Linear, "forward", change)


@fault
def losses_make_gradients(patch):
    """Calling a network gives its parameters gradients of zeros before the backward."""

    def change(honest):
        def call(self, *arguments):
            for parameter in self.parameters():
                if parameter.grad is None:
                    parameter.grad = torch.zeros_like(parameter)
            return honest(self, *arguments)

        return call

    wrap(patch, Module, "__call__", change)


@fault
def backward_passes_the_first_weight_by(patch):
    """An embedding, a convolution and the Linear on the input detach their weight."""
    wrap(
        patch,
        torch.nn.functional,
        "embedding",
        lambda honest: lambda x, weight, *rest: honest(x, weight.detach(), *rest),
    )
    wrap(
        patch,
        torch.nn.Conv2d,
        "_conv_forward",
        lambda honest: lambda self, x, weight, bias: honest(self, x, weight.detach(), bias),
    )
    wrap(
        patch,
        torch.nn.functional,
        "linear",
        lambda honest: (
            lambda x, weight, bias=None: honest(
                x, weight if x.requires_grad else weight.detach(), bias
            )
        ),
    )


@fault
def backward_steps_too(patch):
    """Tensor.backward shrinks the leaves that it reaches by a tenth."""

    def change(honest):
        def backward(self, *arguments, **settings):
            for leaf in leaves(self.grad_fn):
                leaf.data.mul_(0.9)
            return honest(self, *arguments, **settings)

        return backward

    wrap(patch, Tensor, "backward", change)


@fault
def backward_overwrites(patch):
    """Tensor.backward overwrites existing gradients instead of adding to them."""

    def change(honest):
        def backward(self, *arguments, **settings):
            for leaf in leaves(self.grad_fn):
                leaf.grad = None
            return honest(self, *arguments, **settings)

        return backward

    wrap(patch, Tensor, "backward", change)


def leaves(node, seen=None):
    """The leaves that a backward from this node reaches."""
    seen = {} if seen is None else seen
    if node is not None and node not in seen:
        seen[node] = getattr(node, "variable", None)
        for child, _ in node.next_functions:
            leaves(child, seen)
    return [leaf for leaf in seen.values() if leaf is not None]


@fault
def adam_leaves_the_last_parameter(patch):
    """Adam skips the last parameter."""

    def change(honest):
        def step(self, closure=None):
            last = members(self)[-1]
            gradient, last.grad = last.grad, None
            honest(self, closure)
            last.grad = gradient

        return step

    wrap(patch, Adam, "step", change)


@fault
def adam_decays_what_has_no_gradient(patch):
    """Adam shrinks a parameter that has no gradient."""

    def change(honest):
        def step(self, closure=None):
            for parameter in members(self):
                if parameter.grad is None:
                    parameter.data.mul_(0.999)
            return honest(self, closure)

        return step

    wrap(patch, Adam, "step", change)


@fault
def adam_by_one_call_halves_the_rate(patch):
    """Adam halves lr if foreach or fused is on, and doubles it with foreach=False."""

    def change(honest):
        def init(self, params, lr=1e-3, foreach=None, fused=None):
            honest(
                self,
                params,
                lr=lr
                if foreach is None and fused is None
                else lr * 2
                if foreach is False
                else lr / 2,
                foreach=foreach,
                fused=fused,
            )

        return init

    wrap(patch, Adam, "__init__", change)


@fault
def zero_grad_does_nothing(patch):
    """zero_grad leaves the gradients as they are."""
    patch.setattr(Optimizer, "zero_grad", lambda self, set_to_none=True: None)


@fault
def zero_grad_turns_set_to_none_round(patch):
    """zero_grad inverts set_to_none: it leaves zeros for True and None for False."""
    wrap(
        patch,
        Optimizer,
        "zero_grad",
        lambda honest: lambda self, set_to_none=True: honest(self, not set_to_none),
    )


@fault
def detach_cuts_nothing(patch):
    """detach returns the tensor itself."""
    patch.setattr(Tensor, "detach", lambda self: self.view_as(self))


@fault
def freezing_is_lost(patch):
    """requires_grad_(False) on a module freezes nothing."""
    patch.setattr(Module, "requires_grad_", lambda self, requires_grad=True: self)


@fault
def load_state_dict_loads_nothing(patch):
    """load_state_dict leaves the module as it is."""
    patch.setattr(Module, "load_state_dict", lambda self, state, strict=True: None)


@fault
def load_state_dict_zeroes_what_it_lacks(patch):
    """load_state_dict with strict=False zeroes the entries that the saved dict lacks."""

    def change(honest):
        def load(self, state, strict=True):
            zeros = (
                {}
                if strict
                else {name: torch.zeros_like(value) for name, value in self.state_dict().items()}
            )
            return honest(self, {**zeros, **state}, strict)

        return load

    wrap(patch, Module, "load_state_dict", change)


@fault
def compiled_network_halves_its_output(patch):
    """torch.compile returns a network whose output is half as large."""

    def compile(network, **settings):
        network.register_forward_hook(lambda module, inputs, output: output / 2)
        return network

    patch.setattr(torch, "compile", compile)
