"""An optimizer built before a layer was replaced holds the old layer's parameters."""

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
    """The optimizer took the parameters when it was built: it holds the old head's weight and not the new one's."""
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
    """The new head gets its gradient and rests at 5, without a word; the layer that stayed moves."""
    model = network()
    optimizer = sgd(model)
    model.head = linear([[5.0]])
    assert snapshot == observe(
        lambda: {"after": step(model, optimizer), "gradients": gradients_of(model)}
    )


@pytest.mark.api("torch.optim.SGD", page="optim")
def test_optimizer_built_after_the_replacement_moves_the_new_layer(snapshot):
    """Built anew after the operation, the optimizer moves both layers: the way out."""
    model = network()
    model.head = linear([[5.0]])
    optimizer = sgd(model)
    assert snapshot == observe(lambda: step(model, optimizer))


@pytest.mark.api(
    "torch.optim.Optimizer.add_param_group", page="generated/torch.optim.Optimizer.add_param_group"
)
def test_add_param_group_hands_the_new_layer_to_the_old_optimizer(snapshot):
    """``add_param_group`` is the other way out: the state of what stayed is kept, and the new head moves too."""
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
    """The old optimizer's ``zero_grad`` passes the new head by, and its gradients add up; the model's clears them."""
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
    """A state dict from before the replacement loads: only counts are compared. The next step finds another shape, and raises."""
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
    """``weight.data = `` values of another shape: the Parameter is the same object, and the optimizer goes on moving it."""
    model = network()
    optimizer = sgd(model)
    model.head.weight.data = torch.tensor([[5.0], [6.0]])
    assert snapshot == observe(lambda: step(model, optimizer))
