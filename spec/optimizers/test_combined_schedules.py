"""Warm-up and schedules of schedules: LinearLR, SequentialLR, ChainedScheduler, and where the long ones end."""

import pytest
import torch

from fixtures.references import parameter
from torch_history.observing import observe

SGD = torch.optim.SGD
schedules = torch.optim.lr_scheduler


def path(schedule, epochs):
    """The learning rate that each epoch's step is made with, and the one after the last."""
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
@pytest.mark.changed("1.10", "LinearLR appears", kind="api-appeared", cause="pytorch#64395")
def test_linear_schedule_warms_up_from_its_construction_on(snapshot):
    """Building it scales the learning rate by ``start_factor``; after ``total_iters`` steps it is whole."""
    assert snapshot == observe(lambda: path(warm_up, 3))


@pytest.mark.api(
    "torch.optim.lr_scheduler.SequentialLR", page="generated/torch.optim.lr_scheduler.SequentialLR"
)
@pytest.mark.changed("1.10", "SequentialLR appears", kind="api-appeared", cause="pytorch#64037")
@pytest.mark.changed(
    "2.9",
    "no longer warns of an epoch that SequentialLR itself passes on",
    kind="warning",
    cause="pytorch#149392",
    unless=(),
)
def test_sequential_schedule_warms_up_and_then_decays(snapshot):
    """Warm-up for two epochs, then a halving that starts from the first learning rate, though both were built at once."""
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
    "SequentialLR appears; its get_last_lr lacks _last_lr before the first step",
    kind="api-appeared",
    cause="pytorch#64037",
)
@pytest.mark.changed(
    "1.11", "get_last_lr works before the first step", kind="error-gone", cause="pytorch#70558"
)
def test_sequential_schedule_has_get_last_lr_before_its_first_step(snapshot):
    """``get_last_lr()`` gives the first schedule's first learning rate."""

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
    "SequentialLR appears, and takes a plateau scheduler",
    kind="api-appeared",
    cause="pytorch#64037",
)
@pytest.mark.changed(
    "2.4",
    "a ReduceLROnPlateau in the sequence raises ValueError",
    kind="error",
    cause="pytorch#121633",
    advice="step the plateau scheduler on your own",
)
def test_sequential_schedule_refuses_a_plateau_scheduler(snapshot):
    """It has no metric to hand on."""

    def act():
        optimizer = SGD([parameter([1.0])], lr=1.0)
        schedules.SequentialLR(
            optimizer, [warm_up(optimizer), schedules.ReduceLROnPlateau(optimizer)], milestones=[2]
        )

    assert snapshot == observe(act)


def one_cycle(optimizer):
    """Four learning rates: 0.04, 1, 0.5 and almost 0, in straight lines."""
    return schedules.OneCycleLR(
        optimizer,
        max_lr=1.0,
        total_steps=4,
        pct_start=0.5,
        anneal_strategy="linear",
        cycle_momentum=False,
    )


@pytest.mark.api(
    "torch.optim.lr_scheduler.OneCycleLR", page="generated/torch.optim.lr_scheduler.OneCycleLR"
)
def test_one_cycle_schedule_goes_below_zero_after_its_last_rate(snapshot):
    """``total_steps=4`` are four learning rates, the first set when it is built: the fourth ``step()`` goes on along the line."""
    assert snapshot == observe(lambda: path(one_cycle, 4))


@pytest.mark.api(
    "torch.optim.lr_scheduler.OneCycleLR", page="generated/torch.optim.lr_scheduler.OneCycleLR"
)
@pytest.mark.changed(
    "1.5",
    "raises the ValueError that was meant instead of an UnboundLocalError",
    kind="exception",
    cause="pytorch#32997",
    advice="catch ValueError",
)
@pytest.mark.changed(
    "2.0", "the message counts the steps rightly, one fewer", kind="wording", cause="pytorch#92040"
)
def test_one_cycle_schedule_raises_after_its_total_steps(snapshot):
    """With ``total_steps=4`` the fifth ``step()`` raises."""
    assert snapshot == observe(lambda: path(one_cycle, 5))


@pytest.mark.api(
    "torch.optim.lr_scheduler.CosineAnnealingLR",
    page="generated/torch.optim.lr_scheduler.CosineAnnealingLR",
)
def test_cosine_schedule_rises_again_after_t_max(snapshot):
    """With ``T_max=1`` the learning rate goes from 1 to 0 and back: one step too many trains at full speed again."""
    assert snapshot == observe(
        lambda: path(lambda optimizer: schedules.CosineAnnealingLR(optimizer, T_max=1), 3)
    )


@pytest.mark.api(
    "torch.optim.lr_scheduler.CyclicLR",
    "torch.optim.Adam",
    page="generated/torch.optim.lr_scheduler.CyclicLR",
)
@pytest.mark.changed(
    "2.3",
    "cycles the first beta of an optimizer without momentum; it raised",
    kind="error-gone",
    cause="pytorch#113548",
    advice="to leave the betas alone, pass cycle_momentum=False",
)
def test_cyclic_schedule_cycles_the_first_beta_of_adam(snapshot):
    """``cycle_momentum`` is on by default. For Adam, which has no momentum, it moves the first beta, from ``max_momentum`` on."""

    def act():
        optimizer = torch.optim.Adam([parameter([1.0])], lr=1.0)
        schedules.CyclicLR(
            optimizer, base_lr=0.5, max_lr=1.0, base_momentum=0.25, max_momentum=0.75
        )
        return {"lr": optimizer.param_groups[0]["lr"], "betas": optimizer.param_groups[0]["betas"]}

    assert snapshot == observe(act)
