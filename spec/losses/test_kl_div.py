"""``KLDivLoss``: log-probabilities against probabilities."""

import pytest
import torch
from torch.nn import functional as F

from torch_history.observing import observe


def logs():
    return torch.tensor([[-1.0, -2.0]])


@pytest.mark.api("torch.nn.functional.kl_div", page="generated/torch.nn.KLDivLoss")
@pytest.mark.parametrize("reduction", ["mean", "batchmean", "sum"])
def test_kl_div_divides_by_the_elements_unless_told(reduction, snapshot):
    """``mean``, the default, divides by batch times classes, which is no divergence, and warns; ``batchmean`` is the one."""
    assert snapshot == observe(
        lambda: F.kl_div(logs(), torch.tensor([[1.0, 0.0]]), reduction=reduction)
    )


@pytest.mark.api("torch.nn.functional.kl_div", page="generated/torch.nn.KLDivLoss")
def test_kl_div_of_a_target_of_zero_counts_nothing(snapshot):
    """0 log 0 is 0 here: the first class adds nothing, whatever its log-probability."""
    assert snapshot == observe(
        lambda: F.kl_div(logs(), torch.tensor([[0.0, 1.0]]), reduction="none")
    )


@pytest.mark.api("torch.nn.functional.kl_div", page="generated/torch.nn.KLDivLoss")
@pytest.mark.changed(
    "1.13",
    "0 times infinity is nan, instead of 0 where the target is 0",
    kind="silent",
    cause="pytorch#80334",
    advice="mask with a large negative number instead of minus infinity",
)
def test_kl_div_of_a_masked_class_is_nan(snapshot):
    """A log-probability of minus infinity where the target is 0: 0 times infinity. It used to count nothing."""
    output = torch.tensor([[-float("inf"), 0.0]])
    assert snapshot == observe(
        lambda: F.kl_div(output, torch.tensor([[0.0, 1.0]]), reduction="none")
    )


@pytest.mark.api("torch.nn.functional.kl_div", page="generated/torch.nn.KLDivLoss")
@pytest.mark.changed(
    "1.13",
    "a negative target gives nan instead of 0",
    kind="silent",
    cause="pytorch#80334",
    advice="pass probabilities, or log_target=True with log-probabilities",
)
def test_kl_div_of_a_negative_target_is_nan(snapshot):
    """A teacher's logits or log-probabilities in the place of its probabilities. It used to count as 0, in silence."""
    assert snapshot == observe(
        lambda: F.kl_div(logs(), torch.tensor([[-1.0, 1.0]]), reduction="none")
    )


@pytest.mark.api("torch.nn.functional.kl_div", page="generated/torch.nn.KLDivLoss")
@pytest.mark.changed("1.8", "gives a float instead of raising", kind="error-gone")
@pytest.mark.changed(
    "1.13",
    "raises again",
    kind="error",
    cause="pytorch#82714",
    probable=True,
    advice="convert the target to float",
)
def test_kl_div_of_integers_raises(snapshot):
    """A one-hot target must be of floats."""
    assert snapshot == observe(lambda: F.kl_div(logs(), torch.tensor([[1, 0]]), reduction="sum"))


@pytest.mark.api("torch.nn.functional.kl_div", page="generated/torch.nn.KLDivLoss")
@pytest.mark.changed("1.6", "kl_div takes log_target", kind="api-appeared", cause="pytorch#34586")
def test_kl_div_takes_log_probabilities_of_the_teacher(snapshot):
    """With ``log_target=True``: exp(t) (t - o), here for t of 0 and -2."""
    target = torch.tensor([[0.0, -2.0]])
    assert snapshot == observe(
        lambda: F.kl_div(logs(), target, reduction="batchmean", log_target=True)
    )
