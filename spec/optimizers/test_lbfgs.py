"""LBFGS, the optimizer that calls its closure several times in a step.

``torch.optim.LBFGS`` needs a closure that computes the loss and the gradients. On a parabola one
step calls it three times and finds the bottom, but returns the loss of the first call. LBFGS takes
one parameter group only, and keeps all its state with the first parameter. It accepts complex
parameters since 2.3, and an empty group and ``maximize`` since 2.14.
"""

import pytest
import torch

from fixtures.references import parameter
from torch_history.observing import observe


def minimized(start, loss, **settings):
    """One step of LBFGS: the parameter, the loss that ``step`` returned, the number of calls."""
    w, asked = parameter(start), []
    optimizer = torch.optim.LBFGS([w], **settings)

    def closure():
        optimizer.zero_grad()
        value = loss(w)
        value.backward()
        asked.append(value.item())
        return value

    returned = optimizer.step(closure)
    return {"w": w.detach(), "returned": returned.detach(), "calls": len(asked)}


def bowl(w):
    """(w - 3)²: least at 3."""
    return ((w - 3) ** 2).sum()


@pytest.mark.api("torch.optim.LBFGS", page="generated/torch.optim.LBFGS")
@pytest.mark.changed(
    "2.8",
    "warns, in 2.8 only, that a tensor that requires grad becomes a number: LBFGS itself converts "
    "the loss",
    kind="warning",
    cause="pytorch#143261",
    advice="ignore the warning",
    unless=(),
)
@pytest.mark.changed(
    "2.9", "LBFGS no longer warns", kind="warning", cause="pytorch#160389", unless=()
)
def test_lbfgs_finds_the_bottom_of_a_parabola_in_one_step(snapshot):
    """One step of LBFGS calls its closure three times and finds the bottom of a parabola.

    It goes from 1 to 3. ``step`` returns the loss of the first call, 4, not the loss that it
    reached.
    """
    assert snapshot == observe(lambda: minimized([1.0], bowl))


@pytest.mark.api("torch.optim.LBFGS", page="generated/torch.optim.LBFGS")
def test_lbfgs_first_move_is_no_longer_than_lr(snapshot):
    """The first move of LBFGS is at most lr long.

    With lr 0.5 and ``max_iter=1`` it goes from 1 to 1.5, although the slope is -4.
    """
    assert snapshot == observe(lambda: minimized([1.0], bowl, lr=0.5, max_iter=1))


@pytest.mark.api("torch.optim.LBFGS", page="generated/torch.optim.LBFGS")
def test_lbfgs_without_a_closure_raises(snapshot):
    """``LBFGS.step()`` without a closure raises a TypeError, unlike other optimizers' ``step``."""
    assert snapshot == observe(lambda: torch.optim.LBFGS([parameter([1.0])]).step())


@pytest.mark.api("torch.optim.LBFGS", page="generated/torch.optim.LBFGS")
def test_lbfgs_takes_one_group_only(snapshot):
    """LBFGS refuses more than one parameter group: all parameters have the same options."""
    assert snapshot == observe(
        lambda: torch.optim.LBFGS([{"params": [parameter([1.0])]}, {"params": [parameter([2.0])]}])
    )


@pytest.mark.api("torch.optim.LBFGS", page="generated/torch.optim.LBFGS")
def test_lbfgs_knows_one_line_search(snapshot):
    """LBFGS refuses any ``line_search_fn`` but "strong_wolfe".

    The step raises, not the constructor.
    """
    assert snapshot == observe(lambda: minimized([1.0], bowl, line_search_fn="armijo"))


@pytest.mark.api("torch.optim.LBFGS", page="generated/torch.optim.LBFGS")
@pytest.mark.changed("2.14", "LBFGS takes maximize", kind="appeared", cause="pytorch#187309")
def test_lbfgs_maximizes(snapshot):
    """``LBFGS(maximize=True)`` climbs from 1 to 3, the top of -(w - 3)²."""
    assert snapshot == observe(lambda: minimized([1.0], lambda w: -bowl(w), maximize=True))


@pytest.mark.api("torch.optim.LBFGS", page="generated/torch.optim.LBFGS")
@pytest.mark.changed(
    "1.5",
    "the message is shorter: complex tensors cannot be made yet",
    kind="wording",
    cause="pytorch#35579",
)
@pytest.mark.changed(
    "1.6",
    "the message names sign: complex tensors can be made",
    kind="wording",
    cause="pytorch#33361",
    probable=True,
)
@pytest.mark.changed(
    "1.7",
    "the message names a comparison: abs of complex numbers has a gradient",
    kind="wording",
    cause="pytorch#39955",
    probable=True,
)
@pytest.mark.changed(
    "2.3",
    "LBFGS takes complex parameters",
    kind="error-gone",
    cause="pytorch#118184",
)
@pytest.mark.changed(
    "2.8",
    "warns, in 2.8 only, that a tensor that requires grad becomes a number: LBFGS itself converts "
    "the loss",
    kind="warning",
    cause="pytorch#143261",
    advice="ignore the warning",
    unless=(),
)
@pytest.mark.changed(
    "2.9", "LBFGS no longer warns", kind="warning", cause="pytorch#160389", unless=()
)
def test_lbfgs_minimizes_a_complex_parameter(snapshot):
    """LBFGS minimizes |w|² of a complex parameter to near 0, since 2.3."""

    def act():
        w = torch.nn.Parameter(torch.tensor([3 + 4j]))
        optimizer = torch.optim.LBFGS([w])

        def closure():
            optimizer.zero_grad()
            value = (w.abs() ** 2).sum()
            value.backward()
            return value

        optimizer.step(closure)
        return bool(w.detach().abs().max() < 1e-3)

    assert snapshot == observe(act)


@pytest.mark.api("torch.optim.LBFGS", page="generated/torch.optim.LBFGS")
@pytest.mark.changed(
    "1.5", "the message writes the dtypes in lower case, and names no argument", kind="wording"
)
@pytest.mark.changed(
    "1.6",
    "torch.cat promotes dtypes: parameters of two dtypes are accepted",
    kind="error-gone",
    cause="pytorch#35030",
    probable=True,
)
def test_lbfgs_takes_parameters_of_two_dtypes(snapshot):
    """LBFGS joins a float32 and a float64 parameter into one float64 vector, since 1.6."""

    def act():
        single, double = parameter([1.0]), parameter([1.0], torch.float64)
        optimizer = torch.optim.LBFGS([single, double], lr=0.5, max_iter=1)

        def closure():
            optimizer.zero_grad()
            value = bowl(single).double() + bowl(double)
            value.backward()
            return value

        optimizer.step(closure)
        return {"single": single.detach(), "double": double.detach()}

    assert snapshot == observe(act)


@pytest.mark.api("torch.optim.LBFGS", page="generated/torch.optim.LBFGS")
@pytest.mark.changed(
    "2.14", "LBFGS takes an empty group", kind="error-gone", cause="pytorch#191666"
)
def test_lbfgs_over_an_empty_group_does_nothing(snapshot):
    """LBFGS over an empty group returns the closure's loss and does nothing else, since 2.14."""
    assert snapshot == observe(
        lambda: torch.optim.LBFGS([{"params": []}]).step(lambda: torch.tensor(2.0))
    )


@pytest.mark.api("torch.optim.LBFGS", page="generated/torch.optim.LBFGS")
def test_lbfgs_keeps_all_its_state_with_the_first_parameter(snapshot):
    """LBFGS keeps all its state in entry 0 of the state dict, for any number of parameters.

    The history consists of flat vectors over all parameters.
    """

    def act():
        first, second = parameter([1.0]), parameter([2.0, 3.0])
        optimizer = torch.optim.LBFGS([first, second], max_iter=1)

        def closure():
            optimizer.zero_grad()
            value = bowl(first) + bowl(second)
            value.backward()
            return value

        optimizer.step(closure)
        state = optimizer.state_dict()["state"]
        entry = next(iter(state.values()))
        return {"entries": len(state), "keys": sorted(entry), "shape of d": list(entry["d"].shape)}

    assert snapshot == observe(act)
