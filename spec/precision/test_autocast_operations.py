"""Which operations autocast computes in a lower precision, and what dtype they return.

Autocast knows three lists. Matrix products and convolutions cast float32 down to its dtype. Some
losses, reductions and operations of linear algebra cast up to float32. ``cat`` and ``stack`` take
the widest dtype of their inputs. All other operations compute in the dtype of what they are given,
so a mix of dtypes raises wherever it raises without autocast. The lists grow between releases, and
no warning says so. Autocast for the CPU exists since 1.10.
"""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from fixtures.precision import product, under
from fixtures.settings import each
from torch_history.observing import observe, observe_each

# name -> the operation, called with a matrix of ones
DOWN = {
    "linear": lambda t: F.linear(t, t),
    "matmul": lambda t: t @ t,
    "mm": lambda t: torch.mm(t, t),
    "bmm": lambda t: torch.bmm(t[None], t[None]),
    "addmm": lambda t: torch.addmm(t, t, t),
    "addbmm": lambda t: torch.addbmm(t, t[None], t[None]),
    "baddbmm": lambda t: torch.baddbmm(t[None], t[None], t[None]),
    "einsum": lambda t: torch.einsum("ij,jk->ik", t, t),
    "tensordot": lambda t: torch.tensordot(t, t, 1),
    "multi_dot": lambda t: torch.linalg.multi_dot([t, t]),
    "vecdot": lambda t: torch.linalg.vecdot(t, t),
    "conv1d": lambda t: F.conv1d(t[None], t[:, :, None]),
    "conv2d": lambda t: F.conv2d(t[None, :, :, None], t[:, :, None, None]),
    "conv3d": lambda t: F.conv3d(t[None, :, :, None, None], t[:, :, None, None, None]),
    "conv_tbc": lambda t: torch.conv_tbc(t[None], t[None], t[0]),
    "attention": lambda t: F.scaled_dot_product_attention(t[None], t[None], t[None]),
    "MultiheadAttention": lambda t: nn.MultiheadAttention(2, 1)(t[None], t[None], t[None])[0],
    "RNN": lambda t: nn.RNN(2, 2)(t[None])[0],
}
KEPT = {
    "add": lambda t: t + t,
    "mul": lambda t: t * t,
    "sum": torch.sum,
    "mean": torch.mean,
    "exp": torch.exp,
    "log": torch.log,
    "pow": lambda t: torch.pow(t, 2),
    "sigmoid": torch.sigmoid,
    "relu": F.relu,
    "gelu": F.gelu,
    "softmax": lambda t: F.softmax(t, -1),
    "log_softmax": lambda t: F.log_softmax(t, -1),
    "layer_norm": lambda t: F.layer_norm(t, (2,)),
    "group_norm": lambda t: F.group_norm(t, 1),
    "batch_norm": lambda t: nn.BatchNorm1d(2)(t),
    "embedding": lambda t: F.embedding(torch.tensor([0]), t),
    "cumsum": lambda t: torch.cumsum(t, 0),
    "norm": torch.norm,
    "std": torch.std,
    "mv": lambda t: torch.mv(t, t[0]),
    "dot": lambda t: torch.dot(t[0], t[0]),
    "bilinear": lambda t: F.bilinear(t, t, t[None]),
    "avg_pool2d": lambda t: F.avg_pool2d(t[None, None], 1),
    "max_pool2d": lambda t: F.max_pool2d(t[None, None], 1),
}
UP = {
    "prod": torch.prod,
    "cdist": lambda t: torch.cdist(t, t),
    "quantile": lambda t: torch.quantile(t, 0.5),
    "trace": torch.trace,
    "svdvals": lambda t: torch.linalg.svdvals(t),
    "avg_pool3d": lambda t: F.avg_pool3d(t[None, None, None], 1),
    "adaptive_avg_pool3d": lambda t: F.adaptive_avg_pool3d(t[None, None], 1),
    "reflection_pad1d": lambda t: F.pad(t[None], (1, 1), mode="reflect"),
    "replication_pad1d": lambda t: F.pad(t[None], (1, 1), mode="replicate"),
    "fft": lambda t: torch.fft.fft(t),
}
CLASSES = torch.tensor([0, 1])
LOSSES = {
    "mse_loss": lambda t: F.mse_loss(t, t),
    "l1_loss": lambda t: F.l1_loss(t, t),
    "smooth_l1_loss": lambda t: F.smooth_l1_loss(t, t),
    "huber_loss": lambda t: F.huber_loss(t, t),
    "cross_entropy": lambda t: F.cross_entropy(t, CLASSES),
    "nll_loss": lambda t: F.nll_loss(t, CLASSES),
    "binary_cross_entropy": lambda t: F.binary_cross_entropy(t, t),
    "binary_cross_entropy_with_logits": lambda t: F.binary_cross_entropy_with_logits(t, t),
    "kl_div": lambda t: F.kl_div(t, t, reduction="sum"),
    "cosine_embedding_loss": lambda t: F.cosine_embedding_loss(t, t, torch.ones(2)),
    "triplet_margin_loss": lambda t: F.triplet_margin_loss(t, t, t),
    "soft_margin_loss": lambda t: F.soft_margin_loss(t, t),
    "poisson_nll_loss": lambda t: F.poisson_nll_loss(t, t),
    "hinge_embedding_loss": lambda t: F.hinge_embedding_loss(t, t),
    "margin_ranking_loss": lambda t: F.margin_ranking_loss(t, t, t),
    "multi_margin_loss": lambda t: F.multi_margin_loss(t, CLASSES),
}


def dtypes(operations, given, dtype):
    """An act for each operation: the dtype of its result for ones of dtype ``given``."""
    return {
        name: lambda operation=operation: under(
            lambda: operation(torch.ones(2, 2, dtype=given)).dtype, dtype=dtype
        )
        for name, operation in operations.items()
    }


@pytest.mark.api("torch.autocast", "torch.amp.autocast", page="amp")
@pytest.mark.changed("1.10", "torch.autocast appears", kind="appeared", cause="pytorch#60706")
@pytest.mark.changed(
    "1.12",
    "conv_tbc computes in bfloat16 and returns it, instead of float32",
    kind="silent",
    cause="pytorch#77623",
    advice='call conv_tbc in torch.autocast("cpu", enabled=False) to keep float32',
    rarely="torch.conv_tbc under autocast on the CPU",
)
@pytest.mark.changed(
    "1.13",
    "torch.linalg.vecdot appears, which autocast leaves in float32",
    kind="appeared",
    cause="pytorch#70542",
)
@pytest.mark.changed(
    "2.0",
    "scaled_dot_product_attention appears",
    kind="appeared",
    cause="pytorch#92189",
)
@pytest.mark.changed(
    "2.2",
    "vecdot computes in bfloat16 and returns it, instead of float32",
    kind="silent",
    advice='call vecdot in torch.autocast("cpu", enabled=False) to keep float32',
    rarely="torch.linalg.vecdot under autocast on the CPU",
    cause="pytorch#108165",
)
def test_autocast_computes_matrix_products_in_bfloat16(snapshot):
    """Matrix products and convolutions of float32 return bfloat16 under autocast on the CPU.

    So do transposed convolutions (`layers.conv_transpose_under_autocast_returns_bfloat16`) and
    ``PReLU`` (`layers.prelu_under_autocast_returns_bfloat16`).
    """
    assert snapshot == observe_each(dtypes(DOWN, torch.float32, torch.bfloat16))


@pytest.mark.api("torch.autocast", "torch.amp.autocast", page="amp")
@pytest.mark.changed("1.10", "torch.autocast appears", kind="appeared", cause="pytorch#60706")
def test_autocast_leaves_other_operations_in_float32(snapshot):
    """Operations outside the lists of autocast return float32 for float32."""
    assert snapshot == observe_each(dtypes(KEPT, torch.float32, torch.bfloat16))


@pytest.mark.api("torch.autocast", "torch.amp.autocast", page="amp")
@pytest.mark.changed("1.10", "torch.autocast appears", kind="appeared", cause="pytorch#60706")
@pytest.mark.changed("1.11", "max_pool2d takes bfloat16", kind="error-gone", cause="pytorch#56903")
@pytest.mark.changed(
    "1.12",
    "GELU, batch norm, group norm, avg_pool2d, cumsum and dot stay in bfloat16, instead of float32",
    kind="silent",
    cause="pytorch#77623",
    advice='call them in torch.autocast("cpu", enabled=False) with x.float() to keep float32',
    rarely="autocast on the CPU",
)
def test_operations_outside_the_lists_stay_in_bfloat16(snapshot):
    """Operations outside the lists of autocast return bfloat16 for what autocast has cast down.

    Trap: this holds for softmax, norms and sums too, which autocast on CUDA computes in float32.
    Activations, norms and pools returned float32 before 1.12.
    """
    assert snapshot == observe_each(dtypes(KEPT, torch.bfloat16, torch.bfloat16))


@pytest.mark.api("torch.autocast", "torch.amp.autocast", page="amp")
@pytest.mark.changed("1.10", "torch.autocast appears", kind="appeared", cause="pytorch#60706")
def test_autocast_computes_some_operations_in_float32(snapshot):
    """A product of elements, a distance or a padding of bfloat16 returns float32 under autocast."""
    assert snapshot == observe_each(dtypes(UP, torch.bfloat16, torch.bfloat16))


@pytest.mark.api("torch.autocast", "torch.amp.autocast", page="amp")
@pytest.mark.changed("1.10", "torch.autocast appears", kind="appeared", cause="pytorch#60706")
@pytest.mark.changed(
    "1.12",
    "smooth_l1_loss and binary_cross_entropy_with_logits return bfloat16, instead of float32",
    kind="silent",
    cause="pytorch#77623",
    advice="convert the output with float() before the loss",
    rarely="autocast on the CPU",
)
@pytest.mark.changed(
    "1.13",
    "cross_entropy, l1_loss and 10 other losses return float32, instead of bfloat16",
    kind="silent",
    cause="pytorch#81689",
    advice="nothing to do: the loss has more digits",
    rarely="autocast on the CPU",
)
@pytest.mark.changed(
    "1.13", "multi_margin_loss works under autocast", kind="error-gone", cause="pytorch#81689"
)
def test_autocast_computes_losses_of_bfloat16_in_float32(snapshot):
    """Since 1.13, losses of bfloat16 return float32 under autocast on the CPU.

    Before, most of them returned bfloat16, which has three digits.
    """
    assert snapshot == observe_each(dtypes(LOSSES, torch.bfloat16, torch.bfloat16))


@pytest.mark.api("torch.autocast", "torch.amp.autocast", page="amp")
@pytest.mark.changed("1.10", "torch.autocast appears", kind="appeared", cause="pytorch#60706")
@pytest.mark.changed(
    "2.2", "autocast on the CPU takes float16", kind="error-gone", cause="pytorch#112484"
)
def test_autocast_computes_matrix_products_in_float16(snapshot):
    """Since 2.2, ``dtype=torch.float16`` makes matrix products return float16 on the CPU."""
    assert snapshot == observe_each(dtypes(DOWN, torch.float32, torch.float16))


@pytest.mark.api("torch.autocast", "torch.amp.autocast", page="amp")
@pytest.mark.changed("1.10", "torch.autocast appears", kind="appeared", cause="pytorch#60706")
@pytest.mark.changed(
    "2.2", "autocast on the CPU takes float16", kind="error-gone", cause="pytorch#112484"
)
@pytest.mark.changed(
    "2.2",
    "layer_norm and avg_pool2d: the message names the missing kernel",
    kind="wording",
    cause="pytorch#112484",
)
@pytest.mark.changed(
    "2.3", "layer_norm takes float16 on the CPU", kind="error-gone", cause="pytorch#99590"
)
@pytest.mark.changed(
    "2.3", "avg_pool2d takes float16 on the CPU", kind="error-gone", cause="pytorch#109578"
)
def test_operations_outside_the_lists_take_float16(snapshot):
    """Operations outside the lists compute float16 in float16, if the CPU has a kernel for it.

    2.2 had autocast in float16 before the kernels of norms and pools, which 2.3 added.
    """
    assert snapshot == observe_each(dtypes(KEPT, torch.float16, torch.float16))


@pytest.mark.api("torch.autocast", "torch.amp.autocast", page="amp")
@pytest.mark.changed("1.10", "torch.autocast appears", kind="appeared", cause="pytorch#60706")
@pytest.mark.changed(
    "2.2", "autocast on the CPU takes float16", kind="error-gone", cause="pytorch#112484"
)
def test_autocast_computes_losses_of_float16_in_float32(snapshot):
    """Losses of float16 return float32 under autocast on the CPU."""
    assert snapshot == observe_each(dtypes(LOSSES, torch.float16, torch.float16))


@pytest.mark.api("torch.autocast", "torch.amp.autocast", page="amp")
@pytest.mark.changed("1.10", "torch.autocast appears", kind="appeared", cause="pytorch#60706")
def test_autocast_leaves_float64_and_integers(snapshot):
    """Autocast casts float32 and half precision. Float64, integers and complex numbers stay."""
    cases = {name: {"dtype": getattr(torch, name)} for name in ("float64", "int64", "complex64")}
    assert snapshot == observe_each(
        each(lambda dtype: under(lambda: torch.mm(*[torch.ones(2, 2).to(dtype)] * 2)), cases)
    )


@pytest.mark.api("torch.autocast", "torch.amp.autocast", page="amp")
@pytest.mark.changed("1.10", "torch.autocast appears", kind="appeared", cause="pytorch#60706")
@pytest.mark.changed(
    "2.1", "the message says that m1 and m2 should have the same dtype", kind="wording"
)
def test_float64_times_float32_raises_under_autocast(snapshot):
    """A float64 input and a float32 weight raise under autocast, as they do without it.

    Only the weight is cast, so the message names bfloat16.
    """
    assert snapshot == observe(
        lambda: under(lambda: F.linear(torch.ones(1, 2).double(), torch.ones(1, 2)))
    )


@pytest.mark.api("torch.autocast", "torch.amp.autocast", page="amp")
@pytest.mark.changed("1.10", "torch.autocast appears", kind="appeared", cause="pytorch#60706")
def test_autocast_casts_half_precision_to_its_own_dtype(snapshot):
    """Under bfloat16 autocast, float16 inputs and bfloat16 layers compute in bfloat16.

    So a model converted with ``.bfloat16()`` takes float32 input under autocast.
    """
    cases = {
        "float16 input": lambda: F.linear(torch.ones(1, 2).half(), torch.ones(1, 2)).dtype,
        "bfloat16 layer": lambda: nn.Linear(2, 1).bfloat16()(torch.ones(1, 2)).dtype,
    }
    assert snapshot == observe_each(each(under, {name: {"act": cases[name]} for name in cases}))


@pytest.mark.api("torch.autocast", "torch.amp.autocast", page="amp")
@pytest.mark.changed("1.10", "torch.autocast appears", kind="appeared", cause="pytorch#60706")
@pytest.mark.changed(
    "1.12", "addcmul: the message has a space before INTERNAL ASSERT FAILED", kind="wording"
)
@pytest.mark.changed(
    "1.12",
    "where takes two dtypes",
    kind="error-gone",
    cause="pytorch#62084",
)
@pytest.mark.changed(
    "1.13",
    "addcmul takes two dtypes",
    kind="error-gone",
    cause="pytorch#74234",
)
def test_joins_take_the_widest_dtype_under_autocast(snapshot):
    """``cat`` and ``stack`` of bfloat16 and float32 return float32 under autocast.

    Arithmetic between two dtypes returns the wider one with and without autocast, so a residual
    connection ``x + layer(x)`` is float32.
    """
    x = torch.ones(2, 2)
    cases = {
        "cat": lambda: torch.cat([product(), x]).dtype,
        "stack": lambda: torch.stack([product(), x]).dtype,
        "index_copy": lambda: torch.index_copy(x, 0, CLASSES, product()).dtype,
        "cat of bfloat16": lambda: torch.cat([product(), product()]).dtype,
        "residual": lambda: (x + product()).dtype,
        "where": lambda: torch.where(x > 0, product(), x).dtype,
        "addcmul": lambda: torch.addcmul(x, product(), product()).dtype,
    }
    assert snapshot == observe_each(each(under, {name: {"act": cases[name]} for name in cases}))


@pytest.mark.api("torch.autocast", "torch.amp.autocast", page="amp")
@pytest.mark.changed("1.10", "torch.autocast appears", kind="appeared", cause="pytorch#60706")
@pytest.mark.changed("1.11", "index_add: the message names both dtypes", kind="wording")
def test_writing_bfloat16_into_a_float32_tensor_raises_under_autocast(snapshot):
    """``index_add``, ``scatter`` and ``index_put_`` refuse a result that autocast has cast down.

    Convert it first: ``index_add(x, 0, rows, update.to(x.dtype))``. Assignment by an index
    (``x[0] = update[0]``) and ``add_`` convert by themselves.
    """
    where = torch.zeros(2, 2, dtype=torch.long)
    cases = {
        "index_add": lambda: torch.zeros(2, 2).index_add(0, CLASSES, product()),
        "scatter": lambda: torch.zeros(2, 2).scatter(0, where, product()),
        "scatter_add": lambda: torch.zeros(2, 2).scatter_add(0, where, product()),
        "index_put": lambda: torch.zeros(2, 2).index_put((CLASSES,), product()),
        "masked_scatter": lambda: torch.zeros(2, 2).masked_scatter(where == 0, product()),
        "assignment": lambda: torch.zeros(2, 2).__setitem__(0, product()[0]),
        "add_": lambda: torch.zeros(2, 2).add_(product()),
        "converted": lambda: torch.zeros(2, 2).index_add(0, CLASSES, product().float()),
    }
    assert snapshot == observe_each(each(under, {name: {"act": cases[name]} for name in cases}))


@pytest.mark.api("torch.autocast", "torch.amp.autocast", page="amp")
@pytest.mark.changed("1.10", "torch.autocast appears", kind="appeared", cause="pytorch#60706")
@pytest.mark.changed(
    "1.13", "the message names mat1 and mat2", kind="wording", cause="pytorch#84960"
)
@pytest.mark.changed("2.1", "the message names both dtypes", kind="wording", cause="pytorch#105309")
def test_autocast_leaves_in_place_and_out_variants(snapshot):
    """``addmm_`` and ``out=`` compute in the dtype of their tensors, and refuse a mix."""
    x = torch.ones(2, 2)
    cases = {
        "out": lambda: torch.mm(x, x, out=torch.empty(2, 2)),
        "out in bfloat16": lambda: torch.mm(x, x, out=torch.empty(2, 2).bfloat16()),
        "addmm_": lambda: torch.ones(2, 2).addmm_(x, x),
        "addmm_ of bfloat16": lambda: torch.ones(2, 2).addmm_(product(), x),
    }
    assert snapshot == observe_each(each(under, {name: {"act": cases[name]} for name in cases}))


@pytest.mark.api("torch.autocast", "torch.amp.autocast", page="amp")
@pytest.mark.changed("1.10", "torch.autocast appears", kind="appeared", cause="pytorch#60706")
@pytest.mark.changed(
    "2.2", "autocast on the CPU takes float16", kind="error-gone", cause="pytorch#112484"
)
def test_autocast_rounds_inputs_and_overflows_in_float16(snapshot):
    """Autocast rounds inputs to its dtype: 1 + 1/256 becomes 1, and 100,000 becomes inf in float16.

    bfloat16 keeps the range of float32 and has 8 bits for the digits; float16 ends at 65,504.
    """
    cases = {"bfloat16": {"dtype": torch.bfloat16}, "float16": {"dtype": torch.float16}}
    values = torch.tensor([[1.00390625], [100000.0]])
    assert snapshot == observe_each(
        each(lambda dtype: under(lambda: F.linear(values, torch.ones(1, 1)), dtype=dtype), cases)
    )


@pytest.mark.api("torch.autocast", "torch.amp.autocast", page="amp")
@pytest.mark.changed("1.10", "torch.autocast appears", kind="appeared", cause="pytorch#60706")
def test_numpy_takes_no_result_of_autocast(snapshot):
    """``numpy()`` raises for bfloat16: call ``float()`` first."""
    cases = {
        "numpy": lambda: product().numpy().tolist(),
        "float": lambda: product().float().numpy().tolist(),
    }
    assert snapshot == observe_each(each(under, {name: {"act": cases[name]} for name in cases}))


@pytest.mark.api("torch.autocast", "torch.amp.autocast", page="amp")
@pytest.mark.changed("1.10", "torch.autocast appears", kind="appeared", cause="pytorch#60706")
@pytest.mark.changed(
    "1.13",
    "cat takes float16 under bfloat16 autocast",
    kind="error-gone",
    cause="pytorch#73350",
    probable=True,
)
@pytest.mark.changed(
    "2.0",
    "cat of float16 raises again",
    kind="error",
    advice="convert the parts with float() first",
    rarely="float16 tensors under bfloat16 autocast on the CPU",
)
def test_joining_a_dtype_that_autocast_does_not_use_raises(snapshot):
    """``cat`` of float16 raises under bfloat16 autocast on the CPU, even if all parts are float16.

    Operations outside the lists take float16 as it is. Convert the parts first.
    """
    half = torch.ones(2, 2).half()
    cases = {
        "float16": lambda: torch.cat([half, half]).dtype,
        "float16 and float32": lambda: torch.cat([half, half.float()]).dtype,
        "float64": lambda: torch.cat([half.double(), half.float()]).dtype,
        "sum of float16": lambda: (half + half).dtype,
        "converted": lambda: torch.cat([half.float(), half.float()]).dtype,
    }
    assert snapshot == observe_each(each(under, {name: {"act": cases[name]} for name in cases}))
