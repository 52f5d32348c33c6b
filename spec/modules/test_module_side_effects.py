"""What a method of a module changes: values, objects, gradients, buffers, mode and hooks.

A move to another dtype keeps the Parameter objects and replaces what they hold; buffers are
replaced as objects. Reading a module changes nothing, copying neither. A deep copy has the hooks of
its original. Spectral norm changes its buffers in each forward pass in training, and not in
``eval()``. ``functional_call`` gives the parameters back, also after an exception.
"""

import collections
import contextlib
import copy
import pickle

import pytest
import torch
from torch import nn

from fixtures.effects import changes, eighths, moves_the_stream, without_warnings
from fixtures.settings import each
from torch_history.observing import observe, observe_each


def model():
    """A linear layer and a BatchNorm with gradients of one and a hook."""
    made = nn.Sequential(nn.Linear(2, 1), nn.BatchNorm1d(1))
    for parameter in made.parameters():
        parameter.data.copy_(eighths(*parameter.shape))
        parameter.grad = torch.ones_like(parameter)
    made.register_forward_hook(lambda module, inputs, output: None)
    return made


def saved():
    """A state dict of other numbers, in float64."""
    return {key: one.double() + 1 for key, one in model().state_dict().items()}


def held(module):
    """The objects of a module: its parameters, their gradients, its buffers."""
    return {
        "parameter objects": list(module.parameters()),
        "gradient objects": [one.grad for one in module.parameters()],
        "buffer objects": list(module.buffers()),
    }


def facts(module):
    """What a module holds, as numbers and names."""
    own = list(module.parameters())
    return {
        "values": [one.tolist() for one in own],
        "dtype": [one.dtype for one in own],
        "memory": [one.data_ptr() for one in own],
        "gradients": [None if one.grad is None else one.grad.tolist() for one in own],
        "dtype of gradients": [one.grad is not None and one.grad.dtype for one in own],
        "requires_grad": [one.requires_grad for one in own],
        "buffers": [one.tolist() for one in module.buffers()],
        "names": list(module.state_dict()),
        "mode": [one.training for one in module.modules()],
        "hooks": sum(len(one._forward_hooks) for one in module.modules()),
    }


def module_changes(act):
    """What ``act`` changes of a new model: the names of facts, and of objects that are others."""
    module = model()
    before, objects = facts(module), held(module)
    with without_warnings():
        act(module)
    after, others = facts(module), held(module)
    return [name for name in before if before[name] != after[name]] + [
        name
        for name, many in objects.items()
        if len(many) != len(others[name]) or any(a is not b for a, b in zip(many, others[name]))
    ]


METHODS = {
    "train": lambda module: module.train(),
    "eval": lambda module: module.eval(),
    "requires_grad_": lambda module: module.requires_grad_(False),
    "zero_grad": lambda module: module.zero_grad(),
    "zero_grad to zeros": lambda module: module.zero_grad(set_to_none=False),
    "call": lambda module: module(torch.tensor([[1.0, 2.0], [3.0, 5.0]])),
    "apply": lambda module: module.apply(lambda one: None),
    "add_module": lambda module: module.add_module("2", nn.ReLU()),
    "register_buffer": lambda module: module.register_buffer("own", torch.zeros(1)),
    "register_forward_hook": lambda module: module.register_forward_hook(lambda *given: None),
    "state_dict": lambda module: module.state_dict(),
    "load_state_dict": lambda module: module.load_state_dict(saved()),
    "load_state_dict with assign": lambda module: module.load_state_dict(saved(), assign=True),
    "share_memory": lambda module: module.share_memory(),
}


@pytest.mark.api(
    "torch.nn.Module.train",
    "torch.nn.Module.eval",
    "torch.nn.Module.requires_grad_",
    "torch.nn.Module.zero_grad",
    "torch.nn.Module.apply",
    "torch.nn.Module.add_module",
    "torch.nn.Module.register_buffer",
    "torch.nn.Module.register_forward_hook",
    "torch.nn.Module.state_dict",
    "torch.nn.Module.load_state_dict",
    "torch.nn.Module.share_memory",
    "torch.nn.BatchNorm1d",
    page="generated/torch.nn.Module",
)
@pytest.mark.changed(
    "1.7",
    "Module.zero_grad takes set_to_none",
    kind="appeared",
    cause="pytorch#42754",
    of="torch.nn.Module.zero_grad",
)
@pytest.mark.changed(
    "1.11",
    "BatchNorm counts its batches in the buffer that it has, where each batch made "
    "another tensor before",
    kind="silent",
    rarely="a reference to num_batches_tracked that is kept",
    of="torch.nn.BatchNorm1d",
    cause="pytorch#70444",
)
@pytest.mark.changed(
    "2.0",
    "gradients become None instead of zeros",
    kind="silent",
    cause="pytorch#92731",
    advice="pass set_to_none=False to keep zeros",
    unless=(
        "set_to_none",
        0,
    ),
    of="torch.nn.Module.zero_grad",
)
@pytest.mark.changed(
    "2.1",
    "load_state_dict takes assign",
    kind="appeared",
    cause="pytorch#102212",
    of="torch.nn.Module.load_state_dict",
)
def test_method_of_a_module_changes_these_of_its_parts(snapshot):
    """Each method of a module changes what it is called for, and leaves the rest.

    ``requires_grad_(False)`` leaves gradients, ``load_state_dict`` leaves gradients, dtypes and
    objects. Trap: ``load_state_dict(assign=True)`` makes new Parameters, without gradients.
    """
    assert snapshot == observe_each(
        {name: lambda act=act: module_changes(act) for name, act in METHODS.items()}
    )


MOVES = {
    "float": lambda module: module.float(),
    "double": lambda module: module.double(),
    "half": lambda module: module.half(),
    "bfloat16": lambda module: module.bfloat16(),
    "type": lambda module: module.type(torch.float64),
    "cpu": lambda module: module.cpu(),
    "to": lambda module: module.to(torch.float64),
    "to its own dtype": lambda module: module.to(torch.float32),
    "to its own device": lambda module: module.to("cpu"),
}


@pytest.mark.api(
    "torch.nn.Module.float",
    "torch.nn.Module.double",
    "torch.nn.Module.half",
    "torch.nn.Module.bfloat16",
    "torch.nn.Module.type",
    "torch.nn.Module.cpu",
    "torch.nn.Module.to",
    page="generated/torch.nn.Module",
)
@pytest.mark.changed(
    "1.5",
    "bfloat16 appears",
    kind="appeared",
    of=("torch.nn.Module.bfloat16",),
)
def test_move_of_a_module_keeps_parameters_and_replaces_buffers(snapshot):
    """A move to another dtype keeps the Parameter objects, and replaces memory and buffers.

    Gradients are moved too. An optimizer goes on with the parameters; a reference to a buffer is
    stale after the move. A move to the dtype or device that the module has changes nothing.
    """
    assert snapshot == observe_each(
        {name: lambda act=act: module_changes(act) for name, act in MOVES.items()}
    )


READS = {
    "repr": repr,
    "parameters": lambda module: list(module.parameters()),
    "named_modules": lambda module: list(module.named_modules()),
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "train of a deepcopy": lambda module: copy.deepcopy(module).eval(),
    "double of a deepcopy": lambda module: copy.deepcopy(module).double(),
    "eval of a copy": lambda module: copy.copy(module).eval(),
    "zero_grad of a copy": lambda module: copy.copy(module).zero_grad(),
    "double of a copy": lambda module: copy.copy(module).double(),
    "hook of a copy": lambda module: copy.copy(module).register_forward_hook(lambda *given: None),
}


@pytest.mark.api("torch.nn.Module", page="generated/torch.nn.Module")
@pytest.mark.changed(
    "2.0",
    "gradients become None instead of zeros",
    kind="silent",
    cause="pytorch#92731",
    advice="pass set_to_none=False to keep zeros",
    rarely="a call of zero_grad",
)
def test_reading_and_deep_copying_leave_a_module_and_a_shallow_copy_does_not(snapshot):
    """Lists, ``repr`` and copies leave a module as it is; what a deep copy does stays with it.

    A shallow copy shares parameters, children and hooks: what it does reaches the original.
    """
    assert snapshot == observe_each(
        {name: lambda act=act: module_changes(act) for name, act in READS.items()}
    )


HOOKS = {
    "forward": ("register_forward_hook", "_forward_hooks"),
    "forward_pre": ("register_forward_pre_hook", "_forward_pre_hooks"),
    "backward": ("register_backward_hook", "_backward_hooks"),
    "full_backward": ("register_full_backward_hook", "_backward_hooks"),
    "full_backward_pre": ("register_full_backward_pre_hook", "_backward_pre_hooks"),
    "state_dict": ("_register_state_dict_hook", "_state_dict_hooks"),
    "load_state_dict_pre": ("_register_load_state_dict_pre_hook", "_load_state_dict_pre_hooks"),
    "load_state_dict_post": (
        "register_load_state_dict_post_hook",
        "_load_state_dict_post_hooks",
    ),
}


def nothing(*given):
    """A hook that does nothing, and can be pickled."""


@pytest.mark.api(
    "torch.nn.Module.register_forward_hook",
    "torch.nn.Module.register_forward_pre_hook",
    "torch.nn.Module.register_backward_hook",
    "torch.nn.Module.register_full_backward_hook",
    "torch.nn.Module.register_full_backward_pre_hook",
    "torch.nn.Module.register_load_state_dict_post_hook",
    page="generated/torch.nn.Module",
)
@pytest.mark.changed(
    "1.6",
    "raises ModuleAttributeError, a subclass of AttributeError",
    kind="wording",
    cause="pytorch#34324",
    when=":unseen",
)
@pytest.mark.changed(
    "1.8",
    "register_full_backward_hook appears",
    kind="appeared",
    cause="pytorch#46163",
    of=("torch.nn.Module.register_full_backward_hook",),
)
@pytest.mark.changed(
    "1.8",
    "raises plain AttributeError again",
    kind="wording",
    cause="pytorch#50298",
    when=":unseen",
)
@pytest.mark.changed(
    "1.12",
    "register_load_state_dict_post_hook appears",
    kind="appeared",
    of=("torch.nn.Module.register_load_state_dict_post_hook",),
    cause="pytorch#77392",
)
@pytest.mark.changed(
    "2.0",
    "register_full_backward_pre_hook appears",
    kind="appeared",
    cause="pytorch#86700",
    of=("torch.nn.Module.register_full_backward_pre_hook",),
)
def test_deep_copy_of_a_module_has_its_hooks_and_keeps_them(snapshot):
    """A deep copy or a pickled copy of a module has its hooks; a handle removes the original's.

    After the handle is removed, the deep copy still has the hook. A shallow copy has the very dict
    of hooks, and loses it too.
    """

    def act(register, stored):
        module = nn.Linear(1, 1)
        handle = getattr(module, register)(nothing)
        with without_warnings():
            deep, pickled = copy.deepcopy(module), pickle.loads(pickle.dumps(module))
        shallow = copy.copy(module)
        before = [len(getattr(one, stored)) for one in (module, deep, pickled, shallow)]
        handle.remove()
        after = [len(getattr(one, stored)) for one in (module, deep, pickled, shallow)]
        return {"original, deep, pickled, shallow": before, "after the removal": after}

    assert snapshot == observe_each(
        {name: lambda one=one: act(*one) for name, one in HOOKS.items()}
    )


@pytest.mark.api(
    "torch.nn.Module.train",
    "torch.nn.Module.add_module",
    "torch.nn.Module.requires_grad_",
    page="generated/torch.nn.Module",
)
def test_added_module_keeps_its_own_mode_dtype_and_freezing(snapshot):
    """A module that is added to another keeps its mode, its dtype and its ``requires_grad``.

    Trap: a layer added to a model in ``eval()`` is in training mode until ``eval()`` is called
    again.
    """

    def act():
        whole = nn.Sequential(nn.Linear(1, 1)).double().eval().requires_grad_(False)
        whole.add_module("1", nn.Linear(1, 1))
        added = whole[1]
        return {
            "training": added.training,
            "dtype": added.weight.dtype,
            "requires_grad": added.weight.requires_grad,
        }

    assert snapshot == observe(act)


NORMS = {
    "weight_norm": lambda layer: nn.utils.weight_norm(layer),
    "spectral_norm": lambda layer: nn.utils.spectral_norm(layer),
    "parametrizations.weight_norm": lambda layer: nn.utils.parametrizations.weight_norm(layer),
    "parametrizations.spectral_norm": lambda layer: nn.utils.parametrizations.spectral_norm(layer),
    "parametrizations.orthogonal": lambda layer: nn.utils.parametrizations.orthogonal(layer),
}


@pytest.mark.api(
    "torch.nn.utils.weight_norm",
    "torch.nn.utils.spectral_norm",
    "torch.nn.utils.parametrizations.weight_norm",
    "torch.nn.utils.parametrizations.spectral_norm",
    "torch.nn.utils.parametrizations.orthogonal",
    page="generated/torch.nn.utils.spectral_norm",
)
@pytest.mark.parametrize("name", NORMS)
@pytest.mark.changed(
    "1.9",
    "the message names torch.nn.utils.parametrizations, which appears",
    kind="wording",
    of=(
        "torch.nn.utils.parametrizations.weight_norm",
        "torch.nn.utils.parametrizations.orthogonal",
    ),
    cause="pytorch#57784",
)
@pytest.mark.changed(
    "1.9",
    "parametrizations.spectral_norm appears",
    kind="appeared",
    of="torch.nn.utils.parametrizations.spectral_norm",
    cause="pytorch#57784",
)
@pytest.mark.changed(
    "1.10",
    "parametrizations.orthogonal appears",
    kind="appeared",
    of="torch.nn.utils.parametrizations.orthogonal",
    cause="pytorch#62089",
)
@pytest.mark.changed(
    "2.1",
    "parametrizations.weight_norm appears",
    kind="appeared",
    cause="pytorch#103001",
    of="torch.nn.utils.parametrizations.weight_norm",
)
def test_reparametrized_layer_changes_its_buffers_in_training_alone(name, snapshot):
    """Spectral norm changes its buffers in each forward pass in training, and not in ``eval()``.

    Adding it draws its first vectors from the random stream, and each pass in training brings them
    closer to the singular vectors of the largest singular value, under ``no_grad`` too. Weight norm
    and ``orthogonal`` have no buffers that change.
    """

    def act():
        layer = nn.Linear(2, 2, bias=False)
        layer.weight.data.copy_(torch.tensor([[1.0, 0.0], [0.0, 0.875]]))
        torch.manual_seed(0)
        x = torch.ones(1, 2)
        with without_warnings():
            added = moves_the_stream(lambda: NORMS[name](layer))
        parts = {
            "parameters": lambda: list(layer.parameters()),
            "buffers": lambda: list(layer.buffers()),
        }
        return {
            "adding draws": added,
            "training": changes(lambda: layer.train()(x), **parts),
            "training without grad": changes(lambda: without_grad(layer.train(), x), **parts),
            "eval": changes(lambda: layer.eval()(x), **parts),
        }

    assert snapshot == observe(act)


def without_grad(layer, x):
    with torch.no_grad():
        return layer(x)


class Failing(nn.Module):
    """A BatchNorm whose forward raises after the call."""

    def __init__(self):
        super().__init__()
        self.norm = nn.BatchNorm1d(1)

    def forward(self, x, fail=False):
        output = self.norm(x)
        if fail:
            raise ZeroDivisionError("the forward pass fails")
        return output


@pytest.mark.api(
    "torch.func.functional_call",
    "torch.nn.utils.stateless.functional_call",
    page="generated/torch.func.functional_call",
)
@pytest.mark.parametrize("place", ["func", "stateless"])
@pytest.mark.changed(
    "1.12",
    "stateless.functional_call appears",
    kind="appeared",
    of=("torch.nn.utils.stateless.functional_call",),
    cause="pytorch#75834",
)
@pytest.mark.changed(
    "2.0",
    "torch.func.functional_call appears",
    kind="appeared",
    cause="pytorch#89213",
    probable=True,
    of=("torch.func.functional_call",),
)
def test_functional_call_gives_the_module_back_as_it_was(place, snapshot):
    """``functional_call`` leaves the module as it was, also if its forward pass raises.

    BatchNorm in training writes into the buffers that are passed in, and not into those of the
    module. Trap: with parameters alone, it writes into the module's own buffers.
    """

    def act(fail=False, buffers=True):
        module, x = Failing(), torch.tensor([[1.0], [3.0]])
        given = {"norm.weight": torch.full((1,), 2.0), "norm.bias": torch.full((1,), 3.0)}
        if buffers:
            given.update({f"norm.{key}": one.clone() for key, one in module.norm.named_buffers()})
        own = dict(module.named_parameters())
        call = torch.func.functional_call if place == "func" else nn.utils.stateless.functional_call

        def called():
            with contextlib.suppress(ZeroDivisionError):
                call(module, given, (x, fail))

        moved = changes(
            called,
            parameters=lambda: list(module.parameters()),
            buffers=lambda: list(module.buffers()),
            given=lambda: given,
        )
        same = all(own[key] is one for key, one in module.named_parameters())
        return {"changed": moved, "the same Parameters": same, "names": sorted(given)}

    cases = {"called": {}, "raises": {"fail": True}, "parameters alone": {"buffers": False}}
    assert snapshot == observe_each(each(act, cases))


@pytest.mark.api(
    "torch.nn.utils.rnn.pack_padded_sequence",
    "torch.nn.utils.rnn.pad_packed_sequence",
    "torch.nn.utils.rnn.pad_sequence",
    "torch.nn.utils.rnn.pack_sequence",
    "torch.nn.utils.parameters_to_vector",
    "torch.nn.utils.fusion.fuse_conv_bn_eval",
    page="nn",
)
def test_utility_leaves_what_it_is_given(snapshot):
    """Functions that pack, pad, join or fuse leave what they are given, and copy it.

    The vector of one lone parameter is a copy too, not a view.
    """
    rnn, x, lengths = nn.utils.rnn, eighths(3, 2, 1), torch.tensor([3, 2])
    parts = [eighths(3, 1), eighths(2, 1)]
    packed = rnn.pack_sequence(parts)
    own = [nn.Parameter(eighths(2))]
    conv, norm = nn.Conv1d(1, 1, 1).eval(), nn.BatchNorm1d(1).eval()
    fused = [*conv.parameters(), *norm.parameters(), *norm.buffers()]
    joined = nn.utils.parameters_to_vector
    acts = {
        "pack_padded_sequence": (lambda: rnn.pack_padded_sequence(x, lengths), [x, lengths]),
        "pack_sequence": (lambda: rnn.pack_sequence(parts), parts),
        "pad_sequence": (lambda: rnn.pad_sequence(parts), parts),
        "pad_packed_sequence": (lambda: rnn.pad_packed_sequence(packed), [packed.data]),
        "parameters_to_vector": (lambda: joined(own).data.zero_(), own),
        "fuse_conv_bn_eval": (lambda: nn.utils.fusion.fuse_conv_bn_eval(conv, norm), fused),
    }
    assert snapshot == observe_each(
        {
            name: lambda act=act, given=given: changes(act, given=lambda: given)
            for name, (act, given) in acts.items()
        }
    )


@pytest.mark.api(
    "torch.nn.SyncBatchNorm.convert_sync_batchnorm", page="generated/torch.nn.SyncBatchNorm"
)
@pytest.mark.changed(
    "1.5",
    "the new layers share the Parameters of the old ones, where they had copies before",
    kind="silent",
    cause="pytorch#31482",
    probable=True,
    advice="on 1.4, convert before the optimizer is made",
    unless=(),
)
@pytest.mark.changed(
    "2.2",
    "the new layers have the mode of the old ones, where they were in training mode before",
    kind="silent",
    cause="pytorch#111998",
    advice="before 2.2, call model.eval() after the conversion",
    depends="the mode of the model",
)
def test_convert_sync_batchnorm_moves_parameters_and_changes_the_model(snapshot):
    """``convert_sync_batchnorm`` replaces the BatchNorms in the model itself, by sharing layers.

    The new layers have the Parameter and buffer objects of the old ones, and their mode. A lone
    BatchNorm stays as it is, and the new layer is returned.
    """

    def act(make):
        module = make()
        own, modes = (
            [*module.parameters(), *module.buffers()],
            [m.training for m in module.modules()],
        )
        new = nn.SyncBatchNorm.convert_sync_batchnorm(module)
        parts = [*new.parameters(), *new.buffers()]
        return {
            "the same model": new is module,
            "classes": [type(one).__name__ for one in module.modules()],
            "shared": [one is other for one, other in zip(own, parts)],
            "mode kept": [one.training for one in new.modules()] == modes,
        }

    assert snapshot == observe_each(
        {
            "in a Sequential": lambda: act(lambda: nn.Sequential(nn.BatchNorm1d(1)).eval()),
            "alone": lambda: act(lambda: nn.BatchNorm1d(1)),
        }
    )


CONTAINERS = {
    "ModuleList": (lambda: [nn.ReLU()], lambda held: held.append(nn.ReLU())),
    "ModuleDict": (lambda: {"0": nn.ReLU()}, lambda held: held.update({"1": nn.ReLU()})),
    "ParameterList": (
        lambda: [nn.Parameter(torch.ones(1))],
        lambda held: held.append(nn.Parameter(torch.ones(1))),
    ),
    "ParameterDict": (
        lambda: {"0": nn.Parameter(torch.ones(1))},
        lambda held: held.update({"1": nn.Parameter(torch.ones(1))}),
    ),
    "Sequential": (
        lambda: collections.OrderedDict({"0": nn.ReLU()}),
        lambda held: held.update({"1": nn.ReLU()}),
    ),
}


@pytest.mark.api(
    "torch.nn.ModuleList",
    "torch.nn.ModuleDict",
    "torch.nn.ParameterList",
    "torch.nn.ParameterDict",
    "torch.nn.Sequential",
    page="nn",
)
def test_container_keeps_the_members_and_not_the_list_that_it_is_given(snapshot):
    """A container holds the very members of a list or dict, and does not follow the list itself.

    What is added to the list later is not registered, and what is added to the container is not in
    the list.
    """

    def act(name):
        make, add = CONTAINERS[name]
        given = make()
        first = given[0] if isinstance(given, list) else given["0"]
        container = getattr(nn, name)(given)
        held = container["0"] if name.endswith("Dict") else container[0]
        add(given)
        follows = len(container) == len(given)
        if name == "Sequential":
            container.add_module("more", nn.ReLU())
        else:
            add(container)
            add(container)
        return {
            "the very member": held is first,
            "container follows the list": follows,
            "members": len(container),
            "in the list": len(given),
        }

    assert snapshot == observe_each(each(act, {name: {"name": name} for name in CONTAINERS}))


@pytest.mark.api(
    "torch.nn.Module.register_buffer",
    "torch.nn.Module.register_parameter",
    "torch.nn.Parameter",
    page="generated/torch.nn.Module",
)
def test_registered_tensor_is_kept_without_a_copy(snapshot):
    """A module keeps the very tensor that is registered, and ``Parameter`` the memory of its own.

    A later change of the tensor in place shows in the module. ``Parameter`` leaves the tensor
    without ``requires_grad``.
    """

    def buffer(module, x):
        module.register_buffer("own", x)

    def assigned(module, x):
        module.register_buffer("own", None)
        module.own = x

    def weight(module, x):
        module.register_parameter("own", nn.Parameter(x))

    def attribute(module, x):
        module.own = nn.Parameter(x)

    def frozen(module, x):
        module.own = nn.Parameter(x, requires_grad=False)

    def act(register):
        module, x = nn.Module(), torch.ones(2)
        register(module, x)
        x.zero_()
        return {
            "the very tensor": module.own is x,
            "follows": module.own.tolist() == [0.0, 0.0],
            "requires_grad": [x.requires_grad, module.own.requires_grad],
        }

    ways = {"register_buffer": buffer, "assigned buffer": assigned, "register_parameter": weight}
    ways.update({"Parameter": attribute, "frozen Parameter": frozen})
    assert snapshot == observe_each(
        {name: lambda register=register: act(register) for name, register in ways.items()}
    )
