"""Hooks on a module: ``module(x)`` runs them, ``module.forward(x)`` does not.

A forward pre-hook runs before ``forward``, and what it returns replaces the input. A forward hook
runs after ``forward``, and what it returns replaces the output. Forward hooks run in the order of
registration, until ``remove()`` of their handle. A pre-hook gets keyword arguments only with
``with_kwargs=True``, since 2.0. A full backward hook, since 1.8, sees the gradients of the module's
input and output.
"""

import pytest
import torch

from fixtures.models import linear
from torch_history.observing import observe


class Doubles(torch.nn.Module):
    """Twice its input; each forward pass is appended to ``events``."""

    def __init__(self, events):
        super().__init__()
        self.events = events

    def forward(self, x):
        self.events.append("forward")
        return 2 * x


def hooked():
    """A module with a hook before and one after its forward, and the list that they append to."""
    events = []
    module = Doubles(events)
    module.register_forward_pre_hook(lambda module, arguments: events.append("pre-hook"))
    module.register_forward_hook(lambda module, arguments, output: events.append("hook"))
    return module, events


@pytest.mark.api(
    "torch.nn.Module.register_forward_hook",
    "torch.nn.Module.register_forward_pre_hook",
    page="generated/torch.nn.Module",
)
def test_calling_a_module_runs_its_hooks_around_forward(snapshot):
    """``module(x)`` runs the forward pre-hook, ``forward`` and the forward hook, in this order."""
    module, events = hooked()

    def act():
        return {"output": module(torch.tensor([1.0])), "events": events}

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Module.forward", page="generated/torch.nn.Module")
def test_calling_forward_itself_runs_no_hook(snapshot):
    """``module.forward(x)`` gives the same value as ``module(x)``, but runs no hook.

    Trap: nothing says that the hooks were skipped. Call the module instead.
    """
    module, events = hooked()

    def act():
        return {"output": module.forward(torch.tensor([1.0])), "events": events}

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Module.forward", page="generated/torch.nn.Module")
def test_calling_forward_of_the_parent_runs_the_hooks_of_its_children(snapshot):
    """``parent.forward(x)`` skips the hooks of the parent, but runs the hooks of its children.

    The parent calls its children as modules.
    """
    child, events = hooked()
    parent = torch.nn.Sequential(child)
    parent.register_forward_hook(lambda module, arguments, output: events.append("parent's hook"))

    def act():
        parent.forward(torch.tensor([1.0]))
        return events

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Module.register_forward_pre_hook", page="generated/torch.nn.Module")
def test_pre_hook_that_returns_a_value_replaces_the_input(snapshot):
    """The value that a forward pre-hook returns replaces the input of forward: 2 * (1 + 10)."""
    module = Doubles([])
    module.register_forward_pre_hook(lambda module, arguments: arguments[0] + 10.0)
    assert snapshot == observe(lambda: module(torch.tensor([1.0])))


@pytest.mark.api("torch.nn.Module.register_forward_hook", page="generated/torch.nn.Module")
def test_hook_that_returns_a_value_replaces_the_output(snapshot):
    """The value that a forward hook returns replaces the output: 2 * 1 + 10.

    A hook that returns None leaves the output as it is.
    """
    module = Doubles([])
    module.register_forward_hook(lambda module, arguments, output: output + 10.0)
    module.register_forward_hook(lambda module, arguments, output: None)
    assert snapshot == observe(lambda: module(torch.tensor([1.0])))


@pytest.mark.api("torch.nn.Module.register_forward_hook", page="generated/torch.nn.Module")
def test_hooks_run_in_the_order_in_which_they_were_registered(snapshot):
    """Forward hooks run in the order in which they were registered.

    Each gets the output that the hook before it returned: (2 * 1 + 1) * 3.
    """
    module = Doubles([])
    module.register_forward_hook(lambda module, arguments, output: output + 1.0)
    module.register_forward_hook(lambda module, arguments, output: output * 3.0)
    assert snapshot == observe(lambda: module(torch.tensor([1.0])))


@pytest.mark.api("torch.nn.Module.register_forward_hook", page="generated/torch.nn.Module")
@pytest.mark.changed(
    "2.0", "register_forward_hook takes prepend", kind="appeared", cause="pytorch#87370"
)
def test_prepended_hook_runs_first(snapshot):
    """A forward hook registered with ``prepend=True`` runs before earlier hooks: 2 * 1 * 3 + 1."""
    module = Doubles([])
    module.register_forward_hook(lambda module, arguments, output: output + 1.0)

    def act():
        module.register_forward_hook(lambda module, arguments, output: output * 3.0, prepend=True)
        return module(torch.tensor([1.0]))

    assert snapshot == observe(act)


@pytest.mark.api("torch.utils.hooks.RemovableHandle.remove", page="generated/torch.nn.Module")
def test_removed_hook_runs_no_more(snapshot):
    """A forward hook no longer runs after ``remove()`` of its handle.

    ``register_forward_hook`` returns the handle.
    """
    module = Doubles([])
    handle = module.register_forward_hook(lambda module, arguments, output: output + 10.0)

    def act():
        before = module(torch.tensor([1.0]))
        handle.remove()
        return {"before": before, "after": module(torch.tensor([1.0]))}

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Module.register_forward_pre_hook", page="generated/torch.nn.Module")
def test_hook_does_not_see_keyword_arguments(snapshot):
    """A forward pre-hook sees only positional arguments: for ``module(x=...)`` an empty tuple."""
    module, seen = Doubles([]), []
    module.register_forward_pre_hook(lambda module, arguments: seen.append(arguments))

    def act():
        return {"output": module(x=torch.tensor([1.0])), "seen": seen}

    assert snapshot == observe(act)


def gradients_seen(call):
    """What a full backward hook on 3 x sees if the graph was built by ``call(module, x)``."""
    module, seen = linear([[3.0]]), []
    module.register_full_backward_hook(
        lambda module, grad_input, grad_output: seen.append(
            {"grad_input": grad_input, "grad_output": grad_output}
        )
    )
    call(module, torch.tensor([[1.0]], requires_grad=True)).backward(torch.tensor([[2.0]]))
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
def test_full_backward_hook_sees_the_gradients_of_input_and_output(snapshot):
    """A full backward hook sees the gradients of the module's input and output.

    For 3 x and a gradient of 2 on the output, it sees 6 on the input.
    """
    assert snapshot == observe(lambda: gradients_seen(lambda module, x: module(x)))


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
def test_full_backward_hook_does_not_run_behind_forward_itself(snapshot):
    """A full backward hook does not run if the graph was built by ``module.forward(x)``.

    Only a call of the module puts the hook into the graph.
    """
    assert snapshot == observe(lambda: gradients_seen(lambda module, x: module.forward(x)))


@pytest.mark.api("torch.nn.Module.forward", page="generated/torch.nn.Module")
@pytest.mark.changed(
    "1.12",
    "the message names the module and the missing forward, where it was empty before",
    kind="wording",
)
def test_calling_a_module_without_forward_raises(snapshot):
    """A module whose class defines no ``forward`` raises when it is called.

    Trap: creating the module does not raise.
    """

    class Forgotten(torch.nn.Module):
        pass

    module = Forgotten()
    assert snapshot == observe(lambda: module(torch.tensor([1.0])))
