"""``no_grad``: what it does to an output, and how that output can be used afterwards.

An output computed under ``torch.no_grad`` is a leaf without a graph, even if parameters that
require grad went into it. Afterwards it can be the input of a layer that trains, be written to, or
be made to require grad. A parameter can be written to in place under ``no_grad`` and not outside
it. Backward still notices such a write to a tensor that it saved. ``no_grad`` applies to one
thread, and ends when an exception leaves its block.
"""

import threading

import pytest
import torch

from fixtures.models import linear
from torch_history.observing import observe, observe_each


def output_without_graph():
    with torch.no_grad():
        return linear([[2.0]])(torch.tensor([[3.0]]))


@pytest.mark.api("torch.no_grad", page="generated/torch.no_grad", article="E")
def test_output_under_no_grad_has_no_graph(snapshot):
    """An output computed under ``no_grad`` is a leaf that does not require grad.

    This holds even if it is computed from parameters that require grad.
    """
    output = output_without_graph()
    assert snapshot == observe(
        lambda: {"output": output, "is_leaf": output.is_leaf, "grad_fn": output.grad_fn}
    )


@pytest.mark.api("torch.no_grad", page="generated/torch.no_grad", article="E")
def test_backward_from_an_output_of_no_grad_raises(snapshot):
    """``backward()`` from an output of ``no_grad`` raises: there is no graph."""
    loss = output_without_graph().sum()
    assert snapshot == observe(lambda: loss.backward())


@pytest.mark.api("torch.no_grad", page="notes/autograd")
def test_output_of_no_grad_may_be_used_in_a_graph_afterwards(snapshot):
    """An output of ``no_grad`` can be the input of a layer that is trained.

    It is a constant there, like any data.
    """
    output, head = output_without_graph(), linear([[5.0]])

    def act():
        head(output).sum().backward()
        return head.weight.grad

    assert snapshot == observe(act)


@pytest.mark.api("torch.no_grad", "torch.Tensor.requires_grad_", page="notes/autograd")
def test_output_of_no_grad_may_be_made_to_require_grad(snapshot):
    """``requires_grad_()`` makes an output of ``no_grad`` a leaf that gets a gradient."""
    output = output_without_graph()

    def act():
        output.requires_grad_()
        (output * output).sum().backward()
        return output.grad

    assert snapshot == observe(act)


@pytest.mark.api("torch.no_grad", page="notes/autograd")
def test_output_of_no_grad_may_be_written_to_afterwards(snapshot):
    """An output of ``no_grad`` can be written to in place, which increases its version counter."""
    output = output_without_graph()
    assert snapshot == observe(lambda: {"written": output.add_(1.0), "version": output._version})


@pytest.mark.api("torch.no_grad", page="generated/torch.no_grad")
def test_leaf_made_under_no_grad_requires_grad_if_it_is_told_to(snapshot):
    """A leaf made under ``no_grad`` requires grad if asked: ``no_grad`` affects only results.

    This holds for a tensor made with ``requires_grad=True``, and for a Parameter.
    """
    with torch.no_grad():
        made = {
            "tensor": torch.tensor([1.0], requires_grad=True),
            "parameter": torch.nn.Parameter(torch.tensor([1.0])),
        }
    assert snapshot == observe(lambda: {kind: leaf.requires_grad for kind, leaf in made.items()})


@pytest.mark.api("torch.no_grad", page="notes/autograd")
def test_writing_to_a_parameter_under_no_grad_leaves_it_a_leaf(snapshot):
    """A parameter can be written to in place under ``no_grad``, and stays a leaf.

    It still requires grad.
    """
    weight = linear([[2.0]]).weight

    def act():
        with torch.no_grad():
            weight.add_(1.0)
        return {"weight": weight, "is_leaf": weight.is_leaf}

    assert snapshot == observe(act)


@pytest.mark.api("torch.no_grad", page="notes/autograd")
@pytest.mark.changed("2.11", "the message's hint passes check_nan=False", kind="wording")
def test_writing_under_no_grad_is_noticed_by_backward(snapshot):
    """Backward raises if a tensor that it saved was changed in place, even under ``no_grad``."""
    x = torch.tensor([2.0], requires_grad=True)
    loss = (x * x).sum()
    with torch.no_grad():
        x.add_(1.0)
    assert snapshot == observe(lambda: loss.backward())


@pytest.mark.api("torch.no_grad", page="generated/torch.no_grad")
def test_no_grad_decorates_a_function(snapshot):
    """``@torch.no_grad()`` runs each call of a function without recording.

    Recording is on again after the call.
    """

    @torch.no_grad()
    def evaluate(model):
        return model(torch.tensor([[3.0]]))

    assert snapshot == observe(
        lambda: {"output": evaluate(linear([[2.0]])), "enabled after": torch.is_grad_enabled()}
    )


@pytest.mark.api("torch.no_grad", page="generated/torch.no_grad")
@pytest.mark.changed(
    "1.7",
    "the message comes from an __init__ that no_grad now defines",
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
    """``@torch.no_grad`` without parentheses decorates a function, since 2.1."""

    def act():
        @torch.no_grad
        def evaluate(model):
            return model(torch.tensor([[3.0]]))

        return evaluate(linear([[2.0]]))

    assert snapshot == observe(act)


@pytest.mark.api("torch.no_grad", "torch.enable_grad", page="generated/torch.no_grad")
@pytest.mark.changed(
    "1.5",
    "nothing is recorded within the generator, where no_grad ended before its first yield",
    kind="silent",
    cause="pytorch#31792",
    advice="remove @torch.no_grad() from the generator to record within it",
    restored_by="training_step.generator_without_no_grad_records_between_its_yields",
    when=":generator",
)
def test_decorated_generator_runs_without_recording(snapshot):
    """Since 1.5 a generator under ``@torch.no_grad()`` records nothing between its yields.

    The code that loops over the generator does record.
    """

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
def test_generator_without_no_grad_records_between_its_yields(snapshot):
    """A generator without ``@torch.no_grad()`` records between its yields, as its loop does."""

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
    """``no_grad`` ends when an exception leaves its block, and recording continues."""

    def block():
        with torch.no_grad():
            raise ValueError("left")

    assert snapshot == observe_each({"block": block, "recording": torch.is_grad_enabled})


@pytest.mark.api("torch.no_grad", page="generated/torch.no_grad")
def test_no_grad_does_not_reach_other_threads(snapshot):
    """``no_grad`` applies to one thread: a thread that is started within the block records."""
    seen = []

    def act():
        with torch.no_grad():
            thread = threading.Thread(target=lambda: seen.append(torch.is_grad_enabled()))
            thread.start()
            thread.join()
            return {"this thread": torch.is_grad_enabled(), "the other": seen[0]}

    assert snapshot == observe(act)
