"""``clip_grad_norm_``: what it returns, and what it does to the gradients.

``torch.nn.utils.clip_grad_norm_`` takes one norm of all gradients together. It scales all of them
in place by one factor, so that their norm is at most ``max_norm``. It returns the norm before
scaling, as a tensor since 1.5 and as a float before. Gradients of None are ignored; without any
gradient the norm is zero. One nan makes every gradient nan since 1.10. ``error_if_nonfinite=True``,
since 1.9, raises instead and leaves the gradients as they were.
"""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import utils

from fixtures.gradients import gradients_in, with_gradients
from torch_history.observing import observe

# the square of a smaller number underflows: then the norm depends on whether torch squares it
numbers = st.floats(-100, 100).filter(lambda number: number == 0 or abs(number) > 1e-150)
elements = st.lists(numbers, min_size=1, max_size=3)


@given(st.lists(elements, min_size=1, max_size=3), st.floats(0.01, 1000))
def test_clipped_norm_is_the_smaller_of_the_norm_and_the_bound(gradients, max_norm):
    """``clip_grad_norm_`` returns sqrt(sum of squares), and scales the norm down to the bound.

    Each gradient g becomes g * min(1, max_norm / (norm + 1e-6)), compared in float64.
    """
    parameters = with_gradients(*gradients, dtype=torch.float64)
    returned = float(utils.clip_grad_norm_(parameters, max_norm))
    norm = np.sqrt(sum(np.square(gradient).sum() for gradient in gradients))
    np.testing.assert_allclose(returned, norm, rtol=1e-12)  # float64 has an eps of 2e-16
    for parameter, gradient in zip(parameters, gradients):
        expected = np.array(gradient) * min(1, max_norm / (norm + 1e-6))
        np.testing.assert_allclose(parameter.grad.numpy(), expected, rtol=1e-12, atol=1e-300)


def clipped(parameters, max_norm, **settings):
    """The value that clipping by norm returned, and the gradients after it."""
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
    advice="call float(norm), which gives a number on every release",
    restored_by="training_step.float_of_the_clipped_norm_is_a_number",
    when=":call and -:statement",
)
def test_clip_grad_norm_scales_all_gradients_by_one_factor(snapshot):
    """``clip_grad_norm_`` scales all gradients by one factor and returns the norm before scaling.

    Gradients [3, 0] and [4] have the norm 5 together; max_norm=1 scales both by 1 / (5 + 1e-6).
    """
    assert snapshot == observe(lambda: clipped(with_gradients([3.0, 0.0], [4.0]), 1.0))


@pytest.mark.api("torch.nn.utils.clip_grad_norm_", page="generated/torch.nn.utils.clip_grad_norm_")
def test_float_of_the_clipped_norm_is_a_number(snapshot):
    """``float()`` makes a Python number of the norm that ``clip_grad_norm_`` returns.

    It works on every release, whether a float or a tensor is returned.
    """
    parameters = with_gradients([3.0, 0.0], [4.0])

    def act():
        returned = float(utils.clip_grad_norm_(parameters, 1.0))
        return {"returned": returned, "gradients": gradients_in(parameters)}

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.utils.clip_grad_norm_", page="generated/torch.nn.utils.clip_grad_norm_")
@pytest.mark.changed(
    "1.5",
    "the norm is returned as a tensor, not as a float",
    kind="silent",
    cause="pytorch#32020",
    advice="call float(norm), which gives a number on every release",
    when=":call and -:statement",
)
def test_clip_grad_norm_leaves_gradients_within_the_bound_to_the_bit(snapshot):
    """``clip_grad_norm_`` changes no bit of any gradient if their norm is below max_norm.

    It returns the norm, and never scales up. Before 1.5 the norm was a Python float, not a tensor.
    """
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
    advice="call float(norm), which gives a number on every release",
    when=":call and -:statement",
    rarely="a norm that is exactly max_norm",
)
def test_clip_grad_norm_shrinks_a_gradient_that_lies_on_the_bound(snapshot):
    """``clip_grad_norm_`` shrinks a gradient whose norm is exactly max_norm.

    It adds 1e-6 to the norm before the comparison: 0.001 becomes 0.000999.
    """
    assert snapshot == observe(lambda: clipped(with_gradients([0.001]), 0.001))


@pytest.mark.api("torch.nn.utils.clip_grad_norm_", page="generated/torch.nn.utils.clip_grad_norm_")
@pytest.mark.changed(
    "1.5",
    "the norm is returned as a tensor, not as a float",
    kind="silent",
    cause="pytorch#32020",
    advice="call float(norm), which gives a number on every release",
    when=":call and -:statement",
)
def test_clip_grad_norm_returns_a_tensor_without_graph(snapshot):
    """Since 1.5 ``clip_grad_norm_`` returns a tensor without dimensions and without a graph.

    ``item()`` gives the number. Before 1.5 a Python float was returned.
    """

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
    advice="call float(norm), which gives a number on every release",
    when=":call and -:statement",
)
def test_clip_grad_norm_passes_over_parameters_without_gradient(snapshot):
    """``clip_grad_norm_`` ignores a parameter whose gradient is None, and leaves the None.

    It returns the norm of the others. Before 1.5 the norm was a Python float, not a tensor.
    """
    assert snapshot == observe(lambda: clipped(with_gradients(None, [3.0, 4.0]), 1.0))


@pytest.mark.api("torch.nn.utils.clip_grad_norm_", page="generated/torch.nn.utils.clip_grad_norm_")
@pytest.mark.changed(
    "1.5",
    "the norm is returned as a tensor, not as a float",
    kind="silent",
    cause="pytorch#32020",
    advice="call float(norm), which gives a number on every release",
    when=":call and -:statement",
    rarely="an empty list of parameters",
)
def test_clip_grad_norm_of_an_empty_list_is_zero(snapshot):
    """``clip_grad_norm_`` of an empty list returns a norm of zero, without an error.

    Before 1.5 the zero was a Python float, not a tensor.
    """
    assert snapshot == observe(lambda: utils.clip_grad_norm_([], 1.0))


@pytest.mark.api("torch.nn.utils.clip_grad_norm_", page="generated/torch.nn.utils.clip_grad_norm_")
@pytest.mark.changed(
    "1.5",
    "the norm is returned as a tensor, not as a float",
    kind="silent",
    cause="pytorch#32020",
    advice="call float(norm), which gives a number on every release",
    when=":call and -:statement",
    rarely="parameters without any gradient",
)
def test_clip_grad_norm_of_parameters_without_any_gradient_is_zero(snapshot):
    """``clip_grad_norm_`` returns zero if no parameter has a gradient, and does not warn.

    Before the first backward every gradient is None.
    """
    assert snapshot == observe(lambda: clipped(with_gradients(None, None), 1.0))


@pytest.mark.api("torch.nn.utils.clip_grad_norm_", page="generated/torch.nn.utils.clip_grad_norm_")
@pytest.mark.changed(
    "1.5",
    "the norm is returned as a tensor, not as a float",
    kind="silent",
    cause="pytorch#32020",
    advice="call float(norm), which gives a number on every release",
    when=":call and -:statement",
    rarely="a generator that is used up",
)
@pytest.mark.changed(
    "2.8",
    "warns that an empty generator clips nothing",
    kind="warning",
    cause="pytorch#151529",
    advice="pass a list, or call model.parameters() again",
    when="parameters@0!=<built>",
    rarely="a generator that is used up",
)
def test_clip_grad_norm_warns_of_an_empty_generator(snapshot):
    """``clip_grad_norm_`` warns since 2.8 if its generator of parameters is used up.

    Trap: ``model.parameters()`` that was stored and given to the optimizer is used up, and nothing
    is clipped.
    """
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
    advice="call float(norm), which gives a number on every release",
    when=":call and -:statement and parameters@0!=<built>",
    rarely="a single parameter",
)
def test_clip_grad_norm_takes_a_single_tensor(snapshot):
    """``clip_grad_norm_`` accepts one parameter without a list around it.

    It returns the norm of this one gradient. Before 1.5 the norm was a Python float, not a tensor.
    """
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
    advice="call float(norm), which gives a number on every release",
    when=":call and -:statement and norm_type@2=<int>|<float>",
)
@pytest.mark.parametrize("norm_type", [1, float("inf")], ids=["1", "inf"])
def test_clip_grad_norm_takes_other_norms(norm_type, snapshot):
    """``clip_grad_norm_`` with ``norm_type=1`` sums magnitudes, and with inf uses the largest.

    Here these norms are 3 + 4 and 4. Before 1.5 ``norm_type=1`` returned a Python float.
    """
    assert snapshot == observe(
        lambda: clipped(with_gradients([3.0, 0.0], [-4.0]), 1.0, norm_type=norm_type)
    )


@pytest.mark.api("torch.nn.utils.clip_grad_norm_", page="generated/torch.nn.utils.clip_grad_norm_")
@pytest.mark.changed(
    "1.5",
    "the norm is returned as a tensor, not as a float",
    kind="silent",
    cause="pytorch#32020",
    advice="call float(norm), which gives a number on every release",
    when=":call and -:statement and max_norm@1=0|0.0|<unknown>",
    rarely="max_norm=0",
)
def test_clip_grad_norm_of_zero_makes_zeros(snapshot):
    """``clip_grad_norm_`` with ``max_norm=0`` makes the gradients zeros, not None.

    It returns the norm before scaling. Before 1.5 the norm was a Python float, not a tensor.
    """
    assert snapshot == observe(lambda: clipped(with_gradients([3.0, 4.0]), 0.0))


@pytest.mark.api("torch.nn.utils.clip_grad_norm_", page="generated/torch.nn.utils.clip_grad_norm_")
@pytest.mark.changed(
    "1.5",
    "the norm is returned as a tensor, not as a float",
    kind="silent",
    cause="pytorch#32020",
    advice="call float(norm), which gives a number on every release",
    when=":call and -:statement",
    rarely="a norm that is nan or infinite",
)
@pytest.mark.changed(
    "1.9",
    "warns that a non-finite norm will become an error",
    kind="warning",
    cause="pytorch#55169",
    advice="pass error_if_nonfinite=True to raise already",
    when=("-error_if_nonfinite@3", "error_if_nonfinite@3=False"),
    rarely="a norm that is nan or infinite",
)
@pytest.mark.changed(
    "1.10",
    "every gradient becomes nan instead of staying as it was",
    kind="silent",
    cause="pytorch#61042",
    advice="pass error_if_nonfinite=True, or test the norm before the step",
    rarely="a gradient with nan",
)
@pytest.mark.changed(
    "1.10",
    "no longer warns: the norm is not checked",
    kind="warning",
    cause="pytorch#61042",
    advice="pass error_if_nonfinite=True, or test the norm before the step",
    rarely="a norm that is nan or infinite",
)
def test_clip_grad_norm_spreads_one_nan_to_every_gradient(snapshot):
    """One nan in a gradient makes ``clip_grad_norm_`` set every gradient to nan.

    The norm is nan, and it scales every gradient. Before 1.10 only a factor below 1 was applied:
    nan is not below 1, so the other gradients did not change.
    """
    assert snapshot == observe(lambda: clipped(with_gradients([3.0], [float("nan")]), 1.0))


@pytest.mark.api("torch.nn.utils.clip_grad_norm_", page="generated/torch.nn.utils.clip_grad_norm_")
@pytest.mark.changed(
    "1.5",
    "the norm is returned as a tensor, not as a float",
    kind="silent",
    cause="pytorch#32020",
    advice="call float(norm), which gives a number on every release",
    when=":call and -:statement",
    rarely="a norm that is nan or infinite",
)
@pytest.mark.changed(
    "1.9",
    "warns that a non-finite norm will become an error",
    kind="warning",
    cause="pytorch#55169",
    advice="pass error_if_nonfinite=True to raise already",
    when=("-error_if_nonfinite@3", "error_if_nonfinite@3=False"),
    rarely="a norm that is nan or infinite",
)
@pytest.mark.changed(
    "1.10",
    "no longer warns: the norm is not checked",
    kind="warning",
    cause="pytorch#61042",
    advice="pass error_if_nonfinite=True, or test the norm before the step",
    rarely="a norm that is nan or infinite",
)
def test_clip_grad_norm_makes_nan_of_inf_and_zero_of_the_rest(snapshot):
    """If one gradient is infinite, ``clip_grad_norm_`` sets it to nan and finite gradients to 0.

    The norm is infinite, so the factor is 0. Only 1.9 warns. Before 1.5 the norm was a Python
    float, not a tensor.
    """
    assert snapshot == observe(lambda: clipped(with_gradients([3.0], [float("inf")]), 1.0))


@pytest.mark.api("torch.nn.utils.clip_grad_norm_", page="generated/torch.nn.utils.clip_grad_norm_")
@pytest.mark.changed(
    "1.9", "clip_grad_norm_ takes error_if_nonfinite", kind="appeared", cause="pytorch#53843"
)
def test_clip_grad_norm_raises_on_a_norm_that_is_not_finite_when_asked(snapshot):
    """With ``error_if_nonfinite=True``, ``clip_grad_norm_`` raises on a norm that is nan or inf.

    It raises before it scales any gradient.
    """
    parameters = with_gradients([3.0], [float("nan")])
    observed = observe(lambda: clipped(parameters, 1.0, error_if_nonfinite=True))
    assert parameters[0].grad.item() == 3.0
    assert snapshot == observed


@pytest.mark.api("torch.nn.utils.clip_grad_norm_", page="generated/torch.nn.utils.clip_grad_norm_")
@pytest.mark.changed("2.0", "clip_grad_norm_ takes foreach", kind="appeared", cause="pytorch#91846")
@pytest.mark.parametrize("foreach", [True, False], ids=["foreach", "for each"])
def test_clip_grad_norm_gives_the_same_with_and_without_foreach(foreach, snapshot):
    """``clip_grad_norm_`` gives the same result with ``foreach=True`` and ``foreach=False``."""
    assert snapshot == observe(
        lambda: clipped(with_gradients([3.0, 0.0], None, [4.0]), 1.0, foreach=foreach)
    )


@pytest.mark.api("torch.nn.utils.clip_grad_norm_", page="generated/torch.nn.utils.clip_grad_norm_")
def test_clip_grad_norm_writes_into_the_same_gradient(snapshot):
    """``clip_grad_norm_`` scales gradients in place: a reference to one sees the new values."""
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
    advice="call float(norm), which gives a number on every release",
    when=":call and -:statement",
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
    """``clip_grad_norm``, without the underscore, is deprecated: it warns, and clips in place.

    It returns the norm. Before 1.5 the norm was a Python float, not a tensor.
    """
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
    kind="appeared",
    cause="pytorch#139662",
)
def test_total_norm_and_clipping_are_two_functions(snapshot):
    """``get_total_norm`` measures gradients, and ``clip_grads_with_norm_`` scales them.

    ``clip_grads_with_norm_`` takes parameters, the bound, and a norm that was measured before.
    """
    parameters = with_gradients([3.0], [4.0])

    def act():
        norm = utils.get_total_norm([parameter.grad for parameter in parameters])
        utils.clip_grads_with_norm_(parameters, 1.0, norm)
        return {"norm": norm, "gradients": gradients_in(parameters)}

    assert snapshot == observe(act)
