"""Causal attention: ``is_causal``, queries and keys of unequal number, and causal biases.

``is_causal=True`` hides the keys after a query. Query i sees the keys 0 to i, counted from the
start, also where the keys are more than the queries: one new query with a cache of keys sees the
first key alone. ``causal_lower_right`` counts from the end, which such a cache needs.
"""

import math

import pytest
import torch
from torch import tensor

from fixtures.attention import asked
from fixtures.settings import each
from torch_history.observing import observe, observe_each


def means(queries, keys, **settings):
    """Each query gives the mean of the values 1, 2, … that it sees."""
    return asked(
        torch.ones(1, 1, queries, 1),
        torch.zeros(1, 1, keys, 1),
        torch.arange(1.0, keys + 1).reshape(1, 1, keys, 1),
        **settings,
    ).flatten()


SIZES = {"3, 3": (3, 3), "1, 3": (1, 3), "2, 3": (2, 3), "3, 1": (3, 1), "3, 2": (3, 2)}


@pytest.mark.api(
    "torch.nn.functional.scaled_dot_product_attention",
    page="generated/torch.nn.functional.scaled_dot_product_attention",
)
@pytest.mark.changed(
    "2.0", "scaled_dot_product_attention appears", kind="appeared", cause="pytorch#92189"
)
def test_sdpa_causal_counts_the_keys_from_the_start(snapshot):
    """``is_causal=True`` lets query i see the keys 0 to i, whatever the number of keys.

    Each output is the mean of the values 1, 2, 3 that it sees. One query with three keys, as in
    generation with a cache, sees the first key alone.
    """
    assert snapshot == observe_each(
        {name: lambda sizes=sizes: means(*sizes, is_causal=True) for name, sizes in SIZES.items()}
    )


@pytest.mark.api(
    "torch.nn.functional.scaled_dot_product_attention",
    page="generated/torch.nn.functional.scaled_dot_product_attention",
)
@pytest.mark.changed(
    "2.0", "scaled_dot_product_attention appears", kind="appeared", cause="pytorch#92189"
)
def test_sdpa_causal_equals_a_lower_triangle_as_mask(snapshot):
    """``is_causal=True`` equals a mask ``torch.ones(3, 3).tril().bool()``."""
    lower = torch.ones(3, 3).tril().bool()
    assert snapshot == observe_each(
        {
            "flag": lambda: means(3, 3, is_causal=True),
            "mask": lambda: means(3, 3, attn_mask=lower),
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
    "2.3",
    "applies both on the CPU, where it raised",
    kind="error-gone",
    cause="pytorch#115913",
    when="attn_mask@3 and is_causal@5",
    rarely="a mask and is_causal=True on the CPU",
)
@pytest.mark.changed(
    "2.5",
    "a query whose keys are all hidden by both gives 0 instead of NaN",
    kind="silent",
    cause="pytorch#133882",
    when="attn_mask@3 and is_causal@5",
    rarely="a query whose keys are all hidden",
    advice="find such queries by the masks, and no longer by NaN",
)
@pytest.mark.changed(
    "2.14",
    "attn_mask with is_causal=True raises again, on every kernel",
    kind="error",
    cause="pytorch#187966",
    advice="pass one mask: attn_mask=mask & torch.ones(L, S).tril().bool()",
    restored_by="attention.sdpa_mask_joined_with_a_lower_triangle_is_causal",
    when="attn_mask@3 and is_causal@5",
    depends="whether is_causal is True",
)
def test_sdpa_takes_a_mask_or_is_causal(snapshot):
    """``attn_mask`` and ``is_causal=True`` exclude each other, in some releases.

    The mask hides the first key. Together with ``is_causal`` the first query sees no key.
    """
    mask = tensor([[False, True, True]] * 3)
    cases = {
        "bool": {"attn_mask": mask},
        "float": {"attn_mask": torch.zeros(3, 3).masked_fill(~mask, -100.0)},
        "mask with grad": {"attn_mask": torch.zeros(3, 3, requires_grad=True)},
    }
    assert snapshot == observe_each(
        each(lambda **settings: means(3, 3, is_causal=True, **settings).detach(), cases)
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
    "a query whose keys are all hidden gives 0 instead of NaN",
    kind="silent",
    cause="pytorch#133882",
    when="attn_mask@3",
    rarely="a query whose keys are all hidden",
    advice="find such queries by the mask, and no longer by NaN",
)
def test_sdpa_mask_joined_with_a_lower_triangle_is_causal(snapshot):
    """A mask joined with a lower triangle hides by both, on every release.

    Pass it in place of ``attn_mask`` with ``is_causal=True``. Join boolean masks with ``&``, and
    fill a float mask with minus infinity. The mask hides the first key.
    """
    lower, mask = torch.ones(3, 3).tril().bool(), tensor([[False, True, True]] * 3)
    bias = torch.zeros(3, 3).masked_fill(~mask, -100.0).masked_fill(~lower, -math.inf)
    cases = {"bool": {"attn_mask": mask & lower}, "float": {"attn_mask": bias}}
    assert snapshot == observe_each(each(lambda **settings: means(3, 3, **settings), cases))


@pytest.mark.api(
    "torch.nn.attention.bias.causal_lower_right",
    "torch.nn.attention.bias.causal_upper_left",
    page="generated/torch.nn.attention.bias.CausalBias",
)
@pytest.mark.changed(
    "2.3", "torch.nn.attention.bias appears", kind="appeared", cause="pytorch#114823"
)
@pytest.mark.changed(
    "2.5",
    "queries that causal_lower_right leaves without a key give 0 instead of NaN",
    kind="silent",
    cause="pytorch#133882",
    of="torch.nn.attention.bias.causal_lower_right",
    advice="find such queries by their position, and no longer by NaN",
    rarely="more queries than keys",
)
@pytest.mark.parametrize("name", ["causal_lower_right", "causal_upper_left"])
def test_causal_bias_counts_from_its_corner(name, snapshot):
    """``causal_lower_right`` counts the keys from the end, ``causal_upper_left`` from the start.

    One query with three keys sees all of them with ``causal_lower_right``. More queries than keys
    leave the first ones without a key, and warn.
    """

    def act(queries, keys):
        from torch.nn.attention import bias

        return means(queries, keys, attn_mask=getattr(bias, name)(queries, keys))

    assert snapshot == observe_each(
        {label: lambda sizes=sizes: act(*sizes) for label, sizes in SIZES.items()}
    )


@pytest.mark.api(
    "torch.nn.attention.bias.CausalBias", page="generated/torch.nn.attention.bias.CausalBias"
)
@pytest.mark.changed(
    "2.3", "torch.nn.attention.bias appears", kind="appeared", cause="pytorch#114823"
)
@pytest.mark.changed(
    "2.8",
    "other functions take a causal bias, where they raised: its shape can be read",
    kind="error-gone",
    rarely="a causal bias outside of attention",
)
def test_causal_bias_is_no_tensor_to_compute_with(snapshot):
    """A causal bias is a tensor in name: its elements are uninitialised memory, not a mask.

    Use it as ``attn_mask`` alone. With ``is_causal=True`` it raises.
    """

    def made():
        from torch.nn.attention.bias import causal_lower_right

        return causal_lower_right(2, 3)

    assert snapshot == observe_each(
        {
            "type": lambda: type(made()).__name__,
            "tensor": lambda: isinstance(made(), torch.Tensor),
            "shape": lambda: made().shape,
            "is_causal": lambda: means(2, 3, attn_mask=made(), is_causal=True),
        }
    )


@pytest.mark.api(
    "torch.nn.attention.bias.CausalBias", page="generated/torch.nn.attention.bias.CausalBias"
)
@pytest.mark.changed(
    "2.3", "torch.nn.attention.bias appears", kind="appeared", cause="pytorch#114823"
)
def test_causal_bias_needs_its_sizes(snapshot):
    """A causal bias made for other sizes: whether a call with it raises.

    It is made for two queries and three keys, and is given three queries.
    """

    def act(name):
        from torch.nn.attention import bias

        return means(3, 3, attn_mask=getattr(bias, name)(2, 3))

    assert snapshot == observe_each(
        {
            "lower right": lambda: act("causal_lower_right"),
            "upper left": lambda: act("causal_upper_left"),
        }
    )


@pytest.mark.api(
    "torch.nn.functional.scaled_dot_product_attention",
    page="generated/torch.nn.functional.scaled_dot_product_attention",
)
@pytest.mark.changed(
    "2.0", "scaled_dot_product_attention appears", kind="appeared", cause="pytorch#92189"
)
def test_sdpa_causal_gradient_stays_in_the_past(snapshot):
    """The gradient of the first output reaches the first value alone."""

    def act():
        value = torch.ones(1, 1, 3, 1, requires_grad=True)
        output = asked(torch.ones(1, 1, 3, 1), torch.zeros(1, 1, 3, 1), value, is_causal=True)
        output[0, 0, 0].sum().backward()
        return value.grad.flatten()

    assert snapshot == observe(act)
