"""Helpers that several files of faults share."""

import functools
import inspect
import warnings

import torch


def wrap(patch, owner, name, change):
    """Replace ``owner.name`` by ``change(honest)``."""
    patch.setattr(owner, name, change(getattr(owner, name)))


def silent(honest):
    """Return the function with its warnings suppressed."""

    @functools.wraps(honest)
    def function(*arguments, **settings):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return honest(*arguments, **settings)

    return function


def grown(honest):
    """Return the function with another argument, ``extra=0``, in its signature."""

    @functools.wraps(honest)
    def wrapper(*arguments, **keywords):
        return honest(*arguments, **keywords)

    signature = inspect.signature(honest)
    known = list(signature.parameters.values())
    extra = inspect.Parameter("extra", inspect.Parameter.KEYWORD_ONLY, default=0)
    at = next(
        (place for place, argument in enumerate(known) if argument.kind is argument.VAR_KEYWORD),
        len(known),
    )
    wrapper.__signature__ = signature.replace(parameters=[*known[:at], extra, *known[at:]])
    return wrapper


def grow(patch, owner, *names):
    """Add one more argument to the signature of each of these functions of ``owner``."""
    for name in names:
        patch.setattr(owner, name, grown(getattr(owner, name)))


def share_expanded_clones(patch):
    """Make ``clone()`` of an expanded view keep its strides of 0 and its memory."""
    wrap(
        patch,
        torch.Tensor,
        "clone",
        lambda honest: (
            lambda self, **settings: self if 0 in self.stride() else honest(self, **settings)
        ),
    )


def clamp_from_above_only(patch):
    """Make ``clamp()`` ignore min."""
    wrap(
        patch,
        torch.Tensor,
        "clamp",
        lambda honest: (
            lambda self, min=None, max=None: self.clone() if max is None else honest(self, max=max)
        ),
    )
