"""What the methods that draw in place write to tensors of half precision and of float64.

The facts hold whatever the numbers are: half of them lie below the median, all are finite and
possible, and they differ. Half precision rounds: ``uniform_`` can give 1.0 in float16, which it
never gives in float32, and ``random_`` stops at the largest integer below which all are exact.
"""

import pytest
import torch

from fixtures.settings import each
from torch_history.observing import observe_each

# the arguments, the median and the smallest value
DRAWS = {
    "normal_": ((), 0.0, -8.0),
    "uniform_": ((), 0.5, 0.0),
    "exponential_": ((), 0.6931, 0.0),
    "cauchy_": ((), 0.0, float("-inf")),
    "log_normal_": ((), 2.7183, 0.0),
    "geometric_": ((0.5,), 1.5, 1.0),
    "bernoulli_": ((0.5,), 0.5, 0.0),
    "random_": ((0, 64), 31.5, 0.0),
}
DTYPES = pytest.mark.parametrize(
    "dtype",
    [torch.float16, torch.bfloat16, torch.float64],
    ids=["float16", "bfloat16", "float64"],
)


@pytest.mark.api(
    "torch.Tensor.normal_",
    "torch.Tensor.uniform_",
    "torch.Tensor.exponential_",
    "torch.Tensor.cauchy_",
    "torch.Tensor.log_normal_",
    "torch.Tensor.geometric_",
    "torch.Tensor.bernoulli_",
    "torch.Tensor.random_",
    page="tensors",
)
@pytest.mark.changed(
    "1.5",
    "random_ fills half precision",
    kind="error-gone",
    cause="pytorch#34030",
    probable=True,
    rarely="half precision on the CPU",
    of=("torch.Tensor.random_",),
)
@pytest.mark.changed(
    "1.5",
    "the messages name the kernels, as in cauchy_cpu and norma_cpu",
    kind="wording",
    cause="pytorch#32031",
    probable=True,
    when=":caught",
    rarely="half precision on the CPU",
    of=(
        "torch.Tensor.cauchy_",
        "torch.Tensor.exponential_",
        "torch.Tensor.geometric_",
        "torch.Tensor.log_normal_",
        "torch.Tensor.normal_",
    ),
)
@pytest.mark.changed(
    "1.6",
    "cauchy_, exponential_, geometric_, log_normal_ and uniform_ fill half precision, and "
    "normal_ float16",
    kind="error-gone",
    cause="pytorch#38427",
    probable=True,
    rarely="half precision on the CPU",
    of=(
        "torch.Tensor.cauchy_",
        "torch.Tensor.exponential_",
        "torch.Tensor.geometric_",
        "torch.Tensor.log_normal_",
        "torch.Tensor.uniform_",
        "torch.Tensor.normal_",
    ),
)
@pytest.mark.changed(
    "1.6",
    "the message of normal_ for bfloat16 names normal_kernel_cpu",
    kind="wording",
    cause="pytorch#35167",
    probable=True,
    when=":caught",
    rarely="half precision on the CPU",
    of=("torch.Tensor.normal_",),
)
@pytest.mark.changed(
    "1.8",
    "normal_ fills bfloat16",
    kind="error-gone",
    cause="pytorch#47143",
    rarely="half precision on the CPU",
    of=("torch.Tensor.normal_",),
)
@pytest.mark.changed(
    "1.10",
    "bernoulli_ fills bfloat16",
    kind="error-gone",
    cause="pytorch#56372",
    probable=True,
    rarely="half precision on the CPU",
    of=("torch.Tensor.bernoulli_",),
)
@pytest.mark.changed(
    "2.2",
    "bernoulli_ fills float16",
    kind="error-gone",
    cause="pytorch#104176",
    probable=True,
    rarely="half precision on the CPU",
    of=("torch.Tensor.bernoulli_",),
)
@DTYPES
def test_draws_in_place_fill_any_dtype_with_numbers_of_their_distribution(dtype, snapshot):
    """A draw in place writes numbers of its distribution to a tensor of any floating dtype.

    Half of the numbers lie below the median, and none below the smallest possible value.
    """

    def facts(name):
        arguments, median, smallest = DRAWS[name]
        torch.manual_seed(0)
        values = getattr(torch.zeros(64, 64).to(dtype), name)(*arguments).double()
        return {
            "half below the median": 0.45 < (values < median).double().mean().item() < 0.55,
            "possible": bool((values >= smallest).all() and torch.isfinite(values).all()),
            "all equal": len(set(values.flatten().tolist())) == 1,
        }

    assert snapshot == observe_each(each(facts, {name: {"name": name} for name in DRAWS}))


BITS = {
    torch.uint8: 8,
    torch.int8: 7,
    torch.int64: 63,
    torch.float16: 11,
    torch.bfloat16: 8,
    torch.float32: 24,
}


@pytest.mark.api("torch.Tensor.random_", page="generated/torch.Tensor.random_")
@pytest.mark.changed(
    "1.5",
    "random_ fills half precision",
    kind="error-gone",
    cause="pytorch#34030",
    probable=True,
    rarely="half precision on the CPU",
    of=("torch.Tensor.random_",),
)
def test_random_without_bounds_ends_where_integers_stop_being_exact(snapshot):
    """``random_()`` without bounds draws integers from 0 up to what its dtype holds exactly.

    This is 2**11 in float16, 2**8 in bfloat16 and 2**24 in float32, and the largest value of an
    integer dtype.
    """

    def facts(dtype):
        torch.manual_seed(0)
        values = torch.zeros(64, 64).to(dtype).random_().double()
        return {
            "negative": bool((values < 0).any()),
            "up to the limit": 0.95 < values.max().item() / 2 ** BITS[dtype] <= 1,
        }

    assert snapshot == observe_each(each(facts, {str(dtype): {"dtype": dtype} for dtype in BITS}))
