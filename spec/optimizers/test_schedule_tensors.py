"""Schedulers on a learning rate that is a tensor, as captured and compiled steps use it.

Since 2.4 ``torch.optim.lr_scheduler.StepLR`` writes into the tensor in place, so the tensor that
you passed changes too. Before, it put a new tensor into the group.
``torch.optim.lr_scheduler.ReduceLROnPlateau`` writes in place since 2.10. From 2.4 to 2.9
``get_last_lr()`` returned the live tensor, and a list of its results showed the last value only;
now it returns copies. Pass ``lr.clone()`` to the optimizer if ``lr`` must not change.
"""

import pytest
import torch

from fixtures.references import parameter
from torch_history.observing import observe

schedules = torch.optim.lr_scheduler


def with_a_tensor():
    """An optimizer whose lr is a tensor, and that tensor."""
    lr = torch.tensor(1.0)
    return torch.optim.SGD([parameter([1.0])], lr=lr), lr


def rate(optimizer):
    """The learning rate, a copy of it where it is a tensor."""
    lr = optimizer.param_groups[0]["lr"]
    return lr.clone() if isinstance(lr, torch.Tensor) else lr


def halving(optimizer):
    return schedules.StepLR(optimizer, step_size=1, gamma=0.5)


@pytest.mark.api(
    "torch.optim.lr_scheduler.StepLR",
    "torch.optim.lr_scheduler.LambdaLR",
    "torch.optim.lr_scheduler.MultiplicativeLR",
    "torch.optim.lr_scheduler.MultiStepLR",
    "torch.optim.lr_scheduler.ConstantLR",
    "torch.optim.lr_scheduler.LinearLR",
    "torch.optim.lr_scheduler.ExponentialLR",
    "torch.optim.lr_scheduler.PolynomialLR",
    "torch.optim.lr_scheduler.CosineAnnealingLR",
    "torch.optim.lr_scheduler.CyclicLR",
    "torch.optim.lr_scheduler.OneCycleLR",
    page="generated/torch.optim.lr_scheduler.StepLR",
)
@pytest.mark.changed(
    "2.4",
    "fills the tensor in place instead of putting a new one into the group",
    kind="silent",
    cause="pytorch#123753",
    advice="pass lr=lr.clone() to the optimizer",
    restored_by="optimizers.step_schedule_leaves_a_tensor_that_was_cloned_for_the_optimizer",
    rarely="a learning rate that is a tensor",
)
def test_step_schedule_writes_into_the_tensor_of_the_rate(snapshot):
    """Since 2.4 StepLR writes into a tensor learning rate in place, where captured steps read it.

    Before 2.4 the scheduler put a new tensor into the group.
    """

    def act():
        optimizer, lr = with_a_tensor()
        scheduler = halving(optimizer)
        optimizer.step()
        scheduler.step()
        return {
            "tensor given": lr,
            "in force": rate(optimizer),
            "same tensor": optimizer.param_groups[0]["lr"] is lr,
        }

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.optim.lr_scheduler.StepLR", page="generated/torch.optim.lr_scheduler.StepLR"
)
def test_step_schedule_leaves_a_tensor_that_was_cloned_for_the_optimizer(snapshot):
    """With ``SGD(parameters, lr=lr.clone())`` StepLR does not write into ``lr`` itself."""

    def act():
        lr = torch.tensor(1.0)
        optimizer = torch.optim.SGD([parameter([1.0])], lr=lr.clone())
        scheduler = halving(optimizer)
        optimizer.step()
        scheduler.step()
        return {
            "tensor given": lr,
            "in force": rate(optimizer),
            "same tensor": optimizer.param_groups[0]["lr"] is lr,
        }

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.optim.lr_scheduler.LambdaLR", page="generated/torch.optim.lr_scheduler.LambdaLR"
)
def test_lambda_schedule_multiplies_the_first_tensor_rate(snapshot):
    """LambdaLR multiplies a copy of the initial tensor rate: 1, 0.5, 0.25, 0.125.

    The rates are the same as with a number.
    """

    def act():
        optimizer, _ = with_a_tensor()
        scheduler = schedules.LambdaLR(optimizer, lambda number: 0.5**number)
        path = [rate(optimizer)]
        for _ in range(3):
            optimizer.step()
            scheduler.step()
            path.append(rate(optimizer))
        return path

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.optim.lr_scheduler.LRScheduler.get_last_lr",
    page="generated/torch.optim.lr_scheduler.StepLR",
)
@pytest.mark.changed(
    "2.4",
    "returns the live tensor: every entry of a list of them shows the last value",
    kind="silent",
    cause="pytorch#123753",
    advice="keep get_last_lr()[0].clone()",
    restored_by="optimizers.clone_of_get_last_lr_keeps_its_value",
    rarely="a learning rate that is a tensor",
)
@pytest.mark.changed(
    "2.10",
    "returns a copy again",
    kind="silent",
    cause="pytorch#163120",
    advice="read optimizer.param_groups[0]['lr'] for the live tensor",
    restored_by="optimizers.tensor_rate_in_the_group_follows_later_steps",
    rarely="a learning rate that is a tensor",
)
def test_get_last_lr_copies_a_tensor_rate(snapshot):
    """``get_last_lr()`` returns copies of tensor rates, so a list of them keeps its values.

    From 2.4 to 2.9 it returned the live tensor.
    """

    def act():
        optimizer, _ = with_a_tensor()
        scheduler = halving(optimizer)
        path = []
        for _ in range(3):
            path.append(scheduler.get_last_lr()[0])
            optimizer.step()
            scheduler.step()
        return path

    assert snapshot == observe(act)


def halved_twice(read):
    """What ``read`` returns of a scheduler before, between and after two of its steps."""
    optimizer, _ = with_a_tensor()
    scheduler = halving(optimizer)
    path = []
    for _ in range(3):
        path.append(read(scheduler))
        optimizer.step()
        scheduler.step()
    return path


@pytest.mark.api(
    "torch.optim.lr_scheduler.LRScheduler.get_last_lr",
    page="generated/torch.optim.lr_scheduler.StepLR",
)
def test_clone_of_get_last_lr_keeps_its_value(snapshot):
    """``get_last_lr()[0].clone()`` keeps the value of a tensor rate, whatever the release."""
    assert snapshot == observe(
        lambda: halved_twice(lambda scheduler: scheduler.get_last_lr()[0].clone())
    )


@pytest.mark.api(
    "torch.optim.lr_scheduler.StepLR",
    "torch.optim.lr_scheduler.LambdaLR",
    "torch.optim.lr_scheduler.MultiplicativeLR",
    "torch.optim.lr_scheduler.MultiStepLR",
    "torch.optim.lr_scheduler.ConstantLR",
    "torch.optim.lr_scheduler.LinearLR",
    "torch.optim.lr_scheduler.ExponentialLR",
    "torch.optim.lr_scheduler.PolynomialLR",
    "torch.optim.lr_scheduler.CosineAnnealingLR",
    "torch.optim.lr_scheduler.CyclicLR",
    "torch.optim.lr_scheduler.OneCycleLR",
    page="generated/torch.optim.lr_scheduler.StepLR",
)
@pytest.mark.changed(
    "2.4",
    "the scheduler fills the tensor of the group instead of replacing it",
    kind="silent",
    cause="pytorch#123753",
    advice="keep get_last_lr()[0].clone()",
    restored_by="optimizers.clone_of_get_last_lr_keeps_its_value",
    rarely="a learning rate that is a tensor",
)
def test_tensor_rate_in_the_group_follows_later_steps(snapshot):
    """A tensor rate in ``optimizer.param_groups`` follows the later steps of StepLR, since 2.4.

    A list of such tensors shows the last value in every entry.
    """
    assert snapshot == observe(
        lambda: halved_twice(lambda scheduler: scheduler.optimizer.param_groups[0]["lr"])
    )


@pytest.mark.api(
    "torch.optim.lr_scheduler.ReduceLROnPlateau",
    page="generated/torch.optim.lr_scheduler.ReduceLROnPlateau",
)
@pytest.mark.changed(
    "2.10",
    "fills the tensor in place instead of replacing it with a number",
    kind="silent",
    cause="pytorch#163098",
    advice="pass lr=lr.item() to the optimizer",
    restored_by="optimizers.plateau_scheduler_leaves_a_tensor_whose_item_the_optimizer_has",
    rarely="a learning rate that is a tensor",
)
def test_plateau_scheduler_writes_into_the_tensor_of_the_rate(snapshot):
    """Since 2.10 ReduceLROnPlateau writes into a tensor learning rate in place."""

    def act():
        optimizer, lr = with_a_tensor()
        scheduler = schedules.ReduceLROnPlateau(optimizer, factor=0.5, patience=0)
        scheduler.step(1.0)
        scheduler.step(1.0)
        return {"tensor given": lr, "in force": rate(optimizer)}

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.optim.lr_scheduler.ReduceLROnPlateau",
    page="generated/torch.optim.lr_scheduler.ReduceLROnPlateau",
)
def test_plateau_scheduler_leaves_a_tensor_whose_item_the_optimizer_has(snapshot):
    """With ``SGD(parameters, lr=lr.item())`` ReduceLROnPlateau does not write into ``lr``."""

    def act():
        lr = torch.tensor(1.0)
        optimizer = torch.optim.SGD([parameter([1.0])], lr=lr.item())
        scheduler = schedules.ReduceLROnPlateau(optimizer, factor=0.5, patience=0)
        scheduler.step(1.0)
        scheduler.step(1.0)
        return {"tensor given": lr, "in force": rate(optimizer)}

    assert snapshot == observe(act)
