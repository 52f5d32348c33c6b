"""Adam's first step: lr against the sign of the gradient, whatever the gradient's size.

At the first step the corrected moments are the gradient g and its square, so a weight moves by
``lr * g / (abs(g) + eps)``. Gradients of 1000 and of 1 both move their weights by lr. A gradient
about as small as ``eps`` moves its weight by less, and a gradient of zero does not move it.
``betas`` have no effect on the first step.
"""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from torch_history.observing import observe


def first_step(weight, gradient, dtype=torch.float32, **settings):
    """The weight after one step of Adam with this gradient."""
    weight = torch.nn.Parameter(torch.tensor(weight, dtype=dtype))
    weight.grad = torch.tensor(gradient, dtype=dtype)
    torch.optim.Adam([weight], **settings).step()
    return weight.detach()


def adam_first_step(weight, gradient, lr, eps):
    """w - lr * g / (|g| + eps), for arrays of one shape.

    At the first step the corrected moments are g and g squared.
    """
    return weight - lr * gradient / (np.abs(gradient) + eps)


@pytest.mark.api("torch.optim.Adam", page="generated/torch.optim.Adam", article="A")
def test_adam_moves_every_weight_by_lr_at_first(snapshot):
    """Adam's first step moves every weight by lr against the sign of its gradient.

    Gradients of 1000, 1 and -0.001 all move their weights by 0.1.
    """
    assert snapshot == observe(lambda: first_step([1.0, 1.0, 1.0], [1000.0, 1.0, -0.001], lr=0.1))


@pytest.mark.api("torch.optim.Adam", page="generated/torch.optim.Adam")
def test_adam_leaves_a_weight_with_zero_gradient_at_first(snapshot):
    """A weight with a gradient of zero does not move at Adam's first step.

    ``eps`` keeps 0 / 0 from becoming nan.
    """
    assert snapshot == observe(lambda: first_step([1.0, 1.0], [0.0, 1.0], lr=0.1))


@pytest.mark.api("torch.optim.Adam", page="generated/torch.optim.Adam")
def test_adam_moves_a_weight_by_less_than_lr_where_the_gradient_is_as_small_as_eps(snapshot):
    """Adam's first step moves a weight by less than lr where the gradient is about as small as eps.

    The weight moves by lr * g / (abs(g) + eps): half of lr for a gradient of 1e-8, the default eps.
    """
    assert snapshot == observe(lambda: first_step([1.0, 1.0], [1e-8, 1e-6], lr=0.1))


@pytest.mark.api("torch.optim.Adam", page="generated/torch.optim.Adam")
def test_adams_first_step_does_not_depend_on_betas(snapshot):
    """Adam's first step does not depend on ``betas``.

    Bias correction divides each moment by 1 - beta, which cancels beta at the first step.
    """
    default = first_step([1.0], [2.0], lr=0.1)
    assert torch.allclose(first_step([1.0], [2.0], lr=0.1, betas=(0.5, 0.9)), default)
    assert snapshot == observe(lambda: default)


magnitudes = st.floats(1e-3, 1e3) | st.floats(-1e3, -1e-3)


@given(
    st.lists(st.tuples(st.floats(-10, 10), magnitudes), min_size=1, max_size=4),
    st.floats(1e-4, 1.0),
    st.floats(1e-8, 1e-2),
)
def test_adams_first_step_is_lr_times_gradient_over_its_magnitude_plus_eps(pairs, lr, eps):
    """Adam's first step is lr * g / (abs(g) + eps) for any weights, gradients, lr and eps.

    The formula is compared in float64.
    """
    weight, gradient = np.array(pairs).T
    got = first_step(weight.tolist(), gradient.tolist(), torch.float64, lr=lr, eps=eps).numpy()
    # float64 has an eps of 2e-16; v loses three digits to 1 - beta2 = 1 - 0.999,
    # and none to the square of a small gradient
    np.testing.assert_allclose(
        got, adam_first_step(weight, gradient, lr, eps), rtol=1e-12, atol=1e-12
    )
