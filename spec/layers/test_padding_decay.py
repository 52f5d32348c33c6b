"""Whether an optimizer moves the padding row, whose gradient from lookups is always zero.

Momentum and Adam leave the row as it is, because they collect only zeros. Weight decay moves a row
that is not zero: SGD shrinks it, Adam moves it by about the learning rate, and AdamW decays by
default. A row of zeros stays zero under SGD. Trap: an output layer that uses the same table gives
the padding row a gradient
(``tying.output_layer_tied_to_an_embedding_gives_the_padding_row_a_gradient``).
"""

import pytest
import torch

from fixtures.layers import embedding, train
from torch_history.observing import observe

TABLE = [[1.0, 2.0], [3.0, 4.0]]


def loss(layer):
    """The sum of both rows' elements; row 0 is the padding row."""
    return layer(torch.tensor([0, 1])).sum()


def train_two_steps(optimizer_class, table=TABLE, **settings):
    layer = embedding(table, padding_idx=0)
    return train(layer, optimizer_class(layer.parameters(), **settings), loss, steps=2)


@pytest.mark.api("torch.nn.Embedding", "torch.optim.SGD", page="generated/torch.optim.SGD")
def test_padding_row_shrinks_under_weight_decay(snapshot):
    """SGD's weight decay shrinks a padding row that is not zero.

    The decay is added to the gradient of zero. Here two steps halve the row twice.
    """
    assert snapshot == observe(lambda: train_two_steps(torch.optim.SGD, lr=0.5, weight_decay=1.0))


@pytest.mark.api("torch.nn.Embedding", "torch.optim.SGD", page="generated/torch.optim.SGD")
def test_padding_row_of_zeros_rests_under_weight_decay(snapshot):
    """SGD's weight decay does not move a padding row of zeros.

    The default padding row is zero, so it is safe.
    """
    assert snapshot == observe(
        lambda: train_two_steps(torch.optim.SGD, [[0.0, 0.0], [3.0, 4.0]], lr=0.5, weight_decay=1.0)
    )


@pytest.mark.api("torch.nn.Embedding", "torch.optim.SGD", page="generated/torch.optim.SGD")
def test_padding_row_rests_under_momentum(snapshot):
    """SGD's momentum does not move the padding row.

    The momentum buffer collects only zeros, so the row keeps its bits.
    """
    weight = train_two_steps(torch.optim.SGD, lr=0.5, momentum=0.9)
    assert torch.equal(weight[0], torch.tensor([1.0, 2.0]))
    assert snapshot == observe(lambda: weight)


@pytest.mark.api("torch.nn.Embedding", "torch.optim.Adam", page="generated/torch.optim.Adam")
def test_padding_row_rests_under_adam(snapshot):
    """Adam without weight decay does not move the padding row.

    Its step for a gradient of zero is 0 / (0 + eps), so the row keeps its bits.
    """
    weight = train_two_steps(torch.optim.Adam, lr=0.5)
    assert torch.equal(weight[0], torch.tensor([1.0, 2.0]))
    assert snapshot == observe(lambda: weight)


@pytest.mark.api("torch.nn.Embedding", "torch.optim.Adam", page="generated/torch.optim.Adam")
def test_padding_row_moves_by_the_learning_rate_under_adam_with_weight_decay(snapshot):
    """Adam with weight decay moves the padding row by about lr in each step.

    Adam divides the decay by its own size, so the step is as large for a small ``weight_decay``.
    """
    assert snapshot == observe(
        lambda: {
            f"weight_decay={decay}": train_two_steps(
                torch.optim.Adam, lr=0.125, weight_decay=decay
            )[0]
            for decay in (0.01, 1.0)
        }
    )


@pytest.mark.api("torch.nn.Embedding", "torch.optim.AdamW", page="generated/torch.optim.AdamW")
def test_padding_row_shrinks_under_adamw_by_default(snapshot):
    """AdamW shrinks the padding row by default.

    Its default ``weight_decay`` of 0.01 multiplies the row by 1 - lr x 0.01 in each step.
    """
    assert snapshot == observe(lambda: train_two_steps(torch.optim.AdamW, lr=0.5))
