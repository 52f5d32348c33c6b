"""Padding and packing sequences: sides, dtypes and unpacking.

``torch.nn.utils.rnn.pad_sequence`` pads on the right, or since 2.5 on the side that
``padding_side`` names. Trap: it gives all samples the dtype of the first one, so integers there cut
off the fractions of the others. Since 1.11 ``unpad_sequence`` and ``unpack_sequence`` give the
samples back.
"""

import pytest
import torch
from torch.nn.utils import rnn

from torch_history.observing import observe


def samples():
    """Two samples: one of three steps, and one of one step."""
    return [torch.tensor([1.0, 2.0, 3.0]), torch.tensor([4.0])]


@pytest.mark.api(
    "torch.nn.utils.rnn.pad_sequence", page="generated/torch.nn.utils.rnn.pad_sequence"
)
@pytest.mark.changed("2.5", "padding_side was added", kind="appeared", cause="pytorch#131884")
@pytest.mark.parametrize("side", ["left", "right"])
def test_pad_sequence_pads_on_the_side_it_is_told(side, snapshot):
    """``pad_sequence`` pads on the side named by ``padding_side``, by default the right.

    With "left" the last step of every sample is in the last column.
    """
    assert snapshot == observe(
        lambda: rnn.pad_sequence(samples(), batch_first=True, padding_value=-1.0, padding_side=side)
    )


@pytest.mark.api(
    "torch.nn.utils.rnn.pad_sequence", page="generated/torch.nn.utils.rnn.pad_sequence"
)
@pytest.mark.changed(
    "1.9",
    "a tensor raises",
    kind="error",
    cause="pytorch#57868",
    advice="pass list(tensor)",
    restored_by="layers.pad_sequence_takes_the_list_of_a_tensor",
    when="sequences@0!=<built>",
    rarely="a tensor in place of a list",
)
@pytest.mark.changed(
    "1.11",
    "a tensor is accepted again",
    kind="error-gone",
    cause="pytorch#72436",
    when="sequences@0!=<built>",
    rarely="a tensor in place of a list",
)
def test_pad_sequence_takes_a_tensor_for_a_list(snapshot):
    """``pad_sequence`` accepts a tensor instead of a list, except in 1.9 and 1.10.

    A batch that is already padded comes out with the steps first.
    """
    assert snapshot == observe(
        lambda: rnn.pad_sequence(torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]))
    )


@pytest.mark.api(
    "torch.nn.utils.rnn.pad_sequence", page="generated/torch.nn.utils.rnn.pad_sequence"
)
def test_pad_sequence_takes_the_list_of_a_tensor(snapshot):
    """``pad_sequence(list(tensor))`` pads the rows of a tensor, on every release."""
    assert snapshot == observe(
        lambda: rnn.pad_sequence(list(torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])))
    )


@pytest.mark.api(
    "torch.nn.utils.rnn.pad_sequence", page="generated/torch.nn.utils.rnn.pad_sequence"
)
def test_pad_sequence_has_the_dtype_of_its_first_sample(snapshot):
    """``pad_sequence`` gives all samples the dtype of the first one.

    Trap: if the first sample holds integers, all others lose their fractions.
    """
    assert snapshot == observe(
        lambda: rnn.pad_sequence([torch.tensor([1]), torch.tensor([2.5])], batch_first=True)
    )


@pytest.mark.api(
    "torch.nn.utils.rnn.pad_sequence", page="generated/torch.nn.utils.rnn.pad_sequence"
)
@pytest.mark.changed(
    "1.9",
    "raises RuntimeError, which gives the reason, instead of IndexError",
    kind="exception",
    cause="pytorch#57868",
    when=":call and :caught",
    rarely="an empty list",
)
def test_pad_sequence_of_nothing_raises(snapshot):
    """``pad_sequence`` of an empty list raises."""
    assert snapshot == observe(lambda: rnn.pad_sequence([]))


@pytest.mark.api(
    "torch.nn.utils.rnn.unpad_sequence", page="generated/torch.nn.utils.rnn.unpad_sequence"
)
@pytest.mark.changed("1.11", "unpad_sequence was added", kind="appeared", cause="pytorch#66550")
def test_unpad_sequence_undoes_padding(snapshot):
    """``unpad_sequence`` returns the samples of a padded batch, given their lengths."""
    assert snapshot == observe(
        lambda: rnn.unpad_sequence(rnn.pad_sequence(samples()), torch.tensor([3, 1]))
    )


@pytest.mark.api(
    "torch.nn.utils.rnn.unpack_sequence", page="generated/torch.nn.utils.rnn.unpack_sequence"
)
@pytest.mark.changed("1.11", "unpack_sequence was added", kind="appeared", cause="pytorch#66550")
def test_unpack_sequence_undoes_packing(snapshot):
    """``unpack_sequence`` returns the packed samples in their original order, sorted or not."""
    assert snapshot == observe(
        lambda: rnn.unpack_sequence(rnn.pack_sequence(samples()[::-1], enforce_sorted=False))
    )


@pytest.mark.api(
    "torch.nn.utils.rnn.pack_padded_sequence",
    page="generated/torch.nn.utils.rnn.pack_padded_sequence",
)
def test_rnn_pack_drops_the_fraction_of_a_length(snapshot):
    """``pack_padded_sequence`` drops the fraction of a length, and nothing warns.

    A length of 2.9, for example a mean, becomes 2.
    """
    padded = torch.arange(6.0).reshape(3, 2, 1)
    assert snapshot == observe(
        lambda: rnn.pack_padded_sequence(padded, torch.tensor([2.9, 1.0])).batch_sizes
    )
