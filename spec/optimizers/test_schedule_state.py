"""Saving and resuming a scheduler: what its state dict holds, and what loading leaves out.

The state dict holds all attributes of the scheduler except the optimizer; functions of a LambdaLR
become None. Loading replaces the attributes without a check, even by those of another kind of
scheduler. Trap: it does not set the learning rate of the optimizer, so load the optimizer's state
dict too. A StepLR that is built with ``last_epoch`` makes a step at once; an ExponentialLR does not
since 2.8. Since 2.4 the state dicts of MultiStepLR and OneCycleLR load with ``weights_only=True``.
"""

import pytest
import torch

from fixtures.references import parameter
from torch_history.observing import observe

SGD = torch.optim.SGD
schedules = torch.optim.lr_scheduler


def an_optimizer(lr=1.0):
    return SGD([parameter([1.0])], lr=lr)


def rate(optimizer):
    return optimizer.param_groups[0]["lr"]


def epoch(optimizer, scheduler):
    """One step of the optimizer and of the scheduler, and the learning rate after them."""
    optimizer.step()
    scheduler.step()
    return rate(optimizer)


@pytest.mark.api(
    "torch.optim.lr_scheduler.LRScheduler.state_dict",
    page="generated/torch.optim.lr_scheduler.StepLR",
)
@pytest.mark.changed("1.7", "the state has verbose", kind="representation", cause="pytorch#41580")
@pytest.mark.changed(
    "2.7", "the state no longer has verbose", kind="representation", cause="pytorch#147301"
)
@pytest.mark.changed(
    "2.8", "the state has _is_initial", kind="representation", cause="pytorch#149312"
)
def test_step_schedule_state_dict_holds_its_settings_and_its_place(snapshot):
    """StepLR's state dict holds all attributes but the optimizer, private ones included.

    It therefore differs from release to release.
    """

    def act():
        optimizer = an_optimizer()
        scheduler = schedules.StepLR(optimizer, step_size=1, gamma=0.5)
        epoch(optimizer, scheduler)
        return dict(sorted(scheduler.state_dict().items()))

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.optim.lr_scheduler.LambdaLR.state_dict",
    page="generated/torch.optim.lr_scheduler.LambdaLR",
)
@pytest.mark.changed(
    "1.5",
    "warns that the state of the optimizer should be saved too",
    kind="warning",
    cause="pytorch#31125",
    unless=(),
)
@pytest.mark.changed("1.7", "the message spells optimizer correctly", kind="wording")
@pytest.mark.changed("1.8", "does not warn", kind="warning", cause="pytorch#46813", unless=())
def test_lambda_schedule_state_dict_holds_no_function(snapshot):
    """LambdaLR's state dict holds None in place of functions and lambdas.

    Build the scheduler that loads it with the same functions. Callable objects are saved.
    """
    assert snapshot == observe(
        lambda: schedules.LambdaLR(an_optimizer(), lambda number: 1.0).state_dict()["lr_lambdas"]
    )


def saved_at_a_quarter():
    """The state dicts of a halving scheduler and its optimizer, after two epochs."""
    optimizer = an_optimizer()
    scheduler = schedules.StepLR(optimizer, step_size=1, gamma=0.5)
    epoch(optimizer, scheduler)
    epoch(optimizer, scheduler)
    return scheduler.state_dict(), optimizer.state_dict()


@pytest.mark.api(
    "torch.optim.lr_scheduler.LRScheduler.load_state_dict",
    page="generated/torch.optim.lr_scheduler.StepLR",
)
def test_loading_a_scheduler_leaves_the_learning_rate(snapshot):
    """Loading a scheduler's state dict does not set the optimizer's learning rate.

    ``get_last_lr()`` says 0.25, but the steps use 1. Load the optimizer's state dict too.
    """
    saved, _ = saved_at_a_quarter()

    def act():
        optimizer = an_optimizer()
        scheduler = schedules.StepLR(optimizer, step_size=1, gamma=0.5)
        scheduler.load_state_dict(saved)
        return {
            "last_epoch": scheduler.last_epoch,
            "get_last_lr": scheduler.get_last_lr(),
            "in force": rate(optimizer),
        }

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.optim.lr_scheduler.LRScheduler.load_state_dict",
    page="generated/torch.optim.lr_scheduler.StepLR",
)
def test_loading_a_scheduler_takes_the_saved_settings(snapshot):
    """Loading a scheduler's state dict replaces its ``step_size`` and ``gamma``.

    The next rate is 0.125, by the saved settings, not 0.025, by those of the constructor.
    """
    saved, saved_optimizer = saved_at_a_quarter()

    def act():
        optimizer = an_optimizer()
        scheduler = schedules.StepLR(optimizer, step_size=1, gamma=0.1)
        scheduler.load_state_dict(saved)
        optimizer.load_state_dict(saved_optimizer)
        return epoch(optimizer, scheduler)

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.optim.lr_scheduler.LRScheduler.load_state_dict",
    page="generated/torch.optim.lr_scheduler.StepLR",
)
def test_loading_a_scheduler_checks_nothing(snapshot):
    """A scheduler silently loads the state dict of another kind of scheduler.

    The entries become attributes, and ``gamma`` stays as it was.
    """
    other = schedules.LambdaLR(an_optimizer(lr=8.0), lambda number: 1.0).state_dict()

    def act():
        scheduler = schedules.StepLR(an_optimizer(), step_size=1, gamma=0.5)
        scheduler.load_state_dict(other)
        return {
            "gamma": scheduler.gamma,
            "get_last_lr": scheduler.get_last_lr(),
            "lr_lambdas": scheduler.lr_lambdas,
        }

    assert snapshot == observe(act)


def resumed_at(last_epoch, schedule):
    """The rate of an optimizer at 0.25, initially 1, after building a scheduler on it."""
    optimizer = an_optimizer(lr=0.25)
    optimizer.param_groups[0]["initial_lr"] = 1.0
    schedule(optimizer, last_epoch)
    return rate(optimizer)


@pytest.mark.api(
    "torch.optim.lr_scheduler.StepLR", page="generated/torch.optim.lr_scheduler.StepLR"
)
def test_step_schedule_resumed_with_last_epoch_steps_at_once(snapshot):
    """Building StepLR with ``last_epoch=2`` makes the step to epoch 3 at once.

    The optimizer is at 0.25 and goes to 0.125. Load the scheduler's state dict instead.
    """
    assert snapshot == observe(
        lambda: resumed_at(
            2,
            lambda optimizer, last_epoch: schedules.StepLR(
                optimizer, step_size=1, gamma=0.5, last_epoch=last_epoch
            ),
        )
    )


@pytest.mark.api(
    "torch.optim.lr_scheduler.ExponentialLR",
    "torch.optim.lr_scheduler.MultiplicativeLR",
    "torch.optim.lr_scheduler.LinearLR",
    "torch.optim.lr_scheduler.PolynomialLR",
    "torch.optim.lr_scheduler.CosineAnnealingLR",
    page="generated/torch.optim.lr_scheduler.ExponentialLR",
)
@pytest.mark.changed(
    "2.8",
    "building it makes no step: the rate stays 0.25 instead of becoming 0.125",
    kind="silent",
    cause="pytorch#149312",
    advice="multiply the group's lr by gamma before building, or resume with load_state_dict",
    restored_by="optimizers.exponential_schedule_resumed_with_a_multiplied_rate_is_a_step_on",
    when=("last_epoch!=-1",),
)
def test_exponential_schedule_resumed_with_last_epoch_keeps_the_rate(snapshot):
    """Since 2.8 building ExponentialLR with ``last_epoch=2`` keeps the rate, 0.25.

    Before 2.8 it made a step, to 0.125. StepLR with ``step_size=1`` still makes a step when it is
    built.
    """
    assert snapshot == observe(
        lambda: resumed_at(
            2,
            lambda optimizer, last_epoch: schedules.ExponentialLR(
                optimizer, gamma=0.5, last_epoch=last_epoch
            ),
        )
    )


@pytest.mark.api(
    "torch.optim.lr_scheduler.ExponentialLR",
    page="generated/torch.optim.lr_scheduler.ExponentialLR",
)
@pytest.mark.changed(
    "2.8",
    "building it makes no step: the rate stays 0.125 instead of becoming 0.0625",
    kind="silent",
    cause="pytorch#149312",
    when=("last_epoch!=-1",),
)
def test_exponential_schedule_resumed_with_a_multiplied_rate_is_a_step_on(snapshot):
    """ExponentialLR with ``last_epoch=2`` keeps a rate that was multiplied by gamma before.

    The rate is 0.25, then 0.125. Before 2.8 the constructor multiplied it once more.
    """

    def schedule(optimizer, last_epoch):
        optimizer.param_groups[0]["lr"] *= 0.5
        schedules.ExponentialLR(optimizer, gamma=0.5, last_epoch=last_epoch)

    assert snapshot == observe(lambda: resumed_at(2, schedule))


def saved_and_loaded(schedule):
    """A scheduler's state dict, saved to a file and loaded with ``weights_only=True``."""
    torch.save(schedule(SGD([parameter([1.0])], lr=1.0, momentum=0.5)).state_dict(), "scheduler.pt")
    return torch.load("scheduler.pt", weights_only=True)


@pytest.mark.api(
    "torch.optim.lr_scheduler.MultiStepLR.state_dict",
    "torch.load",
    page="generated/torch.optim.lr_scheduler.MultiStepLR",
)
@pytest.mark.changed(
    "1.6",
    "still raises TypeError, now from the Unpickler: zip files are the default",
    kind="wording",
    cause="pytorch#39460",
)
@pytest.mark.changed(
    "1.13",
    "torch.load takes weights_only, and refuses the Counter",
    kind="appeared",
    cause="pytorch#86812",
)
@pytest.mark.changed("2.4", "a Counter is allowed", kind="error-gone", cause="pytorch#123775")
def test_multi_step_schedule_state_loads_as_weights_only(snapshot, here):
    """MultiStepLR's state dict loads with ``weights_only=True``, since 2.4.

    Its milestones are a ``Counter``, which ``weights_only`` allows.
    """
    assert snapshot == observe(
        lambda: dict(
            saved_and_loaded(lambda optimizer: schedules.MultiStepLR(optimizer, [2, 3]))[
                "milestones"
            ]
        )
    )


@pytest.mark.api(
    "torch.optim.lr_scheduler.OneCycleLR.state_dict",
    "torch.load",
    page="generated/torch.optim.lr_scheduler.OneCycleLR",
)
@pytest.mark.changed(
    "1.6",
    "still raises TypeError, now from the Unpickler: zip files are the default",
    kind="wording",
    cause="pytorch#39460",
)
@pytest.mark.changed(
    "1.13",
    "torch.load takes weights_only, and refuses floats, which are operand 71",
    kind="appeared",
    cause="pytorch#86812",
)
@pytest.mark.changed(
    "2.0",
    "the message refuses the function in the state, by its getattr: floats are accepted",
    kind="wording",
    cause="pytorch#94670 (the issue)",
)
@pytest.mark.changed(
    "2.4",
    "the state holds the name of its curve instead of a function, and loads",
    kind="error-gone",
    cause="pytorch#123775",
)
def test_one_cycle_schedule_state_loads_as_weights_only(snapshot, here):
    """OneCycleLR's state dict loads with ``weights_only=True``, since 2.4.

    It holds the name of its curve. Before 2.4 it held a function, which ``weights_only`` refuses.
    """
    assert snapshot == observe(
        lambda: saved_and_loaded(
            lambda optimizer: schedules.OneCycleLR(optimizer, max_lr=1.0, total_steps=4)
        )["total_steps"]
    )
