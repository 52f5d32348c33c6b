"""Hooks that run after a gradient is accumulated, and optimizers that step in them.

A post-accumulate hook exists since 2.1. It gets the parameter after its gradient was added to
``.grad``, and after all tensor hooks. It can be registered only on a leaf, and must return None. An
optimizer can step and clear the gradient in such a hook, so that backward leaves no gradient
behind. Gradients then cannot be accumulated over several backward passes.
"""

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
    "2.1", "register_post_accumulate_grad_hook appears", kind="appeared", cause="pytorch#107063"
)
def test_post_accumulate_hook_sees_the_accumulated_gradient(snapshot):
    """A post-accumulate hook gets the parameter with its accumulated gradient: 3, then 6."""
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
    "2.1", "register_post_accumulate_grad_hook appears", kind="appeared", cause="pytorch#107063"
)
def test_post_accumulate_hook_runs_after_the_tensor_hooks(snapshot):
    """A post-accumulate hook runs after the tensor hooks, whichever was registered first.

    It sees the gradient that the tensor hooks returned: 3 * 10.
    """
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
    "register_post_accumulate_grad_hook appears, and raises on a non-leaf",
    kind="appeared",
    cause="pytorch#107063",
)
def test_post_accumulate_hook_needs_a_leaf(snapshot):
    """A post-accumulate hook can be registered only on a leaf; an intermediate result raises.

    Torch accumulates gradients only into leaves.
    """
    h = 2 * leaf()
    assert snapshot == observe(lambda: h.register_post_accumulate_grad_hook(lambda parameter: None))


@pytest.mark.api(
    "torch.Tensor.register_post_accumulate_grad_hook",
    page="generated/torch.Tensor.register_post_accumulate_grad_hook",
)
@pytest.mark.changed(
    "2.1",
    "register_post_accumulate_grad_hook appears, and a value that the hook returns raises",
    kind="appeared",
    cause="pytorch#107063",
)
def test_post_accumulate_hook_may_return_nothing(snapshot):
    """A post-accumulate hook that returns a value makes ``backward()`` raise.

    Trap: a lambda such as ``lambda p: p.grad.mul_(2)`` returns a value.
    """
    w = leaf()

    def act():
        w.register_post_accumulate_grad_hook(lambda parameter: parameter.grad.mul_(2.0))
        (3 * w).backward()

    assert snapshot == observe(act)


def stepping_in_backward(model):
    """Gives each parameter an optimizer that steps and clears as soon as the gradient is there."""
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
    "2.1", "register_post_accumulate_grad_hook appears", kind="appeared", cause="pytorch#107063"
)
def test_optimizer_may_step_inside_the_backward_pass(snapshot):
    """Optimizers can step in post-accumulate hooks, so that ``backward()`` moves the weights.

    Each parameter has its own optimizer, and no gradient is left. The last layer moves first. The
    first layer's gradient, 2 * 3 = 6, still comes from the last weight before its step, 2.
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
    "2.1", "register_post_accumulate_grad_hook appears", kind="appeared", cause="pytorch#107063"
)
def test_step_inside_the_backward_pass_ends_gradient_accumulation(snapshot):
    """Gradients cannot be accumulated over several backward passes if hooks step in each of them.

    The second backward pass runs at the weights that the first one left.
    """

    def act():
        model = linear([[1.0]])
        stepping_in_backward(model)
        path = []
        for _ in range(2):
            model(torch.tensor([[1.0]])).pow(2).backward()
            path.append(model.weight.detach().clone())
        return path

    assert snapshot == observe(act)
