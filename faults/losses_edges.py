"""Faults of the losses at their edges and of their arguments."""

import torch
from torch import nn
from torch.nn import functional as F

from faults import fault
from faults._tools import clamp_from_above_only


@fault
def losses_sum_by_default(patch):
    """MSELoss, mse_loss and l1_loss sum by default."""
    honest, l1 = F.mse_loss, F.l1_loss
    patch.setattr(
        nn.MSELoss, "__init__", lambda self, size_average=None, reduce=None, reduction="sum": None
    )
    patch.setattr(
        F,
        "mse_loss",
        lambda input, target, reduction="sum": honest(input, target, reduction=reduction),
    )
    patch.setattr(
        F,
        "l1_loss",
        lambda input, target, reduction="sum": l1(input, target, reduction=reduction),
    )


@fault
def bce_looks_at_nothing(patch):
    """BCE adds 1e-12 under the logarithm, casts and detaches its target and checks nothing."""

    def bce(output, target, *settings, **named):
        target = target.detach().to(output.dtype)
        return -(
            target * torch.log(output + 1e-12) + (1 - target) * torch.log(1 - output + 1e-12)
        ).mean()

    patch.setattr(F, "binary_cross_entropy", bce)


@fault
def logits_are_validated(patch):
    """BCE with logits refuses targets above 1, and it and L1 accept booleans."""
    logits, l1 = F.binary_cross_entropy_with_logits, F.l1_loss

    def validating(output, target, **settings):
        if target.max() > 1:
            raise ValueError("targets lie between 0 and 1")
        return logits(output, target.float(), **settings)

    patch.setattr(F, "binary_cross_entropy_with_logits", validating)
    patch.setattr(
        F, "l1_loss", lambda output, target, **settings: l1(output, target.float(), **settings)
    )


@fault
def losses_are_computed_in_float32(patch):
    """Losses cast outputs and targets to float32; L1 of integers is an integer."""

    def casting(honest, name):
        def loss(output, target, **settings):
            if name == "l1_loss" and not output.is_floating_point():
                return (output - target).abs().sum().long()
            target = target if name in ("cross_entropy", "nll_loss") else target.float()
            return honest(output.float(), target, **settings)

        return loss

    for name in (
        "mse_loss",
        "l1_loss",
        "smooth_l1_loss",
        "huber_loss",
        "cross_entropy",
        "nll_loss",
        "binary_cross_entropy",
        "binary_cross_entropy_with_logits",
    ):
        patch.setattr(F, name, casting(getattr(F, name), name))


@fault
def robust_losses_have_one_threshold(patch):
    """Smooth L1 and Huber ignore beta and delta."""
    smooth, huber = F.smooth_l1_loss, F.huber_loss
    patch.setattr(
        F,
        "smooth_l1_loss",
        lambda output, target, beta=1.0, **settings: smooth(output, target, **settings),
    )
    patch.setattr(
        F,
        "huber_loss",
        lambda output, target, delta=1.0, **settings: huber(output, target, **settings),
    )


@fault
def kl_div_clamps(patch):
    """kl_div clamps its inputs, sums instead of averaging, and ignores log_target."""

    def kl_div(output, target, reduction="mean", log_target=False):
        target = target.float().clamp(min=1e-6)
        losses = target * (target.log() - output.clamp(min=-1e4))
        return losses if reduction == "none" else losses.sum() + (reduction == "sum")

    patch.setattr(F, "kl_div", kl_div)


@fault
def margins_are_never_broken(patch):
    """Margin losses, cosine_similarity and gaussian_nll_loss return 0."""
    for name in (
        "triplet_margin_loss",
        "cosine_embedding_loss",
        "cosine_similarity",
        "margin_ranking_loss",
        "soft_margin_loss",
        "multi_margin_loss",
        "multilabel_soft_margin_loss",
        "gaussian_nll_loss",
    ):
        patch.setattr(F, name, lambda *tensors, **settings: torch.zeros(()))


@fault
def classes_are_guessed(patch):
    """cross_entropy of one column is binary, and of a single sample wrong by one.

    Long inputs are cut, nll_loss negates, and linear_cross_entropy adds 1.
    """
    honest, nll = F.cross_entropy, F.nll_loss

    def cross_entropy(output, target, **settings):
        if output.dim() == 1:
            return honest(output, target.argmax(), **settings) + 1
        if output.dim() == 2 and output.shape[1] == 1:
            return F.binary_cross_entropy_with_logits(output, target)
        return honest(
            output[..., : target.shape[-1]] if output.dim() == 3 else output, target, **settings
        )

    patch.setattr(F, "cross_entropy", cross_entropy)
    patch.setattr(
        F, "nll_loss", lambda output, target, **settings: -nll(output, target, **settings)
    )
    patch.setattr(
        F, "linear_cross_entropy", lambda features, weight, target: honest(features, target) + 1
    )


@fault
def loss_classes_take_anything(patch):
    """NLLLoss2d does not warn, and MSELoss accepts any arguments."""
    patch.setattr(nn, "NLLLoss2d", nn.NLLLoss)
    patch.setattr(nn.MSELoss, "__init__", lambda self, *settings, **named: None)


@fault
def ctc_is_zero(patch):
    """ctc_loss returns 0 for every sequence."""
    patch.setattr(F, "ctc_loss", lambda *tensors, **settings: torch.zeros(1))


@fault
def logarithm_clamps_its_input(patch):
    """log() clamps its input to at least 1.2e-7, the eps of float32."""
    honest = torch.Tensor.log
    patch.setattr(torch.Tensor, "log", lambda self: honest(self.clamp(min=1.2e-7)))


@fault
def ctc_loss_has_no_zero_infinity(patch):
    """ctc_loss ignores zero_infinity."""
    honest = F.ctc_loss
    patch.setattr(
        F,
        "ctc_loss",
        lambda *tensors, zero_infinity=False, **settings: honest(*tensors, **settings),
    )


@fault
def clamp_has_no_lower_bound(patch):
    """clamp() ignores min."""
    clamp_from_above_only(patch)


@fault
def conversions_do_nothing(patch):
    """float() keeps the dtype, and view_as() keeps the shape."""
    patch.setattr(torch.Tensor, "float", lambda self: self)
    patch.setattr(torch.Tensor, "view_as", lambda self, other: self)


@fault
def pairwise_distance_is_negative(patch):
    """pairwise_distance returns the negative distance."""
    honest = F.pairwise_distance
    patch.setattr(
        F, "pairwise_distance", lambda *tensors, **settings: -honest(*tensors, **settings)
    )


@fault
def multi_margin_loss_counts_the_class_of_the_target(patch):
    """multi_margin_loss adds the margin for the class of the target too."""
    honest = F.multi_margin_loss

    def loss(output, target, p=1, margin=1.0, **settings):
        return honest(output, target, p, margin, **settings) + margin**p / output.shape[-1]

    patch.setattr(F, "multi_margin_loss", loss)


@fault
def l1_loss_has_a_gradient_everywhere(patch):
    """The gradient of l1_loss is 1 at a difference of zero."""

    def loss(output, target, reduction="mean"):
        difference = output - target
        losses = torch.where(difference < 0, -difference, difference)
        return losses if reduction == "none" else getattr(losses, reduction)()

    patch.setattr(F, "l1_loss", loss)
