"""A module can save extra state, and loading rejects keys that the model has no place for.

Since 1.10 the value of ``torch.nn.Module.get_extra_state`` is saved under ``_extra_state``, and
loading passes it to ``torch.nn.Module.set_extra_state``. A class that gains extra state no longer
loads its earlier checkpoints strictly. Since 1.12 ``torch.nn.Module.state_dict`` warns about
positional arguments, also in an override that passes them on. Since 2.4 a tensor under a layer's
own name is unexpected, where it was silently ignored before.
"""

from collections import OrderedDict

import numpy as np
import pytest
import torch
from torch import nn

from fixtures.models import linear
from torch_history.observing import observe


@pytest.mark.api("torch.nn.Module.state_dict", page="generated/torch.nn.Module")
@pytest.mark.changed(
    "1.12",
    "a dict without _metadata is accepted",
    kind="error-gone",
    cause="pytorch#75507",
    when="destination@0",
    rarely="a destination without _metadata",
)
def test_state_dict_fills_a_plain_dict(snapshot):
    """Since 1.12, ``destination`` of ``state_dict`` may be a plain dict.

    The dict gets the values, but no versions.
    """
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
    when="@0",
)
@pytest.mark.changed(
    "2.4",
    "the warning is a FutureWarning instead of a UserWarning",
    kind="warning",
    cause="pytorch#127689",
    probable=True,
    advice="pass destination and prefix by name",
    when="@0",
)
def test_state_dict_with_positional_arguments_warns(snapshot):
    """Since 1.12, ``state_dict`` warns about positional arguments.

    Pass ``destination`` and ``prefix`` by name.
    """
    given = OrderedDict()
    # releases before 1.12 write the versions into the given dict
    given._metadata = OrderedDict()
    assert snapshot == observe(lambda: list(linear([[1.0]]).state_dict(given, "block.")))


class OldOverride(nn.Module):
    """Overrides ``state_dict`` in the old way: it takes and passes its arguments by position."""

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
    advice="override it as state_dict(self, *args, **kwargs), and pass both on",
    when="@0",
)
@pytest.mark.changed(
    "2.4",
    "the warning is a FutureWarning instead of a UserWarning",
    kind="warning",
    cause="pytorch#127689",
    probable=True,
    advice="override it as state_dict(self, *args, **kwargs), and pass both on",
    when="@0",
)
def test_override_of_state_dict_with_positional_arguments_warns(snapshot):
    """Since 1.12, an override that passes arguments to ``super().state_dict`` by position warns.

    It still saves the same keys, with a warning at every save.
    """
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
    "get_extra_state is called and its value saved, where it was never called before",
    kind="silent",
    cause="pytorch#62976",
    advice="before 1.10, keep the state in a buffer",
    when=":unseen",
)
def test_extra_state_is_in_the_state_dict(snapshot):
    """Since 1.10, what ``get_extra_state`` returns is saved under ``_extra_state``.

    It may be any object, not only a tensor.
    """
    assert snapshot == observe(lambda: dict(nn.Sequential(Step(3)).state_dict()))


@pytest.mark.api("torch.nn.Module.set_extra_state", page="generated/torch.nn.Module")
@pytest.mark.changed(
    "1.10",
    "set_extra_state is called, where the state was neither saved nor loaded before",
    kind="silent",
    cause="pytorch#62976",
    advice="before 1.10, keep the state in a buffer",
    when=":unseen",
)
def test_extra_state_is_loaded(snapshot):
    """Since 1.10, ``load_state_dict`` passes the saved extra state to ``set_extra_state``."""

    def act():
        model = nn.Sequential(Step(3))
        model.load_state_dict(nn.Sequential(Step(7)).state_dict())
        return model[0].count

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Module.set_extra_state", page="generated/torch.nn.Module")
@pytest.mark.changed(
    "1.10",
    "raises if the class has extra state and the checkpoint has none",
    kind="error",
    cause="pytorch#62976",
    advice="set saved['0._extra_state'] in earlier checkpoints of the module named 0, or pass "
    "strict=False",
    restored_by="checkpoints.checkpoint_with_extra_state_put_in_loads",
    when=":unseen",
)
def test_missing_extra_state_raises(snapshot):
    """Since 1.10, strict loading raises if a class has extra state and the checkpoint has none.

    A class that gains extra state does not load its earlier checkpoints strictly.
    """
    assert snapshot == observe(lambda: list(nn.Sequential(Step(3)).load_state_dict({})))


@pytest.mark.api("torch.nn.Module.set_extra_state", page="generated/torch.nn.Module")
@pytest.mark.changed(
    "1.10",
    "extra state is loaded, where its key was unexpected before",
    kind="error-gone",
    cause="pytorch#62976",
    when=":unseen",
)
def test_checkpoint_with_extra_state_put_in_loads(snapshot):
    """A checkpoint from before a class had extra state loads strictly once the state is put in.

    The key of the state is the name of the module and ``_extra_state``.
    """
    assert snapshot == observe(
        lambda: list(nn.Sequential(Step(3)).load_state_dict({"0._extra_state": 3}))
    )


@pytest.mark.api("torch.nn.Module.load_state_dict", page="generated/torch.nn.Module")
@pytest.mark.changed(
    "2.4",
    "raises, where the key was silently ignored before",
    kind="error",
    cause="pytorch#124385",
    probable=True,
    advice="delete the key: del saved['0'] for the layer named 0",
    restored_by="checkpoints.dict_without_the_key_named_like_a_child_loads",
    when=("-strict@1", "strict@1=True"),
    rarely="a dict with a key that is the name of a layer",
)
def test_key_named_like_a_child_is_unexpected(snapshot):
    """Since 2.4, strict loading raises on a tensor that is saved under a layer's own name.

    The layer has no place for it.
    """
    model = nn.Sequential(linear([[1.0]]))
    saved = {"0.weight": torch.tensor([[5.0]]), "0": torch.tensor([7.0])}
    assert snapshot == observe(lambda: list(model.load_state_dict(saved)))


@pytest.mark.api("torch.nn.Module.load_state_dict", page="generated/torch.nn.Module")
def test_dict_without_the_key_named_like_a_child_loads(snapshot):
    """A state dict loads strictly once the tensor under a layer's own name is deleted from it."""
    model = nn.Sequential(linear([[1.0]]))
    saved = {"0.weight": torch.tensor([[5.0]]), "0": torch.tensor([7.0])}
    del saved["0"]
    assert snapshot == observe(lambda: list(model.load_state_dict(saved)))


@pytest.mark.api("torch.nn.Module.load_state_dict", page="generated/torch.nn.Module")
@pytest.mark.changed(
    "1.11",
    "raises RuntimeError that names the type, instead of TypeError: 'int' object is not callable",
    kind="exception",
    cause="pytorch#70596",
    advice="convert each value with torch.from_numpy",
    when=":unseen",
)
def test_load_refuses_a_numpy_array(snapshot):
    """``load_state_dict`` rejects NumPy arrays. Convert them with ``torch.from_numpy``."""
    assert snapshot == observe(
        lambda: linear([[1.0]]).load_state_dict({"weight": np.array([[5.0]], dtype="float32")})
    )


@pytest.mark.api("torch.nn.Module.load_state_dict", page="generated/torch.nn.Module")
def test_load_refuses_a_key_that_is_no_string(snapshot):
    """``load_state_dict`` raises on a key that is not a string; the error names ``startswith``."""
    assert snapshot == observe(
        lambda: linear([[1.0]]).load_state_dict(
            {"weight": torch.tensor([[5.0]]), 3: torch.tensor([1.0])}
        )
    )


@pytest.mark.api("torch.nn.Module.load_state_dict", page="generated/torch.nn.Module")
@pytest.mark.changed(
    "2.1", "load_state_dict takes assign", kind="appeared", cause="pytorch#102212", when="assign@2"
)
def test_load_assign_takes_the_saved_dtype(snapshot):
    """With ``assign=True`` a float64 checkpoint makes the model float64.

    Without ``assign`` the values are cast to the model's float32.
    """
    model, saved = linear([[1.0]]), linear([[5.0]]).double().state_dict()

    def act():
        model.load_state_dict(saved, assign=True)
        return model.weight

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Module.load_state_dict", page="generated/torch.nn.Module")
@pytest.mark.changed(
    "2.1", "load_state_dict takes assign", kind="appeared", cause="pytorch#102212", when="assign@2"
)
def test_load_assign_drops_the_gradient(snapshot):
    """``assign=True`` drops the old gradient: the assigned Parameter has none.

    Without ``assign`` the old gradient stays.
    """
    model = linear([[1.0]])
    model(torch.tensor([[3.0]])).sum().backward()

    def act():
        model.load_state_dict({"weight": torch.tensor([[5.0]])}, assign=True)
        return model.weight.grad

    assert snapshot == observe(act)
