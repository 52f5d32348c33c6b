"""Gradients of intermediate results: dropped unless they are asked for."""

import pytest
import torch

from torch_history.observing import observe


def leaf(value=1.0):
    return torch.tensor([value], requires_grad=True)


@pytest.mark.api("torch.Tensor.grad", page="generated/torch.Tensor.grad")
@pytest.mark.changed(
    "1.5",
    "warns that the gradient of a tensor that is no leaf is not filled",
    kind="warning",
    cause="pytorch#30531",
    advice="call retain_grad() before backward, or read the gradient of the leaf",
)
@pytest.mark.changed("1.9", "the message says information instead of informations", kind="wording")
@pytest.mark.changed(
    "1.10",
    "the message speaks of the .grad field to be populated, and of informations again",
    kind="wording",
    cause="pytorch#59362",
)
@pytest.mark.changed("2.9", "the message says information instead of informations", kind="wording")
def test_gradient_of_an_intermediate_result_is_none_with_a_warning(snapshot):
    """``y = w * 2`` has no ``grad`` after backward: only leaves keep theirs. Reading it warns, in a debugger as well."""

    def act():
        y = leaf() * 2
        y.sum().backward()
        return y.grad

    assert snapshot == observe(act)


@pytest.mark.api("torch.Tensor.retain_grad", page="generated/torch.Tensor.retain_grad")
def test_retained_gradient_of_an_intermediate_result_is_there(snapshot):
    """``y.retain_grad()`` before backward keeps the gradient of y, and reading it does not warn."""

    def act():
        y = leaf() * 2
        y.retain_grad()
        (y * 3).sum().backward()
        return y.grad

    assert snapshot == observe(act)


@pytest.mark.api("torch.Tensor.retain_grad", page="generated/torch.Tensor.retain_grad")
def test_retain_grad_after_backward_is_too_late(snapshot):
    """It keeps the gradients of the next backward: there is none of the last one."""

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
    "raises, where it did nothing",
    kind="error",
    cause="pytorch#30531",
    probable=True,
    advice="call it only where requires_grad is true",
)
def test_retain_grad_of_what_requires_no_grad_raises(snapshot):
    """The output of a frozen model, say, has no gradient to retain."""
    assert snapshot == observe(lambda: torch.ones(1).retain_grad())


@pytest.mark.api("torch.Tensor.retains_grad", page="generated/torch.Tensor.retains_grad")
@pytest.mark.changed("1.10", "retains_grad appears", kind="api-appeared", cause="pytorch#59362")
def test_retains_grad_is_true_of_asked_intermediate_results_alone(snapshot):
    """Trap: of a leaf it says False, although a leaf keeps its gradient."""

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
    "1.8", "backward takes inputs, but leaves alone", kind="exception", cause="pytorch#46855"
)
@pytest.mark.changed(
    "1.10", "inputs may be intermediate results", kind="error-gone", cause="pytorch#60521"
)
def test_backward_with_an_intermediate_result_as_input_retains_its_gradient(snapshot):
    """``backward(inputs=[y])`` fills ``y.grad`` and leaves the leaves alone."""

    def act():
        w = leaf()
        y = w * 2
        (y * 3).sum().backward(inputs=[y])
        return {"y": y.grad, "w": w.grad}

    assert snapshot == observe(act)


@pytest.mark.api("torch.Tensor.backward", page="generated/torch.Tensor.backward")
@pytest.mark.changed(
    "1.8",
    "backward takes inputs, but takes a single tensor apart into its elements, which are no leaves",
    kind="exception",
    cause="pytorch#46855",
    advice="pass a list",
)
@pytest.mark.changed(
    "1.9", "inputs may be a single tensor", kind="error-gone", cause="pytorch#53827"
)
def test_backward_takes_a_single_tensor_as_inputs(snapshot):
    """``inputs=w`` says what ``inputs=[w]`` says."""

    def act():
        w, other = leaf(), leaf()
        (w * 3 + other).sum().backward(inputs=w)
        return {"w": w.grad, "other": other.grad}

    assert snapshot == observe(act)


@pytest.mark.api("torch.Tensor.backward", page="generated/torch.Tensor.backward")
@pytest.mark.changed(
    "1.8", "backward takes inputs, but no empty list", kind="exception", cause="pytorch#46855"
)
@pytest.mark.changed("2.4", "the message has the names in backquotes", kind="wording")
def test_backward_with_an_empty_list_of_inputs_raises(snapshot):
    """An empty list is not "all of them": a filter that found no parameter shows here."""
    assert snapshot == observe(lambda: leaf().sum().backward(inputs=[]))


@pytest.mark.api("torch.Tensor.backward", page="generated/torch.Tensor.backward")
@pytest.mark.changed(
    "1.8",
    "backward takes inputs, but none that requires no grad",
    kind="exception",
    cause="pytorch#46855",
)
@pytest.mark.changed(
    "1.10",
    "the message is that of retain_grad, which is called on inputs with no place to accumulate",
    kind="wording",
    cause="pytorch#60521",
)
def test_backward_with_a_frozen_input_raises(snapshot):
    """A tensor among ``inputs`` that requires no grad cannot get one."""
    assert snapshot == observe(lambda: leaf().sum().backward(inputs=[torch.ones(1)]))


@pytest.mark.api("torch.Tensor.backward", page="generated/torch.Tensor.backward")
@pytest.mark.changed("1.8", "backward takes inputs", kind="api-appeared", cause="pytorch#46855")
def test_backward_leaves_none_in_an_input_that_the_loss_does_not_use(snapshot):
    """Unlike ``autograd.grad``, it does not complain of an input that plays no part."""

    def act():
        unused = leaf()
        leaf().sum().backward(inputs=[unused])
        return unused.grad

    assert snapshot == observe(act)
