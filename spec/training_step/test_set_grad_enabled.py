"""``set_grad_enabled`` and ``enable_grad``: how long they apply, and how they nest.

``torch.set_grad_enabled`` takes a flag, and changes the mode as soon as it is called. As a
statement it applies until the next call, and in a ``with`` statement until the end of the block.
Since 1.11 it also decorates a function; up to 2.1, defining that function switched recording off
for all later code. Blocks nest, and the innermost one decides: ``enable_grad`` records within
``no_grad``. It does not restore a graph that was not recorded.
"""

import pytest
import torch

from fixtures.models import linear
from torch_history.observing import observe


@pytest.fixture(autouse=True)
def grad_enabled_afterwards():
    """Some tests leave the mode changed, to show how long it applies."""
    yield
    torch.set_grad_enabled(True)


def records():
    """Whether a forward pass gives an output with a graph."""
    return linear([[2.0]])(torch.tensor([[3.0]])).requires_grad


@pytest.mark.api("torch.set_grad_enabled", page="generated/torch.set_grad_enabled")
def test_set_grad_enabled_as_a_function_holds_until_it_is_called_again(snapshot):
    """``torch.set_grad_enabled(False)`` as a statement applies until the next call."""

    def act():
        torch.set_grad_enabled(False)
        off = records()
        torch.set_grad_enabled(True)
        return {"after False": off, "after True": records()}

    assert snapshot == observe(act)


@pytest.mark.api("torch.set_grad_enabled", page="generated/torch.set_grad_enabled")
def test_set_grad_enabled_as_a_block_ends_with_it(snapshot):
    """``with torch.set_grad_enabled(train):`` restores the former mode at the end of its block.

    It takes a flag, so that one block serves training and evaluation.
    """

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
    """``set_grad_enabled`` changes the mode when it is created, before ``with`` enters it.

    Trap: create it in the ``with`` statement itself.
    """

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
    "set_grad_enabled decorates a function, and changes the mode of the whole program when it does",
    kind="error-gone",
    cause="pytorch#68617",
    probable=True,
    advice="write a with statement inside the function",
    when=":decorator",
)
@pytest.mark.changed(
    "2.2",
    "defining the function no longer switches recording off for all later code",
    kind="silent",
    cause="pytorch#113359",
    advice="call torch.set_grad_enabled(False) as a statement to switch "
    "it off in the whole program",
    restored_by="training_step.set_grad_enabled_as_a_statement_reaches_later_functions",
    when=":decorator and mode@0=False",
)
def test_set_grad_enabled_as_a_decorator_holds_within_the_function_alone(snapshot):
    """``@torch.set_grad_enabled(False)`` applies only while the decorated function runs.

    On 1.11 to 2.1, defining the function switched recording off for all code after it.
    """

    def act():
        @torch.set_grad_enabled(False)
        def evaluate():
            return records()

        return {"defined": records(), "within": evaluate(), "after": records()}

    assert snapshot == observe(act)


@pytest.mark.api("torch.set_grad_enabled", page="generated/torch.set_grad_enabled")
def test_set_grad_enabled_as_a_statement_reaches_later_functions(snapshot):
    """``torch.set_grad_enabled(False)`` as a statement applies to all later code.

    It applies within functions that are defined after it, and after their calls.
    """

    def act():
        torch.set_grad_enabled(False)

        def evaluate():
            return records()

        return {"defined": records(), "within": evaluate(), "after": records()}

    assert snapshot == observe(act)


@pytest.mark.api("torch.enable_grad", page="generated/torch.enable_grad")
def test_enable_grad_records_within_no_grad(snapshot):
    """``enable_grad`` records within ``no_grad``: the innermost block decides.

    Each block restores the mode that it found.
    """

    def act():
        with torch.no_grad():
            with torch.enable_grad():
                within = records()
            after = records()
        return {"enable_grad in no_grad": within, "no_grad again": after, "after both": records()}

    assert snapshot == observe(act)


@pytest.mark.api("torch.enable_grad", page="generated/torch.enable_grad")
def test_enable_grad_does_not_bring_back_a_graph_that_was_not_recorded(snapshot):
    """``enable_grad`` does not restore a graph that ``no_grad`` did not record.

    No gradient flows through a result of ``no_grad`` to the layer below it.
    """
    below, above = linear([[2.0]]), linear([[5.0]])

    def act():
        with torch.no_grad():
            hidden = below(torch.tensor([[3.0]]))
            with torch.enable_grad():
                above(hidden).sum().backward()
        return {"below": below.weight.grad, "above": above.weight.grad}

    assert snapshot == observe(act)
