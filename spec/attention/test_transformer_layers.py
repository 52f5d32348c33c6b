"""``TransformerEncoderLayer``, ``TransformerDecoderLayer`` and ``Transformer``: what each computes.

An encoder layer adds attention and a feed-forward part to its input, each with a norm after it, or
before it with ``norm_first=True``. A decoder layer attends to itself and then to the memory. In
``is_causal`` both trust the caller: it says that the mask is causal, and hides nothing by itself.
What the layers share with ``torch.nn.MultiheadAttention`` stands there.
"""

import pytest
import torch
from torch import nn, tensor

from fixtures.attention import filled, sees_the_future, steps
from fixtures.settings import each
from torch_history.observing import observe, observe_each

SETTINGS = {
    "plain": {},
    "one head": {"nhead": 1},
    "dim_feedforward": {"dim_feedforward": 2},
    "gelu": {"activation": "gelu"},
    "tanh": {"activation": torch.tanh},
    "layer_norm_eps": {"layer_norm_eps": 1.0},
    "norm_first": {"norm_first": True},
    "batch_first": {"batch_first": True},
    "no bias": {"bias": False},
    "dropout": {"dropout": 1.0},
}


@pytest.mark.api(
    "torch.nn.TransformerEncoderLayer", page="generated/torch.nn.TransformerEncoderLayer"
)
@pytest.mark.changed(
    "1.5",
    "the message for another activation has no full stop",
    kind="wording",
    when="activation@4",
    rarely="another activation",
)
@pytest.mark.changed(
    "1.9", "takes batch_first, which the test needs", kind="appeared", cause="pytorch#55285"
)
@pytest.mark.changed("1.9", "takes layer_norm_eps", kind="appeared", cause="pytorch#54494")
@pytest.mark.changed("1.10", "takes norm_first", kind="appeared", cause="pytorch#60593")
@pytest.mark.changed(
    "1.10",
    "takes a function as activation",
    kind="error-gone",
    cause="pytorch#61355",
    when="activation@4!=<str>",
)
@pytest.mark.changed("2.1", "takes bias", kind="appeared", cause="pytorch#101687")
def test_encoder_layer_output_follows_each_setting(snapshot):
    """Each setting of ``TransformerEncoderLayer`` changes the output. The first step is shown.

    ``dropout=1.0`` drops attention and feed-forward: two norms of the input remain.
    """

    def act(**settings):
        settings = {"nhead": 2, "dim_feedforward": 8, "dropout": 0.0, **settings}
        return filled(nn.TransformerEncoderLayer(4, **settings))(steps()).detach()[0, 0]

    assert snapshot == observe_each(each(act, SETTINGS))


@pytest.mark.api(
    "torch.nn.TransformerDecoderLayer", page="generated/torch.nn.TransformerDecoderLayer"
)
@pytest.mark.changed(
    "1.5",
    "the message for another activation has no full stop",
    kind="wording",
    when="activation@4",
    rarely="another activation",
)
@pytest.mark.changed(
    "1.9", "takes batch_first, which the test needs", kind="appeared", cause="pytorch#55285"
)
@pytest.mark.changed("1.9", "takes layer_norm_eps", kind="appeared", cause="pytorch#54494")
@pytest.mark.changed("1.10", "takes norm_first", kind="appeared", cause="pytorch#60593")
@pytest.mark.changed(
    "1.10",
    "takes a function as activation",
    kind="error-gone",
    cause="pytorch#61355",
    when="activation@4!=<str>",
)
@pytest.mark.changed("2.1", "takes bias", kind="appeared", cause="pytorch#101687")
def test_decoder_layer_output_follows_each_setting(snapshot):
    """Each setting of ``TransformerDecoderLayer`` changes the output. The first step is shown."""

    def act(**settings):
        settings = {"nhead": 2, "dim_feedforward": 8, "dropout": 0.0, **settings}
        layer = filled(nn.TransformerDecoderLayer(4, **settings))
        return layer(steps(), steps() + 1).detach()[0, 0]

    assert snapshot == observe_each(each(act, SETTINGS))


@pytest.mark.api(
    "torch.nn.TransformerDecoderLayer", page="generated/torch.nn.TransformerDecoderLayer"
)
@pytest.mark.changed(
    "1.9", "takes batch_first, which the test needs", kind="appeared", cause="pytorch#55285"
)
def test_decoder_layer_hides_by_each_mask(snapshot):
    """Each mask of ``TransformerDecoderLayer`` changes the output: two for targets, two for memory.

    A change of the hidden step of targets or memory leaves the first output alone.
    """
    padding, causal = tensor([[False, False, True]]), torch.ones(3, 3).triu(1).bool()

    def act(part, **masks):
        torch.manual_seed(0)
        layer = filled(nn.TransformerDecoderLayer(4, 2, 8, dropout=0.0, batch_first=True))
        inputs = [steps(1), steps(1) + 1]
        changed = [x.clone() for x in inputs]
        changed[part][:, 2] += 3
        outputs = [layer(*pair, **masks)[:, 0] for pair in (inputs, changed)]
        return not torch.allclose(*outputs, atol=1e-4)

    assert snapshot == observe_each(
        {
            "targets": lambda: act(0),
            "tgt_mask": lambda: act(0, tgt_mask=causal),
            "tgt_key_padding_mask": lambda: act(0, tgt_key_padding_mask=padding),
            "memory": lambda: act(1),
            "memory_mask": lambda: act(1, memory_mask=causal),
            "memory_key_padding_mask": lambda: act(1, memory_key_padding_mask=padding),
        }
    )


CAUSAL, OPEN = torch.ones(3, 3).triu(1).bool(), torch.zeros(3, 3).bool()


@pytest.mark.api(
    "torch.nn.TransformerEncoderLayer",
    "torch.nn.TransformerEncoder",
    page="generated/torch.nn.TransformerEncoder",
)
@pytest.mark.changed(
    "1.9", "takes batch_first, which the test needs", kind="appeared", cause="pytorch#55285"
)
@pytest.mark.changed(
    "2.0", "takes is_causal", kind="appeared", cause="pytorch#90508", probable=True
)
@pytest.mark.parametrize("kind", ["layer", "encoder"])
def test_encoder_trusts_its_causal_hint(kind, snapshot):
    """``is_causal=True`` alone hides nothing in an encoder, or raises: it needs the mask.

    The observation is whether the first step sees the last one. With a mask that is not causal the
    hint decides in training, and hides the future.
    """

    def act(*mask, **settings):
        model = filled(nn.TransformerEncoderLayer(4, 2, 8, dropout=0.0, batch_first=True))
        if kind == "encoder":
            model = nn.TransformerEncoder(model, 2)
        return sees_the_future(lambda x: model(x, *mask, **settings))

    assert snapshot == observe_each(
        {
            "nothing": lambda: act(),
            "causal mask": lambda: act(CAUSAL),
            "causal mask and hint": lambda: act(CAUSAL, is_causal=True),
            "causal mask, hint False": lambda: act(CAUSAL, is_causal=False),
            "open mask and hint": lambda: act(OPEN, is_causal=True),
            "hint": lambda: act(is_causal=True),
        }
    )


@pytest.mark.api(
    "torch.nn.TransformerDecoderLayer",
    "torch.nn.TransformerDecoder",
    page="generated/torch.nn.TransformerDecoder",
)
@pytest.mark.changed(
    "1.9", "takes batch_first, which the test needs", kind="appeared", cause="pytorch#55285"
)
@pytest.mark.changed(
    "2.0",
    "TransformerDecoderLayer takes tgt_is_causal",
    kind="appeared",
    cause="pytorch#90508",
    probable=True,
    of="torch.nn.TransformerDecoderLayer",
)
@pytest.mark.changed(
    "2.1",
    "TransformerDecoder takes tgt_is_causal",
    kind="appeared",
    cause="pytorch#97166",
    of="torch.nn.TransformerDecoder",
)
@pytest.mark.parametrize("kind", ["layer", "decoder"])
def test_decoder_trusts_its_causal_hint(kind, snapshot):
    """``tgt_is_causal=True`` alone hides nothing in a decoder, or raises: it needs the mask.

    The observation is whether the first target sees the last one.
    """

    def act(**settings):
        model = filled(nn.TransformerDecoderLayer(4, 2, 8, dropout=0.0, batch_first=True))
        if kind == "decoder":
            model = nn.TransformerDecoder(model, 2)
        return sees_the_future(lambda x: model(x, steps() + 1, **settings))

    assert snapshot == observe_each(
        {
            "nothing": lambda: act(),
            "causal mask": lambda: act(tgt_mask=CAUSAL),
            "causal mask and hint": lambda: act(tgt_mask=CAUSAL, tgt_is_causal=True),
            "open mask and hint": lambda: act(tgt_mask=OPEN, tgt_is_causal=True),
            "hint": lambda: act(tgt_is_causal=True),
        }
    )


@pytest.mark.api(
    "torch.nn.TransformerEncoderLayer",
    "torch.nn.TransformerDecoderLayer",
    page="generated/torch.nn.TransformerEncoderLayer",
)
@pytest.mark.changed(
    "1.5",
    "the message for another activation has no full stop",
    kind="wording",
    when="activation@4",
    rarely="another activation",
)
@pytest.mark.changed(
    "1.10",
    "takes a function, a layer or None as activation",
    kind="error-gone",
    cause="pytorch#61355",
    when="activation@4!=<str>",
)
@pytest.mark.parametrize("name", ["TransformerEncoderLayer", "TransformerDecoderLayer"])
def test_transformer_layer_takes_these_activations(name, snapshot):
    """``activation`` is ``"relu"``, ``"gelu"`` or a function; another name raises.

    Functions are taken since 1.10; before, only the two names.
    """

    def act(activation):
        return type(getattr(nn, name)(4, 2, 8, activation=activation)).__name__

    assert snapshot == observe_each(
        {
            "relu": lambda: act("relu"),
            "gelu": lambda: act("gelu"),
            "function": lambda: act(torch.tanh),
            "layer": lambda: act(nn.Tanh()),
            "silu": lambda: act("silu"),
            "None": lambda: act(None),
        }
    )


@pytest.mark.api("torch.nn.TransformerEncoder", page="generated/torch.nn.TransformerEncoder")
@pytest.mark.changed(
    "1.9", "takes batch_first, which the test needs", kind="appeared", cause="pytorch#55285"
)
@pytest.mark.changed(
    "1.12",
    "an encoder without layers raises IndexError",
    kind="error",
    cause="pytorch#75809",
    probable=True,
    advice="leave out an encoder without layers",
    when="num_layers@1=0|<unknown>",
    rarely="an encoder without layers",
)
def test_encoder_applies_its_norm_after_its_layers(snapshot):
    """``norm`` is applied once, after the last layer. Without layers it is all that is applied.

    An encoder without layers and without norm returns its input, or raises.
    """

    def act(layers, norm):
        layer = filled(nn.TransformerEncoderLayer(4, 2, 8, dropout=0.0, batch_first=True))
        model = nn.TransformerEncoder(layer, layers, norm=norm)
        return model(steps()).detach()[0, 0]

    double = nn.LayerNorm(4)
    nn.init.constant_(double.weight, 2.0)
    assert snapshot == observe_each(
        {
            "one layer": lambda: act(1, None),
            "two layers": lambda: act(2, None),
            "norm": lambda: act(1, double),
            "norm alone": lambda: act(0, double),
            "nothing": lambda: act(0, None),
        }
    )


@pytest.mark.api("torch.nn.Transformer", page="generated/torch.nn.Transformer")
@pytest.mark.changed(
    "1.9", "takes batch_first, which the test needs", kind="appeared", cause="pytorch#55285"
)
@pytest.mark.changed(
    "1.11",
    "takes one sample without a batch",
    kind="error-gone",
    cause="pytorch#69291",
    probable=True,
    rarely="one sample without a batch",
)
@pytest.mark.changed(
    "2.1",
    "the constructor warns about layers that are not batch first",
    kind="warning",
    cause="pytorch#102045",
    probable=True,
    advice="pass batch_first=True",
    when="-batch_first",
)
def test_transformer_refuses_sizes_that_do_not_fit(snapshot):
    """``Transformer`` raises if source and target differ in samples or width.

    It reads [step, sample, feature] unless ``batch_first=True``. Their lengths may differ.
    """

    def act(source, target, **settings):
        model = nn.Transformer(4, 2, 1, 1, 8, **settings)
        return model(torch.ones(source), torch.ones(target)).shape

    batch_first = {"batch_first": True}
    assert snapshot == observe_each(
        {
            "step first": lambda: act((3, 2, 4), (5, 2, 4)),
            "lengths": lambda: act((2, 3, 4), (2, 5, 4), **batch_first),
            "samples": lambda: act((2, 3, 4), (1, 3, 4), **batch_first),
            "width": lambda: act((2, 3, 5), (2, 3, 4), **batch_first),
            "without a batch": lambda: act((3, 4), (5, 4), **batch_first),
        }
    )


@pytest.mark.api(
    "torch.nn.Transformer.generate_square_subsequent_mask", page="generated/torch.nn.Transformer"
)
@pytest.mark.changed(
    "1.10",
    "the mask has the default dtype, where it was float32",
    kind="silent",
    cause="pytorch#60631",
    probable=True,
    advice="call .float() on the mask",
    rarely="another default dtype",
)
@pytest.mark.changed(
    "1.13",
    "takes device",
    kind="appeared",
    cause="pytorch#85609",
)
@pytest.mark.changed(
    "2.1",
    "the mask is float32 again, whatever the default dtype is",
    kind="silent",
    cause="pytorch#105265",
    probable=True,
    advice="pass dtype=torch.get_default_dtype()",
    when="-dtype",
    rarely="another default dtype",
)
@pytest.mark.changed("2.1", "takes dtype", kind="appeared", cause="pytorch#105265", probable=True)
@pytest.mark.changed(
    "2.6",
    "the mask has the default dtype again",
    kind="silent",
    cause="pytorch#137654",
    advice="pass dtype=torch.float32",
    when="-dtype",
    rarely="another default dtype",
)
def test_square_subsequent_mask_follows_its_settings(snapshot):
    """``generate_square_subsequent_mask`` is float32, or of the ``dtype`` that it is given.

    The default dtype decides since it takes one. ``device`` and ``dtype`` are newer arguments.
    """

    def act(size=2, **settings):
        model = nn.Transformer(4, 2, custom_encoder=nn.Identity(), custom_decoder=nn.Identity())
        return model.generate_square_subsequent_mask(size, **settings)

    def in_float64():
        torch.set_default_dtype(torch.float64)
        try:
            return act().dtype
        finally:
            torch.set_default_dtype(torch.float32)

    assert snapshot == observe_each(
        {
            "2": act,
            "1": lambda: act(1),
            "0": lambda: act(0).shape,
            "float64": lambda: act(dtype=torch.float64).dtype,
            "device": lambda: str(act(device="cpu").device),
            "default float64": in_float64,
        }
    )


@pytest.mark.api(
    "torch.nn.TransformerEncoderLayer",
    "torch.nn.TransformerDecoderLayer",
    page="generated/torch.nn.TransformerEncoderLayer",
)
@pytest.mark.changed("2.1", "takes bias", kind="appeared", cause="pytorch#101687")
@pytest.mark.parametrize("name", ["TransformerEncoderLayer", "TransformerDecoderLayer"])
def test_transformer_layer_holds_these_parameters(name, snapshot):
    """The names of a layer's parameters are those of its checkpoints; ``bias=False`` drops biases.

    Attention, linear layers and norms all lose their bias. The setting exists since 2.1.
    """

    def act(**settings):
        return list(getattr(nn, name)(4, 2, 8, **settings).state_dict())

    assert snapshot == observe_each({"plain": act, "no bias": lambda: act(bias=False)})


@pytest.mark.api(
    "torch.nn.TransformerEncoderLayer", page="generated/torch.nn.TransformerEncoderLayer"
)
@pytest.mark.changed(
    "1.9", "takes batch_first, which the test needs", kind="appeared", cause="pytorch#55285"
)
@pytest.mark.changed(
    "1.10",
    (
        "a boolean src_mask and a padding mask keep their version counters, where both were"
        " written to"
    ),
    kind="silent",
    when=":unseen",
)
@pytest.mark.changed(
    "2.0",
    "warns, only in 2.0, about a mask that is not boolean, although the given one is",
    kind="warning",
    cause="pytorch#92733",
    probable=True,
    rarely="a mask in eval mode without gradients",
)
@pytest.mark.changed(
    "2.1",
    "no longer warns about masks that are not boolean",
    kind="warning",
    cause="pytorch#103362",
    probable=True,
    rarely="a mask in eval mode without gradients",
)
def test_encoder_layer_leaves_its_input_and_masks_alone(snapshot):
    """A layer writes neither into its input nor into its masks, in training and in eval mode."""

    def act(train):
        layer = filled(nn.TransformerEncoderLayer(4, 2, 8, dropout=0.0, batch_first=True))
        x, mask, padding = steps(), torch.zeros(3, 3).bool(), torch.zeros(2, 3).bool()
        with torch.no_grad():
            layer.train(train)(x, src_mask=mask, src_key_padding_mask=padding)
        return [tensor._version for tensor in (x, mask, padding)]

    assert snapshot == observe_each({"training": lambda: act(True), "eval": lambda: act(False)})


@pytest.mark.api("torch.nn.Transformer", page="generated/torch.nn.Transformer")
def test_transformer_draws_its_parameters_anew(snapshot):
    """``Transformer`` draws all weights of two dimensions anew by Xavier, those of own parts too.

    A decoder that was trained and passed as ``custom_decoder`` loses its weights, not its biases.
    """

    def act():
        decoder = nn.TransformerDecoder(nn.TransformerDecoderLayer(4, 2, 8), 1)
        linear = decoder.layers[0].linear1
        nn.init.constant_(linear.weight, 3.0)
        nn.init.constant_(linear.bias, 3.0)
        nn.Transformer(4, 2, custom_encoder=nn.Identity(), custom_decoder=decoder)
        return {"weight": bool((linear.weight == 3).all()), "bias": bool((linear.bias == 3).all())}

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.TransformerDecoder", page="generated/torch.nn.TransformerDecoder")
@pytest.mark.changed(
    "2.1",
    "a decoder without layers raises IndexError",
    kind="error",
    cause="pytorch#97166",
    probable=True,
    advice="leave out a decoder without layers",
    when="num_layers@1=0|<unknown>",
    rarely="a decoder without layers",
)
def test_decoder_applies_its_norm_after_its_layers(snapshot):
    """``norm`` of ``TransformerDecoder`` is applied once, after the last layer."""
    double = nn.LayerNorm(4)
    nn.init.constant_(double.weight, 2.0)

    def act(layers, norm):
        layer = filled(nn.TransformerDecoderLayer(4, 2, 8, dropout=0.0))
        model = nn.TransformerDecoder(layer, layers, norm=norm)
        return model(steps(), steps() + 1).detach()[0, 0]

    assert snapshot == observe_each(
        {
            "one layer": lambda: act(1, None),
            "two layers": lambda: act(2, None),
            "norm": lambda: act(1, double),
            "nothing": lambda: act(0, None),
        }
    )


@pytest.mark.api(
    "torch.nn.MultiheadAttention",
    "torch.nn.TransformerEncoderLayer",
    "torch.nn.TransformerDecoderLayer",
    "torch.nn.Transformer",
    page="generated/torch.nn.MultiheadAttention",
)
@pytest.mark.changed(
    "1.9", "takes dtype, and Transformer batch_first", kind="appeared", cause="pytorch#54508"
)
def test_attention_layers_are_made_in_their_dtype(snapshot):
    """``dtype`` is the dtype of all parameters of an attention or transformer layer.

    ``kdim`` and ``add_bias_kv`` make further parameters, in the same dtype.
    """
    made = {"dtype": torch.float64}

    def dtypes(layer):
        return sorted({str(parameter.dtype) for parameter in layer.parameters()})

    assert snapshot == observe_each(
        {
            "attention": lambda: dtypes(nn.MultiheadAttention(4, 2, **made)),
            "kdim, bias": lambda: dtypes(
                nn.MultiheadAttention(4, 2, kdim=3, add_bias_kv=True, **made)
            ),
            "encoder layer": lambda: dtypes(nn.TransformerEncoderLayer(4, 2, 8, **made)),
            "decoder layer": lambda: dtypes(nn.TransformerDecoderLayer(4, 2, 8, **made)),
            "transformer": lambda: dtypes(nn.Transformer(4, 2, 1, 1, 8, batch_first=True, **made)),
        }
    )
