"""``autograd.grad`` and ``autograd.backward``: what they take, and what they say of inputs that play no part."""

import pytest
import torch

from torch_history.observing import observe


def gradients(**settings):
    """Of the loss 3 w, with respect to w and to u, which it does not use."""
    w, u = torch.ones(1, requires_grad=True), torch.ones(1, requires_grad=True)
    return torch.autograd.grad((w * 3).sum(), [w, u], **settings)


@pytest.mark.api("torch.autograd.grad", page="generated/torch.autograd.grad")
@pytest.mark.changed(
    "2.13", "the message tells which input, by its index", kind="wording", cause="pytorch#178140"
)
def test_grad_of_an_unused_input_raises(snapshot):
    """One input without part in the loss, and no gradient is returned at all."""
    assert snapshot == observe(gradients)


@pytest.mark.api("torch.autograd.grad", page="generated/torch.autograd.grad")
def test_grad_allows_unused_inputs_when_told_and_gives_none(snapshot):
    """``allow_unused=True`` puts None in the place of the missing gradient."""
    assert snapshot == observe(lambda: gradients(allow_unused=True))


@pytest.mark.api("torch.autograd.grad", page="generated/torch.autograd.grad")
@pytest.mark.changed(
    "2.1",
    "grad takes materialize_grads; the zeros require grad",
    kind="api-appeared",
    cause="pytorch#97015",
)
@pytest.mark.changed(
    "2.10",
    "the zeros require no grad",
    kind="silent",
    cause="pytorch#168295",
    advice="for zeros that require grad pass create_graph=True",
)
def test_grad_makes_zeros_for_unused_inputs_when_told(snapshot):
    """``materialize_grads=True`` puts zeros in its place. They require no grad, no more than the other gradients do."""
    assert snapshot == observe(lambda: gradients(materialize_grads=True))


@pytest.mark.api("torch.autograd.grad", page="generated/torch.autograd.grad")
@pytest.mark.changed(
    "2.1", "grad takes materialize_grads", kind="api-appeared", cause="pytorch#97015"
)
def test_zeros_for_unused_inputs_require_grad_under_create_graph(snapshot):
    """So that a second derivative runs through them, as through the others. (That 3 requires none: it depends on nothing.)"""
    assert snapshot == observe(lambda: gradients(materialize_grads=True, create_graph=True))


@pytest.mark.api("torch.autograd.grad", page="generated/torch.autograd.grad")
@pytest.mark.changed(
    "2.1",
    "grad takes materialize_grads, not beside allow_unused=False",
    kind="exception",
    cause="pytorch#97015",
)
def test_grad_refuses_to_make_zeros_of_what_it_may_not_leave_out(snapshot):
    """``materialize_grads=True`` and ``allow_unused=False`` contradict each other."""
    assert snapshot == observe(lambda: gradients(materialize_grads=True, allow_unused=False))


@pytest.mark.api("torch.autograd.grad", page="generated/torch.autograd.grad")
@pytest.mark.changed(
    "2.2", "the message names GradientEdges beside Tensors", kind="wording", cause="pytorch#110867"
)
@pytest.mark.changed(
    "2.13", "takes a dict of inputs, and returns a dict", kind="error-gone", cause="pytorch#178140"
)
def test_grad_with_a_dict_of_inputs_returns_a_dict(snapshot):
    """``autograd.grad(loss, dict(model.named_parameters()))`` gives each name its gradient."""

    def act():
        w, b = torch.ones(1, requires_grad=True), torch.ones(1, requires_grad=True)
        return torch.autograd.grad((w * 3 + b).sum(), {"weight": w, "bias": b})

    assert snapshot == observe(act)


@pytest.mark.api("torch.autograd.grad", page="generated/torch.autograd.grad")
@pytest.mark.changed(
    "1.10",
    "raises ValueError, where an empty tuple came back before",
    kind="error",
    cause="pytorch#52016",
    advice="ask whether the list is empty",
)
@pytest.mark.changed(
    "2.13",
    "raises RuntimeError instead of ValueError",
    kind="exception",
    cause="pytorch#178140",
    advice="catch both",
)
def test_grad_without_inputs_raises(snapshot):
    """An empty list of inputs: a filter that found no parameter shows here."""
    assert snapshot == observe(
        lambda: torch.autograd.grad(torch.ones(1, requires_grad=True).sum(), [])
    )


@pytest.mark.api("torch.autograd.grad", page="generated/torch.autograd.grad")
def test_grad_of_a_frozen_input_raises(snapshot):
    """With respect to a tensor that requires no grad there is nothing to compute, whatever ``allow_unused`` says."""
    loss = torch.ones(1, requires_grad=True).sum()
    assert snapshot == observe(lambda: torch.autograd.grad(loss, torch.ones(1), allow_unused=True))


@pytest.mark.api("torch.autograd.grad", page="generated/torch.autograd.grad")
@pytest.mark.changed(
    "1.11",
    "grad takes is_grads_batched, yet raises unless grad_outputs is a tuple",
    kind="exception",
    cause="pytorch#65564",
    advice="pass grad_outputs as a tuple",
)
@pytest.mark.changed(
    "1.12", "grad_outputs may be a tensor", kind="error-gone", cause="pytorch#75779"
)
def test_grad_takes_a_batch_of_weights_for_the_outputs(snapshot):
    """With ``is_grads_batched=True``, the identity gives the whole Jacobian in one call: of 2 w it is 2 on the diagonal."""

    def act():
        w = torch.ones(2, requires_grad=True)
        return torch.autograd.grad(w * 2, w, torch.eye(2), is_grads_batched=True)

    assert snapshot == observe(act)


@pytest.mark.api("torch.autograd.grad", page="generated/torch.autograd.grad")
@pytest.mark.changed(
    "2.4",
    "the warning is a FutureWarning instead of a UserWarning",
    kind="warning",
    cause="pytorch#127689",
    probable=True,
    advice="leave the argument out",
)
def test_only_inputs_is_deprecated(snapshot):
    """``only_inputs=False`` does nothing but warn: for leaves that are not listed, call ``backward``."""

    def act():
        w = torch.ones(1, requires_grad=True)
        return torch.autograd.grad(w.sum(), w, only_inputs=False)

    assert snapshot == observe(act)


@pytest.mark.api("torch.autograd.backward", page="generated/torch.autograd.backward")
def test_backward_of_several_losses_adds_their_gradients(snapshot):
    """``autograd.backward([a, b])`` runs once through what a = w * w and b = 2 a share: the gradient is 6 w."""

    def act():
        w = torch.tensor([2.0], requires_grad=True)
        h = w * w  # saves w: a second backward through it would raise
        torch.autograd.backward([h.sum(), (h * 2).sum()])
        return w.grad

    assert snapshot == observe(act)


@pytest.mark.api("torch.autograd.backward", page="generated/torch.autograd.backward")
@pytest.mark.changed(
    "2.4",
    "the warning is a FutureWarning instead of a UserWarning",
    kind="warning",
    cause="pytorch#127689",
    probable=True,
    advice="call it grad_tensors",
)
def test_grad_variables_is_deprecated(snapshot):
    """The argument has been called ``grad_tensors`` since before 1.0; the old name still works, and warns."""

    def act():
        w = torch.ones(1, requires_grad=True)
        torch.autograd.backward([w * 2], grad_variables=[torch.ones(1)])
        return w.grad

    assert snapshot == observe(act)


@pytest.mark.api("torch.Tensor.backward", page="generated/torch.Tensor.backward")
@pytest.mark.changed("1.5", "raises: complex numbers are not supported", kind="error")
@pytest.mark.changed("1.6", "raises with another message, from autograd", kind="wording")
@pytest.mark.changed(
    "1.7",
    "backward from a complex loss raises nothing",
    kind="error-gone",
    advice="take abs() or real of the loss",
)
@pytest.mark.changed(
    "2.1",
    "raises: only of a real number is the first gradient known",
    kind="error",
    cause="pytorch#92753",
    advice="take abs() or real of the loss",
)
def test_backward_from_a_complex_loss_raises(snapshot):
    """A loss is a real number: take ``abs()`` or ``real`` before."""
    assert snapshot == observe(lambda: (torch.ones(1, requires_grad=True) * 1j).sum().backward())


@pytest.mark.api("torch.Tensor.backward", page="generated/torch.Tensor.backward")
@pytest.mark.changed("1.5", "the message asks scalar_type() for the type", kind="wording")
@pytest.mark.changed("1.6", "integers are converted", kind="error-gone")
def test_backward_converts_a_gradient_argument_of_integers(snapshot):
    """``(w * 2).backward(torch.tensor([3]))``: the weights of the elements may be integers."""

    def act():
        w = torch.ones(1, requires_grad=True)
        (w * 2).backward(torch.tensor([3]))
        return w.grad

    assert snapshot == observe(act)
