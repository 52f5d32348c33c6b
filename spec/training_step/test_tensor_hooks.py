"""Hooks on tensors: what they see of a gradient, what they may do to it, and which backward passes run them."""

import copy

import pytest
import torch

from fixtures.models import linear
from history.observe import observe


def leaf(value=1.0):
    return torch.tensor([value], requires_grad=True)


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
def test_tensor_hooks_run_in_the_order_in_which_they_were_registered(snapshot):
    """Each gets the gradient that the one before it left: (3 + 1) * 10."""
    w = leaf()
    w.register_hook(lambda gradient: gradient + 1)
    w.register_hook(lambda gradient: gradient * 10)

    def act():
        (3 * w).backward()
        return w.grad

    assert snapshot == observe(act)


@pytest.mark.api("torch.Tensor.register_hook", page="generated/torch.Tensor.register_hook")
def test_removed_tensor_hook_runs_no_more(snapshot):
    """After ``remove()`` of the handle a backward pass is as without the hook: 3 * 10, then 3 more."""
    w = leaf()
    handle = w.register_hook(lambda gradient: gradient * 10)

    def act():
        (3 * w).backward()
        handle.remove()
        first = w.grad.clone()
        (3 * w).backward()
        return {"first": first, "accumulated": w.grad}

    assert snapshot == observe(act)


@pytest.mark.api("torch.Tensor.register_hook", page="generated/torch.Tensor.register_hook")
def test_tensor_hook_sees_the_gradient_before_it_is_accumulated(snapshot):
    """At the second backward pass it gets 3, that pass's own gradient, while ``.grad`` goes from 3 to 6."""
    w, seen = leaf(), []
    w.register_hook(lambda gradient: seen.append([gradient.clone(), None if w.grad is None else w.grad.clone()]))

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
@pytest.mark.parametrize("change", [lambda gradient: gradient.reshape(1, 1), lambda gradient: gradient.double()], ids=["shape", "dtype"])
def test_tensor_hook_may_not_change_the_kind_of_the_gradient(snapshot, change):
    """A gradient of another shape or dtype is refused in the backward pass."""
    w = leaf()
    w.register_hook(change)
    assert snapshot == observe(lambda: (3 * w).backward())


@pytest.mark.api("torch.Tensor.register_hook", page="generated/torch.Tensor.register_hook")
def test_tensor_hook_that_raises_ends_the_backward_pass(snapshot):
    """The exception comes out of ``backward()`` as it is; gradients that are there already stay."""
    w, seen = leaf(), []

    def refuse(gradient):
        raise FloatingPointError("not finite")

    w.register_hook(refuse)

    def act():
        (3 * w).backward()

    assert snapshot == observe(act)
    assert w.grad is None


@pytest.mark.api("torch.Tensor.register_hook", page="notes/autograd")
def test_tensor_hook_belongs_to_the_value_before_an_in_place_change(snapshot):
    """Of two hooks, one registered before ``mul_(10)`` and one after it, each sees the gradient of the value that it knew."""
    def act():
        seen = {}
        h = 1 * leaf()
        h.register_hook(lambda gradient: seen.update(before=gradient.clone()))
        h.mul_(10)
        h.register_hook(lambda gradient: seen.update(after=gradient.clone()))
        (3 * h).backward()
        return seen

    assert snapshot == observe(act)


@pytest.mark.api("torch.Tensor.retain_grad", page="notes/autograd")
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


@pytest.mark.api("torch.Tensor.register_hook", "torch.nn.Module.to", page="generated/torch.Tensor.register_hook")
def test_tensor_hook_of_a_weight_outlasts_a_change_of_dtype(snapshot):
    """``model.double()`` changes the weight in place: its hook goes on, and gets gradients of the new dtype."""
    def act():
        model, seen = linear([[1.0]]), []
        model.weight.register_hook(keep(seen))
        model.double()
        model(torch.tensor([[3.0]], dtype=torch.float64)).backward()
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


@pytest.mark.api("torch.Tensor.register_post_accumulate_grad_hook", page="generated/torch.Tensor.register_post_accumulate_grad_hook")
def test_post_accumulate_hook_sees_the_accumulated_gradient(snapshot):
    """It gets the parameter, whose ``.grad`` holds all so far: 3, then 6."""
    w, seen = leaf(), []

    def act():
        w.register_post_accumulate_grad_hook(lambda parameter: seen.append(parameter.grad.clone()))
        (3 * w).backward()
        (3 * w).backward()
        return seen

    assert snapshot == observe(act)


@pytest.mark.api("torch.Tensor.register_post_accumulate_grad_hook", page="generated/torch.Tensor.register_post_accumulate_grad_hook")
def test_post_accumulate_hook_runs_once_for_a_parameter_used_twice(snapshot):
    """The gradients of both uses are summed first: one call, with 3 + 2."""
    w, seen = leaf(), []

    def act():
        w.register_post_accumulate_grad_hook(lambda parameter: seen.append(parameter.grad.clone()))
        (3 * w + 2 * w).backward()
        return seen

    assert snapshot == observe(act)


@pytest.mark.api("torch.Tensor.register_post_accumulate_grad_hook", "torch.Tensor.register_hook",
                 page="generated/torch.Tensor.register_post_accumulate_grad_hook")
def test_post_accumulate_hook_runs_after_the_tensor_hooks(snapshot):
    """Whichever was registered first, it sees what the tensor hooks made of the gradient: 3 * 10."""
    w, seen = leaf(), []

    def act():
        w.register_post_accumulate_grad_hook(lambda parameter: seen.append(parameter.grad.clone()))
        w.register_hook(lambda gradient: gradient * 10)
        (3 * w).backward()
        return seen

    assert snapshot == observe(act)


@pytest.mark.api("torch.Tensor.register_post_accumulate_grad_hook", page="generated/torch.Tensor.register_post_accumulate_grad_hook")
def test_post_accumulate_hook_needs_a_leaf(snapshot):
    """Nothing is accumulated into an intermediate result: the hook is refused there, ``retain_grad()`` or not."""
    h = 2 * leaf()
    assert snapshot == observe(lambda: h.register_post_accumulate_grad_hook(lambda parameter: None))


@pytest.mark.api("torch.Tensor.register_post_accumulate_grad_hook", page="generated/torch.Tensor.register_post_accumulate_grad_hook")
def test_post_accumulate_hook_may_return_nothing(snapshot):
    """A hook of one expression, such as ``p.grad.mul_(2)``, returns a value: that makes ``backward()`` raise."""
    w = leaf()

    def act():
        w.register_post_accumulate_grad_hook(lambda parameter: parameter.grad.mul_(2.0))
        (3 * w).backward()

    assert snapshot == observe(act)


@pytest.mark.api("torch.Tensor.register_post_accumulate_grad_hook", "torch.autograd.grad",
                 page="generated/torch.Tensor.register_post_accumulate_grad_hook")
def test_post_accumulate_hook_does_not_run_in_autograd_grad(snapshot):
    """``torch.autograd.grad`` accumulates nothing."""
    w, seen = leaf(), []

    def act():
        w.register_post_accumulate_grad_hook(lambda parameter: seen.append(parameter.grad))
        torch.autograd.grad(3 * w, w)
        return seen

    assert snapshot == observe(act)


def stepping_in_backward(model):
    """An optimizer for each parameter of the model, which steps and clears as soon as the gradient is there."""
    for parameter in model.parameters():
        optimizer = torch.optim.SGD([parameter], lr=1.0)

        def step(parameter, optimizer=optimizer):
            optimizer.step()
            optimizer.zero_grad()

        parameter.register_post_accumulate_grad_hook(step)


@pytest.mark.api("torch.Tensor.register_post_accumulate_grad_hook", "torch.optim.Optimizer.step",
                 page="generated/torch.Tensor.register_post_accumulate_grad_hook")
def test_optimizer_may_step_inside_the_backward_pass(snapshot):
    """One optimizer for each parameter, stepped by its hook: after ``backward()`` the weights have moved, and no gradient is left.

    The last layer moves first, and yet the first one's gradient, 2 * 3 = 6, is made from the last one's weight 2 as it was.
    """
    def act():
        model = torch.nn.Sequential(linear([[1.0]]), linear([[2.0]]))
        stepping_in_backward(model)
        model(torch.tensor([[3.0]])).backward()
        return {"weights": [w.detach() for w in model.parameters()], "gradients": [w.grad for w in model.parameters()]}

    assert snapshot == observe(act)


@pytest.mark.api("torch.Tensor.register_post_accumulate_grad_hook", "torch.optim.Optimizer.step",
                 page="generated/torch.Tensor.register_post_accumulate_grad_hook")
def test_step_inside_the_backward_pass_ends_gradient_accumulation(snapshot):
    """Each of two backward passes makes its own step: the second is computed at the weights that the first one left."""
    def act():
        model = linear([[1.0]])
        stepping_in_backward(model)
        path = []
        for _ in range(2):
            model(torch.tensor([[1.0]])).pow(2).backward()
            path.append(model.weight.detach().clone())
        return path

    assert snapshot == observe(act)
