"""Faults of what saving and loading change."""

import collections
import copy

import torch
from torch import nn

from faults import fault
from faults.layers_effects import after


@fault
def load_state_dict_empties_the_dict(patch):
    """``load_state_dict`` removes the last key of the dict."""
    after(patch, nn.Module, "load_state_dict", lambda self, saved, **given: saved.popitem())


@fault
def load_state_dict_forgets_the_mark(patch):
    """``load_state_dict`` works on a deep copy of the metadata."""
    honest = nn.Module.load_state_dict

    def wrong(self, saved, *given, **settings):
        own = collections.OrderedDict(saved)
        if hasattr(saved, "_metadata"):
            own._metadata = copy.deepcopy(saved._metadata)
        return honest(self, own, *given, **settings)

    patch.setattr(nn.Module, "load_state_dict", wrong)


@fault
def state_dict_has_no_metadata(patch):
    """``state_dict`` returns a plain dict."""
    honest = nn.Module.state_dict
    patch.setattr(
        nn.Module, "state_dict", lambda self, *given, **named: dict(honest(self, *given, **named))
    )


@fault
def consume_prefix_sorts_the_keys(patch):
    """``consume_prefix_in_state_dict_if_present`` sorts the keys."""

    def then(saved, prefix):
        for name in sorted(saved):
            saved[name] = saved.pop(name)

    after(patch, nn.modules.utils, "consume_prefix_in_state_dict_if_present", then)


@fault
def save_draws(patch):
    """``torch.save`` draws a number from the random stream."""
    after(patch, torch, "save", lambda *given: torch.rand(1))


@fault
def state_dict_copies_the_parameters(patch):
    """``state_dict`` returns clones."""
    honest = nn.Module.state_dict

    def wrong(self, *given, **named):
        saved = honest(self, *given, **named)
        for name in list(saved):
            saved[name] = saved[name].clone()
        return saved

    patch.setattr(nn.Module, "state_dict", wrong)
