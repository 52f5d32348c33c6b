"""Faults of optimizers other than SGD, Adam and AdamW, and of all optimizers."""

import contextlib
import functools
from importlib import import_module

import torch

from faults import fault

# torch.optim hides its modules
base, nadam, radam, asgd, muon = (
    import_module(f"torch.optim.{name}")
    for name in ("optimizer", "nadam", "radam", "asgd", "_muon")
)
Optimizer = torch.optim.Optimizer
CLASSES = [
    each
    for each in vars(torch.optim).values()
    if isinstance(each, type) and issubclass(each, Optimizer)
]


def after_each_step(patch, act):
    """Call ``act(optimizer, member)`` after each step, for every parameter."""

    def hook(optimizer, arguments, keywords):
        with torch.no_grad():
            for group in optimizer.param_groups:
                for member in group["params"]:
                    act(optimizer, member)

    patch.setitem(base._global_optimizer_post_hooks, -1, hook)


def wrapped(patch, owner, name, wrap):
    """Replace a method by ``wrap(honest)``."""
    patch.setattr(owner, name, wrap(getattr(owner, name)))


@fault
def constructors_take_anything(patch):
    """Constructors of optimizers lose the names and defaults of their arguments."""

    def wrap(honest):
        return lambda self, params, *more, **named: honest(self, params, *more, **named)

    for each in CLASSES:
        if "__init__" in vars(each):
            wrapped(patch, each, "__init__", wrap)


@fault
def methods_take_anything(patch):
    """Methods of optimizers lose the names and defaults of their arguments."""
    for name in ("zero_grad", "state_dict", "load_state_dict", "add_param_group"):
        wrapped(
            patch,
            Optimizer,
            name,
            lambda honest: lambda self, *more, **named: honest(self, *more, **named),
        )
    for each in CLASSES:
        if "step" in vars(each):
            wrapped(
                patch,
                each,
                "step",
                lambda honest: lambda self, *more, **named: honest(self, *more, **named),
            )


@fault
def there_is_another_optimizer(patch):
    """torch.optim has a class Lion."""
    patch.setattr(torch.optim, "Lion", type("Lion", (Optimizer,), {}), raising=False)


@fault
def every_step_drifts(patch):
    """Every step adds 0.01 to each parameter, whatever the gradient."""
    after_each_step(patch, lambda optimizer, member: member.add_(0.01))


@fault
def every_step_keeps_more_state(patch):
    """Every step adds another entry to the state."""
    after_each_step(patch, lambda optimizer, member: optimizer.state[member].update(seen=True))


@fault
def step_counts_are_integers(patch):
    """The step count is an int after each step."""

    def turn(optimizer, member):
        state = optimizer.state.get(member, {})
        if isinstance(state.get("step"), torch.Tensor):
            state["step"] = int(state["step"])

    after_each_step(patch, turn)


@fault
def constructors_refuse_nothing(patch):
    """Constructors ignore their own ValueErrors and TypeErrors."""

    def wrap(honest):
        @functools.wraps(honest)
        def init(*given, **named):
            with contextlib.suppress(TypeError, ValueError):
                honest(*given, **named)

        return init

    for each in CLASSES:
        if "__init__" in vars(each):
            wrapped(patch, each, "__init__", wrap)


@fault
def steps_refuse_nothing(patch):
    """A step that would raise does nothing."""

    def wrap(honest):
        @functools.wraps(honest)
        def step(*given, **named):
            try:
                return honest(*given, **named)
            except (KeyError, NotImplementedError, RuntimeError):
                return None

        return step

    for each in CLASSES:
        if "step" in vars(each):
            wrapped(patch, each, "step", wrap)


@fault
def nadam_takes_its_momentum_twice(patch):
    """NAdam's product of momenta counts the current momentum twice, as up to 1.13."""

    def wrap(honest):
        def single(params, grads, averages, squares, products, steps, **settings):
            momentum = settings["beta1"] * (1 - 0.5 * 0.96 ** settings["momentum_decay"])
            for product in products:
                product.mul_(momentum)
            honest(params, grads, averages, squares, products, steps, **settings)

        return single

    wrapped(patch, nadam, "_single_tensor_nadam", wrap)


@fault
def radam_always_adapts(patch):
    """RAdam counts its steps from 5."""

    def wrap(honest):
        def single(params, grads, averages, squares, steps, **settings):
            for step in steps:
                step.add_(5)
            honest(params, grads, averages, squares, steps, **settings)
            for step in steps:
                step.sub_(5)

        return single

    wrapped(patch, radam, "_single_tensor_radam", wrap)


@fault
def foreach_asgd_takes_one_rate_for_all(patch):
    """ASGD's foreach step uses the rate of the first parameter for all, as up to 2.0."""

    def wrap(honest):
        def several(params, grads, axs, mus, etas, steps, **settings):
            for eta in etas[1:]:
                eta.copy_(etas[0])
            honest(params, grads, axs, mus, etas, steps, **settings)

        return several

    wrapped(patch, asgd, "_multi_tensor_asgd", wrap)


@fault
def asgd_keeps_an_integer_rate(patch):
    """ASGD truncates its rate to an integer if lr is an integer, as up to 2.0."""

    def cut(optimizer, member):
        if isinstance(optimizer, torch.optim.ASGD) and isinstance(
            optimizer.param_groups[0]["lr"], int
        ):
            optimizer.state[member]["eta"].trunc_()

    after_each_step(patch, cut)


@fault
def asgd_follows_lr_at_once(patch):
    """ASGD steps by the lr of its group at once."""

    def set_rates(optimizer, arguments, keywords):
        if isinstance(optimizer, torch.optim.ASGD):
            for state in optimizer.state.values():
                state["eta"].fill_(optimizer.param_groups[0]["lr"])

    patch.setitem(base._global_optimizer_pre_hooks, -1, set_rates)


@fault
def muon_steps_by_the_gradient(patch):
    """Muon skips the Newton-Schulz iteration."""
    patch.setattr(muon, "_zeropower_via_newtonschulz", lambda gradient, *more: gradient)


@fault
def lbfgs_needs_no_closure(patch):
    """LBFGS returns 0 without a closure, and twice the loss with one."""

    def wrap(honest):
        return lambda self, closure=None: 2 * honest(self, closure) if closure else 0.0

    wrapped(patch, torch.optim.LBFGS, "step", wrap)


@fault
def deep_copies_are_the_optimizer_itself(patch):
    """``copy.deepcopy`` of an optimizer returns the same object."""
    patch.setattr(Optimizer, "__deepcopy__", lambda self, memo: self, raising=False)


@fault
def sparse_adam_lists_its_groups_first(patch):
    """SparseAdam iterates over the parameters first, and turns those of groups into lists."""

    def wrap(honest):
        def init(self, params, *more, **named):
            for each in params:
                if isinstance(each, dict):
                    each["params"] = list(each["params"])
            honest(self, params, *more, **named)

        return init

    wrapped(patch, torch.optim.SparseAdam, "__init__", wrap)


@fault
def sparse_adam_looks_through_its_groups(patch):
    """SparseAdam iterates over the parameters of its groups first, as up to 1.13."""

    def wrap(honest):
        def init(self, params, *more, **named):
            params = list(params)
            for each in params:
                if isinstance(each, dict):
                    for _ in each["params"]:
                        pass
            honest(self, params, *more, **named)

        return init

    wrapped(patch, torch.optim.SparseAdam, "__init__", wrap)


@fault
def sparse_adam_takes_no_empty_gradient(patch):
    """SparseAdam raises for a sparse gradient without rows, as up to 1.13."""

    def refuse(optimizer, arguments, keywords):
        for group in optimizer.param_groups:
            for member in group["params"]:
                if member.grad is not None and member.grad.is_sparse and not member.grad._nnz():
                    raise RuntimeError("values has incorrect size")

    patch.setitem(base._global_optimizer_pre_hooks, -1, refuse)


@fault
def bare_tensors_are_parameters(patch):
    """An optimizer accepts a bare tensor as a list of one."""

    def wrap(honest):
        def init(self, params, defaults):
            honest(self, [params] if isinstance(params, torch.Tensor) else params, defaults)

        return init

    wrapped(patch, Optimizer, "__init__", wrap)


@fault
def names_are_dropped(patch):
    """A group drops the names of its parameters."""

    def wrap(honest):
        def add_param_group(self, group):
            honest(self, group)
            group.pop("param_names", None)

        return add_param_group

    wrapped(patch, Optimizer, "add_param_group", wrap)


@fault
def sparse_adam_wants_sparse_parameters(patch):
    """SparseAdam refuses dense parameters, and not only dense gradients."""

    def wrap(honest):
        def init(self, params, *arguments, **settings):
            honest(self, params, *arguments, **settings)
            if not all(each.is_sparse for group in self.param_groups for each in group["params"]):
                raise ValueError("SparseAdam requires sparse parameters")

        return init

    wrapped(patch, torch.optim.SparseAdam, "__init__", wrap)


@fault
def sets_are_refused(patch):
    """An optimizer raises TypeError for a set of parameters."""

    def wrap(honest):
        def init(self, params, defaults):
            if isinstance(params, set):
                raise TypeError("a set has no order")
            honest(self, params, defaults)

        return init

    wrapped(patch, Optimizer, "__init__", wrap)
