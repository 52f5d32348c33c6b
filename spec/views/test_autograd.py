"""Gradients flow through views, and autograd records in-place writes to them.

A gradient arrives in the base of a view in the shape of the base. An in-place write to a view of a
non-leaf is recorded in the graph. A write to the base counts for views that were made before. A
view and its base share one version counter, so backward raises if a tensor that it needs was
changed through a view.

Three kinds of views refuse an in-place write. Since 1.8 a view of a leaf that requires grad raises
at the write; under ``torch.no_grad`` it can be written to. A view that was made under
``torch.no_grad`` raises outside the block. The views that ``torch.Tensor.unbind`` and
``torch.Tensor.split`` return raise since 1.5 and 1.9: write to an index or to
``torch.Tensor.narrow`` instead.
"""

import pytest
import torch

from torch_history.observing import observe


def leaf():
    return torch.tensor([1.0, 2.0, 3.0, 4.0], requires_grad=True)


@pytest.mark.api("torch.Tensor.view", page="notes/autograd", article="C")
def test_gradient_through_a_view_has_the_shape_of_the_base(snapshot):
    """A gradient that flows through ``x.view(2, 2)`` arrives in ``x.grad`` in the shape of x."""
    x = leaf()
    (x.view(2, 2) * torch.tensor([[10.0, 20.0], [30.0, 40.0]])).sum().backward()
    assert snapshot == observe(lambda: x.grad)


@pytest.mark.api("torch.Tensor.reshape", page="notes/autograd", article="C")
def test_gradient_flows_through_the_copy_of_a_reshape(snapshot):
    """A gradient also flows back through the copy that ``reshape`` makes of a transposed tensor.

    The copy has the order 1, 3, 2, 4; its gradient 10, 20, 30, 40 arrives in x as 10, 30, 20, 40.
    """
    x = leaf()
    copy = x.view(2, 2).t().reshape(4)
    assert copy.data_ptr() != x.data_ptr()
    (copy * torch.tensor([10.0, 20.0, 30.0, 40.0])).sum().backward()
    assert snapshot == observe(lambda: x.grad)


@pytest.mark.api("torch.Tensor.view", page="notes/autograd", article="C")
@pytest.mark.changed(
    "1.8",
    "raises at the write, where only backward raised before",
    kind="error",
    cause="pytorch#46204",
    advice="write under torch.no_grad()",
    restored_by="views.view_of_a_leaf_takes_a_write_under_no_grad",
    rarely="a leaf whose view is written to",
)
def test_write_to_a_view_of_a_leaf_raises(snapshot):
    """An in-place write to a view of a leaf that requires grad raises, as a write to the leaf does.

    Before 1.8 the write passed, and only backward raised.
    """
    x = leaf()
    with pytest.raises(RuntimeError):
        x.add_(1.0)
    assert snapshot == observe(lambda: x.view(2, 2).add_(1.0))


@pytest.mark.api("torch.Tensor.view", "torch.no_grad", page="generated/torch.no_grad")
def test_view_of_a_leaf_takes_a_write_under_no_grad(snapshot):
    """A view made before a ``no_grad`` block, even of a leaf, can be written to in the block."""
    view = leaf().view(2, 2)

    def act():
        with torch.no_grad():
            return view.add_(1.0)

    assert snapshot == observe(act)


@pytest.mark.api("torch.Tensor.view", "torch.no_grad", page="generated/torch.no_grad")
def test_write_to_a_view_of_a_leaf_under_no_grad_changes_the_leaf(snapshot):
    """Under ``no_grad`` a view of a leaf can be written to: the leaf gets the new values.

    The leaf stays a leaf that requires grad.
    """
    x = leaf()

    def act():
        with torch.no_grad():
            x.view(2, 2)[0] = torch.tensor([10.0, 20.0])
        return {"x": x, "is_leaf": x.is_leaf}

    assert snapshot == observe(act)


@pytest.mark.api("torch.Tensor.view", "torch.no_grad", page="notes/autograd")
@pytest.mark.changed(
    "1.5",
    "the message names the view made in no_grad mode, not a leaf",
    kind="wording",
    cause="pytorch#32839",
)
@pytest.mark.changed(
    "1.9",
    "the message calls it forbidden instead of deprecated",
    kind="wording",
    cause="pytorch#56093",
)
@pytest.mark.changed(
    "1.10",
    "the message no longer calls itself a warning",
    kind="wording",
    cause="pytorch#58285",
    probable=True,
)
def test_write_to_a_view_made_under_no_grad_raises(snapshot):
    """An in-place write to a view that was made under ``no_grad`` raises outside the block.

    Autograd cannot know whether it should record the write.
    """
    x = leaf()
    y = x * 1.0
    with torch.no_grad():
        view = y.view(2, 2)
    assert snapshot == observe(lambda: view.mul_(x.view(2, 2)).detach())


@pytest.mark.api("torch.Tensor.view", page="notes/autograd")
def test_write_to_a_view_of_a_non_leaf_enters_the_gradient(snapshot):
    """An in-place write to a view of a non-leaf is recorded in the graph of the non-leaf.

    Four numbers are viewed as two rows, and the first row is tripled: the gradient of their sum is
    3, 3, 1, 1.
    """
    x = leaf()
    y = x * 1.0
    y.view(2, 2)[0].mul_(3.0)
    y.sum().backward()
    assert snapshot == observe(lambda: {"y": y.detach(), "gradient": x.grad})


@pytest.mark.api("torch.Tensor.view", page="notes/autograd")
def test_write_to_the_base_enters_the_gradient_of_its_view(snapshot):
    """An in-place write to a base enters the gradient of a view that was made before the write.

    After the base is tripled, the view has a new ``grad_fn``, and the gradient through the view is
    3 everywhere.
    """
    x = leaf()
    y = x * 1.0
    view = y.view(2, 2)
    before = view.grad_fn
    y.mul_(3.0)
    renewed = view.grad_fn is not before
    view.sum().backward()
    assert snapshot == observe(lambda: {"grad_fn made anew": renewed, "gradient": x.grad})


@pytest.mark.api("torch.Tensor.view", page="notes/autograd")
def test_write_of_a_tracked_value_into_a_view_makes_the_base_require_grad(snapshot):
    """Writing a value that requires grad into a view makes the base of the view require grad.

    A gradient of the base then flows back to the written value.
    """
    x, base = leaf(), torch.zeros(4)
    base.view(2, 2)[1] = 5.0 * x[:2]
    requires_grad = base.requires_grad
    base.sum().backward()
    assert snapshot == observe(
        lambda: {"base": base.detach(), "requires_grad": requires_grad, "gradient": x.grad}
    )


@pytest.mark.api("torch.Tensor.unbind", page="tensor_view")
@pytest.mark.changed(
    "1.5",
    "raises: a view that unbind returns cannot be written to in place",
    kind="error",
    cause="pytorch#31990",
    advice="write to an index, as in y[0].mul_(3.0), or compute out of place",
    restored_by="views.write_to_an_index_enters_the_gradient",
    rarely="a result that is written to in place",
)
@pytest.mark.changed(
    "1.10",
    "the message calls the node UnbindBackward0",
    kind="wording",
    cause="pytorch#64261",
    probable=True,
)
@pytest.mark.changed(
    "2.13",
    "the message calls the node Unbind",
    kind="wording",
    cause="pytorch#180383",
)
def test_write_to_one_of_several_views_raises(snapshot):
    """Since 1.5 an in-place write to one of the views that ``unbind`` returns raises.

    According to the message, this applies to every function that returns several views.
    """
    x = leaf()
    y = x * 1.0

    def act():
        y.unbind()[0].mul_(3.0)
        y.sum().backward()
        return x.grad

    assert snapshot == observe(act)


@pytest.mark.api("torch.Tensor.__getitem__", page="tensor_view")
def test_write_to_an_index_enters_the_gradient(snapshot):
    """An in-place write to an index, as in ``y[0].mul_(3.0)``, is recorded in the graph.

    The gradient of the sum of four numbers is then 3, 1, 1, 1.
    """
    x = leaf()
    y = x * 1.0

    def act():
        y[0].mul_(3.0)
        y.sum().backward()
        return x.grad

    assert snapshot == observe(act)


@pytest.mark.api("torch.Tensor.split", "torch.Tensor.chunk", page="tensor_view")
@pytest.mark.changed(
    "1.7",
    "warns that such writes will be forbidden, and the gradient is right: 3, 3, 1, 1 instead of "
    "1, 1, 1, 1",
    kind="warning",
    cause="pytorch#41567",
    rarely="a part that is written to in place",
)
@pytest.mark.changed(
    "1.9",
    "raises, as the warning of 1.7 announced",
    kind="error",
    cause="pytorch#56093",
    advice="write to y.narrow(0, 0, 2) or to y[:2], or compute out of place",
    restored_by="views.write_to_a_narrowed_part_enters_the_gradient",
    rarely="a part that is written to in place",
)
@pytest.mark.changed(
    "1.10",
    "the message calls the node SplitBackward0",
    kind="wording",
    cause="pytorch#64261",
    probable=True,
)
@pytest.mark.changed(
    "1.10",
    "the message has the text of unbind's message",
    kind="wording",
    cause="pytorch#58285",
)
@pytest.mark.changed(
    "2.13",
    "the message calls the node Split",
    kind="wording",
    cause="pytorch#180383",
)
def test_write_to_a_part_of_a_split_raises(snapshot):
    """Since 1.9 an in-place write to a part that ``split`` returns raises.

    Use ``narrow`` or an index. Here the first two of four numbers are tripled, so the gradient of
    the sum should be 3, 3, 1, 1. Before 1.7 it was 1, 1, 1, 1, which is wrong. On 1.7 and 1.8 it
    was right, with a warning.
    """
    x = leaf()
    y = x * 1.0

    def act():
        y.split(2)[0].mul_(3.0)
        y.sum().backward()
        return x.grad

    assert snapshot == observe(act)


@pytest.mark.api("torch.Tensor.narrow", page="generated/torch.Tensor.narrow")
def test_write_to_a_narrowed_part_enters_the_gradient(snapshot):
    """An in-place write to a part that ``narrow`` returns is recorded in the graph.

    After the first two of four numbers are tripled, the gradient of the sum is 3, 3, 1, 1.
    """
    x = leaf()
    y = x * 1.0
    y.narrow(0, 0, 2).mul_(3.0)
    y.sum().backward()
    assert snapshot == observe(lambda: x.grad)


@pytest.mark.api("torch.Tensor.view", page="notes/autograd")
def test_write_to_a_view_counts_in_the_version_of_its_base(snapshot):
    """A view and its base share one version counter: one write to each makes it 2 for both."""
    x = torch.zeros(4)
    view = x.view(2, 2)
    view.add_(1.0)
    x.add_(1.0)
    assert snapshot == observe(lambda: {"x": x._version, "view": view._version})


@pytest.mark.api("torch.Tensor.view", page="notes/autograd")
@pytest.mark.changed(
    "1.10",
    "the message calls the node ExpBackward0",
    kind="wording",
    cause="pytorch#64261",
    probable=True,
)
@pytest.mark.changed(
    "2.11",
    "the message's hint passes check_nan=False",
    kind="wording",
)
@pytest.mark.changed(
    "2.13",
    "the message calls the node Exp",
    kind="wording",
    cause="pytorch#180383",
)
def test_write_to_a_view_of_a_saved_tensor_makes_backward_raise(snapshot):
    """Backward raises if a tensor that it needs was changed through a view.

    ``exp`` saves its result for backward; the write to the view changes its version.
    """
    y = leaf().exp()
    y.view(2, 2)[0] = 0.0
    assert snapshot == observe(lambda: y.sum().backward())
