"""Adding and removing layers: in a new class that shares names, and in an existing object.

A new class takes over saved values under the names that it shares; an added layer keeps its
initialisation. ``load_state_dict(strict=False)`` returns which names were missing and which were
unexpected. A layer that is assigned to a new name of an object is registered, but ``forward`` does
not call it. ``Sequential(model, layer)`` does call it, and gives the model's keys a prefix.
"""

import pytest
import torch

from fixtures.models import TwoLayers, gradients_of, linear, parameters_of
from fixtures.surgery import SecondAndThird, shapes_of
from torch_history.observing import observe


def loaded():
    """A network of the new class, with the values that it shares with the old class.

    It loads them by article B's filter-and-update idiom.
    """
    model, saved = SecondAndThird(), TwoLayers().state_dict()
    own = model.state_dict()
    own.update({name: value for name, value in saved.items() if name in own})
    model.load_state_dict(own)
    return model


@pytest.mark.api("torch.nn.Module.load_state_dict", page="generated/torch.nn.Module", article="B")
def test_shared_layer_loads_and_the_added_one_keeps_its_initialisation(snapshot):
    """A shared layer loads its saved values, and an added layer keeps its initialisation.

    linear2 takes the saved values and the added linear3 keeps its own. The removed linear1 is
    absent.
    """
    after, fresh = parameters_of(loaded()), parameters_of(SecondAndThird())
    for name in ("linear3.weight", "linear3.bias"):
        assert torch.equal(after[name], fresh[name])
    assert snapshot == observe(lambda: after)


@pytest.mark.api("torch.nn.Linear", page="generated/torch.nn.Linear", article="B")
@pytest.mark.changed(
    "1.7",
    "the message names mat1 and mat2 and mentions shapes",
    kind="wording",
    cause="pytorch#40927",
    probable=True,
)
@pytest.mark.changed(
    "2.15", "the message begins with the operation, addmm", kind="wording", cause="pytorch#193583"
)
def test_input_of_the_removed_layer_no_longer_fits(snapshot):
    """A network without its old first layer raises on article B's input of four features.

    Its first layer now takes two features. The article makes this input for the new network, but
    never runs it.
    """
    assert snapshot == observe(lambda: loaded()(torch.tensor([[2.0, 1.0, 3.0, 5.0]])))


@pytest.mark.api("torch.optim.SGD", page="optim", article="B")
def test_shared_and_added_layers_train_together(snapshot):
    """An optimizer step moves both the loaded layer and the added layer."""
    model = loaded()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    model(torch.tensor([[2.0, 1.0]])).sum().backward()

    def act():
        optimizer.step()
        return parameters_of(model)

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Module", page="generated/torch.nn.Module", article="B")
def test_layer_added_to_an_object_is_registered_and_not_called(snapshot):
    """A layer that is added to an object is registered, but it is not called.

    ``model.linear3 = ...`` puts the layer into parameters and state dict. ``forward`` belongs to
    the class and never calls it.
    """
    model = TwoLayers()
    x = torch.tensor([[2.0, 1.0, 3.0]])
    before = model(x)

    def act():
        model.linear3 = linear([[2.0]], [0.5])
        output = model(x)
        output.sum().backward()
        return {
            "parameters": shapes_of(model),
            "same output": torch.equal(output, before),
            "gradient of the added": gradients_of(model)["linear3.weight"],
        }

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Sequential", page="generated/torch.nn.Sequential", article="B")
def test_sequential_of_a_model_and_a_layer_adds_the_layer_behind(snapshot):
    """``Sequential(model, layer)`` adds a layer behind a model, without another class.

    The layer is called, and the model's keys get a prefix.
    """
    model = torch.nn.Sequential(TwoLayers(), linear([[2.0]], [0.5]))
    x = torch.tensor([[2.0, 1.0, 3.0]])
    assert torch.allclose(model(x), 2 * TwoLayers()(x) + 0.5)
    assert snapshot == observe(
        lambda: {"parameters": shapes_of(model), "output": model(x).detach()}
    )
