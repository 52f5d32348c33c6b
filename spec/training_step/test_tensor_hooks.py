"""Hooks on tensors: what they see of a gradient, what they may do to it, and which backward passes run them."""

import copy

import pytest
import torch

from fixtures.models import gradients_of, linear
from torch_history.observing import observe


def leaf():
    return torch.tensor([1.0], requires_grad=True)


def keep(seen):
    """A hook that keeps a copy of each gradient."""
    return lambda gradient: seen.append(gradient.clone())


@pytest.mark.api("torch.Tensor.register_hook", page="generated/torch.Tensor.register_hook")
def test_tensor_hook_that_returns_a_value_replaces_the_gradient(snapshot):
    """What the hook returns goes into ``.grad``: 3 * 10."""
    w = leaf()
    w.register_hook(lambda gradient: gradient * 10)

    def act():
        (3 * w).backward()
        return w.grad

    assert snapshot == observe(act)


@pytest.mark.api("torch.Tensor.register_hook", page="generated/torch.Tensor.register_hook")
def test_tensor_hook_inside_the_graph_changes_all_before_it(snapshot):
    """A hook on an intermediate result: what it returns flows on to the tensors that the result was made from."""

    def act():
        w = leaf()
        h = 2 * w
        h.register_hook(lambda gradient: gradient.clamp(max=1.0))
        (5 * h).backward()
        return w.grad

    assert snapshot == observe(act)


@pytest.mark.api("torch.Tensor.register_hook", page="generated/torch.Tensor.register_hook")
def test_tensor_hook_sees_the_gradient_before_it_is_accumulated(snapshot):
    """At the second backward pass it gets 3, that pass's own gradient, while ``.grad`` goes from 3 to 6."""
    w, seen = leaf(), []
    w.register_hook(
        lambda gradient: seen.append([gradient.clone(), None if w.grad is None else w.grad.clone()])
    )

    def act():
        (3 * w).backward()
        (3 * w).backward()
        return {"gradient and .grad": seen, "after": w.grad}

    assert snapshot == observe(act)


@pytest.mark.api("torch.Tensor.register_hook", page="generated/torch.Tensor.register_hook")
def test_tensor_hook_in_place_reaches_whoever_shares_the_gradient(snapshot):
    """A sum gives both its terms one and the same gradient tensor: ``mul_`` in the hook of one changes it for the other too.

    Return a new tensor instead.
    """

    def act():
        a, b, given = leaf(), leaf(), torch.tensor([1.0])
        a.register_hook(lambda gradient: gradient.mul_(10) and None)
        (a + b).backward(given)
        return {"a": a.grad, "b": b.grad, "given": given}

    assert snapshot == observe(act)


@pytest.mark.api("torch.Tensor.register_hook", page="generated/torch.Tensor.register_hook")
def test_tensor_hook_needs_a_tensor_that_requires_grad(snapshot):
    """On a frozen parameter no hook can be registered."""
    assert snapshot == observe(lambda: torch.tensor([1.0]).register_hook(lambda gradient: None))


@pytest.mark.api("torch.Tensor.register_hook", page="generated/torch.Tensor.register_hook")
@pytest.mark.parametrize(
    "change",
    [lambda gradient: gradient.reshape(1, 1), lambda gradient: gradient.double()],
    ids=["shape", "dtype"],
)
def test_tensor_hook_may_not_change_the_kind_of_the_gradient(snapshot, change):
    """A gradient of another shape or dtype is refused in the backward pass."""
    w = leaf()
    w.register_hook(change)
    assert snapshot == observe(lambda: (3 * w).backward())


@pytest.mark.api("torch.Tensor.register_hook", page="generated/torch.Tensor.register_hook")
@pytest.mark.changed(
    "1.5",
    "the exception of the hook comes out as RuntimeError, with the message alone",
    kind="error",
    cause="pytorch#31230",
    probable=True,
    advice="catch RuntimeError as well",
)
@pytest.mark.changed(
    "1.7",
    "the exception of the hook comes out of backward as it is",
    kind="error-gone",
    cause="pytorch#43684",
)
def test_tensor_hook_that_raises_leaves_the_gradients_of_later_layers(snapshot):
    """The exception comes out of ``backward()`` as it is; the last layer, whose turn was before, keeps its gradient."""
    model = torch.nn.Sequential(linear([[1.0]]), linear([[2.0]]))

    def refuse(gradient):
        raise FloatingPointError("not finite")

    model[0].weight.register_hook(refuse)

    def act():
        with pytest.raises(FloatingPointError):
            model(torch.tensor([[3.0]])).backward()
        return gradients_of(model)

    assert snapshot == observe(act)


@pytest.mark.api("torch.Tensor.register_hook", page="notes/autograd")
@pytest.mark.changed(
    "2.0",
    "a hook registered after the change sees the gradient of the changed value, 3 instead of 30",
    kind="silent",
    cause="pytorch#85849",
    probable=True,
    advice="look at what hooks on tensors changed in place are told",
)
def test_tensor_hook_belongs_to_the_value_before_an_in_place_change(snapshot):
    """Of two hooks, one registered before ``mul_(10)`` and one after it, each sees the gradient of the value that it knew."""

    def act():
        before, after = [], []
        h = 1 * leaf()
        h.register_hook(keep(before))
        h.mul_(10)
        h.register_hook(keep(after))
        (3 * h).backward()
        return {"before": before, "after": after}

    assert snapshot == observe(act)


@pytest.mark.api("torch.Tensor.retain_grad", page="notes/autograd")
@pytest.mark.changed(
    "1.13",
    "the gradient kept is that of the changed value, 3, and not that of the value before, 30",
    kind="silent",
    cause="pytorch#79996",
    advice="register a hook before the change to get the gradient of the value before",
)
def test_retained_gradient_is_that_of_the_changed_value(snapshot):
    """After ``retain_grad()`` and ``mul_(10)`` the gradient kept is that of the tensor as it is now: 3, not 30."""

    def act():
        h = 1 * leaf()
        h.retain_grad()
        h.mul_(10)
        (3 * h).backward()
        return h.grad

    assert snapshot == observe(act)


@pytest.mark.api("torch.Tensor.retain_grad", "torch.Tensor.register_hook", page="notes/autograd")
@pytest.mark.changed(
    "2.0",
    "the gradient is kept after all hooks, whenever they were registered: 30 instead of 3",
    kind="silent",
    cause="pytorch#85849",
    advice="read the gradient in the hook to have it as it was before",
)
def test_retained_gradient_is_what_the_hooks_left(snapshot):
    """A hook registered after ``retain_grad()`` still runs before the gradient is kept: 3 * 10."""

    def act():
        h = 1 * leaf()
        h.retain_grad()
        h.register_hook(lambda gradient: gradient * 10)
        (3 * h).backward()
        return h.grad

    assert snapshot == observe(act)


@pytest.mark.api("torch.Tensor.register_hook", "torch.autograd.grad", page="notes/autograd")
@pytest.mark.changed(
    "2.0",
    "the hook of a leaf runs in autograd.grad too, and what it returns is the result: 30 instead of 3",
    kind="silent",
    cause="pytorch#85849",
    advice="multiply no more after autograd.grad what the hook multiplies already",
)
def test_tensor_hook_of_a_leaf_runs_in_autograd_grad(snapshot):
    """``torch.autograd.grad`` gives the gradient that the hook of the leaf left: 3 * 10."""
    w = leaf()
    w.register_hook(lambda gradient: gradient * 10)
    assert snapshot == observe(lambda: torch.autograd.grad(3 * w, w)[0])


@pytest.mark.api("torch.Tensor.register_hook", page="generated/torch.Tensor.register_hook")
def test_tensor_hook_outlasts_freezing(snapshot):
    """A hook stays on its parameter while that is frozen, and runs again once it is thawed."""
    w, seen = leaf(), []
    w.register_hook(keep(seen))
    w.requires_grad_(False)
    assert not (3 * w).requires_grad
    w.requires_grad_(True)

    def act():
        (3 * w).backward()
        return seen

    assert snapshot == observe(act)


@pytest.mark.api("torch.Tensor.register_hook", page="generated/torch.Tensor.register_hook")
def test_deepcopy_of_a_model_forgets_the_hooks_of_its_weights(snapshot):
    """A deep copy has its module hooks, but not the hooks on its tensors."""

    def act():
        model, seen = linear([[1.0]]), []
        model.weight.register_hook(keep(seen))
        model.register_forward_hook(lambda module, arguments, output: seen.append("forward hook"))
        copy.deepcopy(model)(torch.tensor([[3.0]])).backward()
        return seen

    assert snapshot == observe(act)
