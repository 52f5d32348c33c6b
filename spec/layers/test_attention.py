"""``nn.MultiheadAttention``: what its masks hide, what it returns beside the output, and what it holds."""

import math

import pytest
import torch
from torch import nn

from torch_history.observing import observe

THREE_TO_ONE = math.log(3)  # keys 0 and ln 3: a query of 1 weighs them 1/4 and 3/4


def attention(heads=1, **settings):
    """Attention over ``heads`` features, one for each head, whose projections pass on what comes in."""
    layer = nn.MultiheadAttention(heads, heads, **settings)
    with torch.no_grad():
        layer.in_proj_weight.copy_(torch.eye(heads).repeat(3, 1))
        layer.in_proj_bias.zero_()
        layer.out_proj.weight.copy_(torch.eye(heads))
        layer.out_proj.bias.zero_()
    return layer


def asked(layer=None, **arguments):
    """A query of 1 for the keys 0 and ln 3, whose values are 0 and 4: output [1, 1, 1], and its weights [1, 1, 2] or None."""
    query, key, value = (
        torch.tensor([[[1.0]]]),
        torch.tensor([[[0.0]], [[THREE_TO_ONE]]]),
        torch.tensor([[[0.0]], [[4.0]]]),
    )
    output, weights = (layer or attention())(query, key, value, **arguments)
    return {"output": output, "weights": weights}


@pytest.mark.api("torch.nn.MultiheadAttention", page="generated/torch.nn.MultiheadAttention")
def test_attention_weighs_values_by_the_softmax_of_its_scores(snapshot):
    """Scores 0 and ln 3 give weights 1/4 and 3/4, and of the values 0 and 4 the output 3."""
    assert snapshot == observe(lambda: asked())


@pytest.mark.api("torch.nn.MultiheadAttention", page="generated/torch.nn.MultiheadAttention")
@pytest.mark.changed(
    "1.6",
    "True in attn_mask hides the key; before, it was added to the score as 1, and hid nothing",
    kind="silent",
    cause="pytorch#33763",
    advice="under 1.5 and before give a mask of floats, with minus infinity where a key is to be hidden",
)
def test_attention_boolean_mask_hides_what_is_true(snapshot):
    """True in ``attn_mask`` is "may not look": the hidden key has weight 0. Once the True was added as 1 and hid nothing."""
    assert snapshot == observe(lambda: asked(attn_mask=torch.tensor([[False, True]])))


@pytest.mark.api("torch.nn.MultiheadAttention", page="generated/torch.nn.MultiheadAttention")
def test_attention_float_mask_is_added_to_the_scores(snapshot):
    """-ln 3 takes the second key's score back to 0, so that both weigh 1/2. To hide, add minus infinity, not 1."""
    assert snapshot == observe(lambda: asked(attn_mask=torch.tensor([[0.0, -THREE_TO_ONE]])))


@pytest.mark.api("torch.nn.MultiheadAttention", page="generated/torch.nn.MultiheadAttention")
def test_attention_key_padding_mask_hides_what_is_true(snapshot):
    """True in ``key_padding_mask`` [sample, key] marks padding: it has weight 0."""
    assert snapshot == observe(lambda: asked(key_padding_mask=torch.tensor([[False, True]])))


@pytest.mark.api("torch.nn.MultiheadAttention", page="generated/torch.nn.MultiheadAttention")
@pytest.mark.changed(
    "1.5",
    "a key_padding_mask of floats no longer raises; its 1.0 has no effect",
    kind="error-gone",
    cause="pytorch#33330",
    probable=True,
    advice="convert the mask with .bool()",
)
@pytest.mark.changed(
    "1.9",
    "a key_padding_mask of floats is added to the scores, so that 1.0 makes padding weigh more",
    kind="silent",
    cause="pytorch#56674",
    probable=True,
    advice="convert the mask with .bool()",
)
def test_attention_float_key_padding_mask_of_ones_hides_nothing(snapshot):
    """A padding mask of 0.0 and 1.0 is added to the scores: the padding weighs more, not less. Convert it with ``.bool()``."""
    assert snapshot == observe(lambda: asked(key_padding_mask=torch.tensor([[0.0, 1.0]])))


@pytest.mark.parametrize("dtype", ["uint8", "int64"])
@pytest.mark.parametrize("mask", ["attn_mask", "key_padding_mask"])
@pytest.mark.api("torch.nn.MultiheadAttention", page="generated/torch.nn.MultiheadAttention")
@pytest.mark.changed(
    "1.5",
    "a key_padding_mask of int64 no longer raises: it hides as a boolean mask does",
    kind="error-gone",
    cause="pytorch#33330",
    probable=True,
)
@pytest.mark.changed(
    "1.6",
    "an attn_mask of int64 raises; one of uint8 hides, with a warning, where its 1 was added to the "
    "score; a key_padding_mask of uint8 warns in other words",
    kind="error",
    cause="pytorch#33763",
    advice="convert the mask with .bool()",
)
@pytest.mark.changed(
    "1.9",
    "a key_padding_mask of int64 is added to the scores instead of hiding: padding weighs more",
    kind="silent",
    cause="pytorch#56674",
    probable=True,
    advice="convert the mask with .bool()",
)
@pytest.mark.changed(
    "1.13",
    "a key_padding_mask of uint8 or int64 raises; before, uint8 hid with a warning, and int64 was "
    "added to the scores",
    kind="error",
    cause="pytorch#87106",
    advice="convert the mask with .bool()",
)
@pytest.mark.changed(
    "2.0",
    "an attn_mask of uint8 raises instead of hiding with a warning; of int64 it raises in other words",
    kind="error",
    cause="pytorch#92733",
    advice="convert the mask with .bool()",
)
def test_attention_refuses_masks_of_integers(mask, dtype, snapshot):
    """Only bool and floating masks are taken. Bytes did hide once, and before that were added as ones."""
    assert snapshot == observe(
        lambda: asked(**{mask: torch.tensor([[0, 1]], dtype=getattr(torch, dtype))})
    )


@pytest.mark.api("torch.nn.MultiheadAttention", page="generated/torch.nn.MultiheadAttention")
@pytest.mark.changed(
    "2.0",
    "warns that masks of two types are deprecated",
    kind="warning",
    cause="pytorch#92733",
    advice="give both masks as bool, or both as floats",
)
def test_attention_warns_of_masks_of_two_kinds(snapshot):
    """A float ``attn_mask`` beside a boolean ``key_padding_mask`` computes right, and warns: it is deprecated."""
    masks = {
        "attn_mask": torch.tensor([[0.0, -THREE_TO_ONE]]),
        "key_padding_mask": torch.tensor([[True, False]]),
    }
    assert snapshot == observe(lambda: asked(**masks))


@pytest.mark.api("torch.nn.MultiheadAttention", page="generated/torch.nn.MultiheadAttention")
def test_attention_of_a_query_without_keys_is_nan(snapshot):
    """Where every key is hidden the softmax is 0 / 0: weights and output are NaN, and so is the next step's loss."""
    assert snapshot == observe(lambda: asked(key_padding_mask=torch.tensor([[True, True]])))


@pytest.mark.api("torch.nn.MultiheadAttention", page="generated/torch.nn.MultiheadAttention")
@pytest.mark.changed(
    "2.5",
    "with need_weights=False a query without keys gives 0 instead of NaN",
    kind="silent",
    cause="pytorch#133882",
    advice="do not rely on NaN to find samples that are hidden throughout",
)
def test_attention_without_weights_of_a_query_without_keys_is_zero(snapshot):
    """With ``need_weights=False`` the fused kernel answers, and gives 0 where the other way gives NaN."""
    assert snapshot == observe(
        lambda: asked(key_padding_mask=torch.tensor([[True, True]]), need_weights=False)
    )


@pytest.mark.api("torch.nn.MultiheadAttention", page="generated/torch.nn.MultiheadAttention")
@pytest.mark.changed(
    "1.11",
    "MultiheadAttention takes average_attn_weights",
    kind="api-appeared",
    cause="pytorch#70055",
)
def test_attention_gives_the_weights_of_each_head_when_asked(snapshot):
    """``average_attn_weights=False`` gives [sample, head, query, key] where the default gives the mean over heads."""

    def weights(**arguments):
        keys = torch.tensor([[[0.0, THREE_TO_ONE]], [[THREE_TO_ONE, 0.0]]])
        return attention(2)(torch.ones(1, 1, 2), keys, keys, **arguments)[1]

    assert snapshot == observe(
        lambda: {"mean": weights(), "each": weights(average_attn_weights=False)}
    )


@pytest.mark.api("torch.nn.MultiheadAttention", page="generated/torch.nn.MultiheadAttention")
@pytest.mark.changed(
    "2.0",
    "MultiheadAttention takes is_causal, and refuses it without a mask",
    kind="api-appeared",
    cause="pytorch#97214",
)
def test_attention_causal_hint_alone_raises(snapshot):
    """``is_causal=True`` is a hint about the mask, which must be given too."""
    assert snapshot == observe(lambda: asked(is_causal=True))


@pytest.mark.api("torch.nn.MultiheadAttention", page="generated/torch.nn.MultiheadAttention")
@pytest.mark.changed(
    "2.0",
    "MultiheadAttention takes is_causal",
    kind="api-appeared",
    cause="pytorch#97214",
    probable=True,
)
def test_attention_causal_hint_overrides_the_mask_without_weights(snapshot):
    """``is_causal=True`` with a mask that hides nothing hides the future if no weights are asked for, else nothing."""

    def first(**arguments):
        sequence = torch.tensor([[[0.0]], [[4.0]]])
        return attention()(
            sequence, sequence, sequence, attn_mask=torch.zeros(2, 2), is_causal=True, **arguments
        )[0][0]

    assert snapshot == observe(
        lambda: {"with weights": first(), "without": first(need_weights=False)}
    )


@pytest.mark.api("torch.nn.MultiheadAttention", page="generated/torch.nn.MultiheadAttention")
@pytest.mark.changed(
    "1.6",
    "the output projection has a bias in spite of bias=False",
    kind="silent",
    cause="pytorch#38211",
    advice="set out_proj.bias to None, or expect the extra key in checkpoints",
)
@pytest.mark.changed(
    "1.9",
    "the output projection has no bias again",
    kind="silent",
    cause="pytorch#52537",
    advice="a checkpoint of 1.6 to 1.8 has a trained out_proj.bias: give it to the loaded layer by hand",
)
def test_attention_without_bias_holds_weights_alone(snapshot):
    """``bias=False`` is for both projections. From 1.6 to 1.8 the output's kept its bias, in checkpoints and optimizers too."""
    assert snapshot == observe(lambda: list(nn.MultiheadAttention(2, 1, bias=False).state_dict()))


@pytest.mark.api("torch.nn.MultiheadAttention", page="generated/torch.nn.MultiheadAttention")
def test_attention_holds_three_projections_in_one_unless_sizes_differ(snapshot):
    """``in_proj_weight`` stacks query, key and value; with ``kdim`` or ``vdim`` there are three weights, under other names."""

    def shapes(**settings):
        return {
            name: parameter.shape
            for name, parameter in nn.MultiheadAttention(4, 2, **settings).named_parameters()
        }

    assert snapshot == observe(lambda: {"default": shapes(), "kdim=3": shapes(kdim=3)})


@pytest.mark.api("torch.nn.MultiheadAttention", page="generated/torch.nn.MultiheadAttention")
@pytest.mark.changed(
    "1.9", "MultiheadAttention takes batch_first", kind="api-appeared", cause="pytorch#55285"
)
def test_attention_reads_the_sequence_first_by_default(snapshot):
    """Three samples of one step and of two: [step, sample, feature] unless ``batch_first=True``. Weights are batch first in
    both.
    """

    def shapes(*shape, **settings):
        x = torch.zeros(*shape)
        output, weights = attention(**settings)(x, x, x)
        return {"output": output.shape, "weights": weights.shape}

    assert snapshot == observe(
        lambda: {"default": shapes(2, 3, 1), "batch_first": shapes(3, 2, 1, batch_first=True)}
    )


@pytest.mark.api("torch.nn.MultiheadAttention", page="generated/torch.nn.MultiheadAttention")
@pytest.mark.changed(
    "1.11", "takes one sequence without a batch", kind="error-gone", cause="pytorch#67176"
)
def test_attention_takes_one_sequence_without_a_batch(snapshot):
    """[step, feature] comes out as [step, feature], with weights [query, key]."""

    def act():
        x = torch.zeros(2, 1)
        output, weights = attention()(x, x, x)
        return {"output": output.shape, "weights": weights.shape}

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.MultiheadAttention", page="generated/torch.nn.MultiheadAttention")
@pytest.mark.changed(
    "1.10", "takes a batch without samples", kind="error-gone", cause="pytorch#62800"
)
def test_attention_takes_a_batch_without_samples(snapshot):
    """[2, 0, 1] comes out as [2, 0, 1]."""

    def act():
        x = torch.zeros(2, 0, 1)
        return attention()(x, x, x)[0].shape

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.MultiheadAttention", page="generated/torch.nn.MultiheadAttention")
def test_attention_dropout_drops_weights_that_it_returns(snapshot):
    """Under ``dropout=1.0`` all weights are 0 in training, the returned ones too; in eval mode none is."""
    layer = attention(dropout=1.0)
    assert snapshot == observe(lambda: {"train": asked(layer), "eval": asked(layer.eval())})


@pytest.mark.parametrize("heads", [2, 0])
@pytest.mark.api("torch.nn.MultiheadAttention", page="generated/torch.nn.MultiheadAttention")
@pytest.mark.changed(
    "2.1",
    "no heads raise ValueError, which tells why, instead of ZeroDivisionError",
    kind="exception",
    cause="pytorch#106363",
)
def test_attention_refuses_heads_that_do_not_divide_its_features(heads, snapshot):
    """Three features in two heads, or in none, raise when the layer is made."""
    assert snapshot == observe(lambda: nn.MultiheadAttention(3, heads))


@pytest.mark.api(
    "torch.nn.MultiheadAttention",
    "torch.nn.Module.register_forward_hook",
    page="generated/torch.nn.MultiheadAttention",
)
def test_attention_does_not_call_its_output_layer(snapshot):
    """``out_proj`` is a module whose weight is read: forward hooks on it never run."""
    layer, seen = attention(), []
    layer.out_proj.register_forward_hook(lambda *_: seen.append("called"))
    asked(layer)
    assert snapshot == observe(lambda: seen)
