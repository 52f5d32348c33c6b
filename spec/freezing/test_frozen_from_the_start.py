"""Parameters frozen before the first step, with and without a filtered optimizer.

A parameter with ``requires_grad=False`` gets no gradient, and an optimizer skips it. Gradients
still flow through a frozen layer to the layers below. A filtered optimizer holds only the trainable
parameters. If the others were frozen from the start, it gives the same bits as an optimizer over
all parameters. A state dict of an optimizer over all parameters does not load into a filtered one,
which holds fewer.
"""

import pytest
import torch

from fixtures.figures import unlike_print
from fixtures.models import TwoLayers, gradients_of, parameters_of
from torch_history.observing import observe

INPUT, TARGET = [[2.0, 1.0, 3.0]], [[1.0]]


def first_layer_frozen():
    model = TwoLayers()
    for parameter in model.linear1.parameters():
        parameter.requires_grad_(False)
    return model


def trainable(model):
    return filter(lambda parameter: parameter.requires_grad, model.parameters())


def backward(model):
    torch.nn.functional.mse_loss(model(torch.tensor(INPUT)), torch.tensor(TARGET)).backward()


@pytest.mark.api(
    "torch.Tensor.requires_grad", page="generated/torch.Tensor.requires_grad", article="A"
)
def test_frozen_parameter_gets_no_gradient(snapshot):
    """A parameter with ``requires_grad=False`` gets no gradient in backward; the others do."""
    model = first_layer_frozen()
    backward(model)
    assert model.linear1.weight.grad is None and model.linear1.bias.grad is None
    assert snapshot == observe(lambda: gradients_of(model))


@pytest.mark.api(
    "torch.Tensor.requires_grad", "torch.optim.SGD", page="notes/autograd", article="B"
)
def test_frozen_parameter_keeps_its_bits_while_the_others_move(snapshot):
    """A step moves linear2, but not the frozen linear1.

    Article B prints these numbers, but names the wrong layer as moved.
    """

    def step(model):
        optimizer = torch.optim.SGD(trainable(model), lr=1e-4)
        backward(model)
        optimizer.step()
        return parameters_of(model)

    start, after = parameters_of(TwoLayers()), step(first_layer_frozen())
    assert torch.equal(after["linear1.weight"], start["linear1.weight"])
    assert torch.equal(after["linear1.bias"], start["linear1.bias"])
    assert not unlike_print(
        step, first_layer_frozen, {"linear2.weight": [[-0.3624, -0.0491]], "linear2.bias": [0.4173]}
    )
    assert snapshot == observe(
        lambda: {"linear2.weight": after["linear2.weight"], "linear2.bias": after["linear2.bias"]}
    )


@pytest.mark.api("torch.Tensor.requires_grad", page="notes/autograd", article="B")
def test_gradient_flows_through_a_frozen_layer_to_the_one_below(snapshot):
    """Freezing the upper layer does not stop the gradient to the lower layer.

    Freezing affects a parameter, not the graph.
    """
    model = TwoLayers()
    for parameter in model.linear2.parameters():
        parameter.requires_grad_(False)
    backward(model)
    assert model.linear2.weight.grad is None
    assert snapshot == observe(
        lambda: {
            "linear1.weight": model.linear1.weight.grad,
            "linear1.bias": model.linear1.bias.grad,
        }
    )


CASES = [
    pytest.param(torch.optim.SGD, {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.1}, id="sgd"),
    pytest.param(torch.optim.Adam, {"lr": 0.1, "weight_decay": 0.1}, id="adam"),
]


@pytest.mark.parametrize("optimizer_class, settings", CASES)
@pytest.mark.api("torch.optim.SGD", "torch.optim.Adam", page="optim", article="B")
def test_filtered_optimizer_equals_unfiltered_when_frozen_from_the_start(
    optimizer_class, settings, snapshot
):
    """An optimizer may hold or leave out parameters that were frozen before the first backward.

    The results are the same. Such parameters never have a gradient, so ``step`` skips them.
    """
    results = []
    for choose in (trainable, lambda model: model.parameters()):
        model = first_layer_frozen()
        optimizer = optimizer_class(choose(model), **settings)
        for _ in range(3):
            optimizer.zero_grad()
            backward(model)
            optimizer.step()
        results.append(parameters_of(model))
    filtered, unfiltered = results
    for name, value in filtered.items():
        assert torch.equal(value, unfiltered[name])
    assert snapshot == observe(lambda: filtered)


@pytest.mark.api(
    "torch.optim.Optimizer.state_dict",
    page="generated/torch.optim.Optimizer.state_dict",
    article="B",
)
@pytest.mark.changed(
    "1.6",
    "parameters are numbered from 0 instead of named by their addresses",
    kind="representation",
    cause="pytorch#37347",
    advice="do not look up id(parameter) in a saved state dict",
)
def test_filtered_optimizer_numbers_only_what_it_holds(snapshot):
    """The state dict of an optimizer over only the trainable parameters numbers these from 0.

    It leaves out the frozen ones. Before 1.6 it held memory addresses instead of numbers.
    """
    model = first_layer_frozen()

    def members(parameters):
        numbers = torch.optim.SGD(parameters, lr=0.1).state_dict()["param_groups"][0]["params"]
        return {"members": len(numbers), "numbered from 0": numbers == list(range(len(numbers)))}

    assert snapshot == observe(
        lambda: {"filtered": members(trainable(model)), "unfiltered": members(model.parameters())}
    )


@pytest.mark.api(
    "torch.optim.Optimizer.load_state_dict", page="generated/torch.optim.Optimizer.load_state_dict"
)
def test_unfiltered_state_does_not_load_into_a_filtered_optimizer(snapshot):
    """An optimizer over the trainable parameters raises on the state of one over all parameters.

    The two state dicts list different numbers of parameters.
    """
    model = first_layer_frozen()
    saved = torch.optim.SGD(model.parameters(), lr=0.1).state_dict()
    filtered = torch.optim.SGD(trainable(model), lr=0.1)
    assert snapshot == observe(lambda: filtered.load_state_dict(saved))


@pytest.mark.api("torch.optim.SGD", page="optim", article="B")
def test_filter_object_is_consumed_once(snapshot):
    """A ``filter`` object is an iterator: a second optimizer built from it finds it empty.

    Make it a list.
    """
    parameters = trainable(first_layer_frozen())
    torch.optim.SGD(parameters, lr=0.1)
    assert snapshot == observe(lambda: torch.optim.SGD(parameters, lr=0.1))
