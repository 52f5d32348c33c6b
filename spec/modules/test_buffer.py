"""Buffers are tensors that belong to a module's state and are not trained.

A buffer that ``torch.nn.Module.register_buffer`` adds is in the state dict and is converted with
the module, but ``parameters()`` does not list it. ``persistent=False``, since 1.6, leaves it out of
the state dict. A tensor assigned to the buffer's name replaces the buffer; a number raises. Since
2.5 assigning a ``torch.nn.Buffer`` registers it too. Trap: a Parameter that is registered as a
buffer is not trained, because the registering call decides, not the class.
"""

import pytest
import torch
from torch import nn

from fixtures.models import linear
from fixtures.modules import parameter_names
from torch_history.observing import observe


def with_buffer(**settings):
    """A module with the parameter ``weight`` and the buffer ``mean``."""
    module = linear([[2.0]])
    module.register_buffer("mean", torch.tensor([0.5]), **settings)
    return module


def lists(module):
    return {
        "state_dict": list(module.state_dict()),
        "parameters": parameter_names(module),
        "buffers": [name for name, _ in module.named_buffers()],
    }


@pytest.mark.api("torch.nn.Module.register_buffer", page="generated/torch.nn.Module", article="B")
def test_buffer_is_in_the_state_dict_and_no_parameter(snapshot):
    """A buffer is in the state dict, after the parameters, and not in ``parameters()``.

    A buffer is saved, but not trained.
    """
    assert snapshot == observe(lambda: lists(with_buffer()))


@pytest.mark.api("torch.nn.Module.register_buffer", page="generated/torch.nn.Module")
def test_buffer_moves_with_its_module(snapshot):
    """``module.double()`` converts a buffer; a plain tensor attribute stays as it is."""
    module = with_buffer()
    module.plain = torch.tensor([0.5])

    def act():
        module.double()
        return {name: getattr(module, name).dtype for name in ("weight", "mean", "plain")}

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Module.register_buffer", page="generated/torch.nn.Module")
def test_tensor_over_a_buffer_is_the_buffer(snapshot):
    """A tensor assigned to a buffer's name replaces the buffer and is in the state dict."""
    module = with_buffer()

    def act():
        module.mean = torch.tensor([7.0])
        return module.state_dict()["mean"]

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Module.register_buffer", page="generated/torch.nn.Module")
@pytest.mark.changed(
    "2.5",
    "the message allows an nn.Buffer too",
    kind="wording",
    cause="pytorch#125971",
    probable=True,
)
def test_number_over_a_buffer_raises(snapshot):
    """Assigning anything but a tensor or None to a buffer's name raises."""
    module = with_buffer()

    def act():
        module.mean = 7.0

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Module.register_buffer", page="generated/torch.nn.Module")
def test_parameter_registered_as_buffer_is_not_trained(snapshot):
    """``register_buffer`` accepts a Parameter, which ``parameters()`` then does not list.

    The registering call decides, not the class of the tensor. Nothing warns.
    """
    module = linear([[2.0]])
    module.register_buffer("scale", nn.Parameter(torch.tensor([1.0])))
    assert snapshot == observe(lambda: lists(module))


@pytest.mark.api("torch.nn.Buffer", page="generated/torch.nn.parameter.Buffer")
@pytest.mark.changed("2.5", "nn.Buffer", kind="appeared", cause="pytorch#125971", probable=True)
def test_buffer_attribute_is_registered(snapshot):
    """``module.mean = nn.Buffer(tensor)`` registers a buffer by assignment."""
    module = linear([[2.0]])

    def act():
        module.mean = nn.Buffer(torch.tensor([0.5]))
        return lists(module)

    assert snapshot == observe(act)
