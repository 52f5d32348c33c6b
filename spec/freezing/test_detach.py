"""``detach``, which returns a new tensor, and ``detach_``, which changes the tensor itself.

``y.detach()`` returns a leaf on the storage of y, and y keeps its graph. A layer that gets the
detached tensor trains, and the layers that made y get no gradient from it. Both tensors share one
version counter: backward raises if a value that it needs was overwritten through the detached
tensor. Trap: a write through ``.data`` makes the gradient wrong, and nothing raises.
``y.detach_()`` cuts off y itself, and raises if y is a view.
"""

import pytest
import torch

from fixtures.figures import unlike_print
from fixtures.models import ThreeLayers, gradients_of, linear, parameters_of
from torch_history.observing import observe


def product():
    """A leaf and a non-leaf made from it: y = 3 x."""
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    return x, x * 3.0


@pytest.mark.api("torch.Tensor.detach", page="generated/torch.Tensor.detach", article="B")
def test_detach_returns_a_new_leaf_on_the_same_storage(snapshot):
    """``y.detach()`` returns another tensor on y's storage: a leaf without grad or ``grad_fn``.

    y keeps its graph.
    """
    _x, y = product()
    detached = y.detach()
    assert detached is not y
    assert snapshot == observe(
        lambda: {
            "value": detached,
            "is_leaf": detached.is_leaf,
            "grad_fn": detached.grad_fn,
            "same storage": detached.data_ptr() == y.data_ptr(),
            "y requires grad": y.requires_grad,
            "y is leaf": y.is_leaf,
        }
    )


@pytest.mark.api("torch.Tensor.detach", page="generated/torch.Tensor.detach", article="B")
def test_detach_shares_the_version_counter(snapshot):
    """A detached tensor and its original share one version counter.

    An in-place write to the detached tensor counts as a write to the original.
    """
    _x, y = product()
    detached = y.detach()
    detached.add_(1.0)
    assert snapshot == observe(lambda: {"y": y._version, "detached": detached._version})


@pytest.mark.api("torch.Tensor.detach", page="generated/torch.Tensor.detach", article="B")
@pytest.mark.changed(
    "1.10",
    "the message calls the node ExpBackward0",
    kind="wording",
    cause="pytorch#64261",
    probable=True,
)
@pytest.mark.changed("2.11", "the message's hint passes check_nan=False", kind="wording")
@pytest.mark.changed(
    "2.13", "the message calls the node Exp", kind="wording", cause="pytorch#180383"
)
def test_write_to_a_detached_tensor_makes_backward_raise(snapshot):
    """Backward raises if a value that it saved was changed through a detached tensor."""
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x.exp()
    y.detach().zero_()
    assert snapshot == observe(lambda: y.sum().backward())


@pytest.mark.api("torch.Tensor.data", page="notes/autograd", article="D")
def test_write_through_data_makes_the_gradient_wrong_in_silence(snapshot):
    """Autograd does not notice a write through ``.data``: the gradient of exp(x) comes out as 0.

    Use ``detach()``: backward raises after such a write to a detached tensor.
    """
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x.exp()
    y.data.zero_()

    def act():
        y.sum().backward()
        return x.grad

    assert snapshot == observe(act)


@pytest.mark.api("torch.Tensor.detach", page="generated/torch.Tensor.detach", article="B")
def test_detach_in_forward_trains_only_the_layers_behind_it(snapshot):
    """``linear3(x.detach())`` trains linear3 only; linear1 and linear2 get no gradient.

    Article B prints these numbers.
    """

    def step(model):
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        output = model(torch.tensor([[2.0, 1.0, 3.0]]))
        torch.nn.functional.mse_loss(output, torch.tensor([[1.0]])).backward()
        optimizer.step()
        return parameters_of(model)

    def network():
        return ThreeLayers(cut=True)

    model = network()
    start, after = parameters_of(model), step(model)
    for name in ("linear1.weight", "linear1.bias", "linear2.weight", "linear2.bias"):
        assert torch.equal(after[name], start[name])
    assert not unlike_print(
        step, network, {"linear3.weight": [[-0.1755, 0.6273]], "linear3.bias": [0.6418]}
    )
    assert snapshot == observe(
        lambda: {
            "gradients": gradients_of(model),
            "linear3.weight": after["linear3.weight"],
            "linear3.bias": after["linear3.bias"],
        }
    )


@pytest.mark.api("torch.Tensor.detach", page="generated/torch.Tensor.detach", article="B")
def test_detached_output_trains_the_second_model_alone(snapshot):
    """For y = A(x), ``B(y.detach())`` trains B and not A, while y itself still trains A."""
    first, second = linear([[2.0]]), linear([[5.0]])
    y = first(torch.tensor([[3.0]]))
    second(y.detach()).sum().backward()
    after_z = first.weight.grad
    y.sum().backward()
    assert after_z is None
    assert snapshot == observe(
        lambda: {"A from y": first.weight.grad, "B from z": second.weight.grad}
    )


@pytest.mark.api("torch.Tensor.detach_", page="generated/torch.Tensor.detach_", article="B")
def test_detach_in_place_makes_the_tensor_itself_a_leaf(snapshot):
    """``y.detach_()`` returns y, now a leaf that requires no grad."""
    _x, y = product()
    returned = y.detach_()
    assert snapshot == observe(
        lambda: {
            "returns itself": returned is y,
            "is_leaf": y.is_leaf,
            "grad_fn": y.grad_fn,
            "y": y,
        }
    )


@pytest.mark.api("torch.Tensor.detach_", page="generated/torch.Tensor.detach_", article="B")
def test_after_detach_in_place_the_tensor_no_longer_trains_its_model(snapshot):
    """After ``y.detach_()``, backward from y raises: y is cut off from the model that made it.

    ``detach()`` would have kept the graph of y.
    """
    y = linear([[2.0]])(torch.tensor([[3.0]]))
    y.detach_()
    assert snapshot == observe(lambda: y.sum().backward())


@pytest.mark.api(
    "torch.Tensor.detach", "torch.Tensor.detach_", page="generated/torch.Tensor.detach", article="B"
)
def test_detach_and_detach_in_place_give_the_second_model_the_same_gradient(snapshot):
    """``detach()`` and ``detach_()`` give the second model the same gradient, to the bit."""
    gradients = []
    for cut in (lambda y: y.detach(), lambda y: y.detach_()):
        first, second = linear([[2.0]]), linear([[5.0]])
        second(cut(first(torch.tensor([[3.0]])))).sum().backward()
        assert first.weight.grad is None
        gradients.append(second.weight.grad)
    assert torch.equal(*gradients)
    assert snapshot == observe(lambda: gradients[0])


@pytest.mark.api("torch.Tensor.detach_", page="generated/torch.Tensor.detach_")
@pytest.mark.changed(
    "1.7",
    "the message names only DistributedDataParallel",
    kind="wording",
    cause="pytorch#44344",
    probable=True,
)
@pytest.mark.changed(
    "1.8", "the message says again that views cannot be detached in place", kind="wording"
)
def test_detach_in_place_on_a_view_raises(snapshot):
    """A view cannot be detached in place: its base would still be in the graph."""
    _x, y = product()
    assert snapshot == observe(lambda: y[:1].detach_())


@pytest.mark.parametrize(
    "shape",
    [
        pytest.param((2,), id="vector"),
        pytest.param((3, 2), id="batch"),
        pytest.param((1, 3, 2), id="batch of sequences"),
    ],
)
@pytest.mark.api(
    "torch.Tensor.detach_", "torch.nn.Linear", page="generated/torch.Tensor.detach_", article="B"
)
@pytest.mark.changed(
    "1.12",
    "raises for a batch of sequences: the output is a view of the flattened product",
    kind="error",
    cause="pytorch#72728",
    advice="call detach()",
    restored_by="freezing.output_of_linear_can_be_detached",
    of=("torch.Tensor.detach_",),
    rarely="the output of a Linear for a batch of sequences",
)
@pytest.mark.changed(
    "2.1",
    "raises for a vector too: its output is a view",
    kind="error",
    cause="pytorch#106911",
    probable=True,
    advice="call detach()",
    restored_by="freezing.output_of_linear_can_be_detached",
    of=("torch.Tensor.detach_",),
    rarely="the output of a Linear for a vector",
)
@pytest.mark.changed(
    "2.15",
    "works for inputs of every rank again: no output is a view",
    kind="error-gone",
    cause="pytorch#194077",
)
def test_output_of_linear_can_be_detached_in_place(shape, snapshot):
    """``layer(x).detach_()`` works for inputs of every rank.

    Trap: from 1.12 to 2.14 the output for a batch of sequences is a view, and ``detach_()`` raises.
    From 2.1 to 2.14 this is also true for a vector. ``detach()`` never raises.
    """
    x = torch.ones(shape)
    assert not linear([[1.0, 2.0]], [0.5])(x).detach().requires_grad
    assert snapshot == observe(lambda: linear([[1.0, 2.0]], [0.5])(x).detach_())


@pytest.mark.parametrize(
    "shape",
    [
        pytest.param((2,), id="vector"),
        pytest.param((3, 2), id="batch"),
        pytest.param((1, 3, 2), id="batch of sequences"),
    ],
)
@pytest.mark.api("torch.Tensor.detach", "torch.nn.Linear", page="generated/torch.Tensor.detach")
def test_output_of_linear_can_be_detached(shape, snapshot):
    """``layer(x).detach()`` works for inputs of every rank, whether the output is a view or not."""
    x = torch.ones(shape)
    assert snapshot == observe(lambda: linear([[1.0, 2.0]], [0.5])(x).detach())


@pytest.mark.api("torch.Tensor.detach_", page="generated/torch.Tensor.detach_")
def test_detach_in_place_freezes_a_parameter(snapshot):
    """``weight.detach_()`` on a leaf sets ``requires_grad`` to False, which freezes the weight."""
    layer = linear([[1.0, 2.0]], [0.5])

    def act():
        layer.weight.detach_()
        layer(torch.tensor([[1.0, 3.0]])).sum().backward()
        return {
            "weight": layer.weight,
            "gradient": layer.weight.grad,
            "bias's gradient": layer.bias.grad,
        }

    assert snapshot == observe(act)


@pytest.mark.api("torch.Tensor.detach", page="generated/torch.Tensor.detach")
def test_write_to_a_detached_tensor_passes_where_backward_does_not_need_the_value(snapshot):
    """A write to a detached tensor does not raise if backward does not need the value.

    For y = 3 x backward does not read y. y is overwritten, and the gradient is right.
    """
    x, y = product()
    y.detach().zero_()

    def act():
        y.sum().backward()
        return {"y": y.detach(), "gradient": x.grad}

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.Tensor.detach", "torch.Tensor.resize_", page="generated/torch.Tensor.detach"
)
@pytest.mark.changed(
    "1.13",
    "resize_ works on a detached tensor, and the original keeps its shape",
    kind="error-gone",
    cause="pytorch#83590",
)
def test_detached_tensor_can_be_resized_and_the_original_keeps_its_shape(snapshot):
    """Since 1.13, ``y.detach().resize_(1)`` changes the shape of the detached tensor only.

    The two tensors share storage and version counter, but not the shape.
    """
    _x, y = product()
    detached = y.detach()
    assert snapshot == observe(lambda: {"detached": detached.resize_(1).shape, "y": y.shape})
