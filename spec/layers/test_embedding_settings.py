"""Embeddings and embedding bags, one setting at a time, with the gradient of the table.

``padding_idx`` names a row whose gradient is zero, and which a bag leaves out. ``max_norm`` scales
down longer rows that are looked up, in the table itself; ``norm_type`` is the order of this norm.
``scale_grad_by_freq=True`` divides a row's gradient by its number of uses, and ``sparse=True``
makes the gradient sparse. ``from_pretrained`` and the functions take the same settings.
"""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from fixtures.settings import each
from torch_history.observing import observe_each

TABLE = [[3.0, 4.0], [6.0, 8.0], [1.0, 0.0], [0.0, 2.0]]
PLAIN = {
    "default": {},
    "padding_idx": {"padding_idx": 1},
    "padding_idx from the end": {"padding_idx": -3},
    "max_norm": {"max_norm": 1.0},
    "norm_type": {"max_norm": 7.0, "norm_type": 1.0},
    "scale_grad_by_freq": {"scale_grad_by_freq": True},
    "sparse": {"sparse": True},
    "all together": {
        "padding_idx": 1,
        "max_norm": 7.0,
        "norm_type": 1.0,
        "scale_grad_by_freq": True,
        "sparse": True,
    },
}
BAGS = {
    "default": {},
    "sum": {"mode": "sum"},
    "max": {"mode": "max"},
    "mode unknown": {"mode": "min"},
    "max_norm": {"mode": "sum", "max_norm": 1.0},
    "norm_type": {"mode": "sum", "max_norm": 7.0, "norm_type": 1.0},
    "scale_grad_by_freq": {"mode": "sum", "scale_grad_by_freq": True},
    "scale_grad_by_freq of a mean": {"scale_grad_by_freq": True},
    "sparse": {"sparse": True},
    "padding_idx": {"padding_idx": 1},
    "padding_idx of a sum": {"mode": "sum", "padding_idx": 1},
    "padding_idx of a maximum": {"mode": "max", "padding_idx": 1},
    "include_last_offset": {"include_last_offset": True, "offsets": (0, 3, 4)},
}


def table():
    """A fresh table of four rows, as a leaf."""
    return torch.tensor(TABLE, requires_grad=True)


def results(output, weight):
    """The output, the gradient of the sum of its squares, how it is kept, and the table after."""
    (output * output).sum().backward()
    gradient = weight.grad
    return {
        "output": output,
        "gradient": gradient.to_dense() if gradient.is_sparse else gradient,
        "sparse": gradient.is_sparse,
        "table": weight,
    }


@pytest.mark.parametrize("form", ["class", "from_pretrained", "function"])
@pytest.mark.api(
    "torch.nn.Embedding",
    "torch.nn.Embedding.from_pretrained",
    "torch.nn.functional.embedding",
    page="generated/torch.nn.Embedding",
)
def test_embedding_output_gradient_and_table_follow_each_setting(form, snapshot):
    """Each setting changes the output, the gradient or the table of an embedding.

    Row 1 is looked up twice, and rows 0 and 3 once. ``padding_idx`` zeroes the gradient of its row,
    not the row of a table that is given. ``scale_grad_by_freq=True`` with ``sparse=True`` raises in
    backward.
    """
    indices = torch.tensor([1, 0, 1, 3])

    def act(**settings):
        if form == "function":
            weight = table()
            return results(F.embedding(indices, weight, **settings), weight)
        if form == "class":
            layer = nn.Embedding(4, 2, **settings)
            layer.weight.data.copy_(torch.tensor(TABLE))
        else:
            layer = nn.Embedding.from_pretrained(torch.tensor(TABLE), freeze=False, **settings)
        return results(layer(indices), layer.weight)

    assert snapshot == observe_each(each(act, PLAIN))


@pytest.mark.parametrize("form", ["class", "from_pretrained", "function"])
@pytest.mark.api(
    "torch.nn.EmbeddingBag",
    "torch.nn.EmbeddingBag.from_pretrained",
    "torch.nn.functional.embedding_bag",
    page="generated/torch.nn.EmbeddingBag",
)
@pytest.mark.changed(
    "1.5",
    "embedding bags take include_last_offset, but raise RuntimeError when they compute a mean",
    kind="appeared",
    cause="pytorch#27477",
    of=(
        "torch.nn.EmbeddingBag",
        "torch.nn.EmbeddingBag.from_pretrained",
        "torch.nn.functional.embedding_bag",
    ),
    when="include_last_offset",
)
@pytest.mark.changed(
    "1.7",
    "include_last_offset works for a mean",
    kind="error-gone",
    cause="pytorch#42215",
    of=(
        "torch.nn.EmbeddingBag",
        "torch.nn.EmbeddingBag.from_pretrained",
        "torch.nn.functional.embedding_bag",
    ),
    when="include_last_offset=True",
)
@pytest.mark.changed(
    "1.9",
    "embedding bags take padding_idx",
    kind="appeared",
    cause="pytorch#49237",
    of=(
        "torch.nn.EmbeddingBag",
        "torch.nn.EmbeddingBag.from_pretrained",
        "torch.nn.functional.embedding_bag",
    ),
    when="padding_idx",
)
@pytest.mark.changed(
    "2.14",
    "scale_grad_by_freq divides the gradient of each row by the uses of this row, where it "
    "could take those of another: the gradient of row 3 is 4 instead of 2",
    kind="silent",
    cause="pytorch#190264",
    advice="up to 2.13, leave scale_grad_by_freq out, and divide weight.grad by "
    "torch.bincount(indices, minlength=len(weight)).clamp(min=1)[:, None]",
    when=("scale_grad_by_freq@4=True", "@5=True"),
    depends="the indices: whether some are used more often",
    of=(
        "torch.nn.EmbeddingBag",
        "torch.nn.EmbeddingBag.from_pretrained",
        "torch.nn.functional.embedding_bag",
    ),
)
def test_embedding_bag_output_gradient_and_table_follow_each_setting(form, snapshot):
    """Each setting changes the output, the gradient or the table of an embedding bag.

    Rows 1, 0 and 1 are one bag, and row 3 is the other. The default is their mean. With
    ``include_last_offset=True`` the offsets 0, 3, 4 name the same bags: the last is the end.
    """
    indices = torch.tensor([1, 0, 1, 3])

    def act(offsets=(0, 3), **settings):
        offsets = torch.tensor(offsets)
        if form == "function":
            weight = table()
            return results(F.embedding_bag(indices, weight, offsets, **settings), weight)
        if form == "class":
            layer = nn.EmbeddingBag(4, 2, _weight=torch.tensor(TABLE), **settings)
        else:
            layer = nn.EmbeddingBag.from_pretrained(torch.tensor(TABLE), freeze=False, **settings)
        return results(layer(indices, offsets), layer.weight)

    assert snapshot == observe_each(each(act, BAGS))


@pytest.mark.api(
    "torch.nn.EmbeddingBag",
    "torch.nn.functional.embedding_bag",
    page="generated/torch.nn.EmbeddingBag",
)
@pytest.mark.changed(
    "1.9",
    "EmbeddingBag takes padding_idx",
    kind="appeared",
    cause="pytorch#49237",
    of="torch.nn.EmbeddingBag",
)
def test_embedding_bag_weighs_its_rows_by_the_weights_of_the_samples(snapshot):
    """``per_sample_weights`` multiply the rows before they are summed, and get a gradient.

    They work with ``padding_idx`` and with matrices of indices. Another mode than "sum" raises, and
    so do weights of another shape than the indices.
    """
    rows, flat, offsets = (
        torch.tensor([[1, 0], [3, 1]]),
        torch.tensor([1, 0, 1, 3]),
        torch.tensor([0, 3]),
    )

    def act(indices, shape, offsets=None, mode="sum", **settings):
        weights = torch.tensor([1.0, 2.0, -1.0, 0.5]).reshape(shape).requires_grad_()
        layer = nn.EmbeddingBag(4, 2, mode=mode, _weight=torch.tensor(TABLE), **settings)
        output = layer(indices, offsets, per_sample_weights=weights)
        return {**results(output, layer.weight), "gradient of the weights": weights.grad}

    assert snapshot == observe_each(
        {
            "matrix": lambda: act(rows, (2, 2)),
            "offsets": lambda: act(flat, (4,), offsets),
            "padding_idx": lambda: act(rows, (2, 2), padding_idx=1),
            "mean": lambda: act(rows, (2, 2), mode="mean"),
            "weights of another shape": lambda: act(rows, (4,)),
        }
    )


@pytest.mark.parametrize("layer", ["Embedding", "EmbeddingBag"])
@pytest.mark.api(
    "torch.nn.Embedding.from_pretrained",
    "torch.nn.EmbeddingBag.from_pretrained",
    page="generated/torch.nn.Embedding",
)
def test_from_pretrained_freezes_the_table_unless_told(layer, snapshot):
    """``from_pretrained`` makes a table that needs no gradient, unless ``freeze=False``.

    The table shares memory with the tensor that it is made from.
    """

    def act(**settings):
        rows = torch.tensor(TABLE)
        made = getattr(nn, layer).from_pretrained(rows, **settings)
        rows[0, 0] = 9.0
        return made.weight

    assert snapshot == observe_each(each(act, {"default": {}, "freeze=False": {"freeze": False}}))
