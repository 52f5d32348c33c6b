"""``torch.nn.Embedding``: indices look up rows of a table, and those rows get the gradients.

The output has the shape of the indices and one more dimension, the width of the table. The gradient
of a row is the sum over its lookups. It is dense by default: rows that were not looked up get
zeros. Indices are a tensor of int64, or int32 since 1.8. Indices outside the table raise, and
negative ones do not count from the end. ``Embedding.from_pretrained`` uses the given tensor without
a copy, and freezes it by default.
"""

import pytest
import torch

from fixtures.layers import embedding
from torch_history.observing import observe

TABLE = [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]

# The rows of article C's table that its output prints. All other rows are zero here.
ARTICLE_ROWS = {
    1: [-0.0251, -1.6902, 0.7172],
    2: [-0.6431, 0.0748, 0.6969],
    3: [0.4362, -0.4004, 0.9400],
    4: [1.4970, 1.3448, -0.9685],
    5: [-0.3677, -2.7265, -0.1685],
    9: [0.9124, -2.3616, 1.1151],
}


@pytest.mark.parametrize(
    "shape", [(), (0,), (3,), (2, 4)], ids=["one index", "none", "a sequence", "a batch"]
)
@pytest.mark.api("torch.nn.Embedding", page="generated/torch.nn.Embedding", article="C")
def test_embedding_output_shape_is_the_index_shape_and_the_width(shape, snapshot):
    """An embedding adds one dimension to its indices: (b, s) becomes (b, s, h).

    The last dimension is the width of the table. The indices may have any shape.
    """
    assert snapshot == observe(
        lambda: embedding(TABLE)(torch.zeros(shape, dtype=torch.int64)).shape
    )


@pytest.mark.api("torch.nn.Embedding", page="generated/torch.nn.Embedding", article="C")
def test_embedding_gives_the_same_row_for_the_same_index(snapshot):
    """An embedding gives the same row for the same index.

    In article C's batch the indices 4 and 2 are in both sequences.
    """
    layer = embedding([ARTICLE_ROWS.get(index, [0.0, 0.0, 0.0]) for index in range(10)])
    index = torch.tensor([[1, 2, 4, 5], [4, 3, 2, 9]])
    output = layer(index)
    assert torch.equal(output[0, 2], output[1, 0]) and torch.equal(output[0, 1], output[1, 2])
    assert snapshot == observe(lambda: output)


@pytest.mark.api("torch.nn.Embedding", page="generated/torch.nn.Embedding")
def test_embedding_weight_is_one_parameter_of_rows_by_width(snapshot):
    """``nn.Embedding(3, 2)`` holds one parameter, ``weight`` [3, 2], and no bias.

    The parameter requires grad.
    """
    assert snapshot == observe(
        lambda: {
            name: [parameter.shape, parameter.requires_grad]
            for name, parameter in torch.nn.Embedding(3, 2).named_parameters()
        }
    )


@pytest.mark.api("torch.nn.Embedding", page="generated/torch.nn.Embedding", article="C")
def test_embedding_row_gradient_adds_up_over_its_uses(snapshot):
    """The gradient of an embedding row is the sum over all its lookups.

    A row that was not looked up gets zeros, not None: the gradient is dense.
    """
    layer = embedding(TABLE)
    output = layer(torch.tensor([1, 2, 1]))
    output.backward(torch.tensor([[1.0, 0.5], [10.0, 20.0], [100.0, 200.0]]))
    assert snapshot == observe(lambda: layer.weight.grad)


@pytest.mark.api("torch.nn.Embedding", page="generated/torch.nn.Embedding")
def test_embedding_scale_grad_by_freq_divides_by_the_uses(snapshot):
    """``scale_grad_by_freq=True`` divides a row's gradient by its number of lookups.

    The number is counted in the batch. The gradient becomes the mean over the lookups instead of
    the sum.
    """
    layer = embedding(TABLE, scale_grad_by_freq=True)
    output = layer(torch.tensor([1, 2, 1]))
    output.backward(torch.tensor([[1.0, 0.5], [10.0, 20.0], [100.0, 200.0]]))
    assert snapshot == observe(lambda: layer.weight.grad)


@pytest.mark.api("torch.nn.Embedding", page="generated/torch.nn.Embedding")
@pytest.mark.changed(
    "1.8",
    "accepts int32 indices",
    kind="error-gone",
    cause="pytorch#46758",
    probable=True,
    when=":unseen",
)
def test_embedding_takes_int32_indices(snapshot):
    """An embedding accepts int32 indices as well as int64, since 1.8."""
    layer = embedding(TABLE)
    assert snapshot == observe(lambda: layer(torch.tensor([2, 0], dtype=torch.int32)))


@pytest.mark.parametrize("dtype", ["int16", "uint8", "bool", "float32"])
@pytest.mark.api("torch.nn.Embedding", page="generated/torch.nn.Embedding")
@pytest.mark.changed(
    "1.8", "the message names int32 too", kind="wording", cause="pytorch#46758", probable=True
)
def test_embedding_refuses_other_index_dtypes(dtype, snapshot):
    """An embedding raises on indices that are neither int64 nor int32.

    Convert them with ``.long()``.
    """
    layer = embedding(TABLE)
    assert snapshot == observe(lambda: layer(torch.tensor([1, 0]).to(getattr(torch, dtype))))


@pytest.mark.api("torch.nn.Embedding", page="generated/torch.nn.Embedding")
def test_embedding_refuses_a_list_of_indices(snapshot):
    """An embedding raises on a list of indices: they must be a tensor."""
    layer = embedding(TABLE)
    assert snapshot == observe(lambda: layer([1, 0]))


@pytest.mark.parametrize("index", [3, -1], ids=["as large as the table", "negative"])
@pytest.mark.api(
    "torch.nn.Embedding",
    "torch.nn.functional.embedding",
    page="generated/torch.nn.Embedding",
    article="C",
)
@pytest.mark.changed(
    "1.5",
    "raises IndexError instead of RuntimeError, and no longer names the index",
    kind="exception",
    cause="pytorch#30598",
    probable=True,
    advice="catch IndexError, and compare index.min() and index.max() with the table yourself",
    when=":call and :caught",
    rarely="an index beyond the table",
    of="torch.nn.functional.embedding",
)
def test_embedding_index_out_of_range_raises(index, snapshot):
    """An embedding raises on an index beyond the table and on a negative index.

    A negative index does not count from the end. The test always runs on the CPU: on CUDA a
    device-side assertion makes all later calls fail too.
    """
    layer = embedding(TABLE).cpu()
    assert snapshot == observe(lambda: layer(torch.tensor([index]).cpu()))


def test_embedding_weight_is_drawn_from_the_standard_normal():
    """A new embedding table is drawn from N(0, 1).

    Over 10,000 numbers the mean is within 0.05 of 0, and the standard deviation within 0.05 of 1.
    Their standard errors are 0.01 and 0.007, so a correct draw fails about once in a million.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        weight = torch.nn.Embedding(100, 100).weight
    assert abs(weight.mean()) < 0.05
    assert abs(weight.std() - 1) < 0.05
