"""Each class of layers on each dtype: integers, float64, half precision and complex numbers.

The same input of ones is tried on every class. A layer with weights takes only their dtype. Layers
without weights compute in the dtype of the input. On the CPU, float16 and bfloat16 came class by
class, most of them from 1.9 to 2.3.
"""

import pytest
import torch

from fixtures.layer_edges import LAYERS, acts, output
from torch_history.observing import apart, observe_each

# On the CPU of old releases it ends the process for a dtype that it lacks, so it is tried apart.
ALONE = ["AdaptiveAvgPool3d"]


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
@pytest.mark.parametrize("family", LAYERS)
def test_layer_with_weights_refuses_integers(family, snapshot):
    """A layer with weights raises on integers; some layers without weights take them."""
    assert snapshot == observe_each(acts([family], takes(torch.int64), ALONE))


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
@pytest.mark.parametrize("family", LAYERS)
def test_each_class_of_layers_trains_in_float16_on_the_cpu(family, snapshot):
    """A layer in float16 runs forward and backward on the CPU."""
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
@pytest.mark.parametrize("family", LAYERS)
def test_each_class_of_layers_trains_in_bfloat16_on_the_cpu(family, snapshot):
    """A layer in bfloat16 runs forward and backward on the CPU."""
    assert snapshot == observe_each(acts([family], trains(torch.bfloat16), without=ALONE))


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
def test_layer_that_compares_numbers_refuses_complex_ones(family, snapshot):
    """A layer in complex64 runs forward and backward, unless it has to compare numbers."""
    assert snapshot == observe_each(acts([family], trains(torch.complex64), without=ALONE))


@pytest.mark.api("torch.nn.AdaptiveAvgPool3d", page="generated/torch.nn.AdaptiveAvgPool3d")
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
