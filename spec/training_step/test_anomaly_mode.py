"""Anomaly mode: it finds the operation that made a nan."""

import warnings

import pytest
import torch

from torch_history.observing import observe


def root_of_zero(**settings):
    """What backward raises for 0 * sqrt(w) at w = 0, and whether the forward pass was located.

    The gradient is 0 times infinity. Of the error message, only the text after the function's name
    is kept. The forward pass is located by a traceback of this file, of which only the presence is
    observed. On old releases it is printed instead of warned.
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
    "the traceback of the forward pass is a Python warning; before, it was printed to stderr",
    kind="silent",
    cause="pytorch#41116",
)
def test_anomaly_mode_raises_where_backward_makes_a_nan(snapshot):
    """Anomaly mode makes backward raise at the operation that made a nan.

    The error names the operation, and a warning shows the line of the forward pass that called it.
    """
    assert snapshot == observe(root_of_zero)


@pytest.mark.api("torch.autograd.set_detect_anomaly", page="autograd")
@pytest.mark.changed(
    "1.13", "set_detect_anomaly takes check_nan", kind="api-appeared", cause="pytorch#83481"
)
def test_anomaly_mode_lets_nan_pass_when_told(snapshot):
    """With ``check_nan=False``, anomaly mode lets nan pass.

    It still shows the forward traceback for other errors.
    """
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
    """``torch.autograd.detect_anomaly`` warns that it is slow and only for debugging.

    ``torch.autograd.set_detect_anomaly(True)`` does not warn.
    """

    def act():
        with torch.autograd.detect_anomaly():
            return "within"

    assert snapshot == observe(act)
