"""Schedulers on a learning rate that is a tensor, as captured and compiled steps use it."""

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
    "torch.optim.lr_scheduler.StepLR", page="generated/torch.optim.lr_scheduler.StepLR"
)
@pytest.mark.changed(
    "2.4",
    "fills the tensor in place instead of putting a new one into the group",
    kind="silent",
    cause="pytorch#123753",
    advice="clone the learning rate where you keep it",
)
def test_step_schedule_writes_into_the_tensor_of_the_rate(snapshot):
    """Since 2.4 StepLR writes into a tensor learning rate in place.

    A captured step reads that tensor. Before 2.4 the scheduler put a new tensor into the group.
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
    advice="use float(lr) or lr.clone()",
)
@pytest.mark.changed("2.10", "returns a copy again", kind="silent", cause="pytorch#163120")
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


@pytest.mark.api(
    "torch.optim.lr_scheduler.ReduceLROnPlateau",
    page="generated/torch.optim.lr_scheduler.ReduceLROnPlateau",
)
@pytest.mark.changed(
    "2.10",
    "fills the tensor in place instead of replacing it with a number",
    kind="silent",
    cause="pytorch#163098",
    advice="clone the learning rate where you keep it",
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
