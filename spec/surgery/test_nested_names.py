"""Surgery on a layer inside a layer, named by a path with dots."""

import pytest
import torch

from fixtures.models import linear
from torch_history.observing import observe


def network():
    """body.0(x) = 2 x, body.1(x) = 3 x: 6 for x = 1."""
    model = torch.nn.Module()
    model.body = torch.nn.Sequential(linear([[2.0]]), linear([[3.0]]))
    return model


def output(model):
    return model.body(torch.tensor([[1.0]])).detach()


def names(model):
    return [name for name, _ in model.named_parameters()]


@pytest.mark.api("torch.nn.Module", page="generated/torch.nn.Module")
def test_setattr_with_a_dotted_name_replaces_nothing(snapshot):
    """``setattr(model, "body.1", layer)`` registers a second module whose name has a dot; body.1 stays, and forward uses it.

    Trap: no error, ``named_parameters()`` lists the name twice, and ``state_dict()`` gives the stray layer's value.
    """
    model = network()

    def act():
        setattr(model, "body.1", linear([[5.0]]))
        return {
            "output": output(model),
            "names": names(model),
            "state dict": dict(model.state_dict()),
        }

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Module", page="generated/torch.nn.Module")
def test_setattr_on_the_parent_replaces_a_nested_layer(snapshot):
    """``setattr(model.body, "1", layer)``: on its own parent the name has no dot, and the layer is replaced: the way out."""
    model = network()

    def act():
        setattr(model.body, "1", linear([[5.0]]))
        return {"output": output(model), "names": names(model)}

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Module.get_submodule", page="generated/torch.nn.Module")
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
@pytest.mark.changed("1.9", "Module has get_submodule", kind="api-appeared", cause="pytorch#52358")
def test_get_submodule_finds_a_nested_layer(snapshot):
    """``model.get_submodule("body.1")`` is the layer itself; the empty name is the model."""
    model = network()
    assert snapshot == observe(
        lambda: {
            "same layer": model.get_submodule("body.1") is model.body[1],
            "empty name": model.get_submodule("") is model,
        }
    )


@pytest.mark.api("torch.nn.Module.get_submodule", page="generated/torch.nn.Module")
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
@pytest.mark.changed(
    "1.9",
    "Module has get_submodule: what the message misses is the layer, no longer the method",
    kind="wording",
    cause="pytorch#52358",
)
def test_get_submodule_of_a_missing_layer_raises(snapshot):
    """A name that is not there raises an AttributeError that names the parent's class."""
    assert snapshot == observe(lambda: network().get_submodule("body.7"))


@pytest.mark.api("torch.nn.Module.set_submodule", page="generated/torch.nn.Module")
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
@pytest.mark.changed("2.5", "Module has set_submodule", kind="api-appeared", cause="pytorch#127714")
def test_set_submodule_replaces_a_nested_layer(snapshot):
    """``model.set_submodule("body.1", layer)`` replaces what stands at the path."""
    model = network()

    def act():
        model.set_submodule("body.1", linear([[5.0]]))
        return {"output": output(model), "names": names(model)}

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Module.set_submodule", page="generated/torch.nn.Module")
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
@pytest.mark.changed(
    "2.5",
    "Module has set_submodule, and it adds a name that is missing",
    kind="api-appeared",
    cause="pytorch#127714",
)
def test_set_submodule_adds_a_name_that_is_missing(snapshot):
    """A last name that is not there is added in silence: a misspelt path replaces nothing, and adds a third layer here."""
    model = network()

    def act():
        model.set_submodule("body.7", linear([[5.0]]))
        return {"output": output(model), "names": names(model)}

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Module.set_submodule", page="generated/torch.nn.Module")
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
@pytest.mark.changed(
    "2.5",
    "Module has set_submodule, yet without strict",
    kind="api-appeared",
    cause="pytorch#127714",
)
@pytest.mark.changed(
    "2.7",
    "set_submodule takes strict, and refuses the name",
    kind="api-appeared",
    cause="pytorch#143455",
)
def test_set_submodule_with_strict_refuses_a_name_that_is_missing(snapshot):
    """``strict=True`` only replaces: a name that is not there raises."""
    assert snapshot == observe(
        lambda: network().set_submodule("body.7", linear([[5.0]]), strict=True)
    )


@pytest.mark.api("torch.nn.Module.set_submodule", page="generated/torch.nn.Module")
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
@pytest.mark.changed(
    "2.5",
    "Module has set_submodule: what the message misses is the parent, no longer the method",
    kind="wording",
    cause="pytorch#127714",
)
def test_set_submodule_under_a_missing_parent_raises(snapshot):
    """The path up to the last name must exist."""
    assert snapshot == observe(lambda: network().set_submodule("nobody.1", linear([[5.0]])))


@pytest.mark.api("torch.nn.Module.set_submodule", page="generated/torch.nn.Module")
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
@pytest.mark.changed(
    "2.5",
    "Module has set_submodule, and it raises TypeError, as assignment does",
    kind="api-appeared",
    cause="pytorch#127714",
)
@pytest.mark.changed(
    "2.7",
    "raises ValueError instead of TypeError",
    kind="exception",
    cause="pytorch#143455",
    advice="catch ValueError",
)
def test_set_submodule_refuses_what_is_no_module(snapshot):
    """A function in a layer's place raises."""
    assert snapshot == observe(lambda: network().set_submodule("body.1", torch.relu))
