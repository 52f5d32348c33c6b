"""Which gradients ``zero_grad`` clears, and what keeps a gradient.

``optimizer.zero_grad()`` clears only the gradients of the parameters that the optimizer holds.
``model.zero_grad()`` clears those of all parameters of the model, frozen ones included. A reference
to a gradient keeps its values since 2.0, because ``.grad`` becomes None. Before 2.0, and with
``set_to_none=False``, zeros are written into it: clone the gradient to keep it.
"""

import pytest
import torch

from fixtures.models import linear
from torch_history.observing import observe


def trained():
    """Two layers that have gradients, and an optimizer over only the second one."""
    model = torch.nn.Sequential(linear([[2.0]]), linear([[5.0]]))
    model(torch.tensor([[3.0]])).sum().backward()
    return model, torch.optim.SGD(model[1].parameters(), lr=0.1)


def cleared(model):
    """Per layer, whether its gradient is None or zeros."""
    return [layer.weight.grad is None or layer.weight.grad.item() == 0 for layer in model]


@pytest.mark.api(
    "torch.optim.Optimizer.zero_grad", page="generated/torch.optim.Optimizer.zero_grad"
)
def test_optimizer_zero_grad_leaves_what_it_does_not_hold(snapshot):
    """``optimizer.zero_grad()`` clears only the gradients of its own parameters.

    Trap: the gradient of a layer that it does not hold keeps adding up.
    """
    model, optimizer = trained()

    def act():
        optimizer.zero_grad()
        return cleared(model)

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Module.zero_grad", page="generated/torch.nn.Module")
def test_module_zero_grad_clears_every_parameter_of_the_model(snapshot):
    """``model.zero_grad()`` clears the gradients of all its parameters.

    It does not matter which optimizer holds them, if any.
    """
    model, _optimizer = trained()

    def act():
        model.zero_grad()
        return cleared(model)

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Module.zero_grad", page="generated/torch.nn.Module")
def test_module_zero_grad_clears_the_old_gradient_of_a_frozen_parameter(snapshot):
    """``model.zero_grad()`` also clears the gradient of a parameter frozen after backward."""
    model, _ = trained()
    model[0].weight.requires_grad_(False)
    assert not cleared(model)[0]

    def act():
        model.zero_grad()
        return cleared(model)

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.optim.Optimizer.zero_grad",
    "torch.nn.Module.zero_grad",
    page="generated/torch.optim.Optimizer.zero_grad",
)
@pytest.mark.changed(
    "2.0",
    "a gradient kept by reference keeps its values: zero_grad sets None instead of writing zeros",
    kind="silent",
    cause="pytorch#92731",
    advice="call optimizer.zero_grad(set_to_none=False) to write zeros into it",
    restored_by="training_step.gradient_kept_by_reference_is_zeroed_when_asked",
    unless=("set_to_none", 0),
    rarely="a gradient that is kept by reference",
)
def test_gradient_kept_by_reference_survives_zero_grad(snapshot):
    """A reference to a gradient keeps its values after ``zero_grad()``, which sets None.

    Trap: before 2.0, or with ``set_to_none=False``, zeros are written into it. Clone it first.
    """
    model, optimizer = trained()
    saved = model[1].weight.grad

    def act():
        optimizer.zero_grad()
        return saved

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.optim.Optimizer.zero_grad", page="generated/torch.optim.Optimizer.zero_grad"
)
@pytest.mark.changed(
    "1.7", "Optimizer.zero_grad takes set_to_none", kind="appeared", cause="pytorch#42754"
)
def test_gradient_kept_by_reference_is_zeroed_when_asked(snapshot):
    """``zero_grad(set_to_none=False)`` writes zeros into a gradient that is kept by reference.

    Clone the gradient to keep its values.
    """
    model, optimizer = trained()
    saved = model[1].weight.grad

    def act():
        optimizer.zero_grad(set_to_none=False)
        return saved

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.optim.Optimizer.zero_grad", page="generated/torch.optim.Optimizer.zero_grad"
)
@pytest.mark.changed(
    "1.7", "Optimizer.zero_grad takes set_to_none", kind="appeared", cause="pytorch#42754"
)
def test_zero_grad_with_zeros_cuts_the_gradient_from_its_graph(snapshot):
    """``zero_grad(set_to_none=False)`` detaches a gradient that has a graph, and then zeros it.

    ``create_graph=True`` makes such a gradient.
    """
    weight = torch.nn.Parameter(torch.tensor([3.0]))
    optimizer = torch.optim.SGD([weight], lr=0.1)
    (weight.grad,) = torch.autograd.grad((weight * weight).sum(), weight, create_graph=True)
    assert weight.grad.requires_grad

    def act():
        optimizer.zero_grad(set_to_none=False)
        return weight.grad

    assert snapshot == observe(act)
