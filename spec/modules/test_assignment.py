"""Assigning to a module's attributes: over what is registered already, and before ``super().__init__()``."""

import pytest
import torch
from torch import nn

from fixtures.models import linear
from fixtures.modules import Scale, parameter_names
from torch_history.observing import observe


def layer():
    """1 -> 1 with its parameters in the order weight, bias."""
    return linear([[2.0]], [0.5])


@pytest.mark.api(
    "torch.nn.Module", "torch.nn.Parameter", page="generated/torch.nn.Module", article="C"
)
def test_tensor_over_a_parameter_raises(snapshot):
    """A tensor assigned to a parameter's name raises, instead of quietly taking the parameter out of the list.

    ``module.weight = module.weight * 2`` is such a case: the product is a tensor. Write in place under ``no_grad``.
    """
    module = layer()

    def act():
        module.weight = module.weight * 2.0

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Module", "torch.nn.Parameter", page="generated/torch.nn.Module")
def test_parameter_over_a_parameter_keeps_its_place(snapshot):
    """Another Parameter under the same name stands where the old one stood; its shape may be another."""
    module = layer()

    def act():
        module.weight = nn.Parameter(torch.tensor([[3.0, 4.0]]))
        return {"names": parameter_names(module), "weight": module.weight}

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Module", "torch.nn.Parameter", page="generated/torch.nn.Module")
def test_none_over_a_parameter_takes_it_off_the_list(snapshot):
    """``module.weight = None`` is allowed: the parameter is listed no longer, and the attribute is None."""
    module = layer()

    def act():
        module.weight = None
        return {"names": parameter_names(module), "weight": module.weight}

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Module", "torch.nn.Parameter", page="generated/torch.nn.Module")
def test_parameter_over_none_comes_back_in_its_old_place(snapshot):
    """None keeps the place: the next Parameter under that name is first again. Optimizer states are matched by this order."""
    module = layer()
    module.weight = None

    def act():
        module.weight = nn.Parameter(torch.tensor([[3.0]]))
        return parameter_names(module)

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Module", "torch.nn.Parameter", page="generated/torch.nn.Module")
def test_deleted_parameter_comes_back_last(snapshot):
    """``del`` gives the place up: the next Parameter under that name is last."""
    module = layer()

    def act():
        del module.weight
        module.weight = nn.Parameter(torch.tensor([[3.0]]))
        return parameter_names(module)

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Module", "torch.nn.Parameter", page="generated/torch.nn.Module")
def test_parameter_over_a_plain_attribute_is_listed(snapshot):
    """A Parameter assigned where a plain tensor was is registered, and the plain attribute is gone."""
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
    """A Module is refused under a parameter's name too. Delete the parameter first."""
    module = Scale()

    def act():
        module.weight = layer()

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Module", page="generated/torch.nn.Module")
def test_tensor_over_a_module_raises(snapshot):
    """A child's name is reserved too: anything but a Module or None raises."""
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
    """There is no list yet to enter a Parameter in, and it is not lost in silence."""
    assert snapshot == observe(lambda: Early(nn.Parameter(torch.tensor([1.0]))))


@pytest.mark.api("torch.nn.Module", page="generated/torch.nn.Module")
def test_module_before_super_init_raises(snapshot):
    """Nor a list of children to enter a Module in."""
    assert snapshot == observe(lambda: Early(nn.ReLU()))


@pytest.mark.api("torch.nn.Module", page="generated/torch.nn.Module")
def test_plain_value_may_stand_before_super_init(snapshot):
    """Numbers and plain tensors need no list: they may be assigned before, and are kept."""
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
    kind="exception",
    cause="pytorch#34324",
)
@pytest.mark.changed(
    "1.8",
    "raises plain AttributeError again, and misses _backward_hooks first",
    kind="exception",
    cause="pytorch#50298",
)
def test_calling_a_module_without_super_init_raises(snapshot):
    """Where nothing is registered, a forgotten ``super().__init__()`` shows only at the first call."""
    module = WithoutSuperInit()
    assert snapshot == observe(lambda: module(torch.tensor([1.0])))
