"""``weights_only``: which classes and functions a file may call, and who decides it."""

import contextlib
import os
import pickle
from collections import OrderedDict

import numpy as np
import pytest
import torch

from fixtures.checkpoint import Note, load_trusted
from torch_history.observing import observe


class CreatesFile:
    """Its pickle runs ``os.mkdir("owned")`` when it is loaded."""

    def __reduce__(self):
        return os.mkdir, ("owned",)


@pytest.mark.api("torch.load", page="generated/torch.load")
@pytest.mark.changed(
    "2.4",
    "warns that the default of weights_only will change",
    kind="warning",
    cause="pytorch#129239",
    advice="pass weights_only",
    unless="weights_only",
)
@pytest.mark.changed(
    "2.6",
    "the file's function is not called: weights_only=True is the default, and load raises",
    kind="silent",
    cause="pytorch#137602",
    advice="pass weights_only=False for files that you trust, or save state dicts",
    unless="weights_only",
)
def test_load_by_default_does_not_run_code(here, snapshot):
    """``torch.load(path)`` of a pickle that would call a function does not call it: it raises instead."""
    torch.save({"extra": CreatesFile()}, "trap.pt")

    def act():
        with contextlib.suppress(pickle.UnpicklingError):
            torch.load("trap.pt")
        return {"ran": os.path.exists("owned")}

    assert snapshot == observe(act)


@pytest.mark.api("torch.load", page="generated/torch.load")
def test_load_with_a_pickle_module_runs_code(here, snapshot):
    """Whoever names a ``pickle_module``, be it pickle itself, turns the default off: the file's function is called."""
    torch.save({"extra": CreatesFile()}, "trap.pt")

    def act():
        torch.load("trap.pt", pickle_module=pickle)
        return {"ran": os.path.exists("owned")}

    assert snapshot == observe(act)


@pytest.mark.api("torch.load", page="notes/serialization")
@pytest.mark.changed(
    "1.6",
    "the unknown argument is refused by another part of pickle: the file is a zip archive",
    kind="wording",
    cause="pytorch#39460",
)
@pytest.mark.changed(
    "1.13",
    "load takes weights_only, and refuses floats",
    kind="api-appeared",
    cause="pytorch#86812",
)
@pytest.mark.changed("2.0", "floats pass", kind="error-gone")
@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        3,
        2**40,
        0.5,
        "text",
        [1, 2],
        (1, 2),
        {1: "a"},
        OrderedDict(a=1),
        torch.Size([2, 3]),
        torch.float16,
    ],
    ids=[
        "None",
        "bool",
        "int",
        "large int",
        "float",
        "str",
        "list",
        "tuple",
        "dict",
        "OrderedDict",
        "Size",
        "dtype",
    ],
)
def test_load_with_weights_only_takes_plain_values(here, snapshot, value):
    """Python's own values and torch's sizes and dtypes need no leave."""
    torch.save({"value": value}, "plain.pt")
    assert snapshot == observe(lambda: torch.load("plain.pt", weights_only=True)["value"])


@pytest.mark.api("torch.load", page="notes/serialization")
@pytest.mark.changed(
    "1.6",
    "the unknown argument is refused by another part of pickle: the file is a zip archive",
    kind="wording",
    cause="pytorch#39460",
)
@pytest.mark.changed(
    "1.13", "load takes weights_only, and refuses sets", kind="api-appeared", cause="pytorch#86812"
)
@pytest.mark.changed(
    "2.4", "the message says how to allow a class", kind="wording", cause="pytorch#129705"
)
@pytest.mark.changed(
    "2.5",
    "the message asks for trust in both ways out",
    kind="wording",
    cause="pytorch#131259",
    probable=True,
)
@pytest.mark.changed("2.6", "sets pass", kind="error-gone", cause="pytorch#138866")
def test_load_with_weights_only_takes_a_set(here, snapshot):
    """A set needs none either, though pickle stores it as a call of ``set``."""
    torch.save({"seen": {4}}, "set.pt")
    assert snapshot == observe(lambda: sorted(torch.load("set.pt", weights_only=True)["seen"]))


@pytest.mark.api("torch.load", page="notes/serialization")
@pytest.mark.changed(
    "1.6",
    "the unknown argument is refused by another part of pickle: the file is a zip archive",
    kind="wording",
    cause="pytorch#39460",
)
@pytest.mark.changed(
    "1.13", "load takes weights_only, and refuses", kind="api-appeared", cause="pytorch#86812"
)
def test_load_with_weights_only_refuses_a_numpy_number(here, snapshot):
    """A loss that NumPy averaged is no Python float: one such number and the file does not load. Save ``float(loss)``."""
    torch.save({"loss": np.mean([0.25, 0.75])}, "loss.pt")
    assert float(load_trusted("loss.pt")["loss"]) == 0.5

    def act():
        try:
            return float(torch.load("loss.pt", weights_only=True)["loss"])
        except (
            pickle.UnpicklingError
        ) as error:  # its text names a function of NumPy, whose module NumPy 2 renamed
            return {
                "raised": type(error).__name__,
                "names": "multiarray.scalar" if "multiarray.scalar" in str(error) else None,
            }

    assert snapshot == observe(act)


@pytest.mark.api("torch.load", page="notes/serialization")
@pytest.mark.changed(
    "1.6",
    "the unknown argument is refused by another part of pickle: the file is a zip archive",
    kind="wording",
    cause="pytorch#39460",
)
@pytest.mark.changed(
    "1.13", "load takes weights_only, and refuses", kind="api-appeared", cause="pytorch#86812"
)
@pytest.mark.changed(
    "2.4", "the message says how to allow a class", kind="wording", cause="pytorch#129705"
)
@pytest.mark.changed(
    "2.5",
    "the message asks for trust in both ways out",
    kind="wording",
    cause="pytorch#131259",
    probable=True,
)
@pytest.mark.changed(
    "2.6",
    "the message tells of the new default, and of the context manager safe_globals",
    kind="wording",
    cause="pytorch#141304",
)
@pytest.mark.changed(
    "2.7", "the message gives the class its module", kind="wording", cause="pytorch#146815"
)
def test_load_with_weights_only_refuses_an_own_class(here, snapshot):
    """An object of a class that torch does not know is refused, and the message names the class."""
    torch.save({"note": Note(epoch=3)}, "note.pt")
    assert load_trusted("note.pt")["note"].epoch == 3
    assert snapshot == observe(lambda: torch.load("note.pt", weights_only=True)["note"].epoch)


@pytest.mark.api("torch.serialization.add_safe_globals", "torch.load", page="notes/serialization")
@pytest.mark.changed(
    "2.4",
    "add_safe_globals and clear_safe_globals appear",
    kind="api-appeared",
    cause="pytorch#124331",
)
def test_load_with_weights_only_takes_an_added_class(here, snapshot):
    """After ``add_safe_globals([Note])`` the object loads, with its attributes, until ``clear_safe_globals``."""
    torch.save({"note": Note(epoch=3)}, "note.pt")

    def act():
        torch.serialization.add_safe_globals([Note])
        try:
            return {"epoch": torch.load("note.pt", weights_only=True)["note"].epoch}
        finally:  # clear_safe_globals forgets what torch itself had added too: 2.14 adds the built-in exceptions
            others = [each for each in torch.serialization.get_safe_globals() if each is not Note]
            torch.serialization.clear_safe_globals()
            torch.serialization.add_safe_globals(others)

    assert snapshot == observe(act)


@pytest.mark.api("torch.serialization.safe_globals", "torch.load", page="notes/serialization")
@pytest.mark.changed("2.5", "safe_globals appears", kind="api-appeared", cause="pytorch#127939")
def test_safe_globals_allows_a_class_inside_its_with_only(here, snapshot):
    """``with safe_globals([Note])`` allows the class, and behind it the class is refused again."""
    torch.save({"note": Note(epoch=3)}, "note.pt")

    def act():
        with torch.serialization.safe_globals([Note]):
            inside = torch.load("note.pt", weights_only=True)["note"].epoch
        with pytest.raises(pickle.UnpicklingError):
            torch.load("note.pt", weights_only=True)
        return {"epoch": inside}

    assert snapshot == observe(act)


@pytest.mark.api("torch.serialization.get_unsafe_globals_in_checkpoint", page="notes/serialization")
@pytest.mark.changed(
    "2.6", "get_unsafe_globals_in_checkpoint appears", kind="api-appeared", cause="pytorch#139221"
)
def test_unsafe_globals_are_listed_without_being_called(here, snapshot):
    """``get_unsafe_globals_in_checkpoint`` says what a file would need, and calls none of it: look before you allow."""
    torch.save({"weight": torch.zeros(1), "note": Note(epoch=3), "extra": CreatesFile()}, "trap.pt")

    def act():
        return sorted(torch.serialization.get_unsafe_globals_in_checkpoint("trap.pt"))

    observed = observe(act)
    assert not os.path.exists("owned")
    assert snapshot == observed
