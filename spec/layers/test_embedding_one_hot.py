"""``F.one_hot``, and an embedding as the product of one-hot rows and the table.

An embedding gives the values and gradients of this product, but it is a lookup: a NaN in the table
stays in its row. ``torch.nn.functional.one_hot`` accepts only int64 and returns int64, so the
product raises until you convert it. Trap: without ``num_classes`` the largest index in the batch
decides the number of classes.
"""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional as F

from torch_history.observing import observe

TABLE = [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]


def both_ways(index, table):
    """Output and table gradient, first by lookup and then by the one-hot product.

    The upstream gradient of each element is its number, from 1.
    """
    results = []
    for product in (False, True):
        weight = table.clone().requires_grad_()
        output = (
            F.one_hot(index, len(table)).to(table.dtype) @ weight
            if product
            else F.embedding(index, weight)
        )
        output.backward(torch.arange(1, 1 + output.numel(), dtype=output.dtype).view(output.shape))
        results.append((output.detach(), weight.grad))
    return results


@given(index=st.lists(st.integers(0, 4), min_size=1, max_size=6), width=st.integers(1, 3))
def test_embedding_equals_the_one_hot_product_for_any_indices(index, width):
    """``embedding(x)`` equals ``one_hot(x) @ W`` in value and gradient for any indices.

    x is [n] and W is [5, width], in float64. Both are exact: a row times 1 plus zeros, and sums of
    small integers.
    """
    table = torch.arange(5 * width, dtype=torch.float64).view(5, width)
    (output, gradient), (product, product_gradient) = both_ways(torch.tensor(index), table)
    np.testing.assert_array_equal(output.numpy(), table.numpy()[index])
    np.testing.assert_array_equal(output.numpy(), product.numpy())
    np.testing.assert_array_equal(gradient.numpy(), product_gradient.numpy())


@pytest.mark.api(
    "torch.nn.functional.embedding",
    "torch.nn.functional.one_hot",
    page="generated/torch.nn.functional.one_hot",
    article="C",
)
def test_embedding_equals_the_one_hot_product(snapshot):
    """``embedding(x)`` and ``one_hot(x).to(w.dtype) @ w`` give the same values and gradients."""
    lookup, product = both_ways(torch.tensor([[2, 0], [2, 2]]), torch.tensor(TABLE))
    assert torch.equal(lookup[0], product[0]) and torch.equal(lookup[1], product[1])
    assert snapshot == observe(lambda: {"output": product[0], "gradient": product[1]})


@pytest.mark.api(
    "torch.nn.functional.embedding", page="generated/torch.nn.functional.embedding", article="C"
)
def test_embedding_is_a_lookup_and_not_a_product(snapshot):
    """An embedding is a lookup, not a product: a NaN stays in its row.

    The one-hot product spreads the NaN to all rows, because 0 x NaN is NaN.
    """
    table = torch.tensor([[1.0], [float("nan")], [3.0]])
    index = torch.tensor([0, 1, 2])
    assert snapshot == observe(
        lambda: {
            "lookup": F.embedding(index, table),
            "product": F.one_hot(index, 3).float() @ table,
        }
    )


@pytest.mark.api(
    "torch.nn.functional.one_hot", page="generated/torch.nn.functional.one_hot", article="C"
)
def test_one_hot_gives_int64_with_one_more_dimension(snapshot):
    """``one_hot`` of (b, s) gives an int64 tensor of (b, s, classes)."""
    assert snapshot == observe(lambda: F.one_hot(torch.tensor([[2, 0]]), 3))


@pytest.mark.api(
    "torch.nn.functional.one_hot",
    "torch.matmul",
    page="generated/torch.nn.functional.one_hot",
    article="C",
)
@pytest.mark.changed("1.5", "the message names _th_addmm_out instead of _th_mm", kind="wording")
@pytest.mark.changed(
    "1.7",
    "the message names only the two types",
    kind="wording",
    cause="pytorch#40927",
    probable=True,
)
@pytest.mark.changed(
    "2.1",
    "the message says that both must have the same dtype",
    kind="wording",
    cause="pytorch#100274",
)
def test_one_hot_product_without_conversion_raises(snapshot):
    """``one_hot(x) @ w`` raises, because it mixes int64 and float32.

    Convert with ``.to(w.dtype)``; article C does not mention this.
    """
    assert snapshot == observe(lambda: F.one_hot(torch.tensor([2]), 3) @ torch.tensor(TABLE))


@pytest.mark.api("torch.nn.functional.one_hot", page="generated/torch.nn.functional.one_hot")
def test_one_hot_counts_classes_by_the_largest_index_it_sees(snapshot):
    """``one_hot`` without ``num_classes`` counts classes up to the largest index it sees.

    Trap: a batch without the last class gives a narrower result.
    """
    assert snapshot == observe(
        lambda: {
            "with class 3": F.one_hot(torch.tensor([0, 3])),
            "without": F.one_hot(torch.tensor([0, 1])),
        }
    )


@pytest.mark.parametrize(
    "index, classes",
    [([3], 3), ([-1], 3), ([], -1)],
    ids=["too large", "negative", "none to count by"],
)
@pytest.mark.api(
    "torch.nn.functional.one_hot", page="generated/torch.nn.functional.one_hot", article="C"
)
def test_one_hot_refuses_indices_that_are_no_class(index, classes, snapshot):
    """``one_hot`` raises on an index outside 0 .. num_classes - 1.

    It also raises on an empty tensor if ``num_classes`` is to be inferred. The test always runs on
    the CPU: CUDA reports a bad index by a device-side assertion.
    """
    assert snapshot == observe(
        lambda: F.one_hot(torch.tensor(index, dtype=torch.int64).cpu(), classes)
    )


@pytest.mark.parametrize("dtype", ["int32", "float32"])
@pytest.mark.api("torch.nn.functional.one_hot", page="generated/torch.nn.functional.one_hot")
@pytest.mark.changed("2.5", "the message names LongTensor", kind="wording", cause="pytorch#134209")
def test_one_hot_takes_int64_alone(dtype, snapshot):
    """``one_hot`` accepts only int64; it raises on int32, which an embedding accepts."""
    assert snapshot == observe(lambda: F.one_hot(torch.tensor([1]).to(getattr(torch, dtype))))
