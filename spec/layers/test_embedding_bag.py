"""``torch.nn.EmbeddingBag``: looks up rows and reduces each bag of them in one call.

A bag is one row of a matrix of indices, or a part of flat indices, which ``offsets`` cut into bags.
Each bag gives the mean of its rows, or with ``mode`` the sum or the maximum. The mean of an empty
bag is 0. ``padding_idx``, since 1.9, leaves rows out of the mean. ``per_sample_weights`` need
``mode="sum"``, and ``sparse=True`` cannot be used with ``mode="max"``.
"""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from fixtures.layers import embedding_bag
from torch_history.observing import observe

TABLE = [[1.0, 20.0], [2.0, 10.0], [6.0, 0.0]]


@given(
    bags=st.lists(st.lists(st.integers(0, 2), min_size=3, max_size=3), min_size=1, max_size=3),
    mode=st.sampled_from(["sum", "mean", "max"]),
)
def test_embedding_bag_equals_lookup_then_reduction(bags, mode):
    """EmbeddingBag equals a lookup followed by a sum, mean or maximum.

    Bags of shape (n, 3) give (n, 2): one row of the table's width for each bag.
    """
    output = embedding_bag(TABLE, mode=mode)(torch.tensor(bags))
    reduced = getattr(np.array(TABLE)[bags], mode)(axis=1)
    np.testing.assert_allclose(
        output.detach().numpy(), reduced, rtol=4e-7
    )  # a mean rounds once: float32's 2^-23, with a margin


@pytest.mark.parametrize(
    "settings", [{}, {"mode": "sum"}, {"mode": "max"}], ids=["default", "sum", "max"]
)
@pytest.mark.api("torch.nn.EmbeddingBag", page="generated/torch.nn.EmbeddingBag")
def test_embedding_bag_takes_the_mean_by_default(settings, snapshot):
    """EmbeddingBag takes the mean of each bag unless ``mode`` is "sum" or "max".

    The mean shares the gradient among the rows, the sum repeats it, and the maximum gives it to the
    largest element.
    """
    layer = embedding_bag(TABLE, **settings)
    output = layer(torch.tensor([[0, 2]]))
    output.sum().backward()
    assert snapshot == observe(lambda: {"output": output, "gradient": layer.weight.grad})


@pytest.mark.api("torch.nn.EmbeddingBag", page="generated/torch.nn.EmbeddingBag")
def test_embedding_bag_offsets_start_bags_and_an_empty_one_is_zero(snapshot):
    """``offsets`` cut flat indices into bags; the mean of an empty bag is 0, not NaN.

    Offsets 0, 2, 2 give a bag of two indices, an empty bag, and a bag of the rest.
    """
    layer = embedding_bag(TABLE)
    assert snapshot == observe(lambda: layer(torch.tensor([0, 1, 2]), torch.tensor([0, 2, 2])))


@pytest.mark.api("torch.nn.EmbeddingBag", page="generated/torch.nn.EmbeddingBag")
@pytest.mark.changed(
    "1.5", "EmbeddingBag takes include_last_offset", kind="appeared", cause="pytorch#27477"
)
def test_embedding_bag_offsets_may_include_the_last(snapshot):
    """``include_last_offset=True`` takes offsets in CSR form.

    There is one more offset than bags, and the last one is the end.
    """
    assert snapshot == observe(
        lambda: embedding_bag(TABLE, include_last_offset=True, mode="sum")(
            torch.tensor([0, 1, 2]), torch.tensor([0, 2, 3])
        )
    )


@pytest.mark.parametrize(
    "indices, offsets",
    [([0, 1], None), ([[0, 1]], [0]), ([0, 1], [1])],
    ids=["flat without offsets", "rows with offsets", "offsets not from 0"],
)
@pytest.mark.api(
    "torch.nn.EmbeddingBag",
    "torch.nn.functional.embedding_bag",
    page="generated/torch.nn.EmbeddingBag",
)
@pytest.mark.changed(
    "1.5",
    "offsets that do not begin at 0 raise RuntimeError instead of ValueError",
    kind="exception",
    cause="pytorch#27477",
    probable=True,
    advice="catch RuntimeError as well",
    when=":call and :caught",
    rarely="offsets that do not begin at 0",
    of="torch.nn.functional.embedding_bag",
)
def test_embedding_bag_refuses_unclear_bags(indices, offsets, snapshot):
    """EmbeddingBag raises when indices and ``offsets`` do not fit together.

    Flat indices need offsets, a matrix of indices takes none, and the first offset must be 0.
    """
    layer = embedding_bag(TABLE)
    assert snapshot == observe(
        lambda: layer(torch.tensor(indices), None if offsets is None else torch.tensor(offsets))
    )


@pytest.mark.parametrize("mode", ["mean", "max"])
@pytest.mark.api("torch.nn.EmbeddingBag", page="generated/torch.nn.EmbeddingBag")
def test_embedding_bag_weighs_samples_in_a_sum_alone(mode, snapshot):
    """``per_sample_weights`` raise for ``mode="mean"`` and ``mode="max"``."""
    layer = embedding_bag(TABLE, mode=mode)
    assert snapshot == observe(
        lambda: layer(torch.tensor([[0, 2]]), per_sample_weights=torch.tensor([[1.0, 1.0]]))
    )


@pytest.mark.api("torch.nn.EmbeddingBag", page="generated/torch.nn.EmbeddingBag")
@pytest.mark.changed(
    "1.9", "EmbeddingBag takes padding_idx", kind="appeared", cause="pytorch#49237"
)
def test_embedding_bag_leaves_padding_out_of_the_mean(snapshot):
    """EmbeddingBag leaves rows of ``padding_idx`` out of the mean.

    A bag of padding alone is zero. ``nn.Embedding`` looks up the padding row like any other, so a
    later mean counts it.
    """
    assert snapshot == observe(
        lambda: embedding_bag(TABLE, padding_idx=2)(torch.tensor([[0, 2], [0, 1], [2, 2]]))
    )


@pytest.mark.api("torch.nn.EmbeddingBag", page="generated/torch.nn.EmbeddingBag")
def test_embedding_bag_max_has_no_sparse_gradient(snapshot):
    """``EmbeddingBag(sparse=True, mode="max")`` raises.

    With sum and mean ``sparse=True`` gives a sparse gradient.
    """
    layer = embedding_bag(TABLE, mode="max", sparse=True)
    assert snapshot == observe(lambda: layer(torch.tensor([[0, 2]])))


@pytest.mark.api("torch.nn.EmbeddingBag", page="generated/torch.nn.EmbeddingBag")
def test_embedding_bag_sparse_gradient_holds_a_row_for_each_lookup(snapshot):
    """The sparse gradient of EmbeddingBag holds one row for each lookup.

    For a mean each row is the bag's gradient divided by the size of the bag.
    """
    layer = embedding_bag(TABLE, sparse=True)
    layer(torch.tensor([[0, 2], [2, 2]])).sum().backward()
    gradient = layer.weight.grad
    assert snapshot == observe(lambda: {"rows": gradient._indices(), "values": gradient._values()})
