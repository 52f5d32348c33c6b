"""StepLR over the epochs: the learning rates it sets, rates set by hand, its warnings.

``torch.optim.lr_scheduler.StepLR`` multiplies the current rate each time ``step_size`` epochs have
passed, so it goes on from a rate that was set by hand. ``torch.optim.lr_scheduler.LambdaLR``
computes from the initial rate and overwrites such a rate.
``torch.optim.lr_scheduler.LRScheduler.get_last_lr`` returns what the scheduler last set; the
current rate is in the group. A scheduler checks the order of steps at its own first step only.
Since 2.0 ``LRScheduler`` is the base class, and StepLR is no longer an ``_LRScheduler``.
"""

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
def test_step_schedule_goes_on_from_a_rate_set_by_hand(snapshot):
    """StepLR multiplies a learning rate that was set by hand: 8 becomes 4."""

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
    """LambdaLR overwrites a learning rate that was set by hand.

    It computes from the initial rate, so a rate of 8 is gone at the next step.
    """

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
    """``get_last_lr()`` does not see a learning rate that was set by hand.

    It returns what the scheduler last set. The current rate is in ``optimizer.param_groups``.
    """

    def act():
        optimizer = an_optimizer()
        scheduler = schedules.StepLR(optimizer, step_size=1, gamma=0.5)
        optimizer.param_groups[0]["lr"] = 8.0
        return {"get_last_lr": scheduler.get_last_lr(), "in force": rate(optimizer)}

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.optim.lr_scheduler.LRScheduler", "torch.optim.lr_scheduler._LRScheduler", page="optim"
)
@pytest.mark.changed(
    "2.0",
    "isinstance is false: _LRScheduler is a subclass of the new base class, LRScheduler",
    kind="silent",
    cause="pytorch#88503",
    advice="use isinstance(scheduler, LRScheduler)",
    restored_by="optimizers.step_schedule_is_an_lr_scheduler",
    of=("torch.optim.lr_scheduler._LRScheduler",),
    when=(":isinstance", ":passed"),
)
def test_step_schedule_is_no_underscored_lr_scheduler(snapshot):
    """Since 2.0 StepLR is not an ``_LRScheduler`` for ``isinstance``.

    ``_LRScheduler`` was the base class. Now it is a subclass that is kept for old code.
    """
    assert snapshot == observe(
        lambda: isinstance(schedules.StepLR(an_optimizer(), 1), schedules._LRScheduler)
    )


@pytest.mark.api("torch.optim.lr_scheduler.LRScheduler", page="optim")
@pytest.mark.changed("2.0", "LRScheduler appears", kind="appeared", cause="pytorch#88503")
def test_step_schedule_is_an_lr_scheduler(snapshot):
    """StepLR is an ``LRScheduler`` for ``isinstance``, the base class since 2.0."""
    assert snapshot == observe(
        lambda: isinstance(schedules.StepLR(an_optimizer(), 1), schedules.LRScheduler)
    )


@pytest.mark.api("torch.optim.lr_scheduler.LRScheduler", page="optim")
def test_scheduler_judges_the_order_at_its_first_step_alone(snapshot):
    """A scheduler warns about the order of steps only at its own first step.

    Of two ``scheduler.step()`` calls before the first ``optimizer.step()``, the second does not
    warn.
    """
    optimizer = an_optimizer()
    scheduler = schedules.StepLR(optimizer, step_size=1, gamma=0.5)
    assert len(observe(scheduler.step).warned) == 1

    def act():
        scheduler.step()
        return rate(optimizer)

    assert snapshot == observe(act)


@pytest.mark.api("torch.optim.lr_scheduler.LRScheduler", page="optim")
def test_scheduler_warns_where_step_was_replaced_after_it_was_built(snapshot):
    """A scheduler warns if ``optimizer.step`` was replaced after the scheduler was built.

    The scheduler watches the ``step`` that it found. It warns even if the order of steps is right.
    """

    def act():
        optimizer = an_optimizer()
        scheduler = schedules.StepLR(optimizer, step_size=1, gamma=0.5)
        watched = optimizer.step
        optimizer.step = lambda: watched()
        return epoch(optimizer, scheduler)

    assert snapshot == observe(act)
