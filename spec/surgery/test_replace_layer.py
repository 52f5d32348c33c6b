"""Replacing a layer by assigning another one to its name.

The new layer takes the old place in the order of parameters, and ``forward`` calls it from then on.
The other layers stay the same objects. The new layer does not adapt to the model: it requires grad,
is in training mode, and has the default dtype. The object changes and its class does not, so the
state dict does not load into a new instance. Only a module or None can be assigned to the name of a
layer.
"""

import pytest
import torch

from fixtures.figures import unlike_print
from fixtures.models import TwoLayers, gradients_of, linear, parameters_of
from fixtures.surgery import shapes_of, wider_layer
from torch_history.observing import observe


def replaced():
    model = TwoLayers()
    model.linear1 = wider_layer()
    return model


@pytest.mark.api("torch.nn.Module", page="generated/torch.nn.Module", article="B")
def test_replaced_layer_has_its_own_shapes_in_the_old_place(snapshot):
    """A layer assigned to an old name has its own shapes in the old place.

    After ``model.linear1 = Linear(4, 2)`` the new parameters are first in order, as the old ones
    were.
    """
    assert snapshot == observe(lambda: shapes_of(replaced()))


@pytest.mark.api("torch.nn.Module", page="generated/torch.nn.Module", article="B")
def test_replacing_a_layer_leaves_the_other_parameters(snapshot):
    """Replacing a layer does not change the parameters of the other layers.

    They are the same objects with the same bits. Article B prints them before and after.
    """
    model = TwoLayers()
    weight, bias = model.linear2.weight, model.linear2.bias

    def operate(model):
        model.linear1 = wider_layer()
        return parameters_of(model)

    after = operate(model)
    for name in ("linear2.weight", "linear2.bias"):
        assert torch.equal(after[name], parameters_of(TwoLayers())[name])
    assert not unlike_print(
        operate,
        TwoLayers,
        {
            "linear1.weight": [
                [-0.2182, 0.3680, 0.3860, 0.0897],
                [0.4415, -0.3921, 0.4691, 0.4669],
            ],
            "linear1.bias": [0.3136, -0.2068],
            "linear2.weight": [[-0.3627, -0.0493]],
            "linear2.bias": [0.4170],
        },
    )
    assert snapshot == observe(
        lambda: {
            "same weight": model.linear2.weight is weight,
            "same bias": model.linear2.bias is bias,
        }
    )


@pytest.mark.api("torch.nn.Module", page="generated/torch.nn.Module", article="B")
def test_network_with_a_replaced_layer_takes_the_new_input(snapshot):
    """A network with a replaced layer accepts input for the new layer.

    With article B's printed parameters its four inputs give -0.4531. Forward calls the layer that
    has the name now.
    """
    assert snapshot == observe(lambda: replaced()(torch.tensor([[2.0, 1.0, 3.0, 5.0]])).detach())


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
def test_network_with_a_replaced_layer_refuses_the_old_input(snapshot):
    """A network with a replaced layer raises on input of the old size.

    Here three inputs no longer fit.
    """
    assert snapshot == observe(lambda: replaced()(torch.tensor([[2.0, 1.0, 3.0]])))


@pytest.mark.api("torch.nn.Module.load_state_dict", page="generated/torch.nn.Module", article="B")
def test_state_dict_after_the_replacement_does_not_load_into_the_class(snapshot):
    """The state dict of a model with a replaced layer does not load into a new instance.

    The object was changed, not its class: a new instance has the old shapes.
    """
    assert snapshot == observe(lambda: TwoLayers().load_state_dict(replaced().state_dict()))


@pytest.mark.api(
    "torch.nn.Module.requires_grad_", "torch.nn.Linear", page="notes/autograd", article="B"
)
def test_new_head_of_a_frozen_model_is_all_that_trains(snapshot):
    """A new head is the only part of a frozen model that trains.

    Freeze the model first, then replace its head: every new layer requires grad.
    """
    model = TwoLayers().requires_grad_(False)
    model.linear2 = linear([[1.0, -1.0]], [0.0])

    def act():
        model(torch.tensor([[2.0, 1.0, 3.0]])).sum().backward()
        return gradients_of(model)

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Module.eval", page="generated/torch.nn.Module")
def test_replaced_layer_is_in_training_mode_in_a_model_in_eval(snapshot):
    """A new layer starts in training mode, even in a model in ``eval()``.

    Trap: a new Dropout in a model in ``eval()`` drops. Call ``model.eval()`` again after the
    replacement.
    """
    model = torch.nn.Sequential(linear([[1.0]]), torch.nn.Dropout(1.0)).eval()
    model[1] = torch.nn.Dropout(1.0)

    def act():
        before = model(torch.tensor([[3.0]])).detach()
        return {
            "new layer": before,
            "after another eval()": model.eval()(torch.tensor([[3.0]])).detach(),
        }

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Linear", "torch.nn.Module.double", page="generated/torch.nn.Module")
@pytest.mark.changed(
    "1.7",
    "the message no longer names the argument and the TH function",
    kind="wording",
    cause="pytorch#40927",
)
@pytest.mark.changed(
    "1.13",
    "the message says that mat1 and mat2 must have the same dtype",
    kind="wording",
    cause="pytorch#84960",
    probable=True,
)
@pytest.mark.changed("2.1", "the message names both dtypes", kind="wording", cause="pytorch#105309")
def test_new_layer_in_a_model_of_doubles_raises(snapshot):
    """A new layer in a float64 model makes forward raise.

    It has the default dtype, not that of the model. Convert it with ``double()`` too.
    """
    model = TwoLayers().double()
    model.linear2 = linear([[1.0, -1.0]], [0.0])
    x = torch.tensor([[2.0, 1.0, 3.0]], dtype=torch.float64)

    def act():
        return model(x)

    observed = observe(act)
    model.linear2.double()
    assert model(x).dtype == torch.float64
    assert snapshot == observed


@pytest.mark.api("torch.nn.Module.register_forward_hook", page="generated/torch.nn.Module")
def test_replaced_layer_takes_its_hooks_with_it(snapshot):
    """A layer that is replaced takes its hooks with it, because hooks belong to the object.

    After the replacement the hook of the old layer is not called.
    """
    model, calls = TwoLayers(), []
    model.linear1.register_forward_hook(
        lambda layer, inputs, output: calls.append(list(output.shape))
    )

    def act():
        model(torch.tensor([[2.0, 1.0, 3.0]]))
        model.linear1 = wider_layer()
        model(torch.tensor([[2.0, 1.0, 3.0, 5.0]]))
        return calls

    assert snapshot == observe(act)


@pytest.mark.parametrize(
    "thing",
    [
        pytest.param(lambda: torch.relu, id="function"),
        pytest.param(lambda: torch.ones(1), id="tensor"),
        pytest.param(lambda: [torch.nn.Identity()], id="list of modules"),
    ],
)
@pytest.mark.api("torch.nn.Module", page="generated/torch.nn.Module")
@pytest.mark.changed(
    "1.5",
    "for a torch function the message names _VariableFunctionsClass, which pickle finds",
    kind="wording",
    cause="pytorch#38033",
)
@pytest.mark.changed(
    "1.12", "for a torch function the message names the module, torch, as well", kind="wording"
)
def test_what_is_no_module_is_refused_in_a_layers_place(thing, snapshot):
    """Assigning anything but a module or None to a layer's name raises.

    A function, a tensor or a list of modules raises, and the old layer stays.
    """
    model = TwoLayers()
    layer = model.linear1
    observed = observe(lambda: setattr(model, "linear1", thing()))
    assert model.linear1 is layer
    assert snapshot == observed


@pytest.mark.api(
    "torch.nn.Module.load_state_dict", "torch.nn.Sequential", page="generated/torch.nn.Module"
)
def test_wrapping_a_layer_renames_its_keys(snapshot):
    """Wrapping a layer in ``Sequential`` renames its keys.

    ``model.linear1 = Sequential(model.linear1, ReLU())`` keeps the parameters, but old checkpoints
    do not have their new names.
    """
    model = TwoLayers()
    model.linear1 = torch.nn.Sequential(model.linear1, torch.nn.ReLU())
    assert snapshot == observe(
        lambda: model.load_state_dict(TwoLayers().state_dict(), strict=False)._asdict()
    )


@pytest.mark.api("torch.nn.Linear", "torch.nn.Parameter", page="generated/torch.nn.Linear")
def test_linear_with_another_weight_computes_with_it_and_keeps_its_old_description(snapshot):
    """``Linear`` computes with a new ``weight``, but still reports its old size.

    Forward uses a Parameter of another shape. ``out_features`` and repr show the old size.
    """
    layer = linear([[1.0, 2.0]])
    layer.weight = torch.nn.Parameter(torch.tensor([[1.0, 2.0], [3.0, 4.0]]))
    assert snapshot == observe(
        lambda: {
            "output": layer(torch.tensor([[1.0, 1.0]])).detach(),
            "out_features": layer.out_features,
            "repr": repr(layer),
        }
    )
