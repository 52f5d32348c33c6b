"""``torch.nn.init`` on half-precision, integer, meta, transposed, expanded and lazy tensors.

On the CPU half precision can be filled since 2.3, except by ``orthogonal_``. With one seed a
half-precision tensor gets the float32 numbers, rounded; ``uniform_`` drew other numbers before
2.12. A transposed tensor is filled in the order of its memory, since 1.6. A meta tensor is left
alone, without a draw. Integer tensors, lazy parameters, and for ``uniform_`` expanded tensors
raise.
"""

import pytest
import torch
from torch.nn import init

from torch_history.observing import observe

DRAWING = ["uniform_", "normal_", "trunc_normal_", "kaiming_uniform_", "orthogonal_"]


@pytest.mark.api(
    "torch.nn.init.uniform_",
    "torch.nn.init.normal_",
    "torch.nn.init.trunc_normal_",
    "torch.nn.init.orthogonal_",
    page="nn.init",
)
@pytest.mark.changed(
    "1.5",
    "the message of normal_ names norma_cpu",
    kind="wording",
    cause="pytorch#32031",
    probable=True,
)
@pytest.mark.changed(
    "1.6",
    "uniform_ fills both dtypes, and so does kaiming_uniform_",
    kind="error-gone",
    cause="pytorch#35580",
)
@pytest.mark.changed(
    "1.6", "normal_ fills float16", kind="error-gone", cause="pytorch#35167", probable=True
)
@pytest.mark.changed(
    "1.6", "the message for bfloat16 names normal_kernel_cpu", kind="wording", cause="pytorch#35167"
)
@pytest.mark.changed(
    "1.6", "trunc_normal_ appears, and fills bfloat16", kind="appeared", cause="pytorch#32397"
)
@pytest.mark.changed("1.8", "normal_ fills bfloat16", kind="error-gone", cause="pytorch#47143")
@pytest.mark.changed(
    "1.8",
    "orthogonal_ gets beyond normal_ with bfloat16, and its message names qr_cpu",
    kind="wording",
    cause="pytorch#47143",
)
@pytest.mark.changed("1.8", "the message of trunc_normal_ has quotes", kind="wording")
@pytest.mark.changed("1.9", "the message of orthogonal_ names geqrf_cpu", kind="wording")
@pytest.mark.changed("1.13", "the message of trunc_normal_ has two quotes fewer", kind="wording")
@pytest.mark.changed("2.1", "trunc_normal_ fills float16", kind="error-gone", cause="pytorch#98493")
@pytest.mark.changed("2.3", "eye_ fills bfloat16", kind="error-gone", cause="pytorch#116616")
@pytest.mark.changed(
    "2.8",
    "orthogonal_ raises NotImplementedError, a subclass of RuntimeError, instead of RuntimeError",
    kind="wording",
    cause="pytorch#155470",
)
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=["float16", "bfloat16"])
@pytest.mark.parametrize("name", DRAWING + ["eye_"])
def test_init_fills_half_precision_on_the_cpu(name, dtype, snapshot):
    """``torch.nn.init`` fills half precision on the CPU, except by ``orthogonal_``, which raises.

    Before 2.3 other functions raised too. ``orthogonal_`` needs a QR decomposition: fill a float32
    tensor, then copy it.
    """

    def act():
        return getattr(init, name)(torch.zeros(2, 3).to(dtype)).dtype

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.nn.init.uniform_",
    "torch.nn.init.kaiming_uniform_",
    "torch.nn.init.xavier_uniform_",
    "torch.nn.init.normal_",
    page="nn.init",
)
@pytest.mark.changed(
    "1.5",
    "the message names norma_cpu",
    kind="wording",
    cause="pytorch#32031",
    probable=True,
    when=":caught",
    rarely="half precision on the CPU",
    of=("torch.nn.init.normal_",),
)
@pytest.mark.changed(
    "1.6",
    "uniform_ fills half precision, with numbers of its own",
    kind="error-gone",
    cause="pytorch#35580",
    when=":caught",
    rarely="half precision on the CPU",
    of=(
        "torch.nn.init.uniform_",
        "torch.nn.init.kaiming_uniform_",
        "torch.nn.init.xavier_uniform_",
    ),
)
@pytest.mark.changed(
    "1.6",
    "normal_ fills float16",
    kind="error-gone",
    cause="pytorch#35167",
    probable=True,
    when=":caught",
    rarely="half precision on the CPU",
    of=("torch.nn.init.normal_",),
)
@pytest.mark.changed(
    "1.6",
    "the message for bfloat16 names normal_kernel_cpu",
    kind="wording",
    cause="pytorch#35167",
    when=":caught",
    rarely="half precision on the CPU",
    of=("torch.nn.init.normal_",),
)
@pytest.mark.changed(
    "1.8",
    "normal_ fills bfloat16",
    kind="error-gone",
    cause="pytorch#47143",
    when=":caught",
    rarely="half precision on the CPU",
    of=("torch.nn.init.normal_",),
)
@pytest.mark.changed(
    "2.12",
    "uniform_ draws float32's numbers and rounds them, instead of numbers of its own",
    kind="random",
    rarely="tensors of float16 or bfloat16",
    of=(
        "torch.nn.init.uniform_",
        "torch.nn.init.kaiming_uniform_",
        "torch.nn.init.xavier_uniform_",
    ),
)
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=["float16", "bfloat16"])
@pytest.mark.parametrize("name", ["uniform_", "normal_"])
def test_half_precision_starts_from_the_rounded_numbers_of_float32(name, dtype, snapshot):
    """With one seed, numbers drawn in half precision are the float32 numbers, rounded.

    Both ``uniform_`` and ``normal_`` do this. Before 2.12 ``uniform_`` drew other numbers.
    """

    def drawn(like):
        torch.manual_seed(0)
        return getattr(init, name)(torch.zeros(2, 3).to(like))

    assert snapshot == observe(
        lambda: torch.allclose(drawn(dtype).float(), drawn(torch.float32), rtol=2**-7, atol=0)
    )


@pytest.mark.api("torch.nn.init.uniform_", "torch.nn.init.normal_", page="nn.init")
@pytest.mark.changed(
    "1.5",
    "the message of normal_ names norma_cpu",
    kind="wording",
    cause="pytorch#32031",
    probable=True,
)
@pytest.mark.changed(
    "1.6",
    "the message of normal_ names normal_kernel_cpu",
    kind="wording",
    cause="pytorch#35167",
    probable=True,
)
@pytest.mark.changed(
    "1.6",
    "the message of uniform_ names check_uniform_bounds",
    kind="wording",
    cause="pytorch#35580",
    probable=True,
)
@pytest.mark.changed(
    "2.8",
    "raises NotImplementedError, a subclass of RuntimeError, instead of RuntimeError",
    kind="wording",
    cause="pytorch#155470",
)
@pytest.mark.parametrize("name", ["uniform_", "normal_"])
def test_init_of_an_integer_tensor_raises(name, snapshot):
    """``uniform_`` and ``normal_`` on an integer tensor raise a RuntimeError.

    Since 2.8 it is a NotImplementedError, which is a RuntimeError too and is caught as one.
    """
    assert snapshot == observe(lambda: getattr(init, name)(torch.zeros(2, 3, dtype=torch.long)))


@pytest.mark.api(
    "torch.nn.init.uniform_",
    "torch.nn.init.trunc_normal_",
    "torch.nn.init.orthogonal_",
    page="nn.init",
)
@pytest.mark.changed(
    "1.6", "the message lists xla among the devices", kind="wording", cause="pytorch#36446"
)
@pytest.mark.changed(
    "1.8",
    "the message lists xpu and vulkan among the devices",
    kind="wording",
    cause="pytorch#49786",
    probable=True,
)
@pytest.mark.changed(
    "1.9",
    "meta is a device, and most functions pass",
    kind="error-gone",
    cause="pytorch#53143",
)
@pytest.mark.changed(
    "1.9",
    "eye_ and trunc_normal_ raise NotImplementedError, a subclass of RuntimeError",
    kind="wording",
    cause="pytorch#53143",
    probable=True,
)
@pytest.mark.changed(
    "1.9",
    "the message of orthogonal_ calls Meta an unrecognized type",
    kind="wording",
    cause="pytorch#53143",
    probable=True,
)
@pytest.mark.changed("1.10", "trunc_normal_ passes", kind="error-gone")
@pytest.mark.changed("1.10", "the message of eye_ lists other backends", kind="wording")
@pytest.mark.changed("1.11", "the message of eye_ lists other backends", kind="wording")
@pytest.mark.changed("1.12", "the message of eye_ lists other backends", kind="wording")
@pytest.mark.changed(
    "1.13",
    "eye_ passes",
    kind="error-gone",
    cause="pytorch#82309",
)
@pytest.mark.changed(
    "1.13",
    "orthogonal_ passes",
    kind="error-gone",
    cause="pytorch#78603",
    probable=True,
)
@pytest.mark.parametrize("name", DRAWING + ["eye_", "zeros_"])
def test_init_passes_over_a_meta_tensor(name, snapshot):
    """``torch.nn.init`` writes nothing to a meta tensor, which has no memory.

    A model made on ``meta`` can therefore run its ``reset_parameters``. Before 1.13 some functions
    raised.
    """

    def act():
        tensor = torch.zeros(2, 3, device="meta")
        return {
            "shape": getattr(init, name)(tensor).shape,
            "draws": draws_after_seed(lambda: getattr(init, name)(tensor)),
        }

    assert snapshot == observe(act)


def draws_after_seed(act):
    """Whether the act moved the global random number generator."""
    torch.manual_seed(0)
    expected = torch.rand(1)
    torch.manual_seed(0)
    act()
    return not torch.equal(torch.rand(1), expected)


@pytest.mark.api(
    "torch.nn.init.uniform_",
    "torch.nn.init.normal_",
    page="nn.init",
)
@pytest.mark.changed(
    "1.5",
    "normal_ fills in the order of the memory instead of the indices: a transposed tensor gets "
    "other numbers",
    kind="random",
    cause="pytorch#32031",
    probable=True,
    rarely="tensors that are not contiguous",
    of="torch.nn.init.normal_",
)
@pytest.mark.changed(
    "1.6",
    "uniform_ fills in the order of the memory instead of the indices: a transposed tensor gets "
    "other numbers",
    kind="random",
    cause="pytorch#35580",
    probable=True,
    rarely="tensors that are not contiguous",
    of="torch.nn.init.uniform_",
)
@pytest.mark.parametrize("name", ["uniform_", "normal_"])
def test_transposed_tensor_is_filled_in_the_order_of_its_memory(name, snapshot):
    """Since 1.6 a transposed tensor is filled in the order of its memory, not of its indices.

    With one seed, a transposed tensor gets the numbers of a plain tensor, transposed.
    """

    def drawn(tensor):
        torch.manual_seed(0)
        return getattr(init, name)(tensor)

    assert snapshot == observe(
        lambda: torch.equal(drawn(torch.zeros(3, 2).t()).t(), drawn(torch.zeros(3, 2)))
    )


@pytest.mark.api("torch.nn.init.uniform_", page="nn.init")
@pytest.mark.changed(
    "1.7",
    "uniform_ raises instead of writing to the same memory three times",
    kind="error",
    cause="pytorch#43421",
    advice="pass tensor.clone(): it has memory of its own for each element",
    restored_by="initialization.uniform_fills_the_clone_of_an_expanded_tensor",
    rarely="expanded tensors",
    of="torch.nn.init.uniform_",
)
@pytest.mark.parametrize("name", ["uniform_", "zeros_"])
def test_init_of_an_expanded_tensor_raises_where_it_draws(name, snapshot):
    """Since 1.7 ``uniform_`` raises on an expanded tensor; ``zeros_`` fills it.

    Three elements that share memory cannot hold three numbers, but they can hold one.
    """
    assert snapshot == observe(lambda: getattr(init, name)(torch.ones(1).expand(3)).shape)


@pytest.mark.api("torch.nn.init.uniform_", "torch.Tensor.clone", page="nn.init")
def test_uniform_fills_the_clone_of_an_expanded_tensor(snapshot):
    """``uniform_`` fills the clone of an expanded tensor.

    ``clone()`` gives each element memory of its own.
    """
    assert snapshot == observe(lambda: init.uniform_(torch.ones(1).expand(3).clone()).shape)


@pytest.mark.api(
    "torch.nn.init.zeros_",
    "torch.nn.LazyLinear",
    "torch.nn.LazyConv1d",
    "torch.nn.LazyConv2d",
    "torch.nn.LazyConv3d",
    "torch.nn.LazyConvTranspose1d",
    "torch.nn.LazyConvTranspose2d",
    "torch.nn.LazyConvTranspose3d",
    "torch.nn.LazyBatchNorm1d",
    "torch.nn.LazyBatchNorm2d",
    "torch.nn.LazyBatchNorm3d",
    "torch.nn.LazyInstanceNorm1d",
    "torch.nn.LazyInstanceNorm2d",
    "torch.nn.LazyInstanceNorm3d",
    page="generated/torch.nn.LazyLinear",
)
@pytest.mark.changed(
    "1.8",
    "LazyLinear appears, and warns that lazy modules are new",
    kind="appeared",
    cause="pytorch#44538",
)
@pytest.mark.changed(
    "2.2",
    "the message says TensorBase instead of _TensorBase",
    kind="wording",
    cause="pytorch#109940",
)
@pytest.mark.changed(
    "2.4",
    "the warning that lazy modules are new is gone",
    kind="warning",
    cause="pytorch#123968",
    of=(
        "torch.nn.LazyLinear",
        "torch.nn.LazyConv1d",
        "torch.nn.LazyConv2d",
        "torch.nn.LazyConv3d",
        "torch.nn.LazyConvTranspose1d",
        "torch.nn.LazyConvTranspose2d",
        "torch.nn.LazyConvTranspose3d",
        "torch.nn.LazyBatchNorm1d",
        "torch.nn.LazyBatchNorm2d",
        "torch.nn.LazyBatchNorm3d",
        "torch.nn.LazyInstanceNorm1d",
        "torch.nn.LazyInstanceNorm2d",
        "torch.nn.LazyInstanceNorm3d",
    ),
    unless=(),
)
def test_init_of_a_lazy_parameter_raises(snapshot):
    """``torch.nn.init`` raises on a lazy parameter, which does not have a shape yet.

    Call ``model.apply(init_weights)`` after the first forward.
    """
    assert snapshot == observe(lambda: init.zeros_(torch.nn.LazyLinear(2).weight))
