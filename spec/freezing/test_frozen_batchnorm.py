"""BatchNorm and freezing: ``requires_grad`` freezes parameters, ``eval()`` running statistics.

With ``requires_grad=False`` a BatchNorm in training mode still updates its running statistics, as
it does under ``torch.no_grad``. In ``eval()`` it does not update them, and its weight and bias
still get gradients. To freeze the whole layer, do both. Trap: ``model.train()`` puts the layer back
into training mode. Since 1.6, ``track_running_stats = False`` also stops the updates.
"""

import pytest
import torch

from torch_history.observing import observe

BATCH = [[1.0], [3.0]]  # mean 2, unbiased variance 2


def statistics(layer):
    """A copy of the running mean, the variance and the number of batches: 0, 1 and 0 at first."""
    return {name: value.clone() for name, value in layer.named_buffers()}


def after_a_batch(layer):
    layer(torch.tensor(BATCH))
    return statistics(layer)


def in_eval():
    """A layer in ``eval()`` that divides by exactly 1: running variance 0.75, eps 0.25."""
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
    """A BatchNorm with ``requires_grad=False`` still updates running statistics in training mode.

    Only weight and bias are frozen. Trap: after each such batch the frozen backbone gives other
    outputs in ``eval()``.
    """
    layer = torch.nn.BatchNorm1d(1).requires_grad_(False)
    assert snapshot == observe(lambda: after_a_batch(layer))


@pytest.mark.api(
    "torch.nn.BatchNorm1d", "torch.nn.Module.eval", page="generated/torch.nn.Module", article="C"
)
def test_eval_does_not_freeze_the_weight_of_batchnorm(snapshot):
    """In ``eval()`` the weight and bias of BatchNorm still get gradients.

    To freeze the whole layer, set ``requires_grad`` to False too.
    """
    layer = in_eval()

    def act():
        layer(torch.tensor(BATCH)).sum().backward()
        return {"weight": layer.weight.grad, "bias": layer.bias.grad}

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Module.train", "torch.nn.BatchNorm1d", page="generated/torch.nn.Module")
def test_train_on_the_model_undoes_eval_on_its_batchnorm(snapshot):
    """``model.train()`` puts a BatchNorm that was in ``eval()`` back into training mode.

    It is usually called each epoch. The running statistics then move again.
    """
    model = torch.nn.Sequential(torch.nn.BatchNorm1d(1).requires_grad_(False))
    model[0].eval()
    model.train()
    assert snapshot == observe(lambda: {"training": model[0].training, **after_a_batch(model[0])})


@pytest.mark.api("torch.nn.BatchNorm1d", page="generated/torch.nn.BatchNorm1d")
def test_momentum_zero_holds_the_running_statistics_in_training(snapshot):
    """With ``momentum=0`` BatchNorm keeps its running mean and variance; it only counts batches."""
    layer = torch.nn.BatchNorm1d(1, momentum=0.0)
    assert snapshot == observe(lambda: after_a_batch(layer))


@pytest.mark.api(
    "torch.nn.BatchNorm1d",
    "torch.nn.BatchNorm2d",
    "torch.nn.BatchNorm3d",
    "torch.nn.BatchNorm1d.track_running_stats",
    "torch.nn.BatchNorm2d.track_running_stats",
    "torch.nn.BatchNorm3d.track_running_stats",
    page="generated/torch.nn.BatchNorm1d",
)
@pytest.mark.changed(
    "1.6",
    "the running mean and variance do not change, where only the count of batches did not before",
    kind="silent",
    cause="pytorch#38084",
    advice=(
        "call F.batch_norm(x, layer.running_mean, layer.running_var, training=True) to update both"
    ),
    restored_by="freezing.functional_batch_norm_updates_the_statistics_that_it_is_given",
    of=(
        "torch.nn.BatchNorm1d.track_running_stats",
        "torch.nn.BatchNorm2d.track_running_stats",
        "torch.nn.BatchNorm3d.track_running_stats",
    ),
    rarely="a layer that had it True before",
)
def test_track_running_stats_switched_off_holds_the_running_statistics(snapshot):
    """``layer.track_running_stats = False`` stops BatchNorm from updating its running statistics.

    Since 1.6 a forward in training mode leaves existing statistics unchanged.
    """
    layer = torch.nn.BatchNorm1d(1)
    layer.track_running_stats = False
    assert snapshot == observe(lambda: after_a_batch(layer))


@pytest.mark.api("torch.nn.functional.batch_norm", page="generated/torch.nn.BatchNorm1d")
def test_functional_batch_norm_updates_the_statistics_that_it_is_given(snapshot):
    """``F.batch_norm(x, running_mean, running_var, training=True)`` updates both in place.

    ``running_mean`` and ``running_var`` may be those of a layer, which then does not count the
    batch.
    """
    layer = torch.nn.BatchNorm1d(1)

    def act():
        torch.nn.functional.batch_norm(
            torch.tensor(BATCH), layer.running_mean, layer.running_var, training=True
        )
        return statistics(layer)

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.nn.BatchNorm1d",
    "torch.nn.Module.eval",
    "torch.nn.BatchNorm2d",
    "torch.nn.BatchNorm3d",
    "torch.nn.BatchNorm1d.track_running_stats",
    "torch.nn.BatchNorm2d.track_running_stats",
    "torch.nn.BatchNorm3d.track_running_stats",
    page="generated/torch.nn.BatchNorm1d",
)
@pytest.mark.changed(
    "1.6",
    "eval normalises by the running statistics, not by the batch's",
    kind="silent",
    cause="pytorch#38084",
    advice="set running_mean and running_var to None to normalise by the batch",
    restored_by="freezing.batchnorm_without_running_statistics_normalises_by_the_batch_in_eval",
    of=(
        "torch.nn.BatchNorm1d.track_running_stats",
        "torch.nn.BatchNorm2d.track_running_stats",
        "torch.nn.BatchNorm3d.track_running_stats",
    ),
    rarely="a layer that had it True before",
)
def test_track_running_stats_switched_off_still_uses_them_in_eval(snapshot):
    """In ``eval()``, a BatchNorm with ``track_running_stats = False`` uses its running statistics.

    Since 1.6 it does not normalise by the batch. Here the running statistics leave the values
    unchanged.
    """
    layer = in_eval()
    layer.track_running_stats = False
    assert snapshot == observe(lambda: layer(torch.tensor(BATCH)).detach())


@pytest.mark.api("torch.nn.BatchNorm1d", page="generated/torch.nn.BatchNorm1d")
def test_batchnorm_without_running_statistics_normalises_by_the_batch_in_eval(snapshot):
    """In ``eval()``, a BatchNorm whose running mean and variance are None normalises by the batch.

    The batch has mean 2 and variance 1: with an eps of 0.25 it is divided by the root of 1.25.
    """
    layer = in_eval()
    layer.track_running_stats = False
    layer.running_mean = layer.running_var = None
    assert snapshot == observe(lambda: layer(torch.tensor(BATCH)).detach())
