"""Several backward passes before one step: their gradients add up.

Each ``backward()`` adds its gradient to ``.grad``. Under a mean loss, two halves of a batch
therefore give twice the gradient of the whole batch. Dividing each loss by the number of
micro-batches corrects this if they have equal sizes. If the last one is smaller, its samples still
weigh too much.
"""

import pytest
import torch

from fixtures.models import linear
from torch_history.observing import observe

INPUTS = [[1.0, 2.0], [3.0, 0.0], [-1.0, 1.0], [2.0, 2.0]]
TARGETS = [[1.0], [0.0], [2.0], [1.0]]


def gradient(batches, scale=1.0, reduction="mean"):
    """The weight's gradient after a backward pass over each slice of the four samples."""
    model = linear([[0.5, -0.5]])
    for batch in batches:
        output = model(torch.tensor(INPUTS[batch]))
        (
            scale
            * torch.nn.functional.mse_loss(
                output, torch.tensor(TARGETS[batch]), reduction=reduction
            )
        ).backward()
    return model.weight.grad


WHOLE, HALVES, THREE_AND_ONE = [slice(0, 4)], [slice(0, 2), slice(2, 4)], [slice(0, 3), slice(3, 4)]


@pytest.mark.api("torch.Tensor.backward", page="notes/autograd", article="A")
def test_backward_calls_add_up(snapshot):
    """Each backward pass adds to ``.grad``.

    Under a mean loss, two halves therefore give twice the gradient of the whole batch.
    """
    accumulated = gradient(HALVES)
    assert torch.allclose(accumulated, 2 * gradient(WHOLE))
    assert snapshot == observe(lambda: accumulated)


@pytest.mark.api("torch.Tensor.backward", page="notes/amp_examples", article="A")
def test_micro_batches_equal_the_batch_when_the_loss_is_divided(snapshot):
    """Accumulation equals the batch if the mean loss is divided by the number of micro-batches.

    The micro-batches must have equal sizes.
    """
    accumulated = gradient(HALVES, scale=0.5)
    assert torch.allclose(accumulated, gradient(WHOLE))
    assert snapshot == observe(lambda: accumulated)


@pytest.mark.api(
    "torch.Tensor.backward", "torch.nn.functional.mse_loss", page="generated/torch.nn.MSELoss"
)
def test_smaller_last_micro_batch_weighs_too_much_under_mean(snapshot):
    """With a mean loss, a smaller last micro-batch weighs too much.

    With micro-batches of 3 and 1, the last sample counts three times as much as each of the others.
    Use ``reduction="sum"`` and divide by the size of the whole batch.
    """
    accumulated = gradient(THREE_AND_ONE, scale=0.5)
    assert not torch.allclose(accumulated, gradient(WHOLE))
    assert torch.allclose(gradient(THREE_AND_ONE, scale=0.25, reduction="sum"), gradient(WHOLE))
    assert snapshot == observe(lambda: accumulated)
