"""A scheduler writes a learning rate into every parameter group.

``torch.optim.lr_scheduler.StepLR`` scales each group from its own rate, and a group that is added
later too. ``torch.optim.lr_scheduler.LambdaLR`` left such a group alone before 2.10, and raises
since. Call ``scheduler.step()`` after ``optimizer.step()``: the other order warns and skips the
first rate. Read the rate with ``get_last_lr()``, because ``get_lr()`` is a step ahead. Trap: a
LambdaLR that is built after the optimizer was loaded resets the rate. Since 2.7 schedulers do not
take ``verbose``.
"""

import pytest
import torch

from fixtures.references import parameter
from torch_history.observing import observe, observe_each

SGD = torch.optim.SGD
schedules = torch.optim.lr_scheduler


def halving(optimizer):
    """lr halves at every step, from its current value."""
    return schedules.StepLR(optimizer, step_size=1, gamma=0.5)


def halving_from_the_start(optimizer):
    """lr is the initial lr times 0.5 to the power of the step."""
    return schedules.LambdaLR(optimizer, lambda number: 0.5**number)


def rates(optimizer):
    return [group["lr"] for group in optimizer.param_groups]


def two_groups():
    return SGD(
        [{"params": [parameter([1.0])], "lr": 1.0}, {"params": [parameter([1.0])], "lr": 0.25}]
    )


@pytest.mark.api(
    "torch.optim.lr_scheduler.StepLR", page="generated/torch.optim.lr_scheduler.StepLR"
)
def test_scheduler_scales_each_group_from_its_own_learning_rate(snapshot):
    """StepLR multiplies each group's own lr: groups with lr 1 and 0.25 become 0.5 and 0.125."""

    def act():
        optimizer = two_groups()
        scheduler = halving(optimizer)
        optimizer.step()
        scheduler.step()
        return {"groups": rates(optimizer), "get_last_lr": scheduler.get_last_lr()}

    assert snapshot == observe(act)


@pytest.mark.api("torch.optim.lr_scheduler.LRScheduler", page="optim")
def test_scheduler_writes_initial_lr_into_each_group(snapshot):
    """Building a scheduler adds ``initial_lr`` to each group.

    The optimizer's state dict then has it too.
    """

    def act():
        optimizer = two_groups()
        halving(optimizer)
        return [group["initial_lr"] for group in optimizer.state_dict()["param_groups"]]

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.optim.lr_scheduler.LRScheduler",
    "torch.optim.lr_scheduler.LRScheduler.step",
    page="optim",
)
def test_scheduler_step_before_the_optimizer_step_warns(snapshot):
    """``scheduler.step()`` before the first ``optimizer.step()`` warns.

    It skips the schedule's first value: the first step is made with 0.5 instead of 1.
    """

    def act():
        w = parameter([1.0])
        optimizer = SGD([w], lr=1.0)
        scheduler = halving(optimizer)
        w.grad = torch.tensor([1.0])
        scheduler.step()
        optimizer.step()
        return w

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.optim.lr_scheduler.LRScheduler",
    "torch.optim.lr_scheduler.LRScheduler.step",
    page="optim",
)
def test_scheduler_step_after_the_optimizer_step_does_not_warn(snapshot):
    """``scheduler.step()`` after ``optimizer.step()`` does not warn.

    The first step is made with the initial learning rate.
    """

    def act():
        w = parameter([1.0])
        optimizer = SGD([w], lr=1.0)
        scheduler = halving(optimizer)
        w.grad = torch.tensor([1.0])
        optimizer.step()
        scheduler.step()
        return {"w": w, "lr": rates(optimizer)}

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.optim.lr_scheduler.StepLR",
    "torch.optim.lr_scheduler.StepLR.get_lr",
    "torch.optim.lr_scheduler.MultiplicativeLR.get_lr",
    "torch.optim.lr_scheduler.MultiStepLR.get_lr",
    "torch.optim.lr_scheduler.ExponentialLR.get_lr",
    "torch.optim.lr_scheduler.CosineAnnealingLR.get_lr",
    "torch.optim.lr_scheduler.CosineAnnealingWarmRestarts.get_lr",
    "torch.optim.lr_scheduler.CyclicLR.get_lr",
    "torch.optim.lr_scheduler.OneCycleLR.get_lr",
    page="generated/torch.optim.lr_scheduler.StepLR",
)
@pytest.mark.changed(
    "1.5",
    "the warning is a UserWarning, which Python shows, instead of a DeprecationWarning",
    kind="warning",
    cause="pytorch#31125",
    of=(
        "torch.optim.lr_scheduler.StepLR.get_lr",
        "torch.optim.lr_scheduler.MultiplicativeLR.get_lr",
        "torch.optim.lr_scheduler.MultiStepLR.get_lr",
        "torch.optim.lr_scheduler.ExponentialLR.get_lr",
        "torch.optim.lr_scheduler.CosineAnnealingLR.get_lr",
        "torch.optim.lr_scheduler.CosineAnnealingWarmRestarts.get_lr",
        "torch.optim.lr_scheduler.CyclicLR.get_lr",
        "torch.optim.lr_scheduler.OneCycleLR.get_lr",
    ),
    unless=(),
)
def test_get_lr_called_by_hand_is_a_step_ahead_and_warns(snapshot):
    """``get_lr()`` called by hand is a step ahead and warns: call ``get_last_lr()`` instead.

    ``get_lr()`` is for the scheduler itself, and computes from the current lr.
    """
    optimizer = SGD([parameter([1.0])], lr=1.0)
    scheduler = halving(optimizer)
    optimizer.step()
    scheduler.step()
    assert snapshot == observe_each(
        {"get_lr": scheduler.get_lr, "get_last_lr": scheduler.get_last_lr}
    )


@pytest.mark.api(
    "torch.optim.lr_scheduler.LRScheduler",
    "torch.optim.lr_scheduler.LRScheduler.step",
    "torch.optim.lr_scheduler.LambdaLR.step",
    "torch.optim.lr_scheduler.MultiplicativeLR.step",
    "torch.optim.lr_scheduler.StepLR.step",
    "torch.optim.lr_scheduler.MultiStepLR.step",
    "torch.optim.lr_scheduler.ExponentialLR.step",
    "torch.optim.lr_scheduler.CosineAnnealingLR.step",
    "torch.optim.lr_scheduler.CyclicLR.step",
    "torch.optim.lr_scheduler.OneCycleLR.step",
    page="optim",
)
@pytest.mark.changed(
    "1.5",
    "the warning is a UserWarning, which Python shows, instead of a DeprecationWarning",
    kind="warning",
    cause="pytorch#31125",
    of=(
        "torch.optim.lr_scheduler.LambdaLR.step",
        "torch.optim.lr_scheduler.MultiplicativeLR.step",
        "torch.optim.lr_scheduler.StepLR.step",
        "torch.optim.lr_scheduler.MultiStepLR.step",
        "torch.optim.lr_scheduler.ExponentialLR.step",
        "torch.optim.lr_scheduler.CosineAnnealingLR.step",
        "torch.optim.lr_scheduler.CyclicLR.step",
        "torch.optim.lr_scheduler.OneCycleLR.step",
    ),
    when=("epoch@0",),
)
def test_scheduler_step_with_an_epoch_warns(snapshot):
    """``scheduler.step(3)`` still jumps to epoch 3, with a warning."""

    def act():
        optimizer = SGD([parameter([1.0])], lr=1.0)
        scheduler = halving_from_the_start(optimizer)
        optimizer.step()
        scheduler.step(3)
        return rates(optimizer)

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.optim.lr_scheduler.StepLR",
    "torch.optim.lr_scheduler.LRScheduler",
    "torch.optim.lr_scheduler.LambdaLR",
    "torch.optim.lr_scheduler.MultiplicativeLR",
    "torch.optim.lr_scheduler.MultiStepLR",
    "torch.optim.lr_scheduler.ConstantLR",
    "torch.optim.lr_scheduler.LinearLR",
    "torch.optim.lr_scheduler.ExponentialLR",
    "torch.optim.lr_scheduler.PolynomialLR",
    "torch.optim.lr_scheduler.CosineAnnealingLR",
    "torch.optim.lr_scheduler.CosineAnnealingWarmRestarts",
    "torch.optim.lr_scheduler.CyclicLR",
    "torch.optim.lr_scheduler.OneCycleLR",
    "torch.optim.lr_scheduler.SequentialLR",
    "torch.optim.lr_scheduler.ReduceLROnPlateau",
    "torch.optim.lr_scheduler._LRScheduler",
    page="generated/torch.optim.lr_scheduler.StepLR",
)
@pytest.mark.changed(
    "1.7",
    "schedulers take verbose",
    kind="appeared",
    cause="pytorch#41580",
    of=(
        "torch.optim.lr_scheduler.StepLR",
        "torch.optim.lr_scheduler.LambdaLR",
        "torch.optim.lr_scheduler.MultiplicativeLR",
        "torch.optim.lr_scheduler.MultiStepLR",
        "torch.optim.lr_scheduler.ExponentialLR",
        "torch.optim.lr_scheduler.CosineAnnealingLR",
        "torch.optim.lr_scheduler.CosineAnnealingWarmRestarts",
        "torch.optim.lr_scheduler.CyclicLR",
        "torch.optim.lr_scheduler.OneCycleLR",
        "torch.optim.lr_scheduler._LRScheduler",
    ),
    when=("verbose",),
)
@pytest.mark.changed(
    "2.2",
    "warns that verbose is deprecated, even where it is False",
    kind="warning",
    cause="pytorch#111302",
    advice="leave verbose out, and print get_last_lr()",
    restored_by="optimizers.scheduler_without_verbose_tells_its_rate_by_get_last_lr",
    rewrite="-verbose",
    when=(
        "verbose",
        ":of=torch.optim.lr_scheduler.LRScheduler and verbose@2",
        ":of=torch.optim.lr_scheduler._LRScheduler and verbose@2",
        ":of=torch.optim.lr_scheduler.LambdaLR and verbose@3",
        ":of=torch.optim.lr_scheduler.MultiplicativeLR and verbose@3",
        ":of=torch.optim.lr_scheduler.ExponentialLR and verbose@3",
        ":of=torch.optim.lr_scheduler.ConstantLR and verbose@4",
        ":of=torch.optim.lr_scheduler.CosineAnnealingLR and verbose@4",
        ":of=torch.optim.lr_scheduler.MultiStepLR and verbose@4",
        ":of=torch.optim.lr_scheduler.PolynomialLR and verbose@4",
        ":of=torch.optim.lr_scheduler.SequentialLR and verbose@4",
        ":of=torch.optim.lr_scheduler.StepLR and verbose@4",
        ":of=torch.optim.lr_scheduler.CosineAnnealingWarmRestarts and verbose@5",
        ":of=torch.optim.lr_scheduler.LinearLR and verbose@5",
        ":of=torch.optim.lr_scheduler.ReduceLROnPlateau and verbose@9",
        ":of=torch.optim.lr_scheduler.CyclicLR and verbose@13",
        ":of=torch.optim.lr_scheduler.OneCycleLR and verbose@14",
    ),
)
@pytest.mark.changed(
    "2.7",
    "verbose= is refused",
    kind="gone",
    cause="pytorch#147301",
    advice="leave verbose out, and print get_last_lr()",
    restored_by="optimizers.scheduler_without_verbose_tells_its_rate_by_get_last_lr",
    rewrite="-verbose",
    when=(
        "verbose",
        ":of=torch.optim.lr_scheduler.LRScheduler and verbose@2",
        ":of=torch.optim.lr_scheduler._LRScheduler and verbose@2",
        ":of=torch.optim.lr_scheduler.LambdaLR and verbose@3",
        ":of=torch.optim.lr_scheduler.MultiplicativeLR and verbose@3",
        ":of=torch.optim.lr_scheduler.ExponentialLR and verbose@3",
        ":of=torch.optim.lr_scheduler.ConstantLR and verbose@4",
        ":of=torch.optim.lr_scheduler.CosineAnnealingLR and verbose@4",
        ":of=torch.optim.lr_scheduler.MultiStepLR and verbose@4",
        ":of=torch.optim.lr_scheduler.PolynomialLR and verbose@4",
        ":of=torch.optim.lr_scheduler.SequentialLR and verbose@4",
        ":of=torch.optim.lr_scheduler.StepLR and verbose@4",
        ":of=torch.optim.lr_scheduler.CosineAnnealingWarmRestarts and verbose@5",
        ":of=torch.optim.lr_scheduler.LinearLR and verbose@5",
        ":of=torch.optim.lr_scheduler.ReduceLROnPlateau and verbose@9",
        ":of=torch.optim.lr_scheduler.CyclicLR and verbose@13",
        ":of=torch.optim.lr_scheduler.OneCycleLR and verbose@14",
    ),
)
def test_scheduler_takes_no_verbose(snapshot):
    """Since 2.7 schedulers do not take ``verbose``: print ``get_last_lr()`` instead.

    ``verbose=True`` printed each learning rate. Since 2.2 the argument warned.
    """
    optimizer = SGD([parameter([1.0])], lr=1.0)
    assert snapshot == observe(
        lambda: schedules.StepLR(optimizer, step_size=1, verbose=False).get_last_lr()
    )


@pytest.mark.api(
    "torch.optim.lr_scheduler.StepLR", page="generated/torch.optim.lr_scheduler.StepLR"
)
def test_scheduler_without_verbose_tells_its_rate_by_get_last_lr(snapshot):
    """``get_last_lr()`` of a scheduler that was built without ``verbose`` returns the rate."""
    optimizer = SGD([parameter([1.0])], lr=1.0)
    assert snapshot == observe(lambda: schedules.StepLR(optimizer, step_size=1).get_last_lr())


@pytest.mark.api(
    "torch.optim.lr_scheduler.StepLR", page="generated/torch.optim.lr_scheduler.StepLR"
)
@pytest.mark.changed(
    "2.10", "the message explains possible causes", kind="wording", cause="pytorch#162368"
)
def test_scheduler_from_a_later_epoch_needs_initial_lr(snapshot):
    """A scheduler with ``last_epoch=3`` raises if the groups have no ``initial_lr``.

    ``last_epoch`` is for resuming. The groups of a fresh optimizer do not have ``initial_lr``.
    """
    assert snapshot == observe(
        lambda: schedules.StepLR(SGD([parameter([1.0])], lr=1.0), step_size=1, last_epoch=3)
    )


def after_adding_a_group(schedule):
    """The rates after a group with lr 8 joins a scheduled optimizer, and a step is made."""
    optimizer = SGD([parameter([1.0])], lr=1.0)
    scheduler = schedule(optimizer)
    optimizer.add_param_group({"params": [parameter([1.0])], "lr": 8.0})
    optimizer.step()
    scheduler.step()
    return rates(optimizer)


@pytest.mark.api(
    "torch.optim.lr_scheduler.StepLR",
    "torch.optim.Optimizer.add_param_group",
    page="generated/torch.optim.lr_scheduler.StepLR",
)
def test_group_added_after_a_step_schedule_is_scheduled(snapshot):
    """StepLR also halves a group that was added later.

    It computes from each group's current lr.
    """
    assert snapshot == observe(lambda: after_adding_a_group(halving))


@pytest.mark.api(
    "torch.optim.lr_scheduler.LambdaLR",
    "torch.optim.Optimizer.add_param_group",
    "torch.optim.lr_scheduler.MultiplicativeLR",
    "torch.optim.lr_scheduler.CyclicLR",
    "torch.optim.lr_scheduler.CosineAnnealingWarmRestarts",
    page="generated/torch.optim.lr_scheduler.LambdaLR",
)
@pytest.mark.changed(
    "2.10",
    "raises if there are more groups than learning rates, instead of leaving the new group alone",
    kind="error",
    cause="pytorch#166257",
    probable=True,
    advice=(
        "build the scheduler after all groups, with lambda number: 1.0 for a group to leave alone"
    ),
    restored_by="optimizers.lambda_schedule_with_a_constant_function_leaves_a_group_alone",
    of=("torch.optim.Optimizer.add_param_group",),
    rarely="a LambdaLR, MultiplicativeLR, CyclicLR or CosineAnnealingWarmRestarts built before",
)
def test_group_added_after_a_lambda_schedule_makes_it_raise(snapshot):
    """Since 2.10 LambdaLR raises if a group was added after the scheduler was built.

    LambdaLR has a function and an initial lr for each group that it knew. Before 2.10 it silently
    left the new group alone. Build the scheduler after all groups.
    """
    assert snapshot == observe(lambda: after_adding_a_group(halving_from_the_start))


@pytest.mark.api(
    "torch.optim.lr_scheduler.LambdaLR",
    "torch.optim.Optimizer.add_param_group",
    page="generated/torch.optim.lr_scheduler.LambdaLR",
)
def test_lambda_schedule_with_a_constant_function_leaves_a_group_alone(snapshot):
    """LambdaLR leaves a group alone whose function returns 1.0.

    The scheduler is built after all groups, with one function for each of them.
    """

    def act():
        optimizer = SGD([parameter([1.0])], lr=1.0)
        optimizer.add_param_group({"params": [parameter([1.0])], "lr": 8.0})
        functions = [lambda number: 0.5**number, lambda number: 1.0]
        scheduler = schedules.LambdaLR(optimizer, functions)
        optimizer.step()
        scheduler.step()
        return rates(optimizer)

    assert snapshot == observe(act)


def resumed(schedule):
    """An optimizer that loaded the state of one whose schedule went from lr 1 to 0.5."""
    optimizer, other = SGD([parameter([1.0])], lr=1.0), SGD([parameter([1.0])], lr=8.0)
    scheduler = schedule(optimizer)
    optimizer.step()
    scheduler.step()
    other.load_state_dict(optimizer.state_dict())
    return other


@pytest.mark.api(
    "torch.optim.lr_scheduler.LambdaLR",
    "torch.optim.Optimizer.load_state_dict",
    page="generated/torch.optim.Optimizer.load_state_dict",
)
def test_lambda_scheduler_built_after_loading_resets_the_learning_rate(snapshot):
    """A LambdaLR that is built after loading the optimizer resets the learning rate.

    It sets the lr of its epoch 0, the saved ``initial_lr``. Build the scheduler first, then load
    both.
    """
    optimizer = resumed(halving_from_the_start)
    assert rates(optimizer) == [0.5]

    def act():
        halving_from_the_start(optimizer)
        return rates(optimizer)

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.optim.lr_scheduler.StepLR",
    "torch.optim.Optimizer.load_state_dict",
    page="generated/torch.optim.Optimizer.load_state_dict",
)
def test_step_scheduler_built_after_loading_keeps_the_learning_rate(snapshot):
    """A StepLR that is built after loading the optimizer keeps the learning rate."""
    optimizer = resumed(halving)
    assert rates(optimizer) == [0.5]

    def act():
        halving(optimizer)
        return rates(optimizer)

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.optim.lr_scheduler.ReduceLROnPlateau",
    "torch.optim.lr_scheduler.ReduceLROnPlateau.step",
    page="generated/torch.optim.lr_scheduler.ReduceLROnPlateau",
)
def test_plateau_scheduler_lowers_after_patience_is_exceeded(snapshot):
    """ReduceLROnPlateau lowers the rate after more than ``patience`` bad epochs.

    With ``patience=1`` and the losses 2, 1, 1, 1 the fourth step halves the learning rate: it is
    the second one without improvement.
    """

    def act():
        optimizer = SGD([parameter([1.0])], lr=1.0)
        scheduler = schedules.ReduceLROnPlateau(optimizer, factor=0.5, patience=1)
        path = []
        for loss in (2.0, 1.0, 1.0, 1.0, 0.5):
            scheduler.step(loss)
            path.append(rates(optimizer)[0])
        return path

    assert snapshot == observe(act)
