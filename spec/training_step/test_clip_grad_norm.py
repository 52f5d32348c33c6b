"""``clip_grad_norm_``: what it returns and what it leaves."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import utils

from fixtures.gradients import gradients_in, with_gradients
from torch_history.observing import observe

elements = st.lists(st.floats(-100, 100), min_size=1, max_size=3)


@given(st.lists(elements, min_size=1, max_size=3), st.floats(0.01, 1000))
def test_clipped_norm_is_the_smaller_of_the_norm_and_the_bound(gradients, max_norm):
    """The norm that is returned is sqrt(sum of squares), and g * min(1, max_norm / (norm + 1e-6)) is what is left, in float64."""
    parameters = with_gradients(*gradients, dtype=torch.float64)
    returned = float(utils.clip_grad_norm_(parameters, max_norm))
    norm = np.sqrt(sum(np.square(gradient).sum() for gradient in gradients))
    np.testing.assert_allclose(returned, norm, rtol=1e-12)  # float64 has an eps of 2e-16
    for parameter, gradient in zip(parameters, gradients):
        expected = np.array(gradient) * min(1, max_norm / (norm + 1e-6))
        np.testing.assert_allclose(parameter.grad.numpy(), expected, rtol=1e-12, atol=1e-300)


def clipped(parameters, max_norm, **settings):
    """What clipping by norm returned, and the gradients it left."""
    return {
        "returned": utils.clip_grad_norm_(parameters, max_norm, **settings),
        "gradients": gradients_in(parameters),
    }


@pytest.mark.api("torch.nn.utils.clip_grad_norm_", page="generated/torch.nn.utils.clip_grad_norm_")
@pytest.mark.changed(
    "1.5",
    "the norm is returned as a tensor, not as a float",
    kind="silent",
    cause="pytorch#32020",
    advice="float(norm) gives a number on every release",
)
def test_clip_grad_norm_scales_all_gradients_by_one_factor(snapshot):
    """Gradients [3, 0] and [4] have the norm 5 together; max_norm=1 scales all by 1 / (5 + 1e-6), and 5 is returned."""
    assert snapshot == observe(lambda: clipped(with_gradients([3.0, 0.0], [4.0]), 1.0))


@pytest.mark.api("torch.nn.utils.clip_grad_norm_", page="generated/torch.nn.utils.clip_grad_norm_")
@pytest.mark.changed(
    "1.5",
    "the norm is returned as a tensor, not as a float",
    kind="silent",
    cause="pytorch#32020",
    advice="float(norm) gives a number on every release",
)
def test_clip_grad_norm_leaves_gradients_within_the_bound_to_the_bit(snapshot):
    """A norm below max_norm is returned, and no gradient is touched, let alone scaled up."""
    parameters = with_gradients([3.0, 0.1], [4.0])
    before = [parameter.grad.clone() for parameter in parameters]
    observed = observe(lambda: clipped(parameters, 10.0))
    assert all(map(torch.equal, gradients_in(parameters), before))
    assert snapshot == observed


@pytest.mark.api("torch.nn.utils.clip_grad_norm_", page="generated/torch.nn.utils.clip_grad_norm_")
@pytest.mark.changed(
    "1.5",
    "the norm is returned as a tensor, not as a float",
    kind="silent",
    cause="pytorch#32020",
    advice="float(norm) gives a number on every release",
)
def test_clip_grad_norm_shrinks_a_gradient_that_lies_on_the_bound(snapshot):
    """1e-6 is added to the norm before the comparison: a norm of exactly max_norm = 0.001 is scaled to 0.000999."""
    assert snapshot == observe(lambda: clipped(with_gradients([0.001]), 0.001))


@pytest.mark.api("torch.nn.utils.clip_grad_norm_", page="generated/torch.nn.utils.clip_grad_norm_")
@pytest.mark.changed(
    "1.5",
    "the norm is returned as a tensor, not as a float",
    kind="silent",
    cause="pytorch#32020",
    advice="float(norm) gives a number on every release",
)
def test_clip_grad_norm_returns_a_tensor_without_graph(snapshot):
    """The norm is returned as a tensor of no dimensions: ``item()`` makes a number of it."""

    def act():
        norm = utils.clip_grad_norm_(with_gradients([3.0], [4.0]), 1.0)
        return {"tensor": isinstance(norm, torch.Tensor), "norm": norm}

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.utils.clip_grad_norm_", page="generated/torch.nn.utils.clip_grad_norm_")
@pytest.mark.changed(
    "1.5",
    "the norm is returned as a tensor, not as a float",
    kind="silent",
    cause="pytorch#32020",
    advice="float(norm) gives a number on every release",
)
def test_clip_grad_norm_passes_over_parameters_without_gradient(snapshot):
    """A gradient of None counts for nothing and stays None."""
    assert snapshot == observe(lambda: clipped(with_gradients(None, [3.0, 4.0]), 1.0))


@pytest.mark.api("torch.nn.utils.clip_grad_norm_", page="generated/torch.nn.utils.clip_grad_norm_")
@pytest.mark.changed(
    "1.5",
    "the norm is returned as a tensor, not as a float",
    kind="silent",
    cause="pytorch#32020",
    advice="float(norm) gives a number on every release",
)
def test_clip_grad_norm_of_an_empty_list_is_zero(snapshot):
    """No parameters, no error: the norm is zero."""
    assert snapshot == observe(lambda: utils.clip_grad_norm_([], 1.0))


@pytest.mark.api("torch.nn.utils.clip_grad_norm_", page="generated/torch.nn.utils.clip_grad_norm_")
@pytest.mark.changed(
    "1.5",
    "the norm is returned as a tensor, not as a float",
    kind="silent",
    cause="pytorch#32020",
    advice="float(norm) gives a number on every release",
)
def test_clip_grad_norm_of_parameters_without_any_gradient_is_zero(snapshot):
    """Before the first backward every gradient is None: the norm is zero, and nothing is said."""
    assert snapshot == observe(lambda: clipped(with_gradients(None, None), 1.0))


@pytest.mark.api("torch.nn.utils.clip_grad_norm_", page="generated/torch.nn.utils.clip_grad_norm_")
@pytest.mark.changed(
    "1.5",
    "the norm is returned as a tensor, not as a float",
    kind="silent",
    cause="pytorch#32020",
    advice="float(norm) gives a number on every release",
)
@pytest.mark.changed(
    "2.8",
    "warns that an empty generator clips nothing",
    kind="warning",
    cause="pytorch#151529",
    advice="pass a list, or call model.parameters() anew",
)
def test_clip_grad_norm_warns_of_an_empty_generator(snapshot):
    """A generator that was used up, such as ``model.parameters()`` given to the optimizer before, clips nothing: it warns."""
    parameters = with_gradients([3.0, 4.0])
    generator = (parameter for parameter in parameters)
    torch.optim.SGD(generator, lr=0.1)

    def act():
        return {
            "returned": utils.clip_grad_norm_(generator, 1.0),
            "gradients": gradients_in(parameters),
        }

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.utils.clip_grad_norm_", page="generated/torch.nn.utils.clip_grad_norm_")
@pytest.mark.changed(
    "1.5",
    "the norm is returned as a tensor, not as a float",
    kind="silent",
    cause="pytorch#32020",
    advice="float(norm) gives a number on every release",
)
def test_clip_grad_norm_takes_a_single_tensor(snapshot):
    """One parameter need not be put into a list."""
    (parameter,) = with_gradients([3.0, 4.0])
    assert snapshot == observe(
        lambda: {"returned": utils.clip_grad_norm_(parameter, 1.0), "gradient": parameter.grad}
    )


@pytest.mark.api("torch.nn.utils.clip_grad_norm_", page="generated/torch.nn.utils.clip_grad_norm_")
@pytest.mark.changed(
    "1.5",
    "the norm is returned as a tensor, not as a float (with norm_type=inf it always was)",
    kind="silent",
    cause="pytorch#32020",
    advice="float(norm) gives a number on every release",
)
@pytest.mark.parametrize("norm_type", [1, float("inf")], ids=["1", "inf"])
def test_clip_grad_norm_takes_other_norms(norm_type, snapshot):
    """``norm_type=1`` sums magnitudes, 3 + 4; infinity takes the largest, 4."""
    assert snapshot == observe(
        lambda: clipped(with_gradients([3.0, 0.0], [-4.0]), 1.0, norm_type=norm_type)
    )


@pytest.mark.api("torch.nn.utils.clip_grad_norm_", page="generated/torch.nn.utils.clip_grad_norm_")
@pytest.mark.changed(
    "1.5",
    "the norm is returned as a tensor, not as a float",
    kind="silent",
    cause="pytorch#32020",
    advice="float(norm) gives a number on every release",
)
def test_clip_grad_norm_of_zero_makes_zeros(snapshot):
    """``max_norm=0`` leaves zeros, not None."""
    assert snapshot == observe(lambda: clipped(with_gradients([3.0, 4.0]), 0.0))


@pytest.mark.api("torch.nn.utils.clip_grad_norm_", page="generated/torch.nn.utils.clip_grad_norm_")
@pytest.mark.changed(
    "1.5",
    "the norm is returned as a tensor, not as a float",
    kind="silent",
    cause="pytorch#32020",
    advice="float(norm) gives a number on every release",
)
@pytest.mark.changed(
    "1.9",
    "warns that a norm that is not finite will become an error",
    kind="warning",
    cause="pytorch#55169",
    advice="to have it raised already, pass error_if_nonfinite=True",
)
@pytest.mark.changed(
    "1.10",
    "every gradient becomes nan, where none was scaled before; and it warns no longer",
    kind="silent",
    cause="pytorch#61042",
    advice="pass error_if_nonfinite=True, or test the norm before the step",
)
def test_clip_grad_norm_spreads_one_nan_to_every_gradient(snapshot):
    """One nan makes the norm nan, and the norm scales every gradient.

    Before 1.10 only a factor below 1 was applied; nan is not below 1, and the other gradients stayed as they were.
    """
    assert snapshot == observe(lambda: clipped(with_gradients([3.0], [float("nan")]), 1.0))


@pytest.mark.api("torch.nn.utils.clip_grad_norm_", page="generated/torch.nn.utils.clip_grad_norm_")
@pytest.mark.changed(
    "1.5",
    "the norm is returned as a tensor, not as a float",
    kind="silent",
    cause="pytorch#32020",
    advice="float(norm) gives a number on every release",
)
@pytest.mark.changed(
    "1.9",
    "warns that a norm that is not finite will become an error",
    kind="warning",
    cause="pytorch#55169",
    advice="to have it raised already, pass error_if_nonfinite=True",
)
@pytest.mark.changed(
    "1.10",
    "warns no longer: the norm is not looked at",
    kind="warning",
    cause="pytorch#61042",
    advice="pass error_if_nonfinite=True, or test the norm before the step",
)
def test_clip_grad_norm_makes_nan_of_inf_and_zero_of_the_rest(snapshot):
    """An infinite norm makes the factor 0: finite gradients become 0, and the infinite one nan."""
    assert snapshot == observe(lambda: clipped(with_gradients([3.0], [float("inf")]), 1.0))


@pytest.mark.api("torch.nn.utils.clip_grad_norm_", page="generated/torch.nn.utils.clip_grad_norm_")
@pytest.mark.changed(
    "1.9", "clip_grad_norm_ takes error_if_nonfinite", kind="api-appeared", cause="pytorch#53843"
)
def test_clip_grad_norm_raises_on_a_norm_that_is_not_finite_when_asked(snapshot):
    """``error_if_nonfinite=True`` raises before any gradient is scaled: the way out."""
    parameters = with_gradients([3.0], [float("nan")])
    observed = observe(lambda: clipped(parameters, 1.0, error_if_nonfinite=True))
    assert parameters[0].grad.item() == 3.0
    assert snapshot == observed


@pytest.mark.api("torch.nn.utils.clip_grad_norm_", page="generated/torch.nn.utils.clip_grad_norm_")
@pytest.mark.changed(
    "2.0", "clip_grad_norm_ takes foreach", kind="api-appeared", cause="pytorch#91846"
)
@pytest.mark.parametrize("foreach", [True, False], ids=["foreach", "for each"])
def test_clip_grad_norm_gives_the_same_with_and_without_foreach(foreach, snapshot):
    """``foreach`` chooses an implementation, not a result."""
    assert snapshot == observe(
        lambda: clipped(with_gradients([3.0, 0.0], None, [4.0]), 1.0, foreach=foreach)
    )


@pytest.mark.api("torch.nn.utils.clip_grad_norm_", page="generated/torch.nn.utils.clip_grad_norm_")
def test_clip_grad_norm_writes_into_the_same_gradient(snapshot):
    """Gradients are scaled in place: who holds a reference to one sees it change."""
    (parameter,) = with_gradients([3.0, 4.0])
    held = parameter.grad
    utils.clip_grad_norm_([parameter], 1.0)
    assert snapshot == observe(lambda: {"held": held, "still the gradient": held is parameter.grad})


@pytest.mark.api("torch.nn.utils.clip_grad_norm", page="generated/torch.nn.utils.clip_grad_norm")
@pytest.mark.changed(
    "1.5",
    "the norm is returned as a tensor, not as a float",
    kind="silent",
    cause="pytorch#32020",
    advice="float(norm) gives a number on every release",
)
@pytest.mark.changed(
    "2.4",
    "the warning is a FutureWarning instead of a UserWarning",
    kind="warning",
    cause="pytorch#127689",
    probable=True,
    advice="call clip_grad_norm_",
    unless=(),
)
def test_clip_grad_norm_without_underscore_is_deprecated(snapshot):
    """The old name warns, and clips in place all the same."""
    parameters = with_gradients([3.0, 4.0])

    def act():
        return {
            "returned": utils.clip_grad_norm(parameters, 1.0),
            "gradients": gradients_in(parameters),
        }

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.nn.utils.get_total_norm",
    "torch.nn.utils.clip_grads_with_norm_",
    page="generated/torch.nn.utils.get_total_norm",
)
@pytest.mark.changed(
    "2.6",
    "get_total_norm and clip_grads_with_norm_ appear",
    kind="api-appeared",
    cause="pytorch#139662",
)
def test_total_norm_and_clipping_are_two_functions(snapshot):
    """``get_total_norm`` measures gradients; ``clip_grads_with_norm_`` takes parameters, and scales by a norm that is given."""
    parameters = with_gradients([3.0], [4.0])

    def act():
        norm = utils.get_total_norm([parameter.grad for parameter in parameters])
        utils.clip_grads_with_norm_(parameters, 1.0, norm)
        return {"norm": norm, "gradients": gradients_in(parameters)}

    assert snapshot == observe(act)
