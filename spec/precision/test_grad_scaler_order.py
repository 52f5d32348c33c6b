"""The order of a step with GradScaler, and what raises.

For each optimizer: ``scale(loss).backward()``, then ``unscale_(optimizer)`` if the gradients are
to be clipped or read, then ``step(optimizer)``. At the end, ``update()`` once. A second
``unscale_`` or ``step`` before ``update`` raises. An optimizer without any gradient raises too.
"""

import math

import pytest
import torch
from torch import nn

from fixtures.precision import scaled
from fixtures.settings import each
from torch_history.observing import observe, observe_each

inf = math.inf


@pytest.mark.api("torch.amp.GradScaler", page="amp")
@pytest.mark.changed(
    "1.12",
    "torch.amp appears, without GradScaler",
    kind="appeared",
    cause="pytorch#68567",
)
@pytest.mark.changed(
    "2.3", "torch.amp.GradScaler appears, for the CPU too", kind="appeared", cause="pytorch#109993"
)
def test_scaler_methods_raise_out_of_order(snapshot):
    """``unscale_`` twice, ``step`` twice, and ``unscale_`` after ``step`` raise before ``update``.

    ``update`` makes them possible again.
    """
    cases = {
        "unscale_ twice": lambda s, w, o: [s.unscale_(o), s.unscale_(o)],
        "step twice": lambda s, w, o: [s.step(o), s.step(o)],
        "unscale_ after step": lambda s, w, o: [s.step(o), s.unscale_(o)],
        "after update": lambda s, w, o: [s.step(o), s.update(), s.unscale_(o), w.grad],
        "update before step": lambda s, w, o: [s.update(), s.step(o)],
        "no update": lambda s, w, o: [s.step(o), s.get_scale()],
    }
    assert snapshot == observe_each(each(scaled, {name: {"act": cases[name]} for name in cases}))


@pytest.mark.api("torch.amp.GradScaler", page="amp")
@pytest.mark.changed(
    "1.12",
    "torch.amp appears, without GradScaler",
    kind="appeared",
    cause="pytorch#68567",
)
@pytest.mark.changed(
    "2.3", "torch.amp.GradScaler appears, for the CPU too", kind="appeared", cause="pytorch#109993"
)
def test_scaler_raises_if_no_loss_was_scaled(snapshot):
    """``step``, ``unscale_`` and ``update`` raise if ``scale`` was never called."""

    def without_loss(act):
        weight = nn.Parameter(torch.ones(1))
        weight.grad = torch.ones(1)
        return act(torch.amp.GradScaler("cpu"), torch.optim.SGD([weight], lr=1.0))

    cases = {
        "step": lambda scaler, optimizer: scaler.step(optimizer),
        "unscale_": lambda scaler, optimizer: scaler.unscale_(optimizer),
        "update": lambda scaler, optimizer: scaler.update(),
    }
    assert snapshot == observe_each(
        each(without_loss, {name: {"act": cases[name]} for name in cases})
    )


@pytest.mark.api("torch.amp.GradScaler", page="amp")
@pytest.mark.changed(
    "1.12",
    "torch.amp appears, without GradScaler",
    kind="appeared",
    cause="pytorch#68567",
)
@pytest.mark.changed(
    "2.3", "torch.amp.GradScaler appears, for the CPU too", kind="appeared", cause="pytorch#109993"
)
def test_scaler_step_without_any_gradient_raises(snapshot):
    """``scaler.step`` raises if no parameter of the optimizer has a gradient.

    ``optimizer.step()`` alone skips such parameters. This meets an optimizer whose part of the
    model took no part in the loss.
    """

    def cleared(act):
        def clear_and_act(scaler, weight, optimizer):
            weight.grad = None
            return act(scaler, optimizer)

        return scaled(clear_and_act)

    cases = {
        "step": {"act": lambda scaler, optimizer: scaler.step(optimizer)},
        "unscale_": {"act": lambda scaler, optimizer: scaler.unscale_(optimizer)},
        "optimizer alone": {"act": lambda scaler, optimizer: optimizer.step()},
    }
    assert snapshot == observe_each(each(cleared, cases))


@pytest.mark.api("torch.amp.GradScaler", page="amp")
@pytest.mark.changed(
    "1.12",
    "torch.amp appears, without GradScaler",
    kind="appeared",
    cause="pytorch#68567",
)
@pytest.mark.changed(
    "2.3", "torch.amp.GradScaler appears, for the CPU too", kind="appeared", cause="pytorch#109993"
)
def test_scaler_step_refuses_a_closure_by_name(snapshot):
    """``scaler.step(optimizer, closure=…)`` raises, if the scaler is enabled.

    Trap: a closure by position is passed on to the optimizer, which calls it after unscaling.
    """
    assert snapshot == observe_each(
        {
            "by name": lambda: scaled(lambda s, w, o: s.step(o, closure=lambda: 7.0)),
            "by position": lambda: scaled(lambda s, w, o: [s.step(o, lambda: 7.0), w]),
            "disabled": lambda: scaled(
                lambda s, w, o: s.step(o, closure=lambda: 7.0), enabled=False
            ),
        }
    )


@pytest.mark.api("torch.amp.GradScaler", page="amp")
@pytest.mark.changed(
    "1.12",
    "torch.amp appears, without GradScaler",
    kind="appeared",
    cause="pytorch#68567",
)
@pytest.mark.changed(
    "2.3", "torch.amp.GradScaler appears, for the CPU too", kind="appeared", cause="pytorch#109993"
)
def test_scaler_step_returns_what_the_optimizer_returns(snapshot):
    """``scaler.step`` returns the result of ``optimizer.step``, or None if it skips the step."""

    def act(scaler, weight, optimizer):
        return scaler.step(optimizer, lambda: 7.0)

    assert snapshot == observe_each(
        {
            "taken": lambda: scaled(act),
            "skipped": lambda: scaled(act, gradient=(1.0, inf)),
        }
    )


@pytest.mark.api("torch.amp.GradScaler", "torch.nn.utils.clip_grad_norm_", page="amp")
@pytest.mark.changed(
    "1.12",
    "torch.amp appears, without GradScaler",
    kind="appeared",
    cause="pytorch#68567",
)
@pytest.mark.changed(
    "2.3", "torch.amp.GradScaler appears, for the CPU too", kind="appeared", cause="pytorch#109993"
)
def test_gradients_are_clipped_after_unscaling(snapshot):
    """Call ``unscale_`` before ``clip_grad_norm_``: the norm is that of the true gradients.

    Without it the norm is 8 times as large here, and the step becomes 8 times too small.
    """

    def clipped(unscale):
        def act(scaler, weight, optimizer):
            if unscale:
                scaler.unscale_(optimizer)
            norm = nn.utils.clip_grad_norm_([weight], 1.0)
            scaler.step(optimizer)
            return {"norm": norm, "weight": weight}

        return scaled(act, gradient=(3.0, 4.0))

    cases = {"unscaled": {"unscale": True}, "scaled": {"unscale": False}}
    assert snapshot == observe_each(each(clipped, cases))


@pytest.mark.api("torch.amp.GradScaler", page="amp")
@pytest.mark.changed(
    "1.12",
    "torch.amp appears, without GradScaler",
    kind="appeared",
    cause="pytorch#68567",
)
@pytest.mark.changed(
    "2.3", "torch.amp.GradScaler appears, for the CPU too", kind="appeared", cause="pytorch#109993"
)
def test_scaler_judges_the_gradients_when_it_unscales_them(snapshot):
    """inf that is written after ``unscale_`` is not noticed, and inf that is removed still skips.

    ``zero_grad`` after ``unscale_`` leaves a step with nothing to do.
    """

    def made_inf(scaler, weight, optimizer):
        scaler.unscale_(optimizer)
        weight.grad.fill_(inf)

    def made_finite(scaler, weight, optimizer):
        weight.grad.fill_(inf)
        scaler.unscale_(optimizer)
        weight.grad.fill_(1.0)

    def cleared(scaler, weight, optimizer):
        scaler.unscale_(optimizer)
        weight.grad = None

    def stepped(edit):
        def act(scaler, weight, optimizer):
            edit(scaler, weight, optimizer)
            scaler.step(optimizer)
            scaler.update()
            return {"weight": weight, "scale": scaler.get_scale()}

        return scaled(act)

    cases = {
        "inf after": {"edit": made_inf},
        "finite after": {"edit": made_finite},
        "cleared": {"edit": cleared},
    }
    assert snapshot == observe_each(each(stepped, cases))


@pytest.mark.api("torch.amp.GradScaler", page="amp")
@pytest.mark.changed(
    "1.12",
    "torch.amp appears, without GradScaler",
    kind="appeared",
    cause="pytorch#68567",
)
@pytest.mark.changed(
    "2.3", "torch.amp.GradScaler appears, for the CPU too", kind="appeared", cause="pytorch#109993"
)
def test_scaler_skips_the_step_of_one_optimizer_alone(snapshot):
    """With two optimizers, inf skips the step of the one whose parameter has it.

    ``update`` halves the scale for both. Two groups of one optimizer are skipped together.
    """

    def act(gradients, optimizers):
        first, second = nn.Parameter(torch.ones(1)), nn.Parameter(torch.ones(1))
        scaler = torch.amp.GradScaler("cpu", init_scale=8.0)
        made = [torch.optim.SGD(groups, lr=1.0) for groups in optimizers(first, second)]
        scaler.scale(first.sum() * gradients[0] + second.sum() * gradients[1]).backward()
        for optimizer in made:
            scaler.step(optimizer)
        scaler.update()
        return {"first": first, "second": second, "scale": scaler.get_scale()}

    def two(first, second):
        return [[first], [second]]

    def groups(first, second):
        return [[{"params": [first]}, {"params": [second]}]]

    cases = {
        "finite": {"gradients": (1.0, 1.0), "optimizers": two},
        "inf in the second": {"gradients": (1.0, inf), "optimizers": two},
        "inf in the second group": {"gradients": (1.0, inf), "optimizers": groups},
    }
    assert snapshot == observe_each(each(act, cases))


@pytest.mark.api("torch.amp.GradScaler", page="amp")
@pytest.mark.changed(
    "1.12",
    "torch.amp appears, without GradScaler",
    kind="appeared",
    cause="pytorch#68567",
)
@pytest.mark.changed(
    "2.3", "torch.amp.GradScaler appears, for the CPU too", kind="appeared", cause="pytorch#109993"
)
def test_scaler_accumulates_gradients_until_the_step(snapshot):
    """Two scaled backward passes add up, if the scale stays until the step.

    Trap: ``update`` between them may change the scale. Here it doubles, and the sum of 8 and 16 is
    divided by 16.
    """

    def act(update_between):
        weight = nn.Parameter(torch.ones(1))
        optimizer = torch.optim.SGD([weight], lr=1.0)
        scaler = torch.amp.GradScaler("cpu", init_scale=8.0, growth_interval=1)
        other = nn.Parameter(torch.ones(1))
        scaler.scale(weight.sum() + other.sum()).backward()
        if update_between:
            scaler.step(torch.optim.SGD([other], lr=1.0))
            scaler.update()
        scaler.scale(weight.sum()).backward()
        scaler.step(optimizer)
        return {"weight": weight, "scale": scaler.get_scale()}

    cases = {"one update": {"update_between": False}, "between": {"update_between": True}}
    assert snapshot == observe_each(each(act, cases))


@pytest.mark.api("torch.amp.GradScaler", "torch.optim.lr_scheduler.StepLR", page="amp")
@pytest.mark.changed(
    "1.12",
    "torch.amp appears, without GradScaler",
    kind="appeared",
    cause="pytorch#68567",
)
@pytest.mark.changed(
    "2.3", "torch.amp.GradScaler appears, for the CPU too", kind="appeared", cause="pytorch#109993"
)
def test_scheduler_warns_if_the_first_step_was_skipped(snapshot):
    """If the scaler skips the first step, ``scheduler.step()`` warns of the wrong order.

    The schedule goes on although no step was taken. To keep both together, step the scheduler only
    if the scale did not shrink. A later skipped step gives no warning.
    """

    def act(gradients):
        weight = nn.Parameter(torch.ones(2))
        optimizer = torch.optim.SGD([weight], lr=1.0)
        scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 1, gamma=0.5)
        scaler = torch.amp.GradScaler("cpu", init_scale=8.0)
        for gradient in gradients:
            weight.grad = None
            scaler.scale((weight * torch.tensor(gradient)).sum()).backward()
            scaler.step(optimizer)
            scaler.update()
            scheduler.step()
        return {"weight": weight, "lr": optimizer.param_groups[0]["lr"]}

    cases = {
        "taken": {"gradients": [[1.0, 1.0]]},
        "skipped": {"gradients": [[1.0, inf]]},
        "second skipped": {"gradients": [[1.0, 1.0], [1.0, inf]]},
    }
    assert snapshot == observe_each(each(act, cases))


@pytest.mark.api("torch.amp.GradScaler", page="amp")
@pytest.mark.changed(
    "1.12",
    "torch.amp appears, without GradScaler",
    kind="appeared",
    cause="pytorch#68567",
)
@pytest.mark.changed(
    "2.3", "torch.amp.GradScaler appears, for the CPU too", kind="appeared", cause="pytorch#109993"
)
def test_update_takes_a_new_scale(snapshot):
    """``update(new_scale)`` sets the scale, to a float or a tensor without dimensions.

    It does so also after a skipped step. An integer raises.
    """

    def act(new, gradient=(1.0, 2.0)):
        def set_scale(scaler, weight, optimizer):
            scaler.step(optimizer)
            scaler.update(new)
            return scaler.get_scale()

        return scaled(set_scale, gradient=gradient)

    cases = {
        "float": {"new": 4.0},
        "after a skipped step": {"new": 4.0, "gradient": (1.0, inf)},
        "tensor": {"new": torch.tensor(4.0)},
        "tensor with a dimension": {"new": torch.tensor([4.0])},
        "integer": {"new": 4},
    }
    assert snapshot == observe_each(each(act, cases))


@pytest.mark.api("torch.amp.GradScaler", page="amp")
@pytest.mark.changed(
    "1.12",
    "torch.amp appears, without GradScaler",
    kind="appeared",
    cause="pytorch#68567",
)
@pytest.mark.changed(
    "2.3", "torch.amp.GradScaler appears, for the CPU too", kind="appeared", cause="pytorch#109993"
)
def test_skipped_step_calls_no_hooks_of_the_optimizer(snapshot):
    """A step that the scaler skips calls neither hooks before nor after ``optimizer.step``.

    A counter of steps in such a hook counts the steps that were taken.
    """

    def act(gradient):
        def count(scaler, weight, optimizer):
            called = []
            optimizer.register_step_pre_hook(lambda *_: called.append("before"))
            optimizer.register_step_post_hook(lambda *_: called.append("after"))
            scaler.step(optimizer)
            return called

        return scaled(count, gradient=gradient)

    cases = {"taken": {"gradient": (1.0, 1.0)}, "skipped": {"gradient": (1.0, inf)}}
    assert snapshot == observe_each(each(act, cases))


@pytest.mark.api("torch.amp.GradScaler", page="amp")
@pytest.mark.changed(
    "1.12",
    "torch.amp appears, without GradScaler",
    kind="appeared",
    cause="pytorch#68567",
)
@pytest.mark.changed(
    "2.3", "torch.amp.GradScaler appears, for the CPU too", kind="appeared", cause="pytorch#109993"
)
def test_unscaling_one_optimizer_leaves_what_another_holds(snapshot):
    """``unscale_(optimizer)`` divides the gradients of this optimizer's parameters only.

    A parameter of no optimizer keeps its scaled gradient.
    """

    def act():
        members = [nn.Parameter(torch.ones(1)) for _ in range(3)]
        scaler = torch.amp.GradScaler("cpu", init_scale=8.0)
        optimizers = [torch.optim.SGD([member], lr=1.0) for member in members[:2]]
        scaler.scale(sum(member.sum() for member in members)).backward()
        scaler.unscale_(optimizers[0])
        return [member.grad for member in members]

    assert snapshot == observe(act)
