"""Edge cases: one class, one sample, no frames; a fused function and a deprecated class.

Cross-entropy of a single column with a float target is 0, and so is its gradient: for one logit use
``torch.nn.BCEWithLogitsLoss``. ``nll_loss`` and ``ctc_loss`` accept one sample without a batch
dimension, since 1.10 and 1.11. ``torch.nn.CTCLoss`` changed at its edges: since 2.4 an input
without frames costs infinity and a negative length raises, and since 2.8 an empty batch raises. A
loss class is created first and called then: ``MSELoss()(output, target)``.
"""

import pytest
import torch
from torch.nn import functional as F

from torch_history.observing import observe


@pytest.mark.api(
    "torch.nn.functional.cross_entropy",
    "torch.nn.functional.binary_cross_entropy_with_logits",
    "torch.nn.CrossEntropyLoss",
    page="generated/torch.nn.CrossEntropyLoss",
)
@pytest.mark.changed(
    "1.10",
    "a float target is read as probabilities: the loss is 0 instead of an error",
    kind="error-gone",
    cause="pytorch#61044",
    advice="use binary_cross_entropy_with_logits for one logit",
)
def test_cross_entropy_of_a_single_column_is_zero(snapshot):
    """Since 1.10, ``cross_entropy`` of a single column with a float target is always 0.

    Softmax over one class is 1, so the gradient is 0 too and nothing is learned. For one logit per
    sample use ``BCEWithLogitsLoss``.
    """
    output = torch.tensor([[2.0], [-1.0]], requires_grad=True)

    def act():
        loss = F.cross_entropy(output, torch.tensor([[1.0], [0.0]]))
        loss.backward()
        return {
            "loss is zero": loss.item() == 0,
            "gradient is zero": output.grad.abs().max().item() == 0,
        }

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.nn.functional.cross_entropy",
    "torch.nn.CrossEntropyLoss",
    page="generated/torch.nn.CrossEntropyLoss",
)
@pytest.mark.changed(
    "1.12",
    "takes probabilities without a batch dimension instead of raising",
    kind="error-gone",
    cause="pytorch#77653",
)
def test_cross_entropy_takes_probabilities_for_one_sample_without_a_batch(snapshot):
    """Since 1.12, ``cross_entropy`` takes probabilities for one sample without a batch dimension.

    Logits and target have the shape [classes]. Two equal logits give log 2.
    """
    assert snapshot == observe(lambda: F.cross_entropy(torch.zeros(2), torch.tensor([0.5, 0.5])))


@pytest.mark.api(
    "torch.nn.functional.nll_loss", "torch.nn.NLLLoss", page="generated/torch.nn.NLLLoss"
)
@pytest.mark.changed(
    "1.10",
    "takes a sample without a batch dimension instead of raising",
    kind="error-gone",
    cause="pytorch#62651",
)
def test_nll_loss_takes_one_sample_without_a_batch(snapshot):
    """Since 1.10, ``nll_loss`` takes one sample without a batch dimension.

    Here the loss is the second of two log-probabilities, negated.
    """
    assert snapshot == observe(lambda: F.nll_loss(torch.tensor([-1.0, -2.0]), torch.tensor(1)))


@pytest.mark.api(
    "torch.nn.functional.cross_entropy",
    "torch.nn.CrossEntropyLoss",
    page="generated/torch.nn.CrossEntropyLoss",
)
@pytest.mark.changed(
    "1.9",
    "raises RuntimeError instead of ValueError",
    kind="exception",
    cause="pytorch#53789",
    advice="catch both",
    when=":caught",
    rarely="a target of another length than the sequence",
)
def test_target_of_another_length_than_the_sequence_raises(snapshot):
    """``cross_entropy`` raises if the target and the sequence of logits differ in length.

    The logits are [batch, classes, length]. Since 1.9 the error is a RuntimeError instead of a
    ValueError.
    """
    assert snapshot == observe(
        lambda: F.cross_entropy(torch.zeros(1, 2, 3), torch.tensor([[0, 1]]))
    )


@pytest.mark.api("torch.nn.functional.linear_cross_entropy", page="nn.functional")
@pytest.mark.changed(
    "2.13", "linear_cross_entropy appears", kind="appeared", cause="pytorch#172286", probable=True
)
def test_linear_cross_entropy_is_cross_entropy_of_a_linear_layer(snapshot):
    """``linear_cross_entropy`` computes the last linear layer and its loss in one call.

    With logits 1 and 0 and the first class as target, the loss is log(1 + 1/e).
    """
    features, weight, target = (
        torch.tensor([[1.0, 0.0]]),
        torch.tensor([[1.0, 0.0], [0.0, 1.0]]),
        torch.tensor([0]),
    )
    parts = F.cross_entropy(F.linear(features, weight), target)
    assert abs(parts.item() - 0.3132617) < 1e-6
    assert snapshot == observe(lambda: F.linear_cross_entropy(features, weight, target))


@pytest.mark.api("torch.nn.NLLLoss2d", page="generated/torch.nn.NLLLoss")
@pytest.mark.changed(
    "2.4",
    "warns with FutureWarning instead of UserWarning",
    kind="warning",
    cause="pytorch#127689",
    probable=True,
    unless=(),
)
def test_nll_loss_2d_is_deprecated(snapshot):
    """``NLLLoss2d`` is deprecated, and warns: ``NLLLoss`` takes images too.

    Since 2.4 it gives a FutureWarning instead of a UserWarning. Python shows both by default.
    """
    assert snapshot == observe(lambda: torch.nn.NLLLoss2d().reduction)


@pytest.mark.api("torch.nn.MSELoss", page="generated/torch.nn.MSELoss", article="A")
@pytest.mark.changed(
    "1.6",
    'the message says "Boolean" instead of "bool"',
    kind="wording",
    cause="pytorch#38150",
    probable=True,
)
def test_loss_class_called_with_tensors_raises(snapshot):
    """``MSELoss(output, target)`` raises: it creates a loss with tensors as its settings.

    Call ``MSELoss()(output, target)``.
    """
    assert snapshot == observe(lambda: torch.nn.MSELoss(torch.zeros(2), torch.ones(2)))


def frames():
    """Three frames of a batch of one; blank and one letter are equally likely."""
    return torch.full((3, 1, 2), 0.5).log()


@pytest.mark.api(
    "torch.nn.functional.ctc_loss", "torch.nn.CTCLoss", page="generated/torch.nn.CTCLoss"
)
@pytest.mark.changed(
    "1.11",
    "takes a sequence without a batch dimension instead of raising",
    kind="error-gone",
    cause="pytorch#70092",
)
def test_ctc_loss_takes_one_sequence_without_a_batch(snapshot):
    """Since 1.11, ``ctc_loss`` takes one sequence without a batch dimension.

    Six of the eight paths spell the letter once, so the loss is -log(6 / 8).
    """
    assert snapshot == observe(
        lambda: F.ctc_loss(frames()[:, 0], torch.tensor([1]), torch.tensor(3), torch.tensor(1))
    )


@pytest.mark.api(
    "torch.nn.functional.ctc_loss", "torch.nn.CTCLoss", page="generated/torch.nn.CTCLoss"
)
@pytest.mark.changed(
    "2.4",
    "the loss is infinite instead of arbitrary",
    kind="silent",
    cause="pytorch#123193",
    advice="pass zero_infinity=True to set the loss of such a sample to zero",
    restored_by="losses.ctc_loss_of_no_frames_with_zero_infinity_is_not_infinite",
    rarely="an input without frames",
)
def test_ctc_loss_of_no_frames_is_infinite(snapshot):
    """Since 2.4, ``ctc_loss`` of one letter and an input without frames is infinite.

    The target is longer than the input. ``zero_infinity=True`` sets the loss to zero. Before 2.4
    the loss was arbitrary.
    """

    def act():
        return F.ctc_loss(
            frames(), torch.tensor([[1]]), torch.tensor([0]), torch.tensor([1])
        ).item() == float("inf")

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.functional.ctc_loss", page="generated/torch.nn.CTCLoss")
def test_ctc_loss_of_no_frames_with_zero_infinity_is_not_infinite(snapshot):
    """``zero_infinity=True`` sets the infinite loss of a letter without frames to zero."""

    def act():
        return F.ctc_loss(
            frames(),
            torch.tensor([[1]]),
            torch.tensor([0]),
            torch.tensor([1]),
            zero_infinity=True,
        ).item() == float("inf")

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.nn.functional.ctc_loss", "torch.nn.CTCLoss", page="generated/torch.nn.CTCLoss"
)
@pytest.mark.changed(
    "2.4",
    "a negative length raises instead of giving an arbitrary loss",
    kind="error",
    cause="pytorch#123193",
    advice="pass input_lengths.clamp(min=0)",
    restored_by="losses.ctc_loss_takes_a_negative_length_that_is_clamped_to_zero",
    rarely="a negative input length",
)
def test_ctc_loss_of_a_negative_length_raises(snapshot):
    """Since 2.4, ``ctc_loss`` raises on a negative input length. Before, the loss was arbitrary.

    A length may be computed wrongly, for example after strided convolutions.
    """
    assert snapshot == observe(
        lambda: (
            F.ctc_loss(frames(), torch.tensor([[1]]), torch.tensor([-1]), torch.tensor([1])).shape
        )
    )


@pytest.mark.api("torch.nn.functional.ctc_loss", page="generated/torch.nn.CTCLoss")
def test_ctc_loss_takes_a_negative_length_that_is_clamped_to_zero(snapshot):
    """``ctc_loss`` takes a negative input length that ``clamp(min=0)`` has set to 0.

    Only the shape of the loss is recorded: since 2.4 the loss of no frames is infinite, and before
    it was arbitrary.
    """
    lengths = torch.tensor([-1]).clamp(min=0)
    assert snapshot == observe(
        lambda: F.ctc_loss(frames(), torch.tensor([[1]]), lengths, torch.tensor([1])).shape
    )


@pytest.mark.api(
    "torch.nn.functional.ctc_loss", "torch.nn.CTCLoss", page="generated/torch.nn.CTCLoss"
)
@pytest.mark.changed(
    "2.8",
    "raises instead of giving nan",
    kind="error",
    cause="pytorch#150981",
    advice="skip the loss where log_probs.numel() is 0",
    rarely="an empty batch",
)
def test_ctc_loss_of_an_empty_batch_raises(snapshot):
    """Since 2.8, ``ctc_loss`` raises on an empty batch. Before, it gave nan.

    Other losses give nan for the mean of an empty batch.
    """
    none = torch.zeros(0, dtype=torch.long)
    assert snapshot == observe(lambda: F.ctc_loss(frames()[:, :0], none.reshape(0, 1), none, none))
