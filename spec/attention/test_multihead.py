"""``torch.nn.MultiheadAttention``: its options, the shapes of its masks, and its errors.

The layer projects query, key and value, splits them into heads, and projects what the heads give.
``kdim`` and ``vdim`` let key and value be of other widths. ``add_bias_kv`` adds a learned key, and
``add_zero_attn`` a key of zeros, to every sample. A mask [query, key] serves all heads; one of
[sample * head, query, key] each of them. The masks are those of ``layers.attention_…``.
"""

import pytest
import torch
from torch import nn, tensor

from fixtures.attention import filled, sees_the_future, steps
from fixtures.settings import each
from torch_history.observing import observe_each

SETTINGS = {
    "plain": {},
    "one head": {"num_heads": 1},
    "no bias": {"bias": False},
    "kdim": {"kdim": 3},
    "vdim": {"vdim": 3},
    "add_bias_kv": {"add_bias_kv": True},
    "add_zero_attn": {"add_zero_attn": True},
    "both": {"add_bias_kv": True, "add_zero_attn": True},
}


@pytest.mark.api("torch.nn.MultiheadAttention", page="generated/torch.nn.MultiheadAttention")
@pytest.mark.changed(
    "1.6",
    "takes kdim or vdim alone, where it raised",
    kind="error-gone",
    when=("kdim@7", "vdim@8"),
    cause="pytorch#39402",
)
@pytest.mark.changed(
    "1.6",
    "the output projection has a bias despite bias=False",
    kind="silent",
    cause="pytorch#38211",
    when="bias@3=False",
    advice="set layer.out_proj.bias = None",
)
@pytest.mark.changed(
    "1.9",
    "the output projection has no bias again",
    kind="silent",
    cause="pytorch#52537",
    when="bias@3=False",
    advice=(
        "set layer.out_proj.bias = nn.Parameter(torch.zeros(embed_dim)) before you load a "
        "checkpoint of 1.6 to 1.8"
    ),
)
def test_multihead_attention_follows_each_setting(snapshot):
    """Each setting of ``MultiheadAttention`` changes the output, and the shape of the weights.

    ``add_bias_kv`` and ``add_zero_attn`` each add a key: the weights have one more column. Here are
    one query and two keys of width 4.
    """

    def act(num_heads=2, kdim=None, vdim=None, **settings):
        layer = filled(nn.MultiheadAttention(4, num_heads, kdim=kdim, vdim=vdim, **settings))
        key, value = steps(2, 1, kdim or 4), steps(2, 1, vdim or 4)
        output, weights = layer(steps(1, 1), key, value)
        return {"output": output.detach().flatten(), "weights": weights.detach().flatten()}

    assert snapshot == observe_each(each(act, SETTINGS))


@pytest.mark.api("torch.nn.MultiheadAttention", page="generated/torch.nn.MultiheadAttention")
@pytest.mark.changed(
    "1.6",
    "True in attn_mask hides the key, where it was added to the score as 1 before",
    kind="silent",
    cause="pytorch#33763",
    advice="pass attn_mask=mask.float() to a model trained up to 1.5, which hid nothing",
    rarely="a boolean attn_mask",
)
def test_multihead_attention_hides_no_added_key(snapshot):
    """A mask hides the given keys, never those of ``add_bias_kv`` and ``add_zero_attn``.

    So a sample whose keys are all hidden gives numbers, not NaN.
    """

    def act(name, **masks):
        layer = filled(nn.MultiheadAttention(4, 2, **{name: True}))
        output, weights = layer(steps(1, 1), steps(2, 1), steps(2, 1), **masks)
        return {"output": output.detach().flatten(), "weights": weights.detach().flatten()}

    padding, mask = tensor([[True, True]]), tensor([[True, True]])
    assert snapshot == observe_each(
        {
            "add_bias_kv, padding": lambda: act("add_bias_kv", key_padding_mask=padding),
            "add_bias_kv, mask": lambda: act("add_bias_kv", attn_mask=mask),
            "add_zero_attn, padding": lambda: act("add_zero_attn", key_padding_mask=padding),
            "add_zero_attn, mask": lambda: act("add_zero_attn", attn_mask=mask),
        }
    )


@pytest.mark.api("torch.nn.MultiheadAttention", page="generated/torch.nn.MultiheadAttention")
@pytest.mark.changed(
    "1.5", "takes a mask for each head and sample", kind="error-gone", cause="pytorch#31996"
)
@pytest.mark.changed(
    "1.5",
    "a mask of one dimension raises",
    kind="error",
    cause="pytorch#31996",
    advice="pass attn_mask=mask[None].expand(queries, -1)",
    rarely="a mask of one dimension",
)
@pytest.mark.changed(
    "1.5",
    "the messages for masks of other shapes are worded by the layer",
    kind="wording",
    cause="pytorch#31996",
    probable=True,
    rarely="a mask of another shape",
)
@pytest.mark.changed(
    "1.9",
    "the messages give the shapes",
    kind="wording",
    rarely="a mask of another shape",
    cause="pytorch#56674",
    probable=True,
)
@pytest.mark.changed(
    "1.11",
    "a mask of one or four dimensions raises AssertionError instead of RuntimeError",
    kind="exception",
    cause="pytorch#67176",
    when=":unseen",
)
@pytest.mark.changed(
    "1.11",
    "the message for a padding mask of one dimension counts its dimensions",
    kind="wording",
    cause="pytorch#67176",
    rarely="a mask of another shape",
)
@pytest.mark.changed(
    "2.6",
    "the message for a padding mask names the dimension that differs",
    kind="wording",
    rarely="a mask of another shape",
)
def test_multihead_attention_takes_masks_of_these_shapes(snapshot):
    """``attn_mask`` is [query, key] or [sample * head, query, key], ``key_padding_mask`` by sample.

    Other shapes raise: a mask for each sample needs ``repeat_interleave(heads, 0)``. Here are two
    samples, two heads, one query and three keys.
    """

    def act(name, *shape):
        layer = filled(nn.MultiheadAttention(4, 2))
        query, key = steps(1, 2), steps(3, 2)
        return layer(query, key, key, **{name: torch.zeros(*shape).bool()})[0].shape

    shapes = [(1, 3), (4, 1, 3), (2, 1, 3), (1, 1, 3), (2, 2, 1, 3), (3,), (1, 2)]
    cases = {f"attn_mask {list(shape)}": ("attn_mask", *shape) for shape in shapes}
    for shape in [(2, 3), (3, 2), (1, 3), (3,)]:
        cases[f"padding {list(shape)}"] = ("key_padding_mask", *shape)
    assert snapshot == observe_each(
        {name: lambda call=call: act(*call) for name, call in cases.items()}
    )


@pytest.mark.api("torch.nn.MultiheadAttention", page="generated/torch.nn.MultiheadAttention")
@pytest.mark.changed(
    "1.6",
    "a key of another width raises RuntimeError instead of AssertionError",
    kind="exception",
    when=":unseen",
    cause="pytorch#39402",
)
@pytest.mark.changed(
    "1.7",
    "the message for a key of another width is worded by matmul",
    kind="wording",
    rarely="inputs that do not fit",
    cause="pytorch#40927",
)
@pytest.mark.changed(
    "1.9",
    "a key of another width raises AssertionError again",
    kind="exception",
    when=":unseen",
    cause="pytorch#56674",
    probable=True,
)
@pytest.mark.changed(
    "1.9",
    "the messages give the shapes",
    kind="wording",
    rarely="inputs that do not fit",
    cause="pytorch#56674",
    probable=True,
)
@pytest.mark.changed(
    "1.10",
    "the message for other samples gives the length",
    kind="wording",
    rarely="inputs that do not fit",
)
@pytest.mark.changed(
    "1.11",
    "inputs of other dimensions raise AssertionError instead of ValueError",
    kind="exception",
    cause="pytorch#67176",
    when=":unseen",
)
def test_multihead_attention_refuses_sizes_that_do_not_fit(snapshot):
    """A query of another width raises, and so do a key and a value that do not go together."""

    def act(*shapes):
        layer = filled(nn.MultiheadAttention(4, 2))
        return layer(*[torch.ones(*shape) for shape in shapes])[0].shape

    assert snapshot == observe_each(
        {
            "width of the query": lambda: act((1, 2, 3), (3, 2, 4), (3, 2, 4)),
            "width of the key": lambda: act((1, 2, 4), (3, 2, 3), (3, 2, 4)),
            "lengths": lambda: act((1, 2, 4), (3, 2, 4), (2, 2, 4)),
            "samples": lambda: act((1, 2, 4), (3, 1, 4), (3, 1, 4)),
            "four dimensions": lambda: act((1, 1, 2, 4), (1, 3, 2, 4), (1, 3, 2, 4)),
            "one without a batch": lambda: act((1, 4), (3, 2, 4), (3, 2, 4)),
        }
    )


@pytest.mark.api("torch.nn.MultiheadAttention", page="generated/torch.nn.MultiheadAttention")
@pytest.mark.changed(
    "1.5",
    "the message for bfloat16 names bmm",
    kind="wording",
    rarely="a bfloat16 layer on the CPU",
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
    "1.6",
    "a bfloat16 mask raises AssertionError instead of RuntimeError",
    kind="exception",
    cause="pytorch#33763",
    when=":unseen",
)
@pytest.mark.changed(
    "1.8",
    "the message for bfloat16 names softmax",
    kind="wording",
    rarely="a bfloat16 layer on the CPU",
    cause="pytorch#42553",
    probable=True,
)
@pytest.mark.changed(
    "1.9",
    "a bfloat16 mask raises RuntimeError instead of AssertionError",
    kind="exception",
    when=":unseen",
    cause="pytorch#56674",
    probable=True,
)
@pytest.mark.changed(
    "1.10",
    "bfloat16 layers work on the CPU",
    kind="error-gone",
    rarely="a bfloat16 layer on the CPU",
    cause="pytorch#55202",
    probable=True,
)
@pytest.mark.changed(
    "2.0",
    "with need_weights=False a float32 mask raises in a layer of another dtype",
    kind="error",
    advice="pass attn_mask=mask.to(query.dtype)",
    when="need_weights@4=False",
    rarely="a float32 mask in a layer of another dtype",
    cause="pytorch#89470",
)
@pytest.mark.changed(
    "2.1",
    "a float32 mask raises in a layer of another dtype",
    kind="error",
    advice="pass attn_mask=mask.to(query.dtype)",
    unless=("need_weights", 4),
    rarely="a float32 mask in a layer of another dtype",
    cause="pytorch#102659",
)
@pytest.mark.changed(
    "2.4",
    "with need_weights=False a float32 mask is taken in a layer of another dtype",
    kind="error-gone",
    when="need_weights@4=False",
    rarely="a float32 mask in a layer of another dtype",
)
@pytest.mark.parametrize("dtype", ["bfloat16", "float64"])
def test_multihead_attention_takes_a_mask_of_its_dtype(dtype, snapshot):
    """A float mask must have the dtype of the layer: float32 masks with others raise since 2.1.

    With ``need_weights=False`` a float32 mask is taken since 2.4, as
    ``scaled_dot_product_attention`` takes it. Boolean masks fit every dtype.
    """
    chosen = getattr(torch, dtype)

    def act(**masks):
        layer = filled(nn.MultiheadAttention(4, 2)).to(chosen)
        x = steps().to(chosen)
        return layer(x, x, x, **masks)[0].dtype

    assert snapshot == observe_each(
        {
            "no mask": act,
            "float32": lambda: act(attn_mask=torch.zeros(2, 2)),
            "padding float32": lambda: act(key_padding_mask=torch.zeros(3, 2)),
            "no weights": lambda: act(attn_mask=torch.zeros(2, 2), need_weights=False),
            "converted": lambda: act(attn_mask=torch.zeros(2, 2, dtype=chosen)),
            "bool": lambda: act(attn_mask=torch.zeros(2, 2).bool()),
        }
    )


def attended(mode, **settings):
    """What a layer gives for three steps of two samples, batch first."""
    layer = filled(nn.MultiheadAttention(4, 2, batch_first=True)).train(mode == "train")
    x = steps()
    with torch.no_grad():
        return layer(x, x, x, **settings)


MASKS = {
    "none": {},
    "padding": {"key_padding_mask": tensor([[False, False, True], [False, True, True]])},
    "causal": {"attn_mask": torch.ones(3, 3).triu(1).bool()},
    "float": {"attn_mask": torch.ones(3, 3).triu(1) * -2},
    "by head": {"attn_mask": torch.ones(3, 3).triu(1).bool().repeat(4, 1, 1)},
    "both": {
        "attn_mask": torch.ones(3, 3).triu(1).bool(),
        "key_padding_mask": tensor([[False, False, True], [False, True, True]]),
    },
}


@pytest.mark.api("torch.nn.MultiheadAttention", page="generated/torch.nn.MultiheadAttention")
@pytest.mark.changed(
    "1.9", "takes batch_first, which the test needs", kind="appeared", cause="pytorch#55285"
)
@pytest.mark.changed(
    "2.0",
    (
        "in eval mode without gradients a float attn_mask is converted to bool, with a "
        "warning: what is not 0 hides"
    ),
    kind="warning",
    cause="pytorch#92733",
    probable=True,
    advice="call the layer with gradients enabled, or pass a boolean mask",
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
    "no longer warns about masks that are not boolean",
    kind="warning",
    cause="pytorch#103362",
    probable=True,
    rarely="a mask in eval mode without gradients",
)
@pytest.mark.changed(
    "2.1",
    "in eval mode a float attn_mask is added again, without a warning",
    kind="warning",
    cause="pytorch#103362",
    probable=True,
    rarely="a float mask in eval mode without gradients",
)
@pytest.mark.parametrize("weights", [True, False])
def test_multihead_attention_in_eval_computes_what_training_does(weights, snapshot):
    """In eval mode the layer gives the output of training, without dropout.

    In eval mode and without gradients a fused layer may run, which had errors of its own.
    """

    def act(**masks):
        train, _ = attended("train", need_weights=weights, **masks)
        fast, _ = attended("eval", need_weights=weights, **masks)
        return torch.allclose(train, fast, atol=1e-4)

    assert snapshot == observe_each(each(act, MASKS))


@pytest.mark.api("torch.nn.MultiheadAttention", page="generated/torch.nn.MultiheadAttention")
@pytest.mark.changed(
    "1.9", "takes batch_first, which the test needs", kind="appeared", cause="pytorch#55285"
)
@pytest.mark.changed(
    "2.0", "takes is_causal", kind="appeared", cause="pytorch#90508", probable=True
)
def test_multihead_attention_trusts_its_causal_hint(snapshot):
    """``is_causal=True`` says that ``attn_mask`` is causal; the layer does not check that.

    The observation is whether the first step sees the last one. With ``need_weights=False`` the
    hint decides, with weights the mask does. ``layers.attention_causal_hint_alone_raises``.
    """

    def act(mask, **settings):
        layer = filled(nn.MultiheadAttention(4, 2, batch_first=True))
        return sees_the_future(lambda x: layer(x, x, x, attn_mask=mask, **settings)[0])

    causal, open_ = torch.ones(3, 3).triu(1).bool(), torch.zeros(3, 3).bool()
    assert snapshot == observe_each(
        {
            "causal mask": lambda: act(causal),
            "causal mask and hint": lambda: act(causal, is_causal=True, need_weights=False),
            "open mask and hint": lambda: act(open_, is_causal=True, need_weights=False),
            "open mask, hint, weights": lambda: act(open_, is_causal=True),
            "no mask and hint": lambda: act(None, is_causal=True, need_weights=False),
        }
    )
