"""Hooks that run when a parameter's gradient has been accumulated, and optimizers that step there."""

import pytest
import torch

from fixtures.models import linear
from torch_history.observing import observe


def leaf():
    return torch.tensor([1.0], requires_grad=True)


@pytest.mark.api(
    "torch.Tensor.register_post_accumulate_grad_hook",
    page="generated/torch.Tensor.register_post_accumulate_grad_hook",
)
@pytest.mark.changed(
    "2.1", "register_post_accumulate_grad_hook appears", kind="api-appeared", cause="pytorch#107063"
)
def test_post_accumulate_hook_sees_the_accumulated_gradient(snapshot):
    """It gets the parameter, whose ``.grad`` holds all so far: 3, then 6."""
    w, seen = leaf(), []

    def act():
        w.register_post_accumulate_grad_hook(lambda parameter: seen.append(parameter.grad.clone()))
        (3 * w).backward()
        (3 * w).backward()
        return seen

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.Tensor.register_post_accumulate_grad_hook",
    "torch.Tensor.register_hook",
    page="generated/torch.Tensor.register_post_accumulate_grad_hook",
)
@pytest.mark.changed(
    "2.1", "register_post_accumulate_grad_hook appears", kind="api-appeared", cause="pytorch#107063"
)
def test_post_accumulate_hook_runs_after_the_tensor_hooks(snapshot):
    """Whichever was registered first, it sees what the tensor hooks made of the gradient: 3 * 10."""
    w, seen = leaf(), []

    def act():
        w.register_post_accumulate_grad_hook(lambda parameter: seen.append(parameter.grad.clone()))
        w.register_hook(lambda gradient: gradient * 10)
        (3 * w).backward()
        return seen

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.Tensor.register_post_accumulate_grad_hook",
    page="generated/torch.Tensor.register_post_accumulate_grad_hook",
)
@pytest.mark.changed(
    "2.1",
    "register_post_accumulate_grad_hook appears, and refuses what is no leaf",
    kind="exception",
    cause="pytorch#107063",
)
def test_post_accumulate_hook_needs_a_leaf(snapshot):
    """Nothing is accumulated into an intermediate result: the hook is refused there, ``retain_grad()`` or not."""
    h = 2 * leaf()
    assert snapshot == observe(lambda: h.register_post_accumulate_grad_hook(lambda parameter: None))


@pytest.mark.api(
    "torch.Tensor.register_post_accumulate_grad_hook",
    page="generated/torch.Tensor.register_post_accumulate_grad_hook",
)
@pytest.mark.changed(
    "2.1",
    "register_post_accumulate_grad_hook appears, and refuses a returned value in backward",
    kind="exception",
    cause="pytorch#107063",
)
def test_post_accumulate_hook_may_return_nothing(snapshot):
    """A hook of one expression, such as ``p.grad.mul_(2)``, returns a value: that makes ``backward()`` raise."""
    w = leaf()

    def act():
        w.register_post_accumulate_grad_hook(lambda parameter: parameter.grad.mul_(2.0))
        (3 * w).backward()

    assert snapshot == observe(act)


def stepping_in_backward(model):
    """An optimizer for each parameter of the model, which steps and clears as soon as the gradient is there."""
    for parameter in model.parameters():
        optimizer = torch.optim.SGD([parameter], lr=1.0)

        def step(parameter, optimizer=optimizer):
            optimizer.step()
            optimizer.zero_grad()

        parameter.register_post_accumulate_grad_hook(step)


@pytest.mark.api(
    "torch.Tensor.register_post_accumulate_grad_hook",
    "torch.optim.Optimizer.step",
    page="generated/torch.Tensor.register_post_accumulate_grad_hook",
)
@pytest.mark.changed(
    "2.1", "register_post_accumulate_grad_hook appears", kind="api-appeared", cause="pytorch#107063"
)
def test_optimizer_may_step_inside_the_backward_pass(snapshot):
    """One optimizer for each parameter, stepped by its hook: ``backward()`` moves the weights, and leaves no gradient.

    The last layer moves first, and yet the first one's gradient, 2 * 3 = 6, is made from the last one's weight 2 as it was.
    """

    def act():
        model = torch.nn.Sequential(linear([[1.0]]), linear([[2.0]]))
        stepping_in_backward(model)
        model(torch.tensor([[3.0]])).backward()
        return {
            "weights": [w.detach() for w in model.parameters()],
            "gradients": [w.grad for w in model.parameters()],
        }

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.Tensor.register_post_accumulate_grad_hook",
    "torch.optim.Optimizer.step",
    page="generated/torch.Tensor.register_post_accumulate_grad_hook",
)
@pytest.mark.changed(
    "2.1", "register_post_accumulate_grad_hook appears", kind="api-appeared", cause="pytorch#107063"
)
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
