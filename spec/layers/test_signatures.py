"""Which arguments layers take, in which order, and with which defaults.

A call by position breaks or changes its meaning where a release moves an argument. Most layers with
parameters take ``device`` and ``dtype`` at the end since 1.9. New arguments were put before them in
the transformer layers (1.10 and 2.1), in Embedding (2.0) and in LayerNorm (2.1): pass these two by
keyword. Layers that a release does not have raise AttributeError there.
"""

import pytest
from torch import nn

from fixtures.arguments import arguments_of
from torch_history.observing import observe


@pytest.mark.parametrize(
    "layer",
    [
        "Linear",
        "Bilinear",
        "LazyLinear",
        "Conv1d",
        "Conv2d",
        "Conv3d",
        "ConvTranspose1d",
        "ConvTranspose2d",
    ],
)
@pytest.mark.api(
    "torch.nn.Linear",
    "torch.nn.Bilinear",
    "torch.nn.LazyLinear",
    "torch.nn.Conv1d",
    "torch.nn.Conv2d",
    "torch.nn.Conv3d",
    "torch.nn.ConvTranspose1d",
    "torch.nn.ConvTranspose2d",
    page="nn",
    signature=True,
)
@pytest.mark.changed("1.8", "LazyLinear was added", kind="appeared", cause="pytorch#44538")
@pytest.mark.changed(
    "1.9", "adds device and dtype at the end (all)", kind="appeared", cause="pytorch#54508"
)
def test_linear_and_convolution_take_these_arguments(layer, snapshot):
    """Linear layers and convolutions take sizes and ``bias``, and since 1.9 a device and dtype.

    ``device`` and ``dtype`` are the last two arguments.
    """
    assert snapshot == observe(lambda: arguments_of(f"torch.nn.{layer}"))


@pytest.mark.parametrize(
    "layer",
    [
        "BatchNorm1d",
        "BatchNorm2d",
        "BatchNorm3d",
        "SyncBatchNorm",
        "InstanceNorm1d",
        "InstanceNorm2d",
        "LayerNorm",
        "GroupNorm",
        "RMSNorm",
        "LocalResponseNorm",
    ],
)
@pytest.mark.api(
    "torch.nn.BatchNorm1d",
    "torch.nn.BatchNorm2d",
    "torch.nn.BatchNorm3d",
    "torch.nn.SyncBatchNorm",
    "torch.nn.InstanceNorm1d",
    "torch.nn.InstanceNorm2d",
    "torch.nn.LayerNorm",
    "torch.nn.GroupNorm",
    "torch.nn.RMSNorm",
    "torch.nn.LocalResponseNorm",
    page="nn",
    signature=True,
)
@pytest.mark.changed(
    "1.9",
    "adds device and dtype at the end (all but LocalResponseNorm)",
    kind="appeared",
    cause="pytorch#54508",
)
@pytest.mark.changed(
    "2.1",
    "bias takes the fourth position, and moves device and dtype (LayerNorm)",
    kind="gone",
    cause="pytorch#101683",
    advice="call LayerNorm(shape, eps, elementwise_affine, device=device, dtype=dtype)",
)
@pytest.mark.changed("2.4", "RMSNorm was added", kind="appeared", cause="pytorch#121364")
@pytest.mark.changed(
    "2.12",
    "adds bias, by keyword only (BatchNorm, SyncBatchNorm, InstanceNorm, GroupNorm)",
    kind="appeared",
    cause="pytorch#176573",
)
def test_normalisation_takes_these_arguments(layer, snapshot):
    """LayerNorm takes ``bias`` since 2.1; BatchNorm, InstanceNorm and GroupNorm since 2.12.

    In LayerNorm it is before ``device``. In the other three it is at the end, by keyword only.
    """
    assert snapshot == observe(lambda: arguments_of(f"torch.nn.{layer}"))


@pytest.mark.parametrize(
    "layer", ["RNN", "LSTM", "GRU", "RNNBase", "RNNCell", "LSTMCell", "GRUCell"]
)
@pytest.mark.api(
    "torch.nn.RNN",
    "torch.nn.LSTM",
    "torch.nn.GRU",
    "torch.nn.RNNBase",
    "torch.nn.RNNCell",
    "torch.nn.LSTMCell",
    "torch.nn.GRUCell",
    page="nn",
    signature=True,
)
@pytest.mark.changed("1.8", "adds proj_size (RNNBase)", kind="appeared", cause="pytorch#47725")
@pytest.mark.changed(
    "1.9",
    "adds device and dtype at the end (RNNBase and the cells)",
    kind="appeared",
    cause="pytorch#54508",
)
def test_recurrent_layers_take_these_arguments(layer, snapshot):
    """RNN, LSTM and GRU pass their arguments to RNNBase, whose signature names more of them."""
    assert snapshot == observe(lambda: arguments_of(f"torch.nn.{layer}"))


@pytest.mark.parametrize(
    "layer",
    [
        "Embedding",
        "Embedding.from_pretrained",
        "EmbeddingBag",
        "EmbeddingBag.forward",
        "EmbeddingBag.from_pretrained",
    ],
)
@pytest.mark.api(
    "torch.nn.Embedding",
    "torch.nn.Embedding.from_pretrained",
    "torch.nn.EmbeddingBag",
    "torch.nn.EmbeddingBag.from_pretrained",
    page="generated/torch.nn.Embedding",
    signature=True,
)
@pytest.mark.changed(
    "1.5",
    "adds include_last_offset (EmbeddingBag and its from_pretrained)",
    kind="appeared",
    cause="pytorch#27477",
)
@pytest.mark.changed(
    "1.9",
    "adds padding_idx (EmbeddingBag and its from_pretrained)",
    kind="appeared",
    cause="pytorch#49237",
)
@pytest.mark.changed(
    "1.9",
    "adds device and dtype at the end (Embedding, EmbeddingBag)",
    kind="appeared",
    cause="pytorch#54508",
)
# cause unknown: pytorch#86663 asks for the argument, but no search for it, for _freeze or for
# from_pretrained found the pull request
@pytest.mark.changed(
    "2.0",
    "_freeze takes the ninth position, and moves device and dtype (Embedding)",
    kind="gone",
    advice="call Embedding(num_embeddings, embedding_dim, device=device, dtype=dtype)",
    cause="pytorch#86663 (the issue)",
)
def test_embeddings_take_these_arguments(layer, snapshot):
    """``padding_idx`` is the third argument of Embedding, and third from last in EmbeddingBag.

    EmbeddingBag has it since 1.9. Since 2.0 ``_freeze`` precedes ``device`` and ``dtype`` in
    Embedding: pass these two by keyword.
    """
    assert snapshot == observe(lambda: arguments_of(f"torch.nn.{layer}"))


@pytest.mark.parametrize(
    "layer",
    ["Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "AlphaDropout", "FeatureAlphaDropout"],
)
@pytest.mark.api(
    "torch.nn.Dropout",
    "torch.nn.Dropout1d",
    "torch.nn.Dropout2d",
    "torch.nn.Dropout3d",
    "torch.nn.AlphaDropout",
    "torch.nn.FeatureAlphaDropout",
    page="generated/torch.nn.Dropout",
    signature=True,
)
@pytest.mark.changed("1.12", "Dropout1d was added", kind="appeared", cause="pytorch#79545")
def test_dropouts_take_these_arguments(layer, snapshot):
    """All dropout layers have p = 0.5 by default."""
    assert snapshot == observe(lambda: arguments_of(f"torch.nn.{layer}"))


@pytest.mark.parametrize(
    "layer",
    [
        "MaxPool1d",
        "MaxPool2d",
        "AvgPool1d",
        "AvgPool2d",
        "AdaptiveAvgPool1d",
        "AdaptiveMaxPool2d",
        "LPPool1d",
        "LPPool3d",
    ],
)
@pytest.mark.api(
    "torch.nn.MaxPool1d",
    "torch.nn.MaxPool2d",
    "torch.nn.AvgPool1d",
    "torch.nn.AvgPool2d",
    "torch.nn.AdaptiveAvgPool1d",
    "torch.nn.AdaptiveMaxPool2d",
    "torch.nn.LPPool1d",
    "torch.nn.LPPool3d",
    page="nn",
    signature=True,
)
@pytest.mark.changed("2.3", "LPPool3d was added", kind="appeared", cause="pytorch#114199")
def test_pools_take_these_arguments(layer, snapshot):
    """Max and average pooling take ``padding`` third, after the stride.

    ``ceil_mode`` is in a different place in max pooling than in average pooling.
    """
    assert snapshot == observe(lambda: arguments_of(f"torch.nn.{layer}"))


@pytest.mark.parametrize(
    "layer",
    [
        "ReLU",
        "LeakyReLU",
        "ELU",
        "GELU",
        "SiLU",
        "Mish",
        "Hardswish",
        "Hardtanh",
        "PReLU",
        "Softplus",
        "Softmax",
        "LogSoftmax",
        "Threshold",
    ],
)
@pytest.mark.api(
    "torch.nn.ReLU",
    "torch.nn.LeakyReLU",
    "torch.nn.ELU",
    "torch.nn.GELU",
    "torch.nn.SiLU",
    "torch.nn.Mish",
    "torch.nn.Hardswish",
    "torch.nn.Hardtanh",
    "torch.nn.PReLU",
    "torch.nn.Softplus",
    "torch.nn.Softmax",
    "torch.nn.LogSoftmax",
    "torch.nn.Threshold",
    page="nn",
    signature=True,
)
@pytest.mark.changed(
    "1.6", "Hardswish was added", kind="appeared", cause="pytorch#34747", probable=True
)
@pytest.mark.changed("1.7", "SiLU was added", kind="appeared", cause="pytorch#41034")
@pytest.mark.changed("1.7", "adds inplace (Hardswish)", kind="appeared", cause="pytorch#42346")
@pytest.mark.changed("1.9", "Mish was added", kind="appeared", cause="pytorch#58648")
@pytest.mark.changed("1.9", "adds device and dtype (PReLU)", kind="appeared", cause="pytorch#54508")
@pytest.mark.changed("1.12", "adds approximate (GELU)", kind="appeared", cause="pytorch#61439")
@pytest.mark.changed(
    "2.3",
    "the defaults 1 and 20 are written as floats (Softplus)",
    kind="representation",
    cause="pytorch#120183",
)
def test_activations_take_these_arguments(layer, snapshot):
    """Activations take slopes, bounds or ``dim`` first, and most take ``inplace``.

    GELU takes ``approximate`` instead, since 1.12.
    """
    assert snapshot == observe(lambda: arguments_of(f"torch.nn.{layer}"))


@pytest.mark.parametrize(
    "name",
    [
        "MultiheadAttention.__init__",
        "MultiheadAttention.forward",
        "TransformerEncoderLayer.__init__",
        "TransformerEncoderLayer.forward",
        "TransformerEncoder.__init__",
        "TransformerEncoder.forward",
        "TransformerDecoderLayer.__init__",
        "Transformer.__init__",
    ],
)
@pytest.mark.api(
    "torch.nn.MultiheadAttention",
    "torch.nn.TransformerEncoderLayer",
    "torch.nn.TransformerEncoder",
    "torch.nn.TransformerDecoderLayer",
    "torch.nn.Transformer",
    page="generated/torch.nn.MultiheadAttention",
    signature=True,
)
@pytest.mark.changed(
    "1.9",
    "adds batch_first (all)",
    kind="appeared",
    cause="pytorch#55285",
)
@pytest.mark.changed(
    "1.9", "adds device and dtype at the end (all)", kind="appeared", cause="pytorch#54508"
)
@pytest.mark.changed(
    "1.9",
    "adds layer_norm_eps (TransformerEncoderLayer, TransformerDecoderLayer, Transformer)",
    kind="appeared",
    cause="pytorch#54494",
)
@pytest.mark.changed(
    "1.10",
    "norm_first moves device and dtype (TransformerEncoderLayer, TransformerDecoderLayer, "
    "Transformer)",
    kind="gone",
    cause="pytorch#60593",
    advice="call TransformerEncoderLayer(d_model, nhead, device=device, dtype=dtype)",
)
@pytest.mark.changed(
    "1.10",
    "activation is the function relu by default, not its name (TransformerEncoderLayer, "
    "TransformerDecoderLayer, Transformer)",
    kind="representation",
    cause="pytorch#61355",
)
@pytest.mark.changed(
    "1.11",
    "adds average_attn_weights (MultiheadAttention.forward)",
    kind="appeared",
    cause="pytorch#70055",
)
@pytest.mark.changed(
    "1.12",
    "adds enable_nested_tensor, False by default (TransformerEncoder)",
    kind="appeared",
    cause="pytorch#75809",
    probable=True,
)
@pytest.mark.changed(
    "1.13",
    "enable_nested_tensor is True by default, which changes padding in eval mode "
    "(TransformerEncoder)",
    kind="representation",
    cause="pytorch#77924",
    advice="pass enable_nested_tensor=False",
)
@pytest.mark.changed(
    "1.13",
    "adds mask_check (TransformerEncoder)",
    kind="appeared",
    cause="pytorch#79927",
    probable=True,
)
@pytest.mark.changed(
    "2.0",
    "adds is_causal (forward of MultiheadAttention, TransformerEncoderLayer and "
    "TransformerEncoder)",
    kind="appeared",
    cause="pytorch#90508",
    probable=True,
)
@pytest.mark.changed(
    "2.1",
    "bias moves device and dtype (TransformerEncoderLayer, TransformerDecoderLayer, Transformer)",
    kind="gone",
    cause="pytorch#101687",
    advice="call TransformerEncoderLayer(d_model, nhead, device=device, dtype=dtype)",
)
def test_attention_layers_take_these_arguments(name, snapshot):
    """Attention and transformer layers take these arguments: ``batch_first`` is False by default.

    In the transformer layers 1.10 and 2.1 added arguments before ``device`` and ``dtype``, so pass
    these two by name.
    """
    assert snapshot == observe(lambda: arguments_of(f"torch.nn.{name}"))


@pytest.mark.parametrize(
    "function",
    [
        "dropout",
        "dropout1d",
        "alpha_dropout",
        "embedding",
        "embedding_bag",
        "batch_norm",
        "layer_norm",
        "group_norm",
        "instance_norm",
        "rms_norm",
        "normalize",
        "relu",
        "leaky_relu",
        "softmax",
        "log_softmax",
        "gumbel_softmax",
        "interpolate",
        "silu",
        "multi_head_attention_forward",
    ],
)
@pytest.mark.api(
    "torch.nn.functional",
    "torch.nn.functional.dropout",
    "torch.nn.functional.embedding",
    "torch.nn.functional.embedding_bag",
    "torch.nn.functional.batch_norm",
    "torch.nn.functional.layer_norm",
    "torch.nn.functional.softmax",
    "torch.nn.functional.interpolate",
    page="nn.functional",
    signature=True,
)
@pytest.mark.changed(
    "1.5",
    "adds include_last_offset (embedding_bag)",
    kind="appeared",
    cause="pytorch#27477",
)
@pytest.mark.changed(
    "1.5",
    "adds recompute_scale_factor (interpolate)",
    kind="appeared",
    cause="pytorch#28324",
    probable=True,
)
@pytest.mark.changed("1.7", "silu was added", kind="appeared", cause="pytorch#41034")
@pytest.mark.changed(
    "1.9",
    "adds padding_idx (embedding_bag)",
    kind="appeared",
    cause="pytorch#49237",
)
@pytest.mark.changed(
    "1.9", "the default p is written as a float (normalize)", kind="representation"
)
@pytest.mark.changed("1.11", "adds antialias (interpolate)", kind="appeared", cause="pytorch#65142")
@pytest.mark.changed(
    "1.11",
    "adds average_attn_weights (multi_head_attention_forward)",
    kind="appeared",
    cause="pytorch#70055",
)
@pytest.mark.changed("1.12", "dropout1d was added", kind="appeared", cause="pytorch#79545")
@pytest.mark.changed(
    "2.0",
    "adds is_causal (multi_head_attention_forward)",
    kind="appeared",
    cause="pytorch#90508",
    probable=True,
)
@pytest.mark.changed("2.4", "rms_norm was added", kind="appeared", cause="pytorch#121364")
def test_layer_functions_take_these_arguments(function, snapshot):
    """Functional layers take parameters and ``training`` as arguments.

    ``training`` is True by default in dropout, and False in batch_norm and alpha_dropout.
    """
    assert snapshot == observe(lambda: arguments_of(f"torch.nn.functional.{function}"))


NEWER = {  # each with arguments for its constructor
    "Hardsigmoid": (),
    "Hardswish": (),
    "SiLU": (),
    "Mish": (),
    "Unflatten": (1, (2, 2)),
    "Dropout1d": (),
    "LazyLinear": (1,),
    "RMSNorm": (2,),
    "CircularPad1d": (1,),
    "ZeroPad1d": (1,),
    "ReflectionPad3d": (1,),
    "PixelUnshuffle": (2,),
    "LPPool3d": (1, 2),
    "UninitializedParameter": (),
    "Buffer": (),
}


@pytest.mark.parametrize("name", list(NEWER))
@pytest.mark.api(
    "torch.nn.SiLU",
    "torch.nn.Mish",
    "torch.nn.Hardswish",
    "torch.nn.Dropout1d",
    "torch.nn.LazyLinear",
    "torch.nn.RMSNorm",
    "torch.nn.Unflatten",
    "torch.nn.Buffer",
    page="nn",
)
@pytest.mark.changed(
    "1.5", "Hardsigmoid was added", kind="appeared", cause="pytorch#34545", probable=True
)
@pytest.mark.changed(
    "1.6", "Hardswish was added", kind="appeared", cause="pytorch#34747", probable=True
)
@pytest.mark.changed("1.7", "SiLU was added", kind="appeared", cause="pytorch#41034")
@pytest.mark.changed("1.7", "Unflatten was added", kind="appeared", cause="pytorch#41564")
@pytest.mark.changed(
    "1.8",
    "LazyLinear, which warns that it is new, and UninitializedParameter were added",
    kind="appeared",
    cause="pytorch#44538",
)
@pytest.mark.changed("1.8", "PixelUnshuffle was added", kind="appeared", cause="pytorch#49334")
@pytest.mark.changed("1.9", "Mish was added", kind="appeared", cause="pytorch#58648")
@pytest.mark.changed("1.10", "ReflectionPad3d was added", kind="appeared", cause="pytorch#59791")
@pytest.mark.changed("1.12", "Dropout1d was added", kind="appeared", cause="pytorch#79545")
@pytest.mark.changed("2.1", "CircularPad1d was added", kind="appeared", cause="pytorch#106148")
@pytest.mark.changed("2.1", "ZeroPad1d was added", kind="appeared", cause="pytorch#96295")
@pytest.mark.changed("2.3", "LPPool3d was added", kind="appeared", cause="pytorch#114199")
@pytest.mark.changed("2.4", "RMSNorm was added", kind="appeared", cause="pytorch#121364")
@pytest.mark.changed(
    "2.4",
    "LazyLinear no longer warns that it is new",
    kind="warning",
    cause="pytorch#123968",
    unless=(),
    of="torch.nn.LazyLinear",
)
@pytest.mark.changed(
    "2.5", "Buffer was added", kind="appeared", cause="pytorch#125971", probable=True
)
def test_newer_layers_can_be_made(name, snapshot):
    """Layers that a release added can be made since then, and raise AttributeError before.

    SiLU exists since 1.7, Mish since 1.9, and RMSNorm since 2.4, for example.
    """
    assert snapshot == observe(lambda: type(getattr(nn, name)(*NEWER[name])).__name__)
