"""What forward, backward and step each do to the parameters and their gradients.

A parameter's ``.grad`` is None until the first backward. ``backward()`` fills ``.grad`` and moves
no parameter; ``step()`` moves the parameters and leaves ``.grad`` as it is. Backward starts from a
tensor of one element, and raises on several elements without a gradient argument. It frees the
tensors that the forward pass saved. A second backward that needs them raises, unless the first one
had ``retain_graph=True``.
"""

import pytest
import torch

from fixtures.models import linear
from torch_history.observing import observe


def layer_and_optimizer():
    model = linear([[1.0, 2.0]], [0.5])
    return model, torch.optim.SGD(model.parameters(), lr=0.1)


@pytest.mark.api("torch.Tensor.grad", page="generated/torch.Tensor.grad", article="A")
def test_gradient_is_none_before_the_first_backward(snapshot):
    """A parameter's gradient is None until the first backward.

    Neither building a module nor a forward pass sets it.
    """
    model, _ = layer_and_optimizer()
    model(torch.tensor([[1.0, 3.0]]))
    assert snapshot == observe(lambda: {"weight": model.weight.grad, "bias": model.bias.grad})


@pytest.mark.api("torch.Tensor.backward", page="generated/torch.Tensor.backward", article="A")
def test_backward_fills_gradients_and_moves_no_parameter(snapshot):
    """``backward()`` gives each parameter a gradient and does not change the parameter's value.

    The gradient has the parameter's shape and dtype.
    """
    model, _ = layer_and_optimizer()
    model(torch.tensor([[1.0, 3.0]])).sum().backward()
    assert (
        model.weight.grad.shape == model.weight.shape
        and model.weight.grad.dtype == model.weight.dtype
    )
    assert snapshot == observe(
        lambda: {
            "weight": model.weight,
            "weight.grad": model.weight.grad,
            "bias.grad": model.bias.grad,
        }
    )


@pytest.mark.api(
    "torch.optim.Optimizer.step", page="generated/torch.optim.Optimizer.step", article="A"
)
def test_step_keeps_gradients(snapshot):
    """``step()`` moves the parameters and does not change ``.grad``.

    Article A says that it "updates and clears": clearing needs ``zero_grad``.
    """
    model, optimizer = layer_and_optimizer()
    model(torch.tensor([[1.0, 3.0]])).sum().backward()
    optimizer.step()
    assert snapshot == observe(lambda: {"weight": model.weight, "weight.grad": model.weight.grad})


@pytest.mark.api("torch.Tensor.backward", page="generated/torch.Tensor.backward")
@pytest.mark.changed(
    "1.6",
    "the message says results instead of buffers",
    kind="wording",
    cause="pytorch#38625",
    probable=True,
)
@pytest.mark.changed(
    "1.8",
    "the message names .backward() and autograd.grad()",
    kind="wording",
    cause="pytorch#47084",
)
@pytest.mark.changed(
    "1.9",
    "the message says that saved variables are freed too",
    kind="wording",
    cause="pytorch#56499",
    probable=True,
)
@pytest.mark.changed(
    "1.10",
    "the message calls them saved tensors",
    kind="wording",
)
def test_second_backward_through_a_freed_graph_raises(snapshot):
    """A second backward through the same graph raises: the first one freed the saved tensors."""
    loss = torch.tensor([1.0, 2.0], requires_grad=True).exp().sum()
    loss.backward()
    assert snapshot == observe(lambda: loss.backward())


@pytest.mark.api("torch.Tensor.backward", page="generated/torch.Tensor.backward")
def test_second_backward_with_retained_graph_accumulates(snapshot):
    """After ``backward(retain_graph=True)`` a second backward runs, and adds its gradient."""
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    loss = (x * x).sum()

    def act():
        loss.backward(retain_graph=True)
        loss.backward()
        return x.grad

    assert snapshot == observe(act)


@pytest.mark.api("torch.Tensor.backward", page="generated/torch.Tensor.backward", article="D")
def test_backward_on_a_non_scalar_raises(snapshot):
    """``backward()`` without a gradient argument raises on a tensor with several elements."""
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    assert snapshot == observe(lambda: (x * x).backward())


@pytest.mark.api("torch.Tensor.backward", page="generated/torch.Tensor.backward", article="D")
def test_backward_on_one_element_of_shape_one_runs(snapshot):
    """``backward()`` runs on a loss of shape [1]: one element counts as a scalar."""
    x = torch.tensor([3.0], requires_grad=True)

    def act():
        (x * x).backward()
        return x.grad

    assert snapshot == observe(act)
