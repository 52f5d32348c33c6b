"""What a checkpoint may carry beside weights: what ``torch.load(path)`` still takes now that it reads weights only."""

import argparse
import collections
import datetime
import pathlib
import pickle
import re

import numpy as np
import pytest
import torch

from fixtures.checkpoint import load_trusted
from fixtures.models import linear
from fixtures.tagged import marked, tag_of, tagged
from torch_history.observing import observe


def outcome(path, **settings):
    """ "loads", or the name that the reader of weights refuses, without what differs with Python's and NumPy's own versions."""
    try:
        torch.load(path, **settings)
    except pickle.UnpicklingError as error:
        name = re.search(
            r"(?:Unsupported class|GLOBAL) (?:__builtin__\.|builtins\.)?([\w.]+)", str(error)
        )
        return {"refuses": name.group(1).replace("numpy._core", "numpy.core") if name else None}
    return "loads"


CARRIED = {
    "arguments": lambda: argparse.Namespace(lr=0.1),
    "NumPy array": lambda: np.array([0.5, 0.25]),
    "defaultdict": lambda: collections.defaultdict(list, loss=[0.5]),
    "deque": lambda: collections.deque([0.5]),
    "date": lambda: datetime.datetime(2020, 1, 2),
    "path": lambda: pathlib.PurePosixPath("runs/1"),
    "range": lambda: range(3),
    "class": lambda: int,
    "function of torch": lambda: torch.nn.functional.relu,
    "exception": lambda: ValueError("diverged"),
    "optimizer": lambda: torch.optim.SGD([torch.tensor([1.0], requires_grad=True)], lr=0.1),
}


@pytest.mark.api("torch.load", page="notes/serialization")
@pytest.mark.changed(
    "2.4",
    "warns that the default of weights_only will change",
    kind="warning",
    cause="pytorch#129239",
    advice="pass weights_only=False for files that you trust, or save plain values",
    unless="weights_only",
)
@pytest.mark.changed(
    "2.6",
    "refuses, and names what it met: weights_only=True is the default",
    kind="silent",
    unless="weights_only",
    cause="pytorch#137602",
    advice="pass weights_only=False for files that you trust, or save plain values",
)
@pytest.mark.changed(
    "2.14",
    "in 2.14 alone, built-in exceptions load: importing torch allows them, until clear_safe_globals",
    kind="silent",
    advice="save the exception's text",
)
@pytest.mark.changed(
    "2.15", "an exception is refused again", kind="silent", advice="save the exception's text"
)
@pytest.mark.parametrize("make", list(CARRIED.values()), ids=list(CARRIED))
def test_load_by_default_refuses_a_checkpoint_that_carries_more_than_weights(here, snapshot, make):
    """One such object and the whole file does not load: weights are refused with it. Save plain values and state dicts."""
    torch.save({"weight": torch.tensor([1.0]), "beside": make()}, "run.pt")
    assert snapshot == observe(lambda: outcome("run.pt"))


ALLOWED = {
    "device": lambda: torch.device("cpu"),
    "Counter": lambda: collections.Counter(["cat", "cat"]),
    "bytes": lambda: b"cat",
    "bytearray": lambda: bytearray(b"cat"),
    "complex": lambda: 1 + 2j,
    "generator's state": lambda: torch.Generator().manual_seed(0).get_state(),
}


@pytest.mark.api("torch.load", page="notes/serialization")
@pytest.mark.changed(
    "1.6",
    "the unknown argument is refused by another part of pickle: the file is a zip archive",
    kind="wording",
    cause="pytorch#39460",
)
@pytest.mark.changed(
    "1.13",
    "load takes weights_only, and of these lets a generator's state pass",
    kind="api-appeared",
    cause="pytorch#86812",
)
@pytest.mark.changed(
    "2.0", "warns of TypedStorage, which load itself uses", kind="warning", cause="pytorch#85303"
)
@pytest.mark.changed(
    "2.2", "warns of TypedStorage no longer", kind="warning", cause="pytorch#113614"
)
@pytest.mark.changed("2.4", "a device and a Counter pass", kind="silent")
@pytest.mark.changed("2.5", "bytes and bytearray pass", kind="silent", cause="pytorch#133189")
@pytest.mark.changed("2.6", "complex passes", kind="silent", cause="pytorch#141537 (the issue)")
@pytest.mark.parametrize("make", list(ALLOWED.values()), ids=list(ALLOWED))
def test_load_with_weights_only_takes_these_objects_beside_weights(here, snapshot, make):
    """Each release lets some more pass: a file that loads here may be refused by a release before."""
    torch.save({"weight": torch.tensor([1.0]), "beside": make()}, "run.pt")
    assert snapshot == observe(lambda: outcome("run.pt", weights_only=True))


@pytest.mark.api("torch.load", "torch.save", page="generated/torch.save")
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
    "protocols 4 and 5 raise, and 3 warns: weights_only=True is the default, and its reader knows protocol 2; "
    "2 warns no longer",
    kind="error",
    cause="pytorch#137602",
    unless="weights_only",
    advice="save with the default protocol, or pass weights_only=False for files that you trust",
)
@pytest.mark.changed(
    "2.9",
    "the message for protocols 4 and 5 has a line break before its last cause",
    kind="wording",
)
@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_load_by_default_takes_no_newer_pickle_protocol(here, snapshot, protocol):
    """The reader of weights knows protocol 2, ``torch.save``'s default; 3 loads with a warning, 4 and 5 are refused."""
    torch.save({"weight": torch.tensor([1.0])}, "new.pt", pickle_protocol=protocol)
    assert float(load_trusted("new.pt")["weight"]) == 1.0
    assert snapshot == observe(lambda: torch.load("new.pt")["weight"])


@pytest.mark.api("torch.load", page="generated/torch.load")
@pytest.mark.changed(
    "2.4",
    "warns that the default of weights_only will change",
    kind="warning",
    cause="pytorch#129239",
    advice="pass weights_only",
)
@pytest.mark.changed(
    "2.6",
    "warns no longer, and ignores encoding: weights_only=True is the default",
    kind="warning",
    cause="pytorch#137602",
    advice="pass weights_only=False for files of Python 2 that you trust",
)
@pytest.mark.changed(
    "2.11",
    "warns that such arguments work with weights_only=False alone",
    kind="warning",
    cause="pytorch#161033",
    advice="pass weights_only=False for files of Python 2 that you trust",
)
def test_load_with_an_encoding_warns(here, snapshot):
    """``encoding=`` is for pickle, which no longer reads the file: it does nothing unless ``weights_only=False``."""
    torch.save({"weight": torch.tensor([1.0])}, "old.pt")
    assert snapshot == observe(lambda: torch.load("old.pt", encoding="latin1")["weight"])


@pytest.mark.api("torch.load", page="generated/torch.load")
@pytest.mark.changed(
    "1.6",
    "the argument is refused by another part of pickle: the file is a zip archive",
    kind="wording",
    cause="pytorch#39460",
)
@pytest.mark.changed(
    "2.4",
    "warns that the default of weights_only will change",
    kind="warning",
    cause="pytorch#129239",
    advice="pass weights_only",
)
@pytest.mark.changed(
    "2.6",
    "another reader refuses it, that of weights, and the warning is gone: weights_only=True is the default",
    kind="wording",
    cause="pytorch#137602",
)
@pytest.mark.changed(
    "2.11",
    "warns that such arguments work with weights_only=False alone",
    kind="warning",
    cause="pytorch#161033",
)
def test_load_with_an_unknown_argument_raises(here, snapshot):
    """A misspelt argument is handed on to the unpickler, and its error names a class or a function that one never called."""
    torch.save({"weight": torch.tensor([1.0])}, "old.pt")
    assert snapshot == observe(lambda: torch.load("old.pt", weight_only=True)["weight"])


@pytest.mark.api("torch.nn.LazyLinear", "torch.load", page="notes/serialization")
@pytest.mark.changed("1.8", "LazyLinear appears", kind="api-appeared")
@pytest.mark.changed(
    "2.4",
    "warns that the default of weights_only will change, and of lazy modules no longer",
    kind="warning",
    cause="pytorch#129239",
    advice="pass weights_only",
)
@pytest.mark.changed(
    "2.6",
    "refuses: weights_only=True is the default, and an UninitializedParameter is no weight",
    kind="silent",
    cause="pytorch#137602",
    advice="run one batch before saving, or pass weights_only=False for files that you trust",
)
def test_load_by_default_refuses_an_uninitialised_parameter(here, snapshot):
    """The state dict of a lazy layer that has seen no batch holds no tensors, and is no file of weights."""

    def act():
        torch.save(torch.nn.LazyLinear(1).state_dict(), "lazy.pt")
        return outcome("lazy.pt")

    assert snapshot == observe(act)


@pytest.mark.api("torch.load", "torch.nn.Parameter", page="generated/torch.load")
@pytest.mark.changed(
    "2.0",
    "the attributes of a Parameter are saved with it, where they were lost",
    kind="silent",
    cause="pytorch#88913",
    advice="before 2.0, save the marks beside the Parameter",
)
def test_saved_parameter_keeps_its_own_attributes(here, snapshot):
    """A mark such as ``weight.tag`` comes back with a Parameter saved by itself. (A state dict has tensors, and no marks.)"""
    torch.save(tagged(torch.nn.Parameter(torch.tensor([1.0]))), "marked.pt")
    assert snapshot == observe(lambda: tag_of(load_trusted("marked.pt")))


@pytest.mark.api("torch.load", "torch.nn.Parameter", page="generated/torch.load")
@pytest.mark.changed(
    "2.0",
    "the attributes of a Parameter are saved with it, where they were lost",
    kind="silent",
    cause="pytorch#88913",
    advice="before 2.0, mark the Parameters again after loading",
)
def test_saved_module_keeps_the_attributes_of_its_parameters(here, snapshot):
    """And with a module saved whole: the groups of an optimizer can be made again from the marks."""
    model = linear([[1.0]])
    tagged(model.weight)
    torch.save(model, "whole.pt")
    assert snapshot == observe(lambda: tag_of(load_trusted("whole.pt").weight))


@pytest.mark.api("torch.load", "torch.nn.Parameter", page="notes/serialization")
@pytest.mark.changed(
    "1.6",
    "the unknown argument is refused by another part of pickle: the file is a zip archive",
    kind="wording",
    cause="pytorch#39460",
)
@pytest.mark.changed(
    "1.13",
    "load takes weights_only; save has dropped the mark",
    kind="api-appeared",
    cause="pytorch#86812",
)
@pytest.mark.changed(
    "2.0",
    "raises: a Parameter with attributes is saved with them, by a function that the reader of weights does "
    "not know",
    kind="error",
    cause="pytorch#88913",
    advice="delete the attributes before saving, or save state dicts",
)
@pytest.mark.changed(
    "2.4",
    "the reader of weights takes it, with its mark",
    kind="error-gone",
    cause="pytorch#124330",
)
def test_load_with_weights_only_takes_a_parameter_with_attributes(here, snapshot):
    """A marked Parameter is no danger, and loads with its mark; it was refused for a while."""
    torch.save(tagged(torch.nn.Parameter(torch.tensor([1.0]))), "marked.pt")

    def act():
        loaded = torch.load("marked.pt", weights_only=True)
        return {"value": loaded, "tag": tag_of(loaded)}

    assert snapshot == observe(act)


@pytest.mark.api("torch.load", "torch.Tensor", page="notes/serialization")
@pytest.mark.changed(
    "1.6", "as_subclass appears; the saved tensor comes back as a plain Tensor", kind="api-appeared"
)
@pytest.mark.changed(
    "1.8",
    "comes back as a tensor of its class, where it was a plain Tensor",
    kind="silent",
    cause="pytorch#47732",
    advice="before 1.8, make it of its class again: as_subclass",
)
def test_saved_tensor_of_a_subclass_keeps_its_class(here, snapshot):
    """A trusted file gives a tensor of one's own class back as such."""

    def act():
        torch.save(marked([1.0]), "own.pt")
        return type(load_trusted("own.pt")).__name__

    assert snapshot == observe(act)


@pytest.mark.api("torch.load", "torch.Tensor", page="notes/serialization")
@pytest.mark.changed("1.6", "as_subclass appears", kind="api-appeared")
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
    "refuses: weights_only=True is the default, and the class is not known to be safe",
    kind="silent",
    cause="pytorch#137602",
    advice="call torch.serialization.add_safe_globals with the class",
    unless="weights_only",
)
def test_load_by_default_refuses_a_tensor_of_a_subclass(here, snapshot):
    """By default its class must be allowed first: ``add_safe_globals``."""

    def act():
        torch.save(marked([1.0]), "own.pt")
        return outcome("own.pt")

    assert snapshot == observe(act)


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
    "warns no longer: weights_only=True is the default, and a sparse tensor passes",
    kind="warning",
    cause="pytorch#137602",
    unless="weights_only",
)
@pytest.mark.changed(
    "2.11",
    "warns that nothing checks the indices, unless one says whether they shall be",
    kind="warning",
    cause="pytorch#171695",
    advice="load under torch.sparse.check_sparse_tensor_invariants()",
)
@pytest.mark.changed("2.13", "warns no longer", kind="warning")
@pytest.mark.changed(
    "2.14",
    "checks the indices where weights_only is True, and warns of the price",
    kind="warning",
    cause="pytorch#184750",
)
def test_load_of_a_sparse_tensor_checks_its_indices_and_warns(here, snapshot):
    """A bad index would read foreign memory, so that each is checked; a warning tells the price of it."""
    # the zip format also where it is not the default: torch 1.4 and 1.5 cannot read a sparse tensor from their legacy files
    torch.save(
        torch.tensor([[0.0, 2.0]]).to_sparse(), "sparse.pt", _use_new_zipfile_serialization=True
    )
    assert snapshot == observe(lambda: torch.load("sparse.pt").to_dense())
