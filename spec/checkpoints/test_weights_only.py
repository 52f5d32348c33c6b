"""``weights_only=True`` loads plain values and tensors, and classes only if you allow them.

Numbers, text, lists, tuples, dicts, sizes and dtypes load, floats since 2.0 and sets since 2.6. An
object of another class raises, as does a NumPy number, and the whole file then fails to load.
``torch.serialization.add_safe_globals`` allows a class from 2.4 on, and
``torch.serialization.safe_globals`` allows it inside a ``with`` block from 2.5 on.
``torch.serialization.get_unsafe_globals_in_checkpoint`` lists what a file would call, without
calling it. Trap: passing a ``pickle_module`` turns the default off, and the file can run code
again.
"""

import os
import pickle
from collections import OrderedDict
from pathlib import Path

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
    advice="pass weights_only=True, or weights_only=False for files that you trust",
    unless=("weights_only", "pickle_module", 2),
    rewrite="+weights_only=False",
    restored_by="checkpoints.load_without_weights_only_runs_code",
)
@pytest.mark.changed(
    "2.6",
    "raises, and does not call the file's function: weights_only=True is the default",
    kind="error",
    cause="pytorch#137602",
    advice="pass weights_only=False for files that you trust, or save state dicts",
    restored_by="checkpoints.load_without_weights_only_runs_code",
    unless=("weights_only", "pickle_module", 2),
    depends="the file",
    when="-:within=torch.serialization.safe_globals",
    rewrite="+weights_only=False",
)
def test_load_by_default_does_not_run_code(here, snapshot):
    """Since 2.6, ``torch.load(path)`` does not call a function that the pickle names: it raises."""
    torch.save({"extra": CreatesFile()}, "trap.pt")

    def act():
        torch.load("trap.pt")
        return Path("owned").exists()

    observed = observe(act)
    assert Path("owned").exists() == (observed.raised is None)
    assert snapshot == observed


@pytest.mark.api("torch.load", page="generated/torch.load")
def test_load_with_a_pickle_module_runs_code(here, snapshot):
    """``torch.load`` with a ``pickle_module``, even pickle itself, calls the file's functions.

    The argument turns off the default of ``weights_only=True``.
    """
    torch.save({"extra": CreatesFile()}, "trap.pt")

    def act():
        torch.load("trap.pt", pickle_module=pickle)
        return {"ran": Path("owned").exists()}

    assert snapshot == observe(act)


@pytest.mark.api("torch.load", page="notes/serialization")
@pytest.mark.changed(
    "1.6",
    "another part of pickle rejects the unknown argument, because the file is a zip archive",
    kind="wording",
    cause="pytorch#39460",
    when=":caught and weights_only=True",
)
@pytest.mark.changed(
    "1.13",
    "load takes weights_only, and rejects floats",
    kind="appeared",
    cause="pytorch#86812",
    when="weights_only=True",
    rarely="a file that holds floats",
)
@pytest.mark.changed(
    "2.0",
    "floats load",
    kind="error-gone",
    cause="pytorch#94910",
    when="weights_only=True",
    rarely="a file that holds floats",
)
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
    """``weights_only=True`` loads Python's plain values, and torch's sizes and dtypes.

    Floats load since 2.0.
    """
    torch.save({"value": value}, "plain.pt")
    assert snapshot == observe(lambda: torch.load("plain.pt", weights_only=True)["value"])


@pytest.mark.api("torch.load", page="notes/serialization")
@pytest.mark.changed(
    "1.6",
    "another part of pickle rejects the unknown argument, because the file is a zip archive",
    kind="wording",
    cause="pytorch#39460",
    when=":caught and weights_only=True",
)
@pytest.mark.changed(
    "1.13",
    "load takes weights_only, and rejects sets",
    kind="appeared",
    cause="pytorch#86812",
    when="weights_only=True",
    rarely="a file that holds a set",
)
@pytest.mark.changed(
    "2.4",
    "the message says how to allow a class",
    kind="wording",
    cause="pytorch#129705",
    when=":caught and weights_only=True",
    rarely="a file that holds a set",
)
@pytest.mark.changed(
    "2.5",
    "the message asks for a trusted file in both of its remedies",
    kind="wording",
    cause="pytorch#131259",
    probable=True,
    when=":caught and weights_only=True",
    rarely="a file that holds a set",
)
@pytest.mark.changed(
    "2.6",
    "sets load",
    kind="error-gone",
    cause="pytorch#138866",
    when="weights_only=True",
    rarely="a file that holds a set",
)
def test_load_with_weights_only_takes_a_set(here, snapshot):
    """Since 2.6, ``weights_only=True`` loads a set.

    Pickle stores a set as a call of ``set``, which earlier releases reject.
    """
    torch.save({"seen": {4}}, "set.pt")
    assert snapshot == observe(lambda: sorted(torch.load("set.pt", weights_only=True)["seen"]))


@pytest.mark.api("torch.load", page="notes/serialization")
@pytest.mark.changed(
    "1.6",
    "another part of pickle rejects the unknown argument, because the file is a zip archive",
    kind="wording",
    cause="pytorch#39460",
    when=":caught and weights_only=True",
)
@pytest.mark.changed(
    "1.13",
    "load takes weights_only, and rejects the file",
    kind="appeared",
    cause="pytorch#86812",
    when="weights_only=True",
    rarely="a file that holds a NumPy number",
)
@pytest.mark.changed(
    "2.4",
    "the message says how to allow a function",
    kind="wording",
    cause="pytorch#129705",
    when=":caught and weights_only=True",
    rarely="a file that holds a NumPy number",
)
@pytest.mark.changed(
    "2.5",
    "the message asks for a trusted file in both of its remedies",
    kind="wording",
    cause="pytorch#131259",
    probable=True,
    when=":caught and weights_only=True",
    rarely="a file that holds a NumPy number",
)
@pytest.mark.changed(
    "2.6",
    "the message mentions the new default, and the context manager safe_globals",
    kind="wording",
    cause="pytorch#141304",
    when=":caught and weights_only=True",
    rarely="a file that holds a NumPy number",
)
@pytest.mark.changed(
    "2.7",
    "the message names the module of the function",
    kind="wording",
    cause="pytorch#146815",
    when=":caught and weights_only=True",
    rarely="a file that holds a NumPy number",
)
def test_load_with_weights_only_refuses_a_numpy_number(here, snapshot):
    """``weights_only=True`` rejects a NumPy number, such as a loss that NumPy averaged.

    One such number makes the whole file fail to load. Save ``float(loss)``.
    """
    torch.save({"loss": np.mean([0.25, 0.75])}, "loss.pt")
    assert float(load_trusted("loss.pt")["loss"]) == 0.5

    def act():
        try:
            return float(torch.load("loss.pt", weights_only=True)["loss"])
        except pickle.UnpicklingError as error:
            # NumPy 2 renamed the module of the function that the message names
            message = str(error).replace("numpy._core", "numpy.core")
            raise type(error)(message) from None

    assert snapshot == observe(act)


@pytest.mark.api("torch.load", page="notes/serialization")
@pytest.mark.changed(
    "1.6",
    "another part of pickle rejects the unknown argument, because the file is a zip archive",
    kind="wording",
    cause="pytorch#39460",
    when=":caught and weights_only=True",
)
@pytest.mark.changed(
    "1.13",
    "load takes weights_only, and rejects the file",
    kind="appeared",
    cause="pytorch#86812",
    when="weights_only=True",
    rarely="a file that holds an object of another class",
)
@pytest.mark.changed(
    "2.4",
    "the message says how to allow a class",
    kind="wording",
    cause="pytorch#129705",
    when=":caught and weights_only=True",
    rarely="a file that holds an object of another class",
)
@pytest.mark.changed(
    "2.5",
    "the message asks for a trusted file in both of its remedies",
    kind="wording",
    cause="pytorch#131259",
    probable=True,
    when=":caught and weights_only=True",
    rarely="a file that holds an object of another class",
)
@pytest.mark.changed(
    "2.6",
    "the message mentions the new default, and the context manager safe_globals",
    kind="wording",
    cause="pytorch#141304",
    when=":caught and weights_only=True",
    rarely="a file that holds an object of another class",
)
@pytest.mark.changed(
    "2.7",
    "the message names the module of the class",
    kind="wording",
    cause="pytorch#146815",
    when=":caught and weights_only=True",
    rarely="a file that holds an object of another class",
)
def test_load_with_weights_only_refuses_an_own_class(here, snapshot):
    """``weights_only=True`` rejects an object of a user's class; the message names the class."""
    torch.save({"note": Note(epoch=3)}, "note.pt")
    assert load_trusted("note.pt")["note"].epoch == 3
    assert snapshot == observe(lambda: torch.load("note.pt", weights_only=True)["note"].epoch)


@pytest.mark.api("torch.serialization.add_safe_globals", "torch.load", page="notes/serialization")
@pytest.mark.changed(
    "2.4",
    "add_safe_globals and clear_safe_globals appear",
    kind="appeared",
    cause="pytorch#124331",
    of="torch.serialization.add_safe_globals",
    unless=(),
)
def test_load_with_weights_only_takes_an_added_class(here, snapshot):
    """``add_safe_globals([Note])`` lets ``weights_only=True`` load a ``Note`` with its attributes.

    ``clear_safe_globals`` undoes it.
    """
    torch.save({"note": Note(epoch=3)}, "note.pt")

    def act():
        torch.serialization.add_safe_globals([Note])
        try:
            return {"epoch": torch.load("note.pt", weights_only=True)["note"].epoch}
        finally:
            # clear_safe_globals also removes what torch itself added: 2.14 adds built-in exceptions
            others = [each for each in torch.serialization.get_safe_globals() if each is not Note]
            torch.serialization.clear_safe_globals()
            torch.serialization.add_safe_globals(others)

    assert snapshot == observe(act)


@pytest.mark.api("torch.serialization.safe_globals", "torch.load", page="notes/serialization")
@pytest.mark.changed(
    "2.5",
    "safe_globals appears",
    kind="appeared",
    cause="pytorch#127939",
    of="torch.serialization.safe_globals",
    unless=(),
)
def test_safe_globals_allows_a_class_inside_its_with_only(here, snapshot):
    """``with safe_globals([Note])`` allows the class inside the block only.

    After the block the class is rejected again.
    """
    torch.save({"note": Note(epoch=3)}, "note.pt")

    def act():
        with torch.serialization.safe_globals([Note]):
            return {"epoch": torch.load("note.pt", weights_only=True)["note"].epoch}

    observed = observe(act)
    with pytest.raises((TypeError, pickle.UnpicklingError)):  # TypeError: no weights_only yet
        torch.load("note.pt", weights_only=True)
    assert snapshot == observed


@pytest.mark.api("torch.serialization.get_unsafe_globals_in_checkpoint", page="notes/serialization")
@pytest.mark.changed(
    "2.6", "get_unsafe_globals_in_checkpoint appears", kind="appeared", cause="pytorch#139221"
)
def test_unsafe_globals_are_listed_without_being_called(here, snapshot):
    """``get_unsafe_globals_in_checkpoint`` lists what a file would call, and calls none of it.

    Read the list before you allow anything.
    """
    torch.save({"weight": torch.zeros(1), "note": Note(epoch=3), "extra": CreatesFile()}, "trap.pt")

    def act():
        return sorted(torch.serialization.get_unsafe_globals_in_checkpoint("trap.pt"))

    observed = observe(act)
    assert not Path("owned").exists()
    assert snapshot == observed
