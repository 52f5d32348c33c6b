"""Converting a module changes it in place; converting a tensor returns another tensor.

``torch.nn.Module.to`` and short forms such as ``torch.nn.Module.double`` convert floating-point
parameters, buffers and gradients. They keep the Parameter objects and their freezing, so an
optimizer that was built before still trains them. Integer buffers and plain tensor attributes stay
as they are, and an integer dtype is refused. ``torch.Tensor.to`` leaves the tensor as it is. Trap:
it returns the tensor itself if that already has the dtype. A converted leaf is not a leaf, so the
gradient goes to the tensor that was converted.
"""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from fixtures.models import linear
from fixtures.modules import Scale
from torch_history.observing import observe


def layer():
    return linear([[0.1, 2.0]], [0.5])


def dtypes(module):
    return {name: value.dtype for name, value in module.state_dict().items()}


MOVES = {
    "to": lambda module: module.to(torch.float64),
    "double": lambda module: module.double(),
    "half": lambda module: module.half(),
    "bfloat16": lambda module: module.bfloat16(),
    "float": lambda module: module.float(),
    "cpu": lambda module: module.cpu(),
    "type": lambda module: module.type(torch.float64),
}


@pytest.mark.parametrize("move", list(MOVES.values()), ids=list(MOVES))
@pytest.mark.api(
    "torch.nn.Module.to",
    "torch.nn.Module.double",
    "torch.nn.Module.half",
    "torch.nn.Module.cpu",
    page="generated/torch.nn.Module",
)
@pytest.mark.changed("1.5", "Module.bfloat16", kind="appeared")
def test_moving_a_module_returns_itself(move, snapshot):
    """Moving a module changes it in place and returns it.

    ``model.double()`` needs no assignment.
    """
    module = layer()
    assert snapshot == observe(
        lambda: {"returns self": move(module) is module, "dtypes": dtypes(module)}
    )


@pytest.mark.api("torch.nn.Module.to", page="generated/torch.nn.Module")
def test_moving_a_module_keeps_its_parameters_and_their_order(snapshot):
    """Moving a module keeps its Parameter objects and their order, and replaces their data."""
    module = layer()
    before = list(module.named_parameters())

    def act():
        module.double()
        return {
            name: parameter is old
            for (name, parameter), (_, old) in zip(module.named_parameters(), before)
        }

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Module.to", "torch.optim.SGD", page="generated/torch.nn.Module")
def test_optimizer_built_before_a_dtype_move_still_trains(snapshot):
    """An optimizer built before ``double()`` moves the float64 weight afterwards.

    The Parameter objects stay the same.
    """
    module = linear([[2.0]])
    optimizer = torch.optim.SGD(module.parameters(), lr=0.5)

    def act():
        module.double()
        module(torch.tensor([[3.0]], dtype=torch.float64)).sum().backward()
        optimizer.step()
        return module.weight

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Module.double", page="generated/torch.nn.Module")
def test_dtype_move_converts_the_gradient_too(snapshot):
    """A dtype move of a module converts the gradients of its parameters too."""
    module = linear([[2.0]])
    module(torch.tensor([[3.0]])).sum().backward()
    assert snapshot == observe(lambda: module.double().weight.grad)


@pytest.mark.api("torch.nn.Module.half", page="generated/torch.nn.Module")
def test_dtype_move_keeps_freezing(snapshot):
    """A dtype move keeps a frozen parameter frozen and a trainable one trainable.

    Both stay leaves.
    """
    module = layer()
    module.weight.requires_grad_(False)
    assert snapshot == observe(
        lambda: {
            name: [value.requires_grad, value.is_leaf]
            for name, value in module.half().named_parameters()
        }
    )


@pytest.mark.api("torch.nn.Module.half", page="generated/torch.nn.Module")
def test_half_rounds_and_float_does_not_bring_it_back(snapshot):
    """``half()`` rounds the values, and ``float()`` afterwards does not bring them back.

    0.1 is rounded, and 70000 becomes infinity.
    """
    module = linear([[0.1, 70000.0]])
    assert snapshot == observe(lambda: module.half().float().weight)


@given(st.lists(st.floats(width=32, allow_nan=False), min_size=1, max_size=4))
def test_double_and_back_keeps_every_bit(values):
    """``double().float()`` gives back every bit of a float32 weight.

    This includes infinities and negative zeros, because every float32 is a float64.
    """
    module = linear([values])
    before = module.weight.detach().clone().numpy().tobytes()
    assert module.double().float().weight.detach().numpy().tobytes() == before


@pytest.mark.api("torch.nn.Module.to", "torch.nn.BatchNorm1d", page="generated/torch.nn.Module")
def test_dtype_move_leaves_integers_alone(snapshot):
    """A dtype move converts only floating-point parameters and buffers.

    BatchNorm's count of batches stays int64.
    """
    assert snapshot == observe(lambda: dtypes(nn.BatchNorm1d(1).double()))


@pytest.mark.api("torch.nn.Module.to", page="generated/torch.nn.Module")
@pytest.mark.changed(
    "1.8", "the message allows complex dtypes too", kind="wording", cause="pytorch#44788"
)
def test_module_to_an_integer_dtype_raises(snapshot):
    """``module.to`` raises for an integer dtype.

    It accepts floating-point dtypes and, since 1.8, complex ones.
    """
    assert snapshot == observe(lambda: layer().to(torch.int64))


@pytest.mark.api("torch.nn.Module.to", page="generated/torch.nn.Module")
def test_module_to_a_tensor_takes_its_dtype(snapshot):
    """``module.to(tensor)`` moves to the dtype and device of that tensor."""
    assert snapshot == observe(lambda: dtypes(layer().to(torch.tensor([1.0], dtype=torch.float64))))


@pytest.mark.api("torch.nn.Module.to", page="generated/torch.nn.Module")
def test_plain_tensor_attribute_does_not_move(snapshot):
    """A plain tensor attribute does not move with its module. Register a buffer instead.

    After ``half()`` the sum of the weight and such a tensor is float32.
    """
    module = Scale()
    module.shift = torch.tensor([3.0, 4.0])

    def act():
        module.half()
        return {
            "weight": module.weight.dtype,
            "shift": module.shift.dtype,
            "sum": (module.weight + module.shift).dtype,
        }

    assert snapshot == observe(act)


@pytest.mark.api("torch.__future__.set_overwrite_module_params_on_conversion", page="future_mod")
def test_overwriting_moves_make_new_parameters(snapshot):
    """With ``set_overwrite_module_params_on_conversion(True)`` a move makes new Parameters.

    An optimizer that was built before still holds the old ones.
    """
    module = layer()
    before = module.weight

    def act():
        torch.__future__.set_overwrite_module_params_on_conversion(True)
        try:
            module.double()
        finally:
            torch.__future__.set_overwrite_module_params_on_conversion(False)
        return {
            "same parameter": module.weight is before,
            "new": module.weight.dtype,
            "old": before.dtype,
        }

    assert snapshot == observe(act)


@pytest.mark.api("torch.Tensor.to", page="generated/torch.Tensor.to")
def test_tensor_to_returns_another_tensor(snapshot):
    """``tensor.to(dtype)`` returns another tensor and leaves the original as it is.

    Assign the result. ``module.to(dtype)`` needs no assignment.
    """
    tensor = torch.tensor([1.5])

    def act():
        moved = tensor.to(torch.float64)
        return {"returned": moved, "tensor": tensor}

    assert snapshot == observe(act)


@pytest.mark.api("torch.Tensor.to", page="generated/torch.Tensor.to")
def test_tensor_to_its_own_dtype_returns_itself(snapshot):
    """``tensor.to(dtype)`` returns the tensor itself if it already has that dtype.

    A write to the result then changes the original. ``copy=True`` makes a copy.
    """
    tensor = torch.tensor([1.5])
    assert snapshot == observe(
        lambda: {
            "by default": tensor.to(torch.float32) is tensor,
            "copy=True": tensor.to(torch.float32, copy=True) is tensor,
        }
    )


@pytest.mark.api("torch.Tensor.to", page="generated/torch.Tensor.to")
def test_moved_leaf_is_no_leaf(snapshot):
    """``leaf.double()`` is not a leaf: no optimizer accepts it.

    The gradient goes to the float32 leaf.
    """
    leaf = torch.tensor([1.5], requires_grad=True)

    def act():
        moved = leaf.double()
        (moved * 2.0).sum().backward()
        return {"is_leaf": moved.is_leaf, "gradient of the leaf": leaf.grad}

    assert snapshot == observe(act)
