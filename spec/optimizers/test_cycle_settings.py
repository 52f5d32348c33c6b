"""The settings of CyclicLR, OneCycleLR and ReduceLROnPlateau, one at a time, on two groups.

``torch.optim.lr_scheduler.CyclicLR`` and ``torch.optim.lr_scheduler.OneCycleLR`` replace the rates
of the optimizer by their own and, by default, its momentum too: the momentum is lowest where the
rate is highest. ``torch.optim.lr_scheduler.ReduceLROnPlateau`` starts from the optimizer's rates, 1
and 8 here. Trap: ``mode`` decides which of CyclicLR's other settings count: ``gamma`` counts for
exp_range only, and ``scale_mode`` counts with a ``scale_fn`` only.
"""

import pytest

from fixtures.schedules import (
    differing,
    each_scheduled,
    of_groups,
    schedules,
    two_groups,
    without_word_of_an_epoch,
)
from torch_history.observing import observe, observe_each

CYCLE = {"base_lr": [1.0, 2.0], "max_lr": [5.0, 10.0], "step_size_up": 2}
STILL = {"cycle_momentum": False}


def reciprocal(number):
    """1 for the first cycle, 1/2 for the second; 1/n for step n, and 1 for step 0."""
    return 1 / max(number, 1)


@pytest.mark.api(
    "torch.optim.lr_scheduler.CyclicLR", page="generated/torch.optim.lr_scheduler.CyclicLR"
)
def test_cyclic_schedule_goes_up_and_down_by_its_mode(snapshot):
    """CyclicLR goes from ``base_lr`` to ``max_lr`` in ``step_size_up`` steps, and down again.

    From 1 to 5 in two steps: 1, 3, 5, 3, 1. ``triangular2`` halves the height with each cycle, and
    ``exp_range`` multiplies it by ``gamma`` with each step. A ``scale_fn`` gets the number of the
    cycle, or that of the step with ``scale_mode="iterations"``.
    """
    assert snapshot == observe_each(
        each_scheduled(
            "CyclicLR",
            7,
            {
                "triangular": {**CYCLE, **STILL},
                "down in 3": {**CYCLE, **STILL, "step_size_down": 3},
                "triangular2": {**CYCLE, **STILL, "mode": "triangular2"},
                "exp_range": {**CYCLE, **STILL, "mode": "exp_range", "gamma": 0.5},
                "by cycle": {**CYCLE, **STILL, "scale_fn": reciprocal},
                "by step": {
                    **CYCLE,
                    **STILL,
                    "scale_fn": reciprocal,
                    "scale_mode": "iterations",
                },
                "up in 2000": {"base_lr": 0.0, "max_lr": 2000.0, **STILL},
            },
        )
    )


@pytest.mark.api(
    "torch.optim.lr_scheduler.CyclicLR", page="generated/torch.optim.lr_scheduler.CyclicLR"
)
def test_cyclic_schedule_moves_the_momentum_against_the_rate(snapshot):
    """CyclicLR moves the momentum from ``max_momentum`` down to ``base_momentum``, and up again.

    From 0.75 to 0.25 in two steps: 0.75, 0.5, 0.25, 0.5. By default it moves between 0.9 and 0.8,
    and with ``cycle_momentum=False`` it stays as it is, at 0.5.
    """
    assert snapshot == observe_each(
        each_scheduled(
            "CyclicLR",
            3,
            {
                "numbers": {**CYCLE, "base_momentum": 0.25, "max_momentum": 0.75},
                "lists": {**CYCLE, "base_momentum": [0.25, 0.5], "max_momentum": [0.75, 1.0]},
                "exp_range": {**CYCLE, "mode": "exp_range", "gamma": 0.5},
                "default": CYCLE,
                "cycle_momentum=False": {**CYCLE, **STILL},
            },
            option="momentum",
        )
    )


STRAIGHT = {"max_lr": [5.0, 10.0], "div_factor": 5.0, "anneal_strategy": "linear"}


@pytest.mark.api(
    "torch.optim.lr_scheduler.OneCycleLR", page="generated/torch.optim.lr_scheduler.OneCycleLR"
)
@pytest.mark.changed("1.8", "OneCycleLR takes three_phase", kind="appeared", cause="pytorch#42715")
def test_one_cycle_schedule_rises_for_pct_start_and_falls(snapshot):
    """OneCycleLR rises from ``max_lr / div_factor`` to ``max_lr``, then falls to almost 0.

    The end is the start divided by ``final_div_factor``. The rise takes ``pct_start`` of the steps.
    With ``three_phase`` the rate falls to its start in as many steps as it rose, then to the end.
    ``epochs`` and ``steps_per_epoch`` give the steps as their product.
    """
    assert snapshot == observe_each(
        each_scheduled(
            "OneCycleLR",
            7,
            {
                "linear": {**STRAIGHT, "total_steps": 8, "pct_start": 0.5},
                "pct_start=0.25": {**STRAIGHT, "total_steps": 8, "pct_start": 0.25},
                "2 epochs of 4": {
                    **STRAIGHT,
                    "epochs": 2,
                    "steps_per_epoch": 4,
                    "pct_start": 0.5,
                },
                "total_steps=10": {**STRAIGHT, "total_steps": 10},
                "final_div_factor=2": {
                    **STRAIGHT,
                    "total_steps": 8,
                    "pct_start": 0.5,
                    "final_div_factor": 2.0,
                },
                "three_phase": {
                    **STRAIGHT,
                    "total_steps": 8,
                    "pct_start": 0.375,
                    "three_phase": True,
                },
                "cos": {"max_lr": [5.0, 10.0], "total_steps": 8, "pct_start": 0.5},
            },
        )
    )


@pytest.mark.api(
    "torch.optim.lr_scheduler.OneCycleLR", page="generated/torch.optim.lr_scheduler.OneCycleLR"
)
@pytest.mark.changed("1.8", "OneCycleLR takes three_phase", kind="appeared", cause="pytorch#42715")
def test_one_cycle_schedule_moves_the_momentum_against_the_rate(snapshot):
    """OneCycleLR moves the momentum from ``max_momentum`` to ``base_momentum``, and up again.

    By default it moves between 0.95 and 0.85. In the third phase it stays. With
    ``cycle_momentum=False`` it stays as it is, at 0.5.
    """
    straight = {**STRAIGHT, "total_steps": 8, "pct_start": 0.5}
    ends = {"base_momentum": 0.25, "max_momentum": 0.75}
    assert snapshot == observe_each(
        each_scheduled(
            "OneCycleLR",
            7,
            {
                "numbers": {**straight, **ends},
                "lists": {**straight, "base_momentum": [0.25, 0.5], "max_momentum": [0.75, 1.0]},
                "three_phase": {**straight, **ends, "pct_start": 0.375, "three_phase": True},
                "default": straight,
                "cycle_momentum=False": {**straight, **STILL},
            },
            option="momentum",
        )
    )


def lowered(metrics, **settings):
    """The rates of each group after each metric."""
    optimizer = two_groups()
    scheduler = schedules.ReduceLROnPlateau(optimizer, **settings)
    path = []
    for metric in metrics:
        scheduler.step(metric)
        path.append(of_groups(optimizer))
    return path


FLAT = [4.0] * 6
HALF = {"factor": 0.5, "patience": 0}
PLATEAU = {
    "factor=0.5": (FLAT, HALF),
    "factor=0.25, patience=1": (FLAT, {"factor": 0.25, "patience": 1}),
    "patience=2": (FLAT, {"patience": 2}),
    "falling, min": ([4.0, 3.0, 2.0, 1.0], HALF),
    "falling, max": ([4.0, 3.0, 2.0, 1.0], {**HALF, "mode": "max"}),
    "threshold=0.5": ([8.0, 4.5, 3.0], {**HALF, "threshold": 0.5}),
    "threshold=2, abs": ([8.0, 5.5, 4.0], {**HALF, "threshold": 2.0, "threshold_mode": "abs"}),
    "threshold=0.5, max": ([4.0, 5.0, 7.0], {**HALF, "threshold": 0.5, "mode": "max"}),
    "threshold=1, abs, max": (
        [4.0, 5.0, 7.0],
        {**HALF, "threshold": 1.0, "threshold_mode": "abs", "mode": "max"},
    ),
    "cooldown=2": (FLAT, {**HALF, "cooldown": 2}),
    "cooldown=1, patience=1": (FLAT, {"factor": 0.5, "patience": 1, "cooldown": 1}),
    "min_lr=0.75": (FLAT[:3], {**HALF, "min_lr": 0.75}),
    "min_lr 0.25 and 6": (FLAT[:4], {**HALF, "min_lr": [0.25, 6.0]}),
    "eps=3": (FLAT[:3], {**HALF, "eps": 3.0}),
    "default": ([4.0] * 12, {}),
}


@pytest.mark.api(
    "torch.optim.lr_scheduler.ReduceLROnPlateau",
    "torch.optim.lr_scheduler.ReduceLROnPlateau.step",
    page="generated/torch.optim.lr_scheduler.ReduceLROnPlateau",
)
def test_plateau_scheduler_lowers_by_its_settings(snapshot):
    """ReduceLROnPlateau lowers the rates after more than ``patience`` bad metrics in a row.

    It multiplies them by ``factor``. A metric is bad unless it beats the best one by more than
    ``threshold``, a part of the best or, with ``threshold_mode="abs"``, a difference.
    ``mode="max"`` wants large metrics. After each reduction ``cooldown`` metrics do not count. No
    rate goes below ``min_lr``, and a reduction by no more than ``eps`` does not happen.
    """
    assert snapshot == observe_each(
        {
            case: (lambda given=given: lowered(given[0], **given[1]))
            for case, given in PLATEAU.items()
        }
    )


RESUMED = {
    "mode": "max",
    "factor": 0.5,
    "patience": 1,
    "threshold": 1.0,
    "threshold_mode": "abs",
    "cooldown": 2,
    "min_lr": [0.125, 3.0],
    "eps": 0.25,
}
METRICS = [4.0, 4.5, 4.5, 4.5, 4.5, 4.5, 5.5, 5.5, 5.5, 5.5, 5.5, 5.5, 5.5, 5.5, 5.5]


def resumed(after):
    """A scheduler that goes on after so many metrics, with what it does."""
    optimizer = two_groups()
    scheduler = schedules.ReduceLROnPlateau(optimizer, **RESUMED)
    for metric in METRICS[:after]:
        scheduler.step(metric)
    new_optimizer = two_groups()
    another = schedules.ReduceLROnPlateau(new_optimizer)
    another.load_state_dict(scheduler.state_dict())
    new_optimizer.load_state_dict(optimizer.state_dict())
    differ, path = differing(scheduler, another), []
    for metric in METRICS[after:]:
        another.step(metric)
        path.append(of_groups(new_optimizer))
    return another, {
        "uninterrupted": lowered(METRICS, **RESUMED)[after:],
        "resumed": path,
        "attributes that differ when loaded": differ,
        "last_epoch": another.last_epoch,
    }


@pytest.mark.api(
    "torch.optim.lr_scheduler.ReduceLROnPlateau",
    "torch.optim.lr_scheduler.ReduceLROnPlateau.step",
    page="generated/torch.optim.lr_scheduler.ReduceLROnPlateau",
)
@pytest.mark.changed(
    "2.2", "ReduceLROnPlateau has get_last_lr", kind="appeared", cause="pytorch#108464"
)
def test_plateau_scheduler_resumes_with_all_its_settings(snapshot):
    """A ReduceLROnPlateau that loads a state dict goes on as an uninterrupted one.

    It is stopped after a bad metric, and in its cooldown. The settings are the saved ones, not
    those of the constructor. ``min_lr`` stops the rate of the second group at 3.
    """
    assert snapshot == observe_each(
        {
            "after a bad metric": lambda: resumed(2)[1],
            "in the cooldown": lambda: resumed(4)[1],
            "get_last_lr": lambda: resumed(4)[0].get_last_lr(),
        }
    )


@pytest.mark.api(
    "torch.optim.lr_scheduler.ReduceLROnPlateau.step",
    page="generated/torch.optim.lr_scheduler.ReduceLROnPlateau",
)
def test_plateau_step_with_an_epoch_changes_the_count_only(snapshot):
    """``ReduceLROnPlateau.step(metric, epoch)`` sets ``last_epoch``, and lowers as without epoch.

    After epoch 7 the next step without one is epoch 8.
    """

    def act():
        optimizer = two_groups()
        scheduler = schedules.ReduceLROnPlateau(optimizer, **HALF)
        path = []
        with without_word_of_an_epoch():
            for epoch in ([7], [], [3]):
                scheduler.step(4.0, *epoch)
                path.append([scheduler.last_epoch, *of_groups(optimizer)])
        return path

    assert snapshot == observe(act)
