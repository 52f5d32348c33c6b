"""An act in a child process is observed as if it ran here; one that ends it, as such."""

import os
import signal
import warnings

import pytest

from torch_history.observing import apart, observe, observe_each, words
from torch_history.observing.child import ChildFailed


def test_value_exception_and_warning_of_a_child_are_those_of_the_act():
    def act(fails):
        warnings.warn("mind", FutureWarning, stacklevel=1)
        if fails:
            raise ValueError("no")
        return {"process": "ours"}

    acts = {"works": lambda: act(False), "fails": lambda: act(True)}
    here = observe_each(acts)
    assert observe_each({name: apart(one) for name, one in acts.items()}) == here
    assert here.observations["works"].warned[0].category == "FutureWarning"


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGABRT], ids=["SEGV", "ABRT"])
def test_child_that_a_signal_ends_is_observed(number):
    observed = observe(apart(lambda: os.kill(os.getpid(), number)))
    assert observed.raised == ("ProcessEnded", "a signal ended the process")
    assert words.outcome({"raised": observed.raised._asdict()}) == "ends the process"


def test_child_leaves_this_process_as_it_was():
    told = []
    assert observe(apart(lambda: told.append(os.getpid()) or len(told))).value == 1
    assert told == []


def test_value_that_cannot_be_handed_over_is_no_observation():
    with pytest.raises(ChildFailed, match="pickle"):
        observe(apart(lambda: lambda: 1))


def test_tensor_of_a_child_is_the_same_tensor():
    torch = pytest.importorskip("torch")
    made = torch.arange(4.0).reshape(2, 2).t().requires_grad_()
    value = observe(apart(lambda: made)).value
    assert torch.equal(value, made) and value.requires_grad and value.stride() == made.stride()
