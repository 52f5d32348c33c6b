"""What layers print: changes here explain a diff of printed models between two releases.

A layer prints its class and arguments. Releases have printed more arguments, put quotes around
some, or named another class.
"""

import pytest
from torch import nn

from torch_history.observing import observe

LAYERS = {
    "flatten": lambda: nn.Flatten(),
    "log_softmax": lambda: nn.LogSoftmax(dim=1),
    "gelu": lambda: nn.GELU(),
    "softplus": lambda: nn.Softplus(),
    "upsample": lambda: nn.Upsample(scale_factor=2),
    "embedding_bag": lambda: nn.EmbeddingBag(5, 3),
    "group_norm": lambda: nn.GroupNorm(2, 4),
    "group_norm without affine": lambda: nn.GroupNorm(2, 4, affine=False),
    "attention": lambda: nn.MultiheadAttention(4, 2),
    "conv_transpose1d": lambda: nn.ConvTranspose1d(4, 8, 3),
    "bilinear": lambda: nn.Bilinear(2, 3, 4),
    "lstm_cell": lambda: nn.LSTMCell(4, 3),
    "adaptive_avg_pool2d": lambda: nn.AdaptiveAvgPool2d((1, None)),
    "leaky_relu": lambda: nn.LeakyReLU(),
    "prelu": lambda: nn.PReLU(),
}


@pytest.mark.parametrize("make", list(LAYERS.values()), ids=list(LAYERS))
@pytest.mark.api(
    "torch.nn.Flatten",
    "torch.nn.LogSoftmax",
    "torch.nn.GELU",
    "torch.nn.Softplus",
    "torch.nn.Upsample",
    "torch.nn.EmbeddingBag",
    "torch.nn.GroupNorm",
    "torch.nn.MultiheadAttention",
    "torch.nn.ConvTranspose1d",
    "torch.nn.Bilinear",
    "torch.nn.LSTMCell",
    "torch.nn.AdaptiveAvgPool2d",
    "torch.nn.LeakyReLU",
    "torch.nn.PReLU",
    page="nn",
)
@pytest.mark.changed(
    "1.6",
    "LogSoftmax prints dim",
    kind="representation",
    cause="pytorch#39084",
    when=":unseen",
    of="torch.nn.LogSoftmax",
)
@pytest.mark.changed(
    "1.6",
    "the attention's out_proj is a _LinearWithBias",
    kind="representation",
    cause="pytorch#38211",
    when=":unseen",
    of="torch.nn.MultiheadAttention",
)
@pytest.mark.changed(
    "1.7",
    "Flatten prints its dimensions",
    kind="representation",
    cause="pytorch#41564",
    when=":unseen",
    of="torch.nn.Flatten",
)
@pytest.mark.changed(
    "1.9",
    "the attention's out_proj is a NonDynamicallyQuantizableLinear",
    kind="representation",
    cause="pytorch#52537",
    when=":unseen",
    of="torch.nn.MultiheadAttention",
)
@pytest.mark.changed(
    "1.12",
    "GELU prints approximate",
    kind="representation",
    cause="pytorch#61439",
    when=":unseen",
    of="torch.nn.GELU",
)
@pytest.mark.changed(
    "1.13", "GELU quotes approximate", kind="representation", when=":unseen", of="torch.nn.GELU"
)
@pytest.mark.changed(
    "2.0",
    "EmbeddingBag and Upsample quote their mode",
    kind="representation",
    cause="pytorch#93850",
    when=":unseen",
    of=("torch.nn.EmbeddingBag", "torch.nn.Upsample"),
)
@pytest.mark.changed(
    "2.3",
    "Softplus prints floats",
    kind="representation",
    cause="pytorch#120183",
    when=":unseen",
    of="torch.nn.Softplus",
)
@pytest.mark.changed(
    "2.12",
    "GroupNorm prints bias",
    kind="representation",
    cause="pytorch#176573",
    when=":unseen",
    of="torch.nn.GroupNorm",
)
def test_further_layer_prints_its_arguments(make, snapshot):
    """A layer prints its class, and most layers print their arguments.

    Releases added arguments to this text, such as the ``dim`` of LogSoftmax in 1.6. The class of
    the attention's output layer changed in 1.6 and in 1.9.
    """
    assert snapshot == observe(lambda: repr(make()))
