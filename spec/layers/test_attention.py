"""``torch.nn.MultiheadAttention``: its masks, the weights that it returns, and its parameters.

A query weighs the values by the softmax of its scores with the keys. True in a boolean mask hides a
key. A float mask is added to the scores, so a mask of ones hides nothing: convert it with
``.bool()``. Integer masks raise since 2.0; earlier releases hid keys, added to the scores or
raised. A query whose keys are all hidden gives NaN, or 0 with ``need_weights=False`` since 2.5.
Inputs are [step, sample, feature] unless ``batch_first=True``.
"""

import math

import pytest
import torch
from torch import nn

from torch_history.observing import observe, observe_each

THREE_TO_ONE = math.log(3)  # keys 0 and ln 3: a query of 1 weighs them 1/4 and 3/4


def attention(heads=1, **settings):
    """Attention over ``heads`` features, one per head, with identity projections."""
    layer = nn.MultiheadAttention(heads, heads, **settings)
    with torch.no_grad():
        layer.in_proj_weight.copy_(torch.eye(heads).repeat(3, 1))
        layer.in_proj_bias.zero_()
        layer.out_proj.weight.copy_(torch.eye(heads))
        layer.out_proj.bias.zero_()
    return layer


def asked(layer=None, **arguments):
    """Ask a query of 1 for the keys 0 and ln 3, whose values are 0 and 4.

    Returns the output [1, 1, 1], and its weights [1, 1, 2] or None.
    """
    query, key, value = (
        torch.tensor([[[1.0]]]),
        torch.tensor([[[0.0]], [[THREE_TO_ONE]]]),
        torch.tensor([[[0.0]], [[4.0]]]),
    )
    output, weights = (layer or attention())(query, key, value, **arguments)
    return {"output": output, "weights": weights}


@pytest.mark.api("torch.nn.MultiheadAttention", page="generated/torch.nn.MultiheadAttention")
def test_attention_weighs_values_by_the_softmax_of_its_scores(snapshot):
    """Attention weighs the values by the softmax of the scores.

    The scores 0 and ln 3 give the weights 1/4 and 3/4. The values 0 and 4 then give the output 3.
    """
    assert snapshot == observe(lambda: asked())


@pytest.mark.api(
    "torch.nn.MultiheadAttention",
    "torch.nn.functional.multi_head_attention_forward",
    "torch.nn.TransformerEncoderLayer",
    "torch.nn.TransformerDecoderLayer",
    page="generated/torch.nn.MultiheadAttention",
)
@pytest.mark.changed(
    "1.6",
    "True in attn_mask hides the key, where it was added to the score as 1 before",
    kind="silent",
    cause="pytorch#33763",
    advice="pass attn_mask=mask.float() to a model trained up to 1.5, which hid nothing",
    restored_by="layers.attention_boolean_mask_as_float_adds_one_to_the_score",
    rarely="a boolean attn_mask",
)
def test_attention_boolean_mask_hides_what_is_true(snapshot):
    """True in ``attn_mask`` hides the key: its weight is 0.

    Before 1.6 True was added to the score as 1 and hid nothing.
    """
    assert snapshot == observe(lambda: asked(attn_mask=torch.tensor([[False, True]])))


@pytest.mark.api("torch.nn.MultiheadAttention", page="generated/torch.nn.MultiheadAttention")
def test_attention_boolean_mask_as_float_adds_one_to_the_score(snapshot):
    """A boolean ``attn_mask`` converted with ``.float()`` adds 1 to the score of a key.

    It hides nothing. Up to 1.5 a boolean mask itself had this effect.
    """
    assert snapshot == observe(lambda: asked(attn_mask=torch.tensor([[False, True]]).float()))


@pytest.mark.api("torch.nn.MultiheadAttention", page="generated/torch.nn.MultiheadAttention")
def test_attention_float_mask_is_added_to_the_scores(snapshot):
    """A float ``attn_mask`` is added to the scores.

    Here -ln 3 takes the second key's score back to 0, so that both keys weigh 1/2. To hide a key,
    add minus infinity, not 1.
    """
    assert snapshot == observe(lambda: asked(attn_mask=torch.tensor([[0.0, -THREE_TO_ONE]])))


@pytest.mark.api("torch.nn.MultiheadAttention", page="generated/torch.nn.MultiheadAttention")
def test_attention_key_padding_mask_hides_what_is_true(snapshot):
    """True in ``key_padding_mask`` [sample, key] marks padding: its weight is 0."""
    assert snapshot == observe(lambda: asked(key_padding_mask=torch.tensor([[False, True]])))


@pytest.mark.api(
    "torch.nn.MultiheadAttention",
    "torch.nn.functional.multi_head_attention_forward",
    "torch.nn.TransformerEncoderLayer",
    "torch.nn.TransformerDecoderLayer",
    page="generated/torch.nn.MultiheadAttention",
)
@pytest.mark.changed(
    "1.5",
    "a float key_padding_mask is accepted, and has no effect",
    kind="error-gone",
    cause="pytorch#33330",
    probable=True,
    advice="convert the mask with .bool()",
    rarely="a float key_padding_mask",
)
@pytest.mark.changed(
    "1.9",
    "a float key_padding_mask is added to the scores, so that 1.0 makes padding weigh more",
    kind="silent",
    cause="pytorch#56674",
    probable=True,
    advice="pass key_padding_mask=mask.bool() to hide padding, or no mask for the old numbers",
    restored_by="layers.attention_weighs_values_by_the_softmax_of_its_scores",
    rarely="a float key_padding_mask",
)
def test_attention_float_key_padding_mask_of_ones_hides_nothing(snapshot):
    """A ``key_padding_mask`` of 0.0 and 1.0 makes the padding weigh more, not less.

    Since 1.9 a float mask is added to the scores. Convert it with ``.bool()``.
    """
    assert snapshot == observe(lambda: asked(key_padding_mask=torch.tensor([[0.0, 1.0]])))


@pytest.mark.parametrize("dtype", ["uint8", "int64"])
@pytest.mark.parametrize("mask", ["attn_mask", "key_padding_mask"])
@pytest.mark.api(
    "torch.nn.MultiheadAttention",
    "torch.nn.functional.multi_head_attention_forward",
    "torch.nn.TransformerEncoderLayer",
    "torch.nn.TransformerDecoderLayer",
    page="generated/torch.nn.MultiheadAttention",
)
@pytest.mark.changed(
    "1.5",
    "an int64 key_padding_mask no longer raises: it hides keys as a boolean mask does",
    kind="error-gone",
    cause="pytorch#33330",
    probable=True,
    rarely="an int64 key_padding_mask",
)
@pytest.mark.changed(
    "1.6",
    "an int64 attn_mask raises, where it was added to the scores before",
    kind="error",
    cause="pytorch#33763",
    advice="pass attn_mask=mask.float() to go on adding it, or mask.bool() to hide keys",
    restored_by="layers.attention_integer_mask_as_float_is_added_to_the_scores",
    rarely="an int64 attn_mask",
)
@pytest.mark.changed(
    "1.6",
    "a uint8 attn_mask hides keys with a warning, where it was added to the scores before",
    kind="warning",
    cause="pytorch#33763",
    advice="pass attn_mask=mask.float() to go on adding it, or mask.bool() to hide keys",
    restored_by="layers.attention_integer_mask_as_float_is_added_to_the_scores",
    rarely="a uint8 attn_mask",
)
@pytest.mark.changed(
    "1.6",
    "the warning for a uint8 key_padding_mask names the mask",
    kind="wording",
    cause="pytorch#33763",
    rarely="a uint8 key_padding_mask",
)
@pytest.mark.changed(
    "1.9",
    "an int64 key_padding_mask is added to the scores instead of hiding keys: padding weighs more",
    kind="silent",
    cause="pytorch#56674",
    probable=True,
    advice="pass key_padding_mask=mask.bool()",
    restored_by="layers.attention_key_padding_mask_hides_what_is_true",
    rarely="an int64 key_padding_mask",
)
@pytest.mark.changed(
    "1.13",
    "a uint8 key_padding_mask raises, where it hid keys with a warning before",
    kind="error",
    cause="pytorch#87106",
    advice="pass key_padding_mask=mask.bool()",
    restored_by="layers.attention_uint8_mask_as_bool_hides_keys",
    rarely="a uint8 key_padding_mask",
)
@pytest.mark.changed(
    "1.13",
    "an int64 key_padding_mask raises, where it was added to the scores before",
    kind="error",
    cause="pytorch#87106",
    advice="pass key_padding_mask=mask.float() to go on adding it, or mask.bool() to hide padding",
    restored_by="layers.attention_integer_mask_as_float_is_added_to_the_scores",
    rarely="an int64 key_padding_mask",
)
@pytest.mark.changed(
    "2.0",
    "a uint8 attn_mask raises, where it hid keys with a warning before",
    kind="error",
    cause="pytorch#92733",
    advice="pass attn_mask=mask.bool()",
    restored_by="layers.attention_uint8_mask_as_bool_hides_keys",
    rarely="a uint8 attn_mask",
)
@pytest.mark.changed(
    "2.0",
    "the message for an int64 attn_mask no longer names the type",
    kind="wording",
    cause="pytorch#92733",
    rarely="an int64 attn_mask",
)
def test_attention_refuses_masks_of_integers(mask, dtype, snapshot):
    """Since 2.0 MultiheadAttention raises on integer masks: a mask must be bool or float.

    Before 2.0 the integers hid keys, were added to the scores or raised, depending on mask, dtype
    and release.
    """
    assert snapshot == observe(
        lambda: asked(**{mask: torch.tensor([[0, 1]], dtype=getattr(torch, dtype))})
    )


@pytest.mark.api(
    "torch.nn.MultiheadAttention",
    "torch.nn.functional.multi_head_attention_forward",
    "torch.nn.TransformerEncoderLayer",
    "torch.nn.TransformerDecoderLayer",
    page="generated/torch.nn.MultiheadAttention",
)
@pytest.mark.changed(
    "1.5",
    "a float key_padding_mask is accepted, and has no effect",
    kind="error-gone",
    cause="pytorch#33330",
    probable=True,
    rarely="a float key_padding_mask",
)
@pytest.mark.changed(
    "1.9",
    "a float key_padding_mask is added to the scores",
    kind="silent",
    cause="pytorch#56674",
    probable=True,
    advice="pass key_padding_mask=mask.bool() to hide padding",
    rarely="a float key_padding_mask",
)
def test_attention_integer_mask_as_float_is_added_to_the_scores(snapshot):
    """An integer mask converted with ``.float()`` is added to the scores.

    A 1 in it makes the key weigh more. An ``attn_mask`` of integers had this effect up to 1.5, an
    int64 ``key_padding_mask`` from 1.9 to 1.12.
    """
    uint8, int64 = (torch.tensor([[0, 1]], dtype=dtype) for dtype in (torch.uint8, torch.int64))
    assert snapshot == observe_each(
        {
            "attn_mask-uint8": lambda: asked(attn_mask=uint8.float()),
            "attn_mask-int64": lambda: asked(attn_mask=int64.float()),
            "key_padding_mask-int64": lambda: asked(key_padding_mask=int64.float()),
        }
    )


@pytest.mark.api(
    "torch.nn.MultiheadAttention",
    "torch.nn.functional.multi_head_attention_forward",
    "torch.nn.TransformerEncoderLayer",
    "torch.nn.TransformerDecoderLayer",
    page="generated/torch.nn.MultiheadAttention",
)
@pytest.mark.changed(
    "1.6",
    "an attn_mask hides keys, where True was added to the score as 1 before",
    kind="silent",
    cause="pytorch#33763",
    advice="pass attn_mask=mask.float() to a model trained up to 1.5, which hid nothing",
    restored_by="layers.attention_integer_mask_as_float_is_added_to_the_scores",
    rarely="a boolean attn_mask",
)
def test_attention_uint8_mask_as_bool_hides_keys(snapshot):
    """A uint8 mask converted with ``.bool()`` hides the keys that it marks with 1.

    As ``attn_mask`` it does so since 1.6: before, True was added to the score as 1. The uint8 mask
    itself raises since 1.13 as ``key_padding_mask`` and since 2.0 as ``attn_mask``.
    """
    mask = torch.tensor([[0, 1]], dtype=torch.uint8)
    assert snapshot == observe_each(
        {
            "attn_mask-uint8": lambda: asked(attn_mask=mask.bool()),
            "key_padding_mask-uint8": lambda: asked(key_padding_mask=mask.bool()),
        }
    )


@pytest.mark.api(
    "torch.nn.MultiheadAttention",
    "torch.nn.functional.multi_head_attention_forward",
    "torch.nn.TransformerEncoderLayer",
    "torch.nn.TransformerDecoderLayer",
    "torch.nn.Transformer",
    page="generated/torch.nn.MultiheadAttention",
)
@pytest.mark.changed(
    "2.0",
    "warns that masks of two different types are deprecated",
    kind="warning",
    cause="pytorch#92733",
    advice="pass both masks as bool, or both as float",
    rarely="a boolean and a float mask together",
)
def test_attention_warns_of_masks_of_two_kinds(snapshot):
    """A float ``attn_mask`` with a boolean ``key_padding_mask`` works, and warns since 2.0.

    The use of two different mask types is deprecated.
    """
    masks = {
        "attn_mask": torch.tensor([[0.0, -THREE_TO_ONE]]),
        "key_padding_mask": torch.tensor([[True, False]]),
    }
    assert snapshot == observe(lambda: asked(**masks))


@pytest.mark.api("torch.nn.MultiheadAttention", page="generated/torch.nn.MultiheadAttention")
def test_attention_of_a_query_without_keys_is_nan(snapshot):
    """A query whose keys are all hidden has NaN weights and a NaN output.

    The softmax is 0 / 0 there. A loss that uses this output is NaN too.
    """
    assert snapshot == observe(lambda: asked(key_padding_mask=torch.tensor([[True, True]])))


@pytest.mark.api(
    "torch.nn.MultiheadAttention",
    "torch.nn.functional.multi_head_attention_forward",
    "torch.nn.functional.scaled_dot_product_attention",
    page="generated/torch.nn.MultiheadAttention",
)
@pytest.mark.changed(
    "2.5",
    "with need_weights=False a query whose keys are all hidden gives 0 instead of NaN",
    kind="silent",
    cause="pytorch#133882",
    advice="pass need_weights=True to find such queries by their NaN",
    restored_by="layers.attention_with_weights_of_a_query_without_keys_is_nan",
    rarely="a query whose keys are all hidden",
)
def test_attention_without_weights_of_a_query_without_keys_is_zero(snapshot):
    """With ``need_weights=False`` a query whose keys are all hidden gives 0 since 2.5.

    ``need_weights=False`` selects the fused kernel. With ``need_weights=True`` the output is NaN.
    """
    hidden = torch.tensor([[True, True]])
    assert snapshot == observe(lambda: asked(key_padding_mask=hidden, need_weights=False)["output"])


@pytest.mark.api("torch.nn.MultiheadAttention", page="generated/torch.nn.MultiheadAttention")
def test_attention_with_weights_of_a_query_without_keys_is_nan(snapshot):
    """With ``need_weights=True`` the output of a query whose keys are all hidden is NaN.

    ``need_weights=True`` is the default, and does not use the fused kernel.
    """
    hidden = torch.tensor([[True, True]])
    assert snapshot == observe(lambda: asked(key_padding_mask=hidden, need_weights=True)["output"])


@pytest.mark.api("torch.nn.MultiheadAttention", page="generated/torch.nn.MultiheadAttention")
@pytest.mark.changed(
    "1.11",
    "MultiheadAttention takes average_attn_weights",
    kind="appeared",
    cause="pytorch#70055",
)
def test_attention_gives_the_weights_of_each_head_when_asked(snapshot):
    """``average_attn_weights=False`` returns the weights of each head.

    Their shape is [sample, head, query, key]. The default returns the mean over the heads.
    """

    def weights(**arguments):
        keys = torch.tensor([[[0.0, THREE_TO_ONE]], [[THREE_TO_ONE, 0.0]]])
        return attention(2)(torch.ones(1, 1, 2), keys, keys, **arguments)[1]

    assert snapshot == observe_each(
        {"mean": weights, "each": lambda: weights(average_attn_weights=False)}
    )


@pytest.mark.api("torch.nn.MultiheadAttention", page="generated/torch.nn.MultiheadAttention")
@pytest.mark.changed(
    "2.0",
    "MultiheadAttention takes is_causal, and raises if it is given without a mask",
    kind="appeared",
    cause="pytorch#97214",
)
def test_attention_causal_hint_alone_raises(snapshot):
    """``is_causal=True`` without ``attn_mask`` raises: it is only a hint about the mask."""
    assert snapshot == observe(lambda: asked(is_causal=True))


@pytest.mark.api("torch.nn.MultiheadAttention", page="generated/torch.nn.MultiheadAttention")
@pytest.mark.changed(
    "2.0",
    "MultiheadAttention takes is_causal",
    kind="appeared",
    cause="pytorch#97214",
    probable=True,
)
def test_attention_causal_hint_overrides_the_mask_without_weights(snapshot):
    """With ``need_weights=False``, ``is_causal=True`` overrides a mask that hides nothing.

    Future keys are hidden then. With ``need_weights=True`` the mask is used, and nothing is hidden.
    """

    def first(**arguments):
        sequence = torch.tensor([[[0.0]], [[4.0]]])
        return attention()(
            sequence, sequence, sequence, attn_mask=torch.zeros(2, 2), is_causal=True, **arguments
        )[0][0]

    assert snapshot == observe_each(
        {"with weights": first, "without": lambda: first(need_weights=False)}
    )


@pytest.mark.api("torch.nn.MultiheadAttention", page="generated/torch.nn.MultiheadAttention")
@pytest.mark.changed(
    "1.6",
    "the output projection has a bias despite bias=False",
    kind="silent",
    cause="pytorch#38211",
    advice="set layer.out_proj.bias = None",
    restored_by="layers.attention_whose_output_bias_is_set_to_none_holds_weights_alone",
    when="bias@3=False",
)
@pytest.mark.changed(
    "1.9",
    "the output projection has no bias again",
    kind="silent",
    cause="pytorch#52537",
    advice=(
        "set layer.out_proj.bias = nn.Parameter(torch.zeros(embed_dim)) before you load a "
        "checkpoint of 1.6 to 1.8"
    ),
    restored_by="layers.attention_without_bias_accepts_an_output_bias",
    when="bias@3=False",
)
def test_attention_without_bias_holds_weights_alone(snapshot):
    """``bias=False`` removes the bias of the input and of the output projection.

    From 1.6 to 1.8 the output projection kept a bias, also in checkpoints and optimizers.
    """
    assert snapshot == observe(lambda: list(nn.MultiheadAttention(2, 1, bias=False).state_dict()))


@pytest.mark.api("torch.nn.MultiheadAttention", page="generated/torch.nn.MultiheadAttention")
def test_attention_whose_output_bias_is_set_to_none_holds_weights_alone(snapshot):
    """``layer.out_proj.bias = None`` removes the bias of the output projection.

    From 1.6 to 1.8 ``bias=False`` did not remove it.
    """

    def act():
        layer = nn.MultiheadAttention(2, 1, bias=False)
        layer.out_proj.bias = None
        return list(layer.state_dict())

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.MultiheadAttention", page="generated/torch.nn.MultiheadAttention")
def test_attention_without_bias_accepts_an_output_bias(snapshot):
    """A layer made with ``bias=False`` holds an output bias that is assigned to it.

    It then loads checkpoints of 1.6 to 1.8, in which ``out_proj.bias`` is a key.
    """

    def act():
        layer = nn.MultiheadAttention(2, 1, bias=False)
        layer.out_proj.bias = nn.Parameter(torch.zeros(2))
        return list(layer.state_dict())

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.MultiheadAttention", page="generated/torch.nn.MultiheadAttention")
def test_attention_holds_three_projections_in_one_unless_sizes_differ(snapshot):
    """``in_proj_weight`` stacks the weights of query, key and value.

    With ``kdim`` or ``vdim`` there are three separate weights, under other names.
    """

    def shapes(**settings):
        return {
            name: parameter.shape
            for name, parameter in nn.MultiheadAttention(4, 2, **settings).named_parameters()
        }

    assert snapshot == observe(lambda: {"default": shapes(), "kdim=3": shapes(kdim=3)})


@pytest.mark.api("torch.nn.MultiheadAttention", page="generated/torch.nn.MultiheadAttention")
@pytest.mark.changed(
    "1.9", "MultiheadAttention takes batch_first", kind="appeared", cause="pytorch#55285"
)
def test_attention_reads_the_sequence_first_by_default(snapshot):
    """MultiheadAttention reads [step, sample, feature] unless ``batch_first=True``.

    Here three samples have two steps. The returned weights are batch first in both cases.
    """

    def shapes(*shape, **settings):
        x = torch.zeros(*shape)
        output, weights = attention(**settings)(x, x, x)
        return {"output": output.shape, "weights": weights.shape}

    assert snapshot == observe_each(
        {
            "default": lambda: shapes(2, 3, 1),
            "batch_first": lambda: shapes(3, 2, 1, batch_first=True),
        }
    )


@pytest.mark.api("torch.nn.MultiheadAttention", page="generated/torch.nn.MultiheadAttention")
@pytest.mark.changed(
    "1.11", "accepts one sequence without a batch", kind="error-gone", cause="pytorch#67176"
)
def test_attention_takes_one_sequence_without_a_batch(snapshot):
    """MultiheadAttention accepts one sequence [step, feature] without a batch, since 1.11.

    The output is [step, feature], the weights are [query, key].
    """

    def act():
        x = torch.zeros(2, 1)
        output, weights = attention()(x, x, x)
        return {"output": output.shape, "weights": weights.shape}

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.MultiheadAttention", page="generated/torch.nn.MultiheadAttention")
@pytest.mark.changed(
    "1.10", "accepts a batch without samples", kind="error-gone", cause="pytorch#62800"
)
def test_attention_takes_a_batch_without_samples(snapshot):
    """MultiheadAttention accepts an empty batch, since 1.10: [2, 0, 1] gives [2, 0, 1]."""

    def act():
        x = torch.zeros(2, 0, 1)
        return attention()(x, x, x)[0].shape

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.MultiheadAttention", page="generated/torch.nn.MultiheadAttention")
def test_attention_dropout_drops_weights_that_it_returns(snapshot):
    """``dropout`` acts on the attention weights, including the returned ones.

    With ``dropout=1.0`` all weights are 0 in training mode, and none is 0 in eval mode.
    """
    layer = attention(dropout=1.0)
    assert snapshot == observe(lambda: {"train": asked(layer), "eval": asked(layer.eval())})


@pytest.mark.parametrize("heads", [2, 0])
@pytest.mark.api("torch.nn.MultiheadAttention", page="generated/torch.nn.MultiheadAttention")
@pytest.mark.changed(
    "2.1",
    "zero heads raise ValueError, which gives the reason, instead of ZeroDivisionError",
    kind="exception",
    cause="pytorch#106363",
    when=":call and :caught and num_heads@1",
    rarely="zero heads",
)
def test_attention_refuses_heads_that_do_not_divide_its_features(heads, snapshot):
    """MultiheadAttention raises in the constructor when the heads do not divide the features.

    Here three features are given two heads, or zero heads.
    """
    assert snapshot == observe(lambda: nn.MultiheadAttention(3, heads))


@pytest.mark.api(
    "torch.nn.MultiheadAttention",
    "torch.nn.Module.register_forward_hook",
    page="generated/torch.nn.MultiheadAttention",
)
def test_attention_does_not_call_its_output_layer(snapshot):
    """MultiheadAttention does not call ``out_proj``: it only reads the weight of this module.

    Forward hooks on ``out_proj`` never run.
    """
    layer, seen = attention(), []
    layer.out_proj.register_forward_hook(lambda *_: seen.append("called"))
    asked(layer)
    assert snapshot == observe(lambda: seen)
