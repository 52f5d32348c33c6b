"""A registered name accepts only its own kind of object, or None.

A plain tensor or a Module assigned to the name of a parameter raises, as does a tensor assigned to
the name of a child. A Parameter assigned over another one takes its place in the order. None
removes a parameter from the list, but keeps its place. After ``del`` a new Parameter of that name
comes last, and optimizer states are matched by this order
(``optimizers.state_is_matched_by_position``). Before ``super().__init__()`` a module accepts
numbers and plain tensors, but no Parameter and no Module.
"""

import pytest
import torch
from torch import nn

from fixtures.models import linear
from fixtures.modules import Scale, parameter_names
from torch_history.observing import observe


def layer():
    """A 1 -> 1 layer with its parameters in the order weight, bias."""
    return linear([[2.0]], [0.5])


@pytest.mark.api(
    "torch.nn.Module", "torch.nn.Parameter", page="generated/torch.nn.Module", article="C"
)
def test_tensor_over_a_parameter_raises(snapshot):
    """Assigning a plain tensor to the name of a parameter raises.

    The parameter is not silently removed from the list. ``module.weight = module.weight * 2``
    raises too, because the product is a plain tensor. Write in place under ``no_grad`` instead.
    """
    module = layer()

    def act():
        module.weight = module.weight * 2.0

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Module", "torch.nn.Parameter", page="generated/torch.nn.Module")
def test_parameter_over_a_parameter_keeps_its_place(snapshot):
    """A Parameter assigned over another one takes its place in the order.

    The new Parameter may have another shape.
    """
    module = layer()

    def act():
        module.weight = nn.Parameter(torch.tensor([[3.0, 4.0]]))
        return {"names": parameter_names(module), "weight": module.weight}

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Module", "torch.nn.Parameter", page="generated/torch.nn.Module")
def test_none_over_a_parameter_takes_it_off_the_list(snapshot):
    """``module.weight = None`` is allowed and removes the parameter from the list.

    The attribute is None afterwards.
    """
    module = layer()

    def act():
        module.weight = None
        return {"names": parameter_names(module), "weight": module.weight}

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Module", "torch.nn.Parameter", page="generated/torch.nn.Module")
def test_parameter_over_none_comes_back_in_its_old_place(snapshot):
    """A Parameter assigned over None comes back in its old place.

    None keeps the place of the name in the order. Optimizer states are matched by this order.
    """
    module = layer()
    module.weight = None

    def act():
        module.weight = nn.Parameter(torch.tensor([[3.0]]))
        return parameter_names(module)

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Module", "torch.nn.Parameter", page="generated/torch.nn.Module")
def test_deleted_parameter_comes_back_last(snapshot):
    """A Parameter assigned after ``del module.weight`` comes last.

    ``del`` gives up the place of the name in the order.
    """
    module = layer()

    def act():
        del module.weight
        module.weight = nn.Parameter(torch.tensor([[3.0]]))
        return parameter_names(module)

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Module", "torch.nn.Parameter", page="generated/torch.nn.Module")
def test_parameter_over_a_plain_attribute_is_listed(snapshot):
    """A Parameter assigned over a plain tensor attribute is registered and listed.

    The plain attribute is removed.
    """
    module = nn.Module()
    module.scale = torch.tensor([1.0])

    def act():
        module.scale = nn.Parameter(torch.tensor([2.0]))
        return {
            "listed": dict(module.named_parameters()),
            "plain attribute": "scale" in vars(module),
            "attribute": module.scale,
        }

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Module", page="generated/torch.nn.Module")
def test_module_over_a_parameter_raises(snapshot):
    """Assigning a Module to the name of a parameter raises. Delete the parameter first."""
    module = Scale()

    def act():
        module.weight = layer()

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Module", page="generated/torch.nn.Module")
def test_tensor_over_a_module_raises(snapshot):
    """Assigning anything but a Module or None to the name of a child raises."""
    module = nn.Module()
    module.head = layer()

    def act():
        module.head = torch.tensor([1.0])

    assert snapshot == observe(act)


class Early(nn.Module):
    """Assigns before it calls ``super().__init__()``."""

    def __init__(self, value):
        self.early = value
        super().__init__()


@pytest.mark.api("torch.nn.Module", "torch.nn.Parameter", page="generated/torch.nn.Module")
def test_parameter_before_super_init_raises(snapshot):
    """Assigning a Parameter before ``super().__init__()`` raises AttributeError.

    The module does not have a list of parameters yet.
    """
    assert snapshot == observe(lambda: Early(nn.Parameter(torch.tensor([1.0]))))


@pytest.mark.api("torch.nn.Module", page="generated/torch.nn.Module")
def test_assigning_a_module_before_super_init_raises(snapshot):
    """Assigning a Module before ``super().__init__()`` raises AttributeError.

    The module does not have a list of children yet.
    """
    assert snapshot == observe(lambda: Early(nn.ReLU()))


@pytest.mark.api("torch.nn.Module", page="generated/torch.nn.Module")
def test_plain_value_may_stand_before_super_init(snapshot):
    """Numbers and plain tensors may be assigned before ``super().__init__()``, and are kept."""
    assert snapshot == observe(
        lambda: {"number": Early(3).early, "tensor": Early(torch.tensor([1.0])).early}
    )


class WithoutSuperInit(nn.Module):
    def __init__(self):
        self.factor = 2.0

    def forward(self, x):
        return x * self.factor


@pytest.mark.api("torch.nn.Module", page="generated/torch.nn.Module")
@pytest.mark.changed(
    "1.6",
    "raises ModuleAttributeError, a subclass of AttributeError",
    kind="wording",
    cause="pytorch#34324",
)
@pytest.mark.changed(
    "1.8", "raises plain AttributeError again", kind="wording", cause="pytorch#50298"
)
@pytest.mark.changed(
    "1.8",
    "the message names _backward_hooks as the missing attribute",
    kind="wording",
    cause="pytorch#46163",
    probable=True,
)
def test_calling_a_module_without_super_init_raises(snapshot):
    """Calling a module whose ``__init__`` does not call ``super().__init__()`` raises.

    If the module registers nothing, the mistake does not show before the first call.
    """
    module = WithoutSuperInit()
    assert snapshot == observe(lambda: module(torch.tensor([1.0])))
