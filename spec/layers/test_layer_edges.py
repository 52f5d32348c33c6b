"""Inputs at the edge of what a layer takes, on each class of layers: empty, flat, wide, not finite.

The same input is tried on every class. The dimension of length 2 is the batch, and that of length
4 the features or channels. A layer gives an empty output for a batch of no samples, and gradients
of zero. NaN and infinity stay in their sample, except under BatchNorm. A layer computes the same
for an input that is not contiguous.
"""

import pytest
import torch

from fixtures.layer_edges import LAYERS, acts, output, sized
from torch_history.observing import observe_each

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
@pytest.mark.parametrize("family", LAYERS)
def test_layer_takes_a_batch_of_no_samples(family, snapshot):
    """A layer takes a batch of no samples, and gives gradients of zero to its parameters.

    The gradient of the input is empty, too.
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
@pytest.mark.parametrize("family", [family for family in LAYERS if family != "activation"])
def test_layer_takes_its_input_without_a_batch_dimension(family, snapshot):
    """Most layers take an input without the dimension of the batch."""
    assert snapshot == observe_each(
        acts([family], lambda make, shape: output(make(), torch.ones(sized(shape, None))).shape)
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
@pytest.mark.parametrize("family", LAYERS)
def test_layer_by_elements_takes_a_tensor_without_dimensions(family, snapshot):
    """Layers that compute element by element take a tensor without dimensions; others raise."""
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
@pytest.mark.parametrize("family", WIDE)
def test_layer_refuses_another_number_of_features(family, snapshot):
    """A layer that was made for 4 features or channels raises on 5."""
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
@pytest.mark.parametrize("family", [*SMALL, "padding", "shape", "distance"])
def test_layer_of_one_feature_takes_one_element(family, snapshot):
    """A layer of one feature takes one sample of one element, unless it takes statistics of it."""
    assert snapshot == observe_each(
        acts([family], lambda make, shape: output(make(1), torch.ones([1] * len(shape))).shape)
    )


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
@pytest.mark.parametrize("family", LAYERS)
def test_nan_in_one_sample_stays_in_it_except_under_batchnorm(family, snapshot):
    """NaN in the first element of a batch makes NaN in the output of its own sample alone.

    Observed are the numbers of elements. BatchNorm takes the mean over all samples.
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
@pytest.mark.parametrize("family", DETERMINED)
def test_infinity_in_one_sample_stays_in_it_except_under_batchnorm(family, snapshot):
    """Infinity in the first element of a batch changes the output of its own sample alone.

    Observed are the numbers of elements. Where two infinities meet, the output is NaN.
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
