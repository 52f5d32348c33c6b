"""Autocast on the CPU: which layers compute in bfloat16, and how to keep one in float32.

Under ``torch.autocast("cpu", dtype=torch.bfloat16)`` a layer on the CPU computes in bfloat16 if
autocast lists it; its parameters stay in float32. The list grows, so a program can return another
dtype under another release, and nothing warns: transposed convolutions joined in 2.0 and PReLU in
2.1. A nested ``torch.autocast("cpu", enabled=False)`` keeps a layer in float32. Autocast for the
CPU exists since 1.10.
"""

import pytest
import torch
from torch import nn

from torch_history.observing import observe

CONV_TRANSPOSE = {  # the layer, and the shape of a batch without samples, which every CPU takes
    "ConvTranspose1d": (lambda: nn.ConvTranspose1d(1, 1, 1), (0, 1, 1)),
    "ConvTranspose2d": (lambda: nn.ConvTranspose2d(1, 1, 1), (0, 1, 1, 1)),
    "ConvTranspose3d": (lambda: nn.ConvTranspose3d(1, 1, 1), (0, 1, 1, 1, 1)),
}


def cast(layer, shape):
    """The dtype of the layer's output for float32 ones under bfloat16 autocast."""
    with torch.autocast("cpu", dtype=torch.bfloat16):
        return layer(torch.ones(shape)).dtype


def kept(layer, shape):
    """The same, with autocast switched off again around the layer."""
    with torch.autocast("cpu", dtype=torch.bfloat16):
        with torch.autocast("cpu", enabled=False):
            return layer(torch.ones(shape)).dtype


@pytest.mark.parametrize("layer", list(CONV_TRANSPOSE))
@pytest.mark.api(
    "torch.nn.ConvTranspose1d",
    "torch.nn.ConvTranspose2d",
    "torch.nn.ConvTranspose3d",
    "torch.nn.functional.conv_transpose1d",
    "torch.nn.functional.conv_transpose2d",
    "torch.nn.functional.conv_transpose3d",
    page="generated/torch.nn.ConvTranspose2d",
)
@pytest.mark.changed("1.10", "torch.autocast appears", kind="appeared", cause="pytorch#60706")
@pytest.mark.changed(
    "2.0",
    "computes in bfloat16 and returns it, instead of float32",
    kind="silent",
    cause="pytorch#92527",
    advice='call the layer in torch.autocast("cpu", enabled=False) to keep float32',
    restored_by="layers.conv_transpose_with_autocast_switched_off_stays_in_float32",
    rarely="autocast on the CPU",
)
def test_conv_transpose_under_autocast_returns_bfloat16(layer, snapshot):
    """Since 2.0, a transposed convolution under bfloat16 autocast on the CPU returns bfloat16.

    Before 2.0 autocast computed it in float32, also from a bfloat16 input. Trap: 2.0 itself raised
    on a CPU without AVX-512, unless the batch was empty.
    """
    make, shape = CONV_TRANSPOSE[layer]
    assert snapshot == observe(lambda: cast(make(), shape))


@pytest.mark.parametrize("layer", list(CONV_TRANSPOSE))
@pytest.mark.api(
    "torch.nn.ConvTranspose1d",
    "torch.nn.ConvTranspose2d",
    "torch.nn.ConvTranspose3d",
    page="generated/torch.nn.ConvTranspose2d",
)
@pytest.mark.changed("1.10", "torch.autocast appears", kind="appeared", cause="pytorch#60706")
def test_conv_transpose_with_autocast_switched_off_stays_in_float32(layer, snapshot):
    """A transposed convolution in a nested ``torch.autocast("cpu", enabled=False)`` stays float32.

    Convert a bfloat16 input first, with ``x.float()``: without autocast the dtypes must agree.
    """
    make, shape = CONV_TRANSPOSE[layer]
    assert snapshot == observe(lambda: kept(make(), shape))


@pytest.mark.api("torch.nn.PReLU", "torch.nn.functional.prelu", page="generated/torch.nn.PReLU")
@pytest.mark.changed("1.10", "torch.autocast appears", kind="appeared", cause="pytorch#60706")
@pytest.mark.changed(
    "2.1",
    "computes in bfloat16 and returns it, instead of float32",
    kind="silent",
    cause="pytorch#95366",
    advice='call the layer in torch.autocast("cpu", enabled=False) to keep float32',
    restored_by="layers.prelu_with_autocast_switched_off_stays_in_float32",
    rarely="autocast on the CPU",
)
def test_prelu_under_autocast_returns_bfloat16(snapshot):
    """Since 2.1, ``PReLU`` under bfloat16 autocast on the CPU returns bfloat16.

    Before 2.1 autocast did not change its dtype: a float32 input gave float32.
    """
    assert snapshot == observe(lambda: cast(nn.PReLU(), (1, 1)))


@pytest.mark.api("torch.nn.PReLU", "torch.nn.functional.prelu", page="generated/torch.nn.PReLU")
@pytest.mark.changed("1.10", "torch.autocast appears", kind="appeared", cause="pytorch#60706")
def test_prelu_with_autocast_switched_off_stays_in_float32(snapshot):
    """``PReLU`` in a nested ``torch.autocast("cpu", enabled=False)`` stays in float32.

    Convert a bfloat16 input first, with ``x.float()``: without autocast the dtypes must agree.
    """
    assert snapshot == observe(lambda: kept(nn.PReLU(), (1, 1)))
