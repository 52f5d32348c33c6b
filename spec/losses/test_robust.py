"""``SmoothL1Loss`` and ``HuberLoss``: a square near zero, a line beyond.

``torch.nn.SmoothL1Loss`` turns into a line at ``beta``, with a slope of 1. ``torch.nn.HuberLoss``
turns at ``delta``, with a slope of ``delta``. Negative values raise. A ``beta`` of 0 gives the L1
loss, and a ``delta`` of 0 raises. Trap: in 1.13 and 2.0 the gradient for a ``beta`` of 0 was -1 at
a difference of 0.
"""

import pytest
import torch
from torch.nn import functional as F

from torch_history.observing import observe


def loss_and_gradient(loss, **settings):
    """The losses and their gradient for differences of 0, 1 and 4."""
    output = torch.tensor([0.0, 1.0, 4.0], requires_grad=True)
    losses = loss(output, torch.zeros(3), reduction="none", **settings)
    losses.sum().backward()
    return {"loss": losses, "gradient": output.grad}


@pytest.mark.api(
    "torch.nn.functional.smooth_l1_loss",
    "torch.nn.SmoothL1Loss",
    page="generated/torch.nn.SmoothL1Loss",
)
@pytest.mark.changed("1.7", "smooth_l1_loss takes beta", kind="appeared", cause="pytorch#44433")
def test_smooth_l1_loss_is_a_square_below_beta(snapshot):
    """``smooth_l1_loss`` is d^2 / (2 beta) below ``beta``, and |d| - beta / 2 beyond.

    The slope beyond is 1 for every beta.
    """
    assert snapshot == observe(lambda: loss_and_gradient(F.smooth_l1_loss, beta=2.0))


@pytest.mark.api(
    "torch.nn.functional.smooth_l1_loss",
    "torch.nn.SmoothL1Loss",
    page="generated/torch.nn.SmoothL1Loss",
)
@pytest.mark.changed("1.7", "smooth_l1_loss takes beta", kind="appeared", cause="pytorch#44433")
@pytest.mark.changed(
    "1.13",
    "the gradient at a difference of 0 is -1 instead of 0",
    kind="silent",
    cause="pytorch#78257",
    probable=True,
    advice="call l1_loss instead",
    restored_by="losses.l1_loss_has_a_gradient_of_zero_at_a_difference_of_zero",
    when="beta@5=0|0.0",
    rarely="differences of exactly 0",
)
@pytest.mark.changed(
    "2.1",
    "the gradient at a difference of 0 is 0 again",
    kind="silent",
    cause="pytorch#97022",
    when="beta@5=0|0.0",
    rarely="differences of exactly 0",
)
def test_smooth_l1_loss_with_a_beta_of_zero_is_l1_with_its_gradient(snapshot):
    """``smooth_l1_loss`` with a beta of 0 is L1: the gradient at a difference of 0 is 0.

    In 1.13 and 2.0 it was -1, so that a step moved correct outputs.
    """
    assert snapshot == observe(lambda: loss_and_gradient(F.smooth_l1_loss, beta=0.0))


@pytest.mark.api("torch.nn.functional.l1_loss", page="generated/torch.nn.L1Loss")
def test_l1_loss_has_a_gradient_of_zero_at_a_difference_of_zero(snapshot):
    """The gradient of ``l1_loss`` is 0 at a difference of 0, and the sign of the others."""
    assert snapshot == observe(lambda: loss_and_gradient(F.l1_loss))


@pytest.mark.api(
    "torch.nn.functional.huber_loss", "torch.nn.HuberLoss", page="generated/torch.nn.HuberLoss"
)
@pytest.mark.changed("1.9", "huber_loss appears", kind="appeared", cause="pytorch#50553")
def test_huber_loss_is_a_square_below_delta(snapshot):
    """``huber_loss`` is d^2 / 2 below ``delta``, and delta (|d| - delta / 2) beyond.

    It is ``delta`` times smooth L1, so its slope beyond is ``delta``.
    """
    assert snapshot == observe(lambda: loss_and_gradient(F.huber_loss, delta=2.0))


@pytest.mark.api(
    "torch.nn.functional.smooth_l1_loss",
    "torch.nn.functional.huber_loss",
    "torch.nn.SmoothL1Loss",
    "torch.nn.HuberLoss",
    page="generated/torch.nn.SmoothL1Loss",
)
@pytest.mark.changed(
    "1.7",
    "smooth_l1_loss takes beta, and rejects a negative one",
    kind="appeared",
    cause="pytorch#45587",
)
@pytest.mark.changed(
    "1.9",
    "huber_loss appears, and rejects a negative delta",
    kind="appeared",
    cause="pytorch#50553",
)
@pytest.mark.parametrize(
    "name, setting",
    [("smooth_l1_loss", "beta"), ("huber_loss", "delta")],
    ids=["smooth_l1", "huber"],
)
def test_negative_threshold_of_a_robust_loss_raises(name, setting, snapshot):
    """A negative ``beta`` of ``smooth_l1_loss`` or ``delta`` of ``huber_loss`` raises."""
    assert snapshot == observe(lambda: loss_and_gradient(getattr(F, name), **{setting: -1.0}))


@pytest.mark.api(
    "torch.nn.functional.huber_loss", "torch.nn.HuberLoss", page="generated/torch.nn.HuberLoss"
)
@pytest.mark.changed(
    "1.9", "huber_loss appears, and raises RuntimeError", kind="appeared", cause="pytorch#50553"
)
def test_huber_loss_with_a_delta_of_zero_raises(snapshot):
    """``huber_loss`` with a delta of 0 raises, because it would be 0 everywhere.

    ``smooth_l1_loss`` with a beta of 0 is L1.
    """
    assert snapshot == observe(lambda: loss_and_gradient(F.huber_loss, delta=0.0))
