"""Views and autograd: gradients through them, and in-place writes to them."""

import pytest
import torch

from torch_history.observing import observe


def leaf():
    return torch.tensor([1.0, 2.0, 3.0, 4.0], requires_grad=True)


@pytest.mark.api("torch.Tensor.view", page="notes/autograd", article="C")
def test_gradient_through_a_view_has_the_shape_of_the_base(snapshot):
    """The gradient of ``x.view(2, 2)`` comes back in x's shape, number by number."""
    x = leaf()
    (x.view(2, 2) * torch.tensor([[10.0, 20.0], [30.0, 40.0]])).sum().backward()
    assert snapshot == observe(lambda: x.grad)


@pytest.mark.api("torch.Tensor.reshape", page="notes/autograd", article="C")
def test_gradient_flows_through_the_copy_of_a_reshape(snapshot):
    """Where ``reshape`` copies, the gradient finds its way back too: the transposed order 1, 3, 2, 4 gets 10, 20, 30, 40."""
    x = leaf()
    copy = x.view(2, 2).t().reshape(4)
    assert copy.data_ptr() != x.data_ptr()
    (copy * torch.tensor([10.0, 20.0, 30.0, 40.0])).sum().backward()
    assert snapshot == observe(lambda: x.grad)


@pytest.mark.api("torch.Tensor.view", page="notes/autograd", article="C")
@pytest.mark.changed(
    "1.8",
    "raises at the write; before, the write passed and backward raised",
    kind="error",
    cause="pytorch#46204",
    advice="write under torch.no_grad",
)
def test_write_to_a_view_of_a_leaf_raises(snapshot):
    """A leaf that requires grad takes no in-place operation, through a view neither; before 1.8 only backward raised."""
    x = leaf()
    with pytest.raises(RuntimeError):
        x.add_(1.0)
    assert snapshot == observe(lambda: x.view(2, 2).add_(1.0))


@pytest.mark.api("torch.Tensor.view", "torch.no_grad", page="generated/torch.no_grad")
def test_write_to_a_view_of_a_leaf_under_no_grad_changes_the_leaf(snapshot):
    """Under ``no_grad`` the view is made and written to, and the leaf, still a leaf, has the new values: the way out."""
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
@pytest.mark.changed("1.10", "the message no longer calls itself a warning", kind="wording")
def test_write_to_a_view_made_under_no_grad_raises(snapshot):
    """A view made under ``no_grad`` and written to outside: autograd cannot tell which was meant, and raises."""
    x = leaf()
    y = x * 1.0
    with torch.no_grad():
        view = y.view(2, 2)
    assert snapshot == observe(lambda: view.mul_(x.view(2, 2)).detach())


@pytest.mark.api("torch.Tensor.view", page="notes/autograd")
def test_write_to_a_view_of_a_non_leaf_enters_the_gradient(snapshot):
    """Tripling the first row of a view of y triples the gradient of what it was made of: 3, 3, 1, 1."""
    x = leaf()
    y = x * 1.0
    y.view(2, 2)[0].mul_(3.0)
    y.sum().backward()
    assert snapshot == observe(lambda: {"y": y.detach(), "gradient": x.grad})


@pytest.mark.api("torch.Tensor.view", page="notes/autograd")
def test_write_to_the_base_enters_the_gradient_of_its_view(snapshot):
    """A view made before the base is tripled gives the tripled gradient: its ``grad_fn`` is made anew."""
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
    """A buffer of zeros requires no grad; once a tracked value is written into a view of it, it does, and leads back."""
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
    "raises: what unbind returns cannot be written to",
    kind="error",
    cause="pytorch#31990",
    advice="write to an index of the tensor, or out of place",
)
@pytest.mark.changed(
    "1.10",
    "the message calls the node UnbindBackward0",
    kind="wording",
    cause="pytorch#64261",
    probable=True,
)
@pytest.mark.changed(
    "2.13", "the message calls the node Unbind", kind="wording", cause="pytorch#180383"
)
def test_write_to_one_of_several_views_raises(snapshot):
    """``unbind`` (``split`` and ``chunk`` as well) returns several views at once, and autograd lets none be written to."""
    x = leaf()
    y = x * 1.0

    def act():
        y.unbind()[0].mul_(3.0)
        y.sum().backward()
        return x.grad

    assert snapshot == observe(act)


@pytest.mark.api("torch.Tensor.split", page="tensor_view")
@pytest.mark.changed(
    "1.7",
    "the gradient is right, and a warning says that such writes will be forbidden",
    kind="silent",
    cause="pytorch#41567",
    advice="write through narrow or an index; gradients of earlier releases were wrong",
)
@pytest.mark.changed(
    "1.9",
    "raises, as it was announced",
    kind="error",
    cause="pytorch#56093",
    advice="write through narrow or an index, or out of place",
)
@pytest.mark.changed(
    "1.10",
    "the message calls the node SplitBackward0, and reads as unbind's does",
    kind="wording",
    cause="pytorch#58285",
)
@pytest.mark.changed(
    "2.13", "the message calls the node Split", kind="wording", cause="pytorch#180383"
)
def test_write_to_a_part_of_a_split_raises(snapshot):
    """Writing to a part of ``split`` raises; use ``narrow`` or an index.

    Before 1.7 it gave a wrong gradient, 1, 1, 1, 1; 1.7 and 1.8 gave the right one, 3, 3, 1, 1, and a warning.
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
    """``y.narrow(0, 0, 2)``, one view at a time, can be written to: the gradient is 3, 3, 1, 1."""
    x = leaf()
    y = x * 1.0
    y.narrow(0, 0, 2).mul_(3.0)
    y.sum().backward()
    assert snapshot == observe(lambda: x.grad)


@pytest.mark.api("torch.Tensor.view", page="notes/autograd")
def test_write_to_a_view_counts_in_the_version_of_its_base(snapshot):
    """A view and its base have one version counter: one write to each makes two for both."""
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
@pytest.mark.changed("2.11", "the message's hint passes check_nan=False", kind="wording")
@pytest.mark.changed(
    "2.13", "the message calls the node Exp", kind="wording", cause="pytorch#180383"
)
def test_write_to_a_view_of_a_saved_tensor_makes_backward_raise(snapshot):
    """exp saved its result for backward; changed through a view, it is noticed."""
    y = leaf().exp()
    y.view(2, 2)[0] = 0.0
    assert snapshot == observe(lambda: y.sum().backward())
