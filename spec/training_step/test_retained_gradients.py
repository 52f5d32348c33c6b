"""Gradients of intermediate results: torch drops them unless they are retained.

Only leaves keep their gradients after backward. The ``.grad`` of an intermediate result is None,
and reading it warns since 1.5. ``retain_grad()`` keeps the gradient if it is called before
backward. ``backward(inputs=[y])`` also fills ``y.grad``, for an intermediate y since 1.10, and
fills no other gradient. It raises on an empty list, and on an input that requires no grad.
"""

import pytest
import torch

from torch_history.observing import observe


def leaf(value=1.0):
    return torch.tensor([value], requires_grad=True)


@pytest.mark.api("torch.Tensor.grad", page="generated/torch.Tensor.grad")
@pytest.mark.changed(
    "1.5",
    "warns that the gradient of a non-leaf tensor is not filled",
    kind="warning",
    cause="pytorch#30531",
    advice="call retain_grad() before backward, or read the gradient of the leaf",
    rarely="an intermediate result",
)
@pytest.mark.changed(
    "1.9",
    "the message says information instead of informations",
    kind="wording",
    when=":unseen",
    rarely="an intermediate result",
)
@pytest.mark.changed(
    "1.10",
    "the message says that the .grad field is populated, and informations again",
    kind="wording",
    cause="pytorch#59362",
    when=":unseen",
    rarely="an intermediate result",
)
@pytest.mark.changed(
    "2.9",
    "the message says information instead of informations",
    kind="wording",
    when=":unseen",
    rarely="an intermediate result",
)
def test_gradient_of_an_intermediate_result_is_none_with_a_warning(snapshot):
    """An intermediate result has ``grad`` None after backward, and reading it warns since 1.5.

    Only leaves keep their gradients. A debugger that reads ``grad`` warns as well.
    """

    def act():
        y = leaf() * 2
        y.sum().backward()
        return y.grad

    assert snapshot == observe(act)


@pytest.mark.api("torch.Tensor.retain_grad", page="generated/torch.Tensor.retain_grad")
def test_retained_gradient_of_an_intermediate_result_is_there(snapshot):
    """``y.retain_grad()`` before backward keeps the gradient of y; reading it does not warn."""

    def act():
        y = leaf() * 2
        y.retain_grad()
        (y * 3).sum().backward()
        return y.grad

    assert snapshot == observe(act)


@pytest.mark.api("torch.Tensor.retain_grad", page="generated/torch.Tensor.retain_grad")
def test_retain_grad_after_backward_is_too_late(snapshot):
    """``retain_grad()`` after backward keeps only the gradient of the next backward.

    The gradient of the earlier backward is lost.
    """

    def act():
        y = leaf() * 2
        y.sum().backward(retain_graph=True)
        y.retain_grad()
        late = y.grad
        y.sum().backward()
        return {"of the backward before": late, "of the next": y.grad}

    assert snapshot == observe(act)


@pytest.mark.api("torch.Tensor.retain_grad", page="generated/torch.Tensor.retain_grad")
@pytest.mark.changed(
    "1.5",
    "raises, where it did nothing before",
    kind="error",
    cause="pytorch#30531",
    probable=True,
    advice="call it only if requires_grad is true",
    rarely="a tensor that requires no grad",
)
def test_retain_grad_of_what_requires_no_grad_raises(snapshot):
    """``retain_grad()`` raises on a tensor that requires no grad, such as a frozen model's output.

    Before 1.5 it did nothing.
    """
    assert snapshot == observe(lambda: torch.ones(1).retain_grad())


@pytest.mark.api("torch.Tensor.retains_grad", page="generated/torch.Tensor.retains_grad")
@pytest.mark.changed("1.10", "retains_grad appears", kind="appeared", cause="pytorch#59362")
def test_retains_grad_is_true_of_asked_intermediate_results_alone(snapshot):
    """``retains_grad`` is true only for an intermediate result after ``retain_grad()``.

    Trap: it is False for a leaf, although a leaf keeps its gradient.
    """

    def act():
        y, asked = leaf() * 2, leaf() * 2
        asked.retain_grad()
        return {
            "leaf": leaf().retains_grad,
            "intermediate": y.retains_grad,
            "asked": asked.retains_grad,
        }

    assert snapshot == observe(act)


@pytest.mark.api("torch.Tensor.backward", page="generated/torch.Tensor.backward")
@pytest.mark.changed(
    "1.8", "backward takes inputs, but they must be leaves", kind="appeared", cause="pytorch#46855"
)
@pytest.mark.changed(
    "1.10", "inputs may be intermediate results", kind="error-gone", cause="pytorch#60521"
)
def test_backward_with_an_intermediate_result_as_input_retains_its_gradient(snapshot):
    """``backward(inputs=[y])`` with an intermediate y fills ``y.grad``, and no leaf's gradient."""

    def act():
        w = leaf()
        y = w * 2
        (y * 3).sum().backward(inputs=[y])
        return {"y": y.grad, "w": w.grad}

    assert snapshot == observe(act)


@pytest.mark.api("torch.Tensor.backward", page="generated/torch.Tensor.backward")
@pytest.mark.changed(
    "1.8",
    "backward takes inputs, but splits a single tensor into its elements, which are not leaves",
    kind="appeared",
    cause="pytorch#46855",
    advice="pass inputs=[w]",
)
@pytest.mark.changed(
    "1.9", "inputs may be a single tensor", kind="error-gone", cause="pytorch#53827"
)
def test_backward_takes_a_single_tensor_as_inputs(snapshot):
    """``backward(inputs=w)`` with a single tensor works like ``backward(inputs=[w])``."""

    def act():
        w, other = leaf(), leaf()
        (w * 3 + other).sum().backward(inputs=w)
        return {"w": w.grad, "other": other.grad}

    assert snapshot == observe(act)


@pytest.mark.api("torch.Tensor.backward", page="generated/torch.Tensor.backward")
@pytest.mark.changed(
    "1.8", "backward takes inputs, but not an empty list", kind="appeared", cause="pytorch#46855"
)
@pytest.mark.changed(
    "2.4",
    "the message puts the names in backquotes",
    kind="wording",
    cause="pytorch#127689",
    probable=True,
)
def test_backward_with_an_empty_list_of_inputs_raises(snapshot):
    """``backward(inputs=[])`` raises: an empty list does not mean all inputs.

    This reveals a filter that found no parameter.
    """
    assert snapshot == observe(lambda: leaf().sum().backward(inputs=[]))


@pytest.mark.api("torch.Tensor.backward", page="generated/torch.Tensor.backward")
@pytest.mark.changed(
    "1.8",
    "backward takes inputs, but they must require grad",
    kind="appeared",
    cause="pytorch#46855",
)
@pytest.mark.changed(
    "1.10",
    "the message comes from retain_grad, which is called on inputs that accumulate no gradient",
    kind="wording",
    cause="pytorch#60521",
)
def test_backward_with_a_frozen_input_raises(snapshot):
    """``backward(inputs=[x])`` raises if x requires no grad."""
    assert snapshot == observe(lambda: leaf().sum().backward(inputs=[torch.ones(1)]))


@pytest.mark.api("torch.Tensor.backward", page="generated/torch.Tensor.backward")
@pytest.mark.changed("1.8", "backward takes inputs", kind="appeared", cause="pytorch#46855")
def test_backward_leaves_none_in_an_input_that_the_loss_does_not_use(snapshot):
    """``backward(inputs=[x])`` leaves ``x.grad`` None if the loss does not use x.

    ``torch.autograd.grad`` would raise.
    """

    def act():
        unused = leaf()
        leaf().sum().backward(inputs=[unused])
        return unused.grad

    assert snapshot == observe(act)
