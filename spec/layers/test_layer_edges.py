"""Inputs at the edge of what a layer takes, on each class of layers: empty, flat, wide, not finite.

The same input is tried on every class. The dimension of length 2 is the batch, and that of length
4 the features or channels. A layer gives an empty output for a batch of no samples, and gradients
of zero. NaN and infinity stay in their sample, except under BatchNorm. A layer computes the same
for an input that is not contiguous.
"""

import pytest
import torch
from torch import nn

from fixtures.layer_edges import LAYERS, acts, output, sized
from fixtures.settings import each
from torch_history.observing import apart, observe_each

NAN, INFINITY = float("nan"), float("inf")
# families whose output does not depend on random numbers
DETERMINED = [family for family in LAYERS if family != "dropout"]


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
    "ConvTranspose1d to ConvTranspose3d accept a batch of no samples",
    kind="error-gone",
    cause="pytorch#31658",
    when=":unseen",
)
@pytest.mark.changed(
    "1.5",
    "BatchNorm1d to BatchNorm3d give gradients of zero instead of None",
    kind="silent",
    cause="pytorch#32820",
    advice="skip optimizer.step() after an empty batch",
    of=("torch.nn.BatchNorm1d", "torch.nn.BatchNorm2d", "torch.nn.BatchNorm3d"),
    rarely="a batch of no samples",
)
@pytest.mark.changed(
    "1.5",
    "GroupNorm accepts a batch of no samples",
    kind="error-gone",
    cause="pytorch#32401",
    when=":unseen",
)
@pytest.mark.changed(
    "1.5",
    "Upsample, UpsamplingBilinear2d and UpsamplingNearest2d accept a batch of no samples",
    kind="error-gone",
    cause="pytorch#32400",
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
    "1.7", "SiLU was added", kind="appeared", cause="pytorch#41034", of="torch.nn.SiLU"
)
@pytest.mark.changed(
    "1.7",
    "ReflectionPad1d and ReflectionPad2d accept a batch of no samples",
    kind="error-gone",
    cause="pytorch#39231",
    when=":unseen",
)
@pytest.mark.changed(
    "1.7", "Unflatten was added", kind="appeared", cause="pytorch#41564", of="torch.nn.Unflatten"
)
@pytest.mark.changed(
    "1.8",
    "AvgPool1d, AvgPool2d, LPPool1d, LPPool2d, LocalResponseNorm, MaxPool1d and MaxPool2d "
    "accept a batch of no samples",
    kind="error-gone",
    cause="pytorch#40694",
    probable=True,
    when=":unseen",
)
@pytest.mark.changed(
    "1.8",
    "ReplicationPad1d to ReplicationPad3d accept a batch of no samples",
    kind="error-gone",
    cause="pytorch#39137",
    when=":unseen",
)
@pytest.mark.changed(
    "1.8",
    "ChannelShuffle was added",
    kind="appeared",
    of="torch.nn.ChannelShuffle",
    cause="pytorch#46000",
)
@pytest.mark.changed(
    "1.8",
    "Fold and Unfold accept a batch of no samples",
    kind="error-gone",
    when=":unseen",
    cause="pytorch#40689",
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
    "1.9", "AdaptiveAvgPool3d accepts a batch of no samples", kind="error-gone", when=":unseen"
)
@pytest.mark.changed(
    "1.10",
    "AdaptiveMaxPool1d to AdaptiveMaxPool3d and MaxPool3d accept a batch of no samples",
    kind="error-gone",
    cause="pytorch#62088",
    when=":unseen",
)
@pytest.mark.changed(
    "1.10",
    "MultiheadAttention, TransformerDecoderLayer and TransformerEncoderLayer accept a "
    "batch of no samples",
    kind="error-gone",
    cause="pytorch#62800",
    probable=True,
    when=":unseen",
)
@pytest.mark.changed(
    "1.10",
    "Bilinear accepts a batch of no samples",
    kind="error-gone",
    cause="pytorch#47106",
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
    "1.10",
    "AvgPool3d accepts a batch of no samples",
    kind="error-gone",
    cause="pytorch#62025",
    when=":unseen",
)
@pytest.mark.changed(
    "1.10",
    "FractionalMaxPool2d and FractionalMaxPool3d accept a batch of no samples",
    kind="error-gone",
    cause="pytorch#62083",
    when=":unseen",
)
@pytest.mark.changed(
    "1.10",
    "MaxUnpool1d to MaxUnpool3d accept a batch of no samples",
    kind="error-gone",
    cause="pytorch#64082",
    when=":unseen",
)
@pytest.mark.changed(
    "1.11",
    "ChannelShuffle ends the process instead of raising",
    kind="error",
    advice="return an empty tensor for an empty batch yourself",
    of="torch.nn.ChannelShuffle",
    rarely="a batch of no samples",
    cause="pytorch#50247",
    probable=True,
)
@pytest.mark.changed(
    "1.12", "Dropout1d was added", kind="appeared", cause="pytorch#79545", of="torch.nn.Dropout1d"
)
@pytest.mark.changed(
    "1.13",
    "ChannelShuffle raises for want of a derivative, instead of ending the process",
    kind="exception",
    of="torch.nn.ChannelShuffle",
    rarely="a batch of no samples",
    when=":caught",
    cause="pytorch#77029",
    probable=True,
)
@pytest.mark.changed(
    "1.13",
    "the backward of PixelShuffle and PixelUnshuffle raises, because its gradient has the "
    "wrong shape",
    kind="error",
    advice="skip empty batches",
    of=("torch.nn.PixelShuffle", "torch.nn.PixelUnshuffle"),
    rarely="a batch of no samples",
    cause="pytorch#86262",
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
@pytest.mark.parametrize("family", LAYERS)
def test_layer_takes_a_batch_of_no_samples(family, snapshot):
    """A layer takes a batch of no samples, and gives gradients of zero to its parameters.

    The gradient of the input is empty, too. Trap: the backward of PixelShuffle and PixelUnshuffle
    raises since 1.13, and ChannelShuffle ended the process in 1.11 and 1.12.
    """

    def act(make, shape):
        layer, x = make(), torch.zeros(sized(shape, batch=0), requires_grad=True)
        result = output(layer, x)
        result.backward(torch.ones_like(result))
        gradients = [parameter.grad for parameter in layer.parameters()]
        return {
            "output": result.shape,
            "gradient of the input": None if x.grad is None else x.grad.shape,
            "parameters without a gradient": sum(one is None for one in gradients),
            "all others zero": all(one is None or bool((one == 0).all()) for one in gradients),
        }

    assert snapshot == observe_each(acts([family], act, alone=["ChannelShuffle"]))


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
@pytest.mark.api("torch.nn.Softmax", "torch.nn.Softmin", "torch.nn.LogSoftmax")
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
    "the message of Conv1d to Conv3d and ConvTranspose1d to ConvTranspose3d writes sizes "
    "in brackets, with commas",
    kind="wording",
    when=":unseen",
    cause="pytorch#22919 (the issue)",
)
@pytest.mark.changed(
    "1.7",
    "MaxPool1d accepts one sample without a batch",
    kind="error-gone",
    cause="pytorch#43745",
    when=":unseen",
)
@pytest.mark.changed(
    "1.7", "Unflatten was added", kind="appeared", cause="pytorch#41564", of="torch.nn.Unflatten"
)
@pytest.mark.changed(
    "1.8",
    "ChannelShuffle was added",
    kind="appeared",
    of="torch.nn.ChannelShuffle",
    cause="pytorch#46000",
)
@pytest.mark.changed(
    "1.8",
    "PixelShuffle accepts one sample without a batch",
    kind="error-gone",
    cause="pytorch#49187",
    when=":unseen",
)
@pytest.mark.changed(
    "1.8",
    "PixelUnshuffle was added",
    kind="appeared",
    cause="pytorch#49334",
    of="torch.nn.PixelUnshuffle",
)
@pytest.mark.changed(
    "1.10",
    "AdaptiveAvgPool1d, AvgPool1d and LPPool1d accept one sample without a batch",
    kind="error-gone",
    cause="pytorch#61860",
    probable=True,
    when=":unseen",
)
@pytest.mark.changed(
    "1.10",
    "AdaptiveMaxPool1d, ReflectionPad1d, ReflectionPad2d and ReplicationPad1d to "
    "ReplicationPad3d accept one sample without a batch",
    kind="error-gone",
    cause="pytorch#61264",
    probable=True,
    when=":unseen",
)
@pytest.mark.changed(
    "1.10",
    "MaxUnpool1d to MaxUnpool3d accept one sample without a batch",
    kind="error-gone",
    cause="pytorch#61984",
    when=":unseen",
)
@pytest.mark.changed(
    "1.10",
    "PairwiseDistance accepts one sample without a batch",
    kind="error-gone",
    cause="pytorch#64882",
    when=":unseen",
)
@pytest.mark.changed(
    "1.10",
    "Softmax2d accepts one sample without a batch",
    kind="error-gone",
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
    "MultiheadAttention, TransformerDecoderLayer and TransformerEncoderLayer accept one "
    "sample without a batch",
    kind="error-gone",
    cause="pytorch#67176",
    probable=True,
    when=":unseen",
)
@pytest.mark.changed(
    "1.11",
    "Conv1d to Conv3d, ConvTranspose1d to ConvTranspose3d and InstanceNorm1d to "
    "InstanceNorm3d accept one sample without a batch",
    kind="error-gone",
    cause="pytorch#70506",
    probable=True,
    when=":unseen",
)
@pytest.mark.changed(
    "1.11",
    "GRU and RNN accept one sample without a batch",
    kind="error-gone",
    cause="pytorch#70977",
    when=":unseen",
)
@pytest.mark.changed(
    "1.11",
    "GRUCell, LSTMCell and RNNCell accept one sample without a batch",
    kind="error-gone",
    cause="pytorch#70236",
    when=":unseen",
)
@pytest.mark.changed(
    "1.11",
    "LSTM accepts one sample without a batch",
    kind="error-gone",
    cause="pytorch#71056",
    when=":unseen",
)
@pytest.mark.changed(
    "1.11",
    "Fold accepts one sample without a batch",
    kind="error-gone",
    when=":unseen",
    cause="pytorch#64909",
)
@pytest.mark.changed(
    "1.11",
    "the message of Upsample lists the mode nearest-exact",
    kind="wording",
    when=":unseen",
    cause="pytorch#64501",
)
@pytest.mark.changed(
    "1.12", "Dropout1d was added", kind="appeared", cause="pytorch#79545", of="torch.nn.Dropout1d"
)
@pytest.mark.changed(
    "1.12",
    "Dropout2d warns that it reads three dimensions as samples, channels and length",
    kind="warning",
    cause="pytorch#79549",
    of="torch.nn.Dropout2d",
    rarely="an input without a batch dimension",
)
@pytest.mark.changed(
    "1.13", "Unfold accepts one sample without a batch", kind="error-gone", when=":unseen"
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
    "2.3", "LPPool3d was added", kind="appeared", cause="pytorch#114199", of="torch.nn.LPPool3d"
)
@pytest.mark.changed(
    "2.4", "RMSNorm was added", kind="appeared", cause="pytorch#121364", of="torch.nn.RMSNorm"
)
@pytest.mark.changed(
    "2.12",
    "the message of Upsample lists the mode lanczos",
    kind="wording",
    when=":unseen",
    cause="pytorch#177320",
)
@pytest.mark.parametrize("family", [family for family in LAYERS if family != "activation"])
def test_layer_takes_its_input_without_a_batch_dimension(family, snapshot):
    """Most layers take an input without the dimension of the batch, many since 1.10 or 1.11.

    BatchNorm, GroupNorm, LocalResponseNorm and Upsample raise. Trap: Dropout2d takes the first of
    three dimensions for the batch, and warns.
    """

    def act(make, shape):
        return output(make(), torch.ones(sized(shape, None))).shape

    assert snapshot == observe_each(acts([family], act))


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
    "the message of Conv1d to Conv3d and ConvTranspose1d to ConvTranspose3d writes sizes "
    "in brackets, with commas",
    kind="wording",
    when=":unseen",
    cause="pytorch#22919 (the issue)",
)
@pytest.mark.changed(
    "1.6",
    'the message of GLU says "glu does not support scalars because halving size must be even"',
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
    "1.7", "SiLU was added", kind="appeared", cause="pytorch#41034", of="torch.nn.SiLU"
)
@pytest.mark.changed(
    "1.7",
    'the message of AdaptiveAvgPool2d says "Dimension out of range (expected to be in '
    'range of [-1, 0], but ..."',
    kind="wording",
    when=":unseen",
)
@pytest.mark.changed(
    "1.7",
    'the message of MaxPool1d says "max_pool1d() input tensor must have 2 or 3 dimensions '
    'but got 0"',
    kind="wording",
    when=":unseen",
    cause="pytorch#43745",
)
@pytest.mark.changed(
    "1.7", "Unflatten was added", kind="appeared", cause="pytorch#41564", of="torch.nn.Unflatten"
)
@pytest.mark.changed(
    "1.8",
    "AvgPool2d and LPPool2d raise IndexError instead of RuntimeError",
    kind="exception",
    of=("torch.nn.AvgPool2d", "torch.nn.LPPool2d"),
    rarely="an input without dimensions",
    when=":caught",
)
@pytest.mark.changed(
    "1.8",
    "ChannelShuffle was added",
    kind="appeared",
    of="torch.nn.ChannelShuffle",
    cause="pytorch#46000",
)
@pytest.mark.changed(
    "1.8",
    'the message of PixelShuffle says "pixel_shuffle expects input to have at least 3 '
    'dimensions, but got ..."',
    kind="wording",
    when=":unseen",
    cause="pytorch#49187",
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
    "AdaptiveAvgPool3d raises IndexError instead of RuntimeError",
    kind="exception",
    of="torch.nn.AdaptiveAvgPool3d",
    rarely="an input without dimensions",
    when=":caught",
)
@pytest.mark.changed(
    "1.9",
    'the message of GRUCell, LSTMCell and RNNCell says "dimension specified as 0 but '
    'tensor has no dimensions"',
    kind="wording",
    when=":unseen",
    cause="pytorch#51964",
    probable=True,
)
@pytest.mark.changed(
    "1.10",
    'the message of AdaptiveAvgPool1d, AvgPool1d and LPPool1d says "Expected 2 to 3 '
    'dimensions, but got 0-dimensional tensor for ..."',
    kind="wording",
    when=":unseen",
    cause="pytorch#61860",
    probable=True,
)
@pytest.mark.changed(
    "1.10",
    "the message of AdaptiveMaxPool1d to AdaptiveMaxPool3d and MaxPool1d says how many "
    "dimensions it expects",
    kind="wording",
    cause="pytorch#62088",
    when=":unseen",
)
@pytest.mark.changed(
    "1.10",
    "PairwiseDistance accepts a tensor without dimensions",
    kind="error-gone",
    when=":unseen",
    cause="pytorch#64882",
)
@pytest.mark.changed(
    "1.10",
    "ReflectionPad3d was added",
    kind="appeared",
    cause="pytorch#59791",
    of="torch.nn.ReflectionPad3d",
)
@pytest.mark.changed(
    "1.10",
    'the message of Softmax2d says "Softmax2d requires a 3D or 4D tensor as input"',
    kind="wording",
    when=":unseen",
)
@pytest.mark.changed(
    "1.11",
    "MultiheadAttention, TransformerDecoderLayer and TransformerEncoderLayer raise "
    "AssertionError instead of ValueError",
    kind="exception",
    cause="pytorch#67176",
    probable=True,
    of=(
        "torch.nn.MultiheadAttention",
        "torch.nn.TransformerDecoderLayer",
        "torch.nn.TransformerEncoderLayer",
    ),
    rarely="an input without dimensions",
    when=":caught",
)
@pytest.mark.changed(
    "1.11",
    "the message of Conv1d to Conv3d and ConvTranspose1d to ConvTranspose3d counts the "
    "dimensions with and without a batch",
    kind="wording",
    cause="pytorch#70506",
    when=":unseen",
)
@pytest.mark.changed(
    "1.11",
    "Dropout2d and Dropout3d warn that an input without dimensions will raise an error",
    kind="warning",
    cause="pytorch#69885",
    of=("torch.nn.Dropout2d", "torch.nn.Dropout3d"),
    rarely="an input without dimensions",
)
@pytest.mark.changed(
    "1.11",
    "the message of InstanceNorm1d to InstanceNorm3d counts the dimensions with and "
    "without a batch",
    kind="wording",
    cause="pytorch#70506",
    probable=True,
    when=":unseen",
)
@pytest.mark.changed(
    "1.11",
    'the message of GRU, LSTM and RNN says "Dimension out of range (expected to be in '
    'range of [-1, 0], but got 1)"',
    kind="wording",
    when=":unseen",
    cause="pytorch#70977",
)
@pytest.mark.changed(
    "1.11",
    "GRUCell, LSTMCell and RNNCell raise AssertionError instead of IndexError",
    kind="exception",
    cause="pytorch#70236",
    of=("torch.nn.GRUCell", "torch.nn.LSTMCell", "torch.nn.RNNCell"),
    rarely="an input without dimensions",
    when=":caught",
)
@pytest.mark.changed(
    "1.11",
    'the message of Fold says "Input Error: Only unbatched (2D) or batched (3D) input '
    'Tensorsare ..."',
    kind="wording",
    when=":unseen",
    cause="pytorch#64909",
)
@pytest.mark.changed(
    "1.11",
    "the message of Upsample, UpsamplingBilinear2d and UpsamplingNearest2d lists the mode "
    "nearest-exact",
    kind="wording",
    when=":unseen",
    cause="pytorch#64501",
)
@pytest.mark.changed(
    "1.12", "Dropout1d was added", kind="appeared", cause="pytorch#79545", of="torch.nn.Dropout1d"
)
@pytest.mark.changed(
    "1.12",
    "ConstantPad1d to ConstantPad3d, ReflectionPad1d to ReflectionPad3d, ReplicationPad1d "
    "to ReplicationPad3d and ZeroPad2d raise RuntimeError instead of AssertionError",
    kind="exception",
    advice="catch RuntimeError",
    of=(
        "torch.nn.ConstantPad1d",
        "torch.nn.ConstantPad2d",
        "torch.nn.ConstantPad3d",
        "torch.nn.ReflectionPad1d",
        "torch.nn.ReflectionPad2d",
        "torch.nn.ReflectionPad3d",
        "torch.nn.ReplicationPad1d",
        "torch.nn.ReplicationPad2d",
        "torch.nn.ReplicationPad3d",
        "torch.nn.ZeroPad2d",
    ),
    rarely="an input without dimensions",
    when=":caught",
    cause="pytorch#73431",
    probable=True,
)
@pytest.mark.changed(
    "1.13",
    'the message of AvgPool2d, Bilinear and LPPool2d says "Dimension specified as -1 but '
    'tensor has no dimensions"',
    kind="wording",
    when=":unseen",
)
@pytest.mark.changed(
    "1.13",
    "the message of FractionalMaxPool2d, FractionalMaxPool3d and GroupNorm says "
    '"Dimension specified as 0 but tensor has no dimensions"',
    kind="wording",
    when=":unseen",
)
@pytest.mark.changed(
    "1.13",
    'the message of MaxPool1d says "max_pool1d: Expected 2D or 3D (batch mode) tensor '
    'with optional 0 ..."',
    kind="wording",
    when=":unseen",
)
@pytest.mark.changed(
    "1.13",
    "Fold raises RuntimeError instead of NotImplementedError",
    kind="exception",
    of="torch.nn.Fold",
    rarely="an input without dimensions",
    when=":caught",
)
@pytest.mark.changed(
    "1.13",
    "Unfold raises IndexError instead of NotImplementedError",
    kind="exception",
    of="torch.nn.Unfold",
    rarely="an input without dimensions",
    when=":caught",
)
@pytest.mark.changed(
    "2.0",
    "GroupNorm raises RuntimeError instead of IndexError",
    kind="exception",
    cause="pytorch#87054",
    of="torch.nn.GroupNorm",
    rarely="an input without dimensions",
    when=":caught",
)
@pytest.mark.changed(
    "2.0",
    "GRU, LSTM and RNN raise AssertionError instead of IndexError",
    kind="exception",
    cause="pytorch#87442",
    of=("torch.nn.GRU", "torch.nn.LSTM", "torch.nn.RNN"),
    rarely="an input without dimensions",
    when=":caught",
)
@pytest.mark.changed(
    "2.1",
    'the message of Linear says "ArrayRef: invalid index", up to 2.2',
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
    "the message of ConstantPad1d to ConstantPad3d, ReflectionPad1d to ReflectionPad3d, "
    'ReplicationPad1d to ReplicationPad3d and ZeroPad2d says "Padding length should be '
    'less than or equal to two times the input ..."',
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
    "2.1",
    "GRU, GRUCell, LSTM, LSTMCell, RNN, RNNCell and Softmax2d raise ValueError instead of "
    "AssertionError",
    kind="exception",
    cause="pytorch#105127",
    probable=True,
    of=(
        "torch.nn.GRU",
        "torch.nn.GRUCell",
        "torch.nn.LSTM",
        "torch.nn.LSTMCell",
        "torch.nn.RNN",
        "torch.nn.RNNCell",
        "torch.nn.Softmax2d",
    ),
    rarely="an input without dimensions",
    when=":caught",
)
@pytest.mark.changed(
    "2.3",
    "the message of Linear counts the dimensions of both arguments",
    kind="wording",
    when=":unseen",
)
@pytest.mark.changed(
    "2.3", "LPPool3d was added", kind="appeared", cause="pytorch#114199", of="torch.nn.LPPool3d"
)
@pytest.mark.changed(
    "2.4", "RMSNorm was added", kind="appeared", cause="pytorch#121364", of="torch.nn.RMSNorm"
)
@pytest.mark.changed(
    "2.10",
    "RMSNorm raises ValueError instead of RuntimeError",
    kind="exception",
    of="torch.nn.RMSNorm",
    rarely="an input without dimensions",
    when=":caught",
)
@pytest.mark.changed(
    "2.12",
    "the message of Upsample, UpsamplingBilinear2d and UpsamplingNearest2d lists the mode lanczos",
    kind="wording",
    when=":unseen",
    cause="pytorch#177320",
)
@pytest.mark.parametrize("family", LAYERS)
def test_layer_by_elements_takes_a_tensor_without_dimensions(family, snapshot):
    """Layers that compute element by element, and softmax, take a tensor without dimensions.

    Most others raise, with exceptions of five classes.
    """
    assert snapshot == observe_each(
        acts([family], lambda make, shape: output(make(), torch.ones(())).shape)
    )


WIDE = ["linear", "convolution", "normalisation", "recurrent", "attention", "shape"]


@pytest.mark.api("torch.nn.Linear", "torch.nn.Bilinear", "torch.nn.Conv1d", "torch.nn.Conv2d")
@pytest.mark.api("torch.nn.Conv3d", "torch.nn.ConvTranspose1d", "torch.nn.ConvTranspose2d")
@pytest.mark.api("torch.nn.ConvTranspose3d", "torch.nn.BatchNorm1d", "torch.nn.BatchNorm2d")
@pytest.mark.api("torch.nn.BatchNorm3d", "torch.nn.InstanceNorm1d", "torch.nn.InstanceNorm2d")
@pytest.mark.api("torch.nn.InstanceNorm3d", "torch.nn.GroupNorm", "torch.nn.LayerNorm")
@pytest.mark.api("torch.nn.RMSNorm", "torch.nn.LocalResponseNorm", "torch.nn.RNN", "torch.nn.LSTM")
@pytest.mark.api("torch.nn.GRU", "torch.nn.RNNCell", "torch.nn.LSTMCell", "torch.nn.GRUCell")
@pytest.mark.api("torch.nn.MultiheadAttention", "torch.nn.TransformerEncoderLayer")
@pytest.mark.api("torch.nn.TransformerDecoderLayer", "torch.nn.Identity", "torch.nn.Flatten")
@pytest.mark.api("torch.nn.Unflatten", "torch.nn.Upsample", "torch.nn.UpsamplingNearest2d")
@pytest.mark.api("torch.nn.UpsamplingBilinear2d", "torch.nn.PixelShuffle")
@pytest.mark.api("torch.nn.PixelUnshuffle", "torch.nn.ChannelShuffle", "torch.nn.Unfold")
@pytest.mark.api("torch.nn.Fold", page="nn")
@pytest.mark.changed(
    "1.5",
    "the message of Conv1d to Conv3d and ConvTranspose1d to ConvTranspose3d writes sizes "
    "in brackets, with commas",
    kind="wording",
    when=":unseen",
    cause="pytorch#22919 (the issue)",
)
@pytest.mark.changed(
    "1.7",
    'the message of Linear says "mat1 and mat2 shapes cannot be multiplied (2x5 and 4x3)"',
    kind="wording",
    when=":unseen",
    cause="pytorch#40927",
    probable=True,
)
@pytest.mark.changed(
    "1.7", "Unflatten was added", kind="appeared", cause="pytorch#41564", of="torch.nn.Unflatten"
)
@pytest.mark.changed(
    "1.8",
    "ChannelShuffle was added",
    kind="appeared",
    of="torch.nn.ChannelShuffle",
    cause="pytorch#46000",
)
@pytest.mark.changed(
    "1.8",
    "the message of PixelShuffle names the number of channels",
    kind="wording",
    cause="pytorch#49187",
    when=":unseen",
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
    "the message of MultiheadAttention, TransformerDecoderLayer and "
    'TransformerEncoderLayer says "was expecting embedding dimension of 4, but got 5"',
    kind="wording",
    when=":unseen",
)
@pytest.mark.changed(
    "1.9",
    "the message of GRUCell, LSTMCell and RNNCell loses its comma",
    kind="wording",
    cause="pytorch#51964",
    when=":unseen",
)
@pytest.mark.changed(
    "2.1",
    "InstanceNorm1d to InstanceNorm3d warn that the number of channels differs",
    kind="warning",
    cause="pytorch#94624",
    advice="give the layer the number of channels of its input",
    of=("torch.nn.InstanceNorm1d", "torch.nn.InstanceNorm2d", "torch.nn.InstanceNorm3d"),
    rarely="an input of another width",
)
@pytest.mark.changed(
    "2.1",
    "LSTM takes any width on the CPU, and reads beyond its weights",
    kind="error-gone",
    advice="check input.size(-1) == layer.input_size before the call",
    when=":unseen",
    cause="pytorch#114874 (the issue)",
)
@pytest.mark.changed(
    "2.3",
    "LSTM raises again, because its input must have input_size features",
    kind="error",
    cause="pytorch#115542",
    advice="give the layer the input_size of its input",
    of="torch.nn.LSTM",
    rarely="an input of another width",
)
@pytest.mark.changed(
    "2.4", "RMSNorm was added", kind="appeared", cause="pytorch#121364", of="torch.nn.RMSNorm"
)
@pytest.mark.changed(
    "2.10",
    "the message of RMSNorm writes the shape without a comma",
    kind="wording",
    when=":unseen",
)
@pytest.mark.changed(
    "2.15",
    "the message of Linear begins with addmm",
    kind="wording",
    when=":unseen",
    cause="pytorch#193583",
)
@pytest.mark.parametrize("family", WIDE)
def test_layer_refuses_another_number_of_features(family, snapshot):
    """A layer that was made for 4 features or channels raises on 5.

    Trap: InstanceNorm without weights only warns, and LSTM of 2.1 and 2.2 computes with what lies
    behind its weights. Layers that know no width take any.
    """
    assert snapshot == observe_each(
        acts(
            [family],
            lambda make, shape: output(make(), torch.ones(sized(shape, 2, 5))).shape,
            alone=["LSTM"],  # it reads beyond its weights in some releases
        )
    )


SMALL = ["linear", "adaptive pooling", "normalisation", "softmax", "recurrent", "attention"]


@pytest.mark.api("torch.nn.Linear", "torch.nn.Bilinear", "torch.nn.AdaptiveAvgPool1d")
@pytest.mark.api("torch.nn.AdaptiveAvgPool2d", "torch.nn.AdaptiveAvgPool3d")
@pytest.mark.api("torch.nn.AdaptiveMaxPool1d", "torch.nn.AdaptiveMaxPool2d")
@pytest.mark.api("torch.nn.AdaptiveMaxPool3d", "torch.nn.BatchNorm1d", "torch.nn.BatchNorm2d")
@pytest.mark.api("torch.nn.BatchNorm3d", "torch.nn.InstanceNorm1d", "torch.nn.InstanceNorm2d")
@pytest.mark.api("torch.nn.InstanceNorm3d", "torch.nn.GroupNorm", "torch.nn.LayerNorm")
@pytest.mark.api("torch.nn.RMSNorm", "torch.nn.LocalResponseNorm", "torch.nn.Softmax")
@pytest.mark.api("torch.nn.Softmin", "torch.nn.LogSoftmax", "torch.nn.Softmax2d", "torch.nn.RNN")
@pytest.mark.api("torch.nn.LSTM", "torch.nn.GRU", "torch.nn.RNNCell", "torch.nn.LSTMCell")
@pytest.mark.api("torch.nn.GRUCell", "torch.nn.MultiheadAttention")
@pytest.mark.api("torch.nn.TransformerEncoderLayer", "torch.nn.TransformerDecoderLayer")
@pytest.mark.api("torch.nn.ConstantPad1d", "torch.nn.ConstantPad2d", "torch.nn.ConstantPad3d")
@pytest.mark.api("torch.nn.ZeroPad1d", "torch.nn.ZeroPad2d", "torch.nn.ZeroPad3d")
@pytest.mark.api("torch.nn.ReflectionPad1d", "torch.nn.ReflectionPad2d", "torch.nn.ReflectionPad3d")
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
    "GroupNorm and InstanceNorm1d to InstanceNorm3d raise, because one value has no variance",
    kind="error",
    cause="pytorch#29082",
    advice="leave the norm out where a channel has one value",
    of=(
        "torch.nn.GroupNorm",
        "torch.nn.InstanceNorm1d",
        "torch.nn.InstanceNorm2d",
        "torch.nn.InstanceNorm3d",
    ),
    rarely="a single element",
)
@pytest.mark.changed(
    "1.7", "Unflatten was added", kind="appeared", cause="pytorch#41564", of="torch.nn.Unflatten"
)
@pytest.mark.changed(
    "1.8",
    "ChannelShuffle was added",
    kind="appeared",
    of="torch.nn.ChannelShuffle",
    cause="pytorch#46000",
)
@pytest.mark.changed(
    "1.8",
    "the message of PixelShuffle names the number of channels",
    kind="wording",
    cause="pytorch#49187",
    when=":unseen",
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
    "the message of InstanceNorm1d to InstanceNorm3d speaks of spatial elements",
    kind="wording",
    cause="pytorch#56659",
    probable=True,
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
    "1.13",
    "the message of Unfold says that the shape of the blocks must be at least one",
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
    "the message of ReflectionPad2d gives the sizes of the input, where it counted them",
    kind="wording",
    when=":unseen",
    cause="pytorch#102949",
    probable=True,
)
@pytest.mark.changed(
    "2.1",
    "ZeroPad1d and ZeroPad3d were added",
    kind="appeared",
    cause="pytorch#96295",
    of=("torch.nn.ZeroPad1d", "torch.nn.ZeroPad3d"),
)
@pytest.mark.changed(
    "2.4", "RMSNorm was added", kind="appeared", cause="pytorch#121364", of="torch.nn.RMSNorm"
)
@pytest.mark.parametrize("family", [*SMALL, "padding", "shape", "distance"])
def test_layer_of_one_feature_takes_one_element(family, snapshot):
    """A layer of one feature takes one sample of one element, unless it takes statistics of it.

    BatchNorm, InstanceNorm and GroupNorm raise in training, since one value has no variance;
    reflection pads raise, too. LayerNorm and RMSNorm take it.
    """

    def act(make, shape):
        return output(make(1), torch.ones([1] * len(shape))).shape

    assert snapshot == observe_each(acts([family], act))


def not_finite(number):
    """An act: an input of ones begins with ``number``; what is not finite in each output."""

    def act(make, shape):
        x = torch.ones(shape)
        x.view(-1)[0] = number
        result, batch = output(make(), x), shape.index(2)
        return {
            f"sample {sample}": {
                "NaN": int(torch.isnan(result.select(batch, sample)).sum()),
                "infinite": int((result.select(batch, sample).abs() == INFINITY).sum()),
            }
            for sample in (0, 1)
        }

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
    "Hardsigmoid was added",
    kind="appeared",
    cause="pytorch#34545",
    probable=True,
    of="torch.nn.Hardsigmoid",
)
@pytest.mark.changed(
    "1.5",
    "Hardtanh and ReLU6 give NaN for NaN instead of a bound",
    kind="silent",
    advice="call torch.nan_to_num on the input first",
    of=("torch.nn.Hardtanh", "torch.nn.ReLU6"),
    rarely="NaN in the input",
    cause="pytorch#24710 (the issue)",
    probable=True,
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
    "1.7", "SiLU was added", kind="appeared", cause="pytorch#41034", of="torch.nn.SiLU"
)
@pytest.mark.changed(
    "1.7",
    "FractionalMaxPool2d gives NaN for a window with NaN",
    kind="silent",
    advice="replace NaN in the input first",
    of="torch.nn.FractionalMaxPool2d",
    rarely="NaN in the input",
    cause="pytorch#40131 (the issue)",
    probable=True,
)
@pytest.mark.changed(
    "1.7", "Unflatten was added", kind="appeared", cause="pytorch#41564", of="torch.nn.Unflatten"
)
@pytest.mark.changed(
    "1.8",
    "ChannelShuffle was added",
    kind="appeared",
    of="torch.nn.ChannelShuffle",
    cause="pytorch#46000",
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
    "1.12", "Dropout1d was added", kind="appeared", cause="pytorch#79545", of="torch.nn.Dropout1d"
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
    "2.3", "LPPool3d was added", kind="appeared", cause="pytorch#114199", of="torch.nn.LPPool3d"
)
@pytest.mark.changed(
    "2.4", "RMSNorm was added", kind="appeared", cause="pytorch#121364", of="torch.nn.RMSNorm"
)
@pytest.mark.changed(
    "2.6",
    "Softshrink gives NaN for NaN instead of 0",
    kind="silent",
    cause="pytorch#138421",
    advice="call torch.nan_to_num on the input first",
    of="torch.nn.Softshrink",
    rarely="NaN in the input",
)
@pytest.mark.parametrize("family", LAYERS)
def test_nan_in_one_sample_stays_in_it_except_under_batchnorm(family, snapshot):
    """NaN in the first element of a batch makes NaN in the output of its own sample alone.

    Observed are the numbers of elements. BatchNorm takes the mean over all samples. A norm, softmax
    and attention spread it over all that they normalise. FractionalMaxPool3d does not look at the
    first element here.
    """
    assert snapshot == observe_each(acts([family], not_finite(NAN)))


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
@pytest.mark.api("torch.nn.Softmax2d", "torch.nn.RNN", "torch.nn.LSTM", "torch.nn.GRU")
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
    "1.6",
    "Hardswish was added",
    kind="appeared",
    cause="pytorch#34747",
    probable=True,
    of="torch.nn.Hardswish",
)
@pytest.mark.changed(
    "1.7", "SiLU was added", kind="appeared", cause="pytorch#41034", of="torch.nn.SiLU"
)
@pytest.mark.changed(
    "1.7", "Unflatten was added", kind="appeared", cause="pytorch#41564", of="torch.nn.Unflatten"
)
@pytest.mark.changed(
    "1.8",
    "ChannelShuffle was added",
    kind="appeared",
    of="torch.nn.ChannelShuffle",
    cause="pytorch#46000",
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
    "2.1",
    "GELU gives NaN instead of infinity on the CPU",
    kind="silent",
    advice="clamp the input to finite numbers, or use approximate='tanh'",
    of="torch.nn.GELU",
    rarely="infinity in the input",
    cause="pytorch#185770 (the issue)",
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
    "2.3", "LPPool3d was added", kind="appeared", cause="pytorch#114199", of="torch.nn.LPPool3d"
)
@pytest.mark.changed(
    "2.4", "RMSNorm was added", kind="appeared", cause="pytorch#121364", of="torch.nn.RMSNorm"
)
@pytest.mark.parametrize("family", DETERMINED)
def test_infinity_in_one_sample_stays_in_it_except_under_batchnorm(family, snapshot):
    """Infinity in the first element of a batch changes the output of its own sample alone.

    Observed are the numbers of elements. Norms, softmax and attention give NaN. Sigmoid, Tanh and
    recurrent layers give finite numbers. Trap: GELU gives NaN on the CPU since 2.1.
    """
    assert snapshot == observe_each(acts([family], not_finite(INFINITY)))


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
@pytest.mark.api("torch.nn.Softmax2d", "torch.nn.RNN", "torch.nn.LSTM", "torch.nn.GRU")
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
    "1.6",
    "Hardswish was added",
    kind="appeared",
    cause="pytorch#34747",
    probable=True,
    of="torch.nn.Hardswish",
)
@pytest.mark.changed(
    "1.7", "SiLU was added", kind="appeared", cause="pytorch#41034", of="torch.nn.SiLU"
)
@pytest.mark.changed(
    "1.7", "Unflatten was added", kind="appeared", cause="pytorch#41564", of="torch.nn.Unflatten"
)
@pytest.mark.changed(
    "1.8",
    "ChannelShuffle was added",
    kind="appeared",
    of="torch.nn.ChannelShuffle",
    cause="pytorch#46000",
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
@pytest.mark.parametrize("family", DETERMINED)
def test_layer_computes_the_same_for_input_that_is_not_contiguous(family, snapshot):
    """A layer gives the output and the gradient of a contiguous copy of its input."""

    def act(make, shape):
        x = (torch.arange(float(torch.Size(shape).numel())) % 7).reshape(shape)
        turned = x.transpose(0, -1).contiguous().transpose(0, -1)
        found = []
        for one in (x, turned):
            torch.manual_seed(0)  # fractional pooling draws its regions
            one.requires_grad_()
            result = output(make(), one)
            result.backward(torch.ones_like(result))
            found.append((result, one.grad))
        (result, gradient), (other, other_gradient) = found
        return {
            "contiguous": turned.is_contiguous(),
            "equal output": bool(torch.allclose(result, other)),
            "equal gradient": bool(torch.allclose(gradient, other_gradient)),
        }

    assert snapshot == observe_each(acts([family], act))


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
    "1.6",
    "Hardswish was added",
    kind="appeared",
    cause="pytorch#34747",
    probable=True,
    of="torch.nn.Hardswish",
)
@pytest.mark.changed(
    "1.7", "SiLU was added", kind="appeared", cause="pytorch#41034", of="torch.nn.SiLU"
)
@pytest.mark.changed(
    "1.7", "Unflatten was added", kind="appeared", cause="pytorch#41564", of="torch.nn.Unflatten"
)
@pytest.mark.changed(
    "1.8",
    "ChannelShuffle was added",
    kind="appeared",
    of="torch.nn.ChannelShuffle",
    cause="pytorch#46000",
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
    "1.12", "Dropout1d was added", kind="appeared", cause="pytorch#79545", of="torch.nn.Dropout1d"
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
@pytest.mark.parametrize("family", LAYERS)
def test_frozen_layer_requires_grad_only_through_its_input(family, snapshot):
    """A layer with ``requires_grad_(False)`` gives gradients to its input, and none to itself."""

    def act(make, shape):
        layer, x = make().requires_grad_(False), torch.ones(shape)
        alone = output(layer, x).requires_grad
        result = output(layer, x.requires_grad_())
        result.backward(torch.ones_like(result))
        return {
            "output requires grad": alone,
            "output requires grad, as the input does": result.requires_grad,
            "gradient of the input": x.grad.shape,
            "gradients of parameters": [
                one.grad for one in layer.parameters() if one.grad is not None
            ],
        }

    assert snapshot == observe_each(acts([family], act))


# shapes of indices
SHAPES = {
    "two samples": (2, 3),
    "no samples": (0, 3),
    "no positions": (2, 0),
    "without a batch dimension": (3,),
    "without dimensions": (),
    "three dimensions": (1, 2, 3),
}


@pytest.mark.api("torch.nn.Embedding", "torch.nn.EmbeddingBag", page="generated/torch.nn.Embedding")
@pytest.mark.changed(
    "1.5",
    "EmbeddingBag of no samples ends the process instead of raising",
    kind="error",
    advice="return an empty tensor for an empty batch yourself",
    of="torch.nn.EmbeddingBag",
    rarely="a batch of no samples",
    cause="pytorch#50286 (the issue)",
)
@pytest.mark.changed(
    "1.9",
    "EmbeddingBag accepts a batch of no samples instead of ending the process",
    kind="error-gone",
    when=":unseen",
    cause="pytorch#50286 (the issue)",
)
@pytest.mark.parametrize("name", ["Embedding", "EmbeddingBag"])
def test_embedding_takes_indices_of_any_shape_and_embedding_bag_of_two_dimensions(name, snapshot):
    """``Embedding`` takes indices of any shape; ``EmbeddingBag`` without offsets takes a matrix.

    A bag without positions raises. Give offsets for empty bags.
    """

    def act(shape):
        return getattr(nn, name)(5, 4)(torch.ones(shape, dtype=torch.int64)).shape

    found = each(act, {case: {"shape": SHAPES[case]} for case in SHAPES})
    assert snapshot == observe_each({case: apart(one) for case, one in found.items()})


@pytest.mark.api("torch.nn.Embedding", "torch.nn.EmbeddingBag", page="generated/torch.nn.Embedding")
@pytest.mark.parametrize("number", [NAN, INFINITY], ids=["NaN", "infinity"])
def test_nan_in_a_row_of_an_embedding_reaches_its_bags_except_for_their_maximum(number, snapshot):
    """NaN in row 1 is in the output for index 1, and in the sum and the mean of its bag.

    Trap: the maximum of the bag drops NaN. Infinity reaches each of them.
    """

    def act(make):
        layer = make()
        layer.weight.data.fill_(1.0)
        layer.weight.data[1, 0] = number
        return layer(torch.tensor([[0, 1], [2, 3]]))

    cases = {
        "Embedding": {"make": lambda: nn.Embedding(5, 2)},
        "EmbeddingBag, sum": {"make": lambda: nn.EmbeddingBag(5, 2, mode="sum")},
        "EmbeddingBag, mean": {"make": lambda: nn.EmbeddingBag(5, 2, mode="mean")},
        "EmbeddingBag, max": {"make": lambda: nn.EmbeddingBag(5, 2, mode="max")},
    }
    assert snapshot == observe_each(each(act, cases))
