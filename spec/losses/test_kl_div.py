"""``torch.nn.KLDivLoss``: log-probabilities against probabilities.

The output holds log-probabilities. The target holds probabilities, or with ``log_target=True``
log-probabilities, since 1.6. Trap: the default mean divides by batch times classes.
``reduction="batchmean"`` gives the divergence. A target of 0 adds nothing to the loss while its
log-probability is finite. Since 1.13 a target of 0 against minus infinity and a negative target
give nan, and a target of integers raises.
"""

import pytest
import torch
from torch.nn import functional as F

from torch_history.observing import observe


def logs():
    return torch.tensor([[-1.0, -2.0]])


@pytest.mark.api("torch.nn.functional.kl_div", page="generated/torch.nn.KLDivLoss")
@pytest.mark.parametrize("reduction", ["mean", "batchmean", "sum"])
def test_kl_div_divides_by_the_elements_unless_told(reduction, snapshot):
    """``kl_div`` divides by batch times classes by default, and warns: this is not the divergence.

    ``reduction="batchmean"`` gives the divergence.
    """
    assert snapshot == observe(
        lambda: F.kl_div(logs(), torch.tensor([[1.0, 0.0]]), reduction=reduction)
    )


@pytest.mark.api("torch.nn.functional.kl_div", page="generated/torch.nn.KLDivLoss")
def test_kl_div_of_a_target_of_zero_counts_nothing(snapshot):
    """``kl_div`` adds nothing for a target of 0 and a finite log-probability: 0 log 0 is 0."""
    assert snapshot == observe(
        lambda: F.kl_div(logs(), torch.tensor([[0.0, 1.0]]), reduction="none")
    )


@pytest.mark.api(
    "torch.nn.functional.kl_div", "torch.nn.KLDivLoss", page="generated/torch.nn.KLDivLoss"
)
@pytest.mark.changed(
    "1.13",
    "0 times infinity is nan, where a target of 0 gave 0 before",
    kind="silent",
    cause="pytorch#80334",
    advice="mask the log-probabilities with -1e9 instead of minus infinity",
    restored_by="losses.kl_div_of_a_class_masked_by_a_large_negative_number_counts_nothing",
    when=("-log_target@5", "log_target@5=False"),
    rarely="a target of 0 where the log-probability is minus infinity",
)
def test_kl_div_of_a_masked_class_is_nan(snapshot):
    """Since 1.13, ``kl_div`` is nan for a target of 0 and a log-probability of minus infinity.

    0 times infinity is nan. Before 1.13 such a class added nothing.
    """
    output = torch.tensor([[-float("inf"), 0.0]])
    assert snapshot == observe(
        lambda: F.kl_div(output, torch.tensor([[0.0, 1.0]]), reduction="none")
    )


@pytest.mark.api("torch.nn.functional.kl_div", page="generated/torch.nn.KLDivLoss")
def test_kl_div_of_a_class_masked_by_a_large_negative_number_counts_nothing(snapshot):
    """``kl_div`` adds nothing for a target of 0 and a class masked with -1e9."""
    output = torch.tensor([[-1e9, 0.0]])
    assert snapshot == observe(
        lambda: F.kl_div(output, torch.tensor([[0.0, 1.0]]), reduction="none")
    )


@pytest.mark.api(
    "torch.nn.functional.kl_div", "torch.nn.KLDivLoss", page="generated/torch.nn.KLDivLoss"
)
@pytest.mark.changed(
    "1.13",
    "a negative target gives nan instead of 0",
    kind="silent",
    cause="pytorch#80334",
    advice="pass probabilities, or target.clamp(min=0) for the former loss",
    restored_by="losses.kl_div_of_a_clamped_target_counts_negative_targets_as_zero",
    when=("-log_target@5", "log_target@5=False"),
    rarely="targets below 0",
)
def test_kl_div_of_a_negative_target_is_nan(snapshot):
    """Since 1.13, ``kl_div`` of a negative target is nan. Before, it counted as 0.

    Such targets are a teacher's logits or log-probabilities instead of its probabilities.
    """
    assert snapshot == observe(
        lambda: F.kl_div(logs(), torch.tensor([[-1.0, 1.0]]), reduction="none")
    )


@pytest.mark.api("torch.nn.functional.kl_div", page="generated/torch.nn.KLDivLoss")
def test_kl_div_of_a_clamped_target_counts_negative_targets_as_zero(snapshot):
    """``kl_div`` of ``target.clamp(min=0)`` counts a negative target as 0."""
    assert snapshot == observe(
        lambda: F.kl_div(logs(), torch.tensor([[-1.0, 1.0]]).clamp(min=0), reduction="none")
    )


@pytest.mark.api(
    "torch.nn.functional.kl_div", "torch.nn.KLDivLoss", page="generated/torch.nn.KLDivLoss"
)
@pytest.mark.changed(
    "1.8",
    "gives a float instead of raising",
    kind="error-gone",
    cause="pytorch#46810",
    probable=True,
)
@pytest.mark.changed(
    "1.13",
    "raises again",
    kind="error",
    cause="pytorch#82714",
    probable=True,
    advice="pass target.float()",
    restored_by="losses.kl_div_takes_a_one_hot_target_converted_to_float",
    when=("-log_target@5", "log_target@5=False"),
    rarely="integer targets",
)
def test_kl_div_of_integers_raises(snapshot):
    """Since 1.13, ``kl_div`` raises on an integer target: convert a one-hot target to float."""
    assert snapshot == observe(lambda: F.kl_div(logs(), torch.tensor([[1, 0]]), reduction="sum"))


@pytest.mark.api("torch.nn.functional.kl_div", page="generated/torch.nn.KLDivLoss")
def test_kl_div_takes_a_one_hot_target_converted_to_float(snapshot):
    """``kl_div`` takes a one-hot target of integers after ``target.float()``."""
    assert snapshot == observe(
        lambda: F.kl_div(logs(), torch.tensor([[1, 0]]).float(), reduction="sum")
    )


@pytest.mark.api(
    "torch.nn.functional.kl_div", "torch.nn.KLDivLoss", page="generated/torch.nn.KLDivLoss"
)
@pytest.mark.changed("1.6", "kl_div takes log_target", kind="appeared", cause="pytorch#34586")
def test_kl_div_takes_log_probabilities_of_the_teacher(snapshot):
    """``kl_div`` with ``log_target=True`` takes log-probabilities t: exp(t) (t - o).

    Here t is 0 and -2.
    """
    target = torch.tensor([[0.0, -2.0]])
    assert snapshot == observe(
        lambda: F.kl_div(logs(), target, reduction="batchmean", log_target=True)
    )
