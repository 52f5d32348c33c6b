"""``set_grad_enabled`` and ``enable_grad``: how long they hold, and how they nest."""

import pytest
import torch

from fixtures.models import linear
from torch_history.observing import observe


@pytest.fixture(autouse=True)
def grad_enabled_afterwards():
    """These behaviours leave the mode changed where they show how long it holds."""
    yield
    torch.set_grad_enabled(True)


def records():
    """Whether a forward pass gives an output with a graph."""
    return linear([[2.0]])(torch.tensor([[3.0]])).requires_grad


@pytest.mark.api("torch.set_grad_enabled", page="generated/torch.set_grad_enabled")
def test_set_grad_enabled_as_a_function_holds_until_it_is_called_again(snapshot):
    """``torch.set_grad_enabled(False)`` as a statement has no end of its own."""

    def act():
        torch.set_grad_enabled(False)
        off = records()
        torch.set_grad_enabled(True)
        return {"after False": off, "after True": records()}

    assert snapshot == observe(act)


@pytest.mark.api("torch.set_grad_enabled", page="generated/torch.set_grad_enabled")
def test_set_grad_enabled_as_a_block_ends_with_it(snapshot):
    """``with torch.set_grad_enabled(train):`` takes a flag, and gives the former mode back at its end."""

    def act():
        seen = {}
        for train in (True, False):
            with torch.set_grad_enabled(train):
                seen[f"within {train}"] = records()
            seen[f"after {train}"] = records()
        return seen

    assert snapshot == observe(act)


@pytest.mark.api("torch.set_grad_enabled", page="generated/torch.set_grad_enabled")
def test_set_grad_enabled_takes_effect_when_it_is_made(snapshot):
    """The mode changes when the object is made, before ``with`` enters it: make it in the ``with`` statement itself."""

    def act():
        block = torch.set_grad_enabled(False)
        made = records()
        with block:
            within = records()
        return {"made": made, "within": within, "after": records()}

    assert snapshot == observe(act)


@pytest.mark.api("torch.set_grad_enabled", page="generated/torch.set_grad_enabled")
@pytest.mark.changed(
    "1.11",
    "set_grad_enabled decorates a function, and turns the mode everywhere when it does",
    kind="error-gone",
    cause="pytorch#68617",
    probable=True,
    advice="put a with statement into the function",
)
@pytest.mark.changed(
    "2.2",
    "defining the function no longer switches recording off for all that follows",
    kind="silent",
    cause="pytorch#113359",
    advice="where the whole program was meant, call torch.set_grad_enabled(False) as a statement",
)
def test_set_grad_enabled_as_a_decorator_holds_within_the_function_alone(snapshot):
    """``@torch.set_grad_enabled(False)`` is in force while the function runs: defining it changes nothing."""

    def act():
        @torch.set_grad_enabled(False)
        def evaluate():
            return records()

        return {"defined": records(), "within": evaluate(), "after": records()}

    assert snapshot == observe(act)


@pytest.mark.api("torch.enable_grad", page="generated/torch.enable_grad")
def test_enable_grad_records_within_no_grad(snapshot):
    """Blocks nest: the innermost decides, and each gives back the mode it found."""

    def act():
        with torch.no_grad():
            with torch.enable_grad():
                within = records()
            after = records()
        return {"enable_grad in no_grad": within, "no_grad again": after, "after both": records()}

    assert snapshot == observe(act)


@pytest.mark.api("torch.enable_grad", page="generated/torch.enable_grad")
def test_enable_grad_does_not_bring_back_a_graph_that_was_not_recorded(snapshot):
    """Recording starts anew: through what was computed under ``no_grad`` no gradient flows to the layer below."""
    below, above = linear([[2.0]]), linear([[5.0]])

    def act():
        with torch.no_grad():
            hidden = below(torch.tensor([[3.0]]))
            with torch.enable_grad():
                above(hidden).sum().backward()
        return {"below": below.weight.grad, "above": above.weight.grad}

    assert snapshot == observe(act)
