"""``checkpoint``: backward recomputes activations that forward did not keep.

``torch.utils.checkpoint.checkpoint`` runs its function again in backward, and gives the usual
gradients. With ``use_reentrant=True`` the first run is without grad, an input must require grad,
and ``torch.autograd.grad`` raises. ``use_reentrant=False`` has none of these limits. Without the
argument, which exists since 1.11, torch warns since 2.1 and does what True does.
"""

import pytest
import torch
from torch.utils import checkpoint as checkpointing

from torch_history.observing import observe


def tripled(calls):
    """A function that multiplies by a weight of 3 and counts its calls, and that weight."""
    weight = torch.tensor([3.0], requires_grad=True)

    def function(x):
        calls.append(torch.is_grad_enabled())
        return x * x * weight

    return function, weight


def step(x, **settings):
    calls = []
    function, weight = tripled(calls)
    checkpointing.checkpoint(function, x, **settings).sum().backward()
    return {"input": x.grad, "weight": weight.grad, "calls with grad": calls}


@pytest.mark.api("torch.utils.checkpoint.checkpoint", page="checkpoint")
@pytest.mark.changed(
    "1.10",
    "without CUDA it warns that device_type 'cuda' is disabled",
    kind="warning",
    cause="pytorch#61002",
    probable=True,
    advice="ignore it",
    rarely="a machine without CUDA",
)
@pytest.mark.changed(
    "1.13",
    "no longer warns that device_type 'cuda' is disabled",
    kind="warning",
    cause="pytorch#79203",
    rarely="a machine without CUDA",
)
@pytest.mark.changed(
    "2.1",
    "warns that use_reentrant should be given, and that its default will become False",
    kind="warning",
    cause="pytorch#100551",
    advice="pass use_reentrant=False, or use_reentrant=True to keep the old behaviour",
    restored_by="training_step.checkpoint_given_use_reentrant_does_not_ask_for_it",
    rewrite="+use_reentrant=True",
    unless="use_reentrant",
)
@pytest.mark.changed(
    "2.3",
    "the message announces an exception for 2.4, and no longer another default",
    kind="wording",
    cause="pytorch#116710",
    unless="use_reentrant",
)
@pytest.mark.changed(
    "2.4",
    "warns that torch.cpu.amp.autocast, which checkpoint itself calls, is deprecated",
    kind="warning",
    cause="pytorch#126062",
    advice="ignore it: 2.5 no longer warns",
    unless=(),
)
@pytest.mark.changed(
    "2.5",
    "no longer warns that torch.cpu.amp.autocast is deprecated",
    kind="warning",
    cause="pytorch#127774",
    unless=(),
)
@pytest.mark.changed(
    "2.5",
    "the message announces the exception for 2.5",
    kind="wording",
    unless="use_reentrant",
)
@pytest.mark.changed(
    "2.9",
    "the message announces the exception for 2.9",
    kind="wording",
    cause="pytorch#160643",
    unless="use_reentrant",
)
@pytest.mark.changed(
    "2.15",
    "the message announces the exception for a future release",
    kind="wording",
    cause="pytorch#193720",
    unless="use_reentrant",
)
def test_checkpoint_wants_use_reentrant_to_be_given(snapshot):
    """``checkpoint`` without ``use_reentrant`` warns since 2.1, and runs as with True.

    It runs the function without grad in the forward pass, and again with grad in backward.
    """
    assert snapshot == observe(lambda: step(torch.tensor([2.0], requires_grad=True)))


@pytest.mark.api("torch.utils.checkpoint.checkpoint", page="checkpoint")
@pytest.mark.changed(
    "1.11",
    "checkpoint takes use_reentrant",
    kind="appeared",
    cause="pytorch#69508",
    when="use_reentrant",
)
@pytest.mark.changed(
    "1.11",
    "without CUDA it warns that device_type 'cuda' is disabled",
    kind="warning",
    cause="pytorch#61002",
    probable=True,
    advice="ignore it",
    when="use_reentrant",
    rarely="a machine without CUDA",
)
@pytest.mark.changed(
    "1.13",
    "no longer warns that device_type 'cuda' is disabled",
    kind="warning",
    cause="pytorch#79203",
    rarely="a machine without CUDA",
)
@pytest.mark.changed(
    "2.4",
    "warns that torch.cpu.amp.autocast, which checkpoint itself calls, is deprecated",
    kind="warning",
    cause="pytorch#126062",
    advice="ignore it: 2.5 no longer warns",
    unless=(),
)
@pytest.mark.changed(
    "2.5",
    "no longer warns that torch.cpu.amp.autocast is deprecated",
    kind="warning",
    cause="pytorch#127774",
    unless=(),
)
def test_checkpoint_given_use_reentrant_does_not_ask_for_it(snapshot):
    """``checkpoint(..., use_reentrant=True)`` runs as without it, and no warning asks for it."""
    x = torch.tensor([2.0], requires_grad=True)
    assert snapshot == observe(lambda: step(x, use_reentrant=True))


@pytest.mark.api(
    "torch.utils.checkpoint.checkpoint",
    "torch.utils.checkpoint.checkpoint_sequential",
    page="checkpoint",
)
@pytest.mark.changed(
    "1.11",
    "checkpoint takes use_reentrant",
    kind="appeared",
    cause="pytorch#69508",
    of=("torch.utils.checkpoint.checkpoint",),
    when="use_reentrant",
)
@pytest.mark.changed(
    "1.11",
    "without CUDA it warns that device_type 'cuda' is disabled",
    kind="warning",
    cause="pytorch#61002",
    probable=True,
    advice="ignore it",
    of=("torch.utils.checkpoint.checkpoint",),
    when="use_reentrant",
    rarely="a machine without CUDA",
)
@pytest.mark.changed(
    "1.13",
    "no longer warns that device_type 'cuda' is disabled",
    kind="warning",
    cause="pytorch#79203",
    rarely="a machine without CUDA",
)
@pytest.mark.changed(
    "2.4",
    "warns that torch.cpu.amp.autocast, which checkpoint itself calls, is deprecated",
    kind="warning",
    cause="pytorch#126062",
    advice="ignore it: 2.5 no longer warns",
    unless=(),
)
@pytest.mark.changed(
    "2.5",
    "no longer warns that torch.cpu.amp.autocast is deprecated",
    kind="warning",
    cause="pytorch#127774",
    unless=(),
)
@pytest.mark.parametrize("reentrant", [True, False], ids=["reentrant", "other"])
def test_checkpoint_runs_the_function_again_in_backward(reentrant, snapshot):
    """``checkpoint`` runs its function again in backward, and gives the usual gradients.

    For 3 x² at 2 they are 12, and 4 for the weight. With ``use_reentrant=True`` the first run is
    without grad.
    """
    assert snapshot == observe(
        lambda: step(torch.tensor([2.0], requires_grad=True), use_reentrant=reentrant)
    )


@pytest.mark.api("torch.utils.checkpoint.checkpoint", page="checkpoint")
@pytest.mark.changed(
    "1.11",
    "checkpoint takes use_reentrant, and backward raises because the output has no graph",
    kind="exception",
    cause="pytorch#69508",
    advice="pass use_reentrant=False",
    when="use_reentrant=True",
    rarely="inputs that require no grad",
)
@pytest.mark.changed(
    "1.11",
    "warns that no input requires grad",
    kind="warning",
    cause="pytorch#69508",
    advice="pass use_reentrant=False",
    when="use_reentrant=True",
    rarely="inputs that require no grad",
)
def test_reentrant_checkpoint_of_an_input_without_grad_trains_nothing(snapshot):
    """With ``use_reentrant=True`` and no input that requires grad, backward raises.

    Trap: this happens to the first layer of a model, whose input is data. ``checkpoint`` warns, and
    the output has no graph.
    """
    assert snapshot == observe(lambda: step(torch.tensor([2.0]), use_reentrant=True))


@pytest.mark.api("torch.utils.checkpoint.checkpoint", page="checkpoint")
@pytest.mark.changed(
    "1.11",
    "checkpoint takes use_reentrant",
    kind="appeared",
    cause="pytorch#69508",
    when="use_reentrant",
)
@pytest.mark.changed(
    "1.11",
    "without CUDA it warns that device_type 'cuda' is disabled",
    kind="warning",
    cause="pytorch#61002",
    probable=True,
    advice="ignore it",
    when="use_reentrant",
    rarely="a machine without CUDA",
)
@pytest.mark.changed(
    "1.13",
    "no longer warns that device_type 'cuda' is disabled",
    kind="warning",
    cause="pytorch#79203",
    rarely="a machine without CUDA",
)
@pytest.mark.changed(
    "2.4",
    "warns that torch.cpu.amp.autocast, which checkpoint itself calls, is deprecated",
    kind="warning",
    cause="pytorch#126062",
    advice="ignore it: 2.5 no longer warns",
    unless=(),
)
@pytest.mark.changed(
    "2.5",
    "no longer warns that torch.cpu.amp.autocast is deprecated",
    kind="warning",
    cause="pytorch#127774",
    unless=(),
)
def test_checkpoint_that_is_not_reentrant_trains_the_first_layer(snapshot):
    """With ``use_reentrant=False``, ``checkpoint`` needs no input that requires grad."""
    assert snapshot == observe(lambda: step(torch.tensor([2.0]), use_reentrant=False))


@pytest.mark.api("torch.utils.checkpoint.checkpoint", page="checkpoint")
@pytest.mark.changed(
    "1.11",
    "checkpoint takes use_reentrant",
    kind="appeared",
    cause="pytorch#69508",
    when="use_reentrant",
)
@pytest.mark.changed(
    "1.11",
    "without CUDA it warns that device_type 'cuda' is disabled",
    kind="warning",
    cause="pytorch#61002",
    probable=True,
    advice="ignore it",
    when="use_reentrant",
    rarely="a machine without CUDA",
)
@pytest.mark.changed(
    "1.13",
    "no longer warns that device_type 'cuda' is disabled",
    kind="warning",
    cause="pytorch#79203",
    rarely="a machine without CUDA",
)
@pytest.mark.changed(
    "2.4",
    "warns that torch.cpu.amp.autocast, which checkpoint itself calls, is deprecated",
    kind="warning",
    cause="pytorch#126062",
    advice="ignore it: 2.5 no longer warns",
    unless=(),
)
@pytest.mark.changed(
    "2.4",
    "the message of the error names use_reentrant",
    kind="wording",
    cause="pytorch#125155",
)
@pytest.mark.changed(
    "2.5",
    "no longer warns that torch.cpu.amp.autocast is deprecated",
    kind="warning",
    cause="pytorch#127774",
    unless=(),
)
@pytest.mark.parametrize("reentrant", [True, False], ids=["reentrant", "other"])
def test_autograd_grad_through_a_checkpoint_works_unless_it_is_reentrant(reentrant, snapshot):
    """``torch.autograd.grad`` works through a checkpoint, unless ``use_reentrant=True``.

    A reentrant checkpoint supports only ``backward()``, and only without ``inputs``.
    """

    def act():
        function, _weight = tripled([])
        x = torch.tensor([2.0], requires_grad=True)
        return torch.autograd.grad(
            checkpointing.checkpoint(function, x, use_reentrant=reentrant).sum(), x
        )

    assert snapshot == observe(act)


@pytest.mark.api("torch.utils.checkpoint.checkpoint", page="checkpoint")
@pytest.mark.changed(
    "2.14", "without a function it returns a decorator", kind="error-gone", cause="pytorch#189411"
)
def test_checkpoint_without_a_function_decorates_one(snapshot):
    """``@checkpoint(use_reentrant=False)`` decorates a function, since 2.14."""

    def act():
        calls = []
        function, weight = tripled(calls)
        checkpointing.checkpoint(use_reentrant=False)(function)(
            torch.tensor([2.0])
        ).sum().backward()
        return {"weight": weight.grad, "calls": len(calls)}

    assert snapshot == observe(act)
