"""Article C's schedule: the backbone is frozen for the first steps, then thawed."""

import pytest
import torch

from fixtures.models import gradients_of, linear, parameters_of
from torch_history.observing import observe

SGD = torch.optim.SGD


def network():
    """backbone(x) = 2 x, head(x) = 3 x: for x = 1 the head's gradient is 2 and the backbone's 3, at first."""
    model = torch.nn.Sequential()
    model.add_module("backbone", linear([[2.0]]))
    model.add_module("head", linear([[3.0]]))
    model.backbone.requires_grad_(False)
    return model


def trainable(model):
    return [parameter for parameter in model.parameters() if parameter.requires_grad]


def step(model, optimizer):
    optimizer.zero_grad()
    model(torch.tensor([[1.0]])).sum().backward()
    optimizer.step()
    return parameters_of(model)


@pytest.mark.api(
    "torch.nn.Module.requires_grad_", "torch.optim.SGD", page="notes/autograd", article="C"
)
def test_backbone_keeps_its_bits_while_frozen_and_moves_once_thawed(snapshot):
    """An optimizer over all parameters needs no word about the thaw: it steps the backbone from the first gradient on."""
    model = network()
    optimizer = SGD(model.parameters(), lr=0.5)
    start, frozen = parameters_of(model), [step(model, optimizer) for _ in range(2)]
    assert torch.equal(frozen[-1]["backbone.weight"], start["backbone.weight"])

    def act():
        model.backbone.requires_grad_(True)
        return {"frozen": frozen[-1], "thawed": step(model, optimizer)}

    assert snapshot == observe(act)


@pytest.mark.api("torch.optim.SGD", page="optim", article="C")
def test_filtered_optimizer_does_not_move_a_thawed_backbone(snapshot):
    """An optimizer built from what required grad at the time never learns of the thaw: the backbone gets gradients and rests."""
    model = network()
    optimizer = SGD(trainable(model), lr=0.5)
    step(model, optimizer)
    model.backbone.requires_grad_(True)
    assert snapshot == observe(
        lambda: {"after": step(model, optimizer), "gradients": gradients_of(model)}
    )


@pytest.mark.api(
    "torch.optim.Optimizer.zero_grad", page="generated/torch.optim.Optimizer.zero_grad", article="C"
)
def test_filtered_optimizer_lets_the_gradients_of_a_thawed_backbone_add_up(snapshot):
    """Its ``zero_grad`` does not reach the thawed backbone either: two steps' gradients, 3 and 1, lie there as a sum."""
    model = network()
    optimizer = SGD(trainable(model), lr=1.0)
    model.backbone.requires_grad_(True)

    def act():
        for _ in range(2):
            step(model, optimizer)
        return gradients_of(model)

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.optim.Optimizer.add_param_group",
    page="generated/torch.optim.Optimizer.add_param_group",
    article="C",
)
def test_add_param_group_lets_a_filtered_optimizer_move_a_thawed_backbone(snapshot):
    """``add_param_group`` hands the thawed backbone to the filtered optimizer, with a learning rate of its own: the way out."""
    model = network()
    optimizer = SGD(trainable(model), lr=0.5)
    step(model, optimizer)

    def act():
        model.backbone.requires_grad_(True)
        optimizer.add_param_group({"params": model.backbone.parameters(), "lr": 0.125})
        return step(model, optimizer)

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.optim.Optimizer.add_param_group", page="generated/torch.optim.Optimizer.add_param_group"
)
def test_add_param_group_refuses_a_backbone_that_the_optimizer_holds(snapshot):
    """An optimizer over all parameters has the frozen ones already: adding them at the thaw raises."""
    model = network()
    optimizer = SGD(model.parameters(), lr=0.5)
    model.backbone.requires_grad_(True)
    assert snapshot == observe(
        lambda: optimizer.add_param_group({"params": model.backbone.parameters()})
    )


@pytest.mark.api("torch.optim.Adam", page="generated/torch.optim.Adam", article="C")
def test_thawed_backbone_begins_adam_at_its_own_first_step(snapshot):
    """Adam counts steps for each parameter: at the thaw the backbone moves by a whole lr, as every parameter does at first."""
    model = network()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.5)
    for _ in range(2):
        step(model, optimizer)
    model.backbone.requires_grad_(True)

    def act():
        step(model, optimizer)
        return {
            "backbone": model.backbone.weight,
            "steps": [int(optimizer.state[p]["step"]) for p in model.parameters()],
        }

    assert snapshot == observe(act)


@pytest.mark.api("torch.optim.SGD", page="generated/torch.optim.SGD", article="C")
def test_refrozen_backbone_takes_up_its_old_momentum_at_the_next_thaw(snapshot):
    """Momentum gathered before a freeze waits in the optimizer's state: the first step after it takes half of it along.

    Each gradient is 3: 2 - 0.25 * 3 = 1.25, then rest, then 1.25 - 0.25 * (3 + 0.5 * 3) = 0.125.
    """
    model = network()
    model.backbone.requires_grad_(True)
    optimizer = SGD(model.backbone.parameters(), lr=0.25, momentum=0.5)
    first = step(model, optimizer)["backbone.weight"]
    model.backbone.weight.grad = (
        None  # zero_grad() left zeros before 2.0, and momentum would run on
    )
    model.backbone.requires_grad_(False)
    optimizer.step()
    assert torch.equal(model.backbone.weight, first)
    model.backbone.requires_grad_(True)
    assert snapshot == observe(
        lambda: {"first": first, "after the thaw": step(model, optimizer)["backbone.weight"]}
    )
