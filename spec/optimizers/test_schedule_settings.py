"""The whole shape of each schedule, one setting at a time, on two groups with rates 1 and 8.

A schedule applies one rule to the rates of all groups. Each list of rates starts with the rate that
the constructor leaves, which is the rate of the first optimizer steps, and adds one for each
``step()``. Trap: some schedules change the rate when they are built, such as
``torch.optim.lr_scheduler.ConstantLR`` and ``torch.optim.lr_scheduler.LinearLR``. What a factor
multiplies differs: LambdaLR takes the initial rate, and MultiplicativeLR the present one.
"""

import pytest

from fixtures.schedules import each_scheduled, rates, schedules, two_groups
from torch_history.observing import observe_each


@pytest.mark.api(
    "torch.optim.lr_scheduler.StepLR", page="generated/torch.optim.lr_scheduler.StepLR"
)
def test_step_schedule_multiplies_by_gamma_at_each_multiple_of_step_size(snapshot):
    """StepLR multiplies the rates by ``gamma`` every ``step_size`` steps; gamma is 0.1 by default.

    With ``step_size=2`` and ``gamma=0.5`` the rate 8 goes 8, 8, 4, 4, 2, 2.
    """
    assert snapshot == observe_each(
        each_scheduled(
            "StepLR",
            5,
            {
                "step_size=2, gamma=0.5": {"step_size": 2, "gamma": 0.5},
                "step_size=3": {"step_size": 3},
            },
        )
    )


@pytest.mark.api(
    "torch.optim.lr_scheduler.MultiStepLR", page="generated/torch.optim.lr_scheduler.MultiStepLR"
)
def test_multi_step_schedule_multiplies_by_gamma_at_each_milestone(snapshot):
    """MultiStepLR multiplies the rates by ``gamma`` at each milestone, in any order of the list.

    A milestone that is listed twice multiplies twice. With milestones 4, 1 and 4 and gamma 0.5 the
    rate 8 goes 8, 4, 4, 4, 1, 1.
    """
    assert snapshot == observe_each(
        each_scheduled(
            "MultiStepLR",
            5,
            {
                "milestones 4, 1, 4, gamma=0.5": {"milestones": [4, 1, 4], "gamma": 0.5},
                "milestone 2": {"milestones": [2]},
            },
        )
    )


@pytest.mark.api(
    "torch.optim.lr_scheduler.ExponentialLR",
    page="generated/torch.optim.lr_scheduler.ExponentialLR",
)
def test_exponential_schedule_multiplies_by_gamma_at_each_step(snapshot):
    """ExponentialLR multiplies the rates by ``gamma`` at each step.

    With ``gamma=0.5`` the rate 8 goes 8, 4, 2, 1. A gamma of 2 makes the rates grow.
    """
    assert snapshot == observe_each(
        each_scheduled("ExponentialLR", 3, {"gamma=0.5": {"gamma": 0.5}, "gamma=2": {"gamma": 2.0}})
    )


def reciprocal(step):
    return 1 / (1 + step)


def doubled(step):
    return 2.0 * step


@pytest.mark.api(
    "torch.optim.lr_scheduler.LambdaLR",
    "torch.optim.lr_scheduler.MultiplicativeLR",
    page="generated/torch.optim.lr_scheduler.LambdaLR",
)
@pytest.mark.parametrize("name", ["LambdaLR", "MultiplicativeLR"])
def test_function_schedule_takes_one_function_or_one_for_each_group(name, snapshot):
    """LambdaLR multiplies the initial rate by a function of the step; a list holds one a group.

    MultiplicativeLR multiplies the present rate, and does not call the function for step 0. With
    1 / (1 + step) the rate 8 goes 8, 4, 2.67, 2 for LambdaLR, and 8, 4, 1.33, 0.33 for
    MultiplicativeLR.
    """
    assert snapshot == observe_each(
        each_scheduled(
            name,
            3,
            {
                "one": {"lr_lambda": reciprocal},
                "one for each group": {"lr_lambda": [doubled, reciprocal]},
            },
        )
    )


@pytest.mark.api(
    "torch.optim.lr_scheduler.ConstantLR", page="generated/torch.optim.lr_scheduler.ConstantLR"
)
@pytest.mark.changed("1.10", "ConstantLR appears", kind="appeared", cause="pytorch#64395")
def test_constant_schedule_ends_its_factor_after_total_iters(snapshot):
    """ConstantLR multiplies the rates by ``factor`` when it is built, until step ``total_iters``.

    With factor 0.25 and total_iters 2 the rate 8 goes 2, 2, 8, 8. By default the factor is a third,
    for five steps.
    """
    assert snapshot == observe_each(
        each_scheduled(
            "ConstantLR",
            6,
            {
                "factor=0.25, total_iters=2": {"factor": 0.25, "total_iters": 2},
                "total_iters=3": {"total_iters": 3},
                "factor=0.5": {"factor": 0.5},
            },
        )
    )


@pytest.mark.api(
    "torch.optim.lr_scheduler.LinearLR", page="generated/torch.optim.lr_scheduler.LinearLR"
)
@pytest.mark.changed("1.10", "LinearLR appears", kind="appeared", cause="pytorch#64395")
def test_linear_schedule_goes_from_start_factor_to_end_factor(snapshot):
    """LinearLR moves the factor of the rates from ``start_factor`` to ``end_factor`` and stays.

    From 0.25 to 0.75 in ``total_iters=2`` steps the rate 8 goes 2, 4, 6, 6. The end may be below
    the start. By default the factor goes from a third to 1 in five steps.
    """
    assert snapshot == observe_each(
        each_scheduled(
            "LinearLR",
            6,
            {
                "up": {"start_factor": 0.25, "end_factor": 0.75, "total_iters": 2},
                "down": {"start_factor": 1.0, "end_factor": 0.5, "total_iters": 4},
                "start_factor=0.5": {"start_factor": 0.5},
                "end_factor=0.5": {"end_factor": 0.5},
            },
        )
    )


@pytest.mark.api(
    "torch.optim.lr_scheduler.PolynomialLR", page="generated/torch.optim.lr_scheduler.PolynomialLR"
)
@pytest.mark.changed("1.13", "PolynomialLR appears", kind="appeared", cause="pytorch#82769")
def test_polynomial_schedule_falls_to_zero_by_a_power(snapshot):
    """PolynomialLR multiplies the initial rate by (1 - step / total_iters) to the ``power``.

    With 4 steps and power 2 the rate 8 goes 8, 4.5, 2, 0.5, 0, and stays 0. By default it falls on
    a straight line, in five steps.
    """
    assert snapshot == observe_each(
        each_scheduled(
            "PolynomialLR",
            6,
            {
                "total_iters=4, power=2": {"total_iters": 4, "power": 2.0},
                "total_iters=4": {"total_iters": 4},
                "power=2": {"power": 2.0},
            },
        )
    )


@pytest.mark.api(
    "torch.optim.lr_scheduler.CosineAnnealingLR",
    page="generated/torch.optim.lr_scheduler.CosineAnnealingLR",
)
def test_cosine_schedule_falls_to_eta_min_in_t_max_steps(snapshot):
    """CosineAnnealingLR falls to ``eta_min`` on half a cosine of ``T_max`` steps, then rises again.

    With T_max 2 and eta_min 0.5 the rate 8 goes 8, 4.25, 0.5, 4.25, 8, 4.25. An eta_min above the
    rate of a group makes that rate rise first.
    """
    assert snapshot == observe_each(
        each_scheduled(
            "CosineAnnealingLR",
            5,
            {
                "T_max=2, eta_min=0.5": {"T_max": 2, "eta_min": 0.5},
                "T_max=3": {"T_max": 3},
                "T_max=2, eta_min=4": {"T_max": 2, "eta_min": 4.0},
            },
        )
    )


@pytest.mark.api(
    "torch.optim.lr_scheduler.CosineAnnealingWarmRestarts",
    page="generated/torch.optim.lr_scheduler.CosineAnnealingWarmRestarts",
)
def test_warm_restarts_multiply_the_length_by_t_mult(snapshot):
    """CosineAnnealingWarmRestarts jumps back to the initial rate after ``T_0`` steps.

    Each fall is ``T_mult`` times as long as the one before. With T_0 2, T_mult 2 and eta_min 0.5
    the rate 8 is back at steps 2 and 6.
    """
    assert snapshot == observe_each(
        each_scheduled(
            "CosineAnnealingWarmRestarts",
            7,
            {
                "T_0=2, T_mult=2, eta_min=0.5": {"T_0": 2, "T_mult": 2, "eta_min": 0.5},
                "T_0=3": {"T_0": 3},
                "T_0=1, T_mult=3": {"T_0": 1, "T_mult": 3},
            },
        )
    )


@pytest.mark.api("torch.optim.swa_utils.SWALR", page="optim")
@pytest.mark.changed(
    "1.6", "SWALR appears, and refuses anneal_epochs=0", kind="appeared", cause="pytorch#35032"
)
@pytest.mark.changed("1.8", "SWALR takes anneal_epochs=0", kind="error-gone", cause="pytorch#47579")
def test_swa_schedule_moves_the_rate_to_swa_lr_and_stays(snapshot):
    """SWALR moves each rate from its own to ``swa_lr`` in ``anneal_epochs`` steps, and stays.

    On a line with 4 steps the rate 8 goes 8, 6.5, 5, 3.5, 2. By default it moves on a cosine, in
    ten steps. With ``anneal_epochs=0`` the constructor sets ``swa_lr``.
    """
    linear = {"anneal_strategy": "linear"}
    cases = {
        "one": {"swa_lr": 2.0, "anneal_epochs": 4, **linear},
        "one for each group": {"swa_lr": [3.0, 4.0], "anneal_epochs": 4, **linear},
        "cos": {"swa_lr": 2.0, "anneal_epochs": 4},
        "10 epochs": {"swa_lr": 2.0, **linear},
        "0 epochs": {"swa_lr": 2.0, "anneal_epochs": 0, **linear},
    }
    assert snapshot == observe_each(each_scheduled("SWALR", 5, cases))


def warm_up_then_halve(optimizer, milestones, last_epoch=-1):
    """Three schedules in sequence: half the rate, a fall by 0.5 at each step, the tenth."""
    parts = [
        schedules.ConstantLR(optimizer, factor=0.5, total_iters=9),
        schedules.ExponentialLR(optimizer, gamma=0.5),
        schedules.StepLR(optimizer, step_size=1, gamma=0.1),
    ]
    return schedules.SequentialLR(optimizer, parts, milestones=milestones, last_epoch=last_epoch)


@pytest.mark.api(
    "torch.optim.lr_scheduler.SequentialLR",
    page="generated/torch.optim.lr_scheduler.SequentialLR",
)
@pytest.mark.changed("1.10", "SequentialLR appears", kind="appeared", cause="pytorch#64037")
def test_sequential_schedule_starts_each_part_at_its_milestone(snapshot):
    """SequentialLR starts the next schedule, from the initial rate, at each milestone.

    The parts are half the rate, a fall by 0.5 each step and one by 0.1. With milestones 2 and 4 the
    rate 8 goes 4, 4, 8, 4, 8, 0.8. ``last_epoch=0`` reaches each milestone a step earlier.
    """

    def act(**settings):
        optimizer = two_groups()
        return rates(optimizer, warm_up_then_halve(optimizer, **settings), 5)

    assert snapshot == observe_each(
        {
            "milestones 2 and 4": lambda: act(milestones=[2, 4]),
            "milestones 1 and 4": lambda: act(milestones=[1, 4]),
            "last_epoch=0": lambda: act(milestones=[2, 4], last_epoch=0),
        }
    )


@pytest.mark.api(
    "torch.optim.lr_scheduler.ChainedScheduler",
    page="generated/torch.optim.lr_scheduler.ChainedScheduler",
)
@pytest.mark.changed(
    "1.10",
    "ChainedScheduler appears, whose get_last_lr raises, as _last_lr is missing",
    kind="appeared",
    cause="pytorch#63491",
)
@pytest.mark.changed("1.11", "get_last_lr works", kind="error-gone", cause="pytorch#69112")
def test_chained_schedules_multiply_their_factors(snapshot):
    """ChainedScheduler steps all its schedules, so that their factors multiply.

    A factor of 0.5 for two steps and a fall by 0.25 each step take the rate 8 to 4, 1, 0.5, 0.125.
    """

    def act():
        optimizer = two_groups()
        parts = [
            schedules.ConstantLR(optimizer, factor=0.5, total_iters=2),
            schedules.ExponentialLR(optimizer, gamma=0.25),
        ]
        chained = schedules.ChainedScheduler(parts)
        return rates(optimizer, chained, 3), chained

    cases = {"rates": lambda: act()[0], "get_last_lr": lambda: act()[1].get_last_lr()}
    assert snapshot == observe_each(cases)


@pytest.mark.api(
    "torch.optim.lr_scheduler.ChainedScheduler",
    page="generated/torch.optim.lr_scheduler.ChainedScheduler",
)
@pytest.mark.changed(
    "1.10", "ChainedScheduler appears, without optimizer", kind="appeared", cause="pytorch#63491"
)
@pytest.mark.changed(
    "2.4",
    "ChainedScheduler takes optimizer, and refuses another than that of its schedules",
    kind="appeared",
    cause="pytorch#121633",
    probable=True,
)
def test_chained_schedules_refuse_another_optimizer(snapshot):
    """ChainedScheduler takes the optimizer of its schedules as ``optimizer``, and no other."""

    def act(own):
        mine = two_groups()
        part = schedules.ExponentialLR(mine, gamma=0.25)
        given = mine if own else two_groups()
        return rates(mine, schedules.ChainedScheduler([part], optimizer=given), 1)

    assert snapshot == observe_each(
        {
            "its own": lambda: act(own=True),
            "another": lambda: act(own=False),
        }
    )
