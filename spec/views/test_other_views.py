"""Views with names of their own: transposes, squeezes, splits."""

import pytest
import torch

from torch_history.observing import observe


def rows():
    return torch.arange(12.0).reshape(3, 4)


@pytest.mark.api("torch.Tensor.T", page="tensors")
@pytest.mark.changed(
    "1.11",
    "T warns unless there are two dimensions",
    kind="warning",
    cause="pytorch#64180",
    advice="use mT, or permute",
)
@pytest.mark.changed("1.13", "the warning has a space that it lacked", kind="wording")
@pytest.mark.parametrize("shape", [(2,), (1, 2, 3)], ids=["1-d", "3-d"])
def test_transpose_attribute_warns_unless_there_are_two_dimensions(shape, snapshot):
    """Trap: on a batch, ``.T`` turns the batch dimension round as well. ``.mT`` does not."""
    assert snapshot == observe(lambda: torch.zeros(shape).T.shape)


@pytest.mark.api("torch.Tensor.mT", page="tensors")
@pytest.mark.changed("1.11", "mT came", kind="api-appeared", cause="pytorch#64179")
def test_matrix_transpose_attribute_swaps_the_last_two_dimensions(snapshot):
    """The batch stays in front; it is a view."""

    def act():
        x = torch.zeros(5, 2, 3)
        return {"shape": x.mT.shape, "shares": x.mT.data_ptr() == x.data_ptr()}

    assert snapshot == observe(act)


@pytest.mark.api("torch.Tensor.mT", "torch.Tensor.H", page="tensors")
@pytest.mark.changed("1.11", "mT and H came", kind="api-appeared", cause="pytorch#64179")
@pytest.mark.parametrize("name", ["mT", "H"])
def test_matrix_transpose_attributes_refuse_one_dimension(name, snapshot):
    """A vector has no transpose: ``x[:, None]`` makes a column of it."""
    assert snapshot == observe(lambda: getattr(torch.zeros(2), name))


@pytest.mark.api("torch.squeeze", page="generated/torch.squeeze")
@pytest.mark.changed("1.9", "the message lists the signatures in another order", kind="wording")
@pytest.mark.changed("2.0", "takes a tuple of dimensions", kind="error-gone", cause="pytorch#89017")
def test_squeeze_takes_several_dimensions(snapshot):
    """``squeeze((0, 1))`` drops these where they are 1, and no other dimension of 1."""
    assert snapshot == observe(lambda: torch.zeros(1, 2, 1).squeeze((0, 1)).shape)


@pytest.mark.api("torch.squeeze", page="generated/torch.squeeze")
def test_squeeze_without_dimensions_drops_a_batch_of_one(snapshot):
    """The last batch of an epoch, [1, 1], becomes a number; ``squeeze(1)`` leaves the batch."""

    def act():
        x = torch.zeros(1, 1)
        return {"squeeze()": x.squeeze().shape, "squeeze(1)": x.squeeze(1).shape}

    assert snapshot == observe(act)


@pytest.mark.api("torch.Tensor.unflatten", page="generated/torch.Tensor.unflatten")
@pytest.mark.changed(
    "1.7",
    "takes a number for the dimension, without names, but no -1 among the sizes",
    kind="exception",
    cause="pytorch#42563",
)
@pytest.mark.changed(
    "1.9", "takes -1 for one of the sizes", kind="error-gone", cause="pytorch#51955"
)
def test_unflatten_splits_a_dimension(snapshot):
    """The heads of an attention layer, [batch, heads * size] to [batch, heads, size], with -1 for one of them; a view."""

    def act():
        x = rows()
        split = x.unflatten(1, (2, -1))
        return {"split": split, "shares": split.data_ptr() == x.data_ptr()}

    assert snapshot == observe(act)


@pytest.mark.api("torch.ravel", "torch.flatten", page="generated/torch.ravel")
@pytest.mark.changed("1.8", "ravel came", kind="api-appeared")
@pytest.mark.parametrize("name", ["flatten", "ravel"])
def test_flattened_tensor_shares_memory_where_it_can(name, snapshot):
    """``flatten`` and ``ravel`` view rows, and copy columns. Trap: whether a write shows depends on strides."""

    def act():
        x, columns = rows(), rows().t()
        return {
            "of rows": getattr(x, name)().data_ptr() == x.data_ptr(),
            "of columns": getattr(columns, name)().data_ptr() == columns.data_ptr(),
        }

    assert snapshot == observe(act)


@pytest.mark.api("torch.tensor_split", page="generated/torch.tensor_split")
@pytest.mark.changed("1.8", "tensor_split came", kind="api-appeared")
def test_tensor_split_makes_parts_of_nearly_one_size(snapshot):
    """Five in four parts: 2, 1, 1, 1. ``chunk(4)`` makes parts of two, and three of them."""

    def act():
        x = torch.arange(5.0)
        return {"chunk": list(x.chunk(4)), "tensor_split": list(x.tensor_split(4))}

    assert snapshot == observe(act)


@pytest.mark.api("torch.movedim", "torch.permute", page="generated/torch.permute")
@pytest.mark.changed("1.7", "movedim came", kind="api-appeared", cause="pytorch#41480")
@pytest.mark.changed("1.8", "swapaxes came", kind="api-appeared", cause="pytorch#46041")
@pytest.mark.changed("1.9", "the function permute came beside the method", kind="api-appeared")
@pytest.mark.parametrize("way", ["permute", "movedim", "swapaxes"])
def test_dimensions_are_reordered_as_views(way, snapshot):
    """Channels to the end, three ways of saying it: no number moves."""

    def act():
        x = torch.zeros(2, 3, 4)
        made = {
            "permute": lambda: torch.permute(x, (0, 2, 1)),
            "movedim": lambda: torch.movedim(x, 1, -1),
            "swapaxes": lambda: torch.swapaxes(x, 1, 2),
        }[way]()
        return {"shape": made.shape, "shares": made.data_ptr() == x.data_ptr()}

    assert snapshot == observe(act)


@pytest.mark.api("torch.Tensor.names", page="tensors")
@pytest.mark.changed(
    "2.13",
    "names are refused: named tensors are gone",
    kind="error",
    cause="pytorch#173895",
    advice="drop the names",
)
def test_dimensions_have_no_names(snapshot):
    """``names=("N", "C")`` was an experiment, and is gone."""
    assert snapshot == observe(lambda: torch.zeros(2, 3, names=("N", "C")).names)


@pytest.mark.api("torch.Tensor.relu_", "torch.Tensor.uniform_", page="tensor_view")
@pytest.mark.changed(
    "1.7",
    "uniform_ raises instead of writing several times to one place",
    kind="error",
    cause="pytorch#39878",
    advice="clone() the tensor first",
)
@pytest.mark.changed(
    "1.9",
    "relu_ raises instead of writing several times to one place",
    kind="error",
    cause="pytorch#51819",
    probable=True,
    advice="clone() the tensor first",
)
@pytest.mark.parametrize("way", ["relu_", "uniform_"])
def test_relu_and_uniform_in_place_refuse_an_expanded_view(way, snapshot):
    """One number that stands for three cannot be written to three times. On old releases it was, as often as not."""

    def act():
        getattr(torch.ones(1).expand(3), way)()
        return "written"

    assert snapshot == observe(act)
