"""Forward, backward and step in an unusual order or number.

A step before the first backward moves nothing, because no parameter has a gradient. A second step
without ``zero_grad`` applies the sum of both gradients. Since 1.5, a step between forward and
backward makes backward raise if backward needs a weight that the step changed. Two losses on one
trunk are added before backward: a backward of the first loss frees what the second one needs.
``backward(v)`` weighs the elements of a tensor that is not a scalar.
"""

import pytest
import torch

from fixtures.models import linear
from torch_history.observing import observe


@pytest.mark.api(
    "torch.optim.Optimizer.step", page="generated/torch.optim.Optimizer.step", article="A"
)
def test_step_before_the_first_backward_moves_nothing(snapshot):
    """A step before the first backward moves nothing, because no parameter has a gradient.

    Neither Adam's moments nor weight decay move a parameter then.
    """
    model = linear([[1.0, 2.0]], [0.5])
    optimizer = torch.optim.Adam(model.parameters(), lr=0.1, weight_decay=0.1)
    model(torch.tensor([[1.0, 3.0]]))

    def act():
        optimizer.step()
        return {"weight": model.weight, "bias": model.bias, "state": len(optimizer.state)}

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.optim.Optimizer.step", page="generated/torch.optim.Optimizer.step", article="A"
)
def test_two_steps_without_zero_grad_apply_the_sum_of_the_gradients(snapshot):
    """A second step without ``zero_grad`` applies the sum of both gradients.

    Trap: in a training loop that forgets ``zero_grad``, the weight becomes 1 - 0.1 * (2 + 2 + 3).
    """
    model = linear([[1.0]])
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for sample in (2.0, 3.0):
        model(torch.tensor([[sample]])).sum().backward()
        optimizer.step()
    assert snapshot == observe(lambda: {"weight": model.weight, "weight.grad": model.weight.grad})


@pytest.mark.api("torch.optim.Optimizer.step", page="generated/torch.optim.Optimizer.step")
@pytest.mark.changed(
    "1.5",
    "raises, where it silently used the weight after the step before",
    kind="error",
    cause="pytorch#33640",
    probable=True,
    advice="call step after backward",
    rarely="a backward whose forward ran before the step",
)
@pytest.mark.changed(
    "1.10",
    "the message calls the node AsStridedBackward0",
    kind="wording",
    cause="pytorch#59837",
    probable=True,
)
@pytest.mark.changed(
    "2.11",
    "the message's hint passes check_nan=False",
    kind="wording",
)
@pytest.mark.changed(
    "2.13",
    "the message calls the node AsStrided",
    kind="wording",
    cause="pytorch#180383",
)
def test_step_between_forward_and_backward_makes_backward_raise(snapshot):
    """A step between forward and backward makes backward raise.

    Backward needs the weight of the forward pass, and the step has changed it. Before 1.5
    optimizers wrote through ``.data``, which autograd does not see. The gradient was then that of
    the new weight: 3 * 4.9 instead of 3 * 5.
    """
    model = torch.nn.Sequential(linear([[2.0]]), linear([[5.0]]))
    optimizer = torch.optim.SGD(model[1].parameters(), lr=0.1)
    model[1].weight.grad = torch.tensor([[1.0]])
    loss = model(torch.tensor([[3.0]])).sum()

    def act():
        optimizer.step()
        loss.backward()
        return model[0].weight.grad

    assert snapshot == observe(act)


@pytest.mark.api("torch.Tensor.backward", page="generated/torch.Tensor.backward")
def test_second_backward_runs_where_nothing_was_saved(snapshot):
    """A second backward runs if the first had nothing to free, as through a sum.

    Trap: a loop hides a missing ``retain_graph`` until a layer is added that saves tensors.
    """
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    loss = x.sum()

    def act():
        loss.backward()
        loss.backward()
        return x.grad

    assert snapshot == observe(act)


def two_losses():
    """Two losses on one trunk, exp(x): 2 e and 3 e for x = 1."""
    x = torch.tensor(1.0, requires_grad=True)
    trunk = x.exp()
    return x, trunk * 2.0, trunk * 3.0


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
def test_backward_of_a_second_loss_on_the_same_trunk_raises(snapshot):
    """Backward of a second loss on the same trunk raises.

    The first loss's backward frees the tensors that the trunk saved, and the second loss needs
    them.
    """
    _x, first, second = two_losses()
    first.backward()
    assert snapshot == observe(lambda: second.backward())


@pytest.mark.api("torch.Tensor.backward", page="generated/torch.Tensor.backward")
def test_losses_on_the_same_trunk_are_added_before_backward(snapshot):
    """Two losses on the same trunk can be added: one backward of the sum gives both gradients.

    It goes through the trunk only once. For 2 exp(x) + 3 exp(x) at x = 1 the gradient is 5 e.
    """
    x, first, second = two_losses()

    def act():
        (first + second).backward()
        return x.grad

    assert snapshot == observe(act)


@pytest.mark.api("torch.Tensor.backward", page="generated/torch.Tensor.backward", article="D")
def test_backward_with_a_gradient_argument_weighs_the_elements(snapshot):
    """``y.backward(v)`` equals ``(v * y).sum().backward()``: for y = x * x it gives 2 x v."""
    x = torch.tensor([1.0, 2.0], requires_grad=True)

    def act():
        (x * x).backward(torch.tensor([10.0, 100.0]))
        return x.grad

    assert snapshot == observe(act)


@pytest.mark.api("torch.Tensor.backward", page="generated/torch.Tensor.backward")
def test_backward_with_a_gradient_argument_of_another_shape_raises(snapshot):
    """``backward(v)`` raises if v does not have the output's shape: a scalar is not broadcast."""
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    assert snapshot == observe(lambda: (x * x).backward(torch.tensor(1.0)))
