"""The protocol of ``state_dict``: its arguments, an override of it, extra state, and keys that a model has no place for."""

from collections import OrderedDict

import numpy as np
import pytest
import torch
from torch import nn

from fixtures.models import linear
from torch_history.observing import observe


@pytest.mark.api("torch.nn.Module.state_dict", page="generated/torch.nn.Module")
@pytest.mark.changed(
    "1.12", "a dict without _metadata will do", kind="error-gone", cause="pytorch#75507"
)
def test_state_dict_fills_a_plain_dict(snapshot):
    """``destination`` may be a plain dict, which gets the values and no versions."""
    given = {}

    def act():
        returned = linear([[1.0]]).state_dict(destination=given)
        return {"returned": dict(returned), "is the dict given": returned is given}

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Module.state_dict", page="generated/torch.nn.Module")
@pytest.mark.changed(
    "1.12",
    "warns that positional arguments are deprecated",
    kind="warning",
    cause="pytorch#72780",
    advice="pass destination and prefix by name",
)
@pytest.mark.changed(
    "2.4",
    "the warning is a FutureWarning instead of a UserWarning",
    kind="warning",
    cause="pytorch#127689",
    probable=True,
    advice="pass destination and prefix by name",
)
def test_state_dict_with_positional_arguments_warns(snapshot):
    """``destination`` and ``prefix`` are given by name."""
    given = OrderedDict()
    given._metadata = (
        OrderedDict()
    )  # releases before 1.12 put the versions into what they are given
    assert snapshot == observe(lambda: list(linear([[1.0]]).state_dict(given, "block.")))


class OldOverride(nn.Module):
    """Overrides ``state_dict`` as it was written for years: positional, and handed on so."""

    def __init__(self):
        super().__init__()
        self.inner = linear([[1.0]])

    def state_dict(self, destination=None, prefix="", keep_vars=False):
        return super().state_dict(destination, prefix, keep_vars)


@pytest.mark.api("torch.nn.Module.state_dict", page="generated/torch.nn.Module")
@pytest.mark.changed(
    "1.12",
    "warns that positional arguments are deprecated",
    kind="warning",
    cause="pytorch#72780",
    advice="override it as state_dict(self, *args, **kwargs), and hand these on",
)
@pytest.mark.changed(
    "2.4",
    "the warning is a FutureWarning instead of a UserWarning",
    kind="warning",
    cause="pytorch#127689",
    probable=True,
    advice="override it as state_dict(self, *args, **kwargs), and hand these on",
)
def test_override_of_state_dict_with_positional_arguments_warns(snapshot):
    """Such a class still saves the same keys, with a warning at every save."""
    assert snapshot == observe(lambda: list(nn.Sequential(OldOverride()).state_dict()))


class Step(nn.Module):
    """Counts in a plain attribute, and saves the count as extra state."""

    def __init__(self, count):
        super().__init__()
        self.count = count

    def get_extra_state(self):
        return self.count

    def set_extra_state(self, count):
        self.count = count


@pytest.mark.api("torch.nn.Module.get_extra_state", page="generated/torch.nn.Module")
@pytest.mark.changed(
    "1.10",
    "get_extra_state is called, and what it returns saved; before, it was never called",
    kind="silent",
    cause="pytorch#62976",
    advice="before 1.10, keep such state in a buffer",
)
def test_extra_state_is_in_the_state_dict(snapshot):
    """What ``get_extra_state`` returns is saved under ``_extra_state``: any object, not only tensors."""
    assert snapshot == observe(lambda: dict(nn.Sequential(Step(3)).state_dict()))


@pytest.mark.api("torch.nn.Module.set_extra_state", page="generated/torch.nn.Module")
@pytest.mark.changed(
    "1.10",
    "set_extra_state is called; before, the state was neither saved nor loaded",
    kind="silent",
    cause="pytorch#62976",
    advice="before 1.10, keep such state in a buffer",
)
def test_extra_state_is_loaded(snapshot):
    """And ``set_extra_state`` is given it back."""

    def act():
        model = nn.Sequential(Step(3))
        model.load_state_dict(nn.Sequential(Step(7)).state_dict())
        return model[0].count

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Module.set_extra_state", page="generated/torch.nn.Module")
@pytest.mark.changed(
    "1.10",
    "raises where the class has extra state and the checkpoint has none",
    kind="error",
    cause="pytorch#62976",
    advice="pass strict=False for checkpoints of before",
)
def test_missing_extra_state_raises(snapshot):
    """A class that gets extra state does not load the checkpoints of before strictly."""
    assert snapshot == observe(lambda: list(nn.Sequential(Step(3)).load_state_dict({})))


@pytest.mark.api("torch.nn.Module.load_state_dict", page="generated/torch.nn.Module")
@pytest.mark.changed(
    "2.4",
    "raises: such a key was passed over in silence",
    kind="error",
    cause="pytorch#124385",
    probable=True,
    advice="delete the key, or pass strict=False",
)
def test_key_named_like_a_child_is_unexpected(snapshot):
    """A tensor saved under a layer's own name has no place in the layer, and strict loading names it."""
    model = nn.Sequential(linear([[1.0]]))
    saved = {"0.weight": torch.tensor([[5.0]]), "0": torch.tensor([7.0])}
    assert snapshot == observe(lambda: list(model.load_state_dict(saved)))


@pytest.mark.api("torch.nn.Module.load_state_dict", page="generated/torch.nn.Module")
@pytest.mark.changed(
    "1.11",
    "raises RuntimeError that names the type, instead of TypeError: 'int' object is not callable",
    kind="exception",
    cause="pytorch#70596",
    advice="torch.from_numpy each value",
)
def test_load_refuses_a_numpy_array(snapshot):
    """Values read with NumPy must be tensors first: ``torch.from_numpy``."""
    assert snapshot == observe(
        lambda: linear([[1.0]]).load_state_dict({"weight": np.array([[5.0]], dtype="float32")})
    )


@pytest.mark.api("torch.nn.Module.load_state_dict", page="generated/torch.nn.Module")
def test_load_refuses_a_key_that_is_no_string(snapshot):
    """The error speaks of ``startswith``."""
    assert snapshot == observe(
        lambda: linear([[1.0]]).load_state_dict(
            {"weight": torch.tensor([[5.0]]), 3: torch.tensor([1.0])}
        )
    )


@pytest.mark.api("torch.nn.Module.load_state_dict", page="generated/torch.nn.Module")
@pytest.mark.changed(
    "2.1", "load_state_dict takes assign", kind="api-appeared", cause="pytorch#102212"
)
def test_load_assign_takes_the_saved_dtype(snapshot):
    """With ``assign=True`` a float64 checkpoint makes the model float64, where a copy converts to the model's float32."""
    model, saved = linear([[1.0]]), linear([[5.0]]).double().state_dict()

    def act():
        model.load_state_dict(saved, assign=True)
        return model.weight

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Module.load_state_dict", page="generated/torch.nn.Module")
@pytest.mark.changed(
    "2.1", "load_state_dict takes assign", kind="api-appeared", cause="pytorch#102212"
)
def test_load_assign_drops_the_gradient(snapshot):
    """The assigned Parameter has no gradient yet, where a copy leaves the old one in place."""
    model = linear([[1.0]])
    model(torch.tensor([[3.0]])).sum().backward()

    def act():
        model.load_state_dict({"weight": torch.tensor([[5.0]])}, assign=True)
        return model.weight.grad

    assert snapshot == observe(act)
