"""Anomaly mode: it finds the operation that made a nan.

Under ``torch.autograd.set_detect_anomaly`` backward raises at the operation that made a nan, and
names it. A warning shows which line of the forward pass called the operation; before 1.7 this was
printed to stderr. ``check_nan=False``, since 1.13, lets nan pass. ``torch.autograd.detect_anomaly``
warns since 1.5 that it is slow, and ``set_detect_anomaly`` does not.
"""

import warnings

import pytest
import torch

from torch_history.observing import observe


def root_of_zero(**settings):
    """The gradient of 0 * sqrt(w) at w = 0, which is 0 times infinity, under anomaly mode."""
    w = torch.zeros(1, requires_grad=True)
    with torch.autograd.set_detect_anomaly(True, **settings):
        (torch.sqrt(w) * 0).sum().backward()
    return w.grad


def without_traceback(act):
    """What ``act`` does; its warnings end before the traceback, which has paths of this machine."""
    caught = []
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            return act()
    finally:
        for warning in caught:
            line = str(warning.message).partition("\n")[0]
            warnings.warn(line, warning.category, stacklevel=2)


@pytest.mark.api(
    "torch.autograd.set_detect_anomaly", "torch.autograd.detect_anomaly", page="autograd"
)
@pytest.mark.changed(
    "1.7",
    "warns with the traceback of the forward pass, which it printed to stderr before",
    kind="warning",
    cause="pytorch#41116",
    when=("mode@0=True", "-mode@0"),
    rarely="a backward that raises",
)
@pytest.mark.changed(
    "1.10",
    "the message calls the node SqrtBackward0",
    kind="wording",
    cause="pytorch#59837",
    probable=True,
)
def test_anomaly_mode_raises_where_backward_makes_a_nan(snapshot):
    """Anomaly mode makes backward raise at the operation that made a nan.

    The error names the operation, and a warning shows the line of the forward pass that called it.
    """
    assert snapshot == observe(lambda: without_traceback(root_of_zero))


@pytest.mark.api("torch.autograd.set_detect_anomaly", page="autograd")
@pytest.mark.changed(
    "1.13", "set_detect_anomaly takes check_nan", kind="appeared", cause="pytorch#83481"
)
def test_anomaly_mode_lets_nan_pass_when_told(snapshot):
    """With ``check_nan=False``, anomaly mode lets nan pass.

    It still shows the forward traceback for other errors.
    """
    assert snapshot == observe(lambda: without_traceback(lambda: root_of_zero(check_nan=False)))


@pytest.mark.api("torch.autograd.detect_anomaly", page="autograd")
@pytest.mark.changed(
    "1.5",
    "warns that it is slow",
    kind="warning",
    cause="pytorch#33239",
    advice="remove it after debugging",
    unless=(),
)
def test_detect_anomaly_warns_that_it_is_slow(snapshot):
    """``torch.autograd.detect_anomaly`` warns that it is slow and only for debugging.

    ``torch.autograd.set_detect_anomaly(True)`` does not warn.
    """

    def act():
        with torch.autograd.detect_anomaly():
            return "within"

    assert snapshot == observe(act)
