"""The settings of regression losses, and of ``CTCLoss``.

``beta`` and ``delta`` say where a robust loss becomes linear. Traps: ``delta`` of
``torch.nn.HuberLoss`` is also the slope of the linear part, and ``beta`` of
``torch.nn.SmoothL1Loss`` is not. ``eps`` of ``torch.nn.GaussianNLLLoss`` replaces a smaller
variance, while ``eps`` of ``torch.nn.PoissonNLLLoss`` is added to the rate.
"""

import pytest
import torch
from torch import nn, tensor
from torch.nn import functional as F

from fixtures.losses import loss_of
from fixtures.settings import REDUCTIONS, each
from torch_history.observing import observe, observe_each


@pytest.mark.api("torch.nn.SmoothL1Loss", page="generated/torch.nn.SmoothL1Loss")
@pytest.mark.changed("1.7", "SmoothL1Loss takes beta", kind="appeared", cause="pytorch#44433")
def test_smooth_l1_is_linear_above_beta_with_slope_one(snapshot):
    """``SmoothL1Loss(beta=2)`` is d * d / 4 below 2, and d - 1 above.

    The differences are 0.5, 2 and 4. With ``beta=0`` it is ``L1Loss``.
    """
    loss = loss_of("SmoothL1Loss", tensor([0.5, 2.0, 4.0]), torch.zeros(3))
    assert snapshot == observe_each(
        each(loss, {"two": {"beta": 2.0}, "half": {"beta": 0.5}, "zero": {"beta": 0.0}})
    )


@pytest.mark.api("torch.nn.HuberLoss", page="generated/torch.nn.HuberLoss")
@pytest.mark.changed("1.9", "HuberLoss appears", kind="appeared", cause="pytorch#50553")
def test_huber_is_linear_above_delta_with_slope_delta(snapshot):
    """``HuberLoss(delta=2)`` is d * d / 2 below 2, and 2 * (d - 1) above.

    The differences are 0.5, 2 and 4. It is ``SmoothL1Loss(beta=2)`` times 2.
    """
    loss = loss_of("HuberLoss", tensor([0.5, 2.0, 4.0]), torch.zeros(3))
    assert snapshot == observe_each(each(loss, {"two": {"delta": 2.0}, "half": {"delta": 0.5}}))


@pytest.mark.api(
    "torch.nn.functional.l1_loss",
    "torch.nn.functional.mse_loss",
    "torch.nn.functional.huber_loss",
    page="nn.functional",
)
@pytest.mark.changed(
    "1.9",
    "huber_loss appears, and raises on weight",
    kind="appeared",
    cause="pytorch#50553",
    of="torch.nn.functional.huber_loss",
)
@pytest.mark.changed(
    "2.6",
    "l1_loss, mse_loss and huber_loss take weight",
    kind="appeared",
    cause="pytorch#132049",
    probable=True,
)
@pytest.mark.parametrize("name", ["l1_loss", "mse_loss", "huber_loss"])
def test_weight_of_a_regression_loss_counts_in_the_mean(name, snapshot):
    """``weight`` multiplies each loss of ``l1_loss``, ``mse_loss`` and ``huber_loss``.

    The differences are 1 and 2, and the weights 3 and 1. The mean of ``l1_loss`` and ``mse_loss``
    divides by the sum of the weights, 4. Trap: that of ``huber_loss`` divides by the elements, 2.
    """
    output, target, weight = tensor([1.0, 2.0]), torch.zeros(2), tensor([3.0, 1.0])

    def loss(reduction):
        return getattr(F, name)(output, target, weight=weight, reduction=reduction)

    assert snapshot == observe_each(each(loss, REDUCTIONS))


@pytest.mark.api("torch.nn.PoissonNLLLoss", page="generated/torch.nn.PoissonNLLLoss")
def test_poisson_nll_adds_eps_to_a_rate_and_stirling_to_targets_above_one(snapshot):
    """``PoissonNLLLoss(log_input=False)`` takes rates x: x - t * log(x + eps).

    With ``eps=0.5`` the rates 0.5 and 1.5 and the targets 1 and 2 give 0.5 and 1.5 - 2 * log 2.
    ``full=True`` adds the approximation t * log t - t + log(2 * pi * t) / 2 where t is above 1.
    """
    loss = loss_of("PoissonNLLLoss", tensor([0.5, 1.5]), tensor([1.0, 2.0]))
    assert snapshot == observe_each(
        each(
            loss,
            {
                "logarithms": {},
                "rates": {"log_input": False, "eps": 0.5},
                "full": {"full": True},
                "full_rates": {"log_input": False, "full": True, "eps": 0.5},
            },
        )
    )


@pytest.mark.api("torch.nn.GaussianNLLLoss", page="generated/torch.nn.GaussianNLLLoss")
@pytest.mark.changed("1.8", "GaussianNLLLoss appears", kind="appeared", cause="pytorch#49807")
def test_gaussian_nll_replaces_a_variance_below_eps(snapshot):
    """``GaussianNLLLoss(eps=2)`` takes a variance of 1 as 2, and one of 4 as it is.

    Each loss is (log v + d * d / v) / 2 for the differences 1 and 4. ``full=True`` adds
    log(2 * pi) / 2.
    """
    inputs = torch.zeros(2), tensor([1.0, 4.0]), tensor([1.0, 4.0])
    loss = loss_of("GaussianNLLLoss", *inputs)
    assert snapshot == observe_each(each(loss, {"eps": {"eps": 2.0}, "full": {"full": True}}))


@pytest.mark.api("torch.nn.KLDivLoss", page="generated/torch.nn.KLDivLoss")
@pytest.mark.changed("1.6", "KLDivLoss takes log_target", kind="appeared", cause="pytorch#34586")
def test_kl_div_takes_the_logarithm_of_its_target(snapshot):
    """``KLDivLoss(log_target=True)`` reads the target as log-probabilities.

    A target of -1 counts as the probability 1 / e. The outputs are 1 below their targets.
    """
    loss = loss_of("KLDivLoss", tensor([-2.0, -3.0]), tensor([-1.0, -2.0]))
    assert snapshot == observe(lambda: loss(log_target=True))


@pytest.mark.api("torch.nn.CTCLoss", page="generated/torch.nn.CTCLoss")
def test_ctc_blank_is_the_class_between_the_letters(snapshot):
    """``CTCLoss(blank=2)`` takes the last class as the blank, and the first as a letter.

    Two steps have probabilities 1/2, 1/4, 1/4. The target is the letter 1: it comes twice, or once
    beside a blank.
    """
    steps = tensor([[[0.5, 0.25, 0.25]]] * 2).log()
    lengths = tensor([2]), tensor([1])
    loss = loss_of("CTCLoss", steps, tensor([[1]]), *lengths)
    assert snapshot == observe_each(each(loss, {"first": {}, "last": {"blank": 2}}))


@pytest.mark.api("torch.nn.CTCLoss", page="generated/torch.nn.CTCLoss")
def test_ctc_zero_infinity_writes_zero_for_a_target_that_is_too_long(snapshot):
    """``CTCLoss(zero_infinity=True)`` gives 0 for a target longer than its input, and no gradient.

    Without it the loss is infinity. One step cannot give the letters 1 and 2.
    """

    def act(zero_infinity):
        steps = tensor([[[0.5, 0.25, 0.25]]]).log().requires_grad_()
        loss = nn.CTCLoss(zero_infinity=zero_infinity, reduction="sum")(
            steps, tensor([[1, 2]]), tensor([1]), tensor([2])
        )
        loss.backward()
        return {"loss": loss, "gradient": steps.grad}

    assert snapshot == observe(lambda: act(True))
