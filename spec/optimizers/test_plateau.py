"""ReduceLROnPlateau: what counts as better, when it lowers the rate, and its state.

``torch.optim.lr_scheduler.ReduceLROnPlateau`` needs a metric at each step, and lowers the rate if
the metric does not improve for more than ``patience`` epochs
(``optimizers.plateau_scheduler_lowers_after_patience_is_exceeded``). NaN counts as a bad epoch. A
reduction that is not larger than ``eps`` is skipped. Trap: the relative threshold, which is the
default, is inverted for negative metrics; pass ``threshold_mode="abs"``. Since 2.2
ReduceLROnPlateau is an ``LRScheduler`` for ``isinstance``, and since 2.7 it does not take
``verbose``.
"""

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
    """The learning rate after each of these losses, halved where a loss is not better."""
    optimizer = an_optimizer()
    scheduler = schedules.ReduceLROnPlateau(optimizer, **{"factor": 0.5, "patience": 0, **settings})
    rates = []
    for loss in losses:
        scheduler.step(loss)
        rates.append(rate(optimizer))
    return rates


@pytest.mark.api(
    "torch.optim.lr_scheduler.ReduceLROnPlateau",
    "torch.optim.lr_scheduler.LRScheduler",
    page="generated/torch.optim.lr_scheduler.ReduceLROnPlateau",
)
@pytest.mark.changed(
    "2.0",
    "LRScheduler appears, and ReduceLROnPlateau is not a subclass",
    kind="appeared",
    cause="pytorch#88503",
)
@pytest.mark.changed(
    "2.2",
    "ReduceLROnPlateau is an LRScheduler",
    kind="silent",
    cause="pytorch#108464",
    advice=(
        "test isinstance(scheduler, LRScheduler) and not isinstance(scheduler, ReduceLROnPlateau)"
    ),
    restored_by="optimizers.plateau_scheduler_is_told_apart_by_its_own_class",
    of=("torch.optim.lr_scheduler.LRScheduler",),
    when=(":isinstance",),
    depends="the class of the scheduler",
)
def test_plateau_scheduler_is_an_lr_scheduler(snapshot):
    """Since 2.2 ReduceLROnPlateau is an LRScheduler for ``isinstance``.

    Its ``step`` needs a metric, unlike that of the other schedulers.
    """
    assert snapshot == observe(
        lambda: isinstance(schedules.ReduceLROnPlateau(an_optimizer()), schedules.LRScheduler)
    )


@pytest.mark.api(
    "torch.optim.lr_scheduler.ReduceLROnPlateau",
    page="generated/torch.optim.lr_scheduler.ReduceLROnPlateau",
)
@pytest.mark.changed("2.0", "LRScheduler appears", kind="appeared", cause="pytorch#88503")
def test_plateau_scheduler_is_told_apart_by_its_own_class(snapshot):
    """ReduceLROnPlateau is told apart from other schedulers by a test of both classes.

    ``isinstance(s, LRScheduler) and not isinstance(s, ReduceLROnPlateau)`` is false for it. The
    schedulers for which it is true need no metric in ``step``.
    """

    def act():
        scheduler = schedules.ReduceLROnPlateau(an_optimizer())
        return isinstance(scheduler, schedules.LRScheduler) and not isinstance(
            scheduler, schedules.ReduceLROnPlateau
        )

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.optim.lr_scheduler.ReduceLROnPlateau",
    "torch.optim.lr_scheduler.ReduceLROnPlateau.step",
    page="generated/torch.optim.lr_scheduler.ReduceLROnPlateau",
)
def test_plateau_scheduler_needs_a_metric(snapshot):
    """``ReduceLROnPlateau.step()`` without a metric raises.

    A loop over several kinds of schedulers must treat it separately.
    """
    assert snapshot == observe(lambda: schedules.ReduceLROnPlateau(an_optimizer()).step())


@pytest.mark.api(
    "torch.optim.lr_scheduler.ReduceLROnPlateau.get_last_lr",
    page="generated/torch.optim.lr_scheduler.ReduceLROnPlateau",
)
@pytest.mark.changed(
    "2.2",
    "ReduceLROnPlateau has get_last_lr, which raises before the first step, as _last_lr is missing",
    kind="appeared",
    cause="pytorch#108464",
)
@pytest.mark.changed(
    "2.3", "get_last_lr works before the first step", kind="error-gone", cause="pytorch#119556"
)
def test_plateau_scheduler_has_get_last_lr_before_its_first_step(snapshot):
    """``ReduceLROnPlateau.get_last_lr()`` works before the first step, since 2.3.

    It returns the learning rate that the optimizer had when the scheduler was built.
    """
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
    advice="leave verbose out, and print get_last_lr()",
    restored_by="optimizers.plateau_scheduler_is_built_without_verbose",
    rewrite="-verbose",
    when=("verbose@9",),
)
@pytest.mark.changed(
    "2.7",
    "verbose= is refused",
    kind="gone",
    cause="pytorch#147301",
    advice="leave verbose out, and print get_last_lr()",
    restored_by="optimizers.plateau_scheduler_is_built_without_verbose",
    rewrite="-verbose",
    when=("verbose@9",),
)
def test_plateau_scheduler_takes_no_verbose(snapshot):
    """Since 2.7 ReduceLROnPlateau does not take ``verbose``.

    ``verbose=True`` printed each reduction. Compare ``get_last_lr()`` before and after the step
    instead.
    """

    def act():
        schedules.ReduceLROnPlateau(an_optimizer(), verbose=False)

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.optim.lr_scheduler.ReduceLROnPlateau",
    page="generated/torch.optim.lr_scheduler.ReduceLROnPlateau",
)
def test_plateau_scheduler_is_built_without_verbose(snapshot):
    """ReduceLROnPlateau is built without ``verbose`` on every release, and then prints nothing."""

    def act():
        schedules.ReduceLROnPlateau(an_optimizer())

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.optim.lr_scheduler.ReduceLROnPlateau",
    "torch.optim.lr_scheduler.ReduceLROnPlateau.step",
    page="generated/torch.optim.lr_scheduler.ReduceLROnPlateau",
)
def test_plateau_scheduler_does_not_judge_the_order(snapshot):
    """ReduceLROnPlateau does not warn if it is stepped before the optimizer's first step.

    Other schedulers warn in this case.
    """
    assert snapshot == observe(lambda: path([1.0, 1.0]))


@pytest.mark.api(
    "torch.optim.lr_scheduler.ReduceLROnPlateau",
    "torch.optim.lr_scheduler.ReduceLROnPlateau.step",
    page="generated/torch.optim.lr_scheduler.ReduceLROnPlateau",
)
@pytest.mark.changed(
    "2.8",
    "warns that a tensor that requires grad is converted to a scalar",
    kind="warning",
    cause="pytorch#143261",
    advice="pass loss.item()",
    of=("torch.optim.lr_scheduler.ReduceLROnPlateau.step",),
    when=("metrics@0=<unknown>",),
    rarely="a loss that still has its graph",
)
def test_plateau_scheduler_takes_the_loss_itself(snapshot):
    """ReduceLROnPlateau accepts a loss that still has its graph, and uses its value.

    Since 2.8 it warns: pass ``loss.item()``.
    """

    def act():
        optimizer = an_optimizer()
        scheduler = schedules.ReduceLROnPlateau(optimizer, factor=0.5, patience=0)
        w = torch.tensor(3.0, requires_grad=True)
        scheduler.step(2 * w)
        return scheduler.best

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.optim.lr_scheduler.ReduceLROnPlateau",
    "torch.optim.lr_scheduler.ReduceLROnPlateau.step",
    page="generated/torch.optim.lr_scheduler.ReduceLROnPlateau",
)
def test_nan_is_a_bad_epoch_for_a_plateau_scheduler(snapshot):
    """ReduceLROnPlateau counts NaN as a bad epoch, and keeps the best loss.

    With ``patience=0`` each NaN lowers the rate. After two NaNs, 1 is still better than 2.
    """
    assert snapshot == observe(lambda: path([2.0, float("nan"), float("nan"), 1.0]))


@pytest.mark.api(
    "torch.optim.lr_scheduler.ReduceLROnPlateau",
    page="generated/torch.optim.lr_scheduler.ReduceLROnPlateau",
)
def test_plateau_relative_threshold_is_inverted_below_zero(snapshot):
    """ReduceLROnPlateau's relative threshold is inverted for negative metrics.

    The best is scaled towards zero. With ``threshold=0.5``, -6 counts as better than -10, because
    it is less than -5. ``threshold_mode="abs"`` is right for metrics of either sign.
    """
    assert snapshot == observe(lambda: path([-10.0, -6.0, -4.0], threshold=0.5))


@pytest.mark.api(
    "torch.optim.lr_scheduler.ReduceLROnPlateau",
    "torch.optim.Optimizer.add_param_group",
    page="generated/torch.optim.lr_scheduler.ReduceLROnPlateau",
)
@pytest.mark.changed(
    "2.6",
    "lowers a group that was added later, instead of raising IndexError",
    kind="error-gone",
    cause="pytorch#137637",
)
def test_group_added_after_a_plateau_scheduler_is_lowered(snapshot):
    """ReduceLROnPlateau also lowers a group that was added later, since 2.6.

    ``min_lr`` must be one number.
    """

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
    "2.6", "the state has default_min_lr", kind="representation", cause="pytorch#137637"
)
@pytest.mark.changed(
    "2.7", "the state no longer has verbose", kind="representation", cause="pytorch#147301"
)
def test_plateau_state_dict_holds_the_best_and_the_count(snapshot):
    """ReduceLROnPlateau's state dict holds its settings, the best loss and the bad epochs.

    These are all its attributes but the optimizer.
    """

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
    """A loaded ReduceLROnPlateau continues to count bad epochs.

    One bad epoch was saved with ``patience=1``. The first bad one after loading lowers the rate.
    """
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
