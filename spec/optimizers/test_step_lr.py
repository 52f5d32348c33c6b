"""StepLR over the epochs: the learning rates it sets, those set beside it, and what it warns of."""

import pytest
import torch

from fixtures.references import parameter
from torch_history.observing import observe

SGD = torch.optim.SGD
schedules = torch.optim.lr_scheduler


def an_optimizer():
    return SGD([parameter([1.0])], lr=1.0)


def rate(optimizer):
    return optimizer.param_groups[0]["lr"]


def epoch(optimizer, scheduler):
    """One step of the optimizer and of the scheduler, and the learning rate after them."""
    optimizer.step()
    scheduler.step()
    return rate(optimizer)


@pytest.mark.api(
    "torch.optim.lr_scheduler.StepLR", page="generated/torch.optim.lr_scheduler.StepLR"
)
def test_step_schedule_lowers_after_each_step_size_epochs(snapshot):
    """With ``step_size=2`` the learning rate is halved after the second and after the fourth epoch."""

    def act():
        optimizer = an_optimizer()
        scheduler = schedules.StepLR(optimizer, step_size=2, gamma=0.5)
        return [rate(optimizer)] + [epoch(optimizer, scheduler) for _ in range(5)]

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.optim.lr_scheduler.StepLR", page="generated/torch.optim.lr_scheduler.StepLR"
)
def test_step_schedule_goes_on_from_a_rate_set_by_hand(snapshot):
    """StepLR multiplies what it finds: 8, set by hand, becomes 4."""

    def act():
        optimizer = an_optimizer()
        scheduler = schedules.StepLR(optimizer, step_size=1, gamma=0.5)
        path = [epoch(optimizer, scheduler)]
        optimizer.param_groups[0]["lr"] = 8.0
        return path + [epoch(optimizer, scheduler) for _ in range(2)]

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.optim.lr_scheduler.LambdaLR", page="generated/torch.optim.lr_scheduler.LambdaLR"
)
def test_lambda_schedule_overwrites_a_rate_set_by_hand(snapshot):
    """LambdaLR computes from the first learning rate: 8, set by hand, is gone at the next step."""

    def act():
        optimizer = an_optimizer()
        scheduler = schedules.LambdaLR(optimizer, lambda number: 0.5**number)
        path = [epoch(optimizer, scheduler)]
        optimizer.param_groups[0]["lr"] = 8.0
        return path + [epoch(optimizer, scheduler) for _ in range(2)]

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.optim.lr_scheduler.LRScheduler.get_last_lr",
    page="generated/torch.optim.lr_scheduler.StepLR",
)
def test_get_last_lr_does_not_see_a_rate_set_by_hand(snapshot):
    """``get_last_lr()`` is what the scheduler last set. The optimizer's own groups tell what is in force."""

    def act():
        optimizer = an_optimizer()
        scheduler = schedules.StepLR(optimizer, step_size=1, gamma=0.5)
        optimizer.param_groups[0]["lr"] = 8.0
        return {"get_last_lr": scheduler.get_last_lr(), "in force": rate(optimizer)}

    assert snapshot == observe(act)


@pytest.mark.api("torch.optim.lr_scheduler.LRScheduler", page="optim")
@pytest.mark.changed(
    "2.0",
    "isinstance says no: _LRScheduler is a subclass of the new base class, LRScheduler",
    kind="silent",
    cause="pytorch#88503",
    advice="ask isinstance with LRScheduler",
)
def test_step_schedule_is_no_underscored_lr_scheduler(snapshot):
    """``_LRScheduler``, once the base class, is a subclass kept for old code: ``isinstance`` with it says no in silence."""
    assert snapshot == observe(
        lambda: isinstance(schedules.StepLR(an_optimizer(), 1), schedules._LRScheduler)
    )


@pytest.mark.api("torch.optim.lr_scheduler.LRScheduler", page="optim")
def test_scheduler_judges_the_order_at_its_first_step_alone(snapshot):
    """Two steps of the scheduler before the optimizer's first: the warning comes with the first of them, not with the second."""
    optimizer = an_optimizer()
    scheduler = schedules.StepLR(optimizer, step_size=1, gamma=0.5)
    assert len(observe(scheduler.step).warned) == 1

    def act():
        scheduler.step()
        return rate(optimizer)

    assert snapshot == observe(act)


@pytest.mark.api("torch.optim.lr_scheduler.LRScheduler", page="optim")
def test_scheduler_warns_where_step_was_replaced_after_it_was_built(snapshot):
    """The scheduler watches the ``step`` that it found. Where a wrapper takes its place later, the right order warns too."""

    def act():
        optimizer = an_optimizer()
        scheduler = schedules.StepLR(optimizer, step_size=1, gamma=0.5)
        watched = optimizer.step
        optimizer.step = lambda: watched()
        return epoch(optimizer, scheduler)

    assert snapshot == observe(act)
