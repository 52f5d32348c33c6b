"""``torch.nn.init`` on tensors of unusual shape, dtype and content.

Functions that fill need no shape. Those that count fans need two dimensions, and raise for fewer.
What the tensor held before does not matter, not even NaN. Trap: ``dirac_`` and ``eye_`` also need
an exact number of dimensions.
"""

import pytest
import torch
from torch.nn import init

from torch_history.observing import observe_each

FUNCTIONS = {
    "uniform_": (),
    "normal_": (),
    "trunc_normal_": (),
    "constant_": (0.5,),
    "ones_": (),
    "zeros_": (),
    "eye_": (),
    "dirac_": (),
    "xavier_uniform_": (),
    "xavier_normal_": (),
    "kaiming_uniform_": (),
    "kaiming_normal_": (),
    "orthogonal_": (),
    "sparse_": (0.5,),
}
NAN = float("nan")


def filled(make):
    """An act for each function: its name, to whether it filled each element with a number."""

    def act(name):
        torch.manual_seed(0)
        before = make()
        shape, dtype = before.shape, before.dtype
        after = getattr(init, name)(before, *FUNCTIONS[name])
        kept = after.shape == shape and after.dtype == dtype and after is before
        return {"kept": kept, "no NaN": not bool(torch.isnan(after.detach()).any())}

    return {name: (lambda name=name: act(name)) for name in FUNCTIONS}


SHAPES = {
    "no dimensions": (),
    "one dimension": (4,),
    "one element": (1, 1),
    "three dimensions": (2, 3, 2),
}


@pytest.mark.api(
    "torch.nn.init.uniform_",
    "torch.nn.init.normal_",
    "torch.nn.init.trunc_normal_",
    "torch.nn.init.constant_",
    "torch.nn.init.ones_",
    "torch.nn.init.zeros_",
    "torch.nn.init.eye_",
    "torch.nn.init.dirac_",
    "torch.nn.init.xavier_uniform_",
    "torch.nn.init.xavier_normal_",
    "torch.nn.init.kaiming_uniform_",
    "torch.nn.init.kaiming_normal_",
    "torch.nn.init.orthogonal_",
    "torch.nn.init.sparse_",
    page="nn.init",
)
@pytest.mark.changed(
    "1.6",
    "trunc_normal_ appears",
    kind="appeared",
    cause="pytorch#32397",
    of=("torch.nn.init.trunc_normal_",),
)
@pytest.mark.parametrize("shape", SHAPES)
def test_init_fills_any_shape_unless_it_needs_dimensions(shape, snapshot):
    """``uniform_``, ``normal_`` and the constants fill any shape; the others need two dimensions.

    ``dirac_`` needs three to five, ``eye_`` and ``sparse_`` exactly two. NaN is overwritten.
    """
    assert snapshot == observe_each(filled(lambda: torch.full(SHAPES[shape], NAN)))


KINDS = {
    "complex64": lambda: torch.zeros(2, 2, dtype=torch.complex64),
    "int64": lambda: torch.zeros(2, 2, dtype=torch.int64),
    "transposed": lambda: torch.full((3, 2), NAN).t(),
    "leaf": lambda: torch.full((3, 2), NAN, requires_grad=True),
    "not a leaf": lambda: torch.full((3, 2), NAN, requires_grad=True) * 1,
}


@pytest.mark.api(
    "torch.nn.init.uniform_",
    "torch.nn.init.normal_",
    "torch.nn.init.trunc_normal_",
    "torch.nn.init.constant_",
    "torch.nn.init.ones_",
    "torch.nn.init.zeros_",
    "torch.nn.init.eye_",
    "torch.nn.init.dirac_",
    "torch.nn.init.xavier_uniform_",
    "torch.nn.init.xavier_normal_",
    "torch.nn.init.kaiming_uniform_",
    "torch.nn.init.kaiming_normal_",
    "torch.nn.init.orthogonal_",
    "torch.nn.init.sparse_",
    page="nn.init",
)
@pytest.mark.changed(
    "1.5",
    "the message says that complex dtypes are not supported",
    kind="wording",
    cause="pytorch#35579",
    when=":caught",
    rarely="complex tensors",
)
@pytest.mark.changed(
    "1.5",
    "the message of the functions that draw from the normal distribution names norma_cpu",
    kind="wording",
    cause="pytorch#32031",
    probable=True,
    when=":caught",
    rarely="tensors of integers",
    of=(
        "torch.nn.init.kaiming_normal_",
        "torch.nn.init.normal_",
        "torch.nn.init.orthogonal_",
        "torch.nn.init.sparse_",
        "torch.nn.init.xavier_normal_",
    ),
)
@pytest.mark.changed(
    "1.6",
    "trunc_normal_ appears",
    kind="appeared",
    cause="pytorch#32397",
    of=("torch.nn.init.trunc_normal_",),
)
@pytest.mark.changed(
    "1.6",
    "complex tensors can be made and filled",
    kind="error-gone",
    cause="pytorch#35579",
    probable=True,
    rarely="complex tensors",
    of=(
        "torch.nn.init.constant_",
        "torch.nn.init.eye_",
        "torch.nn.init.kaiming_normal_",
        "torch.nn.init.kaiming_uniform_",
        "torch.nn.init.normal_",
        "torch.nn.init.ones_",
        "torch.nn.init.sparse_",
        "torch.nn.init.uniform_",
        "torch.nn.init.xavier_normal_",
        "torch.nn.init.xavier_uniform_",
        "torch.nn.init.zeros_",
    ),
)
@pytest.mark.changed(
    "1.6",
    "complex tensors can be made, and dirac_ raises ValueError for two dimensions",
    kind="exception",
    cause="pytorch#35579",
    probable=True,
    advice="pass a tensor of three to five dimensions",
    when=":caught",
    rarely="complex tensors",
    of=("torch.nn.init.dirac_",),
)
@pytest.mark.changed(
    "1.6",
    "complex tensors can be made, and the messages name the kernels",
    kind="wording",
    cause="pytorch#35579",
    probable=True,
    when=":caught",
    rarely="complex tensors",
    of=("torch.nn.init.orthogonal_", "torch.nn.init.trunc_normal_"),
)
@pytest.mark.changed(
    "1.6",
    "the messages name normal_kernel_cpu and check_uniform_bounds",
    kind="wording",
    cause="pytorch#35580",
    probable=True,
    when=":caught",
    rarely="tensors of integers",
    of=(
        "torch.nn.init.kaiming_normal_",
        "torch.nn.init.kaiming_uniform_",
        "torch.nn.init.normal_",
        "torch.nn.init.orthogonal_",
        "torch.nn.init.sparse_",
        "torch.nn.init.uniform_",
        "torch.nn.init.xavier_normal_",
        "torch.nn.init.xavier_uniform_",
    ),
)
@pytest.mark.changed(
    "1.8",
    "the message of orthogonal_ names sign",
    kind="wording",
    cause="pytorch#43280",
    probable=True,
    when=":caught",
    rarely="complex tensors",
    of=("torch.nn.init.orthogonal_",),
)
@pytest.mark.changed(
    "1.8",
    "the message of trunc_normal_ has quotes",
    kind="wording",
    when=":caught",
    rarely="complex tensors",
    of=("torch.nn.init.trunc_normal_",),
)
@pytest.mark.changed(
    "1.13",
    "the message of trunc_normal_ has two quotes fewer",
    kind="wording",
    when=":caught",
    rarely="complex tensors",
    of=("torch.nn.init.trunc_normal_",),
)
@pytest.mark.changed(
    "2.8",
    "raises NotImplementedError, a subclass of RuntimeError, instead of RuntimeError",
    kind="wording",
    cause="pytorch#155470",
    when=":caught",
    rarely="complex tensors",
    of=("torch.nn.init.orthogonal_", "torch.nn.init.trunc_normal_"),
)
@pytest.mark.changed(
    "2.8",
    "raises NotImplementedError, a subclass of RuntimeError, instead of RuntimeError",
    kind="wording",
    cause="pytorch#155470",
    when=":caught",
    rarely="tensors of integers",
    of=(
        "torch.nn.init.kaiming_normal_",
        "torch.nn.init.kaiming_uniform_",
        "torch.nn.init.normal_",
        "torch.nn.init.orthogonal_",
        "torch.nn.init.sparse_",
        "torch.nn.init.trunc_normal_",
        "torch.nn.init.uniform_",
        "torch.nn.init.xavier_normal_",
        "torch.nn.init.xavier_uniform_",
    ),
)
@pytest.mark.changed(
    "2.12",
    "trunc_normal_ draws from the normal distribution, and its message names another kernel",
    kind="wording",
    cause="pytorch#174997",
    when=":caught",
    rarely="complex tensors",
    of=("torch.nn.init.trunc_normal_",),
)
@pytest.mark.changed(
    "2.12",
    "trunc_normal_ draws from the normal distribution, and its message names another kernel",
    kind="wording",
    cause="pytorch#174997",
    when=":caught",
    rarely="tensors of integers",
    of=("torch.nn.init.trunc_normal_",),
)
@pytest.mark.parametrize("kind", KINDS)
def test_init_fills_tensors_of_other_kinds_or_raises(kind, snapshot):
    """``torch.nn.init`` fills tensors with any strides; integers only with constants.

    ``trunc_normal_`` and ``orthogonal_`` raise for complex tensors.
    """
    assert snapshot == observe_each(filled(KINDS[kind]))
