"""Files that other releases wrote: ``fixtures/checkpoints/<release>/``, by ``python -m fixtures.checkpoint``. See ``history interchange``."""

import shutil
import warnings

import pytest
import torch

from fixtures.checkpoint import FOLDER, WRITTEN, load_trusted, never_stopped, resumed
from fixtures.models import parameters_of
from fixtures.tying import is_tied, shared_parameters
from history.observe import observe

RELEASES = [
    "1.4.0", "1.5.1", "1.6.0", "1.7.1", "1.8.1", "1.9.1", "1.10.2", "1.11.0", "1.12.1", "1.13.1",
    "2.0.1", "2.1.2", "2.2.2", "2.3.1", "2.4.1", "2.5.1", "2.6.0", "2.7.1", "2.8.0", "2.9.1", "2.10.0", "2.11.0", "2.12.1",
    "2.13.0", "2.14.1", "2.15.0",
]


def written_by(releases):
    """One case for each release that wrote a file. ``history interchange`` reads the names of the cases."""
    return pytest.mark.parametrize("release", releases, ids=[f"written by {release}" for release in releases])


EVERY_RELEASE = written_by(RELEASES)


def fetch(release, kind="training"):
    """Copy a release's file of this kind into the working folder, so that its path is the same everywhere."""
    file = FOLDER / release / f"{kind}.pt"
    if not file.exists():
        pytest.skip(reason=f"{release}/{file.name} has not been written yet: run python -m fixtures.checkpoint under torch {release}")
    shutil.copy(str(file), "checkpoint.pt")


def after_three_steps():
    """What ``torch.load`` makes of a file of kind ``training`` or ``legacy``."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # of the default of weights_only, see test_load.py
        loaded = torch.load("checkpoint.pt")
    states = {name: next(iter(loaded[name]["optimizer"]["state"].values())) for name in WRITTEN}
    return {"SGD weight": loaded["SGD"]["model"]["weight"], "SGD momentum": states["SGD"]["momentum_buffer"],
            "Adam weight": loaded["Adam"]["model"]["weight"], "Adam step": float(states["Adam"]["step"])}


def load_whole():
    """The module in the file. Only files of 1.4 and 1.5 hold the source of its classes: what torch warns of them is said once."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        module = load_trusted("checkpoint.pt")
    for category in sorted({warning.category for warning in caught}, key=str):
        warnings.warn("given by torch.load", category)
    return module


def distance(resumed_model, whole_model):
    """The resumed parameters, and how they relate to those of a run that never stopped."""
    ends, whole = parameters_of(resumed_model), parameters_of(whole_model)
    atol = 5 * 2 * 2**-24  # five steps of either run, each off by an ULP at 0.5
    return {**ends, "as never stopped": all(torch.allclose(ends[name], whole[name], rtol=0, atol=atol) for name in whole)}


@pytest.mark.api("torch.load", page="notes/serialization")
@pytest.mark.changed("1.5", "zip archives of format version 3, as written by 1.6 and later, can be read", kind="error-gone")
@EVERY_RELEASE
def test_checkpoint_of_every_release_loads(here, snapshot, release):
    """``torch.load(path)`` reads the file of every release, with the model and the optimizers as they were after three steps."""
    fetch(release)
    assert snapshot == observe(after_three_steps)


@pytest.mark.api("torch.load", "torch.optim.SGD", "torch.optim.Adam", page="notes/serialization")
@pytest.mark.changed("1.5", "zip archives of format version 3, as written by 1.6 and later, can be read", kind="error-gone")
@pytest.mark.changed("1.12",
                     "Adam goes on exactly from a step that 1.12 and later saved as a tensor, where it rounded in float32",
                     kind="silent", cause="pytorch#71333 (probably)",
                     advice="resume with 1.12 or later what 1.12 or later saved; or turn each step into an int before")
@EVERY_RELEASE
def test_training_resumes_from_the_checkpoint_of_every_release(here, snapshot, release):
    """The last two steps give the values of five steps in one go: within float32's rounding.

    The three steps of Adam that a file holds differ by an ULP between the releases that wrote them. Before 1.12, Adam
    goes on from a file of 1.12 or later with more rounding: its step is a tensor there, and was an int.
    """
    fetch(release)

    def act():
        saved = load_trusted("checkpoint.pt")
        return {name: distance(resumed(saved[name], name), never_stopped(name)) for name in WRITTEN}

    assert snapshot == observe(act)


@pytest.mark.api("torch.save", "torch.load", page="notes/serialization")
@EVERY_RELEASE
def test_legacy_file_of_every_release_loads(here, snapshot, release):
    """With ``_use_new_zipfile_serialization=False`` every release writes, to this day, what 1.4 reads."""
    fetch(release, "legacy")
    assert snapshot == observe(after_three_steps)


@pytest.mark.api("torch.load", "torch.nn.Module.load_state_dict", page="notes/serialization", article="D")
@EVERY_RELEASE
def test_tied_state_dict_of_every_release_loads_into_a_tied_model(here, snapshot, release):
    """The file holds two names for one storage, and the model that takes them stays tied."""
    fetch(release, "tied")

    def act():
        saved, model = load_trusted("checkpoint.pt"), shared_parameters()
        model.load_state_dict(saved)
        return {"one storage in the file": saved["0.weight"].data_ptr() == saved["1.weight"].data_ptr(),
                "tied": is_tied(model), "weight": model[1].weight}

    assert snapshot == observe(act)


# Whole modules: a class of the user's, and torch's own.

@pytest.mark.api("torch.load", page="notes/serialization", article="D")
@EVERY_RELEASE
def test_whole_tied_module_of_every_release_is_tied(here, snapshot, release):
    """Two layers that hold one weight and one bias do so when they come out of the file: a gradient of both uses, 0.5 and 1.5."""
    fetch(release, "tied_module")

    def act():
        model = load_whole()
        model(torch.tensor([[1.0]])).backward()
        return {"tied": is_tied(model), "gradient": model[0].weight.grad}

    assert snapshot == observe(act)


@pytest.mark.api("torch.load", "torch.nn.Module", page="notes/serialization")
@EVERY_RELEASE
def test_whole_module_of_every_release_computes_and_learns(here, snapshot, release):
    """A class of one's own that holds a Linear: forward, backward and ``state_dict`` work as where it was saved."""
    fetch(release, "module")

    def act():
        model = load_whole()
        output = model(torch.tensor([[1.0, 3.0]]))
        output.backward()
        return {"output": output.detach(), "gradient": model.linear.weight.grad, "note": model.note,
                "state dict": list(model.state_dict())}

    assert snapshot == observe(act)


@pytest.mark.api("torch.load", "torch.nn.Sequential", "torch.nn.BatchNorm1d", page="notes/serialization")
@EVERY_RELEASE
def test_whole_sequence_of_every_release_computes(here, snapshot, release):
    """Linear, BatchNorm1d in evaluation mode and ReLU: 2 * (6 - 4) / sqrt(5) + 3 = 4.79."""
    fetch(release, "sequence")

    def act():
        model = load_whole()
        return {"output": model(torch.tensor([[7.0, 1.0]])).detach(), "state dict": list(model.state_dict())}

    assert snapshot == observe(act)


@pytest.mark.api("torch.load", "torch.nn.LSTM", page="notes/serialization")
@EVERY_RELEASE
def test_whole_lstm_of_every_release_computes(here, snapshot, release):
    """Every gate sees 0.5 * 1 + 0.5 + 0.5 = 1.5: the output is sigmoid(1.5) * tanh(sigmoid(1.5) * tanh(1.5)) = 0.5144."""
    fetch(release, "lstm")
    assert snapshot == observe(lambda: load_whole()(torch.ones(1, 1, 1))[0].detach())


@pytest.mark.api("torch.load", "torch.nn.Upsample", page="notes/serialization")
@EVERY_RELEASE
def test_whole_upsample_of_every_release_computes(here, snapshot, release):
    """An attribute that the class did not have when the module was saved is set when it is loaded; some releases forgot that."""
    fetch(release, "upsample")
    assert snapshot == observe(lambda: load_whole()(torch.tensor([[[1.0, 2.0]]])))


@pytest.mark.api("torch.load", "torch.nn.GELU", page="notes/serialization")
@EVERY_RELEASE
def test_whole_gelu_saved_before_its_approximation_raises_in_forward(here, snapshot, release):
    """It loads, but 1.12 and later look for ``approximate``, which a GELU saved before 1.12 has not."""
    fetch(release, "gelu")
    assert snapshot == observe(lambda: load_whole()(torch.tensor([1.0])))


@pytest.mark.api("torch.load", "torch.nn.MultiheadAttention", page="notes/serialization")
@EVERY_RELEASE
def test_whole_attention_saved_before_batch_first_raises_in_forward(here, snapshot, release):
    """It loads, but 1.9 and later look for ``batch_first``. One position attends to itself: 0.5 * (0.5 * 1 + 0.5) + 0.5 = 1."""
    fetch(release, "attention")
    one = torch.ones(1, 1, 1)
    assert snapshot == observe(lambda: load_whole()(one, one, one)[0].detach())


@pytest.mark.api("torch.load", "torch.nn.GELU", "torch.nn.MultiheadAttention", page="notes/serialization")
@pytest.mark.parametrize("kind, attribute, default", [("gelu", "approximate", "none"), ("attention", "batch_first", False)],
                         ids=["GELU", "MultiheadAttention"])
def test_attribute_that_a_saved_module_lacks_can_be_set_by_hand(here, snapshot, kind, attribute, default):
    """The way through: give a layer that 1.4 saved the default of the attribute that its class has since, and it computes."""
    fetch("1.4.0", kind)

    def act():
        layer = load_whole()
        setattr(layer, attribute, default)
        one = torch.ones(1, 1, 1)
        return layer(one) if kind == "gelu" else layer(one, one, one)[0].detach()

    assert snapshot == observe(act)


@pytest.mark.api("torch.load", "torch.nn.CrossEntropyLoss", page="notes/serialization")
@written_by(RELEASES[RELEASES.index("1.10.2"):])
def test_whole_smoothed_loss_smooths(here, snapshot, release):
    """With label smoothing of 0.5: 0.63. A release before 1.10 loads the loss and smooths nothing: 0.13, in silence."""
    fetch(release, "smoothed_loss")
    assert snapshot == observe(lambda: load_whole()(torch.tensor([[2.0, 0.0]]), torch.tensor([0])))
