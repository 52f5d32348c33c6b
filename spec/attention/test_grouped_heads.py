"""Grouped heads: fewer heads of keys and values than of queries.

Since 2.5 ``enable_gqa=True`` gives each head of keys to as many neighbouring heads of queries, as
``repeat_interleave`` does. The heads are the third dimension from the end. Without the flag, only
one head of keys for all queries is taken, by broadcasting.
"""

import pytest
import torch
from torch import tensor

from fixtures.attention import THREE_TO_ONE, asked
from torch_history.observing import observe, observe_each


def grouped(queries, keys=2, values=2, **settings):
    """Heads of queries of 1, with the values 0, 4 in the first head and 0, 8 in the second."""
    key = tensor([0.0, THREE_TO_ONE] * 2).reshape(1, 2, 2, 1)[:, :keys]
    value = tensor([0.0, 4.0, 0.0, 8.0]).reshape(1, 2, 2, 1)[:, :values]
    return asked(torch.ones(1, queries, 1, 1), key, value, **settings).flatten()


@pytest.mark.api(
    "torch.nn.functional.scaled_dot_product_attention",
    page="generated/torch.nn.functional.scaled_dot_product_attention",
)
@pytest.mark.changed(
    "2.0",
    "scaled_dot_product_attention appears, without enable_gqa",
    kind="appeared",
    cause="pytorch#92189",
)
@pytest.mark.changed("2.5", "takes enable_gqa", kind="appeared", cause="pytorch#132689")
def test_sdpa_grouped_heads_serve_their_neighbours(snapshot):
    """With ``enable_gqa=True`` four heads of queries share two heads of keys: 0, 0, 1, 1.

    It equals ``key.repeat_interleave(2, 1)``, and not ``key.repeat(1, 2, 1, 1)``.
    """
    assert snapshot == observe_each(
        {
            "4 to 2": lambda: grouped(4, enable_gqa=True),
            "4 to 1": lambda: grouped(4, 1, 1, enable_gqa=True),
            "2 to 2": lambda: grouped(2, enable_gqa=True),
            "values 1": lambda: grouped(4, 2, 1, enable_gqa=True),
        }
    )


@pytest.mark.api(
    "torch.nn.functional.scaled_dot_product_attention",
    page="generated/torch.nn.functional.scaled_dot_product_attention",
)
@pytest.mark.changed(
    "2.0",
    "scaled_dot_product_attention appears, without enable_gqa",
    kind="appeared",
    cause="pytorch#92189",
)
@pytest.mark.changed("2.5", "takes enable_gqa", kind="appeared", cause="pytorch#132689")
@pytest.mark.changed(
    "2.15",
    "the message names the query at its end",
    kind="wording",
    when="enable_gqa",
    rarely="heads that do not divide",
)
def test_sdpa_grouped_heads_need_the_flag_and_a_divisor(snapshot):
    """Four heads of queries and two of keys raise without ``enable_gqa``, and so do three.

    The number of heads of the keys must divide that of the queries.
    """
    assert snapshot == observe_each(
        {
            "no flag": lambda: grouped(4),
            "3 to 2": lambda: grouped(3, enable_gqa=True),
            "1 to 2": lambda: grouped(1, enable_gqa=True),
            "no flag, 1 head": lambda: grouped(4, 1, 1),
        }
    )


@pytest.mark.api(
    "torch.nn.functional.scaled_dot_product_attention",
    page="generated/torch.nn.functional.scaled_dot_product_attention",
)
@pytest.mark.changed(
    "2.0",
    "scaled_dot_product_attention appears, without enable_gqa",
    kind="appeared",
    cause="pytorch#92189",
)
@pytest.mark.changed("2.5", "takes enable_gqa", kind="appeared", cause="pytorch#132689")
def test_sdpa_grouped_heads_add_up_their_gradients(snapshot):
    """The gradient of a shared head adds up over the heads of queries that it serves.

    Each of four queries weighs the values 1/4 and 3/4; two share a head: 1/2 and 3/2.
    """

    def act():
        key = tensor([0.0, THREE_TO_ONE] * 2).reshape(1, 2, 2, 1)
        value = torch.ones(1, 2, 2, 1, requires_grad=True)
        asked(torch.ones(1, 4, 1, 1), key, value, enable_gqa=True).sum().backward()
        return value.grad.flatten()

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.nn.functional.scaled_dot_product_attention",
    page="generated/torch.nn.functional.scaled_dot_product_attention",
)
@pytest.mark.changed(
    "2.0",
    "scaled_dot_product_attention appears, without enable_gqa",
    kind="appeared",
    cause="pytorch#92189",
)
@pytest.mark.changed("2.5", "takes enable_gqa", kind="appeared", cause="pytorch#132689")
def test_sdpa_grouped_heads_take_masks(snapshot):
    """``enable_gqa`` works together with a mask for each head of queries, and ``is_causal``."""
    mask = tensor([True, True, True, False, False, True, True, True]).reshape(1, 4, 1, 2)
    assert snapshot == observe_each(
        {
            "mask": lambda: grouped(4, enable_gqa=True, attn_mask=mask),
            "causal": lambda: grouped(4, enable_gqa=True, is_causal=True),
        }
    )
