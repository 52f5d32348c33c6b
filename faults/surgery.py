"""Faults of model surgery."""

import copy

import torch

from faults import fault

Module, Optimizer = torch.nn.Module, torch.optim.Optimizer
FORMER = Module.__setattr__


def replacing(patch, instead):
    """Call ``instead(module, name, old, new)`` when one module replaces another."""

    def assign(self, name, value):
        old = self.__dict__.get("_modules", {}).get(name)
        if isinstance(old, Module) and isinstance(value, Module):
            instead(self, name, old, value)
        else:
            FORMER(self, name, value)

    patch.setattr(Module, "__setattr__", assign)


@fault
def replacing_keeps_the_old_layer(patch):
    """Assigning a module over a layer keeps the old layer."""
    replacing(patch, lambda self, name, old, new: None)


@fault
def replaced_layer_comes_last(patch):
    """Assigning a module over a layer moves its name to the end."""

    def instead(self, name, old, new):
        del self._modules[name]
        FORMER(self, name, new)

    replacing(patch, instead)


@fault
def replacing_copies_the_neighbours(patch):
    """Assigning a module over a layer copies all other parameters, rounded to float16."""

    def instead(self, name, old, new):
        FORMER(self, name, new)
        for other in self.children():
            if other is not new:
                other.apply(
                    lambda module: module._parameters.update(
                        (key, torch.nn.Parameter(value.detach().half().float()))
                        for key, value in module._parameters.items()
                        if value is not None
                    )
                )

    replacing(patch, instead)


@fault
def new_layer_takes_the_models_mode(patch):
    """A replacement module takes the model's training or eval mode."""
    replacing(patch, lambda self, name, old, new: FORMER(self, name, new.train(self.training)))


@fault
def new_layer_takes_the_old_ones_flags(patch):
    """A module that replaces a frozen layer is frozen too."""
    replacing(
        patch,
        lambda self, name, old, new: FORMER(
            self,
            name,
            new.requires_grad_(all(parameter.requires_grad for parameter in old.parameters())),
        ),
    )


@fault
def new_layer_takes_the_old_ones_dtype(patch):
    """A replacement module is converted to the old layer's dtype."""
    replacing(
        patch,
        lambda self, name, old, new: FORMER(
            self,
            name,
            new.to(next((parameter.dtype for parameter in old.parameters()), torch.float32)),
        ),
    )


@fault
def new_layer_takes_the_old_ones_hooks(patch):
    """A replacement module takes over the old layer's hooks."""

    def instead(self, name, old, new):
        new._forward_hooks.update(old._forward_hooks)
        FORMER(self, name, new)

    replacing(patch, instead)


@fault
def anything_takes_a_layers_place(patch):
    """Any value, not only a module, can replace a layer."""

    def assign(self, name, value):
        modules = self.__dict__.get("_modules", {})
        if name in modules and value is not None and not isinstance(value, Module):
            del modules[name]
            object.__setattr__(self, name, value)
        else:
            FORMER(self, name, value)

    patch.setattr(Module, "__setattr__", assign)


@fault
def none_deletes_the_name(patch):
    """Assigning None over a layer deletes its name."""

    def assign(self, name, value):
        if value is None and name in self.__dict__.get("_modules", {}):
            del self._modules[name]
        else:
            FORMER(self, name, value)

    patch.setattr(Module, "__setattr__", assign)


@fault
def none_keeps_the_parameter(patch):
    """Assigning None over a parameter does nothing."""

    def assign(self, name, value):
        if not (value is None and name in self.__dict__.get("_parameters", {})):
            FORMER(self, name, value)

    patch.setattr(Module, "__setattr__", assign)


@fault
def dotted_names_are_followed(patch):
    """setattr with a dotted name replaces the nested layer."""

    def assign(self, name, value):
        *path, last = name.split(".")
        for step in path:
            self = getattr(self, step)
        FORMER(self, last, value)

    patch.setattr(Module, "__setattr__", assign)


@fault
def added_modules_are_not_registered(patch):
    """A module assigned under a new name outside __init__ is a plain attribute."""

    def assign(self, name, value):
        modules = self.__dict__.get("_modules", {})
        if isinstance(value, Module) and name not in modules and modules:
            object.__setattr__(self, name, value)
        else:
            FORMER(self, name, value)

    patch.setattr(Module, "__setattr__", assign)


@fault
def deleting_does_nothing(patch):
    """del model.layer does nothing, and does not raise for a missing name."""
    patch.setattr(Module, "__delattr__", lambda self, name: None)


@fault
def linear_cuts_what_does_not_fit(patch):
    """Linear uses only as many features as input and weight have in common."""
    honest = torch.nn.functional.linear

    def linear(x, weight, bias=None):
        size = min(x.shape[-1], weight.shape[1])
        return honest(x[..., :size], weight[:, :size], bias)

    patch.setattr(torch.nn.functional, "linear", linear)


@fault
def linear_describes_its_weight(patch):
    """Linear's repr shows the sizes of its weight instead of in_features and out_features."""
    patch.setattr(
        torch.nn.Linear,
        "extra_repr",
        lambda self: "in_features={1}, out_features={0}, bias={2}".format(
            *self.weight.shape, self.bias is not None
        ),
    )


@fault
def module_load_state_dict_passes_by_other_shapes(patch):
    """load_state_dict skips values of another shape and is never strict."""
    honest = Module.load_state_dict

    def load_state_dict(self, saved, strict=True, assign=False):
        own = self.state_dict()
        fitting = {
            name: value
            for name, value in saved.items()
            if name not in own or own[name].shape == value.shape
        }
        return honest(self, fitting, strict=False)

    patch.setattr(Module, "load_state_dict", load_state_dict)


@fault
def module_load_state_dict_does_nothing(patch):
    """load_state_dict loads nothing, and reports no missing or unexpected keys."""
    patch.setattr(
        Module,
        "load_state_dict",
        lambda self, saved, strict=True, assign=False: torch.nn.modules.module._IncompatibleKeys(
            [], []
        ),
    )


@fault
def optimizer_follows_a_replaced_layer(patch):
    """Every optimizer swaps a replaced layer's parameters for the new ones."""
    optimizers, honest = [], Optimizer.__init__

    def init(self, params, defaults):
        optimizers.append(self)
        honest(self, params, defaults)

    def instead(self, name, old, new):
        exchange = {id(before): after for before, after in zip(old.parameters(), new.parameters())}
        for optimizer in optimizers:
            for group in optimizer.param_groups:
                group["params"] = [
                    exchange.get(id(parameter), parameter) for parameter in group["params"]
                ]
        FORMER(self, name, new)

    patch.setattr(Optimizer, "__init__", init)
    replacing(patch, instead)


@fault
def optimizer_works_on_copies(patch):
    """An optimizer copies its parameters."""
    honest = Optimizer.add_param_group

    def add_param_group(self, group):
        copies = [
            torch.nn.Parameter(parameter.detach().clone()) for parameter in list(group["params"])
        ]
        honest(self, {**group, "params": copies})

    patch.setattr(Optimizer, "add_param_group", add_param_group)


@fault
def momentum_of_another_shape_is_dropped(patch):
    """The optimizer's load_state_dict zeroes state whose shape is not the parameter's."""
    honest = Optimizer.load_state_dict

    def load_state_dict(self, saved):
        honest(self, saved)
        for parameter, state in self.state.items():
            for name, value in list(state.items()):
                if isinstance(value, torch.Tensor) and value.shape != parameter.shape:
                    state[name] = torch.zeros_like(parameter)

    patch.setattr(Optimizer, "load_state_dict", load_state_dict)


@fault
def identity_copies(patch):
    """Identity accepts several inputs and returns a copy of the first."""
    patch.setattr(torch.nn.Identity, "forward", lambda self, *inputs: inputs[0].clone())


@fault
def identity_rectifies(patch):
    """Identity clamps its input at zero and halves it."""
    patch.setattr(torch.nn.Identity, "forward", lambda self, x: x.clamp(min=0) / 2)


@fault
def children_are_rectified(patch):
    """A Sequential calls relu between its layers."""

    def forward(self, x):
        for layer in list(self)[:-1]:
            x = torch.relu(layer(x))
        return self[-1](x)

    patch.setattr(torch.nn.Sequential, "forward", forward)


@fault
def sequential_leaves_out_its_last_layer(patch):
    """A Sequential does not call its last layer."""

    def forward(self, x):
        for layer in list(self)[:-1]:
            x = layer(x)
        return x

    patch.setattr(torch.nn.Sequential, "forward", forward)


@fault
def get_submodule_copies(patch):
    """get_submodule returns a copy of the layer, and None for a missing one."""
    honest = Module.get_submodule

    def get_submodule(self, target):
        try:
            return copy.deepcopy(honest(self, target))
        except AttributeError:
            return None

    patch.setattr(Module, "get_submodule", get_submodule)


@fault
def set_submodule_does_nothing(patch):
    """set_submodule neither sets nor checks."""
    patch.setattr(Module, "set_submodule", lambda self, target, module, strict=False: None)


@fault
def saved_module_brings_its_class(patch):
    """torch.save keeps a deep copy in memory, and torch.load returns it."""
    saved = {}
    honest = torch.load

    def save(thing, file, *arguments, **keywords):
        saved[file] = copy.deepcopy(thing)

    patch.setattr(torch, "save", save)
    patch.setattr(
        torch,
        "load",
        lambda file, *arguments, **keywords: (
            saved[file] if file in saved else honest(file, *arguments, **keywords)
        ),
    )
