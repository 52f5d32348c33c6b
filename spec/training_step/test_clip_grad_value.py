"""``clip_grad_value_``: it bounds each element by itself."""

import pytest
from torch.nn import utils

from fixtures.gradients import gradients_in, with_gradients
from torch_history.observing import observe


@pytest.mark.api(
    "torch.nn.utils.clip_grad_value_", page="generated/torch.nn.utils.clip_grad_value_"
)
def test_clip_grad_value_bounds_each_element_and_returns_none(snapshot):
    """Each element is brought into ±clip_value by itself, so that the direction changes; nothing is returned."""
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
    """A gradient of None stays None."""
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
    "raises an internal error, where nothing was done before",
    kind="error",
    cause="pytorch#100007",
    advice="call it only where a parameter has a gradient",
)
@pytest.mark.changed("2.2", "the message says empty() instead of size()", kind="wording")
@pytest.mark.parametrize("parameters", [[], [None]], ids=["no parameter", "no gradient"])
def test_clip_grad_value_of_an_empty_set_raises(parameters, snapshot):
    """No parameters, or none with a gradient: an internal error of the grouping, where ``clip_grad_norm_`` returns zero."""
    assert snapshot == observe(lambda: utils.clip_grad_value_(with_gradients(*parameters), 1.0))


@pytest.mark.api(
    "torch.nn.utils.clip_grad_value_", page="generated/torch.nn.utils.clip_grad_value_"
)
def test_clip_grad_value_keeps_nan_and_bounds_inf(snapshot):
    """nan passes every bound and stays; inf is brought to clip_value, which hides it."""
    parameters = with_gradients([float("nan"), float("inf"), 0.5])

    def act():
        utils.clip_grad_value_(parameters, 1.0)
        return gradients_in(parameters)

    assert snapshot == observe(act)
