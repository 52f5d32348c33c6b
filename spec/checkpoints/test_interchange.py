"""Since 1.5, each release reads the state dicts that any recorded release saved.

Each case is a file that one release wrote, read by every recorded release. Only 1.4 cannot read the
zip archives that 1.6 and later write; it reads files that were saved with
``_use_new_zipfile_serialization=False``. Training resumes from the files of any release. Before
1.12, Adam rounds more after loading a file of 1.12 or later. ``torch-history interchange`` prints
the table of which release reads which files.
"""

import warnings

import pytest
import torch

from fixtures.checkpoint import WRITTEN, load_trusted, never_stopped, resumed
from fixtures.interchange import EVERY_RELEASE, fetch
from fixtures.models import parameters_of
from fixtures.tying import is_tied, shared_parameters
from torch_history.observing import observe


def after_three_steps():
    """Values that ``torch.load`` reads from a file of kind ``training`` or ``legacy``."""
    with warnings.catch_warnings():
        # the warning about the default of weights_only, see test_load.py
        warnings.simplefilter("ignore", FutureWarning)
        loaded = torch.load("checkpoint.pt")
    states = {name: next(iter(loaded[name]["optimizer"]["state"].values())) for name in WRITTEN}
    return {
        "SGD weight": loaded["SGD"]["model"]["weight"],
        "SGD momentum": states["SGD"]["momentum_buffer"],
        "Adam weight": loaded["Adam"]["model"]["weight"],
        "Adam step": float(states["Adam"]["step"]),
    }


def distance(resumed_model, whole_model):
    """The resumed parameters, and whether they equal those of a run that never stopped."""
    ends, whole = parameters_of(resumed_model), parameters_of(whole_model)
    atol = 5 * 2 * 2**-24  # five steps of either run, each off by an ULP at 0.5
    return {
        **ends,
        "as never stopped": all(
            torch.allclose(ends[name], whole[name], rtol=0, atol=atol) for name in whole
        ),
    }


@pytest.mark.interchange(legacy="checkpoints.legacy_file_of_every_release_loads")
@pytest.mark.api("torch.load", page="notes/serialization")
@pytest.mark.changed(
    "1.5",
    "zip archives of format version 3, as written by 1.6 and later, can be read",
    kind="error-gone",
    cause="pytorch#33255",
    probable=True,
    when=":unseen",
)
@EVERY_RELEASE
def test_checkpoint_of_every_release_loads(here, snapshot, release):
    """Since 1.5, ``torch.load(path)`` reads the checkpoint that any release wrote.

    The model and the optimizers are as they were after three steps.
    """
    fetch(release)
    assert snapshot == observe(after_three_steps)


@pytest.mark.interchange
@pytest.mark.api("torch.load", "torch.optim.SGD", "torch.optim.Adam", page="notes/serialization")
@pytest.mark.changed(
    "1.5",
    "zip archives of format version 3, as written by 1.6 and later, can be read",
    kind="error-gone",
    cause="pytorch#33255",
    probable=True,
    when=":unseen",
)
@pytest.mark.changed(
    "1.12",
    "Adam resumes exactly from a step that 1.12 and later saved as a tensor, where it rounded in "
    "float32 before",
    kind="silent",
    cause="pytorch#71333",
    probable=True,
    advice="resume files of 1.12 or later under 1.12 or later; or convert each step to int first",
    when=":unseen",
)
@EVERY_RELEASE
def test_training_resumes_from_the_checkpoint_of_every_release(here, snapshot, release):
    """Training resumed from the checkpoint of any release ends like five steps in one run.

    The two ends agree within float32's rounding. The three Adam steps in a file differ by an ULP
    between the releases that wrote them. Before 1.12, Adam rounds more after loading a file of 1.12
    or later: its step is a tensor there instead of an int.
    """
    fetch(release)

    def act():
        saved = load_trusted("checkpoint.pt")
        return {name: distance(resumed(saved[name], name), never_stopped(name)) for name in WRITTEN}

    assert snapshot == observe(act)


@pytest.mark.interchange
@pytest.mark.api("torch.save", "torch.load", page="notes/serialization")
@EVERY_RELEASE
def test_legacy_file_of_every_release_loads(here, snapshot, release):
    """Every release writes a file that 1.4 reads if ``_use_new_zipfile_serialization=False``."""
    fetch(release, "legacy")
    assert snapshot == observe(after_three_steps)


@pytest.mark.interchange
@pytest.mark.api(
    "torch.load", "torch.nn.Module.load_state_dict", page="notes/serialization", article="D"
)
@pytest.mark.changed(
    "1.5",
    "zip archives of format version 3, as written by 1.6 and later, can be read",
    kind="error-gone",
    cause="pytorch#33255",
    probable=True,
    when=":unseen",
)
@EVERY_RELEASE
def test_tied_state_dict_of_every_release_loads_into_a_tied_model(here, snapshot, release):
    """Since 1.5, a tied model loads the tied state dict of any release, and stays tied.

    The file holds two names for one storage.
    """
    fetch(release, "tied")

    def act():
        saved, model = load_trusted("checkpoint.pt"), shared_parameters()
        model.load_state_dict(saved)
        return {
            "one storage in the file": saved["0.weight"].data_ptr() == saved["1.weight"].data_ptr(),
            "tied": is_tied(model),
            "weight": model[1].weight,
        }

    assert snapshot == observe(act)
