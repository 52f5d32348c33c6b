"""What the calls of a training step change: gradients, inputs, hooks and the random stream.

Backward fills ``.grad`` of leaves; a gradient that is passed in stays, and is not shared.
``torch.autograd.grad`` and ``torch.autograd.functional`` leave ``.grad``. The functions that clip
write into the gradients, and those that measure leave them. Activation checkpointing gives the
random stream back in backward, unless told not to.
"""

import pytest
import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

from fixtures.effects import changes, without_warnings
from fixtures.references import parameter
from fixtures.settings import each
from torch_history.observing import observe, observe_each

PATHS = {
    "leaf itself": lambda x: x,
    "view": lambda x: x.view(2),
    "sum with zero": lambda x: x + 0,
    "expanded": lambda x: x.expand(1, 2)[0],
    "clone": lambda x: x.clone(),
    "joined alone": lambda x: torch.cat([x]),
}


@pytest.mark.api("torch.Tensor.backward", page="generated/torch.Tensor.backward")
@pytest.mark.parametrize("path", PATHS)
def test_gradient_passed_to_backward_may_become_the_gradient_of_the_leaf(path, snapshot):
    """Behind a view, ``.grad`` is the memory of the gradient that was passed to ``backward``.

    Trap: the second backward adds into it, so it changes the tensor that was passed. The leaf
    itself, a sum or a clone get a ``.grad`` of their own.
    """

    def act():
        x, given = parameter([1.0, 2.0]), torch.tensor([3.0, 4.0])
        moved = changes(
            lambda: PATHS[path](x).backward(given), given=lambda: [given], leaf=lambda: [x]
        )
        first = x.grad
        shared = first.data_ptr() == given.data_ptr()
        again = changes(lambda: PATHS[path](x).backward(given), given=lambda: [given])
        return {
            "changed": moved + again,
            "memory of the given one": shared,
            "the same .grad": x.grad is first,
            "first": first,
        }

    assert snapshot == observe(act)


@pytest.mark.api("torch.Tensor.backward", page="generated/torch.Tensor.backward")
def test_gradients_of_two_leaves_may_share_memory(snapshot):
    """The sum over a stack of two leaves gives both gradients in the same memory.

    Trap: a change of one gradient in place, as clipping by hand does, then changes the other. A
    plain sum gives each a gradient of its own.
    """

    def act(join):
        a, b = parameter([1.0, 2.0]), parameter([3.0, 4.0])
        join(a, b).backward(torch.ones(2))
        shared = a.grad.data_ptr() == b.grad.data_ptr()
        a.grad.zero_()
        return {"shared": shared, "other after zero_": b.grad}

    assert snapshot == observe_each(
        {
            "a + b": lambda: act(lambda a, b: a + b),
            "a - b": lambda: act(lambda a, b: a - b),
            "sum over a stack": lambda: act(lambda a, b: torch.stack([a, b]).sum(0)),
            "mean over a stack": lambda: act(lambda a, b: torch.stack([a, b]).mean(0)),
            "joined": lambda: act(lambda a, b: torch.cat([a, b])[:2] + torch.cat([a, b])[2:]),
        }
    )


@pytest.mark.api("torch.Tensor.backward", page="generated/torch.Tensor.backward")
def test_second_backward_with_create_graph_replaces_the_gradient(snapshot):
    """A plain backward adds into ``.grad`` in place; with ``create_graph`` it makes a new tensor.

    A reference to the first gradient then keeps the numbers of the first backward.
    """

    def act(**settings):
        x = parameter([2.0])
        (x * x).sum().backward(**settings)
        first = x.grad
        (x * x).sum().backward(**settings)
        return {"the same": x.grad is first, "first": first.detach(), "now": x.grad.detach()}

    def warned(**settings):
        with without_warnings():
            return act(**settings)

    cases = {"plain": {}, "retain_graph": {"retain_graph": True}}
    cases["create_graph"] = {"create_graph": True}
    assert snapshot == observe_each(each(warned, cases))


def cube(x):
    return (x * x * x).sum()


FUNCTIONAL = {
    "vjp": lambda it, x: it.vjp(cube, x),
    "jvp": lambda it, x: it.jvp(cube, x, torch.ones(2)),
    "jacobian": lambda it, x: it.jacobian(cube, x),
    "hessian": lambda it, x: it.hessian(cube, x),
    "vhp": lambda it, x: it.vhp(cube, x, torch.ones(2)),
    "hvp": lambda it, x: it.hvp(cube, x, torch.ones(2)),
}


def gradient_changes(call):
    """What a call changes of a leaf with a gradient, and whether it requires grad after it."""
    x = parameter([1.0, 2.0])
    x.grad = torch.tensor([5.0, 6.0])
    return changes(
        lambda: call(x),
        leaf=lambda: [x],
        gradient=lambda: [x.grad],
        requires_grad=lambda: [x.requires_grad],
    )


@pytest.mark.api(
    "torch.autograd.functional.vjp",
    "torch.autograd.functional.jvp",
    "torch.autograd.functional.jacobian",
    "torch.autograd.functional.hessian",
    "torch.autograd.functional.vhp",
    "torch.autograd.functional.hvp",
    page="autograd",
)
@pytest.mark.changed(
    "1.5",
    "torch.autograd.functional appears",
    kind="appeared",
    cause="pytorch#34066",
)
def test_autograd_functional_leaves_leaf_and_gradient(snapshot):
    """The functions of ``torch.autograd.functional`` return derivatives, and leave ``.grad``.

    Trap: ``backward`` adds to ``.grad``, so only they can be called between backward and step.
    """
    assert snapshot == observe_each(
        {
            name: lambda call=call: gradient_changes(lambda x: call(torch.autograd.functional, x))
            for name, call in FUNCTIONAL.items()
        }
    )


TRANSFORMS = {
    "grad": lambda it, x: it.grad(cube)(x),
    "grad_and_value": lambda it, x: it.grad_and_value(cube)(x),
    "vjp": lambda it, x: it.vjp(cube, x)[1](torch.ones(())),
    "jvp": lambda it, x: it.jvp(cube, (x,), (torch.ones(2),)),
    "jacrev": lambda it, x: it.jacrev(cube)(x),
    "jacfwd": lambda it, x: it.jacfwd(cube)(x),
    "hessian": lambda it, x: it.hessian(cube)(x),
}


@pytest.mark.api(
    "torch.func.grad",
    "torch.func.grad_and_value",
    "torch.func.vjp",
    "torch.func.jvp",
    "torch.func.jacrev",
    "torch.func.jacfwd",
    "torch.func.hessian",
    page="func.api",
)
@pytest.mark.changed(
    "2.0",
    "torch.func appears",
    kind="appeared",
    cause="pytorch#91016",
)
def test_function_transforms_leave_leaf_and_gradient(snapshot):
    """The transforms of ``torch.func`` return derivatives, and leave ``.grad`` as it is."""
    assert snapshot == observe_each(
        {
            name: lambda call=call: gradient_changes(lambda x: call(torch.func, x))
            for name, call in TRANSFORMS.items()
        }
    )


def cut(x):
    return nn.utils.clip_grad_norm_([x], 1.0)


CLIPPING = {
    "clip_grad_norm_": cut,
    "clip_grad_norm_ within the bound": lambda x: nn.utils.clip_grad_norm_([x], 100.0),
    "clip_grad_norm_ foreach": lambda x: nn.utils.clip_grad_norm_([x], 1.0, foreach=True),
    "clip_grad_value_": lambda x: nn.utils.clip_grad_value_([x], 1.0),
    "clip_grads_with_norm_": lambda x: nn.utils.clip_grads_with_norm_([x], 1.0, torch.tensor(8.0)),
    "get_total_norm": lambda x: nn.utils.get_total_norm([x.grad]),
    "zero_grad to zeros": lambda x: torch.optim.SGD([x], 0.5).zero_grad(set_to_none=False),
    "no_grad": lambda x: torch.no_grad()(cube)(x),
    "requires_grad_": lambda x: x.requires_grad_(False),
    "detach": lambda x: x.detach(),
    "forward": cube,
    "autograd.grad": lambda x: torch.autograd.grad(cube(x), x),
    "register_hook": lambda x: x.register_hook(lambda gradient: None),
    "retain_grad": lambda x: x.retain_grad(),
}


@pytest.mark.api(
    "torch.nn.utils.clip_grad_norm_",
    "torch.nn.utils.clip_grad_value_",
    "torch.nn.utils.clip_grads_with_norm_",
    "torch.nn.utils.get_total_norm",
    "torch.Tensor.requires_grad_",
    "torch.optim.Optimizer.zero_grad",
    "torch.autograd.grad",
    page="generated/torch.nn.utils.clip_grad_norm_",
)
@pytest.mark.changed(
    "1.7",
    "Optimizer.zero_grad takes set_to_none",
    kind="appeared",
    cause="pytorch#42754",
    of="torch.optim.Optimizer.zero_grad",
)
@pytest.mark.changed(
    "2.0",
    "clip_grad_norm_ takes foreach",
    kind="appeared",
    cause="pytorch#91846",
    of="torch.nn.utils.clip_grad_norm_",
)
@pytest.mark.changed(
    "2.6",
    "clip_grads_with_norm_ and get_total_norm appear",
    kind="appeared",
    cause="pytorch#139662",
    of=(
        "torch.nn.utils.clip_grads_with_norm_",
        "torch.nn.utils.get_total_norm",
    ),
)
def test_call_changes_the_gradient_or_leaves_it(snapshot):
    """Clipping changes gradients, and leaves the parameter; the other calls leave both.

    ``requires_grad_(False)`` keeps ``.grad``: an optimizer still steps by it.
    """
    assert snapshot == observe_each(
        {name: lambda call=call: gradient_changes(call) for name, call in CLIPPING.items()}
    )


@pytest.mark.api("torch.utils.checkpoint.checkpoint", page="checkpoint")
@pytest.mark.changed(
    "1.11",
    "checkpoint takes use_reentrant",
    kind="appeared",
    cause="pytorch#69508",
    when="use_reentrant",
)
def test_checkpoint_gives_the_random_stream_back_in_backward(snapshot):
    """Backward through a checkpoint draws the same mask again, and gives the stream back.

    With ``preserve_rng_state=False`` the second pass draws a new mask, and moves the stream.
    """

    def act(**settings):
        torch.manual_seed(0)
        x = torch.ones(64, requires_grad=True)
        with without_warnings():
            output = checkpoint(torch.nn.functional.dropout, x, **settings)
        mask = output.detach().clone()
        moved = changes(output.sum().backward)
        return {"backward moves": moved, "same mask": torch.equal(x.grad, mask)}

    cases = {
        "default": {},
        "not preserved": {"preserve_rng_state": False},
        "reentrant": {"use_reentrant": True},
        "not reentrant": {"use_reentrant": False},
        "not reentrant, not preserved": {"use_reentrant": False, "preserve_rng_state": False},
    }
    assert snapshot == observe_each(each(act, cases))


@pytest.mark.api(
    "torch.Tensor.register_hook",
    "torch.Tensor.register_post_accumulate_grad_hook",
    "torch.nn.Module.register_full_backward_hook",
    "torch.nn.Module.register_forward_hook",
    page="generated/torch.Tensor.register_hook",
)
@pytest.mark.changed(
    "1.6",
    "raises ModuleAttributeError, a subclass of AttributeError",
    kind="wording",
    cause="pytorch#34324",
    when=":unseen",
    of="torch.nn.Module.register_full_backward_hook",
)
@pytest.mark.changed(
    "1.8",
    "register_full_backward_hook appears",
    kind="appeared",
    cause="pytorch#46163",
    of="torch.nn.Module.register_full_backward_hook",
)
@pytest.mark.changed(
    "2.1",
    "register_post_accumulate_grad_hook appears",
    kind="appeared",
    cause="pytorch#107063",
    of="torch.Tensor.register_post_accumulate_grad_hook",
)
def test_backward_leaves_hooks_in_place(snapshot):
    """A hook on a tensor or a module stays after backward: it runs in each backward.

    The hooks on an intermediate result go with its graph.
    """

    def act(register):
        runs, layer = [], nn.Linear(1, 1)
        register(layer, lambda *given: runs.append(1))
        for _ in range(2):
            layer(torch.ones(1, 1, requires_grad=True)).sum().backward()
        return len(runs)

    assert snapshot == observe_each(
        {
            "parameter": lambda: act(lambda layer, hook: layer.weight.register_hook(hook)),
            "post accumulate": lambda: act(
                lambda layer, hook: layer.weight.register_post_accumulate_grad_hook(hook)
            ),
            "module, full backward": lambda: act(
                lambda layer, hook: layer.register_full_backward_hook(hook)
            ),
            "module, forward": lambda: act(lambda layer, hook: layer.register_forward_hook(hook)),
        }
    )
