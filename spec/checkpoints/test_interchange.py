"""Checkpoints that other releases wrote: ``fixtures/checkpoints/<release>.pt``, written by ``python -m fixtures.checkpoint``."""

import shutil
import warnings

import pytest
import torch

from fixtures.checkpoint import FOLDER, WRITTEN, load_trusted, never_stopped, resumed
from fixtures.models import parameters_of
from history.observe import observe

RELEASES = [
    "1.4.0", "1.5.1", "1.6.0", "1.7.1", "1.8.1", "1.9.1", "1.10.2", "1.11.0", "1.12.1", "1.13.1",
    "2.0.1", "2.1.2", "2.2.2", "2.3.1", "2.4.1", "2.5.1", "2.6.0", "2.7.1", "2.8.0", "2.9.1", "2.10.0", "2.11.0", "2.12.1",
    "2.13.0", "2.14.1", "2.15.0",
]
EVERY_RELEASE = pytest.mark.parametrize("release", RELEASES, ids=[f"written by {release}" for release in RELEASES])


def fetch(release, kind="training"):
    """Copy a release's checkpoint into the working folder, so that its path is the same everywhere."""
    file = FOLDER / release / f"{kind}.pt"
    if not file.exists():
        pytest.skip(reason=f"{file.name} has not been written yet: run python -m fixtures.checkpoint under torch {release}")
    shutil.copy(str(file), "checkpoint.pt")


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

    def act():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # of the default of weights_only, see test_load.py
            loaded = torch.load("checkpoint.pt")
        states = {name: next(iter(loaded[name]["optimizer"]["state"].values())) for name in WRITTEN}
        return {"SGD weight": loaded["SGD"]["model"]["weight"], "SGD momentum": states["SGD"]["momentum_buffer"],
                "Adam weight": loaded["Adam"]["model"]["weight"], "Adam step": float(states["Adam"]["step"])}

    assert snapshot == observe(act)


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
