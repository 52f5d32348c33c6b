"""Faults at the edges of the training step.

They concern autograd's functions and modes, clipping, counting, masks and checkpointing.
"""

import inspect
import warnings

import torch
from torch.nn import utils
from torch.utils import _contextlib
from torch.utils import checkpoint as checkpointing

from faults import fault
from faults._tools import silent, wrap

Tensor = torch.Tensor


@fault
def functions_take_anything(patch):
    """Functions of a training step accept any arguments and hide their names."""

    def anything(honest):
        return lambda *arguments, **settings: honest(*arguments, **settings)

    for owner, name in (
        (torch.autograd, "grad"),
        (torch.set_grad_enabled, "__init__"),
        (checkpointing, "checkpoint"),
        (torch.autograd.graph.saved_tensors_hooks, "__init__"),
        (utils, "clip_grad_norm_"),
        (utils, "parameters_to_vector"),
    ):
        wrap(patch, owner, name, anything)


@fault
def gradients_of_intermediate_results_are_read_in_silence(patch):
    """Reading .grad of a non-leaf does not warn."""
    honest = Tensor.grad
    patch.setattr(
        Tensor, "grad", property(silent(honest.__get__), honest.__set__, honest.__delete__)
    )


@fault
def retain_grad_does_nothing(patch):
    """retain_grad does nothing."""
    patch.setattr(Tensor, "retain_grad", lambda self: None)


@fault
def backward_overlooks_inputs(patch):
    """backward ignores inputs and fills every leaf."""

    def change(honest):
        def backward(self, gradient=None, retain_graph=None, create_graph=False, inputs=None):
            return honest(self, gradient, retain_graph, create_graph)

        return backward

    wrap(patch, Tensor, "backward", change)


@fault
def backward_gives_zeros_to_unused_inputs(patch):
    """backward gives unused inputs a gradient of zeros."""

    def change(honest):
        def backward(self, gradient=None, retain_graph=None, create_graph=False, inputs=None):
            honest(self, gradient, retain_graph, create_graph, inputs)
            for each in inputs or () if not isinstance(inputs, Tensor) else ():
                if each.grad is None:
                    each.grad = torch.zeros_like(each)

        return backward

    wrap(patch, Tensor, "backward", change)


@fault
def backward_takes_the_real_part_of_a_complex_loss(patch):
    """backward of a complex loss uses its real part."""
    wrap(
        patch,
        Tensor,
        "backward",
        lambda honest: lambda self, *rest, **settings: honest(self.real, *rest, **settings),
    )


@fault
def backward_wants_weights_that_are_floats(patch):
    """backward refuses a gradient argument of integers."""

    def change(honest):
        def backward(self, gradient=None, *rest, **settings):
            if gradient is not None and not gradient.is_floating_point():
                raise RuntimeError("the gradient must be of floats")
            return honest(self, gradient, *rest, **settings)

        return backward

    wrap(patch, Tensor, "backward", change)


def grad_with(patch, change):
    """Call ``change(inputs, settings)`` before each call of ``torch.autograd.grad``."""
    honest = torch.autograd.grad

    def grad(outputs, inputs, grad_outputs=None, **settings):
        return honest(outputs, change(inputs, settings), grad_outputs, **settings)

    patch.setattr(torch.autograd, "grad", grad)


@fault
def grad_gives_none_for_unused_inputs(patch):
    """autograd.grad always allows unused inputs."""
    grad_with(patch, lambda inputs, settings: settings.update(allow_unused=True) or inputs)


@fault
def grad_never_makes_zeros(patch):
    """materialize_grads returns None for unused inputs."""

    def change(inputs, settings):
        if settings.pop("materialize_grads", False):
            settings["allow_unused"] = True
        return inputs

    grad_with(patch, change)


@fault
def grad_allows_nothing_unused(patch):
    """autograd.grad ignores allow_unused."""
    grad_with(
        patch, lambda inputs, settings: (settings.pop("allow_unused", None) and None) or inputs
    )


@fault
def grad_takes_no_dict(patch):
    """autograd.grad of a dict returns a tuple."""
    grad_with(
        patch,
        lambda inputs, settings: tuple(inputs.values()) if isinstance(inputs, dict) else inputs,
    )


@fault
def grad_takes_no_inputs(patch):
    """autograd.grad accepts no inputs, and returns None if the input requires no grad.

    It does not warn that only_inputs is deprecated.
    """
    honest = silent(torch.autograd.grad)

    def grad(outputs, inputs, *rest, **settings):
        if isinstance(inputs, list) and not inputs:
            return ()
        return (
            (None,)
            if isinstance(inputs, Tensor) and not inputs.requires_grad
            else honest(outputs, inputs, *rest, **settings)
        )

    patch.setattr(torch.autograd, "grad", grad)


@fault
def grad_overlooks_batches(patch):
    """autograd.grad uses only the first of a batch of grad_outputs."""
    honest = torch.autograd.grad

    def grad(outputs, inputs, grad_outputs=None, is_grads_batched=False, **settings):
        return honest(
            outputs, inputs, grad_outputs[0] if is_grads_batched else grad_outputs, **settings
        )

    patch.setattr(torch.autograd, "grad", grad)


@fault
def backward_of_several_losses_takes_the_first(patch):
    """autograd.backward uses only the first loss and does not warn."""

    def change(honest):
        def backward(tensors, *rest, **settings):
            return honest(tensors[:1] if isinstance(tensors, list) else tensors, *rest, **settings)

        return silent(backward)

    wrap(patch, torch.autograd, "backward", change)


@fault
def anomaly_mode_does_nothing(patch):
    """set_detect_anomaly always switches anomaly detection off."""
    wrap(
        patch,
        torch.autograd.set_detect_anomaly,
        "__init__",
        lambda honest: lambda self, mode, check_nan=True: honest(self, False),
    )


@fault
def anomaly_mode_always_checks_for_nan(patch):
    """set_detect_anomaly ignores check_nan."""
    wrap(
        patch,
        torch.autograd.set_detect_anomaly,
        "__init__",
        lambda honest: lambda self, mode, check_nan=True: honest(self, mode),
    )


@fault
def detect_anomaly_is_silent(patch):
    """detect_anomaly does not warn."""
    wrap(patch, torch.autograd.detect_anomaly, "__init__", silent)


def decorator_with(patch, change):
    """Make ``no_grad()`` and similar modes decorate with ``change(honest, mode, function)``."""
    honest = _contextlib._DecoratorContextManager.__call__
    patch.setattr(
        _contextlib._DecoratorContextManager,
        "__call__",
        lambda self, function: change(honest, self, function),
    )


@fault
def grad_modes_leave_classes_alone(patch):
    """Decorating a class with a grad mode does nothing."""
    decorator_with(
        patch,
        lambda honest, mode, function: (
            function if isinstance(function, type) else honest(mode, function)
        ),
    )


@fault
def grad_modes_reach_into_coroutines(patch):
    """A coroutine decorated with a grad mode runs in that mode."""

    def change(honest, mode, function):
        if not inspect.iscoroutinefunction(function):
            return honest(mode, function)

        async def decorated(*arguments, **settings):
            with mode.clone():
                return await function(*arguments, **settings)

        return decorated

    decorator_with(patch, change)


@fault
def enable_grad_without_parentheses_does_nothing(patch):
    """Decorating a function with enable_grad, without parentheses, does nothing."""
    honest = torch.enable_grad
    patch.setattr(
        torch, "enable_grad", lambda function=None: honest() if function is None else function
    )


@fault
def set_grad_enabled_does_not_show_its_mode(patch):
    """repr of set_grad_enabled is the default object repr."""
    patch.setattr(torch.set_grad_enabled, "__repr__", object.__repr__)


@fault
def inference_mode_is_always_on(patch):
    """inference_mode(False) acts as inference_mode()."""
    honest = torch.inference_mode
    patch.setattr(torch, "inference_mode", lambda mode=True: honest())


def clip_with(patch, change):
    """Replace ``clip_grad_norm_`` by ``change(honest)``, which gets a list of parameters."""
    honest = utils.clip_grad_norm_
    changed = change(honest)

    def clip_grad_norm_(parameters, max_norm, **settings):
        return changed(
            [parameters] if isinstance(parameters, Tensor) else parameters, max_norm, **settings
        )

    patch.setattr(utils, "clip_grad_norm_", clip_grad_norm_)


@fault
def clip_grad_norm_overlooks_sparse_gradients(patch):
    """clip_grad_norm_ and clip_grad_value_ do not clip sparse gradients."""

    def change(honest):
        def clip(parameters, max_norm, **settings):
            parameters = list(parameters)
            sparse = [
                (each, each.grad.clone())
                for each in parameters
                if each.grad is not None and each.grad.is_sparse
            ]
            norm = honest(parameters, max_norm, **settings)
            for parameter, gradient in sparse:
                parameter.grad = gradient
            return norm

        return clip

    clip_with(patch, change)
    wrap(
        patch,
        utils,
        "clip_grad_value_",
        lambda honest: (
            lambda parameters, *rest, **settings: honest(
                [each for each in parameters if each.grad is None or not each.grad.is_sparse],
                *rest,
                **settings,
            )
        ),
    )


@fault
def clip_grad_norm_computes_in_float32(patch):
    """clip_grad_norm_ computes in float32, whatever the dtype of the gradients."""

    def change(honest):
        def clip(parameters, max_norm, norm_type=2.0, **settings):
            gradients = [
                each.grad.float()
                for each in parameters
                if each.grad is not None and not each.grad.is_complex()
            ]
            if not gradients or any(gradient.is_sparse for gradient in gradients):
                return honest(parameters, max_norm, norm_type, **settings)
            norm = torch.cat([gradient.reshape(-1) for gradient in gradients]).norm(
                float(norm_type)
            )
            for parameter in parameters:
                parameter.grad.mul_(min(1.0, float(float(max_norm) / (norm + 1e-6))))
            return norm

        return clip

    clip_with(patch, change)


@fault
def clip_grad_norm_takes_the_real_part(patch):
    """clip_grad_norm_ uses the norm of the real parts only."""

    def change(honest):
        def clip(parameters, max_norm, **settings):
            parameters = list(parameters)
            if not any(each.grad is not None and each.grad.is_complex() for each in parameters):
                return honest(parameters, max_norm, **settings)
            norm = parameters[0].grad.real.norm()
            parameters[0].grad.mul_(max_norm / norm)
            return norm

        return clip

    clip_with(patch, change)


@fault
def clip_grad_norm_knows_the_norm_2_alone(patch):
    """clip_grad_norm_ ignores norm_type and uses the absolute value of max_norm."""
    clip_with(
        patch,
        lambda honest: (
            lambda parameters, max_norm, norm_type=2.0, **settings: honest(
                parameters, abs(float(max_norm)), **settings
            )
        ),
    )


@fault
def clip_grad_value_bounds_at_twice_the_magnitude(patch):
    """clip_grad_value_ clips at twice the absolute value of its bound."""
    wrap(
        patch,
        utils,
        "clip_grad_value_",
        lambda honest: (
            lambda parameters, value, **settings: honest(parameters, 2 * abs(value), **settings)
        ),
    )


@fault
def total_norm_of_nothing_is_one(patch):
    """get_total_norm of no tensors is 1, and None is skipped."""

    def change(honest):
        def get_total_norm(tensors, *rest, **settings):
            if isinstance(tensors, Tensor):
                return honest(tensors, *rest, **settings)
            tensors = [each for each in tensors if each is not None]
            return honest(tensors, *rest, **settings) if tensors else torch.tensor(1.0)

        return get_total_norm

    wrap(patch, utils, "get_total_norm", change)


@fault
def vectors_are_copied_and_must_fit(patch):
    """vector_to_parameters copies the vector and refuses one of another length.

    parameters_to_vector detaches its result.
    """

    def change(honest):
        def vector_to_parameters(vector, parameters):
            parameters = list(parameters)
            if vector.numel() != sum(each.numel() for each in parameters):
                raise ValueError("the vector does not fit")
            return honest(vector.clone(), parameters)

        return vector_to_parameters

    wrap(patch, utils, "vector_to_parameters", change)
    wrap(
        patch,
        utils,
        "parameters_to_vector",
        lambda honest: lambda parameters: honest(parameters).detach(),
    )


def whole(*values):
    return all(
        (not torch.is_tensor(value) and isinstance(value, int))
        or (torch.is_tensor(value) and not value.is_floating_point())
        for value in values
    )


@fault
def integers_are_divided_as_long_ago(patch):
    """Dividing integers gives integers, and floor division rounds towards zero."""
    wrap(
        patch,
        Tensor,
        "__truediv__",
        lambda honest: (
            lambda self, other: torch.div(
                self, other, rounding_mode="trunc" if whole(self, other) else None
            )
        ),
    )
    wrap(
        patch,
        Tensor,
        "__rtruediv__",
        lambda honest: (
            lambda self, other: torch.div(
                torch.as_tensor(other), self, rounding_mode="trunc" if whole(self, other) else None
            )
        ),
    )
    patch.setattr(
        Tensor, "__floordiv__", lambda self, other: torch.div(self, other, rounding_mode="trunc")
    )


@fault
def predictions_are_the_last_of_equals(patch):
    """max and argmax return the last of equal scores and ignore nan."""
    honest = Tensor.argmax

    def argmax(self, dim=None):
        kept = torch.where(torch.isnan(self), torch.full_like(self, -float("inf")), self)
        return self.shape[dim] - 1 - honest(kept.flip(dim), dim)

    patch.setattr(Tensor, "argmax", argmax)
    patch.setattr(Tensor, "max", lambda self, dim: (self.amax(dim), argmax(self, dim)))


@fault
def bools_are_numbers(patch):
    """Integers have a mean, and bools can be subtracted."""
    wrap(
        patch,
        Tensor,
        "mean",
        lambda honest: lambda self, *rest, **settings: honest(self.double(), *rest, **settings),
    )
    wrap(patch, Tensor, "__rsub__", lambda honest: lambda self, other: honest(self.long(), other))


@fault
def item_is_the_sum(patch):
    """item() of several elements is their sum."""
    wrap(patch, Tensor, "item", lambda honest: lambda self: honest(self.sum()))


@fault
def numbers_are_made_in_silence(patch):
    """float() and torch.tensor() do not warn."""
    wrap(patch, Tensor, "__float__", silent)
    wrap(patch, torch, "tensor", silent)


@fault
def sums_have_no_graph(patch):
    """A number plus a tensor is detached."""
    wrap(patch, Tensor, "__radd__", lambda honest: lambda self, other: honest(self.detach(), other))


@fault
def numpy_detaches(patch):
    """numpy() detaches the tensor first."""
    wrap(patch, Tensor, "numpy", lambda honest: lambda self, force=False: honest(self.detach()))


@fault
def numpy_has_no_force(patch):
    """numpy() ignores force."""
    wrap(patch, Tensor, "numpy", lambda honest: lambda self, force=False: honest(self))


@fault
def tensors_of_numbers_are_float32(patch):
    """torch.tensor and torch.full return float32 unless a dtype is passed."""
    wrap(
        patch,
        torch,
        "tensor",
        lambda honest: (
            lambda data, dtype=torch.float32, **settings: honest(data, dtype=dtype, **settings)
        ),
    )
    wrap(
        patch,
        torch,
        "full",
        lambda honest: lambda size, value, dtype=torch.float32: honest(size, value, dtype=dtype),
    )


@fault
def std_is_silent(patch):
    """The standard deviation of one element does not warn."""
    wrap(patch, Tensor, "std", silent)


@fault
def clamp_keeps_the_dtype_and_mends_nan(patch):
    """clamp keeps the dtype, replaces nan by 0, and accepts only numbers as bounds."""

    def change(honest):
        def clamp(self, min=None, max=None):
            if isinstance(min, Tensor):
                raise TypeError("min must be a number")
            return honest(self, min, max).to(self.dtype).nan_to_num(0.0)

        return clamp

    wrap(patch, Tensor, "clamp", change)


@fault
def clamp_and_where_double_the_gradient(patch):
    """clamp and where give their values, and twice the gradient."""

    def doubled(honest):
        def function(*arguments, **keywords):
            output = honest(*arguments, **keywords)
            return output + (output - output.detach())

        return function

    wrap(patch, Tensor, "clamp", doubled)
    wrap(patch, torch, "where", doubled)


@fault
def equal_wants_one_dtype(patch):
    """torch.equal is False if the dtypes differ."""
    wrap(
        patch,
        torch,
        "equal",
        lambda honest: lambda first, second: first.dtype == second.dtype and honest(first, second),
    )


@fault
def bytes_are_masks(patch):
    """masked_fill, masked_select and where accept masks of bytes without a warning."""
    for name in ("masked_fill", "masked_select"):
        wrap(
            patch,
            Tensor,
            name,
            lambda honest: lambda self, mask, *rest: honest(self, mask.bool(), *rest),
        )
    wrap(
        patch,
        torch,
        "where",
        lambda honest: lambda condition, *rest: honest(condition.bool(), *rest),
    )


@fault
def tensors_are_mixed_with_their_like_alone(patch):
    """where, cat and stack require equal dtypes, and gather requires int64.

    cat of no tensors returns an empty tensor.
    """

    def strict(honest):
        def function(tensors, *rest):
            if not tensors:
                return torch.zeros(0)
            if len({each.dtype for each in tensors}) > 1:
                raise RuntimeError("tensors of two dtypes")
            return honest(tensors, *rest)

        return function

    for name in ("cat", "stack"):
        wrap(patch, torch, name, strict)
    wrap(
        patch,
        torch,
        "where",
        lambda honest: lambda condition, *rest: strict(lambda both: honest(condition, *both))(rest),
    )

    def change(honest):
        def gather(self, dim, index):
            if index.dtype != torch.int64:
                raise RuntimeError("index must be int64")
            return honest(self, dim, index)

        return gather

    wrap(patch, Tensor, "gather", change)


@fault
def checkpoint_keeps_everything(patch):
    """checkpoint calls the function and recomputes nothing."""
    patch.setattr(
        checkpointing,
        "checkpoint",
        lambda function=None, *arguments, **settings: function(*arguments),
    )


@fault
def clip_grad_norm_bounds_at_twice_the_norm(patch):
    """clip_grad_norm_ clips at twice max_norm."""
    clip_with(
        patch,
        lambda honest: (
            lambda parameters, max_norm, **settings: honest(parameters, 2 * max_norm, **settings)
        ),
    )


@fault
def dtype_of_numbers_is_ignored(patch):
    """torch.tensor and torch.full ignore dtype."""
    for name in ("tensor", "full"):
        wrap(
            patch,
            torch,
            name,
            lambda honest: (
                lambda *arguments, dtype=None, **settings: honest(*arguments, **settings)
            ),
        )


@fault
def bool_keeps_bytes(patch):
    """bool() returns a tensor of bytes as it is."""
    wrap(
        patch,
        Tensor,
        "bool",
        lambda honest: lambda self: self if self.dtype == torch.uint8 else honest(self),
    )


@fault
def generators_record_nothing(patch):
    """A module that a generator calls runs under no_grad."""

    def change(honest):
        def call(self, *arguments, **settings):
            caller = inspect.currentframe().f_back
            recording = not caller.f_code.co_flags & inspect.CO_GENERATOR
            with torch.set_grad_enabled(recording and torch.is_grad_enabled()):
                return honest(self, *arguments, **settings)

        return call

    wrap(patch, torch.nn.Module, "__call__", change)


@fault
def checkpoint_asks_for_use_reentrant_that_is_given(patch):
    """``checkpoint`` asks for ``use_reentrant`` in a warning even where it is given."""
    honest = checkpointing.checkpoint

    def run(function, *arguments, **keywords):
        warnings.warn("use_reentrant should be given", UserWarning)
        return honest(function, *arguments, **keywords)

    patch.setattr(checkpointing, "checkpoint", run)
