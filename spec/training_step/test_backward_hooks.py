"""Backward hooks on modules: the full ones, the old ones, and those of all modules at once."""

import pytest
import torch
from torch.nn.modules import module as modules

from fixtures.models import linear
from history.observe import observe

PAGE = "generated/torch.nn.Module"


class Named(torch.nn.Module):
    """Three times its input, which may be given by name."""

    def forward(self, x):
        return 3 * x


class TwoOperations(torch.nn.Module):
    """x * y + x: y comes into the graph before its last operation."""

    def forward(self, x, y):
        return x * y + x


def batch(requires_grad=True):
    return torch.tensor([[1.0]], requires_grad=requires_grad)


def keep(seen):
    """A backward hook that keeps what it gets."""
    def hook(module, grad_input, grad_output):
        seen.append({"grad_input": grad_input, "grad_output": grad_output})

    return hook


@pytest.mark.api("torch.nn.Module.register_full_backward_hook", page=PAGE)
def test_full_backward_hook_that_returns_a_value_replaces_the_gradient_of_the_input(snapshot):
    """What it returns flows on to the layers before, 3 * 10; the module's own weight gets its gradient as it is."""
    def act():
        module, x = linear([[3.0]]), batch()
        module.register_full_backward_hook(lambda module, grad_input, grad_output: (grad_input[0] * 10,))
        module(x).backward()
        return {"x": x.grad, "weight": module.weight.grad}

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Module.register_full_backward_pre_hook", page=PAGE)
def test_full_backward_pre_hook_replaces_the_gradient_of_the_output(snapshot):
    """What it returns is the gradient that the module starts from: both its weight and its input get ten times theirs."""
    def act():
        module, x = linear([[3.0]]), batch()
        module.register_full_backward_pre_hook(lambda module, grad_output: (grad_output[0] * 10,))
        module(x).backward()
        return {"x": x.grad, "weight": module.weight.grad}

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Module.register_full_backward_hook", page=PAGE)
def test_full_backward_hook_must_return_as_many_gradients_as_there_are_inputs(snapshot):
    """Two gradients for one input are refused in the backward pass."""
    def act():
        module = linear([[3.0]])
        module.register_full_backward_hook(lambda module, grad_input, grad_output: (grad_input[0], grad_input[0]))
        module(batch()).backward()

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Module.register_full_backward_hook", page=PAGE)
def test_full_backward_hooks_of_a_network_run_from_the_last_layer_on(snapshot):
    """The hook of the last layer first, and that of the whole network when the gradient of its input is there: last."""
    def act():
        network, seen = torch.nn.Sequential(linear([[3.0]]), linear([[2.0]])), []
        for name, module in (("first", network[0]), ("last", network[1]), ("network", network)):
            module.register_full_backward_hook(lambda module, grad_input, grad_output, name=name: seen.append(name))
        network(batch()).backward()
        return seen

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Module.register_full_backward_hook", page=PAGE)
def test_full_backward_hook_on_an_input_without_gradient_runs_at_the_output(snapshot):
    """The first layer's input is data, which needs no gradient: the hook sees None for it, as soon as the output has its gradient."""
    def act():
        module, seen = linear([[3.0]]), []
        module.register_full_backward_hook(keep(seen))
        module(batch(requires_grad=False)).backward()
        return seen

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Module.register_full_backward_hook", page=PAGE)
def test_full_backward_hook_of_a_frozen_module_sees_gradients_pass(snapshot):
    """A module without a trainable parameter runs its hook where its input needs a gradient."""
    def act():
        module, seen = linear([[3.0]]).requires_grad_(False), []
        module.register_full_backward_hook(keep(seen))
        module(batch()).backward()
        return seen

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Module.register_full_backward_hook", page=PAGE)
def test_full_backward_hook_of_a_frozen_module_behind_data_does_not_run(snapshot):
    """Where neither its input nor a parameter needs a gradient, the backward pass goes round the module: no call, no warning."""
    def act():
        network, seen = torch.nn.Sequential(linear([[3.0]]).requires_grad_(False), linear([[2.0]])), []
        network[0].register_full_backward_hook(keep(seen))
        network(batch(requires_grad=False)).backward()
        return seen

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Module.register_full_backward_hook", page=PAGE)
def test_full_backward_hook_does_not_see_inputs_given_by_name(snapshot):
    """``module(x=x)``: the gradient goes to x, and the hook gets an empty tuple for the inputs."""
    def act():
        module, seen, x = Named(), [], batch()
        module.register_full_backward_hook(keep(seen))
        module(x=x).backward()
        return {"seen": seen, "x": x.grad}

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Module.register_full_backward_hook", page=PAGE)
def test_output_behind_a_full_backward_hook_cannot_be_changed_in_place(snapshot):
    """The hook makes the output a view of its own kind: an in-place ReLU behind a hooked layer raises."""
    def act():
        network = torch.nn.Sequential(linear([[3.0]]), torch.nn.ReLU(inplace=True))
        network[0].register_full_backward_hook(lambda module, grad_input, grad_output: None)
        return network(batch())

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Module.register_full_backward_hook", page=PAGE)
def test_module_with_a_full_backward_hook_cannot_change_its_input_in_place(snapshot):
    """The hook makes the input a view too: an in-place ReLU cannot have such a hook."""
    def act():
        module = torch.nn.ReLU(inplace=True)
        module.register_full_backward_hook(lambda module, grad_input, grad_output: None)
        return module(linear([[3.0]])(batch()))

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Module.register_full_backward_hook", page=PAGE)
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


@pytest.mark.api("torch.nn.Module.register_backward_hook", "torch.nn.Module.register_full_backward_hook", page=PAGE)
def test_module_takes_either_the_old_or_full_backward_hooks(snapshot):
    """A module that has one kind refuses the other."""
    def act():
        module = linear([[3.0]])
        module.register_backward_hook(lambda module, grad_input, grad_output: None)
        module.register_full_backward_hook(lambda module, grad_input, grad_output: None)

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Module.register_backward_hook", page=PAGE)
def test_old_backward_hook_of_a_linear_layer_sees_its_last_operation(snapshot):
    """``register_backward_hook`` gets what the last operation hands on: the gradients of bias, input and transposed weight."""
    def act():
        module, seen = linear([[3.0, 4.0]], bias=[1.0]), []
        module.register_backward_hook(keep(seen))
        module(torch.tensor([[1.0, 2.0]], requires_grad=True)).backward()
        return seen

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Module.register_backward_hook", page=PAGE)
def test_old_backward_hook_warns_where_a_module_has_more_than_one_operation(snapshot):
    """For x * y + x it gets the terms of the last sum, and not the gradients of x and y; it says so in a warning."""
    def act():
        module, seen = TwoOperations(), []
        module.register_backward_hook(keep(seen))
        module(batch(), torch.tensor([[5.0]], requires_grad=True)).backward()
        return seen

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.modules.module.register_module_forward_pre_hook", "torch.nn.modules.module.register_module_forward_hook",
                 page="generated/torch.nn.modules.module.register_module_forward_hook")
def test_hooks_of_all_modules_run_before_those_of_one(snapshot):
    """Hooks for all modules run first, both before and after forward. They hold in the whole process: remove them."""
    def act():
        module, seen, handles = Named(), [], []
        module.register_forward_pre_hook(lambda *arguments: seen.append("pre-hook"))
        module.register_forward_hook(lambda *arguments: seen.append("hook"))
        try:
            handles.append(modules.register_module_forward_pre_hook(lambda *arguments: seen.append("pre-hook of all")))
            handles.append(modules.register_module_forward_hook(lambda *arguments: seen.append("hook of all")))
            module(batch())
        finally:
            for handle in handles:
                handle.remove()
        return seen

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.modules.module.register_module_full_backward_hook",
                 page="generated/torch.nn.modules.module.register_module_full_backward_hook")
def test_full_backward_hook_of_all_modules_runs_at_each_module(snapshot):
    """It sees the modules of a network from the last on, and the network itself after them."""
    def act():
        network, seen = torch.nn.Sequential(linear([[3.0]]), Named()), []
        handle = modules.register_module_full_backward_hook(lambda module, *arguments: seen.append(type(module).__name__))
        try:
            network(batch()).backward()
        finally:
            handle.remove()
        return seen

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Module.register_full_backward_hook", page=PAGE)
def test_full_backward_hook_sees_the_gradient_of_the_weight(snapshot):
    """When the hook runs, the module's weight has its gradient already."""
    def act():
        module, seen = linear([[3.0]]), []
        module.register_full_backward_hook(
            lambda module, grad_input, grad_output: seen.append(None if module.weight.grad is None else module.weight.grad.clone()))
        module(batch()).backward()
        return seen

    assert snapshot == observe(act)
