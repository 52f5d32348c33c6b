"""Where a tied parameter is listed once or under every name, and how often it is stepped.

``parameters()`` and ``named_parameters()`` list a tied parameter once, under its first name, so an
optimizer steps it once. ``state_dict()`` lists it under every name, with tensors on one storage.
``remove_duplicate=False`` lists every name, for modules since 1.9 and for parameters since 2.0.
Trap: an optimizer steps a parameter twice if one group holds it twice, and only warns, since 1.7.
It raises if two groups hold the same parameter.
"""

import io

import pytest
import torch

from fixtures.models import linear, parameters_of
from fixtures.tying import shared_layer, shared_parameters
from torch_history.observing import observe


def gradients_of_one(model):
    for parameter in model.parameters():
        parameter.grad = torch.ones_like(parameter)


@pytest.mark.api("torch.nn.Module.parameters", page="generated/torch.nn.Module", article="D")
@pytest.mark.parametrize(
    "network", [shared_layer, shared_parameters], ids=["shared layer", "shared parameters"]
)
def test_parameters_lists_a_tied_parameter_once(network, snapshot):
    """``parameters()`` lists a tied parameter once, so an optimizer built from it holds it once."""
    assert snapshot == observe(lambda: len(list(network().parameters())))


@pytest.mark.api("torch.nn.Module.named_parameters", page="generated/torch.nn.Module", article="D")
@pytest.mark.parametrize(
    "network", [shared_layer, shared_parameters], ids=["shared layer", "shared parameters"]
)
def test_named_parameters_gives_a_tied_parameter_its_first_name(network, snapshot):
    """``named_parameters()`` lists a tied parameter under its first name, in module order."""
    assert snapshot == observe(lambda: [name for name, parameter in network().named_parameters()])


@pytest.mark.api("torch.nn.Module.named_parameters", page="generated/torch.nn.Module")
@pytest.mark.changed(
    "2.0", "named_parameters takes remove_duplicate", kind="appeared", cause="pytorch#88090"
)
@pytest.mark.parametrize(
    "network", [shared_layer, shared_parameters], ids=["shared layer", "shared parameters"]
)
def test_named_parameters_lists_every_name_when_asked(network, snapshot):
    """``named_parameters(remove_duplicate=False)`` lists a tied parameter under every name."""
    assert snapshot == observe(
        lambda: [name for name, parameter in network().named_parameters(remove_duplicate=False)]
    )


@pytest.mark.api(
    "torch.nn.Module.named_modules", "torch.nn.Module.children", page="generated/torch.nn.Module"
)
def test_shared_module_is_listed_once_among_modules(snapshot):
    """``named_modules()`` and ``children()`` list a module once, even if it is in two places.

    Indexing and ``len`` see both places.
    """
    model = shared_layer()
    assert snapshot == observe(
        lambda: {
            "named_modules": [name for name, module in model.named_modules()],
            "children": len(list(model.children())),
            "len": len(model),
        }
    )


@pytest.mark.api("torch.nn.Module.named_modules", page="generated/torch.nn.Module")
@pytest.mark.changed(
    "1.9", "named_modules takes remove_duplicate", kind="appeared", cause="pytorch#54812"
)
def test_named_modules_lists_every_place_when_asked(snapshot):
    """``named_modules(remove_duplicate=False)`` lists a shared module at each of its places."""
    assert snapshot == observe(
        lambda: [name for name, module in shared_layer().named_modules(remove_duplicate=False)]
    )


@pytest.mark.api("torch.nn.Module.named_buffers", page="generated/torch.nn.Module")
def test_named_buffers_gives_a_tied_buffer_its_first_name(snapshot):
    """``named_buffers()`` lists a tensor once, under its first name, if two places register it."""
    model = torch.nn.Sequential(torch.nn.Identity(), torch.nn.Identity())
    table = torch.tensor([1.0])
    model[0].register_buffer("table", table)
    model[1].register_buffer("table", table)
    assert snapshot == observe(lambda: [name for name, buffer in model.named_buffers()])


@pytest.mark.api("torch.nn.Module.state_dict", page="generated/torch.nn.Module", article="D")
@pytest.mark.parametrize(
    "network", [shared_layer, shared_parameters], ids=["shared layer", "shared parameters"]
)
def test_state_dict_lists_a_tied_parameter_under_every_name(network, snapshot):
    """``state_dict()`` lists a tied parameter under every name, with tensors on one storage.

    The sizes of these tensors count the parameter twice.
    """
    state = network().state_dict()
    assert snapshot == observe(
        lambda: {
            "names": list(state),
            "same storage": state["0.weight"].data_ptr() == state["1.weight"].data_ptr(),
        }
    )


@pytest.mark.api("torch.save", "torch.load", page="notes/serialization")
def test_saved_state_dict_keeps_the_shared_storage(snapshot):
    """A saved and loaded state dict keeps the shared storage of a tied parameter.

    ``torch.save`` writes the storage once, and the loaded tensors share it again.
    """
    file = io.BytesIO()
    torch.save(dict(shared_parameters().state_dict()), file)
    file.seek(0)
    state = torch.load(file)
    assert snapshot == observe(
        lambda: {
            "names": list(state),
            "same storage": state["0.weight"].data_ptr() == state["1.weight"].data_ptr(),
        }
    )


@pytest.mark.api("torch.optim.Optimizer", page="optim", article="D")
def test_optimizer_steps_a_tied_parameter_once(snapshot):
    """An optimizer over ``parameters()`` steps a tied parameter once, however many names it has."""
    model = shared_parameters()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    gradients_of_one(model)

    def act():
        optimizer.step()
        return parameters_of(model)

    assert snapshot == observe(act)


@pytest.mark.api("torch.optim.Optimizer", page="optim")
def test_weight_decay_counts_a_tied_parameter_once(snapshot):
    """Weight decay counts a tied weight once: 2 - 0.5 (1 + 0.5 * 2) = 1."""
    model = shared_parameters()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5, weight_decay=0.5)
    gradients_of_one(model)

    def act():
        optimizer.step()
        return model[1].weight

    assert snapshot == observe(act)


@pytest.mark.api("torch.optim.Optimizer", "torch.optim.SGD", page="optim")
@pytest.mark.changed(
    "1.7",
    "warns that a parameter given twice will be an error",
    kind="warning",
    cause="pytorch#41597",
    advice="pass each parameter once",
    when=":unseen",
)
def test_optimizer_given_a_parameter_twice_in_a_group_warns(snapshot):
    """Since 1.7 an optimizer warns, but does not raise, if one group holds a parameter twice.

    Chained parameter lists of layers that share a parameter do this. Pass the model's
    ``parameters()`` instead.
    """
    weight = linear([[2.0]]).weight
    assert snapshot == observe(
        lambda: len(torch.optim.SGD([weight, weight], lr=0.5).param_groups[0]["params"])
    )


@pytest.mark.api("torch.optim.Optimizer", "torch.optim.SGD", page="optim")
def test_optimizer_given_a_parameter_twice_in_a_group_steps_it_twice(snapshot):
    """An optimizer steps a parameter twice if one group holds it twice: 2 - 0.5 - 0.5 = 1."""
    weight = linear([[2.0]]).weight
    weight.grad = torch.ones_like(weight)
    optimizer = torch.optim.SGD([weight, weight], lr=0.5)

    def act():
        optimizer.step()
        return weight

    assert snapshot == observe(act)
