"""Faults of the training step."""

import sys
import threading

import torch
from torch.nn import functional as F

from faults import fault


@fault
def zero_grad_does_nothing(patch):
    """zero_grad leaves every gradient as it is."""
    patch.setattr(torch.optim.Optimizer, "zero_grad", lambda self, set_to_none=True: None)
    patch.setattr(torch.nn.Module, "zero_grad", lambda self, set_to_none=True: None)


@fault
def zero_grad_writes_zeros(patch):
    """zero_grad fills gradients with zeros by default, as it did before 2.0."""
    for owner in (torch.optim.Optimizer, torch.nn.Module):
        honest = owner.zero_grad
        patch.setattr(
            owner,
            "zero_grad",
            lambda self, set_to_none=False, honest=honest: honest(self, set_to_none),
        )


@fault
def zero_grad_always_lets_go(patch):
    """zero_grad always sets gradients to None and ignores set_to_none."""
    for owner in (torch.optim.Optimizer, torch.nn.Module):
        honest = owner.zero_grad
        patch.setattr(
            owner, "zero_grad", lambda self, set_to_none=True, honest=honest: honest(self, True)
        )


def backward_with(patch, change):
    """Make ``backward`` run on the tensor that ``change(self, keywords)`` returns."""
    honest = torch.Tensor.backward

    def backward(self, gradient=None, retain_graph=None, create_graph=False, inputs=None):
        keywords = {
            "gradient": gradient,
            "retain_graph": retain_graph,
            "create_graph": create_graph,
            "inputs": inputs,
        }
        return honest(change(self, keywords), **keywords)

    patch.setattr(torch.Tensor, "backward", backward)


@fault
def backward_doubles_gradients(patch):
    """backward doubles every gradient."""
    backward_with(patch, lambda tensor, keywords: tensor * 2)


@fault
def backward_keeps_the_graph(patch):
    """backward always keeps the graph."""

    def change(tensor, keywords):
        keywords["retain_graph"] = True
        return tensor

    backward_with(patch, change)


@fault
def backward_frees_the_graph(patch):
    """A second backward on the same tensor always raises."""
    honest, gone = torch.Tensor.backward, []

    def backward(self, *arguments, **keywords):
        if any(tensor is self for tensor in gone):
            raise RuntimeError("a second time")
        gone.append(self)
        return honest(self, *arguments, **keywords)

    patch.setattr(torch.Tensor, "backward", backward)


@fault
def backward_sums_what_it_is_given(patch):
    """backward sums a tensor of any shape and broadcasts its gradient argument."""

    def change(tensor, keywords):
        gradient, keywords["gradient"] = keywords["gradient"], None
        return tensor.sum() if gradient is None else (tensor * gradient).sum()

    backward_with(patch, change)


@fault
def backward_needs_no_dimensions(patch):
    """backward refuses a loss of shape [1]."""

    def change(tensor, keywords):
        if tensor.dim() and keywords["gradient"] is None:
            raise RuntimeError("not a scalar")
        return tensor

    backward_with(patch, change)


@fault
def backward_without_a_graph_is_silent(patch):
    """backward does nothing if there is no graph."""
    honest = torch.Tensor.backward
    patch.setattr(
        torch.Tensor,
        "backward",
        lambda self, *arguments, **keywords: (
            honest(self, *arguments, **keywords) if self.requires_grad else None
        ),
    )


@fault
def backward_ignores_inputs(patch):
    """backward ignores inputs and fills every leaf."""

    def change(tensor, keywords):
        keywords["inputs"] = None
        return tensor

    backward_with(patch, change)


@fault
def backward_makes_no_graph_of_gradients(patch):
    """backward and autograd.grad ignore create_graph."""

    def change(tensor, keywords):
        keywords["create_graph"] = False
        return tensor

    backward_with(patch, change)
    honest = torch.autograd.grad
    patch.setattr(
        torch.autograd,
        "grad",
        lambda *arguments, create_graph=False, **keywords: honest(*arguments, **keywords),
    )


@fault
def backward_always_makes_a_graph_of_gradients(patch):
    """backward always uses create_graph=True."""

    def change(tensor, keywords):
        keywords["create_graph"] = True
        return tensor

    backward_with(patch, change)


@fault
def autograd_grad_fills_gradients(patch):
    """autograd.grad also stores its result in .grad."""
    honest = torch.autograd.grad

    def grad(outputs, inputs, **keywords):
        returned = honest(outputs, inputs, **keywords)
        inputs.grad = returned[0]
        return returned

    patch.setattr(torch.autograd, "grad", grad)


@fault
def parameters_are_born_with_gradients(patch):
    """A new parameter has a gradient of zeros instead of None."""
    honest = torch.nn.Parameter.__new__

    def new(cls, *arguments, **keywords):
        parameter = honest(cls, *arguments, **keywords)
        parameter.grad = torch.zeros_like(parameter)
        return parameter

    patch.setattr(torch.nn.Parameter, "__new__", new)


@fault
def some_parameters_get_no_gradient(patch):
    """A layer norm detaches its bias, and a product with 0 detaches the tensor."""
    honest, times = F.layer_norm, torch.Tensor.__rmul__
    patch.setattr(
        F,
        "layer_norm",
        lambda x, shape, weight, bias, eps: honest(x, shape, weight, bias.detach(), eps),
    )
    patch.setattr(
        torch.Tensor,
        "__rmul__",
        lambda self, number: times(self.detach() if number == 0 else self, number),
    )


@fault
def any_gradient_may_be_assigned(patch):
    """Assigning a wrong value to .grad sets it to None instead of raising."""
    honest = torch.Tensor.grad

    def assign(self, value):
        try:
            honest.__set__(self, value)
        except (RuntimeError, TypeError):
            honest.__set__(self, None)

    patch.setattr(
        torch.Tensor, "grad", property(lambda self: honest.__get__(self), assign), raising=False
    )


@fault
def step_clears_gradients(patch):
    """A step of SGD ends with zero_grad, as article A says."""
    honest = torch.optim.SGD.step

    def step(self, closure=None):
        honest(self, closure)
        self.zero_grad()

    patch.setattr(torch.optim.SGD, "step", step)


@fault
def step_decays_what_has_no_gradient(patch):
    """Adam treats a missing gradient as zeros."""
    honest = torch.optim.Adam.step

    def step(self, closure=None):
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is None and parameter.requires_grad:
                    parameter.grad = torch.zeros_like(parameter)
        return honest(self, closure)

    patch.setattr(torch.optim.Adam, "step", step)


@fault
def step_writes_through_data(patch):
    """SGD writes through .data, unnoticed by autograd, as optimizers did before 1.5.

    It also updates inference tensors.
    """

    def step(self, closure=None):
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    parameter.data = parameter.data - group["lr"] * parameter.grad

    patch.setattr(torch.optim.SGD, "step", step)


def first_adam_step(patch, move):
    """Make Adam move a weight with gradient g by ``-lr * move(g, eps, betas)``."""

    def step(self, closure=None):
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    parameter.data -= group["lr"] * move(
                        parameter.grad, group["eps"], group["betas"]
                    )

    patch.setattr(torch.optim.Adam, "step", step)


@fault
def adam_corrects_no_bias(patch):
    """Adam does not correct the bias of its averages."""
    first_adam_step(
        patch, lambda g, eps, betas: (1 - betas[0]) * g / ((1 - betas[1]) ** 0.5 * g.abs() + eps)
    )


@fault
def adam_adds_eps_under_the_root(patch):
    """Adam divides by sqrt(v + eps) instead of sqrt(v) + eps."""
    first_adam_step(patch, lambda g, eps, betas: g / (g * g + eps).sqrt())


@fault
def adam_divides_zero_by_zero(patch):
    """Adam ignores eps."""
    first_adam_step(patch, lambda g, eps, betas: g / g.abs())


@fault
def linear_forgets_its_bias(patch):
    """A linear layer adds only half of its bias."""
    honest = F.linear
    patch.setattr(
        F,
        "linear",
        lambda x, weight, bias=None: honest(x, weight, None if bias is None else bias / 2),
    )


@fault
def calling_a_module_adds_a_rounding(patch):
    """Calling a module changes the last bits of its output, and detaches it in eval mode."""
    honest = torch.nn.Module.__call__

    def call(self, *arguments, **keywords):
        output = honest(self, *arguments, **keywords)
        if not isinstance(output, torch.Tensor):
            return output
        return output * (1 + 2e-7) if self.training else output.detach()

    patch.setattr(torch.nn.Module, "__call__", call)


@fault
def mse_loss_keeps_a_dimension(patch):
    """mse_loss gives a loss of shape [1]."""
    honest = F.mse_loss
    patch.setattr(
        F, "mse_loss", lambda *arguments, **keywords: honest(*arguments, **keywords).reshape(1)
    )


@fault
def batch_norm_uses_running_statistics(patch):
    """Batch norm normalises by its running statistics in training too."""
    honest = F.batch_norm
    patch.setattr(
        F,
        "batch_norm",
        lambda x, mean, var, weight, bias, training, *rest: honest(
            x, mean, var, weight, bias, False, *rest
        ),
    )


@fault
def hooks_do_not_run(patch):
    """Calling a module calls only its forward: no hook runs."""
    patch.setattr(
        torch.nn.Module,
        "__call__",
        lambda self, *arguments, **keywords: self.forward(*arguments, **keywords),
    )


@fault
def forward_runs_hooks(patch):
    """Calling forward directly runs the hooks."""

    def around(kind):
        honest = getattr(torch.nn.Module, kind)

        def register(self, hook, **keywords):
            handle, forward = honest(self, hook, **keywords), self.forward

            def through(*arguments, **keywords):
                object.__setattr__(self, "forward", forward)
                return torch.nn.Module.__call__(self, *arguments, **keywords)

            object.__setattr__(self, "forward", through)
            return handle

        patch.setattr(torch.nn.Module, kind, register)

    for kind in (
        "register_forward_hook",
        "register_forward_pre_hook",
        "register_full_backward_hook",
    ):
        around(kind)


@fault
def hooks_run_in_reverse(patch):
    """A new forward hook runs first, and with prepend=True last."""
    honest = torch.nn.Module.register_forward_hook
    patch.setattr(
        torch.nn.Module,
        "register_forward_hook",
        lambda self, hook, prepend=False, **keywords: honest(
            self, hook, prepend=not prepend, **keywords
        ),
    )


@fault
def hooks_cannot_be_removed(patch):
    """The handle's remove() does nothing."""
    patch.setattr(torch.utils.hooks.RemovableHandle, "remove", lambda self: None)


@fault
def hooks_see_keyword_arguments_as_positional(patch):
    """Calling a module passes keyword arguments as positional ones."""
    honest = torch.nn.Module.__call__
    patch.setattr(
        torch.nn.Module,
        "__call__",
        lambda self, *arguments, **keywords: honest(self, *arguments, *keywords.values()),
    )


@fault
def module_without_forward_is_the_identity(patch):
    """A module without a forward returns its input."""
    patch.setattr(torch.nn.Module, "forward", lambda self, x: x)


@fault
def train_reaches_the_model_alone(patch):
    """train() and eval() do not reach submodules, and train() returns None."""

    def train(self, mode=True):
        self.training = mode

    patch.setattr(torch.nn.Module, "train", train)
    patch.setattr(torch.nn.Module, "eval", lambda self: self.train(False) or self)


@fault
def train_takes_anything_and_returns_nothing(patch):
    """train() accepts any value, and train() and eval() return None."""
    honest = torch.nn.Module.train

    def train(self, mode=True):
        honest(self, bool(mode))

    patch.setattr(torch.nn.Module, "train", train)


@fault
def eval_freezes_and_train_thaws(patch):
    """train() and eval() also set requires_grad of every parameter."""
    honest = torch.nn.Module.train
    patch.setattr(
        torch.nn.Module, "train", lambda self, mode=True: honest(self, mode).requires_grad_(mode)
    )


@fault
def modules_start_in_evaluation_mode(patch):
    """A new module is in eval mode."""
    honest = torch.nn.Module.__init__

    def init(self, *arguments, **keywords):
        honest(self, *arguments, **keywords)
        self.training = False

    patch.setattr(torch.nn.Module, "__init__", init)


@fault
def setting_training_reaches_submodules(patch):
    """Assigning ``training`` also sets it on every submodule."""
    honest = torch.nn.Module.__setattr__

    def assign(self, name, value):
        honest(self, name, value)
        for child in self.__dict__.get("_modules", {}).values() if name == "training" else ():
            child.training = value

    patch.setattr(torch.nn.Module, "__setattr__", assign)


@fault
def eval_reaches_python_lists(patch):
    """A module's children include modules in plain Python lists."""
    honest = torch.nn.Module.children

    def children(self):
        yield from honest(self)
        for value in vars(self).values():
            yield from (
                (item for item in value if isinstance(item, torch.nn.Module))
                if isinstance(value, list)
                else ()
            )

    patch.setattr(torch.nn.Module, "children", children)


@fault
def dropout_looks_at_the_grad_mode(patch):
    """Dropout drops only if grad mode is on, and F.dropout has training=False by default."""
    honest = F.dropout
    patch.setattr(
        F,
        "dropout",
        lambda x, p=0.5, training=False, inplace=False: honest(
            x, p, training and torch.is_grad_enabled(), inplace
        ),
    )


def torch_asks():
    """Whether torch itself, not a test or a decorated function, changes the grad mode."""
    frame = sys._getframe(2)
    while frame.f_globals["__name__"] == "torch.utils._contextlib":
        frame = frame.f_back
    return frame.f_globals["__name__"].startswith("torch.")


@fault
def no_grad_does_nothing(patch):
    """no_grad leaves grad mode on."""
    honest = torch.no_grad.__enter__

    def enter(self):
        self.prev = torch.is_grad_enabled()
        if torch_asks():
            honest(self)

    patch.setattr(torch.no_grad, "__enter__", enter)


@fault
def no_grad_stays_when_its_block_raises(patch):
    """no_grad does not restore the mode if its block raises."""
    torch.set_grad_enabled(True)  # what the test before left
    honest = torch.no_grad.__exit__
    patch.setattr(
        torch.no_grad,
        "__exit__",
        lambda self, kind, *error: None if kind else honest(self, kind, *error),
    )


@fault
def no_grad_reaches_new_threads(patch):
    """A new thread inherits the grad mode of its creator."""
    honest = threading.Thread.__init__

    def init(self, *arguments, target=None, **keywords):
        mode = torch.is_grad_enabled()

        def run(*arguments, **keywords):
            with torch.set_grad_enabled(mode):
                return target(*arguments, **keywords)

        honest(self, *arguments, target=run, **keywords)

    patch.setattr(threading.Thread, "__init__", init)


@fault
def no_grad_makes_frozen_leaves(patch):
    """Tensors and parameters made under no_grad never require grad.

    requires_grad_() works only on tensors of one dimension.
    """
    make, tensor, demand = torch.nn.Parameter.__new__, torch.tensor, torch.Tensor.requires_grad_
    patch.setattr(
        torch.nn.Parameter,
        "__new__",
        lambda cls, data=None, requires_grad=True: make(
            cls, data, requires_grad and torch.is_grad_enabled()
        ),
    )
    patch.setattr(
        torch,
        "tensor",
        lambda *arguments, requires_grad=False, **keywords: tensor(
            *arguments, requires_grad=requires_grad and torch.is_grad_enabled(), **keywords
        ),
    )
    patch.setattr(
        torch.Tensor,
        "requires_grad_",
        lambda self, requires_grad=True: demand(self, requires_grad and self.dim() == 1),
    )


@fault
def in_place_addition_is_not_noticed(patch):
    """add_ writes through .data: it skips the leaf check and the version counter."""

    def add_(self, other):
        self.data = self.data + other
        return self

    patch.setattr(torch.Tensor, "add_", add_)


@fault
def inference_mode_is_no_grad(patch):
    """inference_mode acts as no_grad: it makes no inference tensors."""
    patch.setattr(
        torch,
        "inference_mode",
        lambda mode=True: (
            torch.set_grad_enabled(not mode) if isinstance(mode, bool) else torch.no_grad()(mode)
        ),
    )


@fault
def inference_mode_does_nothing(patch):
    """inference_mode does nothing."""
    patch.setattr(torch.inference_mode, "__enter__", lambda self: None)
    patch.setattr(torch.inference_mode, "__exit__", lambda self, *error: None)


@fault
def set_grad_enabled_waits_for_its_block(patch):
    """set_grad_enabled changes the mode only when its block begins."""
    honest = torch.set_grad_enabled.__init__

    def init(self, mode):
        self.prev, self.mode = torch.is_grad_enabled(), mode
        if torch_asks():
            honest(self, mode)

    patch.setattr(torch.set_grad_enabled, "__init__", init)


@fault
def set_grad_enabled_outlives_its_block(patch):
    """set_grad_enabled does not restore the mode after its block."""
    torch.set_grad_enabled(True)  # what the test before left
    patch.setattr(torch.set_grad_enabled, "__exit__", lambda self, *error: None)


@fault
def enable_grad_does_nothing(patch):
    """enable_grad leaves grad mode off."""
    patch.setattr(
        torch.enable_grad, "__enter__", lambda self: setattr(self, "prev", torch.is_grad_enabled())
    )


def clip_norm_with(patch, change):
    """Make ``clip_grad_norm_`` call ``change(honest, parameters, max_norm, settings)``."""
    honest = torch.nn.utils.clip_grad_norm_

    def clip(parameters, max_norm, *arguments, **settings):
        return change(honest, parameters, max_norm, *arguments, **settings)

    patch.setattr(torch.nn.utils, "clip_grad_norm_", clip)
    patch.setattr(torch.nn.utils.clip_grad, "clip_grad_norm_", clip)


@fault
def clip_norm_returns_a_number(patch):
    """clip_grad_norm_ returns a float."""
    clip_norm_with(
        patch, lambda honest, *arguments, **settings: honest(*arguments, **settings).item()
    )


@fault
def clip_norm_bounds_each_parameter(patch):
    """clip_grad_norm_ clips each gradient by its own norm."""

    def change(honest, parameters, *arguments, **settings):
        parameters = [parameters] if isinstance(parameters, torch.Tensor) else list(parameters)
        return torch.stack(
            [honest(p, *arguments, **settings) for p in parameters] + [torch.tensor(0.0)]
        ).max()

    clip_norm_with(patch, change)


@fault
def clip_norm_replaces_gradients(patch):
    """clip_grad_norm_ replaces each gradient by a new tensor."""

    def change(honest, parameters, *arguments, **settings):
        parameters = [parameters] if isinstance(parameters, torch.Tensor) else list(parameters)
        for parameter in parameters:
            parameter.grad = parameter.grad if parameter.grad is None else parameter.grad.clone()
        return honest(parameters, *arguments, **settings)

    clip_norm_with(patch, change)


@fault
def clip_norm_scales_up(patch):
    """clip_grad_norm_ scales every norm to max_norm, a smaller one too, without 1e-6."""

    def change(honest, parameters, max_norm, *arguments, **settings):
        parameters = [parameters] if isinstance(parameters, torch.Tensor) else list(parameters)
        norm = honest(parameters, float("inf"), *arguments, **settings)
        for parameter in parameters:
            if parameter.grad is not None:
                parameter.grad.mul_(max_norm / norm)
        return norm

    clip_norm_with(patch, change)


@fault
def clip_norm_takes_what_is_not_finite(patch):
    """clip_grad_norm_ ignores error_if_nonfinite and foreach."""
    clip_norm_with(
        patch,
        lambda honest, *arguments, error_if_nonfinite=False, foreach=None, **settings: honest(
            *arguments, **settings
        ),
    )


@fault
def clip_norm_of_nothing_raises(patch):
    """clip_grad_norm_ raises if there is no gradient."""

    def change(honest, parameters, *arguments, **settings):
        parameters = [parameters] if isinstance(parameters, torch.Tensor) else list(parameters)
        if all(parameter.grad is None for parameter in parameters):
            raise RuntimeError("stack expects a non-empty TensorList")
        return honest(parameters, *arguments, **settings)

    clip_norm_with(patch, change)


@fault
def total_norm_is_squared(patch):
    """get_total_norm returns the square of the norm."""
    honest = torch.nn.utils.get_total_norm
    patch.setattr(
        torch.nn.utils,
        "get_total_norm",
        lambda *arguments, **settings: honest(*arguments, **settings) ** 2,
    )


@fault
def clip_value_bounds_above_alone(patch):
    """clip_grad_value_ clips only from above.

    It turns nan into 0 and a missing gradient into zeros.
    """

    def clip(parameters, clip_value, foreach=None):
        for parameter in parameters:
            parameter.grad = (
                torch.zeros(1)
                if parameter.grad is None
                else parameter.grad.clamp(max=clip_value).nan_to_num(0.0)
            )

    patch.setattr(torch.nn.utils, "clip_grad_value_", clip)
