"""Replacing a layer inside a layer, named by a path with dots.

Trap: ``setattr(model, "body.1", layer)`` replaces nothing, and registers a second module under a
name with a dot. Use ``setattr`` on the parent, or ``torch.nn.Module.set_submodule``, which exists
since 2.5. ``torch.nn.Module.get_submodule``, since 1.9, finds a layer by its path.
``set_submodule`` adds a layer if the last name does not exist; since 2.7, ``strict=True`` makes it
raise.
"""

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
    """``setattr(model, "body.1", layer)`` does not replace the layer at ``body.1``.

    It registers a second module whose name has a dot. The old layer stays, and forward uses it.

    Trap: nothing raises. ``named_parameters()`` lists the name twice, and ``state_dict()`` gives
    the value of the second module.
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
    """``setattr(model.body, "1", layer)`` replaces the layer at ``body.1``.

    On the layer's own parent the name has no dot.
    """
    model = network()

    def act():
        setattr(model.body, "1", linear([[5.0]]))
        return {"output": output(model), "names": names(model)}

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Module.get_submodule", page="generated/torch.nn.Module")
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
@pytest.mark.changed("1.9", "Module has get_submodule", kind="appeared", cause="pytorch#52358")
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
@pytest.mark.changed(
    "1.9",
    "Module has get_submodule: the message reports the missing layer instead of the missing method",
    kind="wording",
    cause="pytorch#52358",
)
def test_get_submodule_of_a_missing_layer_raises(snapshot):
    """``get_submodule`` of a missing layer raises AttributeError.

    The message names the class of the parent.
    """
    assert snapshot == observe(lambda: network().get_submodule("body.7"))


@pytest.mark.api("torch.nn.Module.set_submodule", page="generated/torch.nn.Module")
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
@pytest.mark.changed("2.5", "Module has set_submodule", kind="appeared", cause="pytorch#127714")
def test_set_submodule_replaces_a_nested_layer(snapshot):
    """``model.set_submodule("body.1", layer)`` replaces the layer at that path."""
    model = network()

    def act():
        model.set_submodule("body.1", linear([[5.0]]))
        return {"output": output(model), "names": names(model)}

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Module.set_submodule", page="generated/torch.nn.Module")
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
@pytest.mark.changed(
    "2.5",
    "Module has set_submodule, and it adds a name that is missing",
    kind="appeared",
    cause="pytorch#127714",
)
def test_set_submodule_adds_a_name_that_is_missing(snapshot):
    """``set_submodule`` adds a layer if the last name of the path does not exist.

    Trap: nothing warns. A misspelt path replaces nothing, and adds a third layer here.
    """
    model = network()

    def act():
        model.set_submodule("body.7", linear([[5.0]]))
        return {"output": output(model), "names": names(model)}

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Module.set_submodule", page="generated/torch.nn.Module")
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
@pytest.mark.changed(
    "2.5",
    "Module has set_submodule: the message reports the missing parent instead of the missing "
    "method",
    kind="wording",
    cause="pytorch#127714",
)
def test_set_submodule_under_a_missing_parent_raises(snapshot):
    """``set_submodule`` raises if the parent in the path does not exist."""
    assert snapshot == observe(lambda: network().set_submodule("nobody.1", linear([[5.0]])))


@pytest.mark.api("torch.nn.Module.set_submodule", page="generated/torch.nn.Module")
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
@pytest.mark.changed(
    "2.5",
    "Module has set_submodule, and it raises TypeError, as assignment does",
    kind="appeared",
    cause="pytorch#127714",
)
@pytest.mark.changed(
    "2.7",
    "raises ValueError instead of TypeError",
    kind="exception",
    cause="pytorch#143455",
    advice="catch ValueError",
    when=":caught",
    rarely="what is no module",
)
def test_set_submodule_refuses_what_is_no_module(snapshot):
    """``set_submodule`` raises if the new layer is not a module; here it is a function."""
    assert snapshot == observe(lambda: network().set_submodule("body.1", torch.relu))
