"""``Embedding(sparse=True)``: a gradient that holds only the rows that were looked up.

The gradient is a sparse COO tensor with one entry for each lookup, and is not coalesced. Made
dense, it equals the dense gradient. Lookups of ``padding_idx`` are left out. SGD, SparseAdam and
Adagrad accept it and move only the rows in it. Adam, AdamW and SGD with weight decay raise.
SparseAdam raises on a dense gradient.
"""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from fixtures.layers import embedding
from torch_history.observing import observe

TABLE = [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]


def looked_up(indices, **settings):
    """A layer after a backward pass in which each lookup's gradient is its number, from 1."""
    layer = embedding(TABLE, **settings)
    output = layer(torch.tensor(indices))
    output.backward(
        torch.arange(1, 1 + len(indices), dtype=output.dtype)[:, None].expand(len(indices), 2)
    )
    return layer


def parts(gradient):
    """A sparse gradient as facts: its layout, the rows that it holds, and their values."""
    return {
        "layout": str(gradient.layout),
        "coalesced": gradient.is_coalesced(),
        "rows": gradient._indices(),
        "values": gradient._values(),
        "shape": gradient.shape,
    }


def step(optimizer_class, **settings):
    layer = looked_up([2, 0, 2], sparse=True)
    optimizer_class(layer.parameters(), **settings).step()
    return layer.weight


@given(indices=st.lists(st.integers(0, 2), min_size=1, max_size=6))
def test_embedding_sparse_gradient_equals_the_dense_one(indices):
    """The sparse gradient, made dense, equals the dense gradient to the bit.

    Both are sums of small integers.
    """
    sparse, dense = (looked_up(indices, sparse=sparse).weight.grad for sparse in (True, False))
    assert sparse.is_sparse and not dense.is_sparse
    np.testing.assert_array_equal(sparse.to_dense().numpy(), dense.numpy())


@pytest.mark.api("torch.nn.Embedding", page="generated/torch.nn.Embedding")
def test_embedding_sparse_gradient_holds_a_row_for_each_lookup(snapshot):
    """``Embedding(sparse=True)`` gives a sparse COO gradient with one row for each lookup.

    It is not coalesced: a row that is looked up twice is in it twice.
    """
    assert snapshot == observe(lambda: parts(looked_up([2, 0, 2], sparse=True).weight.grad))


@pytest.mark.api(
    "torch.nn.Embedding", "torch.Tensor.is_coalesced", page="generated/torch.nn.Embedding"
)
@pytest.mark.changed(
    "1.13",
    "a sparse tensor with fewer than two entries counts as coalesced",
    kind="silent",
    cause="pytorch#82426",
    advice="do not use is_coalesced() to find out how a gradient was computed",
    rarely="a tensor of fewer than two entries",
    of="torch.Tensor.is_coalesced",
)
def test_embedding_sparse_gradient_leaves_the_padding_row_out(snapshot):
    """The sparse gradient does not contain lookups of ``padding_idx``.

    Only one entry is left here, and since 1.13 a gradient of one entry counts as coalesced.
    """
    assert snapshot == observe(
        lambda: parts(looked_up([2, 0, 2], sparse=True, padding_idx=2).weight.grad)
    )


@pytest.mark.parametrize("name", ["SGD", "SparseAdam", "Adagrad"])
@pytest.mark.api(
    "torch.nn.Embedding",
    "torch.optim.SGD",
    "torch.optim.SparseAdam",
    "torch.optim.Adagrad",
    page="optim",
)
@pytest.mark.changed(
    "1.7",
    "SparseAdam exhausts a generator of parameters, such as model.parameters(), and raises",
    kind="error",
    cause="pytorch#43668",
    advice="pass list(model.parameters())",
    restored_by="layers.embedding_sparse_gradient_steps_from_a_list_of_parameters",
    when="params@0!=<built>",
    depends="the parameters: a generator or a list",
    of="torch.optim.SparseAdam",
)
@pytest.mark.changed(
    "1.8",
    "SparseAdam accepts a generator of parameters again",
    kind="error-gone",
    cause="pytorch#47724",
    when="params@0!=<built>",
    depends="the parameters: a generator or a list",
    of="torch.optim.SparseAdam",
)
@pytest.mark.changed(
    "2.11",
    "Adagrad warns that the invariants of sparse tensors are not checked",
    kind="warning",
    cause="pytorch#171695",
    advice="call torch.sparse.check_sparse_tensor_invariants.disable() or enable()",
    rarely="sparse gradients",
    of="torch.optim.Adagrad",
)
def test_embedding_sparse_gradient_steps_the_rows_it_holds(name, snapshot):
    """SGD, SparseAdam and Adagrad accept sparse gradients and move only the looked-up rows.

    On 1.7 SparseAdam raised if it was given ``model.parameters()``, which is a generator.
    """
    assert snapshot == observe(lambda: step(getattr(torch.optim, name), lr=0.5))


@pytest.mark.api("torch.optim.SparseAdam", page="generated/torch.optim.SparseAdam")
def test_embedding_sparse_gradient_steps_from_a_list_of_parameters(snapshot):
    """SparseAdam accepts ``list(model.parameters())`` and moves only the looked-up rows.

    In 1.7 it exhausted the generator ``model.parameters()`` before it read a parameter.
    """

    def act():
        layer = looked_up([2, 0, 2], sparse=True)
        torch.optim.SparseAdam(list(layer.parameters()), lr=0.5).step()
        return layer.weight

    assert snapshot == observe(act)


@pytest.mark.parametrize("name", ["Adam", "AdamW"])
@pytest.mark.api(
    "torch.nn.Embedding", "torch.optim.Adam", "torch.optim.AdamW", page="generated/torch.optim.Adam"
)
@pytest.mark.changed(
    "1.6",
    "AdamW's message names AdamW, and no longer SparseAdam",
    kind="wording",
    cause="pytorch#36088",
)
@pytest.mark.changed(
    "2.7",
    "AdamW's message is Adam's: AdamW is a subclass of it",
    kind="wording",
    cause="pytorch#143710",
)
def test_embedding_sparse_gradient_is_refused_by_adam(name, snapshot):
    """Adam and AdamW raise on a sparse gradient; use SparseAdam for the table."""
    assert snapshot == observe(lambda: step(getattr(torch.optim, name), lr=0.5))


@pytest.mark.api("torch.nn.Embedding", "torch.optim.SGD", page="generated/torch.optim.SGD")
def test_embedding_sparse_gradient_is_refused_by_weight_decay(snapshot):
    """SGD with weight decay raises on a sparse gradient.

    It cannot add the dense weight to the sparse gradient.
    """
    assert snapshot == observe(lambda: step(torch.optim.SGD, lr=0.5, weight_decay=0.1))


@pytest.mark.api(
    "torch.nn.Embedding", "torch.optim.SparseAdam", page="generated/torch.optim.SparseAdam"
)
@pytest.mark.changed(
    "1.7",
    "SparseAdam exhausts a generator of parameters, and raises ValueError before it reads a "
    "gradient",
    kind="exception",
    cause="pytorch#43668",
    advice="pass list(model.parameters())",
    when=":call and :caught and params@0!=<built>",
    rarely="dense gradients",
    of="torch.optim.SparseAdam",
)
@pytest.mark.changed(
    "1.8",
    "SparseAdam accepts a generator of parameters again, and raises RuntimeError in the step",
    kind="exception",
    cause="pytorch#47724",
    when=":call and :caught and params@0!=<built>",
    rarely="dense gradients",
    of="torch.optim.SparseAdam",
)
def test_embedding_dense_gradient_is_refused_by_sparse_adam(snapshot):
    """SparseAdam raises on a dense gradient."""

    def act():
        layer = looked_up([2, 0])
        torch.optim.SparseAdam(layer.parameters(), lr=0.5).step()

    assert snapshot == observe(act)
