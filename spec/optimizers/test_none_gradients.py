"""A step skips a parameter whose gradient is None, but not one whose gradient is zero.

A parameter without a gradient gets no decay, no momentum and no state. With a gradient of zero,
weight decay shrinks it, momentum still moves it, and Adam moves it by its first average. This
matters since 2.0, where ``zero_grad`` leaves None
(``training_step.optimizer_zero_grad_leaves_none``). Adam counts the steps of each parameter
separately, so a parameter whose first gradient comes late has a bias correction of its own.
"""

import pytest
import torch

from fixtures.references import parameter, step
from torch_history.observing import observe

CASES = [
    pytest.param(torch.optim.SGD, {"lr": 0.5, "momentum": 0.5, "weight_decay": 0.5}, id="sgd"),
    pytest.param(torch.optim.Adam, {"lr": 0.5, "weight_decay": 0.5}, id="adam"),
    pytest.param(torch.optim.AdamW, {"lr": 0.5, "weight_decay": 0.5}, id="adamw"),
]


@pytest.mark.parametrize("optimizer_class, settings", CASES)
@pytest.mark.api(
    "torch.optim.Optimizer.step",
    "torch.optim.SGD",
    "torch.optim.Adam",
    "torch.optim.AdamW",
    page="generated/torch.optim.Optimizer.step",
    article="B",
)
@pytest.mark.changed(
    "1.8",
    "AdamW's step raises UnboundLocalError where no parameter has a gradient",
    kind="error",
    cause="pytorch#50411",
    advice="call step() only if a gradient is not None",
    of=("torch.optim.AdamW",),
    rarely="a step before any gradient",
)
@pytest.mark.changed(
    "1.9",
    "AdamW's step does nothing again where no parameter has a gradient",
    kind="error-gone",
    cause="pytorch#52944",
)
def test_parameter_without_gradient_is_skipped(optimizer_class, settings, snapshot):
    """A parameter whose gradient is None is skipped: no decay, no momentum, no state.

    In 1.8 AdamW's step raised if no parameter had a gradient.
    """
    w = parameter([4.0])
    optimizer = optimizer_class([w], **settings)

    def act():
        step(optimizer, None)
        return {"w": w, "state": len(optimizer.state)}

    observed = observe(act)
    assert w.item() == 4.0
    assert snapshot == observed


@pytest.mark.parametrize("optimizer_class, settings", CASES)
@pytest.mark.api(
    "torch.optim.Optimizer.step", page="generated/torch.optim.Optimizer.step", article="B"
)
def test_parameter_with_zero_gradient_decays(optimizer_class, settings, snapshot):
    """A parameter whose gradient is 0 is not skipped: it decays and gets state."""
    w = parameter([4.0])
    optimizer = optimizer_class([w], **settings)
    step(optimizer, [0.0])
    assert w.item() < 4.0
    assert snapshot == observe(lambda: {"w": w, "state": len(optimizer.state)})


def second_step(optimizer_class, gradient, **settings):
    """The weight after a step with gradient 1, and after another step with the given gradient."""
    w = parameter([4.0])
    optimizer = optimizer_class([w], **settings)
    step(optimizer, [1.0])
    first = w.detach().clone()
    step(optimizer, gradient)
    return {"first": first, "second": w.detach()}


@pytest.mark.api("torch.optim.SGD", page="generated/torch.optim.SGD", article="B")
def test_momentum_does_not_move_a_parameter_without_gradient(snapshot):
    """SGD with momentum does not move a parameter whose gradient is None.

    The velocity does not shrink in the meantime.
    """
    assert snapshot == observe(lambda: second_step(torch.optim.SGD, None, lr=1.0, momentum=0.5))


@pytest.mark.api("torch.optim.SGD", page="generated/torch.optim.SGD", article="B")
def test_momentum_goes_on_with_zero_gradient(snapshot):
    """SGD with momentum still moves a parameter whose gradient is 0.

    Half the velocity is left, and moves the weight from 3 to 2.5.
    """
    assert snapshot == observe(lambda: second_step(torch.optim.SGD, [0.0], lr=1.0, momentum=0.5))


@pytest.mark.api("torch.optim.Adam", page="generated/torch.optim.Adam", article="B")
def test_adam_goes_on_with_zero_gradient(snapshot):
    """Adam still moves a parameter whose gradient is 0, by its first average.

    A gradient of 0 after one of 1 moves the weight by two thirds of lr.
    """
    assert snapshot == observe(lambda: second_step(torch.optim.Adam, [0.0], lr=0.5))


@pytest.mark.api("torch.optim.Adam", page="generated/torch.optim.Adam")
def test_adam_counts_steps_for_each_parameter(snapshot):
    """Adam counts the steps of each parameter separately.

    A parameter whose first gradient comes later starts at step 1 then. It has its own bias
    correction and moves by lr.
    """
    early, late = parameter([1.0]), parameter([1.0])
    optimizer = torch.optim.Adam([early, late], lr=0.5)
    step(optimizer, [1.0], None)
    step(optimizer, [1.0], [1.0])
    assert snapshot == observe(
        lambda: {
            "late": late,
            "steps": [int(optimizer.state[each]["step"]) for each in (early, late)],
        }
    )
