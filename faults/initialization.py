"""Faults of initialisation."""

import math
import warnings

import torch
from torch import nn
from torch.nn import init

from faults import fault


def scaled(honest, factor):
    """Multiply what an initialiser writes by this factor."""

    def initialise(tensor, *arguments, **keywords):
        honest(tensor, *arguments, **keywords)
        with torch.no_grad():
            return tensor.mul_(factor)

    return initialise


@fault
def uniform_is_too_wide(patch):
    """uniform_ draws from an interval that is twice as wide."""
    honest = init.uniform_
    patch.setattr(
        init,
        "uniform_",
        lambda tensor, a=0.0, b=1.0, generator=None: honest(tensor, 2 * a, 2 * b, generator),
    )


@fault
def uniform_is_too_narrow(patch):
    """uniform_ draws from an interval that is half as wide."""
    honest = init.uniform_
    patch.setattr(
        init,
        "uniform_",
        lambda tensor, a=0.0, b=1.0, generator=None: honest(tensor, a / 2, b / 2, generator),
    )


@fault
def kaiming_is_too_wide(patch):
    """kaiming_uniform_ and kaiming_normal_ draw values that are 1.5 times too large."""
    for name in ("kaiming_uniform_", "kaiming_normal_"):
        patch.setattr(init, name, scaled(getattr(init, name), 1.5))


@fault
def kaiming_is_bell_shaped(patch):
    """kaiming_uniform_ averages two draws: values stay in bounds but are not uniform."""
    honest = init.kaiming_uniform_

    def initialise(tensor, *arguments, **keywords):
        other = tensor.detach().clone()
        honest(tensor, *arguments, **keywords)
        honest(other, *arguments, **keywords)
        with torch.no_grad():
            return tensor.add_(other).div_(2)

    patch.setattr(init, "kaiming_uniform_", initialise)


@fault
def xavier_is_too_wide(patch):
    """The Xavier functions draw values that are 1.5 times too large."""
    for name in ("xavier_uniform_", "xavier_normal_"):
        patch.setattr(init, name, scaled(getattr(init, name), 1.5))


@fault
def xavier_ignores_gain(patch):
    """xavier_uniform_ always uses a gain of 1."""
    honest = init.xavier_uniform_
    patch.setattr(
        init,
        "xavier_uniform_",
        lambda tensor, gain=1.0, generator=None: honest(tensor, 1.0, generator),
    )


@fault
def fans_are_wrong(patch):
    """Fans ignore the kernel, are too large by one, and exist for one dimension too."""
    patch.setattr(
        init,
        "_calculate_fan_in_and_fan_out",
        lambda tensor: (tensor.shape[-1] + 1, tensor.shape[0] + 1),
    )


@fault
def gain_is_doubled(patch):
    """calculate_gain returns twice the gain, and 1 for unknown names."""
    honest = init.calculate_gain
    known = {"linear", "conv2d", "sigmoid", "tanh", "relu", "leaky_relu", "selu"}
    patch.setattr(
        init,
        "calculate_gain",
        lambda name, param=None: 2 * honest(name, param) if name in known else 1.0,
    )


@fault
def normal_is_too_wide(patch):
    """normal_ draws with ten times the standard deviation."""
    honest = init.normal_
    patch.setattr(
        init,
        "normal_",
        lambda tensor, mean=0.0, std=1.0, generator=None: honest(tensor, mean, 10 * std, generator),
    )


@fault
def fills_are_off_by_one(patch):
    """zeros_, ones_ and constant_ write values that are too large by one."""
    patch.setattr(init, "zeros_", lambda tensor: init._no_grad_fill_(tensor, 1.0))
    patch.setattr(init, "ones_", lambda tensor: init._no_grad_fill_(tensor, 2.0))
    patch.setattr(init, "constant_", lambda tensor, value: init._no_grad_fill_(tensor, value + 1.0))


@fault
def init_returns_a_copy(patch):
    """Every function of init returns a copy."""
    for name in (
        "uniform_",
        "normal_",
        "zeros_",
        "ones_",
        "eye_",
        "xavier_uniform_",
        "xavier_normal_",
        "kaiming_uniform_",
        "kaiming_normal_",
        "orthogonal_",
        "constant_",
    ):
        honest = getattr(init, name)
        patch.setattr(
            init,
            name,
            lambda *arguments, honest=honest, **keywords: honest(*arguments, **keywords).clone(),
        )


@fault
def init_writes_out_of_place(patch):
    """zeros_ and constant_ replace the data, clear the gradient and set requires_grad."""

    def fill(tensor, value):
        tensor.data = torch.full_like(tensor, value)
        tensor.grad = None
        return tensor.requires_grad_(True)

    patch.setattr(init, "zeros_", lambda tensor: fill(tensor, 0.0))
    patch.setattr(init, "constant_", fill)


@fault
def init_freezes(patch):
    """constant_ leaves the parameter frozen."""
    honest = init.constant_
    patch.setattr(
        init, "constant_", lambda tensor, value: honest(tensor, value).requires_grad_(False)
    )


@fault
def in_place_methods_switch_autograd_off(patch):
    """fill_ works on a leaf that requires grad."""
    honest = torch.Tensor.fill_

    def fill(self, value):
        with torch.no_grad():
            return honest(self, value)

    patch.setattr(torch.Tensor, "fill_", fill)


@fault
def init_ignores_its_generator(patch):
    """The functions of init draw from the global stream, whatever generator they get."""
    for name in ("uniform_", "normal_", "xavier_uniform_", "kaiming_normal_"):
        honest = getattr(init, name)

        def initialise(tensor, *arguments, honest=honest, generator=None, **keywords):
            return honest(tensor, *arguments, **keywords)

        patch.setattr(init, name, initialise)


@fault
def matrices_are_scaled(patch):
    """eye_, dirac_ and orthogonal_ write values that are twice as large."""
    for name in ("eye_", "dirac_", "orthogonal_"):
        patch.setattr(init, name, scaled(getattr(init, name), 2.0))


@fault
def sparse_rounds_down(patch):
    """sparse_ rounds the number of zeros down."""
    honest = init.sparse_
    patch.setattr(
        init,
        "sparse_",
        lambda tensor, sparsity: honest(tensor, math.floor(sparsity * len(tensor)) / len(tensor)),
    )


@fault
def truncation_counts_deviations(patch):
    """trunc_normal_ truncates at one standard deviation instead of at -2 and 2."""
    honest = init.trunc_normal_
    patch.setattr(
        init, "trunc_normal_", lambda tensor, std=1.0: honest(tensor, std=std, a=-std, b=std)
    )


@fault
def nothing_warns(patch):
    """warnings.warn does nothing."""
    patch.setattr(warnings, "warn", lambda *arguments, **keywords: None)


@fault
def empty_tensors_raise(patch):
    """The functions of init raise for an empty tensor."""
    for name in ("uniform_", "normal_", "zeros_", "xavier_uniform_", "orthogonal_"):
        honest = getattr(init, name)

        def initialise(tensor, *arguments, honest=honest, **keywords):
            if tensor.numel() == 0:
                raise ValueError("no elements")
            return honest(tensor, *arguments, **keywords)

        patch.setattr(init, name, initialise)


@fault
def division_by_zero_is_forgiven(patch):
    """Fans of 0 count as 1, and an unknown mode means fan_in."""
    honest = init._calculate_fan_in_and_fan_out
    patch.setattr(
        init,
        "_calculate_fan_in_and_fan_out",
        lambda tensor: tuple(max(1, fan) for fan in honest(tensor)),
    )
    patch.setattr(init, "_calculate_correct_fan", lambda tensor, mode: honest(tensor)[0])


@fault
def slopes_and_scales_start_elsewhere(patch):
    """PReLU starts at 0.5, and an embedding starts uniform."""
    patch.setattr(nn.PReLU, "reset_parameters", lambda self: init._no_grad_fill_(self.weight, 0.5))
    patch.setattr(nn.Embedding, "reset_parameters", lambda self: init.uniform_(self.weight))


@fault
def embedding_warns_without_rows(patch):
    """An embedding without rows warns."""
    honest = nn.Embedding.reset_parameters

    def reset(self):
        honest(self)
        if self.num_embeddings == 0:
            warnings.warn("no rows")

    patch.setattr(nn.Embedding, "reset_parameters", reset)


@fault
def convolution_leaves_an_empty_fan_alone(patch):
    """A convolution with no input channels is not initialised.

    A bilinear layer derives its bound from its second input.
    """
    honest = nn.modules.conv._ConvNd.reset_parameters
    patch.setattr(
        nn.modules.conv._ConvNd,
        "reset_parameters",
        lambda self: honest(self) if self.in_channels else None,
    )
    patch.setattr(
        nn.Bilinear,
        "reset_parameters",
        lambda self: [
            init.uniform_(parameter, -(self.weight.shape[2] ** -0.5), self.weight.shape[2] ** -0.5)
            for parameter in self.parameters()
        ],
    )


@fault
def linear_and_attention_use_other_initialisers(patch):
    """Linear uses Xavier initialisation, and attention's input projection Kaiming's."""
    patch.setattr(nn.Linear, "reset_parameters", lambda self: init.xavier_uniform_(self.weight))
    patch.setattr(nn.modules.activation, "xavier_uniform_", init.kaiming_uniform_)


@fault
def reset_makes_new_parameters(patch):
    """Linear.reset_parameters() creates a new weight Parameter."""
    honest = nn.Linear.reset_parameters

    def reset(self):
        self.weight = nn.Parameter(torch.empty_like(self.weight))
        honest(self)

    patch.setattr(nn.Linear, "reset_parameters", reset)


@fault
def apply_stays_at_the_top(patch):
    """apply() calls the function with the module only, not with its children."""

    def apply(self, function):
        function(self)
        return self

    patch.setattr(nn.Module, "apply", apply)


@fault
def apply_hands_out_plain_linears(patch):
    """apply() turns subclasses of Linear into Linear."""

    def apply(self, function):
        for module in list(self.modules())[::-1]:
            if isinstance(module, nn.Linear):
                module.__class__ = nn.Linear
            function(module)
        return self

    patch.setattr(nn.Module, "apply", apply)


@fault
def comparison_excludes_equality(patch):
    """``>=`` means ``>``."""
    patch.setattr(torch.Tensor, "__ge__", lambda self, other: self > other)


@fault
def comparison_is_always_true(patch):
    """``>=`` is true for every element."""
    patch.setattr(
        torch.Tensor, "__ge__", lambda self, other: torch.ones_like(self, dtype=torch.bool)
    )


@fault
def dropped_symmetry(patch):
    """SGD moves the first row of each parameter a little further."""
    honest = torch.optim.SGD.step

    def step(self, closure=None):
        result = honest(self, closure)
        with torch.no_grad():
            for group in self.param_groups:
                for parameter in group["params"]:
                    parameter[0].add_(0.001)
        return result

    patch.setattr(torch.optim.SGD, "step", step)
