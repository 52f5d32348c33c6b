"""When a view exists, and what view and reshape give: laws over tensors of any strides."""

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st


def strides_allow(shape, strides, wanted):
    """Whether the strides allow a view in the wanted shape, by the rule of torch's documentation.

    The tensor has no empty dimension. Dimensions d and d+1 join where ``stride[d] = stride[d+1] *
    size[d+1]``; dimensions of size one always join. The wanted sizes must fill the joined
    dimensions from the left, one after the other. No size may reach over the end of a joined
    dimension.
    """
    dimensions = [(size, stride) for size, stride in zip(shape, strides) if size != 1]
    joined = []
    for index, (size, _) in enumerate(dimensions):
        if index and dimensions[index - 1][1] == size * dimensions[index][1]:
            joined[-1] *= size
        else:
            joined.append(size)
    left = iter(joined)
    rest = 1
    for size in wanted:
        if size == 1:
            continue
        if rest == 1:
            rest = next(left)
        if rest % size:
            return False
        rest //= size
    return True


def some_strides_exist(positions):
    """Whether elements at these positions in memory are evenly spaced along every dimension.

    If they are, some strides describe them, and they form a view.
    """
    even = np.full(positions.shape, positions.flat[0])
    for dimension, size in enumerate(positions.shape):
        if size > 1:
            step = np.take(positions, 1, dimension).flat[0] - positions.flat[0]
            even = even + step * np.arange(size).reshape(
                [-1 if d == dimension else 1 for d in range(positions.ndim)]
            )
    return np.array_equal(positions, even)


@st.composite
def strided_tensors(draw):
    """A tensor whose values are its positions in memory: permuted, thinned out and expanded."""
    sizes = draw(st.lists(st.integers(1, 4), min_size=1, max_size=3))
    x = (
        torch.arange(int(np.prod(sizes)))
        .reshape(sizes)
        .permute(draw(st.permutations(range(len(sizes)))))
    )
    x = x[tuple(slice(None, None, draw(st.integers(1, 2))) for _ in sizes)]
    where, times = draw(st.integers(0, len(sizes))), draw(st.integers(1, 2))
    return x.unsqueeze(where).expand([*x.shape[:where], times, *x.shape[where:]])


@st.composite
def tensors_and_shapes(draw):
    """A tensor from ``strided_tensors``, and a shape with as many elements."""
    x = draw(strided_tensors())
    rest, shape = x.numel(), []
    while rest > 1:
        shape.append(
            draw(st.sampled_from([size for size in range(2, rest + 1) if rest % size == 0]))
        )
        rest //= shape[-1]
        if draw(st.booleans()) and len(shape) < 5:
            shape.append(1)
    return x, tuple(shape) or (1,)


def viewed(x, shape):
    """The view, or None if torch raises."""
    try:
        return x.view(shape)
    except RuntimeError:
        return None


@given(tensors_and_shapes())
def test_view_works_exactly_when_the_strides_allow(case):
    """``view`` returns a view where the documented rule allows it, and raises elsewhere."""
    x, shape = case
    assert (viewed(x, shape) is not None) == strides_allow(x.shape, x.stride(), shape)


@given(tensors_and_shapes())
def test_view_works_exactly_when_even_steps_exist(case):
    """``view`` works wherever any strides give the elements in their order.

    So the documented rule refuses no shape that a view could have.
    """
    x, shape = case
    assert (viewed(x, shape) is not None) == some_strides_exist(
        x.contiguous().numpy().reshape(shape)
    )


@given(tensors_and_shapes())
def test_view_and_reshape_give_the_values_of_numpys_reshape(case):
    """``reshape`` always works and, like ``view`` where that works, has the values of NumPy's."""
    x, shape = case
    expected, view = x.numpy().reshape(shape), viewed(x, shape)
    np.testing.assert_array_equal(x.reshape(shape).numpy(), expected)
    if view is not None:
        np.testing.assert_array_equal(view.numpy(), expected)


@given(tensors_and_shapes())
def test_reshape_shares_exactly_when_view_works(case):
    """``reshape`` shares the tensor's memory exactly where ``view`` works, and copies elsewhere."""
    x, shape = case
    assert (x.reshape(shape).data_ptr() == x.data_ptr()) == (viewed(x, shape) is not None)


@given(strided_tensors())
def test_contiguous_copies_exactly_what_is_not_contiguous(x):
    """``contiguous()`` is the tensor itself if it is contiguous, and a copy otherwise.

    The copy has equal values, and the strides that follow from its sizes.
    """
    result = x.contiguous()
    assert (result is x) == x.is_contiguous()
    assert torch.equal(result, x)
    products = np.cumprod([1, *result.shape[:0:-1]])[::-1]
    assert all(
        size == 1 or stride == product
        for size, stride, product in zip(result.shape, result.stride(), products)
    )
