"""``padding_idx``: a row of an embedding that starts at zero and gets a gradient of zero.

The constructor sets the row to zero, and its gradient from lookups is zero, so plain SGD leaves it
as it is. It does not change a row that it is given: ``torch.nn.Embedding.from_pretrained`` and
``torch.nn.functional.embedding`` output this row, and an initialiser overwrites the zeros. Set the
row under ``torch.no_grad``. Outside, the assignment raises since 1.8; before, the weight silently
stopped being a leaf.
"""

import pytest
import torch
from torch.nn import functional as F

from fixtures.layers import embedding, train
from torch_history.observing import observe

TABLE = [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]


def loss(layer):
    """The sum of all rows' elements: every row would have the gradient 1."""
    return layer(torch.tensor([0, 1, 2])).sum()


@pytest.mark.api("torch.nn.Embedding", page="generated/torch.nn.Embedding", article="C")
def test_padding_row_starts_at_zero_and_is_output_as_zero(snapshot):
    """The padding row starts at zero, and its index gives zeros.

    The layer is article E's ``Embedding(10, 4, padding_idx=0)``.
    """
    layer = torch.nn.Embedding(10, 4, padding_idx=0)
    output = layer(torch.tensor([[0, 2, 3, 4], [5, 6, 7, 8]]))
    assert output.shape == (2, 4, 4)
    assert (layer.weight[1:] != 0).any()
    assert snapshot == observe(lambda: {"row": layer.weight[0], "output": output[0, 0]})


@pytest.mark.api("torch.nn.Embedding", page="generated/torch.nn.Embedding", article="C")
def test_padding_row_gets_a_gradient_of_zero(snapshot):
    """The padding row gets a gradient of zero, however often it is looked up.

    Article C asks why the padding row does not train; this is the reason.
    """
    layer = embedding(TABLE, padding_idx=1)
    layer(torch.tensor([0, 1, 1, 2])).sum().backward()
    assert snapshot == observe(lambda: layer.weight.grad)


@pytest.mark.api("torch.nn.Embedding", page="generated/torch.nn.Embedding", article="E")
def test_padding_row_stays_at_zero_through_training(snapshot):
    """SGD moves every other row and leaves the padding row at zero."""
    layer = embedding([[0.0, 0.0], [3.0, 4.0], [5.0, 6.0]], padding_idx=0)
    optimizer = torch.optim.SGD(layer.parameters(), lr=0.5)
    assert snapshot == observe(lambda: train(layer, optimizer, loss, steps=2))


@pytest.mark.api("torch.nn.Embedding", page="generated/torch.nn.Embedding")
def test_padding_idx_negative_counts_from_the_end(snapshot):
    """``padding_idx=-1`` is the last row; the layer stores its number from the start."""
    layer = torch.nn.Embedding(3, 2, padding_idx=-1)
    loss(layer).backward()
    assert snapshot == observe(
        lambda: {
            "padding_idx": layer.padding_idx,
            "row": layer.weight[2],
            "gradient": layer.weight.grad,
        }
    )


@pytest.mark.parametrize("padding_idx", [3, -4])
@pytest.mark.api("torch.nn.Embedding", page="generated/torch.nn.Embedding")
def test_padding_idx_out_of_range_raises(padding_idx, snapshot):
    """A ``padding_idx`` outside the table raises in the constructor."""
    assert snapshot == observe(lambda: torch.nn.Embedding(3, 2, padding_idx=padding_idx))


@pytest.mark.api("torch.nn.Embedding.from_pretrained", page="generated/torch.nn.Embedding")
def test_padding_row_of_a_pretrained_table_is_not_zeroed(snapshot):
    """``from_pretrained(table, padding_idx=1)`` does not set row 1 to zero.

    The layer outputs the row as it is; only the row's gradient is zero. Set the row to zero
    yourself.
    """
    layer = torch.nn.Embedding.from_pretrained(torch.tensor(TABLE), freeze=False, padding_idx=1)
    loss(layer).backward()
    assert snapshot == observe(
        lambda: {"output": layer(torch.tensor([1])), "gradient": layer.weight.grad}
    )


@pytest.mark.api("torch.nn.functional.embedding", page="generated/torch.nn.functional.embedding")
def test_padding_idx_of_the_function_does_not_zero_the_output(snapshot):
    """``F.embedding(x, w, padding_idx=1)`` outputs row 1 as it is.

    ``padding_idx`` only stops the gradient.
    """
    weight = torch.tensor(TABLE, requires_grad=True)
    output = F.embedding(torch.tensor([0, 1]), weight, padding_idx=1)
    output.sum().backward()
    assert snapshot == observe(lambda: {"output": output, "gradient": weight.grad})


@pytest.mark.api(
    "torch.nn.Embedding", "torch.nn.init.constant_", page="generated/torch.nn.Embedding"
)
def test_padding_row_is_overwritten_by_an_initialisation(snapshot):
    """An initialiser overwrites the padding row like any other row.

    No gradient takes the row back to zero. Set it to zero again under ``no_grad``.
    """
    layer = torch.nn.Embedding(3, 2, padding_idx=1)
    torch.nn.init.constant_(layer.weight, 42.0)
    overwritten = layer.weight.detach().clone()
    with torch.no_grad():
        layer.weight[layer.padding_idx].fill_(0)
    assert snapshot == observe(lambda: {"overwritten": overwritten, "zeroed": layer.weight})


@pytest.mark.api("torch.nn.Embedding.reset_parameters", page="generated/torch.nn.Embedding")
def test_padding_row_is_zeroed_by_reset_parameters(snapshot):
    """``reset_parameters()`` draws the table anew and sets the padding row to zero."""
    layer = embedding(TABLE, padding_idx=1)
    layer.reset_parameters()
    assert (layer.weight[0] != 1.0).any()
    assert snapshot == observe(lambda: layer.weight[1])


@pytest.mark.api("torch.nn.Embedding", page="generated/torch.nn.Embedding", article="C")
def test_padding_row_set_under_no_grad_takes_effect(snapshot):
    """A padding row that is set under ``no_grad`` is what its index gives.

    In article C's table of three rows it is set to ones, and index 0 gives ones.
    """
    layer = embedding(
        [[0.0, 0.0, 0.0], [-0.7895, -0.7089, -0.0364], [0.6778, 0.5803, 0.2678]], padding_idx=0
    )
    with torch.no_grad():
        layer.weight[0] = torch.ones(3)
    assert snapshot == observe(lambda: {"weight": layer.weight, "output": layer(torch.tensor([0]))})


@pytest.mark.api("torch.nn.Embedding", page="generated/torch.nn.Embedding", article="C")
def test_padding_row_set_to_ones_stays_through_training(snapshot):
    """SGD leaves a padding row of ones unchanged: its gradient is zero, whatever it holds."""
    layer = embedding(TABLE, padding_idx=0)
    with torch.no_grad():
        layer.weight[0] = torch.ones(2)
    optimizer = torch.optim.SGD(layer.parameters(), lr=0.5)
    assert snapshot == observe(lambda: train(layer, optimizer, loss, steps=2))


@pytest.mark.api("torch.nn.Embedding", page="notes/autograd", article="C")
@pytest.mark.changed(
    "1.8",
    "raises, where the row was set and the weight silently stopped being a leaf before",
    kind="error",
    cause="pytorch#46204",
    advice="set rows under torch.no_grad()",
    when=":unseen",
)
def test_padding_row_set_outside_no_grad_raises(snapshot):
    """Assigning to the padding row outside ``no_grad`` raises.

    The weight is a leaf that requires grad.

    Trap: up to 1.7 the row was set, and the weight stopped being a leaf, so it got no gradient.
    """
    layer = embedding(TABLE, padding_idx=0)

    def act():
        layer.weight[0] = torch.ones(2)
        return {"is_leaf": layer.weight.is_leaf, "weight": layer.weight.detach()}

    assert snapshot == observe(act)
