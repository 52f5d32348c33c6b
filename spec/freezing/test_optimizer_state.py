"""The optimizer's state dict with frozen parameters: what it holds, and where it loads.

An optimizer keeps state only for parameters that it has stepped, and freezing a parameter later
does not clear its state. Loading a state dict compares only the number of parameters. If the
numbers differ, as between an optimizer over all parameters and one over the trainable ones, it
raises. Trap: if they agree, the state of another layer loads, even with other shapes, and nothing
warns.
"""

import pytest
import torch

from fixtures.models import linear
from torch_history.observing import observe


def network():
    """2 -> 1 -> 1: the weights have the shapes [1, 2] and [1, 1]."""
    return torch.nn.Sequential(linear([[1.0, 2.0]], [0.5]), linear([[3.0]], [0.0]))


def sgd(parameters):
    return torch.optim.SGD(parameters, lr=0.1, momentum=0.9)


def step(model, optimizer):
    model(torch.tensor([[1.0, 3.0]])).sum().backward()
    optimizer.step()


def layer_trained(number):
    """The network with its other layer frozen, and an optimizer over this layer after one step."""
    model = network()
    model[1 - number].requires_grad_(False)
    optimizer = sgd(parameter for parameter in model.parameters() if parameter.requires_grad)
    step(model, optimizer)
    return model, optimizer


def counts(optimizer):
    saved = optimizer.state_dict()
    return {"members": len(saved["param_groups"][0]["params"]), "with state": len(saved["state"])}


@pytest.mark.api(
    "torch.optim.Optimizer.state_dict",
    page="generated/torch.optim.Optimizer.state_dict",
    article="B",
)
def test_state_dict_has_no_state_for_a_parameter_frozen_from_the_start(snapshot):
    """The state dict of an optimizer over all parameters lists a frozen one, but without state.

    The optimizer keeps state only for parameters that it has stepped.
    """
    model = network()
    model[0].requires_grad_(False)
    optimizer = sgd(model.parameters())
    step(model, optimizer)
    assert snapshot == observe(lambda: counts(optimizer))


@pytest.mark.api(
    "torch.optim.Optimizer.state_dict", page="generated/torch.optim.Optimizer.state_dict"
)
def test_state_dict_keeps_the_state_of_a_parameter_frozen_after_a_step(snapshot):
    """Freezing clears nothing in the optimizer: the momentum of earlier steps is still saved."""
    model = network()
    optimizer = sgd(model.parameters())
    step(model, optimizer)
    model[0].requires_grad_(False)
    assert snapshot == observe(lambda: counts(optimizer))


@pytest.mark.api(
    "torch.optim.Optimizer.load_state_dict", page="generated/torch.optim.Optimizer.load_state_dict"
)
def test_state_of_another_layer_loads_in_silence_where_the_counts_agree(snapshot):
    """An optimizer loads the state of another layer if the number of parameters agrees.

    Only counts are compared. Trap: the weight of shape [1, 2] now has the momentum of a weight of
    shape [1, 1], and the next step uses it.
    """
    model, first = layer_trained(0)
    _, second = layer_trained(1)

    def act():
        first.load_state_dict(second.state_dict())
        return {
            "weight": model[0].weight.shape,
            "its momentum": first.state[model[0].weight]["momentum_buffer"].clone(),
        }

    assert snapshot == observe(act)
