"""BatchNorm and freezing: parameters are frozen by ``requires_grad``, running statistics by ``eval()``."""

import pytest
import torch

from torch_history.observing import observe

BATCH = [[1.0], [3.0]]  # mean 2, unbiased variance 2


def statistics(layer):
    """A copy of the running mean and variance, and the number of batches seen: 0, 1 and 0 at first."""
    return {name: value.clone() for name, value in layer.named_buffers()}


def after_a_batch(layer):
    layer(torch.tensor(BATCH))
    return statistics(layer)


def in_eval():
    """A layer in ``eval()`` that divides by exactly 1: a running variance of 0.75 and eps of 0.25."""
    layer = torch.nn.BatchNorm1d(1, eps=0.25).eval()
    layer.running_var.fill_(0.75)
    return layer


@pytest.mark.api(
    "torch.nn.BatchNorm1d",
    "torch.nn.Module.requires_grad_",
    page="generated/torch.nn.BatchNorm1d",
    article="C",
)
def test_frozen_batchnorm_goes_on_updating_its_running_statistics(snapshot):
    """``requires_grad=False`` holds weight and bias; a forward in training mode moves the running mean and variance.

    Trap: the frozen backbone answers otherwise in ``eval()`` after each such batch.
    """
    layer = torch.nn.BatchNorm1d(1).requires_grad_(False)
    assert snapshot == observe(lambda: after_a_batch(layer))


@pytest.mark.api("torch.nn.BatchNorm1d", "torch.no_grad", page="generated/torch.no_grad")
def test_no_grad_does_not_stop_running_statistics(snapshot):
    """A forward under ``no_grad`` in training mode updates the running statistics as well."""

    def act():
        with torch.no_grad():
            return after_a_batch(torch.nn.BatchNorm1d(1))

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.nn.BatchNorm1d",
    "torch.nn.Module.eval",
    page="generated/torch.nn.BatchNorm1d",
    article="C",
)
def test_eval_holds_the_running_statistics(snapshot):
    """In ``eval()`` a forward leaves the running statistics as they are: the way out."""
    layer = torch.nn.BatchNorm1d(1).eval()
    assert snapshot == observe(lambda: after_a_batch(layer))


@pytest.mark.api(
    "torch.nn.BatchNorm1d", "torch.nn.Module.eval", page="generated/torch.nn.Module", article="C"
)
def test_eval_does_not_freeze_the_weight_of_batchnorm(snapshot):
    """In ``eval()`` weight and bias still get gradients: to freeze the layer whole takes both."""
    layer = in_eval()

    def act():
        layer(torch.tensor(BATCH)).sum().backward()
        return {"weight": layer.weight.grad, "bias": layer.bias.grad}

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Module.train", "torch.nn.BatchNorm1d", page="generated/torch.nn.Module")
def test_train_on_the_model_undoes_eval_on_its_batchnorm(snapshot):
    """``model.train()``, called each epoch, puts a BatchNorm that was in ``eval()`` back: its statistics move again."""
    model = torch.nn.Sequential(torch.nn.BatchNorm1d(1).requires_grad_(False))
    model[0].eval()
    model.train()
    assert snapshot == observe(lambda: {"training": model[0].training, **after_a_batch(model[0])})


@pytest.mark.api("torch.nn.BatchNorm1d", page="generated/torch.nn.BatchNorm1d")
def test_momentum_zero_holds_the_running_statistics_in_training(snapshot):
    """With ``momentum=0`` nothing of a batch enters the running statistics; only the batches are counted."""
    layer = torch.nn.BatchNorm1d(1, momentum=0.0)
    assert snapshot == observe(lambda: after_a_batch(layer))


@pytest.mark.api("torch.nn.BatchNorm1d", page="generated/torch.nn.BatchNorm1d")
@pytest.mark.changed(
    "1.6",
    "the running mean and variance rest; before, only the count of batches did",
    kind="silent",
    cause="pytorch#38084",
    advice="to update them, leave track_running_stats True",
)
def test_track_running_stats_switched_off_holds_the_running_statistics(snapshot):
    """``layer.track_running_stats = False`` on a layer that has statistics: a training forward leaves them alone."""
    layer = torch.nn.BatchNorm1d(1)
    layer.track_running_stats = False
    assert snapshot == observe(lambda: after_a_batch(layer))


@pytest.mark.api(
    "torch.nn.BatchNorm1d", "torch.nn.Module.eval", page="generated/torch.nn.BatchNorm1d"
)
@pytest.mark.changed(
    "1.6",
    "eval normalises by the running statistics, not by the batch's",
    kind="silent",
    cause="pytorch#38084",
    advice="to normalise by the batch, set running_mean and running_var to None",
)
def test_track_running_stats_switched_off_still_uses_them_in_eval(snapshot):
    """In ``eval()`` such a layer normalises by its running statistics (here they change nothing), not by the batch's."""
    layer = in_eval()
    layer.track_running_stats = False
    assert snapshot == observe(lambda: layer(torch.tensor(BATCH)).detach())
