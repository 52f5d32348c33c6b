"""Faults of freezing and detaching."""

import contextlib

import torch
from torch.nn.modules.batchnorm import _BatchNorm

from faults import fault

Tensor, Module, Optimizer = torch.Tensor, torch.nn.Module, torch.optim.Optimizer
OPTIMIZERS = (torch.optim.SGD, torch.optim.Adam, torch.optim.AdamW)


def members(optimizer):
    return [parameter for group in optimizer.param_groups for parameter in group["params"]]


@fault
def requires_grad_in_place_does_nothing(patch):
    """requires_grad_ leaves the flag as it is."""
    patch.setattr(Tensor, "requires_grad_", lambda self, requires_grad=True: self)


@fault
def requires_grad_in_place_refuses_every_computed_tensor(patch):
    """requires_grad_ raises on every non-leaf, even if it would change nothing."""
    honest = Tensor.requires_grad_

    def requires_grad_(self, requires_grad=True):
        if not self.is_leaf:
            raise RuntimeError("you can only change requires_grad flags of leaf variables.")
        return honest(self, requires_grad)

    patch.setattr(Tensor, "requires_grad_", requires_grad_)


@fault
def requires_grad_in_place_ignores_what_it_cannot_do(patch):
    """requires_grad_ does not raise on a non-leaf or an integer tensor."""
    honest = Tensor.requires_grad_

    def requires_grad_(self, requires_grad=True):
        try:
            return honest(self, requires_grad)
        except RuntimeError:
            return self

    patch.setattr(Tensor, "requires_grad_", requires_grad_)


@fault
def requires_grad_assignment_ignores_what_it_cannot_do(patch):
    """Assigning requires_grad does not raise on a non-leaf."""
    honest = Tensor.requires_grad

    def assign(self, value):
        with contextlib.suppress(RuntimeError):
            honest.__set__(self, value)

    patch.setattr(Tensor, "requires_grad", property(honest.__get__, assign))


@fault
def freezing_clears_the_gradient(patch):
    """requires_grad_(False) sets the gradient to None."""
    honest = Tensor.requires_grad_

    def requires_grad_(self, requires_grad=True):
        if not requires_grad:
            self.grad = None
        return honest(self, requires_grad)

    patch.setattr(Tensor, "requires_grad_", requires_grad_)


@fault
def freezing_a_module_leaves_its_submodules(patch):
    """Module.requires_grad_ changes only the module's own parameters."""

    def requires_grad_(self, requires_grad=True):
        for parameter in self.parameters(recurse=False):
            parameter.requires_grad_(requires_grad)
        return self

    patch.setattr(Module, "requires_grad_", requires_grad_)


@fault
def thawing_a_module_reaches_its_buffers(patch):
    """Module.requires_grad_ also changes floating-point buffers."""
    honest = Module.requires_grad_

    def requires_grad_(self, requires_grad=True):
        for buffer in self.buffers():
            if buffer.is_floating_point():
                buffer.requires_grad_(requires_grad)
        return honest(self, requires_grad)

    patch.setattr(Module, "requires_grad_", requires_grad_)


@fault
def assigning_requires_grad_to_a_module_freezes_it(patch):
    """Assigning module.requires_grad = False acts as module.requires_grad_(False)."""
    honest = Module.__setattr__

    def assign(self, name, value):
        if name == "requires_grad":
            Module.requires_grad_(self, value)
        else:
            honest(self, name, value)

    patch.setattr(Module, "__setattr__", assign)


@fault
def frozen_linear_cuts_the_graph(patch):
    """A Linear whose weight is frozen detaches its input."""
    honest = torch.nn.Linear.forward
    patch.setattr(
        torch.nn.Linear,
        "forward",
        lambda self, x: honest(self, x if self.weight.requires_grad else x.detach()),
    )


@fault
def hooks_are_not_called(patch):
    """Tensor.register_hook drops the hook."""
    patch.setattr(Tensor, "register_hook", lambda self, hook: None)


@fault
def detach_returns_the_tensor_itself(patch):
    """detach returns the tensor itself."""
    patch.setattr(Tensor, "detach", lambda self: self)


@fault
def detach_copies(patch):
    """detach returns a copy with its own storage and version counter."""
    honest = Tensor.detach
    patch.setattr(Tensor, "detach", lambda self: honest(self).clone())


@fault
def detach_in_place_is_detach(patch):
    """detach_ returns a detached tensor and leaves the original in its graph."""
    patch.setattr(Tensor, "detach_", lambda self: self.detach())


@fault
def data_is_detach(patch):
    """A write through .data counts as a write to the tensor."""
    honest = Tensor.data
    patch.setattr(Tensor, "data", property(lambda self: self.detach(), honest.__set__))


@fault
def linear_returns_a_view(patch):
    """Linear returns a view unless the input has two dimensions, as in 2.6."""
    honest = torch.nn.functional.linear

    def linear(x, weight, bias=None):
        output = honest(x, weight, bias)
        return output if x.dim() == 2 else output.view_as(output)

    patch.setattr(torch.nn.functional, "linear", linear)


@fault
def resize_refuses_detached_tensors(patch):
    """resize_ always raises, as it did for detached tensors in 1.4."""

    def resize_(self, *sizes):
        raise RuntimeError(
            "set_sizes_contiguous is not allowed on a Tensor created from .data or .detach()."
        )

    patch.setattr(Tensor, "resize_", resize_)


@fault
def step_takes_no_gradient_for_zero(patch):
    """step treats a gradient of None as zeros, so that momentum and decay move the parameter."""
    for optimizer in OPTIMIZERS:

        def step(self, closure=None, honest=optimizer.step):
            for parameter in members(self):
                if parameter.grad is None:
                    parameter.grad = torch.zeros_like(parameter)
            return honest(self, closure)

        patch.setattr(optimizer, "step", step)


@fault
def step_skips_frozen_parameters(patch):
    """step checks requires_grad and skips frozen parameters."""
    for optimizer in OPTIMIZERS:

        def step(self, closure=None, honest=optimizer.step):
            for parameter in members(self):
                if not parameter.requires_grad:
                    parameter.grad = None
            return honest(self, closure)

        patch.setattr(optimizer, "step", step)


@fault
def sgd_decays_unasked(patch):
    """SGD shrinks every weight that has a gradient by a thousandth."""
    honest = torch.optim.SGD.step

    def step(self, closure=None):
        with torch.no_grad():
            for parameter in members(self):
                if parameter.grad is not None:
                    parameter.mul_(0.999)
        return honest(self, closure)

    patch.setattr(torch.optim.SGD, "step", step)


@fault
def optimizer_takes_an_empty_list(patch):
    """An optimizer accepts an empty list of parameters."""
    honest = Optimizer.__init__
    patch.setattr(
        Optimizer,
        "__init__",
        lambda self, params, defaults: honest(self, list(params) or [torch.zeros(1)], defaults),
    )


@fault
def add_param_group_does_nothing_later(patch):
    """add_param_group ignores every group after the first."""
    honest = Optimizer.add_param_group
    patch.setattr(
        Optimizer,
        "add_param_group",
        lambda self, group: None if self.param_groups else honest(self, group),
    )


@fault
def state_dict_numbers_from_one(patch):
    """The optimizer's state dict numbers its parameters from 1."""
    honest = Optimizer.state_dict

    def state_dict(self):
        saved = honest(self)
        for group in saved["param_groups"]:
            group["params"] = [number + 1 for number in group["params"]]
        return saved

    patch.setattr(Optimizer, "state_dict", state_dict)


@fault
def state_dict_leaves_frozen_parameters_out(patch):
    """The optimizer's state dict has no state for a parameter that is frozen."""
    honest = Optimizer.state_dict

    def state_dict(self):
        saved = honest(self)
        state = {
            number: saved["state"][number]
            for number, parameter in enumerate(members(self))
            if parameter.requires_grad and number in saved["state"]
        }
        return {**saved, "state": state}

    patch.setattr(Optimizer, "state_dict", state_dict)


@fault
def optimizer_load_state_dict_does_nothing(patch):
    """The optimizer's load_state_dict neither loads nor checks."""
    patch.setattr(Optimizer, "load_state_dict", lambda self, saved: None)


@fault
def frozen_batchnorm_holds_its_statistics(patch):
    """A BatchNorm whose weight is frozen behaves as in eval."""
    honest = _BatchNorm.forward

    def forward(self, x):
        training, self.training = self.training, self.training and self.weight.requires_grad
        try:
            return honest(self, x)
        finally:
            self.training = training

    patch.setattr(_BatchNorm, "forward", forward)


@fault
def eval_does_nothing(patch):
    """eval leaves modules in training."""
    patch.setattr(Module, "eval", lambda self: self)


@fault
def train_leaves_batchnorm(patch):
    """train() does not reach a BatchNorm inside a model."""
    honest = Module.train

    def train(self, mode=True):
        return self if mode and isinstance(self, _BatchNorm) else honest(self, mode)

    patch.setattr(_BatchNorm, "train", train)


@fault
def momentum_zero_means_the_default(patch):
    """BatchNorm treats momentum=0 as 0.1."""
    honest = torch.nn.functional.batch_norm

    def batch_norm(
        x, mean, variance, weight=None, bias=None, training=False, momentum=0.1, eps=1e-5
    ):
        return honest(x, mean, variance, weight, bias, training, momentum or 0.1, eps)

    patch.setattr(torch.nn.functional, "batch_norm", batch_norm)


@fault
def track_running_stats_is_read_only_at_construction(patch):
    """BatchNorm in training updates statistics after track_running_stats is off, as in 1.4."""

    def forward(self, x):
        return torch.nn.functional.batch_norm(
            x,
            self.running_mean,
            self.running_var,
            self.weight,
            self.bias,
            self.training or not self.track_running_stats,
            self.momentum,
            self.eps,
        )

    patch.setattr(_BatchNorm, "forward", forward)


@fault
def backward_reaches_parameters_frozen_after_the_forward(patch):
    """A parameter frozen after the forward still gets its gradient."""
    honest = Tensor.backward

    def backward(self, *arguments, **keywords):
        def leaves(node, seen):
            for child, _ in node.next_functions if node is not None else ():
                if child is not None and child not in seen:
                    seen.add(child)
                    leaves(child, seen)
            return seen

        late = [
            node.variable
            for node in leaves(self.grad_fn, set())
            if hasattr(node, "variable") and not node.variable.requires_grad
        ]
        for leaf in late:
            leaf.requires_grad_(True)
        honest(self, *arguments, **keywords)
        for leaf in late:
            leaf.requires_grad_(False)

    patch.setattr(Tensor, "backward", backward)
