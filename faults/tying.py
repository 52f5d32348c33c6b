"""Faults of tied parameters."""

import copy

import torch
from torch.nn import Module, Parameter

from faults import fault


@fault
def parameters_lists_a_tie_under_each_name(patch):
    """parameters() and named_parameters() always list a tied parameter under every name."""
    honest = Module.named_parameters
    patch.setattr(
        Module,
        "named_parameters",
        lambda self, prefix="", recurse=True, remove_duplicate=True: honest(
            self, prefix, recurse, remove_duplicate=False
        ),
    )


@fault
def tied_tensors_go_by_their_last_name(patch):
    """named_parameters() and named_buffers() list a tied tensor once, by its last name."""

    def last_name(honest):
        def listed(self, prefix="", recurse=True, remove_duplicate=True):
            names = {}
            for name, member in honest(self, prefix, recurse, remove_duplicate=False):
                names[id(member)] = (name, member)
            return iter(names.values())

        return listed

    for listing in ("named_parameters", "named_buffers"):
        patch.setattr(Module, listing, last_name(getattr(Module, listing)))


@fault
def named_modules_lists_every_place(patch):
    """named_modules() and children() always list a module at each of its places."""
    honest = Module.named_modules
    patch.setattr(
        Module,
        "named_modules",
        lambda self, memo=None, prefix="", remove_duplicate=True: honest(self, memo, prefix, False),
    )
    patch.setattr(Module, "children", lambda self: iter(self._modules.values()))


@fault
def named_modules_lists_a_module_once(patch):
    """named_modules() always lists a module once."""
    honest = Module.named_modules
    patch.setattr(
        Module,
        "named_modules",
        lambda self, memo=None, prefix="", remove_duplicate=True: honest(self, memo, prefix, True),
    )


@fault
def state_dict_copies_and_drops_second_names(patch):
    """state_dict() copies its values and omits the second name of a tied parameter."""
    honest = Module.state_dict

    def state_dict(self, *arguments, **keywords):
        state, seen = honest(self, *arguments, **keywords), set()
        for name, value in list(state.items()):
            if value.data_ptr() in seen:
                del state[name]
            seen.add(value.data_ptr())
        return {name: value.clone() for name, value in state.items()}

    patch.setattr(Module, "state_dict", state_dict)


@fault
def state_dict_copies(patch):
    """state_dict() copies its values, so that a saved tie loads as two tensors."""
    honest = Module.state_dict
    patch.setattr(
        Module,
        "state_dict",
        lambda self, *arguments, **keywords: {
            name: value.clone() for name, value in honest(self, *arguments, **keywords).items()
        },
    )


@fault
def parameter_assignment_copies(patch):
    """Assigning a parameter registers a copy of it."""
    honest = Module.register_parameter
    patch.setattr(
        Module,
        "register_parameter",
        lambda self, name, parameter: honest(
            self,
            name,
            None
            if parameter is None
            else Parameter(parameter.detach().clone(), parameter.requires_grad),
        ),
    )


@fault
def sequential_copies_its_layers(patch):
    """A container copies the layers that it gets."""
    honest = Module.add_module
    patch.setattr(
        Module, "add_module", lambda self, name, module: honest(self, name, copy.deepcopy(module))
    )


@fault
def assignment_of_another_shape_raises(patch):
    """Assigning a parameter over another one keeps the old object and raises for other shapes."""
    honest = Module.__setattr__

    def assign(self, name, value):
        old = self.__dict__.get("_parameters", {}).get(name)
        if isinstance(value, Parameter) and old is not None:
            if old.shape != value.shape:
                raise ValueError("another shape")
            old.data = value.data
        else:
            honest(self, name, value)

    patch.setattr(Module, "__setattr__", assign)


@fault
def deepcopy_shares_parameters(patch):
    """A deep copy of a module shares the original's parameters."""
    patch.setattr(Parameter, "__deepcopy__", lambda self, memo: self)


@fault
def deepcopy_and_pickle_forget_ties(patch):
    """deepcopy and pickle create a new parameter for every name."""
    patch.setattr(
        Parameter,
        "__deepcopy__",
        lambda self, memo: Parameter(self.detach().clone(), self.requires_grad),
    )
    honest_state = Module.__setstate__

    def restore(self, state):
        state["_parameters"] = {
            name: None if value is None else Parameter(value.detach().clone())
            for name, value in state["_parameters"].items()
        }
        honest_state(self, state)

    patch.setattr(Module, "__setstate__", restore)


@fault
def conversion_makes_new_parameters(patch):
    """Conversions always make new parameters, whatever torch.__future__ says."""
    patch.setattr(torch.__future__, "get_overwrite_module_params_on_conversion", lambda: True)


@fault
def conversion_never_makes_new_parameters(patch):
    """Conversions do nothing."""
    patch.setattr(Module, "_apply", lambda self, fn, recurse=True: self)


@fault
def shared_layer_is_copied_when_converted(patch):
    """Conversions replace a shared layer by a copy in each place."""
    honest = Module._apply

    def apply(self, fn, recurse=True):
        for name, child in self._modules.items():
            self._modules[name] = copy.deepcopy(child)
        return honest(self, fn, recurse)

    patch.setattr(Module, "_apply", apply)


@fault
def linear_halves_the_gradient_of_its_weight(patch):
    """A linear layer halves the gradient of its weight and doubles that of its bias."""
    honest = torch.nn.functional.linear

    def linear(x, weight, bias=None):
        return honest(
            x, (weight + weight.detach()) / 2, None if bias is None else bias * 2 - bias.detach()
        )

    patch.setattr(torch.nn.functional, "linear", linear)


@fault
def data_assignment_is_lost(patch):
    """Assigning to .data does nothing, and reading .data returns a copy."""
    patch.setattr(
        torch.Tensor,
        "data",
        property(lambda self: self.detach().clone(), lambda self, value: None),
        raising=False,
    )


@fault
def data_assignment_copies(patch):
    """Assigning to .data copies the values into the old storage."""
    copying = property(lambda self: self.detach(), lambda self, value: self.detach().copy_(value))
    patch.setattr(torch.Tensor, "data", copying, raising=False)


@fault
def optimizer_skips_parameters_it_saw(patch):
    """SGD steps each storage once, even if several parameters share it."""
    honest = torch.optim.SGD.step

    def step(self, closure=None):
        seen = set()
        for group in self.param_groups:
            once = []
            for parameter in group["params"]:
                if parameter.data_ptr() not in seen:
                    once.append(parameter)
                seen.add(parameter.data_ptr())
            group["params"] = once
        return honest(self, closure)

    patch.setattr(torch.optim.SGD, "step", step)


@fault
def optimizer_drops_duplicates(patch):
    """add_param_group silently drops parameters that the optimizer already has."""
    honest = torch.optim.Optimizer.add_param_group

    def add(self, group):
        held = {id(parameter) for other in self.param_groups for parameter in other["params"]}
        fresh = {
            id(parameter): parameter for parameter in group["params"] if id(parameter) not in held
        }
        return honest(self, {**group, "params": list(fresh.values())})

    patch.setattr(torch.optim.Optimizer, "add_param_group", add)


@fault
def optimizer_steps_twice(patch):
    """SGD makes every step twice."""
    honest = torch.optim.SGD.step

    def step(self, closure=None):
        honest(self, closure)
        return honest(self, closure)

    patch.setattr(torch.optim.SGD, "step", step)


@fault
def clip_counts_parameters_once(patch):
    """clip_grad_norm_ counts a repeated parameter once and returns the squared norm."""
    honest = torch.nn.utils.clip_grad_norm_
    patch.setattr(
        torch.nn.utils,
        "clip_grad_norm_",
        lambda parameters, limit: honest(dict.fromkeys(parameters), limit) ** 2,
    )


@fault
def load_skips_second_names(patch):
    """load_state_dict loads a tied parameter only by its first name, and is never strict.

    It ignores assign=True.
    """
    honest = Module.load_state_dict

    def load(self, state, strict=True, assign=False):
        first = {}
        for name, parameter in self.named_parameters(remove_duplicate=False):
            first.setdefault(id(parameter), name)
        return honest(
            self,
            {name: value for name, value in state.items() if name in first.values()},
            strict=False,
        )

    patch.setattr(Module, "load_state_dict", load)


@fault
def functional_call_takes_one_name(patch):
    """functional_call inverts tie_weights."""
    honest = torch.func.functional_call
    patch.setattr(
        torch.func,
        "functional_call",
        lambda module, values, x, tie_weights=True: honest(
            module, values, x, tie_weights=not tie_weights
        ),
    )


@fault
def hook_runs_for_every_use(patch):
    """A tensor hook runs twice."""
    honest = torch.Tensor.register_hook

    def register(self, hook):
        honest(self, hook)
        return honest(self, hook)

    patch.setattr(torch.Tensor, "register_hook", register)


@fault
def freezing_is_lost(patch):
    """requires_grad_(False) freezes nothing."""
    patch.setattr(torch.Tensor, "requires_grad_", lambda self, requires_grad=True: self)


@fault
def embedding_ignores_sparse_and_padding(patch):
    """Every lookup gives the whole embedding table a gradient."""
    patch.setattr(
        torch.nn.functional, "embedding", lambda x, weight, *rest: weight[x] + weight.sum()
    )


@fault
def set_item_of_sequential_is_lost(patch):
    """``model[1] = layer`` does nothing."""
    patch.setattr(torch.nn.Sequential, "__setitem__", lambda self, index, module: None)
