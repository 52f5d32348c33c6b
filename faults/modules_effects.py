"""Faults of what methods of modules change."""

import copy

import torch
from torch import nn

from faults import fault
from faults.layers_effects import add_one, after


@fault
def requires_grad_clears_the_gradients(patch):
    """``requires_grad_`` of a module removes the gradients."""

    def then(self, *given):
        for parameter in self.parameters():
            parameter.grad = None

    after(patch, nn.Module, "requires_grad_", then)


@fault
def move_makes_new_parameters(patch):
    """``to`` and its kind replace the Parameter objects."""

    def then(self, *given):
        for name, parameter in list(self._parameters.items()):
            if parameter is not None:
                self._parameters[name] = nn.Parameter(parameter.detach())

    after(patch, nn.Module, "_apply", then)


@fault
def repr_switches_to_eval(patch):
    """``repr`` of a module sets its mode."""
    after(patch, nn.Module, "__repr__", lambda self: self.eval())


@fault
def deep_copy_forgets_hooks(patch):
    """A deep copy of a linear layer has no hooks."""
    honest = copy.deepcopy

    def wrong(module, *given):
        made = honest(module, *given)
        if isinstance(made, nn.Module):
            for name, held in vars(made).items():
                if name.endswith("_hooks") and hasattr(held, "clear"):
                    held.clear()
        return made

    patch.setattr(copy, "deepcopy", wrong)


@fault
def added_module_takes_the_mode(patch):
    """``add_module`` gives the added module the mode of the whole."""
    after(patch, nn.Module, "add_module", lambda self, name, module: module.train(self.training))


@fault
def spectral_norm_moves_in_eval(patch):
    """Each call of a module adds one to its buffers."""
    after(patch, nn.Module, "__call__", lambda self, *given: add_one(list(self.buffers())))


@fault
def functional_call_keeps_the_given_buffers(patch):
    """``functional_call`` adds one to the parameters of the module."""
    for owner in (torch.func, nn.utils.stateless):
        after(
            patch,
            owner,
            "functional_call",
            lambda module, *given: add_one(list(module.parameters())),
        )


@fault
def utility_changes_what_it_is_given(patch):
    """``pad_sequence`` adds one to the sequences."""
    after(patch, nn.utils.rnn, "pad_sequence", lambda parts, *given: add_one(parts))


@fault
def converted_batchnorm_trains(patch):
    """``convert_sync_batchnorm`` leaves the new layers in training mode."""
    honest = nn.SyncBatchNorm.convert_sync_batchnorm
    patch.setattr(nn.SyncBatchNorm, "convert_sync_batchnorm", lambda module: honest(module).train())


@fault
def registered_buffer_is_a_copy(patch):
    """``register_buffer`` keeps a clone of the tensor."""
    honest = nn.Module.register_buffer

    def wrong(self, name, tensor, **settings):
        return honest(self, name, None if tensor is None else tensor.clone(), **settings)

    patch.setattr(nn.Module, "register_buffer", wrong)


@fault
def container_copies_its_members(patch):
    """``ModuleList`` holds copies of the modules that it is given."""
    honest = nn.ModuleList.__init__
    patch.setattr(
        nn.ModuleList,
        "__init__",
        lambda self, modules=None: honest(self, copy.deepcopy(modules)),
    )
