"""The state dict of an optimizer holds what it needs to continue training where it stopped.

It has two keys. ``state`` holds tensors for each parameter that had a step, such as momentum and
moments. ``param_groups`` holds the hyperparameters. Since 1.6 the parameters are numbered from 0
across all groups. Loading overwrites hyperparameters such as ``lr`` with the saved ones. Training
that resumes from the model's and the optimizer's state gives the same bits as training in one run.
Without the optimizer's state it ends with other weights. Trap: since 2.1
``torch.optim.Optimizer.load_state_dict`` does not copy the tensors, so the next step changes the
dict that was loaded.
"""

import copy
import io

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from fixtures.checkpoint import (
    OPTIMIZERS,
    STEPS,
    checkpoint,
    learner,
    load_trusted,
    never_stopped,
    restored,
    resumed,
    through_a_file,
    train,
)
from fixtures.models import linear, parameters_of
from torch_history.observing import observe

EACH = pytest.mark.parametrize(
    "optimizer", ["SGD", "Adam", "AdamW with amsgrad"], ids=["SGD", "Adam", "AdamW-amsgrad"]
)


def weights_state(state_dict):
    """The state of the first parameter, the weight, in an optimizer's state dict.

    Its key is a number since 1.6, and was an address before.
    """
    return next(iter(state_dict["state"].values()))


@pytest.mark.api(
    "torch.optim.Optimizer.state_dict", page="generated/torch.optim.Optimizer.state_dict"
)
@pytest.mark.changed(
    "1.6",
    "parameters are numbered from 0 instead of named by their addresses",
    kind="representation",
    cause="pytorch#37347",
    unless=(),
)
def test_optimizer_state_dict_numbers_parameters_through_all_groups(snapshot):
    """Since 1.6, an optimizer's state dict numbers the parameters 0, 1, 2 ... across all groups.

    Its keys are ``state`` and ``param_groups``.
    """
    first, second = linear([[1.0]], [2.0]), linear([[3.0]])
    optimizer = torch.optim.SGD(
        [{"params": first.parameters()}, {"params": second.parameters()}], lr=0.5, momentum=0.5
    )
    (first(torch.ones(1, 1)) + second(torch.ones(1, 1))).sum().backward()
    optimizer.step()
    saved = optimizer.state_dict()

    def act():
        names = [group["params"] for group in saved["param_groups"]]
        return {
            "keys": sorted(saved),
            "params are 0, 1 and 2": names == [[0, 1], [2]],
            "state's keys too": sorted(saved["state"]) == [0, 1, 2],
        }

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.optim.SGD",
    "torch.optim.Adam",
    "torch.optim.AdamW",
    page="generated/torch.optim.Optimizer.state_dict",
)
@EACH
def test_optimizer_state_holds_what_the_next_step_needs(optimizer, snapshot):
    """An optimizer's state dict holds what the next step needs.

    SGD keeps a momentum buffer. Adam keeps the step and two moments, and with amsgrad the largest
    second moment too.
    """
    assert snapshot == observe(lambda: sorted(weights_state(checkpoint(optimizer)["optimizer"])))


@pytest.mark.api("torch.optim.Adam", page="generated/torch.optim.Adam")
@pytest.mark.changed(
    "1.12",
    "step is a float32 tensor instead of an int",
    kind="representation",
    cause="pytorch#71333",
    advice="read it with int(state['step'])",
    of="torch.optim.Adam.state",
    rarely="code that reads the step",
)
def test_adams_step_is_a_float_tensor(snapshot):
    """Since 1.12, Adam counts its steps in a float32 tensor, one for each parameter."""
    assert snapshot == observe(lambda: weights_state(checkpoint("Adam")["optimizer"])["step"])


@pytest.mark.api(
    "torch.optim.Optimizer.state_dict", page="generated/torch.optim.Optimizer.state_dict"
)
def test_optimizer_state_is_empty_before_the_first_step(snapshot):
    """A new optimizer has no state, and a parameter that never had a gradient gets none."""
    model, optimizer = learner("Adam")
    before = len(optimizer.state_dict()["state"])
    model.bias.requires_grad_(False)
    train(model, optimizer, 1)
    assert snapshot == observe(
        lambda: {
            "before": before,
            "after, with the bias frozen": len(optimizer.state_dict()["state"]),
        }
    )


@pytest.mark.api(
    "torch.optim.Optimizer.state_dict", page="generated/torch.optim.Optimizer.state_dict"
)
def test_optimizer_state_dict_kept_in_memory_follows_the_training(snapshot):
    """An optimizer's state dict that is kept in memory changes with training.

    Its tensors are the optimizer's own, not copies. They always hold the state of the last step.
    """
    model, optimizer = learner("SGD")
    train(model, optimizer, 1)
    kept = optimizer.state_dict()
    before = weights_state(kept)["momentum_buffer"].clone()
    train(model, optimizer, 1)
    assert snapshot == observe(
        lambda: {
            "when it was taken": before,
            "a step later": weights_state(kept)["momentum_buffer"],
        }
    )


@pytest.mark.api(
    "torch.optim.Optimizer.load_state_dict", page="generated/torch.optim.Optimizer.load_state_dict"
)
@pytest.mark.changed(
    "2.1",
    "the loaded dict's tensors become the optimizer's own, not copies: its next step changes them",
    kind="silent",
    cause="pytorch#106082",
    advice="load copy.deepcopy(saved) if the dict is used again",
    restored_by="checkpoints.optimizer_load_of_a_deep_copy_leaves_the_dict_unchanged",
    rarely="a dict that is used again after it was loaded",
)
def test_optimizer_load_shares_the_tensors_of_the_dict(snapshot):
    """Since 2.1, an optimizer's ``load_state_dict`` does not copy: its next step changes the dict.

    To load a dict twice, load a ``copy.deepcopy`` of it.
    """
    saved = checkpoint("SGD")
    buffer = weights_state(saved["optimizer"])["momentum_buffer"]
    before = buffer.clone()
    model, optimizer = restored(saved, "SGD")
    train(model, optimizer, 1)
    assert snapshot == observe(lambda: {"when it was loaded": before, "a step later": buffer})


@pytest.mark.api(
    "torch.optim.Optimizer.load_state_dict", page="generated/torch.optim.Optimizer.load_state_dict"
)
def test_optimizer_load_of_a_deep_copy_leaves_the_dict_unchanged(snapshot):
    """An optimizer that loads a ``copy.deepcopy`` of a dict does not change the dict.

    The dict can be loaded again.
    """
    saved = checkpoint("SGD")
    buffer = weights_state(saved["optimizer"])["momentum_buffer"]
    before = buffer.clone()
    model, optimizer = restored(copy.deepcopy(saved), "SGD")
    train(model, optimizer, 1)
    assert snapshot == observe(lambda: {"when it was loaded": before, "a step later": buffer})


@pytest.mark.api(
    "torch.optim.Optimizer.load_state_dict", page="generated/torch.optim.Optimizer.load_state_dict"
)
def test_optimizer_load_takes_the_saved_hyperparameters(snapshot):
    """An optimizer's ``load_state_dict`` overwrites ``lr`` and ``momentum`` with the saved values.

    Set a smaller ``lr`` after loading, not before.
    """
    saved, model = checkpoint("SGD"), linear([[0.0, 0.0]], [0.0])
    optimizer = torch.optim.SGD(model.parameters(), lr=0.001)
    optimizer.load_state_dict(saved["optimizer"])
    assert snapshot == observe(
        lambda: {name: optimizer.param_groups[0][name] for name in ("lr", "momentum")}
    )


@pytest.mark.api("torch.load", "torch.optim.Optimizer.state_dict", page="generated/torch.load")
@pytest.mark.changed(
    "1.6",
    "another part of pickle rejects the unknown argument, because the file is a zip archive",
    kind="wording",
    cause="pytorch#39460",
    when=":caught and weights_only=True",
    of="torch.load",
)
@pytest.mark.changed(
    "1.13",
    "load takes weights_only, and rejects floats, such as lr",
    kind="appeared",
    cause="pytorch#86812",
    when="weights_only=True",
    rarely="a file that holds floats",
    of="torch.load",
)
@pytest.mark.changed(
    "2.0",
    "floats load, with a warning that TypedStorage is deprecated, which load itself uses",
    kind="error-gone",
    cause="pytorch#94910",
    when="weights_only=True",
    rarely="a file that holds floats",
    of="torch.load",
)
@pytest.mark.changed(
    "2.2",
    "no longer warns about TypedStorage",
    kind="warning",
    cause="pytorch#113614",
    when="weights_only=True",
    of="torch.load",
)
def test_optimizer_state_dict_loads_with_weights_only(here, snapshot):
    """Since 2.0, ``weights_only=True`` loads an optimizer's state dict.

    It holds only tensors and plain values.
    """
    torch.save(checkpoint("Adam")["optimizer"], "optimizer.pt")

    def act():
        return weights_state(torch.load("optimizer.pt", weights_only=True))

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.optim.Optimizer.load_state_dict",
    "torch.save",
    page="generated/torch.optim.Optimizer.load_state_dict",
)
@EACH
def test_resumed_training_gives_the_same_bits(optimizer, here, snapshot):
    """Training resumed from a file gives the same bits as training in one run.

    Three steps, a file, a new model and optimizer, and two steps equal five steps in one run.
    """
    model = resumed(through_a_file(checkpoint(optimizer)), optimizer)
    for name, value in parameters_of(never_stopped(optimizer)).items():
        assert torch.equal(model.state_dict()[name], value)
    assert snapshot == observe(lambda: parameters_of(model))


@pytest.mark.api(
    "torch.optim.Optimizer.load_state_dict", page="generated/torch.optim.Optimizer.load_state_dict"
)
@given(st.sampled_from(sorted(OPTIMIZERS)), st.integers(0, STEPS))
def test_stopping_after_any_step_changes_no_bit(optimizer, stop):
    """A run that stops after any number of steps and resumes ends with the same bits."""
    model, stepper = learner(optimizer)
    train(model, stepper, stop)
    buffer = io.BytesIO()
    torch.save({"model": model.state_dict(), "optimizer": stepper.state_dict()}, buffer)
    buffer.seek(0)
    model, stepper = restored(load_trusted(buffer), optimizer)
    train(model, stepper, STEPS - stop)
    for name, value in parameters_of(never_stopped(optimizer)).items():
        assert torch.equal(model.state_dict()[name], value)


@pytest.mark.api(
    "torch.optim.Optimizer.load_state_dict", page="generated/torch.optim.Optimizer.load_state_dict"
)
@EACH
def test_resuming_without_the_optimizers_state_ends_elsewhere(optimizer, snapshot):
    """Training resumed without the optimizer's state ends with other weights.

    A checkpoint of the model alone loses momentum and moments.
    """
    model, stepper = learner(optimizer)
    model.load_state_dict(checkpoint(optimizer)["model"])
    train(model, stepper, 2)
    assert not torch.allclose(model.weight, never_stopped(optimizer).weight)
    assert snapshot == observe(lambda: parameters_of(model))
