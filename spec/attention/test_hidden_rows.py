"""Queries whose keys are all hidden, and NaN or infinity in what attention reads.

The softmax of such a row is 0 / 0. Up to 2.4 the output is NaN there, and one NaN row spoils the
gradients of keys and values for all rows. Since 2.5 the output and the gradients are 0. A mask of
very small numbers in place of minus infinity hides nothing where all keys have it. A hidden NaN is
not hidden: 0 times NaN is NaN.
"""

import math

import pytest
import torch
from torch import nn, tensor

from fixtures.attention import asked, parts, with_gradients
from fixtures.settings import each
from torch_history.observing import observe, observe_each

NAN, INF = math.nan, math.inf


@pytest.mark.api(
    "torch.nn.functional.scaled_dot_product_attention",
    page="generated/torch.nn.functional.scaled_dot_product_attention",
)
@pytest.mark.changed(
    "2.0", "scaled_dot_product_attention appears", kind="appeared", cause="pytorch#92189"
)
@pytest.mark.changed(
    "2.5",
    ("such a query gives 0 instead of NaN, and the gradients of all keys and values are numbers"),
    kind="silent",
    cause="pytorch#133882",
    advice="find such queries by the mask, mask.any(-1), and no longer by NaN",
    when="attn_mask@3",
    rarely="a query whose keys are all hidden",
)
def test_sdpa_of_a_query_without_keys_is_zero(snapshot):
    """A query whose keys are all hidden gives 0 since 2.5, and NaN before.

    Its gradients are 0 then. Before, they were NaN for all keys and values of the sample. Here the
    first query sees both keys, the second none.
    """
    learned = tensor([[0.0, 0.0], [-INF, -INF]]).requires_grad_()
    cases = {
        "bool": {"attn_mask": tensor([[True, True], [False, False]])},
        "float": {"attn_mask": tensor([[0.0, 0.0], [-INF, -INF]])},
        "mask with grad": {"attn_mask": learned},
    }
    assert snapshot == observe_each(
        each(
            lambda **settings: with_gradients(*parts(grad=True, queries=2), **settings),
            cases,
        )
    )


@pytest.mark.api(
    "torch.nn.functional.scaled_dot_product_attention",
    page="generated/torch.nn.functional.scaled_dot_product_attention",
)
@pytest.mark.changed(
    "2.0", "scaled_dot_product_attention appears", kind="appeared", cause="pytorch#92189"
)
def test_sdpa_mask_of_the_smallest_number_gives_the_mean(snapshot):
    """A row that is masked with ``finfo.min`` gives the mean of the values, not 0 or NaN.

    The scores vanish beside the number, so all keys weigh the same. The gradients of query and key
    are not those of this output in every release.
    """
    lowest = torch.finfo(torch.float32).min
    mask = tensor([[0.0, 0.0], [lowest, lowest]])
    assert snapshot == observe(
        lambda: with_gradients(*parts(grad=True, queries=2), attn_mask=mask)["output"]
    )


@pytest.mark.api(
    "torch.nn.functional.scaled_dot_product_attention",
    page="generated/torch.nn.functional.scaled_dot_product_attention",
)
@pytest.mark.changed(
    "2.0", "scaled_dot_product_attention appears", kind="appeared", cause="pytorch#92189"
)
@pytest.mark.changed(
    "2.5",
    "a query of NaN without a mask gives 0 on the CPU instead of NaN",
    kind="silent",
    cause="pytorch#133882",
    probable=True,
    advice="check torch.isfinite of the inputs",
    rarely="NaN in the query on the CPU",
)
@pytest.mark.changed(
    "2.14",
    "a query of NaN in three dimensions gives 0 on the CPU too",
    kind="silent",
    advice="check torch.isfinite of the inputs",
    rarely="NaN in the query on the CPU",
    cause="pytorch#192271",
    probable=True,
)
def test_sdpa_of_a_query_of_nan(snapshot):
    """A query of NaN gives NaN up to 2.4. Since 2.5 it gives 0 where no mask is given.

    The zeros hide that a model has diverged. A mask, float64 or another kernel may still give NaN.
    """
    _, key, value = parts()
    query = torch.full((1, 1, 1, 1), NAN)
    cases = {
        "plain": {},
        "bool mask": {"attn_mask": tensor([[True, True]])},
        "float mask": {"attn_mask": tensor([[0.0, 0.0]])},
        "causal": {"is_causal": True},
        "mask with grad": {"attn_mask": torch.zeros(1, 2, requires_grad=True)},
    }
    acts = each(lambda **settings: asked(query, key, value, **settings).detach(), cases)
    acts["three dimensions"] = lambda: asked(query[0], key[0], value[0])
    acts["two dimensions"] = lambda: asked(query[0, 0], key[0, 0], value[0, 0])
    acts["float64"] = lambda: asked(query.double(), key.double(), value.double())
    assert snapshot == observe_each(acts)


@pytest.mark.api(
    "torch.nn.functional.scaled_dot_product_attention",
    page="generated/torch.nn.functional.scaled_dot_product_attention",
)
@pytest.mark.changed(
    "2.0", "scaled_dot_product_attention appears", kind="appeared", cause="pytorch#92189"
)
def test_sdpa_of_a_hidden_nan_is_nan(snapshot):
    """NaN in a key or value that the mask hides still gives NaN.

    The weight is 0, and 0 times NaN is NaN. Fill padding with numbers, not with NaN.
    """
    query, key, value = parts()
    hidden = {
        "key": (query, tensor([0.0, NAN]).reshape(1, 1, 2, 1), value),
        "value": (query, key, tensor([1.0, NAN]).reshape(1, 1, 2, 1)),
        "infinite value": (query, key, tensor([1.0, INF]).reshape(1, 1, 2, 1)),
    }
    masks = {"bool": tensor([[True, False]]), "float": tensor([[0.0, -INF]])}
    assert snapshot == observe_each(
        {
            f"{name}, {kind}": lambda tensors=tensors, mask=mask: asked(*tensors, attn_mask=mask)
            for name, tensors in hidden.items()
            for kind, mask in masks.items()
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
    "2.5",
    "a query whose scores are all minus infinity gives 0 instead of NaN",
    kind="silent",
    cause="pytorch#133882",
    probable=True,
    advice="check torch.isfinite of the inputs",
    rarely="scores that are all minus infinity",
)
def test_sdpa_of_infinite_scores(snapshot):
    """A score of infinity gives NaN. A key of minus infinity is hidden, unless all keys are."""
    query, _, value = parts()
    keys = {"inf": [0.0, INF], "-inf": [0.0, -INF], "all -inf": [-INF, -INF]}
    assert snapshot == observe_each(
        {
            name: lambda row=row: asked(query, tensor(row).reshape(1, 1, 2, 1), value)
            for name, row in keys.items()
        }
    )


@pytest.mark.api(
    "torch.nn.MultiheadAttention",
    "torch.nn.functional.scaled_dot_product_attention",
    page="generated/torch.nn.MultiheadAttention",
)
@pytest.mark.changed(
    "2.5",
    "with need_weights=False the gradients are numbers instead of NaN",
    kind="silent",
    cause="pytorch#133882",
    advice="find such queries by the mask, and no longer by NaN",
    when="need_weights@4=False",
    rarely="a query whose keys are all hidden",
)
def test_attention_without_keys_spoils_the_gradients_of_its_layer(snapshot):
    """One padded sample without keys makes every gradient of ``MultiheadAttention`` NaN.

    With ``need_weights=True``, the default, all releases do so, even if the loss leaves the sample
    out. With ``need_weights=False`` the gradients are finite since 2.5.
    """

    def act(**settings):
        layer = nn.MultiheadAttention(2, 1)
        x = torch.arange(8.0).reshape(2, 2, 2)
        padding = tensor([[False, False], [True, True]])
        output, _ = layer(x, x, x, key_padding_mask=padding, **settings)
        output[:, 0].sum().backward()
        return {
            name: bool(torch.isnan(parameter.grad).any())
            for name, parameter in layer.named_parameters()
        }

    cases = {"with weights": {"need_weights": True}, "without": {"need_weights": False}}
    assert snapshot == observe_each(each(act, cases))
