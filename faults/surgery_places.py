"""Faults of weight normalisation and of replacing parts of a model."""

import copy
import warnings
from collections import OrderedDict

import torch
from torch import nn
from torch.nn.utils import parametrizations

from faults import fault
from faults._tools import wrap

Module = nn.Module


@fault
def weight_norm_keeps_the_weight(patch):
    """Both weight_norm functions leave the layer as it is."""
    patch.setattr(nn.utils, "weight_norm", lambda module, name="weight", dim=0: module)
    patch.setattr(
        nn.utils.parametrizations, "weight_norm", lambda module, name="weight", dim=0: module
    )


@fault
def old_names_do_not_load(patch):
    """The new weight_norm does not load the names of the old one."""
    honest = nn.utils.parametrizations.weight_norm

    def weight_norm(module, name="weight", dim=0):
        honest(module, name, dim)
        module._load_state_dict_pre_hooks.clear()
        return module

    patch.setattr(nn.utils.parametrizations, "weight_norm", weight_norm)


@fault
def children_stand_in_an_ordered_dict(patch):
    """A Sequential keeps its children in an OrderedDict."""
    honest = nn.Sequential.__init__

    def init(self, *layers):
        honest(self, *layers)
        self.__dict__["_modules"] = OrderedDict(self._modules)

    patch.setattr(nn.Sequential, "__init__", init)


@fault
def module_dict_keeps_the_place(patch):
    """ModuleDict.pop does not remove the child."""
    patch.setattr(nn.ModuleDict, "pop", lambda self, key: self[key])


@fault
def set_submodule_overwrites_anything(patch):
    """set_submodule overwrites parameters and buffers, and ignores an empty name."""

    def set_submodule(self, target, module, strict=False):
        *path, name = target.split(".")
        parent = self.get_submodule(".".join(path))
        parent._parameters.pop(name, None)
        parent._buffers.pop(name, None)
        if name:
            setattr(parent, name, module)

    patch.setattr(Module, "set_submodule", set_submodule)


@fault
def swap_tensors_does_nothing(patch):
    """swap_tensors does nothing."""
    patch.setattr(torch.utils, "swap_tensors", lambda first, second: None)


@fault
def nothing_is_swapped(patch):
    """Conversions and load_state_dict make new parameters instead of swapping them."""
    honest_apply, honest_load = Module._apply, Module.load_state_dict

    def renew(self):
        for module in self.modules():
            for name, parameter in list(module._parameters.items()):
                if parameter is not None:
                    module._parameters[name] = copy.deepcopy(parameter)
        return self

    patch.setattr(
        Module, "_apply", lambda self, fn, recurse=True: renew(honest_apply(self, fn, recurse))
    )
    patch.setattr(
        Module,
        "load_state_dict",
        lambda self, saved, **keywords: (honest_load(self, saved, **keywords), renew(self))[0],
    )


@fault
def children_are_sorted_by_name(patch):
    """named_children() lists the children in the order of their names."""
    honest = Module.named_children
    patch.setattr(Module, "named_children", lambda self: iter(sorted(honest(self))))


@fault
def module_does_not_replace_a_buffer(patch):
    """Assigning a module to the name of a buffer raises TypeError."""
    honest = Module.__setattr__

    def assign(self, name, value):
        if isinstance(value, Module) and name in self.__dict__.get("_buffers", {}):
            raise TypeError("cannot assign a module as a buffer")
        honest(self, name, value)

    patch.setattr(Module, "__setattr__", assign)


@fault
def weight_norm_is_one_thing(patch):
    """Both weight_norm functions do the same and do not warn."""
    honest = nn.utils.weight_norm

    def weight_norm(module, name="weight", dim=0):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return honest(module, name, dim)

    patch.setattr(nn.utils, "weight_norm", weight_norm)
    patch.setattr(parametrizations, "weight_norm", weight_norm)


@fault
def parametrized_weight_norm_knows_its_own_names_alone(patch):
    """The new weight_norm does not load the names of the old one."""

    def change(honest):
        def weight_norm(module, *rest):
            honest(module, *rest)
            module._load_state_dict_pre_hooks.clear()
            return module

        return weight_norm

    wrap(patch, parametrizations, "weight_norm", change)
