"""``scaled_dot_product_attention``: what it computes, its masks and its scale.

A query weighs the values by the softmax of its scores with the keys, divided by the root of the
width. True in a boolean mask keeps a key, which is the opposite of ``torch.nn.MultiheadAttention``.
A float mask is added to the scores. ``dropout_p`` drops weights whenever it is given: the function
has no mode, so pass 0 in evaluation. The function exists since 2.0.
"""

import math

import pytest
import torch
from torch import tensor
from torch.nn import functional as F

from fixtures.attention import THREE_TO_ONE, asked, parts, with_gradients
from fixtures.settings import each
from torch_history.observing import observe, observe_each


@pytest.mark.api(
    "torch.nn.functional.scaled_dot_product_attention",
    page="generated/torch.nn.functional.scaled_dot_product_attention",
)
@pytest.mark.changed(
    "2.0", "scaled_dot_product_attention appears", kind="appeared", cause="pytorch#92189"
)
def test_sdpa_weighs_values_by_the_softmax_of_its_scores(snapshot):
    """``scaled_dot_product_attention`` weighs the values by the softmax of the scores.

    The scores 0 and ln 3 give the weights 1/4 and 3/4, and the output 3. A query and keys of width
    4 are divided by 2, the root of the width. The values may have another width.
    """
    wide = (
        torch.ones(1, 1, 1, 4),
        tensor([0.0, THREE_TO_ONE / 2]).reshape(1, 1, 2, 1).expand(1, 1, 2, 4),
    )
    value = parts()[2]
    assert snapshot == observe_each(
        {
            "width 1": asked,
            "width 4": lambda: asked(*wide, value),
            "values of width 3": lambda: asked(*wide, value.expand(1, 1, 2, 3)),
        }
    )


@pytest.mark.api(
    "torch.nn.functional.scaled_dot_product_attention",
    page="generated/torch.nn.functional.scaled_dot_product_attention",
)
@pytest.mark.changed(
    "2.0",
    "scaled_dot_product_attention appears, without scale",
    kind="appeared",
    cause="pytorch#92189",
)
@pytest.mark.changed("2.1", "takes scale", kind="appeared", cause="pytorch#95259")
def test_sdpa_scale_replaces_the_root_of_the_width(snapshot):
    """``scale`` multiplies the scores in place of 1 / root of the width.

    Scale 0 makes all weights equal. A query of width 4 has the default scale 1/2.
    """
    key = tensor([0.0, THREE_TO_ONE / 2]).reshape(1, 1, 2, 1).expand(1, 1, 2, 4)
    wide = torch.ones(1, 1, 1, 4), key, parts()[2]
    cases = {
        "None": {"scale": None},
        "half": {"scale": 0.5},
        "0": {"scale": 0.0},
        "negative": {"scale": -0.5},
        "int": {"scale": 1},
    }
    assert snapshot == observe_each(each(lambda **settings: asked(*wide, **settings), cases))


@pytest.mark.api(
    "torch.nn.functional.scaled_dot_product_attention",
    page="generated/torch.nn.functional.scaled_dot_product_attention",
)
@pytest.mark.changed(
    "2.0", "scaled_dot_product_attention appears", kind="appeared", cause="pytorch#92189"
)
def test_sdpa_takes_its_scale_by_name_alone(snapshot):
    """``scale`` must be given by name: a seventh argument by position raises."""
    assert snapshot == observe(lambda: asked(*parts(), None, 0.0, False, 1.0))


@pytest.mark.api(
    "torch.nn.functional.scaled_dot_product_attention",
    page="generated/torch.nn.functional.scaled_dot_product_attention",
)
@pytest.mark.changed(
    "2.0", "scaled_dot_product_attention appears", kind="appeared", cause="pytorch#92189"
)
def test_sdpa_boolean_mask_keeps_what_is_true(snapshot):
    """True in ``attn_mask`` keeps the key, and False hides it.

    In ``torch.nn.MultiheadAttention`` it is the opposite: True hides
    (``layers.attention_boolean_mask_hides_what_is_true``).
    """
    cases = {
        "both": {"attn_mask": tensor([[True, True]])},
        "first": {"attn_mask": tensor([[True, False]])},
        "second": {"attn_mask": tensor([[False, True]])},
    }
    assert snapshot == observe_each(each(asked, cases))


@pytest.mark.api(
    "torch.nn.functional.scaled_dot_product_attention",
    page="generated/torch.nn.functional.scaled_dot_product_attention",
)
@pytest.mark.changed(
    "2.0",
    "scaled_dot_product_attention appears, without scale",
    kind="appeared",
    cause="pytorch#92189",
)
@pytest.mark.changed("2.1", "takes scale", kind="appeared", cause="pytorch#95259")
def test_sdpa_float_mask_is_added_to_the_scores(snapshot):
    """A float ``attn_mask`` is added to the scores, after they are scaled.

    -ln 3 takes the second score back to 0, so both keys weigh 1/2. Minus infinity hides a key.
    """
    cases = {
        "zero": {"attn_mask": tensor([[0.0, 0.0]])},
        "-ln 3": {"attn_mask": tensor([[0.0, -THREE_TO_ONE]])},
        "-inf": {"attn_mask": tensor([[0.0, -math.inf]])},
        "-ln 3, scale 0": {"attn_mask": tensor([[0.0, -THREE_TO_ONE]]), "scale": 0.0},
    }
    assert snapshot == observe_each(each(asked, cases))


@pytest.mark.api(
    "torch.nn.functional.scaled_dot_product_attention",
    page="generated/torch.nn.functional.scaled_dot_product_attention",
)
@pytest.mark.changed(
    "2.0", "scaled_dot_product_attention appears", kind="appeared", cause="pytorch#92189"
)
@pytest.mark.changed(
    "2.4",
    "the message says that a float32 mask is taken too",
    kind="wording",
    rarely="a mask of another dtype than the query",
)
@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float64", "uint8", "int64"])
def test_sdpa_mask_is_bool_or_of_the_dtype_of_the_query(dtype, snapshot):
    """``attn_mask`` must be bool or have the dtype of the query, here float32.

    A mask of another dtype raises. An integer mask is no boolean mask.
    """
    mask = torch.zeros(1, 2, dtype=getattr(torch, dtype))
    assert snapshot == observe(lambda: asked(attn_mask=mask))


@pytest.mark.api(
    "torch.nn.functional.scaled_dot_product_attention",
    page="generated/torch.nn.functional.scaled_dot_product_attention",
)
@pytest.mark.changed(
    "2.0", "scaled_dot_product_attention appears", kind="appeared", cause="pytorch#92189"
)
@pytest.mark.changed(
    "2.4",
    "takes a float32 mask with a query of another dtype",
    kind="error-gone",
    when="attn_mask@3",
    rarely="a float32 mask with a query of another dtype",
)
def test_sdpa_of_bfloat16_takes_a_float32_mask(snapshot):
    """A float32 ``attn_mask`` with a bfloat16 or float64 query: which releases accept it.

    The usual case is a mask that was made before the model was converted.
    """

    def output(dtype):
        return asked(*parts(dtype), attn_mask=tensor([[0.0, -THREE_TO_ONE]]))

    assert snapshot == observe_each(
        {
            "bfloat16": lambda: output(torch.bfloat16).float().round(decimals=1),
            "float64": lambda: output(torch.float64),
        }
    )


MASKS = {
    "[2]": [2],
    "[1]": [1],
    "[1, 2]": [1, 2],
    "[1, 1]": [1, 1],
    "[1, 1, 2]": [1, 1, 2],
    "[1, 1, 1, 2]": [1, 1, 1, 2],
    "[1, 1, 1, 1, 2]": [1, 1, 1, 1, 2],
    "[2, 1]": [2, 1],
    "[1, 3]": [1, 3],
}


@pytest.mark.api(
    "torch.nn.functional.scaled_dot_product_attention",
    page="generated/torch.nn.functional.scaled_dot_product_attention",
)
@pytest.mark.changed(
    "2.0", "scaled_dot_product_attention appears", kind="appeared", cause="pytorch#92189"
)
@pytest.mark.changed(
    "2.3",
    "a mask of one dimension raises IndexError",
    kind="error",
    cause="pytorch#115913",
    probable=True,
    advice="pass attn_mask=mask[None]",
    when="attn_mask@3",
    rarely="a mask of one dimension",
)
def test_sdpa_mask_has_two_dimensions_or_more(snapshot):
    """``attn_mask`` broadcasts to [batch, head, query, key], and needs two dimensions.

    Here are one query and two keys. Releases up to 2.2 took a mask [key] of one dimension.
    """
    assert snapshot == observe_each(
        {
            name: lambda shape=shape: asked(attn_mask=torch.zeros(shape)).shape
            for name, shape in MASKS.items()
        }
    )


@pytest.mark.api(
    "torch.nn.functional.scaled_dot_product_attention",
    page="generated/torch.nn.functional.scaled_dot_product_attention",
)
@pytest.mark.changed(
    "2.0", "scaled_dot_product_attention appears", kind="appeared", cause="pytorch#92189"
)
def test_sdpa_takes_two_dimensions_or_more(snapshot):
    """Query, key and value need two dimensions [step, feature]; those before are batches.

    The output 3 is the same, with as many dimensions as the query.
    """

    def output(dimensions):
        return asked(*[part.reshape((1,) * (dimensions - 2) + part.shape[2:]) for part in parts()])

    cases = {str(dimensions): (lambda n=dimensions: output(n)) for dimensions in (2, 3, 4, 5)}
    cases["1"] = lambda: asked(*[part.flatten() for part in parts()])
    assert snapshot == observe_each(cases)


@pytest.mark.api(
    "torch.nn.functional.scaled_dot_product_attention",
    page="generated/torch.nn.functional.scaled_dot_product_attention",
)
@pytest.mark.changed(
    "2.0", "scaled_dot_product_attention appears", kind="appeared", cause="pytorch#92189"
)
def test_sdpa_broadcasts_a_batch_of_one(snapshot):
    """A key and a value of batch 1 or of one head serve every sample and head of the query.

    One head of keys for all heads of queries needs no ``enable_gqa``.
    """
    query, key, value = parts()
    assert snapshot == observe_each(
        {
            "batch": lambda: asked(query.expand(2, 1, 1, 1), key, value).flatten(),
            "head": lambda: asked(query.expand(1, 2, 1, 1), key, value).flatten(),
            "query": lambda: asked(
                query, key.expand(2, 1, 2, 1), value.expand(2, 1, 2, 1)
            ).flatten(),
        }
    )


@pytest.mark.api(
    "torch.nn.functional.scaled_dot_product_attention",
    page="generated/torch.nn.functional.scaled_dot_product_attention",
)
@pytest.mark.changed(
    "1.5",
    "complex64 raises in the conversion, with another message",
    kind="wording",
    unless=(),
    cause="pytorch#35579",
)
@pytest.mark.changed(
    "1.6",
    "complex64 tensors can be made, but the function is still missing",
    kind="exception",
    unless=(),
    cause="pytorch#35579",
)
@pytest.mark.changed(
    "2.0", "scaled_dot_product_attention appears", kind="appeared", cause="pytorch#92189"
)
@pytest.mark.changed(
    "2.2",
    "takes float16 on the CPU",
    kind="error-gone",
    rarely="float16 on the CPU",
    cause="pytorch#99498",
)
@pytest.mark.changed(
    "2.8",
    "complex64 raises NotImplementedError, a subclass of RuntimeError",
    kind="wording",
    rarely="complex inputs",
    cause="pytorch#155470",
)
@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float64", "int64", "bool", "complex64"])
def test_sdpa_of_other_dtypes(dtype, snapshot):
    """``scaled_dot_product_attention`` returns the dtype of its inputs, which are of floats.

    On the CPU it takes float16 since 2.2. Integers and complex numbers raise.
    """
    chosen = getattr(torch, dtype)
    assert snapshot == observe(lambda: asked(*parts(chosen)).dtype)


@pytest.mark.api(
    "torch.nn.functional.scaled_dot_product_attention",
    page="generated/torch.nn.functional.scaled_dot_product_attention",
)
@pytest.mark.changed(
    "2.0", "scaled_dot_product_attention appears", kind="appeared", cause="pytorch#92189"
)
def test_sdpa_refuses_tensors_of_two_dtypes(snapshot):
    """Query, key and value must have one dtype: nothing is promoted.

    A float32 query with a bfloat16 cache of keys raises.
    """
    query, key, value = parts()
    assert snapshot == observe_each(
        {
            "query float64": lambda: asked(query.double(), key, value),
            "value bfloat16": lambda: asked(query, key, value.bfloat16()),
        }
    )


@pytest.mark.api(
    "torch.nn.functional.scaled_dot_product_attention",
    page="generated/torch.nn.functional.scaled_dot_product_attention",
)
@pytest.mark.changed(
    "2.0", "scaled_dot_product_attention appears", kind="appeared", cause="pytorch#92189"
)
@pytest.mark.changed(
    "2.1",
    "a negative dropout_p raises, where it was taken as 0",
    kind="error",
    cause="pytorch#103826",
    probable=True,
    advice="pass dropout_p=max(p, 0.0)",
    when="dropout_p@4",
    rarely="a negative dropout_p",
)
def test_sdpa_drops_weights_whenever_it_is_told(snapshot):
    """``dropout_p=1.0`` gives 0: the function drops weights in evaluation too.

    It knows no mode. Pass ``dropout_p=self.p if self.training else 0.0``.
    """
    cases = {
        "0": {"dropout_p": 0.0},
        "1": {"dropout_p": 1.0},
        "2": {"dropout_p": 2.0},
        "-1": {"dropout_p": -1.0},
        "None": {"dropout_p": None},
    }
    assert snapshot == observe_each(each(asked, cases))


@pytest.mark.api(
    "torch.nn.functional.scaled_dot_product_attention",
    page="generated/torch.nn.functional.scaled_dot_product_attention",
)
@pytest.mark.changed(
    "2.0", "scaled_dot_product_attention appears", kind="appeared", cause="pytorch#92189"
)
@pytest.mark.changed(
    "2.1",
    "leaves out the values that have no key, where it raised",
    kind="error-gone",
    cause="pytorch#103826",
    probable=True,
    rarely="a value longer than the key",
)
def test_sdpa_refuses_sizes_that_do_not_fit(snapshot):
    """A query and a key of two widths raise. A value that is longer than the key may not.

    Since 2.1 the fused kernel of the CPU leaves out the values that have no key, and nothing warns.
    """
    query, key, value = parts()
    assert snapshot == observe_each(
        {
            "width": lambda: asked(torch.ones(1, 1, 1, 2), key, value),
            "longer value": lambda: asked(query, key, torch.ones(1, 1, 3, 1)),
        }
    )


@pytest.mark.api(
    "torch.nn.functional.scaled_dot_product_attention",
    page="generated/torch.nn.functional.scaled_dot_product_attention",
)
@pytest.mark.changed(
    "2.0", "scaled_dot_product_attention appears", kind="appeared", cause="pytorch#92189"
)
def test_sdpa_of_nothing(snapshot):
    """Without queries or samples the output is empty. Without keys it is 0."""
    cases = {
        "queries": ((1, 1, 0, 1), (1, 1, 2, 1), (1, 1, 2, 1)),
        "keys": ((1, 1, 1, 1), (1, 1, 0, 1), (1, 1, 0, 1)),
        "samples": ((0, 1, 1, 1), (0, 1, 2, 1), (0, 1, 2, 1)),
    }
    assert snapshot == observe_each(
        {
            name: lambda shapes=shapes: asked(*map(torch.ones, shapes))
            for name, shapes in cases.items()
        }
    )


@pytest.mark.api(
    "torch.nn.functional.scaled_dot_product_attention",
    page="generated/torch.nn.functional.scaled_dot_product_attention",
)
@pytest.mark.changed(
    "2.0",
    "scaled_dot_product_attention appears, without scale",
    kind="appeared",
    cause="pytorch#92189",
)
@pytest.mark.changed("2.1", "takes scale", kind="appeared", cause="pytorch#95259")
def test_sdpa_gives_gradients_to_query_key_and_value(snapshot):
    """The gradient of the values is the weights; those of query and key pass the softmax.

    The weights are 1/4 and 3/4, the values 0 and 4: the gradient of the query is 3/4 ln 3.
    """
    assert snapshot == observe_each(
        {
            "plain": lambda: with_gradients(*parts(grad=True)),
            "mask": lambda: with_gradients(*parts(grad=True), attn_mask=tensor([[True, False]])),
            "scale": lambda: with_gradients(*parts(grad=True), scale=0.0),
        }
    )


@pytest.mark.api(
    "torch.nn.functional.scaled_dot_product_attention",
    page="generated/torch.nn.functional.scaled_dot_product_attention",
)
@pytest.mark.changed(
    "2.0", "scaled_dot_product_attention appears", kind="appeared", cause="pytorch#92189"
)
def test_sdpa_gives_a_gradient_to_a_float_mask(snapshot):
    """A float ``attn_mask`` that requires grad gets the gradient of the scores.

    So a learned bias of positions trains.
    """

    def act():
        bias = torch.zeros(1, 2, requires_grad=True)
        asked(attn_mask=bias).sum().backward()
        return bias.grad

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.nn.functional.scaled_dot_product_attention",
    page="generated/torch.nn.functional.scaled_dot_product_attention",
)
@pytest.mark.changed(
    "2.0", "scaled_dot_product_attention appears", kind="appeared", cause="pytorch#92189"
)
def test_sdpa_leaves_its_inputs_and_its_mask_alone(snapshot):
    """Inputs and masks keep their values and their version counters."""

    def act():
        tensors = [*parts(), tensor([[0.0, -THREE_TO_ONE]])]
        asked(*tensors[:3], attn_mask=tensors[3])
        return {"versions": [part._version for part in tensors], "mask": tensors[3]}

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.nn.functional.scaled_dot_product_attention",
    "torch.autocast",
    page="generated/torch.nn.functional.scaled_dot_product_attention",
)
@pytest.mark.changed(
    "1.10",
    "torch.autocast appears, scaled_dot_product_attention is still missing",
    kind="appeared",
    cause="pytorch#60706",
)
@pytest.mark.changed(
    "2.0", "scaled_dot_product_attention appears", kind="appeared", cause="pytorch#92189"
)
@pytest.mark.changed(
    "2.1",
    "float32 inputs without a mask stay float32 under autocast of the CPU",
    kind="silent",
    cause="pytorch#103826",
    probable=True,
    advice="convert query, key and value with .bfloat16()",
    when=":within=torch.autocast",
    rarely="autocast of the CPU",
)
@pytest.mark.changed(
    "2.2",
    "float32 inputs give bfloat16 again under autocast of the CPU",
    kind="silent",
    cause="pytorch#111558",
    advice=('call the function within torch.autocast("cpu", enabled=False) to stay in float32'),
    when=":within=torch.autocast",
    rarely="autocast of the CPU",
)
@pytest.mark.changed(
    "2.2",
    "takes tensors of two dtypes under autocast of the CPU",
    kind="error-gone",
    cause="pytorch#111558",
    rarely="tensors of two dtypes under autocast",
)
def test_sdpa_under_autocast_returns_bfloat16(snapshot):
    """Under autocast of the CPU float32 inputs give bfloat16, and mixed inputs fit.

    In 2.1 and 2.2 the fused kernel of the CPU left float32 as it was.
    """

    def dtype(*tensors, **settings):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            return asked(*tensors, **settings).dtype

    query, key, value = parts()
    assert snapshot == observe_each(
        {
            "float32": dtype,
            "mask": lambda: dtype(attn_mask=torch.zeros(1, 2)),
            "mixed": lambda: dtype(query, key.bfloat16(), value),
            "float64": lambda: dtype(query.double(), key.double(), value.double()),
        }
    )


@pytest.mark.api(
    "torch.nn.functional.scaled_dot_product_attention",
    page="generated/torch.nn.functional.scaled_dot_product_attention",
)
@pytest.mark.changed(
    "2.0", "scaled_dot_product_attention appears", kind="appeared", cause="pytorch#92189"
)
@pytest.mark.changed(
    "2.1",
    (
        "without a mask the output of the CPU is laid out as [batch, step, head, feature]: "
        "contiguous no more, but .transpose(1, 2).view works"
    ),
    kind="silent",
    cause="pytorch#103826",
    probable=True,
    advice="join the heads with output.transpose(1, 2).flatten(2)",
    rarely="output.view on the CPU",
)
@pytest.mark.changed(
    "2.3",
    ("with a mask too the output of the CPU is laid out as [batch, step, head, feature]"),
    kind="silent",
    cause="pytorch#115913",
    probable=True,
    advice="join the heads with output.transpose(1, 2).flatten(2)",
    when="attn_mask@3",
    rarely="output.view on the CPU",
)
@pytest.mark.changed(
    "2.5",
    (
        "the output of the CPU has the layout of the query: of contiguous heads it is "
        "contiguous, and .transpose(1, 2).view raises"
    ),
    kind="silent",
    cause="pytorch#134656",
    advice="join the heads with output.transpose(1, 2).flatten(2)",
    rarely="output.transpose(1, 2).view on the CPU",
)
def test_sdpa_output_has_the_layout_of_its_query(snapshot):
    """Whether ``output.transpose(1, 2).view(...)`` works depends on kernel and layout.

    The heads are [2, 2, 3, 4], made contiguous, or by ``transpose`` as models do. ``output`` tells
    whether the output is contiguous, ``joined`` whether ``.view`` can join its heads. Where it is
    False, use ``reshape`` or ``contiguous().view``.
    """

    def layout(made, **settings):
        if made:
            heads = torch.arange(48.0).reshape(2, 2, 3, 4)
        else:
            heads = torch.arange(48.0).reshape(2, 3, 2, 4).transpose(1, 2)
        output = F.scaled_dot_product_attention(heads, heads, heads, **settings)
        return {
            "output": output.is_contiguous(),
            "joined": output.transpose(1, 2).is_contiguous(),
        }

    mask = torch.zeros(3, 3)
    assert snapshot == observe_each(
        {
            "contiguous": lambda: layout(True),
            "contiguous, mask": lambda: layout(True, attn_mask=mask),
            "contiguous, dropout": lambda: layout(True, dropout_p=0.5),
            "transposed": lambda: layout(False),
            "transposed, mask": lambda: layout(False, attn_mask=mask),
            "transposed, dropout": lambda: layout(False, dropout_p=0.5),
        }
    )
