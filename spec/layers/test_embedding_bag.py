"""``nn.EmbeddingBag``: looks rows up and reduces each bag of them, in one go."""

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
    """A bag (n, 3) gives (n, 2): the sum, mean or maximum over its rows of the table."""
    output = embedding_bag(TABLE, mode=mode)(torch.tensor(bags))
    reduced = getattr(np.array(TABLE)[bags], mode)(axis=1)
    np.testing.assert_allclose(
        output.detach().numpy(), reduced, rtol=4e-7
    )  # a mean rounds once: float32's 2^-23 and a little


@pytest.mark.parametrize(
    "settings", [{}, {"mode": "sum"}, {"mode": "max"}], ids=["default", "sum", "max"]
)
@pytest.mark.api("torch.nn.EmbeddingBag", page="generated/torch.nn.EmbeddingBag")
def test_embedding_bag_takes_the_mean_by_default(settings, snapshot):
    """A bag is reduced by its mean unless ``mode`` says sum or max; the gradient is shared, repeated or given to the largest."""
    layer = embedding_bag(TABLE, **settings)
    output = layer(torch.tensor([[0, 2]]))
    output.sum().backward()
    assert snapshot == observe(lambda: {"output": output, "gradient": layer.weight.grad})


@pytest.mark.api("torch.nn.EmbeddingBag", page="generated/torch.nn.EmbeddingBag")
def test_embedding_bag_offsets_start_bags_and_an_empty_one_is_zero(snapshot):
    """Flat indices are cut into bags by ``offsets``: 0 to 2, then none, then the rest. The mean of an empty bag is 0, not NaN."""
    layer = embedding_bag(TABLE)
    assert snapshot == observe(lambda: layer(torch.tensor([0, 1, 2]), torch.tensor([0, 2, 2])))


@pytest.mark.api("torch.nn.EmbeddingBag", page="generated/torch.nn.EmbeddingBag")
@pytest.mark.changed(
    "1.5", "EmbeddingBag takes include_last_offset", kind="api-appeared", cause="pytorch#27477"
)
def test_embedding_bag_offsets_may_include_the_last(snapshot):
    """``include_last_offset`` takes offsets as CSR does: one more than there are bags, the last being the end."""
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
@pytest.mark.api("torch.nn.EmbeddingBag", page="generated/torch.nn.EmbeddingBag")
@pytest.mark.changed(
    "1.5",
    "offsets that do not begin at 0 raise RuntimeError instead of ValueError",
    kind="exception",
    cause="pytorch#27477",
    probable=True,
    advice="catch RuntimeError as well",
)
def test_embedding_bag_refuses_unclear_bags(indices, offsets, snapshot):
    """Flat indices need offsets, a matrix of indices takes none, and the first bag begins at 0."""
    layer = embedding_bag(TABLE)
    assert snapshot == observe(
        lambda: layer(torch.tensor(indices), None if offsets is None else torch.tensor(offsets))
    )


@pytest.mark.api("torch.nn.EmbeddingBag", page="generated/torch.nn.EmbeddingBag")
def test_embedding_bag_weighs_each_sample_in_a_sum(snapshot):
    """``per_sample_weights`` multiply the rows before the sum, and get a gradient of their own: the sum of the row."""
    weights = torch.tensor([[10.0, 0.5]], requires_grad=True)
    layer = embedding_bag(TABLE, mode="sum")

    def act():
        output = layer(torch.tensor([[0, 2]]), per_sample_weights=weights)
        output.sum().backward()
        return {"output": output, "weights' gradient": weights.grad}

    assert snapshot == observe(act)


@pytest.mark.parametrize("mode", ["mean", "max"])
@pytest.mark.api("torch.nn.EmbeddingBag", page="generated/torch.nn.EmbeddingBag")
def test_embedding_bag_weighs_samples_in_a_sum_alone(mode, snapshot):
    """``per_sample_weights`` raise for mean and max."""
    layer = embedding_bag(TABLE, mode=mode)
    assert snapshot == observe(
        lambda: layer(torch.tensor([[0, 2]]), per_sample_weights=torch.tensor([[1.0, 1.0]]))
    )


@pytest.mark.api("torch.nn.EmbeddingBag", page="generated/torch.nn.EmbeddingBag")
@pytest.mark.changed(
    "1.9", "EmbeddingBag takes padding_idx", kind="api-appeared", cause="pytorch#49237"
)
def test_embedding_bag_leaves_padding_out_of_the_mean(snapshot):
    """``padding_idx`` counts for nothing: the mean is over the others, and a bag of padding alone is zero.

    In ``nn.Embedding`` the padding row is looked up as any other, and a mean taken later counts it.
    """
    assert snapshot == observe(
        lambda: embedding_bag(TABLE, padding_idx=2)(torch.tensor([[0, 2], [0, 1], [2, 2]]))
    )


@pytest.mark.api("torch.nn.EmbeddingBag", page="generated/torch.nn.EmbeddingBag")
def test_embedding_bag_max_has_no_sparse_gradient(snapshot):
    """``sparse=True`` with ``mode="max"`` raises; with sum and mean it gives a sparse gradient."""
    layer = embedding_bag(TABLE, mode="max", sparse=True)
    assert snapshot == observe(lambda: layer(torch.tensor([[0, 2]])))


@pytest.mark.api("torch.nn.EmbeddingBag", page="generated/torch.nn.EmbeddingBag")
def test_embedding_bag_sparse_gradient_holds_a_row_for_each_lookup(snapshot):
    """The sparse gradient of a mean holds the bag's gradient divided by its size, once for each index."""
    layer = embedding_bag(TABLE, sparse=True)
    layer(torch.tensor([[0, 2], [2, 2]])).sum().backward()
    gradient = layer.weight.grad
    assert snapshot == observe(lambda: {"rows": gradient._indices(), "values": gradient._values()})
