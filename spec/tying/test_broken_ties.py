"""What breaks a tie, and what looks as if it did."""

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
    """Conversions make new parameters, instead of writing to ``.data``."""
    before = torch.__future__.get_overwrite_module_params_on_conversion()
    torch.__future__.set_overwrite_module_params_on_conversion(True)
    yield
    torch.__future__.set_overwrite_module_params_on_conversion(before)


@pytest.mark.api("torch.Tensor.data", page="notes/autograd")
def test_assignment_to_data_keeps_the_tie(snapshot):
    """``second.weight.data = ...`` gives the one parameter new data: both places see it."""
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
    """``second.weight.data = first.weight.data`` leaves two parameters on one storage, each with a gradient of its own."""
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
    """The optimizer holds two parameters and moves the one storage twice: weight decay alone takes 2 to 1 and on to 0.5."""
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
    """Two parameters on one storage part when one is given other data, as every conversion does."""
    model = untied()
    model[1].weight.data = model[0].weight.data
    model[1].weight.data = torch.tensor([[9.0]])
    assert snapshot == observe(
        lambda: {"first": model[0].weight.clone(), "second": model[1].weight.clone()}
    )


@pytest.mark.api("torch.nn.Sequential", page="generated/torch.nn.Sequential")
def test_replacing_a_layer_breaks_the_tie(snapshot):
    """A new layer in one place leaves the old one in the other."""
    assert snapshot == observe(
        lambda: after(shared_layer(), lambda model: model.__setitem__(1, linear([[2.0]], [1.0])))
    )


@pytest.mark.api("torch.nn.Parameter", page="generated/torch.nn.parameter.Parameter")
def test_a_new_parameter_in_one_place_breaks_the_tie(snapshot):
    """``second.weight = nn.Parameter(...)`` registers another object there; the bias stays tied."""

    def change(model):
        model[1].weight = torch.nn.Parameter(model[0].weight.detach().clone())

    assert snapshot == observe(lambda: after(shared_parameters(), change))


@pytest.mark.api("torch.nn.Module", page="generated/torch.nn.Module")
def test_deepcopy_of_one_layer_is_not_tied(snapshot):
    """``copy.deepcopy(layer)`` is how to repeat a layer without tying: the copy has parameters of its own."""
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
    """A conversion gives the one parameter new data, so that the tie holds and every place has the new dtype."""
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
    """Under ``set_overwrite_module_params_on_conversion(True)`` each layer gets new parameters, and ties are lost."""
    assert snapshot == observe(lambda: after(shared_parameters(), lambda model: model.double()))


@pytest.mark.api(
    "torch.nn.Module.double",
    "torch.__future__.set_overwrite_module_params_on_conversion",
    page="generated/torch.__future__.set_overwrite_module_params_on_conversion",
)
def test_conversion_that_overwrites_parameters_keeps_a_shared_layer(overwriting, snapshot):
    """A layer in two places is converted as one, and stays tied."""
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
@pytest.mark.changed("1.9", "meta is a device", kind="api-appeared", cause="pytorch#53143")
def test_moving_to_meta_breaks_the_tie(snapshot):
    """A meta tensor cannot become the data of a cpu parameter: each layer gets a new one. Tie again afterwards."""
    assert snapshot == observe(lambda: after(shared_parameters(), lambda model: model.to("meta")))


@pytest.mark.api("torch.nn.Module.to_empty", page="generated/torch.nn.Module")
@pytest.mark.changed(
    "1.6",
    "the method that is missing raises ModuleAttributeError, a subclass of AttributeError",
    kind="exception",
    cause="pytorch#34324",
)
@pytest.mark.changed(
    "1.8",
    "the method that is missing raises a plain AttributeError again: ModuleAttributeError is gone",
    kind="exception",
    cause="pytorch#50298",
    advice="catch AttributeError",
)
@pytest.mark.changed("1.9", "Module has to_empty", kind="api-appeared", cause="pytorch#56610")
def test_to_empty_on_the_same_device_keeps_the_tie(snapshot):
    """Where nothing moves, ``to_empty`` gives the one parameter new, uninitialised data."""
    assert snapshot == observe(
        lambda: after(
            shared_parameters(), lambda model: model.to_empty(device=model[0].weight.device)
        )
    )


@pytest.mark.api("torch.nn.Module.to_empty", page="generated/torch.nn.Module")
@pytest.mark.changed(
    "1.9",
    "Linear takes device, and Module has to_empty",
    kind="api-appeared",
    cause="pytorch#54508",
)
def test_to_empty_from_meta_breaks_the_tie(snapshot):
    """A model tied on the meta device comes down untied: ``to_empty`` makes a parameter for each name. Tie again afterwards."""

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
