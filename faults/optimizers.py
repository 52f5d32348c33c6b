"""Faults of optimizers and learning rate schedulers."""

import contextlib
import copy
import math
from importlib import import_module

import torch

from faults import fault

# torch.optim hides its modules
sgd_module, adam_module, base = (
    import_module(f"torch.optim.{name}") for name in ("sgd", "adam", "optimizer")
)
schedulers = torch.optim.lr_scheduler
Optimizer, SGD, Adam = torch.optim.Optimizer, torch.optim.SGD, torch.optim.Adam


def members(optimizer):
    return [member for group in optimizer.param_groups for member in group["params"]]


def sgd_with(
    first_damped=False,
    velocity_holds_lr=False,
    nesterov_on=True,
    maximize_flips_decay=False,
    maximize_on=True,
    decay_on=True,
    decay_in_velocity=True,
    dampening_always=False,
):
    """Return a plain SGD with one thing wrong, to replace ``torch.optim.sgd.sgd``."""

    def sgd(
        params, grads, velocities, *, weight_decay, momentum, lr, dampening, nesterov, maximize, **_
    ):
        with torch.no_grad():
            for number, (w, g) in enumerate(zip(params, grads)):
                decay = weight_decay * w if decay_on else 0 * w
                g = -g if maximize and maximize_on and not maximize_flips_decay else g.clone()
                g = g + decay if decay_in_velocity or not momentum else g
                if maximize and maximize_flips_decay:
                    g = -g
                if dampening_always:
                    g = g * (1 - dampening)
                if momentum:
                    taken = g * lr if velocity_holds_lr else g
                    v = velocities[number]
                    if v is None:
                        v = velocities[number] = (
                            taken * (1 - dampening) if first_damped else taken.clone()
                        )
                    else:
                        v.mul_(momentum).add_(taken, alpha=1 - dampening)
                    g = g + momentum * v if nesterov and nesterov_on else v
                w.sub_(g if momentum and velocity_holds_lr else lr * g)
                if not decay_in_velocity and momentum:
                    w.sub_(lr * decay)

    return sgd


def adam_with(
    corrected=True,
    eps_in_root=False,
    decoupling=None,
    amsgrad_on=True,
    maximize_on=True,
    maximize_flips_decay=False,
    least_eps=0.0,
):
    """Return a plain Adam with one thing wrong, to replace ``torch.optim.adam.adam``."""

    def adam(
        params,
        grads,
        averages,
        squares,
        largest,
        steps,
        *,
        amsgrad,
        beta1,
        beta2,
        lr,
        weight_decay,
        eps,
        maximize,
        decoupled_weight_decay,
        **_,
    ):
        eps = max(eps, least_eps)
        decoupled = decoupled_weight_decay if decoupling is None else decoupling
        with torch.no_grad():
            for number, (w, g) in enumerate(zip(params, grads)):
                g = -g if maximize and maximize_on else g
                if decoupled:
                    w.mul_(
                        1 + lr * weight_decay
                        if maximize and maximize_flips_decay
                        else 1 - lr * weight_decay
                    )
                else:
                    g = g + weight_decay * w
                steps[number] += 1
                t = steps[number].item() if corrected else math.inf
                averages[number].mul_(beta1).add_(g, alpha=1 - beta1)
                squares[number].mul_(beta2).addcmul_(g, g, value=1 - beta2)
                u = squares[number]
                if amsgrad:
                    torch.maximum(largest[number], u, out=largest[number])
                    u = largest[number] if amsgrad_on else u
                u = u / (1 - beta2**t)
                root = (u + eps).sqrt() if eps_in_root else u.sqrt() + eps
                w.addcdiv_(averages[number], root, value=-lr / (1 - beta1**t))

    return adam


def replace_sgd(patch, **wrong):
    patch.setattr(sgd_module, "sgd", sgd_with(**wrong))


def replace_adam(patch, **wrong):
    patch.setattr(adam_module, "adam", adam_with(**wrong))


def before_each_step(patch, act):
    """Call ``act(optimizer)`` before each step of every optimizer."""
    patch.setitem(
        base._global_optimizer_pre_hooks, -1, lambda optimizer, arguments, keywords: act(optimizer)
    )


@fault
def steps_are_twice_as_long(patch):
    """SGD and Adam step by twice their learning rate."""
    for module, name in ((sgd_module, "sgd"), (adam_module, "adam")):
        honest = getattr(module, name)
        patch.setattr(
            module,
            name,
            lambda *tensors, lr, honest=honest, **keywords: honest(*tensors, lr=2 * lr, **keywords),
        )


@fault
def sgd_dampens_the_first_gradient(patch):
    """SGD starts the velocity at (1 - dampening) g."""
    replace_sgd(patch, first_damped=True)


@fault
def sgd_dampens_without_momentum(patch):
    """Dampening scales the gradient even without momentum."""
    replace_sgd(patch, dampening_always=True)


@fault
def sgd_velocity_holds_the_learning_rate(patch):
    """SGD's velocity is v = momentum v + lr g, as in other frameworks."""
    replace_sgd(patch, velocity_holds_lr=True)


@fault
def sgd_nesterov_is_plain_momentum(patch):
    """SGD ignores ``nesterov=True``."""
    replace_sgd(patch, nesterov_on=False)


@fault
def sgd_decay_is_decoupled(patch):
    """SGD does not add its weight decay to the velocity."""
    replace_sgd(patch, decay_in_velocity=False)


@fault
def sgd_has_no_decay(patch):
    """SGD ignores ``weight_decay``."""
    replace_sgd(patch, decay_on=False)


@fault
def sgd_maximize_flips_the_decay(patch):
    """``maximize=True`` makes SGD's weights grow by their decay."""
    replace_sgd(patch, maximize_flips_decay=True)


@fault
def maximize_is_ignored(patch):
    """SGD and Adam ignore ``maximize``."""
    replace_sgd(patch, maximize_on=False)
    replace_adam(patch, maximize_on=False)


@fault
def adam_does_not_correct_the_bias(patch):
    """Adam does not correct the bias of its averages."""
    replace_adam(patch, corrected=False)


@fault
def adam_adds_eps_inside_the_root(patch):
    """Adam divides by sqrt(v + eps)."""
    replace_adam(patch, eps_in_root=True)


@fault
def adam_has_an_eps_of_its_own(patch):
    """Adam uses an eps of at least 1e-4, so that 0 / 0 never happens."""
    replace_adam(patch, least_eps=1e-4)


@fault
def adamw_decays_as_adam(patch):
    """AdamW adds its weight decay to the gradient, as Adam does."""
    replace_adam(patch, decoupling=False)


@fault
def adam_decays_as_adamw(patch):
    """Adam decouples its weight decay, as AdamW does."""
    replace_adam(patch, decoupling=True)


@fault
def adam_maximize_flips_the_decay(patch):
    """``AdamW(maximize=True)`` makes weights grow by their decay."""
    replace_adam(patch, maximize_flips_decay=True)


@fault
def amsgrad_is_ignored(patch):
    """``amsgrad=True`` divides by the current average, not by the largest one."""
    replace_adam(patch, amsgrad_on=False)


@fault
def adamw_is_no_adam(patch):
    """``torch.optim.Adam`` is not a base class of AdamW."""
    patch.setattr(torch.optim, "Adam", type("Adam", (Adam,), {}))


@fault
def adam_takes_sparse_gradients(patch):
    """Sparse gradients are made dense before each step."""

    def densify(optimizer):
        for member in members(optimizer):
            if member.grad is not None and member.grad.is_sparse:
                member.grad = member.grad.to_dense()

    before_each_step(patch, densify)


@fault
def mse_loss_sums(patch):
    """``mse_loss`` is the sum of squares, not their mean."""
    honest = torch.nn.functional.mse_loss
    patch.setattr(
        torch.nn.functional,
        "mse_loss",
        lambda output, target: honest(output, target, reduction="sum"),
    )


@fault
def missing_gradients_are_zeros(patch):
    """A step treats a gradient of None as zeros."""

    def fill(optimizer):
        for member in members(optimizer):
            if member.grad is None:
                member.grad = torch.zeros_like(member)

    before_each_step(patch, fill)


@fault
def zero_gradients_are_missing(patch):
    """A step skips a parameter whose gradient is zero."""

    def drop(optimizer):
        for member in members(optimizer):
            if member.grad is not None and not member.grad.any():
                member.grad = None

    before_each_step(patch, drop)


@fault
def groups_share_the_learning_rate(patch):
    """Every group uses the learning rate of the first group."""

    def share(optimizer):
        for group in optimizer.param_groups:
            group["lr"] = optimizer.param_groups[0]["lr"]

    before_each_step(patch, share)


@fault
def steps_read_the_defaults(patch):
    """A step reads its learning rate from ``optimizer.defaults``."""

    def read(optimizer):
        for group in optimizer.param_groups:
            group["lr"] = optimizer.defaults["lr"]

    before_each_step(patch, read)


@fault
def learning_rate_tensor_is_copied(patch):
    """The optimizer converts a learning rate tensor to a number."""
    honest = SGD.__init__
    patch.setattr(
        SGD,
        "__init__",
        lambda self, params, lr=1e-3, **settings: honest(self, params, lr=float(lr), **settings),
    )


@fault
def closures_run_without_grad(patch):
    """``step(closure)`` does not enable gradients for its closure."""
    patch.setattr(torch, "enable_grad", contextlib.nullcontext)


@fault
def closures_run_twice(patch):
    """``step(closure)`` calls its closure twice."""

    def step(self, closure=None, honest=SGD.step):
        return honest(self, closure and (lambda: (closure(), closure())[1]))

    patch.setattr(SGD, "step", step)


@fault
def foreach_and_fused_ignore_the_decay(patch):
    """The foreach and fused implementations ignore the weight decay."""
    for module, optimizer in ((sgd_module, "sgd"), (adam_module, "adam")):
        for name in (f"_multi_tensor_{optimizer}", f"_fused_{optimizer}"):

            def without(*tensors, honest=getattr(module, name), **keywords):
                return honest(*tensors, **{**keywords, "weight_decay": 0.0})

            patch.setattr(module, name, without)


@fault
def compiled_functions_do_nothing(patch):
    """``torch.compile`` returns a function that does nothing."""
    patch.setattr(torch, "compile", lambda function, **settings: lambda *arguments: None)


@fault
def capturable_runs_everywhere(patch):
    """``capturable=True`` does not raise on the CPU."""
    honest = adam_module.adam
    patch.setattr(
        adam_module,
        "adam",
        lambda *tensors, capturable, **keywords: honest(*tensors, capturable=False, **keywords),
    )


@fault
def differentiable_is_ignored(patch):
    """A differentiable step is not part of the graph."""
    honest = sgd_module.sgd

    def sgd(params, *tensors, **keywords):
        with torch.no_grad():
            honest([param.data for param in params], *tensors, **keywords)

    patch.setattr(sgd_module, "sgd", sgd)


@fault
def constructors_accept_anything(patch):
    """SGD and Adam use lr=0.1 instead of raising for invalid settings."""
    for optimizer_class in (SGD, Adam):

        def build(self, parameters, *arguments, honest=optimizer_class.__init__, **settings):
            try:
                honest(self, parameters, *arguments, **settings)
            except (ValueError, RuntimeError) as refused:
                if "parameter" in str(refused) and "beta" not in str(refused):
                    raise
                honest(self, parameters, lr=0.1)

        patch.setattr(optimizer_class, "__init__", build)


@fault
def sgd_refuses_a_nan_learning_rate(patch):
    """SGD refuses a learning rate of nan, as Adam does."""

    def build(self, parameters, lr=1e-3, *arguments, honest=SGD.__init__, **settings):
        if not torch.is_tensor(lr) and not lr >= 0:
            raise ValueError(f"Invalid learning rate: {lr}")
        honest(self, parameters, lr, *arguments, **settings)

    patch.setattr(SGD, "__init__", build)


@fault
def optimizers_accept_any_parameters(patch):
    """Optimizers accept any parameters instead of raising, and drop names and duplicates."""

    def build(self, parameters, defaults, honest=Optimizer.__init__):
        if isinstance(parameters, torch.nn.Module):
            parameters = parameters.parameters()
        honest(
            self,
            [parameters]
            if isinstance(parameters, torch.Tensor)
            else list(parameters) or [torch.zeros(1)],
            defaults,
        )

    def add_param_group(self, group):
        if not isinstance(group, dict):
            group = {"params": group}
        given = group.get("params", [])
        given = [given] if isinstance(given, torch.Tensor) else given
        given = [each[1] if isinstance(each, tuple) else torch.as_tensor(each) for each in given]
        group = {**self.defaults, **group, "params": list(dict.fromkeys(given))}
        self.param_groups.append(group)

    patch.setattr(Optimizer, "__init__", build)
    patch.setattr(Optimizer, "add_param_group", add_param_group)


@fault
def retained_gradients_do_not_make_a_leaf(patch):
    """An optimizer refuses a non-leaf even if it retains its gradient."""

    def add_param_group(self, group, honest=Optimizer.add_param_group):
        if isinstance(group, dict) and any(
            not each.is_leaf for each in group.get("params", []) if torch.is_tensor(each)
        ):
            raise ValueError("can't optimize a non-leaf Tensor")
        return honest(self, group)

    patch.setattr(Optimizer, "add_param_group", add_param_group)


@fault
def unknown_options_are_refused(patch):
    """A group raises for an option that the optimizer does not know."""

    def add_param_group(self, group, honest=Optimizer.add_param_group):
        if isinstance(group, dict) and set(group) - set(self.defaults) - {"params"}:
            raise ValueError("unknown option")
        return honest(self, group)

    patch.setattr(Optimizer, "add_param_group", add_param_group)


@fault
def added_groups_get_no_defaults(patch):
    """An added group gets no momentum from the defaults."""

    def add_param_group(self, group, honest=Optimizer.add_param_group):
        if self.param_groups and isinstance(group, dict):
            group.setdefault("momentum", 0)
        return honest(self, group)

    patch.setattr(Optimizer, "add_param_group", add_param_group)


@fault
def refused_groups_are_added(patch):
    """A group that raises stays in the optimizer."""

    def add_param_group(self, group, honest=Optimizer.add_param_group):
        try:
            return honest(self, group)
        except ValueError:
            self.param_groups.append(group)
            raise

    patch.setattr(Optimizer, "add_param_group", add_param_group)


@fault
def single_tensor_groups_are_taken_apart(patch):
    """A bare tensor in a group is split into its rows."""

    def add_param_group(self, group, honest=Optimizer.add_param_group):
        if isinstance(group, dict) and isinstance(group.get("params"), torch.Tensor):
            group["params"] = [
                row.detach() + 0 for row in torch.cat([group["params"].detach()] * 2)
            ]
        return honest(self, group)

    patch.setattr(Optimizer, "add_param_group", add_param_group)


@fault
def defaults_are_others(patch):
    """SGD, Adam and AdamW have other default options."""
    for optimizer_class in (SGD, Adam, torch.optim.AdamW):

        def build(self, parameters, lr=0.002, honest=optimizer_class.__init__, **settings):
            honest(self, parameters, lr, **settings)
            for group in self.param_groups:
                group["differentiable"] = None

        patch.setattr(optimizer_class, "__init__", build)


@fault
def repr_shows_no_options(patch):
    """``repr`` of an optimizer shows only its class and the number of its groups."""
    patch.setattr(
        Optimizer,
        "__repr__",
        lambda self: f"{type(self).__name__} ({len(self.param_groups)} groups)",
    )


@fault
def state_is_made_by_the_constructor(patch):
    """The constructor creates a state entry for each parameter."""

    def build(self, parameters, defaults, honest=Optimizer.__init__):
        honest(self, parameters, defaults)
        for member in members(self):
            self.state[member]["made"] = True

    patch.setattr(Optimizer, "__init__", build)


@fault
def sgd_keeps_an_empty_velocity(patch):
    """SGD without momentum keeps a ``momentum_buffer`` of None, as it once did."""

    def note(optimizer):
        for member in members(optimizer):
            optimizer.state[member].setdefault("momentum_buffer", None)

    before_each_step(patch, note)


@fault
def load_matches_the_last_first(patch):
    """``load_state_dict`` matches parameters in reverse order and keeps the current options."""

    def load_state_dict(self, state_dict, honest=Optimizer.load_state_dict):
        state_dict = copy.deepcopy(state_dict)
        for saved, group in zip(state_dict["param_groups"], self.param_groups):
            saved["params"].reverse()
            saved.update({name: value for name, value in group.items() if name != "params"})
        return honest(self, state_dict)

    patch.setattr(Optimizer, "load_state_dict", load_state_dict)


@fault
def load_accepts_other_sizes(patch):
    """``load_state_dict`` ignores a state dict whose groups or shapes do not match."""

    def load_state_dict(self, state_dict, honest=Optimizer.load_state_dict):
        shapes = [member.shape for member in members(self)]
        saved = [
            state["exp_avg" if "exp_avg" in state else "momentum_buffer"].shape
            for state in state_dict["state"].values()
        ]
        sizes = [
            [len(group["params"]) for group in groups]
            for groups in (state_dict["param_groups"], self.param_groups)
        ]
        if sizes[0] == sizes[1] and (not saved or saved == shapes):
            honest(self, state_dict)

    patch.setattr(Optimizer, "load_state_dict", load_state_dict)


@fault
def load_does_not_cast(patch):
    """``load_state_dict`` keeps the saved dtypes and does not make the step count a tensor."""
    patch.setattr(
        Optimizer,
        "_process_value_according_to_param_policy",
        staticmethod(lambda param, value, *rest: value),
    )
    patch.setattr(Adam, "__setstate__", Optimizer.__setstate__)


@fault
def state_dict_is_a_copy(patch):
    """``state_dict()`` copies the state."""
    patch.setattr(
        Optimizer,
        "state_dict",
        lambda self, honest=Optimizer.state_dict: copy.deepcopy(honest(self)),
    )


@fault
def deepcopy_is_shallow(patch):
    """``copy.deepcopy`` of a tensor returns the tensor itself."""
    patch.setattr(torch.Tensor, "__deepcopy__", lambda self, memo: self)


@fault
def load_adds_to_the_state(patch):
    """``load_state_dict`` keeps state that the state dict does not have."""

    def load_state_dict(self, state_dict, honest=Optimizer.load_state_dict):
        before = dict(self.state)
        honest(self, state_dict)
        for member, state in before.items():
            self.state.setdefault(member, state)

    patch.setattr(Optimizer, "load_state_dict", load_state_dict)


@fault
def adamw_forgets_its_decoupling(patch):
    """AdamW loads ``decoupled_weight_decay`` from the state dict."""
    patch.setattr(torch.optim.AdamW, "__setstate__", Adam.__setstate__)


@fault
def step_counts_are_shared(patch):
    """Adam uses the step count of the first parameter for all."""
    honest = adam_module.adam

    def adam(params, grads, averages, squares, largest, steps, **keywords):
        for count in steps[1:]:
            count.copy_(steps[0])
        honest(params, grads, averages, squares, largest, steps, **keywords)

    patch.setattr(adam_module, "adam", adam)


@fault
def schedulers_never_warn(patch):
    """Schedulers do not warn."""
    quiet = type("Quiet", (), {"warn": staticmethod(lambda *arguments, **keywords: None)})
    patch.setattr(schedulers, "warnings", quiet)


@fault
def schedulers_always_warn(patch):
    """``scheduler.step()`` always warns about the order, even if it is right."""

    def step(self, epoch=None, honest=schedulers.LRScheduler.step):
        schedulers.warnings.warn(
            "Detected call of `lr_scheduler.step()` before `optimizer.step()`.", stacklevel=2
        )
        honest(self, epoch)

    patch.setattr(schedulers.LRScheduler, "step", step)


@fault
def schedulers_set_the_first_groups_rate(patch):
    """Every group, an added one too, gets the first group's learning rate."""

    def update(self, epoch=None, honest=schedulers.LRScheduler._update_lr):
        groups = self.optimizer.param_groups
        self.optimizer.param_groups = groups[:1]
        honest(self, epoch)
        self.optimizer.param_groups = groups
        for group in groups:
            group["lr"] = groups[0]["lr"]
        self._last_lr = [group["lr"] for group in groups]

    patch.setattr(schedulers.LRScheduler, "_update_lr", update)


@fault
def schedulers_forget_the_first_rate(patch):
    """A scheduler always sets ``initial_lr`` to twice the current learning rate."""

    def build(self, optimizer, last_epoch=-1, honest=schedulers.LRScheduler.__init__):
        for group in optimizer.param_groups:
            group["initial_lr"] = 2 * group["lr"]
        honest(self, optimizer, last_epoch)

    patch.setattr(schedulers.LRScheduler, "__init__", build)


@fault
def step_schedule_starts_anew(patch):
    """A new StepLR resets the learning rate to ``initial_lr``."""

    def build(
        self, optimizer, *arguments, honest=schedulers.StepLR.__init__, verbose=None, **keywords
    ):
        for group in optimizer.param_groups:
            group["lr"] = group.get("initial_lr", group["lr"])
        honest(self, optimizer, *arguments, **keywords)

    patch.setattr(schedulers.StepLR, "__init__", build)


@fault
def plateau_has_no_patience(patch):
    """ReduceLROnPlateau lowers the learning rate at the first step without improvement."""

    def build(
        self, optimizer, *arguments, honest=schedulers.ReduceLROnPlateau.__init__, **keywords
    ):
        honest(self, optimizer, *arguments, **{**keywords, "patience": 0})

    patch.setattr(schedulers.ReduceLROnPlateau, "__init__", build)
