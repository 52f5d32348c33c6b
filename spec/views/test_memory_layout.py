"""Copies, results and gradients of a transposed tensor have its strides; channels last is a layout.

Copies and functions such as ``torch.zeros_like`` keep the strides of a transposed tensor since 1.5,
and gradients keep those of their leaf since 1.6. Elementwise results keep them too: ``torch.exp``
and ``torch.clamp`` since 1.7, ``torch.where`` since 1.12. Trap: such a result is not contiguous, so
``x.t().clone().view(-1)`` raises. Call ``torch.Tensor.contiguous``, or pass
``memory_format=torch.contiguous_format`` to ``torch.zeros_like``.

``torch.channels_last`` changes the strides of a batch of images and not its sizes. Two tensors
share memory if their storages begin at the same address, which ``torch.Tensor.untyped_storage``
shows.
"""

import copy

import pytest
import torch

from torch_history.observing import observe, observe_each


def transposed():
    """0 to 11 as 4x3, column by column in memory: strides (1, 4)."""
    return torch.arange(12.0).reshape(3, 4).t()


COPIES = {
    "clone": lambda x: x.clone(),
    "deepcopy": copy.deepcopy,
    "double": lambda x: x.double(),
    "to": lambda x: x.to(torch.float16),
}
LIKE = {
    name: (lambda x, name=name: getattr(torch, name)(x))
    for name in ("empty_like", "zeros_like", "ones_like", "rand_like")
}
COMPUTED = {
    "add": lambda x: x + 1,
    "exp": lambda x: x.exp(),
    "relu": torch.relu,
    "where": lambda x: torch.where(x > 0, x, x),
    "clamp": lambda x: x.clamp(0, 1),
    "square": lambda x: x * x,
}


@pytest.mark.api(
    "torch.clone", "torch.Tensor.to", "torch.Tensor.double", page="generated/torch.clone"
)
@pytest.mark.changed(
    "1.5",
    "clone, double and to keep the strides, as deepcopy always did, instead of giving a "
    "contiguous tensor",
    kind="silent",
    cause="pytorch#30089",
    advice="call contiguous() on the copy, or reshape instead of view",
    restored_by="views.contiguous_copy_of_a_transposed_tensor_has_the_strides_of_its_sizes",
    when=(
        ":transposed and -memory_format and -dtype@0",
        ":transposed and dtype@0!=<unknown> and dtype@0=torch.half|torch.float16",
        ":transposed and dtype@0!=<unknown> and dtype@0=torch.double|torch.float64",
    ),
    depends="the use of the strides",
)
@pytest.mark.parametrize("way", list(COPIES))
def test_copy_of_a_transposed_tensor_keeps_its_strides(way, snapshot):
    """Since 1.5 a copy of a transposed tensor has the strides of its original.

    Before 1.5 only ``deepcopy`` kept them.

    Trap: ``x.t().clone().view(-1)`` raises; call ``contiguous()`` instead of ``clone()``.
    """
    assert snapshot == observe(lambda: COPIES[way](transposed()).stride())


@pytest.mark.api("torch.clone", "torch.Tensor.contiguous", page="generated/torch.clone")
def test_contiguous_copy_of_a_transposed_tensor_has_the_strides_of_its_sizes(snapshot):
    """``clone().contiguous()`` of a transposed tensor has the strides of a contiguous tensor."""
    assert snapshot == observe(lambda: transposed().clone().contiguous().stride())


@pytest.mark.api(
    "torch.zeros_like",
    "torch.empty_like",
    "torch.ones_like",
    "torch.rand_like",
    page="generated/torch.zeros_like",
)
@pytest.mark.changed(
    "1.5",
    "the new tensor has the strides of the given one instead of being contiguous",
    kind="silent",
    cause="pytorch#30087",
    advice="pass memory_format=torch.contiguous_format",
    restored_by="views.zeros_like_in_contiguous_format_has_the_strides_of_its_sizes",
    when="-memory_format",
    rarely="a transposed tensor",
)
@pytest.mark.parametrize("way", list(LIKE))
def test_tensor_like_a_transposed_one_has_its_strides(way, snapshot):
    """Since 1.5 functions such as ``zeros_like`` keep the strides of a transposed tensor.

    Before 1.5 the new tensor was contiguous.
    """
    assert snapshot == observe(lambda: LIKE[way](transposed()).stride())


@pytest.mark.api("torch.zeros_like", page="generated/torch.zeros_like")
def test_zeros_like_in_contiguous_format_has_the_strides_of_its_sizes(snapshot):
    """``zeros_like`` with ``memory_format=torch.contiguous_format`` returns a contiguous tensor.

    It ignores the strides of the given tensor, here a transposed one.
    """
    assert snapshot == observe(
        lambda: torch.zeros_like(transposed(), memory_format=torch.contiguous_format).stride()
    )


@pytest.mark.api("torch.exp", "torch.where", "torch.clamp", page="tensor_view")
@pytest.mark.changed(
    "1.5",
    "exp and clamp keep the strides of their input",
    kind="silent",
    cause="pytorch#33165",
    advice="call contiguous() on the result, or reshape instead of view",
    restored_by="views.contiguous_elementwise_result_has_the_strides_of_its_sizes",
    of=("torch.exp", "torch.clamp"),
    when=":transposed",
    depends="the use of the strides",
)
@pytest.mark.changed(
    "1.6",
    "exp and clamp give a contiguous tensor, in 1.6 only",
    kind="silent",
    cause="pytorch#38895",
    of=("torch.exp", "torch.clamp"),
    when=":transposed",
    depends="the use of the strides",
)
@pytest.mark.changed(
    "1.7",
    "exp and clamp keep the strides of their input again",
    kind="silent",
    cause="pytorch#42922",
    advice="call contiguous() on the result, or reshape instead of view",
    restored_by="views.contiguous_elementwise_result_has_the_strides_of_its_sizes",
    of=("torch.exp", "torch.clamp"),
    when=":transposed",
    depends="the use of the strides",
)
@pytest.mark.changed(
    "1.12",
    "where keeps the strides of its input",
    kind="silent",
    cause="pytorch#76691",
    probable=True,
    advice="call contiguous() on the result, or reshape instead of view",
    restored_by="views.contiguous_elementwise_result_has_the_strides_of_its_sizes",
    of=("torch.where",),
    when=":unseen",
)
@pytest.mark.parametrize("way", list(COMPUTED))
def test_elementwise_result_of_a_transposed_tensor_has_its_strides(way, snapshot):
    """An elementwise operation on a transposed tensor gives a result with the same strides.

    ``exp`` and ``clamp`` do so since 1.7, and ``where`` since 1.12.
    """
    assert snapshot == observe(lambda: COMPUTED[way](transposed()).stride())


@pytest.mark.api("torch.exp", "torch.Tensor.contiguous", page="tensor_view")
def test_contiguous_elementwise_result_has_the_strides_of_its_sizes(snapshot):
    """``x.exp().contiguous()`` of a transposed tensor x has the strides of a contiguous tensor."""
    assert snapshot == observe(lambda: transposed().exp().contiguous().stride())


@pytest.mark.api("torch.Tensor.grad", page="notes/autograd")
@pytest.mark.changed(
    "1.6",
    "the gradient has the strides of the leaf instead of being contiguous",
    kind="silent",
    cause="pytorch#40358",
    advice="call contiguous() on the gradient, or reshape instead of view",
    restored_by="views.contiguous_gradient_has_the_strides_of_its_sizes",
    rarely="a transposed leaf",
)
def test_gradient_of_a_transposed_leaf_has_its_strides(snapshot):
    """Since 1.6 the gradient of a transposed leaf has the strides of the leaf.

    Before 1.6 the gradient was contiguous.
    """

    def act():
        leaf = transposed().requires_grad_()
        (leaf * leaf).sum().backward()
        return leaf.grad.stride()

    assert snapshot == observe(act)


@pytest.mark.api("torch.Tensor.grad", "torch.Tensor.contiguous", page="notes/autograd")
def test_contiguous_gradient_has_the_strides_of_its_sizes(snapshot):
    """``leaf.grad.contiguous()`` of a transposed leaf has the strides of a contiguous tensor."""

    def act():
        leaf = transposed().requires_grad_()
        (leaf * leaf).sum().backward()
        return leaf.grad.contiguous().stride()

    assert snapshot == observe(act)


@pytest.mark.api("torch.Tensor.contiguous", page="generated/torch.Tensor.contiguous")
def test_channels_last_changes_strides_and_not_sizes(snapshot):
    """``channels_last`` changes the strides of a batch of images; its sizes stay N, C, H, W."""

    def act():
        x = torch.zeros(2, 3, 4, 5).contiguous(memory_format=torch.channels_last)
        return {
            "size": x.shape,
            "stride": x.stride(),
            "contiguous": x.is_contiguous(),
            "channels last": x.is_contiguous(memory_format=torch.channels_last),
        }

    assert snapshot == observe(act)


@pytest.mark.api("torch.Tensor.storage", page="storage")
@pytest.mark.changed(
    "1.12",
    "the storage is a _TypedStorage",
    kind="representation",
    cause="pytorch#66970",
    rarely="the type of the storage",
)
@pytest.mark.changed(
    "1.13",
    "the storage is a TypedStorage",
    kind="representation",
    cause="pytorch#82438",
    rarely="the type of the storage",
)
@pytest.mark.changed(
    "2.0",
    "warns that it is deprecated",
    kind="warning",
    cause="pytorch#85303",
    advice="use untyped_storage(), which counts in bytes",
    unless=(),
)
def test_storage_has_a_dtype_and_warns(snapshot):
    """``x.storage()`` counts in elements, and since 2.0 warns that it is deprecated.

    Call ``untyped_storage()``, which counts in bytes and is meant to be the only kind of storage.
    """

    def act():
        storage = torch.ones(2).storage()
        return {"type": type(storage).__name__, "length": len(storage)}

    assert snapshot == observe(act)


@pytest.mark.api("torch.Tensor.untyped_storage", page="generated/torch.Tensor.untyped_storage")
@pytest.mark.changed("2.0", "untyped_storage appears", kind="appeared", cause="pytorch#85303")
def test_untyped_storage_tells_whether_two_tensors_share_memory(snapshot):
    """``untyped_storage().data_ptr()`` shows whether two tensors share memory.

    ``data_ptr()`` of a view may differ from that of its base, although both have one storage. The
    length of this storage is in bytes.
    """
    x = torch.ones(2)
    view = x[1:]
    assert snapshot == observe_each(
        {
            "same data_ptr": lambda: x.data_ptr() == view.data_ptr(),
            "length": lambda: len(view.untyped_storage()),
            "same storage": lambda: (
                x.untyped_storage().data_ptr() == view.untyped_storage().data_ptr()
            ),
        }
    )
