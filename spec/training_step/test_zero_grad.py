"""What ``zero_grad`` of an optimizer and of a module leaves in the gradients.

Since 2.0, ``zero_grad()`` sets gradients to None; before 2.0 it filled them with zeros.
``set_to_none=False``, which exists since 1.7, still fills them with zeros. The next step shows the
difference: it skips None, while zeros still let momentum move the weight. Zeros are written into
the same tensor, so a reference to the gradient sees the next backward's gradient too.
"""

import pytest
import torch

from fixtures.models import linear
from torch_history.observing import observe


def trained():
    """A layer that has a gradient, and its optimizer."""
    model = linear([[1.0, 2.0]])
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    model(torch.tensor([[1.0, 3.0]])).sum().backward()
    assert torch.equal(model.weight.grad, torch.tensor([[1.0, 3.0]]))
    return model, optimizer


def gradient_after(zero_grad):
    """The weight's gradient after ``zero_grad(model, optimizer)``."""
    model, optimizer = trained()
    zero_grad(model, optimizer)
    return model.weight.grad


@pytest.mark.api(
    "torch.optim.Optimizer.zero_grad",
    "torch.Tensor.grad",
    page="generated/torch.optim.Optimizer.zero_grad",
    article="E",
)
@pytest.mark.changed(
    "2.0",
    "gradients become None instead of zeros",
    kind="silent",
    cause="pytorch#92731",
    advice="check for None, or call optimizer.zero_grad(set_to_none=False)",
    restored_by="training_step.optimizer_zero_grad_keeps_zeros_when_asked",
    unless=("set_to_none", 0),
    when=("-:of=torch.Tensor.grad", ":of=torch.Tensor.grad and :compared"),
    rewrite="+set_to_none=False",
)
def test_optimizer_zero_grad_leaves_none(snapshot):
    """Since 2.0 ``optimizer.zero_grad()`` sets gradients to None.

    Trap: a step skips None, while zeros still let momentum and weight decay move the parameter.
    """
    assert snapshot == observe(
        lambda: gradient_after(lambda model, optimizer: optimizer.zero_grad())
    )


@pytest.mark.api("torch.nn.Module.zero_grad", page="generated/torch.nn.Module")
@pytest.mark.changed(
    "2.0",
    "gradients become None instead of zeros",
    kind="silent",
    cause="pytorch#92731",
    advice="check for None, or call model.zero_grad(set_to_none=False)",
    restored_by="training_step.module_zero_grad_keeps_zeros_when_asked",
    unless=("set_to_none", 0),
    rewrite="+set_to_none=False",
)
def test_module_zero_grad_leaves_none(snapshot):
    """Since 2.0 ``model.zero_grad()`` sets gradients to None, as ``optimizer.zero_grad()`` does."""
    assert snapshot == observe(lambda: gradient_after(lambda model, optimizer: model.zero_grad()))


@pytest.mark.api(
    "torch.optim.Optimizer.zero_grad", page="generated/torch.optim.Optimizer.zero_grad"
)
@pytest.mark.changed(
    "1.7", "Optimizer.zero_grad takes set_to_none", kind="appeared", cause="pytorch#42754"
)
def test_optimizer_zero_grad_keeps_zeros_when_asked(snapshot):
    """``optimizer.zero_grad(set_to_none=False)`` fills gradients with zeros, as before 2.0."""
    assert snapshot == observe(
        lambda: gradient_after(lambda model, optimizer: optimizer.zero_grad(set_to_none=False))
    )


@pytest.mark.api("torch.nn.Module.zero_grad", page="generated/torch.nn.Module")
@pytest.mark.changed(
    "1.7", "Module.zero_grad takes set_to_none", kind="appeared", cause="pytorch#42754"
)
def test_module_zero_grad_keeps_zeros_when_asked(snapshot):
    """``model.zero_grad(set_to_none=False)`` fills gradients with zeros, as before 2.0."""
    assert snapshot == observe(
        lambda: gradient_after(lambda model, optimizer: model.zero_grad(set_to_none=False))
    )


@pytest.mark.api(
    "torch.optim.Optimizer.zero_grad", page="generated/torch.optim.Optimizer.zero_grad"
)
def test_zero_grad_with_zeros_writes_into_the_same_gradient(snapshot):
    """Zeroing a gradient keeps the tensor: a reference to it sees the next backward's gradient.

    After ``zero_grad()`` has set None, a reference to the old tensor does not.
    """
    model, _optimizer = trained()
    held = model.weight.grad
    held.zero_()

    def act():
        model(torch.tensor([[1.0, 3.0]])).sum().backward()
        return {"held": held.clone(), "still the gradient": held is model.weight.grad}

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.optim.SGD", "torch.optim.Optimizer.zero_grad", page="generated/torch.optim.SGD"
)
@pytest.mark.changed(
    "2.0",
    "a step after zero_grad moves nothing: None is skipped, zeros were not",
    kind="silent",
    cause="pytorch#92731",
    advice="call backward before each step, or call optimizer.zero_grad(set_to_none=False)",
    restored_by="training_step.step_after_zero_grad_with_zeros_moves_by_momentum",
    of=("torch.optim.Optimizer.zero_grad",),
    unless=("set_to_none", 0),
    rarely="a step without a backward before it",
)
def test_step_after_zero_grad_moves_nothing(snapshot):
    """A step after ``zero_grad()`` without a backward between them moves nothing.

    Before 2.0, momentum still moved the weight.
    """
    model, optimizer = trained()
    optimizer.step()
    assert torch.allclose(model.weight, torch.tensor([[0.9, 1.7]]))

    def act():
        optimizer.zero_grad()
        optimizer.step()
        return model.weight

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.optim.SGD", "torch.optim.Optimizer.zero_grad", page="generated/torch.optim.SGD"
)
@pytest.mark.changed(
    "1.7", "Optimizer.zero_grad takes set_to_none", kind="appeared", cause="pytorch#42754"
)
def test_step_after_zero_grad_with_zeros_moves_by_momentum(snapshot):
    """A step after ``zero_grad(set_to_none=False)`` still moves the weight by its momentum.

    No backward runs between them: the gradient is zero, and the momentum is not.
    """
    model, optimizer = trained()
    optimizer.step()

    def act():
        optimizer.zero_grad(set_to_none=False)
        optimizer.step()
        return model.weight

    assert snapshot == observe(act)
