"""Anomaly mode: which operation made the nan."""

import warnings

import pytest
import torch

from torch_history.observing import observe


def root_of_zero(**settings):
    """What backward says of 0 * sqrt(w) at w = 0 (0 times infinity), and whether it told where the forward pass was.

    Where it was is a traceback of this file: only that there is one is observed (on old releases it is printed, not warned).
    Of the message, what follows the function's name.
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        w = torch.zeros(1, requires_grad=True)
        raised = None
        with torch.autograd.set_detect_anomaly(True, **settings):
            loss = (torch.sqrt(w) * 0).sum()
            try:
                loss.backward()
            except RuntimeError as error:
                raised = str(error).partition("Function 'Sqrt")[2].partition("' ")[2]
    messages = [str(warning.message) for warning in caught]
    told = any(
        "Traceback of forward call" in message and "root_of_zero" in message for message in messages
    )
    return {"raised": raised, "told where": told, "gradient": w.grad}


@pytest.mark.api("torch.autograd.set_detect_anomaly", page="autograd")
@pytest.mark.changed(
    "1.7",
    "the traceback of the forward pass comes as a Python warning; it was printed on stderr",
    kind="silent",
    cause="pytorch#41116",
)
def test_anomaly_mode_raises_where_backward_makes_a_nan(snapshot):
    """The error names the operation, and a warning shows the line of the forward pass that called it."""
    assert snapshot == observe(root_of_zero)


@pytest.mark.api("torch.autograd.set_detect_anomaly", page="autograd")
@pytest.mark.changed(
    "1.13", "set_detect_anomaly takes check_nan", kind="api-appeared", cause="pytorch#83481"
)
def test_anomaly_mode_lets_nan_pass_when_told(snapshot):
    """``check_nan=False`` keeps the tracebacks for other errors, and lets the nan through."""
    assert snapshot == observe(lambda: root_of_zero(check_nan=False))


@pytest.mark.api("torch.autograd.detect_anomaly", page="autograd")
@pytest.mark.changed(
    "1.5",
    "warns that it is slow",
    kind="warning",
    cause="pytorch#33239",
    advice="remove it after debugging",
)
def test_detect_anomaly_warns_that_it_is_slow(snapshot):
    """The block warns when it is made: it is for debugging. ``set_detect_anomaly(True)`` says nothing."""

    def act():
        with torch.autograd.detect_anomaly():
            return "within"

    assert snapshot == observe(act)
