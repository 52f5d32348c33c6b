"""What breaks a tie, and what only seems to break it.

A new layer or a new Parameter in one place breaks the tie. Assigning to ``.data`` and converting
with ``double``, ``half`` or ``to`` keep it, because the Parameter stays the same object. Parameters
that share a storage through ``.data`` are not tied: each has its own gradient, and weight decay
applies twice. Moving to the meta device breaks ties, and so does ``to_empty`` from there. Tie the
layers again afterwards.
"""

import copy

import pytest
import torch

from fixtures.models import linear
from fixtures.tying import is_tied, shared_layer, shared_parameters, untied
from torch_history.observing import observe


def after(model, change):
    change(model)
    return {"tied": is_tied(model), "parameters": len(list(model.parameters()))}


@pytest.fixture
def overwriting():
    """Conversions create new parameters instead of writing to ``.data``."""
    before = torch.__future__.get_overwrite_module_params_on_conversion()
    torch.__future__.set_overwrite_module_params_on_conversion(True)
    yield
    torch.__future__.set_overwrite_module_params_on_conversion(before)


@pytest.mark.api("torch.Tensor.data", page="notes/autograd")
def test_assignment_to_data_keeps_the_tie(snapshot):
    """``second.weight.data = ...`` gives the tied parameter new data and keeps the tie.

    Both places see the new data.
    """
    model = shared_parameters()
    model[1].weight.data = torch.tensor([[9.0]])
    assert snapshot == observe(
        lambda: {
            "tied": is_tied(model),
            "first": model[0].weight.clone(),
            "second": model[1].weight.clone(),
        }
    )


@pytest.mark.api("torch.Tensor.data", page="notes/autograd")
def test_tie_through_data_shares_values_and_not_gradients(snapshot):
    """``second.weight.data = first.weight.data`` shares the values, but not the gradients.

    It leaves two parameters on one storage, each with its own gradient.
    """
    model = untied()
    model[1].weight.data = model[0].weight.data
    model(torch.tensor([1.0])).backward()
    assert model[0].weight is not model[1].weight
    assert snapshot == observe(
        lambda: {
            "same storage": model[0].weight.data_ptr() == model[1].weight.data_ptr(),
            "first gradient": model[0].weight.grad,
            "second gradient": model[1].weight.grad,
        }
    )


@pytest.mark.api("torch.Tensor.data", "torch.optim.SGD", page="notes/autograd")
def test_tie_through_data_is_decayed_twice(snapshot):
    """An optimizer decays a storage twice if two of its parameters share it through ``.data``.

    It steps each parameter: weight decay alone takes 2 to 1, and then to 0.5.
    """
    model = untied()
    model[1].weight.data = model[0].weight.data
    optimizer = torch.optim.SGD([model[0].weight, model[1].weight], lr=1.0, weight_decay=0.5)
    for layer in model:
        layer.weight.grad = torch.zeros_like(layer.weight)

    def act():
        optimizer.step()
        return model[0].weight

    assert snapshot == observe(act)


@pytest.mark.api("torch.Tensor.data", page="notes/autograd")
def test_tie_through_data_ends_when_data_is_assigned_again(snapshot):
    """Two parameters on one storage separate when one of them is given other data.

    Every conversion gives other data.
    """
    model = untied()
    model[1].weight.data = model[0].weight.data
    model[1].weight.data = torch.tensor([[9.0]])
    assert snapshot == observe(
        lambda: {"first": model[0].weight.clone(), "second": model[1].weight.clone()}
    )


@pytest.mark.api("torch.nn.Sequential", page="generated/torch.nn.Sequential")
def test_replacing_a_layer_breaks_the_tie(snapshot):
    """A new layer in one place of a shared layer leaves the old layer in the other place."""
    assert snapshot == observe(
        lambda: after(shared_layer(), lambda model: model.__setitem__(1, linear([[2.0]], [1.0])))
    )


@pytest.mark.api("torch.nn.Parameter", page="generated/torch.nn.parameter.Parameter")
def test_a_new_parameter_in_one_place_breaks_the_tie(snapshot):
    """``second.weight = nn.Parameter(...)`` breaks the tie of the weight; the bias stays tied."""

    def change(model):
        model[1].weight = torch.nn.Parameter(model[0].weight.detach().clone())

    assert snapshot == observe(lambda: after(shared_parameters(), change))


@pytest.mark.api("torch.nn.Module", page="generated/torch.nn.Module")
def test_deepcopy_of_one_layer_is_not_tied(snapshot):
    """``copy.deepcopy(layer)`` has its own parameters, which are not tied to those of the layer.

    Use it to repeat a layer without tying.
    """
    layer = linear([[2.0]], [1.0])
    assert snapshot == observe(
        lambda: after(torch.nn.Sequential(layer, copy.deepcopy(layer)), lambda model: None)
    )


@pytest.mark.api(
    "torch.nn.Module.double",
    "torch.nn.Module.half",
    "torch.nn.Module.to",
    page="generated/torch.nn.Module",
)
@pytest.mark.parametrize(
    "convert",
    [torch.nn.Module.double, torch.nn.Module.half, lambda model: model.to(torch.float64)],
    ids=["double", "half", "to"],
)
def test_conversion_keeps_the_tie(convert, snapshot):
    """Converting a model with ``double``, ``half`` or ``to`` keeps its ties.

    The shared parameter gets new data, so every place has the new dtype.
    """
    model = shared_parameters()
    assert snapshot == observe(
        lambda: {**after(model, convert), "dtypes": [layer.weight.dtype for layer in model]}
    )


@pytest.mark.api(
    "torch.nn.Module.double",
    "torch.__future__.set_overwrite_module_params_on_conversion",
    page="generated/torch.__future__.set_overwrite_module_params_on_conversion",
)
def test_conversion_that_overwrites_parameters_breaks_the_tie(overwriting, snapshot):
    """Under ``set_overwrite_module_params_on_conversion(True)`` a conversion breaks ties.

    Each layer gets new parameters.
    """
    assert snapshot == observe(lambda: after(shared_parameters(), lambda model: model.double()))


@pytest.mark.api(
    "torch.nn.Module.double",
    "torch.__future__.set_overwrite_module_params_on_conversion",
    page="generated/torch.__future__.set_overwrite_module_params_on_conversion",
)
def test_conversion_that_overwrites_parameters_keeps_a_shared_layer(overwriting, snapshot):
    """Under ``set_overwrite_module_params_on_conversion(True)`` a layer in two places stays tied.

    The layer is one object, which is converted as one.
    """
    assert snapshot == observe(lambda: after(shared_layer(), lambda model: model.double()))


@pytest.mark.api("torch.nn.Module.to", page="meta")
@pytest.mark.changed(
    "1.6", "the message lists xla among the devices", kind="wording", cause="pytorch#36446"
)
@pytest.mark.changed(
    "1.8",
    "the message lists xpu and vulkan among the devices",
    kind="wording",
    cause="pytorch#49786",
    probable=True,
)
@pytest.mark.changed("1.9", "meta is a device", kind="appeared", cause="pytorch#53143")
def test_moving_to_meta_breaks_the_tie(snapshot):
    """Moving a model to the meta device breaks its ties. Tie the layers again afterwards.

    A meta tensor cannot become the data of a CPU parameter, so each layer gets a new parameter.
    """
    assert snapshot == observe(lambda: after(shared_parameters(), lambda model: model.to("meta")))


@pytest.mark.api("torch.nn.Module.to_empty", page="generated/torch.nn.Module")
@pytest.mark.changed(
    "1.6",
    "the missing method raises ModuleAttributeError, a subclass of AttributeError",
    kind="wording",
    cause="pytorch#34324",
)
@pytest.mark.changed(
    "1.8",
    "the missing method raises a plain AttributeError again: ModuleAttributeError is gone",
    kind="wording",
    cause="pytorch#50298",
    advice="catch AttributeError",
)
@pytest.mark.changed("1.9", "Module has to_empty", kind="appeared", cause="pytorch#56610")
def test_to_empty_on_the_same_device_keeps_the_tie(snapshot):
    """``to_empty`` on the same device keeps the tie.

    The shared parameter gets new, uninitialised data.
    """
    assert snapshot == observe(
        lambda: after(
            shared_parameters(), lambda model: model.to_empty(device=model[0].weight.device)
        )
    )


@pytest.mark.api("torch.nn.Module.to_empty", page="generated/torch.nn.Module")
@pytest.mark.changed("1.9", "Linear takes device", kind="appeared", cause="pytorch#54508")
@pytest.mark.changed("1.9", "Module has to_empty", kind="appeared", cause="pytorch#56610")
def test_to_empty_from_meta_breaks_the_tie(snapshot):
    """``to_empty`` breaks a tie that was made on the meta device. Tie the layers again afterwards.

    It makes a new parameter for each name.
    """

    def tied_on_meta():
        model = torch.nn.Sequential(
            torch.nn.Linear(1, 1, device="meta"), torch.nn.Linear(1, 1, device="meta")
        )
        model[1].weight, model[1].bias = model[0].weight, model[0].bias
        return {
            "on meta": is_tied(model),
            **after(model, lambda model: model.to_empty(device="cpu")),
        }

    assert snapshot == observe(tied_on_meta)
