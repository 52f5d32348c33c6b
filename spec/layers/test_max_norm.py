"""``max_norm`` of an embedding: a lookup rescales long rows in the table itself.

A looked-up row whose norm exceeds ``max_norm`` is rescaled in the weight, and other rows keep their
bits. Trap: the lookup also rescales in ``eval()`` and under ``torch.no_grad``, so an evaluation
changes the model. Autograd does not record the rescaling. If an earlier use of the table needs the
old values, backward raises: use ``weight.clone()`` there.
"""

import pytest
import torch

from fixtures.layers import embedding
from torch_history.observing import observe

# Norms 5, 0.5, 10 and 1: with max_norm=1, rows 0 and 2 are too long.
TABLE = [[3.0, 4.0], [0.3, 0.4], [6.0, 8.0], [0.0, 1.0]]


@pytest.mark.api("torch.nn.Embedding", page="generated/torch.nn.Embedding", article="C")
def test_max_norm_rescales_looked_up_rows_in_the_table(snapshot):
    """A lookup with ``max_norm`` rescales long rows in the table, not only in the output.

    Row 0 [3, 4] becomes [0.6, 0.8] in the output and in the weight. Row 2 is not looked up and
    stays.
    """
    layer = embedding(TABLE, max_norm=1.0)
    output = layer(torch.tensor([0]))
    assert torch.equal(layer.weight[2], torch.tensor([6.0, 8.0]))
    assert snapshot == observe(lambda: {"output": output, "weight": layer.weight})


@pytest.mark.api("torch.nn.Embedding", page="generated/torch.nn.Embedding")
def test_max_norm_leaves_rows_that_are_no_longer_than_it(snapshot):
    """A row whose norm is at most ``max_norm`` does not change.

    It keeps its bits: short rows are not stretched.
    """
    layer = embedding(TABLE, max_norm=1.0)
    layer(torch.tensor([1, 3]))
    assert torch.equal(layer.weight, torch.tensor(TABLE))
    assert snapshot == observe(lambda: layer.weight)


@pytest.mark.api("torch.nn.Embedding", page="generated/torch.nn.Embedding")
def test_max_norm_uses_norm_type(snapshot):
    """``norm_type=1`` measures a row by the sum of its absolute values.

    [3, 4] has the norm 7, and becomes [3/7, 4/7].
    """
    layer = embedding(TABLE, max_norm=1.0, norm_type=1.0)
    assert snapshot == observe(lambda: layer(torch.tensor([0])))


@pytest.mark.api("torch.nn.Embedding", page="generated/torch.nn.Embedding")
def test_max_norm_rescales_in_eval_mode_too(snapshot):
    """``max_norm`` rescales the table in ``eval()`` and under ``no_grad`` too.

    Trap: evaluating a model with ``max_norm`` changes its weights.
    """
    layer = embedding(TABLE, max_norm=1.0).eval()
    with torch.no_grad():
        layer(torch.tensor([0]))
    assert snapshot == observe(lambda: layer.weight)


@pytest.mark.api("torch.nn.Embedding", page="generated/torch.nn.Embedding")
def test_max_norm_is_no_part_of_the_gradient(snapshot):
    """The rescaling by ``max_norm`` is outside autograd.

    The gradient of a row is that of a plain lookup.
    """
    layer = embedding(TABLE, max_norm=1.0)
    layer(torch.tensor([0])).backward(torch.tensor([[1.0, 10.0]]))
    assert snapshot == observe(lambda: layer.weight.grad)


def projected(layer, table):
    """The gradients of a loss that multiplies the whole table before a lookup rescales it."""
    scale = torch.tensor([[2.0]], requires_grad=True)
    before = table(layer) * scale
    loss = before.sum() + layer(torch.tensor([0])).sum()
    loss.backward()
    return {"scale": scale.grad, "weight": layer.weight.grad}


@pytest.mark.api("torch.nn.Embedding", page="generated/torch.nn.Embedding")
@pytest.mark.changed("2.11", "the hint in the message passes check_nan=False", kind="wording")
def test_max_norm_lookup_after_other_use_of_the_table_makes_backward_raise(snapshot):
    """A lookup with ``max_norm`` after another use of the table makes backward raise.

    Backward needs the values from before, and the lookup rescaled them in place.
    """
    assert snapshot == observe(
        lambda: projected(embedding(TABLE, max_norm=1.0), lambda layer: layer.weight)
    )


@pytest.mark.api("torch.nn.Embedding", page="generated/torch.nn.Embedding")
def test_max_norm_lookup_after_use_of_a_clone_is_safe(snapshot):
    """A lookup with ``max_norm`` after use of a clone of the table does not break backward.

    The documentation recommends ``weight.clone()``, which no lookup rescales.
    """
    assert snapshot == observe(
        lambda: projected(embedding(TABLE, max_norm=1.0), lambda layer: layer.weight.clone())
    )
