"""What a call of a layer changes beside its result: inputs, parameters, buffers, random stream.

A layer computes; it leaves its input as it is, unless ``inplace=True``. In training, BatchNorm and
InstanceNorm with ``track_running_stats=True`` write into their buffers, and dropout and RReLU draw
from the global random stream. In ``eval()`` neither happens. FractionalMaxPool draws in ``eval()``
too. A backward pass fills gradients, and changes nothing else.
"""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from fixtures.effects import (
    LAYERS,
    changes,
    eighths,
    inputs_of,
    layer_changes,
    layer_of,
    moves_the_stream,
    tensors_of,
    without_warnings,
)
from fixtures.settings import each
from torch_history.observing import observe_each


@pytest.mark.parametrize("family", LAYERS)
@pytest.mark.api(
    "torch.nn.CELU",
    "torch.nn.ELU",
    "torch.nn.GELU",
    "torch.nn.GLU",
    "torch.nn.Hardshrink",
    "torch.nn.Hardsigmoid",
    "torch.nn.Hardswish",
    "torch.nn.Hardtanh",
    "torch.nn.LeakyReLU",
    "torch.nn.LogSigmoid",
    "torch.nn.LogSoftmax",
    "torch.nn.Mish",
    "torch.nn.PReLU",
    "torch.nn.RReLU",
    "torch.nn.ReLU",
    "torch.nn.ReLU6",
    "torch.nn.SELU",
    "torch.nn.SiLU",
    "torch.nn.Sigmoid",
    "torch.nn.Softmax",
    "torch.nn.Softmax2d",
    "torch.nn.Softmin",
    "torch.nn.Softplus",
    "torch.nn.Softshrink",
    "torch.nn.Softsign",
    "torch.nn.Tanh",
    "torch.nn.Tanhshrink",
    "torch.nn.Threshold",
    "torch.nn.Identity",
    "torch.nn.Linear",
    "torch.nn.Bilinear",
    "torch.nn.Conv1d",
    "torch.nn.Conv2d",
    "torch.nn.Conv3d",
    "torch.nn.ConvTranspose1d",
    "torch.nn.ConvTranspose2d",
    "torch.nn.ConvTranspose3d",
    "torch.nn.Fold",
    "torch.nn.Unfold",
    "torch.nn.CosineSimilarity",
    "torch.nn.PairwiseDistance",
    "torch.nn.AdaptiveAvgPool1d",
    "torch.nn.AdaptiveAvgPool2d",
    "torch.nn.AdaptiveAvgPool3d",
    "torch.nn.AdaptiveMaxPool1d",
    "torch.nn.AdaptiveMaxPool2d",
    "torch.nn.AdaptiveMaxPool3d",
    "torch.nn.AvgPool1d",
    "torch.nn.AvgPool2d",
    "torch.nn.AvgPool3d",
    "torch.nn.MaxPool1d",
    "torch.nn.MaxPool2d",
    "torch.nn.MaxPool3d",
    "torch.nn.LPPool1d",
    "torch.nn.LPPool2d",
    "torch.nn.LPPool3d",
    "torch.nn.FractionalMaxPool2d",
    "torch.nn.FractionalMaxPool3d",
    "torch.nn.CircularPad1d",
    "torch.nn.CircularPad2d",
    "torch.nn.CircularPad3d",
    "torch.nn.ConstantPad1d",
    "torch.nn.ConstantPad2d",
    "torch.nn.ConstantPad3d",
    "torch.nn.ReflectionPad1d",
    "torch.nn.ReflectionPad2d",
    "torch.nn.ReflectionPad3d",
    "torch.nn.ReplicationPad1d",
    "torch.nn.ReplicationPad2d",
    "torch.nn.ReplicationPad3d",
    "torch.nn.ZeroPad1d",
    "torch.nn.ZeroPad2d",
    "torch.nn.ZeroPad3d",
    "torch.nn.Flatten",
    "torch.nn.Unflatten",
    "torch.nn.PixelShuffle",
    "torch.nn.PixelUnshuffle",
    "torch.nn.ChannelShuffle",
    "torch.nn.Upsample",
    "torch.nn.UpsamplingBilinear2d",
    "torch.nn.UpsamplingNearest2d",
    "torch.nn.BatchNorm1d",
    "torch.nn.BatchNorm2d",
    "torch.nn.BatchNorm3d",
    "torch.nn.InstanceNorm1d",
    "torch.nn.InstanceNorm2d",
    "torch.nn.InstanceNorm3d",
    "torch.nn.LayerNorm",
    "torch.nn.GroupNorm",
    "torch.nn.RMSNorm",
    "torch.nn.LocalResponseNorm",
    "torch.nn.CrossMapLRN2d",
    "torch.nn.Dropout",
    "torch.nn.Dropout1d",
    "torch.nn.Dropout2d",
    "torch.nn.Dropout3d",
    "torch.nn.AlphaDropout",
    "torch.nn.FeatureAlphaDropout",
    "torch.nn.RNN",
    "torch.nn.LSTM",
    "torch.nn.GRU",
    "torch.nn.RNNCell",
    "torch.nn.LSTMCell",
    "torch.nn.GRUCell",
    "torch.nn.MultiheadAttention",
    "torch.nn.Transformer",
    "torch.nn.TransformerEncoderLayer",
    "torch.nn.TransformerDecoderLayer",
    page="nn",
)
@pytest.mark.changed(
    "1.5",
    "Hardsigmoid appears",
    kind="appeared",
    of=("torch.nn.Hardsigmoid",),
    cause="pytorch#34545",
    probable=True,
)
@pytest.mark.changed(
    "1.6",
    "Hardswish appears",
    kind="appeared",
    cause="pytorch#34747",
    of=("torch.nn.Hardswish",),
)
@pytest.mark.changed(
    "1.7",
    "SiLU appears",
    kind="appeared",
    cause="pytorch#41034",
    of=("torch.nn.SiLU",),
)
@pytest.mark.changed(
    "1.7",
    "Unflatten appears",
    kind="appeared",
    of=("torch.nn.Unflatten",),
    cause="pytorch#41564",
)
@pytest.mark.changed(
    "1.8",
    "ChannelShuffle appears",
    kind="appeared",
    cause="pytorch#46000",
    of="torch.nn.ChannelShuffle",
)
@pytest.mark.changed(
    "1.8",
    "PixelUnshuffle appears",
    kind="appeared",
    cause="pytorch#49334",
    of="torch.nn.PixelUnshuffle",
)
@pytest.mark.changed(
    "1.9",
    "Mish appears",
    kind="appeared",
    cause="pytorch#58648",
    of=("torch.nn.Mish",),
)
@pytest.mark.changed(
    "1.10",
    "ReflectionPad3d appears",
    kind="appeared",
    cause="pytorch#59791",
    of=("torch.nn.ReflectionPad3d",),
)
@pytest.mark.changed(
    "1.12",
    "Dropout1d appears",
    kind="appeared",
    cause="pytorch#79545",
    of=("torch.nn.Dropout1d",),
)
@pytest.mark.changed(
    "2.1",
    "CircularPad1d, CircularPad2d and CircularPad3d appear",
    kind="appeared",
    cause="pytorch#106632",
    of=(
        "torch.nn.CircularPad1d",
        "torch.nn.CircularPad2d",
        "torch.nn.CircularPad3d",
    ),
)
@pytest.mark.changed(
    "2.1",
    "ZeroPad1d and ZeroPad3d appear",
    kind="appeared",
    of=(
        "torch.nn.ZeroPad1d",
        "torch.nn.ZeroPad3d",
    ),
    cause="pytorch#96295",
)
@pytest.mark.changed(
    "2.3",
    "LPPool3d appears",
    kind="appeared",
    cause="pytorch#114199",
    of=("torch.nn.LPPool3d",),
)
@pytest.mark.changed(
    "2.4",
    "RMSNorm appears",
    kind="appeared",
    cause="pytorch#121364",
    of=("torch.nn.RMSNorm",),
)
def test_layer_in_training_changes_nothing_but_its_statistics_and_the_stream(family, snapshot):
    """A layer in training mode leaves its inputs, parameters and gradients as they are.

    BatchNorm and InstanceNorm with running statistics change their buffers. Dropout, RReLU,
    FractionalMaxPool and layers with dropout inside draw from the global random stream.
    """

    def act(name):
        layer, inputs = layer_of(family, name), inputs_of(family, name)
        return layer_changes(layer, inputs, lambda: layer(*inputs))

    assert snapshot == observe_each(each(act, {name: {"name": name} for name in LAYERS[family]}))


@pytest.mark.parametrize("family", LAYERS)
@pytest.mark.api(
    "torch.nn.CELU",
    "torch.nn.ELU",
    "torch.nn.GELU",
    "torch.nn.GLU",
    "torch.nn.Hardshrink",
    "torch.nn.Hardsigmoid",
    "torch.nn.Hardswish",
    "torch.nn.Hardtanh",
    "torch.nn.LeakyReLU",
    "torch.nn.LogSigmoid",
    "torch.nn.LogSoftmax",
    "torch.nn.Mish",
    "torch.nn.PReLU",
    "torch.nn.RReLU",
    "torch.nn.ReLU",
    "torch.nn.ReLU6",
    "torch.nn.SELU",
    "torch.nn.SiLU",
    "torch.nn.Sigmoid",
    "torch.nn.Softmax",
    "torch.nn.Softmax2d",
    "torch.nn.Softmin",
    "torch.nn.Softplus",
    "torch.nn.Softshrink",
    "torch.nn.Softsign",
    "torch.nn.Tanh",
    "torch.nn.Tanhshrink",
    "torch.nn.Threshold",
    "torch.nn.Identity",
    "torch.nn.Linear",
    "torch.nn.Bilinear",
    "torch.nn.Conv1d",
    "torch.nn.Conv2d",
    "torch.nn.Conv3d",
    "torch.nn.ConvTranspose1d",
    "torch.nn.ConvTranspose2d",
    "torch.nn.ConvTranspose3d",
    "torch.nn.Fold",
    "torch.nn.Unfold",
    "torch.nn.CosineSimilarity",
    "torch.nn.PairwiseDistance",
    "torch.nn.AdaptiveAvgPool1d",
    "torch.nn.AdaptiveAvgPool2d",
    "torch.nn.AdaptiveAvgPool3d",
    "torch.nn.AdaptiveMaxPool1d",
    "torch.nn.AdaptiveMaxPool2d",
    "torch.nn.AdaptiveMaxPool3d",
    "torch.nn.AvgPool1d",
    "torch.nn.AvgPool2d",
    "torch.nn.AvgPool3d",
    "torch.nn.MaxPool1d",
    "torch.nn.MaxPool2d",
    "torch.nn.MaxPool3d",
    "torch.nn.LPPool1d",
    "torch.nn.LPPool2d",
    "torch.nn.LPPool3d",
    "torch.nn.FractionalMaxPool2d",
    "torch.nn.FractionalMaxPool3d",
    "torch.nn.CircularPad1d",
    "torch.nn.CircularPad2d",
    "torch.nn.CircularPad3d",
    "torch.nn.ConstantPad1d",
    "torch.nn.ConstantPad2d",
    "torch.nn.ConstantPad3d",
    "torch.nn.ReflectionPad1d",
    "torch.nn.ReflectionPad2d",
    "torch.nn.ReflectionPad3d",
    "torch.nn.ReplicationPad1d",
    "torch.nn.ReplicationPad2d",
    "torch.nn.ReplicationPad3d",
    "torch.nn.ZeroPad1d",
    "torch.nn.ZeroPad2d",
    "torch.nn.ZeroPad3d",
    "torch.nn.Flatten",
    "torch.nn.Unflatten",
    "torch.nn.PixelShuffle",
    "torch.nn.PixelUnshuffle",
    "torch.nn.ChannelShuffle",
    "torch.nn.Upsample",
    "torch.nn.UpsamplingBilinear2d",
    "torch.nn.UpsamplingNearest2d",
    "torch.nn.BatchNorm1d",
    "torch.nn.BatchNorm2d",
    "torch.nn.BatchNorm3d",
    "torch.nn.InstanceNorm1d",
    "torch.nn.InstanceNorm2d",
    "torch.nn.InstanceNorm3d",
    "torch.nn.LayerNorm",
    "torch.nn.GroupNorm",
    "torch.nn.RMSNorm",
    "torch.nn.LocalResponseNorm",
    "torch.nn.CrossMapLRN2d",
    "torch.nn.Dropout",
    "torch.nn.Dropout1d",
    "torch.nn.Dropout2d",
    "torch.nn.Dropout3d",
    "torch.nn.AlphaDropout",
    "torch.nn.FeatureAlphaDropout",
    "torch.nn.RNN",
    "torch.nn.LSTM",
    "torch.nn.GRU",
    "torch.nn.RNNCell",
    "torch.nn.LSTMCell",
    "torch.nn.GRUCell",
    "torch.nn.MultiheadAttention",
    "torch.nn.Transformer",
    "torch.nn.TransformerEncoderLayer",
    "torch.nn.TransformerDecoderLayer",
    page="nn",
)
@pytest.mark.changed(
    "1.5",
    "Hardsigmoid appears",
    kind="appeared",
    of=("torch.nn.Hardsigmoid",),
    cause="pytorch#34545",
    probable=True,
)
@pytest.mark.changed(
    "1.6",
    "Hardswish appears",
    kind="appeared",
    cause="pytorch#34747",
    of=("torch.nn.Hardswish",),
)
@pytest.mark.changed(
    "1.7",
    "SiLU appears",
    kind="appeared",
    cause="pytorch#41034",
    of=("torch.nn.SiLU",),
)
@pytest.mark.changed(
    "1.7",
    "Unflatten appears",
    kind="appeared",
    of=("torch.nn.Unflatten",),
    cause="pytorch#41564",
)
@pytest.mark.changed(
    "1.8",
    "ChannelShuffle appears",
    kind="appeared",
    cause="pytorch#46000",
    of="torch.nn.ChannelShuffle",
)
@pytest.mark.changed(
    "1.8",
    "PixelUnshuffle appears",
    kind="appeared",
    cause="pytorch#49334",
    of="torch.nn.PixelUnshuffle",
)
@pytest.mark.changed(
    "1.9",
    "Mish appears",
    kind="appeared",
    cause="pytorch#58648",
    of=("torch.nn.Mish",),
)
@pytest.mark.changed(
    "1.10",
    "ReflectionPad3d appears",
    kind="appeared",
    cause="pytorch#59791",
    of=("torch.nn.ReflectionPad3d",),
)
@pytest.mark.changed(
    "1.12",
    "Dropout1d appears",
    kind="appeared",
    cause="pytorch#79545",
    of=("torch.nn.Dropout1d",),
)
@pytest.mark.changed(
    "2.1",
    "CircularPad1d, CircularPad2d and CircularPad3d appear",
    kind="appeared",
    cause="pytorch#106632",
    of=(
        "torch.nn.CircularPad1d",
        "torch.nn.CircularPad2d",
        "torch.nn.CircularPad3d",
    ),
)
@pytest.mark.changed(
    "2.1",
    "ZeroPad1d and ZeroPad3d appear",
    kind="appeared",
    of=(
        "torch.nn.ZeroPad1d",
        "torch.nn.ZeroPad3d",
    ),
    cause="pytorch#96295",
)
@pytest.mark.changed(
    "2.3",
    "LPPool3d appears",
    kind="appeared",
    cause="pytorch#114199",
    of=("torch.nn.LPPool3d",),
)
@pytest.mark.changed(
    "2.4",
    "RMSNorm appears",
    kind="appeared",
    cause="pytorch#121364",
    of=("torch.nn.RMSNorm",),
)
def test_layer_in_eval_changes_nothing(family, snapshot):
    """A layer in ``eval()`` leaves inputs, parameters, buffers and gradients as they are.

    Trap: FractionalMaxPool draws its regions from the global random stream in ``eval()`` too.
    """

    def act(name):
        layer, inputs = layer_of(family, name).eval(), inputs_of(family, name)
        return layer_changes(layer, inputs, lambda: layer(*inputs))

    assert snapshot == observe_each(each(act, {name: {"name": name} for name in LAYERS[family]}))


@pytest.mark.parametrize("family", LAYERS)
@pytest.mark.api(
    "torch.nn.CELU",
    "torch.nn.ELU",
    "torch.nn.GELU",
    "torch.nn.GLU",
    "torch.nn.Hardshrink",
    "torch.nn.Hardsigmoid",
    "torch.nn.Hardswish",
    "torch.nn.Hardtanh",
    "torch.nn.LeakyReLU",
    "torch.nn.LogSigmoid",
    "torch.nn.LogSoftmax",
    "torch.nn.Mish",
    "torch.nn.PReLU",
    "torch.nn.RReLU",
    "torch.nn.ReLU",
    "torch.nn.ReLU6",
    "torch.nn.SELU",
    "torch.nn.SiLU",
    "torch.nn.Sigmoid",
    "torch.nn.Softmax",
    "torch.nn.Softmax2d",
    "torch.nn.Softmin",
    "torch.nn.Softplus",
    "torch.nn.Softshrink",
    "torch.nn.Softsign",
    "torch.nn.Tanh",
    "torch.nn.Tanhshrink",
    "torch.nn.Threshold",
    "torch.nn.Identity",
    "torch.nn.Linear",
    "torch.nn.Bilinear",
    "torch.nn.Conv1d",
    "torch.nn.Conv2d",
    "torch.nn.Conv3d",
    "torch.nn.ConvTranspose1d",
    "torch.nn.ConvTranspose2d",
    "torch.nn.ConvTranspose3d",
    "torch.nn.Fold",
    "torch.nn.Unfold",
    "torch.nn.CosineSimilarity",
    "torch.nn.PairwiseDistance",
    "torch.nn.AdaptiveAvgPool1d",
    "torch.nn.AdaptiveAvgPool2d",
    "torch.nn.AdaptiveAvgPool3d",
    "torch.nn.AdaptiveMaxPool1d",
    "torch.nn.AdaptiveMaxPool2d",
    "torch.nn.AdaptiveMaxPool3d",
    "torch.nn.AvgPool1d",
    "torch.nn.AvgPool2d",
    "torch.nn.AvgPool3d",
    "torch.nn.MaxPool1d",
    "torch.nn.MaxPool2d",
    "torch.nn.MaxPool3d",
    "torch.nn.LPPool1d",
    "torch.nn.LPPool2d",
    "torch.nn.LPPool3d",
    "torch.nn.FractionalMaxPool2d",
    "torch.nn.FractionalMaxPool3d",
    "torch.nn.CircularPad1d",
    "torch.nn.CircularPad2d",
    "torch.nn.CircularPad3d",
    "torch.nn.ConstantPad1d",
    "torch.nn.ConstantPad2d",
    "torch.nn.ConstantPad3d",
    "torch.nn.ReflectionPad1d",
    "torch.nn.ReflectionPad2d",
    "torch.nn.ReflectionPad3d",
    "torch.nn.ReplicationPad1d",
    "torch.nn.ReplicationPad2d",
    "torch.nn.ReplicationPad3d",
    "torch.nn.ZeroPad1d",
    "torch.nn.ZeroPad2d",
    "torch.nn.ZeroPad3d",
    "torch.nn.Flatten",
    "torch.nn.Unflatten",
    "torch.nn.PixelShuffle",
    "torch.nn.PixelUnshuffle",
    "torch.nn.ChannelShuffle",
    "torch.nn.Upsample",
    "torch.nn.UpsamplingBilinear2d",
    "torch.nn.UpsamplingNearest2d",
    "torch.nn.BatchNorm1d",
    "torch.nn.BatchNorm2d",
    "torch.nn.BatchNorm3d",
    "torch.nn.InstanceNorm1d",
    "torch.nn.InstanceNorm2d",
    "torch.nn.InstanceNorm3d",
    "torch.nn.LayerNorm",
    "torch.nn.GroupNorm",
    "torch.nn.RMSNorm",
    "torch.nn.LocalResponseNorm",
    "torch.nn.CrossMapLRN2d",
    "torch.nn.Dropout",
    "torch.nn.Dropout1d",
    "torch.nn.Dropout2d",
    "torch.nn.Dropout3d",
    "torch.nn.AlphaDropout",
    "torch.nn.FeatureAlphaDropout",
    "torch.nn.RNN",
    "torch.nn.LSTM",
    "torch.nn.GRU",
    "torch.nn.RNNCell",
    "torch.nn.LSTMCell",
    "torch.nn.GRUCell",
    "torch.nn.MultiheadAttention",
    "torch.nn.Transformer",
    "torch.nn.TransformerEncoderLayer",
    "torch.nn.TransformerDecoderLayer",
    page="nn",
)
@pytest.mark.changed(
    "1.5",
    "Hardsigmoid appears",
    kind="appeared",
    of=("torch.nn.Hardsigmoid",),
    cause="pytorch#34545",
    probable=True,
)
@pytest.mark.changed(
    "1.6",
    "Hardswish appears",
    kind="appeared",
    cause="pytorch#34747",
    of=("torch.nn.Hardswish",),
)
@pytest.mark.changed(
    "1.7",
    "SiLU appears",
    kind="appeared",
    cause="pytorch#41034",
    of=("torch.nn.SiLU",),
)
@pytest.mark.changed(
    "1.7",
    "Unflatten appears",
    kind="appeared",
    of=("torch.nn.Unflatten",),
    cause="pytorch#41564",
)
@pytest.mark.changed(
    "1.8",
    "ChannelShuffle appears, without a backward pass",
    kind="appeared",
    of="torch.nn.ChannelShuffle",
    cause="pytorch#46000",
)
@pytest.mark.changed(
    "1.9",
    "Mish appears",
    kind="appeared",
    cause="pytorch#58648",
    of=("torch.nn.Mish",),
)
@pytest.mark.changed(
    "1.10",
    "ReflectionPad3d appears",
    kind="appeared",
    cause="pytorch#59791",
    of=("torch.nn.ReflectionPad3d",),
)
@pytest.mark.changed(
    "1.12",
    "Dropout1d appears",
    kind="appeared",
    cause="pytorch#79545",
    of=("torch.nn.Dropout1d",),
)
@pytest.mark.changed(
    "2.1",
    "CircularPad1d, CircularPad2d and CircularPad3d appear",
    kind="appeared",
    cause="pytorch#106632",
    of=(
        "torch.nn.CircularPad1d",
        "torch.nn.CircularPad2d",
        "torch.nn.CircularPad3d",
    ),
)
@pytest.mark.changed(
    "2.1",
    "ZeroPad1d and ZeroPad3d appear",
    kind="appeared",
    of=(
        "torch.nn.ZeroPad1d",
        "torch.nn.ZeroPad3d",
    ),
    cause="pytorch#96295",
)
@pytest.mark.changed(
    "2.3",
    "LPPool3d appears",
    kind="appeared",
    cause="pytorch#114199",
    of=("torch.nn.LPPool3d",),
)
@pytest.mark.changed(
    "2.4",
    "RMSNorm appears",
    kind="appeared",
    cause="pytorch#121364",
    of=("torch.nn.RMSNorm",),
)
@pytest.mark.changed(
    "2.5",
    "ChannelShuffle has a backward pass",
    kind="error-gone",
    of="torch.nn.ChannelShuffle",
    cause="pytorch#118775",
    probable=True,
)
def test_backward_through_a_layer_changes_gradients_alone(family, snapshot):
    """A backward pass through a layer fills gradients, and leaves numbers, buffers and stream.

    The layer is in ``eval()``. A layer without parameters has no gradients of its own to fill.
    """

    def act(name):
        layer, inputs = layer_of(family, name).eval(), inputs_of(family, name)
        for x in tensors_of(inputs):
            x.requires_grad_()
        with without_warnings():
            loss = tensors_of(layer(*inputs))[0].sum()
        return layer_changes(layer, inputs, loss.backward)

    assert snapshot == observe_each(each(act, {name: {"name": name} for name in LAYERS[family]}))


@pytest.mark.api("torch.nn.Embedding", "torch.nn.EmbeddingBag", page="generated/torch.nn.Embedding")
def test_embedding_without_max_norm_changes_nothing(snapshot):
    """A lookup leaves indices and table as they are, unless ``max_norm`` shortens a row.

    ``max_norm`` writes into the table in ``eval()`` too. The row is [-1.125, 0.125, 1.375].
    """

    def act(name, training=True, **settings):
        layer = getattr(nn, name)(2, 3, **settings).train(training)
        layer.weight.data.copy_(eighths(2, 3))
        inputs = [torch.tensor([[0]])]
        return layer_changes(layer, inputs, lambda: layer(*inputs))

    cases = {"default": {}, "max_norm": {"max_norm": 1.0}}
    cases["max_norm in eval"] = {"max_norm": 1.0, "training": False}
    assert snapshot == observe_each(
        {
            f"{name}, {case}": lambda name=name, settings=settings: act(name, **settings)
            for name in ("Embedding", "EmbeddingBag")
            for case, settings in cases.items()
        }
    )


@pytest.mark.api(
    "torch.nn.MaxUnpool1d",
    "torch.nn.MaxUnpool2d",
    "torch.nn.MaxUnpool3d",
    page="generated/torch.nn.MaxUnpool2d",
)
def test_max_unpool_leaves_values_and_indices(snapshot):
    """MaxUnpool leaves the values and the indices that it is given as they are."""

    def act(n):
        x = eighths(1, 1, *[4, 2, 2][:n])
        with without_warnings():
            values, indices = getattr(nn, f"MaxPool{n}d")(2, return_indices=True)(x)
        unpool = getattr(nn, f"MaxUnpool{n}d")(2)
        return layer_changes(unpool, [values, indices], lambda: unpool(values, indices))

    assert snapshot == observe_each({f"{n}d": lambda n=n: act(n) for n in (1, 2, 3)})


INSIDE = {
    "MultiheadAttention": (lambda p: nn.MultiheadAttention(2, 1, dropout=p), 3),
    "TransformerEncoderLayer": (lambda p: nn.TransformerEncoderLayer(2, 1, 2, dropout=p), 1),
    "TransformerDecoderLayer": (lambda p: nn.TransformerDecoderLayer(2, 1, 2, dropout=p), 2),
    "RNN": (lambda p: nn.RNN(2, 3, 2, dropout=p), 1),
    "LSTM": (lambda p: nn.LSTM(2, 3, 2, dropout=p), 1),
    "GRU": (lambda p: nn.GRU(2, 3, 2, dropout=p), 1),
}


@pytest.mark.parametrize("name", INSIDE)
@pytest.mark.api(
    "torch.nn.MultiheadAttention",
    "torch.nn.TransformerEncoderLayer",
    "torch.nn.TransformerDecoderLayer",
    "torch.nn.RNN",
    "torch.nn.LSTM",
    "torch.nn.GRU",
    page="nn",
)
def test_dropout_inside_a_layer_draws_in_training_alone(name, snapshot):
    """A layer with ``dropout`` draws from the global stream in training, if ``dropout`` is not 0.

    Trap: the default of attention and recurrent layers is 0, and that of Transformers is 0.1.
    """
    make, count = INSIDE[name]
    inputs = [eighths(4, 1, 2)] * count

    def act(p, training):
        layer = make(p).train(training)
        return moves_the_stream(lambda: layer(*inputs))

    cases = {"training": {"p": 0.5, "training": True}, "eval": {"p": 0.5, "training": False}}
    cases["p=0"] = {"p": 0.0, "training": True}
    assert snapshot == observe_each(each(act, cases))


RECURRENT = ("RNN", "LSTM", "GRU")


@pytest.mark.api("torch.nn.RNN", "torch.nn.LSTM", "torch.nn.GRU", page="generated/torch.nn.LSTM")
def test_dropout_of_a_recurrent_layer_draws_between_layers_alone(snapshot):
    """A recurrent layer drops between its layers: a single one draws nothing.

    Making a single layer with ``dropout`` warns.
    """

    def act(name):
        with without_warnings():
            layer = getattr(nn, name)(2, 3, dropout=0.5)
        return moves_the_stream(lambda: layer(eighths(4, 1, 2)))

    assert snapshot == observe_each({name: lambda name=name: act(name) for name in RECURRENT})


@pytest.mark.api(
    "torch.nn.FractionalMaxPool2d",
    "torch.nn.FractionalMaxPool3d",
    "torch.nn.functional.fractional_max_pool2d",
    "torch.nn.functional.fractional_max_pool3d",
    page="generated/torch.nn.FractionalMaxPool2d",
)
def test_fractional_max_pool_draws_nothing_when_given_its_samples(snapshot):
    """FractionalMaxPool draws in each mode, unless it is given ``_random_samples``.

    The function and the layer take the same samples, [batch, channels, dimensions].
    """

    def act(n, make, given=False):
        x = eighths(1, 1, *[4] * n)
        samples = {"_random_samples": torch.full((1, 1, n), 0.25)} if given else {}
        return moves_the_stream(lambda: make(n, x, **samples))

    def pooled(n, x, **samples):
        return getattr(nn, f"FractionalMaxPool{n}d")(2, 2, **samples)(x)

    def function(n, x, **samples):
        return getattr(F, f"fractional_max_pool{n}d")(x, 2, 2, **samples)

    assert snapshot == observe_each(
        {
            "layer 2d": lambda: act(2, pooled),
            "layer 2d with samples": lambda: act(2, pooled, given=True),
            "layer 3d": lambda: act(3, pooled),
            "layer 3d with samples": lambda: act(3, pooled, given=True),
            "function 2d": lambda: act(2, function),
            "function 2d with samples": lambda: act(2, function, given=True),
            "function 3d": lambda: act(3, function),
            "function 3d with samples": lambda: act(3, function, given=True),
        }
    )


FUNCTIONS = {
    "dropout": lambda x, training: F.dropout(x, 0.5, training),
    "alpha_dropout": lambda x, training: F.alpha_dropout(x, 0.5, training),
    "feature_alpha_dropout": lambda x, training: F.feature_alpha_dropout(x, 0.5, training),
    "dropout1d": lambda x, training: F.dropout1d(x, 0.5, training),
    "dropout2d": lambda x, training: F.dropout2d(x[..., None], 0.5, training),
    "dropout3d": lambda x, training: F.dropout3d(x[..., None, None], 0.5, training),
    "rrelu": lambda x, training: F.rrelu(x, training=training),
    "scaled_dot_product_attention": lambda x, training: F.scaled_dot_product_attention(
        x, x, x, dropout_p=0.5 * training
    ),
    "gumbel_softmax": lambda x, training: F.gumbel_softmax(x),
}


@pytest.mark.api(
    "torch.nn.functional.dropout",
    "torch.nn.functional.alpha_dropout",
    "torch.nn.functional.feature_alpha_dropout",
    "torch.nn.functional.dropout1d",
    "torch.nn.functional.dropout2d",
    "torch.nn.functional.dropout3d",
    "torch.nn.functional.rrelu",
    "torch.nn.functional.scaled_dot_product_attention",
    "torch.nn.functional.gumbel_softmax",
    page="nn.functional",
)
@pytest.mark.parametrize("training", [True, False], ids=["training", "not training"])
@pytest.mark.changed(
    "1.12",
    "dropout1d appears",
    kind="appeared",
    cause="pytorch#79545",
    of=("torch.nn.functional.dropout1d",),
)
@pytest.mark.changed(
    "2.0",
    "scaled_dot_product_attention appears",
    kind="appeared",
    of=("torch.nn.functional.scaled_dot_product_attention",),
    cause="pytorch#92189",
)
def test_random_function_draws_when_training_and_leaves_its_input(training, snapshot):
    """A random function of ``torch.nn.functional`` draws with ``training=True`` alone.

    ``gumbel_softmax`` has no ``training``, and always draws. ``scaled_dot_product_attention`` has
    none either: it draws whenever ``dropout_p`` is not 0, and ``eval()`` does not reach it.
    """

    def act(name):
        x = eighths(1, 2, 4)
        return changes(lambda: FUNCTIONS[name](x, training), inputs=lambda: [x])

    assert snapshot == observe_each({name: lambda name=name: act(name) for name in FUNCTIONS})


@pytest.mark.api(
    "torch.nn.functional.batch_norm",
    "torch.nn.functional.instance_norm",
    page="generated/torch.nn.functional.batch_norm",
)
def test_functional_norm_writes_into_the_statistics_that_it_is_given(snapshot):
    """``batch_norm(training=True)`` and ``instance_norm`` write into the statistics passed in.

    ``batch_norm`` with ``training=False``, and ``instance_norm`` with ``use_input_stats=False``,
    read them alone.
    """

    def act(function, **settings):
        mean, variance, x = torch.zeros(2), torch.ones(2), eighths(2, 2, 4)
        return changes(
            lambda: function(x, mean, variance, **settings),
            inputs=lambda: [x],
            mean=lambda: [mean],
            variance=lambda: [variance],
        )

    assert snapshot == observe_each(
        {
            "batch_norm, training": lambda: act(F.batch_norm, training=True),
            "batch_norm": lambda: act(F.batch_norm),
            "batch_norm, momentum 0": lambda: act(F.batch_norm, training=True, momentum=0.0),
            "instance_norm": lambda: act(F.instance_norm),
            "instance_norm, no input stats": lambda: act(F.instance_norm, use_input_stats=False),
        }
    )


NORMS = {"BatchNorm1d": (2, 2, 4), "BatchNorm2d": (2, 2, 2, 2), "BatchNorm3d": (2, 2, 2, 2, 2)}


@pytest.mark.api(
    "torch.nn.BatchNorm1d",
    "torch.nn.BatchNorm2d",
    "torch.nn.BatchNorm3d",
    page="generated/torch.nn.BatchNorm1d",
)
@pytest.mark.changed(
    "1.11",
    "num_batches_tracked is counted in place, where each batch made another tensor before",
    kind="silent",
    advice="read layer.num_batches_tracked anew after each batch",
    rarely="a reference to num_batches_tracked that is kept",
    cause="pytorch#70444",
)
def test_batchnorm_counts_in_the_tensor_that_it_has(snapshot):
    """BatchNorm in training writes into the tensors of its buffers, and keeps these tensors.

    A reference to ``num_batches_tracked`` or ``running_mean`` follows the training.
    """

    def act(name):
        layer = getattr(nn, name)(2)
        held = dict(layer.named_buffers())
        layer(eighths(*NORMS[name]))
        return {key: held[key] is one for key, one in layer.named_buffers()}

    assert snapshot == observe_each({name: lambda name=name: act(name) for name in NORMS})


LAZY = {
    "LazyLinear": ((2,), (2, 4)),
    "LazyConv1d": ((2, 2), (1, 2, 4)),
    "LazyConv2d": ((2, 2), (1, 2, 4, 2)),
    "LazyConv3d": ((2, 2), (1, 2, 4, 2, 2)),
    "LazyConvTranspose1d": ((2, 2), (1, 2, 4)),
    "LazyConvTranspose2d": ((2, 2), (1, 2, 4, 2)),
    "LazyConvTranspose3d": ((2, 2), (1, 2, 4, 2, 2)),
    "LazyBatchNorm1d": ((), (2, 2, 4)),
    "LazyInstanceNorm1d": ((), (2, 2, 4)),
}


@pytest.mark.api(
    "torch.nn.LazyLinear",
    "torch.nn.LazyConv1d",
    "torch.nn.LazyConv2d",
    "torch.nn.LazyConv3d",
    "torch.nn.LazyConvTranspose1d",
    "torch.nn.LazyConvTranspose2d",
    "torch.nn.LazyConvTranspose3d",
    "torch.nn.LazyBatchNorm1d",
    "torch.nn.LazyInstanceNorm1d",
    page="generated/torch.nn.LazyLinear",
)
@pytest.mark.changed(
    "1.8",
    "LazyConv1d, LazyConv2d, LazyConv3d, LazyConvTranspose1d, LazyConvTranspose2d and "
    "LazyConvTranspose3d appear",
    kind="appeared",
    of=(
        "torch.nn.LazyConv1d",
        "torch.nn.LazyConv2d",
        "torch.nn.LazyConv3d",
        "torch.nn.LazyConvTranspose1d",
        "torch.nn.LazyConvTranspose2d",
        "torch.nn.LazyConvTranspose3d",
    ),
    cause="pytorch#47350",
)
@pytest.mark.changed(
    "1.8",
    "LazyLinear appears",
    kind="appeared",
    cause="pytorch#44538",
    of=("torch.nn.LazyLinear",),
)
@pytest.mark.changed(
    "1.9",
    "LazyBatchNorm1d appears",
    kind="appeared",
    of=("torch.nn.LazyBatchNorm1d",),
    cause="pytorch#51862",
)
@pytest.mark.changed(
    "1.10",
    "LazyInstanceNorm1d appears",
    kind="appeared",
    of=("torch.nn.LazyInstanceNorm1d",),
    cause="pytorch#60982",
)
def test_lazy_layer_draws_its_parameters_at_the_first_input(snapshot):
    """A lazy layer draws nothing when it is made; its first input draws, and later ones do not.

    The first call makes the parameters. A seed that is set between the two decides the parameters.
    The mode of the layer does not matter: in ``eval()`` the first call draws too.
    """

    def act(name):
        arguments, shape = LAZY[name]
        layers = []
        made = moves_the_stream(lambda: layers.append(getattr(nn, name)(*arguments).eval()))
        first, second = (moves_the_stream(lambda: layers[0](eighths(*shape))) for _ in range(2))
        return {"made": made, "first input": first, "second input": second}

    assert snapshot == observe_each({name: lambda name=name: act(name) for name in LAZY})


# family -> the name of a function -> the arguments after the input, and the shape of the input
CALLS = {
    "activations": {
        "relu": ((), (2, 4)),
        "relu6": ((), (2, 4)),
        "elu": ((), (2, 4)),
        "selu": ((), (2, 4)),
        "celu": ((), (2, 4)),
        "gelu": ((), (2, 4)),
        "glu": ((), (2, 4)),
        "leaky_relu": ((), (2, 4)),
        "prelu": ((torch.full((1,), 0.25),), (2, 4)),
        "rrelu": ((), (2, 4)),
        "logsigmoid": ((), (2, 4)),
        "hardshrink": ((), (2, 4)),
        "hardsigmoid": ((), (2, 4)),
        "hardswish": ((), (2, 4)),
        "hardtanh": ((), (2, 4)),
        "mish": ((), (2, 4)),
        "silu": ((), (2, 4)),
        "softplus": ((), (2, 4)),
        "softshrink": ((), (2, 4)),
        "softsign": ((), (2, 4)),
        "tanhshrink": ((), (2, 4)),
        "threshold": ((1.0, 0.0), (2, 4)),
        "softmax": ((1,), (2, 4)),
        "softmin": ((1,), (2, 4)),
        "log_softmax": ((1,), (2, 4)),
        "normalize": ((), (2, 4)),
    },
    "pooling": {
        "avg_pool1d": ((2,), (1, 2, 4)),
        "avg_pool2d": ((2,), (1, 2, 4, 4)),
        "avg_pool3d": ((2,), (1, 2, 4, 4, 4)),
        "max_pool1d": ((2,), (1, 2, 4)),
        "max_pool2d": ((2,), (1, 2, 4, 4)),
        "max_pool3d": ((2,), (1, 2, 4, 4, 4)),
        "adaptive_avg_pool1d": ((2,), (1, 2, 4)),
        "adaptive_avg_pool2d": ((2,), (1, 2, 4, 4)),
        "adaptive_avg_pool3d": ((2,), (1, 2, 4, 4, 4)),
        "adaptive_max_pool1d": ((2,), (1, 2, 4)),
        "adaptive_max_pool2d": ((2,), (1, 2, 4, 4)),
        "adaptive_max_pool3d": ((2,), (1, 2, 4, 4, 4)),
        "lp_pool1d": ((2, 2), (1, 2, 4)),
        "lp_pool2d": ((2, 2), (1, 2, 4, 4)),
        "lp_pool3d": ((2, 2), (1, 2, 4, 4, 4)),
    },
    "others": {
        "linear": ((torch.ones(3, 4),), (2, 4)),
        "bilinear": ((torch.ones(2, 3), torch.ones(1, 4, 3)), (2, 4)),
        "conv1d": ((torch.ones(1, 2, 2),), (1, 2, 4)),
        "conv2d": ((torch.ones(1, 2, 2, 2),), (1, 2, 4, 4)),
        "conv3d": ((torch.ones(1, 2, 2, 2, 2),), (1, 2, 4, 4, 4)),
        "conv_transpose1d": ((torch.ones(2, 1, 2),), (1, 2, 4)),
        "conv_transpose2d": ((torch.ones(2, 1, 2, 2),), (1, 2, 4, 4)),
        "conv_transpose3d": ((torch.ones(2, 1, 2, 2, 2),), (1, 2, 4, 4, 4)),
        "layer_norm": (((4,),), (2, 4)),
        "rms_norm": (((4,),), (2, 4)),
        "group_norm": ((1,), (2, 2, 4)),
        "local_response_norm": ((2,), (1, 2, 4)),
        "pad": (((1, 1),), (1, 2, 4)),
        "interpolate": (((4, 4),), (1, 2, 2, 2)),
        "pixel_shuffle": ((2,), (1, 4, 2, 2)),
        "pixel_unshuffle": ((2,), (1, 1, 4, 4)),
        "channel_shuffle": ((2,), (1, 4, 2, 2)),
        "fold": (((3, 3), 2), (1, 4, 4)),
        "unfold": ((2,), (1, 1, 3, 3)),
        "affine_grid": (((1, 1, 2, 2),), (1, 2, 3)),
        "grid_sample": ((torch.zeros(1, 2, 2, 2),), (1, 1, 4, 4)),
        "cosine_similarity": ((torch.ones(2, 4),), (2, 4)),
        "pairwise_distance": ((torch.ones(2, 4),), (2, 4)),
        "pdist": ((), (3, 2)),
    },
}


@pytest.mark.parametrize("family", CALLS)
@pytest.mark.api(
    "torch.nn.functional.relu",
    "torch.nn.functional.relu6",
    "torch.nn.functional.elu",
    "torch.nn.functional.selu",
    "torch.nn.functional.celu",
    "torch.nn.functional.gelu",
    "torch.nn.functional.glu",
    "torch.nn.functional.leaky_relu",
    "torch.nn.functional.prelu",
    "torch.nn.functional.rrelu",
    "torch.nn.functional.logsigmoid",
    "torch.nn.functional.hardshrink",
    "torch.nn.functional.hardsigmoid",
    "torch.nn.functional.hardswish",
    "torch.nn.functional.hardtanh",
    "torch.nn.functional.mish",
    "torch.nn.functional.silu",
    "torch.nn.functional.softplus",
    "torch.nn.functional.softshrink",
    "torch.nn.functional.softsign",
    "torch.nn.functional.tanhshrink",
    "torch.nn.functional.threshold",
    "torch.nn.functional.softmax",
    "torch.nn.functional.softmin",
    "torch.nn.functional.log_softmax",
    "torch.nn.functional.normalize",
    "torch.nn.functional.avg_pool1d",
    "torch.nn.functional.avg_pool2d",
    "torch.nn.functional.avg_pool3d",
    "torch.nn.functional.max_pool1d",
    "torch.nn.functional.max_pool2d",
    "torch.nn.functional.max_pool3d",
    "torch.nn.functional.adaptive_avg_pool1d",
    "torch.nn.functional.adaptive_avg_pool2d",
    "torch.nn.functional.adaptive_avg_pool3d",
    "torch.nn.functional.adaptive_max_pool1d",
    "torch.nn.functional.adaptive_max_pool2d",
    "torch.nn.functional.adaptive_max_pool3d",
    "torch.nn.functional.lp_pool1d",
    "torch.nn.functional.lp_pool2d",
    "torch.nn.functional.lp_pool3d",
    "torch.nn.functional.linear",
    "torch.nn.functional.bilinear",
    "torch.nn.functional.conv1d",
    "torch.nn.functional.conv2d",
    "torch.nn.functional.conv3d",
    "torch.nn.functional.conv_transpose1d",
    "torch.nn.functional.conv_transpose2d",
    "torch.nn.functional.conv_transpose3d",
    "torch.nn.functional.layer_norm",
    "torch.nn.functional.rms_norm",
    "torch.nn.functional.group_norm",
    "torch.nn.functional.local_response_norm",
    "torch.nn.functional.pad",
    "torch.nn.functional.interpolate",
    "torch.nn.functional.pixel_shuffle",
    "torch.nn.functional.pixel_unshuffle",
    "torch.nn.functional.channel_shuffle",
    "torch.nn.functional.fold",
    "torch.nn.functional.unfold",
    "torch.nn.functional.affine_grid",
    "torch.nn.functional.grid_sample",
    "torch.nn.functional.cosine_similarity",
    "torch.nn.functional.pairwise_distance",
    "torch.nn.functional.pdist",
    page="nn.functional",
)
@pytest.mark.changed(
    "1.5",
    "hardsigmoid appears",
    kind="appeared",
    of=("torch.nn.functional.hardsigmoid",),
    cause="pytorch#34545",
    probable=True,
)
@pytest.mark.changed(
    "1.6",
    "hardswish appears",
    kind="appeared",
    cause="pytorch#34747",
    of=("torch.nn.functional.hardswish",),
)
@pytest.mark.changed(
    "1.6",
    "channel_shuffle appears",
    kind="appeared",
    cause="pytorch#36815",
    of=("torch.nn.functional.channel_shuffle",),
)
@pytest.mark.changed(
    "1.7",
    "silu appears",
    kind="appeared",
    cause="pytorch#41034",
    of=("torch.nn.functional.silu",),
)
@pytest.mark.changed(
    "1.8",
    "pixel_unshuffle appears",
    kind="appeared",
    of=("torch.nn.functional.pixel_unshuffle",),
    cause="pytorch#49334",
)
@pytest.mark.changed(
    "1.9",
    "mish appears",
    kind="appeared",
    cause="pytorch#58648",
    of=("torch.nn.functional.mish",),
)
@pytest.mark.changed(
    "2.3",
    "lp_pool3d appears",
    kind="appeared",
    cause="pytorch#114199",
    of=("torch.nn.functional.lp_pool3d",),
)
@pytest.mark.changed(
    "2.4",
    "rms_norm appears",
    kind="appeared",
    cause="pytorch#121364",
    of=("torch.nn.functional.rms_norm",),
)
def test_function_leaves_its_inputs_and_the_stream(family, snapshot):
    """A function of ``torch.nn.functional`` leaves input, weights and random stream as they are.

    Functions that draw in training are called without ``training=True``.
    """

    def act(name):
        arguments, shape = CALLS[family][name]
        x = eighths(*shape)
        given = [x, *[one for one in arguments if isinstance(one, torch.Tensor)]]
        return changes(lambda: getattr(F, name)(x, *arguments), inputs=lambda: given)

    assert snapshot == observe_each(each(act, {name: {"name": name} for name in CALLS[family]}))
