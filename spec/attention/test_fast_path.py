"""The fast path: one fused call for a whole layer in eval mode, since 1.12.

``torch.nn.TransformerEncoderLayer`` and ``torch.nn.MultiheadAttention`` take it in eval mode, where
no gradient is needed. It reads the weights of the parts of a layer, and does not call the parts: a
replaced part is left out or raises, and nothing warns. Padding and rows without keys may differ
from training. ``torch.backends.mha.set_fastpath_enabled(False)`` turns it off, since 2.3.
"""

import pytest
import torch
from torch import nn, tensor
from torch.nn import functional as F

from fixtures.attention import filled, fused_call, steps
from fixtures.settings import each
from torch_history.observing import observe, observe_each


def encoder_layer(num_heads=2, batch_first=True, **settings):
    settings = {"dropout": 0.0, **settings}
    return filled(nn.TransformerEncoderLayer(4, num_heads, 8, batch_first=batch_first, **settings))


def fast(change=lambda layer: None, grad=False, x=None, masks=None, **settings):
    """Which fused call a layer in eval mode makes."""
    layer = encoder_layer(**settings).eval()
    change(layer)
    with torch.set_grad_enabled(grad):
        return fused_call(lambda: layer(steps() if x is None else x, **(masks or {})))


PADDING = tensor([[False, False, True], [False, True, True]])
CAUSAL = torch.ones(3, 3).triu(1).bool()


@pytest.mark.api(
    "torch.nn.TransformerEncoderLayer", page="generated/torch.nn.TransformerEncoderLayer"
)
@pytest.mark.changed(
    "1.9", "takes batch_first, which the test needs", kind="appeared", cause="pytorch#55285"
)
@pytest.mark.changed("1.10", "takes norm_first", kind="appeared", cause="pytorch#60593")
@pytest.mark.changed(
    "1.10",
    "takes a function or a layer as activation",
    kind="error-gone",
    cause="pytorch#61355",
    when="activation@4!=<str>",
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
    "1.12",
    (
        "takes the fast path in eval mode without gradients: its parts are not called, and "
        "numbers change by rounding"
    ),
    kind="silent",
    cause="pytorch#75809",
    advice="call model.train(), or enable gradients, to run the parts of the layer",
    rarely="eval mode without gradients",
)
@pytest.mark.changed(
    "1.13",
    (
        "takes the fast path with norm_first and with an activation given as a layer too: "
        "numbers change by rounding"
    ),
    kind="silent",
    advice="call model.train(), or enable gradients, to run the parts of the layer",
    rarely="eval mode without gradients",
    cause="pytorch#78269",
    probable=True,
)
@pytest.mark.changed(
    "1.13",
    "takes no fast path with an odd number of heads",
    kind="silent",
    advice="use an even number of heads for the fast path",
    rarely="an odd number of heads in eval mode without gradients",
    cause="pytorch#83483",
)
@pytest.mark.changed(
    "2.0",
    (
        "takes the fast path with masks too, and warns about a mask that is not boolean, "
        "although the given one is"
    ),
    kind="warning",
    cause="pytorch#87377",
    probable=True,
    rarely="a mask in eval mode without gradients",
)
@pytest.mark.changed(
    "2.0",
    (
        "takes the fast path of its attention with an odd number of heads: numbers change "
        "by rounding"
    ),
    kind="silent",
    rarely="an odd number of heads in eval mode without gradients",
    advice="call the layer with gradients enabled",
    cause="pytorch#88488",
    probable=True,
)
@pytest.mark.changed(
    "2.1",
    "no longer warns about masks that are not boolean",
    kind="warning",
    cause="pytorch#103362",
    probable=True,
    rarely="a mask in eval mode without gradients",
)
@pytest.mark.changed(
    "2.1",
    "takes no fast path with an odd number of heads again",
    kind="silent",
    rarely="an odd number of heads in eval mode without gradients",
    advice="use an even number of heads for the fast path",
    cause="pytorch#99672",
)
@pytest.mark.changed(
    "2.1",
    "takes bias, but with bias=False raises in eval mode",
    kind="wording",
    cause="pytorch#101687",
    when="bias=False",
    rarely="eval mode without gradients",
)
@pytest.mark.changed(
    "2.3",
    "with bias=False works in eval mode",
    kind="appeared",
    cause="pytorch#116760",
)
@pytest.mark.changed(
    "2.5",
    ("with a hook on a part the layer takes the fast path of its attention alone: the hook runs"),
    kind="silent",
    cause="pytorch#128415",
    rarely="hooks on its parts in eval mode without gradients",
    advice="remove the hooks for the fast path",
)
def test_encoder_layer_takes_the_fast_path_in_eval(snapshot):
    """An encoder layer takes the fast path in eval mode, if no gradient is needed.

    It needs ``batch_first=True``, relu or gelu, an even number of heads, and no hook on a part.
    Frozen parameters count as no gradient. Shown is the fused call: that of the whole layer, that
    of its attention alone, or none.
    """
    cases = {
        "plain": {},
        "training": {"change": lambda layer: layer.train()},
        "grad mode": {"grad": True},
        "grad mode, frozen": {"grad": True, "change": lambda layer: layer.requires_grad_(False)},
        "not batch first": {"batch_first": False},
        "norm first": {"norm_first": True},
        "odd heads": {"num_heads": 1},
        "gelu": {"activation": "gelu"},
        "relu as a layer": {"activation": nn.ReLU()},
        "other activation": {"activation": torch.tanh},
        "no bias": {"bias": False},
        "other eps": {"change": lambda layer: setattr(layer.norm2, "eps", 0.1)},
        "hook": {"change": lambda layer: layer.linear1.register_forward_hook(lambda *_: None)},
        "without a batch": {"x": steps()[0]},
        "padding": {"masks": {"src_key_padding_mask": PADDING}},
        "mask": {"masks": {"src_mask": CAUSAL}},
        "both masks": {"masks": {"src_mask": CAUSAL, "src_key_padding_mask": PADDING}},
    }
    assert snapshot == observe_each(each(fast, cases))


@pytest.mark.api("torch.nn.MultiheadAttention", page="generated/torch.nn.MultiheadAttention")
@pytest.mark.changed(
    "1.9", "takes batch_first, which the test needs", kind="appeared", cause="pytorch#55285"
)
@pytest.mark.changed(
    "1.12",
    "takes the fast path in eval mode without gradients: numbers change by rounding",
    kind="silent",
    cause="pytorch#75809",
    advice="call the layer with gradients enabled",
    rarely="eval mode without gradients",
)
@pytest.mark.changed(
    "1.12",
    "with bias=False and batch_first=True raises in eval mode",
    kind="error",
    cause="pytorch#75809",
    probable=True,
    advice="call the layer with gradients enabled",
    when="bias@3=False",
    rarely="eval mode without gradients",
)
@pytest.mark.changed(
    "1.13",
    "with bias=False raises TypeError instead of AttributeError in eval mode",
    kind="exception",
    when=":unseen",
)
@pytest.mark.changed(
    "2.1",
    "with bias=False works in eval mode again",
    kind="error-gone",
    when="bias@3=False",
    rarely="eval mode without gradients",
    cause="pytorch#99672",
    probable=True,
)
def test_multihead_attention_takes_the_fast_path_in_eval(snapshot):
    """``MultiheadAttention`` takes the fast path for one input as query, key and value.

    It also needs eval mode, ``batch_first=True``, no gradient, and no ``kdim`` or added keys.
    """

    def act(other=False, weights=False, grad=False, train=False, batch_first=True, **settings):
        layer = filled(nn.MultiheadAttention(4, 2, batch_first=batch_first, **settings))
        layer.train(train)
        x = steps()
        with torch.set_grad_enabled(grad):
            key = x.clone() if other else x
            return fused_call(lambda: layer(x, key, key, need_weights=weights))

    cases = {
        "plain": {},
        "weights": {"weights": True},
        "other keys": {"other": True},
        "training": {"train": True},
        "grad mode": {"grad": True},
        "not batch first": {"batch_first": False},
        "no bias": {"bias": False},
        "add_zero_attn": {"add_zero_attn": True},
        "add_bias_kv": {"add_bias_kv": True},
    }
    assert snapshot == observe_each(each(act, cases))


@pytest.mark.api(
    "torch.backends.mha.set_fastpath_enabled",
    "torch.backends.mha.get_fastpath_enabled",
    page="backends",
)
@pytest.mark.changed("2.3", "torch.backends.mha appears", kind="appeared", cause="pytorch#112212")
def test_fast_path_can_be_turned_off(snapshot):
    """``torch.backends.mha.set_fastpath_enabled(False)`` turns the fast path off, since 2.3.

    It acts on all layers of the process.
    """

    def act():
        before = torch.backends.mha.get_fastpath_enabled()
        torch.backends.mha.set_fastpath_enabled(False)
        try:
            return {"before": before, "off": fast()}
        finally:
            torch.backends.mha.set_fastpath_enabled(True)

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.nn.TransformerEncoderLayer", page="generated/torch.nn.TransformerEncoderLayer"
)
@pytest.mark.changed(
    "1.9", "takes batch_first, which the test needs", kind="appeared", cause="pytorch#55285"
)
@pytest.mark.changed("1.10", "takes norm_first", kind="appeared", cause="pytorch#60593")
@pytest.mark.changed(
    "1.10",
    "takes a function or a layer as activation",
    kind="error-gone",
    cause="pytorch#61355",
    when="activation@4!=<str>",
)
@pytest.mark.changed(
    "1.12",
    "GELU takes approximate, which the test needs",
    kind="appeared",
    cause="pytorch#61439",
)
@pytest.mark.changed(
    "1.12",
    (
        "in eval mode without gradients a float src_key_padding_mask is converted to bool, "
        "with a warning: what is not 0 hides"
    ),
    kind="warning",
    cause="pytorch#75809",
    probable=True,
    advice="call the layer with gradients enabled, or pass a boolean mask",
    restored_by="attention.encoder_layer_in_eval_with_gradients_adds_a_float_mask",
    rarely="a float mask in eval mode without gradients",
)
@pytest.mark.changed(
    "2.0",
    (
        "in eval mode without gradients a float src_mask is converted to bool, with a "
        "warning: what is not 0 hides"
    ),
    kind="warning",
    cause="pytorch#87377",
    probable=True,
    advice="call the layer with gradients enabled, or pass a boolean mask",
    restored_by="attention.encoder_layer_in_eval_with_gradients_adds_a_float_mask",
    rarely="a float mask in eval mode without gradients",
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
    "float masks are still converted to bool in eval mode, but nothing warns",
    kind="warning",
    cause="pytorch#103362",
    probable=True,
    advice="call the layer with gradients enabled, or pass a boolean mask",
    rarely="a float mask in eval mode without gradients",
)
@pytest.mark.changed(
    "2.1",
    "no longer warns about masks that are not boolean",
    kind="warning",
    cause="pytorch#103362",
    probable=True,
    rarely="a mask in eval mode without gradients",
)
def test_encoder_layer_in_eval_computes_what_training_does(snapshot):
    """In eval mode without gradients an encoder layer gives the output of training.

    The dropout is 0. The fast path raises, or gives other numbers, for some masks and releases.
    """

    def act(masks=None, **settings):
        layer = encoder_layer(**settings)
        with torch.no_grad():
            train, fast = (layer.train(mode)(steps(), **(masks or {})) for mode in (True, False))
        return torch.allclose(train, fast, atol=1e-4)

    cases = {
        "plain": {},
        "norm first": {"norm_first": True},
        "gelu": {"activation": "gelu"},
        "other eps": {"layer_norm_eps": 0.5},
        "relu as a function": {"activation": F.relu},
        "gelu as a layer": {"activation": nn.GELU()},
        "padding": {"masks": {"src_key_padding_mask": PADDING}},
        "float padding": {"masks": {"src_key_padding_mask": PADDING.float() * -2}},
        "causal": {"masks": {"src_mask": CAUSAL}},
        "float mask": {"masks": {"src_mask": CAUSAL.float() * -2}},
        "by head": {"masks": {"src_mask": CAUSAL.repeat(4, 1, 1)}},
        "both": {"masks": {"src_mask": CAUSAL, "src_key_padding_mask": PADDING}},
    }
    acts = each(act, cases)
    acts["tanh gelu"] = lambda: act(activation=nn.GELU(approximate="tanh"))
    assert snapshot == observe_each(acts)


@pytest.mark.api(
    "torch.nn.TransformerEncoderLayer",
    "torch.nn.TransformerEncoder",
    page="generated/torch.nn.TransformerEncoderLayer",
)
@pytest.mark.changed(
    "1.9", "takes batch_first, which the test needs", kind="appeared", cause="pytorch#55285"
)
@pytest.mark.changed(
    "1.13",
    (
        "in eval mode the encoder runs on nested tensors, gives zeros for padding instead "
        "of NaN, and warns"
    ),
    kind="warning",
    cause="pytorch#77924",
    of="torch.nn.TransformerEncoder",
    advice="pass enable_nested_tensor=False",
    unless=("enable_nested_tensor", 3),
    rarely="a sample that is all padding",
)
@pytest.mark.changed(
    "1.13",
    "in eval mode the encoder raises if all samples are all padding",
    kind="error",
    cause="pytorch#77924",
    of="torch.nn.TransformerEncoder",
    advice="pass enable_nested_tensor=False",
    unless=("enable_nested_tensor", 3),
    rarely="samples that are all padding",
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
@pytest.mark.changed(
    "2.1",
    "in eval mode the encoder gives zeros if all samples are all padding",
    kind="error-gone",
    cause="pytorch#100113",
    probable=True,
    of="torch.nn.TransformerEncoder",
    unless=("enable_nested_tensor", 3),
    rarely="samples that are all padding",
)
@pytest.mark.changed(
    "2.2",
    "in eval mode the encoder raises again if all samples are all padding",
    kind="error",
    of="torch.nn.TransformerEncoder",
    advice="pass enable_nested_tensor=False",
    unless=("enable_nested_tensor", 3),
    rarely="samples that are all padding",
    cause="pytorch#113162",
    probable=True,
)
@pytest.mark.changed(
    "2.5",
    "in training such a sample gives numbers instead of NaN",
    kind="silent",
    cause="pytorch#133882",
    advice="find such samples by the mask, and no longer by NaN",
    rarely="a sample that is all padding",
)
@pytest.mark.changed(
    "2.6",
    "the warning recommends the layout torch.jagged",
    kind="wording",
    cause="pytorch#142140",
    of="torch.nn.TransformerEncoder",
    unless=("enable_nested_tensor", 3),
    rarely="a padding mask in eval mode",
)
def test_encoder_of_a_sample_that_is_all_padding(snapshot):
    """A sample that is all padding gives NaN, zeros or an error, by mode and release.

    The other sample stays finite, in every mode.
    """
    one = tensor([[False, False, False], [True, True, True]])

    def act(train, encoder, padding=one):
        layer = encoder_layer()
        model = nn.TransformerEncoder(layer, 1) if encoder else layer
        with torch.no_grad():
            output = model.train(train)(steps(), src_key_padding_mask=padding)
        return {"finite": bool(torch.isfinite(output[0]).all()), "padded": output[1, 0]}

    assert snapshot == observe_each(
        {
            "layer, training": lambda: act(True, False),
            "layer, eval": lambda: act(False, False),
            "encoder, training": lambda: act(True, True),
            "encoder, eval": lambda: act(False, True),
            "encoder, all samples": lambda: act(False, True, torch.ones(2, 3).bool()),
        }
    )


class Louder(nn.Linear):
    """A linear layer that multiplies its output by 10, as adapters change theirs."""

    def forward(self, x):
        return super().forward(x) * 10


def wrap(layer):
    layer.linear1 = nn.Sequential(layer.linear1)


def louder(layer):
    made = Louder(4, 8)
    made.load_state_dict(layer.linear1.state_dict())
    layer.linear1 = made


def without_norm(layer):
    layer.norm1 = nn.Identity()


def with_parametrization(layer):
    torch.nn.utils.parametrize.register_parametrization(layer.linear1, "weight", nn.Tanh())


CHANGES = {
    "in a Sequential": wrap,
    "a subclass": louder,
    "no norm": without_norm,
    "parametrized": with_parametrization,
    "another forward": lambda layer: setattr(layer.linear1, "forward", lambda x: torch.ones(8)),
}


@pytest.mark.api(
    "torch.nn.TransformerEncoderLayer", page="generated/torch.nn.TransformerEncoderLayer"
)
@pytest.mark.changed(
    "1.9", "takes batch_first, which the test needs", kind="appeared", cause="pytorch#55285"
)
@pytest.mark.changed(
    "1.12",
    ("eval mode without gradients leaves out the forward of a replaced part, and nothing warns"),
    kind="silent",
    cause="pytorch#75809",
    advice=(
        "run the model with gradients enabled, or from 2.3 on with "
        "torch.backends.mha.set_fastpath_enabled(False)"
    ),
    restored_by="attention.encoder_layer_in_eval_with_gradients_calls_a_replaced_part",
    rarely="a replaced part in eval mode without gradients",
)
@pytest.mark.changed(
    "1.12",
    "eval mode raises AttributeError for a replaced part without weight or eps",
    kind="error",
    cause="pytorch#75809",
    advice=(
        "give the part the attributes weight, bias and eps, or from 2.3 on call "
        "torch.backends.mha.set_fastpath_enabled(False)"
    ),
    rarely="a replaced part in eval mode",
)
def test_encoder_layer_in_eval_with_a_replaced_part(snapshot):
    """The fast path does not call the parts of a layer: a replaced ``linear1`` is left out.

    Is the output of eval mode that of training? A wrapped part raises, as adapters (LoRA) and
    quantized layers meet it. Turn the fast path off, or enable gradients.
    """

    def act(change):
        layer = encoder_layer()
        change(layer)
        with torch.no_grad():
            train, evaluated = (layer.train(mode)(steps()) for mode in (True, False))
        return torch.allclose(train, evaluated, atol=1e-4)

    assert snapshot == observe_each(
        {name: lambda change=change: act(change) for name, change in CHANGES.items()}
    )


@pytest.mark.api(
    "torch.nn.TransformerEncoderLayer", page="generated/torch.nn.TransformerEncoderLayer"
)
@pytest.mark.changed(
    "1.9", "takes batch_first, which the test needs", kind="appeared", cause="pytorch#55285"
)
def test_encoder_layer_in_eval_with_gradients_calls_a_replaced_part(snapshot):
    """In eval mode with gradients enabled an encoder layer calls its parts, replaced ones too.

    The output is that of training, in every release. The part must have the weights that the layer
    reads (``attention.encoder_layer_in_eval_reads_the_weights_of_its_parts``).
    """

    def act(change):
        layer = encoder_layer()
        change(layer)
        train, evaluated = (layer.train(mode)(steps()) for mode in (True, False))
        return torch.allclose(train, evaluated, atol=1e-4)

    assert snapshot == observe_each(
        {
            name: lambda change=change: act(change)
            for name, change in CHANGES.items()
            if change not in (wrap, without_norm)
        }
    )


@pytest.mark.api(
    "torch.nn.TransformerEncoderLayer", page="generated/torch.nn.TransformerEncoderLayer"
)
@pytest.mark.changed(
    "1.9", "takes batch_first, which the test needs", kind="error-gone", cause="pytorch#55285"
)
@pytest.mark.changed(
    "1.9",
    "takes batch_first, but torch.backends.mha is still missing",
    kind="wording",
    unless=(),
    cause="pytorch#55285",
)
@pytest.mark.changed(
    "1.12",
    "a part without weight or eps raises AttributeError in eval mode",
    kind="error",
    cause="pytorch#75809",
    advice=(
        "give the part the attributes weight, bias and eps, or from 2.3 on call "
        "torch.backends.mha.set_fastpath_enabled(False)"
    ),
    rarely="a replaced part in eval mode",
)
@pytest.mark.changed("2.3", "torch.backends.mha appears", kind="appeared", cause="pytorch#112212")
def test_encoder_layer_in_eval_reads_the_weights_of_its_parts(snapshot):
    """In eval mode a part without ``weight`` or ``eps`` raises, with gradients enabled too.

    The layer reads them before it decides about the fast path. In training and with the fast path
    turned off it does not.
    """

    def act(change, enabled=True):
        layer = encoder_layer().eval()
        change(layer)
        if enabled:
            return layer(steps()).shape
        torch.backends.mha.set_fastpath_enabled(False)
        try:
            return layer(steps()).shape
        finally:
            torch.backends.mha.set_fastpath_enabled(True)

    assert snapshot == observe_each(
        {
            "in a Sequential": lambda: act(wrap),
            "no norm": lambda: act(without_norm),
            "turned off": lambda: act(wrap, False),
        }
    )


@pytest.mark.api(
    "torch.nn.TransformerEncoderLayer", page="generated/torch.nn.TransformerEncoderLayer"
)
@pytest.mark.changed(
    "1.9", "takes batch_first, which the test needs", kind="appeared", cause="pytorch#55285"
)
def test_encoder_layer_in_eval_with_gradients_adds_a_float_mask(snapshot):
    """In eval mode with gradients enabled an encoder layer adds a float mask, as in training.

    The output is that of training, in every release.
    """

    def act(**masks):
        layer = encoder_layer()
        train, evaluated = (layer.train(mode)(steps(), **masks) for mode in (True, False))
        return torch.allclose(train, evaluated, atol=1e-4)

    cases = {
        "float padding": {"src_key_padding_mask": PADDING.float() * -2},
        "float mask": {"src_mask": CAUSAL.float() * -2},
    }
    assert snapshot == observe_each(each(act, cases))


@pytest.mark.api(
    "torch.nn.TransformerEncoderLayer",
    "torch.nn.MultiheadAttention",
    "torch.autocast",
    page="generated/torch.nn.TransformerEncoderLayer",
)
@pytest.mark.changed(
    "1.9",
    "takes batch_first, but torch.autocast is still missing",
    kind="wording",
    unless=(),
    cause="pytorch#55285",
)
@pytest.mark.changed("1.10", "torch.autocast appears", kind="appeared", cause="pytorch#60706")
@pytest.mark.changed(
    "1.12",
    "eval mode without gradients raises under autocast of the CPU",
    kind="error",
    cause="pytorch#75809",
    advice="run the model with gradients enabled",
    rarely="autocast of the CPU in eval mode without gradients",
)
@pytest.mark.changed(
    "2.2",
    "MultiheadAttention works under autocast of the CPU in eval mode",
    kind="error-gone",
    cause="pytorch#107674",
    of="torch.nn.MultiheadAttention",
    rarely="autocast of the CPU in eval mode without gradients",
)
@pytest.mark.changed(
    "2.2",
    "the message for an encoder layer is worded by matmul",
    kind="wording",
    of="torch.nn.TransformerEncoderLayer",
    rarely="autocast of the CPU in eval mode without gradients",
    cause="pytorch#107674",
    probable=True,
)
@pytest.mark.changed(
    "2.6",
    "TransformerEncoderLayer works under autocast of the CPU in eval mode",
    kind="error-gone",
    of="torch.nn.TransformerEncoderLayer",
    rarely="autocast of the CPU in eval mode without gradients",
)
def test_attention_under_autocast_in_eval(snapshot):
    """Under autocast of the CPU attention gives bfloat16, in training and in eval mode.

    The fast path is not taken there, in most releases.
    """

    def act(train, make):
        model = make().train(train)
        with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
            return model(steps()).dtype

    def attention():
        layer = filled(nn.MultiheadAttention(4, 2, batch_first=True))
        module = nn.Module()
        module.layer = layer
        module.forward = lambda x: layer(x, x, x, need_weights=False)[0]
        return module

    assert snapshot == observe_each(
        {
            "layer, training": lambda: act(True, encoder_layer),
            "layer, eval": lambda: act(False, encoder_layer),
            "attention, training": lambda: act(True, attention),
            "attention, eval": lambda: act(False, attention),
        }
    )


@pytest.mark.api("torch.nn.TransformerEncoder", page="generated/torch.nn.TransformerEncoder")
@pytest.mark.changed(
    "1.9", "takes batch_first, which the test needs", kind="appeared", cause="pytorch#55285"
)
@pytest.mark.changed(
    "1.13",
    (
        "eval mode runs on nested tensors by default, gives zeros for padded steps, and "
        "warns that nested tensors are a prototype"
    ),
    kind="warning",
    cause="pytorch#77924",
    advice="pass enable_nested_tensor=False",
    unless=("enable_nested_tensor", 3),
    depends="the encoder layer and the padding mask",
)
@pytest.mark.changed(
    "1.13", "takes mask_check", kind="appeared", cause="pytorch#79927", probable=True
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
@pytest.mark.changed(
    "2.6",
    "the warning recommends the layout torch.jagged",
    kind="wording",
    cause="pytorch#142140",
    unless=("enable_nested_tensor", 3),
    rarely="a padding mask in eval mode",
)
def test_encoder_without_mask_check_cuts_the_end(snapshot):
    """``mask_check=False`` trusts that padding stands at the end of each sample.

    If it stands at the start, the encoder cuts as many steps from the end instead, and nothing
    raises. Shown are the steps of the output that are zero in eval mode, by sample.
    """

    def act(padding, **settings):
        model = nn.TransformerEncoder(encoder_layer(), 1, **settings).eval()
        with torch.no_grad():
            output = model(steps(), src_key_padding_mask=tensor(padding))
        return (output == 0).all(dim=2)

    start, end = [[True, False, False], [False] * 3], [[False, False, True], [False] * 3]
    assert snapshot == observe_each(
        {
            "start": lambda: act(start),
            "start, no check": lambda: act(start, mask_check=False),
            "end": lambda: act(end),
            "end, no check": lambda: act(end, mask_check=False),
        }
    )
