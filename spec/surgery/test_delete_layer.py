"""A layer taken out: ``del``, None or ``Identity`` in its place."""

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
    """``del model.linear1`` takes the layer out of parameters, state dict and repr, and leaves the rest."""
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
    kind="exception",
    cause="pytorch#34324",
)
@pytest.mark.changed(
    "1.8",
    "raises a plain AttributeError again: ModuleAttributeError is gone",
    kind="exception",
    cause="pytorch#50298",
    advice="catch AttributeError",
)
def test_forward_that_calls_a_deleted_layer_raises(snapshot):
    """Deleting a layer changes no code: a forward that names it raises. Put ``Identity`` in its place, or write another class."""
    assert snapshot == observe(lambda: without_first()(torch.tensor([[2.0, 1.0]])))


@pytest.mark.api("torch.nn.Module", page="generated/torch.nn.Module")
def test_deleting_a_layer_that_is_not_there_raises(snapshot):
    """``del model.linear9`` raises an AttributeError, whose words are Python's own."""

    def act():
        try:
            del TwoLayers().linear9
        except AttributeError as error:
            return f"raises {type(error).__name__}"
        return "raises nothing"

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Module", page="generated/torch.nn.Module")
def test_layer_deleted_and_added_again_comes_last(snapshot):
    """A name that was deleted loses its place: the new layer under it is listed last, and numbered last by optimizers."""
    model = without_first()
    model.linear1 = linear([[1.0, 1.0, 1.0]])
    assert snapshot == observe(lambda: shapes_of(model))


@pytest.mark.api("torch.nn.Module", page="generated/torch.nn.Module")
def test_none_keeps_a_layers_place(snapshot):
    """None in a layer's place takes its parameters away and holds its name: the next layer assigned stands first again."""
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
    """A forward that calls the layer finds None, and raises a TypeError; one that asks ``is not None`` can leave it out."""
    model = TwoLayers()
    model.linear1 = None
    assert snapshot == observe(lambda: model(torch.tensor([[2.0, 1.0]])))


def bypassed(model):
    model.linear1 = torch.nn.Identity()
    return {"output": model(torch.tensor([[2.0, 1.0]])).detach()}


@pytest.mark.api("torch.nn.Identity", page="generated/torch.nn.Identity", article="B")
def test_identity_in_a_layers_place_passes_its_input_on(snapshot):
    """With ``Identity`` for linear1 the network computes what article B's network without it prints, -0.3576."""
    assert not unlike_print(bypassed, TwoLayers, {"output": [[-0.3576]]})
    assert snapshot == observe(lambda: bypassed(TwoLayers()))


@pytest.mark.api("torch.nn.Identity", page="generated/torch.nn.Identity")
def test_identity_returns_the_very_tensor(snapshot):
    """``Identity()(x)`` is x itself, not a copy and not a view; any arguments of its constructor are ignored."""
    x = torch.tensor([1.0, 2.0])
    identity = torch.nn.Identity(54, unused=0.1)
    assert snapshot == observe(lambda: {"same object": identity(x) is x, "repr": repr(identity)})


@pytest.mark.api("torch.nn.Identity", page="generated/torch.nn.Identity")
def test_identity_takes_one_input(snapshot):
    """In the place of a layer that takes two inputs ``Identity`` raises."""
    assert snapshot == observe(lambda: torch.nn.Identity()(torch.ones(1), torch.ones(1)))


@pytest.mark.api(
    "torch.nn.Identity", "torch.nn.Module.load_state_dict", page="generated/torch.nn.Identity"
)
def test_identity_leaves_the_old_keys_unexpected(snapshot):
    """Identity has no parameters: a state dict from before the operation has keys too many, and needs ``strict=False``."""
    model = TwoLayers()
    model.linear1 = torch.nn.Identity()
    assert snapshot == observe(
        lambda: model.load_state_dict(TwoLayers().state_dict(), strict=False)._asdict()
    )


@pytest.mark.api("torch.nn.Linear", page="generated/torch.nn.Linear")
@pytest.mark.changed(
    "1.6",
    "raises ModuleAttributeError, a subclass of AttributeError",
    kind="exception",
    cause="pytorch#34324",
)
@pytest.mark.changed(
    "1.8",
    "raises a plain AttributeError again: ModuleAttributeError is gone",
    kind="exception",
    cause="pytorch#50298",
    advice="catch AttributeError",
)
def test_linear_without_the_attribute_bias_raises(snapshot):
    """``del layer.bias`` takes away the name that forward reads, and forward raises."""
    layer = linear([[1.0, 2.0]], [0.5])
    del layer.bias
    assert snapshot == observe(lambda: layer(torch.tensor([[1.0, 3.0]])))


@pytest.mark.api("torch.nn.Linear", page="generated/torch.nn.Linear")
def test_bias_set_to_none_takes_the_bias_out(snapshot):
    """``layer.bias = None`` is how a bias is taken out: forward adds none, and repr says ``bias=False``."""
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
    """Its forward does something that is no layer: relu between the two."""

    def forward(self, x):
        return self.linear2(torch.relu(self.linear1(x)))


@pytest.mark.api(
    "torch.nn.Sequential", "torch.nn.Module.children", page="generated/torch.nn.Sequential"
)
def test_sequential_of_a_models_children_loses_what_forward_does_between(snapshot):
    """``Sequential(*model.children())`` shares the layers, and calls nothing but them: the relu of forward is gone in silence."""
    model = Rectified()
    rebuilt, x = torch.nn.Sequential(*model.children()), torch.tensor([[-2.0, -1.0, -3.0]])
    assert list(rebuilt.parameters())[0] is model.linear1.weight
    assert not torch.allclose(rebuilt(x), model(x))
    assert snapshot == observe(lambda: {"model": model(x).detach(), "rebuilt": rebuilt(x).detach()})


@pytest.mark.api(
    "torch.nn.Module.children", "torch.nn.Sequential", page="generated/torch.nn.Sequential"
)
def test_sequential_of_all_children_but_the_last_gives_the_features(snapshot):
    """``Sequential(*list(model.children())[:-1])`` ends before the head; it shares the layers and names them 0, 1, .."""
    model = TwoLayers()
    body = torch.nn.Sequential(*list(model.children())[:-1])

    def act():
        features = body(torch.tensor([[2.0, 1.0, 3.0]]))
        assert torch.equal(features, model.linear1(torch.tensor([[2.0, 1.0, 3.0]])))
        return {"features": features.detach(), "parameters": list(parameters_of(body))}

    assert snapshot == observe(act)
