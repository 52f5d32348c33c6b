"""``register_parameter``, which says by a call what assigning an ``nn.Parameter`` says in passing."""

import pytest
import torch
from torch import nn

from fixtures.modules import Scale, parameter_names
from torch_history.observing import observe


def value():
    return nn.Parameter(torch.tensor([1.0]))


def non_leaf_parameter():
    """A Parameter with a history: frozen, then written to by a tensor that requires grad."""
    parameter = nn.Parameter(torch.tensor([1.0]), requires_grad=False)
    parameter.mul_(torch.tensor([2.0], requires_grad=True))
    assert not parameter.is_leaf
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
    """``register_parameter("bias", None)``: the attribute is None, and neither ``parameters()`` nor the state dict shows it."""
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
    """The name is reserved for a Parameter: a tensor assigned to it raises, where an unknown name would take it."""
    module = nn.Module()
    module.register_parameter("bias", None)

    def act():
        module.bias = torch.tensor([1.0])

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Module.register_parameter", page="generated/torch.nn.Module")
def test_register_parameter_refuses_a_plain_tensor(snapshot):
    """A tensor is not made a Parameter in passing: it raises, with requires_grad too."""
    assert snapshot == observe(
        lambda: nn.Module().register_parameter("scale", torch.tensor([1.0], requires_grad=True))
    )


@pytest.mark.api("torch.nn.Module.register_parameter", page="generated/torch.nn.Module")
def test_register_parameter_refuses_a_non_leaf(snapshot):
    """A Parameter that has a ``grad_fn`` is a result: it raises, and the message says to compute it in forward."""
    assert snapshot == observe(
        lambda: nn.Module().register_parameter("scale", non_leaf_parameter())
    )


@pytest.mark.api("torch.nn.Module.register_parameter", page="generated/torch.nn.Module")
def test_register_parameter_refuses_a_dot(snapshot):
    """A dot parts the names of nested modules, so none may hold one."""
    assert snapshot == observe(lambda: nn.Module().register_parameter("layer.scale", value()))


@pytest.mark.api("torch.nn.Module.register_parameter", page="generated/torch.nn.Module")
def test_register_parameter_refuses_an_empty_name(snapshot):
    """The empty name raises."""
    assert snapshot == observe(lambda: nn.Module().register_parameter("", value()))


@pytest.mark.api("torch.nn.Module.register_parameter", page="generated/torch.nn.Module")
def test_register_parameter_refuses_the_name_of_another_attribute(snapshot):
    """A method's name, say, is taken: registering raises, where assigning would hide the method."""
    assert snapshot == observe(lambda: nn.Module().register_parameter("train", value()))


@pytest.mark.api("torch.nn.Module.register_parameter", page="generated/torch.nn.Module")
def test_register_parameter_replaces_a_parameter_of_the_same_name(snapshot):
    """A name taken by another parameter does not raise: the new one takes its place without a word."""
    module = Scale()

    def act():
        module.register_parameter("weight", value())
        return dict(module.named_parameters())

    assert snapshot == observe(act)
