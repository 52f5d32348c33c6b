"""The data type of a layer's parameters and buffers, and layers without a bias.

Since 1.9 every layer with parameters takes ``dtype``. The default is ``torch.get_default_dtype()``,
float32 here. ``bias=False`` leaves the bias out; the attribute ``bias`` stays, and is None.
"""

import pytest
import torch
from torch import nn

from fixtures.settings import each
from torch_history.observing import observe, observe_each

MADE = {
    "Linear": (1, 1),
    "Bilinear": (1, 1, 1),
    "LazyLinear": (1,),
    "Conv1d": (1, 1, 1),
    "Conv2d": (1, 1, 1),
    "Conv3d": (1, 1, 1),
    "ConvTranspose1d": (1, 1, 1),
    "ConvTranspose2d": (1, 1, 1),
    "ConvTranspose3d": (1, 1, 1),
    "LazyConv1d": (1, 1),
    "LazyConv2d": (1, 1),
    "LazyConv3d": (1, 1),
    "LazyConvTranspose1d": (1, 1),
    "LazyConvTranspose2d": (1, 1),
    "LazyConvTranspose3d": (1, 1),
    "BatchNorm1d": (1,),
    "BatchNorm2d": (1,),
    "BatchNorm3d": (1,),
    "LazyBatchNorm1d": (),
    "LazyBatchNorm2d": (),
    "LazyBatchNorm3d": (),
    "InstanceNorm1d": (1, 1e-5, 0.1, True, True),
    "InstanceNorm2d": (1, 1e-5, 0.1, True, True),
    "InstanceNorm3d": (1, 1e-5, 0.1, True, True),
    "LazyInstanceNorm1d": (1e-5, 0.1, True, True),
    "LazyInstanceNorm2d": (1e-5, 0.1, True, True),
    "LazyInstanceNorm3d": (1e-5, 0.1, True, True),
    "GroupNorm": (1, 1),
    "LayerNorm": (1,),
    "RMSNorm": (1,),
    "Embedding": (1, 1),
    "EmbeddingBag": (1, 1),
    "PReLU": (),
    "RNN": (1, 1),
    "LSTM": (1, 1),
    "GRU": (1, 1),
    "RNNCell": (1, 1),
    "LSTMCell": (1, 1),
    "GRUCell": (1, 1),
}
BIASES = [name for name in MADE if "inear" in name or "Conv" in name or name == "LayerNorm"]


@pytest.mark.parametrize("layer", MADE)
@pytest.mark.api(
    "torch.nn.Linear",
    "torch.nn.Bilinear",
    "torch.nn.LazyLinear",
    "torch.nn.Conv1d",
    "torch.nn.Conv2d",
    "torch.nn.Conv3d",
    "torch.nn.ConvTranspose1d",
    "torch.nn.ConvTranspose2d",
    "torch.nn.ConvTranspose3d",
    "torch.nn.LazyConv1d",
    "torch.nn.LazyConv2d",
    "torch.nn.LazyConv3d",
    "torch.nn.LazyConvTranspose1d",
    "torch.nn.LazyConvTranspose2d",
    "torch.nn.LazyConvTranspose3d",
    "torch.nn.BatchNorm1d",
    "torch.nn.BatchNorm2d",
    "torch.nn.BatchNorm3d",
    "torch.nn.LazyBatchNorm1d",
    "torch.nn.LazyBatchNorm2d",
    "torch.nn.LazyBatchNorm3d",
    "torch.nn.InstanceNorm1d",
    "torch.nn.InstanceNorm2d",
    "torch.nn.InstanceNorm3d",
    "torch.nn.LazyInstanceNorm1d",
    "torch.nn.LazyInstanceNorm2d",
    "torch.nn.LazyInstanceNorm3d",
    "torch.nn.GroupNorm",
    "torch.nn.LayerNorm",
    "torch.nn.RMSNorm",
    "torch.nn.Embedding",
    "torch.nn.EmbeddingBag",
    "torch.nn.PReLU",
    "torch.nn.RNN",
    "torch.nn.LSTM",
    "torch.nn.GRU",
    "torch.nn.RNNCell",
    "torch.nn.LSTMCell",
    "torch.nn.GRUCell",
    page="nn",
)
@pytest.mark.changed(
    "1.8",
    "LazyLinear was added, without dtype",
    kind="appeared",
    cause="pytorch#44538",
    of="torch.nn.LazyLinear",
    unless=(),
)
@pytest.mark.changed(
    "1.8",
    "the lazy convolutions were added, without dtype",
    kind="appeared",
    cause="pytorch#47350",
    of=(
        "torch.nn.LazyConv1d",
        "torch.nn.LazyConv2d",
        "torch.nn.LazyConv3d",
        "torch.nn.LazyConvTranspose1d",
        "torch.nn.LazyConvTranspose2d",
        "torch.nn.LazyConvTranspose3d",
    ),
    unless=(),
)
@pytest.mark.changed(
    "1.9",
    "every layer with parameters takes device and dtype",
    kind="appeared",
    cause="pytorch#54508",
    of=(
        "torch.nn.Linear",
        "torch.nn.Bilinear",
        "torch.nn.LazyLinear",
        "torch.nn.Conv1d",
        "torch.nn.Conv2d",
        "torch.nn.Conv3d",
        "torch.nn.ConvTranspose1d",
        "torch.nn.ConvTranspose2d",
        "torch.nn.ConvTranspose3d",
        "torch.nn.LazyConv1d",
        "torch.nn.LazyConv2d",
        "torch.nn.LazyConv3d",
        "torch.nn.LazyConvTranspose1d",
        "torch.nn.LazyConvTranspose2d",
        "torch.nn.LazyConvTranspose3d",
        "torch.nn.BatchNorm1d",
        "torch.nn.BatchNorm2d",
        "torch.nn.BatchNorm3d",
        "torch.nn.InstanceNorm1d",
        "torch.nn.InstanceNorm2d",
        "torch.nn.InstanceNorm3d",
        "torch.nn.GroupNorm",
        "torch.nn.LayerNorm",
        "torch.nn.Embedding",
        "torch.nn.EmbeddingBag",
        "torch.nn.PReLU",
        "torch.nn.RNN",
        "torch.nn.LSTM",
        "torch.nn.GRU",
        "torch.nn.RNNCell",
        "torch.nn.LSTMCell",
        "torch.nn.GRUCell",
    ),
    when=("device", "dtype"),
)
@pytest.mark.changed(
    "1.9",
    "the lazy batch norms were added",
    kind="appeared",
    cause="pytorch#51862",
    of=("torch.nn.LazyBatchNorm1d", "torch.nn.LazyBatchNorm2d", "torch.nn.LazyBatchNorm3d"),
    unless=(),
)
@pytest.mark.changed(
    "1.10",
    "the lazy instance norms were added",
    kind="appeared",
    cause="pytorch#60982",
    of=(
        "torch.nn.LazyInstanceNorm1d",
        "torch.nn.LazyInstanceNorm2d",
        "torch.nn.LazyInstanceNorm3d",
    ),
    unless=(),
)
@pytest.mark.changed(
    "2.4",
    "RMSNorm was added",
    kind="appeared",
    cause="pytorch#121364",
    of="torch.nn.RMSNorm",
    unless=(),
)
@pytest.mark.changed(
    "2.4",
    "lazy layers no longer warn that they are new",
    kind="warning",
    cause="pytorch#123968",
    unless=(),
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
)
def test_layer_holds_parameters_and_buffers_of_the_dtype_it_is_given(layer, snapshot):
    """``dtype=torch.float64`` makes the parameters and the floating-point buffers float64.

    The number of batches that a norm counts stays int64. Lazy layers know the dtype before they
    know the shape.
    """

    def act():
        made = getattr(nn, layer)(*MADE[layer], dtype=torch.float64)
        named = [*made.named_parameters(), *made.named_buffers()]
        return {
            name: (str(one.dtype), None if layer.startswith("Lazy") else one.shape)
            for name, one in named
        }

    assert snapshot == observe(act)


@pytest.mark.parametrize("layer", BIASES)
@pytest.mark.api(
    "torch.nn.Linear",
    "torch.nn.Bilinear",
    "torch.nn.LazyLinear",
    "torch.nn.Conv1d",
    "torch.nn.Conv2d",
    "torch.nn.Conv3d",
    "torch.nn.ConvTranspose1d",
    "torch.nn.ConvTranspose2d",
    "torch.nn.ConvTranspose3d",
    "torch.nn.LazyConv1d",
    "torch.nn.LazyConv2d",
    "torch.nn.LazyConv3d",
    "torch.nn.LazyConvTranspose1d",
    "torch.nn.LazyConvTranspose2d",
    "torch.nn.LazyConvTranspose3d",
    "torch.nn.LayerNorm",
    page="nn",
)
@pytest.mark.changed(
    "1.8",
    "LazyLinear was added, with a warning that lazy modules are new",
    kind="appeared",
    cause="pytorch#44538",
    of="torch.nn.LazyLinear",
    unless=(),
)
@pytest.mark.changed(
    "1.8",
    "the lazy convolutions were added, with a warning that lazy modules are new",
    kind="appeared",
    cause="pytorch#47350",
    of=(
        "torch.nn.LazyConv1d",
        "torch.nn.LazyConv2d",
        "torch.nn.LazyConv3d",
        "torch.nn.LazyConvTranspose1d",
        "torch.nn.LazyConvTranspose2d",
        "torch.nn.LazyConvTranspose3d",
    ),
    unless=(),
)
@pytest.mark.changed(
    "2.1",
    "LayerNorm takes bias",
    kind="appeared",
    cause="pytorch#101683",
    of="torch.nn.LayerNorm",
    when="bias",
)
@pytest.mark.changed(
    "2.4",
    "lazy layers no longer warn that they are new",
    kind="warning",
    cause="pytorch#123968",
    unless=(),
    of=(
        "torch.nn.LazyLinear",
        "torch.nn.LazyConv1d",
        "torch.nn.LazyConv2d",
        "torch.nn.LazyConv3d",
        "torch.nn.LazyConvTranspose1d",
        "torch.nn.LazyConvTranspose2d",
        "torch.nn.LazyConvTranspose3d",
    ),
)
def test_layer_without_bias_keeps_the_name_without_a_parameter(layer, snapshot):
    """``bias=False`` leaves the bias out; the attribute ``bias`` is None.

    ``LayerNorm`` takes the argument since 2.1.
    """

    def act(**settings):
        made = getattr(nn, layer)(*MADE[layer], **settings)
        return [name for name, _ in made.named_parameters()], made.bias is None

    assert snapshot == observe_each(each(act, {"default": {}, "bias=False": {"bias": False}}))
