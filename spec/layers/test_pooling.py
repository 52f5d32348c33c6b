"""Max and average pooling: windows over the last dimensions, with article E's kernels.

The stride is the kernel size by default, so windows do not overlap. A last incomplete window is
dropped unless ``ceil_mode=True``. Max pooling pads with minus infinity, and average pooling counts
padding as zeros. The maximum gives its whole gradient to the first largest element, and the mean
divides it equally. Trap: on an embedded sequence [sample, step, feature] a 1-d layer pools
neighbouring features, not neighbouring steps.
"""

import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from torch import nn

from fixtures.layers import embedding
from torch_history.observing import observe, observe_each


def starts_outside(length, window, stride, padding):
    """Whether a window starts in the right padding or beyond."""
    return window * stride >= length + padding


def pooled(
    x, kernel, stride, padding=0, dilation=1, ceil_mode=False, mean=False, count_include_pad=True
):
    """The pool of x [length], in float64, from the formula.

    There are floor((length + 2 padding - dilation (kernel - 1) - 1) / stride) + 1 windows.
    ``ceil_mode`` rounds up instead, but drops a window that would start in the right padding.

    The maximum counts padding as -inf. The mean counts it as zeros, and divides by the window's
    length, cut off at the end of the padding. Without ``count_include_pad`` it divides by the
    number of elements of x.
    """
    room = len(x) + 2 * padding - dilation * (kernel - 1) - 1
    windows = (-(-room // stride) if ceil_mode else room // stride) + 1
    if ceil_mode and starts_outside(len(x), windows - 1, stride, padding):
        windows -= 1
    result = []
    for window in range(windows):
        places = window * stride - padding + dilation * np.arange(kernel)
        inside = x[places[(places >= 0) & (places < len(x))]]
        if mean:
            result.append(
                inside.sum()
                / ((places < len(x) + padding).sum() if count_include_pad else len(inside))
            )
        else:
            result.append(inside.max(initial=-np.inf))
    return np.array(result)


def old_ceil_mode_differs(length, kernel, stride, padding, ceil_mode):
    """Whether torch up to 1.7 could start a window beyond an input without padding.

    The window formula tests skip these cases.
    """
    return (
        ceil_mode
        and not padding
        and starts_outside(length, -(-(length - kernel) // stride), stride, 0)
    )


SIZES = {
    "length": st.integers(1, 7),
    "kernel": st.integers(1, 4),
    "stride": st.integers(1, 3),
    "padding": st.integers(0, 2),
    "ceil_mode": st.booleans(),
}


@given(**SIZES, dilation=st.integers(1, 2))
def test_max_pool_follows_the_window_formula(length, kernel, stride, padding, ceil_mode, dilation):
    """``max_pool1d`` gives the maximum of every window of the formula, with floor or ceil."""
    assume(padding <= kernel // 2 and length + 2 * padding > dilation * (kernel - 1))
    assume(
        not old_ceil_mode_differs(length, dilation * (kernel - 1) + 1, stride, padding, ceil_mode)
    )
    x = np.arange(length) * 5 % 7 - 9.0  # negative and unordered: zeros as padding would win
    settings = {"stride": stride, "padding": padding, "ceil_mode": ceil_mode, "dilation": dilation}
    expected = pooled(x, kernel, **settings)
    assume(np.isfinite(expected).all())  # dilation can step over all of a short x
    output = nn.functional.max_pool1d(torch.tensor(x)[None, None], kernel, **settings)
    np.testing.assert_array_equal(output[0, 0].numpy(), expected)


@given(**SIZES, count_include_pad=st.booleans())
def test_avg_pool_follows_the_window_formula(
    length, kernel, stride, padding, ceil_mode, count_include_pad
):
    """``avg_pool1d`` gives the mean of every window of the formula, with floor or ceil."""
    assume(padding <= kernel // 2 and length + 2 * padding >= kernel)
    assume(not old_ceil_mode_differs(length, kernel, stride, padding, ceil_mode))
    x = np.arange(length) * 5 % 7 - 9.0
    settings = {
        "stride": stride,
        "padding": padding,
        "ceil_mode": ceil_mode,
        "count_include_pad": count_include_pad,
    }
    output = nn.functional.avg_pool1d(torch.tensor(x)[None, None], kernel, **settings)
    np.testing.assert_allclose(
        output[0, 0].numpy(), pooled(x, kernel, mean=True, **settings), rtol=1e-15
    )  # one division: 2^-53


def embedded():
    """Article E's input: indices 0 to 3 through an embedding of width 4.

    Row 0 is padding. The values of the other rows are our own.
    """
    layer = embedding(
        [
            [0.0, 0.0, 0.0, 0.0],
            [1.0, 8.0, 3.0, 6.0],
            [5.0, 2.0, 7.0, 4.0],
            [-1.0, -3.0, -2.0, -4.0],
        ],
        padding_idx=0,
    )
    return layer(torch.tensor([0, 1, 2, 3])).detach()


@pytest.mark.api("torch.nn.MaxPool2d", page="generated/torch.nn.MaxPool2d", article="E")
def test_max_pool2d_of_four_rows_takes_the_largest_of_each_column(snapshot):
    """``MaxPool2d((4, 1))`` over four rows takes the largest element of each column.

    With stride (1, 1) it turns (1, 1, 4, 4) into (1, 1, 1, 4): the maximum over the sequence, for
    each feature.
    """
    assert snapshot == observe(lambda: nn.MaxPool2d((4, 1), stride=(1, 1))(embedded()[None, None]))


@pytest.mark.api("torch.nn.MaxPool1d", page="generated/torch.nn.MaxPool1d", article="E")
def test_max_pool1d_slides_over_the_last_dimension(snapshot):
    """``MaxPool1d`` slides over the last dimension.

    Kernel 2 and stride 1 turn (1, 4, 4) into (1, 4, 3).

    Trap: of an embedded sequence (batch, sequence, features) it pools neighbouring features, not
    neighbouring words.
    """
    assert snapshot == observe(lambda: nn.MaxPool1d(2, stride=1)(embedded()[None]))


@pytest.mark.api("torch.nn.AvgPool2d", page="generated/torch.nn.AvgPool2d", article="E")
def test_avg_pool2d_of_four_rows_takes_the_mean_of_each_column(snapshot):
    """``AvgPool2d((4, 1))`` over four rows takes the mean of each column.

    With stride (1, 1) it turns (1, 1, 4, 4) into (1, 1, 1, 4). The padding row counts like any
    other.
    """
    assert snapshot == observe(lambda: nn.AvgPool2d((4, 1), stride=(1, 1))(embedded()[None, None]))


@pytest.mark.api("torch.nn.AvgPool1d", page="generated/torch.nn.AvgPool1d", article="E")
def test_avg_pool1d_takes_the_mean_of_each_pair(snapshot):
    """``AvgPool1d(2, stride=2)`` takes the mean of each pair: (1, 4, 4) becomes (1, 4, 2)."""
    assert snapshot == observe(lambda: nn.AvgPool1d(2, stride=2)(embedded()[None]))


@pytest.mark.parametrize("pool", ["MaxPool1d", "AvgPool1d"])
@pytest.mark.api(
    "torch.nn.MaxPool1d", "torch.nn.AvgPool1d", page="generated/torch.nn.MaxPool1d", article="E"
)
def test_pool_stride_is_the_kernel_size_by_default(pool, snapshot):
    """The stride of a pooling layer is the kernel size by default.

    The windows then do not overlap. A convolution has a stride of 1 by default.
    """
    assert snapshot == observe(lambda: getattr(nn, pool)(2)(torch.tensor([[[1.0, 2.0, 3.0, 4.0]]])))


@pytest.mark.parametrize("pool", ["MaxPool1d", "AvgPool1d"])
@pytest.mark.api(
    "torch.nn.MaxPool1d",
    "torch.nn.AvgPool1d",
    "torch.nn.MaxPool2d",
    "torch.nn.MaxPool3d",
    "torch.nn.functional.max_pool1d",
    "torch.nn.functional.max_pool2d",
    "torch.nn.functional.max_pool3d",
    page="generated/torch.nn.MaxPool1d",
)
@pytest.mark.changed(
    "1.11",
    "MaxPool1d with ceil_mode warns about the order of arguments of a function that torch itself "
    "calls",
    kind="warning",
    cause="pytorch#62544",
    advice="ignore the warning: the order did not change",
    when=(
        "ceil_mode@5=True and ceil_mode@5!=<unknown> and -return_indices",
        "return_indices=True and return_indices!=<unknown> and -ceil_mode@5",
    ),
    of=(
        "torch.nn.MaxPool1d",
        "torch.nn.MaxPool2d",
        "torch.nn.MaxPool3d",
        "torch.nn.functional.max_pool1d",
        "torch.nn.functional.max_pool2d",
        "torch.nn.functional.max_pool3d",
    ),
)
@pytest.mark.changed(
    "1.12",
    "no longer warns",
    kind="warning",
    cause="pytorch#71258",
    when=(
        "ceil_mode@5=True and ceil_mode@5!=<unknown> and -return_indices",
        "return_indices=True and return_indices!=<unknown> and -ceil_mode@5",
    ),
    of=(
        "torch.nn.MaxPool1d",
        "torch.nn.MaxPool2d",
        "torch.nn.MaxPool3d",
        "torch.nn.functional.max_pool1d",
        "torch.nn.functional.max_pool2d",
        "torch.nn.functional.max_pool3d",
    ),
)
def test_pool_drops_the_ragged_end_unless_ceil_mode(pool, snapshot):
    """Pooling drops an incomplete last window unless ``ceil_mode=True``.

    Of five elements in pairs the fifth is dropped. With ``ceil_mode`` it gets a window of its own,
    whose mean is over one element.
    """
    x = torch.tensor([[[1.0, 2.0, 3.0, 4.0, 9.0]]])
    assert snapshot == observe_each(
        {
            "default": lambda: getattr(nn, pool)(2)(x),
            "ceil_mode": lambda: getattr(nn, pool)(2, ceil_mode=True)(x),
        }
    )


@pytest.mark.parametrize("pool", ["MaxPool1d", "AvgPool1d"])
@pytest.mark.api(
    "torch.nn.MaxPool1d",
    "torch.nn.AvgPool1d",
    "torch.nn.MaxPool2d",
    "torch.nn.MaxPool3d",
    "torch.nn.AvgPool2d",
    "torch.nn.AvgPool3d",
    "torch.nn.functional.max_pool1d",
    "torch.nn.functional.max_pool2d",
    "torch.nn.functional.max_pool3d",
    page="generated/torch.nn.MaxPool1d",
)
@pytest.mark.changed(
    "1.7",
    "AvgPool1d gives 0 instead of NaN for the window beyond the input",
    kind="silent",
    cause="pytorch#41368",
    when="ceil_mode@3=True and ceil_mode@3!=<unknown>",
    rarely="a window that begins beyond the input",
    of=("torch.nn.AvgPool1d", "torch.nn.AvgPool2d", "torch.nn.AvgPool3d"),
)
@pytest.mark.changed(
    "1.8",
    "the window beyond the input is left out, where it gave -inf or 0 before",
    kind="silent",
    cause="pytorch#46558",
    advice="to keep the length, pad the end of the input with -inf (MaxPool1d) or 0 (AvgPool1d)",
    restored_by="layers.pool_of_an_input_padded_at_its_end_keeps_the_window_beyond_it",
    when=(
        "ceil_mode@3=True and ceil_mode@3!=<unknown>",
        "ceil_mode@5=True and ceil_mode@5!=<unknown>",
    ),
    rarely="a window that begins beyond the input",
    of=(
        "torch.nn.MaxPool1d",
        "torch.nn.MaxPool2d",
        "torch.nn.MaxPool3d",
        "torch.nn.AvgPool1d",
        "torch.nn.AvgPool2d",
        "torch.nn.AvgPool3d",
    ),
)
@pytest.mark.changed(
    "1.11",
    "MaxPool1d with ceil_mode warns about the order of arguments of a function that torch itself "
    "calls",
    kind="warning",
    cause="pytorch#62544",
    advice="ignore the warning: the order did not change",
    when=(
        "ceil_mode@5=True and ceil_mode@5!=<unknown> and -return_indices",
        "return_indices=True and return_indices!=<unknown> and -ceil_mode@5",
    ),
    of=(
        "torch.nn.MaxPool1d",
        "torch.nn.MaxPool2d",
        "torch.nn.MaxPool3d",
        "torch.nn.functional.max_pool1d",
        "torch.nn.functional.max_pool2d",
        "torch.nn.functional.max_pool3d",
    ),
)
@pytest.mark.changed(
    "1.12",
    "no longer warns",
    kind="warning",
    cause="pytorch#71258",
    when=(
        "ceil_mode@5=True and ceil_mode@5!=<unknown> and -return_indices",
        "return_indices=True and return_indices!=<unknown> and -ceil_mode@5",
    ),
    of=(
        "torch.nn.MaxPool1d",
        "torch.nn.MaxPool2d",
        "torch.nn.MaxPool3d",
        "torch.nn.functional.max_pool1d",
        "torch.nn.functional.max_pool2d",
        "torch.nn.functional.max_pool3d",
    ),
)
def test_pool_ceil_mode_starts_no_window_beyond_the_input(pool, snapshot):
    """``ceil_mode=True`` starts no window beyond the input.

    Three elements with kernel 1 and stride 3 round up to two windows. The second would start
    outside, and is left out.

    Trap: up to 1.7 it was kept. Max pooling gave -inf for it. Average pooling gave NaN, and 0 in
    1.7.
    """
    x = torch.tensor([[[1.0, 2.0, 3.0]]])
    assert snapshot == observe(lambda: getattr(nn, pool)(1, stride=3, ceil_mode=True)(x))


@pytest.mark.api("torch.nn.MaxPool1d", "torch.nn.AvgPool1d", page="generated/torch.nn.MaxPool1d")
def test_pool_of_an_input_padded_at_its_end_keeps_the_window_beyond_it(snapshot):
    """An input that is padded at its end gets a window in the padding.

    It gives what ``ceil_mode=True`` gave for the window beyond the input in 1.7: -inf or 0.
    """
    x = torch.tensor([[[1.0, 2.0, 3.0]]])
    pad = nn.functional.pad
    assert snapshot == observe_each(
        {
            "MaxPool1d": lambda: nn.MaxPool1d(1, stride=3)(pad(x, (0, 1), value=-float("inf"))),
            "AvgPool1d": lambda: nn.AvgPool1d(1, stride=3)(pad(x, (0, 1), value=0.0)),
        }
    )


@pytest.mark.api("torch.nn.MaxPool1d", page="generated/torch.nn.MaxPool1d")
def test_max_pool_pads_with_minus_infinity(snapshot):
    """Max pooling pads with minus infinity, so that padding is never the maximum.

    Negative inputs keep their maximum. Padding with zeros would replace it.
    """
    assert snapshot == observe(
        lambda: nn.MaxPool1d(2, padding=1)(torch.tensor([[[-1.0, -2.0, -3.0, -4.0]]]))
    )


@pytest.mark.api("torch.nn.AvgPool1d", page="generated/torch.nn.AvgPool1d")
def test_avg_pool_counts_its_padding_unless_told(snapshot):
    """Average pooling counts its padding as zeros in the mean.

    ``count_include_pad=False`` divides by the number of real elements.
    """
    x = torch.tensor([[[2.0, 4.0, 6.0, 8.0]]])
    assert snapshot == observe(
        lambda: {
            "default": nn.AvgPool1d(2, padding=1)(x),
            "count_include_pad=False": nn.AvgPool1d(2, padding=1, count_include_pad=False)(x),
        }
    )


@pytest.mark.api("torch.nn.AvgPool2d", page="generated/torch.nn.AvgPool2d")
def test_avg_pool2d_divides_by_the_divisor_it_is_given(snapshot):
    """``AvgPool2d`` divides by ``divisor_override``: 1 makes the mean a sum, and 0 raises."""
    x = torch.tensor([[[[1.0, 2.0], [3.0, 4.0]]]])
    with pytest.raises(RuntimeError):
        nn.AvgPool2d(2, divisor_override=0)(x)
    assert snapshot == observe(lambda: nn.AvgPool2d(2, divisor_override=1)(x))


@pytest.mark.parametrize("pool", ["MaxPool1d", "MaxPool2d", "AvgPool1d", "AvgPool2d"])
@pytest.mark.api(
    "torch.nn.MaxPool1d",
    "torch.nn.MaxPool2d",
    "torch.nn.AvgPool1d",
    "torch.nn.AvgPool2d",
    page="generated/torch.nn.MaxPool1d",
    article="E",
)
@pytest.mark.changed(
    "1.7", "MaxPool1d accepts one sample without a batch", kind="error-gone", cause="pytorch#43745"
)
@pytest.mark.changed(
    "1.10", "AvgPool1d accepts one sample without a batch", kind="error-gone", cause="pytorch#61860"
)
def test_pool_takes_input_without_a_batch(pool, snapshot):
    """Pooling accepts one sample without a batch, and returns it without one.

    The sample is (channels, length) or (channels, height, width).
    """
    x = torch.tensor([[1.0, 2.0, 3.0, 5.0]])
    assert snapshot == observe(
        lambda: getattr(nn, pool)(2)(x if pool.endswith("1d") else x.view(1, 2, 2))
    )


@pytest.mark.parametrize("pool", ["MaxPool1d", "MaxPool2d", "AvgPool1d", "AvgPool2d"])
@pytest.mark.api(
    "torch.nn.MaxPool1d",
    "torch.nn.MaxPool2d",
    "torch.nn.AvgPool1d",
    "torch.nn.AvgPool2d",
    page="generated/torch.nn.MaxPool1d",
)
@pytest.mark.changed(
    "1.7", "MaxPool1d accepts an empty batch", kind="error-gone", cause="pytorch#43745"
)
@pytest.mark.changed(
    "1.8",
    "MaxPool2d, AvgPool1d and AvgPool2d accept an empty batch",
    kind="error-gone",
    cause="pytorch#40694",
    probable=True,
)
def test_pool_takes_an_empty_batch(pool, snapshot):
    """Pooling accepts an empty batch, and gives an empty output of the usual shape."""
    assert snapshot == observe(
        lambda: (
            getattr(nn, pool)(2)(
                torch.ones((0, 1, 4) if pool.endswith("1d") else (0, 1, 4, 4))
            ).shape
        )
    )


@pytest.mark.parametrize("pool", ["MaxPool1d", "MaxPool2d", "AvgPool1d", "AvgPool2d"])
@pytest.mark.api(
    "torch.nn.MaxPool1d",
    "torch.nn.MaxPool2d",
    "torch.nn.AvgPool1d",
    "torch.nn.AvgPool2d",
    "torch.nn.functional.max_pool1d",
    page="generated/torch.nn.MaxPool1d",
)
@pytest.mark.changed(
    "1.7",
    "MaxPool1d gives an empty output instead of raising",
    kind="error-gone",
    cause="pytorch#43745",
    advice="up to 2.0 check the length yourself",
    rarely="an input shorter than the kernel",
    of=("torch.nn.MaxPool1d", "torch.nn.functional.max_pool1d"),
)
@pytest.mark.changed(
    "2.1",
    "MaxPool1d raises, as the other pools do",
    kind="error",
    cause="pytorch#90211",
    probable=True,
    advice="pad or skip inputs that are shorter than the kernel",
    rarely="an input shorter than the kernel",
    of=("torch.nn.MaxPool1d", "torch.nn.functional.max_pool1d"),
)
def test_pool_refuses_a_kernel_larger_than_the_input(pool, snapshot):
    """Pooling without padding raises when the kernel is larger than the input.

    From 1.7 to 2.0 ``MaxPool1d`` gave an empty output instead.
    """
    assert snapshot == observe(
        lambda: getattr(nn, pool)(5)(torch.ones((1, 1, 4) if pool.endswith("1d") else (1, 1, 4, 4)))
    )


@pytest.mark.parametrize("pool", ["MaxPool1d", "MaxPool2d", "AvgPool1d", "AvgPool2d"])
@pytest.mark.api(
    "torch.nn.MaxPool1d",
    "torch.nn.MaxPool2d",
    "torch.nn.AvgPool1d",
    "torch.nn.AvgPool2d",
    page="generated/torch.nn.MaxPool1d",
)
@pytest.mark.changed(
    "1.7", "MaxPool1d has a message of its own", kind="wording", cause="pytorch#43745"
)
@pytest.mark.changed(
    "1.8",
    "the message says that half of the kernel is allowed",
    kind="wording",
    cause="pytorch#50135",
)
@pytest.mark.changed(
    "1.13",
    "the message names one padding and one kernel size",
    kind="wording",
    cause="pytorch#83553",
    probable=True,
)
@pytest.mark.changed(
    "2.3",
    "the message mentions the kernel size with its dilation",
    kind="wording",
    cause="pytorch#111427",
)
def test_pool_refuses_padding_beyond_half_the_kernel(pool, snapshot):
    """Pooling raises when the padding is larger than half the kernel.

    Otherwise a window could hold only padding, and would have no maximum.
    """
    x = torch.ones((1, 1, 4) if pool.endswith("1d") else (1, 1, 4, 4))
    assert snapshot == observe(lambda: getattr(nn, pool)(2, padding=2)(x))


@pytest.mark.api("torch.nn.MaxPool1d", page="generated/torch.nn.MaxPool1d")
def test_max_pool_gradient_goes_to_the_first_largest(snapshot):
    """Max pooling gives the whole gradient to the first of the largest elements in a window.

    ``return_indices=True`` reports which element that is.
    """
    x = torch.tensor([[[1.0, 3.0, 7.0, 7.0]]], requires_grad=True)
    output, index = nn.MaxPool1d(2, return_indices=True)(x)
    output.backward(torch.tensor([[[10.0, 100.0]]]))
    assert snapshot == observe(lambda: {"index": index, "gradient": x.grad})


@pytest.mark.api("torch.nn.AvgPool1d", page="generated/torch.nn.AvgPool1d")
def test_avg_pool_gradient_is_shared_by_the_window(snapshot):
    """Average pooling divides the gradient equally among the elements of a window.

    Elements after the last whole window get zero.
    """
    x = torch.tensor([[[1.0, 3.0, 7.0, 7.0, 9.0]]], requires_grad=True)
    nn.AvgPool1d(2)(x).backward(torch.tensor([[[10.0, 100.0]]]))
    assert snapshot == observe(lambda: x.grad)


@pytest.mark.api("torch.nn.MaxPool1d", page="generated/torch.nn.MaxPool1d")
def test_max_pool_gives_nan_for_a_window_with_nan(snapshot):
    """Max pooling gives NaN for a window with NaN; the other windows are not affected."""
    assert snapshot == observe(
        lambda: nn.MaxPool1d(2)(torch.tensor([[[float("nan"), 3.0, 5.0, 4.0]]]))
    )


@pytest.mark.api(
    "torch.nn.LPPool1d", "torch.nn.functional.lp_pool1d", page="generated/torch.nn.LPPool1d"
)
@pytest.mark.changed(
    "2.13",
    "gives the largest absolute value instead of 1 for every window",
    kind="silent",
    cause="pytorch#183997",
    when=(
        "norm_type@0=<unknown> and :of=torch.nn.LPPool1d",
        "norm_type@1=<unknown> and :of=torch.nn.functional.lp_pool1d",
    ),
    rarely="an infinite norm_type",
)
def test_lp_pool_of_infinite_norm_takes_the_largest_absolute_value(snapshot):
    """``LPPool1d(float("inf"), ...)`` takes the largest absolute value of each window.

    Old releases gave 1 for every window. ``F.max_pool1d(x.abs(), 2)`` is the same on all releases.
    """
    x = torch.tensor([[[1.0, -3.0, 2.0, 4.0]]])
    assert snapshot == observe(lambda: nn.LPPool1d(float("inf"), 2)(x))
