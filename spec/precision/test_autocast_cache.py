"""The cache of autocast: a weight is cast once for each outermost region.

Autocast keeps the copy of each float32 leaf that requires grad until the outermost region ends.
A weight that changes inside the region is not cast again, so the change is not seen. Before 2.11,
a copy that was made under ``no_grad`` stayed in the cache too, and cut the weight off from
backward. ``cache_enabled=False`` and ``torch.clear_autocast_cache()`` avoid both.
"""

import pytest
import torch
from torch.nn import functional as F

from fixtures.precision import switch_off
from fixtures.settings import each
from torch_history.observing import observe, observe_each


def doubled(weight):
    with torch.no_grad():
        weight.mul_(2.0)


def assigned(weight):
    weight.data = weight.data * 2.0


def stepped(weight):
    weight.grad = -torch.ones_like(weight)
    torch.optim.SGD([weight], lr=1.0).step()


def doubled_and_cleared(weight):
    doubled(weight)
    torch.clear_autocast_cache()


def before_and_after(change, leaf=True, **settings):
    """The product with a weight of 1, before and after its change, and in the next region."""
    weight = torch.ones(1, 1, requires_grad=leaf)
    found = {}
    try:
        with torch.autocast("cpu", **settings):
            found["before"] = F.linear(torch.ones(1, 1), weight).item()
            change(weight)
            found["after"] = F.linear(torch.ones(1, 1), weight).item()
        with torch.autocast("cpu"):
            found["next region"] = F.linear(torch.ones(1, 1), weight).item()
    finally:
        switch_off()
    return found


@pytest.mark.api("torch.autocast", "torch.amp.autocast", page="amp")
@pytest.mark.changed("1.10", "torch.autocast appears", kind="appeared", cause="pytorch#60706")
def test_weight_changed_inside_a_region_keeps_its_cached_value(snapshot):
    """A weight that changes from 1 to 2 inside a region of autocast still multiplies by 1.

    An optimizer step inside the region has no effect on the forward passes that follow in it. End
    the region before the step.
    """
    cases = {
        "in place": {"change": doubled},
        "data": {"change": assigned},
        "optimizer step": {"change": stepped},
    }
    assert snapshot == observe_each(each(before_and_after, cases))


@pytest.mark.api("torch.autocast", "torch.amp.autocast", page="amp")
@pytest.mark.changed("1.10", "torch.autocast appears", kind="appeared", cause="pytorch#60706")
def test_weight_is_cast_again_without_the_cache(snapshot):
    """``cache_enabled=False`` and ``clear_autocast_cache()`` let autocast see a changed weight.

    What does not require grad is never cached.
    """
    cases = {
        "cache_enabled=False": {"change": doubled, "cache_enabled": False},
        "cleared": {"change": doubled_and_cleared},
        "requires no grad": {"change": doubled, "leaf": False},
    }
    assert snapshot == observe_each(each(before_and_after, cases))


@pytest.mark.api("torch.autocast", "torch.amp.autocast", page="amp")
@pytest.mark.changed("1.10", "torch.autocast appears", kind="appeared", cause="pytorch#60706")
def test_inner_region_ends_without_clearing_the_cache(snapshot):
    """The cache is cleared when the outermost region ends, not when an inner one does."""

    def act():
        weight, found = torch.ones(1, 1, requires_grad=True), []
        with torch.autocast("cpu"):
            for _ in range(2):
                with torch.autocast("cpu"):
                    found.append(F.linear(torch.ones(1, 1), weight).item())
                doubled(weight)
        return found

    assert snapshot == observe(act)


def trained(first, **settings):
    """The gradient of a weight whose first use in the region was under ``first``."""
    weight = torch.ones(1, 1, requires_grad=True)
    try:
        with torch.autocast("cpu", **settings):
            with first():
                F.linear(torch.ones(1, 1), weight)
            loss = F.linear(torch.ones(1, 1), weight).sum()
    finally:
        switch_off()
    if loss.requires_grad:
        loss.backward()
    return weight.grad


@pytest.mark.api("torch.autocast", "torch.amp.autocast", page="amp")
@pytest.mark.changed("1.10", "torch.autocast appears", kind="appeared", cause="pytorch#60706")
@pytest.mark.changed(
    "2.11",
    "the weight gets its gradient, where it stayed None",
    kind="silent",
    cause="pytorch#165068",
    advice="to keep the weight out of training, set requires_grad=False",
    rarely="a forward pass without grad inside the region",
)
def test_weight_used_first_under_no_grad_trains_in_the_same_region(snapshot):
    """A forward pass under ``no_grad`` does not cut a weight off from a later one in the region.

    Before 2.11 it did: the loss required no grad, and the gradient stayed None. This met models
    that evaluate before they train within one region, or freeze in ``forward``.
    """
    cases = {
        "no_grad": {"first": torch.no_grad},
        "inference_mode": {"first": lambda: torch.inference_mode()},
    }
    assert snapshot == observe_each(each(trained, cases))


@pytest.mark.api("torch.autocast", "torch.amp.autocast", page="amp")
@pytest.mark.changed("1.10", "torch.autocast appears", kind="appeared", cause="pytorch#60706")
def test_weight_used_first_under_no_grad_trains_without_the_cache(snapshot):
    """With ``cache_enabled=False``, a forward pass under ``no_grad`` leaves no copy behind."""
    assert snapshot == observe(lambda: trained(torch.no_grad, cache_enabled=False))


@pytest.mark.api("torch.autocast", "torch.amp.autocast", page="amp")
@pytest.mark.changed("1.10", "torch.autocast appears", kind="appeared", cause="pytorch#60706")
@pytest.mark.changed(
    "2.2", "autocast on the CPU takes float16", kind="error-gone", cause="pytorch#112484"
)
@pytest.mark.changed(
    "2.2",
    "the message names two dtypes: float16 is supported",
    kind="wording",
    cause="pytorch#112484",
)
def test_cached_weight_in_a_region_of_another_dtype_raises(snapshot):
    """A weight cached in bfloat16 raises in an inner region of float16, which takes it as it is.

    Leave the outer region first, or switch the cache off.
    """

    def act(**settings):
        weight = torch.ones(1, 1, requires_grad=True)
        try:
            with torch.autocast("cpu", dtype=torch.bfloat16, **settings):
                F.linear(torch.ones(1, 1), weight)
                with torch.autocast("cpu", dtype=torch.float16, **settings):
                    return F.linear(torch.ones(1, 1), weight).dtype
        finally:
            switch_off()

    cases = {"cached": {}, "cache_enabled=False": {"cache_enabled": False}}
    assert snapshot == observe_each(each(act, cases))


@pytest.mark.api("torch.autocast", "torch.amp.autocast", page="amp")
@pytest.mark.changed("1.10", "torch.autocast appears", kind="appeared", cause="pytorch#60706")
def test_weights_add_up_gradients_through_the_cache(snapshot):
    """Two forward and backward passes in one region add their gradients, in float32."""

    def act():
        weight = torch.ones(1, 1, requires_grad=True)
        with torch.autocast("cpu"):
            for _ in range(2):
                F.linear(torch.ones(1, 1), weight).sum().backward()
        return weight.grad

    assert snapshot == observe(act)
