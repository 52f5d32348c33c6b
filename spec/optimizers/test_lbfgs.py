"""LBFGS, the optimizer that calls its closure several times in a step."""

import pytest
import torch

from fixtures.references import parameter
from torch_history.observing import observe


def minimized(start, loss, **settings):
    """One step of LBFGS over one parameter: where it is, the loss that ``step`` returned, and how often it asked for a loss."""
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
    "warns that a tensor that requires gradients became a number, in 2.8 alone: LBFGS itself converts the loss",
    kind="warning",
    cause="pytorch#143261",
    advice="ignore the warning",
)
@pytest.mark.changed("2.9", "LBFGS no longer warns", kind="warning", cause="pytorch#160389")
def test_lbfgs_finds_the_bottom_of_a_parabola_in_one_step(snapshot):
    """From 1 to 3 by three evaluations; ``step`` returns the loss before the first of them, 4, not the one that it reached."""
    assert snapshot == observe(lambda: minimized([1.0], bowl))


@pytest.mark.api("torch.optim.LBFGS", page="generated/torch.optim.LBFGS")
def test_lbfgs_first_move_is_no_longer_than_lr(snapshot):
    """The first direction is scaled to lr at most: with lr 0.5 and ``max_iter=1``, from 1 to 1.5, though the slope is -4."""
    assert snapshot == observe(lambda: minimized([1.0], bowl, lr=0.5, max_iter=1))


@pytest.mark.api("torch.optim.LBFGS", page="generated/torch.optim.LBFGS")
def test_lbfgs_without_a_closure_raises(snapshot):
    """``optimizer.step()``, as for every other optimizer, is a TypeError."""
    assert snapshot == observe(lambda: torch.optim.LBFGS([parameter([1.0])]).step())


@pytest.mark.api("torch.optim.LBFGS", page="generated/torch.optim.LBFGS")
def test_lbfgs_takes_one_group_only(snapshot):
    """Options for each group are refused."""
    assert snapshot == observe(
        lambda: torch.optim.LBFGS([{"params": [parameter([1.0])]}, {"params": [parameter([2.0])]}])
    )


@pytest.mark.api("torch.optim.LBFGS", page="generated/torch.optim.LBFGS")
def test_lbfgs_knows_one_line_search(snapshot):
    """Another name than "strong_wolfe" is refused by the step, not by the constructor."""
    assert snapshot == observe(lambda: minimized([1.0], bowl, line_search_fn="armijo"))


@pytest.mark.api("torch.optim.LBFGS", page="generated/torch.optim.LBFGS")
@pytest.mark.changed("2.14", "LBFGS takes maximize", kind="api-appeared", cause="pytorch#187309")
def test_lbfgs_maximizes(snapshot):
    """``maximize=True`` climbs from 1 to 3, the top of -(w - 3)²."""
    assert snapshot == observe(lambda: minimized([1.0], lambda w: -bowl(w), maximize=True))


@pytest.mark.api("torch.optim.LBFGS", page="generated/torch.optim.LBFGS")
@pytest.mark.changed(
    "1.5",
    "the message for complex numbers is shorter: there is no tensor of them yet",
    kind="wording",
)
@pytest.mark.changed("1.6", "complex tensors can be made; the message blames sign", kind="wording")
@pytest.mark.changed(
    "1.7",
    "abs of complex numbers has a gradient; the message blames a comparison",
    kind="wording",
    cause="pytorch#39955",
    probable=True,
)
@pytest.mark.changed(
    "2.3", "LBFGS takes complex parameters", kind="error-gone", cause="pytorch#118184"
)
@pytest.mark.changed(
    "2.8",
    "warns that a tensor that requires gradients became a number, in 2.8 alone: LBFGS itself converts the loss",
    kind="warning",
    cause="pytorch#143261",
    advice="ignore the warning",
)
@pytest.mark.changed("2.9", "LBFGS no longer warns", kind="warning", cause="pytorch#160389")
def test_lbfgs_minimizes_a_complex_parameter(snapshot):
    """|w|² of a complex parameter ends near 0."""

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
@pytest.mark.changed("1.5", "the message is shorter", kind="wording")
@pytest.mark.changed(
    "1.6",
    "torch.cat promotes: parameters of two dtypes are taken",
    kind="error-gone",
    cause="pytorch#35030",
    probable=True,
)
def test_lbfgs_takes_parameters_of_two_dtypes(snapshot):
    """A float32 and a float64 parameter are joined into one float64 vector."""

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
    """A group without parameters is built, and its step returns the closure's loss."""
    assert snapshot == observe(
        lambda: torch.optim.LBFGS([{"params": []}]).step(lambda: torch.tensor(2.0))
    )


@pytest.mark.api("torch.optim.LBFGS", page="generated/torch.optim.LBFGS")
def test_lbfgs_keeps_all_its_state_with_the_first_parameter(snapshot):
    """The state dict has one entry, 0, for any number of parameters: history as flat vectors over all of them."""

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
