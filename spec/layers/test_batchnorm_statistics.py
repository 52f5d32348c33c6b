"""``torch.nn.BatchNorm1d``: its running statistics, what updates them, and its state dict.

Every forward pass in training mode moves the running mean and variance towards those of the batch,
also under ``torch.no_grad``. In ``eval()`` they are used and do not change. ``momentum`` is the
share of the new batch, while an optimizer's momentum is the share of the old value. The running
variance is unbiased, although the output uses the biased one. The statistics and the number of
batches are in the state dict. ``track_running_stats=False`` keeps none of them, and the batch then
decides in ``eval()`` too.
"""

import pytest
import torch
from torch import nn

from torch_history.observing import observe


def batch():
    """Two samples of two features.

    The means are 2 and 2, the biased variances 1 and 4, the unbiased ones 2 and 8.
    """
    return torch.tensor([[1.0, 0.0], [3.0, 4.0]])


def trained(inputs, **settings):
    """The running statistics after a training forward pass over each of the inputs."""
    norm = nn.BatchNorm1d(2, **settings)
    for x in inputs:
        norm(x)
    return {"mean": norm.running_mean.clone(), "variance": norm.running_var.clone()}


@pytest.mark.api("torch.nn.BatchNorm1d", page="generated/torch.nn.BatchNorm1d")
def test_batchnorm_running_variance_is_unbiased(snapshot):
    """The running variance uses the unbiased variance, the output the biased one.

    The unbiased variances are 2 and 8, the biased ones 1 and 4. With momentum 1 the running
    statistics are those of the batch.
    """
    assert snapshot == observe(lambda: trained([batch()], momentum=1.0))


@pytest.mark.api("torch.nn.BatchNorm1d", page="generated/torch.nn.BatchNorm1d")
def test_batchnorm_momentum_is_the_share_of_the_new_batch(snapshot):
    """The ``momentum`` of BatchNorm is the share of the new batch.

    The default of 0.1 gives running = 0.9 running + 0.1 batch. A batch of mean 2 and variances 2
    and 8 moves a new layer to mean 0.2 and variances 1.1 and 1.7.

    Trap: an optimizer's momentum is the share of the old value.
    """
    assert snapshot == observe(lambda: trained([batch()]))


@pytest.mark.api("torch.nn.BatchNorm1d", page="generated/torch.nn.BatchNorm1d")
def test_batchnorm_momentum_none_averages_all_batches(snapshot):
    """``momentum=None`` averages all batches with equal weight.

    The initial mean 0 and variance 1 do not count. Two batches with the means 2 and 5 give 3.5.
    """
    assert snapshot == observe(lambda: trained([batch(), batch() + 3.0], momentum=None))


@pytest.mark.api("torch.nn.BatchNorm1d", "torch.no_grad", page="generated/torch.nn.BatchNorm1d")
def test_batchnorm_updates_running_statistics_without_gradients(snapshot):
    """Under ``no_grad`` a forward pass in training mode still updates the running statistics.

    Only ``eval()`` stops the updates.
    """

    def act():
        with torch.no_grad():
            return trained([batch()])

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.nn.BatchNorm1d", "torch.nn.Module.eval", page="generated/torch.nn.BatchNorm1d"
)
def test_batchnorm_in_eval_normalises_by_running_statistics(snapshot):
    """In ``eval()`` BatchNorm normalises by the running statistics, whatever the batch.

    With running mean 1 and variance 4 the inputs 1 and 3 give 0 and 1.
    """
    norm = nn.BatchNorm1d(2).eval()
    norm.running_mean.fill_(1.0)
    norm.running_var.fill_(4.0)
    assert snapshot == observe(lambda: norm(batch()).detach())


@pytest.mark.api(
    "torch.nn.BatchNorm1d",
    "torch.nn.Module.eval",
    page="generated/torch.nn.BatchNorm1d",
    article="C",
)
def test_batchnorm_in_eval_leaves_its_statistics(snapshot):
    """A forward pass in ``eval()`` changes neither the running statistics nor the batch count."""
    norm = nn.BatchNorm1d(2).eval()
    norm(batch())
    assert snapshot == observe(
        lambda: {
            "mean": norm.running_mean,
            "variance": norm.running_var,
            "count": norm.num_batches_tracked,
        }
    )


@pytest.mark.api("torch.nn.BatchNorm1d", page="generated/torch.nn.BatchNorm1d")
def test_batchnorm_without_affine_holds_statistics_alone(snapshot):
    """``BatchNorm1d(affine=False)`` holds only statistics: it has no weight and no bias."""
    assert snapshot == observe(lambda: list(nn.BatchNorm1d(2, affine=False).state_dict()))


@pytest.mark.api("torch.nn.BatchNorm1d", page="generated/torch.nn.BatchNorm1d")
@pytest.mark.changed("2.12", "BatchNorm takes bias", kind="appeared", cause="pytorch#176573")
def test_batchnorm_without_bias_holds_weight_and_statistics(snapshot):
    """``BatchNorm1d(bias=False)`` holds a weight and the statistics.

    The argument ``bias`` exists since 2.12.
    """
    assert snapshot == observe(lambda: list(nn.BatchNorm1d(2, bias=False).state_dict()))


@pytest.mark.api("torch.nn.BatchNorm1d", page="generated/torch.nn.BatchNorm1d")
def test_batchnorm_without_running_statistics_normalises_by_the_batch_in_eval(snapshot):
    """With ``track_running_stats=False`` BatchNorm normalises by the batch in ``eval()`` too.

    It keeps no running statistics.
    """
    norm = nn.BatchNorm1d(2, track_running_stats=False).eval()
    assert snapshot == observe(
        lambda: {"state": list(norm.state_dict()), "output": norm(batch()).detach()}
    )


@pytest.mark.api("torch.nn.BatchNorm1d", page="generated/torch.nn.BatchNorm1d")
def test_batchnorm_counts_a_batch_that_it_refuses(snapshot):
    """BatchNorm counts a batch on which it raises.

    ``num_batches_tracked`` rises before the size of the batch is checked. The running statistics do
    not change.
    """
    norm = nn.BatchNorm1d(2)
    with pytest.raises(ValueError, match="Expected more than 1 value per channel"):
        norm(torch.tensor([[1.0, 2.0]]))
    assert snapshot == observe(
        lambda: {"count": norm.num_batches_tracked, "mean": norm.running_mean}
    )
