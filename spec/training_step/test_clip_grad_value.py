"""``clip_grad_value_``: it bounds each element on its own.

``torch.nn.utils.clip_grad_value_`` brings each element of a gradient into ±clip_value, so the
direction of the gradient changes. It returns None. Gradients of None are ignored, but since 2.1 the
call raises if no parameter has a gradient. It keeps nan, and turns inf into clip_value.
"""

import pytest
from torch.nn import utils

from fixtures.gradients import gradients_in, with_gradients
from torch_history.observing import observe


@pytest.mark.api(
    "torch.nn.utils.clip_grad_value_", page="generated/torch.nn.utils.clip_grad_value_"
)
def test_clip_grad_value_bounds_each_element_and_returns_none(snapshot):
    """``clip_grad_value_`` brings each element into ±clip_value on its own, and returns None.

    The direction of the gradient changes.
    """
    parameters = with_gradients([3.0, -0.5], [-4.0])
    assert snapshot == observe(
        lambda: {
            "returned": utils.clip_grad_value_(parameters, 1.0),
            "gradients": gradients_in(parameters),
        }
    )


@pytest.mark.api(
    "torch.nn.utils.clip_grad_value_", page="generated/torch.nn.utils.clip_grad_value_"
)
def test_clip_grad_value_passes_over_parameters_without_gradient(snapshot):
    """``clip_grad_value_`` ignores a parameter whose gradient is None, and leaves the None."""
    parameters = with_gradients(None, [3.0])

    def act():
        utils.clip_grad_value_(parameters, 1.0)
        return gradients_in(parameters)

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.nn.utils.clip_grad_value_", page="generated/torch.nn.utils.clip_grad_value_"
)
@pytest.mark.changed(
    "2.1",
    "raises an internal error, where it did nothing before",
    kind="error",
    cause="pytorch#100007",
    advice="call it only if a parameter has a gradient",
    rarely="parameters without any gradient",
)
@pytest.mark.changed(
    "2.2",
    "the message says empty() instead of size()",
    kind="wording",
)
@pytest.mark.parametrize("parameters", [[], [None]], ids=["no parameter", "no gradient"])
def test_clip_grad_value_of_an_empty_set_raises(parameters, snapshot):
    """``clip_grad_value_`` raises if there are no parameters, or none with a gradient.

    It is an internal error, since 2.1; ``clip_grad_norm_`` returns zero instead.
    """
    assert snapshot == observe(lambda: utils.clip_grad_value_(with_gradients(*parameters), 1.0))


@pytest.mark.api(
    "torch.nn.utils.clip_grad_value_", page="generated/torch.nn.utils.clip_grad_value_"
)
def test_clip_grad_value_keeps_nan_and_bounds_inf(snapshot):
    """``clip_grad_value_`` keeps nan and brings inf to clip_value.

    Trap: the clipped inf can no longer be noticed.
    """
    parameters = with_gradients([float("nan"), float("inf"), 0.5])

    def act():
        utils.clip_grad_value_(parameters, 1.0)
        return gradients_in(parameters)

    assert snapshot == observe(act)
