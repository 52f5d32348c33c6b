"""The divisor of the mean of ``CrossEntropyLoss``: ``ignore_index``, ``weight``, empty batches.

A target equal to ``ignore_index``, -100 by default, costs 0 and does not count in the mean. With
``weight`` the mean divides by the weights of the targets, not by their number. Where nothing counts
the mean is nan, 0 / 0: for an empty batch, and since 1.11 also if all targets are ignored or have
weight 0. Divide ``reduction="sum"`` by a clamped number or weight to avoid it.
"""

import pytest
import torch
from torch.nn import functional as F

from fixtures.losses import logits
from torch_history.observing import observe


@pytest.mark.api("torch.nn.functional.cross_entropy", page="generated/torch.nn.CrossEntropyLoss")
def test_ignored_target_counts_neither_in_the_sum_nor_in_the_mean(snapshot):
    """A target of -100, the default ``ignore_index``, costs 0 and gets a gradient of 0.

    The mean divides by the number of the other targets.
    """
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
    """``ignore_index=0`` ignores the samples of class 0, such as padding numbered 0."""
    assert snapshot == observe(
        lambda: F.cross_entropy(logits(), torch.tensor([2, 0]), ignore_index=0, reduction="none")
    )


@pytest.mark.api("torch.nn.functional.cross_entropy", page="generated/torch.nn.CrossEntropyLoss")
def test_ignore_index_may_lie_beyond_the_classes(snapshot):
    """``ignore_index=255``, for "no label", need not be a class: it is never looked up."""
    assert snapshot == observe(
        lambda: F.cross_entropy(logits(), torch.tensor([2, 255]), ignore_index=255)
    )


@pytest.mark.api(
    "torch.nn.functional.cross_entropy",
    "torch.nn.CrossEntropyLoss",
    "torch.nn.functional.nll_loss",
    "torch.nn.NLLLoss",
    page="generated/torch.nn.CrossEntropyLoss",
)
@pytest.mark.changed(
    "1.11",
    "the mean over only ignored targets is nan instead of 0",
    kind="silent",
    cause="pytorch#64572",
    advice="divide the sum by (target != -100).sum().clamp(min=1)",
    restored_by="losses.sum_over_the_number_of_targets_that_are_not_ignored_is_no_nan",
    when=("-reduction@6", "reduction@6=mean"),
    rarely="a batch whose targets are all ignored",
)
def test_mean_over_ignored_targets_alone_is_nan(snapshot):
    """Since 1.11, the mean of ``cross_entropy`` over only ignored targets is nan: 0 / 0.

    Trap: a batch that is all padding gives this loss. Before 1.11 it was 0. The sum is 0 on every
    release.
    """
    ignored = torch.tensor([-100, -100])
    assert snapshot == observe(
        lambda: {
            reduction: F.cross_entropy(logits(), ignored, reduction=reduction)
            for reduction in ("mean", "sum")
        }
    )


@pytest.mark.api("torch.nn.functional.cross_entropy", page="generated/torch.nn.CrossEntropyLoss")
def test_sum_over_the_number_of_targets_that_are_not_ignored_is_no_nan(snapshot):
    """The sum of ``cross_entropy`` over the clamped number of counted targets is not nan.

    The number of targets that are not ignored is clamped to at least 1. If all targets are ignored,
    the result is 0; otherwise it is the mean.
    """
    ignored = torch.tensor([-100, -100])

    def act():
        total = F.cross_entropy(logits(), ignored, reduction="sum")
        return {"mean": total / (ignored != -100).sum().clamp(min=1), "sum": total}

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.functional.cross_entropy", page="generated/torch.nn.CrossEntropyLoss")
def test_mean_over_an_empty_batch_is_nan(snapshot):
    """The mean of ``cross_entropy`` over an empty batch is nan, 0 / 0, without an error."""
    assert snapshot == observe(
        lambda: F.cross_entropy(torch.zeros(0, 3), torch.zeros(0, dtype=torch.long))
    )


@pytest.mark.api("torch.nn.functional.cross_entropy", page="generated/torch.nn.CrossEntropyLoss")
def test_weighted_mean_divides_by_the_weights_of_the_targets(snapshot):
    """With ``weight``, the mean of ``cross_entropy`` divides by the weights of the targets.

    With weights [1, 2, 3] the mean of the classes 2 and 0 divides by 3 + 1, not by 2.
    """
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


@pytest.mark.api(
    "torch.nn.functional.cross_entropy",
    "torch.nn.CrossEntropyLoss",
    "torch.nn.functional.nll_loss",
    "torch.nn.NLLLoss",
    page="generated/torch.nn.CrossEntropyLoss",
)
@pytest.mark.changed(
    "1.11",
    "the mean over targets of weight 0 is nan instead of 0",
    kind="silent",
    cause="pytorch#64572",
    advice="divide the sum by weight[target].sum().clamp(min=1e-12)",
    restored_by="losses.sum_over_the_clamped_weights_of_the_targets_is_no_nan",
    when=("weight@2", "@0 and -@1"),
    rarely="a batch whose targets all have weight 0",
)
def test_mean_over_targets_of_weight_zero_is_nan(snapshot):
    """Since 1.11, the mean of ``cross_entropy`` is nan if every target has weight 0: 0 / 0."""
    assert snapshot == observe(
        lambda: F.cross_entropy(
            logits(), torch.tensor([2, 0]), weight=torch.tensor([0.0, 1.0, 0.0])
        )
    )


@pytest.mark.api("torch.nn.functional.cross_entropy", page="generated/torch.nn.CrossEntropyLoss")
def test_sum_over_the_clamped_weights_of_the_targets_is_no_nan(snapshot):
    """The sum of ``cross_entropy`` divided by the clamped weights of the targets is not nan.

    If every target has weight 0 the result is 0; otherwise it is the weighted mean.
    """
    target, weight = torch.tensor([2, 0]), torch.tensor([0.0, 1.0, 0.0])
    assert snapshot == observe(
        lambda: (
            F.cross_entropy(logits(), target, weight=weight, reduction="sum")
            / weight[target].sum().clamp(min=1e-12)
        )
    )


@pytest.mark.api("torch.nn.CrossEntropyLoss", page="generated/torch.nn.CrossEntropyLoss")
def test_weight_of_the_module_is_a_buffer(snapshot):
    """``CrossEntropyLoss(weight=w)`` keeps w as a buffer.

    The buffer moves with ``to()`` and is in the state dict.
    """
    loss = torch.nn.CrossEntropyLoss(weight=torch.tensor([1.0, 2.0, 3.0]))
    assert snapshot == observe(
        lambda: {"state dict": dict(loss.state_dict()), "parameters": len(list(loss.parameters()))}
    )
