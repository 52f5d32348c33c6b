"""Article C's schedule: the backbone is frozen for the first steps, then unfrozen.

An optimizer over all parameters needs no change: it moves the backbone from its first gradient on.
An optimizer over the trainable parameters does not hold the backbone. It neither moves the backbone
nor clears its gradients, until ``add_param_group`` adds it. Adam counts steps per parameter, so the
backbone begins at its own first step. Momentum from before a second freeze is used again
afterwards.
"""

import pytest
import torch

from fixtures.models import gradients_of, linear, parameters_of
from torch_history.observing import observe

SGD = torch.optim.SGD


def network():
    """backbone(x) = 2 x, frozen, and head(x) = 3 x.

    For x = 1 the first gradient of the head is 2, and that of the backbone 3.
    """
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
    """A frozen backbone does not move, and moves as soon as it is unfrozen.

    An optimizer over all parameters needs no change: it steps the backbone from its first gradient
    on.
    """
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
    """An optimizer over the trainable parameters does not move a backbone that is unfrozen later.

    The backbone gets gradients, but the optimizer does not hold it.
    """
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
    """``zero_grad`` of an optimizer does not clear a backbone that was unfrozen after it was built.

    The optimizer holds only the parameters that were trainable then. The backbone's gradients of
    two steps, 3 and 1, add up.
    """
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
    """``add_param_group`` adds an unfrozen backbone to an optimizer that was built without it.

    The backbone may have its own learning rate.
    """
    model = network()
    optimizer = SGD(trainable(model), lr=0.5)
    step(model, optimizer)

    def act():
        model.backbone.requires_grad_(True)
        optimizer.add_param_group({"params": model.backbone.parameters(), "lr": 0.125})
        return step(model, optimizer)

    assert snapshot == observe(act)


@pytest.mark.api("torch.optim.Adam", page="generated/torch.optim.Adam", article="C")
def test_thawed_backbone_begins_adam_at_its_own_first_step(snapshot):
    """Adam counts steps per parameter: an unfrozen backbone begins at its own first step.

    It moves by a whole lr, as every parameter does in its first step.
    """
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
    """A backbone that is frozen again keeps its momentum, and uses it once it is unfrozen.

    The momentum stays in the optimizer's state, and half of it enters the next step. Each gradient
    is 3: 2 - 0.25 * 3 = 1.25, then no move, then 1.25 - 0.25 * (3 + 0.5 * 3) = 0.125.
    """
    model = network()
    model.backbone.requires_grad_(True)
    optimizer = SGD(model.backbone.parameters(), lr=0.25, momentum=0.5)
    first = step(model, optimizer)["backbone.weight"]
    # zero_grad() left zeros before 2.0, and momentum would still move the backbone
    model.backbone.weight.grad = None
    model.backbone.requires_grad_(False)
    optimizer.step()
    assert torch.equal(model.backbone.weight, first)
    model.backbone.requires_grad_(True)
    assert snapshot == observe(
        lambda: {"first": first, "after the thaw": step(model, optimizer)["backbone.weight"]}
    )
