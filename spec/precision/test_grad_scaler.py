"""GradScaler multiplies the loss, so that small float16 gradients do not become zero.

``scale(loss)`` multiplies by the scale, ``step(optimizer)`` divides the gradients by it and steps
unless one is inf or NaN, and ``update()`` sets the next scale. A skipped step multiplies the scale
by ``backoff_factor``; ``growth_interval`` steps in a row multiply it by ``growth_factor``. The
scaler works on the CPU since 2.3. With bfloat16, which has the range of float32, it is not needed.
"""

import math

import pytest
import torch
from torch.nn import functional as F

from fixtures.precision import scaled, steps, switch_off
from fixtures.settings import each
from torch_history.observing import observe, observe_each

inf, nan = math.inf, math.nan


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
def test_scaler_multiplies_the_loss(snapshot):
    """``scale`` multiplies a loss by the scale, and returns what it was given: tensor or list.

    A loss without dimensions becomes float32, so a float16 loss does not overflow. A float16 loss
    with dimensions stays float16. A number raises.
    """

    def scale(loss):
        return torch.amp.GradScaler("cpu", init_scale=65536.0).scale(loss)

    two = torch.tensor(2.0)
    assert snapshot == observe_each(
        {
            "float32": lambda: scale(two),
            "float16": lambda: scale(two.half()),
            "float16 with a dimension": lambda: scale(two.half()[None]),
            "bfloat16": lambda: scale(two.bfloat16()),
            "float64": lambda: scale(two.double()),
            "list": lambda: scale([two, two[None]]),
            "tuple in a list": lambda: scale([(two,)]),
            "empty": lambda: scale(torch.zeros(0)),
            "number": lambda: scale(2.0),
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
def test_scaler_begins_with_these_settings(snapshot):
    """A scaler begins at 65,536, doubles after 2,000 steps and halves after a skipped one."""

    def settings(**given):
        scaler = torch.amp.GradScaler("cpu", **given)
        return {
            "scale": scaler.get_scale(),
            "growth_factor": scaler.get_growth_factor(),
            "backoff_factor": scaler.get_backoff_factor(),
            "growth_interval": scaler.get_growth_interval(),
            "enabled": scaler.is_enabled(),
        }

    given = {
        "init_scale": 8.0,
        "growth_factor": 4.0,
        "backoff_factor": 0.25,
        "growth_interval": 3,
    }
    assert snapshot == observe_each(each(settings, {"default": {}, "given": given}))


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
def test_scaler_refuses_factors_that_do_not_grow_or_shrink(snapshot):
    """``growth_factor`` must be over 1, and ``backoff_factor`` below 1.

    Trap: ``set_growth_factor`` and ``set_backoff_factor`` check nothing.
    """
    cases = {
        "growth_factor=1": {"growth_factor": 1.0},
        "growth_factor=0.5": {"growth_factor": 0.5},
        "backoff_factor=1": {"backoff_factor": 1.0},
        "backoff_factor=2": {"backoff_factor": 2.0},
    }

    def set_by_hand():
        scaler = torch.amp.GradScaler("cpu")
        scaler.set_growth_factor(0.5)
        scaler.set_backoff_factor(2.0)
        scaler.set_growth_interval(5)
        return [
            scaler.get_growth_factor(),
            scaler.get_backoff_factor(),
            scaler.get_growth_interval(),
        ]

    assert snapshot == observe_each(
        {
            **each(lambda **given: torch.amp.GradScaler("cpu", **given).is_enabled(), cases),
            "set by hand": set_by_hand,
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
def test_scaler_step_divides_the_gradients_by_the_scale(snapshot):
    """``scaler.step`` steps with the true gradients, which are 1 and 2 here.

    It leaves them divided in ``.grad``. The scale 8 is a power of two, so nothing is rounded.
    """

    def act(scaler, weight, optimizer):
        found = {"before": weight.grad.clone()}
        scaler.step(optimizer)
        return {**found, "after": weight.grad, "weight": weight}

    assert snapshot == observe(lambda: scaled(act))


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
def test_scaler_skips_a_step_with_inf_or_nan(snapshot):
    """One gradient that is inf or NaN skips the step of the whole optimizer, and halves the scale.

    The next step with finite gradients is taken.
    """
    cases = {
        "inf": {"gradients": [[1.0, inf], [1.0, 1.0]]},
        "-inf": {"gradients": [[-inf, 1.0], [1.0, 1.0]]},
        "nan": {"gradients": [[nan, 1.0], [1.0, 1.0]]},
    }
    assert snapshot == observe_each(each(steps, cases))


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
def test_scaler_grows_after_an_interval_without_a_skipped_step(snapshot):
    """The scale grows after ``growth_interval`` steps in a row. A skipped step starts a new row."""
    one, bad = [1.0, 1.0], [inf, 1.0]
    cases = {
        "interval 2": {"gradients": [one] * 4, "growth_interval": 2},
        "skipped": {"gradients": [one, bad, one, one], "growth_interval": 2},
        "factors": {
            "gradients": [one, bad],
            "growth_interval": 1,
            "growth_factor": 4.0,
            "backoff_factor": 0.25,
        },
    }
    assert snapshot == observe_each(each(steps, cases))


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
def test_scale_does_not_grow_to_inf_and_may_shrink_to_zero(snapshot):
    """The scale stops growing before inf. Skipped steps halve it until it is 0.

    With a scale of 0 all gradients become NaN, and no step is taken any more: NaN in the data looks
    like this.
    """
    small, bad = [2.0**-120, 0.0], [inf, 0.0]
    cases = {
        "large": {"gradients": [small] * 3, "init_scale": 2.0**126, "growth_interval": 1},
        "small": {"gradients": [bad, bad, [1.0, 1.0]], "init_scale": 2.0**-149},
    }
    assert snapshot == observe_each(each(steps, cases))


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
def test_scaler_takes_gradients_of_these_dtypes(snapshot):
    """A scaler unscales float32, bfloat16 and float64 gradients, and refuses float16 ones.

    ``Attempting to unscale FP16 gradients`` means that the model itself is float16: keep its
    parameters in float32, and leave float16 to autocast.
    """
    names = ("float32", "bfloat16", "float64", "float16")
    cases = {name: {"gradients": [[1.0, 2.0]], "dtype": getattr(torch, name)} for name in names}
    assert snapshot == observe_each(each(steps, cases))


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
def test_disabled_scaler_steps_as_without_it(snapshot):
    """``enabled=False`` makes a scaler that does nothing but call ``optimizer.step()``.

    It takes float16 and inf too, and its scale is 1.
    """
    cases = {
        "finite": {"gradients": [[1.0, 2.0]], "enabled": False},
        "inf": {"gradients": [[1.0, inf]], "enabled": False},
        "float16": {"gradients": [[1.0, 2.0]], "enabled": False, "dtype": torch.float16},
    }
    assert snapshot == observe_each(each(steps, cases))


FUSED = {
    "SGD": torch.optim.SGD,
    "Adam": torch.optim.Adam,
    "AdamW": torch.optim.AdamW,
    "Adagrad": torch.optim.Adagrad,
}


@pytest.mark.api("torch.amp.GradScaler", page="amp")
@pytest.mark.changed(
    "1.13", "Adam takes fused, for CUDA only", kind="appeared", cause="pytorch#85739"
)
@pytest.mark.changed(
    "2.0", "AdamW takes fused, for CUDA only", kind="appeared", cause="pytorch#88015"
)
@pytest.mark.changed(
    "2.0",
    "the message says fused=True instead of FusedAdam",
    kind="wording",
    cause="pytorch#88015",
    probable=True,
)
@pytest.mark.changed(
    "2.1",
    "the message names the supported devices",
    kind="wording",
    cause="pytorch#102047",
    probable=True,
)
@pytest.mark.changed(
    "2.3", "SGD takes fused, for CUDA only", kind="appeared", cause="pytorch#116585"
)
@pytest.mark.changed(
    "2.4",
    "fused steps of Adam and AdamW run on the CPU too",
    kind="error-gone",
    cause="pytorch#123074",
)
@pytest.mark.changed(
    "2.4", "fused steps of SGD run on the CPU too", kind="error-gone", cause="pytorch#123629"
)
@pytest.mark.changed(
    "2.4", "Adagrad takes fused, for the CPU", kind="appeared", cause="pytorch#124905"
)
@pytest.mark.parametrize("name", list(FUSED))
def test_fused_step_skips_inf_with_a_scaler(name, snapshot):
    """A fused optimizer divides by the scale itself, and also skips a step with inf.

    Fused steps run on the CPU since 2.4.
    """
    assert snapshot == observe(
        lambda: steps(
            [[1.0, 2.0], [inf, 1.0]], optimizer=FUSED[name], options={"fused": True, "lr": 0.5}
        )
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
def test_skipped_step_leaves_the_state_of_adam(snapshot):
    """A skipped step does not count: Adam's step and averages stay as they were."""

    def act():
        weight = torch.nn.Parameter(torch.ones(2))
        optimizer = torch.optim.Adam([weight], lr=0.5)
        scaler, found = torch.amp.GradScaler("cpu", init_scale=8.0), []
        for gradient in ([1.0, 1.0], [inf, 1.0]):
            weight.grad = None
            scaler.scale((weight * torch.tensor(gradient)).sum()).backward()
            scaler.step(optimizer)
            scaler.update()
            state = optimizer.state[weight]
            found.append({"step": float(state["step"]), "exp_avg": state["exp_avg"].clone()})
        return found

    assert snapshot == observe(act)


def gradient_of_a_small_loss(scale):
    """The gradient of 2 ** -30 times a weight, through a product of float16."""
    weight = torch.ones(1, 1, requires_grad=True)
    scaler = torch.amp.GradScaler("cpu", init_scale=scale)
    optimizer = torch.optim.SGD([weight], lr=1.0)
    try:
        with torch.autocast("cpu", dtype=torch.float16):
            output = F.linear(torch.ones(1, 1), weight)
    finally:
        switch_off()
    scaler.scale((output.float() * 2.0**-30).sum()).backward()
    scaler.unscale_(optimizer)
    return weight.grad


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
def test_scaling_saves_a_gradient_that_is_zero_in_float16(snapshot):
    """A gradient of 2 ** -30 is zero in float16, unless the loss is scaled.

    The scale 2 ** 16 keeps it exactly, and 2 ** 50 makes it inf. float16 ends at 2 ** -24.
    """
    cases = {f"2 ** {power}": {"scale": 2.0**power} for power in (0, 16, 50)}
    assert snapshot == observe_each(each(gradient_of_a_small_loss, cases))


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
def test_scaler_takes_sparse_gradients(snapshot):
    """Sparse gradients are unscaled, repeated rows are added first, and inf skips the step."""

    def act(factor):
        table = torch.nn.Embedding(3, 1, sparse=True)
        table.weight.data.fill_(1.0)
        optimizer = torch.optim.SGD(table.parameters(), lr=1.0)
        scaler = torch.amp.GradScaler("cpu", init_scale=8.0)
        scaler.scale((table(torch.tensor([0, 0, 2])) * factor).sum()).backward()
        scaler.step(optimizer)
        scaler.update()
        return {"weight": table.weight, "scale": scaler.get_scale()}

    assert snapshot == observe_each(each(act, {"finite": {"factor": 1.0}, "inf": {"factor": inf}}))
