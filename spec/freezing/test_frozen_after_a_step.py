"""A weight frozen after a step: the optimizer still holds it, its state and perhaps a gradient.

Freezing stops autograd and not the optimizer, which skips a weight only if its gradient is None. A
gradient that was not cleared is applied again. A gradient of zeros lets momentum, weight decay and
Adam's averages move the frozen weight. ``zero_grad()`` leaves None since 2.0, so the weight no
longer moves. Before 2.0, and with ``set_to_none=False``, the weight still moves, and nothing tells
you.
"""

import pytest
import torch

from fixtures.models import linear
from torch_history.observing import observe

INPUT = [[1.0, 3.0]]


def step(model, optimizer):
    model(torch.tensor(INPUT)).sum().backward()
    optimizer.step()


def freeze_weight_after_a_step(optimizer_class, zero_grad, **settings):
    """Train one step, freeze the weight, train another; return the weight before and after that.

    The bias is not frozen, and its movement shows that the second step took place.
    """
    model = linear([[1.0, 2.0]], [0.5])
    optimizer = optimizer_class(model.parameters(), **settings)
    step(model, optimizer)
    zero_grad(optimizer)
    model.weight.requires_grad_(False)
    before, bias_before = model.weight.clone(), model.bias.detach().clone()
    step(model, optimizer)
    return {
        "before": before,
        "after": model.weight.clone(),
        "bias moved": not torch.equal(model.bias, bias_before),
    }


@pytest.mark.api(
    "torch.optim.SGD",
    "torch.optim.Optimizer.zero_grad",
    "torch.nn.Module.zero_grad",
    page="generated/torch.optim.SGD",
    article="B",
)
@pytest.mark.changed(
    "2.0",
    "the weight keeps its bits: zero_grad leaves None, and step skips it",
    kind="silent",
    cause="pytorch#92731",
    advice="call zero_grad(set_to_none=False) to keep the momentum running",
    restored_by="freezing.zeroed_gradient_lets_momentum_move_a_frozen_weight",
    unless=("set_to_none", 0),
    of=("torch.optim.Optimizer.zero_grad", "torch.nn.Module.zero_grad"),
    rarely="a weight frozen after a step, under momentum",
)
def test_weight_frozen_after_a_step_rests_under_momentum(snapshot):
    """Since 2.0, momentum does not move a weight that is frozen after a step and ``zero_grad()``.

    Trap: if gradients are zeros instead of None, the momentum of earlier steps moves the frozen
    weight.
    """
    assert snapshot == observe(
        lambda: freeze_weight_after_a_step(
            torch.optim.SGD, lambda optimizer: optimizer.zero_grad(), lr=0.1, momentum=0.9
        )
    )


@pytest.mark.api(
    "torch.optim.SGD",
    "torch.optim.Optimizer.zero_grad",
    "torch.nn.Module.zero_grad",
    page="generated/torch.optim.SGD",
)
@pytest.mark.changed(
    "2.0",
    "the weight keeps its bits: zero_grad leaves None, and step skips it",
    kind="silent",
    cause="pytorch#92731",
    advice="call zero_grad(set_to_none=False) to keep decaying a frozen weight",
    restored_by="freezing.zeroed_gradient_lets_weight_decay_shrink_a_frozen_weight",
    unless=("set_to_none", 0),
    of=("torch.optim.Optimizer.zero_grad", "torch.nn.Module.zero_grad"),
    rarely="a weight frozen after a step, under weight decay",
)
def test_weight_frozen_after_a_step_rests_under_weight_decay(snapshot):
    """Since 2.0, weight decay does not shrink a weight frozen after a step and ``zero_grad()``."""
    assert snapshot == observe(
        lambda: freeze_weight_after_a_step(
            torch.optim.SGD, lambda optimizer: optimizer.zero_grad(), lr=0.1, weight_decay=0.5
        )
    )


@pytest.mark.api(
    "torch.optim.Adam",
    "torch.optim.Optimizer.zero_grad",
    "torch.nn.Module.zero_grad",
    page="generated/torch.optim.Adam",
)
@pytest.mark.changed(
    "2.0",
    "the weight keeps its bits: zero_grad leaves None, and step skips it",
    kind="silent",
    cause="pytorch#92731",
    advice="call zero_grad(set_to_none=False) to keep Adam's averages running",
    restored_by="freezing.zeroed_gradient_lets_adam_move_a_frozen_weight",
    unless=("set_to_none", 0),
    of=("torch.optim.Optimizer.zero_grad", "torch.nn.Module.zero_grad"),
    rarely="a weight frozen after a step, under Adam",
)
def test_weight_frozen_after_a_step_rests_under_adam(snapshot):
    """Since 2.0, Adam does not move a weight that is frozen after a step and ``zero_grad()``."""
    assert snapshot == observe(
        lambda: freeze_weight_after_a_step(
            torch.optim.Adam, lambda optimizer: optimizer.zero_grad(), lr=0.1
        )
    )


@pytest.mark.api(
    "torch.optim.Optimizer.zero_grad", page="generated/torch.optim.Optimizer.zero_grad"
)
@pytest.mark.changed(
    "1.7", "Optimizer.zero_grad takes set_to_none", kind="appeared", cause="pytorch#42754"
)
def test_zeroed_gradient_lets_momentum_move_a_frozen_weight(snapshot):
    """After ``zero_grad(set_to_none=False)``, momentum moves a weight frozen after a step.

    This is so on every release that has ``set_to_none``.
    """
    assert snapshot == observe(
        lambda: freeze_weight_after_a_step(
            torch.optim.SGD,
            lambda optimizer: optimizer.zero_grad(set_to_none=False),
            lr=0.1,
            momentum=0.9,
        )
    )


@pytest.mark.api(
    "torch.optim.Optimizer.zero_grad", page="generated/torch.optim.Optimizer.zero_grad"
)
@pytest.mark.changed(
    "1.7", "Optimizer.zero_grad takes set_to_none", kind="appeared", cause="pytorch#42754"
)
def test_zeroed_gradient_lets_weight_decay_shrink_a_frozen_weight(snapshot):
    """After ``zero_grad(set_to_none=False)``, weight decay shrinks a weight frozen after a step."""
    assert snapshot == observe(
        lambda: freeze_weight_after_a_step(
            torch.optim.SGD,
            lambda optimizer: optimizer.zero_grad(set_to_none=False),
            lr=0.1,
            weight_decay=0.5,
        )
    )


@pytest.mark.api(
    "torch.optim.Optimizer.zero_grad", page="generated/torch.optim.Optimizer.zero_grad"
)
@pytest.mark.changed(
    "1.7", "Optimizer.zero_grad takes set_to_none", kind="appeared", cause="pytorch#42754"
)
def test_zeroed_gradient_lets_adam_move_a_frozen_weight(snapshot):
    """After ``zero_grad(set_to_none=False)``, Adam moves a weight frozen after a step."""
    assert snapshot == observe(
        lambda: freeze_weight_after_a_step(
            torch.optim.Adam, lambda optimizer: optimizer.zero_grad(set_to_none=False), lr=0.1
        )
    )


def fill_with_zeros(optimizer):
    for parameter in optimizer.param_groups[0]["params"]:
        parameter.grad.zero_()


@pytest.mark.parametrize(
    "optimizer_class, settings",
    [
        pytest.param(torch.optim.SGD, {"lr": 0.1, "weight_decay": 0.5}, id="sgd with weight decay"),
        pytest.param(torch.optim.Adam, {"lr": 0.1}, id="adam"),
        pytest.param(torch.optim.AdamW, {"lr": 0.1, "weight_decay": 0.5}, id="adamw"),
    ],
)
@pytest.mark.api("torch.optim.SGD", "torch.optim.Adam", "torch.optim.AdamW", page="optim")
def test_zero_gradient_lets_the_optimizer_move_a_frozen_weight(optimizer_class, settings, snapshot):
    """A frozen weight with a zero gradient, not None, still decays and follows Adam's averages.

    ``step`` skips only a gradient of None.
    """
    assert snapshot == observe(
        lambda: freeze_weight_after_a_step(optimizer_class, fill_with_zeros, **settings)
    )


@pytest.mark.api("torch.optim.SGD", page="generated/torch.optim.SGD")
def test_zero_gradient_leaves_a_frozen_weight_under_plain_sgd(snapshot):
    """SGD without momentum and weight decay does not move a frozen weight with a zero gradient."""
    assert snapshot == observe(
        lambda: freeze_weight_after_a_step(torch.optim.SGD, fill_with_zeros, lr=0.1)
    )


@pytest.mark.api("torch.optim.SGD", page="generated/torch.optim.SGD")
def test_stale_gradient_moves_a_frozen_weight(snapshot):
    """A weight frozen without ``zero_grad()`` keeps its gradient, and the next step applies it.

    Trap: freezing stops autograd from computing a new gradient. The optimizer only reads ``.grad``.
    """
    assert snapshot == observe(
        lambda: freeze_weight_after_a_step(torch.optim.SGD, lambda optimizer: None, lr=0.1)
    )


@pytest.mark.api("torch.optim.SGD", page="generated/torch.optim.SGD", article="B")
def test_optimizer_rebuilt_from_filtered_parameters_leaves_the_frozen_weight(snapshot):
    """An optimizer rebuilt from the trainable parameters does not move the frozen weight."""
    model = linear([[1.0, 2.0]], [0.5])
    step(model, torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9))
    model.weight.requires_grad_(False)
    before = model.weight.clone()
    rebuilt = torch.optim.SGD(
        (p for p in model.parameters() if p.requires_grad), lr=0.1, momentum=0.9
    )
    step(model, rebuilt)
    assert torch.equal(model.weight, before)
    assert snapshot == observe(lambda: {"weight": model.weight, "bias": model.bias})
