"""What makes two parameters one object, and what keeps them one object.

Parameters are tied if they are one object: a layer in two places, or one Parameter assigned to two
names. Equal values are no tie: compare with ``is``. ``torch.nn.Module.load_state_dict`` keeps the
tie and needs every name; if the values differ, the last one wins. Since 2.1, ``assign=True`` breaks
a tie of parameters, and keeps a layer that is in two places. A deep copy and a pickle of the whole
model keep the tie.
"""

import copy
import pickle

import pytest
import torch

from fixtures.models import linear
from fixtures.tying import is_tied, shared_layer, shared_parameters, untied
from torch_history.observing import observe


def other_values():
    """A state dict for article D's network, with different values under the two names of a tie."""
    return {
        "0.weight": torch.tensor([[3.0]]),
        "0.bias": torch.tensor([4.0]),
        "1.weight": torch.tensor([[5.0]]),
        "1.bias": torch.tensor([6.0]),
    }


def places(model):
    """The value of the weight in each place."""
    return {"first": model[0].weight.clone(), "second": model[1].weight.clone()}


@pytest.mark.api("torch.nn.Sequential", page="generated/torch.nn.Sequential", article="D")
def test_layer_used_twice_holds_one_parameter(snapshot):
    """A layer in two places is one object, and so are its parameters."""
    model = shared_layer()
    assert snapshot == observe(
        lambda: {
            "same layer": model[0] is model[1],
            "same weight": model[0].weight is model[1].weight,
        }
    )


@pytest.mark.api("torch.nn.Sequential", page="generated/torch.nn.Sequential", article="D")
def test_write_in_one_place_shows_in_the_other(snapshot):
    """A write to a shared layer in one place shows in the other place.

    Article D writes 100 through the first place and reads it in the second.
    """
    model = shared_layer()
    model[0].weight.data[0, 0] = 100
    assert snapshot == observe(lambda: places(model))


@pytest.mark.api("torch.nn.Sequential", page="generated/torch.nn.Sequential", article="D")
def test_equal_values_are_no_tie(snapshot):
    """Layers with equal values are not tied: a write to the first leaves the second as it is.

    Compare parameters with ``is``, not with ``==``.
    """
    model = untied()
    assert torch.equal(model[0].weight, model[1].weight)
    model[0].weight.data[0, 0] = 100
    assert snapshot == observe(lambda: places(model))


@pytest.mark.api("torch.nn.Module", page="generated/torch.nn.Module", article="D")
def test_assignment_ties(snapshot):
    """``second.weight = first.weight`` registers the same Parameter under both names."""
    model = untied()
    model[1].weight = model[0].weight
    assert snapshot == observe(
        lambda: {
            "same weight": model[0].weight is model[1].weight,
            "same bias": model[0].bias is model[1].bias,
        }
    )


@pytest.mark.api("torch.nn.Module", page="generated/torch.nn.Module")
def test_optimizer_built_before_the_tie_still_holds_the_replaced_parameter(snapshot):
    """An optimizer built before the tie still holds the parameter that the tie replaced.

    Tie first, then build the optimizer.
    """
    model = untied()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    model[1].weight = model[0].weight
    held = [id(parameter) for parameter in optimizer.param_groups[0]["params"]]
    assert snapshot == observe(
        lambda: {
            "held": len(held),
            "of the model": sum(id(parameter) in held for parameter in model.parameters()),
        }
    )


@pytest.mark.api("torch.nn.Module", "torch.nn.Linear", page="generated/torch.nn.Linear")
@pytest.mark.changed(
    "1.7",
    "the message names mat1 and mat2 and mentions their shapes",
    kind="wording",
    cause="pytorch#40927",
    probable=True,
)
@pytest.mark.changed(
    "2.15", "the message begins with the operation, mm", kind="wording", cause="pytorch#193583"
)
def test_tie_of_another_shape_raises_only_in_forward(snapshot):
    """A tie to a weight of another shape raises only in ``forward``.

    Assignment does not check the shape, and ``in_features`` keeps its old value.
    """
    layer = linear([[2.0]])
    layer.weight = linear([[1.0, 2.0]]).weight
    assert layer.in_features == 1
    assert snapshot == observe(lambda: layer(torch.tensor([[1.0]])))


@pytest.mark.api("torch.nn.Module.load_state_dict", page="generated/torch.nn.Module")
def test_load_state_dict_keeps_the_tie(snapshot):
    """``load_state_dict`` copies into the tied parameter and keeps the tie.

    If the values under its names differ, the last one silently wins.
    """
    model = shared_parameters()

    def act():
        model.load_state_dict(other_values())
        return {"tied": is_tied(model), **places(model)}

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Module.load_state_dict", page="generated/torch.nn.Module")
def test_load_state_dict_misses_a_tied_name(snapshot):
    """``load_state_dict`` raises if the state dict does not have the second name of a tie.

    The first name alone is not enough, although it could set the parameter.
    """
    model, state = shared_parameters(), other_values()
    del state["1.weight"]
    assert snapshot == observe(lambda: model.load_state_dict(state))


@pytest.mark.api("torch.nn.Module.load_state_dict", page="generated/torch.nn.Module")
@pytest.mark.changed("2.1", "load_state_dict takes assign", kind="appeared", cause="pytorch#102212")
def test_load_state_dict_with_assign_breaks_the_tie(snapshot):
    """``load_state_dict(assign=True)`` breaks a tie: each name gets its own tensor.

    Two names that held one parameter then hold two.
    """
    model = shared_parameters()

    def act():
        model.load_state_dict(other_values(), assign=True)
        return {"tied": is_tied(model), **places(model)}

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Module.load_state_dict", page="generated/torch.nn.Module")
@pytest.mark.changed("2.1", "load_state_dict takes assign", kind="appeared", cause="pytorch#102212")
def test_load_state_dict_with_assign_of_a_tied_state_leaves_two_parameters_on_one_storage(snapshot):
    """``load_state_dict(assign=True)`` of a tied state dict makes two Parameters on one storage.

    Their values are shared, but their gradients are separate, and an optimizer steps both.
    """
    model, state = shared_parameters(), shared_parameters().state_dict()

    def act():
        model.load_state_dict(state, assign=True)
        return {
            "tied": is_tied(model),
            "same storage": model[0].weight.data_ptr() == model[1].weight.data_ptr(),
            "listed": len(list(model.parameters())),
        }

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Module.load_state_dict", page="generated/torch.nn.Module")
@pytest.mark.changed("2.1", "load_state_dict takes assign", kind="appeared", cause="pytorch#102212")
def test_load_state_dict_with_assign_keeps_a_shared_layer(snapshot):
    """``load_state_dict(assign=True)`` keeps the tie of a layer that is in two places.

    The layer is one object; the values of its last name win.
    """
    model = shared_layer()

    def act():
        model.load_state_dict(other_values(), assign=True)
        return {"tied": is_tied(model), **places(model)}

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Module", page="generated/torch.nn.Module")
@pytest.mark.parametrize(
    "network", [shared_layer, shared_parameters], ids=["shared layer", "shared parameters"]
)
def test_deepcopy_of_the_model_keeps_the_tie(network, snapshot):
    """A deep copy of a tied model is tied in itself, but not to the original."""
    model = network()
    copied = copy.deepcopy(model)
    assert snapshot == observe(
        lambda: {
            "tied": is_tied(copied),
            "tied to the original": copied[0].weight is model[0].weight,
        }
    )


@pytest.mark.api("torch.nn.Module", page="notes/serialization")
def test_pickled_module_keeps_the_tie(snapshot):
    """A tied module stays tied when it is pickled whole, as ``torch.save`` pickles it."""
    pickled = pickle.dumps(shared_parameters())
    assert snapshot == observe(lambda: is_tied(pickle.loads(pickled)))


@pytest.mark.api("torch.func.functional_call", page="generated/torch.func.functional_call")
@pytest.mark.changed(
    "2.0",
    "torch.func appears, with functional_call",
    kind="appeared",
    cause="pytorch#89213",
    probable=True,
)
def test_functional_call_replaces_a_tied_parameter_everywhere(snapshot):
    """``functional_call`` with a value for one name of a tie replaces all of its names.

    The result is 10 (10 x + 1) + 1 at x = 1.
    """
    model, values = shared_parameters(), {"0.weight": torch.tensor([[10.0]])}
    assert snapshot == observe(
        lambda: torch.func.functional_call(model, values, torch.tensor([1.0]))
    )


@pytest.mark.api("torch.func.functional_call", page="generated/torch.func.functional_call")
@pytest.mark.changed(
    "2.0",
    "torch.func appears, with functional_call",
    kind="appeared",
    cause="pytorch#89213",
    probable=True,
)
def test_functional_call_without_tie_weights_replaces_the_named_place_alone(snapshot):
    """``functional_call`` with ``tie_weights=False`` replaces only the given name of a tie.

    The result is 2 (10 x + 1) + 1 at x = 1.
    """
    model, values = shared_parameters(), {"0.weight": torch.tensor([[10.0]])}
    assert snapshot == observe(
        lambda: torch.func.functional_call(model, values, torch.tensor([1.0]), tie_weights=False)
    )


@pytest.mark.api("torch.func.functional_call", page="generated/torch.func.functional_call")
@pytest.mark.changed(
    "2.0",
    "torch.func appears, and its functional_call raises ValueError",
    kind="appeared",
    cause="pytorch#89213",
    probable=True,
)
def test_functional_call_given_two_values_for_a_tie_raises(snapshot):
    """``functional_call`` raises if it gets different tensors for two names of one parameter."""
    model = shared_parameters()
    values = {"0.weight": torch.tensor([[10.0]]), "1.weight": torch.tensor([[20.0]])}
    assert snapshot == observe(
        lambda: torch.func.functional_call(model, values, torch.tensor([1.0]))
    )
