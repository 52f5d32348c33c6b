"""``requires_grad``, the flag that freezes: where it may be set, what it reaches, when it acts.

The flag belongs to a whole leaf. It cannot be set to False on a computed tensor, such as a row of a
parameter. Only tensors of floats or complex numbers can require grad.
``torch.nn.Module.requires_grad_`` sets it on all parameters of a module and its submodules, and not
on buffers. Trap: assigning ``model.requires_grad = False`` freezes nothing, and nothing warns.
Freezing stops new gradients, and keeps one that is already in ``.grad``.
"""

import pytest
import torch

from fixtures.models import linear
from torch_history.observing import observe


def loss(model):
    return model(torch.tensor([[1.0, 3.0]])).sum()


@pytest.mark.parametrize(
    "freeze",
    [
        pytest.param(lambda tensor: setattr(tensor, "requires_grad", False), id="assignment"),
        pytest.param(lambda tensor: tensor.requires_grad_(False), id="method"),
    ],
)
@pytest.mark.api(
    "torch.Tensor.requires_grad",
    "torch.Tensor.requires_grad_",
    page="generated/torch.Tensor.requires_grad_",
)
def test_freezing_a_computed_tensor_raises(freeze, snapshot):
    """``requires_grad = False`` raises on a computed tensor, a non-leaf. Use ``detach()``."""
    y = torch.tensor([1.0, 2.0], requires_grad=True) * 3.0
    assert not y.detach().requires_grad
    assert snapshot == observe(lambda: freeze(y))


@pytest.mark.api("torch.Tensor.requires_grad_", page="generated/torch.Tensor.requires_grad_")
def test_requires_grad_true_on_a_computed_tensor_changes_nothing(snapshot):
    """``y.requires_grad_()`` changes nothing on a computed tensor that requires grad.

    The call is allowed, and leaves y in its graph.
    """
    y = torch.tensor([1.0, 2.0], requires_grad=True) * 3.0
    graph = y.grad_fn

    def act():
        y.requires_grad_()
        return {
            "requires_grad": y.requires_grad,
            "is_leaf": y.is_leaf,
            "same grad_fn": y.grad_fn is graph,
        }

    assert snapshot == observe(act)


@pytest.mark.api("torch.Tensor.requires_grad_", page="generated/torch.Tensor.requires_grad_")
def test_requires_grad_in_place_returns_the_tensor_itself(snapshot):
    """``x.requires_grad_()`` sets ``requires_grad``, to True by default, and returns x."""
    x = torch.tensor([1.0, 2.0])
    assert snapshot == observe(lambda: {"returns itself": x.requires_grad_() is x, "x": x})


@pytest.mark.api("torch.Tensor.requires_grad_", page="generated/torch.Tensor.requires_grad_")
@pytest.mark.parametrize(
    "dtype", [pytest.param(torch.int64, id="int64"), pytest.param(torch.bool, id="bool")]
)
def test_tensor_of_integers_cannot_require_grad(dtype, snapshot):
    """A tensor of integers or booleans cannot require grad: only float and complex tensors can."""
    x = torch.ones(2, dtype=dtype)
    assert not x.requires_grad_(False).requires_grad
    assert snapshot == observe(lambda: x.requires_grad_())


@pytest.mark.api("torch.Tensor.requires_grad", page="notes/autograd")
def test_part_of_a_parameter_cannot_be_frozen(snapshot):
    """``weight[0].requires_grad = False`` raises: part of a parameter cannot be frozen.

    A row is computed from the weight, and the flag belongs to a whole tensor.
    """
    layer = linear([[1.0, 2.0], [3.0, 4.0]])
    assert snapshot == observe(lambda: setattr(layer.weight[0], "requires_grad", False))


def masked_step(**settings):
    """One SGD step with a hook that makes the gradient of the weight's first row zero."""
    layer = linear([[1.0, 2.0], [3.0, 4.0]])
    layer.weight.register_hook(lambda gradient: gradient * torch.tensor([[0.0], [1.0]]))
    loss(layer).backward()
    torch.optim.SGD(layer.parameters(), lr=0.5, **settings).step()
    return layer.weight.detach()


@pytest.mark.api(
    "torch.Tensor.register_hook", "torch.optim.SGD", page="generated/torch.Tensor.register_hook"
)
def test_gradient_hook_holds_one_row_of_a_weight(snapshot):
    """A hook that zeroes a row's gradient freezes that row under plain SGD; the other row moves."""
    weight = masked_step()
    assert torch.equal(weight[0], torch.tensor([1.0, 2.0]))
    assert snapshot == observe(lambda: weight)


@pytest.mark.api(
    "torch.Tensor.register_hook", "torch.optim.SGD", page="generated/torch.Tensor.register_hook"
)
def test_gradient_hook_does_not_hold_a_row_under_weight_decay(snapshot):
    """Weight decay shrinks a row even if a hook zeroes its gradient.

    A zero gradient does not freeze it.
    """
    assert snapshot == observe(lambda: masked_step(weight_decay=0.5))


@pytest.mark.api("torch.nn.Module.requires_grad_", page="generated/torch.nn.Module", article="B")
def test_module_requires_grad_reaches_every_parameter(snapshot):
    """``model.requires_grad_(False)`` freezes the parameters of all submodules.

    It returns the model.
    """
    model = torch.nn.Sequential(linear([[1.0, 2.0]], [0.5]), torch.nn.Sequential(linear([[3.0]])))
    assert snapshot == observe(
        lambda: {
            "returns itself": model.requires_grad_(False) is model,
            "frozen": {
                name: parameter.requires_grad for name, parameter in model.named_parameters()
            },
            "thawed": {
                name: parameter.requires_grad
                for name, parameter in model.requires_grad_().named_parameters()
            },
        }
    )


@pytest.mark.api("torch.nn.Module.requires_grad_", page="generated/torch.nn.Module")
def test_module_requires_grad_leaves_buffers(snapshot):
    """``model.requires_grad_(True)`` affects only parameters, not running statistics."""
    layer = torch.nn.BatchNorm1d(1).requires_grad_(True)
    assert snapshot == observe(
        lambda: {name: buffer.requires_grad for name, buffer in layer.named_buffers()}
    )


@pytest.mark.api(
    "torch.nn.Module", "torch.nn.Module.requires_grad_", page="generated/torch.nn.Module"
)
def test_assigning_requires_grad_to_a_module_freezes_nothing(snapshot):
    """``model.requires_grad = False`` freezes nothing: it sets an attribute that torch never reads.

    There is no warning. Call ``requires_grad_(False)``.
    """
    layer = linear([[1.0, 2.0]])

    def act():
        layer.requires_grad = False
        loss(layer).backward()
        return {"weight requires grad": layer.weight.requires_grad, "gradient": layer.weight.grad}

    assert snapshot == observe(act)


@pytest.mark.api("torch.Tensor.requires_grad_", page="generated/torch.Tensor.requires_grad_")
def test_freezing_keeps_the_gradient_that_is_there(snapshot):
    """Freezing stops new gradients but keeps the last one, which the optimizer still reads."""
    layer = linear([[1.0, 2.0]])
    loss(layer).backward()

    def act():
        layer.weight.requires_grad_(False)
        return layer.weight.grad

    assert snapshot == observe(act)


@pytest.mark.api("torch.Tensor.requires_grad_", page="notes/autograd")
def test_weight_frozen_between_forward_and_backward_gets_no_gradient(snapshot):
    """A weight that is frozen between forward and backward gets no gradient; the bias gets its own.

    Backward reads ``requires_grad`` again.
    """
    layer = linear([[1.0, 2.0]], [0.5])
    output = loss(layer)
    layer.weight.requires_grad_(False)

    def act():
        output.backward()
        return {"weight": layer.weight.grad, "bias": layer.bias.grad}

    assert snapshot == observe(act)


@pytest.mark.api("torch.Tensor.requires_grad_", page="notes/autograd")
def test_weight_thawed_between_forward_and_backward_gets_no_gradient(snapshot):
    """A weight unfrozen between forward and backward gets no gradient until the next forward.

    The graph records only what required grad in the forward.
    """
    layer = linear([[1.0, 2.0]], [0.5])
    layer.weight.requires_grad_(False)
    output = loss(layer)
    layer.weight.requires_grad_(True)

    def act():
        output.backward()
        first = layer.weight.grad
        loss(layer).backward()
        return {"first": first, "after another forward": layer.weight.grad}

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Module.requires_grad_", "torch.Tensor.backward", page="notes/autograd")
def test_backward_through_a_frozen_model_raises(snapshot):
    """With every parameter frozen the loss has no graph, and backward raises."""
    model = linear([[1.0, 2.0]], [0.5]).requires_grad_(False)
    output = loss(model)
    assert output.grad_fn is None and not output.requires_grad
    assert snapshot == observe(lambda: output.backward())


@pytest.mark.api("torch.nn.Module.requires_grad_", page="notes/autograd")
def test_gradient_reaches_the_input_of_a_frozen_model(snapshot):
    """A frozen model still passes the gradient on to an input that requires grad.

    For a linear model the gradient of the input is the model's weight. The weight itself gets none.
    """
    model = linear([[1.0, 2.0]], [0.5]).requires_grad_(False)
    x = torch.tensor([[1.0, 3.0]], requires_grad=True)

    def act():
        model(x).sum().backward()
        return {"input": x.grad, "weight": model.weight.grad}

    assert snapshot == observe(act)
