"""Faults of learning rate schedulers, of their state, and of optimizer hooks."""

import math
import warnings
from importlib import import_module

import torch

from faults import fault
from faults._tools import wrap

base = import_module("torch.optim.optimizer")  # torch.optim hides it
schedulers = torch.optim.lr_scheduler
LRScheduler, StepLR, Plateau = (
    schedulers.LRScheduler,
    schedulers.StepLR,
    schedulers.ReduceLROnPlateau,
)
Optimizer = torch.optim.Optimizer


def build_with(patch, scheduler, **settings):
    """Pass these settings to the constructor of a scheduler, whatever the caller passes."""
    wrap(
        patch,
        scheduler,
        "__init__",
        lambda honest: lambda self, *a, **keywords: honest(self, *a, **{**keywords, **settings}),
    )


def rates(scheduler):
    return [group["lr"] for group in scheduler.optimizer.param_groups]


@fault
def step_schedule_has_no_step_size(patch):
    """StepLR lowers the rate at every step, whatever ``step_size`` says."""
    build_with(patch, StepLR, step_size=1)


@fault
def step_schedule_starts_from_the_first_rate(patch):
    """StepLR computes each learning rate from the initial one."""
    patch.setattr(StepLR, "get_lr", StepLR._get_closed_form_lr)


@fault
def lambda_schedule_goes_on_from_what_it_finds(patch):
    """LambdaLR multiplies the current rate by the ratio of its function's values."""

    def get_lr(self):
        return [
            lr * (one(self.last_epoch) / one(self.last_epoch - 1) if self.last_epoch else 1)
            for one, lr in zip(self.lr_lambdas, rates(self))
        ]

    patch.setattr(schedulers.LambdaLR, "get_lr", get_lr)


@fault
def get_last_lr_reads_the_optimizer(patch):
    """``get_last_lr()`` returns the optimizer's current learning rates."""
    patch.setattr(LRScheduler, "get_last_lr", rates)


@fault
def underscored_name_is_the_base_class(patch):
    """``_LRScheduler`` is ``LRScheduler``."""
    patch.setattr(schedulers, "_LRScheduler", LRScheduler)


@fault
def schedulers_judge_every_step(patch):
    """A scheduler warns at every step until the optimizer has stepped."""

    def step(self, epoch=None, honest=LRScheduler.step):
        if self._step_count > 1 and not getattr(self.optimizer, "_opt_called", False):
            schedulers.warnings.warn(
                "Detected call of `lr_scheduler.step()` before `optimizer.step()`.", stacklevel=2
            )
        honest(self, epoch)

    patch.setattr(LRScheduler, "step", step)


@fault
def schedulers_keep_private_names_out_of_their_state(patch):
    """A scheduler's state dict omits names that begin with an underscore."""
    wrap(
        patch,
        LRScheduler,
        "state_dict",
        lambda honest: (
            lambda self: {
                name: value for name, value in honest(self).items() if not name.startswith("_")
            }
        ),
    )


@fault
def schedulers_save_a_function(patch):
    """A scheduler's state dict holds a function, as OneCycleLR's once did."""
    wrap(
        patch,
        LRScheduler,
        "state_dict",
        lambda honest: lambda self: {**honest(self), "function": math.cos},
    )


@fault
def lambda_schedule_saves_names(patch):
    """LambdaLR's state dict holds the names of its functions."""
    wrap(
        patch,
        schedulers.LambdaLR,
        "state_dict",
        lambda honest: (
            lambda self: {**honest(self), "lr_lambdas": [one.__name__ for one in self.lr_lambdas]}
        ),
    )


def load_with(patch, change):
    """Make ``load_state_dict`` of every scheduler load ``change(self, state)``."""
    for scheduler in (LRScheduler, Plateau):
        wrap(
            patch,
            scheduler,
            "load_state_dict",
            lambda honest: lambda self, state: honest(self, change(self, state)),
        )


@fault
def loading_a_scheduler_sets_the_rate(patch):
    """``load_state_dict`` of a scheduler also sets the optimizer's learning rates."""

    def change(self, state):
        for group, lr in zip(self.optimizer.param_groups, state["_last_lr"]):
            group["lr"] = lr
        return state

    load_with(patch, change)


@fault
def loading_a_scheduler_keeps_its_settings(patch):
    """``load_state_dict`` keeps the constructor's gamma and step_size."""
    load_with(
        patch,
        lambda self, state: {
            name: value for name, value in state.items() if name not in ("gamma", "step_size")
        },
    )


@fault
def loading_a_scheduler_refuses_unknown_names(patch):
    """``load_state_dict`` raises for a name that the scheduler does not have."""

    def change(self, state):
        if set(state) - set(self.__dict__):
            raise KeyError("unexpected keys")
        return state

    load_with(patch, change)


@fault
def loading_a_plateau_scheduler_forgets_the_count(patch):
    """``load_state_dict`` resets the count of bad epochs."""
    load_with(patch, lambda self, state: {**state, "num_bad_epochs": 0})


@fault
def resuming_a_step_schedule_makes_no_step(patch):
    """StepLR does not change the learning rate when it is built."""
    wrap(
        patch,
        StepLR,
        "get_lr",
        lambda honest: lambda self: rates(self) if self._is_initial else honest(self),
    )


@fault
def resuming_an_exponential_schedule_makes_a_step(patch):
    """ExponentialLR changes the learning rate when it is built, as it once did."""
    patch.setattr(
        schedulers.ExponentialLR,
        "get_lr",
        lambda self: [lr * self.gamma if self.last_epoch else lr for lr in rates(self)],
    )


@fault
def schedulers_put_a_new_rate_in_place_of_a_tensor(patch):
    """A scheduler replaces a learning rate tensor instead of writing into it."""
    patch.setattr(
        schedulers,
        "_update_param_group_val",
        lambda group, name, value: group.__setitem__(name, value),
    )


@fault
def schedulers_keep_the_first_tensor_itself(patch):
    """A scheduler's first learning rates are the optimizer's own tensors."""

    def build(self, *arguments, honest=LRScheduler.__init__, **keywords):
        honest(self, *arguments, **keywords)
        self.base_lrs = rates(self)

    patch.setattr(LRScheduler, "__init__", build)


@fault
def plateau_scheduler_is_no_scheduler(patch):
    """``LRScheduler`` is not a base class of ReduceLROnPlateau."""
    patch.setattr(schedulers, "LRScheduler", type("LRScheduler", (LRScheduler,), {}))


@fault
def plateau_scheduler_needs_no_metric(patch):
    """ReduceLROnPlateau uses 0 if the metric is missing."""
    wrap(
        patch,
        Plateau,
        "step",
        lambda honest: lambda self, metrics=0.0, epoch=None: honest(self, metrics, epoch),
    )


@fault
def plateau_scheduler_takes_verbose(patch):
    """ReduceLROnPlateau accepts ``verbose`` and ignores it."""
    wrap(
        patch,
        Plateau,
        "__init__",
        lambda honest: lambda self, *a, verbose=False, **keywords: honest(self, *a, **keywords),
    )


@fault
def plateau_scheduler_has_no_last_rate_at_first(patch):
    """``get_last_lr()`` of ReduceLROnPlateau raises before its first step."""

    def build(self, *arguments, honest=Plateau.__init__, **keywords):
        honest(self, *arguments, **keywords)
        del self._last_lr

    patch.setattr(Plateau, "__init__", build)


@fault
def plateau_scheduler_judges_the_order(patch):
    """ReduceLROnPlateau always warns that the optimizer has not stepped."""

    def step(self, metrics, epoch=None, honest=Plateau.step):
        schedulers.warnings.warn(
            "Detected call of `lr_scheduler.step()` before `optimizer.step()`.", stacklevel=2
        )
        honest(self, metrics, epoch)

    patch.setattr(Plateau, "step", step)


@fault
def plateau_scheduler_detaches_the_loss(patch):
    """ReduceLROnPlateau detaches a loss first."""

    def step(self, metrics, epoch=None, honest=Plateau.step):
        honest(self, metrics.detach() if isinstance(metrics, torch.Tensor) else metrics, epoch)

    patch.setattr(Plateau, "step", step)


@fault
def plateau_scheduler_takes_nan_for_better(patch):
    """ReduceLROnPlateau counts nan as better."""
    patch.setattr(Plateau, "_is_better", lambda self, new, best: not new >= best)


@fault
def plateau_threshold_is_a_part_of_the_distance_to_zero(patch):
    """ReduceLROnPlateau takes a relative threshold of the best metric's absolute value."""

    def is_better(self, new, best):
        return new < (best if math.isinf(best) else best - abs(best) * self.threshold)

    patch.setattr(Plateau, "_is_better", is_better)


@fault
def plateau_scheduler_has_no_eps(patch):
    """ReduceLROnPlateau ignores eps and makes the smallest reductions."""
    build_with(patch, Plateau, eps=0.0)


@fault
def plateau_scheduler_leaves_new_groups_alone(patch):
    """ReduceLROnPlateau ignores groups that are added later."""

    def reduce(self, epoch, honest=Plateau._reduce_lr):
        groups = self.optimizer.param_groups
        self.optimizer.param_groups = groups[: len(self.min_lrs)]
        honest(self, epoch)
        self.optimizer.param_groups = groups

    patch.setattr(Plateau, "_reduce_lr", reduce)


@fault
def linear_schedule_begins_at_the_first_step(patch):
    """LinearLR does not change the learning rate when it is built."""
    wrap(
        patch,
        schedulers.LinearLR,
        "get_lr",
        lambda honest: lambda self: honest(self) if self.last_epoch else rates(self),
    )


@fault
def sequences_take_a_plateau_scheduler(patch):
    """SequentialLR accepts a ReduceLROnPlateau."""

    def build(self, optimizer, parts, milestones, honest=schedulers.SequentialLR.__init__):
        if not any(isinstance(part, Plateau) for part in parts):
            honest(self, optimizer, parts, milestones)

    patch.setattr(schedulers.SequentialLR, "__init__", build)


@fault
def one_cycle_stays_above_zero(patch):
    """OneCycleLR never goes below a learning rate of zero."""
    wrap(
        patch,
        schedulers.OneCycleLR,
        "get_lr",
        lambda honest: lambda self: [max(lr, 0.0) for lr in honest(self)],
    )


@fault
def one_cycle_never_ends(patch):
    """OneCycleLR keeps its learning rate after the last step."""
    wrap(
        patch,
        schedulers.OneCycleLR,
        "get_lr",
        lambda honest: (
            lambda self: rates(self) if self.last_epoch > self.total_steps else honest(self)
        ),
    )


@fault
def cosine_stays_at_its_end(patch):
    """CosineAnnealingLR stays at its minimum after T_max."""
    wrap(
        patch,
        schedulers.CosineAnnealingLR,
        "get_lr",
        lambda honest: lambda self: rates(self) if self.last_epoch > self.T_max else honest(self),
    )


@fault
def cyclic_schedule_refuses_adam(patch):
    """CyclicLR refuses an optimizer without momentum."""

    def build(self, optimizer, *arguments, honest=schedulers.CyclicLR.__init__, **keywords):
        if "momentum" not in optimizer.defaults:
            raise ValueError("optimizer must support momentum")
        honest(self, optimizer, *arguments, **keywords)

    patch.setattr(schedulers.CyclicLR, "__init__", build)


@fault
def step_post_hooks_run_before_the_step(patch):
    """A step post-hook runs before the update."""
    patch.setattr(
        Optimizer,
        "register_step_post_hook",
        lambda self, hook: Optimizer.register_step_pre_hook(
            self, lambda *arguments: hook(*arguments) and None
        ),
    )


@fault
def step_pre_hooks_return_nothing(patch):
    """The return value of a step pre-hook is ignored."""
    wrap(
        patch,
        Optimizer,
        "register_step_pre_hook",
        lambda honest: (
            lambda self, hook: honest(self, lambda *arguments: hook(*arguments) and None)
        ),
    )


@fault
def schedulers_pass_later_hooks_by(patch):
    """A step post-hook registered after a scheduler was built does not run."""
    wrap(
        patch,
        Optimizer,
        "register_step_post_hook",
        lambda honest: (
            lambda self, hook: (
                None if hasattr(self.step, "_wrapped_by_lr_sched") else honest(self, hook)
            )
        ),
    )


@fault
def pre_hooks_of_all_optimizers_run_last(patch):
    """A global optimizer pre-hook runs after the step."""
    patch.setattr(base, "register_optimizer_step_pre_hook", base.register_optimizer_step_post_hook)


@fault
def optimizers_are_copied_with_their_hooks(patch):
    """A deep copy of an optimizer keeps its hooks."""
    patch.setattr(Optimizer, "__getstate__", lambda self: dict(self.__dict__))


@fault
def state_dict_hooks_get_a_copy(patch):
    """A ``state_dict()`` post-hook gets a copy of the dict."""
    wrap(
        patch,
        Optimizer,
        "register_state_dict_post_hook",
        lambda honest: (
            lambda self, hook: honest(self, lambda optimizer, state: hook(optimizer, dict(state)))
        ),
    )


@fault
def load_pre_hooks_return_nothing(patch):
    """The return value of a ``load_state_dict`` pre-hook is ignored."""
    wrap(
        patch,
        Optimizer,
        "register_load_state_dict_pre_hook",
        lambda honest: (
            lambda self, hook: honest(self, lambda *arguments: hook(*arguments) and None)
        ),
    )


@fault
def load_post_hooks_run_before_loading(patch):
    """A ``load_state_dict`` post-hook runs before loading."""
    patch.setattr(
        Optimizer,
        "register_load_state_dict_post_hook",
        lambda self, hook: Optimizer.register_load_state_dict_pre_hook(
            self, lambda optimizer, state: hook(optimizer)
        ),
    )


@fault
def compiling_takes_the_step_hooks_off(patch):
    """Compiling removes the hooks from SGD's step for good."""

    def take_off(honest):
        def compiling(*arguments, **keywords):
            bare = getattr(torch.optim.SGD.step, "__wrapped__", torch.optim.SGD.step)
            patch.setattr(bare, "hooked", True, raising=False)
            patch.setattr(torch.optim.SGD, "step", bare)
            return honest(*arguments, **keywords)

        return compiling

    wrap(patch, torch, "compile", take_off)


@fault
def plateau_is_a_function(patch):
    """ReduceLROnPlateau is a function that makes the scheduler, and no class."""
    patch.setattr(
        schedulers,
        "ReduceLROnPlateau",
        lambda *arguments, **settings: Plateau(*arguments, **settings),
    )


@fault
def plateau_scheduler_warns_without_verbose(patch):
    """ReduceLROnPlateau warns where it is built without ``verbose``."""

    def build(
        self, optimizer, *arguments, honest=schedulers.ReduceLROnPlateau.__init__, **keywords
    ):
        warnings.warn("verbose must be given", UserWarning)
        honest(self, optimizer, *arguments, **keywords)

    patch.setattr(schedulers.ReduceLROnPlateau, "__init__", build)
