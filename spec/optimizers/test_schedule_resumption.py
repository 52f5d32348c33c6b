"""Each schedule stopped after three steps and resumed: by state dict, by ``last_epoch``, by epoch.

The state dicts of the scheduler and of the optimizer together resume every schedule, whatever its
constructor was given. A schedule that is built with ``last_epoch`` takes its settings from the
constructor, and the rates from the optimizer. ``step(epoch)`` is deprecated; it sets the rate of
that epoch from the initial rate, where the schedule has such a formula.
"""

import copy
import warnings

import pytest

from fixtures.schedules import (
    class_of,
    differing,
    of_groups,
    rates,
    schedules,
    two_groups,
    without_word_of_an_epoch,
)
from torch_history.observing import observe


class Falling:
    """A callable object, whose attributes a state dict holds."""

    def __init__(self, by):
        self.by = by

    def __call__(self, step):
        return 1 / (1 + self.by * step)


def cycle(**settings):
    return {"base_lr": [1.0, 2.0], "max_lr": [5.0, 10.0], "step_size_up": 2, **settings}


# case -> class, settings of the stopped schedule, settings of the one that loads its state
SCHEDULES = {
    "StepLR": ("StepLR", {"step_size": 2, "gamma": 0.5}, {"step_size": 3}),
    "MultiStepLR": (
        "MultiStepLR",
        {"milestones": [2, 5], "gamma": 0.5},
        {"milestones": [4]},
    ),
    "ExponentialLR": ("ExponentialLR", {"gamma": 0.5}, {"gamma": 0.125}),
    "LambdaLR": ("LambdaLR", {"lr_lambda": Falling(1)}, {"lr_lambda": Falling(3)}),
    "MultiplicativeLR": (
        "MultiplicativeLR",
        {"lr_lambda": Falling(1)},
        {"lr_lambda": Falling(3)},
    ),
    "ConstantLR": ("ConstantLR", {"factor": 0.25, "total_iters": 5}, {"total_iters": 6}),
    "LinearLR": (
        "LinearLR",
        {"start_factor": 0.25, "end_factor": 0.75, "total_iters": 4},
        {"start_factor": 0.5, "total_iters": 8},
    ),
    "PolynomialLR": ("PolynomialLR", {"total_iters": 6, "power": 2.0}, {"total_iters": 8}),
    "CosineAnnealingLR": ("CosineAnnealingLR", {"T_max": 4, "eta_min": 0.5}, {"T_max": 6}),
    "CosineAnnealingWarmRestarts": (
        "CosineAnnealingWarmRestarts",
        {"T_0": 2, "T_mult": 2, "eta_min": 0.5},
        {"T_0": 3},
    ),
    "CyclicLR": (
        "CyclicLR",
        cycle(step_size_down=3, mode="exp_range", gamma=0.5, base_momentum=0.25, max_momentum=0.75),
        {"base_lr": 3.0, "max_lr": 4.0, "cycle_momentum": False},
    ),
    "CyclicLR with a function": (
        "CyclicLR",
        cycle(scale_fn=Falling(1), scale_mode="iterations", cycle_momentum=False),
        cycle(scale_fn=Falling(3), cycle_momentum=False),
    ),
    "OneCycleLR": (
        "OneCycleLR",
        {
            "max_lr": [5.0, 10.0],
            "total_steps": 8,
            "pct_start": 0.25,
            "anneal_strategy": "linear",
            "div_factor": 5.0,
        },
        {"max_lr": 4.0, "total_steps": 6, "cycle_momentum": False},
    ),
    "SWALR": (
        "SWALR",
        {"swa_lr": [3.0, 4.0], "anneal_epochs": 5, "anneal_strategy": "linear"},
        {"swa_lr": 0.25},
    ),
}


def built(optimizer, case, settings=1, **more):
    """The schedule of a case, with its settings (1) or with others (2)."""
    return class_of(SCHEDULES[case][0])(optimizer, **SCHEDULES[case][settings], **more)


def in_sequence(optimizer, milestone=5, gamma=0.5):
    parts = [
        schedules.ConstantLR(optimizer, factor=gamma, total_iters=9),
        schedules.ExponentialLR(optimizer, gamma=gamma / 2),
    ]
    return schedules.SequentialLR(optimizer, parts, milestones=[milestone])


def chained(optimizer, total_iters=5, gamma=0.5):
    return schedules.ChainedScheduler(
        [
            schedules.ConstantLR(optimizer, factor=gamma, total_iters=total_iters),
            schedules.ExponentialLR(optimizer, gamma=gamma),
        ]
    )


BUILT = {
    case: (
        lambda optimizer, case=case: built(optimizer, case, 1),
        lambda optimizer, case=case: built(optimizer, case, 2),
    )
    for case in SCHEDULES
}
BUILT["SequentialLR"] = (in_sequence, lambda optimizer: in_sequence(optimizer, 6, 0.25))
BUILT["ChainedScheduler"] = (chained, lambda optimizer: chained(optimizer, 6, 0.25))


def stopped(build):
    """A schedule after three steps, and its optimizer."""
    optimizer = two_groups(momentum=0.5)
    scheduler = build(optimizer)
    rates(optimizer, scheduler, 3)
    return scheduler, optimizer


def resumed(case, option):
    """A schedule with other settings and another optimizer, which load what was saved."""
    build, build_another = BUILT[case]
    first, its_optimizer = stopped(build)
    optimizer = two_groups(momentum=0.25)
    optimizer.param_groups[0]["lr"], optimizer.param_groups[1]["lr"] = 2.0, 3.0
    scheduler = build_another(optimizer)
    scheduler.load_state_dict(first.state_dict())
    optimizer.load_state_dict(its_optimizer.state_dict())
    differ, when_loaded = differing(first, scheduler), list(scheduler.get_last_lr())
    path = []
    with without_word_of_an_epoch():
        for _ in range(3):  # in the wrong order, which is judged at the very first step only
            scheduler.step()
            optimizer.step()
            path.append(of_groups(optimizer, option))
    whole = two_groups(momentum=0.5)
    return {
        "uninterrupted": rates(whole, build(whole), 6, option)[4:],
        "resumed": path,
        "attributes that differ": differ,
        "get_last_lr when loaded": when_loaded,
        "get_last_lr at the end": list(scheduler.get_last_lr()),
    }


@pytest.mark.parametrize("case", BUILT)
@pytest.mark.api(
    "torch.optim.lr_scheduler.StepLR",
    "torch.optim.lr_scheduler.MultiStepLR",
    "torch.optim.lr_scheduler.ExponentialLR",
    "torch.optim.lr_scheduler.LambdaLR",
    "torch.optim.lr_scheduler.MultiplicativeLR",
    "torch.optim.lr_scheduler.ConstantLR",
    "torch.optim.lr_scheduler.LinearLR",
    "torch.optim.lr_scheduler.PolynomialLR",
    "torch.optim.lr_scheduler.CosineAnnealingLR",
    "torch.optim.lr_scheduler.CosineAnnealingWarmRestarts",
    "torch.optim.lr_scheduler.CyclicLR",
    "torch.optim.lr_scheduler.OneCycleLR",
    "torch.optim.swa_utils.SWALR",
    page="optim",
)
@pytest.mark.api(
    "torch.optim.lr_scheduler.SequentialLR",
    "torch.optim.lr_scheduler.ChainedScheduler",
    "torch.optim.lr_scheduler.LRScheduler.load_state_dict",
    "torch.optim.lr_scheduler.LRScheduler.state_dict",
    page="optim",
)
@pytest.mark.changed(
    "1.5",
    "LambdaLR warns that the state of the optimizer should be saved too",
    kind="warning",
    cause="pytorch#31125",
    of=(
        "torch.optim.lr_scheduler.LRScheduler.state_dict",
        "torch.optim.lr_scheduler.LRScheduler.load_state_dict",
    ),
    depends="the schedule",
)
@pytest.mark.changed("1.7", "the message spells optimizer correctly", kind="wording")
@pytest.mark.changed(
    "1.8",
    "LambdaLR does not warn",
    kind="warning",
    cause="pytorch#46813",
    of=(
        "torch.optim.lr_scheduler.LRScheduler.state_dict",
        "torch.optim.lr_scheduler.LRScheduler.load_state_dict",
    ),
    depends="the schedule",
)
@pytest.mark.changed(
    "1.6",
    "SWALR appears",
    kind="appeared",
    cause="pytorch#35032",
    of=("torch.optim.swa_utils.SWALR",),
)
@pytest.mark.changed(
    "1.10",
    "ConstantLR and LinearLR appear",
    kind="appeared",
    cause="pytorch#64395",
    of=(
        "torch.optim.lr_scheduler.ConstantLR",
        "torch.optim.lr_scheduler.LinearLR",
    ),
)
@pytest.mark.changed(
    "1.10",
    "SequentialLR appears, whose get_last_lr raises before the first step",
    kind="appeared",
    cause="pytorch#64037",
    of=("torch.optim.lr_scheduler.SequentialLR",),
)
@pytest.mark.changed(
    "1.10",
    "ChainedScheduler appears, whose get_last_lr raises",
    kind="appeared",
    cause="pytorch#63491",
    of=("torch.optim.lr_scheduler.ChainedScheduler",),
)
@pytest.mark.changed(
    "1.11",
    "SequentialLR's get_last_lr works before the first step",
    kind="error-gone",
    cause="pytorch#70558",
    of=("torch.optim.lr_scheduler.SequentialLR",),
)
@pytest.mark.changed(
    "1.11",
    "ChainedScheduler's get_last_lr works",
    kind="error-gone",
    cause="pytorch#69112",
    of=("torch.optim.lr_scheduler.ChainedScheduler",),
)
@pytest.mark.changed(
    "1.13",
    "PolynomialLR appears",
    kind="appeared",
    cause="pytorch#82769",
    of=("torch.optim.lr_scheduler.PolynomialLR",),
)
def test_schedule_resumed_by_state_dicts_gives_the_rates_of_an_uninterrupted_one(case, snapshot):
    """A scheduler that loads its state dict and that of the optimizer goes on as if never stopped.

    It was stopped after three steps. The new scheduler and its optimizer were built with other
    settings and rates, none of which has an effect. No attribute of the loaded scheduler
    differs from that of the stopped one.
    """
    assert snapshot == observe(lambda: resumed(case, "lr"))


def in_a_chain(optimizer, case, settings):
    parts = [built(optimizer, case, settings), schedules.ExponentialLR(optimizer, 0.5**settings)]
    return schedules.ChainedScheduler(parts)


def after_a_constant(optimizer, case, settings):
    parts = [
        schedules.ConstantLR(optimizer, factor=0.25 / settings, total_iters=9),
        built(optimizer, case, settings),
    ]
    return schedules.SequentialLR(optimizer, parts, milestones=[2])


def combined(build, case):
    """The rate of the second group: over six steps, and over the last three of them if resumed."""
    optimizer = two_groups(momentum=0.5)
    scheduler = build(optimizer, case, 1)
    path = rates(optimizer, scheduler, 3)
    new_optimizer = two_groups(momentum=0.25)
    another = build(new_optimizer, case, 2)
    another.load_state_dict(scheduler.state_dict())
    new_optimizer.load_state_dict(optimizer.state_dict())
    path += rates(optimizer, scheduler, 3)[1:]
    return {
        "uninterrupted": [second for _, second in path],
        "resumed": [second for _, second in rates(new_optimizer, another, 3)[1:]],
    }


@pytest.mark.parametrize("case", SCHEDULES)
@pytest.mark.api(
    "torch.optim.lr_scheduler.StepLR",
    "torch.optim.lr_scheduler.MultiStepLR",
    "torch.optim.lr_scheduler.ExponentialLR",
    "torch.optim.lr_scheduler.LambdaLR",
    "torch.optim.lr_scheduler.MultiplicativeLR",
    "torch.optim.lr_scheduler.ConstantLR",
    "torch.optim.lr_scheduler.LinearLR",
    "torch.optim.lr_scheduler.PolynomialLR",
    "torch.optim.lr_scheduler.CosineAnnealingLR",
    "torch.optim.lr_scheduler.CosineAnnealingWarmRestarts",
    "torch.optim.lr_scheduler.CyclicLR",
    "torch.optim.lr_scheduler.OneCycleLR",
    "torch.optim.swa_utils.SWALR",
    "torch.optim.lr_scheduler.ChainedScheduler",
    page="optim",
)
@pytest.mark.changed(
    "1.6",
    "SWALR appears, before ChainedScheduler",
    kind="appeared",
    cause="pytorch#35032",
    of=("torch.optim.swa_utils.SWALR",),
)
@pytest.mark.changed(
    "1.10",
    "ChainedScheduler appears",
    kind="appeared",
    cause="pytorch#63491",
    of=("torch.optim.lr_scheduler.ChainedScheduler",),
)
@pytest.mark.changed(
    "1.10",
    "ConstantLR and LinearLR appear",
    kind="appeared",
    cause="pytorch#64395",
    of=(
        "torch.optim.lr_scheduler.ConstantLR",
        "torch.optim.lr_scheduler.LinearLR",
    ),
)
@pytest.mark.changed(
    "1.13",
    "PolynomialLR appears",
    kind="appeared",
    cause="pytorch#82769",
    of=("torch.optim.lr_scheduler.PolynomialLR",),
)
def test_chain_of_each_schedule_and_a_halving_goes_on_from_its_state_dict(case, snapshot):
    """A ChainedScheduler of any schedule and ``ExponentialLR`` goes on from its state dict.

    The factor of ExponentialLR is 0.5 at each step. Trap: it adds up only beside a schedule that
    multiplies the present rate, such as StepLR. LambdaLR, CyclicLR, OneCycleLR and
    CosineAnnealingWarmRestarts set the rate anew at each step, which leaves one factor of 0.5.
    """
    assert snapshot == observe(lambda: combined(in_a_chain, case))


@pytest.mark.parametrize("case", SCHEDULES)
@pytest.mark.api(
    "torch.optim.lr_scheduler.StepLR",
    "torch.optim.lr_scheduler.MultiStepLR",
    "torch.optim.lr_scheduler.ExponentialLR",
    "torch.optim.lr_scheduler.LambdaLR",
    "torch.optim.lr_scheduler.MultiplicativeLR",
    "torch.optim.lr_scheduler.ConstantLR",
    "torch.optim.lr_scheduler.LinearLR",
    "torch.optim.lr_scheduler.PolynomialLR",
    "torch.optim.lr_scheduler.CosineAnnealingLR",
    "torch.optim.lr_scheduler.CosineAnnealingWarmRestarts",
    "torch.optim.lr_scheduler.CyclicLR",
    "torch.optim.lr_scheduler.OneCycleLR",
    "torch.optim.swa_utils.SWALR",
    "torch.optim.lr_scheduler.SequentialLR",
    page="optim",
)
@pytest.mark.changed(
    "1.10",
    "SequentialLR appears, and starts with the rate that the constructor of its last schedule left",
    kind="appeared",
    cause="pytorch#64037",
    of=("torch.optim.lr_scheduler.SequentialLR",),
)
@pytest.mark.changed(
    "1.10",
    "ConstantLR and LinearLR appear",
    kind="appeared",
    cause="pytorch#64395",
    of=(
        "torch.optim.lr_scheduler.ConstantLR",
        "torch.optim.lr_scheduler.LinearLR",
    ),
)
@pytest.mark.changed(
    "1.13",
    "SequentialLR starts with the rate of its first schedule, not with that of the "
    "schedule built last",
    kind="silent",
    cause="pytorch#72856",
    of=("torch.optim.lr_scheduler.SequentialLR",),
    advice="write the former rate into the group's lr",
    depends="the schedules",
)
@pytest.mark.changed(
    "1.13",
    "PolynomialLR appears",
    kind="appeared",
    cause="pytorch#82769",
    of=("torch.optim.lr_scheduler.PolynomialLR",),
)
@pytest.mark.changed(
    "2.9",
    "SequentialLR starts SWALR a step later, from the present rate: 2 instead of 2.4",
    kind="silent",
    cause="pytorch#149392",
    of=("torch.optim.lr_scheduler.SequentialLR",),
    rarely="a SWALR in the sequence",
)
def test_sequence_that_ends_with_each_schedule_goes_on_from_its_state_dict(case, snapshot):
    """A SequentialLR of ConstantLR and any other schedule goes on from its state dict.

    ConstantLR quarters the rate, 8, for two steps. Then the second schedule starts from the initial
    rate. It is stopped a step after its start. MultiplicativeLR and SWALR have no formula, and
    start from the present rate, 2.
    """
    assert snapshot == observe(lambda: combined(after_a_constant, case))


@pytest.mark.parametrize("case", SCHEDULES)
@pytest.mark.api(
    "torch.optim.lr_scheduler.StepLR",
    "torch.optim.lr_scheduler.MultiStepLR",
    "torch.optim.lr_scheduler.ExponentialLR",
    "torch.optim.lr_scheduler.LambdaLR",
    "torch.optim.lr_scheduler.MultiplicativeLR",
    "torch.optim.lr_scheduler.ConstantLR",
    "torch.optim.lr_scheduler.LinearLR",
    "torch.optim.lr_scheduler.PolynomialLR",
    "torch.optim.lr_scheduler.CosineAnnealingLR",
    "torch.optim.lr_scheduler.CosineAnnealingWarmRestarts",
    "torch.optim.lr_scheduler.CyclicLR",
    "torch.optim.lr_scheduler.OneCycleLR",
    "torch.optim.swa_utils.SWALR",
    page="optim",
)
@pytest.mark.changed(
    "1.5",
    "LambdaLR warns that the state of the optimizer should be saved too",
    kind="warning",
    cause="pytorch#31125",
    of=("torch.optim.lr_scheduler.LambdaLR",),
    unless=(),
)
@pytest.mark.changed("1.7", "the message spells optimizer correctly", kind="wording")
@pytest.mark.changed(
    "1.8",
    "LambdaLR does not warn",
    kind="warning",
    cause="pytorch#46813",
    of=("torch.optim.lr_scheduler.LambdaLR",),
    unless=(),
)
@pytest.mark.changed(
    "1.6",
    "SWALR appears",
    kind="appeared",
    cause="pytorch#35032",
    of=("torch.optim.swa_utils.SWALR",),
)
@pytest.mark.changed(
    "1.10",
    "ConstantLR and LinearLR appear",
    kind="appeared",
    cause="pytorch#64395",
    of=(
        "torch.optim.lr_scheduler.ConstantLR",
        "torch.optim.lr_scheduler.LinearLR",
    ),
)
@pytest.mark.changed(
    "1.13",
    "CyclicLR's state dict holds a WeakMethod, in 1.13 only, and cannot be copied or saved",
    kind="error",
    cause="pytorch#85462",
    of=("torch.optim.lr_scheduler.CyclicLR",),
    advice="remove _scale_fn_ref from the state dict",
    when=("-scale_fn@7",),
)
@pytest.mark.changed(
    "1.13",
    "PolynomialLR appears",
    kind="appeared",
    cause="pytorch#82769",
    of=("torch.optim.lr_scheduler.PolynomialLR",),
)
@pytest.mark.changed(
    "2.0",
    "CyclicLR's state dict holds no WeakMethod",
    kind="error-gone",
    cause="pytorch#91400",
    of=("torch.optim.lr_scheduler.CyclicLR",),
)
def test_state_dict_of_each_schedule_can_be_copied(case, snapshot):
    """The state dict of a schedule can be copied in depth, as a checkpoint needs it.

    In 1.13 that of CyclicLR without a function holds a weak reference, and raises.
    """

    def act():
        scheduler, _ = stopped(BUILT[case][0])
        return copy.deepcopy(scheduler.state_dict())["last_epoch"]

    assert snapshot == observe(act)


@pytest.mark.parametrize("case", ["CyclicLR", "OneCycleLR"])
@pytest.mark.api(
    "torch.optim.lr_scheduler.CyclicLR",
    "torch.optim.lr_scheduler.OneCycleLR",
    page="generated/torch.optim.lr_scheduler.CyclicLR",
)
def test_cycle_resumed_by_state_dicts_gives_the_momentum_of_an_uninterrupted_one(case, snapshot):
    """CyclicLR and OneCycleLR that load a state dict go on with the saved cycle of the momentum.

    The constructor was given ``cycle_momentum=False``, which the state dict replaces.
    """
    assert snapshot == observe(lambda: resumed(case, "momentum"))


@pytest.mark.parametrize("case", SCHEDULES)
@pytest.mark.api(
    "torch.optim.lr_scheduler.StepLR",
    "torch.optim.lr_scheduler.MultiStepLR",
    "torch.optim.lr_scheduler.ExponentialLR",
    "torch.optim.lr_scheduler.LambdaLR",
    "torch.optim.lr_scheduler.MultiplicativeLR",
    "torch.optim.lr_scheduler.ConstantLR",
    "torch.optim.lr_scheduler.LinearLR",
    "torch.optim.lr_scheduler.PolynomialLR",
    "torch.optim.lr_scheduler.CosineAnnealingLR",
    "torch.optim.lr_scheduler.CosineAnnealingWarmRestarts",
    "torch.optim.lr_scheduler.CyclicLR",
    "torch.optim.lr_scheduler.OneCycleLR",
    "torch.optim.swa_utils.SWALR",
    page="optim",
)
@pytest.mark.changed(
    "1.6",
    "SWALR appears",
    kind="appeared",
    cause="pytorch#35032",
    of=("torch.optim.swa_utils.SWALR",),
)
@pytest.mark.changed(
    "1.10",
    "ConstantLR and LinearLR appear",
    kind="appeared",
    cause="pytorch#64395",
    of=(
        "torch.optim.lr_scheduler.ConstantLR",
        "torch.optim.lr_scheduler.LinearLR",
    ),
)
@pytest.mark.changed(
    "1.11",
    "CosineAnnealingWarmRestarts takes last_epoch, instead of raising as T_cur is missing",
    kind="error-gone",
    cause="pytorch#64758",
    probable=True,
    of=("torch.optim.lr_scheduler.CosineAnnealingWarmRestarts",),
)
@pytest.mark.changed(
    "1.13",
    "PolynomialLR appears",
    kind="appeared",
    cause="pytorch#82769",
    of=("torch.optim.lr_scheduler.PolynomialLR",),
)
@pytest.mark.changed(
    "2.8",
    "building ExponentialLR, MultiplicativeLR, CosineAnnealingLR, LinearLR or PolynomialLR "
    "makes no step: the present rate stays",
    kind="silent",
    cause="pytorch#149312",
    of=(
        "torch.optim.lr_scheduler.ExponentialLR",
        "torch.optim.lr_scheduler.MultiplicativeLR",
        "torch.optim.lr_scheduler.CosineAnnealingLR",
        "torch.optim.lr_scheduler.LinearLR",
        "torch.optim.lr_scheduler.PolynomialLR",
    ),
    advice="resume with load_state_dict of the schedule and the optimizer",
    when=("last_epoch!=-1",),
)
@pytest.mark.changed(
    "2.8",
    "CosineAnnealingWarmRestarts restarts at epoch 4, with the rate 8 instead of 4.25: it "
    "divides by the first length",
    kind="silent",
    cause="pytorch#151289",
    probable=True,
    of=("torch.optim.lr_scheduler.CosineAnnealingWarmRestarts",),
    advice="resume with load_state_dict of the schedule and the optimizer",
    when=("last_epoch!=-1",),
)
def test_schedule_built_with_last_epoch_goes_on_from_the_rates_of_the_optimizer(case, snapshot):
    """A scheduler built with ``last_epoch=3`` on an optimizer that loaded its state goes on.

    The first rates are those after three steps, then those that the constructor leaves, then those
    of two further steps. The constructor counts epoch 4, and up to 2.7 it sets the rate of epoch 4.
    Since 2.8 ExponentialLR, MultiplicativeLR, CosineAnnealingLR, LinearLR and PolynomialLR keep the
    present rate there, and so miss one change. SWALR starts anew: it anneals from the present rate.
    """

    def act():
        _, stopped_optimizer = stopped(BUILT[case][0])
        optimizer = two_groups(momentum=0.5)
        optimizer.load_state_dict(stopped_optimizer.state_dict())
        before = of_groups(optimizer)
        scheduler = built(optimizer, case, last_epoch=3)
        return {
            "rates": [before, *rates(optimizer, scheduler, 2)],
            "last_epoch": scheduler.last_epoch,
        }

    assert snapshot == observe(act)


@pytest.mark.parametrize("case", SCHEDULES)
@pytest.mark.api(
    "torch.optim.lr_scheduler.StepLR",
    "torch.optim.lr_scheduler.MultiStepLR",
    "torch.optim.lr_scheduler.ExponentialLR",
    "torch.optim.lr_scheduler.LambdaLR",
    "torch.optim.lr_scheduler.MultiplicativeLR",
    "torch.optim.lr_scheduler.ConstantLR",
    "torch.optim.lr_scheduler.LinearLR",
    "torch.optim.lr_scheduler.PolynomialLR",
    "torch.optim.lr_scheduler.CosineAnnealingLR",
    "torch.optim.lr_scheduler.CosineAnnealingWarmRestarts",
    "torch.optim.lr_scheduler.CyclicLR",
    "torch.optim.lr_scheduler.OneCycleLR",
    "torch.optim.swa_utils.SWALR",
    page="optim",
)
@pytest.mark.api(
    "torch.optim.lr_scheduler.LRScheduler.step",
    "torch.optim.lr_scheduler.StepLR.step",
    "torch.optim.lr_scheduler.MultiStepLR.step",
    "torch.optim.lr_scheduler.ExponentialLR.step",
    "torch.optim.lr_scheduler.CosineAnnealingLR.step",
    "torch.optim.lr_scheduler.CyclicLR.step",
    "torch.optim.lr_scheduler.OneCycleLR.step",
    page="generated/torch.optim.lr_scheduler.StepLR",
)
@pytest.mark.changed(
    "1.5",
    "MultiStepLR counts the milestones up to the epoch: the rate of epoch 1 is 8 instead of 2",
    kind="silent",
    cause="pytorch#33356",
    probable=True,
    of=("torch.optim.lr_scheduler.MultiStepLR.step",),
    when=("epoch@0",),
)
@pytest.mark.changed(
    "1.6",
    "SWALR appears",
    kind="appeared",
    cause="pytorch#35032",
    of=("torch.optim.swa_utils.SWALR",),
)
@pytest.mark.changed(
    "1.10",
    "ConstantLR and LinearLR appear",
    kind="appeared",
    cause="pytorch#64395",
    of=(
        "torch.optim.lr_scheduler.ConstantLR",
        "torch.optim.lr_scheduler.LinearLR",
    ),
)
@pytest.mark.changed(
    "1.13",
    "PolynomialLR appears",
    kind="appeared",
    cause="pytorch#82769",
    of=("torch.optim.lr_scheduler.PolynomialLR",),
)
def test_step_with_an_epoch_sets_the_rate_of_that_epoch(case, snapshot):
    """``step(5)`` and then ``step(1)`` set the rates of epochs 5 and 1; ``step()`` goes on from 1.

    Two schedules have no formula for an epoch. MultiplicativeLR multiplies the present rate by the
    factor of that epoch, and SWALR ignores the epoch and makes a step.
    """

    def act():
        optimizer = two_groups(momentum=0.5)
        scheduler = built(optimizer, case)
        optimizer.step()
        path = []
        with without_word_of_an_epoch():
            for epoch in ([5], [1], []):
                scheduler.step(*epoch)
                path.append(of_groups(optimizer))
        return {"rates": path, "last_epoch": scheduler.last_epoch}

    assert snapshot == observe(act)


@pytest.mark.parametrize("case", SCHEDULES)
@pytest.mark.api(
    "torch.optim.lr_scheduler.StepLR",
    "torch.optim.lr_scheduler.MultiStepLR",
    "torch.optim.lr_scheduler.ExponentialLR",
    "torch.optim.lr_scheduler.LambdaLR",
    "torch.optim.lr_scheduler.MultiplicativeLR",
    "torch.optim.lr_scheduler.ConstantLR",
    "torch.optim.lr_scheduler.LinearLR",
    "torch.optim.lr_scheduler.PolynomialLR",
    "torch.optim.lr_scheduler.CosineAnnealingLR",
    "torch.optim.lr_scheduler.CosineAnnealingWarmRestarts",
    "torch.optim.lr_scheduler.CyclicLR",
    "torch.optim.lr_scheduler.OneCycleLR",
    "torch.optim.swa_utils.SWALR",
    page="optim",
)
@pytest.mark.api(
    "torch.optim.lr_scheduler.LRScheduler.step", page="generated/torch.optim.lr_scheduler.StepLR"
)
@pytest.mark.changed(
    "1.6",
    "SWALR appears",
    kind="appeared",
    cause="pytorch#35032",
    of=("torch.optim.swa_utils.SWALR",),
)
@pytest.mark.changed(
    "1.10",
    "ConstantLR and LinearLR appear",
    kind="appeared",
    cause="pytorch#64395",
    of=(
        "torch.optim.lr_scheduler.ConstantLR",
        "torch.optim.lr_scheduler.LinearLR",
    ),
)
@pytest.mark.changed(
    "1.13",
    "PolynomialLR appears",
    kind="appeared",
    cause="pytorch#82769",
    of=("torch.optim.lr_scheduler.PolynomialLR",),
)
def test_each_schedule_warns_once_when_it_steps_before_the_optimizer(case, snapshot):
    """Two steps of a scheduler before any step of its optimizer warn once, at the first step.

    CosineAnnealingWarmRestarts has a ``step`` of its own, which does not warn.
    """

    def act():
        scheduler = built(two_groups(momentum=0.5), case)
        counts = []
        for _ in range(2):
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                scheduler.step()
            counts.append(sum("Detected call" in str(one.message) for one in caught))
        return counts

    assert snapshot == observe(act)
