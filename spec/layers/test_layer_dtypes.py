"""Each class of layers on each dtype: integers, float64, half precision and complex numbers.

The same input of ones is tried on every class. A layer with weights takes only their dtype. Layers
without weights compute in the dtype of the input. On the CPU, float16 and bfloat16 came class by
class, most of them from 1.9 to 2.3.
"""

import pytest
import torch
from torch import nn

from fixtures.layer_edges import LAYERS, acts, output
from fixtures.settings import each
from torch_history.observing import apart, observe_each

# On the CPU of old releases it ends the process for a dtype that it lacks, so it is tried apart.
ALONE = ["AdaptiveAvgPool3d"]
# For integers, 1.5 warns of its division once in a process.
DIVIDING = ["Softsign"]
# Their first bfloat16 kernels depended on the CPU.
BY_THE_CPU = ["ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d"]


def takes(dtype):
    """An act: the dtype of the output of a float32 layer for ones of ``dtype``."""
    return lambda make, shape: output(make(), torch.ones(shape, dtype=dtype)).dtype


def trains(dtype):
    """An act: the dtypes of output and gradient, after a layer in ``dtype`` has run backward."""

    def act(make, shape):
        x = torch.ones(shape).to(dtype).requires_grad_()
        result = output(make().to(dtype), x)
        result.backward(torch.ones_like(result))
        return {"output": result.dtype, "gradient": x.grad.dtype}

    return act


@pytest.mark.api("torch.nn.Linear", "torch.nn.Bilinear", "torch.nn.Conv1d", "torch.nn.Conv2d")
@pytest.mark.api("torch.nn.Conv3d", "torch.nn.ConvTranspose1d", "torch.nn.ConvTranspose2d")
@pytest.mark.api("torch.nn.ConvTranspose3d", "torch.nn.MaxPool1d", "torch.nn.MaxPool2d")
@pytest.mark.api("torch.nn.MaxPool3d", "torch.nn.AvgPool1d", "torch.nn.AvgPool2d")
@pytest.mark.api("torch.nn.AvgPool3d", "torch.nn.LPPool1d", "torch.nn.LPPool2d")
@pytest.mark.api("torch.nn.LPPool3d", "torch.nn.FractionalMaxPool2d")
@pytest.mark.api("torch.nn.FractionalMaxPool3d", "torch.nn.MaxUnpool1d", "torch.nn.MaxUnpool2d")
@pytest.mark.api("torch.nn.MaxUnpool3d", "torch.nn.AdaptiveAvgPool1d", "torch.nn.AdaptiveAvgPool2d")
@pytest.mark.api("torch.nn.AdaptiveAvgPool3d", "torch.nn.AdaptiveMaxPool1d")
@pytest.mark.api("torch.nn.AdaptiveMaxPool2d", "torch.nn.AdaptiveMaxPool3d", "torch.nn.BatchNorm1d")
@pytest.mark.api("torch.nn.BatchNorm2d", "torch.nn.BatchNorm3d", "torch.nn.InstanceNorm1d")
@pytest.mark.api("torch.nn.InstanceNorm2d", "torch.nn.InstanceNorm3d", "torch.nn.GroupNorm")
@pytest.mark.api("torch.nn.LayerNorm", "torch.nn.RMSNorm", "torch.nn.LocalResponseNorm")
@pytest.mark.api("torch.nn.ReLU", "torch.nn.ReLU6", "torch.nn.LeakyReLU", "torch.nn.PReLU")
@pytest.mark.api("torch.nn.ELU", "torch.nn.CELU", "torch.nn.SELU", "torch.nn.GELU", "torch.nn.SiLU")
@pytest.mark.api("torch.nn.Mish", "torch.nn.Sigmoid", "torch.nn.LogSigmoid", "torch.nn.Tanh")
@pytest.mark.api("torch.nn.Tanhshrink", "torch.nn.Softplus", "torch.nn.Softsign")
@pytest.mark.api("torch.nn.Softshrink", "torch.nn.Hardshrink", "torch.nn.Hardtanh")
@pytest.mark.api("torch.nn.Hardsigmoid", "torch.nn.Hardswish", "torch.nn.Threshold", "torch.nn.GLU")
@pytest.mark.api("torch.nn.RReLU", "torch.nn.Softmax", "torch.nn.Softmin", "torch.nn.LogSoftmax")
@pytest.mark.api("torch.nn.Softmax2d", "torch.nn.Dropout", "torch.nn.AlphaDropout")
@pytest.mark.api("torch.nn.Dropout1d", "torch.nn.Dropout2d", "torch.nn.FeatureAlphaDropout")
@pytest.mark.api("torch.nn.Dropout3d", "torch.nn.RNN", "torch.nn.LSTM", "torch.nn.GRU")
@pytest.mark.api("torch.nn.RNNCell", "torch.nn.LSTMCell", "torch.nn.GRUCell")
@pytest.mark.api("torch.nn.MultiheadAttention", "torch.nn.TransformerEncoderLayer")
@pytest.mark.api("torch.nn.TransformerDecoderLayer", "torch.nn.ConstantPad1d")
@pytest.mark.api("torch.nn.ConstantPad2d", "torch.nn.ConstantPad3d", "torch.nn.ZeroPad1d")
@pytest.mark.api("torch.nn.ZeroPad2d", "torch.nn.ZeroPad3d", "torch.nn.ReflectionPad1d")
@pytest.mark.api("torch.nn.ReflectionPad2d", "torch.nn.ReflectionPad3d")
@pytest.mark.api("torch.nn.ReplicationPad1d", "torch.nn.ReplicationPad2d")
@pytest.mark.api("torch.nn.ReplicationPad3d", "torch.nn.CircularPad1d", "torch.nn.CircularPad2d")
@pytest.mark.api("torch.nn.CircularPad3d", "torch.nn.Identity", "torch.nn.Flatten")
@pytest.mark.api("torch.nn.Unflatten", "torch.nn.Upsample", "torch.nn.UpsamplingNearest2d")
@pytest.mark.api("torch.nn.UpsamplingBilinear2d", "torch.nn.PixelShuffle")
@pytest.mark.api("torch.nn.PixelUnshuffle", "torch.nn.ChannelShuffle", "torch.nn.Unfold")
@pytest.mark.api(
    "torch.nn.Fold", "torch.nn.CosineSimilarity", "torch.nn.PairwiseDistance", page="nn"
)
@pytest.mark.changed(
    "1.5",
    "the message of CELU, ELU, GLU, LeakyReLU, LogSigmoid, RReLU, SELU, Softplus and "
    "Softshrink names another kernel",
    kind="wording",
    when=":unseen",
)
@pytest.mark.changed(
    "1.5",
    "Hardsigmoid was added",
    kind="appeared",
    cause="pytorch#34545",
    probable=True,
    of="torch.nn.Hardsigmoid",
)
@pytest.mark.changed(
    "1.5",
    "Hardtanh and ReLU6 accept integers",
    kind="error-gone",
    cause="pytorch#30152",
    probable=True,
    when=":unseen",
)
@pytest.mark.changed(
    "1.5",
    "the message of GRU, LSTM, MultiheadAttention, RNN, TransformerDecoderLayer and "
    'TransformerEncoderLayer says "Expected object of scalar type Long but got scalar '
    'type Float for ..."',
    kind="wording",
    when=":unseen",
)
@pytest.mark.changed(
    "1.6",
    "Hardswish was added",
    kind="appeared",
    cause="pytorch#34747",
    probable=True,
    of="torch.nn.Hardswish",
)
@pytest.mark.changed(
    "1.6",
    'the message of Dropout, Dropout2d and Dropout3d says "Integer division of tensors '
    'using div or / is no longer supported, ..."',
    kind="wording",
    cause="pytorch#38620",
    when=":unseen",
)
@pytest.mark.changed(
    "1.6",
    "the message of FractionalMaxPool2d, FractionalMaxPool3d and GroupNorm names another kernel",
    kind="wording",
    when=":unseen",
)
@pytest.mark.changed(
    "1.6",
    "LPPool1d and LPPool2d of integers give floats instead of integers",
    kind="silent",
    cause="pytorch#37098",
    advice="convert the output with .long()",
    of=("torch.nn.LPPool1d", "torch.nn.LPPool2d"),
    rarely="integers as input",
)
@pytest.mark.changed(
    "1.7", "SiLU was added", kind="appeared", cause="pytorch#41034", of="torch.nn.SiLU"
)
@pytest.mark.changed(
    "1.7",
    "the message of Conv1d to Conv3d, GRU, GRUCell, LSTM, LSTMCell, Linear, "
    "MultiheadAttention, RNN, RNNCell, TransformerDecoderLayer and TransformerEncoderLayer "
    'says "expected scalar type Long but found Float"',
    kind="wording",
    cause="pytorch#40927",
    probable=True,
    when=":unseen",
)
@pytest.mark.changed(
    "1.7",
    "the message of Dropout, Dropout2d and Dropout3d says \"result type Float can't be "
    'cast to the desired output type Long"',
    kind="wording",
    cause="pytorch#42907",
    probable=True,
    when=":unseen",
)
@pytest.mark.changed(
    "1.7",
    "the message of MaxPool1d names another kernel",
    kind="wording",
    cause="pytorch#43745",
    probable=True,
    when=":unseen",
)
@pytest.mark.changed(
    "1.7", "Unflatten was added", kind="appeared", cause="pytorch#41564", of="torch.nn.Unflatten"
)
@pytest.mark.changed(
    "1.8",
    "Sigmoid, Tanh and Tanhshrink accept integers",
    kind="error-gone",
    cause="pytorch#47551",
    when=":unseen",
)
@pytest.mark.changed(
    "1.8",
    "the message of CosineSimilarity says \"result type Float can't be cast to the desired "
    'output type Long"',
    kind="wording",
    when=":unseen",
)
@pytest.mark.changed(
    "1.8",
    "ChannelShuffle was added",
    kind="appeared",
    cause="pytorch#46000",
    of="torch.nn.ChannelShuffle",
)
@pytest.mark.changed(
    "1.8",
    "PixelUnshuffle was added",
    kind="appeared",
    cause="pytorch#49334",
    of="torch.nn.PixelUnshuffle",
)
@pytest.mark.changed(
    "1.9", "Mish was added", kind="appeared", cause="pytorch#58648", of="torch.nn.Mish"
)
@pytest.mark.changed(
    "1.9",
    "AdaptiveAvgPool3d of one position raises instead of ending the process",
    kind="exception",
    cause="pytorch#51443",
    of="torch.nn.AdaptiveAvgPool3d",
    rarely="integers as input",
    when=":caught",
)
@pytest.mark.changed(
    "1.9",
    "the message of MaxPool2d, Upsample, UpsamplingBilinear2d and UpsamplingNearest2d "
    "names another kernel",
    kind="wording",
    when=":unseen",
)
@pytest.mark.changed(
    "1.10",
    'the message of AdaptiveAvgPool1d to AdaptiveAvgPool3d says "mean(): input dtype '
    'should be either floating point or complex ..."',
    kind="wording",
    cause="pytorch#61643",
    when=":unseen",
)
@pytest.mark.changed(
    "1.10",
    "the message of AdaptiveMaxPool1d, AdaptiveMaxPool2d, MaxUnpool1d to MaxUnpool3d and "
    "Softmax2d names another kernel",
    kind="wording",
    when=":unseen",
)
@pytest.mark.changed(
    "1.10",
    'the message of CosineSimilarity says "expected common dtype to be floating point, '
    'yet common dtype is Long"',
    kind="wording",
    when=":unseen",
)
@pytest.mark.changed(
    "1.10",
    "ReflectionPad3d was added",
    kind="appeared",
    cause="pytorch#59791",
    of="torch.nn.ReflectionPad3d",
)
@pytest.mark.changed(
    "1.12",
    'the message of PReLU says "Found dtype Float but expected Long"',
    kind="wording",
    cause="pytorch#63634",
    probable=True,
    when=":unseen",
)
@pytest.mark.changed(
    "1.12",
    'the message of AdaptiveAvgPool1d to AdaptiveAvgPool3d says "mean(): could not infer '
    'output dtype. Input dtype must be either a ..."',
    kind="wording",
    cause="pytorch#76584",
    when=":unseen",
)
@pytest.mark.changed(
    "1.12",
    "the message of GRU, LSTM, MultiheadAttention, RNN, TransformerDecoderLayer and "
    'TransformerEncoderLayer says "expected scalar type Float but found Long"',
    kind="wording",
    when=":unseen",
)
@pytest.mark.changed(
    "1.12", "Dropout1d was added", kind="appeared", cause="pytorch#79545", of="torch.nn.Dropout1d"
)
@pytest.mark.changed(
    "1.12", "the message of ReflectionPad3d names another kernel", kind="wording", when=":unseen"
)
@pytest.mark.changed(
    "1.13",
    "the message of GRU, GRUCell, LSTM, LSTMCell, Linear, MultiheadAttention, RNN, "
    'RNNCell, TransformerDecoderLayer and TransformerEncoderLayer says "mat1 and mat2 '
    'must have the same dtype"',
    kind="wording",
    cause="pytorch#84960",
    probable=True,
    when=":unseen",
)
@pytest.mark.changed(
    "1.13",
    'the message of Conv2d says "Input type (long int) and bias type (float) should be the same"',
    kind="wording",
    cause="pytorch#83686",
    when=":unseen",
)
@pytest.mark.changed(
    "2.0",
    'the message of PReLU says "prelu: Type promoting not supported. Got Long and Float"',
    kind="wording",
    cause="pytorch#91238",
    when=":unseen",
)
@pytest.mark.changed(
    "2.0",
    'the message of GroupNorm and LayerNorm says "mixed dtype (CPU): expect input to have '
    'scalar type of BFloat16"',
    kind="wording",
    cause="pytorch#81852",
    probable=True,
    when=":unseen",
)
@pytest.mark.changed(
    "2.0",
    "the message of UpsamplingBilinear2d and UpsamplingNearest2d names another kernel",
    kind="wording",
    when=":unseen",
)
@pytest.mark.changed(
    "2.1",
    "the message of GRUCell, LSTM, LSTMCell, Linear, MultiheadAttention, RNNCell, "
    'TransformerDecoderLayer and TransformerEncoderLayer says "mat1 and mat2 must have '
    'the same dtype, but got Long and Float"',
    kind="wording",
    cause="pytorch#105309",
    when=":unseen",
)
@pytest.mark.changed(
    "2.1",
    'the message of GroupNorm and LayerNorm says "mixed dtype (CPU): all inputs must '
    'share same datatype."',
    kind="wording",
    cause="pytorch#103360",
    probable=True,
    when=":unseen",
)
@pytest.mark.changed(
    "2.1",
    "CircularPad1d to CircularPad3d were added",
    kind="appeared",
    cause="pytorch#106148",
    of=("torch.nn.CircularPad1d", "torch.nn.CircularPad2d", "torch.nn.CircularPad3d"),
)
@pytest.mark.changed(
    "2.1",
    "ReflectionPad1d to ReflectionPad3d and ReplicationPad1d to ReplicationPad3d accept integers",
    kind="error-gone",
    cause="pytorch#102949",
    probable=True,
    when=":unseen",
)
@pytest.mark.changed(
    "2.1",
    "ZeroPad1d and ZeroPad3d were added",
    kind="appeared",
    cause="pytorch#96295",
    of=("torch.nn.ZeroPad1d", "torch.nn.ZeroPad3d"),
)
@pytest.mark.changed(
    "2.1",
    "MaxPool2d and MaxPool3d accept integers",
    kind="error-gone",
    cause="pytorch#99261",
    probable=True,
    when=":unseen",
)
@pytest.mark.changed(
    "2.1",
    "GRU and RNN raise ValueError, which names both dtypes, instead of RuntimeError",
    kind="exception",
    cause="pytorch#100100",
    of=("torch.nn.GRU", "torch.nn.RNN"),
    rarely="integers as input",
    when=":caught",
)
@pytest.mark.changed(
    "2.2",
    'the message of Conv1d and Conv3d says "Input type (long int) and bias type (float) '
    'should be the same"',
    kind="wording",
    when=":unseen",
)
@pytest.mark.changed(
    "2.3",
    'the message of Bilinear says "All tensors must have the same dtype, got input1: long '
    'int, ..."',
    kind="wording",
    cause="pytorch#118848",
    when=":unseen",
)
@pytest.mark.changed(
    "2.3", "LPPool3d was added", kind="appeared", cause="pytorch#114199", of="torch.nn.LPPool3d"
)
@pytest.mark.changed(
    "2.3",
    "LSTM raises ValueError, which names both dtypes, instead of RuntimeError",
    kind="exception",
    cause="pytorch#115542",
    probable=True,
    of="torch.nn.LSTM",
    rarely="integers as input",
    when=":caught",
)
@pytest.mark.changed(
    "2.4", "RMSNorm was added", kind="appeared", cause="pytorch#121364", of="torch.nn.RMSNorm"
)
@pytest.mark.changed(
    "2.8",
    "AdaptiveMaxPool1d to AdaptiveMaxPool3d, BatchNorm1d to BatchNorm3d, CELU, ELU, Fold, "
    "FractionalMaxPool2d, FractionalMaxPool3d, GELU, GLU, Hardshrink, Hardsigmoid, "
    "Hardswish, InstanceNorm1d to InstanceNorm3d, LeakyReLU, LogSigmoid, LogSoftmax, "
    "MaxPool1d, MaxUnpool1d to MaxUnpool3d, Mish, RMSNorm, RReLU, SELU, SiLU, Softmax, "
    "Softmax2d, Softmin, Softplus, Softshrink, Unfold, Upsample, UpsamplingBilinear2d and "
    "UpsamplingNearest2d raise NotImplementedError, a subclass of RuntimeError, instead of "
    "RuntimeError",
    kind="wording",
    cause="pytorch#155470",
    when=":unseen",
)
@pytest.mark.changed(
    "2.9",
    "RMSNorm warns that input and weight differ in dtype, so that no fused kernel is used",
    kind="warning",
    cause="pytorch#159317",
    of="torch.nn.RMSNorm",
    rarely="integers as input",
)
@pytest.mark.changed(
    "2.10", "the message of Softshrink names another kernel", kind="wording", when=":unseen"
)
@pytest.mark.changed(
    "2.11",
    'the message of GRU, LSTM and RNN says "RNN input dtype (torch.int64) does not match '
    'weight dtype ..."',
    kind="wording",
    cause="pytorch#166946",
    when=":unseen",
)
@pytest.mark.changed(
    "2.15",
    "AdaptiveAvgPool1d to AdaptiveAvgPool3d raise NotImplementedError, a subclass of "
    "RuntimeError, instead of RuntimeError",
    kind="wording",
    cause="pytorch#192351",
    probable=True,
    when=":unseen",
)
@pytest.mark.parametrize("family", LAYERS)
def test_layer_with_weights_refuses_integers(family, snapshot):
    """A layer with weights raises on integers, and so do most that divide or draw numbers.

    Pads, maximum and average pools, reshaping layers and activations that only clamp take them, and
    give integers. Sigmoid and Tanh give floats.
    """
    assert snapshot == observe_each(acts([family], takes(torch.int64), ALONE, DIVIDING))


@pytest.mark.api("torch.nn.Linear", "torch.nn.Bilinear", "torch.nn.Conv1d", "torch.nn.Conv2d")
@pytest.mark.api("torch.nn.Conv3d", "torch.nn.ConvTranspose1d", "torch.nn.ConvTranspose2d")
@pytest.mark.api("torch.nn.ConvTranspose3d", "torch.nn.MaxPool1d", "torch.nn.MaxPool2d")
@pytest.mark.api("torch.nn.MaxPool3d", "torch.nn.AvgPool1d", "torch.nn.AvgPool2d")
@pytest.mark.api("torch.nn.AvgPool3d", "torch.nn.LPPool1d", "torch.nn.LPPool2d")
@pytest.mark.api("torch.nn.LPPool3d", "torch.nn.FractionalMaxPool2d")
@pytest.mark.api("torch.nn.FractionalMaxPool3d", "torch.nn.MaxUnpool1d", "torch.nn.MaxUnpool2d")
@pytest.mark.api("torch.nn.MaxUnpool3d", "torch.nn.AdaptiveAvgPool1d", "torch.nn.AdaptiveAvgPool2d")
@pytest.mark.api("torch.nn.AdaptiveAvgPool3d", "torch.nn.AdaptiveMaxPool1d")
@pytest.mark.api("torch.nn.AdaptiveMaxPool2d", "torch.nn.AdaptiveMaxPool3d", "torch.nn.BatchNorm1d")
@pytest.mark.api("torch.nn.BatchNorm2d", "torch.nn.BatchNorm3d", "torch.nn.InstanceNorm1d")
@pytest.mark.api("torch.nn.InstanceNorm2d", "torch.nn.InstanceNorm3d", "torch.nn.GroupNorm")
@pytest.mark.api("torch.nn.LayerNorm", "torch.nn.RMSNorm", "torch.nn.LocalResponseNorm")
@pytest.mark.api("torch.nn.ReLU", "torch.nn.ReLU6", "torch.nn.LeakyReLU", "torch.nn.PReLU")
@pytest.mark.api("torch.nn.ELU", "torch.nn.CELU", "torch.nn.SELU", "torch.nn.GELU", "torch.nn.SiLU")
@pytest.mark.api("torch.nn.Mish", "torch.nn.Sigmoid", "torch.nn.LogSigmoid", "torch.nn.Tanh")
@pytest.mark.api("torch.nn.Tanhshrink", "torch.nn.Softplus", "torch.nn.Softsign")
@pytest.mark.api("torch.nn.Softshrink", "torch.nn.Hardshrink", "torch.nn.Hardtanh")
@pytest.mark.api("torch.nn.Hardsigmoid", "torch.nn.Hardswish", "torch.nn.Threshold", "torch.nn.GLU")
@pytest.mark.api("torch.nn.RReLU", "torch.nn.Softmax", "torch.nn.Softmin", "torch.nn.LogSoftmax")
@pytest.mark.api("torch.nn.Softmax2d", "torch.nn.Dropout", "torch.nn.AlphaDropout")
@pytest.mark.api("torch.nn.Dropout1d", "torch.nn.Dropout2d", "torch.nn.FeatureAlphaDropout")
@pytest.mark.api("torch.nn.Dropout3d", "torch.nn.RNN", "torch.nn.LSTM", "torch.nn.GRU")
@pytest.mark.api("torch.nn.RNNCell", "torch.nn.LSTMCell", "torch.nn.GRUCell")
@pytest.mark.api("torch.nn.MultiheadAttention", "torch.nn.TransformerEncoderLayer")
@pytest.mark.api("torch.nn.TransformerDecoderLayer", "torch.nn.ConstantPad1d")
@pytest.mark.api("torch.nn.ConstantPad2d", "torch.nn.ConstantPad3d", "torch.nn.ZeroPad1d")
@pytest.mark.api("torch.nn.ZeroPad2d", "torch.nn.ZeroPad3d", "torch.nn.ReflectionPad1d")
@pytest.mark.api("torch.nn.ReflectionPad2d", "torch.nn.ReflectionPad3d")
@pytest.mark.api("torch.nn.ReplicationPad1d", "torch.nn.ReplicationPad2d")
@pytest.mark.api("torch.nn.ReplicationPad3d", "torch.nn.CircularPad1d", "torch.nn.CircularPad2d")
@pytest.mark.api("torch.nn.CircularPad3d", "torch.nn.Identity", "torch.nn.Flatten")
@pytest.mark.api("torch.nn.Unflatten", "torch.nn.Upsample", "torch.nn.UpsamplingNearest2d")
@pytest.mark.api("torch.nn.UpsamplingBilinear2d", "torch.nn.PixelShuffle")
@pytest.mark.api("torch.nn.PixelUnshuffle", "torch.nn.ChannelShuffle", "torch.nn.Unfold")
@pytest.mark.api(
    "torch.nn.Fold", "torch.nn.CosineSimilarity", "torch.nn.PairwiseDistance", page="nn"
)
@pytest.mark.changed(
    "1.5",
    "Hardsigmoid was added",
    kind="appeared",
    cause="pytorch#34545",
    probable=True,
    of="torch.nn.Hardsigmoid",
)
@pytest.mark.changed(
    "1.5",
    "the message of GRU, LSTM, MultiheadAttention, RNN, TransformerDecoderLayer and "
    'TransformerEncoderLayer says "Expected object of scalar type Double but got scalar '
    'type Float ..."',
    kind="wording",
    when=":unseen",
)
@pytest.mark.changed(
    "1.6",
    "Hardswish was added",
    kind="appeared",
    cause="pytorch#34747",
    probable=True,
    of="torch.nn.Hardswish",
)
@pytest.mark.changed(
    "1.6",
    'the message of GroupNorm says "expected scalar type Double but found Float"',
    kind="wording",
    cause="pytorch#28203",
    probable=True,
    when=":unseen",
)
@pytest.mark.changed(
    "1.7", "SiLU was added", kind="appeared", cause="pytorch#41034", of="torch.nn.SiLU"
)
@pytest.mark.changed(
    "1.7",
    "the message of Conv1d to Conv3d, GRU, GRUCell, LSTM, LSTMCell, Linear, "
    "MultiheadAttention, RNN, RNNCell, TransformerDecoderLayer and TransformerEncoderLayer "
    'says "expected scalar type Double but found Float"',
    kind="wording",
    cause="pytorch#40927",
    probable=True,
    when=":unseen",
)
@pytest.mark.changed(
    "1.7", "Unflatten was added", kind="appeared", cause="pytorch#41564", of="torch.nn.Unflatten"
)
@pytest.mark.changed(
    "1.8",
    "ChannelShuffle was added",
    kind="appeared",
    cause="pytorch#46000",
    of="torch.nn.ChannelShuffle",
)
@pytest.mark.changed(
    "1.8",
    "PixelUnshuffle was added",
    kind="appeared",
    cause="pytorch#49334",
    of="torch.nn.PixelUnshuffle",
)
@pytest.mark.changed(
    "1.9", "Mish was added", kind="appeared", cause="pytorch#58648", of="torch.nn.Mish"
)
@pytest.mark.changed(
    "1.10",
    "ReflectionPad3d was added",
    kind="appeared",
    cause="pytorch#59791",
    of="torch.nn.ReflectionPad3d",
)
@pytest.mark.changed(
    "1.12",
    'the message of PReLU says "Found dtype Float but expected Double"',
    kind="wording",
    cause="pytorch#63634",
    probable=True,
    when=":unseen",
)
@pytest.mark.changed(
    "1.12",
    "the message of GRU, LSTM, MultiheadAttention, RNN, TransformerDecoderLayer and "
    'TransformerEncoderLayer says "expected scalar type Float but found Double"',
    kind="wording",
    when=":unseen",
)
@pytest.mark.changed(
    "1.12", "Dropout1d was added", kind="appeared", cause="pytorch#79545", of="torch.nn.Dropout1d"
)
@pytest.mark.changed(
    "1.12",
    'the message of BatchNorm1d to BatchNorm3d and LayerNorm says "mixed dtype (CPU): '
    'expect input to have scalar type of BFloat16"',
    kind="wording",
    cause="pytorch#61015",
    probable=True,
    when=":unseen",
)
@pytest.mark.changed(
    "1.13",
    "the message of GRU, GRUCell, LSTM, LSTMCell, Linear, MultiheadAttention, RNN, "
    'RNNCell, TransformerDecoderLayer and TransformerEncoderLayer says "mat1 and mat2 '
    'must have the same dtype"',
    kind="wording",
    cause="pytorch#84960",
    probable=True,
    when=":unseen",
)
@pytest.mark.changed(
    "1.13",
    'the message of Conv2d says "Input type (double) and bias type (float) should be the same"',
    kind="wording",
    cause="pytorch#83686",
    when=":unseen",
)
@pytest.mark.changed(
    "1.13",
    'the message of LayerNorm says "expected scalar type Double but found Float"',
    kind="wording",
    cause="pytorch#78298",
    when=":unseen",
)
@pytest.mark.changed(
    "2.0",
    'the message of PReLU says "prelu: Type promoting not supported. Got Double and Float"',
    kind="wording",
    cause="pytorch#91238",
    when=":unseen",
)
@pytest.mark.changed(
    "2.0",
    'the message of GroupNorm and LayerNorm says "mixed dtype (CPU): expect input to have '
    'scalar type of BFloat16"',
    kind="wording",
    cause="pytorch#81852",
    probable=True,
    when=":unseen",
)
@pytest.mark.changed(
    "2.1",
    "the message of GRUCell, LSTM, LSTMCell, Linear, MultiheadAttention, RNNCell, "
    'TransformerDecoderLayer and TransformerEncoderLayer says "mat1 and mat2 must have '
    'the same dtype, but got Double and Float"',
    kind="wording",
    cause="pytorch#105309",
    when=":unseen",
)
@pytest.mark.changed(
    "2.1",
    'the message of BatchNorm1d to BatchNorm3d, GroupNorm and LayerNorm says "mixed dtype '
    '(CPU): all inputs must share same datatype."',
    kind="wording",
    cause="pytorch#103360",
    probable=True,
    when=":unseen",
)
@pytest.mark.changed(
    "2.1",
    "CircularPad1d to CircularPad3d were added",
    kind="appeared",
    cause="pytorch#106148",
    of=("torch.nn.CircularPad1d", "torch.nn.CircularPad2d", "torch.nn.CircularPad3d"),
)
@pytest.mark.changed(
    "2.1",
    "ZeroPad1d and ZeroPad3d were added",
    kind="appeared",
    cause="pytorch#96295",
    of=("torch.nn.ZeroPad1d", "torch.nn.ZeroPad3d"),
)
@pytest.mark.changed(
    "2.1",
    "GRU and RNN raise ValueError, which names both dtypes, instead of RuntimeError",
    kind="exception",
    cause="pytorch#100100",
    of=("torch.nn.GRU", "torch.nn.RNN"),
    rarely="a float64 input",
    when=":caught",
)
@pytest.mark.changed(
    "2.2",
    'the message of Conv1d and Conv3d says "Input type (double) and bias type (float) '
    'should be the same"',
    kind="wording",
    when=":unseen",
)
@pytest.mark.changed(
    "2.3",
    'the message of Bilinear says "All tensors must have the same dtype, got input1: '
    'double, input2: ..."',
    kind="wording",
    cause="pytorch#118848",
    when=":unseen",
)
@pytest.mark.changed(
    "2.3", "LPPool3d was added", kind="appeared", cause="pytorch#114199", of="torch.nn.LPPool3d"
)
@pytest.mark.changed(
    "2.3",
    "LSTM raises ValueError, which names both dtypes, instead of RuntimeError",
    kind="exception",
    cause="pytorch#115542",
    probable=True,
    of="torch.nn.LSTM",
    rarely="a float64 input",
    when=":caught",
)
@pytest.mark.changed(
    "2.4", "RMSNorm was added", kind="appeared", cause="pytorch#121364", of="torch.nn.RMSNorm"
)
@pytest.mark.changed(
    "2.9",
    "RMSNorm warns that input and weight differ in dtype, so that no fused kernel is used",
    kind="warning",
    cause="pytorch#159317",
    of="torch.nn.RMSNorm",
    rarely="a float64 input",
)
@pytest.mark.changed(
    "2.11",
    'the message of GRU, LSTM and RNN says "RNN input dtype (torch.float64) does not '
    'match weight dtype ..."',
    kind="wording",
    cause="pytorch#166946",
    when=":unseen",
)
@pytest.mark.parametrize("family", LAYERS)
def test_layer_with_float32_weights_refuses_float64(family, snapshot):
    """A layer with float32 weights raises on float64, the dtype of NumPy.

    Layers without weights keep the dtype of the input.
    """
    assert snapshot == observe_each(acts([family], takes(torch.float64)))


@pytest.mark.api("torch.nn.Linear", "torch.nn.Bilinear", "torch.nn.Conv1d", "torch.nn.Conv2d")
@pytest.mark.api("torch.nn.Conv3d", "torch.nn.ConvTranspose1d", "torch.nn.ConvTranspose2d")
@pytest.mark.api("torch.nn.ConvTranspose3d", "torch.nn.MaxPool1d", "torch.nn.MaxPool2d")
@pytest.mark.api("torch.nn.MaxPool3d", "torch.nn.AvgPool1d", "torch.nn.AvgPool2d")
@pytest.mark.api("torch.nn.AvgPool3d", "torch.nn.LPPool1d", "torch.nn.LPPool2d")
@pytest.mark.api("torch.nn.LPPool3d", "torch.nn.FractionalMaxPool2d")
@pytest.mark.api("torch.nn.FractionalMaxPool3d", "torch.nn.MaxUnpool1d", "torch.nn.MaxUnpool2d")
@pytest.mark.api("torch.nn.MaxUnpool3d", "torch.nn.AdaptiveAvgPool1d", "torch.nn.AdaptiveAvgPool2d")
@pytest.mark.api("torch.nn.AdaptiveAvgPool3d", "torch.nn.AdaptiveMaxPool1d")
@pytest.mark.api("torch.nn.AdaptiveMaxPool2d", "torch.nn.AdaptiveMaxPool3d", "torch.nn.BatchNorm1d")
@pytest.mark.api("torch.nn.BatchNorm2d", "torch.nn.BatchNorm3d", "torch.nn.InstanceNorm1d")
@pytest.mark.api("torch.nn.InstanceNorm2d", "torch.nn.InstanceNorm3d", "torch.nn.GroupNorm")
@pytest.mark.api("torch.nn.LayerNorm", "torch.nn.RMSNorm", "torch.nn.LocalResponseNorm")
@pytest.mark.api("torch.nn.ReLU", "torch.nn.ReLU6", "torch.nn.LeakyReLU", "torch.nn.PReLU")
@pytest.mark.api("torch.nn.ELU", "torch.nn.CELU", "torch.nn.SELU", "torch.nn.GELU", "torch.nn.SiLU")
@pytest.mark.api("torch.nn.Mish", "torch.nn.Sigmoid", "torch.nn.LogSigmoid", "torch.nn.Tanh")
@pytest.mark.api("torch.nn.Tanhshrink", "torch.nn.Softplus", "torch.nn.Softsign")
@pytest.mark.api("torch.nn.Softshrink", "torch.nn.Hardshrink", "torch.nn.Hardtanh")
@pytest.mark.api("torch.nn.Hardsigmoid", "torch.nn.Hardswish", "torch.nn.Threshold", "torch.nn.GLU")
@pytest.mark.api("torch.nn.RReLU", "torch.nn.Softmax", "torch.nn.Softmin", "torch.nn.LogSoftmax")
@pytest.mark.api("torch.nn.Softmax2d", "torch.nn.Dropout", "torch.nn.AlphaDropout")
@pytest.mark.api("torch.nn.Dropout1d", "torch.nn.Dropout2d", "torch.nn.FeatureAlphaDropout")
@pytest.mark.api("torch.nn.Dropout3d", "torch.nn.RNN", "torch.nn.LSTM", "torch.nn.GRU")
@pytest.mark.api("torch.nn.RNNCell", "torch.nn.LSTMCell", "torch.nn.GRUCell")
@pytest.mark.api("torch.nn.MultiheadAttention", "torch.nn.TransformerEncoderLayer")
@pytest.mark.api("torch.nn.TransformerDecoderLayer", "torch.nn.ConstantPad1d")
@pytest.mark.api("torch.nn.ConstantPad2d", "torch.nn.ConstantPad3d", "torch.nn.ZeroPad1d")
@pytest.mark.api("torch.nn.ZeroPad2d", "torch.nn.ZeroPad3d", "torch.nn.ReflectionPad1d")
@pytest.mark.api("torch.nn.ReflectionPad2d", "torch.nn.ReflectionPad3d")
@pytest.mark.api("torch.nn.ReplicationPad1d", "torch.nn.ReplicationPad2d")
@pytest.mark.api("torch.nn.ReplicationPad3d", "torch.nn.CircularPad1d", "torch.nn.CircularPad2d")
@pytest.mark.api("torch.nn.CircularPad3d", "torch.nn.Identity", "torch.nn.Flatten")
@pytest.mark.api("torch.nn.Unflatten", "torch.nn.Upsample", "torch.nn.UpsamplingNearest2d")
@pytest.mark.api("torch.nn.UpsamplingBilinear2d", "torch.nn.PixelShuffle")
@pytest.mark.api("torch.nn.PixelUnshuffle", "torch.nn.ChannelShuffle", "torch.nn.Unfold")
@pytest.mark.api(
    "torch.nn.Fold", "torch.nn.CosineSimilarity", "torch.nn.PairwiseDistance", page="nn"
)
@pytest.mark.changed(
    "1.5",
    "the message of CELU, Conv3d, ELU, GLU, Hardtanh, LeakyReLU, LogSigmoid, RReLU, ReLU6, "
    "SELU, Softplus and Softshrink names another kernel",
    kind="wording",
    when=":unseen",
)
@pytest.mark.changed(
    "1.5",
    "Hardsigmoid was added",
    kind="appeared",
    cause="pytorch#34545",
    probable=True,
    of="torch.nn.Hardsigmoid",
)
@pytest.mark.changed(
    "1.5",
    'the message of GRU, LSTM and RNN says "_th_addmm_out not supported on CPUType for Half"',
    kind="wording",
    when=":unseen",
)
@pytest.mark.changed(
    "1.6",
    "Hardswish was added",
    kind="appeared",
    cause="pytorch#34747",
    probable=True,
    of="torch.nn.Hardswish",
)
@pytest.mark.changed(
    "1.6",
    "AdaptiveAvgPool1d, AdaptiveAvgPool2d and Softsign train in float16 on the CPU",
    kind="error-gone",
    cause="pytorch#37121",
    probable=True,
    when=":unseen",
)
@pytest.mark.changed(
    "1.6",
    "the message of MultiheadAttention, TransformerDecoderLayer and "
    'TransformerEncoderLayer says "_th_addmm_out not supported on CPUType for Half"',
    kind="wording",
    when=":unseen",
)
@pytest.mark.changed(
    "1.6",
    "the message of CosineSimilarity, FractionalMaxPool2d, FractionalMaxPool3d, GroupNorm, "
    "LocalResponseNorm, PairwiseDistance and Softmin names another kernel",
    kind="wording",
    when=":unseen",
)
@pytest.mark.changed(
    "1.6",
    "Upsample, UpsamplingBilinear2d and UpsamplingNearest2d raise on the CPU, up to 2.2",
    kind="error",
    cause="pytorch#34864",
    probable=True,
    advice="compute layer(x.float()).half()",
    of=("torch.nn.Upsample", "torch.nn.UpsamplingBilinear2d", "torch.nn.UpsamplingNearest2d"),
    rarely="a model in float16 on the CPU",
)
@pytest.mark.changed(
    "1.7", "SiLU was added", kind="appeared", cause="pytorch#41034", of="torch.nn.SiLU"
)
@pytest.mark.changed(
    "1.7",
    "the message of GRU, GRUCell, LSTM, LSTMCell, MultiheadAttention, RNN, RNNCell, "
    "TransformerDecoderLayer and TransformerEncoderLayer names another kernel",
    kind="wording",
    cause="pytorch#40927",
    probable=True,
    when=":unseen",
)
@pytest.mark.changed(
    "1.7",
    "PairwiseDistance trains in float16 on the CPU",
    kind="error-gone",
    cause="pytorch#39788",
    probable=True,
    when=":unseen",
)
@pytest.mark.changed(
    "1.7",
    "Linear trains in float16 on the CPU",
    kind="error-gone",
    cause="pytorch#40927",
    probable=True,
    when=":unseen",
)
@pytest.mark.changed(
    "1.7", "Unflatten was added", kind="appeared", cause="pytorch#41564", of="torch.nn.Unflatten"
)
@pytest.mark.changed(
    "1.8", "the message quotes the name of the kernel in two parts", kind="wording", when=":unseen"
)
@pytest.mark.changed(
    "1.8",
    "the message of MultiheadAttention, TransformerDecoderLayer and "
    "TransformerEncoderLayer names another kernel",
    kind="wording",
    when=":unseen",
)
@pytest.mark.changed(
    "1.8", "Bilinear trains in float16 on the CPU", kind="error-gone", when=":unseen"
)
@pytest.mark.changed(
    "1.8",
    "ChannelShuffle was added",
    kind="appeared",
    cause="pytorch#46000",
    of="torch.nn.ChannelShuffle",
)
@pytest.mark.changed(
    "1.8",
    "PixelUnshuffle was added",
    kind="appeared",
    cause="pytorch#49334",
    of="torch.nn.PixelUnshuffle",
)
@pytest.mark.changed(
    "1.9",
    "the message of Hardtanh, LPPool1d, LPPool2d, MaxPool1d, MaxPool2d, ReLU, ReLU6, "
    "Upsample, UpsamplingBilinear2d and UpsamplingNearest2d names another kernel",
    kind="wording",
    when=":unseen",
)
@pytest.mark.changed(
    "1.9", "Mish was added", kind="appeared", cause="pytorch#58648", of="torch.nn.Mish"
)
@pytest.mark.changed(
    "1.10",
    "the message of AdaptiveMaxPool1d, AdaptiveMaxPool2d, AvgPool1d, AvgPool2d, LPPool1d, "
    "LPPool2d, LocalResponseNorm, MaxUnpool1d to MaxUnpool3d and Softmax2d names another "
    "kernel",
    kind="wording",
    when=":unseen",
)
@pytest.mark.changed(
    "1.10",
    "ReflectionPad3d was added",
    kind="appeared",
    cause="pytorch#59791",
    of="torch.nn.ReflectionPad3d",
)
@pytest.mark.changed(
    "1.11", "the message of Conv1d to Conv3d names another kernel", kind="wording", when=":unseen"
)
@pytest.mark.changed(
    "1.12",
    "the message of GRU, GRUCell, LSTM, LSTMCell, MultiheadAttention, RNN, RNNCell, "
    "TransformerDecoderLayer and TransformerEncoderLayer names another kernel",
    kind="wording",
    cause="pytorch#75647",
    probable=True,
    when=":unseen",
)
@pytest.mark.changed(
    "1.12", "Dropout1d was added", kind="appeared", cause="pytorch#79545", of="torch.nn.Dropout1d"
)
@pytest.mark.changed(
    "1.12",
    "Bilinear and Linear raise on the CPU again, up to 2.1",
    kind="error",
    cause="pytorch#75647",
    probable=True,
    advice="keep the layer in float32, and call layer(x.float()).half()",
    of=("torch.nn.Bilinear", "torch.nn.Linear"),
    rarely="a model in float16 on the CPU",
)
@pytest.mark.changed(
    "1.13",
    "the message of Tanh and Tanhshrink names another kernel",
    kind="wording",
    when=":unseen",
)
@pytest.mark.changed(
    "2.0",
    "the message of CosineSimilarity, ReLU, UpsamplingBilinear2d and UpsamplingNearest2d "
    "names another kernel",
    kind="wording",
    when=":unseen",
)
@pytest.mark.changed(
    "2.1",
    "CELU, ELU, GELU, GLU, Hardshrink, Hardsigmoid, Hardswish, Hardtanh, LeakyReLU, "
    "LogSigmoid, Mish, PReLU, RReLU, ReLU6, SELU, SiLU, Softplus, Softshrink and Threshold "
    "train in float16 on the CPU",
    kind="error-gone",
    cause="pytorch#98745",
    when=":unseen",
)
@pytest.mark.changed(
    "2.1",
    "CosineSimilarity, ReLU, Sigmoid, Tanh and Tanhshrink train in float16 on the CPU",
    kind="error-gone",
    cause="pytorch#98493",
    probable=True,
    when=":unseen",
)
@pytest.mark.changed(
    "2.1",
    "CircularPad1d to CircularPad3d were added",
    kind="appeared",
    cause="pytorch#106148",
    of=("torch.nn.CircularPad1d", "torch.nn.CircularPad2d", "torch.nn.CircularPad3d"),
)
@pytest.mark.changed(
    "2.1",
    "the message of MaxPool3d and ReplicationPad1d to ReplicationPad3d names another kernel",
    kind="wording",
    when=":unseen",
)
@pytest.mark.changed(
    "2.1",
    "ZeroPad1d and ZeroPad3d were added",
    kind="appeared",
    cause="pytorch#96295",
    of=("torch.nn.ZeroPad1d", "torch.nn.ZeroPad3d"),
)
@pytest.mark.changed(
    "2.2",
    "AdaptiveMaxPool1d and AdaptiveMaxPool2d train in float16 on the CPU",
    kind="error-gone",
    cause="pytorch#102079",
    when=":unseen",
)
@pytest.mark.changed(
    "2.2",
    "Bilinear, GRU, GRUCell, LSTM, LSTMCell, Linear, MultiheadAttention, RNN and RNNCell "
    "train in float16 on the CPU",
    kind="error-gone",
    cause="pytorch#99498",
    probable=True,
    when=":unseen",
)
@pytest.mark.changed(
    "2.2",
    "the message of TransformerDecoderLayer and TransformerEncoderLayer names another kernel",
    kind="wording",
    when=":unseen",
)
@pytest.mark.changed(
    "2.2",
    "Conv1d to Conv3d and ConvTranspose1d to ConvTranspose3d train in float16 on the CPU",
    kind="error-gone",
    cause="pytorch#99497",
    when=":unseen",
)
@pytest.mark.changed(
    "2.2",
    "AlphaDropout, Dropout, Dropout1d to Dropout3d and FeatureAlphaDropout train in "
    "float16 on the CPU",
    kind="error-gone",
    cause="pytorch#104176",
    when=":unseen",
)
@pytest.mark.changed(
    "2.2",
    "BatchNorm1d to BatchNorm3d, GroupNorm and InstanceNorm1d to InstanceNorm3d train in "
    "float16 on the CPU",
    kind="error-gone",
    cause="pytorch#100234",
    probable=True,
    when=":unseen",
)
@pytest.mark.changed(
    "2.2",
    "MaxPool1d to MaxPool3d train in float16 on the CPU",
    kind="error-gone",
    cause="pytorch#98819",
    when=":unseen",
)
@pytest.mark.changed(
    "2.2",
    "LogSoftmax, Softmax, Softmax2d and Softmin train in float16 on the CPU",
    kind="error-gone",
    cause="pytorch#103315",
    probable=True,
    when=":unseen",
)
@pytest.mark.changed(
    "2.3",
    "LayerNorm, TransformerDecoderLayer and TransformerEncoderLayer train in float16 on the CPU",
    kind="error-gone",
    cause="pytorch#99590",
    when=":unseen",
)
@pytest.mark.changed(
    "2.3",
    "AvgPool1d, AvgPool2d, LPPool1d, LPPool2d and LocalResponseNorm train in float16 on the CPU",
    kind="error-gone",
    cause="pytorch#109578",
    when=":unseen",
)
@pytest.mark.changed(
    "2.3",
    "FractionalMaxPool2d and FractionalMaxPool3d train in float16 on the CPU",
    kind="error-gone",
    cause="pytorch#116950",
    when=":unseen",
)
@pytest.mark.changed(
    "2.3", "LPPool3d was added", kind="appeared", cause="pytorch#114199", of="torch.nn.LPPool3d"
)
@pytest.mark.changed(
    "2.3",
    "Upsample, UpsamplingBilinear2d and UpsamplingNearest2d train in float16 on the CPU",
    kind="error-gone",
    cause="pytorch#105648",
    when=":unseen",
)
@pytest.mark.changed(
    "2.4", "RMSNorm was added", kind="appeared", cause="pytorch#121364", of="torch.nn.RMSNorm"
)
@pytest.mark.changed(
    "2.5",
    "MaxUnpool1d to MaxUnpool3d train in float16 on the CPU",
    kind="error-gone",
    cause="pytorch#133774",
    when=":unseen",
)
@pytest.mark.changed(
    "2.5",
    "ChannelShuffle has a derivative",
    kind="error-gone",
    cause="pytorch#118775",
    probable=True,
    when=":unseen",
)
@pytest.mark.changed(
    "2.6",
    "AdaptiveMaxPool3d trains in float16 on the CPU",
    kind="error-gone",
    cause="pytorch#136091",
    when=":unseen",
)
@pytest.mark.changed(
    "2.6",
    "ReflectionPad1d, ReflectionPad2d and ReplicationPad1d to ReplicationPad3d train in "
    "float16 on the CPU",
    kind="error-gone",
    cause="pytorch#135931",
    when=":unseen",
)
@pytest.mark.changed(
    "2.8",
    "AvgPool3d and LPPool3d raise NotImplementedError, a subclass of RuntimeError, instead "
    "of RuntimeError",
    kind="wording",
    cause="pytorch#155470",
    when=":unseen",
)
@pytest.mark.parametrize("family", LAYERS)
def test_most_classes_of_layers_train_in_float16_on_the_cpu(family, snapshot):
    """Layers in float16 run forward and backward on the CPU, except for AvgPool3d and LPPool3d.

    Most do so since 2.1 to 2.3.
    """
    assert snapshot == observe_each(acts([family], trains(torch.float16)))


@pytest.mark.api("torch.nn.Linear", "torch.nn.Bilinear", "torch.nn.Conv1d", "torch.nn.Conv2d")
@pytest.mark.api("torch.nn.Conv3d", "torch.nn.ConvTranspose1d", "torch.nn.ConvTranspose2d")
@pytest.mark.api("torch.nn.ConvTranspose3d", "torch.nn.MaxPool1d", "torch.nn.MaxPool2d")
@pytest.mark.api("torch.nn.MaxPool3d", "torch.nn.AvgPool1d", "torch.nn.AvgPool2d")
@pytest.mark.api("torch.nn.AvgPool3d", "torch.nn.LPPool1d", "torch.nn.LPPool2d")
@pytest.mark.api("torch.nn.LPPool3d", "torch.nn.FractionalMaxPool2d")
@pytest.mark.api("torch.nn.FractionalMaxPool3d", "torch.nn.MaxUnpool1d", "torch.nn.MaxUnpool2d")
@pytest.mark.api("torch.nn.MaxUnpool3d", "torch.nn.AdaptiveAvgPool1d", "torch.nn.AdaptiveAvgPool2d")
@pytest.mark.api("torch.nn.AdaptiveAvgPool3d", "torch.nn.AdaptiveMaxPool1d")
@pytest.mark.api("torch.nn.AdaptiveMaxPool2d", "torch.nn.AdaptiveMaxPool3d", "torch.nn.BatchNorm1d")
@pytest.mark.api("torch.nn.BatchNorm2d", "torch.nn.BatchNorm3d", "torch.nn.InstanceNorm1d")
@pytest.mark.api("torch.nn.InstanceNorm2d", "torch.nn.InstanceNorm3d", "torch.nn.GroupNorm")
@pytest.mark.api("torch.nn.LayerNorm", "torch.nn.RMSNorm", "torch.nn.LocalResponseNorm")
@pytest.mark.api("torch.nn.ReLU", "torch.nn.ReLU6", "torch.nn.LeakyReLU", "torch.nn.PReLU")
@pytest.mark.api("torch.nn.ELU", "torch.nn.CELU", "torch.nn.SELU", "torch.nn.GELU", "torch.nn.SiLU")
@pytest.mark.api("torch.nn.Mish", "torch.nn.Sigmoid", "torch.nn.LogSigmoid", "torch.nn.Tanh")
@pytest.mark.api("torch.nn.Tanhshrink", "torch.nn.Softplus", "torch.nn.Softsign")
@pytest.mark.api("torch.nn.Softshrink", "torch.nn.Hardshrink", "torch.nn.Hardtanh")
@pytest.mark.api("torch.nn.Hardsigmoid", "torch.nn.Hardswish", "torch.nn.Threshold", "torch.nn.GLU")
@pytest.mark.api("torch.nn.RReLU", "torch.nn.Softmax", "torch.nn.Softmin", "torch.nn.LogSoftmax")
@pytest.mark.api("torch.nn.Softmax2d", "torch.nn.Dropout", "torch.nn.AlphaDropout")
@pytest.mark.api("torch.nn.Dropout1d", "torch.nn.Dropout2d", "torch.nn.FeatureAlphaDropout")
@pytest.mark.api("torch.nn.Dropout3d", "torch.nn.RNN", "torch.nn.LSTM", "torch.nn.GRU")
@pytest.mark.api("torch.nn.RNNCell", "torch.nn.LSTMCell", "torch.nn.GRUCell")
@pytest.mark.api("torch.nn.MultiheadAttention", "torch.nn.TransformerEncoderLayer")
@pytest.mark.api("torch.nn.TransformerDecoderLayer", "torch.nn.ConstantPad1d")
@pytest.mark.api("torch.nn.ConstantPad2d", "torch.nn.ConstantPad3d", "torch.nn.ZeroPad1d")
@pytest.mark.api("torch.nn.ZeroPad2d", "torch.nn.ZeroPad3d", "torch.nn.ReflectionPad1d")
@pytest.mark.api("torch.nn.ReflectionPad2d", "torch.nn.ReflectionPad3d")
@pytest.mark.api("torch.nn.ReplicationPad1d", "torch.nn.ReplicationPad2d")
@pytest.mark.api("torch.nn.ReplicationPad3d", "torch.nn.CircularPad1d", "torch.nn.CircularPad2d")
@pytest.mark.api("torch.nn.CircularPad3d", "torch.nn.Identity", "torch.nn.Flatten")
@pytest.mark.api("torch.nn.Unflatten", "torch.nn.Upsample", "torch.nn.UpsamplingNearest2d")
@pytest.mark.api("torch.nn.UpsamplingBilinear2d", "torch.nn.PixelShuffle")
@pytest.mark.api("torch.nn.PixelUnshuffle", "torch.nn.ChannelShuffle", "torch.nn.Unfold")
@pytest.mark.api(
    "torch.nn.Fold", "torch.nn.CosineSimilarity", "torch.nn.PairwiseDistance", page="nn"
)
@pytest.mark.changed(
    "1.5",
    "the message of CELU, ELU, GLU, Hardtanh, LeakyReLU, LogSigmoid, MultiheadAttention, "
    "RReLU, ReLU6, SELU, Softplus, Softshrink, TransformerDecoderLayer and "
    "TransformerEncoderLayer names another kernel",
    kind="wording",
    when=":unseen",
)
@pytest.mark.changed(
    "1.5",
    "Hardsigmoid was added",
    kind="appeared",
    cause="pytorch#34545",
    probable=True,
    of="torch.nn.Hardsigmoid",
)
@pytest.mark.changed(
    "1.6",
    "Hardswish was added",
    kind="appeared",
    cause="pytorch#34747",
    probable=True,
    of="torch.nn.Hardswish",
)
@pytest.mark.changed(
    "1.6",
    "the message of FractionalMaxPool2d, FractionalMaxPool3d, GRU, GRUCell, GroupNorm, "
    "Hardtanh, LSTM, LSTMCell, RNN, RNNCell, ReLU6, Sigmoid, Softmin, Tanh and Tanhshrink "
    "names another kernel",
    kind="wording",
    when=":unseen",
)
@pytest.mark.changed(
    "1.6",
    "CosineSimilarity trains in bfloat16 on the CPU",
    kind="error-gone",
    cause="pytorch#35082",
    probable=True,
    when=":unseen",
)
@pytest.mark.changed(
    "1.6",
    "Softsign trains in bfloat16 on the CPU",
    kind="error-gone",
    cause="pytorch#35092",
    probable=True,
    when=":unseen",
)
@pytest.mark.changed(
    "1.7", "SiLU was added", kind="appeared", cause="pytorch#41034", of="torch.nn.SiLU"
)
@pytest.mark.changed(
    "1.7", "Unflatten was added", kind="appeared", cause="pytorch#41564", of="torch.nn.Unflatten"
)
@pytest.mark.changed(
    "1.8",
    "PairwiseDistance trains in bfloat16 on the CPU",
    kind="error-gone",
    cause="pytorch#47143",
    when=":unseen",
)
@pytest.mark.changed(
    "1.8", "Bilinear and Sigmoid train in bfloat16 on the CPU", kind="error-gone", when=":unseen"
)
@pytest.mark.changed(
    "1.8",
    "the message of MultiheadAttention, TransformerDecoderLayer and "
    "TransformerEncoderLayer names another kernel",
    kind="wording",
    when=":unseen",
)
@pytest.mark.changed(
    "1.8",
    "ChannelShuffle was added",
    kind="appeared",
    cause="pytorch#46000",
    of="torch.nn.ChannelShuffle",
)
@pytest.mark.changed(
    "1.8",
    "PixelUnshuffle was added",
    kind="appeared",
    cause="pytorch#49334",
    of="torch.nn.PixelUnshuffle",
)
@pytest.mark.changed(
    "1.9", "Mish was added", kind="appeared", cause="pytorch#58648", of="torch.nn.Mish"
)
@pytest.mark.changed(
    "1.9",
    "ReLU and Threshold train in bfloat16 on the CPU",
    kind="error-gone",
    cause="pytorch#51819",
    probable=True,
    when=":unseen",
)
@pytest.mark.changed(
    "1.9",
    "the message of LPPool1d, LPPool2d, MaxPool1d, MaxPool2d, Upsample, "
    "UpsamplingBilinear2d and UpsamplingNearest2d names another kernel",
    kind="wording",
    when=":unseen",
)
@pytest.mark.changed(
    "1.10",
    "GRU, GRUCell, LSTM, LSTMCell, RNN, RNNCell, Tanh and Tanhshrink train in bfloat16 on the CPU",
    kind="error-gone",
    cause="pytorch#55221",
    probable=True,
    when=":unseen",
)
@pytest.mark.changed(
    "1.10",
    "Fold and Unfold train in bfloat16 on the CPU",
    kind="error-gone",
    cause="pytorch#62880",
    when=":unseen",
)
@pytest.mark.changed(
    "1.10",
    "LeakyReLU and RReLU train in bfloat16 on the CPU",
    kind="error-gone",
    cause="pytorch#61514",
    when=":unseen",
)
@pytest.mark.changed(
    "1.10",
    "Softmax2d trains in bfloat16 on the CPU",
    kind="error-gone",
    cause="pytorch#60371",
    probable=True,
    when=":unseen",
)
@pytest.mark.changed(
    "1.10",
    "GELU trains in bfloat16 on the CPU",
    kind="error-gone",
    cause="pytorch#58525",
    when=":unseen",
)
@pytest.mark.changed(
    "1.10",
    "MultiheadAttention, Softmax, Softmin, TransformerDecoderLayer and "
    "TransformerEncoderLayer train in bfloat16 on the CPU",
    kind="error-gone",
    when=":unseen",
)
@pytest.mark.changed(
    "1.10",
    "the message of AdaptiveMaxPool1d, AdaptiveMaxPool2d, AvgPool1d, AvgPool2d, LPPool1d, "
    "LPPool2d, LocalResponseNorm and MaxUnpool1d to MaxUnpool3d names another kernel",
    kind="wording",
    when=":unseen",
)
@pytest.mark.changed(
    "1.10",
    "AlphaDropout, Dropout, Dropout2d, Dropout3d and FeatureAlphaDropout train in bfloat16 "
    "on the CPU",
    kind="error-gone",
    cause="pytorch#56372",
    when=":unseen",
)
@pytest.mark.changed(
    "1.10",
    "LayerNorm trains in bfloat16 on the CPU",
    kind="error-gone",
    cause="pytorch#55210",
    when=":unseen",
)
@pytest.mark.changed(
    "1.10",
    "ReflectionPad3d was added",
    kind="appeared",
    cause="pytorch#59791",
    of="torch.nn.ReflectionPad3d",
)
@pytest.mark.changed(
    "1.11",
    "AdaptiveMaxPool1d and AdaptiveMaxPool2d train in bfloat16 on the CPU",
    kind="error-gone",
    cause="pytorch#66929",
    when=":unseen",
)
@pytest.mark.changed(
    "1.11",
    "AvgPool1d, AvgPool2d, LPPool1d, LPPool2d and LocalResponseNorm train in bfloat16 on the CPU",
    kind="error-gone",
    cause="pytorch#66927",
    when=":unseen",
)
@pytest.mark.changed(
    "1.11",
    "MaxPool1d and MaxPool2d train in bfloat16 on the CPU",
    kind="error-gone",
    cause="pytorch#56903",
    when=":unseen",
)
@pytest.mark.changed(
    "1.12",
    "CELU, ELU and SELU train in bfloat16 on the CPU",
    kind="error-gone",
    cause="pytorch#62546",
    when=":unseen",
)
@pytest.mark.changed(
    "1.12",
    "GLU trains in bfloat16 on the CPU",
    kind="error-gone",
    cause="pytorch#61944",
    when=":unseen",
)
@pytest.mark.changed(
    "1.12",
    "Hardshrink, Hardsigmoid, Hardswish, LogSigmoid, Softplus and Softshrink train in "
    "bfloat16 on the CPU",
    kind="error-gone",
    cause="pytorch#63134",
    when=":unseen",
)
@pytest.mark.changed(
    "1.12",
    "PReLU trains in bfloat16 on the CPU",
    kind="error-gone",
    cause="pytorch#63634",
    when=":unseen",
)
@pytest.mark.changed(
    "1.12", "Dropout1d was added", kind="appeared", cause="pytorch#79545", of="torch.nn.Dropout1d"
)
@pytest.mark.changed(
    "1.12",
    "BatchNorm1d to BatchNorm3d, GroupNorm and InstanceNorm1d to InstanceNorm3d train in "
    "bfloat16 on the CPU",
    kind="error-gone",
    cause="pytorch#61015",
    probable=True,
    when=":unseen",
)
@pytest.mark.changed(
    "1.12", "the message of ReflectionPad3d names another kernel", kind="wording", when=":unseen"
)
@pytest.mark.changed(
    "1.12",
    "Upsample, UpsamplingBilinear2d and UpsamplingNearest2d train in bfloat16 on the CPU",
    kind="error-gone",
    cause="pytorch#76935",
    when=":unseen",
)
@pytest.mark.changed(
    "1.13",
    "ReflectionPad3d trains in bfloat16 on the CPU",
    kind="error-gone",
    cause="pytorch#84949",
    when=":unseen",
)
@pytest.mark.changed(
    "2.0",
    "Hardtanh, Mish and ReLU6 train in bfloat16 on the CPU",
    kind="error-gone",
    cause="pytorch#82460",
    when=":unseen",
)
@pytest.mark.changed(
    "2.1",
    "AdaptiveMaxPool3d trains in bfloat16 on the CPU",
    kind="error-gone",
    cause="pytorch#89754",
    probable=True,
    when=":unseen",
)
@pytest.mark.changed(
    "2.1",
    "CircularPad1d to CircularPad3d were added",
    kind="appeared",
    cause="pytorch#106148",
    of=("torch.nn.CircularPad1d", "torch.nn.CircularPad2d", "torch.nn.CircularPad3d"),
)
@pytest.mark.changed(
    "2.1",
    "ReflectionPad1d, ReflectionPad2d and ReplicationPad1d to ReplicationPad3d train in "
    "bfloat16 on the CPU",
    kind="error-gone",
    cause="pytorch#102949",
    when=":unseen",
)
@pytest.mark.changed(
    "2.1",
    "ZeroPad1d and ZeroPad3d were added",
    kind="appeared",
    cause="pytorch#96295",
    of=("torch.nn.ZeroPad1d", "torch.nn.ZeroPad3d"),
)
@pytest.mark.changed(
    "2.1",
    "MaxPool3d trains in bfloat16 on the CPU",
    kind="error-gone",
    cause="pytorch#99261",
    probable=True,
    when=":unseen",
)
@pytest.mark.changed(
    "2.3",
    "FractionalMaxPool2d and FractionalMaxPool3d train in bfloat16 on the CPU",
    kind="error-gone",
    cause="pytorch#116950",
    when=":unseen",
)
@pytest.mark.changed(
    "2.3", "LPPool3d was added", kind="appeared", cause="pytorch#114199", of="torch.nn.LPPool3d"
)
@pytest.mark.changed(
    "2.4", "RMSNorm was added", kind="appeared", cause="pytorch#121364", of="torch.nn.RMSNorm"
)
@pytest.mark.changed(
    "2.5",
    "MaxUnpool1d to MaxUnpool3d train in bfloat16 on the CPU",
    kind="error-gone",
    cause="pytorch#133774",
    when=":unseen",
)
@pytest.mark.changed(
    "2.5",
    "ChannelShuffle has a derivative",
    kind="error-gone",
    cause="pytorch#118775",
    probable=True,
    when=":unseen",
)
@pytest.mark.changed(
    "2.8",
    "AvgPool3d and LPPool3d raise NotImplementedError, a subclass of RuntimeError, instead "
    "of RuntimeError",
    kind="wording",
    cause="pytorch#155470",
    when=":unseen",
)
@pytest.mark.parametrize("family", LAYERS)
def test_most_classes_of_layers_train_in_bfloat16_on_the_cpu(family, snapshot):
    """Layers in bfloat16 run forward and backward on the CPU, except for AvgPool3d and LPPool3d.

    Most do so since 1.10 to 1.12.
    """
    assert snapshot == observe_each(
        acts([family], trains(torch.bfloat16), without=ALONE + BY_THE_CPU)
    )


@pytest.mark.api("torch.nn.Linear", "torch.nn.Bilinear", "torch.nn.Conv1d", "torch.nn.Conv2d")
@pytest.mark.api("torch.nn.Conv3d", "torch.nn.ConvTranspose1d", "torch.nn.ConvTranspose2d")
@pytest.mark.api("torch.nn.ConvTranspose3d", "torch.nn.MaxPool1d", "torch.nn.MaxPool2d")
@pytest.mark.api("torch.nn.MaxPool3d", "torch.nn.AvgPool1d", "torch.nn.AvgPool2d")
@pytest.mark.api("torch.nn.AvgPool3d", "torch.nn.LPPool1d", "torch.nn.LPPool2d")
@pytest.mark.api("torch.nn.LPPool3d", "torch.nn.FractionalMaxPool2d")
@pytest.mark.api("torch.nn.FractionalMaxPool3d", "torch.nn.MaxUnpool1d", "torch.nn.MaxUnpool2d")
@pytest.mark.api("torch.nn.MaxUnpool3d", "torch.nn.AdaptiveAvgPool1d", "torch.nn.AdaptiveAvgPool2d")
@pytest.mark.api("torch.nn.AdaptiveAvgPool3d", "torch.nn.AdaptiveMaxPool1d")
@pytest.mark.api("torch.nn.AdaptiveMaxPool2d", "torch.nn.AdaptiveMaxPool3d", "torch.nn.BatchNorm1d")
@pytest.mark.api("torch.nn.BatchNorm2d", "torch.nn.BatchNorm3d", "torch.nn.InstanceNorm1d")
@pytest.mark.api("torch.nn.InstanceNorm2d", "torch.nn.InstanceNorm3d", "torch.nn.GroupNorm")
@pytest.mark.api("torch.nn.LayerNorm", "torch.nn.RMSNorm", "torch.nn.LocalResponseNorm")
@pytest.mark.api("torch.nn.ReLU", "torch.nn.ReLU6", "torch.nn.LeakyReLU", "torch.nn.PReLU")
@pytest.mark.api("torch.nn.ELU", "torch.nn.CELU", "torch.nn.SELU", "torch.nn.GELU", "torch.nn.SiLU")
@pytest.mark.api("torch.nn.Mish", "torch.nn.Sigmoid", "torch.nn.LogSigmoid", "torch.nn.Tanh")
@pytest.mark.api("torch.nn.Tanhshrink", "torch.nn.Softplus", "torch.nn.Softsign")
@pytest.mark.api("torch.nn.Softshrink", "torch.nn.Hardshrink", "torch.nn.Hardtanh")
@pytest.mark.api("torch.nn.Hardsigmoid", "torch.nn.Hardswish", "torch.nn.Threshold", "torch.nn.GLU")
@pytest.mark.api("torch.nn.RReLU", "torch.nn.Softmax", "torch.nn.Softmin", "torch.nn.LogSoftmax")
@pytest.mark.api("torch.nn.Softmax2d", "torch.nn.Dropout", "torch.nn.AlphaDropout")
@pytest.mark.api("torch.nn.Dropout1d", "torch.nn.Dropout2d", "torch.nn.FeatureAlphaDropout")
@pytest.mark.api("torch.nn.Dropout3d", "torch.nn.RNN", "torch.nn.LSTM", "torch.nn.GRU")
@pytest.mark.api("torch.nn.RNNCell", "torch.nn.LSTMCell", "torch.nn.GRUCell")
@pytest.mark.api("torch.nn.MultiheadAttention", "torch.nn.TransformerEncoderLayer")
@pytest.mark.api("torch.nn.TransformerDecoderLayer", "torch.nn.ConstantPad1d")
@pytest.mark.api("torch.nn.ConstantPad2d", "torch.nn.ConstantPad3d", "torch.nn.ZeroPad1d")
@pytest.mark.api("torch.nn.ZeroPad2d", "torch.nn.ZeroPad3d", "torch.nn.ReflectionPad1d")
@pytest.mark.api("torch.nn.ReflectionPad2d", "torch.nn.ReflectionPad3d")
@pytest.mark.api("torch.nn.ReplicationPad1d", "torch.nn.ReplicationPad2d")
@pytest.mark.api("torch.nn.ReplicationPad3d", "torch.nn.CircularPad1d", "torch.nn.CircularPad2d")
@pytest.mark.api("torch.nn.CircularPad3d", "torch.nn.Identity", "torch.nn.Flatten")
@pytest.mark.api("torch.nn.Unflatten", "torch.nn.Upsample", "torch.nn.UpsamplingNearest2d")
@pytest.mark.api("torch.nn.UpsamplingBilinear2d", "torch.nn.PixelShuffle")
@pytest.mark.api("torch.nn.PixelUnshuffle", "torch.nn.ChannelShuffle", "torch.nn.Unfold")
@pytest.mark.api(
    "torch.nn.Fold", "torch.nn.CosineSimilarity", "torch.nn.PairwiseDistance", page="nn"
)
@pytest.mark.changed(
    "1.5",
    "the message says that the complex dtype is not supported",
    kind="wording",
    cause="pytorch#35579",
    when=":unseen",
)
@pytest.mark.changed(
    "1.5",
    "Hardsigmoid was added",
    kind="appeared",
    cause="pytorch#34545",
    probable=True,
    of="torch.nn.Hardsigmoid",
)
@pytest.mark.changed(
    "1.6",
    "complex tensors can be made, and the messages name the kernels that are missing",
    kind="wording",
    cause="pytorch#33361",
    probable=True,
    when=":unseen",
)
@pytest.mark.changed(
    "1.6",
    "Hardswish was added",
    kind="appeared",
    cause="pytorch#34747",
    probable=True,
    of="torch.nn.Hardswish",
)
@pytest.mark.changed(
    "1.6",
    "AdaptiveAvgPool1d, AdaptiveAvgPool2d, ConstantPad1d to ConstantPad3d, Flatten, "
    "Identity, PairwiseDistance, PixelShuffle, Tanh, Tanhshrink and ZeroPad2d train on "
    "complex numbers",
    kind="error-gone",
    cause="pytorch#36932",
    probable=True,
    when=":unseen",
)
@pytest.mark.changed(
    "1.7", "SiLU was added", kind="appeared", cause="pytorch#41034", of="torch.nn.SiLU"
)
@pytest.mark.changed(
    "1.7",
    "AdaptiveAvgPool1d, AdaptiveAvgPool2d, PixelShuffle, Tanh and Tanhshrink raise: ... does "
    "not support automatic differentiation for outputs with complex dtype",
    kind="error",
    cause="pytorch#45461",
    of=(
        "torch.nn.AdaptiveAvgPool1d",
        "torch.nn.AdaptiveAvgPool2d",
        "torch.nn.PixelShuffle",
        "torch.nn.Tanh",
        "torch.nn.Tanhshrink",
    ),
    rarely="complex numbers",
)
@pytest.mark.changed(
    "1.7",
    "the message of Bilinear, Fold, GRU, GRUCell, LPPool1d, LPPool2d, LSTM, LSTMCell, Linear, "
    "MultiheadAttention, RNN, RNNCell, Sigmoid, TransformerDecoderLayer, "
    "TransformerEncoderLayer and Unfold names the operation without automatic differentiation "
    "for complex numbers",
    kind="wording",
    cause="pytorch#45461",
    when=":unseen",
)
@pytest.mark.changed(
    "1.7",
    "Softsign trains on complex numbers",
    kind="error-gone",
    cause="pytorch#39955",
    probable=True,
    when=":unseen",
)
@pytest.mark.changed(
    "1.7",
    "PairwiseDistance raises: norm with p=2 not supported for complex tensors",
    kind="error",
    of="torch.nn.PairwiseDistance",
    rarely="complex numbers",
)
@pytest.mark.changed(
    "1.7", "Unflatten was added", kind="appeared", cause="pytorch#41564", of="torch.nn.Unflatten"
)
@pytest.mark.changed(
    "1.8",
    "the message of Hardtanh and ReLU6 says '\"clamp_cpu\" not implemented for \\'ComplexFloat\\''",
    kind="wording",
    when=":unseen",
)
@pytest.mark.changed(
    "1.8",
    "AdaptiveAvgPool1d and AdaptiveAvgPool2d train on complex numbers",
    kind="error-gone",
    cause="pytorch#47566",
    when=":unseen",
)
@pytest.mark.changed(
    "1.8",
    "PairwiseDistance trains on complex numbers",
    kind="error-gone",
    cause="pytorch#48284",
    when=":unseen",
)
@pytest.mark.changed(
    "1.8",
    "ReflectionPad1d, ReflectionPad2d and ReplicationPad1d to ReplicationPad3d train on "
    "complex numbers",
    kind="error-gone",
    cause="pytorch#50642",
    when=":unseen",
)
@pytest.mark.changed(
    "1.8",
    "Tanh and Tanhshrink train on complex numbers",
    kind="error-gone",
    cause="pytorch#44444",
    probable=True,
    when=":unseen",
)
@pytest.mark.changed(
    "1.8",
    "Linear and RNNCell train on complex numbers",
    kind="error-gone",
    cause="pytorch#50632",
    when=":unseen",
)
@pytest.mark.changed(
    "1.8",
    "PixelShuffle and RNN train on complex numbers",
    kind="error-gone",
    cause="pytorch#45737",
    probable=True,
    when=":unseen",
)
@pytest.mark.changed(
    "1.8",
    "the message of MultiheadAttention, TransformerDecoderLayer and "
    'TransformerEncoderLayer says \'"softmax_lastdim_kernel_impl" not implemented for '
    "\\'ComplexFloat\\''",
    kind="wording",
    when=":unseen",
)
@pytest.mark.changed(
    "1.8",
    'the message of CosineSimilarity says \'"clamp_min_cpu" not implemented for '
    "\\'ComplexFloat\\''",
    kind="wording",
    when=":unseen",
)
@pytest.mark.changed(
    "1.8",
    'the message of LPPool1d and LPPool2d says \'"avg_pool2d_out_frame" not implemented '
    "for \\'ComplexFloat\\''",
    kind="wording",
    cause="pytorch#44444",
    probable=True,
    when=":unseen",
)
@pytest.mark.changed(
    "1.8",
    'the message of GRU, GRUCell, LSTM and LSTMCell says \'"sigmoid_backward_cpu" not '
    "implemented for \\'ComplexFloat\\''",
    kind="wording",
    when=":unseen",
)
@pytest.mark.changed(
    "1.8",
    "ChannelShuffle was added",
    kind="appeared",
    cause="pytorch#46000",
    of="torch.nn.ChannelShuffle",
)
@pytest.mark.changed(
    "1.8",
    "PixelUnshuffle was added",
    kind="appeared",
    cause="pytorch#49334",
    of="torch.nn.PixelUnshuffle",
)
@pytest.mark.changed(
    "1.9",
    "the message of Hardtanh, MaxPool1d, MaxPool2d, ReLU, ReLU6, Upsample, "
    "UpsamplingBilinear2d and UpsamplingNearest2d names another kernel",
    kind="wording",
    when=":unseen",
)
@pytest.mark.changed(
    "1.9", "Mish was added", kind="appeared", cause="pytorch#58648", of="torch.nn.Mish"
)
@pytest.mark.changed(
    "1.10",
    "GRU, GRUCell, LSTM, LSTMCell and Sigmoid train on complex numbers",
    kind="error-gone",
    cause="pytorch#48647",
    when=":unseen",
)
@pytest.mark.changed(
    "1.10",
    "the message of AdaptiveMaxPool1d, AdaptiveMaxPool2d, AvgPool1d, AvgPool2d, LPPool1d, "
    "LPPool2d, LocalResponseNorm, MaxUnpool1d to MaxUnpool3d and Softmax2d names another "
    "kernel",
    kind="wording",
    when=":unseen",
)
@pytest.mark.changed(
    "1.10",
    'the message of CosineSimilarity says "expected common dtype to be floating point, '
    'yet common dtype is ..."',
    kind="wording",
    when=":unseen",
)
@pytest.mark.changed(
    "1.10",
    "ReflectionPad3d was added",
    kind="appeared",
    cause="pytorch#59791",
    of="torch.nn.ReflectionPad3d",
)
@pytest.mark.changed(
    "1.11", "the message of Conv1d to Conv3d names another kernel", kind="wording", when=":unseen"
)
@pytest.mark.changed(
    "1.11", "Fold and Unfold train on complex numbers", kind="error-gone", when=":unseen"
)
@pytest.mark.changed(
    "1.12",
    'the message of Hardtanh, ReLU and ReLU6 says "clamp is not supported for complex types"',
    kind="wording",
    cause="pytorch#77035",
    probable=True,
    when=":unseen",
)
@pytest.mark.changed(
    "1.12",
    "Conv1d to Conv3d train on complex numbers",
    kind="error-gone",
    cause="pytorch#75013",
    probable=True,
    when=":unseen",
)
@pytest.mark.changed(
    "1.12", "Dropout1d was added", kind="appeared", cause="pytorch#79545", of="torch.nn.Dropout1d"
)
@pytest.mark.changed(
    "1.13",
    "ConvTranspose1d trains on complex numbers",
    kind="error-gone",
    cause="pytorch#81805",
    probable=True,
    when=":unseen",
)
@pytest.mark.changed(
    "2.0",
    "ConvTranspose2d and ConvTranspose3d train on complex numbers",
    kind="error-gone",
    cause="pytorch#81805",
    when=":unseen",
)
@pytest.mark.changed(
    "2.0",
    "the message of UpsamplingBilinear2d and UpsamplingNearest2d names another kernel",
    kind="wording",
    when=":unseen",
)
@pytest.mark.changed(
    "2.1",
    "CircularPad1d to CircularPad3d were added",
    kind="appeared",
    cause="pytorch#106148",
    of=("torch.nn.CircularPad1d", "torch.nn.CircularPad2d", "torch.nn.CircularPad3d"),
)
@pytest.mark.changed(
    "2.1",
    "ZeroPad1d and ZeroPad3d were added",
    kind="appeared",
    cause="pytorch#96295",
    of=("torch.nn.ZeroPad1d", "torch.nn.ZeroPad3d"),
)
@pytest.mark.changed(
    "2.1",
    "the message of MaxPool3d names another kernel",
    kind="wording",
    cause="pytorch#99261",
    probable=True,
    when=":unseen",
)
@pytest.mark.changed(
    "2.3", "LPPool3d was added", kind="appeared", cause="pytorch#114199", of="torch.nn.LPPool3d"
)
@pytest.mark.changed(
    "2.4", "RMSNorm was added", kind="appeared", cause="pytorch#121364", of="torch.nn.RMSNorm"
)
@pytest.mark.changed(
    "2.5",
    "ChannelShuffle has a derivative",
    kind="error-gone",
    cause="pytorch#118775",
    probable=True,
    when=":unseen",
)
@pytest.mark.changed(
    "2.8",
    "AdaptiveMaxPool1d to AdaptiveMaxPool3d, AlphaDropout, AvgPool1d to AvgPool3d, "
    "BatchNorm1d to BatchNorm3d, CELU, Dropout, Dropout1d to Dropout3d, ELU, "
    "FeatureAlphaDropout, FractionalMaxPool2d, FractionalMaxPool3d, GELU, GLU, GroupNorm, "
    "Hardshrink, Hardsigmoid, Hardswish, Hardtanh, InstanceNorm1d to InstanceNorm3d, "
    "LPPool1d to LPPool3d, LayerNorm, LeakyReLU, LocalResponseNorm, LogSigmoid, "
    "LogSoftmax, MaxPool1d to MaxPool3d, MaxUnpool1d to MaxUnpool3d, Mish, "
    "MultiheadAttention, PReLU, RReLU, ReLU, ReLU6, SELU, Softmax, Softmax2d, Softmin, "
    "Softplus, Softshrink, Threshold, TransformerDecoderLayer, TransformerEncoderLayer, "
    "Upsample, UpsamplingBilinear2d and UpsamplingNearest2d raise NotImplementedError, a "
    "subclass of RuntimeError, instead of RuntimeError",
    kind="wording",
    cause="pytorch#155470",
    when=":unseen",
)
@pytest.mark.changed(
    "2.10", "the message of Softshrink names another kernel", kind="wording", when=":unseen"
)
@pytest.mark.changed(
    "2.15",
    "Bilinear and SiLU raise NotImplementedError, a subclass of RuntimeError, instead of "
    "RuntimeError",
    kind="wording",
    cause="pytorch#192351",
    probable=True,
    when=":unseen",
)
@pytest.mark.changed(
    "2.15",
    "AlphaDropout, Dropout, Dropout1d to Dropout3d and FeatureAlphaDropout train on "
    "complex numbers",
    kind="error-gone",
    cause="pytorch#195373",
    when=":unseen",
)
@pytest.mark.parametrize("family", LAYERS)
def test_layer_that_compares_numbers_refuses_complex_ones(family, snapshot):
    """A layer in complex64 runs forward and backward, unless it has to compare numbers.

    Linear layers, convolutions, recurrent layers, pads, Sigmoid and Tanh take complex numbers.
    Norms, pools, softmax, attention and activations with a kink raise.
    """

    def act(make, shape):
        # _apply, since Module.to warns of complex numbers
        layer = make()._apply(
            lambda one: one.to(torch.complex64) if one.is_floating_point() else one
        )
        x = torch.ones(shape).to(torch.complex64).requires_grad_()
        result = output(layer, x)
        result.backward(torch.ones_like(result))
        return {"output": result.dtype, "gradient": x.grad.dtype}

    assert snapshot == observe_each(acts([family], act, without=ALONE))


@pytest.mark.api("torch.nn.AdaptiveAvgPool3d", page="generated/torch.nn.AdaptiveAvgPool3d")
@pytest.mark.changed(
    "1.5",
    "the message says that the complex dtype is not supported",
    kind="wording",
    cause="pytorch#35579",
    when=":unseen",
)
@pytest.mark.changed(
    "1.6",
    "complex numbers end the process instead of raising",
    kind="error",
    cause="pytorch#33361",
    probable=True,
    advice="check the dtype before the call",
    rarely="bfloat16 or complex numbers",
)
@pytest.mark.changed(
    "1.9",
    "bfloat16 and complex numbers are accepted instead of ending the process",
    kind="error-gone",
    cause="pytorch#51443",
    probable=True,
    when=":unseen",
)
def test_adaptive_avg_pool3d_takes_bfloat16_and_complex_numbers(snapshot):
    """``AdaptiveAvgPool3d`` takes bfloat16 and complex64; old releases ended the process."""
    make, shape = LAYERS["adaptive pooling"]["AdaptiveAvgPool3d"]

    def act(dtype):
        return output(make(), torch.ones(shape).to(dtype)).dtype

    assert snapshot == observe_each(
        {
            "bfloat16": apart(lambda: act(torch.bfloat16)),
            "complex64": apart(lambda: act(torch.complex64)),
        }
    )


@pytest.mark.api("torch.nn.Embedding", "torch.nn.EmbeddingBag", page="generated/torch.nn.Embedding")
@pytest.mark.changed(
    "1.5",
    "Embedding trains in bfloat16 on the CPU",
    kind="error-gone",
    cause="pytorch#30598",
    probable=True,
    when=":unseen",
)
@pytest.mark.changed(
    "1.5",
    "modules raise TypeError, because to() takes no complex dtype, instead of RuntimeError",
    kind="exception",
    cause="pytorch#33175",
    advice="catch TypeError too",
    of=("torch.nn.Embedding", "torch.nn.EmbeddingBag"),
    rarely="rows of another dtype on the CPU",
    when=":caught",
)
@pytest.mark.changed(
    "1.5",
    "the message of Embedding names another kernel",
    kind="wording",
    cause="pytorch#30598",
    probable=True,
    when=":unseen",
)
@pytest.mark.changed(
    "1.6",
    "Embedding trains in float16 on the CPU",
    kind="error-gone",
    cause="pytorch#37121",
    probable=True,
    when=":unseen",
)
@pytest.mark.changed(
    "1.8",
    "modules take complex dtypes, with a warning, and Embedding and EmbeddingBag raise "
    "RuntimeError instead of TypeError",
    kind="exception",
    cause="pytorch#44788",
    probable=True,
    of=("torch.nn.Embedding", "torch.nn.EmbeddingBag"),
    rarely="rows of another dtype on the CPU",
    when=":caught",
)
@pytest.mark.changed(
    "1.12",
    "the message of EmbeddingBag says \"Expected tensor for argument #1 'weight' to have "
    'one of the ..."',
    kind="wording",
    cause="pytorch#74844",
    probable=True,
    when=":unseen",
)
@pytest.mark.changed(
    "1.12",
    "the warning about complex modules names another address",
    kind="wording",
    when=":unseen",
)
@pytest.mark.changed(
    "1.12",
    "EmbeddingBag trains in float16 on the CPU",
    kind="error-gone",
    cause="pytorch#74844",
    when=":unseen",
)
@pytest.mark.changed(
    "2.0",
    "EmbeddingBag trains in bfloat16 on the CPU",
    kind="error-gone",
    cause="pytorch#89199",
    when=":unseen",
)
@pytest.mark.changed(
    "2.0",
    "the message of EmbeddingBag says \"Expected tensor for argument #1 'weight' to have "
    'one of the ..."',
    kind="wording",
    cause="pytorch#89199",
    probable=True,
    when=":unseen",
)
@pytest.mark.changed(
    "2.15",
    "Embedding raises NotImplementedError, a subclass of RuntimeError, instead of RuntimeError",
    kind="wording",
    cause="pytorch#192351",
    probable=True,
    when=":unseen",
)
@pytest.mark.parametrize("dtype", ["float64", "float16", "bfloat16", "complex64"])
def test_embedding_trains_in_the_dtype_of_its_rows(dtype, snapshot):
    """An embedding converted to another dtype gives outputs and gradients of that dtype."""

    def act(make):
        layer = make().to(getattr(torch, dtype))
        result = layer(torch.tensor([[0, 1], [2, 3]]))
        result.backward(torch.ones_like(result))
        return {"output": result.dtype, "gradient": layer.weight.grad.dtype}

    cases = {
        "Embedding": {"make": lambda: nn.Embedding(5, 2)},
        "EmbeddingBag, sum": {"make": lambda: nn.EmbeddingBag(5, 2, mode="sum")},
        "EmbeddingBag, mean": {"make": lambda: nn.EmbeddingBag(5, 2, mode="mean")},
        "EmbeddingBag, max": {"make": lambda: nn.EmbeddingBag(5, 2, mode="max")},
    }
    assert snapshot == observe_each(each(act, cases))
