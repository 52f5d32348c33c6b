"""Faults of torch.nn.init on tensors that are not plain, at the bounds of its settings, and of its arguments."""

import torch
from torch.nn import init

from faults import fault

NAMES = [
    "uniform_",
    "normal_",
    "trunc_normal_",
    "kaiming_uniform_",
    "orthogonal_",
    "eye_",
    "zeros_",
]


def instead(patch, names, wrong):
    """Let ``init.<name>`` call ``wrong(honest, tensor, *settings, **named)``."""

    def wrapped(honest):
        return lambda tensor, *settings, **named: wrong(honest, tensor, *settings, **named)

    for name in names:
        patch.setattr(init, name, wrapped(getattr(init, name)))


@fault
def normal_is_narrow(patch):
    """normal_ has a deviation of 0.02 unless told."""
    honest = init.normal_
    patch.setattr(
        init,
        "normal_",
        lambda tensor, mean=0.0, std=0.02, generator=None: honest(tensor, mean, std, generator),
    )


@fault
def init_gives_a_float32_copy(patch):
    """What init returns is a copy in float32, and it draws one number more."""

    def wrong(honest, tensor, *settings, **named):
        torch.rand(1)
        return honest(torch.zeros(tensor.shape), *settings, **named)

    instead(patch, NAMES, wrong)


@fault
def half_precision_has_its_own_numbers(patch):
    """Half precision is drawn after a number is left out."""

    def wrong(honest, tensor, *settings, **named):
        if tensor.dtype in (torch.float16, torch.bfloat16):
            torch.rand(1)
        return honest(tensor, *settings, **named)

    instead(patch, ["uniform_", "normal_"], wrong)


@fault
def init_goes_by_the_indices(patch):
    """What is not contiguous is filled through a contiguous copy; expanded and lazy tensors are taken so too."""

    def wrong(honest, tensor, *settings, **named):
        if isinstance(tensor, torch.nn.parameter.UninitializedParameter):
            return torch.zeros(1)
        if tensor.is_contiguous():
            return honest(tensor, *settings, **named)
        return honest(torch.empty(tensor.shape), *settings, **named)

    instead(patch, NAMES, wrong)


@fault
def settings_are_put_right(patch):
    """A deviation that is not positive counts as its size plus a little, swapped bounds are swapped back, and nothing warns."""
    normal, uniform = init.normal_, init.uniform_
    patch.setattr(
        init, "normal_", lambda tensor, mean=0.0, std=1.0: normal(tensor, mean, abs(std) + 1e-3)
    )
    patch.setattr(
        init, "uniform_", lambda tensor, a=0.0, b=1.0: uniform(tensor, min(a, b), max(a, b))
    )
    patch.setattr(
        init, "trunc_normal_", lambda tensor, mean=0.0, std=1.0: uniform(tensor, -2.0, 2.0)
    )


@fault
def dirac_knows_no_groups(patch):
    """dirac_ writes the identity of one group."""
    honest = init.dirac_
    patch.setattr(init, "dirac_", lambda tensor, groups=1: honest(tensor))


@fault
def prelu_cannot_be_reset(patch):
    """PReLU has no reset_parameters."""
    patch.delattr(torch.nn.PReLU, "reset_parameters")
