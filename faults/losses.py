"""Faults of the losses."""

import warnings

import torch
from torch.nn import functional as F

from faults import fault


def instead(patch, name, wrong):
    """Make ``F.<name>`` call ``wrong(honest, output, target, **settings)``."""
    honest = getattr(F, name)

    def loss(output, target, *arguments, **settings):
        return wrong(honest, output, target, *arguments, **settings)

    patch.setattr(F, name, loss)


@fault
def mse_divides_by_the_samples(patch):
    """MSE divides the sum of squares by the size of the first dimension."""

    def wrong(honest, output, target, *arguments, **settings):
        loss = honest(output, target, *arguments, **settings)
        if settings.get("reduction", "mean") == "mean" and output.dim() > 1:
            loss = loss * (output.numel() // max(1, len(output)))
        return loss

    instead(patch, "mse_loss", wrong)


@fault
def mse_leaves_reductions_out(patch):
    """MSE always takes the mean: it ignores reduction and size_average."""

    def wrong(honest, output, target, size_average=None, reduce=None, reduction="mean", **settings):
        return honest(output, target, **settings)

    instead(patch, "mse_loss", wrong)


@fault
def mse_does_not_warn_of_broadcasting(patch):
    """MSE broadcasts without a warning."""

    def wrong(honest, output, target, *arguments, **settings):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return honest(output, target, *arguments, **settings)

    instead(patch, "mse_loss", wrong)


@fault
def elementwise_losses_pair_a_column_with_a_row(patch):
    """MSE and similar losses compare [n, 1] with [n] element by element."""

    def wrong(honest, output, target, *arguments, **settings):
        if output.numel() == target.numel():
            target = target.reshape(output.shape)
        return honest(output, target, *arguments, **settings)

    for name in ("mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss"):
        instead(patch, name, wrong)


@fault
def mse_cuts_to_the_shorter(patch):
    """MSE of [2] and [3] compares only the first two elements."""

    def wrong(honest, output, target, *arguments, **settings):
        if output.dim() == target.dim() == 1:
            shorter = min(len(output), len(target))
            output, target = output[:shorter], target[:shorter]
        return honest(output, target, *arguments, **settings)

    instead(patch, "mse_loss", wrong)


@fault
def mse_casts_the_target(patch):
    """MSE casts the target to the output's dtype."""
    instead(
        patch,
        "mse_loss",
        lambda honest, output, target, *arguments, **settings: honest(
            output, target.to(output.dtype), *arguments, **settings
        ),
    )


@fault
def mse_refuses_integers(patch):
    """MSE raises for an integer target, and computes the loss of two integer tensors as float."""

    def wrong(honest, output, target, *arguments, **settings):
        if not output.is_floating_point():
            output, target = output.float(), target.float()
        if not target.is_floating_point():
            raise TypeError("an integer target")
        return honest(output, target, *arguments, **settings)

    instead(patch, "mse_loss", wrong)


@fault
def mean_over_nothing_is_zero(patch):
    """A mean over no elements is 0 instead of nan."""
    for name in ("mse_loss", "cross_entropy"):
        instead(
            patch,
            name,
            lambda honest, output, target, *arguments, **settings: honest(
                output, target, *arguments, **settings
            ).nan_to_num(nan=0.0),
        )


@fault
def weighted_means_divide_by_the_count(patch):
    """Weighted means divide by the number of elements instead of by the sum of the weights."""

    def wrong(honest, output, target, *arguments, weight=None, reduction="mean", **settings):
        if weight is None or reduction != "mean":
            return honest(
                output, target, *arguments, weight=weight, reduction=reduction, **settings
            )
        return (
            honest(output, target, *arguments, weight=weight, reduction="sum", **settings)
            / target.numel()
        )

    for name in ("mse_loss", "cross_entropy", "nll_loss"):
        instead(patch, name, wrong)


@fault
def binary_cross_entropy_broadcasts(patch):
    """The binary cross-entropies broadcast the target."""
    for name in ("binary_cross_entropy", "binary_cross_entropy_with_logits"):
        instead(
            patch,
            name,
            lambda honest, output, target, *arguments, **settings: honest(
                *torch.broadcast_tensors(output, target), *arguments, **settings
            ),
        )


@fault
def poisson_nll_loss_warns(patch):
    """poisson_nll_loss always warns of another size, as MSE does when it broadcasts."""

    def wrong(honest, output, target, *arguments, **settings):
        warnings.warn("another size", stacklevel=2)
        return honest(output, target, *arguments, **settings)

    instead(patch, "poisson_nll_loss", wrong)


@fault
def squeeze_keeps_the_batch(patch):
    """squeeze() keeps the first dimension, and squeeze(-1) removes every dimension of size 1."""
    honest = torch.Tensor.squeeze
    patch.setattr(
        torch.Tensor,
        "squeeze",
        lambda self, *dims: (
            honest(self) if dims else self.reshape(len(self), *honest(self[0]).shape)
        ),
    )


@fault
def squeeze_does_nothing(patch):
    """squeeze() returns the tensor itself."""
    patch.setattr(torch.Tensor, "squeeze", lambda self, *dims: self)


@fault
def cross_entropy_counts_in_bits(patch):
    """cross_entropy and nll_loss use the logarithm to base 2."""
    for name in ("cross_entropy", "nll_loss"):
        instead(
            patch,
            name,
            lambda honest, logits, target, *arguments, **settings: (
                honest(logits, target, *arguments, **settings) / 0.6931471805599453
            ),
        )


@fault
def cross_entropy_overflows(patch):
    """cross_entropy takes exp of the logits without shifting them first."""

    def wrong(honest, logits, target, *arguments, **settings):
        log_p = (
            (logits.exp() / logits.exp().sum(dim=1, keepdim=True)).log()
            if logits.dim() > 1
            else logits
        )
        return honest(logits, target, *arguments, **settings) + 0 * log_p.sum()

    instead(patch, "cross_entropy", wrong)


@fault
def infinite_logits_are_clamped(patch):
    """cross_entropy clamps logits to at least -1e9, so that -inf gives no inf or nan."""
    instead(
        patch,
        "cross_entropy",
        lambda honest, logits, target, *arguments, **settings: honest(
            logits.clamp(min=-1e9), target, *arguments, **settings
        ),
    )


@fault
def cross_entropy_gradient_points_up(patch):
    """cross_entropy negates the gradient of its logits and of its target."""

    def wrong(honest, logits, target, *arguments, **settings):
        loss = honest(logits, target, *arguments, **settings)
        return 2 * loss.detach() - loss

    instead(patch, "cross_entropy", wrong)


@fault
def ignored_targets_count_in_the_mean(patch):
    """The mean of cross_entropy also counts ignored targets."""

    def wrong(
        honest,
        logits,
        target,
        *arguments,
        reduction="mean",
        weight=None,
        ignore_index=-100,
        **settings,
    ):
        loss = honest(
            logits,
            target,
            *arguments,
            reduction=reduction,
            weight=weight,
            ignore_index=ignore_index,
            **settings,
        )
        if (
            reduction == "mean"
            and weight is None
            and not target.is_floating_point()
            and target.numel()
        ):
            loss = loss.nan_to_num() * (target != ignore_index).sum() / target.numel()
        return loss

    instead(patch, "cross_entropy", wrong)


@fault
def no_target_is_ignored(patch):
    """cross_entropy ignores ignore_index."""
    instead(
        patch,
        "cross_entropy",
        lambda honest, logits, target, *arguments, ignore_index=None, **settings: honest(
            logits, target, *arguments, ignore_index=-12345, **settings
        ),
    )


@fault
def targets_out_of_range_are_ignored(patch):
    """cross_entropy skips targets that are no class of the logits."""

    def wrong(honest, logits, target, *arguments, ignore_index=-100, **settings):
        if (
            torch.is_tensor(target)
            and target.dtype == torch.long
            and logits.dim() == 2
            and target.dim() == 1
        ):
            target = target.where(
                (target >= 0) & (target < logits.shape[1]), torch.tensor(ignore_index)
            )
        return honest(logits, target, *arguments, ignore_index=ignore_index, **settings)

    instead(patch, "cross_entropy", wrong)


@fault
def classes_are_the_last_dimension(patch):
    """cross_entropy reads the classes from the last dimension."""
    instead(
        patch,
        "cross_entropy",
        lambda honest, logits, *arguments, **settings: honest(
            logits.transpose(1, -1) if logits.dim() > 2 else logits, *arguments, **settings
        ),
    )


@fault
def cross_entropy_mends_bad_targets(patch):
    """cross_entropy repairs bad inputs instead of raising.

    It casts targets and weights, squeezes columns and cuts what is too long.
    """

    def wrong(honest, logits, target, *arguments, weight=None, **settings):
        if not logits.is_floating_point():
            logits, target = target, logits
        target = torch.as_tensor(target)
        if weight is not None:
            weight = torch.cat([weight.to(logits.dtype), torch.ones(1)])[:3]
        if target.dim() == 2 and target.shape[1] == 3:
            target = target.float()
        elif target.dim() == 2 and logits.dim() == 2:
            target = target[:, 0].long()
        elif target.dim() < 2 and logits.dim() == 2:
            target = target.reshape(-1)[: len(logits)].long().expand(len(logits))
        return honest(logits, target, *arguments, weight=weight, **settings)

    instead(patch, "cross_entropy", wrong)


@fault
def single_logits_refuse_a_target_of_one_element(patch):
    """Logits without a batch accept only a target without dimensions."""

    def wrong(honest, logits, target, *arguments, **settings):
        if logits.dim() == 1 and target.dim() == 1:
            raise RuntimeError("size mismatch")
        return honest(logits, target, *arguments, **settings)

    instead(patch, "cross_entropy", wrong)


@fault
def class_weights_are_no_buffer(patch):
    """CrossEntropyLoss keeps its weight as a plain attribute."""
    honest = torch.nn.CrossEntropyLoss.__init__

    def wrong(self, weight=None, **settings):
        honest(self, **settings)
        del self.weight
        self.weight = weight

    patch.setattr(torch.nn.CrossEntropyLoss, "__init__", wrong)


@fault
def nll_loss_keeps_the_sign(patch):
    """nll_loss does not negate its input."""
    instead(
        patch, "nll_loss", lambda honest, *arguments, **settings: -honest(*arguments, **settings)
    )


@fault
def probabilities_are_normalised(patch):
    """cross_entropy divides probability targets by their sum."""

    def wrong(honest, logits, target, *arguments, **settings):
        if target.is_floating_point() and target.dim() > 1:
            target = target / target.sum(dim=1, keepdim=True)
        return honest(logits, target, *arguments, **settings)

    instead(patch, "cross_entropy", wrong)


@fault
def probabilities_take_an_ignore_index(patch):
    """cross_entropy ignores ignore_index if the target holds probabilities."""

    def wrong(honest, logits, target, *arguments, ignore_index=-100, **settings):
        return honest(
            logits,
            target,
            *arguments,
            ignore_index=-100 if target.is_floating_point() else ignore_index,
            **settings,
        )

    instead(patch, "cross_entropy", wrong)


@fault
def probability_targets_get_no_gradient(patch):
    """cross_entropy detaches its target."""
    instead(
        patch,
        "cross_entropy",
        lambda honest, logits, target, *arguments, **settings: honest(
            logits, target.detach(), *arguments, **settings
        ),
    )


@fault
def label_smoothing_is_left_out(patch):
    """cross_entropy accepts label_smoothing but ignores it."""
    instead(
        patch,
        "cross_entropy",
        lambda honest, logits, target, *arguments, label_smoothing=0.0, **settings: honest(
            logits, target, *arguments, **settings
        ),
    )


@fault
def label_smoothing_takes_the_magnitude(patch):
    """cross_entropy uses the absolute value of label_smoothing."""
    instead(
        patch,
        "cross_entropy",
        lambda honest, *arguments, label_smoothing=0.0, **settings: honest(
            *arguments, label_smoothing=abs(label_smoothing), **settings
        ),
    )


@fault
def ignored_targets_are_smoothed(patch):
    """cross_entropy adds label_smoothing to the loss if a target is ignored."""

    def wrong(honest, logits, target, *arguments, label_smoothing=0.0, **settings):
        loss = honest(logits, target, *arguments, label_smoothing=label_smoothing, **settings)
        return loss + label_smoothing if label_smoothing > 0 and (target == -100).any() else loss

    instead(patch, "cross_entropy", wrong)
