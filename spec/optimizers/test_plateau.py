"""ReduceLROnPlateau at its edges: what counts as better, when it waits, and what it keeps."""

import pytest
import torch

from fixtures.references import parameter
from torch_history.observing import observe

schedules = torch.optim.lr_scheduler


def an_optimizer():
    return torch.optim.SGD([parameter([1.0])], lr=1.0)


def rate(optimizer):
    return optimizer.param_groups[0]["lr"]


def path(losses, **settings):
    """The learning rate, halved where a loss is not better, after each of these losses."""
    optimizer = an_optimizer()
    scheduler = schedules.ReduceLROnPlateau(optimizer, **{"factor": 0.5, "patience": 0, **settings})
    rates = []
    for loss in losses:
        scheduler.step(loss)
        rates.append(rate(optimizer))
    return rates


@pytest.mark.api(
    "torch.optim.lr_scheduler.ReduceLROnPlateau",
    page="generated/torch.optim.lr_scheduler.ReduceLROnPlateau",
)
@pytest.mark.changed(
    "2.0",
    "LRScheduler appears, and ReduceLROnPlateau is none",
    kind="api-appeared",
    cause="pytorch#88503",
)
@pytest.mark.changed(
    "2.2",
    "ReduceLROnPlateau is an LRScheduler",
    kind="silent",
    cause="pytorch#108464",
    advice="where isinstance decides how to call step, ask for ReduceLROnPlateau first",
)
def test_plateau_scheduler_is_an_lr_scheduler(snapshot):
    """``isinstance`` takes it for a scheduler like the others, though its ``step`` needs a metric."""
    assert snapshot == observe(
        lambda: isinstance(schedules.ReduceLROnPlateau(an_optimizer()), schedules.LRScheduler)
    )


@pytest.mark.api(
    "torch.optim.lr_scheduler.ReduceLROnPlateau",
    page="generated/torch.optim.lr_scheduler.ReduceLROnPlateau",
)
def test_plateau_scheduler_needs_a_metric(snapshot):
    """``scheduler.step()`` without the metric raises: a loop over mixed schedulers must know which one this is."""
    assert snapshot == observe(lambda: schedules.ReduceLROnPlateau(an_optimizer()).step())


@pytest.mark.api(
    "torch.optim.lr_scheduler.ReduceLROnPlateau.get_last_lr",
    page="generated/torch.optim.lr_scheduler.ReduceLROnPlateau",
)
@pytest.mark.changed(
    "2.2",
    "ReduceLROnPlateau has get_last_lr, but no _last_lr before the first step",
    kind="api-appeared",
    cause="pytorch#108464",
)
@pytest.mark.changed(
    "2.3", "get_last_lr works before the first step", kind="error-gone", cause="pytorch#119556"
)
def test_plateau_scheduler_has_get_last_lr_before_its_first_step(snapshot):
    """``get_last_lr()`` gives the learning rate that the optimizer had when the scheduler was built."""
    assert snapshot == observe(lambda: schedules.ReduceLROnPlateau(an_optimizer()).get_last_lr())


@pytest.mark.api(
    "torch.optim.lr_scheduler.ReduceLROnPlateau",
    page="generated/torch.optim.lr_scheduler.ReduceLROnPlateau",
)
@pytest.mark.changed(
    "2.2",
    "warns that verbose is deprecated, even where it is False",
    kind="warning",
    cause="pytorch#111302",
    advice="print get_last_lr()",
)
@pytest.mark.changed(
    "2.7",
    "schedulers take no verbose",
    kind="api-gone",
    cause="pytorch#147301",
    advice="print get_last_lr()",
)
def test_plateau_scheduler_takes_no_verbose(snapshot):
    """``verbose=True`` once printed each reduction: compare ``get_last_lr()`` before and after instead."""

    def act():
        schedules.ReduceLROnPlateau(an_optimizer(), verbose=False)

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.optim.lr_scheduler.ReduceLROnPlateau",
    page="generated/torch.optim.lr_scheduler.ReduceLROnPlateau",
)
def test_plateau_scheduler_does_not_judge_the_order(snapshot):
    """Stepped before the optimizer's first step it does not warn, as the other schedulers do."""
    assert snapshot == observe(lambda: path([1.0, 1.0]))


@pytest.mark.api(
    "torch.optim.lr_scheduler.ReduceLROnPlateau",
    page="generated/torch.optim.lr_scheduler.ReduceLROnPlateau",
)
@pytest.mark.changed(
    "2.8",
    "warns of a scalar made of a tensor that requires grad",
    kind="warning",
    cause="pytorch#143261",
    advice="pass loss.item()",
)
def test_plateau_scheduler_takes_the_loss_itself(snapshot):
    """A loss that is still in its graph is taken for its number; ``loss.item()`` says the same without a warning."""

    def act():
        optimizer = an_optimizer()
        scheduler = schedules.ReduceLROnPlateau(optimizer, factor=0.5, patience=0)
        w = torch.tensor(3.0, requires_grad=True)
        scheduler.step(2 * w)
        return scheduler.best

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.optim.lr_scheduler.ReduceLROnPlateau",
    page="generated/torch.optim.lr_scheduler.ReduceLROnPlateau",
)
def test_nan_is_a_bad_epoch_for_a_plateau_scheduler(snapshot):
    """Nan is not less than the best: each one lowers the rate, and the best stays, so that 1 is better than 2 after them."""
    assert snapshot == observe(lambda: path([2.0, float("nan"), float("nan"), 1.0]))


@pytest.mark.api(
    "torch.optim.lr_scheduler.ReduceLROnPlateau",
    page="generated/torch.optim.lr_scheduler.ReduceLROnPlateau",
)
def test_plateau_relative_threshold_is_inverted_below_zero(snapshot):
    """The best is scaled towards zero. For a negative metric -6 counts as better than -10, as it is less than -5.

    ``threshold_mode="abs"`` is right for metrics of either sign.
    """
    assert snapshot == observe(lambda: path([-10.0, -6.0, -4.0], threshold=0.5))


@pytest.mark.api(
    "torch.optim.lr_scheduler.ReduceLROnPlateau",
    page="generated/torch.optim.lr_scheduler.ReduceLROnPlateau",
)
def test_plateau_scheduler_leaves_out_reductions_below_eps(snapshot):
    """Halving 1 takes away 0.5, which is not more than ``eps=0.5``. By default ``eps`` is 1e-8: tiny rates are never lowered."""
    assert snapshot == observe(lambda: path([1.0, 1.0, 1.0], eps=0.5))


@pytest.mark.api(
    "torch.optim.lr_scheduler.ReduceLROnPlateau",
    "torch.optim.Optimizer.add_param_group",
    page="generated/torch.optim.lr_scheduler.ReduceLROnPlateau",
)
@pytest.mark.changed(
    "2.6",
    "lowers a group that joined later; it raised IndexError",
    kind="error-gone",
    cause="pytorch#137637",
)
def test_group_added_after_a_plateau_scheduler_is_lowered(snapshot):
    """A group that joined later is lowered with the others, where ``min_lr`` is one number."""

    def act():
        optimizer = an_optimizer()
        scheduler = schedules.ReduceLROnPlateau(optimizer, factor=0.5, patience=0)
        optimizer.add_param_group({"params": [parameter([1.0])], "lr": 8.0})
        scheduler.step(1.0)
        scheduler.step(1.0)
        return [group["lr"] for group in optimizer.param_groups]

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.optim.lr_scheduler.ReduceLROnPlateau.state_dict",
    page="generated/torch.optim.lr_scheduler.ReduceLROnPlateau",
)
@pytest.mark.changed(
    "2.6", "default_min_lr joins the state", kind="representation", cause="pytorch#137637"
)
@pytest.mark.changed(
    "2.7", "verbose leaves the state", kind="representation", cause="pytorch#147301"
)
def test_plateau_state_dict_holds_the_best_and_the_count(snapshot):
    """All attributes but the optimizer: the settings, the best loss so far, and the number of bad epochs."""

    def act():
        scheduler = schedules.ReduceLROnPlateau(an_optimizer(), factor=0.5, patience=1)
        scheduler.step(2.0)
        scheduler.step(3.0)
        return dict(sorted(scheduler.state_dict().items()))

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.optim.lr_scheduler.ReduceLROnPlateau.load_state_dict",
    page="generated/torch.optim.lr_scheduler.ReduceLROnPlateau",
)
def test_loaded_plateau_scheduler_goes_on_counting(snapshot):
    """One bad epoch was saved with ``patience=1``: the first bad one after loading lowers the rate."""
    saver = schedules.ReduceLROnPlateau(an_optimizer(), factor=0.5, patience=1)
    saver.step(2.0)
    saver.step(3.0)
    saved = saver.state_dict()

    def act():
        optimizer = an_optimizer()
        scheduler = schedules.ReduceLROnPlateau(optimizer, factor=0.5, patience=1)
        scheduler.load_state_dict(saved)
        scheduler.step(2.5)
        return rate(optimizer)

    assert snapshot == observe(act)
