"""Gradients: their shape and dtype, which parameters get one, and what ``.grad`` accepts.

A gradient has the shape, dtype and device of its parameter, even if the parameter is broadcast or
the loss has another dtype. A parameter that the loss does not use keeps None, while one that is
multiplied by zero gets zeros. Assigning a number, or a tensor of another shape or dtype, to
``.grad`` raises. ``torch.autograd.grad`` returns the gradients and leaves ``.grad`` alone. Since
1.8, ``backward(inputs=...)`` fills only the gradients of the tensors that it is given.
"""

import pytest
import torch

from fixtures.models import linear
from torch_history.observing import observe


@pytest.mark.api(
    "torch.Tensor.grad", "torch.Tensor.backward", page="generated/torch.Tensor.grad", article="A"
)
def test_every_gradient_has_the_shape_dtype_and_device_of_its_parameter(snapshot):
    """Every gradient has the shape, dtype and device of its parameter, whatever the layer is.

    The layers are linear, convolution, embedding, layer norm, batch norm and RNN.
    """
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
    """A gradient has the dtype of its parameter, even if the loss has another.

    A float32 parameter that is used in float64 gets a float32 gradient.
    """
    model = linear([[1.0, 2.0]])
    loss = (model.weight.double() * torch.tensor([[3.0, 4.0]], dtype=torch.float64)).sum()
    loss.backward()
    assert snapshot == observe(lambda: {"loss": loss.dtype, "gradient": model.weight.grad})


@pytest.mark.api("torch.Tensor.backward", page="notes/broadcasting", article="A")
def test_gradient_of_a_broadcast_parameter_is_summed_to_its_shape(snapshot):
    """The gradient of a broadcast parameter is summed to the parameter's shape.

    A bias of one element, added to three samples, gets the sum of their three gradients.
    """
    bias = torch.nn.Parameter(torch.tensor([0.5]))
    output = torch.tensor([[1.0], [2.0], [3.0]]) + bias
    output.backward(torch.tensor([[1.0], [10.0], [100.0]]))
    assert snapshot == observe(lambda: bias.grad)


@pytest.mark.api("torch.Tensor.grad", page="generated/torch.Tensor.grad", article="A")
def test_parameter_that_the_loss_does_not_use_keeps_none(snapshot):
    """A parameter that the loss does not use keeps ``.grad`` None after backward."""
    model = torch.nn.Sequential(linear([[1.0]]), linear([[2.0]]))
    model[0](torch.tensor([[3.0]])).sum().backward()
    assert snapshot == observe(
        lambda: {"used": model[0].weight.grad, "unused": model[1].weight.grad}
    )


@pytest.mark.api("torch.Tensor.grad", page="generated/torch.Tensor.grad")
def test_parameter_that_is_used_times_zero_gets_zeros(snapshot):
    """A parameter that is multiplied by zero gets a gradient of zeros, not None.

    Trap: an optimizer applies weight decay to it, while it would skip None.
    """
    model = linear([[1.0, 2.0]])
    (0.0 * model(torch.tensor([[3.0, 4.0]]))).sum().backward()
    assert snapshot == observe(lambda: model.weight.grad)


@pytest.mark.api("torch.Tensor.backward", page="generated/torch.Tensor.backward")
def test_gradient_has_no_graph_of_its_own(snapshot):
    """After a plain ``backward()`` the gradient has no graph, and cannot be differentiated."""
    x = torch.tensor([3.0], requires_grad=True)
    (x * x).backward()
    assert snapshot == observe(lambda: {"gradient": x.grad, "grad_fn": x.grad.grad_fn})


@pytest.mark.api(
    "torch.Tensor.backward", "torch.autograd.backward", page="generated/torch.Tensor.backward"
)
@pytest.mark.changed(
    "1.10",
    "warns that x and its gradient reference each other in a cycle",
    kind="warning",
    cause="pytorch#59412",
    advice="call torch.autograd.grad, or set .grad to None afterwards",
    when=("create_graph=True", "@0=None and @2=True"),
)
def test_gradient_made_with_create_graph_can_be_differentiated(snapshot):
    """``backward(create_graph=True)`` gives a gradient that can be differentiated.

    It warns since 1.10 of the reference cycle between x and its gradient.
    """
    x = torch.tensor([3.0], requires_grad=True)

    def act():
        (x * x * x).backward(create_graph=True)
        gradient, x.grad = x.grad, None
        return {"gradient": gradient, "second derivative": torch.autograd.grad(gradient, x)[0]}

    assert snapshot == observe(act)


@pytest.mark.api("torch.autograd.grad", page="generated/torch.autograd.grad")
def test_autograd_grad_returns_gradients_and_leaves_grad_alone(snapshot):
    """``torch.autograd.grad`` returns the gradients and leaves ``.grad`` None.

    An optimizer step after it therefore moves nothing.
    """
    model = linear([[1.0, 2.0]])

    def act():
        returned = torch.autograd.grad(model(torch.tensor([[3.0, 4.0]])).sum(), model.weight)
        return {"returned": returned, "weight.grad": model.weight.grad}

    assert snapshot == observe(act)


@pytest.mark.api("torch.Tensor.backward", page="generated/torch.Tensor.backward")
@pytest.mark.changed("1.8", "backward takes inputs", kind="appeared", cause="pytorch#46855")
def test_backward_with_inputs_fills_their_gradients_alone(snapshot):
    """``backward(inputs=[bias])`` fills only the gradient of the bias; other leaves get none."""
    model = linear([[1.0, 2.0]], [0.5])

    def act():
        model(torch.tensor([[3.0, 4.0]])).sum().backward(inputs=[model.bias])
        return {"weight": model.weight.grad, "bias": model.bias.grad}

    assert snapshot == observe(act)


@pytest.mark.api("torch.Tensor.grad", page="generated/torch.Tensor.grad")
@pytest.mark.changed(
    "2.1",
    "the message names both sizes",
    kind="wording",
    cause="pytorch#100683",
)
def test_assigning_a_gradient_of_another_shape_raises(snapshot):
    """Assigning a tensor of another shape to ``.grad`` raises: it is not broadcast."""
    weight = linear([[1.0, 2.0]]).weight

    def act():
        weight.grad = torch.tensor([1.0, 2.0])

    assert snapshot == observe(act)


@pytest.mark.api("torch.Tensor.grad", page="generated/torch.Tensor.grad")
@pytest.mark.changed(
    "2.1",
    "the message names both dtypes",
    kind="wording",
    cause="pytorch#100683",
)
@pytest.mark.changed(
    "2.10",
    "the message names grad_dtype, which lets a gradient have another dtype",
    kind="wording",
    cause="pytorch#162815",
)
def test_assigning_a_gradient_of_another_dtype_raises(snapshot):
    """Assigning a tensor of another dtype to ``.grad`` raises: it is not converted."""
    weight = linear([[1.0, 2.0]]).weight

    def act():
        weight.grad = torch.tensor([[1.0, 2.0]], dtype=torch.float64)

    assert snapshot == observe(act)


@pytest.mark.api("torch.Tensor.grad", page="generated/torch.Tensor.grad")
@pytest.mark.changed(
    "1.10",
    "raises TypeError instead of RuntimeError",
    kind="exception",
    cause="pytorch#64876",
    advice="catch TypeError and RuntimeError",
    when=":caught",
    rarely="a number that is assigned",
)
@pytest.mark.changed(
    "2.1",
    "the message has a space before the type",
    kind="wording",
    cause="pytorch#100683",
    probable=True,
)
def test_assigning_a_number_as_gradient_raises(snapshot):
    """Assigning a number to ``.grad`` raises: it accepts a tensor or None.

    Trap: ``.grad = 0.0`` does not clear a gradient.
    """
    weight = linear([[1.0, 2.0]]).weight

    def act():
        weight.grad = 0.0

    assert snapshot == observe(act)
