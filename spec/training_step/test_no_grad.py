"""``no_grad``: what it makes of an output, and what that output may do afterwards."""

import threading

import pytest
import torch

from fixtures.models import linear
from torch_history.observing import observe


def output_without_graph():
    with torch.no_grad():
        return linear([[2.0]])(torch.tensor([[3.0]]))


@pytest.mark.api("torch.no_grad", page="generated/torch.no_grad", article="E")
def test_output_under_no_grad_has_no_graph(snapshot):
    """What is computed under ``no_grad`` from parameters that require grad is a leaf that does not."""
    output = output_without_graph()
    assert snapshot == observe(
        lambda: {"output": output, "is_leaf": output.is_leaf, "grad_fn": output.grad_fn}
    )


@pytest.mark.api("torch.no_grad", page="generated/torch.no_grad", article="E")
def test_backward_from_an_output_of_no_grad_raises(snapshot):
    """There is no graph to go back through."""
    loss = output_without_graph().sum()
    assert snapshot == observe(lambda: loss.backward())


@pytest.mark.api("torch.no_grad", page="notes/autograd")
def test_output_of_no_grad_may_be_used_in_a_graph_afterwards(snapshot):
    """It is a constant like any other: another layer takes it as input and is trained by it."""
    output, head = output_without_graph(), linear([[5.0]])

    def act():
        head(output).sum().backward()
        return head.weight.grad

    assert snapshot == observe(act)


@pytest.mark.api("torch.no_grad", "torch.Tensor.requires_grad_", page="notes/autograd")
def test_output_of_no_grad_may_be_made_to_require_grad(snapshot):
    """``requires_grad_()`` makes it a leaf that gets a gradient of its own."""
    output = output_without_graph()

    def act():
        output.requires_grad_()
        (output * output).sum().backward()
        return output.grad

    assert snapshot == observe(act)


@pytest.mark.api("torch.no_grad", page="notes/autograd")
def test_output_of_no_grad_may_be_written_to_afterwards(snapshot):
    """An in-place change outside the block is allowed, and counted."""
    output = output_without_graph()
    assert snapshot == observe(lambda: {"written": output.add_(1.0), "version": output._version})


@pytest.mark.api("torch.no_grad", page="generated/torch.no_grad")
def test_leaf_made_under_no_grad_requires_grad_if_it_is_told_to(snapshot):
    """``no_grad`` is about results: a tensor made with ``requires_grad=True`` and a Parameter require grad all the same."""
    with torch.no_grad():
        made = {
            "tensor": torch.tensor([1.0], requires_grad=True),
            "parameter": torch.nn.Parameter(torch.tensor([1.0])),
        }
    assert snapshot == observe(lambda: {kind: leaf.requires_grad for kind, leaf in made.items()})


@pytest.mark.api("torch.no_grad", page="notes/autograd")
@pytest.mark.changed(
    "1.5",
    "the message says is being used instead of has been used",
    kind="wording",
    cause="pytorch#31990",
)
def test_writing_to_a_parameter_raises_outside_no_grad(snapshot):
    """A leaf that requires grad may not be written to where operations are recorded."""
    weight = linear([[2.0]]).weight
    assert snapshot == observe(lambda: weight.add_(1.0))


@pytest.mark.api("torch.no_grad", page="notes/autograd")
def test_writing_to_a_parameter_under_no_grad_leaves_it_a_leaf(snapshot):
    """Under ``no_grad`` it may: the parameter has its new value, requires grad and is a leaf."""
    weight = linear([[2.0]]).weight

    def act():
        with torch.no_grad():
            weight.add_(1.0)
        return {"weight": weight, "is_leaf": weight.is_leaf}

    assert snapshot == observe(act)


@pytest.mark.api("torch.no_grad", page="notes/autograd")
@pytest.mark.changed("2.11", "the message's hint passes check_nan=False", kind="wording")
def test_writing_under_no_grad_is_noticed_by_backward(snapshot):
    """``no_grad`` does not hide a write: what backward saved was changed, and it raises."""
    x = torch.tensor([2.0], requires_grad=True)
    loss = (x * x).sum()
    with torch.no_grad():
        x.add_(1.0)
    assert snapshot == observe(lambda: loss.backward())


@pytest.mark.api("torch.no_grad", page="notes/autograd")
@pytest.mark.changed(
    "1.5",
    "the message speaks of the view made in no_grad, not of the leaf",
    kind="wording",
    cause="pytorch#32839",
)
@pytest.mark.changed(
    "1.9",
    "the message says that it is forbidden, not that it will be from 1.6",
    kind="wording",
    cause="pytorch#56093",
)
@pytest.mark.changed("1.10", "the message speaks no longer of a warning", kind="wording")
def test_writing_outside_no_grad_to_a_view_made_within_raises(snapshot):
    """A view of a parameter made under ``no_grad`` may be written to there, and not where operations are recorded."""
    weight = linear([[2.0, 3.0]]).weight
    with torch.no_grad():
        row = weight[0]
        row.add_(1.0)
    assert torch.equal(weight, torch.tensor([[3.0, 4.0]]))
    assert snapshot == observe(lambda: row.add_(1.0))


@pytest.mark.api("torch.no_grad", page="generated/torch.no_grad")
def test_no_grad_decorates_a_function(snapshot):
    """``@torch.no_grad()`` runs each call of the function without recording, and recording goes on after it."""

    @torch.no_grad()
    def evaluate(model):
        return model(torch.tensor([[3.0]]))

    assert snapshot == observe(
        lambda: {"output": evaluate(linear([[2.0]])), "enabled after": torch.is_grad_enabled()}
    )


@pytest.mark.api("torch.no_grad", page="generated/torch.no_grad")
@pytest.mark.changed(
    "1.7",
    "the message is that of an __init__ of no_grad's own",
    kind="wording",
    cause="pytorch#41371",
)
@pytest.mark.changed(
    "2.1",
    "without parentheses it decorates the function",
    kind="error-gone",
    cause="pytorch#107086",
)
def test_no_grad_without_parentheses_decorates_a_function(snapshot):
    """``@torch.no_grad``, the parentheses forgotten, works as well."""

    def act():
        @torch.no_grad
        def evaluate(model):
            return model(torch.tensor([[3.0]]))

        return evaluate(linear([[2.0]]))

    assert snapshot == observe(act)


@pytest.mark.api("torch.no_grad", page="generated/torch.no_grad")
@pytest.mark.changed(
    "1.5",
    "nothing is recorded within the generator: before, no_grad ended when the generator was made",
    kind="silent",
    cause="pytorch#31792",
)
def test_decorated_generator_runs_without_recording(snapshot):
    """A generator under ``@torch.no_grad()`` records nothing between its yields; the code that loops over it does."""

    @torch.no_grad()
    def outputs(model):
        yield model(torch.tensor([[3.0]]))
        yield model(torch.tensor([[4.0]]))

    model = linear([[2.0]])

    def act():
        return [
            {"within": output.requires_grad, "in the loop": model(output).requires_grad}
            for output in outputs(model)
        ]

    assert snapshot == observe(act)


@pytest.mark.api("torch.no_grad", page="generated/torch.no_grad")
def test_no_grad_ends_when_its_block_raises(snapshot):
    """An exception leaves the block as its end does: recording goes on."""

    def act():
        with pytest.raises(ValueError):
            with torch.no_grad():
                raise ValueError
        return torch.is_grad_enabled()

    assert snapshot == observe(act)


@pytest.mark.api("torch.no_grad", page="generated/torch.no_grad")
def test_no_grad_does_not_reach_other_threads(snapshot):
    """The mode belongs to a thread: one that is started within the block records."""
    seen = []

    def act():
        with torch.no_grad():
            thread = threading.Thread(target=lambda: seen.append(torch.is_grad_enabled()))
            thread.start()
            thread.join()
            return {"this thread": torch.is_grad_enabled(), "the other": seen[0]}

    assert snapshot == observe(act)
