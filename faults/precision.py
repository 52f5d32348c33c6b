"""Faults of mixed precision: autocast, its cache and names, gradient scaling, flags and dtypes."""

import contextlib
import threading

import torch
from torch import nn
from torch.nn import functional as F

from faults import fault
from faults._tools import silent, wrap

HALF = (torch.float16, torch.bfloat16)


def each(patch, owner, names, change):
    """Replace each of these functions of ``owner`` by ``change(honest)``."""
    for name in names:
        wrap(patch, owner, name, change)


def lowered(honest):
    """Return the result in the dtype of the first argument."""

    def function(first, *rest, **settings):
        result = honest(first, *rest, **settings)
        return result.to(first.dtype) if first.is_floating_point() else result

    return function


# Operations


@fault
def autocast_is_always_off(patch):
    """torch.autocast takes enabled=False, whatever it is given."""

    def change(honest):
        def init(self, device_type, dtype=None, enabled=True, cache_enabled=None):
            honest(self, device_type, dtype, False, cache_enabled)

        return init

    wrap(patch, torch.autocast, "__init__", change)


@fault
def autocast_exchanges_its_dtypes(patch):
    """torch.autocast takes float16 for bfloat16, and bfloat16 for float16."""
    other = {torch.float16: torch.bfloat16, torch.bfloat16: torch.float16, None: torch.float16}

    def change(honest):
        def init(self, device_type, dtype=None, enabled=True, cache_enabled=None):
            honest(self, device_type, other.get(dtype, dtype), enabled, cache_enabled)

        return init

    wrap(patch, torch.autocast, "__init__", change)


@fault
def losses_stay_in_half_precision(patch):
    """Losses return the dtype of their input."""
    names = ("mse_loss", "l1_loss", "cross_entropy", "binary_cross_entropy_with_logits")
    each(patch, F, names, lowered)


@fault
def operations_of_float32_stay_in_half_precision(patch):
    """Products of elements, distances, traces and quantiles return the dtype of their input."""
    each(patch, torch, ("prod", "cdist", "trace", "quantile"), lowered)


@fault
def activations_return_another_dtype(patch):
    """ReLU and softmax return float32 for half precision, and bfloat16 for float32."""

    def change(honest):
        def function(x, *rest, **settings):
            result = honest(x, *rest, **settings)
            return result.float() if x.dtype in HALF else result.bfloat16()

        return function

    each(patch, F, ("relu", "softmax"), change)


@fault
def mm_makes_everything_float32(patch):
    """torch.mm returns float32 for float64 and for integers."""
    wrap(patch, torch, "mm", lambda honest: lambda a, b, **out: honest(a, b, **out).float())


@fault
def linear_converts_its_input(patch):
    """Linear converts its input to the dtype of the weight."""
    wrap(
        patch, F, "linear", lambda honest: lambda x, w, b=None: honest(x.to(w.dtype), w, b).float()
    )


@fault
def cat_takes_the_narrowest_dtype(patch):
    """torch.cat returns the dtype of its first tensor."""
    wrap(
        patch,
        torch,
        "cat",
        lambda honest: lambda parts, *rest: honest(parts, *rest).to(parts[0].dtype),
    )


@fault
def index_add_converts_its_source(patch):
    """index_add converts what it adds to the dtype of the tensor."""
    wrap(
        patch,
        torch.Tensor,
        "index_add",
        lambda honest: (
            lambda self, dim, index, source: honest(self, dim, index, source.to(self.dtype))
        ),
    )


@fault
def addmm_in_place_converts_its_factors(patch):
    """addmm_ converts its factors to the dtype of the tensor."""
    wrap(
        patch,
        torch.Tensor,
        "addmm_",
        lambda honest: lambda self, a, b: honest(self, a.to(self.dtype), b.to(self.dtype)),
    )


@fault
def numpy_takes_bfloat16(patch):
    """Tensor.numpy() returns float32 for bfloat16."""
    wrap(
        patch,
        torch.Tensor,
        "numpy",
        lambda honest: lambda self: honest(self.float() if self.dtype in HALF else self),
    )


@fault
def linear_doubles_its_result(patch):
    """Linear returns twice its result."""
    wrap(patch, F, "linear", lambda honest: lambda *arguments: honest(*arguments) * 2)


# Regions


@fault
def autocast_stays_on(patch):
    """Leaving a region of autocast leaves it on."""
    patch.setattr(torch.autocast, "__exit__", lambda self, *error: None)


@fault
def autocast_takes_any_device(patch):
    """torch.autocast takes every device for the CPU, and warns of nothing."""

    def change(honest):
        def init(self, device_type="cpu", dtype=None, enabled=True, cache_enabled=None):
            dtype = dtype if dtype in HALF else torch.bfloat16
            silent(honest)(self, "cpu", dtype, enabled, cache_enabled)

        return init

    wrap(patch, torch.autocast, "__init__", change)


@fault
def decorated_function_runs_as_it_is(patch):
    """@torch.autocast returns the function unchanged."""
    patch.setattr(torch.autocast, "__call__", lambda self, function: function)


@fault
def thread_inherits_autocast(patch):
    """A new thread runs under autocast."""

    def change(honest):
        def run(self):
            with torch.autocast("cpu"):
                honest(self)

        return run

    wrap(patch, threading.Thread, "run", change)


# Cache


def cache_is(patch, enabled):
    """Make torch.autocast take this for cache_enabled."""

    def change(honest):
        def init(self, device_type, dtype=None, enabled_=True, **settings):
            given = settings.get("enabled", enabled_)
            honest(self, device_type, dtype, given, enabled)

        return init

    wrap(patch, torch.autocast, "__init__", change)


@fault
def autocast_never_caches(patch):
    """torch.autocast keeps no copies of weights."""
    cache_is(patch, False)


@fault
def autocast_always_caches(patch):
    """torch.autocast keeps copies with cache_enabled=False too."""
    cache_is(patch, True)


@fault
def cache_is_never_cleared(patch):
    """Neither the end of a region nor clear_autocast_cache clears the cache."""
    patch.setattr(torch, "clear_autocast_cache", lambda: None)


@fault
def weight_used_under_no_grad_is_cut_off(patch):
    """A weight that Linear has used without grad requires no grad in Linear any more."""
    seen = []

    def change(honest):
        def linear(x, weight, bias=None):
            if not torch.is_grad_enabled():
                seen.append(id(weight))
            return honest(x, weight.detach() if id(weight) in seen else weight, bias)

        return linear

    wrap(patch, F, "linear", change)


# Training


@fault
def layer_becomes_half_precision(patch):
    """A linear layer converts its own parameters to bfloat16 when it is called."""

    def change(honest):
        def forward(self, x):
            self.bfloat16()
            return honest(self, x.bfloat16())

        return forward

    wrap(patch, nn.Linear, "forward", change)


@fault
def linear_layer_converts_what_it_is_given(patch):
    """A linear layer converts its input to the dtype of its weight."""
    wrap(
        patch,
        nn.Linear,
        "forward",
        lambda honest: lambda self, x: honest(self, x.to(self.weight.dtype)),
    )


@fault
def losses_refuse_half_precision(patch):
    """mse_loss and l1_loss raise for an output in half precision."""

    def change(honest):
        def loss(output, target, **settings):
            if output.dtype in HALF:
                raise RuntimeError("expected float32")
            return honest(output, target, **settings)

        return loss

    each(patch, F, ("mse_loss", "l1_loss"), change)


# Names


@fault
def older_names_do_not_warn(patch):
    """The names in torch.cuda.amp and torch.cpu.amp warn of nothing."""
    for owner in (torch.cuda.amp, torch.cpu.amp):
        for name in ("autocast", "GradScaler"):
            wrap(patch, getattr(owner, name), "__init__", silent)
    wrap(patch, torch.cuda.amp, "custom_fwd", silent)


@fault
def autocast_is_asked_about_cuda(patch):
    """is_autocast_enabled and set_autocast_enabled mean CUDA, whatever they are given."""
    patch.setattr(torch, "is_autocast_enabled", lambda device_type="cuda": False)
    patch.setattr(torch, "set_autocast_enabled", lambda *arguments: None)


@fault
def autocast_is_available_everywhere(patch):
    """is_autocast_available is True for each device."""
    patch.setattr(torch.amp, "is_autocast_available", lambda device_type: True)


@fault
def custom_forward_ignores_cast_inputs(patch):
    """custom_fwd ignores cast_inputs."""
    wrap(
        patch,
        torch.amp,
        "custom_fwd",
        lambda honest: lambda *, device_type, cast_inputs=None: honest(device_type=device_type),
    )


@fault
def short_names_are_other_classes(patch):
    """torch.GradScaler is a subclass of torch.amp.GradScaler."""
    patch.setattr(torch, "GradScaler", type("GradScaler", (torch.amp.GradScaler,), {}))


# GradScaler


SCALER = torch.amp.GradScaler


@fault
def scaler_takes_the_scale_first(patch):
    """The first argument of GradScaler is init_scale."""

    def change(honest):
        def init(self, init_scale=65536.0, device="cpu", **settings):
            if isinstance(init_scale, str):
                init_scale = 1.0
            honest(self, "cpu", **{"init_scale": init_scale, **settings})

        return init

    wrap(patch, SCALER, "__init__", change)


@fault
def scale_returns_the_loss(patch):
    """GradScaler.scale returns its argument."""
    wrap(
        patch,
        SCALER,
        "scale",
        lambda honest: (
            lambda self, loss: (
                (honest(self, loss.detach()), loss)[1] if torch.is_tensor(loss) else loss
            )
        ),
    )


@fault
def factors_are_not_checked(patch):
    """GradScaler takes any growth_factor and backoff_factor."""

    def change(honest):
        def init(self, device="cuda", init_scale=65536.0, **settings):
            factors = {
                name: settings.pop(name)
                for name in ("growth_factor", "backoff_factor")
                if name in settings
            }
            honest(self, device, init_scale, **settings)
            for name, value in factors.items():
                setattr(self, f"_{name}", value)

        return init

    wrap(patch, SCALER, "__init__", change)


@fault
def scaler_ignores_its_factors(patch):
    """GradScaler has its default factors and interval, whatever it is given."""

    def change(honest):
        def init(self, device="cuda", init_scale=65536.0, enabled=True, **settings):
            honest(self, device, init_scale, enabled=enabled)

        return init

    wrap(patch, SCALER, "__init__", change)


@fault
def scaler_never_skips(patch):
    """GradScaler steps with inf and NaN too."""

    def step(self, optimizer, state, *arguments, **settings):
        return optimizer.step(*arguments, **settings)

    patch.setattr(SCALER, "_maybe_opt_step", step)


@fault
def scaler_returns_nothing(patch):
    """GradScaler.step returns None."""

    def change(honest):
        def step(self, *arguments, **settings):
            honest(self, *arguments, **settings)

        return step

    wrap(patch, SCALER, "step", change)


@fault
def scale_stays(patch):
    """GradScaler.update keeps the scale."""

    def change(honest):
        def update(self, new_scale=None):
            kept = None if self._scale is None else self._scale.clone()
            honest(self)
            if kept is not None:
                self._scale.copy_(kept)

        return update

    wrap(patch, SCALER, "update", change)


@fault
def scaler_knows_no_order(patch):
    """GradScaler forgets after each step and unscale_ that it was called."""

    def change(honest):
        def method(self, optimizer, *arguments, **settings):
            states = self._per_optimizer_states
            states.pop(id(optimizer), None)
            return honest(self, optimizer, *arguments, **settings)

        return method

    each(patch, SCALER, ("step", "unscale_"), change)


@fault
def scaler_needs_no_loss(patch):
    """step, unscale_ and update do nothing if no loss was scaled."""

    def change(honest):
        def method(self, *arguments, **settings):
            return None if self._scale is None else honest(self, *arguments, **settings)

        return method

    each(patch, SCALER, ("step", "unscale_", "update"), change)


@fault
def scaler_skips_an_optimizer_without_gradients(patch):
    """GradScaler.step returns None if no parameter has a gradient."""

    def change(honest):
        def step(self, optimizer, *arguments, **settings):
            members = [p for group in optimizer.param_groups for p in group["params"]]
            if all(member.grad is None for member in members):
                return None
            return honest(self, optimizer, *arguments, **settings)

        return step

    wrap(patch, SCALER, "step", change)


@fault
def scaler_takes_a_closure(patch):
    """GradScaler.step passes a closure on."""

    def change(honest):
        def step(self, optimizer, *arguments, closure=None):
            return honest(self, optimizer, *arguments, *([closure] if closure else []))

        return step

    wrap(patch, SCALER, "step", change)


@fault
def disabled_scaler_does_not_step(patch):
    """GradScaler.step does nothing if the scaler is disabled."""
    wrap(
        patch,
        SCALER,
        "step",
        lambda honest: (
            lambda self, *arguments, **settings: (
                honest(self, *arguments, **settings) if self._enabled else None
            )
        ),
    )


@fault
def fused_step_gets_scaled_gradients(patch):
    """GradScaler.step calls a fused optimizer without the scale."""

    def change(honest):
        def step(self, optimizer, *arguments, **settings):
            if getattr(optimizer, "_step_supports_amp_scaling", False):
                optimizer.step()
                return None
            return honest(self, optimizer, *arguments, **settings)

        return step

    wrap(patch, SCALER, "step", change)


@fault
def schedulers_do_not_warn(patch):
    """Schedulers warn of nothing."""
    wrap(patch, torch.optim.lr_scheduler.StepLR, "step", silent)


@fault
def scaler_forgets_its_scale_in_the_state(patch):
    """The state dict of GradScaler lacks the scale, and loading changes nothing."""

    def change(honest):
        def state_dict(self):
            state = honest(self)
            state.pop("scale", None)
            return state

        return state_dict

    wrap(patch, SCALER, "state_dict", change)
    patch.setattr(SCALER, "load_state_dict", lambda self, state: None)


@fault
def disabled_scaler_has_default_factors(patch):
    """A disabled GradScaler has factors of 1 and an interval of 1."""
    for name in ("get_growth_factor", "get_backoff_factor", "get_growth_interval"):
        wrap(
            patch,
            SCALER,
            name,
            lambda honest: lambda self: honest(self) if self._enabled else 1,
        )


@fault
def scaler_is_pickled_at_any_time(patch):
    """GradScaler can be pickled between step and update."""
    patch.setattr(SCALER, "__getstate__", lambda self: self.__dict__.copy())


# Low precision


@fault
def conversion_rounds_up(patch):
    """Tensor.to rounds up, and float8 has NaN for large numbers."""

    def change(honest):
        def to(self, dtype, *rest, **settings):
            if dtype is torch.float8_e4m3fn:
                self = torch.where(self.abs() > 448, torch.full_like(self, float("nan")), self)
            elif dtype in HALF and self.dtype is torch.float32:
                self = self * 1.01
            return honest(self, dtype, *rest, **settings)

        return to

    wrap(patch, torch.Tensor, "to", change)


@fault
def float8_adds_in_float32(patch):
    """A float8 tensor adds in float32."""

    def change(honest):
        def add(self, other):
            return honest(self.float() if self.dtype.itemsize == 1 else self, other)

        return add

    wrap(patch, torch.Tensor, "__add__", change)


@fault
def half_precision_promotes_to_float16(patch):
    """promote_types of bfloat16 and float16 is float16."""
    patch.setattr(torch, "promote_types", lambda one, other: torch.float16)


@fault
def sum_stops_at_256(patch):
    """Tensor.sum of bfloat16 is 256 at most."""
    wrap(
        patch,
        torch.Tensor,
        "sum",
        lambda honest: lambda self, **settings: honest(self, **settings).clamp(max=256),
    )


@fault
def sgd_steps_twice(patch):
    """SGD takes each step twice."""

    def change(honest):
        def step(self, closure=None):
            honest(self)
            return honest(self, closure)

        return step

    wrap(patch, torch.optim.SGD, "step", change)


@fault
def optimizers_keep_float32(patch):
    """What optimizers make of a parameter or a gradient is float32."""
    each(
        patch,
        torch,
        ("zeros_like", "clone", "full_like"),
        lambda honest: lambda *arguments, **settings: honest(*arguments, **settings).float(),
    )


@fault
def lerp_converts_its_end(patch):
    """lerp_ converts its end to the dtype of the tensor."""
    wrap(
        patch,
        torch.Tensor,
        "lerp_",
        lambda honest: lambda self, end, weight: honest(self, end.to(self.dtype), weight),
    )


@fault
def default_dtype_is_always_float32(patch):
    """set_default_dtype does nothing."""
    patch.setattr(torch, "set_default_dtype", lambda dtype: None)


@fault
def finfo_is_that_of_float32(patch):
    """torch.finfo tells the facts of float32 for each dtype."""
    wrap(patch, torch, "finfo", lambda honest: lambda dtype: honest(torch.float32))


# Flags


@fault
def flags_are_the_opposite(patch):
    """The flags of torch.backends.cuda.matmul are read as their opposite."""
    owner = type(torch.backends.cuda.matmul)

    def change(honest):
        def read(self, name):
            value = honest(self, name)
            return not value if isinstance(value, bool) else value

        return read

    wrap(patch, owner, "__getattr__", change)


@fault
def matmul_precision_stays(patch):
    """set_float32_matmul_precision does nothing."""
    patch.setattr(torch, "set_float32_matmul_precision", lambda precision: None)


@fault
def old_flags_are_read_at_any_time(patch):
    """Old flags for TF32 are False where reading them would raise."""

    def tolerant(honest):
        def read(*arguments):
            try:
                return honest(*arguments)
            except RuntimeError:
                return False

        return read

    wrap(patch, type(torch.backends.cuda.matmul), "__getattr__", tolerant)
    wrap(patch, torch, "get_float32_matmul_precision", tolerant)


@fault
def new_flags_are_not_set(patch):
    """Setting fp32_precision does nothing."""
    patch.setattr(torch._C, "_set_fp32_precision_setter", lambda *arguments: None)


@fault
def unknown_flags_are_taken(patch):
    """torch.backends.cuda.matmul takes any name."""
    owner = type(torch.backends.cuda.matmul)

    def tolerant(honest):
        def method(*arguments):
            try:
                return honest(*arguments)
            except AttributeError:
                return None

        return method

    each(patch, owner, ("__getattr__", "__setattr__"), tolerant)


@fault
def cudnn_flags_change_nothing(patch):
    """torch.backends.cudnn.flags changes nothing."""
    patch.setattr(
        torch.backends.cudnn, "flags", lambda *arguments, **settings: contextlib.nullcontext()
    )
