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
def test_encoder_layer_in_eval_with_gradients_calls_a_replaced_part(snapshot):
    """In eval mode with gradients enabled an encoder layer calls its parts, replaced ones too.

    The output is that of training, in every release.
    """

    def act(change):
        layer = encoder_layer()
        change(layer)
        train, evaluated = (layer.train(mode)(steps()) for mode in (True, False))
        return torch.allclose(train, evaluated, atol=1e-4)

    assert snapshot == observe_each(
        {name: lambda change=change: act(change) for name, change in CHANGES.items()}
    )


@pytest.mark.api(
    "torch.nn.TransformerEncoderLayer", page="generated/torch.nn.TransformerEncoderLayer"
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
