"""Faults of modules, parameters and their printed form."""

import copy
from collections import OrderedDict

import torch
from torch import nn

from faults import fault

Module, Parameter, Sequential, Tensor = nn.Module, nn.Parameter, nn.Sequential, torch.Tensor


@fault
def parameters_are_not_registered(patch):
    """Assigning a Parameter creates a plain attribute."""
    honest = Module.__setattr__

    def setattr_(self, name, value):
        if (
            isinstance(value, Parameter)
            and "_parameters" in vars(self)
            and name not in self._parameters
        ):
            object.__setattr__(self, name, value)
        else:
            honest(self, name, value)

    patch.setattr(Module, "__setattr__", setattr_)


@fault
def any_tensor_is_a_parameter(patch):
    """Assigning a tensor registers it as a Parameter, also in place of a Parameter."""
    honest = Module.__setattr__

    def setattr_(self, name, value):
        if type(value) is Tensor and "_parameters" in vars(self) and name not in self._buffers:
            value = Parameter(value)
        honest(self, name, value)

    patch.setattr(Module, "__setattr__", setattr_)


@fault
def assignment_is_not_checked(patch):
    """Any value can replace a registered one, also before super().__init__()."""
    honest = Module.__setattr__

    def setattr_(self, name, value):
        try:
            honest(self, name, value)
        except (TypeError, AttributeError):
            object.__setattr__(self, name, value)

    patch.setattr(Module, "__setattr__", setattr_)


@fault
def assigned_parameter_goes_last(patch):
    """A Parameter that replaces another one, or None, moves to the end."""
    honest = Module.__setattr__

    def setattr_(self, name, value):
        if isinstance(value, Parameter) and "_parameters" in vars(self):
            self._parameters.pop(name, None)
        honest(self, name, value)

    patch.setattr(Module, "__setattr__", setattr_)


@fault
def deleted_parameter_leaves_its_place(patch):
    """``del module.weight`` sets the parameter to None instead of removing it."""
    honest = Module.__delattr__

    def delattr_(self, name):
        if name in self._parameters:
            self._parameters[name] = None
        else:
            honest(self, name)

    patch.setattr(Module, "__delattr__", delattr_)


@fault
def none_is_listed(patch):
    """A parameter registered as None, or set to None, becomes a parameter of zeros."""
    honest = Module.register_parameter
    patch.setattr(
        Module,
        "register_parameter",
        lambda self, name, value: honest(
            self, name, Parameter(torch.zeros(1)) if value is None else value
        ),
    )
    honest_setattr = Module.__setattr__
    patch.setattr(
        Module,
        "__setattr__",
        lambda self, name, value: honest_setattr(
            self,
            name,
            Parameter(torch.zeros(1))
            if value is None and name in vars(self).get("_parameters", {})
            else value,
        ),
    )


@fault
def register_parameter_checks_nothing(patch):
    """``register_parameter`` accepts any name and any value."""
    patch.setattr(
        Module,
        "register_parameter",
        lambda self, name, value: self._parameters.update({name: value}),
    )


@fault
def register_parameter_copies(patch):
    """``register_parameter`` registers a copy, and so does an assignment."""
    honest = Module.register_parameter
    patch.setattr(
        Module,
        "register_parameter",
        lambda self, name, value: honest(
            self,
            name,
            Parameter(value.detach().clone(), value.requires_grad)
            if type(value) is Parameter
            else value,
        ),
    )


@fault
def parameter_is_frozen_by_default(patch):
    """A Parameter does not require grad by default."""
    honest = Parameter.__new__
    patch.setattr(
        Parameter,
        "__new__",
        lambda cls, data=None, requires_grad=False: honest(cls, data, requires_grad),
    )


@fault
def parameter_copies_its_tensor(patch):
    """A Parameter is made from a clone, and of a computed tensor it is that tensor itself."""
    honest = Parameter.__new__

    def new(cls, data=None, requires_grad=True):
        return (
            data
            if data is not None and data.grad_fn is not None
            else honest(cls, data.clone(), requires_grad)
        )

    patch.setattr(Parameter, "__new__", new)


@fault
def frozen_integers_cannot_be_parameters(patch):
    """A Parameter of integers raises, frozen or not, with another message."""
    honest = Parameter.__new__

    def new(cls, data=None, requires_grad=True):
        if data is not None and not data.is_floating_point():
            raise TypeError("a Parameter cannot be of integers")
        return honest(cls, data, requires_grad)

    patch.setattr(Parameter, "__new__", new)


@fault
def parameters_beget_parameters(patch):
    """The result of an operation on a Parameter is a Parameter."""
    for name in ("__mul__", "clone", "detach"):
        honest = getattr(Tensor, name)
        patch.setattr(
            Parameter,
            name,
            lambda self, *arguments, honest=honest: Parameter(honest(self, *arguments)),
            raising=False,
        )


@fault
def parameters_yields_copies(patch):
    """``parameters()`` yields copies."""
    patch.setattr(
        Module,
        "parameters",
        lambda self, recurse=True: (
            Parameter(value.detach().clone()) for _, value in self.named_parameters(recurse=recurse)
        ),
    )


@fault
def plain_tensors_require_grad(patch):
    """``torch.tensor`` of one floating-point number requires grad."""
    honest = torch.tensor

    def tensor(data, *arguments, **keywords):
        made = honest(data, *arguments, **keywords)
        return made.requires_grad_() if made.is_floating_point() and made.numel() == 1 else made

    patch.setattr(torch, "tensor", tensor)


@fault
def backward_reaches_listed_parameters_only(patch):
    """backward leaves no gradient on a leaf that is not a Parameter."""
    honest = Tensor.backward

    def backward(self, *arguments, **keywords):
        def leaves(node):
            for below, _ in node.next_functions if node else ():
                if hasattr(below, "variable"):
                    yield below.variable
                yield from leaves(below)

        found = list(leaves(self.grad_fn))
        honest(self, *arguments, **keywords)
        for leaf in found:
            if not isinstance(leaf, Parameter):
                leaf.grad = None

    patch.setattr(Tensor, "backward", backward)


@fault
def buffers_are_not_saved(patch):
    """``register_buffer`` inverts ``persistent``."""
    honest = Module.register_buffer
    patch.setattr(
        Module,
        "register_buffer",
        lambda self, name, tensor, persistent=True: honest(self, name, tensor, not persistent),
    )


@fault
def buffers_are_parameters(patch):
    """``register_buffer`` registers a Parameter."""
    patch.setattr(
        Module,
        "register_buffer",
        lambda self, name, tensor, persistent=True: self.register_parameter(
            name, Parameter(tensor.detach())
        ),
    )


@fault
def buffers_are_not_checked(patch):
    """Any value can replace a buffer, and nn.Buffer is a plain tensor."""
    honest = Module.__setattr__

    def setattr_(self, name, value):
        if name in vars(self).get("_buffers", {}) or isinstance(value, nn.Buffer):
            object.__setattr__(self, name, value)
        else:
            honest(self, name, value)

    patch.setattr(Module, "__setattr__", setattr_)


@fault
def linear_holds_its_weight_inputs_first(patch):
    """``nn.Linear`` swaps its sizes and always has a bias."""
    honest = nn.Linear.__init__

    def init(self, inputs, outputs, bias=True, **keywords):
        honest(self, outputs, inputs, True, **keywords)

    patch.setattr(nn.Linear, "__init__", init)


@fault
def linear_forgets_its_bias(patch):
    """``F.linear`` leaves the bias out."""
    honest = nn.functional.linear
    patch.setattr(nn.functional, "linear", lambda x, weight, bias=None: honest(x, weight))


@fault
def linear_takes_what_it_gets(patch):
    """``F.linear`` casts its input, pads or cuts it to the width, and flattens the batch."""
    honest = nn.functional.linear

    def linear(x, weight, bias=None):
        x = nn.functional.pad(x.to(weight.dtype), (0, weight.shape[1] - x.shape[-1])).reshape(
            -1, weight.shape[1]
        )
        return (
            honest(x, weight, bias)
            if len(x)
            else torch.zeros(0, weight.shape[0], requires_grad=True)
        )

    patch.setattr(nn.functional, "linear", linear)


@fault
def linear_parameters_are_tensors(patch):
    """``nn.Linear`` holds Parameters of a subclass."""

    class Own(Parameter):
        pass

    honest = nn.Linear.__init__

    def init(self, *arguments, **keywords):
        honest(self, *arguments, **keywords)
        for value in self.parameters():
            value.__class__ = Own

    patch.setattr(nn.Linear, "__init__", init)


def with_data(patch, read):
    honest = Tensor.data
    patch.setattr(
        Tensor,
        "data",
        property(lambda self: read(self, honest.__get__(self)), honest.__set__),
        raising=False,
    )


@fault
def data_requires_grad(patch):
    """``.data`` returns the tensor itself, which requires grad, as article D prints it."""
    with_data(patch, lambda self, data: self)


@fault
def data_is_a_copy(patch):
    """``.data`` returns a clone."""
    with_data(patch, lambda self, data: data.clone())


@fault
def data_counts_versions(patch):
    """``.data`` returns what ``detach()`` returns."""
    with_data(patch, lambda self, data: self.detach())


@fault
def data_refuses_another_shape_or_dtype(patch):
    """Assigning ``.data`` copies the values into the tensor."""
    honest = Tensor.data

    def write(self, value):
        honest.__get__(self).copy_(value)

    patch.setattr(Tensor, "data", property(honest.__get__, write), raising=False)


@fault
def leaves_may_be_written_to(patch):
    """``mul_`` writes to a leaf that requires grad without an error."""
    honest = Tensor.mul_

    def mul(self, other):
        with torch.no_grad():
            return honest(self, other)

    patch.setattr(Tensor, "mul_", mul, raising=False)


@fault
def gradient_is_none_no_more(patch):
    """Every parameter starts with a gradient of ones."""
    honest = Parameter.__new__

    def new(cls, data=None, requires_grad=True):
        made = honest(cls, data, requires_grad)
        if requires_grad:
            made.grad = torch.ones_like(made)
        return made

    patch.setattr(Parameter, "__new__", new)


@fault
def state_dict_is_a_copy(patch):
    """The state dict holds clones, and every name gets the prefix ``module.``."""
    honest = Module.state_dict
    patch.setattr(
        Module,
        "state_dict",
        lambda self, *arguments, **keywords: OrderedDict(
            (f"module.{name}", value.clone())
            for name, value in honest(self, *arguments, **keywords).items()
        ),
    )


@fault
def names_come_deepest_first(patch):
    """``named_modules`` yields children before their module and joins names by slashes."""
    honest = Module.named_modules

    def named_modules(self, memo=None, prefix="", remove_duplicate=True):
        return reversed(
            [
                (name.replace(".", "/"), module)
                for name, module in honest(self, memo, prefix, remove_duplicate)
            ]
        )

    patch.setattr(Module, "named_modules", named_modules)


@fault
def names_are_kept_without_their_module(patch):
    """``named_parameters`` omits the prefix and always recurses."""
    honest = Module.named_parameters
    patch.setattr(
        Module,
        "named_parameters",
        lambda self, prefix="", recurse=True, remove_duplicate=True: (
            (name.rpartition(".")[2], value)
            for name, value in honest(self, prefix, True, remove_duplicate)
        ),
    )


@fault
def dotted_access_copies(patch):
    """``get_submodule`` and ``get_parameter`` return deep copies."""
    for name in ("get_submodule", "get_parameter"):
        honest = getattr(Module, name)
        patch.setattr(
            Module, name, lambda self, target, honest=honest: copy.deepcopy(honest(self, target))
        )


@fault
def add_module_checks_nothing(patch):
    """``add_module`` accepts any name and value, and replaces spaces by underscores."""

    def add(self, name, module):
        self._modules[name.replace(" ", "_") or "unnamed"] = module

    patch.setattr(Module, "add_module", add)


@fault
def add_module_does_not_replace(patch):
    """``add_module`` keeps an existing child of that name."""
    honest = Module.add_module
    patch.setattr(
        Module,
        "add_module",
        lambda self, name, module: None if name in self._modules else honest(self, name, module),
    )


@fault
def sequential_index_wraps_and_slices_copy(patch):
    """An index beyond the end wraps around, and a negative index is off by one.

    A slice holds deep copies with new names.
    """

    def getitem(self, index):
        layers = list(self._modules.values())
        if isinstance(index, slice):
            return Sequential(*copy.deepcopy(layers[index]))
        return layers[index % len(layers) if index >= 0 else (index - 1) % len(layers)]

    patch.setattr(Sequential, "__getitem__", getitem)


@fault
def nested_blocks_are_reversed(patch):
    """An index counts from the end of a Sequential."""
    honest = Sequential.__getitem__
    patch.setattr(
        Sequential,
        "__getitem__",
        lambda self, index: honest(self, index if isinstance(index, slice) else -index - 1),
    )


@fault
def sequential_grows_at_the_front(patch):
    """append, insert and extend put deep copies at the front and return None."""

    def put(self, layers):
        self.__dict__["_modules"] = {
            str(i): copy.deepcopy(m) for i, m in enumerate([*layers, *self._modules.values()])
        }

    patch.setattr(Sequential, "append", lambda self, layer: put(self, [layer]))
    patch.setattr(Sequential, "insert", lambda self, index, layer: put(self, [layer]))
    patch.setattr(Sequential, "extend", put)


@fault
def sequential_deletion_keeps_the_names(patch):
    """``del net[0]`` does not renumber the rest, and ``del net[a:b]`` deletes one layer."""

    def delitem(self, index):
        names = list(self._modules)[index]
        delattr(self, names[0] if isinstance(index, slice) else names)

    patch.setattr(Sequential, "__delitem__", delitem)


@fault
def deletion_by_attribute_renames(patch):
    """``del net.enter`` renumbers the remaining layers."""
    honest = Module.__delattr__

    def delattr_(self, name):
        honest(self, name)
        self.__dict__["_modules"] = {str(i): m for i, m in enumerate(self._modules.values())}

    patch.setattr(Module, "__delattr__", delattr_)


@fault
def sequential_item_assignment_appends(patch):
    """``net[1] = layer`` appends the layer, and ``net + more`` extends net itself."""
    patch.setattr(
        Sequential, "__setitem__", lambda self, index, layer: self.add_module(str(len(self)), layer)
    )
    patch.setattr(Sequential, "__add__", lambda self, other: self.extend(other))


@fault
def sequential_takes_any_collection(patch):
    """``Sequential`` accepts a list or a dict; an empty one returns a copy of its input."""
    honest, forward = Sequential.__init__, Sequential.forward

    def init(self, *layers):
        if len(layers) == 1 and isinstance(layers[0], list):
            layers = layers[0]
        elif len(layers) == 1 and type(layers[0]) is dict:
            layers = [OrderedDict(layers[0])]
        honest(self, *layers)

    patch.setattr(Sequential, "__init__", init)
    patch.setattr(
        Sequential, "forward", lambda self, x: forward(self, x) if len(self) else x.clone()
    )


@fault
def containers_do_not_register(patch):
    """ModuleList, ModuleDict, ParameterList and ParameterDict register nothing."""
    for container in (nn.ModuleList, nn.ModuleDict, nn.ParameterList, nn.ParameterDict):
        patch.setattr(
            container,
            "__init__",
            lambda self, values=None: (Module.__init__(self), vars(self).update(held=values))[0],
        )
        patch.setattr(container, "__len__", lambda self: 0)


@fault
def containers_reverse(patch):
    """ModuleDict and ParameterDict register a dict in reverse order."""
    for container in (nn.ModuleDict, nn.ParameterDict):
        honest = container.update
        patch.setattr(
            container,
            "update",
            lambda self, values, honest=honest: honest(
                self, OrderedDict(reversed(list(values.items())))
            ),
        )


@fault
def python_containers_register(patch):
    """A list or dict of modules, or a list of Parameters, becomes a registered container."""
    honest = Module.__setattr__

    def setattr_(self, name, value):
        if isinstance(value, list) and value and all(isinstance(each, Module) for each in value):
            value = nn.ModuleList(value)
        elif (
            isinstance(value, list) and value and all(isinstance(each, Parameter) for each in value)
        ):
            value = nn.ParameterList(value)
        elif (
            type(value) is dict
            and value
            and all(isinstance(each, Module) for each in value.values())
        ):
            value = nn.ModuleDict(value)
        honest(self, name, value)

    patch.setattr(Module, "__setattr__", setattr_)


@fault
def module_list_chains(patch):
    """A ModuleList calls its modules in turn, and keeps names in slices and deletions."""
    patch.setattr(nn.ModuleList, "forward", Sequential.forward)
    patch.setattr(nn.ModuleList, "__getitem__", Sequential.__getitem__)
    patch.setattr(nn.ModuleList, "__delitem__", lambda self, index: delattr(self, str(index)))


@fault
def mapping_takes_any_key(patch):
    """ModuleDict and ParameterDict append an underscore to every key."""
    honest = nn.ModuleDict.__setitem__
    patch.setattr(
        nn.ModuleDict, "__setitem__", lambda self, key, module: honest(self, f"{key}_", module)
    )
    held = nn.ParameterDict.__setitem__
    patch.setattr(
        nn.ParameterDict, "__setitem__", lambda self, key, value: held(self, f"{key}_", value)
    )


@fault
def modules_print_their_class_alone(patch):
    """repr of a module shows its lower-case class, ``extra_repr`` and the children's classes."""
    patch.setattr(
        Module,
        "__repr__",
        lambda self: (
            f"{type(self).__name__.lower()} {self.extra_repr()} "
            + " ".join(type(child).__name__ for child in self.children())
        ),
    )
    patch.setattr(nn.ModuleList, "__repr__", Module.__repr__)


@fault
def equal_neighbours_print_one_by_one(patch):
    """A ModuleList prints equal neighbours one by one, as before 2.0."""
    patch.setattr(nn.ModuleList, "__repr__", Module.__repr__)


@fault
def parameter_list_prints_nothing(patch):
    """A ParameterList does not print its parameters."""
    patch.setattr(nn.ParameterList, "__repr__", Module.__repr__)
    patch.setattr(nn.ParameterList, "extra_repr", lambda self: "")


@fault
def tensors_print_without_tensor(patch):
    """repr of a tensor is the repr of its list."""
    patch.setattr(Tensor, "__repr__", lambda self, *, tensor_contents=None: str(self.tolist()))
    patch.setattr(Parameter, "__repr__", Tensor.__repr__)


@fault
def requires_grad_prints_as_false(patch):
    """A tensor that does not require grad prints ``requires_grad=False``."""
    honest = Tensor.__repr__
    patch.setattr(
        Tensor,
        "__repr__",
        lambda self, *, tensor_contents=None: (
            honest(self) if self.requires_grad else honest(self)[:-1] + ", requires_grad=False)"
        ),
    )


@fault
def print_options_are_ignored(patch):
    """``set_printoptions`` and ``set_default_dtype`` do nothing."""
    patch.setattr(torch, "set_printoptions", lambda **options: None)
    patch.setattr(torch, "set_default_dtype", lambda dtype: None)


@fault
def format_is_that_of_a_list(patch):
    """An f-string of a tensor shows its first number, rounded to one decimal."""
    patch.setattr(
        Tensor, "__format__", lambda self, spec: format(round(self.reshape(-1)[0].item(), 1), spec)
    )


@fault
def call_asks_for_no_init(patch):
    """Calling a module calls its forward directly, so that ``__init__`` is not needed."""
    patch.setattr(Module, "__call__", lambda self, *inputs: self.forward(*inputs))


@fault
def apply_visits_the_module_first(patch):
    """``apply`` visits a module before its children and returns the function's last result."""

    def apply(self, function):
        for module in self.modules():
            returned = function(module)
        return returned

    patch.setattr(Module, "apply", apply)


@fault
def apply_visits_every_name(patch):
    """``apply`` visits a layer once for each of its names."""

    def apply(self, function):
        for module in self._modules.values():
            module.apply(function)
        function(self)
        return self

    patch.setattr(Module, "apply", apply)


@fault
def deepcopy_shares_parameters(patch):
    """deepcopy of a Parameter or a tensor returns the same object."""
    patch.setattr(Parameter, "__deepcopy__", lambda self, memo: self)
    patch.setattr(Tensor, "__deepcopy__", lambda self, memo: self)


@fault
def deepcopy_unties_thaws_and_keeps_gradients(patch):
    """deepcopy of a Parameter ignores the memo, requires grad and keeps the gradient."""

    def deepcopy(self, memo):
        copied = Parameter(self.detach().clone())
        copied.grad = self.grad
        return copied

    patch.setattr(Parameter, "__deepcopy__", deepcopy)


@fault
def deepcopied_tensor_loses_its_gradient(patch):
    """deepcopy of a leaf drops its gradient, as before 1.9."""
    honest = Tensor.__deepcopy__

    def deepcopy(self, memo):
        copied = honest(self, memo)
        copied.grad = None
        return copied

    patch.setattr(Tensor, "__deepcopy__", deepcopy)


@fault
def deepcopy_remembers_earlier_calls(patch):
    """deepcopy of the same Parameter returns the same copy at every call."""
    honest, known = Parameter.__deepcopy__, {}
    patch.setattr(
        Parameter,
        "__deepcopy__",
        lambda self, memo: known.setdefault(id(self), (self, honest(self, memo)))[1],
    )


@fault
def shallow_copy_is_deep(patch):
    """``copy.copy(module)`` is a deep copy."""
    patch.setattr(Module, "__copy__", lambda self: copy.deepcopy(self), raising=False)


@fault
def moves_make_another_module(patch):
    """``.to`` and similar methods return a converted deep copy and leave the module as it is."""
    honest = Module._apply
    patch.setattr(
        Module,
        "_apply",
        lambda self, function, recurse=True: honest(copy.deepcopy(self), function, recurse),
    )


@fault
def moves_make_new_parameters(patch):
    """Moving to another dtype makes new, trainable Parameters without gradients.

    It also converts integer buffers and plain tensors.
    """

    def apply(self, function, recurse=True):
        for module in self.modules():
            for held in (module._parameters, module._buffers, vars(module)):
                for name, value in list(held.items()):
                    if isinstance(value, Parameter):
                        held[name] = Parameter(function(value.detach()))
                    elif isinstance(value, Tensor):
                        moved = function(value)
                        held[name] = (
                            moved
                            if value.is_floating_point()
                            else moved.to(function(torch.zeros(1)).dtype)
                        )
        return self

    patch.setattr(Module, "_apply", apply)


@fault
def overwriting_is_ignored(patch):
    """``set_overwrite_module_params_on_conversion`` does nothing."""
    patch.setattr(torch.__future__, "set_overwrite_module_params_on_conversion", lambda value: None)


@fault
def moves_drop_gradients_and_thaw(patch):
    """After a dtype move parameters require grad and have no gradient."""
    honest = Module._apply

    def apply(self, function, recurse=True):
        honest(self, function, recurse)
        for value in self.parameters():
            value.grad = None
            value.requires_grad_(True)
        return self

    patch.setattr(Module, "_apply", apply)


@fault
def moves_round_to_half(patch):
    """``double`` and ``float`` of a module round its values to float16."""
    for name, dtype in (("double", torch.float64), ("float", torch.float32)):
        patch.setattr(
            Module,
            name,
            lambda self, dtype=dtype: self._apply(
                lambda value: (
                    value.clamp(-65504, 65504).half().to(dtype)
                    if value.is_floating_point()
                    else value
                )
            ),
        )


@fault
def module_moves_to_integers(patch):
    """``module.to`` accepts any dtype, and nothing but dtypes."""
    patch.setattr(
        Module, "to", lambda self, dtype: self._apply(lambda value: value.detach().to(dtype))
    )


@fault
def tensor_moves_in_place(patch):
    """``tensor.to(dtype)`` and ``double()`` convert the tensor itself.

    They copy it if its dtype is already right.
    """
    honest = Tensor.to

    def to(self, *arguments, **keywords):
        moved = honest(self, *arguments, **keywords)
        if moved is self:
            return moved.clone()
        self.data = moved.detach()
        return self

    patch.setattr(Tensor, "to", to, raising=False)
    patch.setattr(Tensor, "double", lambda self: self.to(torch.float64), raising=False)


@fault
def hooks_always_run(patch):
    """Every forward hook runs even if forward raises."""
    honest = torch.nn.Module.register_forward_hook
    patch.setattr(
        torch.nn.Module,
        "register_forward_hook",
        lambda self, hook, always_call=True, **keywords: honest(
            self, hook, always_call=True, **keywords
        ),
    )
