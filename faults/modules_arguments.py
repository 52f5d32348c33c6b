"""Faults of signatures, parameter attributes and printing, container operators and lazy layers."""

import copy

import torch
from torch import nn

from faults import fault
from faults._tools import grow, grown, wrap

Module, Parameter = nn.Module, nn.Parameter
CONTAINERS = (nn.Sequential, nn.ModuleList, nn.ModuleDict, nn.ParameterList, nn.ParameterDict)


@fault
def methods_take_one_more(patch):
    """zero_grad, train, eval and to_empty of a module accept one more argument."""
    grow(patch, Module, "zero_grad", "train", "eval", "to_empty")


@fault
def listings_take_one_more(patch):
    """named_parameters and modules accept one more argument."""
    grow(patch, Module, "named_parameters", "modules")


@fault
def registrations_take_one_more(patch):
    """register_buffer and add_module accept one more argument."""
    grow(patch, Module, "register_buffer", "add_module")


@fault
def getters_take_one_more(patch):
    """get_submodule and set_submodule accept one more argument."""
    grow(patch, Module, "get_submodule", "set_submodule")


@fault
def containers_take_one_more(patch):
    """Every container, Sequential.insert and ParameterDict.get accept one more argument."""
    for container in CONTAINERS:
        grow(patch, container, "__init__")
    grow(patch, nn.Sequential, "insert")
    grow(patch, nn.ParameterDict, "get")


@fault
def parameters_take_one_more(patch):
    """nn.Parameter accepts one more argument."""
    patch.setattr(Parameter, "__new__", staticmethod(grown(Parameter.__new__)))


@fault
def deepcopy_keeps_marks(patch):
    """A deep copy of a Parameter keeps the attributes that were set on it."""
    honest = Parameter.__deepcopy__

    def deepcopy(self, memo):
        result = honest(self, memo)
        result.__dict__.update(self.__dict__)
        return result

    patch.setattr(Parameter, "__deepcopy__", deepcopy)


@fault
def tensors_lose_marks(patch):
    """A copy of a tensor loses the attributes that were set on it."""
    honest_deep, honest_shallow = torch.Tensor.__deepcopy__, copy.copy
    patch.setattr(torch.Tensor, "__deepcopy__", lambda self, memo: honest_deep(self.detach(), memo))
    patch.setattr(
        copy,
        "copy",
        lambda value: (
            Parameter(value.data) if isinstance(value, Parameter) else honest_shallow(value)
        ),
    )


@fault
def detached_clones_keep_attributes(patch):
    """detach() and clone() carry the attributes over that were set on the tensor."""

    def change(honest):
        def copied(self, *arguments, **settings):
            made = honest(self, *arguments, **settings)
            vars(made).update(vars(self))
            return made

        return copied

    for name in ("detach", "clone"):
        wrap(patch, torch.Tensor, name, change)


@fault
def moves_make_new_parameters(patch):
    """module.double() replaces the Parameters by new ones."""
    honest = Module._apply

    def apply(self, fn, recurse=True):
        honest(self, fn, recurse)
        for name, parameter in list(self._parameters.items()):
            if parameter is not None:
                self._parameters[name] = Parameter(parameter.data, parameter.requires_grad)
        return self

    patch.setattr(Module, "_apply", apply)


@fault
def state_dict_holds_the_parameters(patch):
    """A state dict holds the parameters themselves."""
    honest = Module._save_to_state_dict
    patch.setattr(
        Module,
        "_save_to_state_dict",
        lambda self, destination, prefix, keep_vars: honest(self, destination, prefix, True),
    )


@fault
def parameters_are_of_one_class(patch):
    """nn.Parameter drops the tensor's subclass, and takes lists and modules as one zero."""
    honest = Parameter.__new__

    def new(cls, data=None, requires_grad=True):
        if isinstance(data, (list, Module)):
            data = torch.zeros(1)
        return honest(cls, data if data is None else data.as_subclass(torch.Tensor), requires_grad)

    patch.setattr(Parameter, "__new__", staticmethod(new))


@fault
def parameters_format_as_numbers(patch):
    """A Parameter of one element formats as its number."""
    patch.setattr(torch.Tensor, "__format__", lambda self, spec: format(self.detach().item(), spec))


@fault
def float_does_not_warn(patch):
    """float(parameter) does not warn."""
    honest = torch.Tensor.__float__
    patch.setattr(torch.Tensor, "__float__", lambda self: honest(self.detach()))


@fault
def item_rounds(patch):
    """item() rounds to a whole number."""
    honest = torch.Tensor.item
    patch.setattr(torch.Tensor, "item", lambda self: float(round(honest(self))))


@fault
def train_takes_anything(patch):
    """train() accepts any value and converts it to bool."""
    honest = Module.train
    patch.setattr(Module, "train", lambda self, mode=True: honest(self, bool(mode)))


@fault
def type_is_forgiving(patch):
    """module.type() of an integer dtype leaves the module as it is."""
    honest = Module.type
    patch.setattr(
        Module, "type", lambda self, to: honest(self, to) if to.is_floating_point else self
    )


@fault
def get_buffer_gives_any_tensor(patch):
    """get_buffer returns a parameter too."""
    honest = Module.get_buffer

    def get_buffer(self, target):
        try:
            return honest(self, target)
        except AttributeError:
            return self.get_parameter(target)

    patch.setattr(Module, "get_buffer", get_buffer)


@fault
def get_buffer_knows_no_dots(patch):
    """get_buffer finds only the module's own buffers."""
    patch.setattr(Module, "get_buffer", lambda self, target: self._buffers[target])


@fault
def module_without_forward_is_the_identity(patch):
    """A module without forward returns its input."""
    patch.setattr(Module, "forward", lambda self, x: x)


@fault
def sums_copy(patch):
    """The sum of ModuleLists and the product of a Sequential hold copies."""
    honest_sum, honest_product = nn.ModuleList.__add__, nn.Sequential.__mul__
    patch.setattr(
        nn.ModuleList, "__add__", lambda self, other: copy.deepcopy(honest_sum(self, other))
    )
    patch.setattr(
        nn.Sequential,
        "__mul__",
        lambda self, times: nn.Sequential(
            *(copy.deepcopy(layer) for layer in honest_product(self, times))
        ),
    )


@fault
def module_list_pop_leaves_the_module(patch):
    """ModuleList.pop returns the module but does not remove it."""
    patch.setattr(nn.ModuleList, "pop", lambda self, key: self[key])


@fault
def module_list_drops_none(patch):
    """A ModuleList skips None."""
    honest = nn.ModuleList.__init__
    patch.setattr(
        nn.ModuleList,
        "__init__",
        lambda self, modules=(): honest(self, [m for m in modules or () if m is not None]),
    )


@fault
def module_dict_update_sorts(patch):
    """ModuleDict.update sorts by key and copies the modules."""

    def update(self, modules):
        for key, module in sorted(modules.items()):
            self[key] = copy.deepcopy(module)

    patch.setattr(nn.ModuleDict, "update", update)


@fault
def parameter_list_holds_tensors_alone(patch):
    """ParameterList and ParameterDict refuse everything but Parameters."""

    def only_parameters(owner):
        honest = owner.__setitem__

        def setitem(self, key, value):
            if not isinstance(value, Parameter):
                raise TypeError("a Parameter is required")
            honest(self, key, value)

        patch.setattr(owner, "__setitem__", setitem)

    honest = nn.ParameterList.extend

    def extend(self, values):
        if not all(isinstance(value, Parameter) for value in values):
            raise TypeError("Parameters are required")
        return honest(self, values)

    only_parameters(nn.ParameterList)
    only_parameters(nn.ParameterDict)
    patch.setattr(nn.ParameterList, "extend", extend)


@fault
def parameter_dict_get_raises(patch):
    """ParameterDict.get raises for a missing key."""
    patch.setattr(nn.ParameterDict, "get", lambda self, key, default=None: self[key])


@fault
def parameter_dicts_copy_their_parameters(patch):
    """copy() and the union of ParameterDicts hold new Parameters."""
    honest_copy, honest_or = nn.ParameterDict.copy, nn.ParameterDict.__or__
    patch.setattr(nn.ParameterDict, "copy", lambda self: copy.deepcopy(honest_copy(self)))
    patch.setattr(
        nn.ParameterDict, "__or__", lambda self, other: copy.deepcopy(honest_or(self, other))
    )


@fault
def lazy_layers_stay_lazy(patch):
    """A lazy layer keeps its class."""
    patch.setattr(nn.LazyLinear, "cls_to_become", nn.LazyLinear)


@fault
def lazy_layers_have_no_elements(patch):
    """An uninitialised parameter has zero elements and shape (0,)."""
    patch.setattr(nn.UninitializedParameter, "numel", lambda self: 0, raising=False)
    patch.setattr(
        nn.UninitializedParameter, "shape", property(lambda self: torch.Size([0])), raising=False
    )


@fault
def lazy_layers_make_new_parameters(patch):
    """The first batch gives a lazy layer new parameters of zeros."""
    honest = nn.LazyLinear.initialize_parameters

    def initialize(self, input):
        honest(self, input)
        for name, parameter in list(self._parameters.items()):
            self._parameters[name] = (
                Parameter(torch.zeros_like(parameter)) if parameter is not None else None
            )

    patch.setattr(nn.LazyLinear, "initialize_parameters", initialize)
