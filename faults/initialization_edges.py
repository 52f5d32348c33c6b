"""Faults of torch.nn.init: unusual tensors, settings at their bounds, and arguments."""

import torch
from torch.nn import init

from faults import fault
from faults._tools import share_expanded_clones

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
    """Make ``init.<name>`` call ``wrong(honest, tensor, *settings, **named)``."""

    def wrapped(honest):
        return lambda tensor, *settings, **named: wrong(honest, tensor, *settings, **named)

    for name in names:
        patch.setattr(init, name, wrapped(getattr(init, name)))


@fault
def normal_is_narrow(patch):
    """normal_ has a default standard deviation of 0.02."""
    honest = init.normal_
    patch.setattr(
        init,
        "normal_",
        lambda tensor, mean=0.0, std=0.02, generator=None: honest(tensor, mean, std, generator),
    )


@fault
def init_gives_a_float32_copy(patch):
    """The functions of init return a float32 copy and draw one number too many."""

    def wrong(honest, tensor, *settings, **named):
        torch.rand(1)
        return honest(torch.zeros(tensor.shape), *settings, **named)

    instead(patch, NAMES, wrong)


@fault
def half_precision_has_its_own_numbers(patch):
    """uniform_ and normal_ skip one number of the stream for half precision."""

    def wrong(honest, tensor, *settings, **named):
        if tensor.dtype in (torch.float16, torch.bfloat16):
            torch.rand(1)
        return honest(tensor, *settings, **named)

    instead(patch, ["uniform_", "normal_"], wrong)


@fault
def init_goes_by_the_indices(patch):
    """Non-contiguous tensors are not filled: a new contiguous tensor is.

    Expanded and lazy tensors raise no error.
    """

    def wrong(honest, tensor, *settings, **named):
        if isinstance(tensor, torch.nn.parameter.UninitializedParameter):
            return torch.zeros(1)
        if tensor.is_contiguous():
            return honest(tensor, *settings, **named)
        return honest(torch.empty(tensor.shape), *settings, **named)

    instead(patch, NAMES, wrong)


@fault
def settings_are_put_right(patch):
    """normal_ uses abs(std) + 0.001, and uniform_ swaps bounds that are in the wrong order.

    trunc_normal_ draws uniformly between -2 and 2.
    """
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
    """dirac_ ignores groups."""
    honest = init.dirac_
    patch.setattr(init, "dirac_", lambda tensor, groups=1: honest(tensor))


@fault
def prelu_cannot_be_reset(patch):
    """PReLU has no reset_parameters."""
    patch.delattr(torch.nn.PReLU, "reset_parameters")


@fault
def init_returns_nothing(patch):
    """The functions of init fill the tensor and return None."""
    instead(
        patch,
        NAMES,
        lambda honest, tensor, *settings, **named: (honest(tensor, *settings, **named), None)[1],
    )


@fault
def clone_of_an_expanded_view_shares_its_memory(patch):
    """clone() of an expanded view keeps its strides of 0 and its memory."""
    share_expanded_clones(patch)


@fault
def trunc_normal_leaves_bfloat16_at_zero(patch):
    """``trunc_normal_`` leaves a tensor of bfloat16 at zero, as on 1.6."""
    honest = torch.nn.init.trunc_normal_

    def fill(tensor, *arguments, **keywords):
        if tensor.dtype is torch.bfloat16:
            return tensor
        return honest(tensor, *arguments, **keywords)

    patch.setattr(torch.nn.init, "trunc_normal_", fill)
