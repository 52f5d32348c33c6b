"""Functions and attributes that return views: transposes, squeezes, splits.

``torch.permute``, ``torch.movedim``, ``torch.Tensor.mT`` and ``torch.Tensor.unflatten`` return
views and move no data. ``torch.flatten`` and ``torch.ravel`` return a view of a contiguous tensor,
and a copy of a transposed one. ``torch.Tensor.T`` reverses all dimensions; since 1.11 it warns
unless there are two. Trap: ``torch.squeeze`` without a dimension also drops a batch of one. Since
1.9 ``torch.Tensor.relu_`` raises on an expanded view, and ``torch.Tensor.uniform_`` since 1.7.
Dimensions had names as an experiment, which 2.13 removed.
"""

import pytest
import torch

from torch_history.observing import observe, observe_each


def rows():
    return torch.arange(12.0).reshape(3, 4)


@pytest.mark.api("torch.Tensor.T", page="tensors")
@pytest.mark.changed(
    "1.11",
    "T warns unless there are two dimensions",
    kind="warning",
    cause="pytorch#64180",
    advice="use mT, or permute",
    rarely="a tensor of other than two dimensions",
)
@pytest.mark.changed(
    "1.13",
    "the warning has a space that was missing",
    kind="wording",
    rarely="a tensor of other than two dimensions",
)
@pytest.mark.parametrize("shape", [(2,), (1, 2, 3)], ids=["1-d", "3-d"])
def test_transpose_attribute_warns_unless_there_are_two_dimensions(shape, snapshot):
    """``.T`` warns unless the tensor has two dimensions.

    Trap: on a batch of matrices ``.T`` reverses all dimensions, the batch included; ``.mT`` does
    not.
    """
    assert snapshot == observe(lambda: torch.zeros(shape).T.shape)


@pytest.mark.api("torch.Tensor.mT", page="tensors")
@pytest.mark.changed("1.11", "mT appears", kind="appeared", cause="pytorch#64179")
def test_matrix_transpose_attribute_swaps_the_last_two_dimensions(snapshot):
    """``.mT`` is a view with the last two dimensions swapped; the batch stays in front."""

    def act():
        x = torch.zeros(5, 2, 3)
        return {"shape": x.mT.shape, "shares": x.mT.data_ptr() == x.data_ptr()}

    assert snapshot == observe(act)


@pytest.mark.api("torch.Tensor.mT", "torch.Tensor.H", page="tensors")
@pytest.mark.changed("1.11", "mT and H appear", kind="appeared", cause="pytorch#64179")
@pytest.mark.parametrize("name", ["mT", "H"])
def test_matrix_transpose_attributes_refuse_one_dimension(name, snapshot):
    """``.mT`` and ``.H`` raise on a vector. Write ``x[:, None]`` for a column."""
    assert snapshot == observe(lambda: getattr(torch.zeros(2), name))


@pytest.mark.api("torch.squeeze", page="generated/torch.squeeze")
@pytest.mark.changed("1.9", "the message lists the signatures in another order", kind="wording")
@pytest.mark.changed(
    "2.0",
    "takes a tuple of dimensions",
    kind="error-gone",
    cause="pytorch#89017",
    when="dim@1=<tuple>|<built> and dim@1!=<list>",
)
def test_squeeze_takes_several_dimensions(snapshot):
    """``squeeze((0, 1))`` drops dimensions 0 and 1 where their size is 1, and no other dimension.

    Before 2.0 ``squeeze`` did not accept a tuple.
    """
    assert snapshot == observe(lambda: torch.zeros(1, 2, 1).squeeze((0, 1)).shape)


@pytest.mark.api("torch.squeeze", page="generated/torch.squeeze")
def test_squeeze_without_dimensions_drops_a_batch_of_one(snapshot):
    """``squeeze()`` without a dimension drops every dimension of size 1, a batch of one included.

    Trap: a last batch with one sample, [1, 1], loses both dimensions; ``squeeze(1)`` keeps the
    batch.
    """

    def act():
        x = torch.zeros(1, 1)
        return {"squeeze()": x.squeeze().shape, "squeeze(1)": x.squeeze(1).shape}

    assert snapshot == observe(act)


@pytest.mark.api("torch.Tensor.unflatten", page="generated/torch.Tensor.unflatten")
@pytest.mark.changed(
    "1.7",
    "takes the dimension by number, and raises RuntimeError for -1 among the sizes instead of "
    "TypeError",
    kind="exception",
    cause="pytorch#42563",
    when=":caught and dim@0=<int>",
    rarely="-1 among the sizes",
)
@pytest.mark.changed(
    "1.9",
    "takes -1 for one of the sizes",
    kind="error-gone",
    cause="pytorch#51955",
)
def test_unflatten_splits_a_dimension(snapshot):
    """``unflatten(1, (2, -1))`` splits a dimension, infers the size -1, and returns a view.

    It splits the heads of an attention layer: [batch, heads * size] becomes [batch, heads, size].
    """

    def act():
        x = rows()
        split = x.unflatten(1, (2, -1))
        return {"split": split, "shares": split.data_ptr() == x.data_ptr()}

    assert snapshot == observe(act)


@pytest.mark.api("torch.ravel", "torch.flatten", page="generated/torch.ravel")
@pytest.mark.changed("1.8", "ravel appears", kind="appeared", cause="pytorch#46098")
@pytest.mark.parametrize("name", ["flatten", "ravel"])
def test_flattened_tensor_shares_memory_where_it_can(name, snapshot):
    """``flatten`` and ``ravel`` return a view of a contiguous tensor, and copy a transposed one.

    Trap: whether a write to the result shows in the tensor depends on the strides.
    """

    def act():
        x, columns = rows(), rows().t()
        return {
            "of rows": getattr(x, name)().data_ptr() == x.data_ptr(),
            "of columns": getattr(columns, name)().data_ptr() == columns.data_ptr(),
        }

    assert snapshot == observe(act)


@pytest.mark.api("torch.tensor_split", page="generated/torch.tensor_split")
@pytest.mark.changed("1.8", "tensor_split appears", kind="appeared", cause="pytorch#45168")
def test_tensor_split_makes_parts_of_nearly_one_size(snapshot):
    """``tensor_split(4)`` of five elements makes parts of 2, 1, 1 and 1.

    ``chunk(4)`` makes parts of at most two elements, and therefore only three parts.
    """
    x = torch.arange(5.0)
    assert snapshot == observe_each(
        {"chunk": lambda: list(x.chunk(4)), "tensor_split": lambda: list(x.tensor_split(4))}
    )


@pytest.mark.api("torch.movedim", "torch.permute", page="generated/torch.permute")
@pytest.mark.changed("1.7", "movedim appears", kind="appeared", cause="pytorch#41480")
@pytest.mark.changed("1.8", "swapaxes appears", kind="appeared", cause="pytorch#46041")
@pytest.mark.changed("1.9", "the function permute appears beside the method", kind="appeared")
@pytest.mark.parametrize("way", ["permute", "movedim", "swapaxes"])
def test_dimensions_are_reordered_as_views(way, snapshot):
    """``permute``, ``movedim`` and ``swapaxes`` reorder dimensions without moving data."""

    def act():
        x = torch.zeros(2, 3, 4)
        made = {
            "permute": lambda: torch.permute(x, (0, 2, 1)),
            "movedim": lambda: torch.movedim(x, 1, -1),
            "swapaxes": lambda: torch.swapaxes(x, 1, 2),
        }[way]()
        return {"shape": made.shape, "shares": made.data_ptr() == x.data_ptr()}

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.Tensor.names",
    "torch.zeros",
    "torch.ones",
    "torch.empty",
    "torch.full",
    "torch.rand",
    "torch.randn",
    "torch.tensor",
    page="tensors",
)
@pytest.mark.changed(
    "2.13",
    "the argument names is gone: named tensors were removed",
    kind="gone",
    cause="pytorch#173895",
    advice="drop the argument names, and address the dimensions by number",
)
def test_dimensions_have_no_names(snapshot):
    """Since 2.13 ``names=("N", "C")`` raises: names of dimensions were an experiment that ended."""
    assert snapshot == observe(lambda: torch.zeros(2, 3, names=("N", "C")).names)


@pytest.mark.api("torch.Tensor.relu_", "torch.Tensor.uniform_", page="tensor_view")
@pytest.mark.changed(
    "1.7",
    "uniform_ raises instead of writing several times to one place",
    kind="error",
    cause="pytorch#39878",
    advice="call clone() on the tensor first",
    restored_by="views.clone_of_an_expanded_view_takes_relu_and_uniform_in_place",
    of=("torch.Tensor.uniform_",),
    rarely="an expanded tensor",
)
@pytest.mark.changed(
    "1.9",
    "relu_ raises instead of writing several times to one place",
    kind="error",
    cause="pytorch#51819",
    probable=True,
    advice="call clone() on the tensor first",
    restored_by="views.clone_of_an_expanded_view_takes_relu_and_uniform_in_place",
    of=("torch.Tensor.relu_",),
    rarely="an expanded tensor",
)
@pytest.mark.parametrize("way", ["relu_", "uniform_"])
def test_relu_and_uniform_in_place_refuse_an_expanded_view(way, snapshot):
    """Since 1.9 ``relu_`` and ``uniform_`` raise on an expanded view.

    Its three elements are one number in memory. Before 1.9 ``relu_``, and before 1.7 ``uniform_``,
    wrote to that number several times.
    """

    def act():
        getattr(torch.ones(1).expand(3), way)()
        return "written"

    assert snapshot == observe(act)


@pytest.mark.api("torch.Tensor.clone", page="tensor_view")
@pytest.mark.parametrize("way", ["relu_", "uniform_"])
def test_clone_of_an_expanded_view_takes_relu_and_uniform_in_place(way, snapshot):
    """``relu_`` and ``uniform_`` work on the clone of an expanded view.

    Each element of the clone has its own place in memory.
    """

    def act():
        getattr(torch.ones(1).expand(3).clone(), way)()
        return "written"

    assert snapshot == observe(act)
