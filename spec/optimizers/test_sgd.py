"""SGD subtracts the learning rate times the gradient, or times a velocity.

Plain ``torch.optim.SGD`` is w - lr g. With momentum it keeps a velocity, which starts as the first
gradient and then is momentum * v + g. The velocity does not include the learning rate, so a new
rate scales all of it. Weight decay is added to the gradient, and therefore accumulates in the
velocity. ``maximize=True`` negates the gradient. In 1.11 and 1.12 it also negated the weight decay,
so the weight grew. ``torch.optim.Optimizer.step`` can take a closure that computes the loss: it
enables gradients for the closure and returns its loss.
"""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from fixtures.references import parameter, sgd, step, stepped
from torch_history.observing import observe

SGD = torch.optim.SGD

numbers = st.floats(-8, 8, width=32).filter(
    lambda number: number == 0 or abs(number) > 2**-10
)  # far from underflow
paths = st.integers(1, 4).flatmap(
    lambda size: st.tuples(
        st.lists(numbers, min_size=size, max_size=size),
        st.lists(st.lists(numbers, min_size=size, max_size=size), min_size=1, max_size=8),
    )
)
fractions = st.sampled_from([0.0, 0.25, 0.5, 0.9])


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=["float32", "float64"])
@pytest.mark.api("torch.optim.SGD", page="generated/torch.optim.SGD", article="E")
@given(
    path=paths,
    lr=st.sampled_from([0.001, 0.1, 1.0]),
    momentum=fractions,
    dampening=fractions,
    weight_decay=fractions,
    nesterov=st.booleans(),
)
def test_sgd_follows_its_formula(dtype, path, lr, momentum, dampening, weight_decay, nesterov):
    """With any settings and gradients, SGD follows the formula of ``references.sgd``."""
    settings = {
        "lr": lr,
        "momentum": momentum,
        "dampening": dampening,
        "weight_decay": weight_decay,
    }
    if nesterov and momentum:
        settings.update(nesterov=True, dampening=0.0)
    expected = sgd(*path, **settings)
    # each of n steps rounds a few times, by an epsilon of the largest w or gradient;
    # momentum carries an error on for about 10 steps
    largest = max(np.abs(path[0]).max(), np.abs(path[1]).max(), np.abs(expected).max())
    np.testing.assert_allclose(
        stepped(SGD, *path, dtype=dtype, **settings).numpy(),
        expected,
        rtol=0,
        atol=40 * len(expected) * torch.finfo(dtype).eps * largest,
    )


@pytest.mark.api("torch.optim.SGD", page="generated/torch.optim.SGD", article="E")
def test_sgd_subtracts_lr_times_the_gradient(snapshot):
    """Plain SGD is w - lr g: [1, 2] with gradient [0.5, -4] and lr 0.1 becomes [0.95, 2.4]."""
    assert snapshot == observe(lambda: stepped(SGD, [1.0, 2.0], [[0.5, -4.0]], lr=0.1))


@pytest.mark.api("torch.optim.SGD", page="generated/torch.optim.SGD")
def test_sgd_velocity_starts_as_the_first_gradient(snapshot):
    """SGD's velocity starts as the first gradient, then is momentum * v + g.

    With momentum 0.5 and a constant gradient of 1 the steps are 1, 1.5 and 1.75.
    """
    assert snapshot == observe(
        lambda: stepped(SGD, [0.0], [[1.0], [1.0], [1.0]], lr=1.0, momentum=0.5)
    )


@pytest.mark.api("torch.optim.SGD", page="generated/torch.optim.SGD")
def test_sgd_dampening_spares_the_first_gradient(snapshot):
    """SGD's dampening does not apply to the first gradient.

    From the second step on, v = momentum * v + (1 - dampening) * g. The steps here are 1, 0.6 and
    0.4.
    """
    assert snapshot == observe(
        lambda: stepped(SGD, [0.0], [[1.0], [1.0], [1.0]], lr=1.0, momentum=0.5, dampening=0.9)
    )


@pytest.mark.api("torch.optim.SGD", page="generated/torch.optim.SGD")
def test_sgd_dampening_without_momentum_does_nothing(snapshot):
    """SGD without momentum silently ignores ``dampening``, which belongs to the velocity."""
    assert snapshot == observe(
        lambda: stepped(SGD, [0.0], [[1.0], [1.0], [1.0]], lr=1.0, dampening=0.9)
    )


@pytest.mark.api("torch.optim.SGD", page="generated/torch.optim.SGD")
def test_sgd_nesterov_steps_by_gradient_plus_momentum_times_velocity(snapshot):
    """Nesterov's step is g + momentum * v, where v already includes g.

    The steps here are 1.5, 1.75 and 1.875.
    """
    assert snapshot == observe(
        lambda: stepped(SGD, [0.0], [[1.0], [1.0], [1.0]], lr=1.0, momentum=0.5, nesterov=True)
    )


@pytest.mark.api("torch.optim.SGD", page="generated/torch.optim.SGD")
def test_sgd_weight_decay_adds_to_the_gradient(snapshot):
    """SGD adds weight_decay * w to the gradient.

    With gradient 0, lr 0.1 and decay 0.5, a weight of 2 becomes 1.9.
    """
    assert snapshot == observe(lambda: stepped(SGD, [2.0], [[0.0]], lr=0.1, weight_decay=0.5))


@pytest.mark.api("torch.optim.SGD", page="generated/torch.optim.SGD")
def test_sgd_weight_decay_gathers_in_the_velocity(snapshot):
    """SGD's weight decay accumulates in the velocity, because it is part of the gradient.

    With lr 1, momentum 0.5, decay 0.5 and gradient 0, a weight goes 1, 0.5, 0 and past zero to
    -0.25.
    """
    assert snapshot == observe(
        lambda: stepped(SGD, [1.0], [[0.0], [0.0], [0.0]], lr=1.0, momentum=0.5, weight_decay=0.5)
    )


@pytest.mark.api("torch.optim.SGD", page="generated/torch.optim.SGD")
@pytest.mark.changed("1.11", "SGD takes maximize", kind="appeared", cause="pytorch#67847")
def test_sgd_maximize_climbs(snapshot):
    """``SGD(maximize=True)`` adds lr * g: 1 with gradient 0.5 and lr 0.1 becomes 1.05."""
    assert snapshot == observe(lambda: stepped(SGD, [1.0], [[0.5]], lr=0.1, maximize=True))


@pytest.mark.api("torch.optim.SGD", page="generated/torch.optim.SGD")
@pytest.mark.changed(
    "1.11",
    "SGD takes maximize, and negates the weight decay too: the weight grows",
    kind="appeared",
    cause="pytorch#67847",
    advice="do not combine maximize with weight_decay",
)
@pytest.mark.changed(
    "1.13",
    "the weight decay is no longer negated: the weight shrinks instead of growing",
    kind="silent",
    cause="pytorch#81859",
    advice="negate optimizer.param_groups[0]['weight_decay'] to let the weight grow",
    restored_by="optimizers.sgd_maximize_with_a_negative_decay_grows_away_from_zero",
    when=("maximize=True and weight_decay@4!=0|0.0",),
)
def test_sgd_maximize_still_decays_towards_zero(snapshot):
    """``SGD(maximize=True)`` negates the gradient but not the weight decay: 2 becomes 1.9.

    An implementation that only flips the step's sign makes the weight grow to 2.1, as torch 1.11
    and 1.12 did.
    """
    assert snapshot == observe(
        lambda: stepped(SGD, [2.0], [[0.0]], lr=0.1, weight_decay=0.5, maximize=True)
    )


@pytest.mark.api("torch.optim.SGD", page="generated/torch.optim.SGD")
@pytest.mark.changed(
    "1.11",
    "SGD takes maximize, and negates the weight decay too: the weight shrinks",
    kind="appeared",
    cause="pytorch#67847",
)
@pytest.mark.changed(
    "1.13",
    "the weight decay is no longer negated: the weight grows instead of shrinking",
    kind="silent",
    cause="pytorch#81859",
    when=("maximize=True",),
    rarely="a weight decay set in the group",
)
def test_sgd_maximize_with_a_negative_decay_grows_away_from_zero(snapshot):
    """``SGD(maximize=True)`` with a weight decay of -0.5 in its group makes 2 grow to 2.1.

    The constructor refuses a negative weight decay, the group does not.
    """

    def act():
        w = parameter([2.0])
        optimizer = SGD([w], lr=0.1, maximize=True)
        optimizer.param_groups[0]["weight_decay"] = -0.5
        step(optimizer, [0.0])
        return w.detach().reshape(1, 1)

    assert snapshot == observe(act)


@pytest.mark.api("torch.optim.SGD", page="generated/torch.optim.SGD")
def test_sgd_velocity_does_not_hold_the_learning_rate(snapshot):
    """SGD's velocity does not include the learning rate, so a new lr scales all of it.

    After lr 1 and then 0.1 the weight is -1.15. Frameworks with v = momentum * v + lr * g would
    give -1.6.
    """
    w = parameter([0.0])
    optimizer = SGD([w], lr=1.0, momentum=0.5)
    step(optimizer, [1.0])
    optimizer.param_groups[0]["lr"] = 0.1
    step(optimizer, [1.0])
    assert snapshot == observe(lambda: w)


@pytest.mark.api("torch.optim.SGD", page="generated/torch.optim.SGD")
def test_sgd_follows_a_learning_rate_tensor_that_is_changed_in_place(snapshot):
    """SGD follows a tensor ``lr`` of one element that is changed in place.

    The optimizer holds that tensor, so writing to it changes the next step.
    """

    def act():
        w, lr = parameter([1.0]), torch.tensor(0.5)
        optimizer = SGD([w], lr=lr)
        step(optimizer, [1.0])
        lr.mul_(0.5)
        step(optimizer, [1.0])
        return w

    assert snapshot == observe(act)


@pytest.mark.api("torch.optim.Optimizer.step", page="generated/torch.optim.Optimizer.step")
def test_step_returns_the_loss_of_its_closure(snapshot):
    """``step(closure)`` calls the closure once and returns its loss; ``step()`` returns None.

    It steps by the gradients that the closure left.
    """
    w, calls = parameter([1.0]), []
    optimizer = SGD([w], lr=0.1)

    def closure():
        calls.append(None)
        loss = (3.0 * w).sum()
        loss.backward()
        return loss

    def act():
        loss = optimizer.step(closure)
        return {
            "loss": loss.detach(),
            "calls": len(calls),
            "w": w.detach().clone(),
            "without": optimizer.step(),
        }

    assert snapshot == observe(act)


@pytest.mark.api("torch.optim.Optimizer.step", page="generated/torch.optim.Optimizer.step")
@pytest.mark.changed(
    "1.5",
    "the closure runs with gradients enabled, under no_grad too",
    kind="error-gone",
    cause="pytorch#33640",
)
def test_step_enables_grad_for_its_closure(snapshot):
    """``step`` enables gradients for its closure, also under ``no_grad``, since 1.5.

    The closure can therefore call ``backward``.
    """
    w = parameter([1.0])
    optimizer = SGD([w], lr=0.1)

    def closure():
        loss = (3.0 * w).sum()
        loss.backward()
        return loss

    def act():
        with torch.no_grad():
            optimizer.step(closure)
        return w

    assert snapshot == observe(act)
