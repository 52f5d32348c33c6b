"""Since 2.6 ``torch.load`` loads only weights by default, and a module saved whole raises.

A file contains a pickle, and a pickle can call any function. ``weights_only=True``, the default
since 2.6, calls no such function and raises instead. It loads state dicts, but not modules saved
whole. ``weights_only=False`` loads any pickled object and calls the functions that the file names,
so use it only for files that you trust. The argument exists since 1.13; 2.4 and 2.5 warned about
the new default. Since 1.6 ``torch.save`` writes a zip archive. The older format can still be read.
"""

import os
import pickle
from pathlib import Path

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
    advice="pass weights_only=True; or weights_only=False for a file that you trust and "
    "that holds more than weights",
    unless=("weights_only", "pickle_module", 2),
)
@pytest.mark.changed(
    "2.6",
    "no longer warns: weights_only=True is the default, and a state dict loads",
    kind="warning",
    cause="pytorch#137602",
    unless=("weights_only", "pickle_module", 2),
)
def test_load_takes_a_state_dict_by_default(here, snapshot):
    """``torch.load(path)`` of a state dict returns its tensors on every release.

    2.4 and 2.5 warned.
    """
    torch.save(TwoLayers().state_dict(), "weights.pt")
    assert snapshot == observe(lambda: dict(torch.load("weights.pt")))


@pytest.mark.api("torch.load", page="generated/torch.load", article="B")
@pytest.mark.changed(
    "2.4",
    "warns that the default of weights_only will change",
    kind="warning",
    cause="pytorch#129239",
    advice="pass weights_only=False for files that you trust, or save state dicts",
    unless=("weights_only", "pickle_module", 2),
    rewrite="+weights_only=False",
    restored_by="checkpoints.load_without_weights_only_takes_a_whole_module",
)
@pytest.mark.changed(
    "2.6",
    "raises: weights_only=True is the default, and does not allow the module's class",
    kind="error",
    unless=("weights_only", "pickle_module", 2),
    cause="pytorch#137602",
    advice="pass weights_only=False for files that you trust, or save state dicts",
    restored_by="checkpoints.load_without_weights_only_takes_a_whole_module",
    depends="the file",
    when="-:within=torch.serialization.safe_globals",
    rewrite="+weights_only=False",
)
@pytest.mark.changed(
    "2.7",
    "the message names the module of the class",
    kind="wording",
    cause="pytorch#146815",
    when=":caught and -weights_only and -pickle_module@2",
    rarely="a file that holds more than weights",
)
def test_load_refuses_a_whole_module_by_default(here, snapshot):
    """Since 2.6, ``torch.load(path)`` raises on a module saved whole: it loads only weights."""
    torch.save(TwoLayers(), "module.pt")
    assert snapshot == observe(lambda: parameters_of(torch.load("module.pt")))


@pytest.mark.api("torch.load", page="generated/torch.load")
@pytest.mark.changed(
    "1.6",
    "another part of pickle rejects the unknown argument, because the file is a zip archive",
    kind="wording",
    cause="pytorch#39460",
    when=":caught and weights_only",
)
@pytest.mark.changed(
    "1.13", "load takes weights_only", kind="appeared", cause="pytorch#86812", when="weights_only"
)
@pytest.mark.changed(
    "2.0",
    "warns that TypedStorage is deprecated, which load itself uses",
    kind="warning",
    cause="pytorch#85303",
    when="weights_only=True",
)
@pytest.mark.changed(
    "2.2",
    "no longer warns about TypedStorage",
    kind="warning",
    cause="pytorch#113614",
    when="weights_only=True",
)
def test_load_with_weights_only_takes_a_state_dict(here, snapshot):
    """``weights_only=True`` loads a state dict."""
    torch.save(TwoLayers().state_dict(), "weights.pt")
    assert snapshot == observe(lambda: dict(torch.load("weights.pt", weights_only=True)))


@pytest.mark.api("torch.load", page="generated/torch.load")
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
    rarely="a module saved whole",
)
@pytest.mark.changed(
    "2.4",
    "the message says how to allow a class",
    kind="wording",
    cause="pytorch#129705",
    when=":caught and weights_only=True",
    rarely="a module saved whole",
)
@pytest.mark.changed(
    "2.5",
    "the message asks for a trusted file in both of its remedies",
    kind="wording",
    cause="pytorch#131259",
    probable=True,
    when=":caught and weights_only=True",
    rarely="a module saved whole",
)
@pytest.mark.changed(
    "2.6",
    "the message mentions the new default",
    kind="wording",
    cause="pytorch#141304",
    when=":caught and weights_only=True",
    rarely="a module saved whole",
)
@pytest.mark.changed(
    "2.7",
    "the message names the module of the class",
    kind="wording",
    cause="pytorch#146815",
    when=":caught and weights_only=True",
    rarely="a module saved whole",
)
def test_load_with_weights_only_refuses_a_whole_module(here, snapshot):
    """``weights_only=True`` rejects a module saved whole.

    To rebuild the module, torch would have to call its class.
    """
    torch.save(TwoLayers(), "module.pt")
    assert snapshot == observe(lambda: torch.load("module.pt", weights_only=True))


@pytest.mark.api("torch.load", page="generated/torch.load")
@pytest.mark.changed(
    "1.6",
    "another part of pickle rejects the unknown argument, because the file is a zip archive",
    kind="wording",
    cause="pytorch#39460",
    when=":caught and weights_only",
)
@pytest.mark.changed(
    "1.13", "load takes weights_only", kind="appeared", cause="pytorch#86812", when="weights_only"
)
def test_load_without_weights_only_takes_a_whole_module(here, snapshot):
    """``weights_only=False`` loads a saved module, as every release before 2.6 did by default."""
    torch.save(TwoLayers(), "module.pt")
    assert snapshot == observe(lambda: parameters_of(torch.load("module.pt", weights_only=False)))


@pytest.mark.api("torch.load", page="generated/torch.load")
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
    rarely="a file that calls a function",
)
@pytest.mark.changed(
    "2.0",
    "warns that TypedStorage is deprecated, which load itself uses",
    kind="warning",
    cause="pytorch#85303",
    when="weights_only=True",
)
@pytest.mark.changed(
    "2.2",
    "no longer warns about TypedStorage",
    kind="warning",
    cause="pytorch#113614",
    when="weights_only=True",
)
@pytest.mark.changed(
    "2.4",
    "the message says how to allow a function",
    kind="wording",
    cause="pytorch#129705",
    when=":caught and weights_only=True",
    rarely="a file that calls a function",
)
@pytest.mark.changed(
    "2.5",
    "functions of some modules cannot be allowed, and the message says so",
    kind="wording",
    cause="pytorch#131259",
    when=":caught and weights_only=True",
    rarely="a file that calls a function",
)
@pytest.mark.changed(
    "2.6",
    "the message mentions the new default",
    kind="wording",
    cause="pytorch#141304",
    when=":caught and weights_only=True",
    rarely="a file that calls a function",
)
def test_load_with_weights_only_refuses_code_and_does_not_run_it(here, snapshot):
    """``weights_only=True`` rejects a pickle that would call a function, and does not call it."""
    torch.save({"weight": torch.zeros(1), "extra": CreatesFile()}, "trap.pt")

    def act():
        torch.load("trap.pt", weights_only=True)

    observed = observe(act)
    assert not Path("owned").exists()
    assert snapshot == observed


@pytest.mark.api("torch.load", page="generated/torch.load")
@pytest.mark.changed(
    "1.6",
    "another part of pickle rejects the unknown argument, because the file is a zip archive",
    kind="wording",
    cause="pytorch#39460",
    when=":caught and weights_only",
)
@pytest.mark.changed(
    "1.13", "load takes weights_only", kind="appeared", cause="pytorch#86812", when="weights_only"
)
def test_load_without_weights_only_runs_code(here, snapshot):
    """``weights_only=False`` calls the functions in a pickle: loading an untrusted file runs it."""
    torch.save({"extra": CreatesFile()}, "trap.pt")

    def act():
        torch.load("trap.pt", weights_only=False)
        return Path("owned").exists()

    assert snapshot == observe(act)


@pytest.mark.api("torch.save", page="generated/torch.save")
@pytest.mark.changed(
    "1.6",
    "save writes a zip archive",
    kind="representation",
    cause="pytorch#39460",
    advice="pass _use_new_zipfile_serialization=False if releases before 1.6 read the file",
    unless=("_use_new_zipfile_serialization", 4),
)
def test_save_writes_a_zip_archive(here, snapshot):
    """Since 1.6, ``torch.save`` writes a zip archive, whose first two bytes are PK.

    Before, it wrote a pickle.
    """
    torch.save({"weight": torch.zeros(1)}, "weights.pt")

    def act():
        with Path("weights.pt").open("rb") as file:
            return file.read(2) == b"PK"

    assert snapshot == observe(act)


@pytest.mark.api("torch.load", page="generated/torch.load")
@pytest.mark.changed(
    "2.4",
    "warns that the default of weights_only will change",
    kind="warning",
    cause="pytorch#129239",
    advice="pass weights_only=True; or weights_only=False for a file that you trust and "
    "that holds more than weights",
    unless=("weights_only", "pickle_module", 2),
)
@pytest.mark.changed(
    "2.6",
    "no longer warns: weights_only=True is the default, and tensors load",
    kind="warning",
    cause="pytorch#137602",
    unless=("weights_only", "pickle_module", 2),
)
def test_load_reads_the_legacy_format(here, snapshot):
    """``torch.load`` reads a file in the legacy format, the default before 1.6."""
    torch.save(
        {"weight": torch.tensor([1.0, 2.0])}, "legacy.pt", _use_new_zipfile_serialization=False
    )
    with Path("legacy.pt").open("rb") as file:
        assert isinstance(pickle.load(file), int)  # the magic number
    assert snapshot == observe(lambda: torch.load("legacy.pt")["weight"])
