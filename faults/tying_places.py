"""Faults of remove_duplicate in listings and of functional_call."""

import torch
from torch import nn

from faults import fault
from faults._tools import grow

Module = nn.Module


@fault
def functional_call_takes_one_more(patch):
    """functional_call accepts one more argument."""
    grow(patch, torch.func, "functional_call")


@fault
def listings_never_repeat(patch):
    """named_modules and named_buffers ignore remove_duplicate=False."""
    honest_modules, honest_buffers = Module.named_modules, Module.named_buffers
    patch.setattr(
        Module,
        "named_modules",
        lambda self, memo=None, prefix="", remove_duplicate=True: honest_modules(
            self, memo, prefix
        ),
    )
    patch.setattr(
        Module,
        "named_buffers",
        lambda self, prefix="", recurse=True, remove_duplicate=True: honest_buffers(
            self, prefix, recurse
        ),
    )


@fault
def stateless_call_is_silent(patch):
    """The old functional_call does not warn."""
    patch.setattr(
        nn.utils.stateless,
        "functional_call",
        lambda *arguments, **keywords: torch.func.functional_call(*arguments, **keywords),
    )


@fault
def functional_call_is_strict(patch):
    """functional_call is always strict and requires its arguments."""
    honest = torch.func.functional_call
    patch.setattr(
        torch.func,
        "functional_call",
        lambda module, values, args, kwargs=None: honest(module, values, args, kwargs, strict=True),
    )
