"""Faults of what optimizers and schedules change."""

import copy

import torch
from torch.optim import lr_scheduler, swa_utils

from faults import fault
from faults.layers_effects import add_one, after

CLASSES = [
    one
    for one in vars(torch.optim).values()
    if isinstance(one, type) and issubclass(one, torch.optim.Optimizer)
]


def gradients(optimizer):
    """The gradients of all parameters, dense ones alone."""
    grads = [weight.grad for group in optimizer.param_groups for weight in group["params"]]
    return [grad for grad in grads if grad is not None]


@fault
def step_changes_the_gradient(patch):
    """Each step scales the gradients by two."""

    def then(self, *given):
        with torch.no_grad():
            for grad in gradients(self):
                grad.mul_(2)

    for one in CLASSES:
        if "step" in vars(one):
            after(patch, one, "step", then)


@fault
def momentum_shares_the_gradient(patch):
    """The first momentum buffer is the gradient itself."""
    honest = torch.optim.SGD.step

    def wrong(self, *arguments):
        result = honest(self, *arguments)
        for group in self.param_groups:
            for weight in group["params"]:
                if "momentum_buffer" in self.state[weight]:
                    self.state[weight]["momentum_buffer"] = weight.grad
        return result

    patch.setattr(torch.optim.SGD, "step", wrong)


@fault
def optimizer_draws_when_it_is_made(patch):
    """An optimizer draws a number when it is made."""
    after(patch, torch.optim.Optimizer, "__init__", lambda *given: torch.rand(1))


@fault
def optimizer_copies_its_groups(patch):
    """``add_param_group`` copies the dict that it is given."""
    honest = torch.optim.Optimizer.add_param_group
    patch.setattr(
        torch.optim.Optimizer, "add_param_group", lambda self, group: honest(self, dict(group))
    )


@fault
def optimizer_state_dict_copies(patch):
    """The state dict of an optimizer holds copies of the state."""
    honest = torch.optim.Optimizer.state_dict
    patch.setattr(torch.optim.Optimizer, "state_dict", lambda self: copy.deepcopy(honest(self)))


@fault
def optimizer_load_copies(patch):
    """An optimizer loads a deep copy of the dict."""
    honest = torch.optim.Optimizer.load_state_dict
    patch.setattr(
        torch.optim.Optimizer,
        "load_state_dict",
        lambda self, saved: honest(self, copy.deepcopy(saved)),
    )


@fault
def schedule_adds_no_initial_lr(patch):
    """A schedule removes ``initial_lr`` from the groups after it is made."""

    def then(self, optimizer, *given):
        for group in optimizer.param_groups:
            group.pop("initial_lr", None)

    after(patch, lr_scheduler.LRScheduler, "__init__", then)


@fault
def plateau_schedule_adds_an_option(patch):
    """``ReduceLROnPlateau`` adds an option to the groups."""

    def then(self, optimizer, *given):
        optimizer.param_groups[0]["initial_lr"] = 1.0

    after(patch, lr_scheduler.ReduceLROnPlateau, "__init__", then)


@fault
def schedule_step_draws(patch):
    """The step of a schedule draws a number."""
    after(patch, lr_scheduler.LRScheduler, "step", lambda *given: torch.rand(1))


@fault
def schedule_load_empties_the_dict(patch):
    """Schedules empty the dict that they load."""
    for one in [*vars(lr_scheduler).values()]:
        if isinstance(one, type) and "load_state_dict" in vars(one):
            after(patch, one, "load_state_dict", lambda self, saved: saved.clear())


@fault
def averaging_changes_the_model(patch):
    """``update_parameters`` adds one to the parameters of the model that is averaged."""
    after(
        patch,
        swa_utils.AveragedModel,
        "update_parameters",
        lambda self, model: add_one(list(model.parameters())),
    )


@fault
def lbfgs_clears_the_gradient(patch):
    """LBFGS fills the gradient with zeros after its step."""

    def then(self, *given):
        for grad in gradients(self):
            grad.zero_()

    after(patch, torch.optim.LBFGS, "step", then)


@fault
def schedule_load_removes_a_key(patch):
    """Schedules remove a key from the dict that they load."""
    honest = lr_scheduler.LRScheduler.load_state_dict

    def wrong(self, saved):
        honest(self, {**saved, "last_epoch": saved.pop("last_epoch")})

    patch.setattr(lr_scheduler.LRScheduler, "load_state_dict", wrong)


@fault
def schedule_load_changes_the_rate(patch):
    """The second schedule that loads a dict gets twice the learning rate."""
    honest = lr_scheduler.LRScheduler.load_state_dict
    loads = []

    def wrong(self, saved):
        loads.append(1)
        honest(self, saved)
        for group in self.optimizer.param_groups:
            group["lr"] *= len(loads)

    patch.setattr(lr_scheduler.LRScheduler, "load_state_dict", wrong)
