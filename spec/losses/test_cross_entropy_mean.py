"""What the mean of ``CrossEntropyLoss`` divides by: ``ignore_index``, ``weight``, and batches where nothing counts."""

import pytest
import torch
from torch.nn import functional as F

from fixtures.losses import logits
from torch_history.observing import observe


@pytest.mark.api("torch.nn.functional.cross_entropy", page="generated/torch.nn.CrossEntropyLoss")
def test_ignored_target_counts_neither_in_the_sum_nor_in_the_mean(snapshot):
    """A target of -100, the default ``ignore_index``, costs 0, gets a gradient of 0, and the mean divides by the others alone."""
    z = logits().requires_grad_()

    def act():
        loss = F.cross_entropy(z, torch.tensor([2, -100]))
        loss.backward()
        return {
            "mean": loss,
            "none": F.cross_entropy(z, torch.tensor([2, -100]), reduction="none"),
            "gradient": z.grad,
        }

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.functional.cross_entropy", page="generated/torch.nn.CrossEntropyLoss")
def test_ignore_index_may_be_a_class(snapshot):
    """``ignore_index=0`` passes over the samples of class 0, which is what padding numbered 0 needs."""
    assert snapshot == observe(
        lambda: F.cross_entropy(logits(), torch.tensor([2, 0]), ignore_index=0, reduction="none")
    )


@pytest.mark.api("torch.nn.functional.cross_entropy", page="generated/torch.nn.CrossEntropyLoss")
def test_ignore_index_may_lie_beyond_the_classes(snapshot):
    """255 for "no label" need not be a class: it is passed over before it is looked up."""
    assert snapshot == observe(
        lambda: F.cross_entropy(logits(), torch.tensor([2, 255]), ignore_index=255)
    )


@pytest.mark.api("torch.nn.functional.cross_entropy", page="generated/torch.nn.CrossEntropyLoss")
@pytest.mark.changed(
    "1.11",
    "the mean over ignored targets alone is nan instead of 0",
    kind="silent",
    cause="pytorch#64572",
    advice="skip such batches, or divide the sum by the number of targets, at least 1",
)
def test_mean_over_ignored_targets_alone_is_nan(snapshot):
    """A batch of padding divides 0 by 0: one such batch makes every weight nan. The sum is 0."""
    ignored = torch.tensor([-100, -100])
    assert snapshot == observe(
        lambda: {
            reduction: F.cross_entropy(logits(), ignored, reduction=reduction)
            for reduction in ("mean", "sum")
        }
    )


@pytest.mark.api("torch.nn.functional.cross_entropy", page="generated/torch.nn.CrossEntropyLoss")
def test_mean_over_an_empty_batch_is_nan(snapshot):
    """No samples, no error: 0 / 0."""
    assert snapshot == observe(
        lambda: F.cross_entropy(torch.zeros(0, 3), torch.zeros(0, dtype=torch.long))
    )


@pytest.mark.api("torch.nn.functional.cross_entropy", page="generated/torch.nn.CrossEntropyLoss")
def test_weighted_mean_divides_by_the_weights_of_the_targets(snapshot):
    """With weights [1, 2, 3] the mean of the classes 2 and 0 divides by 3 + 1, not by 2."""
    weight = torch.tensor([1.0, 2.0, 3.0])
    single = F.cross_entropy(logits(), torch.tensor([2, 0]), reduction="none")
    assert torch.allclose(
        F.cross_entropy(logits(), torch.tensor([2, 0]), weight=weight),
        (3 * single[0] + single[1]) / 4,
    )
    assert snapshot == observe(
        lambda: {
            "mean": F.cross_entropy(logits(), torch.tensor([2, 0]), weight=weight),
            "none": F.cross_entropy(
                logits(), torch.tensor([2, 0]), weight=weight, reduction="none"
            ),
        }
    )


@pytest.mark.api("torch.nn.functional.cross_entropy", page="generated/torch.nn.CrossEntropyLoss")
@pytest.mark.changed(
    "1.11",
    "the mean over targets of weight 0 is nan instead of 0",
    kind="silent",
    cause="pytorch#64572",
    advice="skip such batches, or divide the sum by the weights of the targets where they are not 0",
)
def test_mean_over_targets_of_weight_zero_is_nan(snapshot):
    """Where every target's class has the weight 0 nothing counts: 0 / 0."""
    assert snapshot == observe(
        lambda: F.cross_entropy(
            logits(), torch.tensor([2, 0]), weight=torch.tensor([0.0, 1.0, 0.0])
        )
    )


@pytest.mark.api("torch.nn.CrossEntropyLoss", page="generated/torch.nn.CrossEntropyLoss")
def test_weight_of_the_module_is_a_buffer(snapshot):
    """``CrossEntropyLoss(weight=w)`` keeps w as a buffer: it moves with ``to()`` and enters the state dict."""
    loss = torch.nn.CrossEntropyLoss(weight=torch.tensor([1.0, 2.0, 3.0]))
    assert snapshot == observe(
        lambda: {"state dict": dict(loss.state_dict()), "parameters": len(list(loss.parameters()))}
    )
