"""StepLR over the epochs: its learning rates, what it keeps in its state, and what it takes back from it."""

import pytest
import torch

from fixtures.references import parameter
from history.observe import observe

SGD = torch.optim.SGD
schedules = torch.optim.lr_scheduler


def an_optimizer(lr=1.0):
    return SGD([parameter([1.0])], lr=lr)


def rate(optimizer):
    return optimizer.param_groups[0]["lr"]


def epoch(optimizer, *schedulers):
    """One step of the optimizer and of each scheduler, and the learning rate after them."""
    optimizer.step()
    for scheduler in schedulers:
        scheduler.step()
    return rate(optimizer)


@pytest.mark.api("torch.optim.lr_scheduler.StepLR", page="generated/torch.optim.lr_scheduler.StepLR")
def test_step_schedule_lowers_after_each_step_size_epochs(snapshot):
    """With ``step_size=2`` the learning rate is halved after the second and after the fourth epoch."""
    def act():
        optimizer = an_optimizer()
        scheduler = schedules.StepLR(optimizer, step_size=2, gamma=0.5)
        return [rate(optimizer)] + [epoch(optimizer, scheduler) for _ in range(5)]

    assert snapshot == observe(act)


@pytest.mark.api("torch.optim.lr_scheduler.StepLR", page="generated/torch.optim.lr_scheduler.StepLR")
def test_step_schedule_goes_on_from_a_rate_set_by_hand(snapshot):
    """StepLR multiplies what it finds: 8, set by hand, becomes 4."""
    def act():
        optimizer = an_optimizer()
        scheduler = schedules.StepLR(optimizer, step_size=1, gamma=0.5)
        path = [epoch(optimizer, scheduler)]
        optimizer.param_groups[0]["lr"] = 8.0
        return path + [epoch(optimizer, scheduler) for _ in range(2)]

    assert snapshot == observe(act)


@pytest.mark.api("torch.optim.lr_scheduler.LambdaLR", page="generated/torch.optim.lr_scheduler.LambdaLR")
def test_lambda_schedule_overwrites_a_rate_set_by_hand(snapshot):
    """LambdaLR computes from the first learning rate: 8, set by hand, is gone at the next step."""
    def act():
        optimizer = an_optimizer()
        scheduler = schedules.LambdaLR(optimizer, lambda number: 0.5 ** number)
        path = [epoch(optimizer, scheduler)]
        optimizer.param_groups[0]["lr"] = 8.0
        return path + [epoch(optimizer, scheduler) for _ in range(2)]

    assert snapshot == observe(act)


@pytest.mark.api("torch.optim.lr_scheduler.LRScheduler.get_last_lr", page="generated/torch.optim.lr_scheduler.StepLR")
def test_get_last_lr_does_not_see_a_rate_set_by_hand(snapshot):
    """``get_last_lr()`` is what the scheduler last set. The optimizer's own groups tell what is in force."""
    def act():
        optimizer = an_optimizer()
        scheduler = schedules.StepLR(optimizer, step_size=1, gamma=0.5)
        optimizer.param_groups[0]["lr"] = 8.0
        return {"get_last_lr": scheduler.get_last_lr(), "in force": rate(optimizer)}

    assert snapshot == observe(act)


@pytest.mark.api("torch.optim.lr_scheduler.StepLR", "torch.optim.lr_scheduler.ExponentialLR", page="optim")
def test_two_schedulers_on_one_optimizer_multiply(snapshot):
    """A halving and one that takes a tenth, stepped in turn, make a twentieth in each epoch."""
    def act():
        optimizer = an_optimizer()
        both = [schedules.StepLR(optimizer, step_size=1, gamma=0.5), schedules.ExponentialLR(optimizer, gamma=0.1)]
        return {"rates": [epoch(optimizer, *both) for _ in range(2)], "get_last_lr": [one.get_last_lr() for one in both]}

    assert snapshot == observe(act)


@pytest.mark.api("torch.optim.lr_scheduler.LRScheduler", page="optim")
def test_scheduler_refuses_what_is_no_optimizer(snapshot):
    """A scheduler takes the optimizer, not its parameters, and no object that merely looks like one."""
    assert snapshot == observe(lambda: schedules.StepLR([parameter([1.0])], step_size=1))


@pytest.mark.api("torch.optim.lr_scheduler.LRScheduler", page="optim")
def test_step_schedule_is_an_lr_scheduler(snapshot):
    """``LRScheduler`` is the public base class."""
    assert snapshot == observe(lambda: isinstance(schedules.StepLR(an_optimizer(), 1), schedules.LRScheduler))


@pytest.mark.api("torch.optim.lr_scheduler.LRScheduler", page="optim")
def test_step_schedule_is_no_underscored_lr_scheduler(snapshot):
    """``_LRScheduler``, once the base class, is a subclass kept for old code: ``isinstance`` with it says no in silence."""
    assert snapshot == observe(lambda: isinstance(schedules.StepLR(an_optimizer(), 1), schedules._LRScheduler))


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


@pytest.mark.api("torch.optim.lr_scheduler.LRScheduler.state_dict", page="generated/torch.optim.lr_scheduler.StepLR")
def test_step_schedule_state_dict_holds_its_settings_and_its_place(snapshot):
    """All attributes but the optimizer, the private ones too: a state dict differs from release to release."""
    def act():
        optimizer = an_optimizer()
        scheduler = schedules.StepLR(optimizer, step_size=1, gamma=0.5)
        epoch(optimizer, scheduler)
        return dict(sorted(scheduler.state_dict().items()))

    assert snapshot == observe(act)


@pytest.mark.api("torch.optim.lr_scheduler.LambdaLR.state_dict", page="generated/torch.optim.lr_scheduler.LambdaLR")
def test_lambda_schedule_state_dict_holds_no_function(snapshot):
    """Functions and lambdas are saved as None: the one that loads must bring the same. Callable objects are saved."""
    assert snapshot == observe(lambda: schedules.LambdaLR(an_optimizer(), lambda number: 1.0).state_dict()["lr_lambdas"])


def saved_at_a_quarter():
    """The state dicts of a scheduler that halves at each step, and of its optimizer, after two epochs."""
    optimizer = an_optimizer()
    scheduler = schedules.StepLR(optimizer, step_size=1, gamma=0.5)
    epoch(optimizer, scheduler)
    epoch(optimizer, scheduler)
    return scheduler.state_dict(), optimizer.state_dict()


@pytest.mark.api("torch.optim.lr_scheduler.LRScheduler.load_state_dict", page="generated/torch.optim.lr_scheduler.StepLR")
def test_loading_a_scheduler_leaves_the_learning_rate(snapshot):
    """``get_last_lr()`` says 0.25, and the steps are made with 1: load the optimizer's state dict too."""
    saved, _ = saved_at_a_quarter()

    def act():
        optimizer = an_optimizer()
        scheduler = schedules.StepLR(optimizer, step_size=1, gamma=0.5)
        scheduler.load_state_dict(saved)
        return {"last_epoch": scheduler.last_epoch, "get_last_lr": scheduler.get_last_lr(), "in force": rate(optimizer)}

    assert snapshot == observe(act)


@pytest.mark.api("torch.optim.lr_scheduler.LRScheduler.load_state_dict", page="generated/torch.optim.lr_scheduler.StepLR")
def test_loading_a_scheduler_takes_the_saved_settings(snapshot):
    """The saved ``step_size`` and ``gamma`` win over those that the constructor was given: 0.125, not 0.025."""
    saved, saved_optimizer = saved_at_a_quarter()

    def act():
        optimizer = an_optimizer()
        scheduler = schedules.StepLR(optimizer, step_size=1, gamma=0.1)
        scheduler.load_state_dict(saved)
        optimizer.load_state_dict(saved_optimizer)
        return epoch(optimizer, scheduler)

    assert snapshot == observe(act)


@pytest.mark.api("torch.optim.lr_scheduler.LRScheduler.load_state_dict", page="generated/torch.optim.lr_scheduler.StepLR")
def test_loading_a_scheduler_checks_nothing(snapshot):
    """A state dict of another scheduler is taken in silence: its entries become attributes, and gamma stays as it was."""
    other = schedules.LambdaLR(an_optimizer(lr=8.0), lambda number: 1.0).state_dict()

    def act():
        scheduler = schedules.StepLR(an_optimizer(), step_size=1, gamma=0.5)
        scheduler.load_state_dict(other)
        return {"gamma": scheduler.gamma, "get_last_lr": scheduler.get_last_lr(), "lr_lambdas": scheduler.lr_lambdas}

    assert snapshot == observe(act)


def resumed_at(last_epoch, schedule):
    """The learning rate of an optimizer at 0.25, of 1 at first, once a scheduler is built on it with ``last_epoch``."""
    optimizer = an_optimizer(lr=0.25)
    optimizer.param_groups[0]["initial_lr"] = 1.0
    schedule(optimizer, last_epoch)
    return rate(optimizer)


@pytest.mark.api("torch.optim.lr_scheduler.StepLR", page="generated/torch.optim.lr_scheduler.StepLR")
def test_step_schedule_resumed_with_last_epoch_steps_at_once(snapshot):
    """``last_epoch=2`` on an optimizer at 0.25: building it makes the step to epoch 3. Better load the scheduler's state."""
    assert snapshot == observe(lambda: resumed_at(
        2, lambda optimizer, last_epoch: schedules.StepLR(optimizer, step_size=1, gamma=0.5, last_epoch=last_epoch)))


@pytest.mark.api("torch.optim.lr_scheduler.ExponentialLR", page="generated/torch.optim.lr_scheduler.ExponentialLR")
def test_exponential_schedule_resumed_with_last_epoch_keeps_the_rate(snapshot):
    """ExponentialLR counts as StepLR with ``step_size=1`` does, and yet building it with ``last_epoch=2`` leaves 0.25."""
    assert snapshot == observe(lambda: resumed_at(
        2, lambda optimizer, last_epoch: schedules.ExponentialLR(optimizer, gamma=0.5, last_epoch=last_epoch)))
