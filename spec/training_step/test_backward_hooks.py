"""Full backward hooks on modules: what they see, what they may change, and what they break.

The value that a full backward hook returns replaces the gradient of the module's input. A full
backward pre-hook, since 2.0, replaces the gradient of the output. Since 1.9 the hook also runs if
no input requires grad. It then gets None for the input, and torch warns since 2.8. The hook does
not see inputs that are passed by keyword, and does not run if ``forward`` returns a dict. Since
1.9, neither the output nor the input of a module with such a hook can be changed in place.
"""

import pytest
import torch

from fixtures.models import gradients_of, linear
from torch_history.observing import observe


class Named(torch.nn.Module):
    """Three times its input, which may be passed by keyword."""

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
    kind="wording",
    cause="pytorch#34324",
    advice="catch AttributeError, of which it is a subclass",
)
@pytest.mark.changed(
    "1.8", "register_full_backward_hook appears", kind="appeared", cause="pytorch#46163"
)
def test_full_backward_hook_that_returns_a_value_replaces_the_gradient_of_the_input(snapshot):
    """The value that a full backward hook returns replaces the gradient of the module's input.

    It flows on to the layers before, here 3 * 10. The gradient of the module's own weight does not
    change.
    """

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
    kind="wording",
    cause="pytorch#34324",
    advice="catch AttributeError, of which it is a subclass",
)
@pytest.mark.changed(
    "1.8",
    "a missing attribute raises AttributeError again",
    kind="wording",
    cause="pytorch#50298",
)
@pytest.mark.changed(
    "2.0", "register_full_backward_pre_hook appears", kind="appeared", cause="pytorch#86700"
)
def test_full_backward_pre_hook_replaces_the_gradient_of_the_output(snapshot):
    """The value that a full backward pre-hook returns replaces the gradient of the module's output.

    The module's backward starts from it: the gradients of weight and input are both ten times
    larger.
    """

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
    kind="wording",
    cause="pytorch#34324",
    advice="catch AttributeError, of which it is a subclass",
)
@pytest.mark.changed(
    "1.8", "register_full_backward_hook appears", kind="appeared", cause="pytorch#46163"
)
def test_full_backward_hook_of_a_network_runs_after_those_of_its_layers(snapshot):
    """The full backward hook of a network runs after the hooks of its layers.

    The last layer's hook runs first. The network's hook waits for the gradient of the network's
    input.
    """
    assert snapshot == observe(lambda: order_of_hooks(batch()))


@pytest.mark.api("torch.nn.Module.register_full_backward_hook", page="generated/torch.nn.Module")
@pytest.mark.changed(
    "1.6",
    "a missing attribute raises ModuleAttributeError, a class of torch's own",
    kind="wording",
    cause="pytorch#34324",
    advice="catch AttributeError, of which it is a subclass",
)
@pytest.mark.changed(
    "1.8",
    "register_full_backward_hook appears, but only the last layer's hook runs",
    kind="appeared",
    cause="pytorch#46163",
)
@pytest.mark.changed(
    "1.9",
    "the hooks of the network and of its first layer run too, the network's before the others",
    kind="silent",
    cause="pytorch#56693",
    advice="make the hook accept None as the gradient of the input",
    depends="the inputs of the module",
)
@pytest.mark.changed(
    "2.8",
    "warns that it fires when the output has its gradient, since no input requires one",
    kind="warning",
    cause="pytorch#155339",
    depends="the inputs of the module",
)
def test_full_backward_hook_of_a_network_on_data_runs_before_those_of_its_layers(snapshot):
    """The full backward hook of a network runs before its layers' hooks if the input is data.

    Data needs no gradient, so the network's hook runs as soon as the output has its gradient.
    """
    assert snapshot == observe(lambda: order_of_hooks(batch(requires_grad=False)))


@pytest.mark.api(
    "torch.nn.Module.register_full_backward_hook",
    "torch.nn.modules.module.register_module_full_backward_hook",
    page="generated/torch.nn.Module",
)
@pytest.mark.changed(
    "1.6",
    "a missing attribute raises ModuleAttributeError, a class of torch's own",
    kind="wording",
    cause="pytorch#34324",
    advice="catch AttributeError, of which it is a subclass",
)
@pytest.mark.changed(
    "1.8",
    "register_full_backward_hook appears, but does not run where no input requires grad",
    kind="appeared",
    cause="pytorch#46163",
)
@pytest.mark.changed(
    "1.9",
    "the hook runs, and gets None as the gradient of the input",
    kind="silent",
    cause="pytorch#56693",
    advice="make the hook accept None as the gradient of the input",
    of=("torch.nn.Module.register_full_backward_hook",),
    depends="the inputs of the module",
)
@pytest.mark.changed(
    "2.8",
    "warns that it fires when the output has its gradient, since no input requires one",
    kind="warning",
    cause="pytorch#155339",
    depends="the inputs of the module",
)
def test_full_backward_hook_on_an_input_without_gradient_runs_at_the_output(snapshot):
    """Since 1.9 a full backward hook runs even if the module's input needs no gradient.

    The first layer of a model has such an input. The hook gets None as its gradient, and torch
    warns since 2.8.
    """

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
    kind="wording",
    cause="pytorch#34324",
    advice="catch AttributeError, of which it is a subclass",
)
@pytest.mark.changed(
    "1.8",
    "a missing attribute raises AttributeError again",
    kind="wording",
    cause="pytorch#50298",
)
@pytest.mark.changed(
    "2.0", "register_full_backward_pre_hook appears", kind="appeared", cause="pytorch#86700"
)
@pytest.mark.changed(
    "2.8",
    "warns, as full backward hooks do, that no input requires a gradient",
    kind="warning",
    cause="pytorch#155339",
    advice="ignore it: the warning does not concern pre-hooks",
    depends="the inputs of the module",
)
@pytest.mark.changed(
    "2.14",
    "no longer warns",
    kind="warning",
    cause="pytorch#190685",
    depends="the inputs of the module",
)
def test_full_backward_pre_hook_on_an_input_without_gradient_does_not_warn(snapshot):
    """A full backward pre-hook does not warn if the input needs no gradient.

    It sees only the gradient of the output, so the input does not matter. 2.8 to 2.13 warned.
    """

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
    kind="wording",
    cause="pytorch#34324",
    advice="catch AttributeError, of which it is a subclass",
)
@pytest.mark.changed(
    "1.8", "register_full_backward_hook appears", kind="appeared", cause="pytorch#46163"
)
def test_full_backward_hook_of_a_frozen_module_behind_data_does_not_run(snapshot):
    """The full backward hook of a frozen module does not run if its input is data.

    Neither the input nor a parameter needs a gradient, so backward skips the module. Nothing warns.
    """

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
    kind="wording",
    cause="pytorch#34324",
    advice="catch AttributeError, of which it is a subclass",
)
@pytest.mark.changed(
    "1.8",
    "register_full_backward_hook appears, but does not run if all inputs are passed by keyword",
    kind="appeared",
    cause="pytorch#46163",
)
@pytest.mark.changed(
    "1.9",
    "the hook runs, and gets an empty tuple for the inputs",
    kind="silent",
    cause="pytorch#56693",
    advice="pass the inputs by position if the hook must see their gradients",
    rarely="a module whose inputs are all passed by keyword",
)
@pytest.mark.changed(
    "2.8",
    "warns that no input requires a gradient: it does not check inputs passed by keyword",
    kind="warning",
    cause="pytorch#155339",
    advice="pass the inputs by position",
    rarely="a module whose inputs are all passed by keyword",
)
def test_full_backward_hook_does_not_see_inputs_given_by_name(snapshot):
    """A full backward hook does not see inputs that are passed by keyword.

    For ``module(x=x)``, x gets its gradient, but the hook gets an empty tuple for the inputs. On
    1.8 the hook did not run at all.
    """

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
    kind="wording",
    cause="pytorch#34324",
    advice="catch AttributeError, of which it is a subclass",
)
@pytest.mark.changed(
    "1.8",
    "register_full_backward_hook appears, and the in-place change only warns",
    kind="appeared",
    cause="pytorch#46163",
)
@pytest.mark.changed(
    "1.9",
    "raises instead of warning",
    kind="error",
    cause="pytorch#56093",
    advice="pass inplace=False to the module, or clone the tensor before it",
    restored_by="training_step.module_beside_a_full_backward_hook_runs_out_of_place",
    depends="the operation after the module",
)
@pytest.mark.changed(
    "1.10",
    "the message says fix instead of remove this warning",
    kind="wording",
)
@pytest.mark.changed(
    "2.13",
    "the message calls the node BackwardHookFunction",
    kind="wording",
    cause="pytorch#180383",
)
def test_output_behind_a_full_backward_hook_cannot_be_changed_in_place(snapshot):
    """Since 1.9 the output of a module with a full backward hook cannot be changed in place.

    The hook makes the output a view of a special kind: an in-place ReLU after the module raises. On
    1.8 it only warned.
    """

    def act():
        network = torch.nn.Sequential(linear([[3.0]]), torch.nn.ReLU(inplace=True))
        network[0].register_full_backward_hook(lambda module, grad_input, grad_output: None)
        return network(batch())

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Module.register_full_backward_hook", page="generated/torch.nn.Module")
@pytest.mark.changed(
    "1.6",
    "a missing attribute raises ModuleAttributeError, a class of torch's own",
    kind="wording",
    cause="pytorch#34324",
    advice="catch AttributeError, of which it is a subclass",
)
@pytest.mark.changed(
    "1.8",
    "register_full_backward_hook appears, and the in-place change only warns",
    kind="appeared",
    cause="pytorch#46163",
)
@pytest.mark.changed(
    "1.9",
    "raises instead of warning",
    kind="error",
    cause="pytorch#56093",
    advice="pass inplace=False to the module, or clone the tensor before it",
    restored_by="training_step.module_beside_a_full_backward_hook_runs_out_of_place",
    rarely="a module that works in place",
)
@pytest.mark.changed(
    "1.10",
    "the message says fix instead of remove this warning",
    kind="wording",
)
@pytest.mark.changed(
    "2.13",
    "the message calls the node BackwardHookFunction",
    kind="wording",
    cause="pytorch#180383",
)
def test_module_with_a_full_backward_hook_cannot_change_its_input_in_place(snapshot):
    """Since 1.9 a module with a full backward hook cannot change its input in place.

    The hook makes the input a view of a special kind: an in-place ReLU with such a hook raises. On
    1.8 it only warned.
    """

    def act():
        module = torch.nn.ReLU(inplace=True)
        module.register_full_backward_hook(lambda module, grad_input, grad_output: None)
        return module(linear([[3.0]])(batch()))

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Module.register_full_backward_hook", page="generated/torch.nn.Module")
@pytest.mark.changed(
    "1.6",
    "a missing attribute raises ModuleAttributeError, a class of torch's own",
    kind="wording",
    cause="pytorch#34324",
    advice="catch AttributeError, of which it is a subclass",
)
@pytest.mark.changed(
    "1.8", "register_full_backward_hook appears", kind="appeared", cause="pytorch#46163"
)
def test_module_beside_a_full_backward_hook_runs_out_of_place(snapshot):
    """A ReLU with ``inplace=False`` can have a full backward hook, or follow a module that has one.

    With ``inplace=True`` it raises, because it would change a view that the hook makes.
    """

    def act():
        network = torch.nn.Sequential(linear([[3.0]]), torch.nn.ReLU(inplace=False))
        for module in network:
            module.register_full_backward_hook(lambda module, grad_input, grad_output: None)
        return network(batch())

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Module.register_full_backward_hook", page="generated/torch.nn.Module")
@pytest.mark.changed(
    "1.6",
    "a missing attribute raises ModuleAttributeError, a class of torch's own",
    kind="wording",
    cause="pytorch#34324",
    advice="catch AttributeError, of which it is a subclass",
)
@pytest.mark.changed(
    "1.8",
    "register_full_backward_hook appears, but backward raises behind a dict",
    kind="appeared",
    cause="pytorch#46163",
)
@pytest.mark.changed(
    "1.13",
    "no longer raises: the hook does not run, and nothing says so",
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
    rarely="a module that returns no tensor and no tuple of tensors",
)
def test_full_backward_hook_does_not_run_behind_an_output_in_a_dict(snapshot):
    """A full backward hook does not run if ``forward`` returns a dict; torch warns.

    The hook needs a tensor or a tuple of tensors as output.
    """

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
    kind="wording",
    cause="pytorch#34324",
    advice="catch AttributeError, of which it is a subclass",
)
@pytest.mark.changed(
    "1.8", "register_full_backward_hook appears", kind="appeared", cause="pytorch#46163"
)
def test_full_backward_hook_sees_the_gradient_of_the_weight(snapshot):
    """The module's weight already has its gradient when the full backward hook runs.

    This holds if the module's input needs a gradient.
    """

    def act():
        module, seen = linear([[3.0]]), []
        module.register_full_backward_hook(
            lambda module, grad_input, grad_output: seen.append(gradients_of(module))
        )
        module(batch()).backward()
        return seen

    assert snapshot == observe(act)
