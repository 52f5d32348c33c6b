"""Faults of hooks on tensors and of backward hooks on modules."""

import warnings

import torch
from torch.nn.modules import module as modules

from faults import fault
from faults._tools import wrap

Tensor, Module, Parameter = torch.Tensor, torch.nn.Module, torch.nn.Parameter


@fault
def tensor_hooks_return_nothing(patch):
    """The return value of a tensor hook is ignored."""

    def call(hook, gradient):
        hook(gradient)

    wrap(
        patch,
        Tensor,
        "register_hook",
        lambda honest: lambda self, hook: honest(self, lambda gradient: call(hook, gradient)),
    )


@fault
def tensor_hooks_see_the_accumulated_gradient(patch):
    """A hook on a leaf gets the sum of the old and the new gradient."""
    wrap(
        patch,
        Tensor,
        "register_hook",
        lambda honest: (
            lambda self, hook: honest(
                self,
                lambda gradient: hook(
                    gradient + self.grad if self.is_leaf and self.grad is not None else gradient
                ),
            )
        ),
    )


@fault
def tensor_hooks_get_a_copy(patch):
    """A tensor hook gets a copy of the gradient."""
    wrap(
        patch,
        Tensor,
        "register_hook",
        lambda honest: lambda self, hook: honest(self, lambda gradient: hook(gradient.clone())),
    )


@fault
def tensor_hooks_on_the_frozen_are_ignored(patch):
    """Registering a hook on a tensor that does not require grad does nothing."""
    wrap(
        patch,
        Tensor,
        "register_hook",
        lambda honest: lambda self, hook: honest(self, hook) if self.requires_grad else None,
    )


@fault
def tensor_hooks_on_results_are_ignored(patch):
    """Registering a hook on a non-leaf does nothing."""
    wrap(
        patch,
        Tensor,
        "register_hook",
        lambda honest: lambda self, hook: honest(self, hook) if self.is_leaf else None,
    )


@fault
def tensor_hooks_swallow_exceptions(patch):
    """An exception in a tensor hook is ignored."""

    def call(hook, gradient):
        try:
            return hook(gradient)
        except Exception:
            return None

    wrap(
        patch,
        Tensor,
        "register_hook",
        lambda honest: lambda self, hook: honest(self, lambda gradient: call(hook, gradient)),
    )


@fault
def retain_grad_is_a_hook_as_others(patch):
    """``retain_grad()`` is a normal hook: later hooks do not change what it keeps.

    Older releases did this too.
    """
    patch.setattr(
        Tensor,
        "retain_grad",
        lambda self: self.register_hook(lambda gradient: setattr(self, "grad", gradient)),
    )


@fault
def freezing_removes_the_hooks(patch):
    """``requires_grad_`` removes the tensor's hooks."""

    def requires_grad_(self, requires_grad=True, honest=Tensor.requires_grad_):
        honest(self, requires_grad)
        self._backward_hooks = None
        return self

    patch.setattr(Tensor, "requires_grad_", requires_grad_)


@fault
def weights_are_copied_with_their_hooks(patch):
    """A deep copy of a parameter keeps its hooks."""

    def copied(self, memo, honest=Parameter.__deepcopy__):
        result = honest(self, memo)
        for hook in (self._backward_hooks or {}).values():
            result.register_hook(hook)
        return result

    patch.setattr(Parameter, "__deepcopy__", copied)


@fault
def autograd_grad_passes_the_hooks_by(patch):
    """``torch.autograd.grad`` skips the hooks of a leaf, as it once did."""

    def grad(outputs, inputs, honest=torch.autograd.grad):
        hooks, inputs._backward_hooks = inputs._backward_hooks, None
        result = honest(outputs, inputs)
        inputs._backward_hooks = hooks
        return result

    patch.setattr(torch.autograd, "grad", grad)


@fault
def post_accumulate_hooks_run_before(patch):
    """A post-accumulate hook runs before the gradient is accumulated."""
    patch.setattr(
        Tensor,
        "register_post_accumulate_grad_hook",
        lambda self, hook: self.register_hook(lambda gradient: hook(self) and None),
    )


@fault
def post_accumulate_hooks_are_registered_anywhere(patch):
    """Registering a post-accumulate hook on a non-leaf does nothing."""
    wrap(
        patch,
        Tensor,
        "register_post_accumulate_grad_hook",
        lambda honest: lambda self, hook: honest(self, hook) if self.is_leaf else None,
    )


@fault
def post_accumulate_hooks_may_return_anything(patch):
    """The return value of a post-accumulate hook is ignored."""

    def call(hook, tensor):
        hook(tensor)

    wrap(
        patch,
        Tensor,
        "register_post_accumulate_grad_hook",
        lambda honest: lambda self, hook: honest(self, lambda tensor: call(hook, tensor)),
    )


@fault
def post_accumulate_hooks_see_a_gradient_twice_as_large(patch):
    """The gradient is doubled before a post-accumulate hook runs."""

    def call(hook, tensor):
        tensor.grad = tensor.grad * 2
        return hook(tensor)

    wrap(
        patch,
        Tensor,
        "register_post_accumulate_grad_hook",
        lambda honest: lambda self, hook: honest(self, lambda tensor: call(hook, tensor)),
    )


def full_hooks(patch, change):
    """Make modules register ``change(hook)`` as a full backward hook."""
    wrap(
        patch,
        Module,
        "register_full_backward_hook",
        lambda honest: lambda self, hook: honest(self, change(hook)),
    )


@fault
def full_backward_hooks_return_nothing(patch):
    """The return value of a full backward hook or pre-hook is ignored."""

    def silent(hook):
        def call(*arguments):
            hook(*arguments)

        return call

    full_hooks(patch, silent)
    wrap(
        patch,
        Module,
        "register_full_backward_pre_hook",
        lambda honest: lambda self, hook: honest(self, silent(hook)),
    )


@fault
def full_backward_hooks_are_silent(patch):
    """Full backward hooks do not warn."""
    patch.setattr(
        torch.utils.hooks,
        "warnings",
        type("Quiet", (), {"warn": staticmethod(lambda *arguments, **keywords: None)}),
    )
    patch.setattr(
        modules,
        "warnings",
        type("Quiet", (), {"warn": staticmethod(lambda *arguments, **keywords: None)}),
    )


@fault
def full_backward_hooks_run_at_the_output(patch):
    """A full backward hook is a tensor hook on the output, without the input's gradient."""
    patch.setattr(
        Module,
        "register_full_backward_hook",
        lambda self, hook: self.register_forward_hook(
            lambda module, arguments, output: (
                output.register_hook(lambda gradient: hook(module, (None,), (gradient,))) and None
            )
        ),
    )


@fault
def full_backward_hooks_run_before_the_module(patch):
    """A full backward hook gets the output's gradient in place of the input's."""
    patch.setattr(
        Module,
        "register_full_backward_hook",
        lambda self, hook: self.register_full_backward_pre_hook(
            lambda module, gradients: hook(module, gradients, gradients) and None
        ),
    )


@fault
def full_backward_hooks_take_a_copy_of_the_output(patch):
    """A full backward hook clones the module's input and output."""

    class Copying(torch.utils.hooks.BackwardHook):
        def setup_input_hook(self, arguments):
            return tuple(argument.clone() for argument in super().setup_input_hook(arguments))

        def setup_output_hook(self, output):
            return super().setup_output_hook(output).clone()

    patch.setattr(modules, "BackwardHook", Copying)
    patch.setattr(torch.utils.hooks, "BackwardHook", Copying)


@fault
def old_backward_hooks_are_full_ones(patch):
    """``register_backward_hook`` registers a full backward hook."""
    patch.setattr(Module, "register_backward_hook", Module.register_full_backward_hook)


@fault
def hooks_of_all_modules_run_last(patch):
    """A global forward pre-hook runs after forward."""
    patch.setattr(modules, "register_module_forward_pre_hook", modules.register_module_forward_hook)


@fault
def pre_hooks_warn_as_full_backward_hooks_do(patch):
    """A backward pre-hook warns if no input needs a gradient, as it once did."""

    class Warns(torch.utils.hooks.BackwardHook):
        def setup_output_hook(self, output):
            if self.input_tensors_index is None:
                warnings.warn(
                    "Full backward hook is firing when gradients are computed with respect to "
                    "module outputs."
                )
            return super().setup_output_hook(output)

    patch.setattr(modules, "BackwardHook", Warns)
    patch.setattr(torch.utils.hooks, "BackwardHook", Warns)


@fault
def relu_always_works_in_place(patch):
    """relu changes its input, whatever ``inplace`` says."""
    patch.setattr(torch.nn.functional, "relu", lambda x, inplace=False: x.relu_())
