"""An optimizer built before a layer was replaced holds the old layer's parameters.

An optimizer takes its parameters when it is built. After a replacement it does not move the new
layer or clear its gradients, and nothing warns. Build the optimizer after the replacement, or add
the new layer with ``torch.optim.Optimizer.add_param_group``. A weight that is resized through
``.data`` is still the same Parameter, and the optimizer moves it.
"""

import pytest
import torch

from fixtures.models import gradients_of, linear, parameters_of
from torch_history.observing import observe


def network():
    """first(x) = 2 x, head(x) = 3 x."""
    model = torch.nn.Sequential()
    model.add_module("first", linear([[2.0]]))
    model.add_module("head", linear([[3.0]]))
    return model


def sgd(model, **settings):
    return torch.optim.SGD(model.parameters(), lr=0.5, **settings)


def backward(model):
    model(torch.tensor([[1.0]])).sum().backward()


def step(model, optimizer):
    optimizer.zero_grad()
    backward(model)
    optimizer.step()
    return parameters_of(model)


@pytest.mark.api("torch.optim.Optimizer", page="optim")
def test_optimizer_built_before_the_replacement_holds_the_old_parameter(snapshot):
    """An optimizer built before a replacement holds the old weight, not the new one.

    The optimizer takes the parameters when it is built.
    """
    model = network()
    old, optimizer = model.head.weight, sgd(model)
    model.head = linear([[5.0]])

    def held(parameter):
        return any(parameter is other for other in optimizer.param_groups[0]["params"])

    assert snapshot == observe(
        lambda: {
            "old head": held(old),
            "new head": held(model.head.weight),
            "first": held(model.first.weight),
        }
    )


@pytest.mark.api("torch.optim.SGD", page="optim")
def test_optimizer_built_before_the_replacement_does_not_move_the_new_layer(snapshot):
    """An optimizer built before a replacement does not move the new layer.

    Trap: nothing warns. The new head gets a gradient and stays at 5, while the first layer moves.
    """
    model = network()
    optimizer = sgd(model)
    model.head = linear([[5.0]])
    assert snapshot == observe(
        lambda: {"after": step(model, optimizer), "gradients": gradients_of(model)}
    )


@pytest.mark.api("torch.optim.SGD", page="optim")
def test_optimizer_built_after_the_replacement_moves_the_new_layer(snapshot):
    """An optimizer built after a replacement moves both layers."""
    model = network()
    model.head = linear([[5.0]])
    optimizer = sgd(model)
    assert snapshot == observe(lambda: step(model, optimizer))


@pytest.mark.api(
    "torch.optim.Optimizer.add_param_group", page="generated/torch.optim.Optimizer.add_param_group"
)
def test_add_param_group_hands_the_new_layer_to_the_old_optimizer(snapshot):
    """``add_param_group`` adds a new layer to an optimizer built before the replacement.

    The optimizer then has two groups, and the new head moves too.
    """
    model = network()
    optimizer = sgd(model)
    model.head = linear([[5.0]])
    optimizer.add_param_group({"params": model.head.parameters()})
    assert snapshot == observe(
        lambda: {"after": step(model, optimizer), "groups": len(optimizer.param_groups)}
    )


@pytest.mark.api(
    "torch.optim.Optimizer.zero_grad", page="generated/torch.optim.Optimizer.zero_grad"
)
def test_zero_grad_of_the_old_optimizer_does_not_clear_the_new_layer(snapshot):
    """``zero_grad`` of an optimizer built before a replacement does not clear the new layer.

    The gradients of the new head add up. ``zero_grad`` of the model clears them.
    """
    model = network()
    optimizer = sgd(model)
    model.head = linear([[5.0]])

    def act():
        for _ in range(2):
            optimizer.zero_grad()
            backward(model)
        added = gradients_of(model)
        model.zero_grad()
        backward(model)
        return {"optimizer.zero_grad()": added, "model.zero_grad()": gradients_of(model)}

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.optim.Optimizer.load_state_dict", page="generated/torch.optim.Optimizer.load_state_dict"
)
def test_momentum_of_the_old_layer_loads_for_the_new_one_and_raises_in_the_step(snapshot):
    """Momentum of an old layer loads for a new layer of another shape, and the step raises.

    ``load_state_dict`` of the optimizer compares only the number of parameters.
    """
    model = network()
    optimizer = sgd(model, momentum=0.5)
    step(model, optimizer)
    model.head = linear([[5.0], [6.0], [7.0]])
    rebuilt = sgd(model, momentum=0.5)
    rebuilt.load_state_dict(optimizer.state_dict())
    assert rebuilt.state[model.head.weight]["momentum_buffer"].shape != model.head.weight.shape

    def act():
        step(model, rebuilt)

    assert snapshot == observe(act)


@pytest.mark.api("torch.Tensor.data", "torch.optim.SGD", page="optim")
def test_weight_resized_through_data_stays_in_the_optimizer(snapshot):
    """A weight that is resized through ``weight.data`` stays in the optimizer.

    The Parameter is the same object, so the optimizer still moves it.
    """
    model = network()
    optimizer = sgd(model)
    model.head.weight.data = torch.tensor([[5.0], [6.0]])
    assert snapshot == observe(lambda: step(model, optimizer))
