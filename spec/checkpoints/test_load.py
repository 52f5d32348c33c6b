"""``torch.load``: what it does by default, and under ``weights_only``."""

import os
import pickle

import pytest
import torch

from fixtures.models import TwoLayers, parameters_of
from torch_history.observing import observe


class CreatesFile:
    """Its pickle runs ``os.mkdir("owned")`` when it is loaded."""

    def __reduce__(self):
        return os.mkdir, ("owned",)


@pytest.mark.api("torch.load", page="generated/torch.load", article="E")
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
    "warns no longer: weights_only=True is the default, and a state dict passes",
    kind="warning",
    cause="pytorch#137602",
    unless="weights_only",
)
def test_load_takes_a_state_dict_by_default(here, snapshot):
    """``torch.load(path)`` of a state dict returns its tensors, on every version; between 2.4 and 2.5 it warned."""
    torch.save(TwoLayers().state_dict(), "weights.pt")
    assert snapshot == observe(lambda: dict(torch.load("weights.pt")))


@pytest.mark.api("torch.load", page="generated/torch.load", article="B")
@pytest.mark.changed(
    "2.4",
    "warns that the default of weights_only will change",
    kind="warning",
    cause="pytorch#129239",
    advice="pass weights_only=False for files that you trust, or save state dicts",
    unless="weights_only",
)
@pytest.mark.changed(
    "2.6",
    "raises: weights_only=True is the default, and a class is no weight",
    kind="error",
    unless="weights_only",
    cause="pytorch#137602",
    advice="pass weights_only=False for files that you trust, or save state dicts",
)
@pytest.mark.changed(
    "2.7", "the message gives the class its module", kind="wording", cause="pytorch#146815"
)
def test_load_refuses_a_whole_module_by_default(here, snapshot):
    """``torch.load(path)`` of a whole saved module raises, because by default only weights are unpickled."""
    torch.save(TwoLayers(), "module.pt")
    assert snapshot == observe(lambda: parameters_of(torch.load("module.pt")))


@pytest.mark.api("torch.load", page="generated/torch.load")
@pytest.mark.changed(
    "1.6",
    "the unknown argument is refused by another part of pickle: the file is a zip archive",
    kind="wording",
    cause="pytorch#39460",
)
@pytest.mark.changed("1.13", "load takes weights_only", kind="api-appeared", cause="pytorch#86812")
@pytest.mark.changed(
    "2.0", "warns of TypedStorage, which load itself uses", kind="warning", cause="pytorch#85303"
)
@pytest.mark.changed(
    "2.2", "warns of TypedStorage no longer", kind="warning", cause="pytorch#113614"
)
def test_load_with_weights_only_takes_a_state_dict(here, snapshot):
    """``weights_only=True`` loads a state dict."""
    torch.save(TwoLayers().state_dict(), "weights.pt")
    assert snapshot == observe(lambda: dict(torch.load("weights.pt", weights_only=True)))


@pytest.mark.api("torch.load", page="generated/torch.load")
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
    "2.6", "the message tells of the new default", kind="wording", cause="pytorch#141304"
)
@pytest.mark.changed(
    "2.7", "the message gives the class its module", kind="wording", cause="pytorch#146815"
)
def test_load_with_weights_only_refuses_a_whole_module(here, snapshot):
    """``weights_only=True`` refuses a saved module: to rebuild it, its class would have to be called."""
    torch.save(TwoLayers(), "module.pt")
    assert snapshot == observe(lambda: torch.load("module.pt", weights_only=True))


@pytest.mark.api("torch.load", page="generated/torch.load")
@pytest.mark.changed(
    "1.6",
    "the unknown argument is refused by another part of pickle: the file is a zip archive",
    kind="wording",
    cause="pytorch#39460",
)
@pytest.mark.changed("1.13", "load takes weights_only", kind="api-appeared", cause="pytorch#86812")
def test_load_without_weights_only_takes_a_whole_module(here, snapshot):
    """``weights_only=False`` loads a saved module as every version before 2.6 did by default."""
    torch.save(TwoLayers(), "module.pt")
    assert snapshot == observe(lambda: parameters_of(torch.load("module.pt", weights_only=False)))


@pytest.mark.api("torch.load", page="generated/torch.load")
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
    "2.0", "warns of TypedStorage, which load itself uses", kind="warning", cause="pytorch#85303"
)
@pytest.mark.changed(
    "2.2", "warns of TypedStorage no longer", kind="warning", cause="pytorch#113614"
)
@pytest.mark.changed(
    "2.4", "the message says how to allow a function", kind="wording", cause="pytorch#129705"
)
@pytest.mark.changed(
    "2.5",
    "functions of some modules cannot be allowed, and the message says so",
    kind="wording",
    cause="pytorch#131259",
)
@pytest.mark.changed(
    "2.6", "the message tells of the new default", kind="wording", cause="pytorch#141304"
)
def test_load_with_weights_only_refuses_code_and_does_not_run_it(here, snapshot):
    """A pickle that would call a function is refused under ``weights_only=True``, and the function is not called."""
    torch.save({"weight": torch.zeros(1), "extra": CreatesFile()}, "trap.pt")

    def act():
        torch.load("trap.pt", weights_only=True)

    observed = observe(act)
    assert not os.path.exists("owned")
    assert snapshot == observed


@pytest.mark.api("torch.load", page="generated/torch.load")
@pytest.mark.changed(
    "1.6",
    "the unknown argument is refused by another part of pickle: the file is a zip archive",
    kind="wording",
    cause="pytorch#39460",
)
@pytest.mark.changed("1.13", "load takes weights_only", kind="api-appeared", cause="pytorch#86812")
def test_load_without_weights_only_runs_code(here, snapshot):
    """The same pickle under ``weights_only=False`` runs: loading an untrusted file is running it."""
    torch.save({"extra": CreatesFile()}, "trap.pt")

    def act():
        torch.load("trap.pt", weights_only=False)
        return os.path.exists("owned")

    assert snapshot == observe(act)


@pytest.mark.api("torch.save", page="generated/torch.save")
@pytest.mark.changed(
    "1.6",
    "save writes a zip archive",
    kind="representation",
    cause="pytorch#39460",
    advice="for readers before 1.6 pass _use_new_zipfile_serialization=False",
)
def test_save_writes_a_zip_archive(here, snapshot):
    """A file of ``torch.save`` is a zip archive: its first two bytes are PK, where they were pickle's before."""
    torch.save({"weight": torch.zeros(1)}, "weights.pt")

    def act():
        with open("weights.pt", "rb") as file:
            return file.read(2) == b"PK"

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
    "warns no longer: weights_only=True is the default, and tensors pass",
    kind="warning",
    cause="pytorch#137602",
    unless="weights_only",
)
def test_load_reads_the_legacy_format(here, snapshot):
    """A file in the format of before 1.6 still loads."""
    torch.save(
        {"weight": torch.tensor([1.0, 2.0])}, "legacy.pt", _use_new_zipfile_serialization=False
    )
    with open("legacy.pt", "rb") as file:
        assert isinstance(pickle.load(file), int)  # the magic number
    assert snapshot == observe(lambda: torch.load("legacy.pt")["weight"])
