"""``nn.BatchNorm1d``: its running statistics, what moves them, and its state dict."""

import pytest
import torch
from torch import nn

from torch_history.observing import observe


def batch():
    """Two samples of two features: means 2 and 2, biased variances 1 and 4, unbiased ones 2 and 8."""
    return torch.tensor([[1.0, 0.0], [3.0, 4.0]])


def trained(inputs, **settings):
    """The running statistics after a forward pass in training over each of the inputs."""
    norm = nn.BatchNorm1d(2, **settings)
    for x in inputs:
        norm(x)
    return {"mean": norm.running_mean.clone(), "variance": norm.running_var.clone()}


@pytest.mark.api("torch.nn.BatchNorm1d", page="generated/torch.nn.BatchNorm1d")
def test_batchnorm_running_variance_is_unbiased(snapshot):
    """The running variance takes the unbiased variance, 2 and 8, though the output is made by the biased one, 1 and 4.

    With momentum 1 the running statistics are the batch's.
    """
    assert snapshot == observe(lambda: trained([batch()], momentum=1.0))


@pytest.mark.api("torch.nn.BatchNorm1d", page="generated/torch.nn.BatchNorm1d")
def test_batchnorm_momentum_is_the_share_of_the_new_batch(snapshot):
    """running = 0.9 running + 0.1 batch, from mean 0 and variance 1: 0.2, and 1.1 and 1.7.

    Trap: an optimizer's momentum is the share of the old.
    """
    assert snapshot == observe(lambda: trained([batch()]))


@pytest.mark.api("torch.nn.BatchNorm1d", page="generated/torch.nn.BatchNorm1d")
def test_batchnorm_momentum_none_averages_all_batches(snapshot):
    """``momentum=None``: each batch counts the same, and the starting 0 and 1 do not. Means 2 and 5 give 3.5."""
    assert snapshot == observe(lambda: trained([batch(), batch() + 3.0], momentum=None))


@pytest.mark.api("torch.nn.BatchNorm1d", page="generated/torch.nn.BatchNorm1d")
def test_batchnorm_updates_running_statistics_without_gradients(snapshot):
    """``no_grad`` is not ``eval()``: a forward pass in training mode moves the running statistics."""

    def act():
        with torch.no_grad():
            return trained([batch()])

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.nn.BatchNorm1d", "torch.nn.Module.eval", page="generated/torch.nn.BatchNorm1d"
)
def test_batchnorm_in_eval_normalises_by_running_statistics(snapshot):
    """After ``eval()`` the running mean 1 and variance 4 serve, whatever the batch: 1 and 3 give 0 and 1."""
    norm = nn.BatchNorm1d(2).eval()
    norm.running_mean.fill_(1.0)
    norm.running_var.fill_(4.0)
    assert snapshot == observe(lambda: norm(batch()).detach())


@pytest.mark.api(
    "torch.nn.BatchNorm1d", "torch.nn.Module.eval", page="generated/torch.nn.BatchNorm1d"
)
def test_batchnorm_in_eval_leaves_its_statistics(snapshot):
    """A forward pass after ``eval()`` changes neither the running statistics nor the count of batches."""
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
def test_batchnorm_state_dict_holds_parameters_statistics_and_count(snapshot):
    """A new layer: weight 1, bias 0, running_mean 0, running_var 1, and num_batches_tracked, an int64 of no dimension."""
    assert snapshot == observe(lambda: dict(nn.BatchNorm1d(2).state_dict()))


@pytest.mark.api("torch.nn.BatchNorm1d", page="generated/torch.nn.BatchNorm1d")
def test_batchnorm_without_affine_holds_statistics_alone(snapshot):
    """``affine=False``: no weight and no bias."""
    assert snapshot == observe(lambda: list(nn.BatchNorm1d(2, affine=False).state_dict()))


@pytest.mark.api("torch.nn.BatchNorm1d", page="generated/torch.nn.BatchNorm1d")
@pytest.mark.changed("2.12", "BatchNorm takes bias", kind="api-appeared", cause="pytorch#176573")
def test_batchnorm_without_bias_holds_weight_and_statistics(snapshot):
    """``bias=False`` leaves the bias out; earlier releases know no such argument."""
    assert snapshot == observe(lambda: list(nn.BatchNorm1d(2, bias=False).state_dict()))


@pytest.mark.api("torch.nn.BatchNorm1d", page="generated/torch.nn.BatchNorm1d")
def test_batchnorm_without_running_statistics_normalises_by_the_batch_in_eval(snapshot):
    """``track_running_stats=False``: no statistics are kept, and ``eval()`` changes nothing."""
    norm = nn.BatchNorm1d(2, track_running_stats=False).eval()
    assert snapshot == observe(
        lambda: {"state": list(norm.state_dict()), "output": norm(batch()).detach()}
    )


@pytest.mark.api("torch.nn.BatchNorm1d", page="generated/torch.nn.BatchNorm1d")
def test_batchnorm_counts_a_batch_that_it_refuses(snapshot):
    """The count rises before the size is looked at; the statistics stay as they were."""
    norm = nn.BatchNorm1d(2)
    with pytest.raises(ValueError):
        norm(torch.tensor([[1.0, 2.0]]))
    assert snapshot == observe(
        lambda: {"count": norm.num_batches_tracked, "mean": norm.running_mean}
    )
