"""``autograd.grad`` and ``autograd.backward``: their arguments, and inputs that are not used.

``torch.autograd.grad`` raises if the loss does not use one of the inputs. With
``allow_unused=True`` it returns None for that input, and with ``materialize_grads=True``, since
2.1, zeros. An empty list of inputs raises since 1.10; since 2.13 a dict of inputs gives a dict of
gradients. ``torch.autograd.backward`` of several losses adds their gradients. ``backward()`` from a
complex loss raises since 2.1, and from its real part it runs.
"""

import pytest
import torch

from torch_history.observing import observe


def gradients(**settings):
    """Gradients of the loss 3 w with respect to w, and to u, which the loss does not use."""
    w, u = torch.ones(1, requires_grad=True), torch.ones(1, requires_grad=True)
    return torch.autograd.grad((w * 3).sum(), [w, u], **settings)


@pytest.mark.api("torch.autograd.grad", page="generated/torch.autograd.grad")
@pytest.mark.changed(
    "2.13", "the message gives the index of the input", kind="wording", cause="pytorch#178140"
)
def test_grad_of_an_unused_input_raises(snapshot):
    """``torch.autograd.grad`` raises if the loss does not use one of the inputs.

    It then returns no gradient at all, not even those of the other inputs.
    """
    assert snapshot == observe(gradients)


@pytest.mark.api("torch.autograd.grad", page="generated/torch.autograd.grad")
def test_grad_allows_unused_inputs_when_told_and_gives_none(snapshot):
    """With ``allow_unused=True``, ``torch.autograd.grad`` returns None for an unused input."""
    assert snapshot == observe(lambda: gradients(allow_unused=True))


@pytest.mark.api("torch.autograd.grad", page="generated/torch.autograd.grad")
@pytest.mark.changed(
    "2.1",
    "grad takes materialize_grads, and the zeros require grad",
    kind="appeared",
    cause="pytorch#97015",
)
@pytest.mark.changed(
    "2.10",
    "the zeros require no grad",
    kind="silent",
    cause="pytorch#168295",
    advice="pass create_graph=True for zeros that require grad",
    restored_by="training_step.zeros_for_unused_inputs_require_grad_under_create_graph",
    when=(
        "materialize_grads@8=True and -create_graph@4",
        "materialize_grads@8=True and create_graph@4=False",
    ),
    depends="the inputs: whether all of them are used",
)
def test_grad_makes_zeros_for_unused_inputs_when_told(snapshot):
    """With ``materialize_grads=True``, ``torch.autograd.grad`` returns zeros for an unused input.

    Like the other gradients, the zeros require no grad; before 2.10 they did.
    """
    assert snapshot == observe(lambda: gradients(materialize_grads=True))


@pytest.mark.api("torch.autograd.grad", page="generated/torch.autograd.grad")
@pytest.mark.changed("2.1", "grad takes materialize_grads", kind="appeared", cause="pytorch#97015")
def test_zeros_for_unused_inputs_require_grad_under_create_graph(snapshot):
    """With ``create_graph=True``, the zeros for an unused input require grad.

    A second derivative can then run through them. The gradient 3 of the used input is a constant,
    and requires none.
    """
    assert snapshot == observe(lambda: gradients(materialize_grads=True, create_graph=True))


@pytest.mark.api("torch.autograd.grad", page="generated/torch.autograd.grad")
@pytest.mark.changed(
    "2.1",
    "grad takes materialize_grads, but not together with allow_unused=False",
    kind="appeared",
    cause="pytorch#97015",
)
def test_grad_refuses_to_make_zeros_of_what_it_may_not_leave_out(snapshot):
    """``materialize_grads=True`` with ``allow_unused=False`` raises: they contradict each other."""
    assert snapshot == observe(lambda: gradients(materialize_grads=True, allow_unused=False))


@pytest.mark.api("torch.autograd.grad", page="generated/torch.autograd.grad")
@pytest.mark.changed(
    "2.2", "the message names GradientEdges beside Tensors", kind="wording", cause="pytorch#110867"
)
@pytest.mark.changed(
    "2.13", "takes a dict of inputs, and returns a dict", kind="error-gone", cause="pytorch#178140"
)
def test_grad_with_a_dict_of_inputs_returns_a_dict(snapshot):
    """``torch.autograd.grad`` with a dict of inputs returns a dict of gradients, since 2.13.

    ``autograd.grad(loss, dict(model.named_parameters()))`` gives each name its gradient.
    """

    def act():
        w, b = torch.ones(1, requires_grad=True), torch.ones(1, requires_grad=True)
        return torch.autograd.grad((w * 3 + b).sum(), {"weight": w, "bias": b})

    assert snapshot == observe(act)


@pytest.mark.api("torch.autograd.grad", page="generated/torch.autograd.grad")
@pytest.mark.changed(
    "1.10",
    "raises ValueError, where it returned an empty tuple before",
    kind="error",
    cause="pytorch#52016",
    advice="call it only if the list of inputs is not empty",
    rarely="an empty list of inputs",
)
@pytest.mark.changed(
    "2.13",
    "raises RuntimeError instead of ValueError",
    kind="exception",
    cause="pytorch#178140",
    advice="catch ValueError and RuntimeError",
    when=":caught",
    rarely="an empty list of inputs",
)
def test_grad_without_inputs_raises(snapshot):
    """``torch.autograd.grad`` raises on an empty list of inputs.

    This reveals a filter that found no parameter. Before 1.10 an empty tuple was returned.
    """
    assert snapshot == observe(
        lambda: torch.autograd.grad(torch.ones(1, requires_grad=True).sum(), [])
    )


@pytest.mark.api("torch.autograd.grad", page="generated/torch.autograd.grad")
def test_grad_of_a_frozen_input_raises(snapshot):
    """``torch.autograd.grad`` raises for an input that requires no grad.

    ``allow_unused=True`` does not change that.
    """
    loss = torch.ones(1, requires_grad=True).sum()
    assert snapshot == observe(lambda: torch.autograd.grad(loss, torch.ones(1), allow_unused=True))


@pytest.mark.api("torch.autograd.grad", page="generated/torch.autograd.grad")
@pytest.mark.changed(
    "1.11",
    "grad takes is_grads_batched, but raises unless grad_outputs is a tuple",
    kind="appeared",
    cause="pytorch#65564",
    advice="pass grad_outputs as a tuple",
)
@pytest.mark.changed(
    "1.12", "grad_outputs may be a tensor", kind="error-gone", cause="pytorch#75779"
)
def test_grad_takes_a_batch_of_weights_for_the_outputs(snapshot):
    """With ``is_grads_batched=True``, the identity as ``grad_outputs`` gives the whole Jacobian.

    The Jacobian of 2 w has 2 on its diagonal.
    """

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
    when="only_inputs@5=False",
)
def test_only_inputs_is_deprecated(snapshot):
    """``only_inputs=False`` only warns, and has no effect.

    For the gradients of leaves that are not listed, call ``backward``.
    """

    def act():
        w = torch.ones(1, requires_grad=True)
        return torch.autograd.grad(w.sum(), w, only_inputs=False)

    assert snapshot == observe(act)


@pytest.mark.api("torch.autograd.backward", page="generated/torch.autograd.backward")
def test_backward_of_several_losses_adds_their_gradients(snapshot):
    """``autograd.backward([a, b])`` adds the gradients of both losses.

    It runs once through what they share: for a = w * w and b = 2 a the gradient is 6 w.
    """

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
    advice="name the argument grad_tensors",
    when="grad_variables@4",
)
def test_grad_variables_is_deprecated(snapshot):
    """``grad_variables``, the old name of ``grad_tensors``, still works, and warns.

    The argument has had its new name since before 1.0.
    """

    def act():
        w = torch.ones(1, requires_grad=True)
        torch.autograd.backward([w * 2], grad_variables=[torch.ones(1)])
        return w.grad

    assert snapshot == observe(act)


@pytest.mark.api("torch.Tensor.backward", page="generated/torch.Tensor.backward")
@pytest.mark.changed(
    "1.5",
    "raises: complex numbers are not supported",
    kind="error",
    cause="pytorch#35579",
    when="-gradient@0",
    rarely="a complex loss",
)
@pytest.mark.changed(
    "1.6",
    "raises with another message, from autograd",
    kind="wording",
    cause="pytorch#36932",
    probable=True,
)
@pytest.mark.changed(
    "1.7",
    "backward from a complex loss no longer raises",
    kind="error-gone",
    cause="pytorch#43208",
    probable=True,
    advice="call loss.real.backward() or loss.abs().backward()",
)
@pytest.mark.changed(
    "2.1",
    "raises: a gradient can be created implicitly only for real outputs",
    kind="error",
    cause="pytorch#92753",
    advice="call loss.real.backward() or loss.abs().backward()",
    restored_by="training_step.backward_from_the_real_part_of_a_complex_loss_runs",
    when="-gradient@0",
    rarely="a complex loss",
)
def test_backward_from_a_complex_loss_raises(snapshot):
    """Since 2.1 ``backward()`` from a complex loss raises.

    Take ``abs()`` or ``real`` of the loss first. From 1.7 to 2.0 the call ran without an error.
    """
    assert snapshot == observe(lambda: (torch.ones(1, requires_grad=True) * 1j).sum().backward())


@pytest.mark.api("torch.Tensor.backward", page="generated/torch.Tensor.backward")
@pytest.mark.changed(
    "1.5",
    "real is an attribute instead of a method, but complex numbers are not supported",
    kind="exception",
    cause="pytorch#35579",
    when=":caught",
    rarely="the real part of a complex loss",
)
@pytest.mark.changed(
    "1.6",
    "raises with another message, from autograd",
    kind="wording",
    cause="pytorch#36932",
    probable=True,
)
@pytest.mark.changed(
    "1.7",
    "runs",
    kind="error-gone",
    cause="pytorch#43208",
    probable=True,
)
def test_backward_from_the_real_part_of_a_complex_loss_runs(snapshot):
    """``loss.real.backward()`` runs for a complex loss, where ``loss.backward()`` raises."""
    assert snapshot == observe(
        lambda: (torch.ones(1, requires_grad=True) * 1j).sum().real.backward()
    )


@pytest.mark.api("torch.Tensor.backward", page="generated/torch.Tensor.backward")
@pytest.mark.changed(
    "1.5",
    "the message asks scalar_type() for the type",
    kind="wording",
)
@pytest.mark.changed(
    "1.6",
    "integers are converted",
    kind="error-gone",
    cause="pytorch#36932",
    probable=True,
)
def test_backward_converts_a_gradient_argument_of_integers(snapshot):
    """``backward`` converts a gradient argument of integers to floats.

    ``(w * 2).backward(torch.tensor([3]))`` raised before 1.6.
    """

    def act():
        w = torch.ones(1, requires_grad=True)
        (w * 2).backward(torch.tensor([3]))
        return w.grad

    assert snapshot == observe(act)
