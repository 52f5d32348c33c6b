"""``register_parameter`` is the explicit form of assigning an ``nn.Parameter``.

``torch.nn.Module.register_parameter`` takes the name as a string and does what the assignment does.
It refuses a plain tensor, a Parameter with a ``grad_fn``, a name with a dot, the empty name, and
the name of another attribute. None reserves a name for a Parameter: the attribute is None, nothing
is listed or saved, and a plain tensor is refused. Trap: the name of another parameter silently
replaces that parameter.
"""

import pytest
import torch
from torch import nn

from fixtures.modules import Scale, parameter_names
from torch_history.observing import observe


def value():
    return nn.Parameter(torch.tensor([1.0]))


def non_leaf_parameter():
    """A Parameter with a ``grad_fn``: frozen, then multiplied by a tensor that requires grad."""
    parameter = nn.Parameter(torch.tensor([1.0]), requires_grad=False)
    parameter.mul_(torch.tensor([2.0], requires_grad=True))
    return parameter


@pytest.mark.api(
    "torch.nn.Module.register_parameter", page="generated/torch.nn.Module", article="C"
)
def test_register_parameter_lists_it_under_its_name(snapshot):
    """``register_parameter("scale", p)`` does what ``module.scale = p`` does."""
    module, parameter = nn.Module(), value()

    def act():
        module.register_parameter("scale", parameter)
        return {"names": parameter_names(module), "the attribute itself": module.scale is parameter}

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.nn.Module.register_parameter", page="generated/torch.nn.Module", article="C"
)
def test_registered_none_is_an_attribute_and_listed_nowhere(snapshot):
    """``register_parameter("bias", None)`` sets the attribute to None and lists nothing.

    Neither ``parameters()`` nor the state dict shows the name.
    """
    module = nn.Module()

    def act():
        module.register_parameter("bias", None)
        return {
            "attribute": module.bias,
            "parameters": parameter_names(module),
            "state_dict": list(module.state_dict()),
        }

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.nn.Module.register_parameter", page="generated/torch.nn.Module", article="C"
)
def test_name_registered_as_none_refuses_a_tensor(snapshot):
    """A name that is registered as None raises if a plain tensor is assigned to it.

    The name is reserved for a Parameter. An unknown name accepts the tensor.
    """
    module = nn.Module()
    module.register_parameter("bias", None)

    def act():
        module.bias = torch.tensor([1.0])

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Module.register_parameter", page="generated/torch.nn.Module")
def test_register_parameter_refuses_a_plain_tensor(snapshot):
    """``register_parameter`` raises for a plain tensor, even if it requires grad.

    It does not convert the tensor to a Parameter.
    """
    assert snapshot == observe(
        lambda: nn.Module().register_parameter("scale", torch.tensor([1.0], requires_grad=True))
    )


@pytest.mark.api("torch.nn.Module.register_parameter", page="generated/torch.nn.Module")
def test_register_parameter_refuses_a_non_leaf(snapshot):
    """``register_parameter`` raises for a Parameter that has a ``grad_fn``.

    The message says to compute the value in ``forward``.
    """
    parameter = non_leaf_parameter()
    assert not parameter.is_leaf
    assert snapshot == observe(lambda: nn.Module().register_parameter("scale", parameter))


@pytest.mark.api("torch.nn.Module.register_parameter", page="generated/torch.nn.Module")
def test_register_parameter_refuses_a_dot(snapshot):
    """``register_parameter`` raises for a name with a dot.

    Dots separate the names of nested modules.
    """
    assert snapshot == observe(lambda: nn.Module().register_parameter("layer.scale", value()))


@pytest.mark.api("torch.nn.Module.register_parameter", page="generated/torch.nn.Module")
def test_register_parameter_refuses_an_empty_name(snapshot):
    """``register_parameter`` raises for the empty name."""
    assert snapshot == observe(lambda: nn.Module().register_parameter("", value()))


@pytest.mark.api("torch.nn.Module.register_parameter", page="generated/torch.nn.Module")
def test_register_parameter_refuses_the_name_of_another_attribute(snapshot):
    """``register_parameter`` raises for the name of another attribute, such as a method."""
    assert snapshot == observe(lambda: nn.Module().register_parameter("train", value()))


@pytest.mark.api("torch.nn.Module.register_parameter", page="generated/torch.nn.Module")
def test_register_parameter_replaces_a_parameter_of_the_same_name(snapshot):
    """``register_parameter`` with the name of another parameter silently replaces it."""
    module = Scale()

    def act():
        module.register_parameter("weight", value())
        return dict(module.named_parameters())

    assert snapshot == observe(act)
