"""What ``torch.nn.init`` fills a tensor with, in half precision and in float64.

The facts hold whatever the numbers are: most of 4096 values differ, half of them lie below the
median, and all lie within the bounds. Trap: half precision was filled, but with wrong numbers, on
several releases. On 1.6 ``trunc_normal_`` wrote zeros to a bfloat16 tensor. Before 2.12 it wrote
some values at its lower bound if the deviation was small. Fill a float32 tensor and convert it.
"""

import pytest
import torch
from torch.nn import init

from fixtures.settings import each
from torch_history.observing import observe_each

DTYPES = pytest.mark.parametrize(
    "dtype",
    [torch.float16, torch.bfloat16, torch.float64],
    ids=["float16", "bfloat16", "float64"],
)
# the median, and how far from it a value may lie
DRAWN = {
    "normal_": (0.0, 8.0),
    "uniform_": (0.5, 0.5),
    "trunc_normal_": (0.0, 2.0),
    "xavier_uniform_": (0.0, (6 / 128) ** 0.5),
    "xavier_normal_": (0.0, 1.0),
    "kaiming_uniform_": (0.0, (6 / 64) ** 0.5),
    "kaiming_normal_": (0.0, 2**0.5),
    "orthogonal_": (0.0, 1.0),
}
ROUNDING = 1.01


def filled(name, dtype, *arguments, shape=(64, 64), **settings):
    """The numbers of a tensor that a function of ``torch.nn.init`` filled, as float64."""
    torch.manual_seed(0)
    made = getattr(init, name)(torch.ones(shape).to(dtype), *arguments, **settings)
    return made.double()


@pytest.mark.api(
    "torch.nn.init.normal_",
    "torch.nn.init.uniform_",
    "torch.nn.init.trunc_normal_",
    "torch.nn.init.xavier_uniform_",
    "torch.nn.init.xavier_normal_",
    "torch.nn.init.kaiming_uniform_",
    "torch.nn.init.kaiming_normal_",
    "torch.nn.init.orthogonal_",
    page="nn.init",
)
@pytest.mark.changed(
    "1.5",
    "the message of the functions that draw from the normal distribution names norma_cpu",
    kind="wording",
    cause="pytorch#32031",
    probable=True,
    when=":caught",
    rarely="half precision on the CPU",
    of=(
        "torch.nn.init.kaiming_normal_",
        "torch.nn.init.normal_",
        "torch.nn.init.orthogonal_",
        "torch.nn.init.xavier_normal_",
    ),
)
@pytest.mark.changed(
    "1.6",
    "trunc_normal_ appears, writes zeros in bfloat16 and raises in float16",
    kind="appeared",
    cause="pytorch#32397",
    advice="fill a float32 tensor, then copy it",
    of=("torch.nn.init.trunc_normal_",),
)
@pytest.mark.changed(
    "1.6",
    "the uniform functions fill half precision, the normal ones float16",
    kind="error-gone",
    cause="pytorch#35580",
    probable=True,
    rarely="half precision on the CPU",
    of=(
        "torch.nn.init.kaiming_uniform_",
        "torch.nn.init.uniform_",
        "torch.nn.init.xavier_uniform_",
        "torch.nn.init.kaiming_normal_",
        "torch.nn.init.normal_",
        "torch.nn.init.xavier_normal_",
    ),
)
@pytest.mark.changed(
    "1.6",
    "the message for bfloat16 names normal_kernel_cpu, that of orthogonal_ for float16 qr_cpu",
    kind="wording",
    cause="pytorch#35167",
    probable=True,
    when=":caught",
    rarely="half precision on the CPU",
    of=(
        "torch.nn.init.kaiming_normal_",
        "torch.nn.init.normal_",
        "torch.nn.init.orthogonal_",
        "torch.nn.init.xavier_normal_",
    ),
)
@pytest.mark.changed(
    "1.7",
    "trunc_normal_ draws numbers in bfloat16, instead of writing zeros",
    kind="silent",
    cause="pytorch#43399",
    advice="fill a float32 tensor, then copy it on 1.6",
    rarely="bfloat16 on the CPU",
    of=("torch.nn.init.trunc_normal_",),
)
@pytest.mark.changed(
    "1.8",
    "the normal functions fill bfloat16",
    kind="error-gone",
    cause="pytorch#47143",
    rarely="half precision on the CPU",
    of=("torch.nn.init.kaiming_normal_", "torch.nn.init.normal_", "torch.nn.init.xavier_normal_"),
)
@pytest.mark.changed(
    "1.8",
    "the message of orthogonal_ names qr_cpu",
    kind="wording",
    cause="pytorch#47143",
    when=":caught",
    rarely="half precision on the CPU",
    of=("torch.nn.init.orthogonal_",),
)
@pytest.mark.changed(
    "1.8",
    "the message of trunc_normal_ has quotes",
    kind="wording",
    when=":caught",
    rarely="half precision on the CPU",
    of=("torch.nn.init.trunc_normal_",),
)
@pytest.mark.changed(
    "1.9",
    "the message of orthogonal_ names geqrf_cpu",
    kind="wording",
    when=":caught",
    rarely="half precision on the CPU",
    of=("torch.nn.init.orthogonal_",),
)
@pytest.mark.changed(
    "1.13",
    "the message of trunc_normal_ has two quotes fewer",
    kind="wording",
    when=":caught",
    rarely="half precision on the CPU",
    of=("torch.nn.init.trunc_normal_",),
)
@pytest.mark.changed(
    "2.1",
    "trunc_normal_ fills float16",
    kind="error-gone",
    cause="pytorch#98493",
    rarely="half precision on the CPU",
    of=("torch.nn.init.trunc_normal_",),
)
@pytest.mark.changed(
    "2.8",
    "orthogonal_ raises NotImplementedError, a subclass of RuntimeError, instead of RuntimeError",
    kind="wording",
    cause="pytorch#155470",
    when=":caught",
    rarely="half precision on the CPU",
    of=("torch.nn.init.orthogonal_",),
)
@pytest.mark.changed(
    "2.12",
    "bfloat16 gets more than 256 different numbers, those of float32 rounded",
    kind="random",
    rarely="tensors of bfloat16",
    of=(
        "torch.nn.init.kaiming_uniform_",
        "torch.nn.init.uniform_",
        "torch.nn.init.xavier_uniform_",
    ),
)
@pytest.mark.changed(
    "2.12",
    "trunc_normal_ gives bfloat16 more than 256 different numbers",
    kind="random",
    cause="pytorch#174997",
    rarely="tensors of bfloat16",
    of=("torch.nn.init.trunc_normal_",),
)
@DTYPES
def test_random_initializers_fill_any_dtype_with_numbers_of_their_distribution(dtype, snapshot):
    """A random initializer writes numbers of its distribution to a tensor of any floating dtype.

    Half of the numbers lie below the median, all lie within the bounds, and more than 256 of the
    4096 differ. Before 2.12 ``uniform_`` writes at most 256 different numbers in bfloat16.
    """

    def facts(name):
        median, width = DRAWN[name]
        values = filled(name, dtype)
        return {
            "half below the median": 0.45 < (values < median).double().mean().item() < 0.55,
            "within the bounds": bool(((values - median).abs() <= width * ROUNDING).all()),
            "more than 256 differ": len(set(values.flatten().tolist())) > 256,
        }

    assert snapshot == observe_each(each(facts, {name: {"name": name} for name in DRAWN}))


@pytest.mark.api("torch.nn.init.trunc_normal_", page="nn.init")
@pytest.mark.changed(
    "1.6",
    "trunc_normal_ appears, writes zeros in bfloat16 and raises in float16",
    kind="appeared",
    cause="pytorch#32397",
    advice="fill a float32 tensor, then copy it",
    of=("torch.nn.init.trunc_normal_",),
)
@pytest.mark.changed(
    "1.7",
    "trunc_normal_ draws numbers in bfloat16, some of them -2, instead of writing zeros",
    kind="silent",
    cause="pytorch#43399",
    advice="fill a float32 tensor, then copy it",
    rarely="bfloat16 on the CPU",
    of=("torch.nn.init.trunc_normal_",),
)
@pytest.mark.changed(
    "1.8",
    "the message of trunc_normal_ has quotes",
    kind="wording",
    when=":caught",
    rarely="half precision on the CPU",
    of=("torch.nn.init.trunc_normal_",),
)
@pytest.mark.changed(
    "1.13",
    "the message of trunc_normal_ has two quotes fewer",
    kind="wording",
    when=":caught",
    rarely="half precision on the CPU",
    of=("torch.nn.init.trunc_normal_",),
)
@pytest.mark.changed(
    "2.1",
    "trunc_normal_ fills float16, and writes -2 to some elements",
    kind="error-gone",
    cause="pytorch#98493",
    rarely="half precision on the CPU",
    of=("torch.nn.init.trunc_normal_",),
)
@pytest.mark.changed(
    "2.12",
    "no number lies at a bound, where some were -2: half precision is drawn in float32 and rounded",
    kind="silent",
    cause="pytorch#175046",
    advice="fill a float32 tensor, then copy it on releases before 2.12",
    rarely="tensors of float16 or bfloat16 with a small std",
    of=("torch.nn.init.trunc_normal_",),
)
@DTYPES
def test_trunc_normal_with_a_small_deviation_stays_far_from_its_bounds(dtype, snapshot):
    """``trunc_normal_(weight, std=0.02)`` draws numbers near 0, in any floating dtype.

    The bounds -2 and 2 are a hundred deviations away. Trap: before 2.12 some values of a
    half-precision tensor are -2.
    """

    def facts(**settings):
        values = filled("trunc_normal_", dtype, **settings)
        return {
            "at a bound": bool((values.abs() == 2).any()),
            "all zero": bool((values == 0).all()),
            "deviation": 0.9 < (values.std() / 0.02).item() < 1.1,
        }

    assert snapshot == observe_each({"std": lambda: facts(std=0.02)})


@pytest.mark.api(
    "torch.nn.init.sparse_",
    "torch.nn.init.dirac_",
    "torch.nn.init.eye_",
    "torch.nn.init.constant_",
    "torch.nn.init.ones_",
    "torch.nn.init.zeros_",
    page="nn.init",
)
@pytest.mark.changed(
    "1.5",
    "the message of sparse_ names norma_cpu",
    kind="wording",
    cause="pytorch#32031",
    probable=True,
    when=":caught",
    rarely="half precision on the CPU",
    of=("torch.nn.init.sparse_",),
)
@pytest.mark.changed(
    "1.6",
    "sparse_ fills float16",
    kind="error-gone",
    cause="pytorch#35167",
    probable=True,
    rarely="half precision on the CPU",
    of=("torch.nn.init.sparse_",),
)
@pytest.mark.changed(
    "1.6",
    "the message of sparse_ for bfloat16 names normal_kernel_cpu",
    kind="wording",
    cause="pytorch#35167",
    probable=True,
    when=":caught",
    rarely="half precision on the CPU",
    of=("torch.nn.init.sparse_",),
)
@pytest.mark.changed(
    "1.8",
    "sparse_ fills bfloat16",
    kind="error-gone",
    cause="pytorch#47143",
    rarely="half precision on the CPU",
    of=("torch.nn.init.sparse_",),
)
@pytest.mark.changed(
    "2.3",
    "eye_ fills bfloat16",
    kind="error-gone",
    cause="pytorch#116616",
    rarely="half precision on the CPU",
    of=("torch.nn.init.eye_",),
)
@DTYPES
def test_initializers_of_fixed_values_fill_any_dtype_alike(dtype, snapshot):
    """``dirac_``, ``eye_`` and ``constant_`` write the same values to any floating dtype.

    ``sparse_(weight, 0.5)`` sets half of the values of each column to 0; the others are drawn.
    """

    def alike(name, *arguments, shape=(8, 8)):
        made = filled(name, dtype, *arguments, shape=shape)
        return torch.equal(made, filled(name, torch.float32, *arguments, shape=shape))

    def zeros():
        return [(column == 0).sum().item() >= 32 for column in filled("sparse_", dtype, 0.5).t()]

    cases = {
        "dirac_": lambda: alike("dirac_", shape=(4, 4, 3)),
        "eye_": lambda: alike("eye_"),
        "constant_": lambda: alike("constant_", 0.5),
        "ones_": lambda: alike("ones_"),
        "zeros_": lambda: alike("zeros_"),
        "sparse_": lambda: all(zeros()),
    }
    assert snapshot == observe_each(cases)
