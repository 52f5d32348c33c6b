"""Saving and resuming a schedule: what a scheduler's state dict holds, and what loading it does not do."""

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
@pytest.mark.changed("1.7", "verbose joins the state", kind="representation", cause="pytorch#41580")
@pytest.mark.changed(
    "2.7", "verbose leaves the state", kind="representation", cause="pytorch#147301"
)
@pytest.mark.changed(
    "2.8", "_is_initial joins the state", kind="representation", cause="pytorch#149312"
)
def test_step_schedule_state_dict_holds_its_settings_and_its_place(snapshot):
    """All attributes but the optimizer, the private ones too: a state dict differs from release to release."""

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
)
@pytest.mark.changed("1.7", "the message spells optimizer rightly", kind="wording")
@pytest.mark.changed("1.8", "does not warn", kind="warning", cause="pytorch#46813")
def test_lambda_schedule_state_dict_holds_no_function(snapshot):
    """Functions and lambdas are saved as None: the one that loads must bring the same. Callable objects are saved."""
    assert snapshot == observe(
        lambda: schedules.LambdaLR(an_optimizer(), lambda number: 1.0).state_dict()["lr_lambdas"]
    )


def saved_at_a_quarter():
    """The state dicts of a scheduler that halves at each step, and of its optimizer, after two epochs."""
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
    """``get_last_lr()`` says 0.25, and the steps are made with 1: load the optimizer's state dict too."""
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
    """The saved ``step_size`` and ``gamma`` win over those that the constructor was given: 0.125, not 0.025."""
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
    """A state dict of another scheduler is taken in silence: its entries become attributes, and gamma stays as it was."""
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
    """The learning rate of an optimizer at 0.25, of 1 at first, once a scheduler is built on it with ``last_epoch``."""
    optimizer = an_optimizer(lr=0.25)
    optimizer.param_groups[0]["initial_lr"] = 1.0
    schedule(optimizer, last_epoch)
    return rate(optimizer)


@pytest.mark.api(
    "torch.optim.lr_scheduler.StepLR", page="generated/torch.optim.lr_scheduler.StepLR"
)
def test_step_schedule_resumed_with_last_epoch_steps_at_once(snapshot):
    """``last_epoch=2`` on an optimizer at 0.25: building it makes the step to epoch 3. Better load the scheduler's state."""
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
    page="generated/torch.optim.lr_scheduler.ExponentialLR",
)
@pytest.mark.changed(
    "2.8",
    "building it makes no step: 0.25 stays; it became 0.125",
    kind="silent",
    cause="pytorch#149312",
    advice="resume by load_state_dict, which changed nothing",
)
def test_exponential_schedule_resumed_with_last_epoch_keeps_the_rate(snapshot):
    """ExponentialLR counts as StepLR with ``step_size=1`` does, and yet building it with ``last_epoch=2`` leaves 0.25."""
    assert snapshot == observe(
        lambda: resumed_at(
            2,
            lambda optimizer, last_epoch: schedules.ExponentialLR(
                optimizer, gamma=0.5, last_epoch=last_epoch
            ),
        )
    )


def saved_and_loaded(schedule):
    """The state dict of a scheduler, through a file that is loaded as weights only."""
    torch.save(schedule(SGD([parameter([1.0])], lr=1.0, momentum=0.5)).state_dict(), "scheduler.pt")
    return torch.load("scheduler.pt", weights_only=True)


@pytest.mark.api(
    "torch.optim.lr_scheduler.MultiStepLR.state_dict",
    "torch.load",
    page="generated/torch.optim.lr_scheduler.MultiStepLR",
)
@pytest.mark.changed(
    "1.6",
    "raises TypeError still, of the Unpickler: zip files are the default",
    kind="wording",
    cause="pytorch#39460",
)
@pytest.mark.changed(
    "1.13",
    "torch.load takes weights_only, and refuses the Counter",
    kind="api-appeared",
    cause="pytorch#86812",
)
@pytest.mark.changed("2.4", "a Counter is allowed", kind="error-gone", cause="pytorch#123775")
def test_multi_step_schedule_state_loads_as_weights_only(snapshot, here):
    """Its milestones are a ``Counter``, which such a load takes for safe."""
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
    "raises TypeError still, of the Unpickler: zip files are the default",
    kind="wording",
    cause="pytorch#39460",
)
@pytest.mark.changed(
    "1.13",
    "torch.load takes weights_only, and refuses numbers with a fraction, which are operand 71",
    kind="api-appeared",
    cause="pytorch#86812",
)
@pytest.mark.changed(
    "2.0",
    "numbers with a fraction pass; what is refused is the function in the state, by its getattr",
    kind="wording",
)
@pytest.mark.changed(
    "2.4",
    "the state holds the name of its curve, no function: it loads",
    kind="error-gone",
    cause="pytorch#123775",
)
def test_one_cycle_schedule_state_loads_as_weights_only(snapshot, here):
    """It holds the name of its curve; once it held the function, which such a load refuses."""
    assert snapshot == observe(
        lambda: saved_and_loaded(
            lambda optimizer: schedules.OneCycleLR(optimizer, max_lr=1.0, total_steps=4)
        )["total_steps"]
    )
