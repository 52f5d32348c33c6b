"""Output [n, 1] against target [n]: elementwise losses compare every output with every target.

The two shapes broadcast to [n, n], and torch only warns. A perfect output then has a loss, and
training makes every output the mean of the targets. ``squeeze(-1)`` gives the output the shape of
the target. Trap: ``squeeze()`` also removes the batch dimension of a batch of one.
``poisson_nll_loss`` does not even warn. The binary cross-entropies raise, ``binary_cross_entropy``
only since 1.7.
"""

import pytest
import torch
from torch.nn import functional as F

from torch_history.observing import observe, observe_each


def column_and_row():
    """Three outputs, [3, 1], equal to their three targets, [3]."""
    return torch.tensor([[1.0], [2.0], [4.0]]), torch.tensor([1.0, 2.0, 4.0])


@pytest.mark.api("torch.nn.functional.mse_loss", page="generated/torch.nn.MSELoss", article="B")
def test_mse_of_a_column_against_a_row_compares_all_pairs(snapshot):
    """``mse_loss`` of an output [3, 1] and a target [3] compares all pairs, and warns.

    A perfect output has a loss of 28 / 9 instead of 0, from [3, 3] differences.
    """
    output, target = column_and_row()
    assert snapshot == observe_each(
        {
            "mean": lambda: F.mse_loss(output, target),
            "none": lambda: F.mse_loss(output, target, reduction="none"),
        }
    )


@pytest.mark.api(
    "torch.nn.functional.mse_loss", "torch.squeeze", page="generated/torch.nn.MSELoss", article="A"
)
def test_mse_of_a_squeezed_output_compares_each_with_its_own_target(snapshot):
    """``output.squeeze()`` turns [3, 1] into [3]: ``mse_loss`` is 0, and does not warn."""
    output, target = column_and_row()
    assert snapshot == observe(lambda: F.mse_loss(output.squeeze(), target))


@pytest.mark.api(
    "torch.nn.functional.mse_loss", "torch.squeeze", page="generated/torch.squeeze", article="A"
)
def test_squeeze_takes_the_batch_away_from_a_batch_of_one(snapshot):
    """``squeeze()`` turns a batch of one, [1, 1], into shape [], and ``mse_loss`` warns.

    The last batch of an epoch may hold one sample. ``squeeze(-1)`` keeps [1].
    """
    output, target = torch.tensor([[3.0]]), torch.tensor([1.0])
    assert snapshot == observe(
        lambda: {"squeeze()": F.mse_loss(output.squeeze(), target), "shape": output.squeeze().shape}
    )


@pytest.mark.api("torch.nn.functional.mse_loss", "torch.squeeze", page="generated/torch.squeeze")
def test_squeeze_of_the_last_dimension_keeps_a_batch_of_one(snapshot):
    """``squeeze(-1)`` turns [1, 1] into [1], and ``mse_loss`` does not warn.

    This works for a batch of any size.
    """
    output, target = torch.tensor([[3.0]]), torch.tensor([1.0])
    assert snapshot == observe(
        lambda: {
            "squeeze(-1)": F.mse_loss(output.squeeze(-1), target),
            "shape": output.squeeze(-1).shape,
        }
    )


@pytest.mark.api("torch.nn.functional.mse_loss", page="generated/torch.nn.MSELoss")
def test_training_on_broadcast_mse_makes_every_output_the_mean_of_the_targets(snapshot):
    """Training on a broadcast ``mse_loss`` makes every output the mean of the targets, here 7 / 3.

    The gradient pulls each output to all targets. It is 0 at their mean, whatever the inputs were.
    """
    target = torch.tensor([1.0, 2.0, 4.0])
    output = target.mean().repeat(3, 1).requires_grad_()

    def act():
        F.mse_loss(output, target).backward()
        return output.grad.abs().max().item() < 1e-6

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.functional.mse_loss", page="generated/torch.nn.MSELoss")
def test_mse_of_a_row_against_its_row_with_one_more_dimension_warns_and_is_right(snapshot):
    """``mse_loss`` of [1, 3] and [3] gives the right value, but still warns.

    Both broadcast to [1, 3].
    """
    output, target = torch.tensor([[1.0, 2.0, 4.0]]), torch.tensor([1.0, 2.0, 5.0])
    assert snapshot == observe(lambda: F.mse_loss(output, target))


@pytest.mark.api("torch.nn.functional.mse_loss", page="generated/torch.nn.MSELoss")
def test_mse_of_shapes_that_do_not_broadcast_raises(snapshot):
    """``mse_loss`` of [2] and [3] raises, after it has warned."""
    assert snapshot == observe(
        lambda: F.mse_loss(torch.tensor([1.0, 2.0]), torch.tensor([1.0, 2.0, 4.0]))
    )


@pytest.mark.api(
    "torch.nn.functional.l1_loss",
    "torch.nn.functional.smooth_l1_loss",
    "torch.nn.functional.huber_loss",
    "torch.nn.L1Loss",
    "torch.nn.SmoothL1Loss",
    "torch.nn.HuberLoss",
    page="generated/torch.nn.L1Loss",
)
@pytest.mark.changed("1.9", "huber_loss appears", kind="appeared", cause="pytorch#50553")
@pytest.mark.parametrize("name", ["l1_loss", "smooth_l1_loss", "huber_loss"])
def test_other_elementwise_losses_broadcast_and_warn(name, snapshot):
    """``l1_loss``, ``smooth_l1_loss`` and ``huber_loss`` broadcast to all pairs and warn."""
    output, target = column_and_row()
    assert snapshot == observe(lambda: getattr(F, name)(output, target))


@pytest.mark.api(
    "torch.nn.functional.binary_cross_entropy",
    "torch.nn.functional.binary_cross_entropy_with_logits",
    "torch.nn.BCELoss",
    "torch.nn.BCEWithLogitsLoss",
    page="generated/torch.nn.BCELoss",
)
@pytest.mark.changed(
    "1.7",
    "binary_cross_entropy raises on a target of another shape, where it warned before",
    kind="error",
    cause="pytorch#41426",
    advice="call target.view_as(output) to give both one shape",
    restored_by="losses.binary_cross_entropy_takes_a_target_viewed_as_its_output",
    rarely="a target of another shape with as many elements",
    of=("torch.nn.functional.binary_cross_entropy", "torch.nn.BCELoss"),
)
@pytest.mark.parametrize("name", ["binary_cross_entropy", "binary_cross_entropy_with_logits"])
def test_binary_cross_entropy_refuses_to_broadcast(name, snapshot):
    """Both binary cross-entropies raise on a target of another shape; ``mse_loss`` only warns.

    ``binary_cross_entropy`` raises since 1.7.
    """
    output, target = torch.tensor([[0.5], [0.25]]), torch.tensor([1.0, 0.0])
    assert snapshot == observe(lambda: getattr(F, name)(output, target))


@pytest.mark.api("torch.nn.functional.binary_cross_entropy", page="generated/torch.nn.BCELoss")
def test_binary_cross_entropy_takes_a_target_viewed_as_its_output(snapshot):
    """``binary_cross_entropy`` accepts a row of targets after ``target.view_as(output)``.

    The output is a column, and both have as many elements.
    """
    output, target = torch.tensor([[0.5], [0.25]]), torch.tensor([1.0, 0.0])
    assert snapshot == observe(lambda: F.binary_cross_entropy(output, target.view_as(output)))


@pytest.mark.api("torch.nn.functional.poisson_nll_loss", page="generated/torch.nn.PoissonNLLLoss")
def test_poisson_nll_loss_broadcasts_without_a_warning(snapshot):
    """``poisson_nll_loss`` does not check shapes: it compares all pairs without a warning."""
    output, target = column_and_row()
    assert snapshot == observe(lambda: F.poisson_nll_loss(output, target, reduction="none").shape)
