"""Own layers in ``torch.nn.TransformerEncoder`` and ``torch.nn.TransformerDecoder``.

Both take any layer, and call it with their masks by name. Releases added names: ``is_causal`` for
encoders in 2.0, ``tgt_is_causal`` and ``memory_is_causal`` for decoders in 2.1. A layer whose
``forward`` lacks them raises. Encoders and decoders also read attributes of the layer, such as
``self_attn``. A layer that takes ``**kwargs`` and subclasses the layer of torch is safe.
"""

import pytest
import torch
from torch import nn

from fixtures.attention import steps
from torch_history.observing import observe_each


class Plain(nn.Module):
    """An encoder layer as one was written for 1.x: it adds 1."""

    def forward(self, src, src_mask=None, src_key_padding_mask=None):
        return src + 1


class Open(nn.Module):
    """An encoder or decoder layer that takes any argument by name: it adds 1."""

    def forward(self, src, *memory, **masks):
        return src + 1


class Derived(nn.TransformerEncoderLayer):
    """A subclass whose forward was written for 1.x."""

    def forward(self, src, src_mask=None, src_key_padding_mask=None):
        return src + 1


class WithSelfAttention(Plain):
    """An encoder layer of 1.x that has what the encoder reads."""

    def __init__(self):
        super().__init__()
        self.self_attn = nn.MultiheadAttention(4, 2)


class DerivedOpen(nn.TransformerEncoderLayer):
    """A subclass whose forward takes any argument by name."""

    def forward(self, src, **masks):
        return src + 1


class OwnBlock(nn.TransformerEncoderLayer):
    """A subclass that replaces the attention block of the layers of 1.9 to 1.13."""

    def _sa_block(self, x, attn_mask, key_padding_mask):
        return torch.zeros_like(x)


@pytest.mark.api("torch.nn.TransformerEncoder", page="generated/torch.nn.TransformerEncoder")
@pytest.mark.changed(
    "1.9", "takes batch_first, which the test needs", kind="appeared", cause="pytorch#55285"
)
@pytest.mark.changed(
    "2.0",
    ("calls its layers with is_causal: an own layer without this argument raises TypeError"),
    kind="error",
    cause="pytorch#90508",
    probable=True,
    advice="let forward of the layer take **kwargs",
    rarely="an own layer",
)
@pytest.mark.changed(
    "2.1",
    ("reads self_attn of its first layer: an own layer without it raises AttributeError"),
    kind="error",
    cause="pytorch#102045",
    probable=True,
    advice="derive the layer from torch.nn.TransformerEncoderLayer",
    rarely="an own layer",
)
@pytest.mark.changed(
    "2.1",
    ("an own layer raises AttributeError for self_attn before the TypeError for is_causal"),
    kind="wording",
    cause="pytorch#102045",
    probable=True,
    rarely="an own layer",
)
@pytest.mark.changed(
    "2.1",
    "the constructor warns about an own layer",
    kind="warning",
    cause="pytorch#102045",
    probable=True,
    advice="pass enable_nested_tensor=False",
    unless=("enable_nested_tensor", 3),
    rarely="an own layer",
)
def test_encoder_calls_its_own_layers_with_is_causal(snapshot):
    """``TransformerEncoder`` calls its layers with ``is_causal`` since 2.0.

    A layer that was written for 1.x raises TypeError then. From 1.12 on it also reads attributes of
    the layer in eval mode or in the constructor.
    """
    made = {"d_model": 4, "nhead": 2, "dim_feedforward": 8, "batch_first": True}

    def act(layer, train=True):
        model = nn.TransformerEncoder(layer, 2).train(train)
        with torch.no_grad():
            return (model(steps()) - steps()).detach().mean().round()

    assert snapshot == observe_each(
        {
            "module": lambda: act(Plain()),
            "module, eval": lambda: act(Plain(), False),
            "any argument": lambda: act(Open()),
            "with self_attn": lambda: act(WithSelfAttention()),
            "subclass": lambda: act(Derived(**made)),
            "subclass, any argument": lambda: act(DerivedOpen(**made)),
        }
    )


@pytest.mark.api(
    "torch.nn.TransformerEncoderLayer", page="generated/torch.nn.TransformerEncoderLayer"
)
@pytest.mark.changed(
    "2.0",
    "calls _sa_block with is_causal: one with three arguments raises TypeError",
    kind="error",
    cause="pytorch#90508",
    probable=True,
    advice="let _sa_block of the subclass take is_causal=False",
    when=":subclass",
)
def test_encoder_layer_calls_its_own_attention_block_with_is_causal(snapshot):
    """A subclass that replaces ``_sa_block`` with three arguments raises since 2.0.

    The layer calls it with ``is_causal`` then. The block is private, but much replaced. It exists
    since 1.10.
    """

    def act(train):
        layer = OwnBlock(4, 2, 8, dropout=0.0).train(train)
        return layer(steps()).shape

    assert snapshot == observe_each({"training": lambda: act(True), "eval": lambda: act(False)})


class PlainDecoder(nn.Module):
    """A decoder layer as one was written for 1.x: it adds 1."""

    def forward(
        self,
        tgt,
        memory,
        tgt_mask=None,
        memory_mask=None,
        tgt_key_padding_mask=None,
        memory_key_padding_mask=None,
    ):
        return tgt + 1


class DerivedDecoder(nn.TransformerDecoderLayer):
    """A subclass whose forward was written for 1.x."""

    forward = PlainDecoder.forward


class WithAttention(PlainDecoder):
    """A decoder layer that has what the decoder reads."""

    def __init__(self):
        super().__init__()
        self.self_attn = nn.MultiheadAttention(4, 2)


@pytest.mark.api("torch.nn.TransformerDecoder", page="generated/torch.nn.TransformerDecoder")
@pytest.mark.changed(
    "2.1",
    (
        "calls its layers with tgt_is_causal and memory_is_causal: an own layer without "
        "them raises TypeError"
    ),
    kind="error",
    cause="pytorch#97166",
    advice="let forward of the layer take **kwargs",
    rarely="an own layer",
)
@pytest.mark.changed(
    "2.1",
    ("reads self_attn of its first layer: an own layer without it raises AttributeError"),
    kind="error",
    cause="pytorch#97166",
    probable=True,
    advice="derive the layer from torch.nn.TransformerDecoderLayer",
    rarely="an own layer",
)
def test_decoder_calls_its_own_layers_with_tgt_is_causal(snapshot):
    """``TransformerDecoder`` calls its layers with ``tgt_is_causal`` since 2.1.

    It also reads ``layers[0].self_attn.batch_first``: a layer without such a part raises
    AttributeError.
    """

    def act(layer):
        return nn.TransformerDecoder(layer, 2)(steps(), steps()).mean()

    assert snapshot == observe_each(
        {
            "module": lambda: act(PlainDecoder()),
            "any argument": lambda: act(Open()),
            "with self_attn": lambda: act(WithAttention()),
            "subclass": lambda: act(DerivedDecoder(4, 2, 8)),
        }
    )


@pytest.mark.api("torch.nn.Transformer", page="generated/torch.nn.Transformer")
@pytest.mark.changed(
    "2.1",
    (
        "calls its own encoder with is_causal, and its own decoder with tgt_is_causal and "
        "memory_is_causal: one without them raises TypeError"
    ),
    kind="error",
    cause="pytorch#97166",
    advice="let forward of the own encoder and decoder take **kwargs",
    when=("custom_encoder", "custom_decoder"),
)
@pytest.mark.changed(
    "2.1",
    "an own encoder or decoder that takes any argument is given the hints too",
    kind="representation",
    cause="pytorch#97166",
    when=("custom_encoder", "custom_decoder"),
)
def test_transformer_calls_its_own_encoder_and_decoder(snapshot):
    """``Transformer(custom_encoder=…)`` calls an own encoder with these arguments by name.

    ``is_causal`` came in 2.0, ``tgt_is_causal`` and ``memory_is_causal`` in 2.1.
    """

    class Noting(nn.Module):
        def forward(self, x, *memory, **masks):
            self.names = sorted(masks)
            return x

    def act():
        encoder, decoder = Noting(), Noting()
        model = nn.Transformer(
            4, 2, dim_feedforward=8, custom_encoder=encoder, custom_decoder=decoder
        )
        model(steps(), steps())
        return {"encoder": encoder.names, "decoder": decoder.names}

    class Old(nn.Module):
        def forward(self, src, mask=None, src_key_padding_mask=None):
            return src

    def old():
        model = nn.Transformer(
            4, 2, dim_feedforward=8, custom_encoder=Old(), custom_decoder=Noting()
        )
        return model(steps(), steps()).shape

    assert snapshot == observe_each({"names": act, "encoder of 1.x": old})
