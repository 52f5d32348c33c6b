"""Gradients: their shape and dtype, which parameters get one, and what may be assigned to ``.grad``."""

import pytest
import torch

from fixtures.models import linear
from torch_history.observing import observe


@pytest.mark.api(
    "torch.Tensor.grad", "torch.Tensor.backward", page="generated/torch.Tensor.grad", article="A"
)
def test_every_gradient_has_the_shape_dtype_and_device_of_its_parameter(snapshot):
    """Whatever the layer: weight of a convolution, row of an embedding, bias of a recurrent net."""
    torch.manual_seed(0)
    x = torch.ones(2, 3, 4)
    layers = {
        "linear": (torch.nn.Linear(4, 2), x),
        "conv1d": (torch.nn.Conv1d(3, 5, kernel_size=2), x),
        "embedding": (torch.nn.Embedding(7, 2), torch.tensor([1, 6])),
        "layer norm": (torch.nn.LayerNorm([3, 4]), x),
        "batch norm": (torch.nn.BatchNorm1d(3), x),
        "rnn": (torch.nn.RNN(4, 6), x),
    }
    shapes = {}
    for kind, (layer, inputs) in layers.items():
        output = layer(inputs)
        (output[0] if isinstance(output, tuple) else output).sum().backward()
        for name, parameter in layer.named_parameters():
            gradient = parameter.grad
            assert (gradient.shape, gradient.dtype, gradient.device) == (
                parameter.shape,
                parameter.dtype,
                parameter.device,
            )
            shapes[f"{kind} {name}"] = gradient.shape
    assert snapshot == observe(lambda: shapes)


@pytest.mark.api("torch.Tensor.grad", page="generated/torch.Tensor.grad")
def test_gradient_has_the_parameters_dtype_when_the_loss_has_another(snapshot):
    """A float32 parameter that is computed with in float64 gets its gradient in float32."""
    model = linear([[1.0, 2.0]])
    loss = (model.weight.double() * torch.tensor([[3.0, 4.0]], dtype=torch.float64)).sum()
    loss.backward()
    assert snapshot == observe(lambda: {"loss": loss.dtype, "gradient": model.weight.grad})


@pytest.mark.api("torch.Tensor.backward", page="notes/broadcasting", article="A")
def test_gradient_of_a_broadcast_parameter_is_summed_to_its_shape(snapshot):
    """A bias of one element is added to three samples: its gradient is the sum of theirs, in its own shape."""
    bias = torch.nn.Parameter(torch.tensor([0.5]))
    output = torch.tensor([[1.0], [2.0], [3.0]]) + bias
    output.backward(torch.tensor([[1.0], [10.0], [100.0]]))
    assert snapshot == observe(lambda: bias.grad)


@pytest.mark.api("torch.Tensor.grad", page="generated/torch.Tensor.grad", article="A")
def test_parameter_that_the_loss_does_not_use_keeps_none(snapshot):
    """Backward reaches what the loss was computed from; another layer of the model has ``.grad`` None as before."""
    model = torch.nn.Sequential(linear([[1.0]]), linear([[2.0]]))
    model[0](torch.tensor([[3.0]])).sum().backward()
    assert snapshot == observe(
        lambda: {"used": model[0].weight.grad, "unused": model[1].weight.grad}
    )


@pytest.mark.api("torch.Tensor.grad", page="generated/torch.Tensor.grad")
def test_parameter_that_is_used_times_zero_gets_zeros(snapshot):
    """A parameter that is used without effect has a gradient of zeros: an optimizer decays it, and would skip a None."""
    model = linear([[1.0, 2.0]])
    (0.0 * model(torch.tensor([[3.0, 4.0]]))).sum().backward()
    assert snapshot == observe(lambda: model.weight.grad)


@pytest.mark.api("torch.Tensor.backward", page="generated/torch.Tensor.backward")
def test_gradient_has_no_graph_of_its_own(snapshot):
    """After a plain ``backward()`` the gradient requires no grad: it cannot be differentiated again."""
    x = torch.tensor([3.0], requires_grad=True)
    (x * x).backward()
    assert snapshot == observe(lambda: {"gradient": x.grad, "grad_fn": x.grad.grad_fn})


@pytest.mark.api("torch.Tensor.backward", page="generated/torch.Tensor.backward")
@pytest.mark.changed(
    "1.10",
    "warns that x and its gradient hold each other in a cycle",
    kind="warning",
    cause="pytorch#59412",
    advice="use torch.autograd.grad, or set .grad to None afterwards",
)
def test_gradient_made_with_create_graph_can_be_differentiated(snapshot):
    """``backward(create_graph=True)`` gives a gradient with a graph, and warns of the cycle between x and its gradient."""
    x = torch.tensor([3.0], requires_grad=True)

    def act():
        (x * x * x).backward(create_graph=True)
        gradient, x.grad = x.grad, None
        return {"gradient": gradient, "second derivative": torch.autograd.grad(gradient, x)[0]}

    assert snapshot == observe(act)


@pytest.mark.api("torch.autograd.grad", page="generated/torch.autograd.grad")
def test_autograd_grad_returns_gradients_and_leaves_grad_alone(snapshot):
    """``torch.autograd.grad`` gives the gradients to the caller; ``.grad`` stays None, and step moves nothing."""
    model = linear([[1.0, 2.0]])

    def act():
        returned = torch.autograd.grad(model(torch.tensor([[3.0, 4.0]])).sum(), model.weight)
        return {"returned": returned, "weight.grad": model.weight.grad}

    assert snapshot == observe(act)


@pytest.mark.api("torch.Tensor.backward", page="generated/torch.Tensor.backward")
@pytest.mark.changed("1.8", "backward takes inputs", kind="api-appeared", cause="pytorch#46855")
def test_backward_with_inputs_fills_their_gradients_alone(snapshot):
    """``backward(inputs=[bias])`` leaves every other leaf without gradient."""
    model = linear([[1.0, 2.0]], [0.5])

    def act():
        model(torch.tensor([[3.0, 4.0]])).sum().backward(inputs=[model.bias])
        return {"weight": model.weight.grad, "bias": model.bias.grad}

    assert snapshot == observe(act)


@pytest.mark.api("torch.Tensor.grad", page="generated/torch.Tensor.grad")
@pytest.mark.changed("2.1", "the message names both sizes", kind="wording", cause="pytorch#100683")
def test_assigning_a_gradient_of_another_shape_raises(snapshot):
    """``.grad`` takes a tensor of its tensor's shape alone: no broadcasting."""
    weight = linear([[1.0, 2.0]]).weight

    def act():
        weight.grad = torch.tensor([1.0, 2.0])

    assert snapshot == observe(act)


@pytest.mark.api("torch.Tensor.grad", page="generated/torch.Tensor.grad")
@pytest.mark.changed("2.1", "the message names both dtypes", kind="wording", cause="pytorch#100683")
@pytest.mark.changed(
    "2.10",
    "the message tells of grad_dtype, which lets a gradient have another dtype",
    kind="wording",
    cause="pytorch#162815",
)
def test_assigning_a_gradient_of_another_dtype_raises(snapshot):
    """``.grad`` takes a tensor of its tensor's dtype alone."""
    weight = linear([[1.0, 2.0]]).weight

    def act():
        weight.grad = torch.tensor([[1.0, 2.0]], dtype=torch.float64)

    assert snapshot == observe(act)


@pytest.mark.api("torch.Tensor.grad", page="generated/torch.Tensor.grad")
@pytest.mark.changed(
    "1.10", "raises TypeError instead of RuntimeError", kind="exception", advice="catch both"
)
@pytest.mark.changed(
    "2.1",
    "the message has a space before the type",
    kind="wording",
    cause="pytorch#100683",
    probable=True,
)
def test_assigning_a_number_as_gradient_raises(snapshot):
    """``.grad = 0.0`` is no way to clear a gradient: it takes a tensor or None."""
    weight = linear([[1.0, 2.0]]).weight

    def act():
        weight.grad = 0.0

    assert snapshot == observe(act)
