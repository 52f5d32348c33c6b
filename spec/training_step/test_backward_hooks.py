"""Full backward hooks on modules: what they see and may change, and where they are in the way."""

import pytest
import torch

from fixtures.models import gradients_of, linear
from torch_history.observing import observe


class Named(torch.nn.Module):
    """Three times its input, which may be given by name."""

    def forward(self, x):
        return 3 * x


def batch(requires_grad=True):
    return torch.tensor([[1.0]], requires_grad=requires_grad)


def keep(seen):
    """A backward hook that keeps what it gets."""

    def hook(module, grad_input, grad_output):
        seen.append({"grad_input": grad_input, "grad_output": grad_output})

    return hook


@pytest.mark.api("torch.nn.Module.register_full_backward_hook", page="generated/torch.nn.Module")
@pytest.mark.changed(
    "1.6",
    "a missing attribute raises ModuleAttributeError, a class of torch's own",
    kind="exception",
    cause="pytorch#34324",
    advice="catch AttributeError, of which it is a subclass",
)
@pytest.mark.changed(
    "1.8", "register_full_backward_hook appears", kind="api-appeared", cause="pytorch#46163"
)
def test_full_backward_hook_that_returns_a_value_replaces_the_gradient_of_the_input(snapshot):
    """What it returns flows on to the layers before, 3 * 10; the module's own weight gets its gradient as it is."""

    def act():
        module, x = linear([[3.0]]), batch()
        module.register_full_backward_hook(
            lambda module, grad_input, grad_output: (grad_input[0] * 10,)
        )
        module(x).backward()
        return {"x": x.grad, "weight": module.weight.grad}

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.nn.Module.register_full_backward_pre_hook", page="generated/torch.nn.Module"
)
@pytest.mark.changed(
    "1.6",
    "a missing attribute raises ModuleAttributeError, a class of torch's own",
    kind="exception",
    cause="pytorch#34324",
    advice="catch AttributeError, of which it is a subclass",
)
@pytest.mark.changed(
    "1.8",
    "a missing attribute raises AttributeError again",
    kind="exception",
    cause="pytorch#50298",
)
@pytest.mark.changed(
    "2.0", "register_full_backward_pre_hook appears", kind="api-appeared", cause="pytorch#86700"
)
def test_full_backward_pre_hook_replaces_the_gradient_of_the_output(snapshot):
    """What it returns is the gradient that the module starts from: both its weight and its input get ten times theirs."""

    def act():
        module, x = linear([[3.0]]), batch()
        module.register_full_backward_pre_hook(lambda module, grad_output: (grad_output[0] * 10,))
        module(x).backward()
        return {"x": x.grad, "weight": module.weight.grad}

    assert snapshot == observe(act)


def order_of_hooks(x):
    """The order in which the full backward hooks of a network and of its two layers run."""
    network, seen = torch.nn.Sequential(linear([[3.0]]), linear([[2.0]])), []
    for name, module in (("first", network[0]), ("last", network[1]), ("network", network)):
        module.register_full_backward_hook(
            lambda module, grad_input, grad_output, name=name: seen.append(name)
        )
    network(x).backward()
    return seen


@pytest.mark.api("torch.nn.Module.register_full_backward_hook", page="generated/torch.nn.Module")
@pytest.mark.changed(
    "1.6",
    "a missing attribute raises ModuleAttributeError, a class of torch's own",
    kind="exception",
    cause="pytorch#34324",
    advice="catch AttributeError, of which it is a subclass",
)
@pytest.mark.changed(
    "1.8", "register_full_backward_hook appears", kind="api-appeared", cause="pytorch#46163"
)
def test_full_backward_hook_of_a_network_runs_after_those_of_its_layers(snapshot):
    """The last layer's hook runs first; the network's waits for the gradient of the network's input."""
    assert snapshot == observe(lambda: order_of_hooks(batch()))


@pytest.mark.api("torch.nn.Module.register_full_backward_hook", page="generated/torch.nn.Module")
@pytest.mark.changed(
    "1.6",
    "a missing attribute raises ModuleAttributeError, a class of torch's own",
    kind="exception",
    cause="pytorch#34324",
    advice="catch AttributeError, of which it is a subclass",
)
@pytest.mark.changed(
    "1.8",
    "register_full_backward_hook appears; without gradients of inputs, the last layer's alone runs",
    kind="api-appeared",
    cause="pytorch#46163",
)
@pytest.mark.changed(
    "1.9",
    "the hooks of the network and of its first layer run too, the network's before the others",
    kind="silent",
    cause="pytorch#56693",
    advice="see that the hook expects None as the gradient of the input",
)
@pytest.mark.changed(
    "2.8",
    "warns that it fires when the output has its gradient, since no input requires one",
    kind="warning",
    cause="pytorch#155339",
)
def test_full_backward_hook_of_a_network_on_data_runs_before_those_of_its_layers(snapshot):
    """Data needs no gradient, so there is none to wait for: the network's hook runs when its output has one."""
    assert snapshot == observe(lambda: order_of_hooks(batch(requires_grad=False)))


@pytest.mark.api("torch.nn.Module.register_full_backward_hook", page="generated/torch.nn.Module")
@pytest.mark.changed(
    "1.6",
    "a missing attribute raises ModuleAttributeError, a class of torch's own",
    kind="exception",
    cause="pytorch#34324",
    advice="catch AttributeError, of which it is a subclass",
)
@pytest.mark.changed(
    "1.8",
    "register_full_backward_hook appears, but does not run where no input requires grad",
    kind="api-appeared",
    cause="pytorch#46163",
)
@pytest.mark.changed(
    "1.9",
    "the hook runs, and gets None as the gradient of the input",
    kind="silent",
    cause="pytorch#56693",
    advice="see that the hook expects None",
)
@pytest.mark.changed(
    "2.8",
    "warns that it fires when the output has its gradient, since no input requires one",
    kind="warning",
    cause="pytorch#155339",
)
def test_full_backward_hook_on_an_input_without_gradient_runs_at_the_output(snapshot):
    """The first layer's input is data, which needs no gradient: the hook runs all the same, sees None for it, and warns."""

    def act():
        module, seen = linear([[3.0]]), []
        module.register_full_backward_hook(keep(seen))
        module(batch(requires_grad=False)).backward()
        return seen

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.nn.Module.register_full_backward_pre_hook", page="generated/torch.nn.Module"
)
@pytest.mark.changed(
    "1.6",
    "a missing attribute raises ModuleAttributeError, a class of torch's own",
    kind="exception",
    cause="pytorch#34324",
    advice="catch AttributeError, of which it is a subclass",
)
@pytest.mark.changed(
    "1.8",
    "a missing attribute raises AttributeError again",
    kind="exception",
    cause="pytorch#50298",
)
@pytest.mark.changed(
    "2.0", "register_full_backward_pre_hook appears", kind="api-appeared", cause="pytorch#86700"
)
@pytest.mark.changed(
    "2.8",
    "warns, as full backward hooks do, that no input requires a gradient",
    kind="warning",
    cause="pytorch#155339",
    advice="ignore it: it is not about pre-hooks",
)
@pytest.mark.changed("2.14", "warns no longer", kind="warning", cause="pytorch#190685")
def test_full_backward_pre_hook_on_an_input_without_gradient_does_not_warn(snapshot):
    """A pre-hook sees the gradient of the output alone: it does not matter whether the input needs one."""

    def act():
        module, seen = linear([[3.0]]), []
        module.register_full_backward_pre_hook(lambda module, grad_output: seen.append(grad_output))
        module(batch(requires_grad=False)).backward()
        return seen

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Module.register_full_backward_hook", page="generated/torch.nn.Module")
@pytest.mark.changed(
    "1.6",
    "a missing attribute raises ModuleAttributeError, a class of torch's own",
    kind="exception",
    cause="pytorch#34324",
    advice="catch AttributeError, of which it is a subclass",
)
@pytest.mark.changed(
    "1.8", "register_full_backward_hook appears", kind="api-appeared", cause="pytorch#46163"
)
def test_full_backward_hook_of_a_frozen_module_behind_data_does_not_run(snapshot):
    """Where neither its input nor a parameter needs a gradient, the backward pass goes round the module: no call, no warning."""

    def act():
        network, seen = (
            torch.nn.Sequential(linear([[3.0]]).requires_grad_(False), linear([[2.0]])),
            [],
        )
        network[0].register_full_backward_hook(keep(seen))
        network(batch(requires_grad=False)).backward()
        return seen

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Module.register_full_backward_hook", page="generated/torch.nn.Module")
@pytest.mark.changed(
    "1.6",
    "a missing attribute raises ModuleAttributeError, a class of torch's own",
    kind="exception",
    cause="pytorch#34324",
    advice="catch AttributeError, of which it is a subclass",
)
@pytest.mark.changed(
    "1.8",
    "register_full_backward_hook appears, but does not run where all inputs are given by name",
    kind="api-appeared",
    cause="pytorch#46163",
)
@pytest.mark.changed(
    "1.9",
    "the hook runs, and gets an empty tuple for the inputs",
    kind="silent",
    cause="pytorch#56693",
    advice="give the inputs by position where the hook is to see their gradients",
)
@pytest.mark.changed(
    "2.8",
    "warns that no input requires a gradient: those given by name are not looked at",
    kind="warning",
    cause="pytorch#155339",
    advice="give the inputs by position",
)
def test_full_backward_hook_does_not_see_inputs_given_by_name(snapshot):
    """``module(x=x)``: the gradient goes to x, and the hook gets an empty tuple for the inputs."""

    def act():
        module, seen, x = Named(), [], batch()
        module.register_full_backward_hook(keep(seen))
        module(x=x).backward()
        return {"seen": seen, "x": x.grad}

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Module.register_full_backward_hook", page="generated/torch.nn.Module")
@pytest.mark.changed(
    "1.6",
    "a missing attribute raises ModuleAttributeError, a class of torch's own",
    kind="exception",
    cause="pytorch#34324",
    advice="catch AttributeError, of which it is a subclass",
)
@pytest.mark.changed(
    "1.8",
    "register_full_backward_hook appears; the change in place is made, with a warning",
    kind="api-appeared",
    cause="pytorch#46163",
)
@pytest.mark.changed(
    "1.9",
    "raises, where it warned",
    kind="error",
    cause="pytorch#56093",
    advice="use the module that is not in place, or clone the tensor before it",
)
@pytest.mark.changed("1.10", "the message says fix instead of remove this warning", kind="wording")
@pytest.mark.changed(
    "2.13",
    "the message calls the node BackwardHookFunction",
    kind="wording",
    cause="pytorch#180383",
)
def test_output_behind_a_full_backward_hook_cannot_be_changed_in_place(snapshot):
    """The hook makes the output a view of its own kind: an in-place ReLU behind a hooked layer raises."""

    def act():
        network = torch.nn.Sequential(linear([[3.0]]), torch.nn.ReLU(inplace=True))
        network[0].register_full_backward_hook(lambda module, grad_input, grad_output: None)
        return network(batch())

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Module.register_full_backward_hook", page="generated/torch.nn.Module")
@pytest.mark.changed(
    "1.6",
    "a missing attribute raises ModuleAttributeError, a class of torch's own",
    kind="exception",
    cause="pytorch#34324",
    advice="catch AttributeError, of which it is a subclass",
)
@pytest.mark.changed(
    "1.8",
    "register_full_backward_hook appears; the change in place is made, with a warning",
    kind="api-appeared",
    cause="pytorch#46163",
)
@pytest.mark.changed(
    "1.9",
    "raises, where it warned",
    kind="error",
    cause="pytorch#56093",
    advice="use the module that is not in place, or clone the tensor before it",
)
@pytest.mark.changed("1.10", "the message says fix instead of remove this warning", kind="wording")
@pytest.mark.changed(
    "2.13",
    "the message calls the node BackwardHookFunction",
    kind="wording",
    cause="pytorch#180383",
)
def test_module_with_a_full_backward_hook_cannot_change_its_input_in_place(snapshot):
    """The hook makes the input a view too: an in-place ReLU cannot have such a hook."""

    def act():
        module = torch.nn.ReLU(inplace=True)
        module.register_full_backward_hook(lambda module, grad_input, grad_output: None)
        return module(linear([[3.0]])(batch()))

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Module.register_full_backward_hook", page="generated/torch.nn.Module")
@pytest.mark.changed(
    "1.6",
    "a missing attribute raises ModuleAttributeError, a class of torch's own",
    kind="exception",
    cause="pytorch#34324",
    advice="catch AttributeError, of which it is a subclass",
)
@pytest.mark.changed(
    "1.8",
    "register_full_backward_hook appears; behind a dict it raises in backward",
    kind="exception",
    cause="pytorch#46163",
)
@pytest.mark.changed(
    "1.13",
    "raises no longer: the hook does not run, without a word",
    kind="error-gone",
    cause="pytorch#88357",
    advice="return a tensor or a tuple of tensors from forward",
)
@pytest.mark.changed(
    "2.0",
    "warns that the output should be a tensor or a tuple of tensors",
    kind="warning",
    cause="pytorch#87547",
    advice="return a tensor or a tuple of tensors from forward",
)
def test_full_backward_hook_does_not_run_behind_an_output_in_a_dict(snapshot):
    """The gradients are watched of a tensor and of a tuple of tensors. Behind a dict the hook is dropped, with a warning."""

    class InADict(torch.nn.Module):
        def forward(self, x):
            return {"output": 3 * x}

    def act():
        module, seen = InADict(), []
        module.register_full_backward_hook(keep(seen))
        module(batch())["output"].backward()
        return seen

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Module.register_full_backward_hook", page="generated/torch.nn.Module")
@pytest.mark.changed(
    "1.6",
    "a missing attribute raises ModuleAttributeError, a class of torch's own",
    kind="exception",
    cause="pytorch#34324",
    advice="catch AttributeError, of which it is a subclass",
)
@pytest.mark.changed(
    "1.8", "register_full_backward_hook appears", kind="api-appeared", cause="pytorch#46163"
)
def test_full_backward_hook_sees_the_gradient_of_the_weight(snapshot):
    """When the hook runs, the module's weight has its gradient already, if the module's input needs one."""

    def act():
        module, seen = linear([[3.0]]), []
        module.register_full_backward_hook(
            lambda module, grad_input, grad_output: seen.append(gradients_of(module))
        )
        module(batch()).backward()
        return seen

    assert snapshot == observe(act)
