"""Removing a layer: with ``del``, or with None or ``Identity`` in its place.

``del`` removes a layer from parameters, state dict and repr, and a ``forward`` that calls it
raises. None also makes such a ``forward`` raise, but keeps the layer's place in the order.
``torch.nn.Identity`` passes its input on, so ``forward`` runs as before. Trap:
``Sequential(*model.children())`` calls only the layers, and loses what ``forward`` does between
them.
"""

import pytest
import torch

from fixtures.figures import unlike_print
from fixtures.models import TwoLayers, linear, parameters_of
from fixtures.surgery import shapes_of
from torch_history.observing import observe


def without_first():
    model = TwoLayers()
    del model.linear1
    return model


@pytest.mark.api("torch.nn.Module", page="generated/torch.nn.Module", article="B")
def test_deleted_layer_is_in_neither_parameters_nor_state_dict(snapshot):
    """``del model.linear1`` removes the layer from parameters, state dict and repr.

    The other layers stay.
    """
    model = without_first()
    assert snapshot == observe(
        lambda: {
            "parameters": shapes_of(model),
            "state dict": list(model.state_dict()),
            "repr": repr(model),
        }
    )


@pytest.mark.api("torch.nn.Module", page="generated/torch.nn.Module", article="B")
@pytest.mark.changed(
    "1.6",
    "raises ModuleAttributeError, a subclass of AttributeError",
    kind="wording",
    cause="pytorch#34324",
)
@pytest.mark.changed(
    "1.8",
    "raises a plain AttributeError again: ModuleAttributeError is gone",
    kind="wording",
    cause="pytorch#50298",
    advice="catch AttributeError",
)
def test_forward_that_calls_a_deleted_layer_raises(snapshot):
    """A forward that calls a deleted layer raises.

    Deleting a layer does not change the code. Put ``Identity`` in its place, or write another
    class.
    """
    assert snapshot == observe(lambda: without_first()(torch.tensor([[2.0, 1.0]])))


@pytest.mark.api("torch.nn.Module", page="generated/torch.nn.Module")
def test_deleting_a_layer_that_is_not_there_raises(snapshot):
    """``del model.linear9`` raises AttributeError if the model has no such layer.

    The message is Python's own, and it ends with the name.
    """

    def act():
        try:
            del TwoLayers().linear9
        except AttributeError as error:  # Python 3.8 names the attribute alone
            raise type(error)(str(error).rpartition(" ")[2].strip("'")) from None

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Module", page="generated/torch.nn.Module")
def test_layer_deleted_and_added_again_comes_last(snapshot):
    """A layer that is deleted and added again under its name comes last.

    Optimizers number it last, too.
    """
    model = without_first()
    model.linear1 = linear([[1.0, 1.0, 1.0]])
    assert snapshot == observe(lambda: shapes_of(model))


@pytest.mark.api("torch.nn.Module", page="generated/torch.nn.Module")
def test_none_keeps_a_layers_place(snapshot):
    """None in place of a layer removes the layer's parameters and keeps its place in the order.

    The next layer that is assigned to the name is first again.
    """
    model = TwoLayers()

    def act():
        model.linear1 = None
        emptied = {
            "parameters": shapes_of(model),
            "modules": list(dict(model.named_modules())),
            "repr": repr(model),
        }
        model.linear1 = linear([[1.0, 1.0, 1.0]])
        return {"with None": emptied, "filled again": shapes_of(model)}

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Module", page="generated/torch.nn.Module")
def test_forward_that_calls_a_layer_set_to_none_raises(snapshot):
    """A forward that calls a layer set to None raises TypeError.

    A forward that checks ``is not None`` can skip the layer.
    """
    model = TwoLayers()
    model.linear1 = None
    assert snapshot == observe(lambda: model(torch.tensor([[2.0, 1.0]])))


def bypassed(model):
    model.linear1 = torch.nn.Identity()
    return {"output": model(torch.tensor([[2.0, 1.0]])).detach()}


@pytest.mark.api("torch.nn.Identity", page="generated/torch.nn.Identity", article="B")
def test_identity_in_a_layers_place_passes_its_input_on(snapshot):
    """``Identity`` in place of a layer passes its input on.

    With ``Identity`` for linear1 the network gives -0.3576. Article B's network without linear1
    prints the same.
    """
    assert not unlike_print(bypassed, TwoLayers, {"output": [[-0.3576]]})
    assert snapshot == observe(lambda: bypassed(TwoLayers()))


@pytest.mark.api("torch.nn.Identity", page="generated/torch.nn.Identity")
def test_identity_returns_the_very_tensor(snapshot):
    """``Identity()(x)`` is x itself, not a copy and not a view.

    The constructor ignores all its arguments.
    """
    x = torch.tensor([1.0, 2.0])
    identity = torch.nn.Identity(54, unused=0.1)
    assert snapshot == observe(lambda: {"same object": identity(x) is x, "repr": repr(identity)})


@pytest.mark.api("torch.nn.Identity", page="generated/torch.nn.Identity")
def test_identity_takes_one_input(snapshot):
    """``Identity`` raises on two inputs, so it cannot replace a layer that takes two."""
    assert snapshot == observe(lambda: torch.nn.Identity()(torch.ones(1), torch.ones(1)))


@pytest.mark.api(
    "torch.nn.Identity", "torch.nn.Module.load_state_dict", page="generated/torch.nn.Identity"
)
def test_identity_leaves_the_old_keys_unexpected(snapshot):
    """``Identity`` in place of a layer makes the layer's old keys unexpected.

    ``Identity`` has no parameters: a state dict from before the change needs ``strict=False``.
    """
    model = TwoLayers()
    model.linear1 = torch.nn.Identity()
    assert snapshot == observe(
        lambda: model.load_state_dict(TwoLayers().state_dict(), strict=False)._asdict()
    )


@pytest.mark.api("torch.nn.Linear", page="generated/torch.nn.Linear")
@pytest.mark.changed(
    "1.6",
    "raises ModuleAttributeError, a subclass of AttributeError",
    kind="wording",
    cause="pytorch#34324",
    when=":caught",
    rarely="a layer whose bias was deleted",
)
@pytest.mark.changed(
    "1.8",
    "raises a plain AttributeError again: ModuleAttributeError is gone",
    kind="wording",
    cause="pytorch#50298",
    advice="catch AttributeError",
    when=":caught",
    rarely="a layer whose bias was deleted",
)
def test_linear_without_the_attribute_bias_raises(snapshot):
    """``del layer.bias`` makes the forward of ``Linear`` raise, because it reads that attribute."""
    layer = linear([[1.0, 2.0]], [0.5])
    del layer.bias
    assert snapshot == observe(lambda: layer(torch.tensor([[1.0, 3.0]])))


@pytest.mark.api("torch.nn.Linear", page="generated/torch.nn.Linear")
def test_bias_set_to_none_takes_the_bias_out(snapshot):
    """``layer.bias = None`` removes the bias of ``Linear``.

    Forward adds no bias, and repr says ``bias=False``.
    """
    layer = linear([[1.0, 2.0]], [0.5])
    layer.bias = None
    x = torch.tensor([[1.0, 3.0]])
    assert snapshot == observe(
        lambda: {
            "output": layer(x).detach(),
            "state dict": list(layer.state_dict()),
            "repr": repr(layer),
        }
    )


class Rectified(TwoLayers):
    """A network whose forward applies relu between its two layers, not as a layer."""

    def forward(self, x):
        return self.linear2(torch.relu(self.linear1(x)))


@pytest.mark.api(
    "torch.nn.Sequential", "torch.nn.Module.children", page="generated/torch.nn.Sequential"
)
def test_sequential_of_a_models_children_loses_what_forward_does_between(snapshot):
    """``Sequential(*model.children())`` loses what forward does between the layers.

    It shares the layers and calls only them. Trap: the relu of forward is gone, and nothing warns.
    """
    model = Rectified()
    rebuilt, x = torch.nn.Sequential(*model.children()), torch.tensor([[-2.0, -1.0, -3.0]])
    assert next(iter(rebuilt.parameters())) is model.linear1.weight
    assert not torch.allclose(rebuilt(x), model(x))
    assert snapshot == observe(lambda: {"model": model(x).detach(), "rebuilt": rebuilt(x).detach()})


@pytest.mark.api(
    "torch.nn.Module.children", "torch.nn.Sequential", page="generated/torch.nn.Sequential"
)
def test_sequential_of_all_children_but_the_last_gives_the_features(snapshot):
    """``Sequential(*list(model.children())[:-1])`` gives the features before the head.

    It shares the layers and names them 0, 1, and so on.
    """
    model = TwoLayers()
    body = torch.nn.Sequential(*list(model.children())[:-1])

    x = torch.tensor([[2.0, 1.0, 3.0]])
    assert torch.equal(body(x), model.linear1(x))
    assert snapshot == observe(
        lambda: {"features": body(x).detach(), "parameters": list(parameters_of(body))}
    )
