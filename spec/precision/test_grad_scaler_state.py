"""The state of GradScaler: what it saves and loads, and copies of a scaler.

``state_dict()`` has the scale, the factors, the interval and the count of steps since the last
change. Save it with model and optimizer: a scaler that starts at 65,536 again may skip the first
steps. A disabled scaler saves an empty dict, which an enabled one refuses to load.
"""

import copy
import io
import pickle

import pytest
import torch

from fixtures.precision import scaled
from fixtures.settings import each
from torch_history.observing import observe, observe_each

SETTINGS = {
    "init_scale": 2.0,
    "growth_factor": 4.0,
    "backoff_factor": 0.25,
    "growth_interval": 7,
}


def scaler(**settings):
    return torch.amp.GradScaler("cpu", **settings)


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
def test_scaler_saves_its_scale_settings_and_count(snapshot):
    """``state_dict`` has the scale, the settings and the count of steps.

    That of a disabled scaler is empty.
    """

    def after_a_step(scaler, weight, optimizer):
        scaler.step(optimizer)
        scaler.update()
        return scaler.state_dict()

    assert snapshot == observe_each(
        {
            "new": lambda: scaler(**SETTINGS).state_dict(),
            "after a step": lambda: scaled(after_a_step),
            "disabled": lambda: scaler(enabled=False).state_dict(),
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
def test_scaler_loads_its_scale_and_settings(snapshot):
    """``load_state_dict`` replaces scale, settings and count, before and after the first loss."""

    def loaded(state, used=False, **settings):
        made = scaler(**settings)
        if used:
            made.scale(torch.tensor(1.0))
        made.load_state_dict(state())
        return {"state": made.state_dict(), "loss": made.scale(torch.tensor(1.0))}

    def saved():
        return scaler(**SETTINGS).state_dict()

    cases = {
        "new": {"state": saved},
        "used": {"state": saved, "used": True},
        "disabled": {"state": saved, "enabled": False},
        "another name": {"state": lambda: {**saved(), "more": 1}},
    }
    assert snapshot == observe_each(each(loaded, cases))


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
def test_scaler_refuses_the_state_of_a_disabled_one(snapshot):
    """An enabled scaler raises for the empty state of a disabled one, and for a missing name.

    This meets who saved with ``enabled=False``, as in a run on the CPU, and resumes with True.
    """

    def load(state, **settings):
        made = scaler(**settings)
        made.load_state_dict(state)
        return made.state_dict()

    cases = {
        "empty": {"state": {}},
        "empty, disabled": {"state": {}, "enabled": False},
        "without the factors": {"state": {"scale": 2.0}},
    }
    assert snapshot == observe_each(each(load, cases))


@pytest.mark.api("torch.amp.GradScaler", "torch.load", page="amp")
@pytest.mark.changed(
    "1.12",
    "torch.amp appears, without GradScaler",
    kind="appeared",
    cause="pytorch#68567",
)
@pytest.mark.changed(
    "2.3", "torch.amp.GradScaler appears, for the CPU too", kind="appeared", cause="pytorch#109993"
)
def test_scaler_state_loads_with_weights_only(snapshot):
    """The state dict of a scaler holds numbers only, so ``torch.load`` takes it in safe mode."""

    def act():
        file = io.BytesIO()
        torch.save(scaler(**SETTINGS).state_dict(), file)
        file.seek(0)
        return torch.load(file, weights_only=True)

    assert snapshot == observe(act)


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
def test_scaler_is_pickled_and_copied_between_steps(snapshot):
    """A scaler can be pickled before the first loss and after ``update``, but not in between."""

    def pickled(scaler):
        return pickle.loads(pickle.dumps(scaler)).state_dict()

    def in_between(scaler, weight, optimizer):
        scaler.step(optimizer)
        return pickled(scaler)

    def after_update(scaler, weight, optimizer):
        scaler.step(optimizer)
        scaler.update()
        return pickled(scaler)

    assert snapshot == observe_each(
        {
            "new": lambda: pickled(scaler(**SETTINGS)),
            "copied": lambda: copy.deepcopy(scaler(**SETTINGS)).state_dict(),
            "in between": lambda: scaled(in_between),
            "after update": lambda: scaled(after_update),
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
def test_optimizer_that_takes_the_scaler_itself_is_given_it(snapshot):
    """An optimizer with ``_step_supports_amp_scaling`` gets the scaler as an argument, and warns.

    Then ``scaler.step`` neither unscales nor skips: that is the optimizer's task.
    """

    class Own(torch.optim.SGD):
        _step_supports_amp_scaling = True

        def step(self, closure=None, grad_scaler=None):
            self.given = type(grad_scaler).__name__
            return super().step()

    def act():
        weight = torch.nn.Parameter(torch.ones(1))
        optimizer = Own([weight], lr=1.0)
        made = scaler(init_scale=8.0)
        made.scale(weight.sum()).backward()
        made.step(optimizer)
        return {"given": optimizer.given, "weight": weight}

    assert snapshot == observe(act)


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
def test_disabled_scaler_has_no_factors(snapshot):
    """A disabled scaler has a scale of 1, and raises if it is asked for its factors.

    Code that logs them has to ask ``is_enabled()`` first.
    """
    cases = {
        name: {"name": name}
        for name in (
            "is_enabled",
            "get_scale",
            "get_growth_factor",
            "get_backoff_factor",
            "get_growth_interval",
        )
    }
    assert snapshot == observe_each(
        each(lambda name: getattr(scaler(enabled=False), name)(), cases)
    )
