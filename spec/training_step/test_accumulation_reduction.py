"""Accumulation and the reduction of the loss: how to scale micro-batches to equal the batch.

With ``reduction="sum"``, micro-batches of any size equal the batch without scaling. With a mean,
multiply each loss by its micro-batch's share of the samples. Mean cross-entropy divides by the
tokens that are not padding, so equal sizes with unequal padding do not equal the batch. Batch norm
normalises each micro-batch by its own statistics, so accumulation through it does not equal the
batch either.
"""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from fixtures.models import linear
from torch_history.observing import observe

INPUTS = [[1.0, 2.0], [3.0, 0.0], [-1.0, 1.0], [2.0, 2.0]]
TARGETS = [[1.0], [0.0], [2.0], [1.0]]


def gradient(parts, loss_of):
    """The weight's gradient after a backward pass over each slice of the four samples.

    The loss is ``loss_of(output, target)``.
    """
    model = linear([[0.5, -0.5]])
    for part in parts:
        loss_of(model(torch.tensor(INPUTS[part])), torch.tensor(TARGETS[part])).backward()
    return model.weight.grad


WHOLE, THREE_AND_ONE = [slice(0, 4)], [slice(0, 3), slice(3, 4)]


@pytest.mark.api(
    "torch.Tensor.backward",
    "torch.nn.functional.mse_loss",
    page="generated/torch.nn.MSELoss",
    article="A",
)
def test_micro_batches_under_sum_need_no_scaling(snapshot):
    """With ``reduction="sum"``, micro-batches of any size equal the batch without scaling."""

    def loss_of(output, target):
        return torch.nn.functional.mse_loss(output, target, reduction="sum")

    accumulated = gradient(THREE_AND_ONE, loss_of)
    assert torch.allclose(accumulated, gradient(WHOLE, loss_of))
    assert snapshot == observe(lambda: accumulated)


@pytest.mark.api(
    "torch.Tensor.backward", "torch.nn.functional.mse_loss", page="generated/torch.nn.MSELoss"
)
def test_micro_batches_under_mean_weighed_by_their_size_equal_the_batch(snapshot):
    """Mean losses equal the batch if each is multiplied by its micro-batch's share of the samples.

    With micro-batches of 3 and 1, the shares are 3/4 and 1/4.
    """

    def loss_of(output, target):
        return torch.nn.functional.mse_loss(output, target) * len(output) / 4

    accumulated = gradient(THREE_AND_ONE, loss_of)
    assert torch.allclose(accumulated, gradient(WHOLE, loss_of))
    assert snapshot == observe(lambda: accumulated)


def token_gradient(parts, reduction, scale):
    """The gradient of the logits that four tokens share; -100 is padding.

    Two tokens count in the first half, and one in the second.
    """
    logits, targets = torch.nn.Parameter(torch.tensor([0.0, 0.0])), [0, 0, 1, -100]
    for part in parts:
        target = torch.tensor(targets[part])
        (
            scale
            * torch.nn.functional.cross_entropy(
                logits.expand(len(target), 2), target, reduction=reduction
            )
        ).backward()
    return logits.grad


@pytest.mark.api(
    "torch.nn.functional.cross_entropy",
    "torch.Tensor.backward",
    page="generated/torch.nn.CrossEntropyLoss",
)
def test_micro_batches_of_equal_size_with_unequal_padding_do_not_equal_the_batch(snapshot):
    """Micro-batches with unequal padding do not equal the batch under mean cross-entropy.

    The mean divides by the number of tokens that are not padding. With 2 such tokens in one half
    and 1 in the other, the single token counts twice as much as each of the two. Use
    ``reduction="sum"``, and divide by the number of such tokens in all micro-batches.
    """
    halves, whole = [slice(0, 2), slice(2, 4)], [slice(0, 4)]
    accumulated = token_gradient(halves, "mean", 1 / 2)
    assert not torch.allclose(accumulated, token_gradient(whole, "mean", 1.0))
    assert torch.allclose(token_gradient(halves, "sum", 1 / 3), token_gradient(whole, "mean", 1.0))
    assert snapshot == observe(
        lambda: {"halves": accumulated, "whole": token_gradient(whole, "mean", 1.0)}
    )


@pytest.mark.api(
    "torch.nn.BatchNorm1d", "torch.Tensor.backward", page="generated/torch.nn.BatchNorm1d"
)
def test_micro_batches_through_batch_norm_do_not_equal_the_batch(snapshot):
    """Micro-batches through batch norm do not equal the batch, even with a summed loss.

    Batch norm normalises each micro-batch by its own statistics, here to -1 and 1.
    """
    x, scale = (
        torch.tensor([[0.0], [2.0], [4.0], [6.0]]),
        torch.tensor([[1.0], [2.0], [3.0], [4.0]]),
    )

    def weight_gradient(parts):
        norm = torch.nn.BatchNorm1d(1)
        for part in parts:
            (norm(x[part]) * scale[part]).sum().backward()
        return norm.weight.grad

    halves, whole = weight_gradient([slice(0, 2), slice(2, 4)]), weight_gradient([slice(0, 4)])
    assert not torch.allclose(halves, whole)
    assert snapshot == observe(lambda: {"halves": halves, "whole": whole})


numbers = st.floats(-4, 4, width=32)


@st.composite
def regressions(draw):
    """A regression in float64, and a cut of its n samples into micro-batches.

    It has the inputs [n, 2], the targets [n, 1] and the weight [1, 2].
    """
    sizes = draw(st.lists(st.integers(1, 3), min_size=1, max_size=4))
    shapes = (sum(sizes), 2), (sum(sizes), 1), (1, 2)
    inputs, targets, weight = (
        draw(arrays(np.float64, shape, elements=numbers)) for shape in shapes
    )
    ends = np.cumsum(sizes)
    return inputs, targets, weight, [slice(end - size, end) for size, end in zip(sizes, ends)]


def accumulated_gradient(inputs, targets, weight, parts, scale_of):
    weight = torch.tensor(weight, requires_grad=True)
    for part in parts:
        output = torch.tensor(inputs[part]).matmul(weight.t())
        loss = torch.nn.functional.mse_loss(output, torch.tensor(targets[part]))
        (loss * scale_of(part)).backward()
    return weight.grad.numpy()


def size(part):
    return part.stop - part.start


def batch_gradient(inputs, targets, weight):
    """d/dw of mean((x w' - y)^2) over n samples: 2/n (x w' - y)' x.

    The shapes are x [n, 2], y [n, 1] and w [1, 2].
    """
    return 2 / len(inputs) * (inputs @ weight.T - targets).T @ inputs


@settings(max_examples=25)
@given(regressions())
def test_micro_batches_weighed_by_their_share_equal_the_batch_whatever_their_sizes(regression):
    """Micro-batches of any sizes equal the batch if each mean loss is weighted by its share.

    The share is the number of samples in the micro-batch divided by the number in the batch.
    """
    inputs, targets, weight, parts = regression
    got = accumulated_gradient(
        inputs, targets, weight, parts, lambda part: size(part) / len(inputs)
    )
    np.testing.assert_allclose(
        got, batch_gradient(inputs, targets, weight), rtol=1e-12, atol=1e-12
    )  # float64: eps is 2e-16


@settings(max_examples=25)
@given(regressions(), st.integers(1, 4))
def test_k_equal_micro_batches_divided_by_k_equal_the_batch(regression, k):
    """k micro-batches of one size equal the batch if each mean loss is divided by k."""
    inputs, targets, weight, _ = regression
    inputs, targets = (
        np.tile(inputs, (k, 1)),
        np.concatenate([targets + number for number in range(k)]),
    )
    n = len(inputs) // k
    got = accumulated_gradient(
        inputs, targets, weight, [slice(i * n, (i + 1) * n) for i in range(k)], lambda part: 1 / k
    )
    np.testing.assert_allclose(
        got, batch_gradient(inputs, targets, weight), rtol=1e-12, atol=1e-12
    )  # float64: eps is 2e-16
