"""Hooks on tensors: what they see, what they may change, and which backward passes run them.

A tensor hook gets the gradient of this backward pass, before it is added to ``.grad``. The value
that it returns replaces the gradient, also for the tensors from which the hooked tensor was made.
It must have the same shape and dtype. Trap: an in-place change reaches other tensors that share the
gradient. Since 2.0, the hook of a leaf also runs in ``torch.autograd.grad``, and ``retain_grad()``
keeps the gradient after all hooks.
"""

import copy

import pytest
import torch

from fixtures.models import gradients_of, linear
from torch_history.observing import observe, observe_each


def leaf():
    return torch.tensor([1.0], requires_grad=True)


def keep(seen):
    """A hook that keeps a copy of each gradient."""
    return lambda gradient: seen.append(gradient.clone())


@pytest.mark.api("torch.Tensor.register_hook", page="generated/torch.Tensor.register_hook")
def test_tensor_hook_that_returns_a_value_replaces_the_gradient(snapshot):
    """The value that a tensor hook returns replaces the gradient: ``.grad`` is 3 * 10."""
    w = leaf()
    w.register_hook(lambda gradient: gradient * 10)

    def act():
        (3 * w).backward()
        return w.grad

    assert snapshot == observe(act)


@pytest.mark.api("torch.Tensor.register_hook", page="generated/torch.Tensor.register_hook")
def test_tensor_hook_inside_the_graph_changes_all_before_it(snapshot):
    """A hook on an intermediate result changes the gradients of all tensors it was made from.

    The value that the hook returns flows on to these tensors.
    """

    def act():
        w = leaf()
        h = 2 * w
        h.register_hook(lambda gradient: gradient.clamp(max=1.0))
        (5 * h).backward()
        return w.grad

    assert snapshot == observe(act)


@pytest.mark.api("torch.Tensor.register_hook", page="generated/torch.Tensor.register_hook")
def test_tensor_hook_sees_the_gradient_before_it_is_accumulated(snapshot):
    """A tensor hook sees the gradient of this backward pass, before it is accumulated.

    In the second pass the hook gets 3, while ``.grad`` goes from 3 to 6.
    """
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
    """A tensor hook that changes the gradient in place also changes it for other tensors.

    A sum passes the same gradient tensor to both terms: ``mul_`` in the hook of one reaches the
    other. Return a new tensor instead.
    """

    def act():
        a, b, given = leaf(), leaf(), torch.tensor([1.0])
        a.register_hook(lambda gradient: gradient.mul_(10) and None)
        (a + b).backward(given)
        return {"a": a.grad, "b": b.grad, "given": given}

    assert snapshot == observe(act)


@pytest.mark.api("torch.Tensor.register_hook", page="generated/torch.Tensor.register_hook")
def test_tensor_hook_needs_a_tensor_that_requires_grad(snapshot):
    """``register_hook`` raises on a tensor that requires no grad, such as a frozen parameter."""
    assert snapshot == observe(lambda: torch.tensor([1.0]).register_hook(lambda gradient: None))


@pytest.mark.api("torch.Tensor.register_hook", page="generated/torch.Tensor.register_hook")
@pytest.mark.parametrize(
    "change",
    [lambda gradient: gradient.reshape(1, 1), lambda gradient: gradient.double()],
    ids=["shape", "dtype"],
)
def test_tensor_hook_may_not_change_the_kind_of_the_gradient(snapshot, change):
    """Backward raises if a tensor hook returns a gradient of another shape or dtype."""
    w = leaf()
    w.register_hook(change)
    assert snapshot == observe(lambda: (3 * w).backward())


@pytest.mark.api("torch.Tensor.register_hook", page="generated/torch.Tensor.register_hook")
@pytest.mark.changed(
    "1.5",
    "backward raises RuntimeError with the message of the hook's exception",
    kind="exception",
    cause="pytorch#31230",
    probable=True,
    advice="catch RuntimeError and the hook's own exception",
    rarely="a hook that raises",
)
@pytest.mark.changed(
    "1.7",
    "backward raises the hook's exception itself",
    kind="exception",
    cause="pytorch#43684",
    advice="catch RuntimeError and the hook's own exception",
    rarely="a hook that raises",
)
def test_tensor_hook_that_raises_leaves_the_gradients_of_later_layers(snapshot):
    """If a tensor hook raises, ``backward()`` raises the same exception.

    Trap: later layers of the model already have their gradients, and keep them.
    """
    model = torch.nn.Sequential(linear([[1.0]]), linear([[2.0]]))

    def refuse(gradient):
        raise FloatingPointError("not finite")

    model[0].weight.register_hook(refuse)

    assert snapshot == observe_each(
        {
            "backward": lambda: model(torch.tensor([[3.0]])).backward(),
            "gradients": lambda: gradients_of(model),
        }
    )


@pytest.mark.api("torch.Tensor.register_hook", page="notes/autograd")
@pytest.mark.changed(
    "2.0",
    "a hook registered after the change sees the gradient of the changed value, 3 instead of 30",
    kind="silent",
    cause="pytorch#85849",
    probable=True,
    advice="register the hook before the in-place change to get the gradient of the value before",
    rarely="a tensor that was changed in place before",
)
def test_tensor_hook_belongs_to_the_value_before_an_in_place_change(snapshot):
    """A tensor hook sees the gradient of the value that the tensor had when it was registered.

    Of two hooks, one is registered before ``mul_(10)`` and one after it: they see 30 and 3.
    """

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
    "the gradient kept is that of the changed value, 3, instead of that of the value before, 30",
    kind="silent",
    cause="pytorch#79996",
    advice="register a hook before the change to get the gradient of the value before",
    restored_by="training_step.tensor_hook_before_an_in_place_change_sees_the_value_before",
    rarely="a tensor that is changed in place afterwards",
)
def test_retained_gradient_is_that_of_the_changed_value(snapshot):
    """After ``retain_grad()`` and an in-place change, the gradient of the changed value is kept.

    With ``mul_(10)`` it is 3, not 30, the gradient of the value before. Before 1.13 it was 30.
    """

    def act():
        h = 1 * leaf()
        h.retain_grad()
        h.mul_(10)
        (3 * h).backward()
        return h.grad

    assert snapshot == observe(act)


@pytest.mark.api("torch.Tensor.register_hook", page="notes/autograd")
def test_tensor_hook_before_an_in_place_change_sees_the_value_before(snapshot):
    """A hook that is registered before ``mul_(10)`` gets the gradient of the value before it, 30.

    ``retain_grad()`` keeps that of the changed value, 3.
    """

    def act():
        seen = []
        h = 1 * leaf()
        h.register_hook(keep(seen))
        h.mul_(10)
        (3 * h).backward()
        return seen[0]

    assert snapshot == observe(act)


@pytest.mark.api("torch.Tensor.retain_grad", "torch.Tensor.register_hook", page="notes/autograd")
@pytest.mark.changed(
    "2.0",
    "the gradient is kept after all hooks, even those registered later: 30 instead of 3",
    kind="silent",
    cause="pytorch#85849",
    advice="copy the gradient in the hook to get it before the hook's change",
    restored_by="training_step.tensor_hook_copies_the_gradient_before_its_change",
    of=("torch.Tensor.retain_grad",),
    rarely="a tensor whose hooks change the gradient",
)
def test_retained_gradient_is_what_the_hooks_left(snapshot):
    """``retain_grad()`` keeps the gradient after all tensor hooks: 3 * 10.

    A hook that is registered after ``retain_grad()`` still runs before the gradient is kept, since
    2.0.
    """

    def act():
        h = 1 * leaf()
        h.retain_grad()
        h.register_hook(lambda gradient: gradient * 10)
        (3 * h).backward()
        return h.grad

    assert snapshot == observe(act)


@pytest.mark.api("torch.Tensor.register_hook", page="notes/autograd")
def test_tensor_hook_copies_the_gradient_before_its_change(snapshot):
    """A tensor hook can keep a copy of the gradient, and return ten times as much.

    The copy is 3, while ``retain_grad()`` would keep 30.
    """

    def act():
        seen = []

        def hook(gradient):
            seen.append(gradient.clone())
            return gradient * 10

        h = 1 * leaf()
        h.register_hook(hook)
        (3 * h).backward()
        return seen[0]

    assert snapshot == observe(act)


@pytest.mark.api("torch.Tensor.register_hook", "torch.autograd.grad", page="notes/autograd")
@pytest.mark.changed(
    "2.0",
    "the hook of a leaf runs in autograd.grad too, which returns "
    "the hook's result: 30 instead of 3",
    kind="silent",
    cause="pytorch#85849",
    advice="call remove() of the hook's handle before autograd.grad",
    restored_by="training_step.removed_tensor_hook_does_not_change_autograd_grad",
    of=("torch.Tensor.register_hook",),
    rarely="a leaf that autograd.grad differentiates by",
)
def test_tensor_hook_of_a_leaf_runs_in_autograd_grad(snapshot):
    """The hook of a leaf runs in ``torch.autograd.grad`` too, which returns its result: 3 * 10.

    Before 2.0 the hook did not run there.
    """
    w = leaf()
    w.register_hook(lambda gradient: gradient * 10)
    assert snapshot == observe(lambda: torch.autograd.grad(3 * w, w)[0])


@pytest.mark.api("torch.Tensor.register_hook", "torch.autograd.grad", page="notes/autograd")
def test_removed_tensor_hook_does_not_change_autograd_grad(snapshot):
    """A tensor hook that ``remove()`` has taken off does not change what ``autograd.grad`` returns.

    ``register_hook`` returns the handle whose ``remove()`` takes the hook off.
    """
    w = leaf()
    handle = w.register_hook(lambda gradient: gradient * 10)

    def act():
        handle.remove()
        return torch.autograd.grad(3 * w, w)[0]

    assert snapshot == observe(act)


@pytest.mark.api("torch.Tensor.register_hook", page="generated/torch.Tensor.register_hook")
def test_tensor_hook_outlasts_freezing(snapshot):
    """A tensor hook stays on its parameter while it is frozen, and runs again after unfreezing."""
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
    """A deep copy of a model keeps its module hooks, but loses the hooks on its tensors."""

    def act():
        model, seen = linear([[1.0]]), []
        model.weight.register_hook(keep(seen))
        model.register_forward_hook(lambda module, arguments, output: seen.append("forward hook"))
        copy.deepcopy(model)(torch.tensor([[3.0]])).backward()
        return seen

    assert snapshot == observe(act)
