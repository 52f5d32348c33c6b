"""Warm-up, sequences and cycles: LinearLR, SequentialLR, OneCycleLR and CyclicLR.

``torch.optim.lr_scheduler.LinearLR`` multiplies the rate by ``start_factor`` when it is built, and
its steps raise it to the full value. ``torch.optim.lr_scheduler.SequentialLR`` runs one schedule
after the other; since 2.4 it refuses ReduceLROnPlateau. Trap: one step too many has an effect.
``torch.optim.lr_scheduler.OneCycleLR`` with linear annealing falls below zero, then raises. Since
2.3 ``torch.optim.lr_scheduler.CyclicLR`` cycles the first beta of an optimizer without momentum,
such as Adam.
"""

import pytest
import torch

from fixtures.references import parameter
from torch_history.observing import observe

SGD = torch.optim.SGD
schedules = torch.optim.lr_scheduler


def path(schedule, epochs):
    """The learning rate of each epoch's step, and the one after the last epoch."""
    optimizer = SGD([parameter([1.0])], lr=1.0)
    scheduler = schedule(optimizer)
    rates = [optimizer.param_groups[0]["lr"]]
    for _ in range(epochs):
        optimizer.step()
        scheduler.step()
        rates.append(optimizer.param_groups[0]["lr"])
    return rates


def warm_up(optimizer):
    return schedules.LinearLR(optimizer, start_factor=0.5, total_iters=2)


def halving(optimizer):
    return schedules.StepLR(optimizer, step_size=1, gamma=0.5)


@pytest.mark.api(
    "torch.optim.lr_scheduler.LinearLR", page="generated/torch.optim.lr_scheduler.LinearLR"
)
@pytest.mark.changed("1.10", "LinearLR appears", kind="appeared", cause="pytorch#64395")
def test_linear_schedule_warms_up_from_its_construction_on(snapshot):
    """Building LinearLR multiplies the learning rate by ``start_factor``.

    After ``total_iters`` steps the learning rate has its full value.
    """
    assert snapshot == observe(lambda: path(warm_up, 3))


@pytest.mark.api(
    "torch.optim.lr_scheduler.SequentialLR", page="generated/torch.optim.lr_scheduler.SequentialLR"
)
@pytest.mark.changed("1.10", "SequentialLR appears", kind="appeared", cause="pytorch#64037")
@pytest.mark.changed(
    "2.9",
    "no longer warns about an epoch that SequentialLR itself passes to a scheduler",
    kind="warning",
    cause="pytorch#149392",
    unless=(),
)
def test_sequential_schedule_warms_up_and_then_decays(snapshot):
    """SequentialLR warms up for two epochs, then halves the initial learning rate.

    The halving starts from the initial rate, although both schedules are built before the first
    step.
    """
    assert snapshot == observe(
        lambda: path(
            lambda optimizer: schedules.SequentialLR(
                optimizer, [warm_up(optimizer), halving(optimizer)], milestones=[2]
            ),
            4,
        )
    )


@pytest.mark.api(
    "torch.optim.lr_scheduler.SequentialLR", page="generated/torch.optim.lr_scheduler.SequentialLR"
)
@pytest.mark.changed(
    "1.10",
    "SequentialLR appears, whose get_last_lr raises before the first step, as _last_lr is missing",
    kind="appeared",
    cause="pytorch#64037",
)
@pytest.mark.changed(
    "1.11", "get_last_lr works before the first step", kind="error-gone", cause="pytorch#70558"
)
def test_sequential_schedule_has_get_last_lr_before_its_first_step(snapshot):
    """``SequentialLR.get_last_lr()`` works before the first step, since 1.11.

    It returns the learning rate that the first schedule starts with.
    """

    def act():
        optimizer = SGD([parameter([1.0])], lr=1.0)
        return schedules.SequentialLR(
            optimizer, [warm_up(optimizer), halving(optimizer)], milestones=[2]
        ).get_last_lr()

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.optim.lr_scheduler.SequentialLR",
    "torch.optim.lr_scheduler.ReduceLROnPlateau",
    page="generated/torch.optim.lr_scheduler.SequentialLR",
)
@pytest.mark.changed(
    "1.10",
    "SequentialLR appears, and accepts a plateau scheduler",
    kind="appeared",
    cause="pytorch#64037",
)
@pytest.mark.changed(
    "2.4",
    "a ReduceLROnPlateau in the sequence raises ValueError",
    kind="error",
    cause="pytorch#121633",
    advice="leave it out of the sequence, and call its step(metric) yourself",
    of=("torch.optim.lr_scheduler.SequentialLR",),
    rarely="a ReduceLROnPlateau in the sequence",
)
def test_sequential_schedule_refuses_a_plateau_scheduler(snapshot):
    """Since 2.4 SequentialLR refuses ReduceLROnPlateau, whose ``step`` needs a metric."""

    def act():
        optimizer = SGD([parameter([1.0])], lr=1.0)
        schedules.SequentialLR(
            optimizer, [warm_up(optimizer), schedules.ReduceLROnPlateau(optimizer)], milestones=[2]
        )

    assert snapshot == observe(act)


def one_cycle(optimizer):
    """Four learning rates on straight lines: 0.04, 1, 0.5 and almost 0."""
    return schedules.OneCycleLR(
        optimizer,
        max_lr=1.0,
        total_steps=4,
        pct_start=0.5,
        anneal_strategy="linear",
        cycle_momentum=False,
    )


@pytest.mark.api(
    "torch.optim.lr_scheduler.OneCycleLR",
    "torch.optim.lr_scheduler.OneCycleLR.step",
    page="generated/torch.optim.lr_scheduler.OneCycleLR",
)
def test_one_cycle_schedule_goes_below_zero_after_its_last_rate(snapshot):
    """With linear annealing, one ``step()`` too many takes OneCycleLR below zero.

    ``total_steps=4`` gives four learning rates, the first set by the constructor. The fourth
    ``step()`` continues the straight line.
    """
    assert snapshot == observe(lambda: path(one_cycle, 4))


@pytest.mark.api(
    "torch.optim.lr_scheduler.OneCycleLR",
    "torch.optim.lr_scheduler.OneCycleLR.step",
    page="generated/torch.optim.lr_scheduler.OneCycleLR",
)
@pytest.mark.changed(
    "1.5",
    "raises the intended ValueError instead of an UnboundLocalError",
    kind="exception",
    cause="pytorch#32997",
    advice="catch ValueError",
    of=("torch.optim.lr_scheduler.OneCycleLR.step",),
    when=(":caught and :call",),
    rarely="more steps than total_steps",
)
@pytest.mark.changed(
    "2.0",
    "the message gives the correct number of steps, one fewer",
    kind="wording",
    cause="pytorch#92040",
)
def test_one_cycle_schedule_raises_after_its_total_steps(snapshot):
    """OneCycleLR with ``total_steps=4`` raises at the fifth ``step()``."""
    assert snapshot == observe(lambda: path(one_cycle, 5))


@pytest.mark.api(
    "torch.optim.lr_scheduler.CyclicLR",
    "torch.optim.Adam",
    page="generated/torch.optim.lr_scheduler.CyclicLR",
)
@pytest.mark.changed(
    "2.3",
    "cycles the first beta of an optimizer without momentum, instead of raising",
    kind="error-gone",
    cause="pytorch#113548",
    advice="pass cycle_momentum=False to leave the betas alone",
)
def test_cyclic_schedule_cycles_the_first_beta_of_adam(snapshot):
    """CyclicLR cycles Adam's first beta, starting from ``max_momentum``, since 2.3.

    ``cycle_momentum`` is on by default, and Adam has no momentum. Before 2.3 the constructor
    raised.
    """

    def act():
        optimizer = torch.optim.Adam([parameter([1.0])], lr=1.0)
        schedules.CyclicLR(
            optimizer, base_lr=0.5, max_lr=1.0, base_momentum=0.25, max_momentum=0.75
        )
        return {"lr": optimizer.param_groups[0]["lr"], "betas": optimizer.param_groups[0]["betas"]}

    assert snapshot == observe(act)
